r"""The noise that the history of online SGD leaves in its loss, and when it overtakes the bias.

Without label noise the trace :math:`\tau` of the second moments of
:mod:`theory.asymptotics.sgd.stability` has two sources that decay as powers of ``t``: the bias of
descent, and what the inputs' noise :math:`64\eta\lambda_i^2 (3\tau + 12\nu)/m` of the fast beginning has
put on the slow modes,

.. math:: \tau \sim \frac1{1 - \kappa} \Big[\sum_i \mu_i e^{-16\lambda_i t}
   + \frac{64\eta I}m \sum_i \lambda_i^2 e^{-16\lambda_i t}\Big], \qquad L \sim 4(1 + 2r)\,\tau,

with :math:`\mu_i = \lambda_i (w^*_i)^2` and the history

.. math:: I = \eta \sum_k (3\tau_k + 12\nu_k),

which is finite where the bias is integrable, :math:`\gamma = (a + 2B - 1)/a > 1`. The second sum falls as
:math:`C_2 t^{-(2 - 1/a)}`, :math:`C_2 = \Gamma(2 - 1/a)\,16^{1/a - 2}/(a Z^{1/a})`. It wins for
:math:`2B > a`, after the time :math:`t_\times` at which both are equal; at :math:`2B = a` they add, without a
logarithm.

The history depends on the start. Here SGD is linearised at the teacher and starts with the deviation
:math:`-w^*`: the sum of all :math:`N_k` is then what stays under the source :math:`ee^T`, to whatever order
in :math:`\eta`. Of another run, or with the escape before, :math:`I` is the sum of
:math:`\eta E[V]/64`, V the factor of ``Q`` in the covariance of a sample's gradient.
"""

from __future__ import annotations

import math

from mpmath import mp

from theory.asymptotics.convergence.laws import amplitude, decay_law
from theory.asymptotics.numbers.constant import Constant, undefined
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sgd.floor import SOURCE, Step, at_a_stable_step
from theory.asymptotics.sgd.stability import Moments
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum
from theory.expected import Count, checked

HISTORY = (
    "I = eta times the sum over steps of E[3 tau + 12 nu], of online SGD with batches of {} at the step {} "
    "linearised at w* from the deviation -w*"
)
NOISE = "C in the part C t^-(2 - 1/a) of E L that the history of the inputs' noise leaves; SGD as in {}"
CROSSOVER = "time after which E L is noise of the history more than bias; SGD as in sgd_noise_history"
DIVERGES = "the bias is not integrable: gamma <= 1, and the noise that is left depends on all times"


@checked
def sgd_noise_history(spectrum: Spectrum, step_size: Step, batch: Count = 1, digits: Count = 15) -> Constant:
    r"""The history :math:`I = \eta \sum_k E[3\tau_k + 12\nu_k]` from the deviation :math:`-w^*`.

    **Definition.** Of SGD linearised at the teacher, without label noise. Undefined from the largest stable
    step on, and where the sum diverges: at d = ∞ for :math:`2B \le 1`.

    **Error.** As in :func:`.sgd_loss_floor`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(sgd_noise_history(PowerLaw(2, "inf", "source:1.5"), 0.004).printed(6)[0])
    0.869031
    """
    definition = HISTORY.format(batch, step_size)
    if _diverges(spectrum):
        return undefined(definition, SOURCE, DIVERGES)
    return at_a_stable_step(
        spectrum, step_size, batch, digits, definition, lambda at: _history(at, step_size)
    )


@checked
def sgd_noise_prefactor(
    spectrum: Spectrum, step_size: Step, batch: Count = 1, digits: Count = 15
) -> Constant:
    r"""The ``C`` of :math:`C t^{-(2 - 1/a)}`, the part of the loss that noise of the past leaves.

    **Definition.** :math:`256\,A_\eta \eta I C_2/m` with the amplification :math:`A_\eta` of
    :func:`.sgd_amplification` and the history of :func:`sgd_noise_history`. All of the loss, late, for
    :math:`2B > a`. At finite d of the window of the power law.

    **Error.** As in :func:`.sgd_loss_floor`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(sgd_noise_prefactor(PowerLaw(2, "inf", "source:1.5"), 0.004).printed(6)[0])
    0.00598886
    """
    definition = NOISE.format("sgd_noise_history")
    if reason := _no_noise_law(spectrum):
        return undefined(definition, SOURCE, reason)

    def prefactor(moments: Moments) -> float:
        kept, _ = moments.replies(step_size)
        amplified = (1 + 2 * kept.along) / (1 - kept.trace)
        return amplified * 256 * step_size * _history(moments, step_size) / batch * _left(spectrum)

    return at_a_stable_step(spectrum, step_size, batch, digits, definition, prefactor)


@checked
def sgd_crossover_time(spectrum: Spectrum, step_size: Step, batch: Count = 1, digits: Count = 15) -> Constant:
    r"""The time :math:`t_\times` at which noise of the history and bias are equal in the loss.

    **Definition.** :math:`(C_1 m/(64 \eta I C_2))^{1/(\gamma - 2 + 1/a)}`,
    :math:`\sum_i \mu_i e^{-16\lambda_i t} \sim C_1 t^{-\gamma}`. Where :math:`2B \le a` the noise never
    wins: undefined. At finite d it may lie beyond the ``window_end``, then it is not met.

    **Error.** As in :func:`.sgd_loss_floor`.

    >>> from theory.asymptotics import PowerLaw
    >>> [sgd_crossover_time(PowerLaw(2, "inf", "source:1.5"), eta).printed(4)[0] for eta in (0.004, 0.0004)]
    ['18.01', '3898.']
    """
    if reason := _no_noise_law(spectrum):
        return undefined(CROSSOVER, SOURCE, reason)
    assert isinstance(spectrum, PowerLaw)
    excess = decay_law(spectrum) - 2 + 1 / spectrum.exponent
    if excess <= 0:
        return undefined(CROSSOVER, SOURCE, "2B <= a: the noise of the history never exceeds the bias")

    def time(moments: Moments) -> float:
        noise = 64 * step_size * _history(moments, step_size) / batch * _left(spectrum)
        return float(_bias(spectrum) / noise) ** (1 / float(excess))

    return at_a_stable_step(spectrum, step_size, batch, digits, CROSSOVER, time)


def _history(moments: Moments, step_size: float) -> float:
    """I by one of the rules."""
    trace, along = moments.accumulated(step_size)
    return 3 * trace + 12 * along


def _diverges(spectrum: Spectrum) -> bool:
    """Whether the bias of the flow is not integrable in time."""
    if not isinstance(spectrum, PowerLaw) or spectrum.dimension < math.inf:
        return False
    return decay_law(spectrum) <= 1


def _no_noise_law(spectrum: Spectrum) -> str | None:
    """Why there is no power law of the noise, None where there is."""
    if not isinstance(spectrum, PowerLaw):
        return "no power law is known for given eigenvalues"
    try:
        bias = decay_law(spectrum)
    except ValueError as reason:
        return str(reason)
    return DIVERGES if bias <= 1 else None


def _left(spectrum: Spectrum) -> float:
    r""":math:`C_2`."""
    assert isinstance(spectrum, PowerLaw)
    a = rational(spectrum.exponent)
    with mp.workdps(20):
        return float(mp.gamma(2 - 1 / a) * 16 ** (1 / a - 2) / (a * spectrum.trace_sum() ** (1 / a)))


def _bias(spectrum: PowerLaw) -> float:
    r""":math:`C_1`."""
    return float(amplitude(spectrum)) * 2.0 ** -float(decay_law(spectrum))
