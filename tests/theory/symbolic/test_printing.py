"""Nested forms and NumPy text have the value of the expression that they come from."""

import ast

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.symbolic.nesting import nested
from theory.symbolic.printing import numpy_tree, stable

s, u, t = symbols = sympy.symbols("s u t")
terms = st.tuples(st.tuples(*[st.integers(0, 5)] * 3), st.fractions(-9, 9, max_denominator=7))
polynomials = st.lists(terms, min_size=1, max_size=9).map(
    lambda items: sympy.Add(
        *(sympy.Rational(c) * sympy.Mul(*map(sympy.Pow, symbols, powers)) for powers, c in items)
    )
)
CLOSED_FORMS = [
    sympy.sqrt(s * t - u**2) + u * sympy.asin(u / sympy.sqrt(s * t)),
    -2 / (sympy.pi * (1 + s) * sympy.sqrt((1 + s) * (1 + t) - u**2)),
    (1 + s) ** sympy.Rational(-5, 2) - sympy.sqrt(2 / sympy.pi) * t ** sympy.Rational(3, 2) / 3,
    -(-s / t - u) / (s * t) + sympy.asin(s / (1 + s)) ** 2,
    -sympy.Rational(3, 7) * s**7 / u**3 - 1 / s,
    (s - t) - (u - (s - 2 * t)) / 5,
    1 / sympy.pi**2 - 1 / sympy.sqrt(sympy.pi),
]
POINT = {"s": 1.7, "u": 0.6, "t": 0.9}


def value(expression: sympy.Expr, scalars: set[str]) -> float:
    """Return the value of the text at :data:`POINT`."""
    return float(eval(ast.unparse(numpy_tree(expression, scalars)), {"np": np, **POINT}))


@given(polynomial=polynomials)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_nesting_and_printing_a_polynomial(polynomial: sympy.Expr) -> None:
    form = nested(polynomial, (s, u))
    assert sympy.expand(form - polynomial) == 0
    exact = float(polynomial.subs(POINT))
    scale = sum(abs(float(term.subs(POINT))) for term in sympy.Add.make_args(polynomial))
    for scalars in (set(), {"t"}):
        for written in (polynomial, form):
            assert value(written, scalars) == pytest.approx(exact, abs=1e-13 * scale)


@pytest.mark.parametrize("expression", CLOSED_FORMS, ids=str)
def test_printing_closed_forms(expression: sympy.Expr) -> None:
    exact = float(expression.subs(POINT))
    for form in (expression, stable(expression), nested(stable(expression), (s, u))):
        for scalars in (set(), {"t"}, {"s", "t", "u"}):
            assert value(form, scalars) == pytest.approx(exact, rel=1e-13)
