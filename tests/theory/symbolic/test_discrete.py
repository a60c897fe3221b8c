"""One step of descent on explicit modes, and one step of SGD against simulation."""

import numpy as np
import pytest
import sympy

from theory.symbolic import Model, ModelError, Statistic, Z, hierarchy, phase_retrieval, single_index
from theory.symbolic.discrete import BATCH, NOISE, STEP, StepMap, gradient_descent, online_sgd
from theory.symbolic.hierarchy import ORDER
from theory.symbolic.measure import SpectralMeasure

NETWORK = Model("network", Z**2, Z**2 + Z, (1, -1), (2,))
CUBIC = single_index(Z**3 - 3 * Z)
MODELS = [phase_retrieval(), CUBIC, NETWORK]
EIGENVALUES = [sympy.Rational(1), sympy.Rational(1, 2), sympy.Rational(1, 8)]


def by_name(model: Model) -> str:
    return model.name


def random_measure(model: Model, seed: int = 0) -> SpectralMeasure:
    rng = np.random.default_rng(seed)
    rows = [
        [
            [sympy.Rational(int(n), 16) for n in row]
            for row in rng.integers(-12, 13, (count, len(EIGENVALUES)))
        ]
        for count in (model.students, model.teachers)
    ]
    return SpectralMeasure(EIGENVALUES, *rows)


def overlap_values(model: Model, measure: SpectralMeasure) -> dict[sympy.Symbol, sympy.Rational]:
    blocks = (("S", model.overlaps.S), ("U", model.overlaps.U), ("T", model.overlaps.T))
    return {
        symbols[j, k]: measure.value(Statistic(name, j, k, 1))
        for name, symbols in blocks
        for j in range(symbols.rows)
        for k in range(symbols.cols)
    }


def predicted(step: StepMap, statistic: Statistic, measure: SpectralMeasure) -> sympy.Expr:
    """The change as a polynomial in η (and m, σ²) at a measure."""
    values = overlap_values(step.hierarchy.model, measure)
    return sympy.expand(
        sum(
            STEP**power * value.subs(values) * measure.value(key)
            for power, terms in step.change(statistic).items()
            for key, value in terms.items()
        )
    )


@pytest.mark.parametrize("model", MODELS, ids=by_name)
@pytest.mark.parametrize("order", [1, 3])
def test_descent_is_exact_on_explicit_modes(model: Model, order: int) -> None:
    """Move the weights themselves by −η∇L, in rationals: the difference vanishes identically in η."""
    measure = random_measure(model)
    values = overlap_values(model, measure)
    A, B = (matrix.subs(values) for matrix in model.drift)
    W, teacher = sympy.Matrix(measure.students), sympy.Matrix(measure.teachers)
    Q = sympy.diag(*EIGENVALUES)
    moved = W + STEP * (A * W + B * teacher) * Q
    step = gradient_descent(hierarchy(model))
    for entry in step.hierarchy.entries:
        partners = (moved, W) if entry.name == "S" else (teacher, teacher)
        after, before = moved * Q**order * partners[0].T, W * Q**order * partners[1].T
        change = (after - before)[entry.row, entry.column]
        assert sympy.expand(change - predicted(step, entry.at(order), measure)) == 0


@pytest.mark.parametrize("model", MODELS, ids=by_name)
@pytest.mark.parametrize("build", [gradient_descent, online_sgd])
def test_small_steps_are_the_flow(model: Model, build: object) -> None:
    tower = hierarchy(model)
    step = build(tower)
    for entry in tower.entries:
        derivative, first = tower.derivative(entry), step.change(entry)[1]
        assert derivative.keys() == first.keys()
        assert all(sympy.expand(derivative[key] - first[key]) == 0 for key in first)


def test_symbolic_order_of_phase_retrieval() -> None:
    """s^(k) gains η² |A Qw + B Qw*|² weighted by Q^k."""
    s, u, t = sympy.symbols("s u t")
    A, B = 4 * (t - 3 * s), 8 * u
    s_of, u_of, t_of = (sympy.Function(name) for name in "sut")
    order = ORDER + 2
    by_hand = A**2 * s_of(order) + 2 * A * B * u_of(order) + B**2 * t_of(order)
    change = gradient_descent(hierarchy(phase_retrieval())).expression(Statistic("S", 0, 0, ORDER))
    assert sympy.expand(change.coeff(STEP, 2) - by_hand) == 0


def test_large_batches_are_descent() -> None:
    tower = hierarchy(NETWORK)
    sgd, descent = online_sgd(tower), gradient_descent(tower)
    for entry in tower.entries:
        difference = sympy.expand(sgd.expression(entry) - descent.expression(entry))
        assert (difference != 0) == (entry.name == "S")
        assert BATCH not in sympy.expand(BATCH * difference).free_symbols


