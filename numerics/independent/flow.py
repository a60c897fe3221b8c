"""The gradient flow on independent coordinates, from escape to teacher."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from numerics.arrays import Array, ascending_times
from numerics.independent.step import DEAD, STAGES, attempt
from numerics.independent.sums import Coordinates, Sums
from numerics.parallel.threads import on_one_thread
from numerics.problems.problem import Problem
from numerics.quadrature.collocation import radau
from numerics.shown.cards import Rows, Summarised
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves
from numerics.state.limits import Limit
from numerics.state.observables import Observables
from theory.expected import checked

if TYPE_CHECKING:
    from theory.symbolic import IndependentModel

TOLERANCE = 1e-12
"""Of a step's last coefficient, in units of √R_20."""


SAFETY = 0.8
LEAST = 1e-14
"""A step below so much of the time reached, and of the fastest rate's, is none."""


@checked
@dataclass(frozen=True, eq=False, repr=False)
class IndependentRun(Curves, Summarised):
    """The flow at the times ``t`` (T,); arrays as in :class:`numerics.Observables`.

    ``error`` is the largest relative difference of loss, 1 − |u|/s* and 1 − s/s* to a solution by two stages
    fewer, ``limit`` where the run is when it ends.
    """

    heading: ClassVar[str] = "Flow on independent coordinates"

    t: Array
    u: Array
    s: Array
    one_minus_u: Array
    one_minus_s: Array
    loss: Array
    mse: Array
    recovered: Array
    teacher_energy: float
    limit: Limit
    steps: int
    error: float

    @property
    def observables(self) -> Observables:
        """The curves alone."""
        return Observables(*(getattr(self, name) for name in Observables._fields))

    def columns(self) -> Columns:
        """The curves over the times."""
        return self.observables.columns()

    def attributes(self) -> dict[str, Any]:
        """The outcome and the error."""
        outcome = {"limit": self.limit.name, "limit_reason": self.limit.reason}
        return {"teacher_energy": self.teacher_energy, **outcome, "steps": self.steps, "error": self.error}

    def facts(self) -> Rows:
        """The run in a few lines."""
        yield "limit", self.limit.name
        yield "steps", self.steps
        yield "final loss", self.loss[-1]
        yield "relative error", f"{self.error:.1e}"


@checked
@on_one_thread
def independent_flow(
    problem: Problem,
    times: Sequence[float] | Array,
    inputs: "IndependentModel",
    *,
    cumulants: Mapping[str, Array] | None = None,
    progress: Callable[[float], None] | None = None,
) -> IndependentRun:
    """Integrate ẇ = −∇L from ``problem.init`` on ``inputs``, at ascending ``times`` ≥ 0.

    Each coordinate is followed: the problem has all of them, or comes from :func:`numerics.power_law` with
    teacher and start that are no draws; then any dimension up to ∞ costs what a few hundred do. Cost grows
    like d. Where ``inputs`` have cumulants that differ between coordinates, ``IndexedBase(name)[MODE]``,
    their values (N,) come by name in ``cumulants``.

    Raises ValueError for problems of several students or teachers, for a reduced one that does not say how
    many coordinates a mode stands for, for cumulants that are missing or of another length, and for times
    out of order; ArithmeticError where a step fails.

    >>> from theory.symbolic import IndependentModel, phase_retrieval
    >>> from theory.symbolic.inputs import input_cumulants
    >>> inputs = IndependentModel(phase_retrieval(), input_cumulants("rademacher", 4))
    >>> run = independent_flow(Problem([0.75, 0.25], [1.0, 1.0], [0.1, 0.0]), [0.0, 1.0, 10.0], inputs)
    >>> run.limit.name, f"{run.loss[-1]:.4g}"
    ('+teacher', '4.199e-06')
    """
    from theory.symbolic.independent import IndependentModel
    from theory.symbolic.sum_polynomial import sum_polynomial

    if not isinstance(inputs, IndependentModel):
        raise TypeError(f"inputs is {inputs!r}: it must be an IndependentModel")
    t = ascending_times(times)
    scene = _scene(problem)
    own = _own(problem, inputs, cumulants or {})
    charts = {sign: Sums(sum_polynomial(inputs, sign), scene.coordinates, own) for sign in (0, 1, -1)}
    curves, state = _integrated(scene, charts, t, STAGES, progress)
    rough, _ = _integrated(scene, charts, t, STAGES - 2, None)
    error = max(
        float(np.max(np.abs(one - other) / np.maximum(np.abs(one), DEAD)))
        for one, other in zip(curves[3:6], rough[3:6], strict=True)
    )
    return IndependentRun(
        *curves, teacher_energy=scene.energy, limit=_limit(state, t[-1]), steps=state.steps, error=error
    )


