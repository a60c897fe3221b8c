"""Many small flows at once, random ones and such as are bred to fall back below s = 1/3."""

import math

import numpy as np

from derivations.trials.states import form, random_states
from numerics.arrays import Array

HORIZON = 25
"""So long the flows are followed, in units of 1/λ_1."""


def random_flows(size: int, count: int) -> tuple[Array, Array, Array]:
    """λ with λ_1 = 1, w* and w of random flows with u, u^(2) > 0 and 1/20 < s < 1/3."""
    eigenvalues, teacher, student = random_states(size, count)
    energy = np.random.default_rng(1).uniform(0.05, 1 / 3, (count, 1))
    student *= np.sqrt(energy / form(eigenvalues, student, student)[:, None])
    return _admissible(eigenvalues, teacher, student)


def _admissible(eigenvalues: Array, teacher: Array, student: Array) -> tuple[Array, Array, Array]:
    """The flows scaled to λ_1 = 1 and ‖w*‖_Q = 1 and turned to u > 0, as far as u^(2) > 0 and s < 1/3."""
    scale = eigenvalues.max(axis=1, keepdims=True)
    eigenvalues, student = eigenvalues / scale, student * np.sqrt(scale)
    teacher = teacher / np.sqrt(form(eigenvalues, teacher, teacher))[:, None]
    student = student * np.sign(form(eigenvalues, student, teacher))[:, None]
    chosen = (form(eigenvalues, student, teacher, 2) > 1e-3) & (form(eigenvalues, student, student) < 1 / 3)
    return eigenvalues[chosen], teacher[chosen], student[chosen]


def mutated(flows: tuple[Array, Array, Array], alignments: Array) -> tuple[Array, Array, Array]:
    """Descendants of the twentieth of the flows that has the smallest alignments."""
    draw = np.random.default_rng(2)
    best = np.argsort(alignments)[: max(5, len(alignments) // 20)]
    chosen = draw.choice(best, len(alignments))
    eigenvalues, teacher, student = (vectors[chosen] for vectors in flows)
    changes = 0.2 * draw.standard_normal((3, *eigenvalues.shape))
    return _admissible(
        eigenvalues * np.exp(changes[0]), teacher * (1 + changes[1]), student * (1 + changes[2])
    )


def after_crossing(eigenvalues: Array, teacher: Array, student: Array) -> tuple[Array, Array, Array]:
    """The least s − 1/3 and the least cosine of Qw and Qw* after s = 1/3 is crossed, and whether it is."""
    w, step = student, 0.025
    crossed = np.zeros(len(w), dtype=bool)
    heights, alignments = np.full(len(w), np.inf), np.full(len(w), np.inf)
    for _ in range(math.ceil(HORIZON / step)):
        rates: list[Array] = []
        for shift in (0.0, 0.5, 0.5, 1.0):
            rates.append(_rate(eigenvalues, teacher, w + shift * step * rates[-1] if rates else w))
        w = w + step / 6 * (rates[0] + 2 * rates[1] + 2 * rates[2] + rates[3])
        height = form(eigenvalues, w, w) - 1 / 3
        crossed |= height > 1e-5
        cosine = form(eigenvalues, w, teacher, 2) / np.sqrt(
            form(eigenvalues, w, w, 2) * form(eigenvalues, teacher, teacher, 2)
        )
        heights = np.where(crossed, np.minimum(heights, height), heights)
        alignments = np.where(crossed, np.minimum(alignments, cosine), alignments)
    return heights, alignments, crossed


def _rate(eigenvalues: Array, teacher: Array, w: Array) -> Array:
    """The velocity of many flows at once (3.3)."""
    energy, overlap = form(eigenvalues, w, w)[:, None], form(eigenvalues, w, teacher)[:, None]
    return np.asarray(eigenvalues * (4 * (1 - 3 * energy) * w + 8 * overlap * teacher))
