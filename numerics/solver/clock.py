"""One implicit step of a single student in its own clock, where every mode decays at a constant rate.

While A < 0 let dθ = −A dt. Then dy/dθ = λ(φ w* − y) with φ = −F/A, so that on a step of clock time h the
stage values of a mode with z = hλ are, whatever A does,

    Y = (1 + z𝒜)⁻¹ (y 1 + z𝒜φ w*).

These are rational functions of z with one denominator det(1 + z𝒜); in x = (z − z₀)/(z + z₀) they are
polynomials of degree s over one more, which is nearly constant if z₀ = det(𝒜)^{−1/s}. Their values at
k = s + 1 Chebyshev points, found once for a table, give the stages of all modes by barycentric interpolation,
a product of real matrices (Berrut & Trefethen, SIAM Review 46, 2004). The unknowns are the M·s values of φ;
time follows from dt = −dθ/A.

Shapes: s stages, k = s + 1 points, N modes last.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial.chebyshev import chebpts1

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation, refined_inverse
from numerics.solver.clusters import Clusters
from numerics.solver.contract import NoConvergence, Step, StepResult, Task
from numerics.solver.step import magnitudes
from numerics.state.charts import Chart
from numerics.state.modes import Modes


@dataclass(frozen=True, eq=False)
class Rational:
    """(1 + z𝒜)⁻¹1 = Σ_k r_k ℓ_k(x)/q and (1 + z𝒜)⁻¹z𝒜 = z/(z + z₀) Σ_k P_k ℓ_k(x)/q.

    Here q = Σ_k ``denominator``_k ℓ_k(x), the Lagrange polynomials are ℓ_k ∝ ``weights``_k/(x − ``points``_k)
    (k, 1), z₀ is the ``centre``, ``start`` (s, k) holds the r_k and ``push`` (s, k, s) the P_k.
    """

    centre: float
    points: Array
    weights: Array
    denominator: Array
    start: Array
    push: Array

    def basis(self, x: Array) -> Array:
        """ℓ_k/q (k, N) at ``x`` (N,)."""
        gaps = x - self.points
        gaps[gaps == 0] = np.finfo(float).tiny
        parts = self.weights / gaps
        parts /= self.denominator @ parts
        return parts


@cache
def rational(table: Collocation) -> Rational:
    """The values for a table at the Chebyshev points of the first kind."""
    matrix, stages = table.matrix, table.stages
    centre = float(np.linalg.det(matrix) ** (-1.0 / stages))
    x = chebpts1(stages + 1)
    rates = centre * (1.0 + x) / (1.0 - x)
    systems = np.eye(stages) + rates.astype(np.longdouble)[:, None, None] * matrix
    denominators = np.linalg.det(systems.astype(float) / (1.0 + rates / centre)[:, None, None])
    inverses = refined_inverse(systems) * denominators[:, None, None]
    push = (rates + centre)[:, None, None] * (inverses @ matrix.astype(np.longdouble))
    return Rational(
        centre,
        x[:, None],
        ((-1.0) ** np.arange(stages + 1) * np.sqrt(1.0 - x**2))[:, None],
        denominators,
        inverses.sum(axis=2).T.astype(float),
        np.ascontiguousarray(push.swapaxes(0, 1), dtype=float),
    )


class _Response:
    """How the stage values Y (s, N) of all modes follow from their start y (N,) and the forcing φ (M, s).

    Y = ``begun`` + c ``driven`` with the coefficients c (s, M·k), linear in φ: so p is linear in c, and q
    is a quadratic form whose matrices are summed over the modes once.
    """

    def __init__(
        self, table: Collocation, modes: Modes, width: float, start: Array, clusters: Clusters | None
    ) -> None:
        self.functions, self.teachers = rational(table), len(modes.teacher)
        rates = width * modes.eigenvalues
        total = rates + self.functions.centre
        self.basis = self.functions.basis(1.0 - 2.0 * self.functions.centre / total)
        self.shares = rates / total
        self.driven = self.drive(modes.teacher)
        self.begun = self.begin(start)
        weighted = modes.eigenvalues * self.begun
        self.own = np.einsum("sN,sN->s", weighted, self.begun)
        self.mixed = weighted @ self.driven.T
        self.forced = (modes.eigenvalues * self.driven) @ self.driven.T
        self.cross = modes.weighted @ self.begun.T
        self.clusters = clusters
        if clusters is not None:
            self.unforced = clusters.unforced(self.begun, -width * table.matrix)
            self.cross = (clusters.alone @ self.begun.T + self.unforced.sum(axis=0))[None]
        self.pull = modes.weighted @ self.driven.T

    def drive(self, along: Array) -> Array:
        """The functions (M·k, N) of a forcing ``along`` w* or others (M, N)."""
        return ((self.shares * along)[:, None] * self.basis).reshape(-1, len(self.shares))

    def propagate(self, start: Array, forcing: Array, along: Array) -> Array:
        """The stage values (s, N) from ``start`` (N,) under ``forcing`` (C, s) ``along`` (C, N)."""
        return self.begin(start) + self.coefficients(forcing) @ self.drive(along)

    def begin(self, start: Array) -> Array:
        """The stage values without forcing."""
        return self.functions.start @ (self.basis * start)

    def coefficients(self, forcing: Array) -> Array:
        """c (s, M·k) for φ = ``forcing``."""
        return (self.functions.push @ forcing.T).swapaxes(1, 2).reshape(forcing.shape[1], -1)

    def statistics(self, coefficients: Array) -> Array:
        """X (n, s) for c = ``coefficients``."""
        statistics = np.empty((self.teachers + 1, len(coefficients)))
        quadratic = 2.0 * self.mixed + coefficients @ self.forced
        statistics[0] = self.own + np.einsum("sk,sk->s", coefficients, quadratic)
        statistics[1:] = self.cross + self.pull @ coefficients.T
        return statistics

    def ended(self, coefficients: Array) -> Clusters | None:
        """The clusters at the end of the step."""
        if self.clusters is None:
            return None
        return self.clusters.moved(self.unforced, coefficients[-1:] @ self.driven)

    def sensitivity(self, coefficients: Array) -> Array:
        """∂X/∂φ (n, s, M, s) at c = ``coefficients``."""
        pulled = np.empty((self.teachers + 1, *coefficients.shape))
        pulled[0] = 2.0 * (self.mixed + coefficients @ self.forced)
        pulled[1:] = self.pull[:, None]
        return pulled.reshape(*pulled.shape[:2], self.teachers, -1) @ self.functions.push


class ClockStep(Step):
    """Steps while A < 0. Newton's method, which sees no mode, raises NoConvergence, also where A ≥ 0."""

    def suits(self, task: Task) -> bool:
        """Whether all modes decay."""
        return task.single and bool(task.gain.max() < 0)

    def solve(self, task: Task) -> StepResult:
        """The step to the clock time that ``width`` would take at the mean of A's ends in the guess."""
        return solve_in_clock(task, -task.width * 0.5 * float(task.gain[0] + task.gain[-1]))


