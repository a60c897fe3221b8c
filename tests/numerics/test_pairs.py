"""Pair functions of any link and the networks that they make, against quadrature, draws, integration."""

import itertools
import time

import numpy as np
import pytest
import sympy
from mpmath import mp
from networks import assert_same, differences, gram, problem
from oracles.averaged_flow import averaged_velocity, integrated
from oracles.quadrature import pair_average
from scipy.special import erf, expit

from numerics import Problem, load_module, network, solve
from numerics.pairs import functions, right_hand_sides
from numerics.pairs.functions import pair_function
from theory.symbolic import (
    EllipticalModel,
    Model,
    Z,
    complex_phase_retrieval,
    parse_link,
    quadratic_network,
    single_index,
)
from theory.symbolic.codegen import generate_module

SMOOTH = {
    "z^2": lambda x: x**2,
    "z**3 + z": lambda x: x**3 + x,
    "He3(z)": lambda x: x**3 - 3 * x,
    "he6(z) + z": lambda x: (x**6 - 15 * x**4 + 45 * x**2 - 15) / np.sqrt(720) + x,
    "erf(z/sqrt(2))": lambda x: erf(x / np.sqrt(2)),
    "z*erf(z)": lambda x: x * erf(x),
    "gelu(z)": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
    "sin(z)": np.sin,
    "cos(2*z) + z": lambda x: np.cos(2 * x) + x,
    "exp(z/2)": lambda x: np.exp(x / 2),
    "z*sin(z)": lambda x: x * np.sin(x),
    "tanh(z)": np.tanh,
    "sigmoid(z)": expit,
    "softplus(z)": lambda x: np.logaddexp(0, x),
    "silu(z)": lambda x: x * expit(x),
    "erf(z) + sin(z)": lambda x: erf(x) + np.sin(x),
    "z^4*erf(z)": lambda x: x**4 * erf(x),
    "z^2*sin(z)": lambda x: x**2 * np.sin(x),
    "z^3*exp(z/2)": lambda x: x**3 * np.exp(x / 2),
}
KINKED = {
    "relu(z)": lambda x: np.maximum(x, 0),
    "abs(z)": np.abs,
    "abs(z)**2": lambda x: x**2,
    "relu(z)**2": lambda x: np.maximum(x, 0) ** 2,
    "sign(z)": np.sign,
    "abs(z)**3": lambda x: np.abs(x) ** 3,
    "relu(z) + erf(z)": lambda x: np.maximum(x, 0) + erf(x),
}
LINKS = SMOOTH | KINKED
SLOW = {"z*erf(z)", "z*sin(z)", "abs(z)**3", "relu(z) + erf(z)"}
TEXTS = [pytest.param(text, marks=pytest.mark.slow) if text in SLOW else text for text in LINKS]
POINTS = [(1.3, 0.7, 0.4), (0.2, 1.1, -0.35), (0.9, 0.9, 0.0)]


def function(text):
    return pair_function(parse_link(text), parse_link(text))


@pytest.mark.parametrize("text", TEXTS)
def test_the_average_is_that_of_quadrature(text):
    pair, f = function(text), LINKS[text]
    for a, b, c in POINTS:
        expected, size = (
            pair_average(f, f, a, b, c),
            np.sqrt(
                pair_average(lambda x: f(x) ** 2, np.ones_like, a, 1, 0)
                * pair_average(lambda x: f(x) ** 2, np.ones_like, b, 1, 0)
            ),
        )
        assert float(pair.value(a, b, c)) == pytest.approx(expected, abs=2e-12 * size)
    square = pair_average(lambda x: f(x) ** 2, np.ones_like, 1.3, 1, 0)
    assert float(pair.square(np.array(1.3), 0)) == pytest.approx(square, rel=1e-12)
    assert float(pair.value(1.3, 1.3, 1.3)) == pytest.approx(square, rel=1e-7 if text in KINKED else 1e-12)


