"""The mutation run's own parts: what it changes, and which tests it asks."""

import ast

import pytest
from mutants import ROOT, changes, children, chosen, named_failure, nearest_tests


def changed(text: str) -> set[str]:
    waiting, found = list(ast.parse(text).body), set()
    while waiting:
        node = waiting.pop()
        waiting += children(node)
        found |= {ast.unparse(change) for change in changes(node)}
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b", {"a - b"}),
        ("a < b", {"a <= b"}),
        ("a and not b", {"a or not b", "b"}),
        ("x**2", {"x * 2", "3", "1"}),
        ("x[a:b]", {":b", "a:"}),
        ("f(-x, True)", {"x", "False"}),
        ("def f(x: 'a + b' = c) -> 2:\n    'Text of 3.'\n    raise ValueError(f'{1}', 2)", set()),
    ],
)
def test_small_changes(text: str, expected: set[str]) -> None:
    assert changed(text) == expected


@pytest.mark.parametrize("name", ["a/test_b.py", "test_b.py::test_c", "test_b.py::test_c[z**2 - z-[1, 2]-x]"])
@pytest.mark.parametrize("reason", ["", " - assert [1] == [2] - 3", " - Failed"])
def test_the_failure_is_named_whatever_its_parameters(name: str, reason: str) -> None:
    assert named_failure(f"F.\nFAILED {name}{reason}\n1 failed, 1 passed") == name


def test_every_mutant_is_another_program() -> None:
    for mutant in chosen(1, 40):
        source = (ROOT / mutant.file).read_bytes()
        other = source[: mutant.start] + mutant.after.encode() + source[mutant.stop :]
        assert ast.dump(ast.parse(other)) != ast.dump(ast.parse(source)), mutant


def test_more_mutants_begin_with_the_same_ones() -> None:
    assert chosen(3, 20)[:10] == chosen(3, 10) != chosen(4, 10)


def test_nearest_tests_come_first() -> None:
    """By the module's own name, and by a name that its package exports."""
    assert nearest_tests("theory.symbolic.elliptical")[0] == "tests/theory/symbolic/test_elliptical.py"
    assert "tests/numerics/test_exponent_fits.py" in nearest_tests("numerics.fits.exponents")
