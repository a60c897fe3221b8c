"""``solve --digits N``: the flow of all modes at high precision, in decimal strings."""

import math
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from derivations.commands.curves import HEADINGS
from derivations.commands.options import (
    INIT,
    SEED,
    TEACHER,
    bad_input,
    load_init,
    load_problem,
    load_teacher,
)
from derivations.output import BadInput, json_text, progress, tables

if TYPE_CHECKING:
    from numerics.precise import ExactProblem, PreciseSolution


def exact_problem(digits: int, until: float, request: dict[str, Any]) -> "ExactProblem":
    """The problem that the options describe, its numbers exact; ValueError as in ``load_problem``."""
    try:
        from numerics.precise import ExactProblem, precise_power_law
    except ModuleNotFoundError:
        raise BadInput("--digits needs python-flint: pip install 'phase-retrieval-theory[precise]'") from None
    if request["problem"] is not None:
        load_problem(until, **request)
        return ExactProblem.load(request["problem"])
    if request["exponent"] is None or request["dimension"] is None:
        raise ValueError("a problem needs --exponent and --dimension, or --problem")
    return precise_power_law(
        request["exponent"],
        request["dimension"],
        load_teacher(TEACHER if request["teacher"] is None else request["teacher"]),
        load_init(INIT if request["init"] is None else request["init"]),
        SEED if request["seed"] is None else request["seed"],
        digits,
    )


def solve_with_digits(
    problem: "ExactProblem", times: tuple[float, ...], digits: int, model: ModuleType | None = None
) -> "PreciseSolution":
    """The solution at the ``times``, read as the decimals that they write, in any order; of phase retrieval
    unless another ``model`` is given.
    """
    from numerics.generated import phase_retrieval
    from numerics.precise import solve_precisely

    last = max(times)
    with bad_input(), progress("solve") as show:
        return solve_precisely(
            problem,
            [repr(time) for time in sorted(set(times))],
            digits,
            model or phase_retrieval,
            progress=lambda time: show(min(1.0, math.log1p(time) / math.log1p(last))),
        )


def digits_answer(run: "PreciseSolution", times: tuple[float, ...]) -> dict[str, Any]:
    """What ``--json`` prints: decimal strings of ``digits`` digits."""
    from mpmath import mp

    order = {time: k for k, time in enumerate(sorted(set(times)))}
    lists: dict[str, Any] = {
        name: [
            None if mp.isnan(values[order[time]]) else mp.nstr(values[order[time]], run.digits)
            for time in times
        ]
        for name, values in run.observables._asdict().items()
    }
    lists["t"] = [repr(time) for time in times]
    return {
        **lists,
        "mse": None if None in lists["mse"] else lists["mse"],
        "limit": run.limit.name,
        "limit_reason": run.limit.reason,
        "teacher_energy": mp.nstr(run.teacher_energy, run.digits),
        "modes": run.modes,
        "steps": run.steps,
        "error": run.error,
        "digits": run.digits,
    }


def digits_text(answer: dict[str, Any], as_json: bool, output: Path | None) -> str:
    """The answer as JSON or as a table."""
    if as_json:
        return json_text(answer)
    from mpmath import mp

    facts = [
        ("limit", f"{answer['limit']}: {answer['limit_reason']}"),
        ("relative error", f"{answer['error']:.1e}"),
    ]
    names = ["t", "u", "s", "one_minus_u", "one_minus_s", "loss", "mse"]
    shown = min(answer["digits"], 20)  # digits of a table at most; --json has all
    rows = [
        [cells[0], *(mp.nstr(mp.mpf(cell), shown) for cell in cells[1:])]
        for cells in zip(*(answer[name] for name in names), strict=True)
    ]
    return tables(
        (("outcome", ""), facts), ([HEADINGS.get(name, name) for name in names], rows), output=output
    )
