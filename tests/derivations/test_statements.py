"""What is printed is what is checked: each number of each statement, changed alone, is noticed."""

from collections.abc import Iterator
from inspect import getmembers, isfunction, signature

import pytest

from derivations.contents import CHAPTERS
from derivations.convergence import deficits, saddle
from derivations.convergence import statements as convergence
from derivations.court.statement import BrokenStepError, Definition, Statement
from derivations.escape import mixture
from derivations.escape import statements as escape
from derivations.setting import statements as setting
from derivations.tail import statements as tail

MODULES = (setting, escape, mixture, convergence, deficits, saddle, tail)
DEFINITIONS = 5
"""Formulas that are typed, because they say what a name means: outputs, coefficients, clock, sum twice."""


def shared() -> Iterator[tuple[str, Statement | Definition]]:
    """The statements that report and book share."""
    for module in MODULES:
        for name, function in getmembers(module, isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and signature(function).return_annotation in (Statement, Definition):
                yield f"{module.__name__.removeprefix('derivations.')}.{name}", function()


STATEMENTS = dict(shared())
STEPS = {
    f"{item.key} {number}": step
    for chapter in CHAPTERS
    for item in chapter.derivations
    for number, step in enumerate(item.steps, start=1)
}
FORMULAS = STATEMENTS | {name: step.formula for name, step in STEPS.items()}


@pytest.mark.parametrize("name", FORMULAS)
def test_no_number_of_a_statement_can_change_unnoticed(name):
    statement = FORMULAS[name]
    assert statement.checked
    for changed in statement.nudged():
        with pytest.raises(BrokenStepError):
            print(changed.latex, changed.checked)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_statement_is_nudged_in_each_of_its_numbers(name):
    statement = FORMULAS[name]
    changed = [item.latex for item in statement.nudged()]
    assert len(set(changed)) == len(changed)
    assert statement.latex not in changed


def test_what_is_typed_is_counted():
    assert sum(isinstance(item, Definition) for item in FORMULAS.values()) == DEFINITIONS
