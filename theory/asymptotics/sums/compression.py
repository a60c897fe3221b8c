r"""A spectrum replaced by few levels with the same sums :math:`\sum_i \mu_i f(\lambda_i)`.

Sums of functions that are analytic far beyond the small eigenvalues, such as everything at
``w = 0``, see the tail of the spectrum through its first moments only: a Gauss rule keeps
:math:`2m` of them on ``m`` levels.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise

from mpmath import mp, mpf

from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.power_sums import power_sum
from theory.asymptotics.sums.spectrum import PowerLaw, Spectrum

HEAD = 10
"""Modes that are kept as they are."""
FALL = 6
"""Ratio of the largest to the smallest eigenvalue of a bin."""
UNRESOLVED = "the masses of the tail are of too many magnitudes for a rule of few nodes"

Rule = list[tuple[mpf, mpf]]


def compressed(spectrum: Spectrum, reach: mpf | int = 0) -> Rule:
    r"""Pairs (eigenvalue, mass) that stand for the whole spectrum, at the working precision.

    The first modes are kept. The rest, below :math:`\lambda_n`, becomes a Gauss rule that is exact for
    polynomials up to degree ``2m - 1``, with ``m`` such that for functions analytic within
    :math:`|\lambda| < \lambda_1` the error :math:`(\lambda_n/\lambda_1)^{2m}` is below the working precision,
    and for :math:`e^{-\lambda t}` up to a time ``reach`` as well. For late times geometric bins come in
    between, with a rule each that is good for :math:`e^{-\lambda t}` at all times.

    >>> levels = compressed(PowerLaw(2, "inf"))
    >>> len(levels), abs(mp.fsum(x**9 * mass for x, mass in levels) - PowerLaw(2, "inf").moment(9)) < 1e-15
    (16, True)
    """
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None and spectrum.exponent > 0:
        modes: _Named | _Listed = _Named(spectrum, spectrum.mass_exponent)
    else:
        modes = _Listed(spectrum)
    rule, first = modes.head(int(min(HEAD, modes.total))), HEAD + 1
    top = rule[0][0]
    # the largest decay exponent for which one rule does for all that is below
    while first <= modes.total and reach * modes.eigenvalue(first) > 64:
        last = int(min(max(modes.above(modes.eigenvalue(first) / FALL), first), modes.total))
        rule += _part(modes, first, last, math.ceil(mp.dps / (2 * math.log10(BIN_ELLIPSE))) + 2)
        first = last + 1
    if first <= modes.total:
        edge = modes.eigenvalue(first)
        rule += _part(modes, first, modes.total, _nodes(edge / top, edge * reach))
    return rule


BIN_ELLIPSE = (1 + 1 / FALL + 2 / math.sqrt(FALL)) / (1 - 1 / FALL)
"""Sum of the semi-axes, over the half width, of the ellipse around a bin that reaches 0."""


class _Named:
    """The modes of a flat or source power law."""

    def __init__(self, law: PowerLaw, decay: Fraction) -> None:
        self.law, self.decay, self.total = law, decay, law.dimension

    def head(self, count: int) -> Rule:
        return [(level.eigenvalue, level.mass) for level in self.law.head(count)]

    def eigenvalue(self, index: int) -> mpf:
        return self.law.eigenvalue(index)

    def above(self, eigenvalue: mpf) -> int:
        """The number of modes of at least this eigenvalue, roughly."""
        return int(mp.power(eigenvalue * self.law.trace_sum(), -1 / rational(self.law.exponent)))

    def listed(self, first: int, last: int) -> Rule:
        decay, energy = rational(self.decay), self.law.energy_sum()
        return [(self.eigenvalue(i), mp.power(i, -decay) / energy) for i in range(first, last + 1)]

    def moments(self, first: int, last: int | float, count: int) -> list[mpf]:
        """The moments of the modes in units of the first of them."""
        a, energy = self.law.exponent, self.law.energy_sum()
        unit = mp.power(first, rational(a))
        return [power_sum(k * a + self.decay, first, last) * unit**k / energy for k in range(count)]


class _Listed:
    """The modes of any other spectrum, equal eigenvalues together."""

    def __init__(self, spectrum: Spectrum) -> None:
        self.modes = [(level.eigenvalue, level.mass) for level in spectrum.levels() if level.mass]
        self.total: int | float = len(self.modes)

    def head(self, count: int) -> Rule:
        return self.modes[:count]

    def eigenvalue(self, index: int) -> mpf:
        return self.modes[index - 1][0]

    def above(self, eigenvalue: mpf) -> int:
        return bisect_right(self.modes, -eigenvalue, key=lambda mode: -mode[0])

    def listed(self, first: int, last: int) -> Rule:
        return self.modes[first - 1 : last]

    def moments(self, first: int, last: int | float, count: int) -> list[mpf]:
        tail = self.listed(first, int(last))
        terms, points, moments = [mass for _, mass in tail], [x / tail[0][0] for x, _ in tail], []
        for _ in range(count):
            moments.append(mp.fsum(terms))
            terms = [term * x for term, x in zip(terms, points, strict=True)]
        return moments


def _part(modes: _Named | _Listed, first: int, last: int | float, count: int) -> Rule:
    """A rule of ``count`` nodes for some modes, or these where it would save little."""
    if last - first < 2 * count:
        if last - first > 20_000:  # modes of a bin that are kept as they are at most
            raise ArithmeticError(
                "the eigenvalues of the tail are too close to each other for a rule of few nodes"
            )
        return modes.listed(first, int(last))
    edge = modes.eigenvalue(first)
    lowest = modes.eigenvalue(int(last)) / edge if last < math.inf else mpf(0)
    with mp.workdps(_unstable_digits(count, lowest)):
        moments = modes.moments(first, last, 2 * count)
    return [(x * edge, mass) for x, mass in gauss_rule(moments, lowest)]


def _nodes(ratio: mpf, decay: mpf) -> int:
    """The nodes on [0, 1] that a singularity at 1/``ratio`` needs, and exp(-``decay`` x).

    The Chebyshev coefficient of order ``k`` of the latter is :math:`2 e^{-y} I_k(y)`, ``y`` half the decay,
    at most :math:`2 e^{-y} (y/2)^k e^{y^2/4k}/k!`.
    """
    if ratio >= 0.9:
        return 10**9
    count = math.ceil(mp.dps / (2 * -mp.log10(ratio))) + 2
    y = float(decay) / 2
    while y and _log_bound(2 * count, y) > -mp.dps * math.log(10):
        count += 1
    return count


def _log_bound(order: int, y: float) -> float:
    return order * math.log(y / 2) - math.lgamma(order + 1) + y * y / (4 * order) - y


def _unstable_digits(count: int, lowest: mpf) -> int:
    r"""The digits that Chebyshev's algorithm needs for a measure on :math:`[\alpha, 1]`.

    It loses :math:`2 \log_{10}(t + \sqrt{t^2 - 1})`, :math:`t = (3 + \alpha)/(1 - \alpha)`, for each node:
    1.53 on [0, 1], more on a shorter interval [Gautschi 2004, section 2.1.4].
    """
    t = (3 + lowest) / (1 - lowest)
    return mp.dps + int(count * (2 * mp.log10(t + mp.sqrt(t**2 - 1)) + mpf("0.07"))) + 10


def gauss_rule(moments: list[mpf], lowest: mpf | int = 0) -> list[tuple[mpf, mpf]]:
    """Nodes and weights of the Gauss rule with given ``2m`` moments of a measure on [``lowest``, 1].

    Chebyshev's algorithm for the recurrence, with guard digits for its instability and for the weights of
    nodes that sit on isolated points of the measure. The nodes are bisected by Sturm's count in double
    precision and polished by Newton's method on the orthogonal polynomial, in fixed-point arithmetic
    [Gautschi 2004, sections 2.1.7, 3.1.1; Golub, Van Loan 2013, section 8.4].

    Raises ArithmeticError where this gives no nodes in their order within [0, 1]: for masses of so many
    magnitudes that double precision does not tell the nodes apart.

    >>> [(mp.nstr(x, 6), mp.nstr(weight, 6)) for x, weight in gauss_rule([mpf(1) / k for k in range(1, 5)])]
    [('0.788675', '0.5'), ('0.211325', '0.5')]
    """
    count = len(moments) // 2
    with mp.workdps(_unstable_digits(count, mpf(lowest))):
        centres, squares = [moments[1] / moments[0]], [moments[0]]
        older, current = [mpf(0)] * len(moments), moments
        for k in range(1, count):
            mixed = [mpf(0)] * len(moments)
            for i in range(k, len(moments) - k):
                mixed[i] = current[i + 1] - centres[-1] * current[i] - squares[-1] * older[i]
            centres.append(mixed[k + 1] / mixed[k] - current[k] / current[k - 1])
            squares.append(mixed[k] / current[k - 1])
            older, current = current, mixed
        rough = [float(c) for c in centres], [float(b) for b in squares]
        bits = mp.prec + int(2 * count * mp.log(4 / (1 - mpf(lowest)), 2)) + 20
        exact = [int(mp.ldexp(c, bits)) for c in centres], [0, *(int(mp.ldexp(b, bits)) for b in squares[1:])]
        inverse_norms, norm = [], mpf(1)
        for square in squares:
            norm *= square
            inverse_norms.append(int(mp.ldexp(1 / norm, bits)))
        nodes = [_node(_bisect(*rough, number), *exact, bits) for number in range(count)]
        if not all(x > y for x, y in pairwise([(1 << bits) + 1, *nodes, -1])):
            raise ArithmeticError(UNRESOLVED)
        return [(mp.ldexp(x, -bits), _weight(x, *exact, inverse_norms, bits)) for x in nodes]


def _bisect(centres: list[float], squares: list[float], number: int) -> float:
    """The node with ``number`` nodes above it, to as many digits as Newton's method needs."""
    low, high = 0.0, 1.0
    while high - low > 1e-9 * high and low < (middle := (low + high) / 2) < high:
        above, pivot = 0, 1.0
        for c, b in zip(centres, [0.0, *squares[1:]], strict=True):
            pivot = c - middle - b / pivot or 1e-300
            above += pivot > 0
        low, high = (middle, high) if above > number else (low, middle)
    return high


