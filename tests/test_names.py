"""The name of a teacher or of a start means the same to the constants, the solver and the many digits."""

from fractions import Fraction

import pytest
from mpmath import mp

from numerics import power_law
from numerics.precise import precise_power_law
from theory.asymptotics import PowerLaw
from theory.names import escape_size, source_exponent


@pytest.mark.parametrize(
    ("name", "exponent"),
    [
        ("flat", Fraction(0)),
        ("source:0.3", Fraction(3, 10)),
        ("source:-1e-1", Fraction(-1, 10)),
        ("source:1/3", Fraction(1, 3)),
    ],
)
def test_a_source_is_one_number(name, exponent):
    assert source_exponent(name) == exponent
    assert PowerLaw(2, 8, name).mass_exponent == 2 + 2 * exponent
    teacher = power_law(2.0, 8, name).teacher
    assert teacher[7] / teacher[0] == pytest.approx(8.0 ** -float(exponent), rel=1e-14)
    precise = precise_power_law(2, 8, name, digits=30).teacher[0]
    with mp.workdps(50):
        power = mp.mpf(exponent.numerator) / exponent.denominator
        assert abs(precise[7] / precise[0] * mp.mpf(8) ** power - 1) < mp.mpf(10) ** -45


def test_an_escape_is_one_number():
    third = escape_size("escape:1/3")
    assert third == Fraction(1, 3)
    problem = power_law(2.0, 8, init="escape:1/3")
    assert problem.eigenvalues @ problem.init**2 == pytest.approx(1 / 9, rel=1e-14)
    precise = precise_power_law(2, 8, init="escape:1/3", digits=30)
    with mp.workdps(50):
        s = mp.fsum(rate * w**2 for rate, w in zip(precise.eigenvalues, precise.init[0], strict=True))
        assert abs(9 * s - 1) < mp.mpf(10) ** -45


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1/0", "1/x", "1e401", "0.3:1"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="must be a number such as"):
        source_exponent(f"source:{text}")
    with pytest.raises(ValueError, match="must be escape:EPS with 1e-300"):
        escape_size(f"escape:{text}")


@pytest.mark.parametrize("name", ["gaussian", "sphere", "steep", "", "file.txt", "flat:1"])
def test_other_names_have_no_number(name):
    assert source_exponent(name) is None
    assert escape_size(name) is None
