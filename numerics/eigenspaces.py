"""Modes of one teacher w* and one student w that share an eigenvalue, merged without losing w ∓ w*.

The flow sees of an eigenspace only L = ‖w*‖, the component of w along w* and the length of w across it:

    w* → (L, 0),    w → (⟨w, w*⟩/L, ‖w_⊥‖).

Near ±w* what counts is b = ⟨w ∓ w*, w*⟩/L, which the float nearest to ±L + b does not hold: what is left of
it goes beside it, as a rest. Nor is w_⊥ a difference of w and its part along w*: with w*_k the largest of all

    w − (w_k/w*_k) w* = (w_i w*_k − w_k w*_i)_i / w*_k

has the same part across w*, and is hardly longer. All products are exact: sums of two floats (Dekker,
Numerische Mathematik 18, 1971), summed with one rounding.
"""

import math

import numpy as np

Array = np.ndarray

SPLITTER = 2.0**27 + 1.0  # halves the digits of a float
NEAR = 0.5  # of L: up to here b is kept, beyond it the component itself


def merge(eigenvalues: Array, teacher: Array, init: Array) -> tuple[Array, Array, Array, Array]:
    """The modes (N,) of descending ``eigenvalues``, at most two of each: these, w*, w and the rest of w.

    >>> _, teacher, init, rest = merge(np.ones(2), np.array([3.0, 4.0]), np.array([3.0, 4.0 + 2.0**-50]))
    >>> teacher.tolist(), [f"{part * 2.0**50:.15f}" for part in init - teacher + rest]
    ([5.0, 0.0], ['0.800000000000000', '0.600000000000000'])
    """
    starts = np.flatnonzero(np.diff(eigenvalues, prepend=np.inf))
    sizes = np.diff(starts, append=len(eigenvalues))
    single = starts[sizes == 1]
    alone = np.stack([eigenvalues[single], teacher[single], np.zeros(len(single)), init[single]])
    shared = [
        (eigenvalues[start], *mode)
        for start, stop in zip(starts[sizes > 1], (starts + sizes)[sizes > 1], strict=True)
        for mode in _plane(teacher[start:stop], init[start:stop])
    ]
    modes = np.concatenate([alone, np.array(shared).reshape(-1, 4).T], axis=1)
    found, star, base, deviation = modes[:, np.argsort(-modes[0], kind="stable")]
    return found, star, *add(base, deviation)


def add(base: Array, deviation: Array) -> tuple[Array, Array]:
    """``base`` + ``deviation``, rounded, and what the rounding has left out, exactly (Knuth)."""
    total = base + deviation
    shifted = total - base
    return total, (base - (total - shifted)) + (deviation - shifted)


def _plane(teacher: Array, init: Array) -> list[tuple[float, float, float]]:
    """The one or two modes of an eigenspace, none where it is empty: w*, and w as a sum of ±w* or 0 and b."""
    length = math.hypot(*teacher)
    if length == 0.0:
        size = math.hypot(*init)
        return [(0.0, 0.0, size)] if size else []
    unit = math.ldexp(1.0, math.frexp(max(np.abs(teacher).max(), np.abs(init).max()))[1])
    star, start = teacher / unit, init / unit
    base = length if star @ start >= 0 else -length
    terms = _products(start, star)
    squares = math.copysign(1.0, base) * _products(star, star)
    deviation = math.fsum(np.append(terms, -squares)) / (length / unit) * unit
    if abs(deviation) > NEAR * length:
        base, deviation = 0.0, math.fsum(terms.ravel()) / (length / unit) * unit
    across = _across(star, start) * unit
    return [(length, base, deviation), *([(0.0, 0.0, across)] if across else [])]


def _across(teacher: Array, init: Array) -> float:
    """‖w_⊥‖, to rounding relative to itself."""
    largest = int(np.abs(teacher).argmax())
    (first, left), (second, right) = (
        _products(*pair) for pair in ((init, teacher[largest]), (teacher, init[largest]))
    )
    skew = ((first - second) + (left - right)) / teacher[largest]
    return math.hypot(*(skew - (skew @ teacher) / (teacher @ teacher) * teacher))


def _products(x: Array, y: Array | float) -> Array:
    """x y as a float and its exact rest: (2, N)."""
    (x_high, x_low), (y_high, y_low) = _halves(x), _halves(np.asarray(y))
    product = x * y
    rest = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    return np.stack([product, rest])


def _halves(x: Array) -> tuple[Array, Array]:
    """``x`` as a sum of two floats with half the digits."""
    high = SPLITTER * x - (SPLITTER * x - x)
    return high, x - high
