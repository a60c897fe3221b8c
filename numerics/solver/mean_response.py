"""The linear response of a network's states over one step, with the derivative of the step's mean.

Shapes: s stages, e eigenvalues of 𝒜, n statistics, K students, M teachers, N modes, in this order.
"""

from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import upper_triangle
from numerics.quadrature.collocation import Collocation
from numerics.solver.step import magnitudes
from numerics.state.charts import Chart, Slopes
from numerics.state.modes import Modes

CHEAP, DIRECT = 120, 700
"""Statistics up to which their equations are inverted in every step, and up to which ever factored."""

PATIENCE = 4
"""Of as many statistics, an iteration of GMRES: after so many of them factors take their place."""

LARGEST = 2e7
"""Entries of the kernel: beyond, sums over the modes take their place."""


@dataclass(frozen=True, eq=False)
class MeanResponse:
    """δY = R [δ + hλ μ (δA Y + δF W*)] with R = 1/(1 − hλ μ α), in the eigenvectors of 𝒜 and, the ``frame``
    (K, K), of the mean A. ``resolvent`` is R and ``moved`` is hλμR, both (2, e, K, N), by parts; ``vectors``
    (K + M, N) are the means of Y, and W*.
    """

    stages: "_Stages"
    frame: Array
    resolvent: Array
    moved: Array
    vectors: Array
    loop: "Loop"

    @classmethod
    def build(
        cls,
        table: Collocation,
        width: float,
        chart: Chart,
        modes: Modes,
        states: Array,
        statistics: Array,
        gain: Array,
        before: "Loop | None",
    ) -> "MeanResponse":
        """At ``states`` (s, K, N) with their ``statistics`` (n, s) and A = ``gain`` (s, K, K); the loop
        of the step ``before`` may serve again.
        """
        weights, stages = table.matrix[-1], _Stages.of(table)
        values, frame = _eigenvectors(np.tensordot(weights, gain, 1))
        rates = stages.values[:, None, None] * (width * modes.eigenvalues)
        resolvent = 1.0 / (1.0 - rates * values[:, None])
        moved = _parts(rates * resolvent)
        vectors = np.concatenate([np.tensordot(weights, states, 1), modes.teacher])
        slopes = chart.slopes(statistics @ weights, modes.energy)
        loop = Loop.build(stages, modes, vectors, frame, moved, slopes, magnitudes(statistics), before)
        return cls(stages, frame, _parts(resolvent), moved, vectors, loop)

    def alone(self, defect: Array) -> Array:
        """The change of the states (s, K, N) that makes up for the ``defect`` (s, K, N), with A and F as they
        are.
        """
        return self._back(_times(self.resolvent, self._into(defect)))

    def solve(self, defect: Array) -> Array:
        """The same with A and F that answer to it."""
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
class _Stages:
    """The eigenvectors of 𝒜, of a conjugate pair of ``values`` (e,) one: the real matrices ``into`` (2e, s)
    parts of their coordinates and ``back`` (s, 2e), which counts a pair twice.
    """

    values: Array
    into: Array
    back: Array

    def parted(self, values: Array) -> Array:
        """Complex values (e, …) of those of the stages (s, …)."""
        return _complex((self.into @ values).reshape(2, -1, *values.shape[1:]))

    def joined(self, values: Array) -> Array:
        """The values (s, …) of the stages from complex ones (e, n)."""
        return self.back @ np.concatenate([values.real, values.imag])

    @classmethod
    def of(cls, table: Collocation) -> "_Stages":
        """Those of a ``table``, in an order that tables of all ratios of times share."""
        values, left = np.linalg.eig(table.matrix)
        right = np.linalg.inv(left)
        upper = np.flatnonzero(values.imag >= 0)
        upper = upper[np.argsort(values[upper].imag)]
        left = left[:, upper] * np.where(values[upper].imag > 0, 2.0, 1.0)
        right = right[upper]
        into = np.concatenate([right.real, right.imag])
        return cls(values[upper], into, np.concatenate([left.real, -left.imag], axis=1))


