"""Frames for students whose network is the same after every rotation of them, as a quadratic network's.

There W and R W are one student network for every rotation R (K, K), so that the teachers are reached up to
some R, which the run decides: residuals are V = R W − E W*, with the rows of E (K, M) those of the identity,
then 0. Of all R the one that makes ‖V‖_Q least is that for which Eᵀ R U is symmetric and positive and the
other rows of R U vanish: the polar decomposition of U = W Q W*ᵀ. As V decreases, what a rotation would take
off it comes to exceed what it would leave; then the frame turns, by a small rotation I + δ that is known to
full relative accuracy, and V to (I + δ) V + δ E W*: never is V found again as a difference of large vectors.

In the frame the statistics are those of :mod:`numerics.state.charts` at the teacher: q = V Q Vᵀ, p = V Q W*ᵀ.
"""

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.pairs.overlaps import join, rotate, split

NEAR_TEACHERS = 0.1


def nearest_frame(model: RightHandSides, statistics: Array, energy: Array) -> Array | None:
    """The R (K, K) that brings R W nearest to E W*, from the ``statistics`` (n,) at the origin.

    Beside a signed permutation it is that one, with which R W is no rounded product, so that students and
    teachers keep what they differ by.

    None where the model is not invariant under rotations, has no residual coordinates, or where even then
    ‖R W − E W*‖_Q² > ``NEAR_TEACHERS`` ‖W*‖_Q².
    """
    if not (getattr(model, "ROTATIONS", False) and hasattr(model, "residual_drift")):
        return None
    S, U = split(statistics, model.STUDENTS, model.TEACHERS)
    left, lengths, right = np.linalg.svd(U)
    if np.trace(S) - 2.0 * lengths.sum() + np.trace(energy) > NEAR_TEACHERS * np.trace(energy):
        return None
    teachers = len(energy)
    frame = np.concatenate([right.T @ left[:, :teachers].T, left[:, teachers:].T])
    nearest = np.rint(frame)
    return nearest if np.abs(frame - nearest).max() < 0.1 else frame  # of the entries of R


def permutes(frame: Array) -> bool:
    """Whether R = ``frame`` is a signed permutation."""
    return np.array_equal(frame, np.rint(frame))


def turned(statistics: Array, energy: Array, change: Array) -> Array:
    """The statistics (n, …) of (I + δ) V + δ E W*, from those of V, for δ = ``change``."""
    students, teachers = len(change), len(energy)
    q, p = split(statistics, students, teachers)
    rotation, moved = np.eye(students) + change, change[:, :teachers]
    q, p = rotate(rotation, q, p)
    mixed = np.einsum("jm...,km->jk...", p, moved)
    still = (moved @ energy).reshape(*moved.shape, *(1,) * (p.ndim - 2))
    quadratic = (moved @ energy @ moved.T).reshape(*change.shape, *(1,) * (p.ndim - 2))
    return join(q + mixed + np.swapaxes(mixed, 0, 1) + quadratic, p + still)


def turn(statistics: Array, energy: Array, students: int) -> Array | None:
    """The δ (K, K) of the turn I + δ that leaves least of V, None while that would not take off much.

    ``statistics`` (n,) are q and p, ``energy`` is T. With I + δ the Cayley transform of an antisymmetric Ω,
    Eᵀ Ω E T + T Eᵀ Ω E = (p − pᵀ)ᵀ in the rows with a teacher and Ω E T = −p in the others.
    """
    teachers = len(energy)
    q, p = split(statistics, students, teachers)
    values, vectors = np.linalg.eigh(energy)
    # of the largest eigenvalue of T: teachers that differ by less are taken to be parallel
    seen = values > 1e-12 * values[-1]
    along = vectors.T @ p[:teachers] @ vectors
    values = np.where(seen, values, 0.0)
    sums = values[:, None] + values
    within = (along.T - along) / np.where(sums > 0, sums, np.inf)
    beyond = -(p[teachers:] @ vectors) / np.where(seen, values, np.inf)
    sizes = np.sum(within**2 * values), np.sum(beyond**2 * values)
    lengths = np.trace(q[:teachers, :teachers]), np.trace(q[teachers:, teachers:])
    # of ‖V‖_Q²: rows whose residual is a rotation alone would be turned in every step
    least = 1e-30 * sum(lengths)
    # of ‖V‖_Q², in V's rows that have a teacher or in the others: by rotation alone
    if not any(size > max(0.25 * length, least) for size, length in zip(sizes, lengths, strict=True)):
        return None
    omega = np.zeros((students, students))
    omega[:teachers, :teachers] = vectors @ within @ vectors.T
    omega[teachers:, :teachers] = beyond @ vectors.T
    omega[:teachers, teachers:] = -omega[teachers:, :teachers].T
    if np.abs(omega).max() > 0.5:  # of a turn: the formulas are those of small ones
        return None
    return np.linalg.solve(np.eye(students) - 0.5 * omega, omega)
