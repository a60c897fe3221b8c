"""Closed systems as they run: against the flow where the closure is exact, and against one another."""

import math

import numpy as np
import pytest
import sympy
from oracles.taylor import taylor_flow

from derivations.beyond.closure_table import closure_table
from numerics import Problem, power_law_network, solve, solve_closed, spectral_measure
from theory.symbolic import hierarchy, phase_retrieval, quadratic_network
from theory.symbolic.closures import (
    CharacteristicPolynomial,
    ClosureError,
    DuhamelVolterra,
    GaussQuadrature,
    GeometricExtrapolation,
    Rule,
    Truncation,
    close,
)

PROBLEM = Problem([0.625, 0.25, 0.125], [1, -1, 1], [0.25, 0.125, 0.375])
TOWER = hierarchy(phase_retrieval())
MEASURE = spectral_measure(PROBLEM)
TIMES = [0.0, 0.4, 1.0, 2.0]
Q = sympy.Rational
s, u, t = sympy.symbols("s u t", cls=sympy.Function)
EXACT = {
    "polynomial": CharacteristicPolynomial(MEASURE.eigenvalues),
    "quadrature": GaussQuadrature(MEASURE, blocks=2),
    "integral equations": DuhamelVolterra(),
    "expressions": Rule(order=3, next_order=[x(3) - Q(17, 64) * x(2) + Q(5, 256) * x(1) for x in (s, u)]),
    "function": Rule(order=3, next_order=lambda x: x @ [5 / 256, -17 / 64, 1.0]),
}
"""λ³ = λ² − 17/64 λ + 5/256 for λ = 5/8, 1/4 and 1/8: each of these is an identity."""


@pytest.mark.parametrize("name", EXACT)
def test_exact_closures_give_the_flow(name):
    """Of which the reference is the Taylor series of all modes."""
    until = 0.5 if name == "integral equations" else 2.0  # one window
    run = solve_closed(close(TOWER, EXACT[name]), PROBLEM, until)
    rows = PROBLEM.eigenvalues, PROBLEM.teacher, PROBLEM.init
    times = [time for time in TIMES[1:] if time <= until]
    right = taylor_flow(*rows, times, digits=30)
    found = run.at(times)
    for curve, exact in ((found.s, right["s"]), (found.u, right["u"]), (found.loss, right["loss"])):
        assert np.abs(curve - np.array([float(x) for x in exact])).max() <= max(30.0 * run.error, 1e-11)
    assert run.error < 1e-8
    assert run.ended == run.exact.until == until


def test_a_rule_written_as_a_closure_of_the_library_is_that_closure():
    for own, closure in (
        (Rule(order=4, next_order=[s(4) ** 2 / s(3), u(4) ** 2 / u(3)]), GeometricExtrapolation(order=4)),
        (Rule(order=4, next_order=[0, 0]), Truncation(order=4)),
        (Rule(order=4, next_order=lambda x: 0.0 * x[:, -1]), Truncation(order=4)),
    ):
        mine, theirs = (solve_closed(close(TOWER, some), PROBLEM, 0.5) for some in (own, closure))
        assert np.array_equal(mine.at(TIMES[:2]).u, theirs.at(TIMES[:2]).u)


def test_a_rule_may_know_the_teacher():
    """With w a multiple c of w*, u/t = c in every order, and s = c u."""
    problem = Problem([0.5, 0.25], [1, 1], [0.125, 0.125])
    rule = Rule(order=1, next_order=[s(1) / u(1) * u(1) / t(1) * t(2), u(1) / t(1) * t(2)])
    found = solve_closed(close(TOWER, rule), problem, 0.01).at(0.01)
    assert float(found.u) == pytest.approx(float(solve(problem, 0.01).at(0.01).u), rel=1e-3)


def test_a_closure_that_blows_up_says_when_and_ends_there():
    run = solve_closed(close(TOWER, Truncation(order=4)), PROBLEM, 100.0)
    assert 0.1 < run.ended < 100.0
    found = run.at([0.5 * run.ended, 1.01 * run.ended])
    assert np.isfinite(found.u[0])
    assert math.isnan(found.u[1])
    assert math.isnan(found.loss[1])
    assert "blows up" in repr(run)


def test_networks_close_too():
    problem = power_law_network(1.0, 3, students=2, teachers=2, teacher="gaussian", seed=3)
    tower = hierarchy(quadratic_network(2, 2))
    closed = close(tower, CharacteristicPolynomial(spectral_measure(problem).eigenvalues))
    run = solve_closed(closed, problem, 1.0)
    right = run.exact.overlaps([0.3, 1.0])
    found = run.at([0.3, 1.0])
    assert np.abs(found.S - right.S).max() < 1e-9
    assert np.abs(found.U - right.U).max() < 1e-9
    assert np.abs(found.loss - right.loss).max() < 1e-8


def test_one_call_draws_it_beside_the_exact_flow():
    run = solve_closed(close(TOWER, Truncation(order=6)), PROBLEM, 3.0)
    (axes,) = run.plot().axes
    assert [line.get_label() for line in axes.lines] == ["$|u|$", "$|u|$, closed", "$s$", "$s$, closed"]
    assert np.array_equal(axes.lines[0].get_ydata(), np.abs(run.exact.at(run.times).u))
    assert run.plot(axes) is axes.figure


def test_the_table_takes_closures_and_spectra_of_ones_own():
    rows = closure_table(PROBLEM, [], [0.4, 2.0], {"mine": EXACT["expressions"]})
    assert [row.closure for row in rows] == ["characteristic polynomial", "mine"]
    assert rows[1].order == 3
    assert max(rows[1].errors) < 1e-9


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Rule(order=2, next_order=[s(2)]), "one is needed for each of s"),
        (Rule(order=2, next_order=[s(3), u(2)]), r"s\(3\) is no statistic"),
        (Rule(order=2, next_order=[s(2), sympy.Symbol("a")]), "a is no statistic"),
        (Rule(order=0, next_order=[s(1), u(1)]), "integer of at least 1"),
    ],
)
def test_rules_that_do_not_fit_are_refused(rule, message):
    with pytest.raises(ClosureError, match=message):
        close(TOWER, rule)


def test_what_cannot_run_is_refused():
    with pytest.raises(TypeError, match="must be a closed one"):
        solve_closed(TOWER, PROBLEM, 1.0)
    with pytest.raises(ValueError, match="the system's model 2 and 2"):
        solve_closed(close(hierarchy(quadratic_network(2, 2)), Truncation(order=2)), PROBLEM, 1.0)
    wrong = close(TOWER, Rule(order=2, next_order=lambda x: x))
    with pytest.raises(ValueError, match=r"shape \(2, 2\): it must be \(2,\)"):
        solve_closed(wrong, PROBLEM, 1.0)
    run = solve_closed(close(TOWER, Truncation(order=2)), PROBLEM, 0.1)
    with pytest.raises(ValueError, match="times must be numbers"):
        run.at(1.0)
