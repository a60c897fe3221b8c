"""Radau collocation of a difference equation over a block of n steps.

In the flow a polynomial of degree s satisfies y' = f at s nodes. Here, with x = k/n on the block,
n [y(x + 1/n) − y(x)] = f at the same nodes: the difference operator maps polynomials to polynomials, so that
its inverse on them, from the left end, takes the place of the integral, and a sum that of Duhamel's integral.
All else is the flow's: modes that vary smoothly over the block are followed to rounding, whatever n is, and
as n → ∞ the table tends to Radau IIA, with corrections of order 1/n. Modes with multipliers near 0 or
below follow the slow ones, as stiff modes do in the flow, provided that they decay within the block.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from math import factorial

import numpy as np
from numpy.polynomial import legendre

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation, radau

FEWEST = 64  # for shorter blocks 1 − z𝒜 may be singular between z = −2n and 0


@dataclass(frozen=True, eq=False)
class Summation(Collocation):
    """A collocation table for blocks of ``steps`` n steps: n·``matrix`` inverts the difference operator."""

    steps: int

    def __post_init__(self) -> None:
        # With x^{(m)} = x(x − 1/n)…(x − (m − 1)/n), n Δ x^{(m + 1)} = (m + 1) x^{(m)}.
        falling = np.ones_like(self.nodes)
        for power in range(self.stages):
            raised = falling * (self.nodes - power / self.steps)
            if np.abs(self.matrix @ falling - raised / (power + 1)).max() > 1e-13:
                raise ArithmeticError(f"the table does not sum the falling power {power} exactly")
            falling = raised


@lru_cache(maxsize=256)
def summation(stages: int, steps: int) -> Summation:
    """The table for blocks of ``steps`` steps with as many ``stages`` as Radau IIA.

    Raises ValueError for fewer than FEWEST steps.

    >>> bool(abs(summation(3, 10**9).matrix - radau(3).matrix).max() < 1e-8)
    True
    """
    if steps < FEWEST:
        raise ValueError(f"a block of {steps} steps: at least {FEWEST} are needed")
    table = radau(stages)
    shift = 2.0 / steps
    quotients = np.tensordot(2.0 * shift ** np.arange(stages), _slopes(stages), 1)
    rises = _rises(stages)
    matrix = np.linalg.solve(quotients.T, rises.T).T
    return Summation(table.nodes, matrix, table.points, table.to_chebyshev, steps)


@cache
def _slopes(stages: int) -> Array:
    """The derivatives P_j^{(m)}/m! of Legendre polynomials at the nodes (m, s, j), m and j = 1 … s."""
    x, basis = 2.0 * radau(stages).nodes - 1.0, np.eye(stages + 1)[:, 1:]
    orders = range(1, stages + 1)
    return np.stack([legendre.legval(x, legendre.legder(basis, m)).T / factorial(m) for m in orders])


@cache
def _rises(stages: int) -> Array:
    """P_j − P_j(−1) at the nodes (s, j)."""
    x = 2.0 * radau(stages).nodes - 1.0
    rises: Array = legendre.legvander(x, stages)[:, 1:] - legendre.legvander([-1.0], stages)[:, 1:]
    return rises
