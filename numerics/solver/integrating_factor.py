"""One implicit step of a single student, short enough that no mode is stiff.

With Θ = ∫A dt each mode is y = e^{λΘ}(y(0) + λ ∫ e^{−λΘ} F dt w*) [P7], whatever the sign of A: so on the
nodes Y_l = e^{λΘ_l}(y + hλ Σ_m 𝒜_lm e^{−λΘ_m} F_m w*). The kernel is a product of a function of l and one of
m, so that the derivatives of all statistics are a few products of matrices. Stiff modes, with hλ|A| ≫ 1,
would overflow: they need :mod:`numerics.solver.clock`.

Shapes: s stages first, N modes last.
"""

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation
from numerics.solver.clusters import Clusters, term_sizes
from numerics.solver.contract import NoConvergence, Step, StepResult, Task
from numerics.solver.step import SINGLE_ROUNDING, drift_and_slopes, magnitudes
from numerics.state.modes import Modes


class ShortStep(Step):
    """Steps in which no mode is stiff. Raises NoConvergence, also where hλ|A| exceeds 2.5."""

    def suits(self, task: Task) -> bool:
        """Whether hλ|A| is small enough in the guess."""
        if not task.single:
            return False
        return bool(task.stiffness * max(-task.gain.min(), task.gain.max()) <= 1.8)

    def solve(self, task: Task) -> StepResult:
        """The step of ``width``, by Newton's method for A and F at the nodes."""
        table, chart, modes, width = task.table, task.chart, task.modes, task.width
        start, clusters = task.deviation[0], task.clusters
        unknowns = np.concatenate([task.gain[None], task.drift[1][0]])
        rounding = SINGLE_ROUNDING * term_sizes(modes, task.deviation, clusters)
        force_slope = np.abs(task.slopes[1][0])
        noise = np.append(0.0, force_slope.max(axis=2) @ rounding)
        floor = np.append(1.0 / task.stiffness, noise[1:])
        units, before, inverse = np.maximum(magnitudes(unknowns), floor), 1.0, None
        for _ in range(12):
            factor = _Factor(table, modes, width, unknowns[0])
            states = factor.stages(start, unknowns[1:])
            statistics, ended = factor.statistics(states, start, unknowns[1:], clusters)
            gain, force, gain_slope, force_slope = drift_and_slopes(chart, statistics, modes.energy)
            if inverse is None:
                slopes = np.concatenate([gain_slope[0], force_slope[0]])
                scale = np.repeat(units, table.stages)
                matrix = np.eye(len(scale)) - factor.sensitivity(states, slopes) * (scale / scale[:, None])
                inverse = np.linalg.inv(matrix) * (scale[:, None] / scale)
            residual = np.concatenate([gain[0], force[0]]) - unknowns
            change = (inverse @ residual.ravel()).reshape(unknowns.shape)
            unknowns = unknowns + change
            units = np.maximum(magnitudes(unknowns), floor)
            moved = np.abs(change).max(axis=1)
            worst = float((moved / units).max())
            if not np.isfinite(worst) or worst > 2.0 * before:
                break
            if np.all(moved * min(1.0, worst / before) <= 1e-14 * units + noise):
                factor = _Factor(table, modes, width, unknowns[0])
                states = factor.stages(start, unknowns[1:])
                statistics, ended = factor.statistics(states, start, unknowns[1:], clusters)
                times = width * table.nodes
                if ended is not None:
                    gain, force = chart.drift(statistics, modes.energy)
                    ended = ended.parted(modes, (gain[0, 0], force[0, 0]), states, factor.stages)
                if chart.centred:
                    return StepResult(statistics, states[:, None], states[:, None], times, ended)
                followers = factor.stages(task.students[0], unknowns[1:] - unknowns[:1])
                return StepResult(statistics, states[:, None], followers[:, None], times, ended)
            # a change that falls by less, until it is that small, calls for a new matrix
            if worst > max(0.03 * before, 1e-8):
                inverse = None
            before = worst
        raise NoConvergence


class _Factor:
    """e^{λΘ} at the nodes and its inverse (s, N), for the A (s,) = ``gain``."""

    def __init__(self, table: Collocation, modes: Modes, width: float, gain: Array) -> None:
        clock = width * (table.matrix @ gain)
        if not np.abs(clock).max() * modes.eigenvalues.max() <= 2.5:
            raise NoConvergence
        self.table, self.modes, self.clock = table, modes, clock
        self.growth = np.exp(clock[:, None] * modes.eigenvalues)
        self.pushed = width * modes.eigenvalues / self.growth

    def stages(self, start: Array, force: Array, along: Array | None = None) -> Array:
        """The stages (s, N) from ``start`` (N,) under ``force`` (M, s) ``along`` w* or others (M, N)."""
        return self.growth * (start + self._pushed(force, self.modes.teacher if along is None else along))

    def _pushed(self, force: Array, along: Array) -> Array:
        """What the ``force`` has added to the start (s, N)."""
        return self.table.matrix @ (self.pushed * (force.T @ along))

    def statistics(
        self, states: Array, start: Array, force: Array, clusters: Clusters | None
    ) -> tuple[Array, Clusters | None]:
        """X (n, s) of the ``states`` that ``start`` and ``force`` lead to, and the clusters at the end."""
        statistics = self.modes.statistics_of_one(states)
        if clusters is None:
            return statistics, None
        unforced = clusters.grown(start, self.clock)
        forced = self.growth * self._pushed(force, self.modes.teacher)
        statistics[1] = clusters.joined(self.growth * start, unforced, forced)
        return statistics, clusters.moved(unforced, forced)

    def sensitivity(self, states: Array, slopes: Array) -> Array:
        """How A and F that follow from X answer to A and F, ((1 + M)·s)², from the former's ``slopes`` by X
        (1 + M, n, s).
        """
        stages, modes = states.shape
        teacher = self.modes.teacher
        pull = np.concatenate(
            [
                (2.0 * self.modes.eigenvalues * states * self.growth)[None],
                self.modes.weighted[:, None] * self.growth,
            ]
        )
        push = np.concatenate([(self.pushed * states)[None], self.pushed * teacher[:, None]])
        kernel = (pull.reshape(-1, modes) @ push.reshape(-1, modes).T).reshape(
            len(pull), stages, len(push), stages
        ) * self.table.matrix[:, None]
        return (
            np.einsum("cal,almb->clmb", slopes, kernel.swapaxes(2, 3))
            .swapaxes(2, 3)
            .reshape(len(slopes) * stages, -1)
        )
