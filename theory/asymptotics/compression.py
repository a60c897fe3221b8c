r"""A spectrum replaced by few levels with the same sums :math:`\sum_i \mu_i f(\lambda_i)`.

Sums of functions that are analytic far beyond the small eigenvalues, such as everything at
``w = 0``, see the tail of the spectrum through its first moments only: a Gauss rule keeps
:math:`2m` of them on ``m`` levels.
"""

from __future__ import annotations

import math

from mpmath import mp, mpf

from .spectrum import PowerLaw, Spectrum

HEAD = 10
"""Modes that are kept as they are."""


def compressed(spectrum: Spectrum, reach: mpf | int = 0) -> list[tuple[mpf, mpf]]:
    r"""Return pairs (eigenvalue, mass) that stand for the whole spectrum, at the working precision.

    The first modes are kept. The rest, below :math:`\lambda_n`, becomes a Gauss rule that is exact for
    polynomials up to degree ``2m - 1``, with ``m`` such that for functions analytic within
    :math:`|\lambda| < \lambda_1` the error :math:`(\lambda_n/\lambda_1)^{2m}` is below the working precision,
    and for :math:`e^{-\lambda t}` up to a time ``reach`` as well.

    >>> levels = compressed(PowerLaw(2, "inf"))
    >>> len(levels), abs(mp.fsum(x**9 * mass for x, mass in levels) - PowerLaw(2, "inf").moment(9)) < 1e-15
    (16, True)
    """
    if isinstance(spectrum, PowerLaw) and spectrum.mass_exponent is not None and spectrum.exponent > 0:
        if spectrum.dimension <= HEAD:
            return [(level.eigenvalue, level.mass) for level in spectrum.levels()]
        head, first = spectrum.head(HEAD), spectrum.eigenvalue(HEAD + 1)
        count = _nodes(first / head[0].eigenvalue, first * reach)
        if HEAD + 2 * count >= spectrum.dimension:
            return [(level.eigenvalue, level.mass) for level in spectrum.levels()]
        lowest = spectrum.extremes()[1] / first
        with mp.workdps(_unstable_digits(count, lowest)):
            first = spectrum.eigenvalue(HEAD + 1)
            moments = [spectrum.moment(k, HEAD + 1) / first**k for k in range(2 * count)]
    else:
        levels = [level for level in spectrum.levels() if level.mass]
        if len(levels) <= HEAD:
            return [(level.eigenvalue, level.mass) for level in levels]
        head, tail = levels[:HEAD], levels[HEAD:]
        first = tail[0].eigenvalue
        count = _nodes(first / head[0].eigenvalue, first * reach)
        if HEAD + 2 * count >= len(levels):
            return [(level.eigenvalue, level.mass) for level in levels]
        lowest = tail[-1].eigenvalue / first
        with mp.workdps(_unstable_digits(count, lowest)):
            moments, terms = [], [level.mass for level in tail]
            points = [level.eigenvalue / first for level in tail]
            for _ in range(2 * count):
                moments.append(mp.fsum(terms))
                terms = [term * x for term, x in zip(terms, points, strict=True)]
    rule = gauss_rule(moments, lowest)
    return [(level.eigenvalue, level.mass) for level in head] + [(x * first, mass) for x, mass in rule]


def _nodes(ratio: mpf, decay: mpf) -> int:
    """Return the nodes on [0, 1] that a singularity at 1/``ratio`` needs, and exp(-``decay`` x).

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
    r"""Return the digits that Chebyshev's algorithm needs for a measure on :math:`[\alpha, 1]`.

    It loses :math:`2 \log_{10}(t + \sqrt{t^2 - 1})`, :math:`t = (3 + \alpha)/(1 - \alpha)`, for each node:
    1.53 on [0, 1], more on a shorter interval [Gautschi 2004, section 2.1.4].
    """
    t = (3 + lowest) / (1 - lowest)
    return mp.dps + int(count * (2 * mp.log10(t + mp.sqrt(t**2 - 1)) + mpf("0.07"))) + 10


def gauss_rule(moments: list[mpf], lowest: mpf | int = 0) -> list[tuple[mpf, mpf]]:
    """Return nodes and weights of the Gauss rule with given ``2m`` moments of a measure on [``lowest``, 1].

    Chebyshev's algorithm for the recurrence, with guard digits for its instability and for the weights of
    nodes that sit on isolated points of the measure. The nodes are bisected by Sturm's count in double
    precision and polished by Newton's method on the orthogonal polynomial, in fixed-point arithmetic
    [Gautschi 2004, sections 2.1.7, 3.1.1; Golub, Van Loan 2013, section 8.4].

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
        return [(mp.ldexp(x, -bits), _weight(x, *exact, inverse_norms, bits)) for x in nodes]


def _bisect(centres: list[float], squares: list[float], number: int) -> float:
    """Return the node with ``number`` nodes above it, to as many digits as Newton's method needs."""
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
    while True:
        older, value, older_slope, slope = 0, 1 << bits, 0, 0
        for c, b in zip(centres, squares, strict=True):
            older, value, older_slope, slope = (
                value,
                ((x - c) * value - b * older) >> bits,
                slope,
                value + (((x - c) * slope - b * older_slope) >> bits),
            )
        step = (value << bits) // slope
        x -= step
        if abs(step) >> (bits - mp.prec) == 0:
            return x


def _weight(x: int, centres: list[int], squares: list[int], inverse_norms: list[int], bits: int) -> mpf:
    """Return the weight of a node, 1 / sum of p_k**2 / norm_k."""
    older, value, total = 0, 1 << bits, 0
    for c, b, inverse in zip(centres, squares, inverse_norms, strict=True):
        total += value * value * inverse
        older, value = value, ((x - c) * value - b * older) >> bits
    return mp.ldexp(mpf(1), 3 * bits) / total
