"""Gradient descent in blocks against the plain loop, step for step, up to the edge of stability and on."""

import math

import numpy as np
import pytest

from numerics import Problem, descend, descend_network, load_module, power_law, solve
from numerics.descent.blocks import Blocks, largest_curvature
from numerics.descent.iterate import Iterate
from numerics.descent.protocol import DescentProtocol
from numerics.generated import phase_retrieval
from numerics.quadrature.collocation import radau
from numerics.quadrature.summation import summation
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import Z
from theory.symbolic.models import quadratic_network, single_index

NAMES = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered")


def hessian(problem, w):
    """[P2] ∇²L = 24 (Qw)(Qw)ᵀ + (12 s − 4 s*) Q − 8 (Qw*)(Qw*)ᵀ."""
    lam, star = problem.eigenvalues, problem.teacher
    s, energy = lam @ w**2, lam @ star**2
    own, other = lam * w, lam * star
    return 24 * np.outer(own, own) + np.diag((12 * s - 4 * energy) * lam) - 8 * np.outer(other, other)


def stability_limit(problem):
    return 2 / np.linalg.eigvalsh(hessian(problem, problem.teacher))[-1]


def errors(fast, plain):
    """Largest error of each observable, relative to itself; where it changes sign, to its neighbourhood."""
    found = {}
    for name in NAMES:
        value, expected = getattr(fast, name), getattr(plain, name)
        turns = np.flatnonzero(np.diff(np.sign(expected)))
        away = np.ones(len(expected), bool)
        for turn in turns:
            away[max(turn - 2, 0) : turn + 4] = False
        assert away.mean() > 0.5
        found[name] = np.abs(value / expected - 1)[away].max()
    return found


def assert_same(problem, step_size, steps, numbers, tolerance=1e-12):
    calls = []
    fast = descend(problem, step_size, steps, numbers, progress=calls.append)
    plain = descend(problem, step_size, steps, numbers, stepwise=True)
    assert np.array_equal(fast.t, plain.t)
    for name, error in errors(fast, plain).items():
        assert error < tolerance * (10 if name == "recovered" else 1), name  # a difference of lengths
    return fast, len(calls)


@pytest.mark.parametrize("step_size", [1e-4, 1e-2])
def test_step_for_step(step_size):
    problem, steps = power_law(2, 100, "gaussian", seed=1), 12_000
    _, calls = assert_same(problem, step_size, steps, np.arange(1, steps + 1, 17))
    assert calls < 60


@pytest.mark.slow
def test_every_one_of_many_steps():
    assert_same(power_law(2, 100, "gaussian", seed=1), 1e-2, 100_000, np.arange(100_001))


@pytest.mark.parametrize(("exponent", "dimension"), [(1.2, 60), (2, 100)])
@pytest.mark.parametrize("fraction", [0.3, 0.7, 0.95])
def test_large_steps(exponent, dimension, fraction):
    """Multipliers of fast modes are near 0 or negative."""
    problem = power_law(exponent, dimension, "gaussian", seed=2)
    step_size = fraction * stability_limit(problem)
    assert step_size * 8 * problem.eigenvalues[0] > (0.6 if fraction == 0.95 else 0.1)
    _, calls = assert_same(problem, step_size, 5000, np.arange(0, 5001, 20), 3e-12)
    assert calls < 40


@pytest.mark.parametrize(("exponent", "fraction"), [(0.3, 0.2), (0.3, 0.8), (2, 0.5)])
def test_many_modes_are_reduced(exponent, fraction):
    """Of a thousand modes those that a step moves far are kept, the others reduced."""
    problem = power_law(exponent, 1000, "gaussian", seed=4)
    image = problem.eigenvalues * problem.teacher
    step_size = fraction * 2 / (16 * image @ image + 8 * problem.eigenvalues[0])
    assert_same(problem, step_size, 1500, np.arange(0, 1501, 25), 3e-12)


def test_a_tiny_start():
    """u(0) ~ 1e-100 grows for tens of thousands of steps before anything else happens."""
    start = power_law(2, 60, "gaussian", seed=1)
    problem = Problem(start.eigenvalues, start.teacher, 1e-100 * start.init)
    fast, _ = assert_same(problem, 2e-2, 5000, np.arange(0, 5001, 25))
    assert abs(fast.u[0]) < 1e-100
    assert abs(fast.u[-1]) > 0.9


