"""The fast manifold: its equations mode by mode, closed forms, doubled precision."""

import math
from fractions import Fraction

import pytest
from mpmath import mp, mpf

from theory.asymptotics import (
    Given,
    PowerLaw,
    energy_amplitude,
    energy_delay,
    escape_rate,
    escape_time_quantile,
    manifold_series,
    median_escape_offset,
    onset_delay,
    overlap_amplitude,
    overlap_delay,
    residual_sum,
    third_delay,
)
from theory.asymptotics.escape import fast_manifold
from theory.asymptotics.escape.fast_manifold import TooFar, _Manifold, log_crossing
from theory.asymptotics.escape.manifold_late import Radau, _Mode, _sum
from theory.asymptotics.sums.compression import compressed, gauss_rule


@pytest.mark.parametrize(("exponent", "teacher"), [("1.2", "flat"), ("2", "source:0.3"), ("4", "flat")])
@pytest.mark.parametrize("dimension", [math.inf, 10**12])
def test_compression_keeps_the_secular_function(exponent, teacher, dimension):
    spectrum = PowerLaw(exponent, dimension, teacher)
    rho = escape_rate(spectrum, 30).value
    with mp.workdps(30):
        levels = compressed(spectrum)
        assert abs(mp.fsum(8 * x * mass / (rho - 4 * x) for x, mass in levels) - 1) < 1e-26
        assert abs(mp.fsum(mass for _, mass in levels) - 1) < 1e-28
        assert min(mass for _, mass in levels) > 0
        assert len(levels) < 45


def test_compression_of_listed_levels():
    """A long given spectrum against the power law that it lists."""
    with mp.workdps(20):
        listed = compressed(Given([mpf(1) / i**2 for i in range(1, 501)], [1] * 500))
        named = compressed(PowerLaw(2, 500))
        assert len(listed) < 30
        scale = named[0][0] / listed[0][0]
        for power in (0, 1, 3, 8):
            one = mp.fsum((scale * x) ** power * mass for x, mass in listed)
            assert abs(one - mp.fsum(x**power * mass for x, mass in named)) < 1e-19


def test_gauss_rule_of_legendre():
    with mp.workdps(60):
        moments = [mpf(1) / k for k in range(1, 15)]
    with mp.workdps(30):
        rule = gauss_rule(moments)
        assert all(abs(mp.legendre(7, 2 * x - 1)) < mpf(10) ** -26 for x, _ in rule)
        assert len({mp.nstr(x, 10) for x, _ in rule}) == 7
        for x, weight in rule:
            slope = mp.diff(lambda t: mp.legendre(7, t), 2 * x - 1)
            assert abs(weight * (1 - (2 * x - 1) ** 2) * slope**2 - 1) < 1e-12


@pytest.mark.parametrize("level", ["0.1", "0.5", "0.8"])
def test_isotropic_closed_form(level):
    overlap, energy = (
        overlap_amplitude(PowerLaw(0, 9), level, 20),
        energy_amplitude(PowerLaw(0, 9), level, 20),
    )
    with mp.workdps(40):
        assert abs(overlap.value - mpf(level) / mp.sqrt(1 - mpf(level) ** 2)) <= overlap.radius
        assert abs(energy.value - mp.sqrt(mpf(level) / (1 - mpf(level)))) <= energy.radius


@pytest.mark.parametrize(
    ("exponent", "teacher"), [("1.2", "flat"), ("2", "flat"), ("3", "source:0.3"), ("2", "source:-0.3")]
)
def test_digits_and_radius_by_doubling(exponent, teacher):
    spectrum = PowerLaw(exponent, "inf", teacher)
    for function in (onset_delay, third_delay, median_escape_offset):
        single, double = function(spectrum, 10), function(spectrum, 20)
        assert abs(single.value - double.value) <= single.radius + double.radius
        assert single.radius <= mpf(10) ** -10 * max(1, abs(single.value))


@pytest.mark.parametrize(
    ("spectrum", "level"),
    [
        (PowerLaw("1.2", 1000, "source:-0.2"), "0.19"),
        (PowerLaw("1.2", "inf"), "0.5"),
        (PowerLaw("1.05", "inf"), "0.2"),
        (PowerLaw(8, "inf"), "0.9"),
        (Given([4, 2, 1], [1, 2, 3]), "0.9"),
    ],
)
def test_radius_beyond_the_series(spectrum, level):
    for function in (overlap_amplitude, overlap_delay, energy_delay):
        found, finer = (function(spectrum, level, n) for n in (8, 18))
        assert abs(found.value - finer.value) <= found.radius + finer.radius
        assert found.radius <= mpf(10) ** -8 * max(1, abs(found.value))


def test_orbit_meets_the_series():
    """Far inside the circle of convergence the orbit's polynomials are the series in the amplitude."""
    spectrum, digits = PowerLaw("1.5", "inf"), 20
    overlaps, energies = manifold_series(spectrum, 60)
    with mp.workdps(30):
        square = mpf("0.12")
        level = square * mp.polyval(energies[::-1], square)
        found = energy_amplitude(spectrum, str(level), digits)
        assert abs(found.value**2 - square / (1 - square)) < 1e-14
        level = mp.sqrt(square) * mp.polyval(overlaps[::-1], square)
        found = overlap_amplitude(spectrum, str(level), digits)
        assert abs(found.value**2 - square / (1 - square)) < 1e-14


