"""The fastest direction of the flow at w = 0, and the largest stable step of descent at a minimum.

Near 0 the flow is ẇ = Λ(A₀ w + B₁ u w*), with A₀ = A(0, 0) and B₁ = ∂B/∂u at 0: a diagonal plus a rank-one
operator. Its top eigenvalue ρ > A₀ λ_max solves the secular equation 1 = B₁ Σ λ_i² (w*_i)²/(ρ − A₀ λ_i)
[Lem 2] and its eigenvector is w_i ∝ λ_i w*_i/(ρ − A₀ λ_i).
"""

import numpy as np

from numerics.arrays import Array
from numerics.generated import phase_retrieval
from numerics.pairs import AnyModel, gradient_flow
from numerics.problems.problem import Problem
from theory.expected import checked


def escape_direction(
    eigenvalues: Array, teacher: Array, model: AnyModel = phase_retrieval
) -> tuple[float, Array]:
    """The escape rate ρ (per unit of flow time) and the direction w (N,), with Σ λ w w* > 0 and Σ λ w² = 1.

    >>> rate, direction = escape_direction(np.array([0.5, 0.5]), np.array([1.0, 1.0]))
    >>> round(rate, 12)
    6.0
    """
    energy = np.array([[eigenvalues @ teacher**2]])
    rest, rules = np.zeros(2), gradient_flow(model)
    decay = float(rules.drift(rest, energy)[0][0, 0])
    feedback = float(rules.drift_jacobian(rest, energy)[1][0, 0, 1])
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


@checked
def largest_stable_step(problem: Problem, model: AnyModel = phase_retrieval) -> float:
    """The largest step of gradient descent for which the minimum at the students of ``problem`` is stable.

    It is 2/h, h the largest eigenvalue of the Hessian (Kd × Kd) there, per unit of flow time. With
    S = W Q Wᵀ and U = W Q W*ᵀ a change V of the students changes the velocity by
    (A V + δA W + δB W*) Q, where δA and δB follow from δS = V Q Wᵀ + W Q Vᵀ and δU = V Q W*ᵀ: a block for
    each mode and a form of low rank. Lanczos' method finds h; one student that learns one teacher has h = 2ρ.

    Raises ValueError where the Hessian has no positive eigenvalue.

    >>> teacher = np.array([1.0, 1.0])
    >>> round(largest_stable_step(Problem([0.5, 0.5], teacher, teacher)), 12)
    0.166666666667
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    rates, W, X = problem.eigenvalues, problem.students, problem.teachers
    rows, columns = np.triu_indices(len(W))
    statistics = np.concatenate([(W * rates @ W.T)[rows, columns], (W * rates @ X.T).ravel()])
    energy = X * rates @ X.T
    rules = gradient_flow(model)
    gain, _ = rules.drift(statistics, energy)
    by_A, by_B = rules.drift_jacobian(statistics, energy)

    def hessian(flat: Array) -> Array:
        V = flat.reshape(W.shape)
        half = V * rates @ W.T
        change = np.concatenate([(half + half.T)[rows, columns], (V * rates @ X.T).ravel()])
        return -((gain @ V + (by_A @ change) @ W + (by_B @ change) @ X) * rates).ravel()

    size = W.size
    if size < 20:  # weights up to which all eigenvalues are computed
        found = np.linalg.eigvalsh(np.array([hessian(unit) for unit in np.eye(size)]))
    else:
        start = np.random.default_rng(0).standard_normal(size)
        operator = LinearOperator((size, size), hessian, dtype=float)
        found = eigsh(operator, 1, which="LA", v0=start, return_eigenvectors=False)
    if not found[-1] > 0:
        raise ValueError("the Hessian has no positive eigenvalue: every step is stable, or none")
    return 2.0 / float(found[-1])
