"""Links: the functions that students and teachers apply to their projections of the input.

A link is a SymPy expression in the one variable :data:`Z`: a combination, with rational
coefficients, of the functions of :mod:`theory.symbolic.averages`, so that every Gaussian
expectation of a product of two links has a closed form, and is exact. Polynomials are the links
whose expectations are polynomials in the overlaps.
"""

import ast
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

import sympy

from theory.expected import Only, checked
from theory.symbolic.averages import Atom, ErrorFunction, Modulus, Monomial

Z = sympy.Symbol("z")
"""The argument of every link."""

RELU = (Z + sympy.Abs(Z)) / 2
"""The rectifier ``max(z, 0)`` as the combination whose averages are known."""

MAX_DEGREE = 32
"""Largest degree that :func:`parse_link` accepts: a mistyped exponent must not run for hours."""

MAX_LENGTH = 1000
"""Longest text of a link, in characters."""

MAX_EXPONENT = 300
"""Largest power of ten in a decimal of a link."""

MAX_BITS = 4096
"""Longest number that a power in the text of a link may give."""

_ALLOWED = (
    "a link is a polynomial in z with rational coefficients, such as z**3 - 3*z,"
    " or a rational combination of powers of z, erf(c*z), abs(z) and relu(z)"
)


Link = Annotated[sympy.Expr, Only("a SymPy expression in z, such as parse_link makes of a text")]


class LinkError(ValueError):
    """The link is constant, or no combination with rational coefficients of known functions."""


class UnknownAverageError(LinkError):
    """The link holds a function whose Gaussian averages have no closed form here."""


def link_terms(link: Link) -> dict[Atom, sympy.Rational]:
    """Return the coefficient of each function that ``link`` combines.

    Raises :class:`UnknownAverageError` for a function of another kind, and :class:`LinkError`
    where the link holds symbols besides ``z``, coefficients that are not rational (derivations are
    exact), or no ``z`` at all (a constant has no gradient).

    >>> link_terms(Z**2 - 1)
    {Monomial(power=0): -1, Monomial(power=2): 1}
    >>> link_terms(3 * sympy.erf(Z / 2))
    {ErrorFunction(scale=1/2): 3}
    """
    try:
        exact = sympy.sympify(link, strict=True)
    except sympy.SympifyError:
        raise LinkError(f"a link is a SymPy expression in Z, not {link!r}: read text by parse_link") from None
    terms: dict[Atom, sympy.Rational] = {}
    for summand in sympy.Add.make_args(sympy.expand(_without_maxima(exact))):
        coefficient, function = summand.as_coeff_Mul()
        if not coefficient.is_Rational:
            raise LinkError(f"cannot use the coefficient {coefficient} in the link {link}: {_ALLOWED}")
        if coefficient:
            atom = _atom(function, link)
            terms[atom] = terms.get(atom, sympy.S.Zero) + coefficient
    if not terms.keys() - {Monomial(0)}:
        raise LinkError(f"cannot use the constant link {link}: {_ALLOWED}")
    return {atom: terms[atom] for atom in sorted(terms, key=repr)}


def is_polynomial(link: sympy.Expr) -> bool:
    """Return whether the link is a polynomial.

    >>> is_polynomial(Z**3), is_polynomial(RELU)
    (True, False)
    """
    return all(isinstance(atom, Monomial) for atom in link_terms(link))


def _without_maxima(link: sympy.Expr) -> sympy.Expr:
    """Write ``Max(0, y)`` as ``(y + |y|)/2``."""
    return link.replace(
        lambda part: isinstance(part, sympy.Max) and len(part.args) == 2 and 0 in part.args,
        lambda part: (sum(part.args) + sympy.Abs(sum(part.args))) / 2,
    )


def _atom(function: sympy.Expr, link: sympy.Expr) -> Atom:
    """Return the known function that an expression without a rational factor is."""
    base, power = function.as_base_exp()
    if function == 1 or (base == Z and power.is_Integer and power > 0):
        return Monomial(int(power) if base == Z else 0)
    if function == sympy.Abs(Z):
        return Modulus()
    if isinstance(function, sympy.erf):
        scale = function.args[0].coeff(Z)
        if function.args[0] == scale * Z and (scale**2).is_Rational and scale.is_positive:
            return ErrorFunction(scale)
        raise UnknownAverageError(
            f"no Gaussian average of {function} is known: erf takes c*z with a constant c, c**2 rational"
        )
    if function.free_symbols - {Z} or function.is_polynomial(Z):
        raise LinkError(f"cannot use {function} in the link {link}: {_ALLOWED}")
    raise UnknownAverageError(_unknown(function))


