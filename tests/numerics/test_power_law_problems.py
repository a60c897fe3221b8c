"""Power-law problems: normalisation, seeds, the escape start, refusals."""

import importlib
import math

import numpy as np
import pytest

from numerics import descend, power_law, solve
from numerics.problems.linearisation import escape_direction
from numerics.problems.power_law import gaussian_teacher

power_law_module = importlib.import_module("numerics.problems.power_law")

KINDS = [
    (2.0, 1000, "flat", "sphere"),
    (0.0, 50, "gaussian", "sphere"),
    (1.05, 1000, "gaussian", "escape:1e-3"),
    (0.5, 1e6, "flat", "escape:1e-3"),
    (8.0, 1e12, "source:0.5", "escape:1e-3"),
    (1.05, math.inf, "flat", "escape:1e-3"),
    (2.0, math.inf, "source:-0.4", "escape:1e-3"),
    (110.0, math.inf, "flat", "escape:1e-3"),
    (60.0, math.inf, "source:40", "escape:1e-3"),
    (3.0, 1, "gaussian", "escape:0.5"),
]


@pytest.mark.parametrize(("exponent", "dimension", "teacher", "init"), KINDS)
def test_normalisation(exponent, dimension, teacher, init):
    problem = power_law(exponent, dimension, teacher, init)
    assert problem.teacher_energy == pytest.approx(1, rel=1e-13)
    assert problem.dimension == dimension
    if dimension <= 1000:
        assert problem.eigenvalues.sum() == pytest.approx(1, rel=1e-14)
        exact = np.arange(1, dimension + 1.0) ** -exponent
        full = np.sort(problem.eigenvalues)[::-1]
        assert full[: len(exact)] / full[0] == pytest.approx(exact[: len(full)], rel=1e-13)
    if teacher == "flat":
        # Σ λ_i (w*_i)² with all (w*_i)² equal is tr Q; a node of weight n stands for n modes.
        first = problem.teacher[0] ** 2
        assert first == pytest.approx(1.0, rel=1e-13)
    if init == "sphere":
        assert np.linalg.norm(problem.init) == pytest.approx(1, rel=1e-14)
    else:
        assert problem.start_energy == pytest.approx(float(init[7:]) ** 2, rel=1e-13)


@pytest.mark.parametrize("source", [0.0, 0.7, -0.2])
def test_source(source):
    problem = power_law(1.5, 100, f"source:{source}")
    squares = problem.teacher**2
    assert squares / squares[0] == pytest.approx(np.arange(1, 101.0) ** (-2 * source), rel=1e-13)


def test_given_arrays():
    teacher, init = np.arange(1, 6.0), np.linspace(-1, 1, 5)
    problem = power_law(1.0, 5, teacher, init)
    assert problem.init.tolist() == init.tolist()
    assert problem.teacher / problem.teacher[0] == pytest.approx(teacher, rel=1e-14)


def test_seeds():
    first, again, other = (power_law(2, 50, "gaussian", seed=seed) for seed in (3, 3, 4))
    assert first.teacher.tolist() == again.teacher.tolist()
    assert first.init.tolist() == again.init.tolist()
    assert not np.any(first.teacher == other.teacher)
    assert not np.any(first.init == other.init)


def test_streams_are_independent():
    """The start does not depend on whether a teacher was drawn, nor the draws of one on the other."""
    drawn, flat = power_law(2, 400, "gaussian", seed=1), power_law(2, 400, "flat", seed=1)
    assert drawn.init.tolist() == flat.init.tolist()
    assert power_law(2, 400, "gaussian", "escape:1", seed=1).teacher.tolist() == drawn.teacher.tolist()
    correlation = np.corrcoef(drawn.teacher, drawn.init)[0, 1]
    assert abs(correlation) < 4 / math.sqrt(400)


def test_draws_do_not_depend_on_the_exponent():
    small, large = power_law(0.5, 30, "gaussian", seed=2), power_law(4, 30, "gaussian", seed=2)
    ratio = small.teacher / large.teacher
    assert np.ptp(ratio) < 1e-13 * ratio[0]
    draws = gaussian_teacher(30, seed=2)
    assert np.ptp(small.teacher / draws) < 1e-13 * abs(small.teacher[0] / draws[0])


def test_gaussian_draws_are_standard_normal():
    draws = gaussian_teacher(10**5, seed=0)
    assert abs(draws.mean()) < 4 / math.sqrt(1e5)
    assert abs(draws.var() - 1) < 4 * math.sqrt(2 / 1e5)


