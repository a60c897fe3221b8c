"""Section: the power laws of 1 − u, 1 − s, L and T2 at d = ∞, predicted and measured (P4, T1)."""

from collections.abc import Sequence

import numpy as np

from derivations.convergence import statements as laws
from derivations.convergence.measured.infinite import TIMES, law_curves, run
from derivations.press.evidence import Comparison, Figure, Formula, Section
from derivations.press.typeset import latex
from derivations.trials.runs import exponents_of
from numerics import extrapolate_power_law
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    convergence_exponent,
    convergence_prefactor,
    energy_prefactor,
    loss_prefactor,
    overlap_prefactor,
    overlap_ratio,
    summary_exponent,
)

LAWS = {
    "one_minus_u": ("1 − u", overlap_prefactor),
    "one_minus_s": ("1 − s", energy_prefactor),
    "loss": ("L", loss_prefactor),
}
SOURCES = (0.0, 0.3, 1.0)
LEVELS = np.geomspace(0.3, 1e-6, 10)


def section(quick: bool) -> Section:
    """1 − u ~ C t^{−γ} and its companions, for flat and source teachers at d = ∞."""
    exponents = exponents_of(quick)
    comparisons, curves = [], []
    for number, exponent in enumerate(exponents):
        for source in SOURCES:
            comparisons += _compare(exponent, source)
        law = PowerLaw(exponent, "inf")
        prefactor, power = float(overlap_prefactor(law)), -float(summary_exponent(law))
        curves += law_curves(number, exponent, "one_minus_u", prefactor, power)
    return Section(
        title="Phase II: convergence of the statistics",
        text=(
            r"At $d = \infty$ with a teacher $(w^*_i)^2 \propto i^{-2B}$ (flat: $B = 0$) $1-u$, $1-s$ and "
            rf"$L$ decay as power laws with the same exponent ${laws.exponent().latex}$, on both sides of "
            r"$\gamma = 1$. The prefactors follow from the linearisation at the teacher, "
            "whose rank-one part acts at leading order, together with the quadratic feedback of $q$, "
            "which is of the order of $1-u$ itself. Measured: the flow is solved to $t = 10^{24}$; "
            "exponent and prefactor are extrapolated from 17 times without assuming either. "
            rf"The paper bounds $T_2(\epsilon)$ by ${latex(laws.bound().clauses[0].sides[1])}$; the sharp "
            "law has half that exponent and no logarithm, as the figure decides."
        ),
        formulas=[
            Formula("sharp law", laws.overlap()),
            Formula("sharp law", laws.energy()),
            Formula("sharp law", laws.loss()),
            Formula("sharp law", laws.ratio()),
            Formula("sharp law", laws.unlearned()),
            Formula("T1, in sharp form", laws.settling()),
        ],
        comparisons=comparisons,
        figures=[
            Figure(
                to_svg(plot_curves(curves, "time t", "1 − u")),
                r"$1-u$ at $d = \infty$: solved (lines) and the predicted law $C t^{-\gamma}$ (dashed).",
            ),
            Figure(
                to_svg(plot_curves(_settling(exponents), "ε", "T2(ε)")),
                r"$T_2(\epsilon)$ at $d = \infty$, flat teacher: solved (dots), the sharp law (dashed), and "
                r"the paper's bound with constant 1 (dotted), whose slope is twice that of the flow.",
            ),
        ],
    )


def _compare(exponent: float, source: float) -> list[Comparison]:
    law, late = PowerLaw(exponent, "inf", f"source:{source}"), run(exponent, source).at(TIMES)
    rate, where = float(summary_exponent(law)), f"a = {exponent:g}" + (f", B = {source:g}" if source else "")
    comparisons = []
    for field, (name, prefactor) in LAWS.items():
        fit = extrapolate_power_law(TIMES, getattr(late, field))
        predicted = float(prefactor(law))
        comparisons += [
            Comparison(f"exponent of {name}, {where}", "P4, R5", rate, -fit.exponent, 1e-6),
            Comparison(f"prefactor of {name}, {where}", "sharp law", predicted, fit.prefactor, 1e-5),
        ]
    ratio = float((late.one_minus_u / late.one_minus_s)[-1])
    tolerance = max(1e-12, 10.0 * float(late.one_minus_u[-1]))
    return [
        *comparisons,
        Comparison(f"(1 − u)/(1 − s), {where}", "sharp law", float(overlap_ratio(law)), ratio, tolerance),
    ]


def _settling(exponents: Sequence[float]) -> list[Curve]:
    """T2 against ε: solved, sharp, bounded."""
    curves = []
    for number, exponent in enumerate((exponents[0], exponents[-1])):
        law, colour = PowerLaw(exponent, "inf"), f"C{number}"
        kappa, prefactor = float(convergence_exponent(law)), float(convergence_prefactor(law))
        solved = np.array([run(exponent).phases(epsilon=level).t2 for level in LEVELS])
        bound = LEVELS ** (-2.0 * kappa) * np.log(1.0 / LEVELS)
        dots = {"color": colour, "linestyle": "none", "marker": "o", "markersize": 3.5}
        curves += [
            Curve(f"a = {exponent:g}", LEVELS, solved, dots),
            Curve("", LEVELS, (prefactor / LEVELS) ** kappa, {"color": colour, "linestyle": "--"}),
            Curve("", LEVELS, bound, {"color": colour, "linestyle": ":"}),
        ]
    return curves
