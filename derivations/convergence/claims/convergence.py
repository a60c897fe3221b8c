"""Claims on the proof of convergence in Phase IIb (C.10, P13, Cor 1, Cor 2, R5)."""

import math

import numpy as np
import sympy

from derivations.convergence.claims.barrier import overlap_stays_below_one, sign_is_kept
from derivations.convergence.claims.cutoff import loss_at_a_cutoff
from derivations.convergence.claims.phases import against_the_bound, settling_time
from derivations.court.attack import ARGUED, CAUCHY_SCHWARZ, identities, identity, inequality
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from derivations.trials.runs import LONG_RUN, escape_run
from derivations.trials.states import State, form, listed, random_states
from numerics import Problem, solve
from theory.asymptotics import PowerLaw, convergence_prefactor

SLOW = State.of(["4/5", "1/5"], [1, 1], ["1/2", "-6/5"])
"""u = 4/25 and s = 61/125 > 1/3, the slow mode turned against the teacher."""
ALIGNED = State.of(["4/5", "1/5"], [1, 1], [1, 1])


# The Volterra equation of the deficit


@claim(
    "C.10",
    "(C.10), Section 5.2.2",
    r"$\Delta = 1 - u$ solves $\Delta(t) = b_\Theta(t) + \int_{T_1'}^t K_\Theta(t,\tau)\Delta(\tau)\,d\tau$, "
    r"$K_\Theta = \sum_i <a=8>\lambda_i^<p=2>(w^*_i)^<q=2> e^{<b=4>\lambda_i(\Theta(t)-\Theta(\tau))}$, "
    r"$b_\Theta = <e=1> - h_\Theta - \int K_\Theta$",
    Verdict.PROVED,
)
def volterra(c: Constants, effort: Effort) -> Finding:
    # u = h + ∫ K u mode by mode: λ w* w = α λ solves its equation; then 1 − u = 1 − h − ∫K + ∫K(1 − u)
    lam, target, gain, overlap, value = sympy.symbols("λ v g u α", positive=True)
    flow = lam * (4 * gain * lam * value + 8 * lam * target**2 * overlap)
    duhamel = c["b"] * gain * lam * (lam * value) + c["a"] * lam ** c["p"] * target ** c["q"] * overlap
    source, kernel, memory = sympy.symbols("h K M")  # ∫K, ∫K u
    deficit = 1 - (source + memory)
    printed = (c["e"] - source - kernel) + (kernel - memory)
    return identities([(flow, duhamel), (deficit, printed)], "Duhamel in every mode, linearity; any d")


@claim(
    "C.10/i",
    "Appendix C.2, fact (i)",
    r"$0 \le \Delta(\tau) \le 1$ and $K_\Theta \ge 0$ after $T_1'$",
    Verdict.FALSE,
    hypotheses="those of Lemma 11, on which it rests",
    correction=sign_is_kept,
)
def deficit_bounds(c: Constants, effort: Effort) -> Finding:
    found = overlap_stays_below_one.settle(effort).finding
    return Finding(found.verdict, "Δ < 0 where u > 1 (Lem11/strict)", None, found.counterexample)


@correction(
    r"near the teacher $\int K_\Theta\,d\tau \to \sum_i\lambda_i(w^*_i)^<p=2> = <a=1>$: the memory keeps its "
    r"weight, and $\Delta$ is larger than $b_\Theta$ by a factor",
    Verdict.PROVED,
)
def memory_mass(c: Constants, effort: Effort) -> Finding:
    lam, target, elapsed = sympy.symbols("λ v r", positive=True)
    mode = sympy.integrate(8 * lam**2 * target**2 * sympy.exp(-8 * lam * elapsed), (elapsed, 0, sympy.oo))
    return identity(
        mode, c["a"] * lam * target ** c["p"], "the clock's rate at the teacher, mode by mode; ‖w*‖_Q = 1"
    )


@claim(
    "P6/memory",
    "Section 5.2.2",
    r"$K_\Theta$ decreases, so the integral contribution diminishes over time",
    Verdict.GAP,
    correction=memory_mass,
)
def memory(c: Constants, effort: Effort) -> Finding:
    found = memory_mass.settle(effort).finding
    whole = found.verdict is Verdict.PROVED
    how = (
        "in t at fixed τ it does decrease, but its integral over τ grows to 1: the memory never fades beside "
        "Δ"
    )
    return Finding(Verdict.GAP if whole else Verdict.UNDECIDED, how)


