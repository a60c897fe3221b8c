"""``phase-retrieval report``: derive, solve, predict, compare, and write the page."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.options import parsed, read_page
from derivations.output import json_text, make_folder, progress, tables, write
from derivations.press.evidence import Section

if TYPE_CHECKING:
    from derivations.court.table import Row

DEFAULT = "report/index.html"

EXAMPLES = """\b
Examples:
  phase-retrieval report
  phase-retrieval report --quick --json --output report/quick.html
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--quick", is_flag=True, help="Fewer exponents, a shorter gradient descent, verdicts on record."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.option(
    "--output",
    metavar="FILE",
    callback=parsed(read_page),
    default=DEFAULT,
    help=f"The page to write, beside it the explorer; its folder is made.  [default: {DEFAULT}]",
)
def report(quick: bool, as_json: bool, output: Path) -> None:
    """Derive, compare predictions with measurements, audit the paper, write one HTML page.

    Exits with status 1 if a check fails; the page is written all the same.
    """
    make_folder(output.parent)
    from derivations import explorer
    from derivations import report as pages

    with progress("report") as show, _verdicts(quick) as verdicts:
        sections = list(pages.sections(quick, show))
        settled = verdicts()
    write(output.with_name(explorer.NAME), explorer.page())
    write(output, pages.page(sections, settled, os.path.relpath("book/index.html", output.parent)))
    contradicted = [row.id for row in settled if not row.agrees]
    holds = all(section.holds for section in sections) and not contradicted
    if as_json:
        audit = {row.id: row.verdict for row in settled}
        answer = {"holds": holds, "page": str(output), "chapters": _evidence(sections), "audit": audit}
        click.echo(json_text(answer))
    else:
        click.echo(tables((HEADINGS, _rows(sections)), output=None))
        if contradicted:
            click.echo(f"verdicts that contradict the record: {', '.join(contradicted)}")
        click.echo(f"{'All checks hold' if holds else 'SOME CHECKS FAIL'}; page written to {output}")
    if not holds:
        raise click.exceptions.Exit(1)


@contextmanager
def _verdicts(quick: bool) -> Iterator[Callable[[], "list[Row]"]]:
    """The audit's table: settled in a process of its own, or for a ``quick`` report as it is on record."""
    from derivations.adjudication import meanwhile, recorded
    from derivations.court.claim import Effort

    if quick:
        yield recorded
    else:
        with meanwhile(Effort.QUICK) as settled:
            yield settled


HEADINGS = ("quantity or check", "paper", "predicted", "measured", "difference", "")


def _rows(sections: Sequence[Section]) -> list[list[str]]:
    """Every comparison and check, as on the page."""
    rows = []
    for section in sections:
        for item in section.comparisons:
            numbers = [f"{item.predicted:.10g}", f"{item.measured:.10g}", f"{item.difference:.1e}"]
            rows.append([item.name, item.source, *numbers, _verdict(item.holds)])
        for check in section.checks:
            rows.append([check.name, check.source, "", "", check.evidence, _verdict(check.holds)])
    return rows


def _verdict(holds: bool) -> str:
    return "holds" if holds else "FAILS"


def _evidence(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Comparisons and checks by section, for JSON."""
    return [
        {
            "title": section.title,
            "comparisons": [
                {**asdict(item), "difference": item.difference, "holds": item.holds}
                for item in section.comparisons
            ],
            "checks": [asdict(check) for check in section.checks],
        }
        for section in sections
    ]
