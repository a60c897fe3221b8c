r"""The start of the fast manifold of ``w = 0`` in balls: its power series with a bound on what is left.

With :math:`w_i = w^*_i \sum_n f_n(\lambda_i) A^{2n+1}`, :math:`x = A^2`,
:math:`\langle g \rangle = \sum_i \mu_i g(\lambda_i)` and
:math:`p_n = 8\lambda/((2n+1)\rho - 4\lambda)` the flow asks that

.. math:: f_n = p_n \Big(U_n - \tfrac32 \sum_{j=1}^n S_j f_{n-j}\Big), \quad
   U_n = \langle f_n \rangle, \quad S_{j+1} = \sum_{k=0}^{j} \langle f_k f_{j-k} \rangle.

**Sums over the spectrum.** The tail is a rule of few nodes whose moments are compared in balls with those
of the spectrum, relative to :math:`R^k`: with the largest difference ``E``, and beyond the rule's degree
:math:`(\lambda/R)^k` itself, the sum of ``g`` is wrong by at most :math:`E \|g\|_R`, the norm being
:math:`\sum_k |g_k| R^k`. It obeys :math:`\|p_n\|_R = p_n(R)` and :math:`\|fg\|_R \le \|f\|_R \|g\|_R`.

**Remainder of the series.** In the mean square over :math:`\mu`, of mass 1, the terms beyond ``N`` obey
:math:`\|f_n\| \le \kappa \|h_n\|` with :math:`h = x \langle f f \rangle f` and
:math:`\kappa = \tfrac32 P/(1 - P)`, ``P`` the largest value of :math:`p_{N+1}`. Let
:math:`F(\nu) = \sum_{n \le N} \|f_n\| \nu^n`. By induction on the number of terms

.. math:: \kappa \Big[(\nu/\nu')^{N+1} \nu' F(\nu')^3 + \nu\big((F(\nu) + r)^3 - F(\nu)^3\big)\Big] \le r
   \quad\Longrightarrow\quad \sum_{n > N} \|f_n\| \nu^n \le r, \qquad \nu < \nu' .

This module needs python-flint, the optional extra ``precise``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from operator import mul

from flint import arb, ctx
from mpmath import mp

from theory.asymptotics.escape.rate import rate
from theory.asymptotics.escape.resolvent import touched
from theory.asymptotics.numbers.balls import Balls
from theory.asymptotics.numbers.constant import GUARD, Undecided
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.numbers.roots import enclosed_root
from theory.asymptotics.sums.compression import HEAD, compressed
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum

FIELD = Balls()
TRIAL_DIGITS, FIRST = 10, 16
"""Digits and terms that show where the level is crossed, and how fast the series falls there."""
MARGIN = Fraction(11, 10)
"""The remainder is bounded on a disc of this radius relative to ``x``: then 9 r bounds its derivative."""


class OutOfReach(ArithmeticError):
    """The level is crossed where the series falls too slowly, or not at all."""


def overlap_amplitude(spectrum: Spectrum, level: Fraction) -> arb:
    r"""The amplitude at which ``u`` first reaches ``level``, at the working precision.

    On the way ``u`` increases: :math:`\sum_{n \ge 1} (2n+1) |U_n| x^n < U_0` is checked.

    Raises OutOfReach where the series does not get there.

    >>> with ctx.workdps(40):
    ...     print(overlap_amplitude(PowerLaw(0, 9), Fraction(3, 10)).str(20, radius=False))
    ...     print((arb("0.3") / (1 - arb("0.09")).sqrt()).str(20, radius=False))  # u/sqrt(1 - u^2)
    0.31448545101657548873
    0.31448545101657548873
    """
    trial = _series(spectrum, TRIAL_DIGITS)
    trial.extend(FIRST)
    near = _first_guess(trial, float(level))
    high = arb(near) * (1 + arb(2) ** -8)
    series = _series(spectrum, ctx.dps)
    remainder = _summed(series, high**2 * rational(MARGIN, FIELD), _fall(trial, near**2))
    slopes = ((2 * n + 1) * abs(overlap) * high ** (2 * n) for n, overlap in enumerate(series.overlaps))
    if not FIELD.fsum(slopes) + 9 * remainder < 2 * series.overlaps[0]:
        raise OutOfReach("the overlap is not seen to increase up to the level")
    wanted = rational(level, FIELD)

    def excess(amplitude: arb) -> arb:
        square, total = amplitude**2, arb(0)
        for overlap in reversed(series.overlaps):
            total = total * square + overlap
        return amplitude * (total + FIELD.uncertain(remainder)) - wanted

    found = enclosed_root(excess, wanted / series.overlaps[0] / 2, high, FIELD)
    if not found < high:
        raise OutOfReach("the crossing is not where the first terms of the series see it")
    return found


class EnclosedSeries:
    """Balls around the coefficients, as many as were asked for, at the precision of the first call."""

    def __init__(self, spectrum: Spectrum) -> None:
        self.digits = ctx.dps
        self.rate = rate(spectrum, FIELD)
        self.levels, self.error = _rule(spectrum)
        self.largest = FIELD.max(self.levels[0][0], arb(0))
        direction = [self._pull(x, 0) for x, _ in self.levels]
        size = self._pull(self.largest, 0)
        square = self._mean([x * x for x in direction], size * size)
        scale = 1 / square.sqrt()
        self.history = [[scale * x] for x in direction]
        self.norms = [(scale * size).upper()]
        self.overlaps, self.energies, self.sizes = [scale], [arb(1)], [arb(1)]

    def extend(self, count: int) -> None:
        """Compute ``count`` coefficients."""
        with ctx.workdps(self.digits):
            while len(self.overlaps) < count:
                self._extend()

    def remainder(self, radius: arb) -> arb:
        """The ``r`` for the given ``nu``."""
        with ctx.workdps(20):
            top = self._pull(self.largest, len(self.overlaps))
            gain = arb(3) / 2 * top / (1 - top)
            total = self._total(radius)
            # radii of the bound over the radius of the sum, of which the best is taken
            sources = (
                (radius / wide) ** len(self.overlaps) * wide * self._total(wide) ** 3
                for wide in (radius * ratio for ratio in (1.5, 2, 3, 4, 6, 8, 12, 16, 24))
            )
            source = min((bound.upper() for bound in sources), key=float)
            bound = (2 * gain * source).upper()
            cubes = bound * (3 * total**2 + 3 * total * bound + bound**2)
            if not gain * (source + radius * cubes) < bound:
                raise Undecided("the remainder of the series is not bounded at this precision")
            return bound

    def _total(self, radius: arb) -> arb:
        return FIELD.fsum(size * radius**n for n, size in enumerate(self.sizes))

    def _pull(self, eigenvalue: arb, order: int) -> arb:
        return 8 * eigenvalue / ((2 * order + 1) * self.rate - 4 * eigenvalue)

    def _mean(self, values: list[arb], norm: arb) -> arb:
        """Sum over the spectrum, with the rule's error for a function of this norm."""
        total = FIELD.fsum(mass * value for (_, mass), value in zip(self.levels, values, strict=True))
        return total + FIELD.uncertain(self.error * norm)

    def _extend(self) -> None:
        n = len(self.overlaps)
        pulls, top = [self._pull(x, n) for x, _ in self.levels], self._pull(self.largest, n)
        sums = [sum(map(mul, self.energies, reversed(past)), arb(0)) for past in self.history]
        known = [pull * total * -1.5 for pull, total in zip(pulls, sums, strict=True)]
        norm = (
            1.5
            * top
            * FIELD.fsum(abs(s) * size for s, size in zip(self.energies, reversed(self.norms), strict=True))
        )
        overlap = self._mean(known, norm) / (1 - self._mean(pulls, top))
        for past, pull, rest in zip(self.history, pulls, known, strict=True):
            past.append(pull * overlap + rest)
        self.overlaps.append(overlap)
        self.norms.append((norm + top * abs(overlap)).upper())
        squares = [_last_of_square(past) for past in self.history]
        self.energies.append(self._mean(squares, _last_of_square(self.norms)))
        square = self._mean([past[-1] ** 2 for past in self.history], self.norms[-1] ** 2)
        self.sizes.append(FIELD.sqrt(abs(square).upper()))


