"""Models whose second layer learns: the balance of the layers is an identity of the tower."""

import pytest
import sympy

from theory.symbolic import (
    Model,
    ModelError,
    Statistic,
    Z,
    complex_phase_retrieval,
    gradient_descent,
    hierarchy,
    linearise,
    parse_link,
    phase_retrieval,
    trained,
)

TEACHER = {"z**2": Z**2 + Z, "relu(z)": parse_link("relu(z)"), "z**3": Z**3}


def change(tower, statistic):
    """The derivative of a statistic with those of order one as the plain overlaps."""
    overlaps = tower.model.overlaps
    total = sympy.Add(*(c * key.function(overlaps) for key, c in tower.derivative(statistic).items()))
    keys = [Statistic(x.name, x.row, x.column, sympy.S.One) for x in tower.entries]
    keys += [Statistic("T", j, k, sympy.S.One) for j in range(tower.model.teachers) for k in range(j + 1)]
    return total.subs({key.function(overlaps): key.symbol(overlaps) for key in keys})


@pytest.mark.parametrize(("link", "degree"), [("z**2", 2), ("z**3", 3), ("relu(z)", 1)])
def test_the_layers_of_a_homogeneous_link_keep_their_balance(link, degree):
    """d/dt ‖w_j‖² = (k/r) d/dt a_j², whatever the teacher is."""
    rate = sympy.Symbol("r", positive=True)
    model = trained(Model("two", parse_link(link), TEACHER[link], (1, -2), (1,)), rate)
    tower = hierarchy(model)
    values = dict(zip(map(str, model.overlaps.statistics), (1.1, 0.3, 0.8, 0.4, -0.2), strict=True))
    values |= {"T": 0.9, "a1": 0.7, "a2": -1.3, "r": 0.6}
    for j, (weight, velocity) in enumerate(zip(model.weights, model.weight_velocity, strict=True)):
        moved = change(tower, Statistic("S", j, j, sympy.S.Zero)) - 2 * degree / rate * weight * velocity
        if link != "relu(z)":
            assert sympy.expand(moved) == 0
        at = {symbol: values[symbol.name] for symbol in moved.free_symbols}
        assert abs(sympy.N(moved.subs(at), 30)) < 1e-12


def test_one_student_by_hand():
    """L = 3a²s² − 2ast − 4au² + 3t² of a⟨w,x⟩² that learns ⟨w*,x⟩²."""
    a, s, u, t = sympy.symbols("a s u t", real=True)
    model = trained(phase_retrieval(), 2)
    plain = {symbol: sympy.Symbol(symbol.name, real=True) for symbol in model.loss.free_symbols}
    assert (
        sympy.expand(model.loss.subs(plain) - (3 * a**2 * s**2 - 2 * a * s * t - 4 * a * u**2 + 3 * t**2))
        == 0
    )
    assert sympy.expand(model.weight_velocity[0].subs(plain) + 12 * a * s**2 - 4 * s * t - 8 * u**2) == 0
    assert sympy.expand(model.A[0].subs(plain) + 12 * a**2 * s - 4 * a * t) == 0


def test_what_is_for_fixed_weights_refuses():
    tower = hierarchy(trained(phase_retrieval(), 1))
    for question in (gradient_descent, linearise):
        with pytest.raises((ModelError, TypeError)):
            question(tower)
    with pytest.raises((ModelError, TypeError)):
        trained(complex_phase_retrieval(), 1)
    with pytest.raises(ValueError, match="rate"):
        trained(phase_retrieval(), 0)
