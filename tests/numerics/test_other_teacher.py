"""A teacher of another link: the multiple of it that is learnt, against the drift, and the laws there."""

import numpy as np
import pytest

from numerics import Problem, extrapolate_power_law, network, power_law, solve
from theory.asymptotics import (
    Given,
    PowerLaw,
    constants,
    energy_prefactor,
    final_rate,
    loss_prefactor,
    overlap_prefactor,
    summary_exponent,
)
from theory.asymptotics.numbers.written import written
from theory.symbolic import local_flow, parse_link

PAIRS = [
    ("z**2", "z**4"),
    ("z**2 + z", "z**3 + z"),
    ("z**3", "z"),
    ("z**2", "abs(z)"),
    ("tanh(z)", "erf(z)"),
    ("z**3 + z**2", "z**2 - z/2"),
    ("softplus(z)", "relu(z)"),
]
TIMES = 4.0 ** np.arange(11, 27.5)


def flows(student, teacher):
    f, g = parse_link(student), parse_link(teacher)
    return local_flow(f, g), network(f, g, (1,), (1,))


@pytest.mark.parametrize(("student", "teacher"), PAIRS)
def test_numbers_at_the_fixed_point_are_derivatives_of_the_drift(student, teacher):
    """m A + B at s = m² + 2mp + q, u = m + p; its derivatives are c_p and c_q, and -A is alpha."""
    flow, model = flows(student, teacher)
    m, unit = float(written(flow.multiple)), np.ones((1, 1))
    x = np.array([m * m, m])
    (A, B), (by_A, by_B) = model.drift(x, unit), model.drift_jacobian(x, unit)
    force = m * by_A[0, 0] + by_B[0, 0]
    alpha = float(written(flow.decay))
    assert m * A[0, 0] + B[0, 0] == pytest.approx(0, abs=1e-9 * alpha)
    assert alpha == pytest.approx(-A[0, 0], rel=1e-9)
    assert float(written(flow.overlap)) == pytest.approx(2 * m * force[0] + force[1], rel=1e-8)
    assert float(written(flow.energy)) == pytest.approx(m * force[0], rel=1e-8)


@pytest.mark.parametrize(("student", "teacher"), PAIRS)
def test_the_multiple_is_the_best_of_all(student, teacher):
    """The loss along w = m w*, on a grid of both signs."""
    flow, model = flows(student, teacher)

    def loss(m):
        return float(model.loss(np.array([m * m, m]), np.ones((1, 1))))

    assert loss(float(written(flow.multiple))) <= min(map(loss, np.linspace(-4, 4, 161))) + 1e-12


@pytest.mark.parametrize(("student", "teacher"), [PAIRS[0], PAIRS[5]])
def test_runs_of_few_modes_end_at_the_final_rate(student, teacher):
    flow, model = flows(student, teacher)
    rates, target = np.array([3.0, 2.0, 0.1]), np.ones(3) / np.sqrt(5.1)
    m = float(written(flow.multiple))
    rate = float(final_rate(Given(rates, target), flow=flow))
    end = 16 / rate
    run = solve(Problem(rates, target, m * target + [0.1, -0.07, 0.2]), end, model).at([0.8 * end, 0.9 * end])
    early, late = run.u / m - 1
    assert np.log(early / late) / (0.1 * end) == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize(
    ("student", "teacher", "exponent"),
    [
        (*PAIRS[0], 2.0),
        *(pytest.param(*pair, a, marks=pytest.mark.slow) for pair in PAIRS[1:5] for a in (1.5, 2.0)),
    ],
)
def test_convergence_to_the_multiple(student, teacher, exponent):
    """1 - u/m and 1 - s/m² as power laws; the loss above its limit, which is known to fewer digits."""
    flow, model = flows(student, teacher)
    law, m = PowerLaw(exponent, "inf"), float(written(flow.multiple))
    late = solve(power_law(exponent, np.inf, init="escape:0.8", horizon=1e18), 2e16, model).at(TIMES[:8])
    floor = float(model.loss(np.array([m * m, m]), np.ones((1, 1))))
    curves = {overlap_prefactor: 1 - late.u / m, energy_prefactor: 1 - late.s / m**2}
    for prefactor, curve in curves.items():
        fit = extrapolate_power_law(TIMES[:8], curve)
        assert fit.exponent == pytest.approx(-float(summary_exponent(law, flow=flow)), rel=1e-6)
        assert fit.prefactor == pytest.approx(float(prefactor(law, flow=flow)), rel=1e-5)
    fit = extrapolate_power_law(TIMES[:8], late.loss - floor)
    assert fit.prefactor == pytest.approx(float(loss_prefactor(law, flow=flow)), rel=1e-3)


@pytest.mark.parametrize(
    ("student", "teacher", "reason"),
    [
        ("z**2", "-z**2", "no finite multiple of the teacher is found that is better than w = 0"),
        ("z**2", "z", "no finite multiple of the teacher"),
        ("tanh(z)", "sign(z)", "no finite multiple of the teacher"),
        ("relu(z)", "z**2", "the student's link has a kink"),
    ],
)
def test_no_law_and_why(student, teacher, reason):
    found = constants(PowerLaw(2, "inf"), 10, flow=local_flow(parse_link(student), parse_link(teacher)))
    for name in ("overlap_prefactor", "stability_step", "loss_prefactor", "window_start"):
        assert reason in found[name].reason, name
