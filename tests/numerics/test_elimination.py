"""Steps of a single student against the general step, and the rational functions that the clock rests on."""

import math
from dataclasses import replace

import numpy as np
import pytest

from numerics.generated import phase_retrieval
from numerics.problems.block_gauss import block_lanczos, chebyshev_moments, gauss_rules
from numerics.quadrature.chebyshev import chebyshev_polynomials
from numerics.quadrature.collocation import radau
from numerics.solver.clock import ClockStep, rational, solve_in_clock
from numerics.solver.contract import NoConvergence, Task
from numerics.solver.integrating_factor import ShortStep
from numerics.solver.step import CollocationStep
from numerics.state import charts
from numerics.state.modes import Modes

TABLE = radau(10)
CHARTS = {"origin": charts.origin(phase_retrieval), "teacher": charts.teacher(phase_retrieval)}


def problem(seed=0, size=12):
    rng = np.random.default_rng(seed)
    eigenvalues = np.sort(rng.uniform(0.0, 1.0, size) ** 4)[::-1]
    teacher = rng.standard_normal((1, size))
    teacher /= np.sqrt(eigenvalues @ teacher[0] ** 2)
    return Modes(eigenvalues, teacher), rng


def constant_guess(modes, deviation):
    return np.repeat(modes.statistics(deviation)[:, None], TABLE.stages, axis=1)


def assert_same(found, reference, rel):
    for name in ("statistics", "deviation", "students"):
        x, y = getattr(found, name), getattr(reference, name)
        assert np.abs(x - y).max() <= rel * np.abs(y).max(), name
    assert found.times == pytest.approx(reference.times, rel=rel)


@pytest.mark.parametrize("stages", [4, 12, 20, 28])
def test_rational_functions(stages):
    """(1 + z𝒜)⁻¹1 and (1 + z𝒜)⁻¹z𝒜 from z = 0 to z = 1e30, the second to relative accuracy at small z too."""
    table = radau(stages)
    functions = rational(table)
    rates = np.concatenate([[0.0], np.geomspace(1e-20, 1e30, 61), [functions.centre]])
    basis = functions.basis(1.0 - 2.0 * functions.centre / (rates + functions.centre))
    starts = functions.start @ basis
    for number, z in enumerate(rates):
        inverse = np.linalg.inv(np.eye(stages) + z * table.matrix)
        pushed = np.tensordot(functions.push, basis[:, number], (1, 0)) * z / (z + functions.centre)
        exact = z * inverse @ table.matrix if z < 1e8 else np.eye(stages) - inverse
        assert starts[:, number] == pytest.approx(inverse.sum(axis=1), abs=1e-13)
        assert np.abs(pushed - exact).max() <= 3e-13 * max(np.abs(exact).max(), 1e-300)
        assert pushed.sum(axis=1) == pytest.approx(1.0 - starts[:, number], abs=1e-13)


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("sign", [1, -1])
def test_short_steps_are_general_steps(chart, sign):
    """Two schemes of one order: they differ by their truncation, far below the tolerance at this width."""
    modes, rng = problem()
    students = sign * 0.4 * modes.teacher + 0.1 * rng.standard_normal(modes.teacher.shape)
    deviation = students if CHARTS[chart].centred else students - modes.teacher
    task = Task(TABLE, CHARTS[chart], modes, 0.02, deviation, students, constant_guess(modes, deviation))
    assert ShortStep().suits(task)
    assert_same(ShortStep().solve(task), CollocationStep().solve(task), 1e-13)


def test_short_steps_refuse_stiffness():
    modes, _ = problem()
    deviation = 0.1 * modes.teacher
    guess = constant_guess(modes, deviation)
    task = Task(TABLE, CHARTS["teacher"], modes, 10.0, deviation, deviation, guess)
    assert not ShortStep().suits(task)
    with pytest.raises(NoConvergence):
        ShortStep().solve(task)


