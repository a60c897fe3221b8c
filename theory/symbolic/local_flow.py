r"""The flow of one student to leading order at 0 and at the teacher, for any link with a kink at most at 0.

With ``P(a, b, c) = E[f(X) f(Y)]`` and ``R(a) = ∂P/∂c (a, a, a) = E f'(√a z)²``, ``z ~ N(0, 1)``, the heat
equation gives ``E (f'²)'' = 2 R'(1)``, also where ``f`` has a kink. So the numbers of
:mod:`theory.asymptotics.local_flow` are

    ``α = 2 R(1)``,   ``c_p = −4 R'(1)``,   ``c_q = −3 R'(1)``.

Where the averages have no closed form, as those of tanh, the numbers hold integrals, ``2 R'(1)`` that of
``(z² − 1) f'²``.
"""

from fractions import Fraction
from typing import Annotated, Any

import sympy

from theory.asymptotics.local_flow import LocalFlow
from theory.expected import Only, checked
from theory.symbolic.links import MAX_DEGREE, Link, Z, canonical, has_kink, is_combination
from theory.symbolic.means import average, integral, is_positive, shown, sides, tidy
from theory.symbolic.models import link_product
from theory.symbolic.other_teacher import beside_another_teacher

_VARIANCE, _OTHER = sympy.symbols("a b", positive=True, cls=sympy.Dummy)
_COVARIANCE = sympy.Dummy("c", real=True)

KINK = "the link has a kink at 0: there the flow is not linear"
BALLISTIC = "ballistic: B(0) = {} moves w = 0 in a time of order 1 (information exponent 1)"
ALGEBRAIC = "algebraic: z^{0} is the link's lowest power, nothing linear acts at w = 0"
MARGINAL = "the teacher does not pull at w = 0 at the link's lowest order"
ATTRACTS = "w = 0 attracts: A(0) = {} and dB/du = {} let no direction grow"
TEACHER_ALONE = "A(0) = {} is not positive: only the pull of the teacher, dB/du = {}, lets w = 0 go"
INFINITE = "alpha = 2 E f'^2 is infinite: the link jumps, and the flow has no linear part at the teacher"


Energy = Annotated[Fraction, Only("a positive fraction", lambda energy: energy > 0)]


@checked
def local_flow(link: Link, teacher_link: Link | None = None, energy: Energy = Fraction(1)) -> LocalFlow:
    """The flow of a student with this link that learns a teacher, of the same link unless given its own.

    ``energy`` is the teacher's, ``T = w*ᵀ Q w*``. It is turned into 1 by ``f(√T z)`` in place of ``f(z)`` and
    ``Q/T`` in place of ``Q``, which leaves ``w`` and the time as they are: the constants are then those of
    the eigenvalues ``λ_i/T``, and of ``u/T`` and ``s/T``.

    Raises :class:`~theory.symbolic.links.LinkError` for what is no link, and
    :class:`~theory.symbolic.links.UnknownAverageError` for one that has a kink elsewhere than at 0.

    >>> local_flow(Z**2).growth, local_flow(Z**2).overlap
    ('4', '-16')
    >>> local_flow(Z**3 + Z).decay, local_flow(Z**3 + Z).no_escape
    ('68', 'ballistic: B(0) = 8 moves w = 0 in a time of order 1 (information exponent 1)')
    >>> local_flow(sympy.erf(Z)).decay
    '8*sqrt(5)/(5*pi)'
    >>> local_flow(sympy.sign(Z)).no_law
    "alpha = 2 E f'^2 is infinite: the link jumps, and the flow has no linear part at the teacher"
    >>> local_flow(sympy.tanh(Z)).decay
    '2*mean((1 - tanh(z)**2)**2, (1 - tanh(z)**2)**2)'
    """
    scale = sympy.sqrt(sympy.sympify(energy))
    student, teacher = canonical(link), canonical(link if teacher_link is None else teacher_link)
    f, g = (canonical(each.subs(Z, scale * Z)) for each in (student, teacher))
    near = _beside_the_teacher(f) if f == g else beside_another_teacher(f, g)
    names = {"link": str(student), "teacher_link": str(teacher), "teacher_energy": str(energy)}
    numbers: dict[str, Any] = {**names, **_at_zero(f, g), **near}
    return LocalFlow(**numbers)


