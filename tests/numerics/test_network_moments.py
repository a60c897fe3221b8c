"""The predicted mean of SGD of networks: against one student's, the derived mean step, and runs."""

import numpy as np
import pytest
import sympy

from numerics import (
    DescentProtocol,
    Problem,
    online_sgd_network,
    power_law,
    power_law_network,
    predict_sgd,
    predict_sgd_network,
)
from theory.symbolic import Model, Statistic, Z, constrained, hierarchy, parse_link, single_index
from theory.symbolic.discrete import online_sgd as mean_step

PAIR = Model("pair", Z**2, Z**2, (1, 1), (1, 1))
INFINITE = power_law_network(2, np.inf, 2, 2, init="escape:1e-2")


@pytest.mark.parametrize("text", ["z**2", "erf(z)"])
def test_one_student_is_that_of_its_own(text):
    law, model = power_law(1.5, 20, "gaussian", seed=3), single_index(parse_link(text))
    problem = Problem(law.eigenvalues, law.teacher, 0.3 * law.init + 0.2 * law.teacher)
    protocol = DescentProtocol(5e-3, 800, "linear", batch="1,4@0.5", noise_variance=0.1)
    options = {"model": model, "points": [0, 300, 800]}
    single = predict_sgd(problem, protocol, stepwise=True, **options)
    run = predict_sgd_network(problem, protocol, **options)
    assert run.loss == pytest.approx(single.loss, rel=1e-9)
    assert run.S[0, 0] == pytest.approx(single.s, rel=1e-9)
    assert (
        run.distances[0, 0]
        == pytest.approx(np.where(single.u > 0, 1, np.nan) * 20 * single.mse, rel=1e-9, nan_ok=True)
        or (single.u <= 0).any()
    )
    assert run.error < 1e-9


def test_a_step_of_a_network_is_the_derived_mean_step():
    """S and U of two students with weights, one teacher, after a step from deterministic weights."""
    sigma2, batch, eta = sympy.Rational(1, 5), 3, 0.01
    model = Model("two", Z**2, Z**2, (1, sympy.Rational(-1, 2)), (1,))
    rng = np.random.default_rng(1)
    values, W, T = rng.uniform(0.1, 1.0, 4), rng.normal(size=(2, 4)), rng.normal(size=(1, 4))
    problem = Problem(values, T[0], W)
    run = predict_sgd_network(
        problem, eta, 1, model=model, batch=batch, noise_variance=float(sigma2), points=[0, 1]
    )
    change = mean_step(hierarchy(model), noise=sigma2, batch=sympy.Integer(batch))

    def sums(key):
        power = values ** int(key.order)
        left, right = {"S": (W, W), "U": (W, T), "T": (T, T), "D": (None, None)}[key.name]
        return power.sum() if left is None else power @ (left[key.row] * right[key.column])

    overlaps = {}
    for name, matrix in (("S", (W * values) @ W.T), ("U", (W * values) @ T.T), ("T", (T * values) @ T.T)):
        symbols = getattr(model.overlaps, name)
        for place in np.ndindex(*matrix.shape):
            overlaps[symbols[place]] = matrix[place]
    for name, row, column in (("S", 0, 0), ("S", 0, 1), ("S", 1, 1), ("U", 0, 0), ("U", 1, 0)):
        expected = sum(
            eta**power * float(value.subs(overlaps)) * sums(key)
            for power, terms in change.change(Statistic(name, row, column, 1)).items()
            for key, value in terms.items()
        )
        found = getattr(run, name)[row, column]
        assert found[1] - found[0] == pytest.approx(expected, rel=1e-9)


def test_two_students_and_two_teachers_against_runs():
    """a = 1, label noise 0.1: within four standard errors and 1 % for what concentration leaves out."""
    problem, steps = power_law_network(1.0, 40, 2, 2, "gaussian", seed=1), 1500
    options = {"noise_variance": 0.1, "model": PAIR, "points": [0, 200, 700, steps]}
    run = predict_sgd_network(problem, 3e-3, steps, **options)
    runs = online_sgd_network(problem, 3e-3, steps, seeds=range(40), **options)
    mean, error = runs.loss.mean(axis=0), runs.loss.std(axis=0, ddof=1) / np.sqrt(40)
    assert np.all(np.abs(mean - run.loss) <= 4 * error + 0.01 * run.loss)
    assert run.loss[-1] < 0.7 * run.loss[0]
    assert run.dataset()["S"].dims == ("student", "student_", "t")


@pytest.mark.slow
def test_what_the_mean_leaves_out_of_two_students_falls_like_the_step():
    """Past the exit, t = 3 and 12: the runs' relative distance at η = 5e-4 is an eighth of that at 4e-3."""
    problem, found = power_law_network(1.0, 150, 2, 2, "gaussian", seed=1), []
    for step in (4e-3, 5e-4):
        steps = round(12 / step)
        options = {"noise_variance": 0.1, "model": PAIR, "points": [steps // 4, steps]}
        run = predict_sgd_network(problem, step, steps, **options)
        runs = online_sgd_network(problem, step, steps, seeds=range(100), **options)
        found.append((runs.loss.mean(axis=0) / run.loss - 1, runs.loss.std(axis=0, ddof=1) / 10 / run.loss))
    (large, large_error), (small, small_error) = found
    assert np.all(np.abs(small - large / 8) <= 4 * (small_error + large_error / 8))
    assert np.all(np.abs(large) > 4 * large_error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": single_index(Z**2)}, "has 2 students and 2 teachers, the model 1 and 1"),
        ({"model": Model("kink", parse_link("relu(z)"), Z, (1, 1), (1, 1))}, "known for smooth links"),
        ({"model": constrained(PAIR, "sphere")}, "predicted without a constraint"),
        ({"problem": Problem([0.5, 0.5], np.eye(2), np.eye(2))}, "linearly dependent"),
        (
            {"problem": INFINITE},
            "use a problem that is not reduced",
        ),
    ],
)
def test_bad_requests(options, message):
    request = {"problem": power_law_network(1.0, 6, 2, 2), "step_size": 0.01, "steps": 5, "model": PAIR}
    with pytest.raises(ValueError, match=message):
        predict_sgd_network(**{**request, **options})
