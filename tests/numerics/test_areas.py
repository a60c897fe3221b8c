"""Links with a kink, beside it: where two vectors are nearly parallel, or one crosses the other's line."""

from functools import cache

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from numpy.testing import assert_allclose
from oracles import kinked_plane
from oracles.network_taylor import network_taylor, relu, statistics

from numerics import Problem, load_module, solve
from numerics.state.areas import AreaModes
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import parse_link
from theory.symbolic.models import Model

TEACHER, ACROSS = np.array([1.1, 0.7]), np.array([-0.7, 1.1])
PLANE = 3e-12  # the error of the integration in the plane, relative
LINKS = {
    "relu(z)": (lambda z: np.maximum(z, 0.0), lambda z: 1.0 * (z > 0)),
    "relu(z) + z**2": (lambda z: np.maximum(z, 0.0) + z**2, lambda z: (z > 0) + 2.0 * z),
    "abs(z) + z/3": (lambda z: np.abs(z) + z / 3.0, lambda z: np.sign(z) + 1.0 / 3.0),
}


@cache
def module(link="relu(z)", teacher_link="relu(z)", students=1, teachers=1):
    links = parse_link(link), parse_link(teacher_link)
    return load_module(generate_module(Model("kinked", *links, (1,) * students, (1,) * teachers)))


def test_areas_of_nearly_parallel_vectors():
    """√(|a|² |b|² − ⟨a, b⟩²) at 60 digits, of the floats as they are: to rounding of the components."""
    rng = np.random.default_rng(0)
    rates, b = rng.uniform(0.1, 1.0, 5), rng.standard_normal(5)
    for size in (1.0, 1e-4, 1e-9, 1e-13):
        a = 0.7 * b + size * rng.standard_normal(5)
        found = AreaModes(rates, b[None], ((0, 1),)).statistics(a[None])[-1]
        with mpmath.workdps(60):
            rows = [[mpmath.mpf(float(x)) for x in row] for row in (rates, a, b)]
            aa, bb, ab = (
                sum(r * x * y for r, x, y in zip(rows[0], rows[j], rows[k], strict=True))
                for j, k in ((1, 1), (2, 2), (1, 2))
            )
            exact = float(mpmath.sqrt(aa * bb - ab**2))
        assert found == pytest.approx(exact, rel=1e-15, abs=2e-15)


def test_areas_keep_what_is_across_a_mode():
    """Of a teacher in one mode the area is its length times the rest of the student's, to all digits."""
    modes = AreaModes(np.array([0.5, 0.5, 0.2]), np.array([[2.0, 0.0, 0.0]]), ((0, 1),))
    area = modes.statistics(np.array([[-3.1, 3e-30, 4e-30]]))[-1]
    assert area == pytest.approx(np.sqrt(2.0 * (0.5 * 9e-60 + 0.2 * 16e-60)), rel=4e-16)


def test_slopes_of_the_areas():
    rng = np.random.default_rng(1)
    rates, teachers, state = (
        rng.uniform(0.1, 1.0, 4),
        rng.standard_normal((2, 4)),
        rng.standard_normal((2, 4)),
    )
    modes = AreaModes(rates, teachers, ((0, 1), (0, 2), (1, 3)))
    gradient, step = modes.statistics_gradient(state), 1e-6
    change = rng.standard_normal(state.shape)
    difference = modes.statistics(state + step * change) - modes.statistics(state - step * change)
    assert_allclose(np.einsum("njN,jN->n", gradient, change), difference / (2 * step), rtol=1e-8)
    assert_allclose(modes.statistics_change(state, change), difference / (2 * step), rtol=1e-8)


def beside_the_line(along, across):
    """The largest error of s and u, relative to s and √(s s*), at the times of a run, and the stated one.

    Isotropic, the start at ``along`` w* and by ``across`` |w*| off its line, where dead rectifiers wake up.
    """
    problem, until = Problem([2.0, 2.0], TEACHER, along * TEACHER + across * ACROSS), 20.0
    run = solve(problem, until, module())
    times = np.concatenate([step.start + step.elapsed[[9, 12]] for step in run.segments])
    times = times[times < until]
    rows = [array.tolist() for array in (problem.eigenvalues, problem.teachers, problem.students)]
    weights = network_taylor(relu, *rows, times.tolist(), 50)
    with ctx.workdps(40):
        star = [[arb(x) for x in rows[1][0]]]
        s = np.array([statistics(rows[0], w, w)[0][0] for w in weights])
        u = np.array([statistics(rows[0], w, star)[0][0] for w in weights])
    found, energy = run.overlaps(times), problem.teacher_energy
    own, cross = np.abs(found.S[0, 0] - s) / s, np.abs(found.U[0, 0] - u) / np.sqrt(s * energy)
    return max(own.max(), cross.max()), run.error


