"""A problem given by a covariance matrix or by samples, in whatever coordinates the user's data has.

Q = O diag(λ) Oᵀ, and the flow of Oᵀw is that of the diagonal problem with Oᵀw* and Oᵀw(0), mode by mode. The
problem knows O, its ``basis``, so that results come back in the coordinates of the data.
"""

from typing import Any

import numpy as np

from numerics.arrays import Array
from numerics.problems.given import array_of
from numerics.problems.problem import Problem
from theory.expected import checked


@checked
def from_covariance(covariance: Any, teacher: Any, init: Any) -> Problem:
    """The problem of a covariance Q (d, d), teacher w* (d,) and start w(0) (d,) in one basis.

    Arrays may be lists, NumPy's or pandas', or files of them (``.npy``, ``.npz``, ``.csv``). The
    eigenvalues are sorted from the largest. Rounding is forgiven, to 8dε times the largest entry of Q or
    eigenvalue, ε that of Q's own type: of the asymmetry the mean is taken, and an eigenvalue as small
    as that, of either sign, becomes 0.

    Raises ValueError for wrong shapes, entries that are not finite numbers, an asymmetric Q, and a Q with a
    negative eigenvalue.

    >>> problem = from_covariance([[2.0, 1.0], [1.0, 2.0]], [1, 0], [0, 1])
    >>> problem.eigenvalues.round(12).tolist(), round(problem.teacher_energy, 12)
    ([3.0, 1.0], 2.0)
    """
    matrix = array_of("covariance", covariance, 2, "a non-empty square matrix")
    rounding = 8 * len(matrix) * _epsilon(covariance)
    matrix = _symmetric(matrix, rounding)
    vectors = _fitting(f"covariance is {len(matrix)} by {len(matrix)}", len(matrix), teacher, init)
    eigenvalues, basis = np.linalg.eigh(matrix)
    return _rotated(_nonnegative(eigenvalues, rounding)[::-1], basis[:, ::-1], *vectors)


@checked
def from_samples(samples: Any, teacher: Any, init: Any, *, centre: bool = False) -> Problem:
    """The problem of the covariance XᵀX/n of ``samples`` X (n, d), with w* (d,) and w(0) (d,) in their basis.

    Their mean is taken off with ``centre``. Arrays may be those of :func:`from_covariance`; a frame of pandas
    has a row for each sample. The eigenvalues are squares of singular values of X, which keeps small ones to
    more digits than XᵀX does; those below the rounding of X are 0. For their labels y
    :meth:`numerics.Samples.of` makes them samples of this problem.

    Raises ValueError for wrong shapes, entries that are not finite numbers, and samples that are all 0.

    >>> draws = np.random.default_rng(0).standard_normal((500, 3)) * [2.0, 1.0, 0.5]
    >>> problem = from_samples(draws, teacher=[1, 0, 0], init=[0.1, 0.1, 0.1])
    >>> problem.basis.shape, np.abs(problem.basis @ problem.teacher).round(12).tolist()
    ((3, 3), [1.0, 0.0, 0.0])
    """
    inputs = array_of("samples", samples, 2)
    inputs = inputs - inputs.mean(axis=0) if centre else inputs
    count, size = inputs.shape
    vectors = _fitting(f"samples have {size} columns", size, teacher, init)
    _, lengths, rows = np.linalg.svd(inputs, full_matrices=count < size)
    rounding = max(count, size) * _epsilon(samples) * lengths.max()
    if not rounding:
        raise ValueError("samples are all 0: no direction has a variance")
    eigenvalues = np.zeros(size)
    eigenvalues[: len(lengths)] = np.where(lengths > rounding, lengths, 0.0) ** 2 / count
    return _rotated(eigenvalues, rows.T, *vectors)


def _fitting(of: str, size: int, teacher: Any, init: Any) -> list[Array]:
    """w* and w(0), of ``size`` entries each."""
    vectors = [array_of("teacher", teacher, 1), array_of("init", init, 1)]
    for name, vector in zip(("teacher", "init"), vectors, strict=True):
        if len(vector) != size:
            raise ValueError(f"{name} has {len(vector)} entries but {of}: they must fit")
    return vectors


def _rotated(eigenvalues: Array, basis: Array, teacher: Array, init: Array) -> Problem:
    """The diagonal problem in the ``basis`` (d, d), whose columns are eigenvectors."""
    basis = np.ascontiguousarray(basis)
    return Problem(eigenvalues, teacher @ basis, init @ basis, basis=basis)


def _symmetric(matrix: Array, rounding: float) -> Array:
    """The mean of a matrix and its transpose, where they agree to rounding."""
    rows, columns = matrix.shape
    if rows != columns:
        raise ValueError(f"covariance has shape {matrix.shape}: it must be a non-empty square matrix")
    asymmetry = np.abs(matrix - matrix.T)
    if asymmetry.max() > rounding * np.abs(matrix).max():
        j, k = np.unravel_index(asymmetry.argmax(), matrix.shape)
        raise ValueError(
            f"covariance[{j}, {k}] is {matrix[j, k]:g} but covariance[{k}, {j}] is {matrix[k, j]:g}:"
            " it must be symmetric (pass (C + C.T)/2 where the difference does not matter)"
        )
    return matrix / 2 + matrix.T / 2


def _nonnegative(eigenvalues: Array, rounding: float) -> Array:
    """The eigenvalues with those that are 0 to rounding, of either sign, set to 0.

    Fewer samples than dimensions leave many: as positive numbers they would move, at times of no meaning.
    """
    noise = rounding * np.abs(eigenvalues).max()
    if eigenvalues.min() < -noise:
        raise ValueError(
            f"covariance has the eigenvalue {eigenvalues.min():g}: a covariance has none below 0"
        )
    return np.where(eigenvalues > noise, eigenvalues, 0.0)


def _epsilon(values: Any) -> float:
    """The rounding unit of an array's own type; that of doubles for lists and integers."""
    dtype = getattr(values, "dtype", np.dtype(float))
    return float(np.finfo(dtype if np.issubdtype(dtype, np.floating) else float).eps)
