"""Independent coordinates against enumeration of a two-point law, exactly, in symbolic weights."""

from itertools import product

import pytest
import sympy

from theory.symbolic import (
    Model,
    ModelError,
    Z,
    hierarchy,
    phase_retrieval,
    single_index,
)
from theory.symbolic.hierarchy import MODE
from theory.symbolic.independent import IndependentModel, NonGaussianError, PowerSum

KAPPA = sympy.Symbol("kappa4")
LAW = {sympy.Integer(2): sympy.Rational(1, 5), sympy.Rational(-1, 2): sympy.Rational(4, 5)}
"""A skewed law of mean 0 and variance 1."""

ROOTS = (sympy.Integer(1), sympy.Rational(1, 2))
"""Square roots of the eigenvalues: half-integer orders stay rational."""

NETWORK = Model("network", Z**2, Z**2 + Z, (1, -2), (1,))
MODELS = [phase_retrieval(), single_index(Z**3 - Z), NETWORK]


def by_name(model: Model) -> str:
    return model.name


def law_cumulants(count: int) -> tuple[sympy.Rational, ...]:
    """(κ_3, …), by κ_n = m_n − Σ_j C(n−1, j−1) κ_j m_{n−j}."""
    moment = [sum(p * value**n for value, p in LAW.items()) for n in range(count + 1)]
    kappa = [sympy.S.Zero]
    for n in range(1, count + 1):
        mixed = sum(sympy.binomial(n - 1, j - 1) * kappa[j] * moment[n - j] for j in range(1, n))
        kappa.append(moment[n] - mixed)
    assert kappa[1:3] == [0, 1]
    return tuple(kappa[3:])


def weights(model: Model) -> tuple[sympy.Matrix, sympy.Matrix]:
    return (
        sympy.Matrix(model.students, 2, sympy.symbols(f"w1:{2 * model.students + 1}")),
        sympy.Matrix(model.teachers, 2, sympy.symbols(f"v1:{2 * model.teachers + 1}")),
    )


def explicit(key: PowerSum, W: sympy.Matrix, teacher: sympy.Matrix) -> sympy.Expr:
    rows = W.col_join(teacher)
    return sum(
        root ** (2 * key.order) * sympy.prod(rows[a, i] ** power for a, power in enumerate(key.powers))
        for i, root in enumerate(ROOTS)
    )


def enumerated_loss(model: Model, W: sympy.Matrix, teacher: sympy.Matrix) -> sympy.Expr:
    total = sympy.S.Zero
    for atoms in product(LAW.items(), repeat=2):
        x = sympy.Matrix([root * value for root, (value, _) in zip(ROOTS, atoms, strict=True)])
        student = sum(
            c * model.student_link.subs(Z, z) for c, z in zip(model.student_weights, W * x, strict=True)
        )
        target = sum(
            c * model.teacher_link.subs(Z, z) for c, z in zip(model.teacher_weights, teacher * x, strict=True)
        )
        total += atoms[0][1] * atoms[1][1] * (student - target) ** 2
    return sympy.expand(total)


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_loss_velocity_and_derivatives_are_exact(model: Model) -> None:
    """As polynomials in the weights: the loss, its gradient, and the chain rule for every statistic."""
    degree = 2 * max(sympy.degree(model.student_link, Z), sympy.degree(model.teacher_link, Z))
    inputs = IndependentModel(model, law_cumulants(degree))
    W, teacher = weights(model)
    values = {symbol: explicit(key, W, teacher) for key, symbol in inputs.symbols.items()}
    loss = enumerated_loss(model, W, teacher)
    assert sympy.expand(inputs.loss.subs(values) - loss) == 0

    rows = W.col_join(teacher)
    point = {symbol: sympy.Rational(n + 1, 7) for n, symbol in enumerate((*W, *teacher))}
    numbers = {symbol: value.subs(point) for symbol, value in values.items()}
    velocity = -W.applyfunc(loss.diff).subs(point)
    for student, i in product(range(model.students), range(2)):
        mode = sum(
            value.subs(numbers)
            * ROOTS[i] ** (2 * key.order)
            * sympy.prod(rows[a, i] ** power for a, power in enumerate(key.powers)).subs(point)
            for key, value in inputs.velocity(student).items()
        )
        assert mode == velocity[student, i]

    zeros = (0,) * (model.students + model.teachers - 1)
    for key in (PowerSum((2, *zeros), 3), PowerSum((3, *zeros[1:], 1), sympy.Rational(5, 2))):
        statistic = explicit(key, W, teacher)
        chain = sum(statistic.diff(w).subs(point) * speed for w, speed in zip(W, velocity, strict=True))
        terms = inputs.derivative(key).items()
        assert chain == sum(
            value.subs(numbers) * explicit(called, W, teacher).subs(point) for called, value in terms
        )


