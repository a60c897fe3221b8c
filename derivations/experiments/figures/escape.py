"""Figure 3: the overlap u(t) for several exponents, and the exponential law of its escape."""

from collections.abc import Callable

import numpy as np

from derivations.experiments.figures.base import PaperFigure, descent_label, later
from derivations.trials.runs import oriented
from numerics import Problem, descend, power_law, solve
from numerics.problems.linearisation import escape_direction
from numerics.shown.figures import Curve, Panel

DIMENSION, STEP_SIZE = 1000, 1e-3
FIRST, POINTS = 1e-3, 400
HORIZON = 300.0
CLOCK = 8.0


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """u against t, and |u| against ρt next to the law c e^{ρt}, so that all slopes are 1."""
    exponents = (1.0, 2.0) if quick else (0.5, 1.0, 1.5, 2.0, 4.0)
    overlaps, growths = [], []
    for number, exponent in enumerate(exponents):
        problem = power_law(exponent, DIMENSION, "gaussian", "sphere", seed)
        problem = oriented(problem, solve(problem, 1.0).limit.sign)
        times = np.geomspace(FIRST, HORIZON, POINTS)
        rate, amplitude = growth(problem)
        run = solve(problem, max(HORIZON, CLOCK / rate))
        steps = round(HORIZON / STEP_SIZE)
        descent = later(descend(problem, STEP_SIZE, steps, 60), FIRST)
        colour = {"color": f"C{number}"}
        label = f"$a = {exponent:g}$"
        last = number == len(exponents) - 1
        overlaps += [
            Curve(label, times, run.at(times).u, colour),
            Curve(
                descent_label(STEP_SIZE) if last else f"_gradient descent, {label}",
                descent.t,
                descent.u,
                colour,
                "descent",
            ),
        ]
        clock = np.linspace(0.0, CLOCK, POINTS)
        law = np.abs(amplitude) * np.exp(clock)
        growths += [
            Curve(label, clock, np.abs(run.at(clock / rate).u), colour),
            Curve(
                r"$c\,e^{\rho t}$" if last else rf"_$c\,e^{{\rho t}}$, {label}",
                clock,
                np.where(law < 0.3, law, np.nan),
                {},
                "theory",
            ),
        ]
        progress((number + 1) / len(exponents))
    return PaperFigure(
        3,
        f"Overlap u against time for several exponents a, d = {DIMENSION}: gradient flow (lines) and "
        f"population gradient descent at η = {STEP_SIZE:g} (circles). Dashed: the exponential law c e^(ρt) "
        "of the linearised flow, ρ the root of the secular equation and c the residue of its pole; it "
        "holds while s is small, and once slower modes have died out. The paper gives d and η. "
        f"Chosen here: the exponents {', '.join(f'{a:g}' for a in exponents)}; Gaussian teacher and sphere "
        f"start from seed {seed}, the same draws for every a; the sign of the teacher such that u → 1.",
        {"exponents": list(exponents), "dimension": DIMENSION, "step_size": STEP_SIZE, "seed": seed},
        [
            Panel(overlaps, "time $t$", "$u$", "log", "linear"),
            Panel(growths, r"time in units of the escape, $\rho t$", "$|u|$", "linear", "log"),
        ],
    )


def growth(problem: Problem) -> tuple[float, float]:
    """ρ and the amplitude c of u ~ c e^{ρt} [P9], time in units of the flow.

    c = â(ρ)/D'(ρ): the part of u(0) along the fastest direction, c/√d in the paper's notation.
    """
    rate, _ = escape_direction(problem.eigenvalues, problem.teacher)
    response = problem.eigenvalues / (rate - 4.0 * problem.eigenvalues)
    along = response @ (problem.init * problem.teacher)
    return rate, float(along / (8.0 * np.sum((response * problem.teacher) ** 2)))
