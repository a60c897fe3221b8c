"""Complex phase retrieval against a real network, against simulation, and in the weights."""

from types import ModuleType

import numpy as np
import pytest
import sympy

from theory.symbolic import (
    CircularModel,
    LinkError,
    ModelError,
    Z,
    complex_phase_retrieval,
    hessian,
    quadratic_network,
)
from theory.symbolic.codegen import generate_module

s, u, t = sympy.symbols("s u t")


def test_loss_and_drift() -> None:
    """E|X|⁴ = 2s² and E|X|²|Y|² = st + |U|² for circular Gaussians."""
    model = complex_phase_retrieval()
    assert sympy.expand(model.loss - (2 * s**2 + 2 * t**2 - 2 * (s * t + u**2))) == 0
    assert model.drift == (sympy.Matrix([[4 * t - 8 * s]]), sympy.Matrix([[4 * u]]))


def test_it_is_the_real_network_of_real_and_imaginary_parts() -> None:
    """Students (a, b) and (−b, a) on (g₁, g₂)/√2: S = (s/2) I, U = ½ [[Re, −Im], [Im, Re]]."""
    network = quadratic_network(2, 2)
    real, imaginary = sympy.symbols("x y")
    blocks = (
        (network.overlaps.S, s * sympy.eye(2) / 2),
        (network.overlaps.U, sympy.Matrix([[real, -imaginary], [imaginary, real]]) / 2),
        (network.overlaps.T, t * sympy.eye(2) / 2),
    )
    values = {name: value for names, matrix in blocks for name, value in zip(names, matrix, strict=True)}
    reduced = network.loss.subs(values, simultaneous=True)
    ours = complex_phase_retrieval().loss.subs(u**2, real**2 + imaginary**2)
    assert sympy.expand(reduced - ours) == 0


def test_flow_is_minus_the_gradient_in_complex_weights() -> None:
    model = complex_phase_retrieval()
    rng = np.random.default_rng(0)
    Q = np.diag([1.0, 0.5, 0.2])
    w, star = rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3))
    loss, A, B = (sympy.lambdify((s, u, t), e) for e in (model.loss, model.A[0], model.B[0]))

    def overlaps(w: np.ndarray) -> tuple[float, complex, float]:
        return (w.conj() @ Q @ w).real, w.conj() @ Q @ star, (star.conj() @ Q @ star).real

    def value(w: np.ndarray) -> float:
        energy, overlap, teacher = overlaps(w)
        return float(loss(energy, abs(overlap), teacher))

    energy, overlap, teacher = overlaps(w)
    phase = overlap.conjugate() / abs(overlap)
    flow = A(energy, abs(overlap), teacher) * Q @ w + B(energy, abs(overlap), teacher) * phase * Q @ star
    step = 1e-5
    for direction in (*np.eye(3), *(1j * np.eye(3))):
        slope = (value(w + step * direction) - value(w - step * direction)) / (2 * step)
        assert -(direction.conj() @ flow).real == pytest.approx(slope, rel=1e-8)


@pytest.mark.parametrize("link", [Z**2, Z**4 - Z**2], ids=str)
def test_loss_agrees_with_simulation(link: sympy.Expr) -> None:
    """A million complex samples, five standard errors; the overlap has a phase."""
    model = CircularModel("test", link, link)
    rng = np.random.default_rng(1)
    x = (rng.normal(size=(2, 10**6)) + 1j * rng.normal(size=(2, 10**6))) / np.sqrt(2)
    w, star = np.array([0.6 + 0.2j, 0.3j]), np.array([0.5, 0.4 - 0.5j])
    f = sympy.lambdify(Z, link)
    samples = (f(abs(w.conj() @ x)) - f(abs(star.conj() @ x))) ** 2
    values = {s: np.vdot(w, w).real, u: abs(np.vdot(w, star)), t: np.vdot(star, star).real}
    exact = float(model.loss.subs(values))
    error = samples.std() / 1000
    assert abs(samples.mean() - exact) < 5 * error
    assert error < 0.02 * exact


def test_what_is_not_derived_is_refused() -> None:
    with pytest.raises(LinkError, match="even polynomial"):
        CircularModel("odd", Z**3, Z**2)
    with pytest.raises(LinkError, match="even polynomial"):
        CircularModel("modulus", sympy.Abs(Z), sympy.Abs(Z))
    with pytest.raises(ModelError, match="only one of each"):
        CircularModel("wide", Z**2, Z**2, (1, 1), (1,))
    with pytest.raises(ModelError, match="equal real network"):
        hessian(complex_phase_retrieval())


def test_real_modes_follow_the_real_flow() -> None:
    """With real w and w* the complex problem is a real one, code and tower included."""
    model = complex_phase_retrieval()
    module = ModuleType("generated")
    exec(generate_module(model), module.__dict__)
    x, T = np.array([0.3, 0.2]), np.array([[1.0]])
    A, B = module.drift(x, T)
    assert (A[0, 0], B[0, 0]) == pytest.approx((4 - 2.4, 0.8))
    assert module.loss(x, T) == pytest.approx(2 * 0.09 + 2 - 2 * (0.3 + 0.04))
    assert module.barrier(T) == pytest.approx(1.5)
