"""What one cell of a sweep computes: rows of a table from parameters that are numbers and texts.

Each kind takes the parameters of :func:`numerics.power_law` (``exponent``, ``dimension``, ``teacher``,
``init``, ``seed``, ``horizon``), a model (``link``, ``width``, ``teachers``, ``constraint``), and its own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Rows = Sequence[Row]

CURVES = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse", "recovered")
POINTS = 50


def flow(*, until: float, times: Sequence[float] | None = None, **parameters: Any) -> Rows:
    """The flow at ``times``, or at 50 up to ``until``: a row for each; of networks the loss alone."""
    import numpy as np

    run = _solved(until, parameters)
    single = len(run.problem.students) == len(run.problem.teachers) == 1
    t = np.asarray(times, dtype=float) if times is not None else run.times[:: len(run.times) // POINTS]
    found = run.at(t) if single else run.overlaps(t)
    return _by_time(found, CURVES if single else ("loss",), limit=run.limit.name, error=run.error)


def phases(*, until: float, delta: float = 0.1, epsilon: float = 0.05, **parameters: Any) -> Rows:
    """T1(δ), T1', T2(ε) and the limit of the flow: one row."""
    run = _solved(until, parameters)
    if len(run.problem.students) > 1 or len(run.problem.teachers) > 1:
        raise ValueError("phases are of one student and one teacher: sweep the flow of networks")
    return [{**run.phases(delta, epsilon)._asdict(), "limit": run.limit.name, "error": run.error}]


def descent(*, step_size: float, steps: int, points: int = POINTS, **parameters: Any) -> Rows:
    """Gradient descent at ``points`` of its ``steps``: a row for each."""
    from numerics.descent import descend, descend_network

    problem, model = _problem(parameters, math.inf), _model(parameters)
    if len(problem.students) == len(problem.teachers) == 1:
        found = descend(problem, step_size, int(steps), int(points), **model)
        return _by_time(found, CURVES)
    return _by_time(descend_network(problem, step_size, int(steps), int(points), **model), ("loss",))


def sgd(
    *,
    step_size: float,
    steps: int,
    run: int = 0,
    batch: int = 1,
    noise: float = 0.0,
    points: int = POINTS,
    **parameters: Any,
) -> Rows:
    """Online SGD with the draws of seed ``run``, at ``points`` of its ``steps``: a row for each."""
    from numerics.descent import online_sgd

    problem = _problem(parameters, math.inf)
    if _model(parameters):
        raise ValueError("online SGD is of phase retrieval: leave out link, width, teachers and constraint")
    found = online_sgd(
        problem,
        step_size,
        int(steps),
        batch=int(batch),
        noise_variance=noise,
        seeds=[int(run)],
        points=int(points),
    )
    curves = {name: getattr(found, name)[0] for name in CURVES}
    return [
        {"t": float(t), **{name: float(values[number]) for name, values in curves.items()}}
        for number, t in enumerate(found.t)
    ]


def constants(*, digits: int = 15, names: str = "", **parameters: Any) -> Rows:
    """The asymptotic constants called ``names`` (with commas between, or all), each with its radius: one row.

    One that does not exist is nan. The radius is that of the float: it includes its rounding.
    """
    from theory.asymptotics import PowerLaw
    from theory.asymptotics import constants as computed

    known: dict[str, Any] = {"exponent": 2, "dimension": math.inf, "teacher": "flat", "seed": 0} | parameters
    unknown = set(known) - {"exponent", "dimension", "teacher", "seed"}
    if unknown:
        raise ValueError(
            f"{sorted(unknown)[0]} is no parameter of constants: exponent, dimension, teacher, seed"
        )
    exponent, dimension = str(known["exponent"]), float(known["dimension"])
    teacher, rest = known["teacher"], dict[str, Any]()
    if teacher == "gaussian":
        from numerics.problems.power_law import gaussian_teacher

        teacher, rest = gaussian_teacher(dimension, known["seed"]).tolist(), {"tail_mean_square": 1}
    law = PowerLaw(exponent, "inf" if dimension == math.inf else int(dimension), teacher, **rest)
    found = computed(law, int(digits), names.split(",") if names else None)
    row: dict[str, float] = {}
    for name, constant in found.items():
        row[name] = row[f"{name}_radius"] = math.nan
        if constant.value is not None and constant.radius is not None:
            row[name] = float(constant)
            row[f"{name}_radius"] = float(constant.radius) + 0.5 * math.ulp(row[name])
    return [row]


KINDS: Mapping[str, Callable[..., Rows]] = {
    "flow": flow,
    "phases": phases,
    "descent": descent,
    "sgd": sgd,
    "constants": constants,
}
"""What a sweep may be of, by name."""

LAW = ("exponent", "dimension", "teacher", "init", "seed", "horizon")
MODEL = ("link", "width", "teachers", "constraint")
"""The parameters of a problem, and of a model."""


def _solved(until: float, parameters: Mapping[str, Any]) -> Any:
    from numerics.solver.flow import solve

    return solve(_problem(parameters, until), float(until), **_model(parameters))


def _problem(parameters: Mapping[str, Any], until: float) -> Any:
    """The problem of a cell."""
    from numerics.problems.network_law import power_law_network
    from numerics.problems.power_law import power_law

    given = {"exponent": 2.0, "dimension": 1000.0} | dict(parameters)
    sizes = int(given.pop("width", 1)), int(given.pop("teachers", 1))
    for name in MODEL:
        given.pop(name, None)
    if unknown := sorted(set(given) - set(LAW)):
        raise ValueError(f"{unknown[0]} is no parameter of a problem: {', '.join((*LAW, *MODEL))}")
    horizon = given.pop("horizon", max(1e6, until) if math.isfinite(until) else 1e30)
    law = float(given.pop("exponent")), float(given.pop("dimension"))
    if sizes == (1, 1):
        return power_law(*law, horizon=float(horizon), **given)
    return power_law_network(*law, *sizes, horizon=float(horizon), **given)


def _model(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The model of a cell as a keyword, none for phase retrieval."""
    chosen = {name: parameters[name] for name in MODEL if parameters.get(name) is not None}
    if not chosen or chosen == {"width": 1, "teachers": 1}:
        return {}
    from numerics.pairs import network

    link = [str(chosen.get("link", "z**2"))]
    sides = link * int(chosen.get("width", 1)), link * int(chosen.get("teachers", 1))
    return {"model": network(*sides, constraint=chosen.get("constraint"))}


def _by_time(found: Any, names: Sequence[str], **rest: Any) -> Rows:
    """A row for each time of a curve."""
    return [
        {"t": float(t), **{name: float(getattr(found, name)[number]) for name in names}, **rest}
        for number, t in enumerate(found.t)
    ]
