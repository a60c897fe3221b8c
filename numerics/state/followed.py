"""All modes of a problem along a solved run, each linear given the statistics that the run has found.

Shapes: K students, M teachers, N modes, T times last.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.problems.problem import Problem
from numerics.shown.labelled import Columns
from numerics.shown.result import Curves, Result
from numerics.state.modes import Modes
from numerics.state.segment import Part, Segment
from theory.expected import checked

CHUNK = 2**10
"""Modes that are followed at once."""


class _Weights(NamedTuple):
    t: Array
    eigenvalues: Array
    w: Array
    deviation: Array


@checked
class Weights(_Weights, Result):
    """Every mode at the times ``t`` (T,): ``eigenvalues`` λ (N,) and ``w`` (N, T), of networks (K, N, T).

    ``deviation``, of the same shape, is w − P w*, with P w* the signed teachers that the run's last
    coordinates are relative to: near them it keeps its relative accuracy. Of students whose rotations leave
    the network as it is P is the rotation that the run has found.
    """

    def columns(self) -> Columns:
        """The weights over modes and times."""
        rows = () if self.w.ndim == 1 + np.ndim(self.t) else ("student_row",)
        time = ("t",) if np.ndim(self.t) else ()
        return {
            "t": (time, self.t),
            "eigenvalues": (("mode",), self.eigenvalues),
            "w": ((*rows, "mode", *time), self.w),
            "deviation": ((*rows, "mode", *time), self.deviation),
        }


class _Orders(NamedTuple):
    t: Array
    order: float
    s: Array
    u: Array
    teacher: Array
    one_minus_u: Array
    one_minus_s: Array


@checked
class Orders(_Orders, Curves):
    """``s`` = ⟨w, w⟩_k and ``u`` = ⟨w, w*⟩_k at the times ``t`` (T,), with ⟨a, b⟩_k = Σ_i λ_i^k a_i b_i.

    k is the ``order``, and ``teacher`` is ⟨w*, w*⟩_k, inf where it does not converge. ``one_minus_u`` = 1 −
    |u|/teacher and ``one_minus_s`` = 1 − s/teacher keep their accuracy near ±w*. Of networks ``s`` is (K, K,
    T), ``u`` (K, M, T), ``teacher`` (M, M), and the last two are nan.
    """

    def columns(self) -> Columns:
        """All over the times."""
        if np.ndim(self.teacher):
            over = ("student", "student_", "t"), ("student", "teacher", "t")
            return {"t": (("t",), self.t), "S": (over[0], self.s), "U": (over[1], self.u)}
        names = "t", "s", "u", "one_minus_u", "one_minus_s"
        return {name: (("t",), getattr(self, name)) for name in names}

    def attributes(self) -> dict[str, float]:
        """k."""
        return {"order": self.order}


Parts = Callable[[int, float], Part]
"""The part of a segment, by its number, up to a time."""


def followed(
    problem: Problem, segments: Sequence[Segment], parts: Parts, times: Array
) -> tuple[Array, Array]:
    """W and W − P W* (K, N, T) of all modes of a ``problem`` at ascending ``times`` (T,)."""
    pieces = -(-len(problem.eigenvalues) // CHUNK)
    found = [_followed(part, segments, parts, times) for part in _split(problem, pieces)]
    weights, deviation = (np.concatenate(some, axis=1) for some in zip(*found, strict=True))
    return weights, deviation


class _Piece(NamedTuple):
    eigenvalues: Array
    teachers: Array
    students: Array
    rest: Array


def _split(problem: Problem, pieces: int) -> list[_Piece]:
    rows = problem.eigenvalues, problem.teachers, problem.students, np.atleast_2d(problem.init_rest)
    return [
        _Piece(*some) for some in zip(*(np.array_split(row, pieces, axis=-1) for row in rows), strict=True)
    ]


def _followed(piece: _Piece, segments: Sequence[Segment], parts: Parts, times: Array) -> tuple[Array, Array]:
    """Those of one ``piece``, segment by segment."""
    place = _Place.start(piece, segments)
    found: list[tuple[Array, Array]] = []
    for number, segment in enumerate(segments):
        if number:
            place = place.moved(parts(number - 1, segment.start)).entered(segment)
        end = segments[number + 1].start if number + 1 < len(segments) else math.inf
        for time in times[len(found) :]:
            if time >= end:
                break
            there = place if time <= segment.start else place.moved(parts(number, time))
            found.append(there.measured(segments[-1]))
        if len(found) == len(times):
            break
    weights, deviation = (np.stack(some, axis=-1) for some in zip(*found, strict=True))
    return weights, deviation


class _Place(NamedTuple):
    """The modes of a ``piece`` in the coordinates of a ``segment``: the chart's y and R W (K, N)."""

    piece: _Piece
    segment: Segment
    modes: Modes
    state: Array
    students: Array

    @classmethod
    def start(cls, piece: _Piece, segments: Sequence[Segment]) -> "_Place":
        """At time 0, at the origin, and from there in the coordinates of the first segment."""
        first, origin = segments[0], _modes(piece, segments[0])
        aim = first.aim(origin)
        state = piece.students if first.chart.centred else (piece.students - aim) + piece.rest
        return cls(piece, first, origin, state, piece.students)

    def moved(self, part: Part) -> "_Place":
        """At the end of a ``part`` of the segment."""
        state, students = self.segment.carried(part, self.modes, self.state, self.students)
        return self._replace(state=state, students=students)

    def entered(self, segment: Segment) -> "_Place":
        """The same in the coordinates of the next ``segment``."""
        state, students, modes, before = self.state, self.students, self.modes, self.segment
        if before.chart.centred and not segment.chart.centred:
            modes = _modes(self.piece, segment)
            students = segment.frame @ (before.frame.T @ students)
            state = (students - segment.aim(modes)) + segment.frame @ self.piece.rest
        elif segment.frame is not before.frame and segment.turn is not None:
            state = state + segment.turn @ state + segment.turn @ segment.aim(modes)
            students = students + segment.turn @ students
        return _Place(self.piece, segment, modes, state, students)

    def measured(self, last: Segment) -> tuple[Array, Array]:
        """W and W − P W* (K, N), P that of the segment or, at the origin, of the ``last`` one."""
        back = self.segment.frame.T
        weights = back @ self.students
        if not self.segment.chart.centred:
            return weights, back @ self.state
        return weights, (weights - aim(self.piece, last)) + self.piece.rest


