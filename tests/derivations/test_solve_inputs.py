"""``solve --inputs``: inputs that are not Gaussian."""

import pytest
from commandline import LAW, answered, run

import numerics
from numerics import independent_flow, power_law
from theory.symbolic import IndependentModel, input_cumulants, phase_retrieval

LINE = "solve --exponent 2 --dimension inf --init escape:0.1 --until 1e4 --points 4"


def test_independent_coordinates_in_any_dimension(tmp_path):
    answer = answered(f"{LINE} --inputs rademacher --json")
    inputs = IndependentModel(phase_retrieval(), input_cumulants("rademacher", 4))
    problem = power_law(2, float("inf"), init="escape:0.1", horizon=1e30)
    expected = independent_flow(problem, answer["t"], inputs)
    for name in ("u", "s", "one_minus_u", "loss", "recovered"):
        assert answer[name] == pytest.approx(getattr(expected, name), rel=1e-9)
    assert answer["mse"] is None
    assert run(f"{LINE} --inputs rademacher --output {tmp_path}/run.nc").exit_code == 0
    assert numerics.load(tmp_path / "run.nc").attrs["limit"] == "+teacher"


def test_a_radius_changes_the_unit_of_time():
    """Student's t with ν = 9: E r⁴ = 7/5 multiplies the loss of phase retrieval, and so its time."""
    line = f"solve {LAW} --seed 1"
    gaussian = answered(f"{line} --until 140 --times 14,140 --json")
    heavy = answered(f"{line} --until 100 --times 10,100 --inputs student:9 --json")
    assert heavy["one_minus_u"] == pytest.approx(gaussian["one_minus_u"], rel=1e-9)
    assert heavy["loss"] == pytest.approx([1.4 * loss for loss in gaussian["loss"]], rel=1e-9)
    assert answered(f"{line} --until 140 --times 14,140 --inputs gaussian --json") == gaussian


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("laplac", "nearest are laplace"),
        ("student:3", "3 degrees of freedom"),
        ("student:x", "NU must be a number"),
        ("cumulants:0,-3", "no law has"),
        ("laplace --samples 5", "leave out --samples"),
        ("laplace --width 2", "leave out --width"),
        ("laplace --link tanh(z)", "polynomial links only"),
    ],
)
def test_bad_requests(options, message):
    result = run(f"solve {LAW} --until 1 --inputs {options}")
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
