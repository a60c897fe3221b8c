"""Values from outside: numbers and SymPy expressions; a text is never evaluated."""

from typing import Any

import sympy


def given(value: Any, name: str) -> sympy.Expr:
    """``value`` as an exact SymPy expression; ``name`` is what the caller calls it.

    Raises TypeError for anything else, a text in particular: SymPy would run it as code.

    >>> given(3, "order"), given(sympy.Symbol("k") + 1, "order")
    (3, k + 1)
    >>> given("k + 1", "order")
    Traceback (most recent call last):
    TypeError: order is 'k + 1': it must be a number or a SymPy expression
    """
    try:
        return sympy.sympify(value, strict=True)
    except sympy.SympifyError:
        raise TypeError(f"{name} is {value!r}: it must be a number or a SymPy expression") from None
