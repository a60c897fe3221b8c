"""One implicit step of the flow with the modes eliminated.

Given A and F at the collocation nodes every mode is linear, ẏ = λ(A y + F w*), so the statistics at the
nodes are an explicit function of A and F, which are functions of the statistics: X = G(X). Newton's method
on these n·s numbers replaces a system of N·K·s; one step costs O(N) for N modes. The derivatives are those of
the guess while changes fall: then the modes are not solved for again, but corrected by their defect.

Shapes: s stages, n statistics, K students, M teachers, N modes, in this order, modes last.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation, plain
from numerics.solver.clusters import Clusters, term_sizes
from numerics.solver.contract import NoConvergence, Step, StepResult, Task
from numerics.solver.response import REFINEMENTS, Response
from numerics.state.charts import Chart
from numerics.state.modes import Modes

CHORD_TOLERANCE = 1e-15  # of what is left after an iteration whose derivatives are those of an earlier one
FEEDBACK = 30.0
SINGLE_ROUNDING = 1e-14  # of a statistic, in units of its terms
EPSILON = float(np.finfo(float).eps)
FLOOR = 1e-14  # coefficients below are taken for rounding
FLAT = 0.3  # a larger decay is that of rounding, or of a step that is far too long
FARTHEST = 1e6  # likewise one that the polynomial of its logarithm cannot give between the points
SMALLEST = 1e-290  # statistics are accurate relative to themselves or to this: products of modes underflow


class CollocationStep(Step):
    """Steps of any model, by Newton's method on the statistics. Raises NoConvergence, also where it leaves
    the range of floats.
    """

    def suits(self, task: Task) -> bool:
        """Whether no shorter step of another kind does better: of a single student one does where A changes
        its sign, unless its statistics turn it so fast that all steps are short.
        """
        return not (task.single and task.gain.min() < 0 <= task.gain.max() and _steady(task))

    def table(self, task: Task) -> Collocation:
        """For a single student the plain one: others have worse eigenvectors."""
        return plain(task.table) if task.single else task.table

    @np.errstate(over="ignore", invalid="ignore")
    def solve(self, task: Task) -> StepResult:
        """The step of ``width``.

        A relative change up to ``noise`` is accepted when the iterations are used up: where terms of the
        drift cancel Newton's method ends in their rounding.
        """
        table, chart, modes, width = task.table, task.chart, task.modes, task.width
        deviation, clusters = task.deviation, task.clusters
        unknowns, states, least = task.guess, deviation, modes.least_units(deviation)
        # the eigenvectors of a coupling between students lose digits
        relative = SINGLE_ROUNDING if len(deviation) == 1 else 1e-13
        rounding = relative * term_sizes(modes, deviation, clusters)
        newton, before = None, np.inf
        for left in reversed(range(14)):
            gain, force = finite_drift(chart, unknowns, modes.energy)
            push = _push(force, modes.teacher)
            fresh = newton is None
            if newton is None or clusters is not None:
                response = Response.build(table, width, modes.eigenvalues, gain)
                states = response.propagate(deviation, push)
            else:
                response = newton.response.moved(gain)
                states = response.refine(states, deviation, push)
            if newton is None:
                newton = _Newton.build(chart, modes, unknowns, least, response, states)
            statistics = modes.statistics(states)
            if clusters is not None:
                forced = response.propagate(0.0 * deviation, push)
                statistics[1], _ = _clustered(clusters, response, deviation, forced)
            gap = statistics - unknowns
            change = newton.change(gap)
            unknowns = unknowns + change
            if not np.isfinite(unknowns).all():
                break
            units, moved = np.maximum(magnitudes(unknowns), least), np.abs(change).max(axis=1)
            with np.errstate(over="ignore"):
                worst = float((moved / units).max())
            slowness = min(worst / before, 1.0)
            # changes above that grow although their derivatives are new lead nowhere
            if fresh and worst > max(before, 1e-3):
                break
            correction = response.respond(_forcing(*newton.drift_change(change), states, modes.teacher))
            states = states + correction
            # what is left is quadratic in it, but a stiff step multiplies it by h λ_1
            tolerance = 1e-11 if fresh else CHORD_TOLERANCE / max(slowness, CHORD_TOLERANCE)
            allowed = (tolerance if left else max(tolerance, task.noise)) * units + rounding
            closed = np.abs(gap).max(axis=1) <= rounding
            if np.all(closed | (moved <= allowed)):
                statistics, followers = modes.statistics(states), states
                if clusters is not None:
                    statistics[1], clusters = _clustered(clusters, response, deviation, forced + correction)
                    gain, force = finite_drift(chart, unknowns, modes.energy)
                    moved_on = partial(_propagated, response.moved(gain))
                    clusters = clusters.parted(modes, (gain[0, 0], force[0, 0]), states[:, 0], moved_on)
                if not chart.centred:
                    teachers = len(modes.teacher)
                    gain, force = finite_drift(chart, unknowns, modes.energy)
                    push = _push(force - gain[:, :teachers], modes.teacher)
                    followers = states.copy()
                    followers[:, :teachers] += modes.teacher
                    followers = newton.response.moved(gain).refine(
                        followers, task.students, push, REFINEMENTS
                    )
                if not np.isfinite(statistics).all():
                    break
                linearised = LinearisedStep(newton, chart, modes, unknowns, states)
                return StepResult(statistics, states, followers, width * table.nodes, clusters, linearised)
            # a change that is more than this of the one before asks for new derivatives
            newton, before = None if slowness > 0.1 else newton, worst
        raise NoConvergence


def _steady(task: Task) -> bool:
    """Whether statistics that double in a step change the drift by little."""
    start = task.start
    slopes = task.chart.drift_jacobian(start, task.modes.energy)
    return task.stiffness * max(float(np.abs(part @ start).max()) for part in slopes) <= FEEDBACK


def _clustered(clusters: Clusters, response: Response, start: Array, forced: Array) -> tuple[Array, Clusters]:
    """p (s,) where ``forced`` (s, 1, N) is added to what becomes of the ``start`` (1, N), and the clusters
    at the end.
    """
    begun = response.propagate(start, 0.0 * forced)[:, 0]
    unforced = clusters.unforced(begun, response.width * response.coupling)
    return clusters.joined(begun, unforced, forced[:, 0]), clusters.moved(unforced, forced[:, 0])


def _propagated(response: Response, start: Array, force: Array, along: Array) -> Array:
    """The stage values (s, N) of one student from ``start`` (N,) under ``force`` (C, s) ``along`` (C, N)."""
    return response.propagate(start[None], (force.T @ along)[:, None])[:, 0]


@dataclass(frozen=True, eq=False)
class _Newton:
    """The equations linearised at some X: the modes' ``response``, the slopes (K, K, n, s) of A and
    (K, M, n, s) of F by X, and the ``inverse`` (n·s, n·s) of 1 − dG/dX.
    """

    response: Response
    gain_slope: Array
    force_slope: Array
    inverse: Array

    @classmethod
    def build(
        cls, chart: Chart, modes: Modes, unknowns: Array, least: Array, response: Response, states: Array
    ) -> "_Newton":
        """At X = ``unknowns`` (n, s), of sizes not below ``least`` (n,), where the modes are at ``states``
        (s, K, N).
        """
        slopes = finite_slopes(chart, unknowns, modes.energy)
        kernel = response.sensitivity(states, modes.teacher, modes.eigenvalues, modes.normals(states))
        rule, units = modes.rule(states.shape[1]), np.maximum(magnitudes(unknowns), least)
        return cls(response, *slopes, _inverse(kernel, rule, *slopes, units))

    def change(self, gap: Array) -> Array:
        """The change (n, s) of X that closes the ``gap`` between G(X) and X."""
        return (self.inverse @ gap.ravel()).reshape(gap.shape)

    def drift_change(self, change: Array) -> tuple[Array, Array]:
        """How A (K, K, s) and F (K, M, s) answer to the ``change`` of X."""
        slopes = self.gain_slope, self.force_slope
        gain, force = (np.einsum("jkbm,bm->jkm", slope, change) for slope in slopes)
        return gain, force


@dataclass(frozen=True, eq=False)
class LinearisedStep:
    """The derivative of a step at its solution: its equations, the ``unknowns`` X (n, s) and the ``states``
    (s, K, N) of the ``modes``, in the ``chart``.
    """

    newton: _Newton
    chart: Chart
    modes: Modes
    unknowns: Array
    states: Array

    def carry(self, change: Array, shift: Array) -> tuple[Array, Array]:
        """What becomes of a ``change`` (K, N) of the start while the drift is that of statistics that are off
        by ``shift`` (n, s): the change (K, N) of the end, and that of the statistics (n, s) at the nodes.

        The shift may be too large for derivatives: the drift has a kink where an area is 0.
        """
        response, teacher = self.newton.response, self.modes.teacher
        direct = response.propagate(change, np.zeros_like(self.states))
        direct = direct + response.respond(_forcing(*self._drift_error(shift), self.states, teacher))
        moved = self.newton.change(self.modes.statistics_change(self.states, direct))
        answer = response.respond(_forcing(*self.newton.drift_change(moved), self.states, teacher))
        return (direct + answer)[-1], moved

    def _drift_error(self, shift: Array) -> tuple[Array, Array]:
        """A (K, K, s) and F (K, M, s) off by ``shift`` less those of X; 0 where they are not finite."""
        with np.errstate(all="ignore"):
            right = self.chart.drift(self.unknowns, self.modes.energy)
            wrong = self.chart.drift(self.unknowns + shift, self.modes.energy)
            gain, force = (
                np.nan_to_num(b - a, posinf=0.0, neginf=0.0) for a, b in zip(right, wrong, strict=True)
            )
        return gain, force


def drift_and_slopes(chart: Chart, unknowns: Array, energy: Array) -> tuple[Array, Array, Array, Array]:
    """A, F and their slopes at the nodes, as :func:`finite_drift` and :func:`finite_slopes` have them."""
    return *finite_drift(chart, unknowns, energy), *finite_slopes(chart, unknowns, energy)


def finite_drift(chart: Chart, unknowns: Array, energy: Array) -> tuple[Array, Array]:
    """A and F at the nodes. Raises NoConvergence where they are not finite."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        drift = chart.drift(unknowns, energy)
    if not all(np.isfinite(part).all() for part in drift):
        raise NoConvergence
    return drift


