"""What a Gaussian teacher changes: against draws, quadrature and closed forms."""

import numpy as np
import pytest
from mpmath import mp, mpf

from theory.asymptotics import PowerLaw, fluctuation_prefactor, inverse_energy_mean

SHAPES = {
    "overlap": lambda y: np.exp(-y) / 3 + np.exp(-2 * y) / 2,
    "energy": lambda y: 2 * np.exp(-y) / 3,
    "loss": lambda y: 4 * np.exp(-2 * y),
}


@pytest.mark.parametrize(("exponent", "source"), [(2.0, 0.0), (1.5, 0.3)])
def test_variance_is_the_sum_over_modes(exponent, source):
    """sqrt(2 sum m^2 psi^2) / sum m psi at a late time, mode by mode."""
    law = PowerLaw(exponent, "inf", f"source:{source}")
    i = np.arange(1, 10**6 + 1, dtype=float)
    trace, mass = float(law.trace_sum()), i ** -(exponent + 2 * source)
    t = 3000.0**exponent
    for quantity, shape in SHAPES.items():
        weights = mass * shape(8 * i**-exponent * t / trace)
        beyond = 10**6 * mass[-1] / (exponent + 2 * source - 1) * shape(0.0)
        spread = np.sqrt(2 * np.sum(weights**2)) / (np.sum(weights) + beyond)
        predicted = float(fluctuation_prefactor(law, quantity)) * t ** (-0.5 / exponent)
        assert spread == pytest.approx(predicted, rel=1e-5)


def test_draws_fluctuate_as_predicted():
    """4000 teachers: the spread of N f(t)/C, within four standard errors."""
    law, draws = PowerLaw(2, "inf"), 4000
    i = np.arange(1.0, 4001.0)
    t = 1e4
    weights = i**-2 * np.exp(-8 * i**-2 * t / float(law.trace_sum()))
    squares = np.random.default_rng(5).standard_normal((draws, len(i))) ** 2
    sample = squares @ weights / (weights.sum() + 1 / 4000)
    predicted = float(fluctuation_prefactor(law)) * t**-0.25
    assert sample.std() == pytest.approx(predicted, rel=4 / np.sqrt(2 * draws))


def test_inverse_energy_by_the_product_of_sines():
    """At a = 2 the product over all modes is sinh(x)/x, x^2 = 12 z."""
    with mp.workdps(25):

        def integrand(x):
            return x / 6 * mp.sqrt(x / mp.sinh(x))

        plain = mp.quad(integrand, [0, 1, 5, 20, 60, 160])
        constant = inverse_energy_mean(PowerLaw(2, "inf"), 20)
        assert abs(constant.value - plain) < constant.radius + mpf(10) ** -20


def test_inverse_energy_of_equal_masses():
    """N = chi^2_d / d has E[1/N] = d/(d - 2)."""
    for dimension in (3, 7, 300):
        value = inverse_energy_mean(PowerLaw(0, dimension)).value
        assert abs(value * (dimension - 2) / dimension - 1) < mpf(10) ** -15


def test_inverse_energy_of_draws():
    i = np.arange(1.0, 3001.0)
    masses = i**-1.5 / np.sum(i**-1.5)
    inverse = 1 / (np.random.default_rng(1).standard_normal((4000, 3000)) ** 2 @ masses)
    value = float(inverse_energy_mean(PowerLaw("1.5", 3000)))
    assert inverse.mean() == pytest.approx(value, abs=4 * inverse.std() / np.sqrt(4000))


def test_no_mean_without_three_modes():
    assert "infinite" in inverse_energy_mean(PowerLaw(2, 2)).reason


def test_bad_input():
    with pytest.raises(ValueError, match="overlap, energy or loss"):
        fluctuation_prefactor(PowerLaw(2, "inf"), "mse")
    with pytest.raises(ValueError, match="b = 1"):
        fluctuation_prefactor(PowerLaw(1, 100))
    with pytest.raises(ValueError, match="flat or source"):
        inverse_energy_mean(PowerLaw(2, 3, [1, 2, 3]))
