"""How long a step is, and in which variable it is a polynomial.

What relaxes like powers of time is analytic in log(t + t_0), in a strip, and a polynomial in it covers a
ratio of times that one in t does not. For a single student the logarithms κ of these ratios are multiples of
``GRID``: the tables of :mod:`numerics.solver.clock` are found once for each κ. Shorter steps are polynomials
in t.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation, LogTime, in_log_time

GRID, LEAST, MOST = 0.25, 0.5, 2.0
LONGEST = 2.0  # of a network's steps, in units of the time passed


@dataclass(frozen=True, eq=False)
class Stride:
    """A step from ``start`` of a ``width``, at the nodes of ``table``; t_0 is the ``origin``."""

    start: float
    width: float
    origin: float
    table: Collocation

    @property
    def times(self) -> Array:
        """The times (s,) of the nodes."""
        return self.start + self.width * self.table.nodes

    def places(self, times: Array) -> Array:
        """The step's variable, 0 at its start and 1 at its end, at ``times``, which may lie beyond."""
        if isinstance(self.table, LogTime):
            return np.log1p((times - self.start) / (self.start + self.origin)) / self.table.logarithm
        return (times - self.start) / self.width


def stride_of_one(table: Collocation, start: float, width: float, origin: float) -> Stride:
    """A single student's, of ``width`` or of the next smaller ratio of times."""
    steps = math.floor(math.log1p(width / (start + origin)) / GRID)
    if steps * GRID < LEAST:
        return Stride(start, width, origin, table)
    stretched = _on_grid(table, min(steps, round(MOST / GRID)))
    return Stride(start, (start + origin) * math.expm1(stretched.logarithm), origin, stretched)


def stride_of_network(table: Collocation, start: float, width: float, origin: float) -> Stride:
    """A network's, of ``width`` or of LONGEST times the time passed."""
    width = min(width, LONGEST * (start + origin))
    return Stride(start, width, origin, in_log_time(table, math.log1p(width / (start + origin))))


@cache
def _on_grid(table: Collocation, steps: int) -> LogTime:
    """The table for κ = ``steps`` · GRID."""
    return in_log_time(table, steps * GRID)
