"""Section: spectral-tail learning, the plateau of the MSE and its end (T2, P4, P16, E1)."""

import math
from collections.abc import Sequence

import numpy as np
from mpmath import mp

from derivations.convergence.measured.infinite import TIMES, law_curves, run
from derivations.press.evidence import Check, Comparison, Figure, Formula, Section
from derivations.tail import statements as laws
from derivations.tail.frozen import freeze
from derivations.trials.runs import exponents_of
from numerics import extrapolate_power_law, power_law, solve
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.asymptotics import (
    PowerLaw,
    energy_prefactor,
    frozen_error,
    plateau_drop_exponent,
    plateau_drop_prefactor,
    plateau_end,
    recovered_coefficients,
    recovered_constant,
    recovered_exponent,
    recovered_prefactor,
    tail_fraction,
    tail_learnt,
    tail_remainder,
    tail_remainder_rate,
    tail_sum,
)

DIGITS = 30
SUMS = [("inf", "0.1"), ("1e6", "1e3"), ("1e6", "1e11")]
"""Dimensions and times at which the expansion meets the sum: no end, the window, beyond the plateau."""

DIMENSION = 10**6


EPSILON = 1e-6
RESIDUAL_TIMES = np.geomspace(1e2, 1e20, 60)


def section(quick: bool) -> Section:
    """The sums, what the true flow recovers at d = ∞, the plateau's end at d = 1e6."""
    exponents = exponents_of(quick)
    comparisons, curves, ends, errors = [], [], [], []
    for number, exponent in enumerate(exponents):
        law = PowerLaw(exponent, "inf")
        power, prefactor = float(recovered_exponent(law)), float(recovered_prefactor(law))
        fit = extrapolate_power_law(TIMES, run(exponent).at(TIMES).recovered)
        comparisons += [
            Comparison(f"tail exponent, a = {exponent:g}", "P16", power, fit.exponent, 1e-6),
            Comparison(f"tail prefactor, a = {exponent:g}", "P16", prefactor, fit.prefactor, 1e-5),
        ]
        curves += law_curves(number, exponent, "recovered", prefactor, power)
        # below this exponent u = 0.9 comes so late that the frozen flow's plain integration takes long
        if exponent >= 1.5:
            ratio, missed = _frozen(number, exponent, law)
            end, crossover = _end(number, exponent)
            comparisons += [ratio, _drop(exponent, law), end]
            errors += missed
            ends += crossover
    return Section(
        title="Phase III: spectral-tail learning",
        text=(
            r"With $w^*_i$ of equal size, $d\,(\sigma_*^2 - \mathrm{MSE})$ counts the directions that "
            r"have been learned; it stays finite at $d = \infty$, where the plateau never ends. "
            "Predicted: the mesoscopic law of the uniform benchmark $S_d$, its constant, and what is left, "
            "which the formula of Abel and Plana turns into an exponentially small integral; at finite $d$ "
            "the incomplete gamma function takes it through the plateau's end. Measured: on the true flow, "
            "not on the frozen one, extrapolated like the laws of phase II. The frozen approximation has the "
            "right prefactor; its relative error is a constant times $1-u$, hence fades, where T5 bounds it "
            r"by a fixed multiple of $\epsilon$. What the end of phase II takes off the plateau is far "
            "less than P4 allows."
        ),
        formulas=[
            Formula("P16", laws.learned()),
            Formula("P16", laws.clock()),
            Formula("sharp law", laws.complete()),
            Formula("sharp law", laws.end_of_plateau()),
        ],
        comparisons=comparisons,
        checks=_sums(exponents),
        figures=[
            Figure(
                to_svg(plot_curves(curves, "time t", "d (σ*² − MSE)")),
                "Directions learned at d = ∞: solved (lines) and the predicted law (dashed).",
            ),
            Figure(
                to_svg(plot_curves(_remainders(exponents[::2]), "time τ", "what is left", "linear")),
                r"What the law and its constant leave of $d\,(1-S_d)$ at $d = \infty$, in absolute value "
                rf"(lines), and the predicted decay ${laws.remainder_order()}$ (dashed).",
            ),
            Figure(
                to_svg(plot_curves(_residuals(exponents[0]), "time t", "relative residual")),
                f"Directions learned at a = {exponents[0]:g}: the relative residual after the law and its "
                "first corrections by the feedback (lines) against the next predicted one (dashed).",
            ),
            Figure(
                to_svg(plot_curves(errors, "time t", "d |MSE − frozen MSE|")),
                "What the frozen approximation misses at d = ∞: measured (lines), the sharp law (dashed), "
                "and two of the three terms of T5's bound (dotted), which grow ever farther from it.",
            ),
            Figure(
                to_svg(plot_curves(ends, "time t", "MSE")),
                f"The plateau and its end at d = {DIMENSION:g}: the true flow (lines) and $S_d$ (dashed).",
            ),
        ],
    )


def _sums(exponents: Sequence[float]) -> list[Check]:
    """The expansion against the sum, to the digits asked for."""
    checks = []
    for exponent in exponents:
        with mp.workdps(2 * DIGITS):
            misses = []
            for dimension, tau in SUMS:
                found, plain = (
                    tail_learnt(exponent, dimension, tau, DIGITS),
                    tail_sum(exponent, dimension, tau, DIGITS),
                )
                misses.append(abs(found.value / plain - 1))
            worst = max(misses)
        evidence = f"relative difference at most {mp.nstr(worst, 2)} at d = ∞ and 1e6, τ from 0.1 to 1e11"
        name = f"expansion of d (1 − S_d), all terms, a = {exponent:g}"
        checks.append(Check(name, "P16", bool(worst < mp.mpf(10) ** -DIGITS), evidence))
    return checks


