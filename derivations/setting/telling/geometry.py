"""Geometry: gradient, Hessian, critical points, the barrier (P2, R1, R3)."""

from collections.abc import Iterator, Sequence

import numpy as np
import sympy

from derivations.court.checks import Check, Meaning, every, identity, means
from derivations.court.operators import plus, times
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from derivations.press.document import OURS, Asked, Block, Chapter, Picture, Prose, Step, Table, derivation
from derivations.press.proof import derived
from derivations.press.typeset import latex
from derivations.setting import statements as setting
from derivations.setting.statements import MODES, chained
from derivations.setting.symbols import L, Q_star, Qw, i, j, lam, s, slope, t, u, w, w_star
from numerics.shown.figures import Curve, plot_curves, to_svg
from theory.symbolic import barrier, critical_points, gradient, hessian, phase_retrieval
from theory.symbolic.geometry import CriticalPoint, Hessian

A, B, alpha, Q, student, teacher = sympy.symbols("A B alpha Q w w^*")
NAMES = {"-1": "$-w^*$", "0": "$0$", "1": "$w^*$", "None": "$u = 0$, $s = s_*/3$"}

BEND = sympy.Symbol(r"\partial_{w_i} \partial_{w_j} L")
WHITENED = BEND / sympy.sqrt(lam[i] * lam[j])
"""A second derivative, and the same in whitened coordinates."""

spectrum = sympy.Function(r"\operatorname{spec} H")
RATES, TEACHER, SADDLE = (4, 1, sympy.Rational(1, 4)), (1, 1, 2), (0, 1, -2)
"""Three eigenvalues, a teacher and a student on the ellipsoid: s* = 6, s = 2, u = 0."""


@derivation("hessian", "Gradient and Hessian", "P2")
def curvature() -> Iterator[Step]:
    """∇L and ∇²L in the vectors Qw and Qw*."""
    bend = hessian(phase_retrieval())
    yield derived(
        "The gradient lies in the plane of two vectors.",
        setting.loss_gradient(),
        "chain rule; see the chapter before",
        "P2",
        gradient,
    )
    yield derived(
        "Differentiate once more. The factor of $Qw$ gives a multiple of $Q$ and, because $s$ is a form in "
        "$w$, a form of rank one; the factor of $Qw^*$ gives another.",
        setting.curvature(),
        "product rule",
        "P2",
        hessian,
    )
    diagonal = times(sympy.factor(bend.metric), lam[i], sympy.KroneckerDelta(i, j))
    forms = plus(times(bend.student, w[i], w[j]), times(bend.teacher, w_star[i], w_star[j]))
    yield derived(
        "The same by brute force: in two dimensions, with the loss written out in the coordinates of $w$, "
        "every second derivative agrees.",
        state(BEND, "=", plus(diagonal, times(lam[i], lam[j], forms)), check=_brute_force()),
        "polynomials in two coordinates",
        "P2",
    )


def _brute_force() -> Check:
    """All second derivatives of L in coordinates, d = 2."""
    written = means(phase_retrieval().loss, MODES)
    entries = [(m, n) for m in (1, 2) for n in (1, 2)]
    return every(*(identity({**MODES, i: m, j: n, BEND: written.diff(w[m], w[n])}) for m, n in entries))


@derivation("critical", "All critical points and their types", "P2", "R1")
def critical() -> Iterator[Step]:
    """Where A w + B w* = 0."""
    model = phase_retrieval()
    drift = {A: -2 * model.loss.diff(s), B: -model.loss.diff(u)}
    points = critical_points(model)
    pull = A * student + B * teacher
    yield derived(
        r"$Q$ is positive definite, so the gradient vanishes where the vector that it multiplies does.",
        state(slope, "=", -Q * pull, "=", 0, "⟺", pull, "=", 0, check=_vanishing_together(drift)),
        r"$Q$ is invertible",
        "P2",
        gradient,
    )
    ray = {s: alpha**2 * t, u: alpha * t}
    along = {name: value.subs(ray) for name, value in drift.items()}
    force = sympy.factor((alpha * model.A[0] + model.B[0]).subs(ray))
    multiples = sympy.FiniteSet(*(point.multiple for point in points if point.multiple is not None))
    yield derived(
        r"Either $w = \alpha w^*$. Then one equation in $\alpha$ remains, with three roots.",
        state(plus(times(alpha, A), B), "=", force, "=", 0, "⟺", alpha, "∈", multiples, check=_roots(along)),
        r"$s = \alpha^2 s_*$, $u = \alpha s_*$",
        "P2",
        critical_points,
    )
    (other,) = (point for point in points if point.multiple is None)
    yield derived(
        r"Or $w$ and $w^*$ are independent, and both coefficients vanish: a whole ellipsoid of points, of "
        "codimension two.",
        state(A, "=", B, "=", 0, "⟺", u, "=", other.u, ",", s, "=", other.s, check=_solution(drift)),
        "two equations for two overlaps",
        "P2",
        critical_points,
    )
    yield derived(
        "The Hessian, whitened, is a multiple of the identity plus forms of rank one, so its eigenvalues "
        r"can be read off. At $0$ all are negative: a maximum. At $\pm w^*$ all are positive: minima.",
        _types(points),
        "second-order test",
        "P2",
        CriticalPoint.kind,
    )
    yield derived(
        "On the ellipsoid one is positive (along $w$), one negative (along $w^*$), the others zero: a "
        "saddle, with a way out, and flat directions along which nothing happens to second order.",
        _on_the_ellipsoid(other),
        "second-order test",
        "P2",
        CriticalPoint.spectrum,
    )
    yield derived(
        "Along $w$ itself the form has the value below. The paper's proof prints another number in its "
        "place, three times too much. The sign, and with it the classification, is the same.",
        _along_the_student(other),
        r"$u = 0$, $s = s_*/3$",
        "P2, corrected",
        Hessian.quadratic_form,
    )


