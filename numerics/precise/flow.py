"""The flow at any precision, solved twice: the second run measures the error of the first."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from types import ModuleType
from typing import Any

from numerics.generated import Generated, phase_retrieval
from numerics.parallel.threads import on_one_thread
from numerics.precise.problem import ExactProblem, exact_number
from numerics.precise.report import relative_change
from numerics.precise.run import solve_once
from numerics.problems.problem import Problem
from numerics.state.limits import Limit
from numerics.state.observables import Observables, Overlaps
from theory.expected import Count, checked

FEWEST_DIGITS, MOST_DIGITS = 10, 200


@checked
@dataclass(frozen=True, eq=False)
class PreciseSolution:
    """The flow at the times that were asked for, in mpmath's numbers.

    ``overlaps`` (S, U, the loss and the distances) for any model; :attr:`observables` for one student and one
    teacher. ``error`` is the largest relative difference to a second run of higher order and precision, and
    at most 10^-``digits``: of each number, but with several students or teachers in units √(S_jj S_kk) of S,
    √(S_jj T_mm) of U, and of the loss in units of its largest value. What is below 1e-450 counts as 0.
    ``limit``, ``steps`` and ``modes`` are those of the run reported, ``teacher_energy`` is s* = tr T.
    """

    overlaps: Overlaps
    reported: Observables | None
    limit: Limit
    teacher_energy: Any
    digits: int
    error: float
    steps: int
    modes: int

    @property
    def observables(self) -> Observables:
        """As :meth:`numerics.Trajectory.at` gives them, arrays of mpmath's numbers.

        Raises ValueError for networks.
        """
        if self.reported is None:
            raise ValueError("these are observables of one student and one teacher: use overlaps")
        return self.reported


@checked
@on_one_thread
def solve_precisely(
    problem: Problem | ExactProblem,
    times: Sequence[Any],
    digits: Count = 50,
    model: Generated = phase_retrieval,
    progress: Callable[[float], None] | None = None,
) -> PreciseSolution:
    """The flow of ``problem`` at the increasing ``times`` from 0 on, each number to ``digits`` digits.

    All N modes are integrated, at a cost like N · digits² · log(last time). ``model`` is
    :mod:`numerics.generated.phase_retrieval` or a module made by ``load_module(at_any_precision(text))``. The
    flow is solved by implicit Radau steps of as many stages as there are digits to hold, and again with more
    of both; while the two differ by more than 10^-``digits`` the precision is raised. ``progress`` is called
    with the time after every step of either run.

    Raises ValueError for bad times, digits or models, ArithmeticError where the runs go on to differ.

    >>> from mpmath import mp
    >>> run = solve_precisely(ExactProblem(["1"], ["1"], ["0.1"]), ["0.5"], digits=30)
    >>> with mp.workdps(40):  # u² = 1/(1 + 99 e^{−24 t})
    ...     abs(run.observables.u[0] ** 2 * (1 + 99 * mp.exp(-12)) - 1) < 1e-30
    True
    """
    exact = ExactProblem.of(problem) if isinstance(problem, Problem) else problem
    moments = _checked_times(times)
    if not FEWEST_DIGITS <= digits <= MOST_DIGITS:
        raise ValueError(f"digits is {digits}: it must lie between {FEWEST_DIGITS} and {MOST_DIGITS}")
    _check_model(model, exact)
    precision, before = digits + 4, None  # digits by which a run's tolerance is below the digits asked for
    for _ in range(5):
        run = solve_once(exact, moments, model, precision, progress)
        precision += max(8, digits // 4)
        if before is not None:
            error = relative_change(before.result, run.result)
            if error <= 10.0**-digits:
                return PreciseSolution(
                    *run.result, run.limit, run.teacher_energy, digits, error, run.steps, run.modes
                )
            precision += math.ceil(min(math.log10(error) + digits, 2.0 * digits))
        before = run
    raise ArithmeticError(
        f"runs still differ by {error:.1e}: the flow amplifies rounding, or a number that ought to vanish "
        f"does not; ask for fewer than {digits} digits or earlier times"
    )


def _checked_times(times: Sequence[Any]) -> tuple[Fraction, ...]:
    """The times as fractions, or ValueError."""
    moments = tuple(exact_number(f"times[{i}]", time) for i, time in enumerate(times))
    if not moments or moments[0] < 0 or any(a >= b for a, b in pairwise(moments)):
        raise ValueError("times must be a non-empty list of increasing numbers, from 0 on")
    return moments


def _check_model(model: ModuleType, problem: ExactProblem) -> None:
    """Sizes must fit, and the module must compute with the numbers it is given."""
    sizes = len(problem.init), len(problem.teacher)
    if sizes != (model.STUDENTS, model.TEACHERS):
        raise ValueError(
            f"the problem has {sizes[0]} students and {sizes[1]} teachers, "
            f"the model {model.STUDENTS} and {model.TEACHERS}"
        )
    if model is not phase_retrieval and not hasattr(model, "mp"):
        raise ValueError(
            "the model computes in floats: load it with load_module(at_any_precision(text)), "
            "at_any_precision from theory.symbolic.precision"
        )
