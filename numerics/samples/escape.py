"""How n samples change the escape: ẇ = 4Ĥw near 0, Ĥ = (1/n) Σ_i y_i x_i x_iᵀ with labels y = z² + ξ.

In the mean Ĥ is H = Q + 2aaᵀ, a = Qw* and ⟨w*, Qw*⟩ = 1. Its largest eigenvalue E, a root of
D = 1 − 2Σ a²/(E − λ), has the unit vector p ∝ (E − Q)⁻¹a, with c = ⟨p, Qp⟩ and b = ⟨p, a⟩. To order 1/n that
of Ĥ has

    variance (1/n)[9c² + 72cb² + 24b⁴ + 3σ²c² − E²],
    mean     E + (1/n) Σ_k ⟨p_k, M p_k⟩/(E − E_k),  M = E y²⟨x, p⟩² xxᵀ,
    M = (3c + 12b² + σ²c)Q + 12E aaᵀ + 24b(aqᵀ + qaᵀ) + (6 + 2σ²)qqᵀ,  q = Qp = Ep − 2ba,

over the other eigenvectors. With S = Σ_k p_k p_kᵀ/(E − E_k), the regular part of (E' − H)⁻¹ at E' = E, only
Σ λ/(E − λ) over all directions and sums with weights a² are needed: finite in any dimension for a > 1. There
is no transition then; for a ≤ 1 it comes back at n ~ Σ λ/(E − λ).
"""

from typing import NamedTuple

import numpy as np

from numerics.descent.draws import check_noise
from numerics.problems.linearisation import escape_direction
from numerics.problems.problem import Problem, spectrum_of
from theory.expected import Count, checked


@checked
class SampleEscape(NamedTuple):
    """The growth rate of |w| near 0, in the flow's time: ``rate`` of the population, ``mean`` and ``std``
    over draws of samples, to order 1/n. ``least`` samples would double it to this order: below a few times
    as many it says nothing."""

    rate: float
    mean: float
    std: float
    least: float


@checked
def sample_escape(problem: Problem, samples: Count, *, noise_variance: float = 0.0) -> SampleEscape:
    """The escape of the flow on ``samples`` whose labels have noise of ``noise_variance``, from any start.

    Raises ValueError for several students or teachers and for a reduced problem that does not say how many
    directions its eigenvalues have.

    >>> from numerics import power_law
    >>> found = sample_escape(power_law(1.5, 100, init="escape:0.1"), 800)
    >>> " ".join(f"{value:.4f}" for value in found)
    '3.1876 3.2024 0.3862 3.6991'
    """
    check_noise(noise_variance)
    if len(problem.students) > 1 or len(problem.teachers) > 1:
        raise ValueError("samples are predicted for one student with one teacher")
    values, counts = spectrum_of(problem)
    scale = problem.teacher_energy
    variance, teacher = noise_variance / scale**2, problem.teachers[0] / np.sqrt(scale)
    seen = problem.eigenvalues * teacher != 0
    poles = problem.eigenvalues[seen]
    residues = (poles * teacher[seen]) ** 2
    rate, _ = escape_direction(poles, teacher[seen])
    energy = rate / 4.0

    def total(power: int, order: int = 0) -> float:
        """Σ a² λ^order/(E − λ)^power."""
        return float((residues * poles**order / (energy - poles) ** power).sum())

    b, c = total(1) / np.sqrt(total(2)), total(2, 1) / total(2)
    slope, bend = 2.0 * total(2), -4.0 * total(3)
    along = -0.5 - bend / (4.0 * slope**2)
    trace = float((counts * values / (energy - values)).sum())
    trace += -4.0 * total(3, 1) / slope - total(2, 1) * bend / slope**2
    change = float((3 * c + 12 * b**2 + variance * c) * trace)
    change += float((12 * energy - 96 * b**2 + 4 * b**2 * (6 + 2 * variance)) * along)
    spread = 9 * c**2 + 72 * c * b**2 + 24 * b**4 + 3 * variance * c**2 - energy**2
    unit = 4.0 * scale
    return SampleEscape(
        scale * rate,
        unit * (energy + change / samples),
        unit * float(np.sqrt(spread / samples)),
        change / energy,
    )
