"""``solve --samples``: the mean curve of the flow on n samples, predicted without drawing them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.curves import file_content
from derivations.commands.options import bad_input
from derivations.output import json_text, progress, tables

if TYPE_CHECKING:
    from numerics import Problem
    from numerics.samples import SamplePrediction


def samples_option(command: Callable[..., None]) -> Callable[..., None]:
    """The option of ``solve --samples``."""
    return click.option(
        "--samples",
        type=click.IntRange(1),
        metavar="N",
        help="The flow on N samples in place of the population: its mean over draws.",
    )(command)


def check_samples(sgd: bool, digits: int | None, own: dict[str, Any], given: Sequence[str]) -> None:
    """Raise ValueError for options that do not go with ``--samples``."""
    if sgd:
        raise ValueError("--sgd and --samples exclude each other: give one of them")
    for name, value in own.items():
        if value is not None and name != "noise":
            raise ValueError(f"--{name.replace('_', '-')} needs --sgd")
    if digits is not None:
        raise ValueError("--samples and --digits exclude each other: give one of them")
    if given:
        raise ValueError(f"--samples predicts phase retrieval: leave out {', '.join(given)}")


def predict(
    problem: "Problem", times: tuple[float, ...], samples: int, noise: float | None
) -> "SamplePrediction":
    """The prediction at ``times``, each once and in ascending order."""
    import numpy as np

    from numerics.samples import predict_samples

    with progress("solve"), bad_input():
        return predict_samples(problem, np.unique(times), samples, noise_variance=noise or 0.0)


def samples_content(
    run: "SamplePrediction", as_json: bool, form: str | None, output: Path | None, labels: dict[str, Any]
) -> str | bytes:
    """What is printed or written: a file of labelled arrays, JSON, or the outcome and the curves."""
    from numerics import sample_escape

    curves = {name: values.tolist() for name, (_, values) in run.columns().items()}
    if all(value != value for value in curves["mse"]):
        curves["mse"] = None
    flow = run.population
    escape = sample_escape(flow.problem, run.samples, noise_variance=run.noise_variance)
    answer = {
        **curves,
        # what solve prints of the population's flow alone
        **dict.fromkeys(("u", "s", "one_minus_u", "one_minus_s", "recovered")),
        "samples": run.samples,
        "escape_rate": escape.mean,
        "escape_rate_std": escape.std,
        "noise_variance": run.noise_variance,
        "valid_until": run.valid_until,
        "limit": flow.limit.name,
        "limit_reason": flow.limit.reason,
        "teacher_energy": flow.problem.teacher_energy,
        "modes": len(flow.problem.eigenvalues),
        "steps": int(flow.steps),
        "error": flow.error,
    }
    if form is not None:
        return file_content(run.dataset(**labels), answer, form)
    if as_json:
        return json_text(answer)
    names = [name for name, values in curves.items() if values is not None]
    rows = [[f"{value:.4g}" for value in row] for row in zip(*(curves[name] for name in names), strict=True)]
    facts = [("escape rate, its deviation", f"{escape.mean:.6g}, {escape.std:.2g}")]
    facts += [(name, value if isinstance(value, str) else f"{value:.6g}") for name, value in run.facts()]
    return tables((("outcome", ""), facts), (names, rows), output=output)
