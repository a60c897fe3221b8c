"""The model and its loss: from Gaussian moments to the drift (P1, P3, Lem 3, R2)."""

from collections.abc import Iterator

import sympy

from derivations import model as evidence
from derivations.book.document import Asked, Block, Chapter, Measured, Prose, Step, derivation
from derivations.book.proof import DEFINITION, equal, step
from derivations.typeset import combination, latex
from theory.symbolic import Model, Z, expectation, gaussian_moment, network_gradient, phase_retrieval

s, u, t, g, h = sympy.symbols("s u t g h")
COVARIANCE = sympy.Matrix([[s, u], [u, t]])


@derivation("loss", "The population loss, from Gaussian moments", "P1")
def loss() -> Iterator[Step]:
    """L(s, u, s*) by Stein's lemma."""
    model = phase_retrieval()
    yield step(
        r"Name the two outputs before squaring, $g = \langle x, w \rangle$ and $h = \langle x, w^* \rangle$. "
        r"They "
        "are jointly Gaussian with mean zero, so three numbers say all about them.",
        r"\mathbb{E}\,g^2 = s = w^\top Q w, \quad \mathbb{E}\,g h = u = w^\top Q w^*, "
        r"\quad \mathbb{E}\,h^2 = s_* = w^{*\top} Q w^*",
        r"linear images of $x \sim N(0, Q)$",
        DEFINITION,
        "P1",
    )
    yield step(
        "Expand the square of the error; odd moments do not occur.",
        r"L = \mathbb{E}\left(g^2 - h^2\right)^2 = \mathbb{E}\,g^4 - 2\,\mathbb{E}\,g^2 h^2 + "
        r"\mathbb{E}\,h^4",
        "linearity of the mean",
        equal(((g**2 - h**2) ** 2, g**4 - 2 * g**2 * h**2 + h**4)),
        "P1",
    )
    fourth, mixed = gaussian_moment((4, 0), COVARIANCE), gaussian_moment((2, 2), COVARIANCE)
    second = gaussian_moment((2, 0), COVARIANCE)
    yield step(
        r"Stein's lemma, $\mathbb{E}\,g f(g, h) = s\,\mathbb{E}\,\partial_g f + u\,\mathbb{E}\,\partial_h "
        r"f$, lowers a "
        r"fourth moment to a second one.",
        rf"\mathbb{{E}}\,g^4 = 3 s\,\mathbb{{E}}\,g^2 = {latex(fourth)}",
        r"$f = g^3$",
        equal((fourth, 3 * s * second), (fourth, 3 * s**2)),
        "P1",
        gaussian_moment,
    )
    yield step(
        "The mixed moment splits into the product of the energies and twice the square of the overlap: one "
        "pairing of the four factors keeps student with student, two pair student with teacher.",
        rf"\mathbb{{E}}\,g^2 h^2 = s\,\mathbb{{E}}\,h^2 + 2 u\,\mathbb{{E}}\,g h = {latex(mixed)}",
        r"$f = g h^2$",
        equal((mixed, s * gaussian_moment((0, 2), COVARIANCE) + 2 * u * gaussian_moment((1, 1), COVARIANCE))),
        "P1",
        gaussian_moment,
    )
    yield step(
        "Put together, the loss is a quadratic polynomial in three overlaps. The dimension has gone.",
        f"L = {latex(model.loss)}",
        "sum of the three moments",
        equal(
            (model.loss, fourth - 2 * mixed + fourth.subs(s, t)),
            (model.loss, expectation((g**2 - h**2) ** 2, [g, h], COVARIANCE)),
        ),
        "P1",
        Model.loss,
    )
    noisy = Model("noisy", Z**2, Z**2, noise=sympy.Symbol("sigma2"))
    yield step(
        r"Noise of variance $\sigma^2$ on the labels, independent of $x$, adds a constant that no gradient "
        r"sees.",
        rf"L_{{\text{{noisy}}}} = L + {latex(noisy.loss - model.loss)}",
        "the cross term has mean zero",
        equal((noisy.loss - model.loss, noisy.noise), (noisy.A[0], model.A[0]), (noisy.B[0], model.B[0])),
        "P1",
        Model,
    )


