"""Schedules for n samples: traces, sums over the steps, runs, and predictions."""

import math

import numpy as np
import pytest

from numerics import DescentProtocol, Problem, online_sgd, power_law, predict_sgd, tune_sgd
from theory.asymptotics import (
    PowerLaw,
    minimax_exponent,
    sgd_loss_floor,
    sgd_stability_step,
    sgd_tuned_exponent,
    sgd_tuned_loss,
    sgd_tuned_step,
    summary_exponent,
    teacher_trace,
)


def modes(exponent, d, source):
    """λ and w* of a power law, and the eigenvalues of Q + 2 Q w* w*' Q."""
    index = np.arange(1.0, d + 1.0)
    lam, star = index**-exponent / np.sum(index**-exponent), index**-source
    star /= np.sqrt(lam @ star**2)
    return lam, star, np.linalg.eigvalsh(np.diag(lam) + 2 * np.outer(lam * star, lam * star))


def noise_of(rates, step, steps, decay):
    """Σ 64 η_k² tr H² e^(−16 H R_k) over the steps."""
    sizes = step * (1 - np.arange(steps) / steps) ** decay
    left = np.cumsum(sizes[::-1])[::-1] - sizes
    return 64 * np.sum(sizes[:, None] ** 2 * rates**2 * np.exp(-16 * np.multiply.outer(left, rates)))


@pytest.mark.parametrize("power", ["0.45", "1/2", "0.9", "1"])
@pytest.mark.parametrize(("exponent", "source"), [(2, 0), (3, 0.5), (0.7, 1)])
def test_traces_against_eigenvalues(exponent, source, power):
    found = teacher_trace(PowerLaw(exponent, 150, f"source:{source}"), power)
    exact = np.sum(modes(exponent, 150, source)[2] ** (float(power) if power != "1/2" else 0.5))
    assert abs(float(found) - exact) <= float(found.radius) + 1e-13 * exact


@pytest.mark.parametrize(("decay", "steps"), [(0.5, 8000), (3, 6000)])
def test_runs_with_decaying_steps(decay, steps):
    """250 runs from the teacher, σ² = 0.01: the noise of the last steps relaxes with H, not with Q."""
    lam, star, rates = modes(2, 20, 0.5)
    protocol = DescentProtocol(0.002, steps, f"poly:{decay}", noise_variance=0.01)
    runs = online_sgd(Problem(lam, star, star), protocol, seeds=range(250), points=[0, steps])
    losses = runs.loss[:, -1] / 0.01
    error = losses.std(ddof=1) / math.sqrt(250)
    expected = noise_of(rates, 0.002, steps, decay)
    assert abs(losses.mean() - expected) < 3.5 * error + 0.02 * expected
    mode_by_mode = predict_sgd(Problem(lam, star, star), protocol, points=[0, steps]).loss[-1] / 0.01
    assert mode_by_mode > losses.mean() + 3 * error


@pytest.mark.parametrize(
    ("exponent", "source", "decay"),
    [
        pytest.param(4, 0, 1, marks=pytest.mark.slow),
        pytest.param(4, 0.5, 1, marks=pytest.mark.slow),
        (2, 0.5, 3),
    ],
)
def test_the_law_is_the_sum_over_many_steps(exponent, source, decay):
    """Bias and noise of all steps, 3000 modes: their least sum and its place come near the law."""
    law = PowerLaw(exponent, "inf", f"source:{source}")
    lam, star, rates = modes(exponent, 3000, source)
    masses = lam * star**2
    apart = []
    for steps in (2 * 10**5, 4 * 10**7):
        y, weights = np.polynomial.legendre.leggauss(40)
        ends = np.concatenate([[0.0], np.geomspace(1e-7, 1.0, 40)])
        places = (ends[:-1, None] + np.diff(ends)[:, None] * (1 + y) / 2).ravel()
        sizes = (np.diff(ends)[:, None] * weights / 2).ravel()

        def loss(step, steps=steps, places=places, sizes=sizes):
            left = step * steps * places ** (decay + 1) / (decay + 1)
            kept = np.exp(-16 * np.multiply.outer(left, rates)) @ rates**2
            noise = 64 * step**2 * steps * np.sum(sizes * places ** (2 * decay) * kept)
            return 4 * masses @ np.exp(-16 * lam * step * steps / (decay + 1)) + noise

        best = float(sgd_tuned_step(law, steps, 1, decay))
        around = best * np.array([0.8, 1.0, 1.25])
        losses = np.array([loss(step) for step in around])
        slope = np.polyfit(np.log(around), np.log(losses), 2)
        vertex = -slope[1] / (2 * slope[0])
        apart.append(
            [
                abs(vertex - math.log(best)),
                abs(math.log(losses[1] / float(sgd_tuned_loss(law, steps, 1, decay)))),
            ]
        )
    assert np.all(np.array(apart[1]) < [0.08, 0.04])
    assert np.all(np.array(apart[1]) < 0.8 * np.array(apart[0]) + 0.005)


