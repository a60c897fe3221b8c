"""Flows with a constraint, in either chart: Ẇ = A W Q + B W* Q + diag(μ) W Q^r.

With y the chart's coordinates, W = y + E W* (E = 0 at the origin), and F as there,

    ẏ = (A y + F W*) Q + diag(μ) (y + E W*) Q^r,     μ_j = −H_j/N_j,
    H_j = Σ_k A_jk ⟨y_k, w_j⟩_{1+r} + Σ_m F_jm ⟨w*_m, w_j⟩_{1+r},     N_j = ⟨w_j, w_j⟩_{2r},

⟨a, b⟩_k = a Q^k bᵀ: near the teacher A y + F W* is small, and nothing cancels. The statistics are those of
the chart for every order that occurs. At a teacher of the student's own norm ‖y_j‖² + 2⟨y_j, w*_j⟩ = 0 in
the norm that is kept, so that with c = ⟨w*, w*⟩_k/⟨w*, w*⟩_r

    ⟨y_j, w*_j⟩_k = Σ_i (λ_i^k − c λ_i^r) w*_ji y_ji − (c/2) ⟨y_j, y_j⟩_r:

what is of second order is found as such, and rounding does not leave the sphere.

The coefficients are the entries of A, those of F, and μ, of weights Λ and Λ^r.

Shapes as in :mod:`numerics.solver.mode_law`.
"""

from functools import cached_property

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import split, upper_triangle
from numerics.solver.mode_law import ModeLaw, overlap_gradients
from numerics.state.charts import Chart
from numerics.state.modes import Modes
from theory.constraint import Constraint


