"""Networks whose second layer learns, too: the weights a_j of the students ``Σ_j a_j f(w_j·x)`` move.

    Ẇ = −∂L/∂W = A W Q + B W* Q,     ȧ = −r ∂L/∂a,     ∂L/∂a_j = 2 [Σ_k a_k P_jk − Σ_m a*_m R_jm],

with A and B the network's of the present weights, and r the ``rate``. Statistics x (n + K, …) are the upper
triangle of S, then U, then a. The loss is a polynomial of second degree in a, so that halves of differences
over a ± e_l are exact derivatives by a_l; those of ȧ by S and U are, in turn, those of A = −2 ∂L/∂S and
B = −∂L/∂U by a.

Where the students can equal their teachers, b = a − a* stands for a in residual coordinates. With V, q, p, r
and ΔP as in :mod:`numerics.pairs.residual`, and P° at (S_jj, T_kk, U_jk),

    (A + B)_jm = −2 a_j [a_m ΔP_c + b_m P°_c](jm) − 4 δ_jm a_j Σ_k [a_k ΔP_a + b_k P°_a](jk),
    ½ ∂L/∂a_j  = Σ_k (a_k E[f(x_j) (f(x_k) − f(x*_k))] + b_k P°_jk),
    L          = E[(Σ_k a_k (f(x_k) − f(x*_k)) + b_k f(x*_k))²].
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.arrays import Array
from numerics.pairs.around import AroundModel
from numerics.pairs.networks import Network, diagonal, form
from numerics.pairs.overlaps import upper_triangle
from numerics.pairs.residual import MatchedNetwork, Residual


@dataclass(frozen=True, eq=False)
class Trained(AroundModel):
    """The ``model``, whose students' weights are those of the start, with these moving at the ``rate`` r."""

    model: Network
    rate: float

    @property
    def TRAIN_RATE(self) -> float:
        """r, as a generated module has it."""
        return self.rate

    @property
    def WEIGHTS(self) -> Array:
        """a (K,) at the start."""
        return self.model.student_weights

    def drift(self, x: Array, T: Array) -> tuple[Array, Array]:
        """(A, B): x (n + K, …) → A (K, K, …), B (K, M, …)."""
        rest, weights = self.parted(x)
        return self.at(weights).drift(rest, T)

    def drift_jacobian(self, x: Array, T: Array) -> tuple[Array, Array]:
        """The derivatives by each statistic and weight: dA (K, K, n + K, …), dB (K, M, n + K, …)."""
        rest, weights = self.parted(x)
        by_overlaps = self.at(weights).drift_jacobian(rest, T)
        by_weights = self.by_weights(self.drift, x, T)
        parts = zip(by_overlaps, by_weights, strict=True)
        dA, dB = (np.concatenate(part, axis=2) for part in parts)
        return dA, dB

    def loss(self, x: Array, T: Array) -> Array:
        """L: x (n + K, …) → (…)."""
        rest, weights = self.parted(x)
        return self.at(weights).loss(rest, T)

    def weight_velocity(self, x: Array, T: Array) -> Array:
        """ȧ: x (n + K, …) → (K, …)."""
        rest, weights = self.parted(x)
        with np.errstate(all="ignore"):
            own, cross = self.model.averages(rest, T)
        pull = np.einsum("jk...,k...->j...", own, weights)
        taught = np.einsum("jm...,m->j...", cross, self.model.teacher_weights)
        return -2.0 * self.rate * (pull - taught)

    def weight_slopes(self, x: Array, T: Array) -> Array:
        """The derivatives of ȧ by each statistic and weight (K, n + K, …)."""
        return self.slopes_of(self.drift, self.weight_velocity, x, T)

    def parted(self, x: Array) -> tuple[Array, Array]:
        """The statistics (n, …) and a (K, …)."""
        x = np.asarray(x, float)
        return x[: -self.STUDENTS], x[-self.STUDENTS :]

    def at(self, weights: Array) -> Any:
        """The network of students with these ``weights`` (K, …)."""
        return replace(self.model, student_weights=weights)

    def by_weights(self, function: Callable[..., Any], x: Array, T: Array) -> list[Array]:
        """The derivatives (…, K, …) by a, behind the axes of a matrix, of what the ``function`` returns."""
        K = self.STUDENTS
        steps = np.zeros((len(x), 2 * K, *np.shape(x)[1:]))
        steps[len(x) - K + np.arange(K), np.arange(K)] = 1.0
        steps[len(x) - K + np.arange(K), K + np.arange(K)] = -1.0
        values = function(np.asarray(x, float)[:, None] + steps, T)
        parts = values if isinstance(values, tuple) else (values,)
        axis = np.ndim(x)
        return [
            0.5 * (up - down) for up, down in (np.split(part, 2, axis=part.ndim - axis) for part in parts)
        ]

    def slopes_of(self, drift: Callable[..., Any], velocity: Callable[..., Any], x: Array, T: Array) -> Array:
        """Those of the ``velocity`` ȧ (K, n + K, …), where (A, F) = ``drift`` are slopes of the loss."""
        (by_own,) = self.by_weights(velocity, x, T)
        gain, force = self.by_weights(drift, x, T)
        rows, columns = upper_triangle(self.STUDENTS)
        once = np.where(rows == columns, 0.5, 1.0).reshape(-1, *[1] * (gain.ndim - 2))
        by_overlaps = np.concatenate([once * gain[rows, columns], force.reshape(-1, *force.shape[2:])])
        return np.concatenate([self.rate * np.swapaxes(by_overlaps, 0, 1), by_own], axis=1)


