"""Exact reduction: a smaller problem of the same form that the flow cannot tell from the large one.

Every statistic is Σ_i φ(λ_i) × (a product of two of w_i(0), w*_i) with one smooth φ for all modes, so the
flow sees the spectrum only through the vector measure of (w*, w(0)) over λ: of n = M + K rows for M teachers
and K students. Modes that share an eigenvalue are merged into at most n. Modes whose eigenvalues lie in one
bin are replaced by the m-block Gauss quadrature of their measure, which keeps the moments of orders
0 … 2m − 1: hence S, U, ‖w‖² and ‖w − w*‖² at the start, to rounding.

Until the time ``horizon`` T the function φ varies with λ as e^{−16 λ τ}, where τ is the clock ∫ E dt ≤ T E of
the larger energy E of teacher and start. That is the clock of phase retrieval, where ‖A‖ ≤ 8E; a faster model
asks for a longer time. The bins are geometric in λ − λ_min + 1/(4TE): they resolve the slowest modes when
TE ≫ 1/λ_min, and lump together those that have not moved when TE ≪ 1/λ_min (up to a ratio of 64, so that
rounding stays relative to each bin's energy).
"""

import math
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial.chebyshev import chebpts1, chebvander

from numerics.arrays import Array
from numerics.problems.block_gauss import block_lanczos, chebyshev_moments, gauss_rules, restored
from numerics.problems.eigenspaces import add, merge
from numerics.problems.problem import Problem
from numerics.quadrature.chebyshev import chebyshev_polynomials
from numerics.quadrature.index_rule import DECAYED
from theory.expected import Positive, checked

BIN_RATIO = 4.0
FROZEN_RATIO = 64.0
BLOCKS = 15
NARROW = 1e-3  # half a bin in units of its eigenvalues: what they lose in the last digit is 1e-13 of that
MERGED_ROUNDING = 8.0 * np.finfo(float).eps  # of an overlap of merged modes, in units of its terms
TOLERANCE = 3e-13
TIMES_PER_DECADE = 16


@checked
def reduce(problem: Problem, horizon: Positive, tolerance: float = TOLERANCE) -> Problem:
    """Replace ``problem`` by one of a few hundred modes, equivalent for times up to ``horizon``.

    Returns an ordinary problem with the same ``dimension``. Its ``relative_error`` bounds the change of the
    sums Σ λ e^{−16λτ} w_a w_b relative to the geometric mean of those of w_a² and w_b², at all clock times τ:
    what the moments have changed, and the Chebyshev coefficients of λ e^{−16λτ} beyond them. A sum that has
    died out counts as what the longest-lived leaves of the least one: the flow sees w − w*. The number of
    blocks is raised until it is below ``tolerance`` or falls no further. One pass over the modes.

    Raises ValueError unless 0 < tolerance < 1.

    >>> rng = np.random.default_rng(0)
    >>> large = Problem(np.arange(1.0, 5001.0) ** -2, rng.normal(size=5000), rng.normal(size=5000))
    >>> small = reduce(large, horizon=1e6)
    >>> len(small.eigenvalues) < 400, small.dimension
    (True, 5000)
    >>> bool(abs(small.teacher_energy / large.teacher_energy - 1) < 1e-14)
    True
    """
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance is {tolerance}: it must lie strictly between 0 and 1")
    clock = min(horizon * max(problem.teacher_energy, problem.start_energy), 1e300)
    modes = _merged(problem)
    moving = int(np.searchsorted(-modes.eigenvalues, 0.0))
    fast, still = modes.part(slice(moving)), modes.part(slice(moving, None))
    fast, error = _reduced(fast, clock, tolerance)
    modes = fast.joined(still)
    same = len(modes.eigenvalues) == len(problem.eigenvalues)
    return Problem(
        modes.eigenvalues,
        modes.teachers.reshape(*problem.teacher.shape[:-1], -1),
        modes.students.reshape(*problem.init.shape[:-1], -1),
        dimension=problem.dimension,
        relative_error=problem.relative_error + error,
        horizon=problem.horizon if same else min(horizon, problem.horizon),
        init_rest=modes.rest,
        directions=problem.spectrum,
    )


class _Rows(NamedTuple):
    """Modes in descending order: ``teachers`` (M, N), ``students`` (K, N) and their ``rest`` (K, N)."""

    eigenvalues: Array
    teachers: Array
    students: Array
    rest: Array

    def part(self, piece: slice | Array) -> "_Rows":
        """Some of the modes."""
        return _Rows(*(part[..., piece] for part in self))

    def joined(self, other: "_Rows") -> "_Rows":
        """These modes and the ``other``, in descending order."""
        both = _Rows(*(np.concatenate(pair, axis=-1) for pair in zip(self, other, strict=True)))
        order = np.argsort(-both.eigenvalues, kind="stable")
        return _Rows(*(part[..., order] for part in both))


