"""Balls around the amplitude at a level of u, against the sums over modes, exact ones and more terms."""

from fractions import Fraction

import pytest
from flint import arb, arb_poly, ctx
from mpmath import mp, mpf

from theory.asymptotics import Given, PowerLaw, median_escape_offset, onset_delay
from theory.asymptotics.escape import enclosed_clock, enclosed_manifold
from theory.asymptotics.escape.manifold_clock import clock
from theory.asymptotics.numbers.balls import Balls

MANY = Given([mpf(1) / i for i in range(1, 60)], [1 + i % 3 for i in range(59)])
LAWS = [
    PowerLaw(2, "inf"),
    PowerLaw("1.5", 10**6, "source:0.3"),
    PowerLaw("1.3", "inf"),
    PowerLaw(1, 50),
    MANY,
]


@pytest.mark.parametrize("spectrum", LAWS)
@pytest.mark.parametrize("digits", [30, 60])
def test_both_series_enclose_the_amplitude(spectrum, digits):
    with ctx.workdps(digits):
        found, summed = (
            part.overlap_amplitude(spectrum, Fraction(1, 10)) for part in (enclosed_clock, enclosed_manifold)
        )
        assert found.overlaps(summed)
        assert found.rad() < arb(10) ** (12 - digits)


@pytest.mark.parametrize("level", [Fraction(1, 1000), Fraction(1, 10), Fraction(1, 5)])
def test_isotropic_amplitude(level):
    """u/sqrt(1 - u^2)."""
    with ctx.workdps(40):
        found = enclosed_clock.overlap_amplitude(PowerLaw(0, 9), level)
        u = arb(level.numerator) / level.denominator
        assert found.overlaps(u / (1 - u**2).sqrt())
        assert found.rad() < 1e-30


@pytest.mark.parametrize("spectrum", LAWS)
def test_the_remainder_holds_what_is_left(spectrum):
    """The terms from 12 to 60, which are positive."""
    with ctx.workdps(50):
        few, many = (clock(spectrum, terms, ctx.dps) for terms in (12, 60))
        x = arb("0.01")
        rest, left = enclosed_clock._remainder(few, x, 4 * x)
        assert 0 < arb_poly([0] * 12 + many.ratios[12:])(x) < rest < 1e-3
        assert 0 < arb_poly([0] * 13 + many.energies[12:])(x) < left < 1e-3


def test_a_level_beyond_the_bound_is_refused():
    with ctx.workdps(30), pytest.raises(ArithmeticError, match="too large"):
        enclosed_clock.overlap_amplitude(PowerLaw(2, "inf"), Fraction(3, 5))


@pytest.mark.parametrize("spectrum", LAWS)
def test_first_overlap(spectrum):
    with ctx.workdps(40):
        summed = enclosed_manifold.EnclosedSeries(spectrum).overlaps[0]
        assert enclosed_clock.first_overlap(spectrum).overlaps(summed)
        assert Balls().to_mpf(summed)[1] < 1e-25


@pytest.mark.parametrize("constant", [onset_delay, median_escape_offset])
def test_more_digits_lie_within_the_radius_of_fewer(constant):
    coarse, fine = (constant(PowerLaw(2, "inf"), digits) for digits in (50, 300))
    with mp.workdps(330):
        assert abs(coarse.value - fine.value) <= coarse.radius + fine.radius
        assert fine.radius <= mpf(10) ** -300
