"""Linearisations against the dense Jacobian of the mode equations and against the secular equation."""

import numpy as np
import pytest
import sympy

from theory.symbolic import Model, ModelError, UndecidedError, Z, phase_retrieval, single_index
from theory.symbolic.linearisation import (
    GROWTH,
    Linearisation,
    NotCriticalError,
    linearise,
    linearise_along,
)
from theory.symbolic.measure import SpectralMeasure

HALF = sympy.Rational(1, 2)
TEACHER = SpectralMeasure(
    ["1", "1", "1", "1/2", "1/2", "1/4", "1/8", "0", "0"],
    [[0] * 9],
    [["1/2", 1, "-1/3", 1, "1/2", "1", 0, 1, 2]],
)
"""Multiplicities three and two, a simple eigenvalue, one that the teacher misses, and zero twice."""

SADDLE = SpectralMeasure(["1", "1", "1", "1/4", "1/4", "0"], [[0, 1, 0, 0, 0, 3]], [[1, 0, 1, 2, 0, 1]])
"""Here t = 3, s = 1 = t/3 and u = 0: a saddle of phase retrieval."""

MIXED_SADDLE = SpectralMeasure(["1", "1", "1/2"], [[1, 0, 0]], [[0, 1, 2]])
"""t = 3, s = 1, u = 0, with the two directions independent in the first eigenspace."""

CUBIC = single_index(Z**3)
SHIFTED = single_index(Z**2 + Z / 3)


def dense(point: Linearisation, measure: SpectralMeasure, w: list[sympy.Expr]) -> np.ndarray:
    """The Jacobian of the mode equations themselves, coordinate by coordinate: no Hessian in it."""
    eigenvalues = [sympy.Rational(value) for value in measure.eigenvalues]
    teacher = list(measure.teachers[0])
    (s, u), (t,) = point.model.overlaps.statistics, point.model.overlaps.T
    size = len(eigenvalues)
    coordinates = sympy.symbols(f"x1:{size + 1}")
    values = {
        s: sum(e * x**2 for e, x in zip(eigenvalues, coordinates, strict=True)),
        u: sum(e * x * b for e, x, b in zip(eigenvalues, coordinates, teacher, strict=True)),
        t: sum(e * b**2 for e, b in zip(eigenvalues, teacher, strict=True)),
    }
    A, B = (matrix[0].subs(values, simultaneous=True) for matrix in point.model.drift)
    velocity = sympy.Matrix(
        [e * (A * x + B * b) for e, x, b in zip(eigenvalues, coordinates, teacher, strict=True)]
    )
    at = dict(zip(coordinates, w, strict=True))
    assert np.abs(np.array(velocity.subs(at), float)).max() < 1e-14
    return np.array(velocity.jacobian(coordinates).subs(at), float)


def all_eigenvalues(point: Linearisation, measure: SpectralMeasure) -> np.ndarray:
    spectrum = point.spectrum(measure)
    kept = [float(value) for value, count in spectrum.unmoved for _ in range(count)]
    reduced = np.linalg.eigvals(np.array(spectrum.reduced, float))
    assert np.abs(reduced.imag).max() < 1e-9
    return np.sort([*kept, *reduced.real])


def assert_same_spectrum(point: Linearisation, measure: SpectralMeasure, w: list[sympy.Expr]) -> None:
    exact = np.linalg.eigvalsh(dense(point, measure, w))
    found = all_eigenvalues(point, measure)
    np.testing.assert_allclose(found, np.sort(exact), atol=1e-10 * max(1.0, np.abs(exact).max()))


@pytest.mark.parametrize("model", [phase_retrieval(), CUBIC, SHIFTED, single_index(Z**3 - 3 * Z)], ids=str)
def test_teacher_of_any_model(model: Model) -> None:
    assert_same_spectrum(linearise_along(model, 1), TEACHER, list(TEACHER.teachers[0]))


@pytest.mark.parametrize("model", [phase_retrieval(), CUBIC, single_index(Z**4 - Z**2)], ids=str)
def test_origin_of_any_model(model: Model) -> None:
    assert_same_spectrum(linearise_along(model, 0), TEACHER, [sympy.S.Zero] * 9)


@pytest.mark.parametrize("measure", [SADDLE, MIXED_SADDLE], ids=["apart", "in one eigenspace"])
def test_saddles_of_phase_retrieval(measure: SpectralMeasure) -> None:
    saddle = linearise(phase_retrieval())[-1]
    assert saddle.multiple is None
    assert_same_spectrum(saddle, measure, list(measure.students[0]))


