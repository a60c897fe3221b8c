"""Figure 1: the MSE under online SGD for several exponents, against the isotropic case."""

from collections.abc import Callable
from functools import partial

import numpy as np

from derivations.experiments.figures.base import PaperFigure, over_seeds
from derivations.experiments.figures.sgd import NOISE_VARIANCE, PREDICTED, compare, predicted_curve
from numerics import Problem, power_law
from numerics.shown.figures import Curve, Panel

EXPONENTS = (0.0, 1.5, 2.0, 3.0)
DIMENSION, STEP_SIZE = 100, 2e-3


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """SGD with a band over its seeds, and the flow that it follows as the step size tends to 0."""
    compared = compare(EXPONENTS, partial(comparable, seed=seed), STEP_SIZE, quick, seed, progress)
    times = compared.times
    curves = []
    for number, (exponent, run, predicted, flow) in enumerate(
        zip(EXPONENTS, compared.runs, compared.predictions, compared.flows, strict=True)
    ):
        colour, name = f"C{number}", f"$a = {exponent:g}$" if exponent else "isotropic"
        label = "gradient flow" if exponent == EXPONENTS[-1] else f"_gradient flow, {name}"
        curves += [
            over_seeds(name, run, run.mse, colour),
            predicted_curve(f"_predicted, {name}", predicted, predicted.mse, predicted.mse_std, colour),
            Curve(label, times, flow.mse, {"color": colour}, "theory"),
        ]
    floor = np.full(2, STEP_SIZE * NOISE_VARIANCE)
    curves.append(Curve(r"label noise, $\eta\sigma^2$", times[[0, -1]], floor, {"linestyle": ":"}, "theory"))
    return PaperFigure(
        1,
        f"MSE under online SGD for a = {', '.join(f'{a:g}' for a in EXPONENTS[1:])} and isotropic inputs: "
        f"{compared.drawn}, with the same teacher, start, inputs, label noise and step size for every "
        f"spectrum; {PREDICTED}. Dashed: the gradient flow; dotted: ησ², the level at which label noise "
        "alone would hold the MSE. The paper states none of the parameters. Chosen here: "
        f"d = {DIMENSION}, ‖w*‖² = d, "
        f"η = {STEP_SIZE:g}, σ² = {NOISE_VARIANCE:g}, no mini-batch, {compared.length}, seeds from "
        f"seed {seed} on.",
        compared.parameters,
        [
            Panel(
                curves,
                r"time $t = \eta \times$ step",
                "MSE",
                limits=(compared.horizon, (0.3 * floor[0], 3.0)),
            )
        ],
    )


def comparable(exponent: float, seed: int) -> Problem:
    """The problem with the teacher scaled to ‖w*‖² = d: all exponents start from one MSE."""
    problem = power_law(exponent, DIMENSION, "gaussian", "sphere", seed)
    scale = np.sqrt(DIMENSION) / np.linalg.norm(problem.teacher)
    return Problem(problem.eigenvalues, scale * problem.teacher, problem.init)
