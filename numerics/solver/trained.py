"""Runs of flows whose second layer learns.

A run starts in the chart at the origin. Where every student, and its weight, has come near to one of the
teachers, of the student's link, it goes on in the chart there: the teachers' weights are permuted with them.
Small residuals then keep their digits. A homogeneous link, f(cz) = c^k f(z), does not come to rest there, but
with w_j of another length, which a_j makes up for: S, U, a and the loss have an absolute accuracy then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import join, split
from numerics.pairs.trained import MatchedTrained, Trained, trained
from numerics.problems.problem import Problem
from numerics.problems.reduction import reduce
from numerics.quadrature.collocation import Collocation
from numerics.solver import implicit
from numerics.solver.implicit import Place
from numerics.solver.learnt import LearntLaw
from numerics.solver.resolved import unresolved
from numerics.state import limits
from numerics.state.limits import Limit
from numerics.state.modes import Modes
from numerics.state.observables import TrainedOverlaps
from numerics.state.segment import Segment
from numerics.state.trajectory import Times, Trajectory


@dataclass(frozen=True, eq=False, repr=False)
class TrainedTrajectory(Trajectory):
    """A run with a second layer that learns at ``rate``: :meth:`overlaps` have the weights a (K, T), too.

    A restart begins with the weights of the model that it is solved with: give it those of the time.
    """

    rate: float = 1.0

    def overlaps(self, times: Times = None) -> TrainedOverlaps:  # type: ignore[override]
        """S, U, the loss, the distances and the weights at ``times``, within [0, ``until``]."""
        return TrainedOverlaps(*self._evaluate(times, self._with_weights))

    def of_flow(self) -> dict[str, Any]:
        """The rate."""
        return {"train_weights": self.rate}

    @property
    def _single(self) -> bool:
        """No: u and s alone do not tell how near a student is whose weight moves."""
        return False

    def _with_weights(
        self, segment: Segment, times: Array, statistics: Array, norms: Array
    ) -> tuple[Array, ...]:
        overlaps = segment.chart.overlaps(statistics, segment.teacher_energy)
        return (*self._overlaps(segment, times, statistics, norms), overlaps[-len(self.problem.students) :])


@dataclass(frozen=True, eq=False)
class LearntKind(implicit.Kind):
    """The flow of ``rules`` with a second layer that learns."""

    rules: Trained

    def start(self, problem: Problem) -> Place:
        """At the origin, with the weights of the model."""
        law = LearntLaw(self.rules, Modes(problem.eigenvalues, problem.teachers), True)
        return Place.start(law, np.column_stack([problem.students, self.rules.WEIGHTS]))

    def orientation(self, place: Place, problem: Problem) -> Array | None:
        """That of near teachers with near weights."""
        return near_place(self.rules, place.overlaps, place.law.energy)

    def entered(self, place: Place, problem: Problem, orientation: Array) -> Place:
        """In the chart at the teachers, the weights relative to theirs."""
        modes = Modes(problem.eigenvalues, orientation @ problem.teachers)
        weights = weights_of_teachers(self.rules, orientation, place.law.energy)
        assert weights is not None
        turned = replace(self.rules.model, teacher_weights=weights)
        law = LearntLaw(trained(turned, self.rules.rate), modes, False)
        deviation = problem.deviation(place.directions, modes.teacher)
        return place.under(law, np.column_stack([deviation, place.state[:, -1] - weights]), orientation)

    def run(
        self,
        problem: Problem,
        table: Collocation,
        segments: Sequence[Segment],
        place: Place,
        until: float,
        error: float,
    ) -> TrainedTrajectory:
        """With what the loss at its end says of its limit."""
        overlaps, energy = place.overlaps, place.law.energy
        loss = float(place.chart.loss(overlaps, energy))
        with np.errstate(all="ignore"):
            start = float(self.rules.loss(np.zeros_like(overlaps), energy))
        end = f"at t = {until:.6g} the loss is {loss:.6g}"
        limit = Limit("undecided", f"{end}, and this model has no criterion that decides a limit")
        if loss <= limits.RECOVERED * start:
            limit = Limit(
                "teacher", f"{end}, below {limits.RECOVERED:g} of that of w = 0: the networks agree"
            )
        error += unresolved(self.rules.model, segments)
        return TrainedTrajectory(problem, table, segments, limit, until, error, rate=self.rules.rate)


def near_place(rules: Trained, statistics: Array, energy: Array) -> Array | None:
    """P (M, M) of the teachers P W* that every student is near with its weight, where ``rules`` have residual
    coordinates; None of none. ``statistics`` (n + K,) are those of the chart at the origin.
    """
    if not isinstance(rules, MatchedTrained):
        return None
    overlaps = split(statistics, rules.STUDENTS, rules.TEACHERS)
    found = limits.near_teachers(*overlaps, energy, limits.NEAR)
    weights = None if found is None else weights_of_teachers(rules, found, energy)
    if weights is None:
        return None
    # relative distance of a weight from its teacher's that counts as near
    far = np.abs(statistics[-rules.STUDENTS :] - weights) > 0.3 * np.abs(weights)
    return None if far.any() else found


def weights_of_teachers(rules: Trained, orientation: Array, energy: Array) -> Array | None:
    """Those of the teachers P W* (M,), which an odd link changes the signs of; None where no such network
    is that of the teachers.
    """
    turned, own = orientation @ energy, rules.model.teacher_weights
    overlaps = join(turned @ orientation.T, turned)
    size = rules.loss(np.zeros(len(overlaps) + len(own)), energy)
    for weights in (np.abs(orientation) @ own, orientation @ own):
        loss = rules.loss(np.concatenate([overlaps, weights]), energy)
        if abs(loss) <= limits.SYMMETRIC * abs(size):
            found: Array = weights
            return found
    return None


def solve_trained(
    problem: Problem,
    until: float,
    rules: Trained,
    horizon: float,
    progress: Callable[[float], None] | None = None,
) -> TrainedTrajectory:
    """The run up to ``until`` of the problem, reduced for the ``horizon`` and again where weights that grow
    have given the modes more time than that, see :func:`modes_time`.

    Raises ValueError where a problem that is reduced already does not serve so long, and for a wide network.
    """
    if rules.STUDENTS > implicit.WIDEST:
        raise ValueError(
            f"the weights of {rules.STUDENTS} students learn: the flow is solved for at most "
            f"{implicit.WIDEST}, descent for any number"
        )
    while True:
        found = implicit.follow(reduce(problem, horizon), until, LearntKind(rules), progress)
        assert isinstance(found, TrainedTrajectory)
        taken = modes_time(found)
        if taken <= horizon:
            return replace(found, given=problem)
        if taken > problem.horizon:
            raise ValueError(
                f"the weights have grown, which gives the modes as much time as {taken:.3g} would: this "
                f"reduced problem is faithful up to {problem.horizon:g} only"
            )
        # of the time that the modes have had: what the problem is reduced for
        horizon = min(2.0 * taken, problem.horizon)


def modes_time(run: Trajectory) -> float:
    """∫ ‖A‖ dt/(8 max(s, s*)): the time that phase retrieval would move the modes so far in."""
    total = 0.0
    for step in run.segments:
        gain, _ = step.chart.drift(step.statistics, step.teacher_energy)
        norms = np.linalg.norm(np.moveaxis(gain, -1, 0), ord=2, axis=(1, 2))
        total += float(np.trapezoid(norms, step.elapsed))
    return total / (8.0 * max(run.problem.teacher_energy, run.problem.start_energy))
