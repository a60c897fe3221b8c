"""Gauss's rule on [0, 1], and whether its nodes resolve what they integrate."""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre

from numerics.arrays import Array


class Gauss(NamedTuple):
    """``nodes`` (G,) and ``weights`` (G,), and the last two of the Legendre ``coefficients`` (2, G) by values
    at the nodes.
    """

    nodes: Array
    weights: Array
    coefficients: Array

    def resolves(self, values: Array) -> Array:
        """Whether the ``values`` (G, …) at the nodes are known in between: (…).

        >>> nodes = gauss(12).nodes
        >>> gauss(12).resolves(1 / (np.array([0.01, 3.0]) + nodes[:, None])).tolist()
        [False, True]
        """
        last = np.abs(np.tensordot(self.coefficients, values, 1)).max(axis=0)
        # of the largest value: the last two Legendre coefficients. The rule's error is about their square
        return last <= 1e-8 * np.abs(values).max(axis=0)


@cache
def gauss(count: int) -> Gauss:
    """The rule with ``count`` nodes, at least 2."""
    nodes, weights = legendre.leggauss(count)
    orders = np.arange(count - 2, count)
    table = (orders[:, None] + 0.5) * legendre.legvander(nodes, count - 1)[:, orders].T * weights
    return Gauss((1.0 + nodes) / 2.0, weights / 2.0, table)
