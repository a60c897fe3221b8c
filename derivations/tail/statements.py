"""The spectral tail and descent at a finite step: what is learned, and when (P16, Lem 2)."""

import sympy
from mpmath import mp
from sympy import Function, IndexedBase, Rational, exp, log, zeta
from sympy import gamma as Gamma

from derivations.court.checks import Check, Meaning, each, every, identity, means, number, order, value
from derivations.court.numbers import value as known
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import BrokenStepError, Clause, Definition, Statement, state
from derivations.setting.laws import leading
from derivations.setting.statements import MODEL
from derivations.setting.symbols import C, a, d, eta, gamma, i, lam, p, q, rho, t, time, w, w_star
from theory.asymptotics import (
    PowerLaw,
    descent_escape_rate,
    descent_lead,
    escape_rate,
    recovered_constant,
    recovered_exponent,
    recovered_prefactor,
    summary_exponent,
    tail_exponent,
    tail_fraction,
    tail_prefactor,
    tail_remainder,
    tail_sum,
)
from theory.asymptotics.sums.decaying_sums import saddle_rate
from theory.symbolic import residual_flow
from theory.symbolic.notation import latex

LEARNED = sympy.Symbol(r"d\,(\sigma_*^2 - \mathrm{MSE})")
X, z, kappa = sympy.symbols("X z kappa", positive=True)
m = sympy.Symbol("m", integer=True, positive=True)
S_d, BigO, incomplete = sympy.Symbol("S_d"), Function("O"), sympy.uppergamma

EXPONENTS = ("1.5", "2", "3")


def learned() -> Statement:
    """d (σ*² − MSE) at d = ∞, the library's constant against the printed one."""
    power = leading("tail")
    return state(LEARNED, "∼", power, check=value([_learned(x) for x in EXPONENTS], 1e-12))


def _learned(exponent: str) -> Meaning:
    law, when = PowerLaw(exponent, "inf"), mp.mpf(3)
    found = known(recovered_prefactor(law, 20)) * when ** known(recovered_exponent(law, 20))
    return {a: mp.mpf(exponent), time: when, LEARNED: found}


def clock() -> Definition:
    """The time X in which the tail is counted."""
    return Definition(r"X = \beta_d \tau")


def complete() -> Statement:
    """d (1 − S_d) with all its terms, against the sum over modes; the remainder at d = ∞."""
    powers = sympy.Sum((-X) ** m / sympy.factorial(m) * zeta(m * a, d + 1), (m, 1, sympy.oo))
    rest = BigO(exp(-kappa * X ** (1 / (a + 1))))
    right = plus(times(Gamma(1 - 1 / a), X ** (1 / a)), -Rational(1, 2), powers, rest)
    name = sympy.Symbol(r"d\,(1 - S_d{})")
    return state(name, "=", right, check=_complete(name))


def remainder_order() -> str:
    """What is left at d = ∞ by its order, in LaTeX."""
    (rest,) = complete().clauses[0].sides[-1].atoms(BigO)
    return latex(rest.args[0])


def _complete(name: sympy.Symbol) -> Check:
    finite = [_counted(name, exponent, 200, "400") for exponent in EXPONENTS]
    exact = value([{**point, BigO: lambda _: 0} for point in finite], 1e-9)
    return every(exact, _remainder)


def _remainder(clauses: tuple[Clause, ...]) -> str:
    """The logarithm of what is left at d = ∞, very late, is that of the printed order."""
    (clause,) = clauses
    (rest,) = clause.sides[-1].atoms(BigO)
    for exponent, tau in (("2", 10**9), ("3", 10**12)):
        law, left = PowerLaw(exponent, "inf"), known(tail_remainder(exponent, tau))
        numbers = {a: mp.mpf(exponent), X: 16 * tau / law.trace_sum(), kappa: saddle_rate(mp.mpf(exponent))}
        printed = number(means(log(rest.args[0]).expand(force=True), numbers))
        # the logarithm of the remainder agrees so well with its order at the times that are compared
        if not abs(mp.log(abs(left)) / printed - 1) < 0.002:
            raise BrokenStepError(f"what is left falls otherwise than {rest.args[0]}")
    return "logarithm of the remainder"


def _counted(name: sympy.Symbol, exponent: str, dimension: int | str, tau: str) -> Meaning:
    """The sum over modes at the time X = β τ."""
    law = PowerLaw(exponent, dimension)
    numbers = {
        a: mp.mpf(exponent),
        X: 16 * mp.mpf(tau) / law.trace_sum(),
        kappa: saddle_rate(mp.mpf(exponent)),
    }
    return {
        **numbers,
        d: 0 if dimension == "inf" else dimension,
        name: tail_sum(exponent, dimension, tau, 30),
    }


