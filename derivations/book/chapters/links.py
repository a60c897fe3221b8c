"""Other links, widths and inputs: the same chain, other drifts."""

from collections.abc import Iterator

import sympy

from derivations.book.document import OURS, Asked, Block, Chapter, Prose, Step, Table, derivation
from derivations.book.proof import equal, holds, step
from derivations.typeset import latex
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
from theory.symbolic.hierarchy import Hierarchy

s, u, t = sympy.symbols("s u t")
LINKS = ("z**2", "z**3 - 3*z", "z**2 + z", "z**4 - 6*z**2 + 3", "erf(z)", "relu(z)", "abs(z)")


@derivation("cubic", "A link with a slower escape")
def cubic() -> Iterator[Step]:
    """He_3: the same steps, a flat start."""
    model = single_index(Z**3 - 3 * Z)
    x, y = sympy.symbols("x y")
    covariance = sympy.Matrix([[s, u], [u, t]])
    yield step(
        r"The third Hermite polynomial in place of the square. Stein's lemma does what it did before.",
        rf"L = \mathbb{{E}}\left(f(g) - f(h)\right)^2, \quad f(z) = {latex(model.student_link)}".replace(
            "Z", "z"
        ),
        "sixth moments of a Gaussian pair",
        equal((model.loss, expectation((x**3 - 3 * x - y**3 + 3 * y) ** 2, [x, y], covariance))),
        OURS,
        single_index,
    )
    yield step(
        "The drift towards the teacher is a polynomial in the overlaps.",
        rf"B = {latex(model.B[0])} = 18 (s - 1)(s_* - 1) + 36 u^2",
        r"$B = -\partial L/\partial u$",
        equal((model.B[0], -model.loss.diff(u)), (model.B[0], 18 * (s - 1) * (t - 1) + 36 * u**2)),
        OURS,
        Model.B,
    )
    sphere = {s: 1, t: 1}
    yield step(
        r"Where the student is normalised to $s = s_* = 1$ it starts with $u^2$: information exponent 3. On "
        r"isotropic data the escape from $u(0) = \varepsilon$ then takes a time of order $1/\varepsilon$ in "
        r"place "
        r"of $\log(1/\varepsilon)$.",
        rf"B|_{{s = s_* = 1}} = {latex(model.B[0].subs(sphere))} \; \Rightarrow \; \dot u \propto u^2",
        rf"$c_1 = c_2 = 0$, $c_3 = {latex(hermite_coefficient(model.student_link, 3))}$",
        holds(information_exponent(model.student_link) == 3, "Hermite coefficients")
        + "; "
        + equal((model.B[0].subs(sphere), 36 * u**2)),
        OURS,
        information_exponent,
    )
    gain = sympy.expand(model.loss.subs({s: 0, u: 0}) - model.loss).subs(t, 1)
    yield step(
        r"The flow itself starts elsewhere, at $w \approx 0$, where the link is $-3z$ and its slope "
        r"$\mathbb{E} f'(h) = 3(s_* - 1)$ vanishes at $s_* = 1$: nothing pulls and the student's own linear "
        "part "
        "decays. 0 attracts, and a small start never escapes.",
        rf"L(0) - L = {latex(gain)} = -9 s + O(|w|^3)",
        "the lowest order in $w$ is negative",
        equal((gain.coeff(s, 1).coeff(u, 0), -9))
        + "; "
        + holds(escape(model.student_link).time is EscapeTime.NEVER, "0 attracts"),
        OURS,
        escape,
    )


