"""Power sums of all coordinates, and what they do to each.

With x = √λ (w − P w*) and e = √λ w* they are R_{nm} = Σ c x^n e^m.

The loss is a polynomial L(R), so that ẋ = −λ Σ_{nm} ∂L/∂R_{nm} n x^{n−1} e^m.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from numerics.arrays import Array

if TYPE_CHECKING:
    from theory.symbolic.sum_polynomial import SumPolynomial


class Coordinates(NamedTuple):
    """Eigenvalues λ (N,), ``counts`` c of coordinates that are alike (N,), and e = √λ w* (N,) of one."""

    eigenvalues: Array
    counts: Array
    teacher: Array


class Sums:
    """The loss L(R) about P w*, and the velocity of every coordinate."""

    def __init__(
        self, polynomial: "SumPolynomial", coordinates: Coordinates, cumulants: Mapping[str, Array]
    ) -> None:
        self.coordinates = coordinates
        self.powers = np.array(polynomial.keys)
        self.coefficients = np.array([float(value) for value in polynomial.coefficients])
        self.exponents = np.array(polynomial.exponents)
        values, counts, teacher = coordinates
        each = [1.0 if factor == 1 else cumulants[str(factor.base)] for factor in polynomial.factors]
        self.counted = [counts * own * teacher**m for own, (_, m) in zip(each, self.powers, strict=True)]
        self.driven = np.array(
            [values * own * n * teacher**m for own, (n, m) in zip(each, self.powers, strict=True)]
        )
        self.degree = int(self.powers[:, 0].max())

    def __call__(self, x: Array) -> Array:
        """R (keys, …) of ``x`` (…, N)."""
        return self._of_powers(self._powers_of(x))

    def _of_powers(self, powers: list[Array]) -> Array:
        """R (keys, …) from 1, x, x², …"""
        return np.array(
            [powers[n] @ counted for (n, _), counted in zip(self.powers, self.counted, strict=True)]
        )

    def _powers_of(self, x: Array) -> list[Array]:
        """1, x, x², … by products, for :func:`numpy.power` is slow."""
        powers = [np.ones_like(x), x]
        for _ in range(self.degree - 1):
            powers.append(powers[-1] * x)
        return powers

    def loss(self, sums: Array) -> Array:
        """L (…,) at R (keys, …)."""
        return self._terms(sums, self.exponents, self.coefficients)

    def slopes(self, sums: Array) -> Array:
        """∂L/∂R (keys, …)."""
        return np.array([self._terms(sums, *part) for part in self._first])

    def curvatures(self, sums: Array) -> Array:
        """∂²L/∂R∂R (active, active, …)."""
        return np.array([[self._terms(sums, *part) for part in row] for row in self._second])

    def velocity(self, x: Array) -> Array:
        """ẋ (…, N)."""
        powers, total = self._powers_of(x), np.zeros_like(x)
        slopes = self.slopes(self._of_powers(powers))
        for n in range(1, self.degree + 1):
            of_power = self.powers[:, 0] == n
            total -= powers[n - 1] * (slopes[of_power].T @ self.driven[of_power])
        return total

    def own_rate(self, x: Array) -> Array:
        """∂ẋ_i/∂x_i (N,) at ``x`` (N,) for fixed sums."""
        slopes = self.slopes(self(x))
        rate = np.zeros_like(x)
        for slope, driven, (n, _) in zip(slopes, self.driven, self.powers, strict=True):
            if n > 1:
                rate -= slope * driven * (n - 1) * x ** (n - 2)
        return rate

    def coupling(self, x: Array) -> tuple[Array, Array, Array]:
        """P (active, N), H and Q (active, N): through the sums ẋ changes by −Pᵀ H Q dx."""
        powers = self.powers[self.active]
        driven = np.array(
            [self.driven[key] * x ** (n - 1) for key, (n, _) in zip(self.active, powers, strict=True)]
        )
        counted = np.array(
            [self.counted[key] * n * x ** (n - 1) for key, (n, _) in zip(self.active, powers, strict=True)]
        )
        return driven, self.curvatures(self(x)), counted

    @cached_property
    def active(self) -> list[int]:
        """The sums, of those that move, that some slope depends on."""
        return [
            key
            for key, (n, _) in enumerate(self.powers)
            if n and any(row[key] and row.sum() > 1 for row in self.exponents)
        ]

    @cached_property
    def _first(self) -> list[tuple[Array, Array]]:
        return [_derived(self.exponents, self.coefficients, key) for key in range(len(self.powers))]

    @cached_property
    def _second(self) -> list[list[tuple[Array, Array]]]:
        return [[_derived(*self._first[one], other) for other in self.active] for one in self.active]

    def _terms(self, sums: Array, exponents: Array, coefficients: Array) -> Array:
        shape = sums.shape[1:]
        total = np.zeros(shape)
        for row, coefficient in zip(exponents, coefficients, strict=True):
            total = total + coefficient * np.prod(
                [sums[key] ** row[key] for key in np.flatnonzero(row)], axis=0, initial=1.0
            )
        return total


def _derived(exponents: Array, coefficients: Array, key: int) -> tuple[Array, Array]:
    """The terms of the derivative by one sum."""
    kept = exponents[:, key] > 0
    lowered = exponents[kept].copy()
    lowered[:, key] -= 1
    return lowered, coefficients[kept] * exponents[kept, key]
