"""The largest stable step at a minimum: of one student by its secular equation, of networks by descent."""

import numpy as np
import pytest
import sympy

from numerics import Problem, largest_stable_step, load_module, power_law
from theory.asymptotics import PowerLaw, stability_step
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import Z
from theory.symbolic.models import Model, quadratic_network, single_index

ERF = sympy.erf(Z / 2)


def at_teachers(count, size=12, seed=1):
    eigenvalues = np.arange(1.0, size + 1.0) ** -1.5
    eigenvalues /= eigenvalues.sum()
    rows = np.random.default_rng(seed).standard_normal((count, size))
    rows /= np.sqrt(rows**2 @ eigenvalues)[:, None]
    return Problem(eigenvalues, np.squeeze(rows), np.squeeze(rows))


@pytest.mark.parametrize(("exponent", "dimension", "teacher"), [(2, 300, "flat"), (1.2, 10, "source:0.3")])
def test_one_student(exponent, dimension, teacher):
    problem = power_law(exponent, float(dimension), teacher)
    found = largest_stable_step(Problem(problem.eigenvalues, problem.teacher, problem.teacher))
    assert found == pytest.approx(float(stability_step(PowerLaw(exponent, dimension, teacher))), rel=1e-12)


@pytest.mark.parametrize(
    ("model", "count"),
    [
        (quadratic_network(2, 2), 2),
        (quadratic_network(3, 3), 3),
        (Model("committee", ERF, ERF, (1, 1), (1, 1)), 2),
        (single_index(Z**3 - 3 * Z), 1),
    ],
    ids=["quadratic 2", "quadratic 3", "erf 2", "cubic"],
)
def test_descent_on_either_side(model, count):
    """Close to the teachers a step 2 % shorter brings the gradient down, one 2 % longer blows it up."""
    problem, module = at_teachers(count), load_module(generate_module(model))
    step = largest_stable_step(problem, module)
    upper = np.triu_indices(count)
    rates, teachers = problem.eigenvalues, problem.teachers
    energy = teachers * rates @ teachers.T

    def velocity(W):
        x = np.concatenate([(W * rates @ W.T)[upper], (W * rates @ teachers.T).ravel()])
        A, B = module.drift(x, energy)
        return (A @ W + B @ teachers) * rates

    for fraction, grows in ((0.98, False), (1.02, True)):
        W = teachers + 1e-9 * np.random.default_rng(0).standard_normal(teachers.shape)
        before = np.linalg.norm(velocity(W))
        for _ in range(300):
            W = W + fraction * step * velocity(W)
        assert (np.linalg.norm(velocity(W)) > 30 * before) == grows
        assert grows or np.linalg.norm(velocity(W)) < before


def test_a_maximum_has_no_stable_step():
    problem = Problem([0.5, 0.3, 0.2], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="no positive eigenvalue"):
        largest_stable_step(problem)
