"""Figure 4: the MSE of the population dynamics against the frozen approximation of phase III."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import PaperFigure, descent_label, later
from derivations.tail.frozen import DIMENSION, REACHED, SPAN, STEP_SIZE, frozen_error, state_at
from derivations.tail.statements import frozen_flow
from derivations.trials.runs import oriented
from numerics import descend, power_law, solve
from numerics.shown.figures import Curve, Panel

EXPONENTS = (1.5, 2.0)
FIRST, POINTS = 1e-2, 400


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """One panel an exponent: flow, gradient descent, and frozen dynamics from T2 on; all of it is quick."""
    panels = []
    for number, exponent in enumerate(EXPONENTS):
        problem = power_law(exponent, DIMENSION, "gaussian", "sphere", seed)
        problem = oriented(problem, solve(problem, 1.0).limit.sign)
        time, weights = state_at(problem, REACHED)
        horizon = SPAN / (16.0 * problem.eigenvalues.min())
        flow = solve(problem, horizon).at(np.geomspace(FIRST, horizon, POINTS))
        descent = later(descend(problem, STEP_SIZE, round(horizon / STEP_SIZE), 60), FIRST)
        after = np.geomspace(time, horizon, POINTS)
        frozen = frozen_error(problem, weights, after - time)
        label = f"frozen: ${frozen_flow().latex}$ from $T_2$"
        panels.append(
            Panel(
                [
                    Curve("flow", flow.t, flow.mse),
                    Curve(descent_label(STEP_SIZE), descent.t, descent.mse, {"color": "C0"}, "descent"),
                    Curve(label, after, frozen, {}, "theory"),
                    Curve(
                        f"$T_2$: $u = {REACHED:g}$",
                        after[:1],
                        frozen[:1],
                        {"marker": "s", "color": "C1"},
                        "descent",
                    ),
                ],
                "time $t$",
                "MSE",
                title=f"$a = {exponent:g}$",
                limits=(None, (1e-3 * flow.mse[0], 2.0 * flow.mse[0])),
            )
        )
        progress((number + 1) / len(EXPONENTS))
    return PaperFigure(
        4,
        f"MSE for d = {DIMENSION}: gradient flow (line), population gradient descent at η = {STEP_SIZE:g} "
        "(circles), and the frozen approximation (dashed), which sets u = s = 1 in the velocity from T2 "
        f"on, where u first reaches {REACHED:g} under gradient descent. The paper gives d, η and u(T2), "
        f"not a. Chosen here: a = {' and '.join(f'{a:g}' for a in EXPONENTS)}, Gaussian teacher with "
        f"‖w*‖_Q = 1 and sphere start from seed {seed}.",
        {
            "exponents": list(EXPONENTS),
            "dimension": DIMENSION,
            "step_size": STEP_SIZE,
            "overlap_at_t2": REACHED,
            "seed": seed,
        },
        panels,
    )
