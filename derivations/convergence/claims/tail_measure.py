"""Claims on the teacher's mass at the bottom of the spectrum (P14, Appendix C.2.1)."""

import math
from itertools import product

import numpy as np
import sympy
from mpmath import mp

from derivations.court.attack import ARGUED, identities, identity, inequality, written
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from derivations.trials.runs import RATIOS
from derivations.trials.states import listed
from numerics.problems.power_law import gaussian_teacher

a, d, top, ratio, order = sympy.symbols("a d Λ ρ k", positive=True)
DIMENSION, EXPONENT = 10**6, 2.0


@correction(
    r"the measure has density $\frac{<c=8>}{a} H_{d,a}^{-<q=1>/a}\lambda^{-<p=1>/a}$ between its atoms",
    Verdict.PROVED,
)
def density_exponent(c: Constants, effort: Effort) -> Finding:
    level, total = sympy.symbols("λ H", positive=True)
    index = (level * total) ** (-1 / a)  # λ_i = i^{-a}/H
    derived = -8 * level * sympy.diff(index, level)
    printed = c["c"] / a * total ** (-c["q"] / a) * level ** (-c["p"] / a)
    return identity(
        sympy.powsimp(sympy.expand_power_base(derived / printed)),
        sympy.S.One,
        "a mode's mean mass over its distance to the next",
    )


@claim(
    "P14/density",
    "Appendix C.2.1",
    r"the reference measure has density proportional to $\lambda^{1-1/a}$ near 0",
    Verdict.FALSE,
    correction=density_exponent,
)
def density(c: Constants, effort: Effort) -> Finding:
    # the masses of (λ, 2λ] and of (2λ, 4λ]: density λ^q gives the ratio 2^(q + 1)
    levels = np.arange(1, 10**6 + 1) ** -EXPONENT
    masses = [levels[(levels > low) & (levels <= 2 * low)].sum() for low in (1e-8, 2e-8)]
    power = math.log2(masses[1] / masses[0]) - 1
    if abs(power + 0.5) > 0.01:
        return Finding(Verdict.UNDECIDED, f"the density has exponent {power:.4f}")
    words = f"a = 2: the masses of (λ, 2λ] and of the next octave give the exponent {power:.4f}, not 1 − 1/a"
    replay = (
        "import numpy as np; x = np.arange(1, 10**6 + 1)**-2.0; m = lambda y: x[(x > y) & (x <= 2*y)].sum(); "
        "assert abs(np.log2(m(2e-8)/m(1e-8)) - 1 + 1/2) < 0.01"
    )
    how = "the proposition itself uses the density; the text before it names the exponent of the mass"
    return Finding(Verdict.FALSE, how, None, Counterexample(words, replay))


@claim(
    "P14/count",
    "proof of Proposition 14, step 1",
    r"$N(t) = \#\{i : \lambda_i \le t\} = d - \lceil (tH_{d,a})^{-<p=1>/a}\rceil + <c=1>$",
    Verdict.PROVED,
    hypotheses=r"$\lambda_d \le t \le \lambda_1$",
)
def count(c: Constants, effort: Effort) -> Finding:
    # λ_i ≤ t iff i ≥ x = (tH)^{-1/a}, and x runs through [1, d]
    wrong = 0
    for size in range(1, effort.of(12, 30)):
        for numerator in range(4, 4 * size + 1):
            x = sympy.Rational(numerator, 4)  # (tH)^{-1/a} at a = 2
            counted = sum(1 for i in range(1, size + 1) if i >= x)
            wrong += counted != size - sympy.ceiling(x ** c["p"]) + c["c"]
    how = "λ_i = t solved for i; all quarter-integer thresholds"
    return Finding(Verdict.PROVED if wrong == 0 else Verdict.UNDECIDED, f"{how}: {wrong} differ")


