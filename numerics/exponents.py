"""Exponents and prefactors measured from a solution, without assuming the predicted values.

For y(t) = C t^p (1 + c₁ t^{−q₁} + c₂ t^{−q₂} + …) sampled at t_k = t_0 r^k, the local slopes
p_k = log(y_{k+1}/y_k)/log r tend to p with corrections that are geometric in k, whatever the q_j.
Wynn's ε-algorithm (Brezinski & Redivo Zaglia, *Extrapolation Methods*, 1991, section 2.3) removes them
one after the other.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class PowerLawFit(NamedTuple):
    """y ~ ``prefactor`` · t^``exponent`` as t → ∞, each with the spread of the last extrapolations."""

    exponent: float
    exponent_error: float
    prefactor: float
    prefactor_error: float


def extrapolate_power_law(times: Array, values: Array) -> PowerLawFit:
    """Fit ``values`` (K,) at ``times`` (K,) in geometric progression, K ≥ 5.

    Raises ValueError for times not in geometric progression or values that change sign.

    >>> t = 4.0 ** np.arange(4, 16)
    >>> fit = extrapolate_power_law(t, 3 * t**-0.5 * (1 + t**-0.5 + 2 / t))
    >>> f"{fit.exponent:.8f} {fit.prefactor:.6f}"
    '-0.50000000 3.000000'
    """
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    if times.ndim != 1 or times.shape != values.shape or len(times) < 5:
        raise ValueError("times and values must be equally long lists of at least 5 numbers")
    steps = np.diff(np.log(times))
    if np.ptp(steps) > 1e-9 * steps.mean() or steps.mean() <= 0:
        raise ValueError("times must increase in geometric progression")
    if not (np.all(values > 0) or np.all(values < 0)):
        raise ValueError("values must be finite and of one sign")
    slopes = np.diff(np.log(np.abs(values))) / steps.mean()
    exponent, exponent_error = _limit(slopes)
    prefactor, prefactor_error = _limit(values / times**exponent)
    return PowerLawFit(exponent, exponent_error, prefactor, prefactor_error)


def _limit(sequence: Array) -> tuple[float, float]:
    """The limit of a sequence with geometric corrections by Wynn's ε-algorithm, and its uncertainty.

    Of the columns of the table the one whose last two entries agree best is taken.
    """
    older, current = np.zeros(len(sequence) + 1), sequence
    best, error = float(sequence[-1]), float(abs(sequence[-1] - sequence[-2]))
    for column in range(1, len(sequence) - 1):
        differences = np.diff(current)
        if np.any(differences == 0):
            break
        older, current = current, older[1:-1] + 1.0 / differences
        if column % 2 == 0 and len(current) >= 2 and abs(current[-1] - current[-2]) < error:
            best, error = float(current[-1]), float(abs(current[-1] - current[-2]))
    return best, error