def test_slow_oscillation():
    """A multiplier of −0.994 takes thousands of steps to decay; blocks begin after that."""
    problem = power_law(4, 30, "gaussian", seed=2)
    assert_same(problem, 0.997 * stability_limit(problem), 16_000, np.arange(0, 16_001, 400), 1e-11)


def test_beyond_stability_the_iterates_oscillate():
    """Slightly too large a step ends in a cycle of two around the teacher: no block may jump over it."""
    problem = power_law(2, 40, "gaussian", seed=2)
    step_size = 1.03 * stability_limit(problem)
    fast = descend(problem, step_size, 5000, np.arange(4000, 5001))
    plain = descend(problem, step_size, 5000, np.arange(4000, 5001), stepwise=True)
    assert fast.s == pytest.approx(plain.s, rel=1e-10)
    assert abs(fast.s[-1] - fast.s[-2]) > 0.1
    assert fast.s[-1] == pytest.approx(fast.s[-3], rel=0.01)


def test_blocks_are_long_enough_for_oscillations_to_decay():
    """A multiplier of −0.98 needs 1800 steps for 1e-16; one below −1 never decays, and there is no block."""
    problem = power_law(2, 40, "gaussian", seed=2)
    limit = stability_limit(problem)
    state = Iterate(problem, DescentProtocol(0.99 * limit, 10**6), phase_retrieval)
    state.advance(12_000)
    multiplier = 1 - 0.99 * limit * np.linalg.eigvalsh(hessian(problem, state.students[0]))[-1]
    assert multiplier == pytest.approx(-0.98, abs=0.01)
    block = Blocks(state).advance(10**6)
    assert abs(multiplier) ** block.table.steps < 1e-16
    assert abs(multiplier) ** (block.table.steps / 1.5) > 1e-16
    rest = Problem(problem.eigenvalues, problem.teacher, state.students[0])
    assert Blocks(Iterate(rest, DescentProtocol(1.05 * limit, 10**6), phase_retrieval)).advance(10**6) is None


def test_instability_is_not_jumped_over():
    """What grows starts 1e12 times smaller than what decays slowly, far below the tolerance of a block."""
    problem = power_law(2, 40, "gaussian", seed=2)
    directions = np.linalg.eigh(hessian(problem, problem.teacher))[1]
    start = problem.teacher + 1e-3 * directions[:, 20] + 1e-15 * directions[:, -1]
    near, step_size = Problem(problem.eigenvalues, problem.teacher, start), 1.02 * stability_limit(problem)
    fast = descend(near, step_size, 3000, points=[0, 3000])
    assert fast.loss[-1] > 100 * fast.loss[0]


def test_at_infinite_dimension_ten_million_steps_follow_the_flow():
    """At late times the map differs from the flow by O(η/t), in few blocks."""
    problem = power_law(2, math.inf, init="escape:1e-2")
    calls = []
    last = descend(problem, 1e-2, 10**7, points=[10**7], progress=calls.append)
    flow = solve(problem, 1e5).at([1e5])
    assert len(calls) < 100
    for name in ("one_minus_u", "one_minus_s", "loss", "recovered"):
        assert getattr(last, name)[0] == pytest.approx(getattr(flow, name)[0], rel=1e-6), name
        assert getattr(last, name)[0] != pytest.approx(getattr(flow, name)[0], rel=1e-10), name


@pytest.mark.parametrize(
    "problem",
    [
        Problem([1.0], [1.0], [-0.25]),
        Problem([0.5, 0.0, 0.25], [1.0, 2.0, -1.0], [0.5, 0.5, 0.25]),
        Problem([0.5, 0.25], [1.0, 0.0], [0.0, 0.5]),
        power_law(2, 40, "gaussian", seed=5),
    ],
    ids=["one mode", "a zero eigenvalue", "no correlation", "sphere"],
)
def test_small_problems(problem):
    fast = descend(problem, 2.0**-9, 6000, np.arange(0, 6001, 50))
    plain = descend(problem, 2.0**-9, 6000, np.arange(0, 6001, 50), stepwise=True)
    for name in NAMES:
        assert getattr(fast, name) == pytest.approx(getattr(plain, name), rel=2e-11, abs=1e-14), name