@claim(
    "P14/C.17",
    "(C.17)",
    r"$|I_k| = \Theta(d\rho^{-k/a})$: $|I_k|/(d\rho^{-k/a}) \to C_*^{-<q=1>/a}(\rho^{-<p=1>/a} - <e=1>)$ "
    "except in the last bin",
    Verdict.MEASURED,
    ratio=1.0,
)
def bin_sizes(c: Constants, effort: Effort) -> Finding:
    scale, factor = 10.0, 0.5  # C*, ρ
    levels = (np.arange(1, DIMENSION + 1) / DIMENSION) ** -EXPONENT
    ratios = []
    for k in range(3):
        inside = np.count_nonzero((levels > scale * factor ** (k + 1)) & (levels <= scale * factor**k))
        law = DIMENSION * factor ** (-k / EXPONENT) * scale ** (-float(c["q"]) / EXPONENT)
        ratios.append(inside / (law * (factor ** (-float(c["p"]) / EXPONENT) - float(c["e"]))))
    worst = float(max(ratios, key=lambda value: abs(value - 1)))
    return Finding(Verdict.MEASURED, f"a = 2, C* = 10, ρ = 1/2, d = 10^6: worst {worst:.6f}", worst)


@claim(
    "P14/C.18",
    "(C.18)",
    r"$\int_{B_k}\lambda^{-<p=1>/a}d\lambda = "
    r"\frac{<e=1>-\rho^{<f=1>-<p>/a}}{<c=1>-<p>/a}\Lambda_d^{<f>-<p>/a}\rho^{k(<f>-<p>/a)}$",
    Verdict.PROVED,
)
def bin_integral(c: Constants, effort: Effort) -> Finding:
    level, power = sympy.Symbol("λ", positive=True), c["f"] - c["p"] / a
    primitive = level**power / power
    derivative = sympy.simplify(sympy.diff(primitive, level) * level ** (c["p"] / a))
    whole = primitive.subs(level, ratio**order * top) - primitive.subs(level, ratio ** (order + 1) * top)
    printed = (c["e"] - ratio**power) / (c["c"] - c["p"] / a) * top**power * ratio ** (order * power)
    quotient = sympy.simplify(
        sympy.powsimp(sympy.expand_power_base(sympy.expand(whole / printed)), force=True)
    )
    index = sympy.Symbol("λ", positive=True) ** (-1 / a)  # λ_i = i^{-a}: |λ di/dλ|
    weight = -level * index.diff(level) * a
    return identities(
        [(weight, level ** (-c["p"] / a)), (derivative, sympy.S.One), (quotient, sympy.S.One)], "primitive"
    )


@claim(
    "P14/C.19",
    "(C.19)",
    r"$\sum_{I_k}\lambda_i \asymp \int_{B_k}\lambda^{-<p=1>/a}d\lambda$: the quotient tends to "
    "$H_{d,a}^{-<p>/a}/a$, $H_{d,a}^{-<p>/<c>}/<c>$ for $a = <c=2>$",
    Verdict.MEASURED,
    ratio=1.0,
)
def bin_masses(c: Constants, effort: Effort) -> Finding:
    total = float(np.sum(np.arange(1.0, DIMENSION + 1) ** -EXPONENT))
    levels = np.arange(1.0, DIMENSION + 1) ** -EXPONENT / total
    high = 10 * levels[-1]
    power = 1 - float(c["p"]) / EXPONENT
    law = total ** (-float(c["p"]) / float(c["c"])) / float(c["c"])
    ratios = []
    for k in range(3):
        low, up = high * 0.5 ** (k + 1), high * 0.5**k
        mass = levels[(levels > low) & (levels <= up)].sum()
        integral = (up**power - low**power) / power
        ratios.append(mass / integral / law)
    worst = float(max(ratios, key=lambda value: abs(value - 1)))
    return Finding(Verdict.MEASURED, f"a = 2, C* = 10, ρ = 1/2, d = 10^6: worst {worst:.6f}", worst)


