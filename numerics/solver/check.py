"""Facts that every gradient flow of these models obeys, verified on a solution at little cost."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import join, rotate, split
from numerics.state.modes import Modes
from numerics.state.segment import Segment
from numerics.state.trajectory import Trajectory

SLACK = 1e-11
"""Relative excess that counts as rounding, beside the run's own error."""

UNDERFLOW = 1e-280
"""Squares below this have lost digits to the smallest float."""


class BrokenLaw(ArithmeticError):
    """A solution breaks a law of the flow: do not trust it."""


def check_trajectory(run: Trajectory, students: Array | None = None) -> None:
    """Verify what holds for every problem and model, at all collocation points:

    - the loss falls, with weight decay κ that and (κ/2) ‖W‖², with momentum that and ½ ‖Ẇ‖²;
    - [[S, U], [Uᵀ, T]] is a Gram matrix, without negative eigenvalue, and so is [[q, p], [pᵀ, T]] in the
      teacher's chart: for one student and one teacher u² ≤ s s*, hence L ≥ 3(s − s*)² [Lem 3];
    - the statistics at the start are those of the modes, and at the end if the ``students`` W (K, N) of
      the last step's end are given;
    - where the limit is ±teacher, u ends on its side.

    In phase retrieval with one eigenvalue s ≤ s* and 0 < |u| < s* persist [Lem 11]; for other spectra neither
    does. What exceeds a law by less than ``SLACK`` and the run's own error is rounding.

    Raises :class:`BrokenLaw`, naming the law and the time.

    >>> from numerics import Problem, solve
    >>> check_trajectory(solve(Problem([1.0, 0.5], [1.0, 1.0], [0.1, 0.2]), 10.0))
    """
    slack = SLACK + run.error
    ends = [(run.segments[0], 0, run.problem.students)]
    if students is not None:
        ends.append((run.segments[-1], -1, students))
    for segment, point, state in ends:
        _check_modes(run, segment, point, state, slack)
    lowest, scale = np.inf, 0.0
    for stretch in _stretches(run):
        _require(_is_gram(stretch, slack), stretch.times, "the overlaps are not those of any vectors")
        centred = stretch.first.chart.centred
        scale = max(scale, abs(float(stretch.loss[0]))) if centred else 0.0
        before = np.minimum.accumulate(np.concatenate([[lowest], stretch.loss]))[:-1]
        allowed = before + slack * (np.abs(stretch.loss) + scale + stretch.loss_terms) + UNDERFLOW
        _require(stretch.loss <= allowed, stretch.times, "the loss rises")
        lowest = min(lowest, float(stretch.loss.min()))
    if run.limit.name in ("+teacher", "-teacher"):
        last = run.segments[-1]
        _require(last.overlap[-1:] * run.limit.sign > 0, last.start + last.width, "u ends on the wrong side")
        if not run.of_flow():
            _check_one_eigenvalue(run, slack)


class _Stretch(NamedTuple):
    """Consecutive steps in one chart: ``times`` (P,), ``statistics`` (n, P) and ``loss`` (P,)."""

    first: Segment
    times: Array
    statistics: Array
    loss: Array

    @property
    def loss_terms(self) -> Array:
        """What errors of the statistics make of the loss (P,)."""
        return self.first.chart.loss_terms(self.statistics, self.first.teacher_energy)


def _stretches(run: Trajectory) -> Iterator[_Stretch]:
    for _, group in groupby(run.segments, key=lambda segment: id(segment.chart)):
        steps = list(group)
        times = np.concatenate([step.start + step.elapsed for step in steps])
        statistics = np.concatenate([step.statistics for step in steps], axis=1)
        loss = steps[0].chart.loss(statistics, steps[0].teacher_energy)
        loss = loss + np.concatenate([run.beside_loss(step) for step in steps])
        yield _Stretch(steps[0], times, statistics, loss)


def _check_modes(run: Trajectory, segment: Segment, point: int, students: Array, slack: float) -> None:
    """The overlaps at a ``point`` of a step against those of the ``students`` W (K, N) there."""
    modes = Modes(run.problem.eigenvalues, segment.orientation @ run.problem.teachers)
    found = segment.chart.overlaps(segment.statistics[:, [point]], segment.teacher_energy)[:, 0]
    found = join(*rotate(segment.frame.T, *split(found, len(students), len(modes.teacher))))
    excess = np.abs(found - modes.statistics(students)) - slack * modes.term_sizes(students)
    _require(excess <= UNDERFLOW, segment.start, "the statistics are not those of the modes")


def _is_gram(stretch: _Stretch, slack: float) -> Array:
    """Whether the statistics (n, P) are inner products of the chart's vectors and the teachers: (P,)."""
    students, teachers = stretch.first.norms.shape[1:3]
    S, U = split(stretch.statistics, students, teachers)
    T = np.broadcast_to(stretch.first.teacher_energy[..., None], (teachers, teachers, S.shape[-1]))
    above, below = np.concatenate([S, U], axis=1), np.concatenate([np.swapaxes(U, 0, 1), T], axis=1)
    gram = np.moveaxis(np.concatenate([above, below]), -1, 0)
    lengths = np.sqrt(np.maximum(np.einsum("pjj->pj", gram), UNDERFLOW))
    cosines = gram / (lengths[:, :, None] * lengths[:, None, :])
    return np.linalg.eigvalsh(cosines)[:, 0] >= -slack


def _check_one_eigenvalue(run: Trajectory, slack: float) -> None:
    """0 < |u| < s* and s ≤ s* persist if the drift is phase retrieval's and all energy has one eigenvalue."""
    first, energy = run.segments[0], run.problem.teacher_energy
    weights = run.problem.eigenvalues * np.sum(run.problem.teachers**2, axis=0)
    weights = weights + run.problem.eigenvalues * np.sum(run.problem.students**2, axis=0)
    same = np.ptp(run.problem.eigenvalues[weights > 0]) == 0
    s, u = first.energy[:1], first.overlap[:1]
    if not (same and first.chart.centred and s <= energy and 0 < abs(u) < energy):
        return
    gain, force = first.chart.drift(first.statistics[:, :1], first.teacher_energy)
    if not np.allclose([gain.item(), force.item()], [4 * (energy - 3 * s[0]), 8 * u[0]], rtol=1e-9):
        return
    for step in run.segments:
        inside = np.all(step.deficits(run.limit.sign) >= -slack, axis=0) & (step.overlap * np.sign(u) > 0)
        _require(inside, step.start + step.elapsed, "|u| or s leaves the interval up to s*")


def _require(holds: Array, times: Array | float, law: str) -> None:
    """Raise :class:`BrokenLaw` with the first of the ``times`` at which ``law`` does not hold."""
    if not np.all(holds):
        at = np.broadcast_to(times, np.shape(holds))[~np.asarray(holds)][0]
        raise BrokenLaw(f"{law} at t = {at:.6g}: this solution is not to be trusted")
