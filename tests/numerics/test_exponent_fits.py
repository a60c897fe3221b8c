"""Measured exponents: synthetic laws with known corrections, and the law of the paper's own flow."""

import math

import numpy as np
import pytest
from scipy import stats

from numerics import detect_logarithm, extrapolate_power_law, fit_power_law, local_slopes, power_law, solve
from numerics.fits import exponents, noisy_fits
from numerics.fits.scatter import scatter_of
from theory.asymptotics import PowerLaw, overlap_prefactor

LAWS = 100
TIMES = 4.0 ** np.arange(3, 16)


@pytest.mark.parametrize("exponent", [-0.5, -1.3, 0.25, 2.0])
@pytest.mark.parametrize(
    "corrections", [[], [(1.0, 0.5)], [(1.0, 0.5), (2.0, 1.0)], [(-3.0, 0.7), (1.0, 1.1), (5.0, 1.9)]]
)
def test_synthetic_laws(exponent, corrections):
    """C t^p (1 + Σ c t^{−q})."""
    values = -2.5 * TIMES**exponent * (1 + sum(c * TIMES**-q for c, q in corrections))
    fit = extrapolate_power_law(TIMES, values)
    assert fit.exponent == pytest.approx(exponent, abs=1e-7)
    assert fit.prefactor == pytest.approx(-2.5, rel=1e-5)
    assert abs(fit.exponent - exponent) < 100 * fit.exponent_error + 1e-12
    assert fit.exponent_error < 1e-6


def test_extrapolation_gains_digits():
    """The last local slope is off by the correction itself; the extrapolated one by far less."""
    values = TIMES**-0.5 * (1 + 3 * TIMES**-0.5)
    slope = math.log(values[-1] / values[-2]) / math.log(4)
    fit = extrapolate_power_law(TIMES, values)
    assert abs(fit.exponent + 0.5) < 1e-6 * abs(slope + 0.5)


def test_errors_know_a_law_that_is_none():
    """A logarithm is no power: the stated error stays large."""
    fit = extrapolate_power_law(TIMES, np.log(TIMES))
    assert fit.exponent_error > 1e-6


def paper_law(exponent):
    """γ and C_f of f(t) = Σ λ_i (w*_i)² e^{−8λ_i t} ~ C_f t^{−γ} for the flat teacher at d = ∞.

    With λ_i = i^{−a}/ζ(a) and (w*_i)² = 1 the number of modes above λ is (λ ζ)^{−1/a}, hence

        f = ∫ λ e^{−8λt} (1/a) ζ^{−1/a} λ^{−1/a−1} dλ = ζ^{−1/a}/a · Γ(1 − 1/a) (8t)^{−(1−1/a)}.

    Linear response around the teacher adds up to 1 − u ~ f(t)/3 + f(2t)/2, hence the factor 1/3 + 2^{−γ−1}.
    """
    gamma = 1 - 1 / exponent
    zeta = math.fsum(np.arange(1.0, 1e5) ** -exponent) + 1e5 ** (1 - exponent) * (1 / (exponent - 1) + 0.5e-5)
    scale = zeta ** (-1 / exponent) / exponent * math.gamma(gamma) * 8**-gamma
    return gamma, scale * (1 / 3 + 2 ** (-gamma - 1))


@pytest.mark.parametrize("exponent", [2.0, 3.0])
def test_law_of_the_flow(exponent):
    times = np.geomspace(1e6, 1e20, 29)
    run = solve(power_law(exponent, math.inf, init="escape:1e-3"), 1e20)
    fit = extrapolate_power_law(times, run.at(times).one_minus_u)
    gamma, prefactor = paper_law(exponent)
    assert fit.exponent == pytest.approx(-gamma, abs=1e-6)
    assert fit.prefactor == pytest.approx(prefactor, rel=1e-5)


