"""Equations in every format: complete, readable back, well-formed."""

import json
import re
from xml.etree import ElementTree

import pytest
import sympy
from click.testing import CliRunner

from derivations.commands.derive import derive
from derivations.press.equations import FORMATS, equations
from theory.symbolic import Model, Z, parse_link, phase_retrieval, single_index

CUBIC = single_index(parse_link("z**3 - 3*z"))
NETWORK = Model("network", Z**2, Z**2, (1, 1), (1, 1))
ERF = single_index(parse_link("erf(z)"))
MODELS = [phase_retrieval(), CUBIC, NETWORK, ERF]


@pytest.fixture(params=MODELS, ids=lambda model: f"{model.student_link} {model.students}x{model.teachers}")
def contents(request):
    return list(equations(request.param))


def test_keys_are_distinct_and_complete(contents):
    keys = [equation.key for equation in contents]
    assert len(keys) == len(set(keys))
    assert keys[0] == "loss"
    assert any(key.startswith("dS") or key == "ds" for key in keys)


def test_a_network_has_every_entry_once():
    keys = [equation.key for equation in equations(NETWORK)]
    for name in ("A", "B", "dU"):
        assert [key for key in keys if key.startswith(name)] == [f"{name}{j}{k}" for j in "12" for k in "12"]
    assert [key for key in keys if key.startswith("dS")] == ["dS11", "dS12", "dS22"]


def test_strings_are_read_back(contents):
    lines = FORMATS["sympy"](contents).splitlines()
    assert len(lines) == len(contents)
    for line, equation in zip(lines, contents, strict=True):
        names = {str(symbol): symbol for symbol in equation.value.free_symbols}
        functions = {f.func.__name__: f.func for f in equation.value.atoms(sympy.core.function.AppliedUndef)}
        value = line.split(" = ", 1)[1]
        if not names.keys() & functions.keys():
            assert sympy.sympify(value, locals={**names, **functions}) == equation.value


def test_mathml_is_well_formed(contents):
    lines = FORMATS["mathml"](contents).splitlines()
    assert len(lines) == len(contents)
    assert all(ElementTree.fromstring(line).tag.endswith("math") for line in lines)


@pytest.mark.parametrize("layout", ["latex", "markdown"])
def test_latex_is_balanced_and_broken(contents, layout):
    text = FORMATS[layout](contents)
    assert text.count(r"\begin{") == text.count(r"\end{")
    assert text.count("{") == text.count("}")
    terms = max(len(equation.value.as_ordered_terms()) for equation in contents)
    formulas = [line for line in text.splitlines() if "&" in line]
    assert len(formulas) > len(contents) or terms < 6
    polynomial = not any(equation.value.has(sympy.asin) for equation in contents)
    assert not polynomial or max(map(len, formulas)) < 140


def test_latex_keeps_every_term(contents):
    """The number of signs in front of terms is the number of terms."""
    for equation in contents:
        text = FORMATS["latex"]([equation])
        body = text.split("&= ", 1)[1].split("\n\\end", 1)[0]
        depth, found = 0, 1
        for character in body.lstrip("- "):
            depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(character, 0)
            found += depth == 0 and character in "+-"
        assert found == len(equation.value.as_ordered_terms()), equation.key


@pytest.mark.parametrize("layout", sorted(FORMATS))
def test_command_prints_every_format(layout):
    result = CliRunner().invoke(derive, ["--width", "2", "--format", layout])
    assert result.exit_code == 0
    expected = FORMATS[layout](list(equations(Model("network", Z**2, Z**2, (1, 1), (1,)))))
    assert result.stdout == f"{expected}\n"


def test_json_of_a_network():
    answer = json.loads(CliRunner().invoke(derive, ["--width", "2", "--teachers", "3", "--json"]).stdout)
    assert len(answer["A"]) == len(answer["A"][0]) == len(answer["B"]) == 2
    assert len(answer["B"][0]) == 3
    assert answer["B"][1][2] == "8*U23"
    assert answer["equations"]["B23"] == "8*U23"


def test_text_starts_with_the_loss():
    text = CliRunner().invoke(derive, []).stdout
    assert re.search(r"^loss = 3⋅s ", text, re.M)


def test_a_wide_network_is_written_by_its_pair_functions() -> None:
    """P = ab + 2c², P_a = b and P_c = 4c of the square, of 64 students and 64 teachers."""
    model = Model("wide", Z**2, Z**2, (1,) * 64, (1,) * 64)
    found = {equation.key: str(equation.value) for equation in equations(model)}
    assert found == {
        "P": "a*b + 2*c**2",
        "P_a": "b",
        "P_c": "4*c",
        "R": "a*b + 2*c**2",
        "R_a": "b",
        "R_c": "4*c",
    }
