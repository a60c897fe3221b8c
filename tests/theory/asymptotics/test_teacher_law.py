"""The law of the escape rate over Gaussian teachers: closed forms, other inversions, draws."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics.problems.linearisation import escape_direction
from theory.asymptotics import (
    Given,
    PowerLaw,
    escape_rate,
    escape_rate_density,
    escape_rate_distribution,
    escape_rate_quantile,
    escape_rate_survival,
)


def coefficients(eigenvalues, rate):
    return [x * (12 * x - rate) / (rate - 4 * x) for x in eigenvalues]


@pytest.mark.parametrize("rate", ["12.001", "13", "16", "23.99"])
def test_two_modes_by_the_uniform_angle(rate):
    found = escape_rate_distribution(Given([2, 1], [1, 1]), rate, 25)
    with mp.workdps(50):
        first, second = coefficients([mpf(2), mpf(1)], mpf(rate))
        exact = 2 / mp.pi * mp.atan(mp.sqrt(-second / first))
        assert abs(found.value - exact) <= found.radius < exact * mpf(10) ** -25


@pytest.mark.parametrize("rate", ["4.2", "5.5", "11"])
def test_one_positive_mode_by_a_real_integral(rate):
    """At a = 2 only the first c is positive and the contour folds on its cut:
    P(rho > x) = (2/pi) int_0^(pi/2) prod_(i > 1) (1 + r_i / cos^2)^(-1/2), r_i = -c_i/c_1."""
    eigenvalues = [mpf(1) / i**2 for i in range(1, 21)]
    first, *others = coefficients(eigenvalues, mpf(rate))
    assert first > 0 > max(others)

    def integrand(angle):
        cosine = mp.cos(angle)
        return mp.fprod(cosine / mp.sqrt(cosine**2 - c / first) for c in others)

    exact = 2 / mp.pi * mp.quad(integrand, [0, mp.pi / 2])
    found = escape_rate_survival(Given(eigenvalues, [1] * 20), rate, 12)
    assert abs(found.value / exact - 1) < 1e-11


@pytest.mark.parametrize("fraction", ["0.34", "0.8"])
@pytest.mark.parametrize(("exponent", "dimension"), [("1.2", math.inf), ("2", math.inf), ("0.8", 60)])
def test_digits_and_radius_by_doubling(exponent, dimension, fraction):
    spectrum = PowerLaw(exponent, dimension)
    with mp.workdps(40):
        rate = 12 * spectrum.eigenvalue(1) * mpf(fraction)
    for function in (escape_rate_distribution, escape_rate_survival, escape_rate_density):
        single, double = function(spectrum, rate, 6), function(spectrum, rate, 12)
        assert abs(single.value - double.value) <= single.radius + double.radius
        assert double.radius <= 1e-11


@pytest.mark.parametrize("rate", ["7.5"])
def test_moments_continue_the_listed_product(rate):
    """A given spectrum lists all modes; the power law takes moments beyond the first."""
    eigenvalues = [mpf(1) / i**2 for i in range(1, 301)]
    scale = mp.fsum(eigenvalues)
    listed, named = Given(eigenvalues, [1] * 300), PowerLaw(2, 300)
    for function, unit in ((escape_rate_distribution, 1), (escape_rate_density, scale)):
        one, two = function(listed, rate), function(named, mpf(rate) / scale)
        assert abs(one.value * unit - two.value) < 1e-10


def test_density_is_the_derivative():
    spectrum, step = PowerLaw("1.5", 60), mpf(10) ** -5
    above, below = (escape_rate_distribution(spectrum, 3 + x, 14).value for x in (step, -step))
    assert abs((above - below) / (2 * step) / escape_rate_density(spectrum, 3).value - 1) < 1e-8


def test_quantile_inverts_the_distribution():
    spectrum = PowerLaw("1.5", 20)
    quantile = escape_rate_quantile(spectrum, "0.01", 6)
    found = escape_rate_distribution(spectrum, quantile.value, 10).value
    density = escape_rate_density(spectrum, quantile.value, 6).value
    assert abs(found - mpf("0.01")) <= 1.01 * density * quantile.radius + mpf(10) ** -10
    assert quantile.radius <= 1e-6 * quantile.value


def test_support():
    spectrum = PowerLaw(2, "inf")
    top = spectrum.eigenvalue(1)
    assert escape_rate_distribution(Given([4, 1], [1, 1]), 16).value == 0
    assert escape_rate_survival(Given([4, 1], [1, 1]), 48).value == 0
    one, four = (escape_rate_distribution(spectrum, 4 * top + k * mpf(10) ** -5, 6).value for k in (1, 4))
    assert abs(four / one - 2) < 1e-3  # g_1^2 < const (x - 4 lambda_1): a square root at the lower end
    assert escape_rate_distribution(Given([2, 1], [1, 1]), 12).value == 0


@pytest.mark.parametrize(("exponent", "dimension"), [(2.0, 50), (1.0, 8), (0.3, 5)])
def test_draws_of_the_secular_root(exponent, dimension):
    """Kolmogorov's statistic of 4000 roots found for drawn teachers: below 1.95/sqrt(n) but once in 1000."""
    eigenvalues = np.arange(1.0, dimension + 1.0) ** -exponent
    eigenvalues /= eigenvalues.sum()
    rng = np.random.default_rng(7)
    count = 4000
    rates = []
    for _ in range(count):
        teacher = rng.standard_normal(dimension)
        rates.append(escape_direction(eigenvalues, teacher / np.sqrt(eigenvalues @ teacher**2))[0])
    rates = np.sort(rates)
    places = np.arange(200, count, 400)
    law = PowerLaw(str(exponent), dimension)
    exact = np.array([float(escape_rate_distribution(law, float(rates[i]), 6).value) for i in places])
    assert np.abs(exact - (places + 0.5) / count).max() < 1.95 / math.sqrt(count)


def test_bad_input():
    with pytest.raises(ValueError, match="all eigenvalues are equal"):
        escape_rate_distribution(PowerLaw(0, 10), 1)
    with pytest.raises(ValueError, match="finite number"):
        escape_rate_distribution(PowerLaw(2, 10), "nan")
    with pytest.raises(ValueError, match="strictly between"):
        escape_rate_quantile(PowerLaw(2, 10), 1)


def test_given_teacher_is_not_used():
    one = escape_rate_distribution(Given([3, 2, 1], [1, 2, 3]), 20)
    other = escape_rate_distribution(Given([3, 2, 1], [0, 0, 1]), 20)
    assert one == other
    assert escape_rate(Given([3, 2, 1], [1, 2, 3])).value != escape_rate(Given([3, 2, 1], [0, 0, 1])).value
