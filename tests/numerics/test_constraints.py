"""Flows and descents with a constraint, against direct integrations of projected gradients."""

import numpy as np
import pytest

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
from numerics.generated import phase_retrieval
from numerics.solver import constrained as implicit_runs
from tests.oracles.projected_gradients import (
    circle_angle,
    circle_deficits,
    cubic_gradient,
    projected_flow,
    square_gradient,
)
from theory.symbolic import constrained, parse_link, quadratic_network, single_index
from theory.symbolic import phase_retrieval as derived
from theory.symbolic.codegen import generate_module

CONSTRAINTS = ("sphere", "qsphere", "decay:0.3")
ORACLE = 3e-11
"""What SciPy's tolerance of 1e-12 leaves in a run that escapes."""


def one_student(seed=0, size=25, exponent=1.2):
    rng = np.random.default_rng(seed)
    lam = np.arange(1.0, size + 1) ** -exponent
    star, start = rng.normal(size=(2, size))
    return lam, star / np.sqrt(lam @ star**2), start


def bound(constraint, lam, star, start):
    """The start on the teacher's sphere."""
    weights = lam if constraint == "qsphere" else 1.0 + 0 * lam
    return start * np.sqrt(np.sum(weights * star**2, -1) / np.sum(weights * start**2, -1))[..., None]


def oracle(gradient, lam, start, times, constraint, **options):
    name, _, rate = constraint.partition(":")
    return projected_flow(gradient, lam, start, times, name, float(rate or 0), **options)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize(("link", "gradient"), [("z**2", square_gradient), ("He3(z)", cubic_gradient)])
def test_one_student(constraint, link, gradient):
    lam, star, start = one_student()
    start = bound(constraint, lam, star, start)
    times = [0.5, 3.0, 12.0]
    run = solve(Problem(lam, star, start), 12.0, network(link, constraint=constraint), check=True)
    weights = oracle(gradient(lam, star[None]), lam, start, times, constraint)[:, 0]
    found = run.at(times)
    assert run.error < 1e-11
    assert found.s == pytest.approx(weights**2 @ lam, rel=0, abs=ORACLE)
    assert found.u == pytest.approx(weights @ (lam * star), rel=0, abs=ORACLE)
    if constraint == "qsphere":
        assert found.s == pytest.approx(np.ones(3), rel=0, abs=run.error)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("sizes", [(2, 2), (2, 1), (5, 4)])
def test_networks(constraint, sizes):
    """Five students are followed by explicit steps of all modes, two by implicit ones."""
    rng = np.random.default_rng(3)
    lam = np.arange(1.0, 13.0) ** -1.5
    star, start = rng.normal(size=(sizes[1], 12)), rng.normal(size=(sizes[0], 12))
    star, start = 0.5 * star, 0.5 * start
    model = network("z**2", None, [1.0] * sizes[0], [1.0] * sizes[1], constraint=constraint)
    run = solve(Problem(lam, star[0] if sizes[1] == 1 else star, start), 5.0, model, check=True)
    weights = oracle(square_gradient(lam, star), lam, start, [1.0, 5.0], constraint)
    found = run.overlaps([1.0, 5.0])
    assert run.error < 1e-8
    S = np.einsum("tji,tki->jkt", lam * weights, weights)
    U = np.einsum("tji,mi->jmt", lam * weights, star)
    assert pytest.approx(S, rel=0, abs=ORACLE) == found.S
    assert pytest.approx(U, rel=0, abs=ORACLE) == found.U


def test_both_ways_to_follow_a_network_agree(monkeypatch):
    rng = np.random.default_rng(5)
    lam, star, start = np.arange(1.0, 9.0) ** -1.0, *rng.normal(size=(2, 2, 8))
    start = bound("sphere", lam, star, start)
    model = network("z**3 + z", None, [1.0, 1.0], [1.0, 1.0], constraint="sphere")
    problem = Problem(lam, 0.4 * star, 0.4 * start)
    implicit = solve(problem, 3.0, model)
    monkeypatch.setattr(implicit_runs, "NARROW", 0)
    explicit = solve(problem, 3.0, model)
    assert type(explicit) is not type(implicit)
    times = [0.1, 1.0, 3.0]
    assert implicit.overlaps(times).loss == pytest.approx(explicit.overlaps(times).loss, rel=1e-9)


