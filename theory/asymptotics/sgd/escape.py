r"""Online SGD near ``w = 0``: how its mean square and its typical run grow.

While w is small a step on ``m`` inputs is linear, :math:`w \leftarrow (1 + \eta X)w`,
:math:`X = \frac4m \sum_b y_b x_b x_b^T` with labels :math:`y = (x \cdot w^*)^2 + \xi`, noise of variance
:math:`\sigma^2`. The mean of ``w`` grows as that of descent, by :math:`1 + \eta\rho` a step.

**Mean square.** With :math:`e = Q^{1/2} w^*`, :math:`N = E\,Q^{1/2}ww^TQ^{1/2}`, :math:`n = Ne`,
:math:`\nu = e^TNe`, :math:`\tau = \mathrm{tr}\,N` and :math:`A = I + 2ee^T`, Wick's theorem gives

.. math:: N \leftarrow N + 4\eta(QAN + NAQ) + 16\eta^2 Q\{q_1 N + q_2(en^T + ne^T) + c\,ee^T + b\,I\}Q,

.. math:: q_1 = 1 + \tfrac{5 + 2\sigma^2}m, \quad q_2 = 2 + \tfrac{22}m, \quad
   c = \tfrac{12\tau + 24\nu}m + 4(1 - \tfrac1m)\nu, \quad b = \tfrac{(3 + \sigma^2)\tau + 12\nu}m .

N grows by :math:`\mu` a step: then :math:`n_i = e_i M_i`, with
:math:`G_{ij} = 1/((\mu - 1)/4\eta - \lambda_i - \lambda_j - 4\eta q_1 \lambda_i\lambda_j)`

.. math:: M_i = \sum_j G_{ij} e_j^2 \{2(\lambda_i M_j + \lambda_j M_i)
   + 4\eta\lambda_i\lambda_j (q_2(M_i + M_j) + c)\} + 4\eta G_{ii}\lambda_i^2 b,

linear for given :math:`\tau`; of the trace follows :math:`\kappa(\mu)\tau`. The largest root of
:math:`\kappa = 1` is the growth, because the map keeps the cone of positive matrices.

**The typical run** grows by the Lyapunov exponent :math:`\ell`, :math:`\log|w| \approx \ell n`. With ``p``
the unit top eigenvector of :math:`E X`, the direction of ``w`` stays near it, within
:math:`O(\sqrt\eta)`, and

.. math:: \ell = E \log(1 + \eta\, p^TXp) + O(\eta^3), \qquad p^TXp = \frac4m \sum_b y_b (p \cdot x_b)^2 .

The left-out term is :math:`\eta^3 [C_{p\perp}^T (\rho - EX)^{-1} C_{p\perp} - \tfrac12 \mathrm{tr}\,C Y]`,
C the covariance of :math:`Xp` and :math:`Y` the solution of
:math:`(\rho - EX)Y + Y(\rho - EX) = C` across ``p``: its bound is part of the radius. To second order
:math:`\ell = \log(1 + \eta\rho) - \tfrac12\eta^2 V`, with :math:`c = p^TQp`, :math:`b = p^TQw^*` and

.. math:: V = \frac{16}m \big[9c^2 + 72cb^2 + 24b^4 + 3\sigma^2c^2 - (c + 2b^2)^2\big],

but the fourth moments in ``V`` leave that a poor series: the logarithm is averaged as it is. With
:math:`S = \eta p^TXp \ge 0`,

.. math:: E \log(1 + S) = \int_0^\infty (1 - \varphi(4\eta s/m)^m)\,e^{-s}\,\frac{ds}s, \qquad
   \varphi(\theta) = E\,e^{-\theta z^2h^2},

z and h Gaussian of variances 1 and ``c`` and covariance ``b``; label noise enters in first order of its
variance, by the mean of :math:`-\tfrac12 \eta^2 (4/m)^2 \sigma^2 \sum_b h_b^4/(1 + S)^2`.

**Samples to escape.** Without label noise :math:`X \ge 0`: no step stops the growth. From the sphere it takes
:math:`n \approx \log d/(2\ell)` steps, with the spread of :func:`.sgd_escape_time_quantile`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mpmath import mp, mpf

from theory.asymptotics.escape.rate import rate
from theory.asymptotics.numbers.constant import Constant
from theory.asymptotics.sgd.floor import Step
from theory.asymptotics.sgd.stability import polished, traced
from theory.asymptotics.sums.compression import compressed
from theory.asymptotics.sums.spectrum import Spectrum
from theory.expected import Count, NonNegative, checked

SOURCE = "SGD of arXiv:2511.18661, section 5, linearised at w = 0"
SQUARE_GROWTH = (
    "r in E|w|^2 ~ exp(2 r t) while w is small; online SGD with batches of {} at the step {}, t = step times "
    "number, label noise of variance {}"
)
TYPICAL = (
    "r in |w| ~ exp(r t) of almost every run while w is small; online SGD with batches of {} at the step {}, "
    "t = step times number, label noise of variance {}"
)
SPREAD = (
    "v in Var log|w| ~ v t while w is small; online SGD with batches of {} at the step {}, t = step times "
    "number, without label noise"
)
DIGITS = 20
ROUNDING = 1e-11
"""Relative error of a root and of an integral in double precision."""
LOGS, LOG_STEP = (-40.0, 5.0), 0.05
"""Logarithms of the integration variables, and the step of the trapezium rule."""


@checked
def sgd_escape_rate_mean_square(
    spectrum: Spectrum,
    step_size: Step,
    batch: Count = 1,
    digits: Count = 15,
    noise_variance: NonNegative = 0.0,
) -> Constant:
    r""":math:`\log\mu/(2\eta)`, half the growth of :math:`E|w|^2` per unit of time.

    It is more than :func:`.descent_escape_rate`, and what rare runs make of it.

    **Error.** Double precision, whatever ``digits``: the root's. Sums over the modes have rules to 20 digits.

    >>> from theory.asymptotics import PowerLaw
    >>> print(sgd_escape_rate_mean_square(PowerLaw(2, "inf"), 0.01).printed(8)[0])
    6.9420126
    """
    growth = _mean_square_growth(spectrum, step_size, batch, noise_variance)
    value = mp.log1p(4 * mpf(step_size) * growth) / (2 * mpf(step_size))
    definition = SQUARE_GROWTH.format(batch, step_size, noise_variance)
    return Constant(value, 10 * ROUNDING * value, definition, SOURCE)


@checked
def sgd_escape_rate_typical(
    spectrum: Spectrum,
    step_size: Step,
    batch: Count = 1,
    digits: Count = 15,
    noise_variance: NonNegative = 0.0,
) -> Constant:
    r""":math:`\ell/\eta`, the growth of a typical run per unit of time.

    It is less than :func:`.descent_escape_rate`. Samples to escape from the sphere: about
    :math:`m \log d/(2\ell)`.

    **Error.** The radius covers the term of third order in the step that is left out, and of label noise the
    next order of its variance: an estimate.

    >>> from theory.asymptotics import PowerLaw
    >>> print(f"{sgd_escape_rate_typical(PowerLaw(2, 'inf'), 0.01):.3f}")
    4.496
    """
    front = _front(spectrum)
    mean, _ = front.logarithm(step_size, batch)
    value = mean + front.of_labels(step_size, batch, noise_variance)
    left = front.across(step_size, batch) + front.labels_left(step_size, batch, noise_variance)
    definition = TYPICAL.format(batch, step_size, noise_variance)
    return Constant(mpf(value / step_size), mpf((left + ROUNDING) / step_size), definition, SOURCE)


@checked
def sgd_escape_variance(
    spectrum: Spectrum, step_size: Step, batch: Count = 1, digits: Count = 15
) -> Constant:
    r"""The growth of the variance of :math:`\log|w|` between runs per unit of time, without label noise.

    :math:`\mathrm{Var} \log(1 + \eta p^TXp)/\eta`, :math:`\eta V` for small steps. Error as for
    :func:`sgd_escape_rate_typical`: what is left out is of the same order.

    >>> from theory.asymptotics import PowerLaw
    >>> print(f"{sgd_escape_variance(PowerLaw(2, 'inf'), 0.01):.2f}")
    1.41
    """
    front = _front(spectrum)
    _, variance = front.logarithm(step_size, batch)
    left = 4 * front.across(step_size, batch)
    definition = SPREAD.format(batch, step_size)
    return Constant(mpf(variance / step_size), mpf((left + ROUNDING) / step_size), definition, SOURCE)


class _Front:
    """The top eigenvector p at w = 0 of the mean step: its forms in Q, and averages along it."""

    def __init__(self, spectrum: Spectrum) -> None:
        with mp.workdps(DIGITS):
            rho = rate(spectrum)
            rule = compressed(spectrum)
            norm = mp.fsum(x * mass / (rho - 4 * x) ** 2 for x, mass in rule)
            own = [mp.fsum(x**k * mass / (rho - 4 * x) ** 2 for x, mass in rule) / norm for k in (2, 3, 4)]
            mixed = [
                mp.fsum(x**k * mass / (rho - 4 * x) for x, mass in rule) / mp.sqrt(norm) for k in (1, 2, 3)
            ]
            fixed = [mp.fsum(x**k * mass for x, mass in rule) for k in (1, 2)]
            squares = mp.fsum(x * weight for x, weight in traced(spectrum))
            self.gap = float(rho - 4 * rule[0][0])
        self.own, self.mixed, self.fixed = ([float(x) for x in part] for part in (own, mixed, fixed))
        self.rho, self.squares = float(rho), float(squares)

    def logarithm(self, step: float, batch: int) -> tuple[float, float]:
        """Mean and variance of log(1 + S)."""
        import numpy as np

        log_s, missing, _ = self._averages(step, batch)
        density = -np.expm1(batch * np.log1p(-missing)) * np.exp(-np.exp(log_s)) * LOG_STEP
        mean = float(density.sum())
        square = -2 * (np.euler_gamma * mean + float((density * log_s).sum()))
        return mean, square - mean**2

    def of_labels(self, step: float, batch: int, noise: float) -> float:
        """The first order of the variance of the labels' noise in the mean."""
        import numpy as np

        if noise == 0:
            return 0.0
        log_s, missing, fourth = self._averages(step, batch)
        s = np.exp(log_s)
        inner = float((fourth * (1 - missing) ** (batch - 1) * s**2 * np.exp(-s)).sum() * LOG_STEP)
        return -8 * step**2 * noise * inner / batch

    def labels_left(self, step: float, batch: int, noise: float) -> float:
        """A bound on the next order, E(4 η ξ h²/m)^4/4."""
        return 3 * 105 * 64 * (step * self.own[0]) ** 4 * noise**2 / batch**2

    def _averages(self, step: float, batch: int) -> tuple[Any, Any, Any]:
        """Nodes log s, there 1 - φ and the mean of h⁴ e^(-θ z² h²): trapezia in the logarithm of z."""
        import numpy as np

        log_s = np.arange(*LOGS, LOG_STEP)
        z = np.exp(log_s)
        weight = 2 * np.exp(-(z**2) / 2) * z * LOG_STEP / np.sqrt(2 * np.pi)
        c, b = self.own[0], self.mixed[0]
        theta, rest = 4 * step / batch * np.exp(log_s), max(c - b**2, 0.0)
        wider = 2 * np.multiply.outer(theta, rest * z**2)
        exponent = -np.multiply.outer(theta, b**2 * z**4) / (1 + wider) - np.log1p(wider) / 2
        mean, square = b * z / (1 + wider), rest / (1 + wider)
        fourth = (mean**4 + 6 * mean**2 * square + 3 * square**2) * np.exp(exponent)
        return log_s, -np.expm1(exponent) @ weight, fourth @ weight

    def across(self, step: float, batch: int) -> float:
        """A bound on the third order that the motion of the direction adds, by the gap below ρ."""
        c, b = self.own[0], self.mixed[0]
        gg, gh, hh = self.own[1], self.mixed[1], self.fixed[0]
        bulk, forms = 3 * c + 12 * b**2, ((6.0, 24 * b), (24 * b, 12 * c + 24 * b**2))
        first, second = 6 * c + 24 * b**2 + bulk, 24 * b * c + (12 * c + 24 * b**2) * b
        top = first * c + second * b
        side = first**2 * gg + 2 * first * second * gh + second**2 * hh - top**2
        gram = ((gg, gh), (gh, hh))
        weighted = ((self.own[2], self.mixed[2]), (self.mixed[2], self.fixed[1]))
        product = [[sum(forms[i][j] * gram[j][k] for j in (0, 1)) for k in (0, 1)] for i in (0, 1)]
        rank = sum(product[i][j] * product[j][i] for i in (0, 1) for j in (0, 1))
        crossed = sum(forms[i][j] * weighted[j][i] for i in (0, 1) for j in (0, 1))
        whole = bulk**2 * self.squares + 2 * bulk * crossed + rank
        rest = max(whole - 2 * side - top**2, 0.0)
        return step**3 * (16 / batch) ** 2 * (side + rest / 4) / self.gap


