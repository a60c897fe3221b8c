"""The flow of any link and any width, from the pair function of two units.

:func:`network` makes the right-hand sides from links and weights, :func:`right_hand_sides` from a symbolic
model; :func:`numerics.solve` and :func:`numerics.descend_network` take either.
"""

from collections.abc import Sequence
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from numerics.generated import RightHandSides, load_module
from numerics.pairs.constrained import Constrained
from numerics.pairs.functions import Link, is_link, read_link, taylor_coefficients
from numerics.pairs.groups import pair_functions
from numerics.pairs.momentum import HeavyBall
from numerics.pairs.networks import Network, is_square
from numerics.pairs.normalised import NormalisedMatchedNetwork, NormalisedNetwork
from numerics.pairs.register import register_average
from numerics.pairs.residual import MatchedNetwork, SquareNetwork
from numerics.pairs.trained import Trained, trained
from theory.constraint import Constraint
from theory.expected import NonNegative, Only, Positive, checked

if TYPE_CHECKING:
    from theory.symbolic import Model

    Flow = Network | NormalisedNetwork | Constrained | Trained | HeavyBall

__all__ = [
    "AnyModel",
    "Constrained",
    "HeavyBall",
    "MatchedNetwork",
    "Network",
    "NormalisedNetwork",
    "SquareNetwork",
    "Trained",
    "network",
    "register_average",
    "right_hand_sides",
]

AnyModel = Annotated[
    Any,
    Only(
        "a generated module, a network or a symbolic model",
        lambda model: any(
            hasattr(model, name)
            for name in ("STUDENTS", "student_link", "multipliers", "train_rate", "friction")
        ),
    ),
]
"""What a flow can be asked of."""


AnyLink = Annotated[
    Any,
    Only(
        "a text such as 'tanh(z)', a SymPy expression in z, a function of arrays, or a list of these",
        lambda link: all(map(is_link, link)) if isinstance(link, list | tuple) else is_link(link),
    ),
]
"""What the units of a side compute: the same, or each its own."""


@checked
def network(
    link: AnyLink,
    teacher_link: AnyLink | None = None,
    weights: Sequence[float] | None = None,
    teacher_weights: Sequence[float] | None = None,
    noise: NonNegative = 0.0,
    name: str = "network",
    constraint: str | Constraint | None = None,
    train_weights: Positive | None = None,
    friction: NonNegative | None = None,
    normalised: bool = False,
) -> "Flow":
    """The flow of ``Σ_j c_j f_j(w_j·x)`` that learns ``Σ_m c*_m g_m(w*_m·x)``.

    ``link`` and ``teacher_link``, the same unless given, are text such as ``"tanh(z)"``, SymPy expressions in
    :data:`theory.symbolic.Z`, or functions of Python that take and return arrays and are smooth but at 0; or
    lists of these, one for each unit. The weights, which are 1 unless given, say how many units there are.
    ``constraint`` is ``sphere``, ``qsphere`` or ``decay:κ``: the norm of every student is kept by projecting
    the gradient, or there is weight decay; see :mod:`theory.constraint`. With ``train_weights`` r the
    students' weights learn, too, from those given on: ``ċ = −r ∂L/∂c``. With ``friction`` γ the flow is that
    of a heavy ball, ``Ẅ + γ Ẇ = −∂L/∂W``, which begins at rest. ``normalised`` units are ``f(x·w/‖w‖_Q)``,
    students and teachers; see :mod:`theory.symbolic.normalised`.
    Raises ValueError for weights that are no non-zero real numbers, for links that are not understood, for
    another number of links than of weights, for other constraints, and for two of these at once, but for
    normalised units with a constraint.

    >>> import numpy as np
    >>> square = network("z**2")
    >>> [float(x.item()) for x in square.drift(np.array([0.5, 0.25]), np.eye(1))]
    [-2.0, 2.0]
    >>> mixed = network(["z**2", "tanh(z)"], "z**2", weights=[1, -0.5])
    >>> mixed.STUDENTS, mixed.TEACHERS
    (2, 1)
    >>> network("He3(z)", constraint="sphere").CONSTRAINT
    'sphere'
    >>> network("relu(z)", train_weights=1.0).TRAIN_RATE
    1.0
    """
    kept = None if constraint is None else Constraint.read(constraint)
    given = {"constraint": kept, "train_weights": train_weights, "friction": friction}
    several = [option for option, value in given.items() if value is not None]
    if normalised:
        several = [*(option for option in several if option != "constraint"), "normalised"]
    if len(several) > 1:
        raise ValueError(f"{' and '.join(several)} exclude each other: give one of them")
    c, f = _units("weights", weights, link)
    d, g = _units("teacher_weights", teacher_weights, link if teacher_link is None else teacher_link)
    if train_weights is not None:
        kind = _kind(f, g, d if len(c) == len(d) else c, d)
        return trained(kind(f, g, c, d, float(noise), name), float(train_weights))
    plain = _kind(f, g, c, d)(f, g, c, d, float(noise), name)
    if friction is not None:
        return HeavyBall(plain, float(friction))
    rules = _normalised(plain) if normalised else plain
    return rules if kept is None else Constrained(rules, kept)


