"""Phase I: the escape from the start (Lem 2, Lem 8, P9, R4)."""

from collections.abc import Iterator

from mpmath import mp

from derivations.court.checks import means, number
from derivations.escape import mixture as mixed
from derivations.escape import statements as laws
from derivations.escape.measured import escape as evidence
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived
from derivations.press.typeset import latex
from theory.asymptotics import PowerLaw, escape_rate, teacher_escape_expansion
from theory.symbolic import linearise_along
from theory.symbolic.linearisation import Linearisation


@derivation("secular", "The secular equation", "Lem2", "Lem8", "5.3")
def secular() -> Iterator[Step]:
    """From the linear flow at 0 to the growth rate ρ."""
    yield derived(
        r"While $s \ll 1$ the flow is linear, $\dot w = M w$, with a diagonal and a form of rank one.",
        laws.linear_flow(),
        r"$s = 0$ in $A$; $s_* = 1$",
        "5.3",
        linearise_along,
    )
    yield derived(
        "In Laplace's variable each mode is a quotient.",
        laws.laplace_mode(),
        r"$\hat{\dot w} = p \hat w - w(0)$",
        "5.3",
        Linearisation,
    )
    yield derived(
        r"Multiply by $\lambda_i w^*_i$, divide, sum: one scalar equation for $\hat u$.",
        laws.transformed(),
        r"the sum of the last terms is $(1 - D)\,\hat u$",
        "P9",
        Linearisation.secular,
    )
    yield derived(
        r"Growth rates are the zeros of $D$. Above all poles the sum falls strictly from infinity "
        r"to zero, so exactly one lies there, $\rho$.",
        laws.secular(),
        "intermediate value theorem",
        "Lem2",
        escape_rate,
    )
    yield derived(
        r"It is the only one above all poles, as Lemmas 2 and 8 say, where the Laplace integral "
        r"converges; the sum continued below has another zero between any two poles. For "
        r"$\lambda = (\tfrac23, \tfrac13)$, $w^* = (1, 1)$ there are two positive zeros.",
        laws.two_zeros(),
        "one between the poles, one above both",
        "Lem2, corrected",
        Linearisation.secular,
    )
    yield derived(
        r"Two bounds come for free: the first mode alone, and all the mass on the first mode, since "
        r"$\sum_i \lambda_i (w^*_i)^2 = 1$.",
        laws.bounds(),
        "over its own eigenvalue each term is largest at the first mode",
        "P9, and ours",
        escape_rate,
    )


@derivation("amplitude", "The amplitude", "P9")
def amplitude() -> Iterator[Step]:
    """The residue at ρ."""
    yield derived(
        r"The zero at $\rho$ is simple, because $D'(\rho) > 0$. The residue there is the part of $u$ that "
        r"grows fastest, and in the end all of it.",
        laws.residue(),
        "residue of a quotient at a simple zero",
        "P9",
        Linearisation.secular,
    )
    yield derived(
        r"A check by hand: for one mode with $\lambda (w^*)^2 = 1$ the formula gives back $u(0)$.",
        laws.by_hand(),
        "the root of one mode, inserted",
        OURS,
        Linearisation.secular,
    )
    yield derived(
        r"In the direction of growth the student is an eigenvector of $M$. Mode $i$ takes part with a weight "
        r"that falls like $\lambda_i$: the escape is an affair of the first few modes, whatever the "
        r"dimension.",
        laws.direction(),
        r"$M w = \rho w$ and the secular equation",
        OURS,
        Linearisation,
    )


@derivation("mixture", "The escape time over teachers", "P9")
def mixture() -> Iterator[Step]:
    """Quantiles of T1 when the teacher is drawn, in powers of 1/log d."""
    yield derived(
        r"Given the teacher the time is the logarithm of what the amplitude lacks, over the rate. With "
        r"$\ell = \tfrac12 \log d$ and $C = \log K - \log|g|$, $g$ standard normal, an early escape is a "
        r"statement on $\rho$, moved by $C$ over the time.",
        mixed.early(),
        r"multiply by $\rho/t$",
        "P9",
        escape_rate,
    )
    yield derived(
        r"Expand in $\delta$, with the density $f$ of $\rho$ and mean $m$ and variance $v$ of $C$ given "
        r"$\rho$. Three cases hold the general one, which is linear in the moments: $C$ constant, $C$ at "
        r"random whatever $\rho$, and $C$ a function of it, where $\rho - \delta C > x$ is "
        r"$\rho > x + \delta m + \delta^2 m m' + \dots$.",
        mixed.moved(),
        r"$P(\rho > x)' = -f$",
        OURS,
        teacher_escape_expansion,
    )
    yield derived(
        r"The $p$-quantile is where this is $p$. To leading order $\ell/T_1$ is the $(1-p)$-quantile $r$ of "
        r"$\rho$; the mean of $C$ there gives the constant, and its variance, with that of $-\log|g|$, "
        "the leading correction.",
        mixed.time_over_teachers(),
        "both sides to second order in $1/\\ell$",
        OURS,
        teacher_escape_expansion,
    )


def _rates() -> Table:
    """ρ at d = ∞ for flat teachers."""
    rows = []
    lower, _, upper = laws.bounds().clauses[0].sides
    bounds = lower.args[0], upper
    (largest,) = upper.free_symbols
    for exponent in ("1.2", "1.5", "2", "3", "4"):
        rate_found = escape_rate(PowerLaw(exponent, "inf"), 20)
        first = 1 / mp.zeta(mp.mpf(exponent))
        printed, radius = map(str, rate_found.printed(20))
        rows.append(
            [exponent, printed, radius, *(mp.nstr(number(means(x, {largest: first})), 8) for x in bounds)]
        )
    return Table(
        ("$a$", r"$\rho$", "error at most", *(f"${latex(bound)}$" for bound in bounds)),
        rows,
        r"The escape rate at $d = \infty$ for the flat teacher $|w^*_i| = 1$, between its bounds. It grows "
        r"with $a$ (R4).",
        escape_rate,
    )


@derivation("steep", "The steep limit", "R4")
def steep() -> Iterator[Step]:
    """a → ∞: one mode."""
    yield derived(
        r"As $a \to \infty$ one mode is left, which carries all of the trace, and the upper bound is "
        "reached.",
        laws.steepest(),
        r"at $a = 60$",
        OURS,
        escape_rate,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        At the start $w$ is a random unit vector, and $s(0)$ and $u(0)$ are small. Then the flow is linear;
        it is the part of the story that can be solved in full. What decides is the competition between the
        diagonal, by which each mode grows on its own, and the form of rank one, by
        which the modes help each other along the teacher. The second makes the overlap grow faster than any
        mode alone could.
        """)
    yield secular
    yield amplitude
    yield mixture
    yield steep
    yield _rates()
    yield Prose(r"""
        The time of escape is logarithmic in the dimension because $u(0)$ is a power of it: to reach a fixed
        level takes a multiple of that logarithm and a constant. The constant depends on the draw, for the
        amplitude $\hat a(\rho)$ is a sum over the start's few leading components and does not concentrate;
        the median and the quantiles are among the constants of the library. What follows confronts all of
        this with runs.
        """)


chapter = Chapter("escape", "Escape", (secular, amplitude, mixture, steep), _write, (evidence.section,))
