"""Legendre polynomials and the right Radau rule, the same in all numbers."""

from itertools import pairwise

import numpy as np
import pytest
from flint import arb, ctx
from mpmath import mp, mpf

from theory.legendre import legendre, radau_nodes

DIGITS = 50


def exact(stages):
    return radau_nodes(stages, mpf, mp.prec)


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(DIGITS), ctx.workdps(DIGITS):
        yield


def test_polynomials():
    for x in (mpf(-1), mpf("0.3"), mpf(1)):
        found = legendre(x, 12)
        assert len(found) == 13
        assert all(abs(value - mp.legendre(n, x)) < mpf(10) ** (5 - DIGITS) for n, value in enumerate(found))
    assert legendre(0.5, 0) == [1.0]


def test_three_nodes_in_radicals():
    """Hairer & Wanner, table IV.5.6: (4 ∓ √6)/10 and 1 on [0, 1]."""
    root = mp.sqrt(6)
    for node, place in zip(exact(3), [(4 - root) / 10, (4 + root) / 10, 1], strict=True):
        assert abs((node.x + 1) / 2 - place) < mpf(10) ** (2 - DIGITS)


@pytest.mark.parametrize("stages", [2, 7, 20, 41])
def test_the_rule_is_exact_to_twice_its_nodes_less_two(stages):
    """The shares are the inverse of the values: Σ_j share_k(j) P_n(x_j) = δ_kn."""
    nodes = exact(stages)
    assert nodes[-1].x == 1
    assert all(a.x < b.x for a, b in pairwise(nodes))
    for k in {0, 1, stages // 2, stages - 1}:
        for n in {0, 1, stages // 2, stages - 1}:
            total = mp.fsum(node.shares[k] * node.values[n] for node in nodes)
            assert abs(total - (k == n)) < mpf(10) ** (4 - DIGITS) * stages**2


@pytest.mark.parametrize("stages", [2, 7, 20])
def test_primitives_are_integrals(stages):
    """∫ of P_k to the last node, 1, is 0 but for k = 0; within, that of mpmath's quadrature."""
    first, last = exact(stages)[0], exact(stages)[-1]
    assert last.primitives[0] == 2
    assert max(map(abs, last.primitives[1:]), default=0) < mpf(10) ** (2 - DIGITS)
    integral = mp.quad(lambda x: mp.legendre(stages - 1, x), [-1, first.x])
    assert abs(first.primitives[stages - 1] - integral) < mpf(10) ** (5 - DIGITS)


@pytest.mark.parametrize("stages", [2, 7, 20])
def test_all_numbers_have_the_same_nodes(stages):
    reference = exact(stages)
    floats, long = (radau_nodes(stages, kind, bits) for kind, bits in ((float, 52), (np.longdouble, 63)))
    balls = radau_nodes(stages, arb, ctx.prec, arb.mid)
    for node, rough, longer, ball in zip(reference, floats, long, balls, strict=True):
        assert rough.x == pytest.approx(float(node.x), abs=1e-15)
        assert float(longer.x) == pytest.approx(float(node.x), rel=2e-16)
        assert abs(mpf(ball.x.str(DIGITS, radius=False)) - node.x) < mpf(10) ** (3 - DIGITS)
