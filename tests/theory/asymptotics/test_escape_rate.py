"""The escape rate by four other routes."""

import math
import time

import pytest
from flint import arb, ctx
from mpmath import mp, mpf

from theory.asymptotics import Given, PowerLaw, escape_rate


def ball(value):
    return arb(mp.nstr(value, ctx.dps + 10))


def top_eigenvalue(levels):
    """Top eigenvalue of 4 Q + 8 Q^(1/2) z* (Q^(1/2) z*)^T, z* = Q^(1/2) w*, by a dense solver."""
    n = len(levels)
    direction = [mp.sqrt(level.eigenvalue * level.mass) for level in levels]
    matrix = mp.matrix(n, n)
    for i in range(n):
        for j in range(n):
            matrix[i, j] = 8 * direction[i] * direction[j]
        matrix[i, i] += 4 * levels[i].eigenvalue
    return max(mp.eigsy(matrix, eigvals_only=True))


@pytest.mark.parametrize("exponent", ["0.3", "1.2", "2", "6"])
@pytest.mark.parametrize("teacher", ["flat", "source:0.3", "source:-2", [3, -1, 0, 2, 1, 1, 0, 5]])
def test_dense_eigenvalue(exponent, teacher):
    law = PowerLaw(exponent, 8, teacher)
    rho = escape_rate(law, 30)
    with mp.workdps(45):
        assert abs(top_eigenvalue(law.levels()) - rho.value) <= rho.radius


@pytest.mark.parametrize("digits", [15, 50, 300])
def test_closed_form_of_inverse_square_spectrum(digits):
    """At a = 2, flat, infinite d: rho = 24/phi^2 with phi cot phi = 1 - phi^2/2, 0 < phi < pi."""
    rho = escape_rate(PowerLaw(2, "inf"), digits)
    ctx.dps = digits + 40

    def excess(rate):
        phi = (24 / rate).sqrt()
        return phi * phi.cot() - 1 + phi**2 / 2

    with mp.workdps(digits + 30):
        assert rho.radius < rho.value * mpf(10) ** -digits
        low, high = ball(rho.value - rho.radius), ball(rho.value + rho.radius)
    assert 24 / arb.pi() ** 2 < low
    assert excess(low) * excess(high) < 0


@pytest.mark.parametrize(
    ("exponent", "dimension", "teacher_power"), [("1.5", 3000, "0"), ("0.7", 3000, "-0.6")]
)
def test_sum_enclosed_by_arb(exponent, dimension, teacher_power):
    rho = escape_rate(PowerLaw(exponent, dimension, f"source:{teacher_power}"), 40)
    ctx.dps = 80
    a, b = arb(exponent), arb(exponent) + 2 * arb(teacher_power)
    eigenvalues = [arb(i) ** -a for i in range(1, dimension + 1)]
    masses = [arb(i) ** -b for i in range(1, dimension + 1)]
    trace, energy = sum(eigenvalues), sum(masses)

    def secular(rate):
        terms = zip(eigenvalues, masses, strict=True)
        return 8 * sum(x * m / (trace * rate - 4 * x) for x, m in terms) / energy

    with mp.workdps(80):
        low, high = ball(rho.value - rho.radius), ball(rho.value + rho.radius)
    assert secular(low) > 1 > secular(high)


@pytest.mark.parametrize("teacher", ["flat", "source:0.3", "source:-0.05"])
def test_infinite_sum_enclosed_by_arb(teacher):
    """Head in ball arithmetic, tail between its first moment and the same over 1 - 4 edge/rho."""
    rho = escape_rate(PowerLaw("1.2", "inf", teacher), 20)
    ctx.dps = 50
    shift = arb(teacher.removeprefix("source:")) if teacher != "flat" else arb(0)
    a, b, count, orders = arb("1.2"), arb("1.2") + 2 * shift, 200, 20
    trace, energy = a.zeta(), b.zeta()

    def secular(rate):
        head = sum(arb(i) ** (-a - b) / (trace * rate - 4 * arb(i) ** -a) for i in range(1, count))
        theta = 4 / (trace * rate)
        terms = [theta**k * (a * (k + 1) + b).zeta(count) for k in range(orders)]
        cut = terms[-1] * theta * arb(count) ** -a / (1 - theta)
        return 8 * (head + (sum(terms) + arb(0, 1) * cut) / (trace * rate)) / energy

    with mp.workdps(50):
        low, high = ball(rho.value - rho.radius), ball(rho.value + rho.radius)
    assert secular(low) > 1 > secular(high)


