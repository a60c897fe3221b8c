"""Other links, widths and inputs: the same chain, other drifts."""

from collections.abc import Iterator

import sympy
from mpmath import mp
from sympy.polys.orthopolys import hermite_prob_poly as hermite_prob

from derivations.beyond.measured.link_laws import comparisons
from derivations.court.checks import Check, Meaning, each, every, identity, order
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import Clause, Statement, state
from derivations.press.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.press.proof import derived, equal, holds
from derivations.press.typeset import latex
from derivations.setting import statements as setting
from derivations.setting.statements import AVERAGES, COVARIANCE, E, g, h
from derivations.setting.symbols import L, i, lam, s, t, u, w, w_star
from theory.symbolic import (
    CircularModel,
    EllipticalModel,
    EscapeTime,
    Model,
    NonGaussianError,
    Z,
    complex_phase_retrieval,
    escape,
    expectation,
    hermite_coefficient,
    hierarchy,
    information_exponent,
    linearise,
    parse_link,
    phase_retrieval,
    quadratic_network,
    single_index,
)
from theory.symbolic.hierarchy import ORDER, Hierarchy

OVERLAPS = S11, S12, S22, U11, U21, T = sympy.symbols("S11 S12 S22 U11 U21 T")
RATES = sympy.symbols("lambda_1 lambda_2", positive=True)
STUDENTS, TEACHERS = sympy.Matrix(2, 2, sympy.symbols("w1:5")), sympy.Matrix([sympy.symbols("v1:3")])
"""Two modes: their eigenvalues, two students and a teacher."""

LINKS = ("z**2", "z**3 - 3*z", "z**2 + z", "z**4 - 6*z**2 + 3", "erf(z)", "relu(z)", "abs(z)")


@derivation("cubic", "A link with a slower escape")
def cubic() -> Iterator[Step]:
    """He_3: the same steps, a flat start."""
    model = single_index(Z**3 - 3 * Z)
    loss = AVERAGES[E]((hermite_prob(3, g) - hermite_prob(3, h)) ** 2)
    f, z = sympy.Function("f"), sympy.Symbol("z")
    yield derived(
        r"The third Hermite polynomial in place of the square. Stein's lemma does what it did before.",
        state(
            L,
            "=",
            E((f(g) - f(h)) ** 2),
            ",",
            f(z),
            "=",
            model.student_link.subs(Z, z),
            check=identity({L: model.loss, f: lambda at: hermite_prob(3, at), **AVERAGES}),
        ),
        "sixth moments of a Gaussian pair",
        OURS,
        single_index,
    )
    B, pull = sympy.Symbol("B"), -loss.diff(u)
    yield derived(
        "The drift towards the teacher is a polynomial in the overlaps.",
        state(
            B,
            "=",
            model.B[0],
            "=",
            plus(times(18, s - 1, t - 1), 36 * u**2),
            check=identity({B: pull}),
        ),
        r"$B = -\partial L/\partial u$",
        OURS,
        Model.B,
    )
    yield derived(
        r"Where the student is normalised to $s = s_* = 1$ it starts with $u^2$: information exponent 3. On "
        r"isotropic data the escape from $u(0) = \varepsilon$ then takes a time of order $1/\varepsilon$ in "
        r"place of $\log(1/\varepsilon)$.",
        _on_the_sphere(model, pull),
        rf"$c_1 = c_2 = 0$, $c_3 = {latex(hermite_coefficient(model.student_link, 3))}$",
        OURS,
        information_exponent,
    )
    yield derived(
        r"The flow itself starts elsewhere, at $w \approx 0$, where the link is linear and its mean slope "
        "at the teacher vanishes for $s_* = 1$: nothing pulls and the student's own linear part decays. 0 "
        "attracts, and a small start never escapes.",
        _near_zero(model, loss),
        "the lowest order in $w$ is negative",
        OURS,
        escape,
    )


def _on_the_sphere(model: Model, pull: sympy.Expr) -> Statement:
    """The drift of the cubic link at s = s* = 1, and how slowly u grows there."""
    sphere, dot_u, normalised = {s: 1, t: 1}, sympy.Symbol(r"\dot u"), sympy.Symbol("B|_{s = s_* = 1}")
    growth = _proportional(dot_u, pull.subs(sphere) * (1 - u**2))
    check = every(
        each(identity({normalised: pull.subs(sphere)}), growth),
        lambda _: holds(information_exponent(model.student_link) == 3, "Hermite coefficients"),
    )
    return state(normalised, "=", model.B[0].subs(sphere), "⟹", dot_u, "∝", u**2, check=check)


