"""Checks of statements: identities, limits, values; each raises on a clause that does not hold."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import sympy
from mpmath import mp

from derivations.court.operators import Factors, ModeSum, Quotient, Terms
from derivations.court.statement import BrokenStepError, Clause

LISTED = 50
"""So many terms of an infinite sum are added one by one."""

Check = Callable[[tuple[Clause, ...]], str]
Meaning = Mapping[Any, Any]
"""What printed names stand for: symbols as expressions; functions and indexed bases as callables.

:class:`ModeSum` stands for its number of modes, or for a callable of body and index.
"""

MODES = 2
"""A sum over all modes is checked with so many, if nothing else is said."""


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
                if not vanishes(means(left, meaning) - means(right, meaning)):
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
                if not vanishes((difference if relation == "≥" else -difference) - by):
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
    What a clause defines (``≔``) need not have a value by itself.

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
                for left, relation, right in clause.pairs:
                    if relation == "≔":
                        continue
                    found, expected = (number(means(side, meaning)) for side in (left, right))
                    if not abs(found - expected) <= tolerance * abs(expected):
                        raise BrokenStepError(f"{left} is not {right} at {_shown(point)}")
        return f"numerically, within {tolerance:.0e}"

    return check


def order(points: Sequence[Meaning], name: Any, spread: float = 2.0, where: Meaning | None = None) -> Check:
    """What is left of an expansion is of the order that it states: ``name`` is the O, a function.

    Left side less right side, O left out, over the argument of O: at all ``points`` the same but for a
    factor ``spread``, and not zero.

    >>> from derivations.court.statement import state
    >>> x, O = sympy.Symbol("x"), sympy.Function("O")
    >>> points = [{x: mp.mpf(10) ** -3}, {x: mp.mpf(10) ** -5}]
    >>> state(sympy.exp(x), "=", 1 + x + O(x**2), check=order(points, O)).checked
    'what is left is of that order'
    >>> state(sympy.exp(x), "=", 1 + x + O(x**3), check=order(points, O)).checked
    Traceback (most recent call last):
    derivations.court.statement.BrokenStepError: what x + O(x**3) + 1 leaves is not of that order
    """

    def check(clauses: tuple[Clause, ...]) -> str:
        for clause in clauses:
            for left, _, right in () if clause.defines else clause.pairs:
                sizes = []
                for point in points:
                    meaning = _meaning(clauses, {**(where or {}), **point})
                    rest = means(left - right, {**meaning, name: lambda _: 0})
                    (term,) = right.atoms(name)
                    sizes.append(abs(number(rest) / number(means(term.args[0], meaning))))
                if not 0 < max(sizes) <= spread * min(sizes):
                    raise BrokenStepError(f"what {right} leaves is not of that order")
        return "what is left is of that order"

    return check


def means(expression: sympy.Basic, meaning: Meaning) -> sympy.Expr:
    """The expression with names replaced by what they stand for, at once, and finite sums written out."""
    functions = {name: meaning[name] for name in meaning if isinstance(name, sympy.IndexedBase | type)}
    atoms = {name: sympy.sympify(meaning[name]) for name in meaning if name not in functions}
    if not callable(functions.get(ModeSum, MODES)):
        functions[ModeSum] = partial(_written_out, functions.get(ModeSum, MODES))
        expression = expression.replace(ModeSum, functions[ModeSum])
        atoms = {name: atoms[name].replace(ModeSum, functions[ModeSum]) for name in atoms}
    expression = expression.xreplace(atoms).replace(Terms, sympy.Add).replace(Factors, sympy.Mul)
    expression = expression.replace(Quotient, lambda above, below: above / below)
    expression = expression.replace(_is_finite, sympy.Sum.doit)
    expression = expression.replace(
        lambda part: isinstance(part, sympy.Indexed) and part.base in functions,
        lambda part: _applied(functions[part.base], *part.indices),
    )
    for name in sorted(filter(_is_class, functions), key=lambda name: name is ModeSum):
        expression = expression.replace(name, partial(_applied, functions[name]))
    return expression


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
    expression = expression.replace(sympy.Sum, _summed).replace(sympy.Integral, _integrated)
    if expression.has(sympy.zoo, sympy.nan):
        raise BrokenStepError(f"{expression} has no value")
    return sympy.lambdify([], expression, "mpmath")()


def _meaning(clauses: tuple[Clause, ...], where: Meaning | None) -> dict[Any, Any]:
    """The names given, and those that the clauses define."""
    given = dict(where or {})
    for clause in clauses:
        if clause.defines:
            given[clause.sides[0]] = means(clause.sides[1], given)
    return given


def _is_class(name: Any) -> bool:
    return isinstance(name, type)


def _applied(function: Callable[..., Any], *arguments: sympy.Basic) -> sympy.Basic:
    return sympy.sympify(function(*arguments))


def _is_finite(part: sympy.Basic) -> bool:
    return (
        isinstance(part, sympy.Sum)
        and not part.has(sympy.oo)
        and all(x.is_Integer for x in part.limits[0][1:])
    )


def _summed(body: sympy.Expr, *limits: sympy.Tuple) -> sympy.Expr:
    """The value of a sum over one index."""
    ((index, first, last),) = limits
    term = sympy.lambdify([index], body, "mpmath")
    return sympy.Float(
        mp.nsum(lambda n: term(int(n)), [int(first), mp.inf if last is sympy.oo else int(last)])
    )


def _integrated(body: sympy.Expr, *limits: sympy.Tuple) -> sympy.Expr:
    """The value of an integral over one variable, over a half-line in its logarithm."""
    ((variable, first, last),) = limits
    term = sympy.lambdify([variable], body, "mpmath")
    if last is not sympy.oo or first < 0:
        return sympy.Float(mp.quad(term, [number(first), number(last)]))
    low = mp.log(number(first)) if first > 0 else -DECADES[-1]
    ends = [low, *(end for end in (*(-end for end in DECADES[::-1]), 0, *DECADES) if end > low)]
    return sympy.Float(mp.quad(lambda x: term(mp.exp(x)) * mp.exp(x), ends))


DECADES = (5, 20, 200)
"""Logarithms between which integrals over a half-line are taken."""


def _written_out(count: int, body: sympy.Expr, *indices: sympy.Symbol) -> sympy.Expr:
    return sympy.Add(
        *(
            body.subs(dict(zip(indices, modes, strict=True)))
            for modes in product(range(1, count + 1), repeat=len(indices))
        )
    )


def vanishes(expression: sympy.Expr) -> bool:
    """Whether an expression is zero identically: at a point first, which is quick where it is not."""
    done = expression.doit()
    bound = {limit[0] for part in done.atoms(sympy.Integral, sympy.Sum) for limit in part.limits}
    names = sorted(done.atoms(sympy.Symbol, sympy.Indexed) - bound, key=str)
    place = {name: sympy.Rational(7 + 2 * number, 5 + number) for number, name in enumerate(names)}
    there = sympy.nan if done.has(sympy.Derivative) else done.xreplace(place)
    # above this the value of an expression at a point is not zero
    if there.is_number and there.is_finite and abs(there.evalf()) > 1e-9:
        return False
    return bool(sympy.expand(done) == 0 or sympy.simplify(done) == 0)


def _shown(point: Meaning) -> str:
    numbers = {name: value for name, value in point.items() if isinstance(name, sympy.Symbol)}
    return "{" + ", ".join(f"{name}: {mp.nstr(mp.mpf(value), 15)}" for name, value in numbers.items()) + "}"
