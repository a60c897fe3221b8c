"""Real numbers written out in closed form, evaluated in any arithmetic without a computer algebra system."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache

from theory.asymptotics.numbers.field import FLOATS, Field, Number

FUNCTIONS = ("acos", "asin", "atan", "cos", "exp", "log", "sin", "sqrt")
OPERATIONS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
ALLOWED = f"whole numbers, pi, E, + - * / ** and the functions {', '.join(FUNCTIONS)}"


def written(text: str, field: Field = FLOATS) -> Number:
    """The number that ``text`` writes, as SymPy prints it, in the arithmetic of the ``field``.

    >>> print(written("8*sqrt(5)/(5*pi)"), written("1/3 - 2**(-1)"))
    1.13882006946748 -0.166666666666667

    Raises ValueError for what writes no number.
    """
    return _value(_parsed(text), field)


@cache
def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"the text {text!r} writes no number: it may hold {ALLOWED}") from None


def _value(node: ast.expr, field: Field) -> Number:
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return field.mpf(number)
        case ast.Name(id="pi"):
            return +field.pi
        case ast.Name(id="E"):
            return field.exp(field.mpf(1))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, field)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)):
            return _value(left, field) ** exponent
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return field.power(_value(left, field), _value(right, field))
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
            return OPERATIONS[type(operation)](_value(left, field), _value(right, field))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return getattr(field, name)(_value(argument, field))
    raise ValueError(f"the text {ast.unparse(node)!r} writes no number: it may hold {ALLOWED}")
