"""Problems whose numbers are exact, so that any number of digits of their flow makes sense."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb, fmpq

from numerics.problems.problem import Dimension, Problem
from theory.disk import read_text
from theory.expected import checked

LARGEST_EXPONENT = 10_000  # of decimal strings: a power of ten is written out
Row = tuple[Fraction, ...]
Moments = tuple[Fraction, ...]


@checked
@dataclass(frozen=True)
class ExactProblem:
    """The data of :class:`numerics.Problem`, exact: each number is kept as the fraction that it is.

    ``eigenvalues`` (N,), ``teacher`` (N,) or (M, N) and ``init`` (N,) or (K, N) hold decimal strings ("0.1"
    is 1/10), strings "p/q", integers, fractions, decimals, mpmath numbers or floats (the binary fractions
    that they are). ``dimension`` is d, N unless given.

    Raises ValueError for what :class:`numerics.Problem` refuses, and for entries that are not such numbers.

    >>> problem = ExactProblem(["0.75", "0.25"], ["1", "1"], ["0.1", "0"])
    >>> problem.init[0][0], problem.rounded.teacher_energy
    (Fraction(1, 10), 1.0)
    """

    eigenvalues: Row
    teacher: tuple[Row, ...]
    init: tuple[Row, ...]
    dimension: float

    def __init__(
        self,
        eigenvalues: Sequence[Any],
        teacher: Sequence[Any],
        init: Sequence[Any],
        dimension: Dimension = 0,
    ) -> None:
        object.__setattr__(self, "eigenvalues", _row("eigenvalues", eigenvalues))
        object.__setattr__(self, "teacher", _rows("teacher", teacher))
        object.__setattr__(self, "init", _rows("init", init))
        object.__setattr__(self, "dimension", dimension)
        object.__setattr__(self, "dimension", self.rounded.dimension)

    @property
    def rounded(self) -> Problem:
        """The same problem in floats."""
        eigenvalues, teacher, init = map(_squeezed, ((self.eigenvalues,), self.teacher, self.init))
        return Problem(eigenvalues, teacher, init, dimension=self.dimension)

    @classmethod
    def of(cls, problem: Problem) -> "ExactProblem":
        """The problem that these floats are."""
        pairs = zip(problem.students.tolist(), np.atleast_2d(problem.init_rest).tolist(), strict=True)
        start = [[Fraction(x) + Fraction(y) for x, y in zip(*rows, strict=True)] for rows in pairs]
        return cls(problem.eigenvalues.tolist(), problem.teachers.tolist(), start, problem.dimension)

    @classmethod
    def load(cls, path: str | Path) -> "ExactProblem":
        """Read the JSON file that :meth:`numerics.Problem.load` reads, with all the digits that it holds.

        Raises ValueError as that does.
        """
        problem = Problem.load(path)
        if Path(path).suffix.lower() in (".csv", ".nc"):
            return cls.of(problem)
        content = json.loads(read_text(path), parse_float=str)
        if "variables" in content:  # labelled arrays
            return cls.of(problem)
        try:
            return cls(content["eigenvalues"], content["teacher"], content["init"])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def modes(self) -> tuple[list[arb], list[list[arb]], list[list[arb]]]:
        """Eigenvalues, teachers and students at Arb's working precision, with at most M + K modes of any
        one eigenvalue.

        Within an eigenspace the flow and all distances are those of the Gram matrix G of the rows.
        G = L D Lᵀ, exactly, so that what vanishes is exactly 0; the modes are the columns of L √D.
        """
        rows = [*self.teacher, *self.init]
        order = sorted(range(len(self.eigenvalues)), key=lambda i: -self.eigenvalues[i])
        eigenvalues: list[arb] = []
        columns: list[list[arb]] = []
        for value, group in groupby(order, key=lambda i: self.eigenvalues[i]):
            members = list(group)
            space = [[row[i] for i in members] for row in rows]
            found = _merged(space) if len(members) > 1 else [[_arb(row[0]) for row in space]]
            columns += found
            eigenvalues += [_arb(value)] * len(found)
        merged = [list(row) for row in zip(*columns, strict=True)]
        return eigenvalues, merged[: len(self.teacher)], merged[len(self.teacher) :]


def _merged(rows: list[list[Fraction]]) -> list[list[arb]]:
    """The columns of L √D where the Gram matrix of ``rows`` is L D Lᵀ."""
    gram = [[sum((a * b for a, b in zip(x, y, strict=True)), Fraction()) for x in rows] for y in rows]
    columns = []
    for k, _ in enumerate(rows):
        pivot = gram[k][k]
        if pivot == 0:
            continue
        factors = [gram[j][k] / pivot for j in range(len(rows))]
        gram = [[gram[i][j] - factors[i] * gram[k][j] for j in range(len(rows))] for i in range(len(rows))]
        length = _arb(pivot).sqrt()
        columns.append([(_arb(factor) * length).mid() for factor in factors])
    return columns


def _arb(x: Fraction) -> arb:
    return arb(fmpq(x.numerator, x.denominator)).mid()


def _squeezed(rows: tuple[Row, ...]) -> Any:
    """The rows in floats, one row as a vector."""
    floats = [[float(x) for x in row] for row in rows]
    return floats[0] if len(floats) == 1 else floats


def _rows(name: str, values: Sequence[Any]) -> tuple[Row, ...]:
    """One row, or several."""
    values = list(values)
    nested = values and all(not isinstance(row, str) and hasattr(row, "__len__") for row in values)
    return tuple(_row(name, row) for row in values) if nested else (_row(name, values),)


def _row(name: str, values: Sequence[Any]) -> Row:
    return tuple(exact_number(f"{name}[{i}]", value) for i, value in enumerate(values))


def exact_number(name: str, value: Any) -> Fraction:
    """``value`` as a fraction, or ValueError."""
    try:
        if isinstance(value, bool):
            raise TypeError
        if isinstance(value, str) and "/" not in value and abs(Decimal(value).adjusted()) > LARGEST_EXPONENT:
            raise OverflowError
        if hasattr(value, "_mpf_"):
            return _from_mpmath(value)
        return Fraction(int(value)) if hasattr(value, "__index__") else Fraction(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, InvalidOperation):
        raise ValueError(
            f"{name} is {value!r}: it must be a finite number, as a decimal string, a fraction or a float"
        ) from None


def _from_mpmath(value: Any) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    if (exponent and not mantissa) or abs(exponent) > 4 * LARGEST_EXPONENT:
        raise OverflowError
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** exponent
