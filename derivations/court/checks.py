"""Checks of statements: identities, limits, values; each raises on a clause that does not hold."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import sympy
from mpmath import mp

from derivations.court.operators import ModeSum
from derivations.court.statement import BrokenStepError, Clause

LISTED = 50
"""So many terms of an infinite sum are added one by one."""

Check = Callable[[tuple[Clause, ...]], str]
Meaning = Mapping[Any, Any]
"""What printed names stand for: symbols as expressions; functions, sums and indexed bases as callables."""

MODES = 2
"""A sum over all modes is checked with so many, which have symbols of their own."""


def identity(where: Meaning | None = None, how: str = "symbolic identity") -> Check:
    """Every two sides of a clause are identical, once the names have their meaning.

    Clauses that define (``≔``) give meanings to the others. A :class:`ModeSum` runs over
    two modes with symbols of their own, which settles identities that hold mode by mode or pair by pair.

    >>> from derivations.court.statement import state
    >>> x, f = sympy.Symbol("x"), sympy.Function("f")
    >>> state(f(x), "=", x**2, check=identity({f: lambda y: y * y})).checked
    'symbolic identity'
    >>> state(f(x), "=", x**3, check=identity({f: lambda y: y * y})).checked
    Traceback (most recent call last):
    derivations.court.statement.BrokenStepError: f(x) is not x**3
    """

    def check(clauses: tuple[Clause, ...]) -> str:
        meaning = _meaning(clauses, where)
        for clause in clauses:
            for left, _, right in clause.pairs:
                if not _vanishes(means(left, meaning) - means(right, meaning)):
                    raise BrokenStepError(f"{left} is not {right}")
        return how

    return check


def exceeds(
    by: sympy.Expr, where: Meaning | None = None, how: str = "the difference is not negative"
) -> Check:
    """``left ≥ right`` because left − right is ``by``, which is known not to be negative.

    >>> from derivations.court.statement import state
    >>> x = sympy.Symbol("x", real=True)
    >>> state(x**2 + 1, "≥", 2 * x, check=exceeds((x - 1) ** 2)).checked
    'the difference is not negative'
    """

    def check(clauses: tuple[Clause, ...]) -> str:
        meaning = _meaning(clauses, where)
        for clause in clauses:
            for left, relation, right in clause.pairs:
                difference = means(left, meaning) - means(right, meaning)
                if not _vanishes((difference if relation == "≥" else -difference) - by):
                    raise BrokenStepError(f"{left} {relation} {right} does not differ by {by}")
        return "the difference is not negative"

    return check


def each(*checks: Check) -> Check:
    """One check for each clause that does not define, in order; definitions are handed to all.

    >>> from derivations.court.statement import state
    >>> x, y = sympy.symbols("x y")
    >>> both = each(identity(), leading(x, 0))
    >>> state(y, "≔", 2 * x, ",", y / 2, "=", x, ",", sympy.sin(y), "∼", 2 * x, check=both).checked
    'symbolic identity; limit of the quotient'
    """

    def check(clauses: tuple[Clause, ...]) -> str:
        definitions = tuple(clause for clause in clauses if clause.defines)
        others = [clause for clause in clauses if not clause.defines]
        found = [own((*definitions, clause)) for own, clause in zip(checks, others, strict=True)]
        return "; ".join(dict.fromkeys(found))

    return check


def every(*checks: Check) -> Check:
    """All checks, of all clauses."""
    return lambda clauses: "; ".join(dict.fromkeys(check(clauses) for check in checks))


def leading(variable: sympy.Symbol, to: Any, where: Meaning | None = None) -> Check:
    """The quotient of every two sides tends to 1 as ``variable`` tends ``to`` a point, symbolically.

    >>> from derivations.court.statement import state
    >>> x = sympy.Symbol("x")
    >>> state(sympy.sin(x), "∼", x, check=leading(x, 0)).checked
    'limit of the quotient'
    """

    def check(clauses: tuple[Clause, ...]) -> str:
        meaning = _meaning(clauses, where)
        for clause in clauses:
            for left, _, right in clause.pairs:
                quotient = sympy.simplify(means(left, meaning) / means(right, meaning))
                if sympy.limit(quotient, variable, to) != 1:
                    raise BrokenStepError(f"{left} is not {right} to leading order")
        return "limit of the quotient"

    return check


def value(points: Sequence[Meaning], tolerance: float, where: Meaning | None = None) -> Check:
    """Every two sides agree within a relative ``tolerance`` at each of the ``points``, by mpmath.

    A point gives numbers to the symbols; functions named in it or in ``where`` are called with numbers.

    >>> from derivations.court.statement import state
    >>> a, C = sympy.symbols("a C")
    >>> law = value([{a: 2, C: mp.pi**2 / 6}], 1e-12)
    >>> state(C, "=", sympy.zeta(a), check=law).checked
    'numerically, within 1e-12'
    >>> state(C, "=", sympy.zeta(a) * sympy.Rational(101, 100), check=law).checked
    Traceback (most recent call last):
    derivations.court.statement.BrokenStepError: C is not 101*zeta(a)/100 at {a: 2.0, C: 1.64493406684823}
    """

    def check(clauses: tuple[Clause, ...]) -> str:
        for point in points:
            meaning = _meaning(clauses, {**(where or {}), **point})
            for clause in clauses:
                for left, _, right in clause.pairs:
                    found, expected = (number(means(side, meaning)) for side in (left, right))
                    if not abs(found - expected) <= tolerance * abs(expected):
                        raise BrokenStepError(f"{left} is not {right} at {_shown(point)}")
        return f"numerically, within {tolerance:.0e}"

    return check


def means(expression: sympy.Basic, meaning: Meaning) -> sympy.Expr:
    """The expression with names replaced by what they stand for, at once, sums over modes written out."""
    functions = {name: meaning[name] for name in meaning if isinstance(name, sympy.IndexedBase | type)}
    atoms = {name: sympy.sympify(meaning[name]) for name in meaning if name not in functions}
    expression = expression.xreplace(atoms).doit()
    expression = expression.replace(
        lambda part: isinstance(part, sympy.Indexed) and part.base in functions,
        lambda part: functions[part.base](*part.indices),
    )
    for name, function in functions.items():
        if isinstance(name, type):
            expression = expression.replace(name, partial(_applied, function))
    return expression.replace(ModeSum, _written_out).doit()


def infinite_sum(body: sympy.Expr, index: sympy.Symbol) -> sympy.Expr:
    """A meaning for :class:`ModeSum`: the value of the sum over all positive integers.

    The first terms are added, the others come from the formula of Euler and Maclaurin.

    >>> n = sympy.Symbol("n")
    >>> infinite_sum(1 / n**2, n)
    1.64493406684823
    """
    term = sympy.lambdify([index], body, "mpmath")
    first = mp.fsum(term(mp.mpf(number)) for number in range(1, LISTED))
    return sympy.Float(first + mp.sumem(term, [LISTED, mp.inf], tol=mp.mpf(10) ** -12))


def number(expression: sympy.Expr) -> Any:
    """The value of an expression without symbols; raises :class:`BrokenStepError` where one is left."""
    if expression.free_symbols:
        raise BrokenStepError(f"no value for {', '.join(sorted(map(str, expression.free_symbols)))}")
    return sympy.lambdify([], expression, "mpmath")()


def _meaning(clauses: tuple[Clause, ...], where: Meaning | None) -> dict[Any, Any]:
    """The names given, and those that the clauses define."""
    given = dict(where or {})
    for clause in clauses:
        if clause.defines:
            given[clause.sides[0]] = means(clause.sides[1], given)
    return given


def _applied(function: Callable[..., Any], *arguments: sympy.Basic) -> sympy.Basic:
    return sympy.sympify(function(*arguments))


def _written_out(body: sympy.Expr, *indices: sympy.Symbol) -> sympy.Expr:
    return sympy.Add(
        *(
            body.subs(dict(zip(indices, modes, strict=True)))
            for modes in product(range(1, MODES + 1), repeat=len(indices))
        )
    )


def _vanishes(expression: sympy.Expr) -> bool:
    return bool(sympy.expand(expression) == 0 or sympy.simplify(expression) == 0)


def _shown(point: Meaning) -> str:
    numbers = {name: value for name, value in point.items() if isinstance(name, sympy.Symbol)}
    return "{" + ", ".join(f"{name}: {mp.nstr(mp.mpf(value), 15)}" for name, value in numbers.items()) + "}"
