"""Radau IIA at any precision, the method of :mod:`numerics.quadrature.collocation` in Arb's numbers."""

from dataclasses import dataclass
from functools import cache

from flint import arb, arb_mat, ctx

from theory.legendre import legendre, radau_nodes


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
        return arb_mat([legendre(2 * x - 1, self.stages, arb.mid)]) * self.to_legendre


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
        nodes = radau_nodes(stages, arb, ctx.prec, arb.mid)
        shares = arb_mat([node.shares for node in nodes]).transpose()
        matrix = arb_mat([node.primitives for node in nodes]) * shares / 2
        ends = arb_mat([legendre(arb(-1), stages), *(node.values for node in nodes)])
        return PreciseTable([((node.x + 1) / 2).mid() for node in nodes], matrix.mid(), ends.inv().mid())
