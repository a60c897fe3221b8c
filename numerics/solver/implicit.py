"""A run by implicit steps of a :class:`~numerics.solver.mode_law.ModeLaw`, and its error by a companion of
less accuracy.

The run starts in the chart at the origin. Where its :class:`Kind` says that it has come near to a place where
it can rest, it goes on in the chart there.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.problems.problem import Problem
from numerics.quadrature.collocation import Collocation, radau
from numerics.solver.contract import NoConvergence
from numerics.solver.loop import MAX_STEPS
from numerics.solver.mode_law import ModeLaw
from numerics.solver.rows import Stages, carry, solve_step
from numerics.solver.step import FLAT, truncation
from numerics.state.charts import Chart
from numerics.state.modes import Modes
from numerics.state.observables import norms
from numerics.state.segment import Part, Segment
from numerics.state.trajectory import Trajectory

TOLERANCE = 1e-12
GROWTH = 3.0
TERMS = 1e-2
"""Of a statistic's terms: it is accurate to the tolerance relative to itself or to these."""
WIDEST = 4
"""Rows up to which these steps can be taken: an inverse costs the cube of stages times rows."""


@dataclass(frozen=True, eq=False)
class Place:
    """The state y (R, N) at a ``time`` under the ``law``, relative to P W*, P the ``orientation``; ``values``
    are the coefficients at the last stages, ``width`` is that of the next step.
    """

    time: float
    state: Array
    law: ModeLaw
    orientation: Array
    values: Array
    width: float
    before: float = 0.0

    @classmethod
    def start(cls, law: ModeLaw, state: Array) -> "Place":
        """The start of a run. Raises ValueError where the drift is not finite there."""
        statistics = law.statistics(state[None])
        values = law.coefficients(statistics)
        if not np.isfinite(values).all():
            raise ValueError("the drift of this model is not finite at the start: choose a start with energy")
        slopes, energy, rate = np.abs(law.slopes(statistics)), float(np.trace(law.energy)), 0.0
        for kind, scale in enumerate(law.scales):
            chosen = law.kinds == kind
            steepest = np.abs(values[chosen]).max(initial=0.0) + slopes[chosen].max(initial=0.0) * energy
            rate += float(scale.max()) * float(steepest)
        # of the shortest time scale at the start: the first step
        return cls(0.0, state, law, np.eye(law.teachers), values, 0.3 / rate)

    def under(self, law: ModeLaw, state: Array, orientation: Array) -> "Place":
        """The same under another ``law``, where the state is ``state``."""
        values = law.coefficients(law.statistics(state[None]))
        return replace(self, state=state, law=law, orientation=orientation, values=values)

    @property
    def chart(self) -> Chart:
        """That of the law."""
        return self.law.chart

    @property
    def directions(self) -> Array:
        """W (K, N)."""
        return self.law.directions(self.state)

    @property
    def overlaps(self) -> Array:
        """The chart's statistics (n,)."""
        return self.law.charted(self.law.statistics(self.state[None]))[:, 0]


@dataclass(frozen=True, eq=False)
class LawSegment(Segment):
    """A step under a ``law``, with its ``coefficients`` φ (C, s + 1) at the points."""

    law: ModeLaw
    coefficients: Array

    def carried(self, part: Part, modes: Modes, state: Array, students: Array) -> tuple[Array, Array]:
        """The y and W (K, N) at the end of the ``part``: linear in each mode, given φ."""
        law = self.law.along(modes)
        values = part.table.evaluate(self.coefficients, part.place * part.table.nodes)
        found = law.deviation(carry(law, part.table, part.elapsed, law.whole(state), values))
        return found, found + self.aim(modes)


class Kind(ABC):
    """A kind of flow: the laws that it has, where it changes to another, and what a run of it is."""

    @abstractmethod
    def start(self, problem: Problem) -> Place:
        """The start of a ``problem``, at the origin."""

    @abstractmethod
    def orientation(self, place: Place, problem: Problem) -> Array | None:
        """P (M, M) of the teachers P W* that a ``place`` at the origin has come near to, None of none."""

    @abstractmethod
    def entered(self, place: Place, problem: Problem, orientation: Array) -> Place:
        """The same in the chart at P W*, P the ``orientation``."""

    @abstractmethod
    def run(
        self,
        problem: Problem,
        table: Collocation,
        segments: Sequence[Segment],
        place: Place,
        until: float,
        error: float,
    ) -> Trajectory:
        """The run that ended at a ``place`` with the ``error`` of its steps."""


def at_rest(place: Place) -> Place:
    """The same at its teachers."""
    state = 0.0 * place.state
    return replace(place, state=state, values=place.law.coefficients(place.law.statistics(state[None])))


