"""Real numbers written out, evaluated in any arithmetic without a computer algebra system.

Beside closed forms a text may hold ``mean(g, h)``: the average of the function of a standard normal ``z``
that is ``g`` at ``z > 0`` and ``h`` at ``z < 0``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from math import prod

from mpmath import mp, mpf

from theory.asymptotics.numbers.field import FLOATS, Field, Number
from theory.asymptotics.numbers.means import Growth, Integrand, gaussian_mean

FUNCTIONS = ("acos", "asin", "atan", "cos", "exp", "log", "sin", "sqrt")
BOUNDED = ("cos", "erf", "sin", "tanh")
"""Functions of ``z`` that are at most 1 on the real line; ``exp`` and ``Softplus`` grow."""

OPERATIONS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
ALLOWED = f"whole numbers, pi, E, + - * / ** and the functions {', '.join(FUNCTIONS)} and mean"
ALLOWED_IN_MEAN = f"a mean of powers of z times {', '.join(BOUNDED)}, exp and Softplus"


def written(text: str, field: Field = FLOATS) -> Number:
    """The number that ``text`` writes, as SymPy prints it, in the arithmetic of the ``field``.

    >>> print(written("8*sqrt(5)/(5*pi)"), written("1/3 - 2**(-1)"), written("3*mean(z, -z)**2"))
    1.13882006946748 -0.166666666666667 1.90985931710274

    Raises ValueError for what writes no number.
    """
    return _value(_parsed(text), field)


@cache
def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"the text {text!r} writes no number: it may hold {ALLOWED}") from None


def _value(node: ast.expr, field: Field, z: Number | None = None) -> Number:
    """The number, or within a mean the function at ``z``."""
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return field.mpf(number)
        case ast.Name(id="pi"):
            return +field.pi
        case ast.Name(id="E"):
            return field.exp(field.mpf(1))
        case ast.Name(id="z") if z is not None:
            return z
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, field, z)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)):
            return _value(left, field, z) ** exponent
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return field.power(_value(left, field, z), _value(right, field, z))
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
            return OPERATIONS[type(operation)](_value(left, field, z), _value(right, field, z))
        case ast.Call(func=ast.Name(id="Softplus"), args=[argument], keywords=[]) if z is not None:
            return field.log(1 + field.exp(_value(argument, field, z)))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS or (
            z is not None and name in BOUNDED
        ):
            return getattr(field, name)(_value(argument, field, z))
        case ast.Call(func=ast.Name(id="mean"), args=[right, left], keywords=[]) if z is None:
            return _mean(ast.unparse(right), ast.unparse(left), field, field.prec)
    raise ValueError(f"the text {ast.unparse(node)!r} writes no number: it may hold {ALLOWED}")


@lru_cache(maxsize=256)
def _mean(right: str, left: str, field: Field, prec: int) -> Number:
    """The average at the working precision."""
    g, h = _parsed(right), _parsed(left)
    with field.workprec(prec):
        return gaussian_mean(_function(g), _function(h), (_growth(g, field), _growth(h, field)), field)


def _function(node: ast.expr) -> Integrand:
    return lambda z, numbers: _value(node, numbers, z)


def _growth(node: ast.expr, field: Field) -> Growth:
    """How a function grows on the real line.

    Raises ValueError for one that may grow faster than an exponential of ``z``.
    """
    match node:
        case _ if _is_constant(node):
            return Growth(_size(node, field))
        case ast.Name(id="z"):
            return Growth(mpf(1), 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _growth(operand, field)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _growth(left, field) + _growth(right, field)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _growth(left, field) * _growth(right, field)
        case ast.BinOp(left=left, op=ast.Div(), right=right) if _is_constant(right):
            return _growth(left, field) * Growth(_size(ast.BinOp(ast.Constant(1), ast.Div(), right), field))
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as power)) if power > 0:
            return prod([_growth(left, field)] * power, start=Growth(mpf(1)))
        case ast.Call(func=ast.Name(id=name)) if name in BOUNDED:
            return Growth(mpf(1))
        case ast.Call(func=ast.Name(id="Softplus"), args=[argument]):
            return Growth(mpf(1)) + _growth(argument, field)
        case ast.Call(func=ast.Name(id="exp"), args=[argument]):
            if _sign(argument, field) < 0:
                return Growth(mpf(1))
            inner = _growth(argument, field)
            if inner.power <= 1 and not inner.rate:
                return Growth(mp.exp(inner.size), 0, inner.size)
    raise ValueError(f"the text {ast.unparse(node)!r} has no mean here: it may be {ALLOWED_IN_MEAN}")


def _sign(node: ast.expr, field: Field) -> int:
    """1 or -1 where a product of constants and even powers is seen to have this sign or to vanish, else 0."""
    match node:
        case _ if _is_constant(node):
            value = _value(node, field)
            return 1 if value > 0 else -1 if value < 0 else 0
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_sign(operand, field)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            return _sign(left, field) * _sign(right, field)
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=int() as power)) if power % 2 == 0:
            return 1
    return 0


def _is_constant(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name) and part.id == "z" for part in ast.walk(node))


def _size(node: ast.expr, field: Field) -> mpf:
    """A bound of a constant's modulus, but for the rounding of floats."""
    centre, radius = field.to_mpf(_value(node, field))
    return abs(centre) + radius
