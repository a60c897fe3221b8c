"""One implicit step of a network, by Newton's method with the derivative of the step's mean.

The stages solve Y = y + hλ 𝒜(A Y + F W*), A and F being functions of the statistics of Y. The derivative of
these equations is taken with A, its slopes and the vectors V = (Y, W*) replaced by their means over the step,
from which they differ by little where polynomials resolve the step. Then the eigenvectors of 𝒜 part the
stages, those of the mean A part the students, and a change of the states is

    δY = R [δ + hλ μ (δA Y + δF W*)],        R = 1/(1 − hλ μ α),

with μ and α an eigenvalue each and δ the defect of the equations. What A and F change by follows from the
statistics, Σ λ V δY, so that n unknowns are solved for in each of the s/2 conjugate pairs of stages: directly
where they are few, else by GMRES with products of (K + M)² matrices, one for each student.

An iteration costs s K (K + M) N and s² K N for N modes, and the matrices s K (K + M)² N once a step.

Shapes: s stages, e eigenvalues of 𝒜, n statistics, K students, M teachers, N modes, in this order, modes last.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from numerics.arrays import Array
from numerics.pairs.overlaps import join, split, upper_triangle
from numerics.quadrature.collocation import Collocation
from numerics.solver.clusters import term_sizes
from numerics.solver.contract import NoConvergence, Step, StepResult, Task
from numerics.solver.step import NETWORK_ROUNDING, finite_drift, magnitudes
from numerics.state.charts import Chart, Slopes
from numerics.state.modes import Modes

ITERATIONS = 40
CONVERGED = 1e-15  # of what is left after an iteration
STALLED = 0.7  # of the change before: then a shorter step does better
DEBUG = False
DEPTH = 5
INNER = 1e-2
DIRECT = 200
"""Statistics up to which their equations are solved directly."""


class MeanStep(Step):
    """Steps of networks. Raises NoConvergence, also where it leaves the range of floats."""

    def suits(self, task: Task) -> bool:
        """Whether several students move without areas."""
        return len(task.deviation) > 1 and not task.chart.areas

    @np.errstate(over="ignore", invalid="ignore")
    def solve(self, task: Task) -> StepResult:
        """The step of ``width``."""
        table, modes, start = task.table, task.modes, task.deviation
        equations = _Equations(table, task.chart, modes, task.width, start)
        states = task.states
        if states is None:
            states = np.repeat(start[None], table.stages, axis=0)
        rounding = NETWORK_ROUNDING * term_sizes(modes, start, None)
        statistics = modes.statistics(states)
        linear = _Linearised.build(equations, statistics).closed(states, statistics)
        mixed, changes = _Mixed(), [np.inf, np.inf]
        for left in reversed(range(ITERATIONS)):
            states = states + linear.solve(equations.defect(states, statistics))
            found = modes.statistics(states)
            change, statistics = found - statistics, found
            units = magnitudes(statistics)
            moved = np.abs(change).max(axis=1)
            worst = float((moved / np.maximum(units, rounding / NETWORK_ROUNDING)).max())
            if DEBUG: print('   ', left, '%.1e'%worst, '%.1e'%(moved/(1e-15*units+rounding)).max())
            if not np.isfinite(worst):
                break
            slowness = min(worst / changes[-1], 1.0) if len(changes) > 2 else 1.0
            allowed = max(CONVERGED / max(slowness, CONVERGED), 0.0 if left else task.noise)
            stalled = worst > STALLED * changes[-2]
            if np.all(moved <= allowed * units + rounding * (1.0 + 9.0 * stalled)):
                return self._result(task, equations, linear, states, statistics)
            if stalled:
                break
            changes.append(worst)
            states = mixed.next(states, change / units[:, None])
            statistics = modes.statistics(states)
        raise NoConvergence

    def _result(
        self, task: Task, equations: "_Equations", linear: "_Linearised", states: Array, statistics: Array
    ) -> StepResult:
        followers = states
        if not task.chart.centred:
            followers = states.copy()
            followers[:, : len(task.modes.teacher)] += task.modes.teacher
            for _ in range(2):
                followers = followers + linear.alone(equations.follow(followers, statistics, task.students))
        times = task.width * task.table.nodes
        return StepResult(statistics, states, followers, times, None, MeanLinearised(linear, equations, states, statistics))


class _Mixed:
    """Anderson's acceleration: of the last iterates the mixture whose changes, were they linear, are least."""

    def __init__(self) -> None:
        self.states: list[Array] = []
        self.changes: list[Array] = []

    def next(self, states: Array, change: Array) -> Array:
        """The states (s, K, N) to go on from, where an iteration has led to ``states`` by a ``change`` of the
        statistics (n, s).
        """
        self.states, self.changes = [*self.states, states][-DEPTH:], [*self.changes, change.ravel()][-DEPTH:]
        if len(self.states) == 1:
            return states
        apart = np.stack([change - self.changes[-1] for change in self.changes[:-1]], axis=1)
        shares = np.linalg.lstsq(apart, -self.changes[-1], rcond=1e-10)[0]
        for share, other in zip(shares, self.states[:-1], strict=True):
            states = states + share * (other - self.states[-1])
        return states


