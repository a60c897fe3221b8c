"""What mathematicians write and SymPy has no name for."""

from typing import Any

import sympy
from sympy.printing.precedence import PRECEDENCE


class Terms(sympy.Expr):  # type: ignore[misc]  # SymPy ships no types
    r"""A sum that is printed in the order given; ``doit`` adds.

    >>> x = sympy.Symbol("x")
    >>> sympy.latex(plus(x**2, -2 * x, 1)), plus(x, -x).doit()
    ('x^{2} - 2 x + 1', 0)
    """

    precedence = PRECEDENCE["Add"]
    is_commutative = True

    def doit(self, **hints: Any) -> sympy.Expr:
        """The sum."""
        return sympy.Add(*(term.doit(**hints) for term in self.args))

    def _latex(self, printer: Any) -> str:
        return " + ".join(map(printer._print, self.args)).replace("+ - ", "- ").replace("+ -", "- ")


class Factors(sympy.Expr):  # type: ignore[misc]
    r"""A product that is printed in the order given; ``doit`` multiplies.

    >>> t, s = sympy.symbols("t s")
    >>> sympy.latex(times(4, t - 3 * s, s)), times(t, s, 2).doit()
    ('4 \\left(- 3 s + t\\right) s', 2*s*t)
    """

    precedence = PRECEDENCE["Mul"]
    is_commutative = True

    def doit(self, **hints: Any) -> sympy.Expr:
        """The product."""
        return sympy.Mul(*(factor.doit(**hints) for factor in self.args))

    def _latex(self, printer: Any) -> str:
        first, *others = self.args
        bracketed = (printer.parenthesize(factor, PRECEDENCE["Mul"], strict=True) for factor in others)
        whole = first.is_Number or first.is_Mul
        leading = (
            printer._print(first) if whole else printer.parenthesize(first, PRECEDENCE["Mul"], strict=True)
        )
        return " ".join([leading, *bracketed])


class Quotient(sympy.Expr):  # type: ignore[misc]
    r"""A fraction that is printed as it stands; ``doit`` divides.

    >>> x = sympy.Symbol("x")
    >>> sympy.latex(over(2 * x, x**2)), over(2 * x, x**2).doit()
    ('\\frac{2 x}{x^{2}}', 2/x)
    """

    precedence = PRECEDENCE["Mul"]
    is_commutative = True

    def doit(self, **hints: Any) -> sympy.Expr:
        """The quotient."""
        above, below = (part.doit(**hints) for part in self.args)
        return above / below

    def _latex(self, printer: Any) -> str:
        above, below = map(printer._print, self.args)
        return rf"\frac{{{above}}}{{{below}}}"


def plus(*terms: sympy.Expr | int) -> Terms:
    """A sum in this order."""
    return Terms(*map(sympy.sympify, terms))


def times(*factors: sympy.Expr | int) -> Factors:
    """A product in this order."""
    return Factors(*map(sympy.sympify, factors))


def over(above: sympy.Expr | int, below: sympy.Expr | int) -> Quotient:
    """A fraction of these two."""
    return Quotient(*map(sympy.sympify, (above, below)))


class ModeSum(sympy.Expr):  # type: ignore[misc]  # SymPy ships no types
    r"""Σ over one or more indices that run over all modes, however many there are.

    >>> i = sympy.Symbol("i")
    >>> w = sympy.IndexedBase("w")
    >>> sympy.latex(8 * ModeSum(w[i] ** 2, i))
    '8 \\sum_{i} {w}_{i}^{2}'
    """

    def __new__(cls, body: Any, *indices: sympy.Symbol) -> "ModeSum":
        """The sum of ``body`` over the ``indices``."""
        return super().__new__(cls, sympy.sympify(body, strict=True), *indices)

    @property
    def free_symbols(self) -> set[sympy.Symbol]:
        """The symbols of the body but the indices."""
        body, *indices = self.args
        return body.free_symbols - set(indices)

    def _latex(self, printer: Any) -> str:
        body, *indices = self.args
        index = ", ".join(map(printer._print, indices))
        return rf"\sum_{{{index}}} {printer.parenthesize(body, PRECEDENCE['Mul'], strict=True)}"
