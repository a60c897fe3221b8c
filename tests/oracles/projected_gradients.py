"""Constrained flows from their definition: the gradient of the loss, projected, mode by mode.

Nothing is shared with the solver: the loss of every unit is typed in Hermite coefficients of its link at the
unit's own scale, or for squares as a matrix, its gradient is taken by hand, and SciPy integrates all modes.
``circle_angle`` is the flow of two modes on a circle, of which the logarithm of one angle is integrated.
"""

import numpy as np
from mpmath import mp
from scipy.integrate import DOP853, Radau, solve_ivp


def square_gradient(lam, star):
    """−∇L of Σ (w_j·x)² that learns Σ (w*_m·x)²: L = 2 tr(QΔQΔ) + (tr QΔ)², Δ = WᵀW − W*ᵀW*."""

    def velocity(W):
        product = (lam * W) @ W.T, (lam * W) @ star.T
        excess = np.trace(product[0]) - np.sum(lam * star**2)
        return -lam * (8 * (product[0] @ W - product[1] @ star) + 4 * excess * W)

    return velocity


def cubic_gradient(lam, star):
    """−∇L of He₃(w·x) that learns He₃(w*·x), from E z⁶ = 15 s³ and the like."""
    t = np.sum(lam * star**2)

    def velocity(W):
        s, u = np.sum(lam * W**2), np.sum(lam * W * star)
        by_s = 45 * s**2 - 36 * s + 9 - 18 * t * u + 18 * u
        by_u = -36 * u**2 - 18 * s * t + 18 * s + 18 * t - 18
        return -lam * (2 * by_s * W + by_u * star)

    return velocity


def projected_flow(gradient, lam, start, times, constraint, rate=0.0, stiff=False):
    """W (T, K, N) at the ``times`` from the ``start`` (K, N): ``sphere``, ``qsphere`` or ``decay``."""
    start = np.atleast_2d(start)

    def flow(_, flat):
        W = flat.reshape(start.shape)
        moved = gradient(W)
        if constraint == "decay":
            return (moved - rate * W).ravel()
        normal = W if constraint == "sphere" else lam * W
        share = np.sum(moved * normal, axis=1) / np.sum(normal**2, axis=1)
        return (moved - share[:, None] * normal).ravel()

    run = solve_ivp(
        flow,
        (0, max(times)),
        start.ravel(),
        method=Radau if stiff else DOP853,
        t_eval=sorted(times),
        rtol=1e-12,
        atol=1e-15,
    )
    return run.y.T.reshape(len(times), *start.shape)


def circle_angle(lam, angle, target, radius, time, digits=60):
    """The angle ψ from the teacher at ``time`` of w = r(cos φ, sin φ), φ = φ* + ψ, under phase retrieval.

    L(φ) = 3s² + 3t² − 4u² − 2st with s, u, t typed in the angle, to so many digits; φ̇ = −(dL/dφ)/r².
    """
    with mp.workdps(digits):
        one, two = (mp.mpf(x) for x in lam)
        fixed, r2 = mp.mpf(target), mp.mpf(radius) ** 2
        t = r2 * (one * mp.cos(fixed) ** 2 + two * mp.sin(fixed) ** 2)

        def rate(_, logarithm):
            psi = mp.exp(mp.mpf(float(logarithm[0])))
            phi = fixed + psi
            s = r2 * (one * mp.cos(phi) ** 2 + two * mp.sin(phi) ** 2)
            u = r2 * (one * mp.cos(phi) * mp.cos(fixed) + two * mp.sin(phi) * mp.sin(fixed))
            ds = r2 * (two - one) * mp.sin(2 * phi)
            du = r2 * (two * mp.cos(phi) * mp.sin(fixed) - one * mp.sin(phi) * mp.cos(fixed))
            return [float(-((6 * s - 2 * t) * ds - 8 * u * du) / (r2 * psi))]

        start = [float(mp.log(angle))]
        run = solve_ivp(rate, (0, time), start, method=DOP853, rtol=1e-13, atol=1e-13)
        return mp.exp(mp.mpf(float(run.y[0, -1])))


def circle_deficits(lam, psi, target, radius, digits=60):
    """1 − u/t and 1 − s/t at the angle ψ."""
    with mp.workdps(digits):
        one, two = (mp.mpf(x) for x in lam)
        phi, fixed, r2 = mp.mpf(target) + psi, mp.mpf(target), mp.mpf(radius) ** 2
        t = r2 * (one * mp.cos(fixed) ** 2 + two * mp.sin(fixed) ** 2)
        s = r2 * (one * mp.cos(phi) ** 2 + two * mp.sin(phi) ** 2)
        u = r2 * (one * mp.cos(phi) * mp.cos(fixed) + two * mp.sin(phi) * mp.sin(fixed))
        return 1 - u / t, 1 - s / t
