"""Networks whose second layer learns, against direct integrations of both gradients, and what they keep."""

import numpy as np
import pytest
from mpmath import mp
from networks import half_size_problem

from numerics import (
    Problem,
    descend,
    descend_network,
    largest_stable_step,
    load,
    load_module,
    network,
    power_law,
    save,
    solve,
)
from numerics.pairs import right_hand_sides
from tests.oracles.trained_gradients import both_layers, one_unit, squares
from theory.symbolic import Model, Z, parse_link, quadratic_network, trained
from theory.symbolic.codegen import generate_module

ORACLE = 3e-11


def network_problem(students, teachers, size=12, seed=0):
    problem = half_size_problem(students, teachers, size, seed)
    return problem, np.array([1.0, -0.5, 2.0])[:students], np.array([1.0, 2.0])[:teachers]


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("rate", [0.2, pytest.param(1.0, marks=pytest.mark.slow), 5.0])
def test_squares(sizes, rate):
    problem, weights, taught = network_problem(*sizes)
    times, lam = [0.5, 2.0, 8.0], problem.eigenvalues
    run = solve(problem, 8.0, network("z^2", None, weights, taught, train_weights=rate), check=True)
    velocity = squares(lam, problem.teachers, taught)
    W, a = both_layers(velocity, problem.students, weights, rate, times)
    found = run.overlaps(times)
    assert run.error < 1e-11
    assert pytest.approx(np.einsum("tji,tki->jkt", lam * W, W), rel=0, abs=ORACLE) == found.S
    assert pytest.approx(np.einsum("tji,mi->jmt", lam * W, problem.teachers), rel=0, abs=ORACLE) == found.U
    assert found.weights == pytest.approx(a.T, rel=0, abs=ORACLE)
    gaps = W[:, :, None] - problem.teachers
    assert found.distances == pytest.approx(np.moveaxis(np.sum(gaps**2, axis=-1), 0, -1), rel=1e-9)


LINKS = {
    "tanh(z)": (
        np.tanh,
        lambda x: 1 - np.tanh(x) ** 2,
        lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
    ),
    "z^2+z/2": (lambda x: x**2 + x / 2, lambda x: 2 * x + 0.5, lambda x: 2.0 + 0 * x),
}


@pytest.mark.parametrize("link", LINKS)
def test_other_links(link):
    """They come to rest at the teacher, in its own chart, with the weight of the teacher."""
    problem, _, _ = network_problem(1, 1, seed=4)
    lam, star, weights, times = problem.eigenvalues, problem.teacher, np.array([0.6]), [0.5, 3.0, 20.0]
    run = solve(problem, 20.0, network(link, weights=weights, teacher_weights=[1.5], train_weights=2.0))
    W, a = both_layers(one_unit(*LINKS[link], lam, star, 1.5), problem.students, weights, 2.0, times)
    found = run.overlaps(times)
    assert found.U[0, 0] == pytest.approx(W[:, 0] @ (lam * star), rel=0, abs=3e-10)
    assert found.weights[0] == pytest.approx(a[:, 0], rel=0, abs=3e-10)


@pytest.mark.parametrize(("link", "degree"), [("relu(z)", 1), ("z^2", 2), ("z^3", 3), ("sign(z)", 0)])
def test_homogeneous_links_keep_the_balance_of_the_layers(link, degree):
    """f(cz) = c^k f(z) for c > 0: w·∂L/∂w = k a ∂L/∂a, so that ‖w_j‖² − (k/r) a_j² does not change."""
    problem, weights, taught = network_problem(2, 1, seed=2)
    rate = 0.8
    until = 0.2 if degree == 0 else 3.0
    run = solve(problem, until, network(link, None, weights, taught, train_weights=rate))
    lengths = np.concatenate([step.norms[0, :, 0] for step in run.segments], axis=1)
    a = np.concatenate([step.statistics[-2:] for step in run.segments], axis=1)
    assert all(step.chart.centred for step in run.segments)
    assert np.ptp(a, axis=1).min() > 1e-3
    balance = lengths - degree / rate * a**2
    assert balance == pytest.approx(np.repeat(balance[:, :1], balance.shape[1], axis=1), rel=0, abs=1e-11)


