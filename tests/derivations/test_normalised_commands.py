"""``--normalised`` of derive, solve, descend, constants and laws."""

import json

import pytest
from commandline import invoke

from theory.symbolic import normalised, parse_link, single_index

LAW = ["--exponent", "2", "--dimension", "50", "--link", "He3(z)", "--normalised"]


def answer(*arguments):
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_drift_is_printed():
    found = answer("derive", "--link", "He3(z)", "--normalised")
    model = normalised(single_index(parse_link("He3(z)")))
    assert found["normalised"]
    assert found["B"] == str(model.B[0]) == "36*u**2/(s**(3/2)*t**(3/2))"


def test_a_short_descent_is_the_flow():
    solved = answer("solve", *LAW, "--until", 0.01, "--times", "0,0.01")
    descended = answer("descend", *LAW, "--step-size", 1e-5, "--steps", 1000, "--points", 2)
    assert solved["loss"][0] > solved["loss"][1] > 0
    assert descended["loss"] == pytest.approx(solved["loss"], rel=1e-3)
    decaying = answer("solve", *LAW, "--until", 0.01, "--times", "0.01", "--constraint", "decay:1")
    assert decaying["constraint"] == "decay:1"


def test_laws_and_their_verdicts():
    found = {law["name"]: law for law in answer("laws", "--normalised", "--link", "He3(z)")["laws"]}
    regimes = found["normalised_escape_time"]["regimes"]
    assert [regime["exponent"] for regime in regimes] == ["1/2", "2 - 3*a", "0", "-1"]
    assert [regime["verdict"] for regime in regimes] == ["measured", "measured", "conjecture", "measured"]
    assert [regime["exponent"] for regime in found["normalised_loss"]["regimes"]] == ["-1", "-gamma"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["constants", "--normalised"], "laws --normalised"),
        (["derive", "--normalised", "--sgd"], "normalised"),
        (["derive", "--normalised", "--width", 20], "at most 16"),
        (["solve", *LAW, "--until", 1, "--sgd", "--step-size", 0.01], "--normalised"),
        (["descend", *LAW, "--step-size", 0.1, "--steps", 2, "--sgd", "--normalised"], "leave out --sgd"),
        (["laws", "--normalised", "--wide"], "exclude each other"),
        (["laws", "--normalised", "--algorithm", "sgd"], "the flow's laws alone"),
    ],
)
def test_what_is_not_known_is_refused(arguments, part):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert part in result.output
