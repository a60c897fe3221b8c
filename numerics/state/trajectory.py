"""What a solve returns: the statistics on every step as polynomials, evaluated anywhere, and its phases."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.arrays import Array
from numerics.problems.problem import Problem
from numerics.quadrature.chebyshev import chebyshev_polynomials
from numerics.quadrature.collocation import Collocation
from numerics.shown.cards import Rows, Summarised
from numerics.shown.phases import Phases
from numerics.state.charts import Chart
from numerics.state.limits import Limit
from numerics.state.observables import Observables, Overlaps, observe, observe_all
from theory.constraint import Constraint
from theory.expected import checked

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


RESOLVED = 1e-14  # the last coefficients of a logarithm: below, they are rounding
START_ROUNDING = 1e-14  # of s(0): a run begun at s*/3 was never below
SLACK = 4.0 * float(np.finfo(float).eps)
"""A grid of times may end so much after ``until``, relatively: its last point is rounded."""
NEWTON = 2
FEW = 100
"""Times a segment up to which copies of its values for each of them cost less than to sort these."""
CHUNK = 2**14
"""Times that are evaluated at once: memory does not grow with their number, but for what is returned."""
FAR = 1e3
"""A quantity that falls by more on a segment crosses a level where its logarithm does."""
DRAWN = 400
"""Times of a picture."""


@dataclass(frozen=True, eq=False)
class Segment:
    """One step: ``statistics`` (n, s + 1) and ``norms`` (4, K, M, s + 1) at the collocation points, which
    are passed ``elapsed`` (s + 1,) after ``start``, in ``chart``, relative to the teacher P W* with P the
    ``orientation``. The statistics are those of the students R W, with R the ``frame`` (K, K).

    ``teacher_energy`` is that teacher's T (M, M). The norms are those of
    :func:`numerics.state.observables.norms`.
    """

    start: float
    elapsed: Array
    chart: Chart
    orientation: Array
    frame: Array
    statistics: Array
    norms: Array
    teacher_energy: Array

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


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Summarised):
    """A solved run: evaluate it with :meth:`overlaps` for any model; for one student and one teacher
    also with :meth:`at`, and find its phases with :meth:`phases`.

    ``problem`` is the reduced problem that was integrated, ``until`` the requested horizon, ``error`` an
    estimate of the relative error of all that :meth:`at` reports, at any time: the steps' truncation, that of
    their clocks included, their rounding, that of an overlap with the teacher whose terms cancel, and the
    reduction's own. Where u changes sign it is relative to its terms; so it is of 1 − u and 1 − s, whose
    terms are 1 and u/s* or s/s*
    until the loss is so low that the limit is known, and those of w ∓ w* from then on. Of networks it is
    relative to √(S_jj S_kk) and √(S_jj T_mm), at the teacher to those of the residuals, and counts what the
    flow amplifies, see :mod:`numerics.solver.amplification`: from 1 on nothing is known.
    A ``constraint`` is that of the model, where it has one.
    What this makes of the error of a network's loss is :meth:`loss_error`: where there are no coordinates at
    the teacher, as of links with a kink, the loss is a difference, and so are the distances.
    """

    problem: Problem
    table: Collocation
    segments: Sequence[Segment]
    limit: Limit
    until: float
    error: float
    constraint: Constraint | None = None

    @property
    def steps(self) -> int:
        """Number of steps up to ``until``."""
        return sum(segment.start < self.until for segment in self.segments)

    def at(self, times: Array | Sequence[float] | float) -> Observables:
        """The observables at ``times`` (any order, within [0, ``until``]), or at one time, without an axis.

        Raises ValueError for a time outside.
        """
        return Observables(*self._evaluate(times, self._observe))

    def overlaps(self, times: Array | Sequence[float] | float) -> Overlaps:
        """S, U, the loss and the distances at ``times`` (any order, within [0, ``until``]), for any model.

        Raises ValueError for a time outside.
        """
        return Overlaps(*self._evaluate(times, self._overlaps))

    def loss_error(self, times: Array | Sequence[float] | float) -> Array:
        """The absolute error of the loss at ``times``: its own, and that of S and U times its slopes.

        In coordinates at the teacher both fall with the loss. Without these, as of links with a kink, a loss
        below this is not known.

        Raises ValueError for a time outside [0, ``until``].
        """
        return self._evaluate(times, self._loss_error)[0]

    def facts(self) -> Rows:
        """How the run ended, in a few lines."""
        yield "until t", self.until
        if self.constraint is not None:
            yield "constraint", str(self.constraint)
        yield "limit", f"{self.limit.name}: {self.limit.reason}"
        if self._single:
            phases = self.phases()
            yield "T1, first |u| = 0.1 s*", phases.t1
            yield "T1', last rise of s through s*/3", phases.t1_prime
            yield "T2, |u| and s within 0.05 s* for good", phases.t2
        yield "modes, steps", f"{len(self.problem.eigenvalues)}, {self.steps}"
        yield "relative error", f"{self.error:.1e}"

    def dataset(self, times: Array | Sequence[float], **parameters: Any) -> "xr.Dataset":
        """The labelled observables at ``times``, the outcome and the phases among the attributes.

        T1 is at δ = 0.1 s*, T2 at ε = 0.05, unless ``parameters`` hold another ``delta`` or ``epsilon``. Of
        networks there are the overlaps, and no phases. See :func:`numerics.shown.labelled.dataset`.
        """
        outcome = {
            "limit": self.limit.name,
            "limit_reason": self.limit.reason,
            "teacher_energy": self.problem.teacher_energy,
            "dimension": self.problem.dimension,
            "until": self.until,
            **(self._measured(parameters) if self._single else {}),
            **({} if self.constraint is None else {"constraint": str(self.constraint)}),
            "modes": len(self.problem.eigenvalues),
            "steps": self.steps,
            "error": self.error,
        }
        curves = self.at(times) if self._single else self.overlaps(times)
        return curves.dataset(**(outcome | parameters))

    def plot(self) -> "Figure":
        """MSE, |u| and s from before the fastest mode moves, with T1, T1' and T2; of networks the loss."""
        from numerics.shown.figures import draw, phase_panel

        fastest = float(self.problem.eigenvalues.max()) * self.problem.teacher_energy
        times = np.geomspace(min(0.01 / fastest, 0.01 * self.until), self.until, DRAWN)
        if not self._single:
            return self.overlaps(times).plot()
        return draw([phase_panel(self.at(times), self.phases())])

    @property
    def _single(self) -> bool:
        """Whether there are one student and one teacher, to whose size it is compared."""
        free = self.segments[0].chart.scale_free
        return len(self.problem.students) == len(self.problem.teachers) == 1 and not free

    def _measured(self, parameters: Mapping[str, Any]) -> dict[str, float]:
        """T1, T1' and T2, and the levels that define them: the default ones or those of ``parameters``."""
        levels = {"delta": 0.1, "epsilon": 0.05}
        levels |= {name: float(parameters[name]) for name in levels if name in parameters}
        return {name: float(time) for name, time in self.phases(**levels)._asdict().items()} | levels

    def _evaluate(
        self,
        times: Array | Sequence[float] | float,
        quantities: Callable[[Segment, Array, Array, Array], tuple[Array, ...]],
    ) -> list[Array]:
        """The ``quantities`` (…, T) of the statistics and norms at the times, chart by chart."""
        t = _numbers(times)
        if not np.all((t >= 0) & (t <= self.until * (1.0 + SLACK))):
            raise ValueError(f"times must be numbers in [0, {self.until:g}]")
        scalar, t = t.ndim == 0, np.atleast_1d(np.minimum(t, self.until))
        if len(t) > CHUNK:
            parts = [self._evaluate(piece, quantities) for piece in np.array_split(t, -(-len(t) // CHUNK))]
            return [np.concatenate(part, axis=-1) for part in zip(*parts, strict=True)]
        owner = np.searchsorted(self._starts, t, side="right") - 1
        statistics, norms = self._interpolate(owner, t)
        stretch = self._stretches[owner]
        order = np.argsort(stretch, kind="stable")
        pieces = []
        for number in np.unique(stretch) if len(t) else [0]:
            here = stretch == number
            segment = self.segments[int(np.searchsorted(self._stretches, number))]
            pieces.append(quantities(segment, t[here], statistics[..., here], norms[..., here]))
        back = np.argsort(order)
        found = [np.concatenate(parts, axis=-1)[..., back] for parts in zip(*pieces, strict=True)]
        return [values[..., 0] for values in found] if scalar else found

    @cached_property
    def _starts(self) -> Array:
        """When the segments start."""
        return np.array([segment.start for segment in self.segments])

    @cached_property
    def _stretches(self) -> Array:
        """Numbers of the segments, equal for those that follow each other in one orientation and frame."""
        pairs = pairwise(self.segments)
        changes = [a.orientation is not b.orientation or a.frame is not b.frame for a, b in pairs]
        return np.concatenate([[0], np.cumsum(changes, dtype=int)])

    @cached_property
    def _clocks(self) -> tuple[Array, Array]:
        """The segments' times (S, s + 1) at the points, and the slopes of these."""
        elapsed = np.stack([segment.elapsed for segment in self.segments])
        return elapsed, elapsed @ self.table.derivative.T

    @cached_property
    def _statistics(self) -> "_Interpolant":
        """The statistics on every segment."""
        return _Interpolant(self.table, np.stack([segment.statistics for segment in self.segments]))

    @cached_property
    def _norms(self) -> "_Interpolant":
        """The norms on every segment."""
        return _Interpolant(self.table, np.stack([segment.norms for segment in self.segments]))

    def _interpolate(self, owner: Array, times: Array) -> tuple[Array, Array]:
        """The statistics (n, T) and norms (4, K, M, T) at ``times``, within the segments ``owner``."""
        basis = self.table.basis(self._places(owner, times))
        return self._statistics.at(owner, basis), self._norms.at(owner, basis)

    def _places(self, owner: Array, times: Array) -> Array:
        """Where in the segments ``owner`` (T,), from 0 to 1, ``times`` (T,) lie, 1 for those after the end.

        By Newton's method: the clock is monotone.
        """
        elapsed, slopes = self._clocks
        aim = np.clip(times - self._starts[owner], 0.0, elapsed[owner, -1])
        passed = elapsed + self._starts[:, None]
        places = np.arange(len(passed))[:, None] + self.table.points
        x = np.clip(np.interp(times, passed.ravel(), places.ravel()) - owner, 0.0, 1.0)
        clocks = np.stack([elapsed, slopes], axis=1)
        rough = clocks @ self.table.to_chebyshev.T
        for _ in range(NEWTON):
            polynomials = chebyshev_polynomials(2.0 * x - 1.0, self.table.stages)
            now, slope = _along(rough, owner, polynomials)
            x = np.clip(x - (now - aim) / slope, 0.0, 1.0)
        now, slope = _along(clocks, owner, self.table.basis(x))
        return np.clip(x - (now - aim) / slope, 0.0, 1.0)

    def _observe(self, segment: Segment, times: Array, statistics: Array, norms: Array) -> Observables:
        """The observables, relative to the chart and teacher of ``segment``."""
        if norms.shape[1:3] != (1, 1) or segment.chart.scale_free:
            raise ValueError(
                "these are observables of one student and one teacher: use overlaps for networks and "
                "normalised units"
            )
        return observe(self.problem, segment.chart, segment.sign, times, statistics, norms[:, 0, 0])

    def _overlaps(self, segment: Segment, times: Array, statistics: Array, norms: Array) -> Overlaps:
        """The overlaps with the user's teachers."""
        return observe_all(
            segment.chart,
            segment.orientation,
            segment.frame,
            segment.teacher_energy,
            times,
            statistics,
            norms,
        )

    def _loss_error(self, segment: Segment, _: Array, statistics: Array, norms: Array) -> tuple[Array]:
        """That of the loss."""
        chart, energy = segment.chart, segment.teacher_energy
        return (self.error * (chart.loss_terms(statistics, energy) + np.abs(chart.loss(statistics, energy))),)

    def phases(self, delta: float = 0.1, epsilon: float = 0.05) -> Phases:
        """The times T1(δ), T1' and T2(ε), with ``delta`` in units of s*.

        Raises ValueError unless 0 < delta < 1 and 0 < epsilon < 1, and for normalised units.
        """
        for name, value in (("delta", delta), ("epsilon", epsilon)):
            if not 0 < value < 1:
                raise ValueError(f"{name} is {value}: it must lie strictly between 0 and 1")
        if self.segments[0].chart.scale_free:
            raise ValueError("phases compare w with w*, whose size has no meaning for normalised units")
        energy = self.problem.teacher_energy
        escapes = [
            time
            for level in (delta * energy, -delta * energy)
            for time, _ in self._crossings(lambda segment: segment.overlap, level)
        ]
        first = self.segments[0]
        begun = abs(first.overlap[0]) >= delta * energy
        rises = self._crossings(lambda segment: segment.energy, energy / 3.0)
        upward = [time for time, rising in rises if rising]
        above = first.energy[0] >= (1.0 - START_ROUNDING) * energy / 3.0
        leaves = self.limit.name != "saddle"
        return Phases(
            t1=0.0 if begun else min(escapes, default=math.nan),
            t1_prime=max(upward, default=0.0 if above and not rises else math.nan) if leaves else math.nan,
            t2=self._settling_time(epsilon),
        )

    def lost_time(self, until: float) -> float:
        """∫ (1 − |u|/s*) dt from 0 to ``until``, u with the sign of the limit.

        A mode not yet learnt has grown as if it had been taught at full strength for the rest of the time.

        Raises ValueError for a time outside [0, the run's ``until``].
        """
        if not 0 <= until <= self.until:
            raise ValueError(f"until is {until}: it must lie in [0, {self.until:g}]")
        lost = 0.0
        for number, segment in enumerate(self.segments):
            if segment.start < until:
                deficit = segment.deficits(self.limit.sign)[0]
                end = self._places(np.array([number]), np.array([until]))[0]
                lost += self.table.integral(deficit, segment.elapsed, end)
        return lost

    def _settling_time(self, epsilon: float) -> float:
        """The last time before ``until`` at which |u|/s* or s/s* enters [1 − ε, 1 + ε] for good."""
        end = self.at([self.until])
        if max(abs(end.one_minus_u[0]), abs(end.one_minus_s[0])) > epsilon:
            return math.nan
        deficits = (
            lambda segment: segment.deficits(self.limit.sign)[0],
            lambda segment: segment.deficits(self.limit.sign)[1],
        )
        crossings = [
            time
            for deficit in deficits
            for level in (epsilon, -epsilon)
            for time, _ in self._crossings(deficit, level)
        ]
        return max(crossings, default=0.0)

    def _crossings(self, quantity: Callable[[Segment], Array], level: float) -> list[tuple[float, bool]]:
        """Times before ``until`` at which ``quantity``, given at each segment's points, crosses ``level``.

        Each comes with whether the quantity rises there.
        """
        found = []
        for segment in self.segments[: self.steps]:
            at_points = _beyond(quantity(segment), level)
            if (at_points > 0).all() or (at_points < 0).all():
                continue
            for x in self.table.roots(at_points):
                before, after = self.table.evaluate(at_points, np.clip([x - 1e-6, x + 1e-6], 0, 1))
                if (before > 0) != (after > 0):
                    elapsed = np.clip(self.table.evaluate(segment.elapsed, x), 0.0, segment.width)
                    found.append((segment.start + float(elapsed), bool(after > before)))
        return [crossing for crossing in found if crossing[0] <= self.until]


def _beyond(values: Array, level: float) -> Array:
    """By how much ``values`` (s + 1,) of a segment exceed the ``level`` ≠ 0, in its sign; by the logarithm of
    their ratio where they fall far, as a polynomial does not.
    """
    ratios = values / level
    far = ratios.min() > 0 and ratios.max() > FAR * ratios.min()
    return math.copysign(1.0, level) * (np.log(ratios) if far else ratios - 1.0)


def _numbers(times: Array | Sequence[float] | float) -> Array:
    """One time or a list of times as floats; raises ValueError for anything else."""
    try:
        t = np.asarray(times, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"times is {times!r}: it must be a number or a list of numbers") from None
    if t.ndim > 1:
        raise ValueError(f"times has the shape {t.shape}: it must be a number or a list of numbers")
    return t


class _Interpolant:
    """Quantities between the points of their segments.

    One that keeps its sign is interpolated by its logarithm where that is the smoother: a square falls on a
    step by the square of what its root falls by, and would lose as many digits relative to itself. One that
    nearly vanishes between the points has a logarithm that is not smooth there.
    """

    def __init__(self, table: Collocation, values: Array) -> None:
        """From ``values`` (S, …, s + 1) on the S segments at the points of the ``table``."""
        to_chebyshev, ends = table.to_chebyshev.T, values[..., -1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = values / ends
        signed = ((ratios > 0) & np.isfinite(ratios)).all(axis=-1, keepdims=True)
        logarithms = np.log(np.where(signed, ratios, 1.0))
        rough, smooth = (
            np.abs(part @ to_chebyshev[:, -2:]).max(axis=-1, keepdims=True) for part in (values, logarithms)
        )
        largest = np.abs(values).max(axis=-1, keepdims=True)
        chosen = signed & ((smooth < RESOLVED) | (smooth * largest < rough))
        self.values = np.where(chosen, logarithms, values)
        self.logarithmic, self.ends = chosen[..., 0], ends[..., 0]

    def at(self, owner: Array, basis: Array) -> Array:
        """The quantities (…, T) in the segments ``owner`` (T,) where the points' Lagrange polynomials are
        ``basis`` (s + 1, T).
        """
        found = _along(self.values, owner, basis)
        ends, logarithmic = (np.moveaxis(part[owner], 0, -1) for part in (self.ends, self.logarithmic))
        np.copyto(found, ends * np.exp(np.where(logarithmic, found, 0.0)), where=logarithmic)
        return found


def _along(values: Array, owner: Array, basis: Array) -> Array:
    """Σ_k ``values``_k ``basis``_k (…, T) with the values (S, …, k) of the segments ``owner`` (T,) and the
    basis (k, T): as a product of matrices for each segment where it has many of the times.
    """
    if len(owner) < FEW * len(values):
        return np.moveaxis(np.einsum("t...k,kt->t...", values[owner], basis), 0, -1)
    found = np.empty((*values.shape[1:-1], len(owner)))
    for number in np.unique(owner):
        chosen = np.flatnonzero(owner == number)
        together = chosen[-1] - chosen[0] == len(chosen) - 1
        here = slice(chosen[0], chosen[-1] + 1) if together else chosen
        found[..., here] = values[number] @ basis[:, here]
    return found
