"""Step sizes and batches that change: sums, blocks and simulation against plain loops over f(k)."""

import math

import numpy as np
import pytest

from numerics import (
    DescentProtocol,
    Problem,
    descend,
    draw_samples,
    empirical_descent,
    online_sgd,
    power_law,
    predict_sgd,
    read_schedule,
)
from numerics.descent.draws import Draws
from numerics.descent.protocol import read_batch, steps_until
from numerics.descent.schedule import Listed
from tests.oracles.mean_sgd import plain_loop

TEXTS = ("constant", "power:1/2", "power:1,50", "linear", "poly:2.5", "cosine", "wsd:0.1,0.2", "wsd:0,1")


def factor(text, k, n):
    """f(k), from the definitions."""
    match text:
        case "constant":
            return 1.0
        case "power:1/2":
            return (1 + k) ** -0.5
        case "power:1,50":
            return 1 / (1 + k / 50)
        case "linear":
            return 1 - k / n
        case "poly:2.5":
            return (1 - k / n) ** 2.5
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * k / n))
        case "wsd:0.1,0.2":
            return min((k + 1) / round(0.1 * n) if n > 9 else 1.0, 1.0, (n - k) / max(round(0.2 * n), 1))
        case "wsd:0,1":
            return 1 - k / n


def factors(text, n):
    return np.array([factor(text, k, n) for k in range(n)])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("steps", [1, 10, 63, 100, 12_345])
