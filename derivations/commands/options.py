"""Options that commands share, and the boundary at which bad input is turned away.

Nothing heavy is imported before a command needs it, so that ``--help`` and bad input answer at once.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from derivations.output import BadInput
from theory.disk import writable
from theory.expected import LEAST_ERROR, MOST_ERROR
from theory.names import escape_size, read_number, source_exponent

if TYPE_CHECKING:
    from numerics import Problem
    from numerics.arrays import Array
    from numerics.descent.schedule import Schedule

Command = TypeVar("Command", bound=Callable[..., Any])
Value = TypeVar("Value")

TEACHER, INIT, SEED = "flat", "sphere", 0
"""What a problem has unless it is told."""

TEXT = ("txt", "text", "dat", "log", "out")
"""Endings of files of plain text."""

LATEST = 1e100
"""Last time that may be asked for: squares and sums of times must stay finite floats."""

LEAST_HORIZON = 1e30
"""A problem at d = inf stays faithful at least so long: a run goes on until its limit is settled."""


@contextmanager
def bad_input() -> Iterator[None]:
    """Report a ValueError as bad input. Keep only what reads input or builds a problem inside."""
    try:
        yield
    except ValueError as error:
        raise BadInput(str(error)) from None


def parsed(
    read: Callable[[str], Value],
) -> Callable[[click.Context, click.Parameter, str | None], Value | None]:
    """The callback of an option whose text ``read`` understands, or refuses by a ValueError."""

    def callback(ctx: click.Context, param: click.Parameter, text: str | None) -> Value | None:
        try:
            return None if text is None else read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


def read_exponent(text: str) -> Fraction:
    """A decimal number ≥ 0, exactly.

    >>> read_exponent("1.2")
    Fraction(6, 5)
    """
    value = _decimal(text)
    if value is None or value < 0:
        raise ValueError(f"{text!r} must be a decimal number, at least 0")
    return Fraction(value)


def read_dimension(text: str) -> int | float:
    """A positive integer, exactly, or infinity.

    >>> read_dimension("1e12"), read_dimension("inf")
    (1000000000000, inf)
    """
    if text.strip().lower() == "inf":
        return math.inf
    value = _decimal(text)
    if value is None or value < 1 or value != value.to_integral_value():
        raise ValueError(f"{text!r} must be a positive integer such as 1000 or 1e12, or inf")
    return int(value)


def _decimal(text: str) -> Decimal | None:
    """The finite decimal number that ``text`` writes, else None; also where it is beyond 10^±100."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and (not value or abs(value.adjusted()) <= 100) else None


def read_teacher(text: str) -> str:
    """A teacher's name, its B checked, or the name of a file."""
    if source_exponent(text) is not None and "/" in text:
        raise ValueError(f"{text!r} must be source:B with a decimal number B")
    return text


def read_positive(text: str) -> float:
    """A positive, finite float."""
    value = _float(text)
    if not 0 < value < math.inf:
        raise ValueError(f"{text!r} must be a positive, finite number")
    return value


def read_rate(text: str) -> Fraction:
    """A positive number, exactly.

    >>> read_rate("1/2")
    Fraction(1, 2)
    """
    value = read_number(text)
    if value is None or value <= 0:
        raise ValueError(f"{text!r} must be a positive number such as 1, 0.1 or 1/3")
    return value


def read_friction(text: str) -> Fraction:
    """A number of at least 0, exactly.

    >>> read_friction("0.3")
    Fraction(3, 10)
    """
    value = read_number(text)
    if value is None or value < 0:
        raise ValueError(f"{text!r} must be a number of at least 0, such as 0.5")
    return value


def read_momentum(text: str) -> float:
    """A number in [0, 1)."""
    value = _float(text)
    if not 0 <= value < 1:
        raise ValueError(f"{text!r} must be a number of at least 0 and below 1, such as 0.9")
    return value


def read_variance(text: str) -> float:
    """A finite float, at least 0."""
    value = _float(text)
    if not 0 <= value < math.inf:
        raise ValueError(f"{text!r} must be a finite number, at least 0")
    return value


def read_pace(text: str) -> "Schedule":
    """A schedule of step sizes, by name or as a file of multiples of the step size."""
    from numerics.descent.schedule import FORMS, Listed, read_schedule
    from numerics.problems.problem import load_vector

    if os.path.exists(text):
        return Listed(load_vector("schedule", text))
    try:
        return read_schedule(text)
    except ValueError as error:
        raise ValueError(f"{error}" if FORMS not in str(error) else f"{error} or an existing file") from None


def read_batches(text: str) -> "int | tuple[tuple[float, int], ...]":
    """A number of inputs, or several with the shares of the steps that they begin at."""
    from numerics.descent.protocol import read_batch

    return read_batch(text)


