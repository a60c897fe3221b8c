"""The flow at any precision: against closed forms, Taylor series, and other derivations of networks."""

import json
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import sympy
from flint import arb, arb_mat, ctx
from mpmath import mp, mpf
from numpy.polynomial import legendre
from oracles.cases import CASES, isotropic_exact
from oracles.taylor import taylor_flow

from numerics import Problem, load_module
from numerics.precise import ExactProblem, solve_precisely
from numerics.precise.step import PreciseModes, solve_step
from numerics.precise.table import precise_radau
from numerics.quadrature.collocation import radau
from numerics.state import charts
from theory.symbolic.codegen import generate_module
from theory.symbolic.links import RELU, Z
from theory.symbolic.models import Model, quadratic_network, single_index
from theory.symbolic.precision import at_any_precision

KEYS = ("u", "s", "one_minus_u", "one_minus_s", "loss", "mse")


@pytest.fixture(autouse=True)
def precision():
    with mp.workdps(150):
        yield


@cache
def module(model):
    return load_module(at_any_precision(generate_module(model)))


def worst(found, reference):
    """The largest relative difference of observables; an exact zero must be met exactly."""
    return max(
        float(abs(x - y) / abs(y)) if y else float(x != 0)
        for key in KEYS
        for x, y in zip(getattr(found, key), reference[key], strict=True)
    )


def test_table_is_the_solvers_in_double_precision():
    with ctx.workdps(30):
        precise, double = precise_radau(12), radau(12)
    to_legendre = np.linalg.inv(legendre.legvander(2.0 * double.points - 1.0, double.stages))
    for mine, other in (
        ([precise.nodes], [double.nodes]),
        (precise.matrix.tolist(), double.matrix),
        (precise.to_legendre.tolist(), to_legendre),
    ):
        assert np.abs(np.array([[float(x) for x in row] for row in mine]) - other).max() < 3e-14


@pytest.mark.parametrize("stages", [2, 40, 90])
def test_table_integrates_polynomials_to_the_working_precision(stages):
    with ctx.workdps(stages + 10):
        table = precise_radau(stages)
        for power in (0, stages // 2, stages - 1):
            column = table.matrix * arb_mat([[c**power] for c in table.nodes])
            for found, node in zip(column.entries(), table.nodes, strict=True):
                assert abs(found.mid() - (node ** (power + 1) / (power + 1)).mid()) < arb(10) ** -(stages + 5)
        third = table.weights(arb(1) / 3) * arb_mat([[c**stages] for c in [arb(0), *table.nodes]])
        assert abs(third[0, 0].mid() - (arb(3) ** -stages).mid()) < arb(10) ** -(stages + 5)


@pytest.mark.parametrize("name", ["change of sign", "repeated eigenvalue"])
def test_taylor(name):
    """An explicit series, at 20 digits; half of all cases in the slow version."""
    check_taylor(next(case for case in CASES if case.name == name))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES[::2], ids=lambda case: case.name)
def test_taylor_on_more_cases(case):
    check_taylor(case)


def check_taylor(case):
    run = solve_precisely(Problem(case.eigenvalues, case.teacher, case.init), case.times, digits=20)
    reference = taylor_flow(case.eigenvalues, case.teacher, case.init, case.times, case.digits)
    assert worst(run.observables, reference) < 1e-20
    assert run.error < 1e-20
    assert run.limit.name == case.limit
    square = sum(mpf(x) ** 2 for x in case.teacher)
    for recovered, mse in zip(run.observables.recovered, reference["mse"], strict=True):
        assert abs(recovered - (square - len(case.teacher) * mse)) < 1e-18 * square


@pytest.mark.parametrize("digits", [30, pytest.param(80, marks=pytest.mark.slow)])
def test_isotropic_closed_form(digits):
    """Decimal strings are read at full precision: 0.1 is 1/10."""
    teacher, init = ["1", "0.5", "-0.7"], ["0.1", "-0.2", "1/3"]
    times = ["0", "0.3", "7", "40"]
    run = solve_precisely(ExactProblem(["0.1"] * 3, teacher, init), times, digits)
    numbers = [[mpf(Fraction(x).numerator) / Fraction(x).denominator for x in row] for row in (teacher, init)]
    energy = mpf("0.1") * sum(x * x for x in numbers[0])
    for k, t in enumerate(times):
        u, s = isotropic_exact(mpf("0.1"), *numbers, mpf(t))
        assert abs(run.observables.u[k] / u - 1) < mpf(10) ** -digits
        assert abs(run.observables.s[k] / s - 1) < mpf(10) ** -digits
        deficit = 1 - abs(u) / energy
        assert abs(run.observables.one_minus_u[k] / deficit - 1) < mpf(10) ** -digits
    assert run.modes == 2
    assert run.error < 10.0**-digits


