"""Derived functions in C99: arrays are flat, in the order of C, and outputs are the last arguments."""

from math import prod

import sympy
from sympy.printing.c import C99CodePrinter

from theory.symbolic.languages.body import Index, Writer, body, indented, notes, numbers, summary
from theory.symbolic.printing import NonNegative
from theory.symbolic.source import Code, Function

NOTE = "Arrays are flat, their last index running first: T[M*m + n], A[K*j + k], B[M*j + m]."


class _Printer(C99CodePrinter):  # type: ignore[misc]  # SymPy ships no types
    """C text of one expression; numbers such as pi, which C99 has no names for, are written out."""

    def __init__(self) -> None:
        super().__init__({"human": False, "math_macros": {}})

    def _print_NonNegative(self, expr: NonNegative) -> str:
        return f"fmax({self._print(expr.args[0])}, 0)"

    def _print_NumberSymbol(self, expr: sympy.NumberSymbol) -> str:
        return str(expr.evalf(17))

    _print_Pi = _print_Exp1 = _print_NumberSymbol


def c_source(code: Code) -> str:
    """The text of a file with the functions and the constants."""
    comment = "/* " + "\n   ".join(line.replace("*/", "* /") for line in notes(code, NOTE)) + " */"
    constants = "\n".join(
        f"#define {name} {int(value) if isinstance(value, bool) else value}"
        for name, value in numbers(code).items()
    )
    return "\n\n".join([comment, "#include <math.h>", constants, *map(_function, code.functions)]) + "\n"


def _function(function: Function) -> str:
    found = body(function)
    function, write = found.function, Writer("C", _Printer(), found.function)
    given = [f"const double *{name}" for name in function.arguments]
    places = [
        f"const double {symbol} = {argument}[{_offset(place, function.arguments[argument].shape)}];"
        for symbol, argument, place in found.places
    ]
    used = {argument for _, argument, _ in found.places}
    lines = [f"(void){name};" for name in function.arguments if name not in used]
    lines = [
        *places,
        *lines,
        *(f"const double {name} = {write.text(value)};" for name, value in found.shared),
    ]
    if found.is_scalar:
        head = f"double {function.name}({', '.join(given)})"
        lines.append(f"return {write.text(found.values[0][()])};")
    else:
        taken = [f"double *{output.name}" for output in function.outputs]
        head = f"void {function.name}({', '.join([*given, *taken])})"
        for output, values in zip(function.outputs, found.values, strict=True):
            lines += [
                f"{output.name}[{_offset(place, output.entries.shape)}] = {write.text(value)};"
                for place, value in values.items()
            ]
    comment = "\n   ".join(line.replace("*/", "* /") for line in summary(function))
    return "\n".join([f"/* {comment} */", f"{head}\n{{", *indented(lines), "}"])


def _offset(place: Index, shape: tuple[int, ...]) -> int:
    """The place of an entry in the flat array.

    >>> _offset((1, 0, 2), (2, 3, 4))
    14
    """
    return sum(n * prod(shape[axis + 1 :]) for axis, n in enumerate(place))
