r"""The nonlinear stage of the escape: when runs on the fast manifold of ``w = 0`` cross a level.

The runs that leave 0 along its fastest direction form a curve, with an amplitude ``A``:
:math:`\dot A = \rho A` and :math:`s \sim A^2`. Every run that starts on the curve obeys
:math:`A(t) = A(0) e^{\rho t}`, so a level of ``u`` or ``s`` is crossed after
:math:`\rho^{-1} \log(A_{level}/A(0))`.

Many digits of a level of ``s`` come from a series in another clock that asks for no sum over modes, see
:mod:`theory.asymptotics.escape.manifold_clock`. Otherwise, while ``A`` is small ``u`` and ``s`` are power
series in it, see :mod:`theory.asymptotics.escape.manifold_series`; from where these converge geometrically
:mod:`theory.asymptotics.escape.manifold_orbit` follows the flow by Taylor steps, and from when the first
modes are learnt :mod:`theory.asymptotics.escape.manifold_late` by implicit ones, whose number grows with the
logarithm of time alone. Where a series alone reaches a level of ``u`` the radius is proved, see
:mod:`theory.asymptotics.escape.enclosed_clock` and :mod:`theory.asymptotics.escape.enclosed_manifold`;
otherwise it is an estimate.

**Cost.** A tenth of a second to :math:`s = \tfrac13`, also at 50 digits; seconds for levels that are crossed
many decades later, as ``u = 9/10`` at ``a < 1.3``, and minutes at ``a = 1.05``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property, lru_cache

from mpmath import mp, mpf

from theory.asymptotics.escape.manifold_late import LateOrbit
from theory.asymptotics.escape.manifold_orbit import TaylorOrbit, damped_digits
from theory.asymptotics.escape.manifold_series import ManifoldSeries
from theory.asymptotics.escape.rate import escape_rate, rate
from theory.asymptotics.escape.resolvent import touched
from theory.asymptotics.numbers.constant import GUARD, Constant, catalogued, closed_form, undefined
from theory.asymptotics.numbers.field import Field, Number, balls, rational
from theory.asymptotics.sums.compression import compressed
from theory.asymptotics.sums.spectrum import Exact, Spectrum, decimal, exact
from theory.expected import Count, checked

SOURCE = "flow of arXiv:2511.18661, Proposition 3, on the strong unstable manifold of 0"
AMPLITUDE = "A at which {} = {} on the fast manifold of 0, where dA/dt = rho A and s ~ A^2 as A -> 0"
DELAY = "C in t = log(1/EPS)/rho + C + O(EPS^2), time of {} from the fastest direction, s(0) = EPS^2"
HIGHEST = Fraction(9, 10)
REACHES = (2**6, 2**12, 2**24, 2**48, 2**96)
"""Times, over :math:`1/(8\\lambda_1)`, up to which an orbit's rule is good, tried in turn."""
LATE = 6
"""Digits by which late times are less accurate than early ones: four more than asked for are left."""
SETTLED = 2**6
"""The time, in the same unit, from which on implicit steps go further than Taylor's."""
ROUGH_DIGITS = 5
"""Those of the constants of the catalogue where a level is crossed later than the second reach."""
LARGEST = mpf("0.1")
"""Largest ``B**2`` up to which the series is summed."""


Crossing = Callable[[Spectrum, Fraction, bool, int], tuple[mpf, mpf]]
"""Of a spectrum, a level of ``u`` or of the energy, and digits: log A there, with an absolute error."""


class TooFar(ValueError):
    """The level is crossed later than an orbit's rule is good."""


class Lost(ArithmeticError):
    """The orbit is not resolved."""


