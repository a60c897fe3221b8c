"""What a flow of rows is: linear in each mode, given coefficients that statistics determine.

The state is Y (R, N), R rows over N modes, and

    Ẏ = F Y + Σ_c φ_c [P_c Y + G_c W*] Λ^{r_c},

with constant matrices F (R, R), P_c (R, R) and G_c (R, M), powers r_c of the eigenvalues, and coefficients
φ_c that are functions of the statistics X of Y: sums over the modes of products of two components. So it is
for every gradient flow of these models, also where a norm is kept or the flow has a momentum.

Shapes: s stages first, n statistics, C coefficients, N modes last.
"""

from typing import Protocol

from numerics.arrays import Array


class Law(Protocol):
    """A flow of rows: its ``eigenvalues`` (N,) and ``teacher`` W* (M, N), ``fixed`` F (R, R), ``powers`` r
    (C,), ``rows`` P (C, R, R) and ``pushes`` G (C, R, M).
    """

    @property
    def eigenvalues(self) -> Array:
        """λ (N,)."""

    @property
    def teacher(self) -> Array:
        """W* (M, N)."""

    @property
    def fixed(self) -> Array:
        """F (R, R)."""

    @property
    def powers(self) -> Array:
        """r (C,), each 0 or 1."""

    @property
    def rows(self) -> Array:
        """P (C, R, R)."""

    @property
    def pushes(self) -> Array:
        """G (C, R, M)."""

    def statistics(self, states: Array) -> Array:
        """X (n, s) of ``states`` (s, R, N)."""

    def restored(self, states: Array) -> Array:
        """The ``states`` (s, R, N), brought back to what rounding has taken them from: a kept norm, say."""

    def gradients(self, states: Array) -> Array:
        """∂X/∂Y (n, s, R, N) at ``states`` (s, R, N)."""

    def terms(self, state: Array) -> Array:
        """X (n,) of one state (R, N) with every term counted positive: what rounding is relative to."""

    def coefficients(self, statistics: Array) -> Array:
        """φ (C, s) of ``statistics`` (n, s)."""

    def slopes(self, statistics: Array) -> Array:
        """∂φ/∂X (C, n, s)."""


def velocity(law: Law, state: Array) -> Array:
    """Ẏ (R, N) of a ``state`` (R, N)."""
    values = law.coefficients(law.statistics(state[None]))[:, 0]
    moved: Array = law.fixed @ state
    for power in (0, 1):
        chosen = values * (law.powers == power)
        rows, pushes = (
            (chosen @ part.reshape(len(values), -1)).reshape(part.shape[1:])
            for part in (law.rows, law.pushes)
        )
        moved = moved + law.eigenvalues**power * (rows @ state + pushes @ law.teacher)
    return moved
