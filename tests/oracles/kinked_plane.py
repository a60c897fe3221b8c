"""The flow of students in the plane, averaged over the inputs: links with a kink at 0, whatever else.

With a = Q^{1/2} w and standard normal g, ẇ_j = −2 Q^{1/2} E[(Σ_k f(a_k·g) − Σ_m h(b_m·g)) f'(a_j·g) g]. In
polar coordinates the integrand is smooth but for the angles at which a projection changes its sign: Gauss's
rules between these. No overlap is formed, and no average in closed form.
"""

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

Array = np.ndarray

Link = Callable[[Array], Array]

RADIUS, RADII, ANGLES = 9.5, 32, 16


def path(
    link: Link,
    slope: Link,
    teacher_link: Link,
    eigenvalues: Array,
    teachers: Array,
    init: Array,
    times: Array,
) -> Array:
    """W (T, K, 2) at the ``times`` (T,), which ascend from 0, from ``init`` (K, 2); ``teachers`` (M, 2)."""
    root, shape = np.sqrt(eigenvalues), init.shape
    targets = root * teachers

    def velocity(_: float, flat: Array) -> Array:
        students = root * flat.reshape(shape)
        inputs, weights = _rule(np.concatenate([students, targets]))
        projections = students @ inputs
        error = link(projections).sum(axis=0) - teacher_link(targets @ inputs).sum(axis=0)
        return (-2.0 * root * ((weights * error * slope(projections)) @ inputs.T)).ravel()

    run = solve_ivp(velocity, (0.0, times[-1]), init.ravel(), "DOP853", times, rtol=1e-13, atol=1e-16)
    return run.y.T.reshape(-1, *shape)


def _rule(directions: Array) -> tuple[Array, Array]:
    """Inputs g (2, P) and weights (P,) of a standard normal g, with kinks across ``directions`` (n, 2)."""
    kinks = np.arctan2(directions[:, 0], -directions[:, 1])
    edges = np.sort(np.concatenate([kinks, kinks + np.pi]) % (2 * np.pi))
    starts, widths = edges, np.diff(edges, append=edges[0] + 2 * np.pi)
    points, weights = np.polynomial.legendre.leggauss(ANGLES)
    angles = (starts + 0.5 * widths) + 0.5 * widths * points[:, None]
    arcs = 0.5 * widths * weights[:, None]
    radii, steps = np.polynomial.legendre.leggauss(RADII)
    radii, steps = 0.5 * RADIUS * (1.0 + radii), 0.5 * RADIUS * steps
    density = steps * radii * np.exp(-0.5 * radii**2) / (2.0 * np.pi)
    inputs = np.stack([np.cos(angles), np.sin(angles)]).reshape(2, 1, -1) * radii[:, None]
    return inputs.reshape(2, -1), np.outer(density, arcs.ravel()).ravel()
