"""Claims on the spectral tail with frozen statistics (Lem 13, P15, Cor 3, P16, Appendix D.2.1)."""

import math

import numpy as np
import sympy
from mpmath import mp

from derivations.court.attack import identities, inequality, written
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from derivations.trials.states import listed
from numerics.problems.power_law import gaussian_teacher
from theory.asymptotics import PowerLaw, tail_sum
from theory.symbolic import phase_retrieval

tau, lam = sympy.symbols("τ λ", positive=True)


@claim(
    "Lem13",
    "Lemma 13, Section 5.3",
    r"with $s \equiv u \equiv <e=1>$: $\dot w_i = <a=8>\lambda_i(w^*_i - w_i)$, so $e_i(T_2+\tau) = "
    r"e_i(T_2)e^{-<a>\lambda_i\tau}$",
    Verdict.PROVED,
)
def frozen(c: Constants, effort: Effort) -> Finding:
    model = phase_retrieval()
    gain, force = (entry.subs({"s": c["e"], "u": c["e"], "t": 1}) for entry in (model.A[0], model.B[0]))
    student, teacher, start = sympy.symbols("w v e")
    error = start * sympy.exp(-c["a"] * lam * tau)
    pairs = [
        (lam * (gain * student + force * teacher), c["a"] * lam * (teacher - student)),
        (sympy.diff(error, tau), lam * (gain * (teacher + error) + force * teacher)),
    ]
    return identities(pairs, "(3.3) at s = u = 1, and its solution")


@claim(
    "Lem13/mse",
    "Lemma 13",
    r"$\mathrm{MSE}(T_2+\tau) = \frac{<b=1>}d\sum_i e_i(T_2)^<p=2>e^{-<a=16>\lambda_i\tau} = "
    r"\mathrm{MSE}(T_2)\,\hat S_d(\tau)$, $\pi_i = e_i(T_2)^<p>/\sum_j e_j(T_2)^<p>$, $\sum_i\pi_i = <e=1>$",
    Verdict.PROVED,
)
def mixing(c: Constants, effort: Effort) -> Finding:
    errors, values = sympy.symbols("e1:4", positive=True), sympy.symbols("l1:4", positive=True)
    total = sum(error**2 for error in errors)
    weight = sum(error ** c["p"] for error in errors)
    squares = [
        (error * sympy.exp(-8 * value * tau)) ** 2 for error, value in zip(errors, values, strict=True)
    ]
    mixed = sum(
        error ** c["p"] / weight * sympy.exp(-c["a"] * value * tau)
        for error, value in zip(errors, values, strict=True)
    )
    shares = sum(error ** c["p"] / weight for error in errors)
    pairs = [(sum(squares), c["b"] * weight * mixed), (sum(squares), total * mixed), (shares, c["e"])]
    return identities(pairs, "d = 3, and alike for every d: the total cancels")


@claim(
    "Cor3/equality",
    "Corollary 3",
    r"$\mathrm{MSE}(T_2+\tau) = \mathrm{MSE}(T_2)\,\hat S_d(\tau)$, rates $<a=16>\lambda_i$",
    Verdict.PROVED,
    hypotheses=r"the idealisation $s \equiv u \equiv 1$; the true flow deviates (T5)",
)
def frozen_curve(c: Constants, effort: Effort) -> Finding:
    return mixing.given(a=c["a"]).settle(effort).finding


@correction(
    r"for Gaussian teachers $d\,E\max_i\pi_i \approx <a=2>\log d - \log\log d - \log\pi + <a>\gamma_E$: it "
    "grows",
    Verdict.MEASURED,
    ratio=1.00802,
)
def largest_weight(c: Constants, effort: Effort) -> Finding:
    found = float(np.mean([_largest(10**4, seed) for seed in range(400)]))
    size = math.log(10**4)
    law = float(c["a"]) * size - math.log(size) - math.log(math.pi) + float(c["a"]) * np.euler_gamma
    return Finding(
        Verdict.MEASURED, f"d = 10^4, 400 teachers: {found:.3f}, Gumbel's law {law:.3f}", found / law
    )


