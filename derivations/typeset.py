"""SymPy expressions in the paper's notation, as LaTeX and as MathML."""

import html
import re
from collections.abc import Iterable

import sympy
from latex2mathml.converter import convert
from sympy.printing.latex import LatexPrinter

SYMBOLS = {"t": "s_*", "tau": "t", "sigma2": r"\sigma^2"}
STATISTIC = re.compile(r"([sutSUTD])(\d*)")
COORDINATE = re.compile(r"w(\d*)(_star)?")
RELATIONS = {"&#x0007E;": "&#x0223C;", "&#x027FA;": "&#x027FA;"}
LINE = 90


class _PaperPrinter(LatexPrinter):  # type: ignore[misc]  # SymPy ships no types
    """s(k) as s^{(k)}, S12(k) as S_{12}^{(k)}, w(i, t) as w_i, λ[i] as λ_i, t as s_*."""

    def _print_Symbol(self, expr: sympy.Symbol, style: str = "plain") -> str:
        return SYMBOLS.get(expr.name) or super()._print_Symbol(expr, style)

    def _print_Function(self, expr: sympy.Function, exp: str | None = None) -> str:
        name = expr.func.__name__
        if statistic := STATISTIC.fullmatch(name):
            printed = f"{_named(*statistic.groups())}^{{({self._print(expr.args[0])})}}"
        elif coordinate := COORDINATE.fullmatch(name):
            number, star = coordinate.groups()
            printed = f"w{'^*' if star else ''}_{{{number + ',' if number else ''}i}}"
        else:
            return super()._print_Function(expr, exp)
        return printed if exp is None else rf"\left({printed}\right)^{{{exp}}}"


def _named(letter: str, index: str) -> str:
    """S_{12}, and the teacher's energy t as s_*."""
    return f"{letter}_{{{index}}}" if index else SYMBOLS.get(letter, letter)


def latex(expression: sympy.Expr) -> str:
    """LaTeX of ``expression`` in the paper's notation.

    >>> s, t, k = sympy.symbols("s t k")
    >>> latex(t * sympy.Function("s")(k + 1))
    's_* s^{(k + 1)}'
    """
    return _PaperPrinter().doprint(expression)


def combination(terms: Iterable[tuple[sympy.Expr, str]]) -> str:
    """LaTeX of Σ coefficient · vector, each coefficient factored and zero ones left out.

    >>> s, t = sympy.symbols("s t")
    >>> combination([(12 * s - 4 * t, "Qw"), (sympy.Integer(-8), "Qw_0")])
    '4 \\\\left(3 s - s_*\\\\right) Qw - 8 Qw_0'
    """
    printed = [f"{latex(sympy.factor(value))} {vector}" for value, vector in terms if value != 0]
    return re.sub(r"\+ -", "- ", " + ".join(printed)).replace("-  ", "- ")


def collected(expression: sympy.Expr, vectors: Iterable[sympy.Expr]) -> str:
    """LaTeX of an expression that is linear in ``vectors``, one term for each.

    >>> s, t, x = sympy.symbols("s t x")
    >>> collected(4 * t * x - 12 * s * x, [x])
    '- 4 \\\\left(3 s - s_*\\\\right) x'
    """
    expanded = sympy.expand(expression)
    return combination((expanded.coeff(vector), latex(vector)) for vector in vectors)


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
        if lines[-1] and len(lines[-1]) + len(signed) > LINE:
            lines.append("")
        lines[-1] += signed
    first = lines[0].removeprefix(" + ").removeprefix(" ")
    return " \\\\\n".join([f"{left} &= {first}", *(f"&\\quad{line}" for line in lines[1:])])


def mathml(formula: str) -> str:
    """MathML of a LaTeX formula, as a displayed block.

    >>> mathml("x^2").startswith("<math")
    True
    """
    return _converted(formula, "block")


def inline(formula: str) -> str:
    """MathML of a LaTeX formula within a line."""
    return _converted(formula, "inline")


def _converted(formula: str, display: str) -> str:
    """MathML, in which relations that the converter takes for names are operators."""
    text = str(convert(formula, display=display))
    for name, relation in RELATIONS.items():
        text = text.replace(f"<mi>{name}</mi>", f"<mo>{relation}</mo>")
    return text


def prose(text: str) -> str:
    """HTML of a text in which formulas stand between dollar signs.

    >>> prose("a < b")
    'a &lt; b'
    >>> prose("the overlap $u$ grows").count("<math")
    1
    """
    pieces = text.split("$")
    return "".join(
        inline(piece) if number % 2 else html.escape(piece, quote=False)
        for number, piece in enumerate(pieces)
    )
