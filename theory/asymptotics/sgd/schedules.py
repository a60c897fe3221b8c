r"""``n`` samples spent by online SGD with label noise: the best step, and what schedules can reach.

With steps :math:`\eta_k = \eta(1 - k/n)^p`, small ones, and one sample each, the loss has a bias, that of the
flow after the time :math:`\eta n/(p + 1)`, and a variance. With :math:`H = Q + 2Qw^*w^{*T}Q` in the place of
which near the teacher the flow has :math:`-8H`, and ``R`` the time that is left after a step,

.. math:: L = X(\eta n)^{-\gamma} + 64\sigma^2 \sum_k \eta_k^2\,\mathrm{tr}\,H^2 e^{-16HR_k}, \qquad
   X = 4 \cdot 2^{-\gamma}C\,(p + 1)^\gamma .

As :math:`\mathrm{tr}\,H^2 e^{-16HR} \sim C_2 R^{-(2 - 1/a)}`,
:math:`C_2 = \Gamma(2 - 1/a)\,16^{1/a - 2}/(a Z^{1/a})`, late steps decide the sum for :math:`p < a - 1`, and
all of them do beyond. It is :math:`Y \eta^g n^{g - 1}` with

.. math:: g = \frac1{p + 1},\ Y = 64\sigma^2\,\Gamma(2 - g)\,16^{g - 2} g^{g - 1}\,\mathrm{tr}\,H^g
   \quad (p < a - 1), \qquad
   g = \frac1a,\ Y = \frac{64\sigma^2 C_2 (p + 1)^{2 - 1/a}}{(p + 1)/a - 1} \quad (p > a - 1).

The best step has :math:`\eta^{\gamma + g} = \gamma X n^{1 - g - \gamma}/(gY)` and leaves
:math:`L = (1 + \gamma/g)\,X(\eta n)^{-\gamma} \propto n^{-\gamma/(\gamma + g)}`. Without decay,
:math:`g = 1`, that is :math:`n^{-\gamma/(1 + \gamma)}`; from :math:`p > a - 1` on it is
:math:`n^{-(b - 1)/b}`, :math:`b = a + 2B`, which is the minimax exponent of eigenvalues :math:`i^{-a}` and
masses :math:`i^{-b}`. This asks for a step that falls with n, :math:`\gamma > 1 - g`. Where it would have to
grow, for :math:`B < 0` at :math:`g = 1/a`, the largest stable step bounds the bias: :math:`n^{-\gamma}`.
"""

from __future__ import annotations

import math
from fractions import Fraction

from mpmath import mp, mpf

from theory.asymptotics.convergence.laws import amplitude, decay_law
from theory.asymptotics.numbers.constant import Constant, closed_form, undefined
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sgd.floor import SOURCE, Step
from theory.asymptotics.sums.compression import compressed
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, exact
from theory.expected import Count, checked

EXPONENT = "q in min over eta of E L ~ C n^-q after n samples, label noise, steps eta (1 - k/n)^{}"
MINIMAX = "q in n^-q, the least worst-case loss of n samples over teachers with masses up to i^-(a + 2B)"
STEP = "eta for which E L after {} samples is least, label noise of variance {}, steps eta (1 - k/n)^{}"
LOSS = "the least E L after {} samples over eta, label noise of variance {}, steps eta (1 - k/n)^{}"
DIGITS, REACH, LOG_STEP = 12, 24, 0.05
"""Of the rule for the modes, the decades that it resolves, and the step of trapezia in a logarithm."""
ROUNDING = mpf("1e-10")
"""Relative error of what is computed in double precision."""


