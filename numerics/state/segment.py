"""One step of a run as it is kept: its statistics, and what any modes do under them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation
from numerics.state.charts import Chart
from numerics.state.modes import Modes


class Part(NamedTuple):
    """The first part of a segment, up to ``place`` in [0, 1] of its variable, ``elapsed`` after its start.

    It has the ``statistics`` (n, s) at the nodes of a step of its own with that ``table``, of unit width in
    that variable, and the ``clock`` (s,), the slopes of the time there.
    """

    table: Collocation
    place: float
    elapsed: float
    statistics: Array
    clock: Array


@dataclass(frozen=True, eq=False)
class Segment(ABC):
    """One step: ``statistics`` (n, s + 1) and ``norms`` (4, K, M, s + 1) at the collocation points, which
    are passed ``elapsed`` (s + 1,) after ``start``, in ``chart``, relative to the teacher P W* with P the
    ``orientation``. The statistics are those of the students R W, with R the ``frame`` (K, K).

    ``teacher_energy`` is that teacher's T (M, M). The norms are those of
    :func:`numerics.state.observables.norms`. ``turn`` δ (K, K) is that by which the frame came from the one
    before, if it is another.
    """

    start: float
    elapsed: Array
    chart: Chart
    orientation: Array
    frame: Array
    statistics: Array
    norms: Array
    teacher_energy: Array
    turn: Array | None = field(default=None, kw_only=True)

    @abstractmethod
    def carried(self, part: Part, modes: Modes, state: Array, students: Array) -> tuple[Array, Array]:
        """The chart's y (K, N) of any ``modes`` and the students R W (K, N) at the end of a ``part`` at whose
        start they are ``state`` and ``students``: they follow the drift of this step, linear in each mode.
        """

    def aim(self, modes: Modes) -> Array:
        """R W − y (K, N): the teachers of the ``modes``, and 0 for students beyond and at the origin."""
        found = np.zeros((len(self.frame), len(modes.eigenvalues)))
        if not self.chart.centred:
            found[: len(modes.teacher)] = modes.teacher
        return found

    @property
    def width(self) -> float:
        """The length of the step."""
        return float(self.elapsed[-1])

    @property
    def sign(self) -> int:
        """P for one teacher: the sign that it is taken with."""
        return int(np.sign(self.orientation[0, 0]))

    @property
    def energy(self) -> Array:
        """s (s + 1,) at the points."""
        return self.chart.overlaps(self.statistics, self.teacher_energy)[0]

    @property
    def overlap(self) -> Array:
        """u (s + 1,) at the points, with the user's sign."""
        return self.sign * self.chart.overlaps(self.statistics, self.teacher_energy)[1]

    def deficits(self, sign: int) -> Array:
        """1 − ``sign`` u/s* and 1 − s/s* (2, s + 1) at the points: smooth, as 1 − |u|/s* is not at u = 0."""
        flip = np.array([[1], [sign * self.sign if self.chart.centred else 1]])
        return self.chart.deficits(flip * self.statistics[:2], self.teacher_energy)[:, 0]
