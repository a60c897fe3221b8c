"""The flow on independent coordinates against all sign patterns, SciPy, the Gaussian solver, and its laws."""

import itertools
import math

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import gamma, zeta

from numerics import Problem, Samples, empirical_flow, power_law, solve
from numerics.independent import independent_flow
from theory.symbolic import IndependentModel, phase_retrieval, single_index
from theory.symbolic.hierarchy import MODE
from theory.symbolic.inputs import input_cumulants, moments
from theory.symbolic.links import parse_link

CURVES = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered")


def inputs(law, link=None, order=4):
    model = phase_retrieval() if link is None else single_index(parse_link(link))
    return IndependentModel(model, input_cumulants(law, order))


def drawn(dimension, seed, exponent=1.5):
    return power_law(exponent, dimension, "gaussian", seed=seed)


def test_gaussian_inputs_are_those_of_the_solver():
    problem, times = power_law(2, 60, seed=1), np.geomspace(0.1, 1e4, 8)
    run, reference = independent_flow(problem, times, inputs("gaussian")), solve(problem, 1e4).at(times)
    for name in CURVES:
        assert getattr(run, name) == pytest.approx(getattr(reference, name), rel=1e-11), name
    assert run.limit.name == solve(problem, 1e4).limit.name
    assert run.error < 1e-11


def test_signs_are_samples_of_all_patterns():
    """On ±1 the flow is that on all 2^d inputs, as samples; also of a link of degree three."""
    problem = drawn(7, 4)
    patterns = np.sqrt(problem.eigenvalues) * np.array(list(itertools.product([1.0, -1.0], repeat=7)))
    samples = Samples(problem, patterns, (patterns @ problem.teacher) ** 2)
    times = np.array([0.0, 0.5, 3.0, 20.0])
    run, reference = independent_flow(problem, times, inputs("rademacher")), empirical_flow(samples, times)
    assert run.loss == pytest.approx(reference.empirical_loss, rel=1e-6, abs=1e-9)
    for name in ("u", "s", "mse"):
        assert getattr(run, name) == pytest.approx(getattr(reference, name), rel=1e-7), name

    def velocity(_, w):
        z, target = patterns @ w, patterns @ problem.teacher
        return -2 * ((z**3 + z - target**3 - target) * (3 * z**2 + 1)) @ patterns / len(patterns)

    cubic = independent_flow(problem, times[1:], inputs("rademacher", "z**3+z", 6))
    solution = solve_ivp(velocity, (0, 20), problem.init, "LSODA", times[1:], rtol=1e-11, atol=1e-13)
    overlaps = (problem.eigenvalues * problem.teacher) @ solution.y
    assert cubic.u == pytest.approx(overlaps, rel=1e-8)


