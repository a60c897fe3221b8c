"""Pictures of identities, operators and existence (P2, P3, 5.1, Lem 4, Lem 5, Lem 6, P7)."""

import math

import numpy as np
import sympy
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.trials.independent_flow import loss
from derivations.trials.states import form, random_states
from numerics.arrays import Array


@picture("P2/saddle")
def saddle(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, energies = np.array([0.5, 0.3, 0.2]), np.linspace(0.2, 2.0, 10)
    found = []
    for energy in energies:
        teacher = np.array([math.sqrt(energy / 0.5), 0.0, 0.0])
        across = np.array([0.0, 1.0, 1.0])
        w = across * math.sqrt(energy / 3 / float(form(eigenvalues, across, across)))
        lines = loss(eigenvalues, teacher, np.outer(1 + np.array([-2, -1, 0, 1, 2]), w))
        found.append(float(lines @ np.array([-1, 16, -30, 16, -1]) / 12))  # exact for a quartic
    return Picture(
        r"$w^\top H w$ at a saddle, $H$ the Hessian",
        np.array(found),
        Said(Law(printed["a"] * sym.t**2, {sym.t: energies}), float(printed["a"]) * energies**2),
        Said(Law(ours["a"] * sym.t**2, {sym.t: energies}), float(ours["a"]) * energies**2),
        "differences of the loss, three modes",
        1e-9,
        "The curvature of the loss along w at the saddles, against the energy of the teacher.",
        energies,
        "energy of the teacher $s_*$",
    )


@picture("P3/closure")
def closure(printed: Constants, ours: Constants) -> Picture:
    sizes, orders, exponent = range(2, 8), 12, 2
    ranks = []
    for size in sizes:
        levels = [sympy.Rational(1, j**exponent) for j in range(1, size + 1)]
        table = sympy.Matrix(orders, size, lambda k, j, levels=levels: levels[j] ** (k + 1))
        ranks.append(table.rank())
    modes = np.array(sizes, dtype=float)
    return Picture(
        f"independent among $u^{{(1)}}, …, u^{{({orders})}}$",
        np.array(ranks, dtype=float),
        Said("all: no finite closure", np.full_like(modes, orders)),
        Said("as many as distinct eigenvalues", modes),
        f"exact rank over all weights, {given({'a': exponent})}",
        1e-9,
        "How many of the first twelve overlaps are independent: further ones are combinations of these.",
        modes,
        "distinct eigenvalues",
    )


@picture("5.1/shift")
def shift(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = (vector[0] for vector in random_states(4, 1, seed=7))
    orders = np.arange(2, 9)

    def overlaps(first: Array, order: int) -> float:
        return float(form(eigenvalues, first, teacher, order))

    return Picture(
        "$(BU)_k$",
        np.array([overlaps(eigenvalues * student, int(k)) for k in orders]),
        Said("right shift, $u^{(k-1)}$", np.array([overlaps(student, int(k) - 1) for k in orders])),
        Said(
            "left shift, $u^{(k+1)}$",
            float(ours["a"]) * np.array([overlaps(student, int(k) + 1) for k in orders]),
        ),
        r"overlaps of $Qw$ with $w^*$, random state",
        1e-9,
        "What the operator of the tower does to the overlaps of a state: it moves them to the left.",
        orders.astype(float),
        "order $k$",
        "linear",
        "log",
    )


@picture("Lem4/equality")
def lipschitz_equality(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, one, two = random_states(3, 40, seed=8)
    pairs = [np.sqrt(form(eigenvalues, v, v)) for v in (one - two, one, two)]
    left = 3 * pairs[0] * (pairs[1] + pairs[2]) * np.linalg.norm(eigenvalues * one, axis=1)
    lengths = [np.linalg.norm(v, axis=1) for v in (one - two, one, two)]
    top = eigenvalues.max(axis=1)
    right = top**2 * lengths[0] * (lengths[1] + lengths[2]) * lengths[1]
    image, size = named(r"\|Qw_1\|", r"\|Q\|")
    gap, *weighed = named(r"\|w_1 - w_2\|_Q", r"\|w_1\|_Q", r"\|w_2\|_Q")
    apart, *plain = named(r"\|w_1 - w_2\|", r"\|w_1\|", r"\|w_2\|")
    names = {image: np.linalg.norm(eigenvalues * one, axis=1), size: top}
    names |= dict(zip((gap, *weighed, apart, *plain), (*pairs, *lengths), strict=True))
    return Picture(
        Law(product(3, gap, plus(*weighed), image), names),
        left,
        Said(Law(product(3, size**2, apart, plus(*plain), plain[0]), names, "= {}"), 3 * right),
        at_most("the same", float(ours["a"]) * right),
        "random states",
        1e-9,
        "A line of the proof, printed as an equality: the right-hand side lies above.",
        yscale="log",
    )


@picture("Lem5/backward")
def backward(printed: Constants, ours: Constants) -> Picture:
    starts, end = np.linspace(1.2, 3.0, 10), 1e7
    lives = []
    for start in starts:

        def far(time: float, w: Array) -> float:
            return float(w[0] - end)

        far.terminal = True  # type: ignore[attr-defined]
        run = solve_ivp(lambda t, w: -12 * (1 - w**2) * w, (0, 1), [start], "DOP853", events=far, rtol=1e-11)
        lives.append(float(run.t[-1]))
    rate, w0 = float(ours["b"]), named("w(0)")
    return Picture(
        "life backwards in time",
        np.array(lives),
        at_least(r"any time: all of $\mathbb{R}$", np.full_like(starts, 0.06)),
        Said(
            Law(sympy.log(w0**2 / (w0**2 - 1)) / 24, {w0: starts}),
            np.log(starts**2 / (starts**2 - 1)) / rate,
        ),
        f"a general integrator until {given({'w': end})}, one mode",
        1e-6,
        "How long the flow of one mode can be run backwards before it blows up.",
        starts,
        "start $w(0)$",
    )


@picture("P7/bounded")
def bounded(printed: Constants, ours: Constants) -> Picture:
    """Q = I/2, w* = (1, 1), s ≡ 1 and U_0 = ((−1/2)^k), truncated where it has no weight left."""
    size, energy, times = 120, 1, np.linspace(0, 0.8, 9)
    ratio = 1 / float(printed["n"])
    B = np.eye(size, k=1)
    source = np.zeros((size, size))
    source[:, 0] = 2.0 * 0.5 ** np.arange(2, size + 2)  # s*^(k+1) = 2 · 2^{−k−1}
    begin = (-ratio) ** np.arange(1, size + 1)
    tower = 4 * (1 - 3 * energy) * B + 8 * source
    lengths = np.array([np.linalg.norm(expm(tower * time) @ begin) for time in times])
    turned, push, start = named(r"\int|\Theta'|", r"\|S\|", r"\|U_0\|")
    area, norm = 3 * energy - 1, float(np.linalg.norm(source[:, 0]))
    growth = float(ours["a"]) * area + float(ours["b"]) * norm
    bound = product(sympy.exp(4 * turned + 8 * push * sym.time), start)
    names = {turned: area * times, push: norm, sym.time: times, start: lengths[0]}
    return Picture(
        r"$\|U(t)\|$",
        lengths,
        at_most("$C$; here four times the start", np.full_like(times, 4 * lengths[0])),
        at_most(Law(bound, names), lengths[0] * np.exp(growth * times)),
        f"matrix exponential, {given({'s': energy})}, $U_0 = (q^k)$, {given({'q': -ratio})}",
        1e-9,
        "A solution of the tower that no flow starts: it grows without bound.",
        times,
        "time $t$",
        "linear",
        "log",
    )
