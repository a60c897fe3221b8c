r"""Roots of monotone functions: found by secants, then shut in between two points of opposite sign.

In balls the signs at both ends are proved, so that the root lies between: an enclosure. In floating point
they are those of rounded values.
"""

from __future__ import annotations

from collections.abc import Callable

from theory.asymptotics.numbers.constant import GUARD, Undecided
from theory.asymptotics.numbers.field import FLOATS, Field, Number

FIRST_DIGITS = 12
"""Digits that false position reaches before secants take over."""


def enclosed_root(function: Callable[[Number], Number], low: Number, high: Number, field: Field) -> Number:
    """The root of a ``function`` that changes sign once between ``low`` and ``high > low > 0``.

    False position finds the first digits. Secants then work at the digits that each will have, so that few
    evaluations are as long as the last: one gains as many digits as its slope has, which is as many as
    its two points agree to, or as their values keep beyond these. Signs are at last taken at a
    relative distance of 10 digits less than the working precision.

    In balls a function so flat at its root that this fails is searched by false position at the full
    precision, for half of its digits. Raises Undecided where the working precision does not settle a sign.

    >>> from mpmath import mpf
    >>> from theory.asymptotics.numbers.field import FLOATS
    >>> print(enclosed_root(lambda x: x**2 - 2, mpf(1), mpf(2), FLOATS))
    1.41421356237309
    """
    wanted = field.dps
    try:
        x, distance = _by_secants(function, low, high, field), field.mpf(10) ** (GUARD // 2 - wanted)
        return _shut_in(function, x, distance, field)
    except Undecided:
        if field is FLOATS:
            raise
    distance = field.mpf(10) ** (-wanted // 2)
    x = _false_position(lambda x: field.mid(function(x)), field.mid(low), field.mid(high), distance, field)
    return _shut_in(function, x, distance, field)


def _by_secants(function: Callable[[Number], Number], low: Number, high: Number, field: Field) -> Number:
    """The root to a few digits less than the working precision."""

    def at(x: Number) -> Number:
        return field.mid(function(x))

    wanted, low, high = field.dps, field.mid(low), field.mid(high)
    with field.workdps(min(wanted, FIRST_DIGITS + GUARD)):
        x = _false_position(at, low, high, field.mpf(10.0**-FIRST_DIGITS), field)
        older = field.mid(x * (1 + 10.0**-FIRST_DIGITS))
        before = at(older)
    known = trusted = FIRST_DIGITS
    while known < wanted - GUARD // 4:
        precision = min(wanted, 13 * known // 8 + GUARD)
        with field.workdps(precision):
            value = at(x)
            if value == before:
                break
            step = field.mid(value * (x - older) / (value - before))
            agreed = precision
            if step != 0:
                agreed = -int(float(field.log(abs(step / x)) / field.log(field.mpf(10))))
                older, before, x = x, value, field.mid(x - step)
        reached = min(agreed + trusted, precision if precision == wanted else precision - GUARD)
        if reached <= known:
            raise Undecided("secants no longer gain digits at this precision")
        known, trusted = reached, min(agreed, precision - agreed)
    return x


def _shut_in(function: Callable[[Number], Number], x: Number, relative: Number, field: Field) -> Number:
    """The ball of a relative radius around ``x``, once the signs at its ends differ."""
    distance = field.mid(x * relative)
    left, right = function(x - distance), function(x + distance)
    if not (left < 0 < right or right < 0 < left):
        raise Undecided("no change of sign across the root at this precision")
    return x + field.uncertain(distance)


def _false_position(
    function: Callable[[Number], Number], low: Number, high: Number, accuracy: Number, field: Field
) -> Number:
    """The root to a relative ``accuracy``.

    Ends of different magnitude are first halved on the logarithmic scale. Then the value at an end that stays
    is halved [Dowell, Jarratt 1971].
    """
    at_low, at_high = function(low), function(high)
    while low > 0 and high > 8 * low:  # ratio of the ends from which on false position is used
        x = field.mid(field.sqrt(low * high))
        value = function(x)
        if value * at_high < 0:
            low, at_low = x, value
        else:
            high, at_high = x, value
    while at_high != at_low:
        x = field.mid(high - at_high * (high - low) / (at_high - at_low))
        if abs(x - high) <= abs(x) * accuracy:
            return x
        value = function(x)
        if value * at_high < 0:
            low, at_low = high, at_high
        else:
            at_low = at_low / 2
        high, at_high = x, value
    raise Undecided("the function is flat at this precision")
