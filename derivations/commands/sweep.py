"""``phase-retrieval sweep``: one table over a grid of parameters, resumable."""

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.options import bad_input, parsed
from derivations.output import BadInput, emit, json_text, progress, tables, write

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("flow", "phases", "descent", "sgd", "constants")
MOST_VALUES = 10000
TABLE = "table.csv"

EXAMPLES = """\b
Examples:
  phase-retrieval sweep phases --exponent 1.2:2:0.2 --dimension 100,1000 --seed 0:4:1 --until 1e6
  phase-retrieval sweep flow --exponent 1.5,2 --dimension inf --init escape:1e-2 --until 1e6 --times 1,1e3,1e6
  phase-retrieval sweep constants --exponent 1.2:3:0.2 --only escape_rate,tail_prefactor --format csv
  phase-retrieval sweep descent --dimension 100 --step-size 0.01,0.02,0.04 --steps 1000 --points 5
  phase-retrieval sweep sgd --dimension 100 --step-size 1e-3 --steps 1000 --run 0:19:1 --output runs
"""


def read_values(text: str) -> list[int | float]:
    """Numbers with commas between, or FIRST:LAST:STEP with LAST; whole ones as integers.

    >>> read_values("1.5,2,inf"), read_values("0:1:0.5"), read_values("1e3")
    ([1.5, 2, inf], [0, 0.5, 1], [1000])
    """
    pieces = text.split(":")
    if len(pieces) == 1:
        return [_number(part, text) for part in text.split(",")]
    try:
        first, last, step = (Fraction(piece) for piece in pieces)
    except ValueError:
        raise ValueError(f"{text!r} must be numbers with commas between, or FIRST:LAST:STEP") from None
    if not (step > 0 and first <= last and (last - first) / step < MOST_VALUES):
        raise ValueError(
            f"{text!r} must be FIRST:LAST:STEP with FIRST ≤ LAST and STEP > 0, at most {MOST_VALUES} values"
        )
    return [_plain(first + number * step) for number in range(int((last - first) / step) + 1)]


def _number(part: str, text: str) -> int | float:
    if part.strip() == "inf":
        return math.inf
    try:
        return _plain(Fraction(part))
    except ValueError:
        raise ValueError(f"{text!r} must be numbers with commas between, or FIRST:LAST:STEP") from None


