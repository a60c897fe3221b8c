"""Statistics (n, …) as matrices and back: the upper triangle of S by rows, then U by rows, then areas."""

from functools import cache

import numpy as np

from numerics.arrays import Array


@cache
def upper_triangle(size: int) -> tuple[Array, Array]:
    """Rows and columns of the upper triangle, by rows."""
    rows, columns = np.triu_indices(size)
    return rows, columns


def numbers(size: int) -> Array:
    """Which statistic S_jk is (K, K).

    >>> numbers(2).tolist()
    [[0, 1], [1, 2]]
    """
    rows, columns = upper_triangle(size)
    found = np.empty((size, size), int)
    found[rows, columns] = found[columns, rows] = np.arange(len(rows))
    return found


def split(statistics: Array, students: int, teachers: int) -> tuple[Array, Array]:
    """S (K, K, …) and U (K, M, …) of ``statistics`` (n, …), which may have areas; likewise q and p.

    >>> split(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 2, 1)[0].tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    rows, columns = upper_triangle(students)
    own, cross, _ = np.split(statistics, [len(rows), len(rows) + students * teachers])
    S = np.empty((students, students, *statistics.shape[1:]), statistics.dtype)
    S[rows, columns] = S[columns, rows] = own
    return S, cross.reshape(students, teachers, *statistics.shape[1:])


def rotate(rotation: Array, S: Array, U: Array) -> tuple[Array, Array]:
    """R S Rᵀ and R U, the overlaps of the students R W, for the ``rotation`` R (K, K)."""
    return np.einsum("ja,ab...,kb->jk...", rotation, S, rotation), np.einsum("ja,am...->jm...", rotation, U)


def join(S: Array, U: Array) -> Array:
    """The statistics (n, …) of S (K, K, …) and U (K, M, …)."""
    return np.concatenate([S[upper_triangle(len(S))], U.reshape(-1, *U.shape[2:])])