def test_constant_steps_balance_bias_and_floor():
    law = PowerLaw(2, "inf", "source:0.5")
    step = float(sgd_tuned_step(law, 10**9, 0.5))
    floor = 0.5 * float(sgd_loss_floor(law, step))
    assert float(sgd_tuned_loss(law, 10**9, 0.5)) == pytest.approx(
        floor * (1 + 1 / float(summary_exponent(law))), rel=1e-3
    )


@pytest.mark.parametrize(
    ("decay", "samples", "left"),
    [("constant", 10**7, 2e-3), pytest.param("poly:3", 10**8, 0.02, marks=pytest.mark.slow)],
)
def test_the_best_step_of_predictions(decay, samples, left):
    law = PowerLaw(2, "inf", "source:0.5")
    largest = float(sgd_stability_step(law))
    problem = power_law(2, math.inf, "source:0.5", "escape:0.3", horizon=largest * samples)
    protocol = DescentProtocol(1.0, samples, decay, noise_variance=1.0)
    tuned = tune_sgd(problem, protocol, largest)
    power = 3 if decay == "poly:3" else 0
    assert tuned.loss == pytest.approx(float(sgd_tuned_loss(law, samples, 1, power)), rel=left)
    assert tuned.protocol.step_size == pytest.approx(float(sgd_tuned_step(law, samples, 1, power)), rel=0.05)
    assert not tuned.bounded
    for factor in (0.8, 1.25):
        beside = DescentProtocol(tuned.protocol.step_size * factor, samples, decay, noise_variance=1.0)
        assert predict_sgd(problem, beside, points=[0, samples]).loss[-1] > tuned.loss


def test_the_largest_step_may_be_the_best():
    """Without label noise a longer time is better."""
    problem = power_law(2, 50, init="escape:0.3")
    tuned = tune_sgd(problem, DescentProtocol(1.0, 3000), 0.003)
    assert tuned.bounded
    assert tuned.protocol.step_size == pytest.approx(0.003)
    with pytest.raises(ValueError, match="diverges at the step size 80"):
        tune_sgd(problem, DescentProtocol(1.0, 3000), 80.0)


def test_exponents():
    """p from 0 to a − 1 closes the gap to the minimax exponent; B < 0 is bounded by the bias."""
    for exponent, source in ((3, "0"), (2, "0.5"), (1.5, "1")):
        law = PowerLaw(exponent, "inf", f"source:{source}")
        found = [
            float(sgd_tuned_exponent(law, p)) for p in (0, exponent - 1.1 if exponent > 1.1 else 0, exponent)
        ]
        gamma = float(summary_exponent(law))
        assert found[0] == pytest.approx(gamma / (1 + gamma))
        assert found[0] < found[1] < found[2] == pytest.approx(float(minimax_exponent(law)))
    hard = PowerLaw(3, "inf", "source:-0.3")
    assert float(sgd_tuned_exponent(hard, 5)) == pytest.approx(float(summary_exponent(hard)))
    assert float(sgd_tuned_exponent(hard, 5)) < float(minimax_exponent(hard))
    assert "bounds the bias" in sgd_tuned_step(hard, 1000, 1, 5).reason
    assert "logarithm" in sgd_tuned_exponent(PowerLaw(3, "inf"), 2).reason
    assert "d = inf" in minimax_exponent(PowerLaw(3, 10)).reason
    with pytest.raises(ValueError, match="decay is -1"):
        sgd_tuned_exponent(PowerLaw(3, "inf"), -1)
