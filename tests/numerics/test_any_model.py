"""The solver on other models than phase retrieval, against integrations of all modes and averages of data."""

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

from numerics import Problem, load_module, solve
from numerics.solver.flow import speed
from numerics.state.modes import Modes
from theory.symbolic import phase_retrieval
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import RELU, Z
from theory.symbolic.models import Model, quadratic_network, single_index

SIZE = 12
EIGENVALUES = np.arange(1.0, SIZE + 1.0) ** -1.5 / np.sum(np.arange(1.0, SIZE + 1.0) ** -1.5)
ERF = sympy.erf(Z / 2)
CUBIC = Z**3 - 3 * Z


def module(model):
    return load_module(generate_module(model))


def rows(rng, count, energy, eigenvalues=EIGENVALUES):
    """``count`` random rows with that energy each; one row as a vector."""
    vectors = rng.standard_normal((count, len(eigenvalues)))
    return np.squeeze(np.sqrt(energy) * vectors / np.sqrt(vectors**2 @ eigenvalues)[:, None])


def single(seed=1, start=0.09):
    rng = np.random.default_rng(seed)
    return Problem(EIGENVALUES, rows(rng, 1, 1.0), rows(rng, 1, start))


def network(students, teachers, seed=1, eigenvalues=EIGENVALUES):
    rng = np.random.default_rng(seed)
    return Problem(eigenvalues, rows(rng, teachers, 1.0, eigenvalues), rows(rng, students, 0.09, eigenvalues))


def generated_velocity(problem, model):
    """Ẇ = A W Q + B W* Q mode by mode, with the generated A and B."""
    modes = Modes(problem.eigenvalues, problem.teachers)

    def velocity(W):
        A, B = model.drift(modes.statistics(W), modes.energy)
        return (A @ W + B @ problem.teachers) * problem.eigenvalues

    return velocity


