r"""Where online SGD at a constant step comes to rest, and how its noise slows the decay before.

Near the teacher the second moments :math:`N = E[vv^T]` of :mod:`theory.asymptotics.sgd.stability`
close, whatever the label noise is. Of variance :math:`\sigma^2` it adds :math:`16 \eta^2 \sigma^2 QAQ/m` to
every step, and to leading order in it nothing else. With :math:`\kappa(\eta)` the trace, and ``r`` the
:math:`\nu`, that stay of a trace held at 1, and :math:`\tau_\sigma, \nu_\sigma` what the labels alone leave,

.. math:: \tau = \frac{\tau_\sigma}{1 - \kappa}, \qquad \nu = \nu_\sigma + r \tau, \qquad L = 4(\tau + 2\nu).

For small steps :math:`N = \eta\sigma^2 Q/m`, hence
:math:`L \to 4 \eta\sigma^2 (1 + 2 \sum_i \lambda_i^2 (w^*_i)^2)/m` and a mean squared error of
:math:`\eta\sigma^2/m`; both floors diverge at the largest stable step.

Without label noise what decays slowly, as a power of t, is followed by the same stationary response: the bias
:math:`F(t) = \sum_i \lambda_i (w^*_i)^2 e^{-16\lambda_i t}` of descent is the source of
:math:`\tau = F/(1 - \kappa)`, so that the loss is :math:`(1 + 2r)/(1 - \kappa)` times that of the flow.

The noise of the whole history adds a source :math:`\propto \sum_i \lambda_i^2 e^{-16\lambda_i t}
\sim t^{-(2 - 1/a)}`. Where the bias' :math:`\gamma = (a + 2B - 1)/a` exceeds that exponent, which is
:math:`2B > a`, the noise dominates in the end; on the line :math:`2B = a` both decay alike and add, without a
logarithm. The smaller the step, the later.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

from mpmath import mpf

from theory.asymptotics.convergence.laws import decay_law
from theory.asymptotics.numbers.constant import Constant, closed_form, undefined
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sgd.stability import (
    RESOLUTIONS,
    ROOT_ROUNDING,
    Moments,
    second_moments,
    sgd_stability_step,
)
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum
from theory.expected import Count, Only, checked

Step = Annotated[float, Only("a positive number, not infinite", lambda number: 0 < number < math.inf)]

SOURCE = "SGD of arXiv:2511.18661, section 5, linearised at w*: its exact second moments"
LOSS = (
    "floor of the loss of online SGD with batches of {} at the step {}, per variance of the labels' noise, "
    "as that tends to 0"
)
MSE = (
    "floor of ||w - w*||^2/d of online SGD with batches of {} at the step {}, per variance of the labels' "
    "noise, as that tends to 0; at d = inf the limit of large d"
)
DECAY = (
    "p in E L ~ C t^-p of online SGD at a constant step without label noise: the lesser of gamma, where the "
    "bias dominates, and of the noise's 2 - 1/a"
)
AMPLIFICATION = (
    "factor by which the noise of the inputs raises the algebraic decay of the loss of online SGD with "
    "batches of {} at the step {}"
)


@checked
def sgd_loss_floor(spectrum: Spectrum, step_size: Step, batch: Count = 1, digits: Count = 15) -> Constant:
    r"""The floor of the loss at ``step_size``, divided by the variance of the labels' noise.

    **Definition.** :math:`\lim_{\sigma^2 \to 0} \lim_{t \to \infty} E L/\sigma^2` for SGD linearised at the
    teacher; the variance of the labels themselves is no part of ``L``. Undefined from the largest stable
    step on.

    **Error.** Double precision, whatever ``digits``: an estimate, from two rules for the modes beyond the
    first.

    Raises ValueError for a step that is not positive and a batch that is no positive integer.

    >>> from theory.asymptotics import PowerLaw
    >>> print(sgd_loss_floor(PowerLaw(2, "inf"), 1e-6).printed(4)[0])
    7.200e-6
    """

    def floor(trace: float, along: float, _: float) -> float:
        return 4 * (trace + 2 * along)

    return _at_rest(spectrum, step_size, batch, digits, LOSS, floor)


@checked
def sgd_mse_floor(spectrum: Spectrum, step_size: Step, batch: Count = 1, digits: Count = 15) -> Constant:
    r"""The floor of the mean squared error at ``step_size``, divided by the variance of the noise.

    **Definition.** :math:`\lim_{\sigma^2 \to 0} \lim_{t \to \infty} E\|w - w^*\|^2/(d\sigma^2)` as for
    :func:`sgd_loss_floor`, over all d directions; those with eigenvalue 0 have no part in it. At d = ∞ it is
    the limit of large ``d``. Error and undefined cases are as there.

    >>> from theory.asymptotics import PowerLaw
    >>> print(sgd_mse_floor(PowerLaw(2, 1000), 1e-6, batch=4).printed(4)[0])
    2.500e-7
    """

    def floor(_: float, __: float, mean_square: float) -> float:
        return mean_square

    return _at_rest(spectrum, step_size, batch, digits, MSE, floor)


@checked
def sgd_amplification(spectrum: Spectrum, step_size: Step, batch: Count = 1, digits: Count = 15) -> Constant:
    r"""The factor :math:`(1 + 2r)/(1 - \kappa)` of the loss at ``step_size``, without label noise.

    **Definition.** Where the loss of the flow decays as :math:`C t^{-\gamma}`, that of SGD is this factor
    times it, plus the noise's own :math:`t^{-(2 - 1/a)}`, times the same. The limit of late times within the
    window of that law: corrections are of relative order :math:`t^{-\gamma}`. Undefined from the largest
    stable step on, and for equal eigenvalues, where the decay is exponential.

    **Error.** As in :func:`sgd_loss_floor`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(sgd_amplification(PowerLaw(2, "inf"), 0.004).printed(4)[0])
    1.173
    """
    definition = AMPLIFICATION.format(batch, step_size)
    if isinstance(spectrum, PowerLaw) and spectrum.exponent == 0:
        return undefined(definition, SOURCE, "equal eigenvalues: the loss decays exponentially")

    def factor(moments: Moments) -> float:
        kept, _ = moments.replies(step_size)
        return (1 + 2 * kept.along) / (1 - kept.trace)

    return at_a_stable_step(spectrum, step_size, batch, digits, definition, factor)


@checked
def sgd_decay_exponent(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":math:`\min(\gamma, 2 - 1/a)`, the exponent of the decay of the loss without label noise.

    **Definition.** Of the law within its window, at any stable step and batch, from a start such as those of
    the flow's laws: one whose deviation in the tail is that of the teacher. Undefined where the flow has no
    power law, and for :math:`a \le \tfrac12`, where the noise of the many small eigenvalues does not decay.

    >>> from theory.asymptotics import PowerLaw
    >>> [sgd_decay_exponent(PowerLaw(2, "inf", f"source:{B}")).printed(3)[0] for B in (0, 1, 2)]
    ['0.500', '1.50', '1.50']
    """
    if not isinstance(spectrum, PowerLaw):
        return undefined(DECAY, SOURCE, "no power law is known for given eigenvalues")
    try:
        bias = decay_law(spectrum)
    except ValueError as reason:
        return undefined(DECAY, SOURCE, str(reason))
    noise = 2 - 1 / spectrum.exponent
    if noise <= 0:
        return undefined(DECAY, SOURCE, "the noise of small eigenvalues decays only for exponents above 1/2")
    return closed_form(lambda field: rational(min(bias, noise), field), digits, DECAY, SOURCE)


