"""Gradient flow and gradient descent on n samples, at moderate n and d.

The empirical loss is L_n(w) = (1/n) Σ_i (⟨x_i, w⟩² − y_i)² with y_i = ⟨x_i, w*⟩² + ξ_i, its gradient
(4/n) Σ_i (z_i² − y_i) z_i x_i with z_i = ⟨x_i, w⟩, and its Hessian (4/n) Σ_i (3 z_i² − y_i) x_i x_iᵀ. It is
no function of a few statistics: the ODE is a library's (LSODA), with this Hessian for its stiff part.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.arrays import Array, ascending_times
from numerics.descent.draws import check_directions, check_noise, check_one_of_each
from numerics.descent.protocol import DescentProtocol, protocol_of
from numerics.descent.steps import recorded_steps
from numerics.generated import phase_retrieval
from numerics.problems.given import array_of
from numerics.problems.problem import Problem
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves
from numerics.state import charts
from numerics.state.observables import norms, observe
from theory.expected import Count, Whole, checked

REPORT_EVERY = 1000
CHECKED, CORRELATED = 64, 10.0
"""So many components of the inputs are compared, and their correlation, times √n, that is too much."""


STREAM = (0, 0)  # keys of one length more than those of problems and of online SGD


@checked
@dataclass(frozen=True, eq=False)
class EmpiricalRun(Curves):
    """A run on samples, recorded at the times ``t`` (T,) of the flow.

    ``empirical_loss`` (T,) is L_n, with its noise; the rest are population quantities, those of
    :class:`numerics.Observables`, here to the absolute accuracy of u/s* and s/s*.
    """

    t: Array
    u: Array
    s: Array
    one_minus_u: Array
    one_minus_s: Array
    loss: Array
    mse: Array
    recovered: Array
    empirical_loss: Array

    def columns(self) -> Columns:
        """All over the times."""
        return {name: (("t",), values) for name, values in vars(self).items()}


@checked
@dataclass(frozen=True, eq=False)
class Samples:
    """``inputs`` x (n, d) with covariance Q and ``labels`` y (n,) of a ``problem``.

    The inputs are in the eigenbasis of Q, where their components are uncorrelated. Raises ValueError for
    shapes that do not fit the problem, numbers that are not finite, and inputs whose components of the 64
    largest eigenvalues are correlated by more than 10/√n: they have not been rotated.
    """

    problem: Problem
    inputs: Array
    labels: Array

    def __post_init__(self) -> None:
        inputs, labels = np.asarray(self.inputs, dtype=float), np.asarray(self.labels, dtype=float)
        modes = len(self.problem.eigenvalues)
        if inputs.ndim != 2 or inputs.shape[1] != modes or labels.shape != inputs.shape[:1]:
            raise ValueError(
                f"inputs have the shape {inputs.shape} and labels {labels.shape}: "
                f"they must be (n, {modes}) and (n,)"
            )
        if not (np.isfinite(inputs).all() and np.isfinite(labels).all()):
            raise ValueError("inputs and labels must be finite numbers")
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "labels", labels)
        self._check_basis()

    def _check_basis(self) -> None:
        """Raise ValueError where components of the largest eigenvalues are correlated."""
        first = np.argsort(self.problem.eigenvalues)[::-1][:CHECKED]
        columns = self.inputs[:, first]
        lengths = np.linalg.norm(columns, axis=0)
        # components that are smaller than this beside the largest are rounding
        seen = lengths > 1e-7 * lengths.max(initial=0.0)
        columns = columns[:, seen] / lengths[seen]
        correlations = np.abs(columns.T @ columns - np.eye(columns.shape[1]))
        if correlations.size and correlations.max() * np.sqrt(len(columns)) > CORRELATED:
            raise ValueError(
                f"components of the inputs are correlated by {correlations.max():.2g}: they are not in the "
                "eigenbasis of the covariance; rotate them, X @ vectors, as the problem was"
            )

    @classmethod
    def of(cls, problem: Problem, inputs: Any, labels: Any) -> "Samples":
        """Samples of a ``problem`` that has a basis, from ``inputs`` (n, D) in the coordinates of the data.

        Arrays may be lists, NumPy's or pandas', or files of them. Raises ValueError where the problem has no
        basis, for shapes that do not fit, and for inputs that its basis does not make uncorrelated.

        >>> from numerics import from_samples
        >>> x = np.random.default_rng(0).standard_normal((200, 3)) @ [[2, 1, 0], [0, 1, 0], [0, 0, 1]]
        >>> problem = from_samples(x, [1, 0, 0], [0.1, 0.1, 0.1])
        >>> Samples.of(problem, x, x[:, 0] ** 2).loss(problem.teacher) < 1e-20
        True
        """
        given = array_of("inputs", inputs, 2)
        if problem.basis is None:
            raise ValueError("the problem has no basis: from_covariance and from_samples give it one")
        if given.shape[1] != len(problem.basis):
            raise ValueError(
                f"inputs have {given.shape[1]} columns: the problem's data has {len(problem.basis)}"
            )
        return cls(problem, given @ np.asarray(problem.basis), array_of("labels", labels, 1))

    def loss(self, w: Array) -> float:
        """L_n at w (d,)."""
        return float(np.mean(((self.inputs @ w) ** 2 - self.labels) ** 2))

    def gradient(self, w: Array) -> Array:
        """∇L_n (d,) at w (d,)."""
        z = self.inputs @ w
        return 4.0 / len(z) * (((z**2 - self.labels) * z) @ self.inputs)

    def hessian(self, w: Array) -> Array:
        """∇²L_n (d, d) at w (d,)."""
        weights = 3.0 * (self.inputs @ w) ** 2 - self.labels
        return 4.0 / len(weights) * (self.inputs.T * weights) @ self.inputs

    def observed(self, times: Array, weights: Array) -> EmpiricalRun:
        """The run through ``weights`` w (T, d) at ``times`` (T,)."""
        problem, chart = self.problem, charts.origin(phase_retrieval)
        students = weights[:, None]
        lengths = norms(students, students, problem.teacher[None], chart.centred)[:, 0, 0]
        weighted = problem.eigenvalues * weights
        statistics = np.stack([np.vecdot(weighted, weights), weighted @ problem.teacher])
        seen = observe(problem, chart, 1, times, statistics, lengths)
        return EmpiricalRun(*seen, np.array([self.loss(w) for w in weights]))


@checked
def draw_samples(problem: Problem, count: Count, *, noise_variance: float = 0.0, seed: Whole = 0) -> Samples:
    """Draw ``count`` Gaussian inputs and their labels, with Gaussian noise of ``noise_variance``.

    The first samples of a longer draw with the same seed are the same. Memory is count · d.

    Raises ValueError for a count or variance out of range, for several students or teachers and for a
    reduced problem.

    >>> samples = draw_samples(Problem([1.0, 0.5], [1.0, 1.0], [0.1, 0.2]), 100, seed=3)
    >>> samples.inputs.shape, samples.loss(samples.problem.teacher)
    ((100, 2), 0.0)
    """
    check_one_of_each(problem)
    check_directions(problem)
    check_noise(noise_variance)
    inputs, noise = (
        np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(*STREAM, kind))))
        for kind in range(2)
    )
    x = np.sqrt(problem.eigenvalues) * inputs.standard_normal((int(count), len(problem.eigenvalues)))
    labels = (x @ problem.teacher) ** 2 + np.sqrt(noise_variance) * noise.standard_normal(int(count))
    return Samples(problem, x, labels)


@checked
def empirical_flow(samples: Samples, times: Sequence[float] | Array) -> EmpiricalRun:
    """Integrate ẇ = −∇L_n(w) from the problem's start, to the ascending ``times``.

    One step costs O(n d²) where the flow is stiff. Raises ValueError for times that do not ascend from 0 or
    later, ArithmeticError where the integrator gives up.

    >>> problem = Problem([1.0, 0.5], [1.0, 1.0], [0.1, 0.2])
    >>> run = empirical_flow(draw_samples(problem, 1000), [0.0, 10.0])
    >>> bool(run.empirical_loss[-1] < 1e-10 < run.empirical_loss[0])
    True
    """
    from scipy.integrate import solve_ivp

    t = ascending_times(times)
    start, teacher = samples.problem.init, samples.problem.teacher
    if t[-1] == 0:
        return samples.observed(t, start[None])
    # in units of the teacher's length
    solution = solve_ivp(
        lambda _, w: -samples.gradient(w),
        (0.0, t[-1]),
        start,
        method="LSODA",
        t_eval=t,
        jac=lambda _, w: -samples.hessian(w),
        rtol=1e-10,
        atol=1e-13 * float(np.linalg.norm(teacher)) / np.sqrt(len(teacher)),
    )
    if not solution.success:
        raise ArithmeticError(f"the flow on samples ended at t = {solution.t[-1]:g}: {solution.message}")
    return samples.observed(t, solution.y.T)


@checked
def empirical_descent(
    samples: Samples,
    step_size: float | DescentProtocol,
    steps: int | None = None,
    points: int | Sequence[int] | Array = 200,
    progress: Callable[[int], None] | None = None,
) -> EmpiricalRun:
    """Run ``steps`` steps w ← w − η∇L_n(w), recorded at ``points`` step numbers as in :func:`descend`.

    A :class:`~numerics.descent.protocol.DescentProtocol` may stand in the place of step size and steps.

    Raises ValueError for bad numbers and FloatingPointError as soon as the iterates diverge.

    >>> problem = Problem([1.0, 0.5], [1.0, 1.0], [0.1, 0.2])
    >>> run = empirical_descent(draw_samples(problem, 1000), 0.01, 1000, points=2)
    >>> f"{run.t[-1]:g}", bool(run.mse[-1] < 1e-10)
    ('10', True)
    """
    protocol = protocol_of(step_size, steps)
    recorded = recorded_steps(protocol.steps, points)
    w, done, weights = samples.problem.init, 0, []
    for number in recorded:
        for begin in range(done, int(number), REPORT_EVERY):
            end = min(begin + REPORT_EVERY, int(number))
            with np.errstate(over="ignore", invalid="ignore"):
                for size in protocol.sizes(begin, end):
                    w = w - size * samples.gradient(w)
            if not np.isfinite(w).all():
                raise FloatingPointError(
                    f"gradient descent on samples diverged within {end} steps: "
                    f"reduce the step size {protocol.step_size:g}"
                )
            if progress is not None:
                progress(end)
        done = int(number)
        weights.append(w)
    return samples.observed(protocol.times(recorded), np.array(weights))
