"""The fastest direction of the flow at w = 0.

Near 0 the flow is ẇ = Λ(A₀ w + B₁ u w*), with A₀ = A(0, 0) and B₁ = ∂B/∂u at 0: a diagonal plus a rank-one
operator. Its top eigenvalue ρ > A₀ λ_max solves the secular equation 1 = B₁ Σ λ_i² (w*_i)²/(ρ − A₀ λ_i)
[Lem 2] and its eigenvector is w_i ∝ λ_i w*_i/(ρ − A₀ λ_i).
"""

from types import ModuleType

import numpy as np

from numerics.generated import phase_retrieval

Array = np.ndarray


def escape_direction(
    eigenvalues: Array, teacher: Array, model: ModuleType = phase_retrieval
) -> tuple[float, Array]:
    """The escape rate ρ (per unit of flow time) and the direction w (N,), with Σ λ w w* > 0 and Σ λ w² = 1.

    >>> rate, direction = escape_direction(np.array([0.5, 0.5]), np.array([1.0, 1.0]))
    >>> round(rate, 12)
    6.0
    """
    energy = np.array([[eigenvalues @ teacher**2]])
    rest = np.zeros(2)
    decay = float(model.drift(rest, energy)[0][0, 0])
    feedback = float(model.drift_jacobian(rest, energy)[1][0, 0, 1])
    strength = feedback * eigenvalues**2 * teacher**2
    seen = strength > 0
    top = eigenvalues[seen].max()
    gaps, weights = decay * (top - eigenvalues[seen]), strength[seen]
    shift = _secular_root(weights, gaps)
    direction = np.zeros_like(teacher)
    direction[seen] = eigenvalues[seen] * teacher[seen] / (shift + gaps)
    return decay * float(top) + shift, direction / np.sqrt(eigenvalues @ direction**2)


def _secular_root(weights: Array, gaps: Array) -> float:
    """The root x > 0 of Σ weights/(x + gaps) = 1, for weights > 0 and gaps ≥ 0 with a zero among them.

    The sum is convex and decreasing, so Newton's method from the left of the root climbs to it monotonically.
    """
    root = float(weights[gaps == 0].sum())
    while True:
        terms = weights / (root + gaps)
        climb = float((terms.sum() - 1.0) / (terms / (root + gaps)).sum())
        if climb <= 2.0 * np.finfo(float).eps * root:
            return root
        root += climb
