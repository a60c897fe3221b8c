"""Formulas with numbers are printed from statements; those that are typed are of few kinds, and counted."""

import ast
import re
from collections import Counter
from pathlib import Path

import derivations
from derivations.court.claim import HOLE

ROOT = Path(derivations.__file__).parent
SMALL = "⁰¹²³⁴-⁹₀-₉½⅓⅔¼¾⅛⅜⅝⅞"
NUMBER = re.compile(rf"\d|[{SMALL}]")
INDEX = r"(?<!\\int)(?<!\\sum)_(?:\d|\{\d+(?:,\s*\d+|,?[a-z])*\}|\{[a-z],\d\}|\{[a-z]\+1\})|[₀-₉]"
ORDER = r"\^\{?\((?:\d|k ?[+-] ?\d)\)\}?|\(0\)|[A-Z]\d'?(?![\d(])"
DEFICIT = r"1\s*[-−]\s*\|?[us]\b"
VARIANCE = r"\\sigma(?:_\*)?\^2|σ²"
REFERENCE = r"\([A-E]\.\d+\)|figure \d"
ZERO = r"(?<![\d.])0(?![\d.])"
NAME = re.compile("|".join((INDEX, ORDER, DEFICIT, VARIANCE, REFERENCE, ZERO)))
"""Numbers that belong to names (indices, orders, 1 − u, 1 − s, σ²) and references; and 0, which is a sign."""

MARKED = {
    "claims of the audit: what is typed beside the named numbers is counted by kind in its own tests": 212,
    "words of counterexamples: their numbers are those that the replay asserts with": 23,
    "definitions": 3,
    "names of symbols": 4,
    "settings in prose: a name and its number": 43,
    "prose beside the formulas: definitions, conditions, names and orders": 81,
    "values of options": 7,
}
"""How many formulas with numbers are typed, by what they are."""

OTHERS = {
    "beyond/telling/closures.py": 1,
    "beyond/telling/links.py": 2,
    "convergence/measured/corrections.py": 2,
    "setting/measured/trajectory.py": 1,
    "court/legend.py": 1,
    "escape/measured/times.py": 3,
    "escape/mixture.py": 1,
    "escape/telling/escape.py": 1,
    "experiments/figures/escape.py": 1,
    "experiments/figures/sgd_error.py": 1,
    "press/constant_tables.py": 1,
    "press/equations.py": 6,
    "press/linear.py": 2,
    "press/tex.py": 2,
    "setting/telling/geometry.py": 2,
    "tail/measured/tail.py": 3,
}
"""Typed elsewhere: conditions in captions, names of quantities and of checks, tables of a typesetter."""

ROLES = {
    "Definition": "definitions",
    **dict.fromkeys(("Symbol", "IndexedBase", "Function", "named"), "names of symbols"),
    "option": "values of options",
}


PROSE_KINDS = tuple(kind for kind in MARKED if "prose" in kind)

CLAIMS = {
    **dict.fromkeys(("claim", "correction"), next(iter(MARKED))),
    **dict.fromkeys(("Counterexample", "refutes", "refutes_at", "_falls", "_at_teacher"), list(MARKED)[1]),
}
"""Where formulas stand in the modules of claims: their evidence types none."""

PROSE = {"Prose", "derived", "Section"}
SETTING = re.compile(
    r"\$[^\d]*(?:=|<|>|\\leq?|\\geq?|\\ll|\\propto)\s*(?:\d[\d.^{}]*|\\tfrac\d\d|\(.*\)|s_\*/\d+|i\^\{-2\})\$"
    r"|\$\\tfrac\d\d < a < \d\$"
)
"""A name and its number, or its range."""

PATTERNS = {"compile", "findall", "fullmatch", "match", "search", "split", "sub"}
"""Calls whose strings are regular expressions, no formulas."""


def typed(text):
    """The formulas with numbers in a text: between dollars, or else with LaTeX, powers or small digits.

    >>> typed(r"the bound $8 s_*$ on $u_1$"), typed("rate 2ρ"), typed(r"\\frac{1}{3} C"), typed("t^-2")
    (['$8 s_*$'], [], ['\\\\frac{1}{3} C'], ['t^-2'])
    """
    inside = re.findall(r"\$[^$]+\$", text)
    rest = re.sub(r"\$[^$]+\$", "", text)
    if re.search(rf"\\[a-zA-Z]|[{SMALL}]|[A-Za-zα-ω)]\^|[_^]\{{", rest):
        inside.append(rest)
    return [formula for formula in inside if NUMBER.search(NAME.sub("", HOLE.sub("", formula)))]


def literals(tree):
    """Formulas typed in a module, each with the innermost call that it is an argument of; no docstrings."""
    bodies = (node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list))
    told = {id(line.value) for body in bodies for line in body if isinstance(line, ast.Expr)}

    def below(node, call):
        if isinstance(node, ast.Call):
            call = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("words", "said"):
            call = "Counterexample"
        parts = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.JoinedStr):
            yield from ((call, formula) for formula in typed("".join(_written(part) for part in parts)))
            parts = [part for part in parts if isinstance(part, ast.FormattedValue)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield from ((call, formula) for formula in typed(node.value))
        for part in parts:
            yield from below(part, call)

    return below(tree, "")


def _written(part):
    """A piece of an f-string; a hole is a letter."""
    return part.value if isinstance(part, ast.Constant) else "x"


def found():
    """Counts by kind, and by file of what is of no kind."""
    kinds, others = Counter(), Counter()
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        claims = "claims" in path.relative_to(ROOT).parts
        for call, formula in literals(ast.parse(path.read_text("utf-8"))):
            if claims:
                kinds[CLAIMS.get(call, "evidence")] += 1
            elif call in PATTERNS:
                continue
            elif call in PROSE:
                kinds[PROSE_KINDS[SETTING.fullmatch(formula) is None]] += 1
            elif call in ROLES:
                kinds[ROLES[call]] += 1
            else:
                others[name] += 1
    return kinds, others


def test_formulas_that_are_typed_are_counted():
    kinds, others = found()
    assert dict(kinds) == MARKED
    assert dict(others) == OTHERS


def test_labels_of_pictures_and_figures_type_no_formula():
    _, others = found()
    assert not {name for name in others if "/pictures/" in name}


def test_a_typed_formula_is_found():
    source = 'Said(r"$8 u$", x); Figure(svg, "C t^-2"); Curve("ρ₁"); f(r"\\tfrac13 C"); Panel("$u^{(2)}$")'
    assert [formula for _, formula in literals(ast.parse(source))] == ["$8 u$", "C t^-2", r"\tfrac13 C"]
