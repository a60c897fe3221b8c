"""Models with momentum: the heavy ball ``Ẅ + γ Ẇ = −∂L/∂W``, in first order with two rows a student.

With the velocities ``V = Ẇ`` below the students the rows ``Z = (W, V)`` obey

    ``Ż = A Z Q + B W* Q + C Z``,  ``A = [[0, 0], [A_L, 0]]``, ``B = [[0], [B_L]]``,
    ``C = [[0, 1], [0, −γ]]``,

in blocks of K rows, with the model's own ``A_L`` and ``B_L``: linear in every mode, given S and U of the
students. The statistics of order ``k`` are those of the rows: beside ``s`` and ``u`` of a single student
``c = w·Q^k v``, ``e = v·Q^k v`` and ``p = v·Q^k w*``. The energy ``L + ½ ‖V‖²`` falls by ``γ ‖V‖²`` a time.

Where a mode grows as ``e^{ρτ}`` under the gradient flow from ``w = 0``, or falls, with ``ρ`` one of its rates
there, the heavy ball has the two rates ``r`` of ``r² + γ r = ρ``: the escape is at
``r = (√(γ² + 4ρ) − γ)/2``, near ``ρ/γ`` of strong friction and ``√ρ`` of weak. At the teacher ``ρ = −αλ``:
modes with ``4αλ > γ²`` oscillate, and fall as ``e^{−γτ/2}``; slow ones fall at ``αλ/γ``.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Annotated

import sympy

from theory.expected import Only, checked
from theory.symbolic.given import given
from theory.symbolic.models import Model, ModelError
from theory.symbolic.notation import displayed, entries
from theory.symbolic.overlaps import Overlaps, matrix_symbols, symmetric_symbols

Friction = Annotated[
    sympy.Expr | Fraction | float,
    Only("a number of at least 0", lambda value: bool(sympy.sympify(value).is_nonnegative)),
]


@checked
@dataclass(frozen=True)
class HeavyBallModel:
    """The ``model`` moved by a heavy ball of ``friction`` γ; made by :func:`heavy_ball`.

    Its rows, :attr:`students` of them, are the students and then their velocities, and so are those of
    :attr:`A`, :attr:`B` and :attr:`C`.
    """

    model: Model
    friction: sympy.Expr

    @property
    def name(self) -> str:
        """That of the model, and its momentum."""
        return f"{self.model.name} with momentum, friction {self.friction}"

    @property
    def students(self) -> int:
        """``2 K``, the number of rows."""
        return 2 * self.model.students

    @property
    def teachers(self) -> int:
        """``M``."""
        return self.model.teachers

    @cached_property
    def overlaps(self) -> Overlaps:
        """The symbols of the statistics of the rows: of W and W*, the model's, then those of velocities."""
        own, K, M = self.model.overlaps, self.model.students, self.model.teachers
        names = "cep" if K == M == 1 else "CEP"
        cross, moving = matrix_symbols(names[0], K, K), symmetric_symbols(names[1], K)
        S = sympy.ImmutableMatrix(sympy.BlockMatrix([[own.S, cross], [cross.T, moving]]).as_explicit())
        U = sympy.ImmutableMatrix(own.U.col_join(matrix_symbols(names[2], K, M)))
        return Overlaps(S, U, own.T)

    @property
    def loss(self) -> sympy.Expr:
        """The loss of the model."""
        return self.model.loss

    @property
    def A(self) -> sympy.ImmutableMatrix:
        """``−2 ∂L/∂S``, from the students to their velocities (2 K × 2 K)."""
        still = sympy.zeros(self.model.students)
        return self._blocks(still, still, self.model.A, still)

    @property
    def B(self) -> sympy.ImmutableMatrix:
        """``−∂L/∂U``, on the velocities (2 K × M)."""
        return sympy.ImmutableMatrix(sympy.zeros(self.model.students, self.teachers).col_join(self.model.B))

    @property
    def C(self) -> sympy.ImmutableMatrix:
        """What holds in every mode, whatever its eigenvalue (2 K × 2 K).

        >>> from theory.symbolic.models import phase_retrieval
        >>> heavy_ball(phase_retrieval(), sympy.Symbol("gamma", positive=True)).C
        Matrix([
        [0,      1],
        [0, -gamma]])
        """
        still, one = sympy.zeros(self.model.students), sympy.eye(self.model.students)
        return self._blocks(still, one, still, -self.friction * one)

    def _blocks(self, *parts: sympy.MatrixBase) -> sympy.ImmutableMatrix:
        return sympy.ImmutableMatrix(sympy.BlockMatrix([parts[:2], parts[2:]]).as_explicit())

    def _repr_latex_(self) -> str:
        """Loss and drift of the rows, as notebooks show them."""
        drift = [("A", self.A), ("B", self.B), ("C", self.C)]
        return displayed([("L", self.loss), *(x for name, part in drift for x in entries(name, part))])


@checked
def heavy_ball(model: Model, friction: Friction) -> HeavyBallModel:
    """The ``model`` with momentum: ``Ẅ + γ Ẇ = −∂L/∂W`` with the ``friction`` γ.

    Raises :class:`~theory.symbolic.models.ModelError` for complex inputs.

    >>> from theory.symbolic.hierarchy import hierarchy
    >>> from theory.symbolic.models import phase_retrieval
    >>> tower = hierarchy(heavy_ball(phase_retrieval(), 1))
    >>> tower.U[0], tower.U[1]
    (p(k), -12*s*u(k + 1) + 4*t*u(k + 1) + 8*u*t(k + 1) - p(k))
    """
    if model.is_complex:
        raise ModelError(f"{model.name}: momentum is derived for real inputs")
    return HeavyBallModel(model, given(friction, "friction"))