@pytest.mark.parametrize(
    ("exponent", "teacher"), [(0, "gaussian"), (1.05, "flat"), (2, "gaussian"), (5, "source:-1")]
)
def test_escape_start_is_the_fastest_direction(exponent, teacher):
    """Against the dense spectrum of 4Λ + 8 Λw* (Λw*)ᵀ, the linearised flow of w at 0 for s* = 1."""
    problem = power_law(exponent, 300, teacher, "escape:1e-4", seed=6)
    lam, star, start = problem.eigenvalues, problem.teacher, problem.init
    matrix = 4 * np.diag(lam) + 8 * np.outer(lam * star, lam * star)
    rate, direction = escape_direction(lam, star)
    assert rate == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-12)
    assert matrix @ start == pytest.approx(rate * start, rel=1e-9, abs=1e-12 * rate * np.abs(start).max())
    assert (lam * start) @ star > 0
    assert problem.start_energy == pytest.approx(1e-8, rel=1e-13)
    assert start == pytest.approx(1e-4 * direction, rel=1e-14)


def test_escape_start_grows_at_the_escape_rate():
    problem = power_law(2, math.inf, init="escape:1e-20")
    rate, _ = escape_direction(problem.eigenvalues, problem.teacher)
    u = solve(problem, 5.0).at([0.0, 1.0, 2.0]).u
    assert np.log(u[1:] / u[:-1]) == pytest.approx([rate, rate], rel=1e-11)
    assert rate == pytest.approx(5.53894059108475, rel=1e-12)  # theory.asymptotics, 30 digits


@pytest.mark.parametrize(
    ("teacher", "rate"), [([1.0, 1.0], 12.4536), ([1e-150, 1.0], None), ([1.0, 1e-150], None)]
)
def test_escape_direction_with_vanishing_masses(teacher, rate):
    """A top mode that the teacher hardly has leaves the root next to a pole."""
    lam, star = np.array([1.0, 0.1]), np.array(teacher)
    found, direction = escape_direction(lam, star)
    matrix = 4 * (lam @ star**2) * np.diag(lam) + 8 * np.outer(lam * star, lam * star)
    assert found == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-12)
    assert np.isfinite(direction).all()
    if rate:
        assert found == pytest.approx(rate, rel=1e-4)


@pytest.mark.parametrize("dimension", [1e12, math.inf])
@pytest.mark.parametrize("source", [0.0, 0.3])
def test_dimensions_agree_where_they_must(dimension, source):
    """Against 1e5 modes written out. While λ t ≪ 1 beyond them, they differ by their part of the energy only.

    That part is of order d^{1−a−2B} ≤ 1e-15, to be compared with 1 − u ≥ 1e-5.
    """
    listed = power_law(4.0, 1e5, np.arange(1, 1e5 + 1) ** -source, "escape:1e-3")
    by_rule = power_law(4.0, dimension, f"source:{source}", "escape:1e-3")
    assert len(by_rule.eigenvalues) < 1000
    times = np.geomspace(1e-2, 1e6, 30)
    near, far = (solve(problem, 1e6).at(times) for problem in (listed, by_rule))
    assert near.one_minus_u[-1] < 1e-4
    for key in ("u", "s", "one_minus_u", "one_minus_s", "loss"):
        assert getattr(far, key) == pytest.approx(getattr(near, key), rel=2e-10), key


