r"""The secular function at ``w = 0``, whose roots are the growth rates of the linear flow.

.. math:: F(p) = \sum_i \frac{8 \lambda_i \mu_i}{p - 4\lambda_i}, \qquad \mu_i = \lambda_i (w^*_i)^2 .

``p`` with ``F(p) = 1`` are the eigenvalues of :math:`4Q + 8 Q w^* w^{*T} Q` whose vectors,
:math:`e_i \propto \lambda_i w^*_i/(p - 4\lambda_i)`, overlap :math:`Q w^*`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mpmath import mp, mpf

from .power_sums import power_sum
from .spectrum import Level, PowerLaw, Spectrum, unlisted


@dataclass(frozen=True)
class Resolvent:
    """``F`` as poles at ``gap`` below ``floor`` and a series in powers of ``1/rho``.

    ``floor`` is 4 lambda_1, ``poles`` holds pairs ``(4 lambda_1 - 4 lambda_i, 8 lambda_i mu_i)``,
    ``series`` the ``c_k`` of ``sum_k c_k rho**-(k+1)``, whose successive terms fall at least by
    ``edge / rho``.
    """

    floor: mpf
    poles: list[tuple[mpf, mpf]]
    series: list[mpf]
    edge: mpf

    def value_and_slope(self, shift: mpf) -> tuple[mpf, mpf]:
        value = slope = mpf(0)
        for gap, weight in self.poles:
            inverse = 1 / (shift + gap)
            term = weight * inverse
            value += term
            slope -= term * inverse
        inverse = 1 / (self.floor + shift)
        power = inverse
        for order, coefficient in enumerate(self.series, start=1):
            term = coefficient * power
            power *= inverse
            value += term
            slope -= order * term * inverse
        return value, slope

    def remainder(self, shift: mpf) -> mpf:
        if not self.series:
            return mpf(0)
        rho = self.floor + shift
        ratio = self.edge / rho
        return self.series[-1] * rho ** -len(self.series) * ratio / (1 - ratio)


def resolvent(spectrum: Spectrum, roots: int = 1) -> tuple[Resolvent, mpf]:
    """Return ``F`` at the working precision, and a lower bound of its largest root less ``floor``.

    The series of the tail reaches as far down as the given number of ``roots``.
    """
    count = max(2 * int(mp.dps) + 10, 4 * roots)
    law = unlisted(spectrum, 2 * count)
    return _listed(spectrum, count, roots) if law is None else _series(law, count, roots)


def _listed(spectrum: Spectrum, count: int, roots: int) -> tuple[Resolvent, mpf]:
    """Return the resolvent with every mode listed, unless there are many beyond the first ``count``."""
    levels = [level for level in spectrum.levels() if level.mass]
    top = levels[0].eigenvalue
    weighted = [(x, x * mass) for x, mass, _ in levels]
    first, second = mp.fsum(y for _, y in weighted), mp.fdot(weighted)
    shift = _lower_bound(top, 8 * weighted[0][1], first, second)
    if len(levels) > 2 * count:
        lowest = 4 * levels[roots - 1].eigenvalue if roots > 1 else 4 * top + shift
        edge = 4 * levels[count].eigenvalue
        orders = math.ceil(mp.dps / max(mp.log10(lowest / edge), mpf("0.1")))
        if orders <= count // 2:
            tail = _moments(levels[count:], edge, orders)
            return Resolvent(4 * top, _poles(top, weighted[:count]), tail, edge), shift
    return Resolvent(4 * top, _poles(top, weighted), [], mpf(0)), shift


def _poles(top: mpf, weighted: list[tuple[mpf, mpf]]) -> list[tuple[mpf, mpf]]:
    return [(4 * (top - x), 8 * y) for x, y in weighted]


def _moments(levels: list[Level], edge: mpf, orders: int) -> list[mpf]:
    """Return the series of many listed levels, in fixed-point arithmetic relative to the largest of them."""
    one = 1 << (mp.prec + 20)
    points = [int(4 * x / edge * one) for x, _, _ in levels]
    terms = [int(mass * one) for _, mass, _ in levels]
    series, scale = [], mpf(2) / one
    for _ in range(orders):
        terms = [term * x >> mp.prec + 20 for term, x in zip(terms, points, strict=True)]
        scale *= edge
        series.append(sum(terms) * scale)
    return series


def _series(spectrum: PowerLaw, count: int, roots: int) -> tuple[Resolvent, mpf]:
    """Return the resolvent with a series for the tail, and a lower bound of its root."""
    head = spectrum.head(count)
    top = head[0].eigenvalue
    poles = [(4 * (top - x), 8 * x * mass) for x, mass, _ in head]
    with mp.workdps(15):
        first, second = spectrum.moment(1), spectrum.moment(2)
    shift = _lower_bound(top, poles[0][1], first, second)
    edge = 4 * spectrum.eigenvalue(count + 1)
    lowest = 4 * head[roots - 1].eigenvalue if roots > 1 else 4 * top + shift
    series = _tail_series(spectrum, count + 1, float(mp.log10(lowest / edge)))
    return Resolvent(4 * top, poles, series, edge), shift


def _lower_bound(top: mpf, weight: mpf, first: mpf, second: mpf) -> mpf:
    """Bound ``rho - 4 lambda_1`` below by its own mode and by a Rayleigh quotient.

    The quotient is lowered by more than its rounding, lest a start right of the root overshoot.
    """
    return max(weight, (4 * second / first + 8 * first) * (1 - mpf(10) ** -9) - 4 * top)


def _tail_series(spectrum: PowerLaw, first: int, fall: float) -> list[mpf]:
    """Return ``8 4^k`` times the moments of order ``k + 1`` from mode ``first`` on.

    Each term of the series is ``fall`` decades below the one before, and needs as many digits less.
    """
    decay = spectrum.mass_exponent
    assert decay is not None
    scale = 4 / spectrum.trace_sum()
    factor = 2 * scale / spectrum.energy_sum()
    series = []
    for k in range(math.ceil(mp.dps / fall)):
        with mp.workdps(max(15, mp.dps - int(k * fall))):
            total = power_sum((k + 1) * spectrum.exponent + decay, first, spectrum.dimension)
        series.append(factor * total)
        factor *= scale
    return series
