"""Source text of JavaScript functions whose values are arrays of SymPy expressions.

They are those of :mod:`theory.symbolic.source`, for one state at a time: a browser evaluates the flow from
the same derivation as the solver. Arrays are nested, so that ``T[0][1]`` is the energy of teachers 0 and 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import sympy
from sympy.printing.jscode import JavascriptCodePrinter

from theory.symbolic.printing import NonNegative, stable
from theory.symbolic.source import Function, UnboundSymbolError


class UnsupportedFunctionError(ValueError):
    """An expression holds a function that JavaScript does not have."""


class _Printer(JavascriptCodePrinter):  # type: ignore[misc]  # SymPy ships no types
    """JavaScript text of one expression."""

    def __init__(self) -> None:
        super().__init__({"human": False})

    def _print_NonNegative(self, expr: NonNegative) -> str:
        return f"Math.max({self._print(expr.args[0])}, 0)"


def script(function: Function) -> str:
    """The text of the function in JavaScript.

    One output is returned as it is, several as an object by their names.

    Raises UnboundSymbolError as :meth:`Function.source` does, and UnsupportedFunctionError.

    >>> from theory.symbolic.source import Output
    >>> x = sympy.symbols("s u")
    >>> squares = Output("value", sympy.Array([x[0] ** 2 / 3, x[1]]))
    >>> print(script(Function("squares", "Return squares.\\nOf s.", {"x": sympy.Array(x)}, [squares])))
    /** Return squares.
     * Of s. */
    function squares(x) {
      const s = x[0];
      const u = x[1];
      return [(1/3)*Math.pow(s, 2), u];
    }
    """
    function = _renamed(function)
    entries = [stable(entry) for output in function.outputs for entry in sympy.flatten(output.entries)]
    shared, reduced = sympy.cse(entries, symbols=sympy.numbered_symbols("c"))
    lines = [f"const {name} = {place};" for name, place in _bindings(function, entries)]
    lines += [f"const {name} = {_text(function, value)};" for name, value in shared]
    values = iter(reduced)
    texts = {output.name: _nested(function, output.entries, values) for output in function.outputs}
    several = ", ".join(f"{name}: {text}" for name, text in texts.items())
    lines.append(f"return {f'{{ {several} }}' if len(texts) > 1 else next(iter(texts.values()))};")
    summary = function.summary.replace("(...)", "number").replace(", ...", "").replace("*/", "* /")
    comment = "\n * ".join(summary.splitlines())
    body = "\n".join(f"  {line}" for line in lines)
    return f"/** {comment} */\nfunction {function.name}({', '.join(function.arguments)}) {{\n{body}\n}}"


def _renamed(function: Function) -> Function:
    """The function with symbols that bear the name of an argument named otherwise: JavaScript shadows it."""
    taken = {name: sympy.Symbol(f"{name}_") for name in function.arguments}
    return replace(
        function,
        arguments={name: symbols.subs(taken) for name, symbols in function.arguments.items()},
        outputs=[replace(output, entries=output.entries.subs(taken)) for output in function.outputs],
    )


def _bindings(function: Function, entries: Sequence[sympy.Expr]) -> Iterator[tuple[str, str]]:
    """Yield the symbols in use, each with the place in the arguments that holds it."""
    used = set().union(*(entry.free_symbols for entry in entries))
    for argument, symbols in function.arguments.items():
        for index in product(*(range(size) for size in symbols.shape)):
            if symbols[index] in used:
                used.remove(symbols[index])
                yield str(symbols[index]), argument + "".join(f"[{place}]" for place in index)
    if used:
        unbound = ", ".join(sorted(str(symbol) for symbol in used))
        raise UnboundSymbolError(f"{function.name} does not receive {unbound}")


def _nested(function: Function, entries: sympy.NDimArray, values: Iterator[sympy.Expr]) -> str:
    """The text of an array, nested like its shape."""
    if not isinstance(entries, sympy.NDimArray) or entries.rank() == 0:
        return _text(function, next(values))
    return f"[{', '.join(_nested(function, part, values) for part in entries)}]"


def _text(function: Function, value: sympy.Expr) -> str:
    """The text of an expression."""
    _, unsupported, text = _Printer().doprint(value)
    if unsupported:
        names = ", ".join(sorted(str(part) for part in unsupported))
        raise UnsupportedFunctionError(f"{function.name} holds {names}, which JavaScript does not have")
    return text
