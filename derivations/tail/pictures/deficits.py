"""Pictures of the deficits 1 − s and 1 − u after T2 (Lem 14)."""

from collections.abc import Callable

import numpy as np
import sympy
from scipy.integrate import quad

from derivations.court.claim import Constants
from derivations.court.legend import Law, given, named
from derivations.court.operators import over, plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, Said, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.tail.claims.deficits import TILTED
from derivations.trials.independent_flow import statistics, velocity
from derivations.trials.states import form, random_states
from numerics import Problem, solve

RATES = r"\lambda"
LESS_S, LESS_U, MOVED, Q = named(r"\delta_s", r"\delta_u", "Q(w - w^*)", "Q")
REACHED, MISSING, TEACHER = named("w(T_2)", "e(T_2)", "w^*")
WRONG = plus(8 * LESS_U, -12 * LESS_S)
PRINTED_PUSH = plus(product(WRONG, sym.Q_star), product(-12, LESS_S, sym.Qw))
PUSH = plus(product(12, LESS_S, sym.Qw), product(-8, LESS_U, sym.Q_star))
"""What drives the weights after T2 beside their decay."""

FADING = sympy.exp(product(-8, Q, sym.tau))


def _driven(push: sympy.Expr) -> sympy.Expr:
    """The integral of what drives, weighed by the decay since."""
    sigma = sympy.Symbol("sigma", positive=True)
    kernel = sympy.exp(product(-8, Q, plus(sym.tau, -sigma)))
    return sympy.Integral(product(kernel, push), (sigma, 0, sym.tau))


@picture("Lem14")
def square_root(printed: Constants, ours: Constants) -> Picture:
    epsilon, largest = [], []
    times = np.concatenate([[0.0], np.linspace(0, 2, 81)[1:]])
    for size in np.geomspace(1e-3, 1e-1, 9):
        start = Problem(np.array([0.8, 0.2]), np.ones(2), np.array([1 + size / 2, 1 - 2 * size]))
        later = solve(start, 2.0).at(times)
        deficit = np.abs(later.one_minus_s) + np.abs(later.one_minus_u)
        epsilon.append(deficit[0])
        largest.append(deficit.max())
    begin, constant = np.array(epsilon), float(ours["a"])
    root, accuracy = np.sqrt(constant * begin / 3), named(r"\varepsilon")
    formula = plus(product(2, sympy.sqrt(over(8 * accuracy, 3))), 2 * accuracy)
    return Picture(
        r"largest $|\delta_s| + |\delta_u|$ after $T_2$",
        np.array(largest),
        at_most(r"$C\varepsilon$, $C$ from the last point", begin * largest[-1] / begin[-1]),
        at_most(Law(formula, {accuracy: begin}), 2 * root + constant * begin / 4),
        "the solver, two modes, error across $w^*$",
        1e-9,
        "The largest later deficit against that at T2: of order √ε for starts at an error across w*.",
        begin,
        r"$\varepsilon = |\delta_s| + |\delta_u|$ at $T_2$",
        "log",
        "log",
    )


