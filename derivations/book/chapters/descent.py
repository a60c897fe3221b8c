"""Discrete time: gradient descent and online SGD."""

from collections.abc import Iterator

import sympy

from derivations import descent as evidence
from derivations.book.document import OURS, Asked, Block, Chapter, Measured, Prose, Step, Table, derivation
from derivations.book.proof import close, equal, holds, step
from derivations.court.numbers import shown
from derivations.report import DESCENT_STEPS
from derivations.typeset import latex
from theory.asymptotics import PowerLaw, escape_rate, stability_step
from theory.symbolic import (
    Statistic,
    StepMap,
    gradient_descent,
    hierarchy,
    linearise_along,
    online_sgd,
    phase_retrieval,
)
from theory.symbolic.discrete import NOISE, STEP
from theory.symbolic.hierarchy import ORDER

s, u, t = sympy.symbols("s u t")
rate, rho, w, v = sympy.symbols("lambda rho w v")


def _order(name: str, shift: int) -> sympy.Expr:
    return sympy.Function(name)(ORDER + shift)


@derivation("step", "One step of gradient descent")
def one_step() -> Iterator[Step]:
    """The map of the statistics, exact in η."""
    model = phase_retrieval()
    tower = hierarchy(model)
    change = gradient_descent(tower)
    A, B = model.A[0], model.B[0]
    yield step(
        r"A step replaces the derivative by a difference, mode by mode.",
        r"w_i \leftarrow w_i + \eta \lambda_i \left(A w_i + B w^*_i\right)",
        r"$w \leftarrow w - \eta \nabla L$",
        equal((A, tower.model.A[0]), (B, tower.model.B[0])),
        OURS,
        gradient_descent,
    )
    overlap = change.expression(Statistic("U", 0, 0, ORDER))
    yield step(
        "The overlaps are linear in the weights, so their change is the flow's derivative times the step.",
        r"u^{(k)} \leftarrow u^{(k)} + \eta \left[A\,u^{(k+1)} + B\,s_*^{(k+1)}\right]",
        "linearity",
        equal((overlap, STEP * (A * _order("u", 1) + B * _order("t", 1)))),
        OURS,
        StepMap.expression,
    )
    energy = change.expression(Statistic("S", 0, 0, ORDER))
    square = A**2 * _order("s", 2) + 2 * A * B * _order("u", 2) + B**2 * _order("t", 2)
    yield step(
        r"The energies are quadratic and gain a term in $\eta^2$, two orders further up the tower.",
        r"s^{(k)} \leftarrow s^{(k)} + 2\eta \left[A\,s^{(k+1)} + B\,u^{(k+1)}\right] + \eta^2 \left[A^2 "
        r"s^{(k+2)} + 2 A B\,u^{(k+2)} + B^2 s_*^{(k+2)}\right]",
        "square of the step",
        equal((energy, 2 * STEP * (A * _order("s", 1) + B * _order("u", 1)) + STEP**2 * square)),
        OURS,
        StepMap.expression,
    )


@derivation("stability", "The largest stable step")
def stability() -> Iterator[Step]:
    """1/ρ, by a coincidence of the two linearisations."""
    at_zero, at_teacher = (linearise_along(phase_retrieval(), multiple) for multiple in (0, 1))
    yield step(
        r"At the teacher the linear flow is minus twice the one at zero.",
        rf"M(w^*) = {latex(at_teacher.rate.subs(t, 1))}\,Q {latex(at_teacher.form[0])}\,Q w^* w^{{*\top}} Q "
        rf"= -2\,M(0)",
        "both are a multiple of $Q$ and a form of rank one",
        equal((at_teacher.rate, -2 * at_zero.rate), (at_teacher.form[0], -2 * at_zero.form[0])),
        OURS,
        linearise_along,
    )
    yield step(
        r"So its fastest rate is $2\rho$, and a step multiplies that direction by $1 - 2\eta\rho$. Stability "
        r"ends where "
        "this is minus one.",
        r"|1 - 2\eta\rho| < 1 \iff \eta < \frac1\rho",
        r"$\rho$ is the largest eigenvalue of $M(0)$",
        "; ".join(
            close(
                float(stability_step(PowerLaw(a, "inf"))) * float(escape_rate(PowerLaw(a, "inf"))), 1.0, 1e-14
            )
            for a in ("1.5", "3")
        ),
        OURS,
        stability_step,
    )
    eta = sympy.Symbol("eta", positive=True)
    yield step(
        "The escape slows down by little: to the largest stable step, by a factor of $\\log 2$.",
        r"u_n \sim c\,(1 + \eta\rho)^n = c\,e^{\rho_\eta n\eta}, \qquad \rho_\eta = \frac{\log(1 + "
        r"\eta\rho)}{\eta} \geq \rho \log 2",
        r"$\log(1 + x)/x$ falls with $x$",
        equal(
            (sympy.log(1 + eta * rho).subs(eta, 1 / rho) * rho, rho * sympy.log(2)),
            (sympy.log(1 + eta * rho).diff(eta).subs(eta, 0), rho),
        ),
        "Lem2, one step",
        linearise_along,
    )


