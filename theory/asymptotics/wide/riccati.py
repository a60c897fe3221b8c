r"""The exact flow of a wide quadratic network on isotropic inputs, whatever the start.

With :math:`Q = I` and :math:`\Gamma = W^TW` the flow of :mod:`theory.asymptotics.wide.emergence` is
:math:`\dot W = -8 W(\Gamma - \Gamma^*)`, a Riccati equation for :math:`\Gamma`. Its solution is

.. math:: \Gamma(t) = E\,W_0^T (I + 16\,W_0 J W_0^T)^{-1} W_0\,E, \qquad
   E = e^{\varphi + 8\Gamma^*t}, \quad \dot J = E^2, \quad \varphi = 0 .

It holds at :math:`t = 0`. With :math:`P = W_0^T (I + 16 W_0JW_0^T)^{-1} W_0`,
:math:`\dot P = -16 P\dot J P = -16 P E^2 P`, so that
:math:`\dot\Gamma = 8(\Gamma^*\Gamma + \Gamma\Gamma^*) - 16\,\Gamma^2`.

With links :math:`z^2` that are not centred the loss has the square of :math:`\mathrm{tr}(\Gamma - \Gamma^*)`,
too. It adds :math:`-4\,\mathrm{tr}(\Gamma - \Gamma^*)\,W` to :math:`\dot W`: then
:math:`\dot\varphi = -4\,\mathrm{tr}(\Gamma - \Gamma^*)`, one equation for a number. :math:`J E^{-2}`, which
stays bounded, is integrated with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from theory.expected import NonNegative, checked

TOLERANCE = 1e-13
"""Of the integration, relative."""

LARGEST = 300.0
"""Of an exponent: its exponential and the square of that are numbers."""


@checked
def isotropic_gram(
    start: Sequence[Sequence[float]],
    strengths: Sequence[float],
    time: NonNegative,
    centred: bool = True,
) -> Any:
    r""":math:`\Gamma(t)` (d × d) in the basis of the teacher, in double precision.

    ``start`` is :math:`W_0` (K × d) in the teacher's basis; ``strengths``, at least 0, are the d eigenvalues
    of :math:`\Gamma^*`, with zeros where there is no teacher. Not ``centred``, the links are :math:`z^2`.
    Raises ValueError for sizes that do not agree, for negative strengths and for a ``time`` beyond
    :math:`300/(8\gamma^*)`.

    >>> import numpy as np
    >>> gram = isotropic_gram(np.sqrt(1e-3) * np.eye(2), np.array([1.0, 0.5]), 0.431672173911195)
    >>> print(np.round(np.diag(gram), 12))
    [0.5        0.02978378]
    """
    import numpy as np
    from scipy.integrate import solve_ivp

    first, given = np.asarray(start, dtype=float), np.asarray(strengths, dtype=float)
    if given.ndim != 1 or first.ndim != 2 or first.shape[1] != len(given):
        raise ValueError(f"start {first.shape} must be K × d and strengths {given.shape} d numbers")
    if not (given >= 0).all():
        raise ValueError("strengths must be at least 0")

    def gram(now: float, state: Any) -> Any:
        return _gram(first * np.exp(state[0] + 8 * given * now), state[1:])

    def speed(now: float, state: Any) -> Any:
        drift = 0.0 if centred else -4 * (np.trace(gram(now, state)) - given.sum())
        return np.concatenate([[drift], 1 - (2 * drift + 16 * given) * state[1:]])

    if 8 * given.max(initial=0.0) * time > LARGEST:
        raise ValueError(f"time is {time}, but exp(8 γ* t) must stay a number: at most {LARGEST:g}/(8 γ*)")
    state = np.zeros(1 + len(given))
    if time > 0:
        run = solve_ivp(speed, (0, time), state, "DOP853", rtol=TOLERANCE, atol=TOLERANCE)
        state = run.y[:, -1]
    return np.asarray(gram(time, state))


def _gram(grown: Any, integral: Any) -> Any:
    r""":math:`X^T(I + 16 X j X^T)^{-1}X` for ``X = grown``, whose columns may differ by any factor.

    With :math:`A = 4 X j^{1/2}` and the QR decomposition of :math:`A^T` above the unit matrix,
    :math:`A^T(I + AA^T)^{-1}A` is the square of the upper part of its orthogonal factor. Rows in falling
    order and pivoted columns keep every row to its own accuracy.
    """
    import numpy as np
    from scipy.linalg import qr

    if not integral.all():
        return grown.T @ grown
    root = 4 * np.sqrt(integral)
    rows = np.vstack([root[:, None] * grown.T, np.eye(len(grown))])
    order = np.argsort(-np.abs(rows).max(axis=1), kind="stable")
    factor = np.empty_like(rows)
    factor[order] = qr(rows[order], mode="economic", pivoting=True)[0]
    upper = factor[: len(integral)] / root[:, None]
    return upper @ upper.T
