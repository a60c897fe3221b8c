"""Sums over all indices i = 1 … d ≤ ∞ of functions that vary slowly with log i, from a few hundred terms.

Indices are split into geometric bins. In a bin of n consecutive integers the sum Σ f(i) is replaced by the
Gauss rule of the counting measure, whose orthogonal polynomials are the discrete Chebyshev (Gram)
polynomials: with integers 0 … n − 1 the Jacobi matrix has diagonal (n − 1)/2 and off-diagonal
(k/2)√((n² − k²)/(4k² − 1)) (Gautschi, *Orthogonal Polynomials*, 2004, section 1.5). It is exact for
polynomials of degree 2m − 1 whatever n, which is why d = 10^12 costs what d = 10^3 costs.
"""

import math
from typing import NamedTuple

import numpy as np

from numerics.arrays import Array

SHARE = 3.0
FAST = 64.0  # times λ_d: modes as fast as that have long been resolved
DECAYED = 640.0  # of 16λt: beyond, nothing is left of any mode


class IndexRule(NamedTuple):
    """Σ_{i≤d} f(i) ≈ Σ_k ``weights[k]`` f(``indices[k]``); ``normaliser`` is H_{d,a} = Σ_{i≤d} i^{-a}."""

    indices: Array
    weights: Array
    normaliser: float


def index_rule(
    exponent: float, source: float, dimension: float, horizon: float, nodes: int = 12
) -> IndexRule:
    """The rule for the modes i = 1 … d of a power law with (w*_i)² ∝ i^{−2 source}.

    The slowest modes decide the end of a run: beyond t ~ 1/λ_d bins are geometric in λ − λ_d, too.
    At d = ∞ the indices beyond λ_i · ``horizon`` = 1e-9 move so little that one term serves them all: the
    one-point Gauss rule of Σ λ_i (w*_i)² δ_{λ_i}, its two moments being Hurwitz zeta values. What it
    misses is of relative order (λ horizon)².

    >>> rule = index_rule(2.0, 0.0, 1e12, 1e30)
    >>> len(rule.indices) < 600, f"{rule.weights.sum():.0f}"
    (True, '1000000000000')
    """
    if math.isfinite(dimension):
        last = int(dimension)
    else:
        last = max(1000, math.ceil((horizon / 1e-9) ** (1.0 / exponent)))  # slower modes are frozen
    ratio = 2.0 ** min(1.0, 2.0 / exponent) if exponent else 2.0
    index, weight = [], []
    start = 1
    while start <= last:
        stop = min(math.ceil(start * ratio), _slow_stop(start, last, exponent, horizon), last + 1)
        points, weights = _gram(stop - start, nodes)
        index.append(start + points)
        weight.append(weights)
        start = stop
    x, w = np.concatenate(index), np.concatenate(weight)
    normaliser = float(np.sort(w * x**-exponent).sum())
    if math.isinf(dimension):
        power = exponent + 2.0 * source
        shift = (_tail(power + exponent, start) / _tail(power, start)) ** (-1.0 / exponent)
        x = np.append(x, start * shift)
        w = np.append(w, start * _tail(power, start) * shift**power)
        normaliser += float(start) ** (1.0 - exponent) * _tail(exponent, start)
    return IndexRule(x, w, normaliser)


def _slow_stop(start: int, last: int, exponent: float, horizon: float) -> int:
    """Where a bin that begins at ``start`` should end for the sake of e^{−16(λ − λ_d)t}, t ≤ ``horizon``.

    λ − λ_d + 1/(4t) falls by the factor SHARE within it; after DECAYED/(16λ_d) nothing is left of any mode.
    """
    moved, speedup = horizon * float(last) ** -exponent, exponent * math.log(last / start)
    if exponent == 0 or moved < 1.0 / FAST or speedup > math.log(FAST):
        return last + 1
    slow = max(0.25 / moved, 4.0 / DECAYED)
    border = (math.expm1(speedup) + slow) / SHARE - slow
    if border <= 0:
        return last + 1
    return max(start + 1, math.ceil(last * (1.0 + border) ** (-1.0 / exponent)))


def _gram(count: int, nodes: int) -> tuple[Array, Array]:
    """Points in [0, count − 1] and weights of the Gauss rule of the sum over 0, 1, …, count − 1."""
    if count <= nodes:
        return np.arange(count), np.ones(int(count))
    k = np.arange(1.0, nodes)
    off_diagonal = 0.5 * k * np.sqrt((count - k) / (2.0 * k - 1.0)) * np.sqrt((count + k) / (2.0 * k + 1.0))
    roots, vectors = np.linalg.eigh(np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1))
    return 0.5 * (count - 1.0) + roots, count * vectors[0] ** 2


def _tail(power: float, start: int) -> float:
    """start^{power − 1} ζ(power, start), where ζ(power, start) = Σ_{i ≥ start} i^{−power} could underflow.

    To rounding for start ≥ 1000 (Euler–Maclaurin).
    """
    return 1.0 / (power - 1.0) + (0.5 + power / (12.0 * start)) / start
