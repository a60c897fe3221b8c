"""Pictures of the proof of convergence in Phase IIb (C.10, P13, Cor 1, Cor 2)."""

import math
from typing import NamedTuple

import numpy as np
import sympy
from scipy.integrate import quad
from scipy.optimize import brentq

from derivations.convergence.claims.convergence import SLOW
from derivations.court.claim import Constants
from derivations.court.legend import Law, evaluated, given, named
from derivations.court.operators import plus
from derivations.court.operators import times as product
from derivations.court.picture import Picture, at_least, at_most
from derivations.court.pictures import picture
from derivations.setting import symbols as sym
from derivations.trials.runs import escape_run
from derivations.trials.states import form, random_states
from numerics import Problem, Trajectory, solve
from numerics.arrays import Array

MARGIN, HEAD, ACCURACY, ELAPSED = named("s_0", r"S_\geq", r"\varepsilon", "(t - T_1')")
TURNED = "the solver, two modes, the slow one turned"


class Turned(NamedTuple):
    """The flow from SLOW, and the ends of its energy."""

    run: Trajectory
    lowest: float
    highest: float

    @classmethod
    def until(cls, time: float) -> "Turned":
        run = solve(Problem(*SLOW.arrays()), time)
        energy = run.at(np.linspace(0, time, 2001)).s
        return cls(run, min(float(energy.min()), 1.0), float(energy.max()))

    @property
    def margin(self) -> float:
        """s_0."""
        return self.lowest - 1 / 3

    def deficit_bound(self, times: Array, ours: Constants) -> Array:
        """1 − u ≤ 1 − (1 − √(L/3) − L/4)^{1/2} with the corrected bound on L, at the best cutoff."""
        values, teacher, student = SLOW.arrays()
        error = (student - teacher) ** 2
        kappa = float(ours["k"]) * self.lowest * (3 * self.lowest - 1)
        kappa /= 3 * self.lowest**2 - 2 * self.lowest + 3
        rest = float(ours["a"]) * self.highest / kappa**2
        loss = np.min(
            [
                error[:head].sum() / (kappa * times) + rest * float((values * error)[head:].sum())
                for head in range(len(values) + 1)
            ],
            axis=0,
        )
        return 1 - np.sqrt(np.maximum(1 - np.sqrt(loss / 3) - loss / 4, 0.0))


@picture("C.10/ii")
def clock(printed: Constants, ours: Constants) -> Picture:
    exponent = 2
    run = escape_run(exponent, 1e12)
    times = run.phases().t1_prime + np.geomspace(0.02, 2.0, 12)
    margin = run.at(times).s - 1 / 3
    step = 1e-3
    falls = [quad(lambda t: 3 * run.at([t]).s[0] - 1, time, time + step)[0] / step for time in times]
    return Picture(
        r"fall of the clock $-\Theta'$",
        np.array(falls),
        at_least("$s_0$", margin),
        at_least(Law(3 * MARGIN, {MARGIN: margin}), float(ours["a"]) * margin),
        f"$\\Theta$ by quadrature of a run, {given({'a': exponent})}",
        0.01,
        "How fast the clock falls once s has passed 1/3 + s0: three times as fast as the paper uses.",
        margin,
        "$s_0$, above the threshold",
    )


@picture("P13")
def cutoff_bound(printed: Constants, ours: Constants) -> Picture:
    times = np.geomspace(0.05, 300, 14)
    turned = Turned.until(300.0)
    head, rate = float(SLOW.u()), 4 * turned.margin * float(min(SLOW.eigenvalues))
    overlap, rest, level = named("u", r"T + \sqrt{T s}", r"\lambda_c")
    decay = product(HEAD, sympy.exp(product(-4, MARGIN, level, ELAPSED)))
    names = {rest: 0, HEAD: head, MARGIN: turned.margin, level: float(min(SLOW.eigenvalues)), ELAPSED: times}
    return Picture(
        Law(1 - overlap, {overlap: turned.run.at(times).u}, r"$\Delta =$ {}"),
        turned.run.at(times).one_minus_u,
        at_most(
            Law(plus(rest, decay), names, r"{}, $\lambda_c = \lambda_2$"),
            head * np.exp(-rate * times),
        ),
        at_most("the bound that follows from that on the loss", turned.deficit_bound(times, ours)),
        TURNED,
        1e-9,
        "The deficit of the overlap after T1' exceeds the paper's bound, which starts below it.",
        times,
        "time since $T_1'$",
        "log",
    )


