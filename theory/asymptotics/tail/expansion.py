r"""The spectral tail beyond its power law: every term, at any time and dimension.

With :math:`X = \beta\tau`, :math:`\beta = 16/H_{d,a}` and :math:`z = X d^{-a}`, the formula of
:mod:`theory.asymptotics.sums.decaying_sums` says of :math:`S_d(\tau) = \frac1d \sum_{i \le d} e^{-X i^{-a}}`:

**Crossover.** At fixed ``z``, :math:`S_d \to F_a(z) = e^{-z} - z^{1/a}\,\Gamma(1 - \tfrac1a, z)
= \tfrac1a E_{1+1/a}(z)`, the incomplete gamma function, for every :math:`a > 0`; its corrections
are :math:`\tfrac{1}{2d} e^{-z} + \tfrac{az}{12 d^2} e^{-z} - \dots`, the series of Euler and Maclaurin.

**Mesoscopic window**, :math:`1 \ll X \ll d^a`, :math:`a > 1`. Expanding the end ``d``,

.. math:: d(1 - S_d) = \Gamma(1 - \tfrac1a) X^{1/a} - \tfrac12
   + \sum_{m \ge 1} \frac{(-X)^m}{m!} \zeta(ma, d + 1) + E(X).

The constant is :math:`\zeta(0)`. The series, of first terms :math:`-X d^{1-a}/(a-1) +
\tfrac12 X d^{-a} + \dots`, is all that the dimension does; it converges for every ``X``. What
Mellin's method leaves is :math:`|E| \lesssim e^{-\kappa X^{1/(a+1)}}`, smaller than any power.

**Early**, :math:`X \ll 1`: :math:`d(1 - S_d) = 16\tau - 128\,H_{d,2a}\tau^2/H_{d,a}^2 + \dots`,
alternating. **Late**, :math:`X \gg d^{a+1}`: :math:`d\,S_d = \sum_{j \ge 0} e^{-X(d-j)^{-a}}`, of which
the first term is the largest and the ratios are :math:`e^{-az/d}`; between the two,
:math:`1 \ll z \ll d`, they add up to :math:`d e^{-z}/(az)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from mpmath import mp, mpf

from theory.asymptotics.numbers.constant import GUARD, Constant, catalogued, undefined
from theory.asymptotics.numbers.field import FLOATS, Field, Number, rational
from theory.asymptotics.numbers.roots import enclosed_root
from theory.asymptotics.sums.decaying_sums import decaying_sum, origin_term, origin_term_beside, saddle_rate
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, Spectrum, decimal, exact
from theory.asymptotics.tail.plateau import uniform_law
from theory.expected import Count, checked

SOURCE = "arXiv:2511.18661, Proposition 16, in sharp form"
LEARNT = "d (1 - S_d(tau)) = sum (1 - exp(-beta tau i^-a)), beta = 16/H_{d,a}"
REMAINDER = "E in sum_{i >= 1} (1 - exp(-beta tau i^-a)) = Gamma(1 - 1/a) (beta tau)^(1/a) - 1/2 + E"
HALF_TIME = "tau at which S_d(tau) = 1/2, the plateau's end"


@checked
def tail_fraction(exponent: Exact, dimension: int | float | str, tau: Exact, digits: Count = 15) -> Constant:
    r""":math:`S_d(\tau)` to relative accuracy, at a cost that grows with neither ``d`` nor ``tau``.

    ``exponent`` a > 0, also below 1; ``dimension`` finite; time in units of the flow. Raises
    ValueError for others and for negative times.

    >>> print(tail_fraction("0.5", 10**12, 10**6).printed(15)[0])
    0.999984000798985
    >>> print(tail_fraction(2, 1000, 10**9).printed(15)[0])  # the last mode, almost alone
    1.32275260833287e-4230
    """
    law, scale = _read(exponent, dimension, tau)
    if law.dimension == math.inf:
        raise ValueError("dimension is inf, but a fraction of all modes needs a finite one")
    with mp.workdps(digits + GUARD):
        value, radius = _left(law, scale(), digits)
        return Constant(
            value / law.dimension,
            radius / law.dimension,
            "S_d(tau) = (1/d) sum exp(-beta tau i^-a), beta = 16/H_{d,a}",
            SOURCE,
        )


@checked
def tail_learnt(exponent: Exact, dimension: int | float | str, tau: Exact, digits: Count = 15) -> Constant:
    r""":math:`d(1 - S_d(\tau))` by the expansion: the route independent of :func:`.tail_sum`.

    >>> print(tail_learnt("1.5", 10**9, 1000, 20).printed(20)[0])
    895.90663527765976085
    """
    law, scale = _read(exponent, dimension, tau)
    with mp.workdps(15):
        few = min(scale(), mpf(1))
        if not few:
            return Constant(mpf(0), mpf(0), LEARNT, SOURCE)
        lost = int(mp.log10((1 if law.dimension == math.inf else law.dimension) / few)) + 1
    with mp.workdps(digits + lost + GUARD):
        if law.dimension == math.inf:
            a, x = rational(law.exponent), scale()
            bulk = mp.gamma(1 - 1 / a) * mp.power(x, 1 / a)
            small, radius = origin_term_beside(bulk, a, mpf(0), x, digits + lost)
            return Constant(bulk - mpf(1) / 2 - small, radius + bulk * _slack(digits), LEARNT, SOURCE)
        left, radius = _left(law, scale(), digits + lost)
        return Constant(law.dimension - left, radius, LEARNT, SOURCE)


@checked
def tail_remainder(exponent: Exact, tau: Exact, digits: Count = 15) -> Constant:
    r"""``E``, what the law and its constant leave at ``d = inf``, to relative accuracy.

    >>> print(tail_remainder(2, 10**9).printed(15)[0])
    6.09738815884368e-2982
    """
    law, scale = _read(exponent, "inf", tau)
    with mp.workdps(digits + GUARD):
        if not (x := scale()):
            return Constant(mpf(1) / 2, mpf(0), REMAINDER, SOURCE)
        small, radius = origin_term(rational(law.exponent), mpf(0), x, digits)
        return Constant(-small, radius + abs(small) * _slack(digits), REMAINDER, SOURCE)


@catalogued
def tail_remainder_rate(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`\kappa\,\beta^{1/(a+1)}`, the rate at which the power law and its constant become exact.

    .. math:: \kappa = 2\pi (1 + \tfrac1a) (\tfrac{a}{2\pi})^{1/(a+1)} \sin\tfrac{\pi}{2(a+1)}

    >>> print(tail_remainder_rate(PowerLaw(2, "inf")).printed(15)[0])
    6.86828545531999
    """

    def evaluate(law: PowerLaw, field: Field) -> Number:
        a = rational(law.exponent, field)
        return saddle_rate(a, field) * field.power(16 / law.trace_sum(field), 1 / (a + 1))

    return uniform_law(
        spectrum,
        digits,
        "k in |d (1 - S_d(tau)) - C tau^p + 1/2| ~ exp(-k tau^(1/(a+1))) at d = inf",
        evaluate,
    )


