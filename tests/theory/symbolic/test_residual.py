"""Residual coordinates are the same flow, written without its cancelling terms."""

import pytest
import sympy

from theory.symbolic import (
    Model,
    ResidualError,
    Z,
    deficits,
    phase_retrieval,
    quadratic_network,
    residual_flow,
    single_index,
)
from theory.symbolic.residual import rotations

MODELS = [
    phase_retrieval(),
    single_index(Z**3 - 3 * Z),
    Model("network", Z**2, Z**2, (1, 2), (1, 2)),
    Model("cubic network", Z**3, Z**3, (1, -1), (1, -1)),
    quadratic_network(3, 2),
]


def by_name(model: Model) -> str:
    return model.name


def test_phase_retrieval() -> None:
    flow = residual_flow(phase_retrieval())
    q, p, t = flow.q[0], flow.p[0], flow.T[0]
    assert flow.A[0] == -8 * t - 24 * p - 12 * q
    assert flow.C[0] == -16 * p - 12 * q
    assert flow.loss == 8 * p**2 + 12 * p * q + 3 * q**2 + 4 * t * q
    assert list(flow.deficits) == [-p / t, (-2 * p - q) / t]


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_substituting_back_gives_the_flow_in_the_overlaps(model: Model) -> None:
    flow = residual_flow(model)
    S, U, T = model.overlaps.S, model.overlaps.U, model.overlaps.T
    E = sympy.eye(model.students)[:, : model.teachers]
    back = {
        **dict(zip(flow.p, U - E * T, strict=True)),
        **dict(zip(flow.q, S - U * E.T - E * U.T + E * T * E.T, strict=True)),
    }
    assert (flow.A.subs(back, simultaneous=True) - model.A).expand().is_zero_matrix
    assert (flow.C.subs(back, simultaneous=True) - model.A * E - model.B).expand().is_zero_matrix
    assert sympy.expand(flow.loss.subs(back, simultaneous=True) - model.loss) == 0
    if model.students > model.teachers:
        with pytest.raises(ResidualError, match="not 3 with 2"):
            _ = flow.deficits
        return
    assert (flow.deficits.subs(back, simultaneous=True) - deficits(model)).expand().is_zero_matrix
    assert (flow.S.subs(back, simultaneous=True) - S).expand().is_zero_matrix


@pytest.mark.parametrize("model", MODELS, ids=by_name)
def test_no_term_survives_at_the_teacher(model: Model) -> None:
    flow = residual_flow(model)
    for expression in (*flow.C, flow.loss):
        constant = sympy.Poly(expression, *flow.statistics).coeff_monomial(1)
        assert constant == 0
    assert any(entry != 0 for entry in flow.C)


def test_a_teacher_the_student_cannot_equal_is_refused() -> None:
    with pytest.raises(ResidualError, match="does not rest at its teacher"):
        residual_flow(single_index(Z**3, Z**2 + Z))
    with pytest.raises(ResidualError, match="is no polynomial"):
        residual_flow(single_index(sympy.erf(Z)))
    with pytest.raises(ResidualError, match="1 students and 2 teachers"):
        residual_flow(Model("committee", Z**2, Z**2, (1,), (1, 1)))
    with pytest.raises(ResidualError, match="pair each student"):
        deficits(Model("committee", Z**2, Z**2, (1, 1), (1,)))


def test_rotations() -> None:
    """Squares with equal weights make Σ (w_j·x)², which no rotation of the w_j changes; nothing else does."""
    assert rotations(quadratic_network(3, 2))
    assert rotations(quadratic_network(2, 2))
    assert rotations(Model("one short", Z**2, Z**2, (1, 1), (1, 1, 1)))
    assert not rotations(Model("weighted", Z**2, Z**2, (1, 2), (1, 2)))
    assert not rotations(Model("cubic", Z**3, Z**3, (1, 1), (1, 1)))
