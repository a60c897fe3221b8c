"""SymPy expressions as LaTeX in the paper's notation; what notebooks show of a model."""

import re
from collections.abc import Iterable, Iterator

import sympy
from sympy.printing.latex import LatexPrinter

SYMBOLS = {"t": "s_*", "tau": "t", "sigma2": r"\sigma^2"}
STATISTIC = re.compile(r"([sutSUTD])(\d*)")
COORDINATE = re.compile(r"w(\d*)(_star)?")
TIME = re.compile(r"\\?tau\d*'?")


class _PaperPrinter(LatexPrinter):  # type: ignore[misc]  # SymPy ships no types
    """s(k) as s^{(k)}, S12(k) as S_{12}^{(k)}, w(i, t) as w_i, w(i, 0) as w_i(0), λ[i] as λ_i, t as s_*.

    A small fraction stands before its product, and w(0)[i] is w_i(0).
    """

    def _print_Symbol(self, expr: sympy.Symbol, style: str = "plain") -> str:
        return SYMBOLS.get(expr.name) or super()._print_Symbol(expr, style)

    def _print_Function(self, expr: sympy.Function, exp: str | None = None) -> str:
        name = expr.func.__name__
        if TIME.fullmatch(str(expr.args[0])):
            return super()._print_Function(expr, exp)
        if statistic := STATISTIC.fullmatch(name):
            printed = f"{_named(*statistic.groups())}^{{({self._print(expr.args[0])})}}"
        elif coordinate := COORDINATE.fullmatch(name):
            number, star = coordinate.groups()
            started = "(0)" if expr.args[-1] == 0 else ""
            printed = f"w{'^*' if star else ''}_{{{number + ',' if number else ''}i}}{started}"
        else:
            return super()._print_Function(expr, exp)
        return printed if exp is None else rf"\left({printed}\right)^{{{exp}}}"

    def _print_Indexed(self, expr: sympy.Indexed) -> str:
        label, start = self._print(expr.base.label).removesuffix("(0)"), str(expr.base.label).endswith("(0)")
        return f"{label}_{{{','.join(map(self._print, expr.indices))}}}" + "(0)" * start

    def _helper_print_standard_power(self, expr: sympy.Pow, template: str) -> str:
        base = self._print(expr.base)
        if isinstance(expr.base, sympy.Symbol | sympy.Indexed):
            return template % (rf"\left({base}\right)" if "^" in base else base, self._print(expr.exp))
        return super()._helper_print_standard_power(expr, template)

    def _hprint_Function(self, func: str) -> str:
        return func if "'" in func else super()._hprint_Function(func)

    def _print_Integral(self, expr: sympy.Integral) -> str:
        return super()._print_Integral(expr).replace(r"\limits", "")

    def _print_hyper(self, expr: sympy.hyper, exp: str | None = None) -> str:
        above, below = (", ".join(map(self._print, part)) for part in (expr.ap, expr.bq))
        name = rf"{{}}_{len(expr.ap)}F_{len(expr.bq)}"
        return rf"{name}({above}; {below}; {self._print(expr.argument)})"

    def _print_beta(self, expr: sympy.beta, exp: str | None = None) -> str:
        return rf"B\left({', '.join(map(self._print, expr.args))}\right)"

    def _print_Mul(self, expr: sympy.Mul) -> str:
        factor, rest = expr.as_coeff_Mul()
        if not factor.is_Rational or factor.is_Integer or sympy.fraction(rest, exact=True)[1] != 1:
            return super()._print_Mul(expr)
        sign, body = "- " if factor < 0 else "", self._print(rest)
        inner = rf"\left({body}\right)" if rest.is_Add else body
        return rf"{sign}\tfrac{{{abs(factor.p)}}}{{{factor.q}}} {inner}"


def _named(letter: str, index: str) -> str:
    """S_{12}, and the teacher's energy t as s_*."""
    return f"{letter}_{{{index}}}" if index else SYMBOLS.get(letter, letter)


def latex(expression: sympy.Expr) -> str:
    """LaTeX of ``expression`` in the paper's notation.

    >>> s, t, k = sympy.symbols("s t k")
    >>> latex(t * sympy.Function("s")(k + 1))
    's_* s^{(k + 1)}'

    At a time it is a function; a mode may stand at the start.

    >>> latex(sympy.Function("w")(k, 0))
    'w_{i}(0)'

    >>> latex(sympy.Function("s")(sympy.Symbol("tau")))
    's{\\\\left(t \\\\right)}'
    """
    return _PaperPrinter().doprint(expression)


def broken(left: str, expression: sympy.Expr) -> str:
    """``left &= expression`` in LaTeX, broken between terms into lines of about 90 characters.

    >>> x = sympy.Symbol("x")
    >>> broken("L", x**2 - 2 * x)
    'L &= x^{2} - 2 x'
    """
    lines = [""]
    for term in expression.as_ordered_terms() if expression.is_Add else [expression]:
        printed = latex(term)
        signed = f" - {printed[1:].lstrip()}" if printed.startswith("-") else f" + {printed}"
        if lines[-1] and len(lines[-1]) + len(signed) > 90:
            lines.append("")
        lines[-1] += signed
    first = lines[0].removeprefix(" + ").removeprefix(" ")
    return " \\\\\n".join([f"{left} &= {first}", *(f"&\\quad{line}" for line in lines[1:])])


def displayed(equations: Iterable[tuple[str, sympy.Expr]]) -> str:
    r"""Equations ``left = expression`` below each other, as notebooks typeset them.

    >>> print(displayed([("A", 4 - 12 * sympy.Symbol("s"))]))
    $$\begin{aligned}
    A &= 4 - 12 s
    \end{aligned}$$
    """
    lines = " \\\\\n".join(broken(left, expression) for left, expression in equations)
    return f"$$\\begin{{aligned}}\n{lines}\n\\end{{aligned}}$$"


def entries(left: str, matrix: sympy.MatrixBase, symmetric: bool = False) -> Iterator[tuple[str, sympy.Expr]]:
    """One equation for every entry, or of the upper triangle; a 1 × 1 matrix is its entry."""
    for row in range(matrix.rows):
        for column in range(row if symmetric else 0, matrix.cols):
            index = "" if len(matrix) == 1 else f"_{{{row + 1}{column + 1}}}"
            yield left + index, matrix[row, column]
