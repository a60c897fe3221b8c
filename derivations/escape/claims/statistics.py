"""Claims on the statistics of higher order in Phase I (Lem 9, Lem 10, P5, P11)."""

import math

import numpy as np
import sympy

from derivations.court.attack import Identity, identities, identity, inequality
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from derivations.escape.spectra import LONE, alone, attack
from derivations.trials.linear import Escape
from numerics.arrays import Array
from theory.symbolic import phase_retrieval

rate, target, k = sympy.symbols("lambda w_star k", positive=True)


def _largest(first: sympy.Expr) -> Identity:
    """λ^k ≤ λ_1^{k−1} λ for λ ≤ λ_1, printed with ``first`` for 1."""
    top = sympy.Symbol("lambda1", positive=True)
    return top ** (k - first) * rate - rate**k, rate * (top ** (k - 1) - rate ** (k - 1))


def _series(factor: sympy.Expr) -> Identity:
    """The exponential series of λ_1^3 e^{4λ_1Θ} with (factor Θ)^m/m!, to six terms."""
    theta, top = sympy.symbols("theta lambda1")
    terms = [(factor * theta) ** n / sympy.factorial(n) * top ** (3 + n) for n in range(6)]
    return sum(terms), (top**3 * sympy.exp(4 * top * theta)).series(theta, 0, 6).removeO()


def _slows(third: sympy.Expr) -> Identity:
    """The clock Θ' = 1 − 3s runs backwards above s = 1/3 only."""
    return phase_retrieval().A[0].subs({"s": 1 / third, "t": 1}), sympy.S.Zero


def _linear(rate: sympy.Expr) -> Identity:
    """The rate of w at 0, over λ."""
    return phase_retrieval().A[0].subs({"s": 0, "t": 1}), rate


LOWER_REPLAY = (
    "from math import *; from scipy.integrate import quad; d, v, t = 4, 1/20, 3/5; L = 1/d; "
    "u = lambda r: v*exp(12*L*r)/sqrt(1 + v*v*(exp(24*L*r) - 1)); "
    "assert u(t)**2 < .1 and {factor}*quad(u, 0, t)[0] - L*sqrt(log(d)/d)*exp(4*L*t) > u(t)"
)
UPPER_REPLAY = (
    "import numpy as np; from scipy.linalg import expm; L = np.arange(1, 3 + 1)**-2.0; L /= L.sum(); w = "
    "np.array([1, -55, 118]); q = max(abs(L**k @ w)/L[0]**k for k in range(1, 99)); v = "
    "expm(.2*(4*np.diag(L) + 8*np.outer(L, L))) @ w; assert L**6 @ v > L[0]**6*q*np.exp(.8*L[0]) + "
    "L[0]**5*(L @ v - L @ w)"
)


def _kernel(escape: Escape, order: int, clock: float) -> float:
    """(K_Θ)_k = Σ (w*_i)² λ_i^k e^{4λ_iΘ}."""
    values = escape.eigenvalues
    return float(np.sum(escape.teacher**2 * values**order * np.exp(4.0 * values * clock)))


@claim(
    "Lem9",
    "Lemma 9",
    r"$(K_\Theta)_k \le <a=1> \lambda_1^{k-<n=1>} K_\Theta$ with $(K_\Theta)_k = \sum_m "
    r"\frac{(<f=4>\Theta)^m}{m!} s_*^{(k+m)}$ and $K_\Theta = (K_\Theta)_1$",
    Verdict.PROVED,
    hypotheses=r"none on $\Theta$: mode by mode it holds for $\Theta < 0$ as well",
    ratio=1,
)
def domination(c: Constants, effort: Effort) -> Finding:
    # (K_Θ)_k = Σ w*² λ^k e^{4λΘ} and λ^{k-1} ≤ λ_1^{k-1}; equality for k = 1 and for one mode
    def ratio(escape: Escape, w: Array) -> float:
        order, clock = 1 + min(int(abs(w[0])), 20), float(np.clip(w[1], -20, 20))
        right = escape.eigenvalues[0] ** (order - float(c["n"])) * _kernel(escape, 1, clock)
        return _kernel(escape, order, clock) / right / float(c["a"])

    found = max(attack(ratio, effort), alone(ratio, (3.0, 1.0)))
    example = Counterexample("one mode", f"assert 1/{float(c['a'])} > 1")
    return inequality(
        found,
        "termwise; Θ of both signs; equality for one mode",
        [_largest(c["n"]), _series(c["f"])],
        lambda: example,
    )


