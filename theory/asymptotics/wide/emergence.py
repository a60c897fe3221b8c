r"""When the directions of a wide quadratic network emerge, and how its loss falls.

**Setting.** Students and teacher are sums of centred squares, of :math:`(w_k \cdot x)^2` and of
:math:`\gamma^*_j(\theta_j \cdot x)^2`, :math:`\gamma^*_j = j^{-\alpha}`, each less its mean. In whitened
coordinates :math:`\Gamma = Q^{1/2} W^T W Q^{1/2}` the loss is :math:`L = 2\|\Gamma - \Gamma^*\|_F^2`, and the
flow

.. math:: \dot\Gamma = -8\,[Q(\Gamma - \Gamma^*)\Gamma + \Gamma(\Gamma - \Gamma^*)Q] .

**Emergence.** Where :math:`\Gamma^*`, ``Q`` and the start :math:`\Gamma(0) = g_0 I` have the same
eigenvectors, every direction is on its own, on a logistic curve:
:math:`\dot\gamma_j = 16\lambda_j\gamma_j(\gamma^*_j - \gamma_j)`,

.. math:: \gamma_j = \frac{\gamma^*_j}{1 + (\gamma^*_j/g_0 - 1)\,e^{-16\lambda_j\gamma^*_j t}}, \qquad
   t_j = \frac{\log(\gamma^*_j/g_0 - 1)}{16\lambda_j\gamma^*_j},

half learnt at :math:`t_j`, and :math:`L = 2\sum_j (\gamma^*_j - \gamma_j)^2` a sum of squared sigmoids.

**The front.** With :math:`\lambda_j = j^{-a}/Z` the direction that emerges at ``t`` is the ``j`` of
:math:`\log(\gamma^*_j/g_0) = 16 t\lambda_j\gamma^*_j`. In :math:`y = j^{-(a+\alpha)}`,
:math:`\vartheta = \alpha/(a+\alpha)`, :math:`T = 16t/(Z\vartheta)`, this is
:math:`\log(y g_0^{-1/\vartheta}) = T y`, solved by the lower branch of Lambert's function,

.. math:: y = -W_{-1}(-T g_0^{1/\vartheta})/T, \qquad T g_0^{1/\vartheta} < 1/e .

**The loss.** Directions beyond the front have learnt nothing, those before it all:
:math:`L \sim \frac{2}{2\alpha-1}\,y^x`, :math:`x = \frac{2\alpha-1}{a+\alpha}`. Near it
:math:`\gamma_j/\gamma^*_j = 1/(1 + e^{-z})`, ``z`` growing with :math:`\log y` at the rate
:math:`\vartheta\Lambda`, to leading order, where :math:`\Lambda = Ty`; and as
:math:`\int [(1+e^z)^{-2} - 1_{z<0}]\,dz = -1`, the next order is the factor
:math:`1 - \frac{x}{\vartheta\Lambda}`. The local exponent is ``x`` up to :math:`1/\log(1/g_0)`.

**Teachers that are not aligned** with the inputs, of random directions, emerge otherwise: in whitened
coordinates their strengths fall faster, about as :math:`j^{-(a+\alpha)}`, and the loss with them. Over eight
draws of :math:`\alpha = 1`, 32 directions in dimension 128, it falls for :math:`15 < t < 1000` as
:math:`t^{-0.86}` at :math:`a = 1.5`, as :math:`t^{-0.77}` at :math:`a = 2`, where the aligned one has
:math:`t^{-0.4}`, :math:`t^{-0.33}`. Strengths :math:`j^{-(a+\alpha)}` would give
:math:`\frac{2(a+\alpha)-1}{2a+\alpha}`, 1 in both: a conjecture.

Isotropic inputs are :math:`a = 0`. Sources: arXiv 2504.19983 and 2508.03688 for :math:`Q = I`.
"""

from __future__ import annotations

from mpmath import mp, mpf

from theory.expected import NonNegative, Positive, checked


