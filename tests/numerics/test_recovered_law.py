"""The true flow's plateau and tail, solved, against the constants of theory.asymptotics.tail.recovery."""

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from mpmath import mp

from derivations.tail.frozen import freeze
from numerics import extrapolate_power_law, power_law, solve
from numerics.problems.power_law import gaussian_teacher
from theory.asymptotics import (
    Given,
    PowerLaw,
    energy_prefactor,
    frozen_error,
    overlap_prefactor,
    plateau_drop_exponent,
    plateau_drop_prefactor,
    plateau_end,
    plateau_height,
    recovered_coefficients,
    recovered_constant,
    recovered_correction,
    recovered_exponent,
    recovered_fluctuation,
    recovered_prefactor,
    summary_exponent,
    tail_fraction,
    tail_learnt,
)

LAWS = [("3", "0"), ("1.5", "0.1"), ("2", "0.75")]
MORE = [
    *((a, "0") for a in ("1.2", "1.5", "2", "2.5", "4")),
    *((a, b) for a in ("1.2", "2", "2.5", "3", "4") for b in ("0.1", "0.75")),
    ("1.5", "0.75"),
]
SERIES = [("1.2", "1/6", 5), ("1.3", "3/13", 4), ("2.5", "3/5", 1)]
HORIZON = 1e24
EXPONENT_ERROR, PREFACTOR_ERROR = 1e-6, 1e-5


@cache
def flow(exponent, source):
    """Law, problem and run at d = ∞; the cases are few, so that all tests share them."""
    teacher = f"source:{source}"
    problem = power_law(float(exponent), math.inf, teacher, "escape:1e-2", horizon=HORIZON)
    return PowerLaw(exponent, "inf", teacher), problem, solve(problem, HORIZON)


@pytest.mark.parametrize(
    ("exponent", "source"), [*LAWS, *(pytest.param(*law, marks=pytest.mark.slow) for law in MORE)]
)
def test_exponent_and_prefactor_are_measured(exponent, source):
    """By extrapolation that assumes neither; for γ > 1 of what is not yet recovered, above its noise."""
    law, _, run = flow(exponent, source)
    power, prefactor = float(recovered_exponent(law)), float(recovered_prefactor(law))
    if power > 0:
        times = np.geomspace(1e8, 1e24, 17)
        values = run.at(times).recovered
    else:
        times = np.geomspace(1e3, 1e11, 17)
        values = run.at(times).recovered - float(recovered_constant(law))
    fit = extrapolate_power_law(times, values)
    assert abs(fit.exponent - power) <= EXPONENT_ERROR
    assert abs(fit.prefactor / prefactor - 1) <= PREFACTOR_ERROR


@pytest.mark.parametrize(("exponent", "source"), [("3", "0"), ("2", "0.75")])
def test_residual_is_the_shift_of_time(exponent, source):
    """What law, feedback and constant leave is −C p t_0 t^{p−1}, t_0 of 1 − u and of the start."""
    law, problem, run = flow(exponent, source)
    gamma, power = float(summary_exponent(law)), float(recovered_exponent(law))
    prefactor, constant = float(recovered_prefactor(law)), float(recovered_constant(law))
    feedback = float(recovered_correction(law))
    times = np.array([1e3, 1e4, 1e5]) * (10 if gamma < 1 else 1)
    residual = run.at(times).recovered - constant - prefactor * times**power * (1 + feedback * times**-gamma)
    slopes = np.diff(np.log(np.abs(residual))) / np.log(10)
    assert np.abs(slopes - (power - 1)).max() < 0.02
    shift = _finite_part(run, float(overlap_prefactor(law)), gamma, times[-1])
    head = problem.init / (8 * problem.eigenvalues * problem.teacher)
    shift -= head[problem.eigenvalues.argmin()]
    assert abs(-residual[-1] / (prefactor * power * times[-1] ** (power - 1)) / shift - 1) < 1e-3


