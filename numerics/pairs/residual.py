"""Networks whose students can equal their teachers, in residual coordinates, without cancellation.

With V = W − E W* and q = V Q Vᵀ, p = V Q W*ᵀ, teachers of energy 0 beside those that there are (so that p and
T are K × K), S = T + p + pᵀ + q and U = T + p. Write e_k = S_kk − T_kk and r = S − U = q + pᵀ. Then, as f = g
and c = c*,

    (A E + B)_jm = −2 c_j c_m ΔP_c(jm) − 4 δ_jm c_j Σ_k c_k ΔP_a(jk),
    ΔP_c(jk) = P_c(S_jj, S_kk, S_jk) − P_c(S_jj, T_kk, U_jk)
             = ∫₀¹ [e_k P_bc + r_jk P_cc] dθ      at (S_jj, T_kk + θ e_k, U_jk + θ r_jk),

likewise ΔP_a (P_jk where units have links of their own, f_k = g_k), and with x* the teachers' projections the
loss is

    L = Σ_jk c_j c_k E[(f(x_j) − f(x*_j)) (f(x_k) − f(x*_k))],

the integrals over 0 ≤ θ, φ ≤ 1 of ∂_θ ∂_φ P at (T_jj + θ e_j, T_kk + φ e_k, T_jk + θ p_jk + φ p_kj + θφ
q_jk). Gauss quadrature does both, exactly for polynomials; where its nodes do not resolve the integrand
little cancels, and differences serve as they are.
"""

from collections.abc import Callable

import numpy as np

from numerics.arrays import Array
from numerics.pairs.networks import Network, diagonal, form, with_axes
from numerics.pairs.overlaps import join, split
from numerics.quadrature.gauss import gauss


class MatchedNetwork(Network):
    """A network with the students' link and weights on either side, so that it rests at its teacher."""

    def residual_drift(self, y: Array, T: Array) -> tuple[Array, Array]:
        """(A, C) of dV/dt = A V Q + C W* Q with C = A E + B: y (n, …) → A (K, K, …), C (K, M, …)."""
        with np.errstate(all="ignore"):
            residual = Residual(self, y, T)
            A, _ = self._drift(residual.S, residual.U[:, : self.TEACHERS], with_axes(T, residual.S))
            own, cross = residual.differences()
        c = residual.weights
        C = -2 * c * cross
        diagonal(C)[...] -= 4 * (c * own).sum(axis=1)
        return A, C[:, : self.TEACHERS]

    def residual_drift_jacobian(self, y: Array, T: Array) -> tuple[Array, Array]:
        """The derivatives by each entry of y: dA (K, K, n, …), dC (K, M, n, …)."""
        count = len(y)
        return self.residual_slopes(y, T)(np.eye(count).reshape(count, count, *(1,) * (np.ndim(y) - 1)))

    def residual_slopes(self, y: Array, T: Array) -> Callable[[Array], tuple[Array, Array]]:
        """How A and C at y (n, …) answer to changes of y, at a cost of K (K + M) each."""
        slopes = self.drift_slopes(self.statistics(y, T), T)
        sizes = self.STUDENTS, self.TEACHERS

        def along(change: Array) -> tuple[Array, Array]:
            q, p = split(change, *sizes)
            padded = np.pad(p, [(0, 0), (0, sizes[0] - sizes[1]), *[(0, 0)] * (p.ndim - 2)])
            dA, dB = slopes.along(q + padded + np.swapaxes(padded, 0, 1), p)
            return dA, dA[:, : sizes[1]] + dB

        return along

    def residual_loss(self, y: Array, T: Array) -> Array:
        """The loss in residual coordinates: y (n, …) → (…)."""
        c = self.student_weights
        with np.errstate(all="ignore"):
            return self.noise + form(c, Residual(self, y, T).mixed_differences(), c)

    def residual_deficits(self, y: Array, T: Array) -> Array:
        """(T − U)/T and (T − S)/T on the diagonals: y (n, …) → (2, K, …)."""
        self._check_square()
        residual = Residual(self, y, T)
        t = diagonal(residual.T)
        return np.stack([-diagonal(residual.p) / t, -residual.excess / t])

    def statistics(self, y: Array, T: Array) -> Array:
        """The overlaps x of S = T + p + pᵀ + q and U = T + p: y (n, …) → x (n, …)."""
        residual = Residual(self, y, T)
        return join(residual.S, residual.U[:, : self.TEACHERS])


class SquareNetwork(MatchedNetwork):
    """One student z² + const. of one teacher: the loss is quadratic, and has a barrier between ±w*."""

    def barrier(self, T: Array) -> float:
        """The minimum of the loss over s ≥ 0 at u = 0: that of a parabola in s."""
        energy = float(np.asarray(T)[0, 0])
        s = energy * np.array([0.0, 1.0, 2.0])
        start, middle, end = (float(x) for x in self.loss(np.stack([s, 0 * s]), T))
        curvature = end - 2 * middle + start
        slope = (4 * middle - 3 * start - end) / 2
        return start - slope**2 / (2 * curvature) if slope < 0 else start


