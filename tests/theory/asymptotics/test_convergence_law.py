"""The power laws of u, s and L against the nonlinear flow, and their algebra."""

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.integrate import solve_ivp
from scipy.special import zeta

from theory.asymptotics import (
    Given,
    PowerLaw,
    constants,
    convergence_exponent,
    convergence_prefactor,
    energy_prefactor,
    loss_prefactor,
    overlap_prefactor,
    summary_exponent,
    window_end,
    window_start,
)


def binned_modes(a, b, reach):
    """Infinite power law: 40 modes as they are, then geometric bins by mass and mean eigenvalue."""
    edges = [*range(1, 41)]
    while edges[-1] < reach:
        edges.append(int(edges[-1] * (1 + 0.08 / a)) + 1)
    low, high = np.array(edges[:-1], float), np.array(edges[1:], float)

    def block(s):
        return zeta(s, low) - zeta(s, high)

    mass, total = block(b) / zeta(b), block(a + b) / (zeta(b) * zeta(a))
    return np.append(total / mass, 0.0), np.append(mass, zeta(b, edges[-1]) / zeta(b))


def flow(eigenvalues, masses, times):
    """Return 1 - u, 1 - s and L at ``times``, from a start of s = 0.01 that fades in the tail."""
    target = np.sqrt(masses)
    start = 0.1 * eigenvalues * target / np.linalg.norm(eigenvalues * target)

    def statistics(v):
        return v @ target, v @ v

    def velocity(_, v):
        p, q = statistics(v)
        return eigenvalues * ((-8 - 24 * p - 12 * q) * v - (16 * p + 12 * q) * target)

    def jacobian(_, v):
        p, q = statistics(v)
        return (
            np.diag(eigenvalues * (-8 - 24 * p - 12 * q))
            - np.outer(eigenvalues * v, 24 * target + 24 * v)
            - np.outer(eigenvalues * target, 16 * target + 24 * v)
        )

    with np.errstate(invalid="ignore"):  # SciPy subtracts differences before they are set
        run = solve_ivp(
            velocity,
            (0, times[-1]),
            start - target,
            method="BDF",
            jac=jacobian,
            rtol=1e-7,
            atol=1e-10,
            t_eval=times,
        )
    p, q = np.array([statistics(v) for v in run.y.T]).T
    return -p, -2 * p - q, 4 * q + 8 * p**2 + 12 * p * q + 3 * q**2


@pytest.mark.parametrize(
    ("exponent", "source", "end"), [("2", "0", 1e5), ("1.5", "0.3", 3e4), ("4", "-0.5", 1e6)]
)
def test_flow_follows_the_laws(exponent, source, end):
    """Local ratios to the predicted laws tend to 1, with the claimed order of correction."""
    law = PowerLaw(exponent, "inf", f"source:{source}")
    a, b = float(exponent), float(exponent) + 2 * float(source)
    times = [end / 100, end]
    measured = flow(*binned_modes(a, b, (1e4 * end) ** (1 / a)), times)
    gamma = float(summary_exponent(law).value)
    prefactors = [overlap_prefactor(law), energy_prefactor(law), loss_prefactor(law)]
    for values, prefactor in zip(measured, prefactors, strict=True):
        early, late = values / (float(prefactor.value) * np.array(times) ** -gamma) - 1
        assert abs(late) < 1.5e-3
        assert abs(early) < 0.02
        assert abs(late) < abs(early) / 3


@pytest.mark.parametrize(("exponent", "source"), [(2, "0"), ("1.2", "0.3"), (6, "-1")])
def test_amplitude_against_the_sum_itself(exponent, source):
    """C_f t^-gamma against f(t) = sum mu_i exp(-8 lambda_i t), through 1 - s = 2 f / 3."""
    law = PowerLaw(exponent, 10**5, f"source:{source}")
    gamma, prefactor = summary_exponent(law).value, energy_prefactor(law).value
    a = float(exponent)
    b = a + 2 * float(source)
    i = np.arange(1, 10**5 + 1, dtype=float)
    eigenvalues, masses = i**-a / np.sum(i**-a), i**-b / np.sum(i**-b)
    t = 1000**a * float(window_start(law).value)
    tail = (1e5) ** (1 - b) / (b - 1) / np.sum(i**-b)
    total = np.sum(masses * np.exp(-8 * eigenvalues * t)) + tail
    assert total == pytest.approx(float(prefactor * 3 / 2 * mpf(t) ** -gamma), rel=1e-4)


def test_slower_statistic_decides():
    """The prefactors of 1 - u and 1 - s cross at gamma = log2(3/2), a = 2.41 for a flat teacher."""
    for exponent, slower in (("2.40", overlap_prefactor), ("2.42", energy_prefactor)):
        law = PowerLaw(exponent, "inf")
        decisive = convergence_prefactor(law)
        assert decisive.value == slower(law).value
        assert decisive.value >= max(overlap_prefactor(law).value, energy_prefactor(law).value)


def test_exponents_are_reciprocal():
    law = PowerLaw("1.7", "inf", "source:0.45")
    with mp.workdps(40):
        assert abs(summary_exponent(law, 30).value - mpf(16) / 17) < mpf(10) ** -38
        assert abs(convergence_exponent(law, 30).value - mpf(17) / 16) < mpf(10) ** -38


def test_finite_dimension_tends_to_the_infinite_one():
    infinite = overlap_prefactor(PowerLaw(2, "inf"), 20).value
    distances = [abs(overlap_prefactor(PowerLaw(2, d), 20).value - infinite) for d in (100, 10**4)]
    assert distances[1] < distances[0] / 50 < infinite / 50


def test_given_teacher_of_known_mean_square():
    """Constant components of mean square m are the flat teacher, whatever their scale."""
    flat = loss_prefactor(PowerLaw(2, 300), 20).value
    given = loss_prefactor(PowerLaw(2, 300, [3] * 300, tail_mean_square=9), 20).value
    assert abs(given / flat - 1) < 1e-14
    half = loss_prefactor(PowerLaw(2, 300, [3] * 300, tail_mean_square="4.5"), 20).value
    assert abs(2 * half / flat - 1) < 1e-14


@pytest.mark.parametrize(
    ("spectrum", "reason"),
    [
        (PowerLaw(0, 100), "all equal"),
        (PowerLaw(1, 100), "b = 1"),
        (PowerLaw("0.5", 100, "source:0.2"), "b = 0.9"),
        (PowerLaw(2, 2, [1, 2]), "tail_mean_square"),
        (Given([2, 1], [1, 1]), "given eigenvalues"),
    ],
)
def test_no_law_no_number(spectrum, reason):
    values = constants(spectrum)
    for quantity in ("overlap", "energy", "loss", "convergence"):
        constant = values[f"{quantity}_prefactor"]
        assert constant.value is None
        assert reason in constant.reason


def test_shallow_spectrum_with_a_steep_teacher_has_a_law():
    assert summary_exponent(PowerLaw("0.5", 1000, "source:0.4")).printed(3)[0] == "0.600"


def test_windows():
    law = PowerLaw(2, 10**6)
    with mp.workdps(30):
        ratio = window_end(law, 20).value / window_start(law, 20).value
        assert abs(ratio / mpf(10) ** 12 - 1) < mpf(10) ** -27
    assert window_end(PowerLaw(2, "inf")).reason == "no end at d = inf"
    assert window_end(Given([4, 0, 2], [1, 1, 1])).value == mpf(1) / 16
