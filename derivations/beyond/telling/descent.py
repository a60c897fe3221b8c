"""Discrete time: gradient descent and online SGD."""

from collections.abc import Iterator

import sympy
from mpmath import matrix, mp

from derivations.beyond.measured import descent as evidence
from derivations.court.checks import Check, Meaning, every, identity, means, number, value
from derivations.court.numbers import shown
from derivations.court.numbers import value as known
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import BrokenStepError, Clause, state
from derivations.escape.statements import RATES, SQUARES
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived
from derivations.setting.statements import COVARIANCE, MODEL, MODES, g, h
from derivations.setting.symbols import eta, i, lam, rho, s, t, u, w, w_star
from theory.asymptotics import PowerLaw, descent_escape_rate, escape_rate, stability_step
from theory.symbolic import (
    Statistic,
    StepMap,
    expectation,
    gradient_descent,
    hierarchy,
    linearise_along,
    online_sgd,
    phase_retrieval,
)
from theory.symbolic.discrete import NOISE
from theory.symbolic.hierarchy import ORDER

A, B, Q, teacher, y = sympy.symbols("A B Q w^* y")
DRIFT: Meaning = {A: -2 * MODEL.loss.diff(s), B: -MODEL.loss.diff(u)}
STATISTICS = {"s": w[i] ** 2, "u": w[i] * w_star[i], "t": w_star[i] ** 2}
"""What the statistics add up, with λ^k."""

M, trace = sympy.Function("M"), sympy.Function(r"\operatorname{tr}")
GROWN = sympy.Symbol(r"\mathbb{E}\left[\Delta s \,|\, w_n\right]")
"""The mean change of the energy."""


def _order(name: str, shift: int) -> sympy.Expr:
    return sympy.Function(name)(ORDER + shift)


@derivation("step", "One step of gradient descent")
def one_step() -> Iterator[Step]:
    """The map of the statistics, exact in η."""
    change = gradient_descent(hierarchy(phase_retrieval()))
    move = times(eta, lam[i], A * w[i] + B * w_star[i])
    yield derived(
        r"A step replaces the derivative by a difference, mode by mode.",
        state(w[i], "←", plus(w[i], move), check=_against_the_gradient()),
        r"$w \leftarrow w - \eta \nabla L$",
        OURS,
        gradient_descent,
    )
    overlap, energy = (sympy.Function(name)(ORDER) for name in "us")
    yield derived(
        "The overlaps are linear in the weights, so their change is the flow's derivative times the step.",
        state(
            overlap,
            "←",
            plus(overlap, times(eta, plus(times(A, _order("u", 1)), times(B, _order("t", 1))))),
            check=every(
                _in_modes(move.doit() * w_star[i]),
                _moves(change.expression(Statistic("U", 0, 0, ORDER)), DRIFT),
            ),
        ),
        "linearity",
        OURS,
        StepMap.expression,
    )
    first = plus(times(A, _order("s", 1)), times(B, _order("u", 1)))
    second = plus(times(A**2, _order("s", 2)), times(2, A, B, _order("u", 2)), times(B**2, _order("t", 2)))
    yield derived(
        r"The energies are quadratic and gain a term in $\eta^2$, two orders further up the tower.",
        state(
            energy,
            "←",
            plus(energy, times(2, eta, first), times(eta**2, second)),
            check=every(
                _in_modes((w[i] + move.doit()) ** 2 - w[i] ** 2),
                _moves(change.expression(Statistic("S", 0, 0, ORDER)), DRIFT),
            ),
        ),
        "square of the step",
        OURS,
        StepMap.expression,
    )


def _moves(change: sympy.Expr, where: Meaning) -> Check:
    """What the left side becomes is the left side and this change."""

    def check(clauses: tuple[Clause, ...]) -> str:
        ((before, after),) = (clause.sides for clause in clauses)
        return identity(where)(state(after - before, "=", change, check=identity()).clauses)

    return check


def _against_the_gradient() -> Check:
    """−η ∂L/∂w_1 for two modes."""
    drift = {name: means(rate, MODES) for name, rate in DRIFT.items()}
    return _moves(-eta * means(MODEL.loss, MODES).diff(w[1]), {**drift, i: 1})


def _in_modes(difference: sympy.Expr) -> Check:
    """The change of a sum over modes, for A and B of any value."""
    sums = {
        sympy.Function(name): lambda order, body=body: ModeSum(lam[i] ** order * body, i)
        for name, body in STATISTICS.items()
    }
    return _moves(ModeSum(lam[i] ** ORDER * difference, i), sums)


