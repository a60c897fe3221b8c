"""The flow of a network on inputs in the plane, its averages by the trapezium rule."""

import numpy as np
from scipy.integrate import solve_ivp

STEP = 0.2
NODES = np.arange(-10.0, 10.01, STEP)
"""Up to 10 deviations: links of degree 3 feel the tails beyond 8."""


def averaged_velocity(problem, links, slopes, weights):
    """ẇ_j = −2 c_j E[(Σ_k c_k f_k(w_k·x) − Σ_m c_m f_m(w*_m·x)) f_j'(w_j·x) x] of two modes."""
    density = np.exp(-(NODES**2) / 2) / np.sqrt(2 * np.pi) * STEP
    plane, mass = np.stack(np.meshgrid(NODES, NODES)).reshape(2, -1), np.outer(density, density).ravel()
    inputs = np.sqrt(problem.eigenvalues)[:, None] * plane

    def output(rows):
        return sum(c * link(row @ inputs) for c, link, row in zip(weights, links, rows, strict=True))

    target = output(problem.teachers)

    def velocity(students):
        error = mass * (output(students) - target)
        rows = zip(weights, slopes, students, strict=True)
        return np.stack([-2 * c * inputs @ (error * slope(row @ inputs)) for c, slope, row in rows])

    return velocity


def integrated(problem, velocity, times):
    """The weights (times, K, N) by SciPy at rtol 1e-12."""
    start = problem.students
    run = solve_ivp(
        lambda _, flat: velocity(flat.reshape(start.shape)).ravel(),
        (0.0, times[-1]),
        start.ravel(),
        method="DOP853",
        t_eval=times,
        rtol=1e-12,
        atol=1e-14,
    )
    return run.y.T.reshape(len(times), *start.shape)
