"""Links: the polynomials that students and teachers apply to their projections of the input.

A link is a SymPy expression in the one variable :data:`Z` with rational coefficients, so that every
Gaussian expectation of links is a polynomial in the overlaps, and exact.
"""

import ast
from fractions import Fraction

import sympy

Z = sympy.Symbol("z")
"""The argument of every link."""

MAX_DEGREE = 32
"""Largest degree that :func:`parse_link` accepts: a mistyped exponent must not run for hours."""

_ALLOWED = "a link is a polynomial in z with rational coefficients, such as z**3 - 3*z"


class LinkError(ValueError):
    """The link is not a polynomial in ``z`` with rational coefficients, or it is constant."""


def link_polynomial(link: sympy.Expr) -> sympy.Poly:
    """Return ``link`` as a polynomial in :data:`Z` over the rationals.

    Raises :class:`LinkError` where the link is no polynomial in ``z`` alone, is constant (a
    constant has no gradient), or holds floating-point coefficients (derivations are exact).

    >>> link_polynomial(Z**2 - 1).degree()
    2
    """
    try:
        polynomial = sympy.Poly(link, Z)
    except sympy.PolynomialError as error:
        raise LinkError(f"cannot use the link {link}: {_ALLOWED}") from error
    if not (polynomial.domain.is_ZZ or polynomial.domain.is_QQ):
        raise LinkError(f"cannot use the link {link}: {_ALLOWED}")
    if polynomial.degree() < 1:
        raise LinkError(f"cannot use the constant link {link}: {_ALLOWED}")
    return polynomial


def parse_link(text: str) -> sympy.Expr:
    """Read a link from text, without evaluating any code.

    The grammar is ``+ - * /``, ``**`` with a literal integer exponent, parentheses, the variable
    ``z`` and decimal numbers, which are read as exact fractions. Division is by numbers only.
    Raises :class:`LinkError` for everything else and for degrees above :data:`MAX_DEGREE`.

    >>> parse_link("z**3 - 3*z")
    z**3 - 3*z
    >>> parse_link("0.1*(z - 1)**2")
    z**2/10 - z/5 + 1/10
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise LinkError(f"cannot read the link {text!r}: {_ALLOWED}") from error
    link = _evaluate(tree.body).as_expr()
    link_polynomial(link)
    return link


def _evaluate(node: ast.expr) -> sympy.Poly:
    """Evaluate one node of the grammar of :func:`parse_link`."""
    match node:
        case ast.Name(id="z"):
            return sympy.Poly(Z, Z, domain="QQ")
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return sympy.Poly(_exact(number), Z, domain="QQ")
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluate(operand)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int() as exponent)):
            return _power(_evaluate(left), exponent)
        case ast.BinOp(op=operator, left=left, right=right):
            return _combine(_evaluate(left), operator, _evaluate(right))
    raise LinkError(f"cannot use {ast.unparse(node)!r} in a link: {_ALLOWED}")


def _exact(number: int | float) -> sympy.Rational:
    try:
        return sympy.Rational(Fraction(repr(number)))
    except ValueError as error:
        raise LinkError(f"cannot use {number} in a link: numbers must be finite") from error


def _combine(left: sympy.Poly, operator: ast.operator, right: sympy.Poly) -> sympy.Poly:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            _check_degree(left.degree() + right.degree())
            return left * right
        case ast.Div() if right.degree() == 0:
            return left.mul_ground(1 / right.LC())
    raise LinkError(
        f"cannot combine {left.as_expr()} and {right.as_expr()} with {type(operator).__name__}: {_ALLOWED}"
    )


def _power(base: sympy.Poly, exponent: int) -> sympy.Poly:
    _check_degree(exponent)
    _check_degree(base.degree() * exponent)
    return base**exponent


def _check_degree(degree: int) -> None:
    if degree > MAX_DEGREE:
        raise LinkError(f"a link has degree at most {MAX_DEGREE}, not {degree}")
