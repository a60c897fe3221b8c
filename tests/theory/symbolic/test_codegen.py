"""Generated modules: identical bytes, the same numbers as the expressions, no SymPy at run time."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import sympy

from numerics.generated import phase_retrieval as committed
from theory.symbolic import RELU, Model, ModelError, Z, deficits, phase_retrieval, single_index
from theory.symbolic.codegen import generate_code, generate_module, write_module
from theory.symbolic.overlaps import upper_triangle
from theory.symbolic.source import WIDTH, Function, Output, UnboundSymbolError

NETWORK = Model("network", Z**3 - Z, Z**3 - Z, (1, sympy.Rational(-1, 2)), (1, sympy.Rational(-1, 2)))
COMMITTEE = Model("committee", Z**2, Z**2, (1, 1), (1,))
ERF = sympy.erf(Z / sympy.sqrt(2))
CLOSED_FORMS = [
    single_index(ERF),
    single_index(RELU),
    single_index(sympy.Abs(Z), Z**2),
    Model("soft committee", ERF, ERF, (1, 1), (1, sympy.Rational(1, 2))),
]
SHAPES = [(), (3,), (3, 2)]
ROOT = Path(__file__).parents[3]


def load(model: Model) -> ModuleType:
    module = ModuleType("generated")
    exec(generate_module(model), module.__dict__)
    return module


@pytest.fixture(scope="module", params=[phase_retrieval(), NETWORK], ids=lambda model: model.name)
def model(request: pytest.FixtureRequest) -> Model:
    chosen: Model = request.param
    return chosen


@pytest.fixture(scope="module")
def module(model: Model) -> ModuleType:
    return load(model)


def state(model: Model, shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return random statistics, or residuals, with these broadcast axes, and a teacher's T."""
    rng = np.random.default_rng(seed)
    count = len(model.overlaps.statistics)
    root = rng.normal(size=(model.teachers, model.teachers))
    return rng.normal(size=(count, *shape)), root @ root.T + np.eye(model.teachers)


def evaluate(
    expressions: sympy.NDimArray,
    names: tuple[sympy.Symbol, ...],
    teacher: sympy.MatrixBase,
    x: np.ndarray,
    T: np.ndarray,
) -> np.ndarray:
    """Return the expressions entry by entry and point by point, by substitution."""
    symbols = [*names, *upper_triangle(teacher)]
    function = sympy.lambdify(symbols, sympy.flatten(expressions))
    points = x.reshape(len(names), -1)
    columns = [function(*points[:, j], *T[np.triu_indices(len(T))]) for j in range(points.shape[1])]
    return np.array(columns, dtype=float).T.reshape((*expressions.shape, *x.shape[1:]))


def test_the_committed_module_is_the_generated_one(tmp_path: Path) -> None:
    write_module(phase_retrieval(), tmp_path / "module.py")
    written = (tmp_path / "module.py").read_bytes()
    assert written == Path(committed.__file__).read_bytes()
    assert list(tmp_path.iterdir()) == [tmp_path / "module.py"]


def test_the_text_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "from theory.symbolic import Model, Z, parse_link;from theory.symbolic.codegen import "
        "generate_module;print(generate_module(Model('network', Z**3 - Z, Z**3 - Z, (1, 2), (1, 2))));f = "
        "parse_link('erf(z) + relu(z)');print(generate_module(Model('closed forms', f, f, (1, 2), (1,))))"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
        )
        for seed in ("1", "2")
    ]
    texts = {run.communicate()[0] for run in runs}
    assert all(run.returncode == 0 for run in runs)
    assert len(texts) == 1


def test_importing_the_committed_module_does_not_import_sympy() -> None:
    program = (
        "import sys, numerics.generated.phase_retrieval;heavy = ('sympy', 'theory.symbolic', "
        "'theory.asymptotics');print([name for name in sys.modules if name.startswith(heavy)])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert run.stdout.strip() == "[]"


def test_constants_describe_the_model(model: Model, module: ModuleType) -> None:
    assert (model.students, model.teachers) == (module.STUDENTS, module.TEACHERS)
    assert tuple(str(name) for name in model.overlaps.statistics) == module.STATISTICS


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_in_the_overlaps(model: Model, module: ModuleType, shape: tuple[int, ...]) -> None:
    x, T = state(model, shape)
    names, teacher = model.overlaps.statistics, model.overlaps.T
    A, B = module.drift(x, T)
    for values, expressions in (
        (A, sympy.Array(model.A)),
        (B, sympy.Array(model.B)),
        (module.loss(x, T), sympy.Array(model.loss)),
        (module.deficits(x, T), sympy.Array(deficits(model))),
    ):
        expected = evaluate(expressions, names, teacher, x, T)
        assert np.shape(values) == expected.shape
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_in_residual_coordinates(model: Model, module: ModuleType, shape: tuple[int, ...]) -> None:
    y, T = state(model, shape, seed=1)
    x = module.statistics(y, T)
    (A, C), (overlap_A, overlap_B) = module.residual_drift(y, T), module.drift(x, T)
    for values, expected in (
        (A, overlap_A),
        (C, overlap_A + overlap_B),
        (module.residual_loss(y, T), module.loss(x, T)),
        (module.residual_deficits(y, T), module.deficits(x, T)),
    ):
        assert np.shape(values) == np.shape(expected)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-12 * scale)


