"""Phase II: the laws of 1 − u, 1 − s and L, their corrections, the edges of their range (P4, T1, C.10)."""

from collections.abc import Callable

import sympy
from mpmath import mp
from sympy import Function, Rational, exp, log, sqrt, uppergamma, zeta
from sympy import gamma as Gamma

from derivations.court.checks import (
    Check,
    Meaning,
    each,
    every,
    identity,
    infinite_sum,
    means,
    number,
    order,
    value,
)
from derivations.court.numbers import value as known
from derivations.court.operators import ModeSum, over, plus, times
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from derivations.setting.laws import CONSTANT, EXPONENT, LAWS, leading, prefactor, written
from derivations.setting.statements import MODEL
from derivations.setting.symbols import (
    B,
    BigO,
    C,
    L,
    a,
    d,
    epsilon,
    f,
    gamma,
    i,
    lam,
    s,
    t,
    time,
    u,
    w_star,
)
from theory.asymptotics import (
    Constant,
    PowerLaw,
    convergence_exponent,
    convergence_prefactor,
    energy_prefactor,
    expansion,
    leading_deficits,
    loss_prefactor,
    overlap_prefactor,
    residual_sum,
    summary_exponent,
    window_end,
    window_start,
)
from theory.laws import t_0

T2 = Function("T_2")
POWER = C * time**-gamma
SHARE = prefactor("overlap") / C
"""Of C t^−γ in 1 − u."""

SETTLED = leading("settling")
"""T2(ε): the slower of u and s decides."""

CASES = (("1.5", "0"), ("2", "0.3"), ("3", "0"))
"""Exponents a and B at which a printed law is compared with the constants: either of u and s the slower."""


def overlap() -> Statement:
    """1 − u."""
    return state(1 - u, "∼", leading("overlap"), check=_late())


def energy() -> Statement:
    """1 − s."""
    return state(1 - s, "∼", leading("energy"), check=_late())


def loss() -> Statement:
    """L."""
    return state(L, "∼", leading("loss"), check=_late())


def ratio() -> Statement:
    """(1 − u)/(1 − s)."""
    quotient = sympy.expand(prefactor("overlap") / prefactor("energy"))
    return state((1 - u) / (1 - s), "→", quotient, check=_late())


def settling() -> Statement:
    """T2(ε): the slower of u and s decides."""
    return state(T2(epsilon), "∼", SETTLED, check=_late())


def window() -> Statement:
    """The times between which the power laws hold at finite d: of the first mode and of the last."""
    first, begin, end = sympy.Symbol(r"\lambda_1{}"), sympy.Symbol(r"t_{\text{first}}"), sympy.Symbol("t_d")
    points = []
    for exponent in ("1.5", "3"):
        law = PowerLaw(exponent, 100)
        largest, smallest = law.extremes()
        edges = {begin: _of(window_start, law), end: _of(window_end, law)}
        points.append({first: largest, lam: _constant(smallest), d: 100, **edges})
    sides = (begin, "=", over(1, 8 * first), ",", end, "=", over(1, 8 * lam[d]))
    return state(*sides, check=value(points, 1e-12))


def exponent() -> Statement:
    """γ of a source teacher."""
    points = []
    for power, source in CASES:
        found = _of(summary_exponent, PowerLaw(power, "inf", f"source:{source}"))
        points.append({a: mp.mpf(power), B: mp.mpf(source), gamma: found})
    return state(gamma, "=", EXPONENT, check=value(points, 1e-12))


def slowness() -> Statement:
    """γ of a flat teacher."""
    points = [{a: mp.mpf(x), gamma: _of(summary_exponent, PowerLaw(x, "inf"))} for x in ("1.5", "4")]
    return state(gamma, "=", sympy.expand(EXPONENT.subs(B, 0)), check=value(points, 1e-12))


def bound() -> Statement:
    """T2 by the paper's theorem, whose exponent is twice the sharp one."""
    points = []
    for exponent in ("1.5", "3"):
        sharp, level = _of(convergence_exponent, PowerLaw(exponent, "inf")), mp.mpf("0.01")
        named = {T2: _constant(level ** (-2 * sharp) * mp.log(1 / level)), epsilon: level}
        points.append({**named, a: mp.mpf(exponent), gamma: 1 / sharp})
    flat = times(epsilon ** (-2 * a / (a - 1)), log(1 / epsilon))
    return state(T2(epsilon), "≤", flat, "=", PAPER, check=value(points, 1e-12))


PAPER = times(epsilon ** (-2 / gamma), log(1 / epsilon))
"""The paper's bound on T2, without its constant."""


