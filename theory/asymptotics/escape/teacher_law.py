r"""The law of the escape rate when the teacher is drawn, :math:`w^* \propto g`, ``g`` standard normal.

The ``F`` of the secular equation decreases. So with :math:`(w^*_i)^2 = g_i^2 / \sum_j \lambda_j g_j^2`

.. math:: \rho > x \iff \sum_i c_i g_i^2 > 0, \qquad
   c_i = \frac{8\lambda_i^2}{x - 4\lambda_i} - \lambda_i
       = \frac{\lambda_i (12 \lambda_i - x)}{x - 4\lambda_i}:

the sign of a quadratic form in Gaussians, whose moment generating function is
:math:`M(p) = \prod_i (1 - 2 p c_i)^{-1/2}`. With :math:`r_1 + r_2 = 4/x - 2p` and
:math:`r_1 r_2 = -24 p/x`

.. math:: M(p)^{-2} = \prod_i \frac{(1 - r_1 \lambda_i)(1 - r_2 \lambda_i)}{1 - 4\lambda_i/x},

three values of the spectral determinant :math:`\prod_i (1 - z\lambda_i)`, which converges at
:math:`d = \infty`.
"""

from __future__ import annotations

import cmath
import math
from functools import lru_cache
from typing import NamedTuple

from mpmath import mp, mpc, mpf

from theory.asymptotics.numbers.constant import GUARD, Constant
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.power_sums import inverse_powers, power_sum
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum, unlisted
from theory.expected import Count, Real, checked

SOURCE = "arXiv:2511.18661, Lemma 2, over the Gaussian teachers of its section 3"


@checked
def escape_rate_distribution(spectrum: Spectrum, rate: Real, digits: Count = 10) -> Constant:
    r""":math:`P(\rho \le \text{rate})` over Gaussian teachers.

    ``spectrum`` gives the eigenvalues, its own teacher is not used; ``rate`` is taken as exact. All
    of the law lies between :math:`4\lambda_1` and :math:`12\lambda_1`.

    **Method.** Inversion of the characteristic function [Gil-Pelaez 1951, Imhof 1961] on
    :math:`p = p_0 (1 + i \sinh(\theta - i\alpha))`. With :math:`p_0` half way to the nearest singularity
    the integrand is analytic for :math:`|\mathrm{Im}\,\theta - \alpha| < \pi/2` and falls exponentially,
    so that the trapezoidal rule of step ``h`` errs by some :math:`e^{-\pi(\pi - 2\alpha)/h}`. At
    :math:`d = \infty` :math:`\log M` falls like :math:`-\cos(\arg p/a)\,|p|^{1/a}`: for ``a < 2`` the line
    is bent to the right, by :math:`\alpha = \tfrac\pi4 (2 - a)`. A line right of 0 gives
    :math:`P(\rho > x)`, one left of 0 gives :math:`P(\rho < x)`; small values are computed as such.

    **Error.** The radius is the difference to the rule of twice the step, which errs far more.

    Raises ValueError where all eigenvalues are equal: then :math:`\rho = 12\lambda` surely.

    **Check.** With two modes the angle of :math:`(g_1, g_2)` is uniform:

    >>> from theory.asymptotics import Given, PowerLaw
    >>> law = Given([2, 1], [1, 1])
    >>> c1, c2 = mpf(2) * 8 / 8, mpf(1) * -4 / 12  # at the rate 16
    >>> print(mp.nstr(2 / mp.pi * mp.atan(mp.sqrt(-c2 / c1)), 10))
    0.2467517144
    >>> print(escape_rate_distribution(law, 16).printed(10)[0])
    0.2467517144
    >>> print(escape_rate_distribution(PowerLaw(2, "inf"), 5).printed(10)[0])
    0.5447348650
    """
    definition = f"P(rho <= {rate}) over teachers w* = g / |Q^(1/2) g|, g standard normal"
    return Constant(*_law(spectrum, rate, digits).below, definition, SOURCE)


@checked
def escape_rate_survival(spectrum: Spectrum, rate: Real, digits: Count = 10) -> Constant:
    r""":math:`P(\rho > \text{rate})` over Gaussian teachers.

    As :func:`escape_rate_distribution`, accurate where the distribution function is close to 1.

    >>> from theory.asymptotics import PowerLaw
    >>> spectrum = PowerLaw(2, "inf")
    >>> print(escape_rate_survival(spectrum, "7.29").printed(10)[0])
    6.094722943e-20
    """
    definition = f"P(rho > {rate}) over teachers w* = g / |Q^(1/2) g|, g standard normal"
    return Constant(*_law(spectrum, rate, digits).above, definition, SOURCE)


@checked
def escape_rate_density(spectrum: Spectrum, rate: Real, digits: Count = 10) -> Constant:
    r"""The density of :math:`\rho` over Gaussian teachers at ``rate``.

    The integrand of :func:`escape_rate_distribution` differentiated in ``x``, with the same method and
    error.
    """
    definition = f"density at {rate} of rho over teachers w* = g / |Q^(1/2) g|, g standard normal"
    return Constant(*_law(spectrum, rate, digits).density, definition, SOURCE)


