"""Claims on what the statistics can no longer do after the escape (Lem 11, Lem 12)."""

import math
from typing import Any

import numpy as np
import sympy

from derivations.convergence.claims.crossing import DOWN
from derivations.court.attack import CAUCHY_SCHWARZ, identities, identity, inequality, written
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Finding, Verdict
from derivations.trials.runs import sphere_run
from derivations.trials.states import State, faster, form, random_states
from theory.symbolic import critical_points, phase_retrieval

s, u = sympy.symbols("s u", real=True)
LOSS = phase_retrieval().loss.subs({"s": s, "u": u, "t": 1})
FAST_UP = State.of(["4/5", "1/5"], [1, 1], ["11/17", "31/17"])
"""On the boundary s = 1, where the second mode is ahead of the first."""
TURNS = State.of(["4/5", "1/5"], [1, 1], ["41/100", "-8/5"])
"""0 < u, 1/3 < s < 1, and the mode against the teacher wins."""
PASSES = State.of(["4/5", "1/5"], [1, 1], ["1/2", 2])
"""On the boundary s = 1 with 0 < u < 1, and u rises above 1."""
SADDLE = State.of(["16/25", "9/25"], ["5/4", 0], [0, 1])
"""A start on the unit sphere without any overlap, s > 1/3."""


@correction(
    r"$s(t) \le <e=1> + \sqrt{L(t_0)/<a=3>}$ for all $t \ge t_0$, and $|u| \le \sqrt{s}$",
    Verdict.PROVED,
)
def energy_bound(c: Constants, effort: Effort) -> Finding:
    # L − a(s − 1)² at its smallest, u² = s
    rest = sympy.factor(LOSS.subs(u**2, s) - c["a"] * (s - c["e"]) ** 2)
    tight = sympy.simplify(rest / (s - 1) ** 2)
    how = f"the rest is at least {written(rest)}, its value on the ray (Lem 3), and L never rises"
    return Finding(Verdict.PROVED if tight.is_number and tight >= 0 else Verdict.UNDECIDED, how)


@claim(
    "Lem11",
    "Lemma 11, 1",
    r"if $0 < u < 1$ and $s \le 1$ at $t_0$, then $s \le 1$ for all $t \ge t_0$",
    Verdict.FALSE,
    correction=energy_bound,
)
def energy_barrier(c: Constants, effort: Effort) -> Finding:
    rate = FAST_UP.energy_rate()
    if not (FAST_UP.s() == 1 and 0 < FAST_UP.u() < 1 and rate > 0):
        return Finding(Verdict.UNDECIDED, f"ds/dt = {rate} at {FAST_UP}")
    example = FAST_UP.refutes(
        f"s = 1, u = {FAST_UP.u()} and ds/dt = {rate}", "s() == 1 and 0 < u() < 1 and ds > 0"
    )
    return Finding(Verdict.FALSE, "an exact state on the boundary; for d = 1 the lemma holds", None, example)


@correction(
    r"$u$ keeps its sign for all $t \ge t_0$ if $L(t_0) < <a=8/3>$, or if all $w_i(t_0) w^*_i$ have one sign",
    Verdict.PROVED,
)
def sign_is_kept(c: Constants, effort: Effort) -> Finding:
    lowest = sympy.minimum(LOSS.subs(u, 0), s)
    rates = _overlap_jacobian()
    cooperative = all(rates[i, j].is_positive for i, j in ((0, 1), (1, 0)))
    how = (
        f"the loss is at least {lowest} where u = 0, and never rises; d(w_i w*_i)/dt grows with every other "
        "w_j w*_j (Kamke), so the orthant is invariant"
    )
    return Finding(Verdict.PROVED if cooperative and c["a"] <= lowest else Verdict.UNDECIDED, how)


@claim(
    "Lem11/overlap",
    "Lemma 11, 2",
    r"if $0 < u < 1$ and $s \le 1$ at $t_0$, then $u > 0$ for all $t \ge t_0$",
    Verdict.FALSE,
    correction=sign_is_kept,
)
def overlap_stays_positive(c: Constants, effort: Effort) -> Finding:
    return _turned("u is negative")


