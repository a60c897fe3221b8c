"""Figure 6: the rate at which 1 − u decays, for several exponents and dimensions."""

import math
from collections.abc import Callable

import numpy as np

from derivations.convergence import statements as laws
from derivations.experiments.figures.base import PaperFigure
from derivations.press.linear import linear
from derivations.press.typeset import latex
from numerics import power_law, solve
from numerics.problems.power_law import gaussian_teacher
from numerics.shown.figures import Curve, Panel
from theory.asymptotics import PowerLaw, overlap_prefactor, summary_exponent

SPAN = 5.0
"""Curves end that many times 1/(8λ_d) after the start."""


def figure(quick: bool, seed: int, progress: Callable[[float], None]) -> PaperFigure:
    """One panel an exponent: 1 − |u| for every dimension, and the predicted law C t^{−γ}."""
    exponents = (2.0,) if quick else (1.0, 1.5, 2.0, 4.0)
    dimensions = (500, 2000) if quick else (500, 2000, 5000)
    panels = []
    for number, exponent in enumerate(exponents):
        panels.append(_panel(exponent, dimensions, seed))
        progress((number + 1) / len(exponents))
    last = linear(latex(laws.window().clauses[1].sides[1]))
    return PaperFigure(
        6,
        f"1 − |u| against time for a = {', '.join(f'{a:g}' for a in exponents)} and d = "
        f"{', '.join(map(str, dimensions))}: gradient flow (lines) and the predicted law "
        f"{linear(latex(laws.POWER))}, {linear(laws.slowness().latex)} (dashed), for random teachers on "
        f"average and times well below {last}, where the exponential of the last mode takes over; at a = 1 "
        "there is no such law. The paper's panels are a = 1.5, 2, 4, its text names 1, 1.5, 4; all are "
        f"shown. Chosen here: the flow itself, to {SPAN:g} times {last}; Gaussian teacher and sphere start "
        f"from seed {seed}, the smaller d the first modes of the larger.",
        {"exponents": list(exponents), "dimensions": list(dimensions), "seed": seed},
        panels,
        columns=2 if len(panels) > 1 else 1,
    )


def _panel(exponent: float, dimensions: tuple[int, ...], seed: int) -> Panel:
    """1 − |u| at one exponent."""
    curves = [_curve(exponent, dimension, seed) for dimension in dimensions]
    if exponent > 1:
        times = curves[-1].x
        rate, prefactor = predicted(exponent, max(dimensions), seed)
        law = prefactor * times**-rate
        curves.append(
            Curve(rf"$C\,t^{{-{rate:.3g}}}$", times, np.where(law < 1, law, math.nan), {}, "theory")
        )
    lowest = min(float(curve.y[-1]) for curve in curves)
    return Panel(curves, "time $t$", "$1 - |u|$", title=f"$a = {exponent:g}$", limits=(None, (lowest, 1.5)))


def _curve(exponent: float, dimension: int, seed: int) -> Curve:
    """1 − |u| at one exponent and dimension."""
    problem = power_law(exponent, dimension, "gaussian", "sphere", seed)
    horizon = SPAN / (8.0 * float(problem.eigenvalues[-1]))
    times = np.geomspace(1e-1, horizon, 300)
    return Curve(f"$d = {dimension}$", times, solve(problem, horizon).at(times).one_minus_u)


def predicted(exponent: float, dimension: int, seed: int) -> tuple[float, float]:
    """γ and C of 1 − u ~ C t^{−γ} for the Gaussian teacher of that dimension and seed."""
    draws = gaussian_teacher(dimension, seed)
    law = PowerLaw(exponent, dimension, draws.tolist(), tail_mean_square=1)
    return float(summary_exponent(law)), float(overlap_prefactor(law))