def _node(start: float, centres: list[int], squares: list[int], bits: int) -> int:
    """Polish a node by Newton's method, in units of ``2**-bits``.

    The monic polynomials fall, by 1/4 from one to the next on [0, 1]: the ``bits`` are more by their squares.
    """
    x = int(mp.ldexp(start, bits))
    for _ in range(200):  # steps in which a node is found, or none of this kind exists
        older, value, older_slope, slope = 0, 1 << bits, 0, 0
        for c, b in zip(centres, squares, strict=True):
            older, value, older_slope, slope = (
                value,
                ((x - c) * value - b * older) >> bits,
                slope,
                value + (((x - c) * slope - b * older_slope) >> bits),
            )
        if slope == 0:
            break
        step = (value << bits) // slope
        x -= step
        if abs(step) >> (bits - mp.prec) == 0:
            return x
    raise ArithmeticError(UNRESOLVED)


def _weight(x: int, centres: list[int], squares: list[int], inverse_norms: list[int], bits: int) -> mpf:
    """The weight of a node, 1 / sum of p_k**2 / norm_k."""
    older, value, total = 0, 1 << bits, 0
    for c, b, inverse in zip(centres, squares, inverse_norms, strict=True):
        total += value * value * inverse
        older, value = value, ((x - c) * value - b * older) >> bits
    return mp.ldexp(mpf(1), 3 * bits) / total
