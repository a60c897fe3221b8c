"""The hierarchy of statistics, and why it does not close (P3, 5.1)."""

from collections.abc import Iterator

import sympy

from derivations import hierarchy as evidence
from derivations.book.document import OURS, Asked, Block, Chapter, Measured, Prose, Step, derivation
from derivations.book.proof import DEFINITION, equal, holds, step
from derivations.hierarchy import _by_function
from derivations.typeset import latex
from theory.symbolic import hierarchy, mode_equation, phase_retrieval
from theory.symbolic.closures import CharacteristicPolynomial
from theory.symbolic.hierarchy import EIGENVALUE, ORDER, Hierarchy, coordinates

s, u, t = sympy.symbols("s u t")
l1, l2, w1, w2, v1, v2 = sympy.symbols("lambda_1 lambda_2 w_1 w_2 v_1 v_2")
RATES = sympy.Rational(2, 3), sympy.Rational(1, 3)
TWINS = (sympy.S.One, -sympy.Rational(1, 2)), (sympy.S.Zero, sympy.Rational(3, 2))
"""Two students with the same s and u under these eigenvalues and the teacher (1, 1)."""


def _statistics(order: sympy.Expr) -> dict[str, sympy.Expr]:
    """s, u and s* of any order for two modes."""
    return {
        "s": l1**order * w1**2 + l2**order * w2**2,
        "u": l1**order * w1 * v1 + l2**order * w2 * v2,
        "t": l1**order * v1**2 + l2**order * v2**2,
    }


def _speed(expression: sympy.Expr) -> sympy.Expr:
    """The time derivative under the flow of two modes."""
    model = phase_retrieval()
    first = _statistics(sympy.S.One)
    values = {s: first["s"], u: first["u"], t: first["t"]}
    A, B = model.A[0].subs(values), model.B[0].subs(values)
    return expression.diff(w1) * l1 * (A * w1 + B * v1) + expression.diff(w2) * l2 * (A * w2 + B * v2)


@derivation("two-modes", "Two modes by hand", "P3")
def two_modes() -> Iterator[Step]:
    """s and u do not close, four statistics do."""
    first, second, third = (_statistics(sympy.Integer(order)) for order in (1, 2, 3))
    yield step(
        r"Take $d = 2$. The loss needs two numbers.",
        r"s = \lambda_1 w_1^2 + \lambda_2 w_2^2, \qquad u = \lambda_1 w_1 w^*_1 + \lambda_2 w_2 w^*_2",
        "definition of the overlaps",
        DEFINITION,
        "P3",
    )
    A, B = 4 * (first["t"] - 3 * first["s"]), 8 * first["u"]
    yield step(
        r"Differentiate $u$ along $\dot w_i = \lambda_i (A w_i + B w^*_i)$. Each mode brings its eigenvalue "
        r"once more.",
        r"\dot u = A\left(\lambda_1^2 w_1 w^*_1 + \lambda_2^2 w_2 w^*_2\right)"
        r" + B\left(\lambda_1^2 w_1^{*2} + \lambda_2^2 w_2^{*2}\right) = A\,u^{(2)} + B\,s_*^{(2)}",
        "product rule",
        equal((_speed(first["u"]), A * second["u"] + B * second["t"])),
        "P3",
    )
    values = [_at(student) for student in TWINS]
    yield step(
        r"Is $u^{(2)}$ a function of $s$ and $u$? It is not. For $\lambda = (\tfrac23, \tfrac13)$ and $w^* = "
        r"(1, 1)$ the "
        rf"students $w = {_vector(TWINS[0])}$ and $w = {_vector(TWINS[1])}$ have the same $s = "
        rf"{latex(values[0]['s'])}$ and "
        rf"$u = {latex(values[0]['u'])}$, hence the same loss, and yet:",
        rf"u^{{(2)}} = {latex(values[0]['u2'])} \neq {latex(values[1]['u2'])}, \qquad "
        rf"\dot s = {latex(values[0]['ds'])} \neq {latex(values[1]['ds'])}",
        "two points of intersection of an ellipse and a line",
        holds(
            all(values[0][key] == values[1][key] for key in ("s", "u"))
            and all(values[0][key] != values[1][key] for key in ("u2", "ds")),
            "exact rational arithmetic",
        ),
        "P3",
    )
    yield step(
        r"So $u^{(2)}$ has to be followed too, and it calls for the third order.",
        r"\dot u^{(2)} = A\,u^{(3)} + B\,s_*^{(3)}",
        "product rule",
        equal((_speed(second["u"]), A * third["u"] + B * third["t"])),
        "P3",
    )
    yield step(
        r"Here the chain ends. Both eigenvalues solve one quadratic equation, and what holds for $\lambda_1$ "
        r"and "
        r"$\lambda_2$ holds for every sum over them.",
        r"\lambda^2 = (\lambda_1 + \lambda_2) \lambda - \lambda_1 \lambda_2 \; \Rightarrow \; "
        r"u^{(3)} = (\lambda_1 + \lambda_2)\,u^{(2)} - \lambda_1 \lambda_2\,u, \quad "
        r"s^{(3)} = (\lambda_1 + \lambda_2)\,s^{(2)} - \lambda_1 \lambda_2\,s",
        "Cayley and Hamilton",
        equal(*((third[n], (l1 + l2) * second[n] - l1 * l2 * first[n]) for n in ("u", "s"))),
        OURS,
        CharacteristicPolynomial,
    )
    yield step(
        r"With $\lambda_1 = \lambda_2$ already the second order is a multiple of the first, and two "
        r"statistics close.",
        r"u^{(2)} = \lambda_1 u, \qquad s^{(2)} = \lambda_1 s",
        r"put $\lambda_2 = \lambda_1$",
        equal(*((second[n].subs(l2, l1), l1 * first[n].subs(l2, l1)) for n in ("u", "s"))),
        "P3",
    )


