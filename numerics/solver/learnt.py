"""Flows whose second layer learns, in either chart: Ẇ = A W Q + B W* Q, ȧ = g = −r ∂L/∂a.

Beside its modes every student has one more coordinate, of eigenvalue 0, that holds its weight a_j, or
at the teachers b_j = a_j − a*_j: there P = 0, and the coefficients g_j push. So a is a statistic of X; the
coefficients are the entries of A, those of F, and g, of weights Λ and the unit vector of the last coordinate.

Shapes as in :mod:`numerics.solver.mode_law`, with N + 1 coordinates.
"""

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import join, split, upper_triangle
from numerics.pairs.trained import Trained
from numerics.solver.mode_law import ModeLaw, overlap_gradients
from numerics.state import charts
from numerics.state.modes import Modes


class LearntLaw(ModeLaw):
    """The law of the ``rules`` at the teachers of the ``modes``, or at the origin where it is ``centred``."""

    def __init__(self, rules: Trained, modes: Modes, centred: bool) -> None:
        K, M = rules.STUDENTS, rules.TEACHERS
        self.rules = rules
        self.chart = charts.overlaps(rules) if centred else charts.teacher(rules)
        self.velocity = rules.weight_velocity if centred else rules.residual_weight_velocity  # type: ignore
        self.velocity_slopes = rules.weight_slopes if centred else rules.residual_weight_slopes  # type: ignore
        self.students, self.teachers, self.energy = K, M, modes.energy
        # at the origin ȧ is a difference, whose rounding long steps make large
        self.noise = 1e-9 if centred else 0.0
        self.eigenvalues = np.append(modes.eigenvalues, 0.0)
        last = np.zeros((M, 1))
        last[0] = 1.0
        self.teacher = np.concatenate([modes.teacher, last], axis=1)
        own, unit = np.arange(K), np.eye(len(self.eigenvalues))[-1]
        self.scales = np.stack([self.eigenvalues, unit])
        first = self.drift_rows(K, own, K)
        self.kinds[first:] = 1
        self.pushes[first + own, own, 0] = 1.0

    def statistics(self, states: Array) -> Array:
        """X (n, s) of ``states`` (s, K, N + 1): those of the chart, then the weights."""
        rows, columns = upper_triangle(self.students)
        own = (states[:, rows] * states[:, columns]) @ self.eigenvalues
        cross = states @ (self.eigenvalues * self.teacher).T
        return np.concatenate([own, cross.reshape(len(states), -1), states[..., -1]], axis=1).T

    def gradients(self, states: Array) -> Array:
        """∂X/∂y (n, s, K, N + 1) at ``states`` (s, K, N + 1)."""
        own, cross = overlap_gradients(states, self.teacher, self.eigenvalues)
        weights = np.zeros((self.students, *states.shape))
        weights[np.arange(self.students), :, np.arange(self.students), -1] = 1.0
        return np.concatenate([own, cross.reshape(-1, *states.shape), weights])

    def terms(self, state: Array) -> Array:
        """X (n,) of one state (K, N + 1) with every term counted positive."""
        return self.statistics_of_sizes(np.abs(state))

    def statistics_of_sizes(self, size: Array) -> Array:
        """X (n,) of a state of ``size`` (K, N + 1) beside teachers of the same signs."""
        rows, columns = upper_triangle(self.students)
        own = (size[rows] * size[columns]) @ self.eigenvalues
        cross = size @ (self.eigenvalues * np.abs(self.teacher)).T
        return np.concatenate([own, cross.ravel(), size[:, -1]])

    def coefficients(self, statistics: Array) -> Array:
        """φ (C, s) of ``statistics`` (n, s)."""
        with np.errstate(all="ignore"):
            gain, force = self.chart.drift(statistics, self.energy)
            pull = self.velocity(statistics, self.energy)
        return np.concatenate([part.reshape(-1, statistics.shape[-1]) for part in (gain, force, pull)])

    def slopes(self, statistics: Array) -> Array:
        """∂φ/∂X (C, n, s)."""
        with np.errstate(all="ignore"):
            parts = (
                *self.chart.drift_jacobian(statistics, self.energy),
                self.velocity_slopes(statistics, self.energy),
            )
        found = np.concatenate([part.reshape(-1, *statistics.shape) for part in parts])
        return np.where(np.isfinite(found), found, 0.0)

    def along(self, modes: Modes) -> "LearntLaw":
        """That of the rules."""
        return LearntLaw(self.rules, modes, self.chart.centred)

    def whole(self, state: Array) -> Array:
        """The modes (K, N) with a last coordinate, which they do not see."""
        return np.column_stack([state, np.zeros(len(state))])

    def deviation(self, states: Array) -> Array:
        """The modes (…, K, N) of ``states`` (…, K, N + 1)."""
        return states[..., :-1]

    def units(self, state: Array, least: float) -> Array:
        """√(S_jj S_kk) and √(S_jj T_mm), then |a_j|; at the teachers those of the residuals."""
        found = self.statistics(state[None])[:, 0]
        own, _ = split(found, self.students, self.teachers)
        lengths, teachers = np.sqrt(np.diag(own)), np.sqrt(np.diag(self.energy))
        pairs = join(np.outer(lengths, lengths), np.outer(lengths, teachers))
        residual = 0.0 if self.chart.centred else least * np.max(lengths / teachers.max())
        return np.concatenate([pairs, np.abs(found[-self.students :]) + residual])