def _near_zero(model: Model, loss: sympy.Expr) -> Statement:
    """The loss of the cubic link beside its value at 0, for s* = 1."""
    gain = sympy.expand(model.loss.subs({s: 0, u: 0}) - model.loss).subs(t, 1)
    below, size, BigO = sympy.Symbol("L(0) - L"), sympy.Symbol("|w|"), sympy.Function("O")
    exact = (loss.subs({s: 0, u: 0}) - loss).subs(t, 1)
    starts = [{s: 2 * small**2, u: small, size: small} for small in (mp.mpf("1e-3"), mp.mpf("1e-5"))]
    check = every(
        _in_turn(identity({below: exact}), order(starts, BigO)),
        lambda _: holds(escape(model.student_link).time is EscapeTime.NEVER, "0 attracts"),
    )
    return state(below, "=", gain, "=", -9 * s + BigO(size**3), check=check)


def _proportional(name: sympy.Symbol, speed: sympy.Expr) -> Check:
    """The name, which is ``speed``, over the right side has a limit at u = 0 that is neither 0 nor ∞."""

    def check(clauses: tuple[Clause, ...]) -> str:
        left, right = clauses[0].sides
        limit = sympy.limit(sympy.simplify(left.subs(name, speed) / right), u, 0)
        return holds(bool(limit.is_finite and limit != 0), "limit of the quotient")

    return check


def _in_turn(*checks: Check) -> Check:
    """One check for each relation of a chain."""

    def check(clauses: tuple[Clause, ...]) -> str:
        pairs = [Clause((left, right), (sign,)) for left, sign, right in clauses[0].pairs]
        return "; ".join(own((pair,)) for own, pair in zip(checks, pairs, strict=True))

    return check


@derivation("width", "Two students, one teacher")
def width() -> Iterator[Step]:
    """The quadratic network: matrices in place of numbers."""
    model = quadratic_network(2, 1)
    yield derived(
        r"The output $\sum_j (w_j \cdot x)^2 = x^\top W^\top W x$ sees $W$ through $W^\top W$ alone. The "
        r"loss is a polynomial in $S = W Q W^\top$, $U = W Q W^{*\top}$ and $T = w^{*\top} Q w^*$.",
        state(L, "=", model.loss, check=identity({L: _pair_loss()})),
        "the same moments, pair by pair of units",
        OURS,
        quadratic_network,
    )
    dot_W, flow = sympy.Symbol(r"\dot W"), (sympy.Symbol("A W Q"), sympy.Symbol("B {W^*} Q"))
    yield derived(
        "The drift becomes a pair of matrices, and the flow keeps its form.",
        state(
            dot_W,
            "=",
            plus(*flow),
            ",",
            sympy.Symbol("A"),
            "=",
            model.A.as_immutable(),
            ",",
            sympy.Symbol("B"),
            "=",
            model.B.as_immutable(),
            check=_descends(*flow),
        ),
        r"$A = -2\,\partial L/\partial S$ with the symmetry of $S$, $B = -\partial L/\partial U$",
        OURS,
        Model.drift,
    )
    loss_of, S, U = sympy.Function("L"), sympy.Symbol("S"), sympy.Symbol("U")
    turned = loss_of(sympy.Symbol(r"O S O^\top"), sympy.Symbol("O U"))
    product, unit = sympy.Symbol(r"O^\top O"), sympy.Symbol("I")
    yield derived(
        r"Rotations among the students change nothing: $W$ and $O W$ are the same function. With more "
        r"students than teachers a whole orbit of weights fits the labels, and which of its points is "
        "reached depends on the start.",
        state(
            turned,
            "=",
            loss_of(S, U),
            ",",
            product,
            "=",
            unit,
            check=identity(_rotated(turned, loss_of(S, U), product, unit)),
        ),
        "a rotation by any angle",
        OURS,
        quadratic_network,
    )
    tower, speed = sympy.expand(hierarchy(model).U[0]), sympy.Symbol(r"\dot U_{11}^{(k)}")
    following = [sympy.Function(name)(ORDER + 1) for name in ("U11", "U21", "T")]
    yield derived(
        "The tower has the same shape, with matrices for coefficients; it is generated for any width.",
        state(
            speed,
            "=",
            setting.combined(*((tower.coeff(statistic), statistic) for statistic in following)),
            check=identity(_of_two_modes(speed)),
        ),
        "under the sum over modes",
        OURS,
        Hierarchy.U,
    )


def _pair_loss() -> sympy.Expr:
    """E (g_1² + g_2² − h²)² by the covariance of the three outputs."""
    g1, g2 = sympy.symbols("g1 g2")
    covariance = sympy.Matrix([[S11, S12, U11], [S12, S22, U21], [U11, U21, T]])
    return expectation((g1**2 + g2**2 - h**2) ** 2, [g1, g2, h], covariance)


