"""The pair function of two links, all that a model's loss and drift are made of.

For Gaussian inputs every loss is a double sum over pairs of units of ``P(a, b, c) = E[f(X) g(Y)]`` with
``Var X = a``, ``Var Y = b`` and ``Cov(X, Y) = c``; of a unit with itself it is ``E[f(X)²]``. The generated
module holds P with its first and second derivatives, of one pair of links, whatever the numbers of units.
"""

from itertools import combinations_with_replacement

import sympy

from theory.symbolic.models import link_product
from theory.symbolic.source import Function, Output

VARIABLES = sympy.symbols("a b c")
"""Variance of X, variance of Y, covariance."""


def pair_function(f: sympy.Expr, g: sympy.Expr) -> sympy.Expr:
    """Return ``P(a, b, c) = E[f(X) g(Y)]`` in closed form.

    Raises :class:`~theory.symbolic.links.UnknownAverageError` where none is known.

    >>> from theory.symbolic.links import Z
    >>> pair_function(Z**2, Z**2)
    a*b + 2*c**2
    """
    a, b, c = VARIABLES
    return link_product(f, g, sympy.Matrix([[a, c], [c, b]]))


def pair_module(f: sympy.Expr, g: sympy.Expr) -> str:
    """Return the text of a module with the functions ``value``, ``slopes`` and ``curvatures`` of ``x = (a, b,
    c)``, and ``square`` of ``x = (a,)`` where the links are the same.

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
    pair = pair_function(f, g)
    slopes = [pair.diff(x) for x in VARIABLES]
    curvatures = [pair.diff(*pairs) for pairs in combinations_with_replacement(VARIABLES, 2)]
    functions = [
        _function("value", "Return E[f(X) g(Y)].\nx (3, ...) -> (...).", VARIABLES, pair),
        _function(
            "slopes", "Return its derivatives by a, b and c.\nx (3, ...) -> (3, ...).", VARIABLES, slopes
        ),
        _function(
            "curvatures",
            "Return those by aa, ab, ac, bb, bc and cc.\nx (3, ...) -> (6, ...).",
            VARIABLES,
            curvatures,
        ),
    ]
    if f == g:
        a = VARIABLES[0]
        square = link_product(f, f, sympy.Matrix([[a, a], [a, a]]))
        functions.append(
            _function(
                "square",
                "Return E[f(X)^2] and its two derivatives.\nx (1, ...) -> (3, ...).",
                (a,),
                [square, square.diff(a), square.diff(a, 2)],
            )
        )
    return "import numpy as np\n\n\n" + "\n\n\n".join(functions) + "\n"


def _function(
    name: str, summary: str, variables: tuple[sympy.Symbol, ...], value: sympy.Expr | list[sympy.Expr]
) -> str:
    written = [entry.doit() for entry in value] if isinstance(value, list) else value.doit()
    return Function(
        name, summary, {"x": sympy.Array(variables)}, [Output("value", sympy.Array(written))]
    ).source()
