"""Wide quadratic networks: emergence and loss against sums, the exact flow against the network solver."""

import numpy as np
import pytest
from mpmath import mp
from scipy.integrate import solve_ivp

from numerics import Problem, network, solve
from theory.asymptotics import (
    emergence_time,
    emerging_direction,
    isotropic_gram,
    learnt_strength,
    spare_loss_prefactor,
    wide_loss,
)

MODES = np.arange(1.0, 1e6)


def sum_of_sigmoids(time, alpha, start, exponent=0.0):
    """The loss of a million directions, and of the rest, which have learnt nothing."""
    strengths = MODES**-alpha
    grown = np.exp(-16 * MODES**-exponent * strengths * time) * (strengths / start - 1)
    left = np.where(strengths > start, strengths * grown / (1 + grown), 0.0)
    return 2 * np.sum(left**2) + 2 / (2 * alpha - 1) * MODES[-1] ** (1 - 2 * alpha)


@pytest.mark.parametrize(
    ("alpha", "exponent", "time", "start"),
    [(2.0, 0.0, 1e4, 1e-12), (1.2, 0.0, 1e3, 1e-10), (1.2, 1.5, 1e5, 1e-12), (2.0, 1.0, 1e6, 1e-30)],
)
def test_loss_is_the_sum_of_sigmoids_up_to_the_second_order(alpha, exponent, time, start):
    total = sum_of_sigmoids(time, alpha, start, exponent)
    front = float(emerging_direction(time, alpha, start, exponent))
    lag = np.log(front**-alpha / start)
    leading = 2 / (2 * alpha - 1) * front ** (1 - 2 * alpha)
    first = (2 * alpha - 1) / (exponent + alpha) / lag
    assert abs(total / leading - 1 + first) < 3 / lag**2
    assert abs(total / float(wide_loss(time, alpha, start, exponent)) - 1) < 3 / lag**2


def test_directions_emerge_at_their_time():
    when = emergence_time(0.3, 1e-5, 0.2)
    assert abs(learnt_strength(when, 0.3, 1e-5, 0.2) / 0.15 - 1) < 1e-14
    assert abs(mp.diff(lambda t: learnt_strength(t, 0.3, 1e-5, 0.2), when) / (16 * 0.2 * 0.15**2) - 1) < 1e-9


def integrated(start, strengths, eigenvalues, time, trace=0.0):
    """The Gram matrix by integration of the weights; ``trace`` is 1 for links z²."""
    shape, root, goal = start.shape, np.sqrt(eigenvalues), np.diag(strengths)

    def speed(_, flat):
        z = flat.reshape(shape)
        left = z.T @ z - goal
        return ((-8 * z @ left - 4 * trace * np.trace(left) * z) * eigenvalues).ravel()

    run = solve_ivp(speed, (0, time), start.ravel(), "DOP853", rtol=1e-12, atol=1e-14)
    z = run.y[:, -1].reshape(shape)
    assert root.shape == strengths.shape
    return z.T @ z


@pytest.mark.parametrize("centred", [True, False])
def test_exact_flow_is_the_integrated_one(centred):
    strengths = np.array([1.0, 0.5, 0.3, 0.1, 0.0, 0.0])
    start = 0.2 * np.random.default_rng(1).standard_normal((4, 6))
    for time in (0.0, 0.1, 1.0, 5.0):
        expected = integrated(start, strengths, np.ones(6), time, 0.0 if centred else 1.0)
        assert np.abs(isotropic_gram(start, strengths, time, centred) - expected).max() < 1e-10


def test_aligned_directions_are_on_their_own():
    eigenvalues, strengths = np.array([1.0, 0.4, 0.2]), np.array([1.0, 0.5, 0.3])
    gram = integrated(np.sqrt(1e-4) * np.eye(3), strengths, eigenvalues, 1.3)
    alone = [float(learnt_strength(1.3, g, 1e-4, x)) for g, x in zip(strengths, eigenvalues, strict=True)]
    assert np.abs(gram - np.diag(alone)).max() < 1e-11


