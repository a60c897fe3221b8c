"""The numbers that the words of a counterexample type are those that its replay asserts with."""

import ast
import re
from fractions import Fraction
from pathlib import Path

import pytest

import derivations

ROOT = Path(derivations.__file__).parent
NAMES = r"\([A-E]\.\d+\)|Section \d\.\d|\^\(?\w\)|\b[a-zA-Z_]+\d+|_\d|\(0\)|\b[TCw]\d'?"
"""Numbers that belong to names."""


def literal(node, scope, hole):
    """The text of a string in the source, with ``hole`` for what is computed; names are looked up."""
    if isinstance(node, ast.Name):
        return literal(scope[node.id], scope, hole) if node.id in scope else ""
    if isinstance(node, ast.Call):
        return literal(getattr(node.func, "value", node.func), scope, hole)
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part, scope, hole) for part in node.values)
    if isinstance(node, ast.FunctionDef):
        return literal(node.body[-1].value, scope, hole)
    return str(node.value) if isinstance(node, ast.Constant) else hole


def numbers(words):
    """The numbers in words.

    >>> sorted(numbers("λ = (4/5, 1/5), u^(2) = 1e-3 at T1"))
    [0.001, 0.2, 0.8]
    """
    found = re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?(?:/\d+)?", re.sub(NAMES, " ", words))
    return {float(Fraction(number)) for number in found}


def values(replay):
    """All numbers in a line of Python, and what constant expressions of it are worth.

    >>> sorted(values("x, y = 1/2, 10**3; assert x < y"))
    [0.5, 1.0, 2.0, 3.0, 10.0, 1000.0]
    """
    found = set()
    for node in ast.walk(ast.parse(re.sub(r"\b(?:F|Rational)\((\d+), (\d+)\)", r"(\1/\2)", replay))):
        if isinstance(node, ast.Constant | ast.BinOp) and not any(
            isinstance(part, ast.Name | ast.Call | ast.Tuple | ast.List) for part in ast.walk(node)
        ):
            value = eval(compile(ast.Expression(node), "<replay>", "eval"))
            found |= {abs(float(value))} if isinstance(value, int | float) else set()
    return found


def counterexamples():
    """Words and replay of each counterexample in the source, with its place."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.glob("*/claims/*.py"))}
    shared = {name: node for tree in trees.values() for name, node in assigned(tree.body).items()}
    for path, tree in trees.items():
        outer = shared | assigned(tree.body)
        outer |= {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        for function in tree.body:
            if isinstance(function, ast.FunctionDef):
                scope = outer | assigned(ast.walk(function))
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and (said := refutation(node, scope)):
                        words, *asserted = said
                        replay = "; ".join(literal(part, scope, "1") for part in asserted)
                        yield f"{path.stem}.{function.name}", literal(words, scope, "…"), replay


def refutation(call, scope):
    """Words and replay of a call that makes a counterexample; a state's replay has its numbers, too."""
    if getattr(call.func, "id", "") == "Counterexample":
        return call.args[:2]
    if getattr(call.func, "attr", "") not in ("refutes", "refutes_at"):
        return []
    until = call.args[:1] if call.func.attr == "refutes_at" else []
    words, assertion = call.args[-2:] if until else call.args[:2]
    state = scope[call.func.value.id]
    return words, *(part for part in ast.walk(state) if isinstance(part, ast.Constant)), *until, assertion


def assigned(nodes):
    """What names stand for."""
    return {
        node.targets[0].id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


EXAMPLES = {f"{name} {words[:20]}": (words, replay) for name, words, replay in counterexamples()}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_words_type_no_number_but_those_of_the_replay(name):
    words, replay = EXAMPLES[name]
    assert numbers(words) <= values(replay) | {0.0, 1.0}
