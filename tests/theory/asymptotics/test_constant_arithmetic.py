"""Constants are numbers: what is computed with them encloses the true result, by Arb and exact fractions."""

import operator
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from theory.asymptotics import PowerLaw, escape_rate, final_rate
from theory.asymptotics.numbers.constant import Constant, undefined
from theory.asymptotics.numbers.exact import quotient

flint = pytest.importorskip("flint")

centres = st.fractions(-50, 50, max_denominator=64)
radii = st.fractions(0, 1, max_denominator=64)
offsets = st.fractions(-1, 1, max_denominator=8)
OPERATIONS = operator.add, operator.sub, operator.mul, operator.truediv


def constant(centre, radius=Fraction(0)):
    """Denominators are powers of 2: floats hold them exactly."""
    exact = [Fraction(round(part * 64), 64) for part in (centre, radius)]
    with mp.workprec(200):
        return Constant(*(mpf(part.numerator) / part.denominator for part in exact), "a number", "here")


def holds(result, true):
    return abs(quotient(result.value) - true) <= quotient(result.radius)


@given(centres, radii, offsets, centres, radii, offsets, st.sampled_from(OPERATIONS))
def test_all_that_the_operands_may_be_is_covered(a, da, x, b, db, y, operation):
    left, right = constant(a, da), constant(b, db)
    if operation is operator.truediv:
        assume(abs(quotient(right.value)) > quotient(right.radius))
    point = (
        quotient(left.value) + x * quotient(left.radius),
        quotient(right.value) + y * quotient(right.radius),
    )
    assert holds(operation(left, right), operation(*point))
    assume(point[1])
    assert holds(operation(left, point[1]), operation(*point))
    assert holds(operation(point[0], right), operation(*point))


@given(centres.filter(lambda a: a >= 2), radii, offsets)
def test_functions_against_arb(a, da, x):
    number = constant(a, da)
    point = quotient(number.value) + x * quotient(number.radius)
    flint.ctx.prec = 300
    ball = flint.arb(flint.fmpq(point.numerator, point.denominator))
    for name in ("exp", "log", "sqrt", "sin", "cos"):
        found, true = getattr(number, name)(), getattr(ball, name)()
        centre, radius = (
            flint.arb(flint.fmpq(part.numerator, part.denominator)) for part in map(quotient, found.known())
        )
        assert abs(true - centre) <= radius


def test_nothing_is_lost_of_a_hundred_digits():
    rate = escape_rate(PowerLaw(2, "inf"), 100)
    back = (1 / (1 / rate)).sqrt() ** 2
    assert abs(quotient(back.value) - quotient(rate.value)) <= quotient(back.radius)
    assert back.radius < 10 * rate.radius


def test_definition_source_and_proof_are_carried():
    left, right = (
        Constant(mpf(2), mpf(0), "two", name, rigorous=proved) for name, proved in (("a", True), ("b", False))
    )
    assert (left + right).source == "a; b"
    assert (left * 3).rigorous
    assert not (left * right).rigorous
    assert (3 / (left + 1)).definition.startswith("3 / (")


def test_a_comparison_that_the_radius_does_not_decide_is_none():
    wide = constant(Fraction(1), Fraction(1, 4))
    assert wide < 2
    assert wide >= 0.75
    assert 2 > wide > Decimal("0.5")
    with pytest.raises(ArithmeticError, match="not decided by the radius"):
        _ = wide < 1
    with pytest.raises(ArithmeticError, match="not bounded"):
        _ = 1 / (wide - 1)
    with pytest.raises(ArithmeticError, match="not bounded"):
        (wide - 1).log()
    with pytest.raises(TypeError):
        _ = wide + "1"


def test_other_libraries_take_it():
    rate = final_rate(PowerLaw(2, 10), 30)
    assert np.log(np.array([rate], dtype=object))[0].value == rate.log().value
    assert np.sqrt(np.array([rate], float))[0] == pytest.approx(float(rate) ** 0.5, rel=1e-15)
    with mp.workdps(30):
        assert mpmath.gamma(rate) == mpmath.gamma(rate.value)
    assert abs(sympy.sympify(rate) - sympy.Float(str(rate.value))) < 1e-14
    assert f"{rate:.20f}" == f"{Decimal(str(rate).split()[0]):.20f}"
    assert f"{rate:8.3f}" == f"{float(rate):8.3f}"
    assert f"{rate}" == str(rate)


def test_an_undefined_constant_is_no_operand():
    none = undefined("limit", "here", "no limit")
    assert str(none) == "undefined: no limit"
    for operation in (lambda: none + 1, lambda: none < 1, lambda: none.exp(), lambda: f"{none:.3f}"):
        with pytest.raises(ValueError, match="undefined: no limit"):
            operation()
