"""Normalised units: their flow in one line, what it keeps, and where it is not theirs."""

import pytest
import sympy

from theory.symbolic import (
    Model,
    ModelError,
    Statistic,
    Z,
    complex_phase_retrieval,
    constrained,
    hermite_coefficient,
    hierarchy,
    normalised,
    parse_link,
    single_index,
)

s, u, t = sympy.symbols("s u t", positive=True)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_hermite_links_have_one_power(k):
    """ẇ = (2 k k! m^(k−1)/√(s t)) Q (w* − (u/s) w), m = u/√(s t)."""
    model = normalised(single_index(parse_link(f"He{k}(z)")))
    rate = 2 * k * sympy.factorial(k) * (u / sympy.sqrt(s * t)) ** (k - 1) / sympy.sqrt(s * t)
    found = [part[0].subs({"s": s, "u": u, "t": t}) for part in model.drift]
    for part, expected in zip(found, (-rate * u / s, rate), strict=True):
        assert sympy.simplify(part - expected) == 0


@pytest.mark.parametrize("link", [Z**4 + Z, sympy.erf(Z), sympy.Abs(Z)])
def test_the_slope_is_that_of_the_correlation(link):
    """B √(s t) = 2 Σ k k! c_k² m^(k−1) (Mehler): its series at m = 0, whatever s and t."""
    model = normalised(single_index(link))
    m = sympy.Symbol("m")
    slope = (model.B[0] * sympy.sqrt(s * t)).subs({"s": s, "t": t}).subs("u", m * sympy.sqrt(s * t))
    for k in range(1, 5):
        expected = 2 * k * sympy.factorial(k) * hermite_coefficient(link, k) ** 2
        found = slope.diff(m, k - 1).subs(m, 0) / sympy.factorial(k - 1)
        assert sympy.simplify(found - expected) == 0


@pytest.mark.parametrize(
    "model",
    [
        single_index(parse_link("He3(z)")),
        Model("two", Z**3 + Z, Z**2, (sympy.S(1), sympy.S(-2)), (sympy.S(1), sympy.S(3))),
    ],
)
def test_every_norm_is_kept(model):
    """d‖w_j‖²/dt = 0, as an identity of the tower; so the multipliers of a kept norm vanish."""
    tower = hierarchy(normalised(model))
    plain = {Statistic(x.name, x.row, x.column, sympy.S.One) for x in tower.entries}
    overlaps = tower.model.overlaps
    plain = {key.function(overlaps): key.symbol(overlaps) for key in plain}
    for j in range(model.students):
        change = tower.derivative(Statistic("S", j, j, sympy.S.Zero))
        total = sympy.Add(*(c * key.function(overlaps) for key, c in change.items())).subs(plain)
        assert sympy.simplify(total) == 0
    bound = constrained(normalised(model), "sphere")
    assert all(sympy.simplify(multiplier) == 0 for multiplier in bound.multipliers)


def test_other_inputs_are_refused():
    with pytest.raises(ModelError, match="complex phase retrieval"):
        normalised(complex_phase_retrieval())
