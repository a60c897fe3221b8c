"""One implicit step of the flow with the modes eliminated.

Given A and F at the collocation nodes every mode is linear, ẏ = λ(A y + F w*), so the statistics at the
nodes are an explicit function of A and F, which are functions of the statistics: X = G(X). Newton's method
on these n·s numbers replaces a system of N·K·s; one step costs O(N) for N modes.

Shapes: s stages, n statistics, K students, M teachers, N modes, in this order, modes last.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from numerics.charts import Chart
from numerics.collocation import Collocation
from numerics.response import Response

Array = np.ndarray

ITERATIONS = 10
NEWTON_TOLERANCE = 1e-11  # what is left is quadratic in it, but a stiff step multiplies it by h λ_1
ROUNDING = 1e-14
FLOOR = 1e-14  # coefficients below are taken for rounding
SMALLEST = 1e-290  # statistics are accurate relative to themselves or to this: products of modes underflow


class NoConvergence(ArithmeticError):
    """Newton's method failed on this step; a shorter step is needed."""


@dataclass(frozen=True, eq=False)
class Modes:
    """Eigenvalues λ (N,) and teacher w* (M, N) that a step sees; ``energy`` is T = W* Q W*ᵀ (M, M)."""

    eigenvalues: Array
    teacher: Array
    weighted: Array = field(init=False)
    energy: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weighted", self.eigenvalues * self.teacher)
        object.__setattr__(self, "energy", self.weighted @ self.teacher.T)

    def statistics(self, states: Array) -> Array:
        """Statistics (n, …) of ``states`` (…, K, N): the upper triangle of y Q yᵀ, then y Q w*ᵀ."""
        rows, columns = np.triu_indices(states.shape[-2])
        own = (states[..., rows, :] * states[..., columns, :]) @ self.eigenvalues
        cross = states @ self.weighted.T
        cross = cross.reshape(*own.shape[:-1], -1)
        return np.moveaxis(np.concatenate([own, cross], axis=-1), -1, 0)

    def statistics_of_one(self, states: Array) -> Array:
        """Statistics (n, s) of the ``states`` (s, N) of a single student."""
        return np.concatenate([(states**2 @ self.eigenvalues)[None], self.weighted @ states.T])

    def term_sizes(self, state: Array) -> Array:
        """The statistics (n,) of ``state`` (K, N) with every term counted positive.

        The rounding of the statistics is relative to these.
        """
        size = np.abs(state)
        rows, columns = np.triu_indices(len(size))
        own = (size[rows] * size[columns]) @ self.eigenvalues
        return np.concatenate([own, (size @ np.abs(self.weighted).T).ravel()])

    def statistics_gradient(self, states: Array) -> Array:
        """∂ statistics / ∂ state (s, n, K, N) at ``states`` (s, K, N)."""
        stages, students, modes = states.shape
        rows, columns = np.triu_indices(students)
        own, teachers = len(rows), len(self.teacher)
        gradient = np.zeros((stages, own + students * teachers, students, modes))
        weighted = self.eigenvalues * states
        for pair, (row, column) in enumerate(zip(rows, columns, strict=True)):
            gradient[:, pair, row] += weighted[:, column]
            gradient[:, pair, column] += weighted[:, row]
        for student in range(students):
            cross = slice(own + student * teachers, own + (student + 1) * teachers)
            gradient[:, cross, student] = self.weighted
        return gradient


@dataclass(frozen=True, eq=False)
class StepResult:
    """Statistics X (n, s) and states (s, K, N) at the nodes: of the chart's y, and of the students w.

    ``times`` (s,) are those that have passed since the step's start.
    """

    statistics: Array
    deviation: Array
    students: Array
    times: Array


def solve_step(
    table: Collocation,
    chart: Chart,
    modes: Modes,
    width: float,
    deviation: Array,
    students: Array,
    guess: Array,
    noise: float = 0.0,
) -> StepResult:
    """Advance ``deviation`` y (K, N) and ``students`` w (K, N) by ``width`` from the ``guess`` (n, s) of X.

    A relative change up to ``noise`` is accepted when the iterations are used up: where terms of the drift
    cancel Newton's method ends in their rounding. Raises NoConvergence.
    """
    unknowns, rounding = guess, ROUNDING * modes.term_sizes(deviation)
    for left in reversed(range(ITERATIONS)):
        gain, force, gain_slope, force_slope = drift_and_slopes(chart, unknowns, modes.energy)
        response = Response.build(table, width, modes.eigenvalues, gain)
        states = response.propagate(deviation, _push(force, modes.teacher))
        forcing = _push_slope(gain_slope, force_slope, states, modes.teacher)
        sensitivity = response.sensitivity(modes.statistics_gradient(states), forcing)
        change = _newton(sensitivity, modes.statistics(states) - unknowns, magnitudes(unknowns))
        unknowns = unknowns + change
        if not np.isfinite(unknowns).all():
            break
        tolerance = NEWTON_TOLERANCE if left else max(NEWTON_TOLERANCE, noise)
        allowed = tolerance * magnitudes(unknowns) + rounding
        if np.all(np.abs(change).max(axis=1) <= allowed):
            states = states + response.respond(np.einsum("mbkN,bm->mkN", forcing, change))
            if chart.centred:
                return StepResult(modes.statistics(states), states, states, width * table.nodes)
            pull, pull_slope = force - gain, force_slope - gain_slope
            followers = response.propagate(students, _push(pull, modes.teacher))
            forcing = _push_slope(gain_slope, pull_slope, followers, modes.teacher)
            followers = followers + response.respond(np.einsum("mbkN,bm->mkN", forcing, change))
            return StepResult(modes.statistics(states), states, followers, width * table.nodes)
    raise NoConvergence


