"""The mode equation and the tower of statistics of every order (P3), for a symbolic order ``k``.

With ``Q = diag(λ_1, …, λ_d)`` the flow is ``d/dτ w_ji = λ_i (Σ_l A_jl w_li + Σ_m B_jm w*_mi)``
mode by mode, and the statistics of order ``k`` are ``S^(k) = W Q^k Wᵀ``, ``U^(k) = W Q^k W*ᵀ``,
``T^(k) = W* Q^k W*ᵀ``. Each is a sum over the modes ``i``, differentiated here under the sum
sign, so order ``k`` calls for order ``k + 1`` and the tower does not close unless the spectrum
makes it. Order one is ``S``, ``U`` and ``T`` themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from theory.symbolic.models import Model

TIME = sympy.Symbol("tau", real=True)
MODE = sympy.Symbol("i", integer=True, positive=True)
DIMENSION = sympy.Symbol("d", integer=True, positive=True)
ORDER = sympy.Symbol("k", integer=True, positive=True)
EIGENVALUE = sympy.IndexedBase("lambda", positive=True)[MODE]


@dataclass(frozen=True)
class Hierarchy:
    """Time derivatives of the statistics of one order.

    ``S`` (K × K) and ``U`` (K × M) hold the derivatives of ``S^(order)`` and ``U^(order)``.
    Statistics of order ``n`` are written as functions of ``n`` named like the overlap, ``s(n)``
    or ``S12(n)``; the overlaps in the coefficients keep their plain symbols, ``s`` for ``s(1)``.
    """

    order: sympy.Expr
    S: sympy.ImmutableMatrix
    U: sympy.ImmutableMatrix


def mode_equation(model: Model) -> dict[sympy.Expr, sympy.Expr]:
    """Return the velocity of each student's coordinate on mode ``i``, keyed by the coordinate.

    Coordinates are ``w(i, tau)`` and ``w_star(i)``, numbered ``w1``, ``w2``, … where there are
    several.

    >>> from theory.symbolic.models import phase_retrieval
    >>> mode_equation(phase_retrieval())
    {w(i, tau): (8*u*w_star(i) + (-12*s + 4*t)*w(i, tau))*lambda[i]}
    """
    students, teachers = _coordinates(model)
    velocities = EIGENVALUE * (model.A * students + model.B * teachers)
    return dict(zip(students, velocities, strict=True))


def hierarchy(model: Model, order: sympy.Expr = ORDER) -> Hierarchy:
    """Return the derivatives of ``S^(order)`` and ``U^(order)``, from :func:`mode_equation`.

    >>> from theory.symbolic.models import phase_retrieval
    >>> tower = hierarchy(phase_retrieval())
    >>> tower.S[0]
    -24*s*s(k + 1) + 8*t*s(k + 1) + 16*u*u(k + 1)
    >>> tower.U[0]
    -12*s*u(k + 1) + 4*t*u(k + 1) + 8*u*t(k + 1)
    """
    students, teachers = _coordinates(model)
    velocities = {point.diff(TIME): speed for point, speed in mode_equation(model).items()}
    products = _products(model)

    def derivative(product: sympy.Expr) -> sympy.Expr:
        statistic = sympy.Sum(EIGENVALUE**order * product, (MODE, 1, DIMENSION))
        return _fold(statistic.diff(TIME).doit().xreplace(velocities), products)

    return Hierarchy(
        order,
        (students * students.T).applyfunc(derivative),
        (students * teachers.T).applyfunc(derivative),
    )


def _coordinates(model: Model) -> tuple[sympy.ImmutableMatrix, sympy.ImmutableMatrix]:
    """Return the columns of student and teacher coordinates on mode ``i``."""

    def name(count: int, j: int) -> str:
        return "w" if count == 1 else f"w{j + 1}"

    K, M = model.students, model.teachers
    students = [sympy.Function(name(K, j))(MODE, TIME) for j in range(K)]
    teachers = [sympy.Function(name(M, m) + "_star")(MODE) for m in range(M)]
    return sympy.ImmutableMatrix(students), sympy.ImmutableMatrix(teachers)


def _products(model: Model) -> dict[sympy.Expr, sympy.Symbol]:
    """Return the overlap that each product of two coordinates sums to when weighted by ``λ_i``."""
    students, teachers = _coordinates(model)
    overlaps = model.overlaps
    blocks = (
        (students * students.T, overlaps.S),
        (students * teachers.T, overlaps.U),
        (teachers * teachers.T, overlaps.T),
    )
    return {
        product: overlap for block, names in blocks for product, overlap in zip(block, names, strict=True)
    }


def _fold(total: sympy.Sum, products: Mapping[sympy.Expr, sympy.Symbol]) -> sympy.Expr:
    """Replace each ``Σ_i λ_i^n × product`` in a sum by the statistic of order ``n``."""
    return sympy.Add(*(_statistic(term, products) for term in _terms(total.function)))


def _terms(expression: sympy.Expr) -> list[sympy.Expr]:
    """Return the terms of an expression with its products multiplied out, but not its denominators."""
    if expression.is_Add:
        return [part for term in expression.args for part in _terms(term)]
    factors = sympy.Mul.make_args(expression)
    for j, factor in enumerate(factors):
        if factor.is_Add:
            rest = sympy.Mul(*factors[:j], *factors[j + 1 :])
            return [part for term in factor.args for part in _terms(term * rest)]
    return [expression]


def _statistic(term: sympy.Expr, products: Mapping[sympy.Expr, sympy.Symbol]) -> sympy.Expr:
    coefficient, dependent = term.as_independent(MODE)
    powers = dependent.as_powers_dict()
    order = powers.pop(EIGENVALUE)
    product = sympy.Mul(*(base**power for base, power in powers.items()))
    return coefficient * sympy.Function(products[product].name)(order)