def _plain(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def read_texts(text: str) -> list[str]:
    """Texts with commas between."""
    return [part.strip() for part in text.split(",")]


Reader = Callable[[str], Any]
PARAMETERS: dict[str, tuple[Reader, str]] = {
    "exponent": (read_values, "Of the eigenvalues.  [default: 2]"),
    "dimension": (read_values, "Number of modes, or inf.  [default: 1000; of constants inf]"),
    "teacher": (read_texts, "flat, gaussian or source:B.  [default: flat]"),
    "init": (read_texts, "sphere or escape:EPS.  [default: sphere]"),
    "seed": (read_values, "Of the draws of teacher and start.  [default: 0]"),
    "link": (read_texts, "A link of students and teachers, such as tanh(z).  [default: z**2]"),
    "width": (read_values, "Students.  [default: 1]"),
    "teachers": (read_values, "Teachers.  [default: 1]"),
    "constraint": (read_texts, "sphere, qsphere or decay:RATE."),
    "until": (read_values, "Last time of flow and phases."),
    "delta": (read_values, "Of T1, in units of s*.  [default: 0.1]"),
    "epsilon": (read_values, "Of T2.  [default: 0.05]"),
    "step-size": (read_values, "Of descent and SGD."),
    "steps": (read_values, "Of descent and SGD."),
    "run": (read_values, "Seeds of the draws of SGD.  [default: 0]"),
    "batch": (read_values, "Inputs of a step of SGD.  [default: 1]"),
    "noise": (read_values, "Variance of the labels of SGD.  [default: 0]"),
}
"""The parameters of a grid: how each is read, and what it is."""


def _grid_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for name, (read, text) in reversed(PARAMETERS.items()):
        metavar = "A,A,…|FIRST:LAST:STEP" if read is read_values else "A,A,…"
        command = click.option(f"--{name}", metavar=metavar, callback=parsed(read), help=text)(command)
    return command


@click.command(epilog=EXAMPLES)
@click.argument("kind", type=click.Choice(KINDS))
@_grid_options
@click.option(
    "--times", metavar="T1,T2,…", callback=parsed(read_values), help="Those of flow, of every cell."
)
@click.option("--points", type=click.IntRange(2, 10**6), metavar="N", help="Rows of each run.  [default: 50]")
@click.option("--only", metavar="NAME,NAME,…", help="These constants.")
@click.option("--digits", type=click.IntRange(1, 1000), metavar="N", help="Of the constants.  [default: 15]")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes.  [default: all processors]")
@click.option("--json", "as_json", is_flag=True, help="Print a list of rows, for programs.")
@click.option(
    "--format", "form", type=click.Choice(("table", "csv")), default="table", help="How it is printed."
)
@click.option(
    "--output",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help=f"Keep every cell there as soon as it is done, and the table as {TABLE}; begun again, the sweep "
    "goes on where it stopped.",
)
def sweep(
    kind: str,
    workers: int | None,
    as_json: bool,
    form: str,
    output: Path | None,
    only: str | None,
    **request: Any,
) -> None:
    """Compute one table over a grid: flows, phases, gradient descent, SGD or constants.

    KIND is flow, phases, descent, sgd or constants. Options with several values span the grid; the last one
    varies fastest. A cell that fails is a row with its reason under "failed", and ends no other.
    """
    from numerics.sweeps import sweep_grid

    grid = {name: value for name, value in request.items() if value is not None}
    if only is not None:
        grid["names"] = only
    with progress("sweep") as show, bad_input():
        _check(kind, grid)
        table = sweep_grid(kind, grid, output, workers=workers, progress=show)
    failed = int((table["failed"] != "").sum())
    if failed:
        click.echo(f"{failed} of {len(table)} rows failed, see their column failed", err=True)
    if output is not None:
        write(output / TABLE, table.to_csv(index=False))
    if as_json:
        emit(json_text(_rows(table)), None)
    elif output is not None:
        emit(f"{len(table)} rows in {output / TABLE}", None)
    elif form == "csv":
        emit(table.to_csv(index=False).rstrip("\n"), None)
    else:
        emit(tables(_printed(table), output=None), None)


NEEDED = {
    "flow": ("until",),
    "phases": ("until",),
    "descent": ("step_size", "steps"),
    "sgd": ("step_size", "steps"),
    "constants": (),
}
"""The options that each kind must have."""


def _check(kind: str, grid: dict[str, Any]) -> None:
    """Raise ValueError for options that the kind lacks or does not have."""
    from inspect import signature

    from numerics.sweeps.cells import KINDS as COMPUTED
    from numerics.sweeps.cells import LAW, MODEL

    absent = [name for name in NEEDED[kind] if name not in grid]
    if absent:
        raise BadInput(f"sweep {kind} needs --{absent[0].replace('_', '-')}")
    law = ("exponent", "dimension", "teacher", "seed") if kind == "constants" else (*LAW, *MODEL)
    known = {*law, *signature(COMPUTED[kind]).parameters}
    unknown = [name for name in grid if name not in known]
    if unknown:
        raise BadInput(f"sweep {kind} has no option --{unknown[0].replace('_', '-')}")


def _rows(table: "pd.DataFrame") -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _printed(table: "pd.DataFrame") -> tuple[list[str], list[list[str]]]:
    """Headings and rows."""
    rows = [
        [f"{value:.6g}" if isinstance(value, float) else str(value) for value in row.values()]
        for row in _rows(table)
    ]
    return [str(name) for name in table.columns], rows
