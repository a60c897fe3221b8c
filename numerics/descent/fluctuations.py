"""How runs of online SGD differ from their mean: the linear-noise equation along the mean path.

To leading order in the step size η the deviation of a run from the mean is Gaussian, with a covariance P that
the linearised flow carries and the gradient's noise feeds. With y, the statistics (q, p), A and F of a chart,

    Ṗ = J P + P J + η Cov g/m,   J = −∇²L = A Q + Y M Yᵀ,   Y = Q [y, w*],   M = [[2A_q, A_p], [A_p, F_p]],

where Cov g = V Q + Y C Yᵀ. A finite step and the deviation itself add η (A² + C_11/m) Q P Q. Hence P = D + R:
D is a function of the eigenvalue alone, the same in all directions, and R lives on the modes with a teacher
or a start. A quantity with gradient ∇X and Hessian H has the variance ∇Xᵀ P ∇X + ½ tr(H P H P).

The steps in time are those of the L-stable diagonally implicit method of order 2. A stage is elementwise but
for R Y, which solves a linear system of twice the number of modes.
"""

import math
from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.descent.blocks import Block
from numerics.descent.moment_blocks import MomentBlocks
from numerics.descent.moments import Moments
from numerics.quadrature.summation import Summation
from numerics.solver.contract import StepResult

GAMMA = 1.0 - math.sqrt(0.5)
SUBSTEPS, FOLD = 4, 0.125  # steps in time in a block at least, and e-folds of a statistic in one at most
FIRST = 1e-3  # of a step: until then the variances grow as at the start
PLAIN, FASTER = 17, 7  # steps of the plain loop in one step in time: 5 or 2 of them are GAMMA of it
TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Frame:
    """The coefficients at one time: η, A, F, M (2, 2), V and C (2, 2) of a batch, and Y (N, 2).

    ``energy`` (N,) is half the gradient of s, and ``away`` (N,) is w − w* from the nearer ±w*.
    """

    step_size: float
    gain: float
    force: float
    coupling: Array
    directions: float
    spread: Array
    vectors: Array
    energy: Array
    away: Array

    @classmethod
    def of(cls, now: "Accompanied", step_size: float, statistics: Array, states: Array) -> "Frame":
        """Those of the chart's ``statistics`` (2,) and means y (N,) of the modes that are followed."""
        gain, force = (float(part[0, 0]) for part in now.chart.drift(statistics, now.modes.energy))
        slopes = now.chart.drift_jacobian(statistics, now.modes.energy)
        (by_q, by_p), (_, force_by_p) = (part[0, 0] for part in slopes)
        directions, own, cross, fixed = now.spread(statistics)
        values, teacher = now.modes.eigenvalues[now.followed], now.modes.teacher[0, now.followed]
        vectors = values[:, None] * np.stack([states, teacher], axis=1)
        side = np.sign(statistics[1]) if now.chart.centred else 0.0
        return cls(
            step_size,
            gain,
            force,
            np.array([[2.0 * by_q, by_p], [by_p, force_by_p]]),
            float(directions),
            np.array([[own, 0.5 * cross], [0.5 * cross, fixed]]),
            vectors,
            vectors[:, 0] + (0.0 if now.chart.centred else vectors[:, 1]),
            states - side * teacher,
        )


class Covariance:
    """P = D + R of the deviation of a run from the mean.

    ``values`` (N,) are the eigenvalues of the modes that are followed, with ``own`` D (N,) and ``rest``
    R (N, N); ``spectrum`` (2, K) has all eigenvalues and their numbers of directions, with ``shared`` D (K,).
    """

    def __init__(self, values: Array, spectrum: Array) -> None:
        self.values, self.spectrum = values, spectrum
        self.own, self.shared = np.zeros_like(values), np.zeros_like(spectrum[0])
        self.rest = np.zeros((len(values), len(values)))
        self.sums, self.products = np.add.outer(values, values), np.multiply.outer(values, values)

    def advance(self, steps: float, early: Frame, late: Frame) -> None:
        """Go so many ``steps`` on with the coefficients at GAMMA of them and at their end."""
        before = self._parts()
        first = self._stage(GAMMA * steps, early, before)
        ratio = (1.0 - GAMMA) / GAMMA
        moved = [start + ratio * (end - start) for start, end in zip(before, first, strict=True)]
        self.own, self.shared, self.rest = self._stage(GAMMA * steps, late, moved)

    def _parts(self) -> list[Array]:
        return [self.own, self.shared, self.rest]

    def _stage(self, steps: float, frame: Frame, start: list[Array]) -> list[Array]:
        """P with P = ``start`` + ``steps`` η Ṗ."""
        eta, width = frame.step_size, steps * frame.step_size
        extra = eta * (frame.gain**2 + frame.spread[0, 0])
        own, shared = (
            (part + width * eta * frame.directions * values)
            / (1.0 - width * (2.0 * frame.gain * values + extra * values**2))
            for part, values in zip(start, (self.values, self.spectrum[0]), strict=False)
        )
        resolvent = 1.0 / (1.0 - width * (frame.gain * self.sums + extra * self.products))
        Y, M = frame.vectors, width * frame.coupling
        pulled = Y @ M
        forced = start[2] + (pulled @ Y.T) * np.add.outer(own, own)
        forced += (width * eta) * (Y @ frame.spread @ Y.T)
        mixed = (resolvent @ (Y[:, :, None] * Y[:, None]).reshape(-1, 4)).reshape(-1, 2, 2)
        system = -(resolvent[:, None, :, None] * Y.T[None, :, :, None] * pulled[:, None, None, :])
        place = np.arange(len(Y))
        system[place, :, place, :] += np.eye(2) - np.swapaxes(M @ mixed, 1, 2)
        along = np.linalg.solve(system.reshape(2 * len(Y), -1), ((resolvent * forced) @ Y).ravel())
        answer = pulled @ along.reshape(-1, 2).T
        return [own, shared, resolvent * (forced + answer + answer.T)]

    def variances(self, frame: Frame, dimension: float) -> Array:
        """The variances (4,) of u, s, the loss and the MSE, nan where there is none."""
        Y, M, values = frame.vectors, frame.coupling, self.values
        diagonal = np.diag(self.rest)
        (spectrum, counts), shared = self.spectrum, self.shared**2

        def form(vector: Array) -> float:
            return float(vector @ (self.own * vector + self.rest @ vector))

        energies = counts @ (spectrum**2 * shared) + 2.0 * (values**2 * self.own) @ diagonal
        energies += values @ self.rest**2 @ values
        lengths = counts @ shared + 2.0 * self.own @ diagonal + np.sum(self.rest**2)
        pulled = self.own[:, None] * Y + self.rest @ Y
        inner = M @ Y.T @ pulled
        curved = frame.gain**2 * energies + 2.0 * frame.gain * np.sum(values @ (pulled @ M * pulled))
        curved += np.trace(inner @ inner)
        return np.array(
            [
                form(Y[:, 1]),
                4.0 * form(frame.energy) + 2.0 * energies,
                form(frame.gain * Y[:, 0] + frame.force * Y[:, 1]) + 0.5 * curved,
                (4.0 * form(frame.away) + 2.0 * lengths) / dimension**2
                if math.isfinite(dimension)
                else math.nan,
            ]
        )


