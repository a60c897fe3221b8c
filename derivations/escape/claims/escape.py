"""Claims on the exponential growth of the overlap in Phase I (Lem 2, Lem 8, P9, R3, R4)."""

import math
from collections.abc import Sequence

import numpy as np
import sympy

from derivations.court.attack import identities, identity, written
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from derivations.trials.linear import Escape
from derivations.trials.states import State, listed
from theory.symbolic import phase_retrieval

rate, target, p, rho = sympy.symbols("lambda w_star p rho", positive=True)


def _secular(size: int, c: Constants) -> tuple[sympy.Expr, sympy.Expr]:
    """det(p − M) of the derived linearisation for symbolic modes, and Π(p − bλ_i) (e − a Σ …) as printed."""
    model = phase_retrieval()
    pull, push = model.A[0].subs({"s": 0, "t": 1}), model.B[0].diff("u")
    values, teacher = sympy.symbols(f"l1:{size + 1}"), sympy.Matrix(sympy.symbols(f"v1:{size + 1}"))
    Q = sympy.diag(*values)
    M = pull * Q + push * (Q * teacher) * (Q * teacher).T
    poles = sympy.Mul(*(p - c["b"] * x for x in values))
    total = sum(x ** c["p"] * y ** c["q"] / (p - c["b"] * x) for x, y in zip(values, teacher, strict=True))
    return (p * sympy.eye(size) - M).det(method="berkowitz"), sympy.cancel(poles * (c["e"] - c["a"] * total))


@claim(
    "Lem2",
    "Lemma 2",
    r"$\rho$ is the unique solution of $<e=1> = <a=8> \sum_i \lambda_i^<p=2> (w^*_i)^<q=2>/(p - <b=4> "
    r"\lambda_i)$ in $(<b>\lambda_1, \infty)$, the top eigenvalue of $<f=4>Q + <g=8>(Qw^*)(Qw^*)^\top$; with "
    r"all $w^*_i \ne 0$ and distinct $\lambda_i$ there is a further root between every two poles, positive "
    "as well",
    Verdict.PROVED,
    hypotheses=r"$w^*_1 \ne 0$",
)
def unique_above(c: Constants, effort: Effort) -> Finding:
    model = phase_retrieval()
    pairs = [
        (model.A[0].subs({"s": 0, "t": 1}), c["f"]),
        (model.B[0].diff("u"), c["g"]),
    ]
    for size in range(1, effort.of(3, 4)):
        derived, printed = _secular(size, c)
        pairs.append((sympy.expand(derived), sympy.expand(printed)))
    how = "characteristic polynomial of the flow linearised at 0; 8K̂ falls from ∞ to 0 above its last pole"
    return identities(pairs, how)


@claim(
    "Lem2/rate",
    "Lemma 2, (5.3)",
    r"$|u|$ grows like $e^{<a=1> \rho t}$ while $s \ll 1$",
    Verdict.MEASURED,
    hypotheses=r"$\hat a(\rho) \ne 0$",
    ratio=1,
)
def grows(c: Constants, effort: Effort) -> Finding:
    from numerics import power_law, solve
    from theory.asymptotics import PowerLaw, escape_rate

    dimensions: Sequence[float] = [math.inf] if effort is Effort.QUICK else [1e3, 1e12, math.inf]
    ratios = []
    for dimension in dimensions:
        run = solve(power_law(2, dimension, init="escape:1e-40", horizon=100.0), 100.0)
        begin, end = (run.phases(delta=level).t1 for level in (1e-20, 1e-18))
        predicted = float(escape_rate(PowerLaw(2, dimension))) * float(c["a"])
        ratios.append(math.log(100.0) / (end - begin) / predicted)
    error = max(abs(ratio - 1) for ratio in ratios)
    how = f"slope of log u between 1e-20 and 1e-18, a = 2, d = {dimensions}: off by {error:.1e}"
    return Finding(Verdict.MEASURED if error < 1e-6 else Verdict.UNDECIDED, how, ratios[-1])


