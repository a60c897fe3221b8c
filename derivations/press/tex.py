"""The book as LaTeX: one file and its figures, for pdflatex as Debian or TeX Live ship it."""

import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jinja2 import Environment, PackageLoader
from pylatexenc.latexencode import unicode_to_latex

from derivations.court.source import Source
from derivations.press.document import Derivation, Measured, Picture, Prose, Table, Verdicts, Written
from derivations.press.markup import render
from numerics.shown.figures import STYLE, Svg, encode

MARKS = {"**": (r"\textbf{", "}"), "*": (r"\emph{", "}"), "`": (r"\texttt{", "}")}
KINDS = {
    Prose: "prose",
    Derivation: "derivation",
    Table: "table",
    Picture: "picture",
    Measured: "measured",
    Verdicts: "verdicts",
}
REPLACED = {"ᵀ": "^T", "⅓": "1/3", "⅔": "2/3", "⁎": "*", "’": "'", "“": "``", "”": "''"}
"""Characters that the encoder does not know, or that need a package."""

ACCENTS = {"\u0307": r"\dot", "\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar"}
"""Accents of symbols."""

PLAIN_TIME = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
"""With these pdflatex writes the same bytes every time."""


NAME, PDF = "book.tex", "book.pdf"


class TypesettingError(RuntimeError):
    """pdflatex is not there, or refuses the book."""


def files(book: Sequence[Written]) -> Iterator[tuple[str, str | bytes]]:
    """Yield ``book.tex`` and the figures that it includes, as PDF."""
    figures: dict[str, Svg] = {}

    def figure(svg: Svg) -> str:
        """Remember a figure; its file."""
        name = f"figures/figure{len(figures) + 1}.pdf"
        figures[name] = svg
        return name

    environment = _environment()
    environment.filters["file"] = figure
    text = environment.get_template("book.tex.jinja").render(
        book=book, version=version("phase-retrieval-theory")
    )
    yield NAME, text + "\n"
    for name, svg in figures.items():
        yield name, encode(svg.figure, "pdf", style=STYLE)
    for written in book:
        yield from ((f"figures/{picture.name}.pdf", picture.pdf) for picture in written.pictures)


def program() -> str:
    """Where pdflatex is. Raises :class:`TypesettingError` where it is not installed."""
    found = shutil.which("pdflatex")
    if found is None:
        raise TypesettingError(
            "pdflatex is not installed: without --pdf, the LaTeX compiles with any TeX Live"
        )
    return found


def typeset(folder: Path) -> bytes:
    """Run pdflatex on ``book.tex`` in a folder and return the PDF; nothing else is left behind.

    Raises :class:`TypesettingError`, with what pdflatex said, where that fails.
    """
    compiler = program()
    with TemporaryDirectory() as scratch:
        command = [
            compiler,
            "-interaction=nonstopmode",
            "-halt-on-error",
            f"-output-directory={scratch}",
            NAME,
        ]
        for _ in range(3):
            done = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                env={"PATH": str(Path(compiler).parent), **PLAIN_TIME},
                check=False,
            )
            if done.returncode:
                said = re.findall(r"^!.*", done.stdout.decode(errors="replace"), re.M)
                raise TypesettingError(f"pdflatex refuses the book: {' '.join(said[:2])}")
        return (Path(scratch) / PDF).read_bytes()


def words(text: str) -> str:
    """Text without formulas as LaTeX.

    >>> words("5 % of λ_d, ẇ")
    '5 \\\\% of \\\\ensuremath{\\\\lambda}\\\\_d, \\\\ensuremath{\\\\dot{w}}'
    """
    text = "".join(REPLACED.get(letter, letter) for letter in text)
    return "".join(_word(letter) for letter in re.findall(r".[̀-ͯ]*", unicodedata.normalize("NFC", text), re.S))


def _word(letter: str) -> str:
    """One character with its accents."""
    if letter.isascii():
        return unicode_to_latex(letter)
    apart = unicodedata.normalize("NFD", letter)
    if apart[0].isascii() and apart[1:] in ACCENTS:
        return rf"\ensuremath{{{ACCENTS[apart[1:]]}{{{apart[0]}}}}}"
    return unicode_to_latex(letter, unknown_char_policy="replace", unknown_char_warning=False)


def formula(latex: str) -> str:
    """A formula between dollars; letters beyond ASCII as LaTeX."""
    inside = "".join(c if c.isascii() else unicode_to_latex(c, unknown_char_warning=False) for c in latex)
    return f"${inside}$"


def text(mixed: str) -> str:
    """A text in which formulas stand between dollar signs."""
    return render(mixed, words, formula, {})


def marked(mixed: str) -> str:
    """A paragraph with its markup."""
    return render(mixed, words, formula, MARKS)


def place(source: Source) -> str:
    """File and line, with allowed breaks."""
    return rf"\nolinkurl{{{source.place}}}"


def columns(table: Table) -> str:
    """Column types: as wide as their longest cell deserves."""
    lengths = [
        max(len(row[n]) for row in [*table.rows, table.headings]) ** 0.6 for n in range(len(table.headings))
    ]
    share = [0.9 * length / sum(lengths) for length in lengths]
    return "".join(rf">{{\raggedright\arraybackslash}}p{{{part:.3f}\linewidth}}" for part in share)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("derivations.press"),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "words": words,
        "text": text,
        "marked": marked,
        "place": place,
        "columns": columns,
        "kind": lambda block: KINDS[type(block)],
        "number": "{:.10g}".format,
        "difference": "{:.1e}".format,
    }
    environment.filters |= filters
    return environment
