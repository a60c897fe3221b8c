r"""One normalised student, :math:`f(x \cdot w/\|w\|_Q)`, of information exponent ``k``: start, escape, end.

With :math:`f = \sum_j c_j \mathrm{He}_j`, the correlation :math:`m` and :math:`b = 2 k\,k!\,c_k^2`, the flow
of :mod:`theory.symbolic.normalised` begins as :math:`\dot w = (b\,m^{k-1}/\sqrt s)\,Q w^*`.

**Start.** From the unit sphere, teacher flat or Gaussian, :math:`\sqrt d\,w(0)` is nearly standard normal.
For :math:`a < 1` then :math:`m(0) \simeq g (\sum \lambda_i^2)^{1/2}`, ``g`` standard normal, while
:math:`d\,s(0) \to 1`; for :math:`a > 1` a few modes make up both, and :math:`m(0)` is of order 1.

**Escape.** While :math:`m \ll 1` it grows by :math:`\dot m = b\,d\,m^{k-1} \sum \lambda_i^2`, so that
:math:`1/T = (k - 2)\,b\,d\,m(0)^{k-2} \sum \lambda_i^2` where that is the longest part: the modes that turn
last, :math:`\lambda_d`, take a time of order 1. The median of :math:`|g|` is
:math:`\sqrt2\,\mathrm{erf}^{-1}(\tfrac12)`. For odd ``k`` a start with :math:`m(0) < 0` does not escape.

**End.** In the clock :math:`d\theta = dt/s` the modes obey
:math:`w_i' = 2\alpha\lambda_i(\sqrt s\,w^*_i - m w_i)`, :math:`\alpha = E f'^2`, and
:math:`L = \alpha \sum \lambda_i (w_i/\sqrt s - w^*_i)^2`. The norm stays. Where :math:`\|w^*\| < \infty`
the student tends to :math:`\kappa w^*`, :math:`\kappa = \|w(0)\|/\|w^*\|`, with the loss of
the plain student at :math:`t/\kappa^2`, up to relative :math:`t^{-(2B-1)/a}`.
At :math:`d = \infty` and :math:`2B < 1` the teacher has no norm:
what is learnt, :math:`w_i = \sqrt s\,w^*_i h(2\alpha\lambda_i\theta)`, dilutes,
:math:`s \propto \theta^{-(1-\gamma)}`, with :math:`h = h_\beta`, :math:`\beta = \tfrac{1-\gamma}2`, of
:mod:`theory.asymptotics.convergence.expansion`, and learning speeds up to

.. math:: L \simeq \frac{\|w(0)\|^2}{t} \frac{\int_0^\infty x^{\gamma-1}(1-h)^2 dx}
   {2\gamma \int_0^\infty x^{\gamma-2} h^2 dx}, \qquad
   \int_0^\infty x^{\gamma-1}(1-h)^2 dx = \beta\,\Gamma(\gamma)\,\mathrm B(1-\beta, 2\beta),

whatever the link and the spectrum's scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sympy
from sympy import And, Eq, Gt, Lt, Rational, sqrt, zeta
from sympy import gamma as Gamma

from theory.laws.flow import CONVERGES
from theory.laws.law import Law, Regime, Verdict
from theory.laws.names import (
    B,
    C,
    N,
    Z,
    a,
    d,
    dilution,
    gamma,
    late_time,
    ratio,
    start_overlap,
    start_size,
    t,
)
from theory.laws.spectra import Setting
from theory.symbolic.hermite import hermite_coefficient, information_exponent
from theory.symbolic.links import Link, UnknownAverageError

SOURCE = "theory.laws.normalised"
MEDIAN = sqrt(2) * sympy.erfinv(Rational(1, 2))
"""That of the modulus of a standard normal number."""

SHALLOW, MIDDLE, STEEP = Lt(a, Rational(1, 2)), And(Gt(a, Rational(1, 2)), Lt(a, 1)), Gt(a, 1)
FLAT = Eq(B, 0)

FLATTEST = (1 - 2 * a) / (1 - a) ** 2
"""1 over ``d`` times the sum of the squares of the eigenvalues, ``a < 1/2``."""

HEAD = zeta(2 * a) * (1 - a) ** 2
"""``d^(2 - 2a)`` times the same sum, ``1/2 < a < 1``."""


def start() -> Law:
    """The median of ``|m(0)|`` from a random start."""
    regime = partial(Regime, verdict=Verdict.PROVED, source=SOURCE)
    regimes = (
        regime(SHALLOW, MEDIAN / sqrt(FLATTEST), -Rational(1, 2)),
        regime(MIDDLE, MEDIAN * sqrt(HEAD), a - 1),
        Regime(STEEP, start_overlap, sympy.S.Zero, Verdict.MEASURED, SOURCE),
    )
    return Law("start_overlap", "|m(0)|", d, FLAT, Gt(d, 1), regimes)


def escape_time(link: Link) -> Law:
    """The median time to ``m = 1/2`` from the unit sphere with ``m(0) > 0``, where ``k > 2``."""
    k = information_exponent(link)
    speed = (k - 2) * 2 * k * sympy.factorial(k) * hermite_coefficient(link, k) ** 2 * MEDIAN ** (k - 2)
    border = 1 - Rational(1, k)
    measured = partial(Regime, verdict=Verdict.MEASURED, source=SOURCE)
    half = Rational(k, 2)
    regimes = (
        measured(SHALLOW, FLATTEST**half / speed, half - 1),
        measured(And(Gt(a, Rational(1, 2)), Lt(a, border)), HEAD**-half / speed, k - 1 - k * a),
        Regime(And(Gt(a, border), Lt(a, 1)), late_time, sympy.S.Zero, Verdict.CONJECTURE, SOURCE),
        measured(STEEP, late_time, -sympy.S.One),
    )
    return Law("normalised_escape_time", "T(m = 1/2)", d, FLAT, Gt(d, 1), regimes)


def loss(setting: Setting) -> Law:
    """The loss at ``d = inf``, from a start of finite length."""
    beta = (1 - gamma) / 2
    learnt = beta * Gamma(gamma) * Gamma(1 - beta) * Gamma(2 * beta) / Gamma(1 + beta)
    measured = partial(Regime, verdict=Verdict.MEASURED, source=SOURCE)
    regimes = (
        measured(Lt(2 * B, 1), start_size * learnt / (2 * gamma * dilution), -sympy.S.One),
        measured(Gt(2 * B, 1), setting.alpha / 2 * C * (ratio / 2) ** gamma, -gamma),
    )
    names = {**setting.names, dilution: _dilution(), ratio: start_size * N / (Z * setting.sum(2 * B))}
    return Law("normalised_loss", "L", t, CONVERGES, setting.window, regimes, names)


def _dilution() -> sympy.Expr:
    r""":math:`\int_0^\infty x^{\gamma-2} h_\beta^2\,dx`."""
    own, half = (1 + gamma) / 2, Rational(1, 2)
    ray = Gamma(1 + gamma) * Gamma(-gamma) * 2 ** (1 + gamma) / own
    corner = Gamma(1 - gamma) * Gamma(own) / Gamma((3 - gamma) / 2) * 2**gamma / gamma
    total = ray * sympy.hyper([1 + gamma, own], [1 + own], -1)
    total += corner * sympy.hyper([1, 1], [(3 - gamma) / 2], half)
    return Gamma(gamma) * gamma * 2**-gamma * total


def laws(link: Link, setting: Setting) -> Iterator[tuple[str, Law | str]]:
    """Each law by name, or why there is none."""
    yield "start_overlap", start()
    yield "normalised_escape_time", _escape_time(link)
    if setting.flow.decay is None:
        yield "normalised_loss", setting.flow.no_law
    else:
        infinite = setting.dimension == sympy.oo
        yield "normalised_loss", loss(setting) if infinite else "known for d = inf alone"


def _escape_time(link: Link) -> Law | str:
    """The law, or why there is none."""
    try:
        k = information_exponent(link)
    except UnknownAverageError as error:
        return str(error)
    return escape_time(link) if k > 2 else f"the information exponent is {k}: known from 3 on"
