r"""Gradient flow: the escape, the convergence of u, s and the loss, what is recovered.

The leading orders are those of :mod:`theory.asymptotics.convergence.laws` and
:mod:`theory.asymptotics.tail.recovery`. The corrections are the next order of
:mod:`theory.asymptotics.convergence.expansion`: with :math:`c = (\tfrac23 - 2^{-\gamma-1})C`,

.. math:: p = (c - C)\varphi^{-\gamma} + (c_2 + cCM)\varphi^{-2\gamma}, \quad
   q = 2^{-\gamma}C\varphi^{-\gamma} + (c^2 - 2cCK)\varphi^{-2\gamma}, \quad
   M = -\frac{\Gamma(1-\gamma)^2}{\Gamma(1-2\gamma)},

:math:`K = \gamma 2^{-\gamma-1}\,{}_2F_1(\gamma+1, 1-\gamma; 2-\gamma; \tfrac12)/(1-\gamma)`, and
:math:`\varphi = t + D t^{1-\gamma}/(1-\gamma)`, :math:`D = 3p_1 + \tfrac32 q_1`, where
:math:`\gamma < 1`. For :math:`\gamma > 1` the shift of time by the start comes first.
"""

from __future__ import annotations

from functools import partial

import sympy
from sympy import And, Eq, Gt, Lt, Max, Rational, log

from theory.asymptotics.local_flow import SQUARE
from theory.laws.law import Law, Regime, Verdict
from theory.laws.names import B, C, K, M, N, Z, a, d, delta, epsilon, gamma, level, rho, t, t_0
from theory.laws.spectra import Setting

CONVERGES = Gt(a + 2 * B, 1)
"""The masses have a tail that decays."""

SLOW, EQUAL, FAST = Lt(2 * B, 1), Eq(2 * B, 1), Gt(2 * B, 1)
""":math:`\\gamma` below, at and above 1."""


def escape_time(setting: Setting) -> Law:
    """T1, the first time of ``|u| = delta`` from the unit sphere; below a = 1 of a flat teacher."""
    flow = setting.flow
    steep = Regime(
        Gt(a, 1),
        1 / (2 * rho),
        sympy.S.Zero,
        Verdict.MEASURED,
        "T1/escape; theory.asymptotics.escape.times",
        scale=log(d),
    )
    shallow = _shallow() if flow == SQUARE else ()
    return Law("escape_time", "T1", d, sympy.true, Gt(d, 1), (steep, *shallow))


def _shallow() -> tuple[Regime, ...]:
    """The regimes of spectra whose trace is in the tail, for a flat teacher."""
    flat = Eq(B, 0)
    regime = partial(Regime, exponent=sympy.S.One, verdict=Verdict.MEASURED)
    climb = (1 - a) / (2 * (2 * a - 1))
    source = "theory.asymptotics.convergence.shallow"
    return (
        regime(And(flat, Gt(a, Rational(1, 2)), Lt(a, 1)), (delta / level) ** (1 / climb), source=source),
        regime(And(flat, Eq(a, Rational(1, 2))), Rational(1, 8), source=source, scale=log(log(d))),
        regime(
            And(flat, Lt(a, Rational(1, 2)), Gt(a, 0)),
            (1 - 2 * a) / (16 * (1 - a)),
            source="theory.asymptotics.convergence.crossover",
            scale=log(d),
        ),
    )


def overlap(setting: Setting) -> Law:
    """``1 - u``."""
    corrections = _corrections(setting).get("overlap")
    return _converging(setting, "overlap", "1 - u", setting.overlap_share, corrections)


def energy(setting: Setting) -> Law:
    """``1 - s``."""
    corrections = _corrections(setting).get("energy")
    return _converging(setting, "energy", "1 - s", setting.energy_share, corrections)


def loss(setting: Setting) -> Law:
    """The population loss."""
    share = setting.alpha / 2 * 2**-gamma
    return _converging(setting, "loss", "L", share, _corrections(setting).get("loss"))


def settling(setting: Setting) -> Law:
    """T2, after which u and s stay within epsilon: the slower of them decides."""
    share = Max(setting.overlap_share, setting.energy_share)
    power = 1 / gamma
    source = "Cor2; theory.asymptotics.convergence.laws"
    regime = Regime(sympy.true, (C * share) ** power, -power, Verdict.MEASURED, source)
    return Law("settling", "T2(epsilon)", epsilon, CONVERGES, Lt(epsilon, 1), (regime,), setting.names)


def recovered(setting: Setting) -> Law:
    """``d (sigma_*^2 - MSE)``, the sum of ``(w*_i)^2 - (w_i - w*_i)^2``."""
    power = 1 - gamma
    weight = Z / N
    scale = -weight / a * sympy.gamma(-power) * (2 * setting.alpha / Z) ** power
    rest = weight * setting.sum(2 * B)
    feedback = _feedback() if setting.flow == SQUARE else None
    regime = partial(Regime, verdict=Verdict.MEASURED, source="P4; theory.asymptotics.tail.recovery")
    regimes = (
        regime(SLOW, scale, power, correction=feedback, offset=rest),
        regime(EQUAL, weight / a, sympy.S.Zero, scale=log(t)),
        regime(FAST, rest, sympy.S.Zero, correction=scale / rest * t**power),
    )
    return Law("recovered", "d (sigma_*^2 - MSE)", t, CONVERGES, setting.window, regimes, setting.names)


