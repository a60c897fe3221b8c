"""The end of a run of one student, where its flow is linear: against Taylor series and many digits."""

import numpy as np
import pytest
from flint import arb, ctx
from mpmath import mp
from oracles.network_taylor import cubic, erf, network_taylor
from oracles.taylor import taylor_flow

from numerics import Problem, network, power_law, solve
from numerics.solver.ending import secular_roots

RATES = np.array([1.0, 0.8, 0.55, 0.5, 0.3, 0.25])
TEACHER, START = np.array([1.0, -0.5, 0.7, 0.0, 1.2, 0.9]), np.array([0.3, 0.2, 0.4, 0.1, 0.2, -0.3])


@pytest.mark.parametrize(
    "teacher", [TEACHER, np.where(TEACHER == 0, 0.3, TEACHER)], ids=["one untaught", "all"]
)
def test_digits_of_what_is_left(teacher):
    """The loss, the square of what is left, falls by 45 decades."""
    problem, times = Problem(RATES, teacher, START), [4.0, 8.0, 20.0]
    run = solve(problem, times[-1], check=True)
    found, exact = run.at(times), taylor_flow(RATES, teacher, START, times, 100)
    assert exact["loss"][-1] < 1e-45
    for key, values in exact.items():
        errors = [abs(float(x / y) - 1) for x, y in zip(getattr(found, key), values, strict=True) if y]
        assert max(errors) < min(2 * run.error, 1e-11), key


@pytest.mark.parametrize(
    ("link", "pair", "until"), [("erf(z/sqrt(2))", erf, 220.0), ("z**3 + z", cubic, 0.5)]
)
def test_other_links(link, pair, until):
    """Of erf the rank-one part of the linearisation is negative, of z³ + z it is positive."""
    rates, teacher, start = (np.array(part) for part in ([1.0, 0.6], [1.0, 0.7], [1.05, 0.75]))
    times = np.array([0.6, 1.0]) * until
    run = solve(Problem(rates, teacher, start), until, network(link))
    rows = [part.tolist() for part in (rates, teacher, start)]
    weights = network_taylor(pair, rows[0], [rows[1]], [rows[2]], times.tolist(), 45)
    with ctx.workdps(50):
        away = [sum((w - arb(x)) ** 2 for w, x in zip(state[0], rows[1], strict=True)) for state in weights]
        exact = np.array([float(x) for x in away])
    assert exact[-1] < 1e-32
    np.testing.assert_allclose(run.overlaps(times).distances[0, 0], exact, rtol=1e-11)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_secular_roots_keep_the_digits_of_each(sign):
    """Over 16 decades, some next to a pole: against the eigenvalues of the matrix with 60 digits."""
    poles = 8.0 * np.array([1.0, 0.5, 0.5 - 1e-9, 0.1, 1e-3, 1e-6, 1.1e-8, 1e-8, 1e-16])
    b = poles * np.array([0.3, 1.0, 0.2, 1e-9, 5.0, 0.4, 30.0, 1.0, 100.0]) / 8.0
    strength = 16.0 if sign > 0 else -0.3 / float(b @ (b / poles))
    with mp.workdps(60):
        rows = [mp.mpf(float(x)) for x in b]
        matrix = mp.matrix(len(b), len(b))
        for i, x in enumerate(rows):
            for j, y in enumerate(rows):
                matrix[i, j] = mp.mpf(strength) * x * y + (mp.mpf(float(poles[i])) if i == j else 0)
        values, vectors = mp.eigsy(matrix)
    roots, gaps = secular_roots(poles, strength * b**2, 0)
    np.testing.assert_allclose(roots[::-1], [float(x) for x in values], rtol=1e-14)
    shapes = (b / gaps) / np.linalg.norm(b / gaps, axis=1)[:, None]
    exact = np.array([[float(vectors[i, k]) for i in range(len(b))] for k in range(len(b))])[::-1]
    np.testing.assert_allclose(np.abs(shapes), np.abs(exact), rtol=1e-12)


@pytest.mark.parametrize(("dimension", "until"), [(10, 1e6), (100, 1e9), (1e4, 1e18)])
def test_the_end_takes_few_steps(dimension, until):
    """However late: the modes decay once, and what is 0 stays so."""
    run = solve(power_law(2, dimension, init="escape:1e-3"), until, check=True)
    assert run.steps < 60
    assert run.at([until]).loss[0] == 0
    assert run.error < 2e-11


def test_a_tiny_level_is_crossed_where_the_deficit_falls_below_it():
    """T2(ε) at ε = 1e-30 of a single mode: 1 − s = (1/s(0) − 1) e^{−24t} there, twice 1 − u."""
    run = solve(Problem([1.0], [1.0], [0.1]), 20.0)
    assert run.phases(epsilon=1e-30).t2 == pytest.approx(np.log(99e30) / 24, rel=1e-12)
