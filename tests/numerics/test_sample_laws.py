"""The laws of the flow on samples against its deterministic equivalent at d = inf."""

import math
from functools import cache

import numpy as np
import pytest
import sympy
from scipy.optimize import minimize_scalar

from numerics import power_law, solve
from numerics.samples.linear_flow import gathered, kept
from numerics.samples.predicted import _directions
from theory.laws import B, a, laws, n, sigma2, t

UNTIL = 1e30
LAWS = laws(algorithm="samples")


@cache
def line(exponent, source):
    """All directions and the deviation −w* of a power law in infinite dimension."""
    teacher = f"source:{source}" if source else "flat"
    problem = power_law(float(exponent), math.inf, teacher, "escape:1e-8", horizon=UNTIL)
    directions = _directions(solve(problem, UNTIL), UNTIL)
    return directions._replace(deviation=-directions.teacher)


def law(name, exponent, source, **numbers):
    values = {a: sympy.Rational(exponent), B: sympy.Rational(source)}
    names = {"n": n, "sigma2": sigma2, "t": t}
    return float(LAWS[name].at(values | {names[key]: value for key, value in numbers.items()}))


CASES = [("3/2", 0), ("2", 0), ("3", 0), ("2", "1/4")]


@pytest.mark.parametrize(("exponent", "source"), CASES)
def test_bias_and_variance_of_many_samples(exponent, source):
    directions = line(sympy.Rational(exponent), sympy.Rational(source))
    samples, time = 1e14, 1e7
    at = np.array([time])
    bias, noise = kept(directions, samples, at).loss, gathered(directions, samples, at).loss
    assert bias[0] == pytest.approx(law("bias", exponent, source, t=time), rel=2e-3)
    assert noise[0] == pytest.approx(law("variance", exponent, source, t=time, n=samples, sigma2=1), rel=2e-3)


@pytest.mark.parametrize(("exponent", "source"), CASES)
def test_early_stopping(exponent, source):
    directions, samples, variance = line(sympy.Rational(exponent), sympy.Rational(source)), 1e9, 0.5
    time = law("stopping_time", exponent, source, n=samples, sigma2=variance)

    def loss(logarithm):
        times = np.array([time * np.exp(logarithm)])
        return (kept(directions, samples, times).loss + variance * gathered(directions, samples, times).loss)[
            0
        ]

    best = minimize_scalar(loss, bounds=(-2, 2), method="bounded", options={"xatol": 1e-6})
    assert best.x == pytest.approx(0, abs=5e-3)
    assert best.fun == pytest.approx(
        law("stopped_loss", exponent, source, n=samples, sigma2=variance), rel=1e-2
    )


@pytest.mark.parametrize(("exponent", "source"), CASES)
def test_the_loss_that_samples_leave(exponent, source):
    """Without noise, late: with a correction that falls as samples grow."""
    directions = line(sympy.Rational(exponent), sympy.Rational(source))
    gaps = [
        kept(directions, samples, np.array([1e29])).loss[0]
        / law("interpolation", exponent, source, n=samples)
        - 1
        for samples in (1000, 10_000)
    ]
    assert 0 < gaps[1] < gaps[0] / 3
    assert gaps[1] < 0.03
