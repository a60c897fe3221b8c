r"""The flow beside a teacher whose link is not the student's: the fixed point ``m w*`` and the numbers there.

With ``r(Y) = g(Y) − f(mY)`` and ``Y ~ N(0, 1)`` the gradient vanishes at ``w = m w*`` where
``E[Y r f'(mY)] = 0``, which the minimum of ``E r²`` over ``m`` solves. For ``w = m w* + v``, ``p = vᵀQw*``,
``q = vᵀQv``, Stein's lemma turns the terms of first and second order of ``2 E[r(X) f'(X) x]`` into
``v̇ = −α Q v + (c_q q + c_p p) Q w*`` with

    ``h = r f''(mY) − f'(mY)²``,      ``k = r f'''(mY) − 3 f'(mY) f''(mY)``,

    ``α = −2 E h``,   ``c_p = 2 E[(Y² − 1) h]``,   ``c_q = E[Y k]``.

In ``v/m`` the energy's number is ``m c_q``. Its Hessian ``α Q − c_p Q w* w*ᵀ Q`` is that of a minimum where
``α > 0`` and ``α > c_p``.
"""

from itertools import count

import sympy

from theory.asymptotics.numbers.field import FLOATS, balls
from theory.asymptotics.numbers.written import written
from theory.symbolic.links import Z, has_kink
from theory.symbolic.means import average, mean

M = sympy.Symbol("m", positive=True)

KINK = "the student's link has a kink: beside a teacher of another link its flow is not computed"
SADDLE = "w = m w*, m = {:.6g}, is no minimum: alpha = {:.6g}, c_p = {:.6g}"

STEPS = tuple(sympy.Rational(6, 5) ** k for k in range(-16, 17))
"""Where ``m`` is looked for."""


def beside_another_teacher(f: sympy.Expr, g: sympy.Expr) -> dict[str, str]:
    """The numbers at the fixed point, or why there are none."""
    if has_kink(f):
        return {"no_law": KINK}
    sides = (1,) if f.subs(Z, -Z) == f else (1, -1)
    found = [(*best, side) for side in sides if (best := _multiple(f.subs(Z, side * Z), g)) is not None]
    if not found:
        return {"no_law": "no finite multiple of the teacher is found that is better than w = 0"}
    _, m, side = min(found, key=lambda each: each[0])
    texts = [_text(m, number) for number in _numbers(f.subs(Z, side * Z), g)]
    alpha, overlap = (_float(text) for text in texts[:2])
    if not (alpha > 0 and alpha > overlap):
        return {"no_law": SADDLE.format(side * _float(m), alpha, overlap)}
    decay, form, energy = texts
    multiple = m if side > 0 else f"-({m})"
    return {"decay": decay, "overlap": form, "energy": energy, "multiple": multiple}


def _numbers(f: sympy.Expr, g: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """``α``, ``c_p`` and ``m c_q`` as functions of ``m``."""
    first, second, third = (f.diff(Z, order).subs(Z, M * Z) for order in (1, 2, 3))
    residual = g - f.subs(Z, M * Z)
    h, k = residual * second - first**2, residual * third - 3 * first * second
    return -2 * _average(h), 2 * _average((Z**2 - 1) * h), M * _average(Z * k)


def _multiple(f: sympy.Expr, g: sympy.Expr) -> tuple[float, str] | None:
    """The best ``m > 0``: the loss there less that at 0, and ``m`` as text; None where 0 is better."""
    at_m, constant = f.subs(Z, M * Z), f.subs(Z, 0).doit()
    slope = _average(Z * (g - at_m) * f.diff(Z).subs(Z, M * Z))
    gain = _average(at_m**2) - 2 * _average(g * (at_m - constant)) - constant**2
    values = [(_float(_text(m, gain)), m) for m in _zeros(slope)]
    # that the loss must gain
    return min((each for each in values if each[0] < -1e-12), key=lambda each: each[0], default=None)


def _zeros(slope: sympy.Expr) -> list[str]:
    """The positive zeros, as texts: exact where they are rational, else shut in between two numbers."""
    if slope.is_polynomial(M) and slope.has(M) and sympy.Poly(slope, M).domain in (sympy.QQ, sympy.ZZ):
        roots = [root for root in sympy.real_roots(slope, M) if root > 0]
        return [str(root) if root.is_Rational else f"root({slope}, {_around(root, roots)})" for root in roots]
    values = [_float(_text(str(m), slope)) for m in STEPS]
    pairs = zip(STEPS, STEPS[1:], values, values[1:], strict=False)
    return [f"root({slope}, {low}, {high})" for low, high, left, right in pairs if left * right < 0]


def _around(root: sympy.Expr, roots: list[sympy.Expr]) -> str:
    """Two numbers between which this one is alone among the ``roots``."""
    for digits in count(3):
        scale = 10**digits
        low = sympy.Rational(int(sympy.floor(root * scale)), scale)
        high = low + sympy.Rational(1, scale)
        if low > 0 and [other for other in roots if low <= other <= high] == [root]:
            return f"{low}, {high}"
    raise AssertionError("a root is alone")


def _average(function: sympy.Expr) -> sympy.Expr:
    """The average of a function of ``Z`` and of ``M``, whose coefficients are polynomials in ``M``."""
    expanded = sympy.expand(function)
    if not expanded.has(Z):
        return expanded
    if expanded.is_polynomial(Z):
        return sympy.expand(sum(c * average(Z**n) if n else c for (n,), c in sympy.Poly(expanded, Z).terms()))
    return average(function)


def _text(m: str, number: sympy.Expr) -> str:
    """A function of ``m`` at the fixed point, as text."""
    return f"at({m}, {number})" if number.has(M) or number.has(mean) else str(number)


def _float(text: str) -> float:
    field = balls() or FLOATS
    with field.workdps(18):
        return float(field.to_mpf(written(text, field))[0])
