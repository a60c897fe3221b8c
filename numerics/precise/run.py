"""One run at a given precision: steps as long as the polynomials allow, charts as in the solver.

The loop and the rules for the limit are those of :mod:`numerics.solver.loop` and
:mod:`numerics.solver.settling`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import NamedTuple

import numpy as np
from flint import arb, arb_mat, ctx, fmpq
from mpmath import mp
from numpy.polynomial import legendre

from numerics.arrays import Array
from numerics.precise.problem import ExactProblem, Moments
from numerics.precise.report import Report, Snapshot, report
from numerics.precise.step import PreciseModes, ball, number, numbers, solve_step, table
from numerics.precise.table import PreciseTable, precise_radau
from numerics.solver import loop
from numerics.solver.settling import Settling
from numerics.state import charts
from numerics.state.charts import Chart
from numerics.state.limits import Limit

GUARD = 14
"""Digits of the arithmetic beyond those of the tolerance, for terms that cancel."""


class Outcome(NamedTuple):
    """What a run reports, its limit, and how many steps and modes it has taken."""

    result: Report
    limit: Limit
    steps: int
    modes: int
    teacher_energy: Array


def solve_once(
    problem: ExactProblem,
    moments: Moments,
    model: ModuleType,
    precision: int,
    progress: Callable[[float], None] | None,
) -> Outcome:
    """A run with errors of 10^-``precision`` a step to the last of the times ``moments`` or, where that is
    later, until its limit is settled.
    """
    with ctx.workdps(precision + GUARD), mp.workdps(precision + GUARD):
        run = PreciseRun.begin(problem, model, precision)
        user, later, count = run.here.user, loop.steps(run), 0
        due = [arb(fmpq(t.numerator, t.denominator)).mid() for t in moments]
        snapshots: list[Snapshot] = []
        while due or not run.settling.settled:
            run, count = next(later), count + 1
            while run.last is not None and due and due[0] <= run.time:
                snapshots.append(run.last.at(due.pop(0)))
            if progress is not None:
                progress(float(run.time))
        found = report(user, problem.dimension, snapshots)
        return Outcome(found, run.last_limit(), count, len(user.eigenvalues), user.energy.trace())


@dataclass(frozen=True, eq=False)
class Coordinates:
    """What W is measured by: a ``chart``, and P W* with P the ``orientation``, whose modes are ``modes``.

    Those of the ``user`` have P = 1. ``method`` is the table of all steps, ``tolerance`` their error.
    """

    model: ModuleType
    method: PreciseTable
    tolerance: float
    user: PreciseModes
    chart: Chart
    orientation: Array
    modes: PreciseModes

    def teacher(self, orientation: Array) -> "Coordinates":
        """Those at the teacher P W*."""
        chart, modes = charts.teacher(self.model), self.user.turned(orientation)
        return replace(self, chart=chart, orientation=orientation, modes=modes)


class Polynomial(NamedTuple):
    """Legendre coefficients (n, s + 1) of the statistics on a step of that width, each in its unit."""

    width: arb
    units: Array
    coefficients: Array

    @property
    def error(self) -> float:
        """The larger of the last two coefficients of all statistics."""
        return float(np.abs(self.coefficients[:, -2:]).max())


class Piece(NamedTuple):
    """A step of ``width`` from ``deviation`` (K × N) at the time ``start``, with ``states`` (s·K × N)."""

    here: Coordinates
    start: arb
    width: arb
    deviation: arb_mat
    states: arb_mat

    def at(self, time: arb) -> Snapshot:
        """The state at ``time`` within the step, by the step's polynomials."""
        weights = self.here.method.weights((time - self.start) / self.width)
        students = self.deviation.nrows()
        rows = table(self.deviation) + table(self.states)
        parts = [table(weights * arb_mat(rows[k::students]))[0] for k in range(students)]
        inside = arb_mat([[x.mid() for x in part] for part in parts])
        return Snapshot(number(time), self.here.chart, self.here.orientation, inside)


