"""The setting: loss, gradient, Hessian, flow, hierarchy and the coordinates near the teacher (P1, P2, P3)."""

from collections.abc import Callable, Iterable
from typing import Any

import sympy
from sympy.core.function import AppliedUndef

from derivations.court.checks import Check, Meaning, identity
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import Statement, state
from derivations.setting.symbols import (
    L,
    Q_star,
    Qv,
    Qw,
    dot_v,
    dot_w,
    i,
    lam,
    p,
    q,
    s,
    slope,
    t,
    u,
    w,
    w_star,
)
from theory.symbolic import expectation, gradient, hessian, hierarchy, phase_retrieval, residual_flow
from theory.symbolic.hierarchy import ORDER

MODEL = phase_retrieval()
g, h = sympy.symbols("g h")
COVARIANCE = sympy.Matrix([[s, u], [u, t]])
E = sympy.Function(r"\mathbb{E}")
AVERAGES: Meaning = {E: lambda polynomial: expectation(polynomial, [g, h], COVARIANCE)}
"""Means over the outputs g = ⟨x, w⟩ and h = ⟨x, w*⟩, by their covariance."""

MODES = {
    s: ModeSum(lam[i] * w[i] ** 2, i),
    u: ModeSum(lam[i] * w[i] * w_star[i], i),
    t: ModeSum(lam[i] * w_star[i] ** 2, i),
}
"""The overlaps as sums over modes."""

NEAR = {s: t + 2 * p + q, u: t + p}
"""The overlaps near the teacher: v = w − w*, p = vᵀQw*, q = vᵀQv."""


def mean_square() -> Check:
    """L is the mean of the squared error, by Gaussian moments."""
    return identity({**AVERAGES, L: AVERAGES[E]((g**2 - h**2) ** 2)})


def loss() -> Statement:
    """The loss in three overlaps (P1)."""
    return state(L, "=", MODEL.loss, check=mean_square())


def loss_gradient() -> Statement:
    """∇L in two vectors (P2)."""
    found = gradient(MODEL)
    return state(slope, "=", combined((found.student, Qw), (found.teacher, Q_star)), check=chain_rule())


def curvature() -> Statement:
    """∇²L in Q and forms of rank one (P2), compared with the second derivatives in two dimensions."""
    forms = [sympy.Symbol(name) for name in FORMS]
    name = sympy.Symbol(r"\nabla^2 L{}")
    x, y, c, e = (sympy.Matrix(sympy.symbols(f"{letter}1:3")) for letter in ("x", "y", "c", "e"))
    q1, q2, q3 = sympy.symbols("q1:4")
    Q = sympy.Matrix([[q1, q2], [q2, q3]])
    overlaps = {s: (x.T * Q * x)[0], u: (x.T * Q * y)[0], t: (y.T * Q * y)[0]}
    written = MODEL.loss.subs(overlaps)
    second = sum(written.diff(x[m], x[n]) * c[m] * e[n] for m in range(2) for n in range(2))
    cx, ex, cy, ey = ((left.T * Q * right)[0] for right in (x, y) for left in (c, e))
    values = ((c.T * Q * e)[0], cx * ex, cx * ey + cy * ex, cy * ey)
    pairs = zip(hessian(MODEL).coefficients, forms, strict=True)
    meaning = {**overlaps, name: second, **dict(zip(forms, values, strict=True))}
    return state(name, "=", combined(*pairs), check=identity(meaning))


FORMS = (
    r"Q{}",
    r"(Qw){(Qw)^\top}",
    r"\left[(Qw){(Qw^*)^\top} + (Qw^*){(Qw)^\top}\right]",
    r"(Qw^*){(Qw^*)^\top}",
)
"""The matrices of the Hessian."""


def flow() -> Statement:
    """ẇ in two vectors (P3)."""
    return state(
        dot_w, "=", combined((MODEL.A[0], Qw), (MODEL.B[0], Q_star)), check=identity({dot_w: -chained()})
    )


def chain_rule() -> Check:
    """∇L by the chain rule: ∇s = 2Qw and ∇u = Qw*."""
    return identity({slope: chained()})


def chained() -> sympy.Expr:
    """∇L in the vectors Qw and Qw*."""
    return 2 * MODEL.loss.diff(s) * Qw + MODEL.loss.diff(u) * Q_star


def mode() -> Statement:
    """ẇ_i, linear given s and u (P3); checked as −∂L/∂w_1 of two modes."""
    speed = sympy.Symbol(r"\dot w_{i}")
    written = MODEL.loss.subs({name: sum(_term(total, n) for n in (1, 2)) for name, total in MODES.items()})
    right = times(lam[i], combined((MODEL.A[0], w[i]), (MODEL.B[0], w_star[i])))
    return state(speed, "=", right, check=identity({**MODES, i: 1, speed: -written.diff(w[1])}))


def _term(total: ModeSum, number: int) -> sympy.Expr:
    """One term of a sum over modes."""
    body, index = total.args
    return body.subs(index, number)


def energies() -> Statement:
    """ṡ^(k) (P3)."""
    return _of_order(sympy.Symbol(r"\dot s^{(k)}"), hierarchy(MODEL).S[0], lambda x, _: x**2)


def overlaps() -> Statement:
    """u̇^(k) (P3)."""
    return _of_order(sympy.Symbol(r"\dot u^{(k)}"), hierarchy(MODEL).U[0], lambda x, y: x * y)