@pytest.mark.parametrize("time", [2.0, 6.0, 20.0])
def test_small_deficits_keep_their_digits(time):
    """Two modes on a circle have one angle ψ, whose logarithm is integrated: 1 − u and 1 − s from it."""
    lam, target, radius = (0.75, 0.25), 0.4, 1.2
    star = radius * np.array([np.cos(target), np.sin(target)])
    start = radius * np.array([np.cos(target + 0.7), np.sin(target + 0.7)])
    run = solve(Problem(lam, star, start), time, network("z**2", constraint="sphere"))
    angle = circle_angle(lam, 0.7, target, radius, time)
    expected = [float(x) for x in circle_deficits(lam, angle, target, radius)]
    found = run.at(time)
    assert [float(found.one_minus_u), float(found.one_minus_s)] == pytest.approx(expected, rel=2e-12)


def test_second_order_deficits_keep_their_digits():
    """With one eigenvalue 1 − u is of second order in w − w*.

    On the unit circle with Q = λ, u = λ cos ψ: ψ̇ = −4 λ² sin 2ψ, so tan ψ = tan ψ₀ e^{−8 λ² t}.
    """
    lam, angle, time = 0.5, 0.9, 12.0
    problem = Problem([lam, lam], [1.0, 0.0], [np.cos(angle), np.sin(angle)])
    run = solve(problem, time, network("z**2", constraint="sphere"))
    tangent = np.tan(angle) * np.exp(-8 * lam**2 * time)
    expected = tangent**2 / (1 + np.sqrt(1 + tangent**2)) / np.sqrt(1 + tangent**2)
    assert float(run.at(time).one_minus_u) == pytest.approx(expected, rel=2e-12)


def test_infinite_dimension():
    """At d = ∞ the norm is that of the start; a finite d with all its modes is near it, and exact."""
    times, model = [1.0, 30.0], network("z**2", constraint="sphere")
    run = solve(power_law(2.0, np.inf, init="escape:0.5", horizon=1e6), 1e6, model, check=True)
    assert run.error < 1e-9
    problem = power_law(2.0, 200, init="escape:0.5")
    near = solve(problem, 30.0, model).at(times)
    lam, star = problem.eigenvalues, problem.teacher
    weights = oracle(square_gradient(lam, star[None]), lam, problem.init, times, "sphere")[:, 0]
    assert near.u == pytest.approx(weights @ (lam * star), rel=0, abs=ORACLE)
    assert run.at(times).u == pytest.approx(near.u, rel=0.02)
    norms = [step.norms[0, 0, 0] for step in run.segments]
    assert np.concatenate(norms) == pytest.approx(norms[0][0], rel=1e-12)


def test_many_modes_are_reduced():
    """A start on the sphere in d = 1200: the reduced problem and all modes tell the same."""
    problem, model = power_law(1.2, 1200, "gaussian", seed=1), network("z**2", constraint="sphere")
    run = solve(problem, 20.0, model)
    assert len(run.problem.eigenvalues) < 600
    whole = implicit_runs.follow(problem, 20.0, model)
    assert run.at([5.0, 20.0]).u == pytest.approx(whole.at([5.0, 20.0]).u, rel=0, abs=1e-11)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_descent_is_the_map_itself(constraint):
    lam, star, start = one_student(2, 10)
    start = bound(constraint, lam, star, start)
    step, W = 0.01, start[None].copy()
    velocity = square_gradient(lam, star[None])
    weights = lam if constraint == "qsphere" else 1.0 + 0 * lam
    for _ in range(600):
        change = velocity(W)
        if constraint == "qsphere":
            normal = lam * W
            change = change - np.sum(change * normal) / np.sum(normal**2) * normal
        moved = W + step * change
        if constraint.startswith("decay"):
            W = moved - step * 0.3 * W
        else:
            W = moved * np.sqrt((start**2 @ weights) / (moved**2 @ weights))[:, None]
    model = network("z**2", constraint=constraint)
    found = descend(Problem(lam, star, start), step, 600, [600], model)
    assert [found.s[0], found.u[0]] == pytest.approx([W[0] ** 2 @ lam, W[0] @ (lam * star)], rel=1e-12)
    same = descend_network(Problem(lam, star, start), step, 600, [600], model)
    assert same.S[0, 0, 0] == pytest.approx(found.s[0], rel=1e-14)


