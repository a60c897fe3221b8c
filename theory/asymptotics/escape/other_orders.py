r"""Escapes without a rate: by a force that acts at once, and of a link whose lowest power is above 2.

**Ballistic.** Where :math:`B(0) \ne 0` the flow starts as :math:`\dot w = B(0)\,Q w^*`, whatever the start:
from ``w = 0`` :math:`u \sim B(0)\,\|Qw^*\|^2\, t`, and no scale of the start enters.

**Algebraic.** Where :math:`z^p`, :math:`p \ge 3`, is the link's lowest power, the flow near 0 is
:math:`\dot w = Q(A w + B w^*)` with :math:`A = 2\,\partial_s \Phi`, :math:`B = \partial_u \Phi` and
:math:`\Phi = \sum_k \varphi_k s^k u^{p-2k}`, homogeneous of degree ``p`` in ``w``. It keeps the rays
:math:`w = \varepsilon(t)\, v`, :math:`s(v) = 1`, of the solutions of the nonlinear secular equation

.. math:: v_i = \frac{\lambda_i B(u, 1)\, w^*_i}{\theta - \lambda_i A(u, 1)}, \qquad u = v^T Q w^*,

along which :math:`\dot\varepsilon = \theta \varepsilon^{p-1}`: the time to leave :math:`\varepsilon` is
:math:`1/((p-2)\,\theta\,\varepsilon^{p-2})`, up to a relative correction that vanishes with
:math:`\varepsilon`. With :math:`r = A/\theta` the two conditions on ``v`` read
:math:`u = G_1/\sqrt{G_2}` and :math:`\theta = B \sqrt{G_2}`,

.. math:: G_1(r) = \sum_i \frac{\lambda_i \mu_i}{1 - r\lambda_i}, \qquad
   G_2(r) = \sum_i \frac{\lambda_i^2 \mu_i}{(1 - r\lambda_i)^2},

so that one equation :math:`A(u(r)) = r\,\theta(r)` is left. The ray is the one on which every mode has the
teacher's sign, :math:`r < 1/\lambda_1`, or the opposite one where ``p`` is odd and :math:`B < 0`. From
another start the power of :math:`\varepsilon` is the same and the prefactor is the start's own.
"""

from __future__ import annotations

from functools import lru_cache

from theory.asymptotics.escape.linear_stage import squared_norm
from theory.asymptotics.escape.resolvent import Resolvent, resolvent
from theory.asymptotics.local_flow import SQUARE, LocalFlow, factor
from theory.asymptotics.numbers.constant import Constant, closed_form, undefined
from theory.asymptotics.numbers.field import FLOATS, Field, Number
from theory.asymptotics.numbers.roots import enclosed_root
from theory.asymptotics.numbers.written import written
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum
from theory.expected import Count, checked

EXPONENT = "q in T ~ C eps^-q, the time to leave a start of s = eps^2"
PREFACTOR = "C in T ~ C eps^-(p-2) along the ray of the teacher's signs that the flow at w = 0 keeps"
SOURCE = "theory.asymptotics.escape.other_orders"

LINEAR = "the flow at w = 0 is linear: the time to leave it is a logarithm of the start over escape_rate"
NO_RAY = "no ray of the teacher's signs leaves w = 0"

DOUBLINGS = 60


