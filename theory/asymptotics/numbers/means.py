r"""Averages over a standard normal variable, of functions that are analytic on either side of 0.

.. math:: E\,g(z) = \int_0^\infty (g_+(z) + g_-(-z))\, \frac{e^{-z^2/2}}{\sqrt{2\pi}}\, dz .

Both integrals end at ``R``. Where :math:`|g(z)| \le C (1 + |z|)^m e^{c|z|}` the integrand's logarithm falls
beyond ``R`` at least with the slope :math:`\kappa = R - c - m/(1 + R)`, and what is left out is at most its
value there over :math:`\kappa`. Up to ``R`` Arb encloses the integral, which holds the integrand's own
analyticity against a branch cut; floating point has the quadrature of mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mpmath import mp, mpf

from theory.asymptotics.numbers.field import FLOATS, Field, Number

Integrand = Callable[[Number, Field], Number]
"""A function of a number, evaluated in the arithmetic of a field."""

ABOVE_ROUNDING = 1 + mpf(10) ** -9
"""More than what floats lose in a bound."""


@dataclass(frozen=True)
class Growth:
    """``|g(z)| <= size (1 + |z|)**power exp(rate |z|)`` for real ``z``, but for the rounding of floats."""

    size: mpf
    power: int = 0
    rate: mpf | int = 0

    def __add__(self, other: Growth) -> Growth:
        """The bound of a sum, whose powers and rates the larger ones dominate."""
        return Growth(self.size + other.size, max(self.power, other.power), max(self.rate, other.rate))

    def __mul__(self, other: Growth) -> Growth:
        """The bound of a product."""
        return Growth(self.size * other.size, self.power + other.power, self.rate + other.rate)


def gaussian_mean(
    right: Integrand, left: Integrand, growths: tuple[Growth, Growth], field: Field = FLOATS
) -> Number:
    """``E g(z)`` for the ``g`` that is ``right`` at ``z > 0`` and ``left`` at ``z < 0``.

    >>> square = Growth(mpf(1), 2)
    >>> print(gaussian_mean(lambda z, _: z**2, lambda z, _: -z, (square, square)))
    0.898942280401433
    """
    total = field.mpf(0)
    for side, function, growth in ((1, right, growths[0]), (-1, left, growths[1])):
        end, rest = _end(growth, field.prec)
        total += _integral(function, side, end, field) + field.uncertain(field.mpf(rest))
    return total / field.sqrt(2 * field.pi)


def _end(growth: Growth, prec: int) -> tuple[int, mpf]:
    """``R``, and a bound below the working precision of what is left out beyond, raised above rounding."""
    end = 1
    while True:
        slope = end - growth.rate - mpf(growth.power) / (1 + end)
        rest = growth.size * mp.exp((growth.rate - mpf(end) / 2) * end) * mpf(1 + end) ** growth.power
        if slope > 0 and rest < slope * mpf(2) ** -prec:
            return end, rest / slope * ABOVE_ROUNDING
        end += 1


def _integral(function: Integrand, side: int, end: int, field: Field) -> Number:
    """Of ``function(z) exp(-z²/2)`` from 0 to ``side * end``, in the direction of ``z``."""
    if field is FLOATS:
        return mp.quad(lambda z: function(side * z, field) * mp.exp(-(z**2) / 2), range(end + 1))
    from flint import acb

    from theory.asymptotics.numbers.balls import ComplexBalls

    def integrand(z: acb, analytic: bool) -> acb:
        return function(side * z, ComplexBalls(analytic)) * (-(z**2) / 2).exp()

    return acb.integral(integrand, 0, end).real
