"""The flow of students in the plane, averaged over the inputs: links with a kink at 0, whatever else.

With a = Q^{1/2} w and standard normal g, ẇ_j = −2 Q^{1/2} E[(Σ_k f(a_k·g) − Σ_m h(b_m·g)) f'(a_j·g) g]. In
polar coordinates the integrand is smooth but for the angles at which a projection changes its sign: Gauss's
rules between these. No overlap is formed, and no average in closed form.

When a student crosses the line of another vector, the velocity has a kink in time, which the integrator's
error control does not see. A first run finds these times, a second one ends a step at each.
"""

from collections.abc import Callable
from itertools import combinations, pairwise

import numpy as np
from scipy.integrate import solve_ivp

Array = np.ndarray

Link = Callable[[Array], Array]

RADIUS, RADII, ANGLES = 9.5, 32, 16
PARALLEL = 1e-12  # the sine between vectors that have no side of each other


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

    def side(pair: tuple[int, int]) -> Callable[[float, Array], float]:
        """On which side of the second vector the first one is."""

        def sine(_: float, flat: Array) -> float:
            (a, b), (c, d) = np.concatenate([root * flat.reshape(shape), targets])[list(pair)]
            found = (a * d - b * c) / (np.hypot(a, b) * np.hypot(c, d))
            return found if abs(found) > PARALLEL else 1.0

        return sine

    pairs = [pair for pair in combinations(range(len(init) + len(teachers)), 2) if pair[0] < len(init)]
    control = {"method": "DOP853", "rtol": 1e-13, "atol": 1e-16}
    first = solve_ivp(
        velocity, (0.0, times[-1]), init.ravel(), events=[side(pair) for pair in pairs], **control
    )
    edges = np.unique(np.concatenate([times, [0.0], *first.t_events]))
    states = {0.0: init.ravel()}
    for begin, end in pairwise(edges):
        states[end] = solve_ivp(velocity, (begin, end), states[begin], **control).y[:, -1]
    return np.array([states[time] for time in times]).reshape(-1, *shape)


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