@catalogued
def tail_curvature(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`128\,H_{d,2a}/H_{d,a}^2`, the early law's first correction, in any dimension.

    At :math:`a = 2`, :math:`d = \infty` it is :math:`128\,\zeta(4)/\zeta(2)^2 = 51.2`:

    >>> print(tail_curvature(PowerLaw(2, "inf")).printed(15)[0])
    51.2000000000000
    """

    def evaluate(law: PowerLaw, field: Field) -> Number:
        if not law.exponent:
            return 128 / field.mpf(law.dimension)
        return 128 * power_sum(2 * law.exponent, 1, law.dimension, field) / law.trace_sum(field) ** 2

    return uniform_law(
        spectrum,
        digits,
        "c in d (1 - S_d(tau)) = 16 tau - c tau^2 + O(tau^3) as tau -> 0",
        evaluate,
        above=None,
    )


@catalogued
def plateau_end_prefactor(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`z_{1/2} H_{d,a}/16`, where :math:`F_a(z_{1/2}) = \tfrac12`.

    The plateau ends, half of its MSE is gone, at :math:`\sim K d^a`. For :math:`a \le 1` the trace
    :math:`H_{d,a}` in ``K`` grows with ``d``.

    >>> print(plateau_end_prefactor(PowerLaw(2, "inf")).printed(15)[0])
    0.0125744162626556
    """
    return uniform_law(
        spectrum, digits, "K in (tau at which S_d(tau) = 1/2) ~ K d^a, d -> inf", _half_time_law, above=None
    )


@catalogued
def plateau_end(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r"""The time at which :math:`S_d = \tfrac12`: half of the uniform plateau is learnt.

    The root of :math:`\log(2 S_d)` in the fraction :math:`(16\tau/H_{d,a})^{1/a}/d`, which lies between
    one quarter and 1 up to factors :math:`\log(3/2)^{1/a}` and :math:`\log(2)^{1/a}`: at the first the slower
    three quarters of the modes alone leave one half, at the second even the last has lost one half.

    >>> law = PowerLaw(2, 1000)
    >>> print(plateau_end(law).printed(15)[0], mp.nstr(plateau_end_prefactor(law).value * 10**6, 15))
    12595.6873348526 12566.7757551097
    """
    if isinstance(spectrum, PowerLaw) and spectrum.dimension == math.inf:
        return undefined(HALF_TIME, SOURCE, "at d = inf the plateau never ends")
    return uniform_law(spectrum, digits, HALF_TIME, _half_time, above=None)


def _half_time_law(law: PowerLaw, field: Field) -> Number:
    r"""Solve :math:`F_a(z) = 1/2`; ``F_a`` falls."""
    if not law.exponent:
        return field.log(field.mpf(2)) * law.trace_sum(field) / 16
    a = rational(law.exponent, field)
    fraction = _half_fraction(law, field, lambda x: field.expint(1 + 1 / a, field.power(x, a)) / a)
    return field.power(fraction, a) * law.trace_sum(field) / 16


def _half_time(law: PowerLaw, field: Field) -> Number:
    """Solve ``S_d = 1/2``."""
    a, d = rational(law.exponent, field), int(law.dimension)
    if not law.exponent:
        return d * field.log(field.mpf(2)) / 16
    left = remaining(law.exponent, d, field)
    fraction = _half_fraction(law, field, lambda x: left(field.power(x * d, a)) / d)
    return field.power(fraction * d, a) * law.trace_sum(field) / 16


def _half_fraction(law: PowerLaw, field: Field, left: Callable[[Number], Number]) -> Number:
    """The ``x`` at which one half is ``left``, for the curve of ``d`` modes or for its limit."""
    root = 1 / rational(law.exponent, field)
    low = field.power(field.log(rational(Fraction(3, 2), field)), root) / 4
    high = field.power(field.log(field.mpf(2)), root)
    return enclosed_root(lambda x: field.log(2 * left(x)), low * (1 - 1e-9), high * (1 + 1e-9), field)


def remaining(exponent: Fraction, dimension: int, field: Field = FLOATS) -> Callable[[Number], Number]:
    r"""The function :math:`X \mapsto \sum_{i \le d} e^{-X i^{-a}}` at the working precision.

    >>> print(remaining(Fraction(2), 3)(mpf(1)), mp.fsum(mp.exp(-mpf(1) / i**2) for i in (1, 2, 3)))
    2.04151954105722 2.04151954105722
    """
    if field is not FLOATS:
        from theory.asymptotics.sums import enclosed_sums

        return enclosed_sums.decaying_sum(exponent, dimension)
    return lambda scale: decaying_sum(rational(exponent), mpf(0), scale, dimension, mp.dps - GUARD // 2).value


def _left(law: PowerLaw, scale: mpf, digits: int) -> tuple[mpf, mpf]:
    """The sum of the fractions left of ``d`` modes, and its radius."""
    d = int(law.dimension)
    if not law.exponent or not scale:
        value, error = d * mp.exp(-scale), mpf(0)
    else:
        value, error = decaying_sum(rational(law.exponent), mpf(0), scale, d, digits)
    return value, error + value * _slack(digits)


def _slack(digits: int) -> mpf:
    """The relative radius of a value with guard digits, as in :func:`.closed_form`."""
    return mpf(10) ** (-digits - GUARD // 2)


def _read(exponent: Exact, dimension: int | float | str, tau: Exact) -> tuple[PowerLaw, Callable[[], mpf]]:
    r"""The law and :math:`X = 16\tau/H_{d,a}`, to be evaluated at the working precision."""
    law, time = PowerLaw(exponent, dimension), exact(tau, "tau")
    if time < 0:
        raise ValueError(f"tau is {decimal(time)}, but it must be at least 0")
    return law, lambda: 16 * rational(time) / law.trace_sum()
