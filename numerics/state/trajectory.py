"""What a solve returns: the statistics on every step as polynomials, evaluated anywhere, and its phases."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.arrays import Array
from numerics.problems.eigenspaces import add
from numerics.problems.problem import Problem
from numerics.quadrature.chebyshev import chebyshev_polynomials
from numerics.quadrature.collocation import Collocation
from numerics.shown.cards import Rows, Summarised
from numerics.shown.phases import Phases
from numerics.state.followed import Orders, Weights, aim, followed, orders
from numerics.state.limits import Limit
from numerics.state.observables import Observables, Overlaps, observe, observe_all
from numerics.state.segment import Part, Segment
from numerics.state.symbols import evaluated
from theory.constraint import Constraint
from theory.expected import RelativeError, checked

if TYPE_CHECKING:
    import sympy
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


RESOLVED = 1e-14  # the last coefficients of a logarithm: below, they are rounding
SLACK = 4.0 * float(np.finfo(float).eps)
"""A grid of times may end so much after ``until``, relatively: its last point is rounded."""
CHUNK = 2**14
"""Times that are evaluated at once: memory does not grow with their number, but for what is returned."""
Times = Array | Sequence[float] | float | None
"""One time, a list of times, or those of the run."""
HOLDS = "curves at these times; modes, other orders and restarts need the run itself, or run.final.save(file)"
"""What a dataset says that it is."""


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
    A ``constraint`` is that of the model, where it has one; ``given`` is the problem before its reduction,
    and ``rtol`` the error that was good enough, where full accuracy was not asked for.
    Where times are left out they are :attr:`times`.
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
    rtol: RelativeError | None = None
    given: Problem | None = None

    @cached_property
    def times(self) -> Array:
        """Times (400,) from before the fastest mode moves to ``until``, in equal ratios."""
        fastest = float(self.problem.eigenvalues.max()) * self.problem.teacher_energy
        return np.geomspace(min(0.01 / fastest, 0.01 * self.until), self.until, 400)  # times of a picture

    @property
    def steps(self) -> int:
        """Number of steps up to ``until``."""
        return sum(segment.start < self.until for segment in self.segments)

    def at(self, times: Times = None) -> Observables:
        """The observables at ``times`` (any order, within [0, ``until``]), or at one time, without an axis.

        Raises ValueError for a time outside.
        """
        return Observables(*self._evaluate(times, self._observe))

    def overlaps(self, times: Times = None) -> Overlaps:
        """S, U, the loss and the distances at ``times`` (any order, within [0, ``until``]), for any model.

        Raises ValueError for a time outside.
        """
        return Overlaps(*self._evaluate(times, self._overlaps))

    def loss_error(self, times: Times = None) -> Array:
        """The absolute error of the loss at ``times``: its own, and that of S and U times its slopes.

        In coordinates at the teacher both fall with the loss. Without these, as of links with a kink, a loss
        below this is not known.

        Raises ValueError for a time outside [0, ``until``].
        """
        return self._evaluate(times, self._loss_error)[0]

    def of_flow(self) -> dict[str, Any]:
        """What was asked beside the gradient of the loss, by its name on the command line."""
        asked = {"constraint": self.constraint and str(self.constraint), "rtol": self.rtol}
        return {name: value for name, value in asked.items() if value is not None}

    def beside_loss(self, segment: Segment) -> Array:
        """What falls together with the loss (s + 1,), at the points of a ``segment``."""
        rate = 0.0 if self.constraint is None else float(self.constraint.rate)
        lengths: Array = segment.norms[0, :, 0].sum(axis=0)
        return 0.5 * rate * lengths

    def modes(self, times: Times = None, *, reduced: bool = False) -> Weights:
        """Every mode w_i at ``times``: of the problem that was given, or those of the ``reduced`` one.

        Given the statistics each mode is linear: it is solved by the collocation that the steps were taken
        with, up to each of the times. Its error relative to the largest mode is of the order of ``error``.

        Raises ValueError for a time outside [0, ``until``], and for modes that a reduced problem has left out
        of a wide network with a constraint.

        >>> from numerics import Problem, solve
        >>> run = solve(Problem([0.6, 0.3, 0.1], [1, -1, 1], [0.2, 0.1, 0.3]), until=50.0)
        >>> run.modes(50.0).w.round(3).tolist()
        [1.0, -1.0, 1.0]
        """
        problem = self.problem if reduced or self.given is None else self.given
        scalar, t = self._within(times)
        order = np.argsort(t, kind="stable")
        found = followed(problem, self.segments[: self.steps], self._part, t[order])
        shape = (*problem.init.shape, len(t))
        w, deviation = (values[..., np.argsort(order)].reshape(shape) for values in found)
        if scalar:
            return Weights(t[0], problem.eigenvalues, w[..., 0], deviation[..., 0])
        return Weights(t, problem.eigenvalues, w, deviation)

    def weights(self, times: Times = None) -> Array:
        """w (T, D), or (D,) at one time, in the coordinates of the problem's data; of networks (K, …).

        Raises ValueError for a time outside [0, ``until``], and where the problem has no basis.

        >>> from numerics import from_covariance, solve
        >>> run = solve(from_covariance([[2.0, 1.0], [1.0, 2.0]], [1, 0], [0.5, 0.1]), until=10.0)
        >>> run.weights(10.0).round(9).tolist()
        [1.0, 0.0]
        """
        problem = self.problem if self.given is None else self.given
        w = self.modes(times).w
        return problem.in_coordinates(w if w.ndim == problem.init.ndim else np.swapaxes(w, -1, -2))

    def statistics(self, order: float, times: Times = None) -> Orders:
        """s^(k) and u^(k) of the ``order`` k at ``times``, also of 0 and negative ones where they are finite.

        A problem that was given reduced, as in infinite dimension, keeps whole orders from 0 on.

        Raises ValueError for an order or a time that is not allowed.

        >>> from numerics import Problem, solve
        >>> run = solve(Problem([0.6, 0.3, 0.1], [1, -1, 1], [0.2, 0.1, 0.3]), until=50.0)
        >>> float(run.statistics(0, 50.0).s.round(3)), float(run.statistics(-1, 50.0).teacher.round(3))
        (3.0, 15.0)
        """
        problem = self.problem if self.given is None else self.given
        scalar, t = self._within(times)
        found = orders(problem, self.modes(t), float(order))
        if scalar:
            return found._replace(
                t=t[0],
                **{name: getattr(found, name)[..., 0] for name in ("s", "u", "one_minus_u", "one_minus_s")},
            )
        return found

    @property
    def final(self) -> Problem:
        """The problem that goes on from ``until``, see :meth:`restart`."""
        return self.restart(self.until)

    def restart(self, time: float) -> Problem:
        """The problem whose start is the run at a ``time``: solve it to go on, with another model if need be.

        Its ``relative_error`` is the run's ``error``, and it is faithful for as long as the one given was.

        Raises ValueError for a time outside [0, ``until``], and at the horizon of a reduced problem.

        >>> from numerics import Problem, solve
        >>> whole = solve(Problem([0.6, 0.3, 0.1], [1, -1, 1], [0.2, 0.1, 0.3]), until=30.0)
        >>> rest = solve(whole.restart(10.0), until=20.0)
        >>> abs(float(rest.at(20.0).loss / whole.at(30.0).loss) - 1) < 1e-10
        True
        """
        problem = self.problem if self.given is None else self.given
        if not time < problem.horizon:
            raise ValueError(
                f"the problem is faithful up to t = {problem.horizon:g}, and a restart at {time:g} has "
                "no time left: give power_law a longer horizon"
            )
        found = self.modes(float(time))
        init, rest = add(aim(problem, self.segments[-1]).reshape(found.w.shape), found.deviation)
        return replace(
            problem, init=init, init_rest=rest, relative_error=self.error, horizon=problem.horizon - time
        )

    def __getitem__(self, asked: "sympy.Expr | tuple[sympy.Expr, Times]") -> Array:
        """A function of the model's symbols along the run: ``run[u]``, ``run[1 - u/t, times]``, t being s*.

        Near ±w* it is evaluated in what u and s differ by from their limits, so that 1 − u/t, or a loss,
        keeps its relative accuracy. Networks have the symbols S11, …, U11, …, T11, …; they are taken as they
        are.

        Raises ValueError for other symbols, and for times outside [0, ``until``].

        >>> import sympy
        >>> from numerics import Problem, solve
        >>> u, t = sympy.symbols("u t")
        >>> run = solve(Problem([1.0], [1.0], [0.1]), until=10.0)
        >>> f"{float(run[1 - u / t, 10.0]):.6e}"
        '2.910245e-103'
        """
        expression, times = asked if isinstance(asked, tuple) else (asked, None)
        function = evaluated(expression, len(self.problem.students), len(self.problem.teachers))
        return self._evaluate(times, function)[0]

    def facts(self) -> Rows:
        """How the run ended, in a few lines."""
        yield "until t", self.until
        yield from self.of_flow().items()
        yield "limit", f"{self.limit.name}: {self.limit.reason}"
        if self._single:
            phases = self.phases()
            yield "T1, first |u| = 0.1 s*", phases.t1
            yield "T1', last rise of s through s*/3", phases.t1_prime
            yield "T2, |u| and s within 0.05 s* for good", phases.t2
        yield "modes, steps", f"{len(self.problem.eigenvalues)}, {self.steps}"
        yield "relative error", f"{self.error:.1e}"

    def dataset(self, times: Times = None, **parameters: Any) -> "xr.Dataset":
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
            **self.of_flow(),
            "modes": len(self.problem.eigenvalues),
            "steps": self.steps,
            "error": self.error,
            "holds": HOLDS,
        }
        return self._curves(times).dataset(**(outcome | parameters))

    def plot(self, ax: "Axes | None" = None, label: str = "", **line: Any) -> "Figure":
        """MSE, |u| and s at :attr:`times`, with T1, T1' and T2; of networks the loss.

        On axes ``ax`` of one's own, too, where several runs may be drawn, each with its ``label``; ``line``
        are options of matplotlib's ``plot``, as ``linestyle="--"``.
        """
        from numerics.shown.figures import draw, phase_panel

        if ax is not None or label or line or not self._single:
            return self._curves(None).plot(ax, label, **line)
        return draw([phase_panel(self.at(), self.phases())])

    def _curves(self, times: Times) -> Observables | Overlaps:
        """What there is to show."""
        return self.at(times) if self._single else self.overlaps(times)

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
        times: Times,
        quantities: Callable[[Segment, Array, Array, Array], tuple[Array, ...]],
    ) -> list[Array]:
        """The ``quantities`` (…, T) of the statistics and norms at the times, chart by chart."""
        scalar, t = self._within(times)
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

    def _within(self, times: Times) -> tuple[bool, Array]:
        """Whether ``times`` is one time, and the times (T,)."""
        t = self.times if times is None else _numbers(times)
        if not np.all((t >= 0) & (t <= self.until * (1.0 + SLACK))):
            raise ValueError(f"times must be numbers in [0, {self.until:g}]")
        return t.ndim == 0, np.atleast_1d(np.minimum(t, self.until))

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
        for _ in range(2):
            polynomials = chebyshev_polynomials(2.0 * x - 1.0, self.table.stages)
            now, slope = _along(rough, owner, polynomials)
            x = np.clip(x - (now - aim) / slope, 0.0, 1.0)
        now, slope = _along(clocks, owner, self.table.basis(x))
        return np.clip(x - (now - aim) / slope, 0.0, 1.0)

    def _part(self, number: int, time: float) -> Part:
        """That of the segment of this ``number`` up to the ``time``."""
        owner, segment = np.array([number]), self.segments[number]
        whole = time >= segment.start + segment.width
        place = 1.0 if whole else float(self._places(owner, np.array([time]))[0])
        inside, nodes = place * self.table.nodes, np.repeat(owner, self.table.stages)
        basis = self.table.basis(inside)
        statistics = self._statistics.at(nodes, basis)
        clock = _along(self._clocks[1], nodes, basis) * place
        return Part(self.table, place, min(time - segment.start, segment.width), statistics, clock)

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
        # of s(0): a run begun at s*/3 was never below
        above = first.energy[0] >= (1.0 - 1e-14) * energy / 3.0
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
    # a quantity that falls by more on a segment crosses a level where its logarithm does
    far = ratios.min() > 0 and ratios.max() > 1e3 * ratios.min()
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
    # times a segment up to which copies of its values for each of them cost less than to sort these
    if len(owner) < 100 * len(values):
        return np.moveaxis(np.einsum("t...k,kt->t...", values[owner], basis), 0, -1)
    found = np.empty((*values.shape[1:-1], len(owner)))
    for number in np.unique(owner):
        chosen = np.flatnonzero(owner == number)
        together = chosen[-1] - chosen[0] == len(chosen) - 1
        here = slice(chosen[0], chosen[-1] + 1) if together else chosen
        found[..., here] = values[number] @ basis[:, here]
    return found
