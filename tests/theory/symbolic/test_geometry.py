"""Gradient, Hessian and critical points against P2, and against direct differentiation."""

import pytest
import sympy

from theory.symbolic import (
    RELU,
    Model,
    ModelError,
    UndecidedError,
    Z,
    barrier,
    critical_points,
    gradient,
    hessian,
    phase_retrieval,
    single_index,
)

S, U, T = sympy.symbols("s u t")
W = sympy.Matrix(sympy.symbols("w1:3"))
TEACHER = sympy.Matrix(sympy.symbols("v1:3"))
Q = sympy.diag(*sympy.symbols("lambda1:3"))
LINKS = [Z**2, Z**3 - 3 * Z, Z**2 + Z]


def in_weights(expression: sympy.Expr) -> sympy.Expr:
    """Return an expression in the overlaps as one in the weights of a two-dimensional problem."""
    pairs = {S: (W, W), U: (W, TEACHER), T: (TEACHER, TEACHER)}
    return expression.subs({name: (a.T * Q * b)[0] for name, (a, b) in pairs.items()})


def test_p2_gradient_and_hessian_of_phase_retrieval() -> None:
    slope, curvature = gradient(phase_retrieval()), hessian(phase_retrieval())
    assert (slope.student, slope.teacher) == (12 * S - 4 * T, -8 * U)
    assert curvature.coefficients == (12 * S - 4 * T, 24, 0, -8)


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_gradient_and_hessian_are_derivatives_in_the_weights(link: sympy.Expr) -> None:
    model = single_index(link)
    loss = in_weights(model.loss)
    slope = sympy.Matrix([loss.diff(w) for w in W])
    a, b = Q * W, Q * TEACHER
    form = gradient(model)
    assert (slope - in_weights(form.student) * a - in_weights(form.teacher) * b).expand().is_zero_matrix

    h = hessian(model).at({})
    metric, student, mixed, teacher = (in_weights(c) for c in h.coefficients)
    assembled = metric * Q + student * a * a.T + mixed * (a * b.T + b * a.T) + teacher * b * b.T
    assert (sympy.hessian(loss, list(W)) - assembled).expand().is_zero_matrix

    quadratic = h.quadratic_form(S, S, U)
    assert sympy.expand(in_weights(quadratic) - (W.T * sympy.hessian(loss, list(W)) * W)[0]) == 0


def test_gradient_is_minus_the_flow() -> None:
    model = single_index(Z**3 + Z)
    assert (gradient(model).student, gradient(model).teacher) == (-model.A[0], -model.B[0])


def test_p2_critical_points_of_phase_retrieval() -> None:
    points = critical_points(phase_retrieval())
    assert [(point.multiple, point.s, point.u, point.kind) for point in points] == [
        (-1, T, -T, "minimum"),
        (0, 0, 0, "maximum"),
        (1, T, T, "minimum"),
        (None, T / 3, 0, "saddle"),
    ]


def test_p2_quadratic_forms_at_the_saddle() -> None:
    """The paper prints 8 t² for the first; with s = t/3 its own formula 24 s² is 8 t²/3."""
    saddle = critical_points(phase_retrieval())[-1]
    along_student = saddle.hessian.quadratic_form(saddle.s, saddle.s, saddle.u)
    along_teacher = saddle.hessian.quadratic_form(T, saddle.u, T)
    assert along_student == 8 * T**2 / 3
    assert along_teacher == -8 * T**2
    assert set(saddle.spectrum) == {0, 8 * T, -8 * T}


def test_critical_points_of_the_cube_are_degenerate_at_zero() -> None:
    kinds = {point.multiple: point.kind for point in critical_points(single_index(Z**3))}
    assert kinds == {0: "degenerate", 1: "minimum"}


def test_barrier_is_the_least_loss_at_zero_overlap() -> None:
    loss = phase_retrieval().loss.subs(U, 0)
    assert barrier(phase_retrieval()) == 8 * T**2 / 3 == loss.subs(S, T / 3)
    assert barrier(single_index(Z**3)) == 15 * T**3
    assert barrier(single_index(Z**2, -(Z**2))) == 3 * T**2, "stationary only at s < 0"


def test_questions_without_one_answer_are_refused() -> None:
    with pytest.raises(UndecidedError, match="no closed form"):
        critical_points(single_index(Z**3 - 3 * Z))
    with pytest.raises(UndecidedError, match="depends on the value of t"):
        barrier(single_index(Z**2 - 3 * Z, Z**2))
    with pytest.raises(UndecidedError, match="no polynomial"):
        critical_points(single_index(RELU))
    with pytest.raises(UndecidedError, match="no polynomial"):
        barrier(single_index(RELU))
    with pytest.raises(ModelError, match="2 students and 1 teachers"):
        gradient(Model("committee", Z**2, Z**2, (1, 1), (1,)))
