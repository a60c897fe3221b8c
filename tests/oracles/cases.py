"""Small problems with known ends, and the two families whose flow has a closed form.

All numbers are floats that mean exactly what they say (binary fractions, but for a few eigenvalues), so
that engines of any precision solve the same problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mpmath import exp, mpf, sqrt

Limit = Literal["+teacher", "-teacher", "saddle", "0"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A problem, how long to follow it, and where it goes.

    ``limit`` is the critical point that the run tends to, whether or not ``horizon`` is long enough to get
    there. ``digits`` is what ``taylor_flow`` needs for 20 correct figures in every reported quantity.
    """

    name: str
    eigenvalues: tuple[float, ...]
    teacher: tuple[float, ...]
    init: tuple[float, ...]
    horizon: float
    limit: Limit
    digits: int = 40

    @property
    def times(self) -> list[float]:
        """Zero, and 29 times up to the horizon, each ``√2`` times the one before."""
        return [0.0] + [self.horizon * 2.0 ** (-k / 2) for k in range(28, -1, -1)]

    @property
    def sign(self) -> int:
        return -1 if self.limit == "-teacher" else 1


CASES = (
    Case(
        name="one mode",
        eigenvalues=(1,),
        teacher=(1,),
        init=(0.25,),
        horizon=2,
        limit="+teacher",
        digits=60,
    ),
    Case(
        name="isotropic",
        eigenvalues=(0.5, 0.5, 0.5),
        teacher=(1, 0.5, -0.5),
        init=(0.5, -0.125, 0.25),
        horizon=8,
        limit="+teacher",
        digits=50,
    ),
    Case(
        name="two modes",
        eigenvalues=(1, 0.5),
        teacher=(1, 1),
        init=(0.25, 0.125),
        horizon=8,
        limit="+teacher",
        digits=70,
    ),
    # u(0) = 1/16 > 0, yet u changes sign near t = 0.077. A short start grows along λ_i w*_i/(ρ − 4λ_i s*),
    # here with s* = 2 and ρ = 17.2, and goes where the sign of Σ λ_i w_i(0) w*_i/(ρ − 4λ_i s*) =
    # −(1/4)/9.2 + (5/16)/15.2 < 0 points.
    Case(
        name="change of sign",
        eigenvalues=(1, 0.25),
        teacher=(1, 2),
        init=(-0.25, 0.625),
        horizon=8,
        limit="-teacher",
        digits=60,
    ),
    Case(
        name="repeated eigenvalue",
        eigenvalues=(1, 0.5, 0.5, 0.25),
        teacher=(1, -1, 0.5, 0.5),
        init=(-0.25, 0.25, 0.5, 0.125),
        horizon=16,
        limit="-teacher",
        digits=70,
    ),
    Case(
        name="zero eigenvalue",
        eigenvalues=(1, 0.5, 0),
        teacher=(1, 1, 1),
        init=(0.25, 0.125, 0.5),
        horizon=4,
        limit="+teacher",
        digits=50,
    ),
    Case(
        name="energetic teacher",
        eigenvalues=(1, 0.25),
        teacher=(3, 4),
        init=(0.5, 0.25),
        horizon=1,
        limit="+teacher",
        digits=50,
    ),
    Case(
        name="close start",
        eigenvalues=(1, 0.5),
        teacher=(1, -1),
        init=(1 + 2.0**-27, -1 + 2.0**-27),
        horizon=4,
        limit="+teacher",
        digits=64,
    ),
    Case(
        name="short start",
        eigenvalues=(1, 0.5, 0.25),
        teacher=(0.5, 1, 1),
        init=(2.0**-21, 2.0**-22, -(2.0**-20)),
        horizon=16,
        limit="+teacher",
        digits=60,
    ),
    Case(
        name="long start",
        eigenvalues=(1, 0.5),
        teacher=(1, 1),
        init=(10, 8),
        horizon=8,
        limit="+teacher",
        digits=70,
    ),
    Case(
        name="spread spectrum",
        eigenvalues=(1, 1e-2, 1e-4),
        teacher=(1, 1, 1),
        init=(0.5, -0.25, 0.25),
        horizon=256,
        limit="+teacher",
    ),
    Case(
        name="power law",
        eigenvalues=(1, 0.25, 1 / 9, 1 / 16, 1 / 25),
        teacher=(1, -1, 1, 1, -1),
        init=(0.125, 0.25, 0.25, -0.25, 0.125),
        horizon=64,
        limit="+teacher",
        digits=60,
    ),
    Case(
        name="late convergence",
        eigenvalues=(1, 0.125),
        teacher=(0.5, 0.5),
        init=(0.25, -0.5),
        horizon=256,
        limit="+teacher",
        digits=90,
    ),
    # Disjoint supports: u = 0 for ever.
    Case(
        name="saddle",
        eigenvalues=(1, 0.5),
        teacher=(1, 0),
        init=(0, 0.25),
        horizon=8,
        limit="saddle",
    ),
    Case(
        name="saddle of two modes",
        eigenvalues=(1, 0.5, 0.25),
        teacher=(0, 1, 0),
        init=(2, 0, -4),
        horizon=16,
        limit="saddle",
    ),
    Case(
        name="passing a saddle",
        eigenvalues=(1, 0.5),
        teacher=(1, 0),
        init=(-(2.0**-30), 0.25),
        horizon=8,
        limit="-teacher",
        digits=60,
    ),
    Case(
        name="no energy",
        eigenvalues=(1, 0),
        teacher=(1, 1),
        init=(0, 0.5),
        horizon=8,
        limit="0",
    ),
)


