"""Phase II: how u and s converge (C.10, P13, P4, T1, R5)."""

from collections.abc import Iterator

from mpmath import mp, mpf

from derivations.convergence import deficits as spectrum
from derivations.convergence import saddle as shallow
from derivations.convergence import statements as laws
from derivations.convergence.measured import borderlines, corrections
from derivations.convergence.measured import convergence as evidence
from derivations.court.numbers import shown
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived
from derivations.press.typeset import latex
from derivations.setting.symbols import t
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


@derivation("deficits", "The law given the spectrum", "C.10", "P13")
def deficits() -> Iterator[Step]:
    """1 − u, 1 − s and L in terms of one sum over modes."""
    yield derived(
        r"Put the origin at the teacher: $v = w - w^*$, $q = v^\top Q v$, $p = v^\top Q w^*$, $s_* "
        r"= 1$. Nothing is left that could cancel.",
        spectrum.near(),
        "$s = 1 + 2p + q$, $u = 1 + p$ in $A$ and $A + B$",
        "C.10, in other coordinates",
        residual_flow,
    )
    yield derived(
        r"Late $A$ is that of the teacher: each mode relaxes at its own rate, driven by $C$. A mode that is "
        r"not learned yet has $v_i \approx -w^*_i$, and what they have in common is one function of time.",
        spectrum.driven(),
        r"variation of constants; corrections of $A$ shift the clock by less than any fraction of $t$",
        OURS,
        ResidualFlow,
    )
    yield derived(
        r"$C$ decays like a power, slowly against the kernel, so it comes out of the integral; the kernel's "
        r"own mass is known, because $\sum_i \lambda_i (w^*_i)^2 = 1$.",
        spectrum.averaged(),
        "integral of the exponential, mode by mode",
        OURS,
        ResidualFlow,
    )
    yield derived(
        r"In $q$ the unlearned modes count twice as fast, and the driven part is smaller. But $q$ "
        r"is not small against $p$: both are of order $f$. A linearisation at the teacher that "
        r"drops $q$ gets the constant wrong.",
        spectrum.squared(),
        "square of the exponential",
        OURS,
        ResidualFlow,
    )
    yield derived(
        r"Two linear equations remain.",
        spectrum.remaining(),
        "$C$ in $p$ and $q$, averaged by the kernel",
        OURS,
        leading_deficits,
    )
    yield derived(
        r"The loss is quadratic in the small quantities except for one term.",
        spectrum.leading_loss(),
        "$p^2, p q, q^2$ are of order $f^2$",
        OURS,
        residual_flow,
    )


@derivation("power-law", "The law for a power-law spectrum", "P4", "T1", "R5", "P6", "Cor1")
def power_law() -> Iterator[Step]:
    """f(t) ~ C t^−γ, its constant, and T2."""
    yield derived(
        r"For $\lambda_i = i^{-a}/\zeta(a)$ and $(w^*_i)^2 \propto i^{-2B}$ at $d = \infty$ the sum becomes "
        r"an integral as soon as many modes are learned.",
        laws.integral(),
        r"Euler and Maclaurin; $\sum_i \lambda_i (w^*_i)^2 = 1$ fixes the constant",
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
        r"$f$ is homogeneous of degree $-\gamma$",
        OURS,
        overlap_prefactor,
    )
    yield derived(
        r"The time at which both statistics are within $\varepsilon$ is the inverse of the slower law. The "
        "paper's bound has twice this exponent, and a logarithm: a true bound, and not sharp.",
        laws.slower(),
        r"solve $C' T^{-\gamma} = \varepsilon$",
        "T1, sharp form",
        convergence_prefactor,
    )
    point = linearise_along(phase_retrieval(), 1)
    yield derived(
        r"The exponent $1/\gamma$ falls with $a$: a steeper spectrum makes $u$ and $s$ converge sooner, "
        r"because what is not learned weighs less in them. It does not mean that more is learned.",
        laws.falling(),
        rf"the flow at the teacher is $\dot v = {latex(point.rate.subs(t, 1))}\,Q v "
        rf"{latex(point.form[0])}\,Q w^* w^{{*\top}} Q v$",
        "R5",
        convergence_exponent,
    )


@derivation("saddle", "Along the saddle, for a shallow spectrum")
def saddle() -> Iterator[Step]:
    """1/2 < a < 1: u as a power of t/d while s stays at 1/3."""
    yield derived(
        r"For $a < 1$ the first mode escapes alone, for the mass of every one of them goes to zero, and "
        r"stops at $s = \tfrac13$ with a small $u$. Write $\kappa = 3s - 1$ and $w_i = w^*_i f(\lambda_i)$. "
        r"In the clock $d\theta = 4\kappa\,dt$ every mode follows the same $r$.",
        shallow.followed(),
        "the flow in the new clock",
        OURS,
        saddle_growth,
    )
    yield derived(
        r"Modes with $\lambda\theta \gg 1$ follow, the others wait. No scale is left between the first mode "
        r"and the last, so $r$ is a power, and $f$ a function of $\lambda\theta$.",
        shallow.scaled(),
        "the equation of a mode",
        OURS,
        saddle_growth,
    )
    yield derived(
        r"The mass above $y$ is $c\,y^{-g}$, $g = (1-a)/a$. So $s$ is a power of $\theta$, and $s = "
        r"\tfrac13$ fixes $\beta$. The clock obeys $\theta' \propto u/r \propto \theta^g$, and $u \propto "
        r"\theta^{g - \beta}$: below one half the integral of $h_\beta$ diverges, and the tail takes over.",
        shallow.clocked(),
        "$d$ sets the scale of the last modes",
        OURS,
        saddle_growth,
    )
    yield derived(
        r"The prefactor follows from two integrals, the first of which is elementary.",
        shallow.prefactor(),
        r"at $a = \tfrac34$",
        OURS,
        saddle_growth_prefactor,
    )


def _constants() -> Table:
    rows = []
    for exponent in ("1.5", "2", "3", "4"):
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
        sum over modes, each decaying at its own rate, and a power law comes out because the rates are
        spread over many decades. That much the frozen picture shows, in which each mode relaxes as if the
        others had arrived. The constant it gets wrong: $u$ and $s$ act back on every mode, and this
        feedback is of the same order as the deficits themselves. The derivation has two steps, first for
        any spectrum, then for a power law.
        """)
    yield deficits
    yield power_law
    yield _constants()
    yield Prose(r"""
        The paper argues by a cutoff: modes above it are learned, the others are bounded by their mass. This
        gives an upper bound at every $\lambda_c$, and the best choice costs a factor of two in the
        exponent, because the mass below the cutoff enters under a square root. What follows measures the
        laws, then their corrections, then the edges: finite dimension, drawn teachers, $a \leq 1$.
        """)
    yield saddle


chapter = Chapter(
    "convergence",
    "Convergence",
    (deficits, power_law, saddle),
    _write,
    (evidence.section, corrections.section, borderlines.section),
)
