"""Gaussian moments against Isserlis' theorem by enumeration, and against quadrature."""

from collections.abc import Iterator

import numpy as np
import pytest
import sympy

from theory.symbolic import expectation, gaussian_moment
from theory.symbolic.overlaps import symmetric_symbols


def pairings(items: tuple[int, ...]) -> Iterator[list[tuple[int, int]]]:
    """Yield every way to split the items into pairs."""
    if not items:
        yield []
        return
    first, *others = items
    for position, partner in enumerate(others):
        rest = (*others[:position], *others[position + 1 :])
        for pairing in pairings(rest):
            yield [(first, partner), *pairing]


@pytest.mark.parametrize("powers", [(2,), (6,), (1, 1), (4, 2), (3, 3), (2, 2, 2), (1, 2, 3), (3, 2)])
def test_moment_is_the_sum_over_pairings(powers: tuple[int, ...]) -> None:
    covariance = symmetric_symbols("C", len(powers))
    factors = tuple(j for j, power in enumerate(powers) for _ in range(power))
    by_pairings = sum(sympy.prod(covariance[j, k] for j, k in pairing) for pairing in pairings(factors))
    assert sympy.expand(gaussian_moment(powers, covariance) - by_pairings) == 0


def test_powers_of_one_variable_have_double_factorial_moments() -> None:
    s = sympy.Symbol("s")
    for n in range(9):
        moment = gaussian_moment((2 * n,), sympy.Matrix([[s]]))
        assert moment == sympy.factorial2(2 * n - 1) * s**n


def test_expectation_agrees_with_gauss_hermite_quadrature() -> None:
    x, y = sympy.symbols("x y")
    polynomial = (x**3 - 2 * x * y + 1) * (y**3 + x) - x**2 * y**4
    covariance = sympy.Matrix([[2, sympy.Rational(-1, 2)], [sympy.Rational(-1, 2), 3]])
    exact = expectation(polynomial, (x, y), covariance)

    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    weights = weights / weights.sum()
    factor = np.linalg.cholesky(np.array(covariance, dtype=float))
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"))
    values = sympy.lambdify((x, y), polynomial)(*np.einsum("jk,kab->jab", factor, grid))
    assert float(exact) == pytest.approx(weights @ values @ weights, rel=1e-12)


def test_a_singular_covariance_is_allowed() -> None:
    s = sympy.Symbol("s")
    assert gaussian_moment((1, 3), sympy.Matrix([[s, s], [s, s]])) == 3 * s**2


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="symmetric matrix"):
        gaussian_moment((2, 2), sympy.eye(3))
    with pytest.raises(ValueError, match="symmetric matrix"):
        gaussian_moment((2, 2), sympy.Matrix([[1, 2], [3, 4]]))
    with pytest.raises(ValueError, match="non-negative"):
        gaussian_moment((-1, 1), sympy.eye(2))
