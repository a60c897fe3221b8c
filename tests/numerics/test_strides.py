"""Steps in log t: where their nodes are, and that their tables integrate."""

import math

import numpy as np
import pytest

from numerics.quadrature.collocation import LogTime, radau
from numerics.solver.stride import GRID, LONGEST, MOST, stride_of_network, stride_of_one

TABLE = radau(12)


@pytest.mark.parametrize("stride", [stride_of_one, stride_of_network])
@pytest.mark.parametrize("width", [1e-2, 0.3, 5.0, 1e3])
def test_places_of_the_nodes(stride, width):
    """The variable of a step takes the table's points, at its nodes and beyond its end in the same way."""
    step = stride(TABLE, 2.0, width, 0.5)
    assert step.places(step.times) == pytest.approx(TABLE.points[1:], rel=1e-12)
    beyond = step.places(np.array([step.start + 1.5 * step.width]))
    assert 1.0 < beyond[0] <= 1.5 + 1e-12


def test_ratios_of_one_student_lie_on_a_grid():
    for width in np.geomspace(1e-3, 1e4, 40):
        step = stride_of_one(TABLE, 2.0, width, 0.5)
        assert step.width <= width * (1 + 1e-12)
        if isinstance(step.table, LogTime):
            kappa = math.log1p(step.width / 2.5)
            assert kappa == pytest.approx(GRID * round(kappa / GRID), rel=1e-12)
            assert kappa <= MOST + 1e-12
            assert step.table is stride_of_one(TABLE, 20.0, 10.0 * step.width * (1 + 1e-9), 5.0).table
        else:
            assert step.width == width
            assert step.table is TABLE


def test_a_network_waits_for_the_time_to_pass():
    assert stride_of_network(TABLE, 2.0, 1e3, 0.5).width == LONGEST * 2.5


@pytest.mark.parametrize("power", [-1.5, -0.5, 0.25, 2.0])
def test_powers_of_time_are_integrated(power):
    """∫ t^γ dt over a ratio of times e²."""
    step = stride_of_one(radau(20), 3.0, 1e9, 0.0)
    ends = np.array([3.0, 3.0 * math.exp(MOST)])
    exact = np.diff(ends ** (power + 1.0))[0] / (power + 1.0)
    found = step.width * (step.table.matrix @ step.times**power)[-1]
    assert found == pytest.approx(exact, rel=1e-13)
