"""Claims on the Duhamel form and the Volterra equation of the overlap (Lem 7, P7, P8, 5.3)."""

import numpy as np
import sympy
from scipy.linalg import expm

from derivations.court.attack import CAUCHY_SCHWARZ, identities, inequality
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from theory.symbolic import phase_retrieval

s, u = sympy.symbols("s u")
time, earlier, rate, target, order = sympy.symbols("t tau lambda w_star k", positive=True)
start = sympy.Symbol("w_0")
Theta, overlap, energy = (sympy.Function(name) for name in ("Theta", "u", "s"))
MODE_BY_MODE = "mode by mode, for any d"


@claim(
    "Lem7",
    "(B.12)",
    r"$(e^{\theta B} x)_k = \sum_m \frac{\theta^m}{m!} x_{k + <n=1> m}$",
    Verdict.PROVED,
)
def shift_exponential(c: Constants, effort: Effort) -> Finding:
    # on x_k = λ^k the shift multiplies by λ; on finite sequences it is a nilpotent matrix
    theta, size = sympy.Symbol("theta"), effort.of(5, 8)
    B = sympy.Matrix(size, size, lambda i, j: int(j == i + 1))
    x = sympy.Matrix(sympy.symbols(f"x1:{size + 1}"))
    derived = sum((theta**m / sympy.factorial(m) * B**m * x for m in range(size)), sympy.zeros(size, 1))
    entries = dict(enumerate(x, 1))

    def printed(place: int) -> sympy.Expr:
        terms = range(size)
        return sum(theta**m / sympy.factorial(m) * entries.get(place + c["n"] * m, 0) for m in terms)

    pairs = [(derived[place - 1], printed(place)) for place in range(1, size + 1)]
    return identities(pairs, f"B^m shifts by m: nilpotent case of size {size}, a contraction in the limit")


@claim(
    "P7/norms",
    "Proposition 7, proof",
    r"$|a(t_1) - a(t_2)| \le <a=3> \|Q\| \|w(t_1) - w(t_2)\| (\|w(t_1)\| + \|w(t_2)\|)$ for $a = <e=1> - "
    r"<f=3>s$, hence $\|A(t_1) - A(t_2)\| \le <b=24> \|B\| \|Q\| \|w\|_\infty \|w(t_1) - w(t_2)\|$ for $A = "
    "<g=4>aB + <h=8>S$",
    Verdict.PROVED,
    ratio=1,
)
def operator_continuity(c: Constants, effort: Effort) -> Finding:
    # 3 (w1ᵀQw1 - w2ᵀQw2) = 3 (w1 - w2)ᵀQ(w1 + w2): equality for d = 1 and w1, w2 of one sign; A has 4 of it,
    # and ‖w1‖ + ‖w2‖ ≤ 2 ‖w‖_∞ is attained as w2 → w1
    w1, w2 = sympy.symbols("w1 w2", positive=True)
    split = 3 * (w1**2 - w2**2), 3 * (w1 - w2) * (w1 + w2)
    model = phase_retrieval()
    clock = model.A[0].subs("t", 1), c["g"] * (c["e"] - c["f"] * s)
    source = model.B[0].subs("u", 1), c["h"]
    ratio = max(c["f"] / c["a"], c["g"] * c["f"] * 2 / c["b"])
    example = Counterexample(
        "d = 1, λ = 1, w1 = 1, w2 → 1", f"assert max(3 / {float(c['a'])}, 24 / {float(c['b'])}) > 1"
    )
    return inequality(
        float(ratio),
        "difference of squares and Cauchy–Schwarz",
        [split, clock, source, CAUCHY_SCHWARZ],
        lambda: example,
    )


