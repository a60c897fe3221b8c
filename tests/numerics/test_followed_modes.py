"""Every mode along a run, statistics of all orders and restarts, against integrations that share no code.

Of one student the reference is the Taylor series of all modes at 40 digits or more, of networks that of their
pair functions; with a constraint it is SciPy's integration of the projected gradient.
"""

import dataclasses
import math
import pickle

import numpy as np
import pytest
import sympy
from oracles.network_taylor import network_taylor, relu, square
from oracles.projected_gradients import projected_flow, square_gradient
from oracles.taylor import taylor_states

from numerics import Problem, load, network, power_law, power_law_network, save, solve
from numerics.generated import phase_retrieval
from numerics.pairs import Constrained
from theory.constraint import Constraint

SLACK = 30.0
"""Of the stated error: a mode's, relative to the largest one."""
ONES = {
    "three modes": Problem([0.6, 0.3, 0.1], [1, -1, 1], [0.2, 0.1, 0.3]),
    "a slow escape": Problem([0.6, 0.3, 0.1], [1, -1, 1], [2e-5, -1e-5, -3e-5]),
    "one eigenvalue twice": Problem([0.5, 0.25, 0.25], [1, 1, -1], [0.1, 0.4, 0.3]),
    "a mode without eigenvalue": Problem([0.7, 0.3, 0.0], [1, 1, 1], [0.1, 0.2, 0.5]),
    "a mode without teacher": Problem([0.7, 0.2, 0.1], [1, 0, 1], [0.1, 0.2, 0.5]),
    "eight modes": power_law(1.5, 8, teacher="gaussian", seed=4),
}
TIMES = (0.0, 0.5, 3.0, 20.0, 80.0)


def distance(found, right):
    """The largest difference in units of the largest mode, and in units of all of them together."""
    return np.linalg.norm(found - right, axis=0) / np.linalg.norm(right, axis=0)


@pytest.mark.parametrize("name", ONES)
def test_modes_of_one_student_follow_the_series_of_all_modes(name):
    """So do what they differ by from ±w*, down to 1e-30 of them."""
    problem, times = ONES[name], TIMES
    run = solve(problem, times[-1])
    states = taylor_states(problem.eigenvalues, problem.teacher, problem.init, times[1:], digits=75)
    right = np.array([problem.init.tolist()] + [[float(x) for x in row] for row in states]).T
    sign = 1.0 if run.limit.sign > 0 else -1.0
    exact = [[x - sign * float(star) for x, star in zip(row, problem.teacher, strict=True)] for row in states]
    away = np.array([[float(x) for x in row] for row in exact]).T
    found = run.modes(times)
    assert distance(found.w, right).max() <= SLACK * run.error
    assert distance(found.deviation[:, 1:], away).max() <= SLACK * run.error


def test_modes_keep_their_digits_at_the_end():
    """There every mode is a sum of exponentials, whose slowest one is not that of any eigenvalue."""
    problem = ONES["three modes"]
    run = solve(problem, 60.0)
    (state,) = taylor_states(problem.eigenvalues, problem.teacher, problem.init, [60.0], digits=90)
    away = np.array([float(x - float(star)) for x, star in zip(state, problem.teacher, strict=True)])
    found = run.modes(60.0).deviation
    assert np.abs(away).max() < 1e-22
    assert np.abs(found / away - 1.0).max() <= SLACK * run.error


@pytest.mark.parametrize("dimension", [1000, 1e6, math.inf])
def test_the_modes_have_the_statistics_of_the_run(dimension):
    """u, s and the small ones near the teacher; a large problem is reduced, a small one is explicit."""
    problem = power_law(2, dimension, init="escape:1e-2")
    run = solve(problem, 1e6)
    times = np.geomspace(1e-2, 1e6, 12)
    for modes, of in ((run.modes(times), problem), (run.modes(times, reduced=True), run.problem)):
        weighted = of.eigenvalues[:, None] * modes.deviation
        lost = -np.einsum("it,i->t", weighted, of.teacher)
        assert np.abs(lost / run.at(times).one_minus_u - 1.0).max() <= SLACK * run.error
    first = run.statistics(1, times)
    assert np.abs(first.one_minus_u / run.at(times).one_minus_u - 1.0).max() <= SLACK * run.error
    assert np.abs(first.one_minus_s / run.at(times).one_minus_s - 1.0).max() <= SLACK * run.error
    zeroth, seen = run.statistics(0, times), run.at(times)
    recovered = 2.0 * np.abs(zeroth.u) - zeroth.s
    assert np.abs(recovered / seen.recovered - 1.0).max() <= SLACK * run.error


