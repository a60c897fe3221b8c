"""Problems on a line: all teachers and students are multiples of one vector of one eigenspace.

The flow keeps them there: ẇ = A w Q + B w* Q is such a multiple, too. Every correlation is ±1 for all times,
where the averages of links with a kink have their own: all areas are 0, :mod:`numerics.state.areas`.
"""

from dataclasses import replace

import numpy as np

from numerics.arrays import Array
from numerics.problems.problem import Problem

OFF_THE_LINE = 8.0 * np.finfo(float).eps  # of a vector's length: more is no rounding


def on_a_line(problem: Problem) -> bool:
    """Whether one mode alone has λ > 0 and a vector with a component."""
    return bool(np.count_nonzero(_moving(problem)) == 1)


def straightened(problem: Problem) -> Problem:
    """The ``problem`` with one mode of signed lengths where it is on a line up to rounding, else as it is.

    Floats hold few multiples of a vector, so that −w*/10 leaves the line by a rounding. Of a rectifier that
    is dead on the line the flow enlarges the angle to it: w decays along the line and across alike, but w* is
    felt in proportion to the angle. What is solved is the line that is meant, not its rounding, which
    would come to life at a time that the rounding alone decides.

    >>> teacher = np.array([1.1, 0.7])
    >>> bool(on_a_line(straightened(Problem([2.0, 2.0], teacher, -0.1 * teacher))))
    True
    """
    moving = _moving(problem)
    if np.count_nonzero(moving) < 2 or np.ptp(problem.eigenvalues[moving]) > 0:
        return problem
    rows = np.concatenate([problem.teachers, problem.students])[:, moving]
    lengths = np.linalg.norm(rows, axis=1)
    unit = rows[np.argmax(lengths)] / lengths.max()
    along = rows @ unit
    if np.any(np.linalg.norm(rows - along[:, None] * unit, axis=1) > OFF_THE_LINE * lengths):
        return problem
    first, signed = np.flatnonzero(moving)[0], np.sign(along) * lengths
    teacher, init = np.where(moving, 0.0, problem.teacher), np.where(moving, 0.0, problem.init)
    teacher[..., first] = signed[: len(problem.teachers)].reshape(teacher.shape[:-1])
    init[..., first] = signed[len(problem.teachers) :].reshape(init.shape[:-1])
    return replace(problem, teacher=teacher, init=init, init_rest=np.zeros_like(init))


def _moving(problem: Problem) -> Array:
    """Which modes (N,) have λ > 0 and a vector with a component."""
    sizes = np.abs(problem.teachers).sum(axis=0) + np.abs(problem.students).sum(axis=0)
    return problem.eigenvalues * sizes > 0
