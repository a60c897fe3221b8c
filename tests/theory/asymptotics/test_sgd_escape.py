"""Growth of SGD near w = 0: against the whole map of second moments, expansions, and runs."""

import numpy as np
import pytest

from theory.asymptotics import (
    Given,
    PowerLaw,
    constants,
    descent_escape_rate,
    escape_rate,
    escape_time_quantile,
    sgd_escape_rate_mean_square,
    sgd_escape_rate_typical,
    sgd_escape_time_quantile,
    sgd_escape_variance,
)

RATES = (sgd_escape_rate_typical, sgd_escape_rate_mean_square, sgd_escape_variance)


def modes(exponent, d, source=0.0):
    """λ and w* of a power law."""
    index = np.arange(1.0, d + 1.0)
    lam, star = index**-exponent / np.sum(index**-exponent), index**-source
    return lam, star / np.sqrt(lam @ star**2)


def fastest(lam, star):
    """ρ, the unit vector p, c and b."""
    rates, vectors = np.linalg.eigh(4 * np.diag(lam) + 8 * np.outer(lam * star, lam * star))
    p = vectors[:, -1]
    return rates[-1], p, p @ (lam * p), p @ (lam * star)


@pytest.mark.parametrize("noise", [0.0, 0.7])
@pytest.mark.parametrize(
    ("exponent", "source", "batch", "step", "d"),
    [(2.0, 0.0, 1, 0.01, 7), (1.5, 1.0, 4, 0.05, 6), (0.0, 0.5, 1, 0.3, 6), (3.0, 0.0, 16, 0.5, 7)],
)
def test_mean_square_against_the_whole_map(exponent, source, batch, step, d, noise):
    """The spectral radius on symmetric N; averages over inputs by Wick's theorem."""
    lam, star = modes(exponent, d, source)
    e, one, Q = np.sqrt(lam) * star, np.eye(d), np.diag(lam)
    A, rows = one + 2 * np.outer(e, e), np.triu_indices(d)

    def moved(N):
        n, tau = N @ e, np.trace(N)
        nu, outer = e @ n, np.outer(e, n)
        sample = ((3 + noise) * tau + 12 * nu) * one + (6 + 2 * noise) * N + 24 * (outer + outer.T)
        sample += (12 * tau + 24 * nu) * np.outer(e, e)
        mixed = sample / batch + (1 - 1 / batch) * A @ N @ A
        return N + 4 * step * (Q @ A @ N + N @ A @ Q) + 16 * step**2 * Q @ mixed @ Q

    images = []
    for i, j in zip(*rows, strict=True):
        N = np.zeros((d, d))
        N[i, j] = N[j, i] = 1.0
        images.append(moved(N)[rows])
    growth = np.abs(np.linalg.eigvals(np.array(images).T)).max()
    law = PowerLaw(exponent, d, f"source:{source}")
    found = sgd_escape_rate_mean_square(law, step, batch, noise_variance=noise)
    assert float(found) == pytest.approx(np.log(growth) / (2 * step), rel=1e-10)


@pytest.mark.parametrize(("exponent", "batch"), [(2, 1), (1.5, 3)])
def test_second_order(exponent, batch):
    """log(1 + ηρ) ∓ η²V/2 of the typical run and of the mean square; the variance ηV, as η → 0."""
    law = PowerLaw(exponent, 30)
    lam, star = modes(exponent, 30)
    rho, _, c, b = fastest(lam, star)
    noise = 0.5
    V = 16 / batch * (9 * c**2 + 72 * c * b**2 + 24 * b**4 - (c + 2 * b**2) ** 2)
    errors = []
    for step in (2e-4, 1e-4):
        slow = np.log1p(step * rho) / step
        labels = 24 * noise * c**2 / batch
        expected = np.array(
            [
                slow - step * V / 2,
                slow - step * V / 2 - step * labels,
                slow + step * V / 2 + step * labels,
                step * V,
            ]
        )
        found = np.array(
            [
                float(sgd_escape_rate_typical(law, step, batch)),
                float(sgd_escape_rate_typical(law, step, batch, noise_variance=noise)),
                float(sgd_escape_rate_mean_square(law, step, batch, noise_variance=noise)),
                float(sgd_escape_variance(law, step, batch)),
            ]
        )
        errors.append(found - expected)
    assert np.all(np.abs(errors[0]) < 0.06 * step * V * 2)
    assert errors[0] / errors[1] == pytest.approx(np.full(4, 4), rel=0.25)


def runs_near_zero(lam, star, step, batch, steps, runs, noise=0.0):
    """log |w| gained a step (runs,) and Σ log|1 + η pᵀXp| over the steps, from w = p."""
    rng, p, roots = np.random.default_rng(3), fastest(lam, star)[1], np.sqrt(lam)
    w, gained, along = np.tile(p, (runs, 1)), np.zeros(runs), np.zeros(runs)
    for number in range(-100, steps):
        x = rng.standard_normal((runs, batch, len(lam))) * roots
        labels = (x @ star) ** 2 + np.sqrt(noise) * rng.standard_normal((runs, batch))
        w += 4 * step / batch * np.einsum("rm,rmi->ri", labels * np.einsum("rmi,ri->rm", x, w), x)
        size = np.linalg.norm(w, axis=1, keepdims=True)
        w /= size
        if number >= 0:
            gained += np.log(size[:, 0])
            along += np.log(np.abs(1 + 4 * step / batch * (labels * (x @ p) ** 2).sum(axis=1)))
    return gained / steps, along / steps


