"""Exact reduction: a smaller problem of the same form that the flow cannot tell from the large one.

Every statistic is Σ_i φ(λ_i) × (a product of two of w_i(0), w*_i) with one smooth φ for all modes, so the
flow sees the spectrum only through the vector measure of (w(0), w*) over λ. Modes that share an eigenvalue
are merged into at most two. Modes whose eigenvalues lie in one bin are replaced by the m-block Gauss
quadrature of their measure (Golub & Meurant, *Matrices, Moments and Quadrature*, 2010, section 4), which
keeps the moments of orders 0 … 2m − 1: hence s, u, ‖w‖² and ‖w − w*‖² at the start, to rounding.

Until the time ``horizon`` T the function φ varies with λ as e^{−16 λ τ}, where τ is the clock ∫ E dt ≤ T E of
the larger energy E of teacher and start. The bins are geometric in λ − λ_min + 1/(4TE): they resolve the
slowest modes when TE ≫ 1/λ_min, and lump together those that have not moved when TE ≪ 1/λ_min (up to a
ratio of 64, so that rounding stays relative to each bin's energy).
"""

import math

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
    pairs = np.stack([problem.teacher, problem.init], axis=1)
    eigenvalues, pairs = _merge_equal(problem.eigenvalues, pairs)
    moving = eigenvalues > 0
    clock = min(horizon * max(problem.teacher_energy, problem.start_energy), LONGEST)
    nodes, vectors, error = _reduce_moving(eigenvalues[moving], pairs[moving], clock)
    nodes = np.concatenate([nodes, eigenvalues[~moving]])
    vectors = np.concatenate([vectors, pairs[~moving]])
    order = np.argsort(-nodes, kind="stable")
    return Problem(
        nodes[order],
        vectors[order, 0],
        vectors[order, 1],
        dimension=problem.dimension,
        relative_error=problem.relative_error + error,
        horizon=problem.horizon if len(nodes) == len(problem.eigenvalues) else min(horizon, problem.horizon),
    )


def _reduce_moving(eigenvalues: Array, pairs: Array, clock: float) -> tuple[Array, Array, float]:
    """The rule for the modes with λ > 0, and its error.

    Start and teacher are reduced apart where no mode has both, so that u = 0 stays exact.
    """
    together = np.any(pairs[:, 0] * pairs[:, 1])
    parts = [pairs] if together else [pairs * alone for alone in np.eye(2)]
    blocks, best = BLOCKS, math.inf
    while True:
        rules = [_compress(eigenvalues, part, blocks, clock) for part in parts]
        nodes = np.concatenate([rule[0] for rule in rules])
        vectors = np.concatenate([rule[1] for rule in rules])
        if len(nodes) >= len(eigenvalues):
            return nodes, vectors, 0.0
        error = _decay_error(eigenvalues, pairs, nodes, vectors, clock)
        if error <= TOLERANCE or error > 0.5 * best:
            return nodes, vectors, error
        blocks, best = blocks + BLOCKS // 2, error


def _merge_equal(eigenvalues: Array, pairs: Array) -> tuple[Array, Array]:
    """Rotate each eigenspace so that at most two modes carry the (teacher, start) ``pairs`` (N, 2).

    The first carries the teacher and the start's component along it, the second the rest of the start.
    """
    distinct, group = np.unique(eigenvalues, return_inverse=True)
    if len(distinct) == len(eigenvalues):
        return eigenvalues, pairs
    teacher, start = pairs.T
    length = np.sqrt(np.bincount(group, teacher**2))
    overlap = np.bincount(group, teacher * start)
    overlap[np.abs(overlap) <= ROUNDING * np.bincount(group, np.abs(teacher * start))] = 0.0
    divisor = np.where(length > 0, length, 1.0)
    along = overlap / divisor
    rest = start - (along / divisor)[group] * teacher
    across = np.sqrt(np.bincount(group, rest**2))
    across[(np.bincount(group) == 1) & (length > 0)] = 0.0
    first = np.stack([length, along], axis=1)
    second = np.stack([np.zeros_like(across), across], axis=1)
    values, merged = np.concatenate([distinct, distinct]), np.concatenate([first, second])
    kept = merged.any(axis=1)
    return values[kept], merged[kept]


