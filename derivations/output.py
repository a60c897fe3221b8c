"""How commands answer: JSON, tables, files written all or nothing, refusals, and progress of long work."""

import json
import math
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from theory.disk import writable, write_file

if TYPE_CHECKING:
    from rich.text import Text

PATIENCE = 2.0
"""Seconds of work before progress is shown."""

REDRAW = 0.1
"""Seconds between two looks at the progress."""


class BadInput(click.ClickException):
    """The request cannot be served as it is: one line says why, and the status is 2."""

    exit_code = 2


def emit(content: str | bytes, output: Path | None) -> None:
    """Print a text or the bytes of a file, or write it to ``output``."""
    if output is not None:
        write(output, f"{content}\n" if isinstance(content, str) else content)
    else:
        click.echo(content, nl=isinstance(content, str))


def write(path: Path, content: str | bytes) -> None:
    """Write a file at once: readers find the former content or the new, never a part of it."""
    try:
        write_file(path, content.encode() if isinstance(content, str) else content)
    except ValueError as error:
        raise BadInput(str(error)) from None


def make_folder(path: Path, *names: str) -> None:
    """Make a folder and those that it lies in, for files of these ``names``.

    That there can be no such folders, or no such files in it, is bad input.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        for name in names:
            writable(path / name)
    except OSError as error:
        raise BadInput(f"the folder {str(path)!r} cannot be made ({error.strerror})") from None
    except ValueError as error:
        raise BadInput(str(error)) from None


def json_text(content: Any) -> str:
    """``content`` as JSON, floats at full precision and those that are not finite as null.

    >>> json_text({"t": [0.1, float("nan")]})
    '{"t": [0.1, null]}'
    """
    return json.dumps(_finite(content), allow_nan=False)


def _finite(content: Any) -> Any:
    """``content`` with null for every float that JSON cannot hold."""
    match content:
        case dict():
            return {key: _finite(value) for key, value in content.items()}
        case list() | tuple():
            return [_finite(value) for value in content]
        case float() if not math.isfinite(content):
            return None
    return content


def tables(*parts: tuple[Sequence[str], Sequence[Sequence["str | Text"]]], output: Path | None) -> str:
    """Tables, each given by its headings and rows, as text for the terminal or, unstyled, for all else."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = output is None and sys.stdout.isatty()
    page = StringIO()
    # columns of a page that is not a terminal: wide enough that no row is wrapped
    console = Console(file=page, force_terminal=terminal, width=None if terminal else 10000)
    for headings, rows in parts:
        table = Table(*headings, box=SIMPLE_HEAD if terminal else None, pad_edge=False)
        for row in rows:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        console.print(table)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines())


@contextmanager
def progress(description: str) -> Iterator[Callable[[float], None]]:
    """Show on stderr, if that is a terminal, that work goes on once it has taken two seconds.

    Yields a function to be called with the fraction done; without calls the bar only moves.
    """
    if not sys.stderr.isatty():
        yield lambda fraction: None
        return
    watch = _Watch(description)
    watch.start()
    try:
        yield watch.report
    finally:
        watch.done.set()
        watch.join()


class _Watch(threading.Thread):
    """Draws the bar, so that the work itself pays nothing for it."""

    def __init__(self, description: str) -> None:
        super().__init__(daemon=True)
        self.description = description
        self.done = threading.Event()
        self.fraction: float | None = None

    def report(self, fraction: float) -> None:
        """Note the fraction done."""
        self.fraction = fraction

    def run(self) -> None:
        """Wait, then draw until the work is done."""
        if self.done.wait(PATIENCE):
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
            task = bar.add_task(self.description, total=None)
            while not self.done.wait(REDRAW):
                total = None if self.fraction is None else 1.0
                bar.update(task, total=total, completed=self.fraction, refresh=True)
