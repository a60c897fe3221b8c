"""Pictures of the escape: its rate, the steps of P9 and the true clock of P10 (Lem 2, R3, R4, P9, P10)."""

import math

import numpy as np
from scipy.linalg import expm
from scipy.optimize import brentq, minimize_scalar
from scipy.special import beta

from derivations.court.claim import Constants
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture
from derivations.escape.claims.clock import _true_rate
from derivations.trials.linear import Escape
from derivations.trials.one_mode import clock, overlap
from numerics import Problem, solve

Array = np.ndarray

TWO = Escape(np.array([0.8, 0.2]), np.ones(2))
"""The spectrum a = 2 of two modes, flat teacher."""


@picture("R3")
def sign_fixed(printed: Constants, ours: Constants) -> Picture:
    times = np.linspace(0, 3, 25)
    run = solve(Problem(TWO.eigenvalues, TWO.teacher, np.array([-9.0, 40.0]) / 41), 20.0)
    seen = run.at(times)
    return Picture(
        "$u(t)$",
        seen.u,
        at_least("0, the sign of $u(0)$", np.zeros_like(times)),
        at_most(
            "0, the sign that $u$ has when $L$ falls below 8/3",
            np.where(seen.loss < float(ours["b"]), 0.0, np.nan),
        ),
        r"the solver, $a = 2$, $w(0) = (-9, 40)/41$",
        1e-9,
        "The overlap from a start on the unit sphere with u(0) > 0: it ends at -1.",
        times,
        "time $t$",
    )


def _starts() -> tuple[Array, Array]:
    """Angles, and the starts on the unit circle with u(0) > 0."""
    angles = np.linspace(-0.2, 1.81, 20)
    return angles, np.stack([np.cos(angles), np.sin(angles)], axis=1)


@picture("P9")
def exponential(printed: Constants, ours: Constants) -> Picture:
    angles, starts = _starts()
    late = 8.0
    matrix = 4 * np.diag(TWO.eigenvalues) + 8 * np.outer(TWO.force, TWO.force)
    grown = starts @ (expm(matrix * late) @ TWO.force) * math.exp(-TWO.rho * late)
    bound = float(printed["a"]) * TWO.s2**1.5 / TWO.gap
    return Picture(
        r"$c = \sqrt{d}\, \lim u\, e^{-\rho t}$",
        math.sqrt(2) * grown,
        at_most(r"$8(s_*^{(2)})^{3/2}/\delta_b$", np.full_like(angles, bound)),
        at_most(
            r"$\sqrt{d}\, \|w(0)\| \sqrt{s_*^{(2)}}$",
            np.full_like(angles, float(ours["a"]) * math.sqrt(2 * TWO.s2)),
        ),
        "matrix exponential, $a = 2$, $d = 2$",
        1e-9,
        "The coefficient of the growing exponential for starts on the unit sphere with u(0) > 0.",
        angles / np.pi,
        r"direction of $w(0)$, in units of $\pi$",
    )


@picture("P9/step4")
def real_part(printed: Constants, ours: Constants) -> Picture:
    sigma, heights = TWO.rho - TWO.gap / 2, np.linspace(-6, 6, 21)
    shape = 1 - TWO.D(sigma).real  # F
    return Picture(
        r"$\mathrm{Re}\, D_b(\sigma + iy)$",
        np.array([TWO.D(complex(sigma, y)).real for y in heights]),
        at_least(r"$F_b(\sigma) - 1$", np.full_like(heights, float(printed["a"]) / 8 * shape - 1)),
        at_least(r"$1 - F_b(\sigma)$", np.full_like(heights, 1 - float(ours["a"]) * shape)),
        r"evaluated, $a = 2$, $d = 2$",
        1e-9,
        "The real part of the denominator on a vertical line left of ρ: the sign of the bound is wrong.",
        heights,
        "$y$",
    )


