"""A problem in place of a spectrum: its constants are those of its modes."""

import numpy as np
import pytest

from numerics import Problem, power_law
from numerics.problems.covariance import from_covariance
from theory.asymptotics import CATALOGUE, Given, constants, escape_rate, final_rate, stability_step

RATES, TEACHER = [0.5, 0.3, 0.2], [1.0, 1.0, 1.0]


def test_constants_of_a_problem_are_those_of_the_modes_given():
    found = constants(Problem(RATES, TEACHER, [0.1, 0, 0]), 12)
    given = constants(Given(RATES, TEACHER), 12)
    assert list(found) == list(CATALOGUE)
    assert {name: each.printed(12) for name, each in found.items()} == {
        name: each.printed(12) for name, each in given.items()
    }


def test_measured_covariance_against_the_dense_matrices():
    """Largest eigenvalue of 4Q + 8 (Qw*)(Qw*)^T in the user's own basis, and the inverse step."""
    rows = np.random.default_rng(3).standard_normal((50, 6))
    covariance, teacher = rows.T @ rows / 50, np.arange(1.0, 7.0)
    teacher /= np.sqrt(teacher @ covariance @ teacher)
    problem = from_covariance(covariance, teacher, np.ones(6))
    push = covariance @ teacher
    growth = np.linalg.eigvalsh(4 * covariance + 8 * np.outer(push, push))
    assert float(escape_rate(problem)) == pytest.approx(growth[-1], rel=1e-12)
    assert float(stability_step(problem)) == pytest.approx(1 / growth[-1], rel=1e-12)
    assert float(final_rate(problem)) == pytest.approx(2 * growth[0], rel=1e-12)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (Problem(RATES, [2, 2, 2], TEACHER), "energy is 4: constants are of energy 1"),
        (Problem(RATES, TEACHER, [TEACHER, TEACHER]), "several students or teachers"),
        (power_law(2, 10**9, init="escape:1e-3"), "modes stand for d = 1e[+]09 directions"),
    ],
)
def test_problems_that_have_no_such_constants(problem, words):
    with pytest.raises(ValueError, match=words):
        escape_rate(problem)
