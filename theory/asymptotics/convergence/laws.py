r"""Power laws by which the overlap, the energy and the loss converge.

**Setting.** Let :math:`\lambda_i = i^{-a}/Z` and :math:`\mu_i = \lambda_i (w^*_i)^2 \sim A i^{-b}`
with :math:`a > 0`, :math:`b > 1`; ``Z = zeta(a)`` and ``A = 1/zeta(b)``, ``b = a + 2B``, for a
source teacher at :math:`d = \infty`. At finite ``d``, with :math:`H_{d,a}` and :math:`H_{d,b}`
instead, the laws describe :math:`1 \ll t/\text{window\_start}` and
:math:`t \ll \text{window\_end}`.

**Derivation.** For :math:`v = w - w^*`, :math:`p = v^T Q w^*`, :math:`q = v^T Q v`, the flow reads

.. math:: \dot v_i = \lambda_i [-(8 + 24p + 12q) v_i - (16p + 12q) w^*_i],

and :math:`u = 1 + p`, :math:`s = 1 + 2p + q`. A mode of :math:`\lambda_i t \ll 1` has learnt
nothing, :math:`v_i \approx -w^*_i`; one of :math:`\lambda_i t \gg 1` is slaved to the statistics,
:math:`v_i \approx -(2p + \tfrac32 q) w^*_i`. To leading order

.. math:: v_i = -w^*_i e^{-8\lambda_i t} - (2p + \tfrac32 q) w^*_i, \qquad
   f(t) = \sum_i \mu_i e^{-8\lambda_i t} \sim C_f t^{-\gamma},

because the memory :math:`\sum_i \lambda_i \mu_i e^{-8\lambda_i (t-t')}` is integrable, of total
mass 1/8. Projecting on :math:`Qw^*` gives :math:`3p = -f(t) - \tfrac32 q`, and squaring
:math:`q = f(2t)` up to :math:`O(t^{-2\gamma})`. Hence

.. math::
   1 - u = -p \sim C_f (\tfrac13 + 2^{-\gamma-1}) t^{-\gamma}, \quad
   1 - s = -2p - q \sim \tfrac23 C_f t^{-\gamma}, \quad
   L = 4q + O(t^{-2\gamma}) \sim 4 \cdot 2^{-\gamma} C_f t^{-\gamma}.

The Mellin integral of :math:`A x^{-b} e^{-8 t x^{-a}/Z}` gives :math:`\gamma = (b-1)/a` and
:math:`C_f = \frac{A}{a} \Gamma(\gamma) (Z/8)^\gamma`.

**Other links.** With the numbers of :mod:`theory.asymptotics.local_flow` the same reads
:math:`\dot v = -\alpha Q v + (c_q q + c_p p) Q w^*`, :math:`f(t) = \sum_i \mu_i e^{-\alpha\lambda_i t}`,
and the memory has the mass :math:`1/\alpha`, so that :math:`p(1 - c_p/\alpha) = -f(t) + (c_q/\alpha) q`:

.. math::
   1 - u \sim C_f \frac{1 - 2^{-\gamma} c_q/\alpha}{1 - c_p/\alpha} t^{-\gamma}, \quad
   1 - s = 2(1 - u) - q, \quad q \sim 2^{-\gamma} C_f t^{-\gamma}, \quad L \sim \tfrac\alpha2 q .

A teacher of another link is learnt at a multiple ``m w*`` alone; the same holds for :math:`v/m`, with
:math:`m c_q`: of :math:`u/m`, :math:`s/m^2`, and of the loss less its limit, over :math:`m^2`.

A network of regular teachers has a loss that is a sum of single students', each with a rate of the spectral
decomposition of ``A`` at the teachers, :mod:`theory.symbolic.network_flow`.

A kink at 0 adds forces of relative order :math:`\sqrt q`: corrections of order :math:`t^{-\gamma/2}`.

**Validity.** The start must be small beside the teacher in the tail, :math:`|w_i(0)| \ll |w^*_i|`
as :math:`i \to \infty`, as on the sphere at large ``d`` and along the escape direction; a start
:math:`w_i(0) = c\,w^*_i` there multiplies ``f`` by ``1 - c`` and ``q`` by its square. The exponents and
prefactors hold on both sides of :math:`\gamma = 1`. Corrections are of relative order
:math:`t^{-\min(\gamma, 1)}`, with a logarithm at :math:`\gamma = 1`;
:mod:`theory.asymptotics.convergence.expansion` computes them.

**Random teachers.** Components drawn with mean square :math:`m` put on average the mass of a flat
teacher on every mode, in the scale of the draw: :math:`A = m/(N Z)`, :math:`b = a`,
:math:`N = \sum_j \lambda_j g_j^2`. About :math:`t^{1/a}` modes share the learning at time ``t``, so
the fluctuations around the law fade as :math:`t^{-1/(2a)}`;
:mod:`theory.asymptotics.convergence.fluctuations` has their size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial

from mpmath import mp

from theory.asymptotics.local_flow import SQUARE, LocalFlow, factor
from theory.asymptotics.numbers.constant import Constant, catalogued, closed_form, undefined
from theory.asymptotics.numbers.field import FLOATS, Field, Number, rational
from theory.asymptotics.numbers.written import written
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum, decimal
from theory.expected import Count, checked

SOURCE = "arXiv:2511.18661, Theorem 1 and Corollary 2, in sharp form"

WINDOW_END = "1/({} lambda_d), the time in which the last mode is learnt"


@catalogued
def summary_exponent(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`\gamma = (a + 2B - 1)/a`.

    >>> print(summary_exponent(PowerLaw(2, "inf")).printed(15)[0])
    0.500000000000000
    >>> summary_exponent(PowerLaw("0.5", 1000)).reason
    'no power law: the masses i^-b have b = 0.5, and only b > 1 leaves a decaying tail'
    """
    return _law(
        spectrum,
        digits,
        "gamma in 1 - u ~ C t^-gamma; also of 1 - s and of the loss",
        _exponent,
        flow.of_the_loss,
    )


