"""Residual coordinates of any smooth link, by quadrature: the flow near the teacher without cancellation.

With V = W − W*, q = V Q Vᵀ and p = V Q W*ᵀ the overlaps x = (S, U) are those of the teacher x* = (T, T) and
δ = (q + p + pᵀ, p), linear in (q, p). A generated module whose averages are no polynomials has no expanded
ones in (q, p); but on the way x* + τδ, all of whose points are overlaps of some vectors, L has the slope
−½ A:q − C:p with C = A + B, and C(x*) = 0. With C' the slope of C along the way

    C(q, p) = ∫₀¹ C'(x* + τδ) dτ,      L(q, p) = −∫₀¹ [½ A(x* + τδ) : q + (1 − τ) C'(x* + τδ) : p] dτ,

in which every factor is known to its own accuracy: C is of the order of δ, L of that of ‖V‖². Gauss's nodes
give the integrals to rounding where the Legendre coefficients of C' fall far enough; where they do not, V is
no small part of W* and the plain formulas lose few digits.

Shapes: n statistics, K students and as many teachers, G nodes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.pairs.overlaps import join, numbers, split
from numerics.quadrature.gauss import gauss

NODES = 12
AT_REST = 1e-12  # of the terms: they cancel at the teacher up to their rounding


@dataclass(frozen=True, eq=False)
class Nearby:
    """The functions of residual coordinates that the generated ``model`` does not have."""

    model: RightHandSides

    def rests(self, energy: Array) -> bool:
        """Whether the flow rests at the teacher of T = ``energy``, the loss being that of the noise there,
        and is smooth around it.
        """
        model = self.model
        if hasattr(model, "AREAS") or model.STUDENTS != model.TEACHERS or energy.dtype != float:
            return False
        teacher, zero = join(energy, energy), join(0.0 * energy, 0.0 * energy)
        with np.errstate(all="ignore"):
            gain, force = model.drift(teacher, energy)
            loss = model.loss(teacher, energy) - self._noise
            still = np.abs(gain + force).max() <= AT_REST * np.abs(gain).max()
            return bool(still and abs(loss) <= AT_REST * model.loss(zero, energy))

    def drift(self, y: Array, energy: Array) -> tuple[Array, Array]:
        """A (K, K, …) and C (K, K, …) at ``y`` (n, …)."""
        _, slope, resolved = self._along(y, energy)
        gain, force = self.model.drift(self.overlaps(y, energy), energy)
        return gain, np.where(resolved, np.tensordot(gauss(NODES).weights, slope, 1), gain + force)

    def drift_jacobian(self, y: Array, energy: Array) -> tuple[Array, Array]:
        """The slopes of A and C (K, K, n, …) by each entry of ``y`` (n, …)."""
        gain, force = self.model.drift_jacobian(self.overlaps(y, energy), energy)
        by_gain, by_sum = (
            np.einsum("jkb...,by->jky...", part, self._linear) for part in (gain, gain + force)
        )
        return by_gain, by_sum

    def loss(self, y: Array, energy: Array) -> Array:
        """L (…) at ``y`` (n, …)."""
        gain, slope, resolved = self._along(y, energy)
        q, p = split(y, self.model.STUDENTS, self.model.TEACHERS)
        nodes, weights, _ = gauss(NODES)
        gain, mean = np.tensordot(weights, gain, 1), np.tensordot(weights * (1.0 - nodes), slope, 1)
        near = self._noise - (0.5 * gain * q + mean * p).sum(axis=(0, 1))
        return np.where(resolved, near, self.model.loss(self.overlaps(y, energy), energy))

    def deficits(self, y: Array, energy: Array) -> Array:
        """(T − U)/T and (T − S)/T (2, K, …) on the diagonals, at ``y`` (n, …)."""
        q, p = (np.einsum("jj...->j...", part) for part in split(y, len(energy), len(energy)))
        return -np.stack([p, 2.0 * p + q]) / np.diag(energy).reshape(-1, *(1,) * (y.ndim - 1))

    def overlaps(self, y: Array, energy: Array) -> Array:
        """S and U (n, …) at ``y`` (n, …)."""
        return _column(join(energy, energy), y.ndim) + np.tensordot(self._linear, y, 1)

    def _along(self, y: Array, energy: Array) -> tuple[Array, Array, Array]:
        """A and C' (G, K, K, …) at the nodes of the way to ``y`` (n, …), and whether these resolve C' (…)."""
        rule, step = gauss(NODES), np.tensordot(self._linear, y, 1)[:, None]
        teacher = _column(join(energy, energy), step.ndim)
        places = teacher + rule.nodes.reshape(-1, *(1,) * (y.ndim - 1)) * step
        with np.errstate(all="ignore"):
            gain, _ = self.model.drift(places, energy)
            slopes = np.add(*self.model.drift_jacobian(places, energy))
            gain, slope = (
                np.moveaxis(part, 2, 0) for part in (gain, np.einsum("jkb...,b...->jk...", slopes, step))
            )
            return gain, slope, np.asarray(rule.resolves(slope).all(axis=(0, 1)))

    @cached_property
    def _linear(self) -> Array:
        """δ by (q, p) (n, n)."""
        size = self.model.STUDENTS
        own = size * (size + 1) // 2
        linear = np.eye(own + size**2)
        np.add.at(linear, (numbers(size).ravel(), own + np.arange(size**2)), 1.0 + np.eye(size).ravel())
        return linear

    @property
    def _noise(self) -> float:
        """The loss at the teacher."""
        return float(getattr(self.model, "NOISE", 0.0))


def _column(values: Array, dimensions: int) -> Array:
    """``values`` (n,) as (n, 1, …) with so many ``dimensions``."""
    return values.reshape(-1, *(1,) * (dimensions - 1))
