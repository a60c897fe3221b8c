"""Tables and plots of asymptotic constants, of one exponent or of a sweep, for people and for papers.

An answer is what :func:`theory.asymptotics.as_json` returns; a sweep is a list of these.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("table", "csv", "markdown", "latex")
ACROSS = 6
"""Exponents side by side in one table."""


SHARED = ("exponent", "dimension", "teacher", "link", "width")
FIELDS = (
    *SHARED,
    *("constant", "value", "radius", "rigorous"),
    *("definition", "source", "reason"),
)
PROVED, ESTIMATED = "proved", "estimated"

Answer = dict[str, Any]
Part = tuple[Sequence[str], Sequence[Sequence[str]]]


def parts(answers: Sequence[Answer]) -> list[Part]:
    """Headings and rows: of one answer value, radius and definition, of several the values side by side."""
    first = answers[0]["constants"]
    meanings = (("constant", "definition"), [(name, entry["definition"]) for name, entry in first.items()])
    if len(answers) == 1:
        values = [
            (name, entry["value"] or f"undefined: {entry['reason']}", entry["radius"] or "", _standing(entry))
            for name, entry in first.items()
        ]
        return [(("constant", "value", "radius", "radius is"), values), meanings]
    blocks = [answers[start : start + ACROSS] for start in range(0, len(answers), ACROSS)]
    return [*(_side_by_side(block) for block in blocks), meanings]


def _standing(entry: dict[str, Any]) -> str:
    """Whether a radius is proved, by balls around every number on the way, or an estimate."""
    if entry["radius"] is None:
        return ""
    return PROVED if entry["rigorous"] else ESTIMATED


def _side_by_side(block: Sequence[Answer]) -> Part:
    headings = ["constant", *(f"a = {answer['exponent']}" for answer in block)]
    names = block[0]["constants"]
    return headings, [
        [name, *(answer["constants"][name]["value"] or "–" for answer in block)] for name in names
    ]


def as_csv(answers: Sequence[Answer]) -> str:
    """One row a constant and exponent, with everything that is known of it.

    >>> entry = {"value": "2.0", "radius": "1e-9", "rigorous": True, "definition": "d", "source": "s"}
    >>> law = {"exponent": "2", "dimension": "inf", "teacher": "flat", "link": "z**2", "width": 1}
    >>> as_csv([{**law, "constants": {"x": entry}}]).splitlines()[1]
    '2,inf,flat,z**2,1,x,2.0,1e-9,True,d,s,'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for answer in answers:
        shared = {field: answer[field] for field in SHARED}
        for name, entry in answer["constants"].items():
            writer.writerow({**shared, "constant": name, **entry})
    return text.getvalue().rstrip("\n")


def as_markdown(answers: Sequence[Answer]) -> str:
    """The tables in the dialect of GitHub."""
    return "\n\n".join("\n".join(_markdown_lines(*part)) for part in parts(answers))


def _markdown_lines(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (headings, ["---"] * len(headings), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def as_latex(answers: Sequence[Answer]) -> str:
    r"""The values as tabulars with the rules of the package booktabs, the definitions as comments.

    >>> entry = {"value": "2.5e-24", "radius": "1.0e-30", "rigorous": True, "definition": "d"}
    >>> print(as_latex([{"exponent": "2", "constants": {"some_rate": entry}}]))
    % some_rate: d
    \begin{tabular}{lrrr}
    \toprule
    constant & value & radius & radius is \\
    \midrule
    some rate & $2.5 \times 10^{-24}$ & $1.0 \times 10^{-30}$ & proved \\
    \bottomrule
    \end{tabular}
    """
    *values, (_, meanings) = parts(answers)
    comments = [f"% {name}: {definition}" for name, definition in meanings]
    return "\n".join([*comments, *(line for part in values for line in _latex_lines(*part))])


def _latex_lines(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield rf"\begin{{tabular}}{{l{'r' * (len(headings) - 1)}}}"
    yield r"\toprule"
    first, *others = headings
    yield " & ".join([first, *(f"${head}$" if "=" in head else head for head in others)]) + r" \\"
    yield r"\midrule"
    for name, *cells in rows:
        yield " & ".join([name.replace("_", " "), *map(_latex_cell, cells)]) + r" \\"
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _latex_cell(text: str) -> str:
    """A decimal number in mathematics mode; a reason or nothing as a dash."""
    if text in (PROVED, ESTIMATED):
        return text
    try:
        float(text)
    except ValueError:
        return "--"
    mantissa, _, power = text.partition("e")
    return rf"${mantissa} \times 10^{{{int(power)}}}$" if power else f"${mantissa}$"


def plot(answers: Sequence[Answer]) -> "Figure":
    """Every constant that exists at two exponents or more against the exponent, a panel each.

    Raises ValueError where there is none.
    """
    import numpy as np

    from numerics.shown.figures import Curve, Panel, draw

    panels = []
    for name in answers[0]["constants"]:
        known = [
            (float(answer["exponent"]), float(value))
            for answer in answers
            if (value := answer["constants"][name]["value"]) is not None
        ]
        if len(known) < 2:
            continue
        x, y = np.array(sorted(known)).T
        # a constant that varies by more than this factor is plotted on a logarithmic scale
        scale = "log" if min(y) > 0 and max(y) > 30.0 * min(y) else "linear"
        panels.append(Panel([Curve("", x, y)], "$a$", "", "linear", scale, name.replace("_", " ")))
    if not panels:
        raise ValueError("no constant exists at two exponents or more: there is nothing to plot")
    return draw(panels, columns=min(3, len(panels)))
