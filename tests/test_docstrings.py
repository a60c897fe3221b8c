"""Formulas of docstrings: typeset in theory, plain characters in numerics and derivations."""

import ast
import inspect
import re
from doctest import DocTestParser
from pathlib import Path

import pytest

from derivations.press.typeset import mathml

ROOT = Path(__file__).parents[1]
COMMAND = re.compile(r"\\[a-zA-Z]+")
ROLE = re.compile(r":math:`([^`]+)`")
BLOCK = re.compile(r"^( *)\.\. math::(.*(?:\n(?:\1 +\S.*| *(?=\n)))*)", re.MULTILINE)
LITERAL = re.compile(r"``[^`]*``")


def docstrings(room):
    """Each docstring of a room with its place, the examples taken out."""
    for path in sorted((ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str):
                pieces = DocTestParser().parse(inspect.cleandoc(node.value.value))
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield place, "".join(piece for piece in pieces if isinstance(piece, str))


@pytest.mark.parametrize("room", ["numerics", "derivations"])
def test_what_is_read_in_a_terminal_has_plain_formulas(room):
    found = dict(docstrings(room))
    assert len(found) > 500
    marked = [place for place, text in found.items() if ROLE.search(text) or BLOCK.search(text)]
    assert not marked, "roles"
    assert not [place for place, text in found.items() if COMMAND.search(text)], "commands of LaTeX"


def test_a_typeset_formula_is_marked_as_one():
    for place, text in docstrings("theory"):
        rest = LITERAL.sub("", ROLE.sub("", BLOCK.sub("", text)))
        assert not COMMAND.search(rest), f"{place}: LaTeX outside :math:"
        assert text.replace("\n", "").isprintable(), f"{place}: a backslash was read as a control character"


def test_each_typeset_formula_can_be_typeset():
    formulas = {}
    for place, text in docstrings("theory"):
        formulas |= dict.fromkeys(ROLE.findall(text), place)
        formulas |= dict.fromkeys((body for _, body in BLOCK.findall(text)), place)
    assert len(formulas) > 500
    for formula, place in formulas.items():
        left = COMMAND.findall(mathml(formula))
        assert not left, f"{place}: no sign for {', '.join(left)}"
