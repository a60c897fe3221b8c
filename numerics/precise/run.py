"""One run at a given precision: steps as long as the polynomials allow, charts as in the solver."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from flint import arb, arb_mat, ctx, fmpq
from mpmath import mp
from numpy.polynomial import legendre

from numerics.precise.problem import ExactProblem, Moments
from numerics.precise.report import Report, Snapshot, report
from numerics.precise.step import PreciseModes, ball, number, numbers, solve_step, table
from numerics.precise.table import precise_radau
from numerics.solver.step import NoConvergence
from numerics.state import charts, limits
from numerics.state.charts import Chart
from numerics.state.limits import Limit

Array = np.ndarray

GUARD = 14
"""Digits of the arithmetic beyond those of the tolerance, for terms that cancel."""

GROWTH = 3.0
MAX_STEPS = 20000
SHORTEST = 1e-12
"""Ratio of the narrowest step that is tried to the first one."""


class Run:
    """A run with errors of 10^-``precision`` a step: its ``result``, ``limit``, ``steps`` and ``modes``."""

    deviation: arb_mat

    def __init__(
        self,
        problem: ExactProblem,
        moments: Moments,
        model: ModuleType,
        precision: int,
        progress: Callable[[float], None] | None,
    ) -> None:
        with ctx.workdps(precision + GUARD), mp.workdps(precision + GUARD):
            self.model, self.tolerance = model, 10.0**-precision
            self.method = precise_radau(precision)
            eigenvalues, teachers, students = problem.modes()
            self.user = PreciseModes(eigenvalues, arb_mat(teachers))
            self.modes, self.teacher_energy = len(eigenvalues), self.user.energy.trace()
            self.time, self.steps = arb(), 0
            self.last: _Polynomial | None = None
            self.students = arb_mat(students)
            self._enter(charts.origin(model), np.eye(model.TEACHERS))
            self.barrier = limits.barrier(model, self.here.energy)
            self.settled = self._invariant_limit()
            self._settle()
            self._integrate([arb(fmpq(t.numerator, t.denominator)).mid() for t in moments], progress)
            self.limit = self.settled or self._last_limit()
            self.result: Report = report(self.user, problem.dimension, self.snapshots)

    def _integrate(self, due: list[arb], progress: Callable[[float], None] | None) -> None:
        """Step until the last time that is ``due``, and on until the limit is settled."""
        self.snapshots: list[Snapshot] = []
        width = self._first_width()
        shortest = width * SHORTEST
        while due or (self.barrier is not None and self.settled is None):
            states, width, factor = self._accepted_step(width, shortest)
            end = (self.time + width).mid()
            while due and due[0] <= end:
                self._record(due.pop(0), width, states)
            self.deviation = arb_mat(table(states)[-self.deviation.nrows() :])
            self.time, self.steps = end, self.steps + 1
            if self.steps >= MAX_STEPS:
                raise ArithmeticError(f"no end after {MAX_STEPS} steps, at t = {float(end):g}")
            width = (width * arb(factor)).mid()
            self._settle()
            if progress is not None:
                progress(float(end))

    def _accepted_step(self, width: arb, shortest: arb) -> tuple[arb_mat, arb, float]:
        """States at the nodes, the width of the step, and the factor from it to the next."""
        while True:
            if width < shortest:
                raise ArithmeticError(f"the step size vanished at t = {float(self.time):g}")
            try:
                unknowns, states = solve_step(
                    self.method,
                    self.chart,
                    self.here,
                    width,
                    self.deviation,
                    self._guess(width),
                    self.tolerance,
                )
            except NoConvergence:
                width = (width / 4).mid()
                continue
            polynomial = self._polynomial(width, unknowns)
            error = float(np.abs(polynomial.coefficients[:, -2:]).max())
            factor = 0.9 * (self.tolerance / max(error, 1e-300)) ** (1.0 / self.method.stages)
            if error <= 10.0 * self.tolerance:
                self.last = polynomial
                return states, width, min(factor, GROWTH)
            width = (width * arb(max(factor, 0.1))).mid()

    def _polynomial(self, width: arb, unknowns: Array) -> "_Polynomial":
        """The statistics on the step, in units of their largest value or of the rounding of their terms."""
        students = self.deviation.nrows()
        values = np.concatenate([self.here.statistics(self.deviation, students), unknowns], axis=1)
        noise = mp.mpf(10) ** (4 - GUARD) * self.here.term_sizes(self.deviation)
        units = np.maximum(np.maximum(abs(values).max(axis=1), noise), self.here.smallest)
        rows = arb_mat([[ball(x) for x in row] for row in values])
        found = numbers(rows * self.method.to_legendre.transpose())
        return _Polynomial(width, units, (found / units[:, None]).astype(float))

    def _guess(self, width: arb) -> Array:
        """Statistics (n, s) expected at the nodes: the last step's polynomials, continued as far as their
        terms decrease.
        """
        begin = self.here.statistics(self.deviation, self.deviation.nrows())
        if self.last is None:
            return np.repeat(begin, self.method.stages, axis=1)
        ratio = float(width / self.last.width)
        nodes = np.array([float(node) for node in self.method.nodes])
        values = legendre.legvander(2.0 * (1.0 + nodes * ratio) - 1.0, self.method.stages)
        terms = self.last.coefficients[:, None, :] * values
        smallest = 1 + np.abs(terms[..., 1:]).argmin(axis=-1)
        sums = np.cumsum(terms, axis=-1)
        continued = np.take_along_axis(sums, smallest[..., None], axis=-1)[..., 0]
        return continued * self.last.units[:, None]

    def _record(self, time: arb, width: arb, states: arb_mat) -> None:
        """Keep the state at ``time`` within the step, by the step's polynomials."""
        weights = self.method.weights((time - self.time) / width)
        students = self.deviation.nrows()
        rows = table(self.deviation) + table(states)
        parts = [table(weights * arb_mat(rows[k::students]))[0] for k in range(students)]
        inside = arb_mat([[x.mid() for x in part] for part in parts])
        self.snapshots.append(Snapshot(number(time), self.chart, self.orientation, inside))

    def _first_width(self) -> arb:
        """A fraction of the shortest time scale of the flow."""
        start = self.here.statistics(self.deviation, self.deviation.nrows())
        gain, force = self.chart.drift(start, self.here.energy)
        scale = sum(max(abs(x) for x in part.flat) for part in (gain, force)) + self.here.energy.max()
        return (1 / (max(self.here.eigenvalues) * ball(scale))).mid()

    def _enter(self, chart: Chart, orientation: Array) -> None:
        """Continue in ``chart``, measuring against P W* with P the ``orientation``."""
        self.chart, self.orientation, self.last = chart, orientation, None
        self.here = self.user.turned(orientation)
        self.deviation = self.students if chart.centred else (self.students - self.here.teacher).mid()

    def _settle(self) -> None:
        """Decide the limit once the loss allows it, and change to the teacher's chart when close enough."""
        if not self.chart.centred:
            return
        self.students = self.deviation
        statistics = self.here.statistics(self.deviation, self.deviation.nrows())
        if self.settled is None and self.barrier is not None:
            self.settled = self._side(statistics, self.barrier)
        orientation = self._bound_for(statistics)
        if orientation is not None:
            self._enter(charts.teacher(self.model), orientation)

    def _side(self, statistics: Array, barrier: float) -> Limit | None:
        """The teacher on this side of u = 0, once the loss is below the ``barrier``."""
        if not self.chart.loss(statistics, self.here.energy)[0] < barrier:
            return None
        name, side = ("+teacher", "positive") if statistics[1, 0] > 0 else ("-teacher", "negative")
        return Limit(
            name, f"the loss has fallen below {barrier:.6g}, its minimum over u = 0, and u is {side}"
        )

    def _bound_for(self, statistics: Array) -> Array | None:
        """The P of the teacher in whose chart to go on, None while it is better to stay at the origin."""
        energy = self.here.energy
        if self.barrier is not None:
            half = abs(statistics[1, 0]) > energy[0, 0] / 2
            return np.array([[float(self.settled.sign)]]) if self.settled and half else None
        if not hasattr(self.model, "residual_drift"):
            return None
        return limits.nearest(self.model, statistics[:, 0].astype(float), energy.astype(float), limits.NEAR)

    def _invariant_limit(self) -> Limit | None:
        """The limit of a run on which u vanishes identically, None for all others."""
        if self.barrier is None:
            return None
        (teacher,), (student,), moving = table(self.user.teacher), table(self.students), self.user.eigenvalues
        alive = [bool(rate * x != 0) for rate, x in zip(moving, student, strict=True)]
        if any(here and y != 0 for here, y in zip(alive, teacher, strict=True)):
            return None
        if not any(alive):
            return Limit("0", "the start has no energy, and w = 0 is a critical point")
        return Limit("saddle", "no eigenspace correlates start and teacher, so u = 0 for all times")

    def _last_limit(self) -> Limit:
        """The limit as far as the present state shows it."""
        statistics = self.user.statistics(self.students, self.students.nrows())
        loss = float(
            self.chart.loss(self.here.statistics(self.deviation, self.deviation.nrows()), self.here.energy)[0]
        )
        return limits.at_the_end(
            self.model, statistics[:, 0].astype(float), self.user.energy.astype(float), loss, float(self.time)
        )


@dataclass(frozen=True, eq=False)
class _Polynomial:
    """Legendre coefficients (n, s + 1) of the statistics on a step of that width, each in its unit."""

    width: arb
    units: Array
    coefficients: Array
