"""The model and its loss: from Gaussian moments to the drift (P1, P3, Lem 3, R2)."""

from collections.abc import Iterator

import sympy

from derivations.court.checks import Meaning, each, exceeds, identity
from derivations.court.operators import ModeSum, plus, times
from derivations.court.statement import Definition, Statement, state
from derivations.press.document import Asked, Block, Chapter, Prose, Step, derivation
from derivations.press.proof import derived
from derivations.setting import statements as setting
from derivations.setting.measured import model as evidence
from derivations.setting.statements import AVERAGES, MODES, E, chained, combined, g, h, mean_square
from derivations.setting.symbols import L, Q_star, Qw, dot_w, i, j, lam, s, slope, t, u, w, w_star
from theory.symbolic import Model, Z, gaussian_moment, network_gradient, phase_retrieval


@derivation("loss", "The population loss, from Gaussian moments", "P1")
def loss() -> Iterator[Step]:
    """L(s, u, s*) by Stein's lemma."""
    model = phase_retrieval()
    yield derived(
        r"Name the two outputs before squaring, $g = \langle x, w \rangle$ and $h = \langle x, w^* \rangle$. "
        "They are jointly Gaussian with mean zero, so three numbers say all about them.",
        Definition(
            r"\mathbb{E}\,g^2 = s = w^\top Q w, \quad \mathbb{E}\,g h = u = w^\top Q w^*, "
            r"\quad \mathbb{E}\,h^2 = s_* = w^{*\top} Q w^*"
        ),
        r"linear images of $x \sim N(0, Q)$",
        "P1",
    )
    yield derived(
        "Expand the square of the error; odd moments do not occur.",
        state(
            L, "=", E((g**2 - h**2) ** 2), "=", E(g**4) - 2 * E(g**2 * h**2) + E(h**4), check=mean_square()
        ),
        "linearity of the mean",
        "P1",
    )
    yield derived(
        r"Stein's lemma, $\mathbb{E}\,g f(g, h) = s\,\mathbb{E}\,\partial_g f + u\,\mathbb{E}\,\partial_h "
        r"f$, lowers a fourth moment to a second one.",
        state(E(g**4), "=", 3 * s * E(g**2), "=", 3 * s**2, check=identity(AVERAGES)),
        r"$f = g^3$",
        "P1",
        gaussian_moment,
    )
    yield derived(
        "The mixed moment splits into the product of the energies and twice the square of the overlap: one "
        "pairing of the four factors keeps student with student, two pair student with teacher.",
        state(
            E(g**2 * h**2),
            "=",
            s * E(h**2) + 2 * u * E(g * h),
            "=",
            s * t + 2 * u**2,
            check=identity(AVERAGES),
        ),
        r"$f = g h^2$",
        "P1",
        gaussian_moment,
    )
    yield derived(
        "Put together, the loss is a quadratic polynomial in three overlaps. The dimension has gone.",
        setting.loss(),
        "sum of the three moments",
        "P1",
        Model.loss,
    )
    variance, noise = sympy.symbols("sigma2 xi")
    noisy = Model("noisy", Z**2, Z**2, noise=variance)
    error = sympy.expand((g**2 - h**2 - noise) ** 2)
    blurred = sum(error.coeff(noise, n) * moment for n, moment in enumerate((1, 0, variance)))
    clear, dim = sympy.Symbol("L"), sympy.Symbol(r"L_{\text{noisy}}")
    yield derived(
        r"Noise of variance $\sigma^2$ on the labels, independent of $x$, adds a constant that no "
        "gradient sees.",
        state(
            dim,
            "=",
            clear + noisy.loss - model.loss,
            check=identity({dim: AVERAGES[E](blurred), clear: AVERAGES[E]((g**2 - h**2) ** 2)}),
        ),
        "the cross term has mean zero",
        "P1",
        Model,
    )


@derivation("flow", "The flow of the weights", "P3", "R2")
def flow() -> Iterator[Step]:
    """ẇ = A Q w + B Q w*, and the same in whitened coordinates."""
    model = phase_retrieval()
    student, teacher = (entry[0] for entry in network_gradient(model))
    up, across = sympy.Symbol(r"\nabla_{w} s"), sympy.Symbol(r"\nabla_{w} u")
    yield derived(
        "The loss sees the weights through two overlaps only, whose gradients are linear in the weights.",
        state(up, "=", 2 * Qw, ",", across, "=", Q_star, check=identity(_in_two_dimensions(up, across))),
        r"$Q$ is symmetric",
        "P3",
    )
    pull, push = (sympy.Symbol(rf"\frac{{\partial L}}{{\partial {name}}}") for name in "su")
    chain = {slope: chained(), pull: model.loss.diff(s), push: model.loss.diff(u)}
    yield derived(
        "The chain rule writes the gradient in two vectors, whatever the dimension.",
        state(
            slope,
            "=",
            plus(times(2, pull, Qw), times(push, Q_star)),
            "=",
            combined((student, Qw), (teacher, Q_star)),
            check=identity(chain),
        ),
        "chain rule",
        "P2",
        network_gradient,
    )
    A, B = sympy.symbols("A B")
    yield derived(
        r"With $A = -2\,\partial L/\partial S$ and $B = -\partial L/\partial U$ the flow has the form on "
        "which all that follows is built; it holds for every link and width, with matrices in place of "
        "numbers.",
        state(
            A,
            "≔",
            sympy.factor(model.A[0]),
            ",",
            B,
            "≔",
            model.B[0],
            ",",
            dot_w,
            "=",
            A * Qw + B * Q_star,
            check=identity({dot_w: -chained()}),
        ),
        r"$\dot w = -\nabla L$",
        "P3",
        Model.drift,
    )
    yield derived(
        r"In whitened coordinates $z = Q^{1/2} w$ the loss is that of isotropic data, and the spectrum is a "
        r"preconditioner: learning is slow where $\lambda_i$ is small because the gradient there is "
        r"multiplied by $\lambda_i$, not because the landscape is bad.",
        _whitened(model),
        r"multiply by $Q^{1/2}$, mode by mode",
        "R2",
    )


