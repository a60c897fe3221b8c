"""``phase-retrieval constants``: asymptotic constants to any number of digits, of one exponent or of many."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from derivations.commands.network import Chosen, network_model, network_options
from derivations.commands.options import (
    SEED,
    TEACHER,
    bad_input,
    check_one_student,
    check_suffix,
    load_teacher,
    output_options,
    parsed,
    read_dimension,
    read_exponent,
    read_picture,
    read_positive,
    teacher_option,
)
from derivations.output import emit, json_text, progress, tables, write
from derivations.press.constant_tables import FORMATS
from theory.nearest import nearest

if TYPE_CHECKING:
    from numerics import Problem
    from numerics.generated import RightHandSides
    from theory.asymptotics import LocalFlow, PowerLaw, Spectrum
    from theory.constraint import Constraint


DIGITS, SWEEP_DIGITS, FLOAT_DIGITS = 50, 10, 15
EXPONENT, DIMENSION = "2", "inf"
MOST_EXPONENTS = 1000
SUFFIXES = {"csv": "csv", "md": "markdown", "tex": "latex"}
"""What the ending of a file asks for."""

EXAMPLES = """\b
Examples:
  phase-retrieval constants
  phase-retrieval constants --exponent 1.5 --dimension 1e12 --teacher source:0.3 --digits 20
  phase-retrieval constants --dimension 100 --teacher gaussian --seed 1 --json
  phase-retrieval constants --exponent 1.5,2,3 --only escape_rate,tail_prefactor --format latex
  phase-retrieval constants --exponent 1.5:3:0.5 --digits 6 --format csv
  phase-retrieval constants --link 'z**3 + z' --only summary_exponent,overlap_prefactor,stability_step
  phase-retrieval constants --problem problem.json --digits 20
  phase-retrieval constants --problem network.json --link "erf(z)" --only stability_step,final_rate
  phase-retrieval constants --batch 1 --only stability_step,sgd_stability_step
  phase-retrieval constants --batch 1 --step-size 1e-3 --only sgd_loss_floor,sgd_mse_floor,sgd_amplification