def finite_slopes(chart: Chart, unknowns: Array, energy: Array) -> tuple[Array, Array]:
    """The slopes of A and F at the nodes; one that is singular there, as at w_j = 0, counts as 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slopes = chart.drift_jacobian(unknowns, energy)
    gain, force = (np.where(np.isfinite(slope), slope, 0.0) for slope in slopes)
    return gain, force


def magnitudes(statistics: Array) -> Array:
    """The sizes (n,) relative to which ``statistics`` (n, …) are accurate."""
    return np.maximum(np.abs(statistics).max(axis=1), SMALLEST)


class Truncation(NamedTuple):
    """The ``error`` of a step: the size of the first Chebyshev coefficients left out, relative to the
    statistic where it is largest, the one of number ``worst``; their ``decay`` there over two orders; and the
    ``ratio`` r by which all decay, as r^k.
    """

    error: float
    worst: int
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
    measured by its ``noise`` (n,), asked for where the error exceeds ``allowed`` or does not decay: rounding
    is no error, which a shorter step would mend. The ratio is proportional to the width; it is read off the
    coefficients above FLOOR.
    """
    coefficients = np.abs(statistics @ table.to_chebyshev.T)
    size = np.abs(statistics)
    least, most = size.min(axis=1), size.max(axis=1)
    units = np.maximum(np.maximum(least, most / span), SMALLEST)
    errors, decay = left_behind(coefficients / units[:, None])
    worst = int(errors.argmax())
    if errors[worst] > (FLOOR if decay[worst] > FLAT else allowed):
        units = np.maximum(units, noise())
        errors, decay = left_behind(coefficients / units[:, None])
        worst = int(errors.argmax())
    largest = (coefficients / units[:, None]).max(axis=0)
    rest = np.maximum.accumulate(largest[::-1])[::-1][1:]
    ratio = np.min(np.maximum(rest, FLOOR) ** (1.0 / np.arange(1, len(rest) + 1)))
    return Truncation(float(errors[worst]), worst, float(decay[worst]), float(ratio))


