"""One implicit step of all coordinates.

The collocation equations X = x_0 + h A ẋ(X) of Radau's s stages are solved by Newton's method with the
Jacobian of the step's start, J = D − Pᵀ H Q: diagonal but for the few sums. In the eigenvectors of A the
stages part, and each inverse (1 − hμJ)⁻¹ is diagonal but for a small matrix (Woodbury): N operations a stage.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.independent.sums import Sums
from numerics.quadrature.collocation import radau

STAGES = 13
ITERATIONS = 12
SOLVED = 1e-15
"""Of the values: what Newton's method leaves out."""

DEAD = 1e-250
"""A square below it is none: its digits leave the range of floats."""

SLOW = 0.5
"""A contraction above it is not waited for."""


class Stages(NamedTuple):
    """Eigenvalues μ of A, those of a pair once, with eigenvectors (twice where they stand for a pair) and the
    rows of their inverse."""

    values: Array
    vectors: Array
    inverse: Array


@cache
def _stages(stages: int) -> Stages:
    values, vectors = np.linalg.eig(radau(stages).matrix)
    upper = values.imag >= 0
    twice = np.where(values[upper].imag > 0, 2.0, 1.0)
    return Stages(values[upper], vectors[:, upper] * twice, np.linalg.inv(vectors)[upper])


class Taken(NamedTuple):
    """A step's ``values`` x, and what it has ``added``, at its left end and its nodes; (s + 1, N) each.

    What a slow coordinate adds is known to more digits than the difference of its values.
    """

    values: Array
    added: Array


def attempt(sums: Sums, start: Array, width: float, stages: int = STAGES) -> Taken | None:
    """A step of ``width`` from ``start`` (N,), None where Newton's method does not converge."""
    table, basis = radau(stages), _stages(stages)
    rate = sums.own_rate(start)
    solve = _inverse(sums, start, rate, width, basis)
    values, before, contraction = np.broadcast_to(start, (stages, len(start))), np.inf, 0.5
    for _ in range(ITERATIONS):
        with np.errstate(over="ignore", invalid="ignore"):
            added = width * (table.matrix @ sums.velocity(values))
            change = solve(start + added - values)
            values = values + change
            size = _size(sums, change)
        whole = _size(sums, values)
        if np.isfinite(before):
            contraction = size / before
        slow = contraction > max(SLOW, 100 * SOLVED * whole / before)
        if not np.isfinite(size) or (slow and whole**2 > DEAD):
            return None
        if size * contraction <= SOLVED * whole or whole**2 < DEAD:
            added = np.where(width * np.abs(rate) < 1.0, added, values - start)
            return Taken(np.concatenate([start[None], values]), np.pad(added, ((1, 0), (0, 0))))
        before = size
    return None


def _size(sums: Sums, values: Array) -> float:
    """The largest √R_20 of ``values`` (s, N)."""
    return float(np.sqrt((values**2 @ sums.coordinates.counts).max()))


def _inverse(sums: Sums, start: Array, rate: Array, width: float, basis: Stages) -> Callable[[Array], Array]:
    """What applies (1 − hA⊗J)⁻¹ to residuals (s, N)."""
    driven, curvature, counted = sums.coupling(start)
    scaled = width * basis.values[:, None]
    plain = 1.0 / (1.0 - scaled * rate)
    inner = np.einsum("bn,sn,an->sba", counted, plain, driven)
    small = np.linalg.inv(np.eye(len(curvature)) + scaled[..., None] * (curvature @ inner)) @ curvature

    def solve(residual: Array) -> Array:
        parts = plain * (basis.inverse @ residual)
        steered = np.einsum("sab,bn,sn->sa", small, counted, parts)
        parts = parts - scaled * plain * (steered @ driven)
        return (basis.vectors @ parts).real

    return solve
