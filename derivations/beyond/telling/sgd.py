"""Online SGD: its escape, where it comes to rest, and the best step for so many samples."""

from collections.abc import Iterator

import sympy

from derivations.court.checks import Check, identity
from derivations.court.numbers import shown
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import BrokenStepError, Clause, state
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived
from derivations.setting.statements import E, g, h
from derivations.setting.symbols import L, eta, i, lam, rho, w_star
from theory.asymptotics import (
    PowerLaw,
    descent_escape_rate,
    sgd_escape_rate_mean_square,
    sgd_escape_rate_typical,
    sgd_loss_floor,
    sgd_stability_step,
    sgd_tuned_exponent,
)
from theory.symbolic import expectation
from theory.symbolic.discrete import NOISE as sigma2

b, c, m, n, V, X, Y, N = sympy.symbols("b c m n V X Y N", positive=True)
ell, gamma = sympy.symbols("ell gamma", positive=True)
j = sympy.Symbol("j", integer=True)
noise = sympy.IndexedBase("N")
ALONG = sympy.Matrix([[c, b], [b, 1]])
"""Of g = ⟨x, p⟩ and h = ⟨x, w*⟩."""
MEANS = {E: lambda polynomial: expectation(polynomial, [g, h], ALONG)}
STEP = "0.004"


@derivation("typical", "How the typical run escapes")
def typical() -> Iterator[Step]:
    """Mean and variance of a step along the fastest direction, and what they make of the logarithm."""
    yield derived(
        r"While $w$ is small a step multiplies its part along the fastest direction $p$ by "
        r"$1 + 4\eta h^2 g^2$, with $g = \langle x, p\rangle$ and $h = \langle x, w^*\rangle$, and its mean "
        r"is $1 + \eta\rho$. With $c = \mathbb{E}[g^2]$ and $b = \mathbb{E}[gh]$:",
        state(
            rho,
            "=",
            times(4, E(h**2 * g**2)),
            "=",
            plus(times(4, c), times(8, b**2)),
            check=identity({**MEANS, rho: MEANS[E](4 * h**2 * g**2)}),
        ),
        "fourth moments of a Gaussian pair",
        OURS,
        expectation,
    )
    square = plus(times(9, c**2), times(72, c, b**2), times(24, b**4))
    yield derived(
        "The factor fluctuates with eighth moments: one sample's variance is large.",
        state(
            V,
            "=",
            plus(times(16, E(h**4 * g**4)), -(rho**2)),
            "=",
            times(16, plus(square, -(plus(c, times(2, b**2)) ** 2))),
            check=identity(
                {
                    **MEANS,
                    rho: 4 * c + 8 * b**2,
                    V: MEANS[E](16 * h**4 * g**4) - MEANS[E](4 * h**2 * g**2) ** 2,
                }
            ),
        ),
        "eighth moments of a Gaussian pair",
        OURS,
        expectation,
    )
    yield derived(
        "What a run gains is a logarithm, and of a concave function the mean is less: the typical run is "
        "slower than descent by half the variance, to second order in the step.",
        state(
            ell,
            "=",
            plus(sympy.log(plus(1, times(eta, rho))), -times(sympy.Rational(1, 2), eta**2, V)),
            check=_second_order(),
        ),
        "law of large numbers for the logarithms",
        OURS,
        sgd_escape_rate_typical,
    )


def _second_order() -> Check:
    """The mean of log(1 + ηx), x of mean ρ and variance V: its series to η²."""

    def check(clauses: tuple[Clause, ...]) -> str:
        ((name, law),) = (clause.sides for clause in clauses)
        x = sympy.Symbol("x")
        series = sympy.series(sympy.log(1 + eta * x), eta, 0, 3).removeO()
        mean = sympy.expand(series).subs({x**2: V + rho**2}).subs({x: rho})
        found = sympy.series(law.doit(), eta, 0, 3).removeO()
        if name != ell or sympy.expand(found - mean) != 0:
            raise BrokenStepError(f"{law} is not the mean of the logarithm to second order")
        return "series to second order"

    return check


@derivation("rest", "Where noisy labels hold the loss")
def rest() -> Iterator[Step]:
    """The stationary second moments at small steps, and their loss."""
    held = times(eta, sigma2, lam[i]) / m
    other = held.subs(i, j)
    yield derived(
        r"Near the teacher the covariance of $Q^{1/2}(w - w^*)$ loses $8\eta(QAN + NAQ)$ in a step, "
        r"$A = 1 + 2ee^\top$, and labels of variance $\sigma^2$ give it $16\eta^2\sigma^2 QAQ/m$. Both are "
        r"equal for a diagonal $N$, entry by entry:",
        state(
            times(8, eta, plus(times(lam[i], noise[j]), times(noise[i], lam[j]))),
            "=",
            times(16, eta**2, sigma2, lam[i], lam[j]) / m,
            ",",
            noise[i],
            "=",
            held,
            check=_balanced(held, other),
        ),
        "both sides have the factor $A$",
        OURS,
        sgd_loss_floor,
    )
    floor = times(4, plus(ModeSum(noise[i], i), times(2, ModeSum(lam[i] * w_star[i] ** 2 * noise[i], i))))
    yield derived(
        r"Its loss is $4(\mathrm{tr}\,N + 2e^\top Ne)$: the floor is proportional to the step.",
        state(
            L,
            "=",
            floor,
            "=",
            times(
                4,
                eta,
                sigma2,
                plus(ModeSum(lam[i], i), times(2, ModeSum(lam[i] ** 2 * w_star[i] ** 2, i))),
            )
            / m,
            check=_floor(),
        ),
        "the loss near the teacher",
        OURS,
        sgd_loss_floor,
    )


