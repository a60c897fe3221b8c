"""Many steps of gradient descent at once, with the modes eliminated.

Given A and F at every step of a block each mode is linear, so the statistics at the nodes of
:mod:`numerics.quadrature.summation` determine the block: the equations of
:func:`numerics.solver.step.CollocationStep` with sums for integrals. What the polynomials leave out shows in
their last Chebyshev coefficients.

Polynomials cannot oscillate. Modes whose multiplier 1 − ηh is negative, h an eigenvalue of the Hessian, are
followed only once they have decayed: the block must be long enough for that, |1 − ηh|ⁿ < 10⁻¹⁶, and what
is left of them at its start shows as error, like all that is too fast. Then the plain loop goes on.

Step sizes η_k that vary multiply A and F at the nodes: a block stays within one smooth piece of the schedule.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.descent.iterate import Iterate
from numerics.quadrature.summation import Summation, summation
from numerics.solver.contract import NoConvergence, StepResult, Task
from numerics.solver.control import NOISE_DECAY, NOISE_GROWTH
from numerics.solver.errors import NOISE
from numerics.solver.step import SINGLE_ROUNDING, CollocationStep, truncation
from numerics.state.charts import Chart
from numerics.state.observables import norms

STAGES = 12
TOLERANCE = 1e-13
LARGEST_BLOCK_ERROR = 10.0 * TOLERANCE
WORTHWHILE = 256  # a block costs as much as a few hundred plain steps


@dataclass(frozen=True, eq=False)
class Stretch:
    """``statistics`` (n, T) and ``norms`` (4, K, M, T) after the step ``numbers`` (T,), in ``chart``.

    They are relative to P W*, with P the ``orientation`` and ``energy`` its T (M, M). The norms are those of
    :func:`numerics.state.observables.norms`.
    """

    numbers: Array
    chart: Chart
    orientation: Array
    energy: Array
    statistics: Array
    norms: Array

    @classmethod
    def at(cls, iterate: Iterate) -> "Stretch":
        """The iterate as it is."""
        return cls(
            np.array([iterate.done]),
            iterate.chart,
            iterate.orientation,
            iterate.modes.energy,
            iterate.statistics()[:, None],
            iterate.lengths()[..., None],
        )


@dataclass(frozen=True, eq=False)
class Block:
    """``table.steps`` steps from step number ``start`` on, as polynomials.

    ``statistics`` (n, s + 1) and ``norms`` (4, K, M, s + 1) are values at the table's points.
    """

    start: int
    table: Summation
    chart: Chart
    orientation: Array
    energy: Array
    statistics: Array
    norms: Array

    def at(self, numbers: Array) -> Stretch:
        """The stretch after the steps of these ``numbers`` (T,)."""
        x = (numbers - self.start) / self.table.steps
        values = (self.table.evaluate(polynomial, x) for polynomial in (self.statistics, self.norms))
        return Stretch(numbers, self.chart, self.orientation, self.energy, *values)


class Blocks:
    """Takes an iterate on by blocks, as long as accuracy allows."""

    def __init__(self, iterate: Iterate) -> None:
        self.iterate = iterate
        self.steps = WORTHWHILE
        self.last: Block | None = None
        self.noisy = False

    def advance(self, most: int) -> Block | None:
        """Take a block of about ``most`` steps or fewer, or none where that is not worthwhile or valid."""
        self.iterate.settle(self.iterate.statistics())
        room = self.iterate.protocol.room(self.iterate.done)
        most = int(min(most, room))
        fewest = max(WORTHWHILE, self._decay_steps(most))
        if fewest > most:
            return None
        steps = int(min(_rounded(1.125 * max(min(self.steps, most), fewest)), room))
        before = math.inf
        while steps >= fewest:
            table = summation(STAGES, steps)
            try:
                result = self._solve(table)
            except NoConvergence:
                steps = _rounded(0.25 * steps)
                continue
            statistics = np.concatenate([self.iterate.statistics()[:, None], result.statistics], axis=1)
            error, decay = self._truncation(table, statistics)
            factor = min(max(0.9 * (TOLERANCE / max(error, 1e-300)) ** (1.0 / (STAGES + 2)), 0.1), 2.5)
            flat = decay > NOISE_DECAY if error <= LARGEST_BLOCK_ERROR else error > NOISE_DECAY * before
            self.noisy = flat and error <= self._noise
            if error <= LARGEST_BLOCK_ERROR or self.noisy:
                self.steps = _rounded(steps * (NOISE_GROWTH if self.noisy else factor))
                return self._accept(table, statistics, result)
            before, steps = error, _rounded(steps * min(factor, 0.5))
        self.steps, self.last = WORTHWHILE, None
        return None

    @property
    def _noise(self) -> float:
        """The largest relative error that a block may have from the rounding of the drift, as in the flow."""
        return NOISE if self.iterate.barrier is None and self.iterate.chart.centred else 0.0

    def _solve(self, table: Summation) -> StepResult:
        """The states at the nodes."""
        now = self.iterate
        sizes = now.protocol.at_nodes(now.done, table)
        unit = float(sizes.max())
        task = Task(
            table,
            _paced(now.chart, sizes / unit),
            now.modes,
            table.steps * unit,
            now.deviation,
            now.students,
            self._guess(table),
            noise=self._noise,
        )
        return CollocationStep().solve(task)

    def _guess(self, table: Summation) -> Array:
        """Statistics (n, s) expected at the nodes: the last block's polynomials, continued."""
        if self.noisy or self.last is None or self.last.chart is not self.iterate.chart:
            return np.repeat(self.iterate.statistics()[:, None], table.stages, axis=1)
        reach = table.steps / self.last.table.steps
        return table.evaluate(self.last.statistics, 1.0 + table.nodes * reach)

    def _accept(self, table: Summation, statistics: Array, result: StepResult) -> Block:
        """Move the iterate to the block's end."""
        now, lengths = self.iterate, self._lengths(result)
        block = Block(now.done, table, now.chart, now.orientation, now.modes.energy, statistics, lengths)
        self._move(table.steps, result)
        self.last = block
        return block

    def _lengths(self, result: StepResult) -> Array:
        """The norms (4, K, M, s + 1) at the start and at the nodes."""
        now = self.iterate
        return norms(
            np.concatenate([now.deviation[None], result.deviation]),
            np.concatenate([now.students[None], result.students]),
            now.modes.teacher,
            now.chart.centred,
            now.problem.init_rest,
        )

    def _move(self, steps: int, result: StepResult) -> None:
        """Move the iterate to the end."""
        self.iterate.move(steps, result.deviation[-1], result.students[-1])

    def _term_sizes(self) -> Array:
        """The statistics (n,) with every term counted positive."""
        return self.iterate.modes.term_sizes(self.iterate.deviation)

    def _truncation(self, table: Summation, statistics: Array) -> tuple[float, float]:
        """The truncation error of a block with these ``statistics`` (n, s + 1), and its decay."""
        found = truncation(
            table,
            statistics,
            lambda: SINGLE_ROUNDING / LARGEST_BLOCK_ERROR * self._term_sizes(),
            LARGEST_BLOCK_ERROR,
        )
        return found.error, found.decay

    def _decay_steps(self, most: int) -> float:
        """The number of steps in which the fastest oscillation decays: 0 without any, inf if it grows.

        It is that at the largest of the next ``most`` step sizes.
        """
        largest = self.iterate.protocol.largest(self.iterate.done, self.iterate.done + most)
        multiplier = 1.0 - largest * largest_curvature(self.iterate, 1.0 / largest)
        if multiplier >= 0:
            return 0.0
        return math.log(1e-16) / math.log(-multiplier) if multiplier > -1 else math.inf


