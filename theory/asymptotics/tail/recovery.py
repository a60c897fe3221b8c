r"""What the true flow has recovered, the plateau of the MSE, and the frozen approximation's error.

**Setting.** As in :mod:`theory.asymptotics.convergence.laws`: :math:`\lambda_i = i^{-a}/Z`, :math:`(w^*_i)^2
= \omega\,i^{-2B}` with :math:`\omega = Z A`, :math:`\gamma = (a + 2B - 1)/a`, and :math:`p = 1 - \gamma = (1
- 2B)/a`. Recovered is :math:`\sum_i [(w^*_i)^2 - (w_i - w^*_i)^2]`, and
:math:`d\,\mathrm{MSE} = \sum_i (w^*_i)^2 - \text{recovered}`.

**Derivation.** With :math:`w_i = w^*_i (1 + V_i)` the flow reads :math:`\dot V = -\lambda[(8 + c) V + k]`,
where :math:`c = -24(1 - u) + 12q` and :math:`k = -16(1 - u) + 12q` obey the laws of
:mod:`theory.asymptotics.convergence.laws`: :math:`c \sim -8 C_f t^{-\gamma}`, :math:`k \sim
-C_f(\tfrac{16}{3} - 2^{2-\gamma}) t^{-\gamma}`. To leading order :math:`V = -e^{-x}`, :math:`x = 8\lambda
t`, and

.. math:: \text{recovered} \sim C t^p + K, \quad
   C = -\frac{\omega}{a} \Gamma(-p) \Big(\frac{16}{Z}\Big)^p, \quad K = \omega\,\zeta(2B):

with a flat teacher, the law of the uniform :math:`S_d`; of another link with :math:`2\alpha` in place of 16,
as :math:`x = \alpha\lambda t`. To first order in the feedback

.. math:: V = -e^{-x} + \lambda e^{-x} \int_0^t c - \lambda \int_0^t e^{-8\lambda(t-t')} k(t')\,dt'.

The sum over modes of :math:`2e^{-x}` times the correction is an integral over ``x``; it multiplies the
law by :math:`1 + r t^{-\gamma}`,

.. math:: r = C_f \left[-1 + \left(\frac{2^{\gamma+1}}{3} - \frac12\right)
   \frac{\sqrt\pi\;\Gamma(2-\gamma)}{2\,\Gamma(\tfrac32-\gamma)}\right], \qquad \gamma < 2.

**Next terms.** :mod:`theory.asymptotics.tail.recovery_series` goes on in powers of :math:`t^{-\gamma}`. The
start enters at relative order ``1/t`` by one number, the shift of time :math:`t_0` in :math:`C(t - t_0)^p`:
modes that have hardly moved obey :math:`V = -1 + w_i(0)/w^*_i + 8\lambda\int_0^t u`, so that :math:`t_0` is
the finite part of :math:`\int_0^\infty (1 - u)\,dt`, less the limit of :math:`w_i(0)/(8\lambda_i w^*_i)`. It
is the leading correction for :math:`\gamma > 1`, where recovered tends to ``K`` and :math:`C < 0`, :math:`p
< 0`; the feedback, continued analytically, is then the second.

**Start on the sphere.** It adds :math:`\sum_i (2 w_i(0) w^*_i - w_i(0)^2)\,e^{-16\lambda_i t}`, of order 1,
normal with variance :math:`4\sigma_*^2` around -1 until the plateau's end.

**Frozen approximation.** :math:`\dot w_i = 8\lambda_i(w^*_i - w_i)` from :math:`T_2` on has no feedback,
and the shift :math:`\int_0^{T_2} (1 - u)\,dt`. Relative to the true flow it recovers too much by
:math:`-r t^{-\gamma} = e\,(1 - u(t))`, which fades, where T5 has a fixed multiple of :math:`\epsilon`.

**Random teachers.** For standard normal :math:`g` and :math:`N = \sum_j \lambda_j g_j^2` the plateau has
height :math:`1/N` up to :math:`O(d^{-1/2})`, and ``C`` is that of the flat teacher over ``N``. Around it
``N`` recovered has the variance :math:`2\sum_i(1 - e^{-X i^{-a}})^2 = 2[2R(X) - R(2X)]`, with ``R`` the
flat teacher's sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial

from theory.asymptotics.convergence.laws import (
    amplitude,
    decay_law,
    overlap_scale,
    slower_scale,
    summary_exponent,
)
from theory.asymptotics.local_flow import SQUARE, LocalFlow
from theory.asymptotics.numbers.constant import Constant, catalogued, closed_form, undefined
from theory.asymptotics.numbers.field import Field, Number, rational
from theory.asymptotics.sums.power_sums import inverse_powers, power_sum
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum
from theory.asymptotics.tail.plateau import uniform_law
from theory.expected import Count

SOURCE = "sharp form of arXiv:2511.18661, Theorem 2 and Proposition 4"

RECOVERED = "recovered = sum [(w*_i)^2 - (w_i - w*_i)^2] ~ C t^p + K"
EXPONENT = f"p in {RECOVERED}"
PREFACTOR = f"C in {RECOVERED}"
CONSTANT = f"K in {RECOVERED}, of the sum without feedback"
HEIGHT = "(1/d) sum (w*_i)^2, the MSE before any mode is learnt"


@catalogued
def recovered_exponent(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`p = 1 - \gamma = (1 - 2B)/a`: ``1/a`` for a flat teacher, negative for ``B > 1/2``.

    >>> print(recovered_exponent(PowerLaw(2, "inf", "source:0.25")).printed(15)[0])
    0.250000000000000
    """
    return _of_law(
        spectrum, digits, EXPONENT, lambda law, gamma, field: rational(1 - gamma, field), flow=flow
    )


