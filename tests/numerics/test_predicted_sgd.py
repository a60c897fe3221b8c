"""The predicted mean of online SGD: against plain loops, the derived mean step, and simulated runs."""

import math

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from numerics import Problem, descend, online_sgd, power_law, predict_sgd, reduce, save, solve
from numerics.descent.moments import Moments
from numerics.descent.protocol import DescentProtocol
from numerics.generated import load_module
from numerics.problems.linearisation import escape_direction
from tests.oracles.mean_sgd import plain_loop
from theory.symbolic import Statistic, Z, hierarchy, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.discrete import online_sgd as mean_step
from theory.symbolic.gradient_noise import generate_noise_module

NAMES = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered")


@pytest.mark.parametrize(
    ("exponent", "step", "batch", "noise"),
    [(1.5, 1e-3, 1, 0.05), (2.0, 4e-3, 1, 0.0), (0.5, 5e-3, 16, 0.1), (1.0, 0.05, 10**6, 0.1)],
)
def test_blocks_against_a_plain_loop_over_all_modes(exponent, step, batch, noise):
    problem, steps = power_law(exponent, 60, "gaussian", seed=6), 8000
    run = predict_sgd(problem, step, steps, batch=batch, noise_variance=noise, points=[0, 1, 900, steps])
    assert run.t == pytest.approx(step * np.array([0, 1, 900, steps]), rel=1e-14)
    assert run.limit.name == ("+teacher" if run.u[-1] > 0 else "-teacher")
    side = np.sign(run.u[-1])
    mirrored = Problem(problem.eigenvalues, side * problem.teacher, problem.init)
    for place, count in enumerate((0, 1, 900, steps)):
        exact = plain_loop(mirrored, step, count, batch, noise)
        assert run.s[place] == pytest.approx(exact["s"], rel=1e-11)
        assert run.u[place] == pytest.approx(side * exact["u"], rel=1e-11)
        assert run.loss[place] == pytest.approx(exact["loss"], rel=1e-10)
        if place == 3:
            assert run.one_minus_u[place] == pytest.approx(exact["one_minus_u"], rel=1e-10)
            assert run.one_minus_s[place] == pytest.approx(exact["one_minus_s"], rel=1e-9)
            assert 60 * run.mse[place] == pytest.approx(exact["distance"], rel=1e-11)
            energy = problem.teacher @ problem.teacher
            assert run.recovered[place] == pytest.approx(energy - exact["distance"], rel=1e-11)


def test_small_deficits_keep_their_figures():
    """Without label noise the loss falls without end; the loop has 40 digits."""
    problem, step, steps = Problem([0.75, 0.25], [1.0, -1.0], [0.5, 0.25]), 2.0**-7, 1500
    run = predict_sgd(problem, step, steps, points=[0, steps])
    with mp.workdps(40):
        exact = plain_loop(problem, step, steps, number=mpf)
    assert exact["loss"] < 1e-16
    for name in ("one_minus_u", "one_minus_s", "loss"):
        assert getattr(run, name)[-1] == pytest.approx(float(exact[name]), rel=1e-10)
    assert 2 * run.mse[-1] == pytest.approx(float(exact["distance"]), rel=1e-10)


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_reduced_modes_stand_for_all(noise):
    """Gaussian teacher and sphere start in 2000 directions, some hundred modes: against every mode."""
    problem, step, steps = power_law(1.2, 2000, "gaussian", seed=3), 2e-3, 3000
    run = predict_sgd(problem, step, steps, noise_variance=noise, points=[0, 500, steps])
    assert run.modes < 700
    exact = plain_loop(problem, step, steps, noise=noise)
    assert run.s[-1] == pytest.approx(exact["s"], rel=1e-11)
    assert abs(run.u[-1]) == pytest.approx(abs(exact["u"]), rel=1e-11)
    assert run.loss[-1] == pytest.approx(exact["loss"], rel=1e-10)


