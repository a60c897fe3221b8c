"""The linear response of every mode over one step, for all modes at once.

With A given at the nodes the stages of a mode with eigenvalue λ solve (I − hλ D) Y = y 1 + hλ 𝒜 F w*, with
the one matrix D = 𝒜·A for all modes. Its eigen-decomposition D = Σ_e μ_e l_e r_eᵀ solves this for all modes
by products of matrices; refinement against the defect of the equations makes up for eigenvectors
that are far from orthogonal.
"""

from dataclasses import dataclass

import numpy as np

from numerics.collocation import Collocation

Array = np.ndarray

REFINEMENTS = 2


@dataclass(frozen=True, eq=False)
class Response:
    """How the stage values of N modes follow from their start and their forcing.

    ``left`` (s·K, e) and ``right`` (e, s·K) are the eigenvectors of D, of a conjugate pair one, and
    ``resolvent`` (e, N) is 1/(1 − hλ μ_e), twice for a pair. ``integral`` is 𝒜 on all students (s·K, s·K),
    ``coupling`` is D, ``rates`` are hλ (N,), ``width`` is h.
    """

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
        size = students * table.stages
        coupling = np.einsum("lm,jkm->ljmk", table.matrix, gain).reshape(size, size)
        integral = np.kron(table.matrix, np.eye(students)) if students > 1 else table.matrix
        values, left = np.linalg.eig(coupling)
        right = np.linalg.inv(left)
        upper = values.imag >= 0
        values, rates = values[upper, None], width * eigenvalues
        resolvent = np.where(values.imag > 0, 2.0, 1.0) / (1.0 - values * rates)
        return cls(left[:, upper], right[upper], resolvent, integral, coupling, rates, width)

    def propagate(self, start: Array, forcing: Array) -> Array:
        """Stage values (s, K, N) from ``start`` (K, N) under ``forcing`` F w* (s, K, N)."""
        begin = np.broadcast_to(start, forcing.shape).reshape(len(self.coupling), -1)
        source = begin + self.rates * (self.integral @ forcing.reshape(begin.shape))
        states = self._solve(source)
        for _ in range(REFINEMENTS):
            states = states + self._solve(source + self.rates * (self.coupling @ states) - states)
        return states.reshape(forcing.shape)

    def respond(self, forcing: Array) -> Array:
        """Change of the stage values (s, K, N) when ``forcing`` (s, K, N) is added."""
        flat = forcing.reshape(len(self.coupling), -1)
        return self._solve(self.rates * (self.integral @ flat)).reshape(forcing.shape)

    def sensitivity(self, states: Array, teacher: Array, weights: Array) -> Array:
        """How Σ λ v_a Y_j at node l answers to a forcing of student k by v_b at node m: (l, m, j, a, k, b).

        The v are the K rows of the ``states`` Y (s, K, N), then the M of the ``teacher``; ``weights`` are λ.
        """
        stages, students, size = states.shape
        rows = np.concatenate([states.reshape(-1, size), teacher])
        functions = (self.resolvent * (self.rates * weights))[:, None] * rows
        products = functions.real @ rows.T + 1j * (functions.imag @ rows.T)
        own = np.arange(stages * students).reshape(stages, students)
        fixed = np.broadcast_to(stages * students + np.arange(len(teacher)), (stages, len(teacher)))
        index = np.concatenate([own, fixed], axis=1)
        products = products[:, index[:, None, :, None], index[None, :, None, :]]
        outer = self.left[:, None, :] * (self.right @ self.integral).T
        outer = np.einsum("ljmke->lmjke", outer.reshape(stages, students, stages, students, -1))
        count = index.shape[1]
        kernel = outer.reshape(stages, stages, students**2, -1) @ np.moveaxis(products, 0, 2).reshape(
            stages, stages, -1, count**2
        )
        shape = stages, stages, students, students, count, count
        return np.swapaxes(kernel.real.reshape(shape), 3, 4)

    def _solve(self, source: Array) -> Array:
        """(I − hλ D)^{-1} ``source`` (s·K, N), to the accuracy of the eigenvectors."""
        projected = self.right.real @ source + 1j * (self.right.imag @ source)
        return _real_product(self.left, self.resolvent * projected)


def _real_product(first: Array, second: Array) -> Array:
    """Re(``first`` @ ``second``) without the imaginary half of the work."""
    return first.real @ second.real - first.imag @ second.imag
