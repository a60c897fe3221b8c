"""Flows and descents with momentum: direct integrations, the energy, both ends, and what is refused."""

import numpy as np
import pytest
from networks import half_size_problem as network_problem

from numerics import (
    Problem,
    descend,
    descend_network,
    largest_stable_step,
    load,
    load_module,
    network,
    power_law,
    save,
    solve,
)
from numerics.pairs import right_hand_sides
from tests.oracles.heavy_ball import heavy_ball, one_mode
from tests.oracles.projected_gradients import cubic_gradient, square_gradient
from theory.asymptotics import PowerLaw, escape_rate
from theory.symbolic import heavy_ball as derived
from theory.symbolic import phase_retrieval, quadratic_network
from theory.symbolic.codegen import generate_module

ORACLE = 3e-11


@pytest.mark.parametrize("sizes", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("friction", [0.0, pytest.param(0.3, marks=pytest.mark.slow), 3.0])
def test_squares(sizes, friction):
    problem, times = network_problem(*sizes), [0.5, 4.0, 10.0]
    model = network("z^2", None, [1.0] * sizes[0], [1.0] * sizes[1], friction=friction)
    run = solve(problem, 10.0, model, check=True)
    lam, star = problem.eigenvalues, problem.teachers
    W, V = heavy_ball(square_gradient(lam, star), problem.students, friction, times)
    found = run.overlaps(times)
    assert run.error < 1e-11
    assert pytest.approx(np.einsum("tji,tki->jkt", lam * W, W), rel=0, abs=ORACLE) == found.S
    assert pytest.approx(np.einsum("tji,mi->jmt", lam * W, star), rel=0, abs=ORACLE) == found.U
    assert found.kinetic == pytest.approx(0.5 * np.sum(V**2, axis=(1, 2)), rel=0, abs=ORACLE)


def test_another_link():
    problem, times = network_problem(1, 1, seed=3), [0.5, 4.0, 8.0]
    lam, star = problem.eigenvalues, problem.teachers
    run = solve(problem, 8.0, network("He3(z)", friction=0.7), check=True)
    W, _ = heavy_ball(cubic_gradient(lam, star[0]), problem.students, 0.7, times)
    assert run.at(times).u == pytest.approx(W[:, 0] @ (lam * star[0]), rel=0, abs=ORACLE)


@pytest.mark.parametrize("friction", [0.0, 0.2, 2.0])
def test_the_energy_falls_by_what_friction_takes(friction):
    """d/dt (L + ½ ‖Ẇ‖²) = −γ ‖Ẇ‖²; without friction it is kept."""
    run = solve(network_problem(2, 2, seed=5), 15.0, network("z^2", None, [1, 1], [1, 1], friction=friction))
    lost = sum(
        run.table.integral(2 * friction * step.statistics[-1], step.elapsed, 1.0) for step in run.segments
    )
    ends = run.overlaps([0.0, run.segments[-1].start + run.segments[-1].width])
    energy = ends.loss + ends.kinetic
    assert energy[1] + lost == pytest.approx(energy[0], rel=1e-12)
    assert (lost > 0.1) == (friction > 0)


@pytest.mark.parametrize("friction", [pytest.param(0.8, marks=pytest.mark.slow), 12.0])
def test_small_losses_keep_their_digits(friction):
    """One mode against its equation at 40 digits, relative to the energy: it oscillates if γ² < 4 · 24."""
    run = solve(Problem([1.0], [1.0], [0.4]), 20.0, network("z^2", friction=friction))
    times = [3.0, 10.0, 20.0]
    loss, kinetic = one_mode(0.4, friction, times, digits=40)
    found = run.overlaps(times)
    energy = np.add(loss, kinetic)
    assert energy[2] < 1e-4 * energy[0]
    assert np.all(np.abs(found.loss - loss) <= 1e-9 * energy)
    assert np.all(np.abs(found.kinetic - kinetic) <= 1e-9 * energy)
    assert run.limit.name == "+teacher"


@pytest.mark.parametrize("friction", [0.0, 0.5, 8.0])
def test_the_escape_from_zero(friction):
    """Along the flow's fastest direction ẍ + γẋ = ρx from rest: r² + γr = ρ."""
    rho = float(escape_rate(PowerLaw(2, 50)))
    start = 1e-6
    time = 6.0 / (np.sqrt(friction**2 / 4 + rho) - friction / 2)
    run = solve(power_law(2.0, 50, init=f"escape:{start}"), time, network("z^2", friction=friction))
    root = np.sqrt(friction**2 / 4 + rho)
    fast, slow = root - friction / 2, -root - friction / 2
    times = np.linspace(0, time, 7)
    expected = (fast * np.exp(slow * times) - slow * np.exp(fast * times)) / (fast - slow)
    found = run.at(times).u
    assert found / found[0] == pytest.approx(expected, rel=1e-6)


def test_slow_modes_follow_the_flow_at_their_own_clock():
    """At d = ∞ modes with αλ ≪ γ² decay at αλ/γ: the law of 1 − u is the flow's at the time t/γ."""
    friction = 4.0
    problem = power_law(2.0, np.inf, init="escape:0.3", horizon=1e6)
    ball = solve(problem, 1e4 * friction, network("z^2", friction=friction), check=True)
    flow = solve(problem, 1e4)
    assert ball.limit.name == "+teacher"
    times = np.array([1e2, 1e4])
    ratios = ball.at(friction * times).one_minus_u / flow.at(times).one_minus_u
    assert ratios[1] == pytest.approx(1, abs=0.01)
    assert abs(ratios[1] - 1) < abs(ratios[0] - 1)


@pytest.mark.parametrize("friction", [0.2, 2.0])
def test_many_modes_are_reduced(friction):
    problem = power_law(1.2, 1200, "gaussian", seed=1)
    run = solve(problem, 12.0, network("z^2", friction=friction))
    assert len(run.problem.eigenvalues) < 700
    lam, star = problem.eigenvalues, problem.teacher
    t = lam @ star**2

    def pull(W):
        w = W[0]
        return (lam * (4 * (t - 3 * (lam @ w**2)) * w + 8 * (lam @ (w * star)) * star))[None]

    W, _ = heavy_ball(pull, problem.students, friction, [4.0, 12.0])
    assert run.at([4.0, 12.0]).u == pytest.approx(W[:, 0] @ (lam * star), rel=0, abs=1e-10)


def test_descent_is_the_map():
    problem, eta, beta = network_problem(2, 2), 0.005, 0.9
    found = descend_network(
        problem, eta, 300, points=[0, 1, 300], model=network("z^2", None, [1, 1], [1, 1]), momentum=beta
    )
    pull, W = square_gradient(problem.eigenvalues, problem.teachers), problem.students
    before, seen = W, []
    for step in range(301):
        if step in (0, 1, 300):
            seen.append(W @ (problem.eigenvalues * W).T)
        W, before = W + eta * pull(W) + beta * (W - before), W
    assert pytest.approx(np.moveaxis(seen, 0, -1), rel=0, abs=1e-12) == found.S


def test_descent_follows_the_flow_of_its_friction():
    """γ = (1 − β)/√η at the time √η · steps, to first order of √η."""
    problem, friction, time = network_problem(1, 1), 1.5, 6.0
    flow = solve(problem, time, network("z^2", friction=friction)).at(time).u
    errors = []
    for width in (2e-3, 1e-3):
        run = descend(problem, width**2, round(time / width), points=2, momentum=1 - friction * width)
        errors.append(abs(float(run.u[-1] - flow)))
    assert errors[0] < 0.01 * abs(flow)
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)


