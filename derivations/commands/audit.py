"""``phase-retrieval audit``: the paper's claims, examined."""

import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.options import bad_input, check_suffix, output_options
from derivations.output import BadInput, emit, json_text, make_folder, progress, tables, write

if TYPE_CHECKING:
    from derivations.court import Adjudication, Claim

EXAMPLES = """\b
Examples:
  phase-retrieval audit --quick
  phase-retrieval audit P2 B.24 --json
  phase-retrieval audit T1 --plot pictures
"""

COLOURS = {
    "proved": "green",
    "enclosed": "green",
    "measured": "cyan",
    "not sharp": "yellow",
    "false as stated": "bold red",
    "gap": "magenta",
    "undecided": "dim",
}

HEADINGS = ("id", "paper", "verdict", "claim and evidence")
TERMINAL_HEADINGS = ("id, paper, verdict", "claim and evidence")
"""On a terminal they stand one below the other, so that 80 columns leave room for the text."""


@click.command(epilog=EXAMPLES)
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--quick", is_flag=True, help="Shorter searches and fewer runs.")
@click.option(
    "--plot",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Draw the pictures that decide, as SVG and PDF, into a folder; it is made.",
)
@output_options
def audit(ids: tuple[str, ...], quick: bool, plot: Path | None, as_json: bool, output: Path | None) -> None:
    """Settle the paper's claims, each with the evidence for its verdict.

    An ID stands for a claim and the steps of its proof: P9 for P9, P9/step4 and so on; the number of an
    equation of the paper, such as B.24, for the claims printed there. Without one, all claims are examined.
    --plot draws, for each that is false or not sharp, the paper's statement, ours and a measurement on the
    same axes. Exits with status 1 if a verdict contradicts the one on record.
    """
    from derivations import court
    from derivations.court.table import picture_name
    from derivations.register import UnknownClaimError, select

    with bad_input():
        as_json |= check_suffix(output, ("json",)) == "json"
    try:
        selected = select(ids)
    except UnknownClaimError as error:
        raise BadInput(str(error)) from None
    if plot is not None:
        names = [picture_name(item.id) for item in selected]
        make_folder(plot, *(f"{name}.{form}" for name in names for form in ("svg", "pdf")))
    with progress("audit") as show:
        effort = court.Effort.QUICK if quick else court.Effort.FULL
        settled = list(court.audit(selected, effort, show))
        if plot is not None:
            _draw(selected, plot)
    emit(json_text([_entry(item) for item in settled]) if as_json else _readable(settled, output), output)
    contradictions = [item.claim.id for item in settled if not item.agrees]
    if contradictions:
        click.echo(f"contradicts the verdict on record: {', '.join(contradictions)}", err=True)
        raise click.exceptions.Exit(1)


def _draw(selected: Sequence["Claim"], folder: Path) -> None:
    """The pictures of these claims as files."""
    from derivations.adjudication import drawn

    for picture in filter(None, (drawn(item.id) for item in selected)):
        write(folder / f"{picture.name}.svg", picture.svg)
        write(folder / f"{picture.name}.pdf", picture.pdf)


def _entry(item: "Adjudication") -> dict[str, Any]:
    """One claim for JSON."""
    example = item.finding.counterexample
    return {
        "id": item.claim.id,
        "claim": item.claim.text,
        "verdict": str(item.finding.verdict),
        "evidence": item.evidence,
        "corrected": item.correction.claim.text if item.correction else None,
        "place": item.claim.place,
        "source": item.claim.source.place,
        "hypotheses": item.claim.conditions,
        "ratio": item.finding.ratio,
        "replay": example.replay if example else None,
        "recorded": str(item.claim.verdict),
    }


def _readable(settled: Sequence["Adjudication"], output: Path | None) -> str:
    """The table, and how many claims have which verdict."""
    from rich.text import Text

    from derivations.press.linear import plain

    terminal = output is None and sys.stdout.isatty()
    rows: list[list[str | Text]] = []
    for item in settled:
        verdict = str(item.finding.verdict)
        mark = "" if item.agrees else f" (on record: {item.claim.verdict})"
        place = fill(item.claim.place, 24) if terminal else item.claim.place  # columns of the place there
        heading = [Text(item.claim.id, "bold"), Text(place, "dim"), Text(verdict + mark, COLOURS[verdict])]
        parts = [Text(plain(item.claim.text), "bold"), Text(item.evidence)]
        if item.correction:
            parts.append(Text(f"Corrected: {plain(item.correction.claim.text)}", "green"))
        parts.append(Text(f"Examined in {item.claim.source.place}", "dim"))
        text = Text("\n").join(parts)
        rows.append([Text("\n").join(heading), text.append("\n")] if terminal else [*heading, text])
    found = [str(item.finding.verdict) for item in settled]
    counts = ", ".join(f"{found.count(name)} {name}" for name in COLOURS if name in found)
    headings = TERMINAL_HEADINGS if terminal else HEADINGS
    return f"{tables((headings, rows), output=output)}\n{len(settled)} claims: {counts}"
