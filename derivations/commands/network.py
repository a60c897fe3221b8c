"""Models other than phase retrieval on the command line: their options, and their answers."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from derivations.commands.options import Command, add_options, parsed, read_friction, read_rate, read_weights
from derivations.output import json_text, tables
from theory.constraint import Constraint

if TYPE_CHECKING:
    import sympy

    from numerics import NetworkPrediction, Overlaps, Problem
    from numerics.arrays import Array
    from numerics.generated import RightHandSides
    from numerics.state.observables import TrainedOverlaps
    from theory.symbolic import Model

Weights = tuple[Fraction, ...]

ALONE = ("u", "s", "one_minus_u", "one_minus_s", "mse", "recovered")
"""What one student of phase retrieval alone has."""


WIDEST = 16
"""Entries of a matrix that a table has columns for."""


class Side(NamedTuple):
    """What is asked of the students or of the teachers: their ``links``, ``number`` and ``weights``."""

    links: "sympy.Expr | tuple[sympy.Expr, ...]"
    number: int
    weights: Weights


class Chosen(NamedTuple):
    """The options of :func:`network_options` as they are given."""

    link: str | None
    teacher_link: str | None
    width: int | None
    teachers: int | None
    weights: Weights | None
    teacher_weights: Weights | None
    constraint: Constraint | None
    train_weights: Fraction | None = None
    friction: Fraction | None = None
    normalised: bool | None = None

    @classmethod
    def taken(cls, request: dict[str, Any]) -> "Chosen":
        """These options, taken out of all those of a command."""
        return cls(*(request.pop(name, None) for name in cls._fields))

    @property
    def given(self) -> list[str]:
        """The names of the options that are given."""
        return [f"--{name.replace('_', '-')}" for name, value in self._asdict().items() if value is not None]

    @property
    def sizes(self) -> tuple[int, int]:
        """Numbers of students and teachers; ValueError as in :meth:`sides`."""
        if not self.given:
            return 1, 1
        students, teachers = self.sides()
        return students.number, teachers.number

    def sides(self, problem: "Problem | None" = None) -> tuple[Side, Side]:
        """Students and teachers: as many as options say, or a ``problem`` has; else one of each.

        Raises ValueError where these contradict each other, and for links that are not understood.
        """
        from theory.symbolic.links import parse_links

        own = parse_links(self.link or "z**2")
        other = own if self.teacher_link is None else parse_links(self.teacher_link)
        rows = (None, None) if problem is None else (len(problem.students), len(problem.teachers))
        return (
            _side(("link", "width", "weights"), own, self.width, self.weights, rows[0]),
            _side(
                ("teacher-link", "teachers", "teacher-weights"),
                other,
                self.teachers,
                self.teacher_weights,
                rows[1],
            ),
        )


def _side(
    names: tuple[str, str, str],
    links: "sympy.Expr | tuple[sympy.Expr, ...]",
    count: int | None,
    weights: Weights | None,
    rows: int | None,
) -> Side:
    """One side, of which every number that is given is the same."""
    counts = {
        f"--{names[1]}": count,
        f"--{names[2]}": None if weights is None else len(weights),
        f"--{names[0]}": len(links) if isinstance(links, tuple) else None,
        "--problem": rows,
    }
    given = {name: number for name, number in counts.items() if number is not None}
    if len(set(given.values())) > 1:
        told = ", ".join(f"{name} has {number}" for name, number in given.items())
        raise ValueError(f"the numbers of units differ, {told}: give one of each for every unit")
    found = next(iter(given.values()), 1)
    return Side(links, found, weights or (Fraction(1),) * found)


def network_options(command: Command) -> Command:
    """Add the options that :class:`Chosen` holds."""
    options = (
        click.option(
            "--link",
            metavar="LINK[,…]",
            help="The students' link: a polynomial in z, such as z^2 or He3(z); erf, relu, abs, sign, gelu, "
            "exp, sin or cos of z; their products with powers of z; sums of these; for numbers also tanh, "
            "sigmoid, softplus, silu. With commas between, one for each student.  [default: z**2]",
        ),
        click.option(
            "--teacher-link", metavar="LINK[,…]", help="The teachers' link.  [default: the students']"
        ),
        click.option("--width", type=click.IntRange(1), metavar="K", help="Students.  [default: 1]"),
        click.option("--teachers", type=click.IntRange(1), metavar="M", help="Teachers.  [default: 1]"),
        click.option(
            "--weights",
            metavar="C1,C2,…",
            callback=parsed(read_weights),
            help="The students' weights c_j in Σ c_j f(w_j·x).  [default: all 1]",
        ),
        click.option(
            "--teacher-weights",
            metavar="C1,C2,…",
            callback=parsed(read_weights),
            help="The teachers' weights.  [default: all 1]",
        ),
        click.option(
            "--constraint",
            metavar="sphere|qsphere|decay:κ",
            callback=parsed(Constraint.read),
            help="Keep the norm ‖w‖ that every student starts with, or its norm ‖w‖_Q, by projecting the "
            "gradient; or weight decay, −κ w.",
        ),
        click.option(
            "--normalised",
            is_flag=True,
            default=None,
            help="Units f(w·x/‖w‖_Q), students and teachers: the loss depends on correlations alone.",
        ),
    )
    return add_options(command, *options)


def learning_options(command: Command) -> Command:
    """Add what else of a model may learn than its students' directions."""
    return add_options(
        command,
        click.option(
            "--train-weights",
            metavar="[RATE]",
            is_flag=False,
            flag_value="1",
            callback=parsed(read_rate),
            help="The students' weights learn, too, from those given on: dc/dt = -RATE dL/dc.  [RATE: 1]",
        ),
    )