"""


def read_exponents(text: str) -> tuple[Fraction, ...]:
    """One exponent, several with commas between, or FIRST:LAST:STEP with LAST, exactly.

    >>> [str(value) for value in read_exponents("1.2:2:0.4")], len(read_exponents("1.5,2"))
    (['6/5', '8/5', '2'], 2)
    """
    if ":" not in text:
        return tuple(dict.fromkeys(read_exponent(part) for part in text.split(",")))
    pieces = text.split(":")
    first, last, step = (read_exponent(part) for part in pieces) if len(pieces) == 3 else (0, 0, 0)
    if not (step > 0 and first <= last):
        raise ValueError(f"{text!r} must be FIRST:LAST:STEP with FIRST ≤ LAST and STEP > 0")
    count = int((last - first) / step) + 1
    if count > MOST_EXPONENTS:
        raise ValueError(f"{text!r} holds {count} exponents: at most {MOST_EXPONENTS} are allowed")
    return tuple(Fraction(first + step * number) for number in range(count))


@click.command(epilog=EXAMPLES)
@click.option(
    "--exponent",
    "exponents",
    metavar="A|A,A,…|FIRST:LAST:STEP",
    callback=parsed(read_exponents),
    help="Eigenvalues ∝ i^-A; A = 0 is isotropic, d = inf needs A > 1. Several are a sweep.  "
    f"[default: {EXPONENT}]",
)
@click.option(
    "--dimension",
    metavar="D|inf",
    callback=parsed(read_dimension),
    help=f"Number of modes d, such as 1000, 1e12 or inf.  [default: {DIMENSION}]",
)
@teacher_option()
@click.option("--seed", type=click.IntRange(0), metavar="S", help="Fixes the draws.  [default: 0]")
@click.option(
    "--problem",
    metavar="FILE",
    help="A file with eigenvalues, teacher and init, as solve has it, instead of the options above.",
)
@click.option(
    "--digits",
    type=click.IntRange(1, 4000),  # Python converts no longer numbers to text unless told to
    metavar="N",
    help=f"Significant digits of every constant.  [default: {DIGITS}, or {SWEEP_DIGITS} in a sweep]",
)
@network_options
@click.option(
    "--batch",
    type=click.IntRange(1),
    metavar="M",
    help="Also the constants of online SGD on M inputs a step: sgd_stability_step, sgd_decay_exponent.",
)
@click.option(
    "--step-size",
    metavar="ETA",
    callback=parsed(read_positive),
    help="With --batch, also those at this step: sgd_loss_floor, sgd_amplification, sgd_crossover_time, …",
)
@click.option("--only", metavar="NAME,…", help="These constants alone.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="A table to read, or one for a spreadsheet, a page or a paper.  [default: table]",
)
@click.option(
    "--plot",
    "picture",
    metavar="FILE.svg|pdf|png",
    callback=parsed(read_picture),
    help="Draw the constants of a sweep against the exponent, too.",
)
@output_options
def constants(
    exponents: tuple[Fraction, ...] | None,
    dimension: int | float | None,
    teacher: str | None,
    seed: int | None,
    problem: str | None,
    digits: int | None,
    link: str | None,
    teacher_link: str | None,
    width: int | None,
    teachers: int | None,
    weights: tuple[Fraction, ...] | None,
    teacher_weights: tuple[Fraction, ...] | None,
    constraint: "Constraint | None",
    normalised: bool | None,
    batch: int | None,
    step_size: float | None,
    only: str | None,
    form: str | None,
    picture: Path | None,
    as_json: bool,
    output: Path | None,
) -> None:
    """Compute the asymptotic constants.

    Each comes with its definition and a radius that bounds its error: proved by ball arithmetic, which
    needs python-flint, or estimated. One that does not exist comes with the reason. With --json a sweep is a
    list of the objects of its exponents, and "rigorous" says which radii are proved.
    """
    from theory.asymptotics import as_json as computed
    from theory.asymptotics import catalogue

    sweep = exponents is not None and len(exponents) > 1
    with bad_input():
        if as_json and form:
            raise ValueError("--json and --format exclude each other: give one of them")
        if not (as_json or form):
            suffix = check_suffix(output, ("json", *SUFFIXES))
            as_json, form = suffix == "json", SUFFIXES.get(suffix)
        if picture and not sweep:
            raise ValueError("--plot needs several exponents, such as --exponent 1.2:4:0.1")
        if step_size is not None and batch is None:
            raise ValueError("--step-size needs --batch M, the inputs of a step")
        chosen = Chosen(
            link, teacher_link, width, teachers, weights, teacher_weights, constraint, normalised=normalised
        )
        if problem is None:
            spectra, named, energy = _laws(exponents, dimension, teacher, seed)
        else:
            law = {"exponent": exponents, "dimension": dimension, "teacher": teacher, "seed": seed}
            excluded = [name for name, value in law.items() if value is not None]
            network = _network(problem, excluded, chosen, batch)
            if network is not None:
                answers = [_of_network(*network, problem, only, min(digits or FLOAT_DIGITS, FLOAT_DIGITS))]
                emit(json_text(answers[0]) if as_json else _printed(form or "table", answers, output), output)
                return
            spectra, named, energy = _given(problem)
        flow = _flow(chosen, energy)
        names = _names(only, list(catalogue(batch, step_size, flow)))
    asked = digits or (SWEEP_DIGITS if sweep else DIGITS)
    with progress("constants") as show:
        answers = []
        for number, spectrum in enumerate(spectra):
            show(number / len(spectra))
            answers.append(computed(spectrum, asked, named, names, batch, step_size, flow))
    if picture:
        _draw(answers, picture)
    if as_json:
        emit(json_text(answers if sweep else answers[0]), output)
    else:
        emit(_printed(form or "table", answers, output), output)


def _network(
    path: str, excluded: Sequence[str], chosen: Chosen, batch: int | None
) -> "tuple[Problem, RightHandSides] | None":
    """The problem in a file, and its model, where it has several students or teachers."""
    from numerics import Problem

    _check_alone(excluded)
    problem = Problem.load(path)
    if len(problem.students) == len(problem.teachers) == 1:
        return None
    if chosen.constraint is not None or chosen.normalised:
        raise ValueError(
            "constants are of the free flow of plain units: leave out --constraint, --normalised"
        )
    if batch is not None:
        raise ValueError("--batch: known for one student alone")
    return problem, network_model(chosen, problem)


def _of_network(
    problem: "Problem", model: "RightHandSides", path: str, only: str | None, digits: int
) -> dict[str, Any]:
    """The constants of a network, of the modes of its problem."""
    from numerics import network_rates
    from theory.asymptotics import LocalFlow, catalogue
    from theory.asymptotics.numbers.constant import undefined

    known = list(catalogue(flow=LocalFlow("network", width=2)))
    found = network_rates(problem, model)
    reason = "known for one student, and for regular teachers of d = inf, alone"
    for name in known:
        found.setdefault(name, undefined(f"{name} of a network", "numerics.problems.network_rates", reason))
    return {
        "exponent": None,
        "dimension": str(len(problem.eigenvalues)),
        "teacher": path,
        "digits": digits,
        "link": model.name,
        "width": model.STUDENTS,
        "teachers": model.TEACHERS,
        "constants": {name: found[name].as_json(digits) for name in _names(only, known)},
    }


def _names(only: str | None, known: list[str]) -> list[str]:
    """The names asked for, all without a request."""
    if only is None:
        return known
    names = [name.strip() for name in only.split(",")]
    from theory.asymptotics import catalogue

    unknown = [name for name in names if name not in known]
    for needed, options in (("--batch M", (1,)), ("--batch M and --step-size ETA", (1, 1.0))):
        if set(unknown) & set(catalogue(*options)):
            raise ValueError(f"--only {unknown[0]} needs {needed}")
    if unknown:
        raise ValueError(f"--only {unknown[0]!r} is no constant; {nearest(unknown[0], known)}")
    return names


def _flow(chosen: Chosen, energy: Fraction) -> "LocalFlow":
    """The flow at 0 and at the teacher; that of the square is known."""
    from theory.asymptotics import SQUARE

    if not chosen.given and energy == 1:
        return SQUARE
    if chosen.constraint is not None:
        raise ValueError("--constraint: constants are of the free flow alone, so leave it out")
    if chosen.normalised:
        raise ValueError("--normalised: constants are of plain units, so leave it out; see laws --normalised")
    from theory.symbolic import local_flow, network_flow

    own, other = chosen.sides()
    if isinstance(own.links, tuple) or isinstance(other.links, tuple):
        raise ValueError("constants are of units with one link: give --link one")
    if own.weights == other.weights == (Fraction(1),):
        return local_flow(own.links, other.links, energy)
    if own.links != other.links or energy != 1:
        raise ValueError("constants of a network are of teachers with its own link, each of energy 1")
    return network_flow(own.links, own.weights, other.weights)


Spectra = tuple[Sequence["Spectrum"], str, Fraction]
"""Spectra, the name of their teacher, and its energy."""


def _laws(
    exponents: tuple[Fraction, ...] | None,
    dimension: int | float | None,
    teacher: str | None,
    seed: int | None,
) -> Spectra:
    """The power laws asked for."""
    dimension = read_dimension(DIMENSION) if dimension is None else dimension
    return (
        [
            _spectrum(each, dimension, teacher or TEACHER, seed or SEED)
            for each in exponents or read_exponents(EXPONENT)
        ],
        teacher or TEACHER,
        Fraction(1),
    )


def _check_alone(excluded: Sequence[str]) -> None:
    """Raise ValueError for options of a law beside a file."""
    if excluded:
        raise ValueError(f"--problem excludes --{', --'.join(excluded)}: the file holds the whole problem")


def _given(path: str) -> Spectra:
    """The problem in a file; the energy of its teacher, unless it is 1, is divided out of the eigenvalues."""
    from numerics import Problem
    from numerics.problems.problem import ENERGY_ROUNDING
    from theory.asymptotics import Given

    problem = Problem.load(path)
    check_one_student(problem)
    if abs(problem.teacher_energy - 1.0) <= ENERGY_ROUNDING:
        return [problem], path, Fraction(1)
    energy = Fraction(repr(problem.teacher_energy))
    eigenvalues = [Fraction(value) / energy for value in problem.eigenvalues.tolist()]
    return [Given(eigenvalues, problem.teacher.tolist())], path, energy


def _spectrum(exponent: Fraction, dimension: int | float, teacher: str, seed: int) -> "PowerLaw":
    """The spectrum and teacher asked for."""
    from theory.asymptotics import PowerLaw

    if teacher == "gaussian":
        if math.isinf(dimension):
            raise ValueError("teacher is 'gaussian': at dimension inf it must be flat or source:B")
        from numerics.problems.power_law import gaussian_teacher

        return PowerLaw(exponent, dimension, gaussian_teacher(dimension, seed).tolist(), tail_mean_square=1)
    given = load_teacher(teacher)
    return PowerLaw(exponent, dimension, given if isinstance(given, str) else given.tolist())


def _printed(form: str, answers: Sequence[dict[str, Any]], output: Path | None) -> str:
    """The answers in one of the formats."""
    from derivations.press.constant_tables import as_csv, as_latex, as_markdown, parts

    if form == "table":
        return tables(*parts(answers), output=output)
    written: dict[str, Callable[[Sequence[dict[str, Any]]], str]] = {
        "csv": as_csv,
        "markdown": as_markdown,
        "latex": as_latex,
    }
    return written[form](answers)


def _draw(answers: Sequence[dict[str, Any]], picture: Path) -> None:
    """The sweep's plot, written at once."""
    from derivations.press.constant_tables import plot
    from numerics.shown.figures import encode

    with bad_input():
        figure = plot(answers)
    write(picture, encode(figure, picture.suffix.lower().removeprefix(".")))
