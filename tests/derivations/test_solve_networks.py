"""``solve`` of networks: in floats and to many digits, against Taylor series of the weights."""

import json

import pytest
from click.testing import CliRunner
from flint import arb, ctx

from derivations.commands.solve import solve
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
    answer = json.loads(CliRunner().invoke(solve, arguments, catch_exceptions=False).stdout)
    weights = network_taylor(square, *PROBLEM.values(), [1.0, 5.0], 32)
    exact = [[arb(x) for x in row] for row in PROBLEM["teacher"]]
    assert [float(t) for t in answer["t"]] == [5.0, 1.0]
    for S, U, rows in zip(answer["S"], answer["U"], weights[::-1], strict=True):
        with ctx.workdps(30):
            expected = statistics(PROBLEM["eigenvalues"], rows, [*rows, *exact])
        for found, row in zip([[*a, *b] for a, b in zip(S, U, strict=True)], expected, strict=True):
            assert [float(x) for x in found] == pytest.approx(row, rel=0, abs=tolerance or answer["error"])
    assert answer["u"] is None


def test_a_link_that_is_not_understood(tmp_path):
    path = tmp_path / "network.json"
    path.write_text(json.dumps(PROBLEM))
    result = CliRunner().invoke(solve, ["--problem", str(path), "--until", "5", "--link", "tan(z)"])
    assert result.exit_code == 2
    assert "tan" in result.output
