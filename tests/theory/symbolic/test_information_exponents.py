"""Hermite coefficients against quadrature, and the start of the normalised flow that they set."""

import math

import numpy as np
import pytest
import sympy
from oracles.quadrature import average
from scipy.integrate import solve_ivp
from scipy.special import erf

from theory.symbolic import (
    RELU,
    Z,
    hermite_coefficient,
    information_exponent,
    single_index,
)

s, u, t = sympy.symbols("s u t")
HE4 = Z**4 - 6 * Z**2 + 3
EXPONENTS = [
    (Z**2, 2),
    (Z**3, 1),
    (Z**3 - 3 * Z, 3),
    (HE4, 4),
    (HE4 + 5, 4),
    (Z**3 - 3 * Z + HE4 / 7, 3),
    (sympy.erf(Z), 1),
    (RELU, 1),
    (sympy.Abs(Z), 2),
]


@pytest.mark.parametrize("index", range(6))
def test_coefficients_agree_with_quadrature(index: int) -> None:
    basis = np.polynomial.hermite_e.HermiteE.basis(index)
    for link, function in (
        (Z**4 - Z, lambda x: x**4 - x),
        (sympy.erf(Z / 2), lambda x: erf(x / 2)),
        (RELU, lambda x: np.maximum(x, 0)),
    ):
        expected = average(lambda x, f=function: f(x) * basis(x), 1) / math.factorial(index)
        assert float(hermite_coefficient(link, index)) == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize(("link", "exponent"), EXPONENTS, ids=str)
def test_exponent_is_one_more_than_the_order_of_the_drift_in_u(link: sympy.Expr, exponent: int) -> None:
    """B at s = t = 1 begins with 2 k k! c_k² u^(k−1)."""
    assert information_exponent(link) == exponent
    pull = single_index(link).B[0].subs({s: 1, t: 1})
    leading = sympy.series(pull, u, 0, exponent).removeO()
    expected = 2 * exponent * sympy.factorial(exponent) * hermite_coefficient(link, exponent) ** 2
    assert sympy.simplify(leading - expected * u ** (exponent - 1)) == 0


def test_away_from_unit_variance_lower_orders_return() -> None:
    pull = single_index(Z**3 - 3 * Z).B[0]
    assert sympy.expand(pull.subs(u, 0) - 18 * (s - 1) * (t - 1)) == 0


@pytest.mark.parametrize(("link", "exponent"), [(Z**2, 2), (Z**3 - 3 * Z, 3), (HE4, 4)], ids=str)
def test_escape_times_on_the_sphere(link: sympy.Expr, exponent: int) -> None:
    """The flow on the unit sphere, u̇ = (1 − u²) B(1, u, 1), from ε to 1/2: log(1/ε) or ε^(2−k)."""
    pull = sympy.lambdify(u, single_index(link).B[0].subs({s: 1, t: 1}))

    def escape_time(start: float) -> float:
        """Time as a function of log u, which needs no stopping event."""
        result = solve_ivp(
            lambda x, _: [math.exp(x) / ((1 - math.exp(2 * x)) * pull(math.exp(x)))],
            (math.log(start), math.log(0.5)),
            [0.0],
            rtol=1e-10,
            atol=1e-12,
        )
        return float(result.y[0, -1])

    first, second, third = (escape_time(start) for start in (1e-4, 1e-5, 1e-6))
    if exponent == 2:
        assert third - second == pytest.approx(second - first, rel=1e-4)
    else:
        assert math.log10(third / second) == pytest.approx(exponent - 2, abs=2e-3)
