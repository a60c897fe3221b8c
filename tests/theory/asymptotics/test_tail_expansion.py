"""The spectral tail at every time: its expansion against plain addition and against each other's terms."""

import math

import pytest
from mpmath import mp, mpc, mpf

from theory.asymptotics import (
    Given,
    PowerLaw,
    plateau_end,
    plateau_end_prefactor,
    tail_curvature,
    tail_fraction,
    tail_learnt,
    tail_prefactor,
    tail_remainder,
    tail_remainder_rate,
    tail_sum,
)
from theory.asymptotics.sums.decaying_sums import decaying_sum, origin_term, saddle_rate

EXPONENTS = ["1.2", "2", "4"]


@pytest.mark.parametrize(
    ("exponent", "dimension", "tau"),
    [
        ("1.2", "inf", "1e5"),
        ("1.5", 10**12, "0.3"),
        ("1.5", 10**12, "1e15"),
        ("2", "inf", "1e-6"),
        ("2", 10**12, "1e5"),
        ("3", 7, "0.3"),
        ("4", "inf", "1e17"),
        ("4", 10**12, "0.3"),
    ],
)
def test_expansion_and_exponential_series_agree(exponent, dimension, tau):
    """Abel and Plana's formula and :func:`tail_sum` share nothing but the definition."""
    found = tail_learnt(exponent, dimension, tau, 25)
    with mp.workdps(60):
        plain = tail_sum(exponent, dimension, tau, 40)
        assert abs(found.value - plain) <= found.radius + abs(plain) * mpf(10) ** -38
        assert found.radius <= abs(plain) * mpf(10) ** -25


@pytest.mark.parametrize(
    ("a", "c", "scale"), [("0.5", "0", "30"), ("1", "1", "500"), ("2", "-0.4", "1e6"), ("3", "0.8", "1e12")]
)
def test_formula_is_plain_addition(a, c, scale):
    """At 1500 modes the formula is used, as the digits asked for are few; addition needs no formula."""
    a, c, scale = mpf(a), mpf(c), mpf(scale)
    with mp.workdps(30):
        found = decaying_sum(a, c, scale, 1500, 20)
        plain = mp.fsum(mp.power(i, -c) * mp.exp(-scale * mp.power(i, -a)) for i in range(1, 1501))
        assert 40 * mp.dps < 1501
        assert abs(found.value - plain) <= found.error + plain * mpf(10) ** -27
        assert found.error <= plain * mpf(10) ** -20


@pytest.mark.parametrize("tau", ["1e4", "1e8", "1e10", "1e13"])
def test_fraction_keeps_its_relative_accuracy(tau):
    """From the crossover to the last mode, where S_d underflows any float."""
    found = tail_fraction(2, 3000, tau, 20)
    with mp.workdps(50):
        scale = 16 * mpf(tau) / PowerLaw(2, 3000).trace_sum()
        plain = mp.fsum(mp.exp(-scale / i**2) for i in range(1, 3001)) / 3000
        assert abs(found.value - plain) <= found.radius <= plain * mpf(10) ** -20


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_window_is_expanded_by_the_hurwitz_zeta_function(exponent):
    """d (1 − S_d) = Γ(1 − 1/a) X^{1/a} + ζ(0) + Σ_m (−X)^m/m! ζ(ma, d + 1) + E."""
    dimension, tau = 10**4, 40
    law = PowerLaw(exponent, dimension)
    with mp.workdps(60):
        a = mpf(exponent)
        scale = 16 * tau / law.trace_sum()
        small = origin_term(a, mpf(0), scale, 40).value
        series = mp.fsum(
            (-scale) ** m / mp.factorial(m) * mp.zeta(m * a, dimension + 1) for m in range(1, 40)
        )
        expansion = mp.gamma(1 - 1 / a) * scale ** (1 / a) + mp.zeta(0) - small + series
        assert abs(tail_sum(exponent, dimension, tau, 40) / expansion - 1) < mpf(10) ** -38


