"""Closed forms of Gaussian averages against quadrature, and their derivatives against Price's theorem."""

import math

import numpy as np
import pytest
import sympy
from oracles.quadrature import Function, average, pair_average
from scipy.special import erf

from theory.symbolic.averages import (
    Arc,
    ArcKernel,
    Atom,
    ErrorFunction,
    Exponential,
    Modulus,
    Monomial,
    SelfArc,
    Sign,
    Wave,
    derivative_average,
    product_average,
)

FUNCTIONS: dict[Atom, Function] = {
    Monomial(0): np.ones_like,
    Monomial(1): lambda x: x,
    Monomial(3): lambda x: x**3,
    Monomial(4): lambda x: x**4,
    ErrorFunction(1 / sympy.sqrt(2)): lambda x: erf(x / math.sqrt(2)),
    ErrorFunction(sympy.Rational(3, 2)): lambda x: erf(1.5 * x),
    Modulus(): np.abs,
}
WITH_POWERS: dict[Atom, Function] = {
    ErrorFunction(sympy.S.One, 3): lambda x: x**3 * erf(x),
    Sign(0): np.sign,
    Sign(4): lambda x: x**4 * np.sign(x),
    Exponential(sympy.Rational(1, 2), 4): lambda x: x**4 * np.exp(x / 2),
    Exponential(-sympy.S.One): lambda x: np.exp(-x),
    Wave(sympy.Integer(2), 0, 3): lambda x: x**3 * np.sin(2 * x),
    Wave(sympy.Rational(1, 2), 1, 4): lambda x: x**4 * np.cos(x / 2),
}
COVARIANCES = [(1.3, 0.7, 0.4), (0.5, 2.0, -0.9), (1.0, 1.0, 0.0)]
a, b, c = sympy.symbols("a b c")


@pytest.mark.parametrize("second", FUNCTIONS, ids=str)
@pytest.mark.parametrize("first", FUNCTIONS, ids=str)
def test_products(first: Atom, second: Atom) -> None:
    for values in COVARIANCES:
        closed = (
            product_average(first, second, a, b, c).subs(dict(zip((a, b, c), values, strict=True))).doit()
        )
        expected = pair_average(FUNCTIONS[first], FUNCTIONS[second], *values)
        assert float(closed) == pytest.approx(expected, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("atom", FUNCTIONS, ids=str)
def test_a_function_with_itself(atom: Atom) -> None:
    square = product_average(atom, atom, a, a, a).subs(a, sympy.Rational(13, 10)).doit()
    f = FUNCTIONS[atom]
    assert float(square) == pytest.approx(average(lambda x: f(x) ** 2, 1.3), rel=1e-12)


@pytest.mark.parametrize("power", [0, 1, 4])
@pytest.mark.parametrize("atom", WITH_POWERS, ids=str)
def test_products_with_powers(atom: Atom, power: int) -> None:
    for values in COVARIANCES:
        closed = product_average(Monomial(power), atom, *map(sympy.Float, values)).doit()
        expected = pair_average(lambda x: x**power, WITH_POWERS[atom], *values)
        assert float(closed) == pytest.approx(expected, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("order", range(7))
@pytest.mark.parametrize("atom", FUNCTIONS | WITH_POWERS, ids=str)
def test_averages_of_derivatives(atom: Atom, order: int) -> None:
    """E[f⁽ⁿ⁾(X)] = E[f(X) He_n(X/σ)]/σⁿ: no derivative is taken on the right."""
    variance, f = 0.8, (FUNCTIONS | WITH_POWERS)[atom]
    sigma = math.sqrt(variance)
    hermite = np.polynomial.hermite_e.HermiteE.basis(order)
    expected = average(lambda x: f(x) * hermite(x / sigma), variance) / sigma**order
    closed = derivative_average(atom, order, a).subs(a, variance)
    assert float(closed) == pytest.approx(expected, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("atom", [ErrorFunction(sympy.S.One), Modulus()], ids=str)
def test_polynomials_are_integrated_by_stein_as_by_conditioning(atom: Atom) -> None:
    """With Y = (c/a)X + √(b − c²/a) ζ: an identity in a, b and c."""
    closed = product_average(atom, Monomial(4 if atom == Modulus() else 3), a, b, c)
    lowest = {Modulus(): 4, ErrorFunction(sympy.S.One): 3}[atom]
    conditioned = sum(
        math.comb(lowest, 2 * k)
        * (c / a) ** (lowest - 2 * k)
        * (b - c**2 / a) ** k
        * sympy.factorial2(2 * k - 1)
        * product_average(atom, Monomial(lowest - 2 * k), a, a, a)
        for k in range(lowest // 2 + 1)
    )
    assert sympy.simplify(closed - conditioned) == 0


@pytest.mark.parametrize("function", [Arc, ArcKernel], ids=lambda f: f.__name__)
@pytest.mark.parametrize("argument", range(3))
def test_derivatives_of_arcs_are_those_of_the_written_form(function: type, argument: int) -> None:
    p, q, r = symbols = sympy.symbols("p q r", positive=True)
    point = {p: sympy.Rational(3, 2), q: sympy.Rational(7, 3), r: sympy.Rational(4, 5)}
    ours = function(p, q, r).diff(symbols[argument]).doit()
    written = function(p, q, r).doit().diff(symbols[argument])
    assert abs((ours - written).subs(point).evalf(30)) < 1e-28


def test_the_arc_of_one_variable() -> None:
    p, r = sympy.symbols("p r", positive=True)
    general = Arc(p, p, r).doit().subs(r, p - 1)
    assert Arc(p, p, p - 1) == SelfArc(p)
    assert sympy.simplify(SelfArc(p).doit() - general) == 0
    assert sympy.simplify(SelfArc(p).diff(p) ** 2 - SelfArc(p).doit().diff(p) ** 2) == 0
    assert Arc(p, p, p) == sympy.pi / 2
    assert ArcKernel(p, p, p) == sympy.pi * p / 2


@pytest.mark.parametrize("alpha", [1, sympy.Rational(1, 2)])
def test_price_theorem(alpha: sympy.Rational) -> None:
    """∂_c E[f(X)g(Y)] = E[f'(X)g'(Y)]; for erf the right-hand side is a Gaussian integral."""
    pair = product_average(ErrorFunction(sympy.S.One), ErrorFunction(alpha), a, b, c)
    inverse = sympy.Matrix([[a, c], [c, b]]).inv() + 2 * sympy.diag(1, alpha**2)
    density = 4 * alpha / sympy.pi / sympy.sqrt((a * b - c**2) * inverse.det())
    assert sympy.simplify(pair.diff(c) ** 2 - density**2) == 0
