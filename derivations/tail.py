"""Chapter: spectral-tail learning, the law of the MSE on its plateau (T2, P16)."""

from collections.abc import Sequence

from derivations.evidence import Chapter, Comparison, Figure, Formula
from derivations.infinite import TIMES, law_curves, run
from numerics import extrapolate_power_law
from numerics.figures import plot_curves, to_svg
from theory.asymptotics import PowerLaw, tail_exponent, tail_prefactor


def chapter(exponents: Sequence[float]) -> Chapter:
    """recovered = d(σ*² − MSE) ~ C t^{1/a} on the true flow with a flat teacher at d = ∞."""
    comparisons, curves = [], []
    for number, exponent in enumerate(exponents):
        law = PowerLaw(exponent, "inf")
        power, prefactor = float(tail_exponent(law)), float(tail_prefactor(law))
        fit = extrapolate_power_law(TIMES, run(exponent).at(TIMES).recovered)
        comparisons += [
            Comparison(f"tail exponent, a = {exponent:g}", "P16", power, fit.exponent, 1e-6),
            Comparison(f"tail prefactor, a = {exponent:g}", "P16", prefactor, fit.prefactor, 1e-5),
        ]
        curves += law_curves(number, exponent, "recovered", prefactor, power)
    return Chapter(
        title="Phase III: spectral-tail learning",
        text=(
            r"With $w^*_i$ of equal size, $d\,(\sigma_*^2 - \mathrm{MSE})$ counts the directions that "
            r"have been learned; it stays finite at $d = \infty$, where the plateau never ends. "
            "Predicted: the mesoscopic law of the uniform benchmark $S_d$. Measured: on the true flow, "
            "not on the frozen one, extrapolated like the laws of phase II."
        ),
        formulas=[
            Formula(
                "P16",
                r"d\,(\sigma_*^2 - \mathrm{MSE}) \sim \Gamma\!\left(1-\tfrac1a\right)"
                r"\left(\tfrac{16}{\zeta(a)}\right)^{1/a} t^{1/a}",
            )
        ],
        comparisons=comparisons,
        figures=[
            Figure(
                to_svg(plot_curves(curves, "time t", "d (σ*² − MSE)")),
                "Directions learned at d = ∞: solved (lines) and the predicted law (dashed).",
            )
        ],
    )
