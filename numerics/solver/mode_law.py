"""Flows that are linear in every mode, given coefficients that the statistics of all modes determine:

    ẏ = Σ_c φ_c [P_c y + G_c W*] Λ_c,

with constant matrices P_c (R, R) and G_c (R, M), and weights Λ_c (N,) of the modes. A :class:`ModeLaw` says
what these are in one chart, and φ (C,) as functions of the statistics X (n,) of y (R, N);
:mod:`numerics.solver.rows` takes steps of it, :mod:`numerics.solver.implicit` runs. R is K, or more where a
student has several rows.

Shapes: s stages first, n statistics, C coefficients, N modes last.
"""

from abc import ABC, abstractmethod

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import join, split, upper_triangle
from numerics.state.charts import Chart
from numerics.state.modes import Modes


class ModeLaw(ABC):
    """The law in a ``chart`` of ``students`` K and ``teachers`` M; ``energy`` is T (M, M).

    ``rows`` (C, R, R) are the P_c, ``pushes`` (C, R, M) the G_c; Λ_c is ``scales[kinds[c]]``, ``scales``
    (k, N) and ``kinds`` (C,). ``teacher`` (M, N) is W*. Up to ``noise``, relative to the statistics, a step
    may leave out what does not decay: the rounding of coefficients whose terms cancel.
    """

    noise: float = 0.0

    chart: Chart
    students: int
    teachers: int
    teacher: Array
    energy: Array
    rows: Array
    pushes: Array
    kinds: Array
    scales: Array

    @abstractmethod
    def statistics(self, states: Array) -> Array:
        """X (n, s) of ``states`` (s, R, N)."""

    @abstractmethod
    def gradients(self, states: Array) -> Array:
        """∂X/∂y (n, s, R, N) at ``states`` (s, R, N)."""

    @abstractmethod
    def terms(self, state: Array) -> Array:
        """X (n,) of one state (R, N) with every term counted positive: what rounding is relative to."""

    @abstractmethod
    def coefficients(self, statistics: Array) -> Array:
        """φ (C, s) of ``statistics`` (n, s)."""

    @abstractmethod
    def slopes(self, statistics: Array) -> Array:
        """∂φ/∂X (C, n, s)."""

    @abstractmethod
    def along(self, modes: Modes) -> "ModeLaw":
        """The same law of any ``modes``, given φ."""

    def whole(self, state: Array) -> Array:
        """The rows and coordinates (R, N) that the modes (K, N) of a state have, given φ."""
        return state

    def restored(self, states: Array) -> Array:
        """The ``states`` (s, R, N) with what rounding has taken them from."""
        return states

    def charted(self, statistics: Array) -> Array:
        """The statistics of the chart among X (n, s)."""
        return statistics

    def deviation(self, states: Array) -> Array:
        """The students (…, K, N) in the chart, of ``states`` (…, R, N)."""
        return states

    def directions(self, states: Array) -> Array:
        """W (…, K, N) of ``states`` (…, R, N)."""
        found = self.deviation(states)
        if self.chart.centred:
            return found
        found = found.copy()
        found[..., : self.teachers, :] += self.deviation(self.teacher)
        return found

    def units(self, state: Array, least: float) -> Array:
        """What errors of the chart's statistics at one ``state`` (R, N) are relative to: of one student
        themselves, down to the part ``least`` of their terms; of networks √(S_jj S_kk) and √(S_jj T_mm).
        """
        found = self.charted(self.statistics(state[None]))[:, 0]
        if self.students == 1:
            return np.maximum(np.abs(found), least * self.charted(self.terms(state)))
        own, _ = split(found, self.students, self.teachers)
        lengths, teachers = np.sqrt(np.diag(own)), np.sqrt(np.diag(self.energy))
        return join(np.outer(lengths, lengths), np.outer(lengths, teachers))

    def drift_rows(self, rows: int, forced: Array, further: int = 0) -> int:
        """Set P and G of the entries of A, then of F, which move the students' rows ``forced`` (K,) of the
        ``rows`` R by those of A on the first K, and leave room for ``further`` coefficients; their number.
        """
        K, M = self.students, self.teachers
        count = K * K + K * M
        self.rows = np.zeros((count + further, rows, rows))
        self.pushes = np.zeros((count + further, rows, M))
        self.kinds = np.zeros(count + further, int)
        j, k = np.divmod(np.arange(K * K), K)
        self.rows[np.arange(K * K), forced[j], k] = 1.0
        j, m = np.divmod(np.arange(K * M), M)
        self.pushes[K * K + np.arange(K * M), forced[j], m] = 1.0
        return count


def overlap_gradients(states: Array, teacher: Array, weights: Array) -> tuple[Array, Array]:
    """∂/∂y of the upper triangle of y Λ yᵀ (pairs, s, K, N) and of y Λ W*ᵀ (K, M, s, K, N), Λ the ``weights``
    (N,), at ``states`` y (s, K, N).
    """
    K, M = states.shape[1], len(teacher)
    rows, columns = upper_triangle(K)
    own, cross = np.zeros((len(rows), *states.shape)), np.zeros((K, M, *states.shape))
    weighted = weights * states
    for pair, (j, k) in enumerate(zip(rows, columns, strict=True)):
        own[pair, :, j] += weighted[:, k]
        own[pair, :, k] += weighted[:, j]
    for j in range(K):
        cross[j, :, :, j] = (weights * teacher)[:, None]
    return own, cross
