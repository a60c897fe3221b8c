"""The integral equations: against P7 and P8, by differentiation, and numerically against the flow."""

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

from numerics.closed import volterra
from theory.symbolic import (
    Model,
    ModelError,
    Statistic,
    Z,
    hierarchy,
    mode_equation,
    phase_retrieval,
    single_index,
)
from theory.symbolic.closures import ClosureError, DuhamelVolterra, Response, close, generate_system
from theory.symbolic.closures.duhamel import CLOCK, SOURCE, mode_solution
from theory.symbolic.hierarchy import TIME, coordinates
from theory.symbolic.measure import SpectralMeasure

MODELS = [phase_retrieval(), single_index(Z**3 - 3 * Z), single_index(Z**2, Z**2 + Z)]
MEASURE = SpectralMeasure(
    ["1", "0.5", "0.5", "0.1", "0"], [["0.2", "-0.1", "0.3", "0.1", 1]], [["0.5", 1, -1, 1, 1]]
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_mode_solution_solves_the_mode_equation(model: Model) -> None:
    """Differentiated by Leibniz's rule, with Φ' = A and B as functions of time."""
    tower = hierarchy(model)
    solution = mode_solution(tower)
    (student,), _ = coordinates(model)
    (velocity,) = mode_equation(model).values()
    along = {model.A[0]: CLOCK(TIME).diff(TIME), model.B[0]: SOURCE(TIME), student: solution}
    difference = solution.diff(TIME) - velocity.subs(along)
    assert sympy.expand(difference.doit()) == 0
    assert solution.subs(TIME, 0).doit() == student.subs(TIME, 0)


def test_overlap_of_phase_retrieval_is_p8_with_the_true_clock() -> None:
    system = close(hierarchy(phase_retrieval()), DuhamelVolterra())
    start, memory = system.u
    assert (start.response, start.multiplicity, start.integrals) == (Response(Statistic("U", 0, 0, 1)), 1, 0)
    assert (memory.response, memory.multiplicity, memory.integrals) == (
        Response(Statistic("T", 0, 0, 2)),
        1,
        1,
    )
    s = sympy.Function("s")(TIME)
    assert system.equations[2].rhs == 4 * sympy.Symbol("t") - 12 * s


def test_energy_has_one_single_and_one_double_integral() -> None:
    system = close(hierarchy(phase_retrieval()), DuhamelVolterra())
    assert [
        (term.response.statistic, term.multiplicity, term.students, term.integrals) for term in system.s
    ] == [
        (Statistic("S", 0, 0, 1), 1, 2, 0),
        (Statistic("U", 0, 0, 2), 2, 2, 1),
        (Statistic("T", 0, 0, 3), 1, 2, 2),
    ]


def test_kernels_generate_the_tower() -> None:
    """The series of a kernel sums to its spectral form."""
    response = Response(Statistic("U", 0, 0, 2))
    series = sum(c * MEASURE.value(key) for c, key in response.series(sympy.Rational(1, 2), 25))
    assert float(series) == pytest.approx(float(volterra.kernel(response, MEASURE)(np.array(0.5))), rel=1e-15)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("until", [0.1, 0.25])
def test_integral_equations_reproduce_the_flow(model: Model, until: float) -> None:
    """Against DOP853 on the modes, to a tolerance that the window's collocation resolves."""
    system = close(hierarchy(model), DuhamelVolterra())
    t = MEASURE.value(Statistic("T", 0, 0, 1))
    (energy,) = model.overlaps.T
    drift = sympy.lambdify(
        [model.overlaps.statistics], [model.A[0].subs(energy, t), model.B[0].subs(energy, t)]
    )
    times, s, u, clock = volterra.solve_system(system, MEASURE, until)

    eigenvalues, w0, teacher = (
        np.array(row, float) for row in (MEASURE.eigenvalues, MEASURE.students[0], MEASURE.teachers[0])
    )

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        w = state[:-1]
        A, B = drift((eigenvalues @ w**2, eigenvalues @ (w * teacher)))
        return np.append(eigenvalues * (A * w + B * teacher), A)

    flow = solve_ivp(
        velocity, (0, until), [*w0, 0], "DOP853", times, rtol=1e-13, atol=1e-15, max_step=until / 100
    )
    w = flow.y[:-1]
    np.testing.assert_allclose(s, eigenvalues @ w**2, rtol=1e-11)
    np.testing.assert_allclose(u, eigenvalues @ (w * teacher[:, None]), rtol=1e-11)
    np.testing.assert_allclose(clock, flow.y[-1], rtol=1e-10, atol=1e-12)
    assert np.ptp(u) > 0.1 * np.abs(u).max()


def test_networks_are_refused() -> None:
    model = Model("network", Z**2, Z**2, (1, 1), (1,))
    with pytest.raises(ModelError, match="network has 2 students and 1 teachers: where A is a matrix"):
        close(hierarchy(model), DuhamelVolterra())


def test_long_windows_fail_by_name() -> None:
    system = close(hierarchy(phase_retrieval()), DuhamelVolterra())
    with pytest.raises(ArithmeticError, match="shorten the window"), np.errstate(all="ignore"):
        volterra.solve_system(system, MEASURE, 50.0, nodes=12)


def test_integral_equations_are_not_generated() -> None:
    with pytest.raises(ClosureError, match=r"numerics\.solve_closed"):
        generate_system(close(hierarchy(phase_retrieval()), DuhamelVolterra()))