def solve_in_clock(task: Task, width: float) -> StepResult:
    """The step of the clock time ``width``."""
    table, chart, modes = task.table, task.chart, task.modes
    response = _Response(table, modes, width, task.deviation[0], task.clusters)
    forcing, slope = _forcing(task.drift, task.slopes)
    terms = 0.0 if chart.centred else np.abs(slope * task.guess).max(axis=(1, 2))
    coefficients = response.coefficients(forcing)
    before, identity = np.inf, np.eye(forcing.size)
    for _ in range(12):
        statistics = response.statistics(coefficients)
        slopes = chart.drift_jacobian(statistics, modes.energy)
        aim, slope = _forcing(chart.drift(statistics, modes.energy), slopes)
        jacobian = np.einsum("abl,blcm->alcm", slope, response.sensitivity(coefficients))
        matrix = identity - jacobian.reshape(forcing.size, -1)
        change = np.linalg.solve(matrix, (aim - forcing).ravel()).reshape(forcing.shape)
        forcing = forcing + change
        coefficients = response.coefficients(forcing)
        # of the terms of φ, which cancel where λ_2 = λ_1/2: less may be lost in their rounding
        units = np.maximum(magnitudes(forcing), 1e-6 * terms)
        moved = float((np.abs(change).max(axis=1) / units).max())
        if not moved < 2.0 * max(before, 1e-12):
            break
        # of the square of a change, which the next change would be of the order of
        if moved * min(moved, before) <= 1e-15:
            states = (response.begun + coefficients @ response.driven)[:, None]
            statistics = response.statistics(coefficients)
            statistics[0] = np.square(states[:, 0]) @ modes.eigenvalues
            times = width * (table.matrix @ (-1.0 / _gain(chart, statistics, modes.energy, forcing)))
            ended = response.ended(coefficients)
            if ended is not None:
                ended = ended.parted(
                    modes, (-np.ones(len(times)), forcing[0]), states[:, 0], response.propagate
                )
            if chart.centred:
                return StepResult(statistics, states, states, times, ended)
            pushed = response.coefficients(forcing + 1.0)
            followers = response.begin(task.students[0]) + pushed @ response.driven
            return StepResult(statistics, states, followers[:, None], times, ended)
        before = moved
    raise NoConvergence


def _forcing(drift: tuple[Array, Array], slopes: tuple[Array, Array]) -> tuple[Array, Array]:
    """φ = −F/A (M, s) and ∂φ/∂X (M, n, s), from A and F and their ``slopes``. Raises NoConvergence where A ≥
    0.
    """
    gain, force = drift
    if not gain.max() < 0:
        raise NoConvergence
    gain_slope, force_slope = slopes
    forcing = -force[0] / gain[0, 0]
    return forcing, -(forcing[:, None] * gain_slope[0, 0] + force_slope[0]) / gain[0, 0]


def _gain(chart: Chart, statistics: Array, energy: Array, forcing: Array) -> Array:
    """A (s,), taken from φ = ``forcing`` near a saddle, where its own terms cancel."""
    gain, force = (part[0, 0] for part in chart.drift(statistics, energy))
    if not chart.centred:
        return gain
    terms = np.abs(chart.drift_jacobian(statistics, energy)[0][0, 0] * statistics).max(axis=0)
    # of the terms of A: less has lost digits that φ has
    lost = (np.abs(gain) < 1e-3 * terms) & (forcing[0] * force > 0)
    return np.where(lost, -force / np.where(lost, forcing[0], 1.0), gain)