@checked
def minimax_exponent(spectrum: PowerLaw, digits: Count = 15) -> Constant:
    r""":math:`(a + 2B - 1)/(a + 2B)`, the best exponent that any estimator has with label noise.

    References: Caponnetto, de Vito, Found. Comput. Math. 7 (2007), for the linear problem, which this is near
    the teacher.

    >>> print(minimax_exponent(PowerLaw(2, "inf")).printed(6)[0])
    0.500000
    """
    if reason := _obstacle(spectrum):
        return undefined(MINIMAX, SOURCE, reason)
    b = _masses(spectrum)
    return closed_form(lambda field: rational((b - 1) / b, field), digits, MINIMAX, SOURCE)


@checked
def sgd_tuned_exponent(spectrum: PowerLaw, decay: Exact = 0, digits: Count = 15) -> Constant:
    r""":math:`\min(\gamma, \gamma/(\gamma + g))`, what the best steps :math:`\eta(1 - k/n)^p` reach.

    ``decay`` is ``p``.

    >>> [sgd_tuned_exponent(PowerLaw(3, "inf"), p).printed(3)[0] for p in (0, 1, 4)]
    ['0.400', '0.571', '0.667']
    """
    p = _decay(decay)
    definition = EXPONENT.format(p)
    if reason := _obstacle(spectrum) or _between(spectrum, p):
        return undefined(definition, SOURCE, reason)
    gamma, g = decay_law(spectrum), _power(spectrum, p)
    reached = min(gamma, gamma / (gamma + g))
    return closed_form(lambda field: rational(reached, field), digits, definition, SOURCE)


@checked
def sgd_tuned_step(
    spectrum: PowerLaw, samples: Step, noise_variance: Step, decay: Exact = 0, digits: Count = 15
) -> Constant:
    r"""The :math:`\eta` of steps :math:`\eta(1 - k/n)^p` that is best for ``samples`` n, to leading order.

    Undefined where it would grow with n: then it is the largest that one dares. With batches of m inputs,
    m times as much.

    >>> print(sgd_tuned_step(PowerLaw(2, "inf"), 10**6, 1).printed(5)[0])
    0.0013205
    """
    p = _decay(decay)
    definition = STEP.format(f"{samples:g}", f"{noise_variance:g}", p)
    if reason := _obstacle(spectrum) or _between(spectrum, p) or _grows(spectrum, p):
        return undefined(definition, SOURCE, reason)
    return _in_double(_best(spectrum, samples, noise_variance, p)[0], definition)


@checked
def sgd_tuned_loss(
    spectrum: PowerLaw, samples: Step, noise_variance: Step, decay: Exact = 0, digits: Count = 15
) -> Constant:
    r"""The loss with :func:`sgd_tuned_step`, to leading order in n and in the step.

    >>> print(sgd_tuned_loss(PowerLaw(2, "inf"), 10**6, 1).printed(5)[0])
    0.028523
    """
    p = _decay(decay)
    definition = LOSS.format(f"{samples:g}", f"{noise_variance:g}", p)
    if reason := _obstacle(spectrum) or _between(spectrum, p) or _grows(spectrum, p):
        return undefined(definition, SOURCE, reason)
    return _in_double(_best(spectrum, samples, noise_variance, p)[1], definition)


@checked
def teacher_trace(spectrum: PowerLaw, power: Exact, digits: Count = 15) -> Constant:
    r""":math:`\mathrm{tr}\,H^g`, :math:`H = Q + 2Qw^*w^{*T}Q`, for ``power`` g from 0 to 1.

    Of the determinant :math:`\det(H + x)/\det(Q + x) = 1 + 2\sum_i \lambda_i\mu_i/(\lambda_i + x)`:

    .. math:: \mathrm{tr}\,(H^g - Q^g) = \frac{g \sin \pi g}\pi \int_0^\infty x^{g - 1}
       \log\Big(1 + 2\sum_i \frac{\lambda_i\mu_i}{\lambda_i + x}\Big)\,dx .

    >>> print(teacher_trace(PowerLaw(2, "inf"), 1).printed(6)[0])
    1.80000
    """
    g = exact(power, "power")
    if not 0 < g <= 1:
        raise ValueError(f"power is {power}, but it must lie above 0 and up to 1")
    definition = f"trace of (Q + 2 Q w* w*' Q)^{g}"
    if spectrum.mass_exponent is None:
        return undefined(definition, SOURCE, "known for flat and source teachers")
    if spectrum.dimension == mp.inf and spectrum.exponent * g <= 1:
        return undefined(definition, SOURCE, "the sum of the powers of the eigenvalues diverges")
    return _in_double(_trace(spectrum, g), definition)


