"""``phase-retrieval report``: derive, solve, predict, compare, and write the page."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from derivations import report as pages
from derivations.evidence import Chapter


@click.command(epilog="Example: phase-retrieval report --quick --output report/index.html")
@click.option("--quick", is_flag=True, help="Fewer exponents and a shorter gradient descent (seconds).")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report/index.html"),
    show_default=True,
    help="The page to write; its folder is made.",
)
def report(quick: bool, output: Path) -> None:
    """Derive the equations, compare predictions with measurements, write one HTML page.

    Exits with status 1 if a check fails; the page is written all the same.
    """
    messages = Console(stderr=True)
    with messages.status("starting") as status:
        chapters = list(pages.chapters(quick, status.update))
    pages.write(pages.page(chapters), output)
    Console().print(_table(chapters))
    click.echo(f"written to {output}")
    if not all(chapter.holds for chapter in chapters):
        raise click.exceptions.Exit(1)


def _table(chapters: Sequence[Chapter]) -> Table:
    """Every comparison and check, as on the page."""
    table = Table(title="Prediction against measurement")
    for column in ("quantity or check", "paper", "predicted", "measured", "difference", ""):
        table.add_column(column, overflow="fold")
    for chapter in chapters:
        for item in chapter.comparisons:
            table.add_row(
                item.name,
                item.source,
                f"{item.predicted:.10g}",
                f"{item.measured:.10g}",
                f"{item.difference:.1e}",
                _verdict(item.holds),
            )
        for check in chapter.checks:
            table.add_row(check.name, check.source, "", "", check.evidence, _verdict(check.holds))
    return table


def _verdict(holds: bool) -> str:
    return "[green]holds[/]" if holds else "[bold red]FAILS[/]"
