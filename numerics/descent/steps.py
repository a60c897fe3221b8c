"""Which step numbers of a descent are recorded."""

from collections.abc import Sequence

import numpy as np

from numerics.arrays import Array


def recorded_steps(steps: int, points: int | Sequence[int] | Array) -> Array:
    """The step numbers to record of a run of ``steps`` steps, ascending, as integers.

    A number of ``points`` gives 0 and then numbers evenly spaced in the logarithm, without repetition, up
    to ``steps``; a sequence is taken as the numbers themselves.

    Raises ValueError for fewer than two points, and for numbers that are not whole, ascending and within
    0 … ``steps``.

    >>> recorded_steps(1000, 5).tolist()
    [0, 1, 10, 100, 1000]
    """
    if np.ndim(points) == 0:
        if not (points >= 2 and points % 1 == 0):  # type: ignore[operator]
            raise ValueError(f"{points} points: a whole number, at least 2, is needed")
        spaced = np.geomspace(steps, 1, int(points) - 1).round()  # type: ignore[arg-type]
        return np.unique(np.concatenate([[0], spaced]).astype(np.int64))
    numbers = np.asarray(points, dtype=float)
    if not (numbers.ndim == 1 and len(numbers) and np.all(numbers % 1 == 0)):
        raise ValueError("points must be a number of points or a list of whole step numbers")
    if not (np.all(np.diff(numbers) > 0) and numbers[0] >= 0 and numbers[-1] <= steps):
        raise ValueError(f"the step numbers to record must ascend within 0 to {steps}")
    return numbers.astype(np.int64)
