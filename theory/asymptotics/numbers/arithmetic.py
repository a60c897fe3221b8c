"""Arithmetic with what is known to within a radius."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from numbers import Real
from typing import Any, Self

from mpmath import iv, mp, mpf

from theory.asymptotics.numbers.exact import quotient

BITS = 64
"""Carried beyond those of the operands."""

Exact = Real | Decimal
"""Numbers that are what they are: int, float, Fraction, mpf, NumPy's."""


class Known:
    """A number in ``[value - radius, value + radius]``, and what is computed with it.

    A result covers all that its operands may be, and its own rounding: the arithmetic is that of
    ``mpmath.iv``. Numbers of other kinds are taken as exact. ArithmeticError is raised where the radii do not
    decide a comparison, or leave a result no bound.
    """

    definition: str

    def known(self) -> tuple[mpf, mpf]:
        """Value and radius; ValueError where there are none."""
        raise NotImplementedError

    def derived(self, value: mpf, radius: mpf, words: str, operands: tuple[Known, ...]) -> Self:
        """The number that the operation of these ``words`` has made of the ``operands``."""
        raise NotImplementedError

    def __add__(self, other: Known | Exact) -> Self:
        return self._made(lambda x, y: x + y, "{} + {}", other)

    def __radd__(self, other: Exact) -> Self:
        return self._made(lambda x, y: y + x, "{1} + {0}", other)

    def __sub__(self, other: Known | Exact) -> Self:
        return self._made(lambda x, y: x - y, "{} - {}", other)

    def __rsub__(self, other: Exact) -> Self:
        return self._made(lambda x, y: y - x, "{1} - {0}", other)

    def __mul__(self, other: Known | Exact) -> Self:
        return self._made(lambda x, y: x * y, "{} * {}", other)

    def __rmul__(self, other: Exact) -> Self:
        return self._made(lambda x, y: y * x, "{1} * {0}", other)

    def __truediv__(self, other: Known | Exact) -> Self:
        return self._made(lambda x, y: x / y, "{} / {}", other)

    def __rtruediv__(self, other: Exact) -> Self:
        return self._made(lambda x, y: y / x, "{1} / {0}", other)

    def __pow__(self, other: Known | Exact) -> Self:
        return self._made(lambda x, y: x**y, "{} ** {}", other)

    def __rpow__(self, other: Exact) -> Self:
        return self._made(lambda x, y: y**x, "{1} ** {0}", other)

    def __neg__(self) -> Self:
        return self._made(lambda x: -x, "-{}")

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self._made(abs, "|{}|")

    def exp(self) -> Self:
        """e to this power."""
        return self._made(iv.exp, "exp({})")

    def log(self) -> Self:
        """The natural logarithm."""
        return self._made(iv.log, "log({})")

    def sqrt(self) -> Self:
        """The square root."""
        return self._made(iv.sqrt, "sqrt({})")

    def sin(self) -> Self:
        """The sine."""
        return self._made(iv.sin, "sin({})")

    def cos(self) -> Self:
        """The cosine."""
        return self._made(iv.cos, "cos({})")

    def __lt__(self, other: Known | Exact) -> bool:
        return self._decided(lambda x, y: x < y, "<", other)

    def __le__(self, other: Known | Exact) -> bool:
        return self._decided(lambda x, y: x <= y, "<=", other)

    def __gt__(self, other: Known | Exact) -> bool:
        return self._decided(lambda x, y: x > y, ">", other)

    def __ge__(self, other: Known | Exact) -> bool:
        return self._decided(lambda x, y: x >= y, ">=", other)

    def _made(self, function: Callable[..., Any], words: str, *others: Known | Exact) -> Self:
        """The result of a ``function`` of intervals."""
        if not all(isinstance(part, Known | Exact) for part in others):
            return NotImplemented
        operands = self, *others
        with _precision(operands) as intervals:
            try:
                found = function(*intervals)
                low, high = (mp.make_mpf(end) for end in found._mpi_)
            except (ValueError, ArithmeticError, AttributeError):
                low = high = mp.nan
            written = words.format(*map(_named, operands))
            if not (mp.isfinite(low) and mp.isfinite(high)):
                raise ArithmeticError(f"{written} is not bounded for all that the radius allows")
            middle = (low + high) / 2
            reach = max(mp.fsub(high, middle, exact=True), mp.fsub(middle, low, exact=True))
            radius = mp.fadd(reach, 0, prec=53, rounding="u")
        return self.derived(middle, radius, written, tuple(x for x in operands if isinstance(x, Known)))

    def _decided(self, relation: Callable[[Any, Any], bool | None], sign: str, other: Known | Exact) -> bool:
        """Whether a ``relation`` holds for all that the numbers may be."""
        if not isinstance(other, Known | Exact):
            return NotImplemented
        with _precision((self, other)) as intervals:
            holds = relation(*intervals)
        if holds is None:
            raise ArithmeticError(f"{self} {sign} {other} is not decided by the radius")
        return holds


@contextmanager
def _precision(operands: tuple[Known | Exact, ...]) -> Iterator[list[Any]]:
    """The operands as intervals, at a precision that loses none of their digits."""
    before = iv.prec
    parts = [part.known() if isinstance(part, Known) else (part, 0) for part in operands]
    bits = BITS + max(mp.prec, *(quotient(x).numerator.bit_length() for part in parts for x in part))
    try:
        iv.prec = bits
        with mp.workprec(bits + BITS):
            yield [_exact(value) + _exact(radius) * iv.mpf([-1, 1]) for value, radius in parts]
    finally:
        iv.prec = before


def _exact(number: Exact | int) -> Any:
    """A number that is what it is, as an interval."""
    exact = quotient(number)
    return iv.mpf(exact.numerator) / iv.mpf(exact.denominator)


def _named(number: Known | Exact) -> str:
    """How an operand is written in the definition of a result."""
    return f"({number.definition})" if isinstance(number, Known) else str(number)
