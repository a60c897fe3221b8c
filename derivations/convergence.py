"""Chapter: the power laws of 1 − u, 1 − s and L at d = ∞, predicted and measured (P4, T1)."""

from collections.abc import Sequence

from derivations.evidence import Chapter, Comparison, Figure, Formula
from derivations.infinite import TIMES, law_curves, run
from numerics import Observables, extrapolate_power_law
from numerics.figures import plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    energy_prefactor,
    loss_prefactor,
    overlap_prefactor,
    summary_exponent,
)

LAWS = {
    "one_minus_u": ("1 − u", overlap_prefactor),
    "one_minus_s": ("1 − s", energy_prefactor),
    "loss": ("L", loss_prefactor),
}


def chapter(exponents: Sequence[float]) -> Chapter:
    """1 − u ~ C t^{−γ} and its companions, for a flat teacher at d = ∞."""
    comparisons, curves = [], []
    for number, exponent in enumerate(exponents):
        law = PowerLaw(exponent, "inf")
        comparisons += _compare(exponent, law, run(exponent).at(TIMES))
        prefactor, power = float(overlap_prefactor(law)), -float(summary_exponent(law))
        curves += law_curves(number, exponent, "one_minus_u", prefactor, power)
    return Chapter(
        title="Phase II: convergence of the statistics",
        text=(
            r"At $d = \infty$ with a flat teacher $1-u$, $1-s$ and $L$ decay as power laws with the same "
            r"exponent $\gamma = 1 - 1/a$. The prefactors follow from the linearisation at the teacher, "
            "whose rank-one part acts at leading order, together with the quadratic feedback of $q$, "
            "which is of the order of $1-u$ itself. Measured: the flow is solved to $t = 10^{24}$; "
            "exponent and prefactor are extrapolated from 17 times without assuming either."
        ),
        formulas=[
            Formula("sharp law", r"1-u \sim \left(\tfrac13 + 2^{-\gamma-1}\right) C t^{-\gamma}"),
            Formula("sharp law", r"1-s \sim \tfrac23 C t^{-\gamma}"),
            Formula("sharp law", r"L \sim 4 \cdot 2^{-\gamma} C t^{-\gamma}"),
            Formula(
                "sharp law",
                r"\sum_i \lambda_i (w^*_i)^2 e^{-8\lambda_i t} \sim C t^{-\gamma},"
                r"\quad \gamma = 1 - \tfrac1a",
            ),
        ],
        comparisons=comparisons,
        figures=[
            Figure(
                to_svg(plot_curves(curves, "time t", "1 − u")),
                r"$1-u$ at $d = \infty$: solved (lines) and the predicted law $C t^{-\gamma}$ (dashed).",
            )
        ],
    )


def _compare(exponent: float, law: PowerLaw, late: Observables) -> list[Comparison]:
    rate = float(summary_exponent(law))
    comparisons = []
    for field, (name, prefactor) in LAWS.items():
        fit = extrapolate_power_law(TIMES, getattr(late, field))
        predicted = float(prefactor(law))
        comparisons += [
            Comparison(f"exponent of {name}, a = {exponent:g}", "P4, R5", rate, -fit.exponent, 1e-6),
            Comparison(f"prefactor of {name}, a = {exponent:g}", "sharp law", predicted, fit.prefactor, 1e-5),
        ]
    return comparisons
