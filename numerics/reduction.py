"""Exact reduction: a smaller problem of the same form that the flow cannot tell from the large one.

Every statistic is Σ_i φ(λ_i) × (a product of two of w_i(0), w*_i) with one smooth φ for all modes, so the
flow sees the spectrum only through the vector measure of (w*, w(0)) over λ: of n = M + K rows for M teachers
and K students. Modes that share an eigenvalue are merged into at most n. Modes whose eigenvalues lie in one
bin are replaced by the m-block Gauss quadrature of their measure (Golub & Meurant, *Matrices, Moments and
Quadrature*, 2010, section 4), which keeps the moments of orders 0 … 2m − 1: hence S, U, ‖w‖² and ‖w − w*‖² at
the start, to rounding.

Until the time ``horizon`` T the function φ varies with λ as e^{−16 λ τ}, where τ is the clock ∫ E dt ≤ T E of
the larger energy E of teacher and start. That is the clock of phase retrieval, where ‖A‖ ≤ 8E; a faster model
asks for a longer time. The bins are geometric in λ − λ_min + 1/(4TE): they resolve the slowest modes when
TE ≫ 1/λ_min, and lump together those that have not moved when TE ≪ 1/λ_min (up to a ratio of 64, so that
rounding stays relative to each bin's energy).
"""

import math
from itertools import combinations_with_replacement

import numpy as np

from numerics.problem import Problem

Array = np.ndarray

BIN_RATIO = 4.0
FROZEN_RATIO = 64.0
BLOCKS = 12
CHUNK = 4096
ROUNDING = 8.0 * np.finfo(float).eps
TOLERANCE = 3e-13
LONGEST = 1e300


def reduce(problem: Problem, horizon: float) -> Problem:
    """Replace ``problem`` by one of a few hundred modes, equivalent for times up to ``horizon``.

    Returns an ordinary problem with the same ``dimension``. Its ``relative_error`` is the largest relative
    change of the sums Σ λ e^{−16λτ} w_a w_b, measured over the clock τ; the number of blocks is raised
    until it is small or falls no further.

    >>> rng = np.random.default_rng(0)
    >>> large = Problem(np.arange(1.0, 5001.0) ** -2, rng.normal(size=5000), rng.normal(size=5000))
    >>> small = reduce(large, horizon=1e6)
    >>> len(small.eigenvalues) < 400, small.dimension
    (True, 5000)
    >>> bool(abs(small.teacher_energy / large.teacher_energy - 1) < 1e-14)
    True
    """
    rows = np.ascontiguousarray(np.concatenate([problem.teachers, problem.students]).T)
    eigenvalues, rows = _merge_equal(problem.eigenvalues, rows)
    moving = eigenvalues > 0
    clock = min(horizon * max(problem.teacher_energy, problem.start_energy), LONGEST)
    nodes, vectors, error = _reduce_moving(eigenvalues[moving], rows[moving], clock)
    nodes = np.concatenate([nodes, eigenvalues[~moving]])
    vectors = np.concatenate([vectors, rows[~moving]])
    order = np.argsort(-nodes, kind="stable")
    teachers, students = np.split(vectors[order].T, [len(problem.teachers)])
    return Problem(
        nodes[order],
        teachers.reshape(*problem.teacher.shape[:-1], -1),
        students.reshape(*problem.init.shape[:-1], -1),
        dimension=problem.dimension,
        relative_error=problem.relative_error + error,
        horizon=problem.horizon if len(nodes) == len(problem.eigenvalues) else min(horizon, problem.horizon),
    )


def _reduce_moving(eigenvalues: Array, rows: Array, clock: float) -> tuple[Array, Array, float]:
    """The rule for the modes with λ > 0, and its error.

    Rows that no chain of shared modes connects are reduced apart, so that u = 0 stays exact.
    """
    support = (rows != 0).astype(float)
    connected = np.linalg.matrix_power(support.T @ support > 0, rows.shape[1])
    parts = np.unique(connected, axis=0)[::-1]
    blocks, best = BLOCKS, math.inf
    while True:
        rules = [_compress(eigenvalues, rows * part, blocks, clock) for part in parts]
        nodes = np.concatenate([rule[0] for rule in rules])
        vectors = np.concatenate([rule[1] for rule in rules])
        if len(nodes) >= len(eigenvalues):
            return nodes, vectors, 0.0
        error = _decay_error(eigenvalues, rows, nodes, vectors, clock)
        if error <= TOLERANCE or error > 0.5 * best:
            return nodes, vectors, error
        blocks, best = blocks + BLOCKS // 2, error


def _merge_equal(eigenvalues: Array, rows: Array) -> tuple[Array, Array]:
    """Rotate each eigenspace so that at most n modes carry the ``rows`` (N, n), teachers first.

    This is Gram–Schmidt in all eigenspaces at once: the first mode carries the first row and the others'
    components along it, the second the rest of the second row, and so on.
    """
    distinct, group, sizes = np.unique(eigenvalues, return_inverse=True, return_counts=True)
    if len(distinct) == len(eigenvalues):
        return eigenvalues, rows
    rest, used = list(rows.T), np.zeros(len(distinct), int)
    merged = np.zeros((len(rest), len(distinct), len(rest)))
    for pivot, row in enumerate(rest):
        length = np.sqrt(np.bincount(group, row**2))
        length[used == sizes] = 0.0
        used += length > 0
        merged[pivot, :, pivot] = length
        divisor = np.where(length > 0, length, 1.0)
        for other in range(pivot + 1, len(rest)):
            overlap = np.bincount(group, row * rest[other])
            overlap[np.abs(overlap) <= ROUNDING * np.bincount(group, np.abs(row * rest[other]))] = 0.0
            overlap[length == 0] = 0.0
            along = overlap / divisor
            merged[pivot, :, other] = along
            rest[other] = rest[other] - (along / divisor)[group] * row
    vectors = merged.reshape(-1, len(rest))
    kept = vectors.any(axis=1)
    return np.tile(distinct, len(rest))[kept], vectors[kept]


