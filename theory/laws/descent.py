r"""Gradient descent at a step :math:`\eta`: of the laws of the flow the escape alone changes.

Time is :math:`t = \eta n`. Along the fastest direction of ``w = 0`` a step multiplies by
:math:`1 + \eta\rho`, and at the teacher the fastest by :math:`1 - 2\eta\rho`, so that steps are stable for
:math:`\eta < 1/\rho` (phase retrieval). Modes that are being learnt late have :math:`\lambda \sim 1/t`, and
for them every such step is small.
"""

from __future__ import annotations

import sympy
from sympy import Gt, Lt, log

from theory.laws.law import Law, Regime, Verdict
from theory.laws.names import a, d, eta, rho
from theory.laws.spectra import Setting


def escape_time(setting: Setting) -> Law:
    """T1 in the time of the flow, from the unit sphere."""
    rate = log(1 + eta * rho) / eta
    source = "Lem2; theory.asymptotics.convergence.descent"
    regime = Regime(sympy.true, 1 / (2 * rate), sympy.S.Zero, Verdict.MEASURED, source, scale=log(d))
    return Law("escape_time", "T1", d, Gt(a, 1), Lt(eta, 1 / rho), (regime,))
