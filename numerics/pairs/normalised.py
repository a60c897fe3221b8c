"""Right-hand sides of units f(x·w/‖w‖_Q): those of the plain network at the correlations.

With σ_j = √S_jj, τ_m = √T_mm, Ŝ = S/(σσ), Û = U/(στ), T̂ = T/(ττ) and the plain network's (Â, B̂) there,

    A = Â/(σσ) − diag(N/σ²),     B = B̂/(στ),     N_j = Σ_k Â_jk Ŝ_jk + Σ_m B̂_jm Û_jm:

the loss is of degree 0 in every student, so that A S + B Uᵀ has a diagonal of zeros and ‖w_j‖ stays.
:mod:`theory.symbolic.normalised` derives it.

Near the teachers, V = W − E W* and δ_j = τ_j/σ_j − 1 (0 of students without one), the plain network's
residuals v̂_j = v_j/σ_j + δ_j ŵ*_j have

    q̂_jk = q_jk/(σ_j σ_k) + δ_k p_jk/(σ_j τ_k) + δ_j p_kj/(σ_k τ_j) + δ_j δ_k T̂_jk,
    p̂_jm = p_jm/(σ_j τ_m) + δ_j T̂_jm,      δ_j = −(q_jj + 2 p_jj)/(σ_j (σ_j + τ_j)),

and with Ĉ = Â E + B̂ of its residual drift, small there,

    C_jm = (Ĉ_jm + Â_jm δ_m)/(σ_j τ_m) − δ_jm N_j/σ_j²,    N_j = Σ_k Â_jk (q̂_jk + p̂_kj) + Σ_m Ĉ_jm Û_jm.

Shapes as in :mod:`numerics.pairs.networks`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.pairs.networks import Network, diagonal, with_axes
from numerics.pairs.overlaps import join, split
from numerics.pairs.residual import MatchedNetwork

Response = Callable[[Array], tuple[Array, Array]]
"""Changes of A and B, or of A and C, from changes of the statistics."""


@dataclass(frozen=True, eq=False)
class NormalisedNetwork:
    """The network of units f(x·w/‖w‖_Q) whose plain units make ``plain``."""

    plain: Network

    SCALE_FREE = True
    """Whether the loss is the same for c_j w_j with any c_j > 0, and any multiples of the teachers."""

    @property
    def STUDENTS(self) -> int:
        """K."""
        return self.plain.STUDENTS

    @property
    def TEACHERS(self) -> int:
        """M."""
        return self.plain.TEACHERS

    @property
    def NOISE(self) -> float:
        """Variance of the labels' noise."""
        return self.plain.noise

    def error(self, student: Array, teacher: Array) -> float:
        """The largest relative error of the pair functions, whose variances are 1."""
        return self.plain.error(np.ones_like(student), np.ones_like(teacher))

    def drift(self, x: Array, T: Array) -> tuple[Array, Array]:
        """(A, B): x (n, …) → A (K, K, …), B (K, M, …)."""
        return self._parts(x, T).drift()

    def drift_jacobian(self, x: Array, T: Array) -> tuple[Array, Array]:
        """The derivatives of drift by each statistic: dA (K, K, n, …), dB (K, M, n, …)."""
        return self.drift_slopes(x, T)(_every_statistic(x))

    def drift_slopes(self, x: Array, T: Array) -> Response:
        """How the drift at x (n, …) answers to changes of x (n, q, …)."""
        parts, sizes = self._parts(x, T), (self.STUDENTS, self.TEACHERS)
        return lambda change: parts.along(*split(change, *sizes))

    def loss(self, x: Array, T: Array) -> Array:
        """The loss: x (n, …) → (…)."""
        parts = self._parts(x, T)
        return self.plain.loss(parts.correlations, parts.teachers)

    def deficits(self, x: Array, T: Array) -> Array:
        """(T − U)/T and (T − S)/T on the diagonals: x (n, …) → (2, K, …)."""
        return self.plain.deficits(x, T)

    def _parts(self, x: Array, T: Array) -> "_Correlated":
        with np.errstate(all="ignore"):
            S, U = split(np.asarray(x, float), self.STUDENTS, self.TEACHERS)
            return _Correlated(self.plain, S, U, np.asarray(T, float))


@dataclass(frozen=True, eq=False)
class NormalisedMatchedNetwork(NormalisedNetwork):
    """One with the students' links and weights on either side, so that it rests at its teachers."""

    plain: MatchedNetwork

    def residual_drift(self, y: Array, T: Array) -> tuple[Array, Array]:
        """(A, C) of dV/dt = A V Q + C W* Q: y (n, …) → A (K, K, …), C (K, M, …)."""
        here, M = _Residual(self, y, T), self.TEACHERS
        gain, small = self.plain.residual_drift(here.residuals, here.teachers)
        pull = (gain * here.step).sum(axis=1) + (small * here.overlap).sum(axis=1)
        shift, units = here.shift, here.units
        C = (small + gain[:, :M] * shift[:M]) / units[:, :M]
        A = gain / (here.sigma[:, None] * here.sigma)
        for part in (A, C):
            diagonal(part[: part.shape[1]])[...] -= (pull / here.sigma**2)[: part.shape[1]]
        return A, C

    def residual_drift_jacobian(self, y: Array, T: Array) -> tuple[Array, Array]:
        """The derivatives by each entry of y: dA (K, K, n, …), dC (K, M, n, …)."""
        return self.residual_slopes(y, T)(_every_statistic(y))

    def residual_slopes(self, y: Array, T: Array) -> Response:
        """How A and C at y (n, …) answer to changes of y (n, q, …)."""
        parts = self._parts(self.statistics(y, T), T)
        K, M = self.STUDENTS, self.TEACHERS

        def along(change: Array) -> tuple[Array, Array]:
            q, p = split(change, K, M)
            padded = np.pad(p, [(0, 0), (0, K - M), *[(0, 0)] * (p.ndim - 2)])
            dA, dB = parts.along(q + padded + np.swapaxes(padded, 0, 1), p)
            return dA, dA[:, :M] + dB

        return along

    def residual_loss(self, y: Array, T: Array) -> Array:
        """The loss in residual coordinates: y (n, …) → (…)."""
        here = _Residual(self, y, T)
        return self.plain.residual_loss(here.residuals, here.teachers)

    def residual_deficits(self, y: Array, T: Array) -> Array:
        """(T − U)/T and (T − S)/T on the diagonals: y (n, …) → (2, K, …)."""
        return self.plain.residual_deficits(y, T)

    def statistics(self, y: Array, T: Array) -> Array:
        """The overlaps x of S and U: y (n, …) → x (n, …)."""
        return self.plain.statistics(y, T)