def test_prefactor_at_the_known_exponent():
    """Without the fit of the exponent the prefactor shows to more digits: 0.16782… at a = 2."""
    time = 1e24
    run = solve(power_law(2.0, math.inf, init="escape:1e-3"), time)
    assert run.at([time]).one_minus_u[0] * time**0.5 == pytest.approx(paper_law(2.0)[1], rel=1e-10)


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        (TIMES[:4], TIMES[:4], "at least 5 numbers"),
        (TIMES, TIMES[:-1], "equally long"),
        (np.arange(1.0, 9), np.ones(8), "geometric progression"),
        (TIMES[::-1], TIMES, "increase from above 0"),
        (TIMES, np.where(np.arange(13) == 5, -1.0, 1.0), "of one sign"),
        (TIMES, np.zeros(13), "of one sign"),
        (TIMES, np.full(13, np.nan), "of one sign"),
    ],
)
def test_bad_input(times, values, message):
    with pytest.raises(ValueError, match=message):
        extrapolate_power_law(times, values)


# Corrections that theory predicts


def random_law(rng, noise):
    """Times, values, the generating correction powers, p and C of a random law.

    Coefficients of the first 12 products of the powers are drawn independently, as no theory relates them.
    """
    powers = rng.uniform(0.2, 1.5, rng.integers(1, 3))
    orders = sorted({round(float(np.dot(powers, n)), 12) for n in np.ndindex(*(9,) * len(powers))} - {0.0})[
        :12
    ]
    times = np.geomspace(1.0, 10 ** rng.uniform(2, 9), rng.integers(12, 60)) * 10 ** rng.uniform(0.5, 2)
    exponent, prefactor = rng.uniform(-3, 3), math.exp(rng.normal())
    series = sum(2.0 * rng.normal() * times**-q for q in orders)
    while series.min() <= -0.98:
        series = series / 2.0
    values = prefactor * times**exponent * (1.0 + series) * np.exp(noise * rng.normal(size=len(times)))
    return times, values, [float(q) for q in powers], exponent, prefactor


@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.95), (1e-4, 0.6), (1e-2, 0.6)])
def test_stated_errors_cover_the_truth_and_are_not_absurd(noise, least):
    """In 95 % of random laws, one standard deviation with noise; half overstated less than 100 (15) times."""
    rng = np.random.default_rng(int(-math.log10(noise or 1e-20)))
    covered, ratios = np.zeros(3), []
    for _ in range(LAWS):
        times, values, powers, exponent, prefactor = random_law(rng, noise)
        fit = fit_power_law(times, values, powers)
        known = fit_power_law(times, values, powers, exponent=exponent)
        covered += [
            abs(fit.exponent - exponent) <= fit.exponent_error,
            abs(fit.prefactor - prefactor) <= fit.prefactor_error,
            abs(known.prefactor - prefactor) <= known.prefactor_error,
        ]
        ratios.append(fit.exponent_error / max(abs(fit.exponent - exponent), 1e-300))
    assert np.all(covered >= least * LAWS), covered
    assert 1.0 < np.median(ratios) < (15.0 if noise else 100.0)


def test_noise_is_not_extrapolated():
    """Wynn's algorithm would multiply it: without corrections no law fits, with them one does."""
    rng = np.random.default_rng(0)
    times = np.geomspace(10.0, 1e6, 41)
    law = times**-0.4 * (1 + times**-0.4 - times**-0.8 + 2 * times**-1.2)
    for _ in range(10):
        values = law * (1 + 1e-6 * rng.normal(size=len(times)))
        with pytest.raises(ValueError, match="no such law fits: what the fit leaves is not noise"):
            extrapolate_power_law(times, values)
        fit = fit_power_law(times, values, [0.4])
        assert abs(fit.exponent + 0.4) <= 3 * fit.exponent_error < 1e-2


# Noise: y = b + 406.4 x^{−0.34}, 200 points

CURVE = np.geomspace(500.0, 4e5, 200)


def noise_of(rng, size, width):
    """White noise, or its moving average over ``width`` points, of standard deviation ``size``."""
    white = rng.normal(size=len(CURVE) + width - 1)
    return size * np.convolve(white, np.full(width, width**-0.5), "valid")