class _Scene(NamedTuple):
    """``coordinates`` that move, from ``start`` x (N,); ``rest``: |w|², ⟨w, w*⟩, |w ∓ w*|² of the others."""

    coordinates: Coordinates
    start: Array
    rest: Array
    energy: float
    dimension: float


class _State(NamedTuple):
    """x (N,) about ``sign`` times the teacher, and about 0 ``w``; ``distance`` is |x|²/s*."""

    x: Array
    w: Array
    sign: int
    steps: int
    distance: float


def _scene(problem: Problem) -> _Scene:
    if len(problem.students) > 1 or len(problem.teachers) > 1:
        raise ValueError("independent coordinates are solved for one student with one teacher")
    spectrum = problem.spectrum
    if spectrum is None or not np.array_equal(spectrum[0], problem.eigenvalues):
        raise ValueError(
            f"this problem has {len(problem.eigenvalues)} modes in place of {problem.dimension:g} "
            "coordinates, which mix them: use one that is not reduced, or one of power_law without draws"
        )
    values, counts = spectrum
    each = np.sqrt(np.maximum(counts, np.finfo(float).tiny))
    teacher, init = problem.teachers[0] / each, problem.students[0] / each
    still = values == 0
    rest = (
        counts[still]
        @ np.stack([init**2, init * teacher, (init - teacher) ** 2, (init + teacher) ** 2], axis=1)[still]
    )
    root = np.sqrt(values[~still])
    coordinates = Coordinates(values[~still], counts[~still], root * teacher[~still])
    return _Scene(coordinates, root * init[~still], rest, problem.teacher_energy, problem.dimension)


def _own(problem: Problem, inputs: "IndependentModel", cumulants: Mapping[str, Array]) -> dict[str, Array]:
    """The cumulants of each coordinate that moves, by name."""
    asked = {str(value.base) for value in inputs.cumulants if hasattr(value, "base")}
    if asked != set(cumulants):
        raise ValueError(
            f"cumulants has {sorted(cumulants)}: it must have those of the inputs, {sorted(asked)}"
        )
    size = len(problem.eigenvalues)
    for name, values in cumulants.items():
        if np.shape(values) != (size,) or not np.isfinite(values).all():
            raise ValueError(f"cumulants[{name!r}] must be {size} finite numbers, one for each eigenvalue")
    return {
        name: np.asarray(values, dtype=float)[problem.eigenvalues > 0] for name, values in cumulants.items()
    }


