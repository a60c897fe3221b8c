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

from theory.asymptotics import CATALOGUE, Given, PowerLaw, constants, enclosed_sums, growth_rates
from theory.asymptotics import constant as constant_module
from theory.asymptotics.balls import Balls, to_mpf
from theory.asymptotics.constant import Undecided, closed_form
from theory.asymptotics.roots import enclosed_root

ESTIMATED = {"onset_delay", "third_delay", "median_escape_offset"}
"""By a Gauss rule and Taylor steps whose errors are not bounded."""
NAMES = [name for name in CATALOGUE if name not in ESTIMATED]
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
        return to_mpf(fine)

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


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("digits", [8, 25, 80])
def test_without_balls_the_same_numbers_are_estimates(seed, digits, monkeypatch):
    """The two routes: Arb, and mpmath with Euler and Maclaurin's formula in floating point."""
    problem = random_problem(100 + seed)
    enclosed = constants(problem, digits, NAMES)
    for module in ("constant", "power_sums"):
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
        "import sys, json; sys.modules['flint'] = None;"
        "from theory.asymptotics import PowerLaw, as_json;"
        "print(json.dumps(as_json(PowerLaw('1.5', 1000), 20)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)["constants"]
    assert not any(entry["rigorous"] for entry in found.values())
    with mp.workdps(40):
        for name, constant in constants(PowerLaw("1.5", 1000), 20).items():
            assert constant.rigorous == (name not in ESTIMATED)
            assert abs(mpf(found[name]["value"]) - constant.value) <= mpf(found[name]["radius"])
