"""Runs of constrained flows: by implicit steps, or where the network is wide by explicit ones.

A run starts in the chart at the origin. Where every student has the norm of the teacher that it has come near
to, in the norm that is kept, it goes on in the chart at the teachers; normalised students, at the multiples
of the teachers that have their norms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.pairs.constrained import Constrained, have_equal_norms
from numerics.pairs.overlaps import split
from numerics.problems.problem import Problem
from numerics.quadrature.collocation import Collocation
from numerics.solver import implicit
from numerics.solver.implicit import Place
from numerics.solver.kept import KeptLaw
from numerics.solver.resolved import unresolved
from numerics.state import charts, limits
from numerics.state.charts import Chart
from numerics.state.modes import Modes
from numerics.state.segment import Segment
from numerics.state.trajectory import Trajectory
from theory.constraint import Constraint

NARROW = 2
"""Students up to which implicit steps are the cheaper ones."""
MANY = 2e4
"""Explicit steps that are too many."""
LARGEST_GROWTH = 30.0
"""The growth up to which a reduced problem serves."""


@dataclass(frozen=True, eq=False)
class KeptKind(implicit.Kind):
    """The flow of a constrained ``model``."""

    model: Constrained

    def start(self, problem: Problem) -> Place:
        """At the origin."""
        modes = Modes(problem.eigenvalues, problem.teachers)
        law = KeptLaw(self.model.constraint, charts.overlaps(self.model.model), modes, problem.students)
        return Place.start(law, problem.students)

    def orientation(self, place: Place, problem: Problem) -> Array | None:
        """That of near teachers of the students' norms."""
        rules = self.model.model
        if not hasattr(rules, "residual_drift"):
            return None
        found = limits.nearest(rules, place.overlaps, place.law.energy, limits.NEAR)
        if found is not None and getattr(rules, "SCALE_FREE", False):
            found = _at_their_lengths(found, place, problem)
        if found is None:
            return None
        ends = place.directions, found @ problem.teachers
        equal = have_equal_norms(self.model.constraint, *ends, problem.eigenvalues)
        return found if equal else None

    def entered(self, place: Place, problem: Problem, orientation: Array) -> Place:
        """In the chart at the teachers."""
        modes = Modes(problem.eigenvalues, orientation @ problem.teachers)
        chart: Chart = charts.teacher(self.model.model)
        law = KeptLaw(self.model.constraint, chart, modes, problem.students)
        return place.under(law, problem.deviation(place.directions, modes.teacher), orientation)

    def run(
        self,
        problem: Problem,
        table: Collocation,
        segments: Sequence[Segment],
        place: Place,
        until: float,
        error: float,
    ) -> Trajectory:
        """With the limit that its end shows."""
        rules, modes = self.model.model, Modes(problem.eigenvalues, problem.teachers)
        loss = float(place.chart.loss(place.overlaps, place.law.energy))
        limit = limits.at_the_end(rules, modes.statistics(place.directions), modes.energy, loss, until)
        error += unresolved(rules, segments)
        return Trajectory(problem, table, segments, limit, until, error, self.model.constraint)


def _at_their_lengths(orientation: Array, place: Place, problem: Problem) -> Array | None:
    """P with the κ of the multiples κ w* that have the students' lengths; None where w_j is not near its own.

    Normalised units tend to these, if the teachers' lengths are finite.
    """
    teachers, students = orientation @ problem.teachers, place.directions
    scales = np.sqrt(np.vecdot(students, students) / np.vecdot(teachers, teachers))
    S, U = split(place.overlaps, *orientation.shape)
    reached = scales**2 * np.diag(orientation @ place.law.energy @ orientation.T)
    apart = np.diag(S) - 2.0 * scales * np.diag(U @ orientation.T) + reached
    return scales[:, None] * orientation if np.all(apart <= limits.NEAR * reached) else None


def follow(
    problem: Problem, until: float, model: Constrained, progress: Callable[[float], None] | None = None
) -> Trajectory:
    """The run up to ``until`` by implicit steps of all modes.

    Raises ArithmeticError for more than :data:`~numerics.solver.implicit.WIDEST` students.
    """
    if model.STUDENTS > implicit.WIDEST:
        raise ArithmeticError(
            f"a network of {model.STUDENTS} students with {model.constraint} is integrated by explicit "
            f"steps, more than {MANY:g} until t = {until:g}: stop earlier"
        )
    return implicit.follow(problem, until, KeptKind(model), progress)


def check_norms(problem: Problem, constraint: Constraint) -> None:
    """Raise ValueError where a norm that the constraint keeps is 0."""
    squares = problem.students**2 @ problem.eigenvalues**constraint.power
    if constraint.keeps_norm and not squares.all():
        norm, student = "‖w‖_Q" if constraint.power else "‖w‖", int(np.argmin(squares)) + 1
        raise ValueError(f"{constraint} keeps {norm}, which is 0 for student {student}: start elsewhere")


def moved(run: Trajectory) -> float:
    """∫ ‖A‖ dt/8: the clock by which a reduction counts, s* t in phase retrieval near its teacher."""
    total = 0.0
    for step in run.segments:
        gain, _ = step.chart.drift(step.statistics, step.teacher_energy)
        total += float(np.trapezoid(np.linalg.norm(gain, ord=2, axis=(0, 1)), step.elapsed))
    return total / 8.0


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
