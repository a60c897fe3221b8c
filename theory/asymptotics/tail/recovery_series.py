r"""The feedback of the statistics on what is recovered, as a series: every universal correction.

In the clock and with the memory functions :math:`h_\alpha` of
:mod:`theory.asymptotics.convergence.expansion`, :math:`V = -e^{-y} + \sum_k c_k \varphi^{-k\gamma}
h_{k\gamma}(y)`, :math:`y = 8\lambda\varphi`. What is recovered is :math:`\sum_i (w^*_i)^2 (1 - V^2)`, and
its weights differ from the masses by one power of :math:`\lambda`: the integrals over ``y`` are those of
:mod:`theory.asymptotics.convergence.expansion` at :math:`\gamma - 1`,

.. math:: \frac{\text{recovered} - K}{C \varphi^{1-\gamma}} \sim 1
   - 2^\gamma \sum_k c_k \varphi^{-k\gamma}\,\mathrm{cross}_{\gamma - 1, k\gamma}
   + 2^{\gamma-1} \sum_{k,l} c_k c_l\,\varphi^{-(k+l)\gamma}\,\mathrm{quad}_{\gamma - 1, k\gamma, l\gamma},

and :math:`\varphi = t\,(1 + \sum_k \frac{3p_k + \frac32 q_k}{1 - k\gamma} t^{-k\gamma})` returns to the
time. The terms below relative order ``1/t``, :math:`k < 1/\gamma`, see neither the start nor the
spectrum's head.
"""

from __future__ import annotations

from mpmath import mp, mpf

from theory.asymptotics.convergence.expansion import cross_memory, quadratic_memory, universal_coefficients
from theory.asymptotics.numbers.constant import GUARD
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.spectrum import Exact, decimal, exact
from theory.expected import Count, checked

Coefficients = list[mpf]
"""Of a power series from the constant on, all of one length."""


@checked
def recovered_coefficients(gamma: Exact, count: Count, digits: Count = 15) -> list[mpf]:
    r""":math:`\hat r_1, \hat r_2, \dots`, ``count`` of them, functions of the exponent alone.

    They are those of recovered :math:`- K \sim C t^{1-\gamma} (1 + \sum_k \hat r_k X^k)`,
    :math:`X = C_f t^{-\gamma}`, :math:`C_f` three halves of :func:`.energy_prefactor`. The first has a
    closed form, :func:`.recovered_correction`.

    >>> print(*(mp.nstr(value, 10) for value in recovered_coefficients("1/3", 2)))
    -0.7068396394 -0.7217410442

    Raises ValueError for :math:`\gamma \le 0`, and where fewer are universal, ``count`` not below
    :math:`1/\gamma`.
    """
    power = exact(gamma, "gamma")
    if power <= 0:
        raise ValueError(f"gamma is {decimal(power)}, but it must be positive")
    if not 1 <= count < 1 / power:
        raise ValueError(f"count is {count}, but from 1 to below 1/gamma coefficients are universal")
    laws = universal_coefficients(power, count, digits + GUARD)
    with mp.workdps(digits + GUARD):
        g = rational(power)
        deficit = [mpf(0), *laws["overlap"]]
        squares = [2 * u - e for u, e in zip(deficit, [mpf(0), *laws["energy"]], strict=True)]
        slowed = [-3 * u + 3 * q / 2 for u, q in zip(deficit, squares, strict=True)]
        clock = [mpf(1), *(slowed[k] / (1 - k * g) for k in range(1, count + 1))]
        pull = [2 * u - 3 * q / 2 for u, q in zip(deficit, squares, strict=True)]
        in_time = _product(pull, _power([mpf(1), *slowed[1:]], mpf(-1)))
        c = _in_clock(in_time, clock, g)
        in_clock = [mpf(1)]
        for n in range(1, count + 1):
            pairs = (c[k] * c[n - k] * quadratic_memory(g - 1, k * g, (n - k) * g) for k in range(1, n))
            linear = mp.power(2, g) * c[n] * cross_memory(g - 1, n * g)
            in_clock.append(mp.power(2, g - 1) * mp.fsum(pairs) - linear)
        total = [mpf(0)] * (count + 1)
        for n, coefficient in enumerate(in_clock):
            for k, x in enumerate(_power(clock, 1 - g - n * g)[: count + 1 - n]):
                total[n + k] += coefficient * x
        return total[1:]


def _in_clock(series: Coefficients, clock: Coefficients, gamma: mpf) -> Coefficients:
    r"""A series without constant in :math:`t^{-\gamma}` as one in :math:`\varphi^{-\gamma}`."""
    rest, found = list(series), [mpf(0)] * len(series)
    for k in range(1, len(series)):
        found[k] = rest[k]
        for j, x in enumerate(_power(clock, -k * gamma)[: len(series) - k]):
            rest[k + j] -= found[k] * x
    return found


def _product(one: Coefficients, other: Coefficients) -> Coefficients:
    return [mp.fsum(one[k] * other[n - k] for k in range(n + 1)) for n in range(len(one))]


def _power(series: Coefficients, exponent: mpf) -> Coefficients:
    """Raise a series with constant 1 to any power, by the recursion of J. C. P. Miller."""
    result = [mpf(1)]
    for n in range(1, len(series)):
        terms = ((exponent * k - n + k) * series[k] * result[n - k] for k in range(1, n + 1))
        result.append(mp.fsum(terms) / n)
    return result
