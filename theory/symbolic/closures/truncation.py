"""Truncation: the order after the last is zero."""

from dataclasses import dataclass

import sympy

from theory.expected import checked
from theory.symbolic.closures.base import MomentSystem
from theory.symbolic.hierarchy import Hierarchy


@checked
@dataclass(frozen=True, kw_only=True)
class Truncation:
    """Ansatz: ``S^(n+1) = 0`` and ``U^(n+1) = 0`` with ``n = order``. Never exact, for comparison.

    At fixed ``s`` and ``u`` the solution is ``e^{ΦB}`` with ``B`` the shift (Lem 7) cut off after ``n``
    terms: the Taylor polynomial of ``e^{λΦ}`` of degree ``n − 1`` in every mode, where ``Φ = ∫A``. The error
    is ``(λ_1 Φ)^n/n!`` as long as ``λ_1 |Φ| ≪ n``, so it falls faster than exponentially with the order at a
    fixed time. Afterwards the polynomial, instead of decaying, grows like a power of time: truncation blows
    up near ``λ_1 |Φ| ~ n/e`` and never reaches the late phase.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> Truncation(order=3).close(hierarchy(phase_retrieval())).coefficients
    (0, 0, 0)
    """

    order: int

    def close(self, hierarchy: Hierarchy) -> MomentSystem:
        """The truncated system."""
        return MomentSystem(hierarchy, self.order, "x @ closure", (sympy.S.Zero,) * self.order)
