"""Networks on a power-law spectrum λ_i = i^{-a} / H_{d,a}: several teachers, several students, by seed."""

import math

import numpy as np

from numerics.arrays import Array
from numerics.problems.linearisation import escape_direction
from numerics.problems.power_law import (
    LARGEST,
    LARGEST_ARRAY,
    check_horizon,
    check_power_law,
    check_size,
    given,
    power_law,
    random_streams,
    size_of,
    source_of,
)
from numerics.problems.problem import Problem
from theory.expected import Count, Whole, checked


@checked
def power_law_network(
    exponent: float,
    dimension: float,
    students: Count,
    teachers: Count,
    teacher: str | Array = "flat",
    init: str | Array = "sphere",
    seed: Whole = 0,
    horizon: float = 1e30,
) -> Problem:
    """Many students and teachers on the spectrum of :func:`power_law`, which this is for one of each.

    tr Q = 1 and ‖w*_m‖_Q = 1 for every teacher. ``teacher``: ``gaussian`` (independent draws), ``flat`` and
    ``source:B`` ((w*_mi)² ∝ i^{-2B} with independent random signs, those of the first teacher positive), or
    an array (M, d). At d = inf, where signs average out, flat and source:B teachers are regular: orthogonal,
    each with the same energy at every eigenvalue, which then belongs to M directions. ``init``: ``sphere``
    (each student uniform on the unit sphere), ``escape:EPS`` (mixtures of the teachers' fastest directions
    from w = 0 with independent coefficients of variance EPS²/M), or an array (K, d). ``seed`` fixes every
    draw; the streams of teachers and students are independent.

    Raises ValueError for what :func:`power_law` refuses, and where d (K + M) exceeds 10^8 numbers.

    >>> problem = power_law_network(1.5, 100, students=3, teachers=2)
    >>> problem.students.shape, [round(float(x), 12) for x in problem.teachers**2 @ problem.eigenvalues]
    ((3, 100), [1.0, 1.0])
    """
    if students == teachers == 1:
        return power_law(exponent, dimension, teacher, init, seed, horizon)
    exponent, dimension = check_power_law(exponent, dimension)
    check_horizon(horizon)
    source, size = source_of(teacher), size_of(init)
    streams = [np.random.default_rng(stream) for stream in random_streams(seed)]
    if math.isinf(dimension):
        one = power_law(exponent, dimension, teacher, init, seed, min(horizon * teachers, LARGEST))
        eigenvalues = np.repeat(one.eigenvalues, teachers)
        taught = np.einsum("mk,n->mnk", np.eye(teachers), one.teacher).reshape(teachers, -1)
    else:
        check_size(dimension * (students + teachers), LARGEST_ARRAY)
        index = np.arange(1.0, dimension + 1.0)
        eigenvalues = index**-exponent / np.sum(index**-exponent)
        taught = _teachers(teacher, source, index, teachers, streams[0])
        with np.errstate(over="ignore", invalid="ignore"):
            energies = taught**2 @ eigenvalues
        if not np.all(np.isfinite(energies) & (energies > 0)):
            raise ValueError("every teacher must have finite entries, not all 0")
        taught = taught / np.sqrt(energies)[:, None]
    if size is None:
        started = _students(init, students, len(eigenvalues), streams[1])
    else:
        fastest = np.stack([escape_direction(eigenvalues, row)[1] for row in taught])
        started = size / math.sqrt(teachers) * streams[1].standard_normal((students, teachers)) @ fastest
    faithful = horizon if math.isinf(dimension) else math.inf
    return Problem(eigenvalues, _rows(taught), _rows(started), dimension, horizon=faithful)


def _teachers(
    teacher: str | Array, source: float | None, index: Array, count: int, stream: np.random.Generator
) -> Array:
    """The teachers (M, d) before normalisation."""
    if not isinstance(teacher, str):
        return given("teacher", teacher, count, len(index))
    draws = stream.standard_normal((count, len(index)))
    if source is None:
        return draws
    draws[0] = 1.0
    return np.sign(draws) * index**-source


def _students(init: str | Array, count: int, size: int, stream: np.random.Generator) -> Array:
    """The students (K, d)."""
    if not isinstance(init, str):
        return given("init", init, count, size)
    draws = stream.standard_normal((count, size))
    return draws / np.linalg.norm(draws, axis=1)[:, None]


def _rows(vectors: Array) -> Array:
    """One vector by itself, several as rows."""
    return vectors[0] if len(vectors) == 1 else vectors
