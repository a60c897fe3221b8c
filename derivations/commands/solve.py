"""``phase-retrieval solve``: the gradient flow at any times."""

import math
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
from derivations.commands.digits import digits_answer, digits_text, exact_problem, solve_with_digits
from derivations.commands.network import (
    Chosen,
    network_answer,
    network_model,
    network_options,
    network_text,
    written_options,
)
from derivations.commands.options import (
    LEAST_HORIZON,
    bad_input,
    check_one_student,
    file_format,
    load_problem,
    parsed,
    problem_options,
    read_horizon,
    read_times,
    result_options,
)
from derivations.commands.sgd import check_sgd, link_modules, predict, prediction_content, sgd_options
from derivations.output import emit, json_text, progress, tables

if TYPE_CHECKING:
    from numerics import Problem, Trajectory
    from numerics.generated import RightHandSides
    from numerics.precise import PreciseSolution

DELTA, EPSILON = 0.1, 0.05
"""Levels of T1, in units of s*, and of T2."""

EXAMPLES = """\b
Examples:
  phase-retrieval solve --exponent 2 --dimension 1000 --until 1e6
  phase-retrieval solve --exponent 1.5 --dimension inf --init escape:1e-3 --until 1e9 --times 1,1e3,1e9 --json
  phase-retrieval solve --exponent 2 --dimension 1000 --until 1e6 --points 50 --format csv
  phase-retrieval solve --exponent 2 --dimension 3 --until 10 --times 1,10 --digits 30 --json
  phase-retrieval solve --exponent 1.5 --dimension 100 --until 50 --link tanh,relu --weights 1,-0.5
  phase-retrieval solve --exponent 0 --dimension 1000 --until 1e4 --link 'He3(z)' --constraint sphere
  phase-retrieval solve --exponent 1.5 --dimension 1e6 --until 1e4 --sgd --step-size 1e-3 --noise 0.1
"""


@click.command(epilog=EXAMPLES)
@problem_options
@click.option(
    "--until", metavar="T", required=True, callback=parsed(read_horizon), help="Last time of the flow."
)
@click.option(
    "--points",
    type=click.IntRange(2, 10**6),
    metavar="N",
    help="Number of times, evenly spaced in the logarithm.  "
    f"[default: {JSON_POINTS} with --json, {TABLE_POINTS} in a table]",
)
@click.option("--times", metavar="T1,T2,…", callback=parsed(read_times), help="Report these times instead.")
@click.option(
    "--digits",
    type=click.IntRange(10, 200),
    metavar="N",
    help="Solve all modes (d up to 1000) to N correct digits, printed as decimal strings; numbers given are "
    "read as exact decimals.",
)
@network_options
@sgd_options
@result_options
def solve(
    until: float,
    points: int | None,
    times: tuple[float, ...] | None,
    digits: int | None,
    sgd: bool,
    step_size: float | None,
    batch: int | None,
    noise: float | None,
    as_json: bool,
    output: Path | None,
    form: str | None,
    **request: Any,
) -> None:
    """Solve the gradient flow, or predict online SGD.

    Time is the flow's own, dw/dt = -grad L(w): of SGD step size times step number. Small numbers keep their
    full relative accuracy.
    """
    import numerics

    chosen = Chosen.taken(request)
    with bad_input():
        form = file_format(as_json, output, form)
        if points is not None and times is not None:
            raise ValueError("--points and --times exclude each other: give one of them")
        if times is not None and max(times) > until:
            raise ValueError(f"--times holds {max(times):g}: it must not exceed --until {until:g}")
        own = {"step_size": step_size, "batch": batch, "noise": noise}
        check_sgd(sgd, digits, own, until)
        if digits is not None:
            if form is not None:
                raise ValueError(
                    "--digits prints decimal strings, which labelled arrays do not hold: use --json"
                )
            if chosen.given and request["problem"] is None:
                raise ValueError(f"--digits needs a --problem file for {chosen.given[0]}")
            exact = exact_problem(digits, until, request)
            problem = exact.rounded
        else:
            horizon = 0.0 if sgd else LEAST_HORIZON
            problem = load_problem(until, sizes=chosen.sizes, least_horizon=horizon, **request)
        model = None
        if sgd:
            _check_single(chosen)
            check_one_student(problem)
            modules = link_modules(chosen.link, chosen.teacher_link)
        elif chosen.given:
            model = network_model(chosen.sides(problem), chosen.constraint, exact=digits is not None)
        else:
            check_one_student(problem)
    if sgd:
        wanted = times or points or (JSON_POINTS if as_json or form else TABLE_POINTS)
        prediction = predict(problem, until, wanted, own, modules)
        emit(prediction_content(prediction, as_json, form, output, parameters(request)), output)
        return
    if model is not None:
        moments = times or _default_times(
            problem, until, points or (JSON_POINTS if as_json or form else TABLE_POINTS)
        )
        source = problem if digits is None else exact
        run, answer = _network(source, model, until, moments, digits)
        if form is not None:
            labelled = run.dataset(moments, **parameters(request), **written_options(chosen))
            emit(file_content(labelled, answer, form), output)
        else:
            emit(network_text(answer, as_json, output), output)
        return
    if digits is not None:
        moments = times or _default_times(
            problem, until, points or (JSON_POINTS if as_json else TABLE_POINTS)
        )
        answer = digits_answer(solve_with_digits(exact, moments, digits), moments)
        emit(digits_text(answer, as_json, output), output)
        return
    with progress("solve") as show:
        run = numerics.solve(
            problem, until, progress=lambda time: show(min(1.0, math.log1p(time) / math.log1p(until)))
        )
    reported = times or _default_times(
        problem, until, points or (JSON_POINTS if as_json or form else TABLE_POINTS)
    )
    answer = _answer(run, reported)
    if form is not None:
        levels = {"delta": DELTA, "epsilon": EPSILON}
        emit(file_content(run.dataset(reported, **parameters(request), **levels), answer, form), output)
        return
    emit(json_text(answer) if as_json else _readable(answer, output), output)