@checked
def escape_rate_quantile(spectrum: Spectrum, probability: Real, digits: Count = 10) -> Constant:
    r"""The ``x`` with :math:`P(\rho \le x)` = ``probability``, strictly between 0 and 1.

    Newton's method on the distribution function, kept within the bracket known so far.

    >>> from theory.asymptotics import PowerLaw
    >>> print(escape_rate_quantile(PowerLaw(2, "inf"), "0.5").printed(10)[0])
    4.753882934
    """
    definition = f"the {probability}-quantile of rho over teachers w* = g / |Q^(1/2) g|"
    with mp.workdps(digits + GUARD):
        target = mpf(probability)
        if not 0 < target < 1:
            raise ValueError(f"probability is {probability}, but it must lie strictly between 0 and 1")
        low, high = rate_bounds(spectrum)
        x, accuracy = (low + high) / 2, 4
        while True:
            law = _law(spectrum, x, accuracy)
            below, radius = law.below
            low, high = (low, x) if below > target else (x, high)
            step = (target - below) / law.density[0]
            error = radius / law.density[0]
            if abs(step) + 2 * error <= x * mpf(10) ** -digits:
                return Constant(x + step, abs(step) + 2 * error, definition, SOURCE)
            accuracy = min(2 * accuracy, digits + 4)
            x = x + step if low < x + step < high else (low + high) / 2


class _Law(NamedTuple):
    """Values with radii: the distribution function, its complement, the density."""

    below: tuple[mpf, mpf]
    above: tuple[mpf, mpf]
    density: tuple[mpf, mpf]


def rate_bounds(spectrum: Spectrum) -> tuple[mpf, mpf]:
    """The ends of the support of the law of the rate."""
    top, last = spectrum.extremes()
    if top == last:
        raise ValueError("all eigenvalues are equal: the escape rate is 12 lambda for every teacher")
    return max(4 * top, 12 * last), 12 * top