@checked
def emergence_time(strength: Positive, start: Positive, eigenvalue: Positive = 1.0) -> mpf:
    r""":math:`t_j`, at which a direction of :math:`\gamma^* =` ``strength`` is half learnt.

    ``start`` is :math:`g_0`, below ``strength``/2; ``eigenvalue`` that of the inputs in this direction.
    Raises ValueError where the direction starts beyond its half.

    >>> print(emergence_time(1.0, 0.001))
    0.431672173665535
    """
    if not 2 * start < strength:
        raise ValueError(f"start is {start}, but it must be below half the strength {strength}")
    strength = mpf(strength)
    return mp.log(strength / mpf(start) - 1) / (16 * mpf(eigenvalue) * strength)


@checked
def learnt_strength(
    time: NonNegative, strength: Positive, start: Positive, eigenvalue: Positive = 1.0
) -> mpf:
    r""":math:`\gamma_j(t)`, the logistic curve from ``start`` to ``strength``.

    >>> print(learnt_strength(emergence_time(1.0, 0.001), 1.0, 0.001))
    0.5
    """
    ratio = mpf(strength) / mpf(start) - 1
    return strength / (1 + ratio * mp.exp(-16 * mpf(eigenvalue) * mpf(strength) * time))


@checked
def emerging_direction(
    time: Positive, alpha: Positive, start: Positive, exponent: NonNegative = 0.0, trace: Positive = 1.0
) -> mpf:
    r"""The number ``j``, real, of the direction that emerges at ``time``.

    ``alpha`` is the exponent of the second layer, ``exponent`` and ``trace`` are ``a`` and ``Z`` of the
    inputs. Raises ValueError once ``time`` is so late that all directions above the ``start`` have emerged.

    >>> j = emerging_direction(100.0, 1.2, 1e-8)
    >>> print(j, 16 * 100 * j ** mpf(-1.2), mp.log(j ** mpf(-1.2) / 1e-8))
    52.9621472483847 13.6571877973199 13.6571877973199
    """
    front, _ = _front(mpf(time), mpf(alpha), mpf(start), mpf(exponent), mpf(trace))
    return front ** (-1 / (mpf(exponent) + mpf(alpha)))


@checked
def wide_loss(
    time: Positive, alpha: Positive, start: Positive, exponent: NonNegative = 0.0, trace: Positive = 1.0
) -> mpf:
    r"""The loss of infinitely many directions to leading order with its first correction.

    As for :func:`emerging_direction`; ``alpha`` above 1/2, else the teacher has no finite energy. What is
    left out is of relative order :math:`\Lambda^{-2}`, and the start below the front,
    :math:`O(g_0/\gamma^*_j)`.

    >>> left = (j**-2.0 - learnt_strength(1e4, j**-2.0, 1e-12) for j in range(1, 10**4))
    >>> print(mp.nstr(wide_loss(1e4, 2, 1e-12) / (2 * mp.fsum(x**2 for x in left)), 4))
    1.001
    """
    if not alpha > 0.5:
        raise ValueError(f"alpha is {alpha}, but it must exceed 1/2")
    second, inputs = mpf(alpha), mpf(exponent)
    front, lag = _front(mpf(time), second, mpf(start), inputs, mpf(trace))
    power = (2 * second - 1) / (inputs + second)
    share = second / (inputs + second)
    return 2 / (2 * second - 1) * front**power * (1 - power / (share * lag))


def _front(time: mpf, alpha: mpf, start: mpf, exponent: mpf, trace: mpf) -> tuple[mpf, mpf]:
    """``y`` of the front and Λ."""
    share = alpha / (exponent + alpha)
    rate = 16 * time / (trace * share)
    argument = -rate * start ** (1 / share)
    if not argument > -mp.exp(-1):
        raise ValueError(f"time is {time}, but all directions above the start {start} have emerged before")
    lag = -mp.lambertw(argument, -1).real
    return lag / rate, lag
