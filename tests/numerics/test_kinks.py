"""Links with a kink on a line, where every correlation is ±1: the averages have their own kink there.

With one mode x the loss falls into the halves x > 0 and x < 0. A rectifier w < 0 and a teacher w* > 0 share
none: L = λ(w² + w*²)/2 and ẇ = −λw. On one side, L = λ(w − w*)²/2 and ẇ = −λ(w − w*). For the modulus
L = λ(|w| − |w*|)² and ẇ = −2λ(|w| − |w*|) sign w.
"""

import numpy as np
import pytest

from numerics import Problem, solve
from numerics.generated import load_module
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import parse_link
from theory.symbolic.models import single_index

TIMES = np.array([0.0, 0.1, 1.0, 5.0, 20.0])  # in units of 1/λ


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
