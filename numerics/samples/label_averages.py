"""Averages over a label z ~ N(0, 1) that the resolvents of Ĥ = (1/n) Σ z_i² x_i x_iᵀ are made of.

m_j(δ) = E[z^{2j}/(1 + z²δ)] for complex δ off the negative axis. The first is Mill's ratio,

    m_0 = √(π/2) c erfcx(c/√2),  c = δ^{−1/2},

the others follow from (2j − 1)!! = m_j + δ m_{j+1}, whose differences cancel where δ is small: there the
asymptotic series Σ_k (2j + 2k − 1)!! (−δ)^k serves. Of two resolvents come the divided differences

    E[z^{2j+2}/((1 + z²δ)(1 + z²ε))] = (m_j(δ) − m_j(ε))/(ε − δ).
"""

from math import factorial

import numpy as np

from numerics.arrays import Array

ORDERS = 4
SMALL = 0.01
"""Below, 24 terms of the series leave less than rounding."""

TERMS = 24


def double_factorial(number: int) -> int:
    """(2 ``number`` − 1)!!, the moment E z^{2 number}.

    >>> [double_factorial(number) for number in range(5)]
    [1, 1, 3, 15, 105]
    """
    return factorial(2 * number) // (2**number * factorial(number))


VALUES = np.array(
    [[double_factorial(order + power) for power in range(TERMS)] for order in range(ORDERS)], dtype=float
)
SLOPES = np.array(
    [
        [-(power + 1) * double_factorial(order + power + 1) for power in range(TERMS)]
        for order in range(ORDERS)
    ],
    dtype=float,
)


def averages(delta: Array) -> tuple[Array, Array]:
    """m_j and their derivatives dm_j/dδ for j < 4, (4, …) each, of complex ``delta`` (…).

    >>> values, slopes = averages(np.array([1.0 + 0j]))
    >>> [f"{value.real:.6f}" for value in values[:3, 0]], f"{slopes[0, 0].real:.6f}"
    (['0.655680', '0.344320', '0.655680'], '-0.155680')
    """
    small = np.abs(delta) < SMALL
    result = np.empty((2, ORDERS, *delta.shape), dtype=complex)
    result[..., small], result[..., ~small] = _series(delta[small]), _closed(delta[~small])
    return result[0], result[1]


def _closed(delta: Array) -> Array:
    """Both where δ is not small, (2, 4, …)."""
    from scipy.special import wofz

    c = 1.0 / np.sqrt(delta)
    values = [np.sqrt(np.pi / 2) * c * wofz(1j * c / np.sqrt(2))]
    for order in range(ORDERS):
        values.append((double_factorial(order) - values[-1]) / delta)
    slopes = [(values[1] - values[0]) / (2 * delta)]
    for value in values[1:ORDERS]:
        slopes.append((-slopes[-1] - value) / delta)
    return np.array([values[:ORDERS], slopes])


def _series(delta: Array) -> Array:
    """Both where δ is small, (2, 4, …)."""
    powers = (-delta) ** np.arange(TERMS)[:, None]
    return np.array([VALUES @ powers, SLOPES @ powers])


def coupled(delta: Array) -> Array:
    """E[z^{2j}/((1 + z²δ_k)(1 + z²δ_l))] for j = 2, 3, 4 and each two of ``delta`` (N,), (3, N, N).

    >>> print(coupled(np.array([0.5 + 0j, 2.0]))[0].real.round(6))
    [[0.421278 0.171384]
     [0.171384 0.073782]]
    """
    values, slopes = averages(delta)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = (values[1:, :, None] - values[1:, None]) / (delta - delta[:, None])
    same = np.arange(len(delta))
    result[:, same, same] = -slopes[1:]
    small = np.flatnonzero(np.abs(delta) < SMALL)
    if len(small):
        result[:, small[:, None], small] = _coupled_series(delta[small])
    return result


def _coupled_series(delta: Array) -> Array:
    """The same where all δ are small: Σ_k (2j + 2k − 1)!! (−1)^k Σ_l δ^l ε^{k−l}."""
    sums, power = np.ones((len(delta), len(delta)), dtype=complex), np.ones(len(delta), dtype=complex)
    result = np.zeros((ORDERS - 1, *sums.shape), dtype=complex)
    for number in range(TERMS - 1):
        for row, order in enumerate(range(2, ORDERS + 1)):
            result[row] += double_factorial(order + number) * sums
        power = -power * delta
        sums = -sums * delta[:, None] + power
    return result
