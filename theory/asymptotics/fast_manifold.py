r"""The nonlinear stage of the escape: the fast manifold of ``w = 0``, and the times on it.

The runs that leave 0 along its fastest direction form a curve, with an amplitude ``A``:
:math:`\dot A = \rho A` and :math:`s \sim A^2`. In :math:`B = A/\sqrt{1 + A^2}`, which isotropic data
suggest, :math:`\dot B = \rho B (1 - B^2)`, and the whole curve is :math:`0 < B < 1`:

.. math:: w_i = w^*_i \sum_n f_n(\lambda_i) B^{2n+1}, \quad u = \sum_n U_n B^{2n+1}, \quad
   s = \sum_{n \ge 1} S_n B^{2n}.

The flow asks of the coefficients

.. math:: ((2n+1)\rho - 4\lambda) f_n(\lambda) = (2n-1)\rho f_{n-1}(\lambda)
   + 8 \lambda U_n - 12 \lambda \sum_{j=1}^n S_j f_{n-j}(\lambda),

diagonal plus rank-one, and solvable since :math:`F((2n+1)\rho) < 1`. Every run that starts on the curve
obeys :math:`A(t) = A(0) e^{\rho t}`, so a level of ``u`` or ``s`` is crossed after
:math:`\rho^{-1} \log(A_{level}/A(0))`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import isqrt
from operator import mul

from mpmath import mp, mpf

from .compression import compressed
from .constant import GUARD, Constant, undefined
from .escape import escape_rate
from .linear_stage import escape_amplitude
from .spectrum import Exact, Spectrum, decimal, exact

SOURCE = "flow of arXiv:2511.18661, Proposition 3, on the strong unstable manifold of 0"
FARTHEST = 4
"""Largest amplitude."""
ROUGH = 40
"""Terms with which a crossing is first looked for, at about as many digits."""
AMPLITUDE = "A at which {} = {} on the fast manifold of 0, where dA/dt = rho A and s ~ A^2 as A -> 0"
DELAY = "C in t = log(1/EPS)/rho + C + O(EPS^2), time of {} from the fastest direction, s(0) = EPS^2"
MEDIAN = "C in median T1 = log(d)/(2 rho) + C + o(1) from the unit sphere, |u(T1)| = 1/10"


class TooFar(ValueError):
    """The level is crossed long after the energy has passed 1/3, out of reach of the series."""


def manifold_series(spectrum: Spectrum, terms: int) -> tuple[list[mpf], list[mpf]]:
    r"""Return :math:`U_0, U_1, \dots` and :math:`S_1, S_2, \dots`, ``terms`` of each.

    In fixed-point arithmetic at the working precision; the spectrum enters by a Gauss rule, see
    :mod:`.compression`.

    Isotropic data are the simplest case, :math:`u = B` and :math:`s = B^2`:

    >>> from theory.asymptotics import PowerLaw
    >>> overlaps, energies = manifold_series(PowerLaw(0, 4), 3)
    >>> [mp.nstr(mp.chop(x), 6) for x in overlaps + energies]
    ['1.0', '0.0', '0.0', '1.0', '0.0', '0.0']
    """
    return _manifold(spectrum, mp.prec).upto(terms)


class _Manifold:
    """The coefficients at one precision, in units of ``2**-prec``, as many as were asked for."""

    def __init__(self, spectrum: Spectrum) -> None:
        one = self.one = 1 << mp.prec
        rho = escape_rate(spectrum, mp.dps).value
        assert rho is not None
        self.levels = [(int(4 * x / rho * one), int(mass * one)) for x, mass in compressed(spectrum)]
        direction = [one * x // (one - x) for x, _ in self.levels]
        size = isqrt(self._mean([x * x // one for x in direction]) * one)
        self.history = [[one * x // size] for x in direction]
        self.overlaps, self.energies = [self._mean([past[0] for past in self.history])], [one]

    def _mean(self, values: Iterable[int]) -> int:
        """Sum over the levels, each with its mass."""
        return sum(mass * x for (_, mass), x in zip(self.levels, values, strict=True)) // self.one

    def upto(self, terms: int) -> tuple[list[mpf], list[mpf]]:
        while len(self.overlaps) < terms:
            self._extend()
        overlaps, energies = (
            [mpf(x) / self.one for x in known[:terms]] for known in (self.overlaps, self.energies)
        )
        return overlaps, energies

    def _extend(self) -> None:
        one, n = self.one, len(self.overlaps)
        inverse = [one * one // ((2 * n + 1) * one - x) for x, _ in self.levels]
        known = [
            ((2 * n - 1) * past[-1] - 3 * x * (sum(map(mul, self.energies, reversed(past))) // one) // one)
            * r
            // one
            for (x, _), r, past in zip(self.levels, inverse, self.history, strict=True)
        ]
        pulled = [2 * x * r // one for (x, _), r in zip(self.levels, inverse, strict=True)]
        overlap = self._mean(known) * one // (one - self._mean(pulled))
        for past, pull, rest in zip(self.history, pulled, known, strict=True):
            past.append(pull * overlap // one + rest)
        self.overlaps.append(overlap)
        half, odd = divmod(n + 1, 2)
        squares = (
            2 * sum(map(mul, past[:half], reversed(past))) + (past[half] ** 2 if odd else 0)
            for past in self.history
        )
        self.energies.append(self._mean(square // one for square in squares))


@lru_cache(maxsize=32)
def _manifold(spectrum: Spectrum, prec: int) -> _Manifold:
    with mp.workprec(prec):
        return _Manifold(spectrum)


def wynn(coefficients: Sequence[mpf], x: mpf) -> mpf:
    r"""Return the diagonal Padé approximant of :math:`\sum_n c_n x^n` at ``x`` by Wynn's epsilon algorithm.

    In fixed-point arithmetic: rounding enters with the partial sums, whatever follows.

    >>> print(wynn([mpf((-1) ** n) / (n + 1) for n in range(15)], mpf(3)), mp.log(4) / 3)
    0.462098173409041 0.462098120373297
    """
    one, power, total = 1 << mp.prec, mpf(1), mpf(0)
    current: list[int] = []
    for coefficient in coefficients:
        total += coefficient * power
        power *= x
        current.append(int(total * one))
    older, best = [0] * (len(current) + 1), current[-1]
    for column in range(1, len(coefficients)):
        differences = [after - before for before, after in pairwise(current)]
        if not all(differences):
            break
        older, current = current, [a + one * one // b for a, b in zip(older[1:], differences, strict=False)]
        if column % 2 == 0:
            best = current[-1]
    return mpf(best) / one


def overlap_amplitude(spectrum: Spectrum, level: Exact, digits: int = 15) -> Constant:
    r"""Return the amplitude at which ``u`` reaches ``level`` on the fast manifold, ``0 < level <= 9/10``.

    **Method.** The secant method on the diagonal Padé approximant of :func:`manifold_series`, which
    converges geometrically also beyond the nearest singularities, at small exponents inside the unit
    circle of ``B``. **Error.** Terms are added until the approximants of several lengths agree within
    the radius asked for; the radius is their difference, which is far above the error of the longest.

    Isotropic data: :math:`A = u/\sqrt{1 - u^2}`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(overlap_amplitude(PowerLaw(0, 9), "0.6").printed(12)[0])
    0.750000000000
    >>> print(overlap_amplitude(PowerLaw(2, "inf"), "0.5", 25).printed(25)[0])
    0.8423041700827006923749643
    """
    value = exact(level, "level")
    if not 0 < value <= Fraction(9, 10):
        raise ValueError(f"level is {level}, but the overlap must lie in (0, 9/10]")
    return Constant(*_crossing(spectrum, value, 0, digits), AMPLITUDE.format("u", level), SOURCE)


def energy_amplitude(spectrum: Spectrum, level: Exact, digits: int = 15) -> Constant:
    r"""Return the amplitude at which ``s`` reaches ``level`` on the fast manifold, ``0 < level <= 4/5``.

    As :func:`overlap_amplitude`; isotropic data have :math:`A^2 = s/(1 - s)`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(energy_amplitude(PowerLaw(0, 9), "0.5").printed(12)[0])
    1.00000000000
    """
    value = exact(level, "level")
    if not 0 < value <= Fraction(4, 5):
        raise ValueError(f"level is {level}, but the energy must lie in (0, 4/5]")
    return Constant(*_crossing(spectrum, value, 1, digits), AMPLITUDE.format("s", level), SOURCE)


def _working_digits(digits: int) -> int:
    """Padé approximants lose up to half as many digits as they win."""
    return 4 * digits // 3 + GUARD


@lru_cache(maxsize=64)
def _crossing(spectrum: Spectrum, level: Fraction, energy: bool, digits: int) -> tuple[mpf, mpf]:
    """Return ``A`` with its radius where u, or the ``energy`` s, is at ``level``.

    The pace at which approximants of several lengths agree tells how many terms the digits will take.
    """
    root, won, growth = _rough_crossing(spectrum, level, energy)
    terms = ROUGH
    for _ in range(12):
        terms = int(terms * max(1.1, min(4.0, (digits + 3) / won)))
        with mp.workdps(_working_digits(digits) + int(terms * growth)):
            target = mpf(level.numerator) / level.denominator
            series = _manifold(spectrum, mp.prec).upto(terms)[energy]
            root, slope = _solve(series, target, energy, root)
            error, won = _agreement(series, target, energy, root, slope)
            if won >= digits:
                stretch = 1 / (1 - root**2)
                amplitude = root * mp.sqrt(stretch)
                relative = error / root * stretch + mpf(10) ** (-digits - GUARD // 4)
                return amplitude, amplitude * relative
    raise ArithmeticError("crossing of the fast manifold not reached: its Padé approximants do not settle")


def _agreement(series: Sequence[mpf], target: mpf, energy: bool, root: mpf, slope: mpf) -> tuple[mpf, float]:
    """Return twice what up to a quarter of the terms less changes, and the digits of ``A`` that this leaves.

    Several shorter lengths: two approximants may agree by accident.
    """
    count = len(series)
    lengths = [count - count // 12, count - count // 12 - 1, count - count // 6, count - count // 4 - 1]
    misses = [abs(_evaluate(series[:length], root, energy) - target) for length in lengths]
    error = 2 * max(misses) / abs(slope)
    return error, max(1.0, float(-mp.log10(error / (root * (1 - root**2)) + mp.eps)))


def _rough_crossing(spectrum: Spectrum, level: Fraction, energy: bool) -> tuple[mpf, float, float]:
    """Return ``B`` at ``level``, its digits after ``ROUGH`` terms, and the digits that each term costs.

    These are twice the decades by which the terms grow: the partial sums exceed 1, and rounding grows too.
    """
    with mp.workdps(2 * GUARD):
        target = mpf(level.numerator) / level.denominator
        series = _manifold(spectrum, mp.prec).upto(ROUGH)[energy]
        amplitude = (target / series[0]) ** (mpf(1) / (1 + energy))
        while _evaluate(series, root := amplitude / mp.sqrt(1 + amplitude**2), energy) < target:
            amplitude *= mpf(9) / 8
            if amplitude > FARTHEST:
                raise TooFar(
                    f"level is {decimal(level)}, but it lies beyond the amplitude {FARTHEST} that the series "
                    "of the fast manifold reach: phase II has begun before"
                )
        root, slope = _solve(series, target, energy, root)
        ratio = (abs(series[-1]) + mp.eps) / (abs(series[ROUGH // 2 - 1]) + mp.eps)
        growth = 2 * mp.log10(ratio) / ROUGH + 2 * mp.log10(root)
        return root, _agreement(series, target, energy, root, slope)[1], max(0.0, 2 * float(growth))


def _evaluate(series: Sequence[mpf], root: mpf, energy: bool) -> mpf:
    return root ** (1 + energy) * wynn(series, root**2)


def _solve(series: Sequence[mpf], target: mpf, energy: bool, start: mpf) -> tuple[mpf, mpf]:
    """Return the ``B`` near ``start`` at which u or s is at ``target``, and the slope, by secants."""
    older, x = start, start * (1 + mpf(10) ** -(mp.dps // 4))
    before, value = (_evaluate(series, place, energy) - target for place in (older, x))
    while True:
        slope = (value - before) / (x - older)
        older, before, x = x, value, x - value / slope
        value = _evaluate(series, x, energy) - target
        if abs(x - older) <= abs(x) * mpf(10) ** -(mp.dps // 3):
            return x - value / slope, slope


def onset_delay(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the ``C`` of :math:`T_1 = \rho^{-1}\log(1/\varepsilon) + C`, where ``u`` reaches 1/10.

    **Definition.** For the start ``escape:EPS``, along the fastest direction with
    :math:`s(0) = \varepsilon^2`. On the fast manifold itself the law is exact with
    :math:`\varepsilon = A(0)`; the tangent start leaves it by :math:`O(\varepsilon^2)` in time.
    :math:`C = \rho^{-1} \log A` with the ``A`` of :func:`overlap_amplitude`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(onset_delay(PowerLaw(2, "inf")).printed(15)[0])
    -0.377402504559818
    """
    return _delay(spectrum, Fraction(1, 10), False, "|u| = 1/10 (T1)", digits)


