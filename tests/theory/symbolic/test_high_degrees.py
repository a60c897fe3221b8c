"""Degree eight and three by three units: loss and flow by tensor Gauss–Hermite rules, and by simulation."""

import numpy as np
import pytest
import sympy
from oracles.quadrature import hermite_grid
from oracles.weights import flow, loss, random_weights

from theory.symbolic import Model, Z, single_index

HALF = sympy.Rational(1, 2)
MODELS = [
    single_index(Z**8 - 4 * Z**5 + Z),
    single_index(Z**7 - Z, (Z + 1) ** 6 / 8),
    Model("three by three", Z**3 - Z, Z**3 - Z, (1, HALF, -1), (1, 1, -HALF)),
    Model("quartic", Z**4 / 3 - Z**2 + 1, Z**3 + Z, (1, 1, 1), (1, HALF, 2)),
]
DIMENSION = 4


def outputs(model: Model, W: np.ndarray, teacher: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (student − teacher) (n,) and the student's gradient (K, d, n) on the columns of x."""
    student_weights, teacher_weights = (
        np.array(weights, dtype=float) for weights in (model.student_weights, model.teacher_weights)
    )
    f, slope, g = (
        sympy.lambdify(Z, e) for e in (model.student_link, model.student_link.diff(Z), model.teacher_link)
    )
    error = student_weights @ f(W @ x) - teacher_weights @ g(teacher @ x)
    gradient = np.einsum("k,kn,dn->kdn", student_weights, slope(W @ x), x)
    return error, gradient


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_loss_and_flow_by_quadrature(model: Model) -> None:
    """Nine nodes an axis are exact to degree 17: nothing is approximated, nothing differenced."""
    W, teacher, Q = random_weights(model, DIMENSION)
    grid, density = hermite_grid(DIMENSION, 9)
    error, gradient = outputs(model, W, teacher, np.linalg.cholesky(Q) @ grid)
    assert loss(model, W, teacher, Q) == pytest.approx(error**2 @ density, rel=1e-10)
    expected = -2 * gradient @ (error * density)
    np.testing.assert_allclose(flow(model, W, teacher, Q), expected, atol=1e-10 * np.abs(expected).max())


def test_loss_and_flow_by_simulation() -> None:
    """Two hundred thousand samples, five standard errors."""
    model = MODELS[2]
    W, teacher, Q = random_weights(model, DIMENSION, seed=1)
    x = np.random.default_rng(2).multivariate_normal(np.zeros(DIMENSION), Q, size=200_000).T
    error, gradient = outputs(model, W, teacher, x)
    samples = np.concatenate([[error**2], (-2 * gradient * error).reshape(-1, len(error))])
    exact = np.array([loss(model, W, teacher, Q), *flow(model, W, teacher, Q).ravel()])
    errors = samples.std(axis=1) / np.sqrt(samples.shape[1])
    assert (np.abs(samples.mean(axis=1) - exact) < 5 * errors).all()
    assert errors.max() < 0.1 * np.abs(exact).max()
