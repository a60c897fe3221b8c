"""The contract between a run and the steps that it is made of.

A run is a loop over steps, :mod:`numerics.solver.flow`. It knows what to solve and how wide to go; how one
step is solved is the business of a :class:`Step`, of which there are several kinds: every step is taken by
the first in the run's list that suits its :class:`Task`. The rules that a kind keeps:

1. It is given a :class:`Task`, all that it may use, and returns a :class:`StepResult`. Of the
   steps before it keeps what it is given back as ``before``, and it changes none of the arrays that it is
   given.
2. What it solves is ẏ = A y Q + F w* Q for the ``deviation`` y and ẇ = A w Q + (F − A) w* Q for the
   ``students`` w, where A and F are ``chart.drift`` of y's statistics. In the chart at the origin, which is
   ``centred``, y is w, and F is that of both.
3. The step starts at time 0 and is about ``width`` long. Statistics and states are returned at all nodes of
   the table, the last of which is the end, with the ``times`` that have passed there: ``width`` times the
   table's nodes, or others where the kind has a clock of its own. They ascend, and the run goes on from the
   last.
4. The equations at the nodes are solved to rounding: each statistic relative to itself or to the rounding of
   its terms, each mode relative to itself. What is left unsolved beyond that, well below the ``tolerance``
   of what the step's polynomials leave out, is returned as ``unsolved``; else it is in no error estimate.
5. The run controls the error. It sees what the polynomials through the nodes leave out, accepts the step or
   asks for a shorter one, and chooses the next width. A kind neither measures nor chooses.
6. Where it cannot solve the step, or meets what is not finite, it raises :class:`NoConvergence`, or lets
   NumPy's LinAlgError pass: the run comes back with half the width and a plainer guess. Any other error ends
   the run.
7. The ``guess`` is what the last step's polynomials lead to, or the present statistics at all nodes. It may
   be far off, and need not be the overlaps of any vectors.
8. Where the task has ``clusters`` the overlap with the teacher is taken from them, and they are returned as
   they are at the end.
9. Of a network the result is ``linearised``, where the error of the run shall count what the flow amplifies.
10. A step that cannot be told from rounding below ``noise``, relative to each statistic, may be returned as
    it is.

Shapes: s stages, n statistics, K students, M teachers, N modes, in this order, modes last.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation
from numerics.solver.accuracy import STEP
from numerics.solver.clusters import Clusters
from numerics.state.charts import Chart
from numerics.state.modes import Modes


class NoConvergence(ArithmeticError):
    """This step has no solution that could be found; a shorter one is needed."""


@dataclass(frozen=True, eq=False)
class Task:
    """One step to be taken: ``deviation`` y (K, N) and ``students`` w (K, N) go on by about ``width``, at the
    nodes of ``table``, in the ``chart`` of these ``modes``. The statistics are expected to be ``guess`` (n,
    s), and y to be ``states`` (s, K, N) where these are given; ``before`` is what the last step was
    ``linearised`` to.

    ``clusters`` are those of the modes of a single student, where there are any. Errors up to ``noise``,
    relative to each statistic, are allowed where rounding leaves no better; the polynomials through the nodes
    may leave out ``tolerance``.
    """

    table: Collocation
    chart: Chart
    modes: Modes
    width: float
    deviation: Array
    students: Array
    guess: Array
    clusters: Clusters | None = None
    noise: float = 0.0
    tolerance: float = STEP
    states: Array | None = None
    before: "Linearised | None" = None

    @property
    def single(self) -> bool:
        """Whether one student moves under a smooth drift: all of its modes have one and the same A."""
        return len(self.deviation) == 1 and self.chart.smooth

    @property
    def start(self) -> Array:
        """The statistics (n,) that the step starts with."""
        statistics = self.modes.statistics(self.deviation)
        if self.clusters is not None:
            statistics[1] = self.clusters.overlap(self.deviation[0])
        return statistics

    @cached_property
    def drift(self) -> tuple[Array, Array]:
        """A (K, K, s) and F (K, M, s) of the guess."""
        return self.chart.drift(self.guess, self.modes.energy)

    @cached_property
    def slopes(self) -> tuple[Array, Array]:
        """The slopes (K, K, n, s) of A and (K, M, n, s) of F by the statistics, at the guess."""
        return self.chart.drift_jacobian(self.guess, self.modes.energy)

    @cached_property
    def gain(self) -> Array:
        """A (s,) of the guess for a single student, 0 where it is lost in the rounding of its terms.

        At a saddle A vanishes, and its terms cancel.
        """
        gain = self.drift[0][0, 0]
        if not self.chart.centred:
            return gain
        terms = np.abs(self.slopes[0][0, 0] * self.guess).max(axis=0)
        # of the terms of A, which cancel at a saddle: less is lost in the rounding of a guess
        return np.where(np.abs(gain) > 1e-11 * terms, gain, 0.0)

    @property
    def stiffness(self) -> float:
        """h λ_1: the fastest mode moves by as much in units of A."""
        return float(self.width * self.modes.eigenvalues.max())


class Linearised(Protocol):
    """What a step makes of small changes."""

    @property
    def states(self) -> Array:
        """The states y (s, K, N) at the nodes."""

    def carry(self, change: Array, shift: Array) -> tuple[Array, Array]:
        """What becomes of a ``change`` (K, N) of the start while the drift is that of statistics that are off
        by ``shift`` (n, s): the change (K, N) of the end, and that of the statistics (n, s) at the nodes.
        """


@dataclass(frozen=True, eq=False)
class StepResult:
    """Statistics X (n, s) and states (s, K, N) at the nodes: of the chart's y, and of the students w.

    ``times`` (s,) are those that have passed since the step's start; ``clusters`` are those at its end, and
    ``linearised`` is what the step makes of small changes. The statistics may be off by ``unsolved`` (n,).
    """

    statistics: Array
    deviation: Array
    students: Array
    times: Array
    clusters: Clusters | None = None
    linearised: Linearised | None = None
    unsolved: Array | None = None


class Step(ABC):
    """One kind of step, see the rules of this module."""

    @abstractmethod
    def suits(self, task: Task) -> bool:
        """Whether this kind should take the step: it may still fail to."""

    @abstractmethod
    def solve(self, task: Task) -> StepResult:
        """Take the step. Raises NoConvergence where a shorter one is needed."""

    def table(self, task: Task) -> Collocation:
        """The table at whose nodes this kind solves the task: as a rule its own."""
        return task.table


def take(steps: Sequence[Step], task: Task) -> tuple[StepResult, Collocation]:
    """The step by the first of the kinds that suits it, and the table that it is taken with.

    Raises NoConvergence where none does.
    """
    for step in steps:
        if step.suits(task):
            table = step.table(task)
            return step.solve(task if table is task.table else replace(task, table=table)), table
    raise NoConvergence
