"""The flow of wide networks with a constraint, mode by mode, by an explicit method.

While nothing is stiff all modes are integrated, Ẏ = (A Y + F W*) Q and what the constraint adds, with A and F
from the statistics of Y. SciPy's DOP853, of order eight, does so in legs between checkpoints, from which any
later time is reached again.

A companion with a hundred times the tolerance runs beside; how far it is off at the checkpoints, with all
that the flow amplifies, bounds the error stated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.pairs.constrained import constrained_velocity, have_equal_norms
from numerics.pairs.overlaps import join, split
from numerics.problems.problem import Problem
from numerics.quadrature.collocation import radau
from numerics.solver.resolved import unresolved
from numerics.state import charts, limits
from numerics.state.charts import Chart
from numerics.state.modes import Modes
from numerics.state.observables import norms
from numerics.state.segment import Part, Segment
from numerics.state.trajectory import Trajectory
from theory.constraint import Constraint

TOLERANCE = 1e-13


def explicit_steps(rate: float, until: float) -> float:
    """Steps that DOP853 needs up to ``until``, where the fastest mode moves at ``rate``."""
    # time scales of the fastest mode in a step of DOP853: the statistics feed back on it, which is faster
    return 10.0 + until * rate / 1.2


class Moment(NamedTuple):
    """The state at a ``time``: y (K, N) in a ``chart`` relative to P W*, P the ``orientation``.

    ``step`` is the width that the next step may have, None where that is unknown; ``constraint`` is the
    flow's, if it has one.
    """

    time: float
    state: Array
    chart: Chart
    orientation: Array
    modes: Modes
    step: float | None
    constraint: Constraint | None = None

    @property
    def students(self) -> Array:
        """W (K, N)."""
        if self.chart.centred:
            return self.state
        students = self.state.copy()
        students[: len(self.modes.teacher)] += self.modes.teacher
        return students

    @property
    def statistics(self) -> Array:
        """Those of the chart (n,)."""
        return _statistics(self.modes, self.state)


@dataclass(frozen=True, eq=False)
class Leg(Segment):
    """From the ``moment`` to the next."""

    moment: Moment

    def carried(self, part: Part, modes: Modes, state: Array, students: Array) -> tuple[Array, Array]:
        """The y and W (K, N) at the end of the ``part``, of all modes that are integrated.

        Raises ValueError for others.
        """
        if len(modes.eigenvalues) != len(self.moment.modes.eigenvalues):
            raise ValueError("explicit steps follow the reduced modes only: ask for reduced=True")
        place = self.moment._replace(state=state, modes=modes)
        found = _advance(place, self.start + part.elapsed, TOLERANCE)[0].state
        return found, found + self.aim(modes)


@dataclass(frozen=True, eq=False, repr=False)
class DirectTrajectory(Trajectory):
    """A run by :func:`solve_directly`: each of its ``segments`` is a leg, known at its two ends.

    ``moments`` are the states at the starts of the legs, ``taken`` counts the steps.
    """

    moments: Sequence[Moment] = ()
    taken: int = 0

    @property
    def steps(self) -> int:
        """Number of steps up to ``until``."""
        return self.taken

    def _interpolate(self, owner: Array, times: Array) -> tuple[Array, Array]:
        """The statistics (n, T) and norms (4, K, M, T) at ``times``, within the legs ``owner``: integrated
        from the leg's start.
        """
        found: dict[int, tuple[Array, Array]] = {}
        before, leg = self.moments[0], 0
        for index in np.argsort(times, kind="stable"):
            if owner[index] != leg:
                leg = int(owner[index])
                before = self.moments[leg]
            before = _advance(before, times[index], TOLERANCE)[0]
            found[int(index)] = before.statistics, _norms(before, self.problem)
        statistics, lengths = zip(*(found[i] for i in range(len(times))), strict=True)
        return np.stack(statistics, axis=-1), np.stack(lengths, axis=-1)


def solve_directly(
    problem: Problem,
    until: float,
    model: RightHandSides,
    rate: float,
    progress: Callable[[float], None] | None = None,
    constraint: Constraint | None = None,
) -> DirectTrajectory:
    """Solve the flow up to ``until`` mode by mode; ``rate`` is that of the fastest at the start."""
    place = companion = _start(problem, model, constraint)
    moments, segments, taken, error = [place], [], 0, 0.0
    # the first checkpoint, in units of the shortest time scale
    for time in np.append(np.geomspace(min(0.1 / rate, until / 2), until, 24)[:-1], until):
        following, steps = _advance(place, float(time), TOLERANCE)
        companion, _ = _advance(companion, float(time), 100.0 * TOLERANCE)
        segments.append(_segment(place, following, problem))
        taken += steps
        place = _settled(following, problem, model)
        if companion.chart.centred and not place.chart.centred:
            companion = _entered(companion, problem, model, place.orientation)
        moments.append(place)
        error = max(error, _difference(place, companion))
        if progress is not None:
            progress(float(time))
    modes = Modes(problem.eigenvalues, problem.teachers)
    loss = float(place.chart.loss(place.statistics, place.modes.energy))
    limit = limits.at_the_end(model, modes.statistics(place.students), modes.energy, loss, until)
    rounding = np.finfo(float).eps * np.sqrt(taken)
    total = error + rounding + problem.relative_error + unresolved(model, segments)
    # of the table that the trajectory has
    run = problem, radau(12), segments, limit, until, total, constraint
    return DirectTrajectory(*run, moments=moments[:-1], taken=taken)


def _start(problem: Problem, model: RightHandSides, constraint: Constraint | None) -> Moment:
    modes, origin = Modes(problem.eigenvalues, problem.teachers), charts.origin(model)
    return Moment(0.0, problem.students, origin, np.eye(model.TEACHERS), modes, None, constraint)


def _advance(place: Moment, time: float, tolerance: float) -> tuple[Moment, int]:
    """The state at ``time``, and how many steps were taken."""
    from scipy.integrate import DOP853

    if time == place.time:
        return place, 0
    chart, modes, shape = place.chart, place.modes, place.state.shape

    def velocity(_: float, flat: Array) -> Array:
        state = flat.reshape(shape)
        gain, force = chart.drift(_statistics(modes, state), modes.energy)
        moved = modes.eigenvalues * (gain @ state + force @ modes.teacher)
        if place.constraint is not None:
            students = place._replace(state=state).students
            moved = constrained_velocity(place.constraint, moved, students, modes.eigenvalues)
        return moved.ravel()

    # of the largest weight, times the tolerance: what smaller weights are accurate to
    smallest = 1e-2 * tolerance * float(np.abs(place.state).max())
    first = None if place.step is None else min(place.step, time - place.time)
    solver = DOP853(
        velocity, place.time, place.state.ravel(), time, rtol=tolerance, atol=smallest, first_step=first
    )
    count, width = 0, place.step
    while solver.status == "running":
        message = solver.step()
        if solver.status == "failed":
            raise ArithmeticError(f"the explicit steps failed at t = {solver.t:g}: {message}")
        count += 1
        width = solver.h_abs if solver.status == "running" or width is None else width
    return place._replace(time=time, state=solver.y.reshape(shape), step=width), count


def _settled(place: Moment, problem: Problem, model: RightHandSides) -> Moment:
    """The same state in the chart at the teachers once every student is near one of its own."""
    if not place.chart.centred or not hasattr(model, "residual_drift"):
        return place
    orientation = limits.nearest(model, place.statistics, place.modes.energy, limits.NEAR)
    if orientation is None:
        return place
    rest = place.students, orientation @ problem.teachers, problem.eigenvalues
    if place.constraint is not None and not have_equal_norms(place.constraint, *rest):
        return place
    return _entered(place, problem, model, orientation)


def _entered(place: Moment, problem: Problem, model: RightHandSides, orientation: Array) -> Moment:
    modes = Modes(problem.eigenvalues, orientation @ problem.teachers)
    state = place.state - modes.teacher
    chart = charts.teacher(model)
    return place._replace(state=state, chart=chart, orientation=orientation, modes=modes)


def _statistics(modes: Modes, state: Array) -> Array:
    """As :meth:`Modes.statistics`, of one state, by products of matrices."""
    weighted = modes.eigenvalues * state
    return join(weighted @ state.T, weighted @ modes.teacher.T)


def _segment(place: Moment, following: Moment, problem: Problem) -> Segment:
    """The leg between two moments."""
    ends = place, following
    return Leg(
        place.time,
        np.array([0.0, following.time - place.time]),
        place.chart,
        place.orientation,
        np.eye(len(place.state)),
        np.stack([end.statistics for end in ends], axis=-1),
        np.stack([_norms(end, problem) for end in ends], axis=-1),
        place.modes.energy,
        place,
    )


def _norms(place: Moment, problem: Problem) -> Array:
    """The norms (4, K, M)."""
    vectors = place.state, place.students, place.modes.teacher
    return norms(*vectors, place.chart.centred, problem.init_rest)


def _difference(place: Moment, companion: Moment) -> float:
    """How far the statistics are apart, relative to √(S_jj S_kk) and √(S_jj T_mm)."""
    found = place.statistics
    own, _ = split(found, len(place.state), len(place.modes.teacher))
    lengths, teachers = np.sqrt(np.diag(own)), np.sqrt(np.diag(place.modes.energy))
    units = join(np.outer(lengths, lengths), np.outer(lengths, teachers))
    return float((np.abs(companion.statistics - found) / units).max())
