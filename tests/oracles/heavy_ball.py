"""The heavy ball from its definition: all modes and their velocities by SciPy, one mode by mpmath."""

import numpy as np
from mpmath import mp
from scipy.integrate import DOP853, solve_ivp


def heavy_ball(pull, start, friction, times):
    """W and Ẇ (T, K, N) at the ``times`` of Ẅ + γ Ẇ = ``pull`` (W), from rest at the ``start`` (K, N)."""

    def flow(_, flat):
        W, V = flat.reshape(2, *start.shape)
        return np.concatenate([V, pull(W) - friction * V]).ravel()

    begun = np.concatenate([start, 0 * start]).ravel()
    run = solve_ivp(flow, (0, max(times)), begun, DOP853, t_eval=times, rtol=1e-13, atol=1e-15)
    return np.moveaxis(run.y.T.reshape(len(times), 2, *start.shape), 1, 0)


def one_mode(start, friction, times, digits=30):
    """The loss 3 (w² − 1)² of phase retrieval with λ = w* = 1, and ½ ẇ²: ẅ + γẇ = 12 (w − w³)."""
    with mp.workdps(digits):
        gamma = mp.mpf(friction)
        place = mp.odefun(
            lambda _, state: [state[1], 12 * (state[0] - state[0] ** 3) - gamma * state[1]],
            0,
            [mp.mpf(start), mp.mpf(0)],
        )
        found = [place(time) for time in times]
        return [float(3 * (w**2 - 1) ** 2) for w, _ in found], [float(v**2 / 2) for _, v in found]
