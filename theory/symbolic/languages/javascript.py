"""Derived functions in JavaScript, for a browser: arrays are nested, ``T[0][1]`` of teachers 0 and 1."""

import json

from sympy.printing.jscode import JavascriptCodePrinter

from theory.symbolic.languages.body import Writer, body, indented, notes, summary
from theory.symbolic.printing import NonNegative
from theory.symbolic.source import Code, Function


class _Printer(JavascriptCodePrinter):  # type: ignore[misc]  # SymPy ships no types
    """JavaScript text of one expression."""

    def __init__(self) -> None:
        super().__init__({"human": False})

    def _print_NonNegative(self, expr: NonNegative) -> str:
        return f"Math.max({self._print(expr.args[0])}, 0)"


def script(code: Code) -> str:
    """The text of a script with the functions and the constants."""
    comment = "\n".join(f"// {line}" for line in notes(code))
    constants = "\n".join(f"const {name} = {json.dumps(value)};" for name, value in code.constants.items())
    return "\n\n".join([comment, constants, *map(_function, code.functions)]) + "\n"


def _function(function: Function) -> str:
    """The text of a function: one output is returned as it is, several as an object by their names.

    >>> import sympy
    >>> from theory.symbolic.source import Output
    >>> x = sympy.symbols("s u")
    >>> squares = Output("value", sympy.Array([x[0] ** 2 / 3, x[1]]))
    >>> print(_function(Function("squares", "Return squares.\\nOf s.", {"x": sympy.Array(x)}, [squares])))
    /** Return squares.
     * Of s. */
    function squares(x) {
      const s = x[0];
      const u = x[1];
      return [(1/3)*Math.pow(s, 2), u];
    }
    """
    found = body(function)
    function, write = found.function, Writer("JavaScript", _Printer(), found.function)
    lines = [
        f"const {symbol} = {argument}{''.join(f'[{n}]' for n in place)};"
        for symbol, argument, place in found.places
    ]
    lines += [f"const {name} = {write.text(value)};" for name, value in found.shared]
    texts = {
        output.name: write.nested(values, output.entries.shape)
        for output, values in zip(function.outputs, found.values, strict=True)
    }
    several = ", ".join(f"{name}: {text}" for name, text in texts.items())
    lines.append(f"return {f'{{ {several} }}' if len(texts) > 1 else next(iter(texts.values()))};")
    comment = "\n * ".join(line.replace("*/", "* /") for line in summary(function))
    head = f"/** {comment} */\nfunction {function.name}({', '.join(function.arguments)}) {{"
    return "\n".join([head, *indented(lines, 2), "}"])
