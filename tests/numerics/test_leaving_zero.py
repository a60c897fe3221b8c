"""What the link says about leaving w = 0 is what the solver finds: times to |u| = 1/10 from ε w_0, ε → 0."""

from math import comb, factorial, inf, log

import numpy as np
import pytest
from scipy.optimize import brentq

from numerics import Problem, load_module, power_law, solve
from theory.symbolic import EscapeTime, escape, parse_link, single_index
from theory.symbolic.codegen import generate_module

LAW = power_law(2, 200, seed=1)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WEIGHTS = WEIGHTS / np.sqrt(2 * np.pi)
START = LAW.init * np.sign(LAW.init @ (LAW.eigenvalues * LAW.teacher))


def exit_time(text, start, until):
    """The first time of |u| = 1/10, inf where it is not reached until then."""
    run = solve(Problem(LAW.eigenvalues, LAW.teacher, start), until, model=load_module(generate_module(single_index(parse_link(text)))))
    times = np.geomspace(1e-9 * until, until, 4000)
    passed = np.flatnonzero(np.abs(run.at(times).u) >= 0.1)
    if not len(passed):
        return inf
    last = passed[0]
    if not last:
        return float(times[0])
    return float(brentq(lambda t: abs(run.at([t]).u[0]) - 0.1, times[last - 1], times[last], xtol=1e-13, rtol=1e-13))


def averages(text):
    """Taylor coefficients f_1, f_2, … of a polynomial link, E[f − f_0] and E f'' at unit variance, by quadrature."""
    link = np.polynomial.Polynomial([float(c) for c in reversed(parse_link(text).as_poly().all_coeffs())])
    rise = link - link(0)
    return link.coef, WEIGHTS @ rise(NODES), WEIGHTS @ link.deriv(2)(NODES)


def linear_rate(text):
    """The largest eigenvalue of (4 f_2 E[f − f_0] − 2 f_1²) Q + 4 f_2 E f'' (Q w*)(Q w*)ᵀ."""
    taylor, mean, curvature = averages(text)
    pull = LAW.eigenvalues * LAW.teacher
    matrix = (4 * taylor[2] * mean - 2 * taylor[1] ** 2) * np.diag(LAW.eigenvalues)
    return np.linalg.eigvalsh(matrix + 4 * taylor[2] * curvature * np.outer(pull, pull))[-1]


@pytest.mark.parametrize("text", ["z**2", "z**4 - 6*z**2", "z**3 + z**2", "z**3 - 3*z + 2*z**2"])
def test_a_logarithm(text):
    assert escape(parse_link(text)).time is EscapeTime.LOGARITHMIC
    first, second = (exit_time(text, size * START, 300.0) for size in (1e-8, 1e-12))
    assert (second - first) * linear_rate(text) == pytest.approx(log(1e4), rel=1e-6)


def ray(power):
    """θ and v of Q(A v + B w*) = θ v, |Q^{1/2} v| = 1, for the link z^power.

    A and B have degree power − 1 in v: 2p E[X^{p−1} f'(Y)] and 2p(p − 1) E[X^{p−2} f(Y)].
    """
    link = np.polynomial.Polynomial.basis(power)

    def average(n, u, order):
        """E[X^n f^(order)(Y)] by Stein's lemma, s = 1."""
        terms = (
            comb(n, 2 * k) * factorial(2 * k) // (factorial(k) * 2**k)
            * u ** (n - 2 * k) * (WEIGHTS @ link.deriv(order + n - 2 * k)(NODES))
            for k in range(n // 2 + 1)
        )
        return sum(terms)

    z = np.sqrt(LAW.eigenvalues) * LAW.teacher
    v = z.copy()
    for _ in range(500):
        u = v @ z
        along, across = 2 * power * (power - 1) * average(power - 2, u, 0), 2 * power * average(power - 1, u, 1)
        v = LAW.eigenvalues * (along * v + across * z)
        rate = np.linalg.norm(v)
        v /= rate
    return rate, v / np.sqrt(LAW.eigenvalues)


@pytest.mark.parametrize("text", ["z**3", "z**4"])
def test_a_power_and_its_constant(text):
    found = escape(parse_link(text))
    assert found.time is EscapeTime.ALGEBRAIC
    q = found.order
    rate, direction = ray(q)
    for size in (1e-4, 1e-5):
        law = 1 / ((q - 2) * rate * size ** (q - 2))
        print(text, size, exit_time(text, size * direction, 2 * law) / law)
        generic = exit_time(text, size * START, 1e3 * law) * size ** (q - 2)
        print(generic)


@pytest.mark.parametrize("text", ["z**3 - 3*z", "z**3 - 3*z + z**2", "z**2 - z**4/2", "z**4 - z**6/3"])
def test_never(text):
    assert escape(parse_link(text)).time is EscapeTime.NEVER
    print(exit_time(text, 1e-4 * START, 1e8))


@pytest.mark.parametrize("text", ["z + z**2", "erf(z)", "z**3", "z**3-z", "abs(z)", "relu(z)"])
def test_at_once(text):
    print(text, [exit_time(text, s * START, 300.) for s in (1e-5,1e-7,1e-9)])
