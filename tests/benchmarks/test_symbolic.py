"""The symbolic engine, its stages apart: derive, generate, evaluate; and evaluation against NumPy by hand."""

from time import perf_counter
from types import ModuleType

import numpy as np
import pytest
import sympy
from sympy.core.cache import clear_cache

from theory.symbolic import Model, Z, phase_retrieval, quadratic_network, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.moments import _moment

ERF = sympy.erf(Z / sympy.sqrt(2))
COLUMNS = [10**2, 10**4, 10**6]


def octic() -> Model:
    return single_index((Z + 1) ** 8)


def cubic_network() -> Model:
    return Model("four by four", Z**3 - Z, Z**3 - Z, (1,) * 4, (1,) * 4)


def soft_committee() -> Model:
    return Model("soft committee", ERF, ERF, (1,) * 4, (1,) * 4)


MODELS = [phase_retrieval, octic, cubic_network, soft_committee]
LIMITS = {"octic": 2.0, "cubic_network": 10.0}


def load(model: Model) -> ModuleType:
    module = ModuleType("generated")
    exec(generate_module(model), module.__dict__)
    return module


def state(model: Model, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return statistics of random weights, W ~ N(0, I/8) and W* likewise, of orthogonal teachers."""
    rng = np.random.default_rng(0)
    W = rng.normal(size=(model.students, 8, columns)) / np.sqrt(8)
    S = np.einsum("ja...,ka...->jk...", W, W)[np.triu_indices(model.students)]
    return np.concatenate([S, W[:, : model.teachers].reshape(-1, columns)]), np.eye(model.teachers)


@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_derive(benchmark, build):
    """Loss and drift from nothing: the caches of moments and of SymPy are emptied."""

    def derive():
        _moment.cache_clear()
        clear_cache()
        model = build()
        return model.loss, model.drift

    assert benchmark(derive)[0] != 0
    if benchmark.stats:
        assert benchmark.stats["max"] < LIMITS.get(build.__name__, 10.0)


@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_generate(benchmark, build):
    model = build()
    assert model.drift
    assert "def drift" in benchmark.pedantic(generate_module, (model,), rounds=2)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("build", [phase_retrieval, octic, soft_committee], ids=lambda build: build.__name__)
def test_evaluate(benchmark, build, columns):
    model = build()
    A, _ = benchmark(load(model).drift, *state(model, columns))
    assert np.isfinite(A).all()


def square_by_hand(x, T):
    s, u = x
    t = T[0, 0]
    return (4 * t - 12 * s)[None, None], (8 * u)[None, None]


def cubic_by_hand(x, T):
    s, u = x
    t = T[0, 0]
    A = 72 * s - 90 * s * s + 36 * (t - 1) * u - 18
    B = 18 * (t - 1) * s + 36 * u * u - 18 * (t - 1)
    return A[None, None], B[None, None]


def erf_by_hand(x, T):
    s, u = x
    t = T[0, 0]
    B = (4 / np.pi) / np.sqrt((1 + t) * (1 + s) - u * u)
    A = -(u * B + (4 / np.pi) / np.sqrt(1 + 2 * s)) / (1 + s)
    return A[None, None], B[None, None]


def network_by_hand(x, T):
    S11, S12, S22, U11, U12, U21, U22 = x
    energy = 4 * (T[0, 0] + T[1, 1])
    A = np.empty((2, 2, *x.shape[1:]))
    A[0, 0] = energy - 12 * S11 - 4 * S22
    A[0, 1] = A[1, 0] = -8 * S12
    A[1, 1] = energy - 4 * S11 - 12 * S22
    B = np.empty((2, 2, *x.shape[1:]))
    B[0, 0] = 8 * U11
    B[0, 1] = 8 * U12
    B[1, 0] = 8 * U21
    B[1, 1] = 8 * U22
    return A, B


BY_HAND = [
    (phase_retrieval(), square_by_hand),
    (single_index(Z**3 - 3 * Z), cubic_by_hand),
    (single_index(ERF), erf_by_hand),
    (quadratic_network(2, 2), network_by_hand),
]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize(("model", "hand"), BY_HAND, ids=lambda value: getattr(value, "__name__", ""))
def test_generated_code_takes_at_most_1_3_times_what_a_hand_would(benchmark, model, hand, columns):
    """The least of many times, the two functions in turn, so that both see the same machine."""
    generated, arguments = load(model).drift, state(model, columns)
    for ours, theirs in zip(generated(*arguments), hand(*arguments), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    calls = max(1, 20_000 // columns)
    times = {generated: [], hand: []}
    for _ in range(60):
        for function, measured in times.items():
            start = perf_counter()
            for _ in range(calls):
                function(*arguments)
            measured.append(perf_counter() - start)
    ratio = min(times[generated]) / min(times[hand])
    benchmark.extra_info["ratio"] = ratio
    benchmark.pedantic(generated, arguments, rounds=5)
    assert ratio < 1.3