class _Manifold:
    """Series and orbit at the precision of the call, errors of the order of 10^-``digits``."""

    def __init__(self, spectrum: Spectrum, digits: int, reach: int) -> None:
        rate = escape_rate(spectrum, mp.dps).value
        assert rate is not None
        unit = 1 / (8 * spectrum.extremes()[0])
        self.rate, self.digits, self.reach, self.latest, self.settled = (
            rate,
            digits,
            reach,
            reach * unit,
            SETTLED * unit,
        )
        if reach > SETTLED:
            with mp.workdps(digits - LATE):
                rule = compressed(spectrum, 8 * self.latest)
        else:
            rule = compressed(spectrum, 8 * self.latest)
        terms = digits // 2 + 10
        series = ManifoldSeries(spectrum, rule)
        self.series = series.upto(terms)
        student = series.student(terms)
        sizes = [(k, max(abs(known[k]) for known in student) + mp.eps) for k in range(terms - 4, terms)]
        self.square = min(LARGEST, *(mp.power(10**digits * size, -mpf(1) / k) for k, size in sizes))
        root = mp.sqrt(self.square)
        values = [root * mp.polyval(known[::-1], self.square) for known in student]
        self.orbit = TaylorOrbit((rule, values), digits, rate)
        self.begin = mp.log(self.square / (1 - self.square)) / 2

    def crossing(self, level: mpf, energy: bool) -> tuple[mpf, mpf] | None:
        """Log A where u, or the ``energy`` s, reaches ``level``, and its derivative by log A."""
        root = mp.sqrt(self.square)
        value, slope = self._sum(root, energy)
        if value <= level:
            found = self.orbit.crossing(level, energy, min(self.settled, self.latest))
            if found is None and self.reach > SETTLED:
                found = self.late.crossing(level, energy, self.latest)
            return None if found is None else (self.begin + self.rate * found[0], found[1] / self.rate)
        step = root
        while abs(step) > root * mp.eps * 2**10:
            step = (value - level) / slope
            root -= step
            value, slope = self._sum(root, energy)
        stretch = 1 - root**2
        return mp.log(root) - mp.log(stretch) / 2, slope * root * stretch

    @cached_property
    def late(self) -> LateOrbit:
        """The orbit from where s has passed 1/3."""
        with mp.workdps(mp.dps + int(math.log10(self.reach))):
            return LateOrbit(*self.orbit.state(), self.digits - LATE)

    def _sum(self, root: mpf, energy: bool) -> tuple[mpf, mpf]:
        """U, or the ``energy`` s, and its derivative by B."""
        value, slope = mp.polyval(self.series[energy][::-1], root**2, derivative=True)
        power = root ** (1 + energy)
        return power * value, (1 + energy) * power / root * value + 2 * power * root * slope


@lru_cache(maxsize=16)
def _manifold(spectrum: Spectrum, digits: int, reach: int) -> _Manifold:
    with mp.workdps(digits + damped_digits(digits)):
        return _Manifold(spectrum, digits, reach)