def _types(points: Sequence[CriticalPoint]) -> Statement:
    """The eigenvalues of the whitened Hessian at 0 and at the teachers."""
    at = {point.multiple: sympy.FiniteSet(*point.spectrum) for point in points}
    minima = (spectrum(teacher), "=", spectrum(-teacher), "=", at[1])
    sides = (sympy.Symbol("H_{ij}"), "≔", WHITENED, ",", spectrum(0), "=", at[0], ",", *minima)
    return state(*sides, check=_extrema)


def _on_the_ellipsoid(other: CriticalPoint) -> Statement:
    """The same at the saddles."""
    found = sympy.FiniteSet(*other.spectrum)
    return state(u, "=", other.u, ",", s, "=", other.s, "⟹", spectrum(student), "=", found, check=_saddle)


def _along_the_student(other: CriticalPoint) -> Statement:
    """The second derivative of L along w at a saddle."""
    form, stretched = sympy.Symbol(r"{w^\top \nabla^2 L}\, w"), {s: (1 + alpha) ** 2 * s, u: (1 + alpha) * u}
    written = phase_retrieval().loss.subs(stretched, simultaneous=True)
    second = written.diff(alpha, 2).subs({alpha: 0, u: 0, s: t / 3})
    own = other.hessian.quadratic_form(other.s, other.s, other.u)
    return state(form, "=", 24 * s**2, "=", own, check=identity({form: second, s: t / 3}))


def _vanishing_together(drift: Meaning) -> Check:
    """Two expressions that vanish together: the gradient is the force times −Q."""

    def check(clauses: tuple[Clause, ...]) -> str:
        ((gradient_, product, zero, force, nothing),) = (clause.sides for clause in clauses)
        vectors = {slope: chained().subs({Qw: Q * student, Q_star: Q * teacher})}
        if (zero, nothing) != (0, 0):
            raise BrokenStepError("a factor Q keeps only zero")
        equations = state(gradient_, "=", product, ",", product, "=", -Q * force, check=identity())
        return identity({**vectors, **drift})(equations.clauses)

    return check


def _roots(along: Meaning) -> Check:
    """The set is that of the zeros of the first side, which is the second."""

    def check(clauses: tuple[Clause, ...]) -> str:
        ((left, force, zero, unknown, roots),) = (clause.sides for clause in clauses)
        how = state(left, "=", force, check=identity(along)).checked
        if sympy.solveset(means(left, along) - zero, unknown) != roots:
            raise BrokenStepError(f"{roots} are not the roots")
        return f"{how}; roots of a polynomial"

    return check


def _solution(drift: Meaning) -> Check:
    """The two equations have these values as their only solution."""

    def check(clauses: tuple[Clause, ...]) -> str:
        (first, second, zero, *overlap), (energy, size) = (clause.sides for clause in clauses)
        printed = {overlap[0]: overlap[1], energy: size}
        equations = [means(side, drift) - zero for side in (first, second)]
        if sympy.solve(equations, [s, u], dict=True) != [printed]:
            raise BrokenStepError(f"{printed} do not solve {equations}")
        return "solution of two linear equations"

    return check


def _extrema(clauses: tuple[Clause, ...]) -> str:
    """The eigenvalues for three modes; their signs, for every positive energy."""
    (_, entry), *printed = (clause.sides for clause in clauses)
    for (*points, found), sign in zip(printed, (-1, 1), strict=True):
        for point in points:
            multiple = sympy.cancel(point.args[0] / teacher)
            _has_spectrum(entry, [multiple * x for x in TEACHER], found)
        if _signs(found) != {sign}:
            raise BrokenStepError(f"{found} are of another sign")
    return "exact eigenvalues for three modes"


def _saddle(clauses: tuple[Clause, ...]) -> str:
    """The eigenvalues for three modes at a point of the ellipsoid, of each sign."""
    *premises, (_, found) = (clause.sides for clause in clauses)
    values = _overlaps(SADDLE)
    if any(name.subs(values) != number.subs(values) for name, number in premises):
        raise BrokenStepError("the student is not on the ellipsoid")
    _has_spectrum(WHITENED, SADDLE, found)
    if _signs(found) != {-1, 0, 1}:
        raise BrokenStepError(f"{found} make no saddle")
    return "exact eigenvalues for three modes"


