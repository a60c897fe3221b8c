"""Discrete time: what one step of gradient descent, or of online SGD, does to the statistics of any order.

Full batch, ``W ← W − η∇L = W + η(A W Q + B W* Q)``, is a polynomial map of degree two in ``η``: order ``k``
calls for ``k + 1`` at ``η`` and for ``k + 2`` at ``η²``. Online SGD replaces ``∇L`` by the mean of ``m``
gradients on fresh samples ``x ~ N(0, Q)`` with labels of noise variance ``σ²``. The mean of ``W`` moves as in
gradient descent, so ``U^(k)``, linear in ``W``, does too; ``S^(k)``, quadratic, gains at ``η²`` the
covariance of the gradient, and with it ``tr Q^{k+1}``, the noise and the batch size.
"""

from dataclasses import dataclass
from itertools import product

import sympy

from theory.expected import checked
from theory.symbolic.degree import polynomial_degree
from theory.symbolic.given import given as exact
from theory.symbolic.hierarchy import (
    EIGENVALUE,
    ORDER,
    Combination,
    Hierarchy,
    Statistic,
    coordinates,
    fold,
    mode_equation,
    product_statistics,
)
from theory.symbolic.links import Z
from theory.symbolic.models import Model, ModelError
from theory.symbolic.moments import expectation

STEP = sympy.Symbol("eta", positive=True)
"""The step size ``η``."""

NOISE = sympy.Symbol("sigma2")
"""The variance ``σ²`` of the label noise."""

BATCH = sympy.Symbol("m", positive=True)
"""The number of fresh samples in a step."""


@checked
@dataclass(frozen=True, eq=False)
class StepMap:
    """The change of every statistic in one step, by powers of the step size.

    ``hierarchy`` is the flow's tower, which the map tends to: ``change(X)/η → Ẋ`` as ``η → 0``. ``general``
    holds, for every entry of the symbolic order ``k``, the coefficients of ``η`` and ``η²``.
    """

    hierarchy: Hierarchy
    general: dict[Statistic, dict[int, Combination]]

    def change(self, statistic: Statistic) -> dict[int, Combination]:
        """The coefficients of ``η`` and ``η²`` in the (mean) change of a statistic of any order."""
        if not statistic.moves:
            return {}
        general = self.general[statistic.at(ORDER)]
        return {
            power: {key.at(key.order.subs(ORDER, statistic.order)): value for key, value in terms.items()}
            for power, terms in general.items()
        }

    def expression(self, statistic: Statistic) -> sympy.Expr:
        """The change as one expression in ``η`` and in statistics named as in the hierarchy."""
        overlaps = self.hierarchy.model.overlaps
        return sympy.Add(
            *(
                sympy.expand(STEP**power * value * key.function(overlaps))
                for power, terms in self.change(statistic).items()
                for key, value in terms.items()
            )
        )


@checked
def gradient_descent(hierarchy: Hierarchy) -> StepMap:
    """The exact map of one step of full-batch gradient descent.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> step = gradient_descent(hierarchy(phase_retrieval()))
    >>> step.expression(Statistic("U", 0, 0, ORDER))
    -12*eta*s*u(k + 1) + 4*eta*t*u(k + 1) + 8*eta*u*t(k + 1)
    >>> step.change(Statistic("S", 0, 0, 3))[2][Statistic("T", 0, 0, 5)]
    64*u**2
    """
    return StepMap(
        hierarchy, {entry: _change(hierarchy.gradient_model, entry) for entry in hierarchy.entries}
    )


@checked
def online_sgd(hierarchy: Hierarchy, noise: sympy.Expr | None = None, batch: sympy.Expr = BATCH) -> StepMap:
    """The conditional mean of the change in one step of SGD on ``batch`` fresh samples.

    The step follows ``2(student − label) ∇student``, averaged over the batch. Its second moment is, with
    ``E[g_j Q^k g_l]`` for one sample, ``(1/m) E[g Q^k gᵀ] + (1 − 1/m) ∇L Q^k ∇Lᵀ``. Trace statistics
    ``tr Q^n`` are those named ``D``. One step only: the coefficients are polynomials in ``s`` and ``u``, so
    the mean after two steps needs more than the means after one, unless these concentrate. ``noise`` is the
    variance of the labels' noise: the model's own if it has any, else a symbol unless given.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> step = online_sgd(hierarchy(phase_retrieval()), batch=1)
    >>> step.change(Statistic("S", 0, 0, 1))[2][Statistic("D", 0, 0, 2)]
    240*s**3 - 96*s**2*t + 16*s*sigma2 + 48*s*t**2 - 384*s*u**2 + 192*t*u**2
    """
    model = hierarchy.gradient_model
    if type(model) is not Model:
        raise ModelError(f"{model.name}: the mean step of SGD is for Gaussian inputs and plain units only")
    polynomial_degree(model)
    noise, batch = _noise(model, noise), _batch(batch)
    changes = {}
    for entry in hierarchy.entries:
        change = _change(model, entry)
        if entry.name == "S":
            single = _gradient_moment(model, entry.row, entry.column, noise)
            change[2] = _mix(change[2], single, 1 / batch)
        changes[entry] = change
    return StepMap(hierarchy, changes)


