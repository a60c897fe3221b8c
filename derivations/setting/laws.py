"""The laws of :mod:`theory.laws` in the symbols that statements print."""

import sympy

from derivations.setting.symbols import C, gamma, time
from theory.laws import N, Z, laws, t

LAWS = laws()
"""Of the gradient flow."""

SUMS = {name: LAWS["overlap"].names[name] for name in (Z, N)}
"""The sums over modes at d = ∞."""

CONSTANT = LAWS["overlap"].names[C].subs(SUMS)
"""C, for every a and B."""

EXPONENT = LAWS["overlap"].names[gamma]
"""γ, for every a and B."""


def written(expression: sympy.Expr) -> sympy.Expr:
    """An expression of the laws with the sums written out, γ and C kept, at the time of statements."""
    return expression.subs({**SUMS, t: time})


def prefactor(name: str) -> sympy.Expr:
    """What multiplies the power in the first regime of a law."""
    return written(LAWS[name].regimes[0].prefactor)


def leading(name: str) -> sympy.Expr:
    """The power with its prefactor, in the first regime of a law."""
    regime = LAWS[name].regimes[0]
    return written(regime.prefactor * LAWS[name].variable ** regime.exponent)
