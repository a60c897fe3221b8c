r"""The law of the escape time when both the teacher and the start are drawn, as ``d`` grows.

**Mixture.** Given the teacher, :math:`T_1 = \rho^{-1}(\tfrac12 \log d + \log K - \log|g|)` up to a power of
``d``, with ``g`` standard normal and independent of the teacher, see :mod:`theory.asymptotics.escape.times`.
Over Gaussian teachers :math:`\rho` has the density ``f`` of :mod:`theory.asymptotics.escape.teacher_law`,
and ``K`` is almost a function of it: with :math:`c(x) = E[\log K \,|\, \rho = x]`

.. math:: P(T_1 \le t) \simeq \int f(x)\, \mathrm{erfc}\Big(\sqrt{\tfrac d2}\, e^{c(x) - xt}\Big)\, dx .

**Quantiles.** Let :math:`\ell = \tfrac12 \log d` and :math:`C = \log K - \log|g|`, of conditional mean
:math:`m(x) = c(x) + \tfrac12(\gamma_E + \log 2)` and variance ``v(x)``. The event :math:`T_1 \le t` is
:math:`\rho - C/t \ge \ell/t`. With :math:`\delta = 1/t`

.. math:: P(\rho - \delta C > x) = P(\rho > x) - \delta f m
   - \tfrac{\delta^2}{2} \big(f (m^2 + v)\big)' + \dots,

so that the ``p``-quantile, with :math:`r` the :math:`(1-p)`-quantile of :math:`\rho`, is

.. math:: T_1 = \frac{\ell + m(r)}{r} + \frac{(f v)'(r)}{2 f(r)\, \ell} + O(\ell^{-2}).

The constant has the mean of :math:`-\log|g|`, 0.635, not its median, 0.394, as for one teacher: the spread
of :math:`\rho` smooths over the starts. Over teachers the spread of :math:`T_1` grows like log ``d``.

**The conditional mean.** With the :math:`c_i` of :mod:`theory.asymptotics.escape.teacher_law` and
:math:`q_i = 8\lambda_i^2/(x - 4\lambda_i)^2`,

.. math:: Q_0 = \sum \lambda_i g_i^2, \quad Q_1 = \sum q_i g_i^2, \quad Q_c = \sum c_i g_i^2, \qquad
   D'(\rho) = Q_1/Q_0 .

:math:`\rho = x` is :math:`Q_c = 0`, and :math:`dQ_c/dx = -Q_1`: hence :math:`f = E[Q_1 \delta(Q_c)]` and
:math:`f\,E[h\,|\,x] = E[h\,Q_1 \delta(Q_c)]`. The logarithm of a ratio is
:math:`\int_0^\infty (e^{-zQ_0} - e^{-zQ_1})\,dz/z`, and every mean of an exponential is a product over modes.

**Nonlinear stage.** :math:`\log K = \tfrac12 \log 8D' + \log \tfrac{1}{10} + N`. ``N``, of order
:math:`u(T_1)^2 = 1/100`, is taken at the teacher of the conditional mean squares
:math:`E[g_i^2\,|\,x]`, whose rate is exactly ``x``, because :math:`Q_c` is linear in them.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from mpmath import mp, mpf

from theory.asymptotics.escape.fast_manifold import TooFar, first_overlap, log_crossing
from theory.asymptotics.escape.teacher_law import escape_rate_quantile, rate_bounds
from theory.asymptotics.sums.compression import compressed
from theory.asymptotics.sums.spectrum import Given, PowerLaw, Spectrum
from theory.expected import NonNegative, checked

LOG_NORMAL = (0.5772156649015329 + math.log(2)) / 2
"""Mean of :math:`-\\log|g|`; its variance is :math:`\\pi^2/8`."""

RULE_DIGITS, DIGITS = 30, 5
FIRST, LAST, COARSE = -8.0, 4.0, 0.25
"""Range and step of the trapezoidal rule over rates, before the step is halved."""
STEP = 0.35
"""Of the trapezoidal rule in :math:`\\theta`, :math:`p = p_0 + i\\sigma\\sinh\\theta`."""
LOG_STEP = 0.5
"""Of the trapezoidal rule in log z."""


@dataclass(frozen=True)
class _Mode:
    """An eigenvalue, how many modes it stands for, and its ``c`` and ``q``."""

    eigenvalue: float
    count: float
    c: float
    q: float


class _Given:
    """Means over the teachers whose rate is ``x``."""

    def __init__(self, levels: tuple[tuple[float, float], ...], x: float, bend: float) -> None:
        self.bend = bend
        self.modes = [
            _Mode(y, count, y * (12 * y - x) / (x - 4 * y), 8 * (y / (x - 4 * y)) ** 2) for y, count in levels
        ]
        self.saddle = self._saddle()
        factors = [(mode, 1 - 2 * self.saddle * mode.c) for mode in self.modes]
        self.width = 1 / math.sqrt(2 * sum(mode.count * (mode.c / factor) ** 2 for mode, factor in factors))
        self.density = self._mean(0, 0)

    def log_ratio(self) -> float:
        r"""The mean of :math:`\log(Q_1/Q_0)`."""
        below = math.fsum(mode.count * mode.eigenvalue for mode in self.modes)
        above = math.fsum(mode.count * mode.q for mode in self.modes)
        total = math.fsum([*self._terms(below, above, 0, 1), *self._terms(below, above, -1, -1)])
        return math.log(above / below) + LOG_STEP * total / self.density

    def typical(self) -> Given:
        """The eigenvalues with the teacher of the conditional mean squares."""
        squares = [0.0] * len(self.modes)
        for weight, factors in self._line(0, 0):
            total = sum(
                mode.count * mode.q / factor for mode, factor in zip(self.modes, factors, strict=True)
            )
            for i, (mode, factor) in enumerate(zip(self.modes, factors, strict=True)):
                squares[i] += (weight * (total + 2 * mode.q / factor) / factor).real
        return Given(
            [mode.eigenvalue for mode in self.modes],
            [math.sqrt(mode.count * square) for mode, square in zip(self.modes, squares, strict=True)],
        )

    def _terms(self, below: float, above: float, first: int, direction: int) -> Iterator[float]:
        """Yield the integrand in log z outwards, each exponential in units of its own mean."""
        number = first
        while True:
            z = math.exp(number * LOG_STEP)
            yield (term := self._mean(z / below, 0) - self._mean(0, z / above))
            if abs(term) <= 1e-8 * self.density and abs(number) > 6:
                return
            number += direction

    def _mean(self, z0: float, z1: float) -> float:
        r""":math:`E[Q_1 e^{-z_0 Q_0 - z_1 Q_1} \delta(Q_c)]`."""
        return math.fsum(
            (weight * sum(m.count * m.q / factor for m, factor in zip(self.modes, factors, strict=True))).real
            for weight, factors in self._line(z0, z1)
        )

    def _line(self, z0: float, z1: float) -> Iterator[tuple[complex, list[complex]]]:
        """Yield weights, which hold the product over modes, and the factors of the modes."""
        start = [1 - 2 * self.saddle * m.c + 2 * (z0 * m.eigenvalue + z1 * m.q) for m in self.modes]
        largest, number = 0.0, 0
        while True:
            angle = complex(number * STEP, -self.bend)
            offset = self.width * (1j * cmath.sinh(angle) - math.sin(self.bend))
            factors = [x - 2 * offset * m.c for x, m in zip(start, self.modes, strict=True)]
            logarithm = sum(m.count * cmath.log(x) for m, x in zip(self.modes, factors, strict=True))
            weight = cmath.exp(-logarithm / 2) * cmath.cosh(angle) * STEP * self.width / math.pi
            yield (weight if number else weight / 2), factors
            size = abs(weight / factors[0])
            largest = max(largest, size)
            if size <= 1e-11 * largest:
                return
            number += 1

    def _saddle(self) -> float:
        """The real p at which the transform of Q_c is least, by bisection."""
        low, high = 1 / (2 * min(m.c for m in self.modes)), 1 / (2 * max(m.c for m in self.modes))
        for _ in range(60):
            p = (low + high) / 2
            if sum(m.count * m.c / (1 - 2 * p * m.c) for m in self.modes) > 0:
                high = p
            else:
                low = p
        return p


@lru_cache(maxsize=16)
def _levels(spectrum: Spectrum) -> tuple[tuple[float, float], ...]:
    """Pairs (eigenvalue, count) for sums over modes of functions that vanish with the eigenvalue."""
    if isinstance(spectrum, PowerLaw):
        flat: Spectrum = PowerLaw(spectrum.exponent, spectrum.dimension)
        trace = mpf(1)
    else:
        flat = Given(spectrum.eigenvalues, [1] * len(spectrum.eigenvalues))
        trace = mp.fsum(mpf(x) for x in spectrum.eigenvalues)
    with mp.workdps(RULE_DIGITS):
        return tuple((float(x), float(mass * trace / x)) for x, mass in compressed(flat))


@lru_cache(maxsize=4096)
def _conditional(spectrum: Spectrum, rate: float) -> tuple[float, float]:
    """The density of the rate, and the conditional mean of log K, infinite where too late."""
    given = _Given(_levels(spectrum), rate, _bend(spectrum))
    typical, tenth = given.typical(), Fraction(1, 10)
    try:
        nonlinear = log_crossing(typical, tenth, False, DIGITS)[0] + mp.log(first_overlap(typical, DIGITS))
    except TooFar:
        return given.density, math.inf
    return given.density, float(nonlinear) + (math.log(8) + given.log_ratio()) / 2


def _bend(spectrum: Spectrum) -> float:
    """The angle by which the contour turns to the right, where the transform falls faster."""
    exponent = float(spectrum.exponent) if isinstance(spectrum, PowerLaw) else 1.5
    return math.pi / 4 * min(max(2 - exponent, 0.5), 1)


@checked
def escape_offset_given_rate(spectrum: Spectrum, rate: float) -> float:
    r""":math:`c(x) = E[\log K \,|\, \rho = x]`, to some four digits.

    ``spectrum`` gives the eigenvalues, its own teacher is not used. Infinite within some
    :math:`10^{-4}\lambda_1` of the least rate, for teachers that hardly touch the first mode.

    Raises ValueError for a ``rate`` that is not inside the law's support.

    >>> print(round(escape_offset_given_rate(PowerLaw(2, "inf"), 5), 3))
    -1.735
    """
    return _conditional(spectrum, _inside(spectrum, rate))[1]


def _inside(spectrum: Spectrum, rate: float) -> float:
    low, high = map(float, rate_bounds(spectrum))
    if not low < rate < high:
        raise ValueError(f"rate is {rate}, but it must lie between {low:.6g} and {high:.6g}")
    return float(rate)


@checked
def teacher_escape_distribution(spectrum: Spectrum, time: NonNegative, dimension: float) -> float:
    r""":math:`P(T_1 \le t)` over Gaussian teachers and starts on the unit sphere, ``|u(T1)| = 1/10``.

    ``spectrum`` is that of ``dimension`` modes, or its limit; its own teacher is not used. In
    :math:`x = x_0 + (x_1 - x_0)\sin^2\frac\varphi2`, :math:`\varphi = \pi/(1 + e^{-y})`, the integrand of the
    mixture decays exponentially at both ends of the support, and the trapezoidal rule is good to
    some :math:`10^{-4}`.

    **Error.** What the law leaves out: the slower modes of the start, :func:`.slow_mode_exponent`; the spread
    of log K given the rate, 0.02 around the median at ``a = 2``, 0.3 for the slowest teachers.

    >>> print(round(teacher_escape_distribution(PowerLaw(2, "inf"), 1.2, 1e6), 3))
    0.472
    """
    if not (time >= 0 and dimension >= 1):
        raise ValueError(f"time is {time}, dimension {dimension}, but they must be at least 0 and 1")
    half = math.log(dimension / 2) / 2
    # the value of log(d)/2 up to which two halvings do
    halvings = 2 + max(0, math.ceil(math.log2(max(half, 1) / 7.0)))
    return math.fsum(
        weight * math.erfc(math.exp(min(half + offset - rate * time, 50.0)))
        for rate, weight, offset in _nodes(spectrum, halvings)
    )


@lru_cache(maxsize=16)
def _nodes(spectrum: Spectrum, halvings: int) -> list[tuple[float, float, float]]:
    """Rates, their weights and offsets; teachers that escape too late are left out.

    Halving the step interpolates the logarithm of the density and the offset, smooth in y, by cubics.
    """
    low, high = map(float, rate_bounds(spectrum))
    places = [FIRST + COARSE * number for number in range(round((LAST - FIRST) / COARSE) + 1)]
    found = [(y, *_conditional(spectrum, _rate(y, low, high)[0])) for y in places]
    known = [(y, math.log(density), offset) for y, density, offset in found if density and offset < math.inf]
    for _ in range(halvings):
        fours = zip(known, known[1:], known[2:], known[3:], strict=False)
        middles = [_middle(four) for four in fours]
        known = sorted([*known, *middles])
    step = COARSE / 2**halvings
    nodes = []
    for y, density, offset in known:
        rate, width = _rate(y, low, high)
        nodes.append((rate, math.exp(density) * width * step, offset))
    return nodes


def _middle(four: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The cubic through four equidistant places at its middle."""
    y, density, offset = ((9 * (b + c) - a - d) / 16 for a, b, c, d in zip(*four, strict=True))
    return y, density, offset


