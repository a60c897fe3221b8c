"""Source text of NumPy functions whose values are arrays of SymPy expressions.

Common subexpressions are shared within each function; the text is laid out as ``ruff format`` does.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import sympy

WIDTH = 110
"""Longest line of the generated text."""


class UnboundSymbolError(ValueError):
    """An expression holds a symbol that the function to be generated does not receive."""


@dataclass(frozen=True)
class Output:
    """A value that a generated function returns: its name there, its entries and its type.

    The generated array has the shape of ``entries`` followed by the broadcast axes.
    """

    name: str
    entries: sympy.NDimArray
    type: str = "np.ndarray"


@dataclass(frozen=True)
class Function:
    """A function to be generated.

    ``arguments`` holds, for each argument, its name and the symbols that its entries bind; the
    trailing axes of the first one are broadcast. ``summary``, of two lines or more, becomes the
    docstring.
    """

    name: str
    summary: str
    arguments: dict[str, sympy.NDimArray]
    outputs: Sequence[Output]

    def source(self) -> str:
        """Return the text of the function, or raise :class:`UnboundSymbolError`."""
        entries = [entry for output in self.outputs for entry in sympy.flatten(output.entries)]
        shared, reduced = sympy.cse(entries, symbols=sympy.numbered_symbols("c"))
        lines = [f"{symbol} = {place}" for symbol, place in self._bindings(entries)]
        lines += [line for symbol, value in shared for line in _assignment(str(symbol), value)]
        values = iter(reduced)
        for output in self.outputs:
            lines += _filling(output, values, next(iter(self.arguments)))
        lines.append(f"return {', '.join(output.name for output in self.outputs)}")
        return "\n".join([*self._head(), *(f"    {line}" for line in lines)])

    def _head(self) -> list[str]:
        arguments = ", ".join(f"{name}: np.ndarray" for name in self.arguments)
        returned = ", ".join(output.type for output in self.outputs)
        if len(self.outputs) > 1:
            returned = f"tuple[{returned}]"
        first, *rest = self.summary.splitlines()
        docstring = [f'"""{first}', "", *rest, '"""']
        return [
            f"def {self.name}({arguments}) -> {returned}:",
            *(f"    {line}".rstrip() for line in docstring),
        ]

    def _bindings(self, entries: Sequence[sympy.Expr]) -> Iterator[tuple[sympy.Symbol, str]]:
        """Yield the symbols in use, each with the place in the arguments that holds it."""
        used = set().union(*(entry.free_symbols for entry in entries))
        for argument, symbols in self.arguments.items():
            for place, symbol in _entries(symbols):
                if symbol in used:
                    used.remove(symbol)
                    yield symbol, f"{argument}[{place}]"
        if used:
            unbound = ", ".join(sorted(str(symbol) for symbol in used))
            raise UnboundSymbolError(f"{self.name} does not receive {unbound}")


def _entries(array: sympy.NDimArray) -> Iterator[tuple[str, sympy.Expr]]:
    """Yield the entries of an array with their indices, as written between brackets."""
    for index in product(*(range(size) for size in array.shape)):
        yield ", ".join(str(i) for i in index), array[index]


def _filling(output: Output, values: Iterator[sympy.Expr], like: str) -> Iterator[str]:
    """Yield the statements that allocate an output and fill in its entries."""
    if output.entries.rank() == 0:
        yield from _assignment(f"{output.name}: {output.type}", next(values))
        return
    shape = ", ".join(str(size) for size in output.entries.shape)
    dense = all(entry != 0 for _, entry in _entries(output.entries))
    allocate = "empty" if dense else "zeros"
    yield f"{output.name} = np.{allocate}(({shape}, *{like}.shape[1:]), {like}.dtype)"
    for place, _ in _entries(output.entries):
        value = next(values)
        if value != 0:
            yield from _assignment(f"{output.name}[{place}]", value)


def _assignment(target: str, value: sympy.Expr) -> list[str]:
    """Return the lines of an assignment, one term a line where it would be too long for one."""
    tree = ast.parse(sympy.pycode(value).replace("math.", "np."), mode="eval").body
    line = f"{target} = {_unparse(tree)}"
    if len(line) <= WIDTH - 4:
        return [line]
    return [f"{target} = (", *(f"    {term}" for term in _terms(tree)), ")"]


def _terms(tree: ast.expr) -> list[str]:
    """Return the terms of a sum, each but the first with its sign."""
    match tree:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            signed = ast.BinOp(ast.Name(""), sign, right)
            return [*_terms(left), _unparse(signed).strip()]
    return [_unparse(tree)]


def _unparse(tree: ast.expr) -> str:
    """Return the text of an expression in the spacing of ``ruff format``."""
    return ast.unparse(tree).replace(" ** ", "**")
