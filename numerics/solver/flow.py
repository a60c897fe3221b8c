"""The gradient flow of any generated model, in phase retrieval to full relative accuracy.

The integration starts in the chart at the origin (y = w). Where the model has residual coordinates it
changes to the chart at the teacher that the run is bound for (y = w − P w*, P a signed permutation):

- with a barrier, as in phase retrieval, once the loss is below it, which settles the side, and |u| ≥ s*/2;
- else once every student is near a teacher of its own, ‖w_j − (P w*)_j‖_Q² ≤ 0.1 ‖(P w*)_j‖_Q². A chart is
  exact anywhere, so that a run which leaves again loses nothing but digits;
- where the model allows all rotations of the students, once one of them brings the students there, of which
  there may be more than teachers: :mod:`numerics.state.frames`.

Models without residual coordinates stay at the origin: there S, U and the loss have an absolute accuracy.
Steps are those of :mod:`numerics.solver.clock` and :mod:`numerics.solver.integrating_factor` for one
student, else of :mod:`numerics.solver.step`. Their width follows the decay of the Chebyshev coefficients
that each step's statistics have, :mod:`numerics.solver.control`; long ones are polynomials in log t,
:mod:`numerics.solver.stride`.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from numerics.generated import RightHandSides, phase_retrieval
from numerics.pairs import AnyModel, right_hand_sides
from numerics.parallel.threads import on_one_thread
from numerics.problems.problem import Problem, check_number, check_problem
from numerics.problems.reduction import reduce
from numerics.quadrature.collocation import extrapolate, radau
from numerics.solver import amplification, direct, lines
from numerics.solver.check import check_trajectory
from numerics.solver.clock import solve_clock_step
from numerics.solver.clusters import Clusters, term_sizes
from numerics.solver.control import LARGEST_ERROR, LARGEST_LOGARITHM, NOISE_DECAY, Control
from numerics.solver.integrating_factor import SHORT, resolved, solve_short_step
from numerics.solver.resolved import check_resolved, unresolved
from numerics.solver.step import (
    ROUNDING,
    SMALLEST,
    NoConvergence,
    StepResult,
    Truncation,
    solve_step,
    truncation,
)
from numerics.solver.stride import Stride, stride_of_network, stride_of_one
from numerics.state import charts, frames, limits
from numerics.state.charts import Chart
from numerics.state.limits import Limit
from numerics.state.modes import Modes
from numerics.state.observables import norms
from numerics.state.overlaps import join, split
from numerics.state.trajectory import Segment, Trajectory

Array = np.ndarray

STAGES = 20
NETWORK_STAGES = 12  # an iteration costs the cube of stages times students
NETWORK_UNIT = 10.0  # sums of terms: the truncation error of a network's statistics is relative to these
KNOWN = np.array([0.5, 0.75, 1.0])  # of the stages of the last step: from these the next is guessed
NOISE = 1e-6
NOISE_POWER = 3  # of the width: a truncation error falls by a far higher one
PER_STEP = 2e-14  # rounding
CANCELLED = np.finfo(float).eps  # of the terms of an overlap: the rounding that is left in it
EARLY = 0.25  # of a step's overlaps, by size: one that grows is small at first, one may change sign anywhere
MARGIN = 3.0  # of the truncation inside a step over its estimate
CLOCK_MARGIN = 2.0  # of the time's over its estimate
VANISHED = 1e-290  # below, the modes of u lose digits to the range of floats
BESIDE = 1e-8  # of a student: near enough to its kink to tell its speed there
REACHED = 1e-6  # of the time passed: what is left to the kink
STEADY = 1e-3  # of a student's speed: more of a change and it may turn before the kink
MAX_STEPS = 20000
HALF, SHORTER = 0.5, 0.8
SPAN = 100.0
FEEDBACK = 30.0
OUTRUN = 1e-4  # of the loss in units of ‖V‖²
ESCAPE = 100.0  # in units of 1/(λ_1 s*): the reduced problem should decide the limit rightly, too


@on_one_thread
def solve(
    problem: Problem,
    until: float,
    model: AnyModel = phase_retrieval,
    progress: Callable[[float], None] | None = None,
    *,
    check: bool = False,
) -> Trajectory:
    """Solve ẇ = −∇L(w) from t = 0 to ``until``; in phase retrieval on until the limit of the run is settled.

    ``model`` is a symbolic :class:`theory.symbolic.Model`, a :func:`numerics.network` of any links and
    widths, or a generated module. Where it has no barrier the state at ``until`` decides what is said of the
    limit. Time is the flow's own: no step size, no factor. The problem is first reduced exactly, so the cost
    grows like log(until) and hardly with the dimension. ``progress`` is called with the time after every
    step. ``check`` verifies the laws of the flow on the solution,
    :func:`numerics.solver.check.check_trajectory`, and raises its :class:`~numerics.solver.check.BrokenLaw`.

    Raises ValueError unless 0 < until < ∞, for a reduced problem until ≤ its horizon, and where the problem
    has not as many students and teachers as the model; ArithmeticError where the run cannot be followed to
    ``until``, as where the overlap that decides its limit leaves the range of floats. If that happens later
    the limit may stay ``undecided``.

    >>> run = solve(Problem([1.0], [1.0], [0.1]), until=10.0)
    >>> run.limit.name, f"{float(run.at([10.0]).one_minus_u[0]):.6e}"
    ('+teacher', '2.910245e-103')
    """
    rules = right_hand_sides(model)
    check_problem(problem)
    check_number("until", until)
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
    check_resolved(problem, rules)
    reduced = reduce(problem, _clocked(problem, rules, until))
    rate = _rate(problem, rules)
    if direct.is_cheaper(*sizes, len(reduced.eigenvalues), rate, until):
        direct_run = direct.solve_directly(reduced, until, rules, rate, progress)
        if check:
            check_trajectory(direct_run)
        return direct_run
    integration = _Integration(reduced, rules)
    while integration.time < until or not integration.settled:
        try:
            integration.advance()
        except ArithmeticError as stop:
            if integration.time < until:
                raise
            integration.limit = integration.limit_beyond(str(stop))
            break
        if progress is not None:
            progress(integration.time)
    run = Trajectory(
        integration.problem,
        integration.table,
        integration.segments,
        integration.limit or integration.last_limit(),
        until,
        integration.error + reduced.relative_error + unresolved(rules, integration.segments),
    )
    if check:
        check_trajectory(run, integration.students)
    return run


def _clocked(problem: Problem, model: RightHandSides, until: float) -> float:
    """The horizon to reduce for: longer than ``until`` where modes move faster than in phase retrieval."""
    escape = ESCAPE / (problem.eigenvalues.max() * problem.teacher_energy)
    return max(until, escape) * speed(problem, model)


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


class _Integration:
    """The state of a run between steps."""

    deviation: Array
    students: Array
    turn: Array
    statistics: Array
    lengths: Array
    clusters: Clusters | None
    stride: Stride
    taken: Stride

    def __init__(self, problem: Problem, model: RightHandSides) -> None:
        smooth = hasattr(model, "residual_drift")
        self.problem, self.model = problem if smooth else lines.straightened(problem), model
        self.single = model.STUDENTS == 1 and smooth
        self.table = radau(STAGES if self.single else NETWORK_STAGES)
        self.control = Control(self.table.stages, self.single)
        self.time, self.truncation, self.noisy, self.rotated = 0.0, 0.0, False, False
        self.cancelled = 0.0
        self.segments: list[Segment] = []
        self.students = self.problem.students
        self.amplification = amplification.Amplification(self.students)
        self.line = not smooth and lines.on_a_line(self.problem)
        first = charts.origin(model)
        first = charts.on_a_line(first, model.STUDENTS) if self.line else first
        self._enter(first, np.eye(model.TEACHERS), np.eye(model.STUDENTS))
        self.barrier = limits.barrier(model, self.modes.energy)
        self.limit = None if self.barrier is None else self._invariant_limit()
        self._settle()
        self.origin = self._first_width()
        self._plan(self.origin)

    @property
    def error(self) -> float:
        """Of the statistics so far, relative: truncation, independent from step to step, and rounding; or
        what the flow of a network has made of both.

        What rounding does to an overlap whose terms cancel, as near a saddle, grows with the overlap.
        """
        steps = self.truncation + PER_STEP * len(self.segments) + CANCELLED * self.cancelled
        return max(steps, self.amplification.error)

    @property
    def settled(self) -> bool:
        """Whether going on would not tell more about the limit."""
        return self.barrier is None or self.limit is not None

    def last_limit(self) -> Limit:
        """The limit as far as the present state shows it."""
        modes = Modes(self.problem.eigenvalues, self.problem.teachers)
        loss = float(self.chart.loss(self.statistics, self.modes.energy))
        return limits.at_the_end(self.model, modes.statistics(self.students), modes.energy, loss, self.time)

    def limit_beyond(self, stop: str) -> Limit:
        """The limit of a run that cannot be followed further, for the reason ``stop``.

        Where all modes with a teacher have one eigenvalue λ, u̇ = λ (A + B/u s*) u, so that u keeps its sign;
        and u grows where it is small, at the saddle and at 0.
        """
        taught = self.problem.eigenvalues[self.modes.weighted[0] != 0]
        if np.ptp(taught) > 0:
            return Limit("undecided", stop)
        name = "+teacher" if self.modes.statistics(self.problem.students)[1] > 0 else "-teacher"
        return Limit(name, f"u keeps its sign, for all modes with a teacher have one eigenvalue ({stop})")

    def advance(self) -> None:
        """Take one accepted step.

        An error that does not fall with the width is noise, which no shorter step would mend: it is
        accepted, and counted, where :attr:`noise` allows for it. On a line a student that changes sides in a
        step has crossed a kink of the drift, which its nodes may not show: such a step is no solution. Nor
        does noise, which the coefficients of an
        accurate step show by not decaying, keep the next step short.
        """
        before, guess = np.inf, self._guess()
        while True:
            try:
                result = self._step(guess)
            except (NoConvergence, np.linalg.LinAlgError):
                self._shorten(HALF)
                guess = self._still()
                continue
            statistics = np.concatenate([self.statistics[:, None], result.statistics], axis=1)
            if self.rotated and self._outrun(statistics):
                self._shorten(HALF)
                guess = self._guess()
                continue
            if self.line and np.any(statistics * statistics[:, :1] < 0):
                self._shorten(HALF)
                guess = self._still()
                continue
            left_out = self._truncation(statistics, result.times)
            accurate = left_out.error <= LARGEST_ERROR
            flat = left_out.decay > NOISE_DECAY if accurate else left_out.error > before
            resolved = left_out.worst < len(statistics)  # the time comes last, and has no noise
            self.noisy = resolved and flat and left_out.error <= self.noise
            if accurate or self.noisy:
                break
            error, rejected = left_out.error, self.stride
            self._shorten(min(self.control.factor(error), SHORTER))
            before = error * (self.stride.width / rejected.width) ** NOISE_POWER
            guess = self.table.evaluate(statistics, rejected.places(self.stride.times))
        self._accept(result, statistics, left_out)

    def _step(self, guess: Array) -> StepResult:
        """One step of about ``width`` from the ``guess`` (n, s), by the way that suits it."""
        width, state = self.stride.width, (self.stride.table, self.chart, self.modes)
        students = self.frame @ self.students if self.rotated else self.students
        vectors = self.deviation, students, guess
        if not self.single:
            return solve_step(*state, width, *vectors, noise=self.noise)
        gain = self.chart.drift(guess, self.modes.energy)[0][0]
        gain = resolved(self.chart, guess, gain, self.modes.energy)[0]
        longest = width * self.modes.eigenvalues.max()
        if longest * max(-gain.min(), gain.max()) <= SHORT:
            return solve_short_step(*state, width, *vectors, self.clusters)
        if gain.max() < 0:
            return solve_clock_step(*state, -width * 0.5 * (gain[0] + gain[-1]), *vectors, self.clusters)
        if gain.min() < 0 and self._steady(longest):
            raise NoConvergence
        self.stride = replace(self.stride, table=self.table)  # others have worse eigenvectors
        return solve_step(self.table, *state[1:], width, *vectors, self.clusters, self.noise)

    def _steady(self, longest: float) -> bool:
        """Whether statistics that double in a step of hλ_1 = ``longest`` change the drift by little."""
        slopes = self.chart.drift_jacobian(self.statistics, self.modes.energy)
        return longest * max(float(np.abs(part @ self.statistics).max()) for part in slopes) <= FEEDBACK

    @property
    def noise(self) -> float:
        """The largest relative error that a step may have from the rounding of the drift.

        At the origin A and B are taken from overlaps that hardly differ: near the teachers, which a network
        may reach without a chart there, their terms cancel, and angles between nearly parallel vectors keep
        half their digits.
        """
        return 0.0 if self.single or self.line or not self.chart.centred else NOISE

    def _accept(self, result: StepResult, statistics: Array, left_out: Truncation) -> None:
        """Record the step, move to its end, choose the next width and chart."""
        self._check_range(result.deviation[-1])
        students = self.frame.T @ result.students if self.rotated else result.students
        if self.chart.centred and not self.settled:
            terms = self.modes.term_sizes(self.deviation)[1]
            usual = float(np.quantile(np.abs(statistics[1]), EARLY))
            self.cancelled = max(self.cancelled, float(terms) / max(usual, SMALLEST))
        lengths = self._norms(result.deviation, students)
        lengths = np.concatenate([self.lengths[..., None], lengths], axis=-1)
        self.segments.append(
            Segment(
                self.time,
                np.append(0.0, result.times),
                self.chart,
                self.orientation,
                self.frame,
                statistics,
                lengths,
                self.modes.energy,
            )
        )
        if len(self.segments) >= MAX_STEPS:
            raise ArithmeticError(f"no end after {MAX_STEPS} steps, at t = {self.time:g}")
        self._amplify(result, statistics, left_out)
        self.deviation, self.students = result.deviation[-1], students[-1]
        self.clusters = result.clusters
        if self.clusters is not None:
            self.deviation = self.clusters.composed(self.deviation[0])[None]
            self.students = self.deviation if self.chart.centred else self.students
        self.statistics, self.lengths = statistics[:, -1], lengths[..., -1]
        width = float(result.times[-1])
        self.time += width
        if self.single:
            clock = self._clock_error(statistics, lengths, np.append(0.0, result.times))
            self.truncation = math.hypot(self.truncation, MARGIN * left_out.inside, clock)
        else:
            self.truncation += left_out.error
        self.taken = self.stride
        self._plan(self.control.after(left_out, width, statistics, self.noisy))
        self._settle()

    def _check_range(self, deviation: Array) -> None:
        """Refuse a ``deviation`` (K, N) with figures lost that it needs to grow again.

        Of one student in phase retrieval these are u's: modes that fall below the range of floats are no loss
        unless all with a teacher do. On a line they are a student's side of its kink.
        """
        if self.line:
            before, after = (
                np.square(states) @ self.modes.eigenvalues for states in (self.deviation, deviation)
            )
            if np.any((after < VANISHED) & (before > VANISHED)):
                raise ArithmeticError(
                    f"after t = {self.time:.6g} the energy of a student is below {VANISHED:g}, out of "
                    "the range of floats: the run can be followed until then"
                )
        if self.barrier is None or self.settled:
            return
        before, after = (
            np.abs(self.modes.weighted[0] * state[0]).sum() for state in (self.deviation, deviation)
        )
        if after < VANISHED < before:
            raise ArithmeticError(
                f"after t = {self.time:.6g} the overlap u with the teacher is below {VANISHED:g}, out of "
                "the range of floats: a longer component along the teacher can be followed"
            )

    def _check_kink(self) -> None:
        """Refuse a run on a line that a student's kink at w_j = 0 ends.

        A student that decays like its own size never gets there, whatever a long step says. One that does
        has the same speed, towards 0, if only it is moved to the kink.
        """
        students, teachers = self.model.STUDENTS, self.model.TEACHERS
        S, U = split(self.statistics, students, teachers)
        speeds = self._speeds(S, U)
        for student in range(students):
            near = np.ones(students)
            near[student] = BESIDE
            teacher = np.abs(U[student]).argmax()
            place, speed = U[student, teacher], speeds[student, teacher]
            there = self._speeds(S * np.outer(near, near), U * near[:, None])[student, teacher]
            left = -place / speed if speed else -1.0
            if 0 < left <= REACHED * (self.time + left) and abs(there - speed) <= STEADY * abs(speed):
                raise ArithmeticError(
                    f"at t = {self.time + left:.6g} student {student + 1} reaches 0, where the gradient of "
                    "a link with a kink jumps: the run can be followed until then"
                )

    def _speeds(self, S: Array, U: Array) -> Array:
        """dU/dt (K, M) of vectors on a line, the one mode in which the teachers have energy."""
        gain, force = self.chart.drift(join(S, U), self.modes.energy)
        line = np.abs(self.modes.weighted).max(axis=0).argmax()
        return self.modes.eigenvalues[line] * (gain @ U + force @ self.modes.energy)

    def _amplify(self, result: StepResult, statistics: Array, left_out: Truncation) -> None:
        """Let the errors so far, and those of this step, grow as its flow makes them."""
        if self.single or result.linearised is None:
            return
        rounding = amplification.STEP_ROUNDING * self.modes.term_sizes(self.deviation)
        last = left_out.decay * (statistics @ self.table.to_chebyshev.T)[:, -1]
        units = self._units(result.statistics)
        self.amplification.follow(result.linearised, self.frame, rounding, last, units)
        if self.rotated:
            self.amplification.turn(self.frame, result.deviation[-1], self.modes)

    def _units(self, statistics: Array) -> Array:
        """√(S_jj S_kk) and √(S_jj T_mm) (n, s): what the errors of ``statistics`` (n, s) are relative to."""
        S, _ = split(statistics, self.model.STUDENTS, self.model.TEACHERS)
        students, teachers = np.sqrt(np.einsum("jjs->js", S)), np.sqrt(np.diag(self.modes.energy))
        own = students[:, None] * students
        return np.maximum(join(own, students[:, None] * teachers[:, None]), SMALLEST)

    def _enter(self, chart: Chart, orientation: Array, frame: Array) -> None:
        """Continue in ``chart``, measuring R W against E P W* with P the ``orientation``, R the ``frame``."""
        self.chart, self.orientation, self.frame = chart, orientation, frame
        self.modes = Modes(self.problem.eigenvalues, orientation @ self.problem.teachers)
        self.deviation = frame @ self.students
        if not chart.centred:
            teachers = np.zeros_like(self.students)
            teachers[: self.model.TEACHERS] = self.modes.teacher
            self.deviation = self.problem.deviation(frame @ self.students, teachers)
        self.statistics = self.modes.statistics(self.deviation)
        known = self.clusters if self.segments else None
        rest = np.atleast_2d(self.problem.init_rest)[0] if chart.centred else None
        self.clusters = Clusters.find(self.modes, self.deviation[0], known, rest) if self.single else None
        if self.clusters is not None:
            self.statistics[1] = self.clusters.overlap(self.deviation[0])
        self.lengths = self._norms(self.deviation, self.students)
        self.control.forget()

    def _turn(self) -> None:
        """Turn the frame where a rotation takes much off the deviation."""
        change = frames.turn(self.statistics, self.modes.energy, self.model.STUDENTS)
        if change is not None:
            self.frame, self.turn = self.frame + change @ self.frame, change
            moved = change @ self.deviation + change[:, : self.model.TEACHERS] @ self.modes.teacher
            self.deviation = self.deviation + moved
            self.statistics = self.modes.statistics(self.deviation)

    @np.errstate(over="ignore", invalid="ignore")
    def _outrun(self, statistics: Array) -> bool:
        """Whether the step has brought the loss so low that what a rotation takes off is nearly all of V."""
        q, _ = split(statistics[:, [0, -1]], self.model.STUDENTS, self.model.TEACHERS)
        paired = np.einsum("jjt->t", q[: self.model.TEACHERS, : self.model.TEACHERS])
        bound = np.trace(self.modes.energy) * paired + np.einsum("jjt->t", q) ** 2
        before, after = self.chart.loss(statistics[:, [0, -1]], self.modes.energy) * bound[::-1]
        return bool(after < OUTRUN * before)

    def _norms(self, deviation: Array, students: Array) -> Array:
        """The norms (4, K, M, …) of the user's ``students``."""
        centred = self.chart.centred or self.rotated
        vectors = students if self.rotated else deviation, students
        return norms(*vectors, self.modes.teacher, centred, self.problem.init_rest)

    def _invariant_limit(self) -> Limit | None:
        """The limit of a run on which u vanishes identically, None for all others."""
        problem = self.problem
        if np.any(problem.eigenvalues * problem.init * problem.teacher):
            return None
        if not np.any(problem.eigenvalues * problem.init):
            return Limit("0", "the start has no energy, and w = 0 is a critical point")
        return Limit("saddle", "no eigenspace correlates start and teacher, so u = 0 for all times")

    def _settle(self) -> None:
        """Decide the limit once the loss allows it, and change to the teacher's chart when close enough."""
        if not self.chart.centred:
            if self.rotated:
                self._turn()
            return
        if self.limit is None and self.barrier is not None:
            self.limit = self._side(self.barrier)
        frame = frames.nearest_frame(self.model, self.statistics, self.modes.energy)
        if frame is not None:
            self.rotated = True
            self._enter(charts.teacher(self.model), self.orientation, frame)
            return
        orientation = self._bound_for()
        if orientation is not None:
            self._enter(charts.teacher(self.model), orientation, self.frame)

    def _side(self, barrier: float) -> Limit | None:
        """The teacher on this side of u = 0, once the loss is below the ``barrier``."""
        if not self.chart.loss(self.statistics, self.modes.energy) < barrier:
            return None
        name, side = ("+teacher", "positive") if self.statistics[1] > 0 else ("-teacher", "negative")
        return Limit(
            name,
            f"at t = {self.time:.6g} the loss is below {barrier:.6g}, its minimum over u = 0, "
            f"and u is {side}",
        )

    def _bound_for(self) -> Array | None:
        """The P of the teacher in whose chart to go on, None while it is better to stay at the origin."""
        if self.barrier is not None:
            half = abs(self.statistics[1]) > 0.5 * self.problem.teacher_energy
            return np.array([[float(self.limit.sign)]]) if self.limit and half else None
        if not hasattr(self.model, "residual_drift"):
            return None
        return limits.nearest(self.model, self.statistics, self.modes.energy, limits.NEAR)

    def _first_width(self) -> float:
        """About the shortest time scale of the flow, which one step resolves."""
        with np.errstate(divide="ignore", invalid="ignore"):
            gain, force = self.chart.drift(self.statistics, self.modes.energy)
            slopes = self.chart.drift_jacobian(self.statistics, self.modes.energy)[1]
        slopes = np.where(np.isfinite(slopes), slopes, 0.0)
        if not (np.isfinite(gain).all() and np.isfinite(force).all()):
            raise ValueError("the drift of this model is not finite at the start: choose a start with energy")
        slope = np.abs(slopes).max()
        scale = np.abs(gain).max() + np.abs(force).max() + slope * self.problem.teacher_energy
        return 1.25 / (self.problem.eigenvalues.max() * scale)

    def _guess(self) -> Array:
        """Statistics (n, s) expected at the nodes: the last step's, continued.

        Of one student their logarithms vary slowly with log t, over the whole run; where one changes sign,
        and of networks, they are continued as polynomials. Noise grows beyond measure when continued; then
        they are expected to stay.
        """
        last = self.segments[-1] if self.segments else None
        if self.noisy or last is None or last.chart is not self.chart:
            return self._still()
        guess = self._continued(last)
        if last.frame is not self.frame:
            guess = frames.turned(guess, self.modes.energy, self.turn)
            guess[self.statistics == 0] = 0.0  # what was rotation alone is gone, but for the guess's rounding
        return guess

    def _still(self) -> Array:
        """The present statistics (n, s) at all nodes: close enough for a step that is short enough."""
        return np.repeat(self.statistics[:, None], self.table.stages, axis=1)

    def _continued(self, last: Segment) -> Array:
        """The statistics (n, s) of the ``last`` step, in its frame, at the nodes of the next."""
        points = (KNOWN * self.table.stages).astype(int)
        known = last.statistics[:, points]
        if self.single and (np.sign(known) * np.sign(known[:, -1:]) > 0).all():
            places = np.log(last.start + last.elapsed[points])
            logarithms = extrapolate(places, np.log(np.abs(known)), np.log(self.stride.times))
            if max(-logarithms.min(), logarithms.max()) < LARGEST_LOGARITHM:
                return np.sign(known[:, -1:]) * np.exp(logarithms)
        return self.table.extrapolate(last.statistics, self.taken.places(self.stride.times))

    def _plan(self, width: float) -> None:
        """Let the next step have about this ``width``."""
        plan = stride_of_one if self.single else stride_of_network
        self.stride = plan(self.table, self.time, width, self.origin)

    def _shorten(self, factor: float) -> None:
        """Repeat the step with a smaller width."""
        if self.line:
            self._check_kink()
        self._plan(self.stride.width * factor)
        if self.time + self.stride.width == self.time:
            raise ArithmeticError(f"the step size vanished at t = {self.time:g}")

    def _pace(self, rows: Array, elapsed: Array) -> float:
        """The largest rate at which one of ``rows`` (r, s + 1) changes by its own size, over a step whose
        points have the times ``elapsed`` (s + 1,).
        """
        sizes = np.abs(rows)
        sizes = np.maximum(np.maximum(sizes, sizes.max(axis=1, keepdims=True) / SPAN), SMALLEST)
        slopes = rows @ self.table.derivative.T / (self.table.derivative @ elapsed)
        return float((np.abs(slopes) / sizes).max())

    def _clock_error(self, statistics: Array, lengths: Array, elapsed: Array) -> float:
        """What the polynomial of the time ``elapsed`` (s + 1,) leaves out, at the pace of the loss, the
        ``statistics`` (n, s + 1) and the ``lengths`` (…, s + 1).

        Between the ends of a step in a student's own clock, times are an integral of what is known at the
        nodes: their error has an order less than that of the statistics in that clock.
        """
        loss = self.chart.loss(statistics, self.modes.energy)[None]
        pace = self._pace(np.concatenate([statistics, lengths.reshape(-1, len(elapsed)), loss]), elapsed)
        *_, third, second, before, last = np.abs(self.table.to_chebyshev @ elapsed)
        decay = math.sqrt(min(max(before, last) / max(third, second), 1.0))
        return CLOCK_MARGIN * pace * max(last, decay * before)

    def _truncation(self, statistics: Array, times: Array) -> Truncation:
        """What a step with these ``statistics`` (n, s + 1) leaves out, of these and of its ``times`` (s,).

        An error of the times of a student's own clock is measured by the time in which a statistic changes.
        """
        allowed, rounding = (LARGEST_ERROR, ROUNDING / LARGEST_ERROR) if self.single else (0.0, NETWORK_UNIT)
        elapsed, unit = np.append(0.0, times), times[-1]
        if self.single:
            unit = min(unit, 1.0 / max(self._pace(statistics, elapsed), SMALLEST))
        return truncation(
            self.table,
            np.concatenate([statistics, unit + elapsed[None]]),
            lambda: np.append(rounding * term_sizes(self.modes, self.deviation, self.clusters), unit),
            allowed,
            SPAN,
        )