def third_delay(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the same constant for :math:`T_1'`, where ``s`` reaches 1/3.

    >>> from theory.asymptotics import PowerLaw
    >>> print(third_delay(PowerLaw(2, "inf")).printed(15)[0])
    -0.0478921937593008
    """
    return _delay(spectrum, Fraction(1, 3), True, "s = 1/3 (T1')", digits)


def _delay(spectrum: Spectrum, level: Fraction, energy: bool, event: str, digits: int) -> Constant:
    try:
        amplitude, radius = _crossing(spectrum, level, energy, digits + 5)
    except TooFar as error:
        return undefined(DELAY.format(event), SOURCE, str(error))
    rho = escape_rate(spectrum, digits + 5)
    assert rho.value is not None
    assert rho.radius is not None
    with mp.workdps(digits + GUARD):
        value = mp.log(amplitude) / rho.value
        slack = 2 * (radius / amplitude + abs(value) * rho.radius) / rho.value
    return Constant(value, slack, DELAY.format(event), SOURCE)


def median_escape_offset(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the ``C`` of the median of :math:`T_1 = \log d/(2\rho) + C + o(1)` from the unit sphere.

    **Law.** The fastest mode starts with :math:`\langle e_1, w(0)\rangle = g/\sqrt d`, so by
    :func:`escape_amplitude` :math:`A(0) = |g| d^{-1/2} \sqrt{e_1^T Q e_1}`, and as :math:`d \to \infty`

    .. math:: P(T_1 \le t) = \mathrm{erfc}\!\left(
       \sqrt{\tfrac d2}\, \frac{A_1}{\sqrt{e_1^T Q e_1}} e^{-\rho t}\right).

    Its median has :math:`|g| = \sqrt2\,\mathrm{erf}^{-1}(1/2)`; quantiles: :func:`escape_time_quantile`.

    >>> from theory.asymptotics import PowerLaw
    >>> print(median_escape_offset(PowerLaw(2, "inf")).printed(15)[0])
    -0.259184881154938
    """
    try:
        return replace(_sphere_offset(spectrum, mpf(1) / 2, digits), definition=MEDIAN)
    except TooFar as error:
        return undefined(MEDIAN, SOURCE, str(error))


def escape_time_quantile(
    spectrum: Spectrum, probability: float | str | mpf, dimension: int, digits: int = 15
) -> Constant:
    r"""Return the time before which a fraction ``probability`` of sphere starts has :math:`|u| \ge 1/10`.

    The law of :func:`median_escape_offset` at ``dimension`` d; what it leaves out is of order
    :math:`d^{-x}`, see :func:`slow_mode_exponent`. ``spectrum`` may be that of ``d`` modes or its
    limit.

    >>> from theory.asymptotics import PowerLaw
    >>> law = PowerLaw(2, 10**6)
    >>> print(escape_time_quantile(law, "0.5", 10**6).printed(10)[0])
    0.9879397839
    """
    p = mpf(probability)
    if not 0 < p < 1:
        raise ValueError(f"probability is {probability}, but it must lie strictly between 0 and 1")
    if dimension < 1:
        raise ValueError(f"dimension is {dimension}, but it must be a positive integer")
    offset = _sphere_offset(spectrum, p, digits)
    rho = escape_rate(spectrum, digits + 5)
    assert offset.value is not None
    assert offset.radius is not None
    assert rho.value is not None
    assert rho.radius is not None
    with mp.workdps(digits + GUARD):
        growth = mp.log(dimension) / (2 * rho.value)
        radius = offset.radius + 2 * growth * rho.radius / rho.value
        definition = f"the {probability}-quantile of T1 over starts on the unit sphere, d = {dimension}"
        return Constant(growth + offset.value, radius, definition, SOURCE)


def _sphere_offset(spectrum: Spectrum, probability: mpf, digits: int) -> Constant:
    """Return T1 - log(d)/(2 rho) at a quantile; u = A U_0 = C g e^(rho t)/sqrt(d) links the scales."""
    amplitude, radius = _crossing(spectrum, Fraction(1, 10), False, digits + 5)
    scale, rho = escape_amplitude(spectrum, digits + 5), escape_rate(spectrum, digits + 5)
    assert scale.value is not None
    assert scale.radius is not None
    assert rho.value is not None
    assert rho.radius is not None
    with mp.workdps(_working_digits(digits + 5)):
        first = manifold_series(spectrum, 1)[0][0]
        draw = mp.sqrt(2) * mp.erfinv(1 - probability)
        value = mp.log(amplitude * first / (scale.value * draw)) / rho.value
        slack = radius / amplitude + scale.radius / scale.value + (1 + abs(value)) * rho.radius
        return Constant(value, 2 * slack / rho.value, "", SOURCE)
