"""``phase-retrieval solve``: the gradient flow at any times."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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
from derivations.commands.inputs import GAUSSIAN, check_inputs, input_model, inputs_content, inputs_option
from derivations.commands.network import (
    Chosen,
    friction_option,
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
    LEAST_HORIZON,
    bad_input,
    check_one_student,
    file_format,
    load_problem,
    parsed,
    problem_options,
    read_horizon,
    read_rtol,
    read_times,
    result_options,
)
from derivations.commands.samples import check_samples, samples_content, samples_option
from derivations.commands.samples import predict as predict_on_samples
from derivations.commands.sgd import (
    check_sgd,
    link_modules,
    predict,
    predict_network,
    prediction_content,
    sgd_options,
)
from derivations.output import emit, json_text, progress, tables

if TYPE_CHECKING:
    from numerics import Problem, Trajectory
    from numerics.descent.schedule import Schedule
    from numerics.generated import RightHandSides
    from numerics.precise import ExactProblem, PreciseSolution

DELTA, EPSILON = 0.1, 0.05
"""Levels of T1, in units of s*, and of T2."""

EXAMPLES = """\b
Examples:
  phase-retrieval solve --exponent 2 --dimension 1000 --until 1e6
  phase-retrieval solve --exponent 1.5 --dimension inf --init escape:1e-3 --until 1e9 --times 1,1e3,1e9 --json
  phase-retrieval solve --exponent 2 --dimension 1000 --until 1e6 --points 50 --format csv
  phase-retrieval solve --exponent 2 --dimension 1000 --until 1e6 --rtol 1e-6
  phase-retrieval solve --exponent 2 --dimension 3 --until 10 --times 1,10 --digits 30 --json
  phase-retrieval solve --exponent 1.5 --dimension 100 --until 50 --link tanh,relu --weights 1,-0.5
  phase-retrieval solve --exponent 0 --dimension 1000 --until 1e4 --link 'He3(z)' --constraint sphere
  phase-retrieval solve --exponent 1.5 --dimension 100 --until 9 --link relu --width 2 --train-weights 0.5
  phase-retrieval solve --exponent 2 --dimension 100 --until 100 --friction 0.5
  phase-retrieval solve --exponent 1.5 --dimension 1e6 --until 1e4 --sgd --step-size 1e-3 --noise 0.1
  phase-retrieval solve --exponent 2 --dimension 500 --until 1e3 --sgd --step-size 2e-3 --schedule linear
  phase-retrieval solve --exponent 1.5 --dimension 1e6 --until 1e4 --samples 1000 --noise 0.1
  phase-retrieval solve --exponent 2 --dimension inf --init escape:0.1 --until 1e6 --inputs rademacher
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
@click.option(
    "--rtol",
    metavar="E",
    callback=parsed(read_rtol),
    help="A relative error that is good enough, 1e-12 to 1e-3: runs are then faster.  [default: all digits]",
)
@network_options
@learning_options
@friction_option
@sgd_options
@samples_option
@inputs_option
@result_options
def solve(
    until: float,
    points: int | None,
    times: tuple[float, ...] | None,
    digits: int | None,
    rtol: float | None,
    sgd: bool,
    step_size: float | None,
    batch: "int | tuple[tuple[float, int], ...] | None",
    noise: float | None,
    schedule: "Schedule | None",
    samples: int | None,
    inputs: str | None,
    as_json: bool,
    output: Path | None,
    form: str | None,
    **request: Any,
) -> None:
    """Solve the gradient flow, or predict online SGD, or the flow on samples.

    Time is the flow's own, dw/dt = -grad L(w): of SGD step size times step number. Small numbers keep their
    full relative accuracy.
    """
    chosen = Chosen.taken(request)
    sampling = {"step_size": step_size, "batch": batch, "noise": noise, "schedule": schedule}
    with bad_input():
        form = file_format(as_json, output, form)
        report = Report(until, points, times, as_json, output, form, parameters(request))
        report.check()
        if rtol is not None:
            _check_rtol({"--sgd": sgd or None, "--samples": samples, "--digits": digits, "--inputs": inputs})
        if samples is None:
            check_sgd(sgd, digits, sampling, until)
        else:
            check_samples(sgd, digits, sampling, chosen.given)
        if inputs == GAUSSIAN:
            inputs = None
        if inputs is not None:
            check_inputs(sgd, samples, digits, chosen.given)
        exact = None if digits is None else _exact(digits, report, chosen, request)
        least = 0.0 if sgd else LEAST_HORIZON
        problem = (
            exact.rounded
            if exact is not None
            else load_problem(until, sizes=chosen.sizes, least_horizon=least, **request)
        )
    if inputs is not None:
        content = _on_inputs(problem, report, chosen, inputs)
    elif sgd:
        content = _predicted(problem, report, chosen, sampling)
    elif samples is not None:
        content = _on_samples(problem, report, samples, noise)
    elif chosen.given:
        content = _network(problem, exact, report, chosen, digits, rtol)
    elif exact is not None and digits is not None:
        content = _with_digits(exact, report, digits)
    else:
        content = _flow(problem, report, rtol)
    emit(content, output)