@pytest.mark.parametrize("exponent", ["0.5", "1", "2"])
def test_crossover_function_and_its_corrections(exponent):
    """S_d − F_a(z) − e^{−z}/2d − az e^{−z}/12d² falls as d^{−4}: the next derivative is the third."""
    a, z = mpf(exponent), mpf("0.7")
    with mp.workdps(40):
        limit = mp.expint(1 + 1 / a, z) / a
        assert mp.almosteq(limit, mp.exp(-z) - z ** (1 / a) * mp.gammainc(1 - 1 / a, z), mpf(10) ** -35)
        left = []
        for d in (40000, 80000):
            fraction = decaying_sum(a, mpf(0), z * mpf(d) ** a, d, 35).value / d
            left.append(fraction - limit - mp.exp(-z) / (2 * d) - a * z * mp.exp(-z) / (12 * d**2))
        assert abs(mp.log(left[0] / left[1], 2) - 4) < 0.01


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_remainder_is_exponentially_small(exponent):
    """Against the sum at high precision, and against its saddle point: amplitude, rate and phase."""
    a, tau = mpf(exponent), 3000
    law = PowerLaw(exponent, "inf")
    found = tail_remainder(exponent, tau, 20)
    with mp.workdps(15):
        digits = 20 + int(-mp.log10(abs(found.value)))
    with mp.workdps(digits + 20):
        scale = 16 * tau / law.trace_sum()
        rest = tail_sum(exponent, "inf", tau, digits) + mpf(1) / 2
        rest -= tail_prefactor(law, digits).value * mpf(tau) ** (1 / mpf(exponent))
    with mp.workdps(30):
        assert abs(found.value - rest) <= found.radius + abs(rest) * mpf(10) ** -18
        a = mpf(exponent)
        saddle = (a * scale / (2 * mp.pi)) ** (1 / (a + 1)) * mp.expj(mp.pi / (2 * (a + 1)))
        exponent_there = 2j * mp.pi * saddle * (1 + 1 / a)
        wave = -2 * mp.exp(exponent_there) * mp.sqrt(mpc(0, 1) * saddle / (a + 1))
        rate = tail_remainder_rate(law, 30).value
        assert mp.almosteq(-exponent_there.real, rate * mpf(tau) ** (1 / (a + 1)), mpf(10) ** -25)
        assert abs(found.value - wave.real) < abs(wave) / abs(saddle)


def test_saddle_of_a_bessel_function():
    """At a = 1 the ray's first harmonic is a Bessel function: 2√(iX/2π) K_1(…), of rate √(4π)."""
    with mp.workdps(30):
        assert mp.almosteq(saddle_rate(mpf(1)), mp.sqrt(4 * mp.pi), mpf(10) ** -28)
        scale = mpf(2000)
        argument = 2 * mp.sqrt(-2j * mp.pi * scale)
        harmonic = 2 * mp.sqrt(scale / (-2j * mp.pi)) * mp.besselk(1, argument)
        assert abs(origin_term(mpf(1), mpf(0), scale, 20).value / (2 * harmonic.real) - 1) < 1e-20


@pytest.mark.parametrize(
    ("exponent", "dimension"), [(0, 10), ("0.5", 3000), (6, 1), (6, 2), (2, 5), (4, 10**12)]
)
def test_half_of_the_modes_weight_is_left_at_the_plateaus_end(exponent, dimension):
    law = PowerLaw(exponent, dimension)
    single, double = plateau_end(law, 15), plateau_end(law, 30)
    with mp.workdps(50):
        assert abs(single.value - double.value) <= single.radius + double.radius
        assert (
            abs(tail_sum(exponent, dimension, mp.nstr(double.value, 45), 35) / dimension - 0.5)
            < mpf(10) ** -28
        )
        limit = plateau_end_prefactor(law, 20).value * mpf(dimension) ** mpf(exponent)
    if dimension > 10:
        assert abs(double.value / limit - 1) < 10 / mpf(dimension)


def test_early_and_late_laws():
    with mp.workdps(50):
        for law in (PowerLaw("0.5", 300), PowerLaw(2, "inf"), PowerLaw(0, 7)):
            h = mpf(10) ** -12
            exponent = str(law.exponent.numerator / mpf(law.exponent.denominator))
            quotient = (16 - tail_sum(exponent, str(law.dimension), str(h), 40) / h) / h
            assert abs(quotient / tail_curvature(law, 30).value - 1) < 1e-9
        dimension, exponent, scale = 10**6, 2, mpf(10) ** 17
        last = mp.exp(-scale / dimension**exponent)
        ratio = mp.exp(-exponent * scale / mpf(dimension) ** (exponent + 1))
        left = decaying_sum(mpf(exponent), mpf(0), scale, dimension, 20).value
        assert abs(left / last * (1 - ratio) - 1) < 1e-3


def test_doubled_precision_stays_within_the_radius():
    for call in (
        lambda digits: tail_fraction("0.7", 10**9, 10**4, digits),
        lambda digits: tail_learnt(3, "inf", 7, digits),
        lambda digits: tail_remainder("1.2", 50, digits),
    ):
        single, double = call(18), call(36)
        with mp.workdps(80):
            assert abs(single.value - double.value) <= single.radius + double.radius
            assert single.radius < abs(double.value) * mpf(10) ** -18


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="dimension is inf"):
        tail_fraction(2, "inf", 1)
    with pytest.raises(ValueError, match="tau is -1"):
        tail_learnt(2, 10, -1)
    with pytest.raises(ValueError, match="exponent is 1"):
        tail_remainder(1, 1)
    assert "never ends" in plateau_end(PowerLaw(2, math.inf)).reason
    assert plateau_end(Given([1], [1])).reason


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_at_time_zero_nothing_is_learnt(exponent):
    """Learnt is Γ(1 − 1/a) (16 τ/…)^{1/a} − 1/2 + E, so that E starts at 1/2, and continuously."""
    assert tail_learnt(exponent, "inf", 0).value == tail_learnt(exponent, 100, 0).value == 0
    assert tail_remainder(exponent, 0).value == mpf(1) / 2
    assert abs(tail_remainder(exponent, "1e-60").value - mpf(1) / 2) < 1e-10
