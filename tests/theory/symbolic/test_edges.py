"""Edges at which symbols, types and inputs used to slip: one name one symbol, exact input, named errors."""

import numpy as np
import pytest
import sympy

from numerics.generated import phase_retrieval as generated
from numerics.problems.covariance import from_covariance
from theory.symbolic import (
    IndependentModel,
    LinkError,
    MeasureError,
    Model,
    ModelError,
    NonGaussianError,
    NotCriticalError,
    SpectralMeasure,
    UndecidedError,
    Z,
    complex_phase_retrieval,
    critical_points,
    hierarchy,
    linearise,
    linearise_along,
    network_hessian,
    online_sgd,
    parse_link,
    phase_retrieval,
    single_index,
)
from theory.symbolic.closures import ClosureError, GaussQuadrature, close
from theory.symbolic.codegen import generate_module

UNEQUAL = [(Z**2, Z**4), (Z**3, Z), (Z**4, Z**2), (Z**2, Z**3), (Z**2, Z)]


@pytest.mark.parametrize(("student", "teacher"), UNEQUAL, ids=str)
def test_critical_points_hold_the_models_own_energy(student, teacher):
    model = single_index(student, teacher)
    (t,) = model.overlaps.T
    for point in critical_points(model):
        values = (point.multiple or sympy.S.Zero, point.s, point.u, *point.spectrum)
        assert set().union(*(value.free_symbols for value in values)) <= {t}
        if point.multiple is not None:
            ray = {model.overlaps.S[0]: point.s, model.overlaps.U[0]: point.u, t: 2}
            force = (point.multiple * model.A[0] + model.B[0]).subs(ray).subs(t, 2)
            assert abs(sympy.N(force)) < 1e-12


def test_linearisation_away_from_unit_multiples_is_a_dense_jacobian():
    """Z² learning Z⁴: the multiple is √(5t), and the form is a number times t."""
    model = single_index(Z**2, Z**4)
    point = [found for found in linearise(model) if found.multiple not in (0, None)][-1]
    eigenvalues, teacher = np.array([1.0, 0.5]), np.array([1.0, 0.7])
    energy = eigenvalues @ teacher**2
    (t,) = model.overlaps.T
    gain, force = (sympy.lambdify((*model.overlaps.statistics, t), entry[0]) for entry in model.drift)

    def velocity(w):
        s, u = eigenvalues @ w**2, eigenvalues @ (w * teacher)
        return eigenvalues * (gain(s, u, energy) * w + force(s, u, energy) * teacher)

    rest = float(point.multiple.subs(t, sympy.Float(energy, 30))) * teacher
    assert np.abs(velocity(rest)).max() < 1e-12
    step = 1e-5
    dense = np.array([(velocity(rest + h) - velocity(rest - h)) / (2 * step) for h in step * np.eye(2)]).T
    measure = SpectralMeasure([1, "0.5"], [[0, 0]], [[1, "0.7"]])
    found = [complex(value) for value in point.spectrum(measure).reduced.evalf().eigenvals(multiple=True)]
    assert sorted(value.real for value in found) == pytest.approx(
        sorted(np.linalg.eigvals(dense).real), rel=1e-6
    )


def test_high_degrees_are_undecided_at_once():
    with pytest.raises(UndecidedError):
        critical_points(single_index(Z**5))


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64, np.longdouble])
def test_integer_states_are_not_truncated(dtype):
    found = generated.deficits(np.array([1, 0], dtype), np.array([[3.0]]))
    assert found.ravel().tolist() == pytest.approx([1.0, 2.0 / 3.0], rel=1e-6)


def test_independent_inputs_keep_the_noise():
    noisy = Model("noisy", Z**2, Z**2, noise=sympy.Rational(1, 2))
    assert IndependentModel(noisy, (0, 0)).extra_loss == 0


@pytest.mark.parametrize("ask", [generate_module, network_hessian])
def test_independent_inputs_are_refused_by_name(ask):
    with pytest.raises((NonGaussianError, TypeError), match=r"model|phase retrieval"):
        ask(IndependentModel(phase_retrieval(), (0, 1)))