def _constant(found: mp.mpf) -> Callable[[sympy.Expr], mp.mpf]:
    return lambda _: found


def unlearned() -> Statement:
    """The mass not yet learned, and C."""
    mass = ModeSum(times(lam[i], w_star[i] ** 2, exp(-8 * lam[i] * time)), i)
    sums = value([_spectrum(*case) for case in CASES[1:]], 1e-8)
    return state(mass, "∼", POWER, ",", C, "=", CONSTANT, check=sums)


def _late() -> Check:
    return value([_point(*case) for case in CASES], 1e-12)


def _point(exponent: str, source: str) -> Meaning:
    """Numbers for the laws' names at one time and one ε, from the constants of the library."""
    law = PowerLaw(exponent, "inf", f"source:{source}")
    power, when, level = _of(summary_exponent, law), mp.mpf(2), mp.mpf("0.01")
    missing, lacking, lost = (
        _of(prefactor, law) * when**-power
        for prefactor in (overlap_prefactor, energy_prefactor, loss_prefactor)
    )
    settled = (_of(convergence_prefactor, law) / level) ** _of(convergence_exponent, law)
    scale = lacking * when**power * 3 / 2
    names = {u: 1 - missing, s: 1 - lacking, L: lost, C: scale, gamma: power, time: when, epsilon: level}
    return {**names, T2: lambda _: settled}


def _spectrum(exponent: str, source: str) -> Meaning:
    """A power law at d = ∞ whose modes are summed one by one, at a time late enough for the law."""
    power, slope = mp.mpf(exponent), mp.mpf(source)
    norm, mass = mp.zeta(power), mp.zeta(power + 2 * slope) / mp.zeta(power)
    law = PowerLaw(exponent, "inf", f"source:{source}")
    return {
        a: power,
        B: slope,
        gamma: _of(summary_exponent, law),
        time: mp.mpf(10) ** (2 * power - 1),
        C: _of(energy_prefactor, law) * 3 / 2,
        lam: lambda mode: mode ** -sympy.Float(power) / norm,
        w_star: lambda mode: mode ** -sympy.Float(slope) / mp.sqrt(mass),
        ModeSum: infinite_sum,
    }


def _of(constant: Callable[[PowerLaw, int], Constant], law: PowerLaw) -> mp.mpf:
    return known(constant(law, 20))


def deficits() -> Statement:
    """1 − u and 1 − s given the mass f not yet learned, whatever the spectrum."""
    masses = {1: mp.mpf("0.03"), 2: mp.mpf("0.02")}
    known = leading_deficits(masses[1], masses[2])
    point = {time: 1, f: lambda when: masses.get(int(when), 0) if when == int(when) else 0}
    right = Rational(1, 3) * f(time) + Rational(1, 2) * f(2 * time)
    check = value([{**point, u: 1 - known.overlap, s: 1 - known.energy}], 1e-12)
    return state(1 - u, "≈", right, ",", 1 - s, "≈", Rational(2, 3) * f(time), check=check)


def end_of_window() -> Statement:
    """f(t) where the last mode is about to be learned."""
    share = uppergamma(gamma, 8 * lam[d] * time) / Gamma(gamma)
    last = times(Rational(1, 2), lam[d], w_star[d] ** 2, exp(-8 * lam[d] * time))
    points = [_last(exponent, phase) for exponent in ("1.5", "2") for phase in ("1", "4")]
    return state(f(time), "≈", plus(times(C, time**-gamma, share), last), check=value(points, 1e-5))


def _last(exponent: str, phase: str) -> Meaning:
    """A thousand modes of a source teacher at 8 λ_d t = phase."""
    law = PowerLaw(exponent, 1000, "source:0.2")
    smallest, power = law.extremes()[1], mp.mpf(exponent)
    when, trace, mass = mp.mpf(phase) / (8 * smallest), law.trace_sum(), law.energy_sum()
    slowness = (power - mp.mpf("0.6")) / power
    component = mp.sqrt(mp.mpf(1000) ** -mp.mpf("0.4") * trace / mass)
    return {
        gamma: slowness,
        C: mp.gamma(slowness) / (power * mass) * (trace / 8) ** slowness,
        time: when,
        d: 1000,
        lam: lambda _: smallest,
        w_star: lambda _: component,
        f: lambda _: residual_sum(law, when),
    }


