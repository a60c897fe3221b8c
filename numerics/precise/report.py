"""What is reported of a state at any precision, and how far two runs agree on it."""

from operator import mul
from typing import NamedTuple

import numpy as np
from flint import arb, arb_mat
from mpmath import mp, mpf

from numerics.arrays import Array
from numerics.precise.step import PreciseModes, number, table
from numerics.state.charts import Chart
from numerics.state.observables import Observables, Overlaps

NEGLIGIBLE = mpf(10) ** -450  # above what a run resolves: numerics.precise.step.SMALLEST


class Report(NamedTuple):
    """The results at some times; ``observables`` only for one student and one teacher."""

    overlaps: Overlaps
    observables: Observables | None


class Snapshot(NamedTuple):
    """A state y (K × N) at ``time`` in ``chart``, relative to the teacher P W* with P the ``orientation``."""

    time: mpf
    chart: Chart
    orientation: Array
    deviation: arb_mat


def report(modes: PreciseModes, dimension: float, snapshots: list[Snapshot]) -> Report:
    """The results at the times of the ``snapshots``; ``modes`` hold the user's teacher."""
    parts = [_at(modes, snapshot) for snapshot in snapshots]
    times = np.array([snapshot.time for snapshot in snapshots], dtype=object)
    overlaps = Overlaps(
        times, *(np.stack(list(part), axis=-1) for part in list(zip(*parts, strict=True))[:4])
    )
    if len(modes.energy) > 1 or len(overlaps.S) > 1:
        return Report(overlaps, None)
    one_minus_u, one_minus_s, own, along, opposite = np.stack([part[4] for part in parts], axis=-1)
    nearest = np.minimum(overlaps.distances[0, 0], opposite)
    mse = nearest / dimension if np.isfinite(dimension) else 0 * nearest + mp.nan
    return Report(
        overlaps,
        Observables(
            times,
            overlaps.U[0, 0],
            overlaps.S[0, 0],
            one_minus_u,
            one_minus_s,
            overlaps.loss,
            mse,
            2 * abs(along) - own,
        ),
    )


def _at(modes: PreciseModes, snapshot: Snapshot) -> tuple[Array, Array, mpf, Array, Array]:
    """S (K, K), U (K, M), loss, distances (K, M), and of one student and teacher 1 − |u|/s*, 1 − s/s*, ‖w‖²,
    ⟨w, w*⟩ and ‖w + w*‖².
    """
    chart, P = snapshot.chart, snapshot.orientation
    turned = modes.turned(P)
    y = table(snapshot.deviation)
    statistics = turned.statistics(snapshot.deviation, len(y))
    x = chart.overlaps(statistics, turned.energy)[:, 0]
    rows, columns = np.triu_indices(len(y))
    S = np.empty((len(y), len(y)), dtype=object)
    S[rows, columns] = S[columns, rows] = x[: len(rows)]
    U = x[len(rows) :].reshape(len(y), -1).dot(P.astype(int))
    loss = chart.loss(statistics, turned.energy)[0]
    base = table(turned.teacher) if not chart.centred else [[arb()] * len(row) for row in y]
    star = table(modes.teacher)
    distances = np.array(
        [
            [_square([(a - b) + c for a, b, c in zip(p, t, r, strict=True)]) for t in star]
            for p, r in zip(base, y, strict=True)
        ],
        dtype=object,
    )
    single = np.array([], dtype=object)
    if len(y) == len(star) == 1:
        folded = np.stack([x[:1], abs(x[1:])]) if chart.centred else statistics
        deficits = chart.deficits(folded, turned.energy)[:, 0, 0]
        w = [a + b for a, b in zip(base[0], y[0], strict=True)]
        opposite = _square([(a + b) + c for a, b, c in zip(base[0], star[0], y[0], strict=True)])
        along = number(sum(map(mul, w, star[0]), arb()))
        single = np.array([*deficits, _square(w), along, opposite], dtype=object)
    return S, U, loss, distances, single


def _square(row: list[arb]) -> mpf:
    return number(sum((x * x for x in row), arb()))


def relative_change(first: Report, second: Report) -> float:
    """The largest relative difference between two reports.

    For networks entries of S and U are measured in units √(S_jj S_kk) and √(S_jj T_mm), since some vanish up
    to rounding, and the loss in units of its largest value, since it cancels near most of its minima.
    """
    a, b = first.overlaps, second.overlaps
    changes = [_relative(a.distances, b.distances)]
    if first.observables is not None and second.observables is not None:
        names = ("u", "s", "one_minus_u", "one_minus_s", "loss")
        pairs = ((getattr(first.observables, name), getattr(second.observables, name)) for name in names)
        return max(*changes, *(_relative(x, y) for x, y in pairs))
    changes.append(float(max(abs(a.loss - b.loss)) / max(abs(b.loss))))
    lengths = np.sqrt(np.maximum(np.einsum("jjt->jt", b.S), 0).astype(float))
    S = abs(a.S - b.S).astype(float) / (lengths[:, None] * lengths)
    U = abs(a.U - b.U).astype(float) / lengths[:, None]
    return max(*changes, float(S.max()), float(U.max()))


def _relative(first: Array, second: Array) -> float:
    """Zeros must be met exactly, and what is below :data:`NEGLIGIBLE` of the largest entry counts as one."""
    floor = NEGLIGIBLE * max(abs(second).flat)
    return max(
        float(abs(x - y) / max(abs(x), abs(y), floor)) if x != y else 0.0
        for x, y in zip(first.flat, second.flat, strict=True)
    )