def error_inside(table: Collocation, statistics: Array, terms: Array) -> float:
    """The largest error of the polynomials of ``statistics`` (n, s + 1) between the points, relative to the
    least value of a statistic that keeps its sign, and to the lesser of its ends of another.

    One that keeps its sign has the better of its own polynomial and of its logarithm's. Coefficients have the
    rounding of the largest one, and of the ``terms`` (n,) that may cancel in the statistic: it tells nothing
    of what is left out.
    """
    coefficients = np.abs(statistics @ table.to_chebyshev.T)
    rounding = EPSILON * np.maximum(coefficients.max(axis=1), terms)
    errors = np.maximum(left_behind(coefficients)[0], _continued(coefficients)) - rounding
    errors = np.maximum(errors, 0.0)
    size = np.maximum(np.abs(statistics), SMALLEST)
    most, ends = size.max(axis=1), size[:, [0, -1]].min(axis=1)
    signed = (np.sign(statistics) * np.sign(statistics[:, -1:]) > 0).all(axis=1)
    least = np.where(signed, size.min(axis=1), ends)
    # a statistic that changes by more in a step nearly vanishes at one of its ends
    at_points, between = (errors / np.maximum(least, most / widest) for widest in (1e3, FARTHEST))
    smooth, _ = left_behind(np.abs(np.log(size / size[:, -1:]) @ table.to_chebyshev.T))
    return float(np.maximum(at_points, np.where(signed, np.minimum(between, smooth), between)).max())


