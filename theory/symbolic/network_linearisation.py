"""The flow of a network near a critical point: 0, the teacher, a mixture ``W = C W*`` of its rows, a saddle.

Write ``W = C W* + V``. To first order ``δU = V Q W*ᵀ =: p`` (K × M) and ``δS = p Cᵀ + C pᵀ``, so

``V̇ = A₀ V Q + G(p) W* Q``  with  ``A₀ = A`` at the point and ``G(p) = δA[p] C + δB[p]``:

on the mode ``i`` the K × K block ``λ_i A₀``, plus a map of rank at most ``KM``. A velocity ``ρV`` with
``p ≠ 0`` has ``V_i = λ_i (ρ − λ_i A₀)^{-1} G(p) w*_i`` on every mode, and summing ``λ_i V_i w*_iᵀ`` gives
the secular equation
``p = Σ_i λ_i² (ρ − λ_i A₀)^{-1} G(p) w*_i w*_iᵀ``.

At a critical point off the span of the teacher, such as a saddle, the same holds with the rows of both ``W``
and ``W*`` as directions ``X``: ``p = V Q Xᵀ`` is K × (K + M), ``G(p) = (δA, δB)``, and the rank is at most
``K(K + M)``. For ``K = M = 1`` this is :mod:`~theory.symbolic.linearisation`, which finds the saddles, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from theory.expected import checked
from theory.symbolic.linearisation import NotCriticalError
from theory.symbolic.models import Model

Values = Sequence[sympy.Expr]


@checked
@dataclass(frozen=True)
class NetworkLinearisation:
    """``gain`` A₀ (K × K), and ``feedback`` G on ``p`` by rows, in the overlaps of the point.

    The modes are given by ``eigenvalues`` (d,) and ``directions`` X: the rows of W* (M × d) at a mixture of
    them, of W and W* (K + M × d) elsewhere.
    """

    model: Model
    gain: sympy.ImmutableMatrix
    feedback: sympy.ImmutableMatrix

    def secular(self, rho: sympy.Expr, eigenvalues: Values, directions: Sequence[Values]) -> sympy.Expr:
        """The determinant whose zeros ``rho`` are the rates that the feedback moves.

        ``rho`` is off the eigenvalues of all ``λ_i A₀``.
        """
        gain, feedback = self.at(eigenvalues, directions)
        total = sympy.eye(feedback.rows)
        for i, value in enumerate(eigenvalues):
            x = sympy.Matrix([row[i] for row in directions])
            resolvent = (rho * sympy.eye(gain.rows) - value * gain).inv()
            total -= value**2 * sympy.kronecker_product(resolvent, x * x.T) * feedback
        return total.det()

    def operator(self, eigenvalues: Values, directions: Sequence[Values]) -> sympy.ImmutableMatrix:
        """The whole operator (Kd × Kd) on ``V`` written by rows, for a check or a small problem."""
        gain, feedback = self.at(eigenvalues, directions)
        spectrum = sympy.diag(*eigenvalues)
        project = sympy.kronecker_product(sympy.eye(gain.rows), sympy.Matrix(directions) * spectrum)
        return sympy.ImmutableMatrix(sympy.kronecker_product(gain, spectrum) + project.T * feedback * project)

    def at(
        self, eigenvalues: Values, directions: Sequence[Values]
    ) -> tuple[sympy.ImmutableMatrix, sympy.ImmutableMatrix]:
        """Gain and feedback for these modes.

        Raises :class:`NotCriticalError` where the directions hold students that are at no critical point.
        """
        X, spectrum = sympy.Matrix(directions), sympy.diag(*eigenvalues)
        gram, students = X * spectrum * X.T, len(directions) - self.model.teachers
        overlaps = self.model.overlaps
        values = dict(zip(overlaps.T, gram[students:, students:], strict=True))
        if students:
            values |= dict(zip(overlaps.S, gram[:students, :students], strict=True))
            values |= dict(zip(overlaps.U, gram[:students, students:], strict=True))
            A, B = (entry.subs(values) for entry in self.model.drift)
            if not ((A * X[:students, :] + B * X[students:, :]) * spectrum).is_zero_matrix:
                raise NotCriticalError(f"the students are at no critical point of {self.model.name}")
        return self.gain.subs(values), self.feedback.subs(values)


@checked
def linearise_anywhere(model: Model) -> NetworkLinearisation:
    """The linearisation at any critical point, with the rows of W and W* as directions.

    >>> from theory.symbolic.models import phase_retrieval
    >>> linearise_anywhere(phase_retrieval()).feedback
    Matrix([
    [-24, 0],
    [  0, 8]])
    """
    K, M = model.students, model.teachers
    columns = []
    for row in range(K):
        for column in range(K + M):
            p = sympy.zeros(K, K + M)
            p[row, column] = 1
            change_A, change_B = _change(model, p[:, :K] + p[:, :K].T, p[:, K:])
            columns.append(sympy.Matrix.hstack(change_A, change_B).reshape(K * (K + M), 1))
    return NetworkLinearisation(model, model.A, sympy.ImmutableMatrix(sympy.Matrix.hstack(*columns)))


@checked
def linearise_network(model: Model, mixture: sympy.MatrixBase | None = None) -> NetworkLinearisation:
    """The linearisation at ``W = C W*`` with ``C = mixture`` (K × M); by default at the teacher.

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
    columns = []
    for row in range(shape[0]):
        for column in range(shape[1]):
            p = sympy.zeros(*shape)
            p[row, column] = 1
            change_A, change_B = _change(model, p * C.T + C * p.T, p)
            columns.append((change_A * C + change_B).subs(values).applyfunc(sympy.expand).reshape(len(p), 1))
    return NetworkLinearisation(model, gain, sympy.ImmutableMatrix(sympy.Matrix.hstack(*columns)))


def _change(model: Model, dS: sympy.Matrix, dU: sympy.Matrix) -> tuple[sympy.Matrix, sympy.Matrix]:
    """``δA`` and ``δB`` for changes of S and U; the symbol ``S_jk`` stands for ``S_kj`` as well."""
    overlaps, K = model.overlaps, model.students
    moved = dict(zip(overlaps.U, dU, strict=True))
    moved |= {overlaps.S[j, k]: dS[j, k] for j in range(K) for k in range(j, K)}

    def derivative(entry: sympy.Expr) -> sympy.Expr:
        return sympy.Add(*(entry.diff(symbol) * amount for symbol, amount in moved.items() if amount != 0))

    return model.A.applyfunc(derivative), model.B.applyfunc(derivative)
