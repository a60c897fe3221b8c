"""Claims on the loss, its gradient and its critical points (P1, P2, R1, R2)."""

import sympy

from derivations.court.attack import identities, identity
from derivations.court.claim import Constants, Effort, claim, correction
from derivations.court.verdict import Counterexample, Finding, Verdict
from theory.symbolic import critical_points, gaussian_moment, gradient, hessian, phase_retrieval

s, u, t, alpha = sympy.symbols("s u t alpha")
_covariance = sympy.Matrix([[s, u], [u, t]])
DERIVED = "derived from Gaussian moments, for any d"


@claim(
    "P1",
    "Proposition 1",
    "$L(w) = <a=3> s^<p=2> + <b=3> s_*^<q=2> - <c=4> u^<r=2> - <e=2> s s_*$",
    Verdict.PROVED,
    hypotheses=r"$x \sim N(0, Q)$; any symmetric $Q \succeq 0$ will do",
)
def loss(c: Constants, effort: Effort) -> Finding:
    printed = c["a"] * s ** c["p"] + c["b"] * t ** c["q"] - c["c"] * u ** c["r"] - c["e"] * s * t
    return identity(phase_retrieval().loss, printed, DERIVED)


@claim(
    "P1/step1",
    "Proposition 1, step 1",
    r"$E (x^\top w)^<m=4> = <a=3> \|w\|_Q^<m>$ and $E (x^\top w^*)^<n=4> = <b=3> \|w^*\|_Q^<n>$",
    Verdict.PROVED,
)
def fourth_moment(c: Constants, effort: Effort) -> Finding:
    student, teacher = (gaussian_moment(powers, _covariance) for powers in ((4, 0), (0, 4)))
    return identities(
        [(student, c["a"] * s ** (c["m"] / 2)), (teacher, c["b"] * t ** (c["n"] / 2))], "Wick's formula"
    )


@claim(
    "P1/step2",
    "Proposition 1, step 2",
    r"$E (x^\top w)^<p=2> (x^\top w^*)^<q=2> = <a=1> \|w\|_Q^<p> \|w^*\|_Q^<q> + <b=2> \langle w, w^* "
    r"\rangle_Q^<r=2>$, one pairing of Wick's formula giving the first term and two the second",
    Verdict.PROVED,
)
def mixed_moment(c: Constants, effort: Effort) -> Finding:
    # three pairings of (w, w, w*, w*): the product of the two covariances in each
    pairings = [_covariance[0, 0] * _covariance[1, 1]] + 2 * [_covariance[0, 1] ** 2]
    printed = c["a"] * s ** (c["p"] / 2) * t ** (c["q"] / 2) + c["b"] * u ** c["r"]
    stein = gaussian_moment((2, 2), _covariance)
    return identities([(stein, printed), (sum(pairings), printed)], "Stein's lemma, and the sum of pairings")


@claim(
    "P1/step3",
    "Proposition 1, step 3",
    "$L = <f=3>s^<p=2> + <g=3>s_*^<q=2> - <a=2>(s s_* + <h=2>u^<r=2>) = <f>s^<p> + <g>s_*^<q> - <e=2> s s_* "
    "- <b=4> u^<r>$",
    Verdict.PROVED,
)
def assembled(c: Constants, effort: Effort) -> Finding:
    squares = c["f"] * s ** c["p"] + c["g"] * t ** c["q"]
    first = squares - c["a"] * (s * t + c["h"] * u ** c["r"])
    last = squares - c["e"] * s * t - c["b"] * u ** c["r"]
    derived = phase_retrieval().loss
    return identities([(derived, first), (derived, last)], DERIVED)


@claim(
    "P2",
    "(3.1)",
    r"$\nabla L = <a=12> s Qw - <b=4> s_* Qw - <c=8> u Qw^*$",
    Verdict.PROVED,
)
def slope(c: Constants, effort: Effort) -> Finding:
    derived = gradient(phase_retrieval())
    printed = c["a"] * s - c["b"] * t, -c["c"] * u
    return identities([(derived.student, printed[0]), (derived.teacher, printed[1])], DERIVED)


@claim(
    "P2/chain",
    "Proposition 2, proof",
    r"$\nabla s = <a=2> Qw$, $\nabla u = <b=1> Qw^*$ and $\nabla L = <e=6>s \nabla s - <f=2>s_* \nabla s - "
    r"<g=8>u \nabla u$",
    Verdict.PROVED,
)
def chain_rule(c: Constants, effort: Effort) -> Finding:
    # mode i: s = Σ λ w², u = Σ λ w w*; and the derived gradient in terms of the printed factors
    rate, w, target = sympy.symbols("lambda w w_star")
    derived = gradient(phase_retrieval())
    pairs = [
        ((rate * w**2).diff(w), c["a"] * rate * w),
        ((rate * w * target).diff(w), c["b"] * rate * target),
        (derived.student, (c["e"] * s - c["f"] * t) * c["a"]),
        (derived.teacher, -c["g"] * u * c["b"]),
    ]
    return identities(pairs, "mode by mode, for any d")