def slow() -> Statement:
    """Every mode is learned or not: those learned rest at a multiple m of the teacher, the others at 0."""
    mass = sympy.Symbol("f")
    points = []
    for text in ("0.2", "0.5", "0.9"):
        known = mp.mpf(text)
        multiple = mp.sqrt((1 + 2 * (1 - known)) / (3 * (1 - known)))
        points.append({mass: known, s: multiple**2 * (1 - known), u: multiple * (1 - known)})
        rest = MODEL.A[0].subs({s: points[-1][s], t: 1}) * multiple + MODEL.B[0].subs(u, points[-1][u])
        if abs(rest) > 1e-12:
            raise BrokenStepError("the learned modes do not rest")
    right = sqrt((1 - mass) * (1 - Rational(2, 3) * mass))
    check = value(points, 1e-12)
    return state(s, "=", 1 - Rational(2, 3) * mass, ",", u, "=", right, check=check)


def universal() -> Statement:
    """1 − u below t^−γ−1: powers of C t^−γ with coefficients that γ alone decides."""
    m, U = sympy.Symbol("m", positive=True), Function("U_m")
    total = ModeSum(times(U(gamma), POWER**m), sympy.Lt(m, 1 + 1 / gamma))
    return state(1 - u, "=", plus(total, BigO(time ** (-gamma - 1))), check=_all_powers(U, m))


def _all_powers(U: Function, m: sympy.Symbol) -> Check:
    """The sum ends where the order stated begins, and what it leaves is of that order."""

    def check(clauses: tuple[Clause, ...]) -> str:
        (total,), (rest,) = (clauses[0].sides[1].atoms(kind) for kind in (ModeSum, BigO))
        if sympy.expand(total.args[1].args[1] * gamma) != -sympy.powdenest(rest.args[0]).as_base_exp()[1]:
            raise BrokenStepError("the sum ends elsewhere than at the order stated")
        with mp.workdps(DIGITS):
            return order([_expanded(when, U, m) for when in ("1e6", "1e30")], BigO, 1.05)(clauses)

    return check


DIGITS = 100
"""Of the expansion at late times, where what is left is small beside 1 − u."""


def _expanded(when: str, U: Function, m: sympy.Symbol) -> Meaning:
    """1 − u with a start that moves time by 1, and the universal coefficients, at a = 2.3."""
    law = expansion(PowerLaw("2.3", "inf"), DIGITS)
    scale = law.energy[1, 0] * 3 / 2

    def written(body: sympy.Expr, bound: sympy.Expr) -> sympy.Expr:
        return sympy.Add(
            *(
                body.subs(m, k).replace(U, lambda _, k=k: sympy.Float(law.overlap[k, 0] / scale**k, DIGITS))
                for k in range(1, int(sympy.ceiling(bound.args[1])))
            )
        )

    power = sympy.Rational(law.gamma.numerator, law.gamma.denominator)
    missing = law.at("overlap", mp.mpf(when), 1)
    names = {gamma: power, C: sympy.Float(scale, DIGITS), time: sympy.Float(when, DIGITS)}
    return {**names, u: 1 - sympy.Float(missing, DIGITS), ModeSum: written}


def shift() -> Statement:
    """The start's share, as a shift of time: an unlearned mode has been taught for ∫ u dt."""
    moved, limit = sympy.Symbol("t_0"), sympy.Symbol(r"\lim_{i \to \infty}")
    lost = sympy.Symbol(r"\mathrm{f.p.} \int_0^\infty (1-u)\,dt")
    first = sympy.Symbol("w_{i}(0)")
    taught = 8 * lam[i] * w_star[i]
    speed = MODEL.B[0].diff(u) * lam[i] * w_star[i]
    reached = first + speed * (time - lost)
    meaning = {limit: 1, moved: reached / speed - time}
    return state(
        moved, "=", plus(times(limit, first / taught), -lost), check=identity(meaning, "w_i at late times")
    )


def started() -> Statement:
    """The term of 1 − u that knows the start."""
    moved = sympy.Symbol("t_0")
    late = written(LAWS["overlap"].regimes[-1].correction).subs(t_0, moved)
    right = times(prefactor("overlap"), time**-gamma, late)
    points = [_started(*case, moved) for case in (("2.3", "0"), ("3", "0.2"))]
    return state(1 - u, "∋", right, check=value(points, 1e-10))


