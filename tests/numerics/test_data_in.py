"""Data of users: from their coordinates to the modes and back, from every kind of array and file."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

from numerics import (
    Problem,
    Samples,
    empirical_flow,
    from_covariance,
    from_samples,
    network,
    power_law,
    solve,
)
from numerics.problems.problem import problem_of

DRAWS = np.random.default_rng(3)
MIXED = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.3, 0.0, 0.7]])
DATA = DRAWS.standard_normal((400, 3)) @ MIXED
TEACHER, START = np.array([0.4, -0.3, 0.5]), np.array([0.1, 0.2, 0.1])


def in_data(covariance, times):
    """w (T, d) of dw/dt = 4(s* − 3s) Qw + 8u Qw* in the data's own coordinates, by SciPy."""
    energy = TEACHER @ covariance @ TEACHER

    def velocity(_, w):
        moved = covariance @ w
        return 4.0 * (energy - 3.0 * w @ moved) * moved + 8.0 * (w @ covariance @ TEACHER) * (
            covariance @ TEACHER
        )

    return solve_ivp(velocity, (0.0, times[-1]), START, "DOP853", times, rtol=1e-12, atol=1e-14).y.T


@pytest.mark.parametrize("of", ["samples", "covariance"])
def test_weights_come_back_in_the_coordinates_of_the_data(of):
    covariance = DATA.T @ DATA / len(DATA)
    problem = (
        from_samples(DATA, TEACHER, START) if of == "samples" else from_covariance(covariance, TEACHER, START)
    )
    times = [0.05, 0.3, 1.0]
    run = solve(problem, 1.0)
    assert np.abs(run.weights(times) - in_data(covariance, times)).max() < 1e-9
    assert run.weights(1.0).shape == (3,)
    assert np.abs(problem.in_coordinates(problem.teacher) - TEACHER).max() < 1e-14
    rotated = problem.basis.T @ covariance @ problem.basis
    assert np.abs(rotated - np.diag(problem.eigenvalues)).max() < 1e-13


def test_small_eigenvalues_keep_the_digits_that_a_covariance_loses():
    """Two columns at 1 and 1e-7: their squares are 14 decades apart."""
    angle = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    pure = np.linalg.qr(DRAWS.standard_normal((50, 2)))[0] * np.sqrt(50)
    data = pure * [1.0, 1e-7] @ angle
    found = from_samples(data, [1.0, 1.0], [0.1, 0.1]).eigenvalues
    assert found == pytest.approx([1.0, 1e-14], rel=1e-7)


def test_fewer_samples_than_coordinates_leave_directions_without_variance():
    problem = from_samples(DRAWS.standard_normal((4, 9)), np.ones(9), np.ones(9))
    assert np.count_nonzero(problem.eigenvalues) == 4
    assert problem.basis.shape == (9, 9)
    assert np.abs(problem.basis.T @ problem.basis - np.eye(9)).max() < 1e-14


def test_a_mean_is_taken_off_where_it_is_asked_for():
    shifted = DATA + np.array([5.0, 0.0, -3.0])
    plain = from_samples(DATA, TEACHER, START, centre=True)
    assert from_samples(shifted, TEACHER, START, centre=True).eigenvalues == pytest.approx(
        plain.eigenvalues, rel=1e-12
    )
    assert from_samples(shifted, TEACHER, START).eigenvalues[0] > 10.0