@claim(
    "P14/factor",
    "proof of Proposition 14, step 2",
    r"$H_{d,a}^{-<p=1>/a} \in [\zeta(a)^{-<q=1>/a}, <c=1>]$",
    Verdict.PROVED,
    ratio=1.0,
)
def factor(c: Constants, effort: Effort) -> Finding:
    p, q = float(c["p"]), float(c["q"])
    ratios = []
    for power, size in product((1.2, 2.0, 4.0), (1, 10, 10**4)):
        limit = float(mp.zeta(power))
        value = (limit - float(mp.zeta(power, size + 1))) ** (-p / power)
        ratios += [value / float(c["c"]), limit ** (-q / power) / value]
    how = "the sum grows with d from its first term to ζ(a): equality there, approached here"
    return inequality(max(ratios), how, ARGUED)


@correction(
    r"$<e=8>\rho(<f=1>-\varepsilon)\sum_{I_k}\lambda_i \le \mu_d(B_k) \le "
    r"<e>\rho^{-<p=1>}(<f>+\varepsilon)\sum_{I_k}\lambda_i$",
    Verdict.PROVED,
    ratio=1.0,
)
def bin_bounds(c: Constants, effort: Effort) -> Finding:
    # Σ λ w² ≤ top Σ w² ≤ top (1 + ε) n, Σ λ > ρ top n; the quotient tends to ρ^{-1} for one mode at the top
    bottom = sympy.Rational(1, 2)
    one = 8 / c["e"] / c["f"]  # Σ 8 λ w² ≤ e top Σ w² ≤ e top (f + ε) n
    return inequality(
        float(max(one, 1 / one) / bottom / bottom ** -c["p"]),
        "λ_i within a factor ρ in a bin; approached as |I_k| → ∞",
        ARGUED,
    )


@claim(
    "P14/step4",
    "proof of Proposition 14, step 4",
    r"on the event (C.20) $8(1-\varepsilon)\sum_{I_k}\lambda_i \le \mu_d(B_k) \le "
    r"8(1+\varepsilon)\sum_{I_k}\lambda_i$",
    Verdict.FALSE,
    correction=bin_bounds,
)
def weighted_sums(c: Constants, effort: Effort) -> Finding:
    # two modes in a bin (1/2, 1]; the teacher's squares (2, 0) sum to |I_k| = 2 exactly
    levels, squares, epsilon = (sympy.S.One, sympy.Rational(3, 5)), (2, 0), sympy.Rational(1, 10)
    mass = sum(level * square for level, square in zip(levels, squares, strict=True))
    claimed = (1 + epsilon) * sum(levels)
    if not (sum(squares) == len(squares) and mass > claimed):
        return Finding(Verdict.UNDECIDED, "it holds there")
    words = f"ρ = 1/2, λ = (1, 3/5), (w*)² = (2, 0), ε = 1/10: S_k = 2 = |I_k|, but {mass} > {claimed}"
    replay = (
        "from fractions import Fraction as F; assert F(3, 5) > F(1, 2) and "
        "1*2 + F(3, 5)*0 > (1 + F(1, 10))*(1 + F(3, 5))"
    )
    how = "(C.20) controls the sum of the squares, not the weighted one; only the constants C_± change"
    return Finding(Verdict.FALSE, how, None, Counterexample(words, replay, Verdict.PROVED))


@correction(
    r"$P(|S_k - |I_k|| > \varepsilon|I_k|) \le <f=2>\exp(-<c=0.1534>\varepsilon^<p=2>|I_k|)$ for $0 < "
    r"\varepsilon \le <e=1>$",
    Verdict.PROVED,
)
def chernoff(c: Constants, effort: Effort) -> Finding:
    # two tails, and rates of the two tails: (ε − log(1 + ε))/2 and (−ε − log(1 − ε))/2, over ε²
    e = sympy.Symbol("e", positive=True)
    upper = (e - sympy.log(1 + e)) / 2
    lower = (-e - sympy.log(1 - e)) / 2
    difference = sympy.diff(lower - upper, e)
    at_one = upper.subs(e, c["e"])
    # ε³ d(upper/ε²)/dε, 0 at ε = 0, has the derivative −ε²/(1 + ε)²/2
    numerator = sympy.simplify(e**3 * sympy.diff(upper / e ** c["p"], e))
    slope = sympy.simplify(sympy.diff(numerator, e) + e**2 / (2 * (1 + e) ** 2))
    falls = slope == 0 and sympy.limit(numerator, e, 0) == 0
    larger = sympy.simplify(difference - e**2 / (1 - e**2)) == 0
    proved = falls and larger and c["c"] <= at_one <= c["c"] * (1 + RATIOS) and c["f"] == len((upper, lower))
    how = f"Chernoff: the upper tail is heavier, its rate over ε^{c['p']} falls to {at_one} = {at_one.n(6)}"
    return Finding(Verdict.PROVED if proved else Verdict.UNDECIDED, how)


