"""Pictures of the crossing of s = 1/3 and of the Volterra equations in the clock (P8, P11, P12, Lem 12)."""

import math

import numpy as np
import sympy

from derivations.convergence.claims.crossing import MIXED
from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import ModeSum, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_least
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.trials.independent_flow import statistics, velocity, weights
from derivations.trials.one_mode import clock, volterra
from derivations.trials.states import form
from numerics import Problem, solve
from numerics.arrays import Array

LAMBDA, THETA = r"\lambda", r"\Theta"
RATE, CLOCK = sympy.Symbol("lambda"), sympy.Function(r"\Theta")
KERNEL = sympy.exp(product(4, RATE, plus(CLOCK(sym.time), -CLOCK(sym.tau))))
PRINTED_KERNEL = sympy.exp(product(4, RATE, CLOCK(plus(sym.time, -sym.tau))))
"""The kernel of two times, and the paper's."""

SEEN = 0.4, 0.1
MOMENTS = dict(zip((sym.time, sym.tau), SEEN, strict=True))
"""The times at which a kernel is compared with its formula."""

FAST = np.linspace(-0.2, 0.2, 13)
"""Weights of the fast mode, MIXED's on the left: below 0 it points against the teacher."""


def _turned() -> tuple[Array, Array, Array]:
    """λ, w* and the students (13, 2) that differ in the fast mode."""
    eigenvalues, teacher, student = MIXED.arrays()
    return eigenvalues, teacher, np.stack([FAST, np.full_like(FAST, student[1])], axis=1)


@picture("P8", "P12/C.3")
def convolution(printed: Constants, ours: Constants) -> Picture:
    start, times = 0.5, np.linspace(0.02, 0.5, 13)
    run = solve(Problem(np.ones(1), np.ones(1), np.array([start])), 1.0)
    factor = float(ours["a"])

    def two_times(t: float, r: float) -> float:
        return math.exp(factor * (clock(start, t) - clock(start, r)))

    def elapsed(t: float, r: float) -> float:
        return math.exp(4 * clock(start, t - r))

    names = {RATE: 1, CLOCK: lambda t: clock(start, float(t)), **MOMENTS}
    return Picture(
        "$u(t)$",
        run.at(times).u,
        Said(Law(PRINTED_KERNEL, names, "kernel {}", elapsed(*SEEN)), volterra(start, times, elapsed)),
        Said(
            Law(KERNEL, names, "kernel {}", two_times(*SEEN)),
            volterra(start, times, two_times, gain=float(ours.get("b", 8))),
        ),
        f"the solver, one mode from {given({'w': start})}",
        1e-6,
        "The overlap and the right-hand side of its Volterra equation: the kernel is one of two times.",
        times,
        "time $t$",
    )


@picture("P11/duhamel")
def higher_duhamel(printed: Constants, ours: Constants) -> Picture:
    start, rate, order, times = 0.3, 0.5, 2, np.linspace(0.02, 0.5, 13)
    scale = rate ** (order - 1)  # u^(k) = λ^{k−1} u, as (w*)² = 1/λ
    run = solve(Problem(np.array([rate]), np.array([rate**-0.5]), np.array([start * rate**-0.5])), 1.0)
    share = rate ** float(ours["n"])

    def elapsed(t: float, r: float) -> float:
        return math.exp(4 * rate * clock(start, t - r, rate))

    def two_times(t: float, r: float) -> float:
        return share * math.exp(4 * rate * (clock(start, t, rate) - clock(start, r, rate)))

    k = sympy.Symbol("k")
    shares = product(sym.lam[sym.i] ** (k + 1), sym.w_star[sym.i] ** 2)
    kernel = ModeSum(product(shares, KERNEL.subs(RATE, sym.lam[sym.i])), sym.i)
    names = {ModeSum: 1, sym.lam: lambda _: rate, sym.w_star: lambda _: rate**-0.5, k: order, **MOMENTS}
    names |= {CLOCK: lambda t: clock(start, float(t), rate)}
    return Picture(
        "$u^{(2)}(t)$",
        scale * run.at(times).u,
        Said(
            r"$(K_\Theta)_k(t - \tau)$",
            scale * volterra(start, times, elapsed, rate, float(printed["a"])),
        ),
        Said(
            Law(kernel, names, value=rate ** (order - 1) * two_times(*SEEN)),
            scale * volterra(start, times, two_times, rate, float(ours["a"])),
        ),
        f"the solver, one mode, {given({LAMBDA: rate})}",
        1e-6,
        "The second overlap and the right-hand side of its equation, by the kernel that is used.",
        times,
        "time $t$",
    )


@picture("P12/source")
def source_bound(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, students = _turned()
    half = 0.5
    later = form(eigenvalues, np.exp(float(ours["a"]) * eigenvalues * half) * students, teacher, 2)
    begin = form(eigenvalues, students, teacher, 2)
    kept = np.where((students * teacher >= 0).all(axis=1), begin, np.nan)
    return Picture(
        rf"$\tilde a_0^{{(2)}}$ at {given({THETA: half})}",
        later,
        at_least("$u^{(2)}(T_1)$", begin),
        at_least(r"$u^{(2)}(T_1)$ where no $w_i w^*_i$ is negative", kept),
        "evaluated, two modes",
        1e-9,
        "The source of the second overlap: it falls where the fast mode points against the teacher.",
        FAST,
        "fast weight $w_1(T_1)$",
    )


@picture("P12/C.4")
def second_overlap(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, students = _turned()
    begin = form(eigenvalues, students, teacher, 2)
    times = np.linspace(0, 3, 151)
    least = []
    for student in students:
        path = weights(eigenvalues, teacher, student, times)
        below = form(eigenvalues, path, path) <= 1 / float(ours["b"])
        least.append(float(form(eigenvalues, path, teacher, 2)[below].min()))
    kept = np.where((students * teacher >= 0).all(axis=1), begin, np.nan)
    return Picture(
        f"least $u^{{(2)}}$ until {given({'s': 1 / ours['b']})}",
        np.array(least),
        at_least("$u^{(2)}(T_1)$", begin),
        at_least(r"$u^{(2)}(T_1)$ where no $w_i w^*_i$ is negative", kept),
        "a general integrator, two modes",
        1e-9,
        "The second overlap may fall below its value at T1, even below 0.",
        FAST,
        "fast weight $w_1(T_1)$",
    )


@picture("P12/outline", "Lem12/invariance")
def driven_upward(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, _ = MIXED.arrays()
    angles = np.linspace(2.7, 3.07, 25)[:, None]
    student = np.hstack([np.cos(angles), np.sin(angles)]) / np.sqrt(float(ours["b"]) * eigenvalues)
    overlap, second = (statistics(eigenvalues, teacher, student, order)[1] for order in (1, 2))
    student, overlap, second = student[overlap > 0], overlap[overlap > 0], second[overlap > 0]
    rate = 2 * form(eigenvalues, student, velocity(eigenvalues, teacher, student))
    order_two = named("u^{(2)}")
    names = {sym.u: overlap, order_two: second}
    return Picture(
        rf"$\dot s$ at {given({'s': 1 / ours['b']})}",
        rate,
        at_least("0", np.zeros_like(rate)),
        Said(Law(product(16, sym.u, order_two), names), float(ours["a"]) * overlap * second),
        "loss by complex steps, two modes",
        1e-9,
        "The rate of the energy on the threshold, at states with u > 0: it may fall.",
        overlap * second,
        "$u u^{(2)}$",
    )
