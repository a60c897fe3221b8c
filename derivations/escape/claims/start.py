"""Claims on the start and the set-up (A1, R6, Section 2)."""

import math

import numpy as np
import sympy

from derivations.court.attack import identities, identity
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from derivations.escape.claims.clock import _true_rate
from theory.symbolic import Model, Z, gaussian_moment, phase_retrieval

d, l1, l2 = sympy.symbols("d lambda1 lambda2", positive=True)


def _sphere(powers: tuple[int, ...], dimension: sympy.Expr) -> sympy.Expr:
    """E Π w_i^{p_i} for w uniform on the unit sphere: the Gaussian moment over E |g|^{Σp}."""
    order = sum(powers)
    radius = sympy.Mul(*(dimension + 2 * j for j in range(order // 2)))
    return gaussian_moment(powers, sympy.eye(len(powers))) / radius


@claim(
    "A1",
    "Assumption A1",
    r"$u(0) \asymp d^{-<h=1/2>}$: given the teacher, $E\, u(0)^<p=2> = \frac{<a=1>}{d} s_*^{(2)}$ for $w(0)$ "
    "uniform on the unit sphere",
    Verdict.PROVED,
    hypotheses=r"the assumption on $w^*_1$ is about the teacher: $|w^*_1| = |g_1|/\|Q^{1/2}g\|$ is of order "
    r"one but for small $g_1$",
)
def overlap_size(c: Constants, effort: Effort) -> Finding:
    v1, v2 = sympy.symbols("v1 v2")
    second, cross = _sphere((2, 0), d), _sphere((1, 1), d)
    variance = (l1 * v1) ** 2 * second + (l2 * v2) ** 2 * second + 2 * l1 * v1 * l2 * v2 * cross
    printed = c["a"] / d * ((l1 * v1) ** c["p"] + (l2 * v2) ** c["p"])
    return identities(
        [(variance, printed), (second, d ** (-c["p"] * c["h"]))],
        "moments of the sphere, two modes of d, terms in pairs of modes",
    )


@correction(
    r"with the clock $\Theta(t) = t$, given $w^*$, $\hat a(\rho)$ has mean 0 and variance $\frac{<a=1>}{d} "
    r"\sum_i (w^*_i v_i)^<p=2>$, and is $N(0, \cdot)$ for $w(0) \sim N(0, I/d)$",
    Verdict.PROVED,
    hypotheses=r"with probability of order $\epsilon$ it is smaller than $\epsilon d^{-<h=1/2>}$: A1 holds "
    "up to such draws",
)
def source_variance(c: Constants, effort: Effort) -> Finding:
    x1, x2 = sympy.symbols("x1 x2", positive=True)  # x_i = w*_i v_i
    covariance = sympy.eye(2) / d
    variance = sum(
        left * right * gaussian_moment((int(i == 0) + int(j == 0), int(i == 1) + int(j == 1)), covariance)
        for i, left in enumerate((x1, x2))
        for j, right in enumerate((x1, x2))
    )
    pairs = [
        (variance, c["a"] * (x1 ** c["p"] + x2 ** c["p"]) / d),
        (sympy.sqrt(variance.subs(x2, 0)), x1 * d ** -c["h"]),
    ]
    return identities(pairs, "a linear form of a Gaussian vector")


@claim(
    "A1/source",
    "Assumption A1, Remark 6",
    r"$\hat a_\Theta(\rho_{true}) \sim N(0, \frac1d\sum_i (w^*_i v_i)^2)$ given $w^*$, $v_i = "
    r"\lambda_i/(\rho_{true} - 4\lambda_i)$",
    Verdict.GAP,
    correction=source_variance,
)
def random_pole(c: Constants, effort: Effort) -> Finding:
    early, late = (float(_true_rate(start)) for start in ("1e-12", "1e-6"))
    how = (
        f"Θ, and with it ρ_true and v_i, depends on w(0): for one mode ρ_true = {early:.4f}, {late:.4f} at "
        "s(0) = 1e-12, 1e-6; and â_Θ is the transform of a_Θ, not Σ w_i(0) w*_i v_i"
    )
    return Finding(Verdict.GAP if abs(early - late) > 1e-3 else Verdict.UNDECIDED, how)


@correction(
    r"on the sphere $\hat a(\rho)$ has the same mean and variance, and kurtosis $<a=3>d/(d + <n=2>)$: "
    r"Gaussian only as $d \to \infty$",
    Verdict.PROVED,
)
def sphere_kurtosis(c: Constants, effort: Effort) -> Finding:
    return identity(
        _sphere((4,), d) / _sphere((2,), d) ** 2, c["a"] * d / (d + c["n"]), "moments of the sphere"
    )


@claim(
    "R6",
    "Remark 6",
    r"for $w(0)$ uniform on the sphere $\hat a(\rho) \sim N(0, \frac{1}{d} \sum_i (w^*_i v_i)^2)$, of "
    "kurtosis $<a=3>$",
    Verdict.FALSE,
    correction=sphere_kurtosis,
)
def gaussian_on_sphere(c: Constants, effort: Effort) -> Finding:
    kurtosis = (_sphere((4,), d) / _sphere((2,), d) ** 2).subs(d, 2)
    if kurtosis == c["a"]:
        return Finding(Verdict.UNDECIDED, "the Gaussian value")
    example = Counterexample(
        f"d = 2: a coordinate √2 cos φ has kurtosis {kurtosis}, not {c['a']}",
        "from sympy import *; x = Symbol('x'); m = lambda n: integrate((sqrt(2)*cos(x))**n, (x, 0, "
        f"2*pi))/(2*pi); assert simplify(m(4)/m(2)**2 - {c['a']}) != 0",
        Verdict.PROVED,
    )
    return Finding(Verdict.FALSE, "a bounded variable; the error vanishes like 1/d", None, example)


@correction(
    r"$E\, s(0) = <a=1>/d$, and for $w(0) \sim N(0, I/d)$ $\mathrm{Var}\, s(0) = <b=2>\, \mathrm{tr}\, "
    "Q^<p=2>/d^<q=2>$: $s(0)$ is of order $d^{-<r=1>}$, and so is its spread",
    Verdict.PROVED,
)
def energy_size(c: Constants, effort: Effort) -> Finding:
    # s = Σ λ_i w_i², two modes standing for all: pairs of modes
    second, fourth, mixed = (gaussian_moment(powers, sympy.eye(2) / d) for powers in ((2, 0), (4, 0), (2, 2)))
    mean = (l1 + l2) * second
    variance = l1**2 * fourth + l2**2 * fourth + 2 * l1 * l2 * mixed - mean**2
    pairs = [(mean, c["a"] * (l1 + l2) / d), (variance, c["b"] * (l1 ** c["p"] + l2 ** c["p"]) / d ** c["q"])]
    pairs += [(second, d ** -c["r"]), (sympy.sqrt(variance.subs({l1: 1, l2: 0}) / 2), d ** -c["r"])]
    return identities(pairs, "Gaussian moments; tr Q = 1")


@claim(
    "R6/energy",
    "Remark 6",
    "$s(0)$ fluctuates on the order $d^{-1/<n=2>}$",
    Verdict.FALSE,
    correction=energy_size,
)
def energy_spread(c: Constants, effort: Effort) -> Finding:
    sizes = []
    for dimension in (10**2, 10**4):
        values = np.arange(1.0, dimension + 1) ** -2
        values /= values.sum()
        sizes.append(math.sqrt(2 * float(values @ values)) / dimension)
    exponent = math.log(sizes[1] / sizes[0]) / math.log(100)
    if abs(exponent + 1 / float(c["n"])) < 0.05:
        return Finding(Verdict.UNDECIDED, f"exponent {exponent}")
    example = Counterexample(
        f"a = 2: the standard deviation √(2 tr Q²)/d falls like d^{exponent:.3f}",
        "from math import *; f = lambda d: sqrt(2*sum(i**-4 for i in range(1, d + 1)))/sum(i**-2 for i in "
        f"range(1, d + 1))/d; assert f(10000)/f(100) < 100**(-1/{float(c['n'])})/5",
    )
    return Finding(Verdict.FALSE, "exact variance", None, example)


@correction(
    r"with $w(0)$ on the unit sphere $\|w(0)\| = <e=1>$, $E\, s(0) = <a=1>/d$ and $E\, u(0)^<p=2> = "
    r"s_*^{(2)}/d$; $\|w(0)\| = d^{-<h=1/2>}$ would give $s(0) \sim d^{-<q=2>}$ and $u(0) \sim d^{-<r=1>}$, "
    "against A1",
    Verdict.PROVED,
)
def consistent(c: Constants, effort: Effort) -> Finding:
    scaled = [_sphere((2,), d), _sphere((2,), d) / d]  # E w_1² for norm 1 and for norm d^{-1/2}
    x = sympy.Symbol("x", positive=True)
    pairs = [
        (scaled[0], c["a"] / d),
        (scaled[1], c["a"] / d ** c["q"]),
        (sympy.sqrt(d * scaled[0]), c["e"]),
        (sympy.sqrt(d * scaled[1]), d ** -c["h"]),
        (x**2 * scaled[0], x ** c["p"] / d),  # u(0)² = Σ x_i² w_i(0)²
        (sympy.sqrt(scaled[1]), d ** -c["r"]),
    ]
    return identities(pairs, "moments of the sphere")


@claim(
    "Setup/start",
    "Section 2 against Section B.3",
    r"$w(0)$ is uniform on the unit sphere and $\|w(0)\|_2 = d^{-1/<n=2>}$",
    Verdict.FALSE,
    correction=consistent,
)
def two_norms(c: Constants, effort: Effort) -> Finding:
    norm = 2 ** (-1 / float(c["n"]))
    if norm == 1:
        return Finding(Verdict.UNDECIDED, "equal")
    example = Counterexample(
        f"d = 2: a unit vector has norm 1, not {norm:.4f}",
        f"assert abs(3/5 + 4j/5) != 2**(-1/{float(c['n'])})",
        Verdict.PROVED,
    )
    return Finding(
        Verdict.FALSE,
        "the proofs of P9 and P10 use the smaller norm, Section 2 and Remark 6 the unit one",
        None,
        example,
    )


@claim(
    "Setup/noise",
    "Section 2",
    r"label noise of variance $\sigma^2$ adds $<a=1>\, \sigma^2$ to the loss and leaves the flow as it is",
    Verdict.PROVED,
)
def noise(c: Constants, effort: Effort) -> Finding:
    variance = sympy.Symbol("sigma2")
    noisy, clean = Model("noisy", Z**2, Z**2, noise=variance), phase_retrieval()
    pairs = [(noisy.loss - clean.loss, c["a"] * variance)]
    pairs += [(left[0], right[0]) for left, right in zip(noisy.drift, clean.drift, strict=True)]
    return identities(pairs, "derived with symbolic noise")


@claim(
    "Setup/teacher",
    "Section 2",
    r"$w^* = g/\|Q^{1/2}g\|$ has $\|w^*\|_Q = <a=1>$; with $\|w^*\|^2 = d$ instead, $E\, s_* = <b=1>$",
    Verdict.PROVED,
)
def normalisations(c: Constants, effort: Effort) -> Finding:
    # w* = √d x, x on the sphere: E s* = d Σ λ_i E x_i² = tr Q
    g1, g2 = sympy.symbols("g1 g2", positive=True)
    size = sympy.sqrt(l1 * g1**2 + l2 * g2**2)
    own = sympy.simplify(l1 * (g1 / size) ** 2 + l2 * (g2 / size) ** 2)
    return identities([(own, c["a"] ** 2), (d * _sphere((2,), d), c["b"])], "moments of the sphere, tr Q = 1")
