"""The two engines against each other, against closed forms, and against the properties of a gradient flow."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from mpmath import mp, mpf

from oracles.cases import CASES, Case, isotropic_exact, lone_mode_exact
from oracles.scipy_flow import scipy_flow
from oracles.taylor import taylor_flow

by_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
BY_NAME = {case.name: case for case in CASES}


@cache
def taylor(case: Case) -> dict[str, list[mpf]]:
    return taylor_flow(case.eigenvalues, case.teacher, case.init, case.times, case.digits)


@pytest.fixture(autouse=True)
def precision():
    with mp.workdps(130):
        yield


def energy(case: Case) -> mpf:
    return sum(mpf(rate) * mpf(x) ** 2 for rate, x in zip(case.eigenvalues, case.teacher, strict=True))


def worst(values, reference) -> float:
    """The largest relative error; an exact zero must be met exactly."""
    return max(
        float(abs(mpf(x) - y) / abs(y)) if y else float(x != 0)
        for x, y in zip(values, reference, strict=True)
    )


@by_case
def test_engines_agree(case):
    reference = taylor(case)
    found = scipy_flow(case.eigenvalues, case.teacher, case.init, case.times, case.sign)
    assert found.keys() == reference.keys()
    for key, values in found.items():
        assert worst(values, reference[key]) < 1e-9, key


@by_case
def test_case_has_the_digits_it_asks_for(case):
    smallest = min(
        abs(x) for key in ("one_minus_u", "one_minus_s", "loss", "mse") for x in taylor(case)[key] if x
    )
    assert smallest > mpf(10) ** (20 - case.digits) * max(1, energy(case) ** 2)


@by_case
def test_limit(case):
    """By the horizon the run is close to the limit that the case names; every saddle has the loss
    ``8s*²/3``.
    """
    u, s, loss = (taylor(case)[key][-1] for key in ("u", "s", "loss"))
    top = energy(case)
    if case.limit in ("+teacher", "-teacher"):
        assert case.sign * u > 0.99 * top
        assert loss < top**2 / 100
    else:
        level = top / 3 if case.limit == "saddle" else 0
        assert u == 0
        assert abs(s - level) < 1e-4 * top


def test_cases_cover_every_end_and_every_regime():
    assert {case.limit for case in CASES} == {"+teacher", "-teacher", "saddle", "0"}
    assert min(taylor(BY_NAME["late convergence"])["one_minus_u"]) < 1e-30
    assert taylor(BY_NAME["long start"])["s"][0] > 100
    assert taylor(BY_NAME["change of sign"])["u"][0] > 0


@by_case
def test_loss_never_rises(case):
    loss = taylor(case)["loss"]
    still = case.limit == "0"
    assert all(later == earlier if still else later < earlier for earlier, later in pairwise(loss))


@by_case
def test_overlap_within_energies(case):
    reference, top = taylor(case), energy(case)
    slack = mpf(10) ** -case.digits * max(1, top**2)
    for u, s, loss in zip(reference["u"], reference["s"], reference["loss"], strict=True):
        assert u**2 <= s * top + slack
        assert loss >= 3 * (s - top) ** 2 - slack


@pytest.mark.parametrize(
    "name", ["change of sign", "energetic teacher", "short start", "long start", "passing a saddle"]
)
def test_taylor_keeps_its_digits(name):
    """Twice the digits mean other steps and another order; the change stays below the digits claimed."""
    case = BY_NAME[name]
    digits = 50
    coarse, fine = (
        taylor_flow(case.eigenvalues, case.teacher, case.init, case.times[::4], n)
        for n in (digits, 2 * digits)
    )
    top = energy(case)
    units = {"u": top, "s": top, "loss": top**2}
    unstable = mpf(10) ** (10 if name == "passing a saddle" else 0)
    for key, values in coarse.items():
        error = max(abs(x - y) for x, y in zip(values, fine[key], strict=True))
        assert error < units.get(key, 1) * unstable * mpf(10) ** -digits, key


@pytest.mark.parametrize("name", ["one mode", "isotropic"])
def test_isotropic_closed_form(name):
    case = BY_NAME[name]
    found, top, rate = taylor(case), energy(case), mpf(case.eigenvalues[0])
    for k, t in enumerate(case.times):
        u, s = isotropic_exact(case.eigenvalues[0], case.teacher, case.init, mpf(t))
        exact = {
            "u": u,
            "s": s,
            "one_minus_u": 1 - abs(u) / top,
            "one_minus_s": 1 - s / top,
            "loss": 3 * s**2 + 3 * top**2 - 4 * u**2 - 2 * s * top,
            "mse": (s + top - 2 * abs(u)) / (rate * len(case.init)),
        }
        for key, value in exact.items():
            assert abs(found[key][k] - value) < mpf(10) ** -case.digits, (key, t)


def test_lone_mode_closed_form():
    case = BY_NAME["saddle"]
    found = taylor(case)
    assert not any(found["u"])
    for t, s in zip(case.times, found["s"], strict=True):
        assert abs(s - lone_mode_exact(0.5, 1, 0.25, mpf(t))) < mpf(10) ** -case.digits


def test_radau_agrees_too(monkeypatch):
    """The implicit method, kept for long horizons, forced on a short one."""
    monkeypatch.setattr("oracles.scipy_flow.STIFF", 0.0)
    case = BY_NAME["spread spectrum"]
    found = scipy_flow(case.eigenvalues, case.teacher, case.init, case.times)
    for key, values in found.items():
        assert worst(values, taylor(case)[key]) < 1e-9, key


def test_numbers_are_taken_exactly():
    """A float is the binary fraction that it is, a string the decimal that it says."""
    as_float, as_text = (taylor_flow([1], [1], [start], [0], 40)["u"][0] for start in (0.1, "0.1"))
    assert as_float == mpf(0.1)
    assert abs(as_text - mpf("0.1")) < mpf(10) ** -40


def test_times_must_increase():
    with pytest.raises(ValueError, match="increasing"):
        taylor_flow([1], [1], [0.5], [1, 1])
