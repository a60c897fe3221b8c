"""Links: the functions that students and teachers apply to their projections of the input.

A link is a SymPy expression in the one variable :data:`Z`. Where it is a combination of the functions of
:mod:`theory.symbolic.averages` every Gaussian expectation of a product of two links has a closed form, and is
exact; polynomials are the links whose expectations are polynomials in the overlaps. Of other links, such as
tanh, expectations are numbers: see :mod:`numerics.pairs`.
"""

import ast
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import sympy
from sympy.polys.orthopolys import hermite_prob_poly

from theory.expected import Only, checked
from theory.symbolic.averages import Atom, ErrorFunction, Exponential, Monomial, Sign, Wave

Z = sympy.Symbol("z")
"""The argument of every link."""

RELU = (Z + sympy.Abs(Z)) / 2
"""The rectifier ``max(z, 0)`` as the combination whose averages are known."""

MAX_DEGREE = 64
"""Largest degree that :func:`parse_link` accepts: a mistyped exponent must not run for hours."""

MAX_LENGTH = 1000
"""Longest text of a link, in characters."""

MAX_EXPONENT = 300
"""Largest power of ten in a decimal of a link."""

MAX_BITS = 4096
"""Longest number that a power in the text of a link may give."""

_CLOSED = "powers of z times 1, erf(c*z), sign(z), abs(z), relu(z), gelu(z), exp(c*z), sin(c*z), cos(c*z)"


