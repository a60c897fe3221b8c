"""Closures in statistics: the identity they rest on, the code they yield, and their refusals."""

from types import ModuleType

import numpy as np
import pytest
import sympy

from theory.symbolic import Model, Statistic, UnclosedHierarchyError, Z, hierarchy, phase_retrieval
from theory.symbolic.closures import (
    CharacteristicPolynomial,
    ClosureError,
    GeometricExtrapolation,
    MomentSystem,
    Truncation,
    close,
    generate_system,
)
from theory.symbolic.measure import MeasureError, SpectralMeasure

NETWORK = Model("network", Z**2, Z**2, (1, 2), (1, 1, sympy.Rational(1, 2)))
TOWER = hierarchy(phase_retrieval())
EIGENVALUES = ["1", "0.5", "0.5", "0.2", "0"]


def load(text: str) -> ModuleType:
    module = ModuleType("generated")
    exec(compile(text, "generated", "exec"), module.__dict__)
    return module


def random_measure(model: Model, seed: int = 0) -> SpectralMeasure:
    rng = np.random.default_rng(seed)
    rows = [
        [[sympy.Rational(int(n), 8) for n in row] for row in rng.integers(-8, 9, (count, len(EIGENVALUES)))]
        for count in (model.students, model.teachers)
    ]
    return SpectralMeasure(EIGENVALUES, *rows)


def state(system: MomentSystem, measure: SpectralMeasure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, T and the coefficients as the generated function takes them."""
    entries, orders = system.hierarchy.entries, range(1, system.order + 1)
    x = [[measure.value(entry.at(order)) for order in orders] for entry in entries]
    teachers = range(system.hierarchy.model.teachers)
    T = [
        [
            [measure.value(Statistic("T", j, m, order)) for order in (*orders, system.order + 1)]
            for m in teachers
        ]
        for j in teachers
    ]
    return np.array(x, float), np.array(T, float), np.array(system.coefficients, float)


def test_coefficients_reproduce_every_power_of_the_spectrum() -> None:
    closure = CharacteristicPolynomial(EIGENVALUES)
    assert len(closure.coefficients) == 3
    for value in map(sympy.Rational, EIGENVALUES):
        assert value**4 == sum(c * value ** (j + 1) for j, c in enumerate(closure.coefficients))


def test_two_modes_of_the_module_docstring() -> None:
    a, b = sympy.Rational(2, 3), sympy.Rational(1, 3)
    assert CharacteristicPolynomial([a, b]).coefficients == (-a * b, a + b)


@pytest.mark.parametrize("model", [phase_retrieval(), NETWORK], ids=lambda model: model.name)
def test_exact_closure_is_the_flow_of_explicit_modes(model: Model) -> None:
    """The generated velocity of every statistic against 2 W Q^k Ẇᵀ and Ẇ Q^k W*ᵀ with the modes' own Ẇ."""
    system = close(hierarchy(model), CharacteristicPolynomial(EIGENVALUES))
    measure = random_measure(model)
    x, T, coefficients = state(system, measure)
    rate = load(generate_system(system)).right_hand_side(x, T, coefficients)

    eigenvalues = np.array(measure.eigenvalues, float)
    W, teacher = np.array(measure.students, float), np.array(measure.teachers, float)
    overlaps = model.overlaps
    values = dict(
        zip(
            (*overlaps.S, *overlaps.U, *overlaps.T),
            np.concatenate(
                [(a * eigenvalues @ b.T).ravel() for a, b in ((W, W), (W, teacher), (teacher, teacher))]
            ),
            strict=True,
        )
    )
    A, B = (np.array(matrix.subs(values), float) for matrix in model.drift)
    velocity = (A @ W + B @ teacher) * eigenvalues
    for k in range(system.order):
        weighted = eigenvalues ** (k + 1)
        S = velocity * weighted @ W.T
        U = velocity * weighted @ teacher.T
        exact = np.concatenate([(S + S.T)[np.triu_indices(model.students)], U.ravel()])
        np.testing.assert_allclose(rate[:, k], exact, rtol=1e-11, atol=1e-12 * np.abs(exact).max())


def test_rules_for_the_last_order() -> None:
    measure = random_measure(TOWER.model)
    for closure, last in (
        (Truncation(order=4), lambda x: 0 * x[:, -1]),
        (GeometricExtrapolation(order=4), lambda x: x[:, 3] ** 2 / x[:, 2]),
    ):
        system = close(TOWER, closure)
        x, T, coefficients = state(system, measure)
        module = load(generate_system(system))
        rate = module.right_hand_side(x, T, coefficients)
        expected = module.velocity(last(x), x[:, 0], T[..., 0], T[..., -1])
        np.testing.assert_array_equal(rate[:, -1], expected)
        assert system.missing == ()
        assert system.hierarchy is TOWER


def test_geometric_extrapolation_is_exact_for_one_eigenvalue() -> None:
    measure = SpectralMeasure(["0.5"], [["0.25"]], [[1]])
    system = close(TOWER, GeometricExtrapolation(order=3))
    x, _, _ = state(system, measure)
    np.testing.assert_array_equal(x[:, -1] ** 2 / x[:, -2], x[:, -1] / 2)


def test_open_hierarchies_do_not_become_code() -> None:
    with pytest.raises(
        UnclosedHierarchyError, match=r"up to order 3 lacks s\(4\), u\(4\): close it with close"
    ):
        generate_system(hierarchy(phase_retrieval(), sympy.Integer(3)))
    with pytest.raises(UnclosedHierarchyError, match=r"lacks S11\(2\), S12\(2\), S22\(2\), U11\(2\)"):
        generate_system(hierarchy(NETWORK))


@pytest.mark.parametrize("bad", [[], [0], [1, -1], [0.5]])
def test_spectra_must_be_exact_and_non_negative(bad: list[object]) -> None:
    with pytest.raises(MeasureError, match="eigenvalues"):
        CharacteristicPolynomial(bad)


@pytest.mark.parametrize("closure", [Truncation(order=0), GeometricExtrapolation(order=1)], ids=repr)
def test_orders_must_make_sense(closure: Truncation | GeometricExtrapolation) -> None:
    with pytest.raises(ClosureError, match="order must be an integer of at least"):
        close(TOWER, closure)


def test_code_does_not_grow_with_the_order() -> None:
    texts = [generate_system(close(TOWER, Truncation(order=order))) for order in (2, 256)]
    assert len(texts[0].splitlines()) == len(texts[1].splitlines())
