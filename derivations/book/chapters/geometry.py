"""Geometry: gradient, Hessian, critical points, the barrier (P2, R1, R3)."""

from collections.abc import Iterator

import numpy as np
import sympy

from derivations.book.document import OURS, Asked, Block, Chapter, Picture, Prose, Step, Table, derivation
from derivations.book.proof import equal, holds, step
from derivations.typeset import combination, latex
from numerics.figures import Curve, plot_curves, to_svg
from theory.symbolic import barrier, critical_points, gradient, hessian, phase_retrieval
from theory.symbolic.geometry import CriticalPoint, Hessian

s, u, t, alpha = sympy.symbols("s u t alpha")
NAMES = {"-1": "$-w^*$", "0": "$0$", "1": "$w^*$", "None": "$u = 0$, $s = s_*/3$"}


@derivation("hessian", "Gradient and Hessian", "P2")
def curvature() -> Iterator[Step]:
    """∇L and ∇²L in the vectors Qw and Qw*."""
    model = phase_retrieval()
    slope, bend = gradient(model), hessian(model)
    yield step(
        "The gradient lies in the plane of two vectors.",
        rf"\nabla L = {combination([(slope.student, 'Qw'), (slope.teacher, 'Qw^*')])}",
        "chain rule; see the chapter before",
        equal((slope.student, 2 * model.loss.diff(s)), (slope.teacher, model.loss.diff(u))),
        "P2",
        gradient,
    )
    forms = "Q", r"(Qw)(Qw)^\top", r"(Qw)(Qw^*)^\top + (Qw^*)(Qw)^\top", r"(Qw^*)(Qw^*)^\top"
    yield step(
        r"Differentiate once more. The factor of $Qw$ gives a multiple of $Q$ and, because $\nabla s = 2Qw$, "
        r"a form of "
        r"rank one; the factor of $Qw^*$ gives another.",
        rf"\nabla^2 L = {combination(zip(bend.coefficients, forms, strict=True))}",
        "product rule",
        equal(
            (bend.metric, slope.student),
            (bend.student, 2 * slope.student.diff(s)),
            (bend.teacher, slope.teacher.diff(u)),
            (bend.mixed, slope.student.diff(u)),
        ),
        "P2",
        hessian,
    )
    yield step(
        "The same by brute force: in two dimensions, with the loss written out in the coordinates of $w$, "
        "every "
        "second derivative agrees.",
        r"\partial_{w_i} \partial_{w_j} L = \left(\nabla^2 L\right)_{ij}, \qquad i, j \in \{1, 2\}",
        "polynomials in two coordinates",
        _brute_force(),
        "P2",
    )


def _brute_force() -> str:
    """All second derivatives of L in coordinates, d = 2."""
    model = phase_retrieval()
    w, v, rates = (sympy.symbols(f"{name}1:3") for name in ("w", "v", "l"))
    values = {
        s: sum(k * x * x for k, x in zip(rates, w, strict=True)),
        u: sum(k * x * y for k, x, y in zip(rates, w, v, strict=True)),
        t: sum(k * y * y for k, y in zip(rates, v, strict=True)),
    }
    bend, written = hessian(model).at(values), model.loss.subs(values)
    pairs = []
    for i, j in ((0, 0), (0, 1), (1, 1)):
        a, b = (rates[i] * w[i], rates[j] * w[j]), (rates[i] * v[i], rates[j] * v[j])
        entry = (
            bend.metric * (rates[i] if i == j else 0)
            + bend.student * a[0] * a[1]
            + bend.teacher * b[0] * b[1]
        )
        pairs.append((written.diff(w[i], w[j]), entry))
    return equal(*pairs)