def _at(student: tuple[sympy.Expr, sympy.Expr]) -> dict[str, sympy.Expr]:
    point = {l1: RATES[0], l2: RATES[1], w1: student[0], w2: student[1], v1: 1, v2: 1}
    first, second = _statistics(sympy.S.One), _statistics(sympy.Integer(2))
    found = {"s": first["s"], "u": first["u"], "u2": second["u"], "ds": _speed(first["s"])}
    return {name: value.subs(point) for name, value in found.items()}


def _vector(entries: tuple[sympy.Expr, sympy.Expr]) -> str:
    return rf"\left({', '.join(map(latex, entries))}\right)"


@derivation("tower", "The tower, for every order at once", "P3", "5.1")
def tower() -> Iterator[Step]:
    """Derivatives of s^(k) and u^(k) for symbolic k, under the sum over modes."""
    model = phase_retrieval()
    (student,), (teacher,) = coordinates(model)
    (velocity,) = mode_equation(model).values()
    yield step(
        r"In the eigenbasis of $Q$ each mode has an equation of its own, linear once $s$ and $u$ are known.",
        rf"\dot w_i = \lambda_i \left[{_by_function(sympy.expand(velocity / EIGENVALUE))}\right]",
        r"$Q = \operatorname{diag}(\lambda_1, \dots, \lambda_d)$",
        equal((velocity, EIGENVALUE * (model.A[0] * student + model.B[0] * teacher))),
        "P3",
        mode_equation,
    )
    yield step(
        "Weigh the modes with powers of their eigenvalues.",
        r"s^{(k)} = \sum_i \lambda_i^k w_i^2, \quad u^{(k)} = \sum_i \lambda_i^k w_i w^*_i, "
        r"\quad s_*^{(k)} = \sum_i \lambda_i^k (w^*_i)^2",
        r"$s^{(k)} = w^\top Q^k w$ and so on; order one is the overlaps themselves",
        DEFINITION,
        "P3",
    )
    system = hierarchy(model)
    weight = EIGENVALUE**ORDER
    order = {name: sympy.Function(name)(ORDER + 1) for name in ("s", "u", "t")}
    A, B = model.A[0], model.B[0]
    yield step(
        r"Differentiate under the sum. Order $k$ calls for order $k + 1$, for every $k$.",
        rf"\dot s^{{(k)}} = {_by_function(system.S[0])}",
        r"$\frac{d}{dt} w_i^2 = 2 w_i \dot w_i$",
        equal(
            (system.S[0], 2 * A * order["s"] + 2 * B * order["u"]),
            (
                2 * weight * student * velocity,
                2 * weight * EIGENVALUE * (A * student**2 + B * student * teacher),
            ),
        ),
        "P3",
        Hierarchy.S,
    )
    yield step(
        "Likewise for the overlap, where the teacher's own statistics, which are constant, drive the growth.",
        rf"\dot u^{{(k)}} = {_by_function(system.U[0])}",
        r"$w^*_i$ does not move",
        equal((system.U[0], A * order["u"] + B * order["t"])),
        "P3",
        Hierarchy.U,
    )
    yield step(
        r"With the shift $(\mathbb{B} x)_k = x_{k+1}$ all the equations for $U = (u^{(1)}, u^{(2)}, \dots)$ "
        r"are one linear "
        "equation, driven by $s(t)$ alone.",
        rf"\dot U = \left[{latex(sympy.factor(A.subs(t, 1)))}\,\mathbb{{B}} + "
        rf"{latex(B.diff(u))}\,(\mathbb{{B}} s_*^\infty) e_1^\top\right] U",
        r"$s_* = 1$; $e_1^\top U = u$",
        equal((system.U[0].subs(t, 1), A.subs(t, 1) * order["u"] + B * order["t"])),
        "5.1",
        Hierarchy.U,
    )