@pytest.mark.parametrize("text", ["tanh(z)", "silu(z)"])
def test_quadrature_in_twenty_digits(text):
    """E[f(X) f(Y)] in polar coordinates of the plane, where the integrand is analytic."""
    link = {"tanh(z)": mp.tanh, "silu(z)": lambda x: x / (1 + mp.exp(-x))}[text]
    a, b, c = map(mp.mpf, ("1.3", "0.7", "0.9"))
    pair = function(text)
    with mp.workdps(20):
        first, other, rest = mp.sqrt(a), c / mp.sqrt(a), mp.sqrt(b - c * c / a)
        nodes = [mp.mpf(k) / 8 for k in range(-72, 73)]  # the trapezium rule
        weights = [mp.npdf(x) / 8 for x in nodes]
        values = [link(first * x) for x in nodes]
        inner = [
            mp.fsum(w * link(other * x + rest * y) for y, w in zip(nodes, weights, strict=True))
            for x in nodes
        ]
        expected = float(mp.fsum(w * f * g for w, f, g in zip(weights, values, inner, strict=True)))
    assert float(pair.value(1.3, 0.7, 0.9)) == pytest.approx(expected, rel=2e-14)


@pytest.mark.parametrize(
    ("text", "other"),
    [("relu(z)", "tanh(z)"), ("tanh(z)", "sign(z)"), ("z^2", "silu(z)"), ("erf(z)", "sin(z)")],
)
def test_two_links_of_which_one_has_no_closed_form(text, other):
    """P, and P_a and P_c by its differences; a kink on one side does no harm."""
    pair, f, g = (
        pair_function(parse_link(text), parse_link(other)),
        (LINKS | {"erf(z)": erf})[text],
        LINKS[other],
    )
    for point in POINTS:
        assert float(pair.value(*point)) == pytest.approx(pair_average(f, g, *point), abs=1e-12)
        numeric = differences(lambda x: pair.value(*x), np.array(point), 1e-3)[[0, 2]]
        np.testing.assert_allclose(pair.slopes(*point), numeric, atol=1e-9)


@pytest.mark.parametrize("text", TEXTS)
def test_the_drift_is_the_slope_of_the_loss(text):
    """A = −2 ∂L/∂S and B = −∂L/∂U for two students of different weights and one teacher, and their slopes."""
    rng = np.random.default_rng(3)
    G, model = gram(rng, 3), network(text, weights=(1.0, -0.7), teacher_weights=(1.5,))
    x, T = np.concatenate([G[:2, :2][np.triu_indices(2)], G[:2, 2]]), G[2:, 2:]
    A, B = model.drift(x, T)
    slope = differences(lambda x: model.loss(x, T), x, 3e-3)
    found = np.concatenate([-A[np.triu_indices(2)] * [0.5, 1.0, 0.5], -B[:, 0]])
    np.testing.assert_allclose(found, slope, atol=3e-9 * np.abs(slope).max())
    by_A, by_B = model.drift_jacobian(x, T)
    for exact, part in ((by_A, 0), (by_B, 1)):
        numeric = differences(lambda x, part=part: model.drift(x, T)[part], x, 3e-3)
        np.testing.assert_allclose(exact, numeric, atol=2e-8 * max(1.0, np.abs(numeric).max()))


@pytest.mark.parametrize("text", TEXTS)
def test_the_loss_is_the_mean_over_draws(text):
    rng = np.random.default_rng(4)
    weights, taught = np.array([1.0, 0.3, -2.0]), np.array([0.8, 0.5])
    model, G = network(text, weights=weights, teacher_weights=taught, noise=0.1), gram(rng, 5)
    x, T = np.concatenate([G[:3, :3][np.triu_indices(3)], G[:3, 3:].ravel()]), G[3:, 3:]
    draws = LINKS[text](np.linalg.cholesky(G) @ rng.standard_normal((5, 200_000)))
    errors = (weights @ draws[:3] - taught @ draws[3:]) ** 2 + 0.1
    assert float(model.loss(x, T)) == pytest.approx(
        errors.mean(), abs=5 * errors.std() / np.sqrt(errors.size)
    )


