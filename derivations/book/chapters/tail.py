"""Phase III: the spectral tail (Lem 13, P15, P16, T2)."""

from collections.abc import Iterator

import sympy
from mpmath import mp, mpf

from derivations import tail as evidence
from derivations.book.document import OURS, Asked, Block, Chapter, Measured, Prose, Step, Table, derivation
from derivations.book.proof import DEFINITION, close, equal, holds, step
from derivations.court.numbers import shown
from derivations.typeset import latex
from theory.asymptotics import PowerLaw, tail_exponent, tail_fraction, tail_prefactor, tail_sum
from theory.symbolic import phase_retrieval, residual_flow

p, q, t = sympy.symbols("p q t")
rate, time, x, y, a, c, d, H, X = sympy.symbols("lambda tau x y a c d H X", positive=True)
error = sympy.Symbol("e_0")
EXPONENTS = ("1.2", "1.5", "2", "3", "4")


@derivation("frozen", "The frozen flow and its sum", "Lem13", "P15", "E1")
def frozen() -> Iterator[Step]:
    """s ≡ u ≡ 1: every mode on its own."""
    flow = residual_flow(phase_retrieval())
    yield step(
        r"Hold $s$ and $u$ at 1. The feedback vanishes, and every mode relaxes on its own.",
        rf"\dot v_i = {latex(flow.A[0].subs({p: 0, q: 0, t: 1}))}\,\lambda_i v_i \; \Rightarrow \; "
        r"v_i(T_2 + \tau) = v_i(T_2)\,e^{-8\lambda_i\tau}",
        r"$p = q = 0$ in the residual flow",
        equal(
            (flow.C[0].subs({p: 0, q: 0}), 0),
            (
                (error * sympy.exp(-8 * rate * time)).diff(time),
                -8 * rate * error * sympy.exp(-8 * rate * time),
            ),
        ),
        "Lem13",
        residual_flow,
    )
    yield step(
        "Squared and summed without weights, every direction counts alike.",
        r"\mathrm{MSE}(T_2 + \tau) = \mathrm{MSE}(T_2) \sum_i \pi_i e^{-16\lambda_i\tau}, \quad \pi_i "
        r"\propto v_i(T_2)^2",
        "square of the step before",
        equal((sympy.exp(-8 * rate * time) ** 2, sympy.exp(-16 * rate * time))),
        "Lem13",
        residual_flow,
    )
    yield step(
        r"With equal weights this is a function of $a$, $d$ and one scaled time.",
        r"S_d(\tau) = \frac1d \sum_{i \leq d} e^{-X i^{-a}}, \qquad X = \beta_d \tau, \quad \beta_d = "
        r"\frac{16}{H_{d,a}}",
        r"$\lambda_i = i^{-a}/H_{d,a}$",
        DEFINITION,
        "P15",
        tail_sum,
    )


