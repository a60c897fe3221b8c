"""What the paper's remarks say of plateau, escape and convergence (R1, R3)."""

import math

import numpy as np
import sympy

from derivations.court.attack import identities
from derivations.court.claim import Constants, Effort, claim
from derivations.court.verdict import Finding, Verdict
from derivations.trials.states import listed
from theory.asymptotics import PowerLaw, summary_exponent
from theory.symbolic import gaussian_moment, gradient, phase_retrieval

s, u, t = sympy.symbols("s u t")
EPSILON = 0.05
LEVELS = (EPSILON, 1e-3)
"""Accuracies on both sides of d^{-1/2}, d = 1000."""


@claim(
    "R1/gradient",
    "Remark 1",
    r"the gradient is small at the start: near 0 $\nabla L = -Mw + O(\|w\|^<o=3>)$ with $M = <a=4> Q + <b=8> "
    r"(Qw^*)(Qw^*)^\top$, so $E \|Mw(0)\|^2 = \mathrm{tr}\, M^2/d$, $\mathrm{tr}\, M^2 = <e=16>\, "
    r"\mathrm{tr}\, Q^<q=2> + <c=64> s_*^{(3)} + <f=64> (s_*^{(2)})^<v=2>$",
    Verdict.PROVED,
    hypotheses="$w(0)$ on the unit sphere: of order $d^{-<h=1/2>}$, as $u(0)$ is (A1)",
)
def small_gradient(c: Constants, effort: Effort) -> Finding:
    l1, l2, v1, v2 = sympy.symbols("l1 l2 v1 v2")
    slope = gradient(phase_retrieval())
    force = sympy.Matrix([l1 * v1, l2 * v2])
    M = c["a"] * sympy.diag(l1, l2) + c["b"] * force * force.T
    square = (M * M).trace()
    s2, s3 = (l1**n * v1**2 + l2**n * v2**2 for n in (2, 3))
    d = sympy.Symbol("d", positive=True)
    second = gaussian_moment((2,), sympy.eye(1)) / d  # E w_1² on the sphere
    mean = d * second * square  # d E wᵀM²w = d tr M² E w_1²
    pairs = [
        (-slope.student.subs({s: 0, t: 1}), c["a"]),
        (-slope.teacher.diff(u), c["b"]),
        (mean, c["e"] * (l1 ** c["q"] + l2 ** c["q"]) + c["c"] * s3 + c["f"] * s2 ** c["v"]),
        (sympy.sqrt(second), d ** -c["h"]),
        (sympy.Integer(1 + 2 * sympy.degree(slope.student, s)), c["o"]),  # s w is of third order
    ]
    return identities(pairs, "gradient linearised at 0; trace by modes and pairs of modes")


@claim(
    "R1/plateau",
    "Remark 1; Theorem 1",
    r"the escape is slow: $T_1 = <a=1/2> \log d/\rho + O(1)$ from $u(0) \asymp d^{-<h=1/2>}$",
    Verdict.MEASURED,
    ratio=1,
)
def plateau(c: Constants, effort: Effort) -> Finding:
    from numerics import power_law, solve
    from theory.asymptotics import PowerLaw, escape_rate

    a, dimensions = 2, (1e12, 1e20)
    times = [
        solve(power_law(a, d, init=f"escape:{d ** -float(c['h'])!r}"), 30.0).phases(delta=0.1).t1
        for d in dimensions
    ]
    slope = (times[1] - times[0]) / math.log(dimensions[1] / dimensions[0])
    rho = float(escape_rate(PowerLaw(a, "inf")))
    how = (
        f"a = {a}, flat teacher, √s(0) = d^(-{c['h']}): T1 = {listed(times, '.4f')} at d = "
        f"{listed(dimensions)}"
    )
    return Finding(Verdict.MEASURED, how, slope * rho / float(c["a"]))


def _settling(exponent: float, dimension: int, epsilon: float = EPSILON) -> float:
    """T2 − T1' from a flat teacher along the escaping direction, √s(0) = d^{-1/2}."""
    from numerics import power_law, solve

    run = solve(power_law(exponent, dimension, init=f"escape:{dimension**-0.5!r}"), 1e5)
    phases = run.phases(epsilon=epsilon)
    return float(phases.t2 - phases.t1_prime)


