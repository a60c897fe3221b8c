r"""The largest step at which online SGD is stable at the teacher, in the mean square.

With :math:`v = Q^{1/2}(w - w^*)`, :math:`e = Q^{1/2} w^*` of length 1 and an input :math:`Q^{1/2} g`, a
step of size :math:`\eta` on ``m`` inputs is, to first order,
:math:`v \leftarrow v - \frac{8\eta}{m} \sum_b z_b^2 h_b Q g_b` with
:math:`z = g \cdot e`, :math:`h = g \cdot v`. By Wick's theorem :math:`N = E[vv^T]`, with
:math:`n = Ne`, :math:`\nu = e^T N e`, :math:`\tau = \mathrm{tr}\,N`, :math:`A = I + 2ee^T`, becomes

.. math:: N - 8\eta(QAN + NAQ) + 64\eta^2 Q\Big\{q_1 N + q_2(en^T + ne^T)
   + \Big(\tfrac{12\tau}{m} + \big(4 + \tfrac{20}{m}\big)\nu\Big) ee^T + \tfrac{3\tau + 12\nu}{m} I\Big\}Q,
   \qquad q_1 = 1 + \tfrac5m, \quad q_2 = 2 + \tfrac{22}m .

At the border of stability an ``N`` stays as it is. Then :math:`n_i = e_i M_i`, and with
:math:`G_{ij} = 1/(\lambda_i + \lambda_j - 8\eta q_1 \lambda_i \lambda_j)`, :math:`c` and :math:`b` the
factors of
:math:`ee^T` and ``I``,

.. math:: M_i = \sum_j G_{ij} e_j^2 \big\{-2(\lambda_i M_j + \lambda_j M_i)
   + 8\eta\lambda_i\lambda_j (q_2(M_i + M_j) + c)\big\}
   + 8\eta G_{ii}\lambda_i^2 b, \qquad \nu = \sum_i e_i^2 M_i,

which for given :math:`\tau` is linear; of the trace of ``N`` follows :math:`\kappa(\eta)\tau`. The map
keeps the cone of positive matrices: it is stable below the first root of :math:`\kappa = 1`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from mpmath import mp, mpf

from theory.asymptotics.escape.rate import rate
from theory.asymptotics.numbers.constant import Constant
from theory.asymptotics.sums.compression import Rule, compressed
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum
from theory.expected import Count, checked

DEFINITION = (
    "largest step at which online SGD with batches of {} is stable at w* in the mean square, {} label noise"
)
LISTED = 300
"""Modes up to which each is kept."""
RESOLUTIONS = ((9, 24), (12, 32))
"""Digits of the rule that stands for more modes, and decades of eigenvalues that it resolves."""
SCANNED = 24
"""Steps in which the first root is looked for."""
NEAR = 1e-4
"""Relative distance from a root at which secants take over."""
ROOT_ROUNDING = 1e-11
"""Relative error of a root in double precision."""


@checked
def sgd_stability_step(
    spectrum: Spectrum, batch: Count = 1, digits: Count = 15, noise_variance: float = 0.0
) -> Constant:
    r"""The largest step at which SGD on ``batch`` inputs a step is stable at the teacher.

    **Definition.** :math:`E|Q^{1/2}(w - w^*)|^2` of the linearised steps decays exactly below it. It is at
    most :func:`.stability_step`, its limit for large batches. Single runs are typically still stable a
    little above, but there rare ones leave.

    **Error.** Computed in double precision, whatever ``digits`` are asked for: the radius is the difference
    between two rules for the modes beyond the first, and rounding. An estimate.

    Label noise of ``noise_variance`` :math:`\sigma^2` multiplies the deviation, too: it adds
    :math:`\tfrac14 \sigma^2 (\tau I + 2N)/m` in the braces.

    Raises ValueError for a batch that is not a positive integer, and a variance below 0 or not finite.

    >>> from theory.asymptotics import PowerLaw
    >>> print(sgd_stability_step(PowerLaw(2, "inf")).printed(8)[0])
    0.013925101
    """
    if not 0 <= noise_variance < math.inf:
        raise ValueError(f"noise variance is {noise_variance!r}, but it must be a finite number, at least 0")
    rough, fine = _roots(spectrum, batch, float(noise_variance))
    radius = 2 * abs(fine - rough) + ROOT_ROUNDING * fine
    labels = f"variance {noise_variance} of" if noise_variance else "no"
    return Constant(
        mpf(fine),
        mpf(radius),
        DEFINITION.format(batch, labels),
        "SGD of arXiv:2511.18661, section 5, linearised at w*: its exact second moments",
    )


@lru_cache(maxsize=8)
def _roots(spectrum: Spectrum, batch: int, noise: float) -> tuple[float, float]:
    """The largest stable step by either rule."""
    with mp.workdps(20):
        limit = float(1 / rate(spectrum))
    coarse, fine = (second_moments(spectrum, batch, *resolution, noise) for resolution in RESOLUTIONS)
    rough = _first_root(coarse, limit)
    return rough, polished(fine.response, rough, rough * (1 - NEAR))


class Stationary(NamedTuple):
    """What stays of N under a steady source: its trace, ``e^T N e``, and the trace of ``Q^(-1) N`` over d."""

    trace: float
    along: float
    mean_square: float


class Moments:
    """The modes as arrays, and the response of their second moments."""

    def __init__(self, spectrum: Spectrum, batch: int, digits: int, decades: int, noise: float = 0.0) -> None:
        import numpy as np

        self.batch, self.first, self.second = batch, 1 + (5 + noise / 2) / batch, 2 + 22 / batch
        self.isotropic = 3 + noise / 4
        with mp.workdps(digits):
            reach = mpf(10) ** decades / spectrum.extremes()[0]
            self.eigenvalues, self.masses = np.array(_seen(spectrum, reach), dtype=float).T
            self.all, self.weights = np.array(traced(spectrum), dtype=float).T
        self.dimension, self.moving = _directions(spectrum)
        self.inverse = _inverse(spectrum)

    def response(self, step: float) -> float:
        r""":math:`\kappa(\eta)`."""
        return self.replies(step)[0].trace

    def replies(self, step: float) -> tuple[Stationary, Stationary]:
        r"""What stays where the trace is held at 1, and under label noise of variance 1 without it."""
        import numpy as np

        m, eta = self.batch, 8 * step
        at = _AtStep(self, eta)
        aligned, spread = np.array([12 / m, 1 / (2 * m)]), np.array([self.isotropic / m, 1 / (4 * m)])
        source = np.multiply.outer(at.shared, aligned) + np.multiply.outer(at.own, spread)
        reply, nu = at.solved(source)
        common, direct = eta * (aligned + (4 + 20 / m) * nu), eta * (spread + 12 / m * nu)
        each = at.each(reply, common)
        traces = at.weights @ (self.eigenvalues[:, None] * each) + direct * self._trace(eta)
        squares = at.weights @ each / self.dimension + direct * self._mean_pull(eta)
        first, second = zip(traces.tolist(), nu.tolist(), squares.tolist(), strict=True)
        return Stationary(*first), Stationary(*second)

    def accumulated(self, step: float) -> tuple[float, float]:
        r"""Trace and :math:`\nu` of :math:`\eta \sum_k N_k` from :math:`N_0 = ee^T`."""
        m, eta = self.batch, 8 * step
        at = _AtStep(self, eta)
        reply, along = at.solved(at.resolvent.sum(axis=1) / 8)
        each = at.each(reply, eta * (4 + 20 / m) * along)
        inverse = (self.inverse + eta * self.first * float(at.weights.sum())) / 2
        trace = at.weights @ (self.eigenvalues * each) + eta * 12 / m * along * self._trace(eta) + inverse / 8
        kept, _ = self.replies(step)
        whole = float(trace) / (1 - kept.trace)
        return whole, float(along) + kept.along * whole

    def _trace(self, eta: float) -> float:
        """Sum ``λ/(2 − 8 η q_1 λ)`` over all modes."""
        return float((self.weights / (2 - eta * self.first * self.all)).sum())

    def _mean_pull(self, eta: float) -> float:
        """Sum ``1/(2 − 8 η q_1 λ)`` over all modes with an eigenvalue other than 0, and divide by d."""
        return (self.moving + eta * self.first * self._trace(eta) / self.dimension) / 2


class _AtStep:
    """The linear system of M at 8 times a step: its matrix, and the answers to the factors of ee' and I."""

    def __init__(self, moments: Moments, eta: float) -> None:
        import numpy as np

        self.x, self.e, m = moments.eigenvalues, moments.masses, moments.batch
        self.second = eta * moments.second
        product = np.multiply.outer(self.x, self.x)
        self.resolvent = self.e / (np.add.outer(self.x, self.x) - eta * moments.first * product)
        pull = 1 / (2 - eta * moments.first * self.x)
        across = self.resolvent * (self.second * product - 2 * self.x[:, None])
        along = (self.resolvent * (self.second * product - 2 * self.x)).sum(axis=1)
        self.shared, self.own = eta * (self.resolvent * product).sum(axis=1), eta * self.x * pull
        from_nu = (4 + 20 / m) * self.shared + self.own * 12 / m
        self.matrix = np.diag(1 - along) - across - np.multiply.outer(from_nu, self.e)
        self.weights = self.e * pull

    def solved(self, source: Any) -> tuple[Any, Any]:
        """M (N, …) and ν of a ``source`` (N, …)."""
        import numpy as np

        reply = np.linalg.solve(self.matrix, source)
        return reply, self.e @ reply

    def each(self, reply: Any, common: Any) -> Any:
        """What M and the factors of ee' give the diagonal of N, over mass and eigenvalue."""
        factor = 2 * self.second - 4 / self.x
        return (factor * reply.T).T + common


