"""The report, the book's digest: what its chapters measured, and the audit, on one self-contained page."""

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from importlib.resources import files

from jinja2 import Environment

from derivations.contents import CHAPTERS
from derivations.court.table import Row
from derivations.press.evidence import Section
from derivations.press.typeset import mathml, prose


def sections(quick: bool, progress: Callable[[float], None]) -> Iterator[Section]:
    """Yield what the chapters of the book measured, in their order; ``progress`` is told the fraction done.

    ``quick`` shortens gradient descent and takes fewer exponents.
    """
    chain = [section for chapter in CHAPTERS for section in chapter.measured]
    for number, section in enumerate(chain, 1):
        yield section(quick)
        progress(number / len(chain))


def page(contents: Sequence[Section], verdicts: Sequence[Row] = (), book: str = "") -> str:
    """The report as one HTML document that needs no network and no script.

    ``verdicts`` are the audit's; ``book`` is where the book is, from the page.
    """
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["mathml"] = mathml
    environment.filters["prose"] = prose
    environment.filters["number"] = "{:.12g}".format
    environment.filters["difference"] = "{:.1e}".format
    template = environment.from_string(files("derivations").joinpath("page.html.jinja").read_text("utf-8"))
    release = version("phase-retrieval-theory")
    return template.render(sections=contents, verdicts=verdicts, book=book, version=release) + "\n"