def _merged(problem: Problem) -> _Rows:
    """The modes with equal eigenvalues merged, without loss of what is between a student and its teacher."""
    rest = problem.init_rest + np.zeros_like(problem.students)
    order = np.argsort(-problem.eigenvalues, kind="stable")
    modes = _Rows(problem.eigenvalues, problem.teachers, problem.students, rest).part(order)
    if (modes.eigenvalues[1:] < modes.eigenvalues[:-1]).all() or rest.any():  # a rest is that of merged modes
        return modes
    if len(problem.teachers) == len(problem.students) == 1:
        eigenvalues, *rows = merge(modes.eigenvalues, modes.teachers[0], modes.students[0])
        return _Rows(eigenvalues, *(row[None] for row in rows))
    near = _nearest(modes)
    return _Rows(*_from_deviations(*_merge_equal(modes.eigenvalues, _deviations(modes, near)), near))


def _reduced(modes: _Rows, clock: float, tolerance: float) -> tuple[_Rows, float]:
    """The rule for ``modes`` with λ > 0, and its error.

    The rows may be combined: of a start near ±w* it is the measure of (w*, w ∓ w*) that keeps its digits.
    """
    near = _nearest(modes)
    rows = _deviations(modes, near)
    used = rows.any(axis=1)
    nodes, vectors, error = _reduce_moving(modes.eigenvalues, rows[used], clock, tolerance)
    if nodes is modes.eigenvalues:
        return modes, error
    full = np.zeros((len(rows), len(nodes)))
    full[used] = vectors
    return _Rows(*_from_deviations(nodes, full, near)), error


def _nearest(modes: _Rows) -> Array:
    """P (K, M): ±1 where w_j ∓ w*_m has the least energy, and below a quarter of that of w*_m; else 0."""
    near = np.zeros((len(modes.students), len(modes.teachers)))
    energies = modes.teachers**2 @ modes.eigenvalues
    for student, row in zip(modes.students, near, strict=True):
        away = np.stack([(student - sign * modes.teachers) ** 2 @ modes.eigenvalues for sign in (1.0, -1.0)])
        sign, teacher = np.unravel_index(np.argmin(away / energies), away.shape)
        # of the teacher's energy: a start whose deviation has less is reduced by its deviation
        if away[sign, teacher] < 0.25 * energies[teacher]:
            row[teacher] = 1.0 - 2.0 * sign
    return near


def _deviations(modes: _Rows, near: Array) -> Array:
    """W* and W − P W* (M + K, N), with P the teachers ``near``."""
    return np.concatenate([modes.teachers, modes.students - near @ modes.teachers + modes.rest])


def _from_deviations(eigenvalues: Array, rows: Array, near: Array) -> tuple[Array, Array, Array, Array]:
    """The eigenvalues, W*, W and its rest, from the ``rows`` of :func:`_deviations`."""
    teachers, deviations = np.split(rows, [near.shape[1]])
    return eigenvalues, teachers, *add(near @ teachers, deviations)


def reduce_stream(
    chunks: Iterable[tuple[Array, Array]], clock: float, tolerance: float = TOLERANCE
) -> tuple[Array, Array, float]:
    """Nodes (N,), vectors (n, N) and relative error of the rule for modes that come in ``chunks``.

    Each chunk holds eigenvalues λ > 0, descending from chunk to chunk, and rows (n, …). It is reduced when it
    comes, and what is left of all of them at the end, so that memory does not grow with their number. Errors
    are relative to a geometric mean of sums over the chunk, hence at most that of sums over all.
    """
    nodes, vectors, errors = zip(
        *(_reduce_moving(*_descending(*chunk), clock, tolerance) for chunk in chunks), strict=True
    )
    modes = _descending(np.concatenate(nodes), np.concatenate(vectors, axis=1))
    rule = _reduce_moving(*modes, clock, tolerance)
    return *rule[:2], max(errors) + rule[2]


