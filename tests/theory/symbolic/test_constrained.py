"""Flows with a constraint: what they keep, exactly, and what they are beside the gradient."""

import pytest
import sympy

from theory.constraint import Constraint
from theory.symbolic import (
    Model,
    ModelError,
    Statistic,
    Z,
    constrained,
    gradient_descent,
    hierarchy,
    linearise,
    online_sgd,
    parse_link,
    phase_retrieval,
    single_index,
)
from theory.symbolic.closures import Truncation, close

MODELS = (
    phase_retrieval(),
    single_index(parse_link("He3(z)")),
    Model("two", Z**3 + Z, Z**2, (sympy.S(1), sympy.S(-2)), (sympy.S(1), sympy.S(3))),
)


def change(tower, statistic):
    """The derivative of a statistic with those of order one as the plain overlaps."""
    overlaps = tower.model.overlaps
    total = sympy.Add(*(c * key.function(overlaps) for key, c in tower.derivative(statistic).items()))
    plain = {Statistic(x.name, x.row, x.column, sympy.S.One) for x in tower.entries}
    return sympy.simplify(total.subs({key.function(overlaps): key.symbol(overlaps) for key in plain}))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize(("constraint", "order"), [("sphere", 0), ("qsphere", 1)])
def test_the_norm_of_every_student_is_kept(model, constraint, order):
    """d/dt w_jᵀQ^r w_j = 0 as an identity of the tower."""
    tower = hierarchy(constrained(model, constraint))
    for j in range(model.students):
        assert change(tower, Statistic("S", j, j, sympy.Integer(order))) == 0
        assert change(hierarchy(model), Statistic("S", j, j, sympy.Integer(order))) != 0


def test_one_student_on_the_sphere_by_hand():
    """C = −(A s + B u)/‖w‖² in u̇ = A u^(2) + B t^(2) + C u, of He₃ with s* = 1."""
    model = single_index(parse_link("He3(z)"))
    tower = hierarchy(constrained(model, "sphere"))
    s, u, t = sympy.symbols("s u t")
    at_one = model.A[0].subs(t, 1) + 18 * (5 * s**2 - 4 * s + 1), model.B[0].subs(t, 1) - 36 * u**2
    assert [sympy.expand(part) for part in at_one] == [0, 0]
    norm = Statistic("S", 0, 0, sympy.S.Zero).function(model.overlaps)
    found = tower.derivative(Statistic("U", 0, 0, sympy.S.One))
    keys = [Statistic(name, 0, 0, order) for name, order in (("U", 2), ("T", 2), ("U", 1))]
    expected = model.A[0], model.B[0], -(model.A[0] * s + model.B[0] * u) / norm
    assert all(sympy.simplify(found[key] - value) == 0 for key, value in zip(keys, expected, strict=True))


def test_decay_is_the_gradient_of_a_ridge():
    """−κ w is the gradient of −(κ/2) ‖w‖²: ṡ^(k) loses 2κ s^(k)."""
    plain, ridge = (hierarchy(m) for m in (phase_retrieval(), constrained(phase_retrieval(), "decay:3/7")))
    order = sympy.Integer(4)
    for name, multiple in (("S", 2), ("U", 1)):
        key = Statistic(name, 0, 0, order)
        expected = plain.derivative(key) | {key: -sympy.Rational(3, 7) * multiple}
        assert ridge.derivative(key) == expected


@pytest.mark.parametrize(
    "ask",
    [
        gradient_descent,
        online_sgd,
        lambda tower: close(tower, Truncation(order=3)),
        lambda tower: linearise(tower.model),
    ],
)
def test_what_follows_from_the_gradient_alone_is_refused(ask):
    with pytest.raises((ModelError, TypeError), match=r"constraint|model|plain gradient"):
        ask(hierarchy(constrained(phase_retrieval(), "sphere")))


@pytest.mark.parametrize("text", ["ball", "decay", "decay:-1", "decay:x", "sphere:2", ""])
def test_other_constraints_are_refused(text):
    with pytest.raises(ValueError, match="sphere, qsphere or decay"):
        Constraint.read(text)
