"""What notebooks show of a problem or a result: a small table, and its picture beside the text."""

import base64
import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from numerics.problem import Problem
    from numerics.trajectory import Trajectory

Array = np.ndarray
Rows = Iterable[tuple[str, object]]

CELL = "text-align:left;padding:0.15em 1em 0.15em 0"
ROWS = 6
"""Rows of a table of curves."""


def card(title: str, rows: Rows, figure: "Figure | None" = None) -> str:
    """HTML of a ``title``, the ``rows`` as a table of names and values, and the ``figure``.

    >>> card("Limit", [("name", "+teacher")]).count("<td")
    1
    """
    lines = "".join(
        f"<tr><th style='{CELL};font-weight:normal'>{html.escape(name)}</th>"
        f"<td style='{CELL}'>{html.escape(_written(value))}</td></tr>"
        for name, value in rows
    )
    table = f"<table><caption style='{CELL}'><b>{html.escape(title)}</b></caption>{lines}</table>"
    return table if figure is None else f"<div>{table}{_image(figure, title)}</div>"


def curve_card(title: str, curves: dict[str, Array], figure: "Figure") -> str:
    """HTML of a table with a few rows of the ``curves`` (T,), by their names, and of the ``figure``."""
    length = len(next(iter(curves.values())))
    shown = np.unique(np.linspace(0, length - 1, min(ROWS, length)).round().astype(int))
    head = "".join(f"<th style='{CELL}'>{html.escape(name)}</th>" for name in curves)
    body = "".join(
        "<tr>" + "".join(f"<td style='{CELL}'>{values[row]:.6g}</td>" for values in curves.values()) + "</tr>"
        for row in shown
    )
    caption = f"<caption style='{CELL}'><b>{html.escape(title)}</b></caption>"
    table = f"<table>{caption}<tr>{head}</tr>{body}</table>"
    return f"<div>{table}{_image(figure, title)}</div>"


def problem_rows(problem: "Problem") -> Rows:
    """What a problem is, in a few lines."""
    seen = problem.eigenvalues[problem.eigenvalues > 0]
    yield "directions d", problem.dimension
    yield "modes", len(problem.eigenvalues)
    yield "eigenvalues", f"{seen.max():.6g} … {seen.min():.6g}"
    if len(problem.students) > 1 or len(problem.teachers) > 1:
        yield "students, teachers", f"{len(problem.students)}, {len(problem.teachers)}"
    yield "teacher energy s*", problem.teacher_energy
    yield "start energy s(0)", problem.start_energy
    if problem.relative_error:
        yield "relative error of the reduction", f"{problem.relative_error:.1e}"
    if np.isfinite(problem.horizon):
        yield "faithful until t", problem.horizon


def trajectory_rows(run: "Trajectory") -> Rows:
    """How a run ended, in a few lines."""
    yield "until t", run.until
    yield "limit", f"{run.limit.name}: {run.limit.reason}"
    if len(run.problem.students) == len(run.problem.teachers) == 1:
        phases = run.phases()
        yield "T1, first |u| = 0.1 s*", phases.t1
        yield "T1', last rise of s through s*/3", phases.t1_prime
        yield "T2, |u| and s within 0.05 s* for good", phases.t2
    yield "modes, steps", f"{len(run.problem.eigenvalues)}, {run.steps}"
    yield "relative error", f"{run.error:.1e}"


def summary(title: str, rows: Rows) -> str:
    """The rows as lines of text, for a terminal.

    >>> print(summary("Problem", [("modes", 3), ("s*", 1.0)]))
    Problem
      modes  3
      s*     1
    """
    written = [(name, _written(value)) for name, value in rows]
    width = max(len(name) for name, _ in written)
    return "\n".join([title, *(f"  {name:{width}}  {value}" for name, value in written)])


def _written(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value)


def _image(figure: "Figure", title: str) -> str:
    """The figure as an image in the page: bitmaps stay small however many modes there are."""
    from numerics.figures import encode

    content = base64.b64encode(encode(figure, "png")).decode()
    style = "max-width:100%;width:30em"
    return f"<img alt='{html.escape(title)}' style='{style}' src='data:image/png;base64,{content}'>"