@pytest.mark.parametrize("kind", ["frame", "npy", "npz", "named", "csv", "headings", "list"])
def test_every_kind_of_array_is_the_same_problem(kind, tmp_path):
    path = {"headings": "csv", "named": "npz"}.get(kind, kind)
    file = tmp_path / f"data.{path}"
    frame = pd.DataFrame(DATA, columns=["a", "b", "c"])
    if kind == "npy":
        np.save(file, DATA)
    elif kind == "npz":
        np.savez(file, DATA)
    elif kind == "named":
        np.savez(file, other=np.ones(2), samples=DATA)
    elif kind in ("csv", "headings"):
        frame.to_csv(file, index=False, header=kind == "headings")
    given = {"frame": frame, "list": DATA.tolist()}.get(kind, file)
    teacher = pd.Series(TEACHER) if kind == "frame" else TEACHER
    found = from_samples(given, teacher, START)
    assert found.eigenvalues == pytest.approx(from_samples(DATA, TEACHER, START).eigenvalues, rel=1e-14)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,x\nbob,1\n", "column name does not hold numbers"),
        (b"", "samples file .*table.csv"),
        (b"1,2\n3,nan\n", r"samples\[1, 1\] is not finite"),
    ],
)
def test_files_that_hold_no_samples_are_one_sentence(content, message, tmp_path):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        from_samples(str(tmp_path / "table.csv"), [1.0, 1.0], [0.1, 0.1])


def test_other_troubles_are_one_sentence(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.ones((2, 2)), b=np.ones((2, 2)))
    (tmp_path / "pickle.npy").write_bytes(b"not an array")
    for given, message in (
        (tmp_path / "two.npz", "holds a, b: name one of them samples"),
        (tmp_path / "pickle.npy", "samples file"),
        (tmp_path / "absent.npy", "cannot be read"),
        (np.zeros((3, 2)), "samples are all 0"),
        (np.ones((3, 4)), "teacher has 2 entries but samples have 4 columns"),
    ):
        with pytest.raises(ValueError, match=message):
            from_samples(given, [1.0, 1.0], [0.1, 0.1])
    with pytest.raises(ValueError, match="has no basis"):
        solve(power_law(2, 3), 1.0).weights()


def test_samples_are_rotated_and_checked_against_the_basis():
    problem = from_samples(DATA, TEACHER, START)
    samples = Samples.of(problem, pd.DataFrame(DATA), (DATA @ TEACHER) ** 2)
    assert empirical_flow(samples, [0.0, 30.0]).empirical_loss[-1] < 1e-12
    other = replace(problem, basis=np.eye(3))
    with pytest.raises(ValueError, match="not in the eigenbasis"):
        Samples.of(other, DATA, (DATA @ TEACHER) ** 2)
    with pytest.raises(ValueError, match="inputs have 2 columns"):
        Samples.of(problem, DATA[:, :2], np.ones(400))
    with pytest.raises(ValueError, match="has no basis"):
        Samples.of(Problem([1.0], [1.0], [0.1]), [[1.0]], [1.0])


def test_networks_come_back_in_the_coordinates_of_the_data():
    problem = from_samples(DATA, TEACHER, START)
    pair = Problem(
        problem.eigenvalues,
        problem.teacher,
        np.stack([problem.init, -2.0 * problem.init[::-1]]),
        basis=problem.basis,
    )
    run = solve(pair, 0.2, network(["z**2"] * 2, ["z**2"]))
    assert run.weights([0.0, 0.2]).shape == (2, 2, 3)
    assert np.abs(run.weights(0.0)[0] - START).max() < 1e-14


@pytest.mark.parametrize("form", ["nc", "csv", "json"])
def test_the_basis_is_kept_in_files_and_restarts(form, tmp_path):
    problem = from_samples(DATA, TEACHER, START)
    problem.save(tmp_path / f"problem.{form}")
    again = Problem.load(tmp_path / f"problem.{form}")
    assert np.array_equal(again.basis, problem.basis)
    assert np.array_equal(problem_of(problem.dataset()).basis, problem.basis)
    run = solve(problem, 1.0)
    assert np.abs(run.final.in_coordinates(run.final.init) - run.weights(1.0)).max() < 1e-15
    with pytest.raises(ValueError, match="a column for each of 3 modes"):
        Problem(problem.eigenvalues, problem.teacher, problem.init, basis=np.ones((3, 2)))
