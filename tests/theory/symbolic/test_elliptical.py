"""Elliptical inputs against exact expectations over a two-point radius and a Gaussian rule."""

from dataclasses import dataclass

import numpy as np
import pytest
import sympy

from theory.symbolic import ModelError, Z, critical_points, hierarchy, phase_retrieval
from theory.symbolic.discrete import online_sgd
from theory.symbolic.elliptical import EllipticalModel, student_radial_moments

RADII, CHANCES = (sympy.Rational(1, 2), sympy.Integer(2)), (sympy.Rational(4, 5), sympy.Rational(1, 5))
MOMENTS = tuple(sum(p * r ** (2 * n) for r, p in zip(RADII, CHANCES, strict=True)) for n in (1, 2, 3))
CASES = [(Z**2, Z**2), (Z**2 + Z, Z**3 - 2 * Z), (Z**3 - 3 * Z + 1, Z**3 - 3 * Z)]


@dataclass
class Setting:
    """Two inputs, weights and the overlaps that these have."""

    w: np.ndarray
    teacher: np.ndarray
    eigenvalues: np.ndarray

    @property
    def overlaps(self) -> tuple[float, float, float]:
        pairs = ((self.w, self.w), (self.w, self.teacher), (self.teacher, self.teacher))
        return tuple(float(self.eigenvalues @ (a * b)) for a, b in pairs)


SETTING = Setting(np.array([0.5, -0.3]), np.array([0.7, 0.4]), np.array([1.0, 0.25]))


def exact_loss(student: sympy.Expr, teacher: sympy.Expr, w: np.ndarray) -> float:
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    g = np.stack(np.meshgrid(nodes, nodes)).reshape(2, -1)
    density = np.outer(weights, weights).ravel() / weights.sum() ** 2
    f, h = sympy.lambdify(Z, student), sympy.lambdify(Z, teacher)
    x = np.sqrt(SETTING.eigenvalues)[:, None] * g
    losses = [(f(float(r) * w @ x) - h(float(r) * SETTING.teacher @ x)) ** 2 @ density for r in RADII]
    return float(sum(float(p) * loss for p, loss in zip(CHANCES, losses, strict=True)))


@pytest.mark.parametrize(("student", "teacher"), CASES, ids=str)
def test_loss_and_drift_agree_with_expectation(student: sympy.Expr, teacher: sympy.Expr) -> None:
    model = EllipticalModel("elliptical", student, teacher, radial_moments=MOMENTS)
    values = dict(zip((*model.overlaps.statistics, *model.overlaps.T), SETTING.overlaps, strict=True))
    w = SETTING.w
    assert float(model.loss.subs(values)) == pytest.approx(exact_loss(student, teacher, w), rel=1e-12)
    A, B = (float(matrix[0].subs(values)) for matrix in model.drift)
    flow = SETTING.eigenvalues * (A * w + B * SETTING.teacher)
    step = 1e-5
    for i, shift in enumerate(step * np.eye(2)):
        rise = exact_loss(student, teacher, w + shift) - exact_loss(student, teacher, w - shift)
        assert flow[i] == pytest.approx(-rise / (2 * step), rel=1e-7)


def test_constant_radius_is_gaussian() -> None:
    gaussian = phase_retrieval()
    assert EllipticalModel("same", Z**2, Z**2, radial_moments=(1, 1)).loss == gaussian.loss


def test_phase_retrieval_only_changes_its_unit_of_time() -> None:
    model = EllipticalModel("heavy tails", Z**2, Z**2, radial_moments=(1, sympy.Symbol("rho")))
    gaussian = phase_retrieval()
    assert sympy.expand(model.loss - sympy.Symbol("rho") * gaussian.loss) == 0
    assert (model.A - sympy.Symbol("rho") * gaussian.A).expand().is_zero_matrix


def test_everything_downstream_applies() -> None:
    model = EllipticalModel("t", Z**2, Z**2, radial_moments=student_radial_moments(10, 2))
    assert [(point.s, point.kind) for point in critical_points(model)] == [
        (point.s, point.kind) for point in critical_points(phase_retrieval())
    ]
    assert hierarchy(model).derivative(hierarchy(model).entries[1])


def test_constant_radius_rescales_the_weights() -> None:
    """r² = 1/2 halves S, U and T; the moments' inequality is an equality there."""
    half = sympy.Rational(1, 2)
    model = EllipticalModel("smaller", Z**2, Z**2, radial_moments=(half, half**2))
    assert sympy.expand(4 * model.loss - phase_retrieval().loss) == 0


@pytest.mark.parametrize(("freedom", "count"), [(12, 3), (5, 2), (7, 3)])
def test_student_moments_are_those_of_the_law(freedom: int, count: int) -> None:
    """E[((ν − 2)/χ²)^n] by integrating the density, up to the last moment that exists."""
    v, half = sympy.Symbol("v", positive=True), sympy.Rational(freedom, 2)
    density = v ** (half - 1) * sympy.exp(-v / 2) / (2**half * sympy.gamma(half))
    for n, moment in enumerate(student_radial_moments(freedom, count), start=1):
        integral = sympy.integrate(((freedom - 2) / v) ** n * density, (v, 0, sympy.oo))
        assert sympy.simplify(integral - moment) == 0


@pytest.mark.parametrize(
    ("moments", "message"),
    [
        ((1,), "needs the 2 radial moments"),
        ((1, -1), "must be positive"),
        ((2, 1), "no radius has"),
        ((2, 3), "no radius has"),
    ],
)
def test_impossible_radii_are_refused(moments: tuple[int, ...], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        EllipticalModel("bad", Z**2, Z**2, radial_moments=moments)


def test_missing_moments_and_gaussian_only_results_are_refused() -> None:
    with pytest.raises(ModelError, match="no radial moment of order 4"):
        student_radial_moments(4, 2)
    with pytest.raises(ModelError, match="for Gaussian inputs and plain units only"):
        online_sgd(hierarchy(EllipticalModel("t", Z**2, Z**2, radial_moments=(1, 2))))
