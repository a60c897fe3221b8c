"""The flow linearised at its critical points, for any single-index model.

At a critical point ``δẇ = −∇²L δw = M δw``, and by P2's derivation
``M = γ Q + Σ_{jk} C_jk (Q v_j)(Q v_k)ᵀ``: a diagonal of rate ``γ``, the value of ``A`` there, plus a form of
rank one in ``v = w*`` where ``w`` is parallel to ``w*`` (at 0 and at the teacher), of rank two in
``v = (w, w*)`` elsewhere (at the saddles).

**Secular equation.** An eigenvector ``x`` of ``ρ`` solves ``(ρ − γQ) x = Σ Q v_j C_jk y_k`` with
``y_k = v_kᵀ Q x``. Off the poles ``ρ = γλ_i``, multiplied by ``v_lᵀ Q (ρ − γQ)^{-1}`` from the left it reads
``y = R C y``, hence ``det(1 − R(ρ) C) = 0`` with ``R_jk(ρ) = Σ_i λ_i² v_{j i} v_{k i}/(ρ − γλ_i)``.

**Multiplicities.** In an eigenspace of ``Q`` of dimension ``n`` the form reaches only the span of the
projections of the ``v_j``, of dimension ``r ≤ 2``: ``γλ`` stays an eigenvalue ``n − r`` times, and the
rest is an exact matrix on the projections (:class:`Spectrum`), which needs no poles and no roots.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy

from theory.expected import checked
from theory.symbolic.geometry import CriticalPoint, critical_points, hessian
from theory.symbolic.given import given
from theory.symbolic.hierarchy import DIMENSION, EIGENVALUE, MODE, Statistic
from theory.symbolic.measure import SpectralMeasure
from theory.symbolic.models import Model, ModelError

GROWTH = sympy.Symbol("rho")
"""The eigenvalue, a rate of growth: perturbations behave like ``e^{ρτ}``."""


class NotCriticalError(ModelError):
    """The point is no critical point of the loss, so there is nothing to linearise."""


@dataclass(frozen=True)
class Spectrum:
    """The eigenvalues of ``M`` on a given problem.

    ``unmoved`` lists ``(γλ, multiplicity)`` for the part of each eigenspace of ``Q`` that the form does not
    reach; the others are the eigenvalues of ``reduced``, an exact matrix of size ``Σ r``. Together they are
    as many as there are modes.
    """

    unmoved: tuple[tuple[sympy.Expr, int], ...]
    reduced: sympy.ImmutableMatrix

    @cached_property
    def polynomial(self) -> sympy.Poly:
        """The characteristic polynomial of ``reduced``, in :data:`GROWTH`."""
        return sympy.Poly(self.reduced.charpoly(GROWTH).as_expr(), GROWTH)


@checked
@dataclass(frozen=True)
class Linearisation:
    """``M = rate · Q + Σ_{jk} form_jk (Q v_j)(Q v_k)ᵀ`` at one critical point ``w``.

    ``multiple`` is ``α`` where ``w = α w*``; then ``v = (w*,)`` and ``form`` is 1 × 1. Otherwise it is
    ``None``, ``v = (w, w*)`` and ``form`` is 2 × 2, for every ``w`` with the overlaps ``s`` and ``u``.
    """

    model: Model
    multiple: sympy.Expr | None
    s: sympy.Expr
    u: sympy.Expr
    rate: sympy.Expr
    form: sympy.ImmutableMatrix

    @property
    def secular(self) -> sympy.Expr:
        """``det(1 − R(ρ) C)``, whose zeros are the eigenvalues with overlap.

        Sums over the modes are explicit. Coordinates are ``w(i)`` and ``w_star(i)``.
        """
        names = ("w_star",) if self.multiple is not None else ("w", "w_star")
        vectors = sympy.Matrix([sympy.Function(name)(MODE) for name in names])
        weight = EIGENVALUE**2 / (GROWTH - self.rate * EIGENVALUE)
        resolvent = (vectors * vectors.T).applyfunc(
            lambda pair: sympy.Sum(weight * pair, (MODE, 1, DIMENSION))
        )
        return sympy.expand((sympy.eye(len(names)) - resolvent * self.form).det(method="berkowitz"))

    def spectrum(self, measure: SpectralMeasure) -> Spectrum:
        """The eigenvalues of ``M`` for the eigenvalues and the teacher of a problem.

        Where ``w`` is not parallel to ``w*`` the measure's student is taken for it, and must have the
        critical overlaps: :class:`NotCriticalError` otherwise.
        """
        energy = measure.value(Statistic("T", 0, 0, 1))
        (symbol,) = self.model.overlaps.T
        if self.multiple is None:
            self._check(measure, energy)
        vectors = measure.teachers if self.multiple is not None else measure.students + measure.teachers
        rate, form = self.rate.subs(symbol, energy), self.form.subs(symbol, energy)
        spaces = [_Eigenspace.collect(value, measure.eigenvalues, vectors) for value in _distinct(measure)]
        unmoved = tuple(
            (rate * space.eigenvalue, space.dimension - space.rank)
            for space in spaces
            if space.dimension > space.rank
        )
        return Spectrum(unmoved, _reduced(rate, form, spaces))

    def _check(self, measure: SpectralMeasure, energy: sympy.Expr) -> None:
        (symbol,) = self.model.overlaps.T
        overlaps = Statistic("S", 0, 0, 1), Statistic("U", 0, 0, 1)
        for key, value in zip(overlaps, (self.s, self.u), strict=True):
            needed, found = value.subs(symbol, energy), measure.value(key)
            if sympy.expand(needed - found) != 0:
                raise NotCriticalError(
                    f"the student has {key.name.lower()} = {found}, but these critical points of"
                    f" {self.model.name} have {needed}"
                )


@checked
def linearise(model: Model) -> tuple[Linearisation, ...]:
    """The linearisation at every critical point, in the order of ``critical_points``.

    >>> from theory.symbolic.models import phase_retrieval
    >>> for point in linearise(phase_retrieval()):
    ...     print(point.multiple, point.rate, point.form.tolist())
    -1 -8*t [[-16]]
    0 4*t [[8]]
    1 -8*t [[-16]]
    None 0 [[-24, 0], [0, 8]]
    """
    return tuple(_linearisation(model, point) for point in critical_points(model))


@checked
def linearise_along(model: Model, multiple: sympy.Expr | int) -> Linearisation:
    """The linearisation at ``w = multiple · w*``: 0, the teacher, or another point of that line.

    It needs no search for critical points, which can be undecidable. Raises :class:`NotCriticalError` where
    the gradient does not vanish for every ``t``.

    >>> from theory.symbolic.models import phase_retrieval
    >>> linearise_along(phase_retrieval(), 0).secular
    1 - 8*Sum(w_star(i)**2*lambda[i]**2/(rho - 4*t*lambda[i]), (i, 1, d))
    """
    alpha = given(multiple, "multiple")
    landscape = hessian(model)
    (s, u), (t,) = model.overlaps.statistics, model.overlaps.T
    values = {s: alpha**2 * t, u: alpha * t}
    positive = {t: sympy.Symbol(t.name, positive=True)}
    force = sympy.expand((alpha * model.A[0] + model.B[0]).subs(values).subs(positive))
    curvature = landscape.at(values)
    if any(_is_singular(value.subs(positive)) for value in (force, *curvature.coefficients)):
        raise NotCriticalError(f"the loss of {model.name} is not twice differentiable at w = {alpha} w*")
    if force != 0 and not force.equals(0):
        raise NotCriticalError(f"w = {alpha} w* is no critical point of {model.name}: αA + B = {force} there")
    return _linearisation(model, CriticalPoint(alpha, values[s], values[u], t, curvature))


def _linearisation(model: Model, point: CriticalPoint) -> Linearisation:
    h, alpha = point.hessian, point.multiple
    if alpha is None:
        form = -sympy.Matrix([[h.student, h.mixed], [h.mixed, h.teacher]])
    else:
        form = -sympy.Matrix([[alpha**2 * h.student + 2 * alpha * h.mixed + h.teacher]])
    form = sympy.ImmutableMatrix(form.applyfunc(_tidy))
    return Linearisation(model, alpha, point.s, point.u, _tidy(-h.metric), form)


def _is_singular(value: sympy.Expr) -> bool:
    """Whether a value is infinite or undefined."""
    return bool(value.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo))


def _tidy(value: sympy.Expr) -> sympy.Expr:
    """Expand polynomials in the energy; factor what has denominators, which expansion would spread."""
    return sympy.expand(value) if value.is_polynomial() else sympy.factor(value)


@dataclass(frozen=True)
class _Eigenspace:
    """One eigenspace of ``Q``: the Gram matrix of the projections of the ``v_j``, and a basis among these.

    ``basis`` lists the indices ``j`` of independent projections; ``expansion`` (rank × number of ``v``)
    writes every projection in them. At ``λ = 0`` the form vanishes, and there is no basis.
    """

    eigenvalue: sympy.Rational
    dimension: int
    gram: sympy.ImmutableMatrix
    basis: tuple[int, ...]
    expansion: sympy.ImmutableMatrix

    @classmethod
    def collect(
        cls,
        value: sympy.Rational,
        eigenvalues: Sequence[sympy.Rational],
        vectors: Sequence[Sequence[sympy.Rational]],
    ) -> "_Eigenspace":
        where = [i for i, other in enumerate(eigenvalues) if other == value]
        rows = sympy.Matrix([[row[i] for i in where] for row in vectors])
        reduced, pivots = rows.T.rref()
        basis = tuple(pivots) if value else ()
        expansion = reduced[: len(basis), :]
        return cls(
            value, len(where), sympy.ImmutableMatrix(rows * rows.T), basis, sympy.ImmutableMatrix(expansion)
        )

    @property
    def rank(self) -> int:
        """How many directions the form reaches."""
        return len(self.basis)


def _distinct(measure: SpectralMeasure) -> list[sympy.Rational]:
    return sorted(set(measure.eigenvalues), reverse=True)


def _reduced(
    rate: sympy.Expr, form: sympy.MatrixBase, spaces: Sequence[_Eigenspace]
) -> sympy.ImmutableMatrix:
    """``M`` on the projections ``P_λ v_j`` of the bases.

    ``M P_λ v_j = γλ P_λ v_j + Σ_{kl} (Σ_μ μ P_μ v_k) C_kl λ G_λ[l, j]`` with ``G_λ`` the Gram matrix, and
    ``P_μ v_k`` written in its own basis.
    """
    columns = [list(_column(rate, form, spaces, space, j)) for space in spaces for j in space.basis]
    return sympy.ImmutableMatrix(len(columns), len(columns), lambda a, b: columns[b][a])


def _column(
    rate: sympy.Expr, form: sympy.MatrixBase, spaces: Sequence[_Eigenspace], source: _Eigenspace, j: int
) -> Iterator[sympy.Expr]:
    response = form * source.gram[:, j] * source.eigenvalue
    for space in spaces:
        pushed = space.eigenvalue * space.expansion * response
        for row, k in enumerate(space.basis):
            own = rate * source.eigenvalue if space is source and k == j else 0
            yield pushed[row] + own
