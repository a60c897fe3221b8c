"""Code in every language: compiled, run, and compared with the NumPy module at random states."""

import ctypes
import json
import re
import shutil
import subprocess
from fractions import Fraction
from importlib.resources import files

import numpy as np
import pytest
import sympy

from numerics.generated import load_module
from theory.languages import ENDINGS
from theory.symbolic import (
    RELU,
    Z,
    constrained,
    generate_code,
    heavy_ball,
    normalised,
    phase_retrieval,
    quadratic_network,
    single_index,
    trained,
)
from theory.symbolic.codegen import write_module
from theory.symbolic.languages import WRITERS, UnsupportedFunctionError
from theory.symbolic.languages.fortran import _continued
from theory.symbolic.models import Model
from theory.symbolic.source import Code, Function, Output, UnboundSymbolError

HALF = sympy.Rational(1, 2)
MODELS = {
    "phase retrieval": phase_retrieval(),
    "cubic": single_index(Z**3 - 3 * Z),
    "modulus": single_index(sympy.Abs(Z)),
    "erf": Model("erf", sympy.erf(Z), sympy.erf(Z), (1, HALF), (1,)),
    "relu": Model("relu", RELU, RELU, (1, -HALF), (1, 2)),
    "exponential": single_index(sympy.exp(Z / 2)),
    "noisy": Model("noisy", Z**3, Z**2, (1, HALF), (1,), noise=sympy.Rational(1, 3)),
    "quadratic network": quadratic_network(3, 2),
    "sphere": constrained(phase_retrieval(), "sphere"),
    "trained": trained(single_index(Z**2), 1),
    "heavy ball": heavy_ball(phase_retrieval(), HALF),
    "normalised": normalised(single_index(Z**3 - 3 * Z)),
}
FIVE = ("drift", "drift_jacobian", "loss", "residual_drift", "residual_loss")
NODE = shutil.which("node") or shutil.which("nodejs")
GCC, GFORTRAN, JULIA = map(shutil.which, ("gcc", "gfortran", "julia"))
every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
few_models = pytest.mark.parametrize(
    "model",
    [
        pytest.param(model, id=name, marks=[] if name in ("cubic", "relu") else pytest.mark.slow)
        for name, model in MODELS.items()
    ],
)


def arguments(module):
    """What every function that the two have in common is called with, at a random state."""
    rng = np.random.default_rng(3)
    k = module.STUDENTS
    vectors = rng.normal(size=(k + module.TEACHERS, 9)) / 3
    gram = vectors @ vectors.T
    T = gram[k:, k:]
    x = np.array([*gram[:k, :k][np.triu_indices(k)], *gram[:k, k:].ravel()])
    areas = [np.sqrt(gram[i, i] * gram[j, j] - gram[i, j] ** 2) for i, j in getattr(module, "AREAS", ())]
    if hasattr(module, "WEIGHTS"):
        x = np.array([*x, *rng.normal(size=k)])
    given = {"barrier": (T,), "multipliers": (x, np.array([0.7]), T)}
    names = re.findall(r"^def ([a-z]\w*)\(", module.__doc__ + module.text, re.M)
    return {
        name: given.get(name, (np.array([*x, *areas]) if name.startswith("area_") else x, T))
        for name in names
    }


def expected(model):
    """The module in NumPy, its functions' arguments, and the arrays that each returns."""
    text = generate_code(model, "numpy")
    module = load_module(text)
    module.text = text
    calls = arguments(module)
    values = {name: getattr(module, name)(*given) for name, given in calls.items()}
    arrays = {
        name: [np.asarray(part) for part in (value if isinstance(value, tuple) else (value,))]
        for name, value in values.items()
    }
    return module, calls, arrays


def assert_same(name, found, arrays):
    for ours, theirs in zip(found, arrays, strict=True):
        assert np.shape(ours) == theirs.shape, name
        largest = np.abs(theirs).max()
        np.testing.assert_allclose(
            np.array(ours, float), theirs, rtol=1e-13, atol=1e-13 * largest, err_msg=name
        )


