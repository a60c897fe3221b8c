"""The laws of phase II against the solver: corrections, shifts of time, finite d, drawn teachers, a ≤ 1."""

import math

import numpy as np
import pytest

from derivations.convergence.measured.corrections import FIELDS, TIMES, Case, case
from numerics import Problem, extrapolate_power_law, power_law, solve
from theory.asymptotics import PowerLaw, expansion, leading_deficits, slow_limit


@pytest.fixture(scope="module")
def plain():
    return case(2.5)


def test_remainders_decay_at_the_predicted_powers(plain):
    """t^-2gamma after one term, t^-gamma-1 after the universal ones, t^-gamma-2 after all."""
    gamma = 0.6
    times = np.geomspace(1e3, 1e7, 13)
    for quantity in FIELDS:
        for terms, power in ((0, gamma), (1, 2 * gamma), (2, gamma + 1)):
            fit = extrapolate_power_law(times, plain.remainder(quantity, times, terms))
            assert fit.exponent == pytest.approx(-power, abs=1e-4)
        late = np.geomspace(100.0, 1e4, 9)
        fit = extrapolate_power_law(late, plain.remainder(quantity, late, None))
        assert fit.exponent == pytest.approx(-gamma - 2, abs=0.03)


def test_shift_does_not_depend_on_where_the_integral_ends(plain):
    slope = starting_slope(plain.run.problem)
    shifts = [float(plain.law.shift(slope, plain.run.lost_time(t), t)) for t in (1e4, 1e6)]
    assert shifts == pytest.approx([plain.shift] * 2, rel=1e-5)


def test_start_enters_through_the_shift_alone():
    """Two starts, one of them not small in the tail's order: once shifted they agree to the next order."""
    law = expansion(PowerLaw(2.5, "inf"))
    small = power_law(2.5, math.inf, init="escape:1e-2", horizon=1e9)
    rows = small.eigenvalues, small.teacher
    start = 0.6 * small.eigenvalues / small.eigenvalues.max() * small.teacher
    runs = [solve(Problem(*rows, init, dimension=math.inf, horizon=1e9), 1e8) for init in (small.init, start)]
    shifts = [float(law.shift(starting_slope(run.problem), run.lost_time(1e8), 1e8)) for run in runs]
    assert abs(shifts[0] - shifts[1]) > 0.3
    t = 1e4
    raw = [run.at([t]).one_minus_u[0] for run in runs]
    shifted = [run.at([t - shift]).one_minus_u[0] for run, shift in zip(runs, shifts, strict=True)]
    assert abs(raw[0] / raw[1] - 1) > 1e-5
    assert abs(shifted[0] / shifted[1] - 1) < 1e-7


def starting_slope(problem):
    """w_i(0)/(8 lambda_i w*_i) far in the tail."""
    tail = problem.eigenvalues.argmin()
    return float(problem.init[tail] / (8 * problem.eigenvalues[tail] * problem.teacher[tail]))


@pytest.mark.parametrize(("exponent", "source"), [(2.0, 0.0), (2.0, 0.5), (1.5, 0.0)])
def test_logarithms_of_the_solver(exponent, source):
    """At resonance the remainder times t^(gamma+1) grows by the coefficient per e-fold of time."""
    item = case(exponent, source)
    assert isinstance(item, Case)
    gamma, terms = float(item.law.gamma), len(item.law.universal)
    times = np.array([1e6, 1e7])
    for quantity in FIELDS:
        scaled = item.remainder(quantity, times, terms) * times ** (gamma + 1)
        growth = (scaled[1] - scaled[0]) / np.log(10)
        next_order = times**-gamma * np.log(times)
        assert growth == pytest.approx(float(item.law.logarithm[quantity]), rel=next_order[0] + 1e-4)
        left = item.remainder(quantity, times, None) * times ** (gamma + 1)
        assert np.all(np.abs(left) < next_order * np.abs(scaled))


