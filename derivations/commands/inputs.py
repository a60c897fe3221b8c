"""``solve --inputs``: the flow on inputs that are not Gaussian."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.curves import curve_rows, curves, file_content
from derivations.commands.options import bad_input
from derivations.output import BadInput, json_text, progress, tables

if TYPE_CHECKING:
    from numerics import IndependentRun, Observables, Problem, Trajectory
    from theory.symbolic import EllipticalModel, IndependentModel

GAUSSIAN, STUDENT = "gaussian", "student:"


def inputs_option(command: Callable[..., None]) -> Callable[..., None]:
    """The option of ``solve --inputs``."""
    return click.option(
        "--inputs",
        metavar="LAW",
        help="gaussian; independent coordinates: rademacher, uniform, laplace or cumulants:k3,k4,…; "
        "student:NU, of one random radius. One student, with a polynomial link.  [default: gaussian]",
    )(command)


def check_inputs(sgd: bool, samples: int | None, digits: int | None, given: Sequence[str]) -> None:
    """Raise ValueError for options that do not go with ``--inputs``."""
    own = {"--sgd": sgd, "--samples": samples is not None, "--digits": digits is not None}
    others = [name for name, is_given in own.items() if is_given] + [
        name for name in given if name not in ("--link", "--teacher-link")
    ]
    if others:
        raise ValueError(f"--inputs is for the flow of one student: leave out {', '.join(others)}")


def input_model(
    inputs: str, link: str | None, teacher_link: str | None
) -> "IndependentModel | EllipticalModel":
    """The model on ``inputs`` of that law; ValueError for a law or a link that it is not known for."""
    from fractions import Fraction

    from theory.symbolic import (
        EllipticalModel,
        IndependentModel,
        Z,
        input_cumulants,
        parse_link,
        single_index,
        student_radial_moments,
    )
    from theory.symbolic.degree import polynomial_degree

    own = Z**2 if link is None else parse_link(link)
    model = single_index(own, None if teacher_link is None else parse_link(teacher_link))
    degree = polynomial_degree(model)
    if not inputs.startswith(STUDENT):
        return IndependentModel(model, input_cumulants(inputs, 2 * degree))
    try:
        freedom = Fraction(inputs.removeprefix(STUDENT))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"--inputs {inputs}: NU must be a number such as 9 or 7.5") from None
    radial, (f, g) = student_radial_moments(freedom, degree), (f for _, f in model.units)
    return EllipticalModel(f"{model.name} on {inputs}", f, g, radial_moments=radial)


def inputs_content(
    problem: "Problem",
    model: "IndependentModel | EllipticalModel",
    times: tuple[float, ...],
    as_json: bool,
    form: str | None,
    output: Path | None,
    labels: dict[str, Any],
) -> str | bytes:
    """What is printed or written: a file of labelled arrays, JSON, or the outcome and the curves."""
    moments = tuple(sorted(set(times)))
    with bad_input(), progress("solve"):
        try:
            run, observables = _run(problem, model, moments)
        except ArithmeticError as error:
            raise BadInput(str(error)) from None
    answer = {
        **curves(observables),
        "limit": run.limit.name,
        "limit_reason": run.limit.reason,
        "teacher_energy": problem.teacher_energy,
        "steps": int(run.steps),
        "error": run.error,
    }
    if form is not None:
        from numerics import dataset

        outcome = {name: answer[name] for name in ("limit", "limit_reason", "teacher_energy", "error")}
        return file_content(dataset(observables, **outcome, **labels), answer, form)
    if as_json:
        return json_text(answer)
    facts = [("limit", f"{run.limit.name}: {run.limit.reason}"), ("relative error", f"{run.error:.1e}")]
    return tables((("outcome", ""), facts), curve_rows(answer), output=output)


def _run(
    problem: "Problem", model: "IndependentModel | EllipticalModel", times: tuple[float, ...]
) -> "tuple[IndependentRun | Trajectory, Observables]":
    """The run, coordinate by coordinate where they are independent, and its curves at ``times``."""
    import numerics
    from theory.symbolic import IndependentModel
    from theory.symbolic.codegen import generate_module

    if isinstance(model, IndependentModel):
        run = numerics.independent_flow(problem, times, model)
        return run, run.observables
    flow = numerics.solve(problem, times[-1], numerics.load_module(generate_module(model)))
    return flow, flow.at(times)
