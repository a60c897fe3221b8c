"""``derive``: what it prints is what SymPy reads."""

import pytest
from commandline import answered, run

pytestmark = pytest.mark.usefixtures("folder")


def test_derive_prints_what_sympy_reads():
    sympy = pytest.importorskip("sympy")
    answer = answered("derive --link 'z**2' --json")
    s, u, t = sympy.symbols("s u t")
    assert sympy.sympify(answer["loss"]) == 3 * s**2 - 2 * s * t + 3 * t**2 - 4 * u**2
    assert sympy.sympify(answer["A"]) == -2 * sympy.sympify(answer["loss"]).diff(s)
    assert sympy.sympify(answer["B"]) == 8 * u
    assert answered("derive --link z --teacher-link z**2 --json")["teacher_link"] == "z**2"


def test_derive_reads_closed_forms():
    sympy = pytest.importorskip("sympy")
    answer = answered("derive --link 'erf(z/sqrt(2))' --json")
    s, u, t = sympy.symbols("s u t")
    pull = 4 / (sympy.pi * sympy.sqrt((1 + s) * (1 + t) - u**2))
    assert sympy.simplify(sympy.sympify(answer["B"]) - pull) == 0
    assert "asin" in run("derive --link 'relu(z)'").output
