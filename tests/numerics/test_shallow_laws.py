"""Exponents a < 1 at finite d: the escape, and the growth of u along the saddle s = 1/3."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics import power_law, solve
from theory.asymptotics import (
    PowerLaw,
    escape_amplitude,
    escape_rate,
    half_growth,
    saddle_growth,
    saddle_growth_exponent,
    saddle_growth_prefactor,
    shallow_escape_rate,
)
from theory.asymptotics.convergence.shallow import _half_integrals, _linear, _quadratic


@pytest.mark.parametrize(("exponent", "order"), [("0.3", 1.86), ("0.5", 2.8), ("0.75", 3), ("0.9", 3)])
def test_rate_as_the_first_eigenvalue_vanishes(exponent, order):
    """What the formula leaves, relative to the rate, falls like (sigma/H)^2/H or faster."""
    left = []
    with mp.workdps(60):
        for dimension in (10**12, 10**15):
            law = PowerLaw(exponent, dimension)
            rho, first = escape_rate(law, 50).value, 1 / law.trace_sum()
            left.append((abs(rho / shallow_escape_rate(law, 50).value - 1), first))
    (one, first), (two, second) = left
    assert abs(math.log(one / two) / math.log(first / second) - order) < 0.1
    assert escape_amplitude(law).value == pytest.approx(1 / law.trace_sum(), rel=1e-2)


def test_first_mode_reaches_half_of_the_saddle():
    """From the sphere's size on the first mode alone: s/(1 - 3s) grows like exp(8 lambda_1 t)."""
    law, size = PowerLaw("0.75", 10**12), 1e-6
    run = solve(power_law(0.75, 1e12, init=f"escape:{size:g}"), until=1e6)
    time = float(mp.log(1 / (3 * mpf(size) ** 2)) / 8 * law.trace_sum())
    assert run.at([time]).s[0] == pytest.approx(1 / 6, rel=0.02)


def test_integrals_of_the_self_similar_law():
    with mp.workdps(15):
        a = mpf("0.7")
        g = (1 - a) / a

        def memory(y, beta):
            return y / (1 - beta) * mp.hyp1f1(1, 2 - beta, -y)

        def integral(function):
            return mp.quad(lambda x: mp.exp(-g * x) * function(mp.exp(x)), [-150, -20, 0, 20, 450])

        assert abs(integral(lambda y: memory(y, g / 2)) / _linear(g, g / 2) - 1) < 1e-9
        product = integral(lambda y: memory(y, g / 2) * memory(y, -g / 2))
        assert abs(product / _quadratic(g, g / 2, -g / 2) - 1) < 1e-9


@pytest.mark.parametrize(("time", "tolerance"), [(1e-5, 3e-4), (1e-4, 6e-4), (1e-3, 4e-3)])
def test_growth_along_the_saddle(time, tolerance):
    """a = 3/4: what the three terms leave is of the order of the square of the late one."""
    dimension = 10**18
    law = saddle_growth(PowerLaw("0.75", dimension), time * dimension)
    run = solve(power_law(0.75, float(dimension), init="escape:1e-2"), until=time * dimension)
    assert run.at([time * dimension]).u[0] == pytest.approx(float(law.overlap), rel=tolerance)
    assert abs(law.late) ** 2 < 5 * tolerance


def test_growth_with_a_power_of_the_dimension_left_out():
    """The law in t/d is the limit of the one with H_d."""
    a, time = "0.75", mpf("1e-8")
    limit = saddle_growth_prefactor(a).value * time ** saddle_growth_exponent(a).value
    found = [saddle_growth(PowerLaw(a, d), time * d).leading / limit - 1 for d in (10**16, 10**24)]
    assert abs(found[1]) < abs(found[0]) / 50 < 1e-3


def test_growth_at_one_half():
    """The error in log u falls with log d, and u(0+) is that of the saddle."""
    ratios = []
    for dimension in (10**4, 10**7, 10**10):
        run = solve(power_law(0.5, float(dimension), init="escape:1e-2"), until=0.15 * dimension)
        times = np.array([0.05, 0.1, 0.15]) * dimension
        predicted = [float(mp.log(half_growth(dimension, time))) for time in times]
        ratios.append(np.array(predicted) / np.log(run.at(times).u))
        start = half_growth(dimension, 0)
        assert start == pytest.approx(1 / mp.sqrt(3 * PowerLaw("0.5", dimension).trace_sum()), rel=1e-9)
    assert np.all(np.diff(ratios, axis=0) > 0.005)
    assert np.all(ratios[-1] > 0.8)
    assert np.all(ratios[-1] < 1)


def test_integrals_at_one_half():
    """The second is the memory's closed form at gamma = -1, in the limit."""
    _, energy = _half_integrals(53)
    near = mpf("1e-7")
    g = 1 - near
    assert _quadratic(g, mpf(1) / 2, mpf(1) / 2) == pytest.approx(energy, rel=1e-5)


def test_bad_input():
    with pytest.raises(ValueError, match="1/2 < a < 1"):
        saddle_growth_prefactor("0.5")
    with pytest.raises(ValueError, match="0 < a < 1"):
        shallow_escape_rate(PowerLaw("0.5", 100, "source:1"))
    with pytest.raises(ValueError, match="positive"):
        saddle_growth(PowerLaw("0.75", 1000), 0)
    with pytest.raises(ValueError, match="at least 2 and 0"):
        half_growth(1, 1.0)
