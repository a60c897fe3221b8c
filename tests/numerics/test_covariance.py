"""Problems from a covariance: the flow in the user's basis, and what is refused."""

import numpy as np
import pytest

from numerics.generated import phase_retrieval
from numerics.problems.covariance import from_covariance


def random_covariance(size: int, rank: int, seed: int = 0) -> np.ndarray:
    factor = np.random.default_rng(seed).normal(size=(size, rank))
    return factor @ factor.T / rank


def test_overlaps_of_every_order_are_those_of_the_matrix() -> None:
    Q = random_covariance(7, 9)
    teacher, init = np.random.default_rng(1).normal(size=(2, 7))
    problem = from_covariance(Q, teacher, init)
    assert (np.diff(problem.eigenvalues) <= 0).all()
    for order in range(5):
        power = np.linalg.matrix_power(Q, order)
        for a, b, left, right in (
            (init, init, problem.init, problem.init),
            (init, teacher, problem.init, problem.teacher),
            (teacher, teacher, problem.teacher, problem.teacher),
        ):
            assert left * problem.eigenvalues**order @ right == pytest.approx(a @ power @ b, rel=1e-11)


def test_a_step_of_the_flow_is_the_same_in_both_bases() -> None:
    """One Euler step of dw/dt = A Qw + B Qw*, with the matrix and in eigen-coordinates."""
    Q = random_covariance(5, 6, seed=2)
    teacher, init = np.random.default_rng(3).normal(size=(2, 5))
    energy = np.array([[teacher @ Q @ teacher]])

    def step(w: np.ndarray, star: np.ndarray, Q: np.ndarray) -> np.ndarray:
        A, B = phase_retrieval.drift(np.array([w @ Q @ w, w @ Q @ star]), energy)
        return w + 1e-3 * Q @ (A[0, 0] * w + B[0, 0] * star)

    problem = from_covariance(Q, teacher, init)
    diagonal = step(problem.init, problem.teacher, np.diag(problem.eigenvalues))
    full = step(init, teacher, Q)
    assert np.linalg.norm(diagonal - problem.teacher) == pytest.approx(
        np.linalg.norm(full - teacher), rel=1e-12
    )


def test_rounding_below_zero_is_clipped() -> None:
    Q = random_covariance(12, 4)
    assert np.linalg.eigvalsh(Q).min() < 0, "the example must show what is clipped"
    problem = from_covariance(Q, np.ones(12), np.ones(12))
    assert problem.eigenvalues.min() == 0
    single = from_covariance(Q.astype(np.float32), np.ones(12), np.ones(12))
    assert single.eigenvalues == pytest.approx(problem.eigenvalues, abs=1e-5)


@pytest.mark.parametrize(
    ("covariance", "teacher", "init", "message"),
    [
        ([[1, 2], [2, 1]], [1, 0], [0, 1], "eigenvalue -1: a covariance has none below 0"),
        ([[1, 0.5], [0.4, 1]], [1, 0], [0, 1], "covariance.0, 1. is 0.5 but covariance.1, 0. is 0.4"),
        ([[1, 0, 0], [0, 1, 0]], [1, 0], [0, 1], "square matrix"),
        ([1, 2], [1, 0], [0, 1], "square matrix"),
        ([[]], [], [], "square matrix"),
        ([[1, 0], [0]], [1, 0], [0, 1], "rows of equal length"),
        ([[1, np.nan], [0, 1]], [1, 0], [0, 1], "covariance.0, 1. is not finite"),
        (np.eye(2), [1, 0, 0], [0, 1], "teacher has 3 entries but covariance is 2 by 2"),
        (np.eye(2), [1, 0], [np.inf, 1], "init.0. is not finite"),
        (np.eye(2), [1, 0], "start", "init must hold numbers"),
        (np.diag([1.0, 0.0]), [0, 1], [1, 1], "teacher has no energy"),
    ],
)
def test_bad_input_is_named(covariance: object, teacher: object, init: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_covariance(covariance, teacher, init)


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1.0, 1e9, 1e30])
def test_what_counts_as_symmetric_does_not_depend_on_the_unit(scale: float) -> None:
    """A few roundings of the largest entry are none, 1e-9 of it is one."""
    matrix = scale * random_covariance(4, 6)
    skew = np.zeros((4, 4))
    skew[0, 1] = np.abs(matrix).max()
    kept = from_covariance(matrix + 4e-16 * skew, np.ones(4), np.ones(4))
    assert kept.eigenvalues == pytest.approx(np.linalg.eigvalsh(matrix)[::-1], rel=1e-12)
    with pytest.raises(ValueError, match=r"covariance\[0, 1\] is .* it must be symmetric"):
        from_covariance(matrix + 1e-9 * skew, np.ones(4), np.ones(4))
