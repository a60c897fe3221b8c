"""The modes of a problem in one frame of the teacher, and the statistics of states along them.

Shapes: s stages, n statistics, K students, M teachers, N modes, in this order, modes last.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import join, split, upper_triangle


@dataclass(frozen=True, eq=False)
class Modes:
    """Eigenvalues λ (N,) and teacher w* (M, N) that a step sees; ``energy`` is T = W* Q W*ᵀ (M, M)."""

    eigenvalues: Array
    teacher: Array
    weighted: Array = field(init=False)
    energy: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weighted", self.eigenvalues * self.teacher)
        object.__setattr__(self, "energy", self.weighted @ self.teacher.T)

    def statistics(self, states: Array) -> Array:
        """Statistics (n, …) of ``states`` (…, K, N): the upper triangle of y Q yᵀ, then y Q w*ᵀ."""
        rows, columns = upper_triangle(states.shape[-2])
        own = (states * self.eigenvalues) @ np.swapaxes(states, -1, -2)
        cross = states @ self.weighted.T
        parts = own[..., rows, columns], cross.reshape(*states.shape[:-2], -1)
        return np.moveaxis(np.concatenate(parts, axis=-1), -1, 0)

    def statistics_of_one(self, states: Array) -> Array:
        """Statistics (n, s) of the ``states`` (s, N) of a single student."""
        return np.concatenate([(states**2 @ self.eigenvalues)[None], self.weighted @ states.T])

    def term_sizes(self, state: Array) -> Array:
        """The statistics (n,) of ``state`` (K, N) with every term counted positive.

        The rounding of the statistics is relative to these.
        """
        size = np.abs(state)
        rows, columns = upper_triangle(len(size))
        own = (size * self.eigenvalues) @ size.T
        return np.concatenate([own[rows, columns], (size @ np.abs(self.weighted).T).ravel()])

    def statistics_change(self, states: Array, change: Array) -> Array:
        """The change (n, …) of the statistics of ``states`` (…, K, N) with a small ``change`` (…, K, N)."""
        rows, columns = upper_triangle(states.shape[-2])
        own = (states * self.eigenvalues) @ np.swapaxes(change, -1, -2)
        own = own + np.swapaxes(own, -1, -2)
        parts = own[..., rows, columns], (change @ self.weighted.T).reshape(*states.shape[:-2], -1)
        return np.moveaxis(np.concatenate(parts, axis=-1), -1, 0)

    def statistics_gradient(self, state: Array) -> Array:
        """∂ statistics / ∂ state (n, K, N) at ``state`` (K, N)."""
        rows = np.concatenate(
            [self.eigenvalues * state, self.weighted, self.eigenvalues * self.normals(state)]
        )
        return self.rule(len(state)) @ rows

    def normals(self, states: Array) -> Array:
        """The vectors (…, E, N) beside students and teachers in the slopes of the statistics: none."""
        return states[..., :0, :]

    def rule(self, students: int) -> Array:
        """c (n, K, K + M + E) of :func:`product_rule`, then of the :meth:`normals`."""
        return product_rule(students, len(self.teacher))

    def least_units(self, state: Array) -> Array:
        """The least sizes (n,) that the statistics of ``state`` (K, N) are accurate to: none, 0 for all."""
        return np.zeros(len(self.term_sizes(state)))

    def units(self, statistics: Array, students: int) -> Array:
        """√(S_jj S_kk) and √(S_jj T_mm) (n, …): what errors of ``statistics`` (n, …) are relative to."""
        own, teachers = (np.sqrt(squares) for squares in self.squares(statistics, students))
        return join(own[:, None] * own, own[:, None] * teachers)

    def squares(self, statistics: Array, students: int) -> tuple[Array, Array]:
        """S_jj (K, …) of ``statistics`` (n, …), and T_mm (M, …)."""
        S, _ = split(statistics, students, len(self.teacher))
        own = np.einsum("jj...->j...", S)
        teachers = np.diag(self.energy).reshape(-1, *[1] * (own.ndim - 1))
        return own, np.broadcast_to(teachers, (len(self.teacher), *own.shape[1:]))


@cache
def product_rule(students: int, teachers: int) -> Array:
    """c (n, K, K + M) with ∂ statistics / ∂ y_j = Σ_a c_ja λ v_a, v the K students, then the M teachers."""
    rows, columns = upper_triangle(students)
    own, pairs = len(rows), np.arange(len(rows))
    rule = np.zeros((own + students * teachers, students, students + teachers))
    np.add.at(rule, (pairs, rows, columns), 1.0)
    np.add.at(rule, (pairs, columns, rows), 1.0)
    student, teacher = np.divmod(np.arange(students * teachers), teachers)
    rule[own + np.arange(students * teachers), student, students + teacher] = 1.0
    return rule
