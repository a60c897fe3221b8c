"""How claims are attacked: identities at exact points, inequalities by their worst case."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import sympy

from derivations.court.checks import vanishes
from derivations.court.verdict import Counterexample, Finding, Verdict
from numerics.arrays import Array

SMALL = tuple(map(sympy.Rational, ("1", "2", "1/2", "3", "1/3")))
"""Values tried, in this order, for each symbol of an identity that fails."""

SIDES_ACCURACY = 1e-9
"""The sides of an inequality are computed to this relative accuracy at least."""

ARGUED = None
"""The proof of an inequality that needs no identity but its words."""

Identity = tuple[sympy.Expr, sympy.Expr]

_a, _b, _c, _d = sympy.symbols("a b c d")
CAUCHY_SCHWARZ: Identity = (
    (_a**2 + _b**2) * (_c**2 + _d**2) - (_a * _c + _b * _d) ** 2,
    (_a * _d - _b * _c) ** 2,
)
"""Lagrange's identity, pair by pair of modes and so for any d: the sides differ by squares."""


def written(expression: sympy.Expr) -> str:
    """An expression in plain characters, for evidence that prints what it examined.

    >>> x, y = sympy.symbols("x y")
    >>> written(2 * x**2 - y * sympy.exp(-x))
    '2 x^2 - y exp(-x)'
    """
    return str(expression).replace("**", "^").replace("*", " ")


def identity(derived: sympy.Expr, printed: sympy.Expr, how: str) -> Finding:
    """Settle ``derived = printed``: proved if their difference vanishes, else false at the simplest point.

    >>> x = sympy.Symbol("x")
    >>> identity((x + 1) ** 2, x**2 + 2 * x + 1, "expansion").verdict.value
    'proved'
    >>> identity((x + 1) ** 2, x**2 + 1, "expansion").counterexample.words
    'x = 1: 4, not 2'
    """
    derived, printed = sympy.sympify(derived), sympy.sympify(printed)
    if vanishes(derived - printed):
        return Finding(Verdict.PROVED, how)
    symbols = sorted(derived.free_symbols | printed.free_symbols, key=str)
    for values in product(SMALL, repeat=len(symbols)):
        point = dict(zip(symbols, values, strict=True))
        left, right = derived.subs(point), printed.subs(point)
        if sympy.simplify(left - right) != 0:
            return Finding(Verdict.FALSE, how, counterexample=_instance(derived, printed, point, left, right))
    return Finding(Verdict.UNDECIDED, f"{how}: they differ, but at none of the small points")


def identities(pairs: Sequence[tuple[sympy.Expr, sympy.Expr]], how: str) -> Finding:
    """Settle several identities at once: the first that fails decides."""
    findings = [identity(derived, printed, how) for derived, printed in pairs]
    return next((item for item in findings if item.verdict is not Verdict.PROVED), findings[0])


def _instance(
    derived: sympy.Expr,
    printed: sympy.Expr,
    point: dict[sympy.Symbol, sympy.Expr],
    left: sympy.Expr,
    right: sympy.Expr,
) -> Counterexample:
    """The point at which an identity fails, with the line that evaluates both sides."""
    where = ", ".join(f"{name} = {value}" for name, value in point.items())
    values = {str(name): str(value) for name, value in point.items()}
    sides = [f"S({str(side)!r}).subs({values})" for side in (derived, printed)]
    return Counterexample(
        f"{where}: {left}, not {right}" if where else f"{left}, not {right}",
        f"from sympy import *; assert simplify({sides[0]} - {sides[1]}) != 0",
        Verdict.PROVED,
    )


def worst(
    ratio: Callable[[Array], float],
    size: int,
    starts: int,
    seed: int = 0,
    spread: float = 1.0,
    steps: int = 400,
) -> tuple[float, Array]:
    """Maximise ``ratio`` over R^size: random starts, each improved by Nelder–Mead of ``steps``·size.

    Returns the largest value, nan excluded, and where it is attained.

    >>> value, point = worst(lambda x: float(1 - (x[0] - 2) ** 2), 1, 3)
    >>> round(value, 6), round(float(point[0]), 3)
    (1.0, 2.0)
    """
    from scipy.optimize import minimize

    def loss(point: Array) -> float:
        value = ratio(point)
        return -value if np.isfinite(value) else np.inf

    draws = spread * np.random.default_rng(seed).standard_normal((starts, size))
    options = {"maxiter": steps * size, "xatol": 1e-10, "fatol": 1e-13}
    best = draws[0]
    for draw in draws:
        if not np.isfinite(loss(draw)):
            continue
        found = minimize(loss, draw, method="Nelder-Mead", options=options).x
        best = min(best, found, key=loss)
    return -loss(best), best


def inequality(
    ratio: float,
    how: str,
    proof: Sequence[Identity] | None,
    broken: Callable[[], Counterexample] | None = None,
    stands: Verdict = Verdict.PROVED,
) -> Finding:
    """Settle an inequality by the largest ratio of its sides and by the identities of its ``proof``.

    Up to 1, but for rounding, it ``stands`` if they all hold; above, ``broken`` makes the counterexample, and
    without one it is undecided, as it is where the ratio is no number. A proof is ``ARGUED`` where ``how`` is
    the whole argument; ValueError for one without an identity.

    >>> inequality(0.5, "inserted; equality as x → 0", ARGUED).verdict.value
    'proved'
    """
    if stands is Verdict.PROVED and proof is not ARGUED and not proof:
        raise ValueError("an inequality is proved only by an identity, such as CAUCHY_SCHWARZ, or ARGUED")
    reached = f"{how}; largest ratio of the sides {ratio:.6g}"
    if ratio > 1 + SIDES_ACCURACY and broken is not None:
        return Finding(Verdict.FALSE, reached, ratio, broken())
    for derived, printed in proof or ():
        if identity(derived, printed, how).verdict is not Verdict.PROVED:
            return Finding(Verdict.UNDECIDED, f"{how}: {derived} is not {printed}")
    return Finding(stands if ratio <= 1 + SIDES_ACCURACY else Verdict.UNDECIDED, reached, ratio)