RUN = """
const { readFileSync } = require("fs");
const [text, calls] = JSON.parse(readFileSync(0, "utf8"));
const names = Object.keys(calls);
const functions = new Function(`"use strict"; ${text}; return { ${names.join(", ")} };`)();
process.stdout.write(JSON.stringify(names.map((name) => functions[name](...calls[name]))));
"""


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@every_model
def test_javascript(model):
    _, calls, arrays = expected(model)
    given = {name: [part.tolist() for part in parts] for name, parts in calls.items()}
    text = generate_code(model, "javascript")
    done = subprocess.run(
        [NODE, "-e", RUN], input=json.dumps([text, given]), capture_output=True, text=True, check=True
    )
    for name, found in zip(calls, json.loads(done.stdout), strict=True):
        assert_same(name, list(found.values()) if isinstance(found, dict) else [found], arrays[name])


def assert_library_agrees(path, calls, arrays, order, suffix=""):
    """Call functions of a shared library whose arrays are laid out in that ``order``."""
    library = ctypes.CDLL(path)
    double = ctypes.POINTER(ctypes.c_double)
    for name, given in calls.items():
        function = getattr(library, f"{suffix}{name}")
        outputs = [np.full(part.shape, np.nan, order=order) for part in arrays[name]]
        taken = [np.array(part, float, order=order) for part in given]
        is_scalar = [part.shape for part in outputs] == [()]
        function.restype = ctypes.c_double if is_scalar else None
        value = function(*(part.ctypes.data_as(double) for part in (*taken, *(() if is_scalar else outputs))))
        assert_same(name, [value] if is_scalar else outputs, arrays[name])


