"""A run in floats between two steps, and the step that it tries next.

Nothing here changes: a step leads from one run to another, :mod:`numerics.solver.loop`.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.problems.problem import Problem
from numerics.solver import errors, reach
from numerics.solver.amplification import Amplification
from numerics.solver.contract import NoConvergence, Step, StepResult, Task, take
from numerics.solver.control import NOISE_DECAY, Control
from numerics.solver.errors import Errors
from numerics.solver.guess import Guess, Last, along, expected, still
from numerics.solver.loop import Trial
from numerics.solver.place import Place, System
from numerics.solver.segments import StepSegment
from numerics.solver.settling import Settling
from numerics.solver.step import Truncation
from numerics.solver.stride import Stride, stride_of_network, stride_of_one
from numerics.state import frames
from numerics.state.limits import Limit
from numerics.state.modes import Modes

HALF = 0.5


@dataclass(frozen=True, eq=False)
class Run:
    """A run at a ``place``, its ``errors`` so far and what it knows of its limit, ``settling``.

    The next step is about ``width`` wide, as the ``control`` has it; ``origin`` is the t_0 of its
    :class:`~numerics.solver.stride.Stride`, and ``last`` the step before.
    """

    place: Place
    settling: Settling
    errors: Errors
    control: Control
    width: float
    origin: float
    last: Last | None = None

    @classmethod
    def begin(
        cls, problem: Problem, model: RightHandSides, steps: tuple[Step, ...], rtol: float | None
    ) -> "Run":
        """At the start of a reduced ``problem``, for a relative error ``rtol`` or full accuracy.

        Raises ValueError where the drift is not finite there.
        """
        system = System.of(problem, model, steps, rtol)
        place = Place.start(system)
        moving = system.problem.eigenvalues * system.problem.students
        taught = bool(np.any(moving[:, None] * system.problem.teachers))
        settling = Settling.begin(model, place.here.modes.energy, bool(np.any(moving)), taught)
        control = Control(system.table.stages, system.single, system.accuracy.step)
        run = cls(place, settling, Errors(None), control, 0.0, 0.0).settled_down()
        amplified = None if system.single else Amplification.begin(run.place.rounded)
        width = _first_width(run.place)
        return replace(run, errors=Errors(amplified), width=width, origin=width)

    @property
    def time(self) -> float:
        """The time so far."""
        return self.place.time

    def plan(self) -> "FloatTrial":
        """The next step."""
        stride = self.stride(self.width)
        return FloatTrial(self, stride, expected(self.place, self.last, stride))

    def stride(self, width: float) -> Stride:
        """The next step with about this ``width``."""
        system = self.place.here.system
        shape = stride_of_one if system.single else stride_of_network
        return shape(system.table, self.time, width, self.origin)

    def last_limit(self) -> Limit:
        """The limit as far as the present state shows it."""
        here, problem = self.place.here, self.place.here.system.problem
        loss = here.loss(self.place.statistics)
        modes = Modes(problem.eigenvalues, problem.teachers)
        return self.settling.last(modes.statistics(self.place.students), modes.energy, loss, self.time)

    def settled_down(self) -> "Run":
        """Where the loss tells the limit, with the limit; close to a teacher, in its chart."""
        place, here = self.place, self.place.here
        if not here.chart.centred:
            return replace(self, place=place.turned()) if here.rotated else self
        statistics, energy = place.statistics, here.modes.energy
        settling = self.settling.seen(here.chart, statistics, energy, place.time)
        frame = frames.nearest_frame(here.system.model, statistics, energy)
        orientation = here.orientation if frame is not None else settling.destination(statistics, energy)
        if orientation is None:
            return self if settling is self.settling else replace(self, settling=settling)
        forgotten = replace(self.control, rate=0.0)
        return replace(self, place=place.at_teacher(orientation, frame), settling=settling, control=forgotten)


class Attempt(NamedTuple):
    """The ``result`` of a step that was taken by the ``stride``, its ``statistics`` (n, s + 1) with those of
    its start in front, and what these leave out.
    """

    stride: Stride
    result: StepResult
    statistics: Array
    left_out: Truncation


@dataclass(frozen=True, eq=False)
class FloatTrial(Trial[Run, Attempt]):
    """A ``stride`` of a ``run`` from a ``guess``. A wider one has been tried where ``before`` is
    finite: to this its error would fall if it was none of rounding.
    """

    run: Run
    stride: Stride
    guess: Guess
    before: float = np.inf
    failed: bool = False

    def attempt(self) -> Attempt:
        """Take the step.

        On a line a student that changes sides in a step has crossed a kink of the drift, which its nodes may
        not show: such a step is no solution.
        """
        place = self.run.place
        result, table = take(place.here.system.steps, self._task())
        statistics = np.concatenate([place.statistics[:, None], result.statistics], axis=1)
        if place.here.system.line and np.any(statistics * statistics[:, :1] < 0):
            raise NoConvergence
        missing = errors.left_out(place, statistics, result.times)
        stride = self.stride if table is self.stride.table else replace(self.stride, table=table)
        return Attempt(stride, result, statistics, missing)

    def shorter(self) -> "FloatTrial":
        """Half as wide, from what is expected there, or once that has failed from the plainest guess."""
        stride, run = self._shortened(HALF), self.run
        guess = still(run.place) if self.failed else expected(run.place, run.last, stride)
        return replace(self, stride=stride, guess=guess, failed=True)

    def again(self, found: Attempt) -> "FloatTrial | None":
        """A shorter one where the polynomials leave out too much, or where the loss has fallen so far that
        the frame should have turned.

        An error that does not fall with the width is noise, which no shorter step would mend: it is
        accepted, and counted, where :func:`numerics.solver.errors.noise` allows for it.
        """
        place, error = self.run.place, found.left_out.error
        if place.here.rotated and place.outrun(found.statistics):
            stride = self._shortened(HALF)
            return replace(self, stride=stride, guess=expected(place, self.run.last, stride))
        if error <= place.here.system.accuracy.worst or self._noisy(found):
            return None
        control, table = self.run.control, place.here.system.table
        stride = self._shortened(min(control.factor(error), 0.8))
        places = found.stride.places(stride.times)
        states = self._states(found)
        if states is not None:
            states = along(table.evaluate, states, places)
        guess = Guess(table.evaluate(found.statistics, places), states)
        # of the width: a truncation error falls by a far higher one
        before = error * (stride.width / found.stride.width) ** 3
        return FloatTrial(self.run, stride, guess, before)

    def accepted(self, found: Attempt) -> Run:
        """The run at the end of the step, in whose chart it goes on, with the next width."""
        run, place, here, result = self.run, self.run.place, self.run.place.here, found.result
        self._check_reach(result.deviation[-1])
        students = here.frame.T @ result.students if here.rotated else result.students
        lengths = here.norms(result.deviation, students)
        lengths = np.concatenate([place.lengths[..., None], lengths], axis=-1)
        drowned = found.left_out.error > here.system.accuracy.worst and self._noisy(found)
        elapsed = np.append(0.0, result.times)
        overlaps = found.statistics[: len(found.statistics) - len(here.chart.areas)]
        width, control = run.control.after(found.left_out, float(elapsed[-1]), overlaps, drowned)
        segment = StepSegment(
            place.time,
            elapsed,
            here.chart,
            here.orientation,
            here.frame,
            found.statistics,
            lengths,
            here.modes.energy,
            turn=here.turn,
        )
        place = place.moved(result, students, found.statistics, lengths)
        last = Last(segment, found.stride, drowned, self._states(found), result.linearised)
        errors = self._errors(found, lengths)
        return Run(place, run.settling, errors, control, width, run.origin, last).settled_down()

    def _task(self) -> Task:
        place, stride = self.run.place, self.stride
        students = place.here.frame @ place.students if place.here.rotated else place.students
        vectors = place.deviation, students, self.guess.statistics, place.clusters
        noise = errors.noise(place, stride.width)
        here = place.here
        before = self.run.last.linearised if self.run.last else None
        return Task(
            stride.table,
            here.chart,
            here.modes,
            stride.width,
            *vectors,
            noise,
            here.system.accuracy.step,
            self.guess.states,
            before,
        )

    def _states(self, found: Attempt) -> Array | None:
        """Those (s + 1, K, N) of a network's step at its points, with its start in front."""
        if self.run.place.here.system.single:
            return None
        return np.concatenate([self.run.place.deviation[None], found.result.deviation])

    def _shortened(self, factor: float) -> Stride:
        """A stride narrower by the ``factor``. Raises ArithmeticError where there is none."""
        place = self.run.place
        if place.here.system.line:
            reach.check_kink(place)
        stride = self.run.stride(self.stride.width * factor)
        if place.time + stride.width == place.time:
            raise ArithmeticError(f"the step size vanished at t = {place.time:g}")
        return stride

    def _noisy(self, found: Attempt) -> bool:
        """Whether what the step leaves out is rounding of the drift: it does not decay, be it from
        coefficient to coefficient or with the width. The time comes last, and has none.
        """
        missing = found.left_out
        accurate = missing.error <= self.run.place.here.system.accuracy.worst
        flat = missing.decay > NOISE_DECAY if accurate else missing.error > self.before
        resolved = missing.worst < len(found.statistics)
        return resolved and flat and missing.error <= errors.noise(self.run.place, found.stride.width)

    def _check_reach(self, deviation: Array) -> None:
        """Refuse a step to a ``deviation`` (K, N) that floats do not hold."""
        place, settling = self.run.place, self.run.settling
        if place.here.system.line:
            reach.check_sides(place, deviation)
        if not settling.settled:
            reach.check_overlap(place, deviation)

    def _errors(self, found: Attempt, lengths: Array) -> Errors:
        """Those of the run at the end of the step."""
        place, sofar = self.run.place, self.run.errors
        if place.here.chart.centred and not self.run.settling.settled:
            sofar = sofar.overlap(place, found.statistics)
        if place.here.system.single:
            return sofar.one(place, found.result, found.statistics, lengths)
        return sofar.network(place, found.result, found.statistics, found.left_out)


def _first_width(place: Place) -> float:
    """About the shortest time scale of the flow, which one step resolves."""
    here, problem = place.here, place.here.system.problem
    with np.errstate(divide="ignore", invalid="ignore"):
        gain, force = here.chart.drift(place.statistics, here.modes.energy)
        slopes = here.chart.slopes(place.statistics, here.modes.energy)
        _, answer = slopes(np.ones((len(place.statistics), 1)))
    if not (np.isfinite(gain).all() and np.isfinite(force).all()):
        raise ValueError("the drift of this model is not finite at the start: choose a start with energy")
    slope = np.abs(answer).max()
    scale = np.abs(gain).max() + np.abs(force).max() + slope * problem.teacher_energy
    return float(1.25 / (problem.eigenvalues.max() * scale))
