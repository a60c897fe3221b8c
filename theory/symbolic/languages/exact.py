"""Derived functions for SymPy: exact, of symbols or numbers, with no common subexpressions taken out."""

import sympy
from sympy.printing.str import StrPrinter

from theory.symbolic.languages.body import Body, Index, body, indented, notes, summary
from theory.symbolic.printing import NonNegative
from theory.symbolic.source import Code, assignments


class _Printer(StrPrinter):  # type: ignore[misc]  # SymPy ships no types
    """Python text of one expression, in which fractions stay exact."""

    def _print_Rational(self, expr: sympy.Rational) -> str:
        return f"S({expr.p})/{expr.q}"

    def _print_NonNegative(self, expr: NonNegative) -> str:
        return f"Max({self._print(expr.args[0])}, 0)"


NOTE = "The functions take and return SymPy expressions, exactly; x is a sequence, T a Matrix or an Array."


def exact_module(code: Code) -> str:
    """The text of a module with the functions and the constants."""
    bodies = [body(function, exact=True) for function in code.functions]
    functions = "\n\n\n".join(map(_function, bodies))
    docstring = "\n".join(['"""' + "\n".join(notes(code, NOTE)), '"""'])
    imports = f"from sympy import {', '.join(_names(bodies, functions))}"
    return "\n\n\n".join([f"{docstring}\n\n{imports}\n\n{assignments(code.constants)}", functions]) + "\n"


def _names(bodies: list[Body], text: str) -> list[str]:
    """What the text needs of SymPy."""
    values = [value for found in bodies for part in found.values for value in part.values()]
    parts = set().union(*(value.atoms(sympy.Function, sympy.NumberSymbol) for value in values))
    named = {part.func.__name__ if part.is_Function else str(part) for part in parts}
    further = {name for name in ("Array", "Max", "S", "sqrt") if f"{name}(" in text}
    return sorted((named - {NonNegative.__name__}) | further)


def _function(found: Body) -> str:
    function = found.function
    lines = [
        f"{symbol} = {argument}[{', '.join(map(str, place))}]" for symbol, argument, place in found.places
    ]
    for output, values in zip(function.outputs, found.values, strict=True):
        text = _nested(values, output.entries.shape)
        lines.append(f"{output.name} = {f'Array({text})' if output.entries.rank() else text}")
    lines.append(f"return {', '.join(output.name for output in function.outputs)}")
    first, *rest = summary(function)
    docstring = [f'"""{first}', "", *rest, '"""']
    return "\n".join(
        [f"def {function.name}({', '.join(function.arguments)}):", *indented([*docstring, *lines])]
    )


def _nested(values: dict[Index, sympy.Expr], shape: tuple[int, ...], place: Index = ()) -> str:
    """The text of an array as lists of lists, from its ``place`` on."""
    if len(place) == len(shape):
        return _Printer().doprint(values[place])
    return f"[{', '.join(_nested(values, shape, (*place, n)) for n in range(shape[len(place)]))}]"
