"""The frozen approximation of phase III: ẇ = 8Q(w* − w) from T2 on, the statistics held at their limits."""

from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from numerics.arrays import Array
from numerics.generated import phase_retrieval
from numerics.problems.problem import Problem

TOLERANCE = 1e-12
TINY = 1e-250
LATEST = 1e4  # in units of 1/(λ_1 s*)


class Frozen(NamedTuple):
    """The approximation at times t (T,) ≥ ``start`` = T2: the MSE, nan at d = ∞, and what is recovered."""

    start: float
    t: Array
    mse: Array
    recovered: Array


def freeze(problem: Problem, overlap: float, times: Array) -> Frozen:
    """Follow the flow mode by mode until |u| = ``overlap`` · s*, then every mode on its own exponential.

    From there e_i = w_i − w*_i decays as e^{−8λ_i s* τ} [Lem 13], which is E1's approximation for s* = 1. The
    first part is integrated by Dormand and Prince's method of order 8, independently of ``solve``.

    Raises ValueError for an overlap outside (0, 1) or times before T2, and ArithmeticError where |u| does
    not get that far by t = 1e4/(λ_1 s*).

    >>> problem = Problem([0.75, 0.25], [1.0, 1.0], [0.1, 0.2])
    >>> frozen = freeze(problem, 0.9, np.array([1.0, 4.0]))
    >>> f"{frozen.start:.4f}", np.round(frozen.mse, 6).tolist()
    ('0.4039', [0.008576, 0.0])
    """
    if not 0 < overlap < 1:
        raise ValueError(f"overlap is {overlap}: it must lie strictly between 0 and 1")
    start, weights = _weights_at(problem, overlap)
    t = np.asarray(times, dtype=float)
    if t.ndim != 1 or not np.all(t >= start):
        raise ValueError(f"times must be a list of numbers from T2 = {start:g} on")
    teacher = problem.teacher * np.sign((problem.eigenvalues * problem.teacher) @ weights)
    exponent = -16.0 * problem.teacher_energy * np.outer(t - start, problem.eigenvalues)
    moved = weights * (2.0 * teacher - weights)
    recovered = -np.expm1(exponent) @ teacher**2 + np.exp(exponent) @ moved
    error = np.exp(exponent) @ (weights - teacher) ** 2
    mse = error / problem.dimension if np.isfinite(problem.dimension) else np.full(t.shape, np.nan)
    return Frozen(start, t, mse, recovered)


def _weights_at(problem: Problem, overlap: float) -> tuple[float, Array]:
    """The first time at which |u| = ``overlap`` · s*, and the weights then."""
    eigenvalues, energy = problem.eigenvalues, np.array([[problem.teacher_energy]])
    pull = eigenvalues * problem.teacher

    def velocity(time: float, weights: Array) -> Array:
        gain, force = phase_retrieval.drift(np.array([eigenvalues @ weights**2, pull @ weights]), energy)
        return gain[0, 0] * eigenvalues * weights + force[0, 0] * pull

    def reached(time: float, weights: Array) -> float:
        return abs(pull @ weights) - overlap * energy[0, 0]

    reached.terminal = True  # type: ignore[attr-defined]  # the protocol of solve_ivp
    latest = LATEST / (eigenvalues.max() * energy[0, 0])
    run = solve_ivp(
        velocity, (0.0, latest), problem.init, "DOP853", events=reached, rtol=TOLERANCE, atol=TINY
    )
    if not len(run.t_events[0]):
        raise ArithmeticError(f"|u| has not reached {overlap:g} s* by t = {latest:g}")
    return float(run.t_events[0][0]), run.y_events[0][0]
