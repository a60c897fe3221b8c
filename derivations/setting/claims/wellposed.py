"""Claims on existence and bounds of the flow (Lem 3 to Lem 6)."""

import math

import numpy as np
import sympy

from derivations.court.attack import CAUCHY_SCHWARZ, identities, inequality, worst
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from numerics.arrays import Array
from theory.symbolic import gradient, phase_retrieval

s, u, t = sympy.symbols("s u t")


@claim(
    "Lem3",
    "Lemma 3",
    r"$L \ge <a=3> (s - s_*)^<p=2>$, with equality iff $w$ is parallel to $w^*$",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$ for coercivity in $w$; the inequality holds for $Q \succeq 0$",
    ratio=1,
)
def coercive(c: Constants, effort: Effort) -> Finding:
    # L - a (s - s*)^2 = (3 - a)(s - s*)^2 + 4 (s s* - u^2), the last bracket >= 0 and zero on the ray
    loss = phase_retrieval().loss.subs({s: 4, u: 2, t: 1})
    example = Counterexample(
        f"d = 1, λ = w* = 1, w = 2: L = {loss} < {c['a']} · {(4 - 1) ** 2}",
        f"s, u = 4, 2; assert 3*s**2 + 3 - 4*u**2 - 2*s < float({str(c['a'])!r} and {float(c['a'])}) * (s - "
        f"1)**2",
    )
    how = "identically up to a multiple of s s* − u u, which Cauchy–Schwarz keeps above 0"
    proof = [(phase_retrieval().loss, 3 * (s - t) ** 2 + 4 * (s * t - u**2)), CAUCHY_SCHWARZ]
    ratio = max(float(c["a"] * gap ** (c["p"] - 2) / 3) for gap in (sympy.Rational(1, 8), 1, 8))  # |s - s*|
    return inequality(ratio, how, proof, lambda: example)


def _unpack(point: Array, size: int) -> tuple[Array, Array, Array, Array]:
    """Eigenvalues in (0, 1], and three vectors, from a free point of 4·size numbers."""
    eigenvalues = np.exp(-np.abs(point[:size]))
    return eigenvalues, *point[size:].reshape(3, size)


def _field(eigenvalues: Array, target: Array, w: Array) -> Array:
    """Z of (B.1)."""
    energy, teacher = eigenvalues @ w**2, eigenvalues @ target**2
    return eigenvalues * ((3 * energy - teacher) * w - 2 * (eigenvalues @ (w * target)) * target)