def _at_rest(
    spectrum: Spectrum,
    step_size: float,
    batch: int,
    digits: int,
    definition: str,
    floor: Callable[[float, float, float], float],
) -> Constant:
    """A ``floor`` of trace, ν and mean square under label noise of variance 1."""

    def evaluated(moments: Moments) -> float:
        kept, labels = moments.replies(step_size)
        trace = labels.trace / (1 - kept.trace)
        return floor(trace, *(own + trace * share for own, share in zip(labels[1:], kept[1:], strict=True)))

    return at_a_stable_step(
        spectrum, step_size, batch, digits, definition.format(batch, step_size), evaluated
    )


def at_a_stable_step(
    spectrum: Spectrum,
    step_size: float,
    batch: int,
    digits: int,
    definition: str,
    evaluate: Callable[[Moments], float],
) -> Constant:
    """What two rules for the modes give, and their difference, undefined where SGD is not stable."""
    largest = sgd_stability_step(spectrum, batch, digits)
    if not step_size < float(largest):
        reason = (
            f"the step is not below the largest stable one, {float(largest):.6g}: the second moments grow"
        )
        return undefined(definition, SOURCE, reason)
    rough, fine = (evaluate(second_moments(spectrum, batch, *resolution)) for resolution in RESOLUTIONS)
    nearness = 1 / (1 - step_size / float(largest))
    radius = 2 * abs(fine - rough) + ROOT_ROUNDING * nearness * abs(fine)
    return Constant(mpf(fine), mpf(radius), definition, SOURCE)