def _two_modes(order: sympy.Expr | int = 1) -> dict[sympy.Symbol, sympy.Expr]:
    """The statistics of that order for two modes."""
    powers = sympy.diag(*(rate**order for rate in RATES))
    S, U = STUDENTS * powers * STUDENTS.T, STUDENTS * powers * TEACHERS.T
    values = S[0, 0], S[0, 1], S[1, 1], U[0, 0], U[1, 0], (TEACHERS * powers * TEACHERS.T)[0]
    return dict(zip(OVERLAPS, values, strict=True))


def _speeds() -> sympy.Matrix:
    """−∂L/∂W for two modes."""
    loss = _pair_loss().subs(_two_modes(), simultaneous=True)
    return -sympy.Matrix(2, 2, lambda row, column: loss.diff(STUDENTS[row, column]))


def _descends(own: sympy.Symbol, driven: sympy.Symbol) -> Check:
    """The printed matrices make the printed sum steepest descent."""

    def check(clauses: tuple[Clause, ...]) -> str:
        flow, *drift = (clause.sides[1] for clause in clauses)
        A, B = (matrix.subs(_two_modes(), simultaneous=True) for matrix in drift)
        Q = sympy.diag(*RATES)
        products = zip(A * STUDENTS * Q, B * TEACHERS * Q, _speeds(), strict=True)
        return equal(*((flow.doit().subs({own: x, driven: y}), speed) for x, y, speed in products))

    return check


def _rotated(turned: sympy.Expr, still: sympy.Expr, product: sympy.Symbol, unit: sympy.Symbol) -> Meaning:
    """The loss of turned students, and the matrices as quadratic forms."""
    angle, (x, y) = sympy.Symbol("phi", real=True), sympy.symbols("x y")
    turn = sympy.rot_axis3(angle)[:2, :2]
    S, U = turn * sympy.Matrix([[S11, S12], [S12, S22]]) * turn.T, turn * sympy.Matrix([U11, U21])
    values = dict(zip(OVERLAPS, (S[0, 0], S[0, 1], S[1, 1], *U, T), strict=True))
    vector = sympy.Matrix([x, y])
    forms = {product: ((turn * vector).T * (turn * vector))[0], unit: x**2 + y**2}
    return {turned: _pair_loss().subs(values, simultaneous=True), still: _pair_loss(), **forms}


def _of_two_modes(speed: sympy.Symbol) -> Meaning:
    """The statistics of two modes, of any order, and the speed of the first student's overlap."""
    moved = zip(RATES, _speeds().row(0), TEACHERS, strict=True)
    return {
        **_two_modes(),
        **{sympy.Function(name.name): lambda at, name=name: _two_modes(at)[name] for name in (U11, U21, T)},
        speed: sum(rate**ORDER * velocity * target for rate, velocity, target in moved),
    }


@derivation("inputs", "Other inputs")
def inputs() -> Iterator[Step]:
    """Complex Gaussian and elliptical inputs; what falls outside."""
    yield derived(
        r"For complex Gaussian inputs, where phase retrieval comes from, the fourth moment is smaller, "
        r"and $u$ is $|w^\dagger Q w^*|$.",
        state(L, "=", complex_phase_retrieval().loss, check=identity({L: _complex_loss()})),
        "one pairing fewer",
        OURS,
        CircularModel,
    )
    m2, m4 = sympy.symbols("m_2 m_4", positive=True)
    elliptical = EllipticalModel("elliptical", Z**2, Z**2, radial_moments=(m2, m4))
    radius, scaled = sympy.Symbol("r"), sympy.Symbol("L_{r}")
    error = AVERAGES[E]((radius**2 * g**2 - radius**2 * h**2) ** 2)
    yield derived(
        r"Inputs $r g$ with an independent radius $r$ and $m_4 = \mathbb{E} r^4$ multiply the loss, and with "
        r"it the clock, by one number. Heavy tails make everything faster, in proportion.",
        state(
            scaled,
            "=",
            times(m4, L),
            check=every(
                identity({scaled: error.subs(radius**4, m4), L: phase_retrieval().loss}),
                identity({scaled: elliptical.loss, L: phase_retrieval().loss}),
            ),
        ),
        "the square has degree two on both sides",
        OURS,
        EllipticalModel,
    )
    gaussian, kurtosis = sympy.Symbol(r"L_{\text{Gauss}}"), sympy.Symbol("kappa_4")
    yield derived(
        "Independent coordinates that are not Gaussian fall outside: the loss then depends on the weights "
        "mode by mode, through a fourth cumulant, and the reduction refuses them by name.",
        state(
            L,
            "=",
            plus(
                gaussian,
                times(kurtosis, ModeSum(times(lam[i] ** 2, (w[i] ** 2 - w_star[i] ** 2) ** 2), i)),
            ),
            check=identity({L: _independent(kurtosis), gaussian: _independent(sympy.S.Zero)}),
        ),
        "cumulants add over independent coordinates",
        OURS,
        NonGaussianError,
    )


