"""Figure 1: the MSE under online SGD for several exponents, against the isotropic case."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import BAND, PaperFigure, over_seeds
from numerics import Problem, power_law, shared_sgd, solve
from numerics.shown.figures import Curve, Panel

EXPONENTS = (0.0, 1.5, 2.0, 3.0)
DIMENSION, STEP_SIZE, NOISE_VARIANCE = 100, 2e-3, 0.05
STEPS, QUICK_STEPS = 500_000, 10_000
SEEDS, QUICK_SEEDS = 8, 3
FIRST, POINTS, RECORDED = 1e-2, 300, 200


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """SGD with a band over its seeds, and the flow that it follows as the step size tends to 0."""
    steps = QUICK_STEPS if quick else STEPS
    seeds = range(seed, seed + (QUICK_SEEDS if quick else SEEDS))
    problems = [comparable(exponent, seed) for exponent in EXPONENTS]
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
    curves = []
    for number, (exponent, problem, run) in enumerate(zip(EXPONENTS, problems, runs, strict=True)):
        colour, name = f"C{number}", f"$a = {exponent:g}$" if exponent else "isotropic"
        label = "gradient flow" if exponent == EXPONENTS[-1] else f"_gradient flow, {name}"
        curves += [
            over_seeds(name, run, run.mse, colour),
            Curve(label, times, solve(problem, horizon).at(times).mse, {"color": colour}, "theory"),
        ]
    floor = np.full(2, STEP_SIZE * NOISE_VARIANCE)
    curves.append(Curve(r"label noise, $\eta\sigma^2$", times[[0, -1]], floor, {"linestyle": ":"}, "theory"))
    return PaperFigure(
        1,
        f"MSE under online SGD for a = {', '.join(f'{a:g}' for a in EXPONENTS[1:])} and isotropic inputs: "
        f"median of {len(seeds)} seeds and band from the {BAND[0]:.0%} to the {BAND[1]:.0%} quantile, with "
        "the same teacher, start, inputs, label noise and step size for every spectrum. Dashed: the "
        "gradient flow; dotted: ησ², the level at which label noise alone would hold the MSE. The paper "
        f"states none of the parameters. Chosen here: d = {DIMENSION}, ‖w*‖² = d, η = {STEP_SIZE:g}, σ² = "
        f"{NOISE_VARIANCE:g}, no mini-batch, {steps:,} steps (time = η × step), seeds from seed {seed} on.",
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
        [
            Panel(
                curves,
                r"time $t = \eta \times$ step",
                "MSE",
                limits=((FIRST, horizon), (0.3 * floor[0], 3.0)),
            )
        ],
    )


def comparable(exponent: float, seed: int) -> Problem:
    """The problem with the teacher scaled to ‖w*‖² = d: all exponents start from one MSE."""
    problem = power_law(exponent, DIMENSION, "gaussian", "sphere", seed)
    scale = np.sqrt(DIMENSION) / np.linalg.norm(problem.teacher)
    return Problem(problem.eigenvalues, scale * problem.teacher, problem.init)
