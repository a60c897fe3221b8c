"""Phase III: the spectral tail (Lem 13, P15, P16, T2)."""

from collections.abc import Iterator

from derivations.court.numbers import shown
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived
from derivations.tail import statements as laws
from derivations.tail.measured import tail as evidence
from theory.asymptotics import PowerLaw, tail_exponent, tail_fraction, tail_prefactor, tail_sum
from theory.symbolic import residual_flow


@derivation("frozen", "The frozen flow and its sum", "Lem13", "P15", "E1")
def frozen() -> Iterator[Step]:
    """s ≡ u ≡ 1: every mode on its own."""
    yield derived(
        r"Hold $s$ and $u$ at 1. The feedback vanishes, and every mode relaxes on its own.",
        laws.frozen_mode(),
        r"$p = q = 0$ in the residual flow",
        "Lem13",
        residual_flow,
    )
    yield derived(
        "Squared and summed without weights, every direction counts alike.",
        laws.frozen_error(),
        "square of the step before",
        "Lem13",
        residual_flow,
    )
    yield derived(
        r"With equal weights this is a function of $a$, $d$ and one scaled time.",
        laws.benchmark(),
        r"$\lambda_i = i^{-a}/H_{d,a}$",
        "P15",
        tail_sum,
    )


@derivation("regimes", "Three regimes", "P16", "T2")
def regimes() -> Iterator[Step]:
    """From the first moment to the last mode."""
    yield derived(
        r"At first every mode moves a little, and the spectrum cancels: the trace is 1.",
        laws.early(),
        r"$\sum_{i \leq d} i^{-a} = H_{d,a}$",
        "P16",
        tail_sum,
    )
    yield derived(
        r"Later modes up to $X^{1/a}$ are learned. The sum is an integral; substitute $y = X x^{-a}$ and "
        r"integrate by parts.",
        laws.integral(),
        r"the boundary term vanishes at both ends for $a > 1$",
        "P16",
        tail_prefactor,
    )
    yield derived(
        r"The summand starts at 1 with all derivatives zero, so Euler and Maclaurin leave minus one half and "
        r"nothing else for $1 \ll X^{1/a} \ll d$: half a mode less than the integral says, for ever.",
        laws.half_a_mode(),
        r"$e^{-X x^{-a}}$ is flat at $x = 0$",
        "P16, sharp form",
        tail_sum,
    )
    yield derived(
        r"In terms of the flow's time the number of directions learned grows with a power that no constant "
        r"of the teacher enters.",
        laws.uniform(),
        r"$d = \infty$",
        "P16",
        tail_prefactor,
    )
    yield derived(
        r"At $X \sim d^a$ the sum notices its end, and one function leads from the plateau to zero.",
        laws.end_of_plateau(),
        r"substitution as above, from $y = z$ on",
        OURS,
        tail_fraction,
    )


def _constants() -> Table:
    rows = [
        [e, *(shown(constant(PowerLaw(e, "inf")), 12) for constant in (tail_exponent, tail_prefactor))]
        for e in ("1.2", "1.5", "2", "3", "4")
    ]
    return Table(
        ("$a$", "exponent", "prefactor"),
        rows,
        rf"Directions learned by the time $\tau$, ${laws.uniform().latex}$: exponent and prefactor.",
        tail_prefactor,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        The loss weighs mode $i$ with $\lambda_i$; the recovery error weighs every mode alike. So the loss
        can be small while next to nothing is recovered: of $d$ directions only the first few matter to it.
        Once $u$ and $s$ have arrived the modes hardly interact, and the sum of their exponentials can be
        studied on its own.
        """)
    yield frozen
    yield regimes
    yield _constants()
    yield Prose(r"""
        Here is the trade-off of the title. With larger $a$ the escape is faster and the statistics converge
        sooner, but the number of directions that are learned by a time grows more slowly. How
        far the true flow is from this frozen sum is measured next: the prefactor is right, and the relative
        error fades.
        """)


chapter = Chapter("tail", "The spectral tail", (frozen, regimes), _write, (evidence.section,))
