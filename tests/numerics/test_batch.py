"""Many problems at once are the same as one after another."""

import numpy as np
import pytest

from numerics import power_law, solve, solve_many

PROBLEMS = [power_law(exponent, 200, "gaussian", seed=seed) for exponent in (1.2, 2.0) for seed in range(5)]


@pytest.mark.parametrize("workers", [1, 2])
def test_same_as_one_by_one(workers):
    times, reported = np.array([0.0, 1.0, 1e4]), []
    runs = solve_many(PROBLEMS, 1e4, workers=workers, progress=reported.append)
    assert reported == pytest.approx(np.arange(1, 11) / 10)
    for problem, run in zip(PROBLEMS, runs, strict=True):
        one = solve(problem, 1e4)
        assert run.limit == one.limit
        assert run.at(times).one_minus_u.tolist() == one.at(times).one_minus_u.tolist()
        assert run.phases() == pytest.approx(one.phases(), nan_ok=True)


def test_a_time_for_each():
    runs = solve_many(PROBLEMS[:2], [1.0, 100.0])
    assert [run.until for run in runs] == [1.0, 100.0]
    with pytest.raises(ValueError, match="until has 3 times for 2 problems: it needs one for each"):
        solve_many(PROBLEMS[:2], [1.0, 2.0, 3.0])


def test_errors_come_back():
    with pytest.raises(ValueError, match="until is -1"):
        solve_many(PROBLEMS, -1.0, workers=2)


def test_nothing_to_do():
    assert solve_many([], 1.0) == []