@pytest.mark.parametrize("constraint", ["sphere", "qsphere"])
def test_descent_tends_to_the_flow(constraint):
    """Projected descent is the projected flow to first order in the step."""
    lam, star, start = one_student(4, 12)
    start, model = bound(constraint, lam, star, start), network("z**2", constraint=constraint)
    flow = float(solve(Problem(lam, star, start), 4.0, model).at(4.0).u)
    runs = [descend(Problem(lam, star, start), 4.0 / n, n, [n], model) for n in (8000, 16000)]
    gaps = [run.u[0] - flow for run in runs]
    assert gaps[0] / gaps[1] == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
@pytest.mark.parametrize("model", [derived(), quadratic_network(2, 1), single_index(parse_link("He3(z)"))])
def test_generated_code_keeps_the_constraint(constraint, model):
    """Generated multipliers are those of the pair functions, at random vectors."""
    rng = np.random.default_rng(8)
    lam, W, star = rng.uniform(0.1, 1, 6), rng.normal(size=(model.students, 6)), rng.normal(size=(1, 6))
    module = load_module(generate_module(constrained(model, constraint)))
    pairs = network(model.student_links[0], None, [1.0] * model.students, [1.0], constraint=constraint)
    assert module.CONSTRAINT.partition(":")[0] == pairs.CONSTRAINT.partition(":")[0]

    def statistics(weights):
        own = (weights * W) @ W.T
        return np.concatenate([own[np.triu_indices(len(W))], ((weights * W) @ star.T).ravel()])

    y = statistics(lam**2) if constraint == "qsphere" else np.sum(W**2, axis=1)
    T = (lam * star) @ star.T
    found = [rules.multipliers(statistics(lam), y, T) for rules in (module, pairs)]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    start = W[0] if len(W) == 1 else W
    runs = [solve(Problem(lam, star[0], 0.3 * start), 0.5, rules) for rules in (module, pairs)]
    assert pytest.approx(runs[1].overlaps(0.5).U, rel=1e-10) == runs[0].overlaps(0.5).U


def test_files_keep_the_constraint(tmp_path):
    lam, star, start = one_student(1, 5)
    run = solve(Problem(lam, star, start), 1.0, network("z**2", constraint="decay:0.25"))
    for suffix in ("nc", "csv", "json"):
        save(run.dataset([0.5, 1.0]), tmp_path / f"run.{suffix}")
        assert load(tmp_path / f"run.{suffix}").attrs["constraint"] == "decay:1/4"
    assert ("constraint", "decay:1/4") in list(run.facts())


@pytest.mark.parametrize(("constraint", "norm"), [("sphere", "‖w‖,"), ("qsphere", "‖w‖_Q,")])
def test_a_norm_that_is_zero_cannot_be_kept(constraint, norm):
    model = network("z**2", constraint=constraint)
    problem = Problem([1.0, 0.5], [1.0, 1.0], [0.0, 0.0])
    for ask in (lambda: solve(problem, 1.0, model), lambda: descend(problem, 0.1, 5, 3, model)):
        with pytest.raises(ValueError, match=f"keeps {norm} which is 0 for student 1"):
            ask()


def test_what_is_of_the_gradient_alone_refuses_a_constraint():
    problem = Problem([1.0, 0.5], [1.0, 1.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="constraint sphere"):
        largest_stable_step(problem, network("z**2", constraint="sphere"))
    with pytest.raises(ValueError, match="sphere, qsphere or decay"):
        network("z**2", constraint="ball")
    assert largest_stable_step(problem, phase_retrieval) > 0
