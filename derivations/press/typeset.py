"""Formulas of the report: LaTeX as MathML, prose with formulas as HTML."""

import html
import re

from latex2mathml.converter import convert

from theory.symbolic.notation import broken, latex

__all__ = ["broken", "inline", "latex", "mathml", "prose"]

OPERATORS = {"&#x0007E;": "&#x0223C;", "&#x027FA;": "&#x027FA;", r"\arg": "arg"}
"""What the converter takes for names, and the operators that they are."""

COLUMN = re.compile(r'columnalign="(left|right)"')
"""What browsers leave out of MathML: the side of a column."""


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
    """MathML; operators that the converter takes for names are operators, and ``aligned`` is ``align*``."""
    text = str(convert(formula.replace("{aligned}", "{align*}"), display=display))
    for name, operator in OPERATORS.items():
        text = text.replace(f"<mi>{name}</mi>", f"<mo>{operator}</mo>")
    return COLUMN.sub(r'style="text-align: \1"', text)


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