def schedule_option(command: Command) -> Command:
    """Add ``--schedule``."""
    return add_options(
        command,
        click.option(
            "--schedule",
            metavar="NAME|FILE",
            callback=parsed(read_pace),
            help="How the step size changes: constant, power:P (as (k+1)^-P), linear or poly:P (decay to 0, "
            "as (1-k/n)^P), cosine, wsd:W,D (shares of warm-up and decay), or a file of multiples of ETA, "
            "one for each step.  [default: constant]",
        ),
    )


def batch_option(command: Command) -> Command:
    """Add ``--batch``."""
    return add_options(
        command,
        click.option(
            "--batch",
            metavar="M|M0,M1@SHARE,…",
            callback=parsed(read_batches),
            help="Inputs in a step of SGD; 1,16@0.5 is 1, and 16 from half of the steps on.  [default: 1]",
        ),
    )


def read_steps(text: str) -> int:
    """A number of steps, 1 to 2^53.

    >>> read_steps("1e7")
    10000000
    """
    value = _decimal(text)
    if value is None or not 1 <= value <= 2**53 or value != value.to_integral_value():
        raise ValueError(f"{text!r} must be a whole number such as 1000 or 1e7, 1 to 2^53")
    return int(value)


def read_weights(text: str) -> tuple[Fraction, ...]:
    """Non-zero numbers separated by commas, exactly.

    >>> read_weights("1,-0.5,2/3")
    (Fraction(1, 1), Fraction(-1, 2), Fraction(2, 3))
    """
    try:
        values = tuple(Fraction(part.strip()) for part in text.split(","))
    except (ValueError, ZeroDivisionError):
        values = ()
    if not values or not all(values):
        raise ValueError(f"{text!r} must be non-zero numbers c1,c2,… such as 1,-0.5,2/3, separated by commas")
    return values


def read_horizon(text: str) -> float:
    """A positive time within [1/LATEST, LATEST]."""
    value = _float(text)
    if not 1.0 / LATEST <= value <= LATEST:
        raise ValueError(f"{text!r} must be a positive time, {1.0 / LATEST:g} to {LATEST:g}")
    return value


def read_rtol(text: str) -> float:
    """A relative error that a run may be asked for."""
    value = _float(text)
    if not LEAST_ERROR <= value <= MOST_ERROR:
        raise ValueError(f"{text!r} must be a relative error, {LEAST_ERROR:g} to {MOST_ERROR:g}")
    return value


def read_times(text: str) -> tuple[float, ...]:
    """Times ≥ 0, separated by commas, in the order given."""
    values = tuple(_float(part) for part in text.split(","))
    if not all(0 <= value < math.inf for value in values):
        raise ValueError(f"{text!r} must be times t1,t2,… of at least 0, separated by commas")
    return values


def _float(text: str) -> float:
    """The number that ``text`` writes, nan where it writes none."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def read_output(text: str) -> Path:
    """A file that can be written, as :func:`theory.disk.writable` has it, which follows links."""
    return writable(text)


PICTURES = ("svg", "pdf", "png")
"""Kinds of pictures, by the endings of their names."""


def read_picture(text: str) -> Path:
    """A file that can be written and whose name says which kind of picture it is."""
    path = read_output(text)
    if path.suffix.lower().removeprefix(".") not in PICTURES:
        raise ValueError(f"{text!r} must end in .{', .'.join(PICTURES)}")
    return path


def read_page(text: str) -> Path:
    """A page that can be written, under the name given; where it has no folder yet, the command makes it."""
    if Path(text).parent.is_dir():
        writable(text)
    return Path(text)


def output_options(command: Command) -> Command:
    """Add ``--json`` and ``--output``."""
    return add_options(
        command,
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs."),
        click.option(
            "--output",
            metavar="FILE",
            callback=parsed(read_output),
            help="Write there, all or nothing, instead of printing.",
        ),
    )


FORMATS = ("json", "csv", "nc")


def result_options(command: Command) -> Command:
    """Add ``--json``, ``--output`` and ``--format``; what they mean together :func:`file_format` says."""
    return add_options(
        command,
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs."),
        click.option(
            "--output",
            metavar="FILE",
            callback=parsed(read_output),
            help="Write there, all or nothing, instead of printing: labelled arrays if it ends in .nc "
            "(NetCDF), .csv or .json, else what would be printed.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(FORMATS),
            help="Labelled arrays in that format, whatever the file is called.",
        ),
    )


def file_format(as_json: bool, output: Path | None, form: str | None) -> str | None:
    """The format of labelled arrays asked for, None where the answer is printed as JSON or as a table.

    Raises ValueError where the options contradict each other.
    """
    if as_json and form is not None:
        raise ValueError("--json and --format exclude each other: give one of them")
    if form == "nc" and output is None:
        raise ValueError("--format nc needs --output: NetCDF is not for a terminal")
    suffix = None if output is None else output.suffix.lower().removeprefix(".")
    if not as_json and form is None:
        check_suffix(output, FORMATS)
    return form or (suffix if suffix in FORMATS and not as_json else None)


def check_suffix(output: Path | None, formats: Sequence[str] = ()) -> str:
    """The ending of the file's name, "" without one; ValueError where it is neither text nor ``formats``."""
    suffix = "" if output is None else output.suffix.lower().removeprefix(".")
    if output is not None and suffix.isalnum() and not suffix.isdigit() and suffix not in (*formats, *TEXT):
        allowed = ", .".join((*formats, *TEXT))
        raise ValueError(f"--output {output.name!r} must end in .{allowed}, or have no such ending")
    return suffix