@claim(
    "P7/exponential",
    "(B.10), (B.11)",
    r"$\|e^A\| \le <a=1> e^{\|A\|}$ for bounded $A$",
    Verdict.PROVED,
    ratio=1,
)
def exponential_norm(c: Constants, effort: Effort) -> Finding:
    # termwise ‖A^k/k!‖ ≤ ‖A‖^k/k!; equality for A = ‖A‖ I
    ratios, rng = [], np.random.default_rng(0)
    for A in (np.eye(2), *rng.standard_normal((effort.of(10, 200), 3, 3))):
        ratios.append(float(np.linalg.norm(expm(A), 2) / np.exp(np.linalg.norm(A, 2)) / float(c["a"])))
    x = sympy.Symbol("x")
    terms = sum(x**n / sympy.factorial(n) for n in range(8))
    example = Counterexample("A = I", f"assert 1 / {float(c['a'])} > 1")
    proof = [(sympy.exp(x).series(x, 0, 8).removeO(), terms)]
    return inequality(
        max(ratios), "exponential series, term by term; equality for A = I", proof, lambda: example
    )


@claim(
    "P7/operator",
    "Proposition 7, proof, (B.15)",
    r"$|a(t)| \le <a=1> + <b=3> \|Q\| \|w(t)\|^<p=2>$, hence $\|A(t)\| \le <f=4>\|B\| (<g=1> + <h=3>\|Q\| "
    r"\|w(t)\|^<p>) + <k=8>\|S\|$",
    Verdict.PROVED,
    ratio=1,
)
def operator_norm(c: Constants, effort: Effort) -> Finding:
    # |1 - 3s| ≤ 1 + 3s: equality at w = 0 and, in the limit, for ‖w‖ → ∞ along the first mode
    first, factor = float(c["a"]), float(c["b"])
    power = float(c["p"]) / 2
    sides = [
        (abs(1 - 3 * s), first + factor * s**power, c["g"] + c["h"] * s**power) for s in (0.0, 1e-3, 1.0, 1e9)
    ]
    found = max(
        float(max(left / right, 4 * left / (c["f"] * last), 8 / c["k"])) for left, right, last in sides
    )
    rate_one, size = sympy.symbols("lambda1 w", positive=True)
    proof = [(rate_one * size**2 - rate * size**2, (rate_one - rate) * size**2)]
    example = Counterexample("w = 0, and ‖w‖ → ∞", f"assert max(1 / {first}, 3 / {factor}) > 1")
    return inequality(found, "triangle inequality, and λ_i ≤ ‖Q‖ in every mode", proof, lambda: example)


def _duhamel(
    c: Constants,
    speed: sympy.Expr = 1 - 3 * s,
    kernel: sympy.Expr = rate ** (order + 1) * target**2,
    k: sympy.Expr = order,
) -> Finding:
    """The mode's Duhamel formula solves its equation, with Θ' = ``speed``; times λ^k w* it is (5.2)."""
    clock = Theta(time)
    memory = sympy.Function("M")(time)  # ∫_0^t e^{-4λΘ(τ)} u(τ) dτ
    mode = sympy.exp(c["a"] * rate * clock) * (start + c["b"] * rate * target * memory)
    slopes = {
        clock.diff(time): speed,
        memory.diff(time): sympy.exp(-c["a"] * rate * clock) * u,
    }
    model = phase_retrieval()
    velocity = rate * (model.A[0] * mode + model.B[0] * target).subs("t", 1)
    # e^{4BΘ} multiplies λ^k by e^{4λΘ}, and (B s*)_k = Σ λ^{k+1} w*²
    summed = rate**k * target * mode
    spectral = rate**k * target * start * sympy.exp(c["a"] * rate * clock) + c["b"] * (
        kernel * memory * sympy.exp(c["a"] * rate * clock)
    )
    return identities(
        [(sympy.expand(mode.diff(time).subs(slopes)), sympy.expand(velocity)), (summed, spectral)],
        f"differentiated, with Θ' = 1 - 3s; {MODE_BY_MODE}",
    )