@dataclass(frozen=True, eq=False)
class _Equations:
    table: Collocation
    chart: Chart
    modes: Modes
    width: float
    start: Array

    def defect(self, states: Array, statistics: Array) -> Array:
        """y + hλ 𝒜(A Y + F W*) − Y (s, K, N)."""
        return self._defect(states, self.start, *self.drift(statistics))

    def follow(self, students: Array, statistics: Array, start: Array) -> Array:
        """The same for the students, from ``start``, whose force is F − A."""
        gain, force = self.drift(statistics)
        return self._defect(students, start, gain, force - gain[:, :, : len(self.modes.teacher)])

    def drift(self, statistics: Array) -> tuple[Array, Array]:
        """A (s, K, K) and F (s, K, M)."""
        gain, force = finite_drift(self.chart, statistics, self.modes.energy)
        return np.moveaxis(gain, -1, 0), np.moveaxis(force, -1, 0)

    def _defect(self, states: Array, start: Array, gain: Array, force: Array) -> Array:
        pushed = (gain @ states + force @ self.modes.teacher) * (self.width * self.modes.eigenvalues)
        integral = self.table.matrix @ pushed.reshape(len(pushed), -1)
        return start + integral.reshape(states.shape) - states


@dataclass(frozen=True, eq=False)
class _Stages:
    """𝒜 = left diag(values) right, of a conjugate pair one, counted twice in left (2, s, e), by parts."""

    values: Array
    into: Array
    back: Array

    def complex(self, values: Array) -> Array:
        """(e, …) of stage values (s, …)."""
        a, b = np.tensordot(self.into.reshape(2, -1, self.into.shape[1]), values, 1)
        return a + 1j * b

    def real(self, values: Array) -> Array:
        return np.tensordot(self.back, np.concatenate([values.real, values.imag]), 1)

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, table: Collocation) -> "_Stages":
        values, left = np.linalg.eig(table.matrix)
        right = np.linalg.inv(left)
        upper = values.imag >= 0
        left = left[:, upper] * np.where(values[upper].imag > 0, 2.0, 1.0)
        right = right[upper]
        into = np.concatenate([right.real, right.imag])
        return cls(values[upper], into, np.concatenate([left.real, -left.imag], axis=1))


@dataclass(frozen=True, eq=False)
class _Linearised:
    equations: _Equations
    stages: _Stages
    frame: Array  # eigenvectors of the mean A (K, K)
    resolvent: Array  # (2, e, K, N)
    moved: Array  # hλμR (2, e, K, N)
    vectors: Array | None = None
    loop: "_Loop | None" = None

    @classmethod
    def build(cls, equations: _Equations, unknowns: Array) -> "_Linearised":
        table, modes = equations.table, equations.modes
        gain, _ = equations.drift(unknowns)
        mean = np.tensordot(table.matrix[-1], gain, 1)
        values, frame = np.linalg.eigh(0.5 * (mean + mean.T))
        stages = _Stages.of(table)
        rates = stages.values[:, None, None] * (equations.width * modes.eigenvalues)
        resolvent = 1.0 / (1.0 - rates * values[:, None])
        moved = rates * resolvent
        return cls(equations, stages, frame, _parts(resolvent), _parts(moved))

    def closed(self, states: Array, statistics: Array) -> "_Linearised":
        equations = self.equations
        weights = equations.table.matrix[-1]
        mean = np.tensordot(weights, states, 1)
        vectors = np.concatenate([mean, equations.modes.teacher])
        slopes = equations.chart.slopes(statistics @ weights, equations.modes.energy)
        units = np.maximum(magnitudes(statistics), 1e-300)
        loop = _Loop.build(self.stages, equations.modes.eigenvalues, vectors, self.frame, self.moved, slopes, units)
        return _Linearised(equations, self.stages, self.frame, self.resolvent, self.moved, vectors, loop)

    def alone(self, defect: Array) -> Array:
        """The change of the states (s, K, N) with A and F as they are."""
        return self._back(_times(self.resolvent, self._into(defect)))

    def solve(self, defect: Array) -> Array:
        """The change of the states (s, K, N) that makes up for the ``defect`` (s, K, N)."""
        change = _times(self.resolvent, self._into(defect))
        drift = self.loop.drift(change)
        return self._back(change + _times(self.moved, drift @ self.vectors))

    def _into(self, defect: Array) -> Array:
        rotated = self.frame.T @ defect
        return (self.stages.into @ rotated.reshape(len(defect), -1)).reshape(2, -1, *defect.shape[1:])

    def _back(self, change: Array) -> Array:
        flat = self.stages.back @ change.reshape(2 * len(self.stages.values), -1)
        return self.frame @ flat.reshape(-1, *change.shape[2:])