@derivation("regimes", "Three regimes", "P16", "T2")
def regimes() -> Iterator[Step]:
    """Short times, the mesoscopic law with its constant, the end."""
    yield step(
        r"At first every mode moves a little, and the spectrum cancels: the trace is 1.",
        r"1 - S_d = \frac{\beta_d\tau}{d} \sum_i i^{-a} + O(\tau^2) = \frac{16\tau}{d} + "
        r"O\left(\frac{\tau^2}{d}\right)",
        r"$\sum_{i \leq d} i^{-a} = H_{d,a}$",
        equal(((1 - sympy.exp(-16 / H * time * x)).diff(time).subs(time, 0).subs(x, H), 16)),
        "P16",
        tail_sum,
    )
    primitive = -a * y ** (-1 / a) * (1 - sympy.exp(-y))
    yield step(
        r"Later modes up to $X^{1/a}$ are learned. The sum is an integral; substitute $y = X x^{-a}$ and "
        r"integrate by parts.",
        r"\int_0^\infty \left(1 - e^{-X x^{-a}}\right) dx = \frac{X^{1/a}}{a} \int_0^\infty y^{-1/a-1} "
        r"\left(1 - e^{-y}\right) dy = "
        r"X^{1/a} \int_0^\infty y^{-1/a} e^{-y} dy = \Gamma\left(1 - \tfrac1a\right) X^{1/a}",
        r"the boundary term $a\,y^{-1/a}(1 - e^{-y})$ vanishes at both ends for $a > 1$",
        equal(
            (primitive.diff(y), y ** (-1 / a - 1) * (1 - sympy.exp(-y)) - a * y ** (-1 / a) * sympy.exp(-y)),
            (sympy.integrate(y ** (c - 1) * sympy.exp(-y), (y, 0, sympy.oo)), sympy.gamma(c)),
        ),
        "P16",
        tail_prefactor,
    )
    yield step(
        r"The summand starts at 1 with all derivatives zero, so Euler and Maclaurin leave minus one half and "
        r"nothing "
        "else: half a mode less than the integral says, for ever.",
        r"d\,(1 - S_d) = \Gamma\left(1 - \tfrac1a\right) X^{1/a} - \tfrac12 + \text{exponentially small} "
        r"\qquad (1 \ll X^{1/a} \ll d)",
        r"$e^{-X x^{-a}}$ is flat at $x = 0$",
        _half(),
        "P16, sharp form",
        tail_sum,
    )
    yield step(
        r"In terms of the flow's time the number of directions learned grows with a power that no constant "
        r"of the "
        "teacher enters.",
        r"d\,(1 - S_d) \sim \Gamma\left(1 - \tfrac1a\right) \left(\tfrac{16}{\zeta(a)}\right)^{1/a} "
        r"\tau^{1/a}",
        r"$d = \infty$",
        _prefactors(),
        "P16",
        tail_prefactor,
    )
    yield step(
        r"At $X \sim d^a$ the sum notices its end, and one function leads from the plateau to zero.",
        r"S_d \to \int_0^1 e^{-z x^{-a}} dx = e^{-z} - z^{1/a}\,\Gamma\left(1 - \tfrac1a, z\right), \qquad z "
        r"= X d^{-a}",
        r"substitution as above, from $y = z$ on",
        _end(),
        OURS,
        tail_fraction,
    )


def _half() -> str:
    """What the law leaves of the sum at a = 2, τ = 10^4."""
    with mp.workdps(40):
        scale = 16 * mpf(10) ** 4 / mp.zeta(2)
        left = tail_sum("2", "inf", "1e4", 30) - mp.gamma(mpf(1) / 2) * mp.sqrt(scale)
        return close(float(left), -0.5, 1e-12)


def _prefactors() -> str:
    worst = mpf(0)
    for exponent in EXPONENTS:
        law, e = PowerLaw(exponent, "inf"), mpf(exponent)
        printed = mp.gamma(1 - 1 / e) * (16 / mp.zeta(e)) ** (1 / e)
        worst = max(
            worst, abs(tail_prefactor(law).value / printed - 1), abs(tail_exponent(law).value * e - 1)
        )
    return holds(worst < mpf("1e-13"), f"10 constants of the library, to {mp.nstr(worst, 1)}")


def _end() -> str:
    """The incomplete gamma function against quadrature, at a = 2, z = 0.7."""
    z = mpf("0.7")
    closed = mp.exp(-z) - mp.sqrt(z) * mp.gammainc(mpf(1) / 2, z)
    return close(float(mp.quad(lambda place: mp.exp(-z / place**2), [0, 0.25, 0.5, 1])), float(closed), 1e-12)


def _constants() -> Table:
    rows = [
        [e, *(shown(constant(PowerLaw(e, "inf")), 12) for constant in (tail_exponent, tail_prefactor))]
        for e in EXPONENTS
    ]
    return Table(
        ("$a$", "exponent", "prefactor"),
        rows,
        r"Directions learned by the time $\tau$: $d\,(1 - S_d) \sim C \tau^{1/a}$ at $d = \infty$.",
        tail_prefactor,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        The loss weighs mode $i$ with $\lambda_i$; the recovery error weighs every mode alike. So the loss
        can be small
        while next to nothing is recovered: of $d$ directions only the first few matter to it. Once $u$ and
        $s$ have arrived the modes hardly interact, and the sum of their exponentials can be studied on its
        own.
        """)
    yield frozen
    yield regimes
    yield _constants()
    yield Prose(r"""
        Here is the trade-off of the title. With larger $a$ the escape is faster and the statistics converge
        sooner, but
        the number of directions that are learned by time $\tau$ grows like $\tau^{1/a}$. How far the true
        flow is from
        this frozen sum is measured next: the prefactor is right, and the relative error fades.
        """)
    yield Measured(
        evidence.chapter((1.5, 3.0) if asked.quick else (1.2, 1.5, 2.0, 2.5, 3.0, 4.0)), evidence.chapter
    )


chapter = Chapter("tail", "The spectral tail", (frozen, regimes), _write)
