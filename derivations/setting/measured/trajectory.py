"""Section: the three phases of one run, by the flow and by gradient descent (figure 2)."""

import numpy as np

from derivations.press.evidence import Check, Comparison, Figure, Section
from derivations.trials.spread import SEEDS, spread
from numerics import descend, power_law, solve
from numerics.shown.figures import STYLE, draw, phase_panel, to_svg

EXPONENT, DIMENSION, STEP_SIZE, EPSILON = 2, 1000, 1e-2, 0.05
FIRST, DELTA = 1e-3, 0.1
HORIZON = 1e7
STEPS = round(HORIZON / STEP_SIZE)
SEED = 3


def section(quick: bool) -> Section:
    """Figure 2 of the paper: MSE, u and s for a = 2, d = 1000, Gaussian teacher, sphere start."""
    problem = power_law(EXPONENT, DIMENSION, teacher="gaussian", init="sphere", seed=SEED)
    run = solve(problem, HORIZON)
    descent = descend(problem, STEP_SIZE, STEPS, points=60)
    flow = run.at(np.geomspace(FIRST, HORIZON, 400))
    phases = run.phases(DELTA, EPSILON)
    slack = 2.0 * flow.one_minus_u - flow.one_minus_s - flow.one_minus_u**2
    settled = run.at([phases.t2])
    same_times = run.at(descent.t)
    late = descent.t > 1.0
    gap = np.abs(descent.mse - same_times.mse)[late].max() / same_times.mse[0]
    many = spread(EXPONENT, DIMENSION, HORIZON, FIRST, DELTA, EPSILON, SEEDS)
    panel = phase_panel(flow, phases, descent)
    # of 1 − u
    return Section(
        title="Three phases",
        text=(
            f"Population flow for $a = {EXPONENT}$, $d = {DIMENSION}$, Gaussian teacher, start on the unit "
            r"sphere, over the whole horizon $t \le 10^7$; circles are gradient descent at $\eta = "
            rf"{STEP_SIZE:g}$, the map itself, for {STEPS:,} steps, $t = \eta \times$ step. With seed {SEED} "
            f"the run tends to {run.limit.name}: {run.limit.reason}. $T_1$ = {phases.t1:.5g} (first $|u| = "
            f"s_*/10$), $T_1'$ = {phases.t1_prime:.5g} ($s$ crosses $s_*/3$ for good), $T_2$ = "
            rf"{phases.t2:.5g} ($\varepsilon = {EPSILON:g}$); {run.steps} steps on "
            f"{len(run.problem.eigenvalues)} modes. Over {SEEDS} seeds, median [5 %, 95 %]: {many.told()}."
        ),
        comparisons=[
            Comparison(
                "max(|1 − u|, |1 − s|) at T2",
                "T1",
                EPSILON,
                float(max(abs(settled.one_minus_u[0]), abs(settled.one_minus_s[0]))),
                1e-9,
            ),
        ],
        checks=[
            Check(
                "phases in order: T1 < T1' < T2",
                "T1",
                bool(phases.t1 < phases.t1_prime < phases.t2),
                f"{phases.t1:.4g} < {phases.t1_prime:.4g} < {phases.t2:.4g}",
            ),
            Check("the loss never rises", "P3", bool(np.all(np.diff(flow.loss) < 0)), "at 400 times"),
            Check("u² ≤ s s*", "P1", bool(np.all(slack >= -1e-12 * flow.one_minus_u)), "at 400 times"),
            Check(
                "gradient descent follows the flow after t = 1",
                "figure 2",
                bool(gap < 5.0 * STEP_SIZE),
                f"largest gap of the MSE {gap:.1e} of its start, at most 5 η",
            ),
        ],
        figures=[
            Figure(
                to_svg(draw([many.behind(panel)], STYLE)),
                f"MSE, |u|, s for a = {EXPONENT}, d = {DIMENSION}: flow (lines) and gradient descent "
                f"(circles) of seed {SEED}, with its phases; median (dotted) and 5–95 % band of the flow "
                f"over {SEEDS} seeds.",
            )
        ],
    )
