"""The hierarchy of statistics, and why it does not close (P3, 5.1)."""

from collections.abc import Callable, Iterator, Sequence

import sympy

from derivations.court.checks import Check, Meaning, each, every, identity
from derivations.court.operators import plus, times
from derivations.court.statement import BrokenStepError, Clause, Definition, Statement, state
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, derivation
from derivations.press.proof import derived, equal
from derivations.press.typeset import latex
from derivations.setting import statements as setting
from derivations.setting.measured import hierarchy as evidence
from derivations.setting.measured import trajectory
from derivations.setting.symbols import s, t, u
from theory.symbolic import hierarchy, mode_equation, phase_retrieval
from theory.symbolic.closures import CharacteristicPolynomial
from theory.symbolic.hierarchy import Hierarchy

l1, l2, w1, w2, v1, v2 = sympy.symbols("lambda_1 lambda_2 w_1 w_2 w^*_1 w^*_2")
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


TWO = {s: _statistics(sympy.S.One)["s"], u: _statistics(sympy.S.One)["u"], t: _statistics(sympy.S.One)["t"]}
"""The overlaps of two modes."""


def _speed(expression: sympy.Expr) -> sympy.Expr:
    """The time derivative under the flow of two modes."""
    model = phase_retrieval()
    A, B = model.A[0].subs(TWO), model.B[0].subs(TWO)
    return expression.diff(w1) * l1 * (A * w1 + B * v1) + expression.diff(w2) * l2 * (A * w2 + B * v2)


@derivation("two-modes", "Two modes by hand", "P3")
def two_modes() -> Iterator[Step]:
    """s and u do not close, four statistics do."""
    first, second, third = (_statistics(sympy.Integer(order)) for order in (1, 2, 3))
    yield derived(
        r"Take $d = 2$. The loss needs two numbers.",
        state(s, "=", first["s"], ",", u, "=", first["u"], check=identity(TWO)),
        "the sums over modes, written out",
        "P3",
    )
    A, B, u2, t2 = sympy.Symbol("A"), sympy.Symbol("B"), sympy.Symbol("u^{(2)}"), sympy.Symbol("s_*^{(2)}")
    u3, t3 = sympy.Symbol("u^{(3)}"), sympy.Symbol("s_*^{(3)}")
    of_order = {u2: second["u"], t2: second["t"], u3: third["u"], t3: third["t"], **_drift()}
    yield derived(
        r"Differentiate $u$ along $\dot w_i = \lambda_i (A w_i + B w^*_i)$. Each mode brings its eigenvalue "
        "once more.",
        state(
            sympy.Symbol(r"\dot u"),
            "=",
            plus(times(A, second["u"]), times(B, second["t"])),
            "=",
            A * u2 + B * t2,
            check=identity({**of_order, sympy.Symbol(r"\dot u"): _speed(first["u"])}),
        ),
        "product rule",
        "P3",
    )
    values = [_at(student) for student in TWINS]
    yield derived(
        r"Is $u^{(2)}$ a function of $s$ and $u$? It is not. For $\lambda = (\tfrac23, \tfrac13)$ and $w^* "
        f"= (1, 1)$ the students $w = {_vector(TWINS[0])}$ and $w = {_vector(TWINS[1])}$ have the same $s = "
        f"{latex(values[0]['s'])}$ and $u = {latex(values[0]['u'])}$, hence the same loss, and yet:",
        _no_function(values),
        "two points of intersection of an ellipse and a line",
        "P3",
    )
    yield derived(
        r"So $u^{(2)}$ has to be followed too, and it calls for the third order.",
        state(
            sympy.Symbol(r"\dot u^{(2)}"),
            "=",
            A * u3 + B * t3,
            check=identity({**of_order, sympy.Symbol(r"\dot u^{(2)}"): _speed(second["u"])}),
        ),
        "product rule",
        "P3",
    )
    yield derived(
        r"Here the chain ends. Both eigenvalues solve one quadratic equation, and what holds for $\lambda_1$ "
        r"and $\lambda_2$ holds for every sum over them.",
        _end_of_the_chain(),
        "Cayley and Hamilton",
        OURS,
        CharacteristicPolynomial,
    )
    s2 = sympy.Symbol("s^{(2)}")
    chain = {u2: second["u"], s2: second["s"], **TWO}
    same = {name: value.subs(l2, l1) for name, value in chain.items()}
    yield derived(
        r"With $\lambda_1 = \lambda_2$ already the second order is a multiple of the first, and two "
        "statistics close.",
        state(u2, "=", l1 * u, ",", s2, "=", l1 * s, check=identity(same)),
        r"put $\lambda_2 = \lambda_1$",
        "P3",
    )


