"""Pictures of the teacher's mass at the bottom of the spectrum (P14)."""

import math

import numpy as np
import sympy
from scipy.stats import chi2

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from numerics.problems.power_law import gaussian_teacher

DIMENSION, EXPONENT = 10**5, 2
TRACE, EPSILON = named("H_{d,a}"), r"\varepsilon"


@picture("P14")
def mass_below(printed: Constants, ours: Constants) -> Picture:
    levels = np.arange(1.0, DIMENSION + 1) ** -EXPONENT
    total = float(levels.sum())
    levels /= total
    masses = np.cumsum((levels * gaussian_teacher(DIMENSION, 0) ** 2)[::-1])
    multiples = np.geomspace(0.3, 300, 19)
    cuts = multiples * levels[-1]
    counts = np.searchsorted(levels[::-1], cuts, side="right")
    found = np.where(counts > 0, 8 * masses[np.maximum(counts, 1) - 1], 0.0)
    law = float(ours["c"]) * total**-0.5 * np.maximum(np.sqrt(cuts) - math.sqrt(levels[-1]), 0.0)
    level, last = sympy.symbols("lambda lambda_d", positive=True)
    constant, power = over(8 * TRACE ** (-1 / sym.a), sym.a - 1), 1 - 1 / sym.a
    rise = over(sympy.Max(0, level**power - last**power), level**power)
    names = {sym.a: EXPONENT, TRACE: total, level: cuts, last: levels[-1]}
    place = {sym.a: 3, TRACE: 2.0, level: 8.0, last: 1.0}
    other = 8 * 2.0 ** (-1 / 3) / 2
    return Picture(
        r"mass at and below $\lambda$, over its power",
        found / np.sqrt(cuts),
        Said(
            Law(constant, names, "a constant, here {}", others=((place, other),)),
            np.full_like(cuts, 8 * total**-0.5),
        ),
        Said(
            Law(product(constant, rise), names, others=((place, other * (4 - 1) / 4),)),
            law / np.sqrt(cuts),
        ),
        f"a Gaussian teacher, {given({'a': EXPONENT, 'd': DIMENSION})}",
        0.02,
        "The mass at and below a few times the smallest eigenvalue is no power of the level.",
        multiples,
        r"$\lambda/\lambda_d$",
        "log",
    )


@picture("P14/density")
def density(printed: Constants, ours: Constants) -> Picture:
    levels = np.arange(1.0, DIMENSION + 1) ** -EXPONENT
    total = float(levels.sum())
    levels /= total
    lows = np.geomspace(2e-10, 1e-5, 11)
    found = [8 * float(levels[(levels > low) & (levels <= 2 * low)].sum()) / low for low in lows]
    power = 1 - float(ours["p"]) / 2
    law = 4 * total**-0.5 * lows ** (power - 1) * (2**power - 1) / power
    level = sympy.Symbol("lambda", positive=True)
    dense = product(over(8, sym.a), TRACE ** (-1 / sym.a), level ** (-1 / sym.a))
    shape, place = product(sym.C, level ** (1 - 1 / sym.a)), {sym.a: 3, TRACE: 2.0, level: 5.0}
    names = {sym.a: EXPONENT, level: lows, sym.C: found[-1] * lows[-1] ** -0.5}
    flat = Law(dense, place, "{}, over the interval", 8 / 3 * 10.0 ** (-1 / 3))
    return Picture(
        "density of the mass in an octave",
        np.array(found),
        Said(
            Law(
                shape,
                names,
                "{}, through the last point",
                others=(({**place, sym.C: 2}, 2 * 5.0 ** (2 / 3)),),
            ),
            found[-1] * np.sqrt(lows / lows[-1]),
        ),
        Said(flat, law),
        f"sum over the modes, {given({'d': DIMENSION, 'a': EXPONENT})}",
        0.02,
        "The density of the reference measure grows towards 0.",
        lows,
        r"level $\lambda$",
        "log",
        "log",
    )


@picture("P14/step4")
def weighted_sums(printed: Constants, ours: Constants) -> Picture:
    modes, count, epsilon, low = 4, 60, 0.1, 0.5
    draw = np.random.default_rng(0)
    levels = draw.uniform(low, 1, (count, modes))
    squares = draw.standard_normal((count, modes)) ** 2
    squares *= modes / squares.sum(axis=1, keepdims=True)  # S_k = |I_k|
    order = np.argsort((levels * squares).sum(axis=1) / levels.sum(axis=1))
    weighted, sums = (levels * squares).sum(axis=1)[order], levels.sum(axis=1)[order]
    quotients = weighted / sums
    mass, plain, spread, ratio = named(r"\mu_d(B_k)", r"\sum_{I_k} \lambda_i", r"\varepsilon", r"\rho")
    names = {spread: epsilon, ratio: low}
    return Picture(
        Law(over(mass, product(8, plain)), {mass: 8 * weighted, plain: sums}),
        quotients,
        at_most(Law(plus(1, spread), names), np.full(count, 1 + epsilon)),
        at_most(
            Law(product(1 / ratio, plus(1, spread)), names),
            np.full(count, low ** -float(ours["p"]) * (1 + epsilon)),
        ),
        rf"draws, {modes} modes in a bin, $S_k = |I_k|$",
        1e-9,
        f"Weighted sums in a bin, in order, where the plain sum is right; ρ = {low:g}, ε = {epsilon:g}.",
        np.linspace(0, 1, count),
        "fraction of the draws",
    )


@picture("P14/chi2")
def chi_square_tail(printed: Constants, ours: Constants) -> Picture:
    epsilon, sizes = 0.9, np.arange(20, 301, 20)
    spread, many = named(r"\varepsilon", "|I_k|")
    names = {spread: epsilon, many: sizes.astype(float)}
    exact = chi2.sf(sizes * (1 + epsilon), sizes) + chi2.cdf(sizes * (1 - epsilon), sizes)
    return Picture(
        r"$P(|S_k - |I_k|| > \varepsilon|I_k|)$",
        exact,
        at_most(Law(2 * sympy.exp(-(spread**2) * many / 4), names), 2 * np.exp(-(epsilon**2) * sizes / 4)),
        at_most(
            Law(2 * sympy.exp(-sympy.Float(float(ours["c"])) * spread**2 * many), names),
            2 * np.exp(-float(ours["c"]) * epsilon**2 * sizes),
        ),
        f"the chi-square law, {given({EPSILON: epsilon})}",
        1e-9,
        "The chance of a large deviation: the rate of the centre does not hold in the upper tail.",
        sizes.astype(float),
        "modes $|I_k|$",
        "linear",
        "log",
    )
