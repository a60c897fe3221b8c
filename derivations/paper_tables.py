"""Tables ready for a paper: LaTeX, Markdown and CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

Rows = Sequence[Sequence[str]]

LATEX = {
    "\\": r"\textbackslash{}",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
"""What LaTeX reads otherwise than as itself."""


def latex(headings: Sequence[str], rows: Rows) -> str:
    r"""A ``tabular`` with the rules of the package booktabs, numbers in mathematics.

    >>> print(latex(["name", "value"], [["escape_rate", "5.5e-6"]]))
    \begin{tabular}{ll}
    \toprule
    name & value \\
    \midrule
    escape\_rate & $5.5 \times 10^{-6}$ \\
    \bottomrule
    \end{tabular}
    """
    lines = [" & ".join(_latex(cell) for cell in row) + r" \\" for row in (headings, *rows)]
    begin, end = rf"\begin{{tabular}}{{{'l' * len(headings)}}}", r"\end{tabular}"
    return "\n".join([begin, r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", end])


def markdown(headings: Sequence[str], rows: Rows) -> str:
    r"""A table in Markdown, as GitHub and pandoc read it.

    >>> print(markdown(["name", "|u|"], [["a", "1"]]))
    | name | \|u\| |
    |---|---|
    | a | 1 |
    """
    lines = ["| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in (headings, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(headings), *lines[1:]])


def comma_separated(headings: Sequence[str], rows: Rows) -> str:
    """A table as CSV.

    >>> print(comma_separated(["name", "meaning"], [["a", "one, two"]]))
    name,meaning
    a,"one, two"
    """
    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows([headings, *rows])
    return page.getvalue().rstrip("\n")


WRITERS: Mapping[str, Callable[[Sequence[str], Rows], str]] = {
    "csv": comma_separated,
    "latex": latex,
    "markdown": markdown,
}
SUFFIXES = {".csv": "csv", ".tex": "latex", ".md": "markdown"}
"""The format that a file's name asks for."""


def _latex(cell: str) -> str:
    """A cell: a decimal number in mathematics, anything else with what LaTeX would misread escaped."""
    mantissa, letter, power = cell.partition("e")
    if _decimal(mantissa) and (not letter or _decimal(power)):
        return f"${mantissa} \\times 10^{{{int(power)}}}$" if letter else f"${mantissa}$"
    return "".join(LATEX.get(character, character) for character in cell)


def _decimal(text: str) -> bool:
    """Whether ``text`` is digits with a sign and a point at most."""
    return text.lstrip("+-").replace(".", "", 1).isdigit()