def square_network(width, size):
    """A teacher of power-law strengths on its first directions, and a small random start."""
    strengths = np.concatenate([np.arange(1, width + 1) ** -1.0, np.zeros(size - width)])
    start = 0.03 * np.random.default_rng(2).standard_normal((width, size))
    problem = Problem(np.ones(size), np.diag(np.sqrt(strengths))[:width], start)
    return problem, network("z**2", weights=np.ones(width), teacher_weights=np.ones(width)), start, strengths


@pytest.mark.parametrize("width", [16, pytest.param(64, marks=pytest.mark.slow)])
def test_network_solver_follows_the_exact_flow(width):
    problem, model, start, strengths = square_network(width, width + 8)
    times = [0.05, 0.2, 0.5]
    losses = solve(problem, times[-1], model).overlaps(times).loss
    for time, found in zip(times, losses, strict=True):
        left = isotropic_gram(start, strengths, time, centred=False) - np.diag(strengths)
        expected = 2 * np.sum(left**2) + np.trace(left) ** 2
        assert abs(found / expected - 1) < 1e-7


def test_bad_input():
    with pytest.raises(ValueError, match="half the strength"):
        emergence_time(1.0, 0.6)
    with pytest.raises(ValueError, match="emerged before"):
        emerging_direction(1e6, 1.0, 1e-3)
    with pytest.raises(ValueError, match="exceed 1/2"):
        wide_loss(1.0, 0.5, 1e-6)
    with pytest.raises(ValueError, match="K × d"):
        isotropic_gram(np.eye(2), np.ones(3), 1.0)
    with pytest.raises(ValueError, match="at least 0"):
        isotropic_gram(np.eye(2), -np.ones(2), 1.0)


@pytest.mark.parametrize(
    ("eigenvalues", "students", "teachers", "active"),
    [
        ([1, 0.5, 0.2], 2, 1, 1),
        ([1, 0.6, 0.5, 0.05], 3, 1, 1),  # a second spare student dies out faster
        ([10, 9, 1, 0.98], 3, 1, 2),
        pytest.param([1, 0.6, 0.3, 0.06], 3, 2, 1, marks=pytest.mark.slow),
    ],
)
def test_the_algebraic_end_of_networks_with_spare_students(eigenvalues, students, teachers, active):
    """Exponent -2 and prefactor of the solved flow; what is left falls with the ratio of the eigenvalues."""
    rng = np.random.default_rng(1)
    targets, start = (
        rng.normal(size=(teachers, len(eigenvalues))),
        rng.normal(size=(students, len(eigenvalues))),
    )
    problem = Problem(eigenvalues, targets[0] if teachers == 1 else targets, 0.5 * start)
    run = solve(problem, 1e6, network("z**2", None, [1] * students, [1] * teachers))
    early, late = run.overlaps([5e5, 1e6]).loss
    predicted = float(spare_loss_prefactor(eigenvalues, targets.tolist(), students))
    assert np.log(late / early) / np.log(2) == pytest.approx(-2, abs=2e-3)
    assert late * 1e12 == pytest.approx(predicted, rel=2e-3)
    own, _ = np.linalg.qr((np.sqrt(eigenvalues) * targets).T, mode="complete")
    across = own[:, teachers:]
    inverse = 1 / np.linalg.eigvalsh(across.T @ np.diag(eigenvalues) @ across)[:active]
    slaved = inverse - inverse.sum() / (teachers + 2 + active)
    assert (slaved > 0).all()
    assert predicted == pytest.approx((slaved @ slaved + slaved.sum() ** 2 / (teachers + 2)) / 128, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([1, 0], [[1, 1]], 2), "eigenvalues must be positive"),
        (([1, 0.5], [[1]], 2), "rows of 2 numbers"),
        (([1, 0.5], [[1, 0], [0, 1]], 3), "they must be fewer"),
        (([1, 0.5, 0.1], [[1, 0, 0]], 1), "above the number of teachers, 1"),
        (([1, 0.5, 0.1], [[1, 0, 0], [2, 0, 0]], 3), "linearly independent"),
    ],
)
def test_no_spare_direction_is_an_error(arguments, words):
    with pytest.raises(ValueError, match=words):
        spare_loss_prefactor(*arguments)
