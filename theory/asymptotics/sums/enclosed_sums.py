r"""Sums over all modes of a power law in balls: Euler and Maclaurin's formula with its remainder bounded.

.. math:: \sum_{i=m}^{n} f(i) = \int_m^n f + \frac{f(m) + f(n)}{2}
   + \sum_{j=1}^{k} \frac{B_{2j}}{(2j)!} \big(f^{(2j-1)}(n) - f^{(2j-1)}(m)\big) + R, \qquad
   |R| \le \frac{4}{(2\pi)^{2k}} \int_m^n |f^{(2k)}|.

Where ``f`` is analytic and at most ``M(x)`` in modulus on the disc of radius ``r(x)`` around ``x``, Cauchy's
estimate :math:`|f^{(2k)}(x)| \le (2k)!\,M/r^{2k}` turns the bound into an elementary integral. Modes below
``m``, and between ``n`` and the end, are added one by one.

This module needs python-flint, the optional extra ``precise``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from math import ceil, log10

from flint import arb, arb_series, ctx

from theory.asymptotics.numbers.balls import Balls
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.beta_integral import beta_integral
from theory.asymptotics.sums.power_sums import inverse_powers

FIELD = Balls()
ORDER = 0.38
"""Terms of the formula per mode that is added at an end: they fall about as far as they ever do."""


def edge_sum(decay: Fraction, exponent: Fraction, dimension: int) -> Callable[[arb], arb]:
    r""":math:`y \mapsto \sum_{i<d} i^{-b} / (1 - (1+y)(i/d)^a)`, as :func:`.edge_sums.edge_sum`.

    **Remainder.** ``f`` has its pole at :math:`x_* = d(1+y)^{-1/a}`. On the disc of radius
    :math:`\kappa \min(x, x_* - x)`, :math:`\kappa < 1`, it is at most

    .. math:: \frac{C x^{-b}}{1 - x/x_*}, \qquad
       C = \frac{(1 \mp \kappa)^{-b}}{(1-\kappa)\min(1, a)},

    because :math:`1 - v^a \ge \min(1, a)(1 - v)`; the upper sign is for :math:`b > 0`.

    >>> value = edge_sum(Fraction(2), Fraction(3, 2), 5000)(arb("1e-6"))
    >>> ratios = ((arb(i) / 5000) ** 1.5 * arb("1.000001") for i in range(1, 5000))
    >>> plain = FIELD.fsum(1 / arb(i) ** 2 / (1 - x) for i, x in enumerate(ratios, start=1))
    >>> value.overlaps(plain), value.str(10, radius=False)
    (True, '1.646229808')
    """

    def value(offset: arb) -> arb:
        with ctx.workdps(ctx.dps + len(str(dimension))):
            a, b = rational(exponent, FIELD), rational(decay, FIELD)
            theta = (1 + offset) / arb(dimension) ** a
            margin = _margin(2 + 2 * abs(decay))
            ends = _edge_powers(exponent, decay, dimension, margin, ctx.prec)
            total = FIELD.fsum(mass / (1 - theta * level) for level, mass in ends)
            if 4 * margin >= dimension:
                return total
            low, high, terms = margin, dimension - margin, int(ORDER * margin)

            def taylor(x: int) -> list[arb]:
                with _cap(2 * terms):
                    place = arb_series([x, margin])
                    return list((place**-b / (1 - theta * place**a)).coeffs())

            order = (1 - decay) / exponent
            integral = beta_integral(order, theta * arb(low) ** a, theta * arb(high) ** a, FIELD)
            integral *= theta ** -rational(order, FIELD) / a
            rest = _edge_remainder(decay, exponent, low, high, theta ** (-1 / a), 2 * terms)
            return total + _euler_maclaurin(integral, taylor(low), taylor(high), margin, margin, rest)

    return value


def decaying_sum(exponent: Fraction, dimension: int) -> Callable[[arb], arb]:
    r""":math:`X \mapsto \sum_{i \le d} e^{-X i^{-a}}`, for ``X > 0`` and ``a > 0``.

    **Remainder.** The summand is at most 1 in modulus where :math:`|\arg x| \le \pi/2a`: on discs of radius
    :math:`x \sin(\pi/2a)`, of any below ``x`` for :math:`a \le 1`.

    >>> plain = FIELD.fsum((-arb(1000) ** 2 / i**2).exp() for i in range(1, 1001))
    >>> decaying_sum(Fraction(2), 1000)(arb(1000) ** 2).overlaps(plain), plain.str(10, radius=False)
    (True, '89.25785692')
    """

    def value(scale: arb) -> arb:
        a = rational(exponent, FIELD)
        reach = (FIELD.pi / (2 * FIELD.max(a, arb(1)))).sin()
        margin = ceil(_margin(Fraction(2)) / float(reach))
        few = min(dimension, margin - 1) if 4 * margin < dimension else dimension
        total = FIELD.fsum((-scale * level).exp() for level in _powers(exponent, few, ctx.prec))
        if few == dimension:
            return total
        terms = int(ORDER * margin * float(reach))

        def taylor(x: int) -> list[arb]:
            with _cap(2 * terms):
                return list((-scale * arb_series([x, x]) ** -a).exp().coeffs())

        last, first = (scale / arb(x) ** a for x in (dimension, margin))
        integral = (_gamma_upper(-1 / a, last) - _gamma_upper(-1 / a, first)) * scale ** (1 / a) / a
        with ctx.workdps(15):
            reach = reach * (1 - arb(1) / (2 * terms))
            rest = _cauchy(2 * terms, reach) * arb(margin) ** (1 - 2 * terms) / (2 * terms - 1)
        return total + _euler_maclaurin(integral, taylor(margin), taylor(dimension), margin, dimension, rest)

    return value


def _euler_maclaurin(
    integral: arb, low: Sequence[arb], high: Sequence[arb], unit_low: int, unit_high: int, rest: arb
) -> arb:
    """Sum from Taylor coefficients at both ends, each in powers of ``h`` over its unit."""
    total = integral + (low[0] + high[0]) / 2
    for order in range(1, len(low), 2):
        difference = high[order] / arb(unit_high) ** order - low[order] / arb(unit_low) ** order
        total += arb.bernoulli(order + 1) / (order + 1) * difference
    return total + FIELD.uncertain(rest)


def _edge_remainder(decay: Fraction, exponent: Fraction, low: int, high: int, pole: arb, order: int) -> arb:
    """Bound the remainder after the derivative of this even ``order``, less one."""
    with ctx.workdps(15):
        b, near = rational(decay, FIELD), 1 - arb(1) / order
        slowest = (1 - near) * rational(min(Fraction(1), exponent), FIELD)
        size = (1 - near if decay > 0 else 1 + near) ** -b / slowest
        left = 2 * arb(low) ** (1 - b - order) / (order + b - 1)
        right = FIELD.max((pole / 2) ** -b, pole**-b) * pole * (pole - high) ** -order / order
        return _cauchy(order, near) * size * (left + right)


def _cauchy(order: int, near: arb) -> arb:
    """The bound of ``R`` for ``M = 1`` and ``r = near``, per unit of length."""
    return 4 * arb.fac_ui(order) / (2 * FIELD.pi * near) ** order


def _gamma_upper(order: arb, x: arb) -> arb:
    r""":math:`\Gamma(s, x)`, ``s < 0``, far out by its bound :math:`x^{s-1} e^{-x}`."""
    if x > ctx.prec:
        return FIELD.uncertain(x ** (order - 1) * (-x).exp())
    return x.gamma_upper(order)


def _margin(powers: Fraction) -> int:
    """The modes to add at an end: one for each digit, and for those that powers of it cost."""
    return int(ctx.dps + float(powers) * log10(ctx.dps)) + 10


@lru_cache(maxsize=16)
def _edge_powers(
    exponent: Fraction, decay: Fraction, dimension: int, margin: int, prec: int
) -> list[tuple[arb, arb]]:
    """``i**a`` and ``i**-b`` for the modes at both ends, of few modes for all but the last."""
    a, b = rational(exponent, FIELD), rational(decay, FIELD)
    near = min(margin, dimension) if 4 * margin < dimension else dimension
    levels = [1 / power for power in inverse_powers(exponent, near - 1, FIELD)]
    masses = inverse_powers(decay, near - 1, FIELD)
    far = range(dimension - margin + 1, dimension) if near < dimension else range(0)
    for i in far:
        levels.append(arb(i) ** a)
        masses.append(1 / levels[-1] if decay == exponent else arb(i) ** -b)
    return list(zip(levels, masses, strict=True))


@lru_cache(maxsize=16)
def _powers(exponent: Fraction, count: int, prec: int) -> list[arb]:
    return inverse_powers(exponent, count, FIELD)


@contextmanager
def _cap(length: int) -> Iterator[None]:
    """Set the length of power series."""
    before, ctx.cap = ctx.cap, length
    try:
        yield
    finally:
        ctx.cap = before
