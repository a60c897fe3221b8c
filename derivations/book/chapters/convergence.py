"""Phase II: how u and s converge (C.10, P13, P4, T1, R5)."""

from collections.abc import Iterator

import sympy
from mpmath import mp, mpf

from derivations import borderlines, corrections
from derivations import convergence as evidence
from derivations.book.document import OURS, Asked, Block, Chapter, Measured, Prose, Step, Table, derivation
from derivations.book.proof import close, derived, equal, holds, step
from derivations.court.numbers import shown
from derivations.statements import convergence as laws
from derivations.typeset import latex
from theory.asymptotics import (
    PowerLaw,
    convergence_exponent,
    convergence_prefactor,
    crossover_sum,
    energy_prefactor,
    leading_deficits,
    loss_prefactor,
    overlap_prefactor,
    saddle_growth,
    saddle_growth_prefactor,
    summary_exponent,
)
from theory.symbolic import linearise_along, phase_retrieval, residual_flow
from theory.symbolic.residual import ResidualFlow

p, q, t = sympy.symbols("p q t")
rate, target, time, x, y, k, g, a, b = sympy.symbols("lambda w_star tau x y k gamma a b", positive=True)
EXPONENTS = ("1.5", "2", "3", "4")


@derivation("deficits", "The law given the spectrum", "C.10", "P13")
def deficits() -> Iterator[Step]:
    """1 − u, 1 − s and L in terms of one sum over modes."""
    flow = residual_flow(phase_retrieval())
    A, C = (entry[0].subs(t, 1) for entry in (flow.A, flow.C))
    yield derived(
        r"Put the origin at the teacher: $v = w - w^*$, $q = v^\top Q v$, $p = v^\top Q w^*$, $s_* "
        r"= 1$. Nothing is left that could cancel.",
        laws.near(),
        "$s = 1 + 2p + q$, $u = 1 + p$ in $A$ and $A + B$",
        "C.10, in other coordinates",
        residual_flow,
    )
    yield step(
        r"Late, $A \approx -8$: each mode relaxes at the rate $8\lambda_i$, driven by $C$. A mode that is "
        r"not learned yet "
        r"has $v_i \approx -w^*_i$, and what they have in common is one function of time.",
        r"v_i(t) \approx -w^*_i e^{-8\lambda_i t} + \lambda_i w^*_i \int_0^t e^{-8\lambda_i(t-\tau)} "
        r"C(\tau)\,d\tau, "
        r"\qquad f(t) = \sum_i \lambda_i (w^*_i)^2 e^{-8\lambda_i t}",
        r"variation of constants; corrections of $A$ shift the clock by less than any fraction of $t$",
        equal((A.subs({p: 0, q: 0}), -8), (C.subs({p: 0, q: 0}), 0)),
        OURS,
        ResidualFlow,
    )
    weight = sympy.integrate(rate**2 * target**2 * sympy.exp(-8 * rate * time), (time, 0, sympy.oo))
    yield step(
        r"$C$ decays like a power, slowly against the kernel, so it comes out of the integral; the kernel's "
        r"own mass is "
        r"$\tfrac18$, because $\sum_i \lambda_i (w^*_i)^2 = 1$.",
        r"p \approx -f(t) + C(t) \int_0^\infty \sum_i \lambda_i^2 (w^*_i)^2 e^{-8\lambda_i\tau} d\tau = "
        r"-f(t) + \tfrac18 C(t)",
        "integral of the exponential, mode by mode",
        equal((weight, rate * target**2 / 8)),
        OURS,
        ResidualFlow,
    )
    yield derived(
        r"In $q$ the unlearned modes count twice as fast, and the driven part is smaller. But $q$ "
        r"is not small against $p$: both are of order $f$. A linearisation at the teacher that "
        r"drops $q$ gets the constant wrong.",
        laws.squared(),
        "square of the exponential",
        OURS,
        ResidualFlow,
    )
    yield derived(
        r"Two linear equations remain.",
        laws.remaining(),
        r"$\tfrac18 C = -2p - \tfrac32 q$",
        OURS,
        leading_deficits,
    )
    yield derived(
        r"The loss is quadratic in the small quantities except for one term.",
        laws.leading_loss(),
        "$p^2, p q, q^2$ are of order $f^2$",
        OURS,
        residual_flow,
    )


