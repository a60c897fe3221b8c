r"""The linear stage of the escape: every growth rate, and what a random start puts on the fastest mode.

While :math:`s \ll 1` the flow is :math:`\dot w = (4Q + 8\,Qw^*\,(Qw^*)^T) w`, a symmetric matrix.
Its unit eigenvectors :math:`e_k` with rates :math:`p_k` give

.. math:: u(t) = \sum_k \langle e_k, w(0)\rangle \langle e_k, Qw^*\rangle e^{p_k t}, \qquad
   \langle e_k, Qw^* \rangle = \frac{1}{\sqrt{8 D'(p_k)}}, \quad D = 1 - F,

the residues :math:`\hat a(p_k)/D'(p_k)` of P9. A start that is uniform on the unit sphere has
:math:`\langle e_k, w(0) \rangle = g_k/\sqrt d` with :math:`g_k` standard normal as ``d`` grows, whatever
the teacher. Another link has the numbers of its :class:`.LocalFlow` in place of 4 and 8.
"""

from __future__ import annotations

from functools import partial

from theory.asymptotics.escape.rate import escape_rate, escape_root, top_rate
from theory.asymptotics.escape.resolvent import lower_rate, touched
from theory.asymptotics.local_flow import SQUARE, LocalFlow, factor
from theory.asymptotics.numbers.constant import GUARD, Constant, catalogued, closed_form, undefined
from theory.asymptotics.numbers.field import FLOATS, Field, Number
from theory.asymptotics.numbers.written import written
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum
from theory.expected import Count, checked

SCALE = "C in u(t) ~ (C / sqrt d) g e^(rho t), g ~ N(0, 1), from the unit sphere: C = ({} D'(rho))^(-1/2)"
SPREAD = "x in d^-x, the relative size of the slower modes of a sphere start at T1: x = (1 - p_2/rho)/2"
AGREEMENT = "P(u(0) has the sign of the projection of w(0) on the fastest mode), w(0) uniform on the sphere"
SOURCE = "arXiv:2511.18661, Proposition 9"


@checked
def growth_rates(spectrum: Spectrum, count: Count, digits: Count = 15) -> list[Constant]:
    r"""The ``count`` largest roots of the secular equation, fewer if there are no more.

    The first is the escape rate. Between two neighbouring poles :math:`4\lambda` of eigenvalues that
    the teacher touches ``F`` falls from :math:`+\infty` to :math:`-\infty`: there is one root between
    them, and they interlace. Directions orthogonal to :math:`Qw^*` grow at :math:`4\lambda` and do
    not move ``u``.

    **Method.** Secants on :math:`(F - 1)(p - 4\lambda_k)(4\lambda_{k-1} - p)`, which has no poles
    in the interval. **Error.** Where it changes sign the root is shut in, see
    :mod:`theory.asymptotics.numbers.roots`.

    **Check.** For a flat teacher :math:`\mu_i = \lambda_i`, ``F(p) = 1`` says
    :math:`E'(z)/E(z) = -3/2` at :math:`z = 4/p` for the spectral determinant
    :math:`E(z) = \prod_i (1 - z\lambda_i)`. At :math:`a = 2`, :math:`d = \infty` it is
    :math:`\sin\varphi/\varphi` with :math:`\varphi^2 = 6z`: all roots are :math:`24/\varphi_k^2`,
    :math:`\varphi_k \in ((k-1)\pi, k\pi)` the solutions of
    :math:`\varphi \cot \varphi = 1 - \varphi^2/2`.

    >>> from mpmath import mp
    >>> for k, rate in enumerate(growth_rates(PowerLaw(2, "inf"), 3)):
    ...     phi = mp.findroot(lambda x: mp.sin(x) * (1 - x**2 / 2) - x * mp.cos(x), 3 * k + 2.1)
    ...     print(rate.printed(13)[0], mp.nstr(24 / phi**2, 13))
    5.538940591085 5.538940591085
    0.6801179714233 0.6801179714233
    0.2831942187882 0.2831942187882
    """
    lower = [
        closed_form(
            partial(lower_rate, spectrum, number),
            digits,
            f"the {number}-th largest root p of 1 = 8 sum_i lambda_i^2 (w*_i)^2 / (p - 4 lambda_i)",
            SOURCE,
        )
        for number in range(2, int(min(count, touched(spectrum))) + 1)
    ]
    return [escape_rate(spectrum, digits), *lower]