def test_every_mode_of_an_explicit_problem_comes_back_in_its_order():
    """In blocks, too: its eigenvalues neither descend nor differ."""
    rng = np.random.default_rng(5)
    eigenvalues = rng.permutation(np.repeat(np.geomspace(1.0, 1e-3, 700), 3))
    problem = Problem(eigenvalues / eigenvalues.sum(), rng.normal(size=2100), 0.1 * rng.normal(size=2100))
    run = solve(problem, 300.0)
    found = run.modes([300.0, 0.0])
    assert np.array_equal(found.eigenvalues, problem.eigenvalues)
    assert np.array_equal(found.w[:, 1], problem.init)
    assert problem.eigenvalues @ found.w[:, 0] ** 2 == pytest.approx(float(run.at(300.0).s), rel=1e-11)
    assert len(run.problem.eigenvalues) < 1500


@pytest.mark.parametrize(("width", "until"), [(2, 30.0), (3, 6.0)])
def test_modes_of_rotated_quadratic_networks(width, until):
    """The residual of the frame is small where the students are."""
    problem = power_law_network(1.0, 4, students=width, teachers=2, teacher="gaussian", seed=1)
    run = solve(problem, until, network(["z**2"] * width, ["z**2"] * 2))
    times = [1.0, until]
    rows = network_taylor(square, problem.eigenvalues, problem.teachers, problem.students, times, digits=20)
    right = np.moveaxis(np.array([[[float(x) for x in row] for row in state] for state in rows]), 0, -1)
    found = run.modes(times)
    assert np.abs(found.w - right).max() <= 1e3 * run.error
    loss = run.overlaps(times).loss
    product = np.einsum("kit,kjt->ijt", found.w - found.deviation, found.deviation)
    change = (
        product + np.swapaxes(product, 0, 1) + np.einsum("kit,kjt->ijt", found.deviation, found.deviation)
    )
    weighted = problem.eigenvalues[:, None, None] * change
    again = 2.0 * np.einsum("ijt,jit->t", weighted, weighted) + np.einsum("iit->t", weighted) ** 2
    assert np.abs(again / loss - 1.0).max() <= 1e3 * run.error
    assert width > 2 or loss[-1] < 1e-6 * loss[0]


def test_modes_under_a_link_with_a_kink():
    problem = power_law_network(1.0, 4, students=2, teachers=2, teacher="gaussian", seed=3)
    run = solve(problem, 5.0, network(["relu(z)"] * 2, ["relu(z)"] * 2))
    (state,) = network_taylor(relu, problem.eigenvalues, problem.teachers, problem.students, [5.0], digits=20)
    right = np.array([[float(x) for x in row] for row in state])
    assert np.abs(run.modes(5.0).w - right).max() <= 1e3 * run.error


@pytest.mark.parametrize("kind", ["sphere", "qsphere", "decay"])
def test_modes_under_a_constraint(kind):
    problem = power_law(1.0, 6, teacher="gaussian", seed=2)
    rate = 0.1 if kind == "decay" else 0.0
    constraint = Constraint.read(f"{kind}:{rate}" if rate else kind)
    run = solve(problem, 5.0, Constrained(phase_retrieval, constraint))
    gradient = square_gradient(problem.eigenvalues, problem.teachers)
    right = projected_flow(gradient, problem.eigenvalues, problem.init, [1.0, 5.0], kind, rate)[:, 0].T
    assert np.abs(run.modes([1.0, 5.0]).w - right).max() <= 1e-9


@pytest.mark.parametrize("order", [-2, -1, 0, 0.5, 2, 7])
def test_statistics_of_any_order_are_sums_over_the_modes(order):
    problem = ONES["three modes"]
    (state,) = taylor_states(problem.eigenvalues, problem.teacher, problem.init, [20.0], digits=60)
    right = np.array([float(x) for x in state])
    away = np.array([float(x - float(star)) for x, star in zip(state, problem.teacher, strict=True)])
    found, weights = solve(problem, 20.0).statistics(order, 20.0), problem.eigenvalues**order
    assert found.s == pytest.approx(weights @ right**2, rel=1e-10)
    assert found.u == pytest.approx(weights @ (right * problem.teacher), rel=1e-10)
    lost = -(weights @ (away * problem.teacher)) / (weights @ problem.teacher**2)
    assert found.one_minus_u == pytest.approx(lost, rel=1e-9)


def test_orders_that_are_not_finite():
    """At an eigenvalue 0 a negative order is infinite, unless neither vector has that mode."""
    problem = ONES["a mode without eigenvalue"]
    assert solve(problem, 5.0).statistics(-1, 5.0).s == math.inf
    free = Problem([0.7, 0.3, 0.0], [1, 1, 0], [0.1, 0.2, 0.0])
    assert np.isfinite(solve(free, 5.0).statistics(-1, 5.0).s)
    endless = solve(power_law(2, math.inf, init="escape:1e-2"), 10.0)
    assert endless.statistics(0, 10.0).teacher == math.inf
    with pytest.raises(ValueError, match="keep the orders 0, 1, 2"):
        endless.statistics(-1, 10.0)


