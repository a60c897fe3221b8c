"""``--friction`` of derive and solve, ``--momentum`` of descend."""

import json
import re

import pytest
import sympy
from click.testing import CliRunner

from derivations.commands.derive import derive
from derivations.commands.descend import descend
from derivations.commands.solve import solve
from numerics import load

LAW = ["--exponent", "1.5", "--dimension", "10"]


def answered(command, *options):
    result = CliRunner().invoke(command, [*options, "--json"], catch_exceptions=False)
    return json.loads(result.stdout)


def test_derive_prints_the_tower_of_both_rows():
    """ṡ = 2c, ċ = e − γc − ∇L·w, ė = −2γe − 2∇L·v, u̇ = p, ṗ = −γp − ∇L·w*, all of order k.

    Here with the statistics of order k + 1 as S, U, T, C, P and those of order k as s_k, …
    """
    equations = answered(derive, "--friction", "1/2")["equations"]
    s, u, t, S, U, T, C, P, c, e, p = sympy.symbols("s u t S U T C P c_k e_k p_k")
    expected = {
        "ds": 2 * c,
        "du": p,
        "dc": e - c / 2 + 4 * (t - 3 * s) * S + 8 * u * U,
        "de": -e + 8 * (t - 3 * s) * C + 16 * u * P,
        "dp": -p / 2 + 4 * (t - 3 * s) * U + 8 * u * T,
    }
    for name, value in expected.items():
        text = re.sub(r"(\w)\(k \+ 1\)", lambda found: found[1].upper(), equations[name])
        text = re.sub(r"(\w)\(k\)", r"\1_k", text)
        names = {str(x): x for x in (s, u, t, S, U, T, C, P, c, e, p)}
        assert sympy.expand(sympy.sympify(text, locals=names) - value) == 0


@pytest.mark.parametrize("friction", ["0", "0.5"])
def test_solve_reports_the_kinetic_energy(tmp_path, friction):
    options = [*LAW, "--width", "2", "--until", "3", "--times", "0,1,3", "--friction", friction]
    answer = answered(solve, *options)
    assert answer["friction"] == float(friction)
    energy = [a + b for a, b in zip(answer["loss"], answer["kinetic"], strict=True)]
    assert answer["kinetic"][0] == pytest.approx(0, abs=1e-15)
    if friction == "0":
        assert energy == pytest.approx([energy[0]] * 3, rel=1e-10)
    else:
        assert energy[0] > energy[1] > energy[2]
    path = tmp_path / "run.nc"
    CliRunner().invoke(solve, [*options, "--output", str(path)], catch_exceptions=False)
    assert load(path).attrs["friction"] == float(friction)


@pytest.mark.parametrize("network", [[], ["--width", "2"]])
def test_descend_with_momentum(network):
    """Without momentum it is the plain map, with it another one."""
    options = [*LAW, *network, "--step-size", "0.01", "--steps", "300", "--points", "3"]
    plain, none, ball = (
        answered(descend, *options, *more) for more in ([], ["--momentum", "0"], ["--momentum", "0.9"])
    )
    assert ball["momentum"] == 0.9
    assert none["loss"] == pytest.approx(plain["loss"], rel=1e-10)
    assert ball["loss"][-1] < 0.9 * plain["loss"][-1]


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        (solve, [*LAW, "--until", "1", "--friction", "-1"], "at least 0"),
        (solve, [*LAW, "--until", "1", "--friction", "1", "--constraint", "sphere"], "exclude each other"),
        (solve, [*LAW, "--until", "1", "--friction", "1", "--train-weights"], "exclude each other"),
        (solve, [*LAW, "--until", "1", "--friction", "1", "--width", "3"], "at most 2"),
        (solve, [*LAW, "--until", "1", "--friction", "1", "--sgd", "--step-size", "0.1"], "--friction"),
        (derive, ["--friction", "1", "--sgd"], "leave out --friction"),
        (descend, [*LAW, "--step-size", "0.1", "--steps", "3", "--momentum", "1"], "below 1"),
        (
            descend,
            [*LAW, "--step-size", "0.1", "--steps", "3", "--momentum", "0.5", "--sgd"],
            "leave out --sgd",
        ),
        (
            descend,
            [*LAW, "--step-size", "0.1", "--steps", "3", "--momentum", "0.5", "--train-weights"],
            "leave out --train-weights",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(command, options, told):
    result = CliRunner().invoke(command, options)
    assert result.exit_code == 2
    assert told in result.output
