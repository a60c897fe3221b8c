"""What notebooks show of a problem or a result: a small table, and its picture beside the text."""

import base64
import html
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from numerics.arrays import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Iterable[tuple[str, object]]

CELL = "text-align:left;padding:0.15em 1em 0.15em 0"


class Summarised(ABC):
    """What shows itself by a few facts: lines in a terminal, in a notebook a table beside its picture."""

    heading: ClassVar[str] = ""
    """What the table is called, unless by the name of the class."""

    @abstractmethod
    def facts(self) -> Rows:
        """What it is, in a few lines: names and values."""

    @abstractmethod
    def plot(self) -> "Figure":
        """Its picture."""

    def __repr__(self) -> str:
        return summary(type(self).__name__, self.facts())

    def _repr_html_(self) -> str:
        return card(self.heading or type(self).__name__, self.facts(), self.plot())


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
    # rows of a table of curves
    shown = np.unique(np.linspace(0, length - 1, min(6, length)).round().astype(int))
    head = "".join(f"<th style='{CELL}'>{html.escape(name)}</th>" for name in curves)
    body = "".join(
        "<tr>" + "".join(f"<td style='{CELL}'>{values[row]:.6g}</td>" for values in curves.values()) + "</tr>"
        for row in shown
    )
    caption = f"<caption style='{CELL}'><b>{html.escape(title)}</b></caption>"
    table = f"<table>{caption}<tr>{head}</tr>{body}</table>"
    return f"<div>{table}{_image(figure, title)}</div>"


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
    from numerics.shown.figures import encode

    content = base64.b64encode(encode(figure, "png")).decode()
    style = "max-width:100%;width:30em"
    return f"<img alt='{html.escape(title)}' style='{style}' src='data:image/png;base64,{content}'>"