def test_tiny_overlap():
    """u(0) = 1e-150 keeps all its digits on the way from the saddle: u̇ = 8 u while s = s*/3."""
    third = mp.sqrt(mpf(2) / 3)
    run = solve_precisely(ExactProblem([1, "1/2"], [1, 0], ["1e-150", third]), [0, 1, 10], 14)
    for t, u in zip((0, 1, 10), run.observables.u, strict=True):
        assert abs(u / (mpf("1e-150") * mp.exp(8 * t)) - 1) < 1e-14
    assert run.limit.name == "+teacher"


@pytest.mark.slow
def test_decay_beyond_every_exponent():
    """1 − u = e^{−8t…} falls below 1e-450 of its start and counts as 0 from there; the run does not stop."""
    run = solve_precisely(ExactProblem([1], [1], ["0.1"]), [1, 1e24], 10)
    assert run.observables.one_minus_u[1] < mpf(10) ** -450
    assert run.steps < 1000


def quadratic_oracle(rates, teacher, start, time):
    """The flow of L = 2 tr(QΔQΔ) + (tr QΔ)², Δ = WᵀW − W*ᵀW*: Ẇ = −8 WQΔQ − 4 tr(QΔ) WQ, by mpmath's
    Taylor method.
    """
    size, students = len(rates), len(start)
    Q, star = mp.diag(rates), mp.matrix(teacher)

    def velocity(_, w):
        W = mp.matrix(students, size)
        for k, x in enumerate(w):
            W[k // size, k % size] = x
        gap = W.T * W - star.T * star
        trace = sum(rates[i] * gap[i, i] for i in range(size))
        return list(-8 * W * Q * gap * Q - 4 * trace * W * Q)

    found = mp.odefun(velocity, 0, [x for row in start for x in row])(time)
    return [found[k * size : (k + 1) * size] for k in range(students)]


def test_quadratic_network_against_its_matrix_form():
    """K = 3, M = 2 at 15 digits; the loss is derived anew from Δ."""
    rates, teacher = ["1", "0.5"], [["1", "0.2"], ["0.3", "-1"]]
    start = [["0.1", "0.2"], ["-0.3", "0.1"], ["0.2", "0.25"]]
    run = solve_precisely(
        ExactProblem(rates, teacher, start), ["0", "0.25"], 15, module(quadratic_network(3, 2))
    )
    with mp.workdps(18):
        exact = [[mpf(x) for x in row] for row in (rates, *teacher, *start)]
        W = quadratic_oracle(exact[0], exact[1:3], exact[3:], mpf("0.25"))
        for j in range(3):
            for k in range(3):
                assert (
                    abs(
                        run.overlaps.S[j, k, 1]
                        - sum(q * x * y for q, x, y in zip(exact[0], W[j], W[k], strict=True))
                    )
                    < 1e-15
                )
            for m in range(2):
                star = exact[1 + m]
                assert (
                    abs(
                        run.overlaps.U[j, m, 1]
                        - sum(q * x * y for q, x, y in zip(exact[0], W[j], star, strict=True))
                    )
                    < 1e-15
                )
                assert (
                    abs(
                        run.overlaps.distances[j, m, 1]
                        - sum((x - y) ** 2 for x, y in zip(W[j], star, strict=True))
                    )
                    < 1e-15
                )
        Q, star = mp.diag(exact[0]), mp.matrix(exact[1:3])
        gap = mp.matrix(W).T * mp.matrix(W) - star.T * star
        squared = Q * gap * Q * gap
        loss = 2 * (squared[0, 0] + squared[1, 1]) + (Q[0, 0] * gap[0, 0] + Q[1, 1] * gap[1, 1]) ** 2
        assert abs(run.overlaps.loss[1] / loss - 1) < 1e-14


@pytest.mark.slow
def test_equal_students_are_one():
    """Two students w/√2 learn one teacher as one student w does, at 15 digits."""
    rates, teacher, start = [1, "1/2", "1/8"], [1, -1, "1/2"], ["0.3", "0.1", "-0.2"]
    times = ["0.1", "1", "3"]
    one = solve_precisely(ExactProblem(rates, teacher, start), times, 15).observables
    half = [mpf(x) / mp.sqrt(2) for x in start]
    two = solve_precisely(
        ExactProblem(rates, teacher, [half, half]), times, 15, module(quadratic_network(2, 1))
    )
    two = two.overlaps
    for k in range(3):
        assert abs(sum(two.S[..., k].flat) / 2 / one.s[k] - 1) < 1e-14
        assert abs(sum(two.U[..., k].flat) / mp.sqrt(2) / one.u[k] - 1) < 1e-14
        assert abs(two.loss[k] - one.loss[k]) < 1e-14


@pytest.mark.parametrize("link", [sympy.erf(Z / 2), RELU])
def test_links_with_elementary_drift(link):
    """Two modes, ẇ = −∂L/∂w from the loss in closed form, by mpmath's Taylor method."""
    run = solve_precisely(
        ExactProblem(["1", "0.5"], ["1", "0.5"], ["0.2", "0.3"]), ["0", "0.7"], 18, module(single_index(link))
    )
    symbols = sympy.symbols("a b", positive=True)
    model = single_index(link)
    s, u, t = symbols[0] ** 2 + symbols[1] ** 2 / 2, symbols[0] + symbols[1] / 4, sympy.Rational(9, 8)
    loss = model.loss.subs(
        dict(zip(map(str, (*model.overlaps.S, *model.overlaps.U, *model.overlaps.T)), (s, u, t), strict=True))
    )
    slopes = [sympy.lambdify(symbols, -loss.diff(x), "mpmath") for x in symbols]
    with mp.workdps(22):
        a, b = mp.odefun(lambda _, w: [slope(*w) for slope in slopes], 0, [mpf("0.2"), mpf("0.3")])(
            mpf("0.7")
        )
        assert abs(run.overlaps.S[0, 0, 1] - (a * a + b * b / 2)) < 1e-17
        assert abs(run.overlaps.U[0, 0, 1] - (a + b / 4)) < 1e-17


def test_exact_numbers(tmp_path):
    problem = ExactProblem(
        ["0.1", 0.5, Fraction(1, 3)], [mpf(1) / 3, 1, 2], [["1e-3", "2/7", np.float64(0.25)], [1, 0, 0]]
    )
    assert problem.eigenvalues == (Fraction(1, 10), Fraction(1, 2), Fraction(1, 3))
    assert problem.init[0] == (Fraction(1, 1000), Fraction(2, 7), Fraction(1, 4))
    assert 0 < abs(problem.teacher[0][0] - Fraction(1, 3)) < Fraction(1, 10**140)
    assert problem.rounded.students.shape == (2, 3)
    path = tmp_path / "problem.json"
    path.write_text(json.dumps({"eigenvalues": ["0.1"], "teacher": [3], "init": [0.1]}))
    assert ExactProblem.load(path) == ExactProblem(["0.1"], [3], ["0.1"])
    assert ExactProblem.of(Problem([0.1], [3], [0.1])).eigenvalues == (Fraction(0.1),)


def test_eigenspaces_are_merged_exactly():
    """Ten equal modes, two rows: two modes, and start and teacher that are orthogonal stay so."""
    ones, signs = ["1/7"] * 10, ["0.3", "-0.3"] * 5
    run = solve_precisely(ExactProblem([2] * 10, ones, signs), [0, 1], 20)
    assert run.modes == 2
    assert run.limit.name == "saddle"
    assert not any(run.observables.u)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["x"], [1], [1]), r"eigenvalues\[0\] is 'x': it must be a finite number"),
        ((["1e99999999"], [1], [1]), r"eigenvalues\[0\] is '1e99999999': it must be"),
        (([1], [float("nan")], [1]), r"teacher\[0\] is nan: it must be"),
        (([1], [1], [mp.inf]), r"init\[0\] is mpf"),
        (([1], [1], ["1/0"]), r"init\[0\] is '1/0': it must be"),
        (([1], [True], [1]), r"teacher\[0\] is True: it must be"),
        ((["-1"], [1], [1]), "a covariance has none below 0"),
        (([1, 1], [1], [1, 1]), "they must be equally long"),
        (([], [], []), "non-empty"),
    ],
)
def test_bad_numbers(arguments, message):
    with pytest.raises(ValueError, match=message):
        ExactProblem(*arguments)


