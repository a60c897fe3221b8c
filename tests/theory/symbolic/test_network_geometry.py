"""Gradient and Hessian of networks, block by block, against differentiation in the weights."""

import numpy as np
import pytest
import sympy
from oracles.weights import evaluate, flow, overlap_values, random_weights

from theory.symbolic import RELU, Model, Z, network_gradient, network_hessian, quadratic_network, single_index

ERF = sympy.erf(Z / sympy.sqrt(2))
MODELS = [
    quadratic_network(2, 1),
    Model("cubic network", Z**3 - 3 * Z, Z**3, (1, sympy.Rational(1, 2)), (1, 2)),
    Model("soft committee", ERF, ERF, (1, 1, -1), (1, 1)),
    Model("rectified network", RELU, RELU, (1, 1), (1,)),
    single_index(ERF),
]


def by_name(model: Model) -> str:
    return model.name


def assembled_hessian(model: Model, W: np.ndarray, teacher: np.ndarray, Q: np.ndarray) -> np.ndarray:
    """Return ∂²L/∂W∂W (K, d, K, d) from the blocks."""
    values = overlap_values(model, W, teacher, Q)
    form = network_hessian(model)
    metric = evaluate(form.metric, values)
    vectors = np.concatenate([W, teacher]) @ Q
    K = len(W)
    hessian = np.einsum("jk,ab->jakb", metric, Q)
    for j in range(K):
        for k in range(K):
            hessian[j, :, k] += vectors.T @ evaluate(form.coupling[j][k], values) @ vectors
    return hessian


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_hessian_is_the_derivative_of_the_flow(model: Model) -> None:
    """Central differences of −(A W Q + B W* Q) in every weight."""
    W, teacher, Q = random_weights(model, 4, seed=5)
    hessian = assembled_hessian(model, W, teacher, Q)
    step = 1e-5
    for index in np.ndindex(W.shape):
        shift = np.zeros_like(W)
        shift[index] = step
        column = -(flow(model, W + shift, teacher, Q) - flow(model, W - shift, teacher, Q)) / (2 * step)
        np.testing.assert_allclose(hessian[(..., *index)], column, atol=1e-6 * np.abs(hessian).max())


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_hessian_is_symmetric(model: Model) -> None:
    W, teacher, Q = random_weights(model, 4, seed=6)
    hessian = assembled_hessian(model, W, teacher, Q)
    np.testing.assert_allclose(hessian, hessian.transpose(2, 3, 0, 1), atol=1e-12 * np.abs(hessian).max())


def test_gradient_and_hessian_in_symbolic_weights() -> None:
    """K = 2, M = 1 and Q = I in two dimensions: an identity in the weights."""
    model = quadratic_network(2, 1)
    W = sympy.Matrix(2, 2, sympy.symbols("w11 w12 w21 w22"))
    teacher = sympy.Matrix(1, 2, sympy.symbols("v1 v2"))
    names = model.overlaps
    values: dict[sympy.Symbol, sympy.Expr] = {}
    for symbols, matrix in ((names.S, W * W.T), (names.U, W * teacher.T), (names.T, teacher * teacher.T)):
        values |= dict(zip(symbols, matrix, strict=True))
    loss = model.loss.subs(values)
    students, teachers = network_gradient(model)
    gradient = students.subs(values) * W + teachers.subs(values) * teacher
    assert (gradient - W.applyfunc(loss.diff)).expand().is_zero_matrix

    form = network_hessian(model)
    vectors = W.col_join(teacher)
    for j in range(2):
        for k in range(2):
            block = form.metric[j, k] * sympy.eye(2) + vectors.T * form.coupling[j][k] * vectors
            direct = sympy.Matrix(2, 2, lambda a, b, j=j, k=k: loss.diff(W[j, a], W[k, b]))
            assert (block.subs(values) - direct).expand().is_zero_matrix


def test_at_a_matching_teacher_the_hessian_is_a_gram_matrix() -> None:
    """∇²L = 2 E[∇f ∇fᵀ] at zero error: no negative direction, and one flat one, the rotation."""
    model = quadratic_network(2, 2)
    _, teacher, Q = random_weights(model, 4, seed=7)
    hessian = assembled_hessian(model, teacher, teacher, Q).reshape(8, 8)
    eigenvalues = np.linalg.eigvalsh(hessian)
    assert eigenvalues[0] > -1e-12
    assert np.sum(eigenvalues < 1e-10) == 1, "the rotations of two students are one direction"
    generator = np.array([[0.0, 1.0], [-1.0, 0.0]])
    np.testing.assert_allclose(hessian @ (generator @ teacher).ravel(), 0, atol=1e-12)