def drift_and_slopes(chart: Chart, unknowns: Array, energy: Array) -> tuple[Array, Array, Array, Array]:
    """A, F and their slopes at the nodes; a slope that is singular there counts as 0.

    The drift of a link with a kink has such slopes where a student is parallel to another direction. Raises
    NoConvergence where the drift itself is not finite.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        drift = chart.drift(unknowns, energy)
        slopes = chart.drift_jacobian(unknowns, energy)
    if not all(np.isfinite(part).all() for part in drift):
        raise NoConvergence
    gain_slope, force_slope = (np.where(np.isfinite(slope), slope, 0.0) for slope in slopes)
    return *drift, gain_slope, force_slope


def magnitudes(statistics: Array) -> Array:
    """The sizes (n,) relative to which ``statistics`` (n, …) are accurate."""
    return np.maximum(np.abs(statistics).max(axis=1), SMALLEST)


class Truncation(NamedTuple):
    """The ``error`` of a step: the size of the first Chebyshev coefficients left out, relative to the
    statistic where it is largest; their ``decay`` there over two orders; and the ``ratio`` r by which all
    decay, as r^k.
    """

    error: float
    decay: float
    ratio: float


def truncation(
    table: Collocation,
    statistics: Array,
    noise: Callable[[], Array],
    allowed: float,
    span: float = 1.0,
) -> Truncation:
    """What the polynomials of ``statistics`` (n, s + 1) leave out.

    The error is estimated from the last two pairs of coefficients, by geometric decay. A statistic that falls
    or grows by a factor up to ``span`` in the step is measured by its least value. One whose terms cancel is
    measured by its ``noise`` (n,), asked for where the error exceeds ``allowed``: rounding is no error, which
    a shorter step would mend. The ratio is proportional to the width; it is read off the coefficients above
    FLOOR.
    """
    coefficients = np.abs(statistics @ table.to_chebyshev.T)
    size = np.abs(statistics)
    units = np.maximum(np.maximum(size.min(axis=1), size.max(axis=1) / span), SMALLEST)
    errors, decay = _left_out(coefficients / units[:, None])
    if errors.max() > allowed:
        units = np.maximum(units, noise())
        errors, decay = _left_out(coefficients / units[:, None])
    worst = int(errors.argmax())
    largest = (coefficients / units[:, None]).max(axis=0)
    rest = np.maximum.accumulate(largest[::-1])[::-1][1:]
    ratio = np.min(np.maximum(rest, FLOOR) ** (1.0 / np.arange(1, len(rest) + 1)))
    return Truncation(float(errors[worst]), float(decay[worst]), float(ratio))


def _left_out(coefficients: Array) -> tuple[Array, Array]:
    """The size (n,) of what follows ``coefficients`` (n, k), and the decay (n,) that it is estimated by."""
    before, last = coefficients[:, -4:-2].max(axis=1), coefficients[:, -2:].max(axis=1)
    decay = np.minimum(last / np.where(before > 0, before, 1.0), 1.0)
    return last * decay, decay


def _newton(sensitivity: Array, residual: Array, units: Array) -> Array:
    """Solve (1 − dG/dX) change = ``residual`` (n, s), each statistic measured in its own ``units`` (n,).

    Statistics differ by any factor (q ~ p², or u ~ 1e-150 beside s ~ 1): without units the pivoting lets
    the large ones drown the small ones in their rounding.
    """
    scale = np.repeat(units, residual.shape[1])
    matrix = np.eye(residual.size) - sensitivity.reshape(residual.size, -1) * scale / scale[:, None]
    return (scale * np.linalg.solve(matrix, residual.ravel() / scale)).reshape(residual.shape)


def _push(force: Array, teacher: Array) -> Array:
    """The forcing F w* (s, K, N) from F (K, M, s)."""
    return np.moveaxis(force, -1, 0) @ teacher


def _push_slope(gain_slope: Array, force_slope: Array, states: Array, teacher: Array) -> Array:
    """∂(A y + F w*)/∂X (s, n, K, N) from dA (K, K, n, s), dF (K, M, n, s), y (s, K, N)."""
    own = np.einsum("jkbm,mkN->mbjN", gain_slope, states)
    return own + np.einsum("jcbm,cN->mbjN", force_slope, teacher)
