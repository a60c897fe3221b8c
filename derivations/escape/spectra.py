"""How the bounds of P9 are attacked, over spectra and at one mode, and the identities that prove them."""

import math
from collections.abc import Callable

import numpy as np
import sympy
from scipy.special import expit

from derivations.court.attack import Identity, worst
from derivations.court.claim import Effort
from derivations.court.verdict import Counterexample
from derivations.trials.linear import Escape
from numerics.arrays import Array

rate, target, rho, b = sympy.symbols("lambda w_star rho b", positive=True)
ONE_MODE = "Q = 1, w* = 1, b = 4: ρ = 12, D(p) = (p - 12)/(p - 4)"

LONE = Escape(np.array([1.0]), np.array([1.0]))
"""One mode, where most bounds of the proof are attained."""

m1, m2, x1, x2, p, q = sympy.symbols("m1 m2 x1 x2 p q")
CHEBYSHEV: Identity = (
    (m1 + m2) * (m1 * x1**2 + m2 * x2**2) - (m1 * x1 + m2 * x2) ** 2,
    m1 * m2 * (x1 - x2) ** 2,
)
"""Σm Σm x² ≥ (Σm x)², pair by pair: with x = 1/(ρ − bλ) it is 1/64 ≤ s*^(2) D'/8."""

CLOSER: Identity = ((rho - b * rate) - (rho - b * p), b * (p - rate))
"""ρ − bλ ≥ ρ − bλ_1 = δ_b, with λ_1 as p."""


def interlaced(factor: sympy.Expr | int = 8) -> list[Identity]:
    """det(p − M) = Π(p − bλ) D(p) for two modes, M = bQ + ``factor`` (Qw*)(Qw*)ᵀ.

    At p = bλ_1 it is negative, so ρ_2 < bλ_1 < ρ.
    """
    l1, l2, v1, v2 = sympy.symbols("l1 l2 v1 v2")
    M = b * sympy.diag(l1, l2) + factor * sympy.Matrix([l1 * v1, l2 * v2]) * sympy.Matrix(
        [[l1 * v1, l2 * v2]]
    )
    determinant = (p * sympy.eye(2) - M).det()
    D = 1 - 8 * l1**2 * v1**2 / (p - b * l1) - 8 * l2**2 * v2**2 / (p - b * l2)
    return [
        (determinant, sympy.expand(sympy.cancel((p - b * l1) * (p - b * l2) * D))),
        (determinant.subs(p, b * l1), -8 * l1**2 * v1**2 * b * (l1 - l2)),
    ]


def attack(ratio: Callable[[Escape, Array], float], effort: Effort, sizes: tuple[int, ...] = (2, 3)) -> float:
    """The largest ratio over spectra of trace 1, teachers of energy 1 and b; the last d numbers are free."""

    def of(point: Array) -> float:
        size = (len(point) - 1) // 3
        return ratio(Escape.free(point[: 2 * size], 4.0 * math.exp(-abs(point[-1]))), point[2 * size : -1])

    return max(worst(of, 3 * size + 1, effort.of(1, 4), size, 1.5, effort.of(30, 100))[0] for size in sizes)


def share_of_gap(free: float) -> float:
    """A fraction of the gap, so that σ = ρ − share δ lies between the pole and ρ, clear of rounding."""
    return float(np.clip(expit(-free), 1e-3, 1 - 1e-3))


def alone(ratio: Callable[[Escape, Array], float], w: float | tuple[float, ...] = 1.0) -> float:
    """The largest ratio at one mode of energy 1, whatever its eigenvalue: most bounds are attained there."""
    modes = [Escape(np.array([rate]), np.array([rate**-0.5])) for rate in (0.5, 1.0, 2.0)]
    return max(ratio(mode, np.atleast_1d(w)) for mode in modes)


def refuted(ratio: str) -> Callable[[], Counterexample]:
    """The counterexample at one mode; ``ratio`` is the expression of left over right there."""
    return lambda: Counterexample(f"{ONE_MODE}: left over right is {ratio}", f"assert {ratio} > 1")
