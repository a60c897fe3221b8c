"""Rates at the teacher: dense Hessians, closed forms, and the run itself."""

import numpy as np
import pytest
from flint import arb, ctx
from mpmath import mp, mpf
from scipy.integrate import solve_ivp

from theory.asymptotics import Given, PowerLaw, escape_rate, final_rate, stability_step


def hessian_eigenvalues(levels):
    """Eigenvalues of 8 Q + 16 (Q w*)(Q w*)^T."""
    n = len(levels)
    direction = [mp.sqrt(level.eigenvalue * level.mass) for level in levels]
    matrix = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            matrix[i, j] = 16 * direction[i] * direction[j]
        matrix[i, i] += 8 * levels[i].eigenvalue
    return sorted(mp.eigsy(matrix, eigvals_only=True))


@pytest.mark.parametrize("dimension", [1, 2, 3, 9])
@pytest.mark.parametrize("exponent", ["0.2", "1.5", "3"])
@pytest.mark.parametrize("teacher", ["flat", "source:0.7", "source:-2"])
def test_dense_hessian(exponent, dimension, teacher):
    law = PowerLaw(exponent, dimension, teacher)
    step, rate = stability_step(law, 30), final_rate(law, 30)
    with mp.workdps(60):
        eigenvalues = hessian_eigenvalues(law.levels())
        assert abs(step.value - 2 / eigenvalues[-1]) <= step.radius
        assert abs(rate.value - eigenvalues[0]) <= rate.radius


@pytest.mark.parametrize(
    ("eigenvalues", "teacher"),
    [
        ([1001, 1000], ["0.1", 1]),
        ([1001, 1000], ["1e-6", 1]),
        (["2", "1.9", 1], [1, 1, "0.1"]),
        (["3", "1.01", 1], [1, "0.03", 1]),
        (["1.0001", 1], ["1e-3", 1]),
        (["0.3"], [2]),
    ],
)
def test_dense_hessian_of_nearly_equal_eigenvalues(eigenvalues, teacher):
    """The root is below the pole of the last mode but one, however light that is."""
    spectrum = Given([mpf(x) for x in eigenvalues], [mpf(w) for w in teacher])
    rate = final_rate(spectrum, 30)
    with mp.workdps(60):
        assert abs(rate.value - hessian_eigenvalues(spectrum.levels())[0]) <= rate.radius


def test_stable_step_is_the_inverse_escape_rate():
    law = PowerLaw("1.3", "inf", "source:0.2")
    with mp.workdps(60):
        product = escape_rate(law, 40).value * stability_step(law, 40).value
        assert abs(product - 1) < mpf(10) ** -48


def test_untouched_first_mode_limits_the_step():
    """Hessian diag(800, 24): the first mode is not the teacher's."""
    step = stability_step(Given([100, 1], [0, 1]), 20)
    with mp.workdps(40):
        assert abs(step.value - mpf(1) / 400) <= step.radius


@pytest.mark.parametrize("dimension", [50, 5000, 10**12])
@pytest.mark.parametrize("digits", [15, 60])
def test_inverse_square_spectrum_in_digamma_form(dimension, digits):
    """At a = 2, flat, partial fractions turn the sum into digamma values, here in Arb."""
    rate = final_rate(PowerLaw(2, dimension), digits)
    ctx.dps = digits + 100
    d = arb(dimension)
    trace = arb(2).zeta() - arb(2).zeta(d + 1)

    def secular(r):
        x = (8 / (trace * r)).sqrt()
        poles = x / 2 * ((x - d).digamma() - x.digamma())
        mirror = x / 2 * ((x + d + 1).digamma() - (x + 1).digamma())
        return 1 + 2 * (trace + (mirror - poles) / x**2) / trace

    with mp.workdps(digits + 100):
        assert rate.radius < rate.value * mpf(10) ** -digits
        low, high = (arb(mp.nstr(rate.value + k * rate.radius, digits + 90)) for k in (-1, 1))
    assert secular(low) < 0 < secular(high)


@pytest.mark.parametrize(("exponent", "source"), [("1.2", "-0.2"), ("0.4", "0.6"), ("5", "-1.5")])
def test_sum_enclosed_by_arb(exponent, source):
    dimension = 4000
    rate = final_rate(PowerLaw(exponent, dimension, f"source:{source}"), 30)
    ctx.dps = 90
    a, b = arb(exponent), arb(exponent) + 2 * arb(source)
    eigenvalues = [arb(i) ** -a for i in range(1, dimension + 1)]
    masses = [arb(i) ** -b for i in range(1, dimension + 1)]
    trace, energy = sum(eigenvalues), sum(masses)

    def secular(r):
        terms = zip(eigenvalues, masses, strict=True)
        return 1 + 16 * sum(x * m / (8 * x - trace * r) for x, m in terms) / energy

    with mp.workdps(90):
        low, high = (arb(mp.nstr(rate.value + k * rate.radius, 80)) for k in (-1, 1))
    assert secular(low) < 0 < secular(high)
    assert 8 * eigenvalues[-1] / trace < low
    assert high < 8 * eigenvalues[-2] / trace


def observed_rate(eigenvalues, components):
    """Decay rate of 1 - u along the flow of w, late, by an off-the-shelf integrator."""
    x, target = np.array(eigenvalues, float), np.array(components, float)
    target /= np.sqrt(np.sum(x * target**2))

    def velocity(_, v):
        p, q = np.sum(x * v * target), np.sum(x * v**2)
        return x * ((-8 - 24 * p - 12 * q) * v - (16 * p + 12 * q) * target)

    start = 0.1 * np.cos(1 + np.arange(len(x)))
    end = 1.5 / min(x)
    run = solve_ivp(
        velocity, (0, end), start, method="DOP853", rtol=1e-12, atol=1e-18, t_eval=[0.9 * end, end]
    )
    early, late = (np.sum(x * v * target) for v in run.y.T)
    return np.log(early / late) / (0.1 * end)


@pytest.mark.parametrize(
    ("eigenvalues", "components", "expected"),
    [
        ([0.25] * 4, [1, 1, 1, 1], 4),
        ([1, 0.5, 0.1], [1, 1, 0], 1.6),
        ([1, 0.2, 0.2], [1, 1, 1], None),
        ([1, 0.5, 0.1], [1, 1, 1], None),
    ],
)
def test_run_ends_at_the_final_rate(eigenvalues, components, expected):
    """Isotropic, silent, repeated and simple last modes; 16 lambda where the mode is silent."""
    rate = final_rate(Given(eigenvalues, components)).value
    if expected is not None:
        assert abs(rate - expected) < 1e-12
    assert observed_rate(eigenvalues, components) == pytest.approx(float(rate), rel=5e-3)


def test_isotropic_rates():
    assert abs(final_rate(PowerLaw(0, 1)).value - 24) < 1e-14
    for dimension in (2, 10**12):
        rate = final_rate(PowerLaw(0, dimension), 20)
        with mp.workdps(40):
            assert abs(rate.value - mpf(16) / dimension) <= rate.radius


def test_no_final_rate_at_infinite_dimension():
    rate = final_rate(PowerLaw(2, "inf"))
    assert rate.value is None
    assert "d = inf" in rate.reason
