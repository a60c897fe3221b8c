r"""Balls of Arb as the numbers of a formula: centre and radius, every operation rounded outwards.

This module needs python-flint, the optional extra ``precise``; :func:`.field.balls` says whether it is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from flint import acb, arb, ctx, fmpq
from mpmath import libmp, mp, mpf

from theory.asymptotics.numbers.exact import quotient


class Balls:
    """The field of balls at the working precision of ``flint.ctx``.

    >>> field = Balls()
    >>> with field.workdps(30):
    ...     print(field.gamma(field.mpf("1/2")) ** 2)
    [3.14159265358979323846264338328 +/- ...e-30]
    """

    pi = property(lambda self: arb.pi())
    eps = property(lambda self: arb(2) ** (1 - ctx.prec))
    prec = property(lambda self: ctx.prec)
    dps = property(lambda self: ctx.dps)

    def workdps(self, digits: int) -> AbstractContextManager[Any]:
        """Set the working precision within a ``with`` statement."""
        return ctx.workdps(digits)

    def workprec(self, bits: int) -> AbstractContextManager[Any]:
        """Set the working precision in bits."""
        return ctx.workprec(bits)

    def mpf(self, value: Any) -> arb:
        """Enclose a number of any kind, a string as the decimal or the quotient that it writes."""
        if isinstance(value, arb | int | float):
            return arb(value)
        exact = quotient(value)
        return arb(fmpq(exact.numerator, exact.denominator))

    def mid(self, x: arb) -> arb:
        """The centre as a ball of radius 0."""
        return x.mid()

    def uncertain(self, bound: arb) -> arb:
        """The ball around 0 that reaches as far as ``bound``."""
        return arb(0, abs(bound).upper())

    def max(self, x: arb, y: arb) -> arb:
        """The larger number, of two that may be equal a ball that holds both candidates."""
        return x if x > y else y if y > x else x.max(y)

    def sqrt(self, x: arb) -> arb:
        """The root of a number that is not negative, whatever of its ball is."""
        return x.sqrt() if x > 0 else x.nonnegative_part().sqrt()

    def power(self, x: Any, exponent: Any) -> arb:
        """``x**exponent`` for ``x > 0``."""
        return arb(x) ** exponent

    def fsum(self, terms: Iterable[arb]) -> arb:
        """The sum."""
        return sum(terms, arb(0))

    def expint(self, order: arb, x: arb) -> arb:
        """The exponential integral."""
        return x.expint(order)

    def factorial(self, number: int) -> arb:
        """The factorial."""
        return arb.fac_ui(number)

    def bernoulli(self, order: int) -> arb:
        """The Bernoulli number."""
        return arb.bernoulli(order)

    def to_mpf(self, ball: arb) -> tuple[Any, Any]:
        """Centre and radius, neither rounded; the radius is infinite where nothing is known.

        >>> centre, radius = Balls().to_mpf(arb(3, 0.5))
        >>> print(centre, mp.nstr(radius, 5))
        3.0 0.5
        """
        if not ball.is_finite():
            return mpf(0), mp.inf
        return _exact(ball.mid()), _exact(ball.rad())

    def __getattr__(self, name: str) -> Any:
        """The function that is a method of balls."""
        return getattr(arb, name)


class ComplexBalls:
    """Complex balls, for the integrand of Arb's integration: ``analytic`` asks for no branch cut."""

    pi = property(lambda self: acb(arb.pi()))

    def __init__(self, analytic: bool) -> None:
        """Store what is asked of functions with a branch cut."""
        self.analytic = analytic

    def mpf(self, value: int) -> acb:
        """A whole number."""
        return acb(value)

    def power(self, x: acb, exponent: acb) -> acb:
        """``x**exponent`` for ``x > 0``."""
        return (exponent * self.log(x)).exp()

    def log(self, x: acb) -> acb:
        """The principal logarithm."""
        return x.log(analytic=self.analytic)

    def sqrt(self, x: acb) -> acb:
        """The principal root."""
        return x.sqrt(analytic=self.analytic)

    def __getattr__(self, name: str) -> Any:
        """The function that is a method of complex balls."""
        return getattr(acb, name)


def _exact(centre: arb) -> mpf:
    mantissa, exponent = centre.man_exp()
    return mp.make_mpf(libmp.from_man_exp(int(mantissa), int(exponent)))
