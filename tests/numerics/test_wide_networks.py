"""Networks of many units against an explicit integration of all modes, which shares nothing but the drift."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from numerics import Problem, network, solve
from numerics.pairs.overlaps import join
from numerics.quadrature.collocation import radau
from numerics.solver import mean_response
from numerics.solver.contract import NoConvergence, Task
from numerics.solver.mean_step import MeanStep
from numerics.state import charts

UNTIL = 4.0


def problem(students: int, teachers: int, dimension: int = 40) -> Problem:
    """λ_i ∝ i^{-2}, teachers of energy 1 and students on the unit sphere."""
    rng = np.random.default_rng(0)
    eigenvalues = np.arange(1.0, dimension + 1.0) ** -2
    eigenvalues /= eigenvalues.sum()
    W, V = rng.standard_normal((teachers, dimension)), rng.standard_normal((students, dimension))
    W /= np.sqrt(W**2 @ eigenvalues)[:, None]
    return Problem(eigenvalues, W[0] if teachers == 1 else W, V / np.linalg.norm(V, axis=1)[:, None])


def integrated(given, model, until):
    """S and U at ``until`` by DOP853 on all modes."""
    rates, teachers, shape = given.eigenvalues, given.teachers, given.students.shape
    energy = (teachers * rates) @ teachers.T

    def velocity(_, flat):
        W = flat.reshape(shape)
        gain, force = model.drift(join((W * rates) @ W.T, (W * rates) @ teachers.T), energy)
        return ((gain @ W + force @ teachers) * rates).ravel()

    run = solve_ivp(velocity, (0.0, until), given.students.ravel(), "DOP853", rtol=1e-13, atol=1e-15)
    W = run.y[:, -1].reshape(shape)
    return (W * rates) @ W.T, (W * rates) @ teachers.T


def compare(students, teachers, link, weights=None):
    given = problem(students, teachers)
    taught = None if weights is None else [1.0] * teachers
    model = network(link, weights=weights or [1.0] * students, teacher_weights=taught or [1.0] * teachers)
    run = solve(given, UNTIL, model, check=True)
    found, (S, U) = run.overlaps(UNTIL), integrated(given, model, UNTIL)
    lengths = np.sqrt(np.diag(S))
    allowed = run.error + 1e-11
    assert np.abs(found.S - S).max() <= allowed * lengths.max() ** 2
    assert np.abs(found.U - U).max() <= allowed * lengths.max()
    return run


@pytest.mark.parametrize("link", ["z**2", "erf(z)", "tanh(z)"])
def test_as_many_students_as_teachers(link):
    assert compare(6, 6, link).error < 1e-9


KINKED = ["relu(z)", "abs(z)", "relu(z)**2", "relu(z) + erf(z)", "sign(z)"]


@pytest.mark.parametrize("link", [*KINKED, pytest.param("abs(z)**3", marks=pytest.mark.slow)])
def test_kinks_of_five_vectors(link):
    """Far from one another and from the teachers."""
    assert compare(3, 2, link, [1.0] * 3).error < 1e-10


@pytest.mark.parametrize(("patience", "factored"), [(0, False), (10**6, True)])
def test_beyond_an_inverse(patience, factored, monkeypatch):
    """13·14/2 + 13·3 = 130 statistics: their equations are solved by GMRES, or factored if it is slow."""
    built = []
    build = mean_response.MeanResponse.build
    monkeypatch.setattr(mean_response, "PATIENCE", patience)
    monkeypatch.setattr(
        mean_response.MeanResponse, "build", lambda *args: built.append(build(*args)) or built[-1]
    )
    assert compare(13, 3, "erf(z)").error < 1e-9
    assert all((response.loop.known.factors is not None) == factored for response in built)


@pytest.mark.parametrize("link", ["z**2", "erf(z)"])
def test_beyond_factors(link, monkeypatch):
    """As the widest are solved, where both take too long."""
    monkeypatch.setattr(mean_response, "CHEAP", 0)
    monkeypatch.setattr(mean_response, "DIRECT", 0)
    assert compare(4, 4, link).error < 1e-9


def test_without_a_kernel(monkeypatch):
    """As hundreds of students are solved, whose sums over products of vectors would fill the memory."""
    monkeypatch.setattr(mean_response, "LARGEST", 0)
    assert compare(4, 4, "erf(z)").error < 1e-9


def test_mean_field():
    """Weights 1/K: students far outnumber the teacher."""
    assert compare(24, 1, "erf(z)", [1.0 / 24] * 24).error < 1e-9


@pytest.mark.parametrize("patience", [None, 10**6])
def test_a_step_fails_where_nothing_is_finite(patience, monkeypatch):
    """Rather than return what is not a number, or end the run: by an inverse, and by factors."""
    if patience is not None:
        monkeypatch.setattr(mean_response, "CHEAP", 0)
        monkeypatch.setattr(mean_response, "PATIENCE", patience)
    given, model = problem(2, 2), network("z**2", weights=[1.0, 1.0], teacher_weights=[1.0, 1.0])
    chart = charts.origin(model)
    modes, students = chart.modes(given.eigenvalues, given.teachers), given.students
    guess = np.repeat(modes.statistics(students)[:, None], 12, axis=1)
    task = Task(radau(12), chart, modes, 0.01, students, students, guess)
    assert np.isfinite(MeanStep().solve(task).statistics).all()
    with pytest.raises(NoConvergence):
        MeanStep().solve(replace(task, width=1e3, deviation=1e200 * students))