@claim(
    "P2/hessian",
    "(3.2)",
    r"$\nabla^2 L = <a=24> (Qw)(Qw)^\top + (<b=12> s - <c=4> s_*) Q - <e=8> (Qw^*)(Qw^*)^\top$",
    Verdict.PROVED,
)
def curvature(c: Constants, effort: Effort) -> Finding:
    derived = hessian(phase_retrieval()).coefficients
    printed = c["b"] * s - c["c"] * t, c["a"], sympy.S.Zero, -c["e"]
    return identities(list(zip(derived, printed, strict=True)), DERIVED)


@claim(
    "P2/critical",
    "Proposition 2, cases 1 and 2",
    r"on $w = \alpha w^*$ the gradient vanishes iff $<a=12> \alpha^<p=3> - <b=12> \alpha = 0$, that is "
    r"$\alpha \in \{0, \pm <m=1>\}$; all other critical points have $u = 0$ and $s = s_*/<c=3>$",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$: with a zero eigenvalue $w$ is free along its eigenvectors; the last set "
    r"is empty for $d = 1$",
)
def critical(c: Constants, effort: Effort) -> Finding:
    model = phase_retrieval()
    ray = {s: alpha**2 * t, u: alpha * t}
    along = sympy.expand(-(alpha * model.A[0] + model.B[0]).subs(ray) / t)
    points = critical_points(model)
    multiples = [point.multiple for point in points if point.multiple is not None]
    other = [point for point in points if point.multiple is None]
    pairs = [
        (along, c["a"] * alpha ** c["p"] - c["b"] * alpha),
        (sympy.Add(*(multiple**2 for multiple in multiples)), 2 * c["m"] ** 2),
        (other[0].u, sympy.S.Zero),
        (other[0].s, t / c["c"]),
    ]
    return identities(pairs, f"solved for: {multiples} on the ray, {len(other)} set off it")


@claim(
    "P2/origin",
    "Proposition 2, at 0",
    r"$\nabla^2 L(0) = -<a=4> s_* Q - <b=8> (Qw^*)(Qw^*)^\top \prec 0$: a strict local maximum",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$",
)
def origin(c: Constants, effort: Effort) -> Finding:
    return _kind(0, "maximum", (-c["a"] * t, -c["b"]))


@claim(
    "P2/teacher",
    "Proposition 2, at ±w*",
    r"$\nabla^2 L(\pm w^*) = <a=16> (Qw^*)(Qw^*)^\top + <b=8> s_* Q \succ 0$: strict minima",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$",
)
def teacher(c: Constants, effort: Effort) -> Finding:
    findings = [_kind(sign, "minimum", (c["b"] * t, c["a"])) for sign in (1, -1)]
    return next((item for item in findings if item.verdict is not Verdict.PROVED), findings[0])


def _kind(multiple: int, kind: str, printed: tuple[sympy.Expr, sympy.Expr]) -> Finding:
    """The Hessian at ``multiple`` w*, metric and rank one, and the type of the point."""
    (point,) = [p for p in critical_points(phase_retrieval()) if p.multiple == multiple]
    metric, student, mixed, outer = point.hessian.coefficients
    rank_one = outer + 2 * multiple * mixed + multiple**2 * student
    found = identities([(metric, printed[0]), (rank_one, printed[1])], f"second-order test: {point.kind}")
    if found.verdict is Verdict.PROVED and point.kind != kind:
        return Finding(Verdict.UNDECIDED, f"the second-order test says {point.kind}")
    return found


@claim(
    "P2/global",
    "Proposition 2",
    r"$\pm w^*$ are the global minima: $L = <a=3> (s - s_*)^<p=2> + <b=4> (s s_* - u^<q=2>)$, a sum of two "
    "squares that vanishes only there",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$",
)
def least(c: Constants, effort: Effort) -> Finding:
    # s s* - u^2 = sum_{i<j} l_i l_j (w_i w*_j - w_j w*_i)^2 (Lagrange): each pair of modes on its own
    l1, l2, a1, a2, b1, b2 = sympy.symbols("l1 l2 a1 a2 b1 b2")
    pair = l1 * a1**2 * l2 * b2**2 + l2 * a2**2 * l1 * b1**2 - 2 * l1 * a1 * b1 * l2 * a2 * b2
    printed = c["a"] * (s - t) ** c["p"] + c["b"] * (s * t - u ** c["q"])
    return identities(
        [(phase_retrieval().loss, printed), (pair, l1 * l2 * (a1 * b2 - a2 * b1) ** 2)],
        "identity, and Lagrange's identity, pair by pair of modes, for any d",
    )