@catalogued
def overlap_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`C_f (\tfrac13 + 2^{-\gamma-1})`.

    At :math:`a = 2`, :math:`d = \infty` and the flat teacher, :math:`C_f = \sqrt{3/(16\pi)}`:

    >>> print(overlap_prefactor(PowerLaw(2, "inf")).printed(15)[0])
    0.167807289351654
    >>> from mpmath import mp
    >>> print(mp.sqrt(3 / (16 * mp.pi)) * (1 / mp.mpf(3) + mp.sqrt(2) / 4))
    0.167807289351654
    """
    return _law(spectrum, digits, "C in 1 - u ~ C t^-gamma", partial(overlap_scale, flow=flow), flow)


@catalogued
def energy_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`\tfrac23 C_f`, the sum of twice the prefactor of ``1 - u`` and minus that of ``q``.

    >>> print(energy_prefactor(PowerLaw(2, "inf")).printed(15)[0])
    0.162867503967640
    """
    return _law(spectrum, digits, "C in 1 - s ~ C t^-gamma", partial(energy_scale, flow=flow), flow)


@checked
def overlap_ratio(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`\tfrac12 + \tfrac34 2^{-\gamma}`, the limit of ``(1 - u)/(1 - s)``.

    It falls from 5/4 to 1/2 as :math:`\gamma` grows. As :math:`1 - s = 2(1 - u) - q`, it would be 1/2 if
    ``q`` were negligible.

    >>> print(overlap_ratio(PowerLaw(2, "inf")).printed(15)[0])
    1.03033008588991
    """
    return _law(
        spectrum,
        digits,
        "limit of (1 - u)/(1 - s)",
        lambda law, field: (2 + 3 * field.power(2, -rational(_gamma(law), field))) / 4,
    )


@catalogued
def loss_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`4 \cdot 2^{-\gamma} C_f`.

    >>> print(loss_prefactor(PowerLaw(2, "inf")).printed(15)[0])
    0.690988298942671
    """
    return _law(
        spectrum,
        digits,
        "C in L ~ C t^-gamma",
        partial(loss_scale, flow=flow),
        flow.of_the_loss,
    )


@catalogued
def convergence_exponent(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`\kappa = 1/\gamma`, half the exponent of the paper's upper bound.

    >>> print(convergence_exponent(PowerLaw(4, "inf")).printed(15)[0])
    1.33333333333333
    """
    return _law(
        spectrum,
        digits,
        "kappa = 1/gamma in T2(eps) ~ (C/eps)^kappa",
        lambda law, field: rational(1 / _gamma(law), field),
        flow,
    )


@catalogued
def convergence_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The larger of the prefactors of ``1 - u`` and ``1 - s``: the slower decides.

    Of phase retrieval ``u`` is the slower exactly when :math:`\gamma < \log_2 \tfrac32 \approx 0.585`; for
    a flat teacher, when :math:`a < 2.41`.

    >>> law = PowerLaw(2, "inf")
    >>> convergence_prefactor(law).value == overlap_prefactor(law).value
    True
    >>> law = PowerLaw(3, "inf")
    >>> convergence_prefactor(law).value == energy_prefactor(law).value
    True
    """
    return _law(
        spectrum,
        digits,
        "C in T2(eps) ~ (C/eps)^kappa: the larger of those of 1 - u and 1 - s",
        partial(slower_scale, flow=flow),
        flow,
    )


@catalogued
def window_start(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`1/(8\lambda_1)`, after which the power laws of this module set in.

    >>> print(window_start(PowerLaw(2, "inf")).printed(15)[0])
    0.205616758356028
    """
    return _window(
        spectrum, digits, "1/({} lambda_1), the time in which the first mode is learnt", 0, flow.of_the_loss
    )


@catalogued
def window_end(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`1/(8\lambda_d)`, at which the exponential of the last mode takes over.

    >>> print(window_end(PowerLaw(0, 1000)).printed(15)[0])
    125.000000000000
    >>> window_end(PowerLaw(2, "inf")).reason
    'no end at d = inf'
    """
    if isinstance(spectrum, PowerLaw) and spectrum.dimension == mp.inf:
        return undefined(WINDOW_END.format(factor(flow.decay or "alpha")), SOURCE, "no end at d = inf")
    return _window(spectrum, digits, WINDOW_END, 1, flow)


def _window(spectrum: Spectrum, digits: int, definition: str, end: int, flow: LocalFlow) -> Constant:
    """Evaluate the time of the first or the last mode."""
    definition = definition.format(factor(flow.decay or "alpha"))
    if flow.decay is None:
        return undefined(definition, SOURCE, flow.no_law)
    return closed_form(
        lambda field: 1 / (flow.alpha(field) * spectrum.extremes(field)[end]), digits, definition, SOURCE
    )


def _law(
    spectrum: Spectrum,
    digits: int,
    definition: str,
    evaluate: Callable[[PowerLaw, Field], Number],
    flow: LocalFlow = SQUARE,
) -> Constant:
    """Evaluate a constant of the power law, or say why there is none."""
    return of_power_law(spectrum, digits, definition, SOURCE, evaluate, _obstacle, flow)


def of_power_law(
    spectrum: Spectrum,
    digits: int,
    definition: str,
    source: str,
    evaluate: Callable[[PowerLaw, Field], Number],
    obstacle: Callable[[PowerLaw], str | None],
    flow: LocalFlow,
) -> Constant:
    """Evaluate a constant of a law, or say why there is none: ``obstacle`` tells what is in its way."""
    if flow.decay is None:
        return undefined(definition, source, flow.no_law)
    if not isinstance(spectrum, PowerLaw):
        return undefined(definition, source, "no power law is known for given eigenvalues")
    reason = obstacle(spectrum)
    if reason is not None:
        return undefined(definition, source, reason)
    return closed_form(lambda field: evaluate(spectrum, field), digits, definition, source)


def _obstacle(law: PowerLaw) -> str | None:
    """Say why the masses have no decaying power-law tail, or return None."""
    decay = _mass_decay(law)
    if decay is None:
        return "no power law is known for given teacher components without tail_mean_square"
    if law.exponent == 0:
        return "no power law: the eigenvalues are all equal"
    if decay <= 1:
        return (
            f"no power law: the masses i^-b have b = {decimal(decay)}, and only b > 1 leaves a decaying tail"
        )
    return None


def decay_law(law: PowerLaw) -> Fraction:
    r"""The :math:`\gamma` of :math:`f(t) \sim C_f t^{-\gamma}`.

    Raises ValueError, with the reason, where the masses have no decaying power-law tail.

    >>> decay_law(PowerLaw(2, "inf"))
    Fraction(1, 2)
    """
    reason = _obstacle(law)
    if reason is not None:
        raise ValueError(reason)
    return _gamma(law)


def amplitude(law: PowerLaw, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    r"""The :math:`C_f` of :math:`f(t) \sim C_f t^{-\gamma}`, where there is such a law.

    >>> from mpmath import mp
    >>> print(amplitude(PowerLaw(2, "inf")), mp.sqrt(3 / (16 * mp.pi)))
    0.24430125595146 0.24430125595146
    """
    gamma = rational(_gamma(law), field)
    scale = field.power(law.trace_sum(field) / flow.alpha(field), gamma) * field.gamma(gamma)
    return law.tail_amplitude(field) * scale / rational(law.exponent, field)


def residual_scale(law: PowerLaw, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The prefactor of ``q``."""
    return amplitude(law, field, flow) * field.power(2, -rational(_gamma(law), field))


def overlap_scale(law: PowerLaw, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The prefactor of ``1 - u``."""
    alpha = flow.alpha(field)
    energy, overlap = (written(str(force), field) for force in (flow.energy, flow.overlap))
    forced = amplitude(law, field, flow) - energy / alpha * residual_scale(law, field, flow)
    return forced / (1 - overlap / alpha)


def energy_scale(law: PowerLaw, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The prefactor of ``1 - s``."""
    return 2 * overlap_scale(law, field, flow) - residual_scale(law, field, flow)


def loss_scale(law: PowerLaw, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The prefactor of the loss less its limit."""
    if flow.decays:
        rates = Counter(flow.decays)
        singles = [(replace(flow, decay=rate, decays=()), count) for rate, count in rates.items()]
        return field.fsum(count * loss_scale(law, field, single) for single, count in singles)
    square = written(flow.multiple, field) ** 2
    return square * flow.alpha(field) / 2 * residual_scale(law, field, flow)


def slower_scale(law: PowerLaw, field: Field = FLOATS, flow: LocalFlow = SQUARE) -> Number:
    """The larger of the prefactors of ``1 - u`` and ``1 - s``."""
    return field.max(overlap_scale(law, field, flow), energy_scale(law, field, flow))


def _exponent(law: PowerLaw, field: Field) -> Number:
    return rational(_gamma(law), field)


def _mass_decay(law: PowerLaw) -> Fraction | None:
    """``b`` of the masses; components of a steady mean square count as flat."""
    if law.mass_exponent is not None:
        return law.mass_exponent
    return None if law.tail_mean_square is None else law.exponent


def _gamma(law: PowerLaw) -> Fraction:
    decay = _mass_decay(law)
    assert decay is not None
    return (decay - 1) / law.exponent
