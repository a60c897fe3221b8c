r"""The rate :math:`\rho` at which the overlap grows while the student is small.

At :math:`w = 0` the flow of ``u`` obeys a Volterra equation whose resolvent has one pole to the
right of the spectrum; its position is the escape rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from mpmath import mp, mpf

from .constant import GUARD, Constant
from .power_sums import power_sum
from .spectrum import PowerLaw, Spectrum, unlisted

DEFINITION = "the root rho > 4 lambda_1 of 1 = 8 sum_i lambda_i^2 (w*_i)^2 / (rho - 4 lambda_i)"
SOURCE = "arXiv:2511.18661, Lemma 2"


def escape_rate(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the escape rate: :math:`u(t) \sim c\,e^{\rho t}` while :math:`s \ll 1`.

    **Definition.** With :math:`\mu_i = \lambda_i (w^*_i)^2`, :math:`\rho` is the only root above
    :math:`4\lambda_1` of

    .. math:: F(\rho) = \sum_i \frac{8 \lambda_i \mu_i}{\rho - 4\lambda_i} = 1,

    where :math:`\lambda_1` is the largest eigenvalue that the teacher touches, :math:`\mu_1 > 0`.
    It is the top eigenvalue of :math:`4Q + 8 Q w^* w^{*T}` on the modes of the teacher.

    **Method.** The first modes are added one by one. Beyond mode ``n`` the geometric series of
    :math:`1/(\rho - 4\lambda_i)` turns the sum into moments :math:`\sum_{i \ge n} \lambda_i^k
    \mu_i`, found once; what is cut off is at most its first term over :math:`1 - 4\lambda_n/\rho`.
    The reciprocal :math:`1/F` is increasing and concave on the right of its poles, so Newton's
    method for :math:`1/F = 1` climbs to the root from any lower bound; one is the Rayleigh
    quotient :math:`4 m_2/m_1 + 8 m_1`, :math:`m_k = \sum \lambda_i^k \mu_i`. The unknown is
    :math:`\rho - 4\lambda_1`, so that a weak first mode costs no digits.

    **Error.** ``F`` decreases: the radius is accepted when ``F - 1`` changes sign across it by
    more than the bound on the tail.

    >>> print(escape_rate(PowerLaw(2, "inf")).printed(15)[0])
    5.53894059108475
    >>> print(escape_rate(PowerLaw(2, "inf"), 50).printed(50)[0])
    5.5389405910847542644535870693329254476498000462269
    >>> print(escape_rate(PowerLaw(0, 1000)).printed(15)[0])
    0.0120000000000000

    **Check.** For :math:`a = 2`, :math:`d = \infty` and the flat teacher, partial fractions give
    :math:`\rho = 24/\varphi^2` where :math:`\varphi \in (0, \pi)` and
    :math:`\varphi \cot\varphi = 1 - \varphi^2/2`:

    >>> phi = mp.findroot(lambda x: x * mp.cot(x) - 1 + x**2 / 2, 2.1)
    >>> print(24 / phi**2)
    5.53894059108475

    References: [Lem 2, Lem 8, P9] of arXiv:2511.18661.
    """
    value, radius = _certified(spectrum, digits)
    return Constant(value, radius, DEFINITION, SOURCE)


@dataclass(frozen=True)
class _Resolvent:
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


@lru_cache(maxsize=32)
def _certified(spectrum: Spectrum, digits: int) -> tuple[mpf, mpf]:
    """Return the escape rate and its radius."""
    with mp.workdps(digits + GUARD):
        law = unlisted(spectrum, 2 * _head_length())
        resolvent, shift = _listed(spectrum) if law is None else _series(law)
        while True:
            value, slope = resolvent.value_and_slope(shift)
            step = value * (1 - value) / slope
            if abs(step) <= shift * mp.eps * 2**10:
                break
            shift += step
        rho = resolvent.floor + shift
        radius = rho * mpf(10) ** (-digits - GUARD // 2)
        above = shift + radius
        if resolvent.value_and_slope(above)[0] + resolvent.remainder(above) >= 1:
            raise ArithmeticError("escape rate not certified from above")
        if shift > radius and resolvent.value_and_slope(shift - radius)[0] <= 1:
            raise ArithmeticError("escape rate not certified from below")
        return rho, radius


def _head_length() -> int:
    return 2 * int(mp.dps) + 10


def _listed(spectrum: Spectrum) -> tuple[_Resolvent, mpf]:
    """Return the resolvent with every mode listed, and a lower bound of its root."""
    levels = [level for level in spectrum.levels() if level.mass]
    top = levels[0].eigenvalue
    first, second = (mp.fsum(x**k * mass for x, mass, _ in levels) for k in (1, 2))
    poles = [(4 * (top - x), 8 * x * mass) for x, mass, _ in levels]
    return _Resolvent(4 * top, poles, [], mpf(0)), _lower_bound(top, poles[0][1], first, second)


def _series(spectrum: PowerLaw) -> tuple[_Resolvent, mpf]:
    """Return the resolvent with a series for the tail, and a lower bound of its root."""
    count = _head_length()
    head = spectrum.head(count)
    top = head[0].eigenvalue
    poles = [(4 * (top - x), 8 * x * mass) for x, mass, _ in head]
    with mp.workdps(15):
        first, second = spectrum.moment(1), spectrum.moment(2)
    shift = _lower_bound(top, poles[0][1], first, second)
    edge = 4 * spectrum.eigenvalue(count + 1)
    series = _tail_series(spectrum, count + 1, float(mp.log10((4 * top + shift) / edge)))
    return _Resolvent(4 * top, poles, series, edge), shift


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
