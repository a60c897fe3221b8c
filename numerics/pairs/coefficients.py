"""Coefficients ``φ_k(a) = E[f(√a ξ) he_k(ξ)]`` of any function, and of its derivatives.

They are integrals over ``ξ > 0`` of the even and odd parts of ``f``, by Gauss–Legendre quadrature: exactly 0
where parity says so, and a kink at 0 does no harm. As functions of ``ln a`` they are analytic for
``|Im ln a| < π/2`` and grow there like ``cos^{-k/2}``, so that a short Chebyshev series serves for a piece of
length ``∝ k^{-1/2}``: it takes the place of the quadrature, and says itself whether it has converged.

Arrays of variances have any shape; coefficients have an axis of ``k`` before it.
"""

from collections.abc import Callable, Sequence
from functools import cache
from math import isqrt
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from numerics.arrays import Array
from numerics.pairs.polynomials import raised
from numerics.quadrature.chebyshev import chebyshev_polynomials

Function = Callable[[Array], Array]


PANELS, NARROWEST = 16, 7
"""Of ``ξ > 0``, that resolve ``he_k`` for ``k`` up to 4 PANELS²; the first is halved so often towards 0,
where a link of a large variance has its poles.
"""

DEGREES = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
"""Numbers of coefficients, of which the least that serves is used."""


MARKS, SMALLEST = 0.25, 2.0**-10
"""Binary logarithms between variances, from the smallest, at which it is found out how many serve."""

PLACES, LENGTH = 24, 4.0
"""Chebyshev nodes of a piece, and ``√k`` times its length in ``ln a``, for ``k`` coefficients."""


