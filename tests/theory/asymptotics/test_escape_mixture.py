"""The escape time over teachers and starts: conditional means against other formulas and against draws."""

import math

import numpy as np
import pytest

from derivations.escape.measured.teacher_law import _rates
from theory.asymptotics import (
    Given,
    PowerLaw,
    escape_offset_given_rate,
    escape_rate,
    escape_rate_density,
    escape_rate_quantile,
    escape_time_quantile,
    teacher_escape_distribution,
    teacher_escape_expansion,
    teacher_escape_quantile,
)
from theory.asymptotics.escape.mixture import LOG_NORMAL, _bend, _Given, _levels


@pytest.mark.parametrize("exponent", ["1.05", "1.5", "3"])
def test_density_and_typical_teacher(exponent):
    """The density by the other inversion; the mean squares given the rate have that rate."""
    spectrum = PowerLaw(exponent, "inf")
    rate = float(spectrum.extremes()[0]) * 4.8
    given = _Given(_levels(spectrum), rate, _bend(spectrum))
    assert given.density == pytest.approx(float(escape_rate_density(spectrum, rate, 8)), rel=1e-5)
    assert float(escape_rate(given.typical())) == pytest.approx(rate, rel=1e-4)


@pytest.mark.parametrize(("exponent", "dimension"), [(2.0, 40), (0.5, 60)])
def test_log_ratio_against_draws(exponent, dimension):
    """The mean of log D' among drawn teachers whose rate is near x, to four standard errors."""
    eigenvalues = np.arange(1.0, dimension + 1) ** -exponent
    eigenvalues /= eigenvalues.sum()
    squares = np.random.default_rng(3).standard_normal((40_000, dimension)) ** 2
    rates = _rates(eigenvalues, squares)
    spectrum = PowerLaw(str(exponent), dimension)
    for share in (0.3, 0.7):
        low, middle, high = np.quantile(rates, [share - 0.01, share, share + 0.01])
        near = (rates > low) & (rates < high)
        masses = squares[near] * eigenvalues / (squares[near] @ eigenvalues)[:, None]
        slopes = (8 * eigenvalues * masses / (rates[near, None] - 4 * eigenvalues) ** 2).sum(axis=1)
        line, covariance = np.polyfit(rates[near] - middle, np.log(slopes), 1, cov=True)
        found = _Given(_levels(spectrum), float(middle), _bend(spectrum)).log_ratio()
        assert abs(found - line[1]) < 4 * math.sqrt(covariance[1, 1]) + 1e-4


def test_two_modes_have_one_teacher_for_each_rate():
    """Then K is a function of the rate, and the law of the time that of the angle of the teacher."""
    first, second = 2.0, 1.0
    rate = 14.0
    c1, c2 = (x * (12 * x - rate) / (rate - 4 * x) for x in (first, second))
    teacher = [1.0, math.sqrt(-c1 / c2)]
    found = escape_offset_given_rate(Given([first, second], [1, 1]), rate)
    one = Given([first, second], teacher)
    assert float(escape_rate(one)) == pytest.approx(rate)
    median = float(escape_time_quantile(one, "0.5", 10**6)) * rate - math.log(1e6) / 2
    assert found == pytest.approx(median + math.log(0.6744897501960817), abs=1e-4)


def test_distribution_and_quantile():
    spectrum, dimension = PowerLaw(2, "inf"), 1e6
    quantiles = [teacher_escape_quantile(spectrum, p, dimension) for p in (0.1, 0.5, 0.9)]
    assert quantiles == sorted(quantiles)
    for p, time in zip((0.1, 0.5, 0.9), quantiles, strict=True):
        assert teacher_escape_distribution(spectrum, time, dimension) == pytest.approx(p, abs=1e-8)
    assert 0.999 < teacher_escape_distribution(spectrum, 1e3, dimension) < 1.0001


def test_expansion_in_the_logarithm_of_the_dimension():
    """What is left falls as (log d)^-2; the median is not that of one teacher."""
    spectrum, probability, left = PowerLaw(2, "inf"), 0.1, []
    rate, offset, slope = teacher_escape_expansion(spectrum, probability)
    assert rate == pytest.approx(float(escape_rate_quantile(spectrum, repr(1 - probability), 8)), rel=1e-6)
    assert offset == pytest.approx((escape_offset_given_rate(spectrum, rate) + LOG_NORMAL) / rate, rel=1e-9)
    for dimension in (1e48, 1e96):
        size = math.log(dimension) / 2
        law = size / rate + offset + slope / size
        left.append(teacher_escape_quantile(spectrum, probability, dimension) - law)
    assert left[0] / left[1] == pytest.approx(4, rel=0.15)
    median = float(escape_time_quantile(PowerLaw(2, "inf"), "0.5", 10**12))
    assert abs(teacher_escape_quantile(spectrum, 0.5, 1e12) - median) > 0.1


def test_bad_input():
    spectrum = PowerLaw(2, "inf")
    with pytest.raises(ValueError, match="must lie between"):
        escape_offset_given_rate(spectrum, 2.0)
    with pytest.raises(ValueError, match="strictly between"):
        teacher_escape_quantile(spectrum, 1.0, 1e6)
    with pytest.raises(ValueError, match=r"time is -1.0: it must be a number, at least 0"):
        teacher_escape_distribution(spectrum, -1.0, 1e6)
