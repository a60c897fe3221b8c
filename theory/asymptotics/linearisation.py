r"""Rates of the linearised flow at the teacher, :math:`\dot v = -h v`.

The Hessian of the loss at :math:`w^*` is :math:`h = 8Q + 16 (Qw^*)(Qw^*)^T` [P2]. Its largest
eigenvalue limits the step of gradient descent, its smallest sets the end of the flow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from mpmath import mp, mpf

from .constant import GUARD, Constant, undefined
from .edge_sums import edge_sum
from .escape import escape_rate
from .linear_stage import false_position
from .power_sums import rational
from .spectrum import Level, PowerLaw, Spectrum, unlisted

STEP_DEFINITION = "2 / (largest eigenvalue of the Hessian 8 Q + 16 (Q w*)(Q w*)^T at the teacher)"
RATE_DEFINITION = "rate r in 1 - u ~ exp(-r t) as t -> inf at finite d, from a generic start"
FIRST_DIGITS = 30
SOURCE = "arXiv:2511.18661, Proposition 2, linearised at w*"


def stability_step(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the largest step for which gradient descent is stable at the teacher.

    **Definition.** :math:`w \leftarrow w - \eta \nabla L(w)` contracts near :math:`w^*` exactly
    for :math:`0 < \eta < 2/h_{\max}`.

    **Identity.** :math:`h_{\max} = 2\rho`, hence :math:`\eta = 1/\rho`, the inverse of the escape
    rate. An eigenvalue ``h`` whose vector overlaps :math:`Qw^*` solves
    :math:`1 = 16 \sum_i \lambda_i \mu_i/(h - 8\lambda_i)`; putting :math:`h = 2\rho` gives the
    equation of the escape rate. It is the top one unless the teacher misses the largest
    eigenvalues, :math:`\mu_1 = 0`; then :math:`8\lambda_1` competes, and is taken into account.

    >>> print(stability_step(PowerLaw(2, "inf")).printed(15)[0])
    0.180539939642891
    >>> print(stability_step(PowerLaw(0, 3)).printed(15)[0])  # Hessian (8 + 16)/3
    0.250000000000000
    """
    rho = escape_rate(spectrum, digits)
    with mp.workdps(digits + GUARD):
        top = spectrum.extremes()[0]
        step = 1 / max(rho.value, 4 * top)
        radius = step * 2 * rho.radius / rho.value
    return Constant(step, radius, STEP_DEFINITION, SOURCE)


def final_rate(spectrum: Spectrum, digits: int = 15) -> Constant:
    r"""Return the rate of the exponential that ends every finite-dimensional run.

    **Definition.** :math:`1 - u` (and :math:`1 - s`) decay as :math:`e^{-rt}` once
    :math:`t \gg 1/\lambda_d`. To first order :math:`1 - u` feels only eigenvectors of the Hessian
    that overlap :math:`Qw^*`; their smallest eigenvalue is the smallest root of

    .. math:: 1 + 16 \sum_i \frac{\lambda_i \mu_i}{8\lambda_i - r} = 0,

    and lies between :math:`8\lambda_d` and :math:`8\lambda_{d-1}`. Vectors that do not overlap
    exist where an eigenvalue repeats or the teacher vanishes; they keep eigenvalue
    :math:`8\lambda`, and reach ``u`` at second order, through :math:`v^T Q v`, with rate
    :math:`16\lambda`. The smaller of the two rates is returned. Isotropic data show both: the
    radial rate is ``24/d``, but :math:`1-u \sim e^{-16t/d}`.

    The MSE, which weighs all directions alike, decays at twice the smallest eigenvalue.

    **Method.** With :math:`r = 8\lambda_d(1+y)` and
    :math:`A(y) = \sum_{i<d} \mu_i\lambda_i/(\lambda_i - \lambda_d(1+y))`,
    the equation reads :math:`y = 2\mu_d/(1 + 2A(y))`, whose right-hand side decreases: the
    root is bracketed at once and ``y`` keeps its relative accuracy however small. For a power law
    ``A`` costs the same at any ``d``; see :mod:`.edge_sums`.

    **Error.** The radius is accepted when the equation changes sign across it. The sums carry 20
    guard digits, of which the radius leaves 10 for their own error.

    >>> print(final_rate(PowerLaw(2, 10**12), 30).printed(30)[0])
    4.86341681483516963219556561277e-24
    >>> print(final_rate(PowerLaw(0, 4)).printed(15)[0])
    4.00000000000000
    >>> final_rate(PowerLaw(2, "inf")).reason
    'at d = inf the eigenvalues accumulate at 0: the decay stays algebraic'
    """
    if isinstance(spectrum, PowerLaw) and spectrum.dimension == math.inf:
        reason = "at d = inf the eigenvalues accumulate at 0: the decay stays algebraic"
        return undefined(RATE_DEFINITION, SOURCE, reason)
    return Constant(*_final_rate(spectrum, digits), RATE_DEFINITION, SOURCE)


