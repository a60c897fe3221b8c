"""Pictures of how closely the frozen approximation is tracked (T5, Cor 4, T2)."""

import math

import numpy as np
from scipy.integrate import quad

from derivations.court.claim import Constants
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.tail.claims.tracking import sides
from derivations.trials.independent_flow import statistics, velocity, weights
from derivations.trials.states import random_states
from numerics import Problem, power_law, solve

Array = np.ndarray

GAP = r"$|\mathrm{MSE}_{full} - \mathrm{MSE}_{ideal}|$"


def _ideal(eigenvalues: Array, error: Array, times: Array) -> Array:
    """The frozen error e^{−8Qτ} e, (modes, times)."""
    return error[:, None] * np.exp(-8 * np.outer(eigenvalues, times))


def _tracking(
    eigenvalues: Array, teacher: Array, error: Array, epsilon: float, times: Array, a: float
) -> Array:
    """The corrected bound on |MSE_full − MSE_ideal|."""
    ideal = np.abs(_ideal(eigenvalues, error, times))
    grown = -np.expm1(-8 * np.outer(eigenvalues, times))
    gap = a * epsilon * (np.abs(error) + np.abs(teacher))[:, None] * grown
    return (2 * ideal * gap + gap**2).mean(axis=0)


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
        at_most("(D.18) with $A = B = C = 1$", np.array(claimed)),
        at_most(
            r"by $|\Delta e_i| \leq 2\varepsilon(|e_i| + |w^*_i|)(1 - e^{-8\lambda_i\tau})$", np.array(bounds)
        ),
        r"Radau, $\lambda = (1 - \eta, \eta)$, $w = (1, 1 - \eta^2)$, $\tau = 1/(20\eta)$",
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
        at_most("Corollary 4 with $C_1 = C_2 = 1$", np.array(claimed)),
        at_most(
            r"by $|\Delta e_i| \leq 2\varepsilon(|e_i| + |w^*_i|)(1 - e^{-8\lambda_i\tau})$", np.array(bounds)
        ),
        r"the solver, $\lambda = (1 - \eta, \eta)$, $w = (1, 1 - \eta^2)$",
        1e-9,
        "True less frozen MSE at the worst time: no constants serve all spectra.",
        slowest,
        r"slow eigenvalue $\eta$",
        "log",
        "log",
    )


@picture("T2")
def phase_three(printed: Constants, ours: Constants) -> Picture:
    problem = power_law(2, 20, init="escape:0.05")
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
    return Picture(
        GAP,
        np.abs(run.at(begin + times).mse - ideal),
        at_most(
            r"$\varepsilon\, \mathrm{MSE}(T_2) \hat S_d + \varepsilon^2\tau^2 s_*^{(2)}/d$, with constants 1",
            epsilon * ideal + epsilon**2 * times**2 * second / 20,
        ),
        at_most(r"by $|\Delta e_i| \leq 2\varepsilon(|e_i| + |w^*_i|)(1 - e^{-8\lambda_i\tau})$", bound),
        "the solver, $a = 2$, $d = 20$",
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
    return Picture(
        r"rate of $\Delta e_1$ at $\tau = 0$",
        rate[:, 0],
        Said(r"$-12\delta_s Q e + (8\delta_u - 12\delta_s) Q w^*$", wrong[:, 0]),
        Said(r"$12\delta_s Q e + (12\delta_s - 8\delta_u) Q w^*$", right[:, 0]),
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
    return Picture(
        r"first term over $\varepsilon\,\mathrm{MSE}(T_2)$",
        np.array(terms),
        at_most(r"$\frac{1}{8}(1 - e^{-X})$", -np.expm1(-products) / 8),
        at_most(r"$\frac{3}{2}(1 - e^{-X})$", -float(ours["a"]) * np.expm1(-products)),
        r"quadrature, one mode, $\delta_s = \varepsilon$",
        1e-9,
        "The first term of the bound on the MSE: the factor 12 of the flow was lost.",
        products,
        r"$X = 16\lambda\tau$",
    )


@picture("T5/B")
def forced_bound(printed: Constants, ours: Constants) -> Picture:
    times = np.linspace(0.01, 0.6, 12)
    forced = [quad(lambda r, t=time: 12 * math.exp(-8 * (t - r)), 0, time)[0] for time in times]
    grown = np.expm1(-8 * times) ** 2
    return Picture(
        r"$\|T\|^2/(\varepsilon w^*)^2$",
        np.square(forced),
        at_most(r"$\frac{25}{4}(1 - e^{-8\lambda\tau})^2$", 25 / 4 * grown),
        at_most(r"$\frac{9}{4}(1 - e^{-8\lambda\tau})^2$", float(ours["b"]) * grown),
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
    return Picture(
        r"$\|S(\tau)\|/\varepsilon$",
        np.array(lengths),
        at_most(r"$\frac{3}{2} \sup_\sigma \|\Delta e(\sigma)\|$", np.full_like(times, 1.5)),
        at_most(
            r"$\frac{3}{2} (\sum_i \sup_\sigma \Delta e_i(\sigma)^2)^{1/2}$",
            np.full_like(times, constant * math.sqrt(2)),
        ),
        r"quadrature, $\lambda = (0.99, 0.01)$",
        1e-9,
        "The self-interaction of an error that moves from the slow mode to the fast one at the end.",
        times,
        r"time after $T_2$, $\tau$",
        "log",
    )
