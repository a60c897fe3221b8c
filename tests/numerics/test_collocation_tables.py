"""Radau IIA: what the table must satisfy, and that the solver's accuracy is of the order it has."""

from itertools import chain

import numpy as np
import pytest
from mpmath import mp, mpf
from numpy.polynomial import Polynomial

from numerics.quadrature.collocation import Collocation, in_log_time, radau
from theory.legendre import radau_nodes

STAGES = [2, 3, 5, 8, 12, 13]


@pytest.mark.parametrize("stages", STAGES)
def test_simplifying_conditions(stages):
    """B(2s − 1), C(s) and D(s − 1) of Hairer & Wanner IV.5, with b the last row of 𝒜."""
    table = radau(stages)
    c, a = table.nodes, table.matrix
    b = a[-1]
    assert c[-1] == 1.0
    assert (np.diff(c) > 0).all()
    assert c[0] > 0
    for k in range(1, 2 * stages):
        assert b @ c ** (k - 1) == pytest.approx(1 / k, rel=1e-13)
    if stages <= 8:  # beyond, the next condition fails by less than rounding
        assert abs(b @ c ** (2 * stages - 1) - 1 / (2 * stages)) > 1e-10
    for k in range(1, stages + 1):
        assert a @ c ** (k - 1) == pytest.approx(c**k / k, abs=1e-13)
    for k in range(1, stages):
        assert (b * c ** (k - 1)) @ a == pytest.approx(b / k * (1 - c**k), abs=1e-13)


def test_known_tables():
    """Two and three stages in radicals, Hairer & Wanner, tables IV.5.5 and IV.5.6."""
    two, three, root = radau(2), radau(3), np.sqrt(6)
    assert two.matrix == pytest.approx(np.array([[5 / 12, -1 / 12], [3 / 4, 1 / 4]]), abs=1e-15)
    assert three.nodes == pytest.approx([(4 - root) / 10, (4 + root) / 10, 1], abs=1e-15)
    assert three.matrix[-1] == pytest.approx([(16 - root) / 36, (16 + root) / 36, 1 / 9], abs=1e-15)


@pytest.mark.parametrize("stages", [7, 12, 20])
def test_tables_are_rounded_once(stages):
    """Against 50 digits, in units of each entry's rounding: a table's own comes back in every step."""
    table = radau(stages)
    with mp.workdps(50):
        nodes = radau_nodes(stages, mpf, mp.prec)
        exact = [[mp.fdot(row.primitives, column.shares) / 2 for column in nodes] for row in nodes]
        for found, x in zip(table.nodes, nodes, strict=True):
            assert abs(mpf(float(found)) - (x.x + 1) / 2) < 0.51 * np.spacing(found)
        for found, entry in zip(table.matrix.ravel(), chain(*exact), strict=True):
            assert abs(mpf(float(found)) - entry) < np.spacing(abs(found))


@pytest.mark.parametrize("stages", STAGES)
def test_stability(stages):
    """|R(z)| ≤ 1 on the left half-plane, and R(∞) = 0."""
    table = radau(stages)

    def gain(z):
        return 1 + z * table.matrix[-1] @ np.linalg.solve(np.eye(stages) - z * table.matrix, np.ones(stages))

    for angle in np.linspace(np.pi / 2, np.pi, 7):
        for size in (1e-2, 1.0, 30.0, 1e3):
            assert abs(gain(size * np.exp(1j * angle))) <= 1 + 1e-12
    assert abs(gain(-1e8)) < 1e-5


@pytest.mark.parametrize("stages", [2, 3, 4])
def test_convergence_order(stages):
    """Order 2s − 1 at the right end, fitted on ẏ = −(1 + 2t) y + cos t."""
    table = radau(stages)

    def end(steps):
        y, h = 1.0, 1.0 / steps
        for n in range(steps):
            t = (n + table.nodes) * h
            matrix = np.eye(stages) + h * table.matrix * (1 + 2 * t)
            y = np.linalg.solve(matrix, y + h * table.matrix @ np.cos(t))[-1]
        return y

    exact = end(400)
    errors = [abs(end(steps) - exact) for steps in (4, 8)]
    assert errors[1] > 1e-13
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2 * stages - 1, abs=0.35)


