"""Runs of which less than full accuracy is asked, against runs of full accuracy, which are certified."""

import numpy as np
import pytest
from networks import problem

from numerics import network, power_law, solve

ONES = [1.0, 1.0, 1.0]
RTOLS = [1e-10, 1e-8, 1e-6, 1e-4, 1e-3]
NEAR = 30.0
"""Times what is asked for, that a run may state: a network amplifies."""


def relative(found, exact):
    return float(np.abs(found / exact - 1.0).max())


@pytest.mark.parametrize("rtol", RTOLS)
@pytest.mark.parametrize(
    ("given", "until"),
    [
        (power_law(2, 1000, "gaussian", seed=3), 1e6),
        (power_law(1.5, 10**4, "gaussian", seed=1), 1e8),
        (power_law(2, np.inf, init="escape:1e-3", horizon=1e14), 1e14),
        (power_law(1.5, 30, init="escape:1e-2"), 1e4),
    ],
    ids=["gaussian", "escape late", "infinite", "exponential end"],
)
def test_one_student(given, until, rtol):
    """The error stated is above the true one of u, s, 1 − u, 1 − s and the loss, and about what is asked."""
    times = np.geomspace(1e-2, until, 200)
    run, best = solve(given, until, rtol=rtol), solve(given, until)
    found, exact = run.at(times), best.at(times)
    names = "u", "s", "one_minus_u", "one_minus_s", "loss"
    true = max(relative(getattr(found, name), getattr(exact, name)) for name in names)
    assert true <= run.error + best.error
    assert run.error < NEAR * rtol


@pytest.mark.parametrize("rtol", RTOLS)
@pytest.mark.parametrize("link", ["z**2", "erf(z)"])
@pytest.mark.parametrize(("students", "teachers"), [(2, 2), (3, 1)])
def test_networks(students, teachers, link, rtol):
    """The same of S and U, relative to the lengths of their vectors, and of the loss."""
    given = problem(students, teachers, 60)
    model = network(link, weights=ONES[:students], teacher_weights=ONES[:teachers])
    times = np.geomspace(1e-2, 300.0, 50)
    run, best = solve(given, 300.0, model, rtol=rtol), solve(given, 300.0, model)
    found, exact = run.overlaps(times), best.overlaps(times)
    lengths = np.sqrt(np.einsum("jjt->jt", exact.S))
    own = np.abs(found.S - exact.S) / (lengths[:, None] * lengths)
    cross = np.abs(found.U - exact.U) / lengths[:, None]
    assert max(own.max(), cross.max()) <= run.error + best.error
    assert run.error < NEAR * rtol


def test_less_accuracy_takes_less():
    """Two students of two teachers: fewer stages, fewer modes, and no more steps."""
    given, model = problem(2, 2, 2000), network("erf(z)", weights=ONES[:2], teacher_weights=ONES[:2])
    coarse, best = solve(given, 1e3, model, rtol=1e-6), solve(given, 1e3, model)
    assert len(coarse.problem.eigenvalues) < len(best.problem.eigenvalues)
    assert coarse.steps <= best.steps
    assert coarse.table.stages < best.table.stages


@pytest.mark.parametrize("rtol", [0.0, 1e-13, 0.1, -1e-6, np.nan])
def test_out_of_range(rtol):
    with pytest.raises(ValueError, match=r"rtol is .*: it must be a relative error, 1e-12 to"):
        solve(power_law(2, 10), 1.0, rtol=rtol)


@pytest.mark.parametrize("rtol", [None, *RTOLS[:-1]])
def test_an_exponential_end_takes_few_steps(rtol):
    """They fall by a hundred e-foldings in a segment, whose slope at its end does not mislead the next."""
    assert solve(power_law(2, 100, init="escape:1e-3"), 1e9, rtol=rtol).steps < 60
