r"""The convergence of the statistics beyond the leading power: universal corrections, and the start's share.

**Setting.** At :math:`d = \infty`, with :math:`x_i = 8\lambda_i`, :math:`v = w - w^*`,
:math:`p = v^T Q w^*`, :math:`q = v^T Q v`. In the clock :math:`d\varphi = (1 + 3p + \tfrac32 q)\,dt`
every mode is linear,

.. math:: \frac{dv_i}{d\varphi} = -x_i v_i + x_i c\,w^*_i, \qquad
   c = -\frac{2p + \tfrac32 q}{1 + 3p + \tfrac32 q},

so :math:`v_i = w^*_i V(x_i, \varphi)` with
:math:`V = -e^{-x\varphi}(1 - G) + x\int e^{-x(\varphi - \varphi')} c(\varphi')\,d\varphi'`,
where ``G`` holds the start and vanishes with ``x``.

**Power-law memory.** Let :math:`c = \sum_\alpha c_\alpha \varphi^{-\alpha}`. A power gives
:math:`V = \varphi^{-\alpha} h_\alpha(x\varphi)`, where, the integral being a finite part,

.. math:: h_\alpha(y) = y \int_0^1 e^{-y(1-\sigma)} \sigma^{-\alpha}\,d\sigma
   = \frac{y}{1-\alpha}\,{}_1F_1(1; 2-\alpha; -y) \sim \sum_k (\alpha)_k\,y^{-k}.

**Sums over modes.** The Mellin transform :math:`\Gamma(z) \sum_i \mu_i x_i^{-z}` of
:math:`f(\varphi) = \sum_i \mu_i e^{-x_i\varphi}` is
:math:`\Gamma(z)(Z/8)^z \zeta(b - az)/\zeta(b)`. To the right of its strip it has one
pole, :math:`z = \gamma`: :math:`f = C\varphi^{-\gamma}` up to terms smaller than every power, and for
:math:`\Phi \sim \sum_k \Phi_k y^{-k}` at infinity

.. math:: \sum_i \mu_i \Phi(x_i\varphi) \sim
   \frac{C \varphi^{-\gamma}}{\Gamma(\gamma)} \int_0^\infty y^{\gamma-1} \Phi\,dy
   + \sum_k \Phi_k M_k \varphi^{-k}, \qquad M_k = \Big(\frac Z8\Big)^k \frac{\zeta(b - ak)}{\zeta(b)},

the integral continued analytically. With ``Phi`` equal to ``V`` and to :math:`V^2` this yields ``p`` and
``q``; the integrals of :math:`h_\alpha`, :math:`e^{-y}h_\alpha` and :math:`h_\alpha h_\beta` are
:func:`linear_memory`, :func:`cross_memory` and :func:`quadratic_memory`.

**Recursion.** The coefficients of :math:`\varphi^{-m\gamma-n}` follow in increasing order: ``p = c + P``
with ``P`` and ``q`` known from lower ones, hence
:math:`3c = -2P - \tfrac32 q - [c(3p + \tfrac32 q)]`. Lagrange's inversion of
:math:`t = \int d\varphi/(1 + 3p + \tfrac32 q)` returns to the time ``t``. Of the first
order this is :math:`c = (\tfrac23 - 2^{-\gamma-1}) C`, the law of :mod:`theory.asymptotics.convergence.laws`.

**What is universal.** Below :math:`t^{-\gamma-1}` all exponents are :math:`m\gamma`,
:math:`m < 1 + 1/\gamma`, and their coefficients :math:`C^m` times functions of :math:`\gamma` alone:
neither the start nor the spectrum's head is seen. ``G`` enters at :math:`t^{-\gamma-1}`, through its
slope at ``x = 0`` alone, and acts there as a shift of time,

.. math:: t \to t + t_0, \qquad t_0 = g - \mathrm{f.p.}\!\int_0^\infty (1 - u)\,dt, \qquad
   g = \lim_{i \to \infty} \frac{w_i(0)}{8\lambda_i w^*_i}.

For a mode not yet learnt obeys :math:`\dot w_i = 8\lambda_i u\,w^*_i`: it has been taught for the time
:math:`\int u\,dt` rather than ``t``. The finite part drops the powers of the upper end. In
:math:`t + t_0` the expansion is universal up to :math:`t^{-\gamma-2}`, where the
second derivative of ``G`` enters; the coefficients of :math:`t^{-m\gamma-1}` hold :math:`M_1`, which is
-1/16 for every flat teacher.

**Logarithms.** Where :math:`1/\gamma = M` is an integer (flat teachers of ``a = M/(M-1)``: 2, 3/2, 4/3,
...) the integral of ``1 - u`` grows like :math:`U_M \log t`, :math:`U_M` the coefficient of
:math:`1/t`, which is the upper end's and dropped from :math:`t_0`. Shifted by it ``1 - u`` has the term
:math:`\gamma U_1 U_M t^{-\gamma-1} \log t`, and ``1 - s`` and ``L`` have it with their own leading
coefficient in place of :math:`U_1`. At :math:`\gamma = 1` the pole of :math:`M_1` adds
:math:`-\tfrac13 C c_1` to it in ``1 - u``, :math:`-\tfrac23 C c_1` in ``1 - s`` and nothing in ``L``.

**Slow limit.** As :math:`\gamma \to 0` every mode is either learnt or not, and the series sums to
:math:`1 - s = \tfrac23 X`, :math:`1 - u = 1 - \sqrt{(1-X)(1-\tfrac23 X)}`, :math:`X = Ct^{-\gamma}`; see
:func:`.crossover.slow_limit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from mpmath import mp, mpf

from theory.asymptotics.convergence.laws import amplitude, decay_law
from theory.asymptotics.numbers.constant import GUARD
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.spectrum import Exact, PowerLaw, decimal, exact
from theory.expected import Count, checked

Order = tuple[int, int]
"""``(m, n)`` stands for the power :math:`t^{-m\\gamma - n}`."""

Series = dict[Order, mpf]


@checked
@dataclass(frozen=True)
class Expansion:
    r"""``1 - u``, ``1 - s`` and ``L`` as sums of powers of :math:`t + t_0`.

    ``overlap``, ``energy`` and ``loss`` map ``(m, n)`` to the coefficient of
    :math:`(t + t_0)^{-m\gamma - n}`; all terms of exponents below ``end`` are there. Where
    :math:`1/\gamma` is an integer ``logarithm`` maps the three names to the coefficient of
    :math:`(t + t_0)^{-\gamma-1} \log(t + t_0)`, ``(1, 1)`` holds all that belongs to the power itself, and
    ``end`` is :math:`2\gamma + 1` instead of :math:`\gamma + 2`.

    Time is the flow's, and the expansion is meant for :math:`t \gg 1/\lambda_1`.
    """

    gamma: Fraction
    overlap: Mapping[Order, mpf]
    energy: Mapping[Order, mpf]
    loss: Mapping[Order, mpf]
    logarithm: Mapping[str, mpf]
    end: Fraction

    @property
    def orders(self) -> list[Order]:
        """The orders ``(m, n)``, slowest first."""
        return sorted(self.overlap, key=self.exponent)

    @property
    def universal(self) -> list[Order]:
        r"""The orders below :math:`t^{-\gamma-1}`: their coefficients see no start, with any :math:`t_0`."""
        return [order for order in self.orders if self.exponent(order) < self.gamma + 1]

    def exponent(self, order: Order) -> Fraction:
        r""":math:`m\gamma + n`."""
        return order[0] * self.gamma + order[1]

    def at(self, quantity: str, time: float | mpf, shift: float | mpf = 0, terms: int | None = None) -> mpf:
        """``overlap``, ``energy`` or ``loss`` at ``time + shift`` from the first ``terms`` terms.

        If ``terms`` is None all are taken, the logarithmic one as well.

        >>> law = expansion(PowerLaw(3, "inf"))
        >>> print(mp.nstr(law.at("energy", 1e6, terms=1), 8), mp.nstr(law.at("energy", 1e6), 8))
        7.0752585e-6 7.0753357e-6

        Raises ValueError for another quantity.
        """
        t = mpf(time) + shift
        coefficients = self._coefficients(quantity)
        total = mp.fsum(
            coefficients[order] * mp.power(t, -rational(self.exponent(order)))
            for order in self.orders[:terms]
        )
        if terms is None and self.logarithm:
            total += self.logarithm[quantity] * mp.power(t, -1 - rational(self.gamma)) * mp.log(t)
        return total

    def overlap_integral(self, time: float | mpf, shift: float | mpf = 0) -> mpf:
        r"""The primitive of ``1 - u``, free of a constant, at ``time + shift``.

        The shift is the limit of :math:`g - \int_0^T (1 - u)\,dt` plus this primitive at ``T``.
        """
        t, gamma = mpf(time) + shift, rational(self.gamma)
        total = mpf(0)
        for order, coefficient in self.overlap.items():
            power = 1 - rational(self.exponent(order))
            total += coefficient * (mp.power(t, power) / power if power else mp.log(t))
        if self.logarithm:
            total -= self.logarithm["overlap"] * mp.power(t, -gamma) * (mp.log(t) + 1 / gamma) / gamma
        return total

    def shift(self, slope: float | mpf, lost: float | mpf, time: float | mpf) -> mpf:
        r""":math:`t_0` from the slope ``g`` and ``lost`` :math:`= \int_0^T (1-u)\,dt`, ``T = time``.

        The error is :math:`O(T^{1-e})`, ``e`` the expansion's ``end``, besides that of ``lost``.
        """
        shift = mpf(0)
        for _ in range(20):  # iterations for the shift, each of which divides its error by more than ten
            shift = slope - lost + self.overlap_integral(time, shift)
        return shift

    def reached(self, quantity: str, level: float | mpf, shift: float | mpf = 0) -> mpf:
        r"""The time at which ``quantity`` has fallen to ``level``; T2 for the slower of u and s.

        It is :math:`(C/\epsilon)^{1/\gamma} (1 + O(\epsilon))`, and the corrections are applied.

        >>> law = expansion(PowerLaw(3, "inf"))
        >>> time = law.reached("energy", mpf("1e-6"))
        >>> print(mp.nstr(time, 8), mp.nstr(law.at("energy", time), 8))
        18819777.0 1.0e-6
        """
        target, gamma = mpf(level), rational(self.gamma)
        time = mp.power(self._coefficients(quantity)[1, 0] / target, 1 / gamma)

        def excess(logarithm: mpf) -> mpf:
            return mp.log(self.at(quantity, mp.exp(logarithm)) / target)

        start = mp.log(time)
        return mp.exp(mp.findroot(excess, (start, start + mpf(1) / 100), solver="secant")) - shift

    def _coefficients(self, quantity: str) -> Mapping[Order, mpf]:
        if quantity not in ("overlap", "energy", "loss"):
            raise ValueError(f"quantity is {quantity!r}, but it must be overlap, energy or loss")
        coefficients: Mapping[Order, mpf] = getattr(self, quantity)
        return coefficients


@checked
def expansion(spectrum: PowerLaw, digits: Count = 15) -> Expansion:
    r"""The expansion of a flat or source teacher's convergence at :math:`d = \infty`.

    For finite ``d`` it describes times well below ``window_end``, with :math:`H_{d,a}` and :math:`H_{d,b}`.
    Coefficients carry 20 guard digits; close to :math:`\gamma = 1/M`, but not there, those of
    :math:`t^{-(M+1)\gamma}` and :math:`t^{-\gamma-1}` grow and cancel.

    At ``a = 2``, the law, its universal correction and the logarithm:

    >>> law = expansion(PowerLaw(2, "inf"))
    >>> for order in law.universal:
    ...     print(order, mp.nstr(law.overlap[order], 12), mp.nstr(law.energy[order], 12))
    (1, 0) 0.167807289352 0.162867503968
    (2, 0) 0.0283482182486 0.0273303543643
    >>> print(mp.nstr(law.logarithm["overlap"], 12), law.end)
    0.00237851883113 2

    Raises ValueError where there is no power law, and for given teacher components.
    """
    if not isinstance(spectrum, PowerLaw) or spectrum.mass_exponent is None:
        raise ValueError("an expansion needs a power law with a flat or source teacher")
    gamma = decay_law(spectrum)
    with mp.workdps(digits + GUARD):
        if gamma.numerator > 1:
            end = gamma + 2
            return Expansion(gamma, **_coefficients(spectrum, end), logarithm={}, end=end)
        laws = _coefficients(spectrum, gamma + 1)
        limits = _resonance(spectrum, gamma)
        for name, series in laws.items():
            series[1, 1] = limits[name][0]
        logarithm = {name: limit[1] for name, limit in limits.items()}
        return Expansion(gamma, **laws, logarithm=logarithm, end=2 * gamma + 1)


@checked
def universal_coefficients(gamma: Exact, count: Count, digits: Count = 15) -> dict[str, list[mpf]]:
    r"""The coefficients of :math:`X, X^2, \dots`, :math:`X = Ct^{-\gamma}`: functions of the exponent.

    There are ``count`` of ``1 - u`` (``overlap``), of ``1 - s`` (``energy``) and of ``L`` (``loss``).

    >>> for name, values in universal_coefficients("1/3", 3).items():
    ...     print(name, *(mp.nstr(value, 10) for value in values))
    overlap 0.7301835963 0.2963754423 0.4392511496
    energy 0.6666666667 0.2765753673 0.3995344245
    loss 3.174802104 0.4653630648 1.290905078

    Raises ValueError for :math:`\gamma \le 0`, and where fewer are universal, ``count`` not below
    :math:`1 + 1/\gamma`.
    """
    power = exact(gamma, "gamma")
    if power <= 0:
        raise ValueError(f"gamma is {decimal(power)}, but it must be positive")
    if not 1 <= count < 1 + 1 / power:
        raise ValueError(f"count is {count}, but from 1 to below 1 + 1/gamma coefficients are universal")
    with mp.workdps(digits + GUARD):
        orders = _Orders(power, power * count + power / 2)
        laws = _quantities(orders, *_Recursion(orders, mpf(1), mpf(0)).solve())
        return {name: [series[m, 0] for m in range(1, count + 1)] for name, series in laws.items()}


def _coefficients(spectrum: PowerLaw, end: Fraction) -> dict[str, Series]:
    """The coefficients of the three quantities below the exponent ``end``, away from resonance."""
    gamma = decay_law(spectrum)
    assert spectrum.mass_exponent is not None
    gap = rational(spectrum.mass_exponent - spectrum.exponent)
    moment = mpf(0) if end <= gamma + 1 else spectrum.trace_sum() / 8 * mp.zeta(gap) / spectrum.energy_sum()
    orders = _Orders(gamma, end)
    return _quantities(orders, *_Recursion(orders, amplitude(spectrum), moment).solve())


def _quantities(orders: _Orders, p: Series, q: Series) -> dict[str, Series]:
    """``1 - u``, ``1 - s`` and ``L``."""
    squares = orders.product(p, p), orders.product(p, q), orders.product(q, q)
    return {
        "overlap": {order: -p[order] for order in p},
        "energy": {order: -2 * p[order] - q[order] for order in p},
        "loss": {
            order: 4 * q[order] + 8 * squares[0][order] + 12 * squares[1][order] + 3 * squares[2][order]
            for order in p
        },
    }


def _resonance(spectrum: PowerLaw, gamma: Fraction) -> dict[str, tuple[mpf, mpf]]:
    r"""For each quantity the coefficients of :math:`t^{-\gamma-1}` and of its logarithm.

    They are limits at :math:`1/\gamma = M` along source teachers. With :math:`\epsilon = 1 - M\gamma`
    poles have: the coefficients ``A`` of ``(M + 1, 0)`` and ``B`` of ``(1, 1)``; and the shift, which is
    :math:`U_M/\epsilon` beyond the one that drops the logarithm. The terms' sum is finite:
    :math:`\epsilon A` is the coefficient of the logarithm and :math:`A + B - \gamma C_1 U_M/\epsilon`
    that of the power, :math:`C_1` being the quantity's leading one. Means over :math:`\pm\epsilon` err
    by :math:`O(\epsilon^2)`, hence the doubled precision.
    """
    count = gamma.denominator
    epsilon = Fraction(1, 10 ** (mp.dps // 2))
    limits: dict[str, tuple[mpf, mpf]] = {}
    assert spectrum.mass_exponent is not None
    with mp.workdps(2 * mp.dps):
        for sign in (1, -1):
            near = (1 - sign * epsilon) / count
            decay = 1 + near * spectrum.exponent
            source = (decay - spectrum.exponent) / 2
            law = PowerLaw(spectrum.exponent, spectrum.dimension, f"source:{source}")
            laws = _coefficients(law, gamma * 3 / 2 + 1)
            pole = laws["overlap"][count, 0] / rational(sign * epsilon)
            for name, series in laws.items():
                first, second = series[count + 1, 0], series[1, 1]
                power = first + second - rational(near) * series[1, 0] * pole
                before = limits.get(name, (mpf(0), mpf(0)))
                limits[name] = (before[0] + power / 2, before[1] + first * rational(sign * epsilon) / 2)
    return limits


def linear_memory(gamma: mpf, alpha: mpf) -> mpf:
    r""":math:`\frac{1}{\Gamma(\gamma)} \int_0^\infty y^{\gamma-1} h_\alpha\,dy`, continued.

    It is :math:`-\Gamma(1-\gamma)\Gamma(1-\alpha)/\Gamma(1-\alpha-\gamma)`.

    >>> gamma, alpha = mpf("0.3"), mpf("0.5")
    >>> deviation = lambda y: y / (1 - alpha) * mp.hyp1f1(1, 2 - alpha, -y) - 1
    >>> value = mp.quad(lambda x: mp.exp(gamma * x) * deviation(mp.exp(x)), [-120, -20, -5, 0, 5, 20, 60])
    >>> print(mp.nstr(value / mp.gamma(gamma), 12), mp.nstr(linear_memory(gamma, alpha), 12))
    -0.501159115268 -0.501159115268
    """
    return -mp.gammaprod([1 - gamma, 1 - alpha], [1 - alpha - gamma])


def cross_memory(gamma: mpf, alpha: mpf) -> mpf:
    r""":math:`\frac{1}{\Gamma(\gamma)} \int_0^\infty y^{\gamma-1} e^{-y} h_\alpha\,dy`.

    It is :math:`\gamma \int_0^1 \sigma^{-\alpha}(2-\sigma)^{-\gamma-1} d\sigma`.

    >>> value = mp.quad(lambda s: s ** mpf(-0.25) * (2 - s) ** mpf(-1.5) / 2, [0, 1])
    >>> print(mp.nstr(value, 12), mp.nstr(cross_memory(mpf(0.5), mpf(0.25)), 12))
    0.365073406563 0.365073406563
    """
    power = mp.hyp2f1(gamma + 1, 1 - alpha, 2 - alpha, mpf(1) / 2)
    return gamma * mp.power(2, -gamma - 1) / (1 - alpha) * power


def quadratic_memory(gamma: mpf, alpha: mpf, beta: mpf) -> mpf:
    r""":math:`\frac{1}{\Gamma(\gamma)} \int_0^\infty y^{\gamma-1} h_\alpha h_\beta\,dy`, continued.

    It is :math:`\gamma(\gamma+1)\iint \sigma^{-\alpha}\tau^{-\beta}(2-\sigma-\tau)^{-\gamma-2}` over
    the unit square. In each of the triangles :math:`\sigma < \tau` and :math:`\sigma > \tau` the integral
    along rays is a hypergeometric function, split at its singular corner
    by the connection formula [DLMF 15.8.4]; both parts integrate to ``2F1`` again.

    >>> gamma, alpha, beta = mpf("0.3"), mpf("0.3"), mpf("0.6")
    >>> h = lambda a, y: y / (1 - a) * mp.hyp1f1(1, 2 - a, -y)
    >>> integrand = lambda x: mp.exp(gamma * x) * (h(alpha, mp.exp(x)) * h(beta, mp.exp(x)) - 1)
    >>> value = mp.quad(integrand, [-120, -20, -5, 0, 5, 20, 60])
    >>> print(mp.nstr(value / mp.gamma(gamma), 12), mp.nstr(quadratic_memory(gamma, alpha, beta), 12))
    -0.42089512186 -0.42089512186
    """
    s = 2 - alpha - beta
    total = mpf(0)
    for e in (alpha, beta):
        ray = mp.gammaprod([s, -1 - gamma], [s - 1 - gamma]) * mp.power(2, s) / (1 - e)
        total += ray * mp.hyp2f1(s, 1 - e, 2 - e, -1)
        corner = mp.gammaprod([-gamma, 1 - e], [1 - gamma - e]) * mp.power(2, gamma + 1) / (gamma + 1)
        total += corner * mp.hyp2f1(s - gamma - 1, 1, 1 - gamma - e, mpf(1) / 2)
    return gamma * (gamma + 1) * mp.power(2, -gamma - 2) * total


class _Orders:
    """The powers below an end, and the algebra of series in them."""

    def __init__(self, gamma: Fraction, end: Fraction) -> None:
        self.gamma, self.end = gamma, end
        found = [
            (m, n) for n in range(int(end) + 1) for m in range(1, int(end / gamma) + 1) if m * gamma + n < end
        ]
        self.listed = sorted(found, key=lambda order: (self.exponent(order), order))

    def exponent(self, order: Order) -> Fraction:
        return order[0] * self.gamma + order[1]

    def value(self, order: Order) -> mpf:
        return rational(self.exponent(order))

    def product(self, one: Series, other: Series) -> Series:
        """The product of two series, without terms from the end on."""
        result = dict.fromkeys(self.listed, mpf(0))
        for (m, n), x in one.items():
            for (i, j), y in other.items():
                if (m + i, n + j) in result:
                    result[m + i, n + j] += x * y
        return result


class _Recursion:
    """The coefficients of p, q and c in powers of the clock, then of time."""

    def __init__(self, orders: _Orders, amplitude: mpf, moment: mpf) -> None:
        self.orders, self.gamma = orders, rational(orders.gamma)
        self.amplitude, self.moment = amplitude, moment

    def solve(self) -> tuple[Series, Series]:
        """P and q as series in time."""
        p: Series = {}
        q: Series = {}
        c: Series = {}
        for order in self.orders.listed:
            lower_p, q[order] = self._linear(order, c), self._quadratic(order, c)
            product = mp.fsum(
                c[one] * (3 * p[other] + mpf(3) / 2 * q[other]) for one, other in _splits(order, c)
            )
            c[order] = (-2 * lower_p - mpf(3) / 2 * q[order] - product) / 3
            p[order] = c[order] + lower_p
        clock = {order: 3 * p[order] + mpf(3) / 2 * q[order] for order in p}
        primitive = self._primitive(clock)
        return self._in_time(p, primitive), self._in_time(q, primitive)

    def _linear(self, order: Order, c: Series) -> mpf:
        """The coefficient of p less that of c."""
        m, n = order
        total = -self.amplitude if order == (1, 0) else mpf(0)
        if (m - 1, n) in c:
            alpha = self.orders.value((m - 1, n))
            total += self.amplitude * linear_memory(self.gamma, alpha) * c[m - 1, n]
        if (m, n - 1) in c:
            total += self.moment * self.orders.value((m, n - 1)) * c[m, n - 1]
        return total

    def _quadratic(self, order: Order, c: Series) -> mpf:
        """The coefficient of q."""
        m, n = order
        total = mp.fsum(c[one] * c[other] for one, other in _splits(order, c))
        total += self.moment * mp.fsum(
            (self.orders.value(one) + self.orders.value(other)) * c[one] * c[other]
            for one, other in _splits((m, n - 1), c)
        )
        scale = mp.power(2, -self.gamma) if order == (1, 0) else mpf(0)
        if (m - 1, n) in c:
            scale -= 2 * c[m - 1, n] * cross_memory(self.gamma, self.orders.value((m - 1, n)))
        for one, other in _splits((m - 1, n), c):
            exponents = sorted((self.orders.exponent(one), self.orders.exponent(other)))
            scale += c[one] * c[other] * _squared(self.orders.gamma, *exponents, mp.prec)
        return total + self.amplitude * scale

    def _primitive(self, clock: Series) -> Series:
        r"""The ``D`` of :math:`t = \varphi(1 + \sum D_e \varphi^{-e})` from the clock's speed.

        A term :math:`\varphi^{-1}` would integrate to a logarithm; it lies beyond the end
        of the series in which it appears.
        """
        inverse = dict.fromkeys(clock, mpf(0))
        for order in self.orders.listed:
            inverse[order] = -clock[order] - mp.fsum(
                clock[one] * inverse[other] for one, other in _splits(order, clock)
            )
        return {
            order: value / (1 - self.orders.value(order))
            for order, value in inverse.items()
            if self.orders.exponent(order) != 1
        }

    def _in_time(self, series: Series, primitive: Series) -> Series:
        r"""The series in ``t`` by Lagrange's inversion.

        With :math:`t = \varphi + g(\varphi)`, :math:`\varphi^{-e} = t^{-e} + \sum_{k \ge 1}
        \frac{(-1)^k}{k!} \partial_t^{k-1} [-e\,t^{-e-1} g(t)^k]`.
        """
        result = dict(series)
        power: Series = {(0, 0): mpf(1)}
        k, sign = 0, mpf(1)
        while True:
            k, sign = k + 1, -sign / (k + 1)
            power = self.orders.product(power, primitive)
            if not any(power.values()):
                return result
            for (m, n), x in series.items():
                e = self.orders.value((m, n))
                for (i, j), y in power.items():
                    order = (m + i, n + j)
                    if order in result and y:
                        falling = mp.ff(k - 1 - self.orders.value(order), k - 1)
                        result[order] -= sign * e * falling * x * y


def _splits(order: Order, series: Series) -> list[tuple[Order, Order]]:
    """All ordered pairs of orders in the series that add up to ``order``."""
    m, n = order
    return [(one, (m - one[0], n - one[1])) for one in series if (m - one[0], n - one[1]) in series]


@lru_cache(maxsize=4096)
def _squared(gamma: Fraction, alpha: Fraction, beta: Fraction, prec: int) -> mpf:
    with mp.workprec(prec):
        return quadratic_memory(rational(gamma), rational(alpha), rational(beta))
