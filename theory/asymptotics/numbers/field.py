r"""The numbers that a formula is evaluated in: floating point of mpmath, or balls of Arb.

Every formula of a constant takes them as ``field`` and asks of it only what both have: the elementary
functions of ``mpmath.mp`` by its names, and the few that :class:`Field` lists. In floating point no one
follows the rounding. In balls every result encloses the true one: of exact numbers, of series whose
truncation was bounded by :meth:`Field.uncertain`, of roots shut in between two signs.

>>> field = FLOATS
>>> print(field.gamma(field.mpf(1) / 2) ** 2)
3.14159265358979

Balls need python-flint, the optional extra ``precise``; see :mod:`theory.asymptotics.numbers.balls`.
"""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from mpmath import mp, mpf

Number = Any
"""A float of mpmath or a ball of Arb."""


class Field(Hashable, Protocol):
    """What is asked of a number system beside the functions that it shares with ``mpmath.mp``."""

    @property
    def dps(self) -> int:
        """Decimal digits of the working precision."""

    @property
    def prec(self) -> int:
        """Bits of the working precision."""

    def mid(self, x: Number) -> Number:
        """The centre of a number, as an exact one."""

    def uncertain(self, bound: Number) -> Number:
        """A number that stands for all of size ``bound`` at most."""

    def max(self, x: Number, y: Number) -> Number:
        """The larger number."""

    def to_mpf(self, x: Number) -> tuple[mpf, mpf]:
        """Centre and radius, neither rounded; the radius is infinite where nothing is known."""

    def __getattr__(self, name: str) -> Any:
        """Functions, constants and precision, by their names in ``mpmath.mp``."""


class Floats:
    """``mpmath.mp`` at its working precision."""

    def mid(self, x: mpf) -> mpf:
        """``x``."""
        return x

    def uncertain(self, bound: mpf) -> mpf:
        """0: floating point does not follow errors."""
        return mpf(0)

    def max(self, x: mpf, y: mpf) -> mpf:
        """The larger number."""
        return max(x, y)

    def to_mpf(self, x: mpf) -> tuple[mpf, mpf]:
        """``x`` and 0: floating point does not follow errors."""
        return x, mpf(0)

    def __getattr__(self, name: str) -> Any:
        """What ``mpmath.mp`` has."""
        return getattr(mp, name)


FLOATS = Floats()


@cache
def balls() -> Field | None:
    """The field of balls, None where python-flint is not installed."""
    if find_spec("flint") is None:
        return None
    from theory.asymptotics.numbers.balls import Balls

    return Balls()


def rational(value: Fraction, field: Field = FLOATS) -> Number:
    """Round a fraction to the working precision, or enclose it.

    >>> print(rational(Fraction(1, 3)))
    0.333333333333333
    """
    return field.mpf(value.numerator) / value.denominator
