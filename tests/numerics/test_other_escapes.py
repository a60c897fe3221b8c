"""Escapes without a rate: by a force, and as a power of the start's size, against the solver."""

import numpy as np
import pytest
from scipy.optimize import brentq

from numerics import Problem, load_module, solve
from theory.asymptotics import (
    Given,
    PowerLaw,
    escape_speed,
    escape_time_exponent,
    escape_time_prefactor,
)
from theory.asymptotics.numbers.written import written
from theory.symbolic import local_flow, parse_link, single_index
from theory.symbolic.codegen import generate_module

PUSHED_BACK = "z**4 - 127/300*z**6 + 13/420*z**8"
"""A < 0 < B: at s = 1 A = -2.4 u² - 2.4 and B = 220.8 u³ - 2.4 u."""
ODD = "z**3 - 3/10*z**5"
"""Whose pull is negative, so that u < 0 escapes."""


def power_modes(exponent, count=40):
    rates = np.arange(1.0, count + 1) ** -exponent
    return rates / rates.sum(), np.ones(count)


def generated(text):
    return load_module(generate_module(single_index(parse_link(text))))


def drift_at_leading_order(flow, s, u):
    """A = 2 dΦ/ds and B = dΦ/du of the flow's polynomial."""
    p, c = flow.order, [float(written(text)) for text in flow.pulls]
    A = sum(2 * k * x * s ** (k - 1) * u ** (p - 2 * k) for k, x in enumerate(c) if k)
    B = sum((p - 2 * k) * x * s**k * u ** (p - 2 * k - 1) for k, x in enumerate(c) if p > 2 * k)
    return A, B


def ray(flow, rates, target, side=1):
    """The direction that w <- w + h Q(A w + B w*), s = 1 restored, comes to rest at, and its rate."""
    v, step = side * target.copy(), 0.02 / rates.max()
    for _ in range(20000):
        v /= np.sqrt(rates @ v**2)
        A, B = drift_at_leading_order(flow, 1.0, rates @ (v * target))
        push = rates * (A * v + B * target)
        v, last = v + step * push / abs(A + B), v
    return last, float(rates @ (last * push))


@pytest.mark.parametrize("exponent", [1.5, 2.0])
@pytest.mark.parametrize(("text", "side"), [("z**3", 1), ("z**4", 1), (PUSHED_BACK, 1), (ODD, -1)])
def test_time_from_the_ray_is_the_law(text, side, exponent):
    """The prefactor by iteration of the flow's own direction, and the time to |u| = 0.1 from a small eps."""
    rates, teacher = power_modes(exponent)
    target = teacher / np.sqrt(rates @ teacher**2)
    flow = local_flow(parse_link(text))
    direction, theta = ray(flow, rates, target, side)
    law = float(escape_time_prefactor(Given(rates, teacher), flow=flow))
    power = flow.order - 2
    assert law == pytest.approx(1 / (power * theta), rel=1e-9)
    eps = 1e-7 if power == 1 else 1e-4
    end = 1.2 * law * eps**-power
    run = solve(Problem(rates, target, eps * direction), end, generated(text))
    crossing = brentq(lambda t: side * run.at([t]).u[0] - 0.1, 0.5 * end, end, rtol=1e-12)
    assert crossing * eps**power == pytest.approx(law, rel=1e-5)


@pytest.mark.parametrize("text", ["z**3", PUSHED_BACK])
def test_prefactor_of_many_modes_is_that_of_the_listed_ones(text):
    """The same number from a series for the tail and from every mode; and d = inf is the limit."""
    flow, law = local_flow(parse_link(text)), PowerLaw("1.5", 3000, "source:0.2")
    levels = law.levels()
    given = Given([x for x, _, _ in levels], [(mass / x) ** 0.5 for x, mass, _ in levels])
    long, short = (escape_time_prefactor(each, 25, flow) for each in (law, given))
    assert long.rigorous
    assert float(long) == pytest.approx(float(short), rel=1e-13)
    far, end = (float(escape_time_prefactor(PowerLaw(2, d), flow=flow)) for d in (10**9, "inf"))
    assert far == pytest.approx(end, rel=1e-8)


def test_isotropic_ray_is_the_teacher():
    for text in ("z**3", "z**4", PUSHED_BACK):
        flow = local_flow(parse_link(text))
        expected = 5 / ((flow.order - 2) * sum(drift_at_leading_order(flow, 1.0, 1.0)))
        assert float(escape_time_prefactor(PowerLaw(0, 5), flow=flow)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("text", ["z**3 + z", "erf(z)", "z**2 + z/2"])
def test_speed_of_a_ballistic_escape(text):
    """u/t at t -> 0 from w = 0, Richardson extrapolated from two times."""
    rates, teacher = power_modes(1.5)
    target = teacher / np.sqrt(rates @ teacher**2)
    speed = float(escape_speed(Given(rates, teacher), flow=local_flow(parse_link(text))))
    run = solve(Problem(rates, target, np.zeros(40)), 2e-4 / speed, generated(text))
    first, second = (run.at([t]).u[0] / t for t in (1e-4 / speed, 2e-4 / speed))
    assert 2 * first - second == pytest.approx(speed, rel=1e-5)


def test_reasons():
    functions = escape_speed, escape_time_exponent, escape_time_prefactor
    expected = {
        "z**2": ("no force", "is linear", "is linear"),
        "z**3 + z": (None, "ballistic", "ballistic"),
        "z**3": ("no force", None, None),
        "z**3 - 3*z": ("attracts", "attracts", "attracts"),
        "abs(z)": ("kink", "kink", "kink"),
        "z**4 - z**6/3": ("no force", None, "no ray"),
    }
    for text, reasons in expected.items():
        for function, reason in zip(functions, reasons, strict=True):
            constant = function(PowerLaw(2, 9), flow=local_flow(parse_link(text)))
            assert (constant.value is not None) == (reason is None), (text, function)
            assert reason is None or reason in constant.reason, (text, function)
    assert float(escape_time_exponent(PowerLaw(2, 9), flow=local_flow(parse_link("z**5")))) == 3
