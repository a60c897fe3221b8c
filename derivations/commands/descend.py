"""``phase-retrieval descend``: gradient descent on the population, on samples, or on a stream of inputs."""

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
from derivations.commands.network import (
    Chosen,
    further,
    learning_options,
    network_answer,
    network_model,
    network_options,
    network_text,
    symbolic_model,
    written_options,
)
from derivations.commands.options import (
    bad_input,
    batch_option,
    file_format,
    load_problem,
    parsed,
    problem_options,
    read_momentum,
    read_output,
    read_positive,
    read_steps,
    read_variance,
    result_options,
    schedule_option,
)
from derivations.output import BadInput, emit, json_text, progress, tables

if TYPE_CHECKING:
    from numerics import (
        DescentProtocol,
        EmpiricalRun,
        NetworkRuns,
        Observables,
        Overlaps,
        Problem,
        StochasticRuns,
    )
    from numerics.descent.schedule import Schedule
    from numerics.generated import RightHandSides
    from numerics.state.observables import TrainedOverlaps

    Run = Observables | EmpiricalRun | StochasticRuns

EXAMPLES = """\b
Examples:
  phase-retrieval descend --exponent 2 --dimension 100 --step-size 1e-2 --steps 1e7
  phase-retrieval descend --exponent 0 --dimension 10 --step-size 0.1 --steps 500 --points 5 --json
  phase-retrieval descend --exponent 1.5 --dimension 20 --step-size 2e-3 --steps 5000 --sgd --runs 5
  phase-retrieval descend --exponent 1.5 --dimension 20 --step-size 1e-2 --steps 500 --samples 200
  phase-retrieval descend --exponent 1.5 --dimension 20 --step-size 1e-2 --steps 500 --link tanh --width 3
  phase-retrieval descend --exponent 1.5 --dimension 20 --step-size 1e-2 --steps 500 --sgd --link relu
"""

ONLY_WITH = {"batch": "--sgd", "runs": "--sgd", "checkpoint": "--sgd", "noise": "--sgd or --samples"}


