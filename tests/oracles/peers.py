"""The same flow by general stiff integrators, all given the same modes and output times.

All integrate w itself, as a user who knows the equations would write them: the right-hand side
ẇ = 4λ[(s* − 3s) w + 2 u w*] costs O(d). Its Jacobian is a diagonal plus two rank-one terms,

    J = 4 (s* − 3s) Λ − 24 (Λw)(Λw)ᵀ + 8 (Λw*)(Λw*)ᵀ,

so that (1 − γJ)⁻¹ is one division and a 2×2 system (Sherman–Morrison–Woodbury).
"""

from typing import Any

import numpy as np
from scipy.integrate import BDF, OdeSolver, solve_ivp
from scipy.sparse import csc_array

from numerics import Problem
from numerics.pairs.overlaps import join

Array = np.ndarray

RTOL, ATOL = 1e-8, 1e-12


class Flow:
    """The flow of phase retrieval on the modes of ``problem``, with the inverse of 1 − γJ by hand."""

    def __init__(self, problem: Problem) -> None:
        self.rates, self.teacher, self.start = problem.eigenvalues, problem.teacher, problem.init
        self.pull = self.rates * self.teacher
        self.energy = float(self.pull @ self.teacher)

    def __call__(self, t: float, w: Array) -> Array:
        """ẇ."""
        weighted = self.rates * w
        return 4.0 * (self.energy - 3.0 * (weighted @ w)) * weighted + 8.0 * (self.pull @ w) * self.pull


class Inverse:
    """(1 − γJ)⁻¹ = (D − U C Uᵀ)⁻¹ with U = (Λw, Λw*), C = γ diag(−24, 8)."""

    def __init__(self, flow: Flow, w: Array, gamma: float) -> None:
        weighted = flow.rates * w
        self.diagonal = 1.0 / (1.0 - 4.0 * gamma * (flow.energy - 3.0 * (weighted @ w)) * flow.rates)
        low, strengths = np.stack([weighted, flow.pull]), gamma * np.array([-24.0, 8.0])
        self.scaled = low * self.diagonal
        self.core = np.linalg.solve(
            np.eye(2) - strengths[:, None] * (low @ self.scaled.T), np.diag(strengths)
        )

    def __call__(self, right: Array) -> Array:
        """Apply it to ``right`` (d,)."""
        return self.diagonal * right + self.scaled.T @ (self.core @ (self.scaled @ right))


def scipy_method(problem: Problem, times: Array, method: str | type[OdeSolver]) -> Array:
    """(T, d) states by ``LSODA``, ``BDF`` or ``Radau`` of SciPy, with their own dense linear algebra."""
    flow = Flow(problem)
    run = solve_ivp(flow, (0.0, times[-1]), flow.start, method=method, t_eval=times, rtol=RTOL, atol=ATOL)
    assert run.success, run.message
    return run.y.T


class WoodburyBDF(BDF):
    """SciPy's BDF, which forms 1 − cJ and solves with it: here both are done by :class:`Inverse`."""

    def __init__(self, flow: Flow, t0: float, start: Array, bound: float, **options: Any) -> None:
        super().__init__(flow, t0, start, bound, jac=csc_array((len(start),) * 2), **options)
        self.jac = lambda t, w: Linearised(flow, w)
        self.J, self.I = self.jac(t0, start), None
        self.lu = lambda linearised: linearised.inverse()
        self.solve_lu = lambda inverse, right: inverse(right)


class Linearised:
    """cJ at a state, that can be taken from the identity and inverted."""

    __array_ufunc__ = None

    def __init__(self, flow: Flow, w: Array, factor: float = 1.0) -> None:
        self.flow, self.w, self.factor = flow, w, factor

    def __rmul__(self, factor: float) -> "Linearised":
        return Linearised(self.flow, self.w, factor)

    def __rsub__(self, identity: None) -> "Linearised":
        return self

    def inverse(self) -> Inverse:
        return Inverse(self.flow, self.w, self.factor)


def scipy_woodbury(problem: Problem, times: Array) -> Array:
    """(T, d) states by SciPy's BDF with Sherman–Morrison–Woodbury."""
    return scipy_method(problem, times, WoodburyBDF)


def network_cvode(problem: Problem, model: Any, times: Array, rtol: float) -> Array:
    """S and U (n, T) of a network by CVODE's BDF and GMRES on all modes, with the drift of ``model``."""
    from sksundae.cvode import CVODE

    rates, teachers, shape = problem.eigenvalues, problem.teachers, problem.students.shape
    pull = rates * teachers
    energy = pull @ teachers.T

    def statistics(W: Array) -> Array:
        weighted = rates * W
        return join(weighted @ W.T, W @ pull.T)

    def right_hand_side(t: float, state: Array, slope: Array) -> None:
        W = state.reshape(shape)
        gain, force = model.drift(statistics(W), energy)
        slope[:] = (gain @ (rates * W) + force @ pull).ravel()

    solver = CVODE(
        right_hand_side, method="BDF", linsolver="gmres", rtol=rtol, atol=1e-3 * rtol, max_num_steps=10**7
    )
    run = solver.solve(np.concatenate([[0.0], times]), problem.students.ravel())
    assert run.success, run.message
    return np.stack([statistics(state.reshape(shape)) for state in run.y[1:]], axis=-1)


def cvode(problem: Problem, times: Array, woodbury: bool) -> Array:
    """(T, d) states by CVODE's BDF and GMRES, preconditioned by (1 − γJ)⁻¹ if ``woodbury``."""
    from sksundae.cvode import CVODE, CVODEPrecond

    flow = Flow(problem)
    kept: dict[str, Inverse] = {}

    def right_hand_side(t: float, w: Array, slope: Array) -> None:
        slope[:] = flow(t, w)

    def prepare(t, w, slope, jok, jnew, gamma):
        kept["inverse"] = Inverse(flow, w, gamma)

    def precondition(t, w, slope, right, solution, gamma, delta, side):
        solution[:] = kept["inverse"](right)

    options = {"precond": CVODEPrecond(prepare, precondition, "left")} if woodbury else {}
    solver = CVODE(
        right_hand_side, method="BDF", linsolver="gmres", rtol=RTOL, atol=ATOL, max_num_steps=10**6, **options
    )
    run = solver.solve(np.concatenate([[0.0], times]), flow.start)
    assert run.success, run.message
    return run.y[1:]
