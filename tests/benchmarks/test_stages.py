"""The chain's stages, timed apart: derive, generate, reduce, solve, descend, constants."""

import math
from itertools import count

import numpy as np
import pytest

from numerics import Problem, descend, power_law, reduce, solve
from theory.asymptotics import PowerLaw, constants
from theory.symbolic import hierarchy, phase_retrieval
from theory.symbolic.codegen import generate_module


def test_derive(benchmark):
    tower = benchmark(lambda: hierarchy(phase_retrieval()))
    assert tower.S[0] != 0


def test_generate(benchmark):
    assert "def drift" in benchmark(lambda: generate_module(phase_retrieval()))


@pytest.mark.parametrize("dimension", [10**3, 10**5])
def test_reduce(benchmark, dimension):
    problem = power_law(2, dimension, "gaussian")
    assert len(benchmark(reduce, problem, float(dimension) ** 2).eigenvalues) < 700


@pytest.mark.parametrize("dimension", [10**2, 10**3, 10**5])
def test_solve_sampled(benchmark, dimension):
    problem = power_law(2, dimension, "gaussian")
    assert benchmark(solve, problem, float(dimension) ** 2).error < 1e-10


@pytest.mark.parametrize("until", [1e6, 1e12, 1e24])
def test_solve_at_infinite_dimension(benchmark, until):
    problem = power_law(2, math.inf, init="escape:1e-3", horizon=until)
    assert benchmark(solve, problem, until).error < 1e-10


def test_thousand_steps_of_descent(benchmark):
    problem = power_law(2, 1000, "gaussian")
    result = benchmark(descend, problem, 1e-2, 1000)
    assert np.isfinite(result.loss).all()


@pytest.mark.parametrize("digits", [50, 1000])
@pytest.mark.parametrize("dimension", ["inf", "1e12"])
def test_constants(benchmark, digits, dimension):
    """Every round has its own exponent, so that no cached sum is timed."""
    exponents = (f"2.{number:06d}" for number in count(1))
    table = benchmark(lambda: constants(PowerLaw(next(exponents), dimension), digits))
    assert table["escape_rate"].value > 5


def test_smallest_problem(benchmark):
    assert benchmark(solve, Problem([1.0], [1.0], [0.1]), 10.0).limit.name == "+teacher"
