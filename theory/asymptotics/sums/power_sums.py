r"""Sums of powers :math:`\sum_{i=m}^{n} i^{-s}` with an error bound, for ``n`` up to infinity.

Every moment of a power-law spectrum is such a sum. As a difference of Hurwitz zeta values,
:math:`\zeta(s, m) - \zeta(s, n+1)`, it loses all its digits when ``s < 1`` and ``n`` is large, and
has a pole at ``s = 1``. Euler and Maclaurin's formula between the two ends has neither defect.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import inf, log2

from mpmath import mp, mpf

from theory.asymptotics.numbers.field import FLOATS, Field, Number, balls, rational
from theory.expected import Count, NonNegative, checked

SPARE = 20
"""Bits beyond those asked for."""


def inverse_powers(s: Fraction, last: int, field: Field = FLOATS) -> list[Number]:
    r""":math:`1, 2^{-s}, \dots, \text{last}^{-s}` at the working precision.

    The power is completely multiplicative, so only primes cost a logarithm.

    >>> [int(1 / power) for power in inverse_powers(Fraction(2), 6)]
    [1, 4, 9, 16, 25, 36]
    """
    exponent = -rational(s, field)
    powers: list[Number] = [None, field.mpf(1), *[None] * (last - 1)]
    for i in range(2, last + 1):
        if powers[i] is None:
            powers[i] = field.power(i, exponent)
        for j in range(2, min(i, last // i) + 1):
            if powers[i * j] is None:
                powers[i * j] = powers[i] * powers[j]
    return powers[1 : last + 1]


def power_integral(exponent: Number, low: Number, high: Number, field: Field = FLOATS) -> Number:
    r""":math:`\int_{low}^{high} x^{e-1}\,dx`, accurate also where ``e`` is 0 or near it.

    >>> print(power_integral(mpf(0), mpf(1), mp.e))
    1.0
    >>> print(power_integral(mpf(2), mpf(1), mpf(3)))
    4.0
    """
    width = field.log(high / low)
    if exponent == 0:
        return width
    return field.power(high, exponent) * -field.expm1(-exponent * width) / exponent


@lru_cache(maxsize=4096)
def bernoulli_ratio(order: int, prec: int, field: Field = FLOATS) -> Number:
    """:math:`B_{2j}/(2j)!` for ``j = order`` in ``prec`` bits."""
    with field.workprec(prec):
        return field.bernoulli(2 * order) / field.factorial(2 * order)


@checked
def power_sum(s: Fraction, first: Count, last: NonNegative, field: Field = FLOATS) -> Number:
    r""":math:`\sum_{i=\text{first}}^{\text{last}} i^{-s}` to the working precision.

    ``last`` is an integer of any size or infinity; then ``s`` must exceed 1.

    In balls by :func:`enclosed_power_sum`. In floating point by its centre where python-flint is installed,
    else by :func:`euler_maclaurin_sum`, and so where this is the shorter route: few terms, or all of them
    far out.

    Two checks at once, :math:`\zeta(2)` and the harmonic number by its digamma form:

    >>> print(power_sum(Fraction(2), 1, inf), mp.zeta(2))
    1.64493406684823 1.64493406684823
    >>> with mp.workdps(50):
    ...     print(power_sum(Fraction(1), 1, 10**12))
    ...     print(mp.digamma(10**12 + 1) + mp.euler)
    28.208236780830581068822409462961439588922043866152
    28.208236780830581068822409462961439588922043866152
    """
    if field is not FLOATS:
        return enclosed_power_sum(s, first, last, field)
    enclosing = balls()
    if enclosing is None or first >= convergent_from(s) or 2 * first > last:
        return euler_maclaurin_sum(s, first, last)
    with enclosing.workprec(mp.prec + SPARE):
        centre, _ = enclosing.to_mpf(enclosed_power_sum(s, first, last, enclosing))
    return +centre


def enclosed_power_sum(s: Fraction, first: int, last: int | float, field: Field) -> Number:
    r"""A ball around the sum that is narrow at the working precision of the ``field`` of balls.

    .. math:: \sum_{i=m}^{n} i^{-s} = \zeta(s, m) - \zeta(s, n+1), \qquad
       \sum_{i=m}^{n} \frac1i = \psi(n+1) - \psi(m).

    Far out Euler and Maclaurin's formula is shorter. The difference loses digits when ``s < 1`` or the range
    is short, and Arb works to an absolute accuracy: the precision is raised until the ball is narrow enough.

    >>> print(enclosed_power_sum(Fraction(1, 2), 10**30, 10**30 + 2, balls()).str(10, radius=False))
    3.000000000e-15
    """
    wanted = field.prec + SPARE // 2
    prec = field.prec + SPARE + max(0, int(s * log2(first)))
    while True:
        with field.workprec(prec):
            order = field.mpf(s)
            if last - first < 16:  # terms that a ball adds one by one
                ball = field.fsum(field.power(i, -order) for i in range(first, int(last) + 1))
            elif first >= convergent_from(s, field):
                ball = far_sum(s, first, last, field)
            elif s == 1:
                ball = field.digamma(field.mpf(last + 1)) - field.digamma(field.mpf(first))
            else:
                ball = field.zeta(order, field.mpf(first))
                if last < inf:
                    ball -= field.zeta(order, field.mpf(last + 1))
            accuracy = int(field.rel_accuracy_bits(ball))
            if accuracy >= wanted:
                return ball
        prec += max(wanted - accuracy, prec // 4)


def euler_maclaurin_sum(s: Fraction, first: int, last: int | float) -> mpf:
    r"""What :func:`power_sum` does by the formula of Euler and Maclaurin.

    The first terms are added one by one. All
    derivatives of :math:`x^{-s}` keep their sign, so the formula's remainder is at most the last term used
    [DLMF 2.10.1], and terms are used until one falls below the working precision. Bernoulli
    numbers are kept at power-of-two precisions, so that sums at many precisions share them.

    >>> print(euler_maclaurin_sum(Fraction(2), 1, inf))
    1.64493406684823
    """
    start = max(first, convergent_from(s))
    end = int(min(start - 1, last))
    if 2 * first <= end or first == 1:
        total = mp.fsum(inverse_powers(s, end)[first - 1 :])
    else:
        total = mp.fsum(mp.power(i, -rational(s)) for i in range(first, end + 1))
    return total if last < start else total + far_sum(s, start, last)


def convergent_from(s: Fraction, field: Field = FLOATS) -> int:
    """The term from which on the formula converges to the working precision."""
    return int(1.5 * field.dps + abs(s) / 3) + 10


def far_sum(s: Fraction, first: int, last: int | float, field: Field = FLOATS) -> Number:
    """Sum from a ``first`` beyond :func:`convergent_from`, where the terms fall fast enough.

    The remainder is at most the first term left out, hence the last one used: the even derivatives
    of order above ``-s`` have one sign.
    """
    exponent, low, power = rational(s, field), field.mpf(first), rational(1 - s, field)
    total = field.power(low, -exponent) / 2
    if last == inf:
        total -= field.power(low, power) / power
    else:
        high = field.mpf(last)
        total += power_integral(power, low, high, field) + field.power(high, -exponent) / 2
    far_end = _scaled_derivatives(s, last, field)
    prec = 1 << field.prec.bit_length()
    for order, near in enumerate(_scaled_derivatives(s, first, field), start=1):
        term = bernoulli_ratio(order, prec, field) * (near - next(far_end))
        total += term
        if abs(term) <= field.eps * abs(total) and 2 * order + s > 0:
            return total + field.uncertain(term)
    raise AssertionError("the derivatives never end")


def _scaled_derivatives(s: Fraction, x: int | float, field: Field) -> Iterator[Number]:
    """Yield minus the derivatives of order 1, 3, 5, ... of ``x**-s`` (zeros at infinity)."""
    if x == inf:
        while True:
            yield field.mpf(0)
    p, q = s.numerator, s.denominator
    exponent = rational(s, field)
    term = exponent * field.power(field.mpf(x), -exponent - 1)
    order, square = 1, q * q * int(x) * int(x)
    while True:
        yield term
        term = term * ((p + order * q) * (p + (order + 1) * q)) / square
        order += 2
