"""The gradient flow of any model, in phase retrieval to full relative accuracy.

The integration starts in the chart at the origin (y = w). Where the model has residual coordinates it
changes to the chart at the teacher that the run is bound for (y = w − P w*, P a signed permutation):

- with a barrier, as in phase retrieval, once the loss is below it, which settles the side, and |u| ≥ s*/2;
- else once every student is near a teacher of its own, ‖w_j − (P w*)_j‖_Q² ≤ 0.1 ‖(P w*)_j‖_Q². A chart is
  exact anywhere, so that a run which leaves again loses nothing but digits;
- where the model allows all rotations of the students, once one of them brings the students there, of which
  there may be more than teachers: :mod:`numerics.state.frames`.

Models without residual coordinates stay at the origin: there S, U and the loss have an absolute accuracy.
Steps are those of :mod:`numerics.solver.clock` and :mod:`numerics.solver.integrating_factor` for one student,
of :mod:`numerics.solver.mean_step` for several, and of :mod:`numerics.solver.step` where links have a kink.
Their width follows the decay of the Chebyshev coefficients that each step's statistics have,
:mod:`numerics.solver.control`; long ones are polynomials in log t, :mod:`numerics.solver.stride`. Where the
flow of one student is linear to rounding it is solved for all times, :mod:`numerics.solver.ending`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from numerics.generated import RightHandSides, phase_retrieval
from numerics.pairs import AnyModel, Constrained, HeavyBall, Trained, right_hand_sides
from numerics.pairs.overlaps import join
from numerics.parallel.threads import on_one_thread
from numerics.problems.problem import Problem
from numerics.problems.reduction import reduce
from numerics.solver import constrained, direct, loop
from numerics.solver.accuracy import reduction
from numerics.solver.check import check_trajectory
from numerics.solver.clock import ClockStep
from numerics.solver.contract import NoConvergence, Step
from numerics.solver.ending import Ending
from numerics.solver.integrating_factor import ShortStep
from numerics.solver.mean_step import MeanStep
from numerics.solver.momentum import solve_heavy_ball
from numerics.solver.resolved import check_resolved, unresolved
from numerics.solver.run import Run
from numerics.solver.settling import beyond
from numerics.solver.step import CollocationStep
from numerics.solver.trained import solve_trained
from numerics.state.limits import Limit
from numerics.state.modes import Modes
from numerics.state.segment import Segment
from numerics.state.trajectory import Trajectory
from theory.constraint import Constraint
from theory.expected import RelativeError, checked

STEPS = ShortStep(), ClockStep(), MeanStep(), CollocationStep()


@checked
@on_one_thread
def solve(
    problem: Problem,
    until: float,
    model: AnyModel = phase_retrieval,
    progress: Callable[[float], None] | None = None,
    *,
    check: bool = False,
    rtol: RelativeError | None = None,
    steps: Sequence[Step] = STEPS,
) -> Trajectory:
    """Solve ẇ = −∇L(w) from t = 0 to ``until``; in phase retrieval on until the limit of the run is settled.

    ``model`` is a symbolic :class:`theory.symbolic.Model`, a :func:`numerics.network` of any links and
    widths, or a generated module; any of them may have a constraint, :mod:`theory.constraint`, and then the
    run is that of :mod:`numerics.solver.constrained`; so it is of normalised units, whose flow keeps every
    ‖w_j‖ of itself. Where the model has no barrier the state at ``until``
    decides what is said of the limit. Time is the flow's own: no step size, no factor. The problem is first
    reduced exactly, so the cost grows like log(until) and hardly with the dimension. ``progress`` is called
    with the time after every step. ``check`` verifies the laws of the flow on the solution,
    :func:`numerics.solver.check.check_trajectory`, and raises its :class:`~numerics.solver.check.BrokenLaw`.
    ``rtol``, from 1e-12 to 1e-3, is the relative error of the statistics that is good enough, where full
    accuracy is not wanted: runs are then faster, and the error that they state is about that or less.
    ``steps`` are the kinds of step without a constraint, of which each is taken by the first that suits it:
    :mod:`numerics.solver.contract` says what one has to be.

    Raises ValueError unless 0 < until < ∞, for an ``rtol`` out of range, or with a constraint or trained
    weights, for a reduced problem until ≤ its horizon, and where the problem has not as many students and
    teachers as the model; ArithmeticError where the run cannot be followed to ``until``, as where the overlap
    that decides its limit leaves the range of floats. If that happens later the limit may stay ``undecided``.

    >>> run = solve(Problem([1.0], [1.0], [0.1]), until=10.0)
    >>> run.limit.name, f"{float(run.at([10.0]).one_minus_u[0]):.6e}"
    ('+teacher', '2.910245e-103')
    """
    rules = right_hand_sides(model)
    if not (np.isfinite(until) and until > 0):
        raise ValueError(f"until is {until}: it must be a positive, finite time")
    if until > problem.horizon:
        raise ValueError(
            f"until is {until:g}: this reduced problem is faithful up to {problem.horizon:g} only"
        )
    sizes = len(problem.students), len(problem.teachers)
    if sizes != (rules.STUDENTS, rules.TEACHERS):
        raise ValueError(
            f"the problem has {sizes[0]} students and {sizes[1]} teachers, "
            f"the model {rules.STUDENTS} and {rules.TEACHERS}"
        )
    if not steps:
        raise ValueError("steps is an empty list: it must hold a kind of step that suits every state")
    kept_norm = isinstance(rules, Constrained) or getattr(rules, "SCALE_FREE", False)
    if rtol is not None and (kept_norm or isinstance(rules, Trained)):
        raise ValueError("rtol goes with the plain flow alone, without a constraint or trained weights")
    if isinstance(rules, Constrained):
        return _constrained(problem, until, rules, progress, check)
    if getattr(rules, "SCALE_FREE", False):
        kept = Constrained(rules, Constraint("sphere"))
        return replace(_constrained(problem, until, kept, progress, check), constraint=None)
    if isinstance(rules, Trained):
        check_resolved(problem, rules.model)
        learnt = solve_trained(problem, until, rules, _clocked(problem, rules.model, until), progress)
        if check:
            check_trajectory(learnt)
        return learnt
    if isinstance(rules, HeavyBall):
        check_resolved(problem, rules.model)
        time = _clocked(problem, rules.model, until / max(rules.friction, 1.0 / until))
        ball = solve_heavy_ball(problem, until, rules, time, progress)
        if check:
            check_trajectory(ball)
        return ball
    check_resolved(problem, rules)
    given, reduced = problem, reduce(problem, _clocked(problem, rules, until), reduction(rtol))
    run = Run.begin(reduced, rules, tuple(steps), rtol)
    later, problem = loop.steps(run), run.place.here.system.problem
    segments: list[Segment] = []
    limit: Limit | None = None
    while run.time < until or not run.settling.settled:
        try:
            run = next(later)
        except ArithmeticError as stop:
            if run.time < until:
                raise
            limit = beyond(problem, str(stop))
            break
        if run.last is not None:
            segments.append(run.last.segment)
        run, rest = _ended(run, until)
        segments += rest
        if progress is not None:
            progress(run.time)
    found = Trajectory(
        problem,
        run.place.here.system.table,
        segments,
        limit or run.last_limit(),
        until,
        run.errors.total + problem.relative_error + unresolved(rules, segments),
        rtol=rtol,
        given=given,
    )
    if check:
        check_trajectory(found, run.place.students)
    return found


def _ended(run: Run, until: float) -> tuple[Run, list[Segment]]:
    """The ``run`` at its end, and the segments up to there, where they are known at once; else as it is."""
    ending = Ending.of(run.place, until) if run.time < until else None
    if ending is None:
        return run, []
    try:
        segments, place = ending.taken(until, run.width)
    except NoConvergence:
        return run, []
    return replace(run, place=place, errors=run.errors.ended(ending.error)), segments


def _constrained(
    problem: Problem,
    until: float,
    model: Constrained,
    progress: Callable[[float], None] | None,
    check: bool,
) -> Trajectory:
    """The flow with a constraint, of a reduced problem unless modes grow so much that it would not do.

    Raises ArithmeticError where a wide network would need too many steps.
    """
    rules = model.model
    check_resolved(problem, rules)
    constrained.check_norms(problem, model.constraint)
    rate = _rate(problem, rules) + float(model.constraint.rate)

    def follow(some: Problem) -> Trajectory:
        if rules.STUDENTS <= constrained.NARROW or direct.explicit_steps(rate, until) > constrained.MANY:
            return constrained.follow(some, until, model, progress)
        return direct.solve_directly(some, until, rules, rate, progress, model.constraint)

    horizon, passed = 0.0, _clocked(problem, rules, until)
    while horizon < passed:
        # than a run has moved its modes: the horizon where the one before was too short
        horizon = 4.0 * passed if horizon else passed
        reduced = reduce(problem, horizon)
        found = follow(reduced)
        passed = constrained.moved(found) / max(problem.teacher_energy, problem.start_energy)
    if passed > problem.horizon:
        raise ArithmeticError(
            f"the modes move as far as in phase retrieval until t = {passed:.2g}: "
            f"this reduced problem is faithful up to {problem.horizon:g} only"
        )
    if (
        len(reduced.eigenvalues) < len(problem.eigenvalues)
        and constrained.growth(found) > constrained.LARGEST_GROWTH
    ):
        found = follow(problem)
    found = replace(found, given=problem)
    if check:
        check_trajectory(found)
    return found


def _clocked(problem: Problem, model: RightHandSides, until: float) -> float:
    """The horizon to reduce for: longer than ``until`` where modes move faster than in phase retrieval."""
    # in units of 1/(λ_1 s*): the reduced problem should decide the limit rightly, too
    escape = 100.0 / (float(problem.eigenvalues.max()) * problem.teacher_energy)
    return float(max(until, escape)) * speed(problem, model)  # inf for sign, which has a singular drift


def _rate(problem: Problem, model: RightHandSides) -> float:
    """About the largest rate at which a mode moves."""
    energy = max(problem.teacher_energy, problem.start_energy)
    return 8.0 * speed(problem, model) * energy * float(problem.eigenvalues.max())


def speed(problem: Problem, model: RightHandSides) -> float:
    """How much faster the modes move than in phase retrieval, at least 1.

    There ‖A‖ ≤ 8 max(s, s*). Here the larger ‖A‖ counts of the start and of students that equal teachers.
    """
    modes = Modes(problem.eigenvalues, problem.teachers)
    teacher = np.arange(model.STUDENTS) % model.TEACHERS
    reached = join(modes.energy[np.ix_(teacher, teacher)], modes.energy[teacher])
    with np.errstate(all="ignore"):
        gain, _ = model.drift(np.stack([modes.statistics(problem.students), reached], axis=1), modes.energy)
    fastest = np.linalg.norm(np.nan_to_num(gain), ord=2, axis=(0, 1)).max()
    usual = 8.0 * max(problem.teacher_energy, problem.start_energy)
    return max(1.0, float(fastest / usual))
