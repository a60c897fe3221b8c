"""A run of a constrained flow, step by step, and its error by a companion of less accuracy.

The run starts in the chart at the origin. Where every student has the norm of the teacher that it has come
near to, in the norm that is kept, it goes on in the chart at the teachers; of normalised units, at the
multiples of the teachers that have the students' norms.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.pairs.constrained import Constrained, have_equal_norms
from numerics.pairs.overlaps import join, split
from numerics.problems.problem import Problem
from numerics.quadrature.collocation import Collocation, radau
from numerics.solver.contract import NoConvergence
from numerics.solver.kept import KeptLaw
from numerics.solver.loop import MAX_STEPS
from numerics.solver.resolved import unresolved
from numerics.solver.rows import Stages, solve_step
from numerics.solver.step import FLAT, truncation
from numerics.state import charts, limits
from numerics.state.charts import Chart
from numerics.state.modes import Modes
from numerics.state.observables import norms
from numerics.state.trajectory import Segment, Trajectory
from theory.constraint import Constraint

STAGES = 16
TOLERANCE = 1e-12
COMPANION = 30.0
"""Of the tolerance: that of the companion."""
LARGEST = 10.0
"""Of the tolerance: the largest error of a step that is accepted."""
GROWTH, SHORTEST = 3.0, 0.2
CONSTRAINED_ROUNDING = 5e-15
"""Of the statistics: twice at least, and in every step."""
FADED = 1e-240
"""Of the teachers' energy: what has less is 0, before its square leaves the range of floats."""
TERMS = 1e-2
"""Of a statistic's terms: it is accurate to the tolerance relative to itself or to these."""
SPAN = 100.0
NARROW, WIDEST = 2, 4
"""Students up to which these steps are the cheaper ones, and up to which they can be taken: an inverse costs
the cube of stages times students."""
MANY = 2e4
"""Explicit steps that are too many."""
LARGEST_GROWTH = 30.0
"""The growth up to which a reduced problem serves."""
FIRST = 0.3
"""Of the shortest time scale at the start: the first step."""


@dataclass(frozen=True, eq=False)
class Place:
    """The state y (K, N) at a ``time`` in the ``chart`` of the ``law``, relative to P W*, P the
    ``orientation``; ``values`` are the coefficients at the last stages, ``width`` is that of the next step.
    """

    time: float
    state: Array
    law: KeptLaw
    orientation: Array
    values: Array
    width: float

    @property
    def chart(self) -> Chart:
        """That of the law."""
        return self.law.chart

    @property
    def students(self) -> Array:
        """W (K, N)."""
        return students_of(self.law, self.state)

    @property
    def overlaps(self) -> Array:
        """The chart's statistics (n,) of order one."""
        return first_order(self.law, self.law.statistics(self.state[None]))[:, 0]


def students_of(law: KeptLaw, states: Array) -> Array:
    """W (…, K, N) of ``states`` (…, K, N)."""
    if law.chart.centred:
        return states
    students = states.copy()
    students[..., : law.teachers, :] += law.teacher
    return students