class Accompanied(Moments):
    """Moments with the covariance of the runs around them.

    ``followed`` are the modes that R lives on; ``recorded`` holds step numbers and variances (4,).
    """

    followed: Array
    covariance: Covariance
    recorded: list[tuple[float, Array]]

    def accompany(self) -> None:
        """Begin with runs that agree."""
        energy = max(self.problem.teacher_energy, self.problem.start_energy)
        moved = 8.0 * self.protocol.duration * self.modes.eigenvalues[self.taught] * energy
        # of its distance: a mode that comes less far has no part in R
        self.followed = self.taught[moved > 1e-3 * min(1.0, moved.max(initial=0.0))]
        spread = np.flatnonzero(self.counts > 0)
        spectrum = np.stack([self.modes.eigenvalues[spread], self.counts[spread]])
        self.covariance = Covariance(self.modes.eigenvalues[self.followed], spectrum)
        self.recorded = []
        start = self.frame()
        self.follow(FIRST, start, start, FIRST)

    def follow(self, steps: float, early: Frame, late: Frame, end: float) -> None:
        """Take the covariance on by so many ``steps``, to the step number ``end``."""
        self.covariance.advance(steps, early, late)
        self.recorded.append((end, self.covariance.variances(late, self.problem.dimension)))

    def frame(self) -> Frame:
        """The coefficients now."""
        return Frame.of(self, self.step_size, self.statistics(), self.deviation[0, self.followed])

    def advance(self, steps: int) -> None:
        """Take ``steps`` steps as :class:`Moments` do, and the covariance on."""
        fast = PLAIN * self.rates.max() * abs(self.frame().gain) > FOLD
        while steps > 0:
            taken = min(FASTER if fast else PLAIN, steps)
            first = round(GAMMA * taken)
            super().advance(first)
            early = self.frame()
            super().advance(taken - first)
            self.follow(taken, early, self.frame(), self.done)
            steps -= taken


class AccompaniedBlocks(MomentBlocks):
    """Takes :class:`Accompanied` moments on by blocks."""

    iterate: Accompanied

    def _accept(self, table: Summation, statistics: Array, result: StepResult) -> Block:
        now = self.iterate
        states = np.concatenate([now.deviation[None], result.deviation])[:, 0, now.followed].T
        folds = np.abs(np.diff(np.log(np.maximum(np.abs(statistics), TINY)), axis=1)).sum(axis=1).max()
        parts = max(SUBSTEPS, math.ceil(folds / FOLD))
        places = np.add.outer(np.arange(parts), [GAMMA, 1.0]).ravel() / parts
        at, means = table.evaluate(statistics, places), table.evaluate(states, places)
        sizes = now.protocol.along(now.done, now.done + places * table.steps)
        frames = [Frame.of(now, sizes[k], at[:, k], means[:, k]) for k in range(len(places))]
        for k in range(parts):
            end = now.done + (k + 1) * table.steps / parts
            now.follow(table.steps / parts, frames[2 * k], frames[2 * k + 1], end)
        return super()._accept(table, statistics, result)


def deviations(iterate: Accompanied, recorded: Array) -> Array:
    """The standard deviations (4, n) of u, s, the loss and the MSE after the step numbers ``recorded`` (n,).

    Variance over number is interpolated, smooth in the number at first and then in its logarithm.
    """
    from scipy.interpolate import PchipInterpolator

    numbers, variances = (np.array(part) for part in zip(*iterate.recorded, strict=True))
    unit = numbers[min(1, len(numbers) - 1)]
    known = np.log1p(numbers / unit)
    found = np.zeros((variances.shape[1], len(recorded)))
    for row, values in zip(found, variances.T, strict=True):
        if np.isnan(values).any():
            row[:] = np.nan
        elif values.any():
            rate = PchipInterpolator(known, np.log(np.maximum(values / numbers, TINY)))
            row[:] = np.sqrt(np.exp(rate(np.log1p(recorded / unit))) * recorded)
    return found