@pytest.mark.parametrize(
    ("exponent", "gamma", "count"),
    [("1.5", "1/3", 2), *(pytest.param(*case, marks=pytest.mark.slow) for case in SERIES)],
)
def test_each_correction_leaves_the_next_power(exponent, gamma, count):
    """After r_1 … r_k the relative residual falls as t^{−(k+1)γ}, after all as 1/t, but for a logarithm."""
    law, _, run = flow(exponent, "0")
    rate, power = float(summary_exponent(law)), float(recovered_exponent(law))
    coefficients = recovered_coefficients(gamma, count)
    times = np.geomspace(1e8, 1e12, 3)
    small = 1.5 * float(energy_prefactor(law)) * times**-rate
    law_there = float(recovered_prefactor(law)) * times**power
    residual = (run.at(times).recovered - float(recovered_constant(law))) / law_there - 1
    for order, coefficient in enumerate([*coefficients, None], start=1):
        slopes = np.diff(np.log(np.abs(residual))) / np.diff(np.log(times))
        assert np.abs(slopes + min(order * rate, 1.0)).max() < 0.06
        if coefficient is not None:
            leading = float(coefficient) * small**order
            assert abs(residual[-1] / leading[-1] - 1) < 0.2
            residual = residual - leading


@pytest.mark.parametrize(
    ("exponent", "source", "gamma"), [("1.5", "0", "1/3"), ("1.2", "0.1", "1/3"), ("3", "0", "2/3")]
)
def test_first_coefficient_has_its_closed_form(exponent, source, gamma):
    law = PowerLaw(exponent, "inf", f"source:{source}")
    with mp.workdps(40):
        series = recovered_coefficients(gamma, 1, 30)[0] * energy_prefactor(law, 30).value * 3 / 2
        assert abs(series / recovered_correction(law, 30).value - 1) < mp.mpf(10) ** -30


@pytest.mark.parametrize(("gamma", "count"), [("1/2", 2), ("2/3", 0), ("0", 1), ("1.5", 1)])
def test_series_ends_where_the_start_enters(gamma, count):
    with pytest.raises(ValueError, match=r"universal|must be (a )?positive"):
        recovered_coefficients(gamma, count)


def _finite_part(run, prefactor, gamma, end):
    """∫(1 − u) to ``end`` less the power that diverges there, or plus the rest that converges."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    edges = [*(segment.start for segment in run.segments if segment.start < end), end]
    total = sum(
        (b - a) / 2 * (weights @ run.at(a + (b - a) * (nodes + 1) / 2).one_minus_u)
        for a, b in pairwise(edges)
    )
    return total - prefactor * end ** (1 - gamma) / (1 - gamma)


@pytest.mark.parametrize("exponent", ["2", "3"])
def test_frozen_approximation_errs_by_its_constant(exponent):
    law, problem, run = flow(exponent, "0")
    times = np.geomspace(1e6, 1e14, 9)
    true, frozen = run.at(times), freeze(problem, 0.9, times)
    ratio = (frozen.recovered / true.recovered - 1) / true.one_minus_u
    assert abs(ratio[-1] - float(frozen_error(law))) < 3e-5
    # the same near the end of an extrapolation: the constant is the limit, not a crossing
    errors = np.abs(ratio - float(frozen_error(law)))
    assert errors[0] > 5 * errors[4]


def test_frozen_approximation_starts_on_the_flow():
    """Its start, from a different integrator, is where the solver has u = 0.9 and the same MSE."""
    problem = power_law(1.5, 300, "gaussian", "sphere", seed=1)
    run = solve(problem, 1e3)
    frozen = freeze(problem, 0.9, np.array([60.0]))
    state = run.at([frozen.start])
    assert abs(1 - state.one_minus_u[0] - 0.9) < 1e-9
    at_start = freeze(problem, 0.9, np.array([frozen.start]))
    assert abs(at_start.mse[0] / state.mse[0] - 1) < 1e-9
    assert abs(at_start.recovered[0] / state.recovered[0] - 1) < 1e-9


@pytest.mark.parametrize("overlap", [0.0, 1.0, -0.5])
def test_frozen_approximation_refuses(overlap):
    with pytest.raises(ValueError, match="overlap is"):
        freeze(power_law(2, 5), overlap, np.array([1.0]))
    with pytest.raises(ValueError, match="from T2"):
        freeze(power_law(2, 5), 0.9, np.array([0.0]))


@pytest.mark.parametrize("exponent", ["2", "3"])
def test_drop_at_the_end_of_phase_two(exponent):
    """d (σ*² − MSE(T2)) ε^q → D, where P4 bounds it by (ε^{−a} d²)^{1/3} and more."""
    law, _, run = flow(exponent, "0")
    power, prefactor = float(plateau_drop_exponent(law)), float(plateau_drop_prefactor(law))
    ratios = []
    for epsilon in (1e-3, 1e-4, 1e-5):
        drop = run.at([run.phases(epsilon=epsilon).t2]).recovered[0]
        ratios.append(drop * epsilon**power / prefactor)
    errors = np.abs(np.array(ratios) - 1)
    assert errors[2] < 1e-2
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_crossover_of_the_true_flow():
    """At d = 1e6 the MSE follows S_d through the plateau's end, up to the feedback of order d^{1−a}."""
    exponent, dimension = 2, 10**6
    law = PowerLaw(exponent, dimension)
    end = float(plateau_end(law))
    times = end * np.array([0.01, 0.1, 1.0, 10.0])
    run = solve(power_law(exponent, dimension, init="escape:1e-2"), 20 * end)
    benchmark = np.array([float(tail_fraction(exponent, dimension, str(t))) for t in times])
    mse = run.at(times).mse
    assert abs(mse[2] - 0.5) < 1e-4
    assert np.abs(mse / benchmark - 1).max() < 1e-4
    assert float(plateau_height(law)) == 1.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_start_on_the_sphere_moves_the_plateau_by_its_unlearnt_part(seed):
    """recovered = law + Σ (2 w_i(0) w*_i − w_i(0)²) e^{−16 λ_i t}; at t = 0 the MSE is to the nearer sign."""
    exponent, dimension, time = 3, 5000, 1e6
    law = PowerLaw(exponent, dimension)
    problem = power_law(exponent, dimension, "flat", "sphere", seed)
    run = solve(problem, 2 * time)
    moved = (2 * run.limit.sign * problem.teacher - problem.init) * problem.init
    start, late = run.at([0.0, time]).mse * dimension
    nearer = 2 * abs(problem.teacher @ problem.init) - 1
    assert abs(dimension * float(plateau_height(law)) - nearer - start) < 1e-8
    learnt = float(tail_learnt(exponent, dimension, str(time)))
    learnt *= 1 + float(recovered_correction(law)) * time ** -float(summary_exponent(law))
    left = np.exp(-16 * problem.eigenvalues * time) @ moved
    assert abs(left) > 0.1
    assert abs(dimension - learnt - left - late) < 5e-3


