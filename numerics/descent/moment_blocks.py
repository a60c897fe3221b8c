"""Many mean steps of online SGD at once, with the modes eliminated.

Given the drift and the gradient's covariance at the nodes of a block both equations of a mode are linear, the
mean's first and the variance's then: their response is a matrix (s, s) for every mode, from which Newton's
method has exact derivatives of the statistics. All else is as in :mod:`numerics.descent.blocks`.

Modes without teacher and start keep the mean 0: only the others have a response of their mean.
"""

import numpy as np

from numerics.arrays import Array
from numerics.descent.blocks import Block, Blocks
from numerics.descent.moments import Moments, with_variance
from numerics.quadrature.summation import Summation
from numerics.solver.contract import NoConvergence, StepResult
from numerics.solver.step import SINGLE_ROUNDING, magnitudes


class MomentBlocks(Blocks):
    """Takes :class:`~numerics.descent.moments.Moments` on by blocks, as long as accuracy allows.

    ``error`` is that of the statistics so far, relative.
    """

    iterate: Moments
    variance: Array

    def __init__(self, iterate: Moments) -> None:
        super().__init__(iterate)
        self.error = 0.0

    def _solve(self, table: Summation) -> StepResult:
        solved = solve_moments(table, self.iterate, self._guess(table))
        self.variance = np.concatenate([self.iterate.variance[None], solved.variance])
        return solved.result()

    def _accept(self, table: Summation, statistics: Array, result: StepResult) -> Block:
        self.error += self._truncation(table, statistics)[0] + 2e-14  # rounding
        return super()._accept(table, statistics, result)

    def _lengths(self, result: StepResult) -> Array:
        return with_variance(super()._lengths(result), self.variance)

    def _move(self, steps: int, result: StepResult) -> None:
        super()._move(steps, result)
        self.iterate.variance = self.variance[-1]

    def _term_sizes(self) -> Array:
        return self.iterate.term_sizes()


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def solve_moments(table: Summation, now: Moments, guess: Array) -> "SolvedMoments":
    """The moments over ``table.steps`` steps from the ``guess`` (2, s) of the statistics at the nodes.

    Raises NoConvergence, also where Newton's method leaves the range of floats.
    """
    unknowns, units, sizes = guess, magnitudes(guess), now.protocol.at_nodes(now.done, table)
    rounding, before = SINGLE_ROUNDING * now.term_sizes(), 1.0
    for _ in range(12):
        solved = SolvedMoments(table, now, sizes, unknowns)
        change = solved.newton(solved.statistics() - unknowns, units)
        unknowns = unknowns + change
        units = magnitudes(unknowns)
        moved = np.abs(change).max(axis=1)
        worst = float((moved / units).max())
        if not np.isfinite(worst) or worst > 2.0 * before:
            break
        if np.all(moved * min(1.0, worst / before) <= 1e-13 * units + rounding):
            return SolvedMoments(table, now, sizes, unknowns)
        before = worst
    raise NoConvergence


class SolvedMoments:
    """The modes over a block for given statistics (2, s) at the nodes, and how they answer to these.

    ``sizes`` η are (s,), ``states`` y and ``variance`` c (s, N); ``gain`` and ``force`` are η times A and F,
    ``spread`` is η² times that of the moments.
    """

    def __init__(self, table: Summation, now: Moments, sizes: Array, unknowns: Array) -> None:
        self.table, self.now, self.sizes, self.unknowns = table, now, sizes, unknowns
        gain, force = now.chart.drift(unknowns, now.modes.energy)
        self.gain, self.force = sizes * gain[0, 0], sizes * force[0, 0]
        self.spread = sizes**2 * now.spread(unknowns)
        integral = (table.steps * now.modes.eigenvalues)[:, None, None] * table.matrix
        moving = integral[now.taught]
        self.mean_response = _response(moving, np.broadcast_to(self.gain, moving.shape[:2]))
        self.states = self._led(now.deviation[0], self.force)
        square = self.gain**2 + self.spread[1]
        decay = 2.0 * self.gain[:, None] + now.modes.eigenvalues * square[:, None]
        self.variance_response = _response(integral, decay.T)
        push = decay * now.variance + now.source(self.spread, self.states)
        self.variance = now.variance + _apply(self.variance_response, push)

    def _led(self, start: Array, force: Array) -> Array:
        """The means (s, N) from a ``start`` (N,) under a ``force`` (s,) along the teacher."""
        states, taught = np.repeat(start[None], self.table.stages, axis=0), self.now.taught
        push = self.gain[:, None] * start[taught] + force[:, None] * self.now.modes.teacher[0, taught]
        states[:, taught] += _apply(self.mean_response, push)
        return states

    def statistics(self) -> Array:
        """The statistics (2, s) that follow."""
        modes = self.now.modes
        own = (self.states**2 + self.variance) @ modes.eigenvalues
        return np.stack([own, self.states @ modes.weighted[0]])

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
        now, taught = self.now, self.now.taught
        slopes = now.chart.drift_jacobian(self.unknowns, now.modes.energy)
        gain_slope, force_slope = ((self.sizes * part[0, 0])[..., None] for part in slopes)
        spread_slope = self.sizes**2 * now.spread_slopes(self.unknowns)
        values, states, teacher = now.modes.eigenvalues, self.states[:, taught], now.modes.teacher[0, taught]
        pushed = gain_slope * states + force_slope * teacher
        mean = self.mean_response * pushed.transpose(0, 2, 1)[:, :, None]
        square = 2.0 * self.gain * gain_slope[..., 0] + spread_slope[1]
        forced = (2.0 * gain_slope + values * square[..., None]) * self.variance
        forced += now.source(spread_slope, self.states)
        answer = self.variance_response * forced.transpose(0, 2, 1)[:, :, None]
        _, own, cross, _ = self.spread
        through = 2.0 * own[:, None] * states + cross[:, None] * teacher
        through = (values[taught] * through).T[:, :, None] * mean
        answer[:, taught] += self.variance_response[taught] @ through + 2.0 * states.T[:, :, None] * mean
        rows = [
            np.tensordot(values, answer, (0, 1)),
            np.tensordot(now.modes.weighted[0, taught], mean, (0, 1)),
        ]
        return np.stack(rows).swapaxes(1, 2).reshape(2 * self.table.stages, -1)

    def result(self) -> StepResult:
        """Where the means are led.

        Raises NoConvergence where they leave the range of floats.
        """
        now, followers, statistics = self.now, self.states, self.statistics()
        if not now.chart.centred:
            followers = self._led(now.students[0], self.force - self.gain)
        if not np.isfinite(statistics).all():
            raise NoConvergence
        return StepResult(statistics, self.states[:, None], followers[:, None], self.table.nodes)


def _response(integral: Array, gain: Array) -> Array:
    """(1 − 𝒜 a)⁻¹ 𝒜 (N, s, s) for 𝒜 = ``integral`` (N, s, s) and a = ``gain`` (N, s)."""
    return np.linalg.solve(np.eye(integral.shape[-1]) - integral * gain[:, None, :], integral)


def _apply(response: Array, forcing: Array) -> Array:
    """What a ``forcing`` (s, N) brings about (s, N)."""
    return (response @ forcing.T[:, :, None])[:, :, 0].T