class _Correlated:
    """The plain network at the correlations of S (K, K, …), U (K, M, …) and T (M, M)."""

    def __init__(self, plain: Network, S: Array, U: Array, T: Array) -> None:
        self.plain, self.S = plain, S
        self.sigma, self.tau = np.sqrt(diagonal(S)), np.sqrt(diagonal(with_axes(T, S)))
        self.own, self.taught = self.sigma[:, None] * self.sigma, self.sigma[:, None] * self.tau
        self.Shat, self.Uhat = S / self.own, U / self.taught
        self.teachers = T / np.sqrt(np.outer(np.diag(T), np.diag(T)))

    @property
    def correlations(self) -> Array:
        """Ŝ and Û as statistics (n, …)."""
        return join(self.Shat, self.Uhat)

    def drift(self) -> tuple[Array, Array]:
        """A (K, K, …) and B (K, M, …)."""
        gain, force = self._plain_drift()
        A = gain / self.own
        diagonal(A)[...] -= self._pull(gain, force) / diagonal(self.S)
        return A, force / self.taught

    @np.errstate(all="ignore")
    def along(self, dS: Array, dU: Array) -> tuple[Array, Array]:
        """The changes of A (K, K, q, …) and B (K, M, q, …) with those of S and U (K, M, q, …)."""
        gain, force = self._plain_drift()
        pull = (self._pull(gain, force) / diagonal(self.S))[:, None]
        S, own, taught, Shat, Uhat, gain, force = (
            part[:, :, None] for part in (self.S, self.own, self.taught, self.Shat, self.Uhat, gain, force)
        )
        h = 0.5 * diagonal(dS) / diagonal(S)
        dShat = dS / own - Shat * (h[:, None] + h)
        dUhat = dU / taught - Uhat * h[:, None]
        slopes = self.plain.drift_slopes(self.correlations, self.teachers)
        dgain, dforce = slopes.along(dShat, dUhat)
        diagonal(dgain)[...] = 0.0
        dpull = (dgain * Shat + gain * dShat).sum(axis=1) + (dforce * Uhat + force * dUhat).sum(axis=1)
        dA = (dgain - gain * (h[:, None] + h)) / own
        diagonal(dA)[...] -= dpull / diagonal(S) - 2 * pull * h
        return dA, (dforce - force * h[:, None]) / taught

    def _plain_drift(self) -> tuple[Array, Array]:
        """Â, without its diagonal, which would cancel, and B̂."""
        gain, force = self.plain.drift(self.correlations, self.teachers)
        diagonal(gain)[...] = 0.0
        return gain, force

    def _pull(self, gain: Array, force: Array) -> Array:
        """N (K, …)."""
        own: Array = (gain * self.Shat).sum(axis=1) + (force * self.Uhat).sum(axis=1)
        return own


class _Residual:
    """q̂, p̂ and what they are made of, of residuals y (n, …), padded to (K, K, …)."""

    def __init__(self, network: NormalisedMatchedNetwork, y: Array, T: Array) -> None:
        K, M = network.STUDENTS, network.TEACHERS
        T = np.asarray(T, float)
        q, p = split(np.asarray(y, float), K, M)
        beyond = [(0, 0), (0, K - M), *[(0, 0)] * (p.ndim - 2)]
        p = np.pad(p, beyond)
        energy = with_axes(np.pad(T, [(0, K - M)] * 2), p)
        t = diagonal(energy)
        excess = diagonal(q) + 2 * diagonal(p)
        self.sigma = np.sqrt(t + excess)
        self.shift = -excess / (self.sigma * (self.sigma + np.sqrt(t)))
        tau = np.sqrt(t)
        self.shift[M:], tau = 0.0, np.concatenate([tau[:M], np.ones_like(tau[M:])])
        self.units = self.sigma[:, None] * tau
        known = energy / (tau[:, None] * tau)
        moved = p / self.units
        crossed = self.shift * moved
        qhat = q / (self.sigma[:, None] * self.sigma) + crossed + np.swapaxes(crossed, 0, 1)
        qhat = qhat + self.shift[:, None] * self.shift * known
        phat = moved + self.shift[:, None] * known
        self.step = qhat + np.swapaxes(phat, 0, 1)
        self.overlap = (known + phat)[:, :M]
        self.residuals = join(qhat, phat[:, :M])
        self.teachers = T / np.sqrt(np.outer(np.diag(T), np.diag(T)))


def _every_statistic(statistics: Array) -> Array:
    """Unit changes (n, n, …) of statistics (n, …)."""
    count = len(statistics)
    return np.eye(count).reshape(count, count, *(1,) * (np.ndim(statistics) - 1))