def end_of_plateau() -> Statement:
    """S_d where X is of the order of d^a."""
    right = plus(exp(-z), -times(z ** (1 / a), incomplete(1 - 1 / a, z)))
    points = [_ending(exponent, scaled) for exponent in EXPONENTS for scaled in ("0.3", "2")]
    return state(S_d, "→", right, ",", z, "≔", X * d**-a, check=value(points, 1e-7))


def _ending(exponent: str, scaled: str) -> Meaning:
    size, power = 10**12, mp.mpf(exponent)
    tau = mp.mpf(scaled) * mp.mpf(size) ** power * PowerLaw(exponent, size).trace_sum() / 16
    found = known(tail_fraction(exponent, size, mp.nstr(tau, 30), 20))
    return {a: power, d: size, X: mp.mpf(scaled) * mp.mpf(size) ** power, S_d: found}


def descent_growth() -> Statement:
    """u_n under descent with the step η (Lem 2)."""
    u_n, c, n = sympy.Symbol("u_n"), sympy.Symbol("c"), sympy.Symbol("n")
    points = []
    for exponent in EXPONENTS:
        law = PowerLaw(exponent, "inf")
        grown = mp.exp(7 * known(descent_escape_rate(law, "0.01", 20)) / 100)
        points.append({eta: mp.mpf("0.01"), rho: known(escape_rate(law, 20)), n: 7, c: 3, u_n: 3 * grown})
    return state(u_n, "∼", times(c, (1 + eta * rho) ** n), check=value(points, 1e-12))


def descent_rate() -> Statement:
    """The growth of u in the time of steps."""
    rate = sympy.Symbol("rho_eta")
    points = []
    for exponent in EXPONENTS:
        law = PowerLaw(exponent, "inf")
        slowed = known(descent_escape_rate(law, "0.01", 20))
        points.append({eta: mp.mpf("0.01"), rho: known(escape_rate(law, 20)), rate: slowed})
    return state(rate, "=", log(1 + eta * rho) / eta, check=value(points, 1e-12))


AHEAD = gamma * eta / 4
"""By which the tail of descent is ahead of its own shift of time."""


def descent_tail() -> Statement:
    """What descent learns at the time t: the flow's law, moved."""
    shift = sympy.Symbol("t_0")
    moved = plus(time, -shift, AHEAD)
    points = []
    for exponent in ("2.5", "3"):
        law, when, start, step = PowerLaw(exponent, "inf"), mp.mpf(5), mp.mpf(1), "0.1"
        ahead = when - start + known(descent_lead(law, step, 20))
        scale, constant = known(recovered_prefactor(law, 20)), known(recovered_constant(law, 20))
        names = {a: mp.mpf(exponent), gamma: known(summary_exponent(law, 20)), eta: mp.mpf(step), C: scale}
        learned_by = scale * ahead ** known(recovered_exponent(law, 20)) + constant
        points.append({**names, time: when, shift: start, LEARNED: learned_by})
    left = plus(LEARNED, Rational(1, 2))
    return state(left, "∼", times(C, moved ** (1 / a)), check=value(points, 1e-12))


x, y = sympy.symbols("x y", positive=True)
tau, T_2 = sympy.Symbol(r"\tau", positive=True), sympy.Symbol("T_2", positive=True)
v = Function("v_i")


def frozen_mode() -> Statement:
    """A mode of the frozen flow, s ≡ u ≡ 1 (Lem 13): the residual flow at p = q = 0."""
    near, dot = residual_flow(MODEL), sympy.Symbol(r"\dot v_{i}")
    rest = {p: 0, q: 0, t: 1}
    gain, force = (entry[0].subs(rest) for entry in (near.A, near.C))
    if force != 0:
        raise BrokenStepError("the frozen flow is driven")
    solved = sympy.dsolve(v(tau).diff(tau) - gain * lam[i] * v(tau), v(tau), ics={v(0): v(T_2)}).rhs
    meaning = {dot: gain * lam[i] * v(0), sympy.Symbol("v_{i}"): v(0), v(T_2 + tau): solved}
    right = times(v(T_2), exp(-8 * lam[i] * tau))
    linear = times(-8, lam[i], sympy.Symbol("v_{i}"))
    return state(dot, "=", linear, "⟹", v(T_2 + tau), "=", right, check=identity(meaning, "solved as an ODE"))


