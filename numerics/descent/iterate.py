"""The iterate of population gradient descent, and the plain step W ← W − η∇L(W).

The update is that of the flow with the step η in place of dt: Y ← Y + η (A Y + F W*) Q, exact in either
chart. With weight decay κ there is −ηκ W more; where a norm is kept every student is brought back to it after
the step, along itself: projected descent. In ‖w‖_Q, whose normal Q w is not along w, the step is along the
projected gradient. With ``momentum`` β a step has β of the last one more. As in the flow the
iterate changes to the chart at the teacher that it is bound for, so that small deficits keep their relative
accuracy; the students W themselves are kept beside the deviation Y = W − P W*.
"""

import numpy as np

from numerics.arrays import Array
from numerics.descent.protocol import DescentProtocol
from numerics.generated import RightHandSides
from numerics.pairs.constrained import constrained_velocity, have_equal_norms
from numerics.problems.problem import Problem
from numerics.state import charts, limits
from numerics.state.modes import Modes
from numerics.state.observables import norms
from theory.constraint import Constraint


class Iterate:
    """The iterate after ``done`` steps: the ``students`` W (K, N) and their ``deviation`` Y (K, N).

    ``step_size`` η is that of the next step, ``rates`` (N,) are ηλ. The deviation is in ``chart``; the
    teacher P W* there, with P the ``orientation`` (M, M), is in ``modes``.
    """

    process = "gradient descent"
    deviation: Array

    def __init__(
        self,
        problem: Problem,
        protocol: DescentProtocol,
        model: RightHandSides,
        constraint: Constraint | None = None,
        momentum: float = 0.0,
    ) -> None:
        self.momentum, self.last = momentum, 0.0 * problem.students
        self.problem, self.protocol, self.model, self.done = problem, protocol, model, 0
        self.constraint, self.step_size = constraint, 0.0
        self._pace(protocol.size(0))
        if constraint is not None:
            self.weights = problem.eigenvalues**constraint.power
            self.squares = problem.students**2 @ self.weights
        energy = Modes(problem.eigenvalues, problem.teachers).energy
        self.barrier = limits.barrier(model, energy) if constraint is None else None
        self.students, self.pairs = problem.students, np.triu_indices(model.STUDENTS)
        self._enter(self._start_chart(), np.eye(model.TEACHERS))

    def _start_chart(self) -> charts.Chart:
        """The chart that a run begins in."""
        return charts.origin(self.model)

    def statistics(self) -> Array:
        """The chart's statistics (n,), as ``modes.statistics`` has them, at less cost for one state."""
        if self.chart.areas:
            return self.modes.statistics(self.deviation)
        own = (self.deviation[self.pairs[0]] * self.deviation[self.pairs[1]]) @ self.modes.eigenvalues
        return np.concatenate([own, (self.deviation @ self.modes.weighted.T).ravel()])

    def lengths(self) -> Array:
        """The norms (4, K, M) of :func:`numerics.state.observables.norms`."""
        vectors = self.deviation, self.students, self.modes.teacher
        return norms(*vectors, self.chart.centred, self.problem.init_rest)

    def advance(self, steps: int) -> None:
        """Take ``steps`` steps, each in the chart that suits the iterate.

        Raises FloatingPointError when the iterates diverge.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            for size in self.protocol.sizes(self.done, self.done + steps):
                self._pace(size)
                statistics = self.statistics()
                if self.settle(statistics):
                    statistics = self.statistics()
                self._move(*self.chart.drift(statistics, self.modes.energy))
        self._passed(steps)
        self.check()

    def _pace(self, size: float) -> None:
        """Let the next step have the ``size`` η."""
        if size != self.step_size:
            self.step_size, self.rates = float(size), size * self.problem.eigenvalues

    def _passed(self, steps: int) -> None:
        """Count so many ``steps`` as done."""
        self.done += steps
        self._pace(self.protocol.size(self.done))

    @property
    def time(self) -> float:
        """The time of the flow so far."""
        return float(self.protocol.times(np.array([self.done]))[0])

    def _move(self, gain: Array, force: Array) -> None:
        """Take a step along A = ``gain`` and F = ``force``."""
        teacher, before, values = self.modes.teacher, self.students, self.modes.eigenvalues
        step = self.rates * (gain @ self.deviation + force @ teacher)
        if self.constraint is not None and self.constraint.power:
            step = constrained_velocity(self.constraint, step, before, values)
        if self.momentum:
            self.last = step = step + self.momentum * self.last
        self.deviation = self.deviation + step
        if self.chart.centred:
            self.students = self.deviation
        elif self.constraint is None and not self.momentum:
            pull = gain @ self.students + (force - gain) @ teacher
            self.students = self.students + self.rates * pull
        else:
            self.students = self.students + step
        if self.constraint is not None:
            self._bind(self.constraint, before)

    def _bind(self, constraint: Constraint, before: Array) -> None:
        """Take off what decays of the students ``before`` the step, or bring them back to their norms.

        With ‖w‖² = (1 + δ) ‖w*‖² it is w/√(1 + δ), where δ comes from the deviation, which is small.
        """
        if not constraint.keeps_norm:
            self.students = self.students - self.step_size * float(constraint.rate) * before
            self.deviation = self.students
            return
        if self.chart.centred:
            shrink = np.sqrt(self.squares / (self.students**2 @ self.weights)) - 1.0
        else:
            twice = self.deviation + 2.0 * self.modes.teacher
            excess = (self.deviation * twice) @ self.weights / (self.modes.teacher**2 @ self.weights)
            shrink = np.expm1(-0.5 * np.log1p(excess))
            self.deviation = self.deviation + shrink[:, None] * (self.deviation + self.modes.teacher)
        self.students = self.students + shrink[:, None] * self.students
        if self.chart.centred:
            self.deviation = self.students

    def check(self) -> None:
        """Raise FloatingPointError if the iterate is not finite."""
        with np.errstate(over="ignore", invalid="ignore"):
            statistics = self.statistics()
        if not np.isfinite(statistics).all():
            raise FloatingPointError(
                f"{self.process} diverged within {self.done} steps: "
                f"reduce the step size {self.protocol.step_size:g}"
            )

    def move(self, steps: int, deviation: Array, students: Array) -> None:
        """Go ``steps`` steps on at once, to where they lead."""
        self._passed(steps)
        self.deviation, self.students = deviation, students

    def settle(self, statistics: Array) -> bool:
        """Change from the origin to the chart of the teacher that the iterate is bound for, once clear."""
        orientation = self._bound_for(statistics) if self.chart.centred else None
        if orientation is None:
            return False
        rest = self.students, orientation @ self.problem.teachers, self.problem.eigenvalues
        if self.constraint is not None and not have_equal_norms(self.constraint, *rest):
            return False
        self._enter(charts.teacher(self.model), orientation)
        return True

    def _bound_for(self, statistics: Array) -> Array | None:
        """P as in the flow: the side of a large u once the loss is below the barrier, or a near teacher."""
        if self.barrier is None:
            if not hasattr(self.model, "residual_drift"):
                return None
            return limits.nearest(self.model, statistics, self.modes.energy, limits.NEAR)
        if not abs(statistics[1]) > 0.5 * self.modes.energy[0, 0]:
            return None
        if not self.chart.loss(statistics, self.modes.energy) < self.barrier:
            return None
        return np.array([[np.sign(statistics[1])]])

    def _enter(self, chart: charts.Chart, orientation: Array) -> None:
        """Continue in ``chart``, measuring against P W* with P the ``orientation``."""
        self.chart, self.orientation = chart, orientation
        self.modes = chart.modes(self.problem.eigenvalues, orientation @ self.problem.teachers)
        self.deviation = (
            self.students if chart.centred else self.problem.deviation(self.students, self.modes.teacher)
        )
