r"""The law of the escape time of online SGD from the unit sphere.

Two things are random: the overlap of the start with the fastest direction, :math:`|g|/\sqrt d` with a normal
``g``, as for the flow, and the growth. Its logarithm gains, a step, the mean :math:`\ell` and the variance
:math:`v` of :mod:`theory.asymptotics.sgd.escape`, independently: after many steps it is a Brownian
motion with drift. With the flow's offset ``C``, :math:`\rho T_1 = \tfrac12 \log d + C - \log|g|`, the escape
is the first passage of that motion through
:math:`h = \tfrac12 \log d + C - \log|g| + (v + \ell^2)/2\ell`, whose law is the inverse Gaussian one,

.. math:: P(n_1 \le n \mid g) = \Phi\Big(\frac{\ell n - h}{\sqrt{vn}}\Big)
   + e^{2\ell h/v}\,\Phi\Big(\!-\frac{\ell n + h}{\sqrt{vn}}\Big),

averaged over ``g``. The last part of h is by how much a step passes the level on average: without label
noise no step goes back, and the overshoot is that of a renewal process. Hence
:math:`n_1 = \log d/(2\ell)` to leading order, with the standard deviation
:math:`\sqrt{v \log d/(2\ell^3)}`, which grows with d, while that of the flow does not.
"""

from __future__ import annotations

import math
from functools import partial

from mpmath import mpf

from theory.asymptotics.escape.fast_manifold import TooFar, first_overlap, prompt_crossing
from theory.asymptotics.escape.linear_stage import escape_amplitude
from theory.asymptotics.escape.times import LEVEL
from theory.asymptotics.numbers.constant import Constant, undefined
from theory.asymptotics.sgd.escape import SOURCE, sgd_escape_rate_typical, sgd_escape_variance
from theory.asymptotics.sgd.floor import Step
from theory.asymptotics.sums.spectrum import Spectrum
from theory.expected import Count, Real, checked

DEFINITION = (
    "the {}-quantile of step times number of steps until |u| = 1/10, online SGD with batches of {} at the "
    "step {}, over starts on the unit sphere and inputs, d = {}"
)
CELL = 0.01
DRAWS = [CELL * (k + 0.5) for k in range(-1200, 200)]
"""Logarithms of |g|, at the middle of cells."""
EXACT = 6
"""Digits of the offset."""


@checked
def sgd_escape_time_quantile(
    spectrum: Spectrum,
    probability: Real,
    dimension: Count,
    step_size: Step,
    batch: Count = 1,
    digits: Count = 15,
) -> Constant:
    r"""The time before which a fraction ``probability`` of runs from the sphere has :math:`|u| \ge 1/10`.

    Time is the step times the number of steps. ``spectrum`` may be that of ``dimension`` modes or its
    limit; without label noise.

    **Error.** The radius has what the two rates leave open, and once more the overshoot, which has the
    size of what the directions beside the fastest one do at the beginning and at the exit. An estimate.
    As for :func:`.escape_time_quantile`, what finite d changes is left out.

    >>> from theory.asymptotics import PowerLaw
    >>> law = PowerLaw(2, "inf")
    >>> [f"{sgd_escape_time_quantile(law, p, 10**6, 0.003):.2f}" for p in ("0.1", "0.5", "0.9")]
    ['0.82', '1.09', '1.50']
    """
    p = float(mpf(probability))
    if not 0 < p < 1:
        raise ValueError(f"probability is {probability}, but it must lie strictly between 0 and 1")
    definition = DEFINITION.format(probability, batch, step_size, dimension)
    try:
        logarithm, _ = prompt_crossing(spectrum, LEVEL, False, EXACT)
        scale = first_overlap(spectrum, EXACT) / float(escape_amplitude(spectrum, EXACT))
        offset = float(logarithm) + math.log(scale)
    except (TooFar, ArithmeticError) as error:
        return undefined(definition, SOURCE, str(error))
    rate = sgd_escape_rate_typical(spectrum, step_size, batch)
    spread = sgd_escape_variance(spectrum, step_size, batch)
    (drift, slack), (variance, uncertain) = (map(float, each.known()) for each in (rate, spread))
    overshoot = (variance / drift + step_size * drift) / 2
    height = offset + math.log(dimension) / 2 + overshoot
    value = _quantile(p, partial(escaped, height, drift, variance))
    left = overshoot / drift + value * (slack / drift + uncertain / variance)
    return Constant(mpf(value), mpf(left), definition, SOURCE)


def escaped(height: float, drift: float, variance: float, time: float) -> float:
    """The probability to have escaped by ``time``, over normal g: of a first passage through a height.

    >>> print(f"{escaped(0.0, 1.0, 1e-9, 0.6745):.2f}")
    0.61
    """
    total = 0.0
    for log_g in DRAWS:
        weight = math.sqrt(2 / math.pi) * math.exp(log_g - math.exp(2 * log_g) / 2) * CELL
        total += weight * _passed(height - log_g, drift, variance, time)
    return total


def _passed(height: float, drift: float, variance: float, time: float) -> float:
    """The law of the first passage of a Brownian motion with drift."""
    if height <= 0:
        return 1.0
    unit = math.sqrt(2 * variance * time)
    early = (height - drift * time) / unit
    return 0.5 * math.erfc(early) + 0.5 * _scaled_erfc((height + drift * time) / unit) * math.exp(-(early**2))


def _scaled_erfc(x: float) -> float:
    """erfc(x) exp(x²)."""
    if x < 20.0:  # where the tail of the normal law is a series
        return math.exp(x * x) * math.erfc(x)
    y = 1 / (2 * x * x)
    return (1 - y + 3 * y**2 - 15 * y**3) / (x * math.sqrt(math.pi))


def _quantile(probability: float, law: partial[float]) -> float:
    """Where an increasing law reaches a probability."""
    low, high = 0.0, 1.0
    while law(high) < probability:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if law(middle) < probability else (low, middle)
    return high
