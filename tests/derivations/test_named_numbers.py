"""Numbers in the texts of claims have names and are changed one by one; those that are typed are counted.

What becomes of a changed number is asked in :mod:`test_audit`.
"""

import re
from collections import Counter

import pytest

from derivations.court.claim import HOLE
from derivations.register import claims

CLAIMS = claims()

NAMES = (
    r"(?<!\\int)(?<!\\sum)_(?:\d|\{[^{}]*\})",  # indices
    r"\^\{\((?:\d|[kn] ?[+-] ?\d)\)\}",  # orders
    r"1\s*-\s*\|?[us]\b",  # deficits
    r"\\sigma(?:_\*)?\^2|\\ell\^2|\\nabla\^2|Q\^\{1/2\}|\^\{-1\}",
    r"\(0\)|\(0, (?:Q|\\cdot|I/d)\)",
    r"\(?[A-E1-9]\.\d+\)?|(?:Section|Lemma|Theorem|Proposition|Remark|Corollary|figure|step)"
    r" \d+(?:\.\d+)*|\b(?:Lem|Cor|[PRTEAF]) ?\d+(?:/[\w.-]+)?",
)
"""Numbers that belong to names, and references."""

RECIPROCAL = r"(?:\\frac(?:1|\{1\})\{|1/)(?=<)"
"""The one above a number with a name, which is changed with it."""

NOTATION = {
    "zero: a sign, a start, a mean or a limit": r"(?<![\d.])0(?![\d.])",
    "an order, or far below and above one": (
        r"\\(?:ll|gg) 1\b|\b1 \\ll|\bO\(1|\(1 \+ o\(1\)|\b1 \+ O|O\([a-z]\^\d\)"
    ),
}
"""Numbers that are not ours to get wrong, by what they are."""

TYPED = {
    "zero: a sign, a start, a mean or a limit": 145,
    "an order, or far below and above one": 20,
    "the paper's, and judged": 217,
    "the paper's, and stands": 32,
    "hypotheses": 13,
}
"""How many numbers are typed, by what they are; else by whose they are: of ours, there are none.

Of the paper's, those of a statement that does not stand are quoted: the finding says what is wrong with them.
Those of one that stands, and of hypotheses, name the runs of a figure (d = 1000), a normalisation (s* = 1),
and squares that define what is estimated.
"""


def typed(text):
    """The numbers of a text without a name, by kind: those of the notation, and the rest.

    >>> typed(r"$1/2 \\ge <a=3> x^2 \\ge 0$ by (C.3)")
    Counter({'rest': 3, 'zero: a sign, a start, a mean or a limit': 1})
    """
    found = Counter()
    for name in (RECIPROCAL, HOLE.pattern, *NAMES):
        text = re.sub(name, " ", text)
    for kind, pattern in NOTATION.items():
        text, count = re.subn(pattern, " ", text)
        found[kind] += count
    found["rest"] = len(re.findall(r"\d+(?:\.\d+)?", text))
    return +found


def texts():
    """Every text once, with whose numbers it holds."""
    seen = {}
    for item in CLAIMS.values():
        stands = "the paper's, and stands" if item.verdict.stands else "the paper's, and judged"
        seen.setdefault(item.statement, stands)
        seen.setdefault(item.hypotheses, "hypotheses" if item.verdict.stands else stands)
        if item.correction:
            seen.setdefault(item.correction.statement, "ours")
            seen.setdefault(item.correction.hypotheses, "hypotheses")
    return seen.items()


def test_typed_numbers_are_counted():
    found = Counter()
    for text, whose in texts():
        for kind, count in typed(text).items():
            found[whose if kind == "rest" else kind] += count
    assert dict(found) == TYPED


@pytest.mark.parametrize("name", CLAIMS)
def test_each_number_with_a_name_is_printed(name):
    item = CLAIMS[name]
    for part in (item, item.correction) if item.correction else (item,):
        for constant in part.constants:
            changed = part.changed(constant, 2)
            assert (changed.text, changed.conditions) != (part.text, part.conditions)
