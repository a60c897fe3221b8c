"""``phase-retrieval figure``: the paper's figures, next to the theory's curves."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.options import bad_input, output_options
from derivations.output import json_text, progress, tables, write

if TYPE_CHECKING:
    from derivations.experiments.figures import PaperFigure

SUFFIXES = ("svg", "pdf", "png")

EXAMPLES = """\b
Examples:
  phase-retrieval figure 6 --quick
  phase-retrieval figure 3 --quick --json
"""


@click.command(epilog=EXAMPLES)
@click.argument("number", metavar="N", type=int)
@click.option("--quick", is_flag=True, help="Fewer curves and shorter runs; the caption says which.")
@click.option(
    "--seed", type=click.IntRange(0), metavar="S", default=0, show_default=True, help="Fixes every draw."
)
@output_options
def figure(number: int, quick: bool, seed: int, as_json: bool, output: Path | None) -> None:
    """Redraw figure N of the paper, 1 to 6, with the theory.

    --output FILE.svg, .pdf or .png draws it, in a style for two-column papers, and prints the caption;
    FILE.json takes the data of its curves.
    """
    from derivations.experiments.figures import check_number, paper_figure

    suffix = None if output is None else output.suffix.lower().removeprefix(".")
    with bad_input():
        check_number(number)
        if suffix not in (None, "json", *SUFFIXES):
            raise ValueError(f"--output {str(output)!r} must end in .{', .'.join(SUFFIXES)} or .json")
    with progress(f"figure {number}") as show:
        content = paper_figure(number, quick, seed, show)
        picture = content.encode(suffix) if suffix in SUFFIXES else None
    data = json_text(content.as_json()) if as_json or suffix == "json" else None
    if output is not None:
        write(output, f"{data}\n" if picture is None else picture)
    if data is None:
        click.echo(content.caption if output is not None else _readable(content))
    elif suffix != "json":
        click.echo(data)


def _readable(content: "PaperFigure") -> str:
    """The caption, and what each curve spans."""
    rows = [_row(panel, curve) for panel in content.as_json()["panels"] for curve in panel["curves"]]
    table = tables((("panel", "curve", "kind", "points", "x", "y"), rows), output=None)
    return f"{content.caption}\n\n{table}"


def _row(panel: dict[str, Any], curve: dict[str, Any]) -> list[str]:
    x, y = ([value for value in curve[axis] if value == value] for axis in "xy")
    name = panel["title"] or panel["ylabel"]
    spans = [f"{values[0]:.4g} … {values[-1]:.4g}" for values in (x, y)]
    return [name, curve["label"], curve["kind"], str(len(curve["x"])), *spans]
