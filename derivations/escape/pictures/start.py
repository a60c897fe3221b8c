"""Pictures of the start and of the statistics of higher order in Phase I (R6, Section 2, P5, P11, Lem 9)."""

import math

import numpy as np
import sympy
from scipy.integrate import quad
from scipy.linalg import expm

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import ModeSum, over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_least, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.trials.one_mode import overlap
from numerics import Problem, solve
from numerics.arrays import Array


def _spheres(size: int, count: int) -> Array:
    """Draws from the unit sphere (count, size)."""
    starts = np.random.default_rng(size).standard_normal((count, size))
    return np.asarray(starts / np.linalg.norm(starts, axis=1, keepdims=True))


EXPONENT = 2


def _power_law(size: int) -> Array:
    eigenvalues = np.arange(1.0, size + 1) ** -EXPONENT
    return np.asarray(eigenvalues / eigenvalues.sum())


CLOCK = 0.3
SIZES = np.array([10, 20, 50, 100, 200, 500, 1000])


@picture("R6")
def gaussian_on_sphere(printed: Constants, ours: Constants) -> Picture:
    sizes = np.array([2, 3, 4, 6, 8, 12, 16, 24])
    found = []
    for size in sizes:
        source = _spheres(int(size), 40000) @ _power_law(int(size))  # a linear functional, as â is
        found.append(float(np.mean(source**4) / np.mean(source**2) ** 2))
    dimension = sizes.astype(float)
    return Picture(
        r"kurtosis of $\hat a(\rho)$",
        np.array(found),
        Said(f"{float(printed['a']):g}, the Gaussian one", np.full_like(dimension, float(printed["a"]))),
        Said(
            Law(3 * sym.d / (sym.d + 2), {sym.d: dimension}),
            3 * dimension / (dimension + float(ours["n"])),
        ),
        "40000 draws on the sphere",
        0.03,
        "The law of the source over starts on the sphere: Gaussian only as d grows.",
        dimension,
        "dimension $d$",
    )


