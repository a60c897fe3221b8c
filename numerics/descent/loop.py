"""Population gradient descent w ← w − η∇L(w), step by step.

The update is that of the flow with the step η in place of dt: y ← y + η (A y + F w*) Q, exact in either
chart. Like the flow it changes to the teacher's chart once the side is settled, so that small deficits
keep their relative accuracy.
"""

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import numpy as np

from numerics import charts
from numerics.descent.steps import check_steps, recorded_steps
from numerics.generated import phase_retrieval
from numerics.observables import Observables, norms, observe
from numerics.problem import Problem

Array = np.ndarray

REPORT_EVERY = 10000


def descend(
    problem: Problem,
    step_size: float,
    steps: int,
    points: int = 200,
    model: ModuleType = phase_retrieval,
    progress: Callable[[int], None] | None = None,
) -> Observables:
    """Run ``steps`` steps of size ``step_size`` η from ``problem.init``, recorded at ``points`` step numbers.

    The numbers are 0 and then evenly spaced in the logarithm, without repetition. The times of the
    result are those of the flow, t = η × step number. Stable at the teacher for η below the constant
    ``stability_step``. ``progress`` is called with the number of steps done.

    Raises ValueError for a step size or number of steps that is not positive and for several students or
    teachers, and FloatingPointError as
    soon as the iterates diverge.

    >>> result = descend(Problem([1.0], [1.0], [0.1]), step_size=1e-3, steps=1000)
    >>> f"{result.t[-1]:g} {result.one_minus_u[-1]:.3e}"
    '1 1.517e-09'
    """
    check_steps(step_size, steps)
    if problem.teacher.ndim + problem.init.ndim > 2:
        raise ValueError("descent runs one student with one teacher; use solve for networks")
    state = _Iterate(problem, step_size, model)
    recorded = recorded_steps(steps, points)
    rows = [state.observe()]
    for before, after in pairwise(recorded):
        for begin in range(before, after, REPORT_EVERY):
            state.advance(min(REPORT_EVERY, after - begin))
            if progress is not None:
                progress(min(begin + REPORT_EVERY, after))
        rows.append(state.observe())
    return Observables(*np.concatenate(rows, axis=1))


class _Iterate:
    """The current iterate, in the chart that suits it."""

    def __init__(self, problem: Problem, step_size: float, model: ModuleType) -> None:
        self.problem, self.step_size, self.model = problem, step_size, model
        self.done, self.sign = 0, 1
        self.chart = charts.origin(model)
        self.teacher, self.deviation = problem.teacher, problem.init
        self.energy = np.array([[problem.teacher_energy]])
        self.barrier = float(model.barrier(self.energy))

    def statistics(self) -> Array:
        """The chart's statistics (2,) of the iterate."""
        weighted = self.problem.eigenvalues * self.deviation
        return np.array([weighted @ self.deviation, weighted @ self.teacher])

    def advance(self, steps: int) -> None:
        """Take ``steps`` steps, each in the chart that suits the iterate."""
        rates = self.step_size * self.problem.eigenvalues
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(steps):
                statistics = self.statistics()
                if self.chart.centred and self._settled(statistics):
                    self._change_chart(1 if statistics[1] > 0 else -1)
                    statistics = self.statistics()
                gain, force = self.chart.drift(statistics, self.energy)
                self.deviation = self.deviation + rates * (
                    gain[0, 0] * self.deviation + force[0, 0] * self.teacher
                )
            finite = np.isfinite(self.statistics()).all()
        self.done += steps
        if not finite:
            raise FloatingPointError(
                f"gradient descent diverged within {self.done} steps: reduce the step size {self.step_size:g}"
            )

    def _settled(self, statistics: Array) -> bool:
        """Whether u is large and the loss below its minimum over u = 0."""
        if not abs(statistics[1]) > 0.5 * self.problem.teacher_energy:
            return False
        return bool(self.chart.loss(statistics, self.energy) < self.barrier)

    def _change_chart(self, sign: int) -> None:
        """Continue in the chart at the teacher times ``sign``."""
        self.sign = sign
        self.teacher = sign * self.problem.teacher
        self.deviation = self.deviation - self.teacher
        self.chart = charts.teacher(self.model)

    def observe(self) -> Array:
        """The observables (8, 1) of the iterate."""
        students = self.deviation if self.chart.centred else self.deviation + self.teacher
        lengths = norms(self.deviation[None, None], students[None, None], self.teacher[None], self.chart)[
            :, 0, 0
        ]
        time = np.array([self.done * self.step_size])
        return np.array(
            observe(self.problem, self.chart, self.sign, time, self.statistics()[:, None], lengths)
        )