def test_small_residuals_keep_their_digits():
    """One mode, z² + 2z: w and a obey two equations typed here, at 25 digits."""
    run = solve(Problem([1.0], [1.0], [0.6]), 12.0, network("z^2+2*z", train_weights=1.0))
    found = run.overlaps([6.0, 12.0])
    with mp.workdps(25):

        def flow(_, state):
            w, a = state
            by_w = a**2 * (12 * w**3 + 8 * w) - 2 * a * (6 * w + 4)
            by_a = 2 * a * (3 * w**4 + 4 * w**2) - 2 * (3 * w**2 + 4 * w)
            return [-by_w, -by_a]

        def loss(w, a):
            return a**2 * (3 * w**4 + 4 * w**2) - 2 * a * (3 * w**2 + 4 * w) + 7

        solution = mp.odefun(flow, 0, [mp.mpf("0.6"), mp.mpf(1)])
        expected = [float(loss(*solution(time))) for time in (6, 12)]
    assert found.loss == pytest.approx(expected, rel=1e-9)
    assert found.loss[1] < 1e-12


def test_teachers_in_another_order_are_found():
    """Students beside the other's teacher, weights beside its weight: the chart permutes both."""
    lam = np.arange(1.0, 7.0) ** -1.0
    star = np.array([[1.0, 0.2, 0.3, 0.1, 0.4, 0.2], [-0.3, 1.0, 0.1, 0.5, 0.2, 0.1]])
    start, taught = 1.05 * star[::-1], np.array([1.0, 2.0])
    model = network("z^3 + z", None, [1.9, 1.1], taught, train_weights=1.0)
    run = solve(Problem(lam, star, start), 400.0, model)
    end = run.overlaps(400.0)
    assert not run.segments[-1].chart.centred
    assert end.loss < 1e-18
    assert end.weights == pytest.approx([2.0, 1.0], rel=1e-9)
    assert pytest.approx((star[::-1] * lam) @ star.T, rel=1e-9) == end.U


def test_a_weight_that_grows_speeds_up_an_infinite_teacher():
    """A flat teacher of d = ∞ has infinite ‖w*‖²: for z², a³ ∝ the number n of directions learned.

    With τ = ∫ a dt, n ∝ τ^{1/α}, so τ ∝ t^{3α/(3α−1)}: a ~ t^{1/(3α−1)} and the loss, ∝ τ^{−(1−1/α)},
    ~ t^{−3(α−1)/(3α−1)} in place of t^{−(1−1/α)}. For α = 2 these are 1/5 and 3/5.
    """
    problem = power_law(2.0, np.inf, init="escape:0.1", horizon=1e12)
    run = solve(problem, 1e5, network("z^2", train_weights=1.0))
    times = np.array([1e4, 1e5])
    found = run.overlaps(times)
    assert np.log10(found.weights[0, 1] / found.weights[0, 0]) == pytest.approx(1 / 5, abs=0.003)
    assert np.log10(found.loss[1] / found.loss[0]) == pytest.approx(-3 / 5, abs=0.002)


def test_a_reduced_problem_says_when_weights_have_grown_too_far():
    problem = power_law(2.0, np.inf, init="escape:0.1", horizon=1e3)
    with pytest.raises(ValueError, match="the weights have grown"):
        solve(problem, 1e3, network("z^2", train_weights=1.0))


def test_many_modes_are_reduced():
    problem, model = power_law(1.2, 1200, "gaussian", seed=1), network("z^2", train_weights=1.0)
    run = solve(problem, 10.0, model)
    assert len(run.problem.eigenvalues) < 600
    lam, star = problem.eigenvalues, problem.teacher
    W, a = both_layers(squares_of_one(lam, star), problem.students, np.ones(1), 1.0, [10.0])
    found = run.overlaps([10.0])
    assert found.U[0, 0] == pytest.approx(W[:, 0] @ (lam * star), rel=0, abs=ORACLE)
    assert found.weights[0] == pytest.approx(a[:, 0], rel=0, abs=ORACLE)


def squares_of_one(lam, star):
    """Those of one student, in vectors: L = 3 a² s² − 2 a s t − 4 a u² + 3 t²."""
    t = np.sum(lam * star**2)

    def velocity(W, a):
        w, c = W[0], a[0]
        s, u = np.sum(lam * w**2), np.sum(lam * w * star)
        pulled = lam * ((12 * c**2 * s - 4 * c * t) * w - 8 * c * u * star)
        return -pulled[None], -np.array([6 * c * s**2 - 2 * s * t - 4 * u**2])

    return velocity


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2), (6, 2)])
def test_descent_is_the_map(sizes):
    problem, weights, taught = network_problem(*sizes)
    weights = np.resize(weights, sizes[0])
    model, eta, rate = network("z^2", None, weights, taught, train_weights=0.7), 0.005, 0.7
    found = descend_network(problem, eta, 400, points=[0, 1, 400], model=model)
    velocity = squares(problem.eigenvalues, problem.teachers, taught)
    W, a, seen = problem.students.copy(), weights.copy(), []
    for step in range(401):
        if step in (0, 1, 400):
            seen.append((W @ (problem.eigenvalues * W).T, a.copy()))
        pulled, learnt = velocity(W, a)
        W, a = W + eta * pulled, a + eta * rate * learnt
    for number, (S, values) in enumerate(seen):
        assert found.S[..., number] == pytest.approx(S, rel=0, abs=1e-12)
        assert found.weights[:, number] == pytest.approx(values, rel=0, abs=1e-12)