def _in_two_dimensions(up: sympy.Symbol, across: sympy.Symbol) -> Meaning:
    """∇s, ∇u and the two vectors for a general symmetric Q, contracted with a direction of one's own."""
    x, y, c = (sympy.Matrix(sympy.symbols(f"{name}1:3")) for name in ("x", "y", "c"))
    q1, q2, q3 = sympy.symbols("q1:4")
    Q = sympy.Matrix([[q1, q2], [q2, q3]])
    energy, overlap = (x.T * Q * x)[0], (x.T * Q * y)[0]

    def along(scalar: sympy.Expr) -> sympy.Expr:
        return sum(scalar.diff(x[n]) * c[n] for n in range(2))

    return {
        up: along(energy),
        across: along(overlap),
        Qw: (c.T * Q * x)[0],
        Q_star: (c.T * Q * y)[0],
    }


def _whitened(model: Model) -> Statement:
    """One mode of ż = Q (A z + B z*), and the gradient of the isotropic loss in a second mode's presence."""
    A, B = sympy.symbols("A B")
    z, z_star, Q = (sympy.Symbol(name) for name in ("z", "z^*", "Q"))
    dot_z, isotropic = sympy.Symbol(r"\dot z"), sympy.Symbol(r"\nabla L_I{(z)}")
    (x1, x2), (y1, y2), rate = sympy.symbols("x1:3"), sympy.symbols("y1:3"), sympy.Symbol("l", positive=True)
    inside = {s: x1**2 + x2**2, u: x1 * y1 + x2 * y2, t: y1**2 + y2**2}
    root = sympy.sqrt(rate)
    gain, force = model.A[0].subs(inside), model.B[0].subs(inside)
    meaning = {
        dot_z: root * rate * (gain * x1 / root + force * y1 / root),
        isotropic: model.loss.subs(inside).diff(x1),
        A: gain,
        B: force,
        z: x1,
        z_star: y1,
        Q: rate,
    }
    return state(dot_z, "=", Q * (A * z + B * z_star), "=", -Q * isotropic, check=identity(meaning))


@derivation("coercive", "The loss from below", "Lem3")
def coercive() -> Iterator[Step]:
    """L ≥ 3 (s − s*)², with equality on the line through the teacher."""
    model, alpha = phase_retrieval(), sympy.Symbol("alpha")
    gap = sympy.expand(model.loss - 3 * (s - t) ** 2)
    yield derived(
        "Take the square of the difference of the energies off the loss.",
        state(L - 3 * (s - t) ** 2, "=", sympy.factor(gap), check=mean_square()),
        "expansion",
        "Lem3",
        Model.loss,
    )
    squares = ModeSum(times(lam[i], lam[j], (w[i] * w_star[j] - w[j] * w_star[i]) ** 2), i, j)
    yield derived(
        r"The rest is the defect in the inequality of Cauchy and Schwarz for $\langle \cdot, \cdot "
        r"\rangle_Q$, a sum of squares over pairs of modes, hence not negative.",
        state(s * t - u**2, "=", sympy.Rational(1, 2) * squares, check=identity(MODES)),
        "Lagrange's identity",
        "Lem3",
    )
    ray, bound = sympy.Symbol(r"L{(\alpha w^*)}"), 3 * (s - t) ** 2
    line = {s: alpha**2 * t, u: alpha * t}
    yield derived(
        r"So the loss is coercive in $s$, and the bound is sharp: it is attained on the line "
        r"$w = \alpha w^*$.",
        state(
            L,
            "≥",
            bound,
            ",",
            ray,
            "=",
            sympy.factor(model.loss.subs(line)),
            check=each(exceeds(gap, {L: model.loss}), identity({ray: bound.subs(line)})),
        ),
        "the two steps before",
        "Lem3",
        Model.loss,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        A student $\langle x, w \rangle^2$ is to reproduce the labels $\langle x, w^* \rangle^2$ of a
        teacher. The sign of $w^*$ is lost in the square, so at best $\pm w^*$ is found. The inputs are
        Gaussian, $x \sim N(0, Q)$, and the eigenvalues of $Q$ fall like a power, $\lambda_i =
        i^{-a}/H_{d,a}$ with $H_{d,a} = \sum_{j \leq d} j^{-a}$, so that $\operatorname{tr} Q = 1$. Training
        is gradient flow on the population loss, without a factor of one half. A time in this book is a time
        of that flow; a learning rate $\eta$ turns $n$ steps into the time $n \eta$.

        Nothing in the first chapters needs the power law. What matters is that two Gaussian variables
        enter, the outputs before squaring, and that a Gaussian pair is known by its covariance.
        """)
    yield loss
    yield flow
    yield Prose(r"""
        Two readings of this are worth keeping apart. In the coordinates $w$ the loss is badly conditioned.
        In the coordinates $z$ it is as good as it can be, and the dynamics alone is slow. The second
        reading is the one that generalises: the drift $(A, B)$ comes from the link, the slowness from the
        spectrum, and they meet in the product $\lambda_i A$.
        """)
    yield coercive


chapter = Chapter("model", "The model and its loss", (loss, flow, coercive), _write, (evidence.section,))