def isotropic_exact(
    eigenvalue: float, teacher: Sequence[float], init: Sequence[float], t: float
) -> tuple[mpf, mpf]:
    """``(u, s)`` at time ``t`` for ``Q = λI`` and ``u(0) ≠ 0``, at mpmath's current precision.

    Let ``T = s*``, ``x = u²/T`` (the energy along the teacher) and ``r = (s − x)/x`` (that across, relative
    to it). As ``u^(2) = λu``, P3 reads ``u̇ = 12λ(T − s)u`` and ``ṡ = 8λ(T − 3s)s + 16λu²``, so that

        ẋ = 24λ(T − s)x,    (s − x)˙ = 8λ(T − 3s)(s − x),    hence  ṙ = −16λT r

    and ``y = 1/x`` obeys the linear ``ẏ = 24λ(1 + r − Ty)``. With ``θ = e^{−8λTt}``,

        T/x = 1 + (T/x_0 − 1 − 3r_0) θ³ + 3 r_0 θ²,    s = x(1 + r_0 θ²).

    For ``d = 1``, ``r = 0``: the logistic curve ``s = T/(1 + (T/s_0 − 1) e^{−24λTt})``.
    """
    rate = mpf(eigenvalue)
    energy, u0, s0 = (
        rate * sum(mpf(x) * mpf(y) for x, y in zip(*pair, strict=True))
        for pair in ((teacher, teacher), (teacher, init), (init, init))
    )
    x0 = u0**2 / energy
    r0 = s0 / x0 - 1
    decay = exp(-8 * rate * energy * t)
    x = energy / (1 + (energy / x0 - 1 - 3 * r0) * decay**3 + 3 * r0 * decay**2)
    return (1 if u0 > 0 else -1) * sqrt(energy * x), x * (1 + r0 * decay**2)


def lone_mode_exact(eigenvalue: float, energy: float, init: float, t: float) -> mpf:
    """``s`` at time ``t`` when ``w`` has one mode and the teacher, of energy ``T``, does not have it.

    Then ``u = 0`` for ever, and P3 leaves a logistic curve:

        ṡ = 8λ(T − 3s)s,    s = (T/3)/(1 + (T/(3s_0) − 1) e^{−8λTt}).
    """
    s0 = mpf(eigenvalue) * mpf(init) ** 2
    third = mpf(energy) / 3
    return third / (1 + (third / s0 - 1) * exp(-24 * mpf(eigenvalue) * third * t))
