"""Sums with a function of one's own against moments, plain addition and other routes."""

import math

import pytest
from mpmath import mp, mpf

from theory.asymptotics import Given, PowerLaw, spectral_sum
from theory.asymptotics.sums import compression


@pytest.mark.parametrize("dimension", ["inf", 10**12])
@pytest.mark.parametrize(("exponent", "teacher"), [("1.2", "flat"), ("2", "source:0.3")])
def test_monomials_are_moments(dimension, exponent, teacher):
    law = PowerLaw(exponent, dimension, teacher)
    found = spectral_sum(law, lambda x: x**3, power=2, digits=25)
    with mp.workdps(40):
        assert abs(found.value - law.moment(4)) <= found.radius


def test_plain_addition():
    law = PowerLaw("1.5", 1000, "source:0.2")
    found = spectral_sum(law, lambda x: mp.log(1 + x) * mp.exp(-30 * x), power=0, reach=1, digits=15)
    with mp.workdps(30):
        plain = mp.fsum(mass / x * mp.log(1 + x) * mp.exp(-30 * x) for x, mass, _ in law.levels())
        assert abs(found.value - plain) <= found.radius <= mpf(10) ** -15 * plain


def test_given_levels():
    found = spectral_sum(Given([2, 1], [1, 1]), lambda x: 1 / x, power=3)
    with mp.workdps(30):
        assert abs(found.value - mpf(5) / 3) <= found.radius


def test_doubled_precision():
    law = PowerLaw("1.2", "inf")
    single, double = (spectral_sum(law, lambda x: 1 / (3 + mp.sin(x)), digits=n) for n in (20, 40))
    assert abs(single.value - double.value) <= single.radius + double.radius


def test_bad_requests():
    law = PowerLaw(2, "inf")
    with pytest.raises(ValueError, match="diverges"):
        spectral_sum(law, mp.exp, power=0)
    with pytest.raises(ValueError, match="must be positive"):
        spectral_sum(law, mp.exp, reach=0)
    with pytest.raises(ValueError, match="million"):
        spectral_sum(PowerLaw(2, 10**12), mp.exp, reach="1e-14")
    with pytest.raises(ArithmeticError, match="not analytic"):
        spectral_sum(law, lambda x: 1 / (x - mpf("0.25") * mp.j) + 1 / (x + mpf("0.25") * mp.j))


def test_ellipse_of_a_bin():
    """1/λ on a bin [1/r, 1] is singular at 0: in units of the half width at −z, z = (r + 1)/(r − 1), where
    the ellipse has semi-axes z and √(z² − 1)."""
    z = (compression.FALL + 1) / (compression.FALL - 1)
    assert abs(compression.BIN_ELLIPSE - z - math.sqrt(z * z - 1)) < 1e-14
