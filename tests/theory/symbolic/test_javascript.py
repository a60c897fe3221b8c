"""Generated JavaScript: identical bytes, the expressions themselves, refusals."""

import re
from importlib.resources import files

import numpy as np
import pytest
import sympy

from numerics.generated import load_module
from theory.symbolic import Model, Z, phase_retrieval, single_index
from theory.symbolic.codegen import generate_module, generate_script, write_module
from theory.symbolic.javascript import UnsupportedFunctionError, script
from theory.symbolic.source import Function, Output, UnboundSymbolError

NETWORK = Model("network", Z**2, Z**2, (1, sympy.Rational(-1, 2)), (1, 2))
MODELS = [phase_retrieval(), single_index(Z**3 - 3 * Z), single_index(sympy.Abs(Z)), NETWORK]


class _Maths:
    """The functions of JavaScript's Math by their NumPy names."""

    def __getattr__(self, name):
        return {"pow": np.power, "max": np.maximum, "asin": np.arcsin, "abs": np.abs, "PI": np.pi}.get(
            name, getattr(np, "arctan2" if name == "atan2" else name, None)
        )


def evaluated(text, name, *arguments):
    """Run one function of a script, whose grammar of statements is Python's but for a few words."""
    body = re.search(rf"function {name}\((.*?)\) \{{\n(.*?)\n\}}", text, re.S)
    scope = dict(zip(body.group(1).split(", "), arguments, strict=True)) | {"Math": _Maths()}
    *statements, last = [line.strip().rstrip(";") for line in body.group(2).splitlines()]
    for line in statements:
        exec(line.removeprefix("const "), scope)
    result = last.removeprefix("return ")
    return eval(re.sub(r"(\w+): ", r'"\1": ', result) if result.startswith("{") else result, scope)


def test_the_committed_script_is_the_generated_one(tmp_path):
    write_module(phase_retrieval(), tmp_path / "script.js")
    committed = files("numerics.generated").joinpath("phase_retrieval.js").read_bytes()
    assert (tmp_path / "script.js").read_bytes() == committed


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_script_and_module_agree(model):
    module, text = load_module(generate_module(model)), generate_script(model)
    rng = np.random.default_rng(3)
    students = rng.normal(size=(model.students + model.teachers, 9))
    gram = students @ students.T
    k = model.students
    T = gram[k:, k:]
    x = np.array([*gram[:k, :k][np.triu_indices(k)], *gram[:k, k:].ravel()])
    names = re.findall(r"^function (\w+)\(", text, re.M)
    assert {"drift", "drift_jacobian", "loss"} <= set(names)
    for name in names:
        arguments = (T.tolist(),) if name == "barrier" else (x.tolist(), T.tolist())
        theirs = evaluated(text, name, *arguments)
        ours = getattr(module, name)(*(np.array(argument) for argument in arguments))
        pairs = zip(theirs.values(), ours, strict=True) if isinstance(theirs, dict) else [(theirs, ours)]
        for mine, expected in pairs:
            np.testing.assert_allclose(np.array(mine), expected, rtol=1e-12, atol=1e-12, err_msg=name)


def test_what_javascript_lacks_is_refused():
    s = sympy.Symbol("s")
    entries = Output("value", sympy.Array(sympy.erf(s)))
    with pytest.raises(UnsupportedFunctionError, match="holds erf"):
        script(Function("f", "Return\nit.", {"x": sympy.Array([s])}, [entries]))
    with pytest.raises(UnboundSymbolError, match="does not receive s"):
        script(Function("f", "Return\nit.", {"x": sympy.Array([sympy.Symbol("u")])}, [entries]))


def test_a_comment_ends_where_it_should():
    s = sympy.Symbol("s")
    text = script(Function("f", "Return s*/t.\n-", {"x": sympy.Array([s])}, [Output("v", sympy.Array([s]))]))
    assert text.count("*/") == 1
