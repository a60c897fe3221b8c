"""Problems on a power-law spectrum λ_i = i^{-a} / H_{d,a}, in any dimension up to infinity."""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from numerics.arrays import Array
from numerics.problems.linearisation import escape_direction
from numerics.problems.problem import Problem
from numerics.problems.reduction import reduce_stream
from numerics.quadrature.index_rule import index_rule
from theory.expected import Whole, checked
from theory.names import escape_size, source_exponent

LARGEST_ARRAY = 10**8
STREAMED = 10**7  # from here on draws are reduced as they come
CHUNK = 2**20
LARGEST = 1e280  # of finite dimensions and horizons, short of overflow


@checked
def power_law(
    exponent: float,
    dimension: float,
    teacher: str | Array = "flat",
    init: str | Array = "sphere",
    seed: Whole = 0,
    horizon: float = 1e30,
) -> Problem:
    """The paper's problem: tr Q = 1, ‖w*‖_Q = 1.

    ``exponent`` a ≥ 0 (a = 0 is isotropic, Q = I/d); ``dimension`` d, a positive integer or inf (then
    a > 1). ``teacher``: ``flat`` (``|w*_i|`` equal), ``source:B`` (``(w*_i)² ∝ i^{-2B}``), ``gaussian`` (the
    paper's) or an array, scaled to ‖w*‖_Q = 1. ``init``: ``sphere`` (uniform on the unit sphere),
    ``escape:EPS`` (along the fastest direction of w = 0, u > 0, s = EPS²) or an array, taken as it is.
    ``seed`` fixes every draw; the streams of teacher and start are independent.

    Without draws the problem comes back as a few hundred modes whatever d is; with draws it does beyond 10^7
    dimensions, which pass through memory in chunks. Then, and at d = inf, it is faithful for times up to
    ``horizon``.

    Raises ValueError for a request outside these limits, in particular a sphere start or a Gaussian
    teacher at d = inf, and a + 2B ≤ 1 at d = inf (such a teacher has infinite energy).

    >>> problem = power_law(2, math.inf, init="escape:1e-3")
    >>> f"{problem.teacher_energy:.12f}"
    '1.000000000000'
    """
    exponent, dimension = check_power_law(exponent, dimension)
    check_horizon(horizon)
    source, size = source_of(teacher), size_of(init)
    if math.isinf(dimension):
        _check_infinite(exponent, teacher, init)
    given = not (isinstance(teacher, str) and isinstance(init, str))
    rule = None
    if source is None or size is None:
        check_size(dimension, LARGEST_ARRAY if given else 10**10)
        if not given and dimension > STREAMED:
            return _streamed(exponent, dimension, source, size, seed, horizon)
        index = np.arange(1.0, dimension + 1.0)
        eigenvalues = index**-exponent
        eigenvalues /= eigenvalues.sum()
    else:
        rule = index_rule(exponent, source, dimension, horizon * max(1.0, size**2))
        index = rule.indices
        eigenvalues = index**-exponent / rule.normaliser
    target = _teacher(teacher, source, index, seed) * (1.0 if rule is None else np.sqrt(rule.weights))
    with np.errstate(over="ignore", invalid="ignore"):
        energy = eigenvalues @ target**2
    if not (math.isfinite(energy) and energy > 0):
        raise ValueError("teacher must have finite entries, not all 0")
    target /= math.sqrt(energy)
    start = (
        _start(init, len(index), seed) if size is None else size * escape_direction(eigenvalues, target)[1]
    )
    faithful = horizon if math.isinf(dimension) else math.inf
    directions = None if rule is None else _directions(exponent, dimension, horizon)
    return Problem(eigenvalues, target, start, dimension, horizon=faithful, directions=directions)


def _streamed(
    exponent: float, dimension: float, source: float | None, size: float | None, seed: int, horizon: float
) -> Problem:
    """The problem with draws, reduced in chunks: the same draws as those that are held at once."""
    normaliser = index_rule(exponent, 0.0, dimension, 1.0).normaliser
    streams = [np.random.default_rng(stream) for stream in random_streams(seed)]
    sums = np.zeros(2)

    def chunks() -> Iterator[tuple[Array, Array]]:
        for begin in range(0, int(dimension), CHUNK):
            index = np.arange(begin + 1.0, min(begin + CHUNK, int(dimension)) + 1.0)
            eigenvalues = index**-exponent / normaliser
            rows = [streams[0].standard_normal(len(index)) if source is None else index**-source]
            if size is None:
                rows.append(streams[1].standard_normal(len(index)))
            sums[0] += eigenvalues @ rows[0] ** 2
            sums[1] += rows[-1] @ rows[-1]
            yield eigenvalues, np.stack(rows)

    nodes, vectors, error = reduce_stream(chunks(), horizon * max(1.0, (size or 0.0) ** 2))
    target = vectors[0] / math.sqrt(sums[0])
    start = vectors[1] / math.sqrt(sums[1]) if size is None else size * escape_direction(nodes, target)[1]
    directions = _directions(exponent, dimension, horizon)
    return Problem(
        nodes, target, start, dimension, relative_error=error, horizon=horizon, directions=directions
    )