def test_recovery_fluctuates_over_teachers_as_predicted():
    """Mean and spread over Gaussian teachers: the sums' law, draws of the sum, and flows."""
    exponent, dimension, time, samples = 2, 1000, 30.0, 2000
    law = PowerLaw(exponent, dimension)
    weights = -np.expm1(-16 * time * np.arange(1.0, dimension + 1) ** -exponent / float(law.trace_sum()))
    mean = float(tail_learnt(exponent, dimension, str(time)))
    twice = float(tail_learnt(exponent, dimension, str(2 * time)))
    deviation = math.sqrt(2 * (2 * mean - twice))
    assert abs(math.sqrt(2 * np.sum(weights**2)) / deviation - 1) < 1e-12
    predicted = float(recovered_fluctuation(law)) * time ** (-1 / (2 * exponent))
    assert abs(deviation / mean / predicted - 1) < 0.04
    draws = np.random.default_rng(0).standard_normal((samples, dimension)) ** 2 @ weights
    assert abs(draws.mean() / mean - 1) < 4 * deviation / mean / math.sqrt(samples)
    assert abs(draws.std() / deviation - 1) < 4 / math.sqrt(2 * samples)
    standardised = []
    for seed in range(8):
        problem = power_law(exponent, dimension, "gaussian", "sphere", seed)
        energy = problem.eigenvalues @ gaussian_teacher(dimension, seed) ** 2
        recovered = solve(problem, 2 * time).at([time]).recovered[0] * energy
        standardised.append((recovered - mean) / deviation)
    assert abs(np.mean(standardised)) < 4 / math.sqrt(8)
    assert 0.3 < np.std(standardised) < 2.0


def test_plateau_of_a_listed_teacher():
    """(1/d) Σ w*² over Σ λ w*² by hand: 14/3 over 1/2 + 1 + 9/4, and with λ = 1, 1/2, 1/3 over their sum."""
    assert float(plateau_height(Given(["1/2", "1/4", "1/4"], [1, -2, 3]))) == pytest.approx(14 / 3 / 3.75)
    energy = (1 + 4 / 2 + 9 / 3) / (1 + 1 / 2 + 1 / 3)
    assert float(plateau_height(PowerLaw(1, 3, [1, -2, 3]))) == pytest.approx(14 / 3 / energy)
