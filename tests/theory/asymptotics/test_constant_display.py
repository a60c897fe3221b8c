"""What notebooks show of a constant."""

from theory.asymptotics import PowerLaw, escape_rate
from theory.asymptotics.numbers.constant import undefined


def test_no_more_digits_than_the_radius_leaves():
    shown = {digits: escape_rate(PowerLaw(2, "inf"), digits)._repr_html_() for digits in (15, 40)}
    for digits, table in shown.items():
        printed = table.split("</td>")[1].split(">")[-1]
        assert len(printed) == digits + 1 + 1  # a point, and one digit more than was asked for
        assert "5.5389405910847" in table


def test_signs_of_a_definition_are_escaped():
    assert "1 &lt;&lt; x" in undefined("p in f ~ x^p, 1 << x", "arithmetic", "no limit")._repr_html_()


def test_an_undefined_constant_says_why():
    assert "no limit" in undefined("limit of (-1)^n", "arithmetic", "no limit")._repr_html_()
