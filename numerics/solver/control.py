"""How long the next step may be, from what the last one left out of its polynomials."""

from dataclasses import dataclass, replace

import numpy as np

from numerics.arrays import Array
from numerics.solver.step import FLOOR, SMALLEST, Truncation

NOISE_DECAY = 0.1  # over two orders
NOISE_GROWTH = 4.0
GROWTH = 6.0
SAFETY, NETWORK_SAFETY = 0.9, 0.85  # of the widest step: one of a network that is taken again costs much
FALL = 7.0
LARGEST_LOGARITHM = 600.0


@dataclass(frozen=True)
class Control:
    """The widths of a run's steps, with polynomials of as many ``stages``, which may leave out ``tolerance``.

    The Chebyshev coefficients of a step of width h decay as (h × ``rate``)^k; before the first step, and
    where a run changes its chart, so that the steps so far had other statistics, the rate is not known, and
    0.
    """

    stages: int
    single: bool
    tolerance: float
    rate: float = 0.0

    def after(
        self, left_out: Truncation, width: float, statistics: Array, noisy: bool
    ) -> "tuple[float, Control]":
        """The width of the step after one of ``width`` with these ``statistics`` (n, s + 1), and its control.

        The rate is expected to go on changing by the factor of its last change: on an algebraic decay it
        falls like 1/t, and every step is longer. Rounding, which does not decay, keeps no step of a network
        short. No step shall take all statistics down, or one up, by more than e^FALL: the least of its
        values have the rounding of the largest, and a slower step after it could not tell that from
        stiffness.
        """
        # guesses far ahead are too rough where students without a teacher hardly decay
        rate, growth = left_out.ratio / width, GROWTH if self.single else 1.7
        change = min(max(rate / (self.rate or rate), 1.0 / growth), growth)
        control = replace(self, rate=rate)
        if noisy:
            return width * NOISE_GROWTH, control
        safety = SAFETY if self.single else NETWORK_SAFETY
        factor = safety * self.tolerance ** (1.0 / (self.stages + 1)) / left_out.ratio
        if left_out.error > FLOOR and (self.single or left_out.decay <= NOISE_DECAY):
            factor = min(factor, self.factor(left_out.error))
        start, end = np.maximum(np.abs(statistics[:, [0, -1]]), SMALLEST).T
        fall = abs(np.log(start / end).min(where=start > SMALLEST, initial=LARGEST_LOGARITHM))
        slow = FALL / fall if 0 < fall < LARGEST_LOGARITHM else growth
        return width * float(min(factor / change, growth, slow)), control

    def factor(self, error: float) -> float:
        """Ratio of the next width to this one after too large an ``error``."""
        allowed = SAFETY * (self.tolerance / max(error, 1e-300)) ** (1.0 / (self.stages + 2))
        return min(max(allowed, 0.1), GROWTH)
