"""The linear response of every mode over one step, for all modes at once.

With A given at the nodes the stages of a mode with eigenvalue λ solve (I − hλ D) Y = y 1 + hλ 𝒜 F w*, with
the one matrix D = 𝒜·A for all modes. Its eigen-decomposition D = Σ_e μ_e l_e r_eᵀ solves this for all modes
by products of matrices. Refinement against the defect of the equations makes up for eigenvectors
that are far from orthogonal, and for an A that has changed a little.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from numerics.arrays import Array
from numerics.pairs.overlaps import upper_triangle
from numerics.quadrature.collocation import Collocation

REFINEMENTS = 2


@dataclass(frozen=True, eq=False)
class Response:
    """How the stage values of N modes follow from their start and their forcing.

    ``left`` (s·K, e) and ``right`` (e, s·K) are the eigenvectors of D, of a conjugate pair one, and
    ``resolvent`` (2, e, N) is 1/(1 − hλ μ_e), twice for a pair: real and imaginary parts. ``integral`` is 𝒜
    on all students (s·K, s·K), ``coupling`` is D, ``rates`` are hλ (N,), ``width`` is h.
    """

    table: Collocation
    left: Array
    right: Array
    resolvent: Array
    integral: Array
    coupling: Array
    rates: Array
    width: float

    @classmethod
    def build(cls, table: Collocation, width: float, eigenvalues: Array, gain: Array) -> "Response":
        """The response over a step of ``width`` h for A = ``gain`` (K, K, s)."""
        students = gain.shape[0]
        coupling = _on_nodes(table.matrix, gain)
        integral = _on_nodes(table.matrix, np.eye(students)[:, :, None])
        linked = np.linalg.matrix_power(gain.any(axis=2) + np.eye(students), students) > 0
        groups = np.argsort(linked.argmax(axis=1), kind="stable")  # apart: the uncoupled stay so
        by_student = np.arange(len(coupling)).reshape(-1, students).T[groups].ravel()
        values, vectors = np.linalg.eig(coupling[np.ix_(by_student, by_student)])
        left, right = np.empty_like(vectors), np.empty_like(vectors)
        left[by_student], right[:, by_student] = vectors, np.linalg.inv(vectors)
        upper = values.imag >= 0
        values, rates = values[upper, None], width * eigenvalues
        resolvent = np.where(values.imag > 0, 2.0, 1.0) / (1.0 - values * rates)
        parts = np.stack([resolvent.real, resolvent.imag])
        return cls(table, left[:, upper], right[upper], parts, integral, coupling, rates, width)

    def moved(self, gain: Array) -> "Response":
        """The response for an A = ``gain`` (K, K, s) near this one's, by the eigenvectors of this one."""
        return replace(self, coupling=_on_nodes(self.table.matrix, gain))

    def propagate(self, start: Array, forcing: Array) -> Array:
        """Stage values (s, K, N) from ``start`` (K, N) under ``forcing`` F w* (s, K, N)."""
        source = self._source(start, forcing)
        return self._refined(self._solve(source), source, REFINEMENTS).reshape(forcing.shape)

    def refine(self, states: Array, start: Array, forcing: Array, times: int = 1) -> Array:
        """The stage values of :meth:`propagate` from ``states`` (s, K, N) near them."""
        source = self._source(start, forcing)
        return self._refined(states.reshape(source.shape), source, times).reshape(forcing.shape)

    def respond(self, forcing: Array) -> Array:
        """Change of the stage values (s, K, N) when ``forcing`` (s, K, N) is added."""
        flat = forcing.reshape(len(self.coupling), -1)
        return self._solve(self.rates * (self.integral @ flat)).reshape(forcing.shape)

    def sensitivity(self, states: Array, teacher: Array, weights: Array, normals: Array) -> Array:
        """How Σ λ v_a Y_j at node l answers to a forcing of student k by v_b at node m: (l, m, j, a, k, b).

        The v_b are the K rows of the ``states`` Y (s, K, N), then the M of the ``teacher``; the v_a are these
        and the ``normals`` (s, E, N); ``weights`` are λ. The sums over the modes are those of the vectors'
        polynomials of degree 4.
        """
        stages, students, size = states.shape
        # degree 4: that of the states, as far as derivatives are concerned
        powers = np.linalg.qr(np.vander(self.table.nodes, min(stages, 5)))[0]
        moving, across = (
            (powers.T @ part.reshape(stages, -1)).reshape(-1, size) for part in (states, normals)
        )
        rows = np.concatenate([moving, teacher])
        first, second = upper_triangle(len(rows))
        weighted = self.resolvent * (self.rates * weights)
        sums = np.empty((*self.resolvent.shape[:2], len(rows), len(rows)))
        sums[..., first, second] = sums[..., second, first] = weighted @ (rows[first] * rows[second]).T
        if len(across):
            products = (across[:, None] * rows).reshape(-1, size)
            sums = np.concatenate([sums, (weighted @ products.T).reshape(*sums.shape[:2], -1, len(rows))], 2)
        at_nodes = _direct_sum(np.kron(powers, np.eye(students)), np.eye(len(teacher)))
        with_normals = _direct_sum(at_nodes, np.kron(powers, np.eye(normals.shape[1])))
        sums = with_normals @ sums @ at_nodes.T
        products = sums[0] + 1j * sums[1]
        second = _numbered(stages, students, len(teacher))
        first = np.concatenate([second, len(at_nodes) + _numbered(stages, normals.shape[1], 0)], axis=1)
        products = products[:, first[:, None, :, None], second[None, :, None, :]]
        outer = self.left[:, None, :] * (self.right @ self.integral).T
        outer = np.einsum("ljmke->lmjke", outer.reshape(stages, students, stages, students, -1))
        kernel = outer.reshape(stages, stages, students**2, -1) @ np.moveaxis(products, 0, 2).reshape(
            stages, stages, len(products), -1
        )
        shape = stages, stages, students, students, first.shape[1], second.shape[1]
        return np.swapaxes(kernel.real.reshape(shape), 3, 4)

    @cached_property
    def _into(self) -> Array:
        """The real and imaginary part of ``right`` (2, e, s·K)."""
        return np.stack([self.right.real, self.right.imag])

    @cached_property
    def _back(self) -> Array:
        """From the real and imaginary parts of what ``left`` is applied to, to the real part (s·K, 2·e)."""
        return np.concatenate([self.left.real, -self.left.imag], axis=1)

    def _source(self, start: Array, forcing: Array) -> Array:
        """y 1 + hλ 𝒜 F w* (s·K, N)."""
        begin = np.broadcast_to(start, forcing.shape).reshape(len(self.coupling), -1)
        return begin + self.rates * (self.integral @ forcing.reshape(begin.shape))

    def _refined(self, states: Array, source: Array, times: int) -> Array:
        """(s·K, N) after ``times`` corrections by the defect."""
        for _ in range(times):
            states = states + self._solve(source + self.rates * (self.coupling @ states) - states)
        return states

    def _solve(self, source: Array) -> Array:
        """(I − hλ D)^{-1} ``source`` (s·K, N), to the accuracy of the eigenvectors."""
        first, second = self._into @ source
        real, imaginary = self.resolvent
        return self._back @ np.concatenate(
            [real * first - imaginary * second, real * second + imaginary * first]
        )


def _on_nodes(matrix: Array, gain: Array) -> Array:
    """D (s·K, s·K) from 𝒜 = ``matrix`` (s, s) and A = ``gain`` (K, K, s)."""
    stages, students = len(matrix), len(gain)
    product = matrix[:, None, :, None] * np.moveaxis(gain, -1, 1)
    return product.reshape(stages * students, -1)


def _direct_sum(first: Array, second: Array) -> Array:
    """The matrix of the blocks ``first`` and ``second``."""
    total = np.zeros(np.add(first.shape, second.shape))
    total[: len(first), : first.shape[1]], total[len(first) :, first.shape[1] :] = first, second
    return total


def _numbered(stages: int, moving: int, fixed: int) -> Array:
    """The numbers (s, moving + fixed) of vectors that differ from node to node, then of ``fixed`` ones."""
    own = np.arange(stages * moving).reshape(stages, moving)
    same = np.broadcast_to(stages * moving + np.arange(fixed), (stages, fixed))
    return np.concatenate([own, same], axis=1)