@claim(
    "R1/convergence",
    "Remark 1; Section 3.4 (IIb)",
    "after the escape the convergence of $u$ and $s$ is slower than in the isotropic case $Q = I$, where "
    "off the teacher the deficit decays like $e^{-<a=16> t}$",
    Verdict.MEASURED,
    hypotheses="$Q = I$ as in Section 3.3, of trace $d$ (see R1/trace)",
    ratio=1,
)
def slower_than_unit(c: Constants, effort: Effort) -> Finding:
    from numerics import Problem, solve

    # w = w* + a part across it: s - u² falls like e^{-16 λ t} and drives 1 - u
    d = 100
    values, target = np.full(d, 1 / d), np.ones(d)
    across = np.where(np.arange(d) % 2 == 0, 0.1, -0.1)
    run = solve(Problem(values, target, target + across), 200.0)
    deficits = run.at([100.0, 120.0]).one_minus_u
    rate = math.log(float(deficits[0] / deficits[1])) / 20.0 * d
    a, size = 2.0, 1000
    anisotropic, isotropic = _settling(a, size), _settling(0.0, size) / size
    if anisotropic <= isotropic:
        return Finding(Verdict.UNDECIDED, f"{isotropic}, {anisotropic}")
    how = (
        f"d = {size}, ε = {EPSILON}: T2 - T1' = {isotropic:.3f} for Q = I, {anisotropic:.2f} for a = {a:g}; "
        f"1 - u ~ e^(-{rate:.4f} t) for Q = I"
    )
    return Finding(Verdict.MEASURED, how, rate / float(c["a"]))


@claim(
    "R1/trace",
    "Remark 1, at the trace 1 of Section 2",
    "against $Q = I/d$, where off the teacher the deficit decays like $e^{-<r=16> t/d}$, the anisotropic "
    "flow is faster down to $1 - u$ of order $d^{-(<f=1> - <p=1>/a)}$, up to logarithms, and slower below",
    Verdict.MEASURED,
    ratio=1,
)
def faster_at_first(c: Constants, effort: Effort) -> Finding:
    anisotropic, isotropic = ([_settling(a, 1000, epsilon) for epsilon in LEVELS] for a in (2.0, 0.0))
    how = (
        f"d = 1000, ε = {LEVELS[0]}, {LEVELS[1]}: T2 - T1' = {anisotropic[0]:.1f}, {anisotropic[1]:.3g} for "
        f"a = 2, {isotropic[0]:.1f}, {isotropic[1]:.3g} for Q = I/d"
    )
    # up to logarithms of d both take the time d, when the anisotropic flow has 1 - u ~ d^{-γ}
    gammas = [float(summary_exponent(PowerLaw(a, "inf"))) for a in (2, 4)]
    decay = [float(c["f"]) - float(c["p"]) / a for a in (2, 4)]
    turns = anisotropic[0] < isotropic[0] and anisotropic[1] > isotropic[1]
    verdict = Verdict.MEASURED if turns and decay == gammas else Verdict.UNDECIDED
    return Finding(verdict, how, slower_than_unit.given(a=c["r"]).settle(effort).finding.ratio)


@claim(
    "R3/isotropic",
    "Remark 3, second item",
    r"for $Q = \lambda I$ $u$ grows like $u(0) e^{<a=12> \lambda t}$ while $s \ll s_*$, whatever $s(0)$: "
    r"with $u(0) = 0$ it stays 0, and $s \to s_*/<b=3>$; in both settings a linear functional of $w(0)$ "
    r"decides, $\hat a(\rho) = u(0)/(<c=8> \lambda)$ here",
    Verdict.PROVED,
    hypotheses="$s_* = 1$",
)
def overlap_controls(c: Constants, effort: Effort) -> Finding:
    rate = sympy.Symbol("lambda", positive=True)
    model = phase_retrieval()
    overlap = sympy.expand(rate * (model.A[0] * u + model.B[0] * t)).subs({s: 0, t: 1})
    energy = 2 * rate * (model.A[0] * s + model.B[0] * u).subs({u: 0, t: 1})
    rest = [root for root in sympy.solve(energy, s) if root != 0]
    growth = sympy.diff(overlap, u)
    pairs = [
        (growth, c["a"] * rate),
        (rest[0], 1 / c["b"]),
        (u / (growth - 4 * rate), u / (c["c"] * rate)),  # â = Σ λ w w*/(ρ - 4λ)
    ]
    return identities(pairs, "P3 with Q = λI")