def test_descent_keeps_small_residuals():
    problem = Problem([1.0], [1.0], [0.6])
    model = network("z^2+2*z", train_weights=1.0)
    found = descend_network(problem, 0.01, 3000, points=[2000, 2500, 3000], model=model)
    assert found.loss[2] < 1e-20
    falls = found.loss[1:] / found.loss[:-1]
    assert falls[1] == pytest.approx(falls[0], rel=1e-3)


def test_modules_and_symbolic_models_say_the_same():
    model = trained(Model("two", Z**3 + Z, Z**2, (1, -2), (1, 3)), 0.5)
    rules, module = right_hand_sides(model), load_module(generate_module(model))
    x = np.random.default_rng(0).normal(size=(9, 4))
    T = np.array([[1.3, 0.2], [0.2, 0.7]])
    assert (module.WEIGHTS, module.TRAIN_RATE) == ((1.0, -2.0), 0.5)
    for name in ("drift", "drift_jacobian", "loss", "weight_velocity"):
        values, found = getattr(module, name)(x, T), getattr(rules, name)(x, T)
        for one, other in zip(np.atleast_1d(values), np.atleast_1d(found), strict=True):
            assert one == pytest.approx(other, rel=1e-12, abs=1e-12)
    with pytest.raises(ValueError, match="symbolic model"):
        right_hand_sides(module)


def test_files_keep_the_weights(tmp_path):
    problem, weights, taught = network_problem(2, 1)
    run = solve(problem, 2.0, network("z^2", None, weights, taught, train_weights=0.5))
    labelled = run.dataset([0.0, 1.0, 2.0])
    for ending in ("nc", "json", "csv"):
        path = tmp_path / f"run.{ending}"
        save(labelled, path)
        back = load(path)
        assert back["weights"].dims == ("student", "t")
        assert np.array_equal(back["weights"], labelled["weights"])
        assert float(back.attrs["train_weights"]) == 0.5


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: network("z^2", train_weights=0.0), "train_weights"),
        (lambda: network("z^2", train_weights=1.0, constraint="sphere"), "exclude each other"),
        (lambda: largest_stable_step(Problem([1], [1], [1]), network("z^2", train_weights=1.0)), "learn"),
        (
            lambda: descend(Problem([1], [1], [0.5]), 0.1, 3, model=network("z", train_weights=1.0)),
            "descend_network",
        ),
        (
            lambda: solve(
                Problem([1, 0.5], [1, 1], np.ones((5, 2))),
                1.0,
                trained(quadratic_network(5, 1), 1),
            ),
            "at most 4",
        ),
    ],
)
def test_what_is_not_known_is_refused(call, told):
    with pytest.raises((ValueError, TypeError), match=told):
        call()


def test_links_by_text_and_by_symbol_agree():
    problem, weights, taught = network_problem(2, 1, seed=1)
    model = trained(
        Model("erf", parse_link("erf(z)"), parse_link("erf(z)"), tuple(weights), tuple(taught)), 2
    )
    one = solve(problem, 2.0, model).overlaps(2.0)
    other = solve(problem, 2.0, network("erf(z)", None, weights, taught, train_weights=2.0)).overlaps(2.0)
    assert one.loss == pytest.approx(other.loss, rel=1e-12)


def test_a_run_tells_its_modes_and_goes_on():
    """All modes of a reduced run, and a restart with the weights of that time."""
    problem, taught = power_law(1.2, 700, "gaussian", seed=1), network("z^2", train_weights=1.0)
    run = solve(problem, 10.0, taught)
    assert len(run.problem.eigenvalues) < 700
    W, _ = both_layers(
        squares_of_one(problem.eigenvalues, problem.teacher), problem.students, np.ones(1), 1.0, [10.0]
    )
    assert run.modes(10.0).w == pytest.approx(W[0, 0], rel=0, abs=1e-10)
    middle = run.overlaps(4.0)
    rest = solve(run.restart(4.0), 6.0, network("z^2", weights=middle.weights, train_weights=1.0))
    assert rest.overlaps(6.0).loss == pytest.approx(run.overlaps(10.0).loss, rel=1e-10)
