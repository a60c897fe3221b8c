"""The power laws of any link at d = ∞ against the solver, fitted without exponent or prefactor."""

from fractions import Fraction

import numpy as np
import pytest

from numerics import Problem, extrapolate_power_law, load_module, network, power_law, solve
from theory.asymptotics import (
    Given,
    PowerLaw,
    energy_prefactor,
    escape_rate,
    final_rate,
    loss_prefactor,
    overlap_prefactor,
    recovered_exponent,
    recovered_prefactor,
    summary_exponent,
)
from theory.symbolic import local_flow, parse_link, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import is_combination

TIMES = 4.0 ** np.arange(11, 27.5)
LAWS = {"one_minus_u": overlap_prefactor, "one_minus_s": energy_prefactor, "loss": loss_prefactor}
FEW = [
    ("z**2", 2.0),
    ("z**2 + z/2", 1.5),
    ("z**3 + z", 2.0),
    ("z**2 + z**3/3", 1.5),
    ("erf(z)", 2.0),
    ("z**4 - 6*z**2", 1.5),
    ("relu(z)", 2.0),
    ("z*tanh(z)", 1.5),
]
LINKS = [*(link for link, _ in FEW), "z**3 - 3*z", "z**4", "gelu(z)", "sin(z)", "cos(z)", "abs(z)"]
SAMPLED = [("tanh(z)", 2.0), ("sigmoid(z)", 2.0), ("softplus(z)", 2.0), ("silu(z)", 1.5)]
MANY = [(link, a) for link in LINKS for a in (1.5, 2.0) if (link, a) not in FEW] + SAMPLED


def _model(link):
    """Generated in closed form, where there is none by Hermite sums."""
    if is_combination(link):
        return load_module(generate_module(single_index(link)))
    return network(link, None, (1,), (1,))


@pytest.mark.parametrize("text", ["z**3 + z", "erf(z)", "relu(z)"])
@pytest.mark.parametrize(
    ("eigenvalues", "teacher"),
    [([3, 2, 0.1], [1, 1, 1]), ([0.25] * 4, [1] * 4), ([1, 0.2, 0.2], [1, 1, 1]), ([3, 2, 0.1], [0, 1, 0])],
)
def test_runs_of_few_modes_end_at_the_final_rate(text, eigenvalues, teacher):
    """Simple, equal, repeated and silent last modes; those the teacher misses reach relu's u as q^(3/2)."""
    link, rates = parse_link(text), np.array(eigenvalues, dtype=float)
    rate = final_rate(Given(eigenvalues, teacher), flow=local_flow(link))
    third_order = rate.value is None
    assert third_order == (text == "relu(z)" and 0 in teacher)
    expected = 3 * rates[-1] if third_order else float(rate)
    target = np.array(teacher) / np.sqrt(rates @ np.square(teacher))
    start = target + [0.1, -0.07, 0.2, 0.05][: len(target)]
    model, end = load_module(generate_module(single_index(link))), 16 / expected
    early, late = solve(Problem(rates, target, start), end, model).at([0.9 * end, end]).one_minus_u
    assert np.log(early / late) / (0.1 * end) == pytest.approx(expected, rel=0.03 if third_order else 5e-4)


@pytest.mark.parametrize(
    ("text", "energy"),
    [
        *[(text, 1) for text in ("z**2 + z**3/3", "cos(z)", "z*sin(z)", "z**4 - 6*z**2", "z**4 - 4*z**2")],
        *[("z**2", 4), ("cos(z)", 2), ("z**2 + z**3/3", 3)],
    ],
)
def test_runs_leave_zero_at_the_escape_rate(text, energy):
    """With a pull of the teacher that is positive, none, or negative; s grows from 1e-24 to 1e-8 or so."""
    link, rates, teacher = parse_link(text), np.array([1.0, 0.4, 0.1]), [1, 1, 1]
    flow = local_flow(link, None, Fraction(energy))
    rate = float(escape_rate(Given(rates / energy, teacher), flow=flow))
    target = np.array(teacher) * np.sqrt(energy / rates.sum())
    end = 8.0 * np.log(10.0) / rate
    problem = Problem(rates, target, 1e-12 * np.array([1.0, 0.5, 0.3]))
    early, late = solve(problem, end, load_module(generate_module(single_index(link)))).at([0.9 * end, end]).u
    assert np.log(late / early) / (0.1 * end) == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "exponent"), [*FEW, *(pytest.param(*case, marks=pytest.mark.slow) for case in MANY)]
)
def test_exponent_to_six_digits_and_prefactor_to_five(text, exponent):
    """From a start of s = 0.64, as 0 attracts some of them. Times end at t = 1.8e16."""
    link, law = parse_link(text), PowerLaw(exponent, "inf")
    flow, model = local_flow(link), _model(link)
    run = solve(power_law(exponent, np.inf, init="escape:0.8", horizon=1e18), 2e16, model)
    late = run.at(TIMES)
    assert run.limit.name == "+teacher"
    recovered = extrapolate_power_law(TIMES, late.recovered)
    assert recovered.exponent == pytest.approx(float(recovered_exponent(law, flow=flow)), rel=1e-6)
    assert recovered.prefactor == pytest.approx(float(recovered_prefactor(law, flow=flow)), rel=1e-5)
    known = run.loss_error(TIMES) < 1e-3 * late.loss  # at the teacher of a link with a kink: a difference
    assert known.sum() >= len(TIMES) - 2
    for name, prefactor in LAWS.items():
        fit = extrapolate_power_law(TIMES[known], getattr(late, name)[known])
        assert fit.exponent == pytest.approx(-float(summary_exponent(law, flow=flow)), rel=1e-6)
        assert fit.prefactor == pytest.approx(float(prefactor(law, flow=flow)), rel=1e-5)
