"""Pictures of the teacher's mass at the bottom of the spectrum (P14)."""

import math

import numpy as np
from scipy.stats import chi2

from derivations.court.claim import Constants
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from numerics.problems.power_law import gaussian_teacher

SIZE = 10**5


@picture("P14")
def mass_below(printed: Constants, ours: Constants) -> Picture:
    levels = np.arange(1.0, SIZE + 1) ** -2
    total = float(levels.sum())
    levels /= total
    masses = np.cumsum((levels * gaussian_teacher(SIZE, 0) ** 2)[::-1])
    multiples = np.geomspace(0.3, 300, 19)
    cuts = multiples * levels[-1]
    counts = np.searchsorted(levels[::-1], cuts, side="right")
    found = np.where(counts > 0, 8 * masses[np.maximum(counts, 1) - 1], 0.0)
    law = float(ours["c"]) * total**-0.5 * np.maximum(np.sqrt(cuts) - math.sqrt(levels[-1]), 0.0)
    return Picture(
        r"$\mu_d((0, \lambda])/\lambda^{1-1/a}$",
        found / np.sqrt(cuts),
        Said(r"a constant, here $8H_{d,a}^{-1/a}/(a - 1)$", np.full_like(cuts, 8 * total**-0.5)),
        Said(
            r"$\frac{8}{a-1} H_{d,a}^{-1/a} (\lambda^{1-1/a} - \lambda_d^{1-1/a})/\lambda^{1-1/a}$",
            law / np.sqrt(cuts),
        ),
        "a Gaussian teacher, $a = 2$, $d = 10^5$",
        0.02,
        "The mass at and below a few times the smallest eigenvalue is no power of the level.",
        multiples,
        r"$\lambda/\lambda_d$",
        "log",
    )


@picture("P14/density")
def density(printed: Constants, ours: Constants) -> Picture:
    levels = np.arange(1.0, SIZE + 1) ** -2
    total = float(levels.sum())
    levels /= total
    lows = np.geomspace(2e-10, 1e-5, 11)
    found = [8 * float(levels[(levels > low) & (levels <= 2 * low)].sum()) / low for low in lows]
    power = 1 - float(ours["p"]) / 2
    law = 4 * total**-0.5 * lows ** (power - 1) * (2**power - 1) / power
    return Picture(
        r"density of the mass in $(\lambda, 2\lambda]$",
        np.array(found),
        Said(r"$c\,\lambda^{1-1/a}$, through the last point", found[-1] * np.sqrt(lows / lows[-1])),
        Said(r"$\frac{8}{a} H_{d,a}^{-1/a} \lambda^{-1/a}$, over the interval", law),
        "sum over $10^5$ modes, $a = 2$",
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
    quotients = np.sort((levels * squares).sum(axis=1) / levels.sum(axis=1))
    return Picture(
        r"$\mu_d(B_k)/(8 \sum_{I_k} \lambda_i)$",
        quotients,
        at_most(r"$1 + \varepsilon$", np.full(count, 1 + epsilon)),
        at_most(r"$\rho^{-1}(1 + \varepsilon)$", np.full(count, low ** -float(ours["p"]) * (1 + epsilon))),
        r"draws, 4 modes in a bin, $S_k = |I_k|$",
        1e-9,
        "Weighted sums in a bin, in order, where the plain sum is as it should be; ρ = 1/2, ε = 1/10.",
        np.linspace(0, 1, count),
        "fraction of the draws",
    )


@picture("P14/chi2")
def chi_square_tail(printed: Constants, ours: Constants) -> Picture:
    epsilon, sizes = 0.9, np.arange(20, 301, 20)
    exact = chi2.sf(sizes * (1 + epsilon), sizes) + chi2.cdf(sizes * (1 - epsilon), sizes)
    return Picture(
        r"$P(|S_k - |I_k|| > \varepsilon|I_k|)$",
        exact,
        at_most(r"$2\exp(-\varepsilon^2|I_k|/4)$", 2 * np.exp(-(epsilon**2) * sizes / 4)),
        at_most(
            f"$2\\exp(-{float(ours['c']):g}\\,\\varepsilon^2|I_k|)$",
            2 * np.exp(-float(ours["c"]) * epsilon**2 * sizes),
        ),
        r"the chi-square law, $\varepsilon = 0.9$",
        1e-9,
        "The chance of a large deviation: the rate of the centre does not hold in the upper tail.",
        sizes.astype(float),
        "modes $|I_k|$",
        "linear",
        "log",
    )