def _directions(exponent: float, dimension: float, horizon: float) -> Array:
    """Eigenvalues and the numbers of directions that have them (2, D): a rule for sums over all of them."""
    rule = index_rule(exponent, 0.0, dimension, horizon)
    return np.stack([rule.indices**-exponent / rule.normaliser, rule.weights])


def gaussian_teacher(dimension: float, seed: int = 0) -> Array:
    """The ``dimension`` standard normal draws that :func:`power_law` scales into the teacher ``gaussian``.

    Raises ValueError where there are more than 10^8.
    """
    check_size(dimension, LARGEST_ARRAY)
    teacher_stream, _ = random_streams(seed)
    return np.random.default_rng(teacher_stream).standard_normal(int(dimension))


def check_power_law(exponent: float, dimension: float) -> tuple[float, float]:
    """Both as floats, or raise ValueError saying what is allowed."""
    if not (math.isfinite(exponent) and exponent >= 0):
        raise ValueError(f"exponent is {exponent}: it must be a finite number ≥ 0")
    if not (dimension == math.inf or (1 <= dimension <= LARGEST and dimension == math.floor(dimension))):
        raise ValueError(f"dimension is {dimension}: it must be a positive integer up to {LARGEST:g}, or inf")
    if math.isinf(dimension) and exponent <= 1:
        raise ValueError(f"exponent is {exponent}: at dimension inf it must exceed 1")
    return float(exponent), float(dimension)


def source_of(teacher: str | Array) -> float | None:
    """B of a teacher (w*_i)² ∝ i^{−2B}; None for one that is drawn or given."""
    if not isinstance(teacher, str):
        return None
    source = source_exponent(teacher)
    if source is None and teacher != "gaussian":
        raise ValueError(f"teacher is {teacher!r}: it must be flat, source:B or gaussian")
    return None if source is None else float(source)


def size_of(init: str | Array) -> float | None:
    """EPS of a start ``escape:EPS``; None for one on the sphere or given."""
    if not isinstance(init, str):
        return None
    size = escape_size(init)
    if size is None and init != "sphere":
        raise ValueError(f"init is {init!r}: it must be sphere or escape:EPS")
    return None if size is None else float(size)


def _check_infinite(exponent: float, teacher: str | Array, init: str | Array) -> None:
    """At d = ∞ there is no sphere and no iid teacher, and the teacher's energy must converge."""
    source = source_exponent(teacher) if isinstance(teacher, str) else None
    if source is None:
        name = repr(teacher) if isinstance(teacher, str) else "an array"
        raise ValueError(f"teacher is {name}: at dimension inf it must be flat or source:B")
    if Fraction(repr(exponent)) + 2 * source <= 1:  # in decimals: 2.2 − 2·0.6 is 1, and no float above
        raise ValueError(f"teacher is {teacher!r}: at dimension inf exponent + 2B must exceed 1")
    if not isinstance(init, str) or init == "sphere":
        raise ValueError("init: at dimension inf there is no sphere and no array; use escape:EPS")


def check_horizon(horizon: float) -> None:
    """Raise ValueError for a horizon that floats do not hold."""
    if not 0 < horizon <= LARGEST:
        raise ValueError(f"horizon is {horizon}: it must be a positive time up to {LARGEST:g}")


def check_size(dimension: float, largest: float) -> None:
    """What is drawn or given entry by entry takes time, and what is held takes memory."""
    if dimension > largest:
        raise ValueError(
            f"dimension is {dimension:g}: a teacher or start that is drawn or given entry by entry "
            f"allows at most {largest:g}; beyond, use a flat or source:B teacher and escape:EPS"
        )


def random_streams(seed: int) -> list[np.random.SeedSequence]:
    """The independent streams of teacher and start."""
    return np.random.SeedSequence(seed).spawn(2)


def _teacher(teacher: str | Array, source: float | None, index: Array, seed: int) -> Array:
    """The teacher's components before normalisation."""
    if source is not None:
        with np.errstate(over="ignore"):
            return index**-source
    if isinstance(teacher, str):
        return gaussian_teacher(len(index), seed)
    return given("teacher", teacher, len(index))


def _start(init: str | Array, size: int, seed: int) -> Array:
    """The start w(0), drawn on the unit sphere or given."""
    if not isinstance(init, str):
        return given("init", init, size)
    _, start_stream = random_streams(seed)
    draw = np.random.default_rng(start_stream).standard_normal(size)
    return draw / np.linalg.norm(draw)


def given(name: str, values: Array, *shape: int) -> Array:
    """A user's array, of the right shape; a single row may be a vector."""
    array = np.array(values, dtype=float, ndmin=len(shape))
    if array.shape != shape:
        raise ValueError(f"{name} has shape {np.shape(values)}: for dimension {shape[-1]} it must be {shape}")
    return array