@catalogued
def escape_amplitude(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The scale of the overlap that escapes from the unit sphere.

    **Definition.** :math:`u(t) \sim \frac{C}{\sqrt d}\, g\, e^{\rho t}` while :math:`s \ll 1`, with
    :math:`g \sim N(0, 1)` independent of the teacher, and :math:`C = 1/\sqrt{8 D'(\rho)}`. It sharpens
    the ``c`` of P9: :math:`C \le \sqrt{s^{*(2)}}`, with equality for isotropic data only.

    **Error.** :math:`D' = -F'` is evaluated on the enclosure of the escape rate.

    >>> print(escape_amplitude(PowerLaw(0, 100)).value)  # sqrt(lambda), lambda = 1/100
    0.1
    """
    definition = SCALE.format(factor(flow.pull or "B'(0)"))
    reason = _obstacle(flow)
    if reason is not None:
        return undefined(definition, SOURCE, reason)
    return closed_form(
        lambda field: unstable_scale(spectrum, field, flow), digits, definition, SOURCE, lost=GUARD // 2
    )


def unstable_scale(spectrum: Spectrum, field: Field, flow: LocalFlow = SQUARE) -> Number:
    """:func:`escape_amplitude` at the working precision of the field."""
    secular, shift = escape_root(spectrum, field, flow.escape_ratio)
    return 1 / field.sqrt(-4 * written(flow.escape_ratio, field) * secular.value_and_slope(shift)[1])


def _obstacle(flow: LocalFlow) -> str | None:
    """Say why no mode escapes by the teacher's pull, or return None."""
    if flow.growth is None or flow.pull is None:
        return flow.no_escape
    if written(flow.pull) <= 0:
        return f"dB/du = {flow.pull} at w = 0 is not positive: the teacher does not pull the fastest mode"
    return None


@catalogued
def sign_agreement(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The probability that ``u(0)`` has the sign with which the overlap escapes.

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

    reason = _obstacle(flow)
    if reason is not None:
        return undefined(AGREEMENT, SOURCE, reason)

    def evaluate(field: Field) -> Number:
        cosine = unstable_scale(spectrum, field, flow) / field.sqrt(squared_norm(spectrum, field))
        sine = field.sqrt(field.max(1 - cosine**2, field.mpf(0)))  # equal to 0 for isotropic data
        return 1 - field.atan2(sine, cosine) / field.pi

    return closed_form(evaluate, digits, AGREEMENT, SOURCE, lost=digits)


def squared_norm(spectrum: Spectrum, field: Field = FLOATS) -> Number:
    r""":math:`\|Qw^*\|^2 = \sum_i \lambda_i \mu_i`, the paper's :math:`s^{*(2)}`."""
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        return spectrum.moment(1, field=field)
    return field.fsum(x * mass for x, mass, _ in spectrum.levels(field))


@catalogued
def slow_mode_exponent(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The power of ``d`` by which the slower modes of a sphere start are down at T1.

    **Definition.** At :math:`T_1 = \log d/(2\rho) + O(1)` the second mode has grown by
    :math:`e^{p_2 T_1}`: relative to the first it is of order :math:`d^{-x}`,
    :math:`x = (1 - p_2/\rho)/2`, and so is the relative error of the one-mode law of the escape time.

    Undefined where the teacher touches one eigenvalue only: then there is no slower mode in ``u``.

    >>> print(slow_mode_exponent(PowerLaw(2, "inf")).printed(10)[0])
    0.4386057712
    """
    reason = _obstacle(flow)
    if reason is not None:
        return undefined(SPREAD, SOURCE, reason)
    if touched(spectrum) < 2:
        return undefined(SPREAD, SOURCE, "the teacher touches one eigenvalue: u has a single mode")
    ratio = flow.escape_ratio

    def evaluate(field: Field) -> Number:
        return (1 - lower_rate(spectrum, 2, field, ratio) / top_rate(spectrum, ratio, field)) / 2

    return closed_form(evaluate, digits, SPREAD, SOURCE)