@claim(
    "P15",
    "Proposition 15",
    r"$\max_i\pi_i \le C/d$ with $C$ independent of $d$",
    Verdict.FALSE,
    hypotheses=r"Gaussian teacher, $e_i(T_2) \approx -w^*_i$ in the tail",
    correction=largest_weight,
)
def weights(c: Constants, effort: Effort) -> Finding:
    found = [float(np.mean([_largest(d, seed) for seed in range(20)])) for d in (10**2, 10**4, 10**6)]
    if not found[0] + 5 < found[1] < found[2] - 5:
        return Finding(Verdict.UNDECIDED, f"d max π = {found}")
    replay = (
        "from numerics.problems.power_law import gaussian_teacher as g; m = lambda d: max((g(d, k)**2).max()"
        "/(g(d, k)**2).mean() for k in range(5)); assert m(10**6) > 20 > m(100)"
    )
    words = f"d max π_i = {listed(found)} at d = 10², 10⁴, 10⁶ (means of 20 teachers)"
    return Finding(
        Verdict.FALSE, "bounded only for teachers with bounded entries", None, Counterexample(words, replay)
    )


@claim(
    "P15/max",
    "proof of Proposition 15",
    r"from Proposition 4, $\max_i|e_i(T_2)| = O(1)$",
    Verdict.GAP,
    correction=largest_weight,
)
def maximum_from_average(c: Constants, effort: Effort) -> Finding:
    # one entry √d, the others 0: the mean square is 1 for every d
    d = sympy.Symbol("d", positive=True)
    mean, largest = d / d, sympy.sqrt(d)
    open_end = mean == 1 and sympy.limit(largest, d, sympy.oo) == sympy.oo
    how = "Proposition 4 bounds a mean square; the mean square 1 allows an entry √d"
    return Finding(Verdict.GAP if open_end else Verdict.UNDECIDED, how)


@correction(
    r"$\hat S_d(\tau) \le \max_j\big(\frac{d}{d-j+<a=1>}\sum_{i\ge j}\pi_i\big)\,S_d(\tau)$ for every "
    r"$\tau$, best possible among weights that grow with $i$; for Gaussian teachers the maximum is bounded "
    "in probability",
    Verdict.PROVED,
    ratio=1.0,
)
def tail_average(c: Constants, effort: Effort) -> Finding:
    draw = np.random.default_rng(0)
    worst = 0.0
    for _ in range(effort.of(200, 2000)):
        squares = draw.standard_normal(12) ** 2
        share = squares / squares.sum()
        tails = np.cumsum(share[::-1])[::-1] * 12 / (np.arange(12, 0, -1) - 1 + float(c["a"]))
        best = int(np.argmax(tails))
        steps = (np.arange(12) >= best).astype(float)  # the extremal growing weight
        decays = np.exp(-np.geomspace(1e-2, 1e4, 60)[:, None] * np.arange(1, 13) ** -2.0)
        ratios = [
            (share @ weight) / weight.mean() / tails.max() for weight in (*decays, steps) if weight.mean() > 0
        ]
        worst = max(worst, *ratios)
    how = "summation by parts: a growing weight is a mixture of steps; equality for the step at the maximum"
    f1, f2, f3, p1, p2, p3 = sympy.symbols("f1 f2 f3 p1 p2 p3")
    parts = f1 * (p1 + p2 + p3) + (f2 - f1) * (p2 + p3) + (f3 - f2) * p3
    return inequality(worst, how, [(p1 * f1 + p2 * f2 + p3 * f3, parts)])


@claim(
    "P15/mixing",
    "Proposition 15",
    r"$\hat S_d(\tau) \le C S_d(\tau)$ for all $\tau \ge 0$, $C$ independent of $d$, with high probability",
    Verdict.FALSE,
    hypotheses="Gaussian teacher",
    correction=tail_average,
)
def uniform_constant(c: Constants, effort: Effort) -> Finding:
    chance = math.erfc(math.sqrt(2.0))
    shares = [
        float(np.mean([gaussian_teacher(d, seed)[-1] ** 2 > 4 for seed in range(1000)])) for d in (10, 100)
    ]
    if not min(shares) > 0.02:
        return Finding(Verdict.UNDECIDED, f"shares {shares}")
    words = (
        "as τ → ∞ the ratio tends to d π_d, (w*_d)² over the mean square: above C = 4 with probability "
        f"{chance:.4f} in every dimension, and above any C with one that does not fall with d"
    )
    replay = "from math import erfc, sqrt; assert erfc(sqrt(4/2)) > 0.04"
    return Finding(
        Verdict.FALSE, f"shares {shares} of 1000 teachers at d = 10, 100", None, Counterexample(words, replay)
    )


moreover = claim(
    "T2/moreover",
    "Theorem 2, after (4.1)",
    uniform_constant.statement,
    Verdict.FALSE,
    hypotheses="Gaussian teacher",
    correction=tail_average,
)(uniform_constant.examine)


