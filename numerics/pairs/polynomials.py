"""Polynomials by their exact coefficients, and their Gaussian averages' coefficients."""

from collections.abc import Sequence
from fractions import Fraction
from math import factorial, isqrt

import numpy as np

from numerics.arrays import Array


class PolynomialSeries:
    """A polynomial by its exact Taylor coefficients ``z^0, z^1, …``.

    Coefficients at variance ``a`` are polynomials in ``a − a₀``, with the one of ``a₀ = 0, 1`` whose terms
    cancel least at ``a = 1``: 0 suits powers of ``z``, 1 Hermite polynomials.
    """

    def __init__(self, taylor: Sequence[Fraction]) -> None:
        tables = [_hermite_table(taylor, base) for base in (0, 1)]
        costs = [sum(abs(x) for row in table for x in row) for table in tables]
        self.base = 0 if costs[0] <= costs[1] else 1
        rows = tables[self.base]
        self.table = np.array([[_scaled(x, k) for x in row] for k, row in enumerate(rows)])
        self._shifted: dict[int, Array] = {}

    @property
    def degree(self) -> int:
        """The degree."""
        return len(self.table) - 1

    def coefficients(self, order: int, variances: Array) -> Array:
        """``φ_k / a^{k/2}`` of the derivative of that ``order``."""
        if order not in self._shifted:
            self._shifted[order] = raised(self.table[order:], order)
        table = self._shifted[order]
        return np.tensordot(table, powers(variances - self.base, table.shape[1]), 1)

    def scaled(self, order: int, variances: Array) -> Array:
        """``φ_k`` of the derivative of that ``order``."""
        found = self.coefficients(order, variances)
        return found * powers(np.sqrt(variances), len(found))


class ExactSeries:
    """A polynomial beside a function of another kind, whose sums it makes finite."""

    def __init__(self, polynomial: PolynomialSeries) -> None:
        self.polynomial = polynomial

    def degree(self, variances: Array) -> int:
        """Of its coefficients all that do not vanish."""
        return self.polynomial.degree + 1

    def left_out(self, variances: Array, degree: int) -> Array:
        """Nothing."""
        return np.zeros(np.shape(variances))

    def coefficients(self, order: int, variances: Array, degree: int) -> Array:
        """``φ_k`` for ``k < degree`` of the derivative of that ``order``."""
        return self.polynomial.scaled(order, np.asarray(variances, float))[:degree]


def powers(values: Array, count: int) -> Array:
    """``values**k`` (count, …) for k < ``count``, by doubling."""
    found = np.ones((count, *np.shape(values)))
    done = 1
    while done < count:
        more = min(done, count - done)
        np.multiply(found[:more], found[done - 1] * values, out=found[done : done + more])
        done += more
    return found


def raised(rows: Array, order: int) -> Array:
    """Rows ``k`` (k, …) times ``√((k+1)…(k+order))``."""
    k = np.arange(len(rows), dtype=float)
    factor = np.ones(len(rows))
    for step in range(1, order + 1):
        factor = factor * (k + step)
    return rows * np.sqrt(factor).reshape(-1, *(1,) * (rows.ndim - 1))


def _hermite_table(taylor: Sequence[Fraction], base: int) -> list[list[Fraction]]:
    """``t_kj`` with ``E[f^(k)(X)]/k! = Σ_j t_kj (a − base)^j``, from the Taylor coefficients of ``f``.

    Around 0 this is ``t_kj = (k+2j)!/(k! j! 2^j) f_{k+2j}``; around 1 the ``f_k`` are those of ``He_k``.
    """
    count = len(taylor)
    plain = [
        [Fraction(taylor[k + 2 * j]) * _pairings(k, j) for j in range((count - 1 - k) // 2 + 1)]
        for k in range(count)
    ]
    if base == 0:
        return _padded(plain, count)
    hermite = [sum(row, Fraction(0)) for row in plain]
    return _hermite_table(hermite, 0)


def _pairings(k: int, j: int) -> Fraction:
    return Fraction(factorial(k + 2 * j), factorial(k) * factorial(j) * 2**j)


def _padded(rows: list[list[Fraction]], count: int) -> list[list[Fraction]]:
    width = (count + 1) // 2
    return [row + [Fraction(0)] * (width - len(row)) for row in rows]


def _scaled(value: Fraction, k: int) -> float:
    """``√k! value``, exact up to the last rounding where ``k!`` exceeds the floats' integers."""
    square = value**2 * factorial(k)
    root = _root(square)
    return root if value >= 0 else -root


def _root(square: Fraction) -> float:
    """The root of an exact square, which may lie outside of the floats' range itself."""
    shift = max(0, 128 - square.numerator.bit_length() + square.denominator.bit_length())
    shift += shift % 2
    return float(Fraction(isqrt((square.numerator << shift) // square.denominator), 2 ** (shift // 2)))
