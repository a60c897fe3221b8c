"""The mean of online SGD of a network: the means W̄ (K, N) and covariances C (K, K, N) of its modes.

With h_jk = 4 c_j c_k (e² + σ²) f_j'(z_j) f_k'(z_k), e the error of the output, one sample's gradient has by
Stein's lemma ``E[g_j g_kᵀ] = V_jk Q + Q [Σ_ab H_ab^jk v_a v_bᵀ] Q``, where v are students and teachers, V is
the mean of h and H that of its second derivatives. A step on m samples is then

    W̄ ← W̄ + ηλ (A W̄ + B W*)
    C ← (1 + ηλA) C (1 + ηλA)ᵀ + (η²/m) [λ V + λ² (Σ_ab H_ab (v̄_a v̄_b + C_ab) − G Gᵀ − A C Aᵀ)],

G = A W̄ + B W*, with S = Σ λ (W̄ W̄ᵀ + C) and U = Σ λ W̄ W*ᵀ. Means over the projections are Gauss–Hermite sums,
exact for polynomials.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from numerics.arrays import Array
from numerics.descent.draws import check_directions
from numerics.descent.network_sgd import Units
from numerics.descent.protocol import DescentProtocol, Protocolled, protocol_of
from numerics.descent.steps import recorded_steps
from numerics.pairs import AnyModel
from numerics.pairs.functions import taylor_coefficients
from numerics.pairs.overlaps import join
from numerics.problems.problem import Problem
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves
from theory.expected import Count, checked

MOST_POINTS = 300_000  # of the quadrature
DEPENDENT = 1e-12  # share of a variance that is not of the vectors before
FINER = 2  # more nodes in a direction, which tell the error of a sum


@checked
@dataclass(frozen=True, eq=False)
class NetworkPrediction(Protocolled, Curves):
    """The mean of online SGD of a network after the step numbers ``steps`` (n,), at the times ``t`` (n,).

    ``S`` (K, K, n), ``U`` (K, M, n), ``loss`` (n,) without the labels' variance and ``distances`` (K, M, n)
    are those of :class:`numerics.Overlaps` for the mean statistics. ``error`` is that of the quadrature of
    the gradient's noise, relative, at both ends.
    """

    protocol: DescentProtocol
    steps: Array
    t: Array
    S: Array
    U: Array
    loss: Array
    distances: Array
    error: float

    def columns(self) -> Columns:
        """S, U and the distances for every student and teacher."""
        students, teachers = ("student", "student_"), ("student", "teacher")
        return {
            "t": (("t",), self.t),
            "step": (("t",), self.steps),
            "S": ((*students, "t"), self.S),
            "U": ((*teachers, "t"), self.U),
            "loss": (("t",), self.loss),
            "distances": ((*teachers, "t"), self.distances),
        }

    def attributes(self) -> dict[str, Any]:
        """The protocol, and the error."""
        return {**self.protocol.attributes(), "error": self.error}


@checked
def predict_sgd_network(
    problem: Problem,
    step_size: float | DescentProtocol,
    steps: int | None = None,
    *,
    model: AnyModel,
    batch: Count = 1,
    noise_variance: float = 0.0,
    points: int | Sequence[int] | Array = 200,
    progress: Callable[[int], None] | None = None,
) -> NetworkPrediction:
    """:func:`numerics.predict_sgd` of a ``model`` of smooth links and any width, step by step.

    A step costs O(N K²) and a quadrature over the K + M projections: few units. Every mode is followed.

    Raises ValueError for a reduced problem, links with a kink, a constraint, too many units and students that
    are parallel to others; FloatingPointError where the means diverge.

    >>> from theory.symbolic import Model, Z
    >>> pair = Model("pair", Z**2, Z**2, (1, 1), (1, 1))
    >>> problem = Problem([0.5, 0.3, 0.1, 0.1], np.eye(4)[:2], np.eye(4)[:2] + 0.1 * np.eye(4)[2:])
    >>> run = predict_sgd_network(problem, 1e-3, 100, model=pair, points=2)
    >>> run.S.shape, bool(run.loss[-1] < run.loss[0])
    ((2, 2, 2), True)
    """
    protocol = protocol_of(step_size, steps, batch, noise_variance)
    check_directions(problem)
    units = Units.of(model)
    if units.constraint is not None:
        raise ValueError("the mean of SGD is predicted without a constraint")
    units.check_sizes(problem)
    recorded = recorded_steps(protocol.steps, points)
    state, rows, errors = _Means(problem, units, protocol), [], []
    for number in recorded:
        state.advance(int(number))
        rows.append(state.seen())
        if number in (recorded[0], recorded[-1]):
            errors.append(state.noise_error())
        if progress is not None:
            progress(state.done)
    S, U, loss, distances = (np.stack(parts, axis=-1) for parts in zip(*rows, strict=True))
    return NetworkPrediction(protocol, recorded, protocol.times(recorded), S, U, loss, distances, max(errors))


class _Means:
    """``students`` W̄ (K, N) and ``covariance`` C (K, K, N) after ``done`` steps."""

    def __init__(self, problem: Problem, units: Units, protocol: DescentProtocol) -> None:
        self.problem, self.units, self.protocol, self.done = problem, units, protocol, 0
        self.values, self.teachers = problem.eigenvalues, problem.teachers
        self.energy = (self.values * self.teachers) @ self.teachers.T
        self.students = problem.students
        self.covariance = np.zeros((len(self.students), *self.students.shape))
        count = len(self.students) + len(self.teachers)
        self.rule, self.finer = (_rule(units, count, extra) for extra in (0, FINER))

    def overlaps(self) -> tuple[Array, Array]:
        """S (K, K) and U (K, M)."""
        weighted = self.values * self.students
        return weighted @ self.students.T + self.covariance @ self.values, weighted @ self.teachers.T

    def advance(self, until: int) -> None:
        """Go on to the step number ``until``. Raises FloatingPointError when the means diverge."""
        plan = zip(
            self.protocol.sizes(self.done, until), self.protocol.batches(self.done, until), strict=True
        )
        with np.errstate(over="ignore", invalid="ignore"):
            for size, batch in plan:
                self._step(float(size), batch)
        self.done = until

    def _step(self, size: float, batch: int) -> None:
        S, U = self.overlaps()
        if not np.isfinite(S).all():
            raise FloatingPointError(
                f"the mean of SGD diverged within {self.done} steps: "
                f"reduce the step size {self.protocol.step_size:g}"
            )
        gain, force = self.units.rules.drift(join(S, U), self.energy)
        V, H = self._noise(S, U, self.rule)
        W, C, K = self.students, self.covariance, len(self.students)
        pull = gain @ W + force @ self.teachers
        vectors = np.concatenate([W, self.teachers])
        products = vectors[:, None] * vectors
        products[:K, :K] += C
        inner = np.einsum("jkab,abN->jkN", H, products) - pull[:, None] * pull
        inner -= np.einsum("ja,abN,kb->jkN", gain, C, gain)
        moved = np.eye(K)[..., None] + size * self.values * gain[..., None]
        noise = self.values * V[..., None] + self.values**2 * inner
        self.covariance = np.einsum("jaN,abN,kbN->jkN", moved, C, moved) + (size**2 / batch) * noise
        self.students = W + size * self.values * pull

    def _noise(self, S: Array, U: Array, rule: tuple[Array, Array]) -> tuple[Array, Array]:
        """V (K, K) and H (K, K, K + M, K + M) of one sample.

        With (z*, z) = L g, H is L⁻ᵀ E[h (g gᵀ − 1)] L⁻¹.
        """
        nodes, weights = rule
        K, M = U.shape
        together = np.block([[self.energy, U.T], [U, S]])
        try:
            root = np.linalg.cholesky(together)
        except np.linalg.LinAlgError:
            root = np.zeros_like(together)
        if np.any(np.diag(root) ** 2 <= DEPENDENT * np.diag(together)):
            raise ValueError(
                "students and teachers are linearly dependent: the noise of a network is not known there"
            )
        z = nodes @ root.T
        units, student = self.units, z[:, M:]
        square = (units.output(student) - units.target(z[:, :M])) ** 2 + self.protocol.noise_variance
        projected = zip(units.weights, units.slopes, student.T, strict=True)
        slopes = np.stack([c * f(x) * np.ones(len(z)) for c, f, x in projected])
        h = 4.0 * weights * square * slopes[:, None] * slopes
        V = h.sum(axis=-1)
        second = np.einsum("jkn,na,nb->jkab", h, nodes, nodes, optimize=True)
        second -= V[..., None, None] * np.eye(K + M)
        inverse = np.linalg.inv(root)
        H = np.einsum("ac,jkab,bd->jkcd", inverse, second, inverse, optimize=True)
        order = [*range(M, M + K), *range(M)]
        return V, H[:, :, order][..., order]

    def noise_error(self) -> float:
        """How far V is from that with more nodes, relative to its largest entry."""
        overlaps = self.overlaps()
        coarse, fine = (self._noise(*overlaps, rule)[0] for rule in (self.rule, self.finer))
        return float(np.abs(coarse - fine).max() / np.abs(fine).max()) if fine.any() else 0.0

    def seen(self) -> tuple[Array, Array, Array, Array]:
        """S, U, the loss and the mean distances."""
        S, U = self.overlaps()
        away = ((self.students[:, None] - self.teachers) ** 2).sum(axis=-1)
        spread = np.einsum("jjN->j", self.covariance)
        loss = np.asarray(self.units.rules.loss(join(S, U), self.energy))
        return S, U, loss, away + spread[:, None]


def _rule(units: Units, count: int, extra: int) -> tuple[Array, Array]:
    """Nodes (n, K + M) and weights (n,) of a Gauss–Hermite rule for h times squares.

    Raises ValueError for more units than it can be made for, and for kinks.
    """
    from theory.symbolic.links import has_kink

    kinked = [link for link in units.expressions if has_kink(link)]
    if kinked:
        raise ValueError(f"the noise of a network is known for smooth links, not for {kinked[0]}")
    degrees = [taylor_coefficients(link) for link in units.expressions]
    if all(degree is not None for degree in degrees):
        highest = max(len(degree or []) - 1 for degree in degrees)
        each = 2 * highest + 1 + extra
    else:
        each = int(MOST_POINTS ** (1.0 / count)) // 2 + extra
        each = min(each, 40)
    if each < 5 or each**count > MOST_POINTS:
        raise ValueError(
            f"the noise of {count} units together is a sum over too many points: use fewer units"
        )
    x, w = np.polynomial.hermite_e.hermegauss(each)
    nodes = np.array(list(product(x, repeat=count)))
    weights = np.prod(np.array(list(product(w / w.sum(), repeat=count))), axis=1)
    return nodes, weights
