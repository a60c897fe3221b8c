"""The band of predicted SGD: against the full linear-noise equation by a plain loop, and against runs."""

import math

import numpy as np
import pytest

from numerics import Problem, online_sgd, power_law, predict_sgd

BAND = ("u_std", "s_std", "loss_std", "mse_std")


def by_plain_loop(problem, step, steps, batch, noise):
    """The deviations of u, s, L and the MSE after the steps: P (d, d) carried step by step, all by hand.

    P ← (1 + ηJ) P (1 + ηJ) + (η²/m) [Cov g + K Q P Q] at the mean w, where s counts the variance of the modes
    that concentration leaves: Cov g = V Q + Q (K ww' + …) Q.
    """
    lam, star, w = problem.eigenvalues, problem.teacher, problem.init
    Q, c, t = np.diag(lam), 0 * w, lam @ star**2
    P = np.zeros((len(w), len(w)))
    for count in range(steps + 1):
        s, u = lam @ (w**2 + c), (lam * w) @ star
        A, B, g, h = 4 * (t - 3 * s), 8 * u, lam * w, lam * star
        J = A * Q - 24 * np.outer(g, g) + 8 * np.outer(h, h)
        if count == steps:
            break
        V = 240 * s**3 - 96 * s**2 * t + 48 * s * t**2 - 384 * s * u**2 + 192 * t * u**2 + 16 * noise * s
        own = 1440 * s**2 - 384 * s * t + 96 * t**2 - 768 * u**2 + 32 * noise - A**2
        cross, fixed = 768 * u * (t - 2 * s) - 2 * A * B, 384 * u**2 + 192 * s * (t - s) - B**2
        mixed = 0.5 * cross * (np.outer(g, h) + np.outer(h, g))
        added = V * Q + own * (np.outer(g, g) + Q @ P @ Q) + mixed + fixed * np.outer(h, h)
        move = np.eye(len(w)) + step * J
        P = move @ P @ move + step**2 / batch * added
        spread = lam * V + lam**2 * (own * (w**2 + c) + cross * w * star + fixed * star**2)
        c = (1 + step * lam * A) ** 2 * c + step**2 / batch * spread
        w = w + step * (A * g + B * h)
    slope, away = A * g + B * h, w - np.sign(u) * star
    variances = [
        h @ P @ h,
        4 * g @ P @ g + 2 * np.trace(Q @ P @ Q @ P),
        slope @ P @ slope + np.trace(J @ P @ J @ P) / 2,
        (4 * away @ P @ away + 2 * np.trace(P @ P)) / len(w) ** 2,
    ]
    return np.sqrt(variances)


