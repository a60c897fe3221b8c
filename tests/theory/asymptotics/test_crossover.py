"""Sums over the modes not yet learnt, and the laws at the ends of the power-law window."""

import pytest
from mpmath import mp, mpf

from theory.asymptotics import (
    Given,
    PowerLaw,
    crossover_sum,
    energy_prefactor,
    final_rate,
    leading_deficits,
    loss_prefactor,
    overlap_prefactor,
    overlap_ratio,
    residual_sum,
    saddle_delay,
    summary_exponent,
)


@pytest.mark.parametrize(("exponent", "source"), [("2", "0"), ("1", "0"), ("0.5", "0.3"), ("3", "-0.5")])
@pytest.mark.parametrize("time", ["0", "0.3", "50", "1e5"])
def test_sum_is_plain_addition(exponent, source, time):
    """2000 modes, few enough to be added and too many to be listed by the function."""
    law = PowerLaw(exponent, 2000, f"source:{source}")
    a, b = mpf(exponent), mpf(exponent) + 2 * mpf(source)
    with mp.workdps(40):
        eigenvalues = [mpf(i) ** -a for i in range(1, 2001)]
        masses = [mpf(i) ** -b for i in range(1, 2001)]
        trace, energy = mp.fsum(eigenvalues), mp.fsum(masses)
        plain = mp.fsum(
            m * mp.exp(-8 * x / trace * mpf(time)) for x, m in zip(eigenvalues, masses, strict=True)
        )
        assert abs(residual_sum(law, mpf(time)) / (plain / energy) - 1) < mpf(10) ** -15


def test_sum_at_infinite_dimension_is_one_power():
    """The Mellin transform has one pole: what is left beside C t^-gamma is below every power."""
    law = PowerLaw("1.5", "inf")
    for time in (100, 10**7, 10**12):
        power = energy_prefactor(law, 25).value * 3 / 2 * mp.power(time, -summary_exponent(law, 25).value)
        tolerance = 1e-4 if time == 100 else 1e-14
        assert abs(residual_sum(law, time) / power - 1) < tolerance


@pytest.mark.parametrize(("exponent", "source"), [("2", "0"), ("1", "0"), ("0.5", "0"), ("1.5", "0.4")])
def test_crossover_is_uniform(exponent, source):
    """From well before the window's end to well beyond it, with the stated error."""
    for dimension in (10**4, 10**6):
        law = PowerLaw(exponent, dimension, f"source:{source}")
        last = law.extremes()[1]
        for phase in (mpf(1) / 100, mpf(1), mpf(10), mpf(100)):
            time = phase / last
            exact = residual_sum(law, time)
            half = crossover_sum(law, time)
            mass = mp.power(dimension, -mpf(exponent) - 2 * mpf(source)) / law.energy_sum()
            allowed = (1 + 8 * phase) / dimension * mass * mp.exp(-8 * phase)
            assert abs(half - exact) < allowed + 1e-14 * exact


def test_shallow_spectra_tend_to_an_exponential_integral():
    a = mpf("0.6")
    limit = (1 - a) / a * mp.expint(1 / a, 8 * (1 - a) / 3)
    errors = [abs(residual_sum(PowerLaw("0.6", d), mpf(d) / 3) / limit - 1) for d in (10**6, 10**10)]
    assert errors[1] < errors[0] / 20 < 1e-2 / 20
    assert abs(final_rate(PowerLaw("0.6", 10**10)).value * 10**10 / (8 * (1 - a)) - 1) < 1e-3


def test_leading_laws_are_those_of_the_prefactors():
    law = PowerLaw("1.7", "inf", "source:0.2")
    time = mpf(10) ** 9
    deficits = leading_deficits(residual_sum(law, time), residual_sum(law, 2 * time))
    power = mp.power(time, -summary_exponent(law).value)
    for value, prefactor in zip(deficits, (overlap_prefactor, energy_prefactor, loss_prefactor), strict=True):
        assert abs(value / (prefactor(law).value * power) - 1) < 1e-14
    assert abs(deficits.overlap / deficits.energy - overlap_ratio(law).value) < 1e-14


def test_given_arrays_are_summed():
    total = residual_sum(Given([1, 3, 1], [1, 1, 2]), mpf("0.1"))
    assert abs(total - (3 * mp.exp(mpf("-2.4")) + 5 * mp.exp(mpf("-0.8"))) / 8) < 1e-15


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: residual_sum(PowerLaw(2, 10), -1), "at least 0"),
        (lambda: crossover_sum(PowerLaw(0, 10), 1), "exponent > 0"),
        (lambda: crossover_sum(PowerLaw(2, 2, [1, 1]), 1), "flat or source"),
        (lambda: saddle_delay(0), "between 0 and 1/2"),
        (lambda: saddle_delay("0.5"), "between 0 and 1/2"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