@picture("P9/step4-convexity")
def convexity(printed: Constants, ours: Constants) -> Picture:
    sigmas = np.linspace(TWO.rho - 0.9 * TWO.gap, TWO.rho - 0.05 * TWO.gap, 13)
    step = 1e-5
    slope = abs(TWO.D(TWO.rho + step).real - TWO.D(TWO.rho - step).real) / (2 * step)
    return Picture(
        r"$(\rho - \sigma) |F_b'(\rho)|$",
        (TWO.rho - sigmas) * slope,
        Said(
            r"$\frac{\rho - \sigma}{8} D_b'(\rho)$",
            (TWO.rho - sigmas) / float(printed["a"]) * TWO.slope(TWO.rho),
        ),
        Said(r"$(\rho - \sigma) D_b'(\rho)$", (TWO.rho - sigmas) * TWO.slope(TWO.rho)),
        "difference quotient, $a = 2$, $d = 2$",
        1e-6,
        "The tangent at ρ: a factor 8 was lost.",
        sigmas,
        r"$\sigma$",
    )


@picture("P9/step4-infimum")
def infimum(printed: Constants, ours: Constants) -> Picture:
    lone = Escape(np.ones(1), np.ones(1))
    sigmas = np.linspace(8, 11.9, 14)
    least = [
        abs(lone.D(complex(s, minimize_scalar(lambda y, s=s: abs(lone.D(complex(s, y)))).x))) for s in sigmas
    ]
    return Picture(
        r"$\inf_y |D_b(\sigma + iy)|$",
        np.array(least),
        at_least(r"$(\rho - \sigma)/(64 s_*^{(2)})$", (12 - sigmas) / float(printed["a"])),
        at_least(r"$(\rho - \sigma)/(8 s_*^{(2)})$", (12 - sigmas) / float(ours["a"])),
        r"minimised over $y$, one mode, $\rho = 12$",
        1e-9,
        "The least modulus of the denominator on a vertical line: the constant 8 is reached at ρ.",
        sigmas,
        r"$\sigma$",
    )


@picture("P9/step4-rate")
def half_gap(printed: Constants, ours: Constants) -> Picture:
    start = np.array([0.2, 1.0])
    rates, vectors = TWO.spectrum
    parts = (TWO.force @ vectors) * (start @ vectors)
    times = np.linspace(0.2, 3, 13)
    matrix = 4 * np.diag(TWO.eigenvalues) + 8 * np.outer(TWO.force, TWO.force)
    late = np.array([TWO.force @ expm((matrix - rates[0] * np.eye(2)) * time) @ start for time in times])
    gap = float(ours["a"]) * (rates[0] - rates[1])
    return Picture(
        r"$|R|/|\frac{\hat a}{D'} e^{\rho t}|$",
        np.abs(late / parts[0] - 1),
        at_most(
            r"$e^{-\delta_b t/2}$, with 1 for the constant left open",
            np.exp(-TWO.gap * times / float(printed["a"])),
        ),
        Said(r"$|r_2/r_1| e^{-(\rho - \rho_2)t}$", abs(parts[1] / parts[0]) * np.exp(-gap * times)),
        "matrix exponential, $a = 2$, $d = 2$",
        1e-4,
        "What is left beside the growing exponential dies out at the gap to the second root.",
        times,
        "time $t$",
        "linear",
        "log",
    )


@picture("P10")
def rate_shift(printed: Constants, ours: Constants) -> Picture:
    powers = np.array([-15, -12, -9, -7, -6])
    starts = 10.0**powers
    shifts = np.array([float(12 - _true_rate(f"1e{power}")) for power in powers])
    law = 4 * beta(2 / 3, 5 / 6) * starts ** (float(ours["a"]) * 8 / 12)
    return Picture(
        r"$\rho(4) - \rho_{true}$",
        shifts,
        at_most(r"$C\delta$ with $\delta = 0.1$, $C = 12$", np.full_like(starts, 1.2)),
        Said(r"$4 B(\frac{2}{3}, \frac{5}{6})\, s(0)^{1/3}$", law),
        "root of $1 = 8\\hat K_\\Theta$, quadrature, one mode",
        0.1,
        "The shift of the rate by the true clock vanishes with the start, at any δ.",
        starts,
        "energy of the start $s(0)$",
        "log",
        "log",
    )