@pytest.mark.parametrize(
    ("model", "students", "teachers"),
    [(quadratic_network(2, 2), 2, 2), (quadratic_network(3, 2), 3, 2), (single_index(Z**3 - 3 * Z), 1, 1)],
    ids=["2 by 2", "3 by 2", "cubic"],
)
def test_networks(model, students, teachers):
    rng = np.random.default_rng(1)
    eigenvalues = np.arange(1.0, 41.0) ** -1.5
    draw = [np.squeeze(0.3 * rng.standard_normal((count, 40))) for count in (teachers, students)]
    problem, module = Problem(eigenvalues, *draw), load_module(generate_module(model))
    numbers, calls = np.arange(0, 3001, 40), []
    fast = descend_network(problem, 5e-4, 3000, numbers, module, progress=calls.append)
    plain = descend_network(problem, 5e-4, 3000, numbers, module, stepwise=True)
    assert len(calls) < 40
    for name in ("S", "U", "loss", "distances"):
        value, expected = getattr(fast, name), getattr(plain, name)
        assert np.abs(value - expected).max() < 1e-12 * np.abs(expected).max(), name
    assert fast.loss[-1] < 0.9 * fast.loss[0]


def test_a_network_without_residual_coordinates_keeps_long_blocks():
    """Rounding of the drift, which shows as coefficients that do not decay, does not shorten the blocks.

    A million steps are far from the flow by a distance that halves with the step.
    """
    rng = np.random.default_rng(2)
    eigenvalues = np.arange(1.0, 41.0) ** -1.5
    draw = [0.3 * rng.standard_normal((count, 40)) for count in (2, 3)]
    problem, distances = Problem(eigenvalues, *draw), []
    module = load_module(generate_module(quadratic_network(3, 2)))
    flow = solve(problem, 5e3, module).overlaps([5e3])
    for steps in (10**6, 2 * 10**6):
        calls = []
        fast = descend_network(problem, 5e3 / steps, steps, [steps], module, progress=calls.append)
        distances.append(fast.loss[0] - flow.loss[0])
        assert len(calls) < 60
    assert distances[0] / distances[1] == pytest.approx(2, rel=0.05)


def test_model_and_problem_must_agree():
    module = load_module(generate_module(quadratic_network(2, 1)))
    with pytest.raises(ValueError, match="use descend_network"):
        descend(Problem([1.0], [1.0], [[0.5], [0.25]]), 0.1, 10, model=module)
    with pytest.raises(ValueError, match="1 students and 1 teachers, the model 2 and 1"):
        descend_network(Problem([1.0], [1.0], [0.5]), 0.1, 10, model=module)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 1.5])
def test_curvature(scale):
    """The largest eigenvalue of P2's Hessian, and bounds on it that are cheaper."""
    problem = power_law(1.5, 30, "gaussian", seed=3)
    w = problem.init + scale * problem.teacher
    state = Iterate(
        Problem(problem.eigenvalues, problem.teacher, w), DescentProtocol(0.1, 1), phase_retrieval
    )
    exact = np.linalg.eigvalsh(hessian(problem, w))[-1]
    assert largest_curvature(state, 0.0) == pytest.approx(exact, rel=1e-12)
    assert exact * (1 - 1e-12) <= largest_curvature(state, math.inf) <= exact + 24 * scale**2 + 24


@pytest.mark.parametrize("steps", [64, 1000, 10**9])
def test_a_mode_over_a_block(steps):
    """y ← (1 + z/n) y: nodes agree with (1 + z/n)^{cn} while z is moderate; what is faster decays."""
    table = summation(12, steps)
    for z in (-2.0, -0.5, 0.5, 2.0):
        values = np.linalg.solve(np.eye(12) - z * table.matrix, np.ones(12))
        assert values == pytest.approx(np.exp(table.nodes * steps * math.log1p(z / steps)), rel=1e-12)
    for rate in np.linspace(0.05, 2.0, 40):
        values = np.linalg.solve(np.eye(12) + rate * steps * table.matrix, np.ones(12))
        assert abs(values[-1]) < 1.0 / (1.0 + 0.5 * rate * steps) + 0.2


def test_tables_tend_to_the_flows():
    difference = [np.abs(summation(12, steps).matrix - radau(12).matrix).max() for steps in (10**3, 10**6)]
    assert difference[0] / difference[1] == pytest.approx(1000, rel=0.1)
    with pytest.raises(ValueError, match="a block of 63 steps: at least 64 are needed"):
        summation(12, 63)