@pytest.mark.skipif(GCC is None, reason="no gcc on this machine")
@every_model
def test_c(model, tmp_path):
    _, calls, arrays = expected(model)
    (tmp_path / "code.c").write_text(generate_code(model, "c"))
    strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off"]
    command = [GCC, *strict, "-shared", "-fPIC", "code.c", "-o", "code.so", "-lm"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert_library_agrees(tmp_path / "code.so", calls, arrays, "C")


@pytest.mark.skipif(GFORTRAN is None, reason="no gfortran on this machine")
@every_model
def test_fortran(model, tmp_path):
    _, calls, arrays = expected(model)
    (tmp_path / "code.f90").write_text(generate_code(model, "fortran"))
    strict = ["-std=f2008", "-Wall", "-Werror", "-Wno-unused-dummy-argument", "-ffp-contract=off"]
    command = [GFORTRAN, *strict, "-shared", "-fPIC", "code.f90", "-o", "code.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert_library_agrees(tmp_path / "code.so", calls, arrays, "F", "__right_hand_sides_MOD_")


@pytest.mark.skipif(JULIA is None, reason="no julia on this machine")
@every_model
def test_julia(model, tmp_path):
    _, calls, arrays = expected(model)
    lines = [generate_code(model, "julia"), "shown(v) = println(join(vec(collect(v)), ' '))"]
    for name, given in calls.items():
        parts = [f"reshape({part.ravel('F').tolist()}, {', '.join(map(str, part.shape))})" for part in given]
        several = len(arrays[name]) > 1
        call = f"{name}({', '.join(parts)})"
        lines.append(f"foreach(shown, {call})" if several else f"shown({call})")
    (tmp_path / "code.jl").write_text("\n".join(lines))
    done = subprocess.run([JULIA, tmp_path / "code.jl"], capture_output=True, text=True, check=True)
    printed = iter(done.stdout.splitlines())
    for name, parts in arrays.items():
        found = [np.array(next(printed).split(), float).reshape(part.shape, order="F") for part in parts]
        assert_same(name, found, parts)


@every_model
def test_sympy(model):
    _, calls, arrays = expected(model)
    code = load_module(generate_code(model, "sympy"))
    for name, given in calls.items():
        exact = [sympy.Array([sympy.Float(n, 40) for n in part.ravel()], part.shape) for part in given]
        found = getattr(code, name)(*exact)
        parts = found if isinstance(found, tuple) else (found,)
        values = [
            np.array([sympy.N(entry, 20) for entry in sympy.flatten(sympy.Array(part))], float).reshape(
                array.shape
            )
            for part, array in zip(parts, arrays[name], strict=True)
        ]
        assert_same(name, values, arrays[name])


def test_code_for_sympy_is_exact():
    model = single_index(sympy.erf(Z))
    code = load_module(generate_code(model, "sympy"))
    x, T = model.overlaps.statistics, model.overlaps.T
    assert code.loss(x, T) == model.loss
    assert sympy.Matrix(code.drift(x, T)[1]) == sympy.Matrix(model.B)
    assert isinstance(code.loss((HALF, 0), sympy.Matrix([[1]])), sympy.Expr)
    assert not code.loss((HALF, 0), sympy.Matrix([[1]])).has(sympy.Float)


@pytest.fixture
def jax():
    found = pytest.importorskip("jax", reason="the extra jax is not installed")
    before = found.config.jax_enable_x64
    found.config.update("jax_enable_x64", True)
    yield found
    found.config.update("jax_enable_x64", before)


@every_model
def test_jax(jax, model):
    _, calls, arrays = expected(model)
    code = load_module(generate_code(model, "jax"))
    for name, given in calls.items():
        found = jax.jit(getattr(code, name))(*given)
        assert_same(name, found if isinstance(found, tuple) else [found], arrays[name])


@few_models
def test_code_for_jax_is_mapped_and_differentiated(jax, model):
    module, calls, arrays = expected(model)
    code = load_module(generate_code(model, "jax"))
    x, T = calls["loss"]
    many = np.stack([x, 1.01 * x, 1.02 * x])
    n = len(module.STATISTICS)
    for name in {*FIVE} & {*calls}:
        mapped = jax.tree.leaves(jax.vmap(getattr(code, name), (0, None))(many, T))
        ours = getattr(module, name)(many.T, T)
        ours = ours if isinstance(ours, tuple) else (ours,)
        assert_same(name, mapped, [np.moveaxis(np.asarray(part), -1, 0) for part in ours])
    upper = np.triu_indices(module.STUDENTS)
    A, B = arrays["drift"]
    halves = np.where(upper[0] == upper[1], -0.5, -1.0)
    slope = [*(halves * A[upper]), *-B.ravel()]
    np.testing.assert_allclose(jax.grad(code.loss)(x, T)[:n], slope, rtol=1e-12, atol=1e-12)
    for found, theirs in zip(jax.jacfwd(code.drift)(x, T), arrays["drift_jacobian"], strict=True):
        np.testing.assert_allclose(found, theirs, rtol=1e-11, atol=1e-11)


def test_gradients_in_jax_are_right_at_the_teacher(jax):
    """Of relu, L = (s + t)/2 − E[2 f g]: A = −1 and B = 1 where w = w*, and the loss is at rest there."""
    code = load_module(generate_code(single_index(RELU), "jax"))
    slope = jax.grad(code.loss)(np.array([1.0, 1.0]), np.array([[1.0]]))
    np.testing.assert_allclose(slope, [0.5, -1.0], rtol=1e-14)


def test_every_language_has_an_ending_and_a_writer():
    assert set(ENDINGS) == {*WRITERS, "numpy"}
    for language in ENDINGS:
        text = generate_code(phase_retrieval(), language)
        assert text == generate_code(phase_retrieval(), language)
        assert all(re.search(rf"\b{name}\b", text) for name in FIVE)
    with pytest.raises(ValueError, match=r"'javscript' is no language .* nearest are javascript"):
        generate_code(phase_retrieval(), "javscript")


def test_the_committed_script_is_the_generated_one(tmp_path):
    write_module(phase_retrieval(), tmp_path / "script.js")
    committed = files("numerics.generated").joinpath("phase_retrieval.js").read_bytes()
    assert (tmp_path / "script.js").read_bytes() == committed


def one_function(summary, value, *symbols):
    output = Output("value", sympy.Array(value))
    return Code("f", "W*", {}, [Function("f", summary, {"x": sympy.Array(symbols)}, [output])], [])


@pytest.mark.parametrize("language", ["c", "javascript", "julia", "fortran", "jax"])
def test_what_a_language_lacks_is_refused(language):
    s, u = sympy.symbols("s u")
    with pytest.raises(UnsupportedFunctionError, match="f holds zeta"):
        WRITERS[language](one_function("Return\nit.", sympy.zeta(s), s))
    with pytest.raises(UnboundSymbolError, match="does not receive s"):
        WRITERS[language](one_function("Return\nit.", s, u))


@pytest.mark.parametrize(("language", "comments"), [("c", 2), ("javascript", 1)])
def test_a_comment_ends_where_it_should(language, comments):
    s = sympy.Symbol("s")
    assert WRITERS[language](one_function("Return s*/t.\n-", s, s)).count("*/") == comments


def test_long_lines_of_fortran_are_continued():
    s = sympy.symbols("s:60")
    text = WRITERS["fortran"](one_function("Return\nit.", sum(s) ** Fraction(1, 2), *s))
    assert max(map(len, text.splitlines())) <= 110
    assert _continued("a = b*c") == ["a = b * c"]