@claim(
    "Lem8",
    "Lemma 8, (B.21)",
    r"$\rho(b)$, the root of $<e=1> = <f=8> \sum_i \lambda_i^<p=2> (w^*_i)^<q=2>/(\rho - b\lambda_i)$ above "
    r"$b\lambda_1$, is unique, and $\rho'(b) = <a=1> \sum_i \lambda_i m_i/(\rho - b\lambda_i)^<r=2> / \sum_i "
    r"m_i/(\rho - b\lambda_i)^<r> > 0$, $m_i = \lambda_i^<p> (w^*_i)^<q>$: $\rho$ is continuous and strictly "
    "increasing",
    Verdict.PROVED,
    hypotheses=r"$w^*_1 \ne 0$, which is needed: for $\lambda = (1, <g=1/4>)$, $w^* = (0, <h=2>)$ and $b = "
    r"<k=4>$ the only root is $<x=3> < b\lambda_1$",
)
def increasing(c: Constants, effort: Effort) -> Finding:
    b, l1, l2, m1, m2 = sympy.symbols("b l1 l2 m1 m2", positive=True)
    F = 8 * m1 / (rho - b * l1) + 8 * m2 / (rho - b * l2)
    implicit = -F.diff(b) / F.diff(rho)
    weights = [m1 / (rho - b * l1) ** c["r"], m2 / (rho - b * l2) ** c["r"]]
    printed = c["a"] * (l1 * weights[0] + l2 * weights[1]) / sum(weights)
    needed = 8 * c["g"] ** 2 * c["h"] ** 2 / (c["x"] - c["k"] * c["g"])
    secular = {"a": c["f"], "b": sympy.Integer(4), **{name: c[name] for name in "epq"}}
    return identities(
        [(implicit, printed), (needed, sympy.S.One), _secular(2, secular)],
        "implicit derivative, two modes for any number of terms; 8K̂ decreases from ∞ to 0 on (bλ_1, ∞)",
    )


@correction(
    r"if $\rho(b_1) > b_2\lambda_1$ the printed chain holds; else $\rho(b_2) > b_2\lambda_1 \ge \rho(b_1)$ "
    r"at once: for one mode $\rho(b) = b\lambda + <a=8> \lambda^<p=2> (w^*)^<q=2>$",
    Verdict.PROVED,
)
def chain_repaired(c: Constants, effort: Effort) -> Finding:
    b = sympy.Symbol("b", positive=True)
    (root,) = sympy.solve(8 * rate**2 * target**2 - (rho - b * rate), rho)
    return identity(root, b * rate + c["a"] * rate ** c["p"] * target ** c["q"], "two cases; one mode solved")


@claim(
    "Lem8/chain",
    "Lemma 8, proof",
    r"$1 = F_{b_1}(\rho(b_1)) < F_{b_2}(\rho(b_1))$ for all $b_2 > b_1 > 0$, $F_b(p) = <a=8> \sum_i m_i/(p "
    r"- b\lambda_i)$",
    Verdict.GAP,
    correction=chain_repaired,
)
def chain(c: Constants, effort: Effort) -> Finding:
    # one mode λ = w* = 1: ρ(b) = b + a, F_{b2}(ρ(b1)) = a/(b1 + a - b2) < 0 once b2 > b1 + a
    value = c["a"] / (1 + c["a"] - 10)
    if value > 1:
        return Finding(Verdict.UNDECIDED, f"F = {value}")
    example = Counterexample(
        f"λ = w* = 1, b_1 = 1, b_2 = 10: ρ(b_1) = {1 + c['a']} lies left of the pole, F_b2(ρ(b_1)) = {value}",
        f"a = {float(c['a'])}; assert not 1 < a / ((1 + a) - 10)",
    )
    return Finding(Verdict.GAP, "ρ(b_1) may lie left of the pole b_2 λ_1", None, example)


# R3: the sign of u


ACROSS = State.of(["4/5", "1/5"], [1, 1], ["-9/41", "40/41"])
"""On the unit sphere, u = 4/205 > 0, and the mode against the teacher is the fast one."""


@correction(
    r"for $Q = cI$ the sign of $u$ is fixed ($\dot u = <a=12> \lambda (s_* - s) u$); in general $u$ may "
    r"cross 0 while $L \ge <b=8/3> s_*^<p=2>$, its minimum over $u = 0$, and never below; in the linear "
    r"stage the sign of $\hat a(\rho) = \sum_i \lambda_i w_i(0) w^*_i/(\rho - <e=4>\lambda_i)$ decides where "
    "the run ends",
    Verdict.PROVED,
)
def sign_below_barrier(c: Constants, effort: Effort) -> Finding:
    s, u, t = sympy.symbols("s u t")
    model = phase_retrieval()
    isotropic = sympy.expand(rate * (model.A[0] * u + model.B[0] * t))
    lowest = model.loss.subs({u: 0, s: t / 3})
    rest = sympy.expand(model.loss.subs(u, 0) - 3 * (s - t / 3) ** 2 - lowest)
    pairs = [
        (isotropic, sympy.expand(c["a"] * rate * (t - s) * u)),
        (lowest, c["b"] * t ** c["p"]),
        (rest, sympy.S.Zero),
        (model.A[0].subs({s: 0, t: 1}), c["e"]),
    ]
    return identities(
        pairs, "P3 with Q = λI; L at u = 0 is its least value and a square, and L falls along the flow"
    )


