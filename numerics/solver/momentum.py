"""Runs of a heavy ball, which begins at rest.

The run starts in the chart at the origin and goes on in that at the teachers, once every student is near one,
as that of a gradient flow. The energy L + ½ ‖V‖² falls, by γ ‖V‖² a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.arrays import Array
from numerics.pairs.momentum import HeavyBall
from numerics.problems.problem import Problem
from numerics.problems.reduction import reduce
from numerics.quadrature.collocation import Collocation
from numerics.solver import implicit
from numerics.solver.ballistic import BallisticLaw
from numerics.solver.implicit import Place
from numerics.solver.resolved import unresolved
from numerics.state import charts, limits
from numerics.state.limits import Limit
from numerics.state.modes import Modes
from numerics.state.observables import MovingOverlaps, Observables
from numerics.state.segment import Segment
from numerics.state.trajectory import Times, Trajectory

DECAYED = 74.0
"""Of 1/γ: the time in which an oscillation falls below 1e-16."""
LOST = 1e-11
"""What a reduction may change of the overlaps."""
MOMENTS = 48
"""Times at which that is looked at."""


@dataclass(frozen=True, eq=False, repr=False)
class HeavyBallTrajectory(Trajectory):
    """A run with ``friction`` γ: its ``error`` is relative to what the amplitudes of oscillations make of the
    statistics.
    """

    friction: float = 0.0

    def kinetic(self, times: Times = None) -> Array:
        """½ ‖Ẇ‖² (T,) at ``times``, within [0, ``until``]."""
        return self._evaluate(times, lambda segment, times, statistics, norms: (statistics[-1],))[0]

    def overlaps(self, times: Times = None) -> MovingOverlaps:  # type: ignore[override]
        """S, U, the loss, the distances and the kinetic energy at ``times``, within [0, ``until``]."""
        return MovingOverlaps(*self._evaluate(times, self._moving))

    def _moving(self, segment: Segment, times: Array, statistics: Array, norms: Array) -> tuple[Array, ...]:
        return (*self._overlaps(segment, times, statistics, norms), statistics[-1])

    def _observe(self, segment: Segment, times: Array, statistics: Array, norms: Array) -> Observables:
        return super()._observe(segment, times, statistics[:-1], norms)

    def beside_loss(self, segment: Segment) -> Array:
        """The kinetic energy (s + 1,)."""
        kinetic: Array = segment.statistics[-1]
        return kinetic

    def modes(self, times: Times = None, *, reduced: bool = False) -> Any:
        """Raises ValueError: what modes do depends on their velocities, too."""
        raise ValueError("the modes of a run with momentum are not told, nor a restart: solve from the start")

    def of_flow(self) -> dict[str, Any]:
        """The friction."""
        return {"friction": self.friction}


@dataclass(frozen=True, eq=False)
class BallisticKind(implicit.Kind):
    """The flow of ``rules`` with momentum."""

    rules: HeavyBall

    def start(self, problem: Problem) -> Place:
        """At the origin, at rest."""
        chart, modes = charts.overlaps(self.rules.model), Modes(problem.eigenvalues, problem.teachers)
        law = BallisticLaw(self.rules.friction, chart, modes, self.rules.STUDENTS)
        return Place.start(law, np.concatenate([problem.students, 0.0 * problem.students]))

    def orientation(self, place: Place, problem: Problem) -> Array | None:
        """That of near teachers."""
        if not hasattr(self.rules.model, "residual_drift"):
            return None
        return limits.nearest(self.rules.model, place.overlaps[:-1], place.law.energy, limits.NEAR)

    def entered(self, place: Place, problem: Problem, orientation: Array) -> Place:
        """In the chart at the teachers, with the same velocity."""
        modes = Modes(problem.eigenvalues, orientation @ problem.teachers)
        chart, students = charts.teacher(self.rules.model), self.rules.STUDENTS
        law = BallisticLaw(self.rules.friction, chart, modes, students)
        deviation = problem.deviation(place.directions, modes.teacher)
        return place.under(law, np.concatenate([deviation, place.state[students:]]), orientation)

    def run(
        self,
        problem: Problem,
        table: Collocation,
        segments: Sequence[Segment],
        place: Place,
        until: float,
        error: float,
    ) -> HeavyBallTrajectory:
        """With the limit that its end shows: below the barrier its energy keeps the ball where it is."""
        rules, modes = self.rules.model, Modes(problem.eigenvalues, problem.teachers)
        loss = float(place.chart.loss(place.overlaps[:-1], place.law.energy))
        overlaps = modes.statistics(place.directions)
        limit = limits.at_the_end(rules, overlaps, modes.energy, loss, until)
        barrier, energy = limits.barrier(rules, modes.energy), loss + float(place.overlaps[-1])
        if barrier is not None and energy < barrier and self.rules.friction > 0:
            side = "+" if overlaps[1] > 0 else "-"
            told = f"the energy {energy:.6g} at t = {until:.6g} is below {barrier:.6g}, which u = 0 needs"
            limit = Limit(f"{side}teacher", told)
        error += unresolved(rules, segments)
        friction = self.rules.friction
        return HeavyBallTrajectory(problem, table, segments, limit, until, error, friction=friction)


def solve_heavy_ball(
    problem: Problem,
    until: float,
    rules: HeavyBall,
    horizon: float,
    progress: Callable[[float], None] | None = None,
) -> HeavyBallTrajectory:
    """The run up to ``until`` of the problem, reduced for the ``horizon`` where that keeps oscillations.

    Raises ValueError for a wide network.
    """
    widest = implicit.WIDEST // 2
    if widest < rules.STUDENTS:
        raise ValueError(
            f"{rules.STUDENTS} students with momentum: the flow is solved for at most {widest}, descent for "
            "any number"
        )
    small, lost = reduced(problem, until, rules, horizon)
    found = implicit.follow(small, until, BallisticKind(rules), progress)
    assert isinstance(found, HeavyBallTrajectory)
    return replace(found, given=problem, error=found.error + lost)


def reduced(problem: Problem, until: float, rules: HeavyBall, horizon: float) -> tuple[Problem, float]:
    """The problem with fewer modes, and what that changes of oscillations: it is looked at in sums
    Σ λ a b cos(√(αλ) t) e^{−γt/2} of students and teachers a and b, up to where they have decayed.
    """
    small = reduce(problem, horizon)
    if len(small.eigenvalues) == len(problem.eigenvalues):
        return problem, 0.0
    decayed = DECAYED / rules.friction if rules.friction > 0 else until
    times = np.geomspace(1e-2, 1.0, MOMENTS) * min(until, decayed)
    modes = Modes(problem.eigenvalues, problem.teachers)
    ends = [modes.statistics(problem.students)]
    if len(problem.students) == len(problem.teachers):
        ends.append(modes.statistics(problem.teachers))
    with np.errstate(all="ignore"):
        gain, _ = rules.model.drift(np.stack(ends, axis=-1), modes.energy)
    fastest = float(np.linalg.norm(np.nan_to_num(gain), ord=2, axis=(0, 1)).max())
    before, after = (_oscillations(part, times, fastest, rules.friction) for part in (problem, small))
    lengths = np.sqrt(np.diag(_oscillations(problem, np.zeros(1), 0.0, 0.0)[..., 0]))
    lost = float((np.abs(after - before) / (lengths[:, None] * lengths)[..., None]).max())
    return (small, lost) if lost <= LOST else (problem, 0.0)


def _oscillations(problem: Problem, times: Array, fastest: float, friction: float) -> Array:
    """Those sums (K + M, K + M, T)."""
    rows = np.concatenate([problem.students, problem.teachers])
    values = problem.eigenvalues[:, None]
    kernel = values * np.cos(np.sqrt(fastest * values) * times) * np.exp(-0.5 * friction * times)
    return np.einsum("aN,bN,NT->abT", rows, rows, kernel, optimize=True)
