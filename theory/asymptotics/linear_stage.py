r"""The linear stage of the escape: every growth rate, and what a random start puts on the fastest mode.

While :math:`s \ll 1` the flow is :math:`\dot w = (4Q + 8\,Qw^*\,(Qw^*)^T) w`, a symmetric matrix.
Its unit eigenvectors :math:`e_k` with rates :math:`p_k` give

.. math:: u(t) = \sum_k \langle e_k, w(0)\rangle \langle e_k, Qw^*\rangle e^{p_k t}, \qquad
   \langle e_k, Qw^* \rangle = \frac{1}{\sqrt{8 D'(p_k)}}, \quad D = 1 - F,

the residues :math:`\hat a(p_k)/D'(p_k)` of P9. A start that is uniform on the unit sphere has
:math:`\langle e_k, w(0) \rangle = g_k/\sqrt d` with :math:`g_k` standard normal as ``d`` grows, whatever
the teacher.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from mpmath import mp, mpf

from .constant import GUARD, Constant, undefined
from .escape import escape_rate
from .resolvent import Resolvent, resolvent
from .spectrum import PowerLaw, Spectrum

RATES = "the {}-th largest root p of 1 = 8 sum_i lambda_i^2 (w*_i)^2 / (p - 4 lambda_i)"
SCALE = "C in u(t) ~ (C / sqrt d) g e^(rho t), g ~ N(0, 1), from the unit sphere: C = (8 D'(rho))^(-1/2)"
SPREAD = "x in d^-x, the relative size of the slower modes of a sphere start at T1: x = (1 - p_2/rho)/2"
AGREEMENT = "P(u(0) has the sign of the projection of w(0) on the fastest mode), w(0) uniform on the sphere"
SOURCE = "arXiv:2511.18661, Proposition 9"


def growth_rates(spectrum: Spectrum, count: int, digits: int = 15) -> list[Constant]:
    r"""Return the ``count`` largest roots of the secular equation, fewer if there are no more.

    The first is the escape rate. Between two neighbouring poles :math:`4\lambda` of eigenvalues that
    the teacher touches ``F`` falls from :math:`+\infty` to :math:`-\infty`: there is one root between
    them, and they interlace. Directions orthogonal to :math:`Qw^*` grow at :math:`4\lambda` and do
    not move ``u``.

    **Method.** False position on :math:`(F - 1)(p - 4\lambda_k)(4\lambda_{k-1} - p)`, which has no poles
    in the interval. **Error.** The radius is accepted when ``F - 1`` changes sign across it.

    **Check.** For a flat teacher :math:`\mu_i = \lambda_i`, ``F(p) = 1`` says
    :math:`E'(z)/E(z) = -3/2` at :math:`z = 4/p` for the spectral determinant
    :math:`E(z) = \prod_i (1 - z\lambda_i)`. At :math:`a = 2`, :math:`d = \infty` it is
    :math:`\sin\varphi/\varphi` with :math:`\varphi^2 = 6z`: all roots are :math:`24/\varphi_k^2`,
    :math:`\varphi_k \in ((k-1)\pi, k\pi)` the solutions of
    :math:`\varphi \cot \varphi = 1 - \varphi^2/2`.

    >>> for k, rate in enumerate(growth_rates(PowerLaw(2, "inf"), 3)):
    ...     phi = mp.findroot(lambda x: mp.sin(x) * (1 - x**2 / 2) - x * mp.cos(x), 3 * k + 2.1)
    ...     print(rate.printed(13)[0], mp.nstr(24 / phi**2, 13))
    5.538940591085 5.538940591085
    0.6801179714233 0.6801179714233
    0.2831942187882 0.2831942187882
    """
    if count < 1:
        raise ValueError(f"count is {count}, but it must be a positive integer")
    with mp.workdps(digits + GUARD):
        secular, _ = resolvent(spectrum, count)
        poles = [gap for gap, _ in secular.poles][:count]
        lower = [
            _between(secular, upper, gap, digits, RATES.format(number))
            for number, (upper, gap) in enumerate(pairwise(poles), start=2)
        ]
    return [escape_rate(spectrum, digits), *lower]


def _between(secular: Resolvent, upper: mpf, gap: mpf, digits: int, definition: str) -> Constant:
    """Return the root between the poles at ``gap`` and ``upper`` below the floor."""

    def excess(shift: mpf) -> mpf:
        return secular.value_and_slope(shift)[0] - 1

    bracket = -gap, -upper
    weight = dict(secular.poles)
    at_ends = weight[gap] * (gap - upper), -weight[upper] * (gap - upper)
    shift = false_position(lambda x: excess(x) * (x + gap) * (-upper - x), *bracket, *at_ends)
    rate = secular.floor + shift
    radius = rate * mpf(10) ** (-digits - GUARD // 2)
    if shift - radius > -gap and excess(shift - radius) <= 0:
        raise ArithmeticError("growth rate not certified from below")
    if shift + radius < -upper and excess(shift + radius) + secular.remainder(shift + radius) >= 0:
        raise ArithmeticError("growth rate not certified from above")
    return Constant(rate, radius, definition, SOURCE)


def false_position(function: Callable[[mpf], mpf], low: mpf, high: mpf, at_low: mpf, at_high: mpf) -> mpf:
    """Solve by false position, halving the value at an end that stays [Dowell, Jarratt 1971]."""
    previous = low
    while at_high:
        x = high - at_high * (high - low) / (at_high - at_low)
        value = function(x)
        if abs(x - previous) <= abs(x) * mp.eps * 2**10 or not value:
            return x
        previous = x
        if value * at_high < 0:
            low, at_low = high, at_high
        else:
            at_low /= 2
        high, at_high = x, value
    return high


def escape_amplitude(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the scale of the overlap that escapes from the unit sphere.

    **Definition.** :math:`u(t) \sim \frac{C}{\sqrt d}\, g\, e^{\rho t}` while :math:`s \ll 1`, with
    :math:`g \sim N(0, 1)` independent of the teacher, and :math:`C = 1/\sqrt{8 D'(\rho)}`. It sharpens
    the ``c`` of P9: :math:`C \le \sqrt{s^{*(2)}}`, with equality for isotropic data only.

    **Error.** As for the escape rate at which :math:`D' = -F'` is evaluated, which is known to 10 more
    digits than asked for; :math:`|F''| \le 2|F'|/(\rho - 4\lambda_1)` bounds what its error does.

    >>> print(escape_amplitude(PowerLaw(0, 100)).value)  # sqrt(lambda), lambda = 1/100
    0.1
    """
    scale, error = _amplitude(spectrum, digits)
    return Constant(scale, error, SCALE, SOURCE)


