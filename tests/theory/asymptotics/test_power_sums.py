"""Power sums against mpmath's zeta, plain addition and Arb."""

import math
from fractions import Fraction

import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from theory.asymptotics import PowerLaw, onset_delay
from theory.asymptotics.numbers.balls import Balls
from theory.asymptotics.sums.beta_integral import beta_integral
from theory.asymptotics.sums.edge_sums import edge_sum
from theory.asymptotics.sums.power_sums import (
    enclosed_power_sum,
    euler_maclaurin_sum,
    inverse_powers,
    power_integral,
    power_sum,
)


def centre(s, first, last):
    """Of the ball around the sum, at the working precision of mpmath."""
    with Balls().workprec(mp.prec + 20):
        return Balls().to_mpf(enclosed_power_sum(s, first, last, Balls()))[0]


exponents = st.fractions(min_value=-3, max_value=40, max_denominator=20)


@settings(deadline=None, max_examples=40)
@given(exponents, st.integers(1, 200), st.integers(0, 900))
def test_finite_sum_is_plain_addition(s, first, length):
    with mp.workdps(40):
        plain = mp.fsum(
            mp.power(i, -mpf(s.numerator) / s.denominator) for i in range(first, first + length + 1)
        )
        assert abs(power_sum(s, first, first + length) / plain - 1) < mpf(10) ** -36


@pytest.mark.parametrize("s", [Fraction(101, 100), Fraction(6, 5), Fraction(2), Fraction(35)])
@pytest.mark.parametrize("first", [1, 7, 1000, 10**9])
def test_infinite_sum_is_a_hurwitz_zeta_value(s, first):
    ctx.dps = 70
    exact = (arb(s.numerator) / s.denominator).zeta(first)
    with mp.workdps(50):
        value = power_sum(s, first, math.inf)
    assert abs(arb(mp.nstr(value, 60)) / exact - 1) < arb(10) ** -47


@settings(deadline=None, max_examples=40)
@given(
    exponents,
    st.integers(1, 3000),
    st.sampled_from([0, 7, 10**6, 10**30, math.inf]),
    st.sampled_from([15, 60]),
)
def test_two_routes_agree(s, first, length, digits):
    """The ball of Arb and the formula of Euler and Maclaurin."""
    last = first + length
    if last == math.inf and s <= 1:
        s += 5
    with mp.workdps(digits):
        ratio = centre(s, first, last) / euler_maclaurin_sum(s, first, last)
        assert abs(ratio - 1) < mpf(10) ** (3 - digits)


def test_two_routes_agree_near_the_pole():
    with mp.workdps(40):
        s = 1 + Fraction(1, 10**30)
        formula, ball = euler_maclaurin_sum(s, 1, math.inf), centre(s, 1, math.inf)
        assert abs(formula / ball - 1) < mpf(10) ** -38
        assert abs(ball - mpf(10) ** 30 - mp.euler) < mpf(10) ** -8


def test_constants_do_not_need_arb(monkeypatch):
    """The same digits where python-flint is not installed."""
    spectrum = PowerLaw("1.4", 10**5, "source:0.2")
    with_arb = onset_delay(spectrum, 22)
    monkeypatch.setattr("theory.asymptotics.sums.power_sums.balls", lambda: None)
    monkeypatch.setattr("theory.asymptotics.numbers.constant.balls", lambda: None)
    without = onset_delay(spectrum, 23)
    assert abs(with_arb.value - without.value) <= with_arb.radius + without.radius


@pytest.mark.parametrize("s", [Fraction(-1, 2), Fraction(1, 2), Fraction(1), Fraction(9, 5)])
def test_huge_sum_is_a_difference_of_zeta_values(s):
    d = 10**12
    ctx.dps = 120
    if s == 1:
        exact = arb(d + 1).digamma() - arb(5).digamma()
    else:
        exact = (arb(s.numerator) / s.denominator).zeta(5)
        exact -= (arb(s.numerator) / s.denominator).zeta(d + 1)
    with mp.workdps(40):
        value = power_sum(s, 5, d)
    assert abs(arb(mp.nstr(value, 60)) / exact - 1) < arb(10) ** -37


def test_harmonic_number_is_the_limit_of_exponents_near_one():
    with mp.workdps(30):
        near = power_sum(1 + Fraction(1, 10**25), 1, 10**12)
        assert 0 < 1 - near / power_sum(Fraction(1), 1, 10**12) < mpf(10) ** -23


def test_powers_by_primes():
    with mp.workdps(30):
        for i, power in enumerate(inverse_powers(Fraction(6, 5), 500), start=1):
            assert abs(power * mp.power(i, mpf(6) / 5) - 1) < mpf(10) ** -27


def test_power_integral_is_continuous_at_exponent_zero():
    with mp.workdps(30):
        assert abs(power_integral(mpf(10) ** -28, mpf(2), mpf(6)) - mp.log(3)) < mpf(10) ** -26


@pytest.mark.parametrize(
    "order",
    [pytest.param("-70.5", marks=pytest.mark.slow), "-20.5", "-1.7", "-1", "-0.5", "0", "0.3", "1", "2.25"],
)
@pytest.mark.parametrize("ends", [("0.01", "0.2"), ("0.01", "0.999"), ("0.7", "0.99"), ("0.3", "0.31")])
def test_beta_integral_against_quadrature(order, ends):
    with mp.workdps(25):
        p, (low, high) = mpf(order), map(mpf, ends)
        pieces = mp.linspace(mp.log(low), mp.log(high), 60)
        reference = mp.quad(lambda x: mp.exp(p * x) / -mp.expm1(x), pieces)
        assert abs(beta_integral(Fraction(order), low, high) / reference - 1) < mpf(10) ** -20
    field = Balls()
    with field.workdps(16):
        middle, radius = field.to_mpf(beta_integral(Fraction(order), field.mpf(low), field.mpf(high), field))
    with mp.workdps(25):
        assert abs(middle - reference) <= radius <= mpf(10) ** -14 * reference


@pytest.mark.parametrize("exponent", ["0.1", "1.2", "2", "7.5"])
@pytest.mark.parametrize("decay", ["-0.4", "0.8", "1", "2.6"])
def test_edge_sum_is_plain_addition(exponent, decay):
    a, b, d = Fraction(exponent), Fraction(decay), 2000
    with mp.workdps(50):
        y = mp.expm1(-mpf(exponent) * mp.log1p(-mpf(1) / d)) / 3
        ratio = ((1 + y) * (mpf(i) / d) ** mpf(exponent) for i in range(1, d))
        plain = mp.fsum(mpf(i) ** -mpf(decay) / (1 - x) for i, x in enumerate(ratio, start=1))
    with mp.workdps(30):
        value = edge_sum(b, a, d)(y)
    with mp.workdps(50):
        assert abs(value / plain - 1) < mpf(10) ** -26
