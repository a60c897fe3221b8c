r"""Online SGD on phase retrieval: escape, floors of label noise, two phases without, the best step.

A typical run leaves ``w = 0`` with the Lyapunov exponent of its products of random matrices, more slowly than
descent: :mod:`theory.asymptotics.sgd.escape`.

Near the teacher the second moments close, :mod:`theory.asymptotics.sgd.floor`. Let
:math:`\tau = E|Q^{1/2}(w - w^*)|^2`, :math:`A_\eta = (1 + 2r)/(1 - \kappa)`.

**Without label noise** the source of :math:`\tau` is the bias of descent,
:math:`\sum_i \lambda_i (w^*_i)^2 e^{-16\lambda_i t} \sim 2^{-\gamma} C t^{-\gamma}`, and what the noise
:math:`64\eta\lambda_i^2(3\tau + 12\nu)/m` of the inputs left before, of total mass ``I``: there

.. math:: \frac{64\eta I}m \sum_i \lambda_i^2 e^{-16\lambda_i t} \sim
   \frac{64\eta I}{m}\,\frac{\Gamma(2-1/a)}{a Z^{1/a}} (16t)^{-(2-1/a)}.

The slower of the two wins: the bias for :math:`2B < a`; they add at :math:`2B = a`. The exponents are those
that :func:`numerics.predict_sgd` falls with, the prefactors those of the exact second moments in both phases
and on the line, and of runs of SGD; :mod:`theory.asymptotics.sgd.noise`.

**With label noise** the loss ends at a floor, :math:`4\eta\sigma^2(1 + 2\sum\lambda_i^2(w^*_i)^2)/m` for
small steps. For ``n`` samples, :math:`t = \eta n/m`, the best constant step balances it with the bias:
:math:`\min_\eta [A\eta^{-\gamma} + F\eta] = (1 + 1/\gamma) F^{\gamma/(1+\gamma)} (\gamma A)^{1/(1+\gamma)}`.
The batch drops out. Steps that fall to 0, :math:`\eta(1 - k/n)^p`, average the noise and reach the minimax
exponent from :math:`p > a - 1` on: :mod:`theory.asymptotics.sgd.schedules`.
"""

from __future__ import annotations

from functools import partial

import sympy
from sympy import And, Eq, Gt, Lt, log

from theory.laws.law import Law, Regime, Verdict
from theory.laws.names import (
    B,
    C,
    N,
    Z,
    a,
    amplification,
    d,
    eta,
    eta_c,
    fall,
    gamma,
    history,
    m,
    n,
    sigma2,
    t,
    trace,
    typical,
)
from theory.laws.spectra import Setting

SCHEDULES = "theory.asymptotics.sgd.schedules"
MOMENTS = "theory.asymptotics.sgd.floor"
HISTORY = "theory.asymptotics.sgd.noise"
STABLE = Lt(eta, eta_c)
REGULAR = And(Gt(a, 1), Gt(a + 2 * B, 1))
BIAS = 4 * 2**-gamma * C
"""Of ``t^-gamma`` in the loss of the flow."""

NOISE = 4 * 64 * eta * history / m * sympy.gamma(2 - 1 / a) / (a * Z ** (1 / a)) * 16 ** (1 / a - 2)
"""Of ``t^(1/a - 2)``."""


def escape_time(setting: Setting) -> Law:
    """T1 of a typical run from the unit sphere, without label noise, in steps times their size."""
    regime = Regime(
        sympy.true,
        1 / (2 * typical),
        sympy.S.Zero,
        Verdict.MEASURED,
        "theory.asymptotics.sgd.escape",
        scale=log(d),
    )
    return Law("escape_time", "T1", d, Gt(a, 1), STABLE, (regime,))


def loss(setting: Setting) -> Law:
    """The mean loss without label noise: two phases, and their border."""
    measured = partial(Regime, verdict=Verdict.MEASURED)
    regimes = (
        measured(Lt(2 * B, a), amplification * BIAS, -gamma, source=MOMENTS),
        measured(Eq(2 * B, a), amplification * (BIAS + NOISE), -gamma, source=HISTORY),
        measured(Gt(2 * B, a), amplification * NOISE, 1 / a - 2, source=HISTORY),
    )
    return Law("sgd_loss", "E L", t, REGULAR, And(setting.window, STABLE), regimes, setting.names)