@pytest.mark.parametrize("stages", STAGES)
def test_evaluate(stages):
    """Exact for polynomials of degree s, of any leading shape, at any shape of points."""
    table = radau(stages)
    rng = np.random.default_rng(stages)
    polynomials = [[Polynomial(rng.standard_normal(stages + 1)) for _ in range(3)] for _ in range(2)]
    values = np.array([[p(table.points) for p in row] for row in polynomials])
    x = rng.uniform(0, 1, (4, 5))
    found = table.evaluate(values, x)
    assert found.shape == (2, 3, 4, 5)
    assert found == pytest.approx(np.array([[p(x) for p in row] for row in polynomials]), abs=1e-11)
    assert table.evaluate(values, 0.3).shape == (2, 3)
    assert table.evaluate(values[0, 0], table.points) == pytest.approx(values[0, 0], abs=1e-12)


def test_chebyshev_coefficients():
    table = radau(4)
    x = 2 * table.points - 1
    values = 3.0 - 2.0 * x + 0.5 * (2 * x**2 - 1)
    assert table.to_chebyshev @ values == pytest.approx([3, -2, 0.5, 0, 0], abs=1e-14)


@pytest.mark.parametrize("stages", STAGES)
def test_derivative(stages):
    table, polynomial = radau(stages), Polynomial(np.random.default_rng(stages).standard_normal(stages + 1))
    found = table.derivative @ polynomial(table.points)
    assert found == pytest.approx(polynomial.deriv()(table.points), abs=1e-9)


def test_extrapolation_drops_what_rounding_would_make_large():
    table = radau(16)
    x = np.array([1.5, 3.0])
    smooth = np.stack([np.exp(-0.1 * table.points), 1.0 + 0.5 * table.points])
    exact = np.stack([np.exp(-0.1 * x), 1.0 + 0.5 * x])
    assert table.extrapolate(smooth, x) == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("roots", [[0.3], [0.1, 0.6, 0.95], [0.0, 1.0], [0.5, 0.5001], []])
def test_roots(roots):
    """Those in [0, 1], sorted; 1.5, −0.2 and a complex pair are none."""
    table = radau(12)
    polynomial = Polynomial.fromroots([*roots, 1.5, -0.2]) * Polynomial([1.0, -1.0, 1.0])
    assert table.roots(polynomial(table.points)) == pytest.approx(roots, abs=1e-9)


def test_roots_of_nothing_and_of_constants():
    table = radau(5)
    assert table.roots(np.zeros(6)).size == 0
    assert table.roots(np.full(6, 2.0)).size == 0


@pytest.mark.parametrize("stages", [-1, 0, 1])
def test_too_few_stages(stages):
    with pytest.raises(ValueError, match=f"stages is {stages}: Radau IIA needs at least 2"):
        radau(stages)


def test_a_wrong_table_is_refused():
    good = radau(3)
    with pytest.raises(ArithmeticError, match="does not integrate x"):
        Collocation(good.nodes, good.matrix + 1e-12, good.points, good.to_chebyshev)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.5])
def test_powers_of_time_are_smooth_in_its_logarithm(power):
    """∫ (1 + τ)^−p dτ from 0 to 1, to the rounding of the table; without the logarithm it is far from it."""
    plain, table = radau(11), in_log_time(radau(11), np.log(2.0))
    exact = np.log1p if power == 1.0 else lambda x: ((1.0 + x) ** (1.0 - power) - 1.0) / (1.0 - power)
    errors = [
        np.abs(method.matrix @ (1.0 + method.nodes) ** -power - exact(method.nodes)).max()
        for method in (table, plain)
    ]
    assert errors[0] < 3e-15
    assert errors[1] > 1e-11
    assert table.matrix @ np.ones(11) == pytest.approx(table.nodes, abs=1e-14)


def test_logarithms_too_long_for_the_stages():
    with pytest.raises(ArithmeticError, match="does not integrate 1"):
        in_log_time(radau(3), 3.0)


@pytest.mark.parametrize("stages", [2, 5, 20])
def test_interpolation_keeps_the_digits_of_what_is_small_next_to_a_point(stages):
    """1 − e^{−x} and its polynomial vanish at 0: next to it their ratio is that of the slopes."""
    table = radau(stages)
    values = -np.expm1(-table.points)
    slope = (table.derivative @ values)[0]
    for x in (1e-300, 1e-20, 1e-12):
        assert values @ table.basis(np.array([x])) == pytest.approx(slope * x, rel=1e-11)
    assert (table.basis(table.points) == np.eye(stages + 1)).all()
    places = np.linspace(0.0, 1.0, 50)
    assert values @ table.basis(places) == pytest.approx(table.evaluate(values, places), abs=1e-14)
