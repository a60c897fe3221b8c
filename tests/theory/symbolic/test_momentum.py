"""The heavy ball: its energy, as an identity of the tower, and its rates."""

import pytest
import sympy

from theory.symbolic import (
    ModelError,
    Statistic,
    complex_phase_retrieval,
    gradient_descent,
    heavy_ball,
    hierarchy,
    phase_retrieval,
    quadratic_network,
)

GAMMA = sympy.Symbol("gamma", positive=True)


@pytest.mark.parametrize("model", [phase_retrieval(), quadratic_network(2, 1)], ids=lambda model: model.name)
def test_friction_takes_the_energy(model):
    """d/dτ (L + ½ ‖V‖²) = −γ ‖V‖², ‖V‖² the statistics of order 0 of the velocities."""
    moving = heavy_ball(model, GAMMA)
    tower, K = hierarchy(moving), model.students
    plain = {}
    for entry in tower.entries:
        first = entry.at(sympy.S.One)
        plain[first.function(moving.overlaps)] = first.symbol(moving.overlaps)

    def change(statistic):
        terms = tower.derivative(statistic).items()
        total = sympy.Add(*(c * key.function(moving.overlaps) for key, c in terms))
        teacher = Statistic("T", 0, 0, sympy.S.One)
        return total.subs({**plain, teacher.function(moving.overlaps): teacher.symbol(moving.overlaps)})

    falls = sympy.S.Zero
    for entry in tower.entries:
        symbol = entry.symbol(moving.overlaps)
        if model.loss.has(symbol):
            falls += model.loss.diff(symbol) * change(entry.at(sympy.S.One))
    kinetic = [Statistic("S", K + j, K + j, sympy.S.Zero) for j in range(K)]
    falls += sympy.Add(*(change(part) / 2 for part in kinetic))
    taken = GAMMA * sympy.Add(*(part.function(moving.overlaps) for part in kinetic))
    assert sympy.expand(falls + taken) == 0


def test_rates_of_both_rows():
    """r² + γ r = λ A in a mode of eigenvalue λ that no teacher pulls."""
    moving = heavy_ball(phase_retrieval(), GAMMA)
    rate, value, gain = sympy.symbols("r lambda A")
    matrix = sympy.Matrix(value * moving.A + moving.C).subs(value * moving.model.A[0], value * gain)
    assert sympy.expand(matrix.charpoly(rate).as_expr() - (rate**2 + GAMMA * rate - value * gain)) == 0


def test_what_is_for_the_gradient_refuses():
    with pytest.raises((ModelError, TypeError)):
        gradient_descent(hierarchy(heavy_ball(phase_retrieval(), 1)))
    with pytest.raises((ModelError, TypeError)):
        heavy_ball(complex_phase_retrieval(), 1)
    with pytest.raises(ValueError, match="friction"):
        heavy_ball(phase_retrieval(), -1)
