"""Constants where teacher or spectrum is extreme: right values, or a reason, never an error."""

from time import perf_counter

import pytest
from mpmath import mp, mpf

from theory.asymptotics import CATALOGUE, PowerLaw, constants, escape_rate, median_escape_offset, plateau_end


def test_escape_rate_where_the_teacher_hardly_touches_the_first_mode():
    """a = 2, all masses 1/d: with x = ρ − 4 λ_1 1 = 8 λ_1/(d x) + (2/d) Σ_{i=2}^d 1/(i² − 1), to O(x/d)."""
    d = 10**12
    found = escape_rate(PowerLaw(2, d, "source:-1"), 15)
    with mp.workdps(60):
        top = 1 / (mp.zeta(2) - mp.psi(1, d + 1))
        others = mpf(2) / d * (mpf(3) / 4 - (mpf(1) / d + mpf(1) / (d + 1)) / 2)
        assert abs(4 * top + 8 * top / d / (1 - others) - found.value) <= found.radius


@pytest.mark.parametrize(
    ("exponent", "dimension", "teacher"),
    [("1.5", 10**9, "source:-1"), ("0.5", 10**15, "source:-0.4"), ("0.3", 10**9, "source:-1")],
)
def test_escape_rate_agrees_at_two_precisions(exponent, dimension, teacher):
    law = PowerLaw(exponent, dimension, teacher)
    rough, fine = escape_rate(law, 15), escape_rate(law, 50)
    with mp.workdps(80):
        assert fine.rigorous
        assert fine.value > 4 * law.eigenvalue(1)
        assert abs(rough.value - fine.value) <= rough.radius + fine.radius


def test_half_of_two_modes_of_very_different_size():
    """e^{-X} + e^{-X 2^{-a}} = 1 at a = 100: X = a log 2 − log X up to X 2^{-a}."""
    found = plateau_end(PowerLaw(100, 2), 20)
    with mp.workdps(150):
        slow = mpf(2) ** -100
        x = mpf(60)
        for _ in range(60):
            x = -mp.log(-mp.expm1(-x * slow))
        assert abs(x * (1 + slow) / 16 - found.value) <= found.radius


@pytest.mark.parametrize(
    ("exponent", "dimension", "teacher"),
    [
        ("1.001", "1e15", "source:-0.338"),
        ("1.1", "1e15", "source:-0.4"),
        ("2.5", "1e15", "source:-10"),
        ("0.99", "1e15", "source:-1"),
        ("0.001", "1e15", "source:-0.4"),
        ("1.1", "3", "source:-40"),
        ("100", "2", "flat"),
        ("0", "1e15", "source:-0.4"),
        ("1.5", "1", "source:3"),
    ],
)
def test_every_name_has_a_value_or_a_reason(exponent, dimension, teacher):
    law = PowerLaw(exponent, dimension, teacher)
    for name, constant in constants(law, 15).items():
        assert name in CATALOGUE
        if constant.value is None:
            assert constant.reason
        else:
            assert mp.isfinite(constant.value)
            assert 0 <= constant.radius < mp.inf


@pytest.mark.parametrize(
    ("exponent", "teacher", "message"),
    [
        ("1e99", "flat", "exponent is 1.0e[+]99, but it must lie between 0 and 100"),
        ("2", "source:1e9", "exponent [+] 2B = 2000000002, but it must lie between -100 and 100"),
        ("2", "source:-600", "exponent [+] 2B = -1198, but it must lie between -100 and 100"),
    ],
)
def test_exponents_have_a_limit(exponent, teacher, message):
    with pytest.raises(ValueError, match=message):
        PowerLaw(exponent, 10**6, teacher)


def test_the_median_offset_costs_no_leap_between_100_and_200_digits():
    """Both are proved; 200 digits took 40 times as long where they were not."""
    begin = perf_counter()
    short = median_escape_offset(PowerLaw(2, "inf"), 100)
    middle = perf_counter()
    long = median_escape_offset(PowerLaw(2, "inf"), 200)
    end = perf_counter()
    assert short.rigorous
    assert long.rigorous
    with mp.workdps(220):
        assert abs(short.value - long.value) <= short.radius
    assert end - middle < 20 * (middle - begin)
