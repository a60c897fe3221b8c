"""Problems at the edge of what floats can say: far scales, late times, degenerate spectra."""

import numpy as np
import pytest
from oracles.cases import isotropic_exact
from oracles.taylor import taylor_flow

from numerics import Problem, power_law, solve

MODES = np.arange(1, 31.0) ** -2
RNG = np.random.default_rng(5)
TEACHER, START = RNG.standard_normal(30), RNG.standard_normal(30)


def relative(values, reference):
    return max(abs(float(x) / float(y) - 1) if y else abs(x) for x, y in zip(values, reference, strict=True))


def check_against_taylor(problem, times, digits, tolerance):
    found = solve(problem, times[-1]).at(times)
    reference = taylor_flow(problem.eigenvalues, problem.teacher, problem.init, times, digits)
    for key, values in reference.items():
        assert relative(getattr(found, key), values) < tolerance, key


@pytest.mark.parametrize(
    ("problem", "until"),
    [
        (Problem([1.0], [1.0], [1e-3]), 1e24),
        (Problem([1.0], [1.0], [1e4]), 1e24),
        (Problem(MODES, TEACHER, START), 1e12),
        (Problem(MODES, TEACHER * (MODES < 1), START), 1e12),
        (power_law(0, 1000, "gaussian", seed=1), 1e24),
    ],
    ids=["one mode", "long start", "power law", "mode without teacher", "isotropic"],
)
def test_far_beyond_convergence(problem, until):
    """Deficits fall below the smallest float on the way; the steps must grow again from there on."""
    run = solve(problem, until)
    times = np.geomspace(until * 1e-30, until, 100)
    found = run.at(times)
    assert run.limit.name.endswith("teacher")
    assert abs(found.one_minus_u[-1]) < 1e-290
    assert (np.diff(found.loss) <= 1e-12 * found.loss[:-1] + np.finfo(float).tiny).all()
    assert run.steps < 1000


def test_deficits_near_the_smallest_float():
    """1 − u and q = ‖w − w*‖_Q², its square, keep their figures until they underflow."""
    times = [10.0, 17.0, 28.0]
    found = solve(Problem([1.0], [1.0], [0.1]), 28.0).at(times)
    exact = [(1 / 0.01 - 1) * np.exp(-24 * t) / 2 for t in times]
    assert found.one_minus_u[-1] < 1e-280
    assert relative(found.one_minus_u, exact) < 1e-11
    assert relative(found.one_minus_s, [2 * x for x in exact]) < 1e-11


@pytest.mark.parametrize("ratio", [1e-2, 1e-4])
def test_two_point_spectrum(ratio):
    """The late stage has p and q = p² of sizes that differ without limit."""
    times = [0.1, 1.0, 10.0, 100.0]
    check_against_taylor(Problem([1.0, ratio], [1.0, 1.0], [0.1, -0.3]), times, 60, 3e-12)


@pytest.mark.parametrize("ratio", [1e-6, 1e-12])
def test_wide_two_point_spectrum(ratio):
    """At late times the slow mode is alone and the fast one follows: the rate is 8 λ_2 (s* + 2λ_2/3).

    Linearised at the teacher, e_1 = −2p is slaved, so p = −2p + λ_2 e_2 = λ_2 e_2/3, and with s* = 1 + λ_2
    then ė_2 = −8λ_2 s* e_2 − 16 λ_2 p = −8 λ_2 (s* + 2λ_2/3) e_2.
    """
    late = np.array([3.0, 6.0]) / ratio
    found = solve(Problem([1.0, ratio], [1.0, 1.0], [0.1, -0.3]), 10 / ratio).at(late)
    rate = np.log(found.one_minus_u[0] / found.one_minus_u[1]) / (late[1] - late[0])
    assert found.one_minus_u[1] < 1e-20 * ratio
    assert rate / (8 * ratio) == pytest.approx(1, rel=10 * ratio)


