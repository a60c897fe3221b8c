r"""Balls of Arb as the numbers of a formula: centre and radius, every operation rounded outwards.

.. math:: \sum_{i=m}^{n} i^{-s} = \zeta(s, m) - \zeta(s, n+1), \qquad
   \sum_{i=m}^{n} \frac1i = \psi(n+1) - \psi(m).

Far out Euler and Maclaurin's formula is shorter. The difference loses digits when ``s < 1`` or the range
is short, and Arb works to an absolute accuracy:
the precision is raised until the ball is narrow enough.

This module needs python-flint, the optional extra ``precise``; :func:`.field.balls` says whether it is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from fractions import Fraction
from math import inf, log2
from typing import Any

from flint import arb, ctx, fmpq
from mpmath import libmp, mp, mpf

from .field import quotient
from .power_sums import convergent_from, far_sum

SPARE = 20
"""Bits beyond those asked for."""
FEW = 16
"""Terms that are added one by one."""


class Balls:
    """The field of balls at the working precision of ``flint.ctx``.

    >>> field = Balls()
    >>> with field.workdps(30):
    ...     print(field.gamma(field.mpf(Fraction(1, 2))) ** 2)
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
        """Return the centre as a ball of radius 0."""
        return x.mid()

    def uncertain(self, bound: arb) -> arb:
        """Return the ball around 0 that reaches as far as ``bound``."""
        return arb(0, abs(bound).upper())

    def max(self, x: arb, y: arb) -> arb:
        """Return the larger number, of two that may be equal a ball that holds both candidates."""
        return x if x > y else y if y > x else x.max(y)

    def sqrt(self, x: arb) -> arb:
        """Return the root of a number that is not negative, whatever of its ball is."""
        return x.sqrt() if x > 0 else x.nonnegative_part().sqrt()

    def power(self, x: Any, exponent: Any) -> arb:
        """Return ``x**exponent`` for ``x > 0``."""
        return arb(x) ** exponent

    def fsum(self, terms: Iterable[arb]) -> arb:
        """Return the sum."""
        return sum(terms, arb(0))

    def zeta(self, s: arb) -> arb:
        """Return Riemann's zeta function."""
        return s.zeta()

    def expint(self, order: arb, x: arb) -> arb:
        """Return the exponential integral."""
        return x.expint(order)

    def factorial(self, number: int) -> arb:
        """Return the factorial."""
        return arb.fac_ui(number)

    def bernoulli(self, order: int) -> arb:
        """Return the Bernoulli number."""
        return arb.bernoulli(order)

    def power_sum(self, s: Fraction, first: int, last: int | float) -> arb:
        r"""Return :math:`\sum_{i=\text{first}}^{\text{last}} i^{-s}` to the working precision.

        ``first <= last``; where ``last`` is infinite ``s`` must exceed 1.

        >>> print(Balls().power_sum(Fraction(1, 2), 10**30, 10**30 + 2).str(10, radius=False))
        3.000000000e-15
        """
        wanted = ctx.prec + SPARE // 2
        prec = ctx.prec + SPARE + max(0, int(s * log2(first)))
        while True:
            with ctx.workprec(prec):
                order = arb(fmpq(s.numerator, s.denominator))
                if last - first < FEW:
                    ball = self.fsum(arb(i) ** -order for i in range(first, int(last) + 1))
                elif first >= convergent_from(s, self):
                    ball = far_sum(s, first, last, self)
                elif s == 1:
                    ball = arb(last + 1).digamma() - arb(first).digamma()
                else:
                    ball = order.zeta(arb(first))
                    if last < inf:
                        ball -= order.zeta(arb(last + 1))
                accuracy = int(ball.rel_accuracy_bits())
                if accuracy >= wanted:
                    return ball
            prec += max(wanted - accuracy, prec // 4)

    def __getattr__(self, name: str) -> Any:
        """Return the function that is a method of balls."""
        return getattr(arb, name)


def to_mpf(ball: arb) -> tuple[mpf, mpf]:
    """Return centre and radius, neither rounded; the radius is infinite where nothing is known.

    >>> centre, radius = to_mpf(arb(3, 0.5))
    >>> print(centre, mp.nstr(radius, 5))
    3.0 0.5
    """
    if not ball.is_finite():
        return mpf(0), mp.inf
    return _exact(ball.mid()), _exact(ball.rad())


def _exact(centre: arb) -> mpf:
    mantissa, exponent = centre.man_exp()
    return mp.make_mpf(libmp.from_man_exp(int(mantissa), int(exponent)))
