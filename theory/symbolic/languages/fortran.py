"""Derived functions as a module of Fortran 2008: subroutines with the outputs last, and functions."""

import re
from textwrap import wrap

import sympy
from sympy.printing.fortran import FCodePrinter

from theory.symbolic.languages.body import Index, Writer, body, indented, notes, numbers, summary
from theory.symbolic.printing import NonNegative
from theory.symbolic.source import WIDTH, Code, Function


class _Printer(FCodePrinter):  # type: ignore[misc]  # SymPy ships no types
    """Fortran text of one expression; numbers such as pi, which Fortran has no names for, are written out."""

    def __init__(self) -> None:
        super().__init__({"human": False, "source_format": "free", "standard": 2008})

    def _wrap_fortran(self, lines: list[str]) -> list[str]:
        return lines  # statements are wrapped as a whole

    def _print_NonNegative(self, expr: NonNegative) -> str:
        return f"max({self._print(expr.args[0])}, 0.0d0)"

    def _print_NumberSymbol(self, expr: sympy.NumberSymbol) -> str:
        return f"{expr.evalf(17)}d0"

    _print_Pi = _print_Exp1 = _print_NumberSymbol


def fortran_module(code: Code) -> str:
    """The text of a file with the module ``right_hand_sides`` of functions and constants."""
    comment = [f"! {line}" for line in notes(code)]
    constants = [_constant(name, value) for name, value in numbers(code).items()]
    head = ["module right_hand_sides", *indented(["implicit none", *constants]), "contains"]
    functions = "\n\n".join("\n".join(indented(_function(function))) for function in code.functions)
    return "\n".join([*comment, "", *head, "", functions, "", "end module right_hand_sides"]) + "\n"


def _constant(name: str, value: float) -> str:
    if isinstance(value, bool):
        return f"logical, parameter :: {name} = .{str(value).lower()}."
    if isinstance(value, int):
        return f"integer, parameter :: {name} = {value}"
    return f"double precision, parameter :: {name} = {f'{value:.16e}'.replace('e', 'd')}"


def _function(function: Function) -> list[str]:
    found = body(function, folded=True)
    function, write = found.function, Writer("Fortran", _Printer(), found.function)
    declared = [
        f"double precision, intent(in) :: {name}{_extent(array.shape)}"
        for name, array in function.arguments.items()
    ]
    names = [str(symbol) for symbol, _, _ in found.places] + [str(name) for name, _ in found.shared]
    lines = [f"{symbol} = {argument}{_place(place)}" for symbol, argument, place in found.places]
    lines += [f"{name} = {write.text(value)}" for name, value in found.shared]
    arguments = list(function.arguments)
    if found.is_scalar:
        kind, ending = "function", f"double precision :: {function.name}"
        declared.append(ending)
        lines.append(f"{function.name} = {write.text(found.values[0][()])}")
    else:
        kind = "subroutine"
        arguments += [output.name for output in function.outputs]
        for output, values in zip(function.outputs, found.values, strict=True):
            declared.append(f"double precision, intent(out) :: {output.name}{_extent(output.entries.shape)}")
            lines += [
                f"{output.name}{_place(place)} = {write.text(value)}" for place, value in values.items()
            ]
    if names:
        declared.append(f"double precision :: {', '.join(names)}")
    inner = [part for line in (*declared, *lines) for part in _continued(line)]
    return [
        *(f"! {line}" for line in summary(function)),
        f"{kind} {function.name}({', '.join(arguments)})",
        *indented(inner),
        f"end {kind} {function.name}",
    ]


def _extent(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"


def _place(place: Index) -> str:
    """The place of an entry, counted from 1."""
    return f"({', '.join(str(n + 1) for n in place)})"


def _continued(line: str) -> list[str]:
    """The line, cut between names and numbers into lines that are continued."""
    spaced = re.sub(r"(?<=[\w)])(\*\*|[*/])(?=[\w(])", r" \1 ", line)
    first, *rest = wrap(spaced, WIDTH - 16, break_long_words=False, break_on_hyphens=False)
    parts = [first, *(f"    {part}" for part in rest)]
    return [*(f"{part} &" for part in parts[:-1]), parts[-1]]