@click.command(epilog=EXAMPLES)
@problem_options
@click.option(
    "--step-size",
    metavar="ETA",
    required=True,
    callback=parsed(read_positive),
    help="Stable at the teacher below the constant stability_step; with --sgd below sgd_stability_step of "
    "constants --batch M, which is far smaller.",
)
@click.option(
    "--steps", callback=parsed(read_steps), metavar="N", required=True, help="Number of steps to take."
)
@click.option(
    "--points",
    type=click.IntRange(2, 10**6),
    metavar="N",
    help="Number of step numbers reported: 0, then evenly spaced in the logarithm, without repetition.  "
    f"[default: {JSON_POINTS} with --json, {TABLE_POINTS} in a table]",
)
@click.option("--samples", type=click.IntRange(1), metavar="N", help="Descend on N samples.")
@click.option("--sgd", is_flag=True, help="Online SGD: every step on fresh inputs.")
@click.option(
    "--noise", metavar="VARIANCE", callback=parsed(read_variance), help="Of the labels.  [default: 0]"
)
@batch_option
@schedule_option
@click.option(
    "--runs", type=click.IntRange(1), metavar="R", help="Runs of SGD, with seeds S, S + 1, ….  [default: 1]"
)
@click.option(
    "--checkpoint",
    metavar="FILE",
    callback=parsed(read_output),
    help="Keep the state of SGD there, and go on from it if it is there already.",
)
@click.option(
    "--momentum",
    metavar="BETA",
    callback=parsed(read_momentum),
    help="Heavy ball: every step has BETA of the last one more. Of the flow it is solve --friction.",
)
@network_options
@learning_options
@result_options
def descend(
    step_size: float,
    steps: int,
    points: int | None,
    as_json: bool,
    output: Path | None,
    form: str | None,
    samples: int | None,
    sgd: bool,
    noise: float | None,
    batch: "int | tuple[tuple[float, int], ...] | None",
    schedule: "Schedule | None",
    runs: int | None,
    checkpoint: Path | None,
    momentum: float | None,
    **request: Any,
) -> None:
    """Run gradient descent: on the population loss, unless --sgd or --samples is given.

    The times reported are those of the flow, step size times step number. On the population it is the map
    itself, not the flow, however many steps there are. A table of several runs shows their medians. Runs of
    SGD that diverge are lost: named on stderr and under "lost", null from then on, and the others are kept.
    """
    own = {"batch": batch, "runs": runs, "checkpoint": checkpoint, "noise": noise}
    with bad_input():
        form = file_format(as_json, output, form)
        _check(samples, sgd, own)
        chosen = Chosen.taken(request)
        if samples and chosen.given:
            raise ValueError(
                f"{chosen.given[0]} is for descent on the population and SGD: leave out --samples"
            )
        if momentum is not None and (sgd or samples or further(chosen)):
            other_option = "--sgd" if sgd else "--samples" if samples else further(chosen)[0]
            raise ValueError(f"--momentum is for descent on the population loss: leave out {other_option}")
        own_side, other = chosen.sides()
        protocol = _protocol(step_size, steps, schedule, batch, noise)
        problem = load_problem(protocol.duration, sizes=(own_side.number, other.number), **request)
        model = _model(chosen, problem, sgd) if chosen.given else None
    count = points or (JSON_POINTS if as_json or form else TABLE_POINTS)
    moved = {} if momentum is None else {"momentum": momentum}
    if model is not None and sgd:
        simulated = _stochastic(problem, protocol, count, model, request["seed"] or 0, own)
        facts = {**protocol.attributes(), **written_options(chosen)}
        if form is not None:
            labelled = simulated.dataset(**parameters(request), **facts)
            emit(file_content(labelled, _all_runs(simulated) | facts, form), output)
        elif as_json:
            emit(json_text(_all_runs(simulated) | facts), output)
        else:
            emit(_median_loss(simulated, output), output)
        return
    if model is not None:
        overlaps = _descend_network(problem, protocol, count, model, momentum or 0.0)
        kept = written_options(chosen._replace(**dict.fromkeys(Chosen._fields[:6])))
        facts = {"modes": len(problem.eigenvalues), **_told(protocol), **kept, **moved}
        answer = network_answer(overlaps, overlaps.t.tolist(), facts, None)
        if form is not None:
            labelled = overlaps.dataset(**parameters(request), **(written_options(chosen) | facts))
            emit(file_content(labelled, answer, form), output)
        else:
            emit(network_text(answer, as_json, output), output)
        return
    seed = request["seed"] or 0
    run = _run(problem, protocol, count, samples, sgd, seed, own | {"momentum": momentum or 0.0})
    facts = {
        "teacher_energy": problem.teacher_energy,
        "modes": len(problem.eigenvalues),
        **_told(protocol),
        **moved,
    }
    if sgd:
        facts |= {name: protocol.attributes()[name] for name in ("batch", "noise_variance")}
    elif samples:
        facts |= {"samples": samples, "noise_variance": noise or 0.0}
    if lost := _lost(run):
        seeds = ", ".join(map(str, lost))
        click.echo(
            f"lost: SGD diverged with seed {seeds}; {(runs or 1) - len(lost)} others are kept", err=True
        )
    if form is not None:
        emit(
            file_content(run.dataset(**parameters(request), **facts), {**_lists(run), **facts}, form), output
        )
    elif as_json:
        emit(json_text({**_lists(run), **facts}), output)
    else:
        emit(tables(curve_rows(curves(_curve(run))), output=output), output)


def _check(samples: int | None, sgd: bool, own: dict[str, Any]) -> None:
    """Raise ValueError for options that do not go together."""
    if sgd and samples is not None:
        raise ValueError("--sgd and --samples exclude each other: give one of them")
    for name, value in own.items():
        if value is not None and not sgd and not (name == "noise" and samples):
            raise ValueError(f"--{name} needs {ONLY_WITH[name]}")


def _protocol(
    step_size: float, steps: int, schedule: "Schedule | None", batch: Any, noise: float | None
) -> "DescentProtocol":
    """What the options describe."""
    from numerics import DescentProtocol
    from numerics.descent.schedule import CONSTANT

    return DescentProtocol(step_size, steps, schedule or CONSTANT, batch or 1, noise or 0.0)


def _told(protocol: "DescentProtocol") -> dict[str, Any]:
    """What an answer says of the steps of any descent."""
    return {name: protocol.attributes()[name] for name in ("step_size", "steps", "schedule")}


def _run(
    problem: "Problem",
    protocol: "DescentProtocol",
    points: int,
    samples: int | None,
    sgd: bool,
    seed: int,
    own: dict[str, Any],
) -> "Run":
    """The descent; a step size at which it diverges is bad input."""
    import numerics

    noise = own["noise"] or 0.0
    try:
        with progress("descend") as show, bad_input():

            def report(done: int) -> None:
                show(done / protocol.steps)

            if sgd:
                return numerics.online_sgd(
                    problem,
                    protocol,
                    seeds=range(seed, seed + (own["runs"] or 1)),
                    points=points,
                    checkpoint=own["checkpoint"],
                    progress=report,
                )
            if samples is not None:
                drawn = numerics.draw_samples(problem, samples, noise_variance=noise, seed=seed)
                return numerics.empirical_descent(drawn, protocol, points=points, progress=report)
            return numerics.descend(
                problem, protocol, points=points, progress=report, momentum=own["momentum"]
            )
    except FloatingPointError as error:
        raise BadInput(str(error)) from None


