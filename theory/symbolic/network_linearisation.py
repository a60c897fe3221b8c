"""The flow of a network near a critical point ``W = C W*``: 0, the teacher, or another mixture of its rows.

Write ``W = C W* + V``. To first order ``δU = V Q W*ᵀ =: p`` (K × M) and ``δS = p Cᵀ + C pᵀ``, so

``V̇ = A₀ V Q + G(p) W* Q``  with  ``A₀ = A`` at the point and ``G(p) = δA[p] C + δB[p]``:

on the mode ``i`` the K × K block ``λ_i A₀``, plus a map of rank at most ``KM``. A velocity ``ρV`` with
``p ≠ 0`` has ``V_i = λ_i (ρ − λ_i A₀)^{-1} G(p) w*_i`` on every mode, and summing ``λ_i V_i w*_iᵀ`` gives
the secular equation
``p = Σ_i λ_i² (ρ − λ_i A₀)^{-1} G(p) w*_i w*_iᵀ``. For ``K = M = 1`` this is
:mod:`~theory.symbolic.linearisation`, which also knows the saddles off the teacher's span.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from theory.symbolic.linearisation import NotCriticalError
from theory.symbolic.models import Model


@dataclass(frozen=True)
class NetworkLinearisation:
    """``gain`` is ``A₀`` (K × K), ``feedback`` (KM × KM) is ``G`` on ``p`` by rows, in the entries of T."""

    model: Model
    mixture: sympy.ImmutableMatrix
    gain: sympy.ImmutableMatrix
    feedback: sympy.ImmutableMatrix

    def secular(
        self, rho: sympy.Expr, eigenvalues: Sequence[sympy.Expr], teachers: Sequence[Sequence[sympy.Expr]]
    ) -> sympy.Expr:
        """Return the determinant whose zeros ``rho`` are the rates that the feedback moves.

        ``eigenvalues`` (d,) and ``teachers`` (M × d) are the modes; ``rho`` is off the eigenvalues of all
        ``λ_i A₀``.
        """
        size, identity = self.feedback.rows, sympy.eye(self.model.students)
        energy = self.energies(eigenvalues, teachers)
        gain, feedback = self.gain.subs(energy), self.feedback.subs(energy)
        total = sympy.eye(size)
        for i, value in enumerate(eigenvalues):
            star = sympy.Matrix([row[i] for row in teachers])
            resolvent = (rho * identity - value * gain).inv()
            total -= value**2 * sympy.kronecker_product(resolvent, star * star.T) * feedback
        return total.det()

    def operator(
        self, eigenvalues: Sequence[sympy.Expr], teachers: Sequence[Sequence[sympy.Expr]]
    ) -> sympy.ImmutableMatrix:
        """Return the whole operator (Kd × Kd) on ``V`` written by rows, for a check or a small problem."""
        energy = self.energies(eigenvalues, teachers)
        gain, feedback = self.gain.subs(energy), self.feedback.subs(energy)
        spectrum, star = sympy.diag(*eigenvalues), sympy.Matrix(teachers)
        identity = sympy.eye(self.model.students)
        project = sympy.kronecker_product(identity, star * spectrum)
        return sympy.ImmutableMatrix(sympy.kronecker_product(gain, spectrum) + project.T * feedback * project)

    def energies(
        self, eigenvalues: Sequence[sympy.Expr], teachers: Sequence[Sequence[sympy.Expr]]
    ) -> dict[sympy.Symbol, sympy.Expr]:
        """The entries of ``T = W* Q W*ᵀ`` by symbol."""
        star = sympy.Matrix(teachers)
        return dict(zip(self.model.overlaps.T, star * sympy.diag(*eigenvalues) * star.T, strict=True))


def linearise_network(model: Model, mixture: sympy.MatrixBase | None = None) -> NetworkLinearisation:
    """Return the linearisation at ``W = C W*`` with ``C = mixture`` (K × M); by default at the teacher.

    Raises :class:`NotCriticalError` where the gradient does not vanish there for every ``T``.

    >>> from theory.symbolic.models import phase_retrieval, quadratic_network
    >>> point = linearise_network(phase_retrieval())
    >>> point.gain[0], point.feedback[0]
    (-8*t, -16)
    >>> linearise_network(quadratic_network(2, 1), sympy.zeros(2, 1)).feedback
    Matrix([
    [8, 0],
    [0, 8]])
    """
    shape = model.students, model.teachers
    C = sympy.ImmutableMatrix(sympy.eye(*shape) if mixture is None else mixture)
    if C.shape != shape:
        raise NotCriticalError(
            f"the mixture is {C.shape} but {model.name} needs {shape}: students by teachers"
        )
    overlaps = model.overlaps
    values = dict(zip(overlaps.S, C * overlaps.T * C.T, strict=True))
    values |= dict(zip(overlaps.U, C * overlaps.T, strict=True))
    gain, force = (entry.subs(values).applyfunc(sympy.expand) for entry in model.drift)
    if not (gain * C + force).applyfunc(sympy.expand).is_zero_matrix:
        raise NotCriticalError(f"W = C W* with C = {C.tolist()} is no critical point of {model.name}")
    columns = [
        _feedback(model, C, values, row, column) for row in range(shape[0]) for column in range(shape[1])
    ]
    return NetworkLinearisation(model, C, gain, sympy.ImmutableMatrix(sympy.Matrix.hstack(*columns)))


def _feedback(
    model: Model,
    mixture: sympy.ImmutableMatrix,
    values: dict[sympy.Symbol, sympy.Expr],
    row: int,
    column: int,
) -> sympy.Matrix:
    """``G(p)`` by rows, for the ``p`` with one entry 1."""
    p = sympy.zeros(*mixture.shape)
    p[row, column] = 1
    change = p * mixture.T + mixture * p.T
    overlaps, K = model.overlaps, model.students
    moved = [(overlaps.U[row, column], sympy.S.One)]
    moved += [(overlaps.S[j, k], change[j, k]) for j in range(K) for k in range(j, K) if change[j, k] != 0]

    def derivative(entry: sympy.Expr) -> sympy.Expr:
        total = sympy.Add(*(entry.diff(symbol) * amount for symbol, amount in moved))
        return sympy.expand(total.subs(values))

    return (model.A.applyfunc(derivative) * mixture + model.B.applyfunc(derivative)).reshape(len(p), 1)
