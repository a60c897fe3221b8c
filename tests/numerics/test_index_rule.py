"""The rule for sums over all indices, against the sums themselves and against zeta functions."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf, zeta

from numerics.quadrature.index_rule import index_rule

EXPONENTS = [1.05, 1.5, 2.0, 3.0, 5.0, 8.0]


def rule_sum(rule, function):
    return math.fsum(rule.weights * function(rule.indices))


@pytest.mark.parametrize("exponent", [0.0, 0.5, *EXPONENTS])
@pytest.mark.parametrize("dimension", [1, 2, 11, 12, 13, 1000, 54321])
def test_against_explicit_sums(exponent, dimension):
    rule = index_rule(exponent, 0.0, dimension, 1e30)
    index = np.arange(1.0, dimension + 1)
    assert rule.normaliser == pytest.approx(math.fsum(index**-exponent), rel=1e-14)
    for power in (-1.0, 0.0, exponent, 2 * exponent, exponent + 1):
        exact = math.fsum(index**-power)
        assert rule_sum(rule, lambda i, power=power: i**-power) == pytest.approx(exact, rel=2e-14)


@pytest.mark.parametrize("exponent", [0.5, *EXPONENTS])
def test_decaying_exponentials(exponent):
    """Σ λ e^{−16 λ t}, as a solve needs it, at every time; d = 3e4."""
    dimension = 3 * 10**4
    rule, index = index_rule(exponent, 0.0, dimension, 1e30), np.arange(1.0, dimension + 1)
    assert len(rule.indices) < 1000
    for time in np.geomspace(1e-3, 10 * float(dimension) ** exponent, 16):

        def term(i, time=time):
            rate = 16 * i**-exponent
            return rate * np.exp(-rate * time)

        exact = math.fsum(term(index))
        if exact > 1e-280:
            assert rule_sum(rule, term) == pytest.approx(exact, rel=1e-12), time


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_huge_finite_dimension(exponent):
    """H_{d,a} at d = 1e12, by Hurwitz zeta functions."""
    rule = index_rule(exponent, 0.0, 1e12, 1e30)
    with mp.workdps(40):
        exact = zeta(mpf(exponent)) - zeta(mpf(exponent), mpf(10) ** 12 + 1)
    assert rule.normaliser == pytest.approx(float(exact), rel=1e-14)
    assert math.fsum(rule.weights) == pytest.approx(1e12, rel=1e-13)
    assert rule_sum(rule, lambda i: i) == pytest.approx(0.5e12 * (1e12 + 1), rel=1e-13)
    assert rule.indices.min() == 1
    assert rule.indices.max() <= 1e12


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("source", [0.0, 0.4, -0.02, 3.0])
@pytest.mark.parametrize("horizon", [1.0, 1e30])
def test_infinite_dimension(exponent, source, horizon):
    """Σ λ and the energy Σ λ (w*)², Σ λ² (w*)², whose tails are one node."""
    rule = index_rule(exponent, source, math.inf, horizon)
    power = exponent + 2 * source
    with mp.workdps(30):
        normaliser, energy, second = (float(zeta(mpf(x))) for x in (exponent, power, power + exponent))
    assert rule.normaliser == pytest.approx(normaliser, rel=1e-13)
    assert rule_sum(rule, lambda i: i**-power) == pytest.approx(energy, rel=1e-13)
    assert rule_sum(rule, lambda i: i ** -(power + exponent)) == pytest.approx(second, rel=1e-13)


@pytest.mark.parametrize("exponent", [1.2, 2.0, 6.0])
def test_frozen_tail(exponent):
    """Its one node decays as the tail does, to first order in λ t, until the horizon."""
    horizon = 1e8
    short, long = (index_rule(exponent, 0.0, math.inf, h) for h in (horizon, 1e6 * horizon))
    assert len(short.indices) < len(long.indices)

    def term(i):
        return i**-exponent * -np.expm1(-16 * i**-exponent * horizon)

    assert rule_sum(short, term) == pytest.approx(rule_sum(long, term), rel=1e-12)


@pytest.mark.parametrize(("exponent", "source"), [(110.0, 0.0), (60.0, 40.0), (400.0, 0.0), (2.0, 500.0)])
def test_tails_that_underflow(exponent, source):
    rule = index_rule(exponent, source, math.inf, 1e30)
    assert np.isfinite(rule.indices).all()
    assert np.isfinite(rule.weights).all()
    assert rule_sum(rule, lambda i: i ** -(exponent + 2 * source)) == pytest.approx(1, rel=1e-14)


def test_more_nodes_change_nothing():
    twelve, twenty = (index_rule(2.0, 0.0, 1e9, 1e30, nodes) for nodes in (12, 20))

    def term(i):
        return np.exp(-1e6 * i**-2.0) / i

    assert len(twelve.indices) < len(twenty.indices)
    assert rule_sum(twelve, term) == pytest.approx(rule_sum(twenty, term), rel=1e-13)


@pytest.mark.parametrize("exponent", [0.5, 1.2, 2.0, 4.0])
@pytest.mark.parametrize("dimension", [50, 3000])
def test_the_slowest_modes(exponent, dimension):
    """Σ λ e^{−16λt} relative to itself while it falls by 250 orders of magnitude."""
    rule, index = index_rule(exponent, 0.0, dimension, 1e30), np.arange(1.0, dimension + 1)
    for moved in (0.1, 1.0, 10.0, 36.0):
        time = moved * float(dimension) ** exponent

        def decayed(i, time=time):
            return i**-exponent * np.exp(-16 * time * (i**-exponent - float(dimension) ** -exponent))

        exact = math.fsum(decayed(index))
        assert rule.weights @ decayed(rule.indices) == pytest.approx(exact, rel=1e-12)
