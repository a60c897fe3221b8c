"""Closed forms of averages that users bring: compared with quadrature, then used like those of our own."""

from itertools import product
from typing import Annotated, Any

import numpy as np

from numerics.arrays import Array
from numerics.generated import load_module
from numerics.pairs.functions import (
    ClosedFunction,
    GivenFunction,
    Link,
    PairFunction,
    callable_link,
    is_link,
    read_link,
    remember_function,
    summed_function,
)
from theory.expected import Only, checked

VARIANCES, CORRELATIONS = (0.3, 0.9, 1.7), (-0.8, -0.3, 0.1, 0.7)
"""Where a closed form is compared with quadrature, which is exact to rounding there."""


NAMES = {
    "value": ("P",),
    "slopes": ("P_a", "P_c"),
    "curvatures": ("P_aa", "P_ab", "P_ac", "P_bc", "P_cc"),
}

Average = Annotated[
    Any,
    Only(
        "an expression of SymPy in the symbols a, b and c, or an object with value, slopes and curvatures",
        lambda average: hasattr(average, "free_symbols") or all(hasattr(average, name) for name in NAMES),
    ),
]


OneLink = Annotated[
    Any, Only("a text such as 'tanh(z)', a SymPy expression in z or a function of arrays", is_link)
]


@checked
def register_average(link: OneLink, teacher_link: OneLink, average: Average) -> None:
    """Know ``P(a, b, c) = E[f(X) g(Y)]`` of two links in closed form, for all models made from now on.

    ``link`` f and ``teacher_link`` g are as :func:`numerics.network` takes them. ``average`` is an expression
    of SymPy in ``sympy.symbols("a b c")``: Var X, Var Y and Cov(X, Y). Then, where the links are expressions
    too, symbolic models of them are derived, printed and generated as well, and E[g(X) f(Y)] is known, too.
    Or it is an object of the form of :class:`numerics.pairs.functions.PairFunction`, whose ``value``,
    ``slopes`` and ``curvatures`` are functions of arrays.

    Raises ValueError where P, or a derivative of it up to the second, is not that of the links: it is
    compared with quadrature at variances of 0.3 to 1.7 and correlations of −0.8 to 0.7. Quadrature takes
    links that are smooth, or smooth on either side of 0.

    >>> import sympy
    >>> from theory.symbolic import Z, single_index
    >>> a, b, c = sympy.symbols("a b c")
    >>> bump = sympy.exp(-Z**2 / 2)
    >>> register_average(bump, bump, 1 / sympy.sqrt((1 + a) * (1 + b) - c**2))
    >>> single_index(bump).B
    Matrix([[2*u/(-u**2 + (s + 1)*(t + 1))**(3/2)]])
    """
    f, g = read_link(link), read_link(teacher_link)
    if not hasattr(average, "free_symbols"):
        check_average(f, g, GivenFunction(average, True))
        remember_function(f, g, GivenFunction(average, _is_smooth(average)))
        return
    from theory.symbolic.known import VARIABLES, remember

    a, b, _c = VARIABLES
    strange = average.free_symbols - set(VARIABLES)
    if strange:
        raise ValueError(f"average holds {sorted(map(str, strange))}: it must be in a, b and c")
    swapped = average.subs({a: b, b: a}, simultaneous=True)
    functions = [_of_expression(each, f == g) for each in (average, swapped)]
    check_average(f, g, functions[0])
    if not (callable_link(f) or callable_link(g)):
        remember(f, g, average)
    for pair, function in zip(((g, f), (f, g)), reversed(functions), strict=True):
        remember_function(*pair, function)


def _of_expression(average: Any, alike: bool) -> PairFunction:
    from theory.symbolic.pairs import average_module

    module = load_module(average_module(average, alike), "pair")
    return ClosedFunction(module, smooth=_is_smooth(ClosedFunction(module)))


def _is_smooth(average: Any) -> bool:
    """Whether the second derivatives are finite where X and Y are parallel."""
    one = np.ones(1)
    with np.errstate(all="ignore"):
        return all(np.isfinite(part).all() for part in average.curvatures(one, one, one))


def check_average(f: Link, g: Link, function: PairFunction) -> None:
    """Raise ValueError where a pair function is not that of the links, and say where and by how much."""
    a, b, rho = (np.array(part) for part in zip(*product(VARIANCES, VARIANCES, CORRELATIONS), strict=True))
    c = rho * np.sqrt(a * b)
    sums, squares = summed_function(f, g), [summed_function(link, link) for link in (f, g)]
    size = np.sqrt(squares[0].value(a, a, a) * squares[1].value(b, b, b))
    for kind, names in NAMES.items():
        found, expected = (
            np.broadcast_to(getattr(each, kind)(a, b, c), (*(len(names),) * (kind != "value"), len(a)))
            for each in (function, sums)
        )
        for name, ours, theirs in zip(names, np.atleast_2d(found), np.atleast_2d(expected), strict=True):
            _compare(name, ours, theirs, size * np.maximum(1.0, np.abs(theirs / size).max()), (a, b, c))


def _compare(
    name: str, found: Array, expected: Array, size: Array, place: tuple[Array, Array, Array]
) -> None:
    off = np.abs(found - expected) / size
    worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    if not off[worst] <= 1e-9:  # of √(E f² E g²), and of its derivatives: the deviation that is allowed
        a, b, c = (float(x[worst]) for x in place)
        raise ValueError(
            f"{name} is not that of these links: at a = {a:g}, b = {b:g}, c = {c:g} it is "
            f"{found[worst]:.10g}, where quadrature gives {expected[worst]:.10g}, "
            f"a deviation of {off[worst]:.1e}"
        )
