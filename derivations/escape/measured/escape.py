"""Section: the escape rate ρ, predicted by the secular equation and measured (Lem 2, R4, figure 3)."""

import numpy as np

from derivations.escape import statements as laws
from derivations.escape.measured import teacher_law
from derivations.escape.measured import times as escape_times
from derivations.escape.mixture import median_time, time_over_teachers
from derivations.press.evidence import Comparison, Figure, Formula, Section
from derivations.trials.runs import exponents_of
from numerics import Problem, power_law, solve
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import PowerLaw, escape_rate

DIMENSION = 1000
TINY = 1e-40
LINEAR_STAGE = (1e-20, 1e-18)


def section(quick: bool) -> Section:
    """ρ for several a at d = 1000, and u(t) from the unit sphere."""
    exponents = exponents_of(quick)
    problems = {a: power_law(a, DIMENSION, "gaussian", "sphere", 3) for a in exponents}
    law, histogram = teacher_law.evidence()
    mixture, shares = escape_times.drawn_teachers()
    return Section(
        title="Phase I: escape",
        text=(
            r"While $s$ is small the flow is linear and $u$ grows like $e^{\rho t}$, where $\rho$ is the "
            "largest root of the secular equation. Predicted: its root for the Gaussian teacher drawn at $d "
            rf"= {DIMENSION}$. Measured: the slope of $\log|u|$ between {LINEAR_STAGE[0]:g} and "
            f"{LINEAR_STAGE[1]:g} on a run that starts in a random direction with norm {TINY:g}, so that all "
            "slower modes have died out by then. The first figure starts on the unit sphere itself. Over "
            r"Gaussian teachers $\rho$ is random, and $\rho > x$ is the sign of a quadratic form in "
            r"Gaussians, inverted to ten digits. $\rho$ increases with $a$ if $|w^*_i|$ does not increase "
            r"with $i$: with $h$ the term of the secular equation at $\lambda$ and weights $\mu_i = "
            r"\lambda_i (w^*_i)^2$, $\partial_a F$ is the sum of the covariances of $-\log i$ with $h$ and "
            r"with $\lambda h'$, both positive, and of $\langle \lambda h' \rangle$ times the difference of "
            r"the means of $\log i$ under $\lambda_i$ and $\mu_i$, not negative. The times of the escape "
            r"follow from the curve of runs that leave 0 along the fastest direction: with $\dot A = \rho "
            "A$, $u$ and $s$ are power series in $A$, continued along the orbit by Taylor steps. From the "
            "sphere, $A(0)$ is normal, and the slower modes add a relative power of $d$ that the second root "
            r"decides. Over teachers, too, $T_1$ is a mixture over the law of $\rho$; its quantiles go like "
            r"those of the opposite side of $\rho$, and the constant has the mean of $-\log|g|$ in place of "
            "its median. Which teacher is reached is decided by the sign of $w(0)$ along the fastest mode, "
            "which agrees with that of $u(0)$ with a probability that their correlation decides."
        ),
        formulas=[
            Formula("Lem 2", laws.secular()),
            Formula("Lem 2", laws.exceeds()),
            Formula("fast manifold", laws.manifold()),
            Formula("escape time", median_time()),
            Formula("escape time over teachers", time_over_teachers()),
            Formula("P9", laws.amplitude_law()),
        ],
        comparisons=[
            *(_compare(a, problem) for a, problem in problems.items()),
            *(item for a in exponents for item in escape_times.crossing_times(a)),
            escape_times.slower_modes(),
        ],
        checks=[law, mixture, *teacher_law.monotonicity(), escape_times.wrong_teacher()],
        figures=[
            Figure(
                to_svg(plot_curves([_curve(a, p) for a, p in problems.items()], "time t", "|u|", "linear")),
                f"|u| against time from the unit sphere, d = {DIMENSION}, the same draws for every a.",
            ),
            histogram,
            shares,
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
