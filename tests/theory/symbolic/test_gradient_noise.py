"""The covariance of one sample's gradient: against Gaussian quadrature, and the module that evaluates it."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import sympy

from numerics.generated import load_module
from theory.symbolic import Model, ModelError, Z, phase_retrieval, quadratic_network, single_index
from theory.symbolic.gradient_noise import generate_noise_module

ROOT = Path(__file__).parents[3]
EIGENVALUES = np.array([0.7, 0.3])
TEACHER = np.array([0.9, -1.1])
NOISE = 0.3


def covariance_by_quadrature(link, w):
    """Cov of 2 (f(w·x) − f(w*·x) − ξ) f'(w·x) x over x ~ N(0, Q): exact for polynomials of this degree."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    weights = np.outer(weights, weights).ravel() / (2 * np.pi)
    g = np.stack(np.meshgrid(nodes, nodes, indexing="ij")).reshape(2, -1)
    x = np.sqrt(EIGENVALUES)[:, None] * g
    f, slope = (sympy.lambdify(Z, part, "numpy") for part in (link, link.diff(Z)))
    student, teacher = w @ x, TEACHER @ x
    error, steep = f(student) - f(teacher), 2.0 * slope(student)
    second = (x * (weights * (error**2 + NOISE) * steep**2)) @ x.T
    mean = x @ (weights * error * steep)
    return second - np.outer(mean, mean)


def covariance_of(values, y):
    """V Q + Q (a yyᵀ + b (yw*ᵀ + w*yᵀ)/2 + c w*w*ᵀ) Q."""
    V, own, cross, fixed = values
    outer = np.outer(y, TEACHER)
    Q = np.diag(EIGENVALUES)
    inner = own * np.outer(y, y) + 0.5 * cross * (outer + outer.T) + fixed * np.outer(TEACHER, TEACHER)
    return V * Q + Q @ inner @ Q


@cache
def module_of(link):
    return load_module(generate_noise_module(single_index(link)))


@pytest.mark.parametrize("link", [Z**2, Z**3 - Z], ids=str)
@pytest.mark.parametrize("w", [[0.4, 0.2], [-1.0, 0.7], [0.95, -1.0]], ids=str)
def test_against_quadrature_in_both_charts(link, w):
    module, w = module_of(link), np.array(w)
    energy = np.array([[EIGENVALUES @ TEACHER**2]])
    exact = covariance_by_quadrature(link, w)
    for y, name in ((w, "gradient_noise"), (w - TEACHER, "residual_gradient_noise")):
        statistics = np.array([EIGENVALUES @ y**2, (EIGENVALUES * y) @ TEACHER])
        inputs, labels = getattr(module, name)(statistics, energy)
        found = covariance_of(inputs + NOISE * labels, y)
        assert np.abs(found - exact).max() < 1e-12 * np.abs(exact).max()


@pytest.mark.parametrize("name", ["gradient_noise", "residual_gradient_noise"])
def test_derivatives(name):
    """Central differences: polynomials of degree three, to the square of the step."""
    module, step = load_module(generate_noise_module(phase_retrieval())), 1e-4
    x, energy = np.array([0.6, -0.3]), np.array([[1.3]])
    slopes = getattr(module, f"{name}_jacobian")(x, energy)
    for row in range(2):
        change = step * np.eye(2)[row]
        ends = [getattr(module, name)(x + sign * change, energy) for sign in (1, -1)]
        for part in range(2):
            differences = (ends[0][part] - ends[1][part]) / (2 * step)
            assert slopes[part][:, row] == pytest.approx(differences, rel=1e-5, abs=1e-5)


def test_the_committed_module_is_the_generated_one():
    text = (ROOT / "numerics/generated/phase_retrieval_noise.py").read_text(encoding="utf-8")
    assert text == generate_noise_module(phase_retrieval())


def test_a_flow_that_does_not_rest_at_the_teacher_has_no_residual_functions():
    module = load_module(generate_noise_module(single_index(Z**2, 2 * Z**2)))
    assert hasattr(module, "gradient_noise")
    assert not hasattr(module, "residual_gradient_noise")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (quadratic_network(2, 1), "one student and teacher"),
        (single_index(sympy.erf(Z)), "polynomial links only"),
        (Model("noisy", Z**2, Z**2, noise=sympy.Rational(1, 10)), "has label noise 1/10 already"),
    ],
    ids=["network", "erf", "noisy"],
)
def test_models_without_a_covariance(model, message):
    with pytest.raises(ModelError, match=message):
        generate_noise_module(model)
