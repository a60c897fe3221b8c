"""Flows of links with a kink, by the areas that pairs of vectors span.

``E[|X||Y|] = (2/π) (√(ab − c²) + c asin(c/√(ab)))`` is not smooth in the overlaps at ``c² = ab``, where the
vectors are parallel: its drift has the slopes of a root there, and ``ab − c²``, a difference, keeps half of
the digits. It is smooth in ``c`` and the area ``r = √(ab − c²)`` of the parallelogram that the vectors span,
which they tell to all digits: with the angle ``asin(c/√(ab)) = atan2(c, r) = atan2(r, −c) − π/2``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import sympy

from theory.symbolic.models import Model


@dataclass(frozen=True)
class AreaFlow:
    """Drift and loss of a model in its overlaps and the areas of the ``pairs`` of vectors that it feels.

    Vectors are counted from 0, students before teachers. The area of a pair with the overlap ``U12`` is the
    symbol ``rU12``, in :attr:`areas`.
    """

    pairs: tuple[tuple[int, int], ...]
    areas: tuple[sympy.Symbol, ...]
    A: sympy.ImmutableMatrix
    B: sympy.ImmutableMatrix
    loss: sympy.Expr


def area_flow(model: Model) -> AreaFlow:
    """A model's drift and loss by areas; without pairs where its averages have no kink.

    >>> from theory.symbolic.links import RELU
    >>> from theory.symbolic.models import single_index
    >>> flow = area_flow(single_index(RELU))
    >>> flow.pairs, flow.A[0], flow.B[0]
    (((0, 1),), ru/(pi*s) - 1, atan2(ru, -u)/pi)
    """
    pairs = kinked_pairs(model)
    if not pairs:
        return AreaFlow((), (), model.A, model.B, model.loss)
    kinks = [_kink(model, *pair) for pair in pairs]
    A, B = (part.applyfunc(lambda entry: _smooth(entry, kinks)) for part in (model.A, model.B))
    return AreaFlow(pairs, tuple(kink.area for kink in kinks), A, B, _smooth(model.loss, kinks))


def kinked_pairs(model: Model) -> tuple[tuple[int, int], ...]:
    """The pairs of vectors, the first a student, whose average in the loss has a kink.

    >>> from theory.symbolic.links import RELU
    >>> kinked_pairs(Model("a network", RELU, RELU, (1, 1), (1,)))
    ((0, 1), (0, 2), (1, 2))
    """
    vectors = range(model.students + model.teachers)
    pairs = ((j, k) for j, k in combinations(vectors, 2) if j < model.students)
    return tuple(pair for pair in pairs if model.loss.has(_kink(model, *pair).angle))


@dataclass(frozen=True)
class _Kink:
    """A pair with the variances ``a`` and ``b`` and the covariance ``c``."""

    a: sympy.Symbol
    b: sympy.Symbol
    c: sympy.Symbol

    @property
    def area(self) -> sympy.Symbol:
        return sympy.Symbol(f"r{self.c}")

    @property
    def root(self) -> sympy.Expr:
        """The area by overlaps."""
        return sympy.sqrt(self.a * self.b - self.c**2)

    @property
    def angle(self) -> sympy.Expr:
        return sympy.asin(self.c / sympy.sqrt(self.a * self.b))


def _kink(model: Model, j: int, k: int) -> _Kink:
    covariance = model.overlaps.covariance
    return _Kink(covariance[j, j], covariance[k, k], covariance[j, k])


def _smooth(entry: sympy.Expr, kinks: Sequence[_Kink]) -> sympy.Expr:
    """An entry by areas, its angles those from 0 or from π/2, whichever leaves fewer constants.

    A rectifier's ``1/2 + asin(ρ)/π`` vanishes at ``ρ = −1``, a modulus's ``asin(ρ)`` at ``ρ = 0``: neither
    shall come as a difference.
    """
    areas = {kink.root: kink.area for kink in kinks}
    upright = {kink.angle: sympy.atan2(kink.c, kink.area) for kink in kinks}
    straight = {kink.angle: sympy.atan2(kink.area, -kink.c) - sympy.pi / 2 for kink in kinks}
    forms = entry.xreplace(areas | upright), sympy.expand(entry.xreplace(areas | straight))
    return min(forms, key=lambda form: len(sympy.Add.make_args(sympy.expand(form))))
