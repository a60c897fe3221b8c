"""Reference solution of the Duhamel–Volterra equations by spectral collocation and Picard iteration.

On ``[0, t_end]`` the overlaps are polynomials through Gauss–Legendre nodes, ``∫_0^{t_i}`` is a matrix, and
the kernels are evaluated on the grid of clock differences. A Volterra map iterated converges faster than
any geometric series, so no Jacobian is needed; the error is that of the interpolation. The double integral
costs nodes³ kernel evaluations: this checks the equations, it does not replace ``numerics.solve``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import legendre

from numerics.arrays import Array

if TYPE_CHECKING:
    from theory.symbolic.closures import Response, VolterraSystem
    from theory.symbolic.measure import SpectralMeasure


@dataclass(frozen=True)
class Term:
    """``multiplicity ∫…∫ G(students Φ(t) − Σ_j Φ(τ_j)) Π_j B(τ_j) dτ_j``, with at most two ``integrals``."""

    kernel: Callable[[Array], Array]
    multiplicity: int
    students: int
    integrals: int

    def evaluate(self, clock: Array, source: Array, integral: Array) -> Array:
        """The term at the nodes (n,), from ``Φ`` (n,), ``B`` (n,) and the matrix of ``∫_0^{t_i}`` (n, n)."""
        phase = self.students * clock
        weights = integral * source
        if self.integrals == 0:
            return self.multiplicity * self.kernel(phase)
        single = phase[:, None] - clock
        if self.integrals == 1:
            return self.multiplicity * (weights * self.kernel(single)).sum(axis=1)
        double = self.kernel(single[:, :, None] - clock)
        return self.multiplicity * np.einsum("ij,ik,ijk->i", weights, weights, double)


def solve_system(
    system: "VolterraSystem", measure: "SpectralMeasure", until: float, nodes: int = 40
) -> tuple[Array, Array, Array, Array]:
    """The nodes ``t`` (n,), and ``s``, ``u`` and the clock ``Φ`` there, for derived equations.

    >>> from theory.symbolic import SpectralMeasure, hierarchy, phase_retrieval
    >>> from theory.symbolic.closures import DuhamelVolterra, close
    >>> one_mode = SpectralMeasure([1], [["0.5"]], [[1]])
    >>> t, s, u, clock = solve_system(close(hierarchy(phase_retrieval()), DuhamelVolterra()), one_mode, 0.1)
    >>> bool(np.allclose(s, u**2, rtol=1e-13))
    True
    """
    import sympy

    from theory.symbolic import Statistic

    model = system.hierarchy.gradient_model
    (symbol,), energy = model.overlaps.T, measure.value(Statistic("T", 0, 0, 1))
    rates = [matrix[0].subs(symbol, energy) for matrix in model.drift]
    drift = sympy.lambdify([model.overlaps.statistics], rates)
    s, u = (
        [Term(kernel(x.response, measure), x.multiplicity, x.students, x.integrals) for x in terms]
        for terms in (system.s, system.u)
    )

    def values(overlaps: Array) -> tuple[Array, Array]:
        A, B = drift(overlaps)
        return A + np.zeros(overlaps.shape[1]), B + np.zeros(overlaps.shape[1])

    return solve_volterra(s, u, values, until, nodes)


def kernel(response: "Response", measure: "SpectralMeasure") -> Callable[[Array], Array]:
    """``φ ↦ Σ_i λ_i^n a_i b_i e^{λ_i φ}`` for arrays ``φ`` of any shape."""
    name, order = response.statistic.name, int(response.statistic.order)
    rows = {"w": np.array(measure.students[0], float), "w*": np.array(measure.teachers[0], float)}
    left, right = {"S": ("w", "w"), "U": ("w", "w*"), "T": ("w*", "w*")}[name]
    eigenvalues = np.array(measure.eigenvalues, float)
    weights = eigenvalues**order * rows[left] * rows[right]

    def evaluate(phase: Array) -> Array:
        total = np.zeros(np.shape(phase))
        for weight, eigenvalue in zip(weights, eigenvalues, strict=True):
            total += weight * np.exp(eigenvalue * phase)
        return total

    return evaluate


@np.errstate(all="ignore")  # where it diverges
def solve_volterra(
    s: Sequence[Term],
    u: Sequence[Term],
    drift: Callable[[Array], tuple[Array, Array]],
    until: float,
    nodes: int = 40,
) -> tuple[Array, Array, Array, Array]:
    """The nodes ``t`` (n,), and ``s``, ``u`` and the clock ``Φ`` there.

    ``drift`` maps ``(s, u)`` (2, n) to ``A`` and ``B`` (n,). Raises ArithmeticError where Picard's iteration
    does not settle: ``until`` is too long for one window.

    >>> kernel = lambda phase: np.exp(phase)
    >>> constant = [Term(kernel, 1, 1, 0)]
    >>> t, s, u, clock = solve_volterra(constant, constant, lambda x: (-np.ones_like(x[0]), 0 * x[0]), 1.0)
    >>> bool(np.allclose(s, np.exp(-t), rtol=1e-13))
    True
    """
    points, integral = _grid(nodes)
    times, integral = until * points, until * integral
    clock, source = np.zeros(nodes), np.zeros(nodes)
    overlaps = np.full((2, nodes), np.nan)
    for _ in range(500):
        before = overlaps
        overlaps = np.stack(
            [sum(term.evaluate(clock, source, integral) for term in terms) for terms in (s, u)]
        )
        rate, source = drift(overlaps)
        clock = integral @ rate
        if np.all(np.abs(overlaps - before) <= 1e-14 * np.abs(overlaps).max(axis=1, keepdims=True)):
            return times, overlaps[0], overlaps[1], clock
        if not np.isfinite(overlaps).all():
            break
    raise ArithmeticError(f"the iteration did not settle on [0, {until:g}]: shorten the window")


def _grid(nodes: int) -> tuple[Array, Array]:
    """Gauss–Legendre nodes on [0, 1] and the matrix of the integrals from 0 to each node."""
    points, weights = legendre.leggauss(nodes)
    values = legendre.legvander(points, nodes - 1)
    analysis = (values * weights[:, None]).T * (np.arange(nodes)[:, None] + 0.5)
    primitive = np.stack([legendre.legval(points, legendre.legint(row, lbnd=-1)) for row in np.eye(nodes)])
    return 0.5 * (points + 1.0), 0.5 * primitive.T @ analysis
