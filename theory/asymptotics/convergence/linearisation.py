r"""Rates of the linearised flow at the teacher, :math:`\dot v = -h v`.

The Hessian of the loss at :math:`w^*` is :math:`h = 8Q + 16 (Qw^*)(Qw^*)^T` [P2], for another link
:math:`\alpha Q - c_p (Qw^*)(Qw^*)^T` with the numbers of its :class:`.LocalFlow`. Its largest
eigenvalue limits the step of gradient descent, its smallest sets the end of the flow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from theory.asymptotics.escape.rate import top_rate
from theory.asymptotics.local_flow import SQUARE, LocalFlow, factor
from theory.asymptotics.numbers.constant import Constant, catalogued, closed_form, undefined
from theory.asymptotics.numbers.field import FLOATS, Field, Number, rational
from theory.asymptotics.numbers.roots import enclosed_root
from theory.asymptotics.numbers.written import written
from theory.asymptotics.sums.edge_sums import edge_sum
from theory.asymptotics.sums.spectrum import Level, PowerLaw, Spectrum, unlisted
from theory.expected import Count, checked

STEP_DEFINITION = "2 / (largest eigenvalue of the Hessian {decay} Q + {form} (Q w*)(Q w*)^T at the teacher)"
MULTIPLE_DEFINITION = "m of the fixed point m w*, the multiple of the teacher of least loss"
RATE_DEFINITION = "rate r in 1 - u ~ exp(-r t) as t -> inf at finite d, from a generic start"
SOURCE = "arXiv:2511.18661, Proposition 2, linearised at w*"


@catalogued
def stability_step(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The largest step for which gradient descent is stable at the teacher.

    **Definition.** :math:`w \leftarrow w - \eta \nabla L(w)` contracts near :math:`w^*` exactly
    for :math:`0 < \eta < 2/h_{\max}`.

    **Identity.** For phase retrieval :math:`h_{\max} = 2\rho`, hence :math:`\eta = 1/\rho`, the inverse of
    the escape rate. An eigenvalue ``h`` whose vector overlaps :math:`Qw^*` solves
    :math:`1 = 16 \sum_i \lambda_i \mu_i/(h - 8\lambda_i)`; putting :math:`h = 2\rho` gives the
    equation of the escape rate, and so for any link with :math:`-c_p/\alpha` in place of 2. It is
    the top one unless the teacher misses the largest eigenvalues, :math:`\mu_1 = 0`; then
    :math:`8\lambda_1` competes, and is taken into account. Where :math:`c_p > 0`, as for erf, so does every
    eigenvalue that has vectors orthogonal to :math:`Qw^*`.

    >>> print(stability_step(PowerLaw(2, "inf")).printed(15)[0])
    0.180539939642891
    >>> print(stability_step(PowerLaw(0, 3)).printed(15)[0])  # Hessian (8 + 16)/3
    0.250000000000000
    """
    if flow.decay is None or flow.overlap is None:
        return undefined(STEP_DEFINITION.format(decay="alpha", form="-c_p"), SOURCE, flow.no_law)
    definition = STEP_DEFINITION.format(decay=factor(flow.decay), form=flow.form)
    return closed_form(lambda field: stable_step(spectrum, field, flow), digits, definition, SOURCE)


