"""Models on the command line: links, widths and weights, with and without a file."""

import json
import re

import numpy as np
import pytest
from commandline import invoke

from numerics import network, power_law_network, solve
from theory.symbolic import parse_link
from theory.symbolic.links import _FUNCTIONS

LAW = ["--exponent", "1.5", "--dimension", "20"]


def answer(*arguments):
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_network_without_a_file_is_that_of_python():
    options = ["--link", "tanh(z), z^2", "--weights", "1,-0.5", "--teachers", 2, "--teacher", "gaussian"]
    found = answer("solve", *LAW, *options, "--seed", 3, "--until", 2, "--times", "2,0.5")
    problem = power_law_network(1.5, 20, 2, 2, "gaussian", seed=3)
    expected = solve(problem, 2.0, network(["tanh(z)", "z^2"], None, [1, -0.5])).overlaps([0.5, 2.0])
    assert found["t"] == [2.0, 0.5]
    np.testing.assert_allclose(found["S"][::-1], np.moveaxis(expected.S, -1, 0), rtol=1e-9)
    np.testing.assert_allclose(found["loss"][::-1], expected.loss, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        (["--width", 3], (3, 1)),
        (["--teachers", 2], (1, 2)),
        (["--weights", "1,2"], (2, 1)),
        (["--teacher-weights", "1,2"], (1, 2)),
        (["--link", "z,z^2"], (2, 2)),
        (["--width", 20, "--link", "z^2"], (20, 1)),
    ],
)
def test_the_numbers_of_units_follow_from_any_option(options, sizes):
    """In solve, in descend and in derive."""
    teacher = ["--teacher-link", "z^2"] if "z,z^2" not in options else []
    solved = answer("solve", *LAW, *options, *teacher, "--until", 0.1, "--points", 2)
    descended = answer("descend", *LAW, *options, *teacher, "--step-size", 1e-4, "--steps", 3)
    for found in (solved, descended):
        assert np.shape(found["U"])[1:] == sizes
    derived = answer("derive", *options, *teacher)
    assert derived["B"] is None if sizes == (20, 1) else np.size(derived["B"]) == sizes[0] * sizes[1]


def test_descent_of_a_network_is_the_map():
    found = answer("descend", *LAW, "--width", 2, "--link", "z^3 + z", "--step-size", 1e-2, "--steps", 1)
    problem, eta = power_law_network(1.5, 20, 2, 1), 1e-2
    model, lam = network("z^3 + z", weights=[1, 1], teacher_weights=[1]), problem.eigenvalues
    W, X = problem.students, problem.teachers
    x = np.concatenate([(W * lam @ W.T)[np.triu_indices(2)], (W * lam @ X.T).ravel()])
    A, B = model.drift(x, X * lam @ X.T)
    after = W + eta * lam * (A @ W + B @ X)
    np.testing.assert_allclose(found["S"][-1], after * lam @ after.T, rtol=1e-12)


def test_wide_tables_have_few_columns_and_files_have_all(tmp_path):
    table = invoke("solve", *LAW, "--width", 6, "--until", 0.1, "--points", 2)
    assert table.exit_code == 0
    assert "S and U" in table.stdout
    assert "S11" not in table.stdout
    assert "U61" in table.stdout
    path = tmp_path / "run.json"
    assert invoke("solve", *LAW, "--width", 6, "--until", 0.1, "--points", 2, "--output", path).exit_code == 0
    content = json.loads(path.read_text())
    assert np.shape(content["S"]) == (6, 6, 2)
    assert content["attributes"]["width"] == 6


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["solve", *LAW, "--until", 1, "--width", 3, "--weights", "1,2"], "--width has 3, --weights has 2"),
        (["derive", "--link", "z,z^2", "--width", 3], "--width has 3, --link has 2"),
        (["solve", *LAW, "--until", 1, "--width", 2, "--digits", 20], "--digits needs a --problem file"),
        (
            ["solve", *LAW, "--until", 1, "--constraint", "sphere", "--sgd", "--step-size", 0.1],
            "--constraint",
        ),
        (
            ["descend", *LAW, "--width", 2, "--samples", 9, "--step-size", 0.1, "--steps", 3],
            "out --samples",
        ),
        (["derive", "P1", "--width", 2], "--width derives a model"),
        (["solve", "--exponent", 2, "--dimension", "inf", "--width", 2, "--until", 1], "no sphere"),
    ],
)
def test_what_does_not_go_together(arguments, told):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_a_wide_network_of_several_links_prints_a_function_of_every_pair():
    keys = answer("derive", "--width", 20, "--link", ",".join(["z", "z^2"] * 10), "--teacher-link", "z")
    assert list(keys["equations"])[:2] == ["P[z, z]", "P[z, z]_a"]
    assert keys["equations"]["R[z, z]"] == "c"
    assert keys["equations"]["P[z**2, z**2]_c"] == "4*c"


def test_every_named_function_is_told():
    """In Python, by the command line, and where a link is refused."""
    told = parse_link.__doc__, invoke("solve", "--help").output, invoke("derive", "--link", "foo(z)").output
    for text in told:
        assert set(_FUNCTIONS) - {"sqrt"} <= set(re.findall(r"\w+", text))
