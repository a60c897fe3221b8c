"""A link's flow at 0 and at the teacher: against the model's drift, and against quadrature."""

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from numerics import network
from theory.asymptotics import SQUARE
from theory.asymptotics.numbers.written import written
from theory.symbolic import UnknownAverageError, Z, local_flow, parse_link, residual_flow, single_index
from theory.symbolic.means import mean, sides

POLYNOMIALS = ["z**2", "z**2 + z/2", "z**3 + z", "z**2 + z**3/3", "He4(z)", "z**5 - z**2", "he3(z)"]
SMOOTH = ["erf(z)", "gelu(z)", "sin(z)", "cos(2*z)", "exp(z/2)", "z*sin(z)", "z**2*erf(z) + z", "He6(z) + z"]
SAMPLED = [
    "tanh(z)",
    "sigmoid(2*z)",
    "softplus",
    "silu",
    "z*tanh(z)",
    "tanh(z)*exp(z/2)",
    "gelu(z) + tanh(z)",
]
KINKED = [
    "relu(z) + tanh(z)",
    "abs(z)*sigmoid(z)",
    "relu(z)",
    "abs(z)",
    "z**2 + abs(z)",
    "relu(z)**2",
    "z + z**3*abs(z)",
    "abs(z) + erf(z)",
]


@pytest.mark.parametrize("text", POLYNOMIALS)
def test_residual_coordinates_of_the_model_hold_the_same_numbers(text):
    """Of the drift itself, derived without Stein's lemma: A(0) at the teacher, the derivatives of A + B."""
    flow, residual = local_flow(parse_link(text)), residual_flow(single_index(parse_link(text)))
    at_rest = {residual.T[0]: 1, residual.q[0]: 0, residual.p[0]: 0}
    found = [-residual.A[0], residual.C[0].diff(residual.p[0]), residual.C[0].diff(residual.q[0])]
    assert [sympy.sympify(x) for x in (flow.decay, flow.overlap, flow.energy)] == [
        entry.subs(at_rest) for entry in found
    ]


@pytest.mark.parametrize(
    "text", ["z**2", "z**4 - 6*z**2", "z**4 - 4*z**2", "z**2 + z**3/3", "cos(z)", "z*sin(z)"]
)
def test_drift_of_the_model_at_zero(text):
    model, flow = single_index(parse_link(text)), local_flow(parse_link(text))
    (s, u), (t,) = model.overlaps.statistics, model.overlaps.T
    A, pull = (entry[0].subs({s: 0, u: 0, t: 1}) for entry in (model.A, model.B.diff(u)))
    assert sympy.simplify(sympy.sympify(flow.growth) - A) == 0
    assert sympy.simplify(sympy.sympify(flow.pull) - pull) == 0


@pytest.mark.parametrize("text", [*SMOOTH, *SAMPLED, *KINKED])
def test_numbers_at_the_teacher_by_quadrature(text):
    """α = 2 E f'², and E (f'²)'' = E f'² (z² − 1) by parts, with f' in closed form on either side of 0."""
    link, flow = parse_link(text), local_flow(parse_link(text))
    side = [link.subs({sympy.Abs(Z): sign * Z, sympy.sign(Z): sign}).diff(Z) for sign in (-1, 1)]
    left, right = (sympy.lambdify(Z, part, "mpmath") for part in side)

    def mean(weight):
        def integrand(z):
            return (right if z > 0 else left)(z) ** 2 * weight(z) * mp.npdf(z)

        return mp.quad(integrand, [-25, -6, -2, 0, 2, 6, 25])

    with mp.workdps(20):
        second = mean(lambda z: z**2 - 1)
        exact = [2 * mean(lambda z: 1), -2 * second, -mpf(3) / 2 * second]
        for number, value in zip((flow.decay, flow.overlap, flow.energy), exact, strict=True):
            assert abs(written(number) - value) < mpf(10) ** -13 * (1 + abs(value))


def test_the_square_is_the_one_that_constants_start_from():
    assert local_flow(Z**2) == SQUARE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("z**3 + z", "ballistic: B(0) = 8"),
        ("erf(z)", "ballistic"),
        ("z**3", "algebraic"),
        ("z**3 - 3*z", "w = 0 attracts: A(0) = -18 and dB/du = 0"),
        ("z**2 - 3/2*z**4 + z**6/5", "A(0) = -2 is not positive"),
        ("abs(z)", "kink"),
        ("z*abs(z)", "kink"),
    ],
)
def test_no_escape_rate_and_why(text, reason):
    flow = local_flow(parse_link(text))
    assert flow.growth is flow.pull is None
    assert reason in flow.no_escape


@pytest.mark.parametrize("text", ["sign(z)", "erf(z) + sign(z)", "sign(z) + z**2"])
def test_a_jump_has_no_linear_part_at_the_teacher(text):
    flow = local_flow(parse_link(text))
    assert flow.decay is flow.overlap is flow.energy is None
    assert "infinite" in flow.no_law


def test_links_with_kinks_elsewhere_are_refused():
    with pytest.raises(UnknownAverageError, match="kink away from z = 0"):
        local_flow(sympy.Abs(sympy.tanh(Z)))


@pytest.mark.parametrize("text", ["z*tanh(z)", "tanh(z)**2", "z**2*softplus(z)", "2*z**2*sigmoid(z)"])
def test_drift_at_zero_of_links_without_closed_form(text):
    """Of the generated drift, whose averages are Hermite sums."""
    flow, model = local_flow(parse_link(text)), network(parse_link(text), None, (1,), (1,))
    rest, unit = np.array([1e-9, 0.0]), np.ones((1, 1))
    A, slope = model.drift(rest, unit)[0][0, 0], model.drift_jacobian(rest, unit)[1][0, 0, 1]
    assert float(written(flow.growth)) == pytest.approx(float(A), rel=1e-7)
    assert float(written(flow.pull)) == pytest.approx(float(slope), rel=1e-7)


def test_an_integral_is_the_closed_form_where_there_is_one():
    """Of erf, whose slope is a Gaussian."""
    right, left = sides(sympy.erf(Z).diff(Z) ** 2)
    assert abs(2 * written(str(mean(right, left))) - written(local_flow(sympy.erf(Z)).decay)) < mpf(10) ** -14
