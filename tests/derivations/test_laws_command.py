"""``phase-retrieval laws``: what it prints is what the laws are, and its diagram shows their regimes."""

import json

import numpy as np
import pytest
import sympy
from commandline import invoke

from derivations.press.regimes import exponents, regimes
from theory.laws import ALGORITHMS, B, a, laws, printed


def names_of(answer):
    """The symbols that SymPy needs to read the expressions."""
    found = {str(x): x for name in laws(algorithm=answer["algorithm"]).values() for x in name.names}
    found |= {str(x): x for x in laws(algorithm=answer["algorithm"]).meanings}
    return found | {"gamma": _Gamma(found["gamma"])}


class _Gamma(sympy.Symbol):
    """``gamma`` alone is the exponent, called it is the function."""

    def __new__(cls, own):
        return sympy.Symbol.__new__(cls, own.name, positive=True)

    def __call__(self, argument):
        return sympy.gamma(argument)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_expressions_for_programs_are_read_by_sympy(algorithm):
    result = invoke("laws", "--algorithm", algorithm, "--json")
    answer = json.loads(result.stdout)
    found = laws(algorithm=algorithm)
    assert result.exit_code == 0
    assert [law["name"] for law in answer["laws"]] == list(found)
    for law in answer["laws"]:
        regimes_of = found[law["name"]].regimes
        assert [row["verdict"] for row in law["regimes"]] == [str(regime.verdict) for regime in regimes_of]
        for row, regime in zip(law["regimes"], regimes_of, strict=True):
            read = sympy.sympify(row["prefactor"], names_of(answer))
            assert str(read) == str(regime.prefactor)


def test_latex_is_that_of_the_laws():
    result = invoke("laws", "--latex", "--only", "overlap", "--exponent", "2", "--teacher", "flat")
    assert result.exit_code == 0
    assert printed(laws(spectrum=2, teacher=0)["overlap"].leading) in result.stdout
    assert r"\gamma = \frac{1}{2}" in result.stdout
    assert "measured: T1" in result.stdout


def test_another_link_has_its_own_numbers():
    result = invoke("laws", "--link", "z**3 + z")
    assert result.exit_code == 0
    assert "L ~ 34 · 2^(−γ) C t^(−γ)" in result.stdout
    assert "escape_time: none; ballistic" in result.stdout


def test_wide_networks_have_laws_of_their_own():
    result = invoke("laws", "--wide")
    assert result.exit_code == 0
    assert "exponent (1 − 2 α)/(a + α)" in result.stdout
    assert "Z: sum of i^-a over the modes" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "speed"], "'speed' is no law; allowed are escape_time, overlap"),
        (
            ["--only", "crossover", "--algorithm", "sgd", "--exponent", "2", "--teacher", "flat"],
            "no such law",
        ),
        (["--wide", "--algorithm", "sgd"], "the flow's laws alone"),
        (["--latex", "--json"], "exclude each other"),
        (["--teacher", "source:x"], "flat, source:B"),
        (["--plot", "x.svg"], "--plot needs one law"),
        (
            ["--plot", "x.svg", "--algorithm", "sgd", "--only", "decayed_loss"],
            "the regimes of decayed_loss depend on p as well",
        ),
        (["--plot", "x.txt", "--only", "loss"], "must end in .svg"),
        (["--exponent", "-1"], "at least 0"),
        (["--link", "nonsense(z)"], "nonsense"),
    ],
)
def test_bad_input(arguments, words):
    result = invoke("laws", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_the_diagram_has_the_borders_of_the_law(tmp_path):
    law = laws(algorithm="sgd")["sgd_loss"]
    steps = np.array([1.5, 2.0, 3.0])
    sources = np.array([0.0, 0.75, 1.0, 1.5, 2.0])
    expected = np.sign(2 * sources[:, None] - steps).astype(int) + 1
    assert np.array_equal(regimes(law, steps, sources), expected)
    values = exponents(law, steps, sources)
    assert np.allclose(values, -np.minimum((steps + 2 * sources[:, None] - 1) / steps, 2 - 1 / steps))
    assert np.isnan(exponents(law, np.array([0.5]), sources)).all()
    target = tmp_path / "phases.svg"
    assert invoke("laws", "--algorithm", "sgd", "--only", "sgd_loss", "--plot", str(target)).exit_code == 0
    assert target.read_text().count("<path") > 10
    assert law.regimes[0].condition == sympy.Lt(2 * B, a)
