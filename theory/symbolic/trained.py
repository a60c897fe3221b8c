"""Models whose second layer learns, too: the students are ``Σ_j a_j f(w_j·x)`` and the weights a_j move.

The flow is ``Ẇ = A W Q + B W* Q`` with the model's A and B, which depend on the present weights, and
``ȧ = −r ∂L/∂a``. The weights are statistics more; the modes are as they were. For a link with
``z f'(z) = k f(z)``, such as ``z^k``, relu (k = 1) or sign (k = 0), ``w_j·∂L/∂w_j = k a_j ∂L/∂a_j``, so that

    ``‖w_j‖² − (k/r) a_j²`` does not change.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Annotated

import sympy

from theory.expected import Only, checked
from theory.symbolic.around import AroundModel
from theory.symbolic.given import given
from theory.symbolic.models import Model, ModelError
from theory.symbolic.notation import displayed, entries, latex

Rate = Annotated[
    sympy.Expr | Fraction | float,
    Only("a positive number", lambda rate: bool(sympy.sympify(rate).is_positive)),
]


@checked
@dataclass(frozen=True)
class TrainedModel(AroundModel):
    """The ``model``, whose students' weights are those of the start, with these moving at ``train_rate`` r;
    made by :func:`trained`.
    """

    model: Model
    train_rate: sympy.Expr

    @property
    def name(self) -> str:
        """That of the model, and that its weights learn."""
        return f"{self.model.name} with weights that learn at rate {self.train_rate}"

    @cached_property
    def weights(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of the students' weights: ``a`` of a single one, else ``a1``, ``a2``, …"""
        names = ["a"] if self.students == 1 else [f"a{j + 1}" for j in range(self.students)]
        return tuple(sympy.Symbol(name, real=True) for name in names)

    @cached_property
    def present(self) -> Model:
        """The model with these symbols for the students' weights."""
        return replace(self.model, student_weights=self.weights)

    @property
    def loss(self) -> sympy.Expr:
        """The loss, of second degree in the weights."""
        return self.present.loss

    @property
    def A(self) -> sympy.ImmutableMatrix:
        """``−2 ∂L/∂S`` at the present weights."""
        return self.present.A

    @property
    def B(self) -> sympy.ImmutableMatrix:
        """``−∂L/∂U`` at the present weights."""
        return self.present.B

    @cached_property
    def weight_velocity(self) -> sympy.ImmutableMatrix:
        """``ȧ = −r ∂L/∂a`` (K).

        >>> from theory.symbolic.models import phase_retrieval
        >>> trained(phase_retrieval(), 1).weight_velocity[0]
        -6*a*s**2 + 2*s*t + 4*u**2
        """
        slopes = [self.loss.diff(weight) for weight in self.weights]
        return sympy.ImmutableMatrix([sympy.expand(-self.train_rate * slope) for slope in slopes])

    def _repr_latex_(self) -> str:
        """Loss, drift and the velocity of the weights, as notebooks show them."""
        drift = [*entries("A", self.A, symmetric=True), *entries("B", self.B)]
        return displayed([("L", self.loss), *drift, *named_velocities(self)])


def named_velocities(model: TrainedModel) -> list[tuple[str, sympy.Expr]]:
    r"""The LaTeX name of each weight's velocity, ``\dot a`` of a single student, and its value."""
    names = [rf"\dot {latex(weight)}" for weight in model.weights]
    return list(zip(names, model.weight_velocity, strict=True))


@checked
def trained(model: Model, rate: Rate) -> TrainedModel:
    """The ``model`` with a second layer that learns at ``rate`` r times the rate of the first.

    Raises :class:`~theory.symbolic.models.ModelError` for complex inputs.

    >>> from theory.symbolic.hierarchy import hierarchy
    >>> from theory.symbolic.models import phase_retrieval
    >>> hierarchy(trained(phase_retrieval(), 1)).U[0]
    -12*a**2*s*u(k + 1) + 4*a*t*u(k + 1) + 8*a*u*t(k + 1)
    """
    if model.is_complex:
        raise ModelError(f"{model.name}: weights that learn are derived for real inputs")
    return TrainedModel(model, given(rate, "rate"))
