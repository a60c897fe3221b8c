r"""What laws need of a link and of a spectrum: names with their formulas.

.. math:: \gamma = \frac{a + 2B - 1}a, \qquad
   C = \frac{\Gamma(\gamma)}{a N} \Big(\frac Z\alpha\Big)^\gamma, \qquad
   \sum_i \lambda_i (w^*_i)^2 e^{-\alpha\lambda_i t} \sim C t^{-\gamma},

:math:`Z = \zeta(a)`, :math:`N = \zeta(a + 2B)` at :math:`d = \infty`; sums of ``d`` terms at finite ``d``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy

from theory.asymptotics.local_flow import LocalFlow
from theory.laws.names import B, C, N, Z, a, gamma, t


@dataclass(frozen=True)
class Setting:
    """A link's numbers, and the dimension: infinite, a symbol or a number."""

    flow: LocalFlow
    dimension: sympy.Expr = sympy.oo

    @cached_property
    def alpha(self) -> sympy.Expr:
        """The decay at the teacher."""
        return _number(self.flow.decay)

    @cached_property
    def overlap_share(self) -> sympy.Expr:
        """Of ``C t^-gamma`` in ``1 - u``."""
        forced = 1 - _number(self.flow.energy) / self.alpha * 2**-gamma
        return sympy.powsimp(sympy.expand(forced / (1 - _number(self.flow.overlap) / self.alpha)))

    @cached_property
    def energy_share(self) -> sympy.Expr:
        """Of ``C t^-gamma`` in ``1 - s``."""
        return sympy.powsimp(sympy.expand(2 * self.overlap_share) - 2**-gamma)

    @property
    def names(self) -> dict[sympy.Symbol, sympy.Expr]:
        """The formulas of the names."""
        return {
            gamma: (a + 2 * B - 1) / a,
            C: sympy.gamma(gamma) / (a * N) * (Z / self.alpha) ** gamma,
            Z: self.sum(a),
            N: self.sum(a + 2 * B),
        }

    @property
    def window(self) -> sympy.Basic:
        """Between the times in which the first and the last mode are learnt."""
        return sympy.And(t > self.start, True if self.dimension == sympy.oo else t < self.end)

    @property
    def start(self) -> sympy.Expr:
        """The time in which the first mode is learnt."""
        return Z / self.alpha

    @property
    def end(self) -> sympy.Expr:
        """The time in which the last mode is learnt."""
        return self.start * self.dimension**a

    def sum(self, power: sympy.Expr) -> sympy.Expr:
        """The sum of ``i^-power`` over the modes."""
        return sympy.zeta(power) if self.dimension == sympy.oo else sympy.harmonic(self.dimension, power)


def _number(text: str | None) -> sympy.Expr:
    return sympy.sympify(str(text), rational=True)