@claim(
    "Lem11/C.21",
    "(C.21)",
    r"$s = u^<a=2> + \|z\|_Q^<p=2>$ with $w = u w^* + z$, $\langle z, w^*\rangle_Q = 0$",
    Verdict.PROVED,
)
def split(c: Constants, effort: Effort) -> Finding:
    # ‖w − u w*‖_Q² expanded by bilinearity, ‖w*‖_Q = 1
    square = (s - 2 * u * u + u**2) ** (c["p"] / 2)
    across = u - u * 1
    return identities([(u ** c["a"] + square, s), (across, sympy.S.Zero)], "bilinearity, for any d")


@claim(
    "Lem11/claim0",
    "proof of Lemma 11, claims 0 and 3",
    r"$|u|^<a=2> \le s$",
    Verdict.PROVED,
    ratio=1.0,
)
def cauchy_schwarz(c: Constants, effort: Effort) -> Finding:
    eigenvalues, teacher, student = random_states(3, effort.of(2000, 20000))
    student[0] = 2 * teacher[0]
    ratio = np.abs(form(eigenvalues, student, teacher)) ** float(c["a"]) / form(eigenvalues, student, student)
    return inequality(float(ratio.max()), "Cauchy–Schwarz, equality at w = 2w*", [CAUCHY_SCHWARZ])


@claim(
    "Lem11/claim1",
    "proof of Lemma 11, claim 1",
    r"$s^{(2)} \ge \lambda_{\min} \|z\|_Q^<a=2>$",
    Verdict.PROVED,
    ratio=1.0,
)
def weakest_direction(c: Constants, effort: Effort) -> Finding:
    eigenvalues, teacher, student = random_states(3, effort.of(2000, 20000))
    last = np.argmin(eigenvalues[0])
    student[0] = 0.0
    student[0, last], teacher[0, last] = 1.0, 0.0
    teacher[0] /= np.sqrt(form(eigenvalues, teacher, teacher)[0])
    overlap = form(eigenvalues, student, teacher)
    across = form(eigenvalues, student, student) - overlap**2
    ratio = (
        eigenvalues.min(axis=1)
        * np.maximum(across, 0.0) ** (float(c["a"]) / 2)
        / form(eigenvalues, student, student, 2)
    )
    how = "λ_i ≥ λ_min in every mode; equality for w along the last eigenvector, orthogonal to w*"
    return inequality(float(ratio.max()), how, [faster(2)])


@correction(
    r"on $s = <e=1>$: $\dot s = -<a=16>(s^{(2)} - u u^{(2)}) = -<a>(\|z\|_{Q^2}^<p=2> + u \langle z, "
    r"w^*\rangle_{Q^2})$, of either sign",
    Verdict.PROVED,
)
def rate_on_the_boundary(c: Constants, effort: Effort) -> Finding:
    s2, u2, t2 = sympy.symbols("s2 u2 t2")
    derived = (8 * (1 - 3 * s) * s2 + 16 * u * u2).subs(s, c["e"])
    square, product = s2 - 2 * u * u2 + u**2 * t2, u2 - u * t2
    how = f"(3.4) and bilinearity; positive at {FAST_UP}" if FAST_UP.energy_rate() > 0 else "(3.4)"
    pairs = [(derived, -c["a"] * (s2 - u * u2)), (derived, -c["a"] * (square ** (c["p"] / 2) + u * product))]
    return identities(pairs, how)


@claim(
    "Lem11/C.22",
    "(C.22)",
    r"$\dot s \le 8(1-3s) s^{(2)} \le -16 s^{(2)} \le -16 \lambda_{\min}(s - u^2)$ for $s \ge 1$",
    Verdict.FALSE,
    correction=rate_on_the_boundary,
)
def drift_above_one(c: Constants, effort: Effort) -> Finding:
    at_teacher = State.of([1], [1], [1])
    claimed = 8 * (1 - 3 * at_teacher.s()) * at_teacher.s(2)
    if at_teacher.energy_rate() <= claimed:
        return Finding(Verdict.UNDECIDED, "the teacher itself does not refute it")
    words = f"the teacher itself, at rest: ds/dt = 0, not ≤ {claimed}"
    example = at_teacher.refutes(words, "ds > 8*(1 - 3*s())*s(2)")
    return Finding(
        Verdict.FALSE, "the positive term in u u^(2) was dropped from an upper bound", None, example
    )


