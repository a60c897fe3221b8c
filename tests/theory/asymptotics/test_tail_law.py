"""The spectral tail: the sum itself, and its power law."""

import pytest
from mpmath import mp, mpf

from theory.asymptotics import Given, PowerLaw, tail_exponent, tail_prefactor, tail_sum


@pytest.mark.parametrize("exponent", ["0", "0.5", "2"])
@pytest.mark.parametrize("tau", ["0", "0.001", "3", "1e4", "1e9"])
def test_sum_is_plain_addition(exponent, tau):
    with mp.workdps(60):
        powers = [mpf(i) ** -mpf(exponent) for i in range(1, 301)]
        scale = 16 * mpf(tau) / mp.fsum(powers)
        plain = mp.fsum(-mp.expm1(-scale * power) for power in powers)
        value = tail_sum(exponent, 300, tau, 30)
        assert abs(value - plain) <= abs(plain) * mpf(10) ** -30


@pytest.mark.parametrize("exponent", ["1.2", "2", "4"])
def test_law_and_its_next_term(exponent):
    """At infinite d the law plus the constant -1/2 leaves less than any power of tau."""
    law = PowerLaw(exponent, "inf")
    with mp.workdps(50):
        prefactor, power = tail_prefactor(law, 40).value, tail_exponent(law, 40).value
        remainders = [
            abs(tail_sum(exponent, "inf", tau, 30) - prefactor * mpf(tau) ** power + mpf(1) / 2)
            for tau in ("1", "100", "1e7")
        ]
        assert remainders[1] < remainders[0] / 10
        assert remainders[2] < mpf(10) ** -25


def test_law_at_finite_dimension():
    """1 << beta tau << d^a: leading correction -1/2 - beta tau d^(1-a)/(a-1)."""
    dimension, tau = 10**12, 10**9
    law = PowerLaw(2, dimension)
    with mp.workdps(40):
        scale = 16 * tau / law.trace_sum()
        expected = tail_prefactor(law, 30).value * mp.sqrt(tau) - mpf(1) / 2 - scale / dimension
        assert abs(tail_sum(2, dimension, tau, 30) - expected) < 1e-9


def test_cost_does_not_grow_with_time():
    with mp.workdps(40):
        late = tail_sum(2, "inf", 10**30, 30) + mpf(1) / 2
        assert abs(late / (tail_prefactor(PowerLaw(2, "inf"), 30).value * 10**15) - 1) < 1e-30


def test_law_needs_exponent_above_one():
    for spectrum in (PowerLaw(1, 1000), PowerLaw(0, 1000), Given([1], [1])):
        assert tail_prefactor(spectrum).value is None
        assert tail_exponent(spectrum).reason


def test_negative_time_is_refused():
    with pytest.raises(ValueError, match="tau is -1"):
        tail_sum(2, 10, -1)
