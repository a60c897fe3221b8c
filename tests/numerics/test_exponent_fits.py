"""Measured exponents: synthetic laws with known corrections, and the law of the paper's own flow."""

import math

import numpy as np
import pytest

from numerics import extrapolate_power_law, power_law, solve

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
        (TIMES[::-1], TIMES, "increase in geometric progression"),
        (TIMES, np.where(np.arange(13) == 5, -1.0, 1.0), "of one sign"),
        (TIMES, np.zeros(13), "of one sign"),
        (TIMES, np.full(13, np.nan), "of one sign"),
    ],
)
def test_bad_input(times, values, message):
    with pytest.raises(ValueError, match=message):
        extrapolate_power_law(times, values)
