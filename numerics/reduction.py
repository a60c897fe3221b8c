"""Exact reduction: a smaller problem of the same form that the flow cannot tell from the large one.

Every statistic is Σ_i φ(λ_i) × (a product of two of w_i(0), w*_i) with one smooth φ for all modes, so the
flow sees the spectrum only through the vector measure of (w(0), w*) over λ. Modes that share an eigenvalue
are merged into at most two. Modes whose eigenvalues lie in one bin are replaced by the m-block Gauss
quadrature of their measure (Golub & Meurant, *Matrices, Moments and Quadrature*, 2010, section 4), which
keeps the moments of orders 0 … 2m − 1: hence s, u, ‖w‖² and ‖w − w*‖² at the start, to rounding.

Until the time ``horizon`` T the function φ varies with λ as e^{−16 λ t}, t ≤ T. The bins are geometric in
λ − λ_min + 1/(4T): they resolve the slowest modes when T ≫ 1/λ_min, and lump together those that have
not moved when T ≪ 1/λ_min (up to a ratio of 64, so that rounding stays relative to each bin's energy).
"""

import numpy as np

from numerics.problem import Problem

Array = np.ndarray

BIN_RATIO = 4.0
FROZEN_RATIO = 64.0
BLOCKS = 12
CHUNK = 4096
ROUNDING = 8.0 * np.finfo(float).eps
TOLERANCE = 3e-13


def reduce(problem: Problem, horizon: float) -> Problem:
    """Replace ``problem`` by one of a few hundred modes, equivalent for times up to ``horizon``.

    Returns an ordinary problem with the same ``dimension``. Its ``relative_error`` is the largest relative
    change of the sums Σ λ e^{−16λτ} w_a w_b, measured over τ ≤ horizon; the number of blocks is raised
    until it is small.

    >>> rng = np.random.default_rng(0)
    >>> large = Problem(np.arange(1.0, 5001.0) ** -2, rng.normal(size=5000), rng.normal(size=5000))
    >>> small = reduce(large, horizon=1e6)
    >>> len(small.eigenvalues) < 300, small.dimension
    (True, 5000)
    >>> bool(abs(small.teacher_energy / large.teacher_energy - 1) < 1e-14)
    True
    """
    pairs = np.stack([problem.teacher, problem.init], axis=1)
    eigenvalues, pairs = _merge_equal(problem.eigenvalues, pairs)
    moving = eigenvalues > 0
    nodes, vectors, error = _reduce_moving(eigenvalues[moving], pairs[moving], horizon)
    nodes = np.concatenate([nodes, eigenvalues[~moving]])
    vectors = np.concatenate([vectors, pairs[~moving]])
    order = np.argsort(-nodes, kind="stable")
    return Problem(
        nodes[order],
        vectors[order, 0],
        vectors[order, 1],
        dimension=problem.dimension,
        relative_error=problem.relative_error + error,
    )


def _reduce_moving(eigenvalues: Array, pairs: Array, horizon: float) -> tuple[Array, Array, float]:
    """The rule for the modes with λ > 0, and its error.

    Start and teacher are reduced apart where no mode has both, so that u = 0 stays exact.
    """
    together = np.any(pairs[:, 0] * pairs[:, 1])
    parts = [pairs] if together else [pairs * alone for alone in np.eye(2)]
    blocks = BLOCKS
    while True:
        rules = [_compress(eigenvalues, part, blocks, horizon) for part in parts]
        nodes = np.concatenate([rule[0] for rule in rules])
        vectors = np.concatenate([rule[1] for rule in rules])
        if len(nodes) >= len(eigenvalues):
            return nodes, vectors, 0.0
        error = _decay_error(eigenvalues, pairs, nodes, vectors, horizon)
        if error <= TOLERANCE:
            return nodes, vectors, error
        blocks += BLOCKS // 2


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


def _compress(eigenvalues: Array, pairs: Array, blocks: int, horizon: float) -> tuple[Array, Array]:
    """Block Gauss quadrature in every bin, over the modes that ``pairs`` touch."""
    carried = pairs.any(axis=1)
    eigenvalues, pairs = eigenvalues[carried], pairs[carried]
    if not len(eigenvalues):
        return eigenvalues, pairs
    shifted = eigenvalues - eigenvalues.min() + 0.25 / horizon
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
    """Nodes and vectors from diag(λ) compressed to the block Krylov space of ``pairs``."""
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
        for _ in range(2):
            block = block - known @ (known.T @ block)
        block = np.linalg.qr(block)[0]
        basis[:, filled : filled + width] = block
    nodes, rotation = np.linalg.eigh(basis.T @ (scaled * basis))
    return middle + half * nodes, rotation.T @ (basis.T @ pairs)


def _decay_error(large: Array, pairs: Array, small: Array, vectors: Array, horizon: float) -> float:
    """Largest relative change of Σ λ e^{−16λτ} w², for w = w* and w = w(0), on a grid of τ ≤ horizon."""
    latest = min(horizon, 40.0 / large.min())
    times = np.geomspace(min(0.01 / large.max(), latest), latest, 24)
    worst = 0.0
    for time in 16.0 * times:
        exact = (large * np.exp(-large * time)) @ pairs**2
        rule = (small * np.exp(-small * time)) @ vectors**2
        worst = max(worst, *(np.abs(rule - exact) / np.where(exact > 0, exact, 1.0)))
    return float(worst)