def right_hand_sides(model: AnyModel) -> RightHandSides:
    """A generated module or a :class:`Network` as it is, and the right-hand sides of a symbolic model.

    What has a constraint becomes :class:`Constrained`, what has weights that learn
    :class:`~numerics.pairs.trained.Trained`.

    They are those of a network of the same links. Two kinds of models have modules of their own, generated
    once: a small network of rectifiers or moduli, which then knows the areas of its vectors, by which it is
    accurate where they are parallel (:mod:`theory.symbolic.areas`), and a model whose inputs are not real
    Gaussians, with averages of its own.
    """
    if hasattr(model, "CONSTRAINT"):
        kept = isinstance(model, Constrained)
        return model if kept else Constrained(model, Constraint.read(model.CONSTRAINT))
    if hasattr(model, "multipliers"):
        return Constrained(right_hand_sides(model.model), model.constraint)
    if isinstance(model, Trained | HeavyBall):
        return model
    if hasattr(model, "FRICTION"):
        return HeavyBall(model, float(model.FRICTION))
    if hasattr(model, "friction"):
        return HeavyBall(right_hand_sides(model.model), float(model.friction))
    if hasattr(model, "train_rate"):
        return _of_pairs(model.model, float(model.train_rate))
    if hasattr(model, "TRAIN_RATE"):
        raise ValueError(
            "a generated module whose weights learn is for code of your own: give the symbolic model, or "
            "network(..., train_weights=r)"
        )
    if isinstance(model, ModuleType | Network | NormalisedNetwork):
        return model
    if _is_normalised(model):
        return _of_pairs(model, normalised=True)
    if _has_own_averages(model) or _has_areas(model):
        return _generated(model)
    return _of_pairs(model)


def _of_pairs(model: "Model", train_weights: float | None = None, normalised: bool = False) -> "Flow":
    """The network of a symbolic model's links and weights."""
    found: Flow = network(
        list(model.student_links),
        list(model.teacher_links),
        [float(c) for c in model.student_weights],
        [float(c) for c in model.teacher_weights],
        float(model.noise),
        model.name,
        train_weights=train_weights,
        normalised=normalised,
    )
    return found


def gradient_flow(model: AnyModel) -> RightHandSides:
    """:func:`right_hand_sides` of a flow that follows the gradient alone.

    Raises ValueError where it has a constraint.
    """
    rules = right_hand_sides(model)
    if isinstance(rules, Constrained):
        raise ValueError(
            f"the model has the constraint {rules.constraint}: this is known for the plain gradient only, "
            "a constraint for solve, descend and descend_network"
        )
    if isinstance(rules, Trained | HeavyBall):
        kind = "weights that learn" if isinstance(rules, Trained) else "momentum"
        raise ValueError(
            f"the model has {kind}: this is known for the plain gradient only, {kind} for solve, descend and "
            "descend_network"
        )
    return rules


def is_plain(model: Any) -> bool:
    """Whether a model is Σ_j c_j f_j(w_j·x) on real Gaussian inputs, said by its links and weights."""
    if isinstance(model, Network):
        return True
    return hasattr(model, "student_links") and not (_is_normalised(model) or _has_own_averages(model))


def _normalised(plain: Network) -> NormalisedNetwork:
    """The same network of units f(x·w/‖w‖_Q)."""
    return NormalisedMatchedNetwork(plain) if isinstance(plain, MatchedNetwork) else NormalisedNetwork(plain)


def _is_normalised(model: "Model") -> bool:
    from theory.symbolic.normalised import NormalisedModel

    return isinstance(model, NormalisedModel)


def _has_own_averages(model: "Model") -> bool:
    from theory.symbolic import Model

    return type(model).pair_average is not Model.pair_average


def _has_areas(model: "Model") -> bool:
    """Whether the averages of a small model have kinks that areas tell."""
    from theory.symbolic.averages import ErrorFunction, Monomial, Sign
    from theory.symbolic.links import has_kink, is_combination, link_terms

    links = {link for _, link in model.units}
    # vectors of a model whose module is generated with all overlaps and areas as symbols
    if model.students + model.teachers > 4 or not all(map(is_combination, links)):
        return False
    atoms = {atom for link in links for atom in link_terms(link)}
    known = all(isinstance(a, Monomial) or a == Sign(1) or isinstance(a, ErrorFunction) for a in atoms)
    return known and any(map(has_kink, links))


@lru_cache(maxsize=16)
def _generated(model: "Model") -> ModuleType:
    from theory.symbolic.codegen import generate_module

    return load_module(generate_module(model))


def _units(name: str, weights: Sequence[float] | None, link: AnyLink) -> tuple[np.ndarray, tuple[Link, ...]]:
    """The weights and the link of every unit."""
    links = [read_link(each) for each in link] if isinstance(link, list | tuple) else [read_link(link)]
    given = [1.0] * len(links) if weights is None else list(weights)
    found = np.array([float(c) for c in given])
    if not len(found) or not np.all(np.isfinite(found) & (found != 0)):
        raise ValueError(f"{name} must be non-zero real numbers, not {given}")
    if len(links) not in (1, len(found)):
        raise ValueError(
            f"{name} holds {len(found)} numbers for {len(links)} links: it must hold one for each"
        )
    return found, tuple(links) if len(links) == len(found) else tuple(links * len(found))


def _kind(
    f: tuple[Link, ...], g: tuple[Link, ...], weights: np.ndarray, teacher_weights: np.ndarray
) -> type[Network]:
    """The coordinates that a network has: residual ones where its students can equal its teachers."""
    count = len(g)
    if f[:count] != g or not np.array_equal(weights[:count], teacher_weights):
        return Network
    spare = [taylor_coefficients(link) for link in f[count:]]
    if not pair_functions(f, f).smooth or not all(taylor is not None and taylor[0] == 0 for taylor in spare):
        return Network
    return SquareNetwork if len(f) == count == 1 and is_square(f[0]) else MatchedNetwork
