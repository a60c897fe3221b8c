"""The solver against a 40-digit Taylor series, against SciPy, and against the flows known in closed form."""

from functools import cache

import numpy as np
import pytest
from mpmath import mp, mpf
from oracles.cases import CASES, isotropic_exact, lone_mode_exact
from oracles.scipy_flow import scipy_flow
from oracles.taylor import taylor_flow

from numerics import Problem, solve

KEYS = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse")
by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture(autouse=True)
def precision():
    with mp.workdps(130):
        yield


@cache
def solved(case):
    return solve(Problem(case.eigenvalues, case.teacher, case.init), case.horizon)


@cache
def taylor(case):
    return taylor_flow(case.eigenvalues, case.teacher, case.init, case.times, case.digits)


def worst(values, reference):
    """The largest relative error; an exact zero must be met exactly."""
    pairs = zip(values, reference, strict=True)
    return max(float(abs(mpf(float(x)) - y) / abs(y)) if y else float(x != 0) for x, y in pairs)


@by_case
@pytest.mark.parametrize("key", KEYS)
def test_taylor(case, key):
    """Over the whole trajectory, the start included: relative to the value itself, however small it is."""
    assert worst(getattr(solved(case).at(case.times), key), taylor(case)[key]) < 3e-12


@by_case
def test_scipy(case):
    found = solved(case).at(case.times)
    reference = scipy_flow(case.eigenvalues, case.teacher, case.init, case.times, case.sign)
    for key in KEYS:
        assert worst(getattr(found, key), [mpf(x) for x in reference[key]]) < 1e-9, key


def test_taylor_reaches_tiny_deficits_and_both_signs_of_them():
    """What the comparison above must not be passed without."""
    deficits = [x for case in CASES for x in taylor(case)["one_minus_u"]]
    assert sum(abs(x) < 1e-10 for x in deficits) > 20
    assert min(abs(x) for x in deficits if x) < 1e-30
    assert min(taylor(CASES[0])["u"]) > 0
    signs = {(x > 0, y > 0) for case in CASES for x in taylor(case)["u"][:1] for y in taylor(case)["u"][-1:]}
    assert {(True, True), (False, False), (True, False)} <= signs


@by_case
def test_limit(case):
    assert solved(case).limit.name == case.limit
    assert solved(case).limit.sign == case.sign


@by_case
def test_limit_does_not_depend_on_the_horizon(case):
    short = solve(Problem(case.eigenvalues, case.teacher, case.init), 1e-6 * case.horizon)
    assert short.limit.name == case.limit


@by_case
def test_stated_error(case):
    """``error`` estimates the error of the statistics: not below what the oracle finds, and small."""
    found = solved(case).at(case.times)
    true = max(worst(getattr(found, key), taylor(case)[key]) for key in ("u", "s", "one_minus_u"))
    assert solved(case).error < 3e-11
    assert true < solved(case).error


@by_case
def test_recovered(case):
    """‖w*‖² − d·mse, from the oracle's mse."""
    square = sum(mpf(x) ** 2 for x in case.teacher)
    exact = [square - len(case.teacher) * mse for mse in taylor(case)["mse"]]
    found = solved(case).at(case.times).recovered
    scale = max(abs(x) for x in exact)
    assert max(abs(mpf(float(x)) - y) for x, y in zip(found, exact, strict=True)) < 1e-12 * max(scale, square)


@pytest.mark.parametrize("sign", [1, -1])
def test_isotropic_closed_form(sign):
    teacher, init, rate = (1.0, 0.5, -0.5), (sign * 1e-3, -0.2, 0.001), 0.25
    times = np.geomspace(1e-3, 100, 40)
    run = solve(Problem([rate] * 3, teacher, init), 100)
    found = run.at(times)
    energy = mpf(rate) * sum(mpf(x) ** 2 for x in teacher)
    exact = [isotropic_exact(rate, teacher, init, mpf(float(t))) for t in times]
    assert worst(found.u, [u for u, _ in exact]) < 3e-12
    assert worst(found.s, [s for _, s in exact]) < 3e-12
    assert worst(found.one_minus_u, [1 - abs(u) / energy for u, _ in exact]) < 3e-12
    assert worst(found.one_minus_s, [1 - s / energy for _, s in exact]) < 3e-12
    assert found.one_minus_u[-1] < 1e-60


def test_lone_mode_closed_form():
    times = np.geomspace(1e-2, 1e3, 30)
    found = solve(Problem([1.0, 0.5], [0.0, 1.0], [1e-8, 0.0]), 1e3).at(times)
    assert worst(found.s, [lone_mode_exact(1.0, 0.5, 1e-8, mpf(float(t))) for t in times]) < 3e-12
    assert not found.u.any()