@lru_cache(maxsize=8)
def _front(spectrum: Spectrum) -> _Front:
    return _Front(spectrum)


@lru_cache(maxsize=32)
def _mean_square_growth(spectrum: Spectrum, step: float, batch: int, noise: float) -> float:
    r""":math:`(\mu - 1)/4\eta`, the largest root of κ = 1: κ falls to it from the pole below."""
    squares = _Squares(spectrum, step, batch, noise)
    low, high = squares.least, squares.most
    # relative width of an interval in which secants take over
    while high - low > 1e-3 * (high - squares.least):
        middle = (low + high) / 2
        low, high = (low, middle) if 0 < squares.response(middle) < 1 else (middle, high)
    return polished(squares.response, high, high + (high - low))


class _Squares:
    """Second moments at w = 0, of the modes as arrays; ``least`` and ``most`` shut the growth in."""

    def __init__(self, spectrum: Spectrum, step: float, batch: int, noise: float) -> None:
        import numpy as np

        m = batch
        self.eta, self.batch, self.isotropic = 4 * step, m, 3 + noise
        self.first, self.second = 1 + (5 + 2 * noise) / m, 2 + 22 / m
        with mp.workdps(DIGITS):
            self.x, self.e = np.array(compressed(spectrum), dtype=float).T
            self.all, self.weights = np.array(traced(spectrum), dtype=float).T
            rho = float(rate(spectrum))
        top, squares = float(max(self.all)), float(self.weights @ self.all)
        self.least = rho / 2 * (1 + step * rho / 2)
        spread = (self.isotropic + 12) / m * squares
        self.most = 6 * top + self.eta * (spread + top**2 * (self.first + 2 * self.second + 36 / m + 4))

    def response(self, growth: float) -> float:
        r""":math:`\kappa` at :math:`(\mu - 1)/4\eta`."""
        import numpy as np

        x, e, m, eta = self.x, self.e, self.batch, self.eta
        product = np.multiply.outer(x, x)
        resolvent = e / (growth - np.add.outer(x, x) - eta * self.first * product)
        own = eta * x**2 / (growth - 2 * x - eta * self.first * x**2)
        across = resolvent * (eta * self.second * product + 2 * x[:, None])
        along = (resolvent * (eta * self.second * product + 2 * x)).sum(axis=1)
        shared = eta * (resolvent * product).sum(axis=1)
        from_nu = (24 / m + 4 * (1 - 1 / m)) * shared + 12 / m * own
        matrix = np.diag(1 - along) - across - np.multiply.outer(from_nu, e)
        reply = np.linalg.solve(matrix, 12 / m * shared + self.isotropic / m * own)
        nu = float(e @ reply)
        common = eta * (12 / m + (24 / m + 4 * (1 - 1 / m)) * nu)
        direct = eta * (self.isotropic + 12 * nu) / m
        taught = (e * own / eta) @ ((4 / x + 2 * eta * self.second) * reply + common)
        bulk = self.weights @ (self.all / (growth - 2 * self.all - eta * self.first * self.all**2))
        return float(taught + direct * bulk)