def test_descent_keeps_small_deficits():
    run = descend(Problem([1.0], [1.0], [0.4]), 0.01, 900, points=[500, 700, 900], momentum=0.8)
    assert run.one_minus_u.all()
    assert np.abs(run.one_minus_u[-1]) < 1e-20


def test_modules_and_symbolic_models_say_the_same():
    model = derived(phase_retrieval(), 0.5)
    module = load_module(generate_module(model))
    assert module.FRICTION == 0.5
    problem = network_problem(1, 1)
    models = model, module, network("z^2", friction=0.5)
    runs = [float(solve(problem, 3.0, rules).at(3.0).u) for rules in models]
    assert runs == pytest.approx([runs[0]] * 3, rel=1e-12)
    assert right_hand_sides(derived(quadratic_network(2, 1), 1)).FRICTION == 1.0


def test_files_keep_friction_and_kinetic_energy(tmp_path):
    run = solve(network_problem(2, 1), 2.0, network("z^2", None, [1, 1], [1], friction=0.5))
    labelled = run.dataset([0.0, 1.0, 2.0])
    save(labelled, tmp_path / "run.nc")
    back = load(tmp_path / "run.nc")
    assert back["kinetic"].dims == ("t",)
    assert np.array_equal(back["kinetic"], labelled["kinetic"])
    assert back.attrs["friction"] == 0.5


ONE = Problem([1.0], [1.0], [0.5])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: network("z^2", friction=-1.0), "friction"),
        (lambda: network("z^2", friction=1.0, constraint="sphere"), "exclude each other"),
        (lambda: network("z^2", friction=1.0, train_weights=1.0), "exclude each other"),
        (lambda: largest_stable_step(ONE, network("z^2", friction=1.0)), "momentum"),
        (lambda: descend(ONE, 0.1, 3, model=network("z^2", friction=1.0)), "give descend its momentum"),
        (lambda: descend(ONE, 0.1, 3, momentum=1.0), r"in \[0, 1\)"),
        (lambda: descend(ONE, 0.1, 3, model=network("z^2", constraint="sphere"), momentum=0.5), "leave out"),
        (lambda: solve(network_problem(3, 1), 1.0, derived(quadratic_network(3, 1), 1)), "at most 2"),
        (lambda: solve(ONE, 1.0, network("z^2", friction=1.0)).modes(), "from the start"),
        (lambda: solve(ONE, 1.0, network("z^2", friction=1.0)).final, "from the start"),
    ],
)
def test_what_is_not_known_is_refused(call, told):
    with pytest.raises((ValueError, TypeError), match=told):
        call()


@pytest.mark.slow
@pytest.mark.parametrize("friction", [0.1, 1.0])
def test_other_bins_of_an_infinite_spectrum_tell_the_same(friction):
    """The horizon moves the bins: oscillations are integrated exactly whatever they are."""
    runs = [
        solve(
            power_law(2.0, np.inf, init="escape:0.3", horizon=horizon),
            30.0,
            network("z^2", friction=friction),
        )
        for horizon in (1e4, 1e8)
    ]
    one, other = (run.at([3.0, 10.0, 30.0]) for run in runs)
    assert one.u == pytest.approx(other.u, rel=0, abs=1e-12)
    assert one.one_minus_u == pytest.approx(other.one_minus_u, rel=1e-10)
