"""The flow of one rectifier in the plane by its angle to the teacher, in the hidden layer's own coordinates.

With a = Q^{1/2} w, b = Q^{1/2} w* and the angle θ between them, and standard normal g,

    E[relu(b·g) 1(a·g > 0) g] = ((π − θ) b + |b| sin θ a/|a|) / 2π,    E[relu(a·g) g] = a/2

(Cho & Saul 2009), and ẇ = 2 Q^{1/2} times their difference. θ is taken from the cross product of a and b,
which keeps its digits at θ = π; no overlap is formed.
"""

import numpy as np
from scipy.integrate import solve_ivp

Array = np.ndarray


def path(eigenvalues: Array, teacher: Array, init: Array, times: Array) -> Array:
    """w (T, 2) at the ``times`` (T,), which ascend from 0."""
    root = np.sqrt(eigenvalues)
    b = root * teacher

    def velocity(_: float, w: Array) -> Array:
        a = root * w
        angle = np.arctan2(abs(a[0] * b[1] - a[1] * b[0]), a @ b)
        felt = ((np.pi - angle) * b + np.linalg.norm(b) * np.sin(angle) * a / np.linalg.norm(a)) / (2 * np.pi)
        return 2.0 * root * (felt - a / 2.0)

    run = solve_ivp(velocity, (0.0, times[-1]), init, "DOP853", times, rtol=1e-13, atol=1e-17)
    return run.y.T


def loss(eigenvalues: Array, teacher: Array, students: Array) -> Array:
    """E[(relu(a·g) − relu(b·g))²] (T,) of the ``students`` w (T, 2)."""
    a, b = np.sqrt(eigenvalues) * students, np.sqrt(eigenvalues) * teacher
    angle = np.arctan2(np.abs(a[:, 0] * b[1] - a[:, 1] * b[0]), a @ b)
    lengths = np.linalg.norm(a, axis=1), np.linalg.norm(b)
    mixed = lengths[0] * lengths[1] * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    return (lengths[0] ** 2 + lengths[1] ** 2) / 2.0 - mixed
