"""Exponents and prefactors measured from a solution, without assuming the predicted values.

- ``local_slopes``: d log y / d log t, at any times
- ``extrapolate_power_law``: the limit of the slopes by Wynn's ε-algorithm: no knowledge of the corrections
- ``fit_power_law``: the limit given the powers in which the corrections fall, also of noisy data
- ``detect_logarithm``: whether a power of log t multiplies the law, as in borderline cases

For y(t) = C t^p (1 + c₁ t^{−q₁} + c₂ t^{−q₂} + …) sampled at t_k = t_0 r^k, the local slopes
p_k = log(y_{k+1}/y_k)/log r tend to p with corrections that are geometric in k, whatever the q_j.
Wynn's ε-algorithm (Brezinski & Redivo Zaglia, *Extrapolation Methods*, 1991, section 2.3) removes them
one after the other.

Where theory predicts the q_j, log y − p log t is a power series in the t^{−q_j}, so that least squares in
log C, p and the leading products of the t^{−q_j} is Richardson's extrapolation, at any times. Fits with more
terms and on later times are compared: the error stated is what rounding or the scatter of the data allows,
and how far the fits still move.
"""

import math
from collections.abc import Sequence
from itertools import combinations_with_replacement, takewhile
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.fits.noisy_fits import (
    LEAST_SCATTER,
    PowerLawFit,
    explained,
    fit_noisy,
    fit_with_floor,
    noise_in,
)
from numerics.fits.scatter import FEWEST_COMPONENTS
from theory.expected import Finite, checked

STARTS = (0.0, 0.15, 0.3, 0.45, 0.6)
"""Shares of the data, from the earliest on, that the windows compared leave out."""

MOST_TERMS = 8


SINGULAR = 1e-14
"""Of the largest singular value: terms below cannot be told apart."""
NOISE = 1e-8
"""Relative noise from which on a curve is measured, not computed: its scatter decides about a fit."""


AHEAD, SCANNED, REFINED = (-2.0, 4.0), 25, 12
"""Where log(log t_0 − log τ) is looked for, τ the unit of time of a logarithm, and how finely."""


@checked
class LogarithmFit(NamedTuple):
    """y ~ C t^``exponent`` (log t)^``power`` as t → ∞, each with its uncertainty.

    ``present`` says whether the power differs from 0 by more than its uncertainty.
    """

    power: float
    power_error: float
    exponent: float
    exponent_error: float

    @property
    def present(self) -> bool:
        """Whether there is a logarithm."""
        return abs(self.power) > self.power_error


@checked
def local_slopes(times: Array, values: Array) -> tuple[Array, Array]:
    """d log|y| / d log t (K − 1,) between neighbours, and the geometric means (K − 1,) of their times.

    Raises ValueError for times that do not increase from above 0, or values that change sign.

    >>> local_slopes([1.0, 4.0, 9.0], [3.0, 6.0, 9.0])[1].round(12).tolist()
    [0.5, 0.5]
    """
    times, values = _checked(times, values, 2)
    slopes = np.diff(np.log(np.abs(values))) / np.diff(np.log(times))
    return np.sqrt(times[1:] * times[:-1]), slopes


@checked
def extrapolate_power_law(times: Array, values: Array) -> PowerLawFit:
    """Fit ``values`` (K,) at ``times`` (K,) in geometric progression, K ≥ 5.

    The errors are the spread of the last extrapolations: an indication, not a bound. Extrapolation multiplies
    noise: values that scatter by 10⁻⁸ or more are fitted as :func:`fit_power_law` does without corrections,
    with one standard deviation each.
    Raises ValueError for times not in geometric progression or values that change sign, and where that fit
    does.

    >>> t = 4.0 ** np.arange(4, 16)
    >>> fit = extrapolate_power_law(t, 3 * t**-0.5 * (1 + t**-0.5 + 2 / t))
    >>> f"{fit.exponent:.8f} {fit.prefactor:.6f}"
    '-0.50000000 3.000000'
    """
    times, values = _checked(times, values, 5)
    steps = np.diff(np.log(times))
    if np.ptp(steps) > 1e-9 * steps.mean():
        raise ValueError("times must increase in geometric progression")
    if noise_in(times, values) > NOISE:
        return fit_power_law(times, values)
    _, slopes = local_slopes(times, values)
    exponent, exponent_error = _limit(slopes)
    prefactor, prefactor_error = _limit(values / times**exponent)
    return PowerLawFit(exponent, exponent_error, prefactor, prefactor_error)


