"""What the noise of the past leaves: against second moments in time, the whole map, and runs."""

import math

import numpy as np
import pytest
from oracles.second_moments import SecondMoments, power_law_bins, traces_at

from numerics import online_sgd, power_law, solve
from theory.asymptotics import (
    Given,
    PowerLaw,
    loss_prefactor,
    sgd_amplification,
    sgd_crossover_time,
    sgd_noise_history,
    sgd_noise_prefactor,
    sgd_stability_step,
    summary_exponent,
)

CASES = [(2, 1.5), pytest.param(1.5, 1, marks=pytest.mark.slow), (2, 1)]


@pytest.mark.parametrize(("exponent", "source"), CASES)
def test_both_phases_and_the_line_between_against_second_moments_in_time(exponent, source):
    """d = ∞, batch 1, to t = 10^8: bias and noise with their prefactors, and no logarithm at 2B = a."""
    law = PowerLaw(exponent, "inf", f"source:{source}")
    step = 0.3 * float(sgd_stability_step(law))
    times = np.array([1e2, 1e4, 1e6, 1e8])
    moments = SecondMoments(*power_law_bins(exponent, source), step)
    (trace, along), history = traces_at(moments, times)
    gamma = float(summary_exponent(law))
    rest = 3 * trace[-1] * times[-1] / (gamma - 1 if gamma < 2 - 1 / exponent else 1 - 1 / exponent)
    assert float(sgd_noise_history(law, step)) == pytest.approx(history + rest, rel=1e-4)
    bias = float(sgd_amplification(law, step)) * float(loss_prefactor(law)) * times**-gamma
    noise = float(sgd_noise_prefactor(law, step)) * times ** (1 / exponent - 2)
    ratio = 4 * (trace + 2 * along) / (bias + noise)
    assert ratio[0] == pytest.approx(1, abs=0.02)
    assert ratio[1:] == pytest.approx(np.ones(3), abs=2e-3)
    assert ratio[3] == pytest.approx(1, abs=2e-4)
    if 2 * source > exponent:
        crossed = float(sgd_crossover_time(law, step))
        equal = float(sgd_amplification(law, step)) * float(loss_prefactor(law)) * crossed**-gamma
        assert equal == pytest.approx(
            float(sgd_noise_prefactor(law, step)) * crossed ** (1 / exponent - 2), rel=1e-8
        )
        assert np.all((noise > bias) == (times > crossed))
    else:
        assert noise / bias == pytest.approx(np.full(4, noise[0] / bias[0]), rel=1e-12)
        assert "never exceeds" in sgd_crossover_time(law, step).reason


@pytest.mark.parametrize(
    ("exponent", "source", "time"), [(2, 1.5, 2451), pytest.param(1.5, 1, 8.4e5, marks=pytest.mark.slow)]
)
def test_small_steps_cross_late(exponent, source, time):
    """By an independent integration of the second moments in bins, at η = 5e-4."""
    law = PowerLaw(exponent, "inf", f"source:{source}")
    assert float(sgd_crossover_time(law, 5e-4)) == pytest.approx(time, rel=0.01)


@pytest.mark.parametrize(
    ("exponent", "source", "batch", "part", "d"), [(2.0, 1.5, 1, 0.5, 8), (1.5, 0.0, 4, 0.8, 7)]
)
def test_the_history_against_the_whole_map(exponent, source, batch, part, d):
    """η Σ_k N_k by repeating the map of all entries until nothing is left."""
    law = PowerLaw(exponent, d, f"source:{source}")
    step = part * float(sgd_stability_step(law, batch))
    index = np.arange(1.0, d + 1.0)
    lam, e = index**-exponent / np.sum(index**-exponent), index ** -(exponent / 2 + source)
    e /= np.linalg.norm(e)
    one, aligned, Q = np.eye(d), np.eye(d) + 2 * np.outer(e, e), np.diag(lam)

    def moved(N):
        n, tau = N @ e, np.trace(N)
        nu = e @ n
        sample = 6 * N + 24 * (np.outer(e, n) + np.outer(n, e)) + (12 * tau + 24 * nu) * np.outer(e, e)
        mixed = (sample + (3 * tau + 12 * nu) * one) / batch + (1 - 1 / batch) * aligned @ N @ aligned
        return N - 8 * step * (Q @ aligned @ N + N @ aligned @ Q) + 64 * step**2 * Q @ mixed @ Q

    basis = [np.zeros((d, d)) for _ in range(d * d)]
    for place, N in enumerate(basis):
        N.flat[place] = 1.0
    left = np.eye(d * d) - np.array([moved((N + N.T) / 2).ravel() for N in basis]).T
    total = step * np.linalg.solve(left, np.outer(e, e).ravel()).reshape(d, d)
    exact = 3 * np.trace(total) + 12 * e @ total @ e
    assert float(sgd_noise_history(law, step, batch)) == pytest.approx(exact, rel=1e-10)
    given = Given(lam.tolist(), (e / np.sqrt(lam)).tolist())
    assert float(sgd_noise_history(given, step, batch)) == pytest.approx(exact, rel=1e-10)


def test_runs_of_sgd_with_their_escape():
    """a = 2, B = 2, 200 runs: history from the gradient's covariance on the way, bias from the flow.

    V is that of one sample. Where the bias alone is less than half, both sources are needed.
    """
    law, problem = PowerLaw(2, 40, "source:2"), power_law(2, 40, "source:2", "escape:0.3")
    step = 0.3 * float(sgd_stability_step(law))
    steps = math.ceil(40 / step)
    points = np.unique([*range(0, 2000, 10), *range(2000, steps + 1, 100)])
    runs = online_sgd(problem, step, steps, seeds=range(200), points=points)
    s, u = runs.s, runs.u
    directions = (240 * s**3 - 96 * s**2 + 48 * s - 384 * s * u**2 + 192 * u**2).mean(axis=0)
    history = np.trapezoid(directions, runs.t) / 64
    seen = np.searchsorted(runs.t, [10.0, 20.0, 39.0])
    flow = solve(problem, runs.t[-1]).at(runs.t[seen]).loss
    left = np.exp(-16 * np.multiply.outer(runs.t[seen], problem.eigenvalues)) @ problem.eigenvalues**2
    expected = float(sgd_amplification(law, step)) * (flow + 256 * step * history * left)
    losses = runs.loss[:, seen]
    error = losses.std(axis=0, ddof=1) / np.sqrt(200)
    assert np.all(np.abs(losses.mean(axis=0) - expected) < 3 * error)
    assert losses.mean(axis=0)[-1] - float(sgd_amplification(law, step)) * flow[-1] > 6 * error[-1]


def test_where_there_is_no_such_law():
    flat, step = PowerLaw(2, "inf"), 1e-3
    for constant in (sgd_noise_history, sgd_noise_prefactor, sgd_crossover_time):
        assert "not integrable" in constant(flat, step).reason
        assert "not below the largest stable one" in constant(PowerLaw(2, "inf", "source:2"), 1.0).reason
    given = Given([2, 1], [1, 1])
    assert float(sgd_noise_history(given, step)) > 0
    for constant in (sgd_noise_prefactor, sgd_crossover_time):
        assert "given eigenvalues" in constant(given, step).reason
