"""Generated JavaScript: identical bytes, the expressions themselves, refusals."""

import json
import re
import shutil
import subprocess
from importlib.resources import files

import numpy as np
import pytest
import sympy

from numerics.generated import load_module
from theory.symbolic import Model, Z, phase_retrieval, quadratic_network, single_index
from theory.symbolic.codegen import generate_module, generate_script, write_module
from theory.symbolic.javascript import UnsupportedFunctionError, script
from theory.symbolic.source import Function, Output, UnboundSymbolError

NODE = shutil.which("node") or shutil.which("nodejs")
HALF = sympy.Rational(1, 2)
MODELS = [
    phase_retrieval(),
    single_index(Z**3 - 3 * Z),
    single_index(sympy.Abs(Z)),
    Model("uneven", Z**2, Z**2, (1, -HALF), (1, 2)),
    Model("cubic and square", Z**3, Z**2, (1, HALF), (1,)),
    *(quadratic_network(k, m) for k in (1, 2, 3) for m in (1, 2, 3)),
]
RUN = """
const { readFileSync } = require("fs");
const [text, calls] = JSON.parse(readFileSync(0, "utf8"));
const names = [...text.matchAll(/^function (\\w+)\\(/gm)].map((match) => match[1]);
const functions = new Function(`"use strict"; ${text}; return { ${names.join(", ")} };`)();
const results = calls.map(([name, args]) => [name, functions[name](...args)]);
process.stdout.write(JSON.stringify({ names, results }));
"""


def in_node(text, calls):
    """The names of a script's functions, and what they return, in a JavaScript engine of its own."""
    done = subprocess.run(
        [NODE, "-e", RUN], input=json.dumps([text, calls]), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found["names"], found["results"]


def test_the_committed_script_is_the_generated_one(tmp_path):
    write_module(phase_retrieval(), tmp_path / "script.js")
    committed = files("numerics.generated").joinpath("phase_retrieval.js").read_bytes()
    assert (tmp_path / "script.js").read_bytes() == committed


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name}-{model.students}-{model.teachers}")
def test_script_and_module_agree(model):
    module, text = load_module(generate_module(model)), generate_script(model)
    rng = np.random.default_rng(3)
    students = rng.normal(size=(model.students + model.teachers, 9))
    gram = students @ students.T
    k = model.students
    T = gram[k:, k:]
    x = np.array([*gram[:k, :k][np.triu_indices(k)], *gram[:k, k:].ravel()])
    areas = [np.sqrt(gram[i, i] * gram[j, j] - gram[i, j] ** 2) for i, j in getattr(module, "AREAS", ())]
    names = re.findall(r"^function (\w+)\(", text, re.M)
    given = {name: [*x, *areas] if name.startswith("area_") else x.tolist() for name in names}
    calls = [(name, [T.tolist()] if name == "barrier" else [given[name], T.tolist()]) for name in names]
    found, results = in_node(text, calls)
    assert found == names
    assert {"drift", "drift_jacobian", "loss"} <= set(names)
    for (name, arguments), (_, theirs) in zip(calls, results, strict=True):
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