@correction(r"$\Theta' = <e=1> - <f=3>s \le -<a=3> s_0$ for $s \ge <h=1/3> + s_0$", Verdict.PROVED, ratio=1.0)
def clock_rate(c: Constants, effort: Effort) -> Finding:
    gap = sympy.Symbol("s0", positive=True)
    ratio = sympy.simplify(c["a"] * gap / (c["f"] * (c["h"] + gap) - c["e"]))
    return inequality(float(ratio.subs(gap, 1)), "inserted; equality at s = 1/3 + s_0", ARGUED)


@claim(
    "C.10/ii",
    "Appendix C.2, fact (ii); Section 5.2.2",
    r"$\Theta' = 1 - 3s \le -s_0 < 0$, so $\Theta(t) - \Theta(\tau) \le -s_0(t-\tau)$ and $K_\Theta$ "
    "decreases",
    Verdict.NOT_SHARP,
    correction=clock_rate,
)
def clock(c: Constants, effort: Effort) -> Finding:
    found = clock_rate.given(a=sympy.S.One).settle(effort).finding.ratio
    loose = found is not None and found < 1
    return Finding(
        Verdict.NOT_SHARP if loose else Verdict.UNDECIDED, f"true, with ratio {found:.4g} of the sides"
    )


@claim(
    "P13",
    "(C.11)",
    r"$\Delta(t) \le T(\lambda_c) + \sqrt{T(\lambda_c)s(T_1')} + "
    r"S_\ge(\lambda_c)e^{-4s_0\lambda_c(t-T_1')}$ for every $t \ge T_1'$ and $\lambda_c > 0$",
    Verdict.FALSE,
    hypotheses="$s > 1/3 + s_0$ from $T_1'$ on, $0 < u < 1$",
    correction=loss_at_a_cutoff,
)
def cutoff_bound(c: Constants, effort: Effort) -> Finding:
    deficit, head = 1 - SLOW.u(), SLOW.u()  # λ_c = λ_2: no tail, and S_≥ = u
    run = solve(Problem(*SLOW.arrays()), 50.0)
    lowest = float(run.at(np.linspace(0, 50, 2001)).s.min())
    own = escape_run(2, 1e12)
    there = own.at([own.phases().t1_prime]).u[0]
    if not (deficit > head and lowest > 0.4 and there < 0.5):
        return Finding(Verdict.UNDECIDED, f"Δ = {deficit}, bound {head}")
    how = (
        f"t = T1', λ_c = λ_2: no tail, so the claim is 1 − u ≤ u; s stays ≥ {lowest:.3f} from there. The "
        f"paper's own flow (a = 2, d = 1e12) has u = {there:.4f} at s = 1/3, where λ_c ≤ λ_d makes the same "
        "claim"
    )
    example = SLOW.refutes(f"Δ = {deficit} > {head} = S_≥", "3*s() > 1 and 0 < u() < 1 and 1 - u() > u()")
    return Finding(Verdict.FALSE, how, None, example)


@claim(
    "P13/first",
    "proof of Proposition 13",
    r"$\Delta = (<e=1> - h_\Theta) + \int K_\Theta(\Delta - <a=1>)\,d\tau \le (<e> - h_\Theta)_+$",
    Verdict.PROVED,
    hypotheses=r"$u \ge 0$, which makes $\Delta \le 1$ (the proof names $\Delta \ge 0$ instead)",
)
def first_bound(c: Constants, effort: Effort) -> Finding:
    source, kernel, memory = sympy.symbols("h K M")  # ∫K, ∫KΔ
    return identity(
        (1 - source - kernel) + memory, (c["e"] - source) + (memory - c["a"] * kernel), "b_Θ inserted"
    )


