r"""The sum over all modes but the last that decides the final rate, for ``d`` of any size.

With the unknown :math:`\ell = \lambda_d (1 + y)` between the two smallest eigenvalues,

.. math:: A(y) = \sum_{i<d} \frac{\mu_i \lambda_i}{\lambda_i - \ell}
   = \frac{1}{H_{d,b}} \sum_{i<d} f(i), \qquad
   f(x) = \frac{x^{-b}}{1 - \theta x^a}, \quad \theta = (1 + y) d^{-a}.

``f`` has a branch point at 0 and a pole just beyond ``d - 1``: modes near both ends are added one
by one, those between by Euler and Maclaurin's formula with Taylor coefficients of ``f``.

This is the route in floating point, which stops at the smallest term or the working precision; that in
balls, :mod:`theory.asymptotics.sums.enclosed_sums`, fixes the number of terms as its bound of the remainder
asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Protocol

from mpmath import mp, mpf

from theory.asymptotics.numbers.field import FLOATS, Field, Number, rational
from theory.asymptotics.sums.beta_integral import beta_integral
from theory.asymptotics.sums.power_sums import bernoulli_ratio


def edge_sum(
    decay: Fraction, exponent: Fraction, dimension: int, field: Field = FLOATS
) -> Callable[[Number], Number]:
    r"""The function :math:`y \mapsto \sum_{i<d} i^{-b} / (1 - (1+y)(i/d)^a)`.

    ``decay`` is ``b`` and ``exponent`` is ``a > 0``; ``y`` lies below the pole at
    :math:`(d/(d-1))^a - 1`. Added one by one unless ``d`` is beyond a few times the digits.

    In floating point the remainder of Euler and Maclaurin's formula is of the size of the last term
    used, which is below the working precision. Check against plain addition:

    >>> a, b, d, y = Fraction(2), Fraction(3, 2), 5000, mpf("1e-6")
    >>> print(edge_sum(b, a, d)(y))
    2.64712135470745
    >>> print(mp.fsum(mpf(i) ** -1.5 / (1 - (1 + y) * (mpf(i) / d) ** 2) for i in range(1, d)))
    2.64712135470745
    """
    if field is not FLOATS:
        from theory.asymptotics.sums import enclosed_sums

        return enclosed_sums.edge_sum(decay, exponent, dimension)
    return lambda y: _edge_sum(decay, exponent, dimension, y)


def _edge_sum(decay: Fraction, exponent: Fraction, dimension: int, offset: mpf) -> mpf:
    margin = mp.dps + 10
    with mp.workdps(mp.dps + len(str(dimension))):
        theta = (1 + offset) * mp.power(dimension, -rational(exponent))
        f = _Quotient(decay, exponent, theta)
        while 4 * margin < dimension:
            low, high = margin, dimension - margin
            middle = euler_maclaurin(f, low, high)
            if middle is not None:
                return middle + f.total(1, low) + f.total(high + 1, dimension)
            margin *= 2
        return f.total(1, dimension)


@lru_cache(maxsize=16)
def _powers(exponent: Fraction, decay: Fraction, first: int, end: int, prec: int) -> list[tuple[mpf, mpf]]:
    """``i**a`` and ``i**-b`` from ``first`` to before ``end``."""
    levels = [mp.power(i, rational(exponent)) for i in range(first, end)]
    if decay == exponent:
        return [(level, 1 / level) for level in levels]
    return [(level, mp.power(i, -rational(decay))) for i, level in enumerate(levels, start=first)]


class Summand(Protocol):
    """A function with what Euler and Maclaurin's formula needs of it."""

    def at(self, x: int | float) -> mpf:
        """The value."""

    def integral(self, low: int, high: int | float) -> mpf:
        """The integral."""

    def taylor(self, x: int | float) -> Iterator[mpf]:
        """Yield the Taylor coefficients."""


class _Quotient:
    """The function ``x**-b / (1 - theta x**a)`` with its integral and Taylor coefficients."""

    def __init__(self, decay: Fraction, exponent: Fraction, theta: mpf) -> None:
        self.decay, self.exponent, self.theta = rational(decay), rational(exponent), theta
        self.order = (1 - decay) / exponent
        self.exact = exponent, decay

    def at(self, x: int | float) -> mpf:
        return mp.power(x, -self.decay) / (1 - self.theta * mp.power(x, self.exponent))

    def total(self, first: int, end: int) -> mpf:
        """Add the terms from ``first`` to before ``end`` one by one."""
        powers = _powers(*self.exact, first, end, mp.prec)
        return mp.fsum(mass / (1 - self.theta * level) for level, mass in powers)

    def integral(self, low: int, high: int | float) -> mpf:
        r"""Integrate, in :math:`z = \theta x^a`, as an incomplete beta function."""
        ends = (self.theta * mp.power(x, self.exponent) for x in (low, high))
        return self.theta ** -rational(self.order) / self.exponent * beta_integral(self.order, *ends)

    def taylor(self, x: int | float) -> Iterator[mpf]:
        """Yield the Taylor coefficients at ``x``, by division of power series."""
        pole = mp.power(x, self.exponent) * self.theta
        denominator = binomial_series(-pole, self.exponent, x)
        numerator = binomial_series(mp.power(x, -self.decay), -self.decay, x)
        lead = next(denominator) + 1
        known = [next(numerator) / lead]
        yield known[0]
        divisors: list[mpf] = []
        for term in numerator:
            divisors.append(next(denominator))
            known.append((term - mp.fdot(zip(divisors, reversed(known), strict=True))) / lead)
            yield known[-1]


def binomial_series(scale: mpf, power: mpf, x: int | float) -> Iterator[mpf]:
    """Yield the coefficients of ``scale (1 + h/x)**power`` in ``h``."""
    order = 0
    while True:
        yield scale
        scale = scale * (power - order) / ((order + 1) * x)
        order += 1


def euler_maclaurin(f: Summand, low: int, high: int | float) -> mpf | None:
    """Sum ``f`` from ``low`` to ``high``, or return None if the terms stop falling too early."""
    total = f.integral(low, high) + (f.at(low) + f.at(high)) / 2
    below, above = f.taylor(low), f.taylor(high)
    next(below), next(above)
    last = mp.inf
    for order in range(1, 2 * low):
        difference = next(above) - next(below)
        term = bernoulli_ratio(order, mp.prec) * mp.factorial(2 * order - 1) * difference
        if abs(term) > last:
            return None
        total += term
        last = abs(term)
        if last <= mp.eps * abs(total):
            return total
        next(below), next(above)
    return None
