"""Gradient and Hessian of the loss in the weights, for any number of students and teachers.

The loss depends on ``W`` through ``S = W Q Wᵀ`` and ``U = W Q W*ᵀ``. Let ``a_1 … a_K`` be the
vectors ``Q w_k`` and ``a_{K+1} … a_{K+M}`` the vectors ``Q w*_m``. By the chain rule, with
``G = −(A | B)``, a K × (K+M) matrix of functions of the overlaps,

``∇_{w_j} L = Σ_α G_jα a_α``  and  ``∂²L/∂w_j∂w_l = G_jl Q + Σ_αβ H^{jl}_αβ a_α a_βᵀ``

where ``H^{jl}_αβ`` is ``∂G_jα/∂S_lβ`` for ``β ≤ K``, twice that where ``β = l``, since
``S_ll = w_lᵀ Q w_l`` is quadratic in ``w_l``, and ``∂G_jα/∂U_lm`` for ``β = K + m``. Nothing
depends on the dimension ``d``.
"""

from dataclasses import dataclass

import sympy

from theory.expected import checked
from theory.symbolic.models import Model, ModelError


@checked
@dataclass(frozen=True)
class NetworkHessian:
    """The blocks ``∂²L/∂w_j∂w_l = metric[j, l] Q + Σ_αβ coupling[j][l][α, β] a_α a_βᵀ``.

    ``metric`` is K × K; each ``coupling[j][l]`` is (K+M) × (K+M), with
    ``coupling[l][j] = coupling[j][l]ᵀ``.
    """

    metric: sympy.ImmutableMatrix
    coupling: tuple[tuple[sympy.ImmutableMatrix, ...], ...]


@checked
def network_gradient(model: Model) -> tuple[sympy.ImmutableMatrix, sympy.ImmutableMatrix]:
    """``(−A, −B)``, the coefficients of ``Q w_k`` and of ``Q w*_m`` in ``∇_{w_j} L``.

    >>> from theory.symbolic.models import quadratic_network
    >>> network_gradient(quadratic_network(2, 1))[1]
    Matrix([
    [-8*U11],
    [-8*U21]])
    """
    return -model.A, -model.B


@checked
def network_hessian(model: Model) -> NetworkHessian:
    """The blocks of ``∇²L(W)``.

    Raises :class:`~theory.symbolic.models.ModelError` for complex weights, whose Hessian is not
    made of these forms.

    >>> from theory.symbolic.models import quadratic_network
    >>> network_hessian(quadratic_network(2, 1)).coupling[0][1]
    Matrix([
    [0, 8, 0],
    [8, 0, 0],
    [0, 0, 0]])
    """
    if model.is_complex:
        raise ModelError(
            f"the Hessian of {model.name} acts on complex directions: derive that of the equal real network"
        )
    slopes = network_gradient(model)[0].row_join(network_gradient(model)[1])
    overlaps = model.overlaps
    K, M = model.students, model.teachers

    def block(j: int, other: int) -> sympy.ImmutableMatrix:
        moved = [(1 + (k == other), overlaps.S[other, k]) for k in range(K)]
        moved += [(1, overlaps.U[other, m]) for m in range(M)]
        return sympy.ImmutableMatrix(K + M, K + M, lambda α, β: moved[β][0] * slopes[j, α].diff(moved[β][1]))

    return NetworkHessian(slopes[:, :K], tuple(tuple(block(j, k) for k in range(K)) for j in range(K)))