def test_noise_enters_through_the_slope_only() -> None:
    """4σ² E[f'(z)² xᵀQ^k x] = 16σ² E[z² xᵀQ^k x] = 16σ² (s tr Q^{k+1} + 2 s^(k+2)) for the square."""
    change = online_sgd(hierarchy(phase_retrieval()), batch=1).expression(Statistic("S", 0, 0, ORDER))
    D, s_of = sympy.Function("D"), sympy.Function("s")
    by_hand = 16 * STEP**2 * (sympy.Symbol("s") * D(ORDER + 1) + 2 * s_of(ORDER + 2))
    assert sympy.expand(change.diff(NOISE) - by_hand) == 0


def sgd_step(
    model: Model, measure: SpectralMeasure, x: np.ndarray, noise: np.ndarray, eta: float
) -> np.ndarray:
    """The weights (n, K, d) after one step on batches x (n, m, d) with label noise (n, m)."""
    W, teacher = np.array(measure.students, float), np.array(measure.teachers, float)
    z = x @ W.T
    error = output(model.student_link, model.student_weights, z)
    error = error - output(model.teacher_link, model.teacher_weights, x @ teacher.T) - noise
    slope = sympy.lambdify(Z, model.student_link.diff(Z))(z) * np.array(model.student_weights, float)
    return W - eta * np.einsum("nb,nbj,nbi->nji", 2 * error, slope, x) / x.shape[1]


def changes(entry: Statistic, order: int, measure: SpectralMeasure, moved: np.ndarray) -> np.ndarray:
    """The change (n,) of a statistic in every sampled step."""
    W, teacher = np.array(measure.students, float), np.array(measure.teachers, float)
    partners = (moved, W) if entry.name == "S" else (teacher[None], teacher)
    weights = np.array(EIGENVALUES, float) ** order
    after = (moved[:, entry.row] * weights * partners[0][:, entry.column]).sum(axis=1)
    return after - (W[entry.row] * weights * partners[1][entry.column]).sum()


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_mean_step_of_sgd_agrees_with_quadrature(model: Model) -> None:
    """Gauss–Hermite over the three inputs, exact for the polynomials at hand, and two values of the noise."""
    eta, noise = 0.25, 0.3
    measure = random_measure(model, seed=2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    grid = np.stack(np.meshgrid(*[nodes] * 3, [-1.0, 1.0], indexing="ij")).reshape(4, -1).T
    density = np.stack(np.meshgrid(*[weights] * 3, [1.0, 1.0], indexing="ij")).reshape(4, -1).prod(axis=0)
    x = grid[:, None, :3] * np.sqrt(np.array(EIGENVALUES, float))
    moved = sgd_step(model, measure, x, np.sqrt(noise) * grid[:, 3:], eta)
    step = online_sgd(hierarchy(model))
    for entry in step.hierarchy.entries:
        for order in (1, 2):
            polynomial = predicted(step, entry.at(order), measure)
            exact = float(polynomial.subs({STEP: eta, NOISE: noise, BATCH: 1}))
            mean = changes(entry, order, measure, moved) @ density / density.sum()
            assert exact == pytest.approx(float(mean), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(
    ("model", "eta"), [(phase_retrieval(), 0.05), (single_index(Z**2 + Z), 0.05), (NETWORK, 0.05)]
)
@pytest.mark.parametrize("batch", [1, 3])
def test_mean_step_of_sgd_agrees_with_simulation(model: Model, eta: float, batch: int) -> None:
    """Orders one and two of every entry, five standard errors; the η² part must be visible against them."""
    samples, noise = 600_000 // batch, 0.3
    measure = random_measure(model, seed=3)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(samples, batch, len(EIGENVALUES))) * np.sqrt(np.array(EIGENVALUES, float))
    moved = sgd_step(model, measure, x, np.sqrt(noise) * rng.normal(size=(samples, batch)), eta)
    step = online_sgd(hierarchy(model))
    visible = 0
    for entry in step.hierarchy.entries:
        for order in (1, 2):
            sampled = changes(entry, order, measure, moved)
            polynomial = predicted(step, entry.at(order), measure).subs({NOISE: noise, BATCH: batch})
            standard_error = sampled.std() / np.sqrt(samples)
            assert abs(sampled.mean() - float(polynomial.subs(STEP, eta))) < 5 * standard_error
            visible += float(polynomial.coeff(STEP, 2)) * eta**2 > 8 * standard_error
    assert visible


def output(link: sympy.Expr, weights: tuple[sympy.Rational, ...], z: np.ndarray) -> np.ndarray:
    return sympy.lambdify(Z, link)(z) @ np.array(weights, float)


def test_only_gaussian_inputs() -> None:
    class Other(Model):
        pass

    with pytest.raises(ModelError, match="for Gaussian inputs and plain units only"):
        online_sgd(hierarchy(Other("other", Z**2, Z**2)))
