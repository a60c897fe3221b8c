"""Geometric extrapolation: the order after the last continues the ratio of the last two."""

from dataclasses import dataclass

from theory.expected import checked
from theory.symbolic.closures.base import MomentSystem, check_order
from theory.symbolic.hierarchy import Hierarchy


@checked
@dataclass(frozen=True, kw_only=True)
class GeometricExtrapolation:
    """Ansatz: ``X^(n+1) = (X^(n))² / X^(n−1)`` for every entry ``X`` of ``S`` and of ``U``, ``n = order``.

    Exact where one eigenvalue carries the entry, and for ``n → ∞`` at fixed time, where ``X^(n)`` comes
    from the top eigenvalue and ``X^(n+1)/X^(n)`` tends to ``λ_1``. For ``S``, whose measure is positive,
    ``S^(n+1) S^(n−1) ≥ (S^(n))²`` (Cauchy–Schwarz), so the ansatz is a lower bound. For ``U`` the measure
    changes sign: the ansatz is undefined where ``U^(n−1) = 0`` (a start without overlap) and wild near a
    change of sign. It lasts a little longer than truncation, then blows up too: nothing in it knows of the
    slow modes, which high orders all but omit. It is Aitken's extrapolation, applied to the moments; see
    C. Brezinski & M. Redivo Zaglia, *Extrapolation Methods* (1991).

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> GeometricExtrapolation(order=2).close(hierarchy(phase_retrieval())).next_order
    'x[:, -1] ** 2 / x[:, -2]'
    """

    order: int

    def close(self, hierarchy: Hierarchy) -> MomentSystem:
        """The extrapolated system; the order must be at least two."""
        check_order("order", self.order, 2)
        return MomentSystem(hierarchy, self.order, "x[:, -1] ** 2 / x[:, -2]")
