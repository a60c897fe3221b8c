"""Averages ``E[f^(i)(X) g^(j)(Y)]`` of a Gaussian pair as sums over Hermite polynomials.

With ``Var X = a``, ``Var Y = b``, ``Cov = c``, and the probabilists' Hermite polynomials normalised,
``E[he_k(ξ) he_l(ξ)] = δ_kl``, Mehler's formula is

    E[f(X) g(Y)] = Σ_k φ_k(a) γ_k(b) ρ^k,      φ_k(a) = E[f(√a ξ) he_k(ξ)],      ρ = c/√(ab).

A derivative shifts the coefficients: those of ``f^(i)`` are ``√((k+1)…(k+i)) φ_{k+i} / a^{i/2}``. Polynomials
have a finite sum, written in ``φ_k/a^{k/2}`` and ``c`` so that nothing is divided by ``a``. Of other links
the coefficients are integrals, by Gauss–Legendre quadrature on panels that meet at 0, where a link may have a
kink: they fall like ``exp(−δ√(2k/a))`` where the link is analytic up to ``δ`` from the real axis, like a
power of ``k`` at a kink.

Arrays of variances have any shape; coefficients have an axis of ``k`` before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import factorial, isqrt

import numpy as np
from numpy.polynomial import legendre

from numerics.arrays import Array

Function = Callable[[Array], Array]

FARTHEST = 16.0
"""Largest ``|ξ|`` of the quadrature: the weight is 1e-56 there."""

PANEL_NODES = 32
PANELS = 32

DEGREES = (64, 128, 256, 512, 1024)
"""Numbers of coefficients, of which the least that serves is used."""

NEGLIGIBLE = 1e-16
"""Of the norm: the tail of a sum of squares that is rounding."""

GRID = 2.0 ** np.arange(-10.0, 10.25, 0.25)
"""Variances at which it is found out how many coefficients serve."""

LEFT, LEAST, LEAST_TERMS = 1e-20, 1e-8, 16
"""Powers of a correlation below LEFT are dropped; of one below LEAST all but these many."""

REMEMBERED = 64


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
            self._shifted[order] = _raised(self.table[order:], order)
        table = self._shifted[order]
        return np.tensordot(table, _powers(variances - self.base, table.shape[1]), 1)


class SampledSeries:
    """Any function, by its values and as many of its ``derivatives`` as are known.

    The error of its averages, relative to their terms, is that of the coefficients left out:
    :meth:`left_out`; where it exceeds what 1024 coefficients can give the coefficients are NaN.
    """

    def __init__(self, derivatives: Sequence[Function]) -> None:
        self.derivatives = tuple(derivatives)
        self._found: dict[tuple[int, int, bytes], Array] = {}

    def degree(self, variances: Array) -> int:
        """The least of ``DEGREES`` that serves at all these ``variances``, else the largest."""
        largest = np.max(variances, initial=0.0)
        return next((k for k, reach in self._reaches if largest <= reach), DEGREES[-1])

    def left_out(self, variances: Array, degree: int) -> Array:
        """The squares of the coefficients from ``degree`` on, as the last ones continue, over those of all.

        One number for each of the ``variances``.
        """
        squares = self.coefficients(0, variances, degree) ** 2
        tail = degree * squares[-degree // 8 :].max(axis=0)
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(tail / squares.sum(axis=0), nan=np.inf)

    @cached_property
    def _reaches(self) -> list[tuple[int, float]]:
        """The variance up to which each of ``DEGREES`` serves."""
        found = []
        for degree in DEGREES:
            failing = np.flatnonzero(self.left_out(GRID, degree) > NEGLIGIBLE)
            reach = np.inf if not len(failing) else GRID[failing[0] - 1] if failing[0] else 0.0
            found.append((degree, float(reach)))
        return found

    def coefficients(self, order: int, variances: Array, degree: int) -> Array:
        """``φ_k`` for ``k < degree`` of the derivative of that ``order``."""
        variances = np.asarray(variances, float)
        key = order, degree, variances.tobytes()
        if key not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[key] = self._integrals(order, variances.ravel(), degree)
        return self._found[key].reshape(degree, *variances.shape)

    def _integrals(self, order: int, variances: Array, degree: int) -> Array:
        """The coefficients (degree, V) by quadrature, of the highest known derivative, shifted."""
        known = min(order, len(self.derivatives) - 1)
        missing = order - known
        nodes, table = hermite_quadrature(degree + missing)
        with np.errstate(all="ignore"):
            scale = np.sqrt(variances)
            values = np.broadcast_to(
                self.derivatives[known](np.outer(nodes, scale)), (len(nodes), len(scale))
            )
            found = table @ values
            return _raised(found[missing:], missing) / scale**missing if missing else found


@cache
def hermite_quadrature(degree: int) -> tuple[Array, Array]:
    """Nodes ``ξ`` (n,) and weighted ``he_k(ξ)`` (degree, n): the table times values of ``f`` gives
    ``E[f(ξ) he_k(ξ)]``.

    >>> nodes, table = hermite_quadrature(3)
    >>> np.round(table @ nodes**2, 12).tolist()
    [1.0, 0.0, 1.414213562373]
    """
    inner, weights = legendre.leggauss(PANEL_NODES)
    edges = np.linspace(-FARTHEST, FARTHEST, PANELS + 1)
    half = np.diff(edges)[:, None] / 2
    nodes = (edges[:-1, None] + half * (1.0 + inner)).ravel()
    density = (half * weights).ravel() * np.exp(-(nodes**2) / 4) / np.sqrt(2.0 * np.pi)
    rows = np.empty((degree, len(nodes)))
    rows[0] = np.exp(-(nodes**2) / 4)
    if degree > 1:
        rows[1] = nodes * rows[0]
    for k in range(1, degree - 1):
        rows[k + 1] = (nodes * rows[k] - np.sqrt(k) * rows[k - 1]) / np.sqrt(k + 1)
    return nodes, rows * density


@dataclass(frozen=True, eq=False)
class PolynomialPair:
    """The averages of two polynomials: exact but for rounding."""

    f: PolynomialSeries
    g: PolynomialSeries

    exact = True

    @property
    def nodes(self) -> int:
        """Nodes of the Gauss quadrature that integrates second derivatives along a line exactly."""
        return max(1, (max(self.f.degree, self.g.degree) + 1) // 2)

    def means(self, orders: Sequence[tuple[int, int]], a: Array, b: Array, c: Array) -> list[Array]:
        """``E[f^(i)(X) g^(j)(Y)]`` for each ``(i, j)`` of ``orders``; the arrays are broadcast."""
        return _sums(
            orders,
            lambda order: self.f.coefficients(order, a),
            lambda order: self.g.coefficients(order, b),
            np.asarray(c, float),
        )

    def left_out(self, a: Array, b: Array) -> float:
        """Nothing."""
        return 0.0


@dataclass(frozen=True, eq=False)
class SampledPair:
    """The averages of two functions of which one has no closed form."""

    f: SampledSeries
    g: SampledSeries

    exact = False
    nodes = 12

    def means(self, orders: Sequence[tuple[int, int]], a: Array, b: Array, c: Array) -> list[Array]:
        """``E[f^(i)(X) g^(j)(Y)]`` for each ``(i, j)`` of ``orders``; the arrays are broadcast."""
        with np.errstate(all="ignore"):
            scale = np.sqrt(np.asarray(a, float) * b)
            correlation = np.where(scale > 0, c / scale, 0.0)
        degree, count = self.degree(a, b), _terms(np.abs(correlation).max(initial=0.0))
        return _sums(
            orders,
            lambda order: self.f.coefficients(order, a, degree)[:count],
            lambda order: self.g.coefficients(order, b, degree)[:count],
            correlation,
        )

    def degree(self, a: Array, b: Array) -> int:
        """Coefficients in use: as many as the function that needs less of them does."""
        return min(self.f.degree(a), self.g.degree(b))

    def left_out(self, a: Array, b: Array) -> float:
        """The error of the averages at ``|ρ| = 1`` of variances ``a`` and ``b``, the largest of all pairs,
        relative to ``√(E f² E g²)``.
        """
        degree = self.degree(a, b)
        return float(np.sqrt(self.f.left_out(a, degree).max() * self.g.left_out(b, degree).max()))


Coefficients = Callable[[int], Array]


def _terms(correlation: float) -> int:
    """How many powers of a ``correlation`` count, beside 1 and with the factors of four derivatives."""
    if correlation < LEAST:
        return LEAST_TERMS
    return DEGREES[-1] if not correlation < 1 else LEAST_TERMS + int(np.log(LEFT) / np.log(correlation))


def _sums(
    orders: Sequence[tuple[int, int]], left: Coefficients, right: Coefficients, ratio: Array
) -> list[Array]:
    """``Σ_k φ_k γ_k r^k`` for the coefficients of each pair of orders."""
    factors = [(left(i), right(j)) for i, j in orders]
    longest = max(min(len(f), len(g)) for f, g in factors)
    powers = _powers(ratio, longest)
    found = []
    for f, g in factors:
        count = min(len(f), len(g))
        found.append(np.einsum("k...,k...,k...->...", f[:count], g[:count], powers[:count]))
    return found


def _powers(values: Array, count: int) -> Array:
    """``values**k`` (count, …) for k < ``count``, by doubling."""
    found = np.ones((count, *np.shape(values)))
    done = 1
    while done < count:
        more = min(done, count - done)
        np.multiply(found[:more], found[done - 1] * values, out=found[done : done + more])
        done += more
    return found


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


def _raised(rows: Array, order: int) -> Array:
    """Rows ``k`` (k, …) times ``√((k+1)…(k+order))``."""
    k = np.arange(len(rows), dtype=float)
    factor = np.ones(len(rows))
    for step in range(1, order + 1):
        factor = factor * (k + step)
    return rows * np.sqrt(factor).reshape(-1, *(1,) * (rows.ndim - 1))