def _amplitude(spectrum: Spectrum, digits: int) -> tuple[mpf, mpf]:
    rho = escape_rate(spectrum, digits + GUARD // 2)
    with mp.workdps(digits + 2 * GUARD):
        secular, _ = resolvent(spectrum)
        shift = rho.value - secular.floor
        scale = 1 / mp.sqrt(-8 * secular.value_and_slope(shift)[1])
        return scale, scale * (rho.radius / (shift - rho.radius) + mpf(10) ** (-digits - GUARD // 2))


def sign_agreement(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the probability that ``u(0)`` has the sign with which the overlap escapes.

    **Definition.** ``w(0)`` uniform on the sphere; the sign of :math:`u(0) = \langle w(0), Qw^*\rangle`
    against that of :math:`\langle w(0), e_1 \rangle`, which decides between the two teachers as
    :math:`d \to \infty` (each has probability 1/2). The two vectors are at the angle
    :math:`\arccos r`, :math:`r = 1/\sqrt{8 D'(\rho)\, s^{*(2)}}`, hence

    .. math:: P = \frac12 + \frac{\arcsin r}{\pi}.

    It is 1 for isotropic data only.

    >>> print(sign_agreement(PowerLaw(0, 100)).printed(10)[0])
    1.000000000
    >>> print(sign_agreement(PowerLaw(2, "inf")).printed(15)[0])
    0.966945890248709
    """
    scale, error = _amplitude(spectrum, 2 * digits)
    with mp.workdps(2 * digits + 2 * GUARD):
        moment = squared_norm(spectrum)
        sine = min(scale / mp.sqrt(moment), mpf(1))
        angle = mp.asin(sine)
        slack = angle - mp.asin(max(sine - 2 * error / mp.sqrt(moment), mpf(-1)))
        return Constant(mpf(1) / 2 + angle / mp.pi, slack, AGREEMENT, SOURCE)


def squared_norm(spectrum: Spectrum) -> mpf:
    r"""Return :math:`\|Qw^*\|^2 = \sum_i \lambda_i \mu_i`, the paper's :math:`s^{*(2)}`."""
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        return spectrum.moment(1)
    return mp.fsum(x * mass for x, mass, _ in spectrum.levels())


def slow_mode_exponent(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the power of ``d`` by which the slower modes of a sphere start are down at T1.

    **Definition.** At :math:`T_1 = \log d/(2\rho) + O(1)` the second mode has grown by
    :math:`e^{p_2 T_1}`: relative to the first it is of order :math:`d^{-x}`,
    :math:`x = (1 - p_2/\rho)/2`, and so is the relative error of the one-mode law of the escape time.

    Undefined where the teacher touches one eigenvalue only: then there is no slower mode in ``u``.

    >>> print(slow_mode_exponent(PowerLaw(2, "inf")).printed(10)[0])
    0.4386057712
    """
    rates = growth_rates(spectrum, 2, digits + 5)
    if len(rates) < 2:
        return undefined(SPREAD, SOURCE, "the teacher touches one eigenvalue: u has a single mode")
    first, second = rates
    assert first.value is not None
    assert first.radius is not None
    assert second.value is not None
    assert second.radius is not None
    with mp.workdps(digits + GUARD):
        value = (1 - second.value / first.value) / 2
        radius = (first.radius + second.radius) / first.value
    return Constant(value, radius, SPREAD, SOURCE)