@pytest.mark.parametrize("start", [1e-6, 1e2, 1e4])
def test_short_and_long_starts(start):
    """s(0) from 1e-12 s* to 1e8 s*."""
    problem = Problem([1, 0.5, 0.25], [0.5, 1, 1], np.array([0.5, -0.25, 1.0]) * start)
    check_against_taylor(problem, [1e-9, 1e-3, 0.1, 1.0, 4.0], 60, 3e-12)


@pytest.mark.parametrize("size", [1e-100, 1e-160, 1e-200])
def test_starts_whose_square_underflows(size):
    """A short start obeys the linear flow at 0: a factor in it is a shift of time by its logarithm over ρ."""
    teacher, init = (0.5, 1.0), (0.5, 0.5)
    run = solve(Problem([1.0, 1.0], teacher, np.array(init) * size), 100.0)
    times = [1.0, 5.0, 20.0, 30.0, 40.0]
    found = run.at(times)
    for t, u, s in zip(times, found.u, found.s, strict=True):
        exact_u, exact_s = isotropic_exact(1.0, teacher, np.array(init) * size, t)
        assert u == pytest.approx(float(exact_u), rel=1e-11)
        assert s == pytest.approx(float(exact_s), rel=1e-10, abs=1e-305)
    assert run.limit.name == "+teacher"


@pytest.mark.parametrize("overlap", [1e-150, -1e-150, 1e-200])
def test_tiny_overlap(overlap):
    """A long stay at the saddle, left along the unstable direction at the rate 8 λ_1 s*: mode by mode.

    While u is tiny, u̇/u = 4λ(s* − 3s) + 8λ s* with s known in closed form.
    """
    run = solve(Problem([1.0, 0.5], [1.0, 0.0], [overlap, np.sqrt(2 / 3)]), 100.0)
    times = np.array([1.0, 10.0, 30.0])
    assert run.at(times).u == pytest.approx(overlap * np.exp(8 * times), rel=1e-11)
    assert run.limit.sign == np.sign(overlap)


@pytest.mark.parametrize("ratio", [1e-3, 1e-6])
def test_stiff_saddle(ratio):
    """A fast mode at the saddle, a slow teacher: u grows at 8 λ_2 s* while h λ_1 is huge."""
    energy = ratio
    start = np.sqrt(energy / 3)
    run = solve(Problem([1.0, ratio], [0.0, 1.0], [start, 1e-100]), 2.0 / ratio**2)
    times = np.array([0.5, 1.0, 2.0]) / ratio**2
    assert run.at(times).u == pytest.approx(1e-100 * ratio * np.exp(8 * ratio**2 * times), rel=1e-11)
    assert len(run.segments) < 200


def test_steps_per_folding_of_a_tiny_overlap():
    """While u grows at the saddle a step covers six of its e-foldings; the rest of the run costs the same."""
    runs = [solve(Problem([1.0, 0.5], [1.0, 0.0], [u, np.sqrt(2 / 3)]), 100.0) for u in (1e-50, 1e-150)]
    short, long = (run.steps for run in runs)
    assert long - short < np.log(1e100) / 4.0
    assert short < 160


@pytest.mark.parametrize("dimension", [1e12, 1e16, 1e20])
def test_flat_plateau_at_the_saddle(dimension):
    """s rests at 1/3 and u at 1e-6 or less, for a time that grows without limit with d: steps grow, too."""
    until = 1e3 * dimension**0.6
    run = solve(power_law(0.4, dimension, init="escape:1e-3"), until)
    found = run.at(np.geomspace(1e-2 * until, until, 5))
    assert found.s == pytest.approx([1 / 3] * 5, rel=1e-5)
    assert (np.diff(found.u) > 0).all()
    assert found.u[-1] < 1e-2
    assert run.steps < 40


def test_a_drift_that_cancels():
    """Where λ_2 = λ_1/2 and mode 2 has no teacher p follows −3q/4: the two terms of F = −12q − 16p cancel."""
    run = solve(Problem([1.0, 0.5], [1.0, 0.0], [0.3, 0.8]), 80.0)
    last = run.segments[-1]
    assert last.statistics[1, 0] / last.statistics[0, 0] == pytest.approx(-0.75, rel=1e-13)
    assert run.steps < 120


