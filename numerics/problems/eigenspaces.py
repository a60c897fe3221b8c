"""Modes of one teacher w* and one student w that share an eigenvalue, merged without losing w ∓ w*.

The flow sees of an eigenspace only L = ‖w*‖, the component of w along w* and the length of w across it:

    w* → (L, 0),    w → (⟨w, w*⟩/L, ‖w_⊥‖).

Near ±w* what counts is b = ⟨w ∓ w*, w*⟩/L, which the float nearest to ±L + b does not hold, and beside an
eigenspace that is hardly another the ratio of the component to L. So what the float leaves out goes beside
it, as a rest. Nor is w_⊥ a difference of w and its part along w*: with w*_k the largest of all

    w − (w_k/w*_k) w* = (w_i w*_k − w_k w*_i)_i / w*_k

has the same part across w*, and is hardly longer. All products are exact: sums of two floats (Dekker,
Numerische Mathematik 18, 1971), summed with one rounding.
"""

import math
from itertools import pairwise

import numpy as np

from numerics.arrays import Array

SPLITTER = 2.0**27 + 1.0  # halves the digits of a float


def merge(eigenvalues: Array, teacher: Array, init: Array) -> tuple[Array, Array, Array, Array]:
    """The modes (N,) of descending ``eigenvalues``, at most two of each: these, w*, w and the rest of w.

    >>> _, teacher, init, rest = merge(np.ones(2), np.array([3.0, 4.0]), np.array([3.0, 4.0 + 2.0**-50]))
    >>> teacher.tolist(), [f"{part * 2.0**50:.15f}" for part in init - teacher + rest]
    ([5.0, 0.0], ['0.800000000000000', '0.600000000000000'])
    """
    starts = np.flatnonzero(np.diff(eigenvalues, prepend=np.inf))
    sizes = np.diff(starts, append=len(eigenvalues))
    single, several = starts[sizes == 1], sizes > 1
    alone = np.stack([eigenvalues[single], teacher[single], np.zeros(len(single)), init[single]])
    inside = np.repeat(several, sizes)
    planes = _planes(teacher[inside], init[inside], sizes[several]) if several.any() else np.empty((3, 0))
    levels = np.tile(eigenvalues[starts[several]], 2)
    shared = np.concatenate([levels[None], planes])[:, planes.any(axis=0)]
    modes = np.concatenate([alone, shared], axis=1)
    found, star, base, deviation = modes[:, np.argsort(-modes[0], kind="stable")]
    return found, star, *add(base, deviation)


def add(base: Array, deviation: Array) -> tuple[Array, Array]:
    """``base`` + ``deviation``, rounded, and what the rounding has left out, exactly (Knuth)."""
    total = base + deviation
    shifted = total - base
    return total, (base - (total - shifted)) + (deviation - shifted)


def _planes(teacher: Array, init: Array, sizes: Array) -> Array:
    """The modes (3, 2·G) of the G eigenspaces that have ``sizes`` (G,): along w* all of them, then across.

    A mode is w*, and w as a sum of c w*, c = ±1 near ±w*, and the rest; an empty one is 0.
    """
    begin, group = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    largest = np.maximum.reduceat(np.maximum(np.abs(teacher), np.abs(init)), begin)
    unit = np.ldexp(1.0, np.frexp(largest)[1])
    star, start = teacher / unit[group], init / unit[group]
    length = _lengths(star, begin, group)
    divisor = np.where(length > 0, length, 1.0)
    terms, squares = _products(start, star), _products(star, star)
    overlap = _exact_sums(terms, begin)
    sign = np.where(overlap < 0, -1.0, 1.0)
    deviation = _exact_sums(np.concatenate([terms, -sign[group] * squares]), begin)
    near = np.abs(deviation) <= 0.5 * length**2  # of L: up to here b is kept, beyond it the component itself
    share = np.where(near, sign, overlap / divisor**2)
    left = _exact_sums(np.concatenate([terms, -_scaled(squares, share[group])]), begin)
    base, rounding = _products(share, length)
    along = rounding + left / divisor
    leader = np.lexsort((-np.abs(star), group))[begin]
    across = _lengths(_across(star, start, leader[group], begin, group), begin, group)
    nothing = np.zeros(len(sizes))
    rows = (length, nothing), (base, nothing), (along, across)
    return np.stack([np.concatenate(pair) for pair in rows]) * np.tile(unit, 2)


def _across(teacher: Array, init: Array, leader: Array, begin: Array, group: Array) -> Array:
    """w_⊥ (N,) in each group, from the products with the components at the ``leader`` (N,)."""
    (first, left), (second, right) = _products(init, teacher[leader]), _products(teacher, init[leader])
    taught = teacher[leader] != 0
    skew = ((first - second) + (left - right)) / np.where(taught, teacher[leader], 1.0)
    skew = np.where(taught, skew, init)
    mixed, own = (
        np.add.reduceat(part, begin, dtype=np.longdouble).astype(float)
        for part in (skew * teacher, teacher**2)
    )
    return skew - (mixed / np.where(own > 0, own, 1.0))[group] * teacher


def _lengths(vectors: Array, begin: Array, group: Array) -> Array:
    """‖v‖ (G,) of each group's part of ``vectors`` (N,)."""
    largest = np.maximum.reduceat(np.abs(vectors), begin)
    units = np.where(largest > 0, largest, 1.0)
    sums = np.add.reduceat((vectors / units[group]) ** 2, begin, dtype=np.longdouble)
    return units * np.sqrt(sums).astype(float)


def _exact_sums(parts: Array, begin: Array) -> Array:
    """The sums (G,) of all ``parts`` (k, N) over each group, rounded once."""
    terms, bounds = parts.T.ravel().tolist(), (len(parts) * np.append(begin, parts.shape[1])).tolist()
    return np.array([math.fsum(terms[start:stop]) for start, stop in pairwise(bounds)])


def _products(x: Array, y: Array) -> Array:
    """x y as a float and its exact rest: (2, N)."""
    (x_high, x_low), (y_high, y_low) = _halves(x), _halves(y)
    product = x * y
    rest = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    return np.stack([product, rest])


def _scaled(parts: Array, factor: Array) -> Array:
    """``factor`` (N,) times the ``parts`` (2, N) of products, without rounding: (4, N)."""
    return np.concatenate([_products(part, factor) for part in parts])


def _halves(x: Array) -> tuple[Array, Array]:
    """``x`` as a sum of two floats with half the digits."""
    high = SPLITTER * x - (SPLITTER * x - x)
    return high, x - high
