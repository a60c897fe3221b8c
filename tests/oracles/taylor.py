"""The flow of phase retrieval by high-order Taylor series, with Arb's numbers used as big floats.

From the definitions ``u = Σ λ_i w_i w*_i``, ``s = Σ λ_i w_i²``, ``s* = Σ λ_i (w*_i)²`` and

    ẇ_i = 4λ_i (s* − 3s) w_i + 8λ_i u w*_i

the Taylor coefficients of ``w`` at the current time follow one by one: with ``a = 4(s* − 3s)``,

    (n+1) w_{i,n+1} = λ_i ( Σ_{k≤n} a_k w_{i,n−k} + 8 u_n w*_i ).

The method is explicit: at 40 digits it takes about one step in each unit of time ``1/(λ_1 s*)``, at 0.7 ms
a mode.

Everything is reported from ``w`` by its definition, cancellation included; the working precision pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, exp, inf, log
from operator import mul

from flint import arb, ctx, fmpq
from mpmath import mp, mpf

Number = float | str | Fraction
"""Floats count as the binary fractions that they are; strings are read at the working precision."""

GUARD_DIGITS = 12


def taylor_flow(
    eigenvalues: Sequence[Number],
    teacher: Sequence[Number],
    init: Sequence[Number],
    times: Sequence[Number],
    digits: int = 40,
) -> dict[str, list[mpf]]:
    """Integrate the flow from ``w(0) = init`` and report at each of the increasing ``times``.

    The keys of the result are ``u``, ``s``, ``one_minus_u`` ``= 1 − |u|/s*``, ``one_minus_s`` ``= 1 − s/s*``,
    ``loss`` ``= 3s² + 3s*² − 4u² − 2 s s*`` and ``mse`` ``= min_± |w ∓ w*|²/d``.

    ``digits`` is absolute: errors stay below ``10^-digits`` in units of ``s*``, 1, ``s*²`` and ``|w*|²/d``,
    whichever applies. A value of size ``10^-k`` in its unit has ``digits − k`` correct figures, so ask for
    ``k + 20`` digits to see 20 of them; ``loss`` and ``mse`` are quadratic in ``w ∓ w*`` and decide ``k``.
    An instability costs in the same way: add ``k`` digits for a start that leaves a saddle with ``u(0) ~
    10^-k``. A short ``w(0)`` costs nothing.
    """
    working = digits + GUARD_DIGITS
    states = taylor_states(eigenvalues, teacher, init, times, digits)
    with ctx.workdps(working), mp.workdps(working):
        lam, star = ([_exact(x) for x in xs] for xs in (eigenvalues, teacher))
        rows = [[_mpf(x) for x in _report(lam, star, w)] for w in states]
    keys = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse")
    return {key: [row[k] for row in rows] for k, key in enumerate(keys)}


def taylor_states(
    eigenvalues: Sequence[Number],
    teacher: Sequence[Number],
    init: Sequence[Number],
    times: Sequence[Number],
    digits: int = 40,
) -> list[list[arb]]:
    """The ``w`` that :func:`taylor_flow` reports on, at each of the ``times``."""
    working = digits + GUARD_DIGITS
    with ctx.workdps(working), mp.workdps(working):
        lam, star, w, due = ([_exact(x) for x in xs] for xs in (eigenvalues, teacher, init, times))
        if due[0] < 0 or not all(a < b for a, b in pairwise(due)):
            raise ValueError("times must be increasing, from 0 on")
        states: list[list[arb]] = []
        now = arb(0)
        while True:
            series = _series(lam, star, w, order=ceil(working * log(10) / 2))
            step = _step(series, working)
            while due and due[0] <= now + step:
                states.append(_at(series, due.pop(0) - now))
            if not due:
                return states
            w, now = _at(series, step), (now + step).mid()


def _series(lam: list[arb], star: list[arb], w: list[arb], order: int) -> list[list[arb]]:
    """Taylor coefficients of each ``w_i``, up to ``order``, their error balls dropped."""
    energy = _energy(lam, star)
    weighted = [rate * x for rate, x in zip(lam, star, strict=True)]
    series = [[x] for x in w]
    a: list[arb] = []
    for n in range(order):
        u_n = sum((c * x[n] for c, x in zip(weighted, series, strict=True)), arb())
        s_n = sum((rate * _square(x, n) for rate, x in zip(lam, series, strict=True)), arb())
        a.append(((4 * energy if n == 0 else 0) - 12 * s_n).mid())
        a_reversed = a[::-1]
        for rate, c, x in zip(lam, weighted, series, strict=True):
            x.append(((rate * _dot(a_reversed, x) + 8 * c * u_n) / (n + 1)).mid())
    return series


def _dot(x: Sequence[arb], y: Sequence[arb]) -> arb:
    return sum(map(mul, x, y), arb())


def _square(x: list[arb], n: int) -> arb:
    """The n-th coefficient of ``x²``: each pair twice, and the middle one once."""
    pairs = (n + 1) // 2
    twice = 2 * _dot(x[:pairs], x[n : n - pairs : -1])
    return twice if n % 2 else twice + x[n // 2] ** 2


def _step(series: list[list[arb]], working: int) -> arb:
    """The step at which the last two terms are ``10^-working`` of the largest ``|w_i|``; infinite at rest.

    Once ``w ∓ w*`` is mere rounding this still keeps the explicit method stable: the series is then that of
    the rounding, and a step at which it grew would show in the last terms.
    """
    order = len(series[0]) - 1
    size = max(abs(x[0]) for x in series)
    log_step = inf
    for n in (order - 1, order):
        last = max(abs(x[n]) for x in series)
        if last > 0:
            log_step = min(log_step, (float((size / last).log()) - working * log(10)) / n)
    return arb(exp(log_step))


def _at(series: list[list[arb]], t: arb) -> list[arb]:
    """The polynomials at ``t`` by Horner's rule, their error balls dropped."""
    values = []
    for x in series:
        value = arb()
        for c in reversed(x):
            value = value * t + c
        values.append(value.mid())
    return values


def _energy(lam: list[arb], w: list[arb]) -> arb:
    return sum((rate * x * x for rate, x in zip(lam, w, strict=True)), arb())


def _report(lam: list[arb], star: list[arb], w: list[arb]) -> list[arb]:
    energy, s = _energy(lam, star), _energy(lam, w)
    u = sum((rate * x * y for rate, x, y in zip(lam, w, star, strict=True)), arb())
    loss = 3 * s * s + 3 * energy * energy - 4 * u * u - 2 * s * energy
    errors = [sum(((x - sign * y) ** 2 for x, y in zip(w, star, strict=True)), arb()) for sign in (1, -1)]
    mse = min(error.mid() for error in errors) / len(w)
    return [u, s, 1 - abs(u) / energy, 1 - s / energy, loss, mse]


def _exact(x: Number) -> arb:
    return arb(fmpq(x.numerator, x.denominator)) if isinstance(x, Fraction) else arb(x)


def _mpf(x: arb) -> mpf:
    mantissa, exponent = x.mid().man_exp()
    return mp.ldexp(mpf(int(mantissa)), int(exponent))