class MatchedTrained(Trained):
    """One that rests where its students equal their teachers, in W and a: y (n + K, …) holds q, p and b."""

    model: MatchedNetwork

    def residual_drift(self, y: Array, T: Array) -> tuple[Array, Array]:
        """(A, F) of dV/dt = A V Q + F W* Q: y (n + K, …) → (K, K, …) twice."""
        residual, a, b = self._residual(y, T)
        with np.errstate(all="ignore"):
            A, _ = self.at(a)._drift(residual.S, residual.U, residual.T)
            own, cross = residual.differences()
            by_own, by_cross = residual.slopes_beside()
        F = -2.0 * a[:, None] * (a * cross + b * by_cross)
        diagonal(F)[...] -= 4.0 * (a[:, None] * (a * own + b * by_own)).sum(axis=1)
        return A, F

    def residual_drift_jacobian(self, y: Array, T: Array) -> tuple[Array, Array]:
        """The derivatives by each entry of y: (K, K, n + K, …) twice."""
        rest, b = self.parted(y)
        slopes = self.at(self._weights(b)).residual_slopes(rest, T)
        count = len(rest)
        by_overlaps = slopes(np.eye(count).reshape(count, count, *(1,) * (np.ndim(y) - 1)))
        by_weights = self.by_weights(self.residual_drift, y, T)
        parts = zip(by_overlaps, by_weights, strict=True)
        dA, dF = (np.concatenate(part, axis=2) for part in parts)
        return dA, dF

    def residual_weight_velocity(self, y: Array, T: Array) -> Array:
        """ȧ: y (n + K, …) → (K, …)."""
        residual, a, b = self._residual(y, T)
        with np.errstate(all="ignore"):
            changed, beside = residual.value_differences(), residual.values_beside()
        return -2.0 * self.rate * (a * changed + b * beside).sum(axis=1)

    def residual_weight_slopes(self, y: Array, T: Array) -> Array:
        """The derivatives of ȧ by each entry of y (K, n + K, …)."""
        return self.slopes_of(self.residual_drift, self.residual_weight_velocity, y, T)

    def residual_loss(self, y: Array, T: Array) -> Array:
        """The loss: y (n + K, …) → (…)."""
        residual, a, b = self._residual(y, T)
        t = diagonal(residual.T)
        with np.errstate(all="ignore"):
            both, one = residual.mixed_differences(), residual.value_differences(taught=True)
            none = residual.pair.value(t[:, None], t, residual.T)
        return self.model.noise + form(a, both, a) + 2.0 * form(b, one, a) + form(b, none, b)

    def statistics(self, y: Array, T: Array) -> Array:
        """x: y (n + K, …) → (n + K, …)."""
        rest, b = self.parted(y)
        return np.concatenate([self.model.statistics(rest, T), self._weights(b)])

    def _residual(self, y: Array, T: Array) -> tuple[Residual, Array, Array]:
        """The residual, a and b (K, …)."""
        rest, b = self.parted(y)
        a = self._weights(b)
        return Residual(self.at(a), rest, T), a, b

    def _weights(self, b: Array) -> Array:
        """a (K, …) of b."""
        return b + self.model.teacher_weights.reshape(-1, *[1] * (b.ndim - 1))


def trained(model: Network, rate: float) -> Trained:
    """The ``model`` with a second layer that moves at the ``rate``, in the coordinates that it has."""
    matched = isinstance(model, MatchedNetwork) and model.STUDENTS == model.TEACHERS
    return (MatchedTrained if matched else Trained)(model, rate)
