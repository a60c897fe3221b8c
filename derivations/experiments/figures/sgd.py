"""Online SGD of several spectra on shared inputs, beside the flows: the set-up of figures 1 and 5."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.experiments.figures.base import BAND
from numerics import Observables, Prediction, Problem, StochasticRuns, predict_sgd, shared_sgd, solve
from numerics.arrays import Array
from numerics.shown.figures import Curve

NOISE_VARIANCE = 0.05
FIRST_TIME, RECORDED_STEPS = 1e-2, 200


PREDICTED = (
    "dash-dotted: the mean of SGD as predicted without runs, its band two standard deviations of a run"
)
"""What the lines beside the runs are."""


def predicted_curve(label: str, run: Prediction, values: Array, spread: Array, colour: str) -> Curve:
    """A predicted mean from the first step on, within two deviations of a run either way."""
    mean, reach = values[1:], 2.0 * spread[1:]
    band = np.maximum(mean - reach, 0.0), mean + reach
    return Curve(label, run.t[1:], mean, {"color": colour, "linestyle": "-."}, "theory", band)


@dataclass(frozen=True)
class Comparison:
    """Runs of SGD, what is predicted of them, and the flow at the ``times`` for each spectrum, with the
    ``parameters`` of all.
    """

    runs: Sequence[StochasticRuns]
    predictions: Sequence[Prediction]
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
    steps = 10_000 if quick else 500_000
    seeds = range(seed, seed + (3 if quick else 8))
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
    times = np.geomspace(FIRST_TIME, horizon, 300)
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
    predictions = [
        predict_sgd(each, step_size, steps, noise_variance=NOISE_VARIANCE, points=RECORDED_STEPS, band=True)
        for each in problems
    ]
    return Comparison(
        runs, predictions, [solve(each, horizon).at(times) for each in problems], times, parameters
    )
