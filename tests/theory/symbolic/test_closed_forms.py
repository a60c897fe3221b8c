"""Models with erf, rectified and modulus links: loss and flow against quadrature and the literature."""

import math
from collections.abc import Callable
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
import sympy
from oracles.quadrature import pair_average
from oracles.weights import evaluate, flow, loss, overlap_values, random_weights
from scipy.special import erf

from theory.symbolic import RELU, Model, UnknownAverageError, Z, parse_link, single_index
from theory.symbolic.known import VARIABLES
from theory.symbolic.links import _FUNCTIONS
from theory.symbolic.pairs import pair_function

Array = np.ndarray
HALF = sympy.Rational(1, 2)
SAAD_SOLLA = sympy.erf(Z / sympy.sqrt(2))
VALUES: dict[sympy.Expr, Callable[[Array], Array]] = {
    SAAD_SOLLA: lambda x: erf(x / math.sqrt(2)),
    RELU: lambda x: np.maximum(x, 0),
    sympy.Abs(Z): np.abs,
    Z**3 - Z: lambda x: x**3 - x,
    Z**2 + sympy.erf(2 * Z): lambda x: x**2 + erf(2 * x),
}
MODELS = [
    Model("soft committee", SAAD_SOLLA, SAAD_SOLLA, (1, 1), (1, HALF)),
    Model("rectified network", RELU, RELU, (1, -HALF), (1,)),
    Model("amplitudes", sympy.Abs(Z), sympy.Abs(Z), (1,), (1, 2)),
    Model("erf learns a cubic", SAAD_SOLLA, Z**3 - Z, (1, 2), (1,)),
    Model("rectifier learns erf", RELU, SAAD_SOLLA),
    Model("a sum learns amplitudes", Z**2 + sympy.erf(2 * Z), sympy.Abs(Z)),
]


def by_name(model: Model) -> str:
    return model.name


def quadrature_loss(model: Model, W: Array, teacher: Array, Q: Array) -> float:
    """Return the loss as a double sum over pairs of units, each pair integrated on its quadrants."""
    vectors = np.concatenate([W, teacher])
    covariance = vectors @ Q @ vectors.T
    amplitudes = [float(x) for x in model.student_weights] + [-float(x) for x in model.teacher_weights]
    links = [VALUES[model.student_link]] * model.students + [VALUES[model.teacher_link]] * model.teachers
    total = 0.0
    for j, k in product(range(len(vectors)), repeat=2):
        if j == k:
            f = links[j]
            pair = pair_average(lambda x, f=f: f(x) ** 2, np.ones_like, covariance[j, j], 1, 0)
        else:
            pair = pair_average(links[j], links[k], covariance[j, j], covariance[k, k], covariance[j, k])
        total += amplitudes[j] * amplitudes[k] * pair
    return total


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_loss_agrees_with_quadrature(model: Model) -> None:
    weights = random_weights(model, 4)
    assert loss(model, *weights) == pytest.approx(quadrature_loss(model, *weights), rel=1e-10)


def test_named_functions_agree_with_quadrature_in_every_pair_that_has_a_form() -> None:
    at = dict(
        zip(VARIABLES, (sympy.Rational(3, 5), sympy.Rational(9, 10), sympy.Rational(1, 4)), strict=True)
    )
    named = {name: make(Z) for name, make in _FUNCTIONS.items() if name != "sqrt"}
    values = {name: sympy.lambdify(Z, link, "scipy") for name, link in named.items()}
    alone = set()
    for first, second in combinations_with_replacement(named, 2):
        try:
            form = pair_function(named[first], named[second])
        except UnknownAverageError:
            continue
        expected = pair_average(values[first], values[second], 0.6, 0.9, 0.25)
        assert float(form.subs(at).doit()) == pytest.approx(expected, rel=1e-12, abs=1e-14), (first, second)
        alone |= {first} & {second}
    assert set(named) - alone == {"sigmoid", "silu", "softplus", "tanh"}


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_flow_is_minus_the_gradient_of_the_quadrature_loss(model: Model) -> None:
    W, teacher, Q = random_weights(model, 4, seed=1)
    direction = np.random.default_rng(2).normal(size=W.shape)
    step = 1e-4
    rise = [quadrature_loss(model, W + sign * step * direction, teacher, Q) for sign in (1, -1)]
    slope = (rise[0] - rise[1]) / (2 * step)
    assert -np.sum(flow(model, W, teacher, Q) * direction) == pytest.approx(slope, rel=1e-6)


def test_equal_students_of_a_rectified_pair_have_no_singular_drift() -> None:
    """At w = w* the drift has no 0/0: the flow rests."""
    model = single_index(RELU)
    values = dict(zip(sympy.symbols("s u t"), (1, 1, 1), strict=True))
    A, B = (matrix.subs(values)[0] for matrix in model.drift)
    assert (A, B) == (-1, 1)


def saad_solla_integral(C: Array, i: int, k: int, n: int) -> float:
    """Return I3(i, k, n) = E[g'(x_i) x_k g(x_n)] for g(x) = erf(x/√2).

    Saad and Solla, Physical Review E 52 (1995) 4225, equation for I3 in the appendix.
    """
    discriminant = (1 + C[i, i]) * (1 + C[n, n]) - C[i, n] ** 2
    numerator = C[k, n] * (1 + C[i, i]) - C[i, k] * C[i, n]
    return float(2 / np.pi * numerator / (np.sqrt(discriminant) * (1 + C[i, i])))