class SampledSeries:
    """Any function, by its values and as many of its ``derivatives`` as are known.

    The error of its averages, relative to their terms, is that of the coefficients left out:
    :meth:`left_out`.
    """

    def __init__(self, derivatives: Sequence[Function]) -> None:
        self.derivatives = tuple(derivatives)
        self._degrees: dict[float, int] = {}
        self._pieces: dict[tuple[int, int, int], Array | None] = {}
        self._found: dict[tuple[int, int, bytes], Array] = {}

    def degree(self, variances: Array) -> int:
        """The least of ``DEGREES`` that serves at all these ``variances``, else the largest."""
        largest = max(float(np.max(variances, initial=0.0)), SMALLEST)
        mark = np.ceil(np.log2(largest) / MARKS) if np.isfinite(largest) else np.inf
        if mark not in self._degrees:
            variance, order = np.array(2.0 ** (mark * MARKS)), len(self.derivatives) - 1
            # of the sum of squares of the highest known derivative: a tail that is left out
            serving = (k for k in DEGREES if self.left_out(variance, k, order) <= 1e-22)
            self._degrees[mark] = next(serving, DEGREES[-1])
        return self._degrees[mark]

    def left_out(self, variances: Array, degree: int, order: int = 0) -> Array:
        """The squares of the coefficients from ``degree`` on, as the last ones continue, over those of all.

        They are those of the derivative of that ``order``, one number for each of the ``variances``.
        """
        variances = np.asarray(variances, float)
        squares = self._integrals(order, variances.ravel(), degree) ** 2
        tail = degree * squares[-degree // 8 :].max(axis=0)
        with np.errstate(invalid="ignore"):
            shares = np.nan_to_num(tail / squares.sum(axis=0), nan=np.inf)
        return shares.reshape(variances.shape)

    def coefficients(self, order: int, variances: Array, degree: int) -> Array:
        """``φ_k`` for ``k < degree`` of the derivative of that ``order``."""
        variances = np.asarray(variances, float)
        key = order, degree, variances.tobytes()
        if key not in self._found:
            _shorten(self._found, 12)
            self._found[key] = self._coefficients(order, variances.ravel(), degree)
        return self._found[key].reshape(degree, *variances.shape)

    def _coefficients(self, order: int, variances: Array, degree: int) -> Array:
        """The coefficients (degree, V) piece by piece, by quadrature where there is none."""
        length = LENGTH / np.sqrt(degree)
        with np.errstate(divide="ignore", invalid="ignore"):
            places = np.log(variances) / length
        numbers = np.floor(places)
        found = np.empty((degree, len(variances)))
        for number in np.unique(numbers):
            here = np.isnan(numbers) if np.isnan(number) else numbers == number
            piece = self._piece(order, degree, int(number)) if np.isfinite(number) else None
            if piece is None:
                found[:, here] = self._integrals(order, variances[here], degree)
            else:
                found[:, here] = piece @ chebyshev_polynomials(2 * (places[here] - number) - 1, PLACES - 1)
        return found

    def _piece(self, order: int, degree: int, number: int) -> Array | None:
        """The Chebyshev coefficients (degree, PLACES) of the coefficients, None where they do not converge.

        Piece ``n`` has ``n ≤ ln a/length < n + 1``.
        """
        key = order, degree, number
        if key not in self._pieces:
            _shorten(self._pieces, 512)
            angles = np.pi * (np.arange(PLACES) + 0.5) / PLACES
            variances = np.exp((number + (1 + np.cos(angles)) / 2) * LENGTH / np.sqrt(degree))
            values = self._integrals(order, variances, degree)
            transform = np.cos(np.outer(angles, np.arange(PLACES))) * (2 / PLACES)
            transform[:, 0] /= 2
            found = values @ transform
            # of the norm: the last two Chebyshev coefficients of a piece
            converged = np.abs(found[:, -2:]).max() <= 4e-15 * np.linalg.norm(found[:, 0])
            self._pieces[key] = found if converged else None
        return self._pieces[key]

    def _integrals(self, order: int, variances: Array, degree: int) -> Array:
        """The coefficients (degree, V) by quadrature, of the highest known derivative, shifted."""
        known = min(order, len(self.derivatives) - 1)
        missing = order - known
        # the highest derivative whose coefficients are those of the function itself, shifted
        nodes, tables = hermite_quadrature(degree + 4)
        with np.errstate(all="ignore"):
            scale = np.sqrt(variances)
            places = np.outer(nodes, scale)
            right, left = (
                np.broadcast_to(self.derivatives[known](side), places.shape) for side in (places, -places)
            )
            found = np.empty((degree + missing, len(scale)))
            for parity, part in enumerate((right + left, right - left)):
                rows = found[parity::2]
                rows[...] = tables[parity][: len(rows)] @ part
            return raised(found[missing:], missing) / scale**missing if missing else found


def _shorten(table: dict[Any, Any], size: int) -> None:
    """Drop the oldest entry of a ``table`` of that ``size``."""
    if len(table) >= size:
        table.pop(next(iter(table)))


@cache
def hermite_quadrature(degree: int) -> tuple[Array, tuple[Array, Array]]:
    """Nodes ``ξ > 0`` (n,) and weighted ``he_k(ξ)`` of even and of odd ``k`` (degree/2, n): these tables
    times values of ``f(ξ) + f(−ξ)`` and of ``f(ξ) − f(−ξ)`` give ``E[f(ξ) he_k(ξ)]``.

    >>> nodes, (even, odd) = hermite_quadrature(3)
    >>> np.round(even @ (2 * nodes**2), 12).tolist()
    [1.0, 1.414213562373]
    """
    inner, weights = legendre.leggauss(32)
    # largest |ξ| of the quadrature: the weight is 1e-56 there
    edges = np.linspace(0.0, 16.0, 1 + max(PANELS, isqrt(degree) // 2))
    edges = np.union1d(edges, edges[1] * 2.0 ** -np.arange(NARROWEST + 1))
    half = np.diff(edges)[:, None] / 2
    nodes = (edges[:-1, None] + half * (1.0 + inner)).ravel()
    density = (half * weights).ravel() * np.exp(-(nodes**2) / 4) / np.sqrt(2.0 * np.pi)
    rows = np.empty((degree, len(nodes)))
    rows[0] = np.exp(-(nodes**2) / 4)
    if degree > 1:
        rows[1] = nodes * rows[0]
    for k in range(1, degree - 1):
        rows[k + 1] = (nodes * rows[k] - np.sqrt(k) * rows[k - 1]) / np.sqrt(k + 1)
    even, odd = (rows[parity::2] * density for parity in (0, 1))
    return nodes, (even, odd)
