"""Right-hand sides with a constraint: those of the gradient flow, and what the flow keeps or loses beside."""

from dataclasses import dataclass

import numpy as np

from numerics.arrays import Array
from numerics.generated import RightHandSides
from numerics.pairs.around import AroundModel
from numerics.pairs.overlaps import split
from theory.constraint import Constraint


@dataclass(frozen=True, eq=False)
class Constrained(AroundModel):
    """The ``model``, a network or a generated module, under a ``constraint`` of :mod:`theory.constraint`."""

    model: RightHandSides
    constraint: Constraint

    @property
    def CONSTRAINT(self) -> str:
        """As a generated module has it."""
        return str(self.constraint)

    def multipliers(self, x: Array, y: Array, T: Array) -> Array:
        """μ (K, …) of Ẇ = A W Q + B W* Q + diag(μ) W Q^r: x (n, …).

        ``y`` (n, …) holds x for Q² in place of Q where r = 1, and the squares (K, …) of the students' lengths
        where r = 0.
        """
        K, M = self.STUDENTS, self.TEACHERS
        if not self.constraint.keeps_norm:
            return np.full((K, *np.shape(x)[1:]), -float(self.constraint.rate))
        gain, force = self.model.drift(x, T)
        S, U = split(y if self.constraint.power else x, K, M)
        norm = np.einsum("jj...->j...", S) if self.constraint.power else np.asarray(y)
        pull = np.einsum("jk...,jk...->j...", gain, S) + np.einsum("jm...,jm...->j...", force, U)
        return -pull / norm


def constrained_velocity(
    constraint: Constraint, gradient: Array, students: Array, eigenvalues: Array
) -> Array:
    """Ẇ (K, N) from the velocity −∇L (K, N) of the gradient flow, at the ``students`` W (K, N).

    Of a kept norm it is −∇L without what that has along the normals W Q^r; exact, and as accurate as −∇L.
    """
    if not constraint.keeps_norm:
        return gradient - float(constraint.rate) * students
    normals = eigenvalues**constraint.power * students
    along = np.einsum("jN,jN->j", gradient, normals) / np.einsum("jN,jN->j", normals, normals)
    projected: Array = gradient - along[:, None] * normals
    return projected


def have_equal_norms(constraint: Constraint, students: Array, teachers: Array, eigenvalues: Array) -> bool:
    """Whether every student (K, N) has the norm of its teacher (K, N), so that it can come to rest there."""
    if not constraint.keeps_norm or students.shape != teachers.shape:
        return False
    weights = eigenvalues**constraint.power
    own, taught = students**2 @ weights, teachers**2 @ weights
    # relative difference of two norms that are taken for one
    return bool(np.all(np.abs(own - taught) <= 1e-12 * taught))
