r"""The secular function of the linear flow at ``w = 0`` and at the teacher, whose roots are its rates.

.. math:: F(p) = \sum_i \frac{4r \lambda_i \mu_i}{p - 4\lambda_i}, \qquad \mu_i = \lambda_i (w^*_i)^2 .

``p`` with ``F(p) = 1`` are the eigenvalues of :math:`4(Q + r\,Q w^* w^{*T} Q)` whose vectors,
:math:`e_i \propto \lambda_i w^*_i/(p - 4\lambda_i)`, overlap :math:`Q w^*`. Phase retrieval has ``r = 2`` at
both points, others a ratio of their own, :mod:`theory.asymptotics.local_flow`, which may be negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mpmath import mp

from theory.asymptotics.local_flow import SQUARE
from theory.asymptotics.numbers.field import FLOATS, Field, Number
from theory.asymptotics.numbers.roots import enclosed_root
from theory.asymptotics.numbers.written import written
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectrum import Level, PowerLaw, Spectrum, unlisted


@dataclass(frozen=True)
class Resolvent:
    """``F`` as poles at ``gap`` below ``floor`` and a series in powers of ``1/rho``.

    ``floor`` is 4 lambda_1, ``poles`` holds pairs ``(4 lambda_1 - 4 lambda_i, 4 r lambda_i mu_i)``,
    ``series`` the ``c_k`` of ``sum_k c_k rho**-(k+1)``, whose successive terms have the sign of ``r`` and
    fall at least by ``edge / |rho|``.
    """

    floor: Number
    poles: list[tuple[Number, Number]]
    series: list[Number]
    edge: Number
    field: Field

    def value(self, shift: Number) -> Number:
        """``F`` at ``shift`` above the floor; what the series leaves is bounded in balls."""
        return self.value_and_slope(shift)[0]

    def value_and_slope(self, shift: Number) -> tuple[Number, Number]:
        """``F`` and its derivative."""
        value = slope = self.field.mpf(0)
        for gap, weight in self.poles:
            inverse = 1 / (shift + gap)
            term = weight * inverse
            value += term
            slope -= term * inverse
        if not self.series:
            return value, slope
        inverse = 1 / (self.floor + shift)
        power = inverse
        for order, coefficient in enumerate(self.series, start=1):
            term = coefficient * power
            power *= inverse
            value += term
            slope -= order * term * inverse
        ratio = abs(self.edge * inverse)
        rest = term * ratio / (1 - ratio)
        orders = len(self.series) + 1 / (1 - ratio)
        return value + self.field.uncertain(rest), slope + self.field.uncertain(orders * rest * inverse)

    def above(self, number: int) -> Resolvent:
        """The same with the pole of this number, counted from 1, as the floor."""
        base = self.poles[number - 1][0]
        poles = [(gap - base, weight) for gap, weight in self.poles]
        poles[number - 1] = self.field.mpf(0), self.poles[number - 1][1]
        return Resolvent(self.floor - base, poles, self.series, self.edge, self.field)


def resolvent(
    spectrum: Spectrum,
    roots: int = 1,
    field: Field = FLOATS,
    ratio: str = SQUARE.escape_ratio,
    poles: int | None = None,
) -> tuple[Resolvent, Number]:
    """``F`` at the working precision, and a lower bound of its largest root less ``floor``.

    The series of the tail reaches as far down as the given number of ``roots``. The bound is for a positive
    ``ratio``. Few ``poles`` make a long series, which pays where ``F`` is asked for at many points.
    """
    r = written(ratio, field)
    count = poles or max(2 * int(field.dps) + 10, 4 * roots)
    law = unlisted(spectrum, 2 * count)
    if law is None:
        return _listed(spectrum, count, roots, r, field)
    return _series(law, count, roots, r, field)


def touched(spectrum: Spectrum) -> int | float:
    """The number of eigenvalues that the teacher touches.

    >>> touched(PowerLaw(2, "inf")), touched(PowerLaw(0, 7)), touched(PowerLaw(2, 3, [1, 0, 2]))
    (inf, 1, 2)
    """
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None and spectrum.exponent > 0:
        return spectrum.dimension
    return sum(level.mass > 0 for level in spectrum.levels())


def lower_rate(
    spectrum: Spectrum, number: int, field: Field = FLOATS, ratio: str = SQUARE.escape_ratio
) -> Number:
    """The root between the poles ``4 lambda`` of the given number, from 2, and of the one before."""
    secular = resolvent(spectrum, number, field, ratio)[0].above(number)
    (above, upper), (_, lower) = secular.poles[number - 2 : number]
    width = field.mid(-above)

    def excess(height: Number) -> Number:
        if height == 0:
            return lower * width
        if height == width:
            return -upper * width
        return (secular.value(height) - 1) * height * (width - height)

    return secular.floor + enclosed_root(excess, field.mpf(0), width, field)


def _listed(
    spectrum: Spectrum, count: int, roots: int, ratio: Number, field: Field
) -> tuple[Resolvent, Number]:
    """The resolvent with every mode listed, unless there are many beyond the first ``count``."""
    levels = [level for level in spectrum.levels(field) if level.mass > 0]
    top = levels[0].eigenvalue
    weighted = [(x, x * mass) for x, mass, _ in levels]
    first, second = field.fsum(y for _, y in weighted), field.fsum(x * y for x, y in weighted)
    shift = _lower_bound(top, 4 * ratio * weighted[0][1], first, second, ratio, field)
    if len(levels) > 2 * count:
        lowest = 4 * levels[roots - 1].eigenvalue if roots > 1 else 4 * top + shift
        edge = 4 * levels[count].eigenvalue
        orders = math.ceil(field.dps / max(_decades(lowest / edge, field), 0.1))
        if orders <= count // 2:
            tail = _moments(levels[count:], edge, orders, ratio, field)
            return Resolvent(4 * top, _poles(top, weighted[:count], ratio, field), tail, edge, field), shift
    return Resolvent(4 * top, _poles(top, weighted, ratio, field), [], field.mpf(0), field), shift


def _decades(ratio: Number, field: Field) -> float:
    return float(field.log(ratio)) / math.log(10)


def _poles(
    top: Number, weighted: list[tuple[Number, Number]], ratio: Number, field: Field
) -> list[tuple[Number, Number]]:
    """Gaps and weights; that of the floor itself is 0 exactly, however small the root's distance."""
    (_, first), *others = weighted
    scale = 4 * ratio
    return [(field.mpf(0), scale * first), *((4 * (top - x), scale * y) for x, y in others)]