@claim(
    "Cor3",
    "Corollary 3",
    r"$\mathrm{MSE}(T_2+\tau) \le C\,\mathrm{MSE}(T_2)S_d(\tau)$ for all $\tau \ge 0$",
    Verdict.FALSE,
    hypotheses="Gaussian teacher",
    correction=tail_average,
)
def frozen_bound(c: Constants, effort: Effort) -> Finding:
    found = uniform_constant.settle(effort).finding
    return Finding(found.verdict, "it is P15, multiplied by MSE(T2)", None, found.counterexample)


# Proposition 16


@claim(
    "P16/early",
    "Proposition 16, 1; Theorem 2",
    r"$S_d = <e=1> - \frac{<a=16>}{d}\tau + O(\tau^<p=2>/d)$: the remainder lies in $[0, "
    r"<b=128>\tau^<p>H_{d,2a}/(H_{d,a}^<q=2> d)]$ for all $\tau \ge 0$",
    Verdict.PROVED,
)
def early(c: Constants, effort: Effort) -> Finding:
    z, total, square, d, time = sympy.symbols("z H K d τ", positive=True)
    rate = 16 / total
    first = rate * total / d
    second = rate**2 * square / (2 * d)
    rest = sympy.exp(-z) - 1 + z
    signs = (
        sympy.limit(rest / z**2, z, 0) == sympy.Rational(1, 2)
        and sympy.diff(rest - z**2 / 2, z, 3).is_negative
    )
    pairs = [
        (first, c["a"] / d),
        (second * time**2, c["b"] * time ** c["p"] * square / (total ** c["q"] * d)),
        (sympy.exp(-z).subs(z, 0), c["e"]),
    ]
    how = f"0 ≤ {written(rest)} ≤ {written(z**2 / 2)} summed over modes; equality as τ → 0"
    found = identities(pairs, how)
    return found if signs else Finding(Verdict.UNDECIDED, "Taylor")


@claim(
    "P16/series",
    "Proposition 16, 1",
    r"$S_d = <e=1> - \frac{\beta\tau}{d}\sum i^{-a} + \frac{(\beta\tau)^<p=2>}{<a=2>d}\sum i^{-<p>a} + "
    r"O((\beta\tau)^<r=3>/d)$, as $|R_3(z)| \le z^<r>/<b=6>$",
    Verdict.PROVED,
)
def series(c: Constants, effort: Effort) -> Finding:
    z = sympy.Symbol("z", positive=True)
    rest = sympy.exp(-z) - (c["e"] - z + z ** c["p"] / c["a"])
    if (c["e"], c["p"]) != (1, 2):
        return Finding(Verdict.UNDECIDED, "not the Taylor polynomial")
    sharp = sympy.limit(sympy.expand(rest.series(z, 0, 5).removeO()) / z ** c["r"], z, 0)
    # R₃ + z³/6 has fourth derivative e^{−z} > 0 and vanishing lower ones at 0; R₃ < 0 likewise
    fits = sympy.simplify(sharp + 1 / c["b"]) == 0
    return Finding(
        Verdict.PROVED if fits else Verdict.UNDECIDED,
        f"R_3/z^{c['r']} → {sharp}, Taylor with alternating signs",
    )


@claim(
    "P16/integral",
    "proof of Proposition 16, (ii)",
    r"$\int_0^\infty (<f=1> - e^{-(x/t)^a})\,dt = x\,\Gamma(<e=1> - <p=1>/a)$",
    Verdict.PROVED,
)
def integral(c: Constants, effort: Effort) -> Finding:
    # t = x y^{-1/a}, then by parts: ∫ e^{-y} y^{-1/a} dy
    worst, excess, exponents = 0.0, float(c["f"] - 1), (1.5, 2.0, 3.0)
    with mp.workdps(20):
        for a in exponents:
            value = mp.quad(lambda t, a=a: excess - mp.expm1(-(t**-a)), [0, 1, 10, mp.inf])
            claimed = mp.gamma(mp.mpf(float(c["e"])) - mp.mpf(float(c["p"])) / a)
            worst = max(worst, float(abs(value / claimed - 1)))
    y, power = sympy.symbols("y p", positive=True)
    parts = sympy.simplify(sympy.diff(y**-power * (sympy.exp(-y) - 1), y) + y**-power * sympy.exp(-y))
    kernel = sympy.simplify(parts - power * y ** (-power - 1) * (1 - sympy.exp(-y)))
    proved = kernel == 0 and worst < 1e-9
    how = f"y = (x/t)^a and by parts; quadrature at a = {listed(exponents)} differs by {worst:.1e}"
    return Finding(Verdict.PROVED if proved else Verdict.UNDECIDED, how)


