"""Hermite coefficients of a link and its information exponent: how the normalised flow starts.

At unit variance a link is ``f = Σ_k c_k He_k`` with ``c_k = E[f^(k)(X)]/k!``, and with a teacher of
the same kind ``E[f(X) g(Y)] = Σ_k k! c_k c*_k u^k`` at correlation ``u`` (Mehler). So where the student
is normalised to ``s = t = 1`` the drift towards the teacher is ``B = 2 Σ_k k·k! c_k c*_k u^(k−1)``: from
a small ``u(0)`` the overlap moves as ``u̇ ∝ u^(k−1)`` with the information exponent ``k``, the index of the
first non-zero coefficient beyond the constant (Ben Arous, Gheissari and Jagannath, 2021).

Away from ``s = t = 1`` the lower coefficients of the rescaled link return: ``z³ − 3z`` has
information exponent 3, yet ``B = 18(s − 1)(t − 1) + 36u²``. How the flow itself leaves ``w = 0``, where the
variance is small, is another question: see :mod:`~theory.symbolic.escape`.
"""

from itertools import count

import sympy

from theory.expected import Whole, checked
from theory.symbolic.averages import derivative_average
from theory.symbolic.links import Link, link_terms


@checked
def hermite_coefficient(link: Link, index: Whole) -> sympy.Expr:
    """``c_k = E[f(X) He_k(X)]/k!`` for ``X ~ N(0, 1)``.

    >>> from theory.symbolic.links import Z
    >>> [hermite_coefficient(Z**4, k) for k in range(6)]
    [3, 0, 6, 0, 1, 0]
    """
    averages = (
        weight * derivative_average(atom, index, sympy.S.One) for atom, weight in link_terms(link).items()
    )
    return sympy.expand(sympy.Add(*averages) / sympy.factorial(index))


@checked
def information_exponent(link: Link) -> int:
    """The index of the first non-zero Hermite coefficient beyond the constant.

    >>> from theory.symbolic.links import Z
    >>> information_exponent(Z**2), information_exponent(Z**3 - 3 * Z)
    (2, 3)
    """
    return next(index for index in count(1) if hermite_coefficient(link, index) != 0)