def test_bad_requests():
    problem = ExactProblem([1], [1], ["0.1"])
    for times in ([], [-1], [-1, 1], [1, 1], [2, 1], [1, 3, 2]):
        with pytest.raises(ValueError, match="times must be a non-empty list of increasing numbers"):
            solve_precisely(problem, times)
    for digits in (9, 201):
        with pytest.raises(ValueError, match=f"digits is {digits}: it must lie between 10 and 200"):
            solve_precisely(problem, [1], digits)
    network = quadratic_network(2, 1)
    with pytest.raises(ValueError, match="the problem has 1 students and 1 teachers, the model 2 and 1"):
        solve_precisely(problem, [1], model=module(network))
    floats = load_module(generate_module(single_index(Z**3)))
    with pytest.raises(ValueError, match=r"load it with load_module\(at_any_precision\(text\)\)"):
        solve_precisely(problem, [1], model=floats)
    pair = solve_precisely(ExactProblem([1], [1], [["0.1"], ["0.2"]]), ["0.1"], 10, module(network))
    with pytest.raises(ValueError, match="use overlaps"):
        _ = pair.observables
    with pytest.raises(ValueError, match="times\\[0\\] is 'soon'"):
        solve_precisely(problem, ["soon"])


@pytest.mark.parametrize(
    ("link", "students", "teachers"),
    [
        (sympy.erf(Z / 2), 1, 2),
        pytest.param(RELU, 2, 2, marks=pytest.mark.slow),
        pytest.param(Z**3 - 3 * Z, 2, 1, marks=pytest.mark.slow),
        pytest.param(Z**2, 2, 2, marks=pytest.mark.slow),
    ],
)
def test_networks_at_thirty_digits(link, students, teachers):
    """Ẇ = A W Q + B W* Q by mpmath's Taylor method: two modes, no step, table or chart in common."""
    precise = module(Model("committee", link, link, (1,) * students, (1,) * teachers))
    rates = ["1", "0.5"]
    teacher = [["1", "0.2"], ["0.3", "-1"]][:teachers]
    start = [["0.4", "0.2"], ["-0.3", "0.5"]][:students]
    found = solve_precisely(ExactProblem(rates, teacher, start), ["0.1"], 30, precise).overlaps
    with mp.workdps(36):
        Q, W0, target = (
            np.array([[mpf(x) for x in row] for row in rows]) for rows in ([rates], start, teacher)
        )
        energy, (rows, columns) = (target * Q).dot(target.T), np.triu_indices(students)

        def velocity(_, flat):
            W = np.array(flat).reshape(students, 2)
            S, U = (W * Q).dot(W.T), (W * Q).dot(target.T)
            A, B = precise.drift(np.concatenate([S[rows, columns], U.ravel()])[:, None], energy)
            return list(((A[..., 0].dot(W) + B[..., 0].dot(target)) * Q).ravel())

        W = np.array(mp.odefun(velocity, 0, list(W0.ravel()))(mpf("0.1"))).reshape(students, 2)
        for mine, exact in ((found.S, (W * Q).dot(W.T)), (found.U, (W * Q).dot(target.T))):
            assert max(abs(mine[..., 0] - exact).flat) < mpf(10) ** -30


