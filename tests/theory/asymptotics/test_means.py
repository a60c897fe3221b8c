"""Averages over a standard normal variable: against closed forms, and against quadrature of the functions."""

import pytest
from mpmath import mp, mpf

from theory.asymptotics.numbers.field import FLOATS, balls
from theory.asymptotics.numbers.written import _growth, _parsed, _value, written

CLOSED = {
    "mean(cos(z), cos(z))": lambda: mp.exp(-mpf(1) / 2),
    "mean(exp(2*z), exp(2*z))": lambda: mp.exp(2),
    "mean(z*exp(-z), z*exp(-z))": lambda: -mp.exp(mpf(1) / 2),
    "mean(z**6*erf(z)**2, z**6)": None,
    "mean(exp(-3*z**2/2), exp(-3*z**2/2))": lambda: mpf(1) / 2,
    "mean(z, -z)": lambda: mp.sqrt(2 / mp.pi),
    "mean(z*erf(z), z*erf(z))": lambda: 2 / mp.sqrt(3 * mp.pi),
    "mean(z**20/3, z**20/3)": lambda: mp.fac2(19) / 3,
    "2*mean(1, 0) - mean(sin(z), sin(z))": lambda: mpf(1),
    "mean(tanh(z)**2, tanh(z)**2)": None,
    "mean(Softplus(z) - Softplus(-z), Softplus(z)/(1 + sqrt(2)))": None,
}
SIDES = {
    "mean(z**6*erf(z)**2, z**6)": (lambda z: z**6 * mp.erf(z) ** 2, lambda z: z**6),
    "mean(tanh(z)**2, tanh(z)**2)": (lambda z: mp.tanh(z) ** 2, lambda z: mp.tanh(z) ** 2),
    "mean(Softplus(z) - Softplus(-z), Softplus(z)/(1 + sqrt(2)))": (
        lambda z: z,
        lambda z: mp.log1p(mp.exp(z)) / (1 + mp.sqrt(2)),
    ),
}


def by_quadrature(right, left):
    """By the trapezoidal rule after z = sinh, another rule than the one in use."""
    h, total = mpf(1) / 64, mpf(0)
    for k in range(-700, 300):
        z = mp.exp(k * h - mp.exp(-k * h))
        weight = z * (1 + mp.exp(-k * h)) * h * mp.npdf(z)
        total += weight * (right(z) + left(-z))
    return total


@pytest.mark.parametrize("text", CLOSED)
def test_means_enclose_the_exact_numbers(text):
    field, exact = balls(), CLOSED[text]
    with mp.workdps(60):
        value = exact() if exact else by_quadrature(*SIDES[text])
    if field is not None:
        with field.workdps(40):
            centre, radius = field.to_mpf(written(text, field))
        with mp.workdps(60):
            assert abs(centre - value) <= radius + mpf(10) ** -34 * bool(exact is None)
            assert radius < mpf(10) ** -30 * (1 + abs(value))
    with mp.workdps(30):
        assert abs(written(text, FLOATS) - value) < mpf(10) ** -24 * (1 + abs(value))


@pytest.mark.parametrize(
    "text",
    ["z**3*tanh(z) - 2*z", "exp(-z)*(z - 3)**2/7", "Softplus(2*z)*cos(z)", "exp(-z**2/2)*z", "-exp(z/2 + 1)"],
)
def test_growth_bounds_the_function(text):
    node = _parsed(text)
    bound = _growth(node, FLOATS)
    for step in range(-160, 161):
        z = mpf(step) / 4
        limit = bound.size * (1 + abs(z)) ** bound.power * mp.exp(bound.rate * abs(z))
        assert abs(_value(node, FLOATS, {"z": z})) <= limit * (1 + mpf(10) ** -12)


@pytest.mark.parametrize(
    "text", ["mean(exp(z**2), 0)", "mean(1/z, 0)", "mean(tan(z), 0)", "mean(mean(z, z), 0)", "mean(z)"]
)
def test_what_has_no_mean_is_refused(text):
    with pytest.raises(ValueError, match=r"has no mean here|writes no number"):
        written(text)
