"""``phase-retrieval constants``: asymptotic constants to any number of digits."""

import math
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.options import (
    bad_input,
    load_teacher,
    output_options,
    parsed,
    read_dimension,
    read_exponent,
    teacher_option,
)
from derivations.output import emit, json_text, progress, tables
from derivations.paper_tables import SUFFIXES, WRITERS

if TYPE_CHECKING:
    from theory.asymptotics import PowerLaw

MOST_DIGITS = 4000
"""Python converts no longer numbers to text unless told to."""

EXAMPLES = """\b
Examples:
  phase-retrieval constants
  phase-retrieval constants --exponent 1.5 --dimension 1e12 --teacher source:0.3 --digits 20
  phase-retrieval constants --dimension 100 --teacher gaussian --seed 1 --json
  phase-retrieval constants --exponent 3 --digits 10 --format latex
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--exponent",
    metavar="A",
    default="2",
    show_default=True,
    callback=parsed(read_exponent),
    help="Eigenvalues ∝ i^-A; A = 0 is isotropic, d = inf needs A > 1.",
)
@click.option(
    "--dimension",
    metavar="D|inf",
    default="inf",
    show_default=True,
    callback=parsed(read_dimension),
    help="Number of modes d, such as 1000, 1e12 or inf.",
)
@teacher_option("flat")
@click.option(
    "--seed", type=click.IntRange(0), metavar="S", default=0, show_default=True, help="Fixes the draws."
)
@click.option(
    "--digits",
    type=click.IntRange(1, MOST_DIGITS),
    metavar="N",
    default=50,
    show_default=True,
    help="Significant digits of every constant.",
)
@output_options
@click.option(
    "--format",
    "form",
    type=click.Choice(("csv", "latex", "markdown")),
    help="A table for a paper; --output FILE.csv, .tex and .md mean the same.",
)
def constants(
    exponent: Fraction,
    dimension: int | float,
    teacher: str,
    seed: int,
    digits: int,
    as_json: bool,
    output: Path | None,
    form: str | None,
) -> None:
    """Compute the asymptotic constants.

    Each comes with a radius that bounds its error and with its definition; one that does not exist, with
    the reason.
    """
    from theory.asymptotics import as_json as catalogue

    with bad_input():
        if as_json and form is not None:
            raise ValueError("--json and --format exclude each other: give one of them")
        spectrum = _spectrum(exponent, dimension, teacher, seed)
    with progress("constants"):
        answer = catalogue(spectrum, digits, teacher)
    if form is None and output is not None and not as_json:
        form = SUFFIXES.get(output.suffix.lower())
    if form is not None:
        emit(WRITERS[form](HEADINGS, _rows(answer["constants"])), output)
    else:
        emit(json_text(answer) if as_json else _readable(answer["constants"], output), output)


def _spectrum(exponent: Fraction, dimension: int | float, teacher: str, seed: int) -> "PowerLaw":
    """The spectrum and teacher asked for."""
    from theory.asymptotics import PowerLaw

    if teacher == "gaussian":
        if math.isinf(dimension):
            raise ValueError("teacher is 'gaussian': at dimension inf it must be flat or source:B")
        from numerics.power_law import gaussian_teacher

        return PowerLaw(exponent, dimension, gaussian_teacher(dimension, seed).tolist(), tail_mean_square=1)
    given = load_teacher(teacher)
    return PowerLaw(exponent, dimension, given if isinstance(given, str) else given.tolist())


HEADINGS = ("constant", "value", "radius", "definition")


def _rows(answer: dict[str, dict[str, Any]]) -> list[list[str]]:
    """One row a constant, with the reason where it is undefined."""
    return [
        [name, entry["value"] or "undefined", entry["radius"] or "", _meaning(entry)]
        for name, entry in answer.items()
    ]


def _meaning(entry: dict[str, Any]) -> str:
    reason = "" if entry["value"] else f" (undefined: {entry['reason']})"
    return f"{entry['definition']}{reason}"


def _readable(answer: dict[str, dict[str, Any]], output: Path | None) -> str:
    """The values, then what they mean."""
    values = [
        (name, entry["value"] or f"undefined: {entry['reason']}", entry["radius"] or "")
        for name, entry in answer.items()
    ]
    meanings = [(name, entry["definition"]) for name, entry in answer.items()]
    return tables(
        (("constant", "value", "radius"), values), (("constant", "definition"), meanings), output=output
    )