@dataclass(frozen=True, eq=False)
class _Loop:
    """How A and F answer to changes of the states: δX = Σ λ V δY + L δX, with L the loop's gain."""

    stages: _Stages
    weighted: Array  # λ V (N, K+M)
    frame: Array
    kernel: Array  # (e, K, K+M, K+M)
    slopes: Slopes
    units: Array
    inverse: Array | None

    @classmethod
    def build(cls, stages, eigenvalues, vectors, frame, moved, slopes, units):
        weighted = (eigenvalues * vectors).T
        size = len(vectors)
        first, second = upper_triangle(size)
        products = (vectors[first] * vectors[second] * eigenvalues).T
        sums = (moved.reshape(-1, moved.shape[-1]) @ products).reshape(*moved.shape[:3], -1)
        kernel = np.empty((*moved.shape[1:3], size, size), complex)
        kernel[..., first, second] = kernel[..., second, first] = sums[0] + 1j * sums[1]
        loop = cls(stages, weighted, frame, kernel, slopes, units, None)
        count = len(units)
        if count > DIRECT:
            return loop
        columns = np.eye(count) * units
        matrix = np.eye(count) - np.moveaxis(loop.gain(columns[None]), -1, 1) / units
        # matrix[e, column, row]
        return cls(stages, weighted, frame, kernel, slopes, units, np.linalg.inv(np.swapaxes(matrix, 1, 2)))

    def response(self, drift: Array) -> Array:
        """X (…, n) of the states' answer to changes ``drift`` (…, K, K + M), in the frame: by e first."""
        return self.statistics((drift[..., None, :] @ self.kernel)[..., 0, :])

    def statistics(self, overlaps: Array) -> Array:
        """(…, n) from Z (…, K, K + M) in the frame."""
        back = self.frame @ overlaps
        size = back.shape[-2]
        own, cross = back[..., :size], back[..., size:]
        own = own + np.swapaxes(own, -1, -2)
        rows, columns = upper_triangle(size)
        return np.concatenate([own[..., rows, columns], cross.reshape(*cross.shape[:-2], -1)], axis=-1)

    def answer(self, change: Array) -> Array:
        """δA and δF (…, K, K + M) in the frame, of X changed by (…, n)."""
        flat = change.reshape(-1, change.shape[-1]).T
        both = np.concatenate(self.slopes(flat), axis=1)
        both = np.moveaxis(both, -1, 0).reshape(*change.shape[:-1], *both.shape[:2])
        return self.frame.T @ both

    def gain(self, columns: Array) -> Array:
        """L (e, q?, n)."""
        drift = self.answer(columns)
        if columns.ndim == 3:  # (1, q, n)
            drift = np.moveaxis(drift, 1, 2)  # (1, K, q, K+M)
            overlaps = np.moveaxis(drift @ self.kernel, 2, 1)
            return np.moveaxis(self.statistics(overlaps), 1, 2)
        return self.response(drift)

    def drift(self, change: Array) -> Array:
        """(2, e, K, K + M) of δY without feedback (2, e, K, N)."""
        overlaps = change @ self.weighted
        own = self.statistics(overlaps[0] + 1j * overlaps[1]) / self.units
        if self.inverse is not None:
            moved = (self.inverse @ own[..., None])[..., 0]
        else:
            moved = self.solved(own)
        return _parts(self.answer(moved * self.units))

    def solved(self, own: Array) -> Array:
        stages = self.stages
        right = stages.real(own)
        count = [0]

        def apply(flat: Array) -> Array:
            count[0] += 1
            x = flat.reshape(right.shape)
            return (x - stages.real(self.gain(stages.complex(x) * self.units) / self.units)).ravel()

        size = right.size
        found, _ = gmres(LinearOperator((size, size), apply, dtype=float), right.ravel(), rtol=INNER, restart=60, maxiter=1)
        if DEBUG: print("gmres", count[0])
        return stages.complex(found.reshape(right.shape))


@dataclass(frozen=True, eq=False)
class MeanLinearised:
    linear: _Linearised
    equations: _Equations
    states: Array
    statistics: Array

    def carry(self, change: Array, shift: Array) -> tuple[Array, Array]:
        equations, chart, modes = self.equations, self.equations.chart, self.equations.modes
        defect = np.broadcast_to(change, self.states.shape)
        with np.errstate(all="ignore"):
            right = chart.drift(self.statistics, modes.energy)
            wrong = chart.drift(self.statistics + shift, modes.energy)
            gain, force = (
                np.moveaxis(np.nan_to_num(b - a, posinf=0.0, neginf=0.0), -1, 0) for a, b in zip(right, wrong, strict=True)
            )
        pushed = (gain @ self.states + force @ modes.teacher) * (equations.width * modes.eigenvalues)
        defect = defect + (equations.table.matrix @ pushed.reshape(len(pushed), -1)).reshape(defect.shape)
        moved = self.linear.solve(defect)
        return moved[-1], modes.statistics_change(self.states, moved)


def _parts(values: Array) -> Array:
    return np.stack([values.real, values.imag])


def _times(first: Array, second: Array) -> Array:
    """The product of complex numbers by parts (2, …)."""
    (a, b), (c, d) = first, second
    return np.stack([a * c - b * d, a * d + b * c])
