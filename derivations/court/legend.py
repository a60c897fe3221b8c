"""The formulas of a legend: what is printed is an expression, and its values are those that are drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from derivations.court.checks import means
from derivations.court.statement import BrokenStepError, Clause, Statement, state
from numerics.arrays import Array

Names = Mapping[Any, Any]
"""What the names of a formula stand for: numbers, arrays over the picture, callables."""

Given = float | Sequence[float] | Array
"""A number that a picture is computed with, or several."""


@dataclass(frozen=True, eq=False)
class Law:
    """A formula between words: a hole ``{}`` in the ``words`` takes it; ``names`` give its symbols values.

    ``value`` is what the picture computes with where the formula names a part, not what is drawn; ``others``
    are further points with its value there.
    """

    expression: sympy.Expr
    names: Names
    words: str = "{}"
    value: float | Array | None = None
    others: tuple[tuple[Names, float], ...] = ()

    @property
    def label(self) -> str:
        """The words with the formula, as a legend prints it."""
        return self.words.replace("{}", f"${self.printed(self.expression)}$", 1)

    @staticmethod
    def printed(expression: sympy.Expr) -> str:
        """LaTeX that Matplotlib can typeset.

        >>> Law.printed(sympy.Rational(8, 3) * sympy.Symbol("x"))
        '\\\\frac{8}{3} x'
        """
        return state(expression, check=_unchecked).latex.replace(r"\tfrac", r"\frac")

    def drawn_as(self, values: Array) -> Statement:
        """The formula as a statement: its values are these; nan is not compared.

        >>> x = sympy.Symbol("x")
        >>> law, places = Law(2 * x**2, {x: np.array([1.0, 3.0])}), np.array([2.0, 18.0])
        >>> law.drawn_as(places).checked
        'the values that are drawn'
        >>> for changed in law.drawn_as(places).nudged():
        ...     try:
        ...         print(changed.latex, changed.checked)
        ...     except BrokenStepError as reason:
        ...         print(reason)
        101*x**2/50 is not what is drawn
        2*x**3 is not what is drawn
        """

        def check(clauses: tuple[Clause, ...]) -> str:
            (expression,) = clauses[0].sides
            drawn = values if self.value is None else self.value
            for names, expected in ((self.names, drawn), *self.others):
                if not _same(evaluated(expression, names), expected):
                    raise BrokenStepError(f"{expression} is not what is drawn")
            return "the values that are drawn"

        return state(self.expression, check=check)


def _same(found: Array, expected: float | Array) -> bool:
    """Whether the values are those expected, where these are numbers."""
    found, expected = np.broadcast_arrays(found, expected)
    compared = ~np.isnan(expected)
    rounding = 1e-12 * np.abs(expected[compared]).max()  # of the largest value: differences are taken in some
    # within this share of itself a drawn value is that of the formula printed beside it
    return bool(np.allclose(found[compared], expected[compared], rtol=1e-8, atol=rounding))


def evaluated(expression: sympy.Expr, names: Names) -> Array:
    """The values of an expression over arrays.

    >>> x, y = sympy.symbols("x y")
    >>> evaluated(sympy.sqrt(x) * y, {x: np.array([4.0, 9.0]), y: 2})
    array([4., 6.])
    """
    arrays = {name: sympy.Dummy(real=True) for name, value in names.items() if isinstance(value, np.ndarray)}
    others = {name: value for name, value in names.items() if name not in arrays}
    body = means(expression, {**others, **arrays})
    if body.has(sympy.zoo, sympy.nan):
        raise BrokenStepError(f"{expression} has no value")
    if not arrays:
        return np.asarray(float(sympy.N(body)))
    function = sympy.lambdify(list(arrays.values()), body, ["scipy", "numpy"])
    return np.asarray(function(*(names[name] for name in arrays)), float)


def given(values: Mapping[str, Given]) -> str:
    """The numbers that a picture is computed with, from the numbers themselves.

    >>> given({"a": 2, "d": 10**6, r"\\varepsilon": 0.9, "w(0)": (0.5, 2)})
    '$a = 2$, $d = 10^{6}$, $\\\\varepsilon = 0.9$, $w(0) = (0.5, 2)$'
    """
    return ", ".join(f"${name} = {_shown(value)}$" for name, value in values.items())


def _shown(value: Given) -> str:
    """A number; a power of ten from 1000 on and below 1/100 as one."""
    if isinstance(value, Sequence | np.ndarray):
        return f"({', '.join(map(_shown, value))})"
    if isinstance(value, sympy.Rational) and not value.is_Integer:
        return rf"\frac{{{value.p}}}{{{value.q}}}"
    if np.isinf(float(value)):
        return r"\infty"
    mantissa, _, power = f"{float(value):e}".partition("e")
    if float(mantissa) == 1 and not -3 < int(power) < 3:
        return f"10^{{{int(power)}}}"
    return f"{float(value):g}"


def _unchecked(clauses: tuple[Clause, ...]) -> str:
    raise BrokenStepError("printed only")


def named(*latex: str) -> Any:
    """A symbol that is printed as it is spelled, or several.

    >>> [Law.printed(name**2) for name in named("w(0)", r"\\|w_1\\|_Q")]
    ['{w(0)}^{2}', '{\\\\|w_1\\\\|_Q}^{2}']
    """
    symbols = [sympy.Symbol(f"{{{text}}}", real=True) for text in latex]
    return symbols[0] if len(symbols) == 1 else symbols
