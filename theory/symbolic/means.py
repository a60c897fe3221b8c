"""Gaussian averages of any link: in closed form where one is known, else as the integral, left as it is.

The integral is a number, and prints as :mod:`theory.asymptotics.numbers.written` reads it.
"""

import sympy
from mpmath import mp, mpf
from sympy.polys.orthopolys import hermite_prob_poly

from theory.asymptotics.numbers.field import FLOATS, balls
from theory.asymptotics.numbers.written import written
from theory.symbolic.averages import derivative_average
from theory.symbolic.links import UnknownAverageError, Z, is_combination, link_terms

DIGITS = 30
"""To which a number counts as 0 that holds an integral."""


class mean(sympy.Function):  # type: ignore[misc]  # SymPy ships no types
    """``mean(g, h)``: of ``g`` at ``z > 0`` and ``h`` at ``z < 0`` over a standard normal ``z``."""

    nargs = 2
    is_real = True
    is_finite = True
    free_symbols: frozenset[sympy.Symbol] = frozenset()

    def _eval_evalf(self, prec: int) -> sympy.Float:
        return sympy.Float(_evaluated(self, DIGITS), DIGITS)


def sides(f: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """A function on the right and on the left of 0, each of them smooth.

    Raises :class:`UnknownAverageError` for one that has a kink elsewhere.

    >>> sides(sympy.Abs(Z) * sympy.tanh(Z))
    (z*tanh(z), -z*tanh(z))
    """
    right, left = (f.subs({sympy.Abs(Z): side * Z, sympy.sign(Z): side}) for side in (1, -1))
    if right.has(sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Piecewise, sympy.Max):
        raise UnknownAverageError(f"{f} has a kink away from z = 0: no average of it is computed")
    return right, left


def average(f: sympy.Expr, order: int = 0) -> sympy.Expr:
    """``E f^(order)(z)``, in the sense of distributions: ``E f He_order``.

    >>> average(Z**4, 2), average(sympy.tanh(Z), 1)
    (12, mean(z*tanh(z), z*tanh(z)))
    """
    if not f.has(Z):
        return f if order == 0 else sympy.S.Zero
    if is_combination(f):
        terms = link_terms(f).items()
        return sympy.Add(*(weight * derivative_average(atom, order, sympy.S.One) for atom, weight in terms))
    weight = hermite_prob_poly(order, Z) if order else sympy.S.One
    return integral(*(weight * side for side in sides(f)))


def integral(right: sympy.Expr, left: sympy.Expr) -> sympy.Expr:
    """The mean, 0 where symmetry says so."""
    mirrored = sympy.expand(left.subs(Z, -Z))
    return sympy.S.Zero if sympy.expand(right + mirrored) == 0 else mean(right, left)


def is_zero(value: sympy.Expr) -> bool:
    """Whether a number is 0: to 30 digits where it holds an integral."""
    if value.has(mean):
        return bool(abs(_evaluated(value, DIGITS)) < 10.0 ** (5 - DIGITS))
    return bool(value.equals(0))


def is_positive(value: sympy.Expr) -> bool:
    """Whether a number is positive."""
    return bool(_evaluated(value, DIGITS) > 0) if value.has(mean) else bool(value > 0)


def shown(value: sympy.Expr) -> str:
    """A number for people: an integral to a few digits."""
    return str(sympy.Float(_evaluated(value, DIGITS), 6)) if value.has(mean) else str(value)


def tidy(value: sympy.Expr) -> sympy.Expr:
    """Write a number in one form, 0 as 0."""
    short = value if value.has(mean) else sympy.radsimp(sympy.expand(value))
    return sympy.S.Zero if is_zero(short) else short


def _evaluated(value: sympy.Expr, digits: int) -> mpf:
    """The number, to about so many digits."""
    field = balls() or FLOATS
    with field.workdps(digits), mp.workdps(digits):
        return field.to_mpf(written(str(value), field))[0]