@claim(
    "P7",
    "(5.2), (B.13), (B.14)",
    r"$U(t) = e^{<a=4> B \Theta(t)} U_0 + <b=8> \int_0^t e^{<a> B (\Theta(t) - \Theta(\tau))} (B "
    r"s_*^\infty) u(\tau) d\tau$",
    Verdict.PROVED,
    hypotheses=r"$U_0 = (w(0)^\top Q^k w^*)_k$, $\|Q\| < 1$, $s_* = 1$",
)
def duhamel(c: Constants, effort: Effort) -> Finding:
    return _duhamel(c)


@claim(
    "Lem1",
    "Lemma 1",
    r"the solution of (5.1) is $U(t) = e^{<a=4> B \Theta(t)} U_0 + <b=8> \int_0^t e^{<a> B (\Theta(t) - "
    r"\Theta(\tau))} (B s_*^\infty) u^{(1)}(\tau) d\tau$, $\Theta = \int_0^t (<e=1> - <f=3>s)$",
    Verdict.PROVED,
    hypotheses="as for P7",
)
def duhamel_outline(c: Constants, effort: Effort) -> Finding:
    return _duhamel(c, c["e"] - c["f"] * s)


@correction(
    r"for every $U_0 \in \ell^2$ the solution is unique and smooth on each $[0, T]$; it is bounded for the "
    r"$U_0$ of a flow (Lem 6), and grows at most like $e^{<a=4> \int |<e=1> - <f=3>s| + <b=8> \|S\| t}$ "
    "otherwise",
    Verdict.PROVED,
    ratio=1,
)
def finite_times(c: Constants, effort: Effort) -> Finding:
    # ‖A(t)‖ ≤ 4 |1 - 3s| ‖B‖ + 8 ‖S‖ with ‖B‖ = 1, and Grönwall; the constants are those of (5.1)
    model = phase_retrieval()
    shift, source = model.A[0].subs({"s": 0, "t": 1}), model.B[0].subs("u", 1)
    example = Counterexample("s ≡ 1", f"assert max(4/{c['a']}, 8/{c['b']}) > 1")
    ratio = float(max(shift / c["a"], source / c["b"]))
    how = "operator norm of 4(1 - 3s)B + 8S and Grönwall"
    return inequality(ratio, how, [(model.A[0].subs("t", 1), shift * (c["e"] - c["f"] * s))], lambda: example)


@claim(
    "P7/bounded",
    "Proposition 7",
    r"for every $U_0 \in \ell^2$ the solution of (B.14) is in $C_b^\infty(\mathbb{R}_{\ge 0}; \ell^2)$; in "
    r"particular for $U_0 = ((-1/<n=2>)^k)_k$ when $s \equiv 1$",
    Verdict.FALSE,
    correction=finite_times,
)
def bounded_for_all(c: Constants, effort: Effort) -> Finding:
    # Q = I/2, w ≡ w* = (1, 1): s ≡ 1, Θ = -2t. U_k = (-r)^k e^{8rt} + 2^{-k} C(t) with C' = -4C + 8u
    r, growth = 1 / c["n"], 8 / c["n"]
    C = sympy.Function("C")
    modes = (-r) * sympy.exp(growth * time) + C(time) / 2
    solution = sympy.dsolve(C(time).diff(time) + 4 * C(time) - 8 * modes, C(time), ics={C(0): 0}).rhs
    U = (-r) ** order * sympy.exp(growth * time) + solution / 2**order
    ahead, first = U.subs(order, order + 1), U.subs(order, 1)
    residue = U.diff(time) + 8 * ahead - 8 * 2 * sympy.Rational(1, 2) ** (order + 1) * first
    values = [sympy.simplify(residue.subs({order: k, time: x})) for k in (1, 2, 3) for x in (0, 1)]
    if any(value != 0 for value in values) or sympy.limit(first, time, sympy.oo) != -sympy.oo:
        return Finding(Verdict.UNDECIDED, f"residues {values}")
    example = Counterexample(
        f"Q = I/2, w ≡ w* = (1, 1), U_0 = ((-{r})^k): u^(1)(t) = {sympy.simplify(first)} → -∞",
        f"from sympy import *; t = Symbol('t', positive=True); U = lambda k: (-{r})**k*exp({growth}*t) + "
        f"2**(-S(k))*({sympy.simplify(solution)}); assert all(simplify(diff(U(k), t) + 8*U(k + 1) - "
        "8*2*2**(-S(k) - 1)*U(1)) == 0 for k in (1, 2, 3)) and limit(U(1), t, oo) == -oo",
        Verdict.PROVED,
    )
    how = "-8B has spectrum {|z| ≤ 8}: boundedness comes from U_0 being moments of a measure on [0, λ_1]"
    return Finding(Verdict.FALSE, how, counterexample=example)


