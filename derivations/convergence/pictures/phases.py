"""Pictures of the times that separate the phases (T1, P6, Cor 2, R5)."""

import math

import numpy as np

from derivations.convergence.claims.phases import HORIZON
from derivations.court.claim import Constants
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture
from derivations.trials.runs import escape_run
from theory.asymptotics import (
    PowerLaw,
    convergence_exponent,
    convergence_prefactor,
    escape_rate,
    onset_delay,
)

SOLVER = "the solver"


@picture("T1", "P6", "Cor2")
def settling(printed: Constants, ours: Constants) -> Picture:
    exponent = 2.0
    epsilon = np.geomspace(1e-6, 1e-3, 10)
    run = escape_run(exponent, math.inf, HORIZON)
    times = np.array([run.phases(epsilon=value).t2 for value in epsilon]) - run.phases().t1_prime
    prefactor = float(convergence_prefactor(PowerLaw(exponent, "inf")))
    power = exponent / (exponent - float(ours["p"]))
    return Picture(
        "$T_2(\\varepsilon) - T_1'$",
        times,
        at_most(
            r"$\varepsilon^{-2a/(a-1)}\log(1/\varepsilon)$, with 1 for the constant left open",
            epsilon**-4 * np.log(1 / epsilon),
        ),
        Said(r"$(C/\varepsilon)^{a/(a-1)}$", (prefactor / epsilon) ** power),
        f"{SOLVER}, $a = 2$, $d = \\infty$",
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
    times = np.array([escape_run(2, float(d)).phases().t1 for d in dimension])
    rate = float(escape_rate(PowerLaw(2, "inf")))
    law = np.log(dimension) / (float(ours["a"]) * rate) + float(onset_delay(PowerLaw(2, "inf"), 10))
    return Picture(
        "$T_1$",
        times,
        at_most(r"$O(\log d)$, with 1 for the constant left open", np.log(dimension)),
        Said(r"$\log d/(2\rho) + \tau_1$, the delay $\tau_1$ from the fast manifold", law),
        f"{SOLVER}, $a = 2$",
        1e-4,
        "The escape time for starts of energy 1/d along the escape direction. The paper leaves the constant "
        "open.",
        dimension,
        "dimension $d$",
        "log",
    )


@picture("T1/range")
def window(printed: Constants, ours: Constants) -> Picture:
    dimension = 1e6
    epsilon = np.geomspace(dimension ** -float(ours["p"]), 1e-2, 9)
    run = escape_run(2, dimension, 1e12)
    law = PowerLaw(2, "inf")
    power = float(convergence_exponent(law))
    return Picture(
        r"$T_2(\varepsilon)$",
        np.array([run.phases(epsilon=float(value)).t2 for value in epsilon]),
        at_most(
            r"$\varepsilon^{-2a/(a-1)}\log(1/\varepsilon)$, for $\varepsilon \geq d^{-(a-1)/2}$ only",
            np.where(epsilon >= dimension**-0.5, epsilon**-4 * np.log(1 / epsilon), np.nan),
        ),
        Said(r"$(C/\varepsilon)^{a/(a-1)}$", (float(convergence_prefactor(law)) / epsilon) ** power),
        f"{SOLVER}, $a = 2$, $d = 10^6$",
        0.05,
        "Accuracies below d^(-(a-1)/2) = 0.001, where the paper expects much longer times: the law goes on.",
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
    return Picture(
        "$T_2(1/d)$",
        np.array(times),
        at_least(
            "$c\\,d^a$, $c$ such that it holds at the first point", times[0] * (dimension / dimension[0]) ** 3
        ),
        Said("$(C d)^{a/(a-1)}$", (prefactor * dimension) ** power),
        f"{SOLVER}, $a = 3$",
        0.02,
        "The time to reach the accuracy 1/d grows like d^(3/2) for a = 3, not like d^3.",
        dimension,
        "dimension $d$",
        "log",
        "log",
    )
