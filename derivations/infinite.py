"""The reference runs at d = ∞ that the chapters on convergence and on the tail measure their laws on."""

import math
from functools import cache

import numpy as np

from numerics import Trajectory, power_law, solve

HORIZON = 1e24
TIMES = np.geomspace(1e8, HORIZON, 17)
PLOTTED = np.geomspace(0.3, 1e12, 200)


@cache
def run(exponent: float) -> Trajectory:
    """The flow for a flat teacher at d = ∞ from the fastest direction of w = 0, to t = 1e24."""
    return solve(power_law(exponent, math.inf, init="escape:1e-2", horizon=HORIZON), HORIZON)
