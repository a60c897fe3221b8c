"""The resolvent of Ĥ = (1/n) Σ_i z_i² x_i x_iᵀ with z_i = ⟨x_i, w*⟩, in the mean.

With a = Qw* and ⟨w*, Qw*⟩ = 1 a sample is x = z a + x⊥, x⊥ independent of z with covariance P = Q − aaᵀ. One
left out of the others sees their resolvent through δ = ⟨x, (Ĥ + μ)⁻¹x⟩/n alone, which many directions make
deterministic:

    R = E(Ĥ + μ)⁻¹ = (ωP + κaaᵀ + μ)⁻¹,  δ = tr(Q(ωQ + μ)⁻¹)/n,  ω = E[z²/(1 + z²δ)],  κ = E[z⁴/(1 + z²δ)].

Of two resolvents G = E (Ĥ + μ)⁻¹ V (Ĥ + ν)⁻¹ obeys

    G = R_μ [V + (φX + ψY)/n P + (ψX + χY)/n aaᵀ] R_ν,  X = tr PG,  Y = ⟨a, Ga⟩,

φ, ψ, χ the averages of z⁴, z⁶, z⁸ over (1 + z²δ_μ)(1 + z²δ_ν): two linear equations for X and Y. Left out is
what is O(1/n) without a trace in front; the traces are of the number of directions that have moved.
"""

from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.samples.label_averages import averages, coupled


class Directions(NamedTuple):
    """Eigenvalues λ (N,), ``counts`` (N,) of directions, ``teacher`` w* and ``deviation`` w(0) − w* (N,).

    A mode of a reduced problem has weight in w* and w(0) and counts 0, or counts and no weight.
    """

    eigenvalues: Array
    counts: Array
    teacher: Array
    deviation: Array


class Resolvent:
    """The mean resolvent of ``directions`` at complex ``mu`` (P,) for n = ``samples``, may be inf.

    ``shift`` is a guess of δ (P,). Raises ArithmeticError where its equation does not converge.
    """

    def __init__(self, directions: Directions, mu: Array, samples: float, shift: Array | None = None) -> None:
        self.directions, self.mu, self.samples = directions, mu, samples
        self.shift = self._solved(shift)
        omega, kappa = averages(self.shift)[0][1:3]
        self.plain = 1.0 / (omega[:, None] * directions.eigenvalues + mu[:, None])
        self.a = directions.eigenvalues * directions.teacher
        weight = self.plain @ self.a**2
        self.rank_one = (kappa - omega) / (1.0 + (kappa - omega) * weight)
        self.along = weight - self.rank_one * weight**2

    def _solved(self, shift: Array | None) -> Array:
        """δ, by plain iteration from the guess and then Newton's."""
        if np.isinf(self.samples):
            return np.zeros_like(self.mu)
        eigenvalues, counts, *_ = self.directions
        traced = counts > 0
        eigenvalues, weights = eigenvalues[traced], (counts * eigenvalues)[traced] / self.samples
        delta = (1.0 / (eigenvalues + self.mu[:, None])) @ weights if shift is None else shift
        for iteration in range(400):
            values, slopes = averages(delta)
            plain = 1.0 / (values[1][:, None] * eigenvalues + self.mu[:, None])
            new = plain @ weights
            if shift is not None or iteration > 40:
                new = delta - (delta - new) / (1.0 + slopes[1] * (plain**2 @ (weights * eigenvalues)))
            change = np.abs(new - delta)
            delta = new
            if (change < 1e-12 * np.abs(delta)).all() and (delta.imag * self.mu.imag <= 0).all():
                return delta
        if shift is not None:
            return self._solved(None)
        raise ArithmeticError(f"the resolvent of {self.samples:g} samples was not found")

    def applied(self, vector: Array) -> Array:
        """R ``vector``, (P, N)."""
        along = (self.rank_one * (self.plain @ (self.a * vector)))[:, None]
        return self.plain * vector - along * self.plain * self.a

    def trace(self, power: int) -> Array:
        """tr Q^``power`` R, (P,)."""
        eigenvalues, counts, *_ = self.directions
        weights = eigenvalues**power
        return self.plain @ (counts * weights) - self.rank_one * (self.plain**2 @ (weights * self.a**2))

    def pair_trace(self, first: Array | float, second: Array | float) -> Array:
        """tr A R_k B R_l for A and B diagonal, ``first`` and ``second`` (N,), (P, P)."""
        plain, square = self.plain, self.a**2
        both = first * second
        one_sided = self.rank_one[:, None] * ((plain**2 * (square * both)) @ plain.T)
        two_sided = np.multiply.outer(self.rank_one, self.rank_one)
        for weights in (first, second):
            two_sided = two_sided * ((plain * (square * weights)) @ plain.T)
        free = (plain * (self.directions.counts * both)) @ plain.T
        return free - one_sided - one_sided.T + two_sided


class Pair(NamedTuple):
    """G between each two points: X = tr PG, Y = ⟨a, Ga⟩ and ``length`` = tr G, (P, P) each."""

    across: Array
    along: Array
    length: Array


def pairs(one: Resolvent) -> Pair:
    """G for V the deviation's square."""
    eigenvalues, _, _, deviation = one.directions
    state, image = one.applied(deviation), one.applied(one.a)
    overlap = state @ one.a
    along = np.multiply.outer(overlap, overlap)
    across, length = (state * eigenvalues) @ state.T - along, state @ state.T
    phi, psi, chi = coupled(one.shift) / one.samples
    aa = np.multiply.outer(one.along, one.along)
    apa, ara = (image * eigenvalues) @ image.T, image @ image.T
    pp = one.pair_trace(eigenvalues, eigenvalues) - 2 * apa + aa
    pa = apa - aa
    matrix = np.stack(
        [[1 - phi * pp - psi * pa, -psi * pp - chi * pa], [-phi * pa - psi * aa, 1 - psi * pa - chi * aa]]
    )
    solution = np.linalg.solve(
        np.moveaxis(matrix, (0, 1), (2, 3)), np.stack([across, along], axis=-1)[..., None]
    )
    across, along = np.moveaxis(solution[..., 0], -1, 0)
    free = one.pair_trace(1.0, eigenvalues) - ara
    length = length + (phi * across + psi * along) * free + (psi * across + chi * along) * ara
    return Pair(across, along, length)