def _moments(levels: list[Level], edge: Number, orders: int, ratio: Number, field: Field) -> list[Number]:
    """The series of many listed levels, for floats in fixed-point arithmetic, which is faster."""
    if field is not FLOATS:
        terms, series = [ratio * mass for _, mass, _ in levels], []
        points = [4 * x for x, _, _ in levels]
        for _ in range(orders):
            terms = [term * x for term, x in zip(terms, points, strict=True)]
            series.append(field.fsum(terms))
        return series
    one = 1 << (mp.prec + 20)
    points = [int(4 * x / edge * one) for x, _, _ in levels]
    terms = [int(mass * one) for _, mass, _ in levels]
    series, scale = [], ratio / one
    for _ in range(orders):
        terms = [term * x >> mp.prec + 20 for term, x in zip(terms, points, strict=True)]
        scale *= edge
        series.append(sum(terms) * scale)
    return series


def _series(
    spectrum: PowerLaw, count: int, roots: int, ratio: Number, field: Field
) -> tuple[Resolvent, Number]:
    """The resolvent with a series for the tail, and a lower bound of its root."""
    head = spectrum.head(count, field)
    top = head[0].eigenvalue
    poles = _poles(top, [(x, x * mass) for x, mass, _ in head], ratio, field)
    with field.workdps(15):
        first, second = spectrum.moment(1, field=field), spectrum.moment(2, field=field)
    shift = _lower_bound(top, poles[0][1], first, second, ratio, field)
    edge = 4 * spectrum.eigenvalue(count + 1, field)
    lowest = 4 * head[roots - 1].eigenvalue if roots > 1 else 4 * top + shift
    series = _tail_series(spectrum, count + 1, _decades(lowest / edge, field), ratio, field)
    return Resolvent(4 * top, poles, series, edge, field), shift


def _lower_bound(
    top: Number, weight: Number, first: Number, second: Number, ratio: Number, field: Field
) -> Number:
    """Bound ``rho - 4 lambda_1`` below by its own mode and by a Rayleigh quotient.

    The bounds are lowered by more than their rounding.
    """
    return field.max(weight * (1 - 1e-9), (4 * second / first + 4 * ratio * first) * (1 - 1e-9) - 4 * top)


def _tail_series(spectrum: PowerLaw, first: int, fall: float, ratio: Number, field: Field) -> list[Number]:
    """``4 r 4^k`` times the moments of order ``k + 1`` from mode ``first`` on.

    Each term of the series is ``fall`` decades below the one before, and needs as many digits less.
    """
    decay = spectrum.mass_exponent
    assert decay is not None
    scale = 4 / spectrum.trace_sum(field)
    factor = ratio * scale / spectrum.energy_sum(field)
    series, digits = [], field.dps
    if digits > 5000 * fall:  # terms of the series at most
        raise ArithmeticError("the eigenvalues are too close to each other for a series of the tail")
    for k in range(math.ceil(digits / fall)):
        with field.workdps(max(15, digits - int(k * fall))):
            total = power_sum((k + 1) * spectrum.exponent + decay, first, spectrum.dimension, field)
        series.append(factor * total)
        factor *= scale
    return series
