"""The solver against the fast manifold: the times of the escape, from the tangent and from the sphere."""

import math

import numpy as np
import pytest

from numerics import Problem, power_law, solve
from numerics.problems.linearisation import escape_direction
from theory.asymptotics import (
    Given,
    PowerLaw,
    escape_rate,
    escape_time_quantile,
    onset_delay,
    overlap_amplitude,
    overlap_delay,
    sign_agreement,
    slow_mode_exponent,
    teacher_escape_distribution,
    third_delay,
)


@pytest.mark.parametrize(
    ("exponent", "dimension", "teacher"),
    [(1.2, math.inf, "flat"), (2, math.inf, "flat"), (3, 1e6, "source:0.3"), (1.5, 200, "source:-0.2")],
)
def test_crossing_times_to_ten_digits(exponent, dimension, teacher):
    law = PowerLaw(exponent, dimension, teacher)
    run = solve(power_law(exponent, dimension, teacher, "escape:1e-6"), until=100.0)
    linear, phases = math.log(1e6) / float(escape_rate(law)), run.phases()
    assert phases.t1 == pytest.approx(linear + float(onset_delay(law, 12)), rel=1e-10)
    assert phases.t1_prime == pytest.approx(linear + float(third_delay(law, 12)), rel=1e-10)
    half = math.log(float(overlap_amplitude(law, "0.5", 12)))
    assert run.phases(delta=0.5).t1 == pytest.approx(linear + half / float(escape_rate(law)), rel=1e-10)


@pytest.mark.parametrize(
    ("exponent", "dimension", "teacher", "levels"),
    [
        (1.05, math.inf, "flat", ("0.2", "0.4")),
        (1.2, math.inf, "flat", ("0.5", "0.7", "0.9")),
        (1.5, math.inf, "source:0.5", ("0.5", "0.9")),
        (1.3, 1000, "source:-0.1", ("0.5", "0.9")),
        (1.0, 1000, "flat", ("0.5", "0.8")),
        (8.0, math.inf, "flat", ("0.5", "0.9")),
    ],
)
def test_late_crossings(exponent, dimension, teacher, levels):
    """Long after s = 1/3, where the series in the amplitude diverge."""
    law = PowerLaw(exponent, dimension, teacher)
    run = solve(power_law(exponent, dimension, teacher, "escape:1e-6"), until=1e5)
    linear = math.log(1e6) / float(escape_rate(law))
    for level in levels:
        predicted = linear + float(overlap_delay(law, level, 10))
        assert run.phases(delta=float(level)).t1 == pytest.approx(predicted, rel=1e-10)


def test_tangent_start_is_late_by_the_square_of_its_size():
    law = PowerLaw(2, "inf")
    errors = []
    for size in (1e-2, 1e-3):
        run = solve(power_law(2, math.inf, init=f"escape:{size:g}"), until=20.0)
        predicted = math.log(1 / size) / float(escape_rate(law)) + float(onset_delay(law, 12))
        errors.append(run.phases().t1 - predicted)
    assert 1e-6 < abs(errors[0]) < 1e-4
    assert math.log10(errors[0] / errors[1]) == pytest.approx(2, abs=0.01)


def one_mode_error(dimension, seed):
    """T1 from the sphere less its law from the fastest mode alone, and that law."""
    law = PowerLaw(2, dimension)
    problem = power_law(2, dimension, "flat", "sphere", seed)
    _, fastest = escape_direction(problem.eigenvalues, problem.teacher)
    amplitude = abs(fastest @ problem.init) / (fastest @ fastest)
    predicted = math.log(float(overlap_amplitude(law, "0.1", 8)) / amplitude) / float(escape_rate(law))
    return solve(problem, until=40.0).phases().t1 - predicted


def test_slower_modes_fall_with_the_predicted_power_of_d():
    """The same draws at two dimensions; the third mode, with x = 0.474, still raises the slope a little."""
    small, large = (np.array([one_mode_error(d, seed) for seed in range(5)]) for d in (1000, 10_000))
    measured = np.median(np.log10(np.abs(small / large)))
    assert measured == pytest.approx(float(slow_mode_exponent(PowerLaw(2, "inf"))), abs=0.04)


def test_law_of_the_escape_time():
    """Kolmogorov's statistic of 24 runs from the sphere: below 1.95/sqrt(24) but once in a thousand."""
    dimension, count = 400, 24
    law = PowerLaw(2, dimension)
    times = sorted(
        solve(power_law(2, dimension, "flat", "sphere", seed), until=40.0).phases().t1
        for seed in range(count)
    )
    shares = (np.arange(1, count) / count).tolist()
    quantiles = [float(escape_time_quantile(law, share, dimension)) for share in shares]
    below = np.searchsorted(times, quantiles) / count
    assert np.abs(below - shares).max() < 1.95 / math.sqrt(count)


def test_law_of_the_escape_time_over_teachers():
    """The same of 32 runs with a Gaussian teacher each."""
    dimension, count = 400, 32
    law = PowerLaw("1.5", dimension)
    problems = [power_law(1.5, dimension, "gaussian", "sphere", seed) for seed in range(count)]
    times = np.sort([solve(problem, until=500.0).phases().t1 for problem in problems])
    below = [teacher_escape_distribution(law, time, dimension) for time in times.tolist()]
    assert np.abs(np.array(below) - (np.arange(count) + 0.5) / count).max() < 1.95 / math.sqrt(count)
    assert 0.02 < below[0] * count / 2 < 5


def test_sign_of_the_outcome_against_the_sign_of_the_overlap():
    """Small random starts end at the teacher that the fastest mode points to, also where u(0) points away."""
    eigenvalues, teacher = np.array([1, 0.5, 0.25]), np.array([0.5, 1.0, 2.0])
    _, fastest = escape_direction(eigenvalues, teacher)
    starts = 1e-9 * np.random.default_rng(2).standard_normal((20_000, 3))
    positive, forward = starts @ (eigenvalues * teacher) > 0, starts @ fastest > 0
    expected = float(sign_agreement(Given(eigenvalues.tolist(), teacher.tolist())))
    assert 0.6 < expected < 0.95
    assert abs(np.mean(positive == forward) - expected) < 4 * math.sqrt(expected * (1 - expected) / 20_000)
    for start in starts[positive != forward][:8]:
        limit = solve(Problem(eigenvalues, teacher, start), until=100.0).limit.name
        assert limit == ("+teacher" if fastest @ start > 0 else "-teacher")
