r"""The fast manifold of ``w = 0`` in its own clock, where the power series asks for no sum over modes.

With :math:`d\varphi = (1 - 3s)\,dt` every mode is linear, :math:`f' = 4\lambda (f + r)` with
:math:`r = 2u/(1 - 3s)`. In :math:`x = e^{2\rho\varphi}`, ``x ~ A^2`` as ``A -> 0``, and
:math:`r = \sqrt x \sum_n r_n x^n`, :math:`s = \sum_{n \ge 1} s_n x^n`, hence

.. math:: f(\lambda) = \sqrt x \sum_n \frac{4\lambda\, r_n x^n}{(2n+1)\rho - 4\lambda}, \qquad
   E_n = \sum_i \mu_i \frac{4\lambda_i}{(2n+1)\rho - 4\lambda_i},

so that :math:`u_n = r_n E_n`, and by partial fractions, with :math:`e_n = (2n+1) E_n` and ``D_j`` the
mean square of the quotient in :math:`E_j`,

.. math:: s_{n+1} = \sum_{j+k=n,\; j<k} r_j r_k \frac{e_j - e_k}{k - j} + [n = 2j]\, r_j^2 D_j, \qquad
   (1 - 2E_n)\, r_n = 3 \sum_{j=1}^n s_j r_{n-j} .

All terms are positive: nothing cancels. The clock stops at :math:`s = \tfrac13`, a branch point of these
series. The amplitude does not see it,

.. math:: \log A^2 = \log x + \sum_{n \ge 1} \frac{g_n}{n} x^n, \qquad \sum_n g_n x^n = \frac{1}{1 - 3s},

and the reverse series :math:`x(\beta)` in :math:`\beta = A^2/(1 + A^2)` converges beyond, with
:math:`3s = 1 - \beta(1 - \beta) x'/x`. Its terms are smaller than those it is made of by the power of
the branch point, and so many digits are carried.

This module needs python-flint, the optional extra ``precise``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from operator import mul

from flint import arb, arb_poly, arb_series, ctx
from mpmath import mp, mpf

from theory.asymptotics.escape.rate import rate
from theory.asymptotics.escape.resolvent import resolvent
from theory.asymptotics.numbers.balls import Balls
from theory.asymptotics.numbers.constant import GUARD
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.spectrum import Spectrum

FIELD = Balls()
TRIAL, TRIAL_DIGITS, SPARE = 40, 80, 12
"""Terms and digits that show how the series falls and what it loses, and those added to what they promise."""


def energy_crossing(spectrum: Spectrum, level: Fraction, near: float, digits: int) -> tuple[mpf, mpf]:
    """Log A where s reaches ``level``, ``near`` at first, and the derivative of s by it there.

    Terms and rounding are below 10^-``digits``. Raises ArithmeticError where the series falls slowly.
    """
    with ctx.workdps(TRIAL_DIGITS):
        trial = energy_series(spectrum, TRIAL)
        half = range(TRIAL // 2, TRIAL)
        growth = max(1.0, *(float(abs(trial[n]).upper()) ** (1 / n) for n in half))
        middle, last = (math.log10(float(trial[n - 1].rad())) for n in (TRIAL // 2, TRIAL))
        loss = (last - middle) / (TRIAL - TRIAL // 2)
        first = max(0.0, last - loss * TRIAL + TRIAL_DIGITS)
    start = 1 / (1 + math.exp(-2 * near))
    fall, worse = -math.log10(growth * start), max(0.0, loss + math.log10(start))
    if fall < 0.2:  # digits by which a term must be below the one before
        raise ArithmeticError("the series falls slowly")
    terms = math.ceil(digits / fall) + SPARE
    with ctx.workdps(digits + math.ceil(first + worse * terms) + SPARE):
        series = arb_poly([-rational(level, FIELD), *energy_series(spectrum, terms)])
        slopes = series.derivative()
        beta = arb(start)
        for _ in range(math.ceil(math.log2(digits))):
            beta = (beta - series(beta) / slopes(beta)).mid()
        miss, slope = series(beta), slopes(beta)
        rest = FIELD.fsum(abs(series[n]) * beta**n for n in range(terms - 3, terms + 1))
        # the distance of the crossing from where few digits see it
        if not (abs(miss) + rest < arb(10) ** -digits and abs(beta - start) < 1e-3):
            raise ArithmeticError("the series is not resolved")
        stretch = beta * (1 - beta)
        found = (beta / (1 - beta)).log() / 2, 2 * stretch * slope
    with mp.workdps(digits):
        return +FIELD.to_mpf(found[0])[0], +FIELD.to_mpf(found[1])[0]


def energy_series(spectrum: Spectrum, terms: int) -> list[arb]:
    r"""The coefficients of :math:`\beta, \beta^2, \dots` in ``s``, ``terms`` of them.

    At the working precision, with what the reversion loses in the radii.

    Isotropic data have :math:`s = \beta`:

    >>> from theory.asymptotics import PowerLaw
    >>> with ctx.workdps(30):
    ...     print([x.str(10, radius=False) for x in energy_series(PowerLaw(0, 9), 3)[:1]])
    ['1.000000000']
    """
    cap, ctx.cap = ctx.cap, terms + 2
    try:
        logarithm = arb_series(amplitude_logarithm(clock_series(spectrum, terms + 1)), terms + 2)
        square = arb_series([0, 1], terms + 2) * logarithm.exp()
        found = (square / (1 + square)).reversion()
        quotient = arb_series([found[n + 1] for n in range(terms + 1)], terms + 1)
        slope = arb_series([(n + 1) * found[n + 1] for n in range(terms + 1)], terms + 1)
        rise = slope / quotient * arb_series([1, -1], terms + 1)
        return [-rise[n] / 3 for n in range(1, terms + 1)]
    finally:
        ctx.cap = cap


def amplitude_logarithm(energies: list[arb]) -> list[arb]:
    r"""The coefficients :math:`0, g_1, g_2/2, \dots` of :math:`\log(A^2/x)`, one for each of s and 0."""
    size = len(energies) + 1
    cap, ctx.cap = ctx.cap, size
    try:
        pace = 1 / (1 - 3 * arb_series([0, *energies], size))
        return [arb(0), *(pace[n] / n for n in range(1, size))]
    finally:
        ctx.cap = cap


def clock_series(spectrum: Spectrum, terms: int) -> list[arb]:
    """The coefficients ``s_1, s_2, ...`` in the clock's ``x``, ``terms`` of them."""
    return clock(spectrum, terms, ctx.dps).energies