@checked
def fit_power_law(
    times: Array,
    values: Array,
    corrections: Sequence[float | tuple[float, int]] = (),
    exponent: Finite | None = None,
    floor: bool = False,
) -> PowerLawFit:
    """Fit y = b + C t^p (1 + Σ_j c_j t^{−q_j} + …) to ``values`` (K,) at increasing ``times`` (K,).

    ``corrections`` are the q_j > 0 that theory predicts, or (q_j, k) for t^{−q_j} (log t)^k; their products
    follow where the data ask for them. ``exponent`` fixes p. With ``floor`` a b is fitted, too, and as few of
    the corrections as the residuals allow, which a floor resembles.

    Noise is taken as of one relative size, white or correlated over a small part of the points. Where the
    stated law leaves nothing but noise the errors are one standard deviation (:mod:`numerics.fits.scatter`).
    Where more products are needed, or there is no noise, they are how far the fit still moves with more
    terms and on later times, with 95 % of what independent noise allows: on random laws without noise they
    covered the truth in 95 % and were 50 times the true ones in the median.

    Raises ValueError for unusable data or corrections; for fewer than 6 points, with noise, with a floor or
    without corrections beyond the unknowns; and where no such law fits: the residuals are no noise, or the
    series does not converge.

    >>> t = np.geomspace(10.0, 1e6, 20)
    >>> fit = fit_power_law(t, 3 * t**-0.5 * (1 + t**-0.5 + 2 / t), corrections=[0.5])
    >>> abs(fit.exponent + 0.5) <= fit.exponent_error < 1e-4
    True
    >>> noisy = (0.2 + 3 * t**-0.5) * (1 + 0.01 * np.random.default_rng(0).normal(size=20))
    >>> fit = fit_power_law(t, noisy, floor=True)
    >>> abs(fit.floor - 0.2) < 3 * fit.floor_error < 0.03
    True
    """
    times, values = _checked(times, values, 6)
    pairs = _stated(corrections)
    terms = [*pairs, *(term for term in _products(corrections) if term not in pairs)]
    least = 1 + floor + (exponent is None) + len(pairs) + FEWEST_COMPONENTS
    noisy = noise_in(times, values) > NOISE
    if (noisy or floor or not pairs) and len(times) < least:
        raise ValueError(f"a fit with so many unknowns needs at least {least} points, not {len(times)}")
    fit = None
    if floor:
        fit = fit_with_floor(times, values, terms, exponent)
    elif noisy or not pairs:
        fit = fit_noisy(times, values, terms, len(pairs), exponent)
    if fit is not None:
        return fit
    begins = [int(share * len(times)) for share in STARTS]
    if floor or not pairs or (noisy and not explained(times, values, terms, exponent, begins)):
        raise ValueError("no such law fits: what the fit leaves is not noise, but changes with time")
    return _fit_series(times, values, terms, exponent, noisy)


def _fit_series(
    times: Array, values: Array, terms: Sequence[tuple[float, int]], exponent: float | None, noisy: bool
) -> PowerLawFit:
    """The fit of log y by a series in the ``terms`` that is not at its end."""
    clock, heights = np.log(times), np.log(np.abs(values))
    known = exponent is not None
    laws = np.stack([np.ones_like(clock)] if known else [np.ones_like(clock), clock])
    heights = heights - (exponent or 0.0) * clock
    powers = _powers(clock, sorted(terms, key=lambda term: (term[0], -term[1])))
    if not noisy and _diverges(heights, laws, powers):
        raise ValueError("no such law fits: with every correction more the fit moves as far as before")
    estimates, errors = _fit(clock, heights, laws, powers)
    slope, slope_error = (exponent or 0.0, 0.0) if known else (estimates[1], errors[1])
    prefactor = float(np.sign(values[0]) * np.exp(estimates[0]))
    return PowerLawFit(
        float(slope), float(slope_error), prefactor, abs(prefactor) * float(np.expm1(errors[0]))
    )


