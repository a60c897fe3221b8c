"""``--train-weights`` of derive, solve and descend."""

import json

import pytest
import sympy
from commandline import invoke

from derivations.commands.derive import derive
from derivations.commands.descend import descend
from derivations.commands.solve import solve
from numerics import load
from theory.symbolic import quadratic_network, trained

LAW = ["--exponent", "1.5", "--dimension", "10"]


def answered(command, *options):
    result = invoke(command.name, *options, "--json")
    return json.loads(result.stdout)


def test_derive_prints_the_velocities():
    answer = answered(derive, "--width", "2", "--train-weights", "1/3")
    expected = trained(quadratic_network(2, 1), sympy.Rational(1, 3))
    assert answer["train_weights"] == "1/3"
    assert [answer["equations"][f"da{j}"] for j in (1, 2)] == [str(x) for x in expected.weight_velocity]
    assert answer["loss"] == str(expected.loss)


def test_a_wide_network_is_derived_by_its_pair_functions():
    equations = answered(derive, "--width", "20", "--train-weights")["equations"]
    assert "P[j, k]*a[k]" in equations["da_j"]


@pytest.mark.parametrize("rate", [[], ["0.25"]])
def test_solve_and_descend_report_the_weights(tmp_path, rate):
    common = [*LAW, "--width", "2", "--weights", "1,-0.5", "--train-weights", *rate]
    runs = {
        solve: ["--until", "2", "--times", "0,1,2"],
        descend: ["--step-size", "0.001", "--steps", "2000", "--points", "3"],
    }
    for command, options in runs.items():
        answer = answered(command, *common, *options)
        assert answer["weights"][0] == pytest.approx([1.0, -0.5], rel=1e-14)
        assert answer["weights"][-1] != pytest.approx([1.0, -0.5], rel=1e-3)
        assert answer["train_weights"] == float(rate[0] if rate else 1)
        path = tmp_path / f"{command.name}.nc"
        invoke(command.name, *common, *options, "--output", str(path))
        labelled = load(path)
        assert labelled["weights"].values.T.tolist() == answer["weights"]
        assert labelled.attrs["train_weights"] == answer["train_weights"]
        table = invoke(command.name, *common, *options).output
        assert "c2" in table


def test_the_flow_and_small_steps_agree():
    flow = answered(solve, *LAW, "--until", "2", "--times", "2", "--train-weights")
    steps = answered(
        descend, *LAW, "--step-size", "1e-4", "--steps", "20000", "--points", "2", "--train-weights"
    )
    assert steps["weights"][-1] == pytest.approx(flow["weights"][0], rel=1e-3)


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        (solve, [*LAW, "--until", "1", "--constraint", "sphere"], "exclude each other"),
        (derive, ["--constraint", "sphere"], "exclude each other"),
        (derive, ["--sgd"], "leave out --train-weights"),
        (derive, ["P1"], "--train-weights"),
        (solve, [*LAW, "--until", "1", "--sgd", "--step-size", "0.01"], "--train-weights"),
        (solve, [*LAW, "--until", "1", "--digits", "20"], "--train-weights"),
        (solve, [*LAW, "--until", "1", "--width", "5"], "at most 4"),
        (descend, [*LAW, "--step-size", "0.1", "--steps", "3", "--samples", "5"], "--train-weights"),
    ],
)
def test_what_does_not_go_together_is_refused(command, options, told):
    result = invoke(command.name, *options, "--train-weights", "1")
    assert result.exit_code == 2
    assert told in result.output
    assert len(result.output.strip().splitlines()) <= 4


@pytest.mark.parametrize("rate", ["0", "1/0", "fast", "nan"])
def test_a_rate_is_positive(rate):
    result = invoke("solve", *LAW, "--until", "1", "--train-weights", rate)
    assert result.exit_code == 2
    assert "must be a positive number" in result.output
