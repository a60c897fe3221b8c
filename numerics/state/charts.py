"""The two coordinate charts in which the flow is integrated.

Both evolve y by ẏ = A y Q + F w* Q with coefficients that depend on y only through its statistics:
at ``origin`` y = w, the statistics are (S, U) and F = B; at ``teacher`` y = w − w* (y = w for students beyond
the teachers), they are (q, p), and F = A + B is a polynomial without a constant term, so that
nothing is ever computed as a small difference of large numbers. All formulas come from the generated module
of the model.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from numerics.generated import RightHandSides
from numerics.state.overlaps import upper_triangle

Array = np.ndarray

SHORTER = 2e-15  # of S_jj: more than the rounding of U_jm² / T_mm
DIFFERENCE = 1e-7


@dataclass(frozen=True, eq=False)
class Chart:
    """A coordinate chart: functions of the statistics (n, …) and the teacher's energy T (M, M).

    It is ``centred`` where y = w, and ``smooth`` where the drift is, whatever the students are.
    """

    drift: Callable[[Array, Array], tuple[Array, Array]]
    drift_jacobian: Callable[[Array, Array], tuple[Array, Array]]
    loss: Callable[[Array, Array], Array]
    deficits: Callable[[Array, Array], Array]
    overlaps: Callable[[Array, Array], Array]
    centred: bool
    smooth: bool


def origin(model: RightHandSides) -> Chart:
    """Coordinates y = w."""
    deficits, smooth = getattr(model, "deficits", _no_deficits), hasattr(model, "residual_drift")
    return Chart(model.drift, model.drift_jacobian, model.loss, deficits, _itself, True, smooth)


def teacher(model: RightHandSides) -> Chart:
    """Coordinates y = w − w*, and y = w for students beyond the teachers."""
    return Chart(
        model.residual_drift,
        model.residual_drift_jacobian,
        model.residual_loss,
        getattr(model, "residual_deficits", _no_deficits),
        model.statistics,
        False,
        True,
    )


def on_a_line(chart: Chart, students: int) -> Chart:
    """The chart at the origin where all vectors are multiples of one, so that every correlation is ±1.

    There the averages of links with a kink have a kink of their own: √(S_jj T_mm − U_jm²), which is 0, comes
    as the root of a rounding, and its slopes are infinite. Students shorter by a few roundings put it at 0,
    with the slopes of the averages along the line: the edge of what vectors can have, S_jj T_mm ≥ U_jm²,
    where the flow of :mod:`numerics.solver.lines` stays. A smooth drift does not notice.
    """
    rows, columns = upper_triangle(students)
    own = np.flatnonzero(rows == columns)

    def shortened(statistics: Array) -> Array:
        shorter = np.array(statistics)
        shorter[own] *= 1.0 - SHORTER
        return shorter

    def drift(statistics: Array, energy: Array) -> tuple[Array, Array]:
        return chart.drift(shortened(statistics), energy)

    def slopes(statistics: Array, energy: Array) -> tuple[Array, Array]:
        here = drift(statistics, energy)
        steps = np.where(np.isin(np.arange(len(statistics)), own), -DIFFERENCE, DIFFERENCE)
        columns = []
        for row, step in enumerate(steps):
            moved = np.array(statistics)
            moved[row] *= 1.0 + step
            change = step * np.where(statistics[row] == 0, np.inf, statistics[row])
            there = drift(moved, energy)
            columns.append([(after - before) / change for before, after in zip(here, there, strict=True)])
        gain, force = (np.stack(parts, axis=2) for parts in zip(*columns, strict=True))
        return gain, force

    def loss(statistics: Array, energy: Array) -> Array:
        return chart.loss(shortened(statistics), energy)

    return replace(chart, drift=drift, drift_jacobian=slopes, loss=loss)


def _itself(statistics: Array, energy: Array) -> Array:
    """At the origin the statistics are the overlaps."""
    return statistics


def _no_deficits(statistics: Array, energy: Array) -> Array:
    raise ValueError("a model with different numbers of students and teachers has no deficits")