def _last_of_square(series: list[arb]) -> arb:
    half = len(series) // 2
    total = 2 * sum(map(mul, series[:half], reversed(series)), arb(0))
    return total + (series[half] ** 2 if len(series) % 2 else 0)


@lru_cache(maxsize=8)
def _series(spectrum: Spectrum, digits: int) -> EnclosedSeries:
    """The series for so many digits: the escape rate in it, a root, is wider than the precision."""
    with ctx.workdps(digits + GUARD // 2 + 2):
        return EnclosedSeries(spectrum)


def _first_guess(series: EnclosedSeries, level: float) -> float:
    """An amplitude near the crossing, from the first terms."""
    known = [float(overlap) for overlap in series.overlaps]
    amplitude = level / known[0]
    for _ in range(60):
        value = sum(u * amplitude ** (2 * n + 1) for n, u in enumerate(known))
        slope = sum((2 * n + 1) * u * amplitude ** (2 * n) for n, u in enumerate(known))
        amplitude += (level - value) / slope
        if not 0 < amplitude < 1:
            raise OutOfReach("the series does not reach the level")
        if abs(value - level) < 1e-12 * level:
            return amplitude
    raise OutOfReach("the first terms of the series do not settle")


def _fall(series: EnclosedSeries, square: float) -> float:
    """The digits that a term is below the one before, as the first of them show it."""
    growth = max(float(series.sizes[n]) ** (1 / n) for n in range(FIRST // 2, FIRST))
    fall = -math.log10(square * float(MARGIN) * growth)
    if fall <= 0:
        raise OutOfReach("the terms of the series do not fall")
    return fall


def _summed(series: EnclosedSeries, radius: arb, fall: float) -> arb:
    """Extend the series until its remainder is below the working precision, and return that.

    Later terms fall a little slower than the first: what is missing is made up for.
    """
    # terms beyond which other methods are shorter, in all and for each digit: of the two the larger
    most, missing, terms = max(250, 2 * ctx.dps), float(ctx.dps), FIRST
    while missing > 0:
        terms += math.ceil(missing / fall)
        if terms > most:
            raise OutOfReach(f"the series needs more than {most} terms")
        series.extend(terms)
        remainder = series.remainder(radius)
        missing = float((remainder.log() / arb(10).log()).mid()) + ctx.dps
    return remainder


def _rule(spectrum: Spectrum) -> tuple[list[tuple[arb, arb]], arb]:
    """Eigenvalues and masses that stand for the spectrum, and the bound ``E`` of their error."""
    with mp.workprec(ctx.prec):
        rule = compressed(spectrum)
    if touched(spectrum) <= len(rule):
        return [(x, mass) for x, mass, _ in spectrum.levels(FIELD) if mass > 0], arb(0)
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None:
        head = [(x, mass) for x, mass, _ in spectrum.head(HEAD, FIELD)]
        edge, listed = spectrum.eigenvalue(HEAD + 1, FIELD), None
    else:
        levels = [(x, mass) for x, mass, _ in spectrum.levels(FIELD) if mass > 0]
        head, listed = levels[:HEAD], levels[HEAD:]
        edge = listed[0][0]
    tail = [(FIELD.mpf(x), FIELD.mpf(mass)) for x, mass in rule[HEAD:]]
    reach, degree, error = head[0][0], 2 * len(tail), arb(0)
    terms = [mass for _, mass in tail]
    exact = [mass for _, mass in listed or []]
    for k in range(degree):
        if isinstance(spectrum, PowerLaw) and listed is None:
            moment = spectrum.moment(k, HEAD + 1, FIELD)
        else:
            moment = FIELD.fsum(exact)
            exact = [mass * x for (x, _), mass in zip(listed or [], exact, strict=True)]
        if k == 0:
            whole = moment + FIELD.fsum(abs(mass) for mass in terms)
        error = FIELD.max(error, (abs(moment - FIELD.fsum(terms)) / reach**k).upper())
        terms = [mass * x for (x, _), mass in zip(tail, terms, strict=True)]
    farthest = edge
    for x, _ in tail:
        farthest = FIELD.max(farthest, abs(x))
    return head + tail, FIELD.max(error, (whole * (farthest / reach) ** degree).upper())
