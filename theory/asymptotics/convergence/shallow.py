r"""Shallow spectra, ``a < 1``, as ``d`` grows: the escape from 0, the saddle, and the growth along it.

Flat teacher, :math:`\lambda_i = i^{-a}/H`, :math:`H = H_{d,a} \simeq d^{1-a}/(1-a)`: masses
:math:`\mu_i = \lambda_i`, of which the first, :math:`1/H`, goes to 0.

**Escape.** In :math:`\rho = 4\lambda_1(1 + \epsilon)` the secular equation is
:math:`1 = 2\lambda_1 \sum_i \frac{i^{-2a}}{1 + \epsilon - i^{-a}}`. As :math:`\lambda_1 \to 0` its first term
decides, :math:`\epsilon = 2\lambda_1 + 4\lambda_1^2 \sigma + O(\lambda_1^3)`,
:math:`\sigma = \sum_{i \ge 2} \frac{1}{i^a (i^a - 1)} \ll H`: the rate is that of the first mode alone, and
falls like :math:`4(1-a) d^{a-1}`. The amplitude of :func:`.escape_amplitude` is
:math:`\tfrac12\epsilon(1 + O(\epsilon^2)) \simeq \lambda_1`. From the unit sphere
:math:`\frac{s}{1-3s} = \frac{\lambda_1 g^2}{d} e^{8\lambda_1 t}`, so that :math:`s = \tfrac16` at
:math:`t = \frac{1}{8\lambda_1} \log \frac{d}{3\lambda_1 g^2}`.

**The saddle.** The first mode stops at :math:`s = \tfrac13` with :math:`u = \sqrt{\lambda_1/3}`, which is
small. What follows holds :math:`s \simeq \tfrac13`: with :math:`\kappa = 3s - 1`, :math:`r = 2u/\kappa` and
the clock :math:`d\theta = 4\kappa\,dt`, modes :math:`w_i = w^*_i f(\lambda_i)` obey
:math:`f' = \lambda(r - f)`. Modes :math:`\lambda_i\theta \gg 1` follow ``r``, the others wait. How long it
lasts depends on where
:math:`\sum \lambda_i^2` comes from:

- :math:`a < \tfrac12`, from the tail: ``u`` grows at a constant rate for a multiple of :math:`d \log d`,
  :func:`.crossover.saddle_delay`;
- :math:`a = \tfrac12`, from all scales alike: a multiple of :math:`d \log\log d`, :func:`half_growth`;
- :math:`\tfrac12 < a < 1`, from the head: ``u`` is a power of :math:`t/d`, :func:`saddle_growth`.

**Self-similar growth**, :math:`\tfrac12 < a < 1`. The mass above ``y`` is
:math:`c\,y^{-g}`, :math:`g = \frac{1-a}{a}`, :math:`c = H^{-1/a}/(1-a)`. With
:math:`r = R\,\theta^{-\beta}` one has :math:`f = r h_\beta(\lambda\theta)` with the :math:`h_\beta` of
:mod:`theory.asymptotics.convergence.expansion`, and

.. math:: s = R^2 \theta^{g - 2\beta}\, g c \int_0^\infty y^{-g-1} h_\beta^2\,dy, \qquad
   \frac ur = \theta^g\, g c \int_0^\infty y^{-g-1} h_\beta\,dy, \qquad \theta' = \frac{8u}{r}.

That :math:`s = \tfrac13` is constant asks for :math:`\beta = g/2`. Both integrals converge for
:math:`a > \tfrac12`, the second being :math:`\Gamma(1-g) B(1-\beta, g)`. Hence :math:`u = U (t/d)^x`,
:math:`x = \frac{g}{2(1-g)} = \frac{1-a}{2(2a-1)}`. The next order, from :math:`s = (1+\kappa)/3`, is relative
:math:`(t/d)^{2x}`, like :math:`u^2`. Early on the sum over modes differs from the integral by a point mass
:math:`\zeta(a)/H`: relative :math:`\theta^{-g}` for :math:`a > \tfrac23`; else a delay of order :math:`H^2`
by the first modes is larger, relative :math:`H^2/t`.

**Equal shares**, :math:`a = \tfrac12`. The mass above ``y`` is :math:`1/(2dy)`, and
:math:`\int_{\theta/2d} y^{-2} h_{1/2}\,dy = 2\Lambda + c_1` with :math:`\Lambda = \log(2d/\theta)`:

.. math:: u = \frac{2\Lambda + c_1}{\sqrt{3J}}\,e^{-\Lambda/2}, \qquad
   \Lambda' = -\frac 8d \Big(\Lambda + \frac{c_1}2\Big), \qquad J = \int_0^\infty y^{-2} h_{1/2}^2\,dy .

It starts from :math:`u = \sqrt{\lambda_1/3}`, :math:`\Lambda \simeq \tfrac12\log d`. To leading order
:math:`\log(1/u) = \tfrac14 \log d\; e^{-8t/d}`: a level is reached after
:math:`\tfrac d8 \log\frac{\log d}{4 \log(1/\text{level})}`.

**Convergence** is a function of :math:`t/d` in the limit for all ``a < 1``, see
:mod:`theory.asymptotics.convergence.crossover`.
"""

