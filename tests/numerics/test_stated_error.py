"""The stated error of networks past unstable plateaus, against Taylor series of the weights."""

import numpy as np
import pytest
import sympy
from flint import arb, ctx

from numerics import Problem, load_module, solve
from tests.oracles.network_taylor import erf, network_taylor, relu, square, statistics
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import RELU, Z
from theory.symbolic.models import Model

LINKS = {
    "erf": (erf, sympy.erf(Z / sympy.sqrt(2)), 150.0),
    "relu": (relu, RELU, 60.0),
    "square": (square, Z**2, 12.0),
}
FEW = [("erf", 1e-9, 1), ("square", 1e-9, 1), ("square", 1e-12, 2), ("relu", 1e-3, 5)]
FAMILY = [
    (name, size, seed)
    for name in ("erf", "square")
    for size in (1e-3, 1e-6, 1e-9, 1e-12)
    for seed in range(4)
]
FAMILY += [("relu", 1e-3, seed) for seed in range(4)]


def plateau(size, seed):
    """Two teachers, and two students that differ by ``size``: with one eigenvalue, or two or three."""
    rng = np.random.default_rng(seed)
    modes = int(rng.integers(2, 4))
    isotropic = rng.random() < 0.4
    rates = (
        np.full(modes, rng.uniform(0.3, 1.0)) if isotropic else np.sort(rng.uniform(0.2, 1.0, modes))[::-1]
    )
    teachers, start = rng.standard_normal((2, modes)), 0.4 * rng.standard_normal(modes)
    return Problem(rates, teachers, [start, start + size * rng.standard_normal(modes)])


def true_and_stated(name, size, problem):
    """The largest error of S and U, relative to √(S_jj S_kk) and √(S_jj T_mm), and the stated one."""
    pair, link, until = LINKS[name]
    model = load_module(generate_module(Model("committee", link, link, (1, 1), (1, 1))))
    times = np.linspace(until / 25, until, 25)
    digits = int(24 - np.log10(size) * (1.7 if name == "relu" else 0.5))
    rows = [array.tolist() for array in (problem.eigenvalues, problem.teachers, problem.students)]
    weights = network_taylor(pair, *rows, times.tolist(), digits)
    with ctx.workdps(40):
        exact = [[arb(x) for x in row] for row in rows[1]]
        S = np.moveaxis([statistics(rows[0], w, w) for w in weights], 0, -1)
        U = np.moveaxis([statistics(rows[0], w, exact) for w in weights], 0, -1)
    run = solve(problem, until, model)
    found = run.overlaps(times)
    students = np.sqrt(np.einsum("jjt->jt", S))
    teachers = np.sqrt(np.square(problem.teachers) @ problem.eigenvalues)[:, None]
    own = np.abs(found.S - S) / (students[:, None] * students)
    cross = np.abs(found.U - U) / (students[:, None] * teachers)
    return max(own.max(), cross.max()), run.error


@pytest.mark.parametrize(("name", "size", "seed"), FEW)
def test_symmetry_broken_by_little(name, size, seed):
    true, stated = true_and_stated(name, size, plateau(size, seed))
    assert true <= stated


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size", "seed"), FAMILY)
def test_random_plateaus(name, size, seed):
    true, stated = true_and_stated(name, size, plateau(size, seed))
    assert true <= stated


def test_a_plateau_left_by_one_part_in_a_billion():
    """K = M = 2 with erf(z/√2), isotropic: rounding grows 1e9-fold, and the stated error says so."""
    teachers, start = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.array([0.3, 0.2, 0.1])
    problem = Problem(np.ones(3), teachers, [start, start + 1e-9 * np.array([1.0, -1.0, 0.5])])
    true, stated = true_and_stated("erf", 1e-9, problem)
    assert 1e-10 < true <= stated < 1e-4