def _overlaps(weights: Sequence[sympy.Expr]) -> dict[sympy.Symbol, sympy.Expr]:
    """The overlaps of three modes."""
    modes = list(zip(RATES, weights, TEACHER, strict=True))
    return {
        s: sum(rate * x * x for rate, x, _ in modes),
        u: sum(rate * x * y for rate, x, y in modes),
        t: sum(rate * y * y for rate, _, y in modes),
    }


def _has_spectrum(entry: sympy.Expr, weights: Sequence[sympy.Expr], found: sympy.FiniteSet) -> None:
    """Raise unless the matrix of this entry has these eigenvalues and no others, in three dimensions."""
    x = sympy.symbols("x1:4")
    written, at = phase_retrieval().loss.subs(_overlaps(x)), dict(zip(x, weights, strict=True))

    def element(m: int, n: int) -> sympy.Expr:
        second = written.diff(x[m], x[n]).subs(at)
        return means(entry, {i: m, j: n, BEND: second, lam: lambda place: RATES[int(place)]})

    matrix, unit = sympy.Matrix(3, 3, element), sympy.eye(3)
    shifted = [matrix - value.subs(_overlaps(weights)) * unit for value in found]
    product = sympy.prod(shifted[1:], start=shifted[0])
    if product != sympy.zeros(3) or any(factor.det() != 0 for factor in shifted):
        raise BrokenStepError(f"{found} are not the eigenvalues at {weights}")


def _signs(values: sympy.FiniteSet) -> set[sympy.Expr]:
    return {sympy.sign(value.subs(t, 1)) for value in values}


@derivation("barrier", "When the sign of the overlap is settled", "R3")
def sign() -> Iterator[Step]:
    """Below 8/3 s*² the overlap cannot vanish."""
    model = phase_retrieval()
    lowest, flat = barrier(model), model.loss.subs(u, 0)
    squares = plus(3 * (s - t / 3) ** 2, sympy.Rational(8, 3) * t**2)
    yield derived(
        r"To change sign $u$ has to pass zero. There the loss depends on $s$ alone.",
        state(u, "=", 0, "⟹", L, "=", flat, "=", squares, check=_without_overlap),
        "completing the square",
        OURS,
        barrier,
    )
    start, now, at_start, later = (sympy.Symbol(name) for name in ("t_0", "tau", "L{(t_0)}", "u{(t)}"))
    yield derived(
        "The loss falls along the flow, so once it is below this barrier the sign is settled. Before that "
        "it is not, unless $Q = cI$: modes with opposite signs of $w_i(0) w^*_i$ grow at different rates, "
        "and $u$ can cross zero on its way out. This library therefore orients a run by where it ends.",
        state(at_start, "<", lowest, "⟹", later, "≠", 0, ",", now, "≥", start, check=_settled),
        r"$\dot L = -|\nabla L|^2 \leq 0$",
        "R3, corrected",
        barrier,
    )


def _without_overlap(clauses: tuple[Clause, ...]) -> str:
    """The loss at the overlap of the first clause is what the second says."""
    premise, conclusion = clauses
    return identity({L: phase_retrieval().loss.subs(*premise.sides)})((conclusion,))


def _settled(clauses: tuple[Clause, ...]) -> str:
    """The bound is the least loss over all energies at the overlap that is not met."""
    (_, bound), (_, overlap), _ = (clause.sides for clause in clauses)
    loss = phase_retrieval().loss.subs(u, overlap)
    (energy,) = sympy.solve(loss.diff(s), s)
    if sympy.expand(loss.subs(s, energy) - bound) != 0 or not loss.diff(s, 2) > 0:
        raise BrokenStepError(f"{bound} is not the least loss at u = {overlap}")
    return "least value of a quadratic polynomial"


def _landscape() -> Picture:
    """L against |w|_Q for several angles to the teacher."""
    loss = sympy.lambdify((s, u, t), phase_retrieval().loss)
    length = np.linspace(0.0, 1.35, 200)
    height = phase_retrieval().loss.subs({s: sympy.Rational(1, 3), u: 0, t: 1})
    curves = [
        Curve(f"cosine {cosine:g}", length, loss(length**2, cosine * length, 1.0))
        for cosine in (0.0, 0.5, 0.8, 1.0)
    ]
    return Picture(
        to_svg(plot_curves(curves, "√(s/s*)", "L/s*²", "linear", "linear")),
        r"The loss against the length $\sqrt{s/s_*}$ at fixed cosine $u/\sqrt{s s_*}$. At cosine 0 the "
        f"lowest point is the saddle, at height ${latex(height)}$; the way down turns towards the teacher.",
        _landscape,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        The landscape has no bad minima. All the same a run spends a long time where it is flat: at the
        start, near the maximum $0$, and, for slowly decaying spectra, near the saddles. This chapter
        derives what there is to be near. Vectors and matrices are kept as coefficients of $Qw$ and $Qw^*$,
        so every statement holds for any dimension and any positive definite $Q$.
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