@picture("Lem14/flow")
def printed_flow(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = random_states(3, 40, seed=3)
    energy, overlap = statistics(eigenvalues, teacher, student)
    less_s, less_u = (1 - energy)[:, None], (1 - overlap)[:, None]
    wrong = -8 * student + (8 * less_u - 12 * less_s) * teacher - 12 * less_s * student
    a, b, c = (float(ours[name]) for name in "abc")
    right = -a * (student - teacher) + b * less_s * student - c * less_u * teacher
    names = {LESS_S: less_s[:, 0], LESS_U: less_u[:, 0], sym.Qw: (eigenvalues * student)[:, 0]}
    names |= {sym.Q_star: (eigenvalues * teacher)[:, 0], MOVED: (eigenvalues * (student - teacher))[:, 0]}
    return Picture(
        r"velocity $\dot w_1$",
        velocity(eigenvalues, teacher, student)[:, 0],
        Said(Law(plus(-8 * sym.Qw, *PRINTED_PUSH.args), names), (eigenvalues * wrong)[:, 0]),
        Said(Law(plus(-8 * MOVED, *PUSH.args), names), (eigenvalues * right)[:, 0]),
        "loss by complex steps",
        1e-9,
        "The first coordinate of the velocity at random states of three modes.",
    )


@picture("Lem14/D.11")
def variation_of_constants(printed: Constants, ours: Constants) -> Picture:
    start, times = 0.5, np.linspace(0.02, 0.5, 13)
    run = solve(Problem(np.ones(1), np.ones(1), np.array([start])), 1.0)

    def printed_force(less_s: float, w: float) -> float:
        return (8 * (1 - w) - 12 * less_s) - 12 * less_s * w

    def force(less_s: float, w: float) -> float:
        return 12 * less_s * w - 8 * (1 - w)

    def forced(time: float, pushing: Callable[[float, float], float]) -> float:
        def integrand(r: float) -> float:
            seen = run.at([r])
            return float(np.exp(-8 * (time - r))) * pushing(float(seen.one_minus_s[0]), float(seen.u[0]))

        return float(quad(integrand, 0, time, epsabs=1e-10)[0])

    decay = np.exp(-float(ours["a"]) * times)
    when, less_s, faded = 0.4, 0.3, np.exp(-8 * 0.4)
    names = {Q: 1, sym.tau: when, LESS_S: less_s, LESS_U: 1 - start, sym.Qw: start, sym.Q_star: 1}
    names |= {REACHED: start, TEACHER: 1, MISSING: start - 1}
    held = [(1 - faded) / 8 * pushing(less_s, start) for pushing in (printed_force, force)]
    return Picture(
        r"$w(T_2 + \tau)$",
        run.at(times).u,
        Said(
            Law(plus(product(FADING, REACHED), _driven(PRINTED_PUSH)), names, value=faded * start + held[0]),
            start * np.exp(-8 * times) + np.array([forced(time, printed_force) for time in times]),
        ),
        Said(
            Law(
                plus(TEACHER, product(FADING, MISSING), _driven(PUSH)),
                names,
                value=1 + faded * (start - 1) + held[1],
            ),
            1 + (start - 1) * decay + np.array([forced(time, force) for time in times]),
        ),
        f"the solver, one mode from {given({'w': start})}",
        1e-6,
        "The weight after T2: variation of constants, with the statistics of the run inserted.",
        times,
        r"time after $T_2$, $\tau$",
    )


@picture("Lem14/g")
def loose_forcing(printed: Constants, ours: Constants) -> Picture:
    angles = np.linspace(0, 2 * np.pi, 33)
    less_s, less_u = np.cos(angles), np.sin(angles)
    size, loose = np.abs(less_s) + np.abs(less_u), 20.0
    quotient = over(sympy.Abs(WRONG), plus(sympy.Abs(LESS_S), sympy.Abs(LESS_U)))
    return Picture(
        Law(quotient, {LESS_S: less_s, LESS_U: less_u}),
        np.abs(8 * less_u - 12 * less_s) / size,
        at_most(f"{loose:g}", np.full_like(size, loose)),
        at_most(f"{float(ours['a']):g}", np.full_like(size, float(ours["a"]))),
        "evaluated",
        1e-9,
        "The forcing over the size of the deficits, in every direction of the plane of both.",
        angles / np.pi,
        r"direction of $(\delta_s, \delta_u)$, in units of $\pi$",
    )


@picture("Lem14/step3")
def ideal_statistics(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = TILTED.arrays()
    times = np.linspace(0, 2, 17)
    error = (student - teacher) * np.exp(-8 * np.outer(times, eigenvalues))
    start = float(form(eigenvalues, student - teacher, student - teacher)) ** 0.5
    slowest, begun, ideal = named(r"\lambda_d", r"\|e(T_2)\|_Q", r"u_{ideal}(T_2 + \tau)")
    fading = product(sympy.exp(product(-8, slowest, sym.tau)), begun)
    names = {slowest: eigenvalues.min(), begun: start, sym.tau: times}
    return Picture(
        Law(sympy.Abs(1 - ideal), {ideal: 1 + form(eigenvalues, error, teacher)}),
        np.abs(form(eigenvalues, error, teacher)),
        at_most(r"$|\delta_u(T_2)|$, which vanishes", np.zeros_like(times)),
        at_most(
            Law(fading, names),
            np.exp(-float(ours["a"]) * eigenvalues.min() * times) * start,
        ),
        f"frozen flow, {given({RATES: eigenvalues})}",
        1e-9,
        "An error across w* turns towards it under the frozen flow: the overlap leaves 1.",
        times,
        r"time after $T_2$, $\tau$",
    )
