"""Second moments of SGD linearised at the teacher, batch 1, along time: modes of like eigenvalues in bins.

With c directions in a bin, of which the teacher sees one, with the mass E, the covariance of the whitened
deviation is N = D on all and e_i e_j M on those: D (K,), M (K, K), m = D + M E, τ = c D + E diag M, ν = E m,

    Ḋ = −16 λ D + 64 η λ² (6 D + 3 τ + 12 ν),
    Ṁ = −8 [(λ_i + λ_j) M + 2 λ_i m_j + 2 λ_j m_i] + 64 η λ_i λ_j [6 M + 24 (m_i + m_j) + 12 τ + 24 ν].

Steps in time that grow with it, each two implicit stages: elementwise but for m and τ, K + 1 unknowns.
"""

import math

import numpy as np
from scipy.special import zeta

GAMMA = 1.0 - math.sqrt(0.5)


def power_law_bins(exponent, source, smallest=1e-14, listed=40, ratio=1.5):
    """Eigenvalues, numbers and masses of i^-a, d = ∞: the first modes, then an integral over their number.

    Panels of geometric width have two Gauss nodes in the logarithm.
    """
    decay = exponent + 2 * source
    last = (zeta(exponent) * smallest) ** (-1 / exponent)
    width, first = math.log(ratio), math.log(listed + 0.5)
    starts = np.arange(first, math.log(last), width)[:, None]
    places = np.exp(starts + width * (0.5 + np.array([-0.5, 0.5]) / math.sqrt(3))).ravel()
    numbers = np.concatenate([np.arange(1.0, listed + 1), places])
    counts = np.concatenate([np.ones(listed), 0.5 * width * places])
    masses = counts * numbers**-decay / zeta(decay)
    return numbers**-exponent / zeta(exponent), counts, masses


class SecondMoments:
    """D and M from the deviation −w*, where N = e e'."""

    def __init__(self, values, counts, masses, step_size):
        self.values, self.counts, self.masses, self.step_size = values, counts, masses, step_size
        self.own, self.mixed = np.zeros_like(values), np.ones((len(values), len(values)))

    def traces(self):
        """τ and ν."""
        along = self.own + self.mixed @ self.masses
        return self.counts @ self.own + self.masses @ np.diag(self.mixed), self.masses @ along

    def advance(self, width):
        """Take a step in time of this ``width``, of second order."""
        before = self.own, self.mixed
        after = self._stage(GAMMA * width, *before)
        ratio = (1.0 - GAMMA) / GAMMA
        moved = (start + ratio * (end - start) for start, end in zip(before, after, strict=True))
        self.own, self.mixed = self._stage(GAMMA * width, *moved)

    def _stage(self, h, own, mixed):
        x, c, E, K = self.values, self.counts, self.masses, len(self.values)
        noise = 64.0 * h * self.step_size
        product = np.multiply.outer(x, x)
        damp = 1.0 / (1.0 + 16.0 * h * x - 6.0 * noise * x**2)
        spread = 1.0 / (1.0 + 8.0 * h * np.add.outer(x, x) - 6.0 * noise * product)
        d0, d1 = damp * own, damp * noise * x**2
        m0, pull = spread * mixed, spread * (24.0 * noise * product - 16.0 * h * x[:, None])
        shared = noise * spread * product
        trace = np.zeros(K + 1)
        trace[K] = 1.0
        along = np.concatenate([E, [0.0]])
        isotropic, aligned = 3.0 * trace + 12.0 * along, 12.0 * trace + 24.0 * along
        rows = np.zeros((K + 1, K + 1))
        rows[:K, :K] = pull * E + np.diag(pull.T @ E)
        rows[:K] += np.outer(d1, isotropic) + np.outer(shared @ E, aligned)
        rows[K] = (c @ d1) * isotropic + (E @ np.diag(shared)) * aligned
        rows[K, :K] += 2.0 * E * np.diag(pull)
        right = np.concatenate([d0 + m0 @ E, [c @ d0 + E @ np.diag(m0)]])
        found = np.linalg.solve(np.eye(K + 1) - rows, right)
        m, (iso, ali) = found[:K], (isotropic @ found, aligned @ found)
        return d0 + d1 * iso, m0 + pull * m[None, :] + pull.T * m[:, None] + shared * ali


def traces_at(moments, times, growth=0.02, first=1e-3):
    """τ and ν (2, n) at the ``times``, and the integral of 3τ + 12ν until the last."""
    now, before, found, history = 0.0, moments.traces(), [], 0.0
    for end in times:
        while now < end:
            width = min(max(first, growth * now), end - now)
            moments.advance(width)
            now += width
            after = moments.traces()
            history += width * (1.5 * (before[0] + after[0]) + 6.0 * (before[1] + after[1]))
            before = after
        found.append(before)
    return np.array(found).T, history
