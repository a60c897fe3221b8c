r"""Legendre polynomials and the right Radau rule in any numbers: floats, mpmath's, Arb's balls.

The nodes of the rule with s of them are the roots of :math:`P_s - P_{s-1}`, the last of which is 1; its
weights :math:`w_j = (1 + x_j)/(s P_{s-1}(x_j))^2` make it exact to degree :math:`2s - 2` (Hairer & Wanner,
*Solving Ordinary Differential Equations II*, IV.5). So the Legendre coefficients of a polynomial of degree
:math:`s - 1` are the sums :math:`\sum_j \frac{2k+1}{2} w_j P_k(x_j) f(x_j)`, without a system to solve.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

Number = Any
"""What adds, multiplies and divides."""


def legendre(x: Number, degree: int, rounded: Callable[[Number], Number] = lambda x: x) -> list[Number]:
    """P_0(x), …, P_degree(x), each ``rounded``: a ball shall not grow by the terms before it.

    >>> legendre(0.5, 3)
    [1.0, 0.5, -0.125, -0.4375]
    """
    values = [0 * x + 1, x]
    for k in range(1, degree):
        values.append(rounded(((2 * k + 1) * x * values[k] - k * values[k - 1]) / (k + 1)))
    return values[: degree + 1]


class RadauNode(NamedTuple):
    """A node ``x`` on [−1, 1] with its ``values`` P_0(x), …, P_s(x)."""

    x: Number
    values: list[Number]

    @property
    def primitives(self) -> list[Number]:
        """∫ P_k from −1 to x, for k below s."""
        p, stages = self.values, len(self.values) - 1
        return [self.x + 1] + [(p[k + 1] - p[k - 1]) / (2 * k + 1) for k in range(1, stages)]

    @property
    def shares(self) -> list[Number]:
        """What a value at the node has in the Legendre coefficients of orders below s."""
        p, stages = self.values, len(self.values) - 1
        weight = (1 + self.x) / (stages * p[stages - 1]) ** 2
        return [(2 * k + 1) * weight * p[k] / 2 for k in range(stages)]


def radau_nodes(
    stages: int,
    number: Callable[[float], Number],
    bits: int,
    rounded: Callable[[Number], Number] = lambda x: x,
) -> list[RadauNode]:
    """The nodes of the right Radau rule with as many ``stages``, ascending, of the kind that ``number`` makes
    of floats, to about as many ``bits``.

    >>> [node.x for node in radau_nodes(2, float, 53)]
    [-0.3333333333333333, 1.0]
    """
    roots = [
        _root(number(math.cos(2.0 * math.pi * place / (2 * stages - 1))), stages, bits, rounded)
        for place in range(stages - 1, 0, -1)
    ]
    return [RadauNode(x, legendre(x, stages, rounded)) for x in [*roots, number(1.0)]]


def _root(x: Number, stages: int, bits: int, rounded: Callable[[Number], Number]) -> Number:
    """The root of P_s − P_{s−1} near ``x``, by Newton's method: its error is that of the last step, squared,
    in units of the distance of the nodes.
    """
    enough = 2.0 ** (-bits / 2) / (2 * stages) ** 2
    while True:
        below, before, last = legendre(x, stages, rounded)[-3:]
        slope = (stages * (before - x * last) - (stages - 1) * (below - x * before)) / (1 - x * x)
        step = rounded((last - before) / slope)
        x = rounded(x - step)
        if abs(float(step)) <= enough:
            return x