def _reduce_moving(
    eigenvalues: Array, rows: Array, clock: float, tolerance: float
) -> tuple[Array, Array, float]:
    """The rule for the modes with λ > 0, descending, and its error.

    Rows that no chain of shared modes connects are reduced apart, so that u = 0 stays exact.
    """
    if len(eigenvalues) <= 2 * len(rows):
        return eigenvalues, rows, 0.0
    clock = min(clock, DECAYED / (16.0 * eigenvalues[-1]))
    blocks, best = max(2, math.ceil(BLOCKS * math.log(tolerance) / math.log(TOLERANCE))), math.inf
    parts = _connected(rows)
    while True:
        measures = [_Binned(eigenvalues, rows, part, clock, blocks) for part in parts]
        nodes = np.concatenate([measure.nodes for measure in measures])
        vectors = np.concatenate([measure.vectors for measure in measures], axis=1)
        if len(nodes) >= len(eigenvalues):
            return eigenvalues, rows, 0.0
        error = max(measure.error(clock) for measure in measures)
        if error <= tolerance or error > 0.5 * best:
            return nodes, vectors, error
        blocks, best = blocks + BLOCKS // 2, error


def _connected(rows: Array) -> Array:
    """Masks (parts, n) of the rows that chains of shared modes connect."""
    if rows.all():
        return np.ones((1, len(rows)), bool)
    support = (rows != 0).astype(float)
    connected = np.linalg.matrix_power(support @ support.T > 0, len(rows))
    return np.unique(connected, axis=0)[::-1]


def _descending(eigenvalues: Array, rows: Array) -> tuple[Array, Array]:
    """The modes in strictly descending order, up to n of them at equal eigenvalues."""
    falls = eigenvalues[1:] < eigenvalues[:-1]
    if not falls.all():
        order = np.argsort(-eigenvalues, kind="stable")
        eigenvalues, rows = eigenvalues[order], rows[:, order]
        falls = eigenvalues[1:] < eigenvalues[:-1]
    return (eigenvalues, rows) if falls.all() else _merge_equal(eigenvalues, rows)


def _merge_equal(eigenvalues: Array, rows: Array) -> tuple[Array, Array]:
    """Rotate each eigenspace so that at most n modes carry the ``rows`` (n, N), teachers first.

    This is Gram–Schmidt in all eigenspaces at once: the first mode carries the first row and the others'
    components along it, the second the rest of the second row, and so on. Descending again.
    """
    distinct, group, sizes = np.unique(-eigenvalues, return_inverse=True, return_counts=True)
    rest, used = list(rows), np.zeros(len(distinct), int)
    merged = np.zeros((len(distinct), len(rest), len(rest)))
    for pivot, row in enumerate(rest):
        length = np.sqrt(np.bincount(group, row**2))
        length[used == sizes] = 0.0
        used += length > 0
        merged[:, pivot, pivot] = length
        divisor = np.where(length > 0, length, 1.0)
        for other in range(pivot + 1, len(rest)):
            overlap = np.bincount(group, row * rest[other])
            overlap[np.abs(overlap) <= MERGED_ROUNDING * np.bincount(group, np.abs(row * rest[other]))] = 0.0
            overlap[length == 0] = 0.0
            along = overlap / divisor
            merged[:, pivot, other] = along
            rest[other] = rest[other] - (along / divisor)[group] * row
    vectors = merged.reshape(-1, len(rest))
    kept = vectors.any(axis=1)
    return np.repeat(-distinct, len(rest))[kept], vectors[kept].T