@pytest.mark.parametrize(
    "model",
    [
        single_index(Z**4 + Z**3 / 3),
        quadratic_network(3, 2),
        Model("mixed", Z**3 + Z**2, Z**2, (1, -3), (2, 1)),
        Model("matched", Z**3 + Z**2, Z**3 + Z**2, (1, -3), (1,)),
        Model("erf", sympy.erf(Z / 2), sympy.erf(Z / 2), (1, 2), (1,)),
        Model("kinks", parse_link("relu(z)"), parse_link("abs(z) + z**2"), (1, 2), (1,)),
    ],
    ids=lambda model: f"{model.student_link}, {model.students}, {model.teachers}",
)
def test_the_functions_are_those_of_the_expanded_model(model):
    """Every function that the module of the expanded symbols has, at overlaps and at small residuals."""
    expanded, found = (
        load_module(generate_module(model)),
        network(model.student_link, model.teacher_link, model.student_weights, model.teacher_weights),
    )
    K, M = model.students, model.teachers
    G = gram(np.random.default_rng(5), K + M)
    statistics = np.concatenate([G[:K, :K][np.triu_indices(K)], G[:K, K:].ravel()])
    T = G[K:, K:]
    for name in ("drift", "drift_jacobian", "loss"):
        assert_same(name, expanded, found, np.stack([statistics, statistics * 0.9], axis=1), T)
    own = K * (K + 1) // 2
    for size in (1.0, 1e-3, 1e-8):
        residual = np.concatenate([size**2 * statistics[:own], size * statistics[own:]])
        for name in ("residual_drift", "residual_drift_jacobian", "residual_loss", "statistics"):
            if hasattr(expanded, name):
                assert_same(name, expanded, found, np.stack([residual, residual / 2], axis=1), T)


@pytest.mark.parametrize("text", ["erf(z)", "tanh(z)", "gelu(z)", "sin(z)"])
def test_residuals_keep_their_figures(text):
    """C and the loss are linear and quadratic in V: their ratio at two sizes; at 1e-3, the overlaps'."""
    model = network(text, weights=(1.0, 0.5), teacher_weights=(1.0, 0.5))
    G = gram(np.random.default_rng(6), 4)
    T = G[2:, 2:]

    def residual(size):
        q, p = size**2 * G[:2, :2][np.triu_indices(2)], size * G[:2, 2:].ravel()
        return np.concatenate([q, p])

    small, smaller = residual(1e-9), residual(1e-11)
    drift, less = (model.residual_drift(y, T)[1] for y in (small, smaller))
    np.testing.assert_allclose(drift / 1e-9, less / 1e-11, rtol=1e-7)
    losses = model.residual_loss(small, T) / 1e-18, model.residual_loss(smaller, T) / 1e-22
    assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-7)
    for size in (1e-3, 1e-1):
        y = residual(size)
        A, B = model.drift(model.statistics(y, T), T)
        found_A, found_C = model.residual_drift(y, T)
        np.testing.assert_allclose(found_A, A, rtol=1e-12)
        np.testing.assert_allclose(found_C, A + B, atol=1e-13 * np.abs(A).max())
        assert float(model.residual_loss(y, T)) == pytest.approx(
            float(model.loss(model.statistics(y, T), T)), abs=1e-13
        )


SLOPES = {
    "tanh(z)": lambda x: 1 / np.cosh(x) ** 2,
    "silu(z)": lambda x: expit(x) * (1 + x * expit(-x)),
    "softplus(z)": expit,
    "gelu(z)": lambda x: (1 + erf(x / np.sqrt(2))) / 2 + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
    "sin(z)": np.cos,
    "exp(z/2)": lambda x: np.exp(x / 2) / 2,
    "z**3 + z": lambda x: 3 * x**2 + 1,
    "z^2": lambda x: 2 * x,
    "He3(z)": lambda x: 3 * x**2 - 3,
    "he6(z) + z": lambda x: (6 * x**5 - 60 * x**3 + 90 * x) / np.sqrt(720) + 1,
    "erf(z/sqrt(2))": lambda x: np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2),
    "z*erf(z)": lambda x: erf(x) + 2 * x * np.exp(-(x**2)) / np.sqrt(np.pi),
    "cos(2*z) + z": lambda x: 1 - 2 * np.sin(2 * x),
    "z*sin(z)": lambda x: np.sin(x) + x * np.cos(x),
    "sigmoid(z)": lambda x: expit(x) * expit(-x),
    "erf(z) + sin(z)": lambda x: 2 * np.exp(-(x**2)) / np.sqrt(np.pi) + np.cos(x),
    "z^2*sin(z)": lambda x: 2 * x * np.sin(x) + x**2 * np.cos(x),
}


