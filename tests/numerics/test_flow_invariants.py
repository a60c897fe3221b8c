"""Properties that every gradient flow of this loss has, whatever the problem."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics import Problem, power_law, solve

NUMBERS = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse")


def random_problem(seed, size=40, start=1.0):
    rng = np.random.default_rng(seed)
    return Problem(rng.uniform(0, 1, size) ** 3, rng.standard_normal(size), start * rng.standard_normal(size))


def sample(problem, until, count=60):
    times = np.concatenate([[0.0], np.geomspace(1e-4 * until, until, count)])
    return solve(problem, until).at(times)


def assert_gradient_flow(found, energy):
    """The loss falls, u² ≤ s s* (Cauchy–Schwarz), L ≥ 3(s − s*)² [Lem 3]; L, u and s fit P1."""
    assert (np.diff(found.loss) <= 1e-12 * found.loss[:-1]).all()
    assert np.diff(found.loss).any()
    assert (found.u**2 <= found.s * energy * (1 + 1e-12)).all()
    assert (found.loss >= 3 * (energy * found.one_minus_s) ** 2 * (1 - 1e-11) - 1e-300).all()
    formula = 3 * found.s**2 + 3 * energy**2 - 4 * found.u**2 - 2 * found.s * energy
    assert np.abs(formula - found.loss).max() < 1e-13 * max(found.s.max(), energy) ** 2
    assert np.abs(1 - np.abs(found.u) / energy - found.one_minus_u).max() < 1e-13 * max(
        1, np.abs(found.u).max() / energy
    )


def assert_close(first, second, tolerance=1e-10):
    """Equal to relative accuracy, but near a change of sign relative to the neighbours in time."""
    for key in NUMBERS:
        x, y = getattr(first, key), getattr(second, key)
        size = np.maximum(np.abs(x), np.abs(y))
        around = np.maximum(size[:-2], size[2:])
        turning = (x[:-2] * x[2:] < 0) | (x[:-2] * x[1:-1] < 0)
        size[1:-1] = np.where(turning, np.maximum(size[1:-1], around), size[1:-1])
        assert size.max() > 0, key
        assert (np.abs(x - y) <= tolerance * size).all(), key


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("start", [1e-4, 1.0, 30.0])
def test_gradient_flow(seed, start):
    problem = random_problem(seed, start=start)
    assert_gradient_flow(sample(problem, 300.0), problem.teacher_energy)


entry = st.floats(-4, 4, allow_subnormal=False).map(lambda x: x if abs(x) > 1e-6 else 0.0)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1e-6, 0.1, 0.5, 0.5, 1.0]), entry, entry), min_size=1, max_size=6
    ),
    st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_gradient_flow_of_small_problems(modes, until):
    """Repeated and vanishing eigenvalues, modes without teacher or without start, among others."""
    eigenvalues, teacher, init = (np.array(column) for column in zip(*modes, strict=True))
    energy = eigenvalues @ teacher**2
    if not energy > 0:
        with pytest.raises(ValueError, match="teacher"):
            Problem(eigenvalues, teacher, init)
        return
    run = solve(Problem(eigenvalues, teacher, init), until)
    found = run.at(np.concatenate([[0.0], np.geomspace(1e-4 * until, until, 40)]))
    assert (np.diff(found.loss) <= 1e-12 * found.loss[:-1] + 1e-300).all()
    assert (found.u**2 <= found.s * energy * (1 + 1e-11)).all()
    if run.limit.name in ("saddle", "0"):
        assert not found.u.any()
    else:
        end = run.segments[-1]
        assert np.sign(end.overlap[-1]) == run.limit.sign


@pytest.mark.parametrize("scale", [1e-60, 7.0, 1e60])
def test_scaling_of_the_spectrum(scale):
    """Q → cQ multiplies u and s by c and the velocity by c²: time shrinks by c²."""
    problem = random_problem(3)
    scaled = Problem(scale * problem.eigenvalues, problem.teacher, problem.init)
    found, other = sample(problem, 100.0), sample(scaled, 100.0 / scale**2)
    rescaled = other._replace(u=other.u / scale, s=other.s / scale, loss=other.loss / scale**2)
    assert_close(found, rescaled)


@pytest.mark.parametrize("scale", [1e-4, 3.0, 1e4])
def test_scaling_of_teacher_and_start(scale):
    """w, w* → cw, cw* multiplies energies by c² and the velocity by c³."""
    problem = random_problem(4)
    scaled = Problem(problem.eigenvalues, scale * problem.teacher, scale * problem.init)
    found, other = sample(problem, 100.0), sample(scaled, 100.0 / scale**2)
    square = scale**2
    rescaled = other._replace(
        u=other.u / square, s=other.s / square, loss=other.loss / square**2, mse=other.mse / square
    )
    assert_close(found, rescaled)


@pytest.mark.parametrize("seed", range(2))
def test_permutation_of_the_modes(seed):
    problem = random_problem(seed)
    order = np.random.default_rng(99).permutation(len(problem.init))
    shuffled = Problem(problem.eigenvalues[order], problem.teacher[order], problem.init[order])
    assert_close(sample(problem, 100.0), sample(shuffled, 100.0))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("flipped", ["init", "teacher"])
def test_sign(seed, flipped):
    """w → −w and w* → −w* change the sign of u and the name of the limit, and nothing else."""
    problem = random_problem(seed)
    init, teacher = problem.init, problem.teacher
    other = Problem(
        problem.eigenvalues,
        -teacher if flipped == "teacher" else teacher,
        -init if flipped == "init" else init,
    )
    times = np.geomspace(1e-3, 100.0, 40)
    first, second = solve(problem, 100.0), solve(other, 100.0)
    found = second.at(times)
    assert_close(first.at(times), found._replace(u=-found.u), 1e-13)
    assert {first.limit.name, second.limit.name} == {"+teacher", "-teacher"}


def test_signs_of_single_modes():
    """The flow sees the products w_i w*_i only: flipping both entries of some modes changes nothing."""
    problem = random_problem(7)
    flips = np.where(np.arange(40) % 3 == 0, -1.0, 1.0)
    other = Problem(problem.eigenvalues, flips * problem.teacher, flips * problem.init)
    assert_close(sample(problem, 100.0), sample(other, 100.0))


def test_semigroup():
    """The flow from w(t) is the flow from w(0), later: seen through a run's own end state."""
    problem = random_problem(11, size=6)
    weights = problem.eigenvalues
    middle, late = 1.5, np.array([2.0, 4.0, 50.0])
    step = 1e-3
    state = problem.init.copy()
    for _ in range(round(middle / step)):
        state = _runge_kutta(weights, problem.teacher, state, step)
    continued = solve(Problem(weights, problem.teacher, state), 100.0).at(late - middle)
    direct = solve(problem, 100.0).at(late)
    for key in ("u", "s", "loss", "mse", "one_minus_u"):
        assert getattr(continued, key) == pytest.approx(getattr(direct, key), rel=1e-8)


