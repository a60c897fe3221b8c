r"""Sums of powers enclosed by Arb, which computes the Hurwitz zeta function with a rigorous radius.

.. math:: \sum_{i=m}^{n} i^{-s} = \zeta(s, m) - \zeta(s, n+1), \qquad
   \sum_{i=m}^{n} \frac1i = \psi(n+1) - \psi(m).

The difference loses digits when ``s < 1`` or the range is short, and Arb works to an absolute accuracy:
the precision is raised until the ball is narrow enough.

This module needs python-flint, the optional extra ``precise``; :func:`available` says whether it is there.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from math import inf, log2

from mpmath import mp, mpf

SPARE = 20
"""Bits beyond those asked for."""


@cache
def available() -> bool:
    """Return whether python-flint is installed."""
    return find_spec("flint") is not None


def enclosed_power_sum(s: Fraction, first: int, last: int | float) -> mpf:
    r"""Return :math:`\sum_{i=\text{first}}^{\text{last}} i^{-s}`, proved to the working precision.

    ``first <= last``; where ``last`` is infinite ``s`` must exceed 1.

    >>> print(enclosed_power_sum(Fraction(2), 1, inf), mp.pi**2 / 6)
    1.64493406684823 1.64493406684823
    >>> print(enclosed_power_sum(Fraction(1, 2), 10**30, 10**30 + 2))
    3.0e-15
    """
    from flint import arb, ctx, fmpq

    wanted = mp.prec + SPARE // 2
    prec = mp.prec + SPARE + max(0, int(s * log2(first)))
    while True:
        with ctx.workprec(prec):
            order = arb(fmpq(s.numerator, s.denominator))
            if s == 1:
                ball = arb(last + 1).digamma() - arb(first).digamma()
            else:
                ball = order.zeta(arb(first))
                if last < inf:
                    ball -= order.zeta(arb(last + 1))
            accuracy = int(ball.rel_accuracy_bits())
            if accuracy >= wanted:
                mantissa, exponent = ball.mid().man_exp()
                return +mp.ldexp(mpf(int(mantissa)), int(exponent))
        prec += max(wanted - accuracy, prec // 4)