@pytest.mark.parametrize(
    ("exponent", "step", "batch", "noise", "steps"),
    [
        (1.0, 2e-4, 1, 0.0, 6000),
        (2.0, 1e-3, 4, 0.1, 8000),
        (0.5, 4e-4, 1, 0.3, 9000),
        (1.5, 2e-3, 16, 0.0, 2500),
    ],
)
def test_against_the_full_equation(exponent, step, batch, noise, steps):
    """All phases: three times of each run. Both are of leading order in the step: within 2 %."""
    problem = power_law(exponent, 12, "gaussian", seed=6)
    points = [steps // 30, steps // 5, steps]
    run = predict_sgd(problem, step, steps, batch=batch, noise_variance=noise, points=points, band=True)
    found = np.array([getattr(run, name) for name in BAND])
    for place, count in enumerate(points):
        assert found[:, place] == pytest.approx(by_plain_loop(problem, step, count, batch, noise), rel=0.02)


def test_reduced_modes_stand_for_all():
    problem, step, steps = power_law(1.2, 100, "gaussian", seed=3), 2e-3, 2500
    run = predict_sgd(problem, step, steps, noise_variance=0.1, points=[300, steps], band=True)
    for place, count in enumerate((300, steps)):
        exact = by_plain_loop(problem, step, count, 1, 0.1)
        assert [getattr(run, name)[place] for name in BAND] == pytest.approx(exact, rel=0.02)


def test_at_rest_small_steps_have_a_closed_form():
    """P = ησ²/m: var u = ησ² Σ λ² w*²/m, and 2 (ησ²/m)²/d for the MSE."""
    problem, step, noise, batch = power_law(1, 6, "source:0.2", seed=1), 1e-4, 0.1, 2
    run = predict_sgd(problem, step, 10**6, batch=batch, noise_variance=noise, points=2, band=True)
    size = step * noise / batch
    assert run.u_std[-1] == pytest.approx(
        np.sqrt(size * np.sum((problem.eigenvalues * problem.teacher) ** 2)), rel=0.01
    )
    assert run.mse_std[-1] == pytest.approx(size * np.sqrt(2 / 6), rel=0.01)


def test_against_simulated_runs():
    """300 runs in 40 directions, from the start to past the escape: within four of their errors."""
    problem, step, steps = power_law(1, 40, "gaussian", seed=2), 2e-3, 2500
    options = {"batch": 4, "noise_variance": 0.1, "points": [50, 400, 1000, steps]}
    runs = online_sgd(problem, step, steps, seeds=range(300), **options)
    run = predict_sgd(problem, step, steps, band=True, **options)
    for name in ("u", "s", "loss", "mse"):
        measured = getattr(runs, name).std(axis=0, ddof=1)
        assert getattr(run, f"{name}_std") == pytest.approx(measured, rel=4 / np.sqrt(600))
    assert 0.02 < run.concentration < 0.2
    last = predict_sgd(problem, step, steps, band=True, **{**options, "points": [steps]})
    assert run.s_std.max() > 1.5 * run.s_std[-1]
    assert last.concentration == run.concentration


def test_infinite_dimension_and_no_band():
    problem = power_law(2, math.inf, init="escape:0.05", horizon=1000.0)
    run = predict_sgd(problem, 2e-3, 10**5, noise_variance=0.1, points=[0, 10**4, 10**5], band=True)
    assert np.isnan(run.mse_std).all()
    assert run.u_std[0] == 0
    assert (run.loss_std[1:] > 0).all()
    large = predict_sgd(
        power_law(2, 10**8, init="escape:0.05"), 2e-3, 10**5, noise_variance=0.1, points=2, band=True
    )
    assert large.loss_std[-1] == pytest.approx(run.loss_std[-1], rel=1e-3)
    without = predict_sgd(problem, 2e-3, 100, points=2)
    assert all(np.isnan(getattr(without, name)).all() for name in BAND)


def test_a_start_without_overlap_and_one_at_rest():
    """u = 0 stays so in the mean, and its deviation grows; the teacher without noise does not move."""
    lam = np.array([0.6, 0.4])
    run = predict_sgd(Problem(lam, [1.0, 0.0], [0.0, 0.1]), 1e-3, 300, points=[0, 300], band=True)
    assert run.u[-1] == 0
    assert run.u_std[-1] > 0
    still = predict_sgd(Problem(lam, [1.0, 0.5], [1.0, 0.5]), 1e-3, 5000, points=[0, 5000], band=True)
    assert still.loss[-1] == 0
    assert still.loss_std[-1] < 1e-25
    nowhere = predict_sgd(Problem(lam, [1.0, 0.5], [0.0, 0.0]), 1e-3, 500, points=[0, 500], band=True)
    assert nowhere.u_std[-1] == nowhere.loss_std[-1] == 0


def test_modes_that_hardly_move_and_eigenvalues_zero():
    """λ ~ 1e-6 beside a teacher of 1e3: t = 0.2 is short, and all that matters is in proportion."""
    slow = Problem(1e-6 * np.array([0.5, 0.3, 0.0]), [1e3, 1e3, 1.0], [30.0, -20.0, 2.0])
    run = predict_sgd(slow, 1e-3, 200, noise_variance=0.1, points=[0, 200], band=True)
    found = [getattr(run, name)[-1] for name in BAND]
    assert found == pytest.approx(by_plain_loop(slow, 1e-3, 200, 1, 0.1), rel=0.02)
