"""The laws of the flow, verified on solutions: they pass what is right and catch what is not."""

from dataclasses import replace
from inspect import unwrap

import numpy as np
import pytest
from oracles.cases import CASES

from numerics import Limit, Problem, load_module, solve
from numerics.solver.check import BrokenLaw, _check_one_eigenvalue, check_trajectory
from theory.symbolic.codegen import generate_module
from theory.symbolic.models import quadratic_network

RATES, TEACHER, START = [1.0, 0.5, 0.25], [1.0, -1.0, 0.5], [0.3, 0.2, -0.4]


@pytest.fixture(scope="module")
def run():
    return solve(Problem(RATES, TEACHER, START), 20.0)


def tampered(run, step, change):
    """``run`` with the statistics (n, s + 1) of one step changed."""
    segments = list(run.segments)
    segments[step] = replace(segments[step], statistics=change(segments[step].statistics.copy()))
    return replace(run, segments=segments)


def test_every_solve_of_the_tests_is_checked():
    assert unwrap(solve).__kwdefaults__["check"]


def test_the_check_changes_nothing(run):
    plain = solve(Problem(RATES, TEACHER, START), 20.0, check=False)
    times = np.geomspace(1e-3, 20.0, 30)
    for first, second in zip(run.at(times), plain.at(times), strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("size", [1e-9, -1e-9])
def test_statistics_that_are_not_those_of_the_modes(run, size):
    with pytest.raises(BrokenLaw, match="the statistics are not those of the modes at t = 0:"):
        check_trajectory(tampered(run, 0, lambda x: x * (1 + size)))


def test_students_that_are_not_those_of_the_end(run):
    with pytest.raises(BrokenLaw, match="the statistics are not those of the modes"):
        check_trajectory(run, run.problem.students)


@pytest.mark.parametrize("step", [1, -1])
def test_a_rise_of_the_loss(run, step):
    """Of 1e-7, from one point of a step to the next; in the teacher's chart the loss itself may be 1e-60."""

    def lifted(x):
        x[:, 5] = x[:, 4] + 1e-7 * (x[:, 4] - x[:, 6])
        return x

    assert run.segments[-1].chart is not run.segments[1].chart
    with pytest.raises(BrokenLaw, match="the loss rises at t = "):
        check_trajectory(tampered(run, step, lifted))


def test_overlaps_of_no_vectors():
    """u² > s s*: one mode, where they are equal, and u made larger by 1e-8."""

    def stretched(x):
        x[1, 1:] *= 1 + 1e-8 * np.arange(1, x.shape[1])
        return x

    run = solve(Problem([1.0], [1.0], [0.1]), 0.1)
    with pytest.raises(BrokenLaw, match="the overlaps are not those of any vectors at t = "):
        check_trajectory(tampered(run, 0, stretched))


def test_the_wrong_side(run):
    other = {"+teacher": "-teacher", "-teacher": "+teacher"}[run.limit.name]
    with pytest.raises(BrokenLaw, match="u ends on the wrong side at t = "):
        check_trajectory(replace(run, limit=Limit(other, "")))


def test_networks():
    rng, rates = np.random.default_rng(1), np.arange(1.0, 9.0) ** -1.5
    teacher, start = rng.standard_normal((2, 8)), 0.3 * rng.standard_normal((3, 8))
    run = solve(Problem(rates, teacher, start), 2.0, load_module(generate_module(quadratic_network(3, 2))))

    def correlated(x):
        x[1, 3:] = 1.001 * np.sqrt(x[0, 3:] * x[3, 3:])  # S_12 beside S_11 and S_22
        return x

    check_trajectory(run)
    with pytest.raises(BrokenLaw, match="the overlaps are not those of any vectors"):
        check_trajectory(tampered(run, 2, correlated))
    with pytest.raises(BrokenLaw, match="not those of the modes"):
        check_trajectory(run, run.problem.students)


def test_one_eigenvalue_keeps_u_and_s_below_the_teachers_energy():
    """Lemma 11 with all energy in one eigenspace; a run that were to leave the interval is caught."""
    run = solve(Problem([0.5, 0.5], [1.0, 1.0], [0.3, -0.1]), 2.0)
    assert run.segments[1].chart.centred

    def outside(x):
        x[0, 4] = 1.0 + 1e-6
        return x

    with pytest.raises(BrokenLaw, match=r"leaves the interval|the loss rises"):
        check_trajectory(tampered(run, 1, outside))


def test_lemma_11_fails_for_other_spectra():
    """0 < u < s* and s < s* at the start; yet u changes sign in one run and s exceeds s* in the other."""
    case = next(case for case in CASES if case.name == "change of sign")
    crossing = solve(Problem(case.eigenvalues, case.teacher, case.init), case.horizon)
    start, end = crossing.at([0.0, case.horizon]).u
    assert 0 < start < crossing.problem.teacher_energy
    assert end < 0
    # With z = Q^{1/2} w: ṡ ∝ u u^(2) − s* s^(2) > 0 at s = s* if z leans further than z* to the slow mode.
    rates, lean, target = np.array([1.0, 0.05]), 1.4, 0.8
    teacher = np.array([np.cos(target), np.sin(target)]) / np.sqrt(rates)
    init = 0.999 * np.array([np.cos(lean), np.sin(lean)]) / np.sqrt(rates)
    found = solve(Problem(rates, teacher, init), 50.0).at(np.linspace(0.0, 50.0, 200))
    assert 0 < found.u[0] < 1
    assert found.s[0] < 1 < found.s.max()


def test_one_eigenvalue_with_energy_among_others():
    """Lemma 11 again, with modes of other eigenvalues that neither vector has a component in."""
    run = solve(Problem([0.5, 0.25, 0.1], [1.0, 0.0, 0.0], [0.3, 0.0, 0.0]), 2.0)

    def outside(x):
        x[0, 4] = run.problem.teacher_energy * (1.0 + 1e-6)
        return x

    _check_one_eigenvalue(run, 1e-9)
    with pytest.raises(BrokenLaw, match="leaves the interval"):
        _check_one_eigenvalue(tampered(run, 0, outside), 1e-9)
