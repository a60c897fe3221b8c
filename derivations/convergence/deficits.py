"""The deficits 1 − u and 1 − s for any spectrum, from the flow with its origin at the teacher (C.10)."""

import sympy
from mpmath import mp
from sympy import Function, Rational, exp

from derivations.court.checks import each, identity, leading, means, value
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from derivations.escape.statements import three_modes
from derivations.setting.statements import MODEL, combined
from derivations.setting.symbols import L, Q_star, Qv, dot_v, f, i, lam, p, q, s, t, tau, time, u, w_star
from theory.symbolic import residual_flow

GAIN = residual_flow(MODEL).A[0].subs({p: 0, q: 0, t: 1})
"""A at the teacher, s* = 1."""

push, v = Function("C"), Function("v_i")


NEAR_ONE = {s: 1 + 2 * p + q, u: 1 + p}
"""The overlaps near the teacher at s* = 1."""


def near() -> Statement:
    """The flow with the origin at the teacher, s* = 1 (C.10 in other coordinates)."""
    flow = residual_flow(MODEL)
    gain, force = (entry[0].subs(t, 1) for entry in (flow.A, flow.C))
    A, B_ = (entry[0].subs({**NEAR_ONE, t: 1}) for entry in MODEL.drift)
    meaning = {**NEAR_ONE, dot_v: A * Qv + (A + B_) * Q_star}
    right = combined((gain, Qv), (force, Q_star))
    sides = (dot_v, "=", right, ",", 1 - u, "=", -p, ",", 1 - s, "=", -2 * p - q)
    return state(*sides, check=identity(meaning))


def driven() -> Statement:
    """A mode late in the flow, with A at the teacher; the unlearned modes have one function in common."""
    kernel = sympy.Integral(times(exp(times(-8, lam[i], plus(time, -tau))), push(tau)), (tau, 0, time))
    own = times(-w_star[i], exp(-8 * lam[i] * time))
    common = ModeSum(times(lam[i], w_star[i] ** 2, exp(-8 * lam[i] * time)), i)
    untouched = ModeSum(lam[i] * w_star[i] ** 2 * exp(GAIN * lam[i] * time), i)
    right = plus(own, times(lam[i], w_star[i], kernel))
    check = each(_solves_the_mode, identity({f: lambda _: untouched}, "−p where nothing drives"))
    return state(v(time), "≈", right, ",", f(time), "=", common, check=check)


def _solves_the_mode(clauses: tuple[Clause, ...]) -> str:
    """v̇ = λ (A v + C w*) from v = −w*, for a C that grows; it vanishes at the teacher."""
    if residual_flow(MODEL).C[0].subs({p: 0, q: 0, t: 1}) != 0:
        raise BrokenStepError("the teacher does not rest")
    rate = sympy.Symbol("l", positive=True)
    found = means(clauses[0].sides[1], {push: lambda when: when, lam: lambda _: rate}).doit()
    speed = rate * (GAIN * found + time * w_star[i])
    begun = Clause((found.subs(time, 0), -w_star[i]), ("=",))
    return identity(how="variation of constants")((begun, Clause((found.diff(time), speed), ("=",))))


def averaged() -> Statement:
    """p where C is slow against the kernel, whose mass is fixed by Σ λ_i (w*_i)² = 1."""
    body = ModeSum(times(lam[i] ** 2, w_star[i] ** 2, exp(-8 * lam[i] * tau)), i)
    area = sympy.Integral(body, (tau, 0, sympy.oo))
    remaining_, pushed, rest = mp.mpf("0.03"), mp.mpf("0.7"), -f(time)
    mass = sum(three_modes()[lam](m) * three_modes()[w_star](m) ** 2 for m in (1, 2, 3))
    point = {
        **three_modes(),
        time: 1,
        f: lambda _: remaining_,
        push: lambda _: pushed,
        p: -remaining_ - mass * pushed / GAIN,
    }
    sides = (p, "≈", plus(rest, times(push(time), area)), "=", plus(rest, times(Rational(1, 8), push(time))))
    return state(*sides, check=value([point], 1e-12))


def squared() -> Statement:
    """q at late times: the square of the exponential."""
    right = ModeSum(times(lam[i], w_star[i] ** 2, exp(-16 * lam[i] * time)), i)

    def mass(when: sympy.Expr) -> sympy.Expr:
        return ModeSum(lam[i] * w_star[i] ** 2 * exp(GAIN * lam[i] * when), i)

    own = ModeSum(lam[i] * (w_star[i] * exp(GAIN * lam[i] * time)) ** 2, i)
    check = identity({q: own, f: mass}, "square of the exponential")
    return state(q, "≈", right, "=", f(2 * time), check=check)


def remaining() -> Statement:
    """Two linear equations for p and q, and what they make of 1 − u and 1 − s."""
    now, twice = sympy.symbols("f_1 f_2")
    forced = residual_flow(MODEL).C[0].subs(t, 1) / 8
    (solved,) = sympy.solve(-now + forced.subs(q, twice) - p, p)
    masses = {f: lambda when: now if when == time else twice if when == 2 * time else sympy.S.Zero}
    meaning = {**masses, p: solved, q: twice, u: 1 + solved, s: 1 + 2 * solved + twice}
    sides = (
        p,
        "=",
        plus(-f(time), -2 * p, -Rational(3, 2) * q),
        ",",
        q,
        "=",
        f(2 * time),
        "⟹",
        1 - u,
        "≈",
        Rational(1, 3) * f(time) + Rational(1, 2) * f(2 * time),
        ",",
        1 - s,
        "≈",
        Rational(2, 3) * f(time),
    )
    return state(*sides, check=identity(meaning, "two linear equations"))


def leading_loss() -> Statement:
    """L in p and q, and what leads."""
    loss_ = residual_flow(MODEL).loss.subs(t, 1)
    return state(L, "=", loss_, "≈", 4 * q, "≈", 4 * f(2 * time), check=_leads)


def _leads(clauses: tuple[Clause, ...]) -> str:
    """The first pair is the loss of the model; the others agree as p and q shrink together."""
    (clause,) = clauses
    size, share, own = sympy.symbols("x f_1 f_2", positive=True)
    small = {p: -size * share, q: size * own, f: lambda when: size * own if when == 2 * time else 0}
    exact = identity({L: MODEL.loss.subs({**NEAR_ONE, t: 1})})((Clause(clause.sides[:2], ("=",)),))
    rest = leading(size, 0, small)((Clause(clause.sides[1:], clause.relations[1:]),))
    return f"{exact}; {rest}"