def _of_order(
    name: sympy.Symbol, derived: sympy.Expr, summand: Callable[[sympy.Expr, sympy.Expr], sympy.Expr]
) -> Statement:
    """A derivative of order k, compared with that of the sum over modes."""
    x, y = sympy.symbols("x y")
    speed = lam[i] * (MODEL.A[0] * w[i] + MODEL.B[0] * w_star[i])
    slope_of = summand(x, y).diff(x).subs({x: w[i], y: w_star[i]}, simultaneous=True)
    meaning: dict[Any, Any] = {name: ModeSum(lam[i] ** ORDER * slope_of * speed, i)}
    for letter, body in (("s", w[i] ** 2), ("u", w[i] * w_star[i]), ("t", w_star[i] ** 2)):
        meaning[sympy.Function(letter)] = _moment(body)
    return state(name, "=", by_statistic(derived), check=identity(meaning))


def statistics() -> Statement:
    """What the orders are (P3): sums over modes, and for order one the overlaps."""
    names = {letter: sympy.Function(letter) for letter in ("s", "u", "t")}
    bodies = {"s": w[i] ** 2, "u": w[i] * w_star[i], "t": w_star[i] ** 2}
    parts: list[sympy.Basic | str] = []
    for letter, name in names.items():
        parts += [name(ORDER), "=", ModeSum(times(lam[i] ** ORDER, bodies[letter]), i), ","]
    first = {
        ORDER: 1,
        **{name: _constant(total) for name, total in zip(names.values(), MODES.values(), strict=True)},
    }
    return state(*parts[:-1], check=identity(first, "order one is the overlaps"))


def _constant(value: sympy.Expr) -> Callable[[sympy.Expr], sympy.Expr]:
    return lambda _: value


def shifted() -> Statement:
    """The tower as one linear equation, in its first two rows; the shift takes x_k to x_{k+1} (5.1)."""
    dot, shift = sympy.Symbol(r"\dot U"), sympy.Symbol(r"\mathbb{B}")
    form = sympy.Symbol(r"(\mathbb{B} s_*^\infty) e_1^\top")
    rate, pull = MODEL.A[0].subs(t, 1), MODEL.B[0].diff(u)
    order = {letter: sympy.Function(letter)(ORDER + 1) for letter in ("u", "t")}
    row = {dot: hierarchy(MODEL).U[0].subs(t, 1), shift: order["u"], form: order["t"] * u}
    right = plus(times(sympy.factor(rate), shift), times(pull, form))
    U = sympy.Symbol("U")
    return state(dot, "=", times(right, U), check=identity({**row, U: 1}, "row by row"))


def isotropic() -> Statement:
    """The planar flow of (u, s) at Q = I, against the loss in two directions."""
    dot_u, dot_s = sympy.Symbol(r"\dot u"), sympy.Symbol(r"\dot s")
    (x1, x2), y = sympy.symbols("x1:3"), sympy.Symbol("y")
    inside = {s: x1**2 + x2**2, u: x1 * y, t: y**2}
    speed = [-MODEL.loss.subs(inside).diff(x) for x in (x1, x2)]
    same = {sympy.Function(n)(ORDER + 1): value for n, value in (("s", s), ("u", u), ("t", t))}
    tower = hierarchy(MODEL)
    return state(
        dot_u,
        "=",
        sympy.factor(tower.U[0].subs(same)),
        ",",
        dot_s,
        "=",
        by_first(tower.S[0].subs(same)),
        check=identity({**inside, dot_u: speed[0] * y, dot_s: 2 * (x1 * speed[0] + x2 * speed[1])}),
    )


def by_first(expression: sympy.Expr) -> sympy.Expr:
    """The energy's own terms, factored, and the rest."""
    own = sympy.expand(expression).as_independent(u, as_Add=True)
    return plus(sympy.factor(own[0]), own[1])


def _moment(body: sympy.Expr) -> Callable[[sympy.Expr], sympy.Expr]:
    return lambda order: ModeSum(lam[i] ** order * body, i)


def by_statistic(expression: sympy.Expr) -> sympy.Expr:
    """An expression with one term for every statistic or coordinate, students before teachers."""
    expanded = sympy.expand(expression)
    vectors: Iterable[sympy.Expr] = sorted(
        expanded.atoms(AppliedUndef), key=lambda f: ("star" in str(f), str(f))
    )
    return combined(*((expanded.coeff(vector), vector) for vector in vectors))


def residual() -> Statement:
    """v̇ for v = w − w*: no constant term is left."""
    near = residual_flow(MODEL)
    A, B = (entry[0].subs(NEAR) for entry in MODEL.drift)
    return state(
        dot_v,
        "=",
        combined((near.A[0], Qv), (near.C[0], Q_star)),
        check=identity({dot_v: A * Qv + (A + B) * Q_star}),
    )


def residual_loss() -> Statement:
    """L in p and q."""
    return state(L, "=", residual_flow(MODEL).loss, check=identity({L: MODEL.loss.subs(NEAR)}))


def combined(*terms: tuple[sympy.Expr, sympy.Expr]) -> sympy.Expr:
    """Σ coefficient · vector, each coefficient factored and zero ones left out, printed in this order."""
    return plus(*(_scaled(sympy.factor(value), vector) for value, vector in terms if value != 0))


def _scaled(value: sympy.Expr, vector: sympy.Expr) -> sympy.Expr:
    number, rest = value.as_coeff_Mul()
    return times(number, rest, vector) if rest.is_Add else times(value, vector)