@checked
def detect_logarithm(
    times: Array, values: Array, corrections: Sequence[float | tuple[float, int]]
) -> LogarithmFit:
    """Fit y = C t^p (log(t/τ))^k with the ``corrections`` of :func:`fit_power_law`, and any τ.

    Logarithms are told apart from powers only over many decades of accurate data: elsewhere the error of k
    says so. On random laws a logarithm that was not there was seen in less than 1 %, and the error of k
    covered it in 86 % without noise, 95 % and more with; the gap is laws of two close powers.
    Raises ValueError as :func:`fit_power_law` does, and for fewer than 10 points.

    >>> t = np.geomspace(10.0, 1e12, 40)
    >>> plain = detect_logarithm(t, t**-0.5 * (1 + t**-0.5), corrections=[0.5])
    >>> borderline = detect_logarithm(t, t**-0.5 * np.log(3 * t), corrections=[0.5])
    >>> plain.present, borderline.present, abs(borderline.power - 1) < borderline.power_error < 0.3
    (False, True, True)
    """
    times, values = _checked(times, values, 10)
    clock, heights = np.log(times), np.log(np.abs(values))
    powers = _powers(clock, _products(corrections))

    def laws(ahead: float) -> Array:
        """1, log t, a shift of τ to leading order, and the logarithm at log τ = log t_0 − e^ahead."""
        past = clock - clock[0] + math.exp(ahead)
        return np.stack([np.ones_like(clock), clock, 1.0 / past, np.log(past)])

    def misfit(ahead: float, count: int) -> float:
        """The residual of all data with ``count`` powers."""
        rows = np.concatenate([laws(ahead)[[0, 1, 3]], powers[:count]])
        rows = rows / np.abs(rows).max(axis=1)[:, None]
        found = np.linalg.lstsq(rows.T, heights, rcond=SINGULAR)[0]
        return float(np.linalg.norm(heights - found @ rows))

    fits = []
    most = min(len(powers), (len(clock) - 4) // 2)
    for count in (most, max(0, most - 2)):
        grid = np.linspace(*AHEAD, SCANNED)
        for _ in range(REFINED):
            best = int(np.argmin([misfit(ahead, count) for ahead in grid]))
            grid = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], 5)
        fits.append(_fit(clock, heights, laws(grid[2]), powers))
    (estimates, errors), (others, _) = sorted(fits, key=lambda fit: fit[1][-1])
    # on the errors of laws with a logarithm, whose τ enters nonlinearly; calibrated as well
    errors = 3.0 * (errors + np.abs(estimates - others))
    return LogarithmFit(float(estimates[3]), float(errors[3]), float(estimates[1]), float(errors[1]))


def _checked(times: Array, values: Array, least: int) -> tuple[Array, Array]:
    """Both as float arrays, or a ValueError that says what is allowed."""
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    if times.ndim != 1 or times.shape != values.shape or len(times) < least:
        raise ValueError(f"times and values must be equally long lists of at least {least} numbers")
    if not (times[0] > 0 and np.all(np.diff(times) > 0) and np.isfinite(times[-1])):
        raise ValueError("times must increase from above 0 and be finite")
    if not ((np.all(values > 0) or np.all(values < 0)) and np.isfinite(values).all()):
        raise ValueError("values must be finite and of one sign")
    return times, values


def _stated(corrections: Sequence[float | tuple[float, int]]) -> list[tuple[float, int]]:
    """The corrections as pairs (q, k), or a ValueError that says what is allowed."""
    pairs = [pair if isinstance(pair, tuple) else (float(pair), 0) for pair in corrections]
    if not all(0 < q < math.inf and k >= 0 and k % 1 == 0 for q, k in pairs):
        raise ValueError(
            f"corrections are {list(corrections)}: powers q > 0, or pairs (q, k) with whole k ≥ 0, are needed"
        )
    return pairs


def _products(corrections: Sequence[float | tuple[float, int]]) -> list[tuple[float, int]]:
    """The leading (q, k) of the terms t^{−q} (log t)^k in all products of the corrections, slowest first."""
    pairs = _stated(corrections)
    found = {
        (round(sum(q for q, _ in chosen), 12), power)
        for count in range(1, MOST_TERMS + 1)
        for chosen in combinations_with_replacement(pairs, count)
        for power in range(sum(k for _, k in chosen) + 1)
    }
    return sorted(found, key=lambda term: (term[0], -term[1]))[:MOST_TERMS]


def _diverges(heights: Array, laws: Array, terms: Array) -> bool:
    """Whether the last of the ``laws`` moves by each of the last ``terms`` nearly as far as by the first."""
    floor = LEAST_SCATTER * max(1.0, float(np.abs(heights).max()))
    fits = [_least_squares(np.concatenate([laws, terms[:k]]), heights, floor) for k in range(len(terms) + 1)]
    known = np.array(
        [fit[:, len(laws) - 1] for fit in takewhile(lambda fit: fit is not None, fits) if fit is not None]
    )
    if len(known) <= MOST_TERMS:
        return False
    moves = np.abs(np.diff(known[:, 0]))
    # what the last moves from term to term are at most, of the first, where the series converges
    return bool(np.median(moves[-3:]) > 0.3 * np.median(moves[:3]))


