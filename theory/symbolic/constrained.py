"""Models with a constraint: weight decay, or a norm of every student that is kept.

The flow ``Ẇ = A W Q + B W* Q + diag(μ) W Q^r`` of :mod:`theory.constraint`. Its loss is the model's own,
but not its landscape: what is derived from the gradient alone takes a
:class:`~theory.symbolic.models.Model`, and does not take one of these.
"""

from dataclasses import dataclass
from functools import cached_property

import sympy

from theory.constraint import Constraint
from theory.expected import checked
from theory.symbolic.around import AroundModel
from theory.symbolic.models import Model
from theory.symbolic.notation import displayed, entries


@checked
@dataclass(frozen=True)
class ConstrainedModel(AroundModel):
    """The ``model`` with a ``constraint``; made by :func:`constrained`.

    :attr:`multipliers` are the ``μ_j``. Statistics of order ``n`` are functions of ``n`` there, as in
    :class:`~theory.symbolic.hierarchy.Hierarchy`: ``s(0)`` is ``‖w‖²``, ``s(2)`` is ``wᵀQ²w``.
    """

    model: Model
    constraint: Constraint

    @property
    def name(self) -> str:
        """That of the model, and the constraint."""
        return f"{self.model.name} with {self.constraint}"

    @property
    def loss(self) -> sympy.Expr:
        """The loss of the model, without a term of the constraint."""
        return self.model.loss

    @property
    def A(self) -> sympy.ImmutableMatrix:
        """``−2 ∂L/∂S`` of the model."""
        return self.model.A

    @property
    def B(self) -> sympy.ImmutableMatrix:
        """``−∂L/∂U`` of the model."""
        return self.model.B

    @cached_property
    def multipliers(self) -> sympy.ImmutableMatrix:
        """``μ`` (K): ``−κ`` of decay, else ``−(A S^(1+r) + B U^(1+r)ᵀ)_jj / S^(2r)_jj``.

        >>> from theory.symbolic.models import phase_retrieval
        >>> constrained(phase_retrieval(), "sphere").multipliers[0]
        -s*(-12*s + 4*t)/s(0) - 8*u**2/s(0)
        """
        K = self.students
        if not self.constraint.keeps_norm:
            rate = sympy.Rational(self.constraint.rate)
            return sympy.ImmutableMatrix([-rate] * K)
        r = self.constraint.power
        S, U = self.statistics("S", 1 + r), self.statistics("U", 1 + r)
        norms = self.statistics("S", 2 * r)

        def multiplier(j: int) -> sympy.Expr:
            own = [self.A[j, k] * S[k, j] / norms[j, j] for k in range(K)]
            taught = [self.B[j, m] * U[j, m] / norms[j, j] for m in range(self.teachers)]
            return -sympy.Add(*own, *taught)

        return sympy.ImmutableMatrix([multiplier(j) for j in range(K)])

    def statistics(self, name: str, order: int) -> sympy.ImmutableMatrix:
        """``S^(order)`` or ``U^(order)``: plain symbols of order one, functions of any other order."""
        matrix: sympy.ImmutableMatrix = getattr(self.overlaps, name)
        return matrix if order == 1 else matrix.applyfunc(lambda x: sympy.Function(x.name)(order))

    def _repr_latex_(self) -> str:
        """Loss, drift and multipliers, as notebooks show them."""
        drift = [*entries("A", self.A, symmetric=True), *entries("B", self.B)]
        return displayed([("L", self.loss), *drift, *named_multipliers(self)])


def named_multipliers(model: ConstrainedModel) -> list[tuple[str, sympy.Expr]]:
    r"""The LaTeX name of each multiplier, ``\mu`` of a single student, and its value."""
    names = [r"\mu"] if model.students == 1 else [rf"\mu_{{{j + 1}}}" for j in range(model.students)]
    return list(zip(names, model.multipliers, strict=True))


@checked
def constrained(model: Model, constraint: Constraint | str) -> ConstrainedModel:
    """The ``model`` with weight decay or a kept norm: ``sphere``, ``qsphere`` or ``decay:κ``.

    Raises ValueError for any other text, and :class:`~theory.symbolic.models.ModelError` for complex inputs.

    >>> from theory.symbolic.hierarchy import mode_equation
    >>> from theory.symbolic.models import phase_retrieval
    >>> mode_equation(constrained(phase_retrieval(), "decay:1/2"))
    {w(i, tau): (8*u*w_star(i) + (-12*s + 4*t)*w(i, tau))*lambda[i] - w(i, tau)/2}
    """
    return ConstrainedModel(model, Constraint.read(constraint))
