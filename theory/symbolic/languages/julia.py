"""Derived functions in Julia: generic in the type of the numbers, so that dual and big ones pass."""

import json
import re

import sympy
from sympy.printing.julia import JuliaCodePrinter

from theory.symbolic.languages.body import Index, Writer, body, indented, notes, summary
from theory.symbolic.printing import NonNegative
from theory.symbolic.source import Code, Function


class _Printer(JuliaCodePrinter):  # type: ignore[misc]  # SymPy ships no types
    """Julia text of one expression; SymPy's is for arrays, ours for numbers."""

    def __init__(self) -> None:
        super().__init__({"human": False})

    def doprint(self, expr: sympy.Expr, assign_to: None = None) -> tuple[set[object], set[object], str]:
        constants, unsupported, text = super().doprint(expr, assign_to)
        return constants, unsupported, re.sub(r" ?\.([*/^]) ?", r"\1", text)

    def _print_NonNegative(self, expr: NonNegative) -> str:
        value = self._print(expr.args[0])
        return f"max({value}, 0)"

    def _print_atan2(self, expr: sympy.atan2) -> str:
        return f"atan({', '.join(map(self._print, expr.args))})"


def julia_module(code: Code) -> str:
    """The text of a file with the functions and the constants."""
    comment = "\n".join(f"# {line}" for line in notes(code))
    constants = "\n".join(f"const {name} = {json.dumps(value)}" for name, value in code.constants.items())
    return "\n\n".join([comment, constants, *map(_function, code.functions)]) + "\n"


def _function(function: Function) -> str:
    found = body(function)
    function, write = found.function, Writer("Julia", _Printer(), found.function)
    types = ", ".join(f"eltype({name})" for name in function.arguments)
    lines = [f"{symbol} = {argument}{_index(place)}" for symbol, argument, place in found.places]
    lines += [f"{name} = {write.text(value)}" for name, value in found.shared]
    if found.is_scalar:
        lines.append(f"return {write.text(found.values[0][()])}")
    else:
        lines.append(f"number = float(promote_type({types}))")
        for output, values in zip(function.outputs, found.values, strict=True):
            lines.append(f"{output.name} = zeros(number, {', '.join(map(str, output.entries.shape))})")
            lines += [
                f"{output.name}{_index(place)} = {write.text(value)}"
                for place, value in values.items()
                if value != 0
            ]
        lines.append(f"return {', '.join(output.name for output in function.outputs)}")
    head = [f"# {line}" for line in summary(function)]
    return "\n".join(
        [*head, f"function {function.name}({', '.join(function.arguments)})", *indented(lines), "end"]
    )


def _index(place: Index) -> str:
    """The place of an entry, counted from 1."""
    return f"[{', '.join(str(n + 1) for n in place)}]"
