"""What must not get slower, as ratios of processor times, which hardly depend on the machine.

The bounds are some three times what ``make bench`` prints: they tell a change of the method, not noise.
"""

import pytest
from benchmarks import dashboard


def test_the_solver_is_faster_than_its_nearest_peer():
    """SciPy's BDF with Sherman–Morrison–Woodbury, at 1e-8, takes some three times as long."""
    stage = dashboard.solving()
    assert dashboard.ratio(stage.ours, stage.peer[1], rounds=3) < 1.0


@pytest.mark.parametrize(
    ("stage", "most"), [(dashboard.ending, 4.0), (dashboard.reduction, 12.0)], ids=["ending", "reduction"]
)
def test_floor(stage, most):
    """The exponential end beside the algebraic part, which it was nine times; the reduction beside passes."""
    made = stage()
    assert dashboard.ratio(made.ours, made.floor[1]) < most
