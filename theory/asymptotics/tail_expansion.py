r"""The spectral tail beyond its power law: every term, at any time and dimension.

With :math:`X = \beta\tau`, :math:`\beta = 16/H_{d,a}` and :math:`z = X d^{-a}`, the formula of
:mod:`.decaying_sums` says of :math:`S_d(\tau) = \frac1d \sum_{i \le d} e^{-X i^{-a}}`:

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

from mpmath import mp, mpf

from .constant import GUARD, Constant, undefined
from .decaying_sums import decaying_sum, origin_term, origin_term_beside, saddle_rate
from .power_sums import power_sum, rational
from .spectrum import Exact, PowerLaw, Spectrum, decimal, exact
from .tail import uniform_law

SOURCE = "arXiv:2511.18661, Proposition 16, in sharp form"
FRACTION = "S_d(tau) = (1/d) sum exp(-beta tau i^-a), beta = 16/H_{d,a}"
LEARNT = "d (1 - S_d(tau)) = sum (1 - exp(-beta tau i^-a)), beta = 16/H_{d,a}"
REMAINDER = "E in sum_{i >= 1} (1 - exp(-beta tau i^-a)) = Gamma(1 - 1/a) (beta tau)^(1/a) - 1/2 + E"
RATE = "k in |d (1 - S_d(tau)) - C tau^p + 1/2| ~ exp(-k tau^(1/(a+1))) at d = inf"
CURVATURE = "c in d (1 - S_d(tau)) = 16 tau - c tau^2 + O(tau^3) as tau -> 0"
HALF_TIME = "tau at which S_d(tau) = 1/2, the plateau's end"
HALF_TIME_LAW = "K in (tau at which S_d(tau) = 1/2) ~ K d^a, d -> inf"


def tail_fraction(exponent: Exact, dimension: int | float | str, tau: Exact, digits: int = 15) -> Constant:
    r"""Return :math:`S_d(\tau)` to relative accuracy, at a cost that grows with neither ``d`` nor ``tau``.

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
        return Constant(value / law.dimension, radius / law.dimension, FRACTION, SOURCE)


def tail_learnt(exponent: Exact, dimension: int | float | str, tau: Exact, digits: int = 15) -> Constant:
    r"""Return :math:`d(1 - S_d(\tau))` by the expansion: the route independent of :func:`.tail_sum`.

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


def tail_remainder(exponent: Exact, tau: Exact, digits: int = 15) -> Constant:
    r"""Return ``E``, what the law and its constant leave at ``d = inf``, to relative accuracy.

    >>> print(tail_remainder(2, 10**9).printed(15)[0])
    6.09738815884368e-2982
    """
    law, scale = _read(exponent, "inf", tau)
    with mp.workdps(digits + GUARD):
        if not (x := scale()):
            return Constant(mpf(1) / 2, mpf(0), REMAINDER, SOURCE)
        small, radius = origin_term(rational(law.exponent), mpf(0), x, digits)
        return Constant(-small, radius + abs(small) * _slack(digits), REMAINDER, SOURCE)


def tail_remainder_rate(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return :math:`\kappa\,\beta^{1/(a+1)}`, the rate at which the power law and its constant become exact.

    .. math:: \kappa = 2\pi (1 + \tfrac1a) (\tfrac{a}{2\pi})^{1/(a+1)} \sin\tfrac{\pi}{2(a+1)}

    >>> print(tail_remainder_rate(PowerLaw(2, "inf")).printed(15)[0])
    6.86828545531999
    """

    def evaluate(law: PowerLaw) -> mpf:
        a = rational(law.exponent)
        return saddle_rate(a) * mp.power(16 / law.trace_sum(), 1 / (a + 1))

    return uniform_law(spectrum, digits, RATE, evaluate)


