"""Section: the laws of phase II at finite d, for drawn teachers and for a ≤ 1 (E3, P14, figures 5 and 6)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mpmath import mp, mpf

from derivations.convergence import saddle as shallow
from derivations.convergence import statements as laws
from derivations.convergence.deficits import driven
from derivations.press.evidence import Comparison, Figure, Formula, Section
from derivations.press.typeset import latex
from derivations.trials.runs import exponents_of
from numerics import power_law, solve
from numerics.problems.power_law import gaussian_teacher
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    crossover_sum,
    final_rate,
    fluctuation_prefactor,
    leading_deficits,
    saddle_delay,
    saddle_growth,
    slow_limit,
    summary_exponent,
    window_end,
)

DIMENSION = 1e6
EXPONENT, FEW = 2.0, 10
DRAWN, SEED, LATE = 100_000, 4, 1e6
SLOW_DIMENSIONS = (1e12, 1e24, 1e48)
UNLEARNT = 0.5
SHALLOW, SHALLOW_DIMENSIONS = 0.3, (1e9, 1e10, 1e11, 1e12)
SELF_SIMILAR = "0.75"
DASHED = {"color": "0.2", "linestyle": "--", "linewidth": 0.9}


def section(quick: bool) -> Section:
    """What becomes of the power laws where their assumptions end."""
    exponents = exponents_of(quick)
    window, drawn, saddle = _window(exponents), _drawn(), _saddle()
    last = latex(laws.window().clauses[1].sides[1])
    return Section(
        title="Phase II: finite dimension, drawn teachers, and a ≤ 1",
        text=(
            f"With ${driven().clauses[1].latex}$, a sum over the sample, $1 - u$, $1 - s$ and $L$ follow $f$ "
            "whatever the spectrum, as long as $f$ is small and slow. For a power law $f$ leaves $C "
            rf"t^{{-\gamma}}$ through an incomplete gamma function at $t \sim {last}$, and single modes are "
            r"seen only from $t \sim d/\lambda_d$ on, in the end the last. For a Gaussian teacher the "
            "prefactor is that of the flat one over the draw's own energy, which stays random as $d$ grows, "
            "and the fluctuations about this law fade. At $a = 1$ the law is logarithmic and has an "
            "algebraic limit, which is extrapolated in the reciprocal of $H_d$ from three $d$ up to "
            f"{max(SLOW_DIMENSIONS):g}, at $f = {UNLEARNT:g}$. For $a < 1$ all happens at times of order "
            r"$d$; for $a < \tfrac12$ a plateau at the saddle comes first and lasts for a multiple of $d "
            r"\log d$, predicted and measured as $u = \tfrac12$ is reached. For $\tfrac12 < a < 1$ the "
            "escape, by the first mode alone, ends at the same saddle; from there $u$ grows self-similarly, "
            r"as a power of $t/d$, while ever more modes follow. At $a = \tfrac12$ all scales share in it, "
            r"and the plateau lasts for a multiple of $d \log\log d$."
        ),
        formulas=[
            Formula("sharp law", laws.deficits()),
            Formula("end of the window", laws.end_of_window()),
            Formula("slow limit", laws.slow()),
            Formula("plateau, a < 1/2", shallow.plateau()),
            Formula("shallow escape, a < 1", shallow.shallow_rate()),
            Formula("along the saddle, 1/2 < a < 1", shallow.saddle()),
            Formula("along the saddle, a = 1/2", shallow.half()),
        ],
        comparisons=[
            *window.comparisons,
            _last_mode(),
            *drawn.comparisons,
            *_slow(),
            _plateau(),
            *saddle.comparisons,
        ],
        figures=[*window.figures, *drawn.figures, *saddle.figures],
    )


class Part(NamedTuple):
    """The evidence on one subject."""

    comparisons: list[Comparison]
    figures: list[Figure]


def _window(exponents: Sequence[float]) -> Part:
    """Across the end of the window."""
    comparisons, curves = [], []
    for number, exponent in enumerate(exponents):
        law = PowerLaw(exponent, DIMENSION)
        end = float(window_end(law))
        run = solve(power_law(exponent, DIMENSION, init="escape:1e-2"), 30.0 * end)
        times = np.geomspace(1.0, 30.0 * end, 100)
        predicted = [_crossover(law, time) for time in times]
        curves += [
            Curve(f"a = {exponent:g}", times, run.at(times).one_minus_u, {"color": f"C{number}"}),
            Curve("", times, np.array(predicted), DASHED),
        ]
        for phase in (0.01, 1.0, 10.0):
            measured = float(run.at([phase * end]).one_minus_u[0])
            name = f"1 − u at t = {phase:g}/(8 λ_d), a = {exponent:g}, d = {DIMENSION:g}"
            size = float(crossover_sum(law, min(phase, 0.1) * end))
            tolerance = 3.0 * size + (exponent * (1.0 + phase) / DIMENSION) ** 2
            comparisons.append(Comparison(name, "E3", _crossover(law, phase * end), measured, tolerance))
    figure = plot_curves(curves, "time t", "1 − u")
    figure.axes[0].set_ylim(bottom=1e-24)
    caption = f"$1-u$ at d = {DIMENSION:g}, flat teacher: solved (lines) and the crossover law (dashed)."
    return Part(comparisons, [Figure(to_svg(figure), caption)])


def _crossover(law: PowerLaw, time: float) -> float:
    """The predicted 1 − u."""
    return float(leading_deficits(crossover_sum(law, time), crossover_sum(law, 2.0 * time)).overlap)


def _last_mode() -> Comparison:
    """The slope of log(1 − u) when the last mode alone is left."""
    rate = float(final_rate(PowerLaw(EXPONENT, FEW)))
    times = np.array([400.0, 420.0]) / rate
    early, late = solve(power_law(EXPONENT, FEW, init="escape:1e-2"), times[1]).at(times).one_minus_u
    measured = float(np.log(early / late) / (times[1] - times[0]))
    return Comparison(f"final rate, a = {EXPONENT:g}, d = {FEW}", "P2, at w*", rate, measured, 1e-6)


def _drawn() -> Part:
    """One Gaussian teacher, across the window and its end."""
    law = PowerLaw(EXPONENT, "inf")
    squares = gaussian_teacher(DRAWN, SEED) ** 2
    powers = np.arange(1.0, DRAWN + 1.0) ** -EXPONENT
    eigenvalues = powers / powers.sum()
    energy = float(eigenvalues @ squares)
    masses = eigenvalues * squares / energy
    run = solve(power_law(EXPONENT, DRAWN, "gaussian", "escape:1e-2", SEED), 1e9)
    times = np.geomspace(10.0, 1e9, 80)

    def left(time: float) -> float:
        return float(masses @ np.exp(-8.0 * eigenvalues * time))

    sample = np.array([float(leading_deficits(mpf(left(t)), mpf(left(2 * t))).overlap) for t in times])
    flat = np.array([_crossover(PowerLaw(EXPONENT, DRAWN), time) for time in times])
    spread = float(fluctuation_prefactor(law, "overlap")) * times ** (-0.5 / EXPONENT)
    scale = times ** float(summary_exponent(law))
    band = {"color": "C1", "linestyle": ":"}
    curves = [
        Curve("solved", times, run.at(times).one_minus_u * scale, {"color": "C0"}),
        Curve("sum over the draw", times, sample * scale, DASHED),
        Curve("mean given the draw's energy", times, flat / energy * scale, {"color": "C1"}),
        Curve("± one standard deviation", times, flat / energy * (1.0 + spread) * scale, band),
        Curve("", times, flat / energy * (1.0 - spread) * scale, band),
        Curve("flat teacher", times, flat * scale, {"color": "C2"}),
    ]
    measured = float(run.at([LATE]).one_minus_u[0])
    expected = float(leading_deficits(mpf(left(LATE)), mpf(left(2 * LATE))).overlap)
    name = f"1 − u at t = {LATE:g}, Gaussian teacher, d = {DRAWN:g}"
    figure = Figure(
        to_svg(plot_curves(curves, "time t", "(1 − u) t^γ", yscale="linear")),
        f"$(1-u)\\,t^{{\\gamma}}$ for one Gaussian teacher at a = {EXPONENT:g}, d = {DRAWN:g}.",
    )
    return Part([Comparison(name, "P14", expected, measured, 5.0 * left(LATE))], [figure])


def _slow() -> list[Comparison]:
    """a = 1: the statistics where half of the mass is learnt, as polynomials in 1/H_d."""
    scales, values = [], []
    for dimension in SLOW_DIMENSIONS:
        law = PowerLaw(1, dimension)
        time = _half_learnt(law)
        late = solve(power_law(1.0, dimension, init="escape:1e-2"), time).at([time])
        scales.append(1.0 / float(law.trace_sum()))
        values.append([float(late.one_minus_u[0]), float(late.one_minus_s[0])])
    limit = np.linalg.solve(np.vander(scales, increasing=True), np.array(values))[0]
    predicted = slow_limit(UNLEARNT)
    return [
        Comparison(
            f"limit of {name}, a = 1, half learnt", "figures 5, 6", float(value), float(measured), 5e-4
        )
        for name, value, measured in zip(("1 − u", "1 − s"), predicted, limit, strict=False)
    ]


def _half_learnt(law: PowerLaw) -> float:
    """The time at which f falls to one half."""
    start = mp.log(law.dimension) / 2
    root = mp.findroot(
        lambda x: crossover_sum(law, mp.exp(x)) - UNLEARNT, (start, start + 1), solver="secant"
    )
    return float(mp.exp(root))


def _plateau() -> Comparison:
    """How the time of u = 1/2 grows with log d, in units of d: three slopes, extrapolated by Aitken."""
    times = [
        solve(power_law(SHALLOW, d, init="escape:1e-2"), 2.5 * d).phases(delta=0.5).t1 / d
        for d in SHALLOW_DIMENSIONS
    ]
    slopes = np.diff(times) / np.diff(np.log(SHALLOW_DIMENSIONS))
    change = np.diff(slopes)
    measured = float(slopes[-1] - change[1] ** 2 / (change[1] - change[0]))
    predicted = float(saddle_delay(SHALLOW))
    return Comparison(f"T/(d log d), a = {SHALLOW:g}", "figure 5", predicted, measured, 1e-4)


def _saddle() -> Part:
    """The growth of u along the saddle for 1/2 < a < 1, at several d."""
    curves = []
    for number, dimension in enumerate((10**9, 10**12, 10**18)):
        law = PowerLaw(SELF_SIMILAR, dimension)
        run = solve(power_law(float(SELF_SIMILAR), float(dimension), init="escape:1e-2"), dimension)
        scaled = np.geomspace(float(law.trace_sum()) ** 2 / dimension, 1.0, 80)
        curves.append(
            Curve(f"d = {dimension:.0e}", scaled, run.at(scaled * dimension).u, {"color": f"C{number}"})
        )
    growth = [float(saddle_growth(law, time * dimension).leading) for time in scaled]
    curves.append(Curve("U (t/d)^x", scaled, np.array(growth), DASHED))
    figure = plot_curves(curves, "t/d", "u")
    figure.axes[0].set_ylim(top=1.2)
    caption = (
        f"$u$ along the saddle at a = {SELF_SIMILAR}, flat teacher: solved, and the leading law (dashed)."
    )
    comparisons = [
        Comparison(
            f"u at t/d = {time:g}, a = {SELF_SIMILAR}, d = {dimension:.0e}",
            "figure 5",
            float(saddle_growth(law, time * dimension).overlap),
            float(run.at([time * dimension]).u[0]),
            1e-3,
        )
        for time in (1e-5, 1e-4)
    ]
    return Part(comparisons, [Figure(to_svg(figure), caption)])
