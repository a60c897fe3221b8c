"""The book as HTML: one page a chapter, an index, and the sources that formulas link to.

No script, no network: formulas are MathML, figures SVG, in files of their own where they are many, links
relative.
"""

import html
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version

from jinja2 import Environment, PackageLoader

from derivations.press.document import Chapter, Derivation, Measured, Picture, Prose, Table, Verdicts, Written
from derivations.press.markup import render
from derivations.press.typeset import inline, mathml, prose

MARKS = {"**": ("<strong>", "</strong>"), "*": ("<em>", "</em>"), "`": ("<code>", "</code>")}
KINDS = {
    Prose: "prose",
    Derivation: "derivation",
    Table: "table",
    Picture: "picture",
    Measured: "measured",
    Verdicts: "verdicts",
}
INDEX, SOURCES = "index.html", "sources.html"


def names(chapters: Sequence[Chapter]) -> list[str]:
    """The names of all pages."""
    return [INDEX, *(f"{chapter.key}.html" for chapter in chapters), SOURCES]


def pages(book: Sequence[Written]) -> Iterator[tuple[str, str]]:
    """Yield the name and the content of every page.

    Links from formulas lead to the sources page, which holds the text of what produced them.
    """
    environment = _environment()
    frame = {"book": book, "version": version("phase-retrieval-theory")}
    yield INDEX, environment.get_template("index.html.jinja").render(**frame)
    for number, written in enumerate(book):
        around = {
            "previous": book[number - 1] if number else None,
            "following": book[number + 1] if number + 1 < len(book) else None,
        }
        page = environment.get_template("chapter.html.jinja")
        yield (
            f"{written.chapter.key}.html",
            page.render(written=written, number=number + 1, **around, **frame),
        )
    found = {source.anchor: source for written in book for source in written.sources}
    ordered = sorted(found.values(), key=lambda source: (source.path, source.line))
    yield SOURCES, environment.get_template("sources.html.jinja").render(sources=ordered, **frame)


def figures(book: Sequence[Written]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of the figures that pages refer to."""
    for written in book:
        yield from ((f"figures/{picture.name}.svg", picture.svg) for picture in written.pictures)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("derivations.press"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "prose": prose,
        "marked": _marked,
        "mathml": cache(mathml),
        "number": "{:.12g}".format,
        "difference": "{:.1e}".format,
        "link": lambda source: f"{SOURCES}#{source.anchor}",
        "kind": lambda block: KINDS[type(block)],
        "slug": lambda verdict: str(verdict).replace(" ", "-"),
    }
    return environment


def _marked(text: str) -> str:
    """HTML of a paragraph with its markup."""
    return render(text, lambda words: html.escape(words, quote=False), inline, MARKS)
