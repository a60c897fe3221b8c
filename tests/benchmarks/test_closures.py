"""Closing and generating: the cost must not grow with the order but for the exact coefficients."""

import time

import numpy as np
import sympy

from theory.symbolic import hierarchy, phase_retrieval
from theory.symbolic.closures import (
    CharacteristicPolynomial,
    GaussQuadrature,
    Truncation,
    close,
    generate_system,
)
from theory.symbolic.measure import SpectralMeasure

ORDER = 256
LIMIT = 0.5
"""Seconds for a closed hierarchy of order 256."""


def eigenvalues() -> list[sympy.Rational]:
    return [sympy.Rational(1, i**2) for i in range(1, ORDER + 1)]


def derive_close_generate() -> str:
    """The whole chain: nothing is kept from one call to the next but SymPy's cache."""
    system = close(hierarchy(phase_retrieval()), CharacteristicPolynomial(eigenvalues()))
    assert len(system.coefficients) == ORDER
    return generate_system(system)


def test_order_256_from_256_eigenvalues(benchmark):
    begin = time.perf_counter()
    first = derive_close_generate()
    assert time.perf_counter() - begin < LIMIT
    assert benchmark(derive_close_generate) == first
    assert benchmark.stats.stats.median < LIMIT


def test_order_256_truncated(benchmark):
    text = benchmark(lambda: generate_system(close(hierarchy(phase_retrieval()), Truncation(order=ORDER))))
    assert len(text.splitlines()) < 40


def test_right_hand_side_of_order_256(benchmark):
    namespace: dict[str, object] = {}
    exec(generate_system(close(hierarchy(phase_retrieval()), Truncation(order=ORDER))), namespace)
    x, T = np.full((2, ORDER), 0.1), np.full((1, 1, ORDER + 1), 0.5)
    rate = benchmark(namespace["right_hand_side"], x, T, np.zeros(ORDER))
    assert rate.shape == x.shape


def test_quadrature_of_eight_blocks(benchmark):
    values = eigenvalues()
    start = [sympy.Rational((7 * i) % 11 - 5, 40) for i in range(ORDER)]
    measure = SpectralMeasure(values, [start], [[1] * ORDER])
    modes = benchmark(lambda: close(hierarchy(phase_retrieval()), GaussQuadrature(measure, blocks=8)))
    assert len(modes.eigenvalues) == 16
