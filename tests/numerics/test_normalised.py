"""Normalised units: flows against the gradient of every mode, and their accuracy at the teachers."""

from math import factorial

import numpy as np
import pytest

from numerics import Problem, descend_network, load_module, network, solve
from numerics.pairs import right_hand_sides
from tests.oracles.normalised_gradients import normalised_flow, normalised_gradient
from theory.symbolic import Model, ModelError, Z, normalised, online_sgd, parse_link, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.hierarchy import hierarchy

ORACLE = 3e-11
"""What SciPy's tolerance of 1e-12 leaves in a run that escapes."""
HALF = 0.5


def draw(sizes, size=20, exponent=1.2, seed=0):
    """Eigenvalues of trace 1, teachers of energy 1 and students that see them."""
    rng = np.random.default_rng(seed)
    lam = np.arange(1.0, size + 1) ** -exponent
    lam /= lam.sum()
    star, start = rng.normal(size=(sizes[1], size)), rng.normal(size=(sizes[0], size))
    star /= np.sqrt(star**2 @ lam)[:, None]
    return lam, star, start * np.sign((lam * start) @ star[0])[:, None]


def products(lam, star, weights):
    """S and U of weights (T, K, N)."""
    return np.einsum("tji,tki->jkt", lam * weights, weights), np.einsum("tji,mi->jmt", lam * weights, star)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_one_student_is_the_gradient_of_every_mode(k):
    lam, star, start = draw((1, 1))
    times = [0.2, 2.0, 20.0]
    run = solve(Problem(lam, star[0], start[0]), 20.0, network(f"He{k}(z)", normalised=True), check=True)
    weights = normalised_flow(normalised_gradient(k, lam, star), start, times)
    S, U = products(lam, star, weights)
    found = run.overlaps(times)
    assert run.error < 1e-11
    assert pytest.approx(S, rel=0, abs=ORACLE) == found.S
    assert pytest.approx(U, rel=0, abs=ORACLE) == found.U
    assert found.loss == pytest.approx(2 * factorial(k) * (1 - (U / np.sqrt(S))[0, 0] ** k), abs=ORACLE)
    distances = np.sum((weights[:, 0] - star[0]) ** 2, axis=1)
    assert found.distances[0, 0] == pytest.approx(distances, rel=1e-9)


@pytest.mark.parametrize("sizes", [(2, 2), (2, 1), (3, 2)])
def test_networks_are_the_gradient_of_every_mode(sizes):
    """Three students are followed by explicit steps of all modes, two by implicit ones."""
    lam, star, start = draw(sizes, 12, seed=3)
    model = network("He3(z)", None, [1.0] * sizes[0], [1.0] * sizes[1], normalised=True)
    run = solve(Problem(lam, star[0] if sizes[1] == 1 else star, start), 2.0, model, check=True)
    weights = normalised_flow(normalised_gradient(3, lam, star), start, [0.5, 2.0])
    S, U = products(lam, star, weights)
    found = run.overlaps([0.5, 2.0])
    assert run.error < 1e-8
    assert pytest.approx(S, rel=0, abs=ORACLE) == found.S
    assert pytest.approx(U, rel=0, abs=ORACLE) == found.U


@pytest.mark.parametrize("length", [1.0, 3.0])
def test_euclidean_units_are_the_spherical_flow(length):
    """f(x·w/‖w‖) from ‖w(0)‖ = r: r times the flow on the unit sphere from w(0)/r, slower by r²."""
    lam, star, start = draw((1, 1))
    start *= length / np.linalg.norm(start)
    weights = normalised_flow(normalised_gradient(2, lam, star, euclidean=True), start, [4.0])[0, 0]
    sphere = Problem(lam, star[0], start[0] / length)
    found = solve(sphere, 4.0, network("He2(z)", constraint="sphere")).at(4.0 / length**2)
    assert length * found.u == pytest.approx(weights @ (lam * star[0]), rel=1e-9)


def test_the_end_keeps_its_digits():
    """The student tends to κ w*, κ = ‖w(0)‖/‖w*‖, and with two modes one direction v ⊥ w* is left:

    v̇ = −(2α/κ²) (Q v − ⟨v, w*⟩_Q Q w*) to first order, whose rate is (2α/κ²) λ_1 λ_2 ‖w*‖² = r. L falls as
    e^{−2rt}, α = E He₃'² = 18.
    """
    lam, star, start = np.array([0.75, 0.25]), np.array([1.0, 1.0]), np.array([0.8, 0.3])
    run = solve(Problem(lam, star, start), 4.0, network("He3(z)", normalised=True), check=True)
    rate = 36.0 * (star @ star) / (start @ start) * lam[0] * lam[1] * (star @ star)
    loss = run.overlaps([0.5, 1.0, 3.0]).loss
    assert np.diff(np.log(loss)) == pytest.approx(-2 * rate * np.array([0.5, 2.0]), rel=1e-9)
    assert 0 < loss[-1] < 1e-90
    assert run.error < 1e-10