def crossover(setting: Setting) -> Law:
    """The time at which the noise of the history overtakes the bias, if the last mode is learnt later."""
    power = -1 / (gamma - 2 + 1 / a)
    scale = (NOISE / eta / BIAS) ** power
    regime = Regime(sympy.true, scale, power, Verdict.MEASURED, HISTORY)
    met = True if setting.dimension == sympy.oo else Lt(scale * eta**power, setting.end)
    return Law(
        "crossover", "t_x", eta, And(REGULAR, Gt(2 * B, a)), And(STABLE, met), (regime,), setting.names
    )


def loss_floor(setting: Setting) -> Law:
    """Where the mean loss comes to rest under label noise."""
    squares = setting.sum(2 * a + 2 * B) / (Z * N)
    scale = 4 * sigma2 / m * (1 + 2 * squares)
    regime = Regime(sympy.true, scale, sympy.S.One, Verdict.MEASURED, MOMENTS)
    return Law("loss_floor", "E L at rest", eta, REGULAR, STABLE, (regime,), setting.names)


def mse_floor(setting: Setting) -> Law:
    """Where the mean squared error comes to rest under label noise, at large d."""
    regime = Regime(sympy.true, sigma2 / m, sympy.S.One, Verdict.MEASURED, MOMENTS)
    return Law("mse_floor", "E MSE at rest", eta, Gt(a, 1), STABLE, (regime,), setting.names)


def tuned_loss(setting: Setting) -> Law:
    """The mean loss after n samples at the constant step that is best for them."""
    floor = loss_floor(setting).regimes[0].prefactor * m
    power = gamma / (1 + gamma)
    scale = (1 + 1 / gamma) * floor**power * (gamma * BIAS) ** (1 / (1 + gamma))
    regime = Regime(sympy.true, scale, -power, Verdict.MEASURED, SCHEDULES)
    return Law("tuned_loss", "min over eta of E L", n, REGULAR, Gt(sigma2, 0), (regime,), setting.names)


def decayed_loss(setting: Setting) -> Law:
    """The mean loss after n samples at steps η (1 − k/n)^p, with the η that is best for them."""
    falls, late = 1 / (fall + 1), 1 / a
    bias = 4 * 2**-gamma * C * (fall + 1) ** gamma

    def best(inverse: sympy.Expr, spread: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
        """Of X (η n)^−γ + Y η^g n^(g − 1), with 1/g: its prefactor and its power."""
        over = gamma * inverse
        share = over / (1 + over)
        return (1 + over) * bias ** (1 / (1 + over)) * (spread / over) ** share, -share

    at_the_end = 64 * sigma2 * sympy.gamma(2 - falls) * 16 ** (falls - 2) * falls ** (falls - 1) * trace
    left = sympy.gamma(2 - late) * 16 ** (late - 2) / (a * Z**late)
    throughout = 64 * sigma2 * left * (fall + 1) ** (2 - late) / ((fall + 1) / a - 1)
    shrinks = Gt(gamma * (fall + 1), fall).subs(gamma, setting.names[gamma])
    regime = partial(Regime, verdict=Verdict.MEASURED, source=SCHEDULES)
    regimes = (
        regime(And(Lt(fall, a - 1), shrinks), *best(fall + 1, at_the_end)),
        regime(And(Gt(fall, a - 1), Gt(B, 0)), *best(a, throughout)),
        regime(Lt(B, 0), bias * eta**-gamma, -gamma),
    )
    window = And(Gt(sigma2, 0), STABLE)
    return Law("decayed_loss", "min over eta of E L", n, REGULAR, window, regimes, setting.names)


def laws(setting: Setting) -> tuple[Law, ...]:
    """All of them."""
    late = (loss, crossover, loss_floor, mse_floor, tuned_loss, decayed_loss)
    return tuple(law(setting) for law in (escape_time, *late))