@claim(
    "P13/split",
    "proof of Proposition 13",
    r"$(1-h_\Theta)_+ \le \sum_<\lambda_i(w^*_i)^2 + \sum_<\lambda_i|w^*_iw_i| + "
    r"\sum_\ge\lambda_i|w^*_iw_i|e^{-4s_0\lambda_c(t-T_1')}$",
    Verdict.FALSE,
    correction=loss_at_a_cutoff,
)
def spectral_split(c: Constants, effort: Effort) -> Finding:
    # d = 1, w(T1') = 3/4: s only grows, so Θ falls at least at the rate 3s(T1') − 1 = 3 s0
    w = sympy.Rational(3, 4)
    gap = w**2 - sympy.Rational(1, 3)
    left = 1 - w * sympy.exp(-12 * gap)
    right = w * sympy.exp(-4 * gap)
    if not sympy.N(left - right) > 0:
        return Finding(Verdict.UNDECIDED, "the bound holds there")
    replay = (
        "from math import exp; w = .75; s0 = w**2 - 1/3; assert 1 - w*exp(-4*3*s0*1.0) > w*exp(-4*s0*1.0)"
    )
    words = (
        "d = 1, λ = w* = 1, w(T1') = 3/4, no tail, t = T1' + 1: the left side is at least "
        f"{sympy.N(left, 4)}, the right side {sympy.N(right, 4)}; as t → ∞ they tend to 1 and 0"
    )
    how = "the teacher's part in the head was taken for the whole"
    return Finding(Verdict.FALSE, how, None, Counterexample(words, replay))


@correction(
    r"$\sum_{\lambda_i\ge\lambda_c}\lambda_i|w^*_iw_i(T_1')| \le (s_* s(T_1'))^{1/<a=2>}$",
    Verdict.PROVED,
    ratio=1.0,
)
def head_alignment(c: Constants, effort: Effort) -> Finding:
    eigenvalues, teacher, student = random_states(3, effort.of(2000, 20000))
    student[0] = 2 * teacher[0]
    size = form(eigenvalues, np.abs(student), np.abs(teacher))
    ratio = size / form(eigenvalues, student, student) ** (1 / float(c["a"]))
    return inequality(float(ratio.max()), "Cauchy–Schwarz, equality at w = 2w*", [CAUCHY_SCHWARZ])


@claim(
    "P13/absolute",
    "proof of Proposition 13",
    r"$\sum_{\lambda_i\ge\lambda_c}\lambda_i|w^*_iw_i(T_1')| \le S_\ge = "
    r"\sum_{\lambda_i\ge\lambda_c}\lambda_iw^*_iw_i(T_1')$",
    Verdict.FALSE,
    correction=head_alignment,
)
def absolute_values(c: Constants, effort: Effort) -> Finding:
    total = sum(
        lam * abs(x * y) for lam, x, y in zip(SLOW.eigenvalues, SLOW.teacher, SLOW.student, strict=True)
    )
    if not total > SLOW.u():
        return Finding(Verdict.UNDECIDED, "no difference")
    example = SLOW.refutes(f"{total} > {SLOW.u()}", "sum(a*abs(x*y) for a, x, y in zip(l, t, w)) > u()")
    return Finding(Verdict.FALSE, "the w_i w*_i have both signs", None, example)


@claim(
    "P13/head",
    "Appendix C.2",
    r"$S_\ge(\lambda_c) \le \sqrt{s_*^{(2)} s(T_1)}$",
    Verdict.FALSE,
    correction=head_alignment,
)
def head_bound(c: Constants, effort: Effort) -> Finding:
    head, square = ALIGNED.u(), ALIGNED.t(2) * ALIGNED.s()
    if not head**2 > square:
        return Finding(Verdict.UNDECIDED, "it holds there")
    words = f"S_≥ = {head}, s*^(2) s = {square}, even with s at T1' for s(T1)"
    how = "the teacher's sum is s*, not s*^(2), and the student's is s at T1'"
    return Finding(Verdict.FALSE, how, None, ALIGNED.refutes(words, "u()**2 > T(2)*s()"))


# Corollaries


@claim(
    "Cor1",
    "(C.13)",
    r"$\Delta(t) \le \varepsilon$ for $t \ge T_2(\varepsilon) = T_1' + "
    r"(4s_0\lambda_\varepsilon)^{-1}\log(4S_\ge/\varepsilon)$",
    Verdict.FALSE,
    hypotheses="(C.12)",
    correction=loss_at_a_cutoff,
)
def accuracy_time(c: Constants, effort: Effort) -> Finding:
    epsilon = 4 * SLOW.u()
    if not (0 < epsilon < 1 and 1 - SLOW.u() > epsilon):
        return Finding(Verdict.UNDECIDED, "it holds there")
    words = f"λ_ε = λ_2, no tail, ε = 4 S_≥ = {epsilon}: T2(ε) = T1', where Δ = {1 - SLOW.u()} > ε"
    example = SLOW.refutes(words, "3*s() > 1 and 0 < 4*u() < 1 and 1 - u() > 4*u()")
    return Finding(Verdict.FALSE, "it inherits P13", None, example)


