"""Generated modules at any precision: the NumPy text, rewritten for object arrays of mpmath numbers."""

import ast
from typing import ClassVar

HEADER = '''"""{summary}

Arrays have dtype object, hold mpmath numbers and have at least one trailing axis; every operation runs at
mpmath's working precision.
"""

import numpy as np
from mpmath import mp, mpf

arcsin = np.frompyfunc(mp.asin, 1, 1)
arctan2 = np.frompyfunc(mp.atan2, 2, 1)
exp = np.frompyfunc(mp.exp, 1, 1)
sin = np.frompyfunc(mp.sin, 1, 1)
cos = np.frompyfunc(mp.cos, 1, 1)
sinh = np.frompyfunc(mp.sinh, 1, 1)
cosh = np.frompyfunc(mp.cosh, 1, 1)
sqrt = np.frompyfunc(mp.sqrt, 1, 1)
'''


def at_any_precision(text: str) -> str:
    """The module that computes with mpmath what the generated NumPy module ``text`` computes.

    Polynomials need nothing new, since NumPy hands the arithmetic of objects on to them; elementary
    functions become mpmath's, π is evaluated when used, and quotients of integers stay exact.

    >>> from theory.symbolic.codegen import generate_module
    >>> from theory.symbolic.models import phase_retrieval
    >>> space = {}
    >>> exec(at_any_precision(generate_module(phase_retrieval())), space)
    >>> import numpy as np, mpmath
    >>> with mpmath.mp.workdps(30):
    ...     print(space["barrier"](np.array([[mpmath.mpf(1)]])))
    2.66666666666666666666666666667
    """
    module = ast.parse(text)
    summary = str(ast.get_docstring(module)).split("\n", 1)[0]
    kept = [node for node in module.body[1:] if not isinstance(node, ast.Import)]
    functions = [ast.unparse(ast.fix_missing_locations(_Rewriter().visit(node))) for node in kept]
    return HEADER.format(summary=summary) + "\n\n" + "\n\n\n".join(functions) + "\n"


class _Rewriter(ast.NodeTransformer):
    """Elementary functions and constants of NumPy to those of mpmath."""

    FUNCTIONS: ClassVar = {"arcsin", "arctan2", "exp", "sin", "cos", "sinh", "cosh", "sqrt"}

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """``np.sqrt`` is ``sqrt`` of the header, ``np.pi`` is mpmath's; the rest stays."""
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "np":
            if node.attr in self.FUNCTIONS:
                return ast.Name(node.attr)
            if node.attr == "pi":
                return ast.Attribute(ast.Name("mp"), "pi")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """A quotient of which the numerator is an integer starts from the same mpmath number."""
        self.generic_visit(node)
        constant = not any(isinstance(leaf, ast.Name) for leaf in ast.walk(node.left))
        if isinstance(node.op, ast.Div) and constant:
            return ast.BinOp(ast.Call(ast.Name("mpf"), [node.left], []), ast.Div(), node.right)
        return node