@claim(
    "R3",
    "Remark 3",
    "the sign of $u(t)$ is fixed at initialization",
    Verdict.FALSE,
    correction=sign_below_barrier,
)
def sign_fixed(c: Constants, effort: Effort) -> Finding:
    late = ACROSS.enclosed("6/5", 60)
    start = sum(x**2 for x in ACROSS.student)
    if not (start == 1 and ACROSS.u() > 0 > late.u.b and 3 * late.loss.b < 8):
        return Finding(Verdict.UNDECIDED, f"u in {late.u}, L in {late.loss}")
    words = f"u < 0 and L < 8/3, so that the run ends at -w*, from u = {ACROSS.u()} on the unit sphere"
    how = "the flow in interval arithmetic; d = 1 keeps the sign, so d = 2 is minimal"
    example = ACROSS.refutes_at("6/5", 60, words, "u.b < 0 and L.b < 8/3")
    return Finding(Verdict.FALSE, how, None, example)


# R4: the rate and the exponent


def _rate(exponent: float, teacher: tuple[float, ...]) -> float:
    """ρ for λ ∝ i^-a in len(teacher) dimensions and a teacher scaled to energy 1."""
    eigenvalues = np.arange(1.0, len(teacher) + 1) ** -exponent
    eigenvalues /= eigenvalues.sum()
    target = np.array(teacher) / math.sqrt(eigenvalues @ np.array(teacher) ** 2)
    return Escape(eigenvalues, target).rho


@claim(
    "R4",
    "Remark 4",
    r"for a flat teacher $\rho$ increases with $a$, from $<b=12>/d$ at $a = 0$ to $<a=12>$ as $a \to "
    r"\infty$, for $d$ from 2 to $\infty$",
    Verdict.PROVED,
    hypotheses="a teacher that is weak on the first mode may break it (see the evidence)",
)
def faster_if_flat(c: Constants, effort: Effort) -> Finding:
    # w*_i² = 1: Σ φ(λ_i) = 1/8, φ(x) = x²/(ρ - 4x) convex and falling with ρ; λ(a') majorises λ(a) for a' >
    # a,
    # as both have trace 1 and λ_i(a')/λ_i(a) falls with i; so Σ φ grows with a at fixed ρ (Karamata)
    from theory.asymptotics import PowerLaw, escape_rate

    x, p, index, exponent, more, d = sympy.symbols("λ ρ i a h d", positive=True)
    phi = x**2 / (p - 4 * x)
    pairs = [
        (phi.diff(x, 2), 2 * p**2 / (p - 4 * x) ** 3),
        (phi.diff(p), -(x**2) / (p - 4 * x) ** 2),
        (sympy.log(index ** -(exponent + more) / index**-exponent).diff(index), -more / index),
        (8 * d * phi.subs({x: 1 / d, p: c["b"] / d}), sympy.S.One),  # a = 0
        (8 * phi.subs({x: 1, p: c["a"]}), sympy.S.One),  # a = ∞: one mode
    ]
    grid = [0.1 * n for n in range(0, 81, effort.of(4, 1))]
    sizes = 2, 3, 30, 1000
    for d in sizes:
        rates = [_rate(a, (1.0,) * d) for a in grid]
        if not np.all(np.diff(rates) > 0):
            return Finding(Verdict.UNDECIDED, f"not increasing at d = {d}")
    infinite = [float(escape_rate(PowerLaw(str(round(a, 1)), "inf"))) for a in grid if a > 1.05]
    if not np.all(np.diff(infinite) > 0):
        return Finding(Verdict.UNDECIDED, "not increasing at d = ∞")
    how = (
        f"the spectra of larger a majorise and {written(phi)} is convex (Karamata); "
        f"so at {len(grid)} exponents up to {grid[-1]:g} at d = {listed(sizes)} and ∞; "
        f"at a = 1.5 ρ falls for {_share_falling(2, effort):.1%} of Gaussian teachers at d = 2, "
        f"{_share_falling(100, effort):.1%} at d = 100"
    )
    return identities(pairs, how)


def _share_falling(dimension: int, effort: Effort) -> float:
    """Fraction of Gaussian teachers whose ρ falls from a = 1.5 to 1.51."""
    draws = np.random.default_rng(0).standard_normal((effort.of(200, 2000), dimension))
    return float(np.mean([_rate(1.51, tuple(draw)) < _rate(1.5, tuple(draw)) for draw in draws]))