def _started(exponent: str, source: str, moved: sympy.Symbol) -> Meaning:
    """The coefficient of t^−γ−1 in the library's expansion, at a shift and a time."""
    law = expansion(PowerLaw(exponent, "inf", f"source:{source}"), 20)
    slowness, start, when = mp.mpf(law.gamma.numerator) / law.gamma.denominator, mp.mpf(2), mp.mpf(3)
    term = (law.overlap[1, 1] - slowness * law.overlap[1, 0] * start) * when ** (-slowness - 1)
    names = {a: mp.mpf(exponent), B: mp.mpf(source), gamma: slowness, C: law.energy[1, 0] * 3 / 2}
    return {**names, time: when, moved: start, u: 1 - term}


def substitution() -> Statement:
    """The integral of a power law's exponentials: y = k x^−a."""
    k, x, y = sympy.symbols("k x y", positive=True)
    area = sympy.Integral(times(x ** (-a - 2 * B), exp(-k * x**-a)), (x, 0, sympy.oo))
    own = sympy.Integral(times(y ** (gamma - 1), exp(-y)), (y, 0, sympy.oo))
    scale = k**-gamma / a
    points = [{a: mp.mpf("2.5"), B: mp.mpf("0.3"), k: mp.mpf("1.7")}]
    sides = (area, "=", times(scale, own), "=", times(scale, Gamma(gamma)), ",", gamma, "≔", EXPONENT)
    return state(*sides, check=value(points, 1e-8))


def integral() -> Statement:
    """The sum over modes as an integral: late, by Euler and Maclaurin; its own value at any time."""
    x, k = sympy.symbols("x k", positive=True)
    area = sympy.Integral(times(x ** (-a - 2 * B), exp(-k * x**-a)), (x, 0, sympy.oo))
    point = {a: mp.mpf("2.5"), B: mp.mpf("0.3"), gamma: mp.mpf("0.84"), time: mp.mpf("0.4")}
    early = {**point, f: lambda _: number(means(times(CONSTANT, time**-gamma), point))}
    check = every(value([_summed(*case) for case in CASES[1:]], 1e-8), value([early], 1e-8))
    scale = 1 / zeta(a + 2 * B)
    return state(f(time), "∼", times(scale, area), ",", k, "≔", 8 * time / zeta(a), check=check)


def falling() -> Statement:
    """1/γ of a flat teacher falls with a (R5)."""
    exponent = a / (a - 1)
    slope = sympy.Derivative(exponent, a)
    sides = (1 / gamma, "=", exponent, ",", slope, "=", -1 / (a - 1) ** 2, "<", 0)
    return state(*sides, check=each(identity({gamma: _flat(a)}), _negative))


def _flat(exponent: sympy.Expr) -> sympy.Expr:
    """γ at B = 0."""
    return (exponent - 1) / exponent


def _negative(clauses: tuple[Clause, ...]) -> str:
    """The derivative of 1/γ, below zero for all a > 1."""
    found, printed, zero = clauses[-1].sides
    beyond = sympy.Symbol("x", positive=True)
    same = identity()((Clause((found, (1 / _flat(a)).diff(a)), ("=",)), Clause((found, printed), ("=",))))
    if zero != 0 or not printed.subs(a, 1 + beyond).is_negative:
        raise BrokenStepError(f"{printed} is not below {zero}")
    return same


def laws() -> Statement:
    """f and the three laws that follow from its constant."""
    late, sums = _late(), value([_summed(*case) for case in CASES[1:]], 1e-8)
    sides = (
        f(time),
        "∼",
        POWER,
        ",",
        C,
        "=",
        CONSTANT,
        ",",
        1 - u,
        "∼",
        leading("overlap"),
        ",",
        1 - s,
        "∼",
        leading("energy"),
        ",",
        L,
        "∼",
        leading("loss"),
    )
    return state(*sides, check=each(sums, sums, late, late, late))


def _summed(exponent: str, source: str) -> Meaning:
    law = PowerLaw(exponent, "inf", f"source:{source}")
    return {**_spectrum(exponent, source), f: lambda when: residual_sum(law, when)}


def slower() -> Statement:
    """T2(ε), and its exponent beside the paper's for a flat teacher."""
    exponent, printed = a / (a - 1), 2 * a / (a - 1)
    sides = (T2(epsilon), "∼", SETTLED, ",", 1 / gamma, "=", exponent, "<", printed)
    return state(*sides, check=each(_late(), _half_of_the_papers))


def _half_of_the_papers(clauses: tuple[Clause, ...]) -> str:
    """At B = 0 γ = (a − 1)/a, and the paper's exponent is twice 1/γ."""
    own, found, bound = clauses[-1].sides
    pairs = Clause((own, found), ("=",)), Clause((2 * own, bound), ("=",))
    return identity({gamma: _flat(a)})(pairs)