def aim(problem: Problem | _Piece, last: Segment) -> Array:
    """The P W* (K, N) that the deviations are from, P that of the ``last`` segment."""
    found = np.zeros((len(last.frame), len(problem.eigenvalues)))
    teachers: Array = last.orientation @ problem.teachers
    found[: len(teachers)] = teachers[: len(found)]
    return last.frame.T @ found


def _modes(piece: _Piece, segment: Segment) -> Modes:
    """Those that a segment's coordinates see."""
    return Modes(piece.eigenvalues, segment.orientation @ piece.teachers)


def orders(problem: Problem, found: Weights, order: float) -> Orders:
    """The statistics of an ``order`` k of the modes ``found`` of a ``problem``, at their times.

    Raises ValueError for an order that the problem does not keep.
    """
    reduced = problem.dimension != len(problem.eigenvalues)
    if not math.isfinite(order):
        raise ValueError(f"order is {order}: it must be a finite number")
    if reduced and (order < 0 or order % 1):
        raise ValueError(
            f"order is {order:g}: {len(problem.eigenvalues)} modes that stand for d = {problem.dimension:g} "
            "directions keep the orders 0, 1, 2, …; others need a Problem of all its modes"
        )
    w, v = (rows.reshape(-1, *rows.shape[-2:]) for rows in (found.w, found.deviation))
    teachers = problem.teachers[..., None]
    with np.errstate(divide="ignore", over="ignore"):
        weights = problem.eigenvalues**order
    energy = _products(weights, teachers, teachers)[..., 0]
    if reduced and order == 0:
        energy = np.full_like(energy, math.inf if math.isinf(problem.dimension) else math.nan)
    own, along = _products(weights, w, w), _products(weights, w, teachers)
    if len(w) > 1 or len(teachers) > 1:
        absent = np.full(len(found.t), np.nan)
        return Orders(found.t, order, own, along, energy, absent, absent)
    s, u, t = own[0, 0], along[0, 0], energy[0, 0]
    away, beside = _products(weights, v, v)[0, 0], _products(weights, v, w - v)[0, 0]
    near = 2.0 * away < t
    with np.errstate(invalid="ignore"):
        one_minus_u = np.where(near, -beside / t, 1.0 - np.abs(u) / t)
        one_minus_s = np.where(near, -(away + 2.0 * beside) / t, 1.0 - s / t)
    return Orders(found.t, order, s, u, np.asarray(t), one_minus_u, one_minus_s)


def _products(weights: Array, left: Array, right: Array) -> Array:
    """Σ_i λ_i^k a_i b_i (A, B, T) of rows ``left`` (A, N, T) and ``right`` (B, N, T), 0 of a b that is 0."""
    terms = left[:, None] * right
    return np.where(terms == 0, 0.0, np.where(terms == 0, 0.0, weights[:, None]) * terms).sum(axis=2)