def _lipschitz(point: Array, c: Constants) -> float:
    """Left over right side of (B.2)."""
    eigenvalues, target, one, two = _unpack(point, len(point) // 4)
    size = np.linalg.norm
    left = size(_field(eigenvalues, target, one) - _field(eigenvalues, target, two))
    a, b = size(one), size(two)
    bracket = (a + b) * a + b ** float(c["q"]) + size(target) ** float(c["r"])
    right = float(c["a"]) * eigenvalues.max() ** float(c["p"]) * size(one - two) * bracket
    return float(left / right) if right > 1e-12 else math.nan


@claim(
    "Lem4",
    "(B.1), (B.2)",
    r"$\|Z(w_1) - Z(w_2)\| \le <a=3> \|Q\|^<p=2> \|w_1 - w_2\| [(\|w_1\| + \|w_2\|) \|w_1\| + \|w_2\|^<q=2> "
    r"+ \|w^*\|^<r=2>]$",
    Verdict.PROVED,
    ratio=1,
)
def lipschitz(c: Constants, effort: Effort) -> Finding:
    # Z splits into 3 |s1 - s2| ‖Qw1‖, 3 s2 ‖Q(w1 - w2)‖ and (s* ‖Q‖ + 2 ‖Qw*‖²) ‖w1 - w2‖,
    # each at most 3 ‖Q‖² ‖w1 - w2‖ times its part of the bracket
    starts = effort.of(2, 10)
    searched = [worst(lambda x: _lipschitz(x, c), 4 * d, starts, seed=d)[0] for d in (1, 2)]
    points = (0.0, 1.0, 1e-5, 0.0), (1.0, 2.0, 1e-5, 0.0), (1.0, 0.0, 2.0, 2.5)
    edge = max(_lipschitz(np.array(point), c) for point in points)
    example = Counterexample(
        "d = 1, λ = w* = 1, w1 = 1/100000, w2 = 0: the sides are 3 w1 and less",
        f"Z = lambda w: 3*w**3 - 3*w; a = 1e-5; assert abs(Z(a) - Z(0)) > {float(c['a'])} * a * (a*a + 1)",
    )
    how = "triangle and Cauchy–Schwarz inequalities; searched d = 1, 2; attained for d = 1, w1, w2 → 0"
    slope, (s1, s2, w1, w2, rate) = gradient(phase_retrieval()), sympy.symbols("s1 s2 w1 w2 lambda")
    proof = [
        (slope.student, 4 * (3 * s - t)),
        (slope.teacher, 4 * (-2 * u)),
        (s1 * w1 - s2 * w2, (s1 - s2) * w1 + s2 * (w1 - w2)),
        (rate * (w1**2 - w2**2), rate * (w1 - w2) * (w1 + w2)),
        CAUCHY_SCHWARZ,
    ]
    return inequality(max(edge, *searched), how, proof, lambda: example)


@claim(
    "Lem4/ball",
    "(B.3)",
    r"$\|Z(w_1) - Z(w_2)\| \le <a=3> (<b=3> M^<p=2> + \|w^*\|^<q=2>) \|Q\|^<r=2> \|w_1 - w_2\|$ for "
    r"$\|w_1\|, \|w_2\| \le M$",
    Verdict.PROVED,
    ratio=1,
)
def lipschitz_ball(c: Constants, effort: Effort) -> Finding:
    # (B.2) with ‖w1‖ = ‖w2‖ = M; sharp for d = 1 as M/w* -> 0 and as M/w* -> ∞
    factor, inner = float(c["a"]), float(c["b"])

    def ratio(x: float, y: float, M: float, target: float, rate: float) -> float:
        left = rate**2 * abs(3 * (x**2 + x * y + y**2) - 3 * target**2)
        return left / (
            factor * (inner * M ** float(c["p"]) + target ** float(c["q"])) * rate ** float(c["r"])
        )

    worst_ratio = max(ratio(0.0, 0.0, 1e-6, 2.0, 0.5), ratio(2.0, 2.0, 2.0, 1e-6, 2.0))
    example = Counterexample(
        "d = 1, λ = 1, w1, w2 → M with w* = 0, or w1, w2 → 0 with M → 0",
        f"a, b = {factor}, {inner}; assert max(3 / a, 9 / (a*b)) > 1",
    )
    M = sympy.Symbol("M")
    how = "(B.2) on the ball; both edges of d = 1 attain it"
    return inequality(worst_ratio, how, [((M + M) * M + M**2, 3 * M**2)], lambda: example)


@correction(
    r"the last but one line of the proof holds as $\le$: $<b=3> \|w_1 - w_2\|_Q (\|w_1\|_Q + \|w_2\|_Q) "
    r"\|Qw_1\| \le <a=3> \|Q\|^<p=2> \|w_1 - w_2\| (\|w_1\| + \|w_2\|) \|w_1\|$; Lemma 4 stands",
    Verdict.PROVED,
    ratio=1,
)
def lipschitz_line(c: Constants, effort: Effort) -> Finding:
    def ratio(point: Array) -> float:
        eigenvalues, _, one, two = _unpack(point, len(point) // 4)

        def q(w: Array) -> float:
            return math.sqrt(eigenvalues @ w**2)

        left = float(c["b"]) * q(one - two) * (q(one) + q(two)) * np.linalg.norm(eigenvalues * one)
        size = np.linalg.norm
        right = eigenvalues.max() ** float(c["p"]) * size(one - two) * (size(one) + size(two)) * size(one)
        return float(left / right / float(c["a"])) if right > 1e-12 else math.nan

    found = worst(ratio, 8, effort.of(2, 6))[0]
    edge = max(ratio(np.array([level, 0.0, 1.0, 0.5])) for level in (0.0, 1.0))
    example = Counterexample("d = 1: both sides are 3 |w1 - w2| …", f"assert 3 > {float(c['a'])}")
    top, rate, w = sympy.symbols("lambda1 lambda w")
    proof = [(top * w**2 - rate * w**2, (top - rate) * w**2)]
    return inequality(max(found, edge), "λ_i ≤ ‖Q‖ in every mode", proof, lambda: example)


@claim(
    "Lem4/equality",
    "Lemma 4, proof, fourth line (printed =)",
    r"$<a=3> \|w_1 - w_2\|_Q [\|w_1\|_Q + \|w_2\|_Q] \|Q w_1\| = <a> \|Q\|^2 \|w_1 - w_2\| (\|w_1\| + "
    r"\|w_2\|) \|w_1\|$",
    Verdict.FALSE,
    correction=lipschitz_line,
)
def lipschitz_equality(c: Constants, effort: Effort) -> Finding:
    example = Counterexample(
        f"Q = diag(1, 1/4), w1 = (0, 1), w2 = 0: left {c['a'] / 16}, right {c['a']}",
        f"from math import sqrt; a = {float(c['a'])}; q = sqrt(1/4); assert a*q*q*(1/4) != a*1**2*1*1*1",
        Verdict.PROVED,
    )
    return Finding(Verdict.FALSE, "evaluated at an eigenvector of the smaller eigenvalue", None, example)


@claim(
    "Lem5",
    "Lemma 5, (B.4), (B.5), (B.6)",
    r"$\frac{d}{dt} L(w(t)) = -<a=1> \|\nabla L\|^<p=2> \le 0$, and $s(t) \le s_* + \sqrt{L(w_0)/<b=3>}$: on "
    r"$t \ge 0$ the flow exists, is unique, smooth and bounded",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$; the bound on $\|w\|$ itself is $\|w\|^<h=2> \le s/\lambda_d$ and so depends on "
    "$d$",
    ratio=1,
)
def wellposed(c: Constants, effort: Effort) -> Finding:
    # mode by mode: ∂L/∂w_i = λ_i(2 L_s w_i + L_u w*_i) must be minus the velocity λ_i(A w_i + B w*_i)
    model, slope = phase_retrieval(), gradient(phase_retrieval())
    w, rate = sympy.symbols("w lambda", positive=True)
    fall = model.loss.subs({s: w**2, u: w, t: 1}).diff(w)
    pairs = [
        (-slope.student, c["a"] * model.A[0]),
        (-slope.teacher, c["a"] * model.B[0]),
        (fall * _one_mode(w), -c["a"] * fall ** c["p"]),
        (w ** c["h"], rate * w**2 / rate),
    ]
    velocity = identities(pairs, "ẇ = -∇L")
    if velocity.verdict is not Verdict.PROVED:
        return velocity
    below = coercive.settle(effort).finding
    if below.verdict is not Verdict.PROVED:
        return below
    # 3 (s - s*)² ≤ L ≤ L(w_0); attained at t = 0 on the ray w_0 = α w*, α > 1
    example = Counterexample(
        "d = 1, λ = w* = 1, w_0 = 2 at t = 0: s = 4 exceeds 1 + √(27/b)",
        f"assert 2**2 > 1 + (27 / {float(c['b'])}) ** 0.5",
    )
    how = "ẇ = -∇L symbolically, Lem 3, local Lipschitz continuity (Lem 4); attained at t = 0 on the ray"
    return inequality(float(sympy.sqrt(c["b"] / 3)), how, [CAUCHY_SCHWARZ], lambda: example)


@correction(
    r"the flow exists for all $t \ge 0$, and in general not for all $t < 0$: for one mode, $\lambda = "
    "<l=1>$, $w^* = <v=1>$, $w(0) = <w=2>$ it is $w^<p=2> = <e=1>/(<f=1> - <a=3/4> e^{-<b=24> t})$, which "
    r"blows up at $t = -\ln(<g=4/3>)/<h=24>$",
    Verdict.PROVED,
)
def forward_only(c: Constants, effort: Effort) -> Finding:
    time, w = sympy.symbols("t w", real=True)
    power = c["e"] / (c["f"] - c["a"] * sympy.exp(-c["b"] * time))
    energy = power ** (2 / c["p"])
    velocity = _one_mode(w, c["l"], c["v"])
    pairs = [
        (sympy.diff(energy, time), sympy.expand(2 * w * velocity).subs(w, sympy.sqrt(energy))),
        (power.subs(time, 0), c["w"] ** c["p"]),
        ((1 / energy).subs(time, -sympy.log(c["g"]) / c["h"]), sympy.S.Zero),
    ]
    return identities(pairs, "the explicit solution solves the flow and has a pole")


def _one_mode(
    w: sympy.Symbol, level: sympy.Expr = sympy.S.One, teacher: sympy.Expr = sympy.S.One
) -> sympy.Expr:
    """The velocity of d = 1 from the derived drift."""
    model = phase_retrieval()
    statistics = {s: level * w**2, u: level * w * teacher, t: level * teacher**2}
    return sympy.expand(level * (model.A[0] * w + model.B[0] * teacher).subs(statistics))


@claim(
    "Lem5/backward",
    "Lemma 5, proof",
    r"the interval of existence extends to all of $\mathbb{R}$; for $d = 1$, $\lambda = w^* = 1$, where "
    r"$\dot w = <a=12> (1 - w^2) w$, also for $w(0) = 2$",
    Verdict.FALSE,
    correction=forward_only,
)
def backward(c: Constants, effort: Effort) -> Finding:
    w = sympy.Symbol("w", real=True)
    if sympy.expand(_one_mode(w) - c["a"] * (1 - w**2) * w) != 0:
        return Finding(Verdict.UNDECIDED, "another equation")
    # backwards from w = 2 the time to infinity is ∫_2^∞ dw / (12 (w² - 1) w) = ln(4/3)/24, finite
    primitive = sympy.log((w**2 - 1) / w**2) / (2 * c["a"])
    if sympy.simplify(primitive.diff(w) - 1 / (c["a"] * (w**2 - 1) * w)) != 0:
        return Finding(Verdict.UNDECIDED, "another primitive")
    left = sympy.limit(primitive, w, sympy.oo) - primitive.subs(w, 2)
    example = Counterexample(
        f"d = 1, λ = w* = 1, w(0) = 2: |w| → ∞ as t falls to {-left}",
        f"from sympy import *; w = Symbol('w'); P = log((w**2 - 1)/w**2)/{2 * c['a']}; "
        f"assert simplify(diff(P, w)*{c['a']}*(w**2 - 1)*w) == 1 and limit(P, w, oo) - P.subs(w, 2) < 1",
        Verdict.PROVED,
    )
    return Finding(Verdict.FALSE, "the cubic flow run backwards blows up in finite time", None, example)


@claim(
    "Lem6",
    "Lemma 6",
    r"$\|U\|_{\ell^2} \le <a=1> \|w\| \|w^*\| \|Q\| / \sqrt{<e=1> - \|Q\|^<p=2>}$",
    Verdict.PROVED,
    hypotheses=r"$\|Q\| < 1$",
    ratio=1,
)
def square_summable(c: Constants, effort: Effort) -> Finding:
    def ratio(point: Array) -> float:
        eigenvalues, one, two, _ = _unpack(point, len(point) // 4)
        eigenvalues = 0.9 * eigenvalues
        p = one * two
        # Σ_k u^(k)² = Σ_ij p_i p_j λ_i λ_j / (1 - λ_i λ_j)
        gram = np.outer(eigenvalues, eigenvalues)
        left = math.sqrt(max(0.0, p @ (gram / (1 - gram)) @ p))
        top = eigenvalues.max()
        right = (
            np.linalg.norm(one) * np.linalg.norm(two) * top / math.sqrt(float(c["e"]) - top ** float(c["p"]))
        )
        return float(left / right / float(c["a"])) if right > 1e-12 else math.nan

    edge = ratio(np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]))
    found = worst(ratio, 12, effort.of(2, 6))[0]
    example = Counterexample(
        "Q = diag(1/2, …), w = w* = e_1: ‖U‖² = 1/3 exactly",
        f"assert (1/3) ** 0.5 > {float(c['a'])} * 0.5 / (1 - 0.25) ** 0.5 + 1e-12",
    )
    how = "|u^(k)| ≤ ‖w‖ ‖w*‖ ‖Q‖^k and a geometric series; attained along the first mode"
    q = sympy.Symbol("q")
    series = q**2 / (1 - q**2)  # Σ_{k ≥ 1} q^{2k}, the solution of G = q² (1 + G)
    return inequality(max(edge, found), how, [(q**2 * (1 + series), series), CAUCHY_SCHWARZ], lambda: example)


@claim(
    "Lem6/norm",
    "Lemma 6, proof",
    r"$\|Q\| = \lambda_1 < <f=1>$ for $d \ge <n=2>$; for $d = <m=1>$ it is <e=1>, and $s_*^\infty \notin "
    r"\ell^2$",
    Verdict.PROVED,
)
def norm_below_one(c: Constants, effort: Effort) -> Finding:
    # λ_1 = 1 - Σ_{i ≥ 2} λ_i: below 1 iff a second positive eigenvalue exists
    first = next(d for d in range(1, 5) if sympy.Rational(1) / sympy.harmonic(d) < 1)
    x = sympy.Symbol("x")  # λ_2/λ_1
    pairs = [
        (sympy.Integer(first), c["n"]),
        (1 / sympy.harmonic(c["m"]), c["e"]),
        (sympy.limit(1 / (1 + x), x, 0), c["f"]),
    ]
    return identities(pairs, "λ_1 = 1 - (λ_2 + … + λ_d)")