@checked
def escape_speed(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The speed of a ballistic escape, :math:`B(0)\,\|Qw^*\|^2`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(escape_speed(PowerLaw(0, 4), flow=LocalFlow("z**3 + z", force="8")).printed(5)[0])
    2.0000
    >>> escape_speed(PowerLaw(0, 4)).reason
    'no force acts at w = 0: B(0) = 0'
    """
    definition = "C in u ~ C t from w = 0, where the force {} Q w* acts".format(factor(flow.force or "B(0)"))
    if flow.force is None:
        return undefined(
            definition,
            SOURCE,
            flow.no_escape if flow.no_escape and not flow.pulls else "no force acts at w = 0: B(0) = 0",
        )
    force = flow.force
    return closed_form(
        lambda field: written(force, field) * squared_norm(spectrum, field), digits, definition, SOURCE
    )


@checked
def escape_time_exponent(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The power of the start's size, :math:`p - 2`, ``p`` the link's lowest beyond the constant.

    >>> from theory.asymptotics import PowerLaw
    >>> print(escape_time_exponent(PowerLaw(2, "inf"), flow=FOURTH).printed(3)[0])
    2.00
    >>> escape_time_exponent(PowerLaw(2, "inf")).reason[:31]
    'the flow at w = 0 is linear: th'
    """
    if not flow.pulls:
        return undefined(EXPONENT, SOURCE, flow.no_escape or LINEAR)
    return closed_form(lambda field: field.mpf(flow.order - 2), digits, EXPONENT, SOURCE)


@checked
def escape_time_prefactor(spectrum: Spectrum, digits: Count = 15, flow: LocalFlow = SQUARE) -> Constant:
    r"""The time on the ray over that power, :math:`1/((p-2)\,\theta)`.

    Isotropic data have :math:`v = w^*` and :math:`\theta = (A + B)/d`: for :math:`z^4`, whose
    :math:`\Phi = 48 u^4 + 144 s u^2 + 18 s^2`, that is ``840/d``.

    >>> from theory.asymptotics import PowerLaw
    >>> print(escape_time_prefactor(PowerLaw(0, 4), flow=FOURTH).printed(10)[0], 4 / (2 * 840))
    0.002380952381 0.002380952380952381
    """
    if not flow.pulls:
        return undefined(PREFACTOR, SOURCE, flow.no_escape or LINEAR)
    ray = _Ray(spectrum, flow)
    if not ray.exists():
        return undefined(PREFACTOR, SOURCE, NO_RAY)
    return closed_form(lambda field: 1 / ((flow.order - 2) * ray.rate(field)), digits, PREFACTOR, SOURCE)


FOURTH = LocalFlow("z**4", order=4, pulls=("48", "144", "18"))


class _Ray:
    """The equation of the ray in ``y``: ``4/|r|`` less ``4 lambda_1`` for ``A > 0``, plain for ``A < 0``."""

    def __init__(self, spectrum: Spectrum, flow: LocalFlow) -> None:
        self.spectrum, self.flow, self.side = spectrum, flow, 1
        if flow.order % 2 and self._at_small_r(FLOATS)[1] < 0:
            self.side = -1
        self.sign = 1 if self._at_small_r(FLOATS)[0] > 0 else -1

    def exists(self) -> bool:
        """Whether the ray is there, and the flow leaves 0 on it."""
        first = self._at_small_r(FLOATS)
        if first[1] <= 0:
            return False
        if first[0] == 0:
            return True
        try:
            low, _ = self._ends(FLOATS)
        except ArithmeticError:
            return False
        return self._pulls(self._sums(low, FLOATS)[0], FLOATS)[1] > 0

    def rate(self, field: Field) -> Number:
        """``theta``."""
        pull, push = self._at_small_r(field)
        if pull == 0:
            return push * field.sqrt(_second(self.spectrum, field))
        low, high = self._ends(field)
        y = enclosed_root(lambda y: self._excess(y, field), low, high, field)
        u, norm, _ = self._sums(y, field)
        return self._pulls(u, field)[1] * norm

    def _ends(self, field: Field) -> tuple[Number, Number]:
        """Two points between which the excess changes its sign."""
        start = 4 * field.mid(self.spectrum.extremes(field)[0])
        sign = self.sign
        far = near = start
        for _ in range(DOUBLINGS):
            if sign * self._excess(far, field) > 0:
                break
            far *= 2
        for _ in range(DOUBLINGS):
            if sign * self._excess(near, field) < 0:
                return near, far
            near /= 2
        raise ArithmeticError(NO_RAY)

    def _excess(self, y: Number, field: Field) -> Number:
        """``A - r theta``."""
        u, norm, r = self._sums(y, field)
        pull, push = self._pulls(u, field)
        return pull - r * push * norm

    def _sums(self, y: Number, field: Field) -> tuple[Number, Number, Number]:
        """``u``, the root of ``G_2``, and ``r``."""
        secular = _secular(self.spectrum, field, field.dps)
        pole = secular.floor + y if self.sign > 0 else -y
        value, slope = secular.value_and_slope(pole - secular.floor)
        r = 4 / pole
        first = value / r
        second = (-4 * slope / r**2 - first) / r
        norm = field.sqrt(second)
        return first / norm, norm, r

    def _at_small_r(self, field: Field) -> tuple[Number, Number]:
        """``A`` and ``B`` at ``r = 0``."""
        u = squared_norm(self.spectrum, field) / field.sqrt(_second(self.spectrum, field))
        return self._pulls(u, field)

    def _pulls(self, u: Number, field: Field) -> tuple[Number, Number]:
        """``A`` and ``B`` at ``s = 1``."""
        p = self.flow.order
        numbers = [self.side * written(text, field) for text in self.flow.pulls]
        along = [2 * k * c * u ** (p - 2 * k) for k, c in enumerate(numbers) if k]
        towards = [(p - 2 * k) * c * u ** (p - 2 * k - 1) for k, c in enumerate(numbers) if p > 2 * k]
        return field.fsum(along), field.fsum(towards)


@lru_cache(maxsize=8)
def _secular(spectrum: Spectrum, field: Field, digits: int) -> Resolvent:
    """The sums over modes at so many digits of the working precision."""
    with field.workdps(digits):
        return resolvent(spectrum, field=field, ratio="1")[0]


def _second(spectrum: Spectrum, field: Field) -> Number:
    """The sum of ``lambda^2 mu``."""
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        return spectrum.moment(2, field=field)
    return field.fsum(x * x * mass for x, mass, _ in spectrum.levels(field))