@dataclass(frozen=True, eq=False)
class PreciseRun:
    """A run at a ``time`` between two steps: the chart's y, ``deviation`` (K × N), and what it knows of its
    limit. The next step is about ``width`` wide, none narrower than ``shortest``; ``polynomial`` are the
    statistics on the step before in the same chart, and ``last`` is that step.
    """

    here: Coordinates
    time: arb
    deviation: arb_mat
    settling: Settling
    width: arb
    shortest: arb
    polynomial: Polynomial | None = None
    last: Piece | None = None

    @classmethod
    def begin(cls, problem: ExactProblem, model: ModuleType, precision: int) -> "PreciseRun":
        """At the start of a ``problem``."""
        eigenvalues, teachers, students = problem.modes()
        user, start = PreciseModes(eigenvalues, arb_mat(teachers)), arb_mat(students)
        chart, orientation = charts.overlaps(model), np.eye(model.TEACHERS)
        modes = user.turned(orientation)
        here = Coordinates(model, precise_radau(precision), 10.0**-precision, user, chart, orientation, modes)
        moving = [[bool(rate * x != 0) for rate, x in zip(eigenvalues, row, strict=True)] for row in students]
        taught = np.array(moving)[:, None] & np.array([[bool(y != 0) for y in row] for row in teachers])
        settling = Settling.begin(model, modes.energy, bool(np.any(moving)), bool(taught.any()))
        run = cls(here, arb(), start, settling, arb(), arb()).settled_down()
        width = run.first_width()
        # ratio of the narrowest step that is tried to the first one
        return replace(run, width=width, shortest=width * 1e-12)

    @property
    def statistics(self) -> Array:
        """The statistics (n, 1)."""
        return self.here.modes.statistics(self.deviation, self.deviation.nrows())

    def plan(self) -> "PreciseTrial":
        """The next step."""
        return PreciseTrial(self, self.width)

    def first_width(self) -> arb:
        """A fraction of the shortest time scale of the flow."""
        modes = self.here.modes
        gain, force = self.here.chart.drift(self.statistics, modes.energy)
        scale = sum(max(abs(x) for x in part.flat) for part in (gain, force)) + modes.energy.max()
        return (1 / (max(modes.eigenvalues) * ball(scale))).mid()

    def settled_down(self) -> "PreciseRun":
        """Where the loss tells the limit, with the limit; close to a teacher, in its chart."""
        here, energy = self.here, self.here.modes.energy
        if not here.chart.centred:
            return self
        statistics = self.statistics[:, 0]
        settling = self.settling.seen(here.chart, statistics, energy, self.time)
        orientation = settling.destination(statistics, energy)
        if orientation is None:
            return replace(self, settling=settling)
        there = here.teacher(orientation)
        deviation = (self.deviation - there.modes.teacher).mid()
        return replace(self, here=there, deviation=deviation, settling=settling, polynomial=None)

    def last_limit(self) -> Limit:
        """The limit as far as the present state shows it."""
        here, user = self.here, self.here.user
        students = self.deviation if here.chart.centred else self.deviation + here.modes.teacher
        statistics = user.statistics(students, students.nrows())[:, 0]
        loss = here.chart.loss(self.statistics, here.modes.energy)[0]
        return self.settling.last(statistics, user.energy, loss, self.time)


class Attempt(NamedTuple):
    """The ``states`` at the nodes of a step, and the ``polynomial`` of its statistics."""

    states: arb_mat
    polynomial: Polynomial


@dataclass(frozen=True, eq=False)
class PreciseTrial(loop.Trial[PreciseRun, Attempt]):
    """A step of a ``run`` with a ``width``."""

    run: PreciseRun
    width: arb

    def attempt(self) -> Attempt:
        """Take the step. Raises ArithmeticError where it is too narrow."""
        run, here = self.run, self.run.here
        if self.width < run.shortest:
            raise ArithmeticError(f"the step size vanished at t = {float(run.time):g}")
        unknowns, states = solve_step(
            here.method, here.chart, here.modes, self.width, run.deviation, self._guess(), here.tolerance
        )
        return Attempt(states, self._polynomial(unknowns))

    def shorter(self) -> "PreciseTrial":
        """A quarter as wide."""
        return replace(self, width=(self.width / 4).mid())

    def again(self, found: Attempt) -> "PreciseTrial | None":
        """A shorter one where the polynomials leave out too much."""
        if found.polynomial.error <= 10.0 * self.run.here.tolerance:
            return None
        return replace(self, width=(self.width * arb(max(self._factor(found), 0.1))).mid())

    def accepted(self, found: Attempt) -> PreciseRun:
        """The run at the end of the step, in whose chart it goes on, with the next width."""
        run = self.run
        return replace(
            run,
            time=(run.time + self.width).mid(),
            deviation=arb_mat(table(found.states)[-run.deviation.nrows() :]),
            width=(self.width * arb(min(self._factor(found), 3.0))).mid(),
            polynomial=found.polynomial,
            last=Piece(run.here, run.time, self.width, run.deviation, found.states),
        ).settled_down()

    def _factor(self, found: Attempt) -> float:
        """Ratio of the best width to this one."""
        tolerance, stages = self.run.here.tolerance, self.run.here.method.stages
        return float(0.9 * (tolerance / max(found.polynomial.error, 1e-300)) ** (1.0 / stages))

    def _polynomial(self, unknowns: Array) -> Polynomial:
        """The statistics on the step, in units of their largest value or of the rounding of their terms."""
        run, modes = self.run, self.run.here.modes
        values = np.concatenate([run.statistics, unknowns], axis=1)
        noise = mp.mpf(10) ** (4 - GUARD) * modes.term_sizes(run.deviation)
        units = np.maximum(np.maximum(abs(values).max(axis=1), noise), modes.smallest)
        rows = arb_mat([[ball(x) for x in row] for row in values])
        found = numbers(rows * run.here.method.to_legendre.transpose())
        return Polynomial(self.width, units, (found / units[:, None]).astype(float))

    def _guess(self) -> Array:
        """Statistics (n, s) expected at the nodes: the last step's polynomials, continued as far as their
        terms decrease.
        """
        method, last = self.run.here.method, self.run.polynomial
        if last is None:
            return np.repeat(self.run.statistics, method.stages, axis=1)
        ratio = float(self.width / last.width)
        nodes = np.array([float(node) for node in method.nodes])
        values = legendre.legvander(2.0 * (1.0 + nodes * ratio) - 1.0, method.stages)
        terms = last.coefficients[:, None, :] * values
        smallest = 1 + np.abs(terms[..., 1:]).argmin(axis=-1)
        sums = np.cumsum(terms, axis=-1)
        continued = np.take_along_axis(sums, smallest[..., None], axis=-1)[..., 0]
        return continued * last.units[:, None]