def _integrated(
    scene: _Scene,
    charts: dict[int, Sums],
    times: Array,
    stages: int,
    progress: Callable[[float], None] | None,
) -> tuple[Observables, _State]:
    """The curves at ``times``, and the state at the end."""
    table = radau(stages)
    state = _placed(scene, _State(scene.start, scene.start, 0, 0, np.inf))
    rows = (
        [_observed(scene, charts[state.sign], state.sign, times[:1], state.x[None], state.w[None])]
        if times[0] == 0
        else []
    )
    now, done = 0.0, len(rows)
    width = 0.1 / max(
        np.abs(charts[state.sign].own_rate(state.x)).max(), 1.0 / times[-1] if times[-1] else 1.0
    )
    while done < len(times):
        sums = charts[state.sign]
        taken = attempt(sums, state.x, width, stages)
        error = np.inf if taken is None else _last_coefficient(sums, table.to_chebyshev, taken.values)
        if taken is None or error > TOLERANCE:
            width *= max(0.25, SAFETY * (TOLERANCE / error) ** (1 / stages))
            if width < LEAST * max(now, times[0] or times[-1] * LEAST):
                raise ArithmeticError(f"the flow on independent coordinates stopped at t = {now:g}")
            continue
        until = int(np.searchsorted(times, now + width, side="right"))
        if until > done:
            weights = table.basis((times[done:until] - now) / width)
            x, w = weights.T @ taken.values, state.w + weights.T @ taken.added
            rows.append(_observed(scene, sums, state.sign, times[done:until], x, w))
            done = until
        now += width
        ahead = state._replace(x=taken.values[-1], w=state.w + taken.added[-1], steps=state.steps + 1)
        state = _placed(scene, ahead)
        width *= min(3.0, SAFETY * (TOLERANCE / max(error, 1e-300)) ** (1 / stages))
        if progress is not None:
            progress(now)
    return Observables(*np.concatenate(rows, axis=1)), state


def _last_coefficient(sums: Sums, to_chebyshev: Array, values: Array) -> float:
    """Of the step's polynomials, in units of √R_20 at its ends."""
    counts = sums.coordinates.counts
    last = to_chebyshev[-1] @ values
    return float(np.sqrt((last**2 @ counts) / max(values[0] ** 2 @ counts, values[-1] ** 2 @ counts, DEAD)))


def _placed(scene: _Scene, state: _State) -> _State:
    """The same state, about the teacher where it is near."""
    _, counts, teacher = scene.coordinates
    distance = float(state.x**2 @ counts) / scene.energy
    if state.sign == 0:
        sign = 1 if float((counts * teacher) @ state.x) >= 0 else -1
        away = state.x - sign * teacher
        near = float(away**2 @ counts) / scene.energy
        # squared, in units of s*: coordinates are centred there
        return (
            state._replace(x=away, sign=sign, distance=near) if near < 0.1 else state._replace(distance=near)
        )
    if distance > 0.3:
        return state._replace(x=state.w, sign=0, distance=distance)
    return state._replace(distance=distance)


def _observed(scene: _Scene, sums: Sums, sign: int, times: Array, x: Array, w: Array) -> Array:
    """Observables (8, T) at ``times`` (T,) from ``x`` and ``w`` (T, N)."""
    values, counts, teacher = scene.coordinates
    energy = scene.energy
    along, own = x @ (counts * teacher), x**2 @ counts
    loss = sums.loss(sums(x))
    if sign:
        u, s = sign * energy + along, energy + 2 * sign * along + own
        one_minus_u, one_minus_s = -sign * along / energy, -(2 * sign * along + own) / energy
    else:
        u, s = along, own
        one_minus_u, one_minus_s = 1 - np.abs(u) / energy, 1 - s / energy
    weight = counts / values
    lengths = scene.rest[:, None] + np.array(
        [w**2 @ weight, (w * teacher) @ weight]
        + [(x + (sign - other) * teacher) ** 2 @ weight for other in (1, -1)]
    )
    mse = np.minimum(lengths[2], lengths[3]) / scene.dimension
    if np.isinf(scene.dimension):
        mse = np.full_like(u, np.nan)
    return np.array([times, u, s, one_minus_u, one_minus_s, loss, mse, 2 * np.abs(lengths[1]) - lengths[0]])


def _limit(state: _State, end: float) -> Limit:
    where = f"at t = {end:g} the squared distance to it is {state.distance:.3g} s*"
    if state.sign:
        return Limit("+teacher" if state.sign > 0 else "-teacher", where)
    return Limit("undecided", where.replace("to it", "to the teacher"))
