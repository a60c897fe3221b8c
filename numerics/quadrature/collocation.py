"""Radau IIA collocation tables, and the polynomial that a step leaves behind.

On a step [t, t + h] the unknown is a polynomial of degree s, fixed by its value at the left end and by
the differential equation at the s Radau nodes c_1 < ... < c_s = 1 (Hairer & Wanner, *Solving Ordinary
Differential Equations II*, IV.5). The method has order 2s − 1 at the right end and is L-stable.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.polynomial import chebyshev

from numerics.arrays import Array
from numerics.quadrature.chebyshev import chebyshev_polynomials
from theory.legendre import radau_nodes


@dataclass(frozen=True, eq=False)
class Collocation:
    """A collocation method on [0, 1] with ``s`` nodes.

    ``nodes`` (s,) and ``matrix`` (s, s) are the Butcher table; ``points`` (s + 1,) are the nodes with the
    left end in front; ``to_chebyshev`` (s + 1, s + 1) maps values at ``points`` to coefficients in the
    shifted Chebyshev polynomials T_k(2x − 1).

    >>> table = radau(3)
    >>> [round(float(c), 12) for c in table.nodes]
    [0.155051025722, 0.644948974278, 1.0]
    """

    nodes: Array
    matrix: Array
    points: Array
    to_chebyshev: Array

    def __post_init__(self) -> None:
        for power in range(self.stages):
            exact = self.nodes ** (power + 1) / (power + 1)
            if np.abs(self.matrix @ self.nodes**power - exact).max() > 1e-13:
                raise ArithmeticError(f"the table does not integrate x^{power} exactly")

    @property
    def stages(self) -> int:
        """Number of nodes s."""
        return len(self.nodes)

    def evaluate(self, values: Array, x: Array | float) -> Array:
        """Evaluate at ``x`` (shape X, in [0, 1]) the polynomials with ``values`` (..., s + 1) at ``points``.

        Returns shape (..., *X).
        """
        return np.tensordot(
            values @ self.to_chebyshev.T, chebyshev_polynomials(2.0 * x - 1.0, self.stages), (-1, 0)
        )

    def extrapolate(self, values: Array, x: Array) -> Array:
        """Continue the polynomials with ``values`` (n, s + 1) to ``x`` ≥ 1 (ascending), without the terms
        that would be rounding made large: those that come after the smallest one at the last ``x``.
        """
        coefficients = values @ self.to_chebyshev.T
        polynomials = chebyshev_polynomials(2.0 * x - 1.0, self.stages)
        kept = np.argmin(np.abs(coefficients) * polynomials[:, -1], axis=1)
        coefficients[np.arange(self.stages + 1) > kept[:, None]] = 0.0
        return coefficients @ polynomials

    def basis(self, x: Array) -> Array:
        """The Lagrange polynomials (s + 1, X) of the points at ``x`` (X,), in [0, 1].

        As products: next to a point all others are small to all digits, and sums with them are as accurate as
        values that vanish there.

        >>> radau(2).basis(np.array([0.0, 1.0])) + 0.0
        array([[1., 0.],
               [0., 0.],
               [0., 1.]])
        """
        gaps, one = x - self.points[:, None], np.ones((1, len(x)))
        before = np.concatenate([one, np.cumprod(gaps[:-1], axis=0)])
        after = np.concatenate([np.cumprod(gaps[:0:-1], axis=0)[::-1], one])
        parts = self._weights[:, None] * before * after
        return parts / parts.sum(axis=0)

    @cached_property
    def _weights(self) -> Array:
        """Those (s + 1,) with which the products of gaps are Lagrange polynomials."""
        return barycentric_weights(self.points)

    @cached_property
    def derivative(self) -> Array:
        """The matrix (s + 1, s + 1) that maps values at ``points`` to those of the derivative there."""
        slopes = 2.0 * chebyshev.chebder(self.to_chebyshev)
        return chebyshev.chebval(2.0 * self.points - 1.0, slopes).T

    def integral(self, values: Array, against: Array, x: float) -> float:
        """∫ p dq from 0 to ``x`` in [0, 1], of the polynomials with ``values`` and ``against`` (s + 1,).

        >>> table = radau(2)
        >>> round(table.integral(table.points, table.points**2, 0.5), 12)
        0.083333333333
        """
        p, q = self.to_chebyshev @ values, self.to_chebyshev @ against
        primitive = chebyshev.chebint(chebyshev.chebmul(p, chebyshev.chebder(q)), lbnd=-1)
        return float(chebyshev.chebval(2.0 * x - 1.0, primitive))

    def roots(self, values: Array) -> Array:
        """Real roots in [0, 1], ascending, of one polynomial with ``values`` (s + 1,) at ``points``."""
        coefficients = self.to_chebyshev @ values
        if not np.any(coefficients):
            return np.empty(0)
        roots = chebyshev.chebroots(np.trim_zeros(coefficients, "b"))
        real = np.sort(roots[np.abs(roots.imag) < 1e-7].real)
        real = real[(real >= -1.0 - 1e-12) & (real <= 1.0 + 1e-12)]
        return (np.clip(real, -1.0, 1.0) + 1.0) / 2.0


@dataclass(frozen=True, eq=False)
class LogTime(Collocation):
    """A table for steps that are polynomials in the logarithm of time: at x in [0, 1] of a step the fraction
    (e^{κx} − 1)/(e^κ − 1) of its width has passed, κ being the ``logarithm`` of the ratio of its ends.

    What relaxes like powers of time is analytic in that logarithm, over a strip, however long the step.
    ``nodes`` are those fractions, ``points`` and ``to_chebyshev`` belong to x. ``linear`` is the table that
    it is made of, for steps that are polynomials in time.
    """

    logarithm: float
    linear: Collocation

    def __post_init__(self) -> None:
        # of the time that a step in log t takes, which few stages do not integrate exactly
        if np.abs(self.matrix.sum(axis=1) - self.nodes).max() > 1e-9:
            raise ArithmeticError(f"the table does not integrate 1 over a ratio of e^{self.logarithm}")


def in_log_time(table: Collocation, logarithm: float) -> LogTime:
    """The Radau ``table`` for steps whose ends have a ratio of times e^``logarithm`` > 1.

    >>> [round(float(c), 12) for c in in_log_time(radau(3), 1e-15).nodes]
    [0.155051025722, 0.644948974278, 1.0]
    """
    total = np.expm1(logarithm)
    speed = logarithm / total * np.exp(logarithm * table.nodes)
    nodes = np.expm1(logarithm * table.nodes) / total
    return LogTime(nodes, table.matrix * speed, table.points, table.to_chebyshev, logarithm, table)


def plain(table: Collocation) -> Collocation:
    """The ``table`` for steps that are polynomials in time."""
    return table.linear if isinstance(table, LogTime) else table


def extrapolate(places: Array, values: Array, x: Array) -> Array:
    """At ``x`` (X,), none of the ``places`` (k,), the polynomials through ``values`` (n, k): shape (n, X)."""
    terms = barycentric_weights(places) / (x[:, None] - places)
    return values @ (terms / terms.sum(axis=1, keepdims=True)).T


def barycentric_weights(places: Array) -> Array:
    """Those w (k,) with which w_j ∏_{i≠j} (x − x_i) are the Lagrange polynomials of the ``places`` x (k,).

    >>> barycentric_weights(np.array([0.0, 1.0, 2.0]))
    array([ 0.5, -1. ,  0.5])
    """
    gaps = places[:, None] - places
    np.fill_diagonal(gaps, 1.0)
    return 1.0 / gaps.prod(axis=1)


@cache
def radau(stages: int) -> Collocation:
    """The Radau IIA method with ``stages`` nodes, right end included.

    Row l of the matrix integrates, up to node l, the polynomial of degree s − 1 through all nodes.

    Raises ValueError for fewer than two stages.
    """
    if stages < 2:
        raise ValueError(f"stages is {stages}: Radau IIA needs at least 2")
    nodes = radau_nodes(stages, np.longdouble, np.finfo(np.longdouble).nmant)
    x = np.array([node.x for node in nodes])
    matrix = np.array([node.primitives for node in nodes]) @ np.array([node.shares for node in nodes]).T / 2
    points = np.append(np.longdouble(-1.0), x)
    to_chebyshev = refined_inverse(chebyshev.chebvander(points, stages))
    return Collocation(
        *(part.astype(float) for part in ((x + 1.0) / 2.0, matrix, (points + 1.0) / 2.0, to_chebyshev))
    )


def refined_inverse(matrices: Array) -> Array:
    """The inverses of ``matrices`` (…, s, s) to more digits than double precision where the machine has them.

    A table's rounding comes back in every step of a run.
    """
    inverses = np.linalg.inv(matrices.astype(float)).astype(np.longdouble)
    identity = np.eye(matrices.shape[-1])
    for _ in range(2):
        inverses = inverses + inverses @ (identity - matrices @ inverses)
    return inverses