def test_the_limit_is_told_by_the_end_of_the_run():
    """The chart changes within 0.1 of the teacher's energy, and the limit is told within 0.01."""
    problem, text = Problem([1.0, 0.5], [1.0, 0.7], [0.6, 0.3]), generate_module(single_index(Z**3))
    run = solve_precisely(problem, ["0.5"], 12, load_module(at_any_precision(text)))
    assert run.limit.name == "+teacher"
    assert "within 0.01" in run.limit.reason


def test_model_with_two_kinds_of_units():
    """A committee of erf: 2 by 2, S and U against the solver in double precision."""
    from numerics import solve

    text = generate_module(Model("pair", sympy.erf(Z / 2), sympy.erf(Z / 2), (1, 1), (1, 1)))
    problem = Problem([1.0, 0.5, 0.25], [[1, 0, 1], [0, 1, -1]], [[0.3, 0.1, 0.2], [-0.1, 0.4, -0.1]])
    run = solve_precisely(problem, [0.5, 20.0], 12, load_module(at_any_precision(text)))
    found = solve(problem, 20.0, load_module(text)).overlaps([0.5, 20.0])
    for mine, other in ((run.overlaps.S, found.S), (run.overlaps.U, found.U)):
        np.testing.assert_allclose(mine.astype(float), other, rtol=0, atol=1e-12)


def test_a_mode_that_has_died_out():
    """What is 0 has no part in the units of the sums: q ~ 1e-100 keeps its digits beside it."""
    chart, found = charts.teacher(module(quadratic_network(1, 1))), {}
    with ctx.workdps(40):
        method = precise_radau(15)
        for dead in (0, 1):
            modes = PreciseModes([arb(1)] * dead + [arb("0.5")], arb_mat([[0] * dead + [1]]))
            start = arb_mat([[0] * dead + [arb("1e-50")]])
            guess = np.repeat(modes.statistics(start, 1), 15, axis=1)
            found[dead] = solve_step(method, chart, modes, arb("0.5"), start, guess, 1e-12)[0]
        q, reference = (found[dead][0, -1] for dead in (1, 0))
        assert abs(q / reference - 1) < mpf(10) ** -20
