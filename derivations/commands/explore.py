"""``phase-retrieval explore``: the flow and its laws on a page with sliders."""

from pathlib import Path

import click

from derivations.commands.options import parsed, read_page
from derivations.output import json_text, make_folder, write

DEFAULT = "report/explorer.html"

EXAMPLES = """\b
Examples:
  phase-retrieval explore
  phase-retrieval explore --output explorer.html
"""


@click.command(epilog=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.option(
    "--output",
    metavar="FILE",
    callback=parsed(read_page),
    default=DEFAULT,
    help=f"The page to write; its folder is made.  [default: {DEFAULT}]",
)
def explore(as_json: bool, output: Path) -> None:
    """Write one HTML page that solves the flow as its sliders move.

    It needs a browser and no network. Its address holds the view: exponent a, dimension d, source B, size
    of the start eps, last time until, axes x and y, as in explorer.html#a=1.5&d=1000&until=1e8.
    """
    from derivations import explorer

    make_folder(output.parent)
    write(output, explorer.page())
    click.echo(json_text({"page": str(output)}) if as_json else f"page written to {output}")
