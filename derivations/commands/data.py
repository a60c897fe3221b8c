"""``phase-retrieval data``: theory against a data matrix."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.curves import file_content
from derivations.commands.options import bad_input, file_format, parsed, read_horizon, result_options
from derivations.output import BadInput, emit, json_text, progress, tables

if TYPE_CHECKING:
    from numerics.data import DataComparison

EXAMPLES = """\b
Examples:
  phase-retrieval data images.npy
  phase-retrieval data table.csv --until 1e4 --seed 3 --json
"""


@click.command(epilog=EXAMPLES)
@click.argument("file")
@click.option(
    "--until",
    metavar="T",
    default="1e3",
    show_default=True,
    callback=parsed(read_horizon),
    help="Last time of the flow.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of teacher and start.")
@click.option(
    "--points", type=click.IntRange(2, 10**4), default=40, show_default=True, help="Number of times."
)
@click.option("--centre/--no-centre", default=True, show_default=True, help="Take the rows' mean off.")
@result_options
def data(
    file: str,
    until: float,
    seed: int,
    points: int,
    centre: bool,
    as_json: bool,
    output: Path | None,
    form: str | None,
) -> None:
    """Compare the flow on the rows of FILE (.npy, .npz, .csv) with its predictions.

    These are: Gaussian inputs of the rows' covariance; independent coordinates with the measured fourth
    cumulants; as many Gaussian samples. The gap of each is the root mean square over the times of the
    logarithm of the ratio: 0.1 is about 10 %. Teacher and start are draws; rows are scaled to unit variance
    in all.
    """
    from numerics.data import compare_data

    with bad_input():
        form = file_format(as_json, output, form)
        with progress("data"):
            try:
                found = compare_data(file, until, seed=seed, points=points, centre=centre)
            except ArithmeticError as error:
                raise BadInput(str(error)) from None
    emit(_content(found, as_json, form, output, {"seed": seed, "file": Path(file).name}), output)


def _content(
    found: "DataComparison", as_json: bool, form: str | None, output: Path | None, labels: dict[str, Any]
) -> str | bytes:
    curves = {name: values.tolist() for name, (_, values) in found.columns().items()}
    answer = {**curves, **found.attributes(), "excess_kurtosis": found.excess.tolist(), **labels}
    if form is not None:
        return file_content(found.dataset(**labels), answer, form)
    if as_json:
        return json_text(answer)
    facts = [(name, str(value)) for name, value in found.facts()]
    names = ["t", *(name for name in curves if name.startswith("mse"))]
    rows = [[f"{value:.4g}" for value in row] for row in zip(*(curves[name] for name in names), strict=True)]
    return tables((("data", ""), facts), (names, rows), output=output)
