r"""The algebraic end of quadratic networks with more students than teachers.

Students and teacher are sums of :math:`(w \cdot x)^2`. With :math:`\Delta = \Gamma - \Gamma^*` in whitened
coordinates and :math:`\tau = \mathrm{tr}\,\Delta` the loss is :math:`L = 2\|\Delta\|_F^2 + \tau^2` and the
flow :math:`\dot Z = -8 Z(\Delta + \tfrac12\tau)Q`. Let ``P`` project on the ``M`` independent teachers
:math:`Q^{1/2}w^*_m`, and :math:`N = 1 - P`.

**Slaved.** Along the teachers the flow is exponential: :math:`\Delta_{PP} = -\tfrac12\tau P`,
:math:`\Delta_{PN} = 0`. Across them :math:`Y = \Delta_{NN} \ge 0` is what is left of the spare students, of
rank :math:`K - M` at most, and :math:`\tau = 2y/(M+2)`, :math:`y = \mathrm{tr}\,Y`:

.. math:: L = 2\,\mathrm{tr}\,Y^2 + \frac{2y^2}{M+2}, \qquad
   \dot Y = -8\,\Bigl[Q_N\Bigl(Y + \frac{y}{M+2}\Bigr)Y + Y\Bigl(Y + \frac{y}{M+2}\Bigr)Q_N\Bigr] .

**Late.** ``Y`` turns to the :math:`\rho` directions of the least eigenvalues :math:`\lambda_i` of
:math:`Q_N = NQN` and falls as ``1/t`` there: with :math:`p_k = \sum_{i \le \rho} \lambda_i^{-k}`

.. math:: 16\,t\,y_i = \frac1{\lambda_i} - \frac{p_1}{M+2+\rho}, \qquad
   L \sim \frac1{128}\Bigl[p_2 - \frac{p_1^2}{M+2+\rho}\Bigr]\,t^{-2} .

:math:`\rho` is the largest number up to :math:`K - M` for which all :math:`y_i` are positive: a further spare
student dies out faster. The next term is smaller by :math:`t^{1 - \lambda_{\rho+1}/\lambda_i}`, by ``1/t`` at
most: late where eigenvalues are close.
"""

from __future__ import annotations

from collections.abc import Sequence

from mpmath import mp, mpf

from theory.expected import Count, checked


@checked
def spare_loss_prefactor(
    eigenvalues: Sequence[float], teachers: Sequence[Sequence[float]], students: Count
) -> mpf:
    r"""``C`` of :math:`L \sim C\,t^{-2}`, at the working precision of mpmath.

    ``eigenvalues`` (d) are those of the inputs, positive; ``teachers`` (M × d) along the eigenvectors,
    linearly independent; there are more ``students`` than teachers. Raises ValueError for others, and where
    the teachers span all directions.

    >>> print(spare_loss_prefactor([1, 0.5, 0.2], [[0, 0, 1]], 2))
    0.0234375
    """
    size, count = len(eigenvalues), len(teachers)
    if not all(value > 0 for value in eigenvalues):
        raise ValueError("eigenvalues must be positive: along others nothing is seen of the students")
    if not teachers or any(len(row) != size for row in teachers):
        raise ValueError(f"teachers must be rows of {size} numbers, one for each eigenvalue")
    if count >= size:
        raise ValueError(f"there are {count} teachers in {size} dimensions: they must be fewer")
    if students <= count:
        raise ValueError(f"students is {students}: it must be above the number of teachers, {count}")
    rates = _across(eigenvalues, teachers)[: students - count]
    sums = [
        [mp.fsum(rate**-power for rate in rates[: active + 1]) for active in range(len(rates))]
        for power in (1, 2)
    ]
    left = [first / (count + 3 + number) for number, first in enumerate(sums[0])]
    last = max(number for number, part in enumerate(left) if 1 / rates[number] > part)
    return (sums[1][last] - sums[0][last] * left[last]) / 128


def _across(eigenvalues: Sequence[float], teachers: Sequence[Sequence[float]]) -> list[mpf]:
    """The eigenvalues of Q across the teachers, ascending."""
    whitened = mp.matrix(
        [[mp.sqrt(x) * w for x, w in zip(eigenvalues, row, strict=True)] for row in teachers]
    ).T
    basis, triangle = mp.qr(whitened)
    sizes = [abs(triangle[m, m]) for m in range(len(teachers))]
    if min(sizes) <= max(sizes) * mp.eps * 100:
        raise ValueError("teachers must be linearly independent")
    across = basis[:, len(teachers) :]
    return list(mp.eigsy(across.T * mp.diag(list(eigenvalues)) * across, eigvals_only=True))
