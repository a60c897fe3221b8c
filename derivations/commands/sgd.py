"""``solve --sgd``: the mean curve of online SGD, predicted without runs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.curves import curve_rows, curves, file_content
from derivations.commands.options import (
    add_options,
    bad_input,
    batch_option,
    parsed,
    read_positive,
    read_variance,
    schedule_option,
)
from derivations.output import BadInput, json_text, progress, tables

if TYPE_CHECKING:
    from numerics import DescentProtocol, NetworkPrediction, Prediction, Problem
    from numerics.arrays import Array


def sgd_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of ``solve --sgd``."""
    options = (
        click.option(
            "--sgd",
            is_flag=True,
            help="Online SGD in place of the flow: the mean statistics after every step on fresh inputs.",
        ),
        click.option(
            "--step-size",
            metavar="ETA",
            callback=parsed(read_positive),
            help="Of SGD; times are rounded to whole steps.",
        ),
        batch_option,
        schedule_option,
        click.option(
            "--noise", metavar="VARIANCE", callback=parsed(read_variance), help="Of the labels.  [default: 0]"
        ),
    )
    return add_options(command, *options)


def check_sgd(sgd: bool, digits: int | None, own: dict[str, Any], until: float) -> None:
    """Raise ValueError for options that do not go together."""
    if not sgd:
        for name, value in own.items():
            if value is not None:
                other = " or --samples" if name == "noise" else ""
                raise ValueError(f"--{name.replace('_', '-')} needs --sgd{other}")
        return
    if own["step_size"] is None:
        raise ValueError("--sgd needs --step-size ETA")
    if digits is not None:
        raise ValueError("--sgd and --digits exclude each other: give one of them")
    if until < 0.5 * own["step_size"]:
        raise ValueError(f"--until {until:g} must not be shorter than a step, {own['step_size']:g}")


def link_modules(link: str | None, teacher_link: str | None) -> dict[str, Any]:
    """The model of one student and one teacher where links are given; of polynomials as modules with noise.

    Raises ValueError for a link that is not understood.
    """
    if link is None and teacher_link is None:
        return {}
    from numerics import load_module
    from numerics.pairs.functions import taylor_coefficients
    from theory.symbolic import Z, parse_link, single_index
    from theory.symbolic.codegen import generate_module
    from theory.symbolic.gradient_noise import generate_noise_module

    own = Z**2 if link is None else parse_link(link)
    model = single_index(own, None if teacher_link is None else parse_link(teacher_link))
    if any(taylor_coefficients(part) is None for part in (*model.student_links, *model.teacher_links)):
        return {"model": model}
    return {
        "model": load_module(generate_module(model)),
        "noise": load_module(generate_noise_module(model)),
    }


def predict(
    problem: "Problem",
    until: float,
    wanted: int | tuple[float, ...],
    own: dict[str, Any],
    modules: dict[str, Any],
) -> "Prediction":
    """The prediction at that many points, or at these times rounded to whole steps, each once."""
    import numerics

    protocol, points = _asked(until, wanted, own)
    try:
        with progress("solve") as show, bad_input():
            return numerics.predict_sgd(
                problem,
                protocol,
                points=points,
                progress=lambda done: show(done / protocol.steps),
                band=True,
                **modules,
            )
    except FloatingPointError as error:
        raise BadInput(str(error)) from None


def _asked(
    until: float, wanted: int | tuple[float, ...], own: dict[str, Any]
) -> "tuple[DescentProtocol, int | Array]":
    """The protocol until that time, and the points in it."""
    import numpy as np

    from numerics import DescentProtocol
    from numerics.descent.protocol import steps_until
    from numerics.descent.schedule import CONSTANT

    size, schedule = own["step_size"], own["schedule"] or CONSTANT
    with bad_input():
        steps = steps_until(size, schedule, until)
        protocol = DescentProtocol(size, steps, schedule, own["batch"] or 1, own["noise"] or 0.0)
    return protocol, wanted if isinstance(wanted, int) else np.unique(protocol.numbers(np.array(wanted)))


def predict_network(
    problem: "Problem",
    until: float,
    wanted: int | tuple[float, ...],
    own: dict[str, Any],
    model: Any,
) -> "NetworkPrediction":
    """The prediction for several students or teachers, as :func:`predict` has it."""
    import numerics

    protocol, points = _asked(until, wanted, own)
    try:
        with progress("solve") as show, bad_input():
            return numerics.predict_sgd_network(
                problem,
                protocol,
                model=model,
                points=points,
                progress=lambda done: show(done / protocol.steps),
            )
    except FloatingPointError as error:
        raise BadInput(str(error)) from None


def prediction_content(
    run: "Prediction", as_json: bool, form: str | None, output: Path | None, labels: dict[str, Any]
) -> str | bytes:
    """What is printed or written: a file of labelled arrays, JSON, or the outcome and the curves."""
    shown = curves(run.observables)
    nowhere = shown["mse"] is None
    answer = {
        **shown,
        "limit": run.limit.name,
        "limit_reason": run.limit.reason,
        "teacher_energy": run.teacher_energy,
        "modes": run.modes,
        "error": run.error,
        **run.protocol.attributes(),
        **{name: None if name == "mse_std" and nowhere else row.tolist() for name, row in run.band.items()},
        "concentration": run.concentration,
    }
    if form is not None:
        return file_content(run.dataset(**labels), answer, form)
    if as_json:
        return json_text(answer)
    told = run.protocol.facts()
    facts = [
        ("limit", f"{run.limit.name}: {run.limit.reason}"),
        *((name, f"{fact:g}" if isinstance(fact, float) else str(fact)) for name, fact in told),
        ("largest deviation of u or s in runs", f"{run.concentration:.2g} s*"),
        ("relative error", f"{run.error:.1e}"),
    ]
    return tables((("outcome", ""), facts), curve_rows(answer), output=output)