@picture("P10/clock")
def late_clock(printed: Constants, ours: Constants) -> Picture:
    delta = 0.01
    starts = np.geomspace(1e-12, 1e-3, 10)  # w(0); s(0) is its square
    exits = np.log(delta * (1 - starts**2) / (starts**2 * (1 - delta))) / 24
    late = [time - clock(start, time) for start, time in zip(starts, exits, strict=True)]
    return Picture(
        r"$T_1 - \Theta(T_1)$",
        np.array(late),
        at_most(r"$3\delta T_1$", float(printed["a"]) * delta * exits),
        Said(r"$3 \cdot \frac{1}{2} \delta/\rho$", np.full_like(starts, 3 * float(ours["a"]) * delta / 12)),
        r"one mode in closed form, $\delta = 0.01$",
        0.02,
        "How late the clock is at the end of the escape: no more for longer escapes.",
        exits,
        "length of the escape $T_1$",
    )


@picture("P10/step1-exponential")
def exponential_step(printed: Constants, ours: Constants) -> Picture:
    x = np.linspace(-3, 0, 16)
    return Picture(
        "$e^x - 1$",
        np.expm1(x),
        at_most("$x$", float(printed["a"]) * x),
        at_least("$-|x|$", -float(ours["a"]) * np.abs(x)),
        "evaluated",
        1e-9,
        "The inequality holds in the other sense: the bound of the modulus.",
        x,
        "$x$",
    )


@picture("P10/step1")
def kernel(printed: Constants, ours: Constants) -> Picture:
    start, delta = 1e-3, 1e-3
    exit_time = math.log(delta / start**2) / 24
    times = np.linspace(0.02, 0.6, 30)
    gaps = [-math.expm1(4 * (clock(start, time) - time)) for time in times]
    early = float(ours["a"]) * delta * times
    return Picture(
        r"$|K_\Theta - K|/K$",
        np.array(gaps),
        at_most(r"$12\lambda_1\delta t$ for all $t$", float(printed["a"]) * delta * times),
        at_most(r"$12\lambda_1\delta t$ until $T_1$, then 1", np.where(times <= exit_time, early, 1.0)),
        r"one mode in closed form, $s(0) = 10^{-6}$, $\delta = 10^{-3}$",
        1e-9,
        "The change of the kernel by the true clock: the bound fails once the escape is over.",
        times,
        "time $t$",
    )


@picture("P10/growth")
def growth(printed: Constants, ours: Constants) -> Picture:
    start = 1e-6
    run = solve(Problem(np.ones(1), np.ones(1), np.array([start])), 2.0)
    times = np.array(
        [brentq(lambda t, x=s: overlap(start, t) ** 2 - x, 0, 2) for s in np.linspace(0.01, 0.1, 13)]
    )
    seen = run.at(times)
    bend = float(ours["a"]) / (3 * 12 - 12)  # (3ρ − M)^{-1} of one mode, ρ = M = 12
    return Picture(
        r"$u/(c\, d^{-1/2} e^{\rho t})$",
        seen.u / (start * np.exp(12 * times)),
        Said("1, up to $o(1)$", np.full_like(times, float(printed["a"]))),
        Said(r"$1 - \kappa s$, $\kappa = 1/2$", 1 - bend * seen.s),
        "the solver, one mode, $s(0) = 10^{-12}$",
        0.002,
        "The overlap on the way out over its exponential: it bends off long before T1, at any start.",
        seen.s,
        "energy $s(t)$",
    )