def frozen_flow() -> Statement:
    """The same in the weights themselves: v = w − w*."""
    speed = sympy.Symbol(r"\dot w_{i}")
    gain = residual_flow(MODEL).A[0].subs({p: 0, q: 0, t: 1})
    right = times(8, lam[i], plus(w_star[i], -w[i]))
    check = identity({speed: gain * lam[i] * (w[i] - w_star[i])}, "the frozen flow")
    return state(speed, "=", right, check=check)


def frozen_error() -> Statement:
    """The frozen MSE: squares of the modes, weighed alike (Lem 13)."""
    error, weight = Function(r"\mathrm{MSE}"), IndexedBase(r"\pi")
    start = IndexedBase("e")
    total = ModeSum(start[i] ** 2, i)
    gain = residual_flow(MODEL).A[0].subs({p: 0, q: 0, t: 1})
    moved = ModeSum((start[i] * exp(gain * lam[i] * tau)) ** 2, i)
    right = times(error(T_2), ModeSum(times(weight[i], exp(-16 * lam[i] * tau)), i))
    share = {weight: lambda mode: start[mode] ** 2 / sum(start[m] ** 2 for m in (1, 2))}
    meaning = {**share, error: lambda when: total if when == T_2 else moved}
    check = each(identity(meaning, "the step before, squared"), _proportional(weight, start))
    return state(error(T_2 + tau), "=", right, ",", weight[i], "∝", v(T_2) ** 2, check=check)


def _proportional(weight: IndexedBase, start: IndexedBase) -> Check:
    """π_i over v_i(T2)² does not depend on the mode."""

    def check(clauses: tuple[Clause, ...]) -> str:
        (clause,) = clauses
        if clause.sides != (weight[i], v(T_2) ** 2):
            raise BrokenStepError("the weights are the squares at T2")
        return "the weights by definition"

    return check


def benchmark() -> Definition:
    """The uniform benchmark (P15)."""
    return Definition(
        r"S_d(\tau) = \frac1d \sum_{i \leq d} e^{-X i^{-a}}, \qquad X = \beta_d \tau, \quad \beta_d = "
        r"\frac{16}{H_{d,a}}"
    )


def early() -> Statement:
    """1 − S_d at first (P16): the trace is 1."""
    points = []
    for late, size in (("1e-4", 50), ("1e-6", 5000)):
        missing = tail_sum("2", size, late, 30) / size
        points.append({tau: mp.mpf(late), d: size, S_d: 1 - missing})
    right = plus(16 * tau / d, BigO(tau**2 / d))
    return state(1 - S_d, "=", right, check=order(points, BigO, 1.2))


def integral() -> Statement:
    """The sum as an integral: substitution, then parts."""
    area = sympy.Integral(1 - exp(-X * x**-a), (x, 0, sympy.oo))
    scaled = sympy.Integral(times(y ** (-1 / a - 1), 1 - exp(-y)), (y, 0, sympy.oo))
    by_parts = sympy.Integral(times(y ** (-1 / a), exp(-y)), (y, 0, sympy.oo))
    sides = (
        area,
        "=",
        times(X ** (1 / a) / a, scaled),
        "=",
        times(X ** (1 / a), by_parts),
        "=",
        times(Gamma(1 - 1 / a), X ** (1 / a)),
    )
    return state(*sides, check=value([{a: mp.mpf(2), X: mp.mpf("1.7")}], 1e-9))


def half_a_mode() -> Statement:
    """The constant of Euler and Maclaurin; what is left is exponentially small (P16)."""
    small = sympy.Symbol(r"\text{exponentially small}", real=True)
    name = sympy.Symbol(r"d\,(1 - S_d{})")
    points = [{**_counted(name, exponent, "inf", "1e5"), small: 0} for exponent in ("1.5", "2")]
    right = plus(times(Gamma(1 - 1 / a), X ** (1 / a)), -Rational(1, 2), small)
    return state(name, "=", right, check=value(points, 1e-12))


def uniform() -> Statement:
    """d (1 − S_d) in the flow's time at d = ∞."""
    name = sympy.Symbol(r"d\,(1 - S_d{})")
    points = []
    for exponent in EXPONENTS:
        law, when = PowerLaw(exponent, "inf"), mp.mpf(3)
        found = known(tail_prefactor(law, 20)) * when ** known(tail_exponent(law, 20))
        points.append({a: mp.mpf(exponent), tau: when, name: found})
    right = leading("tail").subs(time, tau)
    return state(name, "∼", right, check=value(points, 1e-12))