def _model(chosen: Chosen, problem: "Problem", sgd: bool) -> Any:
    """The model of the options: with its links for SGD, else its right-hand sides."""
    if not sgd:
        return network_model(chosen, problem)
    if chosen.train_weights is not None:
        raise ValueError("--train-weights is for descent on the population: leave out --sgd")
    if chosen.normalised:
        raise ValueError("--normalised is for descent on the population: leave out --sgd")
    from theory.symbolic import constrained

    model = symbolic_model(chosen.sides(problem))
    return model if chosen.constraint is None else constrained(model, chosen.constraint)


def _stochastic(
    problem: "Problem", protocol: "DescentProtocol", points: int, model: Any, seed: int, own: dict[str, Any]
) -> "NetworkRuns":
    """Runs of SGD of another model; a step size at which all diverge is bad input."""
    import numerics

    try:
        with progress("descend") as show, bad_input():
            return numerics.online_sgd_network(
                problem,
                protocol,
                model=model,
                seeds=range(seed, seed + (own["runs"] or 1)),
                points=points,
                checkpoint=own["checkpoint"],
                progress=lambda done: show(done / protocol.steps),
            )
    except FloatingPointError as error:
        raise BadInput(str(error)) from None


def _all_runs(runs: "NetworkRuns") -> dict[str, Any]:
    """What is printed as JSON: S (run × time × K × K), U (run × time × K × M) and the loss (run × time)."""
    import numpy as np

    lists = {name: np.moveaxis(getattr(runs, name), -1, 1).tolist() for name in ("S", "U", "loss")}
    times = {"step": runs.steps.tolist(), "t": runs.t.tolist()}
    return {"seeds": list(runs.seeds), "lost": _lost(runs), **times, **lists}


def _median_loss(runs: "NetworkRuns", output: Path | None) -> str:
    """The median of the loss over the runs that are kept, over the times."""
    import numpy as np

    median = np.median(runs.loss[~runs.lost], axis=0)
    rows = [(f"{t:.4g}", f"{loss:.4g}") for t, loss in zip(runs.t, median, strict=True)]
    return tables((("t", "loss, median"), rows), output=output)


def _descend_network(
    problem: "Problem", protocol: "DescentProtocol", points: int, model: "RightHandSides", momentum: float
) -> "Overlaps | TrainedOverlaps":
    """The descent of another model; a step size at which it diverges is bad input."""
    import numerics

    try:
        with progress("descend") as show, bad_input():
            return numerics.descend_network(
                problem,
                protocol,
                None,
                points,
                model,
                progress=lambda done: show(done / protocol.steps),
                momentum=momentum,
            )
    except FloatingPointError as error:
        raise BadInput(str(error)) from None


def _curve(run: "Run") -> "Observables":
    """The one curve that a table shows: of several runs the medians of those that are kept."""
    import numpy as np

    from numerics import EmpiricalRun, Observables

    if isinstance(run, Observables):
        return run
    if isinstance(run, EmpiricalRun):
        return Observables(*(getattr(run, name) for name in Observables._fields))
    medians = (np.median(getattr(run, name)[~run.lost], axis=0) for name in Observables._fields[1:])
    return Observables(run.t, *medians)


def _lost(run: "Run | NetworkRuns") -> list[int]:
    """The seeds of SGD whose runs diverged."""
    from numerics import NetworkRuns, StochasticRuns

    if not isinstance(run, StochasticRuns | NetworkRuns):
        return []
    return [seed for seed, gone in zip(run.seeds, run.lost, strict=True) if gone]


def _lists(run: "Run") -> dict[str, Any]:
    """What is printed as JSON: lists over the times, and of SGD over runs and times."""
    from numerics import EmpiricalRun, Observables, StochasticRuns

    match run:
        case StochasticRuns():
            own = {name: getattr(run, name).tolist() for name in Observables._fields}
            return {"seeds": list(run.seeds), "lost": _lost(run), "step": run.steps.tolist(), **own}
        case EmpiricalRun():
            return {**curves(_curve(run)), "empirical_loss": run.empirical_loss.tolist()}
    return curves(run)