from fractions import Fraction
from functools import lru_cache
from itertools import count, takewhile
from typing import NamedTuple

from mpmath import mp, mpf

from theory.asymptotics.convergence.expansion import linear_memory, quadratic_memory
from theory.asymptotics.numbers.constant import Constant, closed_form, estimated
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, decimal
from theory.expected import Count, NonNegative, Positive, checked

SOURCE = "arXiv:2511.18661, figure 5, at a < 1"


@checked
def shallow_escape_rate(spectrum: PowerLaw, digits: Count = 15) -> Constant:
    r""":math:`4\lambda_1(1 + 2\lambda_1 + 4\sigma\lambda_1^2)`, ``rho`` up to :math:`O(\lambda_1^4)`.

    :math:`\sigma = \sum_{k \ge 2} (H_{d,ka} - 1)`: finite at :math:`d = \infty` for :math:`a > \tfrac12`,
    :math:`\log d` at :math:`a = \tfrac12`, :math:`d^{1-2a}/(1-2a)` below, always small against ``H``. The
    radius is that of the formula; for the rate itself see :func:`.escape_rate`.

    >>> from theory.asymptotics import escape_rate
    >>> law = PowerLaw("0.75", 10**12)
    >>> print(shallow_escape_rate(law).printed(10)[0], escape_rate(law).printed(10)[0])
    0.001001362551 0.001001362551

    Raises ValueError unless :math:`0 < a < 1` and the teacher is flat.
    """
    a = _below_one(spectrum)

    def formula() -> mpf:
        first, sigma = 1 / spectrum.trace_sum(), mpf(0)
        if spectrum.dimension > 1:
            sums = (power_sum(k * a, 2, spectrum.dimension) for k in count(2))
            sigma = mp.fsum(takewhile(lambda term: term > mp.eps, sums))
        return 4 * first * (1 + 2 * first + 4 * sigma * first**2)

    return estimated(
        formula, digits, "4 l (1 + 2 l + 4 sigma l^2), l = 1/H_{d,a}: rho as d -> inf for a < 1", SOURCE
    )


@checked
def saddle_growth_exponent(exponent: Exact, digits: Count = 15) -> Constant:
    r""":math:`x = \frac{1-a}{2(2a-1)}`.

    >>> print(saddle_growth_exponent("0.75").printed(10)[0])
    0.2500000000
    """
    a = _below_one(PowerLaw(exponent, 2), "1/2")
    return closed_form(
        lambda field: rational((1 - a) / (2 * (2 * a - 1)), field),
        digits,
        "x in u ~ U (t/d)^x along the saddle s = 1/3, H^2 << t << d, 1/2 < a < 1",
        SOURCE,
    )


@checked
def saddle_growth_prefactor(exponent: Exact, digits: Count = 15) -> Constant:
    r"""The ``U`` of :math:`u \simeq U (t/d)^x`.

    .. math:: U^2 = \frac{g I_1^2}{3 I_2} \big(8(1-a)\,g(1-g) I_1\big)^{2x}, \quad
       I_1 = \int_0^\infty y^{-g-1} h_\beta\,dy, \; I_2 = \int_0^\infty y^{-g-1} h_\beta^2\,dy .

    >>> print(saddle_growth_prefactor("0.75").printed(15)[0])
    0.950470117228278
    """
    a = _below_one(PowerLaw(exponent, 2), "1/2")

    def formula() -> mpf:
        g = rational((1 - a) / a)
        one, two = _linear(g, g / 2), _quadratic(g, g / 2, g / 2)
        speed = 8 * rational(1 - a) * g * (1 - g) * one
        return mp.sqrt(g * one**2 / (3 * two) * mp.power(speed, g / (1 - g)))

    return estimated(
        formula, digits, "U in u ~ U (t/d)^x along the saddle s = 1/3, H^2 << t << d, 1/2 < a < 1", SOURCE
    )


@checked
class SaddleGrowth(NamedTuple):
    """The leading law of ``u``, and its relative corrections: ``late``, like u², and ``early``."""

    leading: mpf
    late: mpf
    early: mpf

    @property
    def overlap(self) -> mpf:
        """The law with both."""
        return self.leading * (1 + self.late + self.early)


