"""Power-law spectra: normalisation, moments, exactness of the input, refusals."""

import math
from fractions import Fraction

import pytest
from flint import arb
from mpmath import mp, mpf

from theory.asymptotics import Given, PowerLaw
from theory.asymptotics.numbers.exact import quotient


@pytest.mark.parametrize("teacher", ["flat", "source:0.3", "source:-0.2", tuple(range(1, 41))])
@pytest.mark.parametrize("exponent", ["0", "0.5", "2"])
def test_trace_and_teacher_energy_are_one(exponent, teacher):
    with mp.workdps(30):
        levels = PowerLaw(exponent, 40, teacher).levels()
        trace = mp.fsum(level.eigenvalue * level.multiplicity for level in levels)
        assert abs(trace - 1) < mpf(10) ** -27
        assert abs(mp.fsum(level.mass for level in levels) - 1) < mpf(10) ** -27
        assert sum(level.multiplicity for level in levels) == 40


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("first", [1, 30])
def test_moments_are_sums_over_modes(order, first):
    law = PowerLaw("1.2", 500, "source:-0.2")
    with mp.workdps(30):
        listed = law.levels()[first - 1 :]
        plain = mp.fsum(level.eigenvalue**order * level.mass for level in listed)
        assert abs(law.moment(order, first) / plain - 1) < mpf(10) ** -26


def test_flat_teacher_equals_constant_components():
    named, listed = PowerLaw(2, 30), PowerLaw(2, 30, [-7.0] * 30)
    for a, b in zip(named.levels(), listed.levels(), strict=True):
        assert abs(a.eigenvalue / b.eigenvalue - 1) < 1e-13
        assert abs(a.mass / b.mass - 1) < 1e-13


def test_exponents_are_exact():
    assert PowerLaw(1.2, 10) == PowerLaw("1.2", "10") == PowerLaw(Fraction(6, 5), 10.0)
    assert PowerLaw("1.2", "1e12").dimension == 10**12
    assert PowerLaw(2, mp.inf).dimension == PowerLaw(2, "inf").dimension == math.inf
    assert PowerLaw(2, "inf", "source:0.1").mass_exponent == Fraction(11, 5)


def test_repeated_eigenvalues_share_a_level():
    levels = Given([2, 0, 1, 2], [1, 5, 0, 1]).levels()
    assert [level.multiplicity for level in levels] == [2, 1]
    assert [level.mass for level in levels] == [1, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 10), "exponent is -1, but it must lie between 0 and 100"),
        (("nan", 10), "exponent is 'nan', but it must be a finite real number"),
        ((math.inf, 10), "exponent is inf, but it must be a finite real number"),
        ((1, "inf"), "an infinite dimension needs exponent > 1"),
        ((2, "inf", "source:-0.5"), "an infinite dimension needs exponent [+] 2B > 1"),
        ((2, 0), "dimension is 0, but it must be a positive integer or inf"),
        ((2, 2.5), "dimension is 2.5, but it must be a positive integer or inf"),
        ((2, "many"), "dimension is 'many'"),
        ((2, 3, [1, 2]), "teacher has 2 components, but the dimension is 3"),
        ((2, "inf", [1, 2]), "teacher has 2 components, but the dimension is inf"),
        ((2, 2, [0, 0]), "teacher is zero"),
        ((2, 2, [1, math.nan]), "teacher contains nan"),
        ((2, 2, "steep"), "teacher is 'steep', but it must be flat, source:B or d components"),
        ((2, 2, "source:x"), "teacher is 'source:x': the B of source:B must be a number"),
        ((2, 2, "flat", 1), "tail_mean_square is allowed only with given teacher components"),
        ((2, 2, [1, 1], -1), "tail_mean_square is -1, but it must be positive"),
    ],
)
def test_bad_power_laws_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        PowerLaw(*arguments)


@pytest.mark.parametrize(
    ("eigenvalues", "teacher", "message"),
    [
        ([], [], "non-empty"),
        ([1, -1], [1, 1], ">= 0"),
        ([1, math.inf], [1, 1], "eigenvalues contains inf"),
        ([1, 2], [1], "teacher has 1 components"),
        ([1, 0], [0, 1], "teacher vanishes wherever the eigenvalues do not"),
    ],
)
def test_bad_arrays_are_refused(eigenvalues, teacher, message):
    with pytest.raises(ValueError, match=message):
        Given(eigenvalues, teacher)


@pytest.mark.parametrize("kind", [mpf, float, str, Fraction, arb], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("text", ["1.75", "-1.75", "0", "-1e3"])
def test_numbers_of_any_kind_and_sign_are_fractions(kind, text):
    assert quotient(kind(text)) == Fraction(text)


def test_levels_of_given_components():
    """λ_i ∝ i^−2 and μ_i ∝ λ_i (w*_i)²: 1, 1/4, 1/9 and 4, 1/4, 1, over their sums 49/36 and 21/4."""
    with mp.workdps(30):
        levels = PowerLaw(2, 3, [2, -1, 3]).levels()
        expected = [(Fraction(36, 49), Fraction(16, 21)), (Fraction(9, 49), Fraction(1, 21))]
        expected.append((Fraction(4, 49), Fraction(4, 21)))
        for level, (eigenvalue, mass) in zip(levels, expected, strict=True):
            assert abs(level.eigenvalue * eigenvalue.denominator - eigenvalue.numerator) < 1e-27
            assert abs(level.mass * mass.denominator - mass.numerator) < 1e-27
