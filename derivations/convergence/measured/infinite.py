"""The reference runs at d = ∞ on which the chapters on convergence and on the tail measure their laws."""

import math
from functools import cache

import numpy as np

from derivations.trials.runs import LONG_RUN
from numerics import Trajectory, power_law, solve
from numerics.shown.figures import Curve

TIMES = np.geomspace(1e8, LONG_RUN, 17)
PLOTTED = np.geomspace(0.3, 1e12, 200)


@cache
def run(exponent: float, source: float = 0.0) -> Trajectory:
    """The flow for a source teacher, flat unless B is given, at d = ∞ from the fastest direction of w = 0.

    It is solved to t = 1e24.
    """
    problem = power_law(exponent, math.inf, f"source:{source}", "escape:1e-2", horizon=LONG_RUN)
    return solve(problem, LONG_RUN)


def law_curves(number: int, exponent: float, quantity: str, prefactor: float, power: float) -> list[Curve]:
    """An observable of the run for ``exponent`` in colour ``number``, and prefactor · t^power, dashed."""
    solved = getattr(run(exponent).at(PLOTTED), quantity)
    return [
        Curve(f"a = {exponent:g}", PLOTTED, solved, {"color": f"C{number}"}),
        Curve("", PLOTTED, prefactor * PLOTTED**power, {"color": "0.2", "linestyle": "--", "linewidth": 0.9}),
    ]