@lru_cache(maxsize=32)
def _final_rate(spectrum: Spectrum, digits: int) -> tuple[mpf, mpf]:
    with mp.workdps(digits + GUARD):
        law = unlisted(spectrum, 8 * mp.dps)
        if law is not None:
            return _overlapping_rate(*_power_law_equation(law), digits)
        levels = spectrum.levels()
        seen = [level for level in levels if level.mass]
        rate, radius = _overlapping_rate(*_listed_equation(seen), digits)
        unseen = [x for x, mass, multiplicity in levels if not mass or multiplicity > 1]
        if unseen and 16 * unseen[-1] < rate:
            rate = 16 * unseen[-1]
            radius = rate * mpf(10) ** (-digits - GUARD // 2)
        return rate, radius


def _listed_equation(levels: list[Level]) -> tuple[mpf, mpf, mpf, Callable[[mpf], mpf]]:
    """Return the last eigenvalue, its mass, the bound of ``y`` and the function ``A``."""
    *others, (last, mass, _) = levels

    def sum_over_others(y: mpf) -> mpf:
        return mp.fsum(m * x / (x - last * (1 + y)) for x, m, _ in others)

    return last, mass, others[-1].eigenvalue / last - 1 if others else mp.inf, sum_over_others


def _power_law_equation(
    spectrum: PowerLaw,
) -> tuple[mpf, mpf, mpf, Callable[[mpf], mpf]]:
    """Return the same for a power law, without listing its modes."""
    a, b, d = spectrum.exponent, spectrum.mass_exponent, int(spectrum.dimension)
    assert b is not None
    energy = spectrum.energy_sum()
    mass = mp.power(d, -rational(b)) / energy
    gap = mp.expm1(-rational(a) * mp.log1p(-1 / mpf(d)))
    return spectrum.extremes()[1], mass, gap, lambda y: edge_sum(b, a, d, y) / energy


def _overlapping_rate(
    last: mpf, mass: mpf, gap: mpf, sum_over_others: Callable[[mpf], mpf], digits: int
) -> tuple[mpf, mpf]:
    """Solve ``y = 2 mass / (1 + 2 A(y))`` on ``(0, gap)`` and return ``8 last (1 + y)``."""

    def excess(y: mpf) -> mpf:
        return y - 2 * mass / (1 + 2 * sum_over_others(y)) if y < gap else y

    y = _root(excess, gap)
    slack = (1 + y) * mpf(10) ** (-digits - GUARD // 2)
    if excess(y + slack) < 0 or (y > slack and excess(y - slack) > 0):
        raise ArithmeticError("final rate not certified")
    return 8 * last * (1 + y), 8 * last * slack


def _root(excess: Callable[[mpf], mpf], gap: mpf) -> mpf:
    """Return the root: false position to a few digits, then secants that gain half as many each time.

    Each is evaluated with the digits that it will have, so that few sums are as long as the last.
    """
    wanted = mp.dps
    with mp.workdps(min(wanted, FIRST_DIGITS + GUARD)):
        start = -excess(mpf(0))
        y = false_position(excess, mpf(0), min(start, gap), -start, excess(min(start, gap)))
        older = y * (1 - mpf(10) ** (-FIRST_DIGITS // 2))
        before, known = excess(older), FIRST_DIGITS
    while known < wanted and y != older:
        known = min(wanted, 3 * known // 2)
        with mp.workdps(min(wanted, known + GUARD)):
            value = excess(y)
            if value == before:
                break
            older, before, y = y, value, y - value * (y - older) / (value - before)
    return y
