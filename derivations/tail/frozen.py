"""The frozen approximation of phase III: ẇ = 8Q(w* − w) from T2 on, the statistics held at their limits."""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

from derivations.trials.runs import oriented
from numerics import Problem, power_law, solve
from numerics.arrays import Array
from numerics.generated import phase_retrieval

DIMENSION, STEP_SIZE, REACHED = 300, 1e-3, 0.9
"""Figure 4 of the paper: d, the η of its gradient descent and its u(T2)."""
SPAN = 10.0  # of figure 4, in units of 1/(16 λ_d)
LONGEST = 10_000_000


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
    aimed = oriented(problem, np.sign((problem.eigenvalues * problem.teacher) @ weights))
    exponent = _decay(problem, t - start)
    moved = weights * (2.0 * aimed.teacher - weights)
    recovered = -np.expm1(exponent) @ aimed.teacher**2 + np.exp(exponent) @ moved
    mse = frozen_error(aimed, weights, t - start)
    return Frozen(start, t, mse if np.isfinite(problem.dimension) else np.full(t.shape, np.nan), recovered)


def frozen_error(problem: Problem, weights: Array, elapsed: Array) -> Array:
    """The MSE (T,) a time ``elapsed`` (T,) after T2: Σ (w_i(T2) − w*_i)² e^{−16 λ_i s* τ}/d [Lem 13]."""
    return np.exp(_decay(problem, elapsed)) @ (weights - problem.teacher) ** 2 / problem.dimension


def _decay(problem: Problem, elapsed: Array) -> Array:
    """−16 λ_i s* τ, (T, d)."""
    return -16.0 * problem.teacher_energy * np.outer(elapsed, problem.eigenvalues)


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
    latest = 1e4 / (eigenvalues.max() * energy[0, 0])  # in units of 1/(λ_1 s*)
    run = solve_ivp(velocity, (0.0, latest), problem.init, "DOP853", events=reached, rtol=1e-12, atol=1e-250)
    if not len(run.t_events[0]):
        raise ArithmeticError(f"|u| has not reached {overlap:g} s* by t = {latest:g}")
    return float(run.t_events[0][0]), run.y_events[0][0]


@cache
def frozen_deviation(exponent: float) -> tuple[float, float]:
    """Figure 4's largest |frozen − true| MSE, over that at T2, and over the true one down to 1/100 of it."""
    problem = power_law(exponent, DIMENSION, "gaussian", "sphere", 0)
    problem = oriented(problem, solve(problem, 1.0).limit.sign)
    _, weights = state_at(problem, REACHED)
    elapsed = np.geomspace(1e-2, SPAN / (16.0 * problem.eigenvalues.min()), 600)
    # the true flow from the same state, so that only the freezing differs
    started = Problem(problem.eigenvalues, problem.teacher, weights)
    flow = solve(started, float(elapsed[-1])).at(elapsed).mse
    deviation = np.abs(frozen_error(problem, weights, elapsed) - flow)
    seen = flow > 1e-2 * flow[0]
    return float(deviation.max() / flow[0]), float((deviation / flow)[seen].max())


def state_at(problem: Problem, overlap: float) -> tuple[float, Array]:
    """Gradient descent at η = 1e-3 until u first reaches ``overlap``: the time, and the weights w (d,).

    Raises ArithmeticError where that takes more than ten million steps.
    """
    weights, energy = problem.init, np.array([[problem.teacher_energy]])
    pull = problem.eigenvalues * problem.teacher
    for step in range(LONGEST):
        u = pull @ weights
        if u >= overlap:
            return step * STEP_SIZE, weights
        s = problem.eigenvalues @ weights**2
        gain, force = phase_retrieval.drift(np.array([s, u]), energy)
        weights = weights + STEP_SIZE * (gain[0, 0] * problem.eigenvalues * weights + force[0, 0] * pull)
    raise ArithmeticError(f"u has not reached {overlap:g} after {LONGEST} steps")
