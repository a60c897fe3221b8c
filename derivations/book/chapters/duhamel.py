"""Duhamel and Volterra: the modes eliminated exactly (Lem 7, P7, P8, C.10)."""

from collections.abc import Iterator

import numpy as np
import sympy

from derivations.book.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.book.proof import DEFINITION, equal, holds, step
from derivations.typeset import latex
from numerics import Problem, solve
from numerics.volterra import solve_system
from theory.symbolic import SpectralMeasure, hierarchy, phase_retrieval
from theory.symbolic.closures import DuhamelVolterra, close
from theory.symbolic.closures.duhamel import Response

time, earlier, rate, target = sympy.symbols("t tau lambda w_star", positive=True)
start, s, u = sympy.symbols("w_0 s u")
Theta, Memory = sympy.Function("Theta"), sympy.Function("M")
WINDOW = 0.4
EIGENVALUES, START, TEACHER = ("0.6", "0.3", "0.1"), ("0.2", "-0.1", "0.15"), ("1", "0.8", "-0.6")


@derivation("variation", "One mode, then all of them", "P7", "Lem1", "Lem7")
def duhamel() -> Iterator[Step]:
    """Variation of constants with the clock Θ."""
    model = phase_retrieval()
    A, B = model.A[0].subs("t", 1), model.B[0]
    yield step(
        r"Let time run by a clock of its own, which stands still where $s = \tfrac13$ and runs backwards "
        r"beyond. Here "
        r"and below $s_* = 1$.",
        r"\Theta(t) = \int_0^t (1 - 3 s)\,d\tau, \qquad A = 4\,\dot\Theta",
        r"$A = 4(1 - 3s)$",
        equal((A, 4 * (1 - 3 * s))),
        "P7",
        DuhamelVolterra,
    )
    clock, memory = Theta(time), Memory(time)
    mode = sympy.exp(4 * rate * clock) * (start + 8 * rate * target * memory)
    slopes = {clock.diff(time): 1 - 3 * s, memory.diff(time): sympy.exp(-4 * rate * clock) * u}
    yield step(
        "Given the clock, each mode is a linear equation of first order. Its homogeneous solution is an "
        "exponential of "
        r"the clock; vary the constant. In the check $M(t)$ is the integral of $e^{-4\lambda_i\Theta} u$.",
        r"w_i(t) = w_i(0)\,e^{4\lambda_i\Theta(t)} + 8 \lambda_i w^*_i \int_0^t e^{4\lambda_i(\Theta(t) - "
        r"\Theta(\tau))} u(\tau)\,d\tau",
        "differentiated, it solves the mode's equation",
        equal((sympy.expand(mode.diff(time).subs(slopes)), sympy.expand(rate * (A * mode + B * target)))),
        "P7",
        DuhamelVolterra,
    )
    m = sympy.Symbol("m", integer=True, nonnegative=True)
    theta = sympy.Symbol("theta", positive=True)
    total = sympy.summation(theta**m / sympy.factorial(m) * rate**m, (m, 0, sympy.oo))
    yield step(
        r"Summed with weights $\lambda_i^k w^*_i$ the exponentials of the modes become the exponential of "
        r"the shift.",
        r"\left(e^{\theta \mathbb{B}} x\right)_k = \sum_{m \geq 0} \frac{\theta^m}{m!} x_{k+m}, \qquad "
        r"x_k = \sum_i \lambda_i^k y_i \; \Rightarrow \; \sum_i \lambda_i^k y_i e^{\theta\lambda_i}",
        "exponential series, mode by mode",
        equal((total, sympy.exp(theta * rate))),
        "Lem7",
        Response,
    )
    yield step(
        "With it the solutions of all modes are Duhamel's formula for the tower.",
        r"U(t) = e^{4\mathbb{B}\Theta(t)} U_0 + 8 \int_0^t e^{4\mathbb{B}(\Theta(t) - \Theta(\tau))} "
        r"(\mathbb{B} s_*^\infty)\,u(\tau)\,d\tau",
        r"weights $\lambda_i^k w^*_i$; $(\mathbb{B} s_*^\infty)_k = \sum_i \lambda_i^{k+1} (w^*_i)^2$",
        equal(
            (
                sympy.expand(rate * target * mode),
                sympy.expand(
                    sympy.exp(4 * rate * clock) * (rate * start * target + 8 * rate**2 * target**2 * memory)
                ),
            )
        ),
        "P7",
        DuhamelVolterra,
    )


