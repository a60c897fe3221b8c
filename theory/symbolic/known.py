"""Averages of pairs of links that users know in closed form, beside those of :mod:`theory.symbolic.averages`.

They are told by :func:`numerics.register_average`, which compares them with quadrature first.
"""

import sympy

VARIABLES = sympy.symbols("a b c")
"""Variance of X, variance of Y, covariance."""

_known: dict[tuple[sympy.Expr, sympy.Expr], sympy.Expr] = {}


def remember(f: sympy.Expr, g: sympy.Expr, average: sympy.Expr) -> None:
    """Know ``E[f(X) g(Y)]``, an ``average`` in :data:`VARIABLES`, and with it ``E[g(X) f(Y)]``."""
    a, b, _ = VARIABLES
    _known[g, f] = average.subs({a: b, b: a}, simultaneous=True)
    _known[f, g] = average


def recall(f: sympy.Expr, g: sympy.Expr, covariance: sympy.MatrixBase) -> sympy.Expr | None:
    """``E[f(X) g(Y)]`` for ``(X, Y) ~ N(0, covariance)`` where it was told."""
    if (f, g) not in _known:
        return None
    places = covariance[0, 0], covariance[1, 1], covariance[0, 1]
    return _known[f, g].subs(dict(zip(VARIABLES, places, strict=True)), simultaneous=True)


def has_given() -> bool:
    """Whether any average was told: what is derived then depends on more than the links."""
    return bool(_known)