def _saddle() -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """wᵀ∇²Lw and w*ᵀ∇²Lw* at u = 0, s = s*/3, in units of s*², and that s."""
    (point,) = [p for p in critical_points(phase_retrieval()) if p.multiple is None]
    form = point.hessian.quadratic_form
    along_student, along_teacher = form(point.s, point.s, point.u), form(t, point.u, t)
    return sympy.expand(along_student / t**2), sympy.expand(along_teacher / t**2), point.s


@correction(
    r"$w^\top \nabla^2 L w = <b=24> s^<p=2> = <a=8/3> s_*^<q=2> > 0$ at $(u, s) = (0, s_*/<h=3>)$; the "
    "classification as saddle stands",
    Verdict.PROVED,
)
def saddle_value(c: Constants, effort: Effort) -> Finding:
    value, _, energy = _saddle()
    pairs = [
        (value * t**2, c["b"] * energy ** c["p"]),
        (value * t**2, c["a"] * t ** c["q"]),
        (energy, t / c["h"]),
    ]
    return identities(pairs, "Hessian at the saddle set, for any d")


@claim(
    "P2/saddle",
    "Proposition 2, last display",
    r"$w^\top \nabla^2 L w = 24 (w^\top Q w)^2 = <a=8> (w^{*\top} Q w^*)^2$ at $(u, s) = (0, s_*/3)$",
    Verdict.FALSE,
    correction=saddle_value,
)
def saddle(c: Constants, effort: Effort) -> Finding:
    value = _saddle()[0]
    if value == c["a"]:
        return Finding(Verdict.PROVED, "Hessian at the saddle set")
    example = Counterexample(
        f"Q = I, w* = (1, 0), w = (0, 1/√3): the form is 24 s² = {value}, not {c['a']}",
        f"from sympy import *; w, a = Matrix([0, 1/sqrt(3)]), Matrix([1, 0]); "
        f"H = 24*w*w.T + (12*w.dot(w) - 4*a.dot(a))*eye(2) - 8*a*a.T; assert (w.T*H*w)[0] != {c['a']}",
        Verdict.PROVED,
    )
    return Finding(Verdict.FALSE, f"it is {value} where s* = 1", counterexample=example)


@claim(
    "P2/saddle-down",
    "Proposition 2, last display",
    r"$w^{*\top} \nabla^2 L w^* = -<a=8> (w^{*\top} Q w^*)^<p=2> < 0$ at $(u, s) = (0, s_*/<h=3>)$, so that "
    "all these points are saddles",
    Verdict.PROVED,
)
def saddle_down(c: Constants, effort: Effort) -> Finding:
    up, down, energy = _saddle()
    pairs = [(down * t**2, -c["a"] * t ** c["p"]), (energy, t / c["h"])]
    found = identities(pairs, f"{up} along w and {down} along w*, where s* = 1")
    return found if up > 0 > down else Finding(Verdict.UNDECIDED, "no change of sign")


@claim(
    "R1",
    "Remark 1",
    r"the only minima are $\pm w^*$: of the <n=4> kinds of critical points two are minima, where $L = 0$; "
    "the others are a maximum and saddles",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$",
)
def no_spurious(c: Constants, effort: Effort) -> Finding:
    points = critical_points(phase_retrieval())
    kinds = sorted(point.kind for point in points)
    minima = [point for point in points if point.kind == "minimum"]
    values = [phase_retrieval().loss.subs({s: p.s, u: p.u}).expand() for p in minima]
    if kinds != ["maximum", "minimum", "minimum", "saddle"]:
        return Finding(Verdict.UNDECIDED, f"kinds {kinds}")
    return identities(
        [(sympy.Integer(len(points)), c["n"]), *((v, sympy.S.Zero) for v in values)], str(kinds)
    )


@claim(
    "R2",
    "Remark 2",
    r"with $z = Q^{<p=1/2>} w$ and $L_I(z) = L(Q^{-<p>} z)$: $\dot z = -<a=1> Q \nabla L_I(z)$, and $z$ is "
    "critical for $L_I$ iff $w$ is for $L$",
    Verdict.PROVED,
    hypotheses=r"$Q \succ 0$",
)
def preconditioned(c: Constants, effort: Effort) -> Finding:
    # mode by mode, any d: w = λ^{-p} z, so ∂L_I/∂z_i = λ^{-p} ∂L/∂w_i = λ^{1-2p} (2 L_s z_i + L_u z*_i)
    model = phase_retrieval()
    rate, z, target = sympy.symbols("lambda z z_star", positive=True)
    slope = 2 * model.loss.diff(s) * z + model.loss.diff(u) * target
    velocity = rate * (model.A[0] * z + model.B[0] * target)
    return identity(
        velocity, -c["a"] * rate ** (2 - 2 * c["p"]) * slope, "chain rule, mode by mode, for any d"
    )
