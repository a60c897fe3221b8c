"""The flow of one mode in closed form, ẋ = 12λ(1 − x²)x with w = x w*, s = x² and u = x."""

import math
from collections.abc import Callable

import numpy as np
from scipy.integrate import quad

from numerics.arrays import Array


def overlap(start: float, time: float, rate: float = 1.0) -> float:
    """u(t).

    >>> round(overlap(0.5, 0.0), 12), round(overlap(0.5, 9.0), 12)
    (0.5, 1.0)
    """
    return (1 + (1 / start**2 - 1) * math.exp(-24 * rate * time)) ** -0.5


def clock(start: float, time: float, rate: float = 1.0) -> float:
    """Θ(t) = ∫ (1 − 3s).

    >>> from scipy.integrate import quad
    >>> clock(0.5, 0.3) - quad(lambda t: 1 - 3 * overlap(0.5, t) ** 2, 0, 0.3)[0] < 1e-12
    True
    """
    return time - math.log1p(start**2 * math.expm1(24 * rate * time)) / (8 * rate)


def volterra(
    start: float, times: Array, kernel: Callable[[float, float], float], rate: float = 1.0, gain: float = 8.0
) -> Array:
    """e^{4λΘ(t)} x(0) + gain ∫_0^t kernel(t, τ) x(τ) dτ."""
    return np.array(
        [
            math.exp(4 * rate * clock(start, time, rate)) * start
            + gain * quad(lambda r, t=time: kernel(t, r) * overlap(start, r, rate), 0, time, epsabs=1e-11)[0]
            for time in times
        ]
    )
