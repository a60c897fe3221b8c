"""The mode equation and the tower of statistics of every order (P3), for a symbolic order ``k``.

**Two modes by hand.** Take ``Q = diag(λ_1, λ_2)`` and phase retrieval, ``ẇ_i = λ_i (A w_i + B w*_i)``
with ``A = 4(t − 3s)``, ``B = 8u``. The loss needs ``s = Σ λ_i w_i²`` and ``u = Σ λ_i w_i w*_i``, but
``u̇ = A Σ λ_i² w_i w*_i + B Σ λ_i² w*_i²``: it calls for ``u^(2) = Σ λ_i² w_i w*_i``, which is no
function of ``s`` and ``u``, and ``u^(2)`` calls for ``u^(3)``. Here the call stops: both eigenvalues
are roots of ``λ² − (λ_1 + λ_2) λ + λ_1 λ_2``, so ``u^(3) = (λ_1 + λ_2) u^(2) − λ_1 λ_2 u``, and likewise
``s^(3)``: four statistics close. With ``λ_1 = λ_2`` two do, ``u^(2) = λ_1 u``; with ``n`` distinct
eigenvalues ``2n`` do (:class:`~theory.symbolic.closures.CharacteristicPolynomial`).

**In general**, with ``Q = diag(λ_1, …, λ_d)`` the flow is
``d/dτ w_ji = λ_i (Σ_l A_jl w_li + Σ_m B_jm w*_mi)`` mode by mode, and the statistics of order ``k``
are ``S^(k) = W Q^k Wᵀ``, ``U^(k) = W Q^k W*ᵀ``, ``T^(k) = W* Q^k W*ᵀ``. Each is a sum over the modes
``i``, differentiated here under the sum sign, so order ``k`` calls for order ``k + 1`` and the tower
does not close unless the spectrum makes it. Order one is ``S``, ``U`` and ``T`` themselves.
A constraint adds ``λ_i^r μ_j w_ji`` (:mod:`theory.symbolic.constrained`), hence statistics of order
``k + r``, and its ``μ`` asks for those of order 0 or 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import sympy

from theory.expected import checked
from theory.symbolic.constrained import ConstrainedModel
from theory.symbolic.given import given
from theory.symbolic.models import Model, ModelError
from theory.symbolic.momentum import HeavyBallModel
from theory.symbolic.notation import displayed, entries, latex
from theory.symbolic.overlaps import Overlaps
from theory.symbolic.trained import TrainedModel

AnyFlow = Model | ConstrainedModel | TrainedModel | HeavyBallModel
"""What has a tower of the statistics S, U and T."""

TIME = sympy.Symbol("tau", real=True)
MODE = sympy.Symbol("i", integer=True, positive=True)
DIMENSION = sympy.Symbol("d", integer=True, positive=True)
ORDER = sympy.Symbol("k", integer=True, positive=True)
EIGENVALUE = sympy.IndexedBase("lambda", positive=True)[MODE]


class UnclosedHierarchyError(ModelError):
    """The hierarchy calls for statistics that it does not hold, so it cannot become code."""


@checked
@dataclass(frozen=True)
class Statistic:
    """One entry of ``S^(order)``, ``U^(order)``, ``T^(order)``, or the trace ``D^(order) = tr Q^order``.

    The four fields are its identity; ``row`` and ``column`` count from zero, and the two names of an
    entry of a symmetric matrix are one statistic. How it is printed is for :meth:`function` to say.

    >>> Statistic("S", 1, 0, 2) == Statistic("S", 0, 1, 2)
    True
    """

    name: Literal["S", "U", "T", "D"]
    row: int
    column: int
    order: sympy.Expr

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", given(self.order, "order"))
        if self.name in "ST" and self.row > self.column:
            row, column = self.column, self.row
            object.__setattr__(self, "row", row)
            object.__setattr__(self, "column", column)

    @property
    def moves(self) -> bool:
        """Whether the flow changes it: teacher and spectrum are constant."""
        return self.name in "SU"

    def at(self, order: sympy.Expr) -> "Statistic":
        """The same entry at another order."""
        return Statistic(self.name, self.row, self.column, order)

    def function(self, overlaps: Overlaps) -> sympy.Expr:
        """It as a function of its order, named like the overlap: ``s(k)`` or ``S12(k)``."""
        return sympy.Function(self.symbol(overlaps).name)(self.order)

    def symbol(self, overlaps: Overlaps) -> sympy.Symbol:
        """The symbol of the overlap that it is of order one, or ``D`` for the trace."""
        if self.name == "D":
            return sympy.Symbol("D")
        return getattr(overlaps, self.name)[self.row, self.column]


Combination = dict[Statistic, sympy.Expr]
"""A linear combination of statistics: coefficients, which hold overlaps, by statistic."""


@checked
@dataclass(frozen=True)
class Hierarchy:
    """The tower of statistics of a model: time derivatives at every order.

    ``S`` (K × K) and ``U`` (K × M) are the derivatives of ``S^(order)`` and ``U^(order)`` as
    expressions. There, statistics of order ``n`` are written as functions of ``n`` named like the
    overlap, ``s(n)`` or ``S12(n)``; the overlaps in the coefficients keep their plain symbols, ``s``
    for ``s(1)``. :meth:`derivative` gives the same by key.

    >>> from theory.symbolic.models import phase_retrieval
    >>> tower = hierarchy(phase_retrieval())
    >>> tower.derivative(Statistic("U", 0, 0, 5)) == {
    ...     Statistic("U", 0, 0, 6): tower.model.A[0], Statistic("T", 0, 0, 6): tower.model.B[0]}
    True
    >>> [statistic.function(tower.model.overlaps) for statistic in tower.missing(3)]
    [s(4), u(4)]
    """

    model: AnyFlow
    order: sympy.Expr = ORDER

    @property
    def S(self) -> sympy.ImmutableMatrix:
        """Derivatives of ``S^(order)`` (K × K)."""
        K = self.model.students
        return sympy.ImmutableMatrix(K, K, lambda j, k: self._expression(Statistic("S", j, k, self.order)))

    @property
    def U(self) -> sympy.ImmutableMatrix:
        """Derivatives of ``U^(order)`` (K × M)."""
        K, M = self.model.students, self.model.teachers
        return sympy.ImmutableMatrix(K, M, lambda j, m: self._expression(Statistic("U", j, m, self.order)))

    @cached_property
    def entries(self) -> tuple[Statistic, ...]:
        """The statistics of order ``k`` that move: the upper triangle of ``S``, then ``U``, by rows."""
        K, M = self.model.students, self.model.teachers
        own = tuple(Statistic("S", j, k, ORDER) for j in range(K) for k in range(j, K))
        return own + tuple(Statistic("U", j, m, ORDER) for j in range(K) for m in range(M))

    def statistics(self, order: int) -> tuple[Statistic, ...]:
        """The statistics that move, of the orders 1 … ``order``."""
        return tuple(entry.at(n) for n in range(1, order + 1) for entry in self.entries)

    def derivative(self, statistic: Statistic) -> Combination:
        """The time derivative of a statistic of any order; empty for one that is constant."""
        if not statistic.moves:
            return {}
        general = self._derivatives[statistic.at(ORDER)]
        return {key.at(key.order.subs(ORDER, statistic.order)): value for key, value in general.items()}

    def missing(self, order: int) -> tuple[Statistic, ...]:
        """What the orders 1 … ``order`` call for and do not hold: entries of the next order."""
        called = {key for entry in self.entries for key in self.derivative(entry.at(order))}
        return tuple(entry.at(order + 1) for entry in self.entries if entry.at(order + 1) in called)

    @property
    def gradient_model(self) -> Model:
        """The model, whose flow follows the gradient alone.

        Raises :class:`~theory.symbolic.models.ModelError` where it has a constraint.
        """
        if not isinstance(self.model, Model):
            raise ModelError(f"{self.model.name}: this is derived for the plain gradient in w alone")
        return self.model

    def _repr_latex_(self) -> str:
        """The derivatives of the statistics, as notebooks show them."""
        single = len(self.S) == len(self.U) == 1
        s, u = (rf"\dot {name.lower() if single else name}{{}}^{{({latex(self.order)})}}" for name in "SU")
        return displayed([*entries(s, self.S, symmetric=True), *entries(u, self.U)])

    @cached_property
    def _derivatives(self) -> dict[Statistic, Combination]:
        """The derivatives at the symbolic order, for all entries at once."""
        students, teachers = coordinates(self.model)
        velocities = {point.diff(TIME): speed for point, speed in mode_equation(self.model).items()}
        products = product_statistics(self.model)

        def derivative(entry: Statistic) -> Combination:
            partners = students if entry.name == "S" else teachers
            product = students[entry.row] * partners[entry.column]
            weighted = EIGENVALUE**ORDER * product
            return fold(weighted.diff(TIME).xreplace(velocities), products)

        return {entry: derivative(entry) for entry in self.entries}

    def _expression(self, statistic: Statistic) -> sympy.Expr:
        combination = self.derivative(statistic)
        overlaps = self.model.overlaps
        return sympy.Add(
            *(
                term * key.function(overlaps)
                for key, value in combination.items()
                for term in sympy.Add.make_args(value)
            )
        )


@checked
def mode_equation(model: AnyFlow) -> dict[sympy.Expr, sympy.Expr]:
    """The velocity of each student's coordinate on mode ``i``, keyed by the coordinate.

    Coordinates are ``w(i, tau)`` and ``w_star(i)``, numbered ``w1``, ``w2``, … where there are
    several.

    >>> from theory.symbolic.models import phase_retrieval
    >>> mode_equation(phase_retrieval())
    {w(i, tau): (8*u*w_star(i) + (-12*s + 4*t)*w(i, tau))*lambda[i]}
    """
    students, teachers = coordinates(model)
    A, still = model.A, sympy.zeros(model.students)
    if isinstance(model, ConstrainedModel):
        kept = sympy.diag(*model.multipliers)
        A, still = (A + kept, still) if model.constraint.power else (A, kept)
    elif isinstance(model, HeavyBallModel):
        still = model.C
    velocities = EIGENVALUE * (A * students + model.B * teachers) + still * students
    return dict(zip(students, velocities, strict=True))


def hierarchy(model: AnyFlow, order: sympy.Expr = ORDER) -> Hierarchy:
    """The tower of statistics of a model, derived from :func:`mode_equation`.

    ``order`` is that of the views ``S`` and ``U``.

    >>> from theory.symbolic.models import phase_retrieval
    >>> tower = hierarchy(phase_retrieval())
    >>> tower.S[0]
    -24*s*s(k + 1) + 8*t*s(k + 1) + 16*u*u(k + 1)
    >>> tower.U[0]
    -12*s*u(k + 1) + 4*t*u(k + 1) + 8*u*t(k + 1)

    On ``wᵀQw = const`` the drift ``A`` of a single student drops out:

    >>> from theory.symbolic.constrained import constrained
    >>> hierarchy(constrained(phase_retrieval(), "qsphere")).U[0]
    8*u*t(k + 1) - 8*u*u(2)*u(k + 1)/s(2)
    """
    if not isinstance(model, AnyFlow):
        raise ModelError(
            f"model is {model!r}: the tower of S, U and T holds for Gaussian and elliptical inputs;"
            " theory.symbolic.independent enlarges the set of statistics for independent coordinates"
        )
    return Hierarchy(model, order)


def coordinates(model: AnyFlow) -> tuple[sympy.ImmutableMatrix, sympy.ImmutableMatrix]:
    """The columns of student and teacher coordinates on mode ``i``."""

    def name(count: int, j: int) -> str:
        return "w" if count == 1 else f"w{j + 1}"

    K, M = model.students, model.teachers
    students = [sympy.Function(name(K, j))(MODE, TIME) for j in range(K)]
    teachers = [sympy.Function(name(M, m) + "_star")(MODE) for m in range(M)]
    return sympy.ImmutableMatrix(students), sympy.ImmutableMatrix(teachers)


def product_statistics(model: AnyFlow) -> dict[sympy.Expr, Statistic]:
    """The statistic, of order one, that each product of two coordinates sums to."""
    students, teachers = (list(column) for column in coordinates(model))
    blocks: tuple[tuple[Literal["S", "U", "T"], list[sympy.Expr], list[sympy.Expr]], ...] = (
        ("S", students, students),
        ("U", students, teachers),
        ("T", teachers, teachers),
    )
    return {
        left * right: Statistic(name, j, k, sympy.S.One)
        for name, rows, columns in blocks
        for j, left in enumerate(rows)
        for k, right in enumerate(columns)
    }


def fold(summand: sympy.Expr, products: Mapping[sympy.Expr, Statistic]) -> Combination:
    """``Σ_i summand`` as a combination: each ``Σ_i λ_i^n × product`` is a statistic of order ``n``."""
    combination: Combination = {}
    for term in _terms(summand):
        coefficient, dependent = term.as_independent(MODE)
        powers = dependent.as_powers_dict()
        order = powers.pop(EIGENVALUE)
        product = sympy.Mul(*(base**power for base, power in powers.items()))
        key = products[product].at(order)
        combination[key] = combination.get(key, sympy.S.Zero) + coefficient
    return combination


def _terms(expression: sympy.Expr) -> list[sympy.Expr]:
    """The terms of a sum over products of coordinates; what holds none stays as it is."""
    if expression.is_Add:
        return [part for term in expression.args for part in _terms(term)]
    factors = [
        factor
        for power in sympy.Mul.make_args(expression)
        for factor in ([power.base] * int(power.exp) if _is_power_of_sum(power) else [power])
    ]
    for j, factor in enumerate(factors):
        if factor.is_Add and factor.has(MODE):
            rest = sympy.Mul(*factors[:j], *factors[j + 1 :])
            return [part for term in factor.args for part in _terms(term * rest)]
    return [expression]


def _is_power_of_sum(factor: sympy.Expr) -> bool:
    return factor.is_Pow and factor.base.is_Add and factor.base.has(MODE) and factor.exp.is_Integer
