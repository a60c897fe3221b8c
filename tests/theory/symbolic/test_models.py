"""Loss and drift against the paper, quadrature, simulation and differentiation in the weights."""

import numpy as np
import pytest
import sympy

from theory.symbolic import Model, ModelError, Z, phase_retrieval, single_index

QUADRATIC_NETWORK = Model(
    "quadratic network", Z**2, Z**2, (1, sympy.Rational(-1, 2)), (sympy.Rational(3, 2), 1)
)
CUBIC_NETWORK = Model("cubic network", Z**3 - 2 * Z + 1, Z**2 + Z, (1, 2), (sympy.Rational(1, 3),))
MODELS = [phase_retrieval(), single_index(Z**3 - 3 * Z), QUADRATIC_NETWORK, CUBIC_NETWORK]
DIMENSION = 3


def by_name(model: Model) -> str:
    return model.name


def weights(model: Model, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return random W (K × d), W* (M × d) and a positive-definite Q."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(DIMENSION, DIMENSION))
    W = 0.5 * rng.normal(size=(model.students, DIMENSION))
    teacher = 0.5 * rng.normal(size=(model.teachers, DIMENSION))
    return W, teacher, root @ root.T / DIMENSION + np.eye(DIMENSION) / 2


def overlap_values(
    model: Model, W: np.ndarray, teacher: np.ndarray, Q: np.ndarray
) -> dict[sympy.Symbol, float]:
    symbols = model.overlaps
    matrices = (
        (symbols.S, W @ Q @ W.T),
        (symbols.U, W @ Q @ teacher.T),
        (symbols.T, teacher @ Q @ teacher.T),
    )
    return {
        symbol: value for names, array in matrices for symbol, value in zip(names, array.ravel(), strict=True)
    }


def squared_error(model: Model, W: np.ndarray, teacher: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (student − teacher)² on the columns of x."""
    student_link = sympy.lambdify(Z, model.student_link)
    teacher_link = sympy.lambdify(Z, model.teacher_link)
    student = np.array(model.student_weights, dtype=float) @ student_link(W @ x)
    error: np.ndarray = student - np.array(model.teacher_weights, dtype=float) @ teacher_link(teacher @ x)
    return error**2


def quadrature_loss(model: Model, W: np.ndarray, teacher: np.ndarray, Q: np.ndarray) -> float:
    """Return E[(student − teacher)²] by a Gauss–Hermite rule that is exact up to degree 13."""
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(7)
    grid = np.stack(np.meshgrid(*[nodes] * DIMENSION, indexing="ij")).reshape(DIMENSION, -1)
    products = np.stack(np.meshgrid(*[node_weights] * DIMENSION, indexing="ij"))
    density = products.reshape(DIMENSION, -1).prod(axis=0)
    inputs = np.linalg.cholesky(Q) @ grid
    return float(squared_error(model, W, teacher, inputs) @ density / density.sum())


def test_p1_loss_of_phase_retrieval() -> None:
    model = phase_retrieval()
    s, u, t = *model.overlaps.statistics, model.overlaps.T[0]
    assert model.loss == 3 * s**2 + 3 * t**2 - 4 * u**2 - 2 * s * t


def test_drift_of_phase_retrieval() -> None:
    model = phase_retrieval()
    s, u, t = *model.overlaps.statistics, model.overlaps.T[0]
    assert sympy.expand(model.A[0] - 4 * (t - 3 * s)) == 0
    assert model.B[0] == 8 * u


def test_expressions_are_read_back_from_their_text() -> None:
    model = single_index(Z**3 - 3 * Z)
    for expression in (model.loss, model.A[0], model.B[0]):
        assert sympy.sympify(str(expression)) == expression


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_loss_agrees_with_quadrature(model: Model) -> None:
    W, teacher, Q = weights(model)
    exact = float(model.loss.subs(overlap_values(model, W, teacher, Q)))
    assert exact == pytest.approx(quadrature_loss(model, W, teacher, Q), rel=1e-11)


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_drift_is_the_negative_gradient_of_the_loss_in_the_weights(model: Model) -> None:
    """Central differences of the quadrature loss in every weight."""
    W, teacher, Q = weights(model, seed=1)
    values = overlap_values(model, W, teacher, Q)
    A, B = (np.array(matrix.subs(values), dtype=float) for matrix in model.drift)
    flow = A @ W @ Q + B @ teacher @ Q

    step = 1e-5
    differences = np.empty_like(W)
    for index in np.ndindex(W.shape):
        shift = np.zeros_like(W)
        shift[index] = step
        rise = quadrature_loss(model, W + shift, teacher, Q)
        differences[index] = (rise - quadrature_loss(model, W - shift, teacher, Q)) / (2 * step)
    np.testing.assert_allclose(flow, -differences, rtol=0, atol=1e-7 * np.abs(flow).max())


def test_drift_is_the_symbolic_gradient_of_a_network() -> None:
    """K = M = 2 with Q = I in two dimensions, where the weights themselves can stay symbols."""
    model = QUADRATIC_NETWORK
    W = sympy.Matrix(2, 2, sympy.symbols("w11 w12 w21 w22"))
    teacher = sympy.Matrix(2, 2, sympy.symbols("v11 v12 v21 v22"))
    overlaps = model.overlaps
    values = {
        **dict(zip(overlaps.S, W * W.T, strict=True)),
        **dict(zip(overlaps.U, W * teacher.T, strict=True)),
        **dict(zip(overlaps.T, teacher * teacher.T, strict=True)),
    }
    gradient = W.applyfunc(model.loss.subs(values).diff)
    flow = model.A.subs(values) * W + model.B.subs(values) * teacher
    assert (flow + gradient).expand().is_zero_matrix


def test_loss_and_gradient_of_phase_retrieval_agree_with_simulation() -> None:
    """Two hundred thousand samples, five standard errors."""
    model = phase_retrieval()
    W, teacher, Q = weights(model, seed=2)
    values = overlap_values(model, W, teacher, Q)
    x = np.random.default_rng(3).multivariate_normal(np.zeros(DIMENSION), Q, size=200_000).T
    losses = squared_error(model, W, teacher, x)
    gradients = 4 * ((W[0] @ x) ** 2 - (teacher[0] @ x) ** 2) * (W[0] @ x) * x
    flow = float(model.A[0].subs(values)) * Q @ W[0] + float(model.B[0].subs(values)) * Q @ teacher[0]

    exact = [float(model.loss.subs(values)), *-flow]
    for samples, expected in zip([losses, *gradients], exact, strict=True):
        standard_error = samples.std() / np.sqrt(samples.size)
        assert abs(samples.mean() - expected) < 5 * standard_error
        assert standard_error < 0.05 * max(map(abs, exact))


@pytest.mark.parametrize("bad", [(), (0,), (float("nan"),), (sympy.I,)])
def test_weights_must_be_nonzero_real_numbers(bad: tuple[object, ...]) -> None:
    with pytest.raises(ModelError, match="student_weights must be non-zero"):
        Model("bad", Z, Z, student_weights=bad)


def test_weights_are_kept_as_they_are_given() -> None:
    model = Model("mixed", Z**2, Z**2, (sympy.sqrt(2), 0.25), (sympy.Rational(1, 3),))
    S11, U11, T11 = model.overlaps.S[0, 0], model.overlaps.U[0, 0], model.overlaps.T[0, 0]
    assert model.loss.coeff(S11**2) == 6
    assert model.loss.coeff(U11**2) == -4 * sympy.sqrt(2) / 3
    assert float(model.loss.coeff(model.overlaps.S[1, 1] ** 2)) == 3 / 16
    assert model.loss.coeff(T11**2) == sympy.Rational(1, 3)


@pytest.mark.parametrize("bad", [-1, 0.5, sympy.Symbol("a") + 1, sympy.sqrt(2)])
def test_noise_must_be_a_variance(bad: object) -> None:
    with pytest.raises(ModelError, match="noise must be a non-negative rational or a symbol"):
        Model("bad", Z, Z, noise=bad)


def test_noise_is_no_overlap() -> None:
    with pytest.raises(ModelError, match="call it sigma2"):
        Model("bad", Z, Z, noise=sympy.Symbol("s"))


def test_models_with_equal_fields_are_equal() -> None:
    assert single_index(Z**2) == Model(str(Z**2), Z**2, Z**2)
    assert single_index(Z**2) != single_index(Z**2, Z**4)
