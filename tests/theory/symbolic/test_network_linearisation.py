"""Linearised networks against dense Jacobians of the flow; the secular determinant against the operator."""

import numpy as np
import pytest
import sympy

from theory.symbolic import (
    Model,
    NotCriticalError,
    Z,
    linearise_along,
    linearise_anywhere,
    linearise_network,
    phase_retrieval,
    quadratic_network,
    single_index,
)

EIGENVALUES = [sympy.Integer(1), sympy.Rational(1, 2), sympy.Rational(1, 2), sympy.Rational(1, 5)]
TEACHERS = [[1, sympy.Rational(-1, 2), 0, 2], [0, 1, sympy.Rational(3, 2), sympy.Rational(1, 3)]]
ZERO, SWAP = sympy.zeros(2, 2), sympy.Matrix([[0, 1], [1, 0]])
CUBIC = Model("cubic", Z**3 - Z, Z**3 - Z, (1, 1), (1, 1))
WEIGHTED = Model("weighted", Z**2 + Z, Z**2 + Z, (1, -2), (1, -2))
CASES = [
    (quadratic_network(2, 2), None),
    (quadratic_network(2, 2), ZERO),
    (quadratic_network(2, 2), SWAP),
    (quadratic_network(2, 2), -sympy.eye(2)),
    (CUBIC, None),
    (CUBIC, SWAP),
    (WEIGHTED, None),
]


def velocity(model, W, eigenvalues, star):
    """Ẇ from the drift, evaluated at the overlaps of W."""
    S, U, T = W * eigenvalues @ W.T, W * eigenvalues @ star.T, star * eigenvalues @ star.T
    overlaps = model.overlaps
    names = [*overlaps.S, *overlaps.U, *overlaps.T]
    values = dict(zip(names, [*S.ravel(), *U.ravel(), *T.ravel()], strict=True))
    gain, force = (np.array(entry.subs(values).tolist(), dtype=float) for entry in model.drift)
    return (gain @ W + force @ star) * eigenvalues


def jacobian(model, rest, eigenvalues, star):
    """Central differences of the velocity, V by rows."""
    step, dense = 1e-5, []
    for index in range(rest.size):
        h = np.zeros(rest.size)
        h[index] = step
        h = h.reshape(rest.shape)
        forward, backward = (velocity(model, rest + sign * h, eigenvalues, star) for sign in (1, -1))
        dense.append(((forward - backward) / (2 * step)).ravel())
    return np.array(dense).T


@pytest.mark.parametrize(("model", "mixture"), CASES, ids=lambda value: str(value)[:40])
def test_operator_is_the_jacobian(model, mixture):
    eigenvalues, star = np.array(EIGENVALUES, dtype=float), np.array(TEACHERS, dtype=float)
    point = linearise_network(model, mixture)
    rest = np.array((sympy.eye(2) if mixture is None else mixture).tolist(), dtype=float) @ star
    assert np.abs(velocity(model, rest, eigenvalues, star)).max() < 1e-12
    dense = jacobian(model, rest, eigenvalues, star)
    operator = np.array(point.operator(EIGENVALUES, TEACHERS).tolist(), dtype=float)
    assert operator == pytest.approx(dense, abs=1e-6 * np.abs(operator).max())


@pytest.mark.parametrize(("model", "mixture"), CASES[:3], ids=lambda value: str(value)[:40])
def test_secular_determinant_is_the_quotient_of_characteristic_polynomials(model, mixture):
    """det(ρ − M) = Π_i det(ρ − λ_i A₀) × the secular determinant, at a few rational ρ."""
    point = linearise_network(model, mixture)
    operator = point.operator(EIGENVALUES, TEACHERS)
    gain, _ = point.at(EIGENVALUES, TEACHERS)
    for rho in (sympy.Rational(7, 3), sympy.Integer(-11)):
        poles = sympy.prod((rho * sympy.eye(2) - value * gain).det() for value in EIGENVALUES)
        whole = (rho * sympy.eye(operator.rows) - operator).det()
        assert sympy.expand(whole - poles * point.secular(rho, EIGENVALUES, TEACHERS)) == 0


@pytest.mark.parametrize("alpha", [-1, 0, 1])
def test_one_by_one_is_the_single_index_linearisation(alpha):
    single = linearise_along(phase_retrieval(), alpha)
    network = linearise_network(phase_retrieval(), sympy.Matrix([[alpha]]))
    assert network.gain[0] == single.rate
    assert network.feedback[0] == single.form[0]


def test_points_that_are_not_critical():
    with pytest.raises(NotCriticalError, match="no critical point"):
        linearise_network(single_index(Z**2 + Z), sympy.zeros(1, 1))
    with pytest.raises(NotCriticalError, match="students by teachers"):
        linearise_network(quadratic_network(2, 1), sympy.eye(2))


SADDLE = [[0, sympy.Rational(1, 2), sympy.Rational(1, 2), 0]]
TEACHER = [[1, sympy.Rational(1, 2), -sympy.Rational(1, 2), 0]]


@pytest.mark.parametrize("width", [1, 2])
def test_saddles_of_networks(width):
    """λ = (1/2, 1/2, 1/2, 1): u = 0, s = t/3 for one student; a second one at rest in 0 keeps it critical."""
    modes = [sympy.Rational(1, 2)] * 3 + [sympy.Integer(1)]
    students = SADDLE + [[0] * 4] * (width - 1)
    model = quadratic_network(width, 1)
    point = linearise_anywhere(model)
    exact = point.operator(modes, students + TEACHER)
    rest, star = np.array(students, dtype=float), np.array(TEACHER, dtype=float)
    dense = jacobian(model, rest, np.array(modes, dtype=float), star)
    assert np.array(exact.tolist(), dtype=float) == pytest.approx(dense, abs=1e-6)
    gain, _ = point.at(modes, students + TEACHER)
    poles = sympy.prod((5 * sympy.eye(width) - value * gain).det() for value in modes)
    secular = point.secular(sympy.Integer(5), modes, students + TEACHER)
    assert (5 * sympy.eye(exact.rows) - exact).det() == poles * secular


def test_students_elsewhere_are_refused():
    with pytest.raises(NotCriticalError, match="at no critical point"):
        linearise_anywhere(phase_retrieval()).operator([1, 1], [[1, 0], [1, 1]])
