"""The flow in interval arithmetic: Taylor steps with a proved remainder."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from mpmath import iv

Box = list[Any]
"""One interval of mpmath for each coordinate."""

ORDER = 14


class Enclosed(NamedTuple):
    """Intervals that contain u, s, u^(2) and the loss at one time of the flow."""

    u: Any
    s: Any
    u2: Any
    loss: Any


class NoEnclosureError(ArithmeticError):
    """No a-priori box was found: the step is too long."""


def enclose(
    eigenvalues: Sequence[str], teacher: Sequence[str], start: Sequence[str], until: str, steps: int
) -> Enclosed:
    """Intervals that contain the statistics at the time ``until``, for phase retrieval.

    Numbers are strings of rationals such as ``"4/5"``. Each of the equal ``steps`` first finds a box that the
    solution cannot leave (Picard), then sums the Taylor series, whose remainder is the next coefficient over
    that box. Raises :class:`NoEnclosureError` where no box is found.

    >>> u = enclose(["1"], ["1"], ["1/2"], "1/10", 8).u
    >>> bool(u.a <= 0.8866050078516614 <= u.b), float(u.delta) < 1e-4  # e^{1.2}/√(4 + e^{2.4} − 1)
    (True, True)
    """
    return _flow(tuple(eigenvalues), tuple(teacher), tuple(start), until, steps)


@cache
def _flow(
    eigenvalues: tuple[str, ...], teacher: tuple[str, ...], start: tuple[str, ...], until: str, steps: int
) -> Enclosed:
    rates, target, w = (list(map(_interval, numbers)) for numbers in (eigenvalues, teacher, start))
    width = _interval(until) / steps
    for _ in range(steps):
        region = _region(rates, target, w, width)
        local, remainder = (_taylor(rates, target, box) for box in (w, region))
        w = [
            sum((row[n] * width**n for n in range(ORDER)), rest[ORDER] * width**ORDER)
            for row, rest in zip(local, remainder, strict=True)
        ]
    u, s, t = (
        sum(rate * x * y for rate, x, y in zip(rates, *pair, strict=True))
        for pair in ((w, target), (w, w), (target, target))
    )
    second = sum(rate**2 * x * y for rate, x, y in zip(rates, w, target, strict=True))
    return Enclosed(u, s, second, 3 * s**2 + 3 * t**2 - 4 * u**2 - 2 * s * t)


def _interval(number: str) -> Any:
    numerator, _, denominator = number.partition("/")
    return iv.mpf(numerator) / iv.mpf(denominator or "1")


def _region(rates: Box, target: Box, w: Box, width: Any) -> Box:
    """A box B with w + [0, h] f(B) ⊂ B: the solution stays in it for the whole step."""
    trial = w
    span = iv.mpf([0, width.b])
    for _ in range(20):
        inflated = [x + iv.mpf(["-1", "1"]) * iv.mpf("0.02") * (abs(x).b + width.b) for x in trial]
        slopes = [row[1] for row in _taylor(rates, target, inflated, 1)]
        trial = [x + span * slope for x, slope in zip(w, slopes, strict=True)]
        if all(x in box for x, box in zip(trial, inflated, strict=True)):
            return inflated
    raise NoEnclosureError("no a-priori box: take more steps")


def _taylor(rates: Box, target: Box, w: Box, order: int = ORDER) -> list[Box]:
    """The Taylor coefficients 0 … ``order`` of each coordinate of ẇ_i = λ_i (4 (t − 3s) w_i + 8 u w*_i)."""
    rows = [[x] for x in w]
    energy = sum(rate * x * x for rate, x in zip(rates, target, strict=True))
    s: Box = []
    for n in range(order):
        s.append(sum(rate * _product(row, row, n) for rate, row in zip(rates, rows, strict=True)))
        u = sum(rate * x * row[n] for rate, x, row in zip(rates, target, rows, strict=True))
        for rate, x, row in zip(rates, target, rows, strict=True):
            pull = 4 * (energy * row[n] - 3 * _product(s, row, n))
            row.append(rate * (pull + 8 * u * x) / (n + 1))
    return rows


def _product(left: Box, right: Box, order: int) -> Any:
    """The coefficient of that order of a product of series."""
    return sum(left[j] * right[order - j] for j in range(order + 1))
