"""What every model must satisfy, on random weights: symmetries, signs, and a loss that falls."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.weights import evaluate, flow, loss, overlap_values, random_weights

from theory.symbolic import RELU, Model, Z, quadratic_network, single_index

ERF = sympy.erf(Z / sympy.sqrt(2))
MODELS = [
    single_index(Z**2),
    single_index(Z**3 - 3 * Z, Z**4 - Z),
    quadratic_network(2, 3),
    Model("cubic network", Z**3 - Z, Z**3 - Z, (1, 1), (1, sympy.Rational(-1, 2))),
    Model("soft committee", ERF, ERF, (1, 1, 1), (1, 2)),
    Model("rectified network", RELU, RELU, (1, 1), (1, 1)),
    Model("noisy", ERF, Z**3, (1, 1), (1,), noise=sympy.Rational(1, 4)),
]
DIMENSION = 5
seeds = st.integers(0, 2**32 - 1)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
few = settings(max_examples=15, deadline=None, derandomize=True)


def rotation(size: int, seed: int) -> np.ndarray:
    """Return a random orthogonal matrix."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0]


@each_model
@few
@given(seed=seeds)
def test_loss_is_invariant_under_rotations_of_the_inputs(model: Model, seed: int) -> None:
    W, teacher, Q = random_weights(model, DIMENSION, seed)
    turn = rotation(DIMENSION, seed)
    turned = loss(model, W @ turn.T, teacher @ turn.T, turn @ Q @ turn.T)
    assert turned == pytest.approx(loss(model, W, teacher, Q), rel=1e-9)


@each_model
@few
@given(seed=seeds)
def test_loss_is_at_least_the_noise(model: Model, seed: int) -> None:
    weights = random_weights(model, DIMENSION, seed)
    assert loss(model, *weights) >= float(model.noise)


@each_model
@few
@given(seed=seeds)
def test_permuting_equal_students_permutes_the_flow(model: Model, seed: int) -> None:
    W, teacher, Q = random_weights(model, DIMENSION, seed)
    assert len(set(model.student_weights)) == 1, "the students must be alike"
    order = np.random.default_rng(seed).permutation(model.students)
    assert loss(model, W[order], teacher, Q) == pytest.approx(loss(model, W, teacher, Q), rel=1e-10)
    expected = flow(model, W, teacher, Q)[order]
    np.testing.assert_allclose(
        flow(model, W[order], teacher, Q), expected, atol=1e-10 * np.abs(expected).max()
    )


@each_model
@few
@given(seed=seeds)
def test_the_flow_is_minus_the_gradient_and_lowers_the_loss(model: Model, seed: int) -> None:
    """Along the flow dL/dτ = −|Ẇ|², by central differences over a short time."""
    W, teacher, Q = random_weights(model, DIMENSION, seed)
    velocity = flow(model, W, teacher, Q)
    speed = np.linalg.norm(velocity)
    step = 1e-5 * velocity / speed
    slope = (loss(model, W + step, teacher, Q) - loss(model, W - step, teacher, Q)) / 2e-5
    scale = loss(model, W, teacher, Q)
    assert slope == pytest.approx(-speed, rel=1e-5, abs=1e-8 * scale)
    assert loss(model, W + step, teacher, Q) < loss(model, W - step, teacher, Q)


@pytest.mark.parametrize("link", [Z**2, Z**4 - Z**2, sympy.Abs(Z)], ids=str)
@few
@given(seed=seeds)
def test_even_links_do_not_see_the_sign_of_a_student(link: sympy.Expr, seed: int) -> None:
    model = Model("even", link, link, (1, 1), (1,))
    W, teacher, Q = random_weights(model, DIMENSION, seed)
    signs = np.array([[1.0], [-1.0]])
    assert loss(model, signs * W, teacher, Q) == pytest.approx(loss(model, W, teacher, Q), rel=1e-10)
    np.testing.assert_allclose(
        flow(model, signs * W, teacher, Q), signs * flow(model, W, teacher, Q), rtol=1e-9, atol=1e-10
    )


@pytest.mark.parametrize("link", [Z**3 - 3 * Z, ERF], ids=str)
@few
@given(seed=seeds)
def test_odd_links_absorb_the_sign_of_a_student(link: sympy.Expr, seed: int) -> None:
    """−w with amplitude c is w with amplitude −c."""
    W, teacher, Q = random_weights(single_index(link), DIMENSION, seed)
    negative = Model("negative", link, link, (-1,), (1,))
    assert loss(negative, -W, teacher, Q) == pytest.approx(loss(single_index(link), W, teacher, Q), rel=1e-10)


@few
@given(seed=seeds)
def test_rotating_the_students_of_a_quadratic_network_changes_nothing(seed: int) -> None:
    model = quadratic_network(3, 2)
    W, teacher, Q = random_weights(model, DIMENSION, seed)
    turn = rotation(3, seed)
    assert loss(model, turn @ W, teacher, Q) == pytest.approx(loss(model, W, teacher, Q), rel=1e-10)
    expected = turn @ flow(model, W, teacher, Q)
    np.testing.assert_allclose(
        flow(model, turn @ W, teacher, Q), expected, atol=1e-10 * np.abs(expected).max()
    )


@few
@given(seed=seeds)
def test_loss_of_the_quadratic_network_in_matrix_form(seed: int) -> None:
    """With Δ = WᵀW − W*ᵀW* the loss is 2 tr(QΔQΔ) + (tr QΔ)²."""
    model = quadratic_network(2, 3)
    W, teacher, Q = random_weights(model, DIMENSION, seed)
    change = Q @ (W.T @ W - teacher.T @ teacher)
    expected = 2 * np.trace(change @ change) + np.trace(change) ** 2
    assert loss(model, W, teacher, Q) == pytest.approx(expected, rel=1e-10)


@few
@given(seed=seeds)
def test_quadratic_network_is_a_matrix_riccati_flow(seed: int) -> None:
    """For Q = I, P = WᵀW obeys Ṗ = −(PG + GP), G = 8(P − P*) + 4 tr(P − P*) I: it closes on P."""
    model = quadratic_network(3, 2)
    W, teacher, _ = random_weights(model, DIMENSION, seed)
    velocity = flow(model, W, teacher, np.eye(DIMENSION))
    P, target = W.T @ W, teacher.T @ teacher
    G = 8 * (P - target) + 4 * np.trace(P - target) * np.eye(DIMENSION)
    riccati = -(P @ G + G @ P)
    np.testing.assert_allclose(
        velocity.T @ W + W.T @ velocity, riccati, atol=1e-11 * np.abs(riccati).max(), rtol=1e-9
    )


@few
@given(seed=seeds)
def test_the_flow_does_not_see_label_noise(seed: int) -> None:
    noisy = Model("noisy", Z**3, Z**3, (1, 1), (1,), noise=sympy.Symbol("sigma2"))
    clean = Model("clean", Z**3, Z**3, (1, 1), (1,))
    assert noisy.loss - clean.loss == sympy.Symbol("sigma2")
    assert noisy.drift == clean.drift
    values = overlap_values(clean, *random_weights(clean, DIMENSION, seed))
    assert np.isfinite(evaluate(noisy.A, values)).all()