class Report(NamedTuple):
    """What is to be reported of a run, and how; ``labels`` tell the problem's options in a file."""

    until: float
    points: int | None
    times: tuple[float, ...] | None
    as_json: bool
    output: Path | None
    form: str | None
    labels: dict[str, Any]

    def check(self) -> None:
        """Raise ValueError where the times contradict other options."""
        if self.points is not None and self.times is not None:
            raise ValueError("--points and --times exclude each other: give one of them")
        if self.times is not None and max(self.times) > self.until:
            raise ValueError(f"--times holds {max(self.times):g}: it must not exceed --until {self.until:g}")

    @property
    def number(self) -> int:
        """The number of times, where none are given."""
        return self.points or (JSON_POINTS if self.as_json or self.form else TABLE_POINTS)

    def moments(self, problem: "Problem") -> tuple[float, ...]:
        """The times given, else from well before the fastest mode moves, 0.01/(λ_max s*), to ``until``."""
        if self.times:
            return self.times
        fastest = float(problem.eigenvalues.max()) * problem.teacher_energy
        start = min(0.01 / fastest, 0.01 * self.until)
        ratio = math.log(self.until / start) / (self.number - 1)
        return (*(start * math.exp(ratio * number) for number in range(self.number - 1)), self.until)


def _exact(digits: int, report: Report, chosen: Chosen, request: dict[str, Any]) -> "ExactProblem":
    """The problem in exact numbers; ValueError where options do not go with ``--digits``."""
    if report.form is not None:
        raise ValueError("--digits prints decimal strings, which labelled arrays do not hold: use --json")
    if chosen.given and request["problem"] is None:
        raise ValueError(f"--digits needs a --problem file for {chosen.given[0]}")
    return exact_problem(digits, report.until, request)


def _predicted(problem: "Problem", report: Report, chosen: Chosen, sampling: dict[str, Any]) -> str | bytes:
    """The curve of online SGD, with its band where one student of weight 1 learns one teacher."""
    with bad_input():
        other = [*further(chosen), *(["--normalised"] if chosen.normalised else [])]
        if other:
            raise ValueError(f"--sgd predicts the plain gradient: leave out {', '.join(other)}")
        several = any(not name.endswith("link") for name in chosen.given) or problem.students.shape[0] > 1
        if several:
            model = symbolic_model(chosen.sides(problem))
        else:
            check_one_student(problem)
            modules = link_modules(chosen.link, chosen.teacher_link)
    wanted = report.times or report.number
    if several:
        run = predict_network(problem, report.until, wanted, sampling, model)
        facts = {"modes": len(problem.eigenvalues), **run.protocol.attributes(), "error": run.error}
        answer = network_answer(run, run.t.tolist(), facts, None)
        if report.form is not None:
            labelled = run.dataset(**report.labels, **written_options(chosen))
            return file_content(labelled, answer, report.form)
        return network_text(answer, report.as_json, report.output)
    prediction = predict(problem, report.until, wanted, sampling, modules)
    return prediction_content(prediction, report.as_json, report.form, report.output, report.labels)


