"""Source text of NumPy functions whose values are arrays of SymPy expressions.

Polynomials are nested where that saves operations, and common subexpressions are shared within each
function; the text is laid out as ``ruff format`` does.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product
from typing import Any

import sympy

from theory.symbolic.nesting import nested
from theory.symbolic.printing import numpy_tree, stable

WIDTH = 110
"""Longest line of the generated text."""


Assignment = tuple[sympy.Symbol, sympy.Expr]
"""A name and the expression that it stands for."""


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
        """The text of the function, or raise :class:`UnboundSymbolError`."""
        entries = [entry for output in self.outputs for entry in sympy.flatten(output.entries)]
        shared, reduced = _split(*self._shared(entries))
        lines = [f"{symbol} = {place}" for symbol, place in self._bindings(entries)]
        like, state = next(iter(self.arguments.items()))
        layout = _Layout(self._scalars(shared), frozenset(state.free_symbols), like)
        lines += [line for symbol, value in shared for line in layout.assignment(str(symbol), value)]
        values = iter(reduced)
        for output in self.outputs:
            lines += layout.filling(output, values)
        lines.append(f"return {', '.join(output.name for output in self.outputs)}")
        return "\n".join([*self._head(), *(f"    {line}" for line in lines)])

    def _scalars(self, shared: Sequence[Assignment]) -> frozenset[sympy.Symbol]:
        """The symbols of single numbers: all but the state and what is computed from it."""
        state, *others = self.arguments.values()
        fixed = set().union(*(array.free_symbols for array in others)) if others else state.free_symbols
        for symbol, value in shared:
            if value.free_symbols <= fixed:
                fixed = fixed | {symbol}
        return frozenset(fixed)

    def _shared(self, entries: Sequence[sympy.Expr]) -> tuple[list[Assignment], list[sympy.Expr]]:
        """Common subexpressions and what they leave, nested or not, whichever costs less."""
        state = sympy.flatten(next(iter(self.arguments.values())))
        safe = [stable(entry) for entry in entries]
        forms = (safe, [nested(entry, state) for entry in safe])
        candidates = [sympy.cse(form, symbols=sympy.numbered_symbols("c")) for form in forms]
        return min(candidates, key=self._cost)

    def _cost(self, form: tuple[list[Assignment], list[sympy.Expr]]) -> int:
        """The number of passes over arrays that shared and remaining expressions take."""
        shared, reduced = form
        scalars = self._scalars(shared)
        return sum(_passes(value, scalars) for value in (*(value for _, value in shared), *reduced))

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


@dataclass(frozen=True)
class Code:
    """What is generated for the model of that ``name``: ``constants``, ``functions``, and why others are
    ``missing``; ``star`` is the limit that residual coordinates are counted from, such as ``W*``.
    """

    name: str
    star: str
    constants: dict[str, Any]
    functions: Sequence[Function]
    missing: Sequence[str]


def assignments(constants: Mapping[str, Any]) -> str:
    """The constants in Python, names of statistics one a line.

    >>> print(assignments({"STUDENTS": 1, "STATISTICS": ("s", "u"), "CONSTRAINT": "sphere"}))
    STUDENTS = 1
    STATISTICS = (
        "s",
        "u",
    )
    CONSTRAINT = "sphere"
    """
    return "\n".join(f"{name} = {_literal(value)}" for name, value in constants.items())


def _literal(value: object) -> str:
    match value:
        case str():
            return json.dumps(value)
        case (str(), *_):
            return "(\n" + "".join(f"    {json.dumps(name)},\n" for name in value) + ")"
    return repr(value)


def _entries(array: sympy.NDimArray) -> Iterator[tuple[str, sympy.Expr]]:
    """Yield the entries of an array with their indices, as written between brackets."""
    for index in product(*(range(size) for size in array.shape)):
        yield ", ".join(str(i) for i in index), array[index]


def _split(
    shared: Sequence[Assignment], reduced: Sequence[sympy.Expr]
) -> tuple[list[Assignment], list[sympy.Expr]]:
    """Give a name to each sum inside a term that would not fit on a line."""
    names = sympy.numbered_symbols("c", start=len(shared))
    assignments: list[Assignment] = []

    def fitted(value: sympy.Expr) -> sympy.Expr:
        return sympy.Add(*(shortened(term) for term in sympy.Add.make_args(value)))

    def shortened(term: sympy.Expr) -> sympy.Expr:
        if len(_unparse(numpy_tree(term, set()))) < WIDTH - 12:
            return term
        names_of = {part: next(names) for part in _sums(term)}
        assignments.extend((name, fitted(part)) for part, name in names_of.items())
        return term.xreplace(names_of)

    for symbol, value in shared:
        short = fitted(value)
        assignments.append((symbol, short))
    return assignments, [fitted(value) for value in reduced]


def _sums(term: sympy.Expr) -> list[sympy.Expr]:
    """The sums inside a term that are in no other sum."""
    if term.is_Add:
        return [term]
    return [part for argument in term.args for part in _sums(argument)]


def _passes(value: sympy.Expr, scalars: Set[sympy.Symbol]) -> int:
    """How many operations on arrays an expression takes."""
    varying = [part for part in value.args if not part.free_symbols <= scalars]
    if not varying:
        return 0
    fixed = any(part != -1 for part in value.args if part.free_symbols <= scalars)
    own = len(varying) - 1 + fixed if value.is_Add or value.is_Mul else 1
    return own + sum(_passes(part, scalars) for part in varying)


@dataclass(frozen=True)
class _Layout:
    """Statements of one function.

    ``scalars`` are the symbols of numbers, ``views`` those of the state's entries, and ``like`` is
    the state's name.
    """

    scalars: frozenset[sympy.Symbol]
    views: frozenset[sympy.Symbol]
    like: str

    def filling(self, output: Output, values: Iterator[sympy.Expr]) -> Iterator[str]:
        """Yield the statements that build an output from its entries.

        A single entry that was computed from the state has the broadcast axes already; a bare
        statistic is copied, since it is a view of the argument.
        """
        entries = [(place, next(values)) for place, _ in _entries(output.entries)]
        if output.entries.rank() == 0:
            yield from self.assignment(f"{output.name}: {output.type}", entries[0][1])
            return
        if len(entries) == 1 and self._is_fresh(entries[0][1]):
            axes = ", ".join(["None"] * output.entries.rank())
            yield from self.assignment(output.name, entries[0][1], f"[{axes}]")
            return
        shape = ", ".join(str(size) for size in output.entries.shape)
        allocate = "empty" if all(value != 0 for _, value in entries) else "zeros"
        dtype = f"np.result_type({self.like}, np.float32)"  # an integer state must not truncate
        yield f"{output.name} = np.{allocate}(({shape}, *{self.like}.shape[1:]), {dtype})"
        for place, value in entries:
            if value != 0:
                yield from self.assignment(f"{output.name}[{place}]", value)

    def assignment(self, target: str, value: sympy.Expr, index: str = "") -> list[str]:
        """The lines of an assignment, one term a line where it would be too long for one."""
        tree = numpy_tree(value, set(map(str, self.scalars)))
        text = _unparse(tree)
        if index and not value.is_Symbol:
            text = f"({text})"
        if len(f"{target} = {text}{index}") <= WIDTH - 4:
            return [f"{target} = {text}{index}"]
        if len(_unparse(tree)) <= WIDTH - 8:
            return [f"{target} = (", f"    {_unparse(tree)}", f"){index}"]
        return [f"{target} = (", *(f"    {term}" for term in _terms(tree)), f"){index}"]

    def _is_fresh(self, value: sympy.Expr) -> bool:
        """Whether a value is an array of its own."""
        return not value.free_symbols <= self.scalars and value not in self.views


def _terms(tree: ast.expr) -> list[str]:
    """The terms of a sum, each but the first with its sign."""
    match tree:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            signed = ast.BinOp(ast.Name(""), sign, right)
            return [*_terms(left), _unparse(signed).strip()]
    return [_unparse(tree)]


def _unparse(tree: ast.expr) -> str:
    """The text of an expression in the spacing of ``ruff format``."""
    return re.sub(r"(?<=\w) \*\* (?=\d)", "**", ast.unparse(tree))
