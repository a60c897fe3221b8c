"""Residual coordinates: the flow near the teacher without cancellation.

With as many students as teachers, ``V = W − W*`` has overlaps ``q = V Q Vᵀ`` and ``p = V Q W*ᵀ``,
and ``S = T + p + pᵀ + q``, ``U = T + p``. The flow becomes ``V̇ = A V Q + C W* Q`` with
``C = A + B``. Written as expanded polynomials in ``(q, p, T)`` the terms of ``C`` that survive at
``q = p = 0`` cancel exactly, so near the teacher rounding errors are relative to the residuals
and not to ``T``. Students beyond the teachers are measured from 0: ``V = W − E W*`` with the rows of
``E`` (K × M) those of the identity, then 0, and ``C = A E + B``.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import sympy

from theory.expected import checked
from theory.symbolic.models import Model, ModelError
from theory.symbolic.overlaps import matrix_symbols, symmetric_symbols, upper_triangle


class ResidualError(ModelError):
    """The model has no residual coordinates: its flow does not rest at the teacher."""


@checked
@dataclass(frozen=True)
class ResidualFlow:
    """The flow ``V̇ = A V Q + C W* Q`` of :func:`residual_flow`.

    ``q`` (K × K, symmetric), ``p`` (K × M) and ``T`` hold symbols, named ``q``, ``p``, ``t`` for
    one direction and ``q11``, ``p11``, ``T11``, … for several; ``A``, ``C`` and ``loss`` are
    expanded polynomials in them.
    """

    q: sympy.ImmutableMatrix
    p: sympy.ImmutableMatrix
    T: sympy.ImmutableMatrix
    A: sympy.ImmutableMatrix
    C: sympy.ImmutableMatrix
    loss: sympy.Expr

    @property
    def statistics(self) -> tuple[sympy.Symbol, ...]:
        """The coordinates: the upper triangle of ``q`` by rows, then ``p`` by rows."""
        return (*upper_triangle(self.q), *self.p)

    @property
    def S(self) -> sympy.ImmutableMatrix:
        """``S = E T Eᵀ + p Eᵀ + E pᵀ + q``: of equal numbers ``T + p + pᵀ + q``."""
        E = _embedding(*self.p.shape)
        return E * self.T * E.T + self.p * E.T + E * self.p.T + self.q

    @property
    def U(self) -> sympy.ImmutableMatrix:
        """``U = E T + p``: of equal numbers ``T + p``."""
        return _embedding(*self.p.shape) * self.T + self.p

    @cached_property
    def deficits(self) -> sympy.ImmutableMatrix:
        """The 2 × K matrix of :func:`deficits`, in residual coordinates, where ``K = M``."""
        _check_square(*self.p.shape)
        return _relative_deficits(self.T, -self.p, -(self.p + self.p.T + self.q))


@checked
def residual_flow(model: Model) -> ResidualFlow:
    """The model's flow in residual coordinates.

    Raises :class:`ResidualError` where there are fewer students than teachers, where the loss
    is no polynomial, so that expansion does not cancel its terms, or where the flow does not rest
    at ``W = E W*``, that is where ``C`` keeps terms free of ``q`` and ``p``.

    >>> from theory.symbolic.models import phase_retrieval
    >>> flow = residual_flow(phase_retrieval())
    >>> flow.A[0], flow.C[0]
    (-24*p - 12*q - 8*t, -16*p - 12*q)
    >>> flow.loss
    8*p**2 + 12*p*q + 3*q**2 + 4*q*t
    """
    overlaps = model.overlaps
    if model.students < model.teachers:
        raise ResidualError(
            f"{model.name} has {model.students} students and {model.teachers} teachers;"
            " residual coordinates pair each teacher with one student"
        )
    if not model.polynomial:
        raise ResidualError(
            f"the loss of {model.name} is no polynomial; residual coordinates cancel the terms of polynomials"
        )
    q, p = symmetric_symbols("q", model.students), matrix_symbols("p", *overlaps.U.shape)
    E = _embedding(*p.shape)
    S = E * overlaps.T * E.T + p * E.T + E * p.T + q
    residual = dict(zip(overlaps.statistics, (*upper_triangle(S), *(E * overlaps.T + p)), strict=True))
    A = model.A.subs(residual).expand()
    C = (model.A * E + model.B).subs(residual).expand()
    _check_rest(model, C.subs(dict.fromkeys((*q, *p), 0)))
    return ResidualFlow(q, p, overlaps.T, A, C, sympy.expand(model.loss.subs(residual)))


@checked
def deficits(model: Model) -> sympy.ImmutableMatrix:
    """The 2 × K matrix of ``(T_jj − U_jj)/T_jj`` and ``(T_jj − S_jj)/T_jj``.

    At unit energy these are ``1 − u`` and ``1 − s``. Raises :class:`ResidualError` where ``K ≠ M``.

    >>> from theory.symbolic.models import phase_retrieval
    >>> deficits(phase_retrieval())
    Matrix([
    [ (t - u)/t],
    [(-s + t)/t]])
    """
    _check_square(*model.overlaps.U.shape)
    S, U, T = model.overlaps.S, model.overlaps.U, model.overlaps.T
    return _relative_deficits(T, T - U, T - S)


def _relative_deficits(T: sympy.MatrixBase, *differences: sympy.MatrixBase) -> sympy.ImmutableMatrix:
    return sympy.ImmutableMatrix(len(differences), T.rows, lambda row, j: differences[row][j, j] / T[j, j])


def rotations(model: Model) -> bool:
    """Whether the student network is the same for ``W`` and ``R W``, for every rotation ``R`` (K × K).

    That is, whether the loss keeps its value under ``S → S + GS − SG``, ``U → U + GU`` to first order in
    every antisymmetric ``G``. Only polynomial losses are examined.

    >>> from theory.symbolic.models import quadratic_network
    >>> rotations(quadratic_network(3, 2))
    True
    """
    S, U = model.overlaps.S, model.overlaps.U
    if not model.polynomial:
        return False
    for j, k in combinations(range(model.students), 2):
        G = sympy.zeros(*S.shape)
        G[j, k], G[k, j] = 1, -1
        turned = (*upper_triangle(sympy.ImmutableMatrix(G * S - S * G)), *(G * U))
        slopes = (model.loss.diff(symbol) for symbol in model.overlaps.statistics)
        if sympy.expand(sum(slope * turn for slope, turn in zip(slopes, turned, strict=True))) != 0:
            return False
    return True


def _embedding(students: int, teachers: int) -> sympy.ImmutableMatrix:
    """``E`` (K × M)."""
    return sympy.ImmutableMatrix(sympy.eye(students)[:, :teachers])


def _check_square(students: int, teachers: int) -> None:
    if students != teachers:
        raise ResidualError(f"deficits pair each student with one teacher, not {students} with {teachers}")


def _check_rest(model: Model, constant: sympy.MatrixBase) -> None:
    if not constant.is_zero_matrix:
        raise ResidualError(
            f"the flow of {model.name} does not rest at its teacher: there C = {constant.tolist()};"
            " residual coordinates need a student that can equal the teacher"
        )
