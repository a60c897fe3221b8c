"""One implicit step of the flow with the modes eliminated.

Given A and F at the collocation nodes every mode is linear, ẏ = λ(A y + F w*), so the statistics at the
nodes are an explicit function of A and F, which are functions of the statistics: X = G(X). Newton's method
on these n·s numbers replaces a system of N·K·s; one step costs O(N) for N modes.

Shapes: N modes, K students, M teachers, n statistics, s stages.
"""

from dataclasses import dataclass, field

import numpy as np

from numerics.charts import Chart
from numerics.collocation import Collocation

Array = np.ndarray

ITERATIONS = 10
NEWTON_TOLERANCE = 1e-11  # what is left is quadratic in it, but a stiff step multiplies it by h λ_1
ROUNDING = 1e-14
SMALLEST = 1e-305  # statistics are accurate relative to themselves or to this: products of modes underflow


class NoConvergence(ArithmeticError):
    """Newton's method failed on this step; a shorter step is needed."""


@dataclass(frozen=True, eq=False)
class Modes:
    """Eigenvalues λ (N,) and teacher w* (N, M) that a step sees; ``energy`` is T = W* Q W*ᵀ (M, M)."""

    eigenvalues: Array
    teacher: Array
    weighted: Array = field(init=False)
    energy: Array = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weighted", self.eigenvalues[:, None] * self.teacher)
        object.__setattr__(self, "energy", self.teacher.T @ self.weighted)

    def statistics(self, states: Array) -> Array:
        """Statistics (n, …) of ``states`` (N, …, K): the upper triangle of y Q yᵀ, then y Q w*ᵀ."""
        rows, columns = np.triu_indices(states.shape[-1])
        own = np.tensordot(self.eigenvalues, states[..., rows] * states[..., columns], (0, 0))
        cross = np.moveaxis(np.tensordot(self.weighted, states, (0, 0)), 0, -1)
        cross = cross.reshape(*own.shape[:-1], -1)
        return np.moveaxis(np.concatenate([own, cross], axis=-1), -1, 0)

    def term_sizes(self, state: Array) -> Array:
        """The statistics (n,) of ``state`` (N, K) with every term positive: the scale of rounding."""
        return Modes(self.eigenvalues, np.abs(self.teacher)).statistics(np.abs(state))

    def statistics_gradient(self, states: Array) -> Array:
        """∂ statistics / ∂ state (N, s, n, K) at ``states`` (N, s, K)."""
        modes, stages, students = states.shape
        teachers = self.teacher.shape[1]
        rows, columns = np.triu_indices(students)
        own = len(rows)
        gradient = np.zeros((modes, stages, own + students * teachers, students))
        weighted = self.eigenvalues[:, None, None] * states
        for pair, (row, column) in enumerate(zip(rows, columns, strict=True)):
            gradient[:, :, pair, row] += weighted[..., column]
            gradient[:, :, pair, column] += weighted[..., row]
        for student in range(students):
            cross = slice(own + student * teachers, own + (student + 1) * teachers)
            gradient[:, :, cross, student] = self.weighted[:, None, :]
        return gradient


@dataclass(frozen=True, eq=False)
class StageMap:
    """The linear response of every mode over one step, for A (K, K, s) given at the nodes."""

    inverse: Array
    integral: Array
    students: int

    @classmethod
    def build(cls, table: Collocation, width: float, eigenvalues: Array, gain: Array) -> "StageMap":
        """Invert I − hλ 𝒜·A for all modes at once."""
        students, size = gain.shape[0], gain.shape[0] * table.stages
        coupling = np.einsum("lm,jkm->ljmk", table.matrix, gain).reshape(size, size)
        rates = (width * eigenvalues)[:, None, None]
        inverse = np.linalg.inv(np.eye(size) - rates * coupling)
        integral = inverse @ np.kron(table.matrix, np.eye(students)) * rates
        return cls(inverse, integral, students)

    def propagate(self, start: Array, forcing: Array) -> Array:
        """States (N, s, K) at the nodes from ``start`` (N, K) under ``forcing`` F w* (N, s, K)."""
        modes, stages, students = forcing.shape
        begin = np.tile(start, stages)[..., None]
        states = self.inverse @ begin + self.integral @ forcing.reshape(modes, -1, 1)
        return states.reshape(modes, stages, students)

    def respond(self, forcing: Array) -> Array:
        """Change of the states (N, s, K) when ``forcing`` (N, s, K) is added."""
        modes = forcing.shape[0]
        return (self.integral @ forcing.reshape(modes, -1, 1)).reshape(forcing.shape)

    def sensitivity(self, gradient: Array, forcing: Array) -> Array:
        """dG/dX (n, s, n, s) from the ``gradient`` of the statistics and the ``forcing``, (N, s, n, K)."""
        modes, stages, count, students = gradient.shape
        response = self.integral.reshape(modes, stages * students, stages, students)
        moved = np.einsum("ilmk,imbk->ilmb", response, forcing)
        moved = moved.reshape(modes, stages, students, stages, count)
        return np.einsum("ilaj,iljmb->albm", gradient, moved)