LONG = SLOW | {"he6(z) + z"}
FLOWS = [pytest.param(text, marks=pytest.mark.slow) if text in LONG else text for text in SLOPES]


@pytest.mark.parametrize("text", FLOWS)
def test_the_flow_is_that_of_averages_over_the_inputs(text):
    """To nine figures beside 1e-14, the absolute tolerance of the integrated weights."""
    flow, times = problem(1, 1, 2, seed=1), np.array([0.3, 2.0, 6.0])
    velocity = averaged_velocity(flow, [SMOOTH[text]], [SLOPES[text]], [1.0])
    expected = integrated(flow, velocity, times)[:, 0]
    s, u = expected**2 @ flow.eigenvalues, expected @ (flow.eigenvalues * flow.teacher)
    found = solve(flow, times[-1], network(text)).at(times)
    np.testing.assert_array_less(np.abs(found.s - s), 1e-9 * s + 2e-14 * np.sqrt(s))
    np.testing.assert_array_less(np.abs(found.u - u), 1e-9 * np.abs(u) + 1e-14)


def test_a_function_of_python_is_a_link():
    flow = problem(2, 2, 5)
    exact, sampled = (solve(flow, 20.0, network(link, None, (1, 1), (1, 1))) for link in ("tanh(z)", np.tanh))
    one, other = (run.overlaps([1.0, 20.0]) for run in (exact, sampled))
    np.testing.assert_allclose(one.S, other.S, rtol=1e-10)
    np.testing.assert_allclose(one.loss, other.loss, rtol=1e-9)


def test_a_kink_without_closed_form_is_refused():
    with pytest.raises(ValueError, match="averages of these links are known to"):
        solve(problem(1, 1, 4), 1.0, network(lambda x: np.where(x > 0, x, 0.1 * x)))


@pytest.mark.parametrize("bad", [(), (0.0,), (np.nan,)])
def test_bad_weights(bad):
    with pytest.raises(ValueError, match="weights must be non-zero real numbers"):
        network("z**2", weights=bad)


def matrices(problem):
    """The quadratic network's flow, A = −8 S − 4 tr(S − T), B = 8 U."""
    lam, star = problem.eigenvalues, problem.teachers
    energy = np.trace(star * lam @ star.T)

    def velocity(W):
        S, U = W * lam @ W.T, W * lam @ star.T
        A = -8 * S - 4 * (np.trace(S) - energy) * np.eye(len(W))
        return lam * (A @ W + 8 * U @ star)

    return velocity


@pytest.mark.parametrize(
    ("width", "size", "until"), [(12, 40, 3.0), pytest.param(64, 1000, 3.0, marks=pytest.mark.slow)]
)
def test_wide_quadratic_networks(width, size, until):
    """Mode by mode, and its stated error is an upper bound."""
    flow, times = problem(width, width, size), np.array([0.2 * until, until])
    run = solve(flow, until, network("z**2", None, [1] * width, [1] * width), check=True)
    W = integrated(flow, matrices(flow), times)
    found = run.overlaps(times)
    S = np.einsum("tjn,n,tkn->jkt", W, flow.eigenvalues, W)
    lengths = np.sqrt(np.einsum("jjt->jt", S))
    error = np.abs(found.S - S) / (lengths[:, None] * lengths)
    assert error.max() < run.error + 1e-11
    assert run.error < 1e-9
    np.testing.assert_allclose(
        run.overlaps([0.0]).S[..., 0], (flow.students * flow.eigenvalues) @ flow.students.T
    )


@pytest.mark.parametrize("width", [32, pytest.param(256, marks=pytest.mark.slow)])
def test_many_students_of_one_teacher(width):
    """K students of weight 1/K against M = 1."""
    flow = problem(width, 1, 20)
    run = solve(flow, 0.5, network("erf(z)", None, [1 / width] * width, [1.0]))
    losses = run.overlaps([0.0, 0.25, 0.5]).loss
    assert np.all(np.diff(losses) < 0)
    assert run.error < 1e-9


