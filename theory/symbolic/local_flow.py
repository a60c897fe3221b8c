r"""The flow of one student to leading order at 0 and at the teacher, for a link whose averages are known.

With ``P(a, b, c) = E[f(X) f(Y)]`` and ``R(a) = ∂P/∂c (a, a, a) = E f'(√a z)²``, ``z ~ N(0, 1)``, the heat
equation gives ``E (f'²)'' = 2 R'(1)``, also where ``f`` has a kink. So the numbers of
:mod:`theory.asymptotics.local_flow` are

    ``α = 2 R(1)``,   ``c_p = −4 R'(1)``,   ``c_q = −3 R'(1)``.
"""

from dataclasses import replace
from fractions import Fraction
from typing import Annotated

import sympy

from theory.asymptotics.local_flow import LocalFlow
from theory.expected import Only, checked
from theory.symbolic.averages import derivative_average
from theory.symbolic.links import Link, Z, canonical, has_kink, link_terms
from theory.symbolic.models import link_product

_VARIANCE, _OTHER = sympy.symbols("a b", positive=True, cls=sympy.Dummy)
_COVARIANCE = sympy.Dummy("c", real=True)

KINK = "the link has a kink at 0: there the flow is not linear"
BALLISTIC = "ballistic: B(0) = {} moves w = 0 in a time of order 1 (information exponent 1)"
ALGEBRAIC = (
    "algebraic: nothing linear acts at w = 0; with z^p its lowest power the escape from eps takes eps^(2-p)"
)
ATTRACTS = "w = 0 attracts: A(0) = {} and dB/du = {} let no direction grow"
TEACHER_ALONE = "A(0) = {} is not positive: only the pull of the teacher, dB/du = {}, lets w = 0 go"
INFINITE = "alpha = 2 E f'^2 is infinite: the link jumps, and the flow has no linear part at the teacher"


Energy = Annotated[Fraction, Only("a positive fraction", lambda energy: energy > 0)]


@checked
def local_flow(link: Link, energy: Energy = Fraction(1)) -> LocalFlow:
    """The flow of a student with this link that learns a teacher of the same link.

    ``energy`` is the teacher's, ``T = w*ᵀ Q w*``. It is turned into 1 by ``f(√T z)`` in place of ``f(z)`` and
    ``Q/T`` in place of ``Q``, which leaves ``w`` and the time as they are: the constants are then those of
    the eigenvalues ``λ_i/T``, and of ``u/T`` and ``s/T``.

    Raises :class:`~theory.symbolic.links.LinkError` for what is no link, and
    :class:`~theory.symbolic.links.UnknownAverageError` for one whose averages are not known in closed form.

    >>> local_flow(Z**2).growth, local_flow(Z**2).overlap
    ('4', '-16')
    >>> local_flow(Z**3 + Z).decay, local_flow(Z**3 + Z).no_escape
    ('68', 'ballistic: B(0) = 8 moves w = 0 in a time of order 1 (information exponent 1)')
    >>> local_flow(sympy.erf(Z)).decay
    '8*sqrt(5)/(5*pi)'
    >>> local_flow(sympy.sign(Z)).no_law
    "alpha = 2 E f'^2 is infinite: the link jumps, and the flow has no linear part at the teacher"
    """
    flow = _at_energy_one(canonical(canonical(link).subs(Z, sympy.sqrt(sympy.sympify(energy)) * Z)))
    return replace(flow, link=str(canonical(link)), teacher_energy=str(energy))


def _at_energy_one(f: sympy.Expr) -> LocalFlow:
    """The flow where the teacher has energy 1."""
    growth, pull, no_escape = _at_zero(f)
    decay, slope = _at_the_teacher(f)
    if not decay.is_finite:
        return LocalFlow(str(f), _text(growth), _text(pull), no_escape=no_escape, no_law=INFINITE)
    alpha, overlap, energy = (str(_tidy(number)) for number in (2 * decay, -4 * slope, -3 * slope))
    return LocalFlow(str(f), _text(growth), _text(pull), alpha, overlap, energy, no_escape)


def _at_the_teacher(f: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """``R(1)`` and ``R'(1)``; infinity and nothing where ``f`` jumps.

    With ``f = g + k sign(z)``, ``g`` smooth and ``k`` a polynomial, ``k(0) = 0``, the square of the kinked
    part's derivative is ``k'²``.
    """
    kinked = sympy.Add(*(part for part in sympy.Add.make_args(f) if part.has(sympy.Abs, sympy.sign)))
    k = kinked.subs({sympy.Abs(Z): Z, sympy.sign(Z): 1})
    if k.subs(Z, 0) != 0:
        return sympy.oo, sympy.nan
    smooth = f - kinked
    R = _slopes(smooth, smooth) + 2 * _slopes(smooth, kinked) + _slopes(k, k)
    return _tidy(R.subs(_VARIANCE, 1)), _tidy(R.diff(_VARIANCE).subs(_VARIANCE, 1))


def _slopes(f: sympy.Expr, g: sympy.Expr) -> sympy.Expr:
    """``E f'(√a z) g'(√a z)``."""
    if not (f.has(Z) and g.has(Z)):
        return sympy.S.Zero
    covariance = sympy.Matrix([[_VARIANCE, _COVARIANCE], [_COVARIANCE, _OTHER]])
    slope = link_product(f, g, covariance).diff(_COVARIANCE)
    return slope.subs({_OTHER: _VARIANCE, _COVARIANCE: _VARIANCE}, simultaneous=True).doit()


def _at_zero(f: sympy.Expr) -> tuple[sympy.Expr | None, sympy.Expr | None, str]:
    """``A(0)`` and ``∂B/∂u (0)``, or why the flow at 0 has none or no direction grows at such a rate."""
    if has_kink(f):
        return None, None, KINK
    constant, first, second = (f.diff(Z, order).subs(Z, 0) / sympy.factorial(order) for order in range(3))
    mean, slope, curvature = (_average(f, order) for order in range(3))
    force = _tidy(2 * first * slope)
    growth = _tidy(4 * second * (mean - constant) - 2 * first**2)
    pull = _tidy(4 * second * curvature)
    if force != 0:
        return None, None, BALLISTIC.format(force)
    if growth == pull == 0:
        return None, None, ALGEBRAIC
    if growth > 0:
        return growth, pull, ""
    reason = TEACHER_ALONE if growth + pull > 0 else ATTRACTS
    return None, None, reason.format(growth, pull)


def _average(f: sympy.Expr, order: int) -> sympy.Expr:
    """``E f^(order)(z)``."""
    terms = link_terms(f).items()
    return sympy.Add(*(weight * derivative_average(atom, order, sympy.S.One) for atom, weight in terms))


def _tidy(value: sympy.Expr) -> sympy.Expr:
    """Write a number in one form, 0 as 0."""
    short = sympy.radsimp(sympy.expand(value))
    return sympy.S.Zero if short.equals(0) else short


def _text(value: sympy.Expr | None) -> str | None:
    return None if value is None else str(value)
