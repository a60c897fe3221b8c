"""Where a run ends: when its limit is settled, and in which teacher's chart it goes on.

It asks for nothing but the loss, the statistics and the teacher's energy, so that it serves floats and the
numbers of :mod:`numerics.precise` alike.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.problems.problem import Problem
from numerics.state import charts, limits
from numerics.state.charts import Chart
from numerics.state.limits import Limit
from numerics.state.modes import Modes


@dataclass(frozen=True, eq=False)
class Settling:
    """What is known of the limit of a run of ``model``: the ``limit`` itself, or None as yet.

    ``barrier`` is the loss below which a run is bound for the teacher on its side of u = 0, None where the
    model has none: then nothing is waited for.
    """

    model: RightHandSides
    barrier: float | None
    limit: Limit | None

    @classmethod
    def begin(cls, model: RightHandSides, energy: Array, moving: bool, taught: bool) -> "Settling":
        """At the start: whether some mode with an eigenvalue is ``moving`` there, and whether one of these is
        ``taught``, so that it has a teacher, too. If none is, u vanishes for all times.
        """
        barrier = limits.barrier(model, energy)
        if barrier is None or taught:
            return cls(model, barrier, None)
        if not moving:
            return cls(model, barrier, Limit("0", "the start has no energy, and w = 0 is a critical point"))
        reason = "no eigenspace correlates start and teacher, so u = 0 for all times"
        return cls(model, barrier, Limit("saddle", reason))

    @property
    def settled(self) -> bool:
        """Whether going on would not tell more about the limit."""
        return self.barrier is None or self.limit is not None

    def seen(self, chart: Chart, statistics: Array, energy: Array, time: Any) -> "Settling":
        """What is known at the ``statistics`` (n,), in the ``chart`` at the origin: once the loss is below
        the barrier the sign of u tells the limit.
        """
        if self.settled or not chart.loss(statistics, energy) < self.barrier:
            return self
        name, side = ("+teacher", "positive") if statistics[1] > 0 else ("-teacher", "negative")
        reason = (
            f"at t = {float(time):.6g} the loss is below {self.barrier:.6g}, its minimum over u = 0, "
            f"and u is {side}"
        )
        return replace(self, limit=Limit(name, reason))

    def destination(self, statistics: Array, energy: Array) -> Array | None:
        """The P (M, M) of the teacher P W* in whose chart to go on, None while it is better to stay at the
        origin. ``statistics`` (n,) are those there.
        """
        if self.barrier is not None:
            half = abs(statistics[1]) > energy[0, 0] / 2
            return np.array([[float(self.limit.sign)]]) if self.limit and half else None
        if not charts.has_teacher(self.model, energy):
            return None
        return limits.nearest(self.model, _floats(statistics), _floats(energy), limits.NEAR)

    def last(self, statistics: Array, energy: Array, loss: Any, time: Any) -> Limit:
        """The limit as far as a state shows it that has these ``statistics`` (n,) at the origin."""
        floats = _floats(statistics), _floats(energy)
        return self.limit or limits.at_the_end(self.model, *floats, float(loss), float(time))


def beyond(problem: Problem, stop: str) -> Limit:
    """The limit of a run with a barrier that cannot be followed further, for the reason ``stop``.

    Where all modes with a teacher have one eigenvalue λ, u̇ = λ (A + B/u s*) u, so that u keeps its sign;
    and u grows where it is small, at the saddle and at 0.
    """
    modes = Modes(problem.eigenvalues, problem.teachers)
    taught = problem.eigenvalues[modes.weighted[0] != 0]
    if np.ptp(taught) > 0:
        return Limit("undecided", stop)
    name = "+teacher" if modes.statistics(problem.students)[1] > 0 else "-teacher"
    return Limit(name, f"u keeps its sign, for all modes with a teacher have one eigenvalue ({stop})")


def _floats(values: Array) -> Array:
    return np.asarray(values, dtype=float)