def test_extra_terms_of_phase_retrieval() -> None:
    """κ_4 Σ λ² (w² − w*²)² in the loss, −4κ_4 λ² w (w² − w*²) in the velocity; odd cumulants do not enter."""
    inputs = IndependentModel(phase_retrieval(), (sympy.Symbol("kappa3"), KAPPA))
    keys = {powers: inputs.symbols[PowerSum(powers, 2)] for powers in ((4, 0), (2, 2), (0, 4))}
    by_hand = KAPPA * (keys[4, 0] - 2 * keys[2, 2] + keys[0, 4])
    assert sympy.expand(inputs.extra_loss - by_hand) == 0
    velocity = inputs.velocity(0)
    s, u, t = sympy.symbols("s u t")
    assert velocity == {
        PowerSum((1, 0), 1): 4 * t - 12 * s,
        PowerSum((0, 1), 1): 8 * u,
        PowerSum((3, 0), 2): -4 * KAPPA,
        PowerSum((1, 2), 2): 4 * KAPPA,
    }


def test_cumulants_that_differ_between_coordinates() -> None:
    """The first coordinate has the skewed law, the second is a sign: κ_3 = 0, κ_4 = −2."""
    model = phase_retrieval()
    kappa = [sympy.IndexedBase(f"kappa{n}")[MODE] for n in (3, 4)]
    inputs = IndependentModel(model, tuple(kappa))
    per_mode = (dict(zip(kappa, law_cumulants(4), strict=True)), dict(zip(kappa, (0, -2), strict=True)))
    sign = dict.fromkeys((sympy.Integer(1), sympy.Integer(-1)), sympy.Rational(1, 2))
    W, teacher = weights(model)

    def value(key: PowerSum) -> sympy.Expr:
        return sum(mode_value(key, i) for i in range(2))

    def mode_value(key: PowerSum, i: int) -> sympy.Expr:
        product_ = sympy.prod(v[0, i] ** power for v, power in zip((W, teacher), key.powers, strict=True))
        return key.factor.subs(per_mode[i]) * ROOTS[i] ** (2 * key.order) * product_

    loss = sum(
        p * q * ((W * x)[0] ** 2 - (teacher * x)[0] ** 2) ** 2
        for (a, p), (b, q) in product(LAW.items(), sign.items())
        for x in [sympy.Matrix([ROOTS[0] * a, ROOTS[1] * b])]
    )
    values = {symbol: value(key) for key, symbol in inputs.symbols.items()}
    assert sympy.expand(inputs.loss.subs(values) - loss) == 0
    for i in range(2):
        mode = sum(c.subs(values) * mode_value(key, i) for key, c in inputs.velocity(0).items())
        assert sympy.expand(mode + loss.diff(W[0, i])) == 0
    statistic = PowerSum((2, 0), 1, kappa[1])
    chain = -sum(value(statistic).diff(w) * loss.diff(w) for w in W)
    derivative = sum(c.subs(values) * value(key) for key, c in inputs.derivative(statistic).items())
    assert sympy.expand(chain - derivative) == 0
    assert PowerSum((4, 0), 2, kappa[1]) in inputs.enlarge(rounds=0).levels[0]


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_vanishing_cumulants_are_gaussian(model: Model) -> None:
    inputs = IndependentModel(model, (0,) * 4)
    assert inputs.extra_loss == 0
    levels = inputs.enlarge(rounds=2).levels
    assert all(sum(key.powers) == 2 for level in levels for key in level)
    assert {key.order for key in levels[2]} == {3}


def test_gaussian_set_closes_for_equal_eigenvalues_only() -> None:
    inputs = IndependentModel(phase_retrieval(), (0, 0))
    isotropic = inputs.enlarge(rounds=5, isotropic=True)
    assert isotropic.closes
    assert len(isotropic.levels) == 1
    assert not inputs.enlarge(rounds=5).closes


def test_fourth_cumulants_call_for_ever_higher_powers() -> None:
    inputs = IndependentModel(phase_retrieval(), (0, KAPPA))
    found = inputs.enlarge(rounds=3, isotropic=True)
    assert not found.closes
    degrees = [max(sum(key.powers) for key in level) for level in (*found.levels, found.missing)]
    assert degrees == sorted(set(degrees))
    assert degrees[:2] == [4, 6]
    assert "level 0: c_1_1(0), c_2_0(0), c_2_2(0), c_4_0(0)" in str(found)
    assert str(found).splitlines()[-1].startswith("does not close here, missing: ")


@pytest.mark.parametrize("reduction", [hierarchy, lambda model: model.A])
def test_gaussian_reductions_refuse_by_name(reduction: object) -> None:
    inputs = IndependentModel(phase_retrieval(), (0, KAPPA))
    with pytest.raises(ModelError, match=r"phase retrieval.*kappa4"):
        reduction(inputs)


def test_missing_cumulants_are_refused() -> None:
    with pytest.raises(ModelError, match="cumulants of order 3 to 6, that is 4 of them, not 1"):
        IndependentModel(single_index(Z**3), (0,))


def test_refusal_names_what_was_asked() -> None:
    with pytest.raises(NonGaussianError, match="has no drift"):
        _ = IndependentModel(phase_retrieval(), (0, KAPPA)).drift
    with pytest.raises(AttributeError):
        _ = IndependentModel(phase_retrieval(), (0, KAPPA)).nothing
