"""Chapter: the escape rate ρ, predicted by the secular equation and measured (Lem 2, R4, figure 3)."""

from collections.abc import Sequence

import numpy as np

from derivations.evidence import Chapter, Comparison, Figure, Formula
from numerics import Problem, power_law, solve
from numerics.figures import Curve, plot_curves, to_svg
from theory.asymptotics import PowerLaw, escape_rate

DIMENSION, SEED = 1000, 3
TINY = 1e-40
LINEAR_STAGE = (1e-20, 1e-18)


def chapter(exponents: Sequence[float]) -> Chapter:
    """ρ for several a at d = 1000, and u(t) from the unit sphere."""
    problems = {a: power_law(a, DIMENSION, "gaussian", "sphere", SEED) for a in exponents}
    return Chapter(
        title="Phase I: escape",
        text=(
            r"While $s$ is small the flow is linear and $u$ grows like $e^{\rho t}$, where "
            r"$\rho > 4\lambda_1$ solves the secular equation. Predicted: its root for the Gaussian "
            rf"teacher drawn at $d = {DIMENSION}$. Measured: the slope of $\log|u|$ between "
            f"{LINEAR_STAGE[0]:g} and {LINEAR_STAGE[1]:g} on a run that starts in a random direction "
            f"with norm {TINY:g}, so that all slower modes have died out by then. The figure starts on "
            "the unit sphere itself."
        ),
        formulas=[
            Formula(
                "Lem 2",
                r"1 = 8 \sum_i \frac{\lambda_i^2 (w^*_i)^2}{\rho - 4\lambda_i}",
            )
        ],
        comparisons=[_compare(a, problem) for a, problem in problems.items()],
        figures=[
            Figure(
                to_svg(plot_curves([_curve(a, p) for a, p in problems.items()], "time t", "|u|", "linear")),
                f"|u| against time from the unit sphere, d = {DIMENSION}, the same draws for every a.",
            )
        ],
    )


def _compare(exponent: float, problem: Problem) -> Comparison:
    predicted = escape_rate(PowerLaw(exponent, DIMENSION, problem.teacher.tolist()), 15)
    small = Problem(problem.eigenvalues, problem.teacher, TINY * problem.init)
    run = solve(small, until=400.0)
    begin, end = (run.phases(delta=level).t1 for level in LINEAR_STAGE)
    early, late = np.abs(run.at([begin, end]).u)
    measured = float(np.log(late / early) / (end - begin))
    return Comparison(f"escape rate ρ, a = {exponent:g}", "Lem 2", float(predicted), measured, 1e-6)


def _curve(exponent: float, problem: Problem) -> Curve:
    times = np.linspace(0.0, 4.0, 300)
    return Curve(f"a = {exponent:g}", times, np.abs(solve(problem, until=4.0).at(times).u))
