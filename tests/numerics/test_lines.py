"""Kinked links in several dimensions: starts on the line of the teacher, and starts that leave it.

With one eigenvalue λ the line is kept, and the laws are those of one mode, tests/numerics/test_kinks.py.
"""

import numpy as np
import pytest

from numerics import Problem, solve
from numerics.generated import load_module
from numerics.solver.lines import on_a_line, straightened
from tests.oracles import rectifier_plane
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import parse_link
from theory.symbolic.models import Model, single_index

TIMES = np.array([0.0, 0.1, 1.0, 5.0, 20.0])
TEACHER = np.array([1.1, 0.7, -0.4, 0.3])


def one(link):
    return load_module(generate_module(single_index(parse_link(link))))


@pytest.fixture(scope="module")
def rectifier():
    return one("relu(z)")


@pytest.fixture(scope="module")
def pair():
    relu = parse_link("relu(z)")
    return load_module(generate_module(Model("two rectifiers", relu, relu, (1, 1), (1,))))


@pytest.mark.parametrize("dimension", [2, 3, 4])
@pytest.mark.parametrize("ratio", [0.1, 0.3 / 3.0, 2.0])
def test_a_dead_rectifier_stays_dead(rectifier, dimension, ratio):
    """−w*/10 is no float multiple of w*: what its rounding leaves across does not bring it to life."""
    teacher = TEACHER[:dimension]
    run = solve(Problem(np.ones(dimension), teacher, -ratio * teacher), 20.0, model=rectifier)
    found = run.overlaps(TIMES)
    energy = teacher @ teacher
    assert found.U[0, 0] == pytest.approx(-ratio * energy * np.exp(-TIMES), rel=1e-10, abs=0)
    assert found.S[0, 0] == pytest.approx(ratio**2 * energy * np.exp(-2 * TIMES), rel=1e-10, abs=0)
    assert found.loss == pytest.approx(energy * (1 + ratio**2 * np.exp(-2 * TIMES)) / 2, rel=1e-10)


@pytest.mark.parametrize("side", [1, -1])
def test_modulus_on_the_line(side):
    """Either side goes to the teacher of its sign, w = side (1 + (ratio − 1) e^{−2t}) w*."""
    run = solve(Problem(np.ones(3), TEACHER[:3], side * 0.1 * TEACHER[:3]), 20.0, model=one("abs(z)"))
    energy, gap = TEACHER[:3] @ TEACHER[:3], -0.9 * np.exp(-2 * TIMES)
    assert run.overlaps(TIMES).U[0, 0] == pytest.approx(side * energy * (1 + gap), rel=1e-10)
    assert run.limit.sign == side


def test_dead_unit_beside_a_live_one(pair):
    """On their halves they do not meet: w_1 → w* as e^{−t}, w_2 fades as e^{−t}."""
    teacher = TEACHER[:3]
    problem = Problem(np.ones(3), teacher, np.stack([0.3 * teacher, -0.1 * teacher]))
    found = solve(problem, 20.0, model=pair).overlaps(TIMES)
    energy, fade = teacher @ teacher, np.exp(-TIMES)
    assert found.U[0, 0] == pytest.approx(energy * (1 - 0.7 * fade), rel=1e-9)
    assert found.U[1, 0] == pytest.approx(-0.1 * energy * fade, abs=1e-10 * energy)
    assert found.loss == pytest.approx(energy * (0.49 + 0.01) * fade**2 / 2, abs=1e-9 * energy)


def test_two_dead_units(pair):
    """Only their sum is seen: it fades as e^{−2t}, their difference stays, and the teacher is not felt."""
    teacher = TEACHER[:3]
    problem = Problem(np.ones(3), teacher, np.stack([-0.3 * teacher, -0.1 * teacher]))
    found = solve(problem, 0.3, model=pair).overlaps(np.array([0.1, 0.3]))
    energy, fade = teacher @ teacher, np.exp(-2 * np.array([0.1, 0.3]))
    assert found.U[0, 0] == pytest.approx(-energy * (0.2 * fade + 0.1), rel=1e-9)
    assert found.U[1, 0] == pytest.approx(-energy * (0.2 * fade - 0.1), rel=1e-9)


@pytest.mark.parametrize("ratio", [0.1, 1.0])
@pytest.mark.parametrize("eigenvalues", [[1.0, 0.5], [1.0, 0.01]])
def test_other_spectra_leave_the_line(rectifier, eigenvalues, ratio):
    """Modes fade at their own rates, so that an antiparallel start turns and comes to life."""
    rates, teacher, times = np.array(eigenvalues), TEACHER[:2], np.array([0.1, 1.0, 5.0, 20.0])
    run = solve(Problem(rates, teacher, -ratio * teacher), times[-1], model=rectifier)
    found, energy = run.overlaps(times), rates @ teacher**2
    students = rectifier_plane.path(rates, teacher, -ratio * teacher, np.append(0.0, times))[1:]
    allowed = max(1e-11, 3 * run.error) * energy
    assert found.U[0, 0] == pytest.approx(students @ (rates * teacher), rel=0, abs=allowed)
    assert found.S[0, 0] == pytest.approx(students**2 @ rates, rel=0, abs=allowed)
    assert found.loss == pytest.approx(rectifier_plane.loss(rates, teacher, students), rel=0, abs=allowed)
    assert run.error < 1e-9


def test_a_line_keeps_lengths_and_signs():
    line = straightened(Problem(np.full(3, 2.0), TEACHER[:3], -0.1 * TEACHER[:3]))
    assert on_a_line(line)
    assert line.teacher_energy == pytest.approx(2.0 * TEACHER[:3] @ TEACHER[:3], rel=1e-15)
    assert line.init[0] / line.teacher[0] == pytest.approx(-0.1, rel=1e-15)


def test_what_is_no_line_stays():
    across = Problem(np.ones(2), [1.0, 1.0], [-0.1, -0.1 * (1 + 1e-13)])
    other = Problem([1.0, 0.5], [1.0, 1.0], [-0.1, -0.1])
    assert straightened(across) is across
    assert straightened(other) is other