def _powers(clock: Array, terms: Sequence[tuple[float, int]]) -> Array:
    """The terms (n, K) at the logarithms ``clock`` (K,) of the times, the powers relative to the first."""
    return np.array([np.exp(-q * (clock - clock[0])) * clock**k for q, k in terms]).reshape(-1, len(clock))


def _fit(clock: Array, heights: Array, laws: Array, terms: Array) -> tuple[Array, Array]:
    """Coefficients of the ``laws`` (L, K) in ``heights`` (K,), and their errors; the last decides.

    Of every number of ``terms`` and every window the fit with the smallest error is taken. Its error adds
    three things: 95 % of what scatter and rounding allow, the largest move from the two windows before, and
    the move on adding one term more, so that a bias hidden in the noise is counted.
    """
    floor = LEAST_SCATTER * max(1.0, float(np.abs(heights).max()))
    table: list[Array] = []
    for count in range(len(terms) + 1):
        rows = np.concatenate([laws, terms[:count]])
        fits = [_least_squares(rows[:, b:], heights[b:], floor) for b in _begins(len(clock), len(rows))]
        usable = [
            fit[:, : len(laws)] for fit in takewhile(lambda fit: fit is not None, fits) if fit is not None
        ]
        if not usable:
            break
        table.append(np.stack(usable))
    best: tuple[Array, Array] | None = None
    for count, windows in enumerate(table):
        nearby = table[count + 1 if count + 1 < len(table) else count - 1]
        for place in range(1, min(len(windows), len(nearby))):
            estimate, scatter = windows[place]
            moved = np.abs(windows[max(0, place - 2) : place, 0] - estimate).max(axis=0)
            # on 95 % of the scatter, for the choice among fits. Calibrated on random laws, as the tests
            # repeat it
            total = 1.3 * scatter + moved + np.abs(nearby[place, 0] - estimate)
            if best is None or total[-1] < best[1][-1]:
                best = estimate, total
    if best is None:
        raise ValueError(f"{len(clock)} points are too few for a fit by a series with an error")
    return best


def _begins(points: int, unknowns: int) -> list[int]:
    """Where the windows begin that hold enough points."""
    begins = dict.fromkeys(int(share * points) for share in STARTS)
    # points beyond the unknowns that a fit needs, so that its scatter means something
    return [begin for begin in begins if points - begin >= unknowns + 3]


def _least_squares(rows: Array, heights: Array, floor: float) -> Array | None:
    """Coefficients and 95 % of their scatter (2, n), None where the ``rows`` (n, K) cannot be told apart or
    K ≤ n leaves no scatter.

    The scatter comes from the residuals, ``floor`` at least, with Student's factor for few of them.
    """
    from scipy.special import stdtrit

    freedom = rows.shape[1] - rows.shape[0]
    if freedom < 1:
        return None
    scale = np.abs(rows).max(axis=1)
    left, sizes, right = np.linalg.svd((rows / scale[:, None]).T, full_matrices=False)
    if sizes[-1] < SINGULAR * sizes[0]:
        return None
    coefficients = right.T @ ((left.T @ heights) / sizes)
    residual = float(np.linalg.norm(heights - (rows / scale[:, None]).T @ coefficients))
    spread = max(residual / math.sqrt(freedom), floor) * np.linalg.norm(right.T / sizes, axis=1)
    return np.stack([coefficients / scale, stdtrit(freedom, 0.975) * spread / scale])


def _limit(sequence: Array) -> tuple[float, float]:
    """The limit of a sequence with geometric corrections by Wynn's ε-algorithm, and its uncertainty.

    Of the columns of the table the one whose last two entries agree best is taken.
    """
    older, current = np.zeros(len(sequence) + 1), sequence
    best, error = float(sequence[-1]), float(abs(sequence[-1] - sequence[-2]))
    for column in range(1, len(sequence) - 1):
        differences = np.diff(current)
        if np.any(differences == 0):
            break
        older, current = current, older[1:-1] + 1.0 / differences
        if column % 2 == 0 and len(current) >= 2 and abs(current[-1] - current[-2]) < error:
            best, error = float(current[-1]), float(abs(current[-1] - current[-2]))
    return best, error