def _compress(eigenvalues: Array, rows: Array, blocks: int, clock: float) -> tuple[Array, Array]:
    """Block Gauss quadrature in every bin, over the modes that ``rows`` (N, n) touch."""
    carried = rows.any(axis=1)
    eigenvalues, rows = eigenvalues[carried], rows[carried]
    if not len(eigenvalues):
        return eigenvalues, rows
    shifted = eigenvalues - eigenvalues.min() + 0.25 / clock
    bins = np.stack(
        [
            np.floor(np.log(shifted.max() / shifted) / np.log(BIN_RATIO)),
            np.floor(np.log(eigenvalues.max() / eigenvalues) / np.log(FROZEN_RATIO)),
        ]
    )
    order = np.lexsort(bins)
    edges = np.flatnonzero(np.any(np.diff(bins[:, order]) != 0, axis=0)) + 1
    pieces = np.split(order, edges)
    rules = [_gauss(eigenvalues[piece], rows[piece], blocks) for piece in pieces]
    return np.concatenate([rule[0] for rule in rules]), np.concatenate([rule[1] for rule in rules])


def _gauss(eigenvalues: Array, rows: Array, blocks: int) -> tuple[Array, Array]:
    """The m-block Gauss rule, n·m nodes, of the measure Σ v_i v_iᵀ δ_{λ_i}; the measure itself if smaller.

    Long measures are reduced chunk by chunk, then the chunks' rules together: the moments survive.
    """
    if len(eigenvalues) <= rows.shape[1] * blocks:
        return eigenvalues, rows
    if len(eigenvalues) <= CHUNK:
        return _block_lanczos(eigenvalues, rows, blocks)
    cuts = range(CHUNK, len(eigenvalues), CHUNK)
    chunks = zip(np.split(eigenvalues, cuts), np.split(rows, cuts), strict=True)
    rules = [_gauss(values, vectors, blocks) for values, vectors in chunks]
    return _gauss(
        np.concatenate([rule[0] for rule in rules]), np.concatenate([rule[1] for rule in rules]), blocks
    )


def _block_lanczos(eigenvalues: Array, rows: Array, blocks: int) -> tuple[Array, Array]:
    """Nodes and vectors from diag(λ) compressed to the block Krylov space of ``rows``.

    Where one row is nearly the others times polynomials in λ, a new block is rounding in part: it
    has unit length before it is made orthogonal again, and then completes the basis at random.
    """
    middle = 0.5 * (eigenvalues.max() + eigenvalues.min())
    half = 0.5 * (eigenvalues.max() - eigenvalues.min())
    scaled = ((eigenvalues - middle) / half)[:, None]
    block = np.linalg.qr(rows[:, rows.any(axis=0)])[0]
    width = block.shape[1]
    basis = np.empty((len(eigenvalues), width * blocks), order="F")
    basis[:, :width] = block
    for filled in range(width, width * blocks, width):
        known = basis[:, :filled]
        block = scaled * block
        for _ in range(3):
            block = np.linalg.qr(block - known @ (known.T @ block))[0]
        basis[:, filled : filled + width] = block
    nodes, rotation = np.linalg.eigh(basis.T @ (scaled * basis))
    return middle + half * nodes, rotation.T @ (basis.T @ rows)


def _decay_error(large: Array, rows: Array, small: Array, vectors: Array, clock: float) -> float:
    """Largest change of Σ λ e^{−16λτ} w_a w_b, relative to √(Σ λ e^{−16λτ} w_a² · Σ λ e^{−16λτ} w_b²), on a
    grid of τ ≤ ``clock``, over all rows a, b.
    """
    latest = min(clock, 40.0 / large.min())
    times = np.geomspace(min(0.01 / large.max(), latest), latest, 24)
    worst = 0.0
    for time in 16.0 * times:
        exact, rule = _decayed(large, rows, time), _decayed(small, vectors, time)
        lengths = np.sqrt(np.diag(exact))
        size = np.outer(lengths, lengths)
        worst = max(worst, float((np.abs(rule - exact) / np.where(size > 0, size, 1.0)).max()))
    return worst


def _decayed(eigenvalues: Array, rows: Array, time: float) -> Array:
    """Σ λ e^{−λ time} w_a w_b (n, n), summed pairwise: over 10^5 modes a dot product loses digits."""
    weights = eigenvalues * np.exp(-eigenvalues * time)
    sums = np.empty((rows.shape[1], rows.shape[1]))
    for a, b in combinations_with_replacement(range(rows.shape[1]), 2):
        sums[a, b] = sums[b, a] = np.sum(rows[:, a] * rows[:, b] * weights)
    return sums