@derivation("stability", "The largest stable step")
def stability() -> Iterator[Step]:
    """1/ρ, by a coincidence of the two linearisations."""
    linear = linearise_along(phase_retrieval(), 1)
    form = sympy.Symbol(r"Q w^* {w^{*\top}} Q{}")
    yield derived(
        r"At the teacher the linear flow is minus twice the one at zero.",
        state(
            M(teacher),
            "=",
            plus(times(linear.rate, Q), times(linear.form[0], form)),
            "=",
            -2 * M(0),
            check=_linear_flow(form),
        ),
        "both are a multiple of $Q$ and a form of rank one",
        OURS,
        linearise_along,
    )
    multiplier = sympy.Abs(plus(1, -2 * eta * rho), evaluate=False)
    yield derived(
        "So a step multiplies the direction of its fastest rate by the factor below. Stability ends where "
        "this is minus one.",
        state(multiplier, "<", 1, "⟺", eta, "<", 1 / rho, check=_edge),
        r"$\rho$ is the largest eigenvalue of $M(0)$",
        OURS,
        stability_step,
    )
    u_n, c, n, slowed = sympy.symbols("u_n c n rho_eta")
    factor = plus(1, eta * rho)
    yield derived(
        "The escape slows down by little: to the largest stable step, by the factor below.",
        state(
            u_n,
            "∼",
            times(c, factor**n),
            "=",
            times(c, sympy.exp(slowed * n * eta)),
            ",",
            slowed,
            "=",
            sympy.log(factor) / eta,
            "≥",
            times(rho, sympy.log(2)),
            check=_slowed(u_n, c, n, slowed),
        ),
        "the logarithm is concave",
        "Lem2, one step",
        linearise_along,
    )


def _linear_flow(form: sympy.Symbol) -> Check:
    """M(αw*) is minus the second derivative of L there: two dimensions, a general symmetric Q."""
    x, v, c, e = (sympy.Matrix(sympy.symbols(f"{letter}1:3")) for letter in "xvce")
    q1, q2, q3 = sympy.symbols("q1:4")
    metric = sympy.Matrix([[q1, q2], [q2, q3]])
    overlaps = {s: (x.T * metric * x)[0], u: (x.T * metric * v)[0], t: (v.T * metric * v)[0]}
    written = MODEL.loss.subs(overlaps)
    second = sum(written.diff(x[m], x[n]) * c[m] * e[n] for m in range(2) for n in range(2))

    def flow_at(point: sympy.Expr) -> sympy.Expr:
        multiple = sympy.cancel(point / teacher)
        return -second.subs({name: multiple * entry for name, entry in zip(x, v, strict=True)})

    vectors = {Q: (c.T * metric * e)[0], form: (c.T * metric * v)[0] * (e.T * metric * v)[0]}
    return identity({**vectors, t: overlaps[t], M: flow_at})


def _edge(clauses: tuple[Clause, ...]) -> str:
    """Both inequalities hold just below the largest stable step and neither does just above it."""
    ((multiplier, bound, step, edge),) = (clause.sides for clause in clauses)
    laws = [PowerLaw(exponent, "inf") for exponent in ("1.5", "3")]
    cases = [(known(escape_rate(law, 20)), known(stability_step(law, 20))) for law in laws]
    for rate, largest in (*cases, _three_modes()):
        for share in (mp.mpf("0.999"), mp.mpf("1.001")):
            at = {rho: rate, eta: share * largest}
            sizes = [number(means(side, at)) for side in (multiplier, bound, step, edge)]
            if (sizes[0] < sizes[1], sizes[2] < sizes[3]) != (share < 1, share < 1):
                raise BrokenStepError(f"stability does not end at {edge}")
    return "on both sides of the largest stable step"


def _three_modes() -> tuple[mp.mpf, mp.mpf]:
    """ρ, and 2 over the largest eigenvalue of the Hessian at the teacher, from the loss of three modes."""
    rates, squares = ([mp.mpf(text) for text in texts] for texts in (RATES, SQUARES))
    x, v = sympy.symbols("x1:4"), [mp.sqrt(square) for square in squares]
    modes = list(zip(rates, x, v, strict=True))
    written = MODEL.loss.subs(
        {s: sum(k * y * y for k, y, _ in modes), u: sum(k * y * z for k, y, z in modes), t: 1}
    )

    def hessian(multiple: int) -> matrix:
        at = {y: multiple * z for _, y, z in modes}
        return matrix([[mp.mpf(written.diff(y, z).subs(at)) for z in x] for y in x])

    return -min(mp.eigsy(hessian(0), eigvals_only=True)), 2 / max(mp.eigsy(hessian(1), eigvals_only=True))


