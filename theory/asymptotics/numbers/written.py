"""Real numbers written out, evaluated in any arithmetic without a computer algebra system.

Beside closed forms a text may hold ``mean(g, h)``: the average of the function of a standard normal ``z``
that is ``g`` at ``z > 0`` and ``h`` at ``z < 0``; ``root(g, low, high)``: the zero between two positive
numbers of a function ``g`` of ``m`` that changes its sign once there; and ``at(m, g)``, its value.
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
from theory.asymptotics.numbers.roots import enclosed_root

FUNCTIONS = ("acos", "asin", "atan", "cos", "exp", "log", "sin", "sqrt")
BOUNDED = ("cos", "erf", "sin", "tanh")
"""Functions of ``z`` that are at most 1 on the real line; ``exp`` and ``Softplus`` grow."""

Variables = Mapping[str, Number]
NOWHERE: Variables = {}

OPERATIONS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
ALLOWED = f"whole numbers, pi, E, + - * / ** and the functions {', '.join(FUNCTIONS)}, mean, root and at"
ALLOWED_IN_MEAN = f"a mean of powers of z times {', '.join(BOUNDED)}, exp and Softplus"


def written(text: str, field: Field = FLOATS) -> Number:
    """The number that ``text`` writes, as SymPy prints it, in the arithmetic of the ``field``.

    >>> print(written("8*sqrt(5)/(5*pi)"), written("1/3 - 2**(-1)"))
    1.13882006946748 -0.166666666666667
    >>> print(written("3*mean(z, -z)**2"), written("at(root(m**3 - 2, 1, 2), m**3)"))
    1.90985931710274 2.0

    Raises ValueError for what writes no number.
    """
    return _value(_parsed(text), field)


@cache
def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"the text {text!r} writes no number: it may hold {ALLOWED}") from None


def _value(node: ast.expr, field: Field, at: Variables = NOWHERE) -> Number:
    """The number, or within a mean or a root the function ``at`` its variables."""
    match node:
        case ast.Constant(value=int() as number) if not isinstance(number, bool):
            return field.mpf(number)
        case ast.Name(id="pi"):
            return +field.pi
        case ast.Name(id="E"):
            return field.exp(field.mpf(1))
        case ast.Name(id=name) if name in at:
            return at[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, field, at)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as exponent)):
            return _value(left, field, at) ** exponent
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return field.power(_value(left, field, at), _value(right, field, at))
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
            return OPERATIONS[type(operation)](_value(left, field, at), _value(right, field, at))
        case ast.Call(func=ast.Name(id="Softplus"), args=[argument], keywords=[]) if "z" in at:
            return field.log(1 + field.exp(_value(argument, field, at)))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS or (
            "z" in at and name in BOUNDED
        ):
            return getattr(field, name)(_value(argument, field, at))
        case ast.Call(func=ast.Name(id="mean"), args=[right, left], keywords=[]) if "z" not in at:
            return _mean(right, left, field, at) if at else _known(ast.unparse(node), field, field.prec)
        case ast.Call(func=ast.Name(id="root" | "at"), keywords=[]) if not at:
            return _known(ast.unparse(node), field, field.prec)
    raise ValueError(f"the text {ast.unparse(node)!r} writes no number: it may hold {ALLOWED}")


@lru_cache(maxsize=256)
def _known(text: str, field: Field, prec: int) -> Number:
    """A mean, a root, or what is made of a root, at the working precision."""
    with field.workprec(prec):
        match _parsed(text):
            case ast.Call(func=ast.Name(id="mean"), args=[right, left]):
                return _mean(right, left, field, NOWHERE)
            case ast.Call(func=ast.Name(id="at"), args=[m, function]):
                return _value(function, field, {"m": _value(m, field)})
            case ast.Call(func=ast.Name(id="root"), args=[function, low, high]):
                ends = _value(low, field), _value(high, field)
                return enclosed_root(lambda m: _value(function, field, {"m": m}), *ends, field)
    raise ValueError(f"the text {text!r} writes no number: it may hold {ALLOWED}")


def _mean(right: ast.expr, left: ast.expr, field: Field, at: Variables) -> Number:
    growths = _growth(right, field, at), _growth(left, field, at)
    return gaussian_mean(_function(right, at), _function(left, at), growths, field)


def _function(node: ast.expr, at: Variables) -> Integrand:
    return lambda z, numbers: _value(node, numbers, {**at, "z": z})


def _growth(node: ast.expr, field: Field, at: Variables = NOWHERE) -> Growth:
    """How a function grows on the real line.

    Raises ValueError for one that may grow faster than an exponential of ``z``.
    """
    match node:
        case _ if _is_constant(node):
            return Growth(_size(node, field, at))
        case ast.Name(id="z"):
            return Growth(mpf(1), 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _growth(operand, field, at)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _growth(left, field, at) + _growth(right, field, at)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _growth(left, field, at) * _growth(right, field, at)
        case ast.BinOp(left=left, op=ast.Div(), right=right) if _is_constant(right):
            return _growth(left, field, at) * Growth(
                _size(ast.BinOp(ast.Constant(1), ast.Div(), right), field, at)
            )
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as power)) if power > 0:
            return prod([_growth(left, field, at)] * power, start=Growth(mpf(1)))
        case ast.Call(func=ast.Name(id=name)) if name in BOUNDED:
            return Growth(mpf(1))
        case ast.Call(func=ast.Name(id="Softplus"), args=[argument]):
            return Growth(mpf(1)) + _growth(argument, field, at)
        case ast.Call(func=ast.Name(id="exp"), args=[argument]):
            if _sign(argument, field, at) < 0:
                return Growth(mpf(1))
            inner = _growth(argument, field, at)
            if inner.power <= 1 and not inner.rate:
                return Growth(mp.exp(inner.size), 0, inner.size)
    raise ValueError(f"the text {ast.unparse(node)!r} has no mean here: it may be {ALLOWED_IN_MEAN}")


def _sign(node: ast.expr, field: Field, at: Variables = NOWHERE) -> int:
    """1 or -1 where a product of constants and even powers is seen to have this sign or to vanish, else 0."""
    match node:
        case _ if _is_constant(node):
            value = _value(node, field, at)
            return 1 if value > 0 else -1 if value < 0 else 0
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_sign(operand, field, at)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            return _sign(left, field, at) * _sign(right, field, at)
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=int() as power)) if power % 2 == 0:
            return 1
    return 0


def _is_constant(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name) and part.id == "z" for part in ast.walk(node))


def _size(node: ast.expr, field: Field, at: Variables = NOWHERE) -> mpf:
    """A bound of a constant's modulus, but for the rounding of floats."""
    centre, radius = field.to_mpf(_value(node, field, at))
    return abs(centre) + radius
