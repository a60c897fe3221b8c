"""The pair functions of two sides whose units have links of their own: one for each pair of distinct links.

Arrays of variances and covariances are broadcast to (K, M, …), the units of the two sides first; each block
of units with the same two links is that of their pair function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.arrays import Array
from numerics.pairs.functions import Link, PairFunction, pair_function


def pair_functions(left: Sequence[Link], right: Sequence[Link]) -> PairFunction:
    """The pair functions of units with the links ``left`` (K) and ``right`` (M): one where they all agree."""
    if len(set(left)) == len(set(right)) == 1:
        return pair_function(left[0], right[0])
    return GroupedFunction(tuple(left), tuple(right))


@dataclass(frozen=True)
class GroupedFunction:
    """P_jm of units (j, m) with the links ``left`` (K) and ``right`` (M)."""

    left: tuple[Link, ...]
    right: tuple[Link, ...]

    @cached_property
    def blocks(self) -> list[tuple[Array, Array, PairFunction]]:
        """The units on either side of each pair of distinct links, and its function."""
        return [
            (rows, columns, pair_function(f, g))
            for f, rows in _places(self.left)
            for g, columns in _places(self.right)
        ]

    @property
    def smooth(self) -> bool:
        """Whether all are."""
        return all(pair.smooth for *_, pair in self.blocks)

    @property
    def exact(self) -> bool:
        """Whether all are."""
        return all(pair.exact for *_, pair in self.blocks)

    @property
    def nodes(self) -> int:
        """The most that one of them needs."""
        return max(pair.nodes for *_, pair in self.blocks)

    def value(self, a: Array, b: Array, c: Array) -> Array:
        """P (K, M, …)."""
        return self._filled(lambda pair, *block: pair.value(*block)[None], 1, a, b, c)[0]

    def slopes(self, a: Array, b: Array, c: Array) -> Array:
        """P_a and P_c (2, K, M, …)."""
        return self._filled(lambda pair, *block: pair.slopes(*block), 2, a, b, c)

    def curvatures(self, a: Array, b: Array, c: Array) -> Array:
        """P_aa, P_ab, P_ac, P_bc and P_cc (5, K, M, …)."""
        return self._filled(lambda pair, *block: pair.curvatures(*block), 5, a, b, c)

    def square(self, a: Array, order: int) -> Array:
        """The derivative of ``E[f_j(X)²]`` (K, …) of that ``order``."""
        found = np.empty(np.shape(a))
        for f, rows in _places(self.left):
            found[rows] = pair_function(f, f).square(a[rows], order)
        return found

    def error(self, a: Array, b: Array) -> float:
        """The largest at variances ``a`` (K,) and ``b`` (M,)."""
        return max(pair.error(a[rows], b[columns]) for rows, columns, pair in self.blocks)

    def _filled(self, part: Callable[..., Array], count: int, *arrays: Array) -> Array:
        """The ``count`` parts of every block, at ``arrays`` that are broadcast."""
        full = np.broadcast_arrays(*arrays)
        found = np.empty((count, *full[0].shape))
        for rows, columns, pair in self.blocks:
            values = part(pair, *(array[rows[:, None], columns] for array in full))
            found[:, rows[:, None], columns] = values
        return found


def _places(links: tuple[Link, ...]) -> list[tuple[Link, Array]]:
    """The distinct links, in order, and the units that have each."""
    distinct = dict.fromkeys(links)
    return [(link, np.array([n for n, other in enumerate(links) if other == link])) for link in distinct]