def test_saddles_of_another_model() -> None:
    """w with A = B = 0: z² learning z² + 1 has u = 0, s = (t + 1)/3; take t = 2, s = 1."""
    saddle = linearise(single_index(Z**2, Z**2 + 1))[-1]
    assert (saddle.multiple, saddle.u) == (None, 0)
    assert sympy.expand(saddle.s - (sympy.Symbol("t") + 1) / 3) == 0
    measure = SpectralMeasure(["1", "1", HALF], [[1, 0, 0]], [[0, 1, "1"]])
    with pytest.raises(
        NotCriticalError, match=r"the student has s = 1, but these critical points .* have 5/6"
    ):
        saddle.spectrum(measure)
    measure = SpectralMeasure(["1", "1", HALF], [[1, 0, 0]], [[0, 0, "2"]])
    assert_same_spectrum(saddle, measure, list(measure.students[0]))


def test_counting() -> None:
    """Three-fold: two stay; two-fold: one; the missed eigenvalue and both zeros stay; three are coupled."""
    spectrum = linearise_along(phase_retrieval(), 1).spectrum(TEACHER)
    assert [count for _, count in spectrum.unmoved] == [2, 1, 1, 2]
    assert spectrum.reduced.shape == (3, 3)
    saddle = linearise(phase_retrieval())[-1].spectrum(SADDLE)
    assert sum(count for _, count in saddle.unmoved) + saddle.reduced.rows == 6


@pytest.mark.parametrize("multiple", [0, 1])
def test_determinant_is_the_secular_equation_times_the_diagonal(multiple: int) -> None:
    """det(ρ − M) = Π(ρ − γλ_i) × secular, identically in λ, w* and ρ, for three modes."""
    point = linearise_along(SHIFTED, multiple) if multiple else linearise_along(phase_retrieval(), 0)
    eigenvalues, teacher = sympy.symbols("l1:4"), sympy.symbols("b1:4")
    direction = sympy.Matrix([e * b for e, b in zip(eigenvalues, teacher, strict=True)])
    matrix = point.rate * sympy.diag(*eigenvalues) + point.form[0] * direction * direction.T
    assert_secular(point, matrix, eigenvalues, {"w_star": teacher})


def test_determinant_is_the_secular_equation_at_rank_two() -> None:
    """A saddle has γ = 0, so a rate is put in by hand: the identity holds for every γ and form."""
    found = linearise(phase_retrieval())[-1]
    form = sympy.ImmutableMatrix([[2, 3], [3, -5]])
    point = Linearisation(found.model, None, found.s, found.u, sympy.Integer(7), form)
    eigenvalues = sympy.symbols("l1:4")
    w, teacher = [sympy.Integer(n) for n in (1, -2, 3)], [sympy.Integer(n) for n in (2, 1, -1)]
    basis = sympy.Matrix([[e * a, e * b] for e, a, b in zip(eigenvalues, w, teacher, strict=True)])
    matrix = 7 * sympy.diag(*eigenvalues) + basis * form * basis.T
    assert_secular(point, matrix, eigenvalues, {"w": w, "w_star": teacher})


def assert_secular(
    point: Linearisation,
    matrix: sympy.Matrix,
    eigenvalues: tuple[sympy.Symbol, ...],
    vectors: dict[str, object],
) -> None:
    secular = point.secular.subs(sympy.Symbol("d", integer=True, positive=True), 3).doit()
    values = {}
    for i, value in enumerate(eigenvalues, start=1):
        values[sympy.IndexedBase("lambda", positive=True)[i]] = value
        values |= {sympy.Function(name)(i): row[i - 1] for name, row in vectors.items()}
    secular = secular.subs(values)
    diagonal = sympy.prod(GROWTH - point.rate * value for value in eigenvalues)
    exact = (GROWTH * sympy.eye(3) - matrix).det(method="berkowitz")
    assert sympy.cancel(sympy.together(secular * diagonal - exact)) == 0


def test_reduced_polynomial_has_the_secular_roots() -> None:
    """At the origin of phase retrieval the top root is the paper's ρ (Lem 2): 1 = 8 Σ λ² w*²/(ρ − 4λt)."""
    spectrum = linearise_along(phase_retrieval(), 0).spectrum(TEACHER)
    top = max(sympy.Poly(spectrum.polynomial, GROWTH).nroots(n=30))
    lam, b = TEACHER.eigenvalues, TEACHER.teachers[0]
    t = sum(e * x**2 for e, x in zip(lam, b, strict=True))
    total = 8 * sum(e**2 * x**2 / (top - 4 * e * t) for e, x in zip(lam, b, strict=True))
    assert abs(total - 1) < 1e-25
    assert top > 4 * max(lam) * t


def test_points_that_are_not_critical() -> None:
    with pytest.raises(NotCriticalError, match="no critical point of"):
        linearise_along(single_index(Z**2 + Z), 0)
    with pytest.raises(NotCriticalError, match=r"w = 2 w\*"):
        linearise_along(phase_retrieval(), 2)
    with pytest.raises(ModelError, match="one of each"):
        linearise_along(Model("network", Z**2, Z**2, (1, 1), (1,)), 0)


def test_teacher_where_critical_points_are_undecided() -> None:
    model = single_index(Z**3 - 3 * Z)
    with pytest.raises(UndecidedError):
        linearise(model)
    assert linearise_along(model, 1).rate != 0
