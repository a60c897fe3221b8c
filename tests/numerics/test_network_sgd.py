"""SGD of any model: runs against plain loops and the single student, predictions against runs."""

import numpy as np
import pytest
import sympy
from scipy.integrate import dblquad
from scipy.special import erf

from numerics import (
    DescentProtocol,
    Problem,
    load_module,
    network,
    online_sgd,
    online_sgd_network,
    power_law,
    power_law_network,
    predict_sgd,
    shared_sgd_network,
)
from numerics.descent.draws import Draws
from numerics.generated import phase_retrieval, phase_retrieval_noise
from numerics.pairs import right_hand_sides
from numerics.pairs.noise import gradient_noise_of
from theory.symbolic import Model, Z, constrained, parse_link, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.gradient_noise import generate_noise_module

ROOT = np.sqrt(np.pi)
FUNCTIONS = {
    "erf(z)": (erf, lambda z: 2 / ROOT * np.exp(-(z**2))),
    "tanh(z)": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "relu(z)": (lambda z: np.maximum(z, 0.0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "abs(z)": (np.abs, np.sign),
}


def pair_of(text):
    link = parse_link(text)
    return single_index(link), gradient_noise_of(right_hand_sides(single_index(link)), link, link)


@pytest.mark.parametrize("text", FUNCTIONS)
@pytest.mark.parametrize(("s", "u", "t"), [(0.7, 0.3, 1.0), (0.02, -0.05, 0.6)])
def test_moments_of_the_noise_by_integration(text, s, u, t):
    """E h and E[h (ξξᵀ − Σ⁻¹)], with ξ = Σ⁻¹(z, z*), h = 4((f(z) − f(z*))² + σ²) f'(z)², by integration."""
    f, slope = FUNCTIONS[text]
    sigma2, inverse = 0.3, np.linalg.inv([[s, u], [u, t]])
    depth = np.sqrt(s - u**2 / t)

    def integrand(r, angle, which):
        star, z = np.sqrt(t) * r * np.cos(angle), 0.0
        z = u / np.sqrt(t) * r * np.cos(angle) + depth * r * np.sin(angle)
        h = 4 * ((f(z) - f(star)) ** 2 + sigma2) * slope(z) ** 2
        xi = inverse @ [z, star]
        weights = [1.0, *(xi[i] * xi[j] - inverse[i, j] for i, j in ((0, 0), (0, 1), (1, 1)))]
        return h * weights[which] * r * np.exp(-(r**2) / 2) / (2 * np.pi)

    kink = np.arctan2(-u / np.sqrt(t), depth)
    ends = np.sort(np.mod([kink, kink + np.pi, np.pi / 2, 3 * np.pi / 2], 2 * np.pi))
    exact = np.array(
        [
            sum(
                dblquad(integrand, a, b, 0, 12, args=(which,), epsabs=1e-9, epsrel=1e-9)[0]
                for a, b in zip(ends, [*ends[1:], ends[0] + 2 * np.pi], strict=True)
            )
            for which in range(4)
        ]
    )
    _, noise = pair_of(text)
    inputs, labels = noise.means(np.array([[s], [u]]), t)
    assert (inputs + sigma2 * labels)[:, 0] == pytest.approx(exact * [1, 1, 2, 1], rel=1e-6, abs=1e-8)


def test_series_of_a_polynomial_is_its_closed_form():
    x, T = np.array([[0.7, 1.0, 1e-4], [0.3, 0.99, 1e-3]]), np.array([[1.0]])
    noise = gradient_noise_of(phase_retrieval, Z**2, Z**2)
    for found, exact in zip(
        noise.gradient_noise(x, T), phase_retrieval_noise.gradient_noise(x, T), strict=True
    ):
        assert found == pytest.approx(exact, rel=1e-11, abs=1e-11)
    slopes = zip(
        noise.gradient_noise_jacobian(x, T), phase_retrieval_noise.gradient_noise_jacobian(x, T), strict=True
    )
    for found, exact in slopes:
        assert found == pytest.approx(exact, rel=1e-4, abs=1e-3)
    assert noise.error(1.0, 1.0) < 1e-14


def test_networks_of_numbers_serve_as_well():
    """Where weights learn, or labels have noise of their own, neither is known."""
    problem, given, model = power_law(1.5, 10), network("erf(z)"), single_index(parse_link("erf(z)"))
    for run in (predict_sgd, online_sgd_network):
        first, second = (run(problem, 0.02, 50, model=which, points=2).loss for which in (given, model))
        assert first == pytest.approx(second, rel=1e-9)
    with pytest.raises(ValueError, match="weights that learn"):
        predict_sgd(problem, 0.02, 50, model=network("erf(z)", train_weights=1.0))
    with pytest.raises(ValueError, match="of fixed weights"):
        online_sgd_network(problem, 0.02, 50, model=network("erf(z)", train_weights=1.0))
    for run in (predict_sgd, online_sgd_network):
        with pytest.raises(ValueError, match="label noise of its own"):
            run(problem, 0.02, 50, model=network("erf(z)", noise=0.1))


def test_the_error_tells_what_the_series_leave_out():
    """tanh at s = 6: its poles are near, and 160 terms are not all."""
    model, noise = pair_of("tanh(z)")
    law = power_law(1.0, 8, "gaussian", seed=1)
    problem = Problem(law.eigenvalues, law.teacher, 6.0**0.5 * law.teacher)
    run = predict_sgd(problem, 1e-3, 3, model=model, points=[0, 3], stepwise=True)
    assert run.error >= noise.error(run.s.max(), 1.0) > 1e-12


def test_other_kinks_are_refused():
    link = parse_link("z*abs(z)")
    with pytest.raises(ValueError, match="its kink is not that of relu or abs"):
        predict_sgd(power_law(1.5, 10), 0.01, 10, model=single_index(link))


def test_predictions_of_a_symbolic_model_and_of_its_modules_agree():
    model = single_index(Z**3 + Z)
    modules = {
        "model": load_module(generate_module(model)),
        "noise": load_module(generate_noise_module(model)),
    }
    problem = power_law(1.5, 30, "gaussian", seed=1)
    options = {"noise_variance": 0.1, "batch": 4, "points": [0, 50, 2500]}
    symbolic, generated = (
        predict_sgd(problem, 2e-3, 2500, **options, **kind) for kind in ({"model": model}, modules)
    )
    assert symbolic.loss == pytest.approx(generated.loss, rel=1e-8)


@pytest.mark.parametrize("text", ["erf(z)", "relu(z)"])
def test_blocks_are_the_plain_steps(text):
    model, _ = pair_of(text)
    problem, protocol = (
        power_law(1.2, 40, "gaussian", seed=2),
        DescentProtocol(0.02, 3000, "linear", batch=2, noise_variance=0.1),
    )
    points = [0, 300, 1500, 3000]
    blocks, steps = (
        predict_sgd(problem, protocol, model=model, points=points, stepwise=flag) for flag in (False, True)
    )
    assert blocks.loss == pytest.approx(steps.loss, rel=1e-9)
    assert blocks.error < 1e-10


SETTINGS = [
    ("erf(z)", 1.0, 0.02, 1, 0.1),
    ("relu(z)", 1.5, 0.02, 1, 0.0),
    ("abs(z)", 1.0, 0.01, 16, 0.1),
    ("tanh(z)", 0.5, 0.02, 1, 0.1),
]


def deviation(text, exponent, step, batch, noise, dimension, runs, steps):
    """How far the mean loss of runs is from the prediction, relative to what is allowed: its standard error
    four times and what the prediction leaves out, (deviation of statistics)²; and the ratio of deviations.
    """
    model, _ = pair_of(text)
    problem, points = power_law(exponent, dimension, "gaussian", seed=2), [steps // 20, steps // 4, steps]
    options = {"batch": batch, "noise_variance": noise, "points": points, "model": model}
    run = predict_sgd(problem, step, steps, band=True, **options)
    found = online_sgd_network(problem, step, steps, seeds=range(runs), **options)
    mean, spread = found.loss.mean(axis=0), found.loss.std(axis=0, ddof=1)
    allowed = 4 * spread / np.sqrt(runs) + 4 * run.concentration**2 * run.loss
    return np.abs(mean - run.loss) / allowed, spread / run.loss_std


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_predictions_against_runs(setting):
    off, ratio = deviation(*setting, dimension=60, runs=30, steps=3000)
    assert off.max() < 1
    assert np.all(np.abs(ratio - 1) < 0.55)


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_predictions_against_many_runs(setting):
    off, ratio = deviation(*setting, dimension=200, runs=200, steps=6000)
    assert off.max() < 1
    assert np.all(np.abs(ratio - 1) < 0.25)


def test_one_student_of_phase_retrieval_is_the_run_of_its_own():
    problem = power_law(1.5, 20, "gaussian", seed=3)
    options = {"seeds": (5, 7), "noise_variance": 0.05, "batch": 3, "points": [0, 700, 1500]}
    single = online_sgd(problem, 0.005, 1500, **options)
    runs = online_sgd_network(problem, 0.005, 1500, model=single_index(Z**2), **options)
    assert runs.U[:, 0, 0] == pytest.approx(single.u, rel=1e-9)
    assert runs.loss == pytest.approx(single.loss, rel=1e-9)


def drawn(seed, dimension, batch, variance, steps):
    return [
        (g[0, n].copy(), noise[0, n].copy())
        for g, noise in Draws((seed,), dimension, batch, variance).pieces(0, steps)
        for n in range(g.shape[1])
    ]


@pytest.mark.parametrize("constraint", [None, "sphere", "qsphere", "decay:0.1"])
def test_a_network_against_a_plain_loop(constraint):
    """erf and relu with weights, two teachers, batches of 2; norms by hand."""
    links, weights = (sympy.erf(Z), parse_link("relu(z)")), (sympy.Integer(1), sympy.Rational(-1, 2))
    model = Model("mixed", links, (Z**2, Z), weights, (sympy.S.One, sympy.S.One))
    if constraint:
        model = constrained(model, constraint)
    problem, steps, eta = power_law_network(1.2, 8, 2, 2, "gaussian", seed=1), 400, 0.01
    protocol = DescentProtocol(eta, steps, "cosine", batch=2, noise_variance=0.1)
    runs = online_sgd_network(problem, protocol, model=model, seeds=(4,), points=[0, steps])
    lam, W, T = problem.eigenvalues, problem.students.copy(), problem.teachers
    metric = lam if constraint == "qsphere" else np.ones(8)
    kept = W**2 @ metric
    for k, (g, noise) in enumerate(drawn(4, 8, 2, 0.1, steps)):
        x, size = np.sqrt(lam) * g, eta * 0.5 * (1 + np.cos(np.pi * k / steps))
        z, star = x @ W.T, x @ T.T
        error = erf(z[:, 0]) - 0.5 * np.maximum(z[:, 1], 0) - star[:, 0] ** 2 - star[:, 1] - noise
        slopes = np.stack([2 / ROOT * np.exp(-(z[:, 0] ** 2)), -0.5 * (z[:, 1] > 0)])
        step = -size * np.mean(2 * error[:, None, None] * slopes.T[:, :, None] * x[:, None], axis=0)
        if constraint == "decay:0.1":
            step = step - size * 0.1 * W
        if constraint == "qsphere":
            normal = lam * W
            step = step - ((step * normal).sum(axis=1) / (normal**2).sum(axis=1))[:, None] * normal
        W = W + step
        if constraint in ("sphere", "qsphere"):
            W = W * np.sqrt(kept / (W**2 @ metric))[:, None]
    assert runs.S[0, :, :, -1] == pytest.approx((W * lam) @ W.T, rel=1e-9)
    assert runs.U[0, :, :, -1] == pytest.approx((W * lam) @ T.T, rel=1e-9)
    assert runs.distances[0, :, :, -1] == pytest.approx(((W[:, None] - T) ** 2).sum(axis=-1), rel=1e-9)


def test_several_problems_see_the_same_inputs():
    problems = [power_law(a, 15, "gaussian", seed=1) for a in (0.5, 1.5)]
    options = {"model": single_index(parse_link("relu(z)")), "seeds": (0, 1), "points": 5}
    pair = shared_sgd_network(problems, 0.01, 500, **options)
    for problem, runs in zip(problems, pair, strict=True):
        assert runs.loss == pytest.approx(online_sgd_network(problem, 0.01, 500, **options).loss, rel=1e-9)


def test_inputs_of_a_sampler_and_of_a_matrix():
    """Signs: each run draws its own, whatever runs beside it, and the loss is theirs."""
    problem = Problem(np.full(4, 0.25), [2.0, 0.0, 0.0, 0.0], [0.3, 0.1, 0.1, 0.1])

    def signs(rng, count):
        return 0.5 * rng.choice([-1.0, 1.0], size=(count, 4))

    options = {"model": single_index(Z**2), "points": [0, 1500]}
    runs = online_sgd_network(problem, 0.02, 1500, seeds=(1, 2), inputs=signs, **options)
    alone = online_sgd_network(problem, 0.02, 1500, seeds=(2,), inputs=signs, **options)
    assert np.array_equal(runs.U[1], alone.U[0])
    assert not np.array_equal(runs.U[0], runs.U[1])
    held = signs(np.random.default_rng(0), 100_000)
    start = np.mean(((held @ problem.init) ** 2 - (held @ problem.teacher) ** 2) ** 2)
    assert runs.loss[0, 0] == pytest.approx(start, rel=0.02)
    matrix = signs(np.random.default_rng(1), 50)
    rows = online_sgd_network(problem, 0.02, 1500, inputs=matrix, **options)
    empirical = np.mean(((matrix @ problem.init) ** 2 - (matrix @ problem.teacher) ** 2) ** 2)
    assert rows.loss[0, 0] == pytest.approx(empirical, rel=1e-12)
    assert rows.loss[0, -1] < 0.2 * rows.loss[0, 0]


def test_runs_go_on_from_a_checkpoint(tmp_path, monkeypatch):
    problem = power_law(1.5, 15, "gaussian", seed=1)
    request = {
        "model": single_index(parse_link("erf(z)")),
        "seeds": (0, 1),
        "points": 10,
        "noise_variance": 0.1,
    }

    def stop(done):
        if done >= 2048:
            raise KeyboardInterrupt

    path = tmp_path / "state.npz"
    monkeypatch.setattr("numerics.descent.simulation.SAVE_EVERY", 0.0)
    with pytest.raises(KeyboardInterrupt):
        online_sgd_network(problem, 0.01, 4000, **request, checkpoint=path, progress=stop)
    resumed = online_sgd_network(problem, 0.01, 4000, **request, checkpoint=path)
    assert np.array_equal(resumed.loss, online_sgd_network(problem, 0.01, 4000, **request).loss)
    with pytest.raises(ValueError, match="checkpoint of another run"):
        online_sgd_network(problem, 0.01, 4000, **{**request, "model": single_index(Z**2)}, checkpoint=path)


PAIR = Model("pair", Z**2, Z**2, (1, 1), (1, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": PAIR}, "has 1 students and 1 teachers, the model 2 and 2"),
        ({"inputs": np.zeros((3, 7))}, r"inputs have the shape \(3, 7\): it must be \(n, 10\)"),
        ({"inputs": lambda rng, n: np.zeros((n, 2))}, r"inputs returned the shape"),
        ({"model": phase_retrieval}, "SGD runs on a symbolic model of real Gaussian inputs or a network"),
        ({"seeds": (-1,)}, "seeds must be one or more whole numbers"),
    ],
)
def test_bad_requests(options, message):
    request = {"problem": power_law(1.5, 10), "step_size": 0.01, "steps": 10, "model": single_index(Z**2)}
    with pytest.raises(ValueError, match=message):
        online_sgd_network(**{**request, **options})