@derivation("volterra", "Two equations for two unknowns", "P8", "5.3")
def volterra() -> Iterator[Step]:
    """u as a Volterra equation; the kernel needs two times; s with a double integral."""
    system = close(hierarchy(phase_retrieval()), DuhamelVolterra())
    yield step(
        "The first coordinate closes on $u$ and the clock.",
        r"u(t) = a(t) + 8 \int_0^t K(t, \tau)\,u(\tau)\,d\tau, \qquad "
        r"a(t) = \sum_i \lambda_i w_i(0) w^*_i e^{4\lambda_i\Theta(t)}, \quad "
        r"K(t, \tau) = \sum_i \lambda_i^2 (w^*_i)^2 e^{4\lambda_i(\Theta(t) - \Theta(\tau))}",
        "first coordinate of Duhamel's formula",
        holds(
            [(x.response.statistic.name, int(x.response.statistic.order), x.integrals) for x in system.u]
            == [("U", 1, 0), ("T", 2, 1)],
            "terms of the derived system",
        ),
        "P8, corrected",
        DuhamelVolterra,
    )
    fast, late = sympy.symbols("c b", positive=True)
    yield step(
        r"The kernel is one of two times. The paper writes $K_\Theta(t - \tau)$, with $\Theta(t - \tau)$ in "
        r"place of the "
        r"difference; these agree where $\Theta$ is linear, that is while $s$ is constant, and differ from "
        r"the third order "
        r"in $t$ on. At the start, where $s \approx 0$ and $\Theta \approx t$, nothing is lost.",
        r"\Theta(t) - \Theta(\tau) = \Theta(t - \tau) \iff \Theta(t) = c\,t",
        r"for instance $\Theta = c\,t + b t^2$: the difference is $2 b \tau (t - \tau)$",
        equal(
            (
                (fast * time + late * time**2)
                - (fast * earlier + late * earlier**2)
                - (fast * (time - earlier) + late * (time - earlier) ** 2),
                2 * late * earlier * (time - earlier),
            )
        ),
        "P8, corrected",
        DuhamelVolterra,
    )
    yield step(
        "The clock needs $s$, and $s$ is quadratic in the modes: one term of the start, a single integral, a "
        "double one.",
        r"s(t) = \sum_i \lambda_i w_i(0)^2 e^{8\lambda_i\Theta(t)} + 16 \int_0^t g_2\,u\,d\tau + 64 "
        r"\int_0^t\!\!\int_0^t g_3\,u\,u\,d\tau\,d\tau'",
        r"$g_2, g_3$: the generating functions of $u^{(2)}(0)$ and $s_*^{(3)}$ at $4(2\Theta(t) - "
        r"\Theta(\tau) - \dots)$",
        holds(
            [(x.multiplicity, int(x.response.statistic.order), x.integrals) for x in system.s]
            == [(1, 1, 0), (2, 2, 1), (1, 3, 2)],
            "terms of the derived system, whose source is 8u",
        ),
        OURS,
        DuhamelVolterra,
    )
    yield step(
        "These are closed equations for two functions of time. The spectrum enters as a measure, through "
        "three "
        "generating functions, so they are the same at three modes and at infinitely many.",
        rf"\dot\Theta = 1 - 3 s, \qquad {latex(system.hierarchy.model.A[0].subs('t', 1))} = 4\,\dot\Theta",
        "the clock",
        equal((system.hierarchy.model.A[0].subs("t", 1), 4 * (1 - 3 * s))),
        OURS,
        DuhamelVolterra,
    )


@derivation("deficit", "The same for what is missing", "C.10")
def deficit() -> Iterator[Step]:
    """Δ = 1 − u."""
    h, k, integral = sympy.symbols("h K I")
    yield step(
        r"Start the clock at $T_1'$ and put $u = 1 - \Delta$.",
        r"u = h + \int_{T_1'}^t K_\Theta(t, \tau)\,u\,d\tau, \qquad \Delta = 1 - u, \qquad "
        r"K_\Theta(t, \tau) = 8 \sum_i \lambda_i^2 (w^*_i)^2 e^{4\lambda_i(\Theta(t) - \Theta(\tau))}",
        "the equation above; here the paper has both times",
        DEFINITION,
        "C.10",
    )
    yield step(
        "The constant is not a solution, so it leaves a source behind.",
        r"\Delta(t) = \left[1 - h(t) - \int_{T_1'}^t K_\Theta(t, \tau)\,d\tau\right] + \int_{T_1'}^t "
        r"K_\Theta(t, \tau)\,\Delta(\tau)\,d\tau",
        r"linearity; in the check $I$ is the integral of $K \Delta$",
        equal((1 - (h + k - integral), (1 - h - k) + integral)),
        "C.10",
    )


def _solved() -> Table:
    """The integral equations and the flow of the modes, solved apart."""
    measure = SpectralMeasure(EIGENVALUES, [START], [TEACHER])
    times, s_values, u_values, _ = solve_system(
        close(hierarchy(phase_retrieval()), DuhamelVolterra()), measure, WINDOW
    )
    problem = Problem(np.array(EIGENVALUES, float), np.array(TEACHER, float), np.array(START, float))
    run = solve(problem, 2 * WINDOW).at(times)
    chosen = [0, len(times) // 3, 2 * len(times) // 3, len(times) - 1]
    rows = [
        [
            f"{times[n]:.4f}",
            f"{u_values[n]:.12f}",
            f"{abs(u_values[n] - run.u[n]):.0e}",
            f"{s_values[n]:.12f}",
            f"{abs(s_values[n] - run.s[n]):.0e}",
        ]
        for n in chosen
    ]
    return Table(
        (
            "$t$",
            "$u$, integral equations",
            "against the solver",
            "$s$, integral equations",
            "against the solver",
        ),
        rows,
        "Three modes: the integral equations by spectral collocation and Picard iteration, and the solver of "
        "the flow.",
        _solved,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        The tower does not close because it forgets that each mode, by itself, is simple. Once $s(t)$ and
        $u(t)$ are
        regarded as given functions, mode $i$ is a linear equation, and its solution can be written down. Put
        back into
        the definitions of $s$ and $u$ this closes without any approximation. The price is a memory: integral
        equations
        in place of differential ones.
        """)
    yield duhamel
    yield volterra
    yield deficit
    yield _solved()
    yield Prose(r"""
        The solver of this library is built on the same elimination. Within a step it represents $s$ and $u$
        by
        polynomials, solves every mode exactly against them, and iterates on the few coefficients. Its cost is
        proportional to the number of modes, and its error is read off the decay of the polynomial.
        """)


chapter = Chapter("duhamel", "Duhamel and Volterra", (duhamel, volterra, deficit), _write)
