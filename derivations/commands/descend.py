"""``phase-retrieval descend``: population gradient descent, step by step."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.curves import (
    JSON_POINTS,
    TABLE_POINTS,
    curve_rows,
    curves,
    file_content,
    parameters,
)
from derivations.commands.options import (
    bad_input,
    file_format,
    load_problem,
    parsed,
    problem_options,
    read_positive,
    result_options,
)
from derivations.output import BadInput, emit, json_text, progress, tables

if TYPE_CHECKING:
    from numerics import Observables, Problem

EXAMPLES = """\b
Examples:
  phase-retrieval descend --exponent 2 --dimension 100 --step-size 1e-2 --steps 2000
  phase-retrieval descend --exponent 0 --dimension 10 --step-size 0.1 --steps 500 --points 5 --json
"""


@click.command(epilog=EXAMPLES)
@problem_options
@click.option(
    "--step-size",
    metavar="ETA",
    required=True,
    callback=parsed(read_positive),
    help="Stable at the teacher below the constant stability_step.",
)
@click.option(
    "--steps", type=click.IntRange(1, 2**53), metavar="N", required=True, help="Number of steps to take."
)
@click.option(
    "--points",
    type=click.IntRange(2, 10**6),
    metavar="N",
    help="Number of step numbers reported: 0, then evenly spaced in the logarithm, without repetition.  "
    f"[default: {JSON_POINTS} with --json, {TABLE_POINTS} in a table]",
)
@result_options
def descend(
    step_size: float,
    steps: int,
    points: int | None,
    as_json: bool,
    output: Path | None,
    form: str | None,
    **request: Any,
) -> None:
    """Run population gradient descent.

    The times reported are those of the flow, step size times step number.
    """
    with bad_input():
        form = file_format(as_json, output, form)
        problem = load_problem(step_size * steps, **request)
    curve = _run(problem, step_size, steps, points or (JSON_POINTS if as_json or form else TABLE_POINTS))
    facts = {
        "teacher_energy": problem.teacher_energy,
        "modes": len(problem.eigenvalues),
        "step_size": step_size,
        "steps": steps,
    }
    answer = {**curves(curve), **facts}
    if form is not None:
        emit(file_content(curve.dataset(**parameters(request), **facts), answer, form), output)
        return
    emit(json_text(answer) if as_json else tables(curve_rows(answer), output=output), output)


def _run(problem: "Problem", step_size: float, steps: int, points: int) -> "Observables":
    """The descent; a step size at which it diverges is bad input."""
    import numpy as np

    import numerics

    try:
        with progress("descend") as show, np.errstate(over="ignore", invalid="ignore"):
            return numerics.descend(
                problem, step_size, steps, points, progress=lambda done: show(done / steps)
            )
    except FloatingPointError as error:
        raise BadInput(str(error)) from None