def _slowed(u_n: sympy.Symbol, c: sympy.Symbol, n: sympy.Symbol, slowed: sympy.Symbol) -> Check:
    """Growth at the library's rate, which exceeds ρ log 2 below the largest step and is equal to it there."""

    def check(clauses: tuple[Clause, ...]) -> str:
        growth, (name, rate, least) = clauses[0], clauses[1].sides
        points = []
        for exponent in ("1.5", "3"):
            law, size, count = PowerLaw(exponent, "inf"), mp.mpf("0.01"), 7
            fastest, found = known(escape_rate(law, 20)), known(descent_escape_rate(law, "0.01", 20))
            grown = 3 * mp.fprod([1 + size * fastest] * count)
            points.append({eta: size, rho: fastest, n: count, c: 3, u_n: grown, slowed: found})
        if not all(number(means(rate, point)) > number(means(least, point)) for point in points):
            raise BrokenStepError(f"{rate} is less than {least}")
        equal = state(name, "=", rate, check=value(points, 1e-12)).clauses
        edge = identity()(state(rate.subs(eta, 1 / rho), "=", least, check=identity()).clauses)
        return f"{value(points, 1e-12)((growth, *equal))}; {edge} at the largest step"

    return check


@derivation("sgd", "What fresh samples add")
def sgd() -> Iterator[Step]:
    """The mean step of online SGD."""
    tower = hierarchy(phase_retrieval())
    noisy, plain = online_sgd(tower, batch=1), gradient_descent(tower)
    mean = sympy.Symbol(r"\mathbb{E}\left[\Delta u^{(k)} \,|\, w_n\right]")
    found = [_mean_move(), *(change.expression(Statistic("U", 0, 0, ORDER)) for change in (noisy, plain))]
    yield derived(
        r"In the mean the overlap moves as in gradient descent.",
        state(
            mean,
            "=",
            times(eta, plus(times(A, _order("u", 1)), times(B, _order("t", 1)))),
            check=every(*(identity({mean: move, **DRIFT}) for move in found)),
        ),
        "the gradient is unbiased and $u$ is linear",
        OURS,
        online_sgd,
    )
    added = noisy.change(Statistic("S", 0, 0, 1))[2][Statistic("D", 0, 0, 2)]
    yield derived(
        "The energy gains the covariance of one sample's gradient. Its isotropic part carries a new "
        r"statistic, $\operatorname{tr} Q^2$, here with one sample a step and label noise $\sigma^2$.",
        state(GROWN, "∋", times(eta**2, trace(Q**2), added), check=_isotropic(COVARIANCE)),
        "Stein's lemma twice",
        OURS,
        online_sgd,
    )
    whole, rest = sympy.expand(added.subs({s: t, u: t})).as_coeff_Mul()
    yield derived(
        "At the teacher all of it vanishes but the noise of the labels. Without noise the samples agree "
        "there, and the fluctuations die out with the error.",
        state(
            s,
            "=",
            u,
            "=",
            t,
            "⟹",
            GROWN,
            "∋",
            times(whole, eta**2, rest, trace(Q**2)),
            check=_at_the_teacher,
        ),
        "substitution",
        "E2",
        online_sgd,
    )


def _mean_move() -> sympy.Expr:
    """The mean of −2η e ∇g · Q^k w* over one sample, e = g² − h² its error and y = ⟨x, Q^k w*⟩."""
    covariance = sympy.Matrix(
        [[s, u, _order("u", 1)], [u, t, _order("t", 1)], [_order("u", 1), _order("t", 1), y]]
    )
    return expectation(sympy.expand(-4 * eta * (g**2 - h**2) * g * y), [g, h, y], covariance)


def _at_the_teacher(clauses: tuple[Clause, ...]) -> str:
    """The second clause where the overlaps are what the first one says."""
    overlaps, conclusion = clauses
    return _isotropic(COVARIANCE.subs(dict.fromkeys(overlaps.sides, t)))((conclusion,))


def _isotropic(covariance: sympy.Matrix) -> Check:
    """What a mode of x gives that neither student nor teacher has: λ² times the mean of 16 η² e² g².

    Its step is −4 η e g x_i, with e = g² − h² and the noise, and x_i is independent of e and g.
    """
    error = (g**2 - h**2) ** 2 + NOISE
    rate = sympy.Symbol("l")
    move = rate**2 * eta**2 * expectation(sympy.expand(16 * error * g**2), [g, h], covariance)
    return identity({GROWN: move, Q: rate, trace: lambda power: power})


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
        be derived as exactly as the flow. Two questions decide whether the flow is a good guide: how large
        a step may be, and which of the laws feel it.
        """)
    yield one_step
    yield stability
    yield _steps()
    yield Prose(r"""
        The slow modes do not feel the step: a mode that is being learned at the time $t = n \eta$ has
        $\lambda \sim 1/t$, and for it the step is small. Exponents and prefactors of phases II and III are
        therefore those of the flow, up to a shift of the time.
        """)
    yield sgd


chapter = Chapter("descent", "Descent", (one_step, stability, sgd), _write, (evidence.section,))
