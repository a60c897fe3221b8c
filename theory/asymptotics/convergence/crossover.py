r"""The laws given the sample, at the end of the window in finite dimension, and in the slow limit.

**Given the spectrum and the teacher.** The derivation of :mod:`theory.asymptotics.convergence.laws` needs no
power law, only that the sum :math:`f(t) = \sum_i \mu_i e^{-8\lambda_i t}` be small and change slowly. Then

.. math:: 1 - u \approx \tfrac13 f(t) + \tfrac12 f(2t), \qquad 1 - s \approx \tfrac23 f(t), \qquad
   L \approx 4 f(2t),

up to relative errors of the order of ``f`` and of :math:`1/(\lambda_1 t)`. For a drawn teacher ``f`` is a
sum over the draw, for given arrays a sum over them: it takes the place of :math:`C t^{-\gamma}`.

**Starts that do not fade.** More generally :math:`w^*_i - w_i(0)` is left to learn, and :math:`f(t)` is
to be replaced by :math:`\sum_i \lambda_i w^*_i (w^*_i - w_i(0)) e^{-8\lambda_i t}`, :math:`f(2t)` by
:math:`\sum_i \lambda_i (w^*_i - w_i(0))^2 e^{-16\lambda_i t}`. On the unit sphere
:math:`w_i(0)^2 \approx 1/d`. A source teacher :math:`B > \tfrac12` is smaller than that in the tail: from
:math:`t \sim d^{a/2B}` on the start rules the second sum, which then falls like :math:`t^{-(a-1)/a}/d`, and
``1 - u`` and ``L`` with it, more slowly than :math:`t^{-\gamma}`. ``1 - s`` does not see it at this order.

**End of the window.** For a power law of finite ``d`` Euler and Maclaurin's formula gives, for all
:math:`t \gg 1/\lambda_1`, uniformly over the end at :math:`1/(8\lambda_d)`,

.. math:: f(t) = \frac{A}{a} \Big(\frac{Z}{8t}\Big)^{\gamma} \Gamma(\gamma, 8\lambda_d t)
   + \tfrac12 \mu_d e^{-8\lambda_d t} + \dots,

the upper incomplete gamma function; the terms left out are smaller than the second one by
:math:`(1 + \lambda_d t)/d`. While
:math:`\lambda_d t \ll 1` it is :math:`C t^{-\gamma}`, when :math:`\gamma > 0`; for
:math:`1 \ll \lambda_d t \ll d` it is :math:`\frac{A d^{1-b}}{a} \frac{e^{-8\lambda_d t}}{8\lambda_d t}`. From
:math:`\lambda_d t \sim d` on single modes count, and in the end the last, with the rate
:func:`.linearisation.final_rate`.

**Shallow spectra.** For ``a < 1``, flat teacher, :math:`\gamma = 1 - 1/a` is negative: nothing decays
before the end, and with :math:`\lambda_d \simeq (1-a)/d` all times of the tail scale with ``d``,
:math:`f \to \frac{1-a}{a} E_{1/a}(8(1-a)t/d)`, an exponential integral. The statistics change as fast as
``f``, so the laws above do not hold. From the fastest direction of ``w = 0`` they tend to functions of
``t/d`` for :math:`\tfrac12 < a < 1`; for :math:`a < \tfrac12` a plateau comes before them, see
:func:`saddle_delay`, and how they begin :mod:`theory.asymptotics.convergence.shallow`.
At ``a = 1``, :math:`f \simeq E_1(8\lambda_d t)/H_d` falls from 1 to 0 linearly in ``log t``.

**Slow limit.** As :math:`\gamma \to 0`, that is ``a -> 1`` from above, or at ``a = 1`` as ``log d`` grows,
``f`` changes little while ``t`` doubles: a mode is learnt, and then slaved, :math:`w_i = r w^*_i`, or has
hardly moved. Then :math:`u = (1-f) r`, :math:`s = (1-f) r^2`, and a slaved mode rests where
:math:`r(3s - 1) = 2u`. Hence, for any ``f`` from 1 to 0, :math:`3s = 3 - 2f` and
:math:`u^2 = (1 - f)(1 - \tfrac23 f)`: the least loss that the learnt modes allow.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from mpmath import mp, mpf

from theory.asymptotics.numbers.constant import GUARD, Constant, closed_form
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.edge_sums import binomial_series, euler_maclaurin
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, Spectrum, decimal, exact, unlisted
from theory.expected import Count, NonNegative, checked


@checked
class Deficits(NamedTuple):
    """``1 - u``, ``1 - s`` and ``L``."""

    overlap: mpf
    energy: mpf
    loss: mpf


@checked
def residual_sum(spectrum: Spectrum, time: NonNegative, digits: Count = 15) -> mpf:
    r""":math:`f(t) = \sum_i \mu_i e^{-8\lambda_i t}`, the mass of the teacher not yet learnt.

    **Method.** Listed modes are added. Of a power law the modes that add nothing to the working digits of
    the last one are skipped, the next few added, and the rest summed by Euler and Maclaurin's formula, whose
    integral is an incomplete gamma function.

    >>> print(residual_sum(PowerLaw(2, 4), 3))
    0.0298932464269109
    >>> print(residual_sum(PowerLaw(2, "inf"), 10**6) * 1000, mp.sqrt(3 / (16 * mp.pi)))
    0.24430125595146 0.24430125595146

    Raises ValueError for a negative time.
    """
    if not time:
        return mpf(1)
    with mp.workdps(digits + GUARD):
        law = unlisted(spectrum, 16 * mp.dps)
        if law is None:
            levels = spectrum.levels()
            return mp.fsum(mass * mp.exp(-8 * eigenvalue * time) for eigenvalue, mass, _ in levels)
        f = _Unlearnt(law, time)
        cutoff = 8 * law.extremes()[1] * time + mp.dps * mp.log(10)
        first = 1 + int(min(mpf(law.dimension), mp.power(f.scale / cutoff, 1 / f.exponent)))
        low = max(first, 2 * mp.dps)
        while low < law.dimension:
            rest = euler_maclaurin(f, low, law.dimension)
            if rest is not None:
                return (mp.fsum(f.at(i) for i in range(first, low)) + rest) / law.energy_sum()
            low *= 2
        return mp.fsum(f.at(i) for i in range(first, int(law.dimension) + 1)) / law.energy_sum()


class _Unlearnt:
    """The mass ``x**-b exp(-k x**-a)`` that mode ``x`` adds, but for the masses' sum."""

    def __init__(self, law: PowerLaw, time: float | mpf) -> None:
        assert law.mass_exponent is not None
        self.exponent, self.decay = rational(law.exponent), rational(law.mass_exponent)
        self.gamma = rational((law.mass_exponent - 1) / law.exponent)
        self.scale = 8 * mpf(time) / law.trace_sum()

    def at(self, x: int | float) -> mpf:
        if x == math.inf:
            return mpf(0)
        return mp.power(x, -self.decay) * mp.exp(-self.scale * mp.power(x, -self.exponent))

    def integral(self, low: int, high: int | float) -> mpf:
        """Integrate in the decay's exponent."""
        near, far = (self.scale * mp.power(x, -self.exponent) for x in (low, high))
        return mp.gammainc(self.gamma, far, near) / (self.exponent * mp.power(self.scale, self.gamma))

    def taylor(self, x: int | float) -> Iterator[mpf]:
        """Yield the coefficients at ``x``, by the differential equation ``x f' = (a k x**-a - b) f``."""
        if x == math.inf:
            while True:
                yield mpf(0)
        known, powers = [self.at(x)], []
        rates = binomial_series(self.exponent * self.scale * mp.power(x, -self.exponent), -self.exponent, x)
        while True:
            yield known[-1]
            powers.append(next(rates))
            order = len(known)
            total = mp.fdot(zip(powers, reversed(known), strict=True)) - (self.decay + order - 1) * known[-1]
            known.append(total / (order * x))


