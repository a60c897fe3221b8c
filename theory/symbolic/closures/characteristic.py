"""The characteristic polynomial: exact for finitely many distinct eigenvalues."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from theory.expected import checked
from theory.symbolic.closures.base import MomentSystem
from theory.symbolic.hierarchy import Hierarchy
from theory.symbolic.measure import Exact, MeasureError, exact_numbers


@checked
@dataclass(frozen=True)
class CharacteristicPolynomial:
    """Ansatz: ``Q^{n+1} = Σ_j c_j Q^j`` over ``1 ≤ j ≤ n``, with ``n`` distinct non-zero eigenvalues.

    No ansatz but an identity: ``λ Π_j (λ − λ_j)`` vanishes on the spectrum, multiplicities and zero
    eigenvalues notwithstanding (Cayley–Hamilton for the minimal polynomial; Horn & Johnson, *Matrix
    Analysis*, theorem 3.3.1). Exact in exact arithmetic at all times and for every model.

    In floating point the monomial basis hides the small eigenvalues: rounding is amplified by up to the
    condition number of the Vandermonde matrix of the ``λ_j``, which grows exponentially with ``n``, and
    the late phase shows it. On ``λ_i = i^-2`` in double precision the overlaps are off by 1e-11 at
    ``t = 30`` with 6 eigenvalues, 3e-8 with 8, 5e-3 with 12, and the run blows up with 16. It serves a
    handful of distinct eigenvalues; use :class:`~theory.symbolic.closures.GaussQuadrature` for more.

    >>> from theory.symbolic import hierarchy, phase_retrieval
    >>> CharacteristicPolynomial([3, 1, 1, 0]).close(hierarchy(phase_retrieval())).coefficients
    (-3, 4)
    """

    eigenvalues: tuple[sympy.Rational, ...]

    def __init__(self, eigenvalues: Sequence[Exact]) -> None:
        distinct = sorted(set(exact_numbers("eigenvalues", eigenvalues)) - {sympy.S.Zero}, reverse=True)
        if not distinct or distinct[-1] < 0:
            raise MeasureError(
                "eigenvalues of a covariance are non-negative and not all zero;"
                f" the distinct non-zero ones are {distinct}"
            )
        object.__setattr__(self, "eigenvalues", tuple(distinct))

    @property
    def coefficients(self) -> tuple[sympy.Rational, ...]:
        """``(c_1, …, c_n)``, from ``Π_j (q_j λ − p_j)`` over the integers, where ``λ_j = p_j/q_j``."""
        product = [1]
        for value in self.eigenvalues:
            p, q = int(value.p), int(value.q)
            shifted = [0, *(q * entry for entry in product)]
            product = [high - p * low for high, low in zip(shifted, [*product, 0], strict=True)]
        return tuple(sympy.Rational(-entry, product[-1]) for entry in product[:-1])

    def close(self, hierarchy: Hierarchy) -> MomentSystem:
        """The system of order ``n``, one for each distinct non-zero eigenvalue."""
        return MomentSystem(hierarchy, len(self.eigenvalues), "x @ closure", self.coefficients)
