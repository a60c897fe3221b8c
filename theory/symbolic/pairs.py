"""The pair function of two links, all that a model's loss and drift are made of.

For Gaussian inputs every loss is a double sum over pairs of units of ``P(a, b, c) = E[f(X) g(Y)]`` with
``Var X = a``, ``Var Y = b`` and ``Cov(X, Y) = c``; of a unit with itself it is ``E[f(X)²]``. The generated
module holds P with its first and second derivatives, of one pair of links, whatever the numbers of units.
"""

from collections.abc import Callable

import sympy

from theory.kept import kept
from theory.symbolic.averages import without_poles
from theory.symbolic.known import VARIABLES, has_given
from theory.symbolic.links import has_kink
from theory.symbolic.models import link_product
from theory.symbolic.source import Function, Output


def pair_function(f: sympy.Expr, g: sympy.Expr) -> sympy.Expr:
    """``P(a, b, c) = E[f(X) g(Y)]`` in closed form.

    Raises :class:`~theory.symbolic.links.UnknownAverageError` where none is known.

    >>> from theory.symbolic.links import Z
    >>> pair_function(Z**2, Z**2)
    a*b + 2*c**2
    """
    a, b, c = VARIABLES
    return link_product(f, g, sympy.Matrix([[a, c], [c, b]]))


def pair_derivative(f: sympy.Expr, g: sympy.Expr, *by: sympy.Symbol) -> sympy.Expr:
    """A derivative of the pair function, without terms that only seem to be singular at ``c² = ab``.

    >>> from theory.symbolic.links import Z
    >>> pair_derivative(Z**2, Z**2, VARIABLES[2])
    4*c
    """
    return _derivative(pair_function(f, g), has_kink(f) and has_kink(g), *by)


def _derivative(pair: sympy.Expr, kinked: bool, *by: sympy.Symbol) -> sympy.Expr:
    found = pair.diff(*by)
    return without_poles(found, *VARIABLES) if kinked else found


def pair_module(f: sympy.Expr, g: sympy.Expr) -> str:
    """The text of a module with the functions ``value``, ``slopes`` and ``curvatures`` of
    ``x = (a, b, c)`` and, where the links are the same, ``square``, ``square_slope`` and
    ``square_curvature`` of ``x = (a,)``.

    >>> from theory.symbolic.links import Z
    >>> print("\\n".join(pair_module(Z**2, Z**2).splitlines()[3:13]))
    def value(x: np.ndarray) -> np.ndarray:
        \"\"\"Return E[f(X) g(Y)].
    <BLANKLINE>
        x (3, ...) -> (...).
        \"\"\"
        a = x[0]
        b = x[1]
        c = x[2]
        value: np.ndarray = a * b + 2 * c**2
        return value
    """
    content = f"pair {sympy.srepr((f, g))}"
    return _pair_module(f, g) if has_given() else kept(content, lambda: _pair_module(f, g))


def _pair_module(f: sympy.Expr, g: sympy.Expr) -> str:
    a = VARIABLES[0]
    square = link_product(f, f, sympy.Matrix([[a, a], [a, a]])) if f == g else None
    pair, kinked = pair_function(f, g), has_kink(f) and has_kink(g)
    return _module(pair, lambda *by: _derivative(pair, kinked, *by), square)


def average_module(average: sympy.Expr, alike: bool) -> str:
    """The same of an ``average`` in :data:`VARIABLES`, of a link with itself where ``alike``."""
    a, b, c = VARIABLES
    square = average.subs({b: a, c: a}, simultaneous=True) if alike else None
    return _module(average, lambda *by: average.diff(*by), square)


def _module(pair: sympy.Expr, derivative: Callable[..., sympy.Expr], square: sympy.Expr | None) -> str:
    a, b, c = VARIABLES
    seconds = [derivative(*by) for by in ((a, a), (a, b), (a, c), (b, c), (c, c))]
    functions = [
        _function("value", "Return E[f(X) g(Y)].\nx (3, ...) -> (...).", pair),
        _function("slopes", "Return P_a and P_c.\nx (3, ...) -> (2, ...).", [derivative(a), derivative(c)]),
        _function("curvatures", "Return P_aa, P_ab, P_ac, P_bc and P_cc.\nx (3, ...) -> (5, ...).", seconds),
    ]
    if square is not None:
        for name, order in (("square", 0), ("square_slope", 1), ("square_curvature", 2)):
            summary = f"Return the derivative of E[f(X)^2] of order {order}.\nx (1, ...) -> (...)."
            functions.append(_function(name, summary, square.diff(a, order), (a,)))
    return "import numpy as np\n\n\n" + "\n\n\n".join(functions) + "\n"


def _function(
    name: str,
    summary: str,
    value: sympy.Expr | list[sympy.Expr],
    variables: tuple[sympy.Symbol, ...] = VARIABLES,
) -> str:
    written = [entry.doit() for entry in value] if isinstance(value, list) else value.doit()
    return Function(
        name, summary, {"x": sympy.Array(variables)}, [Output("value", sympy.Array(written))]
    ).source()