def _in_double(value: mpf, definition: str) -> Constant:
    """A number that is known to ten digits."""
    return Constant(value, abs(value) * ROUNDING, definition, SOURCE)


def _trace(spectrum: PowerLaw, g: Fraction) -> mpf:
    """tr H^g, in double precision where g < 1: trapezia in the logarithm of x."""
    import numpy as np

    plain = power_sum(spectrum.exponent * g, 1, spectrum.dimension) / spectrum.trace_sum() ** rational(g)
    if g == 1:
        return plain + 2 * spectrum.moment(1)
    with mp.workdps(DIGITS):
        levels, masses = np.array(compressed(spectrum, mpf(10) ** REACH), dtype=float).T
    power = float(g)
    log_x = np.arange(-36 / power, 36 / (1 - power), LOG_STEP)
    pulls = 1 / (1 + np.exp(np.subtract.outer(log_x, np.log(levels))))
    area = float((np.exp(power * log_x) * np.log1p(2 * pulls @ masses)).sum()) * LOG_STEP
    return plain + mpf(power * math.sin(math.pi * power) / math.pi * area)


def _best(spectrum: PowerLaw, samples: float, noise: float, p: Fraction) -> tuple[mpf, mpf]:
    """The best step and the loss that it leaves."""
    gamma, g, a = (rational(x) for x in (decay_law(spectrum), _power(spectrum, p), spectrum.exponent))
    n = mpf(samples)
    length = rational(p) + 1
    X = 4 * amplitude(spectrum) * (length / 2) ** gamma
    if p < spectrum.exponent - 1:
        trace = _trace(spectrum, _power(spectrum, p))
        Y = mp.gamma(2 - g) * mpf(16) ** (g - 2) * g ** (g - 1) * trace
    else:
        late = mp.gamma(2 - g) * mpf(16) ** (g - 2) / (a * spectrum.trace_sum() ** g)
        Y = late * length ** (2 - g) / (length / a - 1)
    Y *= 64 * mpf(noise)
    step = (gamma * X * n ** (1 - g - gamma) / (g * Y)) ** (1 / (gamma + g))
    return step, (1 + gamma / g) * X * (step * n) ** -gamma


def _power(spectrum: PowerLaw, p: Fraction) -> Fraction:
    """The g of the variance."""
    return max(1 / (p + 1), 1 / spectrum.exponent)


def _masses(spectrum: PowerLaw) -> Fraction:
    return 1 + decay_law(spectrum) * spectrum.exponent


def _decay(decay: Exact) -> Fraction:
    p = exact(decay, "decay")
    if p < 0:
        raise ValueError(f"decay is {decay}, but it must be at least 0")
    return p


def _obstacle(spectrum: PowerLaw) -> str | None:
    """Why there is no law in the number of samples, None where there is one."""
    try:
        decay_law(spectrum)
    except ValueError as reason:
        return str(reason)
    return None if spectrum.dimension == mp.inf else "only at d = inf do laws in n go on"


def _between(spectrum: PowerLaw, p: Fraction) -> str | None:
    return "decay = a - 1: the variance has a logarithm" if p == spectrum.exponent - 1 else None


def _grows(spectrum: PowerLaw, p: Fraction) -> str | None:
    """Why no step that falls with n is best, None where there is one."""
    if decay_law(spectrum) > 1 - _power(spectrum, p):
        return None
    return "no step that falls with n is best: the largest stable one bounds the bias"
