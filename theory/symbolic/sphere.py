"""Escape on the sphere: how a student of fixed norm finds a teacher among isotropic inputs.

With ``Q = I`` and ``‖w‖ = ‖w*‖ = 1`` the energies are 1 and the overlap alone moves,

    u̇ = B(1, u, 1) (1 − u²),

in which ``A`` drops out: it pulls along ``w``. A link of information exponent ``k`` has ``B ~ b u^{k−1}`` as
``u → 0``, with ``b = 2 k c_k²/k!`` and ``c_k = E[f He_k]``, so that from a small ``u_0 > 0`` the time to
escape is ``log(1/u_0)/b`` for ``k = 2`` and ``1/((k − 2) b u_0^{k−2})`` for ``k ≥ 3``: with a random start,
``u_0 ~ d^{−1/2}``, it is ``log d/(2b)`` and ``∝ d^{(k−2)/2}``.
"""

from typing import NamedTuple

import sympy

from theory.expected import checked
from theory.symbolic.constrained import constrained
from theory.symbolic.hierarchy import ORDER, Statistic, hierarchy
from theory.symbolic.links import Link
from theory.symbolic.models import ModelError, single_index

START = sympy.Symbol("u_0", positive=True)


@checked
class SphereEscape(NamedTuple):
    """``velocity`` u̇ as a function of ``u``, the information ``exponent`` k, ``rate`` b and leading ``time``
    from ``u_0``.
    """

    velocity: sympy.Expr
    exponent: int
    rate: sympy.Expr
    time: sympy.Expr


@checked
def sphere_escape(link: Link) -> SphereEscape:
    """The escape of one student with this link from a teacher with the same, on the unit sphere, ``Q = I``.

    Raises :class:`~theory.symbolic.models.ModelError` where nothing escapes at ``u = 0``: a link without
    information exponent.

    >>> from theory.symbolic.links import parse_link
    >>> for k in (1, 2, 3, 4):
    ...     found = sphere_escape(parse_link(f"He{k}(z)"))
    ...     print(found.velocity, found.time)
    2 - 2*u**2 1/2
    8*u*(1 - u**2) -log(u_0)/8
    36*u**2*(1 - u**2) 1/(36*u_0)
    192*u**3*(1 - u**2) 1/(384*u_0**2)
    """
    model = single_index(link)
    s, u = model.overlaps.statistics
    (t,) = model.overlaps.T
    tower = hierarchy(constrained(model, "sphere"))
    velocity = sympy.S.Zero
    values = {"S": sympy.S.One, "U": u, "T": sympy.S.One}
    at_one = {s: 1, t: 1, Statistic("S", 0, 0, sympy.S.Zero).function(model.overlaps): 1}
    for key, coefficient in tower.derivative(Statistic("U", 0, 0, ORDER)).items():
        velocity += coefficient.subs(at_one) * values[key.name]
    velocity = sympy.factor(sympy.simplify(velocity))
    degree, rate = _leading(velocity, u)
    if degree == 0:
        time = 1 / rate
    elif degree == 1:
        time = -sympy.log(START) / rate
    else:
        time = START ** (1 - degree) / ((degree - 1) * rate)
    return SphereEscape(_grouped(velocity, u), degree + 1, rate, time)


def _leading(velocity: sympy.Expr, u: sympy.Symbol) -> tuple[int, sympy.Expr]:
    """The lowest power of u in the velocity, and its coefficient."""
    if velocity == 0:
        raise ModelError("this link is constant on the sphere: it has no information exponent")
    for degree in range(64):
        coefficient = velocity.diff(u, degree).subs(u, 0) / sympy.factorial(degree)
        if coefficient != 0:
            return degree, sympy.simplify(coefficient)
    raise ModelError("this link has no information exponent up to 64")


def _grouped(velocity: sympy.Expr, u: sympy.Symbol) -> sympy.Expr:
    """The velocity with 1 − u² as a factor."""
    return sympy.cancel(velocity / (1 - u**2)) * (1 - u**2)
