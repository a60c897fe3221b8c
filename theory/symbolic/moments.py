"""Exact moments of centred Gaussian vectors.

Everything follows from Stein's lemma: for ``X ~ N(0, C)`` and a polynomial ``h``,
``E[X_j h(X)] = Σ_k C_jk E[∂_k h(X)]``. Applied to a monomial it lowers the degree by two at each
step, which is Isserlis' (Wick's) theorem in recursive form.
"""

from collections.abc import Sequence
from functools import cache

import sympy

from theory.expected import checked
from theory.symbolic.given import given


@checked
def gaussian_moment(powers: Sequence[int], covariance: sympy.MatrixBase) -> sympy.Expr:
    """``E[Π_j X_j**powers[j]]`` for ``X ~ N(0, covariance)``.

    The covariance is a symmetric ``n × n`` SymPy matrix with numeric or symbolic entries, and may
    be singular; the result is an expanded polynomial in these entries, 0 for odd total degree.
    Raises ``ValueError`` for negative powers and for a covariance of another shape.

    >>> s, u, t = sympy.symbols("s u t")
    >>> gaussian_moment((2, 2), sympy.Matrix([[s, u], [u, t]]))
    s*t + 2*u**2
    """
    if covariance.shape != (len(powers), len(powers)) or not covariance.is_symmetric():
        raise ValueError(
            f"the covariance of {len(powers)} variables must be a symmetric matrix of that size,"
            f" not {covariance}"
        )
    if any(power < 0 for power in powers):
        raise ValueError(f"powers must be non-negative integers, not {tuple(powers)}")
    return _moment(tuple(powers), sympy.ImmutableMatrix(covariance))


@cache
def _moment(powers: tuple[int, ...], covariance: sympy.ImmutableMatrix) -> sympy.Expr:
    """Stein's lemma for the first variable that is present."""
    if sum(powers) % 2:
        return sympy.S.Zero
    if not any(powers):
        return sympy.S.One
    first = next(j for j, power in enumerate(powers) if power)
    rest = _lower(powers, first)
    return sympy.expand(
        sum(
            covariance[first, k] * power * _moment(_lower(rest, k), covariance)
            for k, power in enumerate(rest)
            if power
        )
    )


def _lower(powers: tuple[int, ...], j: int) -> tuple[int, ...]:
    return (*powers[:j], powers[j] - 1, *powers[j + 1 :])


@checked
def expectation(
    polynomial: sympy.Expr, variables: Sequence[sympy.Symbol], covariance: sympy.MatrixBase
) -> sympy.Expr:
    """``E[polynomial]`` when ``variables ~ N(0, covariance)``, as an expanded expression.

    The coefficients may hold other symbols. Raises ``sympy.PolynomialError`` where the expression
    is no polynomial in the variables, ``ValueError`` where the covariance does not fit them.

    >>> x, s = sympy.symbols("x s")
    >>> expectation((x**2 - 1) ** 2, [x], sympy.Matrix([[s]]))
    3*s**2 - 2*s + 1
    """
    terms = sympy.Poly(given(polynomial, "polynomial"), *variables).terms()
    return sympy.expand(
        sum(coefficient * gaussian_moment(powers, covariance) for powers, coefficient in terms)
    )