@derivation("width", "Two students, one teacher")
def width() -> Iterator[Step]:
    """The quadratic network: matrices in place of numbers."""
    model = quadratic_network(2, 1)
    yield step(
        r"The output $\sum_j (w_j \cdot x)^2 = x^\top W^\top W x$ sees $W$ through $W^\top W$ alone. The "
        r"loss is a polynomial in "
        r"$S = W Q W^\top$, $U = W Q W^{*\top}$ and $T = w^{*\top} Q w^*$.",
        rf"L = {latex(model.loss)}",
        "the same moments, pair by pair of units",
        equal(
            (
                model.loss.subs(dict.fromkeys(sympy.symbols("S12 S22 U21"), 0)).subs(
                    {"S11": s, "U11": u, "T": t}
                ),
                phase_retrieval().loss,
            )
        ),
        OURS,
        quadratic_network,
    )
    yield step(
        "The drift becomes a pair of matrices, and the flow keeps its form.",
        rf"\dot W = A\,W Q + B\,W^* Q, \quad A = {latex(model.A)}, \quad B = {latex(model.B)}",
        r"$A = -2\,\partial L/\partial S$ with the symmetry of $S$, $B = -\partial L/\partial U$",
        equal(
            *(
                (entry, -model.loss.diff(name))
                for entry, name in zip(model.B, sympy.symbols("U11 U21"), strict=True)
            ),
            (model.A[0, 1], -model.loss.diff("S12")),
            (model.A[0, 0], -2 * model.loss.diff("S11")),
        ),
        OURS,
        Model.drift,
    )
    angle = sympy.Symbol("phi", real=True)
    turn = sympy.Matrix([[sympy.cos(angle), -sympy.sin(angle)], [sympy.sin(angle), sympy.cos(angle)]])
    S = sympy.Matrix(2, 2, sympy.symbols("S11 S12 S12 S22"))
    U = sympy.Matrix(sympy.symbols("U11 U21"))
    turned = dict(
        zip(
            sympy.symbols("S11 S12 S22 U11 U21"),
            (*[(turn * S * turn.T)[k] for k in (0, 1, 3)], *(turn * U)),
            strict=True,
        )
    )
    yield step(
        r"Rotations among the students change nothing: $W$ and $O W$ are the same function. With more "
        r"students than "
        "teachers a whole orbit of weights fits the labels, and which of its points is reached depends on "
        "the start.",
        r"L(O S O^\top, O U) = L(S, U), \qquad O^\top O = I",
        "a rotation by any angle",
        equal((sympy.simplify(model.loss.subs(turned, simultaneous=True) - model.loss), 0)),
        OURS,
        quadratic_network,
    )
    tower = hierarchy(model)
    yield step(
        "The tower has the same shape, with matrices for coefficients; it is generated for any width.",
        rf"\dot U_{{11}}^{{(k)}} = {latex(tower.U[0])}",
        "under the sum over modes",
        holds(len(tower.entries) == 5, "three energies and two overlaps of each order"),
        OURS,
        Hierarchy.U,
    )


@derivation("inputs", "Other inputs")
def inputs() -> Iterator[Step]:
    """Complex Gaussian and elliptical inputs; what falls outside."""
    model, real = complex_phase_retrieval(), phase_retrieval()
    yield step(
        r"For complex Gaussian inputs, where phase retrieval comes from, $\mathbb{E}|g|^4 = 2 s^2$ in place "
        r"of $3 s^2$, and "
        r"$u$ is $|w^\dagger Q w^*|$.",
        rf"L = {latex(model.loss)}",
        "one pairing fewer",
        equal((model.loss, 2 * s**2 + 2 * t**2 - 2 * (s * t + u**2))),
        OURS,
        CircularModel,
    )
    m2, m4 = sympy.symbols("m_2 m_4", positive=True)
    elliptical = EllipticalModel("elliptical", Z**2, Z**2, radial_moments=(m2, m4))
    yield step(
        r"Inputs $r g$ with an independent radius $r$ and $m_4 = \mathbb{E} r^4$ multiply the loss, and with "
        r"it the clock, by "
        "one number. Heavy tails make everything faster, in proportion.",
        rf"L_{{r}} = {latex(m4)}\,L",
        "the square has degree two on both sides",
        equal((elliptical.loss, m4 * real.loss)),
        OURS,
        EllipticalModel,
    )
    yield step(
        "Independent coordinates that are not Gaussian fall outside: the loss then depends on the weights "
        "mode by mode, "
        "through a fourth cumulant, and the reduction refuses them by name.",
        r"L = L_{\text{Gauss}} + \kappa_4 \sum_i \lambda_i^2 \left(w_i^2 - (w^*_i)^2\right)^2",
        "cumulants add over independent coordinates",
        equal(_kurtosis()),
        OURS,
        NonGaussianError,
    )


def _kurtosis() -> tuple[sympy.Expr, sympy.Expr]:
    """E (w²x² − v²x²)² for one coordinate of unit variance and fourth moment 3 + κ."""
    w, v, kappa = sympy.symbols("w v kappa")
    values = {s: w**2, u: w * v, t: v**2}
    return (3 + kappa) * (w**2 - v**2) ** 2, phase_retrieval().loss.subs(values) + kappa * (w**2 - v**2) ** 2


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
        "flow, and "
        "how long the flow itself takes to leave 0, which the Taylor coefficients of the link there decide.",
        escape,
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
        is a
        function of $S = W Q W^\top$, $U = W Q W^{*\top}$ and $T = W^* Q W^{*\top}$, and with
        $A = -2\,\partial L/\partial S$, $B = -\partial L/\partial U$ the flow is $\dot W = A W Q + B W^* Q$.
        Hierarchy, closures, integral
        equations, linearisations and the solver's right-hand sides follow from $(A, B)$ by the same code. To
        see
        them for a link of your own, run `phase-retrieval derive --link 'z**3 - 3*z'`.
        """)
    yield _links()
    yield cubic
    yield width
    yield inputs
    yield _linearised()


chapter = Chapter("links", "Other links and widths", (cubic, width, inputs), _write)