@derivation("power-law", "The law for a power-law spectrum", "P4", "T1", "R5", "P6", "Cor1")
def power_law() -> Iterator[Step]:
    """f(t) ~ C t^−γ, its constant, and T2."""
    yield step(
        r"For $\lambda_i = i^{-a}/\zeta(a)$ and $(w^*_i)^2 \propto i^{-2B}$ at $d = \infty$ the sum becomes "
        r"an integral "
        "as soon as many modes are learned.",
        r"f(t) \sim \frac{1}{\zeta(a + 2B)} \int_0^\infty x^{-a-2B}\,e^{-k x^{-a}}\,dx, \qquad k = "
        r"\frac{8t}{\zeta(a)}",
        r"Euler and Maclaurin; $\sum_i \lambda_i (w^*_i)^2 = 1$ fixes the constant",
        _sum_and_integral(),
        "P14, at infinite dimension",
        crossover_sum,
    )
    yield derived(
        r"Substitute $y = k x^{-a}$. All of $t$ comes out.",
        laws.substitution(),
        r"$dx = -(k/y)^{1/a}\,dy/(a y)$",
        OURS,
        summary_exponent,
    )
    yield derived(
        r"Every prefactor of phase II follows from this one constant.",
        laws.laws(),
        r"$f(2t) = 2^{-\gamma} f(t)$",
        OURS,
        overlap_prefactor,
    )
    yield derived(
        r"The time at which both statistics are within $\varepsilon$ is the inverse of the slower "
        r"law. The paper's bound has twice this exponent, and a logarithm: a true bound, and not "
        r"sharp.",
        laws.slower(),
        r"solve $C' T^{-\gamma} = \varepsilon$",
        "T1, sharp form",
        convergence_prefactor,
    )
    point = linearise_along(phase_retrieval(), 1)
    gamma = (a - 1) / a
    yield step(
        r"The exponent $1/\gamma$ falls with $a$: a steeper spectrum makes $u$ and $s$ converge sooner, "
        r"because what is not "
        "learned weighs less in them. It does not mean that more is learned.",
        rf"\frac{{d}}{{da}} \frac{{1}}{{\gamma}} = {latex(sympy.factor((1 / gamma).diff(a)))} < 0",
        rf"the flow at the teacher is $\dot v = {latex(point.rate.subs(t, 1))}\,Q v "
        rf"{latex(point.form[0])}\,Q w^* w^{{*\top}} Q v$",
        equal(((1 / gamma).diff(a), -1 / (a - 1) ** 2)),
        "R5",
        convergence_exponent,
    )


def _sum_and_integral() -> str:
    """f at t = 10^12 over its integral, a = 2."""
    law = PowerLaw(2, "inf")
    moment = mp.mpf(10) ** 12
    integral = mp.gamma(mpf(1) / 2) / (2 * mp.zeta(2)) * (8 * moment / mp.zeta(2)) ** (-mpf(1) / 2)
    return close(float(crossover_sum(law, moment)), float(integral), 1e-6)


def _constant(law_exponent: str, source: str) -> tuple[mpf, mpf]:
    """C and γ."""
    e, B = mpf(law_exponent), mpf(source)
    gamma = (e - 1 + 2 * B) / e
    return mp.gamma(gamma) / (e * mp.zeta(e + 2 * B)) * (mp.zeta(e) / 8) ** gamma, gamma