def teacher_option(default: str | None = None) -> Callable[[Command], Command]:
    """The option ``--teacher``; read its value with :func:`load_teacher`."""
    return click.option(
        "--teacher",
        metavar="flat|source:B|gaussian|FILE",
        default=default,
        callback=parsed(read_teacher),
        help="All |w*_i| equal, or (w*_i)² ∝ i^-2B, or standard normal draws, or a file of d numbers; "
        "scaled to ‖w*‖_Q = 1.  [default: flat]",
    )


def problem_options(command: Command) -> Command:
    """Add the options that :func:`load_problem` takes."""
    return add_options(
        command,
        click.option(
            "--exponent",
            metavar="A",
            callback=parsed(read_exponent),
            help="Eigenvalues ∝ i^-A; A = 0 is isotropic, d = inf needs A > 1.",
        ),
        click.option(
            "--dimension",
            metavar="D|inf",
            callback=parsed(read_dimension),
            help="Number of modes d, such as 1000, 1e12 or inf.",
        ),
        teacher_option(),
        click.option(
            "--init",
            metavar="sphere|escape:EPS|FILE",
            help="Uniform on the unit sphere, or along the fastest direction of w = 0 with s = EPS², or a "
            "file of d numbers. There is no sphere at d = inf.  [default: sphere]",
        ),
        click.option("--seed", type=click.IntRange(0), metavar="S", help="Fixes every draw.  [default: 0]"),
        click.option(
            "--problem",
            metavar="FILE",
            help="A file with eigenvalues, teacher and init, instead of the options above: JSON (lists of "
            "numbers or decimal strings), or labelled arrays in .csv or .nc.",
        ),
    )


def add_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """Add options, to be listed in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def load_problem(
    until: float,
    *,
    sizes: tuple[int, int] = (1, 1),
    least_horizon: float = LEAST_HORIZON,
    exponent: Fraction | None,
    dimension: int | float | None,
    teacher: str | None,
    init: str | None,
    seed: int | None,
    problem: str | None,
) -> "Problem":
    """The problem that the options of :func:`problem_options` describe, for runs up to about ``until``.

    A flow is followed beyond, until its limit is settled: ``least_horizon`` allows for that. ``sizes`` are
    the numbers of students and teachers that are drawn; those of a file are its own.

    Raises ValueError where they contradict each other, are incomplete or describe no problem.
    """
    from numerics import Problem, power_law_network

    if problem is not None:
        law = {"exponent": exponent, "dimension": dimension, "teacher": teacher, "init": init, "seed": seed}
        given = [f"--{name}" for name, value in law.items() if value is not None]
        if given:
            raise ValueError(f"--problem excludes {', '.join(given)}: the file holds the whole problem")
        return Problem.load(problem)
    if exponent is None or dimension is None:
        raise ValueError("a problem needs --exponent and --dimension, or --problem")
    return power_law_network(
        float(exponent),
        dimension,
        *sizes,
        load_teacher(TEACHER if teacher is None else teacher, rows=sizes[1] > 1),
        load_init(INIT if init is None else init, rows=sizes[0] > 1),
        SEED if seed is None else seed,
        max(until, least_horizon),
    )


def check_one_student(problem: "Problem") -> None:
    """Raise ValueError where there is more than one student or teacher."""
    sizes = len(problem.students), len(problem.teachers)
    if sizes != (1, 1):
        raise ValueError(
            f"the problem has {sizes[0]} students and {sizes[1]} teachers: it must have one of each"
        )


def load_teacher(text: str, rows: bool = False) -> "str | Array":
    """A teacher's name as it is, or the vector, or the ``rows``, that a file of that name holds."""
    if text == "gaussian" or source_exponent(text) is not None:
        return text
    return _load("teacher", text, "flat, source:B, gaussian", rows)


def load_init(text: str, rows: bool = False) -> "str | Array":
    """A start's name as it is, or the vector, or the ``rows``, that a file of that name holds."""
    if text == "sphere" or escape_size(text) is not None:
        return text
    return _load("init", text, "sphere, escape:EPS", rows)


def _load(name: str, text: str, names: str, rows: bool) -> "Array":
    """The vector in a file; where there is none, the message also lists ``names``."""
    from numerics.problems.problem import load_vector

    if not os.path.exists(text):
        raise ValueError(f"--{name} {text!r} must be {names} or an existing file")
    return load_vector(name, text, rows)