@pytest.mark.parametrize("sign", [1, -1])
def test_start_at_the_teacher(sign):
    run = solve(Problem(MODES, TEACHER, sign * TEACHER), 1e6)
    found = run.at([0.0, 1.0, 1e6])
    assert run.limit.sign == sign
    assert not found.loss.any()
    assert not found.mse.any()
    assert not found.one_minus_u.any()
    assert run.phases() == (0.0, 0.0, 0.0)


def test_start_beside_the_teacher():
    """Distances of 1e-100 in modes without teacher: L = 4 s* Σ λ ε² e^{−16 λ s* t} to first order."""
    teacher = np.where(np.arange(4) == 0, 1.0, 0.0)
    rates = np.array([1.0, 0.5, 0.25, 0.125])
    gap = np.array([0, 1, -2, 1]) * 1e-100
    times = np.array([0.0, 0.1, 1.0, 10.0])
    found = solve(Problem(rates, teacher, teacher + gap), 10.0).at(times)
    exact = 4 * (rates * gap**2) @ np.exp(-16 * np.outer(rates, times))
    assert found.loss == pytest.approx(exact, rel=1e-11, abs=0)


def test_start_at_rest_and_on_the_saddle():
    at_rest = solve(Problem(MODES, TEACHER, 0 * START), 1e6)
    assert at_rest.limit.name == "0"
    assert not at_rest.at([1e6]).s.any()
    on_saddle = solve(Problem([1.0, 0.5], [1.0, 0.0], [0.0, np.sqrt(2 / 3)]), 100.0)
    assert on_saddle.limit.name == "saddle"
    assert on_saddle.at([0.0, 50.0, 100.0]).s == pytest.approx([1 / 3] * 3, rel=1e-14)


@pytest.mark.parametrize("spacing", [1e-15, 1e-13, 1e-9])
def test_nearly_equal_eigenvalues(spacing):
    """As a measured covariance has them. Along them w − w* cancels in u; L and MSE keep their figures."""
    rng = np.random.default_rng(8)
    teacher, init = rng.standard_normal((2, 400))
    levels = np.repeat([1.0, 0.5], 200)
    nearly = Problem(levels * (1 + spacing * np.tile(np.arange(200), 2)), teacher, init)
    exactly = Problem(levels, teacher, init)
    times = np.geomspace(1e-4, 0.05, 20)
    found, reference = (solve(problem, 0.05).at(times) for problem in (nearly, exactly))
    assert found.loss[-1] < 1e-6 * found.loss[0]
    tolerance = 1e-11 + 2e5 * spacing
    assert found.loss == pytest.approx(reference.loss, rel=tolerance)
    assert found.mse == pytest.approx(reference.mse, rel=tolerance)
    assert found.s == pytest.approx(reference.s, rel=tolerance)


@pytest.mark.parametrize("exponent", [1.05, 8.0])
@pytest.mark.parametrize("until", [1e-6, 1e12])
def test_horizons(exponent, until):
    """Flat teachers at d = ∞; a longer horizon must not change what came before it."""
    problem = power_law(exponent, np.inf, init="escape:1e-3")
    run = solve(problem, until)
    other = solve(problem, 40.0 * max(until, 1.0) if until < 1 else 1e16)
    times = np.geomspace(1e-8 * until, min(until, other.until), 12)
    for key in ("u", "s", "one_minus_u", "one_minus_s", "loss"):
        assert getattr(run.at(times), key) == pytest.approx(getattr(other.at(times), key), rel=1e-11), key
    assert run.error < 1e-11


def test_mse_towards_the_sign_that_the_overlap_does_not_reach():
    """The slow mode, heavy in ‖·‖² and light in u, starts at −w*: no cancellation may make the MSE there."""
    teacher, init = np.array([1.0, 1e6]), np.array([0.5, -1e6 + 1e-3])
    run = solve(Problem([1.0, 1e-20], teacher, init), 1e-3)
    assert run.limit.name == "+teacher"
    exact = ((init + teacher) ** 2).mean()
    assert run.at([0.0]).mse[0] == pytest.approx(exact, rel=1e-13)
