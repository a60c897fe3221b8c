"""When to trust what."""

from collections.abc import Iterator

from mpmath import mp, mpf

from derivations.convergence import statements as convergence
from derivations.court.checks import means, number
from derivations.court.legend import given
from derivations.court.numbers import shown, value
from derivations.press.document import Asked, Block, Chapter, Prose, Table
from derivations.press.typeset import latex
from derivations.setting import symbols
from theory.asymptotics import (
    PowerLaw,
    convergence_prefactor,
    final_rate,
    fluctuation_prefactor,
    frozen_error,
    overlap_prefactor,
    saddle_delay,
    stability_step,
    summary_exponent,
    window_end,
    window_start,
)


def _window() -> str:
    """The times at which the power laws hold."""
    begin, end = (clause.sides[1] for clause in convergence.window().clauses)
    return rf"${latex(begin)} \ll t \ll {latex(end)}$"


def _windows() -> Table:
    """Where the power laws hold at finite d."""
    rows = []
    for exponent in ("1.5", "2", "3"):
        for dimension in ("1e3", "1e6", "1e12"):
            law = PowerLaw(exponent, dimension)
            found = (value(constant(law, 15)) for constant in (window_start, window_end, final_rate))
            rows.append([exponent, dimension, *(mp.nstr(number, 4) for number in found)])
    return Table(
        ("$a$", "$d$", r"from $t \gg$", r"to $t \ll$", "final rate"),
        rows,
        rf"The window {_window()} of the power laws at finite $d$, and the rate of the exponential that ends "
        "every run.",
        window_end,
    )


ACCURACY, LATE = mpf("0.01"), mpf(10) ** 6


def _quantities() -> Table:
    """Numbers by which a shortcut is wrong."""
    rows = []
    for exponent in ("1.5", "2", "3"):
        law = PowerLaw(exponent, "inf")
        gamma = value(summary_exponent(law))
        naive = 1 / (mpf(1) / 3 + 2 ** (-gamma - 1))
        sharp = (value(convergence_prefactor(law)) / ACCURACY) ** (1 / gamma)
        bound = number(means(convergence.PAPER, {symbols.epsilon: ACCURACY, symbols.gamma: gamma}))
        scatter = abs(value(fluctuation_prefactor(law, "overlap"))) * LATE ** (-1 / (2 * mpf(exponent)))
        rows.append(
            [exponent, *(mp.nstr(x, 4) for x in (naive, value(frozen_error(law)), bound / sharp, scatter))]
        )
    return Table(
        (
            "$a$",
            "frozen $1-u$ over true",
            "error of the frozen MSE",
            "paper's $T_2$ over true",
            "scatter of teachers",
        ),
        rows,
        r"By how much shortcuts err, $d = \infty$: the frozen flow's $1-u$ (a constant factor); the frozen "
        f"flow's recovery, relative, in units of $1-u$ (fades); the bound ${latex(convergence.PAPER)}$ with "
        f"constant 1, {given({latex(symbols.epsilon): ACCURACY})}; one standard deviation of $1-u$ over "
        f"Gaussian teachers of given energy, {given({'t': LATE})}, relative.",
        frozen_error,
    )


def _write(asked: Asked) -> Iterator[Block]:
    law = PowerLaw(2, "inf")
    yield Prose(rf"""
        A law is trusted within its window, a closure while its invariants hold, a number with its error.
        This chapter
        lists what goes wrong first.

        **The power laws** of phase II are laws of $d = \infty$. At finite $d$ they hold for
        {_window()}; the relative error within is of the order of $1 - u$ at the early end, and at the late
        end an incomplete gamma function takes over. A fitted slope that drifts within the window is more
        likely a
        correction, which the library knows to every universal order, than a new exponent.

        **Prefactors** belong to the flat teacher, or to a source teacher with its own. For a drawn Gaussian
        teacher
        divide by the energy of the draw, which does not become sharp as $d$ grows; what then remains is a
        scatter that
        fades.

        **The frozen approximation** is good for the recovery error and bad for $1 - u$: at $a = 2$ it
        overestimates the
        prefactor $C = {shown(overlap_prefactor(law), 6)}$ of $1 - u$ by a constant factor, for ever.
        """)
    yield _quantities()
    yield Prose(rf"""
        **For $a \leq 1$** none of the power laws apply. At $a = 1$ the law is logarithmic; for $a < 1$
        everything happens at
        times of order $d$, and for $a < \tfrac12$ the run first waits at a saddle, at $a = 0.3$ for
        ${mp.nstr(value(saddle_delay(0.3)), 4)}\,d \log d$. A start exactly at $u = 0$ stays there; a start
        whose overlap has the wrong sign in
        the leading modes ends at $-w^*$. The library reports where a run ends and how that was decided.

        **Gradient descent** follows the flow below $\eta = 1/\rho$, which is
        {shown(stability_step(law), 6)} at $a = 2$. Close to it the
        escape is slowed somewhat. SGD adds a floor of order $\eta \sigma^2$, which no
        law of the flow contains.

        **Closures in statistics** are for short times and for understanding. $s < 0$, $u^2 > s s_*$ or a
        growing loss end
        their validity. Quadrature and the integral equations have no such end.

        **The solver** reports an error of its own; `numerics.solve(…, check=True)` verifies the invariants,
        and `solve --digits 30`
        repeats a run in higher precision where a number matters. The constants carry a radius; a digit that
        is printed without one
        is not to be trusted, in this book either: tables show fewer digits than are known.

        **The audit** is as good as its attacks. *Proved* stands on SymPy and on the definitions as written
        here;
        *measured* on the spectra that were tried. A claim that survived is not thereby proved.
        """)
    yield _windows()


chapter = Chapter("trust", "When to trust what", (), _write)