@picture("R6/energy")
def energy_spread(printed: Constants, ours: Constants) -> Picture:
    spreads, laws, squares = [], [], []
    for size in SIZES:
        eigenvalues = _power_law(int(size))
        squares.append(float(eigenvalues @ eigenvalues))
        draws = np.random.default_rng(size).standard_normal((max(2000, 10**6 // size), size)) ** 2 / size
        spreads.append(float(np.std(draws @ eigenvalues)))
        laws.append(math.sqrt(float(ours["b"]) * float(eigenvalues @ eigenvalues)) / size)
    dimension, trace = SIZES.astype(float), named(r"\mathrm{tr}\,QQ")
    names = {sym.d: dimension, trace: np.array(squares)}
    return Picture(
        "standard deviation of $s(0)$",
        np.array(spreads),
        Said(Law(sym.d ** -sympy.Rational(1, 2), names), dimension ** (-1 / float(printed["n"]))),
        Said(Law(over(sympy.sqrt(2 * trace), sym.d), names), np.array(laws)),
        f"Gaussian starts, 2000 or more, {given({'a': EXPONENT})}",
        0.15,
        "How much the energy of the start varies: by 1/d.",
        dimension,
        "dimension $d$",
        "log",
        "log",
    )


@picture("Setup/start")
def two_norms(printed: Constants, ours: Constants) -> Picture:
    found, laws = [], []
    for size in SIZES:
        eigenvalues = _power_law(int(size))
        found.append(float(np.sqrt(np.mean((_spheres(int(size), 2000) @ eigenvalues) ** 2))))
        laws.append(math.sqrt(float(ours["a"]) * float(eigenvalues @ eigenvalues) / size))
    dimension = SIZES.astype(float)
    small = dimension ** (-1 / float(printed["n"]))
    shorter = Law(
        sym.d ** -sympy.Rational(1, 2),
        {sym.d: dimension},
        r"$\sqrt{s_*^{(2)}/d}\, \|w(0)\|$ with a norm of {}",
        value=small,
    )
    return Picture(
        "root mean square of $u(0)$",
        np.array(found),
        Said(
            shorter,
            np.array(laws) * small,
        ),
        Said(r"$\sqrt{s_*^{(2)}/d}$, as the norm is one", np.array(laws)),
        f"2000 draws on the unit sphere, {given({'a': EXPONENT})}, flat",
        0.1,
        "The overlap of a start on the unit sphere: the smaller norm of the proofs is not that of Section 2.",
        dimension,
        "dimension $d$",
        "log",
        "log",
    )


@picture("Lem9/kernel")
def same_kernel(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, clocks = _power_law(6), np.linspace(0, 0.6, 13)
    force = eigenvalues  # Q w*, flat teacher
    matrix = 4 * np.diag(eigenvalues)

    def moment(order: int, theta: float) -> float:
        return float(np.sum(eigenvalues**order * np.exp(4 * eigenvalues * theta)))

    measured = np.array([force @ expm(matrix * theta) @ force for theta in clocks])
    m, clock, energies = sympy.Symbol("m"), named(r"\Theta"), sympy.Function("s_*")

    def series(shift: int) -> Law:
        term = product((4 * clock) ** m, energies(shift + m), 1 / sympy.factorial(m))
        names = {clock: CLOCK, energies: lambda order: sympy.Add(*(rate**order for rate in eigenvalues))}
        written = {ModeSum: lambda body, index: sympy.Add(*(body.subs(index, k) for k in range(40)))}
        return Law(ModeSum(term, m), {**names, **written}, value=moment(shift, CLOCK))

    return Picture(
        "kernel of $u$",
        measured,
        Said(series(1), np.array([moment(1, x) for x in clocks])),
        Said(
            series(2),
            float(ours["a"]) * np.array([moment(2, x) for x in clocks]),
        ),
        "matrix exponential",
        1e-9,
        "The kernel of u carries one power of Q more than the one of Lemma 9.",
        clocks,
        r"clock $\Theta$",
    )


@picture("P11", "P5")
def control(printed: Constants, ours: Constants) -> Picture:
    size, start = 4, 0.05
    rate = 1 / size
    times = np.linspace(0.05, 0.6, 12)
    run = solve(Problem(np.full(size, rate), np.ones(size), np.full(size, start)), 1.0)
    seen = run.at(times).u
    areas = np.array([quad(lambda t: overlap(start, t, rate), 0, time)[0] for time in times])
    noise = math.sqrt(math.log(size) / size) * rate * np.exp(4 * rate * times)
    first, second, area, first_overlap, top = named(
        "s_*^{(1)}", "s_*^{(2)}", r"\int u", "u^{(1)}", r"\lambda_1"
    )
    names = {
        first: 1,
        second: rate,
        area: areas,
        first_overlap: seen,
        top: rate,
        sym.d: size,
        sym.time: times,
    }
    spread = product(top, sympy.sqrt(over(sympy.log(sym.d), sym.d)), sympy.exp(product(4, top, sym.time)))
    return Picture(
        Law(plus(first_overlap, spread), names),
        seen + noise,
        at_least(Law(product(8, first, area), names), float(printed["a"]) * areas),
        at_least(Law(product(8, second, area), names), float(ours["a"]) * rate * areas),
        f"the solver, $Q = qI$, $w(0) = cw^*$, {given({'q': rate, 'c': start})}",
        1e-9,
        "The lower side of the control of u: its source has one power of Q less than it should.",
        times,
        "time $t$",
    )


@picture("P11/upper")
def upper(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, start = np.array([36.0, 9.0, 4.0]) / 49, np.array([1.0, -55.0, 118.0])
    times, order = np.linspace(0.02, 0.4, 15), 6
    ratio = eigenvalues / eigenvalues[0]
    size = max(abs(ratio**n @ start) for n in range(1, 99))
    matrix = 4 * np.diag(eigenvalues) + 8 * np.outer(eigenvalues, eigenvalues)
    late = np.array([expm(matrix * time) @ start for time in times])
    excess = (late @ ratio**order - (late - start) @ ratio) / size
    top, reached, begun, sixth, bound = named(r"\lambda_1", "u", "u(0)", f"u^{{({order})}}", "q")
    names = {top: eigenvalues[0], sym.time: times, bound: size}
    names |= {reached: late @ ratio * eigenvalues[0], begun: float(start @ ratio * eigenvalues[0])}
    names |= {sixth: late @ ratio**order * eigenvalues[0] ** order}
    quotient = over(plus(sixth, -product(top**5, plus(reached, -begun))), product(top**6, bound))
    grown = np.exp(4 * eigenvalues[0] * times)
    return Picture(
        Law(quotient, names),
        excess,
        at_most(Law(sympy.exp(product(4, top, sym.time)), names), float(printed["a"]) * grown),
        at_most(
            Law(plus(product(2, sympy.exp(product(4, top, sym.time))), -1), names),
            float(ours["a"]) * grown - 1,
        ),
        "matrix exponential, three modes",
        1e-9,
        "The upper side of the control for order 6, where the products of the weights differ in sign.",
        times,
        "time $t$",
    )
