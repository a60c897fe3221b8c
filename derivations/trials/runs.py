"""The runs on which asymptotic claims are measured, each solved once."""

import math
from functools import cache

from numerics import Problem, Trajectory, power_law, solve

LONG_RUN = 1e24
"""Until then the flow at d = ∞ is followed, to read off how it converges."""

RATIOS = 5e-3
"""A measured constant may differ by this fraction from the one claimed."""


def exponents_of(quick: bool) -> tuple[float, ...]:
    """The exponents of the spectra on which laws are measured."""
    return (1.5, 3.0) if quick else (1.2, 1.5, 2.0, 2.5, 3.0, 4.0)


@cache
def escape_run(exponent: float, dimension: float, horizon: float = 1e16) -> Trajectory:
    """The flow for a flat teacher from the fastest direction of w = 0, s(0) = 1/d, or 10^{-12} at d = ∞."""
    size = 1e-6 if math.isinf(dimension) else dimension**-0.5
    return solve(power_law(exponent, dimension, init=f"escape:{size!r}", horizon=horizon), horizon)


@cache
def sphere_run(exponent: float, dimension: int, seed: int, horizon: float) -> Trajectory:
    """The paper's set-up: Gaussian teacher, start uniform on the unit sphere."""
    return solve(power_law(exponent, dimension, "gaussian", seed=seed), horizon)


def oriented(problem: Problem, sign: int) -> Problem:
    """The same problem with the teacher that the run is bound for: the paper's u > 0, by outcome."""
    return Problem(problem.eigenvalues, sign * problem.teacher, problem.init, problem.dimension)
