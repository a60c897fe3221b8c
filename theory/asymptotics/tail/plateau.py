r"""The law by which the spectral tail is learnt once the statistics have converged.

With all modes weighted alike, :math:`S_d(\tau) = \frac1d \sum_{i \le d} e^{-\beta\tau i^{-a}}`,
:math:`\beta = 16/H_{d,a}`, is the fraction of the MSE left at time :math:`\tau`, and
:math:`d(1 - S_d)` counts the modes learnt. Of another link :math:`\beta = 2\alpha/H_{d,a}`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from mpmath import mp, mpf

from theory.asymptotics.convergence.laws import of_power_law
from theory.asymptotics.local_flow import SQUARE, LocalFlow
from theory.asymptotics.numbers.constant import GUARD, Constant, catalogued
from theory.asymptotics.numbers.field import Field, Number, rational
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, Spectrum, decimal, exact
from theory.expected import Count, checked


@catalogued
def tail_exponent(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""``1/a``.

    >>> print(tail_exponent(PowerLaw("1.2", 1000)).printed(15)[0])
    0.833333333333333
    """
    return uniform_law(
        spectrum,
        digits,
        "p in d (1 - S_d(tau)) ~ C tau^p, uniform weights, 1 << beta tau << d^a",
        lambda law, field: rational(1 / law.exponent, field),
        flow=flow,
    )


@catalogued
def tail_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r""":math:`\Gamma(1 - 1/a)\,\beta^{1/a}`.

    The sum over modes becomes :math:`\int_0^\infty (1 - e^{-\beta\tau x^{-a}})\,dx`, which
    converges at infinity only for :math:`a > 1`. The next term of Euler and Maclaurin's formula
    is the constant -1/2; what remains falls faster than any power of :math:`\tau` at
    :math:`d = \infty`, and is :math:`-\beta\tau d^{1-a}/(a-1)` to leading order at finite ``d``:

    >>> law = tail_prefactor(PowerLaw(2, "inf"))
    >>> print(law.printed(15)[0])
    5.52790639154137
    >>> print(tail_sum(2, "inf", 10**6), law.value * 1000 - mpf(1) / 2)
    5527.40639154137 5527.40639154137

    Reference: [P16] of arXiv:2511.18661, whose error term this sharpens.
    """
    return uniform_law(
        spectrum,
        digits,
        "C in d (1 - S_d(tau)) ~ C tau^p, uniform weights, 1 << beta tau << d^a",
        partial(_prefactor, flow=flow),
        flow=flow,
    )


@checked
def tail_sum(exponent: Exact, dimension: int | float | str, tau: Exact, digits: Count = 15) -> mpf:
    r""":math:`d(1 - S_d(\tau)) = \sum_{i \le d} (1 - e^{-\beta\tau i^{-a}})` to ``digits``.

    **Method.** Modes learnt to the working digits, :math:`\beta\tau i^{-a} > 2.3` times these,
    count 1 each, and the first few hundred others are added one by one. For the rest the
    exponential series gives power sums; its alternating terms cost as many digits as the largest,
    :math:`e^{\beta\tau i^{-a}}`, has, and the working precision provides twice the digits.

    >>> print(tail_sum(2, 7, 1))
    3.89851472010272
    >>> beta = 16 / mp.fsum(mpf(i) ** -2 for i in range(1, 8))
    >>> print(mp.fsum(1 - mp.exp(-beta / i**2) for i in range(1, 8)))
    3.89851472010272
    """
    law, time = PowerLaw(exponent, dimension), exact(tau, "tau")
    if time < 0:
        raise ValueError(f"tau is {decimal(time)}, but it must be at least 0")
    cutoff = (digits + GUARD) * math.log(10)
    with mp.workdps(2 * (digits + GUARD)):
        scale = 16 * rational(time) / law.trace_sum()
        if law.exponent == 0:
            return -law.dimension * mp.expm1(-scale)
        learnt = int(min(law.dimension, mp.power(scale / cutoff, 1 / rational(law.exponent))))
        first = min(law.dimension, max(learnt, 4 * int(mp.dps))) + 1
        powers = (mp.power(i, -rational(law.exponent)) for i in range(learnt + 1, int(first)))
        middle = mp.fsum(-mp.expm1(-scale * power) for power in powers)
        return learnt + middle + _series(law, scale, int(first))


def _series(law: PowerLaw, scale: mpf, first: int) -> mpf:
    """Sum the modes from ``first`` on by the exponential series; its terms fall in the end."""
    total, factor, order = mpf(0), mpf(-1), 0
    while first <= law.dimension:
        order += 1
        factor *= -scale / order
        term = factor * power_sum(order * law.exponent, first, law.dimension)
        total += term
        if abs(term) <= mp.sqrt(mp.eps) * abs(total):
            break
    return total


def uniform_law(
    spectrum: Spectrum,
    digits: int,
    definition: str,
    evaluate: Callable[[PowerLaw, Field], Number],
    above: int | None = 1,
    flow: LocalFlow = SQUARE,
) -> Constant:
    """Evaluate a constant of uniform weights on a power law whose exponent exceeds ``above``."""

    def obstacle(law: PowerLaw) -> str | None:
        if above is None or law.exponent > above:
            return None
        return f"no power law: the tail counts only for exponent > {above}"

    return of_power_law(
        spectrum, digits, definition, "arXiv:2511.18661, Proposition 16", evaluate, obstacle, flow
    )


def _prefactor(law: PowerLaw, field: Field, flow: LocalFlow) -> Number:
    power = rational(1 / law.exponent, field)
    return field.gamma(1 - power) * field.power(2 * flow.alpha(field) / law.trace_sum(field), power)