@catalogued
def recovered_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`-(\omega/a)\,\Gamma(-p)\,(16/Z)^p`.

    With a flat teacher it is :func:`.tail_prefactor`; at :math:`\gamma = 1` the law is logarithmic.

    >>> print(recovered_prefactor(PowerLaw(2, "inf")).printed(15)[0])
    5.52790639154137
    >>> recovered_prefactor(PowerLaw(2, "inf", "source:0.5")).reason
    'gamma = 1: recovered grows like a logarithm, (1/a) (Z/H_b) log t, not like a power'
    """
    return _of_law(spectrum, digits, PREFACTOR, partial(_prefactor, flow=flow), _logarithm, flow)


@catalogued
def recovered_constant(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`\omega\,\zeta(2B)`: -1/2 for a flat teacher, all there is for :math:`B > \tfrac12`.

    With feedback the term :math:`m` of the series in :math:`t^{-\gamma}` adds to it where
    :math:`p = m\gamma`, for a flat teacher at :math:`a = 1 + 1/m`.

    >>> print(recovered_constant(PowerLaw(3, "inf")).printed(15)[0])
    -0.500000000000000
    """

    def evaluate(law: PowerLaw, gamma: Fraction, field: Field) -> Number:
        return _weight(law, field) * field.zeta(rational(1 - (1 - gamma) * law.exponent, field))

    return _of_law(spectrum, digits, CONSTANT, evaluate, _logarithm)


