"""Pictures of the plateau of the MSE (P4)."""

import math

import numpy as np
import sympy
from scipy.integrate import quad
from scipy.optimize import brentq

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.trials.runs import LONG_RUN, escape_run
from theory.asymptotics import (
    PowerLaw,
    convergence_prefactor,
    energy_prefactor,
    overlap_prefactor,
    tail_prefactor,
)


@picture("P4")
def plateau(printed: Constants, ours: Constants) -> Picture:
    exponent, dimension = 2.0, 1e12
    epsilon = np.geomspace(1e-5, 1e-2, 10)
    run, law = escape_run(exponent, dimension), PowerLaw(exponent, "inf")
    times = [run.phases(epsilon=float(value)).t2 for value in epsilon]
    power = 1 / (exponent - float(ours["p"]))
    learnt = float(tail_prefactor(law)) * (float(convergence_prefactor(law)) / epsilon) ** power
    third, share = 1 / 3, sympy.Rational(1, 3)
    names = {sym.a: exponent, sym.d: dimension, sym.epsilon: epsilon}
    names |= {sym.C: float(convergence_prefactor(law))}
    claimed = plus(over(sym.epsilon**-sym.a, sym.d) ** share, over(sympy.log(sym.d), sym.d) ** share)
    tail = product(sympy.gamma(1 - 1 / sym.a), (16 / sympy.zeta(sym.a)) ** (1 / sym.a))
    gained = product(tail, (sym.C / sym.epsilon) ** (1 / (sym.a - 1)), 1 / sym.d)
    place = {sym.a: 3, sym.d: 7, sym.epsilon: 0.1, sym.C: 2}
    steep = place, float(tail_prefactor(PowerLaw(3, "inf"))) * math.sqrt(2 / 0.1) / 7
    bound = (epsilon**-exponent / dimension) ** third + (math.log(dimension) / dimension) ** third
    return Picture(
        r"$\sigma_*^2 - \mathrm{MSE}(T_2)$",
        run.at(times).recovered / dimension,
        at_most(Law(claimed, names, "{}, with 1 for the constant left open"), bound),
        Said(Law(gained, names, others=(steep,)), learnt / dimension),
        f"the solver, {given({'a': exponent, 'd': dimension})}",
        0.05,
        "How far below its plateau the MSE is when u and s have reached 1 - ε.",
        epsilon,
        r"accuracy $\varepsilon$",
        "log",
        "log",
    )


@picture("P4/log")
def escape_part(printed: Constants, ours: Constants) -> Picture:
    dimension = np.geomspace(1e4, 1e12, 9)
    exponent = 2
    runs = [escape_run(exponent, float(d)) for d in dimension]
    learnt = [float(run.at([run.phases().t1_prime]).recovered[0]) for run in runs]
    return Picture(
        r"$\sigma_*^2 - \mathrm{MSE}(T_1')$",
        learnt / dimension,
        at_most(
            Law(over(sympy.log(sym.d), sym.d) ** sympy.Rational(1, 3), {sym.d: dimension}),
            (np.log(dimension) / dimension) ** (1 / 3),
        ),
        Said(f"${float(ours['c']):g}/d$", float(ours["c"]) / dimension),
        f"the solver, {given({'a': exponent})}",
        0.005,
        "What the escape adds to the plateau's error: a multiple of 1/d.",
        dimension,
        "dimension $d$",
        "log",
        "log",
    )