@pytest.mark.parametrize(("step", "batch", "noise"), [(0.01, 1, 0.0), (0.03, 8, 0.0), (0.005, 1, 1.0)])
def test_the_typical_run(step, batch, noise):
    """300 runs: within 3 standard errors, and within the radius where the motion along p is taken out.

    The second order alone is off by many standard errors.
    """
    law, (lam, star) = PowerLaw(2, 20), modes(2.0, 20)
    gained, along = runs_near_zero(lam, star, step, batch, 600, 300, noise)
    found = sgd_escape_rate_typical(law, step, batch, noise_variance=noise)
    error = gained.std(ddof=1) / np.sqrt(300)
    assert abs(gained.mean() - step * float(found)) < 3 * error + step * float(found.radius)
    if noise == 0:
        apart = gained - along
        left = abs(apart.mean()) - 3 * apart.std(ddof=1) / np.sqrt(300)
        assert left < step * float(found.radius)
        assert step * float(found.radius) < 1e-3 * gained.mean()
    rho, _, c, b = fastest(lam, star)
    V = 16 / batch * (9 * c**2 + 72 * c * b**2 + 24 * b**4 - (c + 2 * b**2) ** 2 + 3 * noise * c**2)
    assert abs(gained.mean() - (np.log1p(step * rho) - step**2 * V / 2)) > 5 * error


def first_passage(lam, star, step, batch, runs):
    """Times until |u| = 1/10 from the sphere, of nonlinear SGD."""
    rng, roots, d = np.random.default_rng(4), np.sqrt(lam), len(lam)
    w = rng.standard_normal((runs, d))
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    found, live = np.zeros(runs), np.arange(runs)
    for number in range(20_000):
        left = np.abs(w @ (lam * star)) < 0.1
        found[live[~left]] = step * number
        w, live = w[left], live[left]
        if not len(live):
            return found
        x = rng.standard_normal((len(live), batch, d)) * roots
        z = np.einsum("rmi,ri->rm", x, w)
        w += 4 * step / batch * np.einsum("rm,rmi->ri", ((x @ star) ** 2 - z**2) * z, x)
    raise AssertionError("runs that do not escape")


@pytest.mark.parametrize(
    ("exponent", "step", "batch"),
    [(2, 0.003, 1), pytest.param(2, 0.01, 8, marks=pytest.mark.slow), (1.5, 0.004, 1)],
)
def test_times_of_escape(exponent, step, batch):
    """d = 500: quantiles of 400 runs within 3 standard errors and the radius; wider than the flow's."""
    d, runs = 500, 400
    law = PowerLaw(exponent, d)
    times = first_passage(*modes(exponent, d), step, batch, runs)
    for probability in (0.1, 0.25, 0.5, 0.75, 0.9):
        around = np.array([-1, 1]) * 3 * np.sqrt(probability * (1 - probability) / runs)
        low, high = np.quantile(times, np.clip(probability + around, 0.0, 1.0))
        found = sgd_escape_time_quantile(law, str(probability), d, step, batch)
        assert low - float(found.radius) <= float(found) <= high + float(found.radius)
        assert float(found.radius) < 0.13 * np.median(times)
    flow = [float(escape_time_quantile(law, p, d)) for p in ("0.1", "0.9")]
    sgd = [float(sgd_escape_time_quantile(law, p, d, step, batch)) for p in ("0.1", "0.9")]
    assert sgd[1] - sgd[0] > flow[1] - flow[0]


def test_small_steps_are_the_flow():
    law = PowerLaw(2, "inf")
    for p in ("0.2", "0.7"):
        found = sgd_escape_time_quantile(law, p, 10**6, 1e-6)
        assert float(found) == pytest.approx(float(escape_time_quantile(law, p, 10**6)), rel=1e-3)
    for constant in RATES[:2]:
        assert float(constant(law, 1e-7)) == pytest.approx(float(escape_rate(law)), rel=1e-5)


def test_large_batches_are_descent():
    law = PowerLaw(2, "inf")
    for constant in RATES[:2]:
        assert float(constant(law, 0.05, 10**9)) == pytest.approx(
            float(descent_escape_rate(law, "0.05")), rel=1e-6
        )
    assert float(sgd_escape_variance(law, 0.05, 10**9)) < 1e-6


def test_rules_against_all_modes():
    law, (lam, star) = PowerLaw("1.3", 250, "source:0.2"), modes(1.3, 250, 0.2)
    given = Given(lam, star)
    for constant in RATES:
        assert float(constant(law, 0.02, 2)) == pytest.approx(float(constant(given, 0.02, 2)), rel=1e-8)


def test_by_name_and_bad_arguments():
    law, names = PowerLaw(2, 10), [constant.__name__ for constant in RATES]
    found = constants(law, names=names, batch=3, step_size=1e-3)
    assert [found[name] for name in names] == [constant(law, 1e-3, 3) for constant in RATES]
    with pytest.raises(ValueError, match="must be a number, at least 0"):
        sgd_escape_rate_typical(law, 1e-3, noise_variance=-1.0)
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        sgd_escape_time_quantile(law, "1", 10, 1e-3)