@correction(
    r"$\sum_{i\le d}g_x(i) = x\,\Gamma(<e=1>-<q=1>/a) - <c=1/2> - \frac{x^ad^{<f=1>-a}}{a-<g=1>}(1 + o(1))$ "
    r"for $1 \ll x \ll d$",
    Verdict.MEASURED,
)
def next_terms(c: Constants, effort: Effort) -> Finding:
    with mp.workdps(30):
        share = mp.mpf(float(c["e"])) - mp.mpf(float(c["q"])) / 2
        law = mp.gamma(share) * mp.sqrt(16 / mp.zeta(2))
        time = mp.mpf(10) ** 6
        offset = float(law * mp.sqrt(time) - tail_sum(2, "inf", 10**6, 30))
    scale, d = 1e4, 10**6
    last = math.sqrt(math.pi) * scale - 0.5 + float(np.expm1(-((scale / np.arange(1.0, d + 1)) ** 2)).sum())
    printed = scale**2 * d ** (float(c["f"]) - 2) / (2 - float(c["g"]))
    agrees = abs(last / printed - 1) < 5e-3 and abs(offset / float(c["c"]) - 1) < 5e-3
    return Finding(
        Verdict.MEASURED if agrees else Verdict.UNDECIDED,
        f"a = 2, d = ∞, τ = 10^6: offset {offset:.9f}; d = 10^6, x = 10^4: the last term {last:.4f}",
    )


@claim(
    "P16/sum",
    "proof of Proposition 16, (ii)",
    r"$\int_1^d g_x \le \sum_{i\le d}g_x(i) \le g_x(1) + \int_1^d g_x$, so the sum is $x\Gamma(1-1/a) + "
    "O(1) + O(x^ad^{1-a})$",
    Verdict.NOT_SHARP,
    correction=next_terms,
)
def comparison(c: Constants, effort: Effort) -> Finding:
    x, d = 30.0, 1000
    modes = np.arange(1, d + 1)
    values = -np.expm1(-((x / modes) ** 2))
    below = _integral(x, 1.0, float(d))
    between = below <= values.sum() <= values[0] + below and bool(np.all(np.diff(values) <= 0))
    place = (values.sum() - below) / values[0]
    how = f"g_x falls; a = 2, x = 30, d = 1000: the sum lies {place:.4f} of the way, the middle"
    return Finding(Verdict.NOT_SHARP if between and abs(place - 0.5) < 0.01 else Verdict.UNDECIDED, how)


@claim(
    "P16",
    "Proposition 16, 2; Theorem 2",
    r"$S_d = <b=1> - \Gamma(<e=1> - <p=1>/a)\frac{x_d}{d} + o(x_d/d)$ for $1 \ll x_d \ll d$",
    Verdict.MEASURED,
    ratio=1.0,
)
def mesoscopic(c: Constants, effort: Effort) -> Finding:
    ratios = []
    for a in ("3/2", "2", "3"):
        exponent = sympy.Rational(a)
        law = PowerLaw(str(float(exponent)), "1e18")
        x = mp.mpf(10) ** 6
        time = x ** mp.mpf(float(exponent)) * law.trace_sum() / 16
        learnt = tail_sum(str(float(exponent)), "1e18", mp.nstr(time, 18))
        learnt += (c["b"] - 1) * 10**18  # (b - S_d) d
        ratios.append(float(learnt / (mp.gamma(float(c["e"]) - float(c["p"]) / float(exponent)) * x)))
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    return Finding(Verdict.MEASURED, f"d = 10^18, x_d = 10^6, a = 3/2, 2, 3: worst {worst:.8f}", worst)


@correction(
    r"$S_d(\tau) \to \frac{<f=1>}{a} E_{<e=1>+<p=1>/a}(Y)$ with $Y = \beta_d\tau d^{-a}$ as $d \to \infty$, "
    r"at every fixed $Y > 0$; $\sim e^{-Y}/(aY)$ for large $Y \ll d$",
    Verdict.MEASURED,
    ratio=1.0,
)
def scaling_function(c: Constants, effort: Effort) -> Finding:
    ratios = []
    for a in (1.5, 2.0, 3.0):
        for level in (0.1, 1.0, 10.0):
            decays = (np.arange(1, 10**6 + 1) / 1e6) ** -a
            found = np.exp(-level * decays).mean()
            ratios.append(
                float(
                    found
                    / (float(c["f"]) * _exponential_integral(float(c["e"]) + float(c["p"]) / a, level) / a)
                )
            )
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    return Finding(Verdict.MEASURED, f"d = 10^6, a = 1.5, 2, 3, Y = 0.1, 1, 10: worst {worst:.7f}", worst)