@dataclass(frozen=True, eq=False)
class StepResult:
    """Statistics X (n, s) and states (N, s, K) at the nodes: of the chart's y, and of the students w."""

    statistics: Array
    deviation: Array
    students: Array


def solve_step(
    table: Collocation,
    chart: Chart,
    modes: Modes,
    width: float,
    deviation: Array,
    students: Array,
    guess: Array,
) -> StepResult:
    """Advance ``deviation`` y (N, K) and ``students`` w (N, K) by ``width`` from the ``guess`` (n, s) of X.

    Raises NoConvergence.
    """
    unknowns, rounding = guess.copy(), ROUNDING * modes.term_sizes(deviation)
    for _ in range(ITERATIONS):
        gain, force = chart.drift(unknowns, modes.energy)
        gain_slope, force_slope = chart.drift_jacobian(unknowns, modes.energy)
        stage_map = StageMap.build(table, width, modes.eigenvalues, gain)
        states = stage_map.propagate(deviation, _push(force, modes.teacher))
        forcing = _push_slope(gain_slope, force_slope, states, modes.teacher)
        sensitivity = stage_map.sensitivity(modes.statistics_gradient(states), forcing)
        change = _newton(sensitivity, modes.statistics(states) - unknowns, magnitudes(unknowns))
        unknowns = unknowns + change
        if not np.isfinite(unknowns).all():
            break
        scale = NEWTON_TOLERANCE * magnitudes(unknowns) + rounding
        if np.all(np.abs(change).max(axis=1) <= scale):
            states = states + stage_map.respond(np.einsum("imbk,bm->imk", forcing, change))
            if chart.centred:
                return StepResult(modes.statistics(states), states, states)
            pull, pull_slope = force - gain, force_slope - gain_slope
            followers = stage_map.propagate(students, _push(pull, modes.teacher))
            forcing = _push_slope(gain_slope, pull_slope, followers, modes.teacher)
            followers = followers + stage_map.respond(np.einsum("imbk,bm->imk", forcing, change))
            return StepResult(modes.statistics(states), states, followers)
    raise NoConvergence


def magnitudes(statistics: Array) -> Array:
    """The sizes (n,) relative to which ``statistics`` (n, ...) are accurate."""
    return np.maximum(np.abs(statistics).max(axis=1), SMALLEST)


def _newton(sensitivity: Array, residual: Array, units: Array) -> Array:
    """Solve (1 − dG/dX) change = ``residual`` (n, s), with each statistic measured in its own ``units`` (n,).

    Statistics differ by any factor (q ~ p², or u ~ 1e-150 beside s ~ 1): without units the pivoting lets
    the large ones drown the small ones in their rounding.
    """
    scale = np.repeat(units, residual.shape[1])
    matrix = np.eye(residual.size) - sensitivity.reshape(residual.size, -1) * scale / scale[:, None]
    return (scale * np.linalg.solve(matrix, residual.ravel() / scale)).reshape(residual.shape)


def _push(force: Array, teacher: Array) -> Array:
    """The forcing F w* (N, s, K) from F (K, M, s)."""
    return np.einsum("jms,im->isj", force, teacher)


def _push_slope(gain_slope: Array, force_slope: Array, states: Array, teacher: Array) -> Array:
    """∂(A y + F w*)/∂X (N, s, n, K) from dA (K, K, n, s), dF (K, M, n, s), y (N, s, K)."""
    own = np.einsum("jkbm,imk->imbj", gain_slope, states)
    return own + np.einsum("jcbm,ic->imbj", force_slope, teacher)
