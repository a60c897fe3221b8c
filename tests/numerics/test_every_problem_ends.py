"""Random elementary problems over many decades of scale end, with the values of their closed forms."""

import numpy as np
import pytest
from mpmath import mp, mpf
from oracles.cases import isotropic_exact

from numerics import Problem, solve
from numerics.generated import load_module
from theory.symbolic.codegen import generate_module
from theory.symbolic.models import quadratic_network

SPECIAL = np.sqrt([1 / 4, 1 / 3, 1 / 2, 1.0, 2.0])  # of w*: there coefficients of the drift or loss vanish


def scales(rng):
    return 10.0 ** rng.uniform(-3, 3, 2) * (1, rng.choice([-1, 1]))


def lone(rng):
    """One mode, at or near a special fraction of the teacher."""
    eigenvalue, teacher = scales(rng)
    near = 1.0 + rng.choice([0.0, 10.0 ** rng.uniform(-16, -1)]) * rng.choice([-1, 1])
    return Problem([eigenvalue], [teacher], [teacher * rng.choice(SPECIAL) * near * rng.choice([-1, 1])])


def aligned(rng):
    """An isotropic start almost parallel to its teacher."""
    eigenvalue, scale = scales(rng)
    modes = rng.integers(2, 12)
    teacher, across = scale * rng.standard_normal((2, modes))
    start = rng.choice([*SPECIAL[:3], 2.0]) * (teacher + 10.0 ** rng.uniform(-6, 0) * across)
    return Problem([eigenvalue] * modes, teacher, start)


@pytest.mark.parametrize("family", [lone, aligned])
@pytest.mark.parametrize("seeds", [range(30), pytest.param(range(30, 600), marks=pytest.mark.slow)])
def test_isotropic_problems(family, seeds):
    """u and 1 − |u|/s* follow the closed form for Q = λI, evaluated with 80 digits.

    The latter is a difference of 1: of a start at the teacher, where it is exactly 0, rounding leaves 1e-81.
    """
    for seed in seeds:
        problem = family(np.random.default_rng(seed))
        rate = problem.eigenvalues[0] * problem.teacher_energy
        times = np.array([1e-4, 1e-2, 0.1, 0.5, 1.0]) / rate
        run = solve(problem, times[-1])
        found = run.at(times)
        with mp.workdps(80):
            energy = problem.eigenvalues[0] * sum(mpf(float(x)) ** 2 for x in problem.teacher)
            for t, u, gap in zip(times, found.u, found.one_minus_u, strict=True):
                vectors = problem.teacher.tolist(), problem.init.tolist()
                exact, _ = isotropic_exact(problem.eigenvalues[0], *vectors, mpf(float(t)))
                assert abs(u / exact - 1) < 1e-12, (seed, t)
                assert abs(gap - (1 - abs(exact) / energy)) < 2e-11 * abs(gap) + 10 * mp.eps, (seed, t)


@pytest.mark.parametrize(("students", "teachers"), [(2, 2), (2, 1), (3, 2)])
@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(4, 80), marks=pytest.mark.slow)])
def test_quadratic_networks_on_a_single_direction(students, teachers, seeds):
    """With one mode the outputs are s x²/λ and T x²/λ, so that s = tr S is the logistic curve of one
    student and L = 3 (T − s)², whatever the numbers of units.
    """
    model = load_module(generate_module(quadratic_network(students, teachers)))
    for seed in seeds:
        rng = np.random.default_rng(seed)
        eigenvalue, scale = scales(rng)
        teacher = scale * rng.uniform(0.1, 3.0, (teachers, 1))
        start = scale * 10.0 ** rng.uniform(-6, 1) * rng.standard_normal((students, 1))
        if seed % 2:
            start = np.resize(teacher, (students, 1)) * 10.0 ** rng.uniform(-6, 1)
        problem = Problem([eigenvalue], teacher if teachers > 1 else teacher[0], start)
        energy, first = problem.teacher_energy, problem.start_energy
        times = np.array([1e-3, 0.1, 1.0, 4.0]) / (eigenvalue * energy)
        found = solve(problem, 4.0 / (eigenvalue * energy), model=model).overlaps(times)
        excess = (energy / first - 1.0) * np.exp(-24.0 * eigenvalue * energy * times)
        assert np.trace(found.S) == pytest.approx(energy / (1.0 + excess), rel=1e-10), seed
        assert found.loss == pytest.approx(3.0 * (energy * excess / (1.0 + excess)) ** 2, rel=1e-9), seed


def test_parallel_teachers_and_students():
    """Once the residual is a rotation alone, out of the teachers' span, the run goes on in long steps."""
    model = load_module(generate_module(quadratic_network(2, 2)))
    run = solve(Problem([1.0], [[1.0], [2.0]], [[0.1], [0.2]]), 1.0, model=model)
    assert run.steps < 120
    assert run.overlaps([1.0]).loss == pytest.approx(3 * (5 * 99 * np.exp(-120)) ** 2, rel=1e-9)


def test_overlap_beyond_the_range_of_floats():
    """s ~ 1/(24 λ_2 t) decays and takes u along as t^{−λ_1/(2λ_2)}, far below the smallest float.

    Until then the run is as it should be, u keeps its sign for ever, and thereafter nothing is made up.
    """
    problem = Problem([1.0, 1e-3], [1.0, 0.0], [0.5, -1e6])
    energy = 1e-3 * 1e12
    early = solve(problem, 5e-8)
    assert early.limit.name == "+teacher"
    drop = 1.0 + 24.0 * 1e-3 * energy * 5e-8
    assert early.at([5e-8]).s[0] == pytest.approx(energy / drop, rel=1e-6)
    with pytest.raises(ArithmeticError, match="out of the range of floats"):
        solve(problem, 1.0)


@pytest.mark.filterwarnings("error")
def test_no_warning_at_the_latest_times():
    for problem in (Problem([1.0], [1.0], [0.1]), Problem([1.0, 0.1], [1.0, 1.0], [0.1, -0.2])):
        assert solve(problem, 1e300).limit.name.endswith("teacher")
