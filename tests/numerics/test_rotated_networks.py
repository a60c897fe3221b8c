"""Networks that rotations of the students leave alone, near their teachers: the loss to relative accuracy."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from numerics import Problem, load_module, power_law_network, solve
from numerics.precise import solve_precisely
from numerics.state import frames
from numerics.state.modes import Modes
from theory.asymptotics import PowerLaw, loss_prefactor
from theory.symbolic.codegen import generate_module
from theory.symbolic.models import quadratic_network
from theory.symbolic.precision import at_any_precision

EIGENVALUES = np.array([0.5, 0.3, 0.15, 0.05])
SIZE = len(EIGENVALUES)


def network(students, teachers, seed=3):
    rng = np.random.default_rng(seed)
    teacher, start = rng.standard_normal((teachers, SIZE)), 0.3 * rng.standard_normal((students, SIZE))
    return Problem(EIGENVALUES, np.squeeze(teacher), np.squeeze(start))


def gram_residual_losses(problem, times):
    """The loss 2 tr(QΔQΔ) + (tr QΔ)² by integrating Δ = WᵀW − W*ᵀW* itself, so without cancellation:
    Δ̇ = −(DG + GD) with G = W*ᵀW* + Δ and D = 8 QΔQ + 4 tr(QΔ) Q. For K = M this holds down to 1e-24 or so:
    the rounding of Δ gives G a rank above K, and that part of it falls like 1/t only.
    """
    Q, target = np.diag(problem.eigenvalues), problem.teachers.T @ problem.teachers

    def velocity(_, flat):
        gap = flat.reshape(SIZE, SIZE)
        pull = 8.0 * Q @ gap @ Q + 4.0 * np.trace(Q @ gap) * Q
        change = pull @ (target + gap)
        return -(change + change.T).ravel()

    start = problem.students.T @ problem.students - target
    run = solve_ivp(
        velocity, (0, times[-1]), start.ravel(), method="DOP853", t_eval=times, rtol=1e-13, atol=1e-25
    )
    gaps = Q @ run.y.T.reshape(-1, SIZE, SIZE)
    return 2.0 * np.einsum("tab,tba->t", gaps, gaps) + np.einsum("taa->t", gaps) ** 2


@pytest.mark.parametrize(("students", "teachers", "until"), [(3, 2, 300.0), (2, 2, 25.0), (2, 1, 300.0)])
def test_loss_near_the_teachers(students, teachers, until):
    """It falls like a power of t where K > M, exponentially where K = M."""
    problem, times = network(students, teachers), np.concatenate([[0.0], np.geomspace(0.1, until, 12)])
    run = solve(problem, until, load_module(generate_module(quadratic_network(students, teachers))))
    assert run.limit.name == "teacher"
    assert not run.segments[-1].chart.centred
    found = run.overlaps(times)
    np.testing.assert_allclose(found.loss, gram_residual_losses(problem, times), rtol=1e-10)
    assert found.loss[-1] < 1e-4
    assert run.error < 1e-11


def test_students_near_teachers_of_their_own_still_turn():
    """They end at a small rotation of the teachers: residuals in a permutation's frame would not vanish."""
    teacher = network(2, 2).teacher
    problem = Problem(EIGENVALUES, teacher, teacher[::-1] + 0.5 * network(2, 2, seed=4).init)
    times = np.linspace(0.0, 60.0, 9)
    run = solve(problem, 60.0, load_module(generate_module(quadratic_network(2, 2))), check=True)
    assert not run.segments[0].chart.centred
    found = run.overlaps(times).loss
    np.testing.assert_allclose(found, gram_residual_losses(problem, times), rtol=1e-9)
    assert found[-1] < 1e-16


