"""Pictures of the times that separate the phases (T1, P6, Cor 2, R5)."""

import math

import numpy as np
import sympy

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.trials.runs import LONG_RUN, escape_run
from theory.asymptotics import (
    PowerLaw,
    convergence_exponent,
    convergence_prefactor,
    escape_rate,
    onset_delay,
)

SOLVER = "the solver"
PRINTED = product(sym.epsilon ** (-2 * sym.a / (sym.a - 1)), sympy.log(1 / sym.epsilon))
SHARP = (sym.C / sym.epsilon) ** (sym.a / (sym.a - 1))
"""T2: the paper's bound, and the law."""

STEEP, SLOWNESS = {sym.a: 3, sym.C: 2, sym.epsilon: 0.1}, float(convergence_exponent(PowerLaw(3, "inf")))
STEEP_PRINTED = STEEP, 10 ** (2 * SLOWNESS) * math.log(10)
STEEP_SHARP = STEEP, 20**SLOWNESS
"""Both at another exponent."""


@picture("T1", "P6", "Cor2")
def settling(printed: Constants, ours: Constants) -> Picture:
    exponent = 2.0
    epsilon = np.geomspace(1e-6, 1e-3, 10)
    run = escape_run(exponent, math.inf, LONG_RUN)
    times = np.array([run.phases(epsilon=value).t2 for value in epsilon]) - run.phases().t1_prime
    prefactor = float(convergence_prefactor(PowerLaw(exponent, "inf")))
    power = exponent / (exponent - float(ours["p"]))
    names = {sym.a: exponent, sym.epsilon: epsilon, sym.C: prefactor}
    return Picture(
        "$T_2(\\varepsilon) - T_1'$",
        times,
        at_most(
            Law(PRINTED, names, "{}, with 1 for the constant left open", others=(STEEP_PRINTED,)),
            epsilon**-4 * np.log(1 / epsilon),
        ),
        Said(Law(SHARP, names, others=(STEEP_SHARP,)), (prefactor / epsilon) ** power),
        f"{SOLVER}, {given({'a': exponent, 'd': math.inf})}",
        0.01,
        "The time to reach the accuracy ε. The paper's bound holds, with a power too many.",
        epsilon,
        r"accuracy $\varepsilon$",
        "log",
        "log",
    )


@picture("T1/escape")
def escape(printed: Constants, ours: Constants) -> Picture:
    dimension = np.geomspace(1e4, 1e12, 9)
    exponent, delay = 2, named(r"\tau_1")
    times = np.array([escape_run(exponent, float(d)).phases().t1 for d in dimension])
    spectrum = PowerLaw(exponent, "inf")
    rate, wait = float(escape_rate(spectrum)), float(onset_delay(spectrum, 10))
    law = np.log(dimension) / (float(ours["a"]) * rate) + wait
    formula = plus(over(sympy.log(sym.d), 2 * sym.rho), delay)
    names = {sym.d: dimension, sym.rho: rate, delay: wait}
    return Picture(
        "$T_1$",
        times,
        at_most(r"$O(\log d)$, with 1 for the constant left open", np.log(dimension)),
        Said(Law(formula, names, r"{}, the delay $\tau_1$ from the fast manifold"), law),
        f"{SOLVER}, {given({'a': exponent})}",
        1e-4,
        "The escape time for starts of energy 1/d along the escape direction. The paper leaves the constant "
        "open.",
        dimension,
        "dimension $d$",
        "log",
    )


@picture("T1/range")
def window(printed: Constants, ours: Constants) -> Picture:
    dimension, exponent = 1e6, 2
    epsilon = np.geomspace(dimension ** -float(ours["p"]), 1e-2, 9)
    run = escape_run(exponent, dimension, 1e12)
    law = PowerLaw(exponent, "inf")
    power, prefactor = float(convergence_exponent(law)), float(convergence_prefactor(law))
    names = {sym.a: exponent, sym.d: dimension, sym.epsilon: epsilon, sym.C: prefactor}
    edge = dimension**-0.5
    return Picture(
        r"$T_2(\varepsilon)$",
        np.array([run.phases(epsilon=float(value)).t2 for value in epsilon]),
        at_most(
            Law(PRINTED, names, f"{{}}, above the accuracy {edge:g} only", others=(STEEP_PRINTED,)),
            np.where(epsilon >= edge, epsilon**-4 * np.log(1 / epsilon), np.nan),
        ),
        Said(Law(SHARP, names, others=(STEEP_SHARP,)), (prefactor / epsilon) ** power),
        f"{SOLVER}, {given({'a': exponent, 'd': dimension})}",
        0.05,
        f"Accuracies below {edge:g}, where the paper expects much longer times: the law goes on.",
        epsilon,
        r"accuracy $\varepsilon$",
        "log",
        "log",
    )


@picture("R5")
def accuracy_one_over_d(printed: Constants, ours: Constants) -> Picture:
    exponent = 3.0
    dimension = np.geomspace(1e3, 1e6, 7).round()
    times = [
        escape_run(exponent, float(d), 10 * float(d) ** 1.5).phases(epsilon=1 / float(d)).t2
        for d in dimension
    ]
    prefactor = float(convergence_prefactor(PowerLaw(exponent, "inf")))
    power = exponent / (exponent - float(ours["p"]))
    names = {sym.a: exponent, sym.epsilon: 1 / dimension, sym.C: prefactor}
    return Picture(
        r"$T_2(\varepsilon)$ at the accuracy of one over $d$",
        np.array(times),
        at_least(
            "$c\\,d^a$, $c$ such that it holds at the first point", times[0] * (dimension / dimension[0]) ** 3
        ),
        Said(Law(SHARP, names), (prefactor * dimension) ** power),
        f"{SOLVER}, {given({'a': exponent})}",
        0.02,
        f"The time to reach the accuracy 1/d grows with the power {power:g} of d, not {exponent:g}.",
        dimension,
        "dimension $d$",
        "log",
        "log",
    )
