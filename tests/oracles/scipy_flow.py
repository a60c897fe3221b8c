"""The flow of phase retrieval by SciPy in double precision, with small residuals to full relative accuracy.

With ``v = w − σw*``, ``σ = ±1``, ``p = Σ λ_i v_i w*_i``, ``q = Σ λ_i v_i²`` and ``T = s*``,

    u = σT + p,        s = T + e,  e = 2σp + q.

Put ``w = σw* + v`` in ``ẇ_i/4λ_i = (T − 3s) w_i + 2u w*_i``. As ``T − 3s = −(2T + 3e)``, the right-hand
side is
``−(2T + 3e)(σw*_i + v_i) + 2(σT + p) w*_i``, where ``2σT w*_i`` cancels by hand and ``2p − 3σe = −4p − 3σq``:

    v̇_i = −4λ_i [ (2T + 3e) v_i + (4p + 3σq) w*_i ].

In the same way ``L = 3s² + 3T² − 4u² − 2sT = 3e² + 4(Tq − p²)``, and ``Tq − p² = T Σ λ_i (v_i − p w*_i/T)²``:
a sum of squares, as a loss should be.

Far from ``σw*`` it is ``w`` that may be small (a long escape), so ``w`` itself is integrated until
``q < T/4``, and ``v`` from there on. Which of the two is a matter of accuracy only: both are exact
everywhere.

One cancellation is left: within a repeated eigenvalue ``v`` across the teacher decays more slowly than
``v`` along it, so that ``p`` becomes far smaller than its own terms. Modes are therefore folded first:
those of one eigenvalue act as two, one along the teacher's part there and one across it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DOP853, OdeSolver, Radau

Vector = NDArray[np.float64]

STIFF = 3e3
"""``λ_1 s*`` times the horizon beyond which Radau's implicit steps replace DOP853's bounded ones."""


def scipy_flow(
    eigenvalues: Sequence[float],
    teacher: Sequence[float],
    init: Sequence[float],
    times: Sequence[float],
    sign: int = 1,
    rtol: float = 1e-12,
) -> dict[str, Vector]:
    """Integrate the flow from ``w(0) = init`` and report at each of the increasing ``times``.

    ``sign`` is that of the teacher reached at the end, by which ``v`` is measured; it changes no value, only
    which of them keep their figures. (For runs that reach neither teacher any sign will do.)

    The keys of the result are ``u``, ``s``, ``one_minus_u`` ``= 1 − |u|/s*``, ``one_minus_s`` ``= 1 − s/s*``,
    ``loss`` ``= 3s² + 3s*² − 4u² − 2 s s*`` and ``mse`` ``= min_± |w ∓ w*|²/d``, each an array over
    ``times``.
    """
    dimension = len(eigenvalues)
    lam, star, w, v = _fold(
        np.array(eigenvalues, float), np.array(teacher, float), np.array(init, float), sign
    )
    energy = float(np.sum(lam * star**2))
    method = Radau if np.max(lam) * energy * times[-1] > STIFF else DOP853

    def flow(_: float, w: Vector) -> Vector:
        u, s = float(np.sum(lam * w * star)), float(np.sum(lam * w**2))
        return 4 * lam * (energy - 3 * s) * w + 8 * lam * u * star

    def residual_flow(_: float, v: Vector) -> Vector:
        p, q = float(np.sum(lam * v * star)), float(np.sum(lam * v**2))
        return -4 * lam * ((2 * energy + 3 * (2 * sign * p + q)) * v + (4 * p + 3 * sign * q) * star)

    def near(v: Vector) -> bool:
        return float(np.sum(lam * v**2)) < energy / 4

    rows = []
    now, settled = 0.0, near(v)
    for t in map(float, times):
        if not settled:
            now, w = _advance(method, flow, now, w, t, rtol, until=lambda w: near(w - sign * star))
            v = w - sign * star
            settled = near(v)
        if settled:
            now, v = _advance(method, residual_flow, now, v, t, rtol)
            w = sign * star + v
        rows.append(_report(lam, star, energy, sign, dimension, w, v))
    keys = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse")
    return dict(zip(keys, np.array(rows).T, strict=True))


def _fold(lam: Vector, star: Vector, w: Vector, sign: int) -> tuple[Vector, Vector, Vector, Vector]:
    """``λ, w*, w, v`` with the modes of each repeated eigenvalue replaced by one along ``w*`` and one
    across it.
    """
    v = w - sign * star
    modes: list[tuple[float, float, float, float]] = []
    for rate in np.unique(lam):
        star_part, w_part, v_part = (x[lam == rate] for x in (star, w, v))
        if len(w_part) == 1:
            modes.append((rate, star_part[0], w_part[0], v_part[0]))
            continue
        length = float(np.linalg.norm(star_part))
        across = w_part
        if length > 0:
            along = star_part / length
            across = w_part - along * float(along @ w_part)
            modes.append((rate, length, float(along @ w_part), float(along @ v_part)))
        distance = float(np.linalg.norm(across))
        modes.append((rate, 0.0, distance, distance))
    folded = np.array(modes).T
    return folded[0], folded[1], folded[2], folded[3]


def _advance(
    method: type[OdeSolver],
    rhs: Callable[[float, Vector], Vector],
    now: float,
    y: Vector,
    end: float,
    rtol: float,
    until: Callable[[Vector], bool] = lambda _: False,
) -> tuple[float, Vector]:
    """Step to ``end``, or to the end of the first step after which ``until`` holds: no interpolation.

    The tolerance is relative mode by mode. A mode that starts from zero is why ``atol`` is not smaller
    still: SciPy squares its inverse.
    """
    if now == end:
        return now, y
    solver = method(rhs, now, y, end, rtol=rtol, atol=1e-100 * (float(np.max(np.abs(y))) or 1.0))
    while solver.status == "running":
        message = solver.step()
        if solver.status == "failed":
            raise ArithmeticError(f"{method.__name__} failed at t = {solver.t}: {message}")
        if until(solver.y):
            break
    return solver.t, solver.y


def _report(
    lam: Vector, star: Vector, energy: float, sign: int, dimension: int, w: Vector, v: Vector
) -> list[float]:
    p, u, s = (float(np.sum(lam * x * y)) for x, y in ((v, star), (w, star), (w, w)))
    excess = 2 * sign * p + float(np.sum(lam * v**2))
    one_minus_u = -sign * p / energy if sign * u >= 0 else 2 + sign * p / energy
    loss = 3 * excess**2 + 4 * energy * float(np.sum(lam * (v - p / energy * star) ** 2))
    mse = min(float(np.sum(x**2)) for x in (v, v + 2 * sign * star)) / dimension
    return [u, s, one_minus_u, -excess / energy, loss, mse]