def stable_step(spectrum: Spectrum, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The largest stable step at the working precision of the field."""
    top = field.max(
        top_rate(spectrum, flow.hessian_ratio, field), 4 * _orthogonal(spectrum, flow.hessian_ratio, field)
    )
    return 8 / flow.alpha(field) / top


def _orthogonal(spectrum: Spectrum, ratio: str, field: Field) -> Number:
    """The largest eigenvalue of ``Q`` that may be one of ``Q + ratio Q w* w*^T Q``.

    The first for a positive ratio, which raises all others above it. For a negative one, which lowers them,
    the first that has a vector orthogonal to ``Q w*``, or 0.
    """
    first = spectrum.extremes(field)[0]
    if written(ratio) >= 0:
        return first
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        return first if spectrum.exponent == 0 and spectrum.dimension > 1 else field.mpf(0)
    free = [x for x, mass, multiplicity in spectrum.levels(field) if not mass > 0 or multiplicity > 1]
    return free[0] if free else field.mpf(0)


@checked
def teacher_multiple(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The ``m`` of the fixed point :math:`m w^*`, 1 where the teacher has the student's link.

    >>> print(teacher_multiple(PowerLaw(2, "inf")).printed(3)[0])
    1.00
    """
    if flow.decay is None:
        return undefined(MULTIPLE_DEFINITION, SOURCE, flow.no_law)
    return closed_form(lambda field: written(flow.multiple, field), digits, MULTIPLE_DEFINITION, SOURCE)


@catalogued
def final_rate(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The rate of the exponential that ends every finite-dimensional run.

    **Definition.** :math:`1 - u` (and :math:`1 - s`) decay as :math:`e^{-rt}` once
    :math:`t \gg 1/\lambda_d`. To first order :math:`1 - u` feels only eigenvectors of the Hessian
    that overlap :math:`Qw^*`; their smallest eigenvalue is the smallest root of

    .. math:: 1 + 16 \sum_i \frac{\lambda_i \mu_i}{8\lambda_i - r} = 0,

    and lies between :math:`8\lambda_d` and :math:`8\lambda_{d-1}`. Vectors that do not overlap
    exist where an eigenvalue repeats or the teacher vanishes; they keep eigenvalue
    :math:`8\lambda`, and reach ``u`` at second order, through :math:`v^T Q v`, with rate
    :math:`16\lambda`. The smaller of the two rates is returned. Isotropic data show both: the
    radial rate is ``24/d``, but :math:`1-u \sim e^{-16t/d}`.

    The MSE, which weighs all directions alike, decays at twice the smallest eigenvalue.

    **Other links** have :math:`\alpha` and :math:`-c_p` in place of 8 and 16, and ``k``, their ratio, in
    place of 2; where it is negative the root lies below :math:`\alpha\lambda_d`. Where it is 0 so is
    :math:`c_q`, and vectors that do not overlap reach ``u`` beyond second order only: with relu and
    abs at third, :math:`q^{3/2}`. Undefined where they may then be the slowest.

    **Method.** With :math:`r = 8\lambda_d(1+y)` and
    :math:`A(y) = \sum_{i<d} \mu_i\lambda_i/(\lambda_i - \lambda_d(1+y))`,
    the equation reads :math:`y = 2\mu_d/(1 + 2A(y))`, whose right-hand side decreases: the
    root is bracketed at once and ``y`` keeps its relative accuracy however small. For a power law
    ``A`` costs the same at any ``d``; see :mod:`theory.asymptotics.sums.edge_sums`.

    **Error.** The root is shut in where the equation changes sign, in balls with the remainder of every
    sum; see :mod:`theory.asymptotics.numbers.roots` and :mod:`theory.asymptotics.sums.enclosed_sums`.

    >>> print(final_rate(PowerLaw(2, 10**12), 30).printed(30)[0])
    4.86341681483516963219556561277e-24
    >>> print(final_rate(PowerLaw(0, 4)).printed(15)[0])
    4.00000000000000
    >>> final_rate(PowerLaw(2, "inf")).reason
    'at d = inf the eigenvalues accumulate at 0: the decay stays algebraic'
    """
    if flow.decay is None:
        return undefined(RATE_DEFINITION, SOURCE, flow.no_law)
    if flow.hessian_ratio == "0" and _slow_and_missed(spectrum):
        reason = "c_q = 0: slow modes that the teacher misses reach u beyond second order"
        return undefined(RATE_DEFINITION, SOURCE, reason)
    if isinstance(spectrum, PowerLaw) and spectrum.dimension == math.inf:
        reason = "at d = inf the eigenvalues accumulate at 0: the decay stays algebraic"
        return undefined(RATE_DEFINITION, SOURCE, reason)
    return closed_form(lambda field: slowest(spectrum, field, flow), digits, RATE_DEFINITION, SOURCE)


def _slow_and_missed(spectrum: Spectrum) -> bool:
    """Whether modes that the teacher misses are slower at third order than all others at first."""
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        return False
    levels = spectrum.levels()
    missed = [level.eigenvalue for level in levels if not level.mass > 0]
    return bool(missed and 3 * missed[-1] < min(level.eigenvalue for level in levels if level.mass > 0))


def slowest(spectrum: Spectrum, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The final rate at the working precision of the field."""
    return flow.alpha(field) * _slowest(spectrum, flow.hessian_ratio, field, field.dps)


@lru_cache(maxsize=32)
def _slowest(spectrum: Spectrum, ratio: str, field: Field, digits: int) -> Number:
    """The final rate over ``alpha``."""
    with field.workdps(digits):
        law, k = unlisted(spectrum, 8 * digits), written(ratio, field)
        if law is not None:
            return _overlapping_rate(*_power_law_equation(law, field), k, field)
        levels = spectrum.levels(field)
        found = _overlapping_rate(
            *_listed_equation([level for level in levels if level.mass > 0], field), k, field
        )
        unseen = [x for x, mass, multiplicity in levels if not mass > 0 or multiplicity > 1]
        return -field.max(-found, -2 * unseen[-1]) if unseen and ratio != "0" else found


def _listed_equation(
    levels: list[Level], field: Field
) -> tuple[Number, Number, Number | None, Callable[[Number], Number]]:
    """The last eigenvalue, its mass, the bound of ``y`` if there is one, and the function ``A``."""
    *others, (last, mass, _) = levels

    def sum_over_others(y: Number) -> Number:
        return field.fsum(m * x / (x - last * (1 + y)) for x, m, _ in others)

    return last, mass, others[-1].eigenvalue / last - 1 if others else None, sum_over_others


def _power_law_equation(
    spectrum: PowerLaw, field: Field
) -> tuple[Number, Number, Number, Callable[[Number], Number]]:
    """The same for a power law, without listing its modes."""
    a, b, d = spectrum.exponent, spectrum.mass_exponent, int(spectrum.dimension)
    assert b is not None
    energy, last = spectrum.energy_sum(field), spectrum.extremes(field)[1]
    mass = field.power(d, -rational(b, field)) / energy
    gap = field.expm1(-rational(a, field) * field.log1p(-1 / field.mpf(d)))
    total = edge_sum(b, a, d, field)
    return last, mass, gap, lambda y: total(y) / energy


def _overlapping_rate(
    last: Number,
    mass: Number,
    gap: Number | None,
    sum_over_others: Callable[[Number], Number],
    ratio: Number,
    field: Field,
) -> Number:
    """Solve ``y = k mass / (1 + k A(y))``, ``k`` the ratio, and return ``last (1 + y)``.

    On ``(0, gap)`` where ``k > 0``, on ``(-1, 0)`` where ``-1 < k < 0``.
    """
    if gap is None:
        return last * (1 + ratio * mass)
    if ratio == 0:
        return last
    start = ratio * mass / (1 + ratio * sum_over_others(field.mpf(0)))
    if ratio < 0:
        return last * (1 - _below(mass, -start, sum_over_others, ratio, field))

    def excess(y: Number) -> Number:
        return y - ratio * mass / (1 + ratio * sum_over_others(y)) if y < gap else y

    high = start if start < gap else gap
    return last * (1 + enclosed_root(excess, field.mpf(0), high, field))


def _below(
    mass: Number, high: Number, sum_over_others: Callable[[Number], Number], ratio: Number, field: Field
) -> Number:
    """``-y``: as ``A`` falls with it, it is at most what ``A(0)`` gives, if that is positive."""

    def excess(x: Number) -> Number:
        return x * (1 + ratio * sum_over_others(-x)) + ratio * mass if x < 1 else 1 + ratio

    return enclosed_root(excess, field.mpf(0), high if 0 < high < 1 else field.mpf(1), field)
