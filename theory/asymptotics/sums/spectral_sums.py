r"""Sums over a spectrum, :math:`\sum_i \lambda_i^k (w^*_i)^2 f(\lambda_i)`, with a function of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable

from mpmath import mp, mpc, mpf

from theory.asymptotics.numbers.constant import GUARD, Constant
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, Spectrum, exact, unlisted
from theory.expected import Count, checked

Function = Callable[[mpf | mpc], mpf | mpc]
SOURCE = "Cauchy's formula for the Taylor coefficients of f, power sums for the moments"
FALL = 16
"""How far the listed modes go: the others are this much smaller than the circle on which f is sampled."""


@checked
def spectral_sum(
    spectrum: Spectrum, function: Function, power: int = 1, digits: Count = 15, reach: Exact | None = None
) -> Constant:
    r""":math:`\sum_i \lambda_i^k (w^*_i)^2 f(\lambda_i)`, ``k`` the ``power``, at any dimension.

    ``function`` is ``f``: real on the real axis, analytic for :math:`|\lambda| <` ``reach`` (by default
    :math:`2\lambda_1`), called with real and complex numbers of mpmath at the working precision.

    **Method.** The first modes are added one by one, down to a small fraction of the reach ``R``. For
    the others ``f`` becomes its Taylor series at 0, whose coefficients are means over ``N`` points of a
    circle of radius ``r`` (error :math:`(r/R)^N`), and the sum becomes moments of the power law. Given
    teachers and eigenvalues are added mode by mode.

    **Error.** The radius is the difference between the circles ``R/2`` and ``R/4``, of which the better
    is returned; it is an estimate. A singularity within ``R/2`` makes them differ: then ArithmeticError.

    Raises ValueError where the sum diverges at :math:`d = \infty`, :math:`(k - 1) a + b \le 1` with ``b``
    the exponent of the masses, and for a reach that is not positive, or passed by a million modes.

    The secular equation, and a sum that a factor :math:`e^{-8\lambda t}` makes:

    >>> from theory.asymptotics import escape_rate
    >>> law = PowerLaw(2, "inf")
    >>> rho = escape_rate(law, 30).value
    >>> print(spectral_sum(law, lambda x: 8 / (rho - 4 * x), power=2, digits=25).printed(25)[0])
    1.000000000000000000000000
    >>> print(spectral_sum(PowerLaw("1.5", "1e12"), lambda x: mp.exp(-8 * x), digits=20).printed(20)[0])
    0.47138443187307827288
    """
    definition = f"sum_i lambda_i^{power} (w*_i)^2 f(lambda_i), |w*|_Q = 1"
    if isinstance(spectrum, PowerLaw) and spectrum.dimension == math.inf:
        decay = (power - 1) * spectrum.exponent + (spectrum.mass_exponent or 0)
        if decay <= 1:
            raise ValueError(
                f"power is {power}, but the sum diverges at d = inf: its terms fall as i^-{decay}"
            )
    with mp.workdps(digits + GUARD):
        radius_of_f = 2 * spectrum.extremes()[0] if reach is None else rational(exact(reach, "reach"))
        if radius_of_f <= 0:
            raise ValueError(f"reach is {reach}, but it must be positive")
        law = unlisted(spectrum, 8 * mp.dps)
        if law is None:
            terms = [x ** (power - 1) * mass * function(x) for x, mass, _ in spectrum.levels() if mass]
            size = mp.fsum(terms, absolute=True)
            return Constant(mp.fsum(terms), size * mpf(10) ** (-digits - GUARD // 2), definition, SOURCE)
        sums = [_sum(law, function, power - 1, radius_of_f / part) for part in (2, 4)]
        size = max(abs(total) for total in sums)
        error = abs(sums[0] - sums[1]) + size * mpf(10) ** (-digits - GUARD // 2)
        if error > size * mpf(10) ** -digits:
            raise ArithmeticError(
                f"the sum is known to {mp.nstr(error / size, 2)} only: f is not analytic up to the reach "
                f"{mp.nstr(radius_of_f, 6)}, or its sum cancels"
            )
        return Constant(sums[1], error, definition, SOURCE)


def _sum(law: PowerLaw, function: Function, order: int, circle: mpf) -> mpf:
    """Add the modes above ``circle / FALL``, and the moments of the rest times the Taylor coefficients."""
    count = int((FALL / (circle * law.trace_sum())) ** (1 / rational(law.exponent))) + 1
    if count > 10**6:
        raise ValueError("reach is too small: more than a million modes lie above a small fraction of it")
    head = law.head(int(min(count, law.dimension)))
    total = mp.fsum(x**order * mass * function(x) for x, mass, _ in head)
    if count >= law.dimension:
        return total
    coefficients = _taylor(function, circle, math.ceil(mp.dps / math.log10(FALL)) + 1)
    return total + mp.fsum(c * law.moment(order + k, count + 1) for k, c in enumerate(coefficients))


def _taylor(function: Function, circle: mpf, terms: int) -> list[mpf]:
    """Taylor coefficients at 0 from half of the circle: f is conjugate on the other half."""
    points = 4 * math.ceil(mp.prec / 4) + 8
    roots = [mp.expjpi(mpf(2 * j) / points) for j in range(points)]
    values = [function(circle * root) for root in roots[: points // 2 + 1]]
    weighted = [w * v for w, v in zip([1, *[2] * (points // 2 - 1), 1], values, strict=True)]
    return [
        mp.fsum(mp.re(v * roots[-j * k % points]) for j, v in enumerate(weighted)) / points / circle**k
        for k in range(terms)
    ]
