"""What the link says about leaving w = 0 is what the solver finds: times to |u| = 1/10 from ε w_0, ε → 0."""

from math import comb, factorial, inf, log

import numpy as np
import pytest
from scipy.optimize import brentq

from numerics import Problem, load_module, power_law, solve
from theory.symbolic import EscapeTime, ModelError, escape, parse_link, single_index
from theory.symbolic.codegen import generate_module
from theory.symbolic.escape import CORRELATION

LAW = power_law(2, 200, seed=1)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / np.sqrt(2 * np.pi)
START = LAW.init * np.sign(LAW.init @ (LAW.eigenvalues * LAW.teacher))


def exit_time(text, start, until):
    """The first time of |u| = 1/10, inf where it is not reached until then."""
    run = solve(
        Problem(LAW.eigenvalues, LAW.teacher, start),
        until,
        model=load_module(generate_module(single_index(parse_link(text)))),
    )
    times = np.geomspace(1e-9 * until, until, 4000)
    passed = np.flatnonzero(np.abs(run.at(times).u) >= 0.1)
    if not len(passed):
        return inf
    last = passed[0]
    if not last:
        return float(times[0])
    return float(
        brentq(lambda t: abs(run.at([t]).u[0]) - 0.1, times[last - 1], times[last], xtol=1e-13, rtol=1e-13)
    )


def averages(text):
    """Taylor coefficients f_1, f_2, … of a polynomial link, E[f − f_0] and E f'', by quadrature."""
    link = np.polynomial.Polynomial([float(c) for c in reversed(parse_link(text).as_poly().all_coeffs())])
    rise = link - link(0)
    return link.coef, WEIGHTS @ rise(NODES), WEIGHTS @ link.deriv(2)(NODES)


def fastest(text):
    """The top eigenvalue and vector of (4 f_2 E[f − f_0] − 2 f_1²) Q + 4 f_2 E f'' (Q w*)(Q w*)ᵀ."""
    taylor, mean, curvature = averages(text)
    pull = LAW.eigenvalues * LAW.teacher
    matrix = (4 * taylor[2] * mean - 2 * taylor[1] ** 2) * np.diag(LAW.eigenvalues)
    rates, vectors = np.linalg.eigh(matrix + 4 * taylor[2] * curvature * np.outer(pull, pull))
    return rates[-1], vectors[:, -1]


@pytest.mark.parametrize("text", ["z**2", "z**4 - 6*z**2", "z**3 + z**2", "z**3 - 3*z + 2*z**2"])
def test_a_logarithm(text):
    assert escape(parse_link(text)).time is EscapeTime.LOGARITHMIC
    rate, start = fastest(text)
    first, second = (exit_time(text, size * start, 40 / rate) for size in (1e-7, 1e-10))
    assert (second - first) * rate == pytest.approx(log(1e3), rel=1e-6)


def ray(power):
    """θ and v of Q(A v + B w*) = θ v, |Q^{1/2} v| = 1, for the link z^power.

    A and B have degree power − 1 in v: 2p E[X^{p−1} f'(Y)] and 2p(p − 1) E[X^{p−2} f(Y)].
    """
    link = np.polynomial.Polynomial.basis(power)

    def average(n, u, order):
        """E[X^n f^(order)(Y)] by Stein's lemma, s = 1."""
        terms = (
            comb(n, 2 * k)
            * factorial(2 * k)
            // (factorial(k) * 2**k)
            * u ** (n - 2 * k)
            * (WEIGHTS @ link.deriv(order + n - 2 * k)(NODES))
            for k in range(n // 2 + 1)
        )
        return sum(terms)

    z = np.sqrt(LAW.eigenvalues) * LAW.teacher
    v = z.copy()
    for _ in range(500):
        u = v @ z
        along, across = (
            2 * power * (power - 1) * average(power - 2, u, 0),
            2 * power * average(power - 1, u, 1),
        )
        v = LAW.eigenvalues * (along * v + across * z)
        rate = np.linalg.norm(v)
        v /= rate
    return rate, v / np.sqrt(LAW.eigenvalues)


@pytest.mark.parametrize(("text", "order"), [("z**3", 3), ("z**4", 4)])
def test_a_power_and_its_constant(text, order):
    """From the ray 1/((q − 2) θ ε^(q−2)); from another start the same power."""
    found = escape(parse_link(text))
    assert (found.time, found.order) == (EscapeTime.ALGEBRAIC, order)
    rate, direction = ray(order)
    scaled = []
    for size in (1e-4, 1e-5):
        law = 1 / ((order - 2) * rate * size ** (order - 2))
        # the end of the way, where u is of order 1, takes a time of order 1
        assert exit_time(text, size * direction, 2 * law) == pytest.approx(law, rel=20 * size)
        scaled.append(exit_time(text, size * START, 1e3 * law) / law)
    assert scaled[1] == pytest.approx(scaled[0], rel=1e-3)


@pytest.mark.parametrize("text", ["z**3 - 3*z", "z**3 - 3*z + z**2", "z**2 - z**4/2", "z**4 - z**6/3"])
def test_never(text):
    assert escape(parse_link(text)).time is EscapeTime.NEVER
    assert exit_time(text, 1e-4 * START, 1e8) == inf


@pytest.mark.parametrize("text", ["z + z**2", "z**3 - z", "erf(z)", "abs(z)", "relu(z)"])
def test_at_once(text):
    assert escape(parse_link(text)).time is EscapeTime.FINITE
    first, second = (exit_time(text, size * START, 300.0) for size in (1e-5, 1e-8))
    assert second == pytest.approx(first, rel=1e-3)


@pytest.mark.parametrize(
    "text", ["z**2", "z**3 - 3*z", "z**4 - 6*z**2", "z**3 + z**2", "z**4 - z**6/3", "z**5"]
)
def test_the_pull_is_that_of_the_taylor_coefficients(text):
    """Φ = 2 f_q E[X^q (f(Y) − f_0)], less f_1² s where q = 2, by a Gauss rule over X and Y."""
    found = escape(parse_link(text))
    link = np.polynomial.Polynomial([float(c) for c in reversed(parse_link(text).as_poly().all_coeffs())])
    for c in (-0.8, 0.0, 0.3, 1.0):
        x, y = NODES[:, None], NODES[None, :]
        teacher = link(c * x + np.sqrt(1 - c * c) * y) - link(0)
        mean = WEIGHTS @ (x**found.order * teacher) @ WEIGHTS
        expected = 2 * link.coef[found.order] * mean - (found.order == 2) * link.coef[1] ** 2
        assert float(found.pull.subs(CORRELATION, c)) == pytest.approx(expected, abs=1e-8)


def test_the_teachers_energy_and_link_count():
    cubic = parse_link("z**3 - 3*z")
    assert escape(cubic, energy=2).time is EscapeTime.FINITE
    assert escape(cubic, parse_link("z**2")).time is EscapeTime.NEVER
    assert escape(parse_link("z**2"), parse_link("-z**2")).time is EscapeTime.NEVER
    assert escape(parse_link("z**2 - z**4/3")).time is EscapeTime.MARGINAL
    with pytest.raises(ModelError, match="energy is 0, but it must be a positive rational"):
        escape(cubic, energy=0)