@pytest.mark.parametrize(("along", "across"), [(0.5, 1e-10), (-1.3, 1e-2)])
def test_rectifier_beside_its_teachers_line(along, across):
    true, stated = beside_the_line(along, across)
    assert true <= stated < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("along", [0.5, 1.5, -0.1, -1.3])
@pytest.mark.parametrize("across", [1e-12, 1e-10, 1e-8, 1e-5, 1e-3, 1e-2, 0.1])
def test_rectifiers_beside_their_teachers_lines(along, across):
    """A dead one passes 0 at a distance of ``across``^{1/2} and less, which takes as many digits."""
    true, stated = beside_the_line(along, across)
    assert true <= stated
    if along > 0 or across >= 1e-8:
        assert stated < 1e-3


def in_the_plane(links, rates, teachers, students, until=10.0):
    """The largest error of S and U, relative to √(S_jj S_kk) and √(S_jj T_mm), and the stated one: between
    the points of every step, too.
    """
    teachers, students, rates = np.atleast_2d(teachers), np.atleast_2d(students), np.array(rates)
    run = solve(
        Problem(rates, np.squeeze(teachers), np.squeeze(students)),
        until,
        module(*links, len(students), len(teachers)),
    )
    inside = [step.start + step.elapsed[-1] * x for step in run.segments for x in (0.03, 0.4, 0.7)]
    times = np.sort(np.append(np.linspace(0.0, until, 21), [time for time in inside if time < until]))
    functions = *LINKS[links[0]], LINKS[links[1]][0]
    W = kinked_plane.path(*functions, rates, teachers, students, times)
    S, U = np.einsum("tja,a,tka->jkt", W, rates, W), np.einsum("tja,a,ka->jkt", W, rates, teachers)
    found, own = run.overlaps(times), np.sqrt(np.einsum("jjt->jt", S))
    lengths = np.sqrt(teachers**2 @ rates)[:, None]
    errors = (
        np.abs(found.S - S) / (own[:, None] * own),
        np.abs(found.U - U) / (own[:, None] * lengths),
    )
    return max(error.max() for error in errors), run.error


MISMATCHED = [("relu(z) + z**2", "relu(z)"), ("abs(z) + z/3", "relu(z)"), ("relu(z)", "relu(z) + z**2")]
STARTS = [([0.5, 0.2], -0.4, 1e-3), ([0.5, 0.5], 0.6, 1e-9), ([0.5, 0.2], 0.5, 0.05)]


@pytest.mark.parametrize("links", MISMATCHED[:2])
def test_a_kinked_and_a_smooth_link_with_another_teacher(links):
    rates, along, across = STARTS[0]
    true, stated = in_the_plane(links, rates, TEACHER, along * TEACHER + across * ACROSS)
    assert true <= stated + PLANE < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("links", MISMATCHED)
@pytest.mark.parametrize(("rates", "along", "across"), STARTS)
def test_kinked_and_smooth_links_with_other_teachers(links, rates, along, across):
    true, stated = in_the_plane(links, rates, TEACHER, along * TEACHER + across * ACROSS)
    assert true <= stated + PLANE < 1e-10


TEACHERS, FIRST = np.array([[0.13, -0.13], [0.64, 0.1]]), np.array([-0.27, 0.18])
PARALLEL = {"equal": FIRST, "twice": 2.0 * FIRST, "opposite": -FIRST, "nearly equal": FIRST * (1 + 1e-9)}
NETWORK = ("relu(z)", "relu(z)")


def test_two_rectifiers_that_are_equal():
    """Both cross a teacher's line: with one eigenvalue, where nothing but the kink stops a step."""
    true, stated = in_the_plane(NETWORK, [0.5, 0.5], TEACHERS, [FIRST, FIRST])
    assert true <= stated + PLANE < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("second", PARALLEL)
@pytest.mark.parametrize("rates", [[0.5, 0.5], [0.5, 0.2]])
def test_two_rectifiers_that_are_parallel(second, rates):
    true, stated = in_the_plane(NETWORK, rates, TEACHERS, [FIRST, PARALLEL[second]], 20.0)
    assert true <= stated + PLANE < 1e-9
