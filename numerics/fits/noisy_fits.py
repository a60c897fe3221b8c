"""y = b + C t^p (1 + Σ_j c_j t^{−q_j} + …) fitted to curves that scatter.

log(y − b) = log C + p log t + Σ_j c_j t^{−q_j} is linear in all but b: of a few floors b the best is taken,
and all unknowns are improved together. Residuals are those of log y, which noise of one relative size calls
for; the errors are one standard deviation each.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.fits.scatter import FEWEST_COMPONENTS, scatter_of
from theory.expected import checked

Terms = Sequence[tuple[float, int]]

LEAST_SCATTER = 4.0 * np.finfo(float).eps
"""Least scatter of a curve, relative."""

RANK = 1e-13
TRIED = 12
"""Floors of either sign from which the best is improved."""

LEAST = 1e-3
"""Of the values: no curve on the way to the best fit is taken for less."""


TOLERANCES = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15}

REFUSED, SUSPECT = 1e-5, 0.05
"""Chances of a misfit that refuse a fit, and that call for one term more."""

SMOOTH, HIGH, COMPONENTS = 8, 24, 10
"""Polynomials in log t that laws may need, and so many beyond them are looked at for noise."""

FALLS = 60.0
"""How much more energy the lower half of these has in smooth curves; noise by chance in one of 260."""


@checked
class PowerLawFit(NamedTuple):
    """y ~ ``floor`` + ``prefactor`` · t^``exponent`` as t → ∞, each with its uncertainty."""

    exponent: float
    exponent_error: float
    prefactor: float
    prefactor_error: float
    floor: float = 0.0
    floor_error: float = 0.0


def noise_in(times: Array, values: Array) -> float:
    """The relative size of the noise in a curve, 0 where its later half is smooth.

    Along ever higher polynomials in log t smooth curves have ever smaller components, noise has not: not
    among all that are looked at, nor among the higher half of these, where a curve with a bend falls.
    """
    begin = len(times) // 2 if len(times) >= 2 * 12 else 0
    clock, heights = np.log(times[begin:]), np.log(np.abs(values[begin:]))
    seen = min(COMPONENTS, len(clock) - 2)
    last = len(clock) - seen
    places = 2.0 * (clock - clock[0]) / (clock[-1] - clock[0]) - 1.0
    basis = np.linalg.qr(np.polynomial.chebyshev.chebvander(places, min(last, HIGH) + seen - 1))[0]
    energies = (basis.T @ heights) ** 2
    found = [0.0]
    for degree in {min(degree, last) for degree in (SMOOTH, (SMOOTH + HIGH) // 2, HIGH)}:
        low, high = np.split(energies[degree : degree + seen], [seen // 2])
        upper, highest = np.split(high, [len(high) // 2])
        if low.mean() <= FALLS * high.mean() and upper.mean() <= FALLS * highest.mean():
            found.append(math.sqrt(high.mean()))
    return max(found)


def fit_with_floor(times: Array, values: Array, terms: Terms, exponent: float | None) -> PowerLawFit | None:
    """With as few of the ``terms`` as the residuals allow: a floor and corrections look much the same.

    None if the residuals refuse all.
    """
    best, chance = None, REFUSED
    for count in range(len(terms) + 1):
        curve = _Curve(times, values, terms[:count], exponent, True)
        if len(times) < curve.unknowns + FEWEST_COMPONENTS or chance > SUSPECT:
            break
        fit, likely = curve.fit()
        if likely > chance:
            best, chance = fit, likely
    return best


def fit_noisy(
    times: Array, values: Array, terms: Terms, stated: int, exponent: float | None
) -> PowerLawFit | None:
    """With the first ``stated`` of the ``terms``; None if they leave more than noise, or if more move it."""
    curves = _curves(times, values, terms[stated:][:2], terms[:stated], exponent)
    (fit, chance), *more = [curve.fit() for curve in curves]
    if chance > (SUSPECT if more else REFUSED) and all(_agree(fit, other) for other, _ in more):
        return fit
    return None


def explained(
    times: Array, values: Array, terms: Terms, exponent: float | None, begins: Sequence[int]
) -> bool:
    """Whether any number of ``terms`` leaves nothing but noise from one of these points on."""
    return any(
        curve.fit()[1] > REFUSED
        for begin in begins
        for curve in _curves(times[begin:], values[begin:], terms, [], exponent)
    )


def _curves(
    times: Array, values: Array, more: Terms, terms: Terms, exponent: float | None
) -> Iterator["_Curve"]:
    """With the ``terms`` and ever ``more``, while there are points enough."""
    for count in range(len(more) + 1):
        curve = _Curve(times, values, [*terms, *more[:count]], exponent, False)
        if len(times) >= curve.unknowns + FEWEST_COMPONENTS:
            yield curve


def _agree(fewer: PowerLawFit, more: PowerLawFit) -> bool:
    """Whether one term more moves the fit by no more than noise does in 95 % of fits."""
    pairs = [
        (more.exponent - fewer.exponent, more.exponent_error, fewer.exponent_error),
        (more.prefactor - fewer.prefactor, more.prefactor_error, fewer.prefactor_error),
    ]
    return all(moved**2 <= 4.0 * abs(one**2 - two**2) for moved, one, two in pairs)


class _Curve:
    """The columns of log(y − b) = log C + p log t + Σ_j c_j t^{−q_j}, log t from its mean."""

    def __init__(self, times: Array, values: Array, terms: Terms, exponent: float | None, floor: bool):
        clock = np.log(times)
        self.sign, self.exponent, self.floor = float(np.sign(values[0])), exponent, floor
        self.values, self.middle = np.abs(values), float(clock.mean())
        powers = [np.exp(-q * (clock - clock[0])) * clock**k for q, k in terms]
        free = [clock - self.middle] if exponent is None else []
        self.known = np.zeros_like(clock) if exponent is None else exponent * clock
        self.columns = np.stack([np.ones_like(clock), *free, *powers], axis=1)
        self.unknowns = self.columns.shape[1] + floor

    def start(self) -> tuple[Array, float]:
        """Coefficients and floor: of the floors tried the one with the least relative misfit."""
        least = float(self.values.min())
        shares = np.concatenate(
            [-np.geomspace(1e-2, 10.0, TRIED), [0.0], 1.0 - np.geomspace(1e-3, 0.99, TRIED)]
        )
        tries = []
        for floor in least * shares if self.floor else [0.0]:
            weight = (self.values - floor) / self.values
            heights = np.log(self.values - floor) - self.known
            found = _solve(self.columns * weight[:, None], heights * weight)
            misfit = float(np.linalg.norm((heights - self.columns @ found) * weight))
            tries.append((misfit, floor, found))
        _, floor, found = min(tries, key=lambda one: one[0])
        return found, floor

    def fit(self) -> tuple[PowerLawFit, float]:
        """The fit and the chance of its misfit."""
        found, floor = self.start()
        if self.floor:
            found, floor, tangents, residuals, step = self.improved(found, floor)
        else:
            tangents, residuals = self.columns, np.log(self.values) - self.known - self.columns @ found
            step = np.zeros(self.unknowns)
        scale = np.linalg.norm(tangents, axis=0)
        responses = np.linalg.pinv(tangents / scale, rcond=RANK) / scale[:, None]
        scatter = scatter_of(residuals, tangents, LEAST_SCATTER)
        errors = [
            scatter.deviation(one) + abs(float(moved)) for one, moved in zip(responses, step, strict=True)
        ]
        free = self.exponent is None
        exponent = float(found[1]) if self.exponent is None else self.exponent
        height = responses[0] - self.middle * responses[1] if free else responses[0]
        # of the logarithm of a prefactor, which means nothing by then
        prefactor = self.sign * math.exp(min(found[0] - (self.middle * exponent if free else 0.0), 700.0))
        fit = PowerLawFit(
            exponent, errors[1] if free else 0.0, prefactor, abs(prefactor) * scatter.deviation(height)
        )
        if self.floor:
            fit = fit._replace(floor=self.sign * floor, floor_error=errors[-1])
        return fit, scatter.chance

    def improved(self, found: Array, floor: float) -> tuple[Array, float, Array, Array, Array]:
        """Coefficients and floor of least squares, with the tangents, residuals and step left there."""
        from scipy.optimize import least_squares

        highest = np.log(self.values / LEAST)

        def law(unknowns: Array) -> Array:
            return np.exp(np.minimum(self.known + self.columns @ unknowns[:-1], highest))

        def curve(unknowns: Array) -> Array:
            return np.maximum(law(unknowns) + unknowns[-1], LEAST * self.values)

        def residuals(unknowns: Array) -> Array:
            return np.log(curve(unknowns) / self.values)

        def tangents(unknowns: Array) -> Array:
            heights = self.columns * law(unknowns)[:, None]
            return np.column_stack([heights, np.ones_like(highest)]) / curve(unknowns)[:, None]

        best = least_squares(
            residuals,
            np.append(found, floor),
            tangents,
            x_scale="jac",
            method="lm",
            max_nfev=60,
            **TOLERANCES,
        ).x
        step = -_solve(tangents(best), residuals(best))
        return best[:-1], float(best[-1]), tangents(best), -residuals(best), step


def _solve(columns: Array, values: Array) -> Array:
    """Least squares with columns of one scale."""
    scale = np.linalg.norm(columns, axis=0)
    return np.linalg.lstsq(columns / scale, values, rcond=RANK)[0] / scale