@catalogued
def recovered_correction(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`r`, the feedback of the statistics on what is recovered: they slow the clock.

    >>> print(recovered_correction(PowerLaw(2, "inf")).printed(15)[0])
    -0.159337821181876
    """
    return _of_law(
        spectrum,
        digits,
        "r of the relative correction r t^-gamma to C t^p, the feedback of the statistics on recovered",
        _correction,
        _integrable,
    )


@catalogued
def frozen_error(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`e = -r/C_u`, :math:`1 - u \sim C_u t^{-\gamma}`: a function of :math:`\gamma` alone.

    The frozen approximation gives the exact prefactor, and a relative error that fades with ``1 - u``.

    >>> print(frozen_error(PowerLaw(2, "inf")).printed(15)[0])
    0.949528603897361
    """

    def evaluate(law: PowerLaw, gamma: Fraction, field: Field) -> Number:
        return -_correction(law, gamma, field) / overlap_scale(law, field)

    return _of_law(
        spectrum,
        digits,
        "e in (recovered by w' = 8 Q (w* - w) from T2 on) / recovered - 1 ~ e (1 - u(t)), t >> T2",
        evaluate,
        _slow_feedback,
    )


@catalogued
def plateau_height(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`\sigma_*^2 = \frac1d \sum_i (w^*_i)^2`: 1 for a flat teacher, in any dimension.

    A start on the unit sphere adds :math:`(1 - 2 w(0) \cdot w^*)/d`.

    >>> print(plateau_height(PowerLaw(2, 1000, "source:0.3")).printed(15)[0])
    0.0474462033093483
    >>> plateau_height(PowerLaw(2, "inf", "source:-0.2")).reason
    'at d = inf the components of the teacher grow without bound'
    """
    if isinstance(spectrum, PowerLaw) and spectrum.dimension == math.inf and (decay := _decay(spectrum)):
        trend = "tend to 0" if decay > 0 else "grow without bound"
        return undefined(HEIGHT, SOURCE, f"at d = inf the components of the teacher {trend}")
    return closed_form(lambda field: _height(spectrum, field), digits, HEIGHT, SOURCE)


@catalogued
def plateau_drop_exponent(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`q = p/\gamma`, ``1/(a - 1)`` for a flat teacher, against ``a/3`` in the bound of P4.

    >>> print(plateau_drop_exponent(PowerLaw(3, "inf")).printed(15)[0])
    0.500000000000000
    """
    return _of_law(
        spectrum,
        digits,
        "q in d (height - MSE(T2(eps))) ~ D eps^-q",
        lambda law, gamma, field: rational((1 - gamma) / gamma, field),
        _slow_feedback,
        flow,
    )


@catalogued
def plateau_drop_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The ``D`` of what has left the plateau at :math:`T_2(\epsilon) \sim (C_2/\epsilon)^{1/\gamma}`.

    :math:`D = C\,C_2^{q}`. The drop is of order ``1/d``, not :math:`d^{-1/3}`.

    >>> print(plateau_drop_prefactor(PowerLaw(2, "inf")).printed(15)[0])
    0.927622987354239
    """

    def evaluate(law: PowerLaw, gamma: Fraction, field: Field) -> Number:
        power = rational((1 - gamma) / gamma, field)
        return _prefactor(law, gamma, field, flow) * field.power(slower_scale(law, field, flow), power)

    return _of_law(
        spectrum, digits, "D in d (height - MSE(T2(eps))) ~ D eps^-q", evaluate, _slow_feedback, flow
    )


@catalogued
def recovered_fluctuation(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`\sqrt{2(2 - 2^{1/a})/\Gamma(1 - 1/a)}\,(Z/16)^{1/(2a)}`.

    >>> print(recovered_fluctuation(PowerLaw(2, "inf")).printed(15)[0])
    0.460367136734393
    """

    def evaluate(law: PowerLaw, field: Field) -> Number:
        power = rational(1 / law.exponent, field)
        square = 2 * (2 - field.power(2, power)) / field.gamma(1 - power)
        return field.sqrt(square * field.power(law.trace_sum(field) / 16, power))

    return uniform_law(
        spectrum,
        digits,
        "k in (relative standard deviation of N recovered) ~ k t^(-1/(2a)) over Gaussian teachers",
        evaluate,
    )


def _of_law(
    spectrum: Spectrum,
    digits: int,
    definition: str,
    evaluate: Callable[[PowerLaw, Fraction, Field], Number],
    obstacle: Callable[[Fraction], str | None] = lambda gamma: None,
    flow: LocalFlow = SQUARE,
) -> Constant:
    """Evaluate a constant from the law and its gamma, or say why there is none."""
    reason = summary_exponent(spectrum, flow=flow).reason
    if reason is not None or not isinstance(spectrum, PowerLaw):
        return undefined(definition, SOURCE, reason or "")
    gamma = decay_law(spectrum)
    reason = obstacle(gamma)
    if reason is not None:
        return undefined(definition, SOURCE, reason)
    return closed_form(lambda field: evaluate(spectrum, gamma, field), digits, definition, SOURCE)


def _logarithm(gamma: Fraction) -> str | None:
    if gamma != 1:
        return None
    return "gamma = 1: recovered grows like a logarithm, (1/a) (Z/H_b) log t, not like a power"


def _integrable(gamma: Fraction) -> str | None:
    if gamma >= 2:
        return "gamma >= 2: recovered is within t^(1 - gamma) of its limit, the start decides what is next"
    return _logarithm(gamma)


def _slow_feedback(gamma: Fraction) -> str | None:
    if gamma < 1:
        return None
    return "gamma >= 1: the start enters before the feedback, at relative order 1/t"


def _weight(law: PowerLaw, field: Field) -> Number:
    r"""The :math:`\omega` of :math:`(w^*_i)^2 \sim \omega i^{-2B}`."""
    amplitude = law.tail_amplitude(field)
    assert amplitude is not None
    return law.trace_sum(field) * amplitude


def _prefactor(law: PowerLaw, gamma: Fraction, field: Field, flow: LocalFlow = SQUARE) -> Number:
    power = rational(1 - gamma, field)
    scale = field.gamma(-power) * field.power(2 * flow.alpha(field) / law.trace_sum(field), power)
    return -_weight(law, field) / rational(law.exponent, field) * scale


def _correction(law: PowerLaw, gamma: Fraction, field: Field) -> Number:
    g = rational(gamma, field)
    inverse = field.rgamma(rational(Fraction(3, 2) - gamma, field))
    memory = field.sqrt(field.pi) * field.gamma(2 - g) * inverse / 2
    return amplitude(law, field) * (
        (field.power(2, g + 1) / 3 - rational(Fraction(1, 2), field)) * memory - 1
    )


def _height(spectrum: Spectrum, field: Field) -> Number:
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        if spectrum.dimension == math.inf:
            return field.mpf(1)
        mean = power_sum(_decay(spectrum), 1, spectrum.dimension, field) / spectrum.dimension
        return mean * spectrum.trace_sum(field) / spectrum.energy_sum(field)
    squares = [field.mpf(component) ** 2 for component in spectrum.teacher]
    if isinstance(spectrum, PowerLaw):
        trace = spectrum.trace_sum(field)
        eigenvalues = [x / trace for x in inverse_powers(spectrum.exponent, len(squares), field)]
    else:
        eigenvalues = [field.mpf(x) for x in spectrum.eigenvalues]
    energy = field.fsum(x * y for x, y in zip(eigenvalues, squares, strict=True))
    return field.fsum(squares) / energy / len(squares)


def _decay(law: PowerLaw) -> Fraction:
    """``2B`` of a named teacher."""
    return (law.mass_exponent or law.exponent) - law.exponent
