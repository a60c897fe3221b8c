"""Power series of the fast manifold in its own clock, against the sums over modes and the orbit in time."""

import math
from fractions import Fraction

import pytest
from flint import arb, ctx
from mpmath import mp, mpf

from theory.asymptotics import Given, PowerLaw, energy_delay, manifold_series, third_delay
from theory.asymptotics.escape import fast_manifold
from theory.asymptotics.escape.manifold_clock import Quotients, clock_series, energy_crossing, energy_series
from theory.asymptotics.numbers.balls import Balls

MANY = Given([mpf(1) / i for i in range(1, 60)], [1 + i % 3 for i in range(59)])
LAWS = [PowerLaw(2, "inf"), PowerLaw("1.5", 10**6, "source:0.3"), PowerLaw("1.3", "inf"), MANY]


@pytest.fixture
def by_orbit(monkeypatch):
    """Forget what was found, and follow the orbit from here on."""

    def switch():
        fast_manifold.log_crossing.cache_clear()
        monkeypatch.setattr(fast_manifold, "_by_series", lambda *_: None)

    yield switch
    fast_manifold.log_crossing.cache_clear()


@pytest.mark.parametrize("spectrum", LAWS)
def test_the_series_is_the_one_of_the_sums_over_modes(spectrum):
    with mp.workdps(60):
        _, expected = manifold_series(spectrum, 20)
    with ctx.workdps(50):
        found = energy_series(spectrum, 20)
    for ball, value in zip(found, expected, strict=True):
        centre, radius = Balls().to_mpf(ball)
        with mp.workdps(80):
            assert abs(centre - value) <= radius + mpf(10) ** -50
            assert radius < mpf(10) ** -22


@pytest.mark.parametrize("spectrum", LAWS)
@pytest.mark.parametrize("level", ["1/3", "1/5"])
def test_many_digits_are_those_of_the_orbit(spectrum, level, by_orbit):
    found = [energy_delay(spectrum, level, digits) for digits in (25, 45)]
    by_orbit()
    followed = energy_delay(spectrum, level, 45)
    with mp.workdps(70):
        for delay, digits in zip(found, (25, 45), strict=True):
            assert abs(delay.value - followed.value) <= delay.radius + followed.radius
            assert delay.radius <= mpf(10) ** -digits


def test_more_digits_lie_within_the_radius_of_fewer():
    coarse, fine = (third_delay(PowerLaw(2, "inf"), digits) for digits in (60, 150))
    with mp.workdps(170):
        assert abs(coarse.value - fine.value) <= coarse.radius + fine.radius
        assert fine.radius <= mpf(10) ** -150


@pytest.mark.parametrize("level", [Fraction(1, 3), Fraction(1, 2)])
def test_isotropic_crossing(level):
    """A^2 = s/(1 - s), the level beyond the branch point as well."""
    with mp.workdps(50):
        exact = mpf(level.numerator) / level.denominator
        expected = mp.log(exact / (1 - exact)) / 2
        found, slope = energy_crossing(PowerLaw(0, 9), level, float(expected), 40)
        assert abs(found - expected) < mpf(10) ** -39
        assert abs(slope - 2 * exact * (1 - exact)) < mpf(10) ** -38


def test_the_terms_in_the_clock_are_those_of_the_inverse():
    """Isotropic data: x = s (1 - s)^2."""
    with ctx.workdps(30):
        found = clock_series(PowerLaw(0, 9), 60)
        for n, ball in enumerate(found, start=1):
            assert ball.contains(arb(math.comb(3 * n - 2, n - 1)) / n)  # Lagrange's inversion
            assert ball.rad() < ball * 1e-25


def test_a_level_out_of_reach_is_refused():
    with pytest.raises(ArithmeticError, match="slowly"):
        energy_crossing(PowerLaw(2, "inf"), Fraction(9, 10), 4.0, 30)
    with pytest.raises(ArithmeticError, match="not resolved"):
        energy_crossing(PowerLaw(2, "inf"), Fraction(1, 3), -0.4, 30)


def test_quotients_are_the_sums_over_the_listed_modes():
    with ctx.workdps(30):
        quotients = Quotients(MANY)
        levels = [(4 * x, mass) for x, mass, _ in MANY.levels(Balls()) if mass > 0]
        for n in (0, 1, 7):
            terms = [(mass, x / ((2 * n + 1) * quotients.rate - x)) for x, mass in levels]
            assert quotients.mean(n).overlaps(sum((m * q for m, q in terms), arb(0)))
            assert quotients.square(n).overlaps(sum((m * q * q for m, q in terms), arb(0)))
            assert quotients.square(n).rad() < 1e-26
