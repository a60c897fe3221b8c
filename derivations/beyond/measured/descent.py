"""Section: gradient descent at a finite step, against the flow and its own laws."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from derivations.press.evidence import Comparison, Figure, Formula, Section
from derivations.press.typeset import latex
from derivations.tail import statements as laws
from numerics import Problem, Trajectory, descend, power_law, solve
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    descent_escape_rate,
    descent_lead,
    overlap_prefactor,
    recovered_prefactor,
    stability_step,
    summary_exponent,
)

EXPONENT = 3
EARLY, LATE = 400, 420


class Mark(NamedTuple):
    """Descent at a ``time`` nη: 1 − u, what is recovered, and ``lost`` = η Σ_{m<n} (1 − u_m), trapezoidal."""

    time: float
    one_minus_u: float
    recovered: float
    lost: float


STEPS = 100_000
"""Of gradient descent, in a quick report."""


def section(quick: bool) -> Section:
    """The rate of escape, prefactors that survive and the shift of time, at half the largest stable step."""
    steps = STEPS if quick else 2 * STEPS
    law = PowerLaw(EXPONENT, "inf")
    step = 0.5 * float(stability_step(law))
    horizon = 1e3 * steps * step
    problem = power_law(EXPONENT, math.inf, init="escape:1e-2", horizon=horizon)
    numbers = np.unique(np.geomspace(100, steps, 7).round().astype(int))
    marks = list(plain_descent(problem, step, numbers))
    flow = solve(problem, steps * step)
    gamma = float(summary_exponent(law))
    shifts = [time_shift(mark, flow, float(recovered_prefactor(law)), gamma) for mark in marks]
    predicted = [
        float(descent_lead(law, repr(step))) - mark.lost + flow.lost_time(mark.time) for mark in marks
    ]
    last = marks[-1]
    times = np.array([mark.time for mark in marks])
    deficits = np.array([mark.one_minus_u for mark in marks])
    ratios = deficits / flow.at(times).one_minus_u
    curves = [
        Curve("1 − u", times, np.abs(ratios - 1.0)),
        Curve("shift of time", times, np.abs(np.array(shifts) / np.array(predicted) - 1.0)),
        Curve("1/t", times, abs(ratios[0] - 1.0) * times[0] / times, {}, "theory"),
    ]
    rate, ahead = (latex(x) for x in (laws.descent_rate().clauses[0].sides[1], laws.AHEAD))
    return Section(
        title="Gradient descent",
        text=(
            rf"A step $\eta$ multiplies a mode of rate $h$ by $1 + \eta h$: the escape slows to ${rate}$, "
            r"and the teacher is stable for steps below $1/\rho$. Exponents and prefactors do not depend on "
            r"the step: modes being learnt at time $t = n\eta$ have $\lambda \sim 1/t$ and see it at "
            r"relative order $\eta/t$. What is recovered lags behind the flow by the difference between the "
            rf"finite parts of $\eta\sum(1-u_n)$ and $\int(1-u)\,dt$, less ${ahead}$. Measured at $a = "
            rf"{EXPONENT}$, $d = \infty$, at half of the largest stable step, {steps:,} steps."
        ),
        formulas=[
            Formula("Lem 2, one step", laws.descent_growth()),
            Formula("sharp law", laws.descent_tail()),
        ],
        comparisons=[
            _escape(law, step),
            Comparison("shift of time against the flow", "sharp law", predicted[-1], shifts[-1], 1e-2),
            Comparison(
                "1 − u of descent over its law",
                "sharp law",
                1.0,
                last.one_minus_u / float(overlap_prefactor(law)) * last.time**gamma,
                2.0 * last.time**-gamma,
            ),
        ],
        figures=[
            Figure(
                to_svg(plot_curves(curves, "time t = nη", "relative difference")),
                r"Descent against the flow: the relative difference of $1-u$, which falls with time, and "
                "that between the measured and the predicted shift of time.",
            )
        ],
    )


def _escape(law: PowerLaw, step: float) -> Comparison:
    """The growth of u over twenty steps of the linear stage."""
    problem = power_law(EXPONENT, math.inf, init="escape:1e-150")
    early, late = (descend(problem, step, number, points=2).u[-1] for number in (EARLY, LATE))
    measured = math.log(late / early) / ((LATE - EARLY) * step)
    predicted = float(descent_escape_rate(law, repr(step)))
    return Comparison(f"escape rate at η = {step:.4g}", "Lem 2", predicted, measured, 1e-10)


def plain_descent(problem: Problem, step: float, numbers: np.ndarray) -> Iterator[Mark]:
    """Step by step in w/w*, which keeps modes that have hardly moved; yields at the step ``numbers``."""
    rates, squares = step * problem.eigenvalues, problem.teacher**2
    mass = problem.eigenvalues * squares
    ratio, lost, marks = problem.init / problem.teacher, 0.0, set(numbers.tolist())
    for n in range(1, max(marks) + 1):
        deviation = ratio - 1.0
        p, q = mass @ deviation, mass @ deviation**2
        lost -= step * p
        ratio = ratio - rates * ((8 + 24 * p + 12 * q) * deviation + 16 * p + 12 * q)
        if n in marks:
            deficit = float(-(mass @ (ratio - 1.0)))
            yield Mark(n * step, deficit, float(squares @ (ratio * (2.0 - ratio))), lost + step / 2 * deficit)


def time_shift(mark: Mark, flow: Trajectory, prefactor: float, gamma: float) -> float:
    """The time by which recovered ~ C t^{1−γ} of descent is ahead of that of the flow."""
    ahead = mark.recovered - float(flow.at([mark.time]).recovered[0])
    return ahead / (prefactor * (1 - gamma) * mark.time**-gamma)
