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
from numerics.pairs.functions import Link, pair_function, taylor_coefficients
from numerics.pairs.networks import Network
from numerics.pairs.residual import MatchedNetwork, SquareNetwork
from theory.constraint import Constraint
from theory.expected import NonNegative, Only, checked

if TYPE_CHECKING:
    from theory.symbolic import Model

    Flow = Network | Constrained

__all__ = [
    "AnyModel",
    "Constrained",
    "MatchedNetwork",
    "Network",
    "SquareNetwork",
    "network",
    "right_hand_sides",
]

AnyModel = Annotated[
    Any,
    Only(
        "a generated module, a network or a symbolic model",
        lambda model: any(hasattr(model, name) for name in ("STUDENTS", "student_link", "multipliers")),
    ),
]
"""What a flow can be asked of."""


AnyLink = Annotated[
    Any,
    Only(
        "a text such as 'tanh(z)', a SymPy expression in z or a function of arrays",
        lambda link: isinstance(link, str) or callable(link) or hasattr(link, "free_symbols"),
    ),
]
"""What a unit can compute."""

FEW = 4
"""Vectors of a model whose module is generated with all overlaps and areas as symbols."""


@checked
def network(
    link: AnyLink,
    teacher_link: AnyLink | None = None,
    weights: Sequence[float] = (1.0,),
    teacher_weights: Sequence[float] = (1.0,),
    noise: NonNegative = 0.0,
    name: str = "network",
    constraint: str | Constraint | None = None,
) -> "Flow":
    """The flow of ``Σ_j c_j f(w_j·x)`` that learns ``Σ_m c*_m g(w*_m·x)``.

    ``link`` and ``teacher_link``, the same unless given, are text such as ``"tanh(z)"``, SymPy expressions in
    :data:`theory.symbolic.Z`, or functions of Python that take and return arrays and are smooth but at 0.
    ``constraint`` is ``sphere``, ``qsphere`` or ``decay:κ``: the norm of every student is kept by projecting
    the gradient, or there is weight decay; see :mod:`theory.constraint`.
    Raises ValueError for weights that are no non-zero real numbers, for links that are not understood and for
    other constraints.

    >>> import numpy as np
    >>> square = network("z**2")
    >>> [float(x.item()) for x in square.drift(np.array([0.5, 0.25]), np.eye(1))]
    [-2.0, 2.0]
    >>> network("He3(z)", constraint="sphere").CONSTRAINT
    'sphere'
    """
    kept = None if constraint is None else Constraint.read(constraint)
    f = _link(link)
    g = f if teacher_link is None else _link(teacher_link)
    c, d = _weights("weights", weights), _weights("teacher_weights", teacher_weights)
    kind = _kind(f, g, c, d)
    rules = kind(f, g, c, d, float(noise), name)
    return rules if kept is None else Constrained(rules, kept)


def right_hand_sides(model: AnyModel) -> RightHandSides:
    """A generated module or a :class:`Network` as it is, and the network of a symbolic model.

    What has a constraint becomes :class:`Constrained`.

    A small network of rectifiers or moduli has a module that knows the areas of its vectors, by which it is
    accurate where they are parallel: :mod:`theory.symbolic.areas`.
    """
    if hasattr(model, "CONSTRAINT"):
        kept = isinstance(model, Constrained)
        return model if kept else Constrained(model, Constraint.read(model.CONSTRAINT))
    if hasattr(model, "multipliers"):
        return Constrained(right_hand_sides(model.model), model.constraint)
    if isinstance(model, ModuleType | Network):
        return model
    if _has_areas(model):
        return _area_module(model)
    return network(
        model.student_link,
        model.teacher_link,
        [float(c) for c in model.student_weights],
        [float(c) for c in model.teacher_weights],
        float(model.noise),
        model.name,
    )


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
    return rules


def _has_areas(model: "Model") -> bool:
    """Whether the averages of a small model have kinks that areas tell."""
    from theory.symbolic.averages import ErrorFunction, Monomial, Sign
    from theory.symbolic.links import has_kink, is_combination, link_terms

    links = {model.student_link, model.teacher_link}
    if model.students + model.teachers > FEW or not all(map(is_combination, links)):
        return False
    atoms = {atom for link in links for atom in link_terms(link)}
    known = all(isinstance(a, Monomial) or a == Sign(1) or isinstance(a, ErrorFunction) for a in atoms)
    return known and any(map(has_kink, links))


@lru_cache(maxsize=16)
def _area_module(model: "Model") -> ModuleType:
    from theory.symbolic.codegen import generate_module

    return load_module(generate_module(model))


def _link(link: Link) -> Link:
    if not isinstance(link, str):
        return link
    from theory.symbolic import parse_link

    return parse_link(link)


def _weights(name: str, weights: Sequence[float]) -> np.ndarray:
    found = np.array([float(c) for c in weights])
    if not len(found) or not np.all(np.isfinite(found) & (found != 0)):
        raise ValueError(f"{name} must be non-zero real numbers, not {list(weights)}")
    return found


def _kind(f: Link, g: Link, weights: np.ndarray, teacher_weights: np.ndarray) -> type[Network]:
    """The coordinates that a network has: residual ones where its students can equal its teachers."""
    count = len(teacher_weights)
    if f != g or count > len(weights) or not np.array_equal(weights[:count], teacher_weights):
        return Network
    taylor = taylor_coefficients(f)
    if not pair_function(f, f).smooth or (len(weights) > count and (taylor is None or taylor[0] != 0)):
        return Network
    square = taylor is not None and len(taylor) == 3 and taylor[1] == 0
    return SquareNetwork if square and len(weights) == count == 1 else MatchedNetwork