def rounding_of_fall(before: Array, after: Array) -> float:
    """The relative rounding at the end of a step in which the terms (2,) of one student's statistics fall.

    Of a mode it is that of its value at the start. The first statistic is made of squares.
    """
    fall = before / np.maximum(np.maximum(after, before / FARTHEST), SMALLEST)
    return EPSILON * max(2.0 * math.sqrt(fall[0]), fall[1])


def left_behind(coefficients: Array) -> tuple[Array, Array]:
    """The size (n,) of what follows ``coefficients`` (n, k), and the decay (n,) that it is estimated by."""
    before, last = coefficients[:, -4:-2].max(axis=1), coefficients[:, -2:].max(axis=1)
    decay = np.minimum(last / np.where(before > 0, before, 1.0), 1.0)
    return last * decay, decay


def _continued(coefficients: Array) -> Array:
    """The size (n,) of what follows ``coefficients`` (n, k), by the decay of those before the last two.

    The last two of a stiff quantity fall faster: the collocation is accurate at the right end, and they make
    up there for what is missing between the ends.
    """
    before, last = coefficients[:, -6:-4].max(axis=1), coefficients[:, -4:-2].max(axis=1)
    return last * np.minimum(last / np.where(before > 0, before, 1.0), 1.0) ** 2


def _inverse(kernel: Array, rule: Array, gain_slope: Array, force_slope: Array, units: Array) -> Array:
    """(1 − dG/dX)⁻¹ (n·s, n·s) from the ``kernel`` of :meth:`Response.sensitivity`, the ``rule`` of
    :meth:`Modes.rule` and the slopes of A and F.

    Each statistic is measured in its own ``units`` (n,). Statistics differ by any factor (q ~ p², or
    u ~ 1e-150 beside s ~ 1): without units the pivoting lets the large ones drown the small ones in their
    rounding.
    """
    students, teachers, count, stages = force_slope.shape
    rows = students * (students + teachers)
    slopes = np.concatenate([gain_slope, force_slope], axis=1).reshape(rows, count, stages)
    kernel = kernel.reshape(stages, stages, -1, rows)
    sensitivity = rule.reshape(count, -1) @ kernel @ np.moveaxis(slopes, -1, 0)
    scale = np.repeat(units, stages)
    matrix = np.einsum("lmab->albm", sensitivity).reshape(count * stages, -1)
    inverse = np.linalg.inv(np.eye(len(scale)) - matrix * (scale / scale[:, None]))
    return inverse * (scale[:, None] / scale)


def _push(force: Array, teacher: Array) -> Array:
    """The forcing F w* (s, K, N) from F (K, M, s)."""
    return np.moveaxis(force, -1, 0) @ teacher


def _forcing(gain: Array, force: Array, states: Array, teacher: Array) -> Array:
    """A y + F w* (s, K, N) from A (K, K, s), F (K, M, s) and y (s, K, N)."""
    return np.moveaxis(gain, -1, 0) @ states + _push(force, teacher)
