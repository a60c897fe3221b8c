"""Rigorous radii: random problems at twice the digits, raw balls against finer ones, and no python-flint."""

import json
import math
import random
import subprocess
import sys
from fractions import Fraction

import pytest
from flint import arb, ctx
from mpmath import mp, mpf

from theory.asymptotics import (
    CATALOGUE,
    Given,
    PowerLaw,
    constants,
    escape_time_quantile,
    growth_rates,
    onset_delay,
    overlap_amplitude,
)
from theory.asymptotics.escape import enclosed_manifold
from theory.asymptotics.numbers import constant as constant_module
from theory.asymptotics.numbers.balls import Balls
from theory.asymptotics.numbers.constant import Undecided, closed_form
from theory.asymptotics.numbers.roots import enclosed_root
from theory.asymptotics.sums import enclosed_sums
from theory.asymptotics.sums.compression import compressed

ESTIMATED = {"third_delay"}
"""By Taylor steps whose errors are not bounded."""
SERIES = {"onset_delay", "median_escape_offset"}
"""Proved where the series of the fast manifold reaches: tested on their own."""
NAMES = [name for name in CATALOGUE if name not in ESTIMATED | SERIES]
DIMENSIONS = [1, 2, 3, 17, 150, 1000, 10**6, 10**12, math.inf]


def random_problem(seed):
    """A power law with a flat, source or given teacher, or given arrays with repeated and silent modes."""
    draw = random.Random(seed)
    exponent, source = (Fraction(draw.randint(low, 80), 20) for low in (0, -8))
    dimension = draw.choice(DIMENSIONS)
    if seed % 5 == 4:
        count = draw.randint(1, 30)
        eigenvalues = [draw.choice([0.0, 0.5, draw.random(), draw.random() ** 4]) for _ in range(count)]
        teacher = [draw.choice([0, 1, draw.gauss(0, 1)]) for _ in range(count)]
        return Given([*eigenvalues, 1.0], [*teacher, 0.25])
    if seed % 5 == 3:
        components = [draw.choice(["0.1", draw.gauss(0, 1)]) for _ in range(draw.randint(1, 60))]
        return PowerLaw(exponent, len(components), components, tail_mean_square=1)
    if dimension == math.inf:
        exponent += Fraction(21, 20)
        source = max(source, Fraction(1, 20) + (1 - exponent) / 2)
    return PowerLaw(exponent, dimension, "flat" if seed % 5 == 0 else f"source:{source}")


@pytest.mark.parametrize("seed", range(30))
def test_twice_the_digits_stay_within_the_rigorous_radius(seed):
    problem, digits = random_problem(seed), random.Random(seed).choice([1, 15, 30, 50])
    single, double = (constants(problem, n, NAMES) for n in (digits, 2 * digits))
    with mp.workdps(3 * digits + 60):
        defined = [name for name in NAMES if single[name].value is not None]
        for name in defined:
            found, finer = single[name], double[name]
            assert found.rigorous
            assert abs(found.value - finer.value) <= found.radius + finer.radius
            assert found.radius <= abs(finer.value) * mpf(10) ** (-digits - 9)
            assert finer.radius <= abs(finer.value) * mpf(10) ** (-2 * digits - 9)
    assert {"escape_rate", "stability_step", "window_start"} <= set(defined)


@pytest.mark.parametrize("seed", range(20))
def test_raw_balls_hold_finer_ones(seed, monkeypatch):
    """What a ball claims at low precision, before its radius is widened to the digits asked for."""
    narrowest, ratios = 10, []

    def compare(evaluate, field, digits):
        balls = []
        for precision in (42, 84):
            with field.workdps(precision):
                balls.append(evaluate(field))
        coarse, fine = balls
        assert coarse.contains(fine)
        assert coarse.is_exact() or coarse.rel_accuracy_bits() > narrowest * 3
        ratios.append(coarse.rel_accuracy_bits())
        return field.to_mpf(fine)

    monkeypatch.setattr(constant_module, "_enclosed", compare)
    constants(random_problem(seed), 15, NAMES)
    growth_rates(random_problem(seed), 4)
    assert len(ratios) >= 5