@checked
def crossover_sum(law: PowerLaw, time: NonNegative) -> mpf:
    r"""The uniform approximation of :func:`residual_sum` for :math:`t \gg 1/\lambda_1`.

    >>> law = PowerLaw(2, 1000)
    >>> time = 1 / (4 * law.extremes()[1])  # twice the window's end
    >>> print(mp.nstr(crossover_sum(law, time), 8), mp.nstr(residual_sum(law, time), 8))
    1.7385564e-5 1.7385578e-5

    Raises ValueError for equal eigenvalues and for given teacher components.
    """
    b = law.mass_exponent if isinstance(law, PowerLaw) else None
    if b is None or law.exponent == 0:
        raise ValueError("the crossover needs a power law of exponent > 0 with a flat or source teacher")
    gamma, scale = rational((b - 1) / law.exponent), 8 * mpf(time) / law.trace_sum()
    amplitude = mp.power(scale, -gamma) / (rational(law.exponent) * law.energy_sum())
    if law.dimension == math.inf:
        return amplitude * mp.gamma(gamma)
    last = scale * mp.power(law.dimension, -rational(law.exponent))
    mass = mp.power(law.dimension, -rational(b)) / law.energy_sum()
    return amplitude * mp.gammainc(gamma, last) + mass * mp.exp(-last) / 2


