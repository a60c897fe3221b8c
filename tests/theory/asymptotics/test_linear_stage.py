"""All growth rates and the residue amplitude: dense eigenvalues, closed forms, draws."""

import math
from itertools import pairwise

import numpy as np
import pytest
from mpmath import mp, mpf

from theory.asymptotics import (
    Given,
    PowerLaw,
    escape_amplitude,
    escape_rate,
    growth_rates,
    sign_agreement,
    slow_mode_exponent,
)


def linear_flow(spectrum):
    """Rates and unit vectors of 4 Q + 8 Q w* (Q w*)^T by a dense solver, and Q w*."""
    levels = spectrum.levels()
    pull = [mp.sqrt(x * mass) for x, mass, _ in levels]
    matrix = mp.matrix([[8 * p * q for q in pull] for p in pull])
    for i, level in enumerate(levels):
        matrix[i, i] += 4 * level.eigenvalue
    rates, vectors = mp.eigsy(matrix)
    return rates, vectors, pull


@pytest.mark.parametrize("teacher", ["flat", "source:0.4", "source:-1", [1, -2, 0.1, 3, 2, 1, 5]])
@pytest.mark.parametrize("exponent", ["0.4", "1.5", "3"])
def test_dense_eigenvalues(exponent, teacher):
    spectrum = PowerLaw(exponent, 7, teacher)
    with mp.workdps(45):
        rates, vectors, pull = linear_flow(spectrum)
        found = growth_rates(spectrum, 10, 25)
        assert len(found) == 7
        for constant, rate in zip(found, sorted(rates, reverse=True), strict=True):
            assert abs(constant.value - rate) <= constant.radius
        overlap = abs(mp.fsum(vectors[i, 6] * pull[i] for i in range(7)))
        amplitude = escape_amplitude(spectrum, 25)
        assert abs(amplitude.value - overlap) <= amplitude.radius
        cosine = overlap / mp.norm(mp.matrix(pull))
        agreement = sign_agreement(spectrum, 25)
        assert abs(agreement.value - mpf(1) / 2 - mp.asin(cosine) / mp.pi) <= 1e-40 + agreement.radius
        assert abs(slow_mode_exponent(spectrum, 25).value - (1 - rates[5] / rates[6]) / 2) < 1e-25


def test_untouched_modes_are_skipped():
    rates = growth_rates(Given([5, 3, 2, 1], [0, 1, 0, 2]), 9, 20)
    assert len(rates) == 2
    assert rates[0].value > 12
    assert 4 < rates[1].value < 12


def test_all_roots_of_the_inverse_square_spectrum():
    """a = 2, flat, infinite d: p = 24/phi^2 at every root of phi cot phi = 1 - phi^2/2."""
    rates = growth_rates(PowerLaw(2, "inf"), 12, 40)
    with mp.workdps(50):
        for k, rate in enumerate(rates):
            phi = mp.sqrt(24 / rate.value)
            assert k * mp.pi < phi < (k + 1) * mp.pi
            assert abs(phi * mp.cot(phi) - 1 + phi**2 / 2) < mpf(10) ** -36


@pytest.mark.parametrize("half", [2, 3])
def test_even_exponents_in_closed_form(half):
    """sum_i x^2n/(i^2n - x^2n) = sum_k (1 - y_k cot y_k)/(2n), y_k = pi x e^(i pi k/n), x^2n = 4/(zeta p).

    A flat teacher has sum_i lambda_i/(p - 4 lambda_i) = 3/(2p) at every root."""
    a = 2 * half
    for rate in growth_rates(PowerLaw(a, "inf"), 3, 30):
        with mp.workdps(40):
            x = (4 / (mp.zeta(a) * rate.value)) ** (mpf(1) / a)
            turns = [mp.pi * x * mp.expjpi(mpf(k) / half) for k in range(half)]
            total = mp.fsum(1 - y * mp.cot(y) for y in turns) / (2 * half)
            # sum_i lambda_i/(p - 4 lambda_i) = (1/4) sum_i x^a/(i^a - x^a), and F = 1 reads 2 p times it = 3
            assert abs(total.imag) < mpf(10) ** -30
            assert abs(2 * rate.value * total.real / 4 - 3) < mpf(10) ** -26


def test_limits_of_the_exponent():
    """Flat, infinite d: rho = 4 (a-1) (1 + O(a-1)) as a -> 1 and 12 - 20 2^-a as a -> infinity."""
    for small in (mpf("1e-3"), mpf("1e-4")):
        rho = escape_rate(PowerLaw(mp.nstr(1 + small, 10), "inf")).value
        assert abs(rho / (4 * small) - 1) < 3 * small
    for a in (16, 24):
        rho = escape_rate(PowerLaw(a, "inf"), 30).value
        assert abs((12 - rho) * 2**a / 20 - 1) < 4 * 1.5**-a


@pytest.mark.parametrize("teacher", ["flat", "source:0.25", "source:2"])
@pytest.mark.parametrize("dimension", [2, 50, math.inf])
def test_rate_increases_with_the_exponent(teacher, dimension):
    """Proved for non-increasing |w*_i|, see the chapter on escape."""
    grid = ["1.05", "1.1", "1.3", "1.6", "2", "2.5", "3.5", "5", "9"]
    if dimension != math.inf:
        grid = ["0", "0.2", "0.6", *grid]
    rates = [escape_rate(PowerLaw(a, dimension, teacher)).value for a in grid]
    assert all(after > before for before, after in pairwise(rates))


def test_rate_can_fall_with_the_exponent():
    """A teacher on the second of two modes: rho follows 12 lambda_2 = 12/(1 + 2^a)."""
    rates = [escape_rate(PowerLaw(a, 2, ["0.01", 1])).value for a in ("0.1", "0.5", "1", "1.4")]
    assert all(after < before for before, after in pairwise(rates))
    assert abs(rates[1] - 12 / (1 + mp.sqrt(2))) < 0.01


def test_sign_agreement_of_drawn_starts():
    spectrum = PowerLaw(2, 12, "source:-0.7")
    _, vectors, pull = linear_flow(spectrum)
    count = 40000
    starts = np.random.default_rng(5).standard_normal((count, 12))
    fastest = np.array([float(vectors[i, 11]) for i in range(12)])
    fastest *= np.sign(fastest @ np.array(pull, dtype=float))
    share = np.mean((starts @ fastest > 0) == (starts @ np.array(pull, dtype=float) > 0))
    expected = float(sign_agreement(spectrum))
    assert 0.6 < expected < 0.97
    assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / count)


def test_a_single_level_has_no_slower_mode():
    assert "one eigenvalue" in slow_mode_exponent(PowerLaw(0, 5)).reason
    assert len(growth_rates(PowerLaw(0, 5), 3)) == 1
    with pytest.raises(ValueError, match="count"):
        growth_rates(PowerLaw(2, 5), 0)
