"""Scale-invariant networks: units ``f(x·w/‖w‖_Q)``, whose loss depends on correlations alone.

Batch normalisation in the population: every unit sees its projection in units of its own standard deviation,
so that a pair has the average ``P(1, 1, c/√(ab))`` in place of ``P(a, b, c)``, and the loss is that of the
plain network at

    ``Ŝ_jk = S_jk/√(S_jj S_kk)``,    ``Û_jm = U_jm/√(S_jj T_mm)``,    ``T̂_mn = T_mn/√(T_mm T_nn)``.

With ``(Â, B̂)`` the drift of the plain network there,

    ``A_jk = Â_jk/√(S_jj S_kk)`` (``j ≠ k``),    ``B_jm = B̂_jm/√(S_jj T_mm)``,
    ``A_jj = −(Σ_{k≠j} A_jk S_jk + Σ_m B_jm U_jm)/S_jj``,

so that ``w_jᵀ ẇ_j = 0``: the loss does not change along ``w_j``, and the flow keeps every ``‖w_j‖`` while
``‖w_j‖_Q`` moves. One student of Hermite link ``c He_k`` obeys, ``m`` its correlation and ``s* = 1``,

    ``ẇ = (2 k k! c² m^(k−1)/√s) Q (w* − m w/√s)``.

The teachers are normalised, too: of energy 1 they are as they were.

Units ``f(x·w/‖w‖)`` are not of this kind, and need no model of their own: from ``‖w_j(0)‖ = 1`` their flow is
the spherical one of :mod:`theory.symbolic.constrained`, and one student from ``‖w(0)‖ = r`` follows
``r`` times that from ``w(0)/r``, slower by ``r²``.
"""

from dataclasses import dataclass
from functools import cached_property

import sympy

from theory.expected import checked
from theory.symbolic.models import Model, ModelError, link_product


@checked
@dataclass(frozen=True)
class NormalisedModel(Model):
    """A :class:`~theory.symbolic.models.Model` of units ``f(x·w/‖w‖_Q)``; made by :func:`normalised`."""

    def pair_average(self, f: sympy.Expr, g: sympy.Expr, covariance: sympy.MatrixBase) -> sympy.Expr:
        """``E[f(X/√a) g(Y/√b)]``, a function of the correlation."""
        a, b, c = covariance[0, 0], covariance[1, 1], covariance[0, 1]
        correlation = sympy.S.One if a == b == c else c / (sympy.sqrt(a) * sympy.sqrt(b))
        return link_product(f, g, sympy.Matrix([[1, correlation], [correlation, 1]]))

    @cached_property
    def polynomial(self) -> bool:
        """Never: the loss has roots of the energies."""
        return False


@checked
def normalised(model: Model) -> NormalisedModel:
    """The ``model`` with units ``f(x·w/‖w‖_Q)``, students and teachers.

    Raises :class:`~theory.symbolic.models.ModelError` for inputs that are not real Gaussians.

    >>> from theory.symbolic.links import parse_link
    >>> from theory.symbolic.models import single_index
    >>> cubic = normalised(single_index(parse_link("He3(z)")))
    >>> sympy.simplify(cubic.loss)
    12 - 12*u**3/(s**(3/2)*t**(3/2))
    >>> cubic.B[0], sympy.simplify(cubic.A[0] * cubic.overlaps.S[0] + cubic.B[0] * cubic.overlaps.U[0])
    (36*u**2/(s**(3/2)*t**(3/2)), 0)
    """
    if type(model) is not Model:
        raise ModelError(f"{model.name}: normalised units are derived for a plain model of Gaussian inputs")
    return NormalisedModel(
        f"{model.name}, normalised",
        model.student_link,
        model.teacher_link,
        model.student_weights,
        model.teacher_weights,
        model.noise,
    )
