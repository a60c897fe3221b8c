"""Pictures of the spectral tail with frozen statistics (P15, Cor 3, P16, T2)."""

import math

import numpy as np
from mpmath import expint
from scipy.integrate import quad
from scipy.special import gamma

from derivations.court.claim import Constants
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from numerics.problems.power_law import gaussian_teacher

Array = np.ndarray


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
    return Picture(
        r"$d\,\max_i \pi_i$",
        np.array(found),
        at_most("$C$, such that it holds at the first point", np.full_like(dimension, found[0])),
        Said(r"$2\log d - \log\log d - \log\pi + 2\gamma_E$", law),
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
    order = np.argsort(largest)[::5]
    return Picture(
        r"$\sup_\tau\, \hat S_d(\tau)/S_d(\tau)$",
        largest[order],
        at_most("$C = 4$", np.full(len(order), 4.0)),
        at_most(r"$\max_j \frac{d}{d-j+1} \sum_{i \geq j} \pi_i$", tails.max(axis=1)[order]),
        "200 Gaussian teachers, $d = 100$",
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
    return Picture(
        r"$\sum_{i \leq d} g_x(i) - \int_1^d g_x$",
        sums - integrals,
        at_most("$g_x(1)$, and $\\geq 0$", -np.expm1(-(places**exponent))),
        Said(
            r"$x\Gamma(1 - \frac{1}{a}) - \frac{1}{2} - \frac{x^a d^{1-a}}{a-1} - \int_1^d g_x$",
            law - integrals,
        ),
        "sum over $10^4$ modes, $a = 2$",
        0.01,
        "The sum over the modes against its integral: the middle of the paper's bracket.",
        places,
        "$x$",
        "log",
    )


LEVELS = np.geomspace(0.02, 20, 13)
MODES = (np.arange(1, 10**5 + 1) / 1e5) ** -2.0


@picture("P16/late")
def scaling_function(printed: Constants, ours: Constants) -> Picture:
    order = 1 + float(ours["p"]) / 2
    return Picture(
        r"$S_d$",
        np.array([np.exp(-level * MODES).mean() for level in LEVELS]),
        at_most("$e^{-Y}$", np.exp(-LEVELS)),
        Said(r"$\frac{1}{a} E_{1+1/a}(Y)$", np.array([float(expint(order, level)) for level in LEVELS]) / 2),
        "sum over $10^5$ modes, $a = 2$",
        0.002,
        "The tail at late times, in units of the decay of the last mode.",
        LEVELS,
        r"$Y = \beta_d \tau d^{-a}$",
        "log",
        "log",
    )
