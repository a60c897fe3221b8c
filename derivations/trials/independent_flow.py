"""The flow by means of its own: the velocity from the loss by complex steps, the weights by DOP853.

Neither uses the derived velocity that the claims are about.
"""

import numpy as np
from scipy.integrate import solve_ivp

from derivations.trials.states import form
from numerics.arrays import Array

STEP = 1e-30
"""Imaginary part: the derivative of a polynomial, to rounding."""


def loss(eigenvalues: Array, teacher: Array, w: Array) -> Array:
    """E (⟨x, w⟩² − ⟨x, w*⟩²)² = 3 s² + 3 s*² − 4 u² − 2 s s* over the last axis."""
    s, u, t = (np.sum(eigenvalues * x * y, axis=-1) for x, y in ((w, w), (w, teacher), (teacher, teacher)))
    return np.asarray(3 * s**2 + 3 * t**2 - 4 * u**2 - 2 * s * t)


def velocity(eigenvalues: Array, teacher: Array, w: Array) -> Array:
    """−∇L at w (…, d).

    >>> velocity(np.array([1.0]), np.array([1.0]), np.array([0.5]))  # 12 (1 − w²) w
    array([4.5])
    """
    shifts = 1j * STEP * np.eye(w.shape[-1])
    slopes = loss(eigenvalues[..., None, :], teacher[..., None, :], w[..., None, :] + shifts).imag / STEP
    return np.asarray(-slopes)


def weights(eigenvalues: Array, teacher: Array, start: Array, times: Array) -> Array:
    """w (n, d) at increasing times ≥ 0.

    >>> w = weights(np.array([1.0]), np.array([1.0]), np.array([2.0]), np.array([0.0, 0.1]))
    >>> float(abs(w[1, 0] - (1 - 0.75 * np.exp(-2.4)) ** -0.5)) < 1e-9
    True
    """
    run = solve_ivp(
        lambda time, w: velocity(eigenvalues, teacher, w),
        (0.0, float(times[-1])),
        start,
        "DOP853",
        times,
        rtol=1e-11,
        atol=1e-14,
    )
    return np.asarray(run.y.T)


def statistics(eigenvalues: Array, teacher: Array, w: Array, order: int = 1) -> tuple[Array, Array]:
    """s^(k) and u^(k) of each row of w."""
    return form(eigenvalues, w, w, order), form(eigenvalues, w, teacher, order)