@derivation("saddle", "Along the saddle, for a shallow spectrum")
def saddle() -> Iterator[Step]:
    """1/2 < a < 1: u as a power of t/d while s stays at 1/3."""
    u, kappa, w, beta = sympy.symbols("u kappa w beta", positive=True)
    A, B = (entry[0].subs(t, 1) for entry in phase_retrieval().drift)
    names = {str(symbol): symbol for symbol in (A + B).free_symbols}
    A, B = (entry.subs({names["s"]: (1 + kappa) / 3, names["u"]: u}) for entry in (A, B))
    yield step(
        r"For $a < 1$ the first mode escapes alone, for the mass of every one of them goes to zero, and "
        r"stops at $s = \tfrac13$ with a small $u$. Write $\kappa = 3s - 1$ and $w_i = w^*_i f(\lambda_i)$. "
        r"In the clock $d\theta = 4\kappa\,dt$ every mode follows the same $r$.",
        r"\frac{df}{d\theta} = \lambda (r - f), \qquad r = \frac{2u}{\kappa}",
        r"$A = -4\kappa$, $B = 8u$",
        equal((rate * (A * w + B) / (4 * kappa), rate * (2 * u / kappa - w))),
        OURS,
        saddle_growth,
    )
    memory = sum((-y) ** n / sympy.rf(2 - beta, n) for n in range(8)) * y / (1 - beta)
    residue = sympy.expand(sympy.simplify(y * memory.diff(y) - beta * memory - y * (1 - memory)))
    yield step(
        r"Modes with $\lambda\theta \gg 1$ follow, the others wait. No scale is left between the first mode "
        r"and the last, so $r$ is a power, and $f$ a function of $\lambda\theta$.",
        r"r = R\,\theta^{-\beta}, \quad f = r\,h_\beta(\lambda\theta), \quad "
        r"h_\beta(y) = \frac{y}{1 - \beta}\, {}_1F_1(1; 2 - \beta; -y)",
        "the equation, order by order",
        holds(all(sympy.simplify(residue.coeff(y, n)) == 0 for n in range(1, 8)), "seven orders in $y$"),
        OURS,
        saddle_growth,
    )
    growth, share = (1 - a) / a, sympy.Symbol("g", positive=True)
    clock = 1 / (1 - share)
    power = sympy.simplify(((share - share / 2) * clock).subs(share, growth))
    yield step(
        r"The mass above $y$ is $c\,y^{-g}$, $g = (1-a)/a$. So $s \propto \theta^{g - 2\beta}$, and $s = "
        r"\tfrac13$ asks for $\beta = g/2$. The clock obeys $\theta' = 8u/r \propto \theta^g$, and "
        r"$u \propto \theta^{g - \beta}$: below one half the integral of $h_\beta$ diverges, and the tail "
        r"takes over.",
        rf"\theta \propto t^{{1/(1-g)}}, \qquad u \sim U \left(\frac td\right)^x, \quad x = {latex(power)}",
        r"$d$ sets the scale of the last modes, $\lambda_d \simeq (1-a)/d$",
        equal((power, (1 - a) / (2 * (2 * a - 1)))),
        OURS,
        saddle_growth,
    )
    g = mpf(1) / 3
    found = mp.quad(
        lambda x: mp.exp((1 - g) * x) * mp.hyp1f1(1, 2 - g / 2, -mp.exp(x)) / (1 - g / 2),
        [-60, -10, 0, 10, 150],
    )
    yield step(
        r"The prefactor follows from two integrals, the first of which is elementary.",
        r"\int_0^\infty y^{-g-1} h_\beta\,dy = \Gamma(1-g)\,B(1-\beta, g)",
        r"at $a = \tfrac34$",
        close(float(found), float(mp.gamma(1 - g) * mp.beta(1 - g / 2, g)), 1e-10),
        OURS,
        saddle_growth_prefactor,
    )


def _constants() -> Table:
    rows = []
    for exponent in EXPONENTS:
        law = PowerLaw(exponent, "inf")
        found = (summary_exponent, overlap_prefactor, energy_prefactor, loss_prefactor)
        ratio = (mpf(2) * mpf(exponent) / (mpf(exponent) - 1), convergence_exponent(law).value)
        rows.append([exponent, *(shown(c(law), 10) for c in found), *(mp.nstr(value, 8) for value in ratio)])
    return Table(
        (
            "$a$",
            r"$\gamma$",
            "$C$ of $1-u$",
            "$C$ of $1-s$",
            "$C$ of $L$",
            "exponent of $T_2$, paper",
            "sharp",
        ),
        rows,
        r"The laws at $d = \infty$ with a flat teacher. The sharp exponent is half of the paper's.",
        overlap_prefactor,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        After the escape the first modes are learned and the others are not. What remains to be learned is a
        sum over
        modes, each decaying at its own rate, and a power law comes out because the rates are spread over
        many decades.
        That much the frozen picture shows, in which each mode relaxes as if the others had arrived. The
        constant it
        gets wrong: $u$ and $s$ act back on every mode, and this feedback is of the same order as the deficits
        themselves. The derivation has two steps, first for any spectrum, then for a power law.
        """)
    yield deficits
    yield power_law
    yield _constants()
    yield Prose(r"""
        The paper argues by a cutoff: modes above it are learned, the others are bounded by their mass. This
        gives an
        upper bound at every $\lambda_c$, and the best choice costs a factor of two in the exponent, because
        the mass
        below the cutoff enters under a square root. What follows measures the laws, then their corrections,
        then the edges: finite dimension, drawn teachers, $a \leq 1$.
        """)
    yield saddle
    exponents = (1.5, 3.0) if asked.quick else (1.2, 1.5, 2.0, 2.5, 3.0, 4.0)
    for part in (evidence, corrections, borderlines):
        yield Measured(part.chapter(exponents), part.chapter)


chapter = Chapter("convergence", "Convergence", (deficits, power_law, saddle), _write)
