"""The flow linearised at w = 0 in double precision: what attacks on Phase I evaluate at many spectra.

``M = b Q + 8 (Qw*)(Qw*)ᵀ`` is symmetric; its top eigenvalue is ρ(b) and ``u = (Qw*)ᵀ e^{Mt} w(0)``.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from numerics.arrays import Array


@dataclass(frozen=True, eq=False)
class Escape:
    """Eigenvalues (d,), decreasing, a teacher (d,) and the factor ``b`` of the clock, 4 in the flow."""

    eigenvalues: Array
    teacher: Array
    b: float = 4.0

    @classmethod
    def free(cls, point: Array, b: float = 4.0) -> "Escape":
        """A spectrum of trace 1 and a teacher of energy 1 from 2d free numbers."""
        size = len(point) // 2
        steps = np.minimum(np.abs(point[:size]), 10.0)
        eigenvalues = np.exp(steps[0] - np.cumsum(steps))
        eigenvalues /= eigenvalues.sum()
        teacher = point[size : 2 * size] / np.abs(point[size : 2 * size]).max()
        teacher = np.where(teacher < 0, -1.0, 1.0) * np.maximum(np.abs(teacher), 1e-3)
        return cls(eigenvalues, teacher / np.sqrt(eigenvalues @ teacher**2), b)

    @cached_property
    def force(self) -> Array:
        """Q w*."""
        return self.eigenvalues * self.teacher

    @cached_property
    def spectrum(self) -> tuple[Array, Array]:
        """Eigenvalues, decreasing, and eigenvectors (columns) of M."""
        matrix = np.diag(self.b * self.eigenvalues) + 8.0 * np.outer(self.force, self.force)
        values, vectors = np.linalg.eigh(matrix)
        return values[::-1], vectors[:, ::-1]

    @cached_property
    def rho(self) -> float:
        """The top eigenvalue of M, between b λ_1 + 8 m_1 and b λ_1 + 8 Σ m_i with m = (Qw*)²."""
        pole, masses = self.b * self.eigenvalues[0], 8.0 * self.force**2
        if masses.sum() - masses[0] <= 1e-15 * masses[0]:
            return float(pole + masses[0])
        gaps = self.b * (self.eigenvalues[0] - self.eigenvalues)
        ends = 0.999 * masses[0], 1.001 * masses.sum()
        root = brentq(lambda x: x - x * np.sum(masses / (x + gaps)), *ends, xtol=1e-300, rtol=1e-15)
        return float(pole + root)

    @property
    def gap(self) -> float:
        """δ_b = ρ − b λ_1."""
        return float(self.rho - self.b * self.eigenvalues[0])

    @property
    def s2(self) -> float:
        """s*^(2)."""
        return float(self.force @ self.force)

    def moment(self, order: int) -> float:
        """s*^(order)."""
        return float(self.eigenvalues**order @ self.teacher**2)

    def D(self, p: complex) -> complex:
        """1 − 8 Σ λ_i² (w*_i)²/(p − b λ_i)."""
        return complex(1.0 - 8.0 * np.sum(self.force**2 / (p - self.b * self.eigenvalues)))

    def slope(self, p: float) -> float:
        """D'(p)."""
        return float(8.0 * np.sum((self.force / (p - self.b * self.eigenvalues)) ** 2))

    def source(self, start: Array, p: complex) -> complex:
        """â(p) = Σ λ_i w_i(0) w*_i/(p − b λ_i)."""
        return complex(np.sum(self.force * start / (p - self.b * self.eigenvalues)))
