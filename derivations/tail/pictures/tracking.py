"""Pictures of how closely the frozen approximation is tracked (T5, Cor 4, T2)."""

import math

import numpy as np
import sympy
from scipy.integrate import quad

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import ModeSum, over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.tail.claims.tracking import sides
from derivations.trials.independent_flow import statistics, velocity, weights
from derivations.trials.states import random_states
from numerics import Problem, power_law, solve
from numerics.arrays import Array

GAP = r"$|\mathrm{MSE}_{full} - \mathrm{MSE}_{ideal}|$"


def _ideal(eigenvalues: Array, error: Array, times: Array) -> Array:
    """The frozen error e^{−8Qτ} e, (modes, times)."""
    return error[:, None] * np.exp(-8 * np.outer(eigenvalues, times))


def _tracking(
    eigenvalues: Array, teacher: Array, error: Array, epsilon: float, times: Array, a: float
) -> Array:
    """The corrected bound on |MSE_full − MSE_ideal|."""
    ideal = np.abs(_ideal(eigenvalues, error, times))
    gap = _drift(eigenvalues, teacher, error, epsilon, times, a)
    return (2 * ideal * gap + gap**2).mean(axis=0)


def _drift(eigenvalues: Array, teacher: Array, error: Array, epsilon: float, times: Array, a: float) -> Array:
    """The corrected bound on each weight's distance from the frozen one, (modes, times)."""
    grown = -np.expm1(-8 * np.outer(eigenvalues, times))
    return a * epsilon * (np.abs(error) + np.abs(teacher))[:, None] * grown


ACCURACY, ERROR, TEACHER, RATE = named(r"\varepsilon", "|e_i|", "|w^*_i|", r"\lambda_i")
DRIFTED = product(2, ACCURACY, plus(ERROR, TEACHER), plus(1, -sympy.exp(product(-8, RATE, sym.tau))))
"""The corrected bound on one weight's distance from the frozen one."""


def _bound(a: float) -> Law:
    """The bound on a weight as a formula, compared where the code's is evaluated."""
    place = {ACCURACY: 0.3, ERROR: 0.7, TEACHER: 1.1, RATE: 0.2, sym.tau: 0.6}
    gap = _drift(np.array([0.2]), np.array([1.1]), np.array([0.7]), 0.3, np.array([0.6]), a)
    return Law(DRIFTED, place, r"by $|\Delta e_i| \leq$ {}", float(gap[0, 0]))


RATES = r"\lambda"


@picture("T5")
def theorem(printed: Constants, ours: Constants) -> Picture:
    slowest = np.geomspace(1e-4, 1e-2, 9)
    measured, claimed, bounds = [], [], []
    for slow in slowest:
        rates, error = np.array([1 - slow, slow]), np.array([0.0, -(slow**2)])
        left, terms, epsilon = sides(slow)
        bound = _tracking(rates, np.ones(2), error, epsilon, np.array([1 / (20 * slow)]), float(ours["a"]))
        measured.append(left)
        claimed.append(float(terms.sum()))
        bounds.append(float(bound[0]))
    return Picture(
        GAP,
        np.array(measured),
        at_most("(D.18) with all constants one", np.array(claimed)),
        at_most(_bound(float(ours["a"])), np.array(bounds)),
        "Radau, two modes, the slow one an error of the square of its rate",
        1e-9,
        "True less frozen MSE after T2: no constants A, B and C serve all spectra.",
        slowest,
        r"slow eigenvalue $\eta$",
        "log",
        "log",
    )


