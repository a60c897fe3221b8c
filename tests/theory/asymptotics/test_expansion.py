"""The corrections to the power laws: their integrals, their limits, their digits."""

from fractions import Fraction

import pytest
from mpmath import mp, mpf

from theory.asymptotics import (
    PowerLaw,
    energy_prefactor,
    expansion,
    loss_prefactor,
    overlap_prefactor,
    slow_limit,
    universal_coefficients,
)
from theory.asymptotics.convergence.expansion import cross_memory, linear_memory, quadratic_memory

NAMES = ("overlap", "energy", "loss")


def memory(alpha):
    """The response of a mode to phi^-alpha, from its definition."""
    return lambda y: y / (1 - alpha) * mp.hyp1f1(1, 2 - alpha, -y)


@pytest.mark.parametrize(("gamma", "alpha", "beta"), [("0.4", "0.9", "1.3"), ("0.25", "0.25", "0.5")])
def test_memory_integrals(gamma, alpha, beta):
    """The closed forms against quadrature of the definition; the tail is subtracted where it diverges."""
    gamma, alpha, beta = mpf(gamma), mpf(alpha), mpf(beta)
    first, second = memory(alpha), memory(beta)

    def mellin(function):
        def integrand(x):
            return mp.exp(gamma * x) * function(mp.exp(x))

        return mp.quad(integrand, [-120, -20, -5, 0, 2, 5, 10, 20, 40, 80]) / mp.gamma(gamma)

    pairs = [
        (mellin(lambda y: first(y) - 1), linear_memory(gamma, alpha)),
        (mellin(lambda y: mp.exp(-y) * first(y)), cross_memory(gamma, alpha)),
        (mellin(lambda y: first(y) * second(y) - 1), quadratic_memory(gamma, alpha, beta)),
    ]
    for quadrature, closed in pairs:
        assert abs(quadrature / closed - 1) < 5e-9


def test_quadratic_memory_beyond_its_integral():
    """For gamma > 1 it is the continuation that the differential equation of h provides."""
    gamma, alpha, beta = mpf("0.4"), mpf("0.3"), mpf("0.8")

    def whole(z):
        return mp.gamma(z) * quadratic_memory(z, alpha, beta)

    def single(z, e):
        return mp.gamma(z) * linear_memory(z, e)

    z = gamma
    right = 2 * whole(z + 1) - single(z + 1, alpha) - single(z + 1, beta)
    assert abs((z + alpha + beta) * whole(z) / right - 1) < 1e-12


@pytest.mark.parametrize(("exponent", "source"), [("2", "0"), ("3", "0"), ("1.7", "0"), ("2", "1")])
def test_the_leading_terms_are_the_prefactors(exponent, source):
    law = PowerLaw(exponent, "inf", f"source:{source}")
    terms = expansion(law)
    prefactors = overlap_prefactor(law), energy_prefactor(law), loss_prefactor(law)
    for name, prefactor in zip(NAMES, prefactors, strict=True):
        assert abs(getattr(terms, name)[1, 0] / prefactor.value - 1) < 1e-15


@pytest.mark.parametrize("exponent", ["1.25", "2", "2.7"])
def test_digits_requested_are_delivered(exponent):
    """Doubling the precision changes no digit, at resonance as elsewhere."""
    law = PowerLaw(exponent, "inf")
    coarse, fine = expansion(law, 20), expansion(law, 40)
    with mp.workdps(60):
        for name in NAMES:
            for order, value in getattr(fine, name).items():
                scale = abs(value) or mpf(1)
                assert abs(getattr(coarse, name)[order] - value) < scale * mpf(10) ** -20
        for name, value in fine.logarithm.items():
            assert abs(coarse.logarithm[name] / value - 1) < mpf(10) ** -20


def test_universal_coefficients_are_those_of_every_law():
    """They depend on gamma alone: two spectra with gamma = 2/5."""
    values = universal_coefficients("2/5", 3)
    for law in (PowerLaw("5/3", "inf"), PowerLaw(2, "inf", "source:-0.1")):
        terms = expansion(law)
        assert terms.gamma == Fraction(2, 5)
        amplitude = terms.energy[1, 0] * 3 / 2
        for name in NAMES:
            for m, value in enumerate(values[name], start=1):
                assert abs(getattr(terms, name)[m, 0] / (value * amplitude**m) - 1) < 1e-14


