r"""The incomplete beta function that integrates a power over the distance to a pole."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, log

from theory.asymptotics.numbers.field import FLOATS, Field, Number, rational
from theory.asymptotics.sums.power_sums import power_integral


def beta_integral(order: Fraction, low: Number, high: Number, field: Field = FLOATS) -> Number:
    r""":math:`\int_{low}^{high} z^{p-1}/(1-z)\,dz`, ``0 < low < high < 1`` and ``p`` real.

    Below one half the integrand is expanded at 0, above at 1; no order is singular.

    >>> from mpmath import mp, mpf
    >>> print(beta_integral(Fraction(0), mpf("0.1"), mpf("0.9")), 4 * mp.log(3))
    4.39444915467244 4.39444915467244
    """
    half, total = field.mpf(1) / 2, field.mpf(0)
    if not low > half:
        total += _from_zero(order, low, high if high < half else half, field)
    if not high < half:
        total += _to_one(order, low if low > half else half, high, total, field)
    return total


def _from_zero(order: Fraction, low: Number, high: Number, field: Field) -> Number:
    """Up to one half: what is left of the geometric series is at most twice its first term."""
    total, width, power = field.mpf(0), field.log(high / low), rational(order, field)
    at_low, at_high = field.power(low, power), field.power(high, power)
    for k in range(1, int(field.prec * log(2) / -float(field.log(high))) + 3):
        if abs(power) * width < 1:
            total += power_integral(power, low, high, field)
        else:
            total += (at_high - at_low) / power
        power = rational(order + k, field)
        at_low *= low
        at_high *= high
    return total + field.uncertain(2 * power_integral(power, low, high, field))


def _to_one(order: Fraction, low: Number, high: Number, before: Number, field: Field) -> Number:
    """From one half on, as accurate as the sum with what came ``before``: terms that fall at least by 3/4
    leave no more than three times the last.
    """
    near, far = 1 - high, 1 - low
    total = field.log(far / near)
    p, k, coefficient, at_near, at_far = rational(order, field), 0, field.mpf(1), field.mpf(1), field.mpf(1)
    first, eps = 2 * ceil(abs(order)), field.eps
    while True:
        k += 1
        coefficient *= (k - p) / k
        at_near *= near
        at_far *= far
        total += coefficient * (at_far - at_near) / k
        last = coefficient * at_far
        if k >= first and not abs(last) > eps * abs(before + total):
            return total + field.uncertain(3 * abs(last) / k)