@claim(
    "P8/series",
    "(B.16), (B.17), (B.19)",
    r"$a_\Theta = \sum_i \lambda_i w_i(0) w^*_i e^{<a=4> \lambda_i \Theta} = \sum_m "
    r"\frac{(<f=4>\Theta)^m}{m!} u^{(<b=1> + m)}(0)$ and $K_\Theta = \sum_i \lambda_i^<p=2> (w^*_i)^<q=2> "
    r"e^{<a> \lambda_i \Theta} = \sum_m \frac{(<f>\Theta)^m}{m!} s_*^{(<c=2> + m)}$",
    Verdict.PROVED,
)
def series(c: Constants, effort: Effort) -> Finding:
    clock = sympy.Symbol("theta", positive=True)
    terms = effort.of(6, 12)
    pairs = []
    kinds = (1, 2, c["b"]), (c["p"], c["q"], c["c"])
    for power, square, first in kinds:
        taylor = (
            sympy.exp(c["a"] * rate * clock).series(clock, 0, terms).removeO() * rate**power * target**square
        )
        printed = sum((c["f"] * clock) ** n / sympy.factorial(n) * rate ** (first + n) for n in range(terms))
        printed *= target**2
        pairs.append((sympy.expand(taylor), sympy.expand(printed)))
    return identities(pairs, f"exponential series, {terms} terms, {MODE_BY_MODE}")


def _derivatives(kernel: sympy.Expr) -> list[sympy.Expr]:
    """The first three derivatives at t = 0 of ∫_0^t kernel(t, τ) u(τ) dτ, by Leibniz' rule."""
    integrand = kernel * overlap(earlier)
    boundary, inner, values = sympy.S.Zero, integrand, []
    for _ in range(3):
        boundary = boundary.diff(time) + inner.subs(earlier, time)
        inner = inner.diff(time)
        values.append(sympy.expand(boundary.doit().subs(time, 0).doit()))
    return values


@correction(
    r"$u(t) = a_\Theta(t) + <b=8> \int_0^t K_\Theta(t, \tau) u(\tau) d\tau$ with $K_\Theta(t, \tau) = \sum_i "
    r"\lambda_i^<p=2> (w^*_i)^<q=2> e^{<a=4> \lambda_i (\Theta(t) - \Theta(\tau))}$",
    Verdict.PROVED,
)
def two_times(c: Constants, effort: Effort) -> Finding:
    return _duhamel(c, kernel=rate ** c["p"] * target ** c["q"], k=1)


