r"""Gradient flow on ``n`` samples of phase retrieval, to leading order near the teacher.

Of :math:`\dot v = -8 Q v + \tfrac4n \sum_k \xi_k z^*_k x_k` a mode has the variance
:math:`\frac{\sigma^2}{4n\lambda}(1 - e^{-8\lambda t})^2`, so that

.. math:: L(t) = 4\sum_i \lambda_i(w^*_i)^2 e^{-16\lambda_i t}
   + \frac{\sigma^2}n \sum_i (1 - e^{-8\lambda_i t})^2
   \sim 4\cdot2^{-\gamma} C t^{-\gamma} + \frac{\sigma^2}n V t^{1/a},

:math:`V = (2 - 2^{1/a})\,\Gamma(1-1/a)\,(8/Z)^{1/a}`. The minimum over ``t`` is where
:math:`\gamma a` times the bias is the variance.

Without label noise the flow ends, for :math:`n < d`, at the interpolator of least norm. With
:math:`\sum_i \lambda_i/(\lambda_i + k) = n`, that is :math:`kZ = (\frac{\pi/a}{n\sin(\pi/a)})^a`, and
:math:`\sum_i \lambda_i^2/(\lambda_i+k)^2 = n(1 - 1/a)`,

.. math:: \tau = a \sum_i \lambda_i (w^*_i)^2 \frac{k^2}{(\lambda_i+k)^2}
   \sim \frac{(kZ)^\gamma}{N}\,\Gamma(\gamma)\Gamma(2-\gamma), \qquad L = 4\tau .
"""

from __future__ import annotations

import sympy
from sympy import And, Eq, Gt, Lt, pi, sin

from theory.laws.law import Law, Regime, Verdict
from theory.laws.names import B, N, Z, a, d, gamma, n, sigma2, t
from theory.laws.sgd import BIAS
from theory.laws.spectra import Setting

REGULAR = And(Gt(a, 1), Gt(a + 2 * B, 1))
VARIANCE = (2 - 2 ** (1 / a)) * sympy.gamma(1 - 1 / a) * (8 / Z) ** (1 / a)
"""Of ``sigma^2 t^(1/a)/n``."""

BALANCE = gamma * a * BIAS / VARIANCE
"""Of ``n/sigma^2`` in ``t^(gamma + 1/a)`` at the minimum."""


def _leading_order(scale: sympy.Expr, power: sympy.Expr) -> tuple[Regime, ...]:
    """Measured: the deterministic equivalents of :mod:`numerics.samples` tend to them as samples grow."""
    return (Regime(sympy.true, scale, power, Verdict.MEASURED, "theory.laws.samples"),)


def stopping_time(setting: Setting) -> Law:
    """The time at which the loss is least."""
    power = 1 / (gamma + 1 / a)
    regimes = _leading_order((BALANCE / sigma2) ** power, power)
    return Law("stopping_time", "argmin over t of L", n, REGULAR, Gt(sigma2, 0), regimes, setting.names)


def stopped_loss(setting: Setting) -> Law:
    """The loss there."""
    power = 1 / (gamma + 1 / a)
    scale = BIAS * (1 + gamma * a) * (BALANCE / sigma2) ** (-gamma * power)
    regimes = _leading_order(scale, -gamma * power)
    return Law("stopped_loss", "min over t of L", n, REGULAR, Gt(sigma2, 0), regimes, setting.names)


def bias(setting: Setting) -> Law:
    """The part of the loss that more samples leave as it is."""
    return Law("bias", "L at n = oo", t, REGULAR, setting.window, _leading_order(BIAS, -gamma), setting.names)


def variance(setting: Setting) -> Law:
    """The part of the loss that the noise of the labels adds."""
    regimes = _leading_order(sigma2 / n * VARIANCE, 1 / a)
    return Law("variance", "L - (L at n = oo)", t, REGULAR, setting.window, regimes, setting.names)


def interpolation(setting: Setting) -> Law:
    """The loss at late times without label noise, n < d."""
    ridge = pi / a / sin(pi / a)
    scale = 4 * ridge ** (a * gamma) * sympy.gamma(gamma) * sympy.gamma(2 - gamma) / N
    regimes = _leading_order(scale, -gamma * a)
    window = And(Eq(sigma2, 0), True if setting.dimension == sympy.oo else Lt(n, d))
    return Law(
        "interpolation", "L at late times", n, And(REGULAR, Lt(2 * B, a)), window, regimes, setting.names
    )


def laws(setting: Setting) -> tuple[Law, ...]:
    """All of them."""
    return tuple(law(setting) for law in (bias, variance, stopping_time, stopped_loss, interpolation))