def test_remainder_of_a_short_formula_covers_what_it_leaves_out(monkeypatch):
    """With few terms of Euler and Maclaurin's formula the balls are wide, and still hold the plain sums."""
    d, a, b = 900, Fraction(3, 2), Fraction(-1, 3)
    with ctx.workdps(70):
        offset, scale = arb("0.0003"), arb(d) ** 1.5 / 3
        levels = [arb(i) ** 1.5 for i in range(1, d + 1)]
        theta = (1 + offset) / levels[-1]
        edge = sum(arb(i) ** (arb(1) / 3) / (1 - theta * x) for i, x in enumerate(levels[:-1], start=1))
        decaying = sum((-scale / x).exp() for x in levels)
    with ctx.workdps(40):
        widths = []
        for order in (0.05, 0.1, 0.2, 0.38):
            monkeypatch.setattr(enclosed_sums, "ORDER", order)
            found = enclosed_sums.edge_sum(b, a, d)(offset), enclosed_sums.decaying_sum(a, d)(scale)
            assert found[0].contains(edge)
            assert found[1].contains(decaying)
            widths.append(max(float((ball.rad() / ball.mid()).mid()) for ball in found))
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 1e-20
    assert widths[-1] < 1e-37


SHORT = [
    PowerLaw("1.2", "1e12"),
    PowerLaw("1.6", "inf", "source:0.3"),
    PowerLaw(3, 40),
    PowerLaw("2.5", 200, [1 + (7 * i) % 3 for i in range(200)]),
    Given([4, 4, 2.5, 0.7], [1, 2, 0.5, -1]),
]
"""Problems on which the series reaches u = 1/10."""


@pytest.mark.parametrize("problem", SHORT)
def test_onset_is_proved_and_agrees_with_taylor_steps(problem, monkeypatch):
    """The power series in balls against the orbit in floating point, and with twice the digits."""
    proved = constants(problem, 20, sorted(SERIES))
    finer = constants(problem, 40, sorted(SERIES))
    for module in ("numbers.constant", "sums.power_sums", "escape.fast_manifold"):
        monkeypatch.setattr(f"theory.asymptotics.{module}.balls", lambda: None)
    estimated = constants(problem, 30, sorted(SERIES))
    with mp.workdps(80):
        for name, found in proved.items():
            assert found.rigorous
            assert finer[name].rigorous
            assert not estimated[name].rigorous
            assert found.radius <= abs(found.value) * mpf(10) ** -29
            for other in (finer[name], estimated[name]):
                assert abs(found.value - other.value) <= found.radius + other.radius


@pytest.mark.parametrize("problem", SHORT)
def test_balls_of_the_manifold_hold_finer_ones(problem):
    """Amplitude, coefficients and remainder at 30 digits against 60."""
    found = []
    for digits in (30, 60):
        with ctx.workdps(digits):
            amplitude = enclosed_manifold.overlap_amplitude(problem, Fraction(1, 10))
            series = enclosed_manifold.EnclosedSeries(problem)
            series.extend(24)
            found.append((amplitude, *series.overlaps, *series.energies))
    for coarse, fine in zip(*found, strict=True):
        assert coarse.contains(fine.mid())
    assert found[0][0].rel_accuracy_bits() > 19 * math.log2(10)


def test_remainder_of_the_manifold_series_holds_what_is_left():
    """The terms beyond the twelfth, of which fifty are added, against their bound, for many radii.

    At the largest radius the best of the discs is none of the widest, and the bound within a factor of 100.
    """
    for problem in SHORT:
        with ctx.workdps(60):
            series = enclosed_manifold.EnclosedSeries(problem)
            series.extend(12)
            radii = [arb(x) for x in (0.002, 0.01, 0.04)]
            bounds = [series.remainder(x) for x in radii]
            series.extend(62)
            for x, bound in zip(radii, bounds, strict=True):
                left = sum(size * x**n for n, size in enumerate(series.sizes) if n >= 12)
                assert left < bound < 1e-3
            assert bound < 100 * left


@pytest.mark.parametrize("level", ["0.01", "0.3", "0.45"])
def test_isotropic_amplitude_is_enclosed(level):
    """A = u / sqrt(1 - u^2)."""
    found = overlap_amplitude(PowerLaw(0, 9), level, 25)
    assert found.rigorous
    with mp.workdps(60):
        exact = mpf(level) / mp.sqrt(1 - mpf(level) ** 2)
        assert abs(found.value - exact) <= found.radius <= exact * mpf(10) ** -34


