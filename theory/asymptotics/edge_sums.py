r"""The sum over all modes but the last that decides the final rate, for ``d`` of any size.

With the unknown :math:`\ell = \lambda_d (1 + y)` between the two smallest eigenvalues,

.. math:: A(y) = \sum_{i<d} \frac{\mu_i \lambda_i}{\lambda_i - \ell}
   = \frac{1}{H_{d,b}} \sum_{i<d} f(i), \qquad
   f(x) = \frac{x^{-b}}{1 - \theta x^a}, \quad \theta = (1 + y) d^{-a}.

``f`` has a branch point at 0 and a pole just beyond ``d - 1``: modes near both ends are added one
by one, those between by Euler and Maclaurin's formula with Taylor coefficients of ``f``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

from mpmath import mp, mpf

from .power_sums import bernoulli_ratio, power_integral, rational


def edge_sum(decay: Fraction, exponent: Fraction, dimension: int, offset: mpf) -> mpf:
    r"""Return :math:`\sum_{i<d} i^{-b} / (1 - (1+y)(i/d)^a)` at the working precision.

    ``decay`` is ``b``, ``exponent`` is ``a > 0`` and ``offset`` is ``y``, below its pole at
    :math:`(d/(d-1))^a - 1`. Added one by one unless ``d`` is beyond a few times the digits.

    The remainder of Euler and Maclaurin's formula is of the size of the last term used, which is
    below the working precision. Check against plain addition:

    >>> a, b, d, y = Fraction(2), Fraction(3, 2), 5000, mpf("1e-6")
    >>> print(edge_sum(b, a, d, y))
    2.64712135470745
    >>> print(mp.fsum(mpf(i) ** -1.5 / (1 - (1 + y) * (mpf(i) / d) ** 2) for i in range(1, d)))
    2.64712135470745
    """
    margin = 2 * mp.dps + 10
    with mp.workdps(mp.dps + len(str(dimension))):
        theta = (1 + offset) * mp.power(dimension, -rational(exponent))
        f = _Quotient(rational(decay), rational(exponent), theta)
        while 4 * margin < dimension:
            low, high = margin, dimension - margin
            middle = euler_maclaurin(f, low, high)
            if middle is not None:
                ends = [*range(1, low), *range(high + 1, dimension)]
                return middle + mp.fsum(f.at(i) for i in ends)
            margin *= 2
        return mp.fsum(f.at(i) for i in range(1, dimension))


class Summand(Protocol):
    """A function with what Euler and Maclaurin's formula needs of it."""

    def at(self, x: int | float) -> mpf:
        """Return the value."""

    def integral(self, low: int, high: int | float) -> mpf:
        """Return the integral."""

    def taylor(self, x: int | float) -> Iterator[mpf]:
        """Yield the Taylor coefficients."""


class _Quotient:
    """The function ``x**-b / (1 - theta x**a)`` with its integral and Taylor coefficients."""

    def __init__(self, decay: mpf, exponent: mpf, theta: mpf) -> None:
        self.decay, self.exponent, self.theta = decay, exponent, theta

    def at(self, x: int | float) -> mpf:
        return mp.power(x, -self.decay) / (1 - self.theta * mp.power(x, self.exponent))

    def integral(self, low: int, high: int | float) -> mpf:
        r"""Integrate, in :math:`z = \theta x^a`, as an incomplete beta function."""
        order = (1 - self.decay) / self.exponent
        ends = (self.theta * mp.power(x, self.exponent) for x in (low, high))
        return self.theta**-order / self.exponent * beta_integral(order, *ends)

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


def beta_integral(order: mpf, low: mpf, high: mpf) -> mpf:
    r"""Return :math:`\int_{low}^{high} z^{p-1}/(1-z)\,dz`, ``0 < low < high < 1`` and ``p`` real.

    Below one half the integrand is expanded at 0, above at 1; no order is singular.

    >>> print(beta_integral(mpf(0), mpf("0.1"), mpf("0.9")), 4 * mp.log(3))
    4.39444915467244 4.39444915467244
    """
    half = mpf(1) / 2
    total = mpf(0)
    if low < half:
        end = min(high, half)
        for k in range(int(mp.prec * mp.log(2) / -mp.log(end)) + 2):
            total += power_integral(order + k, low, end)
    if high > half:
        near, far = 1 - high, 1 - max(low, half)
        term = total = total + mp.log(far / near)
        coefficient, k = mpf(1), 0
        while abs(term) > mp.eps * total:
            k += 1
            coefficient *= (k - order) / k
            term = coefficient * (far**k - near**k) / k
            total += term
    return total
