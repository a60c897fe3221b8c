"""The laws of normalised students, measured from the solver."""

import numpy as np
import pytest
import sympy
from scipy.optimize import brentq
from scipy.special import erfinv

from numerics import Problem, network, power_law, solve
from theory.laws import B, a, d, laws, names, t
from theory.symbolic import normalised, parse_link, single_index

HALF, MEDIAN = 0.5, np.sqrt(2) * erfinv(0.5)


def law(link, name, dimension=sympy.oo):
    return laws(normalised(single_index(parse_link(link))), dimension=dimension)[name]


def time_to_half(problem, first, link="He3(z)"):
    """The time at which the correlation is 1/2, later than ``first``."""
    until, model = first, network(link, normalised=True)

    def excess(run, time):
        overlaps = run.overlaps(time)
        return float(overlaps.U[0, 0]) / np.sqrt(float(overlaps.S[0, 0]) * problem.teacher_energy) - HALF

    while excess(run := solve(problem, until, model), until) < 0:
        until *= 1.6
    return brentq(lambda time: excess(run, time), 0.0, until, xtol=1e-9 * until)


def start(exponent, dimension, seed=0):
    """A flat teacher and a start on the unit sphere with the median of the overlaps, (Σ λ²)^{1/2} q."""
    rng = np.random.default_rng(seed)
    lam = np.arange(1.0, dimension + 1) ** -exponent
    lam /= lam.sum()
    star, first = np.ones(dimension), rng.normal(size=dimension)
    first *= np.sqrt(dimension / (first @ first))
    share = (MEDIAN * np.sqrt(lam @ lam) - lam @ first) / (lam @ lam)
    first += share * lam
    return Problem(lam, star, first / np.linalg.norm(first))


@pytest.mark.parametrize(("k", "size"), [(3, 1e4), (3, 1e8), pytest.param(4, 1e4, marks=pytest.mark.slow)])
def test_isotropic_times(k, size):
    """a = 0: one eigenvalue, 1/d, in two directions of d; relatively T is off by m(0)."""
    m = MEDIAN / np.sqrt(size)
    problem = Problem([1 / size] * 2, [np.sqrt(size), 0.0], [m, np.sqrt(1 - m**2)])
    expected = float(law(f"He{k}(z)", "normalised_escape_time").at({a: 0, B: 0, d: size}))
    found = time_to_half(problem, (1 - m) * expected, f"He{k}(z)")
    assert found == pytest.approx(expected, rel=4 * m)


@pytest.mark.parametrize(("exponent", "tolerance"), [(0.25, 0.25), (0.6, 0.35)])
def test_times_with_the_median_overlap(exponent, tolerance):
    """With the sums of d terms; its power laws are reached later, the sum of λ² by d^{−|1 − 2a|}."""
    problem = start(exponent, 3000)
    lam = problem.eigenvalues
    expected = 1 / (36 * MEDIAN * 3000 * (lam @ lam) ** 1.5)
    found = time_to_half(problem, 0.8 * expected)
    assert found == pytest.approx(expected, rel=tolerance)
    regime = law("He3(z)", "normalised_escape_time")
    far = float(regime.at({a: sympy.Rational(str(exponent)), B: 0, d: sympy.Integer(10) ** 60}))
    sums = {0.25: (0.75**2 / 0.5) * 1e-60, 0.6: float(sympy.zeta(1.2)) * 0.4**2 * 1e60**-0.8}[exponent]
    assert far == pytest.approx(1 / (36 * MEDIAN * 1e60 * sums**1.5), rel=1e-9)


def test_above_one_the_information_exponent_costs_nothing():
    """a = 2: d T and m(0) of the same draws hardly change from d = 100 to 2000."""
    rng = np.random.default_rng(4)
    draws, times, overlaps = rng.normal(size=(7, 2000)), {}, {}
    for size in (100, 2000):
        lam = np.arange(1.0, size + 1) ** -2.0
        lam /= lam.sum()
        starts = draws[:, :size] * np.sign(draws[:, :size] @ lam)[:, None]
        starts /= np.linalg.norm(starts, axis=1)[:, None]
        m = starts @ lam / np.sqrt(starts**2 @ lam)
        problems = [Problem(lam, np.ones(size), w) for w, u in zip(starts, m, strict=True) if u < HALF]
        times[size] = size * np.median([time_to_half(problem, 0.05 / size) for problem in problems])
        overlaps[size] = np.median(m)
    assert times[2000] == pytest.approx(times[100], rel=0.25)
    assert overlaps[2000] == pytest.approx(overlaps[100], rel=0.05)
    assert 0.01 < times[100] < 0.1
    assert 0.2 < overlaps[100] < 0.9


@pytest.mark.parametrize(
    ("link", "exponent", "source", "tolerance"),
    [
        ("z**2", "2", "0", 2e-3),
        pytest.param("tanh(z)", "1.5", "0", 6e-3, marks=pytest.mark.slow),
        pytest.param("z**2", "2", "5/4", 2e-2, marks=pytest.mark.slow),
    ],
)
def test_the_loss_at_infinite_dimension(link, exponent, source, tolerance):
    """A teacher without a norm is learnt as 1/t, whatever the exponents; one with a norm as t^{−γ}."""
    numbers = {a: sympy.Rational(exponent), B: sympy.Rational(source)}
    teacher = "flat" if source == "0" else f"source:{float(sympy.Rational(source))}"
    problem = power_law(float(sympy.Rational(exponent)), np.inf, teacher, init="escape:0.5", horizon=1e12)
    run = solve(problem, 1e3, network(link, normalised=True))
    size = {names.start_size: float(problem.init @ problem.init)}
    named = law(link, "normalised_loss")
    expected = [float(named.at(numbers | size | {t: when}).evalf()) for when in (250, 1000)]
    found = run.overlaps([250.0, 1000.0]).loss
    assert found[1] == pytest.approx(expected[1], rel=tolerance)
    assert abs(found[1] / expected[1] - 1) < abs(found[0] / expected[0] - 1)
