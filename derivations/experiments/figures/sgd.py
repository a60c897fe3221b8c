"""Online SGD of several spectra on shared inputs, beside the flows: the set-up of figures 1 and 5."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.experiments.figures.base import BAND
from numerics import Observables, Problem, StochasticRuns, shared_sgd, solve
from numerics.arrays import Array

NOISE_VARIANCE = 0.05
STEPS, QUICK_STEPS = 500_000, 10_000
SEEDS, QUICK_SEEDS = 8, 3
FIRST_TIME, FLOW_TIMES, RECORDED_STEPS = 1e-2, 300, 200


@dataclass(frozen=True)
class Comparison:
    """A run of SGD and the flow at the ``times`` for each spectrum, and the ``parameters`` of both."""

    runs: Sequence[StochasticRuns]
    flows: Sequence[Observables]
    times: Array
    parameters: dict[str, Any]

    @property
    def horizon(self) -> tuple[float, float]:
        """First and last time."""
        return FIRST_TIME, float(self.times[-1])

    @property
    def drawn(self) -> str:
        """What the lines and bands of SGD are."""
        low, high = BAND
        seeds = len(self.parameters["seeds"])
        return f"median of {seeds} seeds and band from the {low:.0%} to the {high:.0%} quantile"

    @property
    def length(self) -> str:
        """How long a run is."""
        return f"{self.parameters['steps']:,} steps (time = η × step)"


def compare(
    exponents: Sequence[float],
    problem: Callable[[float], Problem],
    step_size: float,
    quick: bool,
    seed: int,
    progress: Callable[[float], None],
) -> Comparison:
    """Run SGD without mini-batch on the ``problem`` of each exponent, all on the inputs of the same seeds."""
    steps = QUICK_STEPS if quick else STEPS
    seeds = range(seed, seed + (QUICK_SEEDS if quick else SEEDS))
    problems = [problem(exponent) for exponent in exponents]
    runs = shared_sgd(
        problems,
        step_size,
        steps,
        noise_variance=NOISE_VARIANCE,
        seeds=seeds,
        points=RECORDED_STEPS,
        progress=lambda done: progress(done / steps),
    )
    horizon = steps * step_size
    times = np.geomspace(FIRST_TIME, horizon, FLOW_TIMES)
    parameters = {
        "exponents": list(exponents),
        "dimension": len(problems[0].eigenvalues),
        "step_size": step_size,
        "noise_variance": NOISE_VARIANCE,
        "batch": 1,
        "steps": steps,
        "seeds": list(seeds),
        "seed": seed,
    }
    return Comparison(runs, [solve(each, horizon).at(times) for each in problems], times, parameters)