@correction(
    r"the kernel of $u^{(k)}$ is $(K_\Theta)_{k+1}$, and $(K_\Theta)_{k+1} \le <a=1> \lambda_1^{k-<n=1>} "
    r"K_\Theta$ with the $K_\Theta$ of (B.17)",
    Verdict.PROVED,
    ratio=1,
)
def shifted_domination(c: Constants, effort: Effort) -> Finding:
    def ratio(escape: Escape, w: Array) -> float:
        order, clock = 1 + min(int(abs(w[0])), 20), float(np.clip(w[1], -20, 20))
        right = escape.eigenvalues[0] ** (order - float(c["n"])) * _kernel(escape, 2, clock)
        return _kernel(escape, order + 1, clock) / right / float(c["a"])

    found = max(attack(ratio, effort), alone(ratio, (3.0, 1.0)))
    example = Counterexample("one mode", f"assert 1/{float(c['a'])} > 1")
    return inequality(found, "termwise; equality for one mode", [_largest(c["n"])], lambda: example)


@claim(
    "Lem9/kernel",
    "Lemma 9 against (B.17)",
    r"the $K_\Theta = \sum_m \frac{(4\Theta)^m}{m!} s_*^{(<n=1>+m)}$ of Lemma 9 is the kernel (B.17) of $u$",
    Verdict.FALSE,
    correction=shifted_domination,
)
def same_kernel(c: Constants, effort: Effort) -> Finding:
    order = c["n"]
    model = phase_retrieval()
    # at Θ = 0 the kernel of u is ∂/∂u of u̇ by the source: Σ λ_i w*_i · λ_i w*_i
    derived = rate * target * (model.B[0].diff("u") / 8 * rate * target)
    found = identity(derived, target**2 * rate**order, "kernel of u at Θ = 0, read off the derived flow")
    if found.verdict is Verdict.PROVED or found.counterexample is None:
        return Finding(Verdict.UNDECIDED, found.evidence)
    example = Counterexample(
        "λ = 1/2, w* = √2, Θ = 0: s*^(1) = 1, s*^(2) = 1/2",
        f"L, v2, n = .5, 2., {float(order)}; assert v2*L**n != v2*L**2",
        Verdict.PROVED,
    )
    return Finding(Verdict.FALSE, found.evidence, None, example)


@claim(
    "Lem10",
    "Lemma 10",
    r"$(K_\Theta)_k \ge <a=1> s_*^{(k)} \ge <b=1> (w^*_1)^<p=2> \lambda_1^k$ while $\Theta \ge 0$",
    Verdict.PROVED,
    hypotheses=r"$\Theta \ge 0$, which is needed: one mode with $\Theta < 0$ has $(K_\Theta)_k < s_*^{(k)}$; "
    r"$\delta \le 1/<h=3>$ gives it on $[0, T_1]$",
    ratio=1,
)
def positivity(c: Constants, effort: Effort) -> Finding:
    def ratio(escape: Escape, w: Array) -> float:
        order, clock = 1 + min(int(abs(w[0])), 20), min(abs(w[1]), 20.0)
        first = float(c["a"]) * escape.moment(order) / _kernel(escape, order, clock)
        last = float(c["b"]) * escape.eigenvalues[0] ** order * abs(escape.teacher[0]) ** float(c["p"])
        return float(max(first, last / escape.moment(order)))

    found = max(attack(ratio, effort), alone(ratio, (0.0, 0.0)))
    example = Counterexample("one mode, Θ = 0", f"assert max({float(c['a'])}, {float(c['b'])}) > 1")
    x, weight = sympy.symbols("x weight")
    proof = [(weight * sympy.exp(x) - weight, weight * (sympy.exp(x) - 1)), _slows(c["h"])]
    how = "the terms m = 0 and i = 1; equality for one mode at Θ = 0"
    return inequality(found, how, proof, lambda: example)


