"""Links with a kink on a line, where every correlation is ±1: the averages have their own kink there.

With one mode x the loss falls into the halves x > 0 and x < 0. A rectifier w < 0 and a teacher w* > 0 share
none: L = λ(w² + w*²)/2 and ẇ = −λw. On one side, L = λ(w − w*)²/2 and ẇ = −λ(w − w*). For the modulus
L = λ(|w| − |w*|)² and ẇ = −2λ(|w| − |w*|) sign w.
"""

import math
import time

import numpy as np
import pytest

from numerics import Problem, solve
from numerics.generated import load_module
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import parse_link
from theory.symbolic.models import Model, single_index

TIMES = np.array([0.0, 0.1, 1.0, 5.0, 20.0])  # in units of 1/λ
SECONDS = 1.0  # to be told that a run ends at a kink


@pytest.fixture(scope="module")
def rectifier():
    return load_module(generate_module(single_index(parse_link("relu(z)"))))


@pytest.fixture(scope="module")
def modulus():
    return load_module(generate_module(single_index(parse_link("abs(z)"))))


SCALES = [(1.0, 1.0, 0.1), (1.0, -1.0, 0.1), (0.37, 2.3, 1e-6), (5.1, -0.013, 3.0), (1.0, 1.0, 1.5)]


@pytest.mark.parametrize(("rate", "teacher", "ratio"), SCALES)
def test_dead_rectifier(rectifier, rate, teacher, ratio):
    """It fades for ever, w ∝ e^{−λt}, and the loss stays above that of no student."""
    run = solve(Problem([rate], [teacher], [-ratio * teacher]), 40.0 / rate, model=rectifier)
    found = run.overlaps(TIMES / rate)
    energy = rate * teacher**2
    assert found.U[0, 0] == pytest.approx(-ratio * energy * np.exp(-TIMES), rel=1e-10, abs=0)
    assert found.loss == pytest.approx(energy * (1 + ratio**2 * np.exp(-2 * TIMES)) / 2, rel=1e-10)
    assert run.limit.name == "undecided"


@pytest.mark.parametrize(("rate", "teacher", "ratio"), SCALES)
def test_live_rectifier(rectifier, rate, teacher, ratio):
    run = solve(Problem([rate], [teacher], [ratio * teacher]), 40.0 / rate, model=rectifier)
    found = run.overlaps(TIMES / rate)
    energy, gap = rate * teacher**2, (ratio - 1) * np.exp(-TIMES)
    assert found.U[0, 0] == pytest.approx(energy * (1 + gap), rel=1e-10)
    assert found.loss == pytest.approx(energy * gap**2 / 2, abs=1e-10 * energy)
    assert run.limit.name == "+teacher"


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("rate", "teacher", "ratio"), SCALES)
def test_modulus(modulus, rate, teacher, ratio, side):
    """Either side goes to the teacher of its sign."""
    run = solve(Problem([rate], [teacher], [side * ratio * teacher]), 40.0 / rate, model=modulus)
    found = run.overlaps(TIMES / rate)
    energy, gap = rate * teacher**2, (ratio - 1) * np.exp(-2 * TIMES)
    assert found.U[0, 0] == pytest.approx(side * energy * (1 + gap), rel=1e-10)
    assert found.loss == pytest.approx(energy * gap**2, abs=1e-10 * energy)
    assert run.limit.sign == side


def network(link, teacher_link):
    links = map(parse_link, (link, teacher_link))
    return load_module(generate_module(Model("on a line", *links, student_weights=(1, 1))))


def test_a_leaky_rectifier_reaches_its_kink():
    """Slopes a = 1/10 and b = 11/10: at w < 0 < w* it is ẇ = λ(2ab w* − (a² + b²) w), which passes 0,
    also where a mode that moves nothing has a larger eigenvalue."""
    model = load_module(generate_module(single_index(parse_link("relu(z) + z/10"))))
    for rate, teacher, start in [(1.0, 1.0, -0.1), (3.0, -1.0, 0.7), (1e-3, 1e4, -1e-16)]:
        aim = 0.22 * teacher / 1.22
        met = math.log1p(-start / aim) / (1.22 * rate)
        problem = Problem([rate], [teacher], [start])
        early = 0.999 * met
        exact = aim + (start - aim) * math.exp(-1.22 * rate * early)
        if abs(start) > 1e-9:
            found = solve(problem, early, model=model).overlaps([early])
            assert found.U[0, 0] == pytest.approx(rate * exact * teacher, rel=1e-8)
        assert_ends_at(problem, model, met)
        assert_ends_at(Problem([50.0 * rate, rate], [0.0, teacher], [0.0, start]), model, met)


def test_a_network_reaches_a_kink():
    """Both students move alike: rectifiers as ẇ = −(σ − w*), σ = w_1 + w_2; of moduli that learn a rectifier
    ẇ = −(2σ − w*), so that w_1(0) − w_1 = (σ(0) − w*)(1 − e^{−2t})/2, or (2σ(0) − w*)(1 − e^{−4t})/4.
    """
    problem = Problem([1.0], [1.0], [[0.1], [2.0]])
    assert_ends_at(problem, network("relu(z)", "relu(z)"), -math.log1p(-0.2 / 1.1) / 2)
    assert_ends_at(problem, network("abs(z)", "relu(z)"), -math.log1p(-0.4 / 3.2) / 4)


def assert_ends_at(problem, model, met):
    began = time.process_time()
    with pytest.raises(ArithmeticError, match=r"student 1 reaches 0, where the gradient .* jumps") as refusal:
        solve(problem, 5.0 * met, model=model)
    assert time.process_time() - began < SECONDS
    told = float(str(refusal.value).split()[3])
    assert told == pytest.approx(met, rel=1e-5)


def test_a_dead_rectifier_below_the_range_of_floats(rectifier):
    """λw² = 1e-261 e^{−2λt} is 1e-290 at λt = ln(1e29)/2 = 33.39; a step takes no more than e^7 off it."""
    with pytest.raises(ArithmeticError, match="out of the range of floats") as refusal:
        solve(Problem([0.1], [1.0], [-1e-130]), 1e4, model=rectifier)
    assert 290 < float(str(refusal.value).split()[3]) < 333.9