def tail_curvature(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return :math:`128\,H_{d,2a}/H_{d,a}^2`, the early law's first correction, in any dimension.

    At :math:`a = 2`, :math:`d = \infty` it is :math:`128\,\zeta(4)/\zeta(2)^2 = 51.2`:

    >>> print(tail_curvature(PowerLaw(2, "inf")).printed(15)[0])
    51.2000000000000
    """

    def evaluate(law: PowerLaw) -> mpf:
        if not law.exponent:
            return 128 / mpf(law.dimension)
        return 128 * power_sum(2 * law.exponent, 1, law.dimension) / law.trace_sum() ** 2

    return uniform_law(spectrum, digits, CURVATURE, evaluate, above=None)


def plateau_end_prefactor(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return :math:`z_{1/2} H_{d,a}/16`, where :math:`F_a(z_{1/2}) = \tfrac12`.

    The plateau ends, half of its MSE is gone, at :math:`\sim K d^a`. For :math:`a \le 1` the trace
    :math:`H_{d,a}` in ``K`` grows with ``d``.

    >>> print(plateau_end_prefactor(PowerLaw(2, "inf")).printed(15)[0])
    0.0125744162626556
    """
    return uniform_law(spectrum, digits, HALF_TIME_LAW, _half_time_law, above=None)


def plateau_end(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the time at which :math:`S_d = \tfrac12`: half of the uniform plateau is learnt.

    Newton's method from the law :math:`K d^a`.

    >>> law = PowerLaw(2, 1000)
    >>> print(plateau_end(law).printed(15)[0], mp.nstr(plateau_end_prefactor(law).value * 10**6, 15))
    12595.6873348526 12566.7757551097
    """
    if isinstance(spectrum, PowerLaw) and spectrum.dimension == math.inf:
        return undefined(HALF_TIME, SOURCE, "at d = inf the plateau never ends")
    return uniform_law(spectrum, digits, HALF_TIME, lambda law: _half_time(law, digits), above=None)


def _half_time_law(law: PowerLaw) -> mpf:
    return _half_scale(law) * law.trace_sum() / 16


def _half_scale(law: PowerLaw) -> mpf:
    r"""Solve :math:`F_a(z) = 1/2` by Newton's method from below: ``F_a`` falls and is convex.

    At the start the slower three quarters of the modes alone leave one half.
    """
    a = rational(law.exponent)
    if not a:
        return mp.log(2)
    z = mp.log(mpf(3) / 2) * mp.power(4, -a)
    while True:
        step = (mp.expint(1 + 1 / a, z) - a / 2) / mp.expint(1 / a, z)
        z += step
        if abs(step) <= z * mp.eps * 2**10:
            return z


def _half_time(law: PowerLaw, digits: int) -> mpf:
    """Solve ``log(2 S_d) = 0`` for ``X`` by Newton's method, the digits doubling from step to step.

    The logarithm of a sum of exponentials is convex, so that the steps climb to the root from below. A
    step leaves an error of about its square; the last one must leave less than the radius.
    """
    a, d = rational(law.exponent), int(law.dimension)
    if not a:
        return d * mp.log(2) / 16
    scale = _half_scale(law) * mp.power(d, a)
    target = digits + GUARD // 2 + 2
    asked = min(12, target)
    while True:
        with mp.workdps(asked + GUARD // 2):
            left = decaying_sum(a, mpf(0), scale, d, asked).value
            slope = scale * decaying_sum(a, a, scale, d, asked // 2 + 1).value
            step = mp.log(2 * left / d) * left / slope
            reached = min(asked, int(-2 * mp.log10(abs(step) + mp.eps)))
        scale *= 1 + max(step, -mpf(1) / 2)
        if reached >= target:
            return scale * law.trace_sum() / 16
        asked = min(target, max(asked, 2 * reached))


def _left(law: PowerLaw, scale: mpf, digits: int) -> tuple[mpf, mpf]:
    """Return the sum of the fractions left of ``d`` modes, and its radius."""
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
    r"""Return the law and :math:`X = 16\tau/H_{d,a}`, to be evaluated at the working precision."""
    law, time = PowerLaw(exponent, dimension), exact(tau, "tau")
    if time < 0:
        raise ValueError(f"tau is {decimal(time)}, but it must be at least 0")
    return law, lambda: 16 * rational(time) / law.trace_sum()
