"""``solve`` of networks: in floats and to many digits, against Taylor series of the weights."""

import json

import numpy as np
import pytest
from commandline import invoke
from flint import arb, ctx

from tests.oracles.network_taylor import network_taylor, square, statistics

PROBLEM = {
    "eigenvalues": ["1", "0.5"],
    "teacher": [["1", "0"], ["0", "1"]],
    "init": [["0.25", "0.125"], ["0.25", "0.125000001"]],
}


@pytest.mark.parametrize(("options", "tolerance"), [([], None), (["--digits", "15"], 1e-14)])
def test_two_students_that_hardly_differ(tmp_path, options, tolerance):
    path = tmp_path / "network.json"
    path.write_text(json.dumps(PROBLEM))
    arguments = [
        "--problem",
        str(path),
        "--link",
        "z**2",
        "--until",
        "5",
        "--times",
        "5,1",
        "--json",
        *options,
    ]
    answer = json.loads(invoke("solve", *arguments).stdout)
    weights = network_taylor(square, *PROBLEM.values(), [1.0, 5.0], 32)
    exact = [[arb(x) for x in row] for row in PROBLEM["teacher"]]
    assert [float(t) for t in answer["t"]] == [5.0, 1.0]
    for S, U, rows in zip(answer["S"], answer["U"], weights[::-1], strict=True):
        with ctx.workdps(30):
            expected = statistics(PROBLEM["eigenvalues"], rows, [*rows, *exact])
        for found, row in zip([[*a, *b] for a, b in zip(S, U, strict=True)], expected, strict=True):
            assert [float(x) for x in found] == pytest.approx(row, rel=0, abs=tolerance or answer["error"])
    assert answer["u"] is None


@pytest.mark.parametrize("digits", [[], ["--digits", "15"]])
def test_weights(tmp_path, digits):
    """Students and teachers of weights 3/2 and -1/2: the loss at the start from S, U and T by hand."""
    path = tmp_path / "network.json"
    path.write_text(json.dumps(PROBLEM))
    weights = ["--weights", "1.5,-1/2", "--teacher-weights", "1.5,-0.5"]
    arguments = ["--problem", str(path), "--link", "z^2", "--until", "1", "--times", "1e-9", "--json"]
    result = invoke("solve", *arguments, *weights, *digits)
    lam = np.array([float(x) for x in PROBLEM["eigenvalues"]])
    star, start = (np.array(PROBLEM[name], float) for name in ("teacher", "init"))
    c = np.array([1.5, -0.5])
    gap = np.sqrt(np.outer(lam, lam)) * (start.T * c @ start - star.T * c @ star)
    expected = 2 * np.sum(gap**2) + np.trace(gap) ** 2
    assert float(json.loads(result.stdout)["loss"][0]) == pytest.approx(expected, rel=1e-7)


def test_a_link_without_closed_form(tmp_path):
    path = tmp_path / "network.json"
    path.write_text(json.dumps(PROBLEM))
    arguments = ["--problem", str(path), "--link", "tanh", "--until", "10", "--points", "3", "--json"]
    answer = json.loads(invoke("solve", *arguments).stdout)
    assert answer["loss"][0] > answer["loss"][1] > answer["loss"][2]
    assert answer["error"] < 1e-10
    result = invoke("solve", *arguments, "--digits", "15")
    assert result.exit_code == 2
    assert "tanh" in result.output


def test_a_link_that_is_not_understood(tmp_path):
    path = tmp_path / "network.json"
    path.write_text(json.dumps(PROBLEM))
    result = invoke("solve", "--problem", str(path), "--until", "5", "--link", "tan(z)")
    assert result.exit_code == 2
    assert "tan" in result.output
