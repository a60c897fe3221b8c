"""A quadratic network of three students and two teachers in 10^6 dimensions, its reduction included."""

from typing import Any

import numpy as np
import pytest

from numerics import Problem, load_module, solve
from theory.symbolic.codegen import generate_module
from theory.symbolic.models import quadratic_network


def network(dimension: int) -> Problem:
    """λ_i ∝ i^{-2}, Gaussian teachers of energy 1, students on the unit sphere."""
    rng = np.random.default_rng(0)
    eigenvalues = np.arange(1.0, dimension + 1.0) ** -2
    eigenvalues /= eigenvalues.sum()
    teachers, students = rng.standard_normal((2, dimension)), rng.standard_normal((3, dimension))
    return Problem(
        eigenvalues,
        teachers / np.sqrt(teachers**2 @ eigenvalues)[:, None],
        students / np.linalg.norm(students, axis=1)[:, None],
    )


@pytest.mark.parametrize("until", [1e3, 1e6])
def test_three_students_two_teachers(benchmark: Any, until: float) -> None:
    problem, model = network(10**6), load_module(generate_module(quadratic_network(3, 2)))
    run = benchmark.pedantic(lambda: solve(problem, until, model), rounds=3)
    assert run.error < 1e-10
    losses = run.overlaps(np.geomspace(1.0, until, 30)).loss
    assert np.all(np.diff(losses) < 0)
