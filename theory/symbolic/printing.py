"""SymPy expressions as NumPy text that costs what a careful author's would.

NumPy evaluates ``x**3`` through a general power, some twenty times the cost of a product, and
every operation on an array is a pass over memory. So integer and half-integer powers are written
with squares, products and roots, and in sums and products the scalars come first: they combine
before they meet an array.

Overlaps of parallel vectors satisfy ``u² = st`` only up to rounding, where the plain formulas of
roots and arc sines give NaN or lose half of the digits: :func:`stable` rewrites them.
"""

import ast
from collections.abc import Set

import sympy
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pycode import PythonCodePrinter

_NUMPY = {
    "math.pi": "np.pi",
    "math.asin": "np.arcsin",
    "math.atan2": "np.arctan2",
    "math.sqrt": "np.sqrt",
    **{f"math.{name}": f"np.{name}" for name in ("exp", "sin", "cos", "sinh", "cosh")},
}


class NonNegative(sympy.Function):  # type: ignore[misc]  # SymPy ships no types
    """A value that is negative by rounding only, replaced by 0 there."""

    nargs = 1


def stable(expression: sympy.Expr) -> sympy.Expr:
    """An expression that keeps its accuracy where vectors are parallel.

    Roots of sums stay in their domain, except in denominators, where the expression is singular
    itself. An arc sine ``asin(r/√d)`` becomes the angle of ``(√(d − r²), r)``, which is never out of
    its domain, and whose error cancels that of the root in ``√(d − r²) + r asin(r/√d)``.

    >>> s, u = sympy.symbols("s u")
    >>> stable(sympy.sqrt(s - u**2) + sympy.asin(u / sympy.sqrt(s)))
    sqrt(NonNegative(s - u**2)) + atan2(u, sqrt(NonNegative(s - u**2)))
    """
    return expression.replace(sympy.asin, _angle).replace(
        lambda part: part.is_Pow and part.exp == sympy.S.Half and part.base.is_Add,
        lambda part: sympy.sqrt(NonNegative(part.base)),
    )


def _angle(sine: sympy.Expr) -> sympy.Expr:
    """The arc sine of a quotient by a root as an angle, that of another value as it is."""
    above, below = sympy.fraction(sine)
    if not (below.is_Pow and below.exp == sympy.S.Half):
        return sympy.asin(sine)
    return sympy.atan2(above, sympy.sqrt(below**2 - above**2))


class _Printer(PythonCodePrinter):  # type: ignore[misc]  # SymPy ships no types
    """Python text with powers as products."""

    def _print_NonNegative(self, expr: NonNegative) -> str:
        return f"np.maximum({self._print(expr.args[0])}, 0)"

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        base, exponent = expr.as_base_exp()
        if base.is_number and exponent < 0:
            return f"(1/({self._print(1 / expr)}))"
        if base.is_number or not (2 * exponent).is_Integer:
            return super()._print_Pow(expr, rational=True)
        text = self.parenthesize(base, PRECEDENCE["Pow"], strict=False)
        whole, half = divmod(int(2 * abs(exponent)), 2)
        factors = [_power(text, whole)] if whole else []
        factors += [f"np.sqrt({self._print(base)})"] if half else []
        product = " * ".join(factors)
        return f"(1/({product}))" if exponent < 0 else f"({product})"


def _power(text: str, exponent: int) -> str:
    """An integer power by repeated squaring.

    >>> _power("x", 7)
    '(x**2*x)**2*x'
    """
    if exponent == 1:
        return text
    half, odd = divmod(exponent, 2)
    root = _power(text, half)
    square = f"({root})**2" if half > 1 else f"{root}**2"
    return f"{square}*{text}" if odd else square


def numpy_tree(expression: sympy.Expr, scalars: Set[str]) -> ast.expr:
    """The syntax tree of an expression; ``scalars`` are the names that hold single numbers.

    >>> s, t = sympy.symbols("s t")
    >>> ast.unparse(numpy_tree(s**3 * t - 4 * s + t, {"t"}))
    't + t * s ** 2 * s - 4 * s'
    """
    text = _Printer({"fully_qualified_modules": True}).doprint(expression)
    for name, ours in _NUMPY.items():
        text = text.replace(name, ours)
    return _Order(scalars).visit(ast.parse(text, mode="eval").body)


Signed = tuple[ast.expr, bool]
"""A term and whether it is subtracted, or a factor and whether it divides."""


class _Order(ast.NodeTransformer):
    """Order terms and factors: scalars before arrays, then sums before differences."""

    def __init__(self, scalars: Set[str]) -> None:
        self.scalars = scalars | {"np"}

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Rebuild a sum, a product or a quotient; descend into a power."""
        if isinstance(node.op, ast.Pow):
            self.generic_visit(node)
            return node
        return self._sum(node) if isinstance(node.op, ast.Add | ast.Sub) else self._apply_sign(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Rebuild a negated product."""
        return self._apply_sign(node)

    def _sum(self, node: ast.expr) -> ast.expr:
        terms = sorted((self._product(*term) for term in _terms(node)), key=self._rank)
        (first, negative), *others = terms
        total = _negated(first) if negative else first
        for term, minus in others:
            total = ast.BinOp(total, ast.Sub() if minus else ast.Add(), term)
        return total

    def _apply_sign(self, node: ast.expr) -> ast.expr:
        product, negative = self._product(node, False)
        return _negated(product) if negative else product

    def _product(self, node: ast.expr, negative: bool) -> Signed:
        """A product in order, and its sign apart."""
        factors, minus = _factors(node)
        visited = [(self.visit(factor), below) for factor, below in factors if not _is_one(factor)]
        ordered = sorted(visited, key=self._rank)
        if not ordered or ordered[0][1]:
            ordered = [(ast.Constant(1), False), *ordered]
        (product, _), *others = ordered
        for factor, below in others:
            product = ast.BinOp(product, ast.Div() if below else ast.Mult(), factor)
        return product, negative != minus

    def _rank(self, part: Signed) -> tuple[bool, bool]:
        return self.is_array(part[0]), part[1]

    def is_array(self, node: ast.expr) -> bool:
        """Whether a tree holds a name that is no scalar."""
        return any(isinstance(leaf, ast.Name) and leaf.id not in self.scalars for leaf in ast.walk(node))


def _terms(node: ast.expr, negative: bool = False) -> list[Signed]:
    """The terms of a sum with their signs."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            return [*_terms(left, negative), *_terms(right, negative != isinstance(sign, ast.Sub))]
    return [(node, negative)]


def _factors(node: ast.expr) -> tuple[list[Signed], bool]:
    """The factors of a product, with whether each divides, and the product's sign."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            factors, negative = _factors(operand)
            return factors, not negative
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as operator, right=right):
            above, minus = _factors(left)
            second, negative = _factors(right)
            divides = isinstance(operator, ast.Div)
            return [*above, *((factor, below != divides) for factor, below in second)], minus != negative
    return [(node, False)], False


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _negated(node: ast.expr) -> ast.expr:
    """Minus a product, the sign on its first factor."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as operator, right=right):
            return ast.BinOp(_negated(left), operator, right)
    return ast.UnaryOp(ast.USub(), node)
