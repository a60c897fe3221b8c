"""The flow of a committee of students by high-order Taylor series, from its pair functions alone.

For units f with ``P(a, b, c) = E f(x) f(y)``, x and y Gaussian with variances a, b and covariance c, the loss
is ``L = Σ_jk P(S_jj, S_kk, S_jk) − 2 Σ_jm P(S_jj, T_mm, U_jm) + Σ_mn P(T_mm, T_nn, T_mn)``, so that

    ẇ_j = −2 Σ_k (2 P_a(jk) Q w_j + P_c(jk) Q w_k) + 2 Σ_m (2 P_a(jm) Q w_j + P_c(jm) Q w*_m).

The units and their derivatives, Δ = ab − c²:

    z²           P = ab + 2c²                               P_a = b                     P_c = 4c
    z³ + z       P = 6c³ + 9abc + 3(a + b)c + c             P_a = 9bc + 3c              P_c = 18c² + 9ab + …
    erf(z/√2)    P = (2/π) asin(c/√((1+a)(1+b)))            P_a = −c P_c/(2(1 + a))     P_c = (2/π)/√(1+a+b+Δ)
    relu(z)      P = (√Δ + c(π − θ))/2π, cos θ = c/√(ab)    P_a = √Δ/4πa                P_c = (π − θ)/2π

The series of the weights follow order by order, each from the right-hand side of the orders below it
(Picard's iteration), in Arb's numbers with their error balls dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import ceil, log

from flint import arb, arb_series, ctx, fmpq

Rows = Sequence[Sequence[float | str]]
Series = arb_series
Pair = Callable[[Series, Series, Series, bool], tuple[Series, Series]]
"""P_a and P_c at (a, b, c); the flag says that both units are the same, where Δ = 0."""

GUARD = 10
DIGITS_PER_ORDER = 0.9  # a step is about e^-2 of the radius of convergence


def square(a: Series, b: Series, c: Series, same: bool) -> tuple[Series, Series]:
    """z²."""
    return b, 4 * c


def cubic(a: Series, b: Series, c: Series, same: bool) -> tuple[Series, Series]:
    """z³ + z."""
    return 9 * b * c + 3 * c, 18 * c * c + 9 * a * b + 3 * a + 3 * b + 1


def erf(a: Series, b: Series, c: Series, same: bool) -> tuple[Series, Series]:
    """erf(z/√2)."""
    slope = (2 / arb.pi()) / ((1 + a) * (1 + b) - c * c).sqrt()
    return -c * slope / (2 * (1 + a)), slope


def relu(a: Series, b: Series, c: Series, same: bool) -> tuple[Series, Series]:
    """max(z, 0)."""
    if same:
        return 0 * a, 0 * a + arb("0.5")
    root = (a * b - c * c).sqrt()
    angle = (c / (a * b).sqrt()).acos()
    return root / (4 * arb.pi() * a), (1 - angle / arb.pi()) / 2


def network_taylor(
    pair: Pair,
    eigenvalues: Sequence[float | str],
    teachers: Rows,
    students: Rows,
    times: Sequence[float],
    digits: int = 30,
) -> list[list[list[arb]]]:
    """The weights (K, N) at each of the increasing ``times``; floats count as the fractions that they are.

    ``digits`` are those kept in a step: an instability costs as many as it amplifies rounding by.
    """
    working, order = digits + GUARD, ceil(digits / DIGITS_PER_ORDER)
    before = ctx.cap
    try:
        with ctx.workdps(working):
            lam, star, w = _row(eigenvalues), [_row(r) for r in teachers], [_row(r) for r in students]
            found, now, step = [], arb(0), None
            for time in map(_exact, times):
                while now < time:
                    if step is None:
                        series = _series(pair, lam, star, w, order)
                        step, passed = _step(series, digits), arb(0)
                    taken = min(step - passed, time - now)
                    passed, now = (passed + taken).mid(), (now + taken).mid()
                    if passed >= step or now >= time:
                        here = [[_at(x, passed) for x in row] for row in series]
                    if passed >= step:
                        w, step = here, None
                found.append(w if step is None else here)
            return found
    finally:
        ctx.cap = before


def _series(
    pair: Pair, lam: list[arb], star: list[list[arb]], w: list[list[arb]], order: int
) -> list[list[list[arb]]]:
    """The Taylor coefficients of every weight, up to ``order``."""
    series = [[[x] for x in row] for row in w]
    for n in range(order):
        ctx.cap = n + 1
        W = [[arb_series(x) for x in row] for row in series]
        slopes = _velocity(pair, lam, [[arb_series([x]) for x in row] for row in star], W)
        for row, slope in zip(series, slopes, strict=True):
            for x, y in zip(row, slope, strict=True):
                x.append((y[n] / (n + 1)).mid())
    return series


def _velocity(
    pair: Pair, lam: list[arb], star: list[list[Series]], W: list[list[Series]]
) -> list[list[Series]]:
    """−∂L/∂w_j, all j."""
    rows = [*W, *star]
    gram = {
        (j, k): sum((rate * x * y for rate, x, y in zip(lam, rows[j], rows[k], strict=True)), arb_series([0]))
        for j, k in combinations_with_replacement(range(len(rows)), 2)
    }
    slopes = []
    for j, row in enumerate(W):
        total = [arb_series([0]) for _ in lam]
        for k, other in enumerate(rows):
            own, cross = pair(gram[j, j], gram[k, k], gram[min(j, k), max(j, k)], j == k)
            sign = -2 if k < len(W) else 2
            total = [t + sign * (2 * own * x + cross * y) for t, x, y in zip(total, row, other, strict=True)]
        slopes.append([rate * t for rate, t in zip(lam, total, strict=True)])
    return slopes


def _step(series: list[list[list[arb]]], digits: int) -> arb:
    """The step whose last two terms are 10^-digits of the largest weight."""
    largest = max(float(abs(x[0])) for row in series for x in row)
    order = len(series[0][0]) - 1
    steps = []
    for k in (order - 1, order):
        term = max(abs(x[k]) for row in series for x in row)
        if term != 0:
            exponent = (log(largest) - digits * log(10) - float(term.log())) / k
            steps.append(exponent)
    return arb(min(steps, default=20.0)).exp().mid()


def _at(coefficients: list[arb], time: arb) -> arb:
    value = arb(0)
    for coefficient in reversed(coefficients):
        value = (value * time + coefficient).mid()
    return value


Average = Callable[[arb, arb, arb], arb]
"""P at (a, b, c)."""

AVERAGES: dict[Pair, Average] = {
    square: lambda a, b, c: a * b + 2 * c**2,
    cubic: lambda a, b, c: 6 * c**3 + 9 * a * b * c + 3 * (a + b) * c + c,
    erf: lambda a, b, c: (2 / arb.pi()) * (c / ((1 + a) * (1 + b)).sqrt()).asin(),
    relu: lambda a, b, c: _arccosine(a, b, c),
}


def network_loss(
    pair: Pair, eigenvalues: Sequence[float | str], teachers: Rows, weights: Sequence[Sequence[float | arb]]
) -> arb:
    """L at the ``weights`` (K, N), by its definition: in three times the digits of the working precision."""
    average = AVERAGES[pair]
    with ctx.workdps(3 * ctx.dps):
        lam, rows = _row(eigenvalues), [*weights, *teachers]
        vectors = [[x if isinstance(x, arb) else _exact(x) for x in row] for row in rows]
        signs = [1] * len(weights) + [-1] * len(teachers)
        gram = [
            [sum((r * x * y for r, x, y in zip(lam, v, u, strict=True)), arb(0)) for u in vectors]
            for v in vectors
        ]
        total = arb(0)
        for j, k in product(range(len(rows)), repeat=2):
            total += signs[j] * signs[k] * average(gram[j][j], gram[k][k], gram[j][k])
        return total.mid()


def _arccosine(a: arb, b: arb, c: arb) -> arb:
    """P of relu; its balls end where |c| = √(ab)."""
    area = (a * b - c * c).mid()
    root = area.sqrt().mid() if area > 0 else arb(0)
    return (root + c * (arb.pi() - arb.atan2(root, c))) / (2 * arb.pi())


def _row(values: Sequence[float | str]) -> list[arb]:
    return [_exact(x) for x in values]


def _exact(x: float | str) -> arb:
    exact = Fraction(x)
    return arb(fmpq(exact.numerator, exact.denominator)).mid()


def statistics(eigenvalues: Sequence[float | str], rows: list[list[arb]], others: list[list[arb]]) -> list:
    """The overlaps Σ λ x_i y_i of each of the ``rows`` with each of the ``others``, as floats."""
    lam = _row(eigenvalues)
    return [
        [float(sum((r * x * y for r, x, y in zip(lam, row, other, strict=True)), arb(0))) for other in others]
        for row in rows
    ]