@claim(
    "P11/start",
    "(B.32)",
    r"$|u^{(k)}(0)| \le <a=1> \lambda_1^k \sqrt{\log d/d}$ for all $k$, with high probability",
    Verdict.MEASURED,
    hypotheses="$w(0)$ on the unit sphere, Gaussian teacher; the probability tends to 1 slowly, like that "
    r"of $|N w^*_1| \le \sqrt{\log d}$",
    ratio=0.747,
)
def start_bound(c: Constants, effort: Effort) -> Finding:
    quantiles = {d: _start_quantile(d) for d in effort.of(0, 1) * (100, 10000) + (1000,)}
    listed = ", ".join(f"{value:.3f} at d = {d}" for d, value in sorted(quantiles.items()))
    ratio = quantiles[1000] / float(c["a"])
    how = f"a = 2: 95 % quantile of the ratio of the sides over 4000 draws: {listed}"
    return Finding(Verdict.MEASURED if ratio < 1 else Verdict.UNDECIDED, how, ratio)


def _start_quantile(dimension: int, draws: int = 4000) -> float:
    rng = np.random.default_rng(dimension)
    values = np.arange(1.0, dimension + 1) ** -2
    values /= values.sum()
    powers = (values / values[0])[None, :] ** np.arange(1.0, 20.0)[:, None]
    largest = []
    for _ in range(draws // 200):
        teacher = rng.standard_normal((200, dimension))
        teacher /= np.sqrt(teacher**2 @ values)[:, None]
        start = rng.standard_normal((200, dimension))
        start /= np.linalg.norm(start, axis=1, keepdims=True)
        largest.append(np.abs((teacher * start) @ powers.T).max(axis=1))
    return float(np.quantile(np.concatenate(largest), 0.95) / math.sqrt(math.log(dimension) / dimension))


def _source() -> sympy.Expr:
    """What u adds to u̇^(k), mode by mode: λ^k w* times the source of the derived mode equation."""
    return rate**k * target * (phase_retrieval().B[0].diff("u") * rate * target)


@correction(
    r"$u^{(k)}(t) = \sum_i \lambda_i^k w_i(0) w^*_i e^{<b=4>\lambda_i\Theta(t)} + <a=8> \int_0^t \sum_i "
    r"\lambda_i^{k+<n=1>} (w^*_i)^<p=2> e^{<b>\lambda_i(\Theta(t) - \Theta(\tau))} u(\tau) d\tau$",
    Verdict.PROVED,
)
def higher_duhamel(c: Constants, effort: Effort) -> Finding:
    printed = c["a"] * rate ** (k + c["n"]) * target ** c["p"]
    return identities(
        [(_source(), printed), _linear(c["b"])],
        "P7 mode by mode, times λ^k w*; its source in the derived tower",
    )


@claim(
    "P11/duhamel",
    "Proposition 11, proof, second display",
    r"$u^{(k)}(t) = \sum_m \frac{(4\Theta)^m}{m!} u^{(k+m)}(0) + <a=8> \int_0^t (K_\Theta)_k(t - \tau) "
    r"u(\tau) d\tau$ with $(K_\Theta)_k = (e^{4B\Theta} s_*^\infty)_k$",
    Verdict.FALSE,
    correction=higher_duhamel,
)
def duhamel_of_order(c: Constants, effort: Effort) -> Finding:
    found = identity(_source(), c["a"] * rate**k * target**2, "the derived tower (3.5) has u s*^(k+1)")
    if found.verdict is Verdict.PROVED:
        return Finding(Verdict.UNDECIDED, found.evidence)
    example = Counterexample(
        "Q = I/2, w* = (1, 1), k = 1: u̇(0) = 4(1 - 3s)u^(2) + 8u s*^(2) with s*^(2) = 1/2; the printed "
        "source has s*^(1) = 1",
        f"L, u, s = 1/2, .1, .01; true = 4*(1 - 3*s)*L*u + 8*u*L; assert true != 4*(1 - 3*s)*L*u + "
        f"{float(c['a'])}*u*1",
        Verdict.PROVED,
    )
    how = f"index shifted by one (B s*^∞ became s*^∞), and Θ(t - τ) for Θ(t) - Θ(τ): {found.evidence}"
    return Finding(Verdict.FALSE, how, None, example)


@claim(
    "P11/homogeneous",
    "Proposition 11, proof, third display",
    r"$|\sum_m \frac{(<f=4>\Theta)^m}{m!} u^{(k+m)}(0)| \le <a=1> \lambda_1^k \sqrt{\log d/d}\, "
    r"e^{<f>\lambda_1\Theta}$ given (B.32) and $\Theta \ge 0$",
    Verdict.PROVED,
    ratio=1,
)
def homogeneous(c: Constants, effort: Effort) -> Finding:
    def ratio(escape: Escape, w: Array) -> float:
        values, clock = escape.eigenvalues, 1.0
        powers = (values / values[0])[None, :] ** np.arange(1.0, 60.0)[:, None] * escape.teacher
        left = abs(powers[2] @ (w[: len(values)] * np.exp(4.0 * values * clock)))
        right = np.abs(powers @ w[: len(values)]).max() * math.exp(4.0 * values[0] * clock)
        return float(left / right / float(c["a"]))

    found = max(attack(ratio, effort), ratio(LONE, np.ones(1)))
    example = Counterexample("one mode", f"assert 1/{float(c['a'])} > 1")
    return inequality(found, "termwise in m; equality for one mode", [_series(c["f"])], lambda: example)


@correction(
    r"$u^{(k)}(t) \le \lambda_1^k q\, (<a=2> e^{<b=4>\lambda_1\Theta} - <f=1>) + \lambda_1^{k-<g=1>}(u(t) - "
    "u(0))$, $q$ the bound of (B.32)",
    Verdict.PROVED,
    hypotheses=r"$u \ge 0$ on $[0, t]$, $\Theta \ge 0$",
    ratio=0.8685,
)
def upper_repaired(c: Constants, effort: Effort) -> Finding:
    # Σ_m x^m/m! (u^(k+m) λ_1 - u^(1+m) λ_1^k)(0): each bracket ≤ 2 λ_1^{k+1} q for m ≥ 1; sharpness at the
    # counterexample of P11/upper
    excess, growth = _upper_excess(float(c["g"]))
    how = "exponential series, at most 2q for each order m ≥ 1 and q for m = 0"
    example = Counterexample("a = 2, d = 3, w* = (1, 1, 1), w ∝ (1, -55, 118)", UPPER_REPLAY)
    x = sympy.Symbol("x")
    proof = [(1 + 2 * (sympy.exp(x) - 1), c["a"] * sympy.exp(x) - c["f"]), _linear(c["b"]), _largest(c["g"])]
    return inequality(excess / (float(c["a"]) * growth - float(c["f"])), how, proof, lambda: example)


def _upper_excess(first: float = 1.0) -> tuple[float, float]:
    """[u^(6) − λ_1^{6 − first} (u − u(0))]/(λ_1^6 q) at t = 0.2 in the linear stage, and e^{4λ_1 t}."""
    values, w, time = np.array([36.0, 9.0, 4.0]) / 49, np.array([1.0, -55.0, 118.0]), 0.2
    rates, vectors = np.linalg.eigh(4 * np.diag(values) + 8 * np.outer(values, values))
    late = vectors @ (np.exp(rates * time) * (vectors.T @ w))
    ratio = values / values[0]
    q = max(abs(ratio**n @ w) for n in range(1, 99))
    excess = (ratio**6 @ late - values[0] ** (1 - first) * (ratio @ late - ratio @ w)) / q
    return float(excess), math.exp(4 * values[0] * time)


@claim(
    "P11/upper",
    "Proposition 11, proof: from $u - a_\\Theta$ to $u - u(0)$",
    r"$u^{(k)}(t) \le <a=1> \lambda_1^k q\, e^{4\lambda_1 t} + \lambda_1^{k-1}(u(t) - u(0))$ whenever "
    r"$|u^{(j)}(0)| \le \lambda_1^j q$ for all $j$, as $a_\Theta(t) \ge u(0)$",
    Verdict.FALSE,
    hypotheses=r"$s \ll 1$; it needs modes whose $w_i(0) w^*_i$ differ in sign",
    correction=upper_repaired,
)
def upper(c: Constants, effort: Effort) -> Finding:
    excess, growth = _upper_excess()
    if excess <= float(c["a"]) * growth:
        return Finding(Verdict.UNDECIDED, f"{excess} ≤ {growth}")
    example = Counterexample(
        f"a = 2, d = 3, w* = (1, 1, 1), w(0) = ε(1, -55, 118), ε → 0, k = 6, t = 1/5: {excess:.3f} > "
        f"{growth:.3f} in units of λ_1^6 q",
        UPPER_REPLAY,
    )
    how = "a_Θ ≥ u(0) fails where w_i(0) w*_i < 0 on a fast mode; found by linear programming over starts"
    return Finding(Verdict.FALSE, how, None, example)


@correction(
    r"$-\lambda_1^k q\, e^{<b=4>\lambda_1 t} + <a=8> s_*^{(k+<n=1>)} \int_0^t u \le u^{(k)}(t) \le "
    r"\lambda_1^k q (<e=2> e^{<b>\lambda_1 t} - <f=1>) + \lambda_1^{k-<g=1>}(u(t) - u(0))$ with $q = "
    r"\sqrt{\log d/d}$: the source carries $s_*^{(k+<n>)}$, and the upper bound a factor $<e>$",
    Verdict.PROVED,
    hypotheses=r"(B.32), $u \ge 0$ and $s \le 1/<h=3>$ on $[0, t]$",
    ratio=0.6667,
)
def higher_bounds(c: Constants, effort: Effort) -> Finding:
    other = upper_repaired.given(a=c["e"], b=c["b"], f=c["f"], g=c["g"]).settle(effort)
    if not other.agrees:
        return other.finding

    def ratio(escape: Escape, w: Array) -> float:
        # along the escaping direction u^(k) = 8 Σ λ^{k+1} w*²/(ρ - 4λ) e^{ρt} and ∫u = u/ρ
        escape = Escape(escape.eigenvalues, escape.teacher)
        weights = escape.force**2
        full = 8.0 * np.sum(weights / (escape.rho - 4.0 * escape.eigenvalues))
        return float(float(c["a"]) * np.sum(weights) / escape.rho / full)

    found = max(attack(ratio, effort), ratio(LONE, np.ones(1)))
    how = "the kernel of order k + 1 is at least s*^(k+1); on the way out far below the other side"
    example = Counterexample("one mode", f"assert {float(c['a'])}/12 > 1")
    return inequality(
        found, how, [(_source(), c["a"] * rate ** (k + c["n"]) * target**2), _slows(c["h"])], lambda: example
    )


@claim(
    "P11",
    "(B.31)",
    r"$-\lambda_1^k \sqrt{\log d/d}\, e^{4\lambda_1 t} + <a=8> s_*^{(k)} \int_0^t u \le u^{(k)}(t) \le "
    r"\lambda_1^k \sqrt{\log d/d}\, e^{4\lambda_1 t} + \lambda_1^{k-1}(u(t) - u(0))$ on $[0, T_1]$",
    Verdict.FALSE,
    correction=higher_bounds,
)
def control(c: Constants, effort: Effort) -> Finding:
    """(B.31) for k = 1 on isotropic inputs in four dimensions, where the flow has a closed form."""
    factor, d, start, time = float(c["a"]), 4, 0.05, 0.6
    growth = 1 + start**2 * math.expm1(24 * time / d)
    final = start * math.exp(12 * time / d) / math.sqrt(growth)
    # ∫u dt = (d/12) ∫ du/(u(1 - u²)) u = (d/12) [artanh u]
    integral = d / 12 * (math.atanh(final) - math.atanh(start))
    left = factor * integral - math.sqrt(math.log(d) / d) / d * math.exp(4 * time / d)
    if left <= final:
        return Finding(Verdict.UNDECIDED, f"{left} ≤ {final}")
    example = Counterexample(
        f"Q = I/4, w* = (1, 1, 1, 1), w(0) = w*/20, k = 1, t = 3/5 (s = {final**2:.3f}): the left side is "
        f"{left:.3f}, u = {final:.3f}",
        LOWER_REPLAY.format(factor=factor),
    )
    grown = Escape(np.arange(1.0, 2001) ** -2 / np.sum(np.arange(1.0, 2001) ** -2), np.ones(2000)).rho
    how = (
        "for k = 1, s*^(1) = 1, it says 8∫u ≤ u, that is ρ ≥ 8, up to the log term; a = 2, flat teacher: ρ = "
        f"{grown:.3f}. The upper side fails as well (P11/upper)"
    )
    return Finding(Verdict.FALSE, how, None, example)


control_outline = claim("P5", "(5.4)", control.statement, Verdict.FALSE, correction=higher_bounds)(
    control.examine
)


@correction(
    r"the homogeneous remainder at $T_1$ is of order $\sqrt{\log d}\, d^{-<a=1/2>(<e=1> - "
    r"<f=4>\lambda_1/\rho)} \to 0$, since $T_1 \sim \log d/(<g=2>\rho)$ and $\rho > <f>\lambda_1$",
    Verdict.MEASURED,
    ratio=1,
)
def remainder_vanishes(c: Constants, effort: Effort) -> Finding:
    from numerics import power_law, solve

    logs, sizes, times = [], [], []
    dimensions = 1e12, 1e20
    for dimension in dimensions:
        problem = power_law(2, dimension, init=f"escape:{dimension**-0.5!r}")
        time = solve(problem, 30.0).phases(delta=0.1).t1
        times.append(time)
        logs.append(math.log(dimension))
        sizes.append(-0.5 * math.log(dimension) + 4 * float(problem.eigenvalues[0]) * time)
    slope = (sizes[1] - sizes[0]) / (logs[1] - logs[0])
    rho = Escape(problem.eigenvalues, problem.teacher).rho
    claimed = -float(c["a"]) * (float(c["e"]) - float(c["f"]) * float(problem.eigenvalues[0]) / rho)
    if abs((times[1] - times[0]) / (logs[1] - logs[0]) * float(c["g"]) * rho - 1) > 1e-3:
        return Finding(Verdict.UNDECIDED, f"T1 = {times}")
    how = f"flat teacher, d = {dimensions[0]:g}, {dimensions[1]:g}: it grows like d^{slope:.4f} until T1"
    return Finding(Verdict.MEASURED, how, slope / claimed)


@claim(
    "P11/remainder",
    "Proposition 11, last lines",
    r"the integral term dominates the homogeneous remainder $\lambda_1^2 \sqrt{\log d/d}\, e^{4\lambda_1 "
    r"T_1} = O(\sqrt{\log d})$",
    Verdict.GAP,
    correction=remainder_vanishes,
    qualitative=True,
)
def remainder_order(c: Constants, effort: Effort) -> Finding:
    # ∫u ≤ u(T1)/(4λ_1) is bounded, √log d is not: the printed order does not give what is concluded
    orders = [math.sqrt(math.log(d)) for d in (1e3, 1e6, 1e12)]
    if not orders[0] < orders[1] < orders[2]:
        return Finding(Verdict.UNDECIDED, "bounded")
    listed = f"{orders[0]:.2f}, {orders[2]:.2f} at d = 1e3, 1e12"
    how = f"8s*^(2)∫u is bounded and √log d is not ({listed}): the order given does not do"
    return Finding(Verdict.GAP, how)


@claim(
    "P11/second",
    "Proposition 11, last claim; Theorem 1 (i)",
    r"$u^{(2)}(T_1) \ge \frac{<a=8> s_*^{(3)}}{<b=4>\lambda_1 + <c=8> s_*^{(2)}}(u(T_1) - u(0))$, a "
    "constant $c_1 > 0$ where $w^*_1$ is of constant order",
    Verdict.PROVED,
    hypotheses=r"all $w_i(0) w^*_i \ge 0$, as on the way out along the escape direction, and $s \le 1/<h=3>$ "
    "until $T_1$; $u(0) > 0$ is not enough (R3)",
)
def second_statistic(c: Constants, effort: Effort) -> Finding:
    # the orthant w_i w*_i ≥ 0 is invariant (same_signs), so 0 ≤ u^(3), 0 ≤ u^(2) ≤ λ_1 u:
    # du^(2)/dt ≥ 8 s*^(3) u and du/dt ≤ (4λ_1 + 8 s*^(2)) u, integrated to T1
    s, u, u2, u3, t2, t3, first = sympy.symbols("s u u2 u3 t2 t3 λ_1", nonnegative=True)
    model = phase_retrieval()
    gain, force = model.A[0].subs({"t": 1}), model.B[0].diff("u")
    clock = sympy.Symbol("s")
    second, overlap = (gain.subs(clock, s) * nxt + force * moment * u for nxt, moment in ((u3, t3), (u2, t2)))
    pairs = [
        (second, c["a"] * t3 * u + 4 * (1 - 3 * s) * u3),
        ((c["b"] * first + c["c"] * t2) * u - overlap, 4 * (first * u - u2) + 12 * s * u2),
    ]
    how = "the rests are not negative in the orthant; integrated to T1"
    return identities(
        [_slows(c["h"]), *((sympy.expand(left), sympy.expand(right)) for left, right in pairs)], how
    )