def friction_option(command: Command) -> Command:
    """Add the momentum of a flow."""
    return add_options(
        command,
        click.option(
            "--friction",
            metavar="GAMMA",
            callback=parsed(read_friction),
            help="Momentum: the flow w'' + GAMMA w' = -grad L(w) of a heavy ball, from rest. "
            "In descent it is descend --momentum.",
        ),
    )


def further(chosen: Chosen) -> list[str]:
    """The options that make the flow another one than that of the gradient."""
    names = "--constraint", "--train-weights", "--friction"
    return [name for name in names if name in chosen.given]


def check_learning(chosen: Chosen) -> None:
    """Raise ValueError for options of the flow that do not go together."""
    given = further(chosen)
    if chosen.normalised:
        given = [*(name for name in given if name != "--constraint"), "--normalised"]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} exclude each other: leave one of them out")


def written_options(chosen: Chosen) -> dict[str, Any]:
    """The options of the model as attributes of a result."""
    options = {name: value for name, value in chosen._asdict().items() if value is not None}
    return {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else _written(value)
        for name, value in options.items()
    }


def _written(value: Any) -> Any:
    """A constraint as its text, a rate as a float; anything else as it is."""
    if isinstance(value, Fraction):
        return float(value)
    return str(value) if isinstance(value, Constraint) else value


def symbolic_model(sides: tuple[Side, Side], units_normalised: bool | None = None) -> "Model":
    """The symbolic model of students and teachers."""
    from theory.symbolic import Model, normalised

    own, other = sides
    model = Model("network", own.links, other.links, own.weights, other.weights)
    return normalised(model) if units_normalised else model


def network_model(chosen: Chosen, problem: "Problem", exact: bool = False) -> "RightHandSides":
    """The right-hand sides of the model that is ``chosen`` for a ``problem``; for any digits if ``exact``.

    Raises ValueError for options that do not go together, for links that, to any digits, have no closed form,
    and for what is then known for the plain gradient alone.
    """
    from numerics import load_module
    from numerics.pairs import right_hand_sides
    from theory.symbolic import constrained, heavy_ball, trained
    from theory.symbolic.codegen import generate_module
    from theory.symbolic.precision import at_any_precision

    check_learning(chosen)
    if exact and (given := further(chosen)):
        raise ValueError(f"--digits solves the flow of the plain gradient: leave out {given[0]}")
    model = symbolic_model(chosen.sides(problem), chosen.normalised)
    if chosen.constraint is not None:
        return right_hand_sides(constrained(model, chosen.constraint))
    if chosen.train_weights is not None:
        return right_hand_sides(trained(model, chosen.train_weights))
    if chosen.friction is not None:
        return right_hand_sides(heavy_ball(model, chosen.friction))
    return load_module(at_any_precision(generate_module(model))) if exact else right_hand_sides(model)


def network_answer(
    overlaps: "Overlaps | TrainedOverlaps | NetworkPrediction",
    times: Sequence[float],
    facts: dict[str, Any],
    digits: int | None,
) -> dict[str, Any]:
    """What ``--json`` prints: S (time × K × K), U (time × K × M), the loss, weights that learn (time × K) or
    the kinetic energy, and ``facts`` of the run.

    Numbers are decimal strings where ``digits`` are asked for.
    """
    import numpy as np

    from numerics.state.observables import MovingOverlaps, TrainedOverlaps

    S, U = (np.moveaxis(part, -1, 0) for part in (overlaps.S, overlaps.U))
    parts = {"S": S, "U": U, "loss": overlaps.loss}
    if isinstance(overlaps, TrainedOverlaps):
        parts["weights"] = overlaps.weights.T
    if isinstance(overlaps, MovingOverlaps):
        parts["kinetic"] = overlaps.kinetic
    return {
        "t": list(times) if digits is None else [repr(time) for time in times],
        **{name: _plain(part, digits) for name, part in parts.items()},
        **dict.fromkeys(ALONE),
        **facts,
    }


def _plain(values: "Array", digits: int | None) -> Any:
    """The array as nested lists of numbers, or of decimal strings."""
    if digits is None:
        return values.tolist()
    import numpy as np
    from mpmath import mp

    strings: Any = np.vectorize(lambda x: mp.nstr(x, digits), otypes=[object])(values).tolist()
    return strings


def network_text(answer: dict[str, Any], as_json: bool, output: Path | None) -> str:
    """The answer as JSON or as a table."""
    if as_json:
        return json_text(answer)
    import numpy as np

    facts = [("modes", str(answer["modes"])), ("steps", f"{answer['steps']:g}")]
    if "limit" in answer:
        facts = [
            ("limit", f"{answer['limit']}: {answer['limit_reason']}"),
            ("error", f"{answer['error']:.1e}"),
        ]
    shown = [name for name in "SU" if np.size(answer[name][0]) <= WIDEST]
    names = [
        f"{name}{j + 1}{k + 1}"
        for name in shown
        for j, row in enumerate(answer[name][0])
        for k in range(len(row))
    ]
    if "weights" in answer and np.size(answer["weights"][0]) <= WIDEST:
        names += [f"c{j + 1}" for j in range(len(answer["weights"][0]))]
        shown.append("weights")
    cells = zip(*(np.reshape(answer[name], (len(answer["t"]), -1)).tolist() for name in shown), strict=True)
    rows = [
        [f"{float(x):.10g}" for x in (t, *chain.from_iterable(row), loss)]
        for t, row, loss in zip(answer["t"], cells if shown else repeat(()), answer["loss"], strict=False)
    ]
    if not {"S", "U"} <= set(shown):
        facts.append(("S and U", f"those of more than {WIDEST} entries are printed with --json"))
    return tables((("outcome", ""), facts), (["t", *names, "loss"], rows), output=output)