@claim(
    "P16/late",
    "Proposition 16, 3; Theorem 2",
    r"$S_d \le \exp(-\beta_d\tau d^{-a})$ for $x_d \gtrsim d$",
    Verdict.NOT_SHARP,
    correction=scaling_function,
)
def late(c: Constants, effort: Effort) -> Finding:
    modes = np.arange(1, 10**5 + 1) / 1e5
    ratios = [float(np.exp(-level * (modes**-2.0 - 1)).mean()) for level in (0.1, 1.0, 10.0, 100.0)]
    holds = max(ratios) <= 1 and ratios[-1] < 0.01
    how = f"true for all τ ≥ 0, as i ≤ d; ratios {listed(ratios)} at Y = 0.1, 1, 10, 100 (a = 2)"
    return Finding(Verdict.NOT_SHARP if holds else Verdict.UNDECIDED, how)


@claim(
    "T2/slope",
    "after Theorem 2",
    r"$-d\log S_d/d\log\tau = Y E_{<p=1>/a}(Y)/E_{<e=1>+<p>/a}(Y)$, from 0 on the plateau to $\infty$; it is "
    r"$1 - S_d$ that has a slope, $<q=1>/a$, for $1 \ll x_d \ll d$",
    Verdict.MEASURED,
    ratio=1.0,
)
def local_slope(c: Constants, effort: Effort) -> Finding:
    power = float(c["p"]) / 2.0
    decays = (np.arange(1, 10**6 + 1) / 1e6) ** -2.0
    ratios = []
    for level in (0.1, 1.0, 10.0):
        weights = np.exp(-level * decays)
        found = level * (weights @ decays) / weights.sum()
        law = (
            level * _exponential_integral(power, level) / _exponential_integral(float(c["e"]) + power, level)
        )
        ratios.append(float(found / law))
    worst = max(ratios, key=lambda ratio: abs(ratio - 1))
    sums = [float(tail_sum(2, "inf", 10**digits, 15)) for digits in (10, 12)]
    if abs(math.log(sums[1] / sums[0]) / math.log(100) * 2 / float(c["q"]) - 1) > 1e-3:
        return Finding(Verdict.UNDECIDED, f"1 - S_d ~ {sums}")
    verdict = Verdict.MEASURED if abs(worst - 1) < 1e-4 else Verdict.UNDECIDED
    return Finding(verdict, f"a = 2, d = 10^6, Y = 0.1, 1, 10: worst {worst:.7f}", worst)


@claim(
    "T2/plateau",
    "after Theorem 2",
    r"half of the MSE is left at $\tau = Y H_{d,a} d^a/<f=16>$ with $E_{<e=1>+<q=1>/a}(Y) = a/<g=2>$: $Y = "
    "<y=0.122309>$ for $a = <a=2>$",
    Verdict.MEASURED,
)
def half_life(c: Constants, effort: Effort) -> Finding:
    a = float(c["a"])
    order, half = float(c["e"]) + float(c["q"]) / a, a / float(c["g"])
    found = float(mp.findroot(lambda level: mp.expint(order, level) - half, 0.15))
    decays = (np.arange(1, 10**6 + 1) / 1e6) ** -a
    left = float(np.exp(-found * 16 / float(c["f"]) * decays).mean())
    agrees = abs(found / float(c["y"]) - 1) < 5e-3 and abs(left - 0.5) < 1e-4
    return Finding(
        Verdict.MEASURED if agrees else Verdict.UNDECIDED, f"Y = {found:.6f}, S_d = {left:.6f} at d = 10^6"
    )


def _largest(d: int, seed: int) -> float:
    """d max π_i of a Gaussian teacher."""
    squares = gaussian_teacher(d, seed) ** 2
    return float(squares.max() / squares.mean())


def _integral(x: float, low: float, high: float) -> float:
    """∫ g_x for a = 2, by quadrature."""
    with mp.workdps(15):
        return float(mp.quad(lambda t: -mp.expm1(-((x / t) ** 2)), [low, x, high]))


def _exponential_integral(order: float, x: float) -> float:
    """E_p(x) = ∫_1^∞ e^{−xz} z^{−p} dz of real order."""
    return float(mp.expint(order, x))