def _runge_kutta(rates, teacher, state, step):
    def velocity(w):
        s, u = rates @ w**2, (rates * w) @ teacher
        return 4 * rates * (rates @ teacher**2 - 3 * s) * w + 8 * rates * u * teacher

    k1 = velocity(state)
    k2 = velocity(state + step / 2 * k1)
    k3 = velocity(state + step / 2 * k2)
    k4 = velocity(state + step * k3)
    return state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def test_evaluation_order_and_range():
    run = solve(random_problem(1), 10.0)
    times = np.array([3.0, 0.0, 10.0, 1e-7])
    together = run.at(times)
    for k, t in enumerate(times):
        assert together.loss[k] == pytest.approx(run.at([t]).loss[0], rel=1e-14)
    for outside in ([-1e-9], [10.1], [math.nan], [[3.0]], 10.1):
        with pytest.raises(
            ValueError, match=r"times must be numbers in \[0, 10\]|must be a number or a list"
        ):
            run.at(outside)


def test_start_is_reported_exactly():
    problem = power_law(1.5, 30, "gaussian", seed=4)
    start = solve(problem, 1.0).at([0.0])
    assert start.s[0] == pytest.approx(problem.eigenvalues @ problem.init**2, rel=1e-14)
    exact = min(np.mean((problem.init - sign * problem.teacher) ** 2) for sign in (1, -1))
    assert start.mse[0] == pytest.approx(exact, rel=1e-13)


def test_progress_and_bad_horizons():
    seen = []
    run = solve(random_problem(2), 5.0, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] >= 5.0
    assert len(seen) == len(run.segments)
    for bad in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=r"until is .*: it must be a positive, finite time"):
            solve(random_problem(2), bad)