def coverage(draws, size, width, floor, fitted, corrections=()):
    """Shares of the intervals of one standard deviation that hold p, C and, where fitted, b."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(draws):
        values = (floor + 406.4 * CURVE**-0.34) * (1 + noise_of(rng, size, width))
        fit = fit_power_law(CURVE, values, corrections, floor=fitted)
        away = [(fit.exponent + 0.34, fit.exponent_error), (fit.prefactor - 406.4, fit.prefactor_error)]
        away += [(fit.floor - floor, fit.floor_error)] if fitted else []
        held.append([abs(one) <= error for one, error in away])
    return np.mean(held, axis=0)


NOISES = [(size, width) for size in (0.001, 0.01, 0.05) for width in (1, 5)]
FLOORS = [(0.0, False), (0.0, True), (1.69, True)]


@pytest.mark.parametrize(("floor", "fitted"), FLOORS)
@pytest.mark.parametrize("width", [1, 5])
def test_one_standard_deviation_covers_68_percent(width, floor, fitted):
    """Within 3 of its own standard deviations, 0.047 each at 100 draws."""
    share = coverage(100, 0.01, width, floor, fitted)
    assert np.all(np.abs(share - 0.683) < 0.14), share


@pytest.mark.slow
@pytest.mark.parametrize(("floor", "fitted"), FLOORS)
@pytest.mark.parametrize(("size", "width"), NOISES)
def test_one_standard_deviation_covers_60_to_76_percent(size, width, floor, fitted):
    """The share of 300 draws scatters by 0.027: with moving averages of 5 % and no floor the prefactor's is
    0.593 for the seed here, between 0.636 and 0.71 for eleven others, and 0.667 ± 0.008 in all.
    """
    share = coverage(1000, size, width, floor, fitted)
    assert np.all((share >= 0.6) & (share <= 0.76)), share


def test_extrapolation_of_noisy_values_is_a_fit():
    """x^{−0.34} with 1 % noise: one standard deviation, in two thirds of the draws."""
    rng = np.random.default_rng(0)
    fits = [extrapolate_power_law(CURVE, CURVE**-0.34 * (1 + noise_of(rng, 0.01, 1))) for _ in range(100)]
    assert 0.54 < np.mean([abs(fit.exponent + 0.34) <= fit.exponent_error for fit in fits]) < 0.82
    assert np.median([fit.exponent_error for fit in fits]) == pytest.approx(exact_deviation(0.01), rel=0.1)


def exact_deviation(size):
    """Of the slope of a line through points with independent noise: σ / √Σ (x − x̄)²."""
    clock = np.log(CURVE)
    return size / math.sqrt(np.sum((clock - clock.mean()) ** 2))


@pytest.mark.parametrize("corrections", [(), [0.34], [0.5], [1.0], [0.2], [0.3, 1.0]])
def test_curves_with_a_floor(corrections):
    """With a floor the numbers are found to rounding; without, whatever the corrections, no law fits."""
    values = 1.69 + 406.4 * CURVE**-0.34
    fit = fit_power_law(CURVE, values, corrections, floor=True)
    assert [fit.exponent, fit.prefactor, fit.floor] == pytest.approx([-0.34, 406.4, 1.69], rel=1e-12)
    with pytest.raises(ValueError, match="no such law fits"):
        fit_power_law(CURVE, values, corrections)


def test_a_floor_with_a_correction():
    """y = b + C t^p (1 + c t^{−q}) with c that 0.1 % noise shows: the correction is taken in."""
    rng = np.random.default_rng(1)
    times = np.geomspace(1.0, 1e5, 400)
    values = (0.5 + 3 * times**-0.4 * np.exp(2 * times**-0.5)) * (1 + 1e-3 * rng.normal(size=400))
    fit = fit_power_law(times, values, [0.5], floor=True)
    assert abs(fit.exponent + 0.4) < 3 * fit.exponent_error < 0.1
    assert abs(fit.floor - 0.5) < 3 * fit.floor_error < 0.05
    with pytest.raises(ValueError, match="no such law fits: what the fit leaves is not noise"):
        fit_power_law(times, values, floor=True)


def test_signs_and_a_known_exponent():
    """−y is fitted as y is; with p known the floor and C have smaller errors."""
    values = (1.69 + 406.4 * CURVE**-0.34) * (1 + noise_of(np.random.default_rng(3), 0.01, 1))
    fit, turned = fit_power_law(CURVE, values, floor=True), fit_power_law(CURVE, -values, floor=True)
    assert turned == fit._replace(prefactor=-fit.prefactor, floor=-fit.floor)
    known = fit_power_law(CURVE, values, exponent=-0.34, floor=True)
    assert known.exponent_error == 0
    assert abs(known.floor - 1.69) < 3 * known.floor_error < 1.5 * fit.floor_error
    assert abs(known.prefactor - 406.4) < 3 * known.prefactor_error < fit.prefactor_error


def test_logarithms_in_the_corrections():
    """At γ = 1 the first correction is t^{-1} log t: told of it the fit is right, without it not so good."""
    times = np.geomspace(10.0, 1e5, 25)
    values = 0.7 / times * (1 - 3 * np.log(times) / times + 2 / times)
    told, untold = (fit_power_law(times, values, [first]) for first in ((1.0, 1), 1.0))
    assert abs(told.exponent + 1) <= told.exponent_error < 1e-7
    assert untold.exponent_error > 10 * told.exponent_error


@pytest.mark.parametrize("exponent", [1.5, 2.0, 3.0])
def test_law_of_the_flow_in_its_own_powers(exponent):
    """Relative corrections of 1 − u are of order t^{-γ} and t^{-1}: to t = 10^8 they give C to 5 digits."""
    times = np.geomspace(1e2, 1e8, 30)
    values = solve(power_law(exponent, math.inf, init="escape:1e-2", horizon=1e8), 1e8).at(times).one_minus_u
    gamma = 1 - 1 / exponent
    fit = fit_power_law(times, values, [gamma, 1.0])
    predicted = float(overlap_prefactor(PowerLaw(exponent, "inf")))
    assert abs(fit.exponent + gamma) <= fit.exponent_error < 1e-3
    assert abs(fit.prefactor - predicted) <= fit.prefactor_error < 0.01 * predicted
    fixed = fit_power_law(times, values, [gamma, 1.0], exponent=-gamma)
    assert abs(fixed.prefactor - predicted) <= fixed.prefactor_error < 1e-4 * predicted


def test_local_slopes_of_a_power_are_its_exponent():
    times = np.array([0.5, 1.0, 7.0, 8.0])
    middle, slopes = local_slopes(times, -3 * times**-1.25)
    np.testing.assert_allclose(slopes, -1.25, rtol=1e-13)
    np.testing.assert_allclose(middle**2, times[1:] * times[:-1])


# Logarithms


@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_no_logarithm_is_seen_where_there_is_none(noise):
    rng = np.random.default_rng(1)
    laws = [random_law(rng, noise)[:3] for _ in range(25)]
    assert sum(detect_logarithm(*law).present for law in laws) <= 1


@pytest.mark.parametrize("noise", [0.0, 1e-8])
def test_logarithms_are_seen_and_measured(noise):
    """(log(t/τ))^k times a random law, over at least three decades: its errors cover k and p mostly."""
    rng = np.random.default_rng(2)
    seen = covered = below = count = 0
    while count < 25:
        times, values, powers, exponent, _ = random_law(rng, noise)
        if times[-1] < 1e3 * times[0]:
            continue
        power, unit = rng.choice([-2, -1, 1, 2]), math.exp(rng.uniform(-2, 0.5))
        fit = detect_logarithm(times, values * np.log(times / unit) ** power, powers)
        count, seen = count + 1, seen + fit.present
        covered += abs(fit.power - power) <= fit.power_error
        below += abs(fit.exponent - exponent) <= fit.exponent_error
    assert min(seen, covered, below) >= 20


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (local_slopes, ([0.0, 1.0], [1.0, 1.0]), "from above 0"),
        (fit_power_law, (TIMES[:8], TIMES[:8], [1.0], None, True), "needs at least 10 points, not 8"),
        (fit_power_law, (TIMES, TIMES, [-0.5]), "are needed"),
        (fit_power_law, (TIMES, TIMES, [(1.0, 0.5)]), "are needed"),
        (fit_power_law, (TIMES[:5], TIMES[:5], [1.0]), "at least 6"),
        (fit_power_law, (TIMES, np.full(13, np.inf), [1.0]), "of one sign"),
        (detect_logarithm, (TIMES[:9], TIMES[:9], [1.0]), "at least 10"),
    ],
)
def test_bad_input_of_fits(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


@pytest.mark.parametrize("points", range(7, 13))
def test_every_curve_leaves_six_points_beyond_its_unknowns(points):
    """C, p and up to two terms: with n points at most n − 8 terms."""
    times = np.geomspace(10.0, 1e4, points)
    curves = noisy_fits._curves(times, times**-0.5, [(0.5, 0), (1.0, 0)], [], None)
    assert [curve.unknowns for curve in curves] == [2, 3, 4][: max(0, points - 7)]


@pytest.mark.parametrize("points", [4, 5, 8, 30])
def test_scatter_of_a_line_is_students(points):
    """95 % of the slope and of the height at 0, as scipy's regression and Student's quantile have them."""
    x = np.geomspace(1.0, 20.0, points)
    y = 3.0 - 0.5 * x + np.random.default_rng(points).normal(size=points)
    (height, slope), errors = exponents._least_squares(np.stack([np.ones(points), x]), y, 0.0)
    line, factor = stats.linregress(x, y), stats.t.ppf(0.975, points - 2)
    assert [slope, height] == pytest.approx([line.slope, line.intercept], rel=1e-10)
    assert errors == pytest.approx([factor * line.intercept_stderr, factor * line.stderr], rel=1e-10)


def test_a_known_exponent_has_no_error_in_a_series_either():
    values = 3 * TIMES**-0.5 * (1 + TIMES**-0.5)
    fit = fit_power_law(TIMES, values, [0.5], exponent=-0.5)
    assert (fit.exponent, fit.exponent_error) == (-0.5, 0.0)
    assert abs(fit.prefactor - 3) <= fit.prefactor_error < 1e-9


def test_slopes_that_have_settled_are_the_limit():
    """t^{-1/2} (1 + e^{−t}): the last slopes differ by rounding alone, the first by more than 1."""
    times = 2.0 ** np.arange(-3, 9)
    fit = extrapolate_power_law(times, times**-0.5 * (1 + np.exp(-times)))
    assert abs(fit.exponent + 0.5) <= fit.exponent_error + 1e-15
    assert fit.exponent_error < 1e-12


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_scatter_of_moving_sums(width):
    """y_i = e_i + … + e_{i−w+1}: one value has the variance w, the sum of n ≫ w values n w²."""
    points, draws = 500, 40
    one = np.where(np.arange(points) == points // 3, 1.0, 0.0)
    found = []
    for seed in range(draws):
        noise = np.random.default_rng(seed).normal(size=points + width - 1)
        scatter = scatter_of(np.convolve(noise, np.ones(width), "valid"), np.ones((points, 1)))
        found.append([scatter.deviation(one), scatter.deviation(np.ones(points))])
    exact = [math.sqrt(width), width * math.sqrt(points)]
    assert np.mean(found, axis=0) == pytest.approx(exact, rel=0.12)


@pytest.mark.parametrize("corrections", [[], [0.5], [0.5, 0.7], [(0.5, 1)]])
@pytest.mark.parametrize("exponent", [None, -0.5])
def test_few_points_give_a_fit_or_are_refused(corrections, exponent):
    """Never more unknowns than they determine, nor an error without a bound."""
    least = 6 + (exponent is None) + (not corrections)
    values = TIMES**-0.5 * (1 + TIMES**-0.5 if corrections else 1)
    for points in range(least, 14):
        fit = fit_power_law(TIMES[:points], values[:points], corrections, exponent=exponent)
        assert abs(fit.prefactor - 1) <= fit.prefactor_error + 1e-13 < 1
        assert abs(fit.exponent + 0.5) <= fit.exponent_error + 1e-14 < 0.1
    few = slice(least - 1)
    with pytest.raises(ValueError, match=r"at least \d (points|numbers)|\d points are too few"):
        fit_power_law(TIMES[few], values[few], corrections, exponent=exponent)
