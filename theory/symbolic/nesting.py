"""Nested (Horner) form of polynomials, which takes few products to evaluate."""

from collections.abc import Mapping, Sequence

import sympy

Terms = Mapping[tuple[int, ...], sympy.Expr]
"""Coefficients by the exponents of the variables."""


def nested(expression: sympy.Expr, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    """A polynomial in nested form, or another expression with its polynomial parts so.

    At each level the variable is factored out that divides the most terms, the first of them where
    several do. Coefficients may hold other symbols, and are not nested.

    >>> x, y, a = sympy.symbols("x y a")
    >>> nested(x**3 + a * x**2 + 2 * x * y + y, (x, y))
    x*(x*(a + x) + 2*y) + y
    """
    plain = expression.is_polynomial(*variables)
    return _nested_parts(expression if plain else sympy.factor_terms(expression), variables)


def _nested_parts(factored: sympy.Expr, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    if not factored.is_polynomial(*variables):
        return factored.func(*(_nested_parts(part, variables) for part in factored.args))
    return _nest(dict(sympy.Poly(factored, *variables).terms()), variables)


def _nest(terms: Terms, variables: Sequence[sympy.Symbol]) -> sympy.Expr:
    counts = [sum(power > 0 for power in column) for column in zip(*terms, strict=True)]
    most = max(counts, default=0)
    if most < 2:
        return sympy.Add(*(sympy.Mul(c, *map(sympy.Pow, variables, powers)) for powers, c in terms.items()))
    j = counts.index(most)
    quotient = {_lower(powers, j): c for powers, c in terms.items() if powers[j]}
    rest = {powers: c for powers, c in terms.items() if not powers[j]}
    return variables[j] * _nest(quotient, variables) + _nest(rest, variables)


def _lower(powers: tuple[int, ...], j: int) -> tuple[int, ...]:
    return (*powers[:j], powers[j] - 1, *powers[j + 1 :])