@claim(
    "P14/chi2",
    "proof of Proposition 14, step 3, (C.20)",
    r"$P(|S_k - |I_k|| > \varepsilon|I_k|) \le 2\exp(-\varepsilon^2|I_k|/4)$ for every $\varepsilon \in "
    "(0,1)$",
    Verdict.FALSE,
    correction=chernoff,
)
def chi_square_tail(c: Constants, effort: Effort) -> Finding:
    with mp.workdps(30):
        epsilon = mp.mpf(9) / 10
        for size in range(1, 100):
            above = mp.gammainc(mp.mpf(size) / 2, size * (1 + epsilon) / 2, mp.inf, regularized=True)
            below = mp.gammainc(mp.mpf(size) / 2, 0, size * (1 - epsilon) / 2, regularized=True)
            claimed = 2 * mp.exp(-(epsilon**2) * size / 4)
            if above + below > claimed:
                break
        else:
            return Finding(Verdict.UNDECIDED, "not broken")
        words = f"ε = 9/10, |I_k| = {size}: {mp.nstr(above + below, 6)} > {mp.nstr(claimed, 6)}"
    replay = (
        "from mpmath import gammainc as g, exp, inf; n, e = 43, .9; assert g(n/2, n*(1+e)/2, inf, "
        "regularized=True) + g(n/2, 0, n*(1-e)/2, regularized=True) > 2*exp(-e*e*n/4)"
    )
    how = "the rate of the centre exceeds that of the upper tail"
    return Finding(Verdict.FALSE, how, None, Counterexample(words, replay))


@claim(
    "P14/C.14",
    "(C.14), (C.20)",
    r"$\mu_d(B_k) \asymp \int_{B_k}\lambda^{-<p=1>/a}d\lambda$ for every bin with probability $\ge 1 - "
    "e^{-cd}$",
    Verdict.MEASURED,
    hypotheses="with the corrected bound of step 3",
)
def bins(c: Constants, effort: Effort) -> Finding:
    spreads, sizes = [], (10**2, 10**4)
    for size in sizes:
        levels = (np.arange(1, size + 1) / size) ** -EXPONENT
        masses = []
        for seed in range(effort.of(40, 400)):
            squares = gaussian_teacher(size, seed) ** 2
            inside = [(levels > 10 * 0.5 ** (k + 1)) & (levels <= 10 * 0.5**k) for k in range(4)]
            masses.append([(levels[chosen] @ squares[chosen]) / levels[chosen].sum() for chosen in inside])
        spreads.append(float(np.ptp(masses)))
    shrinks = spreads[1] < 0.2 * spreads[0] and bin_masses.given(p=c["p"]).settle(effort).agrees
    how = (
        f"μ_d(B_k) over its mean spreads over {listed(spreads)} at d = {listed(sizes, 'd')} "
        f"(a = {EXPONENT:g}); the mean by P14/C.19"
    )
    return Finding(Verdict.MEASURED if shrinks else Verdict.UNDECIDED, how)