@lru_cache(maxsize=64)
def log_crossing(
    spectrum: Spectrum, level: Fraction, energy: bool, digits: int, reaches: tuple[int, ...] = ()
) -> tuple[mpf, mpf]:
    """Log A where u, or the ``energy`` s, is at ``level``, with an absolute error.

    Raises TooFar where the level is not crossed within these ``reaches``, by default all, and Lost where the
    orbit is not resolved: where teachers hardly touch the first modes it may stay at s = 1/3. Errors
    of the state, some 10^-(digits + GUARD/2), delay the crossing by themselves over the slope.
    """
    accuracy = digits + GUARD // 2
    # up to so many the orbit is followed even where the series in the clock reaches the level
    if energy and not reaches and digits > 20 and (found := _by_series(spectrum, level, accuracy)):
        return found[0], _error(digits, GUARD // 4, *found)
    for reach in (reaches := reaches or REACHES):
        with mp.workdps(accuracy + damped_digits(accuracy)):
            try:
                found = _manifold(spectrum, accuracy, reach).crossing(rational(level), energy)
            except ArithmeticError as error:
                raise Lost(f"the orbit of the fast manifold is not resolved: {error}") from None
            if found is not None:
                return found[0], _error(digits, GUARD // 4 if reach == SETTLED else 3, *found)
    raise TooFar(
        f"level is {decimal(level)}, but it is crossed later than {reaches[-1]}/(8 lambda_1) after the escape"
    )


def _error(digits: int, spare: int, value: mpf, slope: mpf) -> mpf:
    """Of a crossing, where the state is known to more than ``spare`` digits beyond those asked for."""
    return mpf(10) ** (-digits - spare) * (1 + abs(value) + 1 / slope)


def _by_series(spectrum: Spectrum, level: Fraction, accuracy: int) -> tuple[mpf, mpf] | None:
    """Log A where s is at ``level``, and its derivative by log A, from the series in the clock.

    None without balls, for few levels, which an orbit follows as fast, and where the series falls slowly.
    """
    if balls() is None or touched(spectrum) <= 32:
        return None
    from theory.asymptotics.escape.manifold_clock import energy_crossing

    try:
        near, _ = log_crossing(spectrum, level, True, ROUGH_DIGITS)
        return energy_crossing(spectrum, level, float(near), accuracy)
    except ArithmeticError:
        return None


def prompt_crossing(spectrum: Spectrum, level: Fraction, energy: bool, digits: int) -> tuple[mpf, mpf]:
    """What :func:`log_crossing` does, at late times to 5 digits, in seconds instead of minutes.

    Few digits tell how late it is, with the rule for all times after the second reach: an orbit that is begun
    anew for every reach costs as much each time.
    """
    rough = min(digits, ROUGH_DIGITS)
    try:
        log_crossing(spectrum, level, energy, rough, REACHES[:2])
    except TooFar:
        return log_crossing(spectrum, level, energy, rough, REACHES[-1:])
    return log_crossing(spectrum, level, energy, digits)


def first_overlap(spectrum: Spectrum, digits: int) -> mpf:
    """The limit of u/A as A -> 0, to 10 digits more."""
    accuracy = digits + GUARD // 2
    return _manifold(spectrum, accuracy, REACHES[0]).series[0][0]


@checked
def overlap_amplitude(spectrum: Spectrum, level: Exact, digits: Count = 15) -> Constant:
    r"""The amplitude at which ``u`` reaches ``level`` on the fast manifold, ``0 < level <= 9/10``.

    **Error.** Proved where a series reaches, see :mod:`theory.asymptotics.escape.enclosed_clock` and
    :mod:`theory.asymptotics.escape.enclosed_manifold`.
    Elsewhere Taylor terms are kept down to :math:`10^{-10}` of the digits asked for, and more digits are
    carried for what their sums cancel; the radius leaves half of these ten for what the steps add up to.

    Isotropic data: :math:`A = u/\sqrt{1 - u^2}`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(overlap_amplitude(PowerLaw(0, 9), "0.6").printed(12)[0])
    0.750000000000
    >>> print(overlap_amplitude(PowerLaw(2, "inf"), "0.5", 25).printed(25)[0])
    0.8423041700827006923749643
    """
    value, definition = _level(level, "overlap"), AMPLITUDE.format("u", level)
    proved = enclosed(spectrum, value, digits, definition, lambda field, amplitude: amplitude)
    return proved or _amplitude(spectrum, value, False, digits, definition)


@checked
def energy_amplitude(spectrum: Spectrum, level: Exact, digits: Count = 15) -> Constant:
    r"""The amplitude at which ``s`` reaches ``level`` on the fast manifold, ``0 < level <= 9/10``.

    As :func:`overlap_amplitude`; isotropic data have :math:`A^2 = s/(1 - s)`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(energy_amplitude(PowerLaw(0, 9), "0.5").printed(12)[0])
    1.00000000000
    """
    return _amplitude(spectrum, _level(level, "energy"), True, digits, AMPLITUDE.format("s", level))


def _level(level: Exact, name: str) -> Fraction:
    value = exact(level, "level")
    if not 0 < value <= HIGHEST:
        raise ValueError(f"level is {level}, but the {name} must lie in (0, 9/10]")
    return value


def _amplitude(spectrum: Spectrum, level: Fraction, energy: bool, digits: int, definition: str) -> Constant:
    logarithm, _ = log_crossing(spectrum, level, energy, digits)
    extra = max(0, int(mp.log10(1 + abs(logarithm))))
    logarithm, radius = log_crossing(spectrum, level, energy, digits + extra)
    with mp.workdps(digits + extra + GUARD):
        value = mp.exp(logarithm)
        return Constant(value, value * (radius + mpf(10) ** (-digits - GUARD // 2)), definition, SOURCE)


@checked
def overlap_delay(spectrum: Spectrum, level: Exact, digits: Count = 15) -> Constant:
    r"""The ``C`` of :math:`\rho^{-1}\log(1/\varepsilon) + C`, the time of ``u`` to reach ``level``.

    **Definition.** For the start ``escape:EPS``, along the fastest direction with
    :math:`s(0) = \varepsilon^2`. On the fast manifold itself the law is exact with
    :math:`\varepsilon = A(0)`; the tangent start leaves it by :math:`O(\varepsilon^2)` in time.
    :math:`C = \rho^{-1} \log A` with the ``A`` of :func:`overlap_amplitude`; ``0 < level <= 9/10``.

    >>> from theory.asymptotics import PowerLaw
    >>> print(overlap_delay(PowerLaw("1.2", "inf"), "0.5").printed(15)[0])
    8.74272451689215
    """
    return _overlap_delay(spectrum, _level(level, "overlap"), f"|u| = {level}", digits)


@checked
def energy_delay(spectrum: Spectrum, level: Exact, digits: Count = 15) -> Constant:
    r"""The same constant for the time at which ``s`` reaches ``level``, ``0 < level <= 9/10``.

    >>> from theory.asymptotics import PowerLaw
    >>> print(energy_delay(PowerLaw(2, "inf"), "0.9").printed(15)[0])
    3.03827458222944
    """
    return _delay(spectrum, _level(level, "energy"), True, f"s = {level}", digits)


@catalogued
def onset_delay(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":func:`overlap_delay` at ``u = 1/10``, that of :math:`T_1`.

    To 5 digits, as the radius says, where it is later than :math:`2^{12}/8\lambda_1` after the escape, as for
    teachers that hardly touch the first modes; :func:`overlap_delay` itself takes longer, for all digits.

    >>> from theory.asymptotics import PowerLaw
    >>> print(onset_delay(PowerLaw(2, "inf")).printed(15)[0])
    -0.377402504559818
    """
    return _overlap_delay(spectrum, Fraction(1, 10), "|u| = 1/10 (T1)", digits, prompt_crossing)


@catalogued
def third_delay(spectrum: Spectrum, digits: Count = 15) -> Constant:
    r""":func:`energy_delay` at ``s = 1/3``, that of :math:`T_1'`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(third_delay(PowerLaw(2, "inf")).printed(15)[0])
    -0.0478921937593008
    """
    return _delay(spectrum, Fraction(1, 3), True, "s = 1/3 (T1')", digits)


def enclosed(
    spectrum: Spectrum,
    level: Fraction,
    digits: int,
    definition: str,
    evaluate: Callable[[Field, Number], Number],
) -> Constant | None:
    """Evaluate a formula of the amplitude at which ``u`` reaches ``level`` in balls.

    None without balls, and where neither series of the fast manifold gets to the level.
    """
    if balls() is None:
        return None
    from theory.asymptotics.escape import enclosed_clock, enclosed_manifold

    def formula(amplitude: Callable[[Spectrum, Fraction], Number]) -> Callable[[Field], Number]:
        return lambda field: evaluate(field, amplitude(spectrum, level))

    for part in (enclosed_clock, enclosed_manifold):
        try:
            return closed_form(formula(part.overlap_amplitude), digits, definition, SOURCE)
        except ArithmeticError:
            continue
    return None


def _overlap_delay(
    spectrum: Spectrum, level: Fraction, event: str, digits: int, crossing: Crossing = log_crossing
) -> Constant:
    def evaluate(field: Field, amplitude: Number) -> Number:
        return field.log(amplitude) / rate(spectrum, field)

    proved = enclosed(spectrum, level, digits, DELAY.format(event), evaluate)
    return proved or _delay(spectrum, level, False, event, digits, crossing)


def _delay(
    spectrum: Spectrum,
    level: Fraction,
    energy: bool,
    event: str,
    digits: int,
    crossing: Crossing = log_crossing,
) -> Constant:
    try:
        logarithm, radius = crossing(spectrum, level, energy, digits)
        rho = escape_rate(spectrum, digits + 5)
    except (TooFar, ArithmeticError) as error:
        return undefined(DELAY.format(event), SOURCE, str(error))
    assert rho.value is not None
    assert rho.radius is not None
    with mp.workdps(digits + GUARD):
        value = logarithm / rho.value
        slack = 2 * (radius + abs(value) * rho.radius) / rho.value
    return Constant(value, slack, DELAY.format(event), SOURCE)