def _beside_the_teacher(f: sympy.Expr) -> dict[str, str]:
    """The numbers at a teacher of the same link."""
    decay, slope = at_the_teacher(f)
    if not decay.is_finite:
        return {"no_law": INFINITE}
    alpha, overlap, energy = (str(tidy(number)) for number in (2 * decay, -4 * slope, -3 * slope))
    return {"decay": alpha, "overlap": overlap, "energy": energy}


def at_the_teacher(f: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """``R(1)`` and ``R'(1)``; infinity and nothing where ``f`` jumps."""
    right, left = sides(f)
    if right.subs(Z, 0) != left.subs(Z, 0):
        return sympy.oo, sympy.nan
    if is_combination(f):
        return _from_pairs(f)
    slopes = [side.diff(Z) ** 2 for side in (right, left)]
    return integral(*slopes), integral(*((Z**2 - 1) * slope for slope in slopes)) / 2


def _from_pairs(f: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """The same from the pair function.

    With ``f = g + k sign(z)``, ``g`` smooth and ``k`` a polynomial, ``k(0) = 0``, the square of the kinked
    part's derivative is ``k'²``.
    """
    kinked = sympy.Add(*(part for part in sympy.Add.make_args(f) if part.has(sympy.Abs, sympy.sign)))
    k = kinked.subs({sympy.Abs(Z): Z, sympy.sign(Z): 1})
    smooth = f - kinked
    R = _slopes(smooth, smooth) + 2 * _slopes(smooth, kinked) + _slopes(k, k)
    return tidy(R.subs(_VARIANCE, 1)), tidy(R.diff(_VARIANCE).subs(_VARIANCE, 1))


def _slopes(f: sympy.Expr, g: sympy.Expr) -> sympy.Expr:
    """``E f'(√a z) g'(√a z)``."""
    if not (f.has(Z) and g.has(Z)):
        return sympy.S.Zero
    covariance = sympy.Matrix([[_VARIANCE, _COVARIANCE], [_COVARIANCE, _OTHER]])
    slope = link_product(f, g, covariance).diff(_COVARIANCE)
    return slope.subs({_OTHER: _VARIANCE, _COVARIANCE: _VARIANCE}, simultaneous=True).doit()


def _at_zero(f: sympy.Expr, g: sympy.Expr) -> dict[str, Any]:
    """``A(0)`` and ``∂B/∂u (0)``, or why the flow at 0 has none or no direction grows at such a rate."""
    if has_kink(f):
        return {"no_escape": KINK}
    constant, first, second = (coefficient(f, order) for order in range(3))
    level, slope, curvature = (average(g, order) for order in range(3))
    force = tidy(2 * first * slope)
    growth = tidy(4 * second * (level - constant) - 2 * first**2)
    pull = tidy(4 * second * curvature)
    if force != 0:
        return {"force": str(force), "no_escape": BALLISTIC.format(shown(force))}
    if growth == pull == 0:
        return _algebraic(f, g)
    if is_positive(growth):
        return {"growth": str(growth), "pull": str(pull)}
    reason = TEACHER_ALONE if is_positive(growth + pull) else ATTRACTS
    return {"no_escape": reason.format(shown(growth), shown(pull))}


def _algebraic(f: sympy.Expr, g: sympy.Expr) -> dict[str, Any]:
    """The ``φ_k`` of ``Φ = 2 f_p E[X^p (g(Y) − f_0)] = Σ_k φ_k s^k u^(p−2k)``, by Stein's lemma."""
    order = next((n for n in range(3, MAX_DEGREE + 1) if coefficient(f, n) != 0), None)
    if order is None or coefficient(f, 1) != 0 or coefficient(f, 2) != 0:
        return {"no_escape": MARGINAL}
    pulls = []
    for k in range(order // 2 + 1):
        slope = average(g, order - 2 * k) - (coefficient(f, 0) if 2 * k == order else 0)
        pairings = sympy.binomial(order, 2 * k) * sympy.factorial2(2 * k - 1)
        pulls.append(tidy(2 * coefficient(f, order) * pairings * slope))
    if not any(pulls):
        return {"no_escape": MARGINAL}
    return {"no_escape": ALGEBRAIC.format(order), "order": order, "pulls": tuple(map(str, pulls))}


def coefficient(f: sympy.Expr, order: int) -> sympy.Expr:
    """That of ``z^order`` in the Taylor series."""
    return f.diff(Z, order).subs(Z, 0).doit() / sympy.factorial(order)