@pytest.mark.parametrize("kurtosis", [-1.2, 3.0])
def test_against_the_gradient_written_out(kurtosis):
    """E(z² − z*²)² = 3(s² + s*²) − 2ss* − 4u² + κ₄ Σ λ²(w² − w*²)²."""
    problem, times = drawn(12, 3), np.array([0.3, 3.0, 30.0, 300.0])
    values, teacher = problem.eigenvalues, problem.teacher
    energy = values @ teacher**2

    def velocity(_, w):
        s, u = values @ w**2, (values * teacher) @ w
        gaussian = values * ((12 * s - 4 * energy) * w - 8 * u * teacher)
        return -(gaussian + 4 * kurtosis * values**2 * w * (w**2 - teacher**2))

    solution = solve_ivp(velocity, (0, 300), problem.init, "Radau", times, rtol=1e-11, atol=1e-14)
    run = independent_flow(problem, times, inputs(f"cumulants:0,{kurtosis}"))
    w = solution.y
    assert run.u == pytest.approx((values * teacher) @ w, rel=1e-8)
    assert run.s == pytest.approx(values @ w**2, rel=1e-8)
    away = w - run.limit.sign * teacher[:, None]
    assert run.mse[-1] == pytest.approx((away[:, -1] ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize("kurtosis", [-1.2, 3.0])
def test_the_escape_rate(kurtosis):
    """1 = 8 Σ λe²/(ρ − 4λ − 4κ₄λe²), e² = λw*²: not that of Gaussian inputs."""
    problem = power_law(2, 400, init="escape:1e-30")
    counts = problem.directions[1]
    values, squares = problem.eigenvalues, problem.eigenvalues * problem.teacher**2 / counts

    def secular(rate):
        own = 4 * values * (1 + kurtosis * squares)
        return 8 * (counts * values * squares / (rate - own)).sum() - 1

    lowest = 4 * (values * (1 + kurtosis * squares)).max()
    rate = brentq(secular, lowest * (1 + 1e-9), 100)
    run = independent_flow(problem, [50 / rate, 55 / rate], inputs(f"cumulants:0,{kurtosis}"))
    assert rate / 5 * np.log(run.u[1] / run.u[0]) == pytest.approx(rate, rel=1e-6)
    gaussian = brentq(lambda rate: 8 * (counts * values * squares / (rate - 4 * values)).sum() - 1, 3, 100)
    assert abs(rate / gaussian - 1) > 0.2


@pytest.mark.parametrize("kurtosis", [-1.2, 3.0])
def test_the_convergence_law_in_infinite_dimension(kurtosis):
    """The loss keeps its prefactor, 1 − u ~ C₁(8t)^-γ (1 + 3b 2^-γ/2)/(1 + 2b) has b = Σ e²/(1 + κ₄e²)."""
    exponent, power, time = 2.0, 0.5, 1e10
    problem = power_law(exponent, math.inf, init="escape:0.1", horizon=1e12)
    run = independent_flow(problem, [time], inputs(f"cumulants:0,{kurtosis}"))
    first = zeta(exponent) ** (-1 / exponent) * gamma(power) / exponent
    counts, squares = problem.directions[1], problem.eigenvalues * problem.teacher**2 / problem.directions[1]
    share = (counts * squares / (1 + kurtosis * squares)).sum()
    law = first * (8 * time) ** -power * (1 + 1.5 * share * 2**-power) / (1 + 2 * share)
    assert run.loss[0] == pytest.approx(4 * first * (16 * time) ** -power, rel=1e-4)
    assert run.one_minus_u[0] == pytest.approx(law, rel=1e-4)
    assert abs(share - 1) > 0.1


@pytest.mark.parametrize(
    ("law", "moment"),
    [
        ("rademacher", lambda n: 1),
        ("uniform", lambda n: sympy.sqrt(3) ** n / (n + 1)),
        ("laplace", lambda n: sympy.factorial(n) / sympy.sqrt(2) ** n),
    ],
)
def test_moments_of_the_laws(law, moment):
    assert moments(input_cumulants(law, 10)) == [0 if n % 2 else moment(n) for n in range(11)]


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ("rademaher", "nearest are rademacher"),
        ("cumulants:0,-2.5", "no law has"),
        ("cumulants:3,1", "no law has"),
        ("cumulants:x", "finite numbers"),
    ],
)
def test_bad_laws(law, message):
    with pytest.raises(ValueError, match=message):
        input_cumulants(law, 4)


@pytest.mark.parametrize(
    ("problem", "times", "message"),
    [
        (drawn(5, 1), [1.0, 0.5], "ascending"),
        (Problem([1.0, 0.5], [1, 1], [[1, 0], [0, 1]]), [1.0], "one student"),
    ],
)
def test_bad_requests(problem, times, message):
    with pytest.raises(ValueError, match=message):
        independent_flow(problem, times, inputs("laplace"))


def test_cumulants_that_differ_between_coordinates():
    """Signs, and coordinates ±√3 with probability 1/6 each, whose κ₄ is 0: all patterns, weighted."""
    problem, own = drawn(5, 2), np.array([-2.0, 0.0, -2.0, 0.0, -2.0])
    laws = [([1.0, -1.0], [0.5, 0.5]), (np.sqrt(3) * np.array([1, 0, -1]), [1 / 6, 2 / 3, 1 / 6])]
    drawn_laws = [laws[int(kurtosis == 0)] for kurtosis in own]
    patterns = np.sqrt(problem.eigenvalues) * np.array(
        list(itertools.product(*(law[0] for law in drawn_laws)))
    )
    weights = np.prod(np.array(list(itertools.product(*(law[1] for law in drawn_laws)))), axis=1)

    def velocity(_, w):
        z, target = patterns @ w, patterns @ problem.teacher
        return -4 * (weights * (z**2 - target**2) * z) @ patterns

    times = [1.0, 10.0]
    solution = solve_ivp(velocity, (0, 10), problem.init, "LSODA", times, rtol=1e-11, atol=1e-13)
    kurtosis = sympy.IndexedBase("kappa4")[MODE]
    model = IndependentModel(phase_retrieval(), (0, kurtosis))
    run = independent_flow(problem, times, model, cumulants={"kappa4": own})
    assert run.u == pytest.approx((problem.eigenvalues * problem.teacher) @ solution.y, rel=1e-8)
    with pytest.raises(ValueError, match="those of the inputs"):
        independent_flow(problem, times, model)
    with pytest.raises(ValueError, match="5 finite numbers"):
        independent_flow(problem, times, model, cumulants={"kappa4": own[:3]})
