"""Many mean steps of online SGD at once, with the modes eliminated.

Given the drift and the gradient's covariance at the nodes of a block both equations of a mode are linear, the
mean's first and the variance's then: their response is a matrix (s, s) for every mode, from which Newton's
method has exact derivatives of the statistics. All else is as in :mod:`numerics.descent.blocks`.
"""

from dataclasses import dataclass

import numpy as np

from numerics.descent.blocks import Block, Blocks
from numerics.descent.moments import Moments, with_variance
from numerics.descent.summation import Summation
from numerics.step import ROUNDING, NoConvergence, StepResult, magnitudes

Array = np.ndarray

ITERATIONS = 12
CONVERGED = 1e-13
PER_BLOCK = 2e-14  # rounding


@dataclass(frozen=True, eq=False)
class MomentResult(StepResult):
    """A step of the means, and the ``variance`` (s, N) at the nodes."""

    variance: Array | None = None


class MomentBlocks(Blocks):
    """Takes :class:`~numerics.descent.moments.Moments` on by blocks, as long as accuracy allows."""

    iterate: Moments

    def __init__(self, iterate: Moments) -> None:
        super().__init__(iterate)
        self.error = 0.0

    def _accept(self, table: Summation, statistics: Array, result: StepResult) -> Block:
        self.error += self._truncation(table, statistics)[0] + PER_BLOCK
        return super()._accept(table, statistics, result)

    def _solve(self, table: Summation) -> StepResult:
        return solve_moments(table, self.iterate, self._guess(table))

    def _lengths(self, result: StepResult) -> Array:
        variance = np.concatenate([self.iterate.variance[None], result.variance])
        return with_variance(super()._lengths(result), variance)

    def _move(self, steps: int, result: StepResult) -> None:
        super()._move(steps, result)
        self.iterate.variance = result.variance[-1]

    def _term_sizes(self) -> Array:
        return self.iterate.term_sizes()


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def solve_moments(table: Summation, now: Moments, guess: Array) -> MomentResult:
    """Advance the moments by ``table.steps`` steps from the ``guess`` (2, s) of the statistics at the nodes.

    Raises NoConvergence, also where Newton's method leaves the range of floats.
    """
    unknowns, units = guess, magnitudes(guess)
    rounding = ROUNDING * now.term_sizes()
    before = 1.0
    for _ in range(ITERATIONS):
        block = _Equations(table, now, unknowns)
        gap = block.statistics() - unknowns
        change = block.newton(gap, units)
        unknowns = unknowns + change
        units = magnitudes(unknowns)
        moved = np.abs(change).max(axis=1)
        worst = float((moved / units).max())
        if not np.isfinite(worst) or worst > 2.0 * before:
            break
        if np.all(moved * min(1.0, worst / before) <= CONVERGED * units + rounding):
            return _Equations(table, now, unknowns).result()
        before = worst
    raise NoConvergence


class _Equations:
    """The modes of a block for given statistics (2, s), and how they answer to them."""

    def __init__(self, table: Summation, now: Moments, unknowns: Array) -> None:
        self.table, self.now, self.unknowns = table, now, unknowns
        teacher = now.modes.teacher[0]
        gain, force = now.chart.drift(unknowns, now.modes.energy)
        self.gain, self.force = gain[0, 0], force[0, 0]
        self.spread = now.spread(unknowns)
        rates = table.steps * now.rates
        self.integral = rates[:, None, None] * table.matrix
        start = now.deviation[0]
        push = self.gain[:, None] * start + self.force[:, None] * teacher
        self.mean_response = _resolvent(self.integral, np.broadcast_to(self.gain, (len(rates), table.stages)))
        self.states = start + _apply(self.mean_response, push)
        square = now.rates[:, None] * (self.gain**2 + self.spread[1])
        decay = 2.0 * self.gain + square
        self.variance_response = _resolvent(self.integral, decay)
        push = decay.T * now.variance + now.step_size * now.source(self.spread, self.states)
        self.variance = now.variance + _apply(self.variance_response, push)

    def statistics(self) -> Array:
        """The statistics (2, s) that follow."""
        own = (self.states**2 + self.variance) @ self.now.modes.eigenvalues
        return np.stack([own, self.states @ self.now.modes.weighted[0]])

    def newton(self, gap: Array, units: Array) -> Array:
        """The change (2, s) of the unknowns that closes the ``gap``, each statistic in its ``units`` (2,)."""
        scale = np.repeat(units, self.table.stages)
        matrix = np.eye(len(scale)) - self._sensitivity() * (scale / scale[:, None])
        try:
            change = scale * np.linalg.solve(matrix, gap.ravel() / scale)
        except np.linalg.LinAlgError:
            raise NoConvergence from None
        return change.reshape(gap.shape)

    def _sensitivity(self) -> Array:
        """How the statistics that follow answer to those given (2·s, 2·s)."""
        now, states = self.now, self.states
        slopes = now.chart.drift_jacobian(self.unknowns, now.modes.energy)
        gain_slope, force_slope = (part[0, 0] for part in slopes)
        spread_slope = now.spread_slopes(self.unknowns)
        teacher, rates = now.modes.teacher[0], now.rates[:, None]
        pushed = gain_slope[..., None] * states + force_slope[..., None] * teacher
        mean = self.mean_response * pushed.transpose(0, 2, 1)[:, :, None]
        square = 2.0 * self.gain * gain_slope + spread_slope[1]
        forced = (2.0 * gain_slope[:, None] + rates * square[:, None]) * self.variance.T
        forced += now.step_size * np.swapaxes(now.source(spread_slope, states), 1, 2)
        _, own, cross, _ = self.spread
        through = (
            now.step_size * now.modes.eigenvalues * (2.0 * own[:, None] * states + np.outer(cross, teacher))
        )
        inner = through.T[:, :, None] * mean
        diagonal = np.arange(self.table.stages)
        inner[..., diagonal, diagonal] += forced
        spread = self.variance_response @ inner + 2.0 * states.T[:, :, None] * mean
        answers = [
            np.tensordot(now.modes.eigenvalues, spread, (0, 1)),
            np.tensordot(now.modes.weighted[0], mean, (0, 1)),
        ]
        return np.stack(answers).swapaxes(1, 2).reshape(2 * self.table.stages, -1)

    def result(self) -> MomentResult:
        """What the block leads to."""
        now, followers = self.now, self.states
        if not now.chart.centred:
            start = now.students[0]
            push = self.gain[:, None] * start + (self.force - self.gain)[:, None] * now.modes.teacher[0]
            followers = start + _apply(self.mean_response, push)
        statistics = self.statistics()
        if not np.isfinite(statistics).all():
            raise NoConvergence
        times = self.table.steps * now.step_size * self.table.nodes
        return MomentResult(
            statistics, self.states[:, None], followers[:, None], times, variance=self.variance
        )


def _resolvent(integral: Array, gain: Array) -> Array:
    """(1 − 𝒜 a)⁻¹ 𝒜 (N, s, s) for 𝒜 = ``integral`` (N, s, s) and a = ``gain`` (N, s)."""
    matrix = np.eye(integral.shape[-1]) - integral * gain[:, None, :]
    return np.linalg.solve(matrix, integral)


def _apply(response: Array, forcing: Array) -> Array:
    """The ``response`` (N, s, s) to a ``forcing`` (s, N), as (s, N)."""
    return (response @ forcing.T[:, :, None])[:, :, 0].T