@correction(
    r"$\varepsilon/<b=4> + \varepsilon/<d=4> + S e^{-x} \le \varepsilon$ for $x \ge "
    r"\log(<a=2>S/\varepsilon)$",
    Verdict.PROVED,
    ratio=1.0,
)
def halves(c: Constants, effort: Effort) -> Finding:
    return inequality(float(1 / c["b"] + 1 / c["d"] + 1 / c["a"]), "inserted", ARGUED)


@claim(
    "Cor1/log",
    "proof of Corollary 1",
    r"choosing $t$ so that the last term is $\le \varepsilon/2$ gives (C.13), with "
    r"$\log(4S_\ge/\varepsilon)$",
    Verdict.NOT_SHARP,
    correction=halves,
)
def loose_log(c: Constants, effort: Effort) -> Finding:
    total = halves.given(a=sympy.Integer(4)).settle(effort).finding.ratio
    loose = total is not None and total < 1
    return Finding(Verdict.NOT_SHARP if loose else Verdict.UNDECIDED, f"with 4 the sum is {total} ε")


@claim(
    "Cor1/C.12",
    "(C.12)",
    r"$T \le \varepsilon/<a=4>$ and $\sqrt{T s} \le \varepsilon/<a>$ iff $T \le \min(\varepsilon/<a>, "
    r"\varepsilon^<p=2>/(<b=16> s))$",
    Verdict.PROVED,
)
def two_conditions(c: Constants, effort: Effort) -> Finding:
    tail, energy, epsilon = sympy.symbols("T s ε", positive=True)
    (edge,) = sympy.solve(sympy.sqrt(tail * energy) - epsilon / c["a"], tail)
    return identity(
        edge, epsilon ** c["p"] / (c["b"] * energy), "the second condition solved for T, monotone"
    )


@claim(
    "Cor2",
    "Corollary 2",
    r"$T_2(\varepsilon) \lesssim T_1' + (4s_0)^{-1}\varepsilon^{-2a/(a-1)}\log(1/\varepsilon)$",
    Verdict.NOT_SHARP,
    correction=settling_time,
)
def tail_time(c: Constants, effort: Effort) -> Finding:
    return against_the_bound()


@claim(
    "Cor2/algebra",
    "Corollary 2",
    r"$\beta = <e=1> - <q=1>/a$ gives $<f=2>/\beta = <a=2>a/(a-<g=1>)$; $\varepsilon^<p=2>/s \le "
    r"\varepsilon$ iff $\varepsilon \le s$",
    Verdict.PROVED,
)
def exponents(c: Constants, effort: Effort) -> Finding:
    a, energy = sympy.symbols("a s", positive=True)
    pairs = [(c["f"] / (c["e"] - c["q"] / a), c["a"] * a / (a - c["g"])), (energy ** c["p"] / energy, energy)]
    return identities(pairs, "algebra")


@claim(
    "Cor2/hypothesis",
    "Corollary 2, its supposition",
    r"at finite $d$: $T(\lambda) = H_{d,a}^{-1}\sum_{i > n} i^{-a}$ for flat teachers, 0 for $\lambda \le "
    r"\lambda_d$; $T(\lambda)/\lambda^\beta \to \zeta(a)^{-<p=1>/a}/(a-<a=1>)$ only for $\lambda_d \ll "
    r"\lambda \ll 1$",
    Verdict.MEASURED,
    ratio=1.0,
)
def tail_mass(c: Constants, effort: Effort) -> Finding:
    a, level, total = sympy.symbols("a λ H", positive=True)
    last = (level * total) ** (-1 / a)  # λ = λ_n
    exact = last ** (1 - a) / (a - 1) / total  # the sum over i > n as an integral
    printed = level ** (1 - 1 / a) * total ** (-c["p"] / a) / (a - c["a"])
    quotient = sympy.powsimp(sympy.expand_power_base(exact / printed))
    if identity(quotient, sympy.S.One, "").verdict is not Verdict.PROVED:
        return Finding(Verdict.UNDECIDED, f"the integral is {exact}")
    modes = np.arange(1.0, 10**6 + 1)
    exponent, cut = 2.0, 1000
    weights = modes**-exponent
    total = weights.sum()
    tail = weights[cut:].sum() / total
    level = weights[cut - 1] / total
    law = level ** (1 - 1 / exponent) * total ** (-float(c["p"]) / exponent) / (exponent - float(c["a"]))
    how = f"a = 2, d = 1e6, λ = λ_1000: {tail / law:.5f} of the law"
    return Finding(Verdict.MEASURED, how, float(tail / law))


