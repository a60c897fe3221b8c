"""Figure 4: the MSE of the population dynamics against the frozen approximation of phase III."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import PaperFigure, descent_label, later, oriented
from derivations.tail.statements import frozen_flow
from numerics import Problem, descend, power_law, solve
from numerics.arrays import Array
from numerics.generated import phase_retrieval
from numerics.shown.figures import Curve, Panel

EXPONENTS = (1.5, 2.0)
DIMENSION, STEP_SIZE, REACHED = 300, 1e-3, 0.9
FIRST, POINTS, DOTS = 1e-2, 400, 60
SPAN = 10.0
LONGEST = 10_000_000


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """One panel an exponent: flow, gradient descent, and frozen dynamics from T2 on; all of it is quick."""
    panels = []
    for number, exponent in enumerate(EXPONENTS):
        problem = power_law(exponent, DIMENSION, "gaussian", "sphere", seed)
        problem = oriented(problem, solve(problem, 1.0).limit.sign)
        time, weights = state_at(problem, REACHED)
        horizon = SPAN / (16.0 * problem.eigenvalues.min())
        flow = solve(problem, horizon).at(np.geomspace(FIRST, horizon, POINTS))
        descent = later(descend(problem, STEP_SIZE, round(horizon / STEP_SIZE), DOTS), FIRST)
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


def state_at(problem: Problem, overlap: float) -> tuple[float, Array]:
    """Gradient descent at η = 1e-3 until u first reaches ``overlap``: the time, and the weights w (d,).

    Raises ArithmeticError where that takes more than ten million steps.
    """
    weights, energy = problem.init, np.array([[problem.teacher_energy]])
    pull = problem.eigenvalues * problem.teacher
    for step in range(LONGEST):
        u = pull @ weights
        if u >= overlap:
            return step * STEP_SIZE, weights
        s = problem.eigenvalues @ weights**2
        gain, force = phase_retrieval.drift(np.array([s, u]), energy)
        weights = weights + STEP_SIZE * (gain[0, 0] * problem.eigenvalues * weights + force[0, 0] * pull)
    raise ArithmeticError(f"u has not reached {overlap:g} after {LONGEST} steps")


def frozen_error(problem: Problem, weights: Array, elapsed: Array) -> Array:
    """The MSE (T,) a time ``elapsed`` (T,) after T2: Σ (w_i(T2) − w*_i)² e^{−16 λ_i τ}/d [Lem 13]."""
    error = (weights - problem.teacher) ** 2
    return np.exp(-16.0 * np.outer(elapsed, problem.eigenvalues)) @ error / problem.dimension