@pytest.mark.parametrize("name", ["drift", "residual_drift"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_jacobians_by_complex_step(
    model: Model, module: ModuleType, name: str, shape: tuple[int, ...]
) -> None:
    x, T = state(model, shape, seed=2)
    function, jacobian = getattr(module, name), getattr(module, f"{name}_jacobian")
    step = 1e-100
    for j in range(len(x)):
        shifted = x.astype(complex)
        shifted[j] += 1j * step
        for derivative, value in zip(jacobian(x, T), function(shifted, T), strict=True):
            assert derivative.shape == (*value.shape[:2], len(x), *shape)
            np.testing.assert_allclose(derivative[:, :, j], value.imag / step, rtol=1e-12, atol=1e-12)


def overlaps_of_weights(model: Model, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return statistics that weights can have, with these broadcast axes, and a teacher's T."""
    rng = np.random.default_rng(4)
    W = rng.normal(size=(model.students, 4, *shape))
    teacher = rng.normal(size=(model.teachers, 4)) / 2
    S = np.einsum("ja...,ka...->jk...", W, W)[np.triu_indices(model.students)]
    U = np.einsum("ja...,ma->jm...", W, teacher).reshape(-1, *shape)
    return np.concatenate([S, U]), teacher @ teacher.T


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("closed", CLOSED_FORMS, ids=lambda model: model.name)
def test_values_and_jacobians_of_closed_forms(closed: Model, shape: tuple[int, ...]) -> None:
    module = load(closed)
    x, T = overlaps_of_weights(closed, shape)
    names, teacher = closed.overlaps.statistics, closed.overlaps.T
    drift = module.drift(x, T)
    for values, matrix in zip((*drift, module.loss(x, T)), (closed.A, closed.B, closed.loss), strict=True):
        expected = evaluate(sympy.Array(matrix), names, teacher, x, T)
        assert np.shape(values) == expected.shape
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-12)
    step = np.longdouble(2.0**-20)
    for j in range(len(x)):
        shift = np.zeros(x.shape, np.longdouble)
        shift[j] = step
        above, below = module.drift(x + shift, T), module.drift(x - shift, T)
        for derivative, high, low in zip(module.drift_jacobian(x, T), above, below, strict=True):
            np.testing.assert_allclose(derivative[:, :, j], (high - low) / (2 * step), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("link", [RELU, sympy.Abs(Z)], ids=str)
def test_parallel_vectors_do_not_leave_the_domain_by_rounding(link: sympy.Expr) -> None:
    """At w = αw* the computed u² exceeds st about half the time; the values there are known."""
    module = load(single_index(link))
    rng = np.random.default_rng(5)
    teacher, multiples = rng.normal(size=8), rng.uniform(0.1, 3, size=1000)
    W = multiples[:, None] * teacher
    x, T = np.array([(W * W).sum(axis=1), W @ teacher]), np.array([[teacher @ teacher]])
    assert 100 < np.sum(x[1] ** 2 > x[0] * T[0, 0]) < 900
    A, B = module.drift(x, T)
    scale = 1 if link == RELU else 2
    np.testing.assert_allclose(A[0, 0], -scale, atol=1e-6)
    np.testing.assert_allclose(B[0, 0], scale, atol=1e-6)
    np.testing.assert_allclose(
        module.loss(x, T), scale / 2 * (multiples - 1) ** 2 * T[0, 0], atol=1e-12 * x[0].max()
    )


def test_a_closed_form_says_what_it_lacks() -> None:
    module = load(single_index(ERF))
    described = " ".join(str(module.__doc__).split())
    assert "Without residual coordinates: the loss of erf(sqrt(2)*z/2) is no polynomial" in described
    assert "Without barrier" in described
    assert not hasattr(module, "residual_drift")


def test_the_drift_does_not_share_memory_with_its_argument() -> None:
    linear = load(single_index(Z, Z**2 + Z / 2))
    x = np.ones((2, 3))
    for array in (*linear.drift(x, np.eye(1)), linear.deficits(x, np.eye(1))):
        assert not np.shares_memory(array, x)
    half = load(single_index(Z**2 / 2, Z**2 / 4))
    assert sympy.expand(single_index(Z**2 / 2, Z**2 / 4).B[0] - sympy.Symbol("u")) == 0
    assert not np.shares_memory(half.drift(x, np.eye(1))[1], x)


def test_noise_must_be_a_number_where_it_is_evaluated() -> None:
    noisy = Model("noisy", Z**2, Z**2, noise=sympy.Rational(1, 4))
    x, T = np.array([0.5, 0.2]), np.eye(1)
    assert load(noisy).loss(x, T) == load(phase_retrieval()).loss(x, T) + 0.25
    with pytest.raises(ModelError, match="give it a rational value"):
        generate_module(Model("noisy", Z**2, Z**2, noise=sympy.Symbol("sigma2")))


def test_no_general_power_is_left_in_the_text() -> None:
    """Squares alone: x**3 costs NumPy twenty products."""
    for source in (single_index(Z**8 - Z), single_index(ERF), NETWORK):
        _, code = generate_module(source).split("import numpy as np")
        assert set(re.findall(r"\*\* *\(?(-?\d+)", code)) <= {"2"}


def test_residuals_keep_their_relative_accuracy() -> None:
    """At p = −1e-20 residuals give the deficits to rounding, where overlaps give zero."""
    q, p, T = 1e-30, -1e-20, np.array([[1.0]])
    y = np.array([q, p])
    np.testing.assert_allclose(
        committed.residual_deficits(y, T)[:, 0], [1e-20, 2e-20 - 1e-30], rtol=1e-15, atol=0
    )
    assert committed.residual_loss(y, T) == pytest.approx(4e-30, rel=1e-9, abs=0)
    assert not committed.deficits(committed.statistics(y, T), T).any()


def test_extended_precision_is_kept() -> None:
    x = np.array([1, 1], dtype=np.longdouble) / 3
    T = np.array([[1]], dtype=np.longdouble)
    for array in (*committed.drift(x, T), *committed.residual_drift(x, T), committed.loss(x, T)):
        assert array.dtype == np.longdouble
    assert abs(committed.drift(x, T)[1][0, 0] - 8 * x[1]) == 0


def test_barrier_of_phase_retrieval() -> None:
    T = np.array([[1.7]])
    energies = np.linspace(0, 2, 20_001)
    losses = committed.loss(np.stack([energies, np.zeros_like(energies)]), T)
    assert committed.barrier(T) == pytest.approx(losses.min(), rel=1e-8)


def test_what_a_model_lacks_is_absent_and_named() -> None:
    module = load(COMMITTEE)
    assert not hasattr(module, "deficits")
    assert not hasattr(module, "residual_deficits")
    assert not hasattr(module, "barrier")
    assert module.ROTATIONS
    described = " ".join(str(module.__doc__).split())
    assert "Without deficits: deficits pair each student with one teacher, not 2 with 1" in described
    assert "Without barrier" in described
    assert module.drift(np.ones((5, 4)), np.eye(1))[1].shape == (2, 1, 4)


def test_an_unbound_symbol_fails_at_generation() -> None:
    s, stray = sympy.symbols("s stray")
    function = Function("f", "Return f.", {"x": sympy.Array([s])}, [Output("v", sympy.Array(s * stray))])
    with pytest.raises(UnboundSymbolError, match="f does not receive stray"):
        function.source()


def test_a_long_sum_is_one_term_a_line() -> None:
    symbols = sympy.symbols([f"a_rather_long_name_{j}" for j in range(8)])
    total = sum(symbols[2:]) - symbols[0] * (symbols[1] - symbols[2])
    function = Function(
        "f", "Return f.\nx (8).", {"x": sympy.Array(symbols)}, [Output("v", sympy.Array(total))]
    )
    module = ModuleType("generated")
    module.__dict__["np"] = np
    exec(function.source(), module.__dict__)
    x = np.arange(8.0) ** 2 + 1
    assert max(map(len, function.source().splitlines())) <= 110
    assert module.f(x) == x[2:].sum() - x[0] * (x[1] - x[2])


@pytest.mark.parametrize(
    "source",
    [phase_retrieval(), single_index((Z + 1) ** 6), NETWORK, *CLOSED_FORMS],
    ids=lambda model: model.name,
)
def test_generated_lines_fit(source: Model) -> None:
    assert max(map(len, generate_module(source).splitlines())) <= 110


def test_the_program_writes_the_module(tmp_path: Path) -> None:
    target = tmp_path / "module.py"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "theory.symbolic.generate", str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert target.read_text(encoding="utf-8") == generate_module(phase_retrieval())


@pytest.mark.parametrize("length", [1, 5, 36, 40])
def test_comments_keep_to_the_width(length: int) -> None:
    """Of modules and scripts, whatever the model is called; and they are filled as far as that."""
    named = replace(phase_retrieval(), name="m" * length)
    script = [line for line in generate_code(named, "javascript").splitlines() if line.startswith("//")]
    header = generate_module(named).split('"""')[1].splitlines()
    assert WIDTH - 12 < max(map(len, script)) <= WIDTH
    assert WIDTH - 12 < max(map(len, header)) <= WIDTH
