"""One implicit step of a network, by Newton's method with the derivative of the step's mean.

The stages solve Y = y + hλ 𝒜(A Y + F W*), A and F being functions of the statistics of Y. The derivative of
these equations is taken with A, its slopes and the vectors V = (Y, W*) replaced by their means over the step,
from which they differ by little where polynomials resolve the step. Then the eigenvectors of 𝒜 part the
stages, those of the mean A part the students, and a change of the states is

    δY = R [δ + hλ μ (δA Y + δF W*)],        R = 1/(1 − hλ μ α),

with μ and α an eigenvalue each and δ the defect of the equations. What A and F change by follows from the
statistics, Σ λ V δY, so that n unknowns are solved for in each of the s/2 conjugate pairs of stages: by an
inverse where they are few, else by GMRES with one matrix (K + M)² for each student, or by factors where that
takes long. Anderson's acceleration makes up for what the means leave out.

An iteration costs s K (K + M) N and s² K N operations for N modes, and the matrices s K (K + M)² N once.

Shapes: s stages, n statistics, K students, M teachers, N modes, in this order, modes last.
"""

from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation
from numerics.solver.accuracy import STEP
from numerics.solver.contract import NoConvergence, Step, StepResult, Task
from numerics.solver.mean_response import Loop, MeanResponse
from numerics.solver.step import finite_drift, magnitudes
from numerics.state.charts import Chart
from numerics.state.modes import Modes

MIXED = 5  # iterates


class MeanStep(Step):
    """Steps of networks. Raises NoConvergence, also where it leaves the range of floats."""

    def suits(self, task: Task) -> bool:
        """Whether several students move without areas."""
        return len(task.deviation) > 1 and not task.chart.areas

    @np.errstate(over="ignore", invalid="ignore")
    def solve(self, task: Task) -> StepResult:
        """The step of ``width``.

        Changes fall geometrically. What is left of them is solved for to 2 % of the tolerance, in units of
        the terms of a statistic; a relative change up to ``noise`` is accepted when the iterations gain
        nothing any more: where terms of the drift cancel Newton's method ends in their rounding.
        """
        modes, equations = task.modes, _Equations.of(task)
        terms = modes.term_sizes(task.deviation)
        states = task.states
        if states is None:
            states = np.repeat(task.deviation[None], task.table.stages, axis=0)
        statistics = modes.statistics(states)
        response = equations.response(states, statistics, task)
        mixture, changes = _Mixture(), [np.inf, np.inf]
        for left in reversed(range(40)):
            states = states + response.solve(equations.defect(states, statistics))
            found = modes.statistics(states)
            change, statistics = found - statistics, found
            units, moved = magnitudes(statistics), np.abs(change).max(axis=1)
            worst = float((moved / np.maximum(units, terms)).max())
            if not np.isfinite(worst):
                break
            slowness = min(worst / changes[-1], 1.0) if len(changes) > 2 else 1.0
            # of the change two iterations before: then nothing is gained any more
            stalled = worst > 0.7 * changes[-2] or not left
            # of a step's tolerance, that may be left unsolved
            solved = worst * slowness <= 0.02 * task.tolerance
            # tolerances, and no less than full accuracy's, that a change may then have
            rounded = moved <= task.noise * units + 30.0 * STEP * np.maximum(units, terms)
            if solved or (stalled and np.all(rounded)):
                return _result(task, equations, response, states, statistics, moved * slowness)
            if stalled:
                break
            changes.append(worst)
            states = mixture.after(states, change / units[:, None])
            statistics = modes.statistics(states)
        raise NoConvergence


def _result(
    task: Task,
    equations: "_Equations",
    response: MeanResponse,
    states: Array,
    statistics: Array,
    unsolved: Array,
) -> StepResult:
    """The step through these ``states``, with the students beside it."""
    followers = states
    if not task.chart.centred:
        followers = states.copy()
        followers[:, : len(task.modes.teacher)] += task.modes.teacher
        for _ in range(2):  # corrections of the students beside a chart at the teacher
            missing = equations.defect_beside(followers, statistics, task.students)
            followers = followers + response.alone(missing)
    linearised = MeanStepLinearised(response, equations, states, statistics)
    times = task.width * task.table.nodes
    return StepResult(statistics, states, followers, times, linearised=linearised, unsolved=unsolved)


