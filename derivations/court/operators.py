"""What mathematicians write and SymPy has no name for."""

from typing import Any

import sympy


class ModeSum(sympy.Expr):  # type: ignore[misc]  # SymPy ships no types
    r"""Σ over one or more indices that run over all modes, however many there are.

    >>> i = sympy.Symbol("i")
    >>> w = sympy.IndexedBase("w")
    >>> sympy.latex(8 * ModeSum(w[i] ** 2, i))
    '8 \\sum_{i} {w}_{i}^{2}'
    """

    def __new__(cls, body: Any, *indices: sympy.Symbol) -> "ModeSum":
        """The sum of ``body`` over the ``indices``."""
        return super().__new__(cls, sympy.sympify(body, strict=True), *indices)

    @property
    def free_symbols(self) -> set[sympy.Symbol]:
        """The symbols of the body but the indices."""
        body, *indices = self.args
        return body.free_symbols - set(indices)

    def _latex(self, printer: Any) -> str:
        body, *indices = self.args
        printed = printer._print(body)
        inner = rf"\left({printed}\right)" if body.is_Add else printed
        return rf"\sum_{{{', '.join(map(printer._print, indices))}}} {inner}"