def test_sizes_and_times_are_those_of_the_definition(text, steps):
    protocol, exact = DescentProtocol(0.25, steps, text), 0.25 * factors(text, steps)
    assert protocol.sizes(0, steps) == pytest.approx(exact, rel=1e-13)
    half = steps // 2
    assert protocol.sizes(half, steps) == pytest.approx(exact[half:], rel=1e-13)
    numbers = np.unique([0, 1, steps // 3, half, steps - 1, steps])
    sums = [math.fsum(exact[:number]) for number in numbers]
    assert protocol.times(numbers) == pytest.approx(sums, rel=1e-13)
    assert protocol.numbers(protocol.times(numbers)).tolist() == numbers.tolist()
    assert protocol.peak == exact.max()
    assert str(read_schedule(str(read_schedule(text)))) == str(read_schedule(text))


def test_times_of_very_many_steps():
    """Σ (1 + k)^(−1/2) over 10^15 terms is 2√n + ζ(1/2), and half of n by a linear decay is 3/8."""
    n = 10**15
    assert DescentProtocol(1.0, n, "power:1/2").duration == pytest.approx(
        2 * math.sqrt(n) - 1.4603545088095868, rel=1e-13
    )
    assert DescentProtocol(1.0, n, "linear").times([n // 2])[0] == pytest.approx(0.375 * n, rel=1e-13)
    assert DescentProtocol(1.0, n, "linear").times([3])[0] == pytest.approx(3.0, rel=1e-13)


@pytest.mark.parametrize("text", TEXTS[1:-1])
def test_prediction_by_blocks_against_a_plain_loop(text):
    """With batches that grow, to what the prediction says of its own error."""
    problem, steps = power_law(1.5, 30, "gaussian", seed=6), 6000
    protocol = DescentProtocol(4e-3, steps, text, batch="1,8@0.4", noise_variance=0.1)
    sizes, batches = 4e-3 * factors(text, steps), np.where(np.arange(steps) < 2400, 1, 8)
    points = [1, 700, 3000, steps]
    calls = []
    run = predict_sgd(problem, protocol, points=points, progress=calls.append)
    assert len(calls) < 80
    assert run.error < 1e-11
    for place, count in enumerate(points):
        exact = plain_loop(problem, sizes[:count], count, batches[:count], 0.1)
        assert run.t[place] == pytest.approx(sizes[:count].sum(), rel=1e-12)
        for name in ("s", "u", "loss"):
            assert getattr(run, name)[place] == pytest.approx(exact[name], rel=10 * run.error)


@pytest.mark.parametrize("text", TEXTS[1:-1])
def test_descent_by_blocks_against_a_plain_loop(text):
    problem, steps = power_law(1.5, 20, "gaussian", seed=6), 4000
    run = descend(problem, DescentProtocol(0.01, steps, text), points=[0, 1000, steps])
    lam, star, w = problem.eigenvalues, problem.teacher, problem.init
    for eta in 0.01 * factors(text, steps):
        s, u = lam @ w**2, (lam * w) @ star
        w = w + eta * lam * (4 * (1 - 3 * s) * w + 8 * u * star)
    s, u = lam @ w**2, (lam * w) @ star
    assert run.u[-1] == pytest.approx(u, rel=1e-12)
    assert run.loss[-1] == pytest.approx(3 * s**2 - 2 * s + 3 - 4 * u**2, rel=1e-9)


@pytest.mark.parametrize("text", ["power:1/2", "wsd:0.1,0.2"])
def test_simulation_against_a_plain_loop(text):
    """Stage by stage of the batches: what each step draws, and its η."""
    problem, steps, late = power_law(1.5, 10, "gaussian", seed=6), 2500, 1500
    protocol = DescentProtocol(0.01, steps, text, batch=[(0, 1), (0.6, 3)], noise_variance=0.1)
    run = online_sgd(problem, protocol, seeds=(7,), points=[0, 1, steps])
    lam, star, w = problem.eigenvalues, problem.teacher, problem.init
    drawn = [
        (g[0, n].copy(), noise[0, n].copy())
        for batch, begin, end in ((1, 0, late), (3, late, steps))
        for g, noise in Draws((7,), 10, batch, 0.1).pieces(begin, end)
        for n in range(g.shape[1])
    ]
    for eta, (g, noise) in zip(0.01 * factors(text, steps), drawn, strict=True):
        x = np.sqrt(lam) * g
        z = x @ w
        w = w - eta * 4 / len(x) * ((z**2 - (x @ star) ** 2 - noise) * z) @ x
    assert len(drawn[-1][0]) == 3
    assert run.u[0, -1] == pytest.approx((lam * w) @ star, rel=1e-9)
    assert run.t[-1] == pytest.approx(0.01 * factors(text, steps).sum(), rel=1e-13)


def test_prediction_and_runs_agree_under_a_decay():
    """24 runs with linear decay: within four standard errors, where constant steps are far outside."""
    problem, steps = power_law(0.5, 60, "gaussian", seed=2), 12_000
    protocol = DescentProtocol(6e-3, steps, "linear", noise_variance=0.2)
    runs = online_sgd(problem, protocol, seeds=range(24), points=[0, steps])
    run = predict_sgd(problem, protocol, points=[0, steps], band=True)
    found, error = runs.loss[:, -1].mean(), runs.loss[:, -1].std(ddof=1) / np.sqrt(24)
    constant = predict_sgd(problem, 6e-3, steps, noise_variance=0.2, points=[0, steps])
    assert abs(found - run.loss[-1]) < 4 * error
    assert abs(found - constant.loss[-1]) > 8 * error
    assert run.loss_std[-1] == pytest.approx(runs.loss[:, -1].std(ddof=1), rel=4 / np.sqrt(48))


def test_the_band_under_a_schedule_is_that_of_the_full_equation():
    """Two modes, noise at rest: Var y_i falls by 2ηΛ_i a step and gains η²σ²Λ_i/m, with Λ the Hessian."""
    lam, star, steps, noise = np.array([0.75, 0.25]), np.array([1.0, 1.0]), 20_000, 1e-6
    protocol = DescentProtocol(2e-3, steps, "linear", batch=2, noise_variance=noise)
    run = predict_sgd(Problem(lam, star, star), protocol, points=[steps], band=True)
    Q = np.diag(lam)
    hessian = 8 * (Q + 2 * np.outer(lam * star, lam * star))
    P, move = np.zeros((2, 2)), np.eye(2)
    for eta in 2e-3 * factors("linear", steps):
        move = np.eye(2) - eta * hessian
        P = move @ P @ move + eta**2 * noise / 2 * 2 * hessian
    assert run.u_std[-1] == pytest.approx(np.sqrt((lam * star) @ P @ (lam * star)), rel=0.02)


def test_lists_and_functions_are_schedules():
    """A list of a named schedule's numbers is followed like it; a jump in a list is a step of its own."""
    problem, n = power_law(1.5, 30, "gaussian", seed=1), 6000
    named = predict_sgd(problem, DescentProtocol(4e-3, n, "linear"), points=[0, 2000, n])
    for schedule in (factors("linear", n), lambda k: 1 - k / n):
        listed = predict_sgd(problem, DescentProtocol(4e-3, n, schedule), points=[0, 2000, n])
        assert listed.loss == pytest.approx(named.loss, rel=1e-10)
        assert listed.t == pytest.approx(named.t, rel=1e-12)
    jumps = np.where(np.arange(n) < 2001, 1.0, 0.1)
    jumps[3000:3500] = np.random.default_rng(0).uniform(0.0, 0.2, 500)
    calls = []
    run = predict_sgd(problem, DescentProtocol(4e-3, n, jumps), points=[0, n], progress=calls.append)
    exact = plain_loop(problem, 4e-3 * jumps, n)
    assert run.loss[-1] == pytest.approx(exact["loss"], rel=1e-10)
    assert len(calls) < 60


def test_a_loss_factor_scales_the_steps():
    problem = power_law(1.5, 20, "gaussian", seed=1)
    half = descend(problem, DescentProtocol(0.02, 500, "linear", loss_factor=0.5), points=3)
    whole = descend(problem, DescentProtocol(0.01, 500, "linear"), points=3)
    assert np.array_equal(half.loss, whole.loss)
    assert np.array_equal(half.t, whole.t)


def test_descent_on_samples_takes_a_protocol():
    problem = power_law(1.5, 5, "gaussian", seed=1)
    samples, protocol = draw_samples(problem, 50), DescentProtocol(0.01, 300, "cosine")
    run, w = empirical_descent(samples, protocol, points=[0, 300]), problem.init
    for eta in 0.01 * factors("cosine", 300):
        w = w - eta * samples.gradient(w)
    assert run.empirical_loss[-1] == pytest.approx(samples.loss(w), rel=1e-12)
    assert run.t[-1] == protocol.duration


def test_large_dimensions_in_few_blocks():
    """10^8 steps of a million directions: the number of blocks and of plain steps stays small."""
    problem = power_law(1.5, 10**6, "flat", "escape:1e-2")
    calls = []
    run = predict_sgd(problem, DescentProtocol(1e-3, 10**8, "linear"), points=10, progress=calls.append)
    assert len(calls) < 150
    assert run.error < 1e-10


@pytest.mark.parametrize("schedule", ["linear", [1.0, 0.5, 0.25]])
def test_results_keep_their_protocol(schedule):
    protocol = DescentProtocol(0.01, 3, schedule, batch="1,2@0.5", noise_variance=0.1)
    problem = power_law(1.5, 10, seed=1)
    for run in (predict_sgd(problem, protocol, points=2), online_sgd(problem, protocol, points=2)):
        attributes = run.dataset().attrs
        again = DescentProtocol(**{name: attributes[name] for name in protocol.attributes()})
        assert again.attributes() == protocol.attributes()
        assert (run.step_size, run.batch, run.noise_variance) == (0.01, ((0.0, 1), (0.5, 2)), 0.1)


def test_how_many_steps_a_time_takes():
    assert steps_until(0.1, read_schedule("constant"), 10.0) == 100
    assert steps_until(0.1, read_schedule("linear"), 10.0) == 199
    assert steps_until(0.1, Listed([1.0, 2.0, 3.0]), 0.29) == 2
    with pytest.raises(ValueError, match=r"3 steps take until t = 0\.6: the schedule does not reach 1"):
        steps_until(0.1, Listed([1.0, 2.0, 3.0]), 1.0)
    with pytest.raises(ValueError, match="the schedule does not reach 100"):
        steps_until(0.1, read_schedule("power:2"), 100.0)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"step_size": 0.0}, "step size is 0.0: it must be positive and finite"),
        ({"steps": 0}, "0 steps: a whole number from 1 to 2"),
        ({"schedule": "sine"}, "schedule is 'sine': it must be constant, power:P"),
        ({"schedule": "power:-1"}, "schedule 'power:-1': exponent is -1.0: it must be a number, at least 0"),
        ({"schedule": "wsd:0.6,0.6"}, "overlap"),
        ({"schedule": [1.0, 2.0]}, "the schedule has 2 numbers: it must have one for each of 5 steps"),
        ({"schedule": [1.0, -2.0, 1, 1, 1]}, "finite numbers, at least 0"),
        ({"schedule": np.zeros(5)}, "must not be 0 throughout"),
        ({"batch": 0}, "batch is 0: it must be a positive integer"),
        ({"batch": [(0.1, 2)]}, "pairs of a share of the steps, ascending from 0"),
        ({"batch": "1,x"}, "batch is '1,x': it must be a positive integer M, or M0,M1@SHARE1"),
        ({"noise_variance": -1.0}, "noise variance is -1.0: it must be a finite number, at least 0"),
        ({"loss_factor": 0.0}, "loss factor is 0.0: it must be positive and finite"),
    ],
)
def test_bad_protocols(request_, message):
    with pytest.raises(ValueError, match=message):
        DescentProtocol(**{"step_size": 0.1, "steps": 5, **request_})


def test_a_protocol_speaks_for_itself():
    problem = power_law(1.5, 10, seed=1)
    with pytest.raises(ValueError, match="says its steps, batch and noise_variance itself"):
        predict_sgd(problem, DescentProtocol(0.1, 5), 5)
    with pytest.raises(ValueError, match="steps is missing"):
        descend(problem, 0.1)
    assert read_batch("16") == 16
