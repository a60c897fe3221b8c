"""Pictures of the spectral tail with frozen statistics (P15, Cor 3, P16, T2)."""

import math

import numpy as np
import sympy
from mpmath import expint
from scipy.integrate import quad
from scipy.special import gamma

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from numerics.problems.power_law import gaussian_teacher


@picture("P15")
def largest_weight(printed: Constants, ours: Constants) -> Picture:
    sizes = np.geomspace(30, 1e5, 9).round().astype(int)
    draw = np.random.default_rng(0)
    found = []
    for size in sizes:
        squares = draw.standard_normal((60, size)) ** 2
        found.append(float((squares.max(axis=1) / squares.mean(axis=1)).mean()))
    dimension = sizes.astype(float)
    logs = np.log(dimension)
    law = float(ours["a"]) * logs - np.log(logs) - math.log(math.pi) + 2 * np.euler_gamma
    log, euler = sympy.log(sym.d), named(r"\gamma_E")
    formula = plus(2 * log, -sympy.log(log), -sympy.log(sympy.pi), 2 * euler)
    return Picture(
        r"$d\,\max_i \pi_i$",
        np.array(found),
        at_most("$C$, such that it holds at the first point", np.full_like(dimension, found[0])),
        Said(Law(formula, {sym.d: dimension, euler: np.euler_gamma}), law),
        "mean of 60 Gaussian teachers",
        0.05,
        "The largest weight of a Gaussian teacher: it grows with the logarithm of d.",
        dimension,
        "dimension $d$",
        "log",
    )


@picture("P15/mixing", "T2/moreover", "Cor3")
def tail_average(printed: Constants, ours: Constants) -> Picture:
    size, count = 100, 200
    modes = np.arange(1, size + 1)
    squares = np.array([gaussian_teacher(size, seed) ** 2 for seed in range(count)])
    shares = squares / squares.sum(axis=1, keepdims=True)
    excess = modes**-2.0 - size**-2.0  # over the slowest rate, so that late times do not underflow
    decays = np.exp(-np.geomspace(1e-1, 1e7, 80)[:, None] * excess)
    largest = (shares @ decays.T / decays.mean(axis=1)).max(axis=1)
    tails = np.cumsum(shares[:, ::-1], axis=1)[:, ::-1] * size / (size - modes + float(ours["a"]))
    order, loose = np.argsort(largest)[::5], 4.0
    return Picture(
        r"$\sup_\tau\, \hat S_d(\tau)/S_d(\tau)$",
        largest[order],
        at_most(given({"C": loose}), np.full(len(order), loose)),
        at_most(r"largest mean over the last modes of $d\,\pi_i$", tails.max(axis=1)[order]),
        f"{count} Gaussian teachers, {given({'d': size})}",
        1e-9,
        "The ratio of the sums, teachers in order of it: as many lie above C in every dimension.",
        np.linspace(0, 1, count)[::5],
        "fraction of the teachers",
    )


@picture("P16/sum")
def next_terms(printed: Constants, ours: Constants) -> Picture:
    exponent, size = 2.0, 10**4
    modes = np.arange(1.0, size + 1)
    places = np.geomspace(3, 100, 11)
    sums = np.array([-np.expm1(-((x / modes) ** exponent)).sum() for x in places])
    integrals = np.array(
        [
            quad(lambda v, x=x: -math.expm1(-((x * math.exp(-v)) ** 2)) * math.exp(v), 0, math.log(size))[0]
            for x in places
        ]
    )
    law = places * gamma(1 - 1 / exponent) - float(ours["c"])
    law -= places**exponent * size ** (1 - exponent) / (exponent - 1)
    x, area = named("x", r"\int g_x")
    main = product(x, sympy.gamma(1 - 1 / sym.a))
    rest = over(product(x**sym.a, sym.d ** (1 - sym.a)), sym.a - 1)
    names = {x: places, sym.a: exponent, sym.d: size, area: integrals}
    steep = {x: 2.0, sym.a: 3, sym.d: 7, area: 0.3}
    there = 2 * gamma(2 / 3) - 1 / 2 - 2**3 * 7**-2 / 2 - 0.3
    return Picture(
        r"$\sum_{i \leq d} g_x(i) - \int g_x$",
        sums - integrals,
        at_most("its first term, and not negative", -np.expm1(-(places**exponent))),
        Said(
            Law(plus(main, -sympy.Rational(1, 2), -rest, -area), names, others=((steep, there),)),
            law - integrals,
        ),
        f"sum over the modes, {given({'d': size, 'a': exponent})}",
        0.01,
        "The sum over the modes against its integral: the middle of the paper's bracket.",
        places,
        "$x$",
        "log",
    )


LEVELS = np.geomspace(0.02, 20, 13)
DIMENSION, EXPONENT = 10**5, 2
SPECTRUM = (np.arange(1, DIMENSION + 1) / DIMENSION) ** -float(EXPONENT)


@picture("P16/late")
def scaling_function(printed: Constants, ours: Constants) -> Picture:
    order, level_ = 1 + float(ours["p"]) / EXPONENT, named("Y")
    formula = product(1 / sym.a, sympy.expint(1 + 1 / sym.a, level_))
    values = np.array([float(expint(order, level)) for level in LEVELS]) / EXPONENT
    places = tuple(
        ({sym.a: EXPONENT, level_: level}, value) for level, value in zip(LEVELS, values, strict=True)
    )
    return Picture(
        r"$S_d$",
        np.array([np.exp(-level * SPECTRUM).mean() for level in LEVELS]),
        at_most("$e^{-Y}$", np.exp(-LEVELS)),
        Said(Law(formula, places[0][0], value=places[0][1], others=places[1:]), values),
        f"sum over the modes, {given({'d': DIMENSION, 'a': EXPONENT})}",
        0.002,
        "The tail at late times, in units of the decay of the last mode.",
        LEVELS,
        r"$Y = \beta_d \tau d^{-a}$",
        "log",
        "log",
    )