def first_order(law: KeptLaw, statistics: Array) -> Array:
    """Those of order one."""
    return statistics[: len(statistics) // len(law.orders)]


def begin(problem: Problem, model: Constrained) -> Place:
    """The start of a run. Raises ValueError where a norm that is to be kept is 0."""
    modes = Modes(problem.eigenvalues, problem.teachers)
    law = KeptLaw(model.constraint, charts.overlaps(model.model), modes, problem.students)
    values = law.coefficients(law.statistics(problem.students[None]))
    if not np.isfinite(values).all():
        raise ValueError("the drift of this model is not finite at the start: choose a start with energy")
    place = Place(0.0, problem.students, law, np.eye(model.TEACHERS), values, 0.0)
    slopes = np.abs(law.slopes(law.statistics(problem.students[None]))).max(initial=0.0)
    fastest = float(problem.eigenvalues.max())
    rate = fastest * (np.abs(values[law.powers == 1]).max() + slopes * float(problem.teacher_energy))
    return replace(place, width=FIRST / (rate + np.abs(values[law.powers == 0]).max(initial=0.0)))


def check_norms(problem: Problem, constraint: Constraint) -> None:
    """Raise ValueError where a norm that the constraint keeps is 0."""
    squares = problem.students**2 @ problem.eigenvalues**constraint.power
    if constraint.keeps_norm and not squares.all():
        norm, student = "‖w‖_Q" if constraint.power else "‖w‖", int(np.argmin(squares)) + 1
        raise ValueError(f"{constraint} keeps {norm}, which is 0 for student {student}: start elsewhere")


def growth(run: Trajectory) -> float:
    """λ_max ∫ A_+ dt, A_+ the positive part of the largest eigenvalue of A: by what exponent modes have grown
    apart, which a reduction is not made for.
    """
    total = 0.0
    for step in run.segments:
        gain, _ = step.chart.drift(step.statistics, step.teacher_energy)
        largest = np.linalg.eigvals(np.moveaxis(gain, -1, 0)).real.max(axis=1)
        total += float(np.trapezoid(np.maximum(largest, 0.0), step.elapsed))
    return float(run.problem.eigenvalues.max()) * total


def moved(run: Trajectory) -> float:
    """∫ ‖A‖ dt/8: the clock by which a reduction counts, s* t in phase retrieval near its teacher."""
    total = 0.0
    for step in run.segments:
        gain, _ = step.chart.drift(step.statistics, step.teacher_energy)
        total += float(np.trapezoid(np.linalg.norm(gain, ord=2, axis=(0, 1)), step.elapsed))
    return total / 8.0


def settled(place: Place, problem: Problem, model: Constrained) -> Place:
    """The same in the chart at the teachers where every student is near one of its own norm."""
    rules, constraint = model.model, model.constraint
    if not (place.chart.centred and hasattr(rules, "residual_drift")):
        return place
    orientation = limits.nearest(rules, place.overlaps, place.law.energy, limits.NEAR)
    if orientation is not None and getattr(rules, "SCALE_FREE", False):
        orientation = _at_their_lengths(orientation, place, problem)
    if orientation is None:
        return place
    teachers = orientation @ problem.teachers
    if not have_equal_norms(constraint, place.students, teachers, problem.eigenvalues):
        return place
    return entered(place, problem, model, orientation)


def _at_their_lengths(orientation: Array, place: Place, problem: Problem) -> Array | None:
    """P with the κ of the multiples κ w* that have the students' lengths; None where w_j is not near its own.

    Normalised units tend to these, if the teachers' lengths are finite.
    """
    teachers = orientation @ problem.teachers
    scales = np.sqrt(np.vecdot(place.students, place.students) / np.vecdot(teachers, teachers))
    S, U = split(place.overlaps, *orientation.shape)
    reached = scales**2 * np.diag(orientation @ place.law.energy @ orientation.T)
    apart = np.diag(S) - 2.0 * scales * np.diag(U @ orientation.T) + reached
    return scales[:, None] * orientation if np.all(apart <= limits.NEAR * reached) else None


def entered(place: Place, problem: Problem, model: Constrained, orientation: Array) -> Place:
    """The same in the chart at P W*, P the ``orientation``."""
    modes = Modes(problem.eigenvalues, orientation @ problem.teachers)
    law = KeptLaw(model.constraint, charts.teacher(model.model), modes, problem.students)
    state = problem.deviation(place.students, modes.teacher)
    values = np.repeat(law.coefficients(law.statistics(state[None])), place.values.shape[1], axis=1)
    return replace(place, state=state, law=law, orientation=orientation, values=values)


def at_rest(place: Place) -> Place:
    """The same at its teachers."""
    state = 0.0 * place.state
    return replace(place, state=state, values=place.law.coefficients(place.law.statistics(state[None])))


def advance(place: Place, table: Collocation, until: float, tolerance: float) -> tuple[Place, Stages, float]:
    """The place a step later, its stages, and what their polynomials leave out.

    Raises ArithmeticError where the step size vanishes.
    """
    width = min(place.width, until)
    law, terms = place.law, place.law.terms(place.state)
    start = law.statistics(place.state[None])
    while True:
        if place.time + width == place.time:
            raise ArithmeticError(f"the step size vanished at t = {place.time:g}")
        try:
            stages = solve_step(law, table, width, place.state, _guess(place, table))
        except (NoConvergence, np.linalg.LinAlgError):
            width, place = 0.4 * width, replace(place, values=place.values[:, -1:])
            continue
        values = np.concatenate([start, stages.statistics], axis=1)
        missing = truncation(table, values, lambda: TERMS * terms, tolerance, SPAN)
        factor = 0.9 * (tolerance / max(missing.error, 1e-300)) ** (1.0 / (table.stages + 1))
        if missing.decay > FLAT and missing.error <= tolerance:
            factor = GROWTH
        if missing.error > LARGEST * tolerance:
            width *= min(max(factor, SHORTEST), 0.8)
            continue
        following = width * min(factor, GROWTH)
        return (
            replace(
                place,
                time=place.time + width,
                state=stages.states[-1],
                values=stages.coefficients,
                width=following,
            ),
            stages,
            missing.error,
        )


def _guess(place: Place, table: Collocation) -> Array:
    """The coefficients (C, s) at the end of the last step, at all nodes."""
    return np.repeat(place.values[:, -1:], table.stages, axis=1)


def follow(
    problem: Problem, until: float, model: Constrained, progress: Callable[[float], None] | None = None
) -> Trajectory:
    """The run up to ``until`` of a ``problem`` whose modes are all followed.

    Raises ArithmeticError for more than WIDEST students, and where the step size vanishes.
    """
    if model.STUDENTS > WIDEST:
        raise ArithmeticError(
            f"a network of {model.STUDENTS} students with {model.constraint} is integrated by explicit "
            f"steps, more than {MANY:g} until t = {until:g}: stop earlier"
        )
    table = radau(STAGES)
    place = companion = settled(begin(problem, model), problem, model)
    segments: list[Segment] = []
    error, taken = 0.0, 0
    while place.time < until:
        taken += 1
        if taken > MAX_STEPS:
            raise ArithmeticError(f"no end after {MAX_STEPS} steps, at t = {place.time:g}")
        before = place
        place, stages, _ = advance(place, table, until - place.time, TOLERANCE)
        segments.append(_segment(before, place, stages, table, problem))
        companion = _accompany(companion, place, table)
        error = max(error, _difference(place, companion))
        place = settled(place, problem, model)
        if not place.chart.centred and np.abs(place.overlaps).max() < FADED * np.trace(place.law.energy):
            place, companion = at_rest(place), at_rest(companion)
        if companion.chart.centred and not place.chart.centred:
            companion = entered(companion, problem, model, place.orientation)
        if progress is not None:
            progress(place.time)
    modes = Modes(problem.eigenvalues, problem.teachers)
    loss = float(place.chart.loss(place.overlaps, place.law.energy))
    limit = limits.at_the_end(model.model, modes.statistics(place.students), modes.energy, loss, until)
    total = (
        error
        + CONSTRAINED_ROUNDING * (1.0 + np.sqrt(taken))
        + problem.relative_error
        + unresolved(model.model, segments)
    )
    return Trajectory(problem, table, segments, limit, until, total, model.constraint)


def _accompany(companion: Place, place: Place, table: Collocation) -> Place:
    """The companion at the time of the place."""
    while companion.time < place.time:
        left = place.time - companion.time
        companion, _, _ = advance(companion, table, left, COMPANION * TOLERANCE)
        if abs(companion.time - place.time) <= 4.0 * np.finfo(float).eps * place.time:
            companion = replace(companion, time=place.time)
    return companion


def _segment(place: Place, following: Place, stages: Stages, table: Collocation, problem: Problem) -> Segment:
    """The step between two places."""
    law = place.law
    states = np.concatenate([place.state[None], stages.states])
    lengths = norms(states, students_of(law, states), law.teacher, law.chart.centred, problem.init_rest)
    return Segment(
        place.time,
        (following.time - place.time) * table.points,
        law.chart,
        place.orientation,
        np.eye(law.students),
        first_order(law, law.statistics(states)),
        lengths,
        law.energy,
    )


def _difference(place: Place, companion: Place) -> float:
    """How far the statistics are apart: of one student relative to themselves, down to TERMS of their terms;
    of networks relative to √(S_jj S_kk) and √(S_jj T_mm).
    """
    found, other = place.overlaps, companion.overlaps
    if place.law.students == 1:
        terms = first_order(place.law, place.law.terms(place.state))
        units = np.maximum(np.abs(found), TERMS * terms)
    else:
        own, _ = split(found, place.law.students, place.law.teachers)
        lengths, teachers = np.sqrt(np.diag(own)), np.sqrt(np.diag(place.law.energy))
        units = join(np.outer(lengths, lengths), np.outer(lengths, teachers))
    return float((np.abs(other - found) / np.where(units > 0, units, 1.0)).max())
