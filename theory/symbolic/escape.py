r"""How the gradient flow of one student leaves ``w = 0``, read off the loss at small ``w``.

With ``u = c √(s t)``, ``c`` the correlation of student and teacher, the loss at small ``s`` is

    ``L(s, u) = L(0, 0) − φ(c) s^(q/2) + o(s^(q/2))``,

``q`` the lowest order that occurs: the flow begins as the gradient flow of ``Φ = φ(c) s^(q/2)``, homogeneous
of degree ``q`` in ``w``. Along it ``Φ`` grows and ``d|w|²/dt = 2qΦ``, so that a start ``ε w_0`` with
``Φ(w_0) > 0`` leaves 0, after a time of order 1 for ``q < 2``, ``log(1/ε)`` for ``q = 2`` and ``ε^(2−q)``
for ``q > 2``. Where ``φ < 0`` throughout, 0 attracts.

**In terms of the link.** Let ``f = f_0 + f_1 z + f_2 z² + …``, ``g`` the teacher's link and ``Y ~ N(0, t)``
its argument. By Stein's lemma

    ``Φ = 2 f_1 u E g' + …`` (``q = 1``), and where ``f_1 E g' = 0``
    ``Φ = s (2 f_2 E[g − f_0] − f_1²) + 2 u² f_2 E g'' + …`` (``q = 2``);

if ``f_p`` is the first coefficient beyond ``f_0`` and ``p > 2``, then
``Φ = 2 f_p E[X^p (g(Y) − f_0)]`` and ``q = p``.
A kink at 0, as that of ``|z|``, gives ``q = 1``.

**The constants.** At ``q = 2`` the time is ``log(1/ε)/ρ`` with the largest eigenvalue ``ρ`` of
``A Q + B (Q w*)(Q w*)ᵀ``, ``A = 2(2 f_2 E[g − f_0] − f_1²)``, ``B = 4 f_2 E g''``, as
:func:`~theory.symbolic.linearisation.linearise_along` has it at 0. At ``q > 2`` a start along a ray
``v``, ``s(v) = 1``, that the flow keeps, ``Q(A v + B w*) = θ v`` with ``A = 2 ∂Φ/∂s`` and ``B = ∂Φ/∂u``,
leaves after ``1/((q − 2) θ ε^(q−2))``.
"""

from dataclasses import dataclass
from enum import Enum
from itertools import count

import sympy

from theory.expected import checked
from theory.symbolic.given import given
from theory.symbolic.links import Link
from theory.symbolic.models import Model, ModelError, single_index

CORRELATION = sympy.Symbol("c", real=True)
"""``c = u/√(s t)``."""

_SIZE = sympy.Symbol("r", positive=True)
_DIGITS, _GRID = 30, 400


class EscapeTime(Enum):
    """The time that the flow takes to leave a start of size ``ε → 0``; ``q`` is the order of the pull."""

    FINITE = "a time of order 1"
    LOGARITHMIC = "a time of order log(1/ε)"
    ALGEBRAIC = "a time of order ε^(2−q)"
    NEVER = "never: 0 attracts"
    MARGINAL = "undecided: the leading order pushes in no direction"


@checked
@dataclass(frozen=True)
class Escape:
    """The leading part ``Φ = pull · s^(order/2)`` of ``L(0) − L``, and the time that it takes from ``ε``.

    ``pull`` is ``φ(c)`` in :data:`CORRELATION`, at the teacher's energy of the question.
    """

    order: int
    pull: sympy.Expr
    time: EscapeTime

    def __str__(self) -> str:
        """The time in words, ``q`` as a number."""
        return self.time.value.replace("ε^(2−q)", f"1/ε^{self.order - 2}".removesuffix("^1"))


@checked
def escape(link: Link, teacher_link: Link | None = None, energy: sympy.Rational | int = 1) -> Escape:
    """How a student with this link leaves the start ``w = ε w_0``, ``ε → 0``.

    The teacher has the student's link unless given its own; ``energy`` is its ``t = s*``, a positive
    rational. For ``q < 2`` every start leaves in the time stated, for ``q = 2`` almost every, for ``q >
    2`` those with
    ``Φ(w_0) > 0``. Raises :class:`~theory.symbolic.models.ModelError` for another energy and for a link that
    the teacher does not pull on at all, :class:`~theory.symbolic.links.LinkError` for another link.

    >>> from theory.symbolic.links import Z
    >>> for link in (Z**2, Z**3, Z**4, Z**3 - 3 * Z, Z**4 - 6 * Z**2, Z**3 + Z**2, sympy.Abs(Z)):
    ...     print(link, "|", escape(link))
    z**2 | a time of order log(1/ε)
    z**3 | a time of order 1/ε
    z**4 | a time of order 1/ε^2
    z**3 - 3*z | never: 0 attracts
    z**4 - 6*z**2 | a time of order log(1/ε)
    z**3 + z**2 | a time of order log(1/ε)
    Abs(z) | a time of order 1

    Phase retrieval has ``Φ = 2s + 4u²``:

    >>> escape(Z**2).pull
    4*c**2 + 2
    """
    exact = given(energy, "energy")
    if not (exact.is_Rational and exact.is_positive):
        raise ModelError(f"energy is {energy}, but it must be a positive rational")
    order, pull = _leading(single_index(link, teacher_link), exact)
    return Escape(order, pull, _time(order, _largest(pull)))


def _leading(model: Model, energy: sympy.Rational) -> tuple[int, sympy.Expr]:
    """The lowest order ``q`` of ``L(0) − L`` in ``√s``, and its coefficient."""
    (s, u), (t,) = model.overlaps.statistics, model.overlaps.T
    values = {s: _SIZE**2, u: _SIZE * CORRELATION * sympy.sqrt(energy), t: energy}
    gain = -model.loss.subs(values, simultaneous=True)
    if model.polynomial:
        terms = sympy.Poly(gain, _SIZE).terms()
        order, pull = min(((powers[0], factor) for powers, factor in terms if powers[0]), key=lambda x: x[0])
        return order, sympy.expand(pull)
    for order in count(1):
        gain = sympy.simplify(gain.diff(_SIZE)) / order
        pull = sympy.simplify(gain.subs(_SIZE, 0))
        if pull != 0:
            return order, pull
    raise AssertionError("the loss depends on the student")


def _largest(pull: sympy.Expr) -> sympy.Expr:
    """The largest value of ``φ`` on ``[−1, 1]``: of a polynomial exactly, else on an inner grid."""
    if pull.is_polynomial(CORRELATION):
        slope = sympy.Poly(pull.diff(CORRELATION), CORRELATION)
        roots = [] if slope.is_zero or slope.is_ground else sympy.real_roots(slope.as_expr())
        points = [-1, 1, *(root for root in roots if abs(root) < 1)]
    else:
        points = [sympy.Rational(k, _GRID) for k in range(1 - _GRID, _GRID)]
    return max(pull.subs(CORRELATION, point).evalf(_DIGITS) for point in points)


def _time(order: int, largest: sympy.Expr) -> EscapeTime:
    if abs(largest) < sympy.Float(10) ** (-_DIGITS // 2):
        return EscapeTime.MARGINAL
    if largest < 0:
        return EscapeTime.NEVER
    if order < 2:
        return EscapeTime.FINITE
    return EscapeTime.LOGARITHMIC if order == 2 else EscapeTime.ALGEBRAIC
