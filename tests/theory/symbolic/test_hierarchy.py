"""The tower of statistics against P3, and against the flow of explicit modes."""

from itertools import product

import pytest
import sympy

from theory.symbolic import Model, Statistic, Z, hierarchy, mode_equation, phase_retrieval, single_index

k = sympy.Symbol("k", integer=True, positive=True)
s, u, t = sympy.symbols("s u t")
s_of, u_of, t_of = (sympy.Function(name) for name in "sut")
NETWORK = Model("network", Z**2, Z**2, (1, 2), (1, 1, sympy.Rational(1, 2)))


def test_p3_mode_equation() -> None:
    [(coordinate, velocity)] = mode_equation(phase_retrieval()).items()
    eigenvalue = next(iter(velocity.atoms(sympy.Indexed)))
    teacher = next(atom for atom in velocity.atoms(sympy.Function) if atom.func.__name__ == "w_star")
    paper = 4 * eigenvalue * (t - 3 * s) * coordinate + 8 * eigenvalue * u * teacher
    assert sympy.expand(velocity - paper) == 0


def test_p3_tower_of_phase_retrieval() -> None:
    tower = hierarchy(phase_retrieval())
    energy = 8 * (t - 3 * s) * s_of(k + 1) + 16 * u * u_of(k + 1)
    overlap = 4 * (t - 3 * s) * u_of(k + 1) + 8 * u * t_of(k + 1)
    assert sympy.expand(tower.S[0] - energy) == 0
    assert sympy.expand(tower.U[0] - overlap) == 0


@pytest.mark.parametrize("link", [Z**3 - 3 * Z, Z**4 - Z, sympy.erf(Z), sympy.Abs(Z)], ids=str)
def test_tower_of_any_single_index_model(link: sympy.Expr) -> None:
    model = single_index(link)
    tower = hierarchy(model)
    A, B = model.A[0], model.B[0]
    assert sympy.expand(tower.S[0] - 2 * A * s_of(k + 1) - 2 * B * u_of(k + 1)) == 0
    assert sympy.expand(tower.U[0] - A * u_of(k + 1) - B * t_of(k + 1)) == 0


@pytest.mark.parametrize("order", [k, sympy.Integer(1)], ids=str)
def test_tower_of_a_network_in_matrix_form(order: sympy.Expr) -> None:
    """With X = S^(k+1), Y = U^(k+1), Z = T^(k+1): S' = AX + XAᵀ + BYᵀ + YBᵀ, U' = AY + BZ."""
    tower = hierarchy(NETWORK, order)
    X, Y, R = (
        matrix.applyfunc(lambda symbol: sympy.Function(symbol.name)(order + 1))
        for matrix in (NETWORK.overlaps.S, NETWORK.overlaps.U, NETWORK.overlaps.T)
    )
    A, B = NETWORK.drift
    assert (tower.S - A * X - X * A.T - B * Y.T - Y * B.T).expand().is_zero_matrix
    assert (tower.U - A * Y - B * R).expand().is_zero_matrix


def test_tower_is_the_chain_rule_on_explicit_modes() -> None:
    """Three modes, order two: differentiate wᵀQ²w and wᵀQ²w* by the coordinates themselves."""
    model = phase_retrieval()
    eigenvalues, w, teacher = (sympy.symbols(f"{name}1:4") for name in ("l", "w", "v"))

    def moment(order: int, left: tuple[sympy.Symbol, ...], right: tuple[sympy.Symbol, ...]) -> sympy.Expr:
        return sum(e**order * a * b for e, a, b in zip(eigenvalues, left, right, strict=True))

    values = {s: moment(1, w, w), u: moment(1, w, teacher), t: moment(1, teacher, teacher)}
    A, B = model.A[0].subs(values), model.B[0].subs(values)
    speeds = [e * (A * a + B * b) for e, a, b in zip(eigenvalues, w, teacher, strict=True)]
    tower = hierarchy(model, sympy.Integer(2))
    values |= {
        s_of(3): moment(3, w, w),
        u_of(3): moment(3, w, teacher),
        t_of(3): moment(3, teacher, teacher),
    }
    for statistic, derivative in (
        (moment(2, w, w), tower.S[0]),
        (moment(2, w, teacher), tower.U[0]),
    ):
        explicit = sum(statistic.diff(a) * v for a, v in zip(w, speeds, strict=True))
        assert sympy.expand(explicit - derivative.subs(values)) == 0


def test_a_statistic_is_its_key_and_not_its_name() -> None:
    """With twelve students the name S111 would stand for (1, 11) and for (11, 1)."""
    assert Statistic("S", 2, 1, k) == Statistic("S", 1, 2, k)
    assert Statistic("U", 2, 1, k) != Statistic("U", 1, 2, k)
    assert Statistic("S", 0, 10, 1) != Statistic("S", 10, 0, 2)
    assert Statistic("S", 1, 2, 3) == Statistic("S", 1, 2, sympy.Integer(3))


@pytest.mark.parametrize("model", [phase_retrieval(), NETWORK], ids=lambda model: model.name)
def test_derivatives_by_key_are_the_printed_ones(model: Model) -> None:
    tower = hierarchy(model, sympy.Integer(7))
    for matrix, name in ((tower.S, "S"), (tower.U, "U")):
        for row, column in product(range(matrix.rows), range(matrix.cols)):
            combination = tower.derivative(Statistic(name, row, column, 7))
            printed = sum(value * key.function(model.overlaps) for key, value in combination.items())
            assert sympy.expand(matrix[row, column] - printed) == 0


def test_every_order_lacks_the_next() -> None:
    tower = hierarchy(NETWORK)
    for order in (1, 4):
        assert tower.missing(order) == tuple(entry.at(order + 1) for entry in tower.entries)
    assert len(tower.statistics(4)) == 4 * (3 + 6)


def test_constants_do_not_move() -> None:
    tower = hierarchy(phase_retrieval())
    assert tower.derivative(Statistic("T", 0, 0, 3)) == {}
