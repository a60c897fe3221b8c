"""The report: all chapters, their evidence and a table of checks, on one self-contained page."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from importlib.resources import files

from jinja2 import Environment

from derivations.beyond.measured import descent
from derivations.convergence.measured import borderlines, convergence, corrections, trajectory
from derivations.court.table import Row
from derivations.escape.measured import escape
from derivations.press.evidence import Chapter
from derivations.press.typeset import mathml, prose
from derivations.setting.measured import hierarchy, model
from derivations.tail.measured import tail

DESCENT_STEPS = 100_000


def chapters(quick: bool, progress: Callable[[float], None]) -> Iterator[Chapter]:
    """Yield the chapters in reading order; ``progress`` is told the fraction that is done.

    ``quick`` shortens gradient descent and takes fewer exponents.
    """
    exponents = (1.5, 3.0) if quick else (1.2, 1.5, 2.0, 2.5, 3.0, 4.0)
    chain = [model.chapter, hierarchy.chapter, trajectory.chapter]
    chain += [
        partial(later.chapter, exponents) for later in (escape, convergence, corrections, borderlines, tail)
    ]
    chain += [partial(descent.chapter, DESCENT_STEPS if quick else 2 * DESCENT_STEPS)]
    for number, chapter in enumerate(chain, 1):
        yield chapter()
        progress(number / len(chain))


def page(contents: Sequence[Chapter], verdicts: Sequence[Row] = (), book: str = "") -> str:
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
    return template.render(chapters=contents, verdicts=verdicts, book=book, version=release) + "\n"
