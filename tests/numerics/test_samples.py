"""Flow and descent on samples against differences of the loss, each other, and the population."""

import numpy as np
import pytest

from numerics import (
    Problem,
    draw_samples,
    empirical_descent,
    empirical_flow,
    power_law,
    solve,
)

PROBLEM = power_law(1.5, 10, "gaussian", seed=3)


def test_samples_have_the_covariance_and_the_labels():
    samples = draw_samples(PROBLEM, 200_000, noise_variance=0.09, seed=4)
    covariance = samples.inputs.T @ samples.inputs / 200_000
    scale = np.sqrt(np.outer(PROBLEM.eigenvalues, PROBLEM.eigenvalues))
    assert np.abs((covariance - np.diag(PROBLEM.eigenvalues)) / scale).max() < 6 * np.sqrt(2 / 200_000)
    noise = samples.labels - (samples.inputs @ PROBLEM.teacher) ** 2
    assert noise.mean() == pytest.approx(0, abs=5 * 0.3 / np.sqrt(200_000))
    assert noise.var() == pytest.approx(0.09, rel=0.02)
    assert abs(np.corrcoef(noise, samples.inputs[:, 0])[0, 1]) < 0.01


def test_shorter_draws_are_the_beginning():
    long, short = (draw_samples(PROBLEM, count, noise_variance=1.0, seed=2) for count in (50, 20))
    assert np.array_equal(long.inputs[:20], short.inputs)
    assert long.labels[:20] == pytest.approx(short.labels, rel=1e-13)
    assert not np.array_equal(short.inputs, draw_samples(PROBLEM, 20, seed=3).inputs)


def test_gradient_and_hessian_are_derivatives():
    samples = draw_samples(PROBLEM, 30, noise_variance=0.1)
    w, step = PROBLEM.init + 0.3, 1e-5
    shifts = step * np.eye(10)
    slopes = [(samples.loss(w + e) - samples.loss(w - e)) / (2 * step) for e in shifts]
    assert samples.gradient(w) == pytest.approx(slopes, rel=1e-6, abs=1e-7)
    curvature = [(samples.gradient(w + e) - samples.gradient(w - e)) / (2 * step) for e in shifts]
    assert samples.hessian(w) == pytest.approx(np.array(curvature), rel=1e-6, abs=1e-7)


def test_descent_tends_to_the_flow():
    """Halving the step halves the distance."""
    samples = draw_samples(PROBLEM, 60, noise_variance=0.05)
    flow = empirical_flow(samples, [0.0, 4.0])
    for name in ("u", "s", "mse", "empirical_loss"):
        errors = [
            getattr(empirical_descent(samples, step, round(4.0 / step), points=2), name)[-1]
            - getattr(flow, name)[-1]
            for step in (2e-3, 1e-3)
        ]
        assert errors[0] / errors[1] == pytest.approx(2, abs=0.05), name
        assert abs(errors[1]) > 1e-8
    assert flow.u[0] == pytest.approx((PROBLEM.eigenvalues * PROBLEM.init) @ PROBLEM.teacher, rel=1e-12)


def test_many_samples_are_the_population():
    """The distance to the population's flow falls like n^{−1/2}."""
    population = solve(PROBLEM, 3.0).at([3.0])
    distances = []
    for count in (250, 16_000):
        runs = [empirical_flow(draw_samples(PROBLEM, count, seed=seed), [3.0]) for seed in range(12)]
        distances.append(np.sqrt(np.mean([(run.u[0] - population.u[0]) ** 2 for run in runs])))
    assert distances[0] / distances[1] == pytest.approx(8, rel=0.5)
    assert distances[1] < 0.05


@pytest.mark.parametrize("noise_variance", [0.0, 0.05])
def test_few_samples_are_interpolated_without_recovery(noise_variance):
    """With n < d the empirical loss goes to 0 and the population's does not; it falls all the time."""
    samples = draw_samples(PROBLEM, 6, noise_variance=noise_variance, seed=1)
    run = empirical_flow(samples, [0.0, *np.geomspace(0.1, 1e4, 30)])
    assert np.all(np.diff(run.empirical_loss) <= 1e-9 * run.empirical_loss[0])
    assert run.empirical_loss[-1] < 1e-3 * run.empirical_loss[0]
    assert run.loss[-1] > 0.01
    assert run.mse[-1] > 0.1 * run.mse[0]


def test_long_stiff_run_ends_at_a_critical_point():
    samples = draw_samples(power_law(2, 30, "gaussian", seed=1), 300, noise_variance=0.05)
    end = empirical_flow(samples, [1e6])
    assert end.empirical_loss[0] < 0.051
    assert abs(end.one_minus_u[0]) < 0.02


def test_progress_and_recorded_steps():
    seen = []
    run = empirical_descent(draw_samples(PROBLEM, 20), 0.01, 2500, points=[0, 5, 2500], progress=seen.append)
    assert run.t == pytest.approx([0.0, 0.05, 25.0])
    assert seen == [5, 1005, 2005, 2500]


def test_bad_requests():
    with pytest.raises(ValueError, match="count is 0: it must be a positive integer"):
        draw_samples(PROBLEM, 0)
    with pytest.raises(ValueError, match="noise variance is -1"):
        draw_samples(PROBLEM, 5, noise_variance=-1)
    with pytest.raises(ValueError, match="use a problem that is not reduced"):
        draw_samples(power_law(2, 1000, init="escape:1e-3"), 5)
    with pytest.raises(ValueError, match="one student with one teacher"):
        draw_samples(Problem([1.0], [1.0], [[0.1], [0.2]]), 5)
    samples = draw_samples(PROBLEM, 5)
    for times in ([], [1.0, 1.0], [-1.0], [np.inf]):
        with pytest.raises(ValueError, match="in ascending order"):
            empirical_flow(samples, times)
    with pytest.raises(FloatingPointError, match=r"on samples diverged within .* reduce the step size 10"):
        empirical_descent(samples, 10.0, 5000)
