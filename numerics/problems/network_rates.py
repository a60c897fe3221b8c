"""Rates of a network at 0 and at its teachers, of given modes: all eigenvalues of the Hessian.

To first order in V the flow beside students W is V̇ = (A V + δA W + δB W*) Q, δA and δB the answers of the
drift to δS = V Q Wᵀ + W Q Vᵀ and δU = V Q W*ᵀ: −V̇ is the Hessian H of the loss (Kd × Kd, symmetric). At 0
its least eigenvalue is the escape; at the teachers the largest one limits the step of descent, and by the
least positive one, h, the loss falls in the end, L ~ e^{−2ht}.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.arrays import Array
from numerics.pairs import AnyModel, gradient_flow
from numerics.pairs.networks import is_square
from numerics.pairs.overlaps import join
from numerics.problems.problem import Problem
from theory.expected import checked

if TYPE_CHECKING:
    from mpmath import mpf

    from theory.asymptotics import Constant

LARGEST = 1500
"""Weights up to which all eigenvalues are computed."""


SOURCE = "numerics.problems.network_rates"
ESCAPE = "largest rate at w = 0: of the modes of the problem"
STABLE = "2/h, h the largest eigenvalue of the Hessian at the teachers"
FINAL = "h in L ~ exp(-2 h t), the least positive eigenvalue of the Hessian at the teachers"
TOO_MANY = f"more than {LARGEST} weights: not all eigenvalues are computed"


@checked
def network_rates(problem: Problem, model: AnyModel) -> "dict[str, Constant]":
    """``escape_rate``, ``stability_step`` and ``final_rate`` of a network that learns ``problem``'s teachers.

    The radius is estimated: the rounding of the eigenvalues and what the averages leave out. Where there is
    none the constant says why: where 0 or the teachers are no critical point, where the flow has no linear
    part there, or where the Hessian has no such eigenvalue. The student of every teacher is the one of its
    number; students beyond rest at 0.

    Raises ValueError for a constraint, and where the problem has not as many teachers as the model.

    >>> from numerics.pairs import network
    >>> teachers = np.sqrt(2.0) * np.eye(2)
    >>> model = network("z**2", None, [1.0, 1.0], [1.0, 1.0])
    >>> found = network_rates(Problem([0.5, 0.5], teachers, teachers), model)
    >>> {name: f"{float(rate):.6f}" for name, rate in found.items()}
    {'escape_rate': '8.000000', 'stability_step': '0.125000', 'final_rate': '8.000000'}
    """
    rules = gradient_flow(model)
    if len(problem.teachers) != rules.TEACHERS:
        raise ValueError(
            f"the problem has {len(problem.teachers)} teachers, the model {rules.TEACHERS}: give as many"
        )
    K, size = rules.STUDENTS, len(problem.eigenvalues)
    energy = problem.teachers * problem.eigenvalues @ problem.teachers.T
    if K * size > LARGEST:
        return {name: _none(text, TOO_MANY) for name, text in NAMES.items()}
    rest, reached = np.zeros((K, size)), np.zeros((K, size))
    known = min(K, rules.TEACHERS)
    reached[:known] = problem.teachers[:known]
    missing = rules.error(np.diag(energy), np.diag(energy)) if hasattr(rules, "error") else 0.0
    found = dict(_at_zero(*_spectrum(rules, problem, energy, rest), missing))
    if hasattr(rules, "residual_drift"):
        at_teachers = _spectrum(rules, problem, energy, reached)
    else:
        at_teachers = None, "the students cannot equal the teachers, or the link has a kink"
    found |= dict(_at_teachers(*at_teachers, missing, K > rules.TEACHERS, _neutral(rules, problem)))
    return found


def _neutral(rules: AnyModel, problem: Problem) -> int:
    """The number of directions along which the network stays as it is: eigenvalues 0, and of squares what
    leaves Σ c_j w_j w_jᵀ, rotations where the weights are equal.
    """
    K = rules.STUDENTS
    links: tuple[Any, ...] = getattr(rules, "student_links", ())
    squares = bool(links) and len(set(links)) == 1 and is_square(links[0])
    turns = K * (K - 1) // 2 if squares or getattr(rules, "ROTATIONS", False) else 0
    return turns + K * int(np.count_nonzero(problem.eigenvalues == 0))


NAMES = {"escape_rate": ESCAPE, "stability_step": STABLE, "final_rate": FINAL}


def _spectrum(rules: AnyModel, problem: Problem, energy: Array, W: Array) -> tuple[Array | None, str]:
    """The eigenvalues of the Hessian at the students ``W``, or why there are none."""
    rates, X = problem.eigenvalues, problem.teachers
    x = join(W * rates @ W.T, W * rates @ X.T)
    with np.errstate(all="ignore"):
        gain, force = rules.drift(x, energy)
        by_A, by_B = rules.drift_jacobian(x, energy)
    if not all(np.isfinite(part).all() for part in (gain, force, by_A, by_B)):
        return None, "the drift is not smooth there"
    velocity = (gain @ W + force @ X) * rates
    terms = (np.abs(gain) @ np.abs(W) + np.abs(force) @ np.abs(X)) * rates
    if np.any(np.abs(velocity) > 1e-9 * terms.max()):  # of the terms of the velocity: it is 0
        return None, "the flow does not rest there"

    def hessian(V: Array) -> Array:
        half = V * rates @ W.T
        change = join(half + half.T, V * rates @ X.T)
        moved: Array = -((gain @ V + (by_A @ change) @ W + (by_B @ change) @ X) * rates).ravel()
        return moved

    units = np.eye(W.size).reshape(W.size, *W.shape)
    dense = np.array([hessian(unit) for unit in units])
    return np.linalg.eigvalsh(0.5 * (dense + dense.T)), ""


def _at_zero(values: Array | None, reason: str, missing: float) -> "Iterator[tuple[str, Constant]]":
    """The escape."""
    if values is None:
        yield "escape_rate", _none(ESCAPE, f"at w = 0: {reason}")
    elif values[0] >= 0:
        yield "escape_rate", _none(ESCAPE, "no direction grows at w = 0")
    else:
        yield "escape_rate", _rounded(-values[0], values, missing, ESCAPE, lambda h: h)


def _at_teachers(
    values: Array | None, reason: str, missing: float, spare: bool, neutral: int
) -> "Iterator[tuple[str, Constant]]":
    """The largest stable step and the rate of the end."""
    if values is None:
        for name in ("stability_step", "final_rate"):
            yield name, _none(NAMES[name], f"at the teachers: {reason}")
        return
    yield "stability_step", _rounded(values[-1], values, missing, STABLE, lambda h: 2 / h)
    if spare:
        yield "final_rate", _none(FINAL, "students beyond the teachers decay as a power of t")
        return
    found = _rounded(values[neutral], values, missing, FINAL, lambda h: h)
    lost = abs(values[neutral]) <= float(found.radius or 0)
    yield (
        "final_rate",
        _none(FINAL, "the least eigenvalue is 0 within the rounding of the largest") if lost else found,
    )


def _rounded(
    value: float, values: Array, missing: float, definition: str, formula: "Callable[[mpf], mpf]"
) -> "Constant":
    """A function of an eigenvalue, which rounding moves by so much of the largest in modulus."""
    from mpmath import mpf

    from theory.asymptotics import Constant

    # of the largest eigenvalue: what the entries of the Hessian are rounded by
    share = len(values) * np.finfo(float).eps + 1e-13 + missing
    spread = float(share * np.abs(values).max())
    centre = formula(mpf(float(value)))
    radius = max(abs(formula(mpf(float(value)) + sign * spread) - centre) for sign in (-1, 1))
    return Constant(centre, 2 * radius, definition, SOURCE)


def _none(definition: str, reason: str) -> "Constant":
    from theory.asymptotics import Constant

    return Constant(None, None, definition, SOURCE, reason)
