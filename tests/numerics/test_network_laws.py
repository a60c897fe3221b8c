"""Networks of regular teachers at d = ∞: the law of the loss and the rates at 0, against the solver."""

import numpy as np
import pytest

from numerics import Problem, extrapolate_power_law, network, power_law_network, solve
from theory.asymptotics import PowerLaw, constants, escape_rate, loss_prefactor, summary_exponent
from theory.asymptotics.numbers.written import written
from theory.symbolic import local_flow, network_flow, parse_link

TIMES = 4.0 ** np.arange(5, 14.5)
CASES = [
    ("z**2 + z/2", 2.0, (1, 1)),
    ("z**3 + z", 2.0, (1, 1, 1)),
    ("erf(z)", 1.5, (2, 2)),
    ("z**3", 2.0, (1, -1)),
    ("z**2 + z**4", 1.5, (1, 2)),
    ("z**3 + z", 2.0, (1, 2)),
    ("tanh(z)", 1.5, (1, -0.5)),
    ("erf(z)", 2.0, (1, 2, -2, 0.5)),
    ("tanh(z)", 2.0, (1, 1)),
]
FAST = {("z**2 + z/2", 2.0), ("z**3 + z", 2.0), ("z**2 + z**4", 1.5)}


def start(exponent, students, matrix):
    """Students that are mixtures of the fastest directions of the teachers of a problem at d = ∞."""
    one = power_law_network(exponent, np.inf, 1, 1, init="escape:0.8", horizon=1e10 * students)
    problem = power_law_network(exponent, np.inf, students, students, init="escape:0.8", horizon=1e10)
    rows = np.einsum("mk,n->mnk", matrix, one.init).reshape(students, -1)
    return Problem(problem.eigenvalues, problem.teacher, rows, np.inf, horizon=problem.horizon)


@pytest.mark.parametrize(("text", "exponent", "weights"), CASES)
def test_rates_are_the_eigenvalues_of_the_drift_at_the_teachers(text, exponent, weights):
    """-A at S = U = T = I, from the pair functions."""
    link, count = parse_link(text), len(weights)
    model = network(link, link, weights, weights)
    unit = np.eye(count)
    rest = np.concatenate([unit[np.triu_indices(count)], unit.ravel()])
    found = sorted(float(written(rate)) for rate in network_flow(link, weights, weights).decays)
    assert found == pytest.approx(np.linalg.eigvalsh(-model.drift(rest, unit)[0]), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "exponent", "weights"),
    [pytest.param(*case, marks=() if case[:2] in FAST else pytest.mark.slow) for case in CASES],
)
def test_exponent_to_six_digits_and_prefactor_to_five(text, exponent, weights):
    """From students near their teachers, with a part of each other's.

    Unchecked: overlaps of orthogonal directions are right to rounding of the energies, not of themselves.
    """
    link, count = parse_link(text), len(weights)
    law, flow = PowerLaw(exponent, "inf"), network_flow(link, weights, weights)
    problem = start(exponent, count, 0.95 * np.eye(count) + 0.05)
    run = solve(problem, 1e9, network(link, link, weights, weights), check=False)
    fit = extrapolate_power_law(TIMES, run.overlaps(TIMES).loss)
    assert fit.exponent == pytest.approx(-float(summary_exponent(law, flow=flow)), rel=1e-6)
    assert fit.prefactor == pytest.approx(float(loss_prefactor(law, flow=flow)), rel=1e-5)


@pytest.mark.parametrize(
    ("text", "weights", "teacher_weights"),
    [("z**2 + z**3/3", (1, 1), (1, 1)), ("cos(z)", (1, 3), (2, 1)), ("z**2", (2, 1), (1, 1))],
)
def test_networks_leave_zero_at_the_rate_of_the_fastest_pair(text, weights, teacher_weights):
    link = parse_link(text)
    rate = float(escape_rate(PowerLaw(2, "inf"), flow=network_flow(link, weights, teacher_weights)))
    problem = start(2.0, 2, 1e-12 * np.array([[1.0, 0.3], [0.4, 0.9]]))
    end = 8 * np.log(10.0) / rate
    overlaps = solve(problem, end, network(link, link, weights, teacher_weights)).overlaps([0.9 * end, end])
    early, late = np.abs(overlaps.U).max(axis=(0, 1))
    assert np.log(late / early) / (0.1 * end) == pytest.approx(rate, rel=1e-3)


def test_one_student_is_the_flow_of_the_link():
    link = parse_link("z**2 + z/2")
    assert network_flow(link, [1], [1]) == local_flow(link)


@pytest.mark.parametrize(
    ("text", "weights", "teacher_weights", "name", "reason"),
    [
        ("z**2", (1, 1, 1), (1, 1), "loss_prefactor", "not every teacher has a student"),
        ("z", (1, 1), (1, 1), "loss_prefactor", "linear"),
        ("sign(z)", (1, 1), (1, 1), "loss_prefactor", "infinite"),
        ("z**2 + z", (1, 1), (1, 1), "escape_rate", "ballistic"),
        ("abs(z)", (1, 1), (1, 1), "escape_rate", "kink"),
        ("z**3", (1, 1), (1, 1), "escape_rate", "attracts"),
        ("z**2", (1, 1), (1, 1), "overlap_prefactor", "one student alone"),
    ],
)
def test_reasons(text, weights, teacher_weights, name, reason):
    flow = network_flow(parse_link(text), weights, teacher_weights)
    assert reason in constants(PowerLaw(2, "inf"), 10, [name], flow=flow)[name].reason


def test_irregular_teachers_have_no_such_law():
    flow = network_flow(parse_link("z**2"), (1, 1), (1, 1))
    for name, constant in constants(PowerLaw(2, 50), 10, flow=flow).items():
        assert constant.value is None or name == "plateau_height"