@derivation("flow", "The flow of the weights", "P3", "R2")
def flow() -> Iterator[Step]:
    """ẇ = A Q w + B Q w*, and the same in whitened coordinates."""
    model = phase_retrieval()
    student, teacher = (entry[0] for entry in network_gradient(model))
    yield step(
        "The loss sees the weights through two overlaps only, whose gradients are linear in the weights.",
        r"\nabla_w s = 2 Q w, \qquad \nabla_w u = Q w^*",
        r"$Q$ is symmetric",
        _coordinates(),
        "P3",
    )
    yield step(
        "The chain rule writes the gradient in two vectors, whatever the dimension.",
        rf"\nabla L = 2 \frac{{\partial L}}{{\partial s}} Q w + \frac{{\partial L}}{{\partial u}} Q w^* = "
        rf"{combination([(student, 'Q w'), (teacher, 'Q w^*')])}",
        "chain rule",
        equal((student, 2 * model.loss.diff(s)), (teacher, model.loss.diff(u))),
        "P2",
        network_gradient,
    )
    yield step(
        r"With $A = -2\,\partial L/\partial S$ and $B = -\partial L/\partial U$ the flow has the form on "
        r"which all that "
        "follows is built; it holds for every link and width, with matrices in place of numbers.",
        rf"\dot w = A\,Q w + B\,Q w^*, \quad A = {latex(sympy.factor(model.A[0]))}, \quad B = "
        rf"{latex(model.B[0])}",
        r"$\dot w = -\nabla L$",
        equal((model.A[0], -student), (model.B[0], -teacher)),
        "P3",
        Model.drift,
    )
    rate, w, star = sympy.symbols("lambda w w_star", positive=True)
    z = sympy.sqrt(rate) * w
    yield step(
        r"In whitened coordinates $z = Q^{1/2} w$ the loss is that of isotropic data, and the spectrum is a "
        r"preconditioner: learning is slow where $\lambda_i$ is small because the gradient there is "
        r"multiplied by "
        r"$\lambda_i$, not because the landscape is bad.",
        r"\dot z = Q\left(A z + B z^*\right) = -Q\,\nabla L_I(z), \quad s = z^\top z, \; u = z^\top z^*",
        r"multiply by $Q^{1/2}$, mode by mode",
        equal((sympy.sqrt(rate) * rate * (s * w + u * star), rate * (s * z + u * sympy.sqrt(rate) * star))),
        "R2",
    )


def _coordinates() -> str:
    """∇s and ∇u for a general symmetric Q in two dimensions."""
    w, v = sympy.Matrix(sympy.symbols("w1:3")), sympy.Matrix(sympy.symbols("v1:3"))
    a, b, c = sympy.symbols("a b c")
    Q = sympy.Matrix([[a, b], [b, c]])
    energy, overlap = (w.T * Q * w)[0], (w.T * Q * v)[0]
    pairs = [(energy.diff(w[i]), 2 * (Q * w)[i]) for i in range(2)]
    return equal(*pairs, *((overlap.diff(w[i]), (Q * v)[i]) for i in range(2)))


@derivation("coercive", "The loss from below", "Lem3")
def coercive() -> Iterator[Step]:
    """L ≥ 3 (s − s*)², with equality on the line through the teacher."""
    model, alpha = phase_retrieval(), sympy.Symbol("alpha")
    gap = sympy.expand(model.loss - 3 * (s - t) ** 2)
    yield step(
        "Take the square of the difference of the energies off the loss.",
        rf"L - 3 (s - s_*)^2 = {latex(sympy.factor(gap))}",
        "expansion",
        equal((gap, 4 * (s * t - u**2))),
        "Lem3",
        Model.loss,
    )
    a1, a2, b1, b2 = sympy.symbols("a1 a2 b1 b2")
    yield step(
        r"The rest is the defect in the inequality of Cauchy and Schwarz for $\langle \cdot, \cdot "
        r"\rangle_Q$, a sum of "
        "squares over pairs of modes.",
        r"s s_* - u^2 = \tfrac12 \sum_{i,j} \lambda_i \lambda_j (w_i w^*_j - w_j w^*_i)^2 \geq 0",
        "Lagrange's identity",
        equal(((a1**2 + a2**2) * (b1**2 + b2**2) - (a1 * b1 + a2 * b2) ** 2, (a1 * b2 - a2 * b1) ** 2)),
        "Lem3",
    )
    ray = model.loss.subs({s: alpha**2 * t, u: alpha * t})
    yield step(
        r"So the loss is coercive in $s$, and the bound is sharp: it is attained on the line $w = \alpha "
        r"w^*$.",
        rf"L \geq 3 (s - s_*)^2, \qquad L(\alpha w^*) = {latex(sympy.factor(ray))}",
        "the two steps before",
        equal((ray, 3 * (alpha**2 * t - t) ** 2)),
        "Lem3",
        Model.loss,
    )


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        A student $\langle x, w \rangle^2$ is to reproduce the labels $\langle x, w^* \rangle^2$ of a
        teacher. The sign
        of $w^*$ is lost in the square, so at best $\pm w^*$ is found. The inputs are Gaussian,
        $x \sim N(0, Q)$, and the eigenvalues of $Q$ fall like a power, $\lambda_i = i^{-a}/H_{d,a}$ with
        $H_{d,a} = \sum_{j \leq d} j^{-a}$, so that $\operatorname{tr} Q = 1$. Training is gradient flow on
        the
        population loss, without a factor of one half. A time in this book is a time of that flow; a learning
        rate $\eta$ turns $n$ steps into the time $n \eta$.

        Nothing in the first chapters needs the power law. What matters is that two Gaussian variables enter,
        the
        outputs before squaring, and that a Gaussian pair is known by its covariance.
        """)
    yield loss
    yield flow
    yield Prose(r"""
        Two readings of this are worth keeping apart. In the coordinates $w$ the loss is badly conditioned.
        In the
        coordinates $z$ it is as good as it can be, and the dynamics alone is slow. The second reading is the
        one
        that generalises: the drift $(A, B)$ comes from the link, the slowness from the spectrum, and they
        meet in
        the product $\lambda_i A$.
        """)
    yield coercive
    yield Measured(evidence.chapter(), evidence.chapter)


chapter = Chapter("model", "The model and its loss", (loss, flow, coercive), _write)