@pytest.mark.parametrize("link", ["He3(z)", "z**3 + z", "erf(z)"])
@pytest.mark.parametrize("sizes", [(1, 1), (2, 2), (3, 2)])
def test_generated_code_is_that_of_the_pair_functions(link, sizes):
    lam, star, start = draw(sizes, 6, seed=2)
    c, d = [1.0, -0.5, 0.75][: sizes[0]], [1.0, -0.5][: sizes[1]]
    model = normalised(Model("units", parse_link(link), parse_link(link), c, d))
    module, rules = load_module(generate_module(model)), right_hand_sides(model)
    T, x = (lam * star) @ star.T, products(lam, star, start[None])
    x = np.concatenate([x[0][np.triu_indices(sizes[0])][:, 0], x[1].ravel()])
    for found, expected in zip(rules.drift(x, T), module.drift(x, T), strict=True):
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)
    for found, expected in zip(rules.drift_jacobian(x, T), module.drift_jacobian(x, T), strict=True):
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-10)
    assert float(rules.loss(x, T)) == pytest.approx(float(module.loss(x, T)), rel=1e-12)


@pytest.mark.parametrize(
    ("link", "sizes"),
    [("He3(z)", (1, 1)), ("He3(z)", (2, 2)), ("z**3 + z", (3, 2)), ("tanh(z)", (1, 1)), ("tanh(z)", (2, 2))],
)
def test_residual_coordinates_are_the_same_flow(link, sizes):
    """(A, C) = (A, A E + B) far from the teachers, and C and √L fall with V near them."""
    lam, star, start = draw(sizes, 6, seed=4)
    c, d = [1.0, -0.5, 0.75][: sizes[0]], [1.0, -0.5][: sizes[1]]
    rules, T = network(link, None, c, d, normalised=True), (lam * star) @ star.T
    E = np.eye(sizes[0])[:, : sizes[1]]

    def statistics(rows):
        own = ((lam * rows) @ rows.T)[np.triu_indices(sizes[0])]
        return np.concatenate([own, ((lam * rows) @ star.T).ravel()])

    x, y = statistics(start), statistics(start - E @ star)
    A, B = rules.drift(x, T)
    gain, force = rules.residual_drift(y, T)
    assert gain == pytest.approx(A, rel=1e-11, abs=1e-12)
    assert force == pytest.approx(A @ E + B, rel=1e-10, abs=1e-11)
    assert float(rules.residual_loss(y, T)) == pytest.approx(float(rules.loss(x, T)), rel=1e-10)
    step = 1e-6
    slopes = rules.residual_drift_jacobian(y, T)
    for entry in range(len(y)):
        move = step * np.eye(len(y))[entry]
        sides = [rules.residual_drift(y + sign * move, T) for sign in (1, -1)]
        for slope, (ahead, behind) in zip(slopes, zip(*sides, strict=True), strict=True):
            assert slope[:, :, entry] == pytest.approx((ahead - behind) / (2 * step), rel=1e-4, abs=1e-5)
    if sizes[0] == sizes[1]:
        small = [statistics(size * start) for size in (1e-7, 1e-11)]
        forces = [rules.residual_drift(y, T)[1] for y in small]
        losses = [rules.residual_loss(y, T) for y in small]
        assert forces[0] == pytest.approx(1e4 * forces[1], rel=1e-4)
        assert float(losses[0]) == pytest.approx(1e8 * float(losses[1]), rel=1e-4)


def test_descent_is_the_map_and_lets_the_norm_grow():
    """A step is across w, so that ‖w‖² gains its square."""
    lam, star, start = draw((1, 1), 10)
    W, lengths = start.copy(), [start @ start.T]
    velocity = normalised_gradient(3, lam, star)
    for _ in range(300):
        step = 0.02 * velocity(W)
        W = W + step
        lengths.append(lengths[-1] + step @ step.T)
    assert np.ravel(lengths[-1]) == pytest.approx(np.ravel(W @ W.T), rel=1e-12)
    assert lengths[-1] > 1.01 * lengths[0]
    model = network("He3(z)", normalised=True)
    found = descend_network(Problem(lam, star[0], start[0]), 0.02, 300, [300], model)
    assert found.S[0, 0, 0] == pytest.approx(float(W[0] ** 2 @ lam), rel=1e-11)
    assert found.U[0, 0, 0] == pytest.approx(float(W[0] @ (lam * star[0])), rel=1e-11)


def test_decay_shrinks_normalised_students():
    """‖w‖ falls as e^{−κt} whatever is learnt, and the rate of learning grows as 1/‖w‖²."""
    lam, star, start = draw((1, 1))
    model = network("He3(z)", normalised=True, constraint="decay:0.3")
    run = solve(Problem(lam, star[0], start[0]), 3.0, model, check=True)
    velocity = normalised_gradient(3, lam, star)
    weights = normalised_flow(lambda W: velocity(W) - 0.3 * W, start, [3.0])
    assert np.linalg.norm(weights) == pytest.approx(np.linalg.norm(start) * np.exp(-0.9), rel=1e-9)
    S, U = products(lam, star, weights)
    assert pytest.approx(S[..., 0], rel=1e-9) == run.overlaps(3.0).S
    assert pytest.approx(U[..., 0], rel=1e-9) == run.overlaps(3.0).U


def test_what_compares_sizes_is_refused():
    lam, star, start = draw((1, 1), 5)
    run = solve(Problem(lam, star[0], start[0]), 1.0, network("He3(z)", normalised=True))
    assert run.constraint is None
    for ask in (lambda: run.at(0.5), run.phases):
        with pytest.raises(ValueError, match="normalised units"):
            ask()
    model = normalised(single_index(Z**2))
    with pytest.raises(ModelError, match="normalised"):
        online_sgd(hierarchy(model))
    with pytest.raises(ModelError, match="plain model"):
        normalised(model)
