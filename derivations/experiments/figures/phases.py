"""Figure 2: MSE, u and s under population gradient descent, and the three phases."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import PaperFigure, later
from derivations.trials.spread import FEW_SEEDS, SEEDS, spread
from numerics import descend, power_law, solve
from numerics.shown.figures import phase_panel

EXPONENT, DIMENSION, STEP_SIZE, HORIZON, DELTA, EPSILON = 2, 1000, 1e-2, 1e7, 0.1, 0.05
FIRST, POINTS, DOTS = 1e-3, 400, 60


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """The flow and gradient descent of one seed, over the whole horizon, and the flow over many seeds."""
    steps = round(HORIZON / STEP_SIZE)
    problem = power_law(EXPONENT, DIMENSION, "gaussian", "sphere", seed)
    run = solve(problem, HORIZON)
    descent = descend(problem, STEP_SIZE, steps, DOTS, progress=lambda done: progress(done / steps))
    panel = phase_panel(
        run.at(np.geomspace(FIRST, HORIZON, POINTS)), run.phases(DELTA, EPSILON), later(descent, FIRST)
    )
    seeds = FEW_SEEDS if quick else SEEDS
    many = spread(EXPONENT, DIMENSION, HORIZON, FIRST, DELTA, EPSILON, seeds)
    return PaperFigure(
        2,
        f"MSE, |u| and s for a = {EXPONENT}, d = {DIMENSION}: gradient flow (lines) and population "
        f"gradient descent at η = {STEP_SIZE:g} (circles, time = η × step), both from seed {seed}, as are "
        f"the T1, T1' and T2 marked; dotted the median of the flow over {seeds} seeds, with the band from "
        f"the 5% to the 95% quantile. Over these seeds, median [5%, 95%]: {many.told()}. "
        f"T1: first |u| = {DELTA:g}; "
        f"T1': s crosses 1/3 for good; T2: |u| and s within ε = {EPSILON:g} of 1 for good. The paper gives "
        "a, d, η, ε and T = 10^7, not whether T counts steps or time: here it is the time of the flow, "
        f"and {steps:,} steps. Chosen here: Gaussian teacher and sphere start from seed {seed}, δ = "
        f"{DELTA:g}.",
        {
            "exponent": EXPONENT,
            "dimension": DIMENSION,
            "step_size": STEP_SIZE,
            "steps": steps,
            "horizon": HORIZON,
            "delta": DELTA,
            "epsilon": EPSILON,
            "seed": seed,
            "seeds": list(range(seeds)),
        },
        [many.behind(panel)],
    )