def saad_solla_drift(S: Array, U: Array, T: Array) -> tuple[Array, Array]:
    """Return (dQ/dα, dR/dα)/η of online learning at small learning rate η, in their notation Q, R."""
    K, M = U.shape
    C = np.block([[S, U], [U.T, T]])

    def pull(i: int, k: int) -> float:
        teachers = sum(saad_solla_integral(C, i, k, K + m) for m in range(M))
        return teachers - sum(saad_solla_integral(C, i, k, j) for j in range(K))

    dR = np.array([[pull(i, K + n) for n in range(M)] for i in range(K)])
    dQ = np.array([[pull(i, k) + pull(k, i) for k in range(K)] for i in range(K)])
    return dQ, dR


def soft_committee(students: int, teachers: int) -> Model:
    return Model("soft committee", SAAD_SOLLA, SAAD_SOLLA, (1,) * students, (1,) * teachers)


@pytest.mark.parametrize(("students", "teachers"), [(1, 1), (2, 2), (3, 2), (1, 2)])
def test_isotropic_soft_committee_follows_saad_and_solla(students: int, teachers: int) -> None:
    """Their loss has a factor 1/2, so the flow here is twice as fast."""
    model = soft_committee(students, teachers)
    W, teacher, _ = random_weights(model, 5, seed=3)
    S, U, T = W @ W.T, W @ teacher.T, teacher @ teacher.T
    values = overlap_values(model, W, teacher, np.eye(5))
    A, B = (evaluate(matrix, values) for matrix in model.drift)
    energy = A @ S + B @ U.T
    dQ, dR = saad_solla_drift(S, U, T)
    np.testing.assert_allclose(energy + energy.T, 2 * dQ, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(A @ U + B @ T, 2 * dR, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("size", [2, 3])
def test_symmetric_plateau_of_saad_and_solla(size: int) -> None:
    """K = M, T = I: the flow rests at S_jk = 1/(2K−1), U_jm = 1/√(K(2K−1)).

    There the generalisation error, half of our loss, is (K/π)(π/6 − K asin(1/(2K))).
    """
    model = soft_committee(size, size)
    S = np.full((size, size), 1 / (2 * size - 1))
    U = np.full((size, size), 1 / np.sqrt(size * (2 * size - 1)))
    names = model.overlaps
    values: dict[sympy.Symbol, float] = {}
    for symbols, array in ((names.S, S), (names.U, U), (names.T, np.eye(size))):
        values |= dict(zip(symbols, array.ravel(), strict=True))
    A, B = (evaluate(matrix, values) for matrix in model.drift)
    np.testing.assert_allclose(A @ S + B @ U.T, 0, atol=1e-15)
    np.testing.assert_allclose(A @ U + B, 0, atol=1e-15)
    published = size / np.pi * (np.pi / 6 - size * np.arcsin(1 / (2 * size)))
    assert float(evaluate(model.loss, values)) / 2 == pytest.approx(published, rel=1e-13)


def test_arc_cosine_kernel_of_degree_one() -> None:
    """Cho and Saul (2009): E[relu(X) relu(Y)] = √(st)(sin θ + (π − θ) cos θ)/(2π)."""
    s, u, t = sympy.symbols("s u t")
    model = single_index(RELU)
    values = {s: 1.3, u: -0.4, t: 0.9}
    angle = math.acos(-0.4 / math.sqrt(1.3 * 0.9))
    kernel = math.sqrt(1.3 * 0.9) * (math.sin(angle) + (math.pi - angle) * math.cos(angle)) / (2 * math.pi)
    assert float(model.loss.subs(values)) == pytest.approx((1.3 + 0.9) / 2 - 2 * kernel, rel=1e-14)


def test_expressions_are_read_back_from_their_text() -> None:
    for link in (SAAD_SOLLA, RELU, Z**2 + sympy.erf(2 * Z)):
        model = single_index(link)
        for expression in (model.loss, model.A[0], model.B[0]):
            assert sympy.sympify(str(expression)) == expression


@pytest.mark.parametrize(
    "link", [sympy.tanh(Z), sympy.sin(Z) ** 2, sympy.erf(Z + 1), sympy.erf(Z**2), sympy.exp(-(Z**2))]
)
def test_a_link_without_known_average_is_not_derived(link: sympy.Expr) -> None:
    with pytest.raises(UnknownAverageError, match=r"no Gaussian average of .*numerics\.network"):
        _ = single_index(link).loss


def test_an_unknown_average_of_two_known_functions_is_named() -> None:
    with pytest.raises(UnknownAverageError, match="no closed form of the average of"):
        _ = single_index(sympy.erf(Z) + sympy.sin(Z)).loss


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("erf(z)", sympy.erf(Z)),
        ("erf(z/sqrt(2))", SAAD_SOLLA),
        ("-2*erf(-z/2) + z**2", 2 * sympy.erf(Z / 2) + Z**2),
        ("relu(z)", RELU),
        ("relu(2*z)/2", RELU),
        ("abs(-z)", sympy.Abs(Z)),
        ("abs(z)*3 - z", 3 * sympy.Abs(Z) - Z),
    ],
)
def test_named_functions_are_read(text: str, link: sympy.Expr) -> None:
    assert sympy.expand(parse_link(text) - link) == 0


def test_a_maximum_is_the_rectifier() -> None:
    assert single_index(sympy.Max(0, Z)).loss == single_index(RELU).loss


@pytest.mark.parametrize("text", ["sqrt(z)", "abs(3)", "erf()", "erf(z, z)", "1/erf(z)", "0.5*z/abs(z)"])
def test_other_misuse_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a link is a polynomial in z"):
        parse_link(text)