def _compress(eigenvalues: Array, pairs: Array, blocks: int, clock: float) -> tuple[Array, Array]:
    """Block Gauss quadrature in every bin, over the modes that ``pairs`` touch."""
    carried = pairs.any(axis=1)
    eigenvalues, pairs = eigenvalues[carried], pairs[carried]
    if not len(eigenvalues):
        return eigenvalues, pairs
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
    rules = [_gauss(eigenvalues[piece], pairs[piece], blocks) for piece in pieces]
    return np.concatenate([rule[0] for rule in rules]), np.concatenate([rule[1] for rule in rules])


def _gauss(eigenvalues: Array, pairs: Array, blocks: int) -> tuple[Array, Array]:
    """The m-block Gauss rule, 2m nodes, of the measure Σ v_i v_iᵀ δ_{λ_i}; the measure itself if smaller.

    Long measures are reduced chunk by chunk, then the chunks' rules together: the moments survive.
    """
    if len(eigenvalues) <= 2 * blocks:
        return eigenvalues, pairs
    if len(eigenvalues) <= CHUNK:
        return _block_lanczos(eigenvalues, pairs, blocks)
    cuts = range(CHUNK, len(eigenvalues), CHUNK)
    chunks = zip(np.split(eigenvalues, cuts), np.split(pairs, cuts), strict=True)
    rules = [_gauss(values, vectors, blocks) for values, vectors in chunks]
    return _gauss(
        np.concatenate([rule[0] for rule in rules]), np.concatenate([rule[1] for rule in rules]), blocks
    )


def _block_lanczos(eigenvalues: Array, pairs: Array, blocks: int) -> tuple[Array, Array]:
    """Nodes and vectors from diag(λ) compressed to the block Krylov space of ``pairs``.

    Where start and teacher are nearly a polynomial in λ apart, a new block is rounding in part: it
    has unit length before it is made orthogonal again, and then completes the basis at random.
    """
    middle = 0.5 * (eigenvalues.max() + eigenvalues.min())
    half = 0.5 * (eigenvalues.max() - eigenvalues.min())
    scaled = ((eigenvalues - middle) / half)[:, None]
    block = np.linalg.qr(pairs[:, pairs.any(axis=0)])[0]
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
    return middle + half * nodes, rotation.T @ (basis.T @ pairs)


def _decay_error(large: Array, pairs: Array, small: Array, vectors: Array, clock: float) -> float:
    """Largest change of Σ λ e^{−16λτ} w_a w_b, relative to √(Σ λ e^{−16λτ} w_a² · Σ λ e^{−16λτ} w_b²), on a
    grid of τ ≤ ``clock``; w_1 = w*, w_2 = w(0).
    """
    latest = min(clock, 40.0 / large.min())
    times = np.geomspace(min(0.01 / large.max(), latest), latest, 24)
    worst = 0.0
    for time in 16.0 * times:
        exact, rule = _decayed(large, pairs, time), _decayed(small, vectors, time)
        size = np.array([exact[0], np.sqrt(exact[0]) * np.sqrt(exact[2]), exact[2]])
        worst = max(worst, float((np.abs(rule - exact) / np.where(size > 0, size, 1.0)).max()))
    return worst


def _decayed(eigenvalues: Array, pairs: Array, time: float) -> Array:
    """Σ λ e^{−λ time} (w*², w* w(0), w(0)²), summed pairwise: over 10^5 modes a dot product loses digits."""
    first, second = pairs.T
    products = np.stack([first**2, first * second, second**2])
    return np.sum(products * (eigenvalues * np.exp(-eigenvalues * time)), axis=1)