def _complex_loss() -> sympy.Expr:
    """E (|g|² − |h|²)² with real and imaginary parts that are independent, of half the covariance each."""
    parts = sympy.symbols("g_1 h_1 g_2 h_2")
    g1, h1, g2, h2 = parts
    covariance = sympy.diag(COVARIANCE / 2, COVARIANCE / 2)
    return expectation((g1**2 + g2**2 - h1**2 - h2**2) ** 2, parts, covariance)


def _independent(kurtosis: sympy.Expr) -> sympy.Expr:
    """E (⟨x, w⟩² − ⟨x, w*⟩²)² for two coordinates of variance λ_i and fourth moment (3 + κ_4) λ_i²."""
    inputs = sympy.symbols("x1:3")
    g, h = (sum(x * weights[n] for n, x in enumerate(inputs, start=1)) for weights in (w, w_star))
    moments = [{0: 1, 2: lam[n], 4: (3 + kurtosis) * lam[n] ** 2} for n in (1, 2)]
    return sum(
        coefficient * moments[0].get(first, 0) * moments[1].get(second, 0)
        for (first, second), coefficient in sympy.Poly((g**2 - h**2) ** 2, *inputs).terms()
    )


def _links() -> Table:
    rows = []
    for text in LINKS:
        link = parse_link(text)
        coefficients = ", ".join(
            f"${latex(sympy.nsimplify(hermite_coefficient(link, k)))}$" for k in range(1, 5)
        )
        rows.append(
            [
                text.replace("**", "^").replace("*", " "),
                coefficients,
                str(information_exponent(link)),
                str(escape(link)),
            ]
        )
    return Table(
        ("link", "$c_1, \\dots, c_4$", "information exponent", r"from $\varepsilon w_0$ to $w$ of order 1"),
        rows,
        "Links, their Hermite coefficients at unit variance, the information exponent of the normalised "
        "flow, and how long the flow itself takes to leave 0, which the Taylor coefficients of the link "
        "there decide.",
        escape,
    )


def _laws(quick: bool) -> Table:
    rows = [
        [
            row.link.replace("**", "^").replace("*", " "),
            f"{row.spectrum:g}",
            f"{row.exponent:.6f}",
            f"{row.exponent_error:.0e}",
            *(
                f"{value:.6g}, {error:.0e}"
                for value, error in zip(row.prefactors, row.prefactor_errors, strict=True)
            ),
        ]
        for row in comparisons(quick)
    ]
    return Table(
        ("link", "$a$", r"$\gamma$", "off by", "prefactor of $1 - u$, off by", "prefactor of $L$, off by"),
        rows,
        r"The laws $C t^{-\gamma}$ at $d = \infty$ of any link, flat teachers, and by how much the solver's "
        "curves deviate from them, relatively, extrapolated by fits that assume neither exponent nor "
        "prefactor.",
        comparisons,
    )


def _linearised() -> Table:
    rows = [
        [
            "$u = 0$, $s = s_*/3$" if point.multiple is None else f"${latex(point.multiple)}\\,w^*$",
            f"${latex(point.rate)}$",
            f"${latex(point.form)}$",
        ]
        for point in linearise(phase_retrieval())
    ]
    return Table(
        ("point", r"rate $\gamma$", "form $C$"),
        rows,
        r"Phase retrieval linearised: $M = \gamma Q + \sum_{jk} C_{jk} (Q v_j)(Q v_k)^\top$ with $v = w^*$, "
        r"at the saddles $v = (w, w^*)$. "
        r"The secular equation $\det(1 - R(\rho) C) = 0$ follows for any model.",
        linearise,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        Nothing in the chain asked for the square. For any link and any number of units the population loss
        is a function of $S = W Q W^\top$, $U = W Q W^{*\top}$ and $T = W^* Q W^{*\top}$, and with $A =
        -2\,\partial L/\partial S$, $B = -\partial L/\partial U$ the flow is $\dot W = A W Q + B W^* Q$.
        Hierarchy, closures, integral equations, linearisations and the solver's right-hand sides follow
        from $(A, B)$ by the same code. To see them for a link of your own, run `phase-retrieval derive
        --link 'z**3 - 3*z'`.
        """)
    yield _links()
    yield cubic
    yield width
    yield inputs
    yield Prose(r"""
        The laws of convergence need three numbers of a link, Gaussian averages of its slope and their
        curvature. Where such an average has no closed form it is an integral, enclosed in balls: run
        `phase-retrieval constants --link 'tanh(z)'`.
        """)
    yield _laws(asked.quick)
    yield _linearised()


chapter = Chapter("links", "Other links and widths", (cubic, width, inputs), _write)
