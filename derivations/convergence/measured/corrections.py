"""Section: the corrections to the power laws of phase II, universal and start-dependent (P4, T1)."""

from typing import NamedTuple

import numpy as np

from derivations.convergence import statements as laws
from derivations.convergence.measured.convergence import SOURCES
from derivations.convergence.measured.infinite import run
from derivations.press.evidence import Comparison, Figure, Formula, Section
from derivations.trials.runs import exponents_of
from numerics import Trajectory, extrapolate_power_law
from numerics.arrays import Array
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import Expansion, PowerLaw, expansion

FIELDS = {"overlap": ("1 − u", "one_minus_u"), "energy": ("1 − s", "one_minus_s")}
TIMES = np.geomspace(1e2, 1e6, 13)
LATE = 1e8
PLOTTED = np.geomspace(1.0, 1e8, 120)


class Case(NamedTuple):
    """A run, its expansion, and the time shift that the run's start comes to."""

    name: str
    run: Trajectory
    law: Expansion
    shift: float

    def remainder(self, quantity: str, times: Array, terms: int | None) -> Array:
        """What ``terms`` universal terms leave of a quantity, or all terms with the shift if None."""
        shift = self.shift if terms is None else 0.0
        known = [float(self.law.at(quantity, time, shift, terms)) for time in times]
        return getattr(self.run.at(times), FIELDS[quantity][1]) - np.array(known)


def case(exponent: float, source: float = 0.0) -> Case:
    """The run at d = ∞ for a source teacher; its slope g is that of the mode of smallest eigenvalue."""
    solved, law = run(exponent, source), expansion(PowerLaw(exponent, "inf", f"source:{source}"))
    tail = int(solved.problem.eigenvalues.argmin())
    slope = solved.problem.init[tail] / (8 * solved.problem.eigenvalues[tail] * solved.problem.teacher[tail])
    shift = float(law.shift(float(slope), solved.lost_time(LATE), LATE))
    name = f"a = {exponent:g}" + (f", B = {source:g}" if source else "")
    return Case(name, solved, law, shift)


def section(quick: bool) -> Section:
    """What is left of 1 − u and 1 − s when the computed terms are subtracted."""
    exponents = exponents_of(quick)
    cases = [case(exponent, source) for exponent in exponents for source in SOURCES]
    return Section(
        title="Phase II: corrections to the power laws",
        text=(
            r"Below $t^{-\gamma-1}$ only the powers $t^{-m\gamma}$ occur, and their coefficients are $C^m$ "
            r"times functions of $\gamma$ alone: neither the start nor the first eigenvalues matter. The "
            "first term that knows the start is this one; the start enters it through one number, a shift "
            r"$t_0$ of time: a mode not yet learnt has been taught for $\int u\,dt$ instead of $t$. In $t + "
            r"t_0$ the expansion is universal again, up to $t^{-\gamma-2}$. Where $1/\gamma$ is an integer "
            r"($a$ = 2, 3/2, 4/3, … for a flat teacher) $\int (1 - u)\,dt$ contains a logarithm, and so does "
            "that term. Measured: the universal terms are subtracted from the solution, and the exponent of "
            "the remainder is extrapolated, where no logarithm spoils this; its size at $t = 10^6$ is "
            "compared with the prediction, for which $t_0$ is integrated along the run to $t = 10^8$; and "
            r"$T_2(\epsilon)$ with the time at which the expansion falls to this level."
        ),
        formulas=[
            Formula("expansion", laws.universal()),
            Formula("expansion", laws.shift()),
            Formula("expansion", laws.started()),
        ],
        comparisons=[comparison for item in cases for comparison in _compare(item)],
        figures=[_figure(case(exponent)) for exponent in (2.0, 2.5)],
    )


def _compare(item: Case) -> list[Comparison]:
    gamma, terms = float(item.law.gamma), len(item.law.universal)
    resonant = bool(item.law.logarithm)
    end = TIMES[-1:]
    tolerance = end[0] ** -min(gamma, 1.0) if resonant else 1e-5
    comparisons = []
    for quantity, (symbol, _) in FIELDS.items():
        name, left = f"{symbol} without universal terms, {item.name}", item.remainder(quantity, TIMES, terms)
        if not resonant:
            measured = -extrapolate_power_law(TIMES, left).exponent
            comparisons.append(Comparison(f"exponent of {name}", "expansion", gamma + 1.0, measured, 1e-4))
        predicted = left[-1] - item.remainder(quantity, end, None)[0]
        comparisons.append(
            Comparison(f"{name}, t = {end[0]:g}", "expansion", float(predicted), float(left[-1]), tolerance)
        )
    level = float(f"{max(float(item.law.at(quantity, end[0])) for quantity in FIELDS):.1e}")
    settled = max(float(item.law.reached(quantity, level, item.shift)) for quantity in FIELDS)
    time = item.run.phases(epsilon=level).t2
    return [*comparisons, Comparison(f"T2({level:g}), {item.name}", "T1", settled, time, 1e-7)]


def _figure(item: Case) -> Figure:
    """The remainders one below the other, each with the term that should lead it."""
    steps: list[int | None] = [*range(len(item.law.universal) + 1), None]
    curves = []
    for number, terms in enumerate(steps):
        left = item.remainder("overlap", PLOTTED, terms)
        solved = item.run.at(PLOTTED).one_minus_u
        seen = np.abs(left) > 3e-13 * solved
        label = "1 − u" if terms == 0 else f"minus {terms} term{'s' * (terms > 1)}" if terms else "minus all"
        curves.append(Curve(label, PLOTTED[seen], np.abs(left[seen]), {"color": f"C{number}"}))
        if terms is not None:
            rest = [_next_term(item, time, terms) for time in PLOTTED]
            dashed = {"color": "0.2", "linestyle": "--", "linewidth": 0.9}
            curves.append(Curve("", PLOTTED, np.abs(rest), dashed))
    power = "t^{-2\\gamma-1} \\log t" if item.law.logarithm else "t^{-\\gamma-2}"
    return Figure(
        to_svg(plot_curves(curves, "time t", "remainder of 1 − u")),
        f"Remainders of $1-u$ at {item.name} when computed terms are subtracted one after the other, and the "
        f"predicted next term (dashed). With all of them and the shift of time ${power}$ is left.",
    )


def _next_term(item: Case, time: float, terms: int) -> float:
    """The term after ``terms`` universal ones; after the last all that the start decides, at once."""
    after = terms + 1 if terms < len(item.law.universal) else None
    shift = item.shift if after is None else 0.0
    return float(item.law.at("overlap", time, shift, after) - item.law.at("overlap", time, 0.0, terms))
