"""One implicit step of a :class:`~numerics.solver.mode_law.ModeLaw`, by Newton's method for its coefficients.

Given the coefficients φ at the collocation nodes every mode solves a linear system of s·R equations; its
inverses, one a mode, give the states and how they answer to φ. So Newton's method on the C·s numbers φ sees
all modes, and takes as many iterations for stiff ones as for others.

Shapes as in :mod:`numerics.solver.mode_law`.
"""

from typing import NamedTuple

import numpy as np

from numerics.arrays import Array
from numerics.quadrature.collocation import Collocation
from numerics.solver.contract import NoConvergence
from numerics.solver.mode_law import ModeLaw


class Stages(NamedTuple):
    """``states`` (s, R, N), ``statistics`` (n, s) and ``coefficients`` (C, s) at the nodes of a step."""

    states: Array
    statistics: Array
    coefficients: Array


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def solve_step(law: ModeLaw, table: Collocation, width: float, start: Array, guess: Array) -> Stages:
    """The stages of a step of ``width`` from ``start`` (R, N), where φ (C, s) is about the ``guess``.

    Raises NoConvergence, or NumPy's LinAlgError, where a shorter one is needed.
    """
    values, before = guess, np.inf
    for _ in range(10):
        modes = _Modes(law, table, width, values)
        states = modes.states(start)
        statistics = law.statistics(states)
        aim, slopes = law.coefficients(statistics), law.slopes(statistics)
        if not (np.isfinite(aim).all() and np.isfinite(slopes).all()):
            raise NoConvergence
        answer = modes.answer(states, law.gradients(states))
        jacobian = np.einsum("cbl,blem->clem", slopes, answer).reshape(values.size, -1)
        change = np.linalg.solve(np.eye(values.size) - jacobian, (aim - values).ravel())
        change = change.reshape(values.shape)
        values = values + change
        terms = np.abs(slopes * statistics).max(axis=(1, 2))
        # of the terms of a coefficient: less is lost in their rounding
        units = np.maximum(np.abs(values).max(axis=1), 1e-6 * terms)
        moved = float((np.abs(change).max(axis=1) / np.where(units > 0, units, 1.0)).max())
        if not np.isfinite(moved) or moved > 2.0 * max(before, 1e-10):
            break
        # of the square of a change, which the next change would be of the order of
        if moved * min(moved, before) <= 1e-15:
            states = law.restored(_Modes(law, table, width, values).states(start))
            return Stages(states, law.statistics(states), values)
        before = moved
    raise NoConvergence


def carry(law: ModeLaw, table: Collocation, width: float, start: Array, values: Array) -> Array:
    """The state (R, N) at the end of a step of ``width`` from ``start`` with the coefficients ``values``
    (C, s).
    """
    return _Modes(law, table, width, values).states(start)[-1]


class _Modes:
    """The linear modes of a step under given coefficients (C, s)."""

    def __init__(self, law: ModeLaw, table: Collocation, width: float, values: Array) -> None:
        self.law, self.integral, self.size = law, width * table.matrix, law.rows.shape[1]
        stages, count = table.stages, law.teacher.shape[1]
        generator, self.push = np.zeros((count, stages, self.size, self.size)), 0.0
        for kind, scale in enumerate(law.scales):
            chosen = law.kinds == kind
            rows = np.einsum("cl,cjk->ljk", values[chosen], law.rows[chosen])
            pushes = np.einsum("cl,cjm->ljm", values[chosen], law.pushes[chosen])
            generator += scale[:, None, None, None] * rows
            self.push = self.push + scale * (pushes @ law.teacher)
        product = self.integral[None, :, None, :, None] * np.swapaxes(generator, 1, 2)[:, None]
        total = stages * self.size
        self.matrix = np.eye(total) - product.reshape(count, total, total)
        self.inverse = np.linalg.inv(self.matrix)

    def states(self, start: Array) -> Array:
        """The states (s, R, N) from ``start`` (R, N)."""
        source = start + np.tensordot(self.integral, self.push, 1)
        right = source.reshape(-1, source.shape[-1]).T[..., None]
        found = self.inverse @ right
        found = found + self.inverse @ (right - self.matrix @ found)
        return np.ascontiguousarray(found[..., 0].T).reshape(source.shape)

    def answer(self, states: Array, gradients: Array) -> Array:
        """∂X/∂φ (n, s, C, s) at the ``states``, from the ``gradients`` (n, s, R, N) of X."""
        law, stages = self.law, len(self.integral)
        blocks = self.inverse.reshape(-1, stages, self.size, stages, self.size)
        kernel = np.einsum("iljak,am->iljmk", blocks, self.integral)
        weighted = np.einsum("bljN,Nljmk->blmkN", gradients, kernel, optimize=True)
        sources = np.einsum("cjk,mkN->cmjN", law.rows, states)
        sources = sources + np.einsum("cjt,tN->cjN", law.pushes, law.teacher)[:, None]
        sources = sources * law.scales[law.kinds][:, None, None]
        return np.einsum("blmkN,cmkN->blcm", weighted, sources, optimize=True)
