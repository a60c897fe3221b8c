"""Every kind of step against the rules of the contract, and the loop that takes steps."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from numerics import Problem, solve
from numerics.generated import phase_retrieval
from numerics.quadrature.collocation import radau
from numerics.solver import loop
from numerics.solver.contract import NoConvergence, Step, Task, take
from numerics.solver.flow import STEPS
from numerics.state import charts
from numerics.state.modes import Modes

CHARTS = {"origin": charts.origin(phase_retrieval), "teacher": charts.teacher(phase_retrieval)}
KINDS = {type(step).__name__: step for step in STEPS}


def task(chart):
    """Six modes near the teacher, where A < 0, over a step that ten nodes resolve."""
    modes = Modes(np.arange(1.0, 7.0) ** -2, np.array([[0.5, -0.4, 0.3, 0.2, -0.1, 0.3]]))
    students = modes.teacher + 0.05 * np.array([[0.3, 0.2, -0.5, 0.1, 0.4, 0.2]])
    deviation = students if CHARTS[chart].centred else students - modes.teacher
    guess = np.repeat(modes.statistics(deviation)[:, None], 10, axis=1)
    return Task(radau(10), CHARTS[chart], modes, 0.05, deviation, students, guess)


def velocity(chart, modes):
    """d(y, w)/dt by rule 2, from A and F as the chart has them."""

    def rate(time, state):
        y, w = state.reshape(2, -1)
        gain, force = chart.drift(modes.statistics(y[None]), modes.energy)
        pushes = force, force if chart.centred else force - gain
        moved = [
            gain[0, 0] * x + push[0, 0] * modes.teacher[0] for x, push in zip((y, w), pushes, strict=True)
        ]
        return (modes.eigenvalues * np.stack(moved)).ravel()

    return rate


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_keeps_the_rules(kind, chart):
    """States and statistics at all nodes are those of an explicit Runge–Kutta integration of order 8."""
    given = task(chart)
    arrays = {name: np.copy(getattr(given, name)) for name in ("deviation", "students", "guess")}
    found = KINDS[kind].solve(given)
    assert all(np.array_equal(getattr(given, name), value) for name, value in arrays.items())
    assert np.all(np.diff(found.times, prepend=0.0) > 0)
    assert found.times[-1] == pytest.approx(given.width, rel=0.1)
    start = np.stack([given.deviation, given.students]).ravel()
    rate = velocity(given.chart, given.modes)
    exact = solve_ivp(rate, (0, found.times[-1]), start, "DOP853", found.times, rtol=1e-13, atol=1e-15)
    y, w = exact.y.reshape(2, 6, -1)
    assert found.deviation[:, 0] == pytest.approx(y.T, rel=1e-11, abs=1e-13)
    assert found.students[:, 0] == pytest.approx(w.T, rel=1e-11, abs=1e-13)
    assert found.statistics == pytest.approx(given.modes.statistics(found.deviation), rel=1e-12)


class Refusing(Step):
    """Suits what it is told to, and never finds a solution."""

    def __init__(self, fit):
        self.fit, self.asked = fit, []

    def suits(self, task):
        return self.fit

    def solve(self, task):
        self.asked.append(task.width)
        raise np.linalg.LinAlgError


def test_the_first_kind_that_suits_takes_the_step():
    given, left_aside, refusing = task("origin"), Refusing(False), Refusing(True)
    found, table = take([left_aside, STEPS[-1], refusing], given)
    assert np.array_equal(found.statistics, STEPS[-1].solve(given).statistics)
    assert table is given.table
    assert not left_aside.asked
    assert not refusing.asked
    with pytest.raises(NoConvergence):
        take([left_aside], given)


def test_a_kind_that_fails_is_asked_for_half_the_width_until_it_vanishes():
    refusing, problem = Refusing(True), Problem([1.0, 0.5], [1.0, 0.7], [0.1, 0.2])
    with pytest.raises(ArithmeticError, match="the step size vanished at t = 0"):
        solve(problem, 1e-3, steps=[refusing])
    assert len(refusing.asked) > 100
    assert np.array(refusing.asked[1:]) == pytest.approx(0.5 * np.array(refusing.asked[:-1]), rel=1e-12)


@dataclass(frozen=True)
class Count:
    """A run that counts its steps: each is tried with widths 4, 2, 1, of which 1 alone is accepted."""

    time: int = 0

    def plan(self):
        return Halving(self, 4)


@dataclass(frozen=True)
class Halving(loop.Trial):
    run: Count
    width: int

    def attempt(self):
        if self.width > 2:
            raise NoConvergence
        return self.width

    def shorter(self):
        return replace(self, width=self.width // 2)

    def again(self, found):
        return self.shorter() if found > 1 else None

    def accepted(self, found):
        return Count(self.run.time + found)


def test_the_loop_goes_on_from_accepted_steps():
    later = loop.steps(Count())
    assert [next(later).time for _ in range(3)] == [1, 2, 3]


def test_the_loop_ends(monkeypatch):
    monkeypatch.setattr(loop, "MAX_STEPS", 5)
    with pytest.raises(ArithmeticError, match="no end after 5 steps, at t = 5"):
        list(loop.steps(Count()))


def test_steps_of_other_kinds_alone_solve_the_flow():
    """The general step alone takes what the three kinds take between them."""
    problem, times = Problem([1.0, 0.5, 0.1], [1.0, 0.7, 0.5], [0.1, 0.2, -0.1]), [0.1, 1.0, 10.0]
    every, general = (solve(problem, 10.0, steps=steps).at(times) for steps in (STEPS, STEPS[-1:]))
    assert general.one_minus_u == pytest.approx(every.one_minus_u, rel=1e-10)