@checked
def saddle_growth(spectrum: PowerLaw, time: Positive) -> SaddleGrowth:
    r"""The law of ``u`` along the saddle, :math:`H^2 \ll t \ll d`, ``1/2 < a < 1``, flat teacher.

    With the exact :math:`H_{d,a}`. ``early`` is 0 for :math:`a \le \tfrac23`, where the delay by the first
    modes is larger; it is not known here.

    >>> law = saddle_growth(PowerLaw("0.75", 10**18), 1e14)
    >>> print(*(mp.nstr(x, 6) for x in law), mp.nstr(law.overlap, 6))
    0.0950496 0.0191266 -0.000930776 0.0967791
    """
    a = _below_one(spectrum, "1/2")
    if not time > 0:
        raise ValueError(f"time is {time}, but it must be positive")
    g, trace = rational((1 - a) / a), spectrum.trace_sum()
    beta, amplitude = g / 2, g * mp.power(trace, -1 / rational(a)) / rational(1 - a)
    one, two = _linear(g, beta), _quadratic(g, beta, beta)
    clock = mp.power(8 * amplitude * one * (1 - g) * time, 1 / (1 - g))
    leading = mp.sqrt(amplitude * one**2 / (3 * two)) * mp.power(clock, beta)
    ratio = _linear(g, beta - g) / one
    late = amplitude * one * two / _quadratic(g, beta, beta - g) * (ratio + beta * (ratio - 1))
    early = mpf(0)
    if 3 * a > 2:
        point = mp.zeta(rational(a)) / trace / amplitude
        reply = -point / (2 * _quadratic(g, beta, beta + g))
        direct = (reply * _linear(g, beta + g) + point) / one
        early = beta * (direct - reply) / (1 - 2 * g) + direct
    return SaddleGrowth(leading, late * mp.power(clock, g), early * mp.power(clock, -g))


@checked
def half_growth(dimension: Count, time: NonNegative) -> mpf:
    r"""The law of ``u`` along the saddle at :math:`a = \tfrac12`, flat teacher.

    Its relative error in log u falls like 1/log d; meant for times that are not small against ``d``.

    >>> print(mp.nstr(half_growth(10**12, 1e11), 6))
    0.0546796
    """
    if not (dimension >= 2 and time >= 0):
        raise ValueError(f"dimension is {dimension}, time {time}, but they must be at least 2 and 0")
    shift, energy = _half_integrals(mp.prec)
    first = 1 / PowerLaw("1/2", dimension).trace_sum()

    def overlap(depth: mpf) -> mpf:
        return (2 * depth + shift) * mp.exp(-depth / 2) / mp.sqrt(3 * energy)

    guess = mp.log(dimension) / 2 + 2 * mp.log(1 + mp.log(dimension))
    start = mp.findroot(lambda x: mp.log(overlap(x)) - mp.log(first / 3) / 2, guess)
    return overlap((start + shift / 2) * mp.exp(-8 * mpf(time) / dimension) - shift / 2)


@lru_cache(maxsize=8)
def _half_integrals(prec: int) -> tuple[mpf, mpf]:
    """``c_1`` and ``J``."""
    with mp.workprec(prec):

        def memory(y: mpf) -> mpf:
            return 2 * y * mp.hyp1f1(1, mpf(3) / 2, -y)

        below = mp.quad(lambda y: (memory(y) - 2 * y) / y**2, [0, 1])
        above = mp.quad(lambda x: mp.exp(-x) * memory(mp.exp(x)), [0, 5, 20, prec])
        energy = mp.quad(lambda y: (memory(y) / y) ** 2, [0, 1])
        energy += mp.quad(lambda x: mp.exp(-x) * memory(mp.exp(x)) ** 2, [0, 5, 20, prec])
        return below + above, energy


def _linear(g: mpf, beta: mpf) -> mpf:
    r""":math:`\int_0^\infty y^{-g-1} h_\beta\,dy`."""
    return mp.gamma(-g) * linear_memory(-g, beta)


def _quadratic(g: mpf, alpha: mpf, beta: mpf) -> mpf:
    r""":math:`\int_0^\infty y^{-g-1} h_\alpha h_\beta\,dy`."""
    return mp.gamma(-g) * quadratic_memory(-g, alpha, beta)


def _below_one(spectrum: PowerLaw, least: str = "0") -> Fraction:
    a = spectrum.exponent
    if not Fraction(least) < a < 1 or spectrum.teacher != "flat":
        raise ValueError(
            f"exponent is {decimal(a)}, teacher {spectrum.teacher}, but the law needs {least} < a < 1, flat"
        )
    return a
