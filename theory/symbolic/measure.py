"""The spectral measure that a flow starts from, and the statistics of every order that it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import sympy

from theory.expected import Only, checked
from theory.symbolic.hierarchy import Statistic
from theory.symbolic.models import ModelError

Exact = Annotated[sympy.Rational | int | str, Only("an integer, a rational number or a decimal text")]
Rows = tuple[tuple[sympy.Rational, ...], ...]


class MeasureError(ModelError):
    """The numbers are not exact, or they describe no spectral measure."""


@checked
@dataclass(frozen=True)
class SpectralMeasure:
    """``Σ_i z_i z_iᵀ δ(λ − λ_i)`` with ``z_i`` the students' and teachers' components on mode ``i``.

    ``eigenvalues`` (d,), ``students`` (K × d) and ``teachers`` (M × d) are exact: integers, rationals or
    decimal strings.

    >>> measure = SpectralMeasure([2, 1], [[1, 0]], [[1, 3]])
    >>> measure.value(Statistic("T", 0, 0, 3))
    17
    """

    eigenvalues: tuple[sympy.Rational, ...]
    students: Rows
    teachers: Rows

    def __init__(
        self,
        eigenvalues: Sequence[Exact],
        students: Sequence[Sequence[Exact]],
        teachers: Sequence[Sequence[Exact]],
    ) -> None:
        values = exact_numbers("eigenvalues", eigenvalues)
        if not values or any(value < 0 for value in values):
            raise MeasureError("eigenvalues of a covariance are non-negative, and there is at least one")
        object.__setattr__(self, "eigenvalues", values)
        for name, rows in (("students", students), ("teachers", teachers)):
            exact = tuple(exact_numbers(name, row) for row in rows)
            if not exact or any(len(row) != len(values) for row in exact):
                raise MeasureError(
                    f"{name} must be rows of {len(values)} components, one for each eigenvalue"
                )
            object.__setattr__(self, name, exact)

    def value(self, statistic: Statistic) -> sympy.Rational:
        """The value of a statistic of integer order."""
        if statistic.name == "D":
            return sympy.Add(*(value**statistic.order for value in self.eigenvalues))
        left = self.teachers if statistic.name == "T" else self.students
        right = self.students if statistic.name == "S" else self.teachers
        rows = zip(self.eigenvalues, left[statistic.row], right[statistic.column], strict=True)
        return sympy.Add(*(value**statistic.order * a * b for value, a, b in rows))


def exact_numbers(name: str, values: Sequence[Exact]) -> tuple[sympy.Rational, ...]:
    """The values as rationals; :class:`MeasureError` for floats and symbols, which are not exact."""
    try:
        numbers = tuple(
            sympy.Rational(value) if isinstance(value, str) else sympy.sympify(value, strict=True)
            for value in values
        )
    except (TypeError, ValueError):
        raise MeasureError(f"{name} must be integers, rationals or decimal strings") from None
    for value, number in zip(values, numbers, strict=True):
        if not number.is_Rational:
            raise MeasureError(f"{name} must be integers, rationals or decimal strings, not {value!r}")
    return numbers