def test_beyond_the_series_radii_are_estimates():
    """Shallow spectra cross u = 1/10 late; a level near 1 is crossed beyond the series everywhere."""
    assert not onset_delay(PowerLaw("0.5", 1000), 12).rigorous
    assert not overlap_amplitude(PowerLaw(2, "inf"), "0.8", 12).rigorous


def test_a_rule_on_a_short_interval_keeps_its_moments():
    """A shallow spectrum lies in [1/2, 1] of its largest eigenvalue: there moments say less of the rule."""
    law = PowerLaw("0.15", 1000, "source:-0.35")
    with mp.workdps(30):
        rule = compressed(law)
        for order in (0, 1, 5, 60, 150):
            assert abs(mp.fsum(m * x**order for x, m in rule) / law.moment(order) - 1) < mpf(10) ** -27
    few, more = onset_delay(law, 4), onset_delay(law, 12)
    assert abs(few.value - more.value) <= few.radius + more.radius < 1e-4


def test_quantile_reads_its_probability_exactly():
    """The decimal 0.9, not its double: 40 digits of the difference of two quantiles by erfinv."""
    law = PowerLaw(2, "inf")
    high, low = (escape_time_quantile(law, p, 10**6, 40) for p in ("0.9", "0.2"))
    with mp.workdps(70):
        rate = constants(law, 50, ["escape_rate"])["escape_rate"].value
        exact = mp.log(mp.erfinv(1 - mpf("0.2")) / mp.erfinv(1 - mpf("0.9"))) / rate
        assert abs(high.value - low.value - exact) <= 2 * (high.radius + low.radius) < mpf("1e-38")


def test_a_root_without_change_of_sign_is_refused():
    field = Balls()
    with pytest.raises(Undecided):
        enclosed_root(lambda x: (x - 2) ** 2 + field.eps * 100, arb(1), arb(4), field)


def test_precision_is_raised_until_the_ball_is_narrow():
    """(1 + 10^-60) - 1 keeps no digit of 10^-60 at 45, and many at the precisions that follow."""
    tiny = closed_form(lambda field: (1 + field.mpf("1e-60")) - 1, 15, "", "")
    assert tiny.rigorous
    with mp.workdps(80):
        assert abs(tiny.value - mpf("1e-60")) <= tiny.radius < mpf("1.001e-85")


def test_what_stays_unknown_is_refused():
    with pytest.raises(ArithmeticError, match="not enclosed to 15 digits"):
        closed_form(lambda field: field.uncertain(field.mpf(1)), 15, "", "")


@pytest.mark.parametrize("seed", range(12))
def test_without_balls_the_same_numbers_are_estimates(seed, monkeypatch):
    """The two routes: Arb, and mpmath with Euler and Maclaurin's formula in floating point."""
    problem, digits = random_problem(100 + seed), (8, 25, 60)[seed % 3]
    enclosed = constants(problem, digits, NAMES)
    for module in ("numbers.constant", "sums.power_sums"):
        monkeypatch.setattr(f"theory.asymptotics.{module}.balls", lambda: None)
    estimated = constants(problem, digits, NAMES)
    with mp.workdps(digits + 40):
        for name in NAMES:
            one, other = enclosed[name], estimated[name]
            assert (one.value is None) == (other.value is None)
            if one.value is not None:
                assert one.rigorous
                assert not other.rigorous
                assert abs(one.value - other.value) <= one.radius + other.radius
                assert other.radius <= abs(one.value) * mpf(10) ** -digits


def test_constants_without_python_flint():
    """A run in which it cannot be imported."""
    program = (
        "import sys, json; sys.modules['flint'] = None;from theory.asymptotics import PowerLaw, as_json;"
        "print(json.dumps(as_json(PowerLaw('1.5', 1000), 20)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)["constants"]
    assert not any(entry["rigorous"] for entry in found.values())
    with mp.workdps(40):
        for name, constant in constants(PowerLaw("1.5", 1000), 20).items():
            assert constant.rigorous == (name not in ESTIMATED)
            assert abs(mpf(found[name]["value"]) - constant.value) <= mpf(found[name]["radius"])


def test_the_margin_of_the_remainder_bounds_its_derivative():
    """Σ (2n+1) |U_n| x^n ≤ 9 Σ |U_n| (m x)^n, m the margin, as no (2n+1)/m^n is above 9."""
    assert max((2 * n + 1) / enclosed_manifold.MARGIN**n for n in range(200)) <= 9