@pytest.mark.parametrize("kappa", ["0.1", "7", "1e9"])
def test_implicit_step_is_collocation(kappa):
    """f' = kappa (r - f) at the nodes, for the polynomial r through values there, and f(-1) as given."""
    nodes = 9
    with mp.workdps(40):
        one, size = 1 << mp.prec, mpf(kappa)
        table = Radau(nodes)
        places = [mpf(row[1]) / one for row in table.values]
        values = [int(mp.exp(-x) * one) for x in places]
        r = [sum(a * b for a, b in zip(row, values, strict=True)) >> mp.prec for row in table.inverse]
        found = _Mode(int(size * one), nodes, mp.prec).solve(r, one // 5)
        coefficients = [mpf(c) / one for c in found]
        for x in places:
            value, slope = _sum(coefficients, x)
            assert abs(slope / size - (mp.exp(-x) - value)) < 1e-28
        assert abs(_sum(coefficients, mpf(-1))[0] - mpf(1) / 5) < 1e-24
        assert places[-1] == 1


def test_implicit_steps_continue_those_of_taylor():
    """The same crossing by Taylor's steps all the way."""
    spectrum, level = PowerLaw("1.3", "inf"), Fraction(4, 5)
    found, _ = log_crossing(spectrum, level, False, 12)
    with mp.workdps(60):
        manifold = _Manifold(spectrum, 22, 2**9)
        time, _ = manifold.orbit.crossing(mpf(4) / 5, False, manifold.latest)
        assert time > manifold.settled
        assert abs(manifold.begin + manifold.rate * time - found) < 1e-14 * found


def test_crossings_that_are_out_of_reach(monkeypatch):
    monkeypatch.setattr(fast_manifold, "REACHES", (2**6,))
    spectrum = PowerLaw("1.21", "inf")
    with pytest.raises(TooFar, match="later than 64"):
        overlap_amplitude(spectrum, "0.9", 5)
    assert overlap_delay(spectrum, "0.9", 5).reason.startswith("level is 0.9")


@pytest.mark.parametrize(
    ("spectrum", "latest"),
    [(PowerLaw("1.3", 10**9), 10**7), (Given([mpf(1) / i for i in range(1, 2000)], [1] * 1999), 10**3)],
)
def test_compression_in_bins(spectrum, latest):
    """Decaying sums at every time up to a late one, against sums that know no bins."""
    with mp.workdps(22):
        top = spectrum.extremes()[0]
        levels = compressed(spectrum, latest / top)
        assert len(levels) < 250
        for time in (0, 30, latest // 30, latest):
            exact = residual_sum(spectrum, time / top / 8, 25)
            assert abs(mp.fsum(mass * mp.exp(-x * time / top) for x, mass in levels) / exact - 1) < 1e-17


def test_compression_for_late_times():
    """Nodes on isolated modes have weights as accurate as the others."""
    spectrum = PowerLaw("1.5", 1000, "source:-0.2")
    with mp.workdps(30):
        top = spectrum.extremes()[0]
        levels = compressed(spectrum, 4000 / top)
        assert len(levels) < 70
        for time in (0, 10, 1000, 4000):
            exact = mp.fsum(mass * mp.exp(-x * time / top) for x, mass, _ in spectrum.levels())
            assert abs(mp.fsum(mass * mp.exp(-x * time / top) for x, mass in levels) / exact - 1) < 1e-24


def test_times_are_logarithms_of_amplitudes():
    spectrum = PowerLaw(2, 1000, "source:0.2")
    with mp.workdps(25):
        rho = escape_rate(spectrum, 20).value
        for delay, amplitude in (
            (onset_delay, overlap_amplitude(spectrum, "0.1", 20)),
            (third_delay, energy_amplitude(spectrum, "1/3", 20)),
        ):
            assert abs(delay(spectrum, 15).value - mp.log(amplitude.value) / rho) < 1e-15


def test_median_of_isotropic_starts():
    """Q = I/d: A^2 = 1/99 at u = 1/10, and s(0) = lambda g^2/d is A(0)^2, counted in units of 1/d."""
    dimension = 10**6
    offset = median_escape_offset(PowerLaw(0, dimension), 15)
    with mp.workdps(25):
        draw = mp.sqrt(2) * mp.erfinv(mpf(1) / 2)
        start = draw / mp.sqrt(mpf(dimension))
        exact = (mp.log(mp.sqrt(mpf(1) / 99) / start)) / (mpf(12) / dimension)
        assert abs(offset.value / exact - 1) < 1e-13


def test_quantiles_increase_and_have_the_median():
    spectrum, dimension = PowerLaw(2, 10**4), 10**4
    early, median, late = (escape_time_quantile(spectrum, p, dimension).value for p in ("0.1", "0.5", "0.9"))
    assert early < median < late
    rho = escape_rate(spectrum).value
    offset = median_escape_offset(spectrum).value
    assert abs(median - mp.log(dimension) / (2 * rho) - offset) < 1e-13


def test_bad_levels():
    with pytest.raises(ValueError, match=r"\(0, 9/10\]"):
        overlap_amplitude(PowerLaw(2, "inf"), "0.95")
    with pytest.raises(ValueError, match=r"\(0, 9/10\]"):
        energy_amplitude(PowerLaw(2, "inf"), 0)
    with pytest.raises(ValueError, match="strictly between"):
        escape_time_quantile(PowerLaw(2, 10), 0, 10)


def test_a_late_onset_is_given_promptly_to_five_digits() -> None:
    law = PowerLaw("1.2", 10**10, "source:-0.2")
    prompt, full = onset_delay(law, 12), overlap_delay(law, "0.1", 6)
    assert prompt.value is not None
    assert prompt.radius is not None
    assert full.value is not None
    assert full.radius is not None
    assert abs(prompt.value - full.value) <= prompt.radius + full.radius
    assert full.radius < prompt.radius < mpf("1e-5") * prompt.value
    offset = median_escape_offset(law, 12)
    assert offset.value is not None
    assert offset.radius is not None
    assert offset.radius < mpf("1e-5") * offset.value