def test_isotropic_rate_is_twelve_over_d():
    for dimension in (1, 7, 10**12):
        rho = escape_rate(PowerLaw(0, dimension, "source:0.3"), 30)
        with mp.workdps(45):
            assert abs(rho.value - mpf(12) / dimension) <= rho.radius


def test_series_continues_the_listed_sum():
    """A given constant teacher lists all modes; the named one uses moments."""
    named = escape_rate(PowerLaw(2, 2000), 30)
    listed = escape_rate(PowerLaw(2, 2000, [1] * 2000), 30)
    with mp.workdps(45):
        assert abs(named.value - listed.value) <= named.radius + listed.radius


def test_pole_of_an_untouched_mode_is_absent():
    rho = escape_rate(Given([5, 1], [0, 1]), 20)
    assert abs(rho.value - 12) <= rho.radius


def test_weak_first_mode():
    """With mass m on the first of two modes the root leaves its pole by 8 m times their ratio."""
    tiny = mpf(10) ** -30
    levels = Given([10, 1], [tiny, 1]).levels()
    rho = escape_rate(Given([10, 1], [tiny, 1]), 80)
    with mp.workdps(120):
        (top, m, _), (low, n, _) = levels
        total = (4 * top + 8 * top * m) + (4 * low + 8 * low * n)
        product = (4 * top + 8 * top * m) * (4 * low + 8 * low * n) - 64 * top * m * low * n
        exact = (total + mp.sqrt(total**2 - 4 * product)) / 2
        assert 0 < exact - 4 * top < mpf(10) ** -55
        assert abs(rho.value - exact) < mpf(10) ** -70


def test_rate_scales_with_the_eigenvalues():
    one, three = Given([2, 1, 1], [1, 2, 3]), Given([6, 3, 3], [1, 2, 3])
    with mp.workdps(30):
        difference = 3 * escape_rate(one, 20).value - escape_rate(three, 20).value
        assert abs(difference) < mpf(10) ** -28


def test_larger_exponents_escape_faster():
    rates = [escape_rate(PowerLaw(a, 1000)).value for a in ("0", "0.5", "1", "1.5", "2", "4")]
    assert rates == sorted(rates)
    assert rates[-1] > 100 * rates[0]


def test_fifty_digits_are_quick():
    start = time.perf_counter()
    escape_rate(PowerLaw(2.125, math.inf), 50)
    assert time.perf_counter() - start < 1


def test_thousand_digits():
    rho = escape_rate(PowerLaw(2, "inf"), 1000)
    assert rho.printed(1000)[0].startswith("5.538940591084754264453587069332925447")
    with mp.workdps(1030):
        phi = mp.sqrt(24 / rho.value)
        assert abs(phi * mp.cot(phi) - 1 + phi**2 / 2) < mpf(10) ** -1005
        assert rho.radius < mpf(10) ** -1000


def test_many_given_modes_against_their_plain_sum():
    """Beyond the first modes only moments enter: the plain sum over all modes changes sign at the root."""
    components = [1 + (7 * i) % 11 for i in range(3000)]
    law = PowerLaw("1.5", 3000, components)
    rho = escape_rate(law, 40)
    with mp.workdps(60):
        levels = law.levels()
        low, high = (
            mp.fsum(8 * x * mass / (rate - 4 * x) for x, mass, _ in levels)
            for rate in (rho.value - rho.radius, rho.value + rho.radius)
        )
        assert low > 1 > high
