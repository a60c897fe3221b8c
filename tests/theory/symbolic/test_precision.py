"""Generated modules at fifty digits against SymPy's own evaluation."""

import mpmath
import numpy as np
import pytest
import sympy

from theory.symbolic import RELU, Model, Z, parse_link, phase_retrieval, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.precision import at_any_precision

DIGITS = 50
MODELS = [
    phase_retrieval(),
    single_index(Z**3 / 3 - Z / 7),
    single_index(parse_link("erf(z)")),
    single_index(RELU),
    Model("network", Z**2, Z**2, (1, sympy.Rational(1, 3)), (1, 1)),
]


@pytest.fixture(params=MODELS, ids=str)
def model(request):
    return request.param


def values(model):
    """Overlaps of a generic configuration, as exact rationals by symbol."""
    size = model.students + model.teachers
    factor = sympy.Matrix(size, size, lambda j, k: sympy.Rational(3 + j + 2 * k + j * k, 7 + k) + int(j == k))
    gram = factor * factor.T
    K = model.students
    overlaps = model.overlaps
    blocks = ((overlaps.S, gram[:K, :K]), (overlaps.U, gram[:K, K:]), (overlaps.T, gram[K:, K:]))
    return {name: value for names, block in blocks for name, value in zip(names, block, strict=True)}


def test_loss_and_drift_to_fifty_digits(model):
    space = {}
    exec(at_any_precision(generate_module(model)), space)
    exact = values(model)
    with mpmath.workdps(DIGITS):

        def number(expression):
            return mpmath.mpf(str(sympy.N(expression.subs(exact), DIGITS + 10)))

        x = np.array([[number(symbol)] for symbol in model.overlaps.statistics], dtype=object)
        T = np.array([[number(entry) for entry in row] for row in model.overlaps.T.tolist()], dtype=object)
        A, B = space["drift"](x, T)
        pairs = [(space["loss"](x, T)[0], model.loss)]
        pairs += [(entry, formula) for entry, formula in zip(A.ravel(), model.A, strict=True)]
        pairs += [(entry, formula) for entry, formula in zip(B.ravel(), model.B, strict=True)]
        for computed, formula in pairs:
            expected = number(formula)
            assert abs(mpmath.mpf(computed) - expected) < mpmath.mpf(10) ** (5 - DIGITS) * (1 + abs(expected))


def test_trailing_axes():
    space = {}
    exec(at_any_precision(generate_module(single_index(parse_link("erf(z)")))), space)
    x = np.array([[mpmath.mpf(1), mpmath.mpf(2)], [mpmath.mpf(0), mpmath.mpf("0.5")]], dtype=object)
    A, B = space["drift"](x, np.array([[mpmath.mpf(1)]], dtype=object))
    assert A.shape == B.shape == (1, 1, 2)


def test_text_has_no_float_and_no_numpy_function(model):
    text = at_any_precision(generate_module(model))
    for name in ("np.sqrt", "np.arcsin", "np.arctan2", "np.pi"):
        assert name not in text
    assert "mpf" in text