# Remark 5


@correction(
    r"$T_2(<q=1>/d) \sim (C d)^{a/(a-<p=1>)}$ for $a > <b=2>$, far below $d^a$; for $a < <b>$, "
    r"$T_2(<q>/d)/d^a$ grows like $\log d$",
    Verdict.MEASURED,
    ratio=1.0,
)
def accuracy_one_over_d(c: Constants, effort: Effort) -> Finding:
    if c["b"] / (c["b"] - c["p"]) != c["b"]:
        return Finding(Verdict.UNDECIDED, "d^a is another time there")
    steep, flat, far, sizes = 3.0, 1.5, 1e6, (1e3, 1e5)
    time = escape_run(steep, far, 1e9).phases(epsilon=float(c["q"]) / far).t2
    power = steep / (steep - float(c["p"]))
    found = time / (float(convergence_prefactor(PowerLaw(steep, "inf"))) * far) ** power
    slow = [escape_run(flat, d, 100 * d**flat).phases(epsilon=float(c["q"]) / d).t2 / d**flat for d in sizes]
    how = (
        f"a = {steep}, d = {far:g}: {found:.6f} of the law; "
        f"a = {flat}, d = {listed(sizes)}: T2/d^a = {listed(slow)}"
    )
    return Finding(Verdict.MEASURED if slow[1] > slow[0] else Verdict.UNDECIDED, how, float(found))


@claim(
    "R5",
    "Remark 5",
    r"$\varepsilon = d^{-1}$ already forces $T \gtrsim d^a$",
    Verdict.FALSE,
    correction=accuracy_one_over_d,
)
def forced_time(c: Constants, effort: Effort) -> Finding:
    sizes = 1e3, 1e6
    ratios = [escape_run(3, d, 10 * d**1.5).phases(epsilon=1 / d).t2 / d**3 for d in sizes]
    if not ratios[1] < 1e-3 * ratios[0]:
        return Finding(Verdict.UNDECIDED, f"T2/d^a = {ratios}")
    replay = (
        "from numerics import power_law, solve; run = solve(power_law(3, 1000, init='escape:0.03'), 1e5); "
        "assert run.phases(epsilon=1e-3).t2 < 1e-6 * 1000**3"
    )
    words = f"a = 3: T2(1/d)/d^a = {ratios[0]:.1e} at d = {sizes[0]:g}, {ratios[1]:.1e} at d = {sizes[1]:g}"
    return Finding(Verdict.FALSE, "solved", None, Counterexample(words, replay))


@claim(
    "R5/exponent",
    "Remark 5",
    r"$<c=2>a/(a-<e=1>)$ decreases in $a$, from $\infty$ to $<c>$; so does the sharp exponent $a/(a-1)$",
    Verdict.PROVED,
)
def decreasing(c: Constants, effort: Effort) -> Finding:
    a, e = sympy.Symbol("a", positive=True), sympy.Symbol("e", positive=True)
    printed = c["c"] * a / (a - c["e"])
    slope = sympy.simplify(sympy.diff(printed.subs(a, 1 + e), e))
    limit = sympy.limit(printed, a, sympy.oo)
    bound = 2 * a / (a - 1)
    proved = bool(slope.is_negative) and limit == 2 and sympy.simplify(printed - bound) == 0
    return Finding(Verdict.PROVED if proved else Verdict.UNDECIDED, f"derivative {slope} at a = 1 + e")


@claim(
    "R5/sooner",
    "Remark 5",
    r"$T_2(\varepsilon)$ is shorter for faster spectral decay",
    Verdict.MEASURED,
    qualitative=True,
)
def sooner(c: Constants, effort: Effort) -> Finding:
    grid = (1.5, 2.0, 3.0)
    table = [
        [escape_run(a, math.inf, LONG_RUN).phases(epsilon=epsilon).t2 for a in grid[: effort.of(2, 3)]]
        for epsilon in (0.3, 0.05, 1e-4)
    ]
    falls = bool(np.all(np.diff(table, axis=1) < 0))
    how = "d = ∞, a = 1.5, 2, …: " + "; ".join(", ".join(f"{time:.3g}" for time in row) for row in table)
    return Finding(Verdict.MEASURED if falls else Verdict.UNDECIDED, f"{how} at ε = 0.3, 0.05, 1e-4")
