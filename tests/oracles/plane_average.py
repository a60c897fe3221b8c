"""E[f(X) g(Y)] to many digits: the trapezium rule in the plane of two independent Gaussians."""

from collections.abc import Callable

from mpmath import mp, mpf

Function = Callable[[mpf], mpf]

REACH = 10
"""Standard deviations: what is left out weighs 1e-23."""


def plane_average(f: Function, g: Function, a: float, b: float, c: float, width: float) -> mpf:
    """Return E[f(X) g(Y)] of functions that are analytic within ``width`` of the real axis.

    With X = √a ξ and Y = (c/√a) ξ + √(b − c²/a) η, of the floats as they are; the line where c² ≥ ab. A step
    h leaves out exp(−2π δ/h) of a function analytic within δ, and exp(−2π²/h²) of the Gaussian.
    """
    with mp.workdps(30):
        a, b, c = mpf(a), mpf(b), mpf(c)
        first, other = mp.sqrt(a), c / mp.sqrt(a)
        rest = mp.sqrt(max(b - other**2, 0))
        outer, inner = _rule(width / max(first, abs(other))), _rule(width / rest if rest else mpf(9))
        total = mpf(0)
        for x, weight in outer:
            terms = (w * g(other * x + rest * y) for y, w in inner) if rest else [g(other * x)]
            total += weight * f(first * x) * mp.fsum(terms)
        return total


def _rule(width: mpf) -> list[tuple[mpf, mpf]]:
    step = min(2 * mp.pi * width / 60, mpf(1) / 2)
    count = int(REACH / step)
    return [(k * step, step * mp.npdf(k * step)) for k in range(-count, count + 1)]