@lru_cache(maxsize=4)
def clock(spectrum: Spectrum, terms: int, digits: int) -> ClockSeries:
    """The series at a precision of so many ``digits``."""
    with ctx.workdps(digits):
        return ClockSeries(spectrum, terms)


class ClockSeries:
    """The first ``r_n``, ``E_n`` and ``s_{n+1}``, as ``ratios``, ``means`` and ``energies``."""

    def __init__(self, spectrum: Spectrum, terms: int) -> None:
        self.quotients = Quotients(spectrum)
        self.means = [self.quotients.mean(n) for n in range(terms)]
        self.scaled = [(2 * n + 1) * mean for n, mean in enumerate(self.means)]
        self.ratios = [1 / self.quotients.square(0).sqrt()]
        self.energies = [self._energy(0)]
        for n in range(1, terms):
            driven = sum(map(mul, self.energies, reversed(self.ratios)), arb(0))
            self.ratios.append(3 * driven / (1 - 2 * self.means[n]))
            self.energies.append(self._energy(n))

    def overlaps(self) -> list[arb]:
        """The coefficients of ``u`` over the root of ``x``."""
        return [r * mean for r, mean in zip(self.ratios, self.means, strict=True)]

    def _energy(self, n: int) -> arb:
        """``s_{n+1}``."""
        ratios, scaled = self.ratios, self.scaled
        total = ratios[n // 2] ** 2 * self.quotients.square(n // 2) if n % 2 == 0 else arb(0)
        for j in range((n + 1) // 2):
            k = n - j
            total += ratios[j] * ratios[k] * ((scaled[j] - scaled[k]) / (k - j))
        return total


class Quotients:
    r"""The sums of :math:`4\lambda/((2n+1)\rho - 4\lambda)` and of its square over the spectrum.

    They are ``F(p)/2`` and ``-(F + p F'(p))/2`` at :math:`p = (2n+1)\rho`, see
    :mod:`theory.asymptotics.escape.resolvent`.
    """

    def __init__(self, spectrum: Spectrum) -> None:
        with ctx.workdps(ctx.dps + GUARD):
            self.rate = rate(spectrum, FIELD)
        secular, _ = resolvent(spectrum, field=FIELD, poles=32)  # modes that are taken one by one
        self.poles = [(secular.floor - gap, weight) for gap, weight in secular.poles]
        self.edge, self.series = secular.edge, arb_poly(secular.series)
        self.slopes = arb_poly([k * c for k, c in enumerate(secular.series, start=1)])

    def mean(self, n: int) -> arb:
        """The sum of the quotient."""
        p = (2 * n + 1) * self.rate
        return (FIELD.fsum(weight / (p - x) for x, weight in self.poles) + self._tail(self.series, p)) / 2

    def square(self, n: int) -> arb:
        """The sum of its square."""
        p = (2 * n + 1) * self.rate
        fall = FIELD.fsum(weight / (p - x) ** 2 for x, weight in self.poles) * p
        return (fall + self._tail(self.slopes, p)) / 2 - self.mean(n)

    def _tail(self, series: arb_poly, p: arb) -> arb:
        """The series at ``1/p``; the ratio of its terms is at most that of its slope's last two."""
        orders = len(series)
        if not orders:
            return arb(0)
        ratio = (1 + arb(1) / orders) * self.edge / p
        if not ratio < 1:
            raise ArithmeticError("the eigenvalues are too close to each other for few poles")
        rest = abs(series[orders - 1]) * p**-orders * ratio / (1 - ratio)
        return series(1 / p) / p + FIELD.uncertain(rest)