@claim(
    "Lem11/claim2",
    "proof of Lemma 11, claim 2",
    r"$D^+ s(t_1) \le 0$ at a first time with $s = 1$ contradicts an upward crossing; $s \ge 1$ on some "
    r"$[t_1, t_1 + \varepsilon)$ by definition of $t_1$",
    Verdict.GAP,
)
def no_upward_crossing(c: Constants, effort: Effort) -> Finding:
    x = sympy.Symbol("x")
    cubic = 1 + x**3
    crosses = cubic.subs(x, -1) < 1 < cubic.subs(x, 1) and sympy.diff(cubic, x).subs(x, 0) <= 0
    rises = FAST_UP.energy_rate() > 0
    how = (
        f"{written(cubic)} crosses {cubic.subs(x, 0)} upwards with derivative {cubic.diff(x).subs(x, 0)}: a "
        f"derivative ≤ 0 contradicts nothing; and it is not ≤ 0: ds/dt = {FAST_UP.energy_rate()} at "
        f"{FAST_UP}, since (C.22) fails"
    )
    return Finding(Verdict.GAP if crosses and rises else Verdict.UNDECIDED, how)


@correction(
    r"$u \le \sqrt{s} \le (<e=1> + \sqrt{L(t_0)/<a=3>})^{<h=1/2>}$",
    Verdict.PROVED,
)
def overlap_bound(c: Constants, effort: Effort) -> Finding:
    root = identity(sympy.sqrt(u), u ** c["h"], "")
    found = energy_bound.given(a=c["a"], e=c["e"]).settle(effort).finding
    return found if root.verdict is Verdict.PROVED else root


@claim(
    "Lem11/strict",
    "Lemma 11, 2, and claim 3",
    r"$u(t) < 1$ at every finite $t \ge t_0$",
    Verdict.FALSE,
    correction=overlap_bound,
)
def overlap_stays_below_one(c: Constants, effort: Effort) -> Finding:
    late = PASSES.enclosed("1/2", 40).u
    if not (PASSES.s() == 1 and 0 < PASSES.u() < 1 and late.a > 1):
        return Finding(Verdict.UNDECIDED, f"u at t = 1/2 lies in {late}")
    words = f"u ≥ {_below(late)}, from s = 1, u = {PASSES.u()}"
    how = "the flow in interval arithmetic"
    return Finding(Verdict.FALSE, how, None, PASSES.refutes_at("1/2", 40, words, "u.a > 1"))


@claim(
    "Lem11/positivity",
    "proof of Lemma 11, claim 3; proof of Lemma 12",
    "$u > 0$ after $T_1'$ follows from the positive kernel of the Volterra equation",
    Verdict.GAP,
    correction=sign_is_kept,
)
def volterra_positivity(c: Constants, effort: Effort) -> Finding:
    weights = [
        value * x * y for value, x, y in zip(*(TURNS.eigenvalues, TURNS.teacher, TURNS.student), strict=True)
    ]
    x = sympy.Symbol("x", positive=True)
    source = sum(
        weight * sympy.exp(-4 * value * x) for weight, value in zip(weights, TURNS.eigenvalues, strict=True)
    )
    negative = source.subs(x, 0) > 0 > sympy.N(source.subs(x, sympy.Rational(1, 2)))
    how = f"the source h_Θ is a sum of both signs: at {TURNS} it falls below 0 as Θ decreases"
    return Finding(Verdict.GAP if negative else Verdict.UNDECIDED, how)


@correction(
    r"$s \to <e=1>$, $u \to <e>$ if at some time $u > 0$ and $L < <a=8/3>$",
    Verdict.PROVED,
)
def convergence(c: Constants, effort: Effort) -> Finding:
    levels = _critical_levels()
    below = [name for name, level in levels.items() if level < c["a"]]
    lowest = sympy.minimum(LOSS.subs(u, 0), s)
    how = (
        f"LaSalle: the limit points are critical, with losses {levels}; below {c['a']} only ±w* are left, "
        f"and u = 0 has L ≥ {lowest}"
    )
    (teacher,) = [point for point in critical_points(phase_retrieval()) if point.multiple == 1]
    ends = [value.subs(sympy.Symbol("t"), 1) for value in (teacher.s, teacher.u)]
    proved = ends == [c["e"]] * 2 and below == ["±w*"] and c["a"] <= lowest
    return Finding(Verdict.PROVED if proved else Verdict.UNDECIDED, how)


