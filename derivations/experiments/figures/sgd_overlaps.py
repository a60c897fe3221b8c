"""Figure 5: u, s and the MSE under online SGD."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import BAND, PaperFigure, over_seeds
from numerics import power_law, shared_sgd, solve
from numerics.shown.figures import Curve, Panel

EXPONENTS = (0.5, 1.0, 1.5)
DIMENSION, STEP_SIZE, NOISE_VARIANCE = 300, 1e-3, 0.05
STEPS, QUICK_STEPS = 500_000, 10_000
SEEDS, QUICK_SEEDS = 8, 3
FIRST, POINTS, RECORDED = 1e-2, 300, 200
LOWEST = 1e-4


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """One panel an exponent: SGD with a band over its seeds, and the flow."""
    steps = QUICK_STEPS if quick else STEPS
    seeds = range(seed, seed + (QUICK_SEEDS if quick else SEEDS))
    problems = [power_law(exponent, DIMENSION, "gaussian", "sphere", seed) for exponent in EXPONENTS]
    runs = shared_sgd(
        problems,
        STEP_SIZE,
        steps,
        noise_variance=NOISE_VARIANCE,
        seeds=seeds,
        points=RECORDED,
        progress=lambda done: progress(done / steps),
    )
    horizon = steps * STEP_SIZE
    times = np.geomspace(FIRST, horizon, POINTS)
    panels = []
    for exponent, problem, run in zip(EXPONENTS, problems, runs, strict=True):
        flow = solve(problem, horizon).at(times)
        curves = [
            over_seeds("MSE", run, run.mse, "C0"),
            over_seeds("$|u|$", run, np.abs(run.u), "C1"),
            over_seeds("$s$", run, run.s, "C2"),
        ]
        predicted = {"gradient flow": flow.mse, "_flow, $|u|$": np.abs(flow.u), "_flow, $s$": flow.s}
        curves += [Curve(label, times, values, {}, "theory") for label, values in predicted.items()]
        panels.append(
            Panel(
                curves,
                r"time $t = \eta \times$ step",
                "",
                title=f"$a = {exponent:g}$",
                limits=((FIRST, horizon), (LOWEST, 3.0)),
            )
        )
    return PaperFigure(
        5,
        f"MSE, |u| and s under online SGD without mini-batch, label noise of variance {NOISE_VARIANCE:g}: "
        f"median of {len(seeds)} seeds and band from the {BAND[0]:.0%} to the {BAND[1]:.0%} quantile; "
        f"dashed: the gradient flow. The paper gives a = {', '.join(f'{a:g}' for a in EXPONENTS)} and the "
        f"noise, and refers to the section before for d = {DIMENSION} and η = {STEP_SIZE:g}. Chosen here: "
        f"{steps:,} steps (time = η × step), Gaussian teacher with ‖w*‖_Q = 1 and sphere start from seed "
        f"{seed}, the same inputs and noise for every a, seeds from seed {seed} on.",
        {
            "exponents": list(EXPONENTS),
            "dimension": DIMENSION,
            "step_size": STEP_SIZE,
            "noise_variance": NOISE_VARIANCE,
            "batch": 1,
            "steps": steps,
            "seeds": list(seeds),
            "seed": seed,
        },
        panels,
    )
