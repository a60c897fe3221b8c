"""Nearly equal eigenvalues: which modes form a cluster, and what a step does to their overlap."""

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics.generated import phase_retrieval
from numerics.quadrature.collocation import radau
from numerics.solver.clock import ClockStep
from numerics.solver.clusters import Clusters
from numerics.solver.contract import Task
from numerics.solver.integrating_factor import ShortStep
from numerics.solver.step import CollocationStep
from numerics.state import charts
from numerics.state.modes import Modes

TABLE = radau(12)
TEACHER = charts.teacher(phase_retrieval)
GAP = 2.0**-33


def modes(rates, teacher):
    return Modes(np.array(rates), np.array([teacher], dtype=float))


def members(rates, teacher):
    found = Clusters.find(modes(rates, teacher), np.ones(len(rates)))
    return [] if found is None else [list(np.flatnonzero(row)) for row in found.weights]


@pytest.mark.parametrize(
    ("rates", "teacher", "expected"),
    [
        ([1.0 + 1e-9, 1.0, 0.1], [1, 1, 1], [[0, 1]]),
        ([1.1, 1.0, 0.1], [1, 1, 1], []),
        ([1.0, 0.1 + 1e-4, 0.1], [1, 1, 1], [[1, 2]]),
        ([1.0, 0.1 + 1e-4, 0.1], [1, 0.2, 0.1], []),
        ([1.0 + 1e-9, 1.0, 0.5 + 1e-12, 0.5, 0.5 - 1e-12], [1, 1, 1, 1, 1], [[0, 1], [2, 3, 4]]),
        ([1.001, 1.001 - 1e-9, 1.0, 1.0 - 1e-9], [1, 1, 1, 1], [[0, 1, 2, 3]]),
        ([1.0, 1e-20 * (1 + 1e-9), 1e-20, 0.0, 0.0], [1, 1, 1, 1, 1], []),
        ([1.0, 0.0, 0.0], [1, 1, 1], []),
    ],
    ids=["pair", "apart", "slow pair", "light pair", "two", "nested", "no energy", "still modes"],
)
def test_which_modes_form_a_cluster(rates, teacher, expected):
    assert members(rates, teacher) == expected


def test_power_laws_have_none():
    """Their neighbours are close, but the teacher's energy there is small."""
    rates = np.arange(1.0, 3001.0) ** -2
    assert Clusters.find(modes(rates, np.ones(3000)), np.ones(3000)) is None


def difference_mode():
    """Three modes with p = 1e-3·GAP beside much larger w − w*, its square far below, and a slower one."""
    system = modes([1.0 + GAP, 1.0, 1.0 - 2 * GAP, 0.25], [1.0, 0.5, -1.5, 1e-6])
    state = np.array([1.0, -2.0, 0.0, 1e-4])
    state[0] += 1e-3 * GAP
    return system, 1e-14 * state


STEPS = {"short": ShortStep(), "general": CollocationStep(), "clock": ClockStep()}


def take(kind, system, width, *vectors):
    return STEPS[kind].solve(Task(TABLE, TEACHER, system, width, *vectors))


def exact_overlap(system, state):
    rows = (system.eigenvalues, system.teacher[0], state)
    return sum(mpf(float(x)) * mpf(float(y)) * mpf(float(z)) for x, y, z in zip(*rows, strict=True))


def test_the_overlap_of_a_state_is_exact():
    system, state = difference_mode()
    clusters = Clusters.find(system, state)
    with mp.workdps(60):
        exact = exact_overlap(system, state)
        assert abs(clusters.overlap(state) / exact - 1) < 1e-15
    assert abs(system.weighted[0] @ state / clusters.overlap(state) - 1) > 1e-9
    assert clusters.term_size(state) < 1e-6 * system.term_sizes(state[None])[1]


def unforced(kind, clusters, state, clock):
    """P (C, s) at the nodes for the clock Θ = −``clock``·c: as the exponential has it, or the collocation."""
    if kind == "grown":
        return clusters.grown(state, -clock * TABLE.nodes)
    rates = clock * (clusters.offsets + clusters.centres[:, None]).max(axis=0)
    begun = np.linalg.inv(np.eye(12) + rates[:, None, None] * TABLE.matrix).sum(axis=2).T * state
    return clusters.unforced(begun, -clock * TABLE.matrix)


@pytest.mark.parametrize("kind", ["grown", "collocated"])
def test_the_overlap_moves_as_that_of_the_modes(kind):
    system, state = difference_mode()
    clusters, clock = Clusters.find(system, state), 1.5
    found = unforced(kind, clusters, state, clock)[0]
    with mp.workdps(60):
        for node, overlap in zip(TABLE.nodes, found, strict=True):
            decayed = [mp.exp(-clock * mpf(float(node)) * mpf(float(rate))) for rate in system.eigenvalues]
            rows = (system.eigenvalues, system.teacher[0], state)
            terms = [mpf(float(x)) * mpf(float(y)) * mpf(float(z)) for x, y, z in zip(*rows, strict=True)]
            exact = sum(x * y for x, y in zip(terms[:3], decayed[:3], strict=True))
            assert abs(mpf(float(overlap)) / exact - 1) < 1e-12


@pytest.mark.parametrize("kind", ["general", "clock"])
def test_steps_agree_on_the_overlap(kind):
    """Exponentials and rational functions, where a plain sum loses half the digits."""
    system, state = difference_mode()
    clusters = Clusters.find(system, state)
    begin = np.array([system.statistics(state[None])[0], clusters.overlap(state)])
    students = (state + system.teacher[0])[None]
    vectors = state[None], students, np.repeat(begin[:, None], TABLE.stages, axis=1)
    found = take(kind, system, 0.05, *vectors, clusters)
    reference = take("short", system, float(found.times[-1]), *vectors, clusters)
    assert found.statistics[:, -1] == pytest.approx(reference.statistics[:, -1], rel=1e-11)
    assert found.clusters.overlaps == pytest.approx(reference.clusters.overlaps, rel=1e-11)
    plain = take(kind, system, 0.05, *vectors)
    assert abs(plain.statistics[1, -1] / found.statistics[1, -1] - 1) > 1e-9