@pytest.mark.parametrize("exponent", [0.0, 0.7, 2.0])
def test_rule_against_every_mode(exponent):
    """d = 1e5 by the rule and with all modes written out: the same flow."""
    by_rule = power_law(exponent, 1e5, "source:0.2", "escape:1e-2")
    listed = power_law(exponent, 1e5, np.arange(1, 1e5 + 1) ** -0.2, "escape:1e-2")
    assert len(listed.eigenvalues) == 10**5
    assert len(by_rule.eigenvalues) < 400
    until = 1e2 / by_rule.eigenvalues.max()
    times = np.geomspace(1e-6, 1, 40) * until
    short, full = (solve(problem, until).at(times) for problem in (by_rule, listed))
    for key in ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered"):
        assert getattr(short, key) == pytest.approx(getattr(full, key), rel=1e-10), key
    assert short.one_minus_u[-1] < 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1.0, 10), "exponent is -1.0: it must be a finite number ≥ 0"),
        ((math.nan, 10), "exponent is nan"),
        ((math.inf, 10), "exponent is inf"),
        ((2.0, 0), "dimension is 0: it must be a positive integer"),
        ((2.0, 2.5), "dimension is 2.5"),
        ((2.0, math.nan), "dimension is nan"),
        ((2.0, -math.inf), "dimension is -inf"),
        ((1.0, math.inf, "flat", "escape:1"), "exponent is 1.0: at dimension inf it must exceed 1"),
        ((2.0, math.inf), "init: at dimension inf there is no sphere"),
        ((2.0, math.inf, "gaussian", "escape:1"), "teacher is 'gaussian': at dimension inf"),
        ((2.0, math.inf, np.ones(3), "escape:1"), "teacher is an array: at dimension inf"),
        ((2.0, math.inf, "source:-0.5", "escape:1"), r"at dimension inf exponent \+ 2B must exceed 1"),
        ((2.2, math.inf, "source:-0.6", "escape:1"), r"at dimension inf exponent \+ 2B must exceed 1"),
        ((2.0, 10, "source:x"), "teacher is 'source:x': the B of source:B must be a number"),
        ((2.0, 10, "source:nan"), "teacher is 'source:nan'"),
        ((2.0, 10, "round"), "teacher is 'round': it must be flat, source:B or gaussian"),
        ((2.0, 10, np.ones(9)), r"teacher has shape \(9,\): for dimension 10 it must be \(10,\)"),
        ((2.0, 10, np.zeros(10)), "teacher must have finite entries, not all 0"),
        ((2.0, 10, np.full(10, np.nan)), "teacher must have finite entries, not all 0"),
        ((2.0, 1000, "source:-200"), "teacher must have finite entries, not all 0"),
        (
            (2.0, 10, "flat", "escape:0"),
            "init is 'escape:0': it must be escape:EPS with 1e-300 ≤ EPS",
        ),
        ((2.0, 10, "flat", "escape:1e-320"), "escape:EPS with 1e-300 ≤ EPS"),
        ((2.0, 10, "flat", "escape:1e308"), "EPS ≤ 1e.75"),
        ((2.0, 10, "flat", "escape"), "init is 'escape': it must be sphere or escape:EPS"),
        ((2.0, 10, "flat", np.ones(3)), r"init has shape \(3,\)"),
        ((2.0, 1e11), "dimension is 1e.11: a teacher or start that is drawn"),
        ((2.0, 1e11, "gaussian", "escape:1"), "allows at most 1e.10"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        power_law(*arguments)


@pytest.mark.parametrize("horizon", [0.0, -1.0, math.inf, math.nan])
def test_bad_horizon(horizon):
    with pytest.raises(ValueError, match=r"horizon is .*: it must be a positive time"):
        power_law(2, math.inf, init="escape:1", horizon=horizon)


def test_horizon_at_infinite_dimension_is_kept():
    problem = power_law(2, math.inf, init="escape:1e-3", horizon=1e6)
    assert solve(problem, 1e6).at([1e6]).one_minus_u[0] > 0
    with pytest.raises(ValueError, match=r"faithful up to 1e\+06"):
        solve(problem, 1.1e6)


def test_a_long_start_needs_the_same_accuracy():
    """The clock of a start with s(0) = EPS² runs EPS² times faster: the frozen tail must begin later."""
    short, long = (power_law(2, math.inf, init=f"escape:{size}", horizon=100.0) for size in ("1", "1e3"))
    assert long.eigenvalues.min() < 1e-5 * short.eigenvalues.min()


@pytest.mark.parametrize("steps", [1.5, math.nan])
def test_steps_are_whole(steps):
    with pytest.raises(TypeError, match="it must be an integer"):
        descend(power_law(2, 3), 1e-3, steps)


@pytest.mark.parametrize("exponent", [0.0, 0.5, 2.0, 4.0])
@pytest.mark.parametrize("teacher", ["gaussian", "source:0.3"])
@pytest.mark.parametrize("init", ["sphere", "escape:0.01"])
def test_streamed_draws_are_those_that_are_held(exponent, teacher, init, monkeypatch):
    """The same problem, in chunks of any size: its sums Σ λ^k w_a w_b and a solution agree."""
    if teacher != "gaussian" and init != "sphere":
        pytest.skip("nothing is drawn")
    held = power_law(exponent, 20000, teacher, init, seed=5)
    monkeypatch.setattr(power_law_module, "STREAMED", 10000)
    times = np.array([0.0, 1.0, 30.0, 1000.0])
    reference = solve(held, 1000.0).at(times)
    for chunk in (3000, 4096, 20000):
        monkeypatch.setattr(power_law_module, "CHUNK", chunk)
        streamed = power_law(exponent, 20000, teacher, init, seed=5, horizon=1000.0)
        assert len(streamed.eigenvalues) < 2000
        assert streamed.dimension == 20000
        assert streamed.horizon == 1000.0
        found = solve(streamed, 1000.0).at(times)
        for key in ("u", "s", "loss", "mse"):
            assert getattr(found, key) == pytest.approx(getattr(reference, key), rel=1e-10), key