class _Binned:
    """The measure of the rows of one ``part``, bin by bin: its moments, its rule and what the rule changes.

    Bins with no more modes than the rule would have are kept as they are.
    """

    def __init__(self, eigenvalues: Array, rows: Array, part: Array, clock: float, blocks: int) -> None:
        chosen = rows[part]
        carried = chosen.any(axis=0)
        if not carried.all():
            eigenvalues, chosen = eigenvalues[carried], chosen[:, carried]
        edges = _edges(eigenvalues, clock) if len(eigenvalues) else np.zeros(1, int)
        long = np.diff(edges) > 1.5 * len(chosen) * blocks
        self.bins = [slice(*pair) for pair in zip(edges[:-1][long], edges[1:][long], strict=True)]
        kept = np.repeat(~long, np.diff(edges))
        nodes, vectors = eigenvalues[kept], chosen[:, kept]
        if self.bins:
            tops = eigenvalues[[piece.start for piece in self.bins]]
            ends = eigenvalues[[piece.stop - 1 for piece in self.bins]]
            self.middle = 0.5 * (tops + ends)
            self.half = np.maximum(tops - self.middle, self.middle - ends)
            self._compress(eigenvalues, chosen, blocks)
            used = self.weights.any(axis=1)
            nodes = np.append(nodes, self._rounded()[used])
            vectors = np.append(vectors, np.moveaxis(self.weights, 1, 0)[:, used], axis=1)
        self.nodes, self.carried = nodes, vectors
        self.vectors = np.zeros((len(rows), len(nodes)))
        self.vectors[part] = vectors

    def _compress(self, eigenvalues: Array, rows: Array, blocks: int) -> None:
        """Moments (B, n, n, orders), and nodes x (B, n·m) and vectors (B, n, n·m) of the rules."""
        places = [
            np.clip((eigenvalues[piece] - middle) / half, -1.0, 1.0)
            for piece, middle, half in zip(self.bins, self.middle, self.half, strict=True)
        ]
        measures = [(x, rows[:, piece]) for x, piece in zip(places, self.bins, strict=True)]
        # moments more than a rule of so many nodes fixes
        self.moments = np.stack([chebyshev_moments(*measure, 2 * blocks + 6) for measure in measures])
        self.x, self.weights, sound = gauss_rules(self.moments, blocks)
        for number in np.flatnonzero(~sound):
            nodes, vectors = block_lanczos(*measures[number], blocks)
            self.x[number], self.weights[number] = 1.0, 0.0
            self.x[number, : len(nodes)], self.weights[number, :, : len(nodes)] = nodes, vectors

    def _rounded(self) -> Array:
        """The rules' eigenvalues. In a narrow bin their rounding moves them: the vectors make up for it."""
        nodes = self.middle[:, None] + self.half[:, None] * self.x
        for number in np.flatnonzero(self.half < NARROW * self.middle):
            self.x[number] = (nodes[number] - self.middle[number]) / self.half[number]
            rule = self.x[number], self.weights[number], self.moments[number]
            self.weights[number] = restored(*rule)
        return nodes

    def error(self, clock: float) -> float:
        """The bound of :func:`reduce`: the largest over a grid of clock times and the pairs of rows."""
        if not self.bins:
            return 0.0
        orders = self.moments.shape[-1]
        polynomials = chebyshev_polynomials(self.x, orders - 1)
        products = (self.weights[:, :, None] * self.weights[:, None])[:, :, :, None]
        rule = (products @ np.moveaxis(polynomials, 0, -1)[:, None, None])[..., 0, :]
        changed = np.moveaxis(np.abs(rule - self.moments), -1, 1)
        lengths = np.sqrt(np.einsum("xaa->xa", self.moments[..., 0]))
        mass = lengths[:, :, None] * lengths[:, None]
        points, to_coefficients = _to_coefficients(2 * orders)
        slowest = self.nodes.min()
        first = min(0.01 / self.nodes.max(), clock)
        times = 16.0 * np.geomspace(first, clock, 8 + int(TIMES_PER_DECADE * math.log10(clock / first)))
        values = _decay(self.middle[:, None] + self.half[:, None] * points, slowest, times[:, None, None])
        coefficients = np.abs(values @ to_coefficients.T)
        within, beyond = coefficients[..., :orders], coefficients[..., orders:].sum(axis=-1)
        bound = np.tensordot(within, changed, 2) + 2.0 * np.tensordot(beyond, mass, 1)
        begun = self.nodes @ (self.carried**2).T
        sizes = _decay(self.nodes, slowest, times[:, None]) @ (self.carried**2).T
        sizes = np.sqrt(np.maximum(sizes, begun.min() * (sizes / begun).max(axis=1, keepdims=True)))
        sizes = sizes[:, :, None] * sizes[:, None]
        rounding = MERGED_ROUNDING + np.finfo(float).eps * 16.0 * clock * slowest
        # times the bound at these, which peak over 0.1 decades, is above it at all times
        return 1.5 * float((bound / np.where(sizes > 0, sizes, np.inf)).max()) + rounding


@cache
def _to_coefficients(count: int) -> tuple[Array, Array]:
    """As many Chebyshev points, and the matrix from values there to Chebyshev coefficients."""
    points = chebpts1(count)
    return points, np.linalg.inv(chebvander(points, count - 1))


def _decay(eigenvalues: Array, slowest: float, time: Array) -> Array:
    """λ e^{−(λ − λ_min) time}, which tends to nothing that rounding would hide."""
    return eigenvalues * np.exp(-np.minimum(time * (eigenvalues - slowest), 700.0))


def _edges(eigenvalues: Array, clock: float) -> Array:
    """Where the bins begin among the descending ``eigenvalues``, 0 first and their number last."""
    top, bottom = eigenvalues[0], eigenvalues[-1]
    shift = 0.25 / clock - bottom
    levels = np.arange(1.0, 1.0 + math.log((top + shift) * 4.0 * clock) / math.log(BIN_RATIO))
    frozen = np.arange(1.0, 1.0 + math.log(top / bottom) / math.log(FROZEN_RATIO))
    borders = np.concatenate([(top + shift) * BIN_RATIO**-levels - shift, top * FROZEN_RATIO**-frozen])
    inner = np.searchsorted(-eigenvalues, -borders)
    return np.unique(np.concatenate([[0], inner, [len(eigenvalues)]]))
