"""Gradient descent against plain loops over P2, against the flow, and at the edge of stability."""

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics import Problem, descend, power_law, solve
from theory.asymptotics import Given, stability_step

PROBLEM = power_law(1.5, 50, "gaussian", seed=3)


def gradient(problem, w):
    """[P2] ∇L = 12 s Qw − 4 s* Qw − 8 u Qw*."""
    lam, star = problem.eigenvalues, problem.teacher
    s, u, energy = lam @ w**2, (lam * w) @ star, lam @ star**2
    return 12 * s * lam * w - 4 * energy * lam * w - 8 * u * lam * star


def test_against_a_plain_loop():
    step, steps = 0.02, 1000
    found = descend(PROBLEM, step, steps, points=2000)
    assert found.t == pytest.approx(step * np.unique(np.round(found.t / step)), rel=1e-14)
    record = dict(zip(np.rint(found.t / step).astype(int), np.array(found).T, strict=True))
    assert len(record) > 500
    assert {0, 1, 2, 3, steps} <= set(record)
    w = PROBLEM.init
    lam, star = PROBLEM.eigenvalues, PROBLEM.teacher
    for k in range(steps + 1):
        if k in record:
            _, u, s, one_minus_u, one_minus_s, loss, mse, recovered = record[k]
            assert u == pytest.approx((lam * w) @ star, rel=1e-12)
            assert s == pytest.approx(lam @ w**2, rel=1e-12)
            assert one_minus_u == pytest.approx(1 - abs((lam * w) @ star), rel=1e-10)
            assert one_minus_s == pytest.approx(1 - lam @ w**2, rel=1e-9, abs=1e-13)
            assert loss == pytest.approx(3 * s**2 + 3 - 4 * u**2 - 2 * s, rel=1e-9)
            assert mse == pytest.approx(min(np.mean((w - star) ** 2), np.mean((w + star) ** 2)), rel=1e-12)
            assert recovered == pytest.approx(star @ star - 50 * mse, rel=1e-11)
        w = w - step * gradient(PROBLEM, w)


@pytest.mark.parametrize("points", [2, 5, 200])
def test_small_deficits_against_a_loop_in_many_digits(points):
    """The chart follows the iterate whatever is recorded: 1 − u ~ 1e-50 keeps its figures."""
    problem, step, steps = Problem([1.0, 0.75], [1.0, -0.5], [0.125, 0.25]), 2.0**-8, 3000
    found = descend(problem, step, steps, points=points)
    with mp.workdps(150):
        lam, star, w = (
            [mpf(float(x)) for x in v] for v in (problem.eigenvalues, problem.teacher, problem.init)
        )
        energy = sum(rate * x**2 for rate, x in zip(lam, star, strict=True))
        for _ in range(steps):
            s = sum(rate * x**2 for rate, x in zip(lam, w, strict=True))
            u = sum(rate * x * y for rate, x, y in zip(lam, w, star, strict=True))
            w = [
                x - mpf(step) * rate * (12 * s * x - 4 * energy * x - 8 * u * y)
                for rate, x, y in zip(lam, w, star, strict=True)
            ]
        s = sum(rate * x**2 for rate, x in zip(lam, w, strict=True))
        u = sum(rate * x * y for rate, x, y in zip(lam, w, star, strict=True))
        exact = {
            "one_minus_u": 1 - abs(u) / energy,
            "one_minus_s": 1 - s / energy,
            "loss": 3 * s**2 + 3 * energy**2 - 4 * u**2 - 2 * s * energy,
            "u": u,
        }
    assert found.t[-1] == step * steps
    assert len(found.t) <= points
    assert abs(found.one_minus_u[-1]) < 1e-30
    for key, value in exact.items():
        assert getattr(found, key)[-1] == pytest.approx(float(value), rel=1e-10, abs=0), key


def test_first_order_in_the_step():
    """Halving the step halves the distance to the flow."""
    until = 2.0
    flow = solve(PROBLEM, until).at([until])
    for key in ("u", "s", "one_minus_u", "loss", "mse"):
        errors = [
            getattr(descend(PROBLEM, step, round(until / step), points=2), key)[-1] - getattr(flow, key)[0]
            for step in (8e-4, 4e-4, 2e-4)
        ]
        assert errors[0] / errors[1] == pytest.approx(2, abs=0.02), key
        assert errors[1] / errors[2] == pytest.approx(2, abs=0.01), key
        assert abs(errors[2]) > 1e-10


def spectral_radius(problem):
    """ρ of the Hessian at the teacher [P2]: 24 (Qw*)(Qw*)ᵀ + 8 s* Q − 8 (Qw*)(Qw*)ᵀ, by dense algebra."""
    image = problem.eigenvalues * problem.teacher
    hessian = 16 * np.outer(image, image) + 8 * problem.teacher_energy * np.diag(problem.eigenvalues)
    return np.linalg.eigvalsh(hessian)[-1]


def test_edge_of_stability():
    """Near the teacher the iteration converges for η < 2/ρ and leaves for η > 2/ρ: the constant."""
    limit = 2 / spectral_radius(PROBLEM)
    near = Problem(PROBLEM.eigenvalues, PROBLEM.teacher, PROBLEM.teacher * (1 + 1e-6))
    below, above = (descend(near, factor * limit, 400, points=2).loss for factor in (0.99, 1.01))
    assert below[-1] < 1e-2 * below[0]
    assert above[-1] > 1e2 * above[0]
    constant = stability_step(Given(PROBLEM.eigenvalues.tolist(), PROBLEM.teacher.tolist()))
    assert float(constant.value) == pytest.approx(limit, rel=1e-10)


@pytest.mark.parametrize("steps", [20, 100_000])
def test_divergence(steps):
    with pytest.raises(
        FloatingPointError, match=r"gradient descent diverged within .* reduce the step size 4"
    ):
        descend(PROBLEM, 4.0, steps, points=2)


def test_same_limit_as_the_flow():
    for seed in range(6):
        problem = power_law(1.5, 50, "gaussian", seed=seed)
        last = descend(problem, 1e-2, 5000, points=3)
        assert np.sign(last.u[-1]) == solve(problem, 50.0).limit.sign
        assert last.one_minus_u[-1] < 0.1


def test_recorded_steps():
    for steps, points in [(1, 2), (1, 200), (10, 2), (1000, 2), (1000, 50), (12345, 7)]:
        found = descend(Problem([1.0], [1.0], [0.1]), 0.125, steps, points=points)
        numbers = np.rint(found.t / 0.125)
        assert numbers[0] == 0
        assert numbers[-1] == steps
        assert (np.diff(numbers) > 0).all()
        assert len(numbers) <= points
        assert len(numbers) == min(points, steps + 1) or points > 10


def test_progress():
    seen = []
    for stepwise in (False, True):
        descend(Problem([1.0], [1.0], [0.1]), 1e-5, 25_000, 2, progress=seen.append, stepwise=stepwise)
        assert seen == sorted(seen)
        assert len(seen) > 2
        assert seen[-1] == 25_000
        seen.clear()


@pytest.mark.parametrize("step", [0.0, -1.0, np.inf, np.nan])
def test_bad_step(step):
    with pytest.raises(ValueError, match=r"step size is .*: it must be positive and finite"):
        descend(PROBLEM, step, 10)


@pytest.mark.parametrize(("steps", "points"), [(0, 2), (-1, 2), (10, 1)])
def test_bad_counts(steps, points):
    with pytest.raises(ValueError, match=r"steps: a whole number from 1|points: a whole number, at least 2"):
        descend(PROBLEM, 0.1, steps, points=points)