def _drift() -> dict[sympy.Symbol, sympy.Expr]:
    """A and B of the model, for two modes."""
    model = phase_retrieval()
    return {sympy.Symbol("A"): model.A[0].subs(TWO), sympy.Symbol("B"): model.B[0].subs(TWO)}


def _no_function(values: Sequence[dict[str, sympy.Expr]]) -> Statement:
    """Two students of the same s and u, whose u^(2) and ṡ differ."""
    u2, dot_s = sympy.Symbol("u^{(2)}"), sympy.Symbol(r"\dot s")
    second, speed = ([value[name] for value in values] for name in ("u2", "ds"))
    sides = (u2, "=", second[0], "≠", second[1], ",", dot_s, "=", speed[0], "≠", speed[1])
    return state(*sides, check=_twins(u2, dot_s))


def _end_of_the_chain() -> Statement:
    """The third order from the first two, by the equation that both eigenvalues solve."""
    second, third = (_statistics(sympy.Integer(order)) for order in (2, 3))
    rate, (u2, u3, s2, s3) = sympy.Symbol("lambda"), sympy.symbols("u^{(2)} u^{(3)} s^{(2)} s^{(3)}")
    total, product = l1 + l2, l1 * l2
    chain = {u2: second["u"], u3: third["u"], s2: second["s"], s3: third["s"], **TWO}
    root = [identity({rate: value}) for value in (l1, l2)]
    overlaps = (u3, "=", times(total, u2) - times(product, u))
    energies = (s3, "=", times(total, s2) - times(product, s))
    sides = (rate**2, "=", times(total, rate) - product, "⟹", *overlaps, ",", *energies)
    return state(*sides, check=each(every(*root), identity(chain), identity(chain)))


def _twins(u2: sympy.Symbol, dot_s: sympy.Symbol) -> Check:
    """Both students have the same s and u; the printed values of u^(2) and ṡ are theirs, and differ."""

    def check(clauses: tuple[Clause, ...]) -> str:
        first, second = (_at(student) for student in TWINS)
        printed = [clause.sides[1:] for clause in clauses]
        if any(first[name] != second[name] for name in ("s", "u")):
            raise BrokenStepError("the two students have different s or u")
        if printed != [(first["u2"], second["u2"]), (first["ds"], second["ds"])]:
            raise BrokenStepError(f"{u2} and {dot_s} are not {printed}")
        if any(left == right for left, right in printed):
            raise BrokenStepError("the two students do not differ")
        return "exact rational arithmetic"

    return check


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
    yield derived(
        r"In the eigenbasis of $Q$ each mode has an equation of its own, linear once $s$ and $u$ are known.",
        setting.mode(),
        r"$Q = \operatorname{diag}(\lambda_1, \dots, \lambda_d)$",
        "P3",
        mode_equation,
    )
    yield derived(
        "Weigh the modes with powers of their eigenvalues.",
        setting.statistics(),
        r"$s^{(k)} = w^\top Q^k w$ and so on; order one is the overlaps themselves",
        "P3",
    )
    yield derived(
        r"Differentiate under the sum. Order $k$ calls for order $k + 1$, for every $k$.",
        setting.energies(),
        "product rule",
        "P3",
        Hierarchy.S,
    )
    yield derived(
        "Likewise for the overlap, where the teacher's own statistics, which are constant, drive the growth.",
        setting.overlaps(),
        r"$w^*_i$ does not move",
        "P3",
        Hierarchy.U,
    )
    yield derived(
        r"With the shift $(\mathbb{B} x)_k = x_{k+1}$ all the equations for $U = (u^{(1)}, u^{(2)}, \dots)$ "
        r"are one linear equation, driven by $s(t)$ alone.",
        setting.shifted(),
        r"$s_* = 1$; $e_1^\top U = u$",
        "5.1",
        Hierarchy.U,
    )