def test_complex_flow_is_twice_the_networks():
    """Students (a, b), (−b, a) on (g₁, g₂)/√2 with the square: per row half of the complex velocity."""
    rng = np.random.default_rng(5)
    a, b, star = rng.standard_normal((3, 4))
    eigenvalues = np.array([1.0, 0.6, 0.3, 0.1])
    w = a + 1j * b
    model = complex_phase_retrieval()
    overlap = np.sum(eigenvalues * np.conj(w) * star)
    values = dict(
        zip(model.overlaps.statistics, (np.sum(eigenvalues * abs(w) ** 2), abs(overlap)), strict=True)
    )
    values[model.overlaps.T[0]] = np.sum(eigenvalues * star**2)
    gain, force = (float(entry[0].subs(values)) for entry in model.drift)
    complex_velocity = eigenvalues * (gain * w + force * np.conj(overlap) / abs(overlap) * star)

    def loss(a, b):
        """E[(|w†x|² − |w*†x|²)²] through the 8 × 8 real quadratic form M: (tr M)² + 2 tr M²."""
        rows = np.array([np.concatenate([a, b]), np.concatenate([-b, a])]) / np.sqrt(2)
        target = np.array([np.concatenate([star, 0 * star]), np.concatenate([0 * star, star])]) / np.sqrt(2)
        root = np.sqrt(np.concatenate([eigenvalues, eigenvalues]))
        form = (rows * root).T @ (rows * root) - (target * root).T @ (target * root)
        return np.trace(form) ** 2 + 2 * np.trace(form @ form)

    step = 1e-6
    slope = np.array([(loss(a + h, b) - loss(a - h, b)) / (2 * step) for h in step * np.eye(4)])
    assert complex_velocity.real == pytest.approx(-slope, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "z**True",
        "+".join(["z"] * 2000),
        "-" * 3000 + "z",
        "(((((9**32)**32)**32)**32)**32)*z",
        "z + 1e-400*z**2",
    ],
    ids=["boolean", "long sum", "many signs", "tower of powers", "tiny decimal"],
)
def test_links_that_cannot_be_read(text):
    with pytest.raises(LinkError):
        parse_link(text)


def test_decimals_are_read_to_the_last_digit():
    assert parse_link("0.12345678901234567890123*z") == sympy.Rational("0.12345678901234567890123") * Z


def test_text_is_no_link():
    with pytest.raises(TypeError, match="parse_link"):
        single_index("z**2")


@pytest.mark.parametrize(("link", "multiple"), [(sympy.Abs(Z), 1), (sympy.Abs(Z), 0)], ids=str)
def test_kinks_have_no_linearisation(link, multiple):
    with pytest.raises(NotCriticalError, match="not twice differentiable"):
        linearise_along(single_index(link), multiple)


def test_noise_of_sgd_has_one_source():
    noisy = Model("noisy", Z**2, Z**2, noise=sympy.Rational(1, 2))
    entry = hierarchy(noisy).entries[0]
    changes = online_sgd(hierarchy(noisy), batch=1).change(entry)[2]
    assert not any(str(symbol) == "sigma2" for value in changes.values() for symbol in value.free_symbols)
    with pytest.raises(ModelError, match="label noise"):
        online_sgd(hierarchy(noisy), noise=1)


@pytest.mark.parametrize("batch", [0, -1, sympy.Rational(1, 2)])
def test_batches_are_positive_integers(batch):
    with pytest.raises(ModelError, match="batch"):
        online_sgd(hierarchy(phase_retrieval()), batch=batch)


def test_noise_cannot_bear_an_overlaps_name():
    with pytest.raises(ModelError, match="overlap"):
        Model("noisy", Z**2, Z**2, noise=sympy.Symbol("s", positive=True))


@pytest.mark.parametrize("name", ['a"b', "two\nlines", "\\x"])
def test_names_fit_into_a_docstring(name):
    with pytest.raises(ModelError, match="name"):
        Model(name, Z**2, Z**2)


def test_few_samples_leave_exact_zeros():
    samples = np.random.default_rng(1).standard_normal((20, 60))
    problem = from_covariance(samples.T @ samples / 20, np.ones(60), np.ones(60) / 60)
    assert np.count_nonzero(problem.eigenvalues) == 20


def test_complex_covariance_is_refused():
    with pytest.raises(ValueError, match="complex"):
        from_covariance(np.array([[2, 1j], [-1j, 2]]), [1, 0], [0, 1])


def test_measures_without_moving_mass():
    still = SpectralMeasure([0, 0], [[1, 1]], [[1, 0]])
    with pytest.raises(ClosureError, match="no mass"):
        close(hierarchy(phase_retrieval()), GaussQuadrature(still, blocks=1))


@pytest.mark.parametrize("values", [["abc"], ["nan"], []])
def test_measures_of_other_things(values):
    with pytest.raises(MeasureError):
        SpectralMeasure(values, [[1] * len(values)], [[1] * len(values)])
