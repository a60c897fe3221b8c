"""Starts at and near ±w*, saddles and 0 on repeated, nearly equal and zero eigenvalues: no digit is lost.

References are 70- to 220-digit Taylor series of the unreduced problem (oracles.taylor) and exact values.
"""

import time
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from oracles.fuzz import DIGITS, KEYS, degenerate, reference
from oracles.taylor import taylor_flow

from numerics import Problem, descend, reduce, solve
from numerics.problems.eigenspaces import merge

ALLOWED = 3.0  # times the stated error
SECONDS = 2.0
RESOLVED = 1e-45  # of the values at DIGITS digits: what is smaller is known to vanish to that accuracy only
CASES = 120

NEARLY_EQUAL = [0.6989849253942155, 0.6989849246920795, 0.6989849212028818, 0.6989849229429119]


def assert_as_stated(eigenvalues, teacher, init, times, digits=70):
    run = solve(Problem(eigenvalues, teacher, init), times[-1], check=True)
    found, exact = run.at(times), taylor_flow(eigenvalues, teacher, init, times, digits)
    for key in KEYS:
        for value, true in zip(getattr(found, key), exact[key], strict=True):
            assert abs(float((value - true) / true)) < 2.0 * run.error, key
    return run


def test_a_start_near_the_teacher_in_one_eigenspace():
    """1 − u = −⟨w − w*, w*⟩_Q/s* of the floats, exactly: 1.76394846e-13."""
    teacher, init = [1.1, 0.7], [1.1 + 1e-12, 0.7 - 2e-12]
    run = assert_as_stated([0.5, 0.5], teacher, init, [0.0, 0.5, 1.0])
    pairs = [(Fraction(x), Fraction(y)) for x, y in zip(init, teacher, strict=True)]
    exact = -sum((x - y) * y for x, y in pairs) / sum(y * y for _, y in pairs)
    assert run.at([0.0]).one_minus_u[0] == pytest.approx(float(exact), rel=1e-15)
    assert float(exact) == pytest.approx(1.76395e-13, rel=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("rates", [[0.3, 0.3], [0.3, 0.3, 0.1, 0.1, 0.1], [0.4, 0.0, 0.0], [0.3] * 1500])
def test_a_start_at_the_teacher_stays_there(rates, sign):
    """Every deficit is exactly 0."""
    teacher = np.random.default_rng(1).standard_normal(len(rates))
    found = solve(Problem(rates, teacher, sign * teacher), 5.0, check=True).at([0.0, 1.0, 5.0])
    for key in ("mse", "loss", "one_minus_u", "one_minus_s"):
        assert not getattr(found, key).any(), key


def test_many_equal_eigenvalues():
    """d = 10, 1e-10 off the teacher."""
    rng = np.random.default_rng(7)
    teacher = rng.standard_normal(10)
    assert_as_stated([0.1] * 10, teacher, teacher + 1e-10 * rng.standard_normal(10), [0.0, 1.0, 3.0])


def test_many_modes_near_the_teacher_keep_the_deviation_s_moments():
    """Two thousand modes reduced to a few hundred: the moments of w + w* = 1e-13·n, as those of n."""
    rng = np.random.default_rng(3)
    rates, teacher = np.arange(1.0, 2001.0) ** -1.5, rng.standard_normal(2000)
    full = Problem(rates, teacher, -teacher + 1e-13 * rng.standard_normal(2000))
    small = reduce(full, 1e4)
    assert len(small.eigenvalues) < 500
    deviation, reduced = full.init + full.teacher, small.deviation(small.students, -small.teachers)[0]
    for weights, kept in ((1.0, 1.0), (rates, small.eigenvalues)):
        size = (weights * deviation**2).sum()
        assert (kept * reduced**2).sum() == pytest.approx(size, rel=1e-13)
        mixed = (weights * deviation * full.teacher).sum()
        scale = np.sqrt(size * (weights * teacher**2).sum())
        assert abs((kept * reduced * small.teacher).sum() - mixed) < 1e-13 * scale


def test_still_directions_at_the_teacher():
    """Of the MSE of a run that stays at 0, all but w*_1² lies in two directions with eigenvalue 0."""
    teacher, init = np.array([1e-9, 1.1, 0.7]), np.array([0.0, 1.1 + 1e-9, 0.7 - 1e-9])
    found = solve(Problem([1.0, 0.0, 0.0], teacher, init), 1.0).at([0.0, 1.0]).mse
    exact = sum((Fraction(x) - Fraction(y)) ** 2 for x, y in zip(init, teacher, strict=True)) / 3
    assert found == pytest.approx(float(exact), rel=1e-14)


def test_descent_near_the_teacher_in_one_eigenspace():
    """One mode of the residual across w*: it shrinks by 1 − 8ηλs* a step, and q is all of the loss's 4s*q."""
    teacher, init = np.array([1.0, 1.0]), np.array([1.0 + 2.0**-40, 1.0 - 2.0**-40])
    run = descend(Problem([0.5, 0.5], teacher, init), step_size=0.01, steps=20, points=2)
    assert run.loss[0] == pytest.approx(4.0 * 2.0**-80, rel=1e-11)
    assert run.loss[-1] == pytest.approx(4.0 * 2.0**-80 * (1.0 - 0.04) ** 40, rel=1e-11)


def test_nearly_equal_eigenvalues_with_a_tiny_start():
    """What is across the teacher ends at 1e-9 of what was along it, and is known to twelve digits."""
    teacher, init = [-0.3, 0.5, 0.2, 0.9], [6e-30, 1e-30, -2e-30, 1.5e-30]
    assert_as_stated(NEARLY_EQUAL, teacher, init, [10.0, 25.0], digits=220)


def test_merging_is_exact_where_terms_cancel():
    """Across (1, 1, 1): w − w̄, here 2^-60 of w; along it: exactly 0 where the sum is."""
    _, teacher, init, rest = merge(np.ones(3), np.ones(3), np.array([0.5, 0.5, 0.5 + 2.0**-53]))
    assert teacher[0] == pytest.approx(np.sqrt(3.0))
    assert init[1] == pytest.approx(2.0**-53 * np.sqrt(2.0 / 3.0), rel=1e-15)
    _, _, init, rest = merge(np.ones(2), np.array([0.3, 0.1]), np.array([0.1, -0.3]))
    assert init[0] == 0.0
    assert not rest.any()


def assert_covered(seed):
    case = degenerate(seed)
    problem = Problem(case.eigenvalues, case.teacher, case.init)
    began = time.process_time()
    run = solve(problem, case.times[-1], check=True)
    found = run.at(case.times)
    assert time.process_time() - began < SECONDS, case
    for key, exact in reference(case, DIGITS).items():
        for value, (high, low, size) in zip(getattr(found, key), exact, strict=True):
            error = abs((float(value) - high) - low)
            assert error <= ALLOWED * run.error * size + RESOLVED, (
                seed,
                key,
                error / max(size, 1e-300),
                case,
            )


@pytest.mark.parametrize(
    "batch", [0, 40, 80, *(pytest.param(k, marks=pytest.mark.slow) for k in (20, 60, 100))]
)
def test_the_stated_error_covers_the_true_one(batch):
    for seed in range(batch, batch + 20):
        assert_covered(seed)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(
            1907, id="w/w* differs by 1e-9 between two levels 4e-12 apart, one of them of two modes"
        ),
        pytest.param(3004, id="a start nearly parallel to a teacher a thousandth of its size"),
        pytest.param(1170, id="1 - u changes sign near the teacher, as it comes to follow q"),
        pytest.param(2209, id="1 - u grows by 1e5 in the first step"),
        pytest.param(911, id="one moving mode and three still ones"),
        pytest.param(1877, id="one moving mode, from far beyond its teacher"),
        pytest.param(2993, id="just past the start of a step in the student's own clock"),
    ],
)
def test_hard_problems(seed):
    assert_covered(seed)


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(CASES, 5000, 122))
def test_the_stated_error_covers_the_true_one_of_5000(batch):
    for seed in range(batch, min(batch + 122, 5000)):
        assert_covered(seed)


def test_the_fuzz_reaches_what_it_is_about():
    cases = [degenerate(seed) for seed in range(CASES)]
    assert {case.spectrum for case in cases} == {"repeated", "near", "zeros", "mixed", "isotropic"}
    assert len({case.start for case in cases}) == 9
    assert sum(len(set(case.eigenvalues)) < len(case.eigenvalues) for case in cases) > CASES // 3


def test_the_reference_is_the_closed_form():
    """d = 1: s = s*/(1 + (s*/s_0 − 1) e^{−24λs*t}), to 30 digits."""
    case = degenerate(878)
    assert len(case.eigenvalues) == 1
    with ctx.workdps(DIGITS):
        rate, energy = arb(case.eigenvalues[0]), arb(case.eigenvalues[0]) * arb(case.teacher[0]) ** 2
        begun = rate * arb(case.init[0]) ** 2
        for passed, (high, low, _) in zip(case.times, reference(case)["s"], strict=True):
            exact = energy / (1 + (energy / begun - 1) * (-24 * rate * energy * arb(passed)).exp())
            assert abs(float((exact - high - low).mid())) < 1e-30