def _rate(y: float, low: float, high: float) -> tuple[float, float]:
    """The rate at ``y`` and its derivative."""
    share = 1 / (1 + math.exp(-y))
    angle = math.pi * share
    rate = low + (high - low) * math.sin(angle / 2) ** 2
    return rate, math.pi * share * (1 - share) * (high - low) * math.sin(angle) / 2


@checked
def teacher_escape_quantile(spectrum: Spectrum, probability: float, dimension: float) -> float:
    r"""The time before which a fraction ``probability`` of teachers and starts has escaped.

    The inverse of :func:`teacher_escape_distribution`, by bisection.

    >>> print(round(teacher_escape_quantile(PowerLaw(2, "inf"), 0.5, 1e6), 3))
    1.246
    """
    _check_probability(probability)
    low, high = 0.0, 1.0
    while teacher_escape_distribution(spectrum, high, dimension) < probability:
        low, high = high, 2 * high
        if high > 1e9:
            raise ValueError(
                f"probability is {probability}, but the law is known for teachers that escape only"
            )
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        below = teacher_escape_distribution(spectrum, middle, dimension) < probability
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


@checked
def teacher_escape_expansion(spectrum: Spectrum, probability: float) -> tuple[float, float, float]:
    r"""``r``, ``C``, ``D`` of the quantile :math:`\frac{\ell}{r} + C + \frac{D}{\ell} + O(\ell^{-2})`.

    :math:`\ell = \tfrac12\log d`, :math:`C = m(r)/r`, :math:`D = (f v)'/(2f)` at the :math:`(1-p)`-quantile
    ``r`` of the rate, with :math:`v = \pi^2/8`.

    >>> print(*(round(x, 3) for x in teacher_escape_expansion(PowerLaw(2, "inf"), 0.5)))
    4.754 -0.221 0.087
    """
    _check_probability(probability)
    rate = float(escape_rate_quantile(spectrum, repr(1 - probability), 6))
    low, high = map(float, rate_bounds(spectrum))
    step = 1e-3 * min(rate - low, high - rate)
    below, here, above = (_conditional(spectrum, x) for x in (rate - step, rate, rate + step))
    slope = (above[0] - below[0]) / (2 * step)
    return rate, (here[1] + LOG_NORMAL) / rate, math.pi**2 / 16 * slope / here[0]


def _check_probability(probability: float) -> None:
    if not 0 < probability < 1:
        raise ValueError(f"probability is {probability}, but it must lie strictly between 0 and 1")
