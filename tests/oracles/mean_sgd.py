"""The mean step of online SGD on phase retrieval, mode by mode."""

import numpy as np


def plain_loop(problem, step, steps, batch=1, noise=0.0, counts=1.0, number=float):
    """s, u, 1 − u/s*, 1 − s/s*, loss and Σ (w̄ − w*)² + c after the ``steps``: every mode, by hand.

    ``step`` and ``batch`` are numbers, or lists of one for each step. The coefficients are those of
    16 E[((w·x)² − (w*·x)² − ξ)² (w·x)² xxᵀ] of one sample, less the mean's square.
    """
    lam, star, w = (
        np.array([number(float(value)) for value in values])
        for values in (problem.eigenvalues, problem.teacher, problem.init)
    )
    noise, c, t = number(noise), 0 * w, lam @ star**2
    sizes, batches = (np.broadcast_to(part, steps).tolist() for part in (step, batch))
    for eta, m in zip(map(number, sizes), batches, strict=True):
        s, u = lam @ (w**2 + c), (lam * w) @ star
        A, B = 4 * (t - 3 * s), 8 * u
        V = 240 * s**3 - 96 * s**2 * t + 48 * s * t**2 - 384 * s * u**2 + 192 * t * u**2 + 16 * noise * s
        own = 1440 * s**2 - 384 * s * t + 96 * t**2 - 768 * u**2 + 32 * noise - A**2
        cross, fixed = 768 * u * (t - 2 * s) - 2 * A * B, 384 * u**2 + 192 * s * (t - s) - B**2
        added = counts * lam * V + lam**2 * (own * (w**2 + c) + cross * w * star + fixed * star**2)
        c = (1 + eta * lam * A) ** 2 * c + eta**2 * added / m
        w = w + eta * lam * (A * w + B * star)
    s, u = lam @ (w**2 + c), (lam * w) @ star
    loss = 3 * s**2 - 2 * s * t + 3 * t**2 - 4 * u**2
    return {
        "s": s,
        "u": u,
        "one_minus_u": 1 - u / t,
        "one_minus_s": 1 - s / t,
        "loss": loss,
        "distance": np.sum((w - star) ** 2 + c),
    }
