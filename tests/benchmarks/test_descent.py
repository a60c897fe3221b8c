"""Descent: ten million steps in blocks beside the plain loop, and steps of online SGD."""

import math

import pytest

from numerics import descend, online_sgd, power_law, shared_sgd

STEPS_OF_SGD = 2048


@pytest.mark.parametrize("dimension", [10**3, math.inf])
def test_ten_million_steps(benchmark, dimension):
    problem = power_law(2, dimension, "flat", "escape:1e-3")
    assert benchmark(descend, problem, 1e-2, 10**7).one_minus_u[-1] < 1e-3


def test_ten_million_steps_sampled(benchmark):
    problem = power_law(2, 10**3, "gaussian")
    assert benchmark(descend, problem, 1e-2, 10**7).one_minus_u[-1] < 1e-3


def test_ten_thousand_steps_one_by_one(benchmark):
    problem = power_law(2, 10**3, "gaussian")
    assert benchmark(descend, problem, 1e-2, 10**4, stepwise=True).one_minus_u[-1] < 0.1


@pytest.mark.parametrize(("dimension", "seeds"), [(100, 1), (1000, 1), (1000, 10)])
def test_sgd(benchmark, dimension, seeds):
    """Steps per second, all seeds together, stand in extra_info."""
    problem = power_law(2, dimension, "gaussian")
    runs = benchmark(
        online_sgd, problem, 1e-3, STEPS_OF_SGD, noise_variance=0.05, seeds=range(seeds), points=20
    )
    assert runs.u.shape == (seeds, len(runs.steps))
    benchmark.extra_info["steps per second"] = STEPS_OF_SGD / benchmark.stats["median"]


def test_sgd_of_four_spectra_on_shared_inputs(benchmark):
    problems = [power_law(a, 1000, "gaussian") for a in (0.5, 1.0, 1.5, 2.0)]
    runs = benchmark(shared_sgd, problems, 1e-3, STEPS_OF_SGD, seeds=range(10), points=20)
    assert len(runs) == 4
    benchmark.extra_info["steps per second"] = STEPS_OF_SGD / benchmark.stats["median"]
