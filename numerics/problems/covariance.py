"""A problem given by a covariance matrix, in whatever coordinates the user's data has."""

from typing import Any

import numpy as np

from numerics.arrays import Array
from numerics.problems.problem import Problem


def from_covariance(covariance: Any, teacher: Any, init: Any) -> Problem:
    """The problem of a covariance Q (d, d), teacher w* (d,) and start w(0) (d,) in one basis.

    With Q = O diag(λ) Oᵀ the flow of Oᵀw is that of the diagonal problem with Oᵀw* and Oᵀw(0), mode by mode;
    eigenvalues are sorted from the largest. Rounding is forgiven, to 8dε times the largest entry of Q or
    eigenvalue, ε that of Q's own type: of the asymmetry the mean is taken, and an eigenvalue as small
    as that, of either sign, becomes 0.

    Raises ValueError for wrong shapes, entries that are not finite numbers, an asymmetric Q, and a Q with a
    negative eigenvalue.

    >>> problem = from_covariance([[2.0, 1.0], [1.0, 2.0]], [1, 0], [0, 1])
    >>> problem.eigenvalues.round(12).tolist(), round(problem.teacher_energy, 12)
    ([3.0, 1.0], 2.0)
    """
    matrix = _numbers("covariance", covariance, 2)
    rounding = 8 * len(matrix) * _epsilon(covariance)
    matrix = _symmetric(matrix, rounding)
    vectors = [_numbers("teacher", teacher, 1), _numbers("init", init, 1)]
    for name, vector in zip(("teacher", "init"), vectors, strict=True):
        if len(vector) != len(matrix):
            raise ValueError(
                f"{name} has {len(vector)} entries but covariance is {len(matrix)} by {len(matrix)}:"
                " they must fit"
            )
    eigenvalues, basis = np.linalg.eigh(matrix)
    eigenvalues = _nonnegative(eigenvalues, rounding)[::-1]
    star, start = (basis[:, ::-1].T @ vector for vector in vectors)
    return Problem(eigenvalues, star, start)


def _numbers(name: str, values: Any, axes: int) -> Array:
    """A finite, non-empty float array with that many axes."""
    try:
        if np.iscomplexobj(values):
            raise TypeError
        array = np.array(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must hold numbers, not complex ones, in rows of equal length") from None
    if array.ndim != axes or not array.size:
        kind = "a non-empty list of numbers" if axes == 1 else "a non-empty square matrix"
        raise ValueError(f"{name} has shape {array.shape}: it must be {kind}")
    if not np.isfinite(array).all():
        where = ", ".join(map(str, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(f"{name}[{where}] is not finite: every entry must be")
    return array


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