@dataclass(frozen=True, eq=False)
class Loop:
    """How the statistics answer to themselves: δX = Σ λ V δY + L δX, with δY that of A and F as they are.

    ``weighted`` (N, K + M) are λ V of the ``vectors`` V, ``moved`` (2, e, K, N) is hλμR, and the ``kernel``
    (e, K, K + M, K + M), None where it would be too large, the sums Σ hλ²μR V V of one student each, in the
    ``frame``. The statistics are measured in ``units`` (n,). What is found of (1 − L)⁻¹ is ``known``.
    """

    stages: _Stages
    weighted: Array
    frame: Array
    vectors: Array
    moved: Array
    kernel: Array | None
    slopes: Slopes
    units: Array
    known: "_Known"

    @classmethod
    def build(
        cls,
        stages: _Stages,
        modes: Modes,
        vectors: Array,
        frame: Array,
        moved: Array,
        slopes: Slopes,
        units: Array,
        before: "Loop | None",
    ) -> "Loop":
        """From V (K + M, N), hλμR (2, e, K, N) and the sizes (n,) of the statistics. Where GMRES took long in
        the step ``before`` it is not tried.
        """
        known = _Known(hard=before is not None and before.known.hard)
        weighted = (modes.eigenvalues * vectors).T
        parts = stages, weighted, frame, vectors, moved
        if np.prod(moved.shape[1:3]) * len(vectors) ** 2 > LARGEST:
            return cls(*parts, None, slopes, units, known)
        first, second = upper_triangle(len(vectors))
        products = vectors[first] * vectors[second] * modes.eigenvalues
        sums = moved.reshape(-1, moved.shape[-1]) @ products.T
        real, imaginary = sums.reshape(*moved.shape[:3], -1)
        kernel = np.empty((*moved.shape[1:3], len(vectors), len(vectors)), complex)
        kernel[..., first, second] = kernel[..., second, first] = real + 1j * imaginary
        return cls(*parts, kernel, slopes, units, known)

    def drift(self, change: Array) -> Array:
        """The changes (2, e, K, K + M) of A and F in the frame where the states change by ``change`` (2, e,
        K, N) without them.
        """
        own = self._joined(_complex(change @ self.weighted)) / self.units
        return _parts(self.frame.T @ self._drift(self._solved(own) * self.units))

    def _solved(self, own: Array) -> Array:
        """(1 − L)⁻¹ of ``own`` (e, n), both in the units."""
        count, known = len(self.units), self.known
        if self.kernel is None or count > DIRECT or (count > CHEAP and not known.hard):
            return self._iterated(own)
        if count > CHEAP:
            return self._factored(own, self.kernel)
        if known.inverse is None:
            known.inverse = np.linalg.inv(self._matrix(self.kernel))
        return (known.inverse @ own[..., None])[..., 0]

    def _factored(self, own: Array, kernel: Array) -> Array:
        """The same by factors, in single precision: Newton's method makes up for it, and sees what is no
        number.
        """
        from scipy.linalg import lu_factor, lu_solve

        single = np.complex64
        if self.known.factors is None:
            matrices = self._matrix(kernel).astype(single)
            self.known.factors = [lu_factor(matrix, check_finite=False) for matrix in matrices]
        rows = zip(self.known.factors, own.astype(single), strict=True)
        return np.stack([lu_solve(factors, row, check_finite=False) for factors, row in rows])

    def _matrix(self, kernel: Array) -> Array:
        """1 − L (e, n, n) in the units."""
        drift = self.frame.T @ self._drift(np.diag(self.units))
        joined = self._joined(np.moveaxis(np.moveaxis(drift, 0, 1) @ kernel, 2, 0))
        return np.eye(len(self.units)) - np.moveaxis(joined, 0, -1) / self.units[:, None]

    def _iterated(self, own: Array) -> Array:
        """The same, all stages together, by GMRES."""
        from scipy.sparse.linalg import LinearOperator, gmres

        units, stages = self.units, self.stages

        def apply(flat: Array) -> Array:
            self.known.iterations += 1
            change = stages.parted(flat.reshape(-1, len(units)))
            drift = self.frame.T @ self._drift(change * units)
            return (stages.joined(change - self._joined(self._moved(drift)) / units)).ravel()

        right = stages.joined(own).ravel()
        operator = LinearOperator((len(right), len(right)), apply, dtype=float)
        # what GMRES leaves, and its most iterations: Newton's method makes up for it
        found, _ = gmres(operator, right, rtol=1e-2, restart=60, maxiter=1)
        self.known.hard = self.kernel is not None and PATIENCE * self.known.iterations > len(units)
        return stages.parted(found.reshape(-1, len(units)))

    def _moved(self, drift: Array) -> Array:
        """Σ λ V δY (e, K, K + M) of the states' answer to changes ``drift`` (e, K, K + M) of A and F."""
        if self.kernel is None:
            return _complex(_times(self.moved, _parts(drift) @ self.vectors) @ self.weighted)
        return (drift[..., None, :] @ self.kernel)[..., 0, :]

    def _drift(self, change: Array) -> Array:
        """The changes (q, K, K + M) of A and F with the statistics' ``change`` (q, n)."""
        return np.moveaxis(np.concatenate(self.slopes(change.T), axis=1), -1, 0)

    def _joined(self, overlaps: Array) -> Array:
        """The changes (…, n) of the statistics from Σ λ V δY (…, K, K + M), in the frame."""
        back = self.frame @ overlaps
        own, cross = np.split(back, [back.shape[-2]], axis=-1)
        rows, columns = upper_triangle(back.shape[-2])
        own = (own + np.swapaxes(own, -1, -2))[..., rows, columns]
        return np.concatenate([own, cross.reshape(*cross.shape[:-2], -1)], axis=-1)


@dataclass(eq=False)
class _Known:
    """Of (1 − L)⁻¹, in units: the ``inverse`` (e, n, n), or the ``factors`` of 1 − L, once asked for;
    how many ``iterations`` GMRES has taken, and whether they are so many that it is too ``hard`` for it.
    """

    inverse: Array | None = None
    factors: list[tuple[Array, Array]] | None = None
    iterations: int = 0
    hard: bool = False


def _eigenvectors(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues (K,) and eigenvectors (K, K) of a symmetric matrix; students that it does not link stay
    apart.
    """
    size = len(matrix)
    linked = np.linalg.matrix_power((matrix != 0) + np.eye(size), size) > 0
    vectors, values = np.zeros_like(matrix), np.zeros(size)
    for group in np.unique(linked, axis=0):
        values[group], vectors[np.ix_(group, group)] = np.linalg.eigh(matrix[np.ix_(group, group)])
    return values, vectors


def _complex(parts: Array) -> Array:
    """Complex numbers from their parts (2, …)."""
    return parts[0] + 1j * parts[1]


def _parts(values: Array) -> Array:
    """The parts (2, …) of complex numbers."""
    return np.stack([values.real, values.imag])


def _times(first: Array, second: Array) -> Array:
    """The product of complex numbers by parts (2, …)."""
    (a, b), (c, d) = first, second
    return np.stack([a * c - b * d, a * d + b * c])