@derivation("closing", "Which spectra close", "P3")
def closing() -> Iterator[Step]:
    """2n statistics for n distinct eigenvalues."""
    l3 = sympy.Symbol("lambda_3")
    x = sympy.Symbol("lambda")
    yield step(
        r"Let $Q$ have $n$ distinct non-zero eigenvalues, of any multiplicity. One polynomial vanishes on "
        r"all of them.",
        r"\prod_{j=1}^n (\lambda - \lambda_j) = \lambda^n - c_n \lambda^{n-1} - \dots - c_1",
        r"for $n = 3$: $c_3 = \lambda_1 + \lambda_2 + \lambda_3$ and so on",
        equal(
            (
                (x - l1) * (x - l2) * (x - l3),
                x**3 - (l1 + l2 + l3) * x**2 + (l1 * l2 + l1 * l3 + l2 * l3) * x - l1 * l2 * l3,
            )
        ),
        OURS,
        CharacteristicPolynomial,
    )
    spectrum = CharacteristicPolynomial([3, 1, 1, 0])
    yield step(
        r"Multiply by $\lambda_i w_i^2$ or $\lambda_i w_i w^*_i$ and sum: order $n + 1$ is a combination of "
        r"the orders below, so "
        r"$2n$ statistics close. The paper says that none do as soon as $Q \neq I$; that is right only where "
        r"infinitely "
        r"many eigenvalues carry student and teacher, that is at $d = \infty$. In finite dimension the tower "
        r"always "
        "closes, in principle. The next chapter shows why this is of little use for large $n$.",
        r"s^{(n+1)} = \sum_{j=1}^n c_j s^{(j)}, \qquad u^{(n+1)} = \sum_{j=1}^n c_j u^{(j)}",
        rf"for the spectrum $(3, 1, 1, 0)$ the coefficients are ${latex(spectrum.coefficients)}$",
        holds(
            all(
                x**3 == sum(c * x ** (j + 1) for j, c in enumerate(spectrum.coefficients)) for x in (3, 1, 0)
            ),
            "exact arithmetic on the spectrum",
        ),
        "P3, corrected",
        CharacteristicPolynomial,
    )
    system = hierarchy(phase_retrieval())
    same = {sympy.Function(n)(ORDER + 1): value for n, value in (("s", s), ("u", u), ("t", t))}
    yield step(
        r"For $Q = I$ all orders coincide, and the flow of $(u, s)$ is a planar one.",
        rf"\dot u = {latex(sympy.factor(system.U[0].subs(same)))}, \qquad \dot s = "
        rf"{latex(sympy.expand(system.S[0].subs(same)))}",
        r"$s^{(k)} = s$, $u^{(k)} = u$, $s_*^{(k)} = s_*$",
        equal(
            (system.U[0].subs(same), 12 * (t - s) * u),
            (system.S[0].subs(same), 8 * (t - 3 * s) * s + 16 * u**2),
        ),
        "P3",
        hierarchy,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        In isotropic phase retrieval two numbers obey two equations, and the analysis is a picture in the
        plane. With
        a spectrum this is lost. It is worth seeing how on the smallest example, with nothing but the product
        rule.
        """)
    yield two_modes
    yield Prose(r"""
        The example is typical. What closes it is a relation between the eigenvalues, not one between the
        students. The
        statistics of high order are blind to small eigenvalues, which enter with $\lambda^k$; the tower
        therefore starts
        with the modes that are learned first, and the late stages of learning are hidden far up in it.
        """)
    yield tower
    yield closing
    yield Measured(evidence.chapter(), evidence.chapter)


chapter = Chapter(
    "hierarchy", "The hierarchy, and why it does not close", (two_modes, tower, closing), _write
)