@claim(
    "Lem12",
    "Lemma 12",
    r"$s(t) \to 1$ and $u(t) \to 1$ as $t \to \infty$",
    Verdict.FALSE,
    hypotheses="those of Phase II: $u(T_1') > 0$, $s(T_1') > 1/3$",
    correction=convergence,
)
def limits(c: Constants, effort: Effort) -> Finding:
    still = all(SADDLE.u(order) == 0 and SADDLE.overlap_rate(order) == 0 for order in (1, 2))
    also = "; a start with w_i w*_i = 0 for every i keeps u = 0 and ends in a saddle" if still else ""
    return _turned("u is negative and, as L < 8/3, stays so and tends to −1", also)


@claim(
    "Lem12/generic",
    "Lemma 12",
    r"from a start on the sphere $(s, |u|) \to (1, 1)$; the sign of $u$ is not always that of $u(0)$",
    Verdict.MEASURED,
    hypotheses="Gaussian teacher; the starts that end in a saddle are those of its stable manifold",
    qualitative=True,
)
def generic(c: Constants, effort: Effort) -> Finding:
    ends = []
    for seed in range(effort.of(40, 400)):
        run = sphere_run(2.0, 100, seed, 10.0)
        ends.append((run.limit.name, bool(run.limit.sign * run.at([0.0]).u[0] > 0)))
    arrived = sum(name.endswith("teacher") for name, _ in ends)
    turned = sum(not kept for _, kept in ends)
    how = (
        f"a = 2, d = 100: {arrived} of {len(ends)} starts reach ±w*, {turned} of them on the other side than "
        f"u(0)"
    )
    return Finding(Verdict.MEASURED if arrived == len(ends) and turned else Verdict.UNDECIDED, how)


@correction(
    r"at $s = 1/<b=3>$: $\dot s = <a=16> u u^{(2)}$, so $\{s > 1/<b>\}$ is kept as long as $u u^{(2)} > 0$",
    Verdict.PROVED,
)
def threshold_rate(c: Constants, effort: Effort) -> Finding:
    s2, u2 = sympy.symbols("s2 u2")
    derived = (8 * (1 - 3 * s) * s2 + 16 * u * u2).subs(s, 1 / c["b"])
    return identity(derived, c["a"] * u * u2, "(3.4)")


@claim(
    "Lem12/invariance",
    "proof of Lemma 12",
    r"$\{s > 1/3\}$ is forward invariant",
    Verdict.FALSE,
    correction=threshold_rate,
)
def invariance(c: Constants, effort: Effort) -> Finding:
    rate = DOWN.energy_rate()
    if not (DOWN.s() == sympy.Rational(1, 3) and DOWN.u() > 0 > rate):
        return Finding(Verdict.UNDECIDED, f"ds/dt = {rate}")
    example = DOWN.refutes(
        f"s = 1/3, u = {DOWN.u()} and ds/dt = {rate}", "s() == F(1, 3) and u() > 0 and ds < 0"
    )
    how = "the flow crosses s = 1/3 downwards at an exact state, so it starts above"
    return Finding(Verdict.FALSE, how, None, example)


@claim(
    "Lem12/lasalle",
    "proof of Lemma 12",
    r"$\dot L = -\|\nabla L\|^2 = -(<a=12> s - <b=4>)^<p=2> s^{(2)} + <c=16> (<a> s - <b>) u u^{(2)} - "
    "<e=64> u^<q=2> s_*^{(2)}$",
    Verdict.PROVED,
)
def dissipation(c: Constants, effort: Effort) -> Finding:
    s2, u2, t2 = sympy.symbols("s2 u2 t2")
    rates = 8 * (1 - 3 * s) * s2 + 16 * u * u2, 4 * (1 - 3 * s) * u2 + 8 * u * t2
    derived = sympy.diff(LOSS, s) * rates[0] + sympy.diff(LOSS, u) * rates[1]
    gain = c["a"] * s - c["b"]
    printed = -(gain ** c["p"]) * s2 + c["c"] * gain * u * u2 - c["e"] * u ** c["q"] * t2
    return identity(derived, printed, "the chain rule, for any d")


