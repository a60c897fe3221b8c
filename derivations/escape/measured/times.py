"""How long the escape takes: predicted on the fast manifold, measured on the flow (T1, P9, R6)."""

import math

import numpy as np

from derivations.press.evidence import Check, Comparison, Figure
from derivations.trials.spread import KOLMOGOROV
from numerics import Problem, power_law, solve, solve_many
from numerics.problems.linearisation import escape_direction
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    escape_rate,
    growth_rates,
    onset_delay,
    overlap_amplitude,
    overlap_delay,
    slow_mode_exponent,
    teacher_escape_distribution,
    third_delay,
)

EPS = 1e-6
DIMENSION, SIZES = 100, (1e8, 1e12)
FEW, RUNS = 1000, 100


def crossing_times(exponent: float) -> list[Comparison]:
    """T1, T1' and the time of |u| = 1/2 from the fastest direction at d = ∞, to 8 digits."""
    law = PowerLaw(exponent, "inf")
    run = solve(power_law(exponent, math.inf, init=f"escape:{EPS:g}"), until=60.0)
    rate, phases = float(escape_rate(law)), run.phases()
    linear = math.log(1 / EPS) / rate
    times = [
        ("T1", linear + float(onset_delay(law, 10)), phases.t1),
        ("T1'", linear + float(third_delay(law, 10)), phases.t1_prime),
        ("time of |u| = 1/2", linear + float(overlap_delay(law, "0.5", 10)), run.phases(delta=0.5).t1),
    ]
    return [
        Comparison(f"{name} from s(0) = {EPS:g}², a = {exponent:g}", "T1", predicted, measured, 1e-8)
        for name, predicted, measured in times
    ]


def slower_modes() -> Comparison:
    """The power of d by which the second mode is down at T1: starts of size d^{-1/2} on both modes alike.

    T1 of the flow less its law from the fastest mode alone falls as d^{-x}.
    """
    law, problem = PowerLaw(2, DIMENSION), power_law(2, DIMENSION, "flat", "escape:1")
    rate, onset = float(escape_rate(law)), float(overlap_amplitude(law, "0.1", 14))
    second = float(growth_rates(law, 2)[1])
    pull = problem.eigenvalues * problem.teacher
    fastest, slower = (pull / (p - 4 * problem.eigenvalues) for p in (rate, second))
    direction = fastest / np.linalg.norm(fastest) + slower / np.linalg.norm(slower)
    energy = (problem.eigenvalues @ fastest**2) / (fastest @ fastest)
    errors = []
    for size in SIZES:
        start = Problem(problem.eigenvalues, problem.teacher, direction * size**-0.5)
        alone = math.log(onset / math.sqrt(energy / size)) / rate
        errors.append(abs(solve(start, until=40.0).phases().t1 - alone))
    measured = math.log(errors[0] / errors[1]) / math.log(SIZES[1] / SIZES[0])
    predicted = float(slow_mode_exponent(law))
    return Comparison("order x in d^−x of the second mode at T1, a = 2", "P9", predicted, measured, 2e-3)


def drawn_teachers() -> tuple[Check, Figure]:
    """T1 over teachers and starts alike: Kolmogorov's statistic of runs, and their shares on the law."""
    law = PowerLaw(2, FEW)
    problems = [power_law(2, FEW, "gaussian", "sphere", seed) for seed in range(RUNS)]
    times = np.sort([run.phases().t1 for run in solve_many(problems, until=500.0)])
    shares = (np.arange(RUNS) + 0.5) / RUNS
    predicted = np.array([teacher_escape_distribution(law, time, FEW) for time in times.tolist()])
    distance = float(np.abs(predicted - shares).max())
    grid = np.geomspace(times[0], times[-1], 60)
    curves = [
        Curve(f"{RUNS} runs", times, shares, {"drawstyle": "steps-mid", "linewidth": 1.0}),
        *(
            Curve(
                f"law, d = {d:g}",
                grid,
                np.array([teacher_escape_distribution(law, t, d) for t in grid]),
                style,
            )
            for d, style in ((FEW, {"color": "0.2"}), (1e12, {"color": "0.2", "linestyle": "--"}))
        ),
    ]
    return (
        Check(
            f"law of T1 over Gaussian teachers and sphere starts, a = 2, d = {FEW}, against {RUNS} runs",
            "P9",
            distance < KOLMOGOROV / math.sqrt(RUNS),
            f"largest difference of the distribution functions {distance:.3f}; "
            "with 2000 runs at d = 100000 it is 0.014",
        ),
        Figure(
            to_svg(plot_curves(curves, "time t", "P(T1 ≤ t)", "log", "linear")),
            rf"$T_1$ over Gaussian teachers and sphere starts at $a = 2$: runs at $d = {FEW}$ and the law.",
        ),
    )


def wrong_teacher() -> Check:
    """A start with u(0) > 0 that ends at −w*, since its projection on the fastest mode is negative."""
    eigenvalues, teacher, init = np.array([1, 1 / 4]), np.array([1.0, 2.0]), np.array([-1 / 4, 5 / 8])
    _, fastest = escape_direction(eigenvalues, teacher)
    overlap = float(eigenvalues @ (teacher * init))
    run = solve(Problem(eigenvalues, teacher, init), until=50.0)
    return Check(
        "u(0) > 0 does not settle the sign of u: λ = (1, 1/4), w* = (1, 2), w(0) = (−1/4, 5/8)",
        "R3",
        overlap > 0 and run.limit.name == "-teacher" and float(fastest @ init) < 0,
        f"u(0) = {overlap:g}, ends at {run.limit.name}; its projection on the fastest mode is negative",
    )
