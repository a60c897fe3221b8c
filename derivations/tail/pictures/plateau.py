"""Pictures of the plateau of the MSE (P4)."""

import math

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from derivations.court.claim import Constants
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.tail.claims.plateau import HORIZON
from derivations.trials.runs import escape_run
from theory.asymptotics import PowerLaw, convergence_prefactor, overlap_prefactor, tail_prefactor


@picture("P4")
def plateau(printed: Constants, ours: Constants) -> Picture:
    exponent, dimension = 2.0, 1e12
    epsilon = np.geomspace(1e-5, 1e-2, 10)
    run, law = escape_run(exponent, dimension), PowerLaw(exponent, "inf")
    times = [run.phases(epsilon=float(value)).t2 for value in epsilon]
    power = 1 / (exponent - float(ours["p"]))
    learnt = float(tail_prefactor(law)) * (float(convergence_prefactor(law)) / epsilon) ** power
    third = 1 / 3
    bound = (epsilon**-exponent / dimension) ** third + (math.log(dimension) / dimension) ** third
    return Picture(
        r"$\sigma_*^2 - \mathrm{MSE}(T_2)$",
        run.at(times).recovered / dimension,
        at_most(r"$(\varepsilon^{-a}/d)^{1/3} + (\log d/d)^{1/3}$, with 1 for the constant left open", bound),
        Said(r"$\Gamma(1 - 1/a)(16/\zeta(a))^{1/a} (C/\varepsilon)^{1/(a-1)}/d$", learnt / dimension),
        "the solver, $a = 2$, $d = 10^{12}$",
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
    runs = [escape_run(2, float(d)) for d in dimension]
    learnt = [float(run.at([run.phases().t1_prime]).recovered[0]) for run in runs]
    return Picture(
        r"$\sigma_*^2 - \mathrm{MSE}(T_1')$",
        learnt / dimension,
        at_most(r"$(\log d/d)^{1/3}$", (np.log(dimension) / dimension) ** (1 / 3)),
        Said(f"${float(ours['c']):g}/d$", float(ours["c"]) / dimension),
        "the solver, $a = 2$",
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
    integrals, bounds, claimed = [], [], []
    for start in starts:
        grown = math.log((1 - start**2) / (2 * start**2)) / 24  # s = 1/3 at this time

        def clock(time: float, square: float = start**2) -> float:
            return time - math.log1p(square * math.expm1(24 * time)) / 8

        top = clock(grown)
        integrals.append(quad(lambda t, top=top, clock=clock: math.exp(4 * (top - clock(t))), 0, grown)[0])
        bounds.append(grown * math.exp(float(ours["a"]) * top))
        claimed.append(-math.expm1(-4 * top))
    scale = integrals[-1] / claimed[-1]
    return Picture(
        r"$\int_0^{T_1'} e^{4\lambda(\Theta(T_1') - \Theta(\tau))} d\tau$",
        np.array(integrals),
        at_most(
            r"$C (1 - e^{-4\lambda\Theta_{max}})/\lambda$, $C$ from the last point", scale * np.array(claimed)
        ),
        at_most(r"$T_1' e^{4\lambda\Theta_{max}}$", np.array(bounds)),
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
    shares = np.geomspace(1e-9, 1e-2, 11)
    levels = np.array(
        [brentq(lambda z, r=share: math.sqrt(r / z) - z, 1e-9, 1.0, xtol=1e-14) for share in shares]
    )
    return Picture(
        r"$\Lambda/(\zeta_* d)$",
        shares / levels,
        Said(r"$(\Lambda/d)^{1/3}$", shares ** (1 / 3)),
        Said(r"$(\Lambda/d)^{2/3}$", shares ** float(ours["p"])),
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
    times = np.geomspace(1e10, HORIZON, 11)
    deficit = escape_run(exponent, math.inf, HORIZON).at(times).one_minus_u
    gamma = 1 - float(ours["p"]) / exponent
    prefactor = float(overlap_prefactor(PowerLaw(exponent, "inf")))
    return Picture(
        "$1 - u$",
        deficit,
        Said(
            r"$c\,\Lambda^{-1/a}$, through the first point",
            deficit[0] * (times / times[0]) ** (-1 / exponent),
        ),
        Said(r"$(\frac{1}{3} + 2^{-\gamma-1}) C_f (\Lambda/2)^{-\gamma}$", prefactor * times**-gamma),
        r"the solver, $a = 3/2$, $d = \infty$",
        0.01,
        "The deficit of the overlap against the clock Λ = 2t: its exponent is 1 - 1/a, not 1/a.",
        2 * times,
        r"clock $\Lambda$",
        "log",
        "log",
    )
