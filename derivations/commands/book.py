"""``phase-retrieval book``: the derivations as linked pages and as LaTeX."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from derivations.output import BadInput, make_folder, progress, write

DEFAULT = "book"

EXAMPLES = """\b
Examples:
  phase-retrieval book
  phase-retrieval book --quick --output /tmp/book
  phase-retrieval book --pdf
"""


@click.command(epilog=EXAMPLES)
@click.option("--quick", is_flag=True, help="Fewer exponents, shorter runs, the quick audit.")
@click.option("--pdf", is_flag=True, help="Compile the LaTeX as well: needs pdflatex.")
@click.option(
    "--output",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT,
    help=f"The folder to write to; it is made.  [default: {DEFAULT}]",
)
def book(quick: bool, pdf: bool, output: Path) -> None:
    """Write the book: every derivation, checked step by step, with measurements and verdicts.

    index.html and its pages need no network and no script; book.tex compiles with a plain TeX Live.
    Exits with status 1 if a measurement contradicts its prediction, or a claim its verdict on record.
    """
    from derivations import contents
    from derivations.press import site, tex

    make_folder(output, *site.names(contents.CHAPTERS), tex.NAME, *([tex.PDF] if pdf else []))
    make_folder(output / "figures")
    if pdf:
        with typesetting():
            tex.program()
    with progress("book") as show:
        written = list(contents.write(quick, show))
    for files in (site.pages, site.figures, tex.files):
        for name, content in files(written):
            write(output / name, content)
    if pdf:
        with typesetting():
            write(output / tex.PDF, tex.typeset(output))
    click.echo(
        f"{len(written)} chapters; open {output / 'index.html'}"
        + (f" or {output / 'book.pdf'}" if pdf else "")
    )
    failed = [item.chapter.title for item in written if not item.holds]
    if failed:
        click.echo(f"fails: {', '.join(failed)}", err=True)
        raise click.exceptions.Exit(1)


@contextmanager
def typesetting() -> Iterator[None]:
    """Report what pdflatex cannot do as bad input."""
    from derivations.press.tex import TypesettingError

    try:
        yield
    except TypesettingError as error:
        raise BadInput(f"--pdf: {error}") from None