@pytest.mark.parametrize("time", [0.0, 2.0, 30.0])
def test_a_restart_goes_on_as_the_run_does(time):
    """Near the teacher, too, where floats of w alone would leave 1e-16 of it."""
    problem = ONES["three modes"]
    whole = solve(problem, 60.0)
    rest = solve(whole.restart(time), 60.0 - time)
    assert float(rest.at(60.0 - time).loss / whole.at(60.0).loss) == pytest.approx(1.0, abs=1e-9)
    assert rest.error >= whole.error
    assert np.array_equal(whole.final.teacher, problem.teacher)


def test_a_restart_of_a_reduced_problem_is_faithful_for_what_is_left():
    run = solve(power_law(2, math.inf, init="escape:1e-3", horizon=1e6), 1e3)
    assert run.final.horizon == 1e6 - 1e3
    with pytest.raises(ValueError, match="no time left"):
        _ = solve(power_law(2, math.inf, init="escape:1e-3", horizon=1e3), 1e3).final
    again = solve(run.final, 1e5 - 1e3)
    whole = solve(power_law(2, math.inf, init="escape:1e-3", horizon=1e6), 1e5)
    ratio = again.at(1e5 - 1e3).one_minus_u / whole.at(1e5).one_minus_u
    assert float(ratio) == pytest.approx(1.0, abs=1e-9)


s, u, t = sympy.symbols("s u t")
LOSS = 3 * s**2 + 3 * t**2 - 4 * u**2 - 2 * s * t


@pytest.mark.parametrize("start", [[0.2, 0.1, 0.3], [-0.2, -0.1, -0.3]])
def test_functions_of_symbols_keep_the_digits_of_the_run(start):
    run = solve(Problem([0.6, 0.3, 0.1], [1, -2, 1], start), 40.0)
    seen, sign = run.at(), 1 if start[0] > 0 else -1
    assert np.array_equal(run[u], seen.u)
    for asked, right in (
        (1 - sign * u / t, seen.one_minus_u),
        (1 - s / t, seen.one_minus_s),
        (LOSS, seen.loss),
        (sympy.log(1 - s / t) + 1 - s / t, np.log(seen.one_minus_s) + seen.one_minus_s),
    ):
        assert np.abs(run[asked] / right - 1.0).max() < 1e-11
    assert run[LOSS, 40.0] == pytest.approx(float(run.at(40.0).loss), rel=1e-11)
    assert run[LOSS, 40.0] < 1e-25


def test_symbols_of_networks_and_what_is_none():
    problem = power_law_network(1.5, 6, students=2, teachers=2, teacher="gaussian", seed=1)
    run = solve(problem, 3.0, network(["z**2"] * 2, ["z**2"] * 2))
    S12, U21, T12 = sympy.symbols("S12 U21 T12")
    seen = run.overlaps([1.0, 3.0])
    energy = (problem.teachers[0] * problem.eigenvalues) @ problem.teachers[1]
    right = seen.S[0, 1] + seen.U[1, 0] * energy
    assert np.abs(run[S12 + U21 * T12, [1.0, 3.0]] - right).max() < 1e-12
    with pytest.raises(ValueError, match="x is no expression of S11, S12, S22, U11"):
        run[sympy.Symbol("x")]


def test_times_may_be_left_out_or_be_one_number():
    run = solve(ONES["three modes"], 10.0)
    assert run.at().t.tolist() == run.times.tolist()
    assert run.modes().w.shape == (3, 400)
    assert run.modes(1.0).w.shape == (3,)
    assert np.ndim(run.statistics(2, 1.0).s) == 0
    assert run.dataset().sizes["t"] == 400
    with pytest.raises(ValueError, match="times must be numbers in"):
        run.modes(11.0)


def test_runs_side_by_side_on_axes_of_ones_own():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    for seed in (1, 2):
        figure = solve(power_law(2, 20, seed=seed), 30.0).plot(ax, f"seed {seed}", linestyle="--")
    assert figure is ax.figure
    assert [line.get_label() for line in ax.lines][::3] == ["seed 1, MSE", "seed 2, MSE"]
    assert {line.get_linestyle() for line in ax.lines} == {"--"}


def test_weights_and_orders_are_labelled(tmp_path):
    run = solve(ONES["three modes"], 10.0)
    labelled = run.modes([1.0, 10.0]).dataset()
    assert labelled["w"].dims == ("mode", "t")
    run.statistics(2, [1.0, 10.0]).save(tmp_path / "orders.csv")
    assert dataclasses.is_dataclass(run.final)


def test_runs_come_from_other_processes_with_their_modes():
    """So they pickle, the exponentials of their end included."""
    run = solve(ONES["three modes"], 60.0)
    again = pickle.loads(pickle.dumps(run))
    assert np.array_equal(again.modes(TIMES[:3]).w, run.modes(TIMES[:3]).w)


def test_a_file_says_in_one_line_what_it_cannot_do(tmp_path):
    save(solve(ONES["three modes"], 10.0).dataset([1.0, 10.0]), tmp_path / "run.csv")
    said = load(tmp_path / "run.csv").attrs["holds"]
    assert "modes, other orders and restarts need the run itself" in said
    assert "\n" not in said
