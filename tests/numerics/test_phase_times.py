"""T1, T1' and T2 against dense evaluation of the same run, and in the cases where they do not exist."""

import math
from functools import cache

import numpy as np
import pytest

from numerics import Problem, power_law, solve


def dense_phases(run, delta, epsilon, count=100_000):
    """The same times from a fine grid, geometric in t."""
    energy, until = run.problem.teacher_energy, run.until
    times = np.concatenate([[0.0], np.geomspace(1e-9 * until, until, count)])
    found = run.at(times)
    begun = np.flatnonzero(np.abs(found.u) >= delta * energy)
    above = found.s > energy / 3
    rises = np.flatnonzero(~above[:-1] & above[1:])
    out = np.flatnonzero(np.maximum(np.abs(found.one_minus_u), np.abs(found.one_minus_s)) > epsilon)
    t1 = times[begun[0]] if begun.size else math.nan
    prime = times[rises[-1] + 1] if rises.size else (0.0 if above.all() else math.nan)
    last = -1 if not out.size else out[-1]
    t2 = math.nan if last == count else times[last + 1]
    return t1, prime, t2


CASES = {
    "paper": (power_law(2, 1000, "gaussian", seed=1), 1e5),
    "flat": (power_law(1.5, math.inf, init="escape:1e-5"), 1e6),
    "long start": (Problem([1, 0.5, 0.1], [1, -1, 0.5], [10, 8, -3]), 300.0),
    "change of sign": (Problem([1, 0.25], [1, 2], [-0.25, 0.625]), 8.0),
    "overshoot": (Problem([1, 0.125], [0.5, 0.5], [0.25, -0.5]), 256.0),
    "short run": (power_law(2, 1000, "gaussian", seed=1), 1e-2),
}


@cache
def solved(name):
    return solve(*CASES[name])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("delta", "epsilon"), [(0.1, 0.05), (0.01, 0.5), (0.5, 1e-3), (0.1, 0.99)])
def test_against_dense_evaluation(name, delta, epsilon):
    run = solved(name)
    found, expected = run.phases(delta, epsilon), dense_phases(run, delta, epsilon)
    for key, x, y in zip(found._fields, found, expected, strict=True):
        assert x == pytest.approx(y, rel=5e-4, abs=2e-9 * run.until, nan_ok=True), key


def test_cases_are_not_all_trivial():
    values = np.array([solved(name).phases() for name in CASES])
    assert (values > 0).sum(axis=0).min() >= 3
    assert np.isnan(values[-1]).all()
    assert 0.0 in values[list(CASES).index("long start")]


@pytest.mark.parametrize("name", ["paper", "flat", "overshoot"])
def test_values_at_the_times(name):
    """To the solver's accuracy: what is crossed there is the threshold itself."""
    run = solved(name)
    energy = run.problem.teacher_energy
    t1, t1_prime, t2 = run.phases(0.2, 1e-2)
    there = run.at([t1, t1_prime, t2])
    if t1:
        assert abs(there.u[0]) == pytest.approx(0.2 * energy, rel=1e-9)
    if t1_prime:
        assert there.s[1] == pytest.approx(energy / 3, rel=1e-9)
    edge = max(abs(there.one_minus_u[2]), abs(there.one_minus_s[2]))
    assert edge == pytest.approx(1e-2, rel=1e-8)
    assert t1 <= t1_prime <= t2
    assert t2 > 0


def test_start_beyond_the_thresholds():
    start = solve(Problem([1.0], [1.0], [0.9]), 10.0).phases()
    assert start.t1 == 0.0
    assert start.t1_prime == 0.0
    assert start.t2 > 0
    assert solve(Problem([1.0], [1.0], [0.99]), 10.0).phases() == (0.0, 0.0, 0.0)


def test_start_on_the_thresholds():
    """s(0) = s*/3 up to rounding counts as above: the run rises from there."""
    for energy in (1.0, 3.0, 0.7):
        run = solve(Problem([energy], [1.0], [np.sqrt(1 / 3)]), 10.0 / energy**2)
        assert run.phases().t1_prime == pytest.approx(0.0, abs=1e-13)
    run = solve(Problem([1.0], [1.0], [0.1]), 10.0)
    assert run.phases(delta=0.1).t1 == pytest.approx(0.0, abs=1e-13)


def test_one_mode_in_closed_form():
    """s = 1/(1 + (1/s_0 − 1) e^{−24t}): 1 − s = ε and |u| = √s = δ at times that are logarithms."""
    run = solve(Problem([1.0], [1.0], [1e-3]), 10.0)
    head = 1e6 - 1

    def when(s):
        return math.log(head / (1 / s - 1)) / 24

    found = run.phases(0.1, 0.05)
    assert found.t1 == pytest.approx(when(0.01), rel=1e-12)
    assert found.t1_prime == pytest.approx(when(1 / 3), rel=1e-12)
    assert found.t2 == pytest.approx(when(0.95), rel=1e-12)


def test_runs_without_phases():
    saddle = solve(Problem([1, 0.5], [1, 0], [0, 0.25]), 8.0).phases()
    assert all(map(math.isnan, saddle))
    falling = solve(Problem([1, 0.5], [1, 0], [0, 4.0]), 50.0).phases()
    assert all(map(math.isnan, falling))
    rest = solve(Problem([1, 0], [1, 1], [0, 0.5]), 8.0).phases()
    assert all(map(math.isnan, rest))


def test_end_of_the_run_decides():
    """T2 is nan while the band is not reached, though the run goes on inside to settle the limit."""
    problem = power_law(2, 1000, "gaussian", seed=1)
    t2 = solve(problem, 1e5).phases().t2
    assert math.isnan(solve(problem, 0.9 * t2).phases().t2)
    assert solve(problem, 1.1 * t2).phases().t2 == pytest.approx(t2, rel=1e-10)


@pytest.mark.parametrize("name", ["delta", "epsilon"])
@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, math.nan])
def test_bad_thresholds(name, value):
    run = solved("change of sign")
    with pytest.raises(ValueError, match=f"{name} is .*: it must lie strictly between 0 and 1"):
        run.phases(**{name: value})