@pytest.mark.parametrize("width", [1e-3, 0.3])
@pytest.mark.parametrize("chart", CHARTS)
def test_clock_steps_are_general_steps(chart, width):
    modes, rng = problem()
    students = 0.9 * modes.teacher + 0.02 * rng.standard_normal(modes.teacher.shape)
    deviation = students if CHARTS[chart].centred else students - modes.teacher
    task = Task(TABLE, CHARTS[chart], modes, width, deviation, students, constant_guess(modes, deviation))
    found = solve_in_clock(task, width)
    reference = CollocationStep().solve(replace(task, width=float(found.times[-1])))
    end = [part[..., -1] for part in (found.statistics, reference.statistics)]
    assert end[0] == pytest.approx(end[1], rel=1e-12)
    assert found.deviation[-1] == pytest.approx(reference.deviation[-1], abs=1e-12)
    assert found.students[-1] == pytest.approx(reference.students[-1], abs=1e-12)


def test_stiff_clock_steps_follow_the_forcing():
    """With z ≫ 1 every mode is slaved: v = φ w* up to terms of order 1/z, however small both are."""
    modes, _ = problem()
    deviation = 1e-9 * modes.teacher
    width = 1e12
    guess = 1e-30 * constant_guess(modes, deviation)
    task = Task(TABLE, CHARTS["teacher"], modes, width, deviation, modes.teacher + deviation, guess)
    found = solve_in_clock(task, width)
    gain, force = CHARTS["teacher"].drift(found.statistics, modes.energy)
    slaved = (-force[0] / gain[0, 0]).T @ modes.teacher
    assert np.abs(found.deviation[:, 0] - slaved).max() < 1e-9 / (modes.eigenvalues.min() * width) * 1e3


def test_the_clock_needs_decay():
    modes, _ = problem()
    small = 0.1 * modes.teacher
    task = Task(TABLE, CHARTS["origin"], modes, 0.1, small, small, constant_guess(modes, small))
    assert not ClockStep().suits(task)
    with pytest.raises(NoConvergence):
        solve_in_clock(task, 0.1)


@pytest.mark.parametrize("degree", [0, 1, 2, 7, 33])
def test_chebyshev(degree):
    x = np.linspace(-1.0, 1.0, 11)
    exact = np.cos(np.arange(degree + 1)[:, None] * np.arccos(x))
    assert chebyshev_polynomials(x, degree) == pytest.approx(exact, abs=1e-13)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_gauss_rules_keep_the_moments(rows):
    """Moments of orders 0 … 2m − 1, from the moments and from the modes; the nodes are the same."""
    rng = np.random.default_rng(rows)
    blocks, x, vectors = 5, rng.uniform(-1, 1, 20000), rng.standard_normal((rows, 20000))
    moments = chebyshev_moments(x, vectors, 2 * blocks)
    for order in (0, 1, 2 * blocks - 1):
        values = np.cos(order * np.arccos(x))
        exact = [[math.fsum(a * b * values) for b in vectors] for a in vectors]
        assert moments[..., order] == pytest.approx(np.array(exact), abs=1e-10)
    nodes, weights, sound = gauss_rules(moments[None], blocks)
    assert sound.all()
    assert (np.abs(nodes) < 1).all()
    for places, carried in ((nodes[0], weights[0]), block_lanczos(x, vectors, blocks)):
        kept = chebyshev_moments(places, carried, 2 * blocks)
        assert kept == pytest.approx(moments, abs=1e-13 * moments[0, 0, 0])
    assert np.sort(block_lanczos(x, vectors, blocks)[0]) == pytest.approx(np.sort(nodes[0]), abs=1e-9)


def test_dependent_rows_are_left_to_lanczos():
    x = np.linspace(-1, 1, 500)
    rows = np.stack([np.ones(500), 2.0 + 1e-9 * x])
    assert not gauss_rules(chebyshev_moments(x, rows, 10)[None], 5)[2].any()