@derivation("critical", "All critical points and their types", "P2", "R1")
def critical() -> Iterator[Step]:
    """Where A w + B w* = 0."""
    model = phase_retrieval()
    A, B = model.A[0], model.B[0]
    points = critical_points(model)
    yield step(
        r"$Q$ is positive definite, so the gradient vanishes where the vector that it multiplies does.",
        r"\nabla L = -Q\left(A w + B w^*\right) = 0 \iff A w + B w^* = 0",
        r"$Q$ is invertible",
        equal((gradient(model).student, -A), (gradient(model).teacher, -B)),
        "P2",
        gradient,
    )
    force = sympy.factor((alpha * A + B).subs({s: alpha**2 * t, u: alpha * t}))
    multiples = sorted(point.multiple for point in points if point.multiple is not None)
    yield step(
        r"Either $w = \alpha w^*$. Then one equation in $\alpha$ remains, with three roots.",
        rf"\alpha A + B = {latex(force)} = 0 \iff \alpha \in \{{{', '.join(map(latex, multiples))}\}}",
        r"$s = \alpha^2 s_*$, $u = \alpha s_*$",
        holds(sympy.solve(force, alpha) == multiples, "roots of a polynomial"),
        "P2",
        critical_points,
    )
    (other,) = (point for point in points if point.multiple is None)
    yield step(
        r"Or $w$ and $w^*$ are independent, and both coefficients vanish: a whole ellipsoid of points, of "
        r"dimension "
        r"$d - 2$.",
        rf"A = B = 0 \iff u = {latex(other.u)}, \; s = {latex(other.s)}",
        "two equations for two overlaps",
        equal((A.subs({s: other.s, u: other.u}), 0), (B.subs({s: other.s, u: other.u}), 0)),
        "P2",
        critical_points,
    )
    yield step(
        r"The Hessian, whitened, is a multiple of the identity plus forms of rank one, so its eigenvalues "
        r"can be "
        r"read off. At $0$ all are negative: a maximum. At $\pm w^*$ all are positive: minima.",
        r"Q^{-1/2} \nabla^2 L\, Q^{-1/2}: \quad "
        + r", \quad ".join(_spectrum(p) for p in points if p.multiple in (0, 1)),
        "second-order test",
        holds(
            [p.kind for p in points] == ["minimum", "maximum", "minimum", "saddle"],
            "signs, for every positive energy",
        ),
        "P2",
        CriticalPoint.kind,
    )
    eigenvalues = other.spectrum
    yield step(
        "On the ellipsoid one is positive (along $w$), one negative (along $w^*$), the others zero: a "
        "saddle, with a "
        "way out, and flat directions along which nothing happens to second order.",
        rf"u = 0, \; s = \tfrac13 s_*: \quad {', '.join(map(latex, eigenvalues))}",
        "second-order test",
        holds({sympy.sign(x.subs(t, 1)) for x in eigenvalues} == {-1, 0, 1}, "signs of the eigenvalues"),
        "P2",
        CriticalPoint.spectrum,
    )
    along = other.hessian.quadratic_form(other.s, other.s, other.u)
    yield step(
        r"Along $w$ itself the form has the value below. The paper's proof prints $8 (w^{*\top} Q w^*)^2$ in "
        r"its "
        r"place, three times too much. The sign, and with it the "
        "classification, is the same.",
        rf"w^\top \nabla^2 L\, w = 24 s^2 = {latex(along)}",
        r"$u = 0$, $s = s_*/3$",
        equal((along, 24 * other.s**2)),
        "P2, corrected",
        Hessian.quadratic_form,
    )


def _spectrum(point: CriticalPoint) -> str:
    values = ", ".join(dict.fromkeys(map(latex, point.spectrum)))
    where = "0" if point.multiple == 0 else r"\pm w^*"
    return rf"\{{{values}\}} \text{{ at }} {where}"


@derivation("barrier", "When the sign of the overlap is settled", "R3")
def sign() -> Iterator[Step]:
    """Below 8/3 s*² the overlap cannot vanish."""
    model = phase_retrieval()
    lowest, flat = barrier(model), model.loss.subs(u, 0)
    yield step(
        r"To change sign $u$ has to pass zero. There the loss depends on $s$ alone.",
        rf"L|_{{u = 0}} = {latex(flat)} = 3\left(s - \tfrac13 s_*\right)^2 + \tfrac83 s_*^2",
        "completing the square",
        equal((flat, 3 * (s - t / 3) ** 2 + sympy.Rational(8, 3) * t**2)),
        OURS,
        barrier,
    )
    yield step(
        "The loss falls along the flow, so once it is below this barrier the sign is settled. Before that it "
        "is "
        r"not, unless $Q = cI$: modes with opposite signs of $w_i(0) w^*_i$ grow at different rates, and $u$ "
        r"can cross "
        "zero on its way out. This library therefore orients a run by where it ends.",
        rf"L(t_0) < {latex(lowest)} \; \Rightarrow \; u(t) \neq 0 \text{{ for all }} t \geq t_0",
        r"$\dot L = -|\nabla L|^2 \leq 0$",
        equal((flat.subs(s, t / 3), lowest)),
        "R3, corrected",
        barrier,
    )


def _landscape() -> Picture:
    """L against |w|_Q for several angles to the teacher."""
    loss = sympy.lambdify((s, u, t), phase_retrieval().loss)
    length = np.linspace(0.0, 1.35, 200)
    curves = [
        Curve(f"cosine {cosine:g}", length, loss(length**2, cosine * length, 1.0))
        for cosine in (0.0, 0.5, 0.8, 1.0)
    ]
    return Picture(
        to_svg(plot_curves(curves, "√(s/s*)", "L/s*²", "linear", "linear")),
        r"The loss against the length $\sqrt{s/s_*}$ at fixed cosine $u/\sqrt{s s_*}$. At cosine 0 the "
        r"lowest point is "
        r"the saddle, at height $\tfrac83$; the way down turns towards the teacher.",
        _landscape,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        The landscape has no bad minima. All the same a run spends a long time where it is flat: at the
        start, near the
        maximum $0$, and, for slowly decaying spectra, near the saddles. This chapter derives what there is
        to be near.
        Vectors and matrices are kept as coefficients of $Qw$ and $Qw^*$, so every statement holds for any
        dimension and
        any positive definite $Q$.
        """)
    yield curvature
    yield critical
    points = critical_points(phase_retrieval())
    yield Table(
        ("point", "$s$", "$u$", "eigenvalues, whitened", "type"),
        [
            [
                NAMES[str(p.multiple)],
                f"${latex(p.s)}$",
                f"${latex(p.u)}$",
                f"${', '.join(map(latex, p.spectrum))}$",
                p.kind,
            ]
            for p in points
        ],
        "The critical points. The first eigenvalue is that of all directions orthogonal to $w$ and $w^*$.",
        critical_points,
    )
    yield _landscape()
    yield sign


chapter = Chapter("geometry", "Geometry", (curvature, critical, sign), _write)