@derivation("closing", "Which spectra close", "P3")
def closing() -> Iterator[Step]:
    """2n statistics for n distinct eigenvalues."""
    x, n, number = sympy.Symbol("lambda"), sympy.Symbol("n"), sympy.Symbol("j")
    yield derived(
        r"Let $Q$ have $n$ distinct non-zero eigenvalues, of any multiplicity. One polynomial vanishes on "
        r"all of them.",
        Definition(
            r"\prod_{j=1}^n (\lambda - \lambda_j) = \lambda^n - c_n \lambda^{n-1} - \dots - c_1",
            equal(_cubic(x)),
        ),
        r"for $n = 3$: $c_3 = \lambda_1 + \lambda_2 + \lambda_3$ and so on",
        OURS,
        CharacteristicPolynomial,
    )
    spectrum = CharacteristicPolynomial([3, 1, 1, 0])
    c, energy, overlap = sympy.IndexedBase("c"), sympy.Function("s"), sympy.Function("u")
    yield derived(
        r"Multiply by $\lambda_i w_i^2$ or $\lambda_i w_i w^*_i$ and sum: order $n + 1$ is a combination of "
        "the orders below, so finitely many statistics close. The paper says that none do as soon as $Q "
        r"\neq I$; that is right only where infinitely many eigenvalues carry student and teacher, that is "
        r"at $d = \infty$. In finite dimension the tower always closes, in principle. The next chapter "
        "shows why this is of little use for large $n$.",
        state(
            energy(n + 1),
            "=",
            sympy.Sum(c[number] * energy(number), (number, 1, n)),
            ",",
            overlap(n + 1),
            "=",
            sympy.Sum(c[number] * overlap(number), (number, 1, n)),
            check=identity(_closed(spectrum, c, n)),
        ),
        rf"for the spectrum $(3, 1, 1, 0)$ the coefficients are ${latex(spectrum.coefficients)}$",
        "P3, corrected",
        CharacteristicPolynomial,
    )
    yield derived(
        r"For $Q = I$ all orders coincide, and the flow of $(u, s)$ is a planar one.",
        setting.isotropic(),
        r"$s^{(k)} = s$, $u^{(k)} = u$, $s_*^{(k)} = s_*$",
        "P3",
        hierarchy,
    )


def _cubic(x: sympy.Symbol) -> tuple[sympy.Expr, sympy.Expr]:
    """The polynomial of three eigenvalues, as a product and by its coefficients."""
    l3 = sympy.Symbol("lambda_3")
    pairs = l1 * l2 + l1 * l3 + l2 * l3
    return (x - l1) * (x - l2) * (x - l3), x**3 - (l1 + l2 + l3) * x**2 + pairs * x - l1 * l2 * l3


def _closed(spectrum: CharacteristicPolynomial, c: sympy.IndexedBase, n: sympy.Symbol) -> Meaning:
    """Statistics of the spectrum (3, 1, 1, 0) with symbolic modes, and the coefficients of its polynomial."""
    students, teachers = sympy.symbols("w1:5"), sympy.symbols("v1:5")

    def statistic(partners: tuple[sympy.Symbol, ...]) -> Callable[[sympy.Expr], sympy.Expr]:
        return lambda order: sum(
            rate**order * one * other for rate, one, other in zip((3, 1, 1), students, partners, strict=False)
        )

    return {
        n: len(spectrum.coefficients),
        c: lambda place: spectrum.coefficients[int(place) - 1],
        sympy.Function("s"): statistic(students),
        sympy.Function("u"): statistic(teachers),
    }


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        In isotropic phase retrieval two numbers obey two equations, and the analysis is a picture in the
        plane. With a spectrum this is lost. It is worth seeing how on the smallest example, with nothing
        but the product rule.
        """)
    yield two_modes
    yield Prose(r"""
        The example is typical. What closes it is a relation between the eigenvalues, not one between the
        students. The statistics of high order are blind to small eigenvalues, which enter with $\lambda^k$;
        the tower therefore starts with the modes that are learned first, and the late stages of learning
        are hidden far up in it.
        """)
    yield tower
    yield closing


chapter = Chapter(
    "hierarchy",
    "The hierarchy, and why it does not close",
    (two_modes, tower, closing),
    _write,
    (evidence.section, trajectory.section),
)
