"""``--constraint`` of derive, solve and descend."""

import json

import pytest
from commandline import invoke

from derivations.commands.descend import descend
from derivations.commands.solve import solve
from numerics import load
from theory.symbolic import constrained, quadratic_network


@pytest.mark.parametrize("constraint", ["sphere", "qsphere", "decay:1/3"])
def test_derive_prints_the_multipliers(constraint):
    result = invoke("derive", "--width", "2", "--constraint", constraint, "--json")
    answer = json.loads(result.stdout)
    multipliers = constrained(quadratic_network(2, 1), constraint).multipliers
    assert answer["constraint"] == constraint
    assert [answer["equations"][f"mu{j}"] for j in (1, 2)] == [str(value) for value in multipliers]


def test_derive_refuses_sgd_with_a_constraint():
    result = invoke("derive", "--constraint", "sphere", "--sgd")
    assert result.exit_code == 2
    assert "--constraint" in result.output


@pytest.mark.parametrize("constraint", ["sphere", "qsphere"])
def test_solve_and_descend_keep_a_norm(tmp_path, constraint):
    """‖w(0)‖_Q² = 0.75 · 0.36 + 0.25 · 0.14 = 0.305; files say which norm was kept."""
    path, lam, init = tmp_path / "problem.json", [0.75, 0.25], [0.6, 0.3741657386773941]
    path.write_text(json.dumps({"eigenvalues": lam, "teacher": [1.0, 1.0], "init": init}))
    common = ["--problem", str(path), "--link", "He3(z)", "--constraint", constraint]
    runs = {
        solve: ["--until", "2", "--times", "0,1,2"],
        descend: ["--step-size", "0.001", "--steps", "2000", "--points", "3"],
    }
    for command, options in runs.items():
        result = invoke(command.name, *common, *options, "--json")
        answer = json.loads(result.stdout)
        assert answer["constraint"] == constraint
        if constraint == "qsphere":
            assert [row[0][0] for row in answer["S"]] == pytest.approx([0.305] * 3, rel=1e-12)
        assert answer["loss"][0] > answer["loss"][-1]
        name = tmp_path / f"{command.name}.nc"
        invoke(command.name, *common, *options, "--output", str(name))
        assert load(name).attrs["constraint"] == constraint


@pytest.mark.parametrize(
    "options", [["--digits", "20"], ["--sgd", "--step-size", "0.01"], ["--constraint", "ball"]]
)
def test_solve_refuses(tmp_path, options):
    path = tmp_path / "problem.json"
    path.write_text(json.dumps({"eigenvalues": [1.0], "teacher": [1.0], "init": [0.5]}))
    result = invoke("solve", "--problem", str(path), "--until", "1", "--constraint", "sphere", *options)
    assert result.exit_code == 2
    assert "constraint" in result.output