@checked
def leading_deficits(now: NonNegative, twice: NonNegative) -> Deficits:
    r"""The laws from :math:`f(t)` and :math:`f(2t)`, or from the sums that replace them.

    >>> deficits = leading_deficits(mpf("0.03"), mpf("0.02"))
    >>> print(*(mp.nstr(value, 5) for value in deficits))
    0.02 0.02 0.08
    """
    once, doubled = mpf(now), mpf(twice)
    return Deficits(once / 3 + doubled / 2, 2 * once / 3, 4 * doubled)


@checked
def slow_limit(unlearnt: float | mpf) -> Deficits:
    r"""The limit of a sum ``f`` that changes little while time doubles, for ``f`` from 0 to 1.

    The loss, :math:`\tfrac43 f(3 - f)`, is the least that the learnt modes allow.

    >>> print(*(mp.nstr(value, 12) for value in slow_limit(mpf("0.5"))))
    0.42264973081 0.333333333333 1.66666666667

    Raises ValueError outside.
    """
    f = mpf(unlearnt)
    if not 0 <= f <= 1:
        raise ValueError(f"unlearnt is {unlearnt}, but it must lie in [0, 1]")
    overlap = f * (5 - 2 * f) / 3 / (1 + mp.sqrt((1 - f) * (1 - 2 * f / 3)))
    return Deficits(overlap, 2 * f / 3, 4 * f * (3 - f) / 3)


@checked
def saddle_delay(exponent: Exact, digits: Count = 15) -> Constant:
    r"""The ``c`` of :math:`T \simeq c\,d \log d`, the time to escape when :math:`a < \tfrac12`.

    **Definition.** ``T`` is the time at which ``u`` reaches any fixed value below 1; flat teacher, start of
    fixed size along the fastest direction of ``w = 0``.

    **Derivation.** As ``d`` grows that direction shrinks to the first mode, which grows on its own until
    :math:`s = \tfrac13` and leaves :math:`u \propto \mu_1^{1/2} \propto d^{-(1-a)/2}`. On this saddle
    :math:`\dot w_i = 8\lambda_i u w^*_i`, hence :math:`\dot u = 8 u \sum_i \lambda_i \mu_i`, at the rate
    :math:`\frac{8(1-a)^2}{(1-2a)d}`. The logarithm of what ``u`` lacks over this rate is
    :math:`\frac{1-2a}{16(1-a)} d \log d`. For :math:`a > \tfrac12` the rate is larger than ``1/d`` by a
    power, and the plateau too short to be seen in ``t/d``; at ``a = 0`` there is none.

    >>> print(saddle_delay("0.3").printed(10)[0])
    0.03571428571

    Raises ValueError unless :math:`0 < a < \tfrac12`.
    """
    a = exact(exponent, "exponent")
    if not 0 < 2 * a < 1:
        raise ValueError(f"exponent is {decimal(a)}, but it must lie between 0 and 1/2")
    return closed_form(
        lambda field: rational((1 - 2 * a) / (16 * (1 - a)), field),
        digits,
        "c in T ~ c d log d, the time of u to reach a fixed value, from the fastest direction of 0, a < 1/2",
        "arXiv:2511.18661, figure 5, at a < 1",
    )