@correction(
    r"for $\lambda/\lambda_d \ge x > <y=1>$ fixed: $\mu_d((0,\lambda]) = "
    r"\frac{<c=8>H_{d,a}^{-<p>/a}}{a-<e=1>}(\lambda^{<f=1>-<p=1>/a} - \lambda_d^{<f>-<p>/a})(1 + "
    "O_P(d^{-<o=1/2>}))$",
    Verdict.MEASURED,
    ratio=1.0,
)
def mass_below(c: Constants, effort: Effort) -> Finding:
    total = float(np.sum(np.arange(1.0, DIMENSION + 1) ** -EXPONENT))
    levels = np.arange(1.0, DIMENSION + 1) ** -EXPONENT / total
    squares = gaussian_teacher(DIMENSION, 0) ** 2
    share = float(c["p"]) / EXPONENT
    power = float(c["f"]) - share
    factor = float(c["c"]) * total**-share / (EXPONENT - float(c["e"]))
    found = []
    multiples = 1.5, 4.0, 100.0
    for multiple in multiples:
        cut = multiple * levels[-1]
        mass = 8 * float((levels * squares)[levels <= cut].sum())
        law = factor * (cut**power - levels[-1] ** power)
        found.append(mass / law)
    worst = max(found, key=lambda value: abs(value - 1))
    lowest = np.count_nonzero(levels <= float(c["y"]) * levels[-1]) == 1  # the law begins at the last mode
    few, many = (_relative_spread(size) for size in (DIMENSION // 100, DIMENSION))
    order = math.log(few / many) / math.log(100)
    verdict = Verdict.MEASURED if lowest and abs(order / float(c["o"]) - 1) < RATIOS else Verdict.UNDECIDED
    how = (
        f"a = {EXPONENT:g}, d = {DIMENSION:g}, λ/λ_d = {listed(multiples)}: worst {worst:.5f}; "
        f"the spread falls like d^(-{order:.4f})"
    )
    return Finding(verdict, how, worst)


def _relative_spread(size: int) -> float:
    """Standard deviation over mean of Σ λ_i (w*_i)² below 4λ_d, the (w*_i)² being squares of normals."""
    levels = (np.arange(1.0, size + 1) / size) ** -EXPONENT
    below = levels[levels <= 4]
    return math.sqrt(2) * float(np.linalg.norm(below) / below.sum())


@claim(
    "P14",
    "Proposition 14, (C.15)",
    r"$\mu_d((0,\lambda]) \asymp \lambda^{1-1/a}$ for every $\lambda \in (0, \Lambda_d]$, $\Lambda_d = "
    r"C_*\lambda_d$",
    Verdict.FALSE,
    correction=mass_below,
)
def mass(c: Constants, effort: Effort) -> Finding:
    at_last = [
        8 / (size * float(np.sum(np.arange(1.0, size + 1) ** -EXPONENT)) ** 0.5) for size in (10**2, 10**6)
    ]
    if not at_last[1] < 1e-3 * at_last[0]:
        return Finding(Verdict.UNDECIDED, f"{at_last}")
    words = (
        "every d, λ = λ_d/2: the mass is 0, for every teacher; at λ = λ_d it is that of one coordinate, "
        f"{at_last[0]:.1e} and {at_last[1]:.1e} times (w*_d)² λ_d^(1−1/a) at d = 10², 10⁶ (a = 2), and "
        "(w*_d)² < x with probability √(2x/π), not e^(−cd)"
    )
    replay = (
        "l = [i**-2 for i in range(1, 10**4 + 1)]; x = l[-1]/2; "
        "assert sum(8*a for a in l if a <= x) == 0 < x**0.5"
    )
    return Finding(
        Verdict.FALSE, "no atom lies below λ_d", None, Counterexample(words, replay, Verdict.PROVED)
    )


@claim(
    "P14/step5",
    "proof of Proposition 14, step 5",
    r"summing (C.14) over $j \ge m$ with $\lambda \in (\rho^{m+1}\Lambda_d, \rho^m\Lambda_d]$ gives (C.15)",
    Verdict.GAP,
    correction=mass_below,
)
def last_bin(c: Constants, effort: Effort) -> Finding:
    # C* = 4, ρ = 1/2: K = 1, bins (2, 4] and (1, 2] in units of λ_d, the last one open at λ_d itself
    scale, factor = 4, sympy.Rational(1, 2)
    last = sympy.ceiling(sympy.log(scale, 1 / factor)) - 1
    floor = scale * factor ** (last + 1)
    open_end = floor == 1 and last == 1
    how = (
        "the sum over j ≥ m counts the bin that holds λ whole, so it bounds from above only; from below the "
        f"bins j > m are left, none for λ in the last bin (C* = 4, ρ = 1/2: the bins end at {floor} λ_d)"
    )
    return Finding(Verdict.GAP if open_end else Verdict.UNDECIDED, how)


@claim(
    "P14/C.16",
    "(C.16)",
    r"$\int\phi\,d\mu_d$ lies between $C_\mp\int\lambda^{-<p=1>/a}\phi\,d\lambda$ for step functions $\phi "
    r"\ge 0$ on the bins",
    Verdict.PROVED,
    hypotheses="(C.14)",
)
def step_functions(c: Constants, effort: Effort) -> Finding:
    weights, masses, integrals = (sympy.symbols(f"{name}0:4", positive=True) for name in "ami")
    low, up = sympy.symbols("l u", positive=True)
    gaps = [
        sum(
            weight * (mass - low * integral)
            for weight, mass, integral in zip(weights, masses, integrals, strict=True)
        ),
        sum(
            weight * (up * integral - mass)
            for weight, mass, integral in zip(weights, masses, integrals, strict=True)
        ),
    ]
    linear = all(sympy.diff(gap, weight, 2) == 0 for gap in gaps for weight in weights)
    at_bin = [sympy.diff(gaps[0], weights[k]) == masses[k] - low * integrals[k] for k in range(4)]
    proved = linear and all(at_bin) and bins.given(p=c["p"]).settle(effort).agrees
    return Finding(
        Verdict.PROVED if proved else Verdict.UNDECIDED, "a sum with weights a_k ≥ 0 of the bins' bounds"
    )


@correction(
    r"the scale $\Lambda_d = C_*\lambda_d$ holds the modes $i \ge C_*^{-<p=1>/a}d$, a fixed fraction of "
    r"all: $T(\lambda)$ between $\Lambda_d$ and $\lambda_1$ needs the law of large numbers over all of $i "
    r"\gg 1$",
    Verdict.PROVED,
)
def reach(c: Constants, effort: Effort) -> Finding:
    scale = sympy.Symbol("C", positive=True)
    index = scale ** (-c["p"] / a) * d
    level = index**-a / d**-a
    return identity(sympy.powsimp(sympy.expand_power_base(level)), scale, "λ_i = C* λ_d solved for i")


@claim(
    "P14/use",
    "Corollary 2 with Proposition 14",
    r"Proposition 14 supplies $T(\lambda) \asymp \lambda^\beta$ where Corollary 2 needs it",
    Verdict.GAP,
    correction=reach,
)
def use(c: Constants, effort: Effort) -> Finding:
    # λ_ε = (ε²)^{1/β} at the smallest ε that the theorem allows, d^{-(a−1)/2}, in units of λ_d
    allowed, larger = d ** (-(a - 1) / 2), d ** (-(a - 1) / 4)
    smallest = allowed ** (2 * a / (a - 1))
    scale = sympy.simplify(sympy.powsimp(sympy.powdenest(smallest / d**-a, force=True)))
    far = sympy.simplify(sympy.powsimp(sympy.powdenest(larger ** (2 * a / (a - 1)) / d**-a, force=True)))
    how = (
        f"λ_ε/λ_d is of order {scale} at ε = {written(allowed)} only, and {written(far)} at ε = "
        f"{written(larger)}: above every C*λ_d. For the same reason the theorem's range of ε is where the "
        "proof's T(λ) is still a power law"
    )
    shown = scale == 1 and sympy.limit(far.subs(a, 2), d, sympy.oo) == sympy.oo
    return Finding(Verdict.GAP if shown else Verdict.UNDECIDED, how)
