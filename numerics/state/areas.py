"""Statistics of links with a kink: the overlaps, and the areas that pairs of vectors span.

In the metric Q the parallelogram of a and b has the area r = √(|a|² |b|² − ⟨a, b⟩²), the root of a
difference that loses half of the digits where a and b are parallel. It is |b| times the length of the part of
a across b, which is the same for a and for

    a − (a_l/b_l) b,    l the mode in which b has the most energy:

at most √N times as long, and a itself where b has no other mode. Along that part is the slope, too:
∂r/∂a = λ v with v the part of a across b, stretched to the length of b.

Shapes: n statistics, K students, M teachers, P pairs, E their sides that are students, N modes, modes last.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from numerics.arrays import Array
from numerics.state.modes import Modes

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class AreaModes(Modes):
    """Modes whose statistics end with the areas of ``pairs`` of vectors, students before teachers."""

    pairs: Pairs

    def statistics(self, states: Array) -> Array:
        """Statistics (n, …) of ``states`` (…, K, N): the overlaps, then the areas."""
        first, second = self._vectors(states, *np.transpose(self.pairs))
        areas = self._lengths(second) * self._lengths(self._across(first, second)[0])
        return np.concatenate([super().statistics(states), np.moveaxis(areas, -1, 0)])

    def term_sizes(self, state: Array) -> Array:
        """The statistics (n,) of ``state`` (K, N) with every term counted positive."""
        first, second = self._vectors(state, *np.transpose(self.pairs))
        _, terms = self._across(first, second)
        return np.append(super().term_sizes(state), self._lengths(second) * self._lengths(terms))

    def least_units(self, state: Array) -> Array:
        """What the areas of ``state`` (K, N) are differences of, and 0 for the overlaps (n,)."""
        terms = self.term_sizes(state)
        return np.where(np.arange(len(terms)) < len(terms) - len(self.pairs), 0.0, terms)

    def units(self, statistics: Array, students: int) -> Array:
        """The products (n, …) of the lengths of the vectors that ``statistics`` (n, …) are of."""
        own, teachers = self.squares(statistics, students)
        lengths = np.sqrt(np.concatenate([own, teachers]))
        first, second = np.transpose(self.pairs)
        return np.concatenate([super().units(statistics, students), lengths[first] * lengths[second]])

    def statistics_change(self, states: Array, change: Array) -> Array:
        """The change (n, …) of the statistics of ``states`` (…, K, N) with a small ``change`` (…, K, N)."""
        pairs, movers, _ = _sides(self.pairs, states.shape[-2])
        parts = (self.normals(states) * change[..., movers, :]) @ self.eigenvalues
        areas = parts @ (pairs[:, None] == np.arange(len(self.pairs)))
        return np.concatenate([super().statistics_change(states, change), np.moveaxis(areas, -1, 0)])

    def normals(self, states: Array) -> Array:
        """v (…, E, N) with λ v the slope of an area by one of its sides, at ``states`` (…, K, N).

        It is 0 where an area is 0, which has a kink there.
        """
        _, movers, others = _sides(self.pairs, states.shape[-2])
        first, second = self._vectors(states, movers, others)
        across, _ = self._across(first, second)
        length = self._lengths(across)
        stretch = np.where(length > 0, self._lengths(second) / np.where(length > 0, length, 1.0), 0.0)
        return stretch[..., None] * across

    def rule(self, students: int) -> Array:
        """c (n, K, K + M + E): how the statistics answer to students, teachers and :meth:`normals`."""
        pairs, movers, _ = _sides(self.pairs, students)
        plain = super().rule(students)
        rule = np.zeros(np.add(plain.shape, (len(self.pairs), 0, len(movers))))
        rule[: len(plain), :, : plain.shape[2]] = plain
        rule[len(plain) + pairs, movers, plain.shape[2] + np.arange(len(movers))] = 1.0
        return rule

    def _vectors(self, states: Array, *numbers: Array) -> list[Array]:
        """The vectors (…, E, N) of these ``numbers`` (E,), of ``states`` (…, K, N) and the teachers."""
        teachers = np.broadcast_to(self.teacher, (*states.shape[:-2], *self.teacher.shape))
        vectors = np.concatenate([states, teachers], axis=-2)
        return [vectors[..., chosen, :] for chosen in numbers]

    def _lengths(self, vectors: Array) -> Array:
        """√⟨v, v⟩_Q of ``vectors`` (…, N)."""
        return np.sqrt(vectors**2 @ self.eigenvalues)

    def _across(self, first: Array, second: Array) -> tuple[Array, Array]:
        """The part (…, N) of ``first`` across ``second``, and the terms that its rounding is relative to."""
        energies = self.eigenvalues * second**2
        leader = energies.argmax(axis=-1)[..., None]
        top, own = np.take_along_axis(second, leader, -1), energies.sum(axis=-1, keepdims=True)
        removed = np.take_along_axis(first, leader, -1) / np.where(top == 0, 1.0, top) * second
        apart, terms = first - removed, np.abs(first) + np.abs(removed)
        for part in (apart, terms):
            np.put_along_axis(part, leader, 0.0, -1)
        along = (apart * second) @ self.eigenvalues
        return apart - along[..., None] / np.where(own == 0, 1.0, own) * second, terms


@cache
def _sides(pairs: Pairs, students: int) -> tuple[Array, Array, Array]:
    """Of each side of a pair that is a student (E,): its pair, the student, and the other side."""
    rows = [
        (number, *side)
        for number, (j, k) in enumerate(pairs)
        for side in ((j, k), (k, j))
        if side[0] < students
    ]
    number, mover, other = np.transpose(rows)
    return number, mover, other