@claim(
    "P8",
    "(B.18)",
    r"$u(t) = a_\Theta(t) + <b=8> \int_0^t K_\Theta(t - \tau) u(\tau) d\tau$, $K_\Theta(t) = \sum_i "
    r"\lambda_i^2 (w^*_i)^2 e^{4 \lambda_i \Theta(t)}$",
    Verdict.FALSE,
    hypotheses=r"right where $\Theta$ is linear in $t$, that is $s$ constant",
    correction=two_times,
)
def convolution(c: Constants, effort: Effort) -> Finding:
    # d = 1, λ = w* = 1: third derivatives at 0 of the two integrals
    true = sympy.exp(4 * (Theta(time) - Theta(earlier)))
    printed = sympy.exp(4 * Theta(time - earlier))
    values = [_derivatives(kernel) for kernel in (true, printed)]
    lowered = {Theta(0): 0}
    gap = sympy.simplify((values[0][2] - values[1][2]).subs(lowered).doit())
    bend = Theta(time).diff(time, 2).subs(time, 0)
    early = (sympy.simplify((values[0][n] - values[1][n]).subs(lowered).doit()) for n in (0, 1))
    if any(difference != 0 for difference in early):
        return Finding(Verdict.UNDECIDED, "they differ earlier")
    # Θ'' = -3 ṡ = -27/2 at w = 1/2, where u = 1/2 and ṡ = 24 s (1 - s) = 9/2
    size = sympy.simplify(
        gap.subs({bend: sympy.Rational(-27, 2)}).doit().subs(overlap(0), sympy.Rational(1, 2))
    )
    example = Counterexample(
        f"d = 1, λ = w* = 1, w(0) = 1/2: u''' of the right side at 0 is too large by 8 · {-size}",
        _convolution_replay(c["b"]),
        Verdict.PROVED,
    )
    how = "the kernel needs Θ(t) - Θ(τ), not Θ(t - τ): the two differ from the third order in t on"
    return Finding(Verdict.FALSE, how, counterexample=example)


def _convolution_replay(factor: sympy.Rational) -> str:
    """u and the right side of (B.18) at t = 1/5 for the logistic solution of one mode."""
    return (
        "from math import *; from scipy.integrate import quad; E = lambda t: 1 + (exp(24*t) - 1)/4; "
        "u = lambda t: (1/2)*exp(12*t)/sqrt(E(t)); T = lambda t: t - log(E(t))/8; t = 1/5; "
        "right = lambda f: exp(4*T(t))/2 + 8*quad(lambda r: exp(4*f(r))*u(r), 0, t)[0]; "
        "assert abs(right(lambda r: T(t) - T(r)) - u(t)) < 1e-9 and "
        f"abs(exp(4*T(t))/2 + {float(factor)}*quad(lambda r: exp(4*T(t - r))*u(r), 0, t)[0] - u(t)) > 0.01"
    )


@claim(
    "5.3",
    "(5.3)",
    r"at $s = 0$, where $\Theta = t$: $u = a_0 + <b=8> K * u$ with $a_0 = \sum_i \lambda_i w_i(0) w^*_i "
    r"e^{<a=4> \lambda_i t}$, $K = \sum_i \lambda_i^<p=2> (w^*_i)^<q=2> e^{<a> \lambda_i t}$, so $\hat u = "
    r"\hat a_0/(<e=1> - <b> \hat K)$",
    Verdict.PROVED,
)
def linear_volterra(c: Constants, effort: Effort) -> Finding:
    # ẇ = 4Qw + 8Qw*u in Laplace's variable p, mode by mode: ŵ = (w_0 + 8 λ w* û)/(p - 4λ)
    p, image = sympy.symbols("p u_hat")
    model = phase_retrieval()
    pull, push = model.A[0].subs({"s": 0, "t": 1}), model.B[0].diff("u")
    mode = (start + push * rate * target * image) / (p - pull * rate)
    source, kernel = rate * start * target, rate ** c["p"] * target ** c["q"]
    printed = (source + c["b"] * kernel * image) / (p - c["a"] * rate)
    solved = source / (c["e"] - c["b"] * kernel)
    pairs = [(rate * target * mode, printed), (source + c["b"] * kernel * solved, solved)]
    return identities(pairs, f"Laplace transform of ẇ = 4Qw + 8uQw*, {MODE_BY_MODE}")