class Softplus(sympy.Function):  # type: ignore[misc]  # SymPy ships no types
    """``log(1 + exp(z))``."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """The sigmoid, by its hyperbolic tangent, which does not overflow."""
        return (1 + sympy.tanh(self.args[0] / 2)) / 2

    def doit(self, **hints: bool) -> sympy.Expr:
        """The logarithm."""
        return sympy.log(1 + sympy.exp(self.args[0]))


def _sigmoid(argument: sympy.Expr) -> sympy.Expr:
    return (1 + sympy.tanh(argument / 2)) / 2


_FUNCTIONS: dict[str, Callable[[sympy.Expr], sympy.Expr]] = {
    "abs": sympy.Abs,
    "cos": sympy.cos,
    "erf": sympy.erf,
    "exp": sympy.exp,
    "gelu": lambda argument: argument * (1 + sympy.erf(argument / sympy.sqrt(2))) / 2,
    "relu": lambda argument: (argument + sympy.Abs(argument)) / 2,
    "sigmoid": _sigmoid,
    "sign": sympy.sign,
    "silu": lambda argument: argument * _sigmoid(argument),
    "sin": sympy.sin,
    "softplus": Softplus,
    "sqrt": sympy.sqrt,
    "tanh": sympy.tanh,
}

_ALLOWED = (
    "a link is a polynomial in z, such as z**3 - 3*z or He3(z), or a combination with real coefficients of"
    f" powers of z times the functions {', '.join(sorted(set(_FUNCTIONS) - {'sqrt'}))}"
)

_HERMITE = re.compile(r"(He|he)(\d+)")


Link = Annotated[sympy.Expr, Only("a SymPy expression in z, such as parse_link makes of a text")]


class LinkError(ValueError):
    """The link is constant, or no function of ``z`` alone."""


class UnknownAverageError(LinkError):
    """The link holds a function whose Gaussian averages have no closed form here."""


def link_terms(link: Link) -> dict[Atom, sympy.Expr]:
    """The coefficient of each function that ``link`` combines.

    Raises :class:`UnknownAverageError` for a function of another kind, and :class:`LinkError`
    where the link is none: see :func:`canonical`.

    >>> link_terms(Z**2 - 1)
    {Monomial(power=0): -1, Monomial(power=2): 1}
    >>> link_terms(3 * sympy.erf(Z / 2))
    {ErrorFunction(scale=1/2, power=0): 3}
    """
    terms: dict[Atom, sympy.Expr] = {}
    for summand in sympy.Add.make_args(canonical(link)):
        coefficient, function = summand.as_independent(Z, as_Add=False)
        atom = _atom(function)
        terms[atom] = terms.get(atom, sympy.S.Zero) + coefficient
    return {atom: terms[atom] for atom in sorted(terms, key=repr)}


def canonical(link: sympy.Expr) -> sympy.Expr:
    """A link as a sum of products, powers of ``|z|`` and ``sign z`` reduced to the first.

    Raises :class:`LinkError` where the link holds symbols besides ``z``, coefficients that are not real,
    or no ``z`` at all (a constant has no gradient).

    >>> canonical(sympy.Abs(Z) ** 2), canonical(RELU**2)
    (z**2, z**2/2 + z*Abs(z)/2)
    """
    try:
        exact = sympy.sympify(link, strict=True)
    except sympy.SympifyError:
        raise LinkError(f"a link is a SymPy expression in Z, not {link!r}: read text by parse_link") from None
    total = sympy.S.Zero
    for summand in sympy.Add.make_args(sympy.expand(_without_maxima(exact))):
        coefficient, function = summand.as_independent(Z, as_Add=False)
        if not (coefficient.is_real and coefficient.is_finite):
            raise LinkError(f"cannot use the coefficient {coefficient} in the link {link}: {_ALLOWED}")
        total += coefficient * _reduced(function)
    if not total.has(Z):
        raise LinkError(f"cannot use the constant link {link}: {_ALLOWED}")
    return total


def is_polynomial(link: sympy.Expr) -> bool:
    """Whether the link is a polynomial.

    >>> is_polynomial(Z**3), is_polynomial(RELU)
    (True, False)
    """
    return bool(canonical(link).is_polynomial(Z))


def is_combination(link: sympy.Expr) -> bool:
    """Whether a link combines functions whose averages are known.

    >>> is_combination(RELU), is_combination(sympy.tanh(Z))
    (True, False)
    """
    try:
        link_terms(link)
    except UnknownAverageError:
        return False
    return True


def has_kink(link: sympy.Expr) -> bool:
    """Whether a link is not smooth at 0.

    >>> has_kink(RELU), has_kink(Z**3)
    (True, False)
    """
    return bool(canonical(link).atoms(sympy.Abs, sympy.sign, sympy.Heaviside, sympy.Piecewise))


def numpy_function(link: sympy.Expr) -> Callable[[Any], Any]:
    """The link as a function of NumPy arrays."""
    import numpy as np

    return sympy.lambdify(Z, link, modules=[{"Softplus": lambda x: np.logaddexp(0.0, x)}, "scipy", "numpy"])


def _without_maxima(link: sympy.Expr) -> sympy.Expr:
    """Write ``Max(0, y)`` as ``(y + |y|)/2``."""
    return link.replace(
        lambda part: isinstance(part, sympy.Max) and len(part.args) == 2 and 0 in part.args,
        lambda part: (sum(part.args) + sympy.Abs(sum(part.args))) / 2,
    )


def _reduced(function: sympy.Expr) -> sympy.Expr:
    """A product with ``|z|^2 = z^2``, ``z sign z = |z|`` and ``sign² = 1``."""
    factors = function.as_powers_dict()
    power, moduli, signs = (factors.pop(base, 0) for base in (Z, sympy.Abs(Z), sympy.sign(Z)))
    if not all(sympy.sympify(x).is_Integer and x >= 0 for x in (power, moduli, signs)):
        return function
    rest = sympy.Mul(*(base**exponent for base, exponent in factors.items()))
    total = power + moduli
    if (moduli + signs) % 2:
        rest *= sympy.sign(Z) if total == 0 else Z ** (total - 1) * sympy.Abs(Z)
    else:
        rest *= Z**total
    return rest


def _atom(function: sympy.Expr) -> Atom:
    """The known function that a product without a constant factor is."""
    base, power = function.as_independent(sympy.erf, sympy.Abs, sympy.sign, sympy.exp, sympy.sin, sympy.cos)
    plain, kernel = base, power
    if not function.has(sympy.Function, sympy.exp):
        plain, kernel = function, sympy.S.One
    degree = plain.as_base_exp()[1] if plain.has(Z) else sympy.S.Zero
    if plain not in (1, Z**degree) or not (degree.is_Integer and degree >= 0):
        raise UnknownAverageError(_unknown(function))
    n = int(degree)
    if kernel == 1:
        return Monomial(n)
    if kernel == sympy.Abs(Z):
        return Sign(n + 1)
    if kernel == sympy.sign(Z):
        return Sign(n)
    scale = _scale(kernel)
    if scale is not None and isinstance(kernel, sympy.erf) and scale.is_positive:
        return ErrorFunction(scale, n)
    if scale is not None and isinstance(kernel, sympy.exp):
        return Exponential(scale, n)
    if scale is not None and isinstance(kernel, sympy.sin | sympy.cos):
        return Wave(scale, int(isinstance(kernel, sympy.cos)), n)
    raise UnknownAverageError(_unknown(function))


def _scale(kernel: sympy.Expr) -> sympy.Expr | None:
    """C where the argument of a function is ``c z``, else None."""
    argument = kernel.args[0] if len(kernel.args) == 1 else sympy.S.Zero
    scale = argument.coeff(Z)
    return scale if argument == scale * Z and scale.is_real and scale != 0 else None


def _unknown(function: object) -> str:
    return (
        f"no Gaussian average of {function} is known in closed form: it is of {_CLOSED}, and of polynomials;"
        " numerics.network solves with any other link"
    )


@checked
def parse_link(text: str) -> sympy.Expr:
    """Read a link from text, without evaluating any code.

    The grammar is ``+ - * /``, ``**`` or ``^`` with a literal integer exponent, parentheses, the variable
    ``z``, decimal numbers, which are read as exact fractions, ``sqrt`` of a number, Hermite polynomials
    ``He3(z)`` and normalised ones ``he3(z)`` of any degree, and the functions abs, cos, erf, exp, gelu, relu,
    sigmoid, sign, silu, sin, softplus and tanh; the name of one of these alone means that of ``z``. Division
    is by numbers only. Raises :class:`LinkError` for everything else and for degrees above
    :data:`MAX_DEGREE`.

    >>> parse_link("z^3 - 3*z") == parse_link("He3(z)")
    True
    >>> parse_link("0.1*(z - 1)**2")
    z**2/10 - z/5 + 1/10
    >>> parse_link("relu(z) - erf(z/sqrt(2))")
    z/2 + Abs(z)/2 - erf(sqrt(2)*z/2)
    """
    text = text.strip().replace("^", "**")
    if text in _FUNCTIONS or _HERMITE.fullmatch(text):
        text = f"{text}(z)"
    if len(text) > MAX_LENGTH:
        raise LinkError(f"a link has at most {MAX_LENGTH} characters, not {len(text)}")
    try:
        link = _evaluate(_with_exact_decimals(text, ast.parse(text, mode="eval"))).as_expr()
    except LinkError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise LinkError(f"cannot read the link {text!r}: {_ALLOWED}") from error
    return canonical(link)


def parse_links(text: str) -> sympy.Expr | tuple[sympy.Expr, ...]:
    """Read one link for all units, or several that commas separate, one for each.

    >>> parse_links("z^2, erf(z)")
    (z**2, erf(z))
    """
    found = tuple(map(parse_link, text.split(",")))
    return found[0] if len(found) == 1 else found


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
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if _HERMITE.fullmatch(name):
            return _hermite(name, _evaluate(argument))
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int() as exponent)) if (
            not isinstance(exponent, bool)
        ):
            return _power(_evaluate(left), exponent)
        case ast.BinOp(op=operator, left=left, right=right):
            return _combine(_evaluate(left), operator, _evaluate(right))
    raise LinkError(f"cannot use {ast.unparse(node)!r} in a link: {_ALLOWED}")


def _hermite(name: str, argument: sympy.Poly) -> sympy.Poly:
    """The Hermite polynomial, normalised where the name is in lower case."""
    degree = int(name[2:])
    _check_degree(degree)
    _check_degree(degree * argument.total_degree())
    value = _polynomial(hermite_prob_poly(degree, argument.as_expr()))
    return value * _polynomial(1 / sympy.sqrt(sympy.factorial(degree))) if name[0] == "h" else value


def _polynomial(value: sympy.Expr) -> sympy.Poly:
    """An expression as a polynomial in ``z`` and in the functions that it holds."""
    functions = sorted(value.atoms(sympy.Function, sympy.exp), key=sympy.default_sort_key)
    if any(function.free_symbols != {Z} for function in functions):
        functions = [function for function in functions if function.has(Z)]
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
