"""Radau IIA at any precision, the method of :mod:`numerics.quadrature.collocation` in Arb's numbers."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.polynomial import legendre


@dataclass(frozen=True, eq=False)
class PreciseTable:
    """The method with s nodes on [0, 1], the right end being the last.

    ``nodes`` (s) and ``matrix`` (s × s) as in :class:`numerics.quadrature.collocation.Collocation`;
    ``to_legendre`` (s + 1 × s + 1) maps values at 0 and the nodes to coefficients in P_k(2x − 1). Error
    balls dropped.
    """

    nodes: list[arb]
    matrix: arb_mat
    to_legendre: arb_mat

    @property
    def stages(self) -> int:
        """Number of nodes s."""
        return len(self.nodes)

    def weights(self, x: arb) -> arb_mat:
        """The row (1 × s + 1) that takes values at 0 and the nodes to that of their polynomial at ``x``."""
        return arb_mat([_legendre(2 * x - 1, self.stages)]) * self.to_legendre


def precise_radau(stages: int) -> PreciseTable:
    """The method at Arb's working precision.

    >>> with ctx.workdps(40):
    ...     print(precise_radau(2).nodes[0].str(30, radius=False))
    0.333333333333333333333333333333
    """
    return _radau(stages, ctx.prec)


@cache
def _radau(stages: int, precision: int) -> PreciseTable:
    """Computed with guard bits: the nodes crowd at the ends like 1/s²."""
    with ctx.workprec(precision + 64):
        x = _roots(stages)
        values = [_legendre(point, stages) for point in x]
        integrals = [
            [point + 1] + [(row[k + 1] - row[k - 1]) / (2 * k + 1) for k in range(1, stages)]
            for point, row in zip(x, values, strict=True)
        ]
        # Row l of the matrix integrates, up to node l, the polynomial of degree s − 1 through all nodes.
        basis = arb_mat([row[:stages] for row in values])
        matrix = basis.transpose().solve(arb_mat(integrals).transpose()).transpose() / 2
        ends = arb_mat([_legendre(arb(-1), stages), *values])
        return PreciseTable([((point + 1) / 2).mid() for point in x], matrix.mid(), ends.inv().mid())


def _legendre(x: arb, degree: int) -> list[arb]:
    """P_0(x), …, P_degree(x)."""
    values = [arb(1), x]
    for k in range(1, degree):
        values.append(((2 * k + 1) * x * values[k] - k * values[k - 1]) / (k + 1))
    return [value.mid() for value in values[: degree + 1]]


def _roots(stages: int) -> list[arb]:
    """The roots of P_s − P_{s−1}, ascending, by Newton's method from double precision."""
    difference = np.zeros(stages + 1)
    difference[-2:] = -1.0, 1.0
    starts = np.sort(legendre.legroots(difference).real)[:-1]
    rounds = max(1, (ctx.prec // 32).bit_length())
    return [*(_root(arb(float(start)), stages, rounds) for start in starts), arb(1)]


def _root(x: arb, stages: int, rounds: int) -> arb:
    """(1 − x²)(P_s − P_{s−1})' = s (P_{s−1} − x P_s) − (s − 1)(P_{s−2} − x P_{s−1})."""
    for _ in range(rounds):
        below, before, last = ([arb(0), *_legendre(x, stages)])[-3:]
        slope = (stages * (before - x * last) - (stages - 1) * (below - x * before)) / (1 - x * x)
        x = (x - (last - before) / slope).mid()
    return x