def _frozen(number: int, exponent: float, law: PowerLaw) -> tuple[Comparison, list[Curve]]:
    """The frozen approximation's relative error over 1 − u, late; its error measured, predicted and bounded.

    Of T5's bound the terms with A = 1/8 and B = 25/4 are drawn, ε = |δs| + |δu| at T2; C ε F comes on top.
    """
    problem = power_law(exponent, math.inf, init="escape:1e-2", horizon=1e20)
    end = min(1e14, 5e-7 ** (-exponent / (exponent - 1.0)))  # compared while 1 − u is seen
    times = np.geomspace(end ** (3.0 / 7.0), end, 9)
    true, frozen = run(exponent).at(times), freeze(problem, 0.9, times)
    missed, leading = frozen.recovered - true.recovered, float(frozen_error(law))
    ratio = extrapolate_power_law(times, missed / true.recovered / true.one_minus_u)
    start = run(exponent).at([frozen.start])
    small = float(start.one_minus_u[0] + start.one_minus_s[0])
    gone = np.expm1(-8.0 * np.outer(times - frozen.start, problem.eigenvalues)) ** 2 @ problem.teacher**2
    bound = small / 8 * (frozen.recovered - start.recovered[0]) + 25 / 4 * small**2 * gone
    style = {"color": f"C{number}"}
    return (
        Comparison(
            f"error of the frozen approximation over 1 − u, a = {exponent:g}",
            "E1, T5",
            leading,
            ratio.prefactor,
            2e-4,
        ),
        [
            Curve(f"a = {exponent:g}", times, np.abs(missed), style),
            Curve("", times, leading * true.one_minus_u * true.recovered, {**style, "linestyle": "--"}),
            Curve("", times, bound, {**style, "linestyle": ":"}),
        ],
    )


def _drop(exponent: float, law: PowerLaw) -> Comparison:
    """What is learned by T2(ε), ε small."""
    power, prefactor = float(plateau_drop_exponent(law)), float(plateau_drop_prefactor(law))
    drop = run(exponent).at([run(exponent).phases(epsilon=EPSILON).t2]).recovered[0]
    name = f"d (σ*² − MSE(T2)) ε^(1/(a−1)) at ε = {EPSILON:g}, a = {exponent:g}"
    return Comparison(name, "P4", prefactor, drop * EPSILON**power, 30 * EPSILON ** min(1.0, power))


def _end(number: int, exponent: float) -> tuple[Comparison, list[Curve]]:
    """The MSE at the plateau's end, 1/2 up to the feedback, of order d^{1−a}; and its curve."""
    end = float(plateau_end(PowerLaw(exponent, DIMENSION)))
    times = end * np.geomspace(1e-6, 10.0, 61)
    flow = solve(power_law(exponent, DIMENSION, init="escape:1e-2"), float(times[-1]))
    fraction = np.array([float(tail_fraction(exponent, DIMENSION, float(t), 6)) for t in times[::5]])
    name = f"MSE at the plateau's end, d = {DIMENSION:g}, a = {exponent:g}"
    tolerance = 10.0 * DIMENSION ** max(1.0 - exponent, -1.0)
    return Comparison(name, "T2", 0.5, float(flow.at([end]).mse[0]), tolerance), [
        Curve(f"a = {exponent:g}", times, flow.at(times).mse, {"color": f"C{number}"}),
        Curve("", times[::5], fraction, {}, "theory"),
    ]


def _residuals(exponent: float) -> list[Curve]:
    """What each universal correction leaves, while it stands above the noise."""
    law = PowerLaw(exponent, "inf")
    gamma = 1 - 1 / law.exponent
    small = 1.5 * float(energy_prefactor(law)) * RESIDUAL_TIMES ** -float(gamma)
    leading = float(recovered_prefactor(law)) * RESIDUAL_TIMES ** float(1 - gamma)
    residual = (run(exponent).at(RESIDUAL_TIMES).recovered - float(recovered_constant(law))) / leading - 1
    curves = []
    for order, coefficient in enumerate(recovered_coefficients(gamma, math.ceil(1 / gamma) - 1), start=1):
        term = float(coefficient) * small**order
        seen = np.abs(residual) > 1e-11
        curves += [
            Curve(f"after {order - 1}", RESIDUAL_TIMES[seen], np.abs(residual[seen])),
            Curve("", RESIDUAL_TIMES[seen], np.abs(term[seen]), {}, "theory"),
        ]
        residual = residual - term
    return curves


def _remainders(exponents: Sequence[float]) -> list[Curve]:
    curves = []
    for number, exponent in enumerate(exponents):
        times = np.linspace(0.01, 60.0, 30)
        left = np.array([abs(float(tail_remainder(exponent, float(t), 4))) for t in times])
        rate = float(tail_remainder_rate(PowerLaw(exponent, "inf")))
        curves += [
            Curve(f"a = {exponent:g}", times, left, {"color": f"C{number}"}),
            Curve("", times, np.exp(-rate * times ** (1 / (exponent + 1))), {}, "theory"),
        ]
    return curves