@picture("Cor4")
def corollary(printed: Constants, ours: Constants) -> Picture:
    slowest = np.geomspace(1e-4, 1e-1, 10)
    measured, claimed, bounds = [], [], []
    for slow in slowest:
        rates, error = np.array([1 - slow, slow]), np.array([0.0, -(slow**2)])
        times = np.linspace(0, 0.5 / slow, 101)[1:]
        seen = solve(Problem(rates, np.ones(2), 1 + error), 1 / slow).at(times)
        epsilon = float((np.abs(seen.one_minus_s) + np.abs(seen.one_minus_u)).max())
        ideal = (_ideal(rates, error, times) ** 2).mean(axis=0)
        right = epsilon * ((error**2).mean() - ideal) + epsilon**2 * (rates @ rates) / 2
        gap = np.abs(seen.mse - ideal)
        worst = int(np.argmax(gap / right))
        bound = _tracking(rates, np.ones(2), error, epsilon, times, float(ours["a"]))
        measured.append(gap[worst])
        claimed.append(right[worst])
        bounds.append(bound[worst])
    return Picture(
        GAP,
        np.array(measured),
        at_most("Corollary 4 with both constants one", np.array(claimed)),
        at_most(_bound(float(ours["a"])), np.array(bounds)),
        "the solver, two modes, the slow one an error of the square of its rate",
        1e-9,
        "True less frozen MSE at the worst time: no constants serve all spectra.",
        slowest,
        r"slow eigenvalue $\eta$",
        "log",
        "log",
    )


@picture("T2")
def phase_three(printed: Constants, ours: Constants) -> Picture:
    exponent, size = 2, 20
    problem = power_law(exponent, size, init="escape:0.05")
    run = solve(problem, 1000.0)
    begin = run.phases(epsilon=0.05).t2
    at_t2 = run.at([begin])
    epsilon = abs(float(at_t2.one_minus_s[0])) + abs(float(at_t2.one_minus_u[0]))
    reached = weights(problem.eigenvalues, problem.teacher, problem.init, np.array([0.0, begin]))[-1]
    error = reached - problem.teacher
    times = np.geomspace(0.1, 400, 14)
    ideal = (_ideal(problem.eigenvalues, error, times) ** 2).mean(axis=0)
    second = float(problem.eigenvalues**2 @ problem.teacher**2)
    bound = _tracking(problem.eigenvalues, problem.teacher, error, epsilon, times, float(ours["a"]))
    begun, sum_, mass = named(r"\mathrm{MSE}(T_2)", r"\hat S_d", "s_*^{(2)}")
    additive = product(ACCURACY**2, sym.tau**2, mass, 1 / sym.d)
    started = float((error**2).mean())
    names = {ACCURACY: epsilon, begun: started, sum_: ideal / started, sym.tau: times, mass: second}
    claimed = Law(
        plus(product(ACCURACY, begun, sum_), additive), {**names, sym.d: size}, "{}, with constants one"
    )
    return Picture(
        GAP,
        np.abs(run.at(begin + times).mse - ideal),
        at_most(
            claimed,
            epsilon * ideal + epsilon**2 * times**2 * second / size,
        ),
        at_most(_bound(float(ours["a"])), bound),
        f"the solver, {given({'a': exponent, 'd': size})}",
        1e-9,
        "True less frozen MSE after T2: the paper's additive term grows without end, the error does not.",
        times,
        r"time after $T_2$, $\tau$",
        "log",
        "log",
    )


