"""Units with links of their own, against quadrature, draws, the expanded model and integration."""

import itertools

import numpy as np
import pytest
from networks import assert_same, differences, gram, problem
from oracles.averaged_flow import averaged_velocity, integrated
from oracles.quadrature import pair_average

from numerics import load_module, network, solve
from theory.symbolic import Model, ModelError, Z
from theory.symbolic.codegen import generate_module

MIXED = ("z^2", "tanh(z)", "relu(z)"), ("z**3 + z", "tanh(z)")
FUNCTIONS = {
    "z^2": lambda x: x**2,
    "z**3 + z": lambda x: x**3 + x,
    "tanh(z)": np.tanh,
    "relu(z)": lambda x: np.maximum(x, 0),
}


def test_units_with_links_of_their_own():
    """Loss against draws and against the double sum of quadratures; drift against its differences."""
    rng = np.random.default_rng(8)
    c, d = np.array([1.0, -0.7, 0.4]), np.array([0.5, 1.3])
    model, G = network(*MIXED, weights=c, teacher_weights=d), gram(rng, 5)
    x, T = np.concatenate([G[:3, :3][np.triu_indices(3)], G[:3, 3:].ravel()]), G[3:, 3:]
    links, factors = [FUNCTIONS[text] for side in MIXED for text in side], np.concatenate([c, -d])
    loss = 0.0
    for j, k in itertools.product(range(5), repeat=2):
        f, g = links[j], links[k]
        pair = (G[j, j], G[k, k], G[j, k])
        if j == k:
            f, g, pair = (lambda y, f=f: f(y) ** 2), np.ones_like, (G[j, j], 1.0, 0.0)
        loss += factors[j] * factors[k] * pair_average(f, g, *pair)
    assert float(model.loss(x, T)) == pytest.approx(loss, rel=1e-11)
    draws = np.linalg.cholesky(G) @ rng.standard_normal((5, 200_000))
    errors = sum(a * f(z) for a, f, z in zip(factors, links, draws, strict=True)) ** 2
    assert loss == pytest.approx(errors.mean(), abs=5 * errors.std() / np.sqrt(errors.size))
    A, B = model.drift(x, T)
    slope = differences(lambda x: model.loss(x, T), x, 3e-3)
    weighted = np.where(np.equal(*np.triu_indices(3)), 0.5, 1.0)
    found = np.concatenate([-A[np.triu_indices(3)] * weighted, -B.ravel()])
    np.testing.assert_allclose(found, slope, atol=3e-9 * np.abs(slope).max())
    for exact, part in zip(model.drift_jacobian(x, T), (0, 1), strict=True):
        numeric = differences(lambda x, part=part: model.drift(x, T)[part], x, 3e-3)
        np.testing.assert_allclose(exact, numeric, atol=2e-8 * np.abs(numeric).max())


@pytest.mark.parametrize("links", [("z**3 + z", "z**2"), ("tanh(z)", "z**2 + z/2"), ("erf(z)", "gelu(z)")])
def test_mixed_networks_keep_their_residuals(links):
    """At the teacher, in its coordinates: C and the loss are those of the overlaps, and of order δ and δ²."""
    model = network(list(links), weights=(1.0, 0.5), teacher_weights=(1.0, 0.5))
    G = gram(np.random.default_rng(9), 4)
    T = G[2:, 2:]
    losses = []
    for size in (1e-1, 1e-9, 1e-10):
        y = np.concatenate([size**2 * G[:2, :2][np.triu_indices(2)], size * G[:2, 2:].ravel()])
        losses.append(float(model.residual_loss(y, T)))
        A, B = model.drift(model.statistics(y, T), T)
        found_A, found_C = model.residual_drift(y, T)
        np.testing.assert_allclose(found_A, A, rtol=1e-11)
        np.testing.assert_allclose(found_C, A + B, atol=1e-12 * np.abs(A).max())
        if size == 1e-1:
            assert losses[0] == pytest.approx(float(model.loss(model.statistics(y, T), T)), rel=1e-10)
    assert losses[1] == pytest.approx(100 * losses[2], rel=1e-6)


def test_a_mixed_network_is_the_model_of_the_same_links():
    links, weights = (Z**3 + Z, Z**2), (1, -3)
    model = Model("mixed", links, (Z**2, Z), weights, (2, 1))
    expanded, found = load_module(generate_module(model)), network(list(links), [Z**2, Z], weights, (2, 1))
    G = gram(np.random.default_rng(5), 4)
    x, T = np.concatenate([G[:2, :2][np.triu_indices(2)], G[:2, 2:].ravel()]), G[2:, 2:]
    for name in ("drift", "drift_jacobian", "loss"):
        assert_same(name, expanded, found, x, T)


def test_the_flow_of_a_mixed_network_is_that_of_averages_over_the_inputs():
    flow, times = problem(2, 2, 2, seed=1), np.array([0.3, 2.0])
    f, slopes = (np.tanh, lambda x: x**2), (lambda x: 1 / np.cosh(x) ** 2, lambda x: 2 * x)
    c = np.array([1.0, -0.5])
    expected = integrated(flow, averaged_velocity(flow, f, slopes, c), times)
    found = solve(flow, times[-1], network(["tanh(z)", "z^2"], None, c, c)).overlaps(times)
    S = np.einsum("tjn,n,tkn->jkt", expected, flow.eigenvalues, expected)
    np.testing.assert_allclose(found.S, S, atol=1e-10)


def test_links_and_weights_must_agree():
    with pytest.raises(ValueError, match="3 numbers for 2 links"):
        network(["z", "z^2"], "z", [1, 1, 1])
    with pytest.raises(ModelError, match="student_link holds 2 links: it must hold 3"):
        Model("three", (Z, Z**2), Z, (1, 1, 1))
