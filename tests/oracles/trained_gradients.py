"""Gradient flows of both layers from their definition, all modes at once, by SciPy.

Nothing is shared with the solver: the loss of squares is that of matrices, that of one student of another
link a quadrature over the plane of the two projections, and the gradients are taken by hand.
"""

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.integrate import DOP853, solve_ivp


def squares(lam, star, star_weights):
    """−∇L by W and by a of Σ a_j (w_j·x)²: L = 2 tr(QΔQΔ) + (tr QΔ)², Δ = Wᵀ diag(a) W − that of teachers."""
    target = (star.T * star_weights) @ star

    def velocity(W, a):
        change = lam[:, None] * ((W.T * a) @ W - target)
        slope = 4 * change * lam + 2 * np.trace(change) * np.diag(lam)
        return -2 * a[:, None] * (W @ slope), -np.einsum("ji,ik,jk->j", W, slope, W)

    return velocity


def one_unit(f, first, second, lam, star, star_weight, nodes=80):
    """−∇L by w and by a of a f(w·x) that learns f(w*·x), of a link with these derivatives.

    E[x g(x·w, x·w*)] = Q (w E ∂_1 g + w* E ∂_2 g), by Gauss–Hermite quadrature over two standard normals.
    """
    points, weights = hermegauss(nodes)
    weights = np.outer(weights, weights) / (2 * np.pi)
    one, two = points[:, None], points[None]
    t = np.sum(lam * star**2)

    def velocity(W, a):
        w, scale = W[0], a[0]
        s, u = np.sum(lam * w**2), np.sum(lam * w * star)
        y = np.sqrt(t) * one
        x = u / np.sqrt(t) * one + np.sqrt(max(s - u**2 / t, 0.0)) * two
        error = scale * f(x) - star_weight * f(y)
        by_own = np.sum(weights * (scale * first(x) ** 2 + error * second(x)))
        by_star = np.sum(weights * (-star_weight * first(y) * first(x)))
        gradient = 2 * scale * lam * (w * by_own + star * by_star)
        return -gradient[None], -2 * np.sum(weights * error * f(x), keepdims=True)[0]

    return velocity


def both_layers(velocity, start, weights, rate, times):
    """W (T, K, N) and a (T, K) at the ``times``, from the ``start`` (K, N) and the ``weights`` (K,)."""
    count = len(weights)

    def flow(_, flat):
        pulled, learnt = velocity(flat[:-count].reshape(start.shape), flat[-count:])
        return np.concatenate([pulled.ravel(), rate * learnt])

    initial = np.concatenate([start.ravel(), weights])
    run = solve_ivp(flow, (0, max(times)), initial, DOP853, t_eval=times, rtol=1e-13, atol=1e-15)
    return run.y.T[:, :-count].reshape(len(times), *start.shape), run.y.T[:, -count:]