@claim(
    "Lem12/critical",
    "proof of Lemma 12",
    r"every critical point with $s > 1/<a=3>$ is $\pm w^*$",
    Verdict.PROVED,
)
def critical_above(c: Constants, effort: Effort) -> Finding:
    heights = [point.s.subs(sympy.Symbol("t"), 1) for point in critical_points(phase_retrieval())]
    above = [height for height in heights if height > 1 / c["a"]]
    on = [height for height in heights if height == 1 / c["a"]]
    how = f"the critical points have s in {sorted(set(heights))}"
    return Finding(Verdict.PROVED if set(above) == {1} and on else Verdict.UNDECIDED, how)


@claim(
    "Lem12/closure",
    "proof of Lemma 12",
    r"the limit points lie in $\{\nabla L = 0\} \cap \{s \ge 1/3\}$, hence are $\pm w^*$",
    Verdict.GAP,
    correction=convergence,
)
def saddles_are_not_excluded(c: Constants, effort: Effort) -> Finding:
    heights = {point.s.subs(sympy.Symbol("t"), 1) for point in critical_points(phase_retrieval())}
    open_end = sympy.Rational(1, 3) in heights
    how = "the saddles have s = 1/3 and belong to that set: a uniform s ≥ 1/3 + δ is needed"
    return Finding(Verdict.GAP if open_end else Verdict.UNDECIDED, how)


def _turned(words: str, also: str = "") -> Finding:
    """The finding that the flow from TURNS, with 0 < u < 1 and 1/3 < s < 1, ends at −w*: enclosed.

    Where u < 0 and L is below its least value over u = 0, u stays negative (LaSalle).
    """
    late = TURNS.enclosed("3/5", 40)
    allowed = 0 < TURNS.u() < 1 and sympy.Rational(1, 3) < TURNS.s() < 1
    if not (allowed and late.u.b < 0 and 3 * late.loss.b < 8):
        return Finding(Verdict.UNDECIDED, f"at t = 3/5 u is in {late.u}, L in {late.loss}")
    said = f"{words}, from u = {TURNS.u()}, s = {TURNS.s()}"
    example = TURNS.refutes_at("3/5", 40, said, "u.b < 0 and 3*L.b < 8")
    how = (
        f"the flow in interval arithmetic: u ≤ {-_below(-late.u)}, L ≤ {-_below(-late.loss)} at t = 3/5{also}"
    )
    return Finding(Verdict.FALSE, how, None, example)


def _below(interval: Any) -> float:
    """A decimal of six places that no number of the interval is below."""
    return math.floor(1e6 * float(interval.a)) / 1e6


def _overlap_jacobian() -> sympy.Matrix:
    """The derivatives of d(w_i w*_i)/dt by w_j w*_j of two modes, at fixed s."""
    eigenvalues, squares = sympy.symbols("l1:3", positive=True), sympy.symbols("m1:3", positive=True)
    overlaps = sympy.symbols("a1:3")
    u_of = sum(value * x for value, x in zip(eigenvalues, overlaps, strict=True))
    rates = [
        4 * value * (1 - 3 * s) * x + 8 * value * square * u_of
        for value, x, square in zip(eigenvalues, overlaps, squares, strict=True)
    ]
    return sympy.Matrix(rates).jacobian(overlaps)


def _critical_levels() -> dict[str, sympy.Rational]:
    """The loss at the critical points, ‖w*‖_Q = 1."""
    names = {(0, 0): "0", (1, 1): "±w*", (sympy.Rational(1, 3), 0): "saddles"}
    levels = {}
    for point in critical_points(phase_retrieval()):
        at = {name: value.subs(sympy.Symbol("t"), 1) for name, value in ((s, point.s), (u, point.u))}
        levels[names[at[s], abs(at[u])]] = LOSS.subs(at)
    return levels