@pytest.mark.parametrize("text", ["erf(z)", pytest.param("tanh(z)", marks=pytest.mark.slow)])
def test_a_wide_network_near_its_teacher_keeps_its_figures(text):
    """The residuals are integrated, so that a loss of 1e-12 is that of a tenth of them, a hundredfold."""
    far, losses = problem(8, 8, 20), []
    for size in (1e-6, 1e-7):
        start = far.teachers + size * (far.students - far.teachers)
        flow = Problem(far.eigenvalues, far.teachers, start)
        run = solve(flow, 3.0, network(text, None, [1] * 8, [1] * 8))
        losses.append(float(run.overlaps([3.0]).loss[0]))
    assert losses[0] < 1e-11
    assert losses[0] == pytest.approx(100 * losses[1], rel=1e-3)


def test_a_wide_constrained_network_that_is_too_stiff_says_so():
    with pytest.raises(ArithmeticError, match="explicit steps"):
        solve(problem(5, 5, 40), 1e9, network("z**2", None, [1] * 5, [1] * 5, constraint="sphere"))


@pytest.mark.parametrize("text", ["z**3", "erf(z)", "relu(z)"])
def test_the_generated_text_has_the_same_size_for_every_width(text, monkeypatch):
    """What networks of 2, 8 and 64 students and teachers load, each generated anew."""
    loaded = []
    monkeypatch.setattr(
        functions, "load_module", lambda *given: loaded.append(given[0]) or load_module(*given)
    )
    sizes = []
    for width in (2, 8, 64):
        pair_function.cache_clear()
        loaded.clear()
        network(text, weights=[1] * width, teacher_weights=[1] * width)
        sizes.append([len(written) for written in loaded])
    assert sizes[0]
    assert sizes[0] == sizes[1] == sizes[2]


def test_width_costs_no_derivation():
    """Networks of 8 and 64 units, and a link of degree 16, are derived within a second."""
    for arguments in (
        (("erf(z)",), 8),
        (("tanh(z)",), 8),
        (("z**4",), 64),
        (("abs(z)**3",), 1),
        (("z^4*erf(z)",), 1),
        (("z**16 - z**15/3 + z",), 1),
        (("He64(z)",), 2),
    ):
        pair_function.cache_clear()
        before = time.process_time()
        made = network(*arguments[0], weights=[1] * arguments[1], teacher_weights=[1] * arguments[1])
        statistics = np.full(made.STUDENTS * (made.STUDENTS + 1) // 2 + made.STUDENTS**2, 0.5)
        made.drift(statistics, np.eye(made.STUDENTS))
        assert time.process_time() - before < 1.0


def test_high_degrees_are_exact():
    """E[He_n(X) He_n(Y)] = n! c^n at unit variances, E[X^64 Y^64] = 127!! at c = 1."""
    hermite, power = (pair_function(link, link) for link in (parse_link("he64(z)"), Z**64))
    assert float(hermite.value(1.0, 1.0, 0.9)) == pytest.approx(0.9**64, rel=1e-13)
    assert float(power.value(1.0, 1.0, 1.0)) == pytest.approx(float(sympy.factorial2(127)), rel=1e-13)
    for a, b in itertools.product((0.5, 1.7), repeat=2):
        slopes = np.array(power.slopes(a, b, 0.3))
        numeric = differences(lambda x: power.value(*x), np.array([a, b, 0.3]), 1e-4)[[0, 2]]
        np.testing.assert_allclose(slopes, numeric, rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [complex_phase_retrieval(), EllipticalModel("heavy", Z**2, Z**2, radial_moments=(1, 3))],
    ids=lambda model: model.name,
)
def test_models_with_averages_of_their_own_are_not_taken_for_real_gaussian_ones(model):
    x, T = np.array([0.5, 0.25]), np.array([[1.5]])
    point = {"s": 0.5, "u": 0.25, "t": 1.5}
    A, B = right_hand_sides(model).drift(x, T)
    assert A[0, 0] == pytest.approx(float(model.A[0].subs(point)))
    assert B[0, 0] == pytest.approx(float(model.B[0].subs(point)))
