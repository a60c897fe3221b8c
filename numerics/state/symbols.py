"""Functions of a model's symbols along a run, in the coordinates that keep their digits.

In the chart at ±w* the statistics are q = ‖w ∓ w*‖_Q² and p = ⟨w ∓ w*, ±w*⟩_Q, so that u = ±(t + p) and
s = t + 2p + q, t being s*. A function of s, u and t is written in q and p before it is evaluated: what
cancels in it cancels as symbols.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import join
from numerics.state.observables import observe_all
from numerics.state.segment import Segment

if TYPE_CHECKING:
    import sympy

Quantities = Callable[[Segment, Array, Array, Array], tuple[Array, ...]]


def evaluated(expression: Any, students: int, teachers: int) -> Quantities:
    """The quantity that ``expression`` is, of a run of so many students and teachers.

    Raises ValueError where it is no expression of the overlaps.
    """
    import sympy

    from theory.symbolic.overlaps import Overlaps

    names = Overlaps.symbols(students, teachers)
    moving, fixed = names.statistics, tuple(dict.fromkeys(names.T))
    try:
        expression = sympy.sympify(expression)
        unknown = sorted(map(str, expression.free_symbols - {*moving, *fixed}))
    except (sympy.SympifyError, AttributeError, TypeError):
        raise ValueError(f"{expression!r} is no expression of {_listed(moving, fixed)}") from None
    if unknown or not isinstance(expression, sympy.Expr):
        raise ValueError(f"{expression} is no expression of {_listed(moving, fixed)}")
    plain = sympy.lambdify([*moving, *fixed], expression, "numpy")
    if students == teachers == 1:
        (s, u), (t,) = moving, fixed
        return _of_one(expression, s, u, t, plain)

    def quantity(segment: Segment, times: Array, statistics: Array, norms: Array) -> tuple[Array]:
        frame = segment.chart, segment.orientation, segment.frame, segment.teacher_energy
        found = observe_all(*frame, times, statistics, norms)
        energy = segment.orientation.T @ segment.teacher_energy @ segment.orientation
        values = [energy[j, k] for j in range(teachers) for k in range(j, teachers)]
        return (np.broadcast_to(plain(*join(found.S, found.U), *values), times.shape).astype(float),)

    return quantity


def _of_one(
    expression: "sympy.Expr",
    s: "sympy.Symbol",
    u: "sympy.Symbol",
    t: "sympy.Symbol",
    plain: Callable[..., Array],
) -> Quantities:
    import sympy

    q, p = sympy.symbols("q p")
    near = {
        sign: sympy.lambdify(
            [q, p, t], _tidy(expression.xreplace({u: sign * (t + p), s: t + 2 * p + q})), "numpy"
        )
        for sign in (1, -1)
    }

    def quantity(segment: Segment, times: Array, statistics: Array, norms: Array) -> tuple[Array]:
        energy, rows = float(segment.teacher_energy[0, 0]), statistics[:2]
        if segment.chart.centred:
            values = plain(rows[0], segment.sign * rows[1], energy)
        else:
            values = near[segment.sign](*rows, energy)
        return (np.broadcast_to(values, times.shape).astype(float),)

    return quantity


def _tidy(expression: "sympy.Expr") -> "sympy.Expr":
    """Every rational part of an ``expression`` as one fraction of expanded polynomials."""
    import sympy

    if expression.is_rational_function():
        above, below = sympy.fraction(sympy.cancel(expression))
        return sympy.expand(above) / sympy.factor(below)
    if expression.is_Add or expression.is_Mul:
        rational = [part for part in expression.args if part.is_rational_function()]
        others = [_tidy(part) for part in expression.args if not part.is_rational_function()]
        return expression.func(_tidy(expression.func(*rational)), *others)
    return expression.func(*map(_tidy, expression.args))


def _listed(*names: tuple["sympy.Symbol", ...]) -> str:
    return ", ".join(str(name) for some in names for name in some)
