"""Steps that check themselves: a step that does not hold raises instead of being printed."""

from typing import Any

import sympy

from derivations.court.statement import BrokenStepError, Definition, Statement
from derivations.press.document import OURS, Step


def derived(
    statement: str, formula: Statement | Definition, reason: str, paper: str = OURS, by: Any = None
) -> Step:
    """One step whose ``formula`` checks itself; raises :class:`BrokenStepError` if it does not hold."""
    return Step(statement, formula, reason, formula.checked, paper, by)


def equal(*pairs: tuple[Any, Any]) -> str:
    """Check that two expressions are identical, for each pair.

    >>> x = sympy.Symbol("x")
    >>> equal(((x + 1) ** 2, x**2 + 2 * x + 1))
    'symbolic identity'
    >>> equal((x, x + 1))
    Traceback (most recent call last):
    derivations.court.statement.BrokenStepError: x is not x + 1
    """
    for left, right in pairs:
        difference = sympy.sympify(left) - sympy.sympify(right)
        if sympy.expand(difference) != 0 and sympy.simplify(difference) != 0:
            raise BrokenStepError(f"{left} is not {right}")
    return "symbolic identity" if len(pairs) == 1 else f"{len(pairs)} symbolic identities"


def holds(fact: bool, how: str) -> str:
    """Check a fact that was decided in exact arithmetic; ``how`` says by what.

    >>> holds(sympy.Rational(1, 3) < sympy.Rational(1, 2), "exact arithmetic")
    'exact arithmetic'
    """
    if not fact:
        raise BrokenStepError(f"does not hold: {how}")
    return how