class _Mixture:
    """Anderson's acceleration: the mixture of the last iterates whose change, were all linear, is least."""

    def __init__(self) -> None:
        self.states: list[Array] = []
        self.changes: list[Array] = []

    def after(self, states: Array, change: Array) -> Array:
        """The states (s, K, N) to go on from, where an iteration has led to ``states`` by a ``change`` of the
        statistics (n, s).
        """
        self.states, self.changes = [*self.states, states][-MIXED:], [*self.changes, change.ravel()][-MIXED:]
        if len(self.states) == 1:
            return states
        apart = np.stack([other - self.changes[-1] for other in self.changes[:-1]], axis=1)
        # relatively: changes that differ by less tell nothing
        shares = np.linalg.lstsq(apart, -self.changes[-1], rcond=1e-10)[0]
        for share, other in zip(shares, self.states[:-1], strict=True):
            states = states + share * (other - self.states[-1])
        return states


@dataclass(frozen=True, eq=False)
class _Equations:
    """Those of the stages of a step from ``start`` (K, N)."""

    table: Collocation
    chart: Chart
    modes: Modes
    width: float
    start: Array

    @classmethod
    def of(cls, task: Task) -> "_Equations":
        """Those of a ``task``."""
        return cls(task.table, task.chart, task.modes, task.width, task.deviation)

    def response(self, states: Array, statistics: Array, task: Task) -> MeanResponse:
        """Their linear response at ``states`` (s, K, N) with these ``statistics`` (n, s)."""
        gain, _ = self._drift(statistics)
        where = self.table, self.width, self.chart, self.modes
        return MeanResponse.build(*where, states, statistics, gain, self._loop_before(task))

    def defect(self, states: Array, statistics: Array) -> Array:
        """y + hλ 𝒜(A Y + F W*) − Y (s, K, N)."""
        gain, force = self._drift(statistics)
        return self.start + self._integral(gain, force, states) - states

    def defect_beside(self, students: Array, statistics: Array, start: Array) -> Array:
        """The same of the students (s, K, N), whose force is F − A, from ``start`` (K, N)."""
        gain, force = self._drift(statistics)
        force = force - gain[:, :, : len(self.modes.teacher)]
        return start + self._integral(gain, force, students) - students

    def answer(self, states: Array, statistics: Array, shift: Array) -> Array:
        """hλ 𝒜(δA Y + δF W*) (s, K, N) with what the drift of ``statistics`` off by ``shift`` is off by, 0
        where it is not finite.
        """
        with np.errstate(all="ignore"):
            right = self.chart.drift(statistics, self.modes.energy)
            wrong = self.chart.drift(statistics + shift, self.modes.energy)
            gain, force = (
                np.moveaxis(np.nan_to_num(b - a, posinf=0.0, neginf=0.0), -1, 0)
                for a, b in zip(right, wrong, strict=True)
            )
        return self._integral(gain, force, states)

    def _drift(self, statistics: Array) -> tuple[Array, Array]:
        """A (s, K, K) and F (s, K, M)."""
        gain, force = finite_drift(self.chart, statistics, self.modes.energy)
        return np.moveaxis(gain, -1, 0), np.moveaxis(force, -1, 0)

    def _integral(self, gain: Array, force: Array, states: Array) -> Array:
        """hλ 𝒜(A Y + F W*) (s, K, N)."""
        pushed = (gain @ states + force @ self.modes.teacher) * (self.width * self.modes.eigenvalues)
        return (self.table.matrix @ pushed.reshape(len(pushed), -1)).reshape(states.shape)

    def _loop_before(self, task: Task) -> Loop | None:
        """That of the step before, in the same coordinates."""
        before = task.before
        if isinstance(before, MeanStepLinearised) and before.equations.modes is self.modes:
            return before.response.loop
        return None


@dataclass(frozen=True, eq=False)
class MeanStepLinearised:
    """The derivative of a step at its solution, which is that of its mean."""

    response: MeanResponse
    equations: _Equations
    states: Array
    statistics: Array

    def carry(self, change: Array, shift: Array) -> tuple[Array, Array]:
        """What becomes of a ``change`` (K, N) of the start while the drift is that of statistics that are off
        by ``shift`` (n, s): the change (K, N) of the end, and that of the statistics (n, s) at the nodes.
        """
        moved = self.response.solve(change + self.equations.answer(self.states, self.statistics, shift))
        return moved[-1], self.equations.modes.statistics_change(self.states, moved)