def _noise(model: Model, given: sympy.Expr | None) -> sympy.Expr:
    """The variance of the label noise, from one source only."""
    if given is None:
        return model.noise or NOISE
    if model.noise:
        raise ModelError(f"{model.name} has label noise {model.noise} already: do not give another")
    return exact(given, "noise")


def _batch(size: sympy.Expr) -> sympy.Expr:
    """The number of samples of a step."""
    number = exact(size, "batch")
    if number.is_number and not (number.is_Integer and number > 0):
        raise ModelError(f"batch is {size}: it must be a positive integer or a symbol")
    return number


def _change(model: Model, entry: Statistic) -> dict[int, Combination]:
    """The full-batch change of an entry of order ``k``, from the products of the moved coordinates."""
    students, teachers = coordinates(model)
    velocities = mode_equation(model)
    left = students[entry.row]
    partner = (students if entry.name == "S" else teachers)[entry.column]
    speeds = velocities[left], velocities.get(partner, sympy.S.Zero)
    products, weight = product_statistics(model), EIGENVALUE**ORDER
    change = {1: fold(weight * (speeds[0] * partner + left * speeds[1]), products)}
    if entry.name == "S":
        change[2] = fold(weight * speeds[0] * speeds[1], products)
    return change


def _gradient_moment(model: Model, j: int, k: int, noise: sympy.Expr) -> Combination:
    """``E[g_j Q^k g_kᵀ]`` for one sample, with ``g_j = 2 e c_j f'(z_j) x`` and ``e`` the error of the output.

    With ``h = 4 c_j c_k e² f'(z_j) f'(z_k)``, a polynomial in the projections ``z = W x``, ``z* = W* x``, it
    is ``E[h xᵀQ^k x]``; Stein's lemma twice turns ``xxᵀ`` into ``Q h + Q V ∇²h Vᵀ Q``, ``V`` the directions:
    ``E[h] tr Q^{k+1} + Σ_{ab} E[∂_a∂_b h] v_a Q^{k+2} v_b``.
    """
    variables, weighted = _weighted_square(model, j, k, noise)
    covariance = model.overlaps.covariance
    moment: Combination = {Statistic("D", 0, 0, ORDER + 1): expectation(weighted, variables, covariance)}
    for a, b in product(range(len(variables)), repeat=2):
        key = _pair(model, a, b)
        curvature = expectation(weighted.diff(variables[a], variables[b]), variables, covariance)
        moment[key] = moment.get(key, sympy.S.Zero) + curvature
    return moment


def _weighted_square(
    model: Model, j: int, k: int, noise: sympy.Expr
) -> tuple[tuple[sympy.Symbol, ...], sympy.Expr]:
    """The projections, students first, and ``4 c_j c_k (e² + σ²) f'(z_j) f'(z_k)``: a mean over the noise."""
    K, M = model.students, model.teachers
    z = sympy.symbols(f"z1:{K + M + 1}", cls=sympy.Dummy)
    error = sympy.Add(*(c * link.subs(Z, x) for (c, link), x in zip(model.units, z, strict=True)))
    slopes = [c * link.diff(Z).subs(Z, z[n]) for n, (c, link) in ((n, model.units[n]) for n in (j, k))]
    return z, sympy.expand(4 * (error**2 + noise) * slopes[0] * slopes[1])


def _pair(model: Model, a: int, b: int) -> Statistic:
    """The statistic ``v_a Q^{k+2} v_b`` of two directions, counted students first."""
    K, (first, second) = model.students, sorted((a, b))
    if second < K:
        return Statistic("S", first, second, ORDER + 2)
    if first < K:
        return Statistic("U", first, second - K, ORDER + 2)
    return Statistic("T", first - K, second - K, ORDER + 2)


def _mix(mean: Combination, single: Combination, share: sympy.Expr) -> Combination:
    """``(1 − share) mean + share single``, coefficient by coefficient."""
    keys = dict.fromkeys((*mean, *single))
    zero = sympy.S.Zero
    mixed = {
        key: sympy.expand((1 - share) * mean.get(key, zero) + share * single.get(key, zero)) for key in keys
    }
    return {key: value for key, value in mixed.items() if value != 0}
