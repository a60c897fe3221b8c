"""What is reported of a state, from its statistics in either chart."""

import math
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import rotate, split
from numerics.problems.problem import Problem
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves
from numerics.state.charts import Chart
from theory.expected import checked


class _Observables(NamedTuple):
    t: Array
    u: Array
    s: Array
    one_minus_u: Array
    one_minus_s: Array
    loss: Array
    mse: Array
    recovered: Array


@checked
class Observables(_Observables, Curves):
    """Quantities at the times ``t``, arrays of one shape.

    ``u`` = ⟨w, w*⟩_Q with the user's sign, ``s`` = ‖w‖_Q², ``one_minus_u`` = 1 − |u|/s*, ``one_minus_s`` =
    1 − s/s*, ``loss`` [P1], ``mse`` = min‖w ∓ w*‖²/d (nan at d = ∞), ``recovered`` = ‖w*‖² − d·mse, finite
    at any d. Near ±w* the four small ones keep their full relative accuracy.
    """

    def columns(self) -> Columns:
        """All over the times."""
        return {name: (("t",), values) for name, values in self._asdict().items()}


class _Overlaps(NamedTuple):
    t: Array
    S: Array
    U: Array
    loss: Array
    distances: Array


@checked
class Overlaps(_Overlaps, Curves):
    """The state of any model at the times ``t`` (T,).

    ``S`` (K, K, T) = W Q Wᵀ, ``U`` (K, M, T) = W Q W*ᵀ, ``loss`` (T,), and ``distances`` (K, M, T) =
    ‖w_j − w*_m‖², over all directions with equal weight. Near the teacher, in its chart, the loss and the
    distance of each student to its own teacher keep their full relative accuracy.
    """

    def columns(self) -> Columns:
        """S, U and the distances for every student and teacher."""
        students, teachers = ("student", "student_"), ("student", "teacher")
        return {
            "t": (("t",), self.t),
            "S": ((*students, "t"), self.S),
            "U": ((*teachers, "t"), self.U),
            "loss": (("t",), self.loss),
            "distances": ((*teachers, "t"), self.distances),
        }


class _TrainedOverlaps(NamedTuple):
    t: Array
    S: Array
    U: Array
    loss: Array
    distances: Array
    weights: Array


@checked
class TrainedOverlaps(_TrainedOverlaps, Curves):
    """:class:`Overlaps` of a model whose second layer learns, with the students' ``weights`` a (K, T)."""

    def columns(self) -> Columns:
        """Those of the overlaps, and the weights of every student."""
        return {**Overlaps(*self[:-1]).columns(), "weights": (("student", "t"), self.weights)}


class _MovingOverlaps(NamedTuple):
    t: Array
    S: Array
    U: Array
    loss: Array
    distances: Array
    kinetic: Array


@checked
class MovingOverlaps(_MovingOverlaps, Curves):
    """:class:`Overlaps` of students with momentum, and their ``kinetic`` energy ½ ‖Ẇ‖² (T,)."""

    def columns(self) -> Columns:
        """Those of the overlaps, and the kinetic energy."""
        return {**Overlaps(*self[:-1]).columns(), "kinetic": (("t",), self.kinetic)}


CANCELS = 0.1
"""Of its terms: a square of a difference below that is not taken from products."""


def observe(
    problem: Problem, chart: Chart, sign: int, times: Array, statistics: Array, norms: Array
) -> Observables:
    """Observables at ``times`` (T,) from ``statistics`` (2, T) in ``chart``, relative to ``sign`` · w*.

    ``norms`` (4, T) are ‖w‖², ⟨w, ±w*⟩, ‖w ∓ w*‖² and ‖w ± w*‖², over all modes with equal weight.
    """
    energy = np.array([[problem.teacher_energy]])
    s, u = chart.overlaps(statistics, energy)
    own, along, away, opposite = norms
    folded = np.stack([s, np.abs(u)]) if chart.centred else statistics
    one_minus_u, one_minus_s = chart.deficits(folded, energy)[:, 0]
    finite = math.isfinite(problem.dimension)
    return Observables(
        times,
        sign * u,
        s,
        one_minus_u,
        one_minus_s,
        chart.loss(statistics, energy),
        np.minimum(away, opposite) / problem.dimension if finite else np.full_like(s, np.nan),
        2.0 * np.abs(along) - own,
    )


def observe_all(
    chart: Chart,
    orientation: Array,
    frame: Array,
    energy: Array,
    times: Array,
    statistics: Array,
    norms: Array,
) -> Overlaps:
    """Overlaps with the teachers W* at ``times`` (T,) from ``statistics`` (n, T) in ``chart``.

    These and the ``norms`` (4, K, M, T) are relative to P W*, with P the ``orientation``, whose entries are
    multiples of ±1 where the model is free of scales, and T = ``energy``;
    the statistics are those of R W, with R the ``frame``.
    """
    S, U = split(chart.overlaps(statistics, energy), *norms.shape[1:3])
    S, U = rotate(frame.T, S, U)
    squares = _distances(norms, np.abs(orientation).sum(axis=1))
    distances = [
        np.einsum("kat,am->kmt", square, mine.astype(float))
        for square, mine in zip(squares, (orientation > 0, orientation < 0), strict=True)
    ]
    loss = chart.loss(statistics, energy)
    turned_back = orientation / np.square(orientation).sum(axis=1)[:, None]
    return Overlaps(times, S, np.einsum("kat,am->kmt", U, turned_back), loss, sum(distances))


def _distances(norms: Array, scales: Array) -> tuple[Array, Array]:
    """‖w_j − w_m‖² and ‖w_j + w_m‖² (K, M, T) from the ``norms`` (4, K, M, T) relative to κ_m w_m, κ the
    ``scales`` (M,).
    """
    own, along, away, opposite = norms
    scale = scales[:, None]
    square = (0.5 * (away + opposite) - own) / scale**2
    across, rest = along / scale, (scale - 1.0) ** 2 * square
    return (
        away + 2.0 * (scale - 1.0) * (across - scale * square) + rest,
        opposite - 2.0 * (scale - 1.0) * (across + scale * square) + rest,
    )


def norms(
    deviation: Array, students: Array, teacher: Array, centred: bool, rest: Array | float = 0.0
) -> Array:
    """‖w_j‖², ⟨w_j, w*_m⟩, ‖w_j − w*_m‖² and ‖w_j + w*_m‖² (4, K, M, …) of ``students`` W (…, K, N) and
    ``teacher`` W* (M, N), with ``deviation`` W − W* known apart unless ``centred``. ``rest`` (K, N) is what
    the floats of W leave out near ±W*. Where the terms of a square cancel, it is one of differences.
    """
    along = students @ teacher.T
    found = np.empty((4, *along.shape))
    found[0] = np.vecdot(students, students)[..., None]
    found[1] = along
    sums, own = found[0] + np.vecdot(teacher, teacher), np.arange(len(teacher))
    for distance, sign in ((found[2], -1.0), (found[3], 1.0)):
        distance[...] = sums + 2.0 * sign * along
        near = distance < CANCELS * sums
        if not centred and sign < 0:
            distance[..., own, own] = np.vecdot(deviation, deviation)[..., own]
            near[..., own, own] = False
        *stage, student, unit = np.nonzero(near)
        shift = np.asarray(rest)[student] if np.ndim(rest) else rest
        apart = (students[(*stage, student)] + sign * teacher[unit]) + shift
        distance[near] = np.vecdot(apart, apart)
    return np.moveaxis(found, (-2, -1), (1, 2))
