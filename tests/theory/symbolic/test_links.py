"""Links are read from text without evaluating it, and refused where they are no polynomials."""

import pytest
import sympy

from theory.symbolic import LinkError, Z, parse_link, single_index


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("z**3 - 3*z", Z**3 - 3 * Z),
        (" -(z + 1)**2/4 ", -((Z + 1) ** 2) / 4),
        ("0.1*z", Z / 10),
        ("+z*2e-1", Z / 5),
    ],
)
def test_a_polynomial_is_read_exactly(text: str, link: sympy.Expr) -> None:
    assert sympy.expand(parse_link(text) - link) == 0
    assert not parse_link(text).has(sympy.Float)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z +",
        "x**2",
        "z^2",
        "sin(z)",
        "1/z",
        "z/0",
        "z**-1",
        "z**z",
        "z**0.5",
        "z**33",
        "(z**8)**8",
        "2**z",
        "3",
        "z - z",
        "1e999*z",
        "True*z",
        "'z'",
        "z < 1",
        "z.diff()",
        "__import__('os').system('true')",
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(LinkError, match=r"polynomial in z|degree at most|powers of ten"):
        parse_link(text)


@pytest.mark.parametrize(
    "link", [sympy.sin(Z), 0.5 * Z, Z * sympy.Symbol("b"), sympy.Integer(3), sympy.sqrt(2) * Z]
)
def test_models_refuse_links_that_are_not_rational_polynomials(link: sympy.Expr) -> None:
    with pytest.raises(LinkError, match="polynomial in z with rational coefficients"):
        single_index(link)
