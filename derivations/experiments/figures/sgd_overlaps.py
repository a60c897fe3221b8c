"""Figure 5: u, s and the MSE under online SGD."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import PaperFigure, over_seeds
from derivations.experiments.figures.sgd import NOISE_VARIANCE, PREDICTED, compare, predicted_curve
from numerics import power_law
from numerics.shown.figures import Curve, Panel

EXPONENTS = (0.5, 1.0, 1.5)
DIMENSION, STEP_SIZE = 300, 1e-3


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """One panel an exponent: SGD with a band over its seeds, and the flow."""
    compared = compare(
        EXPONENTS,
        lambda exponent: power_law(exponent, DIMENSION, "gaussian", "sphere", seed),
        STEP_SIZE,
        quick,
        seed,
        progress,
    )
    panels = []
    for exponent, run, predicted, flow in zip(
        EXPONENTS, compared.runs, compared.predictions, compared.flows, strict=True
    ):
        curves = [
            over_seeds("MSE", run, run.mse, "C0"),
            over_seeds("$|u|$", run, np.abs(run.u), "C1"),
            over_seeds("$s$", run, run.s, "C2"),
        ]
        curves += [
            predicted_curve("_predicted, MSE", predicted, predicted.mse, predicted.mse_std, "C0"),
            predicted_curve("_predicted, $|u|$", predicted, np.abs(predicted.u), predicted.u_std, "C1"),
            predicted_curve("_predicted, $s$", predicted, predicted.s, predicted.s_std, "C2"),
        ]
        followed = {"gradient flow": flow.mse, "_flow, $|u|$": np.abs(flow.u), "_flow, $s$": flow.s}
        curves += [Curve(label, compared.times, values, {}, "theory") for label, values in followed.items()]
        panels.append(
            Panel(
                curves,
                r"time $t = \eta \times$ step",
                "",
                title=f"$a = {exponent:g}$",
                limits=(compared.horizon, (1e-4, 3.0)),
            )
        )
    return PaperFigure(
        5,
        f"MSE, |u| and s under online SGD without mini-batch, label noise of variance {NOISE_VARIANCE:g}: "
        f"{compared.drawn}; {PREDICTED}; dashed: the gradient flow. The paper gives "
        f"a = {', '.join(f'{a:g}' for a in EXPONENTS)} and the noise, and refers to the "
        f"section before for d = {DIMENSION} and η = {STEP_SIZE:g}. Chosen here: "
        f"{compared.length}, Gaussian teacher with ‖w*‖_Q = 1 and sphere start from seed "
        f"{seed}, the same inputs and noise for every a, seeds from seed {seed} on.",
        compared.parameters,
        panels,
    )