@lru_cache(maxsize=8)
def second_moments(spectrum: Spectrum, batch: int, digits: int, decades: int, noise: float = 0.0) -> Moments:
    """The modes for a rule of so many ``digits`` and ``decades`` of eigenvalues."""
    return Moments(spectrum, batch, digits, decades, noise)


def _directions(spectrum: Spectrum) -> tuple[float, float]:
    """The number of directions, and which share of them has an eigenvalue other than 0."""
    if isinstance(spectrum, PowerLaw):
        return float(spectrum.dimension), 1.0
    d = len(spectrum.eigenvalues)
    return float(d), sum(level.multiplicity for level in spectrum.levels()) / d


def _inverse(spectrum: Spectrum) -> float:
    """Sum of mass over eigenvalue, the squared length of the teacher; infinite where it diverges."""
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        diverges = spectrum.dimension == math.inf and spectrum.mass_exponent - spectrum.exponent <= 1
        return math.inf if diverges else float(spectrum.moment(-1))
    return float(mp.fsum(mass / x for x, mass, _ in spectrum.levels()))


def _seen(spectrum: Spectrum, reach: mpf) -> Rule:
    """Eigenvalues and masses, those of many modes by rules in geometric bins."""
    if isinstance(spectrum, PowerLaw) and spectrum.dimension > LISTED:
        return compressed(spectrum, reach)
    return [(x, mass) for x, mass, _ in spectrum.levels() if mass]