@picture("P4/D.2")
def change_of_clock(printed: Constants, ours: Constants) -> Picture:
    starts = np.geomspace(1e-12, 1e-2, 11)
    integrals, bounds, claimed, tops, exits = [], [], [], [], []
    for start in starts:
        grown = math.log((1 - start**2) / (2 * start**2)) / 24  # s = 1/3 at this time

        def clock(time: float, square: float = start**2) -> float:
            return time - math.log1p(square * math.expm1(24 * time)) / 8

        top = clock(grown)
        integrals.append(quad(lambda t, top=top, clock=clock: math.exp(4 * (top - clock(t))), 0, grown)[0])
        bounds.append(grown * math.exp(float(ours["a"]) * top))
        claimed.append(-math.expm1(-4 * top))
        tops.append(top)
        exits.append(grown)
    scale = integrals[-1] / claimed[-1]
    longest, rate, left = named(r"\Theta_{max}", r"\lambda", "T_1'")
    names = {sym.C: scale, rate: 1, longest: np.array(tops), left: np.array(exits)}
    saturated = product(sym.C, plus(1, -sympy.exp(product(-4, rate, longest))), 1 / rate)
    faster = {sym.C: 3, rate: 2, longest: 0.1}, -3 * math.expm1(-4 * 2 * 0.1) / 2
    return Picture(
        r"kernel of $u$ at $T_1'$, over the escape",
        np.array(integrals),
        at_most(
            Law(saturated, names, "{}, $C$ from the last point", others=(faster,)), scale * np.array(claimed)
        ),
        at_most(Law(product(left, sympy.exp(product(4, rate, longest))), names), np.array(bounds)),
        "quadrature, one mode",
        1e-9,
        "The integral over the escape grows as the start shrinks; the paper bounds it by a constant.",
        starts,
        "start $w(0)$",
        "log",
        "log",
    )


@picture("P4/orders")
def active_order(printed: Constants, ours: Constants) -> Picture:
    shares, ratio = np.geomspace(1e-9, 1e-2, 11), named(r"(\Lambda/d)")
    levels = np.array(
        [brentq(lambda z, r=share: math.sqrt(r / z) - z, 1e-9, 1.0, xtol=1e-14) for share in shares]
    )
    return Picture(
        r"$\Lambda/(\zeta_* d)$",
        shares / levels,
        Said(Law(ratio ** sympy.Rational(1, 3), {ratio: shares}), shares ** (1 / 3)),
        Said(Law(ratio ** sympy.Rational(2, 3), {ratio: shares}), shares ** float(ours["p"])),
        r"root $\zeta_*$ of $\sqrt{\Lambda/(\zeta d)} = \zeta$",
        1e-4,
        "One of the three terms that the paper calls of the same order is smaller.",
        shares,
        r"$\Lambda/d$",
        "log",
        "log",
    )


@picture("P4/rate")
def deficit_in_clock(printed: Constants, ours: Constants) -> Picture:
    exponent = 1.5
    times = np.geomspace(1e10, LONG_RUN, 11)
    deficit = escape_run(exponent, math.inf, LONG_RUN).at(times).one_minus_u
    gamma = 1 - float(ours["p"]) / exponent
    spectrum, clock = PowerLaw(exponent, "inf"), named(r"\Lambda")
    prefactor, mass = float(overlap_prefactor(spectrum)), named("C_f")
    share = plus(sympy.Rational(1, 3), 2 ** (-sym.gamma - 1))
    scale = 1.5 * float(energy_prefactor(spectrum))
    names = {clock: 2 * times, sym.a: exponent, sym.gamma: gamma, mass: scale}
    names |= {sym.C: deficit[0] * times[0] ** (1 / exponent) * 2 ** (1 / exponent)}
    return Picture(
        "deficit of $u$",
        deficit,
        Said(
            Law(product(sym.C, clock ** (-1 / sym.a)), names, "{}, through the first point"),
            deficit[0] * (times / times[0]) ** (-1 / exponent),
        ),
        Said(Law(product(share, mass, (clock / 2) ** -sym.gamma), names), prefactor * times**-gamma),
        f"the solver, {given({'a': exponent, 'd': math.inf})}",
        0.01,
        "The deficit of the overlap against the clock Λ = 2t: its exponent is 1 - 1/a, not 1/a.",
        2 * times,
        r"clock $\Lambda$",
        "log",
        "log",
    )
