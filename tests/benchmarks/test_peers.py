"""The paper's problem against general stiff integrators, side by side: modes in, 400 output times out.

a = 2, Gaussian teacher, sphere start, times from 1e-3 to d². Ours includes the reduction. The groups are the
dimensions; ``make peers`` prints medians and the ratio to the fastest.
"""

import numpy as np
import pytest
from oracles import peers

from numerics import Problem, power_law, solve
from numerics.state.observables import Observables

DIMENSIONS = [10**2, 10**3, 10**4, 10**5, 10**6]
PEERS = {
    "LSODA": (lambda problem, times: peers.scipy_method(problem, times, "LSODA"), 10**2),
    "BDF": (lambda problem, times: peers.scipy_method(problem, times, "BDF"), 10**2),
    "Radau": (lambda problem, times: peers.scipy_method(problem, times, "Radau"), 10**2),
    "CVODE, GMRES": (lambda problem, times: peers.cvode(problem, times, woodbury=False), 10**3),
    "CVODE, Woodbury": (lambda problem, times: peers.cvode(problem, times, woodbury=True), 10**5),
    "BDF, Woodbury": (peers.scipy_woodbury, 10**6),
}
"""Each peer and the largest dimension at which it ends within minutes."""


def paper(dimension: int) -> tuple[Problem, np.ndarray]:
    return power_law(2, dimension, "gaussian", seed=3), np.geomspace(1e-3, float(dimension) ** 2, 400)


def ours(problem: Problem, times: np.ndarray) -> Observables:
    return solve(problem, times[-1]).at(times)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_ours(benchmark, dimension):
    benchmark.group = f"d = {dimension:.0e}"
    found = benchmark(ours, *paper(dimension))
    assert np.isfinite(found.loss).all()


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("peer", PEERS)
def test_peer(benchmark, dimension, peer):
    run, largest = PEERS[peer]
    if dimension > largest:
        pytest.skip("takes minutes")
    benchmark.group = f"d = {dimension:.0e}"
    problem, times = paper(dimension)
    rounds = 3 if dimension <= 10**4 else 1
    states = benchmark.pedantic(run, args=(problem, times), rounds=rounds, iterations=1)
    found = ours(problem, times)
    energies = states**2 @ problem.eigenvalues
    assert energies == pytest.approx(found.s, rel=1e-2)


@pytest.mark.parametrize("dimension", [1e2, 1e4, 1e6, 1e9, 1e12, 1e15, np.inf])
def test_any_dimension(benchmark, dimension):
    """Flat teacher: the cost does not depend on d."""
    benchmark.group = "a = 2, flat teacher, to t = 1e18"
    problem = power_law(2, dimension, init="escape:1e-3", horizon=1e18)
    assert benchmark(solve, problem, 1e18).error < 1e-10


@pytest.mark.parametrize("until", [1e3, 1e6, 1e12, 1e18, 1e24])
def test_any_horizon(benchmark, until):
    """It grows like log t."""
    benchmark.group = "a = 2, d = inf, flat teacher"
    problem = power_law(2, np.inf, init="escape:1e-3", horizon=until)
    assert benchmark(solve, problem, until).error < 1e-10
