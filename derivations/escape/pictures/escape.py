"""Pictures of the escape: its rate, the steps of P9 and the true clock of P10 (Lem 2, R3, R4, P9, P10)."""

import math

import numpy as np
import sympy
from scipy.linalg import expm
from scipy.optimize import brentq, minimize_scalar
from scipy.special import beta

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture
from derivations.escape.claims.clock import _true_rate
from derivations.setting import symbols as sym
from derivations.trials.linear import Escape
from derivations.trials.one_mode import clock, overlap
from numerics import Problem, solve
from numerics.arrays import Array

EXPONENT, MODES = 2, 2
LEVELS = np.arange(1.0, MODES + 1) ** -EXPONENT
TWO = Escape(LEVELS / LEVELS.sum(), np.ones(MODES))
"""A power law of two modes, flat teacher."""

TWO_MODES = given({"a": EXPONENT, "d": MODES})
RHO, DELTA, KAPPA = r"\rho", r"\delta", r"\kappa"
LEFT, SPREAD, MASS = named(r"(\rho - \sigma)", r"\delta_b", "s_*^{(2)}")
"""What is left of ρ on a vertical line, the gap and the teacher's second energy."""


@picture("R3")
def sign_fixed(printed: Constants, ours: Constants) -> Picture:
    times = np.linspace(0, 3, 25)
    begin = sympy.Rational(-9, 41), sympy.Rational(40, 41)
    run = solve(Problem(TWO.eigenvalues, TWO.teacher, np.array(begin, float)), 20.0)
    seen = run.at(times)
    return Picture(
        "$u(t)$",
        seen.u,
        at_least("0, the sign of $u(0)$", np.zeros_like(times)),
        at_most(
            f"0, the sign that $u$ has when $L$ falls below ${Law.printed(ours['b'])}$",
            np.where(seen.loss < float(ours["b"]), 0.0, np.nan),
        ),
        f"the solver, {given({'a': EXPONENT, 'w(0)': begin})}",
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
    bound, names = float(printed["a"]) * TWO.s2**1.5 / TWO.gap, {MASS: TWO.s2, SPREAD: TWO.gap}
    return Picture(
        r"$c = \sqrt{d}\, \lim u\, e^{-\rho t}$",
        math.sqrt(2) * grown,
        at_most(Law(8 * MASS ** sympy.Rational(3, 2) / SPREAD, names), np.full_like(angles, bound)),
        at_most(
            r"$\sqrt{d}\, \|w(0)\| \sqrt{s_*^{(2)}}$",
            np.full_like(angles, float(ours["a"]) * math.sqrt(2 * TWO.s2)),
        ),
        f"matrix exponential, {TWO_MODES}",
        1e-9,
        "The coefficient of the growing exponential for starts on the unit sphere with u(0) > 0.",
        angles / np.pi,
        r"direction of $w(0)$, in units of $\pi$",
    )


@picture("P9/step4")
def real_part(printed: Constants, ours: Constants) -> Picture:
    sigma, heights = TWO.rho - TWO.gap / 2, np.linspace(-6, 6, 21)
    shape, value = 1 - TWO.D(sigma).real, named(r"F_b(\sigma)")
    return Picture(
        r"$\mathrm{Re}\, D_b(\sigma + iy)$",
        np.array([TWO.D(complex(sigma, y)).real for y in heights]),
        at_least(
            Law(plus(value, -1), {value: shape}),
            np.full_like(heights, float(printed["a"]) / 8 * shape - 1),
        ),
        at_least(Law(plus(1, -value), {value: shape}), np.full_like(heights, 1 - float(ours["a"]) * shape)),
        f"evaluated, {TWO_MODES}",
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
    tangent = named(r"D_b'(\rho)")
    names = {LEFT: TWO.rho - sigmas, tangent: TWO.slope(TWO.rho)}
    return Picture(
        r"$(\rho - \sigma) |F_b'(\rho)|$",
        (TWO.rho - sigmas) * slope,
        Said(
            Law(product(LEFT / 8, tangent), names),
            (TWO.rho - sigmas) / float(printed["a"]) * TWO.slope(TWO.rho),
        ),
        Said(r"$(\rho - \sigma) D_b'(\rho)$", (TWO.rho - sigmas) * TWO.slope(TWO.rho)),
        f"difference quotient, {TWO_MODES}",
        1e-6,
        "The tangent at ρ: a factor 8 was lost.",
        sigmas,
        r"$\sigma$",
    )


@picture("P9/step4-infimum")
def infimum(printed: Constants, ours: Constants) -> Picture:
    lone = Escape(np.ones(1), np.ones(1))
    top = float(lone.rho)
    sigmas = np.linspace(8, 11.9, 14)
    least = [
        abs(lone.D(complex(s, minimize_scalar(lambda y, s=s: abs(lone.D(complex(s, y)))).x))) for s in sigmas
    ]
    names = {LEFT: top - sigmas, MASS: lone.s2}
    return Picture(
        r"$\inf_y |D_b(\sigma + iy)|$",
        np.array(least),
        at_least(Law(over(LEFT, 64 * MASS), names), (top - sigmas) / float(printed["a"])),
        at_least(Law(over(LEFT, 8 * MASS), names), (top - sigmas) / float(ours["a"])),
        f"minimised over $y$, one mode, {given({RHO: top})}",
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
            Law(
                sympy.exp(-SPREAD * sym.time / 2),
                {SPREAD: TWO.gap, sym.time: times},
                "{}, with 1 for the constant left open",
            ),
            np.exp(-TWO.gap * times / float(printed["a"])),
        ),
        Said(r"$|r_2/r_1| e^{-(\rho - \rho_2)t}$", abs(parts[1] / parts[0]) * np.exp(-gap * times)),
        f"matrix exponential, {TWO_MODES}",
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
    free = 12
    shifts = np.array([float(free - _true_rate(f"1e{power}")) for power in powers])
    law = 4 * beta(2 / 3, 5 / 6) * starts ** (float(ours["a"]) * 8 / 12)
    delta, constant, begun = 0.1, 12, named("s(0)")
    third = sympy.Rational(1, 3)
    formula = product(4, sympy.beta(2 * third, sympy.Rational(5, 6)), begun**third)
    return Picture(
        r"$\rho - \rho_{true}$",
        shifts,
        at_most(
            rf"$C\delta$ with {given({DELTA: delta, 'C': constant})}",
            np.full_like(starts, constant * delta),
        ),
        Said(Law(formula, {begun: starts}), law),
        "root of the true secular equation, quadrature, one mode",
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
    part, rate, left = named(r"\delta", r"\rho", "T_1")
    names = {part: delta, rate: 12, left: exits}
    return Picture(
        r"$T_1 - \Theta(T_1)$",
        np.array(late),
        at_most(Law(product(3, part, left), names), float(printed["a"]) * delta * exits),
        Said(
            Law(3 * part / (2 * rate), names),
            np.full_like(starts, 3 * float(ours["a"]) * delta / 12),
        ),
        f"one mode in closed form, {given({DELTA: delta})}",
        0.02,
        "How late the clock is at the end of the escape: no more for longer escapes.",
        exits,
        "length of the escape $T_1$",
    )


@picture("P10/step1-exponential")
def exponential_step(printed: Constants, ours: Constants) -> Picture:
    x, name = np.linspace(-3, 0, 16), named("x")
    return Picture(
        Law(plus(sympy.exp(name), -1), {name: x}),
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
    first, part = named(r"\lambda_1", r"\delta")
    names = {first: 1, part: delta, sym.time: times}
    bound = product(12, first, part, sym.time)
    return Picture(
        r"$|K_\Theta - K|/K$",
        np.array(gaps),
        at_most(Law(bound, names, "{} for all $t$"), float(printed["a"]) * delta * times),
        at_most(Law(bound, names, "{} until $T_1$, then 1", early), np.where(times <= exit_time, early, 1.0)),
        f"one mode in closed form, {given({'s(0)': start**2, DELTA: delta})}",
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
    turn = named(r"\kappa")
    return Picture(
        r"$u$ over its exponential",
        seen.u / (start * np.exp(12 * times)),
        Said("one, up to what vanishes", np.full_like(times, float(printed["a"]))),
        Said(
            Law(plus(1, -product(turn, sym.s)), {turn: bend, sym.s: seen.s}, f"{{}}, {given({KAPPA: bend})}"),
            1 - bend * seen.s,
        ),
        f"the solver, one mode, {given({'s(0)': start**2})}",
        0.002,
        "The overlap on the way out over its exponential: it bends off long before T1, at any start.",
        seen.s,
        "energy $s(t)$",
    )
