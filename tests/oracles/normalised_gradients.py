"""Flows of normalised units from their definition, mode by mode.

Nothing is shared with the solver: the loss of ``He_k`` units is typed in correlations, its gradient is
taken by hand through the norms, and SciPy integrates all modes.
"""

from math import factorial

import numpy as np
from scipy.integrate import DOP853, Radau, solve_ivp


def normalised_gradient(k, lam, star, euclidean=False):
    """−∇L of Σ_j He_k(x·ŵ_j) that learns Σ_m He_k(x·ŵ*_m), with ŵ = w/‖w‖_Q, or w/‖w‖ if ``euclidean``.

    The latter for k = 1 and 2 alone, whose averages are c and a b + 2 c² − a − b + 1.
    """
    weights = np.ones_like(lam) if euclidean else lam

    def units(W):
        lengths = np.sqrt(W**2 @ weights)
        return W / lengths[:, None], lengths

    targets = star if euclidean else units(star)[0]

    def velocity(W):
        unit, lengths = units(W)
        slope = _plain(k, lam, unit, targets) if euclidean else _hermite(k, lam, unit, targets)
        along = np.sum(slope * unit, axis=1)
        return -(slope - along[:, None] * weights * unit) / lengths[:, None]

    return velocity


def _hermite(k, lam, unit, targets):
    """∇ of k! [Σ_jk (ŵ_j·ŵ_k)^k − 2 Σ_jm (ŵ_j·ŵ*_m)^k] by ŵ_j, the terms along Q ŵ_j apart."""
    own, cross = (lam * unit) @ unit.T, (lam * unit) @ targets.T
    np.fill_diagonal(own, 0.0)
    return 2 * k * factorial(k) * lam * (own ** (k - 1) @ unit - cross ** (k - 1) @ targets)


def _plain(k, lam, unit, targets):
    """∇ of E (Σ He_k(x·ŵ_j) − Σ He_k(x·w*_m))² by ŵ_j."""
    if k == 1:
        return 2 * lam * (unit.sum(axis=0) - targets.sum(axis=0))
    own, cross = (lam * unit) @ unit.T, (lam * unit) @ targets.T
    excess = np.trace(own) - np.sum(lam * targets**2) - len(unit) + len(targets)
    return lam * (8 * (own @ unit - cross @ targets) + 4 * excess * unit)


def normalised_flow(velocity, start, times, stiff=False):
    """W (T, K, N) at the ``times`` from the ``start`` (K, N)."""
    start = np.atleast_2d(start)
    run = solve_ivp(
        lambda _, flat: velocity(flat.reshape(start.shape)).ravel(),
        (0, max(times)),
        start.ravel(),
        method=Radau if stiff else DOP853,
        t_eval=sorted(times),
        rtol=1e-12,
        atol=1e-15,
    )
    return run.y.T.reshape(len(times), *start.shape)
