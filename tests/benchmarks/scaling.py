"""Time of a solve against the dimension and the horizon: ``make scaling`` draws figures/scaling.svg."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from numerics import power_law, solve
from numerics.shown.figures import Curve, Panel, draw, encode

DIMENSIONS = [1e2, 1e4, 1e6, 1e8, 1e10, 1e12, 1e15]
HORIZONS = [1e3, 1e6, 1e9, 1e12, 1e15, 1e18, 1e21, 1e24]
ROUNDS = 5


def seconds(call: Callable[[], object]) -> float:
    """The median time of a call, after one to warm up."""
    call()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return median(taken)


def flat(dimension: float, until: float) -> float:
    """Problem and solve for a = 2, a flat teacher and the escape start."""
    return seconds(lambda: solve(power_law(2, dimension, init="escape:1e-3", horizon=until), until))


def main() -> None:
    by_dimension = [flat(dimension, 1e9) for dimension in DIMENSIONS]
    by_horizon = [flat(np.inf, until) for until in HORIZONS]
    panels = [
        Panel([Curve("to t = 1e9", np.array(DIMENSIONS), np.array(by_dimension))], "dimension d", "seconds"),
        Panel([Curve("d = ∞", np.array(HORIZONS), np.array(by_horizon))], "horizon t", "seconds"),
    ]
    path = Path("figures/scaling.svg")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode(draw(panels), "svg"))
    for name, places, taken in (("d", DIMENSIONS, by_dimension), ("t", HORIZONS, by_horizon)):
        for place, spent in zip(places, taken, strict=True):
            print(f"{name} = {place:.0e}: {1e3 * spent:.0f} ms")


if __name__ == "__main__":
    main()
