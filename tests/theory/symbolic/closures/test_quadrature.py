"""The Gauss rule against the measure's own moments, and its flow against the flow of all modes."""

import numpy as np
import pytest
import sympy
from mpmath import mp, mpf

from theory.symbolic import Hierarchy, Model, Statistic, Z, hierarchy, phase_retrieval
from theory.symbolic.closures import ClosureError, GaussQuadrature, ModeSystem, close
from theory.symbolic.measure import MeasureError, SpectralMeasure

TOWER = hierarchy(phase_retrieval())
NETWORK = hierarchy(Model("network", Z**2, Z**2, (1, 1), (1,)))


def power_law(size: int, students: int = 1, seed: int = 0) -> SpectralMeasure:
    rng = np.random.default_rng(seed)
    eigenvalues = [sympy.Rational(1, (i + 1) ** 2) for i in range(size)]
    start = [[sympy.Rational(int(n), 64) for n in row] for row in rng.integers(-20, 21, (students, size))]
    return SpectralMeasure(eigenvalues, start, [[1] * size])


def rule_value(modes: ModeSystem, statistic: Statistic) -> mpf:
    left = modes.teachers if statistic.name == "T" else modes.students
    right = modes.students if statistic.name == "S" else modes.teachers
    rows = zip(modes.eigenvalues, left[statistic.row], right[statistic.column], strict=True)
    with mp.workdps(60):
        return mp.fsum(value ** int(statistic.order) * a * b for value, a, b in rows)


def relative_error(modes: ModeSystem, measure: SpectralMeasure, key: Statistic) -> float:
    exact = measure.value(key)
    with mp.workdps(60):
        return float(abs(rule_value(modes, key) * int(exact.q) / int(exact.p) - 1))


@pytest.mark.parametrize("tower", [TOWER, NETWORK], ids=["one student", "two students"])
@pytest.mark.parametrize("blocks", [1, 3])
def test_rule_keeps_twice_as_many_orders_as_blocks(tower: Hierarchy, blocks: int) -> None:
    students = tower.model.students
    measure = power_law(40, students)
    modes = close(tower, GaussQuadrature(measure, blocks=blocks))
    assert len(modes.eigenvalues) == blocks * (students + 1)
    for entry in (*tower.entries, Statistic("T", 0, 0, 1)):
        for order in range(1, 2 * blocks + 1):
            assert relative_error(modes, measure, entry.at(order)) < 1e-28
        assert relative_error(modes, measure, entry.at(2 * blocks + 1)) > 1e-12
    assert all(0 < node <= 1 for node in modes.eigenvalues)


def test_measure_of_few_atoms_is_its_own_rule() -> None:
    """A double eigenvalue has two directions that matter, a simple one has one, zero has none."""
    measure = SpectralMeasure([2, 1, 1, 0], [[1, 2, -1, 5]], [[1, 1, 1, 1]])
    modes = close(TOWER, GaussQuadrature(measure, blocks=6))
    nodes = sorted(float(node) for node in modes.eigenvalues)
    np.testing.assert_allclose(nodes, [1, 1, 2], rtol=1e-14)
    assert abs(rule_value(modes, Statistic("S", 0, 0, 9)) - measure.value(Statistic("S", 0, 0, 9))) < 1e-20


def test_close_atoms_are_told_apart() -> None:
    """Six atoms 10^-20 apart: the rule is the measure, though fewer nodes keep all orders to 30 digits."""
    eigenvalues = [1 - sympy.Rational(i, 10**20) for i in range(6)]
    measure = SpectralMeasure(eigenvalues, [[1, 2, -1, 5, 3, -2]], [[1] * 6])
    modes = close(TOWER, GaussQuadrature(measure, blocks=6))
    assert len(modes.eigenvalues) == 6
    with mp.workdps(60):
        for i, node in enumerate(modes.eigenvalues):
            assert abs(node - (1 - i * mpf(10) ** -20)) < 1e-28


def test_unit_of_the_eigenvalues_is_free() -> None:
    """Eigenvalues c λ have the nodes c θ and the same components."""
    measure, unit = power_law(12), 10**40
    larger = SpectralMeasure([unit * x for x in measure.eigenvalues], measure.students, measure.teachers)
    modes, scaled = (close(TOWER, GaussQuadrature(m, blocks=2)) for m in (measure, larger))
    with mp.workdps(60):
        for node, other in zip(modes.eigenvalues, scaled.eigenvalues, strict=True):
            assert abs(other / (unit * node) - 1) < 1e-28
        for x, other in zip(modes.teachers[0], scaled.teachers[0], strict=True):
            assert abs(abs(other / x) - 1) < 1e-28


def test_parallel_start_needs_one_vector() -> None:
    measure = SpectralMeasure([2, 1], [["0.5", "0.5"]], [[1, 1]])
    modes = close(TOWER, GaussQuadrature(measure, blocks=1))
    assert len(modes.eigenvalues) == 1
    assert abs(modes.students[0][0] / modes.teachers[0][0] - mp.mpf(1) / 2) < 1e-28


@pytest.mark.parametrize(("blocks", "phase", "error"), [(4, 100, 2e-2), (8, 100, 1e-11), (16, 10**4, 1e-4)])
def test_decay_in_time_needs_blocks(blocks: int, phase: int, error: float) -> None:
    """Σ λ (w*)² e^{−λΦ} of the rule against all 400 modes: four blocks at Φ = 100, sixteen at 10^4."""
    measure = power_law(400)
    modes = close(TOWER, GaussQuadrature(measure, blocks=blocks, digits=20))
    rule, exact = (
        float(np.sum(values * row**2 * np.exp(-values * phase)))
        for values, row in (
            (np.array(modes.eigenvalues, float), np.array(modes.teachers[0], float)),
            (np.array(measure.eigenvalues, float), np.array(measure.teachers[0], float)),
        )
    )
    assert abs(rule / exact - 1) < error


def test_measure_must_fit_the_model() -> None:
    with pytest.raises(ClosureError, match="network has 2 students and 1 teachers, the measure 1 and 1"):
        close(NETWORK, GaussQuadrature(power_law(4), blocks=1))
    with pytest.raises(ClosureError, match="blocks must be an integer of at least 1"):
        GaussQuadrature(power_law(4), blocks=0)


@pytest.mark.parametrize(
    "arguments", [([1], [[0.5]], [[1]]), ([1, 2], [[1]], [[1, 1]]), ([-1], [[1]], [[1]])]
)
def test_measures_are_exact_and_consistent(arguments: tuple[object, ...]) -> None:
    with pytest.raises(MeasureError, match=r"must be|non-negative"):
        SpectralMeasure(*arguments)
