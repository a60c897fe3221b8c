"""Numbers of any kind as the fractions that they are."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from mpmath import mp


def quotient(value: Any) -> Fraction:
    """A number of any kind exactly, a string as the decimal or the quotient that it writes.

    >>> quotient(0.5), quotient("1e-2"), quotient(mp.mpf(3))
    (Fraction(1, 2), Fraction(1, 100), Fraction(3, 1))
    """
    if isinstance(value, str | int | float | Fraction | Decimal):
        return Fraction(value)
    sign, mantissa, exponent, _ = mp.convert(value)._mpf_  # which rounds no float
    return (-1) ** sign * mantissa * Fraction(2) ** exponent