def _paced(chart: Chart, pace: Array) -> Chart:
    """The chart with A and F multiplied by the ``pace`` (s,) at the nodes."""
    if np.all(pace == 1.0):
        return chart

    def drift(statistics: Array, energy: Array) -> tuple[Array, Array]:
        gain, force = chart.drift(statistics, energy)
        return gain * pace, force * pace

    def drift_jacobian(statistics: Array, energy: Array) -> tuple[Array, Array]:
        gain, force = chart.drift_jacobian(statistics, energy)
        return gain * pace, force * pace

    return replace(chart, drift=drift, drift_jacobian=drift_jacobian, drift_slopes=None)


def largest_curvature(iterate: Iterate, enough: float) -> float:
    """The largest eigenvalue of the Hessian ∇²L at the iterate, or a bound on it of at most ``enough``.

    With X the statistics, −∇²L = A ⊗ Q + Σ_b Q (∂A/∂X_b Y + ∂F/∂X_b W*) (∂X_b/∂Y)ᵀ: the bound adds the
    largest eigenvalues of the two terms, the second of small rank.
    """
    modes, state, values = iterate.modes, iterate.deviation, iterate.modes.eigenvalues
    statistics = iterate.statistics()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        gain, _ = iterate.chart.drift(statistics, modes.energy)
        slopes = iterate.chart.drift_jacobian(statistics, modes.energy)
    gain_slope, force_slope = (np.where(np.isfinite(slope), slope, 0.0) for slope in slopes)
    gradient = modes.statistics_gradient(state).reshape(len(statistics), -1)
    pushed = np.einsum("jkb,kN->bjN", gain_slope, state) + np.einsum(
        "jcb,cN->bjN", force_slope, modes.teacher
    )
    pushed = (values * pushed).reshape(len(statistics), -1)
    own = np.linalg.eigvals(-gain).real.max() * values.max()
    shared = np.linalg.eigvals(-gradient @ pushed.T).real.max()
    bound = max(own, 0.0) + max(shared, 0.0)
    if bound <= enough:
        return float(bound)
    hessian = -np.kron(gain, np.diag(values)) - pushed.T @ gradient
    return float(np.linalg.eigvalsh(0.5 * (hessian + hessian.T)).max())


def _rounded(steps: float) -> int:
    """``steps`` with four binary digits, rounded down: so few tables serve all blocks."""
    unit = 2 ** max(math.frexp(steps)[1] - 4, 0)
    return int(steps // unit) * unit
