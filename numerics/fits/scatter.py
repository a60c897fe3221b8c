"""The scatter of a measured curve: what it lets a fit know, and when it says that the fit is none.

A curve y_i = m_i(θ) + r_i whose noise r is stationary, white or correlated over a small part of the points,
tells of slow changes by few numbers: its components along the lowest polynomials, nearly independent and
nearly of one variance. Those outside the tangent directions ∂m/∂θ are what a fit leaves; their mean square
is the size of the noise, with as many degrees of freedom (the equal-weighted estimate of Lazarus, Lewis,
Stock & Watson, *J. Bus. Econ. Stat.* 36 (2018) 541, with polynomials in place of cosines). How the variance
falls off from one to the next, and what it is in the directions of the fit, follows from the shape of the
autocovariances, which are cut off where they fall below their own noise (flat-topped window of Politis,
*J. Nonparametr. Stat.* 15 (2003) 551). A misfit is smooth: it shows in the lowest polynomials alone.
"""

import math
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array

FEWEST_COMPONENTS = 6
"""Components at least that the size of the noise is measured from."""

LOWEST_COMPONENTS = 3
"""Of these are compared with the rest and those beyond, to see a misfit."""


QUIET = 5
"""Lags in a row that are indistinguishable from 0 where the correlation ends."""


class Scatter(NamedTuple):
    """Noise of which √(rᵀ Σ r) is the standard deviation of r · noise.

    ``covariances`` (m,) are Σ by lag, in units of the first, ``size`` is that unit's root with Student's
    factor for 68.3 %, and ``chance`` the probability of as large a misfit as is seen, where there is none.
    """

    covariances: Array
    size: float
    chance: float

    def deviation(self, response: Array) -> float:
        """One standard deviation of ``response`` (n,) · noise."""
        return self.size * math.sqrt(float(_variances(response[:, None], self.covariances)[0]))


def scatter_of(residuals: Array, tangents: Array, least: float = 0.0) -> Scatter:
    """The noise in the ``residuals`` (n,) of a fit with ``tangents`` (n, k), n ≥ k + 6, of ``least`` size.

    >>> noise = np.random.default_rng(0).normal(size=1000)
    >>> scatter = scatter_of(noise, np.ones((1000, 1)))
    >>> 0.7 < scatter.size < 1.4, scatter.chance > 0.01
    (True, True)
    """
    from scipy import stats

    points, unknowns = tangents.shape
    count = min(max(FEWEST_COMPONENTS, round(0.3 * points ** (2 / 3))), points - unknowns)
    seen = min(3 * count, points - unknowns)  # times as many components are looked at for that
    places = np.linspace(-1.0, 1.0, points)
    polynomials = np.polynomial.chebyshev.chebvander(places, unknowns + seen - 1)
    scale = np.linalg.norm(tangents, axis=0)
    basis = np.linalg.qr(np.column_stack([tangents / scale, polynomials]))[0]
    left = basis[:, unknowns : unknowns + seen]
    energies = np.maximum((left.T @ residuals) ** 2, least**2)
    covariances = _covariances(residuals, unknowns * float(energies[:count].mean()))
    energies = energies / _variances(left, covariances)
    ratio = energies[:LOWEST_COMPONENTS].mean() / max(energies[LOWEST_COMPONENTS:].mean(), 1e-300)
    student = float(stats.t.ppf(stats.norm.cdf(1.0), count))
    chance = float(stats.f.sf(ratio, LOWEST_COMPONENTS, seen - LOWEST_COMPONENTS))
    return Scatter(covariances, student * math.sqrt(energies[:count].mean()), chance)


def _covariances(residuals: Array, taken: float) -> Array:
    """By lag, in units of the first; the fit has ``taken`` so much of every sum of products with it."""
    points = len(residuals)
    longest = points // 5
    sums = [residuals[lag:] @ residuals[: points - lag] for lag in range(longest + QUIET)]
    found = (np.array(sums) + taken) / (points - np.arange(len(sums)))
    found = found / max(found[0], 1e-300)
    quiet = np.abs(found) < 2.0 * math.sqrt(math.log10(points) / points)
    end = next((lag for lag in range(longest) if quiet[lag + 1 : lag + 1 + QUIET].all()), longest)
    lags = np.arange(min(2 * end, len(found) - 1) + 1)
    return found[lags] * np.minimum(1.0, 2.0 - lags / max(end, 1))


def _variances(columns: Array, covariances: Array) -> Array:
    """cᵀ Σ c of each of the ``columns`` (n, k)."""
    white = np.sum(columns**2, axis=0)
    points = len(columns)
    products = [np.sum(columns[lag:] * columns[: points - lag], axis=0) for lag in range(len(covariances))]
    # of the white noise of the same size: no direction is taken to have less
    return np.maximum(2.0 * (covariances @ np.array(products)) - covariances[0] * white, 0.1 * white)
