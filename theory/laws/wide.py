r"""Wide quadratic networks with a second layer :math:`\gamma^*_j = j^{-\alpha}`, teacher and inputs aligned.

Derived in :mod:`theory.asymptotics.wide.emergence`: with :math:`\vartheta = \alpha/(a+\alpha)` the front is
:math:`\Lambda = -W_{-1}(-T g_0^{1/\vartheta})` at :math:`T = 16t/(Z\vartheta)`.
"""

from __future__ import annotations

import sympy
from sympy import And, Gt, Lt, Rational, exp, log

from theory.laws.law import Law, Regime, Verdict
from theory.laws.names import Z, a, alpha, g_0, j, lag, t

SOURCE = "theory.asymptotics.wide.emergence"
SHARE = alpha / (a + alpha)
NAMES = {lag: -sympy.LambertW(-16 * t / (Z * SHARE) * g_0 ** (1 / SHARE), -1)}


def emergence_time() -> Law:
    """The time at which direction j is half learnt."""
    scale = Z / 16
    regime = Regime(
        sympy.true,
        scale,
        a + alpha,
        Verdict.PROVED,
        SOURCE,
        scale=log(j**-alpha / g_0 - 1),
    )
    return Law("emergence_time", "t_j", j, Gt(alpha, 0), Lt(g_0, j**-alpha / 2), (regime,))


def loss() -> Law:
    """The loss of infinitely many directions."""
    power = (2 * alpha - 1) / (a + alpha)
    scale = 2 / (2 * alpha - 1) * (Z * SHARE / 16) ** power
    correction = -power / (SHARE * lag)
    window = Lt(16 * t / (Z * SHARE) * g_0 ** (1 / SHARE), exp(-1))
    regime = Regime(sympy.true, scale, -power, Verdict.PROVED, SOURCE, correction, scale=lag**power)
    return Law("wide_loss", "L", t, Gt(alpha, Rational(1, 2)), And(window, Gt(t, 0)), (regime,), NAMES)


def laws() -> tuple[Law, ...]:
    """All of them."""
    return (emergence_time(), loss())