def _check_single(chosen: Chosen) -> None:
    """Online SGD is predicted of one student of weight 1 with one teacher."""
    several = [name for name in chosen.given if not name.endswith("link")]
    if several:
        raise ValueError(f"--sgd predicts one student of weight 1: leave out {', '.join(several)}")


def _network(
    problem: Any, model: "RightHandSides", until: float, times: tuple[float, ...], digits: int | None
) -> tuple[Any, dict[str, Any]]:
    """The run of a ``model`` other than phase retrieval, and its answer at ``times`` in the order given."""
    import numerics

    moments = tuple(sorted(set(times)))
    run: Trajectory | PreciseSolution
    if digits is None:
        with bad_input(), progress("solve"):
            run = numerics.solve(problem, until, model)
        overlaps, modes, written = run.overlaps(moments), len(run.problem.eigenvalues), {}
    else:
        run = solve_with_digits(problem, moments, digits, model)
        overlaps, modes, written = run.overlaps, run.modes, {"digits": digits}
    order = [moments.index(time) for time in times]
    overlaps = type(overlaps)(*(part[..., order] for part in overlaps))
    facts = {
        "limit": run.limit.name,
        "limit_reason": run.limit.reason,
        "modes": modes,
        "steps": int(run.steps),
        "error": run.error,
        **written,
        **({"constraint": model.CONSTRAINT} if hasattr(model, "CONSTRAINT") else {}),
    }
    return run, network_answer(overlaps, times, facts, digits)


def _default_times(problem: "Problem", until: float, points: int) -> tuple[float, ...]:
    """Times from well before the fastest mode moves, 0.01/(λ_max s*), to ``until``."""
    fastest = float(problem.eigenvalues.max()) * problem.teacher_energy
    start = min(0.01 / fastest, 0.01 * until)
    ratio = math.log(until / start) / (points - 1)
    return (*(start * math.exp(ratio * number) for number in range(points - 1)), until)


def _answer(run: "Trajectory", reported: tuple[float, ...]) -> dict[str, Any]:
    """What the command prints, by name."""
    return {
        **curves(run.at(reported)),
        "limit": run.limit.name,
        "limit_reason": run.limit.reason,
        "teacher_energy": run.problem.teacher_energy,
        "phases": {**run.phases(DELTA, EPSILON)._asdict(), "delta": DELTA, "epsilon": EPSILON},
        "modes": len(run.problem.eigenvalues),
        "steps": int(run.steps),
        "error": run.error,
    }


def _readable(answer: dict[str, Any], output: Path | None) -> str:
    """The outcome, then the curves."""
    phases = answer["phases"]
    facts = [
        ("limit", f"{answer['limit']}: {answer['limit_reason']}"),
        (f"T1, first |u| = {DELTA:g} s*", f"{phases['t1']:.6g}"),
        ("T1', last rise of s through s*/3", f"{phases['t1_prime']:.6g}"),
        (f"T2, |u| and s within {EPSILON:g} s* for good", f"{phases['t2']:.6g}"),
        ("relative error", f"{answer['error']:.1e}"),
    ]
    return tables((("outcome", ""), facts), curve_rows(answer), output=output)
