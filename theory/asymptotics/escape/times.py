r"""The law of the escape time from the unit sphere, for one teacher and over Gaussian ones."""

from __future__ import annotations

from fractions import Fraction

from mpmath import mp, mpf

from theory.asymptotics.escape.fast_manifold import SOURCE, TooFar, enclosed, first_overlap, prompt_crossing
from theory.asymptotics.escape.linear_stage import escape_amplitude, unstable_scale
from theory.asymptotics.escape.rate import escape_rate, rate
from theory.asymptotics.numbers.constant import GUARD, Constant, catalogued, undefined
from theory.asymptotics.numbers.field import Field, Number
from theory.asymptotics.sums.spectrum import Spectrum
from theory.expected import Count, Real, checked

LEVEL = Fraction(1, 10)
MEDIAN = "C in median T1 = log(d)/(2 rho) + C + o(1) from the unit sphere, |u(T1)| = 1/10"


@catalogued
def median_escape_offset(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r"""The ``C`` of the median of :math:`T_1 = \log d/(2\rho) + C + o(1)` from the unit sphere.

    **Law.** The fastest mode starts with :math:`\langle e_1, w(0)\rangle = g/\sqrt d`, so by
    :func:`escape_amplitude` :math:`A(0) = |g| d^{-1/2} \sqrt{e_1^T Q e_1}`, and as :math:`d \to \infty`

    .. math:: P(T_1 \le t) = \mathrm{erfc}\!\left(
       \sqrt{\tfrac d2}\, \frac{A_1}{\sqrt{e_1^T Q e_1}} e^{-\rho t}\right).

    Its median has :math:`|g| = \sqrt2\,\mathrm{erf}^{-1}(1/2)`; quantiles: :func:`escape_time_quantile`.
    Where T1 is late it has 5 digits, as :func:`.onset_delay`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(median_escape_offset(PowerLaw(2, "inf")).printed(15)[0])
    -0.259184881154938
    """
    try:
        return _sphere_time(spectrum, "0.5", 1, digits, MEDIAN)
    except (TooFar, ArithmeticError) as error:
        return undefined(MEDIAN, SOURCE, str(error))


@checked
def escape_time_quantile(
    spectrum: Spectrum, probability: Real, dimension: Count, digits: Count = 15
) -> Constant:
    r"""The time before which a fraction ``probability`` of sphere starts has :math:`|u| \ge 1/10`.

    The law of :func:`median_escape_offset` at ``dimension`` d; what it leaves out is of order
    :math:`d^{-x}`, see :func:`slow_mode_exponent`. ``spectrum`` may be that of ``d`` modes or its
    limit.

    >>> from theory.asymptotics import PowerLaw
    >>> law = PowerLaw(2, 10**6)
    >>> print(escape_time_quantile(law, "0.5", 10**6).printed(10)[0])
    0.9879397839
    """
    p = mpf(probability)
    if not 0 < p < 1:
        raise ValueError(f"probability is {probability}, but it must lie strictly between 0 and 1")
    definition = f"the {probability}-quantile of T1 over starts on the unit sphere, d = {dimension}"
    return _sphere_time(spectrum, probability, dimension, digits, definition)


def _sphere_time(
    spectrum: Spectrum, probability: Real, dimension: Count, digits: int, definition: str
) -> Constant:
    """T1 at a quantile; u = A U_0 = C g e^(rho t)/sqrt(d) links the scales."""

    def evaluate(field: Field, amplitude: Number) -> Number:
        from theory.asymptotics.escape.enclosed_clock import first_overlap as first

        draw = field.sqrt(field.mpf(2)) * field.erfinv(1 - field.mpf(probability))
        start = unstable_scale(spectrum, field) * draw / field.sqrt(field.mpf(dimension))
        return field.log(amplitude * first(spectrum) / start) / rate(spectrum, field)

    return enclosed(spectrum, LEVEL, digits, definition, evaluate) or _estimated_time(
        spectrum, probability, dimension, digits, definition
    )


def _estimated_time(
    spectrum: Spectrum, probability: Real, dimension: Count, digits: int, definition: str
) -> Constant:
    logarithm, radius = prompt_crossing(spectrum, LEVEL, False, digits)
    scale, rho = escape_amplitude(spectrum, digits + 5), escape_rate(spectrum, digits + 5)
    assert scale.value is not None
    assert scale.radius is not None
    assert rho.value is not None
    assert rho.radius is not None
    with mp.workdps(digits + GUARD):
        draw = mp.sqrt(2) * mp.erfinv(1 - mpf(probability))
        start = scale.value * draw / mp.sqrt(dimension)
        value = (logarithm + mp.log(first_overlap(spectrum, digits) / start)) / rho.value
        slack = radius + scale.radius / scale.value + (1 + abs(value)) * rho.radius
        return Constant(value, 2 * slack / rho.value, definition, SOURCE)
