"""The report: all chapters, their evidence and a table of checks, on one self-contained page."""

import os
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment

from derivations import convergence, escape, hierarchy, model, tail, trajectory
from derivations.evidence import Chapter
from derivations.typeset import mathml, prose

FULL, QUICK = 2_000_000, 100_000


def chapters(quick: bool, progress: Callable[[str], None]) -> Iterator[Chapter]:
    """Yield the chapters in reading order; ``progress`` is told what is being worked on.

    ``quick`` shortens gradient descent and takes fewer exponents.
    """
    exponents = (1.5, 3.0) if quick else (1.2, 1.5, 2.0, 3.0)
    steps = QUICK if quick else FULL
    progress("the model and its landscape")
    yield model.chapter()
    progress("the hierarchy")
    yield hierarchy.chapter()
    progress("three phases")
    yield trajectory.chapter(
        steps, lambda done: progress(f"three phases: gradient descent, step {done:,} of {steps:,}")
    )
    progress("phase I: escape")
    yield escape.chapter(exponents)
    progress("phase II: convergence")
    yield convergence.chapter(exponents)
    progress("phase III: spectral tail")
    yield tail.chapter(exponents)


def page(contents: Sequence[Chapter]) -> str:
    """The report as one HTML document that needs no network and no script."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["mathml"] = mathml
    environment.filters["prose"] = prose
    environment.filters["number"] = "{:.12g}".format
    environment.filters["difference"] = "{:.1e}".format
    template = environment.from_string(files("derivations").joinpath("page.html.jinja").read_text("utf-8"))
    return template.render(chapters=contents, version=version("phase-retrieval-theory")) + "\n"


def write(text: str, path: Path) -> None:
    """Write ``text`` to ``path``, which is replaced at once or not at all; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
