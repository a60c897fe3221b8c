"""Escape times on the sphere, measured from the solver, against their laws in the dimension."""

import numpy as np
import pytest
import sympy
from scipy.integrate import quad
from scipy.optimize import brentq

from numerics import Problem, network, solve
from theory.symbolic import parse_link, sphere_escape
from theory.symbolic.sphere import START

HALF = 0.5


def isotropic(link, start, until):
    """The time to u = 1/2 from u_0 = ``start``: one eigenvalue, so that two modes are all there are."""
    problem = Problem([1.0, 1.0], [1.0, 0.0], [start, np.sqrt(1.0 - start**2)])
    return solve(problem, until, network(link, constraint="sphere")).phases(HALF).t1


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("start", [0.1, 1e-2])
def test_isotropic_times_are_integrals(k, start):
    """T = ∫ du/u̇ with u̇ = 2 k k! u^(k−1) (1 − u²), typed here; derived in theory.symbolic.sphere."""
    factorial = [1, 1, 2, 6, 24][k]
    expected, _ = quad(
        lambda x: np.exp(x) / (2 * k * factorial * np.exp((k - 1) * x) * (1 - np.exp(2 * x))),
        np.log(start),
        np.log(HALF),
        epsabs=0,
        epsrel=1e-12,
        limit=500,
    )
    assert isotropic(f"He{k}(z)", start, 1.001 * expected) == pytest.approx(expected, rel=1e-9)
    u = sympy.Symbol("u")
    derived = sphere_escape(parse_link(f"He{k}(z)"))
    assert sympy.expand(derived.velocity - 2 * k * factorial * u ** (k - 1) * (1 - u**2)) == 0
    assert derived.exponent == k


@pytest.mark.parametrize(("k", "tolerance"), [(3, 2e-4), (4, 2e-3)])
def test_powers_of_the_dimension(k, tolerance):
    """He₃: T u_0 → 1/36; He₄: T u_0² → 1/384: u_0 = d^{−1/2} gives √d/36 and d/384. What is left at
    d = 10^8 and 10^4 is the next order, u_0 and u_0² log(1/u_0) relatively.
    """
    start = 1e-4 if k == 3 else 1e-2
    law = 1 / (36 * start) if k == 3 else 1 / (384 * start**2)
    assert float(sphere_escape(parse_link(f"He{k}(z)")).time.subs(START, start)) == pytest.approx(law)
    assert isotropic(f"He{k}(z)", start, 1.01 * law) == pytest.approx(law, rel=tolerance)


def test_quadratic_time_is_logarithmic():
    """He₂: T grows by log(d)/16 = log(1/u_0)/8."""
    times = [isotropic("He2(z)", start, 1.8) for start in (1e-3, 1e-5)]
    assert times[1] - times[0] == pytest.approx(np.log(1e2) / 8, rel=1e-5)


def test_quadratic_rate_under_a_power_law():
    """a = 0.3: T = log(d)/(2ρ), 8⟨l²/(ρ + |A|(l − s))⟩ = 1 over the eigenvalues l (tr Q = d).

    It holds at s = l_min = 1 − a, to where A = 4(1 − 3s) < 0 has taken the student. Between d = 400 and 10^4
    the start has u_0 = d^{−1/2} exactly.
    """
    a = 0.3
    level = (1 - a) * ((np.arange(20000) + 0.5) / 20000) ** -a
    s, A = 1 - a, 4 * (1 - 3 * (1 - a))
    rate = brentq(lambda r: 8 * np.mean(level**2 / (r - A * (level - s))) - 1, 1.0, 100.0)

    def median(dimension):
        return np.median([_anisotropic(a, dimension, seed) for seed in range(3)])

    slope = (median(10000) - median(400)) / np.log(25)
    assert slope == pytest.approx(1 / (2 * rate), rel=0.06)


def _anisotropic(a, dimension, seed):
    rng = np.random.default_rng(seed)
    lam = np.arange(1.0, dimension + 1) ** -a
    lam *= dimension / lam.sum()
    star, start = rng.normal(size=(2, dimension))
    star /= np.sqrt(lam @ star**2)
    first = star / np.linalg.norm(star)
    second = lam * star - (lam * star @ first) * first
    second /= np.linalg.norm(second)
    start -= (start @ first) * first + (start @ second) * second
    start *= np.linalg.norm(star) / np.linalg.norm(start)
    share = dimension**-0.5
    start = np.sqrt(1 - share**2) * start + share * star
    run = solve(Problem(lam, star, start), 1.0, network("z**2", constraint="sphere"))
    return run.phases(HALF).t1