class KeptLaw(ModeLaw):
    """The law of a ``constraint`` in a ``chart`` of the ``modes``, of students that begin at ``start``
    (K, N).
    """

    def __init__(self, constraint: Constraint, chart: Chart, modes: Modes, start: Array) -> None:
        students = len(start)
        self.constraint, self.chart, self.students = constraint, chart, students
        self.eigenvalues, self.teacher = modes.eigenvalues, modes.teacher
        self.squares = start**2 @ self.kept
        self.teachers, self.energy = len(modes.teacher), modes.energy
        r = constraint.power
        self.orders = (1,) if not constraint.keeps_norm else ((1, 0), (1, 2))[r]
        own = np.arange(students)
        self.scales = np.stack([self.eigenvalues, self.kept])
        first = self.drift_rows(students, own, students)
        self.kinds[first:] = 1
        self.rows[first + own, own, own] = 1.0
        if not chart.centred:
            self.pushes[first + own, own, own] = 1.0

    @cached_property
    def kept(self) -> Array:
        """Λ^r (N,): the weights of the norm that is kept."""
        return self.eigenvalues**self.constraint.power

    @cached_property
    def weights(self) -> list[Array]:
        """Λ^k (N,) of every order."""
        return [self.eigenvalues**k for k in self.orders]

    @cached_property
    def _shares(self) -> list[Array]:
        """c (M,) of every order; none at the origin."""
        if self.chart.centred:
            return []
        own = self.teacher**2 @ self.kept
        return [(self.teacher**2 @ weight) / own for weight in self.weights]

    @property
    def projects(self) -> bool:
        """Whether what the velocity has along the normal is taken off: normalised units have none there."""
        return self.constraint.keeps_norm and not (self.chart.scale_free and self.constraint.power == 0)

    def statistics(self, states: Array) -> Array:
        """X (n, s) of ``states`` (s, K, N): the chart's statistics for every order."""
        K, M = self.students, self.teachers
        rows, columns = upper_triangle(K)
        products = states[:, rows] * states[:, columns]
        found = []
        for number, weight in enumerate(self.weights):
            cross = states @ (weight * self.teacher).T
            if self._shares:
                share = self._shares[number]
                across = (weight - share[:, None] * self.kept) * self.teacher
                own = (states * across) @ np.ones(across.shape[-1])
                cross[:, np.arange(K), np.arange(K)] = own - 0.5 * share * (states**2 @ self.kept)
            found += [products @ weight, cross.reshape(len(states), K * M)]
        return np.concatenate(found, axis=1).T

    def restored(self, states: Array) -> Array:
        """The ``states`` (s, K, N): at the origin with the norms that are kept, which rounding has taken them
        from; at the teacher :meth:`statistics` sees to that.
        """
        if not (self.constraint.keeps_norm and self.chart.centred):
            return states
        own = states**2 @ self.kept
        restored: Array = states * np.sqrt(self.squares / own)[..., None]
        return restored

    def along(self, modes: Modes) -> "KeptLaw":
        """That of the constraint."""
        return KeptLaw(self.constraint, self.chart, modes, np.zeros((self.students, len(modes.eigenvalues))))

    def charted(self, statistics: Array) -> Array:
        """Those of order one."""
        return statistics[: len(statistics) // len(self.orders)]

    def gradients(self, states: Array) -> Array:
        """∂X/∂y (n, s, K, N) at ``states`` (s, K, N)."""
        K, M = self.students, self.teachers
        found = []
        for number, weight in enumerate(self.weights):
            own, cross = overlap_gradients(states, self.teacher, weight)
            if self._shares:
                for j in range(K):
                    shared = self._shares[number][j] * self.kept
                    cross[j, j, :, j] = (weight - shared) * self.teacher[j] - shared * states[:, j]
            found += [own, cross.reshape(K * M, *states.shape)]
        return np.concatenate(found)

    def terms(self, state: Array) -> Array:
        """X (n,) of one state (K, N) with every term counted positive: what rounding is relative to."""
        size, rows = np.abs(state), upper_triangle(self.students)
        return np.concatenate(
            [
                part
                for weight in self.weights
                for part in (
                    (size[rows[0]] * size[rows[1]]) @ weight,
                    (size @ (weight * np.abs(self.teacher)).T).ravel(),
                )
            ]
        )

    def coefficients(self, statistics: Array) -> Array:
        """φ (C, s) of ``statistics`` (n, s)."""
        gain, force = self._drift(statistics)
        parts = [gain, force, self._multipliers(gain, force, statistics)]
        return np.concatenate([part.reshape(-1, statistics.shape[-1]) for part in parts])

    def slopes(self, statistics: Array) -> Array:
        """∂φ/∂X (C, n, s)."""
        size, stages = statistics.shape
        first = size // len(self.orders)
        with np.errstate(all="ignore"):
            slopes = self.chart.drift_jacobian(statistics[:first], self.energy)
        gain_slope, force_slope = (np.where(np.isfinite(slope), slope, 0.0) for slope in slopes)
        found = np.zeros((len(self.kinds), size, stages))
        head = np.concatenate([part.reshape(-1, first, stages) for part in (gain_slope, force_slope)])
        found[: len(head), :first] = head
        if self.projects:
            found[len(head) :] = self._multiplier_slopes(statistics, gain_slope, force_slope)
        return found

    def _drift(self, statistics: Array) -> tuple[Array, Array]:
        """A (K, K, s) and F (K, M, s)."""
        first = len(statistics) // len(self.orders)
        with np.errstate(all="ignore"):
            return self.chart.drift(statistics[:first], self.energy)

    def _multipliers(self, gain: Array, force: Array, statistics: Array) -> Array:
        """μ (K, s)."""
        if not self.projects:
            return np.full((self.students, statistics.shape[-1]), -float(self.constraint.rate))
        own, taught, norm = self._pairings(statistics)
        pull = np.einsum("jks,jks->js", gain, own) + np.einsum("jms,jms->js", force, taught)
        return -pull / norm

    def _pairings(self, statistics: Array, constant: bool = True) -> tuple[Array, Array, Array]:
        """⟨y_k, w_j⟩_{1+r} (K, K, s), ⟨w*_m, w_j⟩_{1+r} (K, M, s) and ⟨w_j, w_j⟩_{2r} (K, s); their
        derivatives where the ``constant`` parts are left out.
        """
        K, M, r = self.students, self.teachers, self.constraint.power
        blocks = np.split(statistics, len(self.orders))
        S, U = split(blocks[self.orders.index(1 + r)], K, M)
        norm, along = split(blocks[self.orders.index(2 * r)], K, M)
        norm = np.einsum("jjs->js", norm)
        own, taught = np.swapaxes(S, 0, 1), U
        if not self.chart.centred:
            own = own + np.swapaxes(U, 0, 1)
            norm = norm + 2.0 * np.einsum("jjs->js", along)
            if constant:
                taught = taught + self._energies[1 + r][..., None]
                norm = norm + np.diag(self._energies[2 * r])[:, None]
        return own, taught, norm

    @cached_property
    def _energies(self) -> dict[int, Array]:
        """T^(k) (M, M) of every order k."""
        orders = zip(self.orders, self.weights, strict=True)
        return {order: (weight * self.teacher) @ self.teacher.T for order, weight in orders}

    def _multiplier_slopes(self, statistics: Array, gain_slope: Array, force_slope: Array) -> Array:
        """∂μ/∂X (K, n, s)."""
        gain, force = self._drift(statistics)
        own, taught, norm = self._pairings(statistics)
        by_own, by_taught, by_norm = self._pairings(np.eye(len(statistics)), constant=False)
        value = self._multipliers(gain, force, statistics)
        change = np.einsum("jks,jkb->jbs", gain, by_own) + np.einsum("jms,jmb->jbs", force, by_taught)
        change += value[:, None] * by_norm[..., None]
        first = gain_slope.shape[2]
        change[:, :first] += np.einsum("jkbs,jks->jbs", gain_slope, own)
        change[:, :first] += np.einsum("jmbs,jms->jbs", force_slope, taught)
        return -change / norm[:, None]