@picture("T5/D.17")
def error_equation(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = random_states(3, 40, seed=2)
    energy, overlap = statistics(eigenvalues, teacher, student)
    less_s, less_u = (1 - energy)[:, None], (1 - overlap)[:, None]
    error = student - teacher
    rate = velocity(eigenvalues, teacher, student) + 8 * eigenvalues * error
    wrong = eigenvalues * (-12 * less_s * error + (8 * less_u - 12 * less_s) * teacher)
    a, b = float(ours["a"]), float(ours["b"])
    right = eigenvalues * (a * less_s * error + (a * less_s - b * less_u) * teacher)
    moved, aim, gap_s, gap_u = named("Q e", "Q w^*", r"\delta_s", r"\delta_u")
    names = {moved: (eigenvalues * error)[:, 0], aim: (eigenvalues * teacher)[:, 0]}
    names |= {gap_s: less_s[:, 0], gap_u: less_u[:, 0]}
    first = plus(product(-12, gap_s, moved), product(plus(8 * gap_u, -12 * gap_s), aim))
    second = plus(product(12, gap_s, moved), product(plus(12 * gap_s, -8 * gap_u), aim))
    return Picture(
        r"rate of $\Delta e_1$ at first",
        rate[:, 0],
        Said(Law(first, names), wrong[:, 0]),
        Said(Law(second, names), right[:, 0]),
        "loss by complex steps",
        1e-9,
        "The first coordinate of the true velocity less the frozen one, at random states of three modes.",
    )


@picture("T5/A")
def lost_factor(printed: Constants, ours: Constants) -> Picture:
    products = np.linspace(0.05, 4, 12)  # X = 16 λ τ, with λ = 1 and δs = ε
    terms = [
        2 * math.exp(-x / 2) * quad(lambda r, x=x: 12 * math.exp(-8 * (x / 16 - r) - 8 * r), 0, x / 16)[0]
        for x in products
    ]
    scaled = named("X")
    grown = plus(1, -sympy.exp(-scaled))
    return Picture(
        r"first term over $\varepsilon\,\mathrm{MSE}(T_2)$",
        np.array(terms),
        at_most(Law(product(over(1, 8), grown), {scaled: products}), -np.expm1(-products) / 8),
        at_most(Law(product(over(3, 2), grown), {scaled: products}), -float(ours["a"]) * np.expm1(-products)),
        r"quadrature, one mode, $\delta_s = \varepsilon$",
        1e-9,
        "The first term of the bound on the MSE: the factor 12 of the flow was lost.",
        products,
        "decay of the squares, $X$",
    )


@picture("T5/B")
def forced_bound(printed: Constants, ours: Constants) -> Picture:
    times = np.linspace(0.01, 0.6, 12)
    forced = [quad(lambda r, t=time: 12 * math.exp(-8 * (t - r)), 0, time)[0] for time in times]
    grown = np.expm1(-8 * times) ** 2
    elapsed, force = named(r"\lambda\tau", r"\|T\|/(\varepsilon w^*)")
    square = plus(1, -sympy.exp(-8 * elapsed)) ** 2
    return Picture(
        Law(force**2, {force: np.array(forced)}),
        np.square(forced),
        at_most(Law(product(over(25, 4), square), {elapsed: times}), 25 / 4 * grown),
        at_most(Law(product(over(9, 4), square), {elapsed: times}), float(ours["b"]) * grown),
        r"quadrature, one mode, $|\delta_s| = \varepsilon$",
        1e-9,
        "The forced part of the error where it is largest: the sharp constant is 9/4.",
        times,
        r"$\lambda\tau$",
    )


@picture("T5/C")
def self_interaction(printed: Constants, ours: Constants) -> Picture:
    """δs = −ε; Δe = (0, 1) until the last unit of time, then (1, 0)."""
    rates, times = (0.99, 0.01), np.geomspace(1.5, 100, 12)
    lengths = []
    for time in times:
        first = quad(lambda r, t=time: 12 * rates[0] * math.exp(-8 * rates[0] * (t - r)), time - 1, time)[0]
        second = quad(lambda r, t=time: 12 * rates[1] * math.exp(-8 * rates[1] * (t - r)), 0, time - 1)[0]
        lengths.append(math.hypot(first, second))
    constant = float(ours["a"])
    largest, each = named(r"\sup_\sigma \|\Delta e(\sigma)\|", r"\sup_\sigma \Delta e_i(\sigma)")
    total = sympy.sqrt(ModeSum(each**2, sym.i))
    return Picture(
        r"$\|S(\tau)\|/\varepsilon$",
        np.array(lengths),
        at_most(Law(product(over(3, 2), largest), {largest: 1.0}), np.full_like(times, 1.5)),
        at_most(
            Law(
                product(over(3, 2), total),
                {each: 0.7},
                value=constant * math.hypot(0.7, 0.7),
            ),
            np.full_like(times, constant * math.sqrt(2)),
        ),
        f"quadrature, {given({RATES: rates})}",
        1e-9,
        "The self-interaction of an error that moves from the slow mode to the fast one at the end.",
        times,
        r"time after $T_2$, $\tau$",
        "log",
    )
