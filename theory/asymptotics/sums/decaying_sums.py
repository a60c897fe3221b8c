r"""Sums :math:`D = \sum_{i \le d} g(i)` of :math:`g(x) = x^{-c} e^{-X x^{-a}}`, at any ``d`` and ``X``.

``g`` is flat at 0: all its derivatives vanish there. With :math:`z = X d^{-a}` and
:math:`p = (1-c)/a` the formula of Abel and Plana therefore reads

.. math::

   D = \frac{X^p}{a} \Gamma(-p, z) + \frac{g(d)}{2}
     + 2\!\int_0^\infty\! \frac{\mathrm{Im}\, g(d + iy)}{e^{2\pi y} - 1}\,dy + Z, \qquad
   Z = 2\,\mathrm{Re}\!\int_0^{\infty e^{i\theta}}\! \frac{g(x)\,dx}{e^{-2\pi i x} - 1}.

- The first term is :math:`\int_0^d g`, in :math:`y = X x^{-a}`.
- The next two have the Euler–Maclaurin series :math:`\tfrac12 g(d) + \tfrac1{12} g'(d) -
  \tfrac1{720} g'''(d) + \dots`, in powers of ``1/d``.
- ``Z`` is exponentially small. Its saddle, :math:`x^{a+1} = iaX/2\pi`, lies on the ray
  :math:`\theta = \pi/2(a+1)`, between the poles at the integers and the sector
  :math:`\arg x > \pi/2a` in which ``g`` is large; there :math:`|Z| \sim e^{-\kappa X^{1/(a+1)}}` with
  :math:`\kappa = 2\pi(1 + \tfrac1a)(\tfrac{a}{2\pi})^{1/(a+1)} \sin\theta`.

Both integrals are brought to the whole line with integrands that decay doubly exponentially, for
which the trapezoidal rule converges geometrically: halving the step squares its error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mpmath import mp, mpc, mpf

from theory.asymptotics.numbers.field import FLOATS, Field, Number

LARGEST_STEP = mpf(1) / 8
ZERO = mpf(0)


class Enclosed(NamedTuple):
    """A number and a bound of its error."""

    value: mpf
    error: mpf


def saddle_rate(a: Number, field: Field = FLOATS) -> Number:
    r""":math:`\kappa`, the rate of :math:`|Z| \sim e^{-\kappa X^{1/(a+1)}}`.

    >>> print(saddle_rate(mpf(1)), mp.sqrt(4 * mp.pi))  # Z of exp(-X/x) is a Bessel function
    3.54490770181103 3.54490770181103
    """
    root = 1 / (a + 1)
    return 2 * field.pi * (1 + 1 / a) * field.power(a / (2 * field.pi), root) * field.sin(field.pi * root / 2)


def origin_term(a: mpf, c: mpf, scale: mpf, digits: int) -> Enclosed:
    """``Z`` at ``X = scale > 0`` with an error below ``10**-digits`` of its size.

    Along the ray through the saddle nothing cancels but the oscillation itself, of phase about
    :math:`X^{1/(a+1)}`: the digits of the phase are added to the working precision.
    """
    phase = saddle_rate(a) * mp.power(scale, 1 / (a + 1))
    with mp.extradps(max(0, int(mp.log10(phase)) + 1)):
        return _origin_term(a, c, scale, digits)


def _origin_term(a: mpf, c: mpf, scale: mpf, digits: int) -> Enclosed:
    angle = mp.pi / (2 * (a + 1))
    turn = mp.expj(angle)
    decay = scale * mp.expj(-a * angle)

    def integrand(t: mpf) -> mpc:
        wave = 2j * mp.pi * mp.exp(t) * turn
        exponent = wave - decay * mp.exp(-a * t) + (1 - c) * mpc(t, angle)
        return mp.exp(exponent) / -mp.expm1(wave)

    centre = mp.log(a * scale / (2 * mp.pi)) / (a + 1)
    width = 1 / mp.sqrt(saddle_rate(a) * mp.power(scale, 1 / (a + 1)))
    value, error = trapezoid(integrand, centre, digits, width=width)
    return Enclosed(2 * value, 2 * error)


def origin_term_beside(size: mpf, a: mpf, c: mpf, scale: mpf, digits: int) -> Enclosed:
    """``Z``, or 0 where its rate puts it beyond the working precision of ``size``."""
    if saddle_rate(a) * mp.power(scale, 1 / (a + 1)) > -mp.log(size * mp.eps):
        return Enclosed(mpf(0), mpf(0))
    return origin_term(a, c, scale, digits)


def end_term(g: Callable[[mpc], mpc], end: int, size: mpf, digits: int) -> Enclosed:
    r""":math:`2\int_0^\infty \mathrm{Im}\, g(d + iy)/(e^{2\pi y} - 1)\,dy`, beside ``size``."""

    def integrand(t: mpf) -> mpf:
        inverse = mp.exp(-t)
        y = mp.exp(t - inverse)
        return g(mpc(end, y)).imag * y * (1 + inverse) / mp.expm1(2 * mp.pi * y)

    value, error = trapezoid(integrand, mpf(0), digits, size)
    return Enclosed(2 * value, 2 * error)


def trapezoid(
    integrand: Callable[[mpf], mpf | mpc],
    centre: mpf,
    digits: int,
    size: mpf = ZERO,
    width: mpf = LARGEST_STEP,
) -> Enclosed:
    r"""Integrate the real part over the line, up to ``10**-digits`` of it, or of a larger ``size``.

    The first step is ``width``, at most 1/8, to be halved.

    The integrand decays doubly exponentially away from ``centre``. Halving the step squares the
    relative error, so that the last change ``e`` leaves one of about ``e**2``; returned is ``e**1.5``.

    >>> integral = trapezoid(lambda t: mp.exp(t - mp.exp(t) - mp.exp(-t)), mpf(0), 10)
    >>> abs(integral.value - 2 * mp.besselk(1, 2)) < integral.error < 1e-9
    True
    """
    step = min(LARGEST_STEP, width)
    total = step * _walk(integrand, centre, step)
    for _ in range(12):
        refined = (total + step * _walk(integrand, centre + step / 2, step)) / 2
        size = max(size, abs(refined))
        change = abs(refined - total) / size if size else mpf(0)
        total, step = refined, step / 2
        error = mp.power(change, 1.5) + mp.eps * 2**6
        if error <= mpf(10) ** -digits:
            return Enclosed(total, error * size)
    raise ArithmeticError("the trapezoidal rule has not converged: raise the working precision")


def _walk(integrand: Callable[[mpf], mpf | mpc], start: mpf, step: mpf) -> mpf:
    """Add the real part at ``start + k step``, ``k`` an integer, until it no longer counts."""
    terms, largest = [], mpf(0)
    for first, direction in ((start, step), (start - step, -step)):
        point, size = first, mp.inf
        while size > largest * mp.eps:
            term = integrand(point)
            size = abs(term)
            largest = max(largest, size)
            terms.append(mp.re(term))
            point += direction
    return mp.fsum(terms)


def decaying_sum(a: mpf, c: mpf, scale: mpf, end: int, digits: int) -> Enclosed:
    r""":math:`D` to ``digits`` digits, by whichever of three routes is short.

    A few hundred modes are added. Where :math:`X \gtrsim d^{a+1}`, each mode counts less than the
    next by a fixed factor at least, and the last are added. Otherwise the formula above.

    >>> print(decaying_sum(mpf(2), mpf(0), mpf(10**7), 1000, 10).value)
    0.00201644031973652
    >>> print(mp.fsum(mp.exp(-mpf(10**7) / i**2) for i in range(1, 1001)))
    0.00201644031973652
    """

    def g(x: mpf | mpc) -> mpf | mpc:
        level = mp.power(x, -a)
        weight = level if c == a else mp.power(x, -c) if c else 1
        return weight * mp.exp(-scale * level)

    few = end <= 10 * mp.dps * max(4, a)
    if few or scale * a >= mp.power(end, a + 1):
        terms = [g(mpf(end))]
        while len(terms) < end and (few or terms[-1] > terms[0] * mp.eps):
            terms.append(g(mpf(end - len(terms))))
        value = mp.fsum(terms)
        return Enclosed(value, value * mp.eps * len(terms) * 2**4)
    power, last = (1 - c) / a, scale * mp.power(end, -a)
    bulk = mp.power(scale, power) * mp.gammainc(-power, last) / a
    value = bulk + g(mpf(end)) / 2
    edge = end_term(g, end, value, digits)
    value += edge.value
    origin = origin_term_beside(value, a, c, scale, digits)
    value += origin.value
    return Enclosed(value, origin.error + edge.error + value * mp.eps * 2**10)
