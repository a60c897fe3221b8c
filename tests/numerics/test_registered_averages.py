"""Users' own closed forms: used by solver, derivation and printing, refused where they are wrong."""

import numpy as np
import pytest
import sympy
from networks import assert_same, problem

from numerics import load_module, network, register_average, solve
from numerics.pairs import functions
from theory.symbolic import Model, Z, known, single_index
from theory.symbolic.codegen import generate_module

A, B, C = sympy.symbols("a b c")
BUMP = sympy.exp(-(Z**2) / 2)
AVERAGE = 1 / sympy.sqrt((1 + A) * (1 + B) - C**2)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(functions, "_registered", {})
    monkeypatch.setattr(known, "_known", {})
    functions.pair_function.cache_clear()
    yield
    functions.pair_function.cache_clear()


def test_a_closed_form_is_used_for_numbers_and_for_symbols():
    summed = network(BUMP)
    register_average(BUMP, BUMP, AVERAGE)
    exact, model = network(BUMP), single_index(BUMP)
    x, T = np.array([0.7, 0.3]), np.array([[1.1]])
    assert isinstance(exact.own, functions.ClosedFunction)
    for name in ("drift", "drift_jacobian", "loss"):
        assert_same(name, summed, exact, x, T)
        assert_same(name, load_module(generate_module(model)), exact, x, T)
    point = {"s": 0.7, "u": 0.3, "t": 1.1}
    assert exact.drift(x, T)[1].item() == pytest.approx(0.6 / (1.7 * 2.1 - 0.09) ** 1.5, rel=1e-14)
    assert float(model.loss.subs(point)) == pytest.approx(float(exact.loss(x, T)), rel=1e-13)


def test_it_serves_both_orders_of_two_links():
    """E[exp(−X²/2) Y²] = (b (1 + a) − c²)/(1 + a)^{3/2}, of a Gaussian tilted by the bump."""
    register_average(BUMP, "z^2", (B * (1 + A) - C**2) / (1 + A) ** sympy.Rational(3, 2))
    pair, swapped = functions.pair_function(BUMP, Z**2), functions.pair_function(Z**2, BUMP)
    assert float(pair.value(0.4, 1.2, 0.3)) == pytest.approx((1.2 * 1.4 - 0.09) / 1.4**1.5, rel=1e-14)
    assert float(swapped.value(1.2, 0.4, 0.3)) == float(pair.value(0.4, 1.2, 0.3))
    register_average(BUMP, BUMP, AVERAGE)
    model = Model("both", (BUMP, Z**2), Z**2, (1, 1))
    x, T = np.array([0.7, 0.2, 0.9, 0.1, 0.4]), np.array([[1.1]])
    names = dict(zip(("S11", "S12", "S22", "U11", "U21", "T"), (*x, 1.1), strict=True))
    expected = float(network([BUMP, Z**2], Z**2).loss(x, T))
    assert float(model.loss.subs(names)) == pytest.approx(expected, rel=1e-13)


def test_a_function_of_python_with_a_kink():
    """The leaky rectifier 0.55 z + 0.45 |z|, whose averages are those of its two parts."""

    def leaky(x):
        return np.where(x > 0, x, 0.1 * x)

    kernel = sympy.sqrt(A * B - C**2) + C * sympy.asin(C / sympy.sqrt(A * B))
    first, second = sympy.Rational(11, 20), sympy.Rational(9, 20)
    register_average(leaky, leaky, first**2 * C + second**2 * 2 / sympy.pi * kernel)
    flow = problem(1, 1, 5)
    found, expected = (solve(flow, 2.0, network(link)) for link in (leaky, "0.55*z + 0.45*abs(z)"))
    np.testing.assert_allclose(found.at([0.5, 2.0]).loss, expected.at([0.5, 2.0]).loss, rtol=1e-8)


class Bump:
    """The same by hand, with derivatives of P = D^{−1/2}, D = (1 + a)(1 + b) − c²."""

    wrong = 0.0

    def _parts(self, a, b, c):
        return 1 + a, 1 + b, (1 + a) * (1 + b) - c**2

    def value(self, a, b, c):
        return self._parts(a, b, c)[2] ** -0.5

    def slopes(self, a, b, c):
        _, y, D = self._parts(a, b, c)
        return -0.5 * y * D**-1.5, c * D**-1.5 + self.wrong

    def curvatures(self, a, b, c):
        x, y, D = self._parts(a, b, c)
        return (
            0.75 * y**2 * D**-2.5,
            -0.5 * D**-1.5 + 0.75 * x * y * D**-2.5,
            -1.5 * y * c * D**-2.5,
            -1.5 * x * c * D**-2.5,
            D**-1.5 + 3 * c**2 * D**-2.5,
        )


def test_an_object_with_derivatives():
    register_average(BUMP, BUMP, Bump())
    found = network(BUMP)
    register_average(BUMP, BUMP, AVERAGE)
    x, T = np.array([0.7, 0.3]), np.array([[1.1]])
    for name in ("drift", "drift_jacobian", "loss"):
        assert_same(name, network(BUMP), found, x, T)


@pytest.mark.parametrize("error", [1e-3, 1e-8])
def test_a_wrong_form_is_refused_with_its_deviation(error):
    with pytest.raises(ValueError, match=r"P is not that of these links: .* a deviation of"):
        register_average(BUMP, BUMP, AVERAGE * (1 + error))
    wrong = Bump()
    wrong.wrong = error
    with pytest.raises(ValueError, match="P_c is not that of these links"):
        register_average(BUMP, BUMP, wrong)
    with pytest.raises(ValueError, match=r"holds \['s'\]: it must be in a, b and c"):
        register_average(BUMP, BUMP, AVERAGE * sympy.Symbol("s"))
    assert not functions._registered
