"""What the names of teachers and of starts mean, with their numbers exact.

- ``flat``: teacher: all :math:`|w^*_i|` equal
- ``source:B``: teacher: :math:`(w^*_i)^2 \\propto i^{-2B}`
- ``gaussian``: teacher: standard normal draws
- ``sphere``: start: uniform on the unit sphere
- ``escape:EPS``: start: along the fastest direction of w = 0, u > 0, s = EPS²

Where else a teacher may come from (components, a file) is for those to say who take it.
"""

from decimal import Decimal, InvalidOperation
from fractions import Fraction

SMALLEST_START, LARGEST_START = 1e-300, 1e75
"""Of EPS: floats keep their digits, energies stay in range."""


def source_exponent(teacher: str) -> Fraction | None:
    """The B of ``source:B``, 0 of ``flat``, None of any other name; ValueError where B is no number.

    >>> source_exponent("source:-0.3"), source_exponent("flat"), source_exponent("gaussian")
    (Fraction(-3, 10), Fraction(0, 1), None)
    """
    if teacher == "flat":
        return Fraction(0)
    if not teacher.startswith("source:"):
        return None
    exponent = read_number(teacher.removeprefix("source:"))
    if exponent is None:
        raise ValueError(f"teacher is {teacher!r}: the B of source:B must be a number such as 0.3 or 1/3")
    return exponent


def escape_size(start: str) -> Fraction | None:
    """The EPS of ``escape:EPS``, None of any other name; ValueError where it is no number in its range.

    >>> escape_size("escape:1e-3"), escape_size("sphere")
    (Fraction(1, 1000), None)
    """
    if not start.startswith("escape:"):
        return None
    size = read_number(start.removeprefix("escape:"))
    if size is None or not SMALLEST_START <= size <= LARGEST_START:
        raise ValueError(
            f"init is {start!r}: it must be escape:EPS with {SMALLEST_START:g} ≤ EPS ≤ {LARGEST_START:g}"
        )
    return size


def read_number(text: str) -> Fraction | None:
    """The decimal number or quotient that ``text`` writes, None where it is neither or beyond 10^±400."""
    try:
        if "/" in text:
            return Fraction(text)
        value = Decimal(text)
    except (ValueError, ZeroDivisionError, InvalidOperation):
        return None
    # of ten, up or down, in a number that is read: a longer fraction would only take memory
    return Fraction(value) if value.is_finite() and abs(value.adjusted()) <= 400 else None