@lru_cache(maxsize=64)
def _moments(law: PowerLaw, count: int, prec: int) -> list[mpf]:
    """The moments of order 1, 2, ... of the eigenvalues beyond ``count``."""
    with mp.workprec(prec):
        trace, orders = law.trace_sum(), range(1, prec // 2 + 2)
        return [power_sum(k * law.exponent, count + 1, law.dimension) / trace**k for k in orders]


@lru_cache(maxsize=256)
def _law(spectrum: Spectrum, rate: Real, digits: int) -> _Law:
    nothing, all_of_it = (mpf(0), mpf(0)), (mpf(1), mpf(0))
    with mp.workdps(digits + GUARD):
        x = mpf(rate)
        if not mp.isfinite(x):
            raise ValueError(f"rate is {rate}, but it must be a finite number")
        low, high = rate_bounds(spectrum)
        if x <= low:
            return _Law(nothing, all_of_it, nothing)
        if x >= high:
            return _Law(all_of_it, nothing, nothing)
        form = _Form(spectrum, x)
        tail, density = _invert(form, 1, digits)
        if tail[0] <= 0.9:
            return _Law((1 - tail[0], tail[1] + mp.eps), tail, density)
        tail, density = _invert(form, -1, digits)
        return _Law(tail, (1 - tail[0], tail[1] + mp.eps), density)


class _Mode(NamedTuple):
    """A factor ``1 - twice p`` of M(p)^-2, its power, and minus the derivative in ``x`` of ``power c``."""

    twice: mpf
    power: int
    fall: mpf


class _Form:
    """The quadratic form at one ``x``: its moment generating function and the derivative in ``x``."""

    def __init__(self, spectrum: Spectrum, x: mpf) -> None:
        self.x = x
        self.law = unlisted(spectrum, 8 * mp.dps)
        self.modes: list[_Mode] = []
        self.heads: dict[int, list[_Mode]] = {}
        if self.law is None:
            self.modes = [self._mode(x, multiplicity) for x, _, multiplicity in spectrum.levels()]
        self.top = self._mode(spectrum.extremes()[0], 1).twice / 2
        exponent = rational(self.law.exponent) if self.law else mpf(3) / 2
        self.bend = mp.pi / 4 * min(max(2 - exponent, mpf(0)), mpf(1))

    def middle(self, side: int) -> mpf:
        """The p0 half way to the nearest singularity 1/(2 c) on one side of 0.

        ``c`` is convex in the eigenvalue, so it is largest at the largest; its least value is bounded
        by the minimum over all eigenvalues between 0 and the largest.
        """
        if side > 0:
            return 1 / (4 * self.top)
        if self.modes:
            return 1 / (2 * min(mode.twice for mode in self.modes))
        return 1 / (2 * self._mode(self.x / 4 * (1 - mp.sqrt(mpf(2) / 3)), 1).twice)

    def _mode(self, eigenvalue: mpf, multiplicity: int) -> _Mode:
        ratio = eigenvalue / (self.x - 4 * eigenvalue)
        return _Mode(2 * ratio * (12 * eigenvalue - self.x), multiplicity, 8 * multiplicity * ratio**2)

    def transform(self, p: mpc) -> tuple[mpc, mpc]:
        """M(p), and the derivative in ``x`` of log M(p) over ``p``."""
        modes, correction, slope = self.modes, mpc(0), mpc(0)
        if self.law is not None:
            modes, moments = self._head(self.law, p)
            correction, slope = self._series(p, moments)
        product, phase = mpc(1), 0.0
        for twice, power, fall in modes:
            factor = 1 - p * twice
            product *= factor if power == 1 else factor**power
            phase += power * cmath.phase(complex(factor))
            slope -= fall / factor
        turns = round((phase - cmath.phase(complex(product))) / (2 * math.pi))
        return (-1) ** turns * mp.exp(correction) / mp.sqrt(product), slope

    def _head(self, law: PowerLaw, p: mpc) -> tuple[list[_Mode], list[mpf]]:
        """Modes to take one by one, and moments of the rest.

        Beyond the head the series in powers of the eigenvalue falls by 1/4 a term; heads double so that
        few tables of moments are needed.
        """
        trace = law.trace_sum()
        wanted, count = (4 * (2 * abs(p) + 16 / self.x) / trace) ** (1 / rational(law.exponent)), 32
        while count < wanted:
            count *= 2
        count = int(min(count, law.dimension))
        if count not in self.heads:
            self.heads[count] = [
                self._mode(power / trace, 1) for power in inverse_powers(law.exponent, count)
            ]
        return self.heads[count], _moments(law, count, mp.prec)

    def _series(self, p: mpc, moments: list[mpf]) -> tuple[mpc, mpc]:
        """What the modes with the given moments add to log M and to its derivative over ``p``.

        Power sums of r1, r2 by Newton's recurrence, with their derivatives in ``x`` over ``p``.
        """
        x = self.x
        total, product = 4 / x - 2 * p, -24 * p / x
        total_slope, product_slope = -4 / x**2, 24 * p / x**2
        power, older = total, mpc(2)
        power_slope, older_slope = mpc(total_slope), mpc(0)
        pole, pole_slope = 4 / x, -4 / x**2
        value = slope = mpc(0)
        for k, moment in enumerate(moments, start=1):
            value += (power - pole) * (moment / (2 * k))
            slope += (power_slope - pole_slope) * (moment / (2 * k))
            if (abs(power) + abs(power_slope)) * moment < mp.eps * abs(p):
                break
            pole_slope = -4 / x**2 * (k + 1) * pole
            pole *= 4 / x
            power, older, power_slope, older_slope = (
                total * power - product * older,
                power,
                total * power_slope + total_slope * power - product * older_slope - product_slope * older,
                power_slope,
            )
        return value, slope / p


def _invert(form: _Form, side: int, digits: int) -> tuple[tuple[mpf, mpf], tuple[mpf, mpf]]:
    """Integrate along the line on one side of 0; return tail and density, with radii.

    A small tail is the rest of terms of order one and needs a finer step.
    """
    step = mp.pi * (mp.pi / 2 - form.bend) / (mp.log(10) * (digits + GUARD // 4))
    for _ in range(6):
        tail, density = _trapezoid(form, side, step, mpf(10) ** (-digits - GUARD // 2))
        if tail[1] <= tail[0] * mpf(10) ** -digits:
            return tail, density
        step /= 2
    raise ArithmeticError("law of the escape rate: the tail is too small for its relative accuracy")


def _trapezoid(form: _Form, side: int, step: mpf, threshold: mpf) -> tuple[tuple[mpf, mpf], tuple[mpf, mpf]]:
    """Sum from the middle outwards until the integrand is below the threshold, in relation."""
    middle = form.middle(side)
    tails, densities = [mpf(0), mpf(0)], [mpf(0), mpf(0)]
    number, small = 0, 0
    while small < 4:
        angle = mpc(number * step, -side * form.bend)
        turn = 1 + mpc(0, 1) * mp.sinh(angle)
        transform, slope = form.transform(middle * turn)
        weight = mp.cosh(angle) * transform * step / (mp.pi if number else 2 * mp.pi)
        tails[number % 2] += (weight / turn).real
        densities[number % 2] -= (slope * weight).real * abs(middle)
        size = abs(weight) * (1 / abs(turn) + abs(slope * middle))
        small = small + 1 if size <= threshold * (sum(tails) + abs(sum(densities))) else 0
        number += 1
    tail, density = sum(tails), sum(densities)
    return (
        (tail, abs(tails[0] - tails[1]) + abs(tail) * threshold * 10**5),
        (density, abs(densities[0] - densities[1]) + abs(density) * threshold * 10**5),
    )