def tail(setting: Setting) -> Law:
    """``d (1 - S_d)``, the count of the directions learnt, once the statistics have converged."""
    power = 1 / a
    scale = sympy.gamma(1 - power) * (2 * setting.alpha / Z) ** power
    correction = -Rational(1, 2) / (scale * t**power)
    regime = Regime(
        sympy.true, scale, power, Verdict.PROVED, "P16/integral; theory.asymptotics.tail.plateau", correction
    )
    return Law("tail", "d (1 - S_d)", t, Gt(a, 1), setting.window, (regime,), setting.names)


def convergence(setting: Setting) -> tuple[Law, ...]:
    """The laws of the late times."""
    return tuple(law(setting) for law in (overlap, energy, loss, settling, recovered, tail))


def _converging(
    setting: Setting,
    name: str,
    quantity: str,
    share: sympy.Expr,
    corrections: tuple[sympy.Expr, ...] | None,
) -> Law:
    """A multiple of ``C t^-gamma``, with its corrections below, at and above ``gamma = 1``."""
    regime = partial(
        Regime,
        prefactor=share * C,
        exponent=-gamma,
        verdict=Verdict.MEASURED,
        source="T1; theory.asymptotics.convergence.laws",
    )
    regimes = (
        (regime(sympy.true),)
        if corrections is None
        else tuple(
            regime(condition, correction=correction)
            for condition, correction in zip((SLOW, EQUAL, FAST), corrections, strict=True)
        )
    )
    names = {**setting.names, **(_memories() if corrections else {})}
    return Law(name, quantity, t, CONVERGES, setting.window, regimes, names)


def _corrections(setting: Setting) -> dict[str, tuple[sympy.Expr, ...]]:
    """Relative corrections by name, where the second order is known: of the square."""
    if setting.flow != SQUARE:
        return {}
    first, second = _two_orders()
    shifted = -gamma * t_0 / t
    moment = Z * setting.sum(2 * B) / (8 * N)
    found = {}
    for name, moved in (("overlap", 1), ("energy", 2), ("loss", 0)):
        forced = Rational(moved, 3) * LAG / first[name]
        slow = _tidy(second[name] / first[name]) * C * t**-gamma
        equal = _tidy(first["overlap"] - forced) * C * log(t) / t
        found[name] = (slow, equal, shifted - gamma * _tidy(forced) * moment / t)
    return found


def _two_orders() -> tuple[dict[str, sympy.Expr], dict[str, sympy.Expr]]:
    r"""The coefficients of :math:`C t^{-\gamma}` and :math:`C^2 t^{-2\gamma}`."""
    p, q = LAG - 1, HALVED
    speed = 3 * p + Rational(3, 2) * q
    q_next = LAG**2 - 2 * LAG * K
    c_next = -(2 * LAG * M + Rational(3, 2) * q_next + LAG * speed) / 3
    clock = gamma / (1 - gamma) * speed
    p_late, q_late = c_next + LAG * M - clock * p, q_next - clock * q
    first = {"overlap": -p, "energy": -2 * p - q, "loss": 4 * q}
    loss_next = 4 * q_late + 8 * p**2 + 12 * p * q + 3 * q**2
    return first, {"overlap": -p_late, "energy": -2 * p_late - q_late, "loss": loss_next}


HALVED = sympy.Symbol("x")
"""``2^-gamma`` while coefficients are combined."""

LAG = Rational(2, 3) - HALVED / 2
"""``c`` over ``C t^-gamma``."""


def _tidy(coefficient: sympy.Expr) -> sympy.Expr:
    """A coefficient in lowest terms."""
    return sympy.factor(coefficient).subs(HALVED, 2**-gamma)


def _memories() -> dict[sympy.Symbol, sympy.Expr]:
    """The formulas of the linear memory and of the mixed one."""
    half = sympy.hyper([gamma + 1, 1 - gamma], [2 - gamma], Rational(1, 2))
    return {
        M: -(sympy.gamma(1 - gamma) ** 2) / sympy.gamma(1 - 2 * gamma),
        K: gamma * 2 ** (-gamma - 1) / (1 - gamma) * half,
    }


def _feedback() -> sympy.Expr:
    """The statistics slow the clock of what is recovered."""
    memory = sympy.sqrt(sympy.pi) * sympy.gamma(2 - gamma) / (2 * sympy.gamma(Rational(3, 2) - gamma))
    return C * ((2 ** (gamma + 1) / 3 - Rational(1, 2)) * memory - 1) * t**-gamma
