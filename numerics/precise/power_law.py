"""The paper's problems with exact data: a power law's modes to any number of digits."""

import math
from fractions import Fraction

from mpmath import mp, mpf

from numerics.arrays import Array
from numerics.precise.problem import ExactProblem
from numerics.problems.power_law import check_power_law, gaussian_teacher, power_law
from theory.expected import Count, Whole, checked
from theory.names import escape_size, source_exponent


@checked
def precise_power_law(
    exponent: float | Fraction,
    dimension: float,
    teacher: str | Array = "flat",
    init: str | Array = "sphere",
    seed: Whole = 0,
    digits: Count = 50,
) -> ExactProblem:
    """The problem of :func:`numerics.problems.power_law` with all d modes, its numbers to ``digits`` + 20
    digits.

    Exponents are exact: fractions as they are, floats and the numbers in ``source:B`` and ``escape:EPS``
    as the decimals that they write. Draws are the same floats, scaled at full precision.

    Raises ValueError for what :func:`numerics.problems.power_law` refuses and for d > 1000.

    >>> problem = precise_power_law(2, 3, digits=30)
    >>> problem.dimension, float(sum(problem.eigenvalues) - 1) < 1e-40
    (3, True)
    """
    check_power_law(float(exponent), dimension)
    if not dimension <= 1000:
        raise ValueError(f"dimension is {dimension:g}: at many digits all modes are integrated, at most 1000")
    rounded = power_law(float(exponent), dimension, teacher, init, seed)
    with mp.workdps(digits + 20):  # digits of the data beyond those of the flow
        index = [mpf(i) for i in range(1, int(dimension) + 1)]
        rates = [i ** -_number(exponent) for i in index]
        total = mp.fsum(rates)
        rates = [rate / total for rate in rates]
        star = _teacher(teacher, index, seed)
        scale = mp.sqrt(mp.fsum(rate * x * x for rate, x in zip(rates, star, strict=True)))
        star = [x / scale for x in star]
        size = escape_size(init) if isinstance(init, str) else None
        if size is not None:
            start = [_number(size) * x for x in _escape(rates, star)]
        else:
            start = [mpf(x) for x in (rounded.init if isinstance(init, str) else init)]
        if isinstance(init, str) and init == "sphere":
            length = mp.sqrt(mp.fsum(x * x for x in start))
            start = [x / length for x in start]
        return ExactProblem(rates, star, start)


def _number(value: float | Fraction) -> mpf:
    exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    return mpf(exact.numerator) / exact.denominator


def _teacher(teacher: str | Array, index: list[mpf], seed: int) -> list[mpf]:
    """The teacher before it is scaled."""
    if not isinstance(teacher, str):
        return [mpf(float(x)) for x in teacher]
    source = source_exponent(teacher)
    if source is None:
        return [mpf(float(x)) for x in gaussian_teacher(len(index), seed)]
    return [i ** -_number(source) for i in index]


def _escape(rates: list[mpf], star: list[mpf]) -> list[mpf]:
    """The direction w ∝ λ w*/(ρ − 4λ) with s = 1 and u > 0, where 1 = 8 Σ λ² (w*)²/(ρ − 4λ) [Lem 2].

    Newton's method for ρ − 4λ_1, from the left of the root, where the sum is convex.
    """
    seen = [(rate, x) for rate, x in zip(rates, star, strict=True) if x]
    top = max(rate for rate, _ in seen)
    weights = [(4 * (top - rate), 8 * rate**2 * x**2) for rate, x in seen]
    shift = mp.fsum(weight for gap, weight in weights if not gap)
    for _ in range(10 * math.ceil(math.log2(mp.dps)) + 100):
        terms = [weight / (shift + gap) for gap, weight in weights]
        slope = mp.fsum(term / (shift + gap) for term, (gap, _) in zip(terms, weights, strict=True))
        climb = (mp.fsum(terms) - 1) / slope
        shift += climb
        if abs(climb) <= mp.eps * shift * len(weights):
            break
    direction = [
        rate * x / (shift + 4 * (top - rate)) if x else mpf(0) for rate, x in zip(rates, star, strict=True)
    ]
    length = mp.sqrt(mp.fsum(rate * x * x for rate, x in zip(rates, direction, strict=True)))
    return [x / length for x in direction]