def test_dimensions_up_to_infinity():
    """A reduced problem of d directions against all d, and d = ∞ against the remainder that d leaves out.

    Flat teacher, a = 2: beyond d there are Σ λ (w*)² = 0.6/d of the energy, which hardly moves.
    """
    step, steps, noise = 5e-3, 2000, 0.1
    large = power_law(2, 3000, "flat", "escape:0.1", horizon=100.0)
    assert len(large.eigenvalues) < 700
    index = np.arange(1.0, 3001.0)
    values = index**-2 / np.sum(index**-2)
    teacher = np.ones(3000)
    _, direction = escape_direction(values, teacher)
    exact = plain_loop(Problem(values, teacher, 0.1 * direction), step, steps, noise=noise)
    run = predict_sgd(large, step, steps, noise_variance=noise, points=[0, steps])
    assert run.loss[-1] == pytest.approx(exact["loss"], rel=1e-10)
    assert run.u[-1] == pytest.approx(exact["u"], rel=1e-11)
    assert 3000 * run.mse[-1] == pytest.approx(exact["distance"], rel=1e-10)
    losses = [
        predict_sgd(
            power_law(2, d, "flat", "escape:0.1", horizon=100.0), step, steps, points=[0, steps]
        ).loss[-1]
        for d in (10**4, 10**6, 10**8, math.inf)
    ]
    distances = np.abs(np.array(losses[:3]) - losses[3])
    assert distances[1] < 0.02 * distances[0]
    assert distances[2] < 0.02 * distances[1]


def symbolic_step(model, sigma2, batch):
    """The mean change of S^(k) and U^(k), as functions of the overlaps."""
    return mean_step(hierarchy(model), noise=sympy.Rational(sigma2), batch=sympy.Integer(batch))


@pytest.mark.parametrize("link", [Z**2, Z**3 - Z], ids=str)
@pytest.mark.parametrize("order", [1, 3])
def test_a_step_is_the_derived_mean_step(link, order):
    """Σ λ^k (w̄² + c) and Σ λ^k w̄ w* after a step: the symbolic mean, with trace statistics for the counts."""
    model, rng, sigma2, batch, eta = single_index(link), np.random.default_rng(1), "1/5", 3, 0.01
    module, noise = load_module(generate_module(model)), load_module(generate_noise_module(model))
    values, counts = rng.uniform(0.1, 1.0, 4), np.array([1.0, 2.0, 0.5, 3.0])
    problem = Problem(values, rng.normal(size=4), rng.normal(size=4))
    protocol = DescentProtocol(eta, 1, batch=batch, noise_variance=float(sympy.Rational(sigma2)))
    state = Moments(problem, counts, protocol, module, noise)
    state.variance = rng.uniform(0.1, 1.0, 4)
    star, w = problem.teacher, problem.init

    def sums(k, w, c):
        weights = values**k
        return {
            "S": weights @ (w**2 + c),
            "U": weights @ (w * star),
            "T": weights @ star**2,
            "D": weights @ counts,
        }

    step, start, c = symbolic_step(model, sigma2, batch), sums(1, w, state.variance), state.variance.copy()
    overlaps = dict(zip(model.overlaps.statistics, (start["S"], start["U"]), strict=True))
    overlaps[model.overlaps.T[0]] = start["T"]
    state.advance(1)
    after, before = sums(order, state.students[0], state.variance), sums(order, w, c)
    for name in ("S", "U"):
        change = sum(
            eta**power * float(value.subs(overlaps)) * sums(int(key.order), w, c)[key.name]
            for power, terms in step.change(Statistic(name, 0, 0, order)).items()
            for key, value in terms.items()
        )
        assert after[name] - before[name] == pytest.approx(change, rel=1e-10)


def test_another_link_in_blocks_and_step_by_step():
    model = single_index(Z**3 + Z)
    options = {
        "model": load_module(generate_module(model)),
        "noise": load_module(generate_noise_module(model)),
        "noise_variance": 0.1,
        "batch": 4,
        "points": [0, 50, 2500],
    }
    problem = power_law(1.5, 30, "gaussian", seed=1)
    blocks, steps = (predict_sgd(problem, 2e-3, 2500, stepwise=flag, **options) for flag in (False, True))
    for name in NAMES:
        assert getattr(blocks, name) == pytest.approx(getattr(steps, name), rel=1e-10)
    assert 1e-4 < blocks.loss[-1] < 0.1 * blocks.loss[0]


