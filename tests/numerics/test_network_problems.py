"""Networks on a power law: energies, independence, the limit of many directions, and one of each."""

import math

import numpy as np
import pytest

from numerics import network, power_law, power_law_network, solve


@pytest.mark.parametrize("teacher", ["flat", "source:0.5", "gaussian"])
def test_teachers_have_energy_one_and_the_law(teacher):
    problem = power_law_network(1.5, 2000, 3, 4, teacher, seed=1)
    lam, taught = problem.eigenvalues, problem.teachers
    np.testing.assert_allclose(lam, np.arange(1, 2001.0) ** -1.5 / np.sum(np.arange(1, 2001.0) ** -1.5))
    np.testing.assert_allclose(taught**2 @ lam, 1.0, rtol=1e-13)
    if teacher != "gaussian":
        power = 0.0 if teacher == "flat" else 0.5
        sizes = np.abs(taught) * np.arange(1, 2001.0) ** power
        np.testing.assert_allclose(sizes, sizes[0, 0] * np.ones_like(sizes), rtol=1e-12)
        assert np.all(taught[0] > 0)
        assert np.any(taught[1] < 0)
    np.testing.assert_allclose(np.linalg.norm(problem.students, axis=1), 1.0)
    assert not np.array_equal(problem.students[0], problem.students[1])


def test_one_of_each_is_the_paper_s_problem():
    one, plain = power_law_network(1.5, 50, 1, 1, seed=4), power_law(1.5, 50, seed=4)
    np.testing.assert_array_equal(one.teacher, plain.teacher)
    np.testing.assert_array_equal(one.init, plain.init)


def test_regular_teachers_of_infinite_dimension():
    """T = I, and a network of one student sees its teacher as alone it would: U_1m² sum to one overlap²."""
    problem = power_law_network(1.5, math.inf, 2, 3, init="escape:1e-2", horizon=1e6)
    lam = problem.eigenvalues
    np.testing.assert_allclose(problem.teachers * lam @ problem.teachers.T, np.eye(3), atol=1e-12)
    one, rest = power_law(1.5, math.inf, horizon=1e6, init="escape:1e-2"), problem.teachers[0] != 0
    np.testing.assert_allclose(
        np.sum(problem.teachers[0, rest] ** 2 * lam[rest] ** 2),
        np.sum(one.teacher**2 * one.eigenvalues**2),
        rtol=1e-10,
    )
    run = solve(problem, 100.0, network("z^2", weights=[1, 1], teacher_weights=[1, 1, 1]))
    assert np.all(np.diff(run.overlaps([0.0, 1.0, 10.0, 100.0]).loss) < 0)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"dimension": 1e8, "students": 2}, "at most 1e"),
        ({"teacher": np.ones((2, 9))}, r"it must be \(2, 10\)"),
        ({"dimension": math.inf}, "no sphere"),
        ({"teacher": np.zeros((2, 10))}, "finite entries, not all 0"),
    ],
)
def test_refusals(changed, told):
    request = {"exponent": 1.5, "dimension": 10, "students": 2, "teachers": 2} | changed
    with pytest.raises(ValueError, match=told):
        power_law_network(**request)
