"""Floors and amplification of SGD: against a dense linear system of all second moments, and against runs."""

import numpy as np
import pytest

from numerics import Problem, online_sgd, power_law, predict_sgd
from theory.asymptotics import (
    Given,
    PowerLaw,
    constants,
    sgd_amplification,
    sgd_decay_exponent,
    sgd_loss_floor,
    sgd_mse_floor,
    sgd_stability_step,
)


def step_of(N, lam, e, step, batch, noise=0.0, trace=None):
    """E (1 − H) N (1 − H)' + label noise, by Wick's theorem, with the ``trace`` in place of that of N."""
    one, A, Q = np.eye(len(lam)), np.eye(len(lam)) + 2 * np.outer(e, e), np.diag(lam)
    n = N @ e
    nu, tau = e @ n, np.trace(N) if trace is None else trace
    sample = 6 * N + 24 * (np.outer(e, n) + np.outer(n, e)) + (12 * tau + 24 * nu) * np.outer(e, e)
    mixed = (sample + (3 * tau + 12 * nu) * one) / batch + (1 - 1 / batch) * A @ N @ A
    drift = 8 * step * (Q @ A @ N + N @ A @ Q)
    return N - drift + Q @ (64 * step**2 * mixed + 16 * step**2 * noise / batch * A) @ Q


def at_rest(lam, e, step, batch, **source):
    """The symmetric N that stays as it is, by solving for all its entries."""
    d = len(lam)
    pairs = [(i, j) for i in range(d) for j in range(i, d)]
    basis = np.zeros((len(pairs), d, d))
    for place, (i, j) in enumerate(pairs):
        basis[place, i, j] = basis[place, j, i] = 1.0
    rows, columns = np.array(pairs).T
    held = {"trace": 0.0} if "trace" in source else {}
    change = [(N - step_of(N, lam, e, step, batch, **held))[rows, columns] for N in basis]
    steady = step_of(np.zeros((d, d)), lam, e, step, batch, **source)[rows, columns]
    return np.tensordot(np.linalg.solve(np.array(change).T, steady), basis, 1)


def spectrum_of(exponent, d, source):
    """λ and e = Q^{1/2} w* of a power law."""
    index = np.arange(1.0, d + 1.0)
    lam, star = index**-exponent / np.sum(index**-exponent), index**-source
    e = np.sqrt(lam) * star
    return lam, e / np.linalg.norm(e)


CASES = [(2.0, 0.0, 1, 0.5, 9), (1.5, 1.0, 4, 0.8, 8), (0.0, 0.5, 1, 0.3, 6), (3.0, 0.0, 16, 0.95, 8)]


@pytest.mark.parametrize(("exponent", "source", "batch", "part", "d"), CASES)
def test_floors_against_the_full_map(exponent, source, batch, part, d):
    law = PowerLaw(exponent, d, f"source:{source}")
    step = part * float(sgd_stability_step(law, batch))
    lam, e = spectrum_of(exponent, d, source)
    N = at_rest(lam, e, step, batch, noise=1.0)
    loss = sgd_loss_floor(law, step, batch)
    assert float(loss) == pytest.approx(4 * (np.trace(N) + 2 * e @ N @ e), rel=1e-10)
    assert abs(float(loss) - 4 * (np.trace(N) + 2 * e @ N @ e)) <= float(loss.radius)
    assert float(sgd_mse_floor(law, step, batch)) == pytest.approx(np.sum(np.diag(N) / lam) / d, rel=1e-10)


@pytest.mark.parametrize(("batch", "noise"), [(1, 0.1), (1, 2.0), (8, 1.0)])
def test_label_noise_lowers_the_largest_step(batch, noise):
    """The whole map, with 16 η² σ² Q (τ + 2N) Q/m of the labels added, has the spectral radius 1 there."""
    law, d = PowerLaw(2, 6), 6
    lam, e = spectrum_of(2.0, d, 0.0)
    step = float(sgd_stability_step(law, batch, noise_variance=noise))
    rows, columns = np.triu_indices(d)

    def radius(step):
        images = []
        for i, j in zip(rows, columns, strict=True):
            N = np.zeros((d, d))
            N[i, j] = N[j, i] = 1.0
            labels = np.outer(lam, lam) * (np.trace(N) * np.eye(d) + 2 * N)
            moved = step_of(N, lam, e, step, batch) + 16 * step**2 * noise / batch * labels
            images.append(moved[rows, columns])
        return np.abs(np.linalg.eigvals(np.array(images).T)).max()

    assert radius(step) == pytest.approx(1, abs=1e-9)
    assert radius(0.98 * step) < 1 < radius(1.02 * step)
    plain = float(sgd_stability_step(law, batch))
    assert 0 < 1 - step / plain < noise / batch


@pytest.mark.parametrize(("exponent", "source", "batch", "part", "d"), [case for case in CASES if case[0]])
def test_amplification_against_the_full_map(exponent, source, batch, part, d):
    law = PowerLaw(exponent, d, f"source:{source}")
    step = part * float(sgd_stability_step(law, batch))
    lam, e = spectrum_of(exponent, d, source)
    N = at_rest(lam, e, step, batch, trace=1.0)
    exact = (1 + 2 * e @ N @ e) / (1 - np.trace(N))
    assert float(sgd_amplification(law, step, batch)) == pytest.approx(exact, rel=1e-10)