def traced(spectrum: Spectrum) -> Rule:
    """All eigenvalues with their own sums as weights."""
    if isinstance(spectrum, PowerLaw) and spectrum.exponent > 0 and spectrum.dimension > LISTED:
        return compressed(PowerLaw(spectrum.exponent, spectrum.dimension))
    return [(x, x * multiplicity) for x, _, multiplicity in spectrum.levels()]


def _first_root(moments: Moments, limit: float) -> float:
    """The first step at which the response is 1, up to the ``limit`` of descent."""
    top = min(limit, 1 / (4 * moments.first * float(max(moments.all))))
    below = 0.0
    for number in range(1, SCANNED + 1):
        above = top * number / SCANNED
        if number == SCANNED or not 0 < moments.response(above) < 1:
            break
        below = above
    while above - below > NEAR * above:
        middle = (below + above) / 2
        below, above = (middle, above) if 0 < moments.response(middle) < 1 else (below, middle)
    return polished(moments.response, below, above)


def polished(response: Callable[[float], float], older: float, newer: float) -> float:
    r"""Where a ``response`` κ is 1, near two places: secants of :math:`1/\kappa`, which has no pole there."""
    before = 1 / response(older) - 1
    for _ in range(30):
        value = 1 / response(newer) - 1
        if value == before:
            break
        older, before, newer = newer, value, newer - value * (newer - older) / (value - before)
        if abs(newer - older) <= 1e-14 * newer:
            break
    return newer
