"""Formulas of the report: combinations as LaTeX, LaTeX as MathML, prose with formulas as HTML."""

import html
import re
from collections.abc import Iterable

import sympy
from latex2mathml.converter import convert

from theory.symbolic.notation import broken, latex

__all__ = ["broken", "collected", "combination", "inline", "latex", "mathml", "prose"]

RELATIONS = {"&#x0007E;": "&#x0223C;", "&#x027FA;": "&#x027FA;"}
"""Signs, and the operators that they are."""


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
