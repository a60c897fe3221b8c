"""The end of a run of one student: a flow that is linear to rounding is solved once, for all times.

At the teacher v = w − w* obeys v̇ = −H v up to terms of second order, with

    H = α Λ + β b bᵀ,    b = Λ w*,    α = −A,    β = −∂F/∂p    at v = 0.

The eigenvalues μ of H are the a_i = α λ_i where b_i = 0, and else the roots of the secular equation
1 + β Σ b_i²/(a_i − μ) = 0, one between any two a_i. Each is found as a distance from the nearer one, so that
the eigenvectors b_i/(a_i − μ) keep the digits of all of their components, as does p = −(1/β) Σ c_k e^{−μ_k τ}
(Gu & Eisenstat, SIAM J. Matrix Anal. Appl. 15, 1994).

Shapes: n eigenvectors, N modes last.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation
from numerics.solver.contract import NoConvergence
from numerics.solver.errors import PER_STEP
from numerics.solver.place import Place
from numerics.solver.step import EPSILON, SMALLEST
from numerics.state.modes import Modes
from numerics.state.segment import Part, Segment
from numerics.state.trajectory import RESOLVED

LINEAR = 1e-14  # what terms of second order may be of those of first
DEAD = 700.0  # e-foldings after which floats hold nothing of a mode


class Linearisation(NamedTuple):
    """H = α Λ + β b bᵀ at the teacher: ``decay`` α and ``feedback`` β."""

    decay: float
    feedback: float

    @classmethod
    def at(cls, place: Place) -> "Linearisation | None":
        """That of a single student whose flow at ``place`` is linear to rounding, or None."""
        chart, energy = place.here.chart, place.here.modes.energy
        if chart.centred or not place.here.system.single or place.clusters is not None:
            return None
        rest = np.zeros(len(place.statistics))
        decay = -float(chart.drift(rest, energy)[0][0, 0])
        feedback = -float(chart.drift_jacobian(rest, energy)[1][0, 0, 1])
        gain, force = (float(part[0, 0]) for part in chart.drift(place.statistics, energy))
        first = -feedback * float(place.statistics[1])
        linear = abs(gain + decay) <= LINEAR * decay and abs(force - first) <= LINEAR * abs(first)
        return cls(decay, feedback) if linear else None


@dataclass(frozen=True, eq=False)
class Ending:
    """What follows ``place``: v = Σ_k e^{−τ ``rates``_k} ``vectors``_k (n, N), and the modes without teacher,
    ``alone`` (N,), which decay by ``own`` (N,). ``overlaps`` (n,) are the shares of p of the vectors. The
    flow is ``linear``; ``coupled`` (N,) are the modes that the teacher couples, and ``gaps`` are their a − μ
    (n, ·).

    ``error`` is that of all statistics, relative to themselves.
    """

    place: Place
    rates: Array
    vectors: Array
    overlaps: Array
    own: Array
    alone: Array
    error: float
    linear: Linearisation
    coupled: Array
    gaps: Array

    @classmethod
    def of(cls, place: Place, until: float) -> "Ending | None":
        """That of a ``place`` from which the flow is linear, None where it is not yet."""
        linear = Linearisation.at(place)
        if linear is None:
            return None
        modes, deviation = place.here.modes, place.deviation[0]
        own, b = linear.decay * modes.eigenvalues, modes.weighted[0]
        coupled = (b != 0) & (linear.feedback != 0)
        poles, weights = own[coupled], b[coupled]
        if np.any(poles[1:] >= poles[:-1]):
            return None
        dead = int(np.count_nonzero(poles * place.time > DEAD))
        rates, gaps = secular_roots(poles, linear.feedback * weights**2, dead)
        shapes = weights / gaps
        shares = (shapes @ deviation[coupled]) / np.vecdot(shapes, shapes)
        vectors = np.zeros((len(rates), len(b)))
        vectors[:, coupled] = shares[:, None] * shapes
        overlaps = -shares / linear.feedback if len(rates) else shares
        alone = np.where(coupled, 0.0, deviation)
        found = cls(place, rates, vectors, overlaps, own, alone, 0.0, linear, coupled, gaps)
        unlike = found.differs()
        folds = min(float(np.append(rates, own[own > 0]).min()) * (until - place.time), DEAD)
        error = LINEAR + unlike + PER_STEP + 4.0 * EPSILON * folds
        # how well eigenvectors have to compose the state
        return replace(found, error=error) if unlike <= 1e-11 else None

    def states(self, elapsed: Array) -> Array:
        """v (T, N) at the times ``elapsed`` (T,) after the place."""
        states = np.exp(-elapsed[:, None] * self.rates) @ self.vectors
        if self.alone.any():
            states += np.exp(-elapsed[:, None] * self.own) * self.alone
        return states

    @cached_property
    def exponentials(self) -> "Exponentials":
        """What other modes follow from."""
        shares = -self.linear.feedback * self.overlaps
        return Exponentials(self.linear.decay, self.rates, shares, self.own[self.coupled], self.gaps)

    def statistics(self, elapsed: Array, states: Array) -> Array:
        """q and p (2, T) of the ``states`` (T, N) at the times ``elapsed`` (T,)."""
        modes = self.place.here.modes
        p = np.exp(-elapsed[:, None] * self.rates) @ self.overlaps + states @ (
            modes.weighted[0] * (self.alone != 0)
        )
        return np.stack([np.square(states) @ modes.eigenvalues, p])

    def differs(self) -> float:
        """How far v and its statistics are from those of the place at its time, relatively."""
        now, sizes = np.zeros(1), np.maximum(_sizes(self.place), SMALLEST)
        states, statistics = self.states(now), self.place.statistics
        missing = np.linalg.norm(states - self.place.deviation) / np.sqrt(sizes[2])
        unlike = np.abs(self.statistics(now, states)[:, 0] - statistics) / sizes[:2]
        return float(max(missing, unlike.max()))

    def taken(self, until: float, width: float) -> tuple[list[Segment], Place]:
        """The rest of the run, up to ``until``, in polynomials through exact values, and the place there.

        The first is about ``width`` wide; all are as wide as their last coefficients allow. What falls below
        SMALLEST is 0 from then on, from the start of a segment.

        Raises NoConvergence where no width resolves it.
        """
        found: list[Segment] = []
        place, begun, falls, table = self.place, _sizes(self.place), np.zeros(3), self.place.here.system.table
        for _ in range(500):  # of segments
            sizes = _sizes(place)
            dead = sizes <= math.e * SMALLEST
            alive, falling = ~dead, ~dead & (falls > 0)
            # e-foldings of a segment: its logarithms have the rounding of these
            room = np.minimum(np.log(sizes[falling] / SMALLEST), 100.0) / falls[falling]
            width = min(width, float(room.min(initial=np.inf)))
            segment, after, rows = self._segment(place, min(place.time + width, until), dead)
            folds = float(np.log(begun[alive] / sizes[alive]).max(initial=0.0))
            if alive.any() and not resolved(table, rows[alive], folds):
                width = 0.5 * segment.width
                continue
            found.append(segment)
            if after.time >= until:
                return found, after
            slopes = rows[alive] @ table.derivative[-1] / segment.width
            ends = np.abs(rows[alive][:, [0, -1]])
            mean = np.log(ends[:, 0] / np.maximum(ends[:, 1], SMALLEST)) / segment.width
            end = -slopes / np.where(rows[alive, -1] == 0, 1.0, rows[alive, -1])
            # than in its mean a segment may fall at its end: more is rounding of its start
            falls[alive] = np.where(mean > 0, np.minimum(end, 1.2 * mean), end)
            place, width = after, np.inf if dead.all() else 2.0 * segment.width
        raise NoConvergence

    def _segment(self, place: Place, end: float, dead: Array) -> tuple[Segment, Place, Array]:
        """That from ``place`` to the time ``end``, the place there, and q, p and ‖v‖² (3, s + 1), which are 0
        where they are ``dead`` (3,).
        """
        here, begun = place.here, place.time - self.place.time
        elapsed = (end - place.time) * here.system.table.points
        states = self.states(begun + elapsed)
        deviation, alive = states[:, None], ~dead[:, None]
        rows = np.concatenate([self.statistics(begun + elapsed, states), np.vecdot(states, states)[None]])
        rows = np.where(alive, rows, 0.0)
        students = here.frame.T @ (here.modes.teacher + deviation)
        lengths = here.norms(deviation, students)
        frame = here.chart, here.orientation, here.frame
        segment = EndSegment(
            place.time, elapsed, *frame, rows[:2], lengths, here.modes.energy, self.exponentials, begun
        )
        last = Place(end, here, students[-1], deviation[-1], rows[:2, -1], lengths[..., -1], None)
        return segment, last, rows


@dataclass(frozen=True, eq=False)
class Exponentials:
    """What any mode follows from: with a = ``decay`` λ and b = λ w* it is Σ_k c_k b e^{−μ_k τ}/(a − μ_k), c
    the ``shares`` (n,) and μ the ``rates`` (n,), and e^{−aτ} times what the start has beside it.

    The coupled modes have the ``poles`` (P,) for a, and a − μ are their ``gaps`` (n, P).
    """

    decay: float
    rates: Array
    shares: Array
    poles: Array
    gaps: Array

    def carried(self, modes: Modes, state: Array, begun: float, elapsed: float) -> Array:
        """The y (N,) ``elapsed`` after a time ``begun`` at which it is ``state`` (N,).

        In an eigenspace that has a pole what is beside the sum is orthogonal to the teacher.
        """
        own, b, count = self.decay * modes.eigenvalues, modes.weighted[0], len(self.poles)
        known = np.minimum(np.searchsorted(-self.poles, -own), max(count - 1, 0))
        same = self.poles[known] == own if count else np.zeros(len(own), bool)
        gaps = own[:, None] - self.rates
        gaps[same] = self.gaps.T[known[same]]
        factors = b[:, None] * self.shares / np.where(gaps == 0, np.inf, gaps)
        before, after = (np.exp(-self.rates * time) for time in (begun, begun + elapsed))
        beside, groups, weights = state - factors @ before, known[same], b[same]
        squares = np.bincount(groups, weights**2, minlength=count)
        along = np.bincount(groups, weights * beside[same], minlength=count)
        beside[same] -= weights * (along / np.where(squares > 0, squares, 1.0))[groups]
        found: Array = factors @ after + np.exp(-own * elapsed) * beside
        return found


@dataclass(frozen=True, eq=False)
class EndSegment(Segment):
    """A part of the end, which starts ``begun`` after its place."""

    exponentials: Exponentials
    begun: float

    def carried(self, part: Part, modes: Modes, state: Array, students: Array) -> tuple[Array, Array]:
        """The y and w (1, N) at the end of the ``part``."""
        found = self.exponentials.carried(modes, state[0], self.begun, part.elapsed)[None]
        return found, found + modes.teacher


def _sizes(place: Place) -> Array:
    """q, |p| and ‖v‖² (3,)."""
    return np.append(np.abs(place.statistics), np.vecdot(place.deviation, place.deviation))


@np.errstate(divide="ignore", over="ignore", invalid="ignore")  # then the bracket is halved
def secular_roots(poles: Array, strengths: Array, first: int) -> tuple[Array, Array]:
    """The roots μ (n,) of f = 1 + Σ strengths/(poles − μ) from number ``first`` on, and poles − μ (n, N).

    ``poles`` (N,) descend; the ``strengths`` (N,) have one sign. Root k follows pole k, upwards if they are
    positive, else downwards. With δ its distance from the nearer pole, δ f is smooth: Newton's
    method, in brackets.

    >>> roots, _ = secular_roots(np.array([2.0, 1.0]), np.array([1.0, 1.0]), 0)
    >>> bool(np.allclose(roots, np.linalg.eigvalsh([[3.0, 1.0], [1.0, 2.0]])[::-1], rtol=1e-14))
    True
    """
    if not len(poles):
        return np.empty(0), np.empty((0, 0))
    numbers = np.arange(first, len(poles))
    beyond = numbers - int(np.sign(strengths[0]))
    between = (beyond >= 0) & (beyond < len(poles))
    beyond = np.where(between, beyond, numbers)
    reach = np.where(between, poles[beyond] - poles[numbers], np.maximum(strengths.sum(), -poles[numbers]))
    half = 0.5 * reach
    beside_half = poles - poles[numbers, None] - half[:, None]
    far = between & (1.0 + (strengths / beside_half).sum(axis=1) < 0)
    origin = np.where(far, beyond, numbers)
    own, gaps = strengths[origin], poles - poles[origin, None]
    others = np.where(np.arange(len(poles)) == origin[:, None], np.inf, gaps)
    low, high = np.zeros(len(numbers)), np.where(far, -half, np.where(between, half, reach))
    shift = own / (1.0 + (strengths / others).sum(axis=1))
    shift = np.where((shift - low) * (shift - high) < 0, shift, 0.5 * high)
    for _ in range(80):
        parts = strengths / (others - shift[:, None])
        rest = 1.0 + parts.sum(axis=1)
        value, slope = shift * rest - own, rest + shift * (parts / (others - shift[:, None])).sum(axis=1)
        before = (value > 0) == (own < 0)
        low, high = np.where(before, shift, low), np.where(before, high, shift)
        newton = shift - value / slope
        moved = np.where((newton - low) * (newton - high) < 0, newton, 0.5 * (low + high))
        settled = np.abs(moved - shift) <= 2.0 * EPSILON * np.abs(shift)
        shift = moved
        if settled.all():
            break
    return poles[origin] + shift, gaps - shift[:, None]


def resolved(table: Collocation, rows: Array, folds: float) -> bool:
    """Whether ``rows`` (r, s + 1), or the logarithms of those that keep their sign, are polynomials, to the
    rounding of what has decayed by as many e-``folds``.
    """
    ends = rows[:, -1:]
    signed = (rows * np.sign(ends) > 0).all(axis=1, keepdims=True)
    smooth = np.where(signed, np.log(np.where(signed, rows / np.where(ends == 0, 1.0, ends), 1.0)), rows)
    units = np.where(
        signed,
        np.maximum(np.ptp(smooth, axis=1, keepdims=True), 1.0),
        np.abs(rows).max(axis=1, keepdims=True),
    )
    last = np.abs(smooth @ table.to_chebyshev[-2:].T)
    return bool(np.all(last <= (RESOLVED + EPSILON * folds) * units))