def test_large_batches_are_descent_and_small_steps_the_flow():
    problem = power_law(1.5, 200, "gaussian", seed=4)
    descent = descend(problem, 0.02, 4000, [0, 300, 4000])
    run = predict_sgd(problem, 0.02, 4000, batch=10**14, points=[0, 300, 4000])
    for name in NAMES:
        assert getattr(run, name) == pytest.approx(getattr(descent, name), rel=1e-9)
    flow = solve(problem, 80.0).at([80.0])
    errors = [
        predict_sgd(problem, step, round(80 / step), points=[0, round(80 / step)]).loss[-1] / flow.loss[0] - 1
        for step in (1e-4, 5e-5)
    ]
    assert errors[0] == pytest.approx(2 * errors[1], rel=0.05)
    assert 0 < abs(errors[0]) < 0.05


def test_against_simulated_runs():
    """Eight runs: within four standard errors, and 3 % for what concentration leaves out.

    a = 1/2, label noise 0.1: at the end the loss is six times that of the flow, which is far outside.
    """
    problem, step, steps, noise = power_law(0.5, 100, "gaussian", seed=2), 4e-3, 25_000, 0.1
    points = [0, steps // 3, 2 * steps // 3, steps]
    runs = online_sgd(problem, step, steps, noise_variance=noise, seeds=range(8), points=points)
    run = predict_sgd(problem, step, steps, noise_variance=noise, points=points)
    for name in ("loss", "s", "mse"):
        values, predicted = getattr(runs, name), getattr(run, name)
        allowed = 4 * values.std(axis=0, ddof=1) / np.sqrt(8) + 0.03 * predicted
        assert np.all(np.abs(values.mean(axis=0) - predicted) <= allowed)
        if name != "s":
            flow = getattr(solve(problem, step * steps).at([step * steps]), name)[0]
            assert abs(values.mean(axis=0)[-1] - flow) > 2 * allowed[-1]


def test_divergence_is_said():
    with pytest.raises(
        FloatingPointError, match=r"the mean of SGD diverged within \d+ steps: reduce the step size 0.2"
    ):
        predict_sgd(power_law(1.5, 20), 0.2, 1000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_size": 0.0}, "step size is 0.0: it must be positive"),
        ({"steps": 0}, "0 steps: a whole number from 1"),
        ({"batch": 0}, "batch is 0: it must be"),
        ({"noise_variance": -1.0}, "noise variance is -1.0: it must be a finite number"),
        ({"points": [0, 11]}, "must ascend within 0 to 10"),
        ({"problem": Problem([1.0], [1.0], [1.0], dimension=5)}, "does not say which eigenvalues these have"),
        ({"problem": Problem([1.0], [1.0], [[0.1], [0.2]])}, "one student with one teacher"),
    ],
)
def test_bad_requests(options, message):
    request = {"problem": power_law(1.5, 20), "step_size": 0.01, "steps": 10, **options}
    with pytest.raises(ValueError, match=message):
        predict_sgd(**request)


@pytest.mark.parametrize("suffix", ["json", "csv", "nc"])
def test_a_reduced_problem_keeps_its_directions_in_files(tmp_path, suffix):
    """At d = ∞, and of d = 10^6: what a file holds is predicted like the problem that was saved."""
    for dimension in (10**6, math.inf):
        problem = power_law(2, dimension, "flat", "escape:0.1", horizon=100.0)
        save(problem.dataset(), tmp_path / f"problem.{suffix}")
        again = Problem.load(tmp_path / f"problem.{suffix}")
        first, second = (predict_sgd(p, 5e-3, 1000, noise_variance=0.1, points=2) for p in (problem, again))
        assert first.loss.tolist() == second.loss.tolist()


def test_a_reduced_problem_keeps_its_directions():
    problem = power_law(1.5, 3000, "gaussian", seed=5)
    small = reduce(problem, 100.0)
    assert len(small.eigenvalues) < 1000
    options = {"noise_variance": 0.3, "points": [0, 4000]}
    first, second = (predict_sgd(which, 2e-3, 4000, **options) for which in (problem, small))
    for name in NAMES:
        assert getattr(first, name)[-1] == pytest.approx(getattr(second, name)[-1], rel=1e-10)


def test_the_labelled_form_and_the_card():
    run = predict_sgd(power_law(1.5, 20), 0.005, 3000, noise_variance=0.1, batch=2, points=20)
    labelled = run.dataset()
    assert labelled["mse"].dims == ("t",)
    assert labelled.attrs["step_size"] == 0.005
    assert labelled.attrs["limit"] == run.limit.name
    assert labelled["step"].values.tolist() == run.steps.tolist()
    assert "noise variance" in repr(run)