@pytest.mark.parametrize(
    ("eigenvalues", "students"),
    [
        ([0.5], [[0.1], [0.2]]),
        ([0.5], [[0.1], [0.1]]),
        ([0.5], [[0.1], [0.0]]),
        ([0.5, 0.3], [[0.1, 0.2], [0.0, 0.0]]),
        ([0.5, 0.3], [[0.03, 0.06], [0.04, 0.08]]),
        ([0.5, 0.3], [[0.03, 0.06], [0.0, 0.0], [0.04, 0.08]]),
    ],
)
def test_parallel_students_are_one(eigenvalues, students):
    """A rotation turns them into one student and zeros, which stay zero: phase retrieval."""
    teacher, starts = np.arange(1.4, 1.0, -0.3)[: len(eigenvalues)], np.array(students)
    one = starts[0] * np.linalg.norm(starts) / np.linalg.norm(starts[0])
    model, times = load_module(generate_module(quadratic_network(len(starts), 1))), np.linspace(0.0, 10.0, 41)
    found = solve(Problem(eigenvalues, teacher, starts), 10.0, model, check=True).overlaps(times)
    expected = solve(Problem(eigenvalues, teacher, one), 10.0).at(times)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-11)
    assert found.loss[-1] < 1e-28
    np.testing.assert_allclose(np.einsum("jjt->t", found.S), expected.s, rtol=1e-11)
    np.testing.assert_allclose(np.linalg.norm(found.U[:, 0], axis=0), expected.u, rtol=1e-11)


@pytest.mark.slow
def test_loss_far_below_rounding():
    """Down to 1e-42 against the precise solver."""
    problem, model, times = network(2, 2), quadratic_network(2, 2), [0.0, 10.0, 60.0, 150.0]
    reference = solve_precisely(problem, times, 40, load_module(at_any_precision(generate_module(model))))
    found = solve(problem, times[-1], load_module(generate_module(model))).overlaps(times)
    for mine, other in ((found.S, reference.overlaps.S), (found.U, reference.overlaps.U)):
        np.testing.assert_allclose(mine, other.astype(float), atol=1e-13)
    np.testing.assert_allclose(found.loss, reference.overlaps.loss.astype(float), rtol=1e-11)
    np.testing.assert_allclose(found.distances, reference.overlaps.distances.astype(float), rtol=1e-12)


def test_a_turn_takes_off_what_a_rotation_can():
    """Residuals that are a small rotation of E W* and a smaller rest: after the turn the rest is left."""
    rng, model = np.random.default_rng(1), load_module(generate_module(quadratic_network(3, 2)))
    problem = network(3, 2)
    modes, embedded = Modes(EIGENVALUES, problem.teachers), np.eye(3)[:, :2] @ problem.teachers
    generator = 1e-6 * rng.standard_normal((3, 3))
    generator -= generator.T
    rest = 1e-9 * rng.standard_normal((3, SIZE))
    deviation = generator @ embedded + rest
    change = frames.turn(modes.statistics(deviation), modes.energy, 3)
    turned = np.eye(3) + change
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-15)
    left = deviation + change @ deviation + change @ embedded
    assert np.abs(left).max() < 5e-9
    losses = [model.residual_loss(modes.statistics(state), modes.energy) for state in (deviation, left)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert frames.turn(modes.statistics(left), modes.energy, 3) is None


def test_other_networks_have_no_frame():
    """Far from the teachers, with fewer students than teachers, or without the invariance."""
    model = load_module(generate_module(quadratic_network(2, 3)))
    problem = Problem(EIGENVALUES, network(2, 3).teacher, network(2, 3).teacher[:2])
    modes = Modes(EIGENVALUES, problem.teachers)
    assert model.ROTATIONS
    assert frames.nearest_frame(model, modes.statistics(problem.students), modes.energy) is None
    model = load_module(generate_module(quadratic_network(3, 2)))
    problem = network(3, 2)
    modes = Modes(EIGENVALUES, problem.teachers)
    assert frames.nearest_frame(model, modes.statistics(problem.students), modes.energy) is None


def test_rounding_turns_the_students_long_after():
    """Nothing takes back a rotation, so that rounding of the drift adds up to one; steps grow all the same.

    Orthogonal teachers without end are learned side by side: the loss is that of one, twice.
    """
    until = 1e14
    problem = power_law_network(2, np.inf, 2, 2, init="escape:1e-2", horizon=until)
    run = solve(problem, until, load_module(generate_module(quadratic_network(2, 2))))
    assert run.steps < 200
    alone = float(loss_prefactor(PowerLaw(2, "inf")))
    assert run.overlaps([until]).loss == pytest.approx(2.0 * alone * until**-0.5, rel=2e-7)