def _unknown(function: object) -> str:
    return (
        f"no Gaussian average of {function} is known: {_ALLOWED}; use a polynomial that approximates it,"
        " or add the function's averages to theory.symbolic.averages"
    )


@checked
def parse_link(text: str) -> sympy.Expr:
    """Read a link from text, without evaluating any code.

    The grammar is ``+ - * /``, ``**`` with a literal integer exponent, parentheses, the variable
    ``z``, decimal numbers, which are read as exact fractions, and the functions ``erf``, ``abs``,
    ``relu`` and ``sqrt`` of a number. Division is by numbers only.
    Raises :class:`LinkError` for everything else and for degrees above :data:`MAX_DEGREE`.

    >>> parse_link("z**3 - 3*z")
    z**3 - 3*z
    >>> parse_link("0.1*(z - 1)**2")
    z**2/10 - z/5 + 1/10
    >>> parse_link("relu(z) - erf(z/sqrt(2))")
    z/2 + Abs(z)/2 - erf(sqrt(2)*z/2)
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise LinkError(f"a link has at most {MAX_LENGTH} characters, not {len(text)}")
    try:
        link = _evaluate(_with_exact_decimals(text, ast.parse(text, mode="eval"))).as_expr()
    except LinkError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise LinkError(f"cannot read the link {text!r}: {_ALLOWED}") from error
    link_terms(link)
    return link


def _with_exact_decimals(text: str, tree: ast.Expression) -> ast.expr:
    """Replace decimals by the fractions that they write; Python itself reads them as floats."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            written = str(ast.get_source_segment(text, node)).replace("_", "")
            if abs(Decimal(written).adjusted()) > MAX_EXPONENT:
                raise LinkError(f"cannot use {written} in a link: powers of ten end at {MAX_EXPONENT}")
            node.value = Fraction(written)  # type: ignore[assignment]  # a constant of our own
    return tree.body


def _evaluate(node: ast.expr) -> sympy.Poly:
    """Evaluate one node of the grammar of :func:`parse_link`."""
    match node:
        case ast.Name(id="z"):
            return sympy.Poly(Z, Z, domain="QQ")
        case ast.Constant(value=int() | Fraction() as number) if not isinstance(number, bool):
            return sympy.Poly(sympy.Rational(number), Z, domain="QQ")
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluate(operand)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return _polynomial(_FUNCTIONS[name](_evaluate(argument).as_expr()))
        case ast.Call(func=ast.Name()):
            raise UnknownAverageError(_unknown(ast.unparse(node)))
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int() as exponent)) if (
            not isinstance(exponent, bool)
        ):
            return _power(_evaluate(left), exponent)
        case ast.BinOp(op=operator, left=left, right=right):
            return _combine(_evaluate(left), operator, _evaluate(right))
    raise LinkError(f"cannot use {ast.unparse(node)!r} in a link: {_ALLOWED}")


_FUNCTIONS = {
    "erf": sympy.erf,
    "abs": sympy.Abs,
    "relu": lambda argument: (argument + sympy.Abs(argument)) / 2,
    "sqrt": sympy.sqrt,
}


def _polynomial(value: sympy.Expr) -> sympy.Poly:
    """Return an expression as a polynomial in ``z`` and in the functions that it holds."""
    functions = sorted(value.atoms(sympy.erf, sympy.Abs), key=sympy.default_sort_key)
    try:
        return sympy.Poly(value, Z, *functions)
    except sympy.PolynomialError as error:
        raise LinkError(f"cannot use {value} in a link: {_ALLOWED}") from error


def _combine(left: sympy.Poly, operator: ast.operator, right: sympy.Poly) -> sympy.Poly:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            _check_degree(left.total_degree() + right.total_degree())
            return left * right
        case ast.Div() if right.is_ground and not right.is_zero:
            return left * _polynomial(1 / right.LC())
    raise LinkError(
        f"cannot combine {left.as_expr()} and {right.as_expr()} with {type(operator).__name__}: {_ALLOWED}"
    )


def _power(base: sympy.Poly, exponent: int) -> sympy.Poly:
    _check_degree(exponent)
    _check_degree(base.total_degree() * exponent)
    size = max((_bits(coefficient) for coefficient in base.coeffs()), default=0)
    if size * exponent > MAX_BITS:
        raise LinkError(f"the numbers of a link have at most {MAX_BITS} bits: {exponent} is too high a power")
    return base**exponent


def _bits(coefficient: sympy.Expr) -> int:
    """The length of a rational coefficient; other constants count as short."""
    if not coefficient.is_Rational:
        return 1
    return max(int(coefficient.p).bit_length(), int(coefficient.q).bit_length())


def _check_degree(degree: int) -> None:
    if degree > MAX_DEGREE:
        raise LinkError(f"a link has degree at most {MAX_DEGREE}, not {degree}")