def _on_samples(problem: "Problem", report: Report, samples: int, noise: float | None) -> str | bytes:
    """The mean curve of the flow on samples."""
    with bad_input():
        check_one_student(problem)
    prediction = predict_on_samples(problem, report.moments(problem), samples, noise)
    return samples_content(prediction, report.as_json, report.form, report.output, report.labels)


def _check_rtol(others: dict[str, Any]) -> None:
    """Raise ValueError where another option says how accurate the curves are."""
    for name, given in others.items():
        if given is not None:
            raise ValueError(f"--rtol and {name} exclude each other: give one of them")


def _on_inputs(problem: "Problem", report: Report, chosen: Chosen, inputs: str) -> str | bytes:
    """The flow on inputs that are not Gaussian."""
    with bad_input():
        check_one_student(problem)
        model = input_model(inputs, chosen.link, chosen.teacher_link)
    times = report.moments(problem)
    return inputs_content(problem, model, times, report.as_json, report.form, report.output, report.labels)


def _network(
    problem: "Problem",
    exact: "ExactProblem | None",
    report: Report,
    chosen: Chosen,
    digits: int | None,
    rtol: float | None,
) -> str | bytes:
    """The overlaps of another model than phase retrieval, to so many ``digits`` where they are asked for."""
    with bad_input():
        model = network_model(chosen, problem, exact=exact is not None)
    times = report.moments(problem)
    run, answer = _run_network(exact or problem, model, report.until, times, digits, rtol)
    if report.form is not None:
        labelled = run.dataset(times, **report.labels, **written_options(chosen))
        return file_content(labelled, answer, report.form)
    return network_text(answer, report.as_json, report.output)


def _run_network(
    problem: Any,
    model: "RightHandSides",
    until: float,
    times: tuple[float, ...],
    digits: int | None,
    rtol: float | None,
) -> tuple[Any, dict[str, Any]]:
    """The run of a ``model``, and its answer at ``times`` in the order given."""
    import numerics

    moments = tuple(sorted(set(times)))
    run: Trajectory | PreciseSolution
    if digits is None:
        with bad_input(), progress("solve"):
            run = numerics.solve(problem, until, model, rtol=rtol)
        overlaps, modes, written = run.overlaps(moments), len(run.problem.eigenvalues), run.of_flow()
    else:
        run = solve_with_digits(problem, moments, digits, model)
        overlaps, modes, written = run.overlaps, run.modes, {"digits": digits}
    order = [moments.index(time) for time in times]
    overlaps = type(overlaps)(*(part[..., order] for part in overlaps))
    facts = {**_outcome(run, modes), **written}
    return run, network_answer(overlaps, times, facts, digits)


def _with_digits(exact: "ExactProblem", report: Report, digits: int) -> str:
    """The flow of phase retrieval in decimal strings."""
    with bad_input():
        check_one_student(exact.rounded)
    times = report.moments(exact.rounded)
    answer = digits_answer(solve_with_digits(exact, times, digits), times)
    return digits_text(answer, report.as_json, report.output)


def _flow(problem: "Problem", report: Report, rtol: float | None) -> str | bytes:
    """The flow of phase retrieval."""
    import numerics

    with bad_input():
        check_one_student(problem)
    whole = math.log1p(report.until)
    with progress("solve") as show:
        run = numerics.solve(
            problem, report.until, progress=lambda time: show(min(1.0, math.log1p(time) / whole)), rtol=rtol
        )
    times = report.moments(problem)
    answer = _answer(run, times)
    if report.form is not None:
        levels = {"delta": DELTA, "epsilon": EPSILON}
        return file_content(run.dataset(times, **report.labels, **levels), answer, report.form)
    return json_text(answer) if report.as_json else _readable(answer, report.output)


def _outcome(run: Any, modes: int) -> dict[str, Any]:
    """Where a run ends, and what it cost."""
    return {
        "limit": run.limit.name,
        "limit_reason": run.limit.reason,
        "modes": modes,
        "steps": int(run.steps),
        "error": run.error,
    }


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
        **run.of_flow(),
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