def _balanced(held: sympy.Expr, other: sympy.Expr) -> Check:
    """The balance with the N that the second clause says."""

    def check(clauses: tuple[Clause, ...]) -> str:
        balance, (name, said) = clauses[0], clauses[1].sides
        meaning = {noise[i]: said, noise[j]: said.subs(i, j)}
        left, right = (side.doit().subs(meaning) for side in balance.sides)
        if name != noise[i] or sympy.simplify(left - right) != 0:
            raise BrokenStepError(f"{said} does not stay as it is")
        return "symbolic identity"

    return check


def _floor() -> Check:
    """Of 4 (q + 2 p²) with the deviation's second moments, in two modes."""

    def check(clauses: tuple[Clause, ...]) -> str:
        ((name, *sides),) = (clause.sides for clause in clauses)
        x, y = sympy.symbols("x1:3"), sympy.symbols("y1:3")
        held = [eta * sigma2 * value / m for value in x]
        exact = 4 * sum(
            part + 2 * value * star**2 * part for part, value, star in zip(held, x, y, strict=True)
        )
        for side in sides:
            modes = side.replace(ModeSum, lambda body, index: sum(body.subs(index, k) for k in (1, 2))).doit()
            written = modes.subs({lam[k]: x[k - 1] for k in (1, 2)} | {w_star[k]: y[k - 1] for k in (1, 2)})
            written = written.subs({noise[k]: held[k - 1] for k in (1, 2)})
            if name != L or sympy.simplify(written - exact) != 0:
                raise BrokenStepError(f"{side} is not the loss")
        return "symbolic identity in two modes"

    return check


@derivation("spent", "The best step for so many samples")
def spent() -> Iterator[Step]:
    """Bias against floor."""
    total = plus(times(X, (eta * n) ** -gamma), times(Y, eta))
    best = (gamma * X * n**-gamma / Y) ** (1 / (1 + gamma))
    yield derived(
        r"With $n$ samples, one a step, the time is $\eta n$. A bias $X(\eta n)^{-\gamma}$ falls with the "
        r"step and a floor $Y\eta$ rises; they are best together where the derivative vanishes.",
        state(eta, "=", best, check=_stationary(total)),
        "derivative in the step",
        OURS,
        sgd_tuned_exponent,
    )
    yield derived(
        r"What is left falls with a smaller power than $\gamma$.",
        state(
            L,
            "=",
            times(plus(1, 1 / gamma), Y, best),
            check=identity({L: total.doit().subs(eta, best)}),
        ),
        "substitution",
        OURS,
        sgd_tuned_exponent,
    )


def _stationary(total: sympy.Expr) -> Check:
    """The derivative of the total vanishes there."""

    def check(clauses: tuple[Clause, ...]) -> str:
        ((name, place),) = (clause.sides for clause in clauses)
        slope = sympy.diff(total.doit(), eta).subs(eta, place)
        if name != eta or sympy.simplify(sympy.powdenest(sympy.expand_power_base(slope), force=True)) != 0:
            raise BrokenStepError(f"{place} is not where the loss is least")
        return "symbolic derivative"

    return check


def _constants() -> Table:
    rows = []
    for a in ("1.5", "2", "3"):
        law = PowerLaw(a, "inf")
        found = (
            sgd_escape_rate_typical(law, float(STEP)),
            descent_escape_rate(law, STEP, 12),
            sgd_escape_rate_mean_square(law, float(STEP)),
            sgd_stability_step(law),
        )
        rows.append([a, *(shown(constant, 6) for constant in found)])
    return Table(
        ("$a$", "typical run", "descent", "mean square", r"largest stable $\eta$"),
        rows,
        rf"Rates of escape of SGD at $\eta = {STEP}$, one sample a step, $d = \infty$, flat teacher.",
        sgd_stability_step,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        One sample a step, used once: the mean of such a step is that of descent, and what the samples add are
        fluctuations. At both ends of a run, near zero and near the teacher, the steps are linear with random
        coefficients, and their second moments close exactly.
        """)
    yield typical
    yield _constants()
    yield rest
    yield Prose(r"""
        Without label noise nothing holds the loss, and the bias of the flow decays as before, amplified by a
        constant. The noise that the fast beginning has left on the slow modes decays as $t^{-(2 - 1/a)}$ and
        takes over where the bias is faster, for $2B > a$.
        """)
    yield spent
    yield Prose(r"""
        Steps that fall to zero average the noise of the labels: $\eta (1 - k/n)^p$ reaches the minimax
        exponent $(b - 1)/b$, $b = a + 2B$, from $p > a - 1$ on.
        """)


chapter = Chapter("online", "Online SGD", (typical, rest, spent), _write)
