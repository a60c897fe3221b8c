"""Averages ``E[f^(i)(X) g^(j)(Y)]`` of a Gaussian pair as sums over Hermite polynomials.

With ``Var X = a``, ``Var Y = b``, ``Cov = c``, and the probabilists' Hermite polynomials normalised,
``E[he_k(ξ) he_l(ξ)] = δ_kl``, Mehler's formula is

    E[f(X) g(Y)] = Σ_k φ_k(a) γ_k(b) ρ^k,      φ_k(a) = E[f(√a ξ) he_k(ξ)],      ρ = c/√(ab).

A derivative shifts the coefficients: those of ``f^(i)`` are ``√((k+1)…(k+i)) φ_{k+i} / a^{i/2}``. Polynomials
have a finite sum, with any link; that of two is written in ``φ_k/a^{k/2}`` and ``c`` so that nothing is
divided by ``a``. Of other links the coefficients fall like ``exp(−δ√(2k/a))`` where the link is analytic up
to ``δ`` from the real axis, like a power of ``k`` at a kink: see :mod:`numerics.pairs.coefficients`.

Arrays of variances have any shape; coefficients have an axis of ``k`` before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.pairs.coefficients import DEGREES, SampledSeries
from numerics.pairs.polynomials import ExactSeries, PolynomialSeries, powers

LEFT, LEAST, LEAST_TERMS = 1e-20, 1e-8, 16
"""Powers of a correlation below LEFT are dropped; of one below LEAST all but these many."""


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

    f: SampledSeries | ExactSeries
    g: SampledSeries | ExactSeries

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
        squares = self.f.left_out(a, degree).max() * self.g.left_out(b, degree).max()
        return float(np.sqrt(np.nan_to_num(squares, nan=np.inf)))


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
    ratios = powers(ratio, longest)
    found = []
    for f, g in factors:
        count = min(len(f), len(g))
        found.append(np.einsum("k...,k...,k...->...", f[:count], g[:count], ratios[:count]))
    return found
