"""Where a run stands between two steps: its students, measured in a chart."""

from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.pairs.overlaps import split
from numerics.problems.problem import Problem
from numerics.quadrature.collocation import Collocation, radau
from numerics.solver import lines
from numerics.solver.accuracy import Accuracy
from numerics.solver.clusters import Clusters
from numerics.solver.contract import Step, StepResult
from numerics.state import charts, frames
from numerics.state.charts import Chart
from numerics.state.modes import Modes
from numerics.state.observables import norms


@dataclass(frozen=True, eq=False)
class System:
    """What stays as it is in a run: its ``problem``, ``model`` and kinds of ``steps``, and the ``table`` of
    their nodes. It may have a ``single`` student under a smooth drift, or be on a ``line`` where the drift
    has kinks. Its steps have this ``accuracy``.
    """

    problem: Problem
    model: RightHandSides
    steps: tuple[Step, ...]
    table: Collocation
    single: bool
    line: bool
    accuracy: Accuracy

    @classmethod
    def of(
        cls, problem: Problem, model: RightHandSides, steps: tuple[Step, ...], rtol: float | None
    ) -> "System":
        """The system of a reduced ``problem``, for a relative error ``rtol`` or full accuracy."""
        smooth = hasattr(model, "residual_drift")
        problem = problem if smooth else lines.straightened(problem)
        single = model.STUDENTS == 1 and smooth
        accuracy = Accuracy.of(rtol, single)
        line = not smooth and lines.on_a_line(problem)
        return cls(problem, model, steps, radau(accuracy.stages), single, line, accuracy)


@dataclass(frozen=True, eq=False)
class Coordinates:
    """What R W is measured by: a ``chart``, and E P W* with P (M, M) the ``orientation``; R (K, K) is the
    ``frame``. The ``modes`` are those with the teacher P W*.

    Once the frame follows rotations, ``rotated``, ``turn`` (K, K) is the δ of its last turn.
    """

    system: System
    chart: Chart
    orientation: Array
    frame: Array
    modes: Modes
    rotated: bool = False
    turn: Array | None = None

    @classmethod
    def origin(cls, system: System) -> "Coordinates":
        """y = w."""
        model, problem = system.model, system.problem
        chart, orientation = charts.origin(model), np.eye(model.TEACHERS)
        modes = chart.modes(problem.eigenvalues, orientation @ problem.teachers)
        return cls(system, chart, orientation, np.eye(model.STUDENTS), modes)

    def teacher(self, orientation: Array, frame: Array | None = None) -> "Coordinates":
        """Those at the teacher P W*, in a ``frame`` that follows rotations if one is given."""
        problem, rotated, chart = self.system.problem, frame is not None, charts.teacher(self.system.model)
        modes = chart.modes(problem.eigenvalues, orientation @ problem.teachers)
        frame = self.frame if frame is None else frame
        return Coordinates(self.system, chart, orientation, frame, modes, rotated)

    def deviation(self, students: Array) -> Array:
        """The chart's y (K, N) of the ``students`` W (K, N)."""
        if self.chart.centred:
            return self.frame @ students
        teachers = np.zeros_like(students)
        teachers[: self.system.model.TEACHERS] = self.modes.teacher
        return (self.frame @ students - teachers) + self.frame @ self.system.problem.init_rest

    def norms(self, deviation: Array, students: Array) -> Array:
        """The norms (4, K, M, …) of the user's ``students`` (…, K, N), whose ``deviation`` is given."""
        vectors = students if self.rotated else deviation, students
        centred = self.chart.centred or self.rotated
        return norms(*vectors, self.modes.teacher, centred, self.system.problem.init_rest)

    def loss(self, statistics: Array) -> Array:
        """The loss (…) at these ``statistics`` (n, …)."""
        return self.chart.loss(statistics, self.modes.energy)


@dataclass(frozen=True, eq=False)
class Place:
    """The ``students`` W (K, N) at a ``time``, and what they are in the coordinates ``here``.

    ``deviation`` (K, N) is the chart's y, ``statistics`` (n,) are its own and ``lengths`` (4, K, M) those of
    W. ``clusters`` are those of the modes of a single student.
    """

    time: float
    here: Coordinates
    students: Array
    deviation: Array
    statistics: Array
    lengths: Array
    clusters: Clusters | None

    @classmethod
    def start(cls, system: System) -> "Place":
        """At time 0, in the coordinates at the origin."""
        return cls.of(0.0, Coordinates.origin(system), system.problem.students)

    @classmethod
    def of(cls, time: float, here: Coordinates, students: Array, known: Clusters | None = None) -> "Place":
        """The place of ``students`` (K, N), whose clusters may be ``known`` from other coordinates."""
        deviation = here.deviation(students)
        statistics, clusters = here.modes.statistics(deviation), None
        if here.system.single:
            rest = np.atleast_2d(here.system.problem.init_rest)[0] if here.chart.centred else None
            clusters = Clusters.find(here.modes, deviation[0], known, rest)
        if clusters is not None:
            statistics[1] = clusters.overlap(deviation[0])
        return cls(time, here, students, deviation, statistics, here.norms(deviation, students), clusters)

    @property
    def rounded(self) -> Array:
        """What the rounding of the students W (K, N) is relative to: they themselves, and at a teacher what
        they differ by from it, unless a frame has rounded that.
        """
        if self.here.chart.centred or not frames.permutes(self.here.frame):
            return self.students
        return self.here.frame.T @ self.deviation

    def at_teacher(self, orientation: Array, frame: Array | None = None) -> "Place":
        """The same in the coordinates :meth:`Coordinates.teacher`."""
        known = self.clusters if self.time > 0 else None
        return Place.of(self.time, self.here.teacher(orientation, frame), self.students, known)

    def turned(self) -> "Place":
        """The same with the frame turned where a rotation takes much off the deviation."""
        model, modes = self.here.system.model, self.here.modes
        change = frames.turn(self.statistics, modes.energy, model.STUDENTS)
        if change is None:
            return self
        moved = change @ self.deviation + change[:, : model.TEACHERS] @ modes.teacher
        deviation = self.deviation + moved
        here = replace(self.here, frame=self.here.frame + change @ self.here.frame, turn=change)
        return replace(self, here=here, deviation=deviation, statistics=modes.statistics(deviation))

    def moved(self, result: StepResult, students: Array, statistics: Array, lengths: Array) -> "Place":
        """The place at the end of a step through ``students`` (s, K, N) with these ``statistics`` (n, s + 1)
        and ``lengths`` (4, K, M, s + 1).
        """
        deviation, last, clusters = result.deviation[-1], students[-1], result.clusters
        if clusters is not None:
            deviation = clusters.composed(deviation[0])[None]
            last = deviation if self.here.chart.centred else last
        time = self.time + float(result.times[-1])
        return Place(time, self.here, last, deviation, statistics[:, -1], lengths[..., -1], clusters)

    @np.errstate(over="ignore", invalid="ignore")
    def outrun(self, statistics: Array) -> bool:
        """Whether a step with these ``statistics`` (n, s + 1) has brought the loss so low that what a
        rotation takes off is nearly all of the residual.
        """
        ends, energy, model = statistics[:, [0, -1]], self.here.modes.energy, self.here.system.model
        q, _ = split(ends, model.STUDENTS, model.TEACHERS)
        paired = np.einsum("jjt->t", q[: model.TEACHERS, : model.TEACHERS])
        bound = np.trace(energy) * paired + np.einsum("jjt->t", q) ** 2
        before, after = self.here.loss(ends) * bound[::-1]
        return bool(after < 1e-4 * before)  # of the loss in units of ‖V‖²
