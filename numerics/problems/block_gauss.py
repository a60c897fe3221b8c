"""Block Gauss quadrature of vector measures, from their modified moments (Golub & Meurant, *Matrices,
Moments and Quadrature*, 2010, chapter 4).

A measure Σ v_i v_iᵀ δ_{λ_i} on an interval enters by M_k = Σ T_k(x_i) v_i v_iᵀ, with x the interval mapped
to [−1, 1]: sums that are streamed over any number of modes. As T_j T_k = (T_{j+k} + T_{|j−k|})/2, the moments
up to 2m − 1 give the Gram matrix of the m blocks T_k v and the matrix of x between them. The eigenvalues of
that pencil are the rule's nodes, n·m for vectors of n entries; they reproduce these moments.

Shapes: B intervals, n rows, m blocks.
"""

from itertools import combinations_with_replacement

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.chebyshev import chebyshev_polynomials

CHUNK = 8192
PIVOT = 1e-2  # of the Gram matrix: below, the rule is found by orthogonalising the modes themselves


def chebyshev_moments(x: Array, rows: Array, orders: int) -> Array:
    """M_k = Σ T_k(x) v vᵀ (n, n, ``orders``) of the ``rows`` v (n, N) at ``x`` (N,) in [−1, 1]."""
    count = len(rows)
    pairs = list(combinations_with_replacement(range(count), 2))
    sums = np.zeros((len(pairs), orders))
    first, second = np.array(pairs).T
    for begin in range(0, len(x), CHUNK):
        part = slice(begin, begin + CHUNK)
        products = rows[first, part] * rows[second, part]
        sums += products @ chebyshev_polynomials(x[part], orders - 1).T
    moments = np.empty((count, count, orders))
    moments[first, second] = moments[second, first] = sums
    return moments


def gauss_rules(moments: Array, blocks: int) -> tuple[Array, Array, Array]:
    """Nodes x (B, n·m) and vectors (B, n, n·m) of the rules for ``moments`` (B, n, n, ≥ 2m), and which of
    them (B,) are accurate: those whose Gram matrix is well conditioned.
    """
    count, rows = moments.shape[:2]
    j, k = np.indices((blocks, blocks))
    size = blocks * rows

    def matrix(*orders: Array) -> Array:
        """Σ M_order over the ``orders`` (m, m), as a matrix (B, n·m, n·m)."""
        blockwise = np.sum([moments[..., order] for order in orders], axis=0)
        return np.moveaxis(blockwise, (1, 2), (2, 4)).reshape(count, size, size)

    gram = 0.5 * matrix(j + k, abs(j - k))
    between = 0.25 * matrix(j + k + 1, abs(j + k - 1), abs(j - k) + 1, abs(abs(j - k) - 1))
    scale = 1.0 / np.sqrt(np.maximum(np.einsum("bii->bi", gram), np.finfo(float).tiny))
    gram, between = (part * scale[:, None] * scale[:, :, None] for part in (gram, between))
    lower, sound = _cholesky(gram)
    half = np.linalg.solve(lower, between)
    jacobi = np.linalg.solve(lower, np.swapaxes(half, 1, 2))
    nodes, rotation = np.linalg.eigh(0.5 * (jacobi + np.swapaxes(jacobi, 1, 2)))
    vectors = (lower[:, :rows] / scale[:, :rows, None]) @ rotation
    return nodes, vectors, sound


def _cholesky(gram: Array) -> tuple[Array, Array]:
    """The Cholesky factors of ``gram`` (B, k, k), unit diagonals, and which (B,) are well conditioned.

    A small pivot is what is left of a function when its part along those before is taken off.
    """
    try:
        lower = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        lower = np.tile(np.eye(gram.shape[1]), (len(gram), 1, 1))
        sound = np.linalg.eigvalsh(gram)[:, 0] > PIVOT**2
        lower[sound] = np.linalg.cholesky(gram[sound])
        return lower, sound
    pivots = np.einsum("bii->bi", lower).min(axis=1)
    return lower, pivots > PIVOT


def block_lanczos(x: Array, rows: Array, blocks: int) -> tuple[Array, Array]:
    """Nodes (n·m,) and vectors (n, n·m) of the rule, from the modes ``x`` (N,), ``rows`` (n, N) themselves.

    Where one row is nearly the others times polynomials in x, a new block is rounding in part: it has unit
    length before it is made orthogonal again, and then completes the basis at random. Long measures are
    reduced chunk by chunk, then the chunks' rules together: the moments survive.
    """
    if len(x) <= len(rows) * blocks:
        return x, rows
    if len(x) > CHUNK:
        cuts = range(CHUNK, len(x), CHUNK)
        parts = zip(np.split(x, cuts), np.split(rows, cuts, axis=1), strict=True)
        rules = [block_lanczos(place, vectors, blocks) for place, vectors in parts]
        nodes, vectors = (np.concatenate(part, axis=-1) for part in zip(*rules, strict=True))
        return block_lanczos(nodes, vectors, blocks)
    block = np.linalg.qr(rows[rows.any(axis=1)].T)[0]
    width = block.shape[1]
    basis = np.empty((len(x), width * blocks), order="F")
    basis[:, :width] = block
    for filled in range(width, width * blocks, width):
        known = basis[:, :filled]
        block = x[:, None] * block
        for _ in range(3):
            block = np.linalg.qr(block - known @ (known.T @ block))[0]
        basis[:, filled : filled + width] = block
    nodes, rotation = np.linalg.eigh(basis.T @ (x[:, None] * basis))
    return nodes, (rows @ basis) @ rotation


def restored(x: Array, vectors: Array, moments: Array) -> Array:
    """The ``vectors`` (n, k) of a rule whose nodes have moved a little to ``x`` (k,), changed so that it has
    the ``moments`` M_0 and M_1 (n, n, ≥ 2) again.

    The change (A + Bx) v of least size for which they are right to first order, twice.
    """
    lengths = np.sqrt(np.einsum("aa->a", moments[..., 0]))
    units = np.where(lengths > 0, lengths, 1.0)
    rows, count = vectors / units[:, None], len(vectors)
    aims = np.concatenate([moments[..., 0], moments[..., 1]], axis=1) / np.outer(units, np.tile(units, 2))
    for _ in range(2):
        both = np.concatenate([rows, x * rows])
        gram = both @ both.T
        missing = aims - gram[:count]
        rows = rows + 0.5 * missing @ np.linalg.pinv(gram, rcond=PIVOT**4, hermitian=True) @ both
    return rows * units[:, None]
