"""The flow of figure 2 over many teachers and starts: one alone says little, T2 varies a hundredfold."""

from functools import cache
from typing import NamedTuple

import numpy as np

from numerics import power_law, solve
from numerics.arrays import Array
from numerics.shown.figures import Curve, Panel
from numerics.shown.phases import Phases

SEEDS, FEW_SEEDS = 60, 20
LEVELS = (0.05, 0.5, 0.95)
"""Quantiles: the ends of the bands, and the median between them."""

KOLMOGOROV = 1.95
"""√n times the distance of n draws' distribution from their law exceeds this once in a thousand times."""


class Spread(NamedTuple):
    """Quantiles (3, n) of MSE, |u| and s at the ``times`` (n,), and those of the phases."""

    times: Array
    mse: Array
    overlap: Array
    energy: Array
    phases: tuple[Phases, Phases, Phases]

    def behind(self, panel: Panel) -> Panel:
        """The panel with the medians and their bands, and room for these."""
        shown = {"MSE": self.mse, "$|u|$": self.overlap, "$s$": self.energy}
        curves = [
            Curve(
                f"_median of {name}",
                self.times,
                middle,
                {"color": f"C{number}", "linestyle": ":", "linewidth": 0.9},
                band=(low, high),
            )
            for number, (name, (low, middle, high)) in enumerate(shown.items())
        ]
        across, up = panel.limits
        if up is not None:
            up = (up[0], max(up[1], 1.6 * max(float(values.max()) for values in shown.values())))
        return panel._replace(curves=[*panel.curves, *curves], limits=(across, up))

    def told(self) -> str:
        """Median and band of the phases in words."""
        low, middle, high = self.phases
        return ", ".join(
            f"{name} {getattr(middle, field):.3g} [{getattr(low, field):.3g}, {getattr(high, field):.3g}]"
            for name, field in (("T1", "t1"), ("T1'", "t1_prime"), ("T2", "t2"))
        )


@cache
def spread(
    exponent: float, dimension: int, horizon: float, first: float, delta: float, epsilon: float, seeds: int
) -> Spread:
    """Of Gaussian teachers and sphere starts with that many seeds, from 0 on."""
    times = np.geomspace(first, horizon, 200)
    runs = [
        solve(power_law(exponent, dimension, "gaussian", "sphere", seed), horizon) for seed in range(seeds)
    ]
    seen = [run.at(times) for run in runs]
    phases = np.quantile([run.phases(delta, epsilon) for run in runs], LEVELS, axis=0)
    return Spread(
        times,
        np.quantile([run.mse for run in seen], LEVELS, axis=0),
        np.quantile([np.abs(run.u) for run in seen], LEVELS, axis=0),
        np.quantile([run.s for run in seen], LEVELS, axis=0),
        (Phases(*phases[0]), Phases(*phases[1]), Phases(*phases[2])),
    )