@derivation("sgd", "What fresh samples add")
def sgd() -> Iterator[Step]:
    """The mean step of online SGD."""
    tower = hierarchy(phase_retrieval())
    noisy, plain = online_sgd(tower, batch=1), gradient_descent(tower)
    overlap = Statistic("U", 0, 0, 1)
    yield step(
        r"In the mean the overlap moves as in gradient descent.",
        r"\mathbb{E}\left[u^{(k)}_{n+1} - u^{(k)}_n \,|\, w_n\right] = \eta\left[A u^{(k+1)} + B "
        r"s_*^{(k+1)}\right]",
        "the gradient is unbiased and $u$ is linear",
        holds(noisy.change(overlap) == plain.change(overlap), "the two derived maps"),
        OURS,
        online_sgd,
    )
    trace = noisy.change(Statistic("S", 0, 0, 1))[2][Statistic("D", 0, 0, 2)]
    yield step(
        r"The energy gains the covariance of one sample's gradient. Its isotropic part carries a new "
        r"statistic, "
        r"$\operatorname{tr} Q^2$, here with one sample a step and label noise $\sigma^2$.",
        rf"\eta^2 \operatorname{{tr}} Q^2 \left({latex(trace)}\right)",
        "Stein's lemma twice",
        holds(NOISE in trace.free_symbols, "term of the derived map"),
        OURS,
        online_sgd,
    )
    floor = sympy.expand(trace.subs({s: t, u: t}))
    yield step(
        "At the teacher all of it vanishes but the noise of the labels. Without noise the samples agree "
        "there, and the "
        "fluctuations die out with the error.",
        rf"s = u = s_*: \qquad \eta^2 \operatorname{{tr}} Q^2 \cdot {latex(floor)}",
        "substitution",
        equal((floor, 16 * t * NOISE)),
        "E2",
        online_sgd,
    )


def _steps() -> Table:
    rows = [
        [
            a,
            shown(stability_step(PowerLaw(a, "inf"), 12), 12),
            shown(escape_rate(PowerLaw(a, "inf"), 12), 12),
        ]
        for a in ("1.2", "1.5", "2", "3", "4")
    ]
    return Table(
        ("$a$", r"largest stable $\eta$", r"$\rho$"),
        rows,
        r"Largest stable steps at the teacher, $d = \infty$, flat teacher.",
        stability_step,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        Practice takes steps. Full-batch gradient descent is a polynomial map of the statistics, and it can
        be derived
        as exactly as the flow. Two questions decide whether the flow is a good guide: how large a step may
        be, and
        which of the laws feel it.
        """)
    yield one_step
    yield stability
    yield _steps()
    yield Prose(r"""
        The slow modes do not feel the step: a mode that is being learned at the time $t = n \eta$ has
        $\lambda \sim 1/t$, and for it the step is small. Exponents and prefactors of phases II and III are
        therefore
        those of the flow, up to a shift of the time.
        """)
    yield sgd
    yield Measured(evidence.chapter(DESCENT_STEPS if asked.quick else 2 * DESCENT_STEPS), evidence.chapter)


chapter = Chapter("descent", "Descent", (one_step, stability, sgd), _write)
