r"""Where ``u`` reaches a level on the fast manifold of ``w = 0``, in balls, from the series in its own clock.

The coefficients of :mod:`theory.asymptotics.escape.manifold_clock` are positive, so that ``u`` and ``s``
increase with ``x`` and a truncation is bounded from above. Let ``R`` and ``S`` be the sums of :math:`r_n x^n`
up to ``N`` and of :math:`s_n x^n` up to ``N + 1``, and :math:`y > x`. In

.. math:: r_n = \kappa_n \sum_{j=1}^n s_j r_{n-j}, \quad \kappa_n = \frac{3}{1 - 2E_n}, \qquad
   s_{n+1} \le D_0 \sum_{j+k=n} r_j r_k

:math:`\kappa_n` falls. By induction on the number of terms, with :math:`q = (x/y)^{N+1}`,

.. math:: \sigma(b) = D_0 x \big(q R(y)^2 + 2 R(x) b + b^2\big), \quad
   \kappa_{N+1} \big(q S(y) R(y) + S(x) b + \sigma(b) (R(x) + b)\big) \le b

implies :math:`\sum_{n > N} r_n x^n \le b` and :math:`\sum_{n > N+1} s_n x^n \le \sigma(b)`.

This module needs python-flint, the optional extra ``precise``.
"""

from __future__ import annotations

import math
from fractions import Fraction

from flint import arb, arb_poly, ctx

from theory.asymptotics.escape.manifold_clock import (
    FIELD,
    SPARE,
    ClockSeries,
    amplitude_logarithm,
    clock,
)
from theory.asymptotics.numbers.field import rational
from theory.asymptotics.sums.spectrum import Spectrum


def overlap_amplitude(spectrum: Spectrum, level: Fraction) -> arb:
    r"""The amplitude at which ``u`` first reaches ``level``, at the working precision.

    Raises ArithmeticError where ``s`` is too large there for the bound.

    >>> from theory.asymptotics import PowerLaw
    >>> with ctx.workdps(40):
    ...     print(overlap_amplitude(PowerLaw(0, 9), Fraction(1, 10)).str(20, radius=False))
    ...     print((arb("0.1") / (1 - arb("0.01")).sqrt()).str(20, radius=False))  # u/sqrt(1 - u^2)
    0.10050378152592120755
    0.10050378152592120755
    """
    wanted = rational(level, FIELD) ** 2
    with ctx.workdps(30):  # terms and digits that show where the level is crossed
        trial = clock(spectrum, 24, ctx.dps)
        start = _crossing(trial, wanted, arb(0))
        energies = arb_poly([0, *trial.energies])
        # candidates of y/x
        # of s at y
        ratios = [ratio for ratio in (1.5, 2, 3, 4, 6, 8, 12, 16, 24) if energies(start * ratio) < 0.2]
        if not ratios:
            raise ArithmeticError("s is too large at the level for the series in the clock")
    series = clock(spectrum, math.ceil(ctx.dps / math.log10(ratios[-1])) + SPARE, ctx.dps)
    x, width = _crossing(series, wanted, start), arb(10) ** (10 - ctx.dps)
    low, top = x * (1 - width), (x * (1 + width)).upper()
    rest, left = _remainder(series, top, top * ratios[-1])
    overlap = arb_poly(series.overlaps())
    if not low * (overlap(low) + rest) ** 2 < wanted < top * overlap(top) ** 2:
        raise ArithmeticError("the crossing is not resolved")
    between = low.union(top)
    return ((between.log() + _stretch(series, between, top, top * ratios[-1], left)) / 2).exp()


def first_overlap(spectrum: Spectrum) -> arb:
    r""":math:`U_0 = r_0 E_0`, the limit of ``u/A`` as ``A -> 0``."""
    return clock(spectrum, 1, ctx.dps).overlaps()[0]


def _stretch(series: ClockSeries, x: arb, top: arb, y: arb, left: arb) -> arb:
    r""":math:`\log(A^2/x)`, for ``x`` up to ``top`` where the series of ``s`` leaves ``left``.

    The terms of :math:`3s/(1 - 3s)` are positive as well; what is cut off ``s`` falls as its first power.
    """
    terms, energies = len(series.energies), arb_poly([0, *series.energies])
    highest, far = energies(top) + left, energies(y)
    if not (far < arb(1) / 3 and highest < arb(1) / 3):
        raise ArithmeticError("s is not below 1/3 where the series in the clock is summed")
    logarithm = arb_poly(amplitude_logarithm(series.energies))
    cut = (top / y) ** (terms + 1) * 3 * far / (1 - 3 * far)
    missed = 3 * left / (1 - 3 * highest) ** 2
    return logarithm(x) + FIELD.uncertain((cut + missed) / (terms + 1))


def _crossing(series: ClockSeries, wanted: arb, start: arb) -> arb:
    """The ``x`` at which the square of the truncated ``u`` is as wanted, by Newton's method."""
    overlap = arb_poly(series.overlaps())
    square = arb_poly([0, 1]) * overlap * overlap
    slope = square.derivative()
    x = start if start > 0 else (wanted / overlap[0] ** 2).mid() / 2
    for _ in range(math.ceil(math.log2(ctx.dps)) + 4):
        x = (x + (wanted - square(x)) / slope(x)).mid()
    return x


def _remainder(series: ClockSeries, x: arb, y: arb) -> tuple[arb, arb]:
    """What the sums of ``r`` and of ``s`` up to ``x`` leave."""
    ratios, energies = arb_poly(series.ratios), arb_poly([0, *series.energies])
    gain = 3 / (1 - 2 * series.quotients.mean(len(series.ratios)))
    part, scale = (x / y) ** len(series.ratios), x / series.ratios[0] ** 2
    near, energy, far = ratios(x), energies(x), ratios(y)
    source = gain * part * far * (energies(y) + scale * far * near)
    loop = gain * (energy + 2 * scale * near**2)
    if not loop < 1:
        raise ArithmeticError("s is too large at the level for the bound of what is left")
    bound = (2 * source / (1 - loop)).upper()
    left = scale * (part * far**2 + 2 * near * bound + bound**2)
    if not gain * (part * energies(y) * far + energy * bound + left * (near + bound)) < bound:
        raise ArithmeticError("what is left of the series is not bounded at this precision")
    return bound, left.upper()