def advance(place: Place, table: Collocation, until: float, tolerance: float) -> tuple[Place, Stages, float]:
    """The place a step later, its stages, and what their polynomials leave out.

    Raises ArithmeticError where the step size vanishes.
    """
    width = min(place.width, until)
    law, terms = place.law, place.law.terms(place.state)
    start = law.statistics(place.state[None])
    while True:
        if place.time + width == place.time:
            raise ArithmeticError(f"the step size vanished at t = {place.time:g}")
        try:
            stages = solve_step(law, table, width, place.state, _guess(place, table, width))
        except (NoConvergence, np.linalg.LinAlgError):
            width, place = 0.4 * width, replace(place, values=place.values[:, -1:])
            continue
        values = np.concatenate([start, stages.statistics], axis=1)
        missing = truncation(table, values, lambda: TERMS * terms, tolerance, 100.0)
        factor = 0.9 * (tolerance / max(missing.error, 1e-300)) ** (1.0 / (table.stages + 1))
        flat = missing.decay > FLAT and missing.error <= max(tolerance, law.noise)
        if flat:
            factor = GROWTH
        # of the tolerance: the largest error of a step that is accepted
        if missing.error > 10.0 * tolerance and not flat:
            width *= min(max(factor, 0.2), 0.8)
            continue
        following = width * min(factor, GROWTH)
        return (
            replace(
                place,
                time=place.time + width,
                state=stages.states[-1],
                values=np.concatenate([law.coefficients(start), stages.coefficients], axis=1),
                width=following,
                before=width,
            ),
            stages,
            missing.error,
        )


def _guess(place: Place, table: Collocation, width: float) -> Array:
    """The coefficients (C, s) expected at the nodes of a step: the last one's polynomials, continued."""
    if place.values.shape[1] == 1:
        return np.repeat(place.values, table.stages, axis=1)
    return table.extrapolate(place.values, 1.0 + table.nodes * (width / place.before))


def follow(
    problem: Problem, until: float, kind: Kind, progress: Callable[[float], None] | None = None
) -> Trajectory:
    """The run up to ``until`` of a ``problem`` whose modes are all followed.

    Raises ArithmeticError where the step size vanishes.
    """
    table = radau(16)
    place = companion = _settled(kind.start(problem), problem, kind)
    segments: list[Segment] = []
    error, taken = 0.0, 0
    while place.time < until:
        taken += 1
        if taken > MAX_STEPS:
            raise ArithmeticError(f"no end after {MAX_STEPS} steps, at t = {place.time:g}")
        before = place
        place, stages, _ = advance(place, table, until - place.time, TOLERANCE)
        segments.append(_segment(before, place, stages, table, problem))
        companion = _accompany(companion, place, table)
        error = max(error, _difference(place, companion))
        place = _settled(place, problem, kind)
        # of the teachers' energy: what has less is 0, before its square leaves the range of floats
        if not place.chart.centred and np.abs(place.overlaps).max() < 1e-240 * np.trace(place.law.energy):
            place, companion = at_rest(place), at_rest(companion)
        if companion.chart.centred and not place.chart.centred:
            companion = kind.entered(companion, problem, place.orientation)
        if progress is not None:
            progress(place.time)
    # of the statistics: twice at least, and in every step
    total = error + 5e-15 * (1.0 + np.sqrt(taken)) + problem.relative_error
    return kind.run(problem, table, segments, place, until, float(total))


def _settled(place: Place, problem: Problem, kind: Kind) -> Place:
    """The same in the chart where it can rest, once it is near."""
    orientation = kind.orientation(place, problem) if place.chart.centred else None
    return place if orientation is None else kind.entered(place, problem, orientation)


def _accompany(companion: Place, place: Place, table: Collocation) -> Place:
    """The companion at the time of the place."""
    while companion.time < place.time:
        left = place.time - companion.time
        # of the tolerance: that of the companion
        companion, _, _ = advance(companion, table, left, 30.0 * TOLERANCE)
        if abs(companion.time - place.time) <= 4.0 * np.finfo(float).eps * place.time:
            companion = replace(companion, time=place.time)
    return companion


def _segment(place: Place, following: Place, stages: Stages, table: Collocation, problem: Problem) -> Segment:
    """The step between two places."""
    law = place.law
    states = np.concatenate([place.state[None], stages.states])
    vectors = law.deviation(states), law.directions(states), law.deviation(law.teacher)
    return LawSegment(
        place.time,
        (following.time - place.time) * table.points,
        law.chart,
        place.orientation,
        np.eye(law.students),
        law.charted(law.statistics(states)),
        norms(*vectors, law.chart.centred, problem.init_rest),
        law.energy,
        law,
        following.values,
    )


def _difference(place: Place, companion: Place) -> float:
    """How far the statistics are apart, in the units that the law measures them by."""
    units = place.law.units(place.state, TERMS)
    apart = np.abs(companion.overlaps - place.overlaps)
    return float((apart / np.where(units > 0, units, 1.0)).max())
