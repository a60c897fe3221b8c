"""Figure 2: MSE, u and s under population gradient descent, and the three phases."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import PaperFigure, later
from derivations.setting.measured.trajectory import (
    DELTA,
    DIMENSION,
    EPSILON,
    EXPONENT,
    FIRST,
    HORIZON,
    STEP_SIZE,
    STEPS,
)
from derivations.trials.spread import FEW_SEEDS, SEEDS, spread
from numerics import descend, power_law, solve
from numerics.shown.figures import phase_panel


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """The flow and gradient descent of one seed, over the whole horizon, and the flow over many seeds."""
    problem = power_law(EXPONENT, DIMENSION, "gaussian", "sphere", seed)
    run = solve(problem, HORIZON)
    descent = descend(problem, STEP_SIZE, STEPS, 60, progress=lambda done: progress(done / STEPS))
    panel = phase_panel(
        run.at(np.geomspace(FIRST, HORIZON, 400)), run.phases(DELTA, EPSILON), later(descent, FIRST)
    )
    seeds = FEW_SEEDS if quick else SEEDS
    many = spread(EXPONENT, DIMENSION, HORIZON, FIRST, DELTA, EPSILON, seeds)
    return PaperFigure(
        2,
        f"MSE, |u| and s for a = {EXPONENT}, d = {DIMENSION}: gradient flow (lines) and population gradient "
        f"descent at η = {STEP_SIZE:g} (circles, time = η × step), both from seed {seed}, as are the T1, "
        f"T1' and T2 marked; dotted the median of the flow over {seeds} seeds, with the band from the 5% to "
        f"the 95% quantile. Over these seeds, median [5%, 95%]: {many.told()}. T1: first |u| = {DELTA:g}; "
        f"T1': s crosses 1/3 for good; T2: |u| and s within ε = {EPSILON:g} of 1 for good. The paper gives "
        "a, d, η, ε and T = 10^7, not whether T counts steps or time: here it is the time of the flow, and "
        f"{STEPS:,} steps. Chosen here: Gaussian teacher and sphere start from seed {seed}, δ = {DELTA:g}.",
        {
            "exponent": EXPONENT,
            "dimension": DIMENSION,
            "step_size": STEP_SIZE,
            "steps": STEPS,
            "horizon": HORIZON,
            "delta": DELTA,
            "epsilon": EPSILON,
            "seed": seed,
            "seeds": list(range(seeds)),
        },
        [many.behind(panel)],
    )
