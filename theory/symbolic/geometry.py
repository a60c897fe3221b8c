"""The landscape of a single-index model: gradient, Hessian, critical points and barrier.

Vectors and matrices are kept as coefficients in the basis that the flow itself provides, ``Qw``
and ``Qw*``, so nothing here depends on the dimension ``d``. Sources: P1 and P2, whose value of
the Hessian at the saddles does not follow from its own formula: see :func:`critical_points`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import sympy

from theory.expected import checked
from theory.symbolic.models import Model, ModelError
from theory.symbolic.variation import network_gradient, network_hessian

_ENERGY = sympy.Symbol("t", positive=True)
"""The teacher's energy where signs matter; the model's own ``t`` carries no assumptions."""

MAX_SOLVED_DEGREE = 3
"""Largest degree of A and B in (s, u) at which their common zeros are solved for."""


class UndecidedError(ModelError):
    """SymPy cannot decide a sign or an order for every positive teacher energy ``t``."""


@checked
@dataclass(frozen=True)
class Gradient:
    """The vector ``student · Qw + teacher · Qw*``."""

    student: sympy.Expr
    teacher: sympy.Expr


@checked
@dataclass(frozen=True)
class Hessian:
    """The matrix ``metric Q + student aaᵀ + mixed (abᵀ + baᵀ) + teacher bbᵀ``.

    Here ``a = Qw`` and ``b = Qw*``.
    """

    metric: sympy.Expr
    student: sympy.Expr
    mixed: sympy.Expr
    teacher: sympy.Expr

    @property
    def coefficients(self) -> tuple[sympy.Expr, ...]:
        """``(metric, student, mixed, teacher)``."""
        return self.metric, self.student, self.mixed, self.teacher

    def at(self, values: dict[sympy.Symbol, sympy.Expr]) -> "Hessian":
        """The Hessian with overlaps replaced by values."""
        return Hessian(*(sympy.expand(c.subs(values)) for c in self.coefficients))

    def quadratic_form(
        self, energy: sympy.Expr, student_overlap: sympy.Expr, teacher_overlap: sympy.Expr
    ) -> sympy.Expr:
        """``vᵀ∇²L v`` for a direction given by ``vᵀQv``, ``vᵀQw`` and ``vᵀQw*``."""
        return sympy.expand(
            self.metric * energy
            + self.student * student_overlap**2
            + 2 * self.mixed * student_overlap * teacher_overlap
            + self.teacher * teacher_overlap**2
        )


@checked
@dataclass(frozen=True)
class CriticalPoint:
    """A solution of ``∇L = 0``, or a whole set of them with the same overlaps.

    ``multiple`` is ``α`` where the solution is ``w = α w*``, and ``None`` for the set of all
    ``w`` that are not parallel to ``w*`` and have the given ``s`` and ``u``.
    """

    multiple: sympy.Expr | None
    s: sympy.Expr
    u: sympy.Expr
    t: sympy.Expr
    hessian: Hessian

    @cached_property
    def spectrum(self) -> tuple[sympy.Expr, ...]:
        """The distinct eigenvalues of ``Q^{-1/2} ∇²L Q^{-1/2}`` for ``d ≥ 3``.

        The Hessian has their signs, with multiplicities. In whitened coordinates it is
        ``metric · I`` plus a form of rank at most two on the span of ``Q^{1/2} w`` and
        ``Q^{1/2} w*``; orthogonally to that span the eigenvalue is ``metric``.
        """
        h = self.hessian
        if self.multiple is not None:
            along = h.quadratic_form(self.t, self.multiple * self.t, self.t) / self.t
            return h.metric, sympy.expand(along)
        form = sympy.Matrix([[h.student, h.mixed], [h.mixed, h.teacher]])
        gram = sympy.Matrix([[self.s, self.u], [self.u, self.t]])
        return h.metric, *(sympy.expand(h.metric + value) for value in (form * gram).eigenvals())

    @property
    def kind(self) -> Literal["minimum", "maximum", "saddle", "degenerate"]:
        """The type by the second-order test; ``degenerate`` where zeros leave it open."""
        signs = {_sign(value) for value in self.spectrum}
        if {1, -1} <= signs:
            return "saddle"
        if 0 in signs:
            return "degenerate"
        return "minimum" if signs == {1} else "maximum"


@checked
def gradient(model: Model) -> Gradient:
    """``∇L(w)`` of a single-index model (P2); see :func:`network_gradient`.

    >>> from theory.symbolic.models import phase_retrieval
    >>> gradient(phase_retrieval())
    Gradient(student=12*s - 4*t, teacher=-8*u)
    """
    _symbols(model)
    student, teacher = network_gradient(model)
    return Gradient(student[0], teacher[0])


@checked
def hessian(model: Model) -> Hessian:
    """``∇²L(w)`` of a single-index model (P2); see :func:`network_hessian`.

    >>> from theory.symbolic.models import phase_retrieval
    >>> hessian(phase_retrieval())
    Hessian(metric=12*s - 4*t, student=24, mixed=0, teacher=-8)
    """
    _symbols(model)
    form = network_hessian(model)
    (student, mixed), (_, teacher) = form.coupling[0][0].tolist()
    return Hessian(form.metric[0], student, mixed, teacher)


@checked
def critical_points(model: Model) -> tuple[CriticalPoint, ...]:
    """Every critical point, for a positive-definite ``Q`` and any teacher energy ``t > 0``.

    ``∇L = −Q(A w + B w*)`` vanishes where ``w = α w*`` with ``α A + B = 0``, or where ``w`` and
    ``w*`` are independent and ``A = B = 0``. For phase retrieval these are ``0`` (a maximum),
    ``±w*`` (minima) and the saddles ``u = 0, s = t/3`` (P2), where ``wᵀ∇²L w = 24 s² = 8t²/3``;
    P2's text has ``8t²``, which contradicts ``s = t/3``. The sign, and so the classification, is
    the same.

    Raises :class:`UndecidedError` where the answer depends on the value of ``t``, or ``A = B = 0``
    holds on a curve of overlaps.

    >>> from theory.symbolic.models import phase_retrieval
    >>> for point in critical_points(phase_retrieval()):
    ...     print(point.multiple, point.s, point.u, point.kind)
    -1 t -t minimum
    0 0 0 maximum
    1 t t minimum
    None t/3 0 saddle
    """
    return _parallel_points(model) + _independent_points(model)


@checked
def barrier(model: Model) -> sympy.Expr:
    """The minimum of the loss over ``s ≥ 0`` at ``u = 0``, as an expression in ``t > 0``.

    The loss falls along the flow, so below this value ``u`` cannot change its sign any more. Raises
    :class:`UndecidedError` where the minimum has no closed form that holds for every ``t``.

    >>> from theory.symbolic.models import phase_retrieval
    >>> barrier(phase_retrieval())
    8*t**2/3
    """
    s, u, t = _symbols(model)
    loss = model.loss.subs({u: 0, t: _ENERGY})
    stationary = [root for root in _roots(loss.diff(s), s) if _sign(root) >= 0]
    lowest = sympy.Min(*(sympy.expand(loss.subs(s, energy)) for energy in (0, *stationary)))
    if lowest.has(sympy.Min):
        raise UndecidedError(f"the barrier depends on the value of t: {lowest}")
    return lowest.subs(_ENERGY, t)


def _symbols(model: Model) -> tuple[sympy.Symbol, sympy.Symbol, sympy.Symbol]:
    if model.students != 1 or model.teachers != 1:
        raise ModelError(
            f"{model.name} has {model.students} students and {model.teachers} teachers;"
            " its landscape is derived for one of each"
        )
    return (*model.overlaps.statistics, *model.overlaps.T)


def _parallel_points(model: Model) -> tuple[CriticalPoint, ...]:
    s, u, t = _symbols(model)
    alpha = sympy.Dummy("alpha")
    ray = {s: alpha**2 * _ENERGY, u: alpha * _ENERGY, t: _ENERGY}
    multiples = _roots((alpha * model.A[0] + model.B[0]).subs(ray), alpha)
    return tuple(_critical_point(model, m, m**2 * _ENERGY, m * _ENERGY) for m in multiples)


def _independent_points(model: Model) -> tuple[CriticalPoint, ...]:
    s, u, t = _symbols(model)
    equations = [entry[0].subs(t, _ENERGY) for entry in model.drift]
    if not model.polynomial:
        raise UndecidedError(f"the critical points of {model.name} solve no polynomial equations")
    if max(sympy.Poly(equation, s, u).total_degree() for equation in equations) > MAX_SOLVED_DEGREE:
        raise UndecidedError(
            f"A = B = 0 of {model.name} has a degree above {MAX_SOLVED_DEGREE}: no closed form is sought"
        )
    points = []
    for solution in sympy.solve(equations, [s, u], dict=True):
        if solution.get(s) == 0:
            continue  # w = 0 lies on the ray
        if solution.keys() != {s, u}:
            raise UndecidedError(f"A = B = 0 holds on a curve of overlaps: {solution}")
        energy, overlap = solution[s], solution[u]
        if None in (energy.is_real, overlap.is_real):
            raise UndecidedError(f"cannot decide whether A = B = 0 has the real solution {solution}")
        if energy.is_real and overlap.is_real and _sign(energy * _ENERGY - overlap**2) > 0:
            points.append(_critical_point(model, None, energy, overlap))
    return tuple(points)


def _critical_point(
    model: Model, multiple: sympy.Expr | None, energy: sympy.Expr, overlap: sympy.Expr
) -> CriticalPoint:
    """The point with these ``s`` and ``u``, written in the model's own symbol ``t``."""
    s, u, t = _symbols(model)
    if multiple is not None:
        multiple = multiple.subs(_ENERGY, t)
    energy, overlap = energy.subs(_ENERGY, t), overlap.subs(_ENERGY, t)
    return CriticalPoint(multiple, energy, overlap, t, hessian(model).at({s: energy, u: overlap}))


def _roots(equation: sympy.Expr, variable: sympy.Symbol) -> list[sympy.Expr]:
    """The distinct real roots of a polynomial whose coefficients may hold ``t > 0``."""
    if not equation.is_polynomial(variable):
        raise UndecidedError("no closed form for the zeros of a loss that is no polynomial")
    polynomial = sympy.Poly(equation, variable)
    roots = sympy.roots(polynomial)
    if sum(roots.values()) < polynomial.degree() or any(root.is_real is None for root in roots):
        raise UndecidedError(f"no closed form for the real roots of {polynomial.as_expr()}")
    return sorted((root for root in roots if root.is_real), key=sympy.default_sort_key)


def _sign(value: sympy.Expr) -> int:
    """The sign of an expression in ``t > 0``."""
    sign = sympy.sign(sympy.factor(value.subs(_ENERGY.name, _ENERGY)))
    if not sign.is_Integer:
        raise UndecidedError(f"the sign of {value} depends on the value of t")
    return int(sign)
