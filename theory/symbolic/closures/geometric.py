"""Geometric extrapolation: the order after the last continues the ratio of the last two."""

from dataclasses import dataclass

from theory.symbolic.closures.base import MomentSystem, check_order
from theory.symbolic.hierarchy import Hierarchy


@dataclass(frozen=True, kw_only=True)
class GeometricExtrapolation:
    """Ansatz: ``X^(n+1) = (X^(n))² / X^(n−1)`` for every entry ``X`` of ``S`` and of ``U``, ``n = order``.

    Exact where one mode carries the entry, and for ``n → ∞`` at fixed time, since ``X^(n)`` is then
    dominated by the top eigenvalue: the ratio ``X^(n+1)/X^(n)`` tends to ``λ_1``. For ``S``, whose measure is
    positive, the ratio is below ``λ_1`` and increases with ``n`` (Cauchy–Schwarz), so the ansatz is a lower
    bound and keeps decaying modes decaying. For ``U`` the measure changes sign: the ansatz is undefined where
    ``U^(n−1) = 0`` (a start without overlap) and wild near a change of sign. The late error does not vanish
    with time: the slow modes are invisible in high orders. A second-order extrapolation of the moments
    (Shanks); see C. Brezinski & M. Redivo Zaglia, *Extrapolation Methods* (1991), chapter 2.
    """

    order: int

    def close(self, hierarchy: Hierarchy) -> MomentSystem:
        """Return the extrapolated system; the order must be at least two."""
        check_order("order", self.order, 2)
        return MomentSystem(hierarchy, self.order, "x[:, -1] ** 2 / x[:, -2]")
