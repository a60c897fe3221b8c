"""Equations in every format: complete, readable back, well-formed."""

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
from commandline import invoke

from derivations.press.equations import FORMATS, equations, sgd_equations
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
    result = invoke("derive", "--width", "2", "--format", layout)
    assert result.exit_code == 0
    expected = FORMATS[layout](list(equations(Model("network", Z**2, Z**2, (1, 1), (1,)))))
    assert result.stdout == f"{expected}\n"


def test_json_of_a_network():
    answer = json.loads(invoke("derive", "--width", "2", "--teachers", "3", "--json").stdout)
    assert len(answer["A"]) == len(answer["A"][0]) == len(answer["B"]) == 2
    assert len(answer["B"][0]) == 3
    assert answer["B"][1][2] == "8*U23"
    assert answer["equations"]["B23"] == "8*U23"


@pytest.mark.parametrize("link", ["z**2", "z**3 - z"])
def test_the_mean_step_of_sgd_in_one_dimension(link):
    """Q = 1: E[(w + Δ)² − w²] over an input and its label's noise by a Gauss rule; all orders k are one."""
    model = single_index(parse_link(link))
    f, slope = (sympy.lambdify(Z, part) for part in (model.student_link, model.student_link.diff(Z)))
    w, star, step, noise, batch = 0.7, 1.2, 0.01, 0.3, 4
    x, chances = np.polynomial.hermite_e.hermegauss(16)
    chances = chances / np.sqrt(2 * np.pi)
    steep = 2 * slope(w * x) * x
    pull = chances @ ((f(w * x) - f(star * x)) * steep)
    square = chances @ (((f(w * x) - f(star * x)) ** 2 + noise) * steep**2)
    expected = -2 * step * w * pull + step**2 * (square / batch + (1 - 1 / batch) * pull**2)
    sizes = {"s": w**2, "u": w * star, "t": star**2, "D": 1.0}
    numbers = {**sizes, "eta": step, "sigma2": noise, "m": batch}
    value = next(equation.value for equation in sgd_equations(model) if equation.key == "step s")
    value = value.subs({call: sizes[call.func.__name__] for call in value.atoms(sympy.Function)})
    found = value.subs({symbol: numbers[symbol.name] for symbol in value.free_symbols})
    assert float(found) == pytest.approx(expected, rel=1e-10)


def test_command_adds_the_mean_step_of_sgd():
    answer = json.loads(invoke("derive", "--sgd", "--json").stdout)["equations"]
    assert [key for key in answer if key.startswith("step")] == ["step s", "step u"]
    assert answer["noise C_T"] == "-192*s**2 + 192*s*t + 320*u**2"
    network = json.loads(invoke("derive", "--width", "2", "--sgd", "--json").stdout)["equations"]
    assert [key[5:] for key in network if key.startswith("step")] == ["S11", "S12", "S22", "U11", "U21"]
    for layout in sorted(FORMATS):
        assert invoke("derive", "--sgd", "--format", layout).exit_code == 0
    for refused in (["--link", "erf(z)"], ["--width", "20"]):
        result = invoke("derive", *refused, "--sgd")
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1


def test_text_starts_with_the_loss():
    text = invoke("derive").stdout
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