def averaged_velocity(problem, link, slope, nodes=120):
    """Ẇ = −∇L = −2 E[(f(w·x) − f(w*·x)) f'(w·x) x] by Gauss–Hermite quadrature over the plane of w and w*."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    weights = np.outer(weights, weights) / (2.0 * np.pi)
    first, second = np.meshgrid(points, points, indexing="ij")
    rates, teacher = problem.eigenvalues, problem.teachers[0]

    def velocity(W):
        (student,) = W
        along = student * np.sqrt(rates)
        length = np.linalg.norm(along)
        across = teacher * np.sqrt(rates) - (teacher * rates @ student) / length**2 * along
        width = np.linalg.norm(across)
        x, y = length * first, (teacher * rates @ student) / length * first + width * second
        error = -2.0 * weights * (link(x) - link(y)) * slope(x)
        mean = np.sum(error * first) * along / length + np.sum(error * second) * across / width
        return np.sqrt(rates) * mean[None]

    return velocity


def reference(problem, velocity, times, method="DOP853", rtol=1e-13, max_step=np.inf):
    """S (K, K, T), U (K, M, T) and ‖w_j − w*_m‖² (K, M, T) from all modes."""
    shape = problem.students.shape
    run = solve_ivp(
        lambda t, y: velocity(y.reshape(shape)).ravel(),
        (0.0, times[-1]),
        problem.students.ravel(),
        method=method,
        t_eval=times,
        rtol=rtol,
        atol=1e-15,
        max_step=max_step,
    )
    W, rates = run.y.T.reshape(-1, *shape), problem.eigenvalues
    gaps = W[:, :, None] - problem.teachers
    return (
        np.einsum("tjn,n,tkn->jkt", W, rates, W),
        np.einsum("tjn,n,kn->jkt", W, rates, problem.teachers),
        np.moveaxis(np.sum(gaps**2, axis=-1), 0, -1),
    )


def assert_overlaps(found, expected, tolerance):
    S, U, distances = expected
    np.testing.assert_allclose(found.S, S, rtol=0, atol=tolerance)
    np.testing.assert_allclose(found.U, U, rtol=0, atol=tolerance)
    np.testing.assert_allclose(found.distances, distances, rtol=tolerance, atol=tolerance)


CASES = {
    "cubic": (single_index(CUBIC), single(), 5.0, 1e-11),
    "cubic, near": (single_index(CUBIC), single(3, 1.2), 5.0, 1e-11),
    "erf": (single_index(ERF), single(), 50.0, 1e-11),
    "relu": (single_index(RELU), single(), 20.0, 1e-11),
    "relu learns square": (single_index(RELU, Z**2), single(), 20.0, 1e-11),
    "quadratic 3 by 2": (quadratic_network(3, 2), network(3, 2), 20.0, 1e-10),
    "quadratic 2 by 2": (quadratic_network(2, 2), network(2, 2), 20.0, 1e-10),
    "erf 2 by 2": (Model("committee", ERF, ERF, (1, 1), (1, 1)), network(2, 2), 100.0, 1e-10),
    "relu 2 by 2": (Model("committee", RELU, RELU, (1, 1), (1, 1)), network(2, 2), 20.0, 1e-9),
    "erf 1 by 2": (Model("committee", ERF, ERF, (1,), (1, 1)), network(1, 2), 50.0, 1e-10),
}


@pytest.mark.parametrize("name", CASES)
def test_against_all_modes(name):
    model, problem, until, tolerance = CASES[name]
    model, times = module(model), np.linspace(0.0, until, 21)
    run = solve(problem, until, model)
    found = run.overlaps(times)
    assert_overlaps(found, reference(problem, generated_velocity(problem, model), times), tolerance)
    np.testing.assert_array_less(np.diff(found.loss), 1e-13)
    assert run.error < 1e-11


def test_radau_agrees():
    problem, model, times = single(), module(single_index(ERF)), np.linspace(0.0, 50.0, 6)
    expected = reference(problem, generated_velocity(problem, model), times, "Radau", 1e-11)
    assert_overlaps(solve(problem, 50.0, model).overlaps(times), expected, 1e-8)


def test_erf_against_averages_of_the_data():
    """No derived expression enters: the gradient is averaged over the inputs."""
    from scipy.special import erf

    problem, times = single(), np.linspace(0.0, 50.0, 11)
    velocity = averaged_velocity(
        problem, lambda x: erf(x / 2), lambda x: np.exp(-(x**2) / 4) / np.sqrt(np.pi)
    )
    expected = reference(problem, velocity, times, rtol=1e-12)
    assert_overlaps(solve(problem, 50.0, module(single_index(ERF))).overlaps(times), expected, 1e-10)


def test_cubic_against_averages_of_the_data():
    problem, times = single(3, 1.2), np.linspace(0.0, 5.0, 11)
    velocity = averaged_velocity(problem, lambda x: x**3 - 3 * x, lambda x: 3 * x**2 - 3, nodes=12)
    expected = reference(problem, velocity, times, rtol=1e-12)
    assert_overlaps(solve(problem, 5.0, module(single_index(CUBIC))).overlaps(times), expected, 1e-10)


def test_phase_retrieval_loaded_from_text_is_the_committed_one():
    problem, times = single(), np.geomspace(1e-3, 1e3, 40)
    one, two = solve(problem, 1e3), solve(problem, 1e3, module(phase_retrieval()))
    assert one.limit == two.limit
    for first, second in zip(one.at(times), two.at(times), strict=True):
        np.testing.assert_array_equal(first, second)
    seen, overlaps = one.at(times), one.overlaps(times)
    np.testing.assert_array_equal(overlaps.S[0, 0], seen.s)
    np.testing.assert_array_equal(overlaps.U[0, 0], seen.u)
    np.testing.assert_array_equal(overlaps.loss, seen.loss)


def test_equal_teachers_and_students_are_one():
    """A network whose students coincide is one student with the square of its factor: K = 2 beside K = 1."""
    rng, times = np.random.default_rng(5), np.linspace(0.0, 50.0, 9)
    teacher, start = rows(rng, 1, 1.0), rows(rng, 1, 0.09)
    one = solve(Problem(EIGENVALUES, teacher, start), 50.0).at(times)
    pair = np.stack([start, start]) / np.sqrt(2.0)
    two = solve(Problem(EIGENVALUES, teacher, pair), 50.0, module(quadratic_network(2, 1))).overlaps(times)
    np.testing.assert_allclose(two.S.sum(axis=(0, 1)) / 2.0, one.s, rtol=1e-11)
    np.testing.assert_allclose(two.loss, one.loss, rtol=1e-9, atol=1e-12)


def test_quadratic_network_commutes_with_rotations():
    problem, model, times = network(3, 2), module(quadratic_network(3, 2)), np.linspace(0.0, 50.0, 9)
    rotation = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
    turned = Problem(problem.eigenvalues, problem.teacher, rotation @ problem.students)
    plain, found = (solve(p, 50.0, model).overlaps(times) for p in (problem, turned))
    np.testing.assert_allclose(found.S, np.einsum("ja,abt,kb->jkt", rotation, plain.S, rotation), atol=1e-11)
    np.testing.assert_allclose(found.U, np.einsum("ja,amt->jmt", rotation, plain.U), atol=1e-11)
    np.testing.assert_allclose(found.loss, plain.loss, atol=1e-11)


def test_many_modes_are_reduced():
    """10^5 modes of a network run as a few hundred; against all modes at a time that is cheap."""
    size = 10**5
    eigenvalues = np.arange(1.0, size + 1.0) ** -1.5
    problem = network(3, 2, eigenvalues=eigenvalues / eigenvalues.sum())
    model, times = module(quadratic_network(3, 2)), np.array([0.0, 0.5, 1.0])
    run = solve(problem, 100.0, model)
    assert len(run.problem.eigenvalues) < 500
    expected = reference(problem, generated_velocity(problem, model), times, rtol=1e-11)
    found = run.overlaps(times)
    np.testing.assert_allclose(found.S, expected[0], atol=1e-9)
    np.testing.assert_allclose(found.U, expected[1], atol=1e-9)
    np.testing.assert_allclose(found.distances, expected[2], rtol=1e-9)


@pytest.mark.parametrize("students", [1, 3])
def test_equal_eigenvalues_are_merged(students):
    """Three levels of 40 modes each: at most K + M modes per level, and the same flow."""
    rng = np.random.default_rng(4)
    eigenvalues = np.repeat([0.02, 0.01, 0.001], 40)
    problem = Problem(eigenvalues, rows(rng, 2, 1.0, eigenvalues), rows(rng, students, 0.09, eigenvalues))
    model, times = module(quadratic_network(students, 2)), np.linspace(0.0, 20.0, 5)
    run = solve(problem, 20.0, model)
    assert len(run.problem.eigenvalues) == 3 * (students + 2)
    expected = reference(problem, generated_velocity(problem, model), times)
    assert_overlaps(run.overlaps(times), expected, 1e-9)


@pytest.mark.parametrize("link", [Z**2, CUBIC, Z**4 - 6 * Z**2])
def test_permuted_teacher_chart(link):
    """A network near its teacher, up to a permutation and for even links signs, keeps its accuracy there."""
    rng, even = np.random.default_rng(6), link.subs(Z, -Z) == link
    teacher = rows(rng, 2, 1.0)
    ending = teacher[::-1] * np.array([[1.0], [-1.0 if even else 1.0]])
    problem = Problem(EIGENVALUES, teacher, ending + 1e-6 * rows(rng, 2, 1.0))
    model = module(Model("pair", link, link, (1, 1), (1, 1)))
    run, times = solve(problem, 0.1, model), np.linspace(0.0, 0.1, 5)
    assert not run.segments[0].chart.centred
    assert run.limit.name == "teacher"
    found = run.overlaps(times)
    expected = reference(problem, generated_velocity(problem, model), times, max_step=1e-3)
    np.testing.assert_allclose(found.S, expected[0], rtol=1e-12)
    np.testing.assert_allclose(found.U, expected[1], atol=1e-12)
    start = np.sum((problem.students[:, None] - teacher) ** 2, axis=-1)
    np.testing.assert_allclose(found.distances[..., 0], start, rtol=1e-9)
    assert np.all(np.diff(found.loss) < 0)
    assert 0 < found.loss[-1] < found.loss[0] < 1e-8


def test_an_odd_link_does_not_reach_minus_the_teacher():
    problem = single()
    start = Problem(EIGENVALUES, problem.teacher, -problem.teacher + 0.1 * problem.init)
    run = solve(start, 1.0, module(single_index(CUBIC)))
    assert all(segment.chart.centred for segment in run.segments)
    assert run.limit.name == "undecided"


@pytest.mark.parametrize(("link", "name"), [(ERF, "+teacher"), (RELU, "+teacher"), (Z, "+teacher")])
def test_long_runs_end(link, name):
    """Near the teacher the overlaps round: steps go on growing, and the limit is that of the end."""
    run = solve(single(), 1e6, module(single_index(link)))
    assert run.limit.name == name
    assert run.steps < 1000
    end = run.at([1e6])
    assert abs(end.one_minus_u[0]) < 1e-6
    assert abs(end.loss[0]) < 1e-12


def test_wide_network_tends_to_its_teachers_function():
    """With a student too many the loss falls like a power of t, and the limit is known by its function."""
    run = solve(network(3, 2), 1e4, module(quadratic_network(3, 2)))
    assert run.limit.name == "teacher"
    assert "the networks agree" in run.limit.reason
    assert run.steps < 80
    times = [segment.start for segment in run.segments if segment.start > 100.0]
    assert np.median(np.divide(times[1:], times[:-1])) > 1.4  # steps are long in log t


@pytest.mark.parametrize("students", [1, 2])
def test_networks_that_reach_no_chart_at_their_end(students):
    """A student too many, or too few: the drift there is rounding, which does not keep the steps short."""
    model = Model("committee", CUBIC, CUBIC, (1,) * students, (1,) * (3 - students))
    run = solve(network(students, 3 - students, seed=2), 100.0, module(model))
    assert run.limit.name == ("teacher" if students == 2 else "undecided")
    assert run.steps < 120


def test_start_and_teacher_without_a_common_mode():
    """Such a start is invariant for even links only: an odd link grows the overlap."""
    odd = np.arange(SIZE) % 2
    problem = Problem(EIGENVALUES, single().teacher * odd, single().init * (1 - odd))
    model, times = module(single_index(ERF)), np.linspace(0.0, 50.0, 6)
    expected = reference(problem, generated_velocity(problem, model), times)
    assert_overlaps(solve(problem, 50.0, model).overlaps(times), expected, 1e-11)


@pytest.mark.parametrize(("eigenvalues", "start"), [([1.0], [0.1]), ([1.0, 0.5], [0.1, 0.3])])
def test_rectifier_near_parallel_vectors(eigenvalues, start):
    """The slopes of the drift are singular where student and teacher are parallel."""
    run = solve(Problem(eigenvalues, np.ones_like(start), start), 100.0, module(single_index(RELU)))
    assert run.limit.name == "+teacher"
    if len(start) == 1:  # then ẇ = 1 − w
        times = np.array([0.1, 1.0, 5.0])
        np.testing.assert_allclose(run.at(times).u, 1 - 0.9 * np.exp(-times), atol=1e-7)


def test_bad_requests():
    model = module(quadratic_network(2, 2))
    with pytest.raises(ValueError, match="the problem has 1 students and 1 teachers, the model 2 and 2"):
        solve(single(), 1.0, model)
    run = solve(network(2, 2), 1.0, model)
    with pytest.raises(ValueError, match="use overlaps for networks"):
        run.at([0.5])
    with pytest.raises(ValueError, match="not finite at the start"):
        solve(Problem([1.0, 0.5], [1.0, 1.0], [0.0, 0.0]), 1.0, module(single_index(RELU)))


def test_a_statistic_that_nearly_vanishes_between_the_points():
    """Its logarithm, positive at all points, is no polynomial there."""
    from numerics.quadrature.collocation import radau
    from numerics.state.trajectory import _Interpolant

    table, x = radau(12), np.linspace(0.0, 1.0, 101)
    basis = table.basis(x)

    def touching(x):
        return (x - table.nodes[5] - 1e-7) ** 2 + 1e-12 * np.cos(24.0 * np.arccos(np.clip(2 * x - 1, -1, 1)))

    values = np.abs(touching(table.points))
    found = _Interpolant(table, values[None, None]).at(np.zeros(len(x), int), basis)
    np.testing.assert_allclose(found[0], touching(x), atol=1e-11)
    falling = np.exp(-20.0 * table.points)  # its logarithm is kept, with all digits
    found = _Interpolant(table, falling[None, None]).at(np.zeros(len(x), int), basis)
    np.testing.assert_allclose(found[0], np.exp(-20.0 * x), rtol=1e-13)


@pytest.mark.parametrize("factor", [sympy.Rational(1, 10), 1, 3])
def test_speed_of_a_scaled_link(factor):
    """Of c z² the drift is c² times that of z², which at its teacher or from twice w* has ‖A‖ ≤ 8 max(s, s*):
    there 4 s* − 12 s is −8 s*, and −44 s* where s = 4 s*."""
    model = module(single_index(factor * Z**2))
    near, far = (Problem([0.5], [1.0], [start]) for start in (0.1, 2.0))
    assert speed(near, model) == pytest.approx(max(1.0, factor**2), rel=1e-12)
    assert speed(far, model) == pytest.approx(max(1.0, factor**2 * 44 / 32), rel=1e-12)