def test_slow_limit_of_the_series():
    """As gamma -> 0 the coefficients are those of the algebraic limit."""
    count = 6
    values = universal_coefficients("1e-7", count)
    for index, name in enumerate(NAMES):
        limit = mp.taylor(lambda f, i=index: slow_limit_continued(f)[i], 0, count)
        for value, expected in zip(values[name], limit[1:], strict=True):
            assert abs(value - expected) < 2e-5


def slow_limit_continued(f):
    """The same formulas for complex f near 0, as numerical differentiation needs them."""
    return 1 - mp.sqrt((1 - f) * (1 - 2 * f / 3)), 2 * f / 3, 4 * f - 4 * f**2 / 3


def test_slow_limit_is_the_least_loss_of_the_learnt_modes():
    """Minimise L = 3 s^2 + 3 - 4 u^2 - 2 s over w = r w* on the learnt mass 1 - f."""
    for f in (mpf("0.1"), mpf("0.5"), mpf("0.9")):

        def loss(r, f=f):
            s, u = (1 - f) * r**2, (1 - f) * r
            return 3 * s**2 + 3 - 4 * u**2 - 2 * s

        r = mp.findroot(lambda r, loss=loss: mp.diff(loss, r), mp.sqrt((3 - 2 * f) / (3 - 3 * f)) * 1.01)
        assert mp.diff(loss, r, 2) > 0
        limit = slow_limit(f)
        assert abs(1 - (1 - f) * r - limit.overlap) < 1e-12
        assert abs(1 - (1 - f) * r**2 - limit.energy) < 1e-12
        assert abs(loss(r) - limit.loss) < 1e-12
        assert abs(slow_limit_continued(f)[0] - limit.overlap) < 1e-14


@pytest.mark.parametrize("exponent", ["2", "1.5", "1.25"])
def test_logarithm_is_the_growth_of_the_shift(exponent):
    law = expansion(PowerLaw(exponent, "inf"))
    slope = law.overlap[law.gamma.denominator, 0]
    for name in NAMES:
        expected = float(law.gamma) * getattr(law, name)[1, 0] * slope
        assert abs(law.logarithm[name] / expected - 1) < 1e-14


def test_logarithms_at_gamma_one():
    """There the first inverse moment of the spectrum diverges as well."""
    law = expansion(PowerLaw(2, "inf", "source:0.5"))
    assert law.gamma == 1
    amplitude = law.energy[1, 0] * 3 / 2
    memory = amplitude**2 * (mpf(2) / 3 - mpf(1) / 4)
    for name, share in (("overlap", mpf(1) / 3), ("energy", mpf(2) / 3), ("loss", 0)):
        expected = getattr(law, name)[1, 0] * law.overlap[1, 0] - share * memory
        assert abs(law.logarithm[name] / expected - 1) < 1e-14


def test_powers_around_a_resonance_add_up():
    """Expansions on both sides of gamma = 1/2 agree with the one there, once shifts are reconciled."""
    with mp.workdps(50):
        at, near = expansion(PowerLaw(2, "inf"), 30), expansion(PowerLaw(2, "inf", "source:1e-9"), 30)
        assert near.orders[:2] == [(1, 0), (2, 0)]
        assert set(near.orders[2:4]) == {(3, 0), (1, 1)}
        gamma = mpf(near.gamma.numerator) / near.gamma.denominator
        beyond = near.overlap[2, 0] / (1 - 2 * gamma)
        t = mpf(10) ** 6
        for name in NAMES:
            rest = near.at(name, t, terms=4) - near.at(name, t, terms=2)
            rest -= gamma * getattr(near, name)[1, 0] * beyond * t ** (-gamma - 1)
            expected = (getattr(at, name)[1, 1] + at.logarithm[name] * mp.log(t)) * t ** (-gamma - 1)
            assert abs(rest / expected - 1) < 1e-6


def test_time_to_a_level_is_the_inverse():
    law = expansion(PowerLaw("2.5", "inf"))
    for name in NAMES:
        time = law.reached(name, mpf("1e-5"), shift=mpf("-0.4"))
        assert abs(law.at(name, time, shift=mpf("-0.4")) / mpf("1e-5") - 1) < 1e-12


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: expansion(PowerLaw(2, 2, [1, 2], tail_mean_square=1)), "flat or source"),
        (lambda: expansion(PowerLaw(1, 100)), "b = 1"),
        (lambda: expansion(PowerLaw(3, "inf")).at("mse", 10), "overlap, energy or loss"),
        (lambda: universal_coefficients(0, 1), "positive"),
        (lambda: universal_coefficients("1/2", 3), "count is 3"),
        (lambda: slow_limit(1.5), "0, 1"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