def test_small_steps():
    """4 η σ² (1 + 2 Σ λ² w*²)/m and η σ²/m; Σ λ² w*² = 2/5 at a = 2, flat."""
    law = PowerLaw(2, "inf")
    assert float(sgd_loss_floor(law, 1e-8, 3)) == pytest.approx(4e-8 * 1.8 / 3, rel=1e-5)
    assert float(sgd_mse_floor(law, 1e-8, 3)) == pytest.approx(1e-8 / 3, rel=1e-5)
    assert float(sgd_amplification(law, 1e-8, 3)) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(
    ("exponent", "floor", "factor"),
    [
        ("1.5", 1.7401, 1.2108),
        ("2", 2.3527, 1.1841),
        pytest.param("3", 3.1903, 1.1802, marks=pytest.mark.slow),
    ],
)
def test_infinite_dimension(exponent, floor, factor):
    """Floors at a quarter of the largest step, of an independent quadrature; and large d as the limit."""
    law, near = PowerLaw(exponent, "inf"), PowerLaw(exponent, 10**10)
    largest = float(sgd_stability_step(law))
    assert float(sgd_loss_floor(law, largest / 4)) / largest == pytest.approx(floor, abs=5e-5)
    assert float(sgd_amplification(law, 0.3 * largest)) == pytest.approx(factor, abs=5e-5)
    for constant in (sgd_loss_floor, sgd_mse_floor, sgd_amplification):
        assert float(constant(near, 0.004)) == pytest.approx(float(constant(law, 0.004)), rel=1e-4)


def test_they_diverge_at_the_largest_step():
    law = PowerLaw(2, 30)
    largest = float(sgd_stability_step(law, 2))
    for constant in (sgd_loss_floor, sgd_mse_floor, sgd_amplification):
        assert 9 < float(constant(law, 0.999 * largest, 2)) / float(constant(law, 0.99 * largest, 2)) < 11
        beyond = constant(law, 1.001 * largest, 2)
        assert beyond.value is None
        assert "not below the largest stable one" in beyond.reason


@pytest.mark.parametrize(("batch", "part"), [(1, 0.2), (4, 0.3)])
def test_the_floor_of_runs(batch, part):
    """Nonlinear SGD of 20 modes from the teacher, σ² = 1e-4: within 3 standard errors, unlike small steps."""
    law, noise, steps = PowerLaw(2, 20), 1e-4, 20_000
    step = part * float(sgd_stability_step(law, batch))
    lam, e = spectrum_of(2.0, 20, 0.0)
    start = Problem(lam, e / np.sqrt(lam), e / np.sqrt(lam))
    points = np.arange(4000, steps + 1, 200)
    runs = online_sgd(start, step, steps, batch=batch, noise_variance=noise, seeds=range(16), points=points)
    losses = runs.loss.mean(axis=1) / noise
    error, small = losses.std(ddof=1) / 4, 4 * step * (1 + 2 * lam @ e**2) / batch
    assert abs(losses.mean() - float(sgd_loss_floor(law, step, batch))) < 3 * error
    assert losses.mean() - small > 3 * error


def test_equal_eigenvalues_and_directions_that_do_not_move():
    assert "exponentially" in sgd_amplification(PowerLaw(0, 10), 1e-3).reason
    whole, part = Given([0.75, 0.25, 0.0, 0.0], [1, 1, 1, 1]), Given([0.75, 0.25], [1, 1])
    assert float(sgd_loss_floor(whole, 2e-3)) == pytest.approx(float(sgd_loss_floor(part, 2e-3)), rel=1e-12)
    assert 2 * float(sgd_mse_floor(whole, 2e-3)) == pytest.approx(float(sgd_mse_floor(part, 2e-3)), rel=1e-12)


@pytest.mark.parametrize(
    ("exponent", "source", "decay"),
    [(2, "1.5", 1.5), (1.5, "1", 4 / 3), (2, "0.5", 1.0), (2, "1", 1.5), (3, "0", 2 / 3)],
)
def test_the_lesser_exponent_decides(exponent, source, decay):
    """Both phases and the line between them, at d = ∞: local slopes of predicted curves late, at t = 10^8.

    The noise takes over slowly: its excess still falls as t^(decay − γ).
    """
    law = PowerLaw(exponent, "inf", f"source:{source}")
    found = float(sgd_decay_exponent(law))
    assert found == pytest.approx(decay, rel=1e-14)
    step, times = 4e-3, np.array([1e8, 1.1e8])
    problem = power_law(exponent, np.inf, f"source:{source}", "escape:0.01", horizon=1e9)
    run = predict_sgd(problem, step, int(1.1e8 / step), points=np.round(times / step))
    slope = -np.diff(np.log(run.loss))[0] / np.diff(np.log(run.t))[0]
    gamma = (exponent + 2 * float(source) - 1) / exponent
    left = 0.0 if gamma <= decay else 10 * 1e8 ** (decay - gamma)
    assert slope == pytest.approx(found, abs=2e-3 + left)


def test_no_exponent_without_a_law():
    assert "all equal" in sgd_decay_exponent(PowerLaw(0, 10)).reason
    assert "given eigenvalues" in sgd_decay_exponent(Given([1, 2], [1, 1])).reason
    assert "above 1/2" in sgd_decay_exponent(PowerLaw("0.4", 1000, "source:1")).reason


def test_by_name_only_with_a_batch_and_a_step():
    law, name = PowerLaw(2, 10), "sgd_loss_floor"
    assert name not in constants(law, names=["escape_rate"], batch=1)
    assert constants(law, 15, [name], batch=3, step_size=1e-3)[name] == sgd_loss_floor(law, 1e-3, 3)
    with pytest.raises(ValueError, match="needs a batch"):
        constants(law, step_size=1e-3)


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf")])
def test_bad_steps(step):
    with pytest.raises(ValueError, match="must be a positive number"):
        sgd_loss_floor(PowerLaw(2, 10), step)