def test_given_arrays_follow_their_sums():
    """No power law at all: a log-uniform spectrum with random components."""
    rng = np.random.default_rng(2)
    eigenvalues = np.sort(10.0 ** -rng.uniform(0, 9, 3000))[::-1]
    teacher = rng.normal(size=3000) * eigenvalues**-0.2
    teacher /= np.sqrt(eigenvalues @ teacher**2)
    masses = eigenvalues * teacher**2
    run = solve(Problem(eigenvalues, teacher, 0.1 * eigenvalues * teacher), 1e7)
    for t in (1e4, 1e5, 1e6):
        left = [float(masses @ np.exp(-8 * eigenvalues * k * t)) for k in (1, 2)]
        late = run.at([t])
        expected = leading_deficits(*left)
        for value, predicted in zip((late.one_minus_u, late.one_minus_s, late.loss), expected, strict=True):
            assert value[0] == pytest.approx(float(predicted), rel=3 * left[0] + 1 / t)


def test_sphere_start_beyond_a_steep_teacher():
    """B = 1 on the sphere: the start is what is left to learn; 1 - u follows it, 1 - s does not."""
    problem = power_law(1.5, 20000, "source:1", "sphere", seed=3)
    run = solve(problem, 1e6)
    eigenvalues, teacher = problem.eigenvalues, problem.teacher
    left = teacher - run.limit.sign * problem.init
    for t in (1e4, 1e5, 1e6):
        decay = eigenvalues * np.exp(-8 * eigenvalues * t)
        expected = leading_deficits(
            decay @ (teacher * left), (decay * np.exp(-8 * eigenvalues * t)) @ left**2
        )
        late = run.at([t])
        assert late.one_minus_u[0] == pytest.approx(float(expected.overlap), rel=10 / t + 1e-5)
        assert late.one_minus_s[0] == pytest.approx(float(expected.energy), rel=3e-3)
        assert late.loss[0] == pytest.approx(float(expected.loss), rel=10 / t + 1e-5)
        assert late.one_minus_u[0] > 2 * late.one_minus_s[0]


def test_slow_limit_all_the_way():
    """a = 1: 1 - u and 1 - s against f from 0.9 to 0.1 differ by order 1/log d."""
    errors = []
    for dimension in (1e15, 1e40):
        log = math.log(dimension) + np.euler_gamma
        times = dimension * log / 8 * np.exp(-np.euler_gamma - log * np.array([0.9, 0.5, 0.1]))
        late = solve(power_law(1.0, dimension, init="escape:1e-2"), times.max()).at(times)
        limits = [slow_limit(f) for f in (0.9, 0.5, 0.1)]
        wrong = [late.one_minus_u - [float(x.overlap) for x in limits]]
        wrong.append(late.one_minus_s - [float(x.energy) for x in limits])
        errors.append(np.abs(wrong).max() * log)
    assert errors[1] == pytest.approx(errors[0], rel=0.5)
    assert errors[1] < 3


def test_shallow_statistics_scale_with_the_dimension():
    """1/2 < a < 1: u is a function of t/d, up to a power of d."""
    curves = []
    for dimension in (1e9, 1e12, 1e15):
        times = dimension * np.array([0.1, 0.3, 1.0])
        curves.append(solve(power_law(0.75, dimension, init="escape:1e-2"), times.max()).at(times).u)
    first, second = np.abs(np.diff(curves, axis=0)).max(axis=1)
    assert second < first / 4 < 0.01


@pytest.mark.parametrize(
    ("exponent", "source"),
    [
        (4.0, 1.0),
        *(pytest.param(*item, marks=pytest.mark.slow) for item in [(1.2, 1.0), (2.5, 0.0), (4.0, 0.3)]),
    ],
)
def test_remainders_with_a_bend_are_extrapolated_as_smooth_curves(exponent, source):
    item = case(exponent, source)
    for quantity in FIELDS:
        left = item.remainder(quantity, TIMES, len(item.law.universal))
        found = extrapolate_power_law(TIMES, left)
        assert found.exponent == pytest.approx(-float(item.law.gamma) - 1.0, abs=5e-5)
        assert found.exponent_error < 3e-5
