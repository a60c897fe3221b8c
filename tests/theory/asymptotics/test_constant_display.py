"""What notebooks show of a constant."""

from decimal import Decimal

import pytest

from theory.asymptotics import PowerLaw, escape_rate
from theory.asymptotics.numbers.constant import undefined


@pytest.mark.parametrize("digits", [15, 40])
def test_the_digits_are_those_that_the_radius_leaves(digits):
    rate = escape_rate(PowerLaw(2, "inf"), digits)
    value, radius = str(rate).split(" ± ")
    last = Decimal(1).scaleb(Decimal(value).as_tuple().exponent)
    assert Decimal(radius) <= 2 * last < 200 * Decimal(radius)
    assert len(value) > digits
    assert f"<td style='text-align:left'>{value}</td>" in rate._repr_html_()


def test_signs_of_a_definition_are_escaped():
    assert "1 &lt;&lt; x" in undefined("p in f ~ x^p, 1 << x", "arithmetic", "no limit")._repr_html_()


def test_an_undefined_constant_says_why():
    assert "no limit" in undefined("limit of (-1)^n", "arithmetic", "no limit")._repr_html_()
