"""Averages without closed form, to |correlation| = 1, of tiny and large variances; their stated error."""

import itertools
import time

import numpy as np
import pytest
import sympy
from mpmath import mp
from oracles.plane_average import plane_average

from numerics import network, power_law, solve
from numerics.pairs.functions import pair_function
from theory.symbolic import Z, parse_link

LINKS = {"tanh(z)": 1.5, "silu(z)": 3.1, "softplus(z)": 3.1}
"""How far from the real axis each is analytic."""

ORDERS = {
    "value": [(0, 0)],
    "slopes": [(2, 0), (1, 1)],
    "curvatures": [(4, 0), (2, 2), (3, 1), (1, 3), (2, 2)],
}
FACTORS = {"value": [1], "slopes": [0.5, 1], "curvatures": [0.25, 0.25, 0.5, 0.5, 1]}
PLACES = [
    (1.3, 0.7, 1 - 1e-12),
    (0.9, 0.9, 1.0),
    (0.9, 2.0, -1.0),
    (1e-20, 0.8, 0.3),
    (1e-20, 1e-24, 1 - 1e-6),
    (6.0, 0.04, -1 + 1e-9),
    (15.0, 12.0, 1.0),
]


def derivatives(text):
    """Of the orders 0 to 4, at any number of digits."""
    link = parse_link(text).doit()
    return [sympy.lambdify(Z, sympy.diff(link, Z, order), "mpmath") for order in range(5)]


def exact(functions, order, place):
    (i, j), (a, b, c) = order, place
    return float(plane_average(functions[0][i], functions[1][j], a, b, c, functions[2]))


def mean(function, variance):
    return float(plane_average(function, lambda x: mp.mpf(1), variance, 1.0, 0.0, 1.5))


ALWAYS = [("tanh(z)", PLACES[0]), ("tanh(z)", PLACES[4]), ("silu(z)", PLACES[2]), ("softplus(z)", PLACES[3])]
CASES = [
    pytest.param(*case, marks=() if case in ALWAYS else pytest.mark.slow)
    for case in itertools.product(LINKS, PLACES)
]


@pytest.mark.parametrize(("text", "place"), CASES)
def test_averages_near_the_line(text, place):
    """P and its derivatives at 30 digits, relative to √(E[f^(i)(X)²] E[f^(j)(Y)²])."""
    pair, functions = pair_function(parse_link(text), parse_link(text)), derivatives(text)
    a, b, correlation = place
    place = a, b, correlation * np.sqrt(a * b)
    for name in ("value", "slopes") if a != 1.3 else ORDERS:
        found = np.atleast_1d(getattr(pair, name)(*map(np.array, place)))
        for value, order, factor in zip(found, ORDERS[name], FACTORS[name], strict=True):
            sizes = [
                exact((functions, functions, LINKS[text]), (k, k), (v, v, v))
                for k, v in zip(order, (a, b), strict=True)
            ]
            expected = factor * exact((functions, functions, LINKS[text]), order, place)
            assert abs(value - expected) <= 2e-14 * np.sqrt(sizes[0] * sizes[1])


@pytest.mark.parametrize("variance", [1.0, 30.0, 150.0])
def test_the_stated_error_of_large_variances(variance):
    """On the line, where it is largest; at 1e-6 a flow is refused."""
    tanh = parse_link("tanh(z)")
    pair, place = pair_function(tanh, tanh), np.array(variance)
    expected = float(plane_average(mp.tanh, mp.tanh, variance, variance, variance, 1.5))
    stated = pair.error(place, place)
    assert abs(float(pair.value(place, place, place)) / expected - 1) <= stated + 5e-15
    assert stated < (1e-13 if variance < 50 else 1e-6)


def test_variances_are_taken_one_by_one():
    """A variance has the same coefficients alone and among others, in the same piece and in others."""
    pair = pair_function(parse_link("tanh(z)"), parse_link("tanh(z)"))
    a = np.concatenate([[0.0, 1e-300], np.geomspace(1e-30, 3.0, 40), 1.0 + 1e-9 * np.arange(5)])
    together = pair.curvatures(a, a[::-1], 0.3 * np.sqrt(a * a[::-1]))
    alone = [
        pair.curvatures(*(np.array([x]) for x in (v, w, 0.3 * np.sqrt(v * w))))[:, 0]
        for v, w in zip(a, a[::-1], strict=True)
    ]
    np.testing.assert_allclose(together, np.transpose(alone), rtol=0, atol=3e-14)


@pytest.mark.parametrize(
    ("link", "other"), [("tanh(z)", "z**2"), ("tanh(z)", "abs(z)"), ("sigmoid(z) - 1/2", "cos(z)")]
)
def test_parity_is_exact(link, other):
    """Of an odd and an even link P vanishes: at whatever length of the student, no rounding moves it."""
    pair = pair_function(parse_link(link), parse_link(other))
    for a in (1e-28, 1e-3, 1.0, 9.0):
        for part in (pair.value, pair.slopes):
            np.testing.assert_array_equal(part(*map(np.array, (a, 1.3, 0.7 * np.sqrt(1.3 * a)))), 0.0)


def test_a_polynomial_makes_sums_finite():
    """E[tanh(X) Y³] = 3bc E[tanh'] + c³ E[tanh'''] by Stein's lemma, to 1e-15 at any variance."""
    pair, tanh = pair_function(parse_link("tanh(z)"), Z**3), derivatives("tanh(z)")
    for a, b, c in ((1.0, 1.3, 1.1), (300.0, 1.0, 17.0), (1e-16, 2.0, 1e-8)):
        first, third = (mean(tanh[k], a) for k in (1, 3))
        expected = 3 * b * c * first + c**3 * third
        assert float(pair.value(*map(np.array, (a, b, c)))) == pytest.approx(expected, rel=1e-14)
    assert pair.error(np.array([300.0]), np.array([1.0])) == 0


def test_a_fading_student_is_known_to_the_end():
    """A tanh learns nothing of a square: it fades to 0, which is known within seconds to 1e-10."""
    before = time.process_time()
    run = solve(power_law(2, np.inf, init="escape:1e-3"), 1e12, network("tanh(z)", "z**2"))
    assert run.error < 1e-10
    assert time.process_time() - before < 5.0