@picture("Cor1")
def accuracy_time(printed: Constants, ours: Constants) -> Picture:
    turned = Turned.until(100.0)
    head = float(SLOW.u())
    epsilon = np.linspace(0.02, 4 * head * 0.999, 13)
    times = np.log(4 * head / epsilon) / (4 * turned.margin * float(min(SLOW.eigenvalues)))
    return Picture(
        r"$\Delta(T_2(\varepsilon))$",
        turned.run.at(times).one_minus_u,
        at_most(r"$\varepsilon$", epsilon),
        at_most("the bound that follows from that on the loss", turned.deficit_bound(times, ours)),
        TURNED,
        1e-9,
        "The deficit at the time by which the paper's corollary says it is at most ε.",
        epsilon,
        r"accuracy $\varepsilon$",
    )


@picture("P13/split")
def spectral_split(printed: Constants, ours: Constants) -> Picture:
    start = 0.75
    times = np.linspace(0.0, 1.5, 13)

    def energy(time: float) -> float:
        return 1 / (1 + (1 / start**2 - 1) * math.exp(-24 * time))

    clock = np.array([quad(lambda t: 1 - 3 * energy(t), 0, time)[0] for time in times])
    head = start * np.exp(-4 * (start**2 - 1 / 3) * times)
    level, grown, first = named(r"\lambda_c", r"h_\Theta", r"\sum_\geq \lambda_i |w^*_i w_i|")
    decay = product(first, sympy.exp(product(-4, MARGIN, level, ELAPSED)))
    names = {first: start, MARGIN: start**2 - 1 / 3, level: 1, ELAPSED: times}
    lost = product(sym.lam[sym.i], sym.w_star[sym.i] ** 2)
    return Picture(
        Law(sympy.Max(0, 1 - grown), {grown: start * np.exp(4 * clock)}),
        np.maximum(1 - start * np.exp(4 * clock), 0),
        at_most(Law(decay, names), head),
        at_most(f"the same plus $\\sum_\\geq {Law.printed(lost)}$, which was lost", 1 + head),
        "quadrature of the clock, one mode",
        1e-9,
        "The source of the deficit tends to 1, the paper's bound on it to 0. One mode, started at w = 3/4.",
        times,
        "time since $T_1'$",
    )


def _states() -> tuple[Array, Array, Array]:
    """Random states of three modes, turned to u > 0."""
    eigenvalues, teacher, student = random_states(3, 60, seed=1)
    return eigenvalues, teacher, student * np.sign(form(eigenvalues, student, teacher))[:, None]


@picture("P13/absolute")
def absolute_values(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = _states()
    return Picture(
        r"$\sum_\geq \lambda_i |w^*_i w_i|$",
        form(eigenvalues, np.abs(student), np.abs(teacher)),
        at_most(r"$S_\geq = \sum_\geq \lambda_i w^*_i w_i$", form(eigenvalues, student, teacher)),
        at_most(r"$\sqrt{s_* s}$", form(eigenvalues, student, student) ** (1 / float(ours["a"]))),
        "random states",
        1e-9,
        "Random states of three modes: bounds below the diagonal are broken.",
    )


@picture("P13/head")
def head_bound(printed: Constants, ours: Constants) -> Picture:
    eigenvalues, teacher, student = _states()
    energy = form(eigenvalues, student, student)
    return Picture(
        r"$S_\geq = \sum_\geq \lambda_i w^*_i w_i$",
        form(eigenvalues, student, teacher),
        at_most(r"$\sqrt{s_*^{(2)} s}$", np.sqrt(form(eigenvalues, teacher, teacher, 2) * energy)),
        at_most(r"$\sqrt{s_* s}$", energy ** (1 / float(ours["a"]))),
        "random states",
        1e-9,
        "Random states of three modes: bounds below the diagonal are broken.",
    )


@picture("Cor1/log")
def halves(printed: Constants, ours: Constants) -> Picture:
    epsilon = np.geomspace(1e-6, 1e-1, 11)
    head = 0.5
    reached, half = sympy.Symbol("x"), ACCURACY / 2
    shares = evaluated(half, {ACCURACY: epsilon})
    need = [brentq(lambda x, share=share: head * math.exp(-x) - share, 0, 50) for share in shares]
    names = {HEAD: head, ACCURACY: epsilon}
    return Picture(
        "exponent $x$ that is needed",
        np.array(need),
        at_most(Law(sympy.log(4 * HEAD / ACCURACY), names), np.log(4 * head / epsilon)),
        at_most(Law(sympy.log(2 * HEAD / ACCURACY), names), np.log(float(ours["a"]) * head / epsilon)),
        f"root of ${Law.printed(HEAD * sympy.exp(-reached))} = {Law.printed(half)}$",
        1e-9,
        "The exponent from which the three terms add up to at most ε: the paper waits a little longer.",
        epsilon,
        r"accuracy $\varepsilon$",
        "log",
    )
