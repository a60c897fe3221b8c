"""Chapter: the power laws of 1 − u, 1 − s, L and T2 at d = ∞, predicted and measured (P4, T1)."""

from collections.abc import Sequence

import numpy as np
import sympy
from mpmath import mp
from sympy import Function, Max, Rational, exp, zeta
from sympy import gamma as Gamma

from derivations.court.checks import Meaning, infinite_sum, value
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import state
from derivations.evidence import Chapter, Comparison, Figure, Formula
from derivations.infinite import TIMES, law_curves, run
from derivations.statements.symbols import B, C, L, a, epsilon, gamma, i, lam, s, time, u, w_star
from numerics import extrapolate_power_law
from numerics.figures import Curve, plot_curves, to_svg
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
T2 = Function("T_2")
CASES = (("1.5", "0"), ("2", "0.3"), ("3", "0"))
"""Exponents a and B at which a printed law is compared with the constants: either of u and s the slower."""

SOURCES = (0.0, 0.3, 1.0)
LEVELS = np.geomspace(0.3, 1e-6, 10)


def chapter(exponents: Sequence[float]) -> Chapter:
    """1 − u ~ C t^{−γ} and its companions, for flat and source teachers at d = ∞."""
    comparisons, curves = [], []
    for number, exponent in enumerate(exponents):
        for source in SOURCES:
            comparisons += _compare(exponent, source)
        law = PowerLaw(exponent, "inf")
        prefactor, power = float(overlap_prefactor(law)), -float(summary_exponent(law))
        curves += law_curves(number, exponent, "one_minus_u", prefactor, power)
    return Chapter(
        title="Phase II: convergence of the statistics",
        text=(
            r"At $d = \infty$ with a teacher $(w^*_i)^2 \propto i^{-2B}$ (flat: $B = 0$) $1-u$, $1-s$ and "
            r"$L$ decay as power laws with the same exponent $\gamma = (a - 1 + 2B)/a$, on both sides of "
            r"$\gamma = 1$. The prefactors follow from the linearisation at the teacher, "
            "whose rank-one part acts at leading order, together with the quadratic feedback of $q$, "
            "which is of the order of $1-u$ itself. Measured: the flow is solved to $t = 10^{24}$; "
            "exponent and prefactor are extrapolated from 17 times without assuming either. "
            r"The paper bounds $T_2(\epsilon)$ by $\epsilon^{-2a/(a-1)} \log(1/\epsilon)$; the sharp law has "
            "half that exponent and no logarithm, as the figure decides."
        ),
        formulas=laws(),
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


def laws() -> list[Formula]:
    """The laws at d = ∞ with their constants, for every a and B."""
    power, half = C * time**-gamma, Rational(1, 2)
    overlap = plus(Rational(1, 3), 2 ** (-gamma - 1))
    mass = ModeSum(times(lam[i], w_star[i] ** 2, exp(-8 * lam[i] * time)), i)
    constant = times(Gamma(gamma) / (a * zeta(a + 2 * B)), (zeta(a) / 8) ** gamma)
    settled = (C / epsilon * Max(overlap.doit(), Rational(2, 3), evaluate=False)) ** (1 / gamma)
    late = value([_point(*case) for case in CASES], 1e-12)
    sums = value([_spectrum(*case) for case in CASES[1:]], 1e-8)
    return [
        Formula("sharp law", state(1 - u, "∼", times(overlap, power), check=late)),
        Formula("sharp law", state(1 - s, "∼", Rational(2, 3) * power, check=late)),
        Formula("sharp law", state(L, "∼", 4 * 2**-gamma * power, check=late)),
        Formula("sharp law", state((1 - u) / (1 - s), "→", half + Rational(3, 4) * 2**-gamma, check=late)),
        Formula("sharp law", state(mass, "∼", power, ",", C, "=", constant, check=sums)),
        Formula("T1, in sharp form", state(T2(epsilon), "∼", settled, check=late)),
    ]


def _point(exponent: str, source: str) -> Meaning:
    """Numbers for the laws' names at one time and one ε, from the constants of the library."""
    law = PowerLaw(exponent, "inf", f"source:{source}")
    power, when, level = summary_exponent(law, 20).value, mp.mpf(2), mp.mpf("0.01")
    deficits = (
        c(law, 20).value * when**-power for c in (overlap_prefactor, energy_prefactor, loss_prefactor)
    )
    missing, lacking, loss = deficits
    settled = (convergence_prefactor(law, 20).value / level) ** convergence_exponent(law, 20).value
    scale = lacking * when**power * 3 / 2
    names = {u: 1 - missing, s: 1 - lacking, L: loss, C: scale, gamma: power, time: when, epsilon: level}
    return {**names, T2: lambda _: settled}


def _spectrum(exponent: str, source: str) -> Meaning:
    """A power law at d = ∞ whose modes are summed one by one, at a time late enough for the law."""
    power, slope = mp.mpf(exponent), mp.mpf(source)
    norm, mass = mp.zeta(power), mp.zeta(power + 2 * slope) / mp.zeta(power)
    law = PowerLaw(exponent, "inf", f"source:{source}")
    return {
        a: power,
        B: slope,
        gamma: summary_exponent(law, 20).value,
        time: mp.mpf(10) ** (2 * power - 1),
        C: energy_prefactor(law, 20).value * 3 / 2,
        lam: lambda mode: mode ** -sympy.Float(power) / norm,
        w_star: lambda mode: mode ** -sympy.Float(slope) / mp.sqrt(mass),
        ModeSum: infinite_sum,
    }


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