class Residual:
    """q, p and what follows from them, all (K, K, …); nodes of a quadrature are the last axes."""

    def __init__(self, network: Network, y: Array, T: Array) -> None:
        K, M = network.STUDENTS, network.TEACHERS
        y = np.asarray(y, float)
        self.pair = network.own
        self.q, p = split(y, K, M)
        beyond = [(0, 0), (0, K - M), *[(0, 0)] * (y.ndim - 1)]
        self.p = np.pad(p, beyond)
        self.T = with_axes(np.pad(np.asarray(T, float), [(0, K - M)] * 2), self.p)
        transposed = np.swapaxes(self.p, 0, 1)
        self.U = self.T + self.p
        self.step = self.q + transposed
        self.S = self.U + self.step
        self.excess = diagonal(self.q) + 2 * diagonal(self.p)
        self.weights = network.weights(self.S)[1]

    def differences(self) -> tuple[Array, Array]:
        """ΔP_a and ΔP_c (K, K, …)."""
        s, t, e = diagonal(self.S), diagonal(self.T), self.excess
        rule = gauss(self.pair.nodes)
        S, U, T, change, step = (part[..., None] for part in (s, self.U, t, e, self.step))
        _, ab, ac, bc, cc = self.pair.curvatures(S[:, None], T + rule.nodes * change, U + rule.nodes * step)
        slopes = ab * change + ac * step, bc * change + cc * step
        own, cross = (slope @ rule.weights for slope in slopes)
        if self.pair.exact:
            return own, cross
        far = self.pair.slopes(s[:, None], s, self.S) - self.pair.slopes(s[:, None], t, self.U)
        near = [rule.resolves(np.moveaxis(slope, -1, 0)) for slope in slopes]
        return np.where(near[0], own, far[0]), np.where(near[1], cross, far[1])

    def slopes_beside(self) -> Array:
        """P_a and P_c (2, K, K, …) at (S_jj, T_kk, U_jk)."""
        return self.pair.slopes(diagonal(self.S)[:, None], diagonal(self.T), self.U)

    def values_beside(self) -> Array:
        """E[f(x_j) f(x*_k)] (K, K, …)."""
        return self.pair.value(diagonal(self.S)[:, None], diagonal(self.T), self.U)

    def value_differences(self, taught: bool = False) -> Array:
        """E[f(x_j) (f(x_k) − f(x*_k))] (K, K, …), or with f(x*_j) in front where ``taught``:
        ∫₀¹ [e_k P_b + r_jk P_c] dθ at (S_jj, T_kk + θ e_k, U_jk + θ r_jk), or p_kj for r_jk at T_jj, T_jk.
        """
        step, base = (np.swapaxes(self.p, 0, 1), self.T) if taught else (self.step, self.U)
        own, t, e = diagonal(self.T if taught else self.S), diagonal(self.T), self.excess
        rule = gauss(self.pair.nodes)
        first, other, change, c, d = (part[..., None] for part in (own, t, e, base, step))
        along = c + rule.nodes * d
        # P_b of (j, k) is P_a of (k, j)
        turned = self.pair.slopes((other + rule.nodes * change)[:, None], first, np.swapaxes(along, 0, 1))
        by_other = np.swapaxes(turned[0], 0, 1)
        by_both = self.pair.slopes(first[:, None], other + rule.nodes * change, along)[1]
        slope = change * by_other + d * by_both
        near = slope @ rule.weights
        if self.pair.exact:
            return near
        value = self.pair.value
        far = value(own[:, None], t + e, base + step) - value(own[:, None], t, base)
        return np.where(rule.resolves(np.moveaxis(slope, -1, 0)), near, far)

    def mixed_differences(self) -> Array:
        """E[(f(x_j) − f(x*_j)) (f(x_k) − f(x*_k))] (K, K, …)."""
        s, t, e = diagonal(self.S), diagonal(self.T), self.excess
        rule = gauss(self.pair.nodes)
        theta, phi = rule.nodes[:, None], rule.nodes
        p, q, T, change = (part[..., None, None] for part in (self.p, self.q, t, e))
        transposed = np.swapaxes(p, 0, 1)
        by_theta, by_phi = p + phi * q, transposed + theta * q
        covariance = self.T[..., None, None] + theta * p + phi * by_phi
        place = (T + theta * change)[:, None], T + phi * change, covariance
        _, ab, ac, bc, cc = self.pair.curvatures(*place)
        first = change[:, None]
        mixed = first * (change * ab + by_phi * ac) + by_theta * (change * bc + by_phi * cc)
        mixed = mixed + q * self.pair.slopes(*place)[1]
        found = mixed @ rule.weights @ rule.weights
        if self.pair.exact:
            return found
        value, crossed = self.pair.value, self.pair.value(s[:, None], t, self.U)
        far = value(s[:, None], s, self.S) - crossed - np.swapaxes(crossed, 0, 1)
        by_first, by_second = (rule.resolves(np.moveaxis(mixed, axis, 0)) for axis in (-2, -1))
        near = by_first.all(axis=-1) & by_second.all(axis=-1)
        return np.where(near, found, far + value(t[:, None], t, self.T))
